//! More containers than a policy of the platform can name.

use crate::analysis::privilege::enforcement::{self, MOST_CONTAINERS};
use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0606",
    name: "long-coverage",
    title: "a refusal in more containers than a data security policy can name",
    default: Level::Note,
    page: include_str!("long_coverage.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for long in enforcement::long_coverages(subject.model) {
        // Where the lists are made from the package, what they have no room for is told exactly.
        if long.controls.iter().all(|control| subject.uses_target(control)) {
            continue;
        }
        let clause = &subject.model.clauses[long.clause.index()];
        if subject.is_own(clause.span) {
            let kind = &subject.model.kinds[long.kind.index()].name;
            found.push(
                RULE.finding(format!(
                    "{} containers of kind {kind} are more than one data security policy names",
                    long.containers
                ))
                .at(clause.span, format!("a policy has at most {MOST_CONTAINERS} of one site"))
                .help("split it, or say it by a classification level or for the whole product".to_owned()),
            );
        }
    }
}
