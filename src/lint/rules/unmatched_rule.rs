//! A rule that no request matches.

use crate::diag::Diagnostic;
use crate::lint::idle::{self, Why};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::ClauseKind;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0201",
    name: "unmatched-rule",
    title: "a rule that matches no request",
    default: Level::Warning,
    page: include_str!("unmatched_rule.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (rule, clause) in idle::dead(subject, &ClauseKind::ALL, Why::Unmatched) {
        let noun = idle::noun(clause);
        let finding = RULE
            .finding(format!("the {noun} `{}` matches no request", clause.name))
            .at(clause.span, "its condition is never true of its apps and operations")
            .help(format!("correct its condition, or remove the {noun}"));
        found.push(finding.fix(idle::removal(subject, rule.clause)));
    }
}
