//! A container in which nothing is permitted.

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0208",
    name: "unreached-container",
    title: "a declared container in which no app may do anything",
    default: Level::Note,
    page: include_str!("unreached_container.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for container in &subject.dead().containers {
        let container = &subject.model.containers[container.index()];
        let kind = &subject.model.kinds[container.kind.index()].name;
        if subject.is_own(container.span) {
            found.push(
                RULE.finding(format!("no app may do anything in {kind} `{}`", container.id))
                    .at(container.span, "no request about it, or about anything below it, is permitted")
                    .help("if that is meant, say so in a guarantee; else permit something there".to_owned()),
            );
        }
    }
}
