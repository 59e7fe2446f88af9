//! A finding of the baseline that is not there any more.

use crate::diag::Diagnostic;
use crate::lint::baseline::Known;
use crate::lint::{Level, Rule, Subject};
use crate::span::Span;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0905",
    name: "stale-baseline",
    title: "an entry of the baseline whose finding is not there any more",
    default: Level::Warning,
    page: include_str!("stale_baseline.md"),
    thresholds: &[],
    check,
};

/// Whether an entry is of use shows only when all rules have run: see [`finding`].
fn check(_: &Subject<'_>, _: &mut Vec<Diagnostic>) {}

/// The finding about an entry that knows nothing; `span` is the place of its fingerprint.
pub(crate) fn finding(entry: &Known, span: Span) -> Diagnostic {
    RULE.finding(format!("the baseline's finding `{}` in `{}` is not there any more", entry.code, entry.path))
        .at(span, format!("was: {}", entry.message))
        .help("`sprag lint --write-baseline` writes the baseline anew".to_owned())
}
