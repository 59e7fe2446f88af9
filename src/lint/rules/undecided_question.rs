//! Something of which it is not known whether it is dead.

use std::collections::BTreeSet;

use crate::analysis::dead::Subject as Of;
use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::span::Span;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0211",
    name: "undecided-question",
    title: "something of which it is not decided whether it makes a difference",
    default: Level::Note,
    page: include_str!("undecided_question.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = &subject.model;
    let mut told = BTreeSet::new();
    for undecided in &subject.dead().undecided {
        if !told.insert(undecided.of) {
            continue;
        }
        let span = match undecided.of {
            Of::Rule(clause) => model.clauses[clause.index()].span,
            Of::Test(place, _) => Span::from(place),
            Of::Container(container) => model.containers[container.index()].span,
            Of::Stage(ratchet, _) => model.ratchets[ratchet.index()].span,
        };
        let app = &model.apps[undecided.app.index()].name;
        let operation = &model.operations[undecided.operation.index()].name;
        let what: Vec<String> = undecided.what.iter().map(|name| format!("`{name}`")).collect();
        let large = if what.is_empty() { String::new() } else { format!("; largest by {}", what.join(", ")) };
        found.push(
            RULE.finding("it is not decided whether this makes a difference")
                .at(span, "both engines gave up")
                .note(format!("for `{app}` to `{operation}`{large}")),
        );
    }
}
