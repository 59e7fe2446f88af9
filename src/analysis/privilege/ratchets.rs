//! What ratchets leave standing, and stages that take nothing.

use super::needs::Needs;
use super::permitted::{Permits, Possible, at_last_stage, at_stage};
use super::set::Operations;
use super::states;
use crate::parallel;
use crate::request::Request;
use crate::sema::model::{Access, AppId, Condition, Model, RatchetId};

/// Operations of a class that an app is permitted when all of its ratchets stand at their last stage.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The app.
    pub app: AppId,
    /// The operations.
    pub operations: Operations,
    /// A request for one of them.
    pub witness: Request,
    /// The app's ratchets, which all end without taking these.
    pub ratchets: Vec<RatchetId>,
}

/// What of a class remains in the end; none where nothing certainly does.
pub fn standing(model: &Model, permits: &dyn Permits, app: AppId, class: Access) -> Option<Standing> {
    let ratchets: Vec<RatchetId> = states::ratchets(model, app).collect();
    let end = Condition::All(ratchets.iter().map(|ratchet| at_last_stage(model, *ratchet)).collect());
    let (mut operations, mut first) = (Operations::default(), None);
    for group in permits.groups(app) {
        let of_class = group.operations.of_class(model, class);
        let Some(operation) = of_class.iter().next() else { continue };
        let answer = match (group.permitted, ratchets.is_empty()) {
            (Possible::Never, _) | (Possible::Undecided, true) => continue,
            (Possible::Sometimes, true) if first.is_some() => {
                operations = operations.or(&of_class);
                continue;
            }
            (Possible::Sometimes, true) | (Possible::Sometimes | Possible::Undecided, false) => {
                permits.ask(app, operation, &end)
            }
        };
        if let Some(witness) = answer.witness() {
            operations = operations.or(&of_class);
            first.get_or_insert_with(|| witness.clone());
        }
    }
    first.map(|witness| Standing { app, operations, witness, ratchets })
}

/// The operations of which something is permitted while the ratchet stands at this stage.
pub fn permitted_at(permits: &dyn Permits, app: AppId, ratchet: RatchetId, stage: u32) -> Operations {
    let there = at_stage(ratchet, stage);
    let groups = permits.groups(app).iter().filter(|group| !group.permitted.is_never());
    let permitted = groups.filter(|group| !permits.ask(app, group.any(), &there).is_never());
    permitted.fold(Operations::default(), |all, group| all.or(&group.operations))
}

/// What a ratchet leaves of an access class whose operations it takes from an app by taking scopes.
#[derive(Debug, Clone)]
pub struct OtherDoor {
    /// The app.
    pub app: AppId,
    /// The ratchet.
    pub ratchet: RatchetId,
    /// The class.
    pub class: Access,
    /// How many of the class the scopes open at the first stage.
    pub before: usize,
    /// Those that they still open at the last, and of which the policy permits something there.
    pub left: Operations,
    /// A request for one of them.
    pub witness: Request,
}

/// Power that survives the taking of scopes, because it needs less than one would think.
pub fn other_doors(model: &Model, needs: &Needs, permits: &dyn Permits, app: AppId) -> Vec<OtherDoor> {
    let mut doors = Vec::new();
    for turning in states::turnings(model, needs, app) {
        let [first, .., last] = turning.stages.as_slice() else { continue };
        let ratchet = turning.ratchet;
        for class in [Access::Admin, Access::Delete, Access::Write] {
            let before = first.opens.of_class(model, class);
            let after = last.opens.of_class(model, class);
            // Taking some of a class and leaving the most of it is no attempt to take the class.
            if after.is_empty() || after.len() * 2 > before.len() {
                continue;
            }
            let (mut left, mut first) = (Operations::default(), None);
            for group in permits.groups(app) {
                let open = group.operations.and(&after);
                let Some(operation) = open.iter().next() else { continue };
                if group.permitted.is_never() {
                    continue;
                }
                let answer = permits.ask(app, operation, &at_last_stage(model, ratchet));
                if let Some(witness) = answer.witness() {
                    left = left.or(&open);
                    first.get_or_insert_with(|| witness.clone());
                }
            }
            if let Some(witness) = first {
                doors.push(OtherDoor { app, ratchet, class, before: before.len(), left, witness });
            }
        }
    }
    doors
}

/// A stage at which exactly the same is permitted as at the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleStage {
    /// The ratchet.
    pub ratchet: RatchetId,
    /// The stage, not the first.
    pub stage: u32,
}

/// The stages that take nothing from any app, as far as it could be decided. Nothing is asked of those that are known to
/// change nothing at all, nor of those that are known to take something, both by ratchet and number.
pub fn idle_stages(
    model: &Model,
    permits: &dyn Permits,
    [unchanged, taking]: [&[(RatchetId, u32)]; 2],
) -> Vec<IdleStage> {
    let ids = (0..model.ratchets.len()).map(|number| RatchetId(number as u32));
    let stages = ids.flat_map(|ratchet| {
        let count = model.ratchets[ratchet.index()].stages.len() as u32;
        (1..count).map(move |stage| IdleStage { ratchet, stage })
    });
    let stages: Vec<IdleStage> = stages.collect();
    let idle = parallel::map(&stages, &|stage: &IdleStage| {
        let known = (stage.ratchet, stage.stage);
        unchanged.contains(&known) || (!taking.contains(&known) && takes_nothing(model, permits, stage))
    });
    stages.into_iter().zip(idle).filter(|(_, idle)| *idle).map(|(stage, _)| stage).collect()
}

fn takes_nothing(model: &Model, permits: &dyn Permits, idle: &IdleStage) -> bool {
    model.ratchets[idle.ratchet.index()].apps.iter().all(|app| {
        let groups = permits.groups(*app).iter().filter(|group| !group.permitted.is_never());
        let mut groups = groups.map(|group| permits.withdrawn(*app, group.any(), idle.ratchet, idle.stage));
        groups.all(|answer| answer.is_never())
    })
}
