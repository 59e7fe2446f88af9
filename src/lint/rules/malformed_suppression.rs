//! A comment that begins like one that allows a finding, and is not.

use crate::diag::Diagnostic;
use crate::lint::suppressions::FORM;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0901",
    name: "malformed-suppression",
    title: "a `sprag:` comment that allows nothing because of a mistake in it",
    default: Level::Error,
    page: include_str!("malformed_suppression.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (span, why) in &subject.suppressions().malformed {
        found.push(RULE.finding("this comment allows nothing").at(*span, why.as_str()).help(FORM.to_owned()));
    }
}
