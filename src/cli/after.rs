//! What a bundle says of the one before: the comparison behind `sprag build --after`.

use std::io;
use std::path::Path;

use sprag_runtime::format::{FORMAT, OLDEST};
use sprag_runtime::{Bundle, LoadError, Outline};

use super::package::Compiled;
use super::sides::{self, Trust};
use super::{Context, docs, failed, files, progress};
use crate::analysis::diff::{self, PolicyDiff};
use crate::analysis::widening::Approvals;
use crate::emit::{self, Before, Next, Renewal, Unbuilt};
use crate::report::diff::{Comparison, DIFF_FORMATS, Side};
use crate::report::{self, visible};
use crate::sema::model::{Checked, Model};
use crate::span::SourceMap;

/// The bundle before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Previous<'p> {
    /// Where it lies.
    pub(super) path: &'p Path,
    /// Whether its sources are believed, whatever this compiler makes of them.
    pub(super) trusted: bool,
    /// By whose word the chain goes on if it cannot be compared.
    pub(super) renewal: Option<&'p Renewal>,
}

/// When something is built, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Approvals must be valid then.
    pub(super) today: i64,
    /// What the bundle shall say of itself.
    pub(super) stated: Option<i64>,
}

/// The next bundle after the one in this file; `None` where more is permitted than was approved, which is told.
///
/// # Errors
///
/// A sentence: the bundle is refused, belongs to another package, or cannot be compared.
pub(super) fn build(
    previous: Previous<'_>,
    compiled: &Compiled,
    model: &Checked<Model>,
    moment: Moment,
    cx: &mut Context<'_>,
) -> io::Result<Option<Vec<u8>>> {
    let name = files::shown(&cx.cwd, previous.path);
    let bytes = files::read_bytes(&cx.cwd, &cx.cwd.join(previous.path))?;
    let outline = Outline::read(&bytes).map_err(|why| failed(format!("{name} is refused: {why}")))?;
    let bundle = match Bundle::load(&bytes) {
        Ok(bundle) => Some(bundle),
        Err(LoadError::TooOld(format)) if previous.renewal.is_none() => {
            return Err(failed(format!(
                "{name} is of format {format}, and this version reads {OLDEST} to {FORMAT}: no loader can hold the \
                 next bundle against it. Somebody may approve that the chain goes on all the same: --renew REASON \
                 --approved-by WHO --until DATE"
            )));
        }
        Err(LoadError::TooOld(_)) => None,
        Err(why) => return Err(failed(format!("{name} is refused: {why}"))),
    };
    same_package(&name, &outline, model)?;
    let old = old_side(&name, &bytes, previous, cx)?;
    if bundle.is_some() && old.is_some() && previous.renewal.is_some() {
        return Err(failed(format!("{name} can be compared, and so it must be: leave --renew out")));
    }
    let compared = match &old {
        Some(old) => Some(compare(old, model, moment, cx)?),
        None => None,
    };
    // What this compiler makes of the old sources tells what could be thought to be permitted by them.
    let again = old.as_ref().filter(|_| bundle.is_none()).map(|old| emit::build(&old.model, &old.sources));
    let again = again.and_then(Result::ok);
    let again = again.as_ref().and_then(|again| Bundle::load(again).ok());
    let before = match &bundle {
        Some(bundle) => Before::read(bundle),
        None => Before::outlined(&outline, again.as_ref()),
    };
    let next = Next {
        before,
        compared: compared.as_ref().map(|(diff, approvals)| (diff, approvals)),
        renewal: previous.renewal,
        date: moment.stated,
    };
    let built = match emit::build_after(&next, model, &compiled.compilation.sources) {
        Ok(built) => built,
        Err(Unbuilt::TooLarge(found)) => {
            super::check::show_found(compiled, &found, cx)?;
            return Ok(None);
        }
        Err(Unbuilt::Unapproved(again)) => {
            let shown = compiled.shown();
            if let (Some(old), Some((diff, approvals))) = (&old, &compared) {
                // It would say that all was approved.
                if !approvals.settled() || again.is_empty() {
                    let sides =
                        [(old.name.as_str(), &old.model, &old.sources), (&compiled.name, model, &shown)];
                    let comparison = comparison(sides, (diff, approvals));
                    (DIFF_FORMATS[0].write)(&comparison, &cx.look, cx.err)?;
                }
            }
            for widening in again {
                let path = &shown.source(widening.span).path;
                let line = shown.position(widening.span).line;
                let what = format!("widen \"{}\" ({path}:{line})", widening.reason);
                writeln!(cx.err, "x {} was used for an earlier change of this chain", visible(&what))?;
            }
            return Ok(None);
        }
    };
    if let (Some(old), Some((diff, approvals))) = (&old, &compared) {
        let shown = compiled.shown();
        let sides = [(old.name.as_str(), &old.model, &old.sources), (&compiled.name, model, &shown)];
        for (span, sentence) in comparison(sides, (diff, approvals)).forgotten() {
            let place = format!("{}:{}", shown.source(span).path, shown.position(span).line);
            writeln!(cx.err, "! {}", visible(&format!("{place}: {sentence} (W0915)")))?;
        }
    }
    // What loaders would refuse is not given out.
    let loaded = Bundle::load(&built).map_err(|why| failed(why.to_string()))?;
    let follows = match &bundle {
        Some(bundle) => loaded.succeeds(bundle, moment.today),
        None => loaded.renews(&outline, moment.today),
    };
    follows.map_err(|why| failed(format!("the bundle would be refused after {name}: {why}")))?;
    if !cx.quiet {
        let place = loaded.place();
        let widened = report::count(loaded.tables().widenings.len(), "approval");
        writeln!(cx.err, "generation {} after {name}: {widened} used", place.generation)?;
    }
    Ok(Some(built))
}

/// The policy of the bundle before; `None` if it cannot be compared and somebody approved that it is not.
fn old_side(
    name: &str,
    bytes: &[u8],
    previous: Previous<'_>,
    cx: &mut Context<'_>,
) -> io::Result<Option<sides::Side>> {
    let trust = Trust::of(previous.trusted || previous.renewal.is_some());
    match (sides::bundle(name, bytes, trust, cx), previous.renewal) {
        (Ok(side), _) => Ok(Some(side)),
        (Err(why), Some(_)) => {
            writeln!(cx.err, "{why}: all that is permitted counts as approved")?;
            Ok(None)
        }
        (Err(why), None) if trust == Trust::Sources => Err(failed(format!(
            "{why}. Somebody may approve that the chain goes on all the same: --renew REASON --approved-by WHO \
             --until DATE"
        ))),
        (Err(why), None) => Err(why),
    }
}

fn same_package(name: &str, outline: &Outline<'_>, model: &Model) -> io::Result<()> {
    let manifest: Option<serde_json::Value> = serde_json::from_slice(outline.manifest).ok();
    let package = manifest.as_ref().and_then(|manifest| manifest["package"].as_str()).unwrap_or_default();
    if package == model.package {
        return Ok(());
    }
    Err(failed(format!("{name} is a bundle of package `{package}`, and this is package `{}`", model.package)))
}

fn compare(
    old: &sides::Side,
    model: &Checked<Model>,
    moment: Moment,
    cx: &Context<'_>,
) -> io::Result<(PolicyDiff, Approvals)> {
    let (diff, approvals) = {
        let bar = progress::bar(cx, "comparing", usize::MAX);
        diff::compare([&old.model, model], Some(moment.today), &|done, of| bar.at(done, of))
    };
    let approvals = approvals.ok_or_else(|| failed("approvals were not looked at"))?; // they were asked for
    Ok((diff, approvals))
}

/// What is told of the two, the bundle before first: name, policy and sources of each.
fn comparison<'a>(
    sides: [(&'a str, &'a Checked<Model>, &'a SourceMap); 2],
    (diff, approvals): (&'a PolicyDiff, &'a Approvals),
) -> Comparison<'a> {
    let sides = sides.map(|(name, model, sources)| Side { name, model, sources });
    Comparison { sides, diff, approvals: Some(approvals), holding: &[], page: docs::page }
}
