//! A platform's own control has no room for what the policy says.

use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::span::Span;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0604",
    name: "target-limit",
    title: "settings of a target in use that meet a limit of its platform",
    default: Level::Note,
    page: include_str!("target_limit.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (target, note) in &subject.enforced().notes {
        let Some(limit) = note.limit else { continue };
        let place = match note.app {
            Some(app) => subject.place_of(app),
            // What is about all of them is told at the first.
            None => match subject.apps().first() {
                Some(app) => subject.place_of(*app),
                None => Span::default(),
            },
        };
        if subject.is_own(place) {
            found.push(
                RULE.finding(format!("`{target}`: {}", note.text))
                    .at(place, format!("the limit is {} {}", limit.most, limit.what)),
            );
        }
    }
}
