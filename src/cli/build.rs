//! `sprag build`

use std::io;
use std::path::PathBuf;

use super::package::Package;
use super::{Context, Exit, check, deliver, progress, prove};
use crate::{emit, report};

/// Compile a package to a bundle.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The package's folder, or anything in it; the current folder if missing.
    path: Option<PathBuf>,
    /// Where to write the bundle, `-` for standard output; NAME.spragb in the current folder if missing.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Do not prove the guarantees.
    #[arg(long)]
    no_prove: bool,
    /// Put the sources into the bundle, so that `sprag diff` can compare it.
    #[arg(long)]
    sources: bool,
}

/// 0 when built; 1 if the package has errors, a guarantee does not hold, or its table would be too large, and then
/// nothing is written.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let mut compiled = Package::load(args.path.as_deref(), cx)?.compile(cx);
    let unproved = prove::prove(&compiled, args.no_prove, cx)?;
    compiled.compilation.add(unproved);
    if !compiled.compilation.diagnostics.is_empty() {
        check::show_errors(&compiled, cx)?;
    }
    let model = match &compiled.compilation.model {
        Some(model) if !compiled.compilation.failed() => model,
        Some(_) | None => return Ok(Exit::Findings),
    };
    let built = {
        let _bar = progress::spinner(cx, "building");
        let make = if args.sources { emit::build_with_sources } else { emit::build };
        make(model, &compiled.compilation.sources)
    };
    let bytes = match built {
        Ok(bytes) => bytes,
        Err(found) => {
            check::show_found(&compiled, &found, cx)?;
            return Ok(Exit::Findings);
        }
    };
    let output = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.spragb", compiled.name)));
    deliver(cx, Some(&output), &bytes)?;
    if !cx.quiet && output.as_os_str() != "-" {
        let shown = super::files::shown(&cx.cwd, &output);
        writeln!(cx.err, "{shown}: {}", report::count(bytes.len(), "byte"))?;
    }
    Ok(Exit::Clean)
}
