//! A forbid that never fires.

use crate::diag::Diagnostic;
use crate::lint::idle::{self, Why};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::ClauseKind;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0205",
    name: "idle-forbid",
    title: "a forbid or withdrawal of what would not be permitted without it",
    default: Level::Note,
    page: include_str!("idle_forbid.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (rule, clause) in idle::dead(subject, &[ClauseKind::Forbid, ClauseKind::Withdrawal], Why::Idle) {
        let noun = idle::noun(clause);
        let finding = RULE
            .finding(format!("the {noun} `{}` never makes a difference", clause.name))
            .at(clause.span, "nothing of this would be permitted without it")
            .help(
                "if it is meant for days to come, say so in a guarantee, which is proved; else remove it"
                    .to_owned(),
            );
        found.push(idle::with_makers(subject, finding, rule));
    }
}
