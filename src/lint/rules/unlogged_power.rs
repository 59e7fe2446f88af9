//! Calls that nobody will find in a log.

use crate::analysis::privilege::needs::Grant;
use crate::analysis::privilege::{enforcement, permitted, states};
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0608",
    name: "unlogged-power",
    title: "permitted operations that the platform's audit log does not have",
    default: Level::Warning,
    page: include_str!("unlogged_power.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    for silence in enforcement::SILENCES {
        let silent = enforcement::marked(model, silence.mark);
        if silent.is_empty() {
            continue;
        }
        for app in subject.apps() {
            let held = states::granted(model, app);
            let models = &model.apps[app.index()].models;
            let alone = subject.needs().opened(Grant { models, held: &held, user: false });
            let unlogged = permitted::operations(subject.regions(), app).and(&alone).and(&silent);
            if unlogged.is_empty() {
                continue;
            }
            found.push(
                RULE.finding(format!(
                    "what `{}` does leaves no trace: {}",
                    model.apps[app.index()].name,
                    silence.what
                ))
                .at(subject.place_of(app), format!("{} are not logged", number(&unlogged)))
                .note(format!("not logged: {}", operations(model, &unlogged)))
                .help("use a permission model that is logged, or let nothing pass by this policy, whose decisions are"
                    .to_owned()),
            );
        }
    }
}
