//! The reach of scopes against the reach of the policy, counted.

use crate::analysis::privilege::reach;
use crate::diag::Diagnostic;
use crate::lint::privilege::{counts, operations};
use crate::lint::{Level, Rule, Subject, Threshold};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0106",
    name: "reach-beyond-policy",
    title: "scopes that open far more operations than the policy permits",
    default: Level::Note,
    page: include_str!("reach_beyond_policy.md"),
    thresholds: &[&BEYOND],
    check,
};

/// From how many on it is worth a note.
static BEYOND: Threshold = Threshold {
    name: "operations-beyond-policy",
    title: "operations that the scopes of an app open and the policy does not permit",
    default: 50,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    for surplus in subject.surpluses().iter().filter(|surplus| !surplus.permitted.is_empty()) {
        let opens = reach::of(model, subject.needs(), surplus.app).opens;
        let beyond = opens.minus(&surplus.permitted);
        if (beyond.len() as u64) < subject.threshold(&BEYOND) {
            continue;
        }
        let app = &model.apps[surplus.app.index()].name;
        let permitted = surplus.permitted.and(&opens);
        found.push(
            RULE.finding(format!(
                "the scopes of `{app}` open {} operations, and the policy permits {}",
                opens.len(),
                permitted.len()
            ))
            .at(subject.place_of(surplus.app), "only this policy stands between")
            .note(format!("open: {}", counts(opens.counts(model))))
            .note(format!("permitted: {}", counts(permitted.counts(model))))
            .note(format!("open and not permitted: {}", operations(model, &beyond)))
            .help(format!("`sprag reach --app {app}` counts stage by stage")),
        );
    }
}
