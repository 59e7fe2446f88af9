//! Everybody's containers, where the platform could confine the app.

use crate::analysis::privilege::{enforcement, everywhere};
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};
use crate::parallel;
use crate::sema::model::AppId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0113",
    name: "reach-everywhere",
    title: "an app that alone reaches everybody's containers, where the platform could confine it",
    default: Level::Warning,
    page: include_str!("reach_everywhere.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    for confinement in enforcement::CONFINEMENTS {
        let bound = enforcement::marked(model, confinement.binds);
        if bound.is_empty() {
            continue;
        }
        let of = |app: &AppId| {
            everywhere::everywhere(model, subject.regions(), *app, |operation| bound.contains(operation))
        };
        let apps = subject.apps();
        for (app, everywhere) in apps.iter().zip(parallel::map(&apps, &of)) {
            let Some(witness) = &everywhere.witness else { continue };
            let Some(first) = everywhere.operations.iter().next() else { continue };
            let kind = &model.kinds[model.operations[first.index()].kind.index()].name;
            let (name, many) = (&model.apps[app.index()].name, number(&everywhere.operations));
            let finding = RULE
                .finding(format!("`{name}` reaches every {kind}, and acts for nobody"))
                .at(subject.place_of(*app), format!("{many} in whichever {kind}"))
                .note(format!("permitted everywhere: {}", operations(model, &everywhere.operations)))
                .help(format!(
                    "say in which {kind} it has business, and have an {} of the platform say the same",
                    confinement.name
                ));
            found.extend(subject.proved(finding, witness));
        }
    }
}
