//! A rule that says what others say.

use crate::diag::Diagnostic;
use crate::lint::idle::{self, Why};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::ClauseKind;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0202",
    name: "redundant-rule",
    title: "a rule that says only what other rules say",
    default: Level::Warning,
    page: include_str!("redundant_rule.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (rule, clause) in idle::dead(subject, &ClauseKind::ALL, Why::Redundant) {
        let noun = idle::noun(clause);
        let finding = RULE
            .finding(format!("the {noun} `{}` says only what others say", clause.name))
            .at(clause.span, "without it, the same is permitted")
            .help(format!("remove the {noun}, or say in it what the others do not"));
        let finding = idle::with_makers(subject, finding, rule);
        found.push(finding.fix(idle::removal(subject, rule.clause)));
    }
}
