//! `sprag check`

use std::io;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use super::package::{Compiled, Package};
use super::{Context, Exit, prove};
use crate::diag::Diagnostic;
use crate::report;
use crate::span::SourceMap;

/// Check a package and show what is wrong with it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The package's folder, or anything in it; the current folder if missing.
    path: Option<PathBuf>,
    /// How to show findings.
    #[arg(long, value_name = "FORMAT", default_value = "full", value_parser = formats())]
    output_format: String,
    /// Count warnings as findings.
    #[arg(long)]
    deny_warnings: bool,
    /// Do not prove the guarantees.
    #[arg(long)]
    no_prove: bool,
}

/// 0 without errors, 1 with; warnings alone count with `--deny-warnings`.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let mut compiled = Package::load(args.path.as_deref(), cx)?.compile(cx);
    let unproved = prove::prove(&compiled, args.no_prove, cx)?;
    compiled.compilation.add(unproved);
    let found = &compiled.compilation.diagnostics;
    let for_people = args.output_format != "json";
    if found.is_empty() && for_people {
        if !cx.quiet {
            let files = report::count(compiled.files, "file");
            writeln!(cx.out, "package `{}`: {files}, {}", compiled.name, report::summary(found))?;
        }
    } else {
        show(&compiled, &args.output_format, cx)?;
    }
    let counts = compiled.compilation.failed() || (args.deny_warnings && !found.is_empty());
    Ok(if counts { Exit::Findings } else { Exit::Clean })
}

/// Writes the diagnostics in the format of that name.
pub(super) fn show(compiled: &Compiled, format: &str, cx: &mut Context<'_>) -> io::Result<()> {
    let format = report::format(format).unwrap_or(report::FORMATS[0]);
    (format.write)(&compiled.shown(), &compiled.compilation.diagnostics, &cx.look, cx.out)
}

/// For commands that need a sound package and write something else to standard output.
pub(super) fn show_errors(compiled: &Compiled, cx: &mut Context<'_>) -> io::Result<()> {
    show_found(compiled, &compiled.compilation.diagnostics, cx)
}

/// What was found in such sources, on standard error.
pub(super) fn show_on(sources: &SourceMap, found: &[Diagnostic], cx: &mut Context<'_>) -> io::Result<()> {
    (report::FORMATS[0].write)(sources, found, &cx.look, cx.err)
}

/// What was found after the checks, on standard error.
pub(super) fn show_found(compiled: &Compiled, found: &[Diagnostic], cx: &mut Context<'_>) -> io::Result<()> {
    (report::FORMATS[0].write)(&compiled.shown(), found, &cx.look, cx.err)
}

fn formats() -> PossibleValuesParser {
    report::FORMATS
        .iter()
        .map(|f| clap::builder::PossibleValue::new(f.name).help(f.title))
        .collect::<Vec<_>>()
        .into()
}
