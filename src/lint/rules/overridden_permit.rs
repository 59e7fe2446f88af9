//! A permit of which nothing is left.

use crate::diag::Diagnostic;
use crate::lint::idle::{self, Why};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::ClauseKind;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0203",
    name: "overridden-permit",
    title: "a permit all of which is forbidden or withdrawn",
    default: Level::Warning,
    page: include_str!("overridden_permit.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (rule, clause) in idle::dead(subject, &[ClauseKind::Permit], Why::Overridden) {
        let finding = RULE
            .finding(format!("nothing is left of what the rule `{}` permits", clause.name))
            .at(clause.span, "all of it is forbidden or withdrawn")
            .help("remove it; or let the rules that override it leave something out".to_owned());
        let finding = idle::with_makers(subject, finding, rule);
        found.push(finding.fix(idle::removal(subject, rule.clause)));
    }
}
