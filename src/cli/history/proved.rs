//! A chain compared again, exactly, from the sources in its bundles.

use super::chains::{Chain, Step};
use crate::analysis::diff;
use crate::cli::sides::{self, Side, Trust};
use crate::cli::{Context, progress};
use crate::emit::{Link, Next, Widened};

/// Builds each bundle again, compares it with the one before, and notes where what it says is not what differs, and
/// where it cannot be built again.
pub(super) fn prove(chain: &mut Chain<'_>, trust: Trust, cx: &mut Context<'_>) {
    let mut before: Option<Side> = None;
    for at in 0..chain.steps.len() {
        let step = &chain.steps[at];
        match sides::bundle(&step.file.path, &step.file.bytes, trust, cx) {
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
    let date = step.link.as_ref().and_then(|link| link.date);
    let (diff, approvals) = {
        let bar = progress::bar(cx, "comparing", usize::MAX);
        diff::compare([&old.model, &new.model], Some(date.unwrap_or(i64::MIN)), &|done, of| bar.at(done, of))
    };
    let mut faults = Vec::new();
    if let Some(approvals) = approvals {
        if !approvals.settled() || !diff.undecided.is_empty() {
            let what =
                "compared exactly, it permits something that was not approved, or approves something else";
            faults.push(what.to_owned());
        }
        let next =
            Next { before: before.seen.before(), compared: Some((&diff, &approvals)), renewal: None, date };
        let again = Link::new(&next, &new.model);
        // Who approved that the chain goes on did not approve of anything that could be compared.
        let grown = |link: &Link| -> Vec<Widened> {
            link.widenings.iter().filter(|widened| !widened.goes_on()).cloned().collect()
        };
        if step.link.as_ref().is_some_and(|link| again.widenings != grown(link) || again.lost != link.lost) {
            faults.push(
                "compared exactly, other things grew, or by another approval, or were lost than it says"
                    .to_owned(),
            );
        }
    }
    faults
}
