//! A scope in whose place a narrower one would do.

use super::permitted::Permits;
use super::set::{Operations, Scopes};
use super::surplus::{Question, Surplus};
use super::{needs, states};
use crate::sema::model::{AppId, Model, ScopeId};

/// A scope that is needed, and another one that permits all that it permits and opens less.
#[derive(Debug, Clone)]
pub struct Narrower {
    /// The app.
    pub app: AppId,
    /// What it holds.
    pub scope: ScopeId,
    /// What would do.
    pub instead: ScopeId,
    /// The permitted operations that need the one or the other.
    pub needed_for: Operations,
    /// What the platform would not open any more.
    pub shuts: Operations,
    /// Whether the app holds the narrower one already, as a part of the wide one: then to hold only that can
    /// permit nothing new, whatever is approved.
    pub included: bool,
}

/// For each scope that is kept, the one that opens least of those that would do in its place; none where none
/// opens less.
pub fn of(model: &Model, needs: &needs::Needs, permits: &dyn Permits, surplus: &Surplus) -> Vec<Narrower> {
    let app = surplus.app;
    let Some(asked) = Question::new(model, needs, permits, app) else { return Vec::new() };
    let opens = asked.opened(&surplus.kept);
    let models = &model.apps[app.index()].models;
    let narrower = |scope: ScopeId| {
        let others: Scopes = surplus.kept.iter().filter(|other| *other != scope).collect();
        let needed_for = asked.lost(&others);
        let named: Scopes = needed_for
            .iter()
            .flat_map(|operation| needs.alternatives(operation, models))
            .flat_map(|alternative| alternative.scopes.iter())
            .collect();
        // Those that requirements name, and what includes them.
        let candidates = (0..model.scopes.len()).map(|number| ScopeId(number as u32)).filter(|other| {
            let declared = &model.scopes[other.index()];
            models.contains(&declared.model)
                && *other != scope
                && !surplus.kept.contains(*other)
                && declared.implies.iter().chain([other]).any(|part| named.contains(*part))
        });
        let judged = candidates.filter_map(|instead| {
            let swapped: Scopes = others.iter().chain([instead]).collect();
            let left = asked.opened(&swapped);
            let less = left.is_within(&opens) && left != opens;
            (less && asked.lost(&swapped).is_empty()).then(|| (left.len(), instead, opens.minus(&left)))
        });
        let (_, instead, shuts) = judged.min_by_key(|(left, instead, _)| (*left, *instead))?;
        let included = states::granted(model, app).contains(instead);
        Some(Narrower { app, scope, instead, needed_for, shuts, included })
    };
    surplus.kept.iter().filter_map(narrower).collect()
}
