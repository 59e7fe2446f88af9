//! What an installation can do in the state that it is in, and what another state would take from that or give.

use std::collections::BTreeMap;

use super::needs::{Grant, Needs};
use super::permitted::{Permits, at_stage};
use super::set::{Operations, Scopes};
use super::states;
use crate::ratchet::State;
use crate::sema::model::{AppId, Condition, KindId, Model, Operation, RatchetId, ScopeId};

/// What differs between two states of one installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Operations of which something was permitted, and nothing is.
    pub lost: Operations,
    /// Operations of which nothing was permitted, and something is.
    pub gained: Operations,
    /// Operations of which less is permitted: stages or withdrawals refuse them in some places.
    pub narrowed: Operations,
    /// Operations of which more is permitted.
    pub widened: Operations,
}

/// What going from one state to the other takes and gives. Where no engine can tell whether anything is permitted,
/// something counts as permitted.
pub fn difference(
    model: &Model,
    needs: &Needs,
    permits: &dyn Permits,
    app: AppId,
    before: &State,
    after: &State,
) -> Difference {
    let [old, new] = [before, after].map(|state| possible(model, needs, permits, app, state));
    let both = old.and(&new);
    Difference {
        lost: old.minus(&new),
        gained: new.minus(&old),
        narrowed: refused_there(model, permits, app, before, after).and(&both),
        widened: refused_there(model, permits, app, after, before).and(&both),
    }
}

/// The operations of which something is permitted in this state.
pub fn possible(
    model: &Model,
    needs: &Needs,
    permits: &dyn Permits,
    app: AppId,
    state: &State,
) -> Operations {
    let ids = (0..model.scopes.len()).map(|number| ScopeId(number as u32));
    let held: Scopes = ids.filter(|id| holds(model, app, state, *id)).collect();
    let open = needs.opened(Grant { models: &model.apps[app.index()].models, held: &held, user: true });
    let stages = stages(model, app, state);
    let there = stages.iter().map(|(ratchet, stage)| at_stage(*ratchet, *stage)).collect();
    let there = Condition::All(there);
    let groups = permits.groups(app).iter().filter(|group| !group.permitted.is_never());
    let asked = groups.map(|group| group.operations.and(&open)).filter(|open| !open.is_empty());
    let permitted = asked.filter(|open| {
        let one = open.iter().next();
        one.is_some_and(|operation| !permits.ask(app, operation, &there).is_never())
    });
    let permitted = permitted.fold(Operations::default(), |all, open| all.or(&open));
    let taken = |name: &str| state.withdrawn.operations.contains(name);
    permitted.iter().filter(|id| !taken(&model.operations[id.index()].name)).collect()
}

/// Names of scopes are unique within a permission model only.
fn holds(model: &Model, app: AppId, state: &State, id: ScopeId) -> bool {
    let scope = &model.scopes[id.index()];
    model.apps[app.index()].models.contains(&scope.model) && state.holds.contains(&scope.name)
}

/// The operations that are refused in some places in the second state and were not in the first.
fn refused_there(
    model: &Model,
    permits: &dyn Permits,
    app: AppId,
    before: &State,
    after: &State,
) -> Operations {
    let more = after.withdrawn.containers.difference(&before.withdrawn.containers);
    let kinds: Vec<usize> =
        more.filter_map(|(kind, _)| model.kinds.iter().position(|k| k.name == *kind)).collect();
    let lies_in = |operation: &Operation| {
        [Some(operation.kind), operation.lists].into_iter().flatten().any(|innermost| {
            let above = |kind: &KindId| model.kinds[kind.index()].parent;
            std::iter::successors(Some(innermost), above).any(|kind| kinds.contains(&kind.index()))
        })
    };
    let (old, new) = (stages(model, app, before), stages(model, app, after));
    let mut refused = Operations::default();
    for group in permits.groups(app).iter().filter(|group| !group.permitted.is_never()) {
        let turned = new.iter().any(|(ratchet, stage)| {
            let from = old.get(ratchet).copied().unwrap_or(*stage);
            (from + 1..=*stage).any(|stage| !permits.withdrawn(app, group.any(), *ratchet, stage).is_never())
        });
        if turned {
            refused = refused.or(&group.operations);
        }
        let inside = group.operations.iter().filter(|id| lies_in(&model.operations[id.index()]));
        refused = refused.or(&inside.collect());
    }
    refused
}

/// Where the app's ratchets stand.
fn stages(model: &Model, app: AppId, state: &State) -> BTreeMap<RatchetId, u32> {
    let stage = |id: RatchetId| {
        let ratchet = &model.ratchets[id.index()];
        let named = state.stages.get(&ratchet.name);
        let number = ratchet.stages.iter().position(|stage| Some(&stage.name) == named);
        // What is not known is the last.
        (id, number.unwrap_or(ratchet.stages.len() - 1) as u32)
    };
    states::ratchets(model, app).map(stage).collect()
}
