//! A permit that other layers make idle.

use crate::analysis::dead::{DeadRule, Maker};
use crate::diag::Diagnostic;
use crate::lint::idle::{self, Why};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::{ClauseKind, Layer};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0204",
    name: "idle-permit",
    title: "a permit all of which is refused for other reasons",
    default: Level::Warning,
    page: include_str!("idle_permit.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (rule, clause) in idle::dead(subject, &[ClauseKind::Permit], Why::Idle) {
        let finding = RULE
            .finding(format!("the rule `{}` permits nothing", clause.name))
            .at(clause.span, "without it, the same is permitted")
            .help(match is_refused_for_want(rule) {
                true => "remove it; or give the app the scope or the role that is missing".to_owned(),
                false => "remove it".to_owned(),
            });
        let finding = idle::with_makers(subject, finding, rule);
        found.push(finding.fix(idle::removal(subject, rule.clause)));
    }
}

/// Whether a layer refuses for want of what could be given.
fn is_refused_for_want(rule: &DeadRule) -> bool {
    let wants = [Layer::Scope, Layer::AppUser, Layer::ContextUser];
    wants.iter().any(|layer| rule.makers.contains(&Maker::Layer(*layer)))
}
