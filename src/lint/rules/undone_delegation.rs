//! An app's own power beside a person's.

use crate::analysis::privilege::unions;
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::PermissionModelId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0112",
    name: "undone-delegation",
    title: "scopes for the app itself beside delegated ones for the same operations",
    default: Level::Warning,
    page: include_str!("undone_delegation.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    for app in subject.apps() {
        for unlimited in unions::unlimited(model, subject.needs(), app) {
            let name = &model.apps[app.index()].name;
            let of = |id: PermissionModelId| &model.permission_models[id.index()].name;
            let (delegated, own) = (of(unlimited.delegated), of(unlimited.own));
            found.push(
                RULE.finding(format!("`{name}` holds in `{own}` what it also holds on behalf of people"))
                    .at(subject.place_of(app), format!("{} open in both ways", number(&unlimited.operations)))
                    .note(format!(
                        "`{delegated}` reaches what the person may reach; `{own}` reaches everything"
                    ))
                    .note(format!("open in both ways: {}", operations(model, &unlimited.operations)))
                    .help(format!("take back the scopes of `{own}` that open these: grants add up")),
            );
        }
    }
}
