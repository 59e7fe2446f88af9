//! A role that is held for nothing.

use crate::diag::Diagnostic;
use crate::lint::idle::{self, Why};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::ClauseKind;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0206",
    name: "idle-assignment",
    title: "a role that is assigned where no request is permitted because of it",
    default: Level::Note,
    page: include_str!("idle_assignment.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let kinds = [ClauseKind::AppUserGrant, ClauseKind::ContextUserGrant];
    for (rule, clause) in idle::dead(subject, &kinds, Why::Idle) {
        let finding = RULE
            .finding(format!("nothing is permitted because of the assignment `{}`", clause.name))
            .at(clause.span, "without it, the same is permitted")
            .help("remove it, or assign less; or leave it, if it says what people hold anyway".to_owned());
        let finding = idle::with_makers(subject, finding, rule);
        found.push(finding.fix(idle::removal(subject, rule.clause)));
    }
}
