//! What the platform's own confinement leaves open.

use crate::analysis::privilege::{enforcement, everywhere, permitted};
use crate::diag::Diagnostic;
use crate::lint::privilege::{number, operations};
use crate::lint::{Level, Rule, Subject};
use crate::parallel;
use crate::sema::model::{AppId, KindId, Model, OperationId};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0607",
    name: "uncovered-power",
    title: "operations everywhere that the platform's own confinement of an app does not cover",
    default: Level::Note,
    page: include_str!("uncovered_power.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    for confinement in enforcement::CONFINEMENTS {
        let bound = enforcement::marked(model, confinement.binds);
        let Some(first) = bound.iter().next() else { continue };
        let platform = root(model, first);
        let of = |app: &AppId| {
            let confined = permitted::operations(subject.regions(), *app).and(&bound);
            let there = |operation: OperationId| root(model, operation) == platform;
            let everywhere = everywhere::everywhere(model, subject.regions(), *app, there);
            let is_confined = !confined.is_empty() && everywhere.operations.and(&bound).is_empty();
            is_confined.then_some((confined, everywhere))
        };
        let apps = subject.apps();
        for (app, reach) in apps.iter().zip(parallel::map(&apps, &of)) {
            let Some((confined, everywhere)) = reach else { continue };
            let Some(witness) = &everywhere.witness else { continue };
            let (name, many) = (&model.apps[app.index()].name, number(&everywhere.operations));
            let finding = RULE
                .finding(format!("no {} covers {many} that `{name}` may do everywhere", confinement.name))
                .at(subject.place_of(*app), format!("it covers the {} in some containers", number(&confined)))
                .note(format!("not covered: {}", operations(model, &everywhere.operations)))
                .help("take the scopes that open these, or say in this policy where the app may do it, and let \
                       it pass a gateway that asks"
                    .to_owned());
            found.extend(subject.proved(finding, witness));
        }
    }
}

/// What everything of the platform lies in.
fn root(model: &Model, operation: OperationId) -> KindId {
    let mut kind = model.operations[operation.index()].kind;
    while let Some(parent) = model.kinds[kind.index()].parent {
        kind = parent;
    }
    kind
}
