//! A group without members.

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::syntax::tree::Item;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0252",
    name: "empty-group",
    title: "a declared group without members",
    default: Level::Warning,
    page: include_str!("empty_group.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for item in subject.items() {
        if let Item::Group(group) = item
            && group.members.is_empty()
        {
            let name = &group.name.text;
            found.push(
                RULE.finding(format!("the group `{name}` has no members"))
                    .at(group.name.span, "declared, so nobody else belongs to it")
                    .help(
                        "name its members; or remove it, and the directory says who belongs to it".to_owned(),
                    ),
            );
        }
    }
}
