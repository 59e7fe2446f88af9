//! A rule that the platform cannot carry out.

use crate::analysis::privilege::enforcement;
use crate::diag::Diagnostic;
use crate::lint::privilege::operations;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0601",
    name: "unenforceable-rule",
    title: "a refusal in some containers that the platform's own control does not cover",
    default: Level::Note,
    page: include_str!("unenforceable_rule.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    // Where the control is set from the package, its settings are known, and rules about targets tell exactly.
    if subject.uses_target("atlassian-app-access") {
        return;
    }
    let model = subject.model;
    for gap in enforcement::gaps(model) {
        let clause = &model.clauses[gap.clause.index()];
        if !subject.is_own(clause.span) {
            continue;
        }
        let (control, mark) = (gap.control.name, &model.marks[gap.mark.index()]);
        found.push(
            RULE.finding(format!(
                "no {control} of the platform covers {} of the {} operations that are refused here",
                gap.exempt.len(),
                gap.operations.len()
            ))
            .at(clause.span, "stops only what asks this policy")
            .note(format!("marked `{}`: {}", mark.name, operations(model, &gap.exempt)))
            .help(
                "let the apps pass a gateway that asks this policy, or take their scopes for these"
                    .to_owned(),
            ),
        );
    }
}
