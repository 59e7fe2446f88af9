//! `sprag check`

use std::io;
use std::path::PathBuf;

use super::findings::{Findings, format_and_file, formats};
use super::package::{Compiled, Package};
use super::{Context, Exit, prove};
use crate::diag::Diagnostic;
use crate::report::{self, Format, Reader, Report};
use crate::span::SourceMap;

/// Check packages and show what is wrong with them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folders of packages, or anything in them; of a folder in no package, all packages below it. The current
    /// folder if missing.
    paths: Vec<PathBuf>,
    /// How to show findings.
    #[arg(long, value_name = "FORMAT", default_value = "full", value_parser = formats())]
    output_format: String,
    /// Write the findings there instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// Write the findings to a file in this format, too; may be given several times.
    #[arg(long, value_name = "FORMAT=FILE", value_parser = format_and_file)]
    also: Vec<(&'static Format, PathBuf)>,
    /// Count warnings as findings.
    #[arg(long)]
    deny_warnings: bool,
    /// Do not prove the guarantees.
    #[arg(long)]
    no_prove: bool,
}

/// 0 without errors, 1 with; warnings alone count with `--deny-warnings`.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let mut all = Findings::default();
    let (mut counts, mut clean) = (false, Vec::new());
    for package in Package::load_all(&args.paths, cx)? {
        let mut compiled = package.compile(cx);
        let unproved = prove::prove(&compiled, args.no_prove, cx)?;
        compiled.compilation.add(unproved);
        if !cx.quiet {
            for sentence in compiled.overridden() {
                writeln!(cx.err, "note: {}", report::visible(&sentence))?;
            }
        }
        let found = &compiled.compilation.diagnostics;
        counts |= compiled.compilation.failed() || (args.deny_warnings && !found.is_empty());
        if found.is_empty() {
            let files = report::count(compiled.files, "file");
            clean.push(format!("package `{}`: {files}, {}", compiled.name, report::summary(found)));
        }
        let Compiled { root, name, compilation, .. } = compiled;
        all.add(&name, &root, &compilation.sources, compilation.diagnostics, Vec::new());
    }
    let format = report::format(&args.output_format).unwrap_or(report::FORMATS[0]);
    if format.reader == Reader::Person && args.output_file.is_none() {
        if !cx.quiet {
            clean.iter().try_for_each(|line| writeln!(cx.out, "{line}"))?;
        }
        if !all.diagnostics.is_empty() {
            all.deliver(format, false, None, cx)?;
        }
    } else {
        all.deliver(format, false, args.output_file.as_deref(), cx)?;
    }
    for (format, file) in &args.also {
        all.deliver(format, false, Some(file), cx)?;
    }
    Ok(if counts { Exit::Findings } else { Exit::Clean })
}

/// For commands that need a sound package and write something else to standard output.
pub(super) fn show_errors(compiled: &Compiled, cx: &mut Context<'_>) -> io::Result<()> {
    show_found(compiled, &compiled.compilation.diagnostics, cx)
}

/// What was found in such sources, on standard error.
pub(super) fn show_on(sources: &SourceMap, found: &[Diagnostic], cx: &mut Context<'_>) -> io::Result<()> {
    (report::FORMATS[0].write)(&Report::new(sources, found), &cx.look, cx.err)
}

/// What was found after the checks, on standard error.
pub(super) fn show_found(compiled: &Compiled, found: &[Diagnostic], cx: &mut Context<'_>) -> io::Result<()> {
    (report::FORMATS[0].write)(&Report::new(&compiled.shown(), found), &cx.look, cx.err)
}
