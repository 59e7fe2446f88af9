//! Power to change, held to read.

use crate::analysis::privilege::reach;
use crate::diag::Diagnostic;
use crate::lint::privilege::{counts, operations};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::Access;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0107",
    name: "write-held-for-read",
    title: "scopes that open changes, where only reading is permitted",
    default: Level::Note,
    page: include_str!("write_held_for_read.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    for surplus in subject.surpluses().iter().filter(|surplus| !surplus.permitted.is_empty()) {
        let reads = surplus.permitted.of_class(model, Access::Read);
        let opens = reach::of(model, subject.needs(), surplus.app).opens;
        let changes = opens.minus(&opens.of_class(model, Access::Read));
        if reads != surplus.permitted || changes.is_empty() {
            continue;
        }
        let app = &model.apps[surplus.app.index()].name;
        found.push(
            RULE.finding(format!("`{app}` may only read, and its scopes open more than that"))
                .at(subject.place_of(surplus.app), format!("operations: {}", counts(changes.counts(model))))
                .note(format!("open, and never permitted: {}", operations(model, &changes)))
                .help("see whether a narrower scope would do; else the platform does not stop it".to_owned()),
        );
    }
}
