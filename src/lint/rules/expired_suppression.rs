//! A comment whose last day is over.

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0903",
    name: "expired-suppression",
    title: "a comment whose last day is over",
    default: Level::Error,
    page: include_str!("expired_suppression.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for comment in &subject.suppressions().all {
        if let Some((last, span)) = comment.until.filter(|_| comment.expired(subject.today)) {
            found.push(
                RULE.finding(format!("this comment allows nothing since {last} is over"))
                    .at(span, format!("the reason was: {}", comment.because))
                    .help("mend what it allowed, or decide anew and name a later day".to_owned()),
            );
        }
    }
}
