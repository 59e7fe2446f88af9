//! A comment that allows a finding that is not there.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Fix, Safety};
use crate::lint::select::Levels;
use crate::lint::suppressions::{Suppression, can_allow};
use crate::lint::{Level, Rule, Subject, edits};
use crate::span::Span;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0904",
    name: "unused-suppression",
    title: "a comment that allows a finding that is not there",
    default: Level::Warning,
    page: include_str!("unused_suppression.md"),
    thresholds: &[],
    check,
};

/// Whether a comment was of use shows only when all rules have run: see [`findings`].
fn check(_: &Subject<'_>, _: &mut Vec<Diagnostic>) {}

/// A finding for each comment that names a rule in vain; `used` are the positions of comments and of names in
/// them that kept a finding back. A rule that does not run finds nothing, which says nothing of the comment.
pub(crate) fn findings(
    subject: &Subject<'_>,
    levels: &Levels,
    used: &BTreeSet<(usize, usize)>,
) -> Vec<Diagnostic> {
    let all = subject.suppressions().all.iter().enumerate();
    let live = all.filter(|(_, comment)| !comment.expired(subject.today));
    let idle = |nth: usize, position: usize, name: &str| {
        let runs = Rule::named(name).is_some_and(|r| can_allow(r) && levels.of(r) != Level::Off);
        runs && !used.contains(&(nth, position))
    };
    live.filter_map(|(nth, comment)| {
        let names = comment.rules.iter().enumerate();
        let vain: Vec<usize> = names.filter(|(i, (name, _))| idle(nth, *i, name)).map(|(i, _)| i).collect();
        (!vain.is_empty()).then(|| finding(subject, comment, &vain))
    })
    .collect()
}

fn finding(subject: &Subject<'_>, comment: &Suppression, vain: &[usize]) -> Diagnostic {
    let named = |i: &usize| format!("`{}`", comment.rules[*i].0);
    let all = vain.iter().map(named).collect::<Vec<_>>().join(", ");
    let place = if vain.len() == comment.rules.len() { comment.span } else { comment.rules[vain[0]].1 };
    let names: Vec<Span> = comment.rules.iter().map(|(_, span)| *span).collect();
    let some = edits::remove_members(subject.sources, &names, |i| vain.contains(&i));
    let fix = Fix {
        title: some.as_ref().map_or_else(|| "remove the comment".to_owned(), |_| format!("remove {all}")),
        safety: Safety::Safe,
        edits: some.unwrap_or_else(|| vec![edits::remove(subject.sources, comment.span)]),
        given: None,
    };
    RULE.finding(format!("nothing is found here that {all} could allow"))
        .at(place, "allows nothing")
        .help("remove it: what it was for is mended, or stands elsewhere".to_owned())
        .fix(fix)
}
