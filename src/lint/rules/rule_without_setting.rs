//! A rule for which the platform has no switch.

use crate::analysis::privilege::enforcement;
use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0605",
    name: "rule-without-setting",
    title: "a refusal for which the platform has no setting",
    default: Level::Note,
    page: include_str!("rule_without_setting.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for without in enforcement::without_setting(subject.model) {
        // Where the settings are made from the package, what they let through is told exactly.
        if subject.uses_target(without.unset.control) {
            continue;
        }
        let clause = &subject.model.clauses[without.clause.index()];
        if subject.is_own(clause.span) {
            found.push(
                RULE.finding(format!(
                    "the platform cannot be set to refuse by `{}`",
                    without.unset.attribute
                ))
                .at(clause.span, "stops only what asks this policy")
                .note(without.unset.why.to_owned())
                .help(
                    "let the requests pass a gateway that asks this policy, or have the vendor agree to it"
                        .to_owned(),
                ),
            );
        }
    }
}
