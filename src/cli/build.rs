//! `sprag build`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::after::{self, Moment, Previous};
use super::package::{Compiled, Package};
use super::{Context, Exit, check, deliver, diff, failed, progress, prove};
use crate::emit::Renewal;
use crate::sema::model::{Checked, Model};
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
    /// Build the next bundle after this one, which must hold its sources: what it permits anew, `widen` blocks must
    /// cover exactly. The new one holds its sources too.
    #[arg(long, value_name = "BUNDLE")]
    after: Option<PathBuf>,
    /// With --after, believe the sources in BUNDLE though this compiler does not make BUNDLE of them: another version
    /// of it did.
    #[arg(long, requires = "after")]
    trust_sources: bool,
    /// With --after, go on with the chain for this reason though loaders cannot compare BUNDLE, which is of a format that
    /// is not read any more, or though its sources have errors by now.
    #[arg(long, value_name = "REASON", requires_all = ["after", "approved_by", "until"])]
    renew: Option<String>,
    /// With --renew, who approved it.
    #[arg(long, value_name = "WHO", requires = "renew", value_delimiter = ',')]
    approved_by: Vec<String>,
    /// With --renew, the day on which that approval ends.
    #[arg(long, value_name = "DATE", requires = "renew")]
    until: Option<String>,
    /// With --after, the day on which approvals must be valid, as 2026-12-31; today if missing.
    #[arg(long, value_name = "DATE", requires = "after")]
    today: Option<String>,
    /// With --after, the day that the bundle says it was built on; none if missing, so that the same sources give the
    /// same bytes.
    #[arg(long, value_name = "DATE", requires = "after")]
    date: Option<String>,
}

/// 0 when built; 1 if the package has errors, a guarantee does not hold, its table would be too large, or more is
/// permitted than before and not approved. Then nothing is written.
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
    let output = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.spragb", compiled.name)));
    let built = match &args.after {
        Some(previous) if same_file(&cx.cwd.join(previous), &cx.cwd.join(&output)) => {
            return Err(failed(format!(
                "{} would be written over, and the chain needs it; name another file with -o",
                previous.display()
            )));
        }
        Some(path) => {
            let renewal = args.renewal()?;
            let previous = Previous { path, trusted: args.trust_sources, renewal: renewal.as_ref() };
            after::build(previous, &compiled, model, args.moment()?, cx)?
        }
        None => alone(args.sources, &compiled, model, cx)?,
    };
    let Some(bytes) = built else { return Ok(Exit::Findings) };
    deliver(cx, Some(&output), &bytes)?;
    if !cx.quiet && output.as_os_str() != "-" {
        let shown = super::files::shown(&cx.cwd, &output);
        writeln!(cx.err, "{shown}: {}", report::count(bytes.len(), "byte"))?;
    }
    Ok(Exit::Clean)
}

impl Args {
    fn renewal(&self) -> io::Result<Option<Renewal>> {
        let (Some(reason), Some(until)) = (&self.renew, &self.until) else { return Ok(None) };
        let texts = std::iter::once(reason).chain(&self.approved_by);
        if texts.into_iter().any(|text| text.trim().is_empty()) {
            return Err(failed("an approval says why, and who gave it"));
        }
        let approvers = self.approved_by.clone();
        Ok(Some(Renewal { reason: reason.clone(), approvers, until: diff::day(until)? }))
    }

    fn moment(&self) -> io::Result<Moment> {
        Ok(Moment {
            today: self.today.as_deref().map_or_else(diff::now, diff::day)?,
            stated: self.date.as_deref().map(diff::day).transpose()?,
        })
    }
}

fn alone(
    sources: bool,
    compiled: &Compiled,
    model: &Checked<Model>,
    cx: &mut Context<'_>,
) -> io::Result<Option<Vec<u8>>> {
    let built = {
        let _bar = progress::spinner(cx, "building");
        let make = if sources { emit::build_with_sources } else { emit::build };
        make(model, &compiled.compilation.sources)
    };
    match built {
        Ok(bytes) => Ok(Some(bytes)),
        Err(found) => {
            check::show_found(compiled, &found, cx)?;
            Ok(None)
        }
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(one).is_some() && real(one) == real(other)
}
