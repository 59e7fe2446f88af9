//! What an app holds in the states of its ratchets.

use std::collections::BTreeMap;

use super::needs::{Grant, Needs, closure};
use super::set::{Operations, Scopes};
use crate::sema::model::{AppId, Model, RatchetId, ScopeId};

/// The ratchets of an app, in the model's order.
pub fn ratchets(model: &Model, app: AppId) -> impl Iterator<Item = RatchetId> {
    let of_app = move |id: &RatchetId| model.ratchets[id.index()].apps.contains(&app);
    (0..model.ratchets.len()).map(|number| RatchetId(number as u32)).filter(of_app)
}

/// What the app holds where no ratchet limits it: requested, and approved by the policy. Closed.
pub fn granted(model: &Model, app: AppId) -> Scopes {
    granted_of(model, app, &model.apps[app.index()].requested.iter().copied().collect())
}

/// The same, had it asked for these.
pub fn granted_of(model: &Model, app: AppId, requested: &Scopes) -> Scopes {
    let requested = closure(model, requested.iter());
    match &model.apps[app.index()].approved {
        Some(approved) => requested.and(&closure(model, approved.iter().copied())),
        None => requested,
    }
}

/// Those of the scopes that the app does not call optional.
pub fn outright(model: &Model, app: AppId, requested: &Scopes) -> Scopes {
    let optional = &model.apps[app.index()].optional;
    requested.iter().filter(|scope| !optional.contains(scope)).collect()
}

/// The scopes that a stage leaves, closed; `None` where it and all before it limit none.
pub fn limit(model: &Model, ratchet: RatchetId, stage: usize) -> Option<Scopes> {
    let stages = &model.ratchets[ratchet.index()].stages;
    let holds = stages.iter().take(stage + 1).rev().find_map(|stage| stage.holds.as_ref())?;
    Some(closure(model, holds.iter().copied()))
}

/// The stages that ratchets have reached.
pub type Stages = BTreeMap<RatchetId, u32>;

/// A limit that the app's ratchets can put on its scopes, with stages in which they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What they leave, closed; `None`: everything.
    pub left: Option<Scopes>,
    /// A stage for each of the app's ratchets.
    pub stages: Stages,
}

impl Limit {
    /// What is left of these scopes.
    pub fn of(&self, scopes: &Scopes) -> Scopes {
        self.left.as_ref().map_or_else(|| scopes.clone(), |left| left.and(scopes))
    }
}

/// The different limits that the stages of the app's ratchets, in all combinations, put on its scopes.
///
/// Stages that limit alike are told apart nowhere here, so that many ratchets that limit no scopes cost nothing.
pub fn limits(model: &Model, app: AppId) -> Vec<Limit> {
    let mut limits = vec![Limit { left: None, stages: Stages::new() }];
    for ratchet in ratchets(model, app) {
        let mut next: Vec<Limit> = Vec::new();
        for stage in 0..model.ratchets[ratchet.index()].stages.len() {
            let of_stage = limit(model, ratchet, stage);
            for limit in &limits {
                let left = match (&limit.left, &of_stage) {
                    (Some(left), Some(stage)) => Some(left.and(stage)),
                    (left, stage) => left.as_ref().or(stage.as_ref()).cloned(),
                };
                if !next.iter().any(|known| known.left == left) {
                    let mut stages = limit.stages.clone();
                    stages.insert(ratchet, stage as u32);
                    next.push(Limit { left, stages });
                }
            }
        }
        limits = next;
    }
    limits
}

/// A ratchet as it takes scopes from an app, stage by stage; the app's other ratchets stand at their first stage.
#[derive(Debug, Clone)]
pub struct Turning {
    /// The ratchet.
    pub ratchet: RatchetId,
    /// One for each of its stages.
    pub stages: Vec<Held>,
}

/// What the app holds at one stage.
#[derive(Debug, Clone)]
pub struct Held {
    /// Closed under implication.
    pub scopes: Scopes,
    /// What they open, for a request with a context user.
    pub opens: Operations,
    /// What the stage before opened and this one does not.
    pub taken: Operations,
}

/// How the app's ratchets take scopes from it.
pub fn turnings(model: &Model, needs: &Needs, app: AppId) -> Vec<Turning> {
    let granted = granted(model, app);
    let first = |other: RatchetId| limit(model, other, 0);
    let models = &model.apps[app.index()].models;
    let turning = |ratchet: RatchetId| {
        let others = ratchets(model, app).filter(|other| *other != ratchet).filter_map(first);
        let before = others.fold(granted.clone(), |held, limit| held.and(&limit));
        let mut stages: Vec<Held> = Vec::new();
        for stage in 0..model.ratchets[ratchet.index()].stages.len() {
            let scopes = match limit(model, ratchet, stage) {
                Some(limit) => before.and(&limit),
                None => before.clone(),
            };
            let opens = needs.opened(Grant { models, held: &scopes, user: true });
            let taken = stages.last().map_or_else(Operations::default, |last| last.opens.minus(&opens));
            stages.push(Held { scopes, opens, taken });
        }
        Turning { ratchet, stages }
    };
    ratchets(model, app).map(turning).collect()
}

/// The scopes that the app asks for, without this one.
pub fn without(model: &Model, app: AppId, scope: ScopeId) -> Scopes {
    model.apps[app.index()].requested.iter().copied().filter(|other| *other != scope).collect()
}
