//! A scope for chosen containers beside a scope for all.

use crate::analysis::privilege::selections;
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::ScopeId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0114",
    name: "defeated-selection",
    title: "a scope for chosen containers only, beside one that opens all of them",
    default: Level::Warning,
    page: include_str!("defeated_selection.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    for app in subject.apps() {
        for defeated in selections::defeated(model, subject.needs(), app) {
            let name = |scope: ScopeId| &model.scopes[scope.index()].name;
            let (chosen, wide) = (name(defeated.chosen), name(defeated.wide));
            found.push(
                RULE.finding(format!("`{wide}` defeats `{chosen}`: grants add up"))
                    .at(
                        subject.place_of_scope(app, defeated.wide),
                        format!("{} wherever they are", number(&defeated.operations)),
                    )
                    .at(subject.place_of_scope(app, defeated.chosen), "only what was chosen for the app")
                    .note(format!("open everywhere: {}", operations(model, &defeated.operations)))
                    .help(format!("take `{wide}` back")),
            );
        }
    }
}
