//! A comment that allows findings of a rule that is not known, or that cannot be allowed.

use crate::diag::{Diagnostic, nearest};
use crate::lint::suppressions::{allowable, can_allow};
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0902",
    name: "unknown-suppression",
    title: "a comment that allows findings of a rule that does not exist",
    default: Level::Error,
    page: include_str!("unknown_suppression.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, span) in subject.suppressions().all.iter().flat_map(|s| &s.rules) {
        match Rule::named(name) {
            Some(rule) if can_allow(rule) => {}
            Some(rule) => found.push(
                RULE.finding(format!("no comment can allow `{}`", rule.name))
                    .at(*span, "it tells what is wrong with such comments")
                    .help(format!("mend what it tells, or set its level in sprag.toml ({})", rule.code)),
            ),
            None => found.push(
                RULE.finding(format!("there is no lint rule `{name}`"))
                    .at(*span, "so nothing is allowed by this name")
                    .help(nearest(name, allowable())),
            ),
        }
    }
}
