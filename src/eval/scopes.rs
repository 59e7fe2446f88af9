//! Which scopes an app holds now, whether they suffice, and what would have to be approved.

use std::collections::BTreeSet;

use super::facts::Situation;
use super::{Reason, Refusal};
use crate::sema::model::{Layer, Model, RatchetId, ScopeId};

pub(super) type Scopes = BTreeSet<ScopeId>;

/// What the app holds now: what it holds without ratchets, less what each of them took away, and less what was
/// withdrawn from the installation.
pub(super) fn held(situation: &Situation) -> Scopes {
    let mut held = held_by_stages(situation);
    if something_is_withdrawn(situation) {
        held.retain(|scope| !is_withdrawn(situation, *scope));
    }
    held
}

/// What its ratchets leave.
fn held_by_stages(situation: &Situation) -> Scopes {
    ratchets(situation.model)
        .filter_map(|ratchet| limit(situation, ratchet))
        .fold(situation.without_ratchets().clone(), |held, limit| &held & &limit)
}

fn something_is_withdrawn(situation: &Situation) -> bool {
    let withdrawn = &situation.request.withdrawn;
    !withdrawn.scopes.is_empty() || !withdrawn.forever.is_empty()
}

/// Whether the scope, or one that it implies, was taken from the installation: who holds more holds the same too.
fn is_withdrawn(situation: &Situation, scope: ScopeId) -> bool {
    let withdrawn = &situation.request.withdrawn;
    named(situation, scope, |name| withdrawn.scopes.contains(name) || withdrawn.forever.contains(name))
}

/// Whether no approval gives the scope back.
fn is_gone(situation: &Situation, scope: ScopeId) -> bool {
    named(situation, scope, |name| situation.request.withdrawn.forever.contains(name))
}

/// Whether the name of the scope, or of one that it implies, is one of those. Only scopes of the app's models have
/// names here.
fn named(situation: &Situation, scope: ScopeId, is: impl Fn(&str) -> bool) -> bool {
    let scopes = &situation.model.scopes;
    let mut implied = scopes[scope.index()].implies.iter().chain([&scope]).map(|id| &scopes[id.index()]);
    implied.any(|scope| situation.app().models.contains(&scope.model) && is(&scope.name))
}

/// Whether the scopes suffice with the ratchets, and no more without those withdrawn from the installation.
pub(super) fn withdrawn_here(situation: &Situation) -> bool {
    something_is_withdrawn(situation)
        && suffice(situation, &held_by_stages(situation))
        && !suffice(situation, &held(situation))
}

/// Whether in one of the usable models one alternative of the requirement lies within these scopes.
///
/// By definition no, where a user is missing that every model demands: no model is usable then.
pub(super) fn suffice(situation: &Situation, scopes: &Scopes) -> bool {
    alternatives(situation).any(|alternative| alternative.iter().all(|scope| scopes.contains(scope)))
}

/// The first ratchet at which the scopes no longer suffice; `None` if they do with all of them, or would not
/// even with none.
pub(super) fn withdrawing_ratchet(situation: &Situation) -> Option<RatchetId> {
    let mut scopes = situation.without_ratchets().clone();
    if !suffice(situation, &scopes) {
        return None;
    }
    for ratchet in ratchets(situation.model) {
        if let Some(limit) = limit(situation, ratchet) {
            scopes = &scopes & &limit;
        }
        if !suffice(situation, &scopes) {
            return Some(ratchet);
        }
    }
    None
}

/// All scopes that are missing for the alternative that misses fewest, among those that the app requests;
/// the first of equals, models in the app's order. In the alternative's order.
///
/// There is advice only if no layer refuses but scope, and ratchet for the scopes' sake. By definition, if
/// ratchet refuses, there is none as soon as any of the app's ratchets that limit scopes stands at a locked
/// stage, and none of scopes that no approval gives back; nor, ever, of scopes beyond what the policy approved.
pub(super) fn step_up(situation: &Situation, refusals: &[Refusal]) -> Option<Vec<ScopeId>> {
    let liftable = |refusal: &Refusal| match refusal.layer {
        Layer::Scope => true,
        Layer::Ratchet => {
            matches!(refusal.reason, Reason::ScopesWithdrawn(_) | Reason::ScopesWithdrawnHere)
                && !stands_at_locked_stage(situation)
        }
        Layer::Identity
        | Layer::Lifecycle
        | Layer::Catalog
        | Layer::AppUser
        | Layer::ContextUser
        | Layer::Rules => false,
    };
    if refusals.is_empty() || !refusals.iter().all(liftable) {
        return None;
    }
    let ceiling = ceiling(situation);
    let held = held(situation);
    alternatives(situation)
        .filter(|alternative| {
            alternative.iter().all(|scope| ceiling.contains(scope) && !is_gone(situation, *scope))
        })
        .map(|alternative| {
            alternative.iter().copied().filter(|scope| !held.contains(scope)).collect::<Vec<_>>()
        })
        .min_by_key(Vec::len) // the first of equals
}

/// All that an installation can ever hold: requested, and approved by the policy's administrator.
fn ceiling(situation: &Situation) -> Scopes {
    let (model, app) = (situation.model, situation.app());
    let requested = closure(model, &app.requested);
    match &app.approved {
        Some(approved) => &requested & &closure(model, approved),
        None => requested,
    }
}

/// Requested, and approved by the policy's administrator, and by the installation's.
pub(super) fn without_ratchets(situation: &Situation) -> Scopes {
    let (model, app) = (situation.model, situation.app());
    let mut held = ceiling(situation);
    if situation.request.approved.is_none() {
        // What is optional is held where the installation's administrator approved it, and nobody says so.
        let outright = app.requested.difference(&app.optional).copied().collect();
        held = &held & &closure(model, &outright);
    }
    if let Some(names) = &situation.request.approved {
        // Names of scopes of the app's models; all others say nothing.
        let approved: Scopes = (0..model.scopes.len() as u32)
            .map(ScopeId)
            .filter(|id| {
                let scope = &model.scopes[id.index()];
                app.models.contains(&scope.model) && names.contains(&scope.name)
            })
            .collect();
        held = &held & &closure(model, &approved);
    }
    held
}

/// The scopes that the ratchet leaves: those of the nearest stage, at or before the one reached, that says.
///
/// `None` where it leaves all: it is not this app's, or no stage so far limits scopes.
fn limit(situation: &Situation, ratchet: RatchetId) -> Option<Scopes> {
    let reached = reached(situation, ratchet)?;
    let stages = &situation.model.ratchets[ratchet.index()].stages;
    let holds = stages.iter().take(reached + 1).rev().find_map(|stage| stage.holds.as_ref())?;
    Some(closure(situation.model, holds))
}

/// The index of the stage reached: the last one where the request does not say. `None` for other apps.
fn reached(situation: &Situation, ratchet: RatchetId) -> Option<usize> {
    let declaration = &situation.model.ratchets[ratchet.index()];
    if !declaration.apps.contains(&situation.app) {
        return None;
    }
    let last = declaration.stages.len().checked_sub(1)?;
    Some(situation.stage(ratchet).map_or(last, |stage| stage as usize))
}

fn stands_at_locked_stage(situation: &Situation) -> bool {
    ratchets(situation.model).any(|ratchet| {
        let stages = &situation.model.ratchets[ratchet.index()].stages;
        limit(situation, ratchet).is_some()
            && reached(situation, ratchet).is_some_and(|stage| stages[stage].locked)
    })
}

/// The alternatives of the usable models' requirements.
fn alternatives<'a>(situation: &Situation<'a>) -> impl Iterator<Item = &'a Vec<ScopeId>> {
    let requirements = &situation.operation().requirements;
    let usable = situation.usable_models().into_iter();
    usable.flat_map(|model| requirements.get(&model).into_iter().flatten())
}

/// The scopes and all that they imply.
fn closure(model: &Model, scopes: &Scopes) -> Scopes {
    let implied = scopes.iter().flat_map(|scope| model.scopes[scope.index()].implies.iter().copied());
    scopes.iter().copied().chain(implied).collect()
}

fn ratchets(model: &Model) -> impl Iterator<Item = RatchetId> {
    (0..model.ratchets.len() as u32).map(RatchetId)
}
