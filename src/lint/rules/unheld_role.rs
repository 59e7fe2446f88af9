//! A role that nobody holds.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Fix, Safety};
use crate::lint::{Level, Rule, Subject};
use crate::syntax::tree::{AppMember, Item, OperationTerm};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0251",
    name: "unheld-role",
    title: "a role that nobody holds",
    default: Level::Warning,
    page: include_str!("unheld_role.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut held = BTreeSet::new();
    for item in subject.items() {
        match item {
            Item::Assignment(assignment) => {
                held.insert(assignment.role.text.as_str());
            }
            Item::App(app) => held.extend(app.members.iter().filter_map(|m| match m {
                AppMember::User { role, .. } => Some(role.text.as_str()),
                _ => None, // Says nothing of roles.
            })),
            // A role that another one includes is a part of that one, held or not.
            Item::Role(role) => {
                let terms = role.operations.any.iter().chain(&role.operations.except);
                held.extend(terms.filter_map(|term| match term {
                    OperationTerm::Named(name) => Some(name.text.as_str()),
                    OperationTerm::All(_) | OperationTerm::Marked(_) => None,
                }));
            }
            _ => {} // Gives no role.
        }
    }
    for item in subject.items() {
        if let Item::Role(role) = item
            && !held.contains(role.name.text.as_str())
        {
            let name = &role.name.text;
            let fix = Fix {
                title: format!("remove the role `{name}`"),
                safety: Safety::Safe,
                edits: subject.removal(role.span),
                given: None,
            };
            let finding = RULE.finding(format!("nobody holds the role `{name}`"));
            found.push(
                finding
                    .at(role.name.span, "no `assign`, no `user` line and no other role names it")
                    .help("assign it, or remove it".to_owned())
                    .fix(fix),
            );
        }
    }
}
