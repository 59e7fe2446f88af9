//! A test that could be left out.

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::span::Span;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0207",
    name: "idle-test",
    title: "a test in a condition that changes nothing",
    default: Level::Warning,
    page: include_str!("idle_test.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for test in &subject.dead().tests {
        let span = Span::from(test.place);
        if !subject.is_own(span) {
            continue;
        }
        let text = subject.sources.text(span);
        found.push(
            RULE.finding(format!("the test `{text}` changes nothing"))
                .at(span, format!("`{}` in its place matches the same requests", test.value))
                .help("leave it out, or correct what it compares".to_owned()),
        );
    }
}
