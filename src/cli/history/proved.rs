//! A chain compared again, exactly, from the sources in its bundles.

use super::chains::{Chain, Step};
use crate::analysis::diff;
use crate::cli::sides::{self, Side};
use crate::cli::{Context, progress};
use crate::emit::Link;

/// Builds each bundle again, compares it with the one before, and notes where what it says is not what differs, and
/// where it cannot be built again.
pub(super) fn prove(chain: &mut Chain<'_>, cx: &mut Context<'_>) {
    let mut before: Option<Side> = None;
    for at in 0..chain.steps.len() {
        let step = &chain.steps[at];
        match sides::bundle(&step.file.path, &step.file.bytes, false, cx) {
            Err(why) => {
                chain.steps[at].faults.push(why.to_string());
                before = None;
            }
            Ok(side) => {
                let faults = match before.as_ref().zip(at.checked_sub(1)) {
                    Some((old, at)) => compare(&chain.steps[at], old, step, &side, cx),
                    None => Vec::new(), // there is nothing before it
                };
                chain.steps[at].faults.extend(faults);
                before = Some(side);
            }
        }
    }
}

fn compare(before: &Step<'_>, old: &Side, step: &Step<'_>, new: &Side, cx: &mut Context<'_>) -> Vec<String> {
    let Some(link) = &step.link else { return Vec::new() }; // it follows from none, which is told already
    let when = link.date.unwrap_or(i64::MIN);
    let (diff, approvals) = {
        let bar = progress::bar(cx, "comparing", usize::MAX);
        diff::compare([&old.model, &new.model], Some(when), &|done, of| bar.at(done, of))
    };
    let mut faults = Vec::new();
    if let Some(approvals) = approvals {
        if !approvals.settled() || !diff.undecided.is_empty() {
            let what =
                "compared exactly, it permits something that was not approved, or approves something else";
            faults.push(what.to_owned());
        }
        let again = Link::new(&before.bundle, &new.model, &diff, &approvals, link.date);
        if again.widenings != link.widenings || again.lost != link.lost {
            faults.push(
                "compared exactly, other things grew, or by another approval, or were lost than it says"
                    .to_owned(),
            );
        }
    }
    faults
}
