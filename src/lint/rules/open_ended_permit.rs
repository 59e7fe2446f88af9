//! A permit that grows by itself.

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::syntax::tree::{Effect, Item, OperationTerm};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0255",
    name: "open-ended-permit",
    title: "a `permit` for operations that do not exist yet",
    default: Level::Off,
    page: include_str!("open_ended_permit.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for item in subject.items() {
        let Item::Rule(rule) = item else { continue };
        if rule.effect != Effect::Permit {
            continue;
        }
        let open = rule.operations.any.iter().find_map(|term| match term {
            OperationTerm::All(span) => Some(*span),
            OperationTerm::Marked(mark) => Some(mark.span),
            OperationTerm::Named(name) => {
                let class = ["read", "write", "delete", "admin"].contains(&name.text.as_str());
                (class || name.text.contains('*')).then_some(name.span)
            }
        });
        let Some(open) = open else { continue };
        found.push(
            RULE.finding("this permit also covers what the platform adds later")
                .at(open, "not only the operations of today")
                .help("name the operations, or an operation group that names them".to_owned()),
        );
    }
}
