//! What the apps of a model can climb on: its [`Landscape`].

use std::collections::{BTreeMap, BTreeSet};

use super::escalation::{Landscape, Reach};
use super::standing::Standing;
use crate::sema::model::{AppId, KindId, Layer, Model, OperationId, PermissionModelId, Power};

/// The landscape of a model, given what each app may do now. Empty if no mark in use gives a power.
pub fn landscape(model: &Model, standing: &Standing<'_>, now: &[BTreeSet<OperationId>]) -> Landscape {
    let powers = powers(model);
    if powers.is_empty() {
        return Landscape::default();
    }
    let mut kinds_of: BTreeMap<PermissionModelId, BTreeSet<KindId>> = BTreeMap::new();
    for operation in &model.operations {
        for permission_model in operation.requirements.keys() {
            kinds_of.entry(*permission_model).or_default().insert(operation.kind);
        }
    }
    let reach = |(app, now): (AppId, &BTreeSet<OperationId>)| {
        let models = &model.apps[app.index()].models;
        let with = |layers: &[Layer]| standing.may(app, &layers.iter().copied().collect());
        let reach = Reach {
            now: now.clone(),
            with_roles: with(&[Layer::AppUser]),
            as_anybody: with(&[Layer::AppUser, Layer::ContextUser]),
            kinds: models.iter().filter_map(|of| kinds_of.get(of)).flatten().copied().collect(),
        };
        (app, reach)
    };
    let kinds = model.kinds.iter().enumerate();
    Landscape {
        parents: kinds.filter_map(|(i, kind)| Some((KindId(i as u32), kind.parent?))).collect(),
        powers,
        kinds: (0..).map(OperationId).zip(model.operations.iter().map(|o| o.kind)).collect(),
        apps: (0..).map(AppId).zip(now).map(reach).collect(),
    }
}

fn powers(model: &Model) -> BTreeMap<OperationId, (KindId, BTreeSet<Power>)> {
    let of = |id: OperationId| {
        let operation = &model.operations[id.index()];
        let powers: BTreeSet<Power> =
            operation.marks.iter().filter_map(|mark| model.marks[mark.index()].gives).collect();
        (!powers.is_empty()).then_some((id, (operation.kind, powers)))
    };
    (0..model.operations.len() as u32).filter_map(|number| of(OperationId(number))).collect()
}
