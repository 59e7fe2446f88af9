//! `sprag diff`

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::{PossibleValue, PossibleValuesParser};

use super::sides::{self, Side, Trust};
use super::{Context, Exit, deliver, docs, failed, progress};
use crate::analysis::catalogs;
use crate::analysis::diff;
use crate::diag::nearest;
use crate::report::diff::{Comparison, DIFF_FORMATS, diff_format};
use crate::report::{self, Look};
use crate::sema::model::{Model, Scope};

/// Show what one version of a policy permits and another does not.
///
/// Each of OLD and NEW is a package's folder, REVISION:PATH of the git repository around the current folder, a
/// bundle built with its sources, or a catalog.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The old version; with --git, the path to compare, the current folder if missing.
    old: Option<String>,
    /// The new version.
    new: Option<String>,
    /// Compare with this git revision of the same path.
    #[arg(long, value_name = "REVISION", conflicts_with = "new")]
    git: Option<String>,
    /// Fail unless all that grew is covered by `widen` blocks of the new version, and nothing else is.
    #[arg(long)]
    deny_widening: bool,
    /// The day on which approvals must be valid, as 2026-12-31; today if missing.
    #[arg(long, value_name = "DATE")]
    today: Option<String>,
    /// Of a bundle that another version of the compiler built, believe the sources in it.
    #[arg(long)]
    trust_sources: bool,
    /// Show what changes for who holds these scopes and no others, as atlassian.connect=READ,WRITE.
    #[arg(long, value_name = "MODEL=SCOPE,…")]
    holding: Vec<String>,
    /// How to show what differs.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats())]
    output_format: String,
    /// Write it there instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// 0 if nothing is permitted that was not before (or, with `--deny-widening`, if exactly that was approved), 1 if
/// something is or may be, a ratchet has another name, ways back are easier, or an operation's name means another method
/// and path; 2 where the two cannot be compared.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let today = match &args.today {
        Some(date) => day(date)?,
        None => now()?,
    };
    let [old, new] = sides(args, cx)?;
    if old.is_catalog != new.is_catalog {
        return Err(failed("a catalog can be compared with a catalog only".to_owned()));
    }
    let models: [&Model; 2] = [&old.model, &new.model];
    let (diff, approvals) = {
        let bar = progress::bar(cx, "comparing", usize::MAX);
        let asked = args.deny_widening.then_some(today);
        diff::compare(models, asked, &|done, of| bar.at(done, of))
    };
    let holding: Vec<_> = args
        .holding
        .iter()
        .map(|text| {
            let (model, scopes) = holding(text)?;
            known(models, &model, &scopes)?;
            let reach = catalogs::reach(models[0], models[1], &diff.catalogs, &model, &scopes);
            Ok((model, scopes, reach))
        })
        .collect::<io::Result<_>>()?;
    let comparison = Comparison {
        sides: [
            report::diff::Side { name: &old.name, model: &old.model, sources: &old.sources },
            report::diff::Side { name: &new.name, model: &new.model, sources: &new.sources },
        ],
        diff: &diff,
        approvals: approvals.as_ref(),
        holding: &holding,
        page: docs::page,
    };
    let look = if args.output.is_some() { Look::PLAIN } else { cx.look };
    let mut bytes = Vec::new();
    let format = diff_format(&args.output_format).unwrap_or(DIFF_FORMATS[0]);
    (format.write)(&comparison, &look, &mut bytes)?;
    deliver(cx, args.output.as_deref(), &bytes)?;
    let clean = match &approvals {
        Some(_) => comparison.is_settled() && diff.undecided.is_empty(),
        None => {
            let same = !diff.forgets() && diff.catalogs.moved.is_empty() && diff.eased.is_empty();
            same && !diff.widens()
        }
    };
    Ok(if clean { Exit::Clean } else { Exit::Findings })
}

fn sides(args: &Args, cx: &mut Context<'_>) -> io::Result<[Side; 2]> {
    let trust = Trust::of(args.trust_sources);
    match (&args.git, &args.old, &args.new) {
        (Some(revision), path, _) => {
            let path = path.as_deref().unwrap_or(".");
            Ok([sides::since(revision, Path::new(path), trust, cx)?, sides::load(path, trust, cx)?])
        }
        (None, Some(old), Some(new)) => Ok([sides::load(old, trust, cx)?, sides::load(new, trust, cx)?]),
        (None, _, _) => Err(failed("compare OLD with NEW, or with --git REVISION".to_owned())),
    }
}

fn holding(text: &str) -> io::Result<(String, BTreeSet<String>)> {
    let (model, scopes) = text
        .split_once('=')
        .ok_or_else(|| failed(format!("`{text}` is not MODEL=SCOPE,… as in atlassian.connect=READ")))?;
    Ok((model.to_owned(), scopes.split(',').map(|s| s.trim().to_owned()).collect()))
}

/// A permission model or a scope of it that neither side knows is a slip of the pen.
fn known(models: [&Model; 2], name: &str, scopes: &BTreeSet<String>) -> io::Result<()> {
    let hint = |name: &str, known: &BTreeSet<&str>| {
        nearest(name, known.iter().copied()).map(|hint| format!("; {hint}")).unwrap_or_default()
    };
    let all: BTreeSet<&str> =
        models.iter().flat_map(|m| &m.permission_models).map(|m| m.name.as_str()).collect();
    if !all.contains(name) {
        return Err(failed(format!("there is no permission model `{name}`{}", hint(name, &all))));
    }
    let of_model = |model: &'_ &Model| {
        let is_of = |scope: &&Scope| model.permission_models[scope.model.index()].name == name;
        model.scopes.iter().filter(is_of).map(|scope| scope.name.clone()).collect::<Vec<_>>()
    };
    let all: Vec<String> = models.iter().flat_map(of_model).collect();
    let all: BTreeSet<&str> = all.iter().map(String::as_str).collect();
    let unknown: Vec<String> = scopes
        .iter()
        .filter(|scope| !all.contains(scope.as_str()))
        .map(|scope| format!("there is no scope `{scope}` in `{name}`{}", hint(scope, &all)))
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(failed(unknown.join("\n"))) }
}

/// Seconds since 1970 at the beginning of the day, in UTC.
pub(super) fn day(date: &str) -> io::Result<i64> {
    let parsed: Result<jiff::civil::Date, _> = date.parse();
    let zoned = parsed.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC));
    zoned
        .map(|zoned| zoned.timestamp().as_second())
        .map_err(|_| failed(format!("`{date}` is not a day as 2026-12-31")))
}

/// Seconds since 1970, by the clock.
pub(super) fn now() -> io::Result<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.ok().and_then(|d| i64::try_from(d.as_secs()).ok());
    seconds.ok_or_else(|| {
        failed("the clock of this machine stands before 1970; name a day with --today".to_owned())
    })
}

fn formats() -> PossibleValuesParser {
    DIFF_FORMATS.iter().map(|f| PossibleValue::new(f.name).help(f.title)).collect::<Vec<_>>().into()
}
