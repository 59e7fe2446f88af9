//! A platform's own control lets through what the policy denies.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::privilege::set::Operations;
use crate::analysis::told;
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};
use crate::sema::model::AppId;
use crate::target::{self, Cause, Gap, Why};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0603",
    name: "target-gap",
    title: "requests that a target in use lets through though the policy denies them",
    default: Level::Warning,
    page: include_str!("target_gap.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    // What one rule denies for the same reason is one finding, for however many apps; all else is one for each app.
    let mut groups: BTreeMap<(Cause, &Why, Option<AppId>), Vec<&Gap>> = BTreeMap::new();
    for gap in &subject.enforced().found.gaps {
        let of_rule = matches!(gap.cause, Cause::Clause(_) | Cause::Filter(_));
        groups.entry((gap.cause, &gap.why, (!of_rule).then_some(gap.app))).or_default().push(gap);
    }
    for ((cause, why, app), gaps) in groups {
        let place = match (cause, app) {
            (Cause::Clause(id) | Cause::Filter(id), _) => model.clauses[id.index()].span,
            (_, Some(app)) => subject.place_of(app),
            (_, None) => continue, // only rules have no app
        };
        if !subject.is_own(place) {
            continue;
        }
        let all: Operations = gaps.iter().flat_map(|gap| gap.operations.iter().copied()).collect();
        let apps: BTreeSet<&str> = gaps.iter().map(|gap| model.apps[gap.app.index()].name.as_str()).collect();
        let apps: Vec<String> = apps.iter().map(|app| format!("`{app}`")).collect();
        let mut finding = RULE
            .finding(format!(
                "the targets in use let {} through for {} though {}",
                number(&all),
                apps.join(", "),
                target::cause(model, cause)
            ))
            .at(place, target::why(why))
            .note(format!("let through: {}", operations(model, &all)))
            .help("let these requests pass a gateway that asks this policy".to_owned());
        if let Some(request) = gaps.iter().find_map(|gap| gap.witness.as_ref()) {
            finding = finding.note(format!("for example: {}", told::request(model, request)));
        }
        found.push(finding);
    }
}
