//! What a bundle says of the one before: the comparison behind `sprag build --after`.

use std::io;
use std::path::Path;

use sprag_runtime::Bundle;

use super::package::Compiled;
use super::{Context, docs, failed, files, progress, sides};
use crate::analysis::diff;
use crate::emit::{self, Unbuilt};
use crate::report::diff::{Comparison, DIFF_FORMATS, Side};
use crate::report::{self, visible};
use crate::sema::model::{Checked, Model};

/// The bundle before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Previous<'p> {
    /// Where it lies.
    pub(super) path: &'p Path,
    /// Whether its sources are believed, whatever this compiler makes of them.
    pub(super) trusted: bool,
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
    let old = sides::bundle(&name, &bytes, previous.trusted, cx)?;
    let bundle = Bundle::load(&bytes).map_err(|why| failed(format!("{name} is refused: {why}")))?;
    if old.model.package != model.package {
        return Err(failed(format!(
            "{name} is a bundle of package `{}`, and this is package `{}`",
            old.model.package, model.package
        )));
    }
    let (diff, approvals) = {
        let bar = progress::bar(cx, "comparing", usize::MAX);
        diff::compare([&old.model, model], Some(moment.today), &|done, of| bar.at(done, of))
    };
    let Some(approvals) = approvals else {
        return Err(failed("approvals were not looked at")); // they were asked for
    };
    let sources = &compiled.compilation.sources;
    let next = match emit::build_after(&bundle, model, sources, (&diff, &approvals), moment.stated) {
        Ok(next) => next,
        Err(Unbuilt::TooLarge(found)) => {
            super::check::show_found(compiled, &found, cx)?;
            return Ok(None);
        }
        Err(Unbuilt::Unapproved(again)) => {
            let shown = compiled.shown();
            let comparison = Comparison {
                sides: [
                    Side { name: &name, model: &old.model, sources: &old.sources },
                    Side { name: &compiled.name, model, sources: &shown },
                ],
                diff: &diff,
                approvals: Some(&approvals),
                holding: &[],
                page: docs::page,
            };
            // It would say that all was approved.
            if !approvals.settled() || again.is_empty() {
                (DIFF_FORMATS[0].write)(&comparison, &cx.look, cx.err)?;
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
    // What loaders would refuse is not given out.
    let loaded = Bundle::load(&next).map_err(|why| failed(why.to_string()))?;
    loaded
        .succeeds(&bundle, moment.today)
        .map_err(|why| failed(format!("the bundle would be refused after {name}: {why}")))?;
    if !cx.quiet {
        let place = loaded.place();
        let widened = report::count(loaded.tables().widenings.len(), "approval");
        writeln!(cx.err, "generation {} after {name}: {widened} used", place.generation)?;
    }
    Ok(Some(next))
}
