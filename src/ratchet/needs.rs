//! Which scopes an operation needs, and what a newer catalog opens.

use std::collections::{BTreeMap, BTreeSet};

use super::state::closure;
use crate::sema::model::{AppId, Model, OperationId, ScopeId, Trigger};

/// The scopes that a permitted request for the operation uses: those without which, and without all that imply
/// them, what the app may ever hold would not suffice.
pub fn needs(model: &Model, app: AppId, operation: OperationId) -> BTreeSet<ScopeId> {
    let held = closure(model, &model.apps[app.index()].requested);
    let suffices = |without: Option<ScopeId>| {
        let has = |scope: &ScopeId| {
            held.contains(scope)
                && without.is_none_or(|taken| {
                    // It is held without the one taken if some scope implies the one and not the other.
                    held.iter().any(|by| {
                        let implies = &model.scopes[by.index()].implies;
                        implies.contains(scope) && !implies.contains(&taken)
                    })
                })
        };
        alternatives(model, app, operation).any(|alternative| alternative.iter().all(has))
    };
    if !suffices(None) {
        return BTreeSet::new();
    }
    held.iter().copied().filter(|scope| !suffices(Some(*scope))).collect()
}

/// Scopes and operations of which the app's ratchets count the use; of others nothing needs to be told.
pub fn watched(model: &Model, app: AppId) -> (BTreeSet<ScopeId>, BTreeSet<OperationId>) {
    let (mut scopes, mut operations) = (BTreeSet::new(), BTreeSet::new());
    for ratchet in model.ratchets.iter().filter(|ratchet| ratchet.apps.contains(&app)) {
        for trigger in ratchet.stages.iter().flat_map(|stage| &stage.triggers) {
            match trigger {
                Trigger::Unused(scope, _) => drop(scopes.insert(*scope)),
                Trigger::Count(_, operation) => drop(operations.insert(*operation)),
                Trigger::Event(_) | Trigger::After(..) | Trigger::Command => {}
            }
        }
    }
    (scopes, operations)
}

/// The operations that a newer policy's catalogs open to an app by scopes that did not open them before: they wait
/// for approval. Where the older policy did not have the app, nothing opened anything to it.
pub fn opened(before: &Model, after: &Model, key: &str) -> BTreeSet<String> {
    let find = |model: &Model| model.apps.iter().position(|app| app.key == key).map(|at| AppId(at as u32));
    let old = find(before);
    let Some(new) = find(after) else { return BTreeSet::new() };
    let held = closure(after, &after.apps[new.index()].requested);
    let implied = newly_implied(before, after, &held);
    let grown = |operation: &OperationId| {
        let name = &after.operations[operation.index()].name;
        let earlier = before.operations.binary_search_by(|o| o.name.cmp(name)).ok();
        let earlier = old.zip(earlier.map(|at| OperationId(at as u32)));
        alternatives(after, new, *operation)
            .filter(|alternative| alternative.iter().all(|scope| held.contains(scope)))
            .any(|alternative| {
                // Who holds one that newly implies the scope has it, and had not.
                let mut ways: Vec<Vec<ScopeId>> = vec![Vec::new()];
                for scope in alternative {
                    let by = implied.get(scope).into_iter().flatten().chain([scope]);
                    ways = by
                        .flat_map(|by| ways.iter().map(move |way| [way.as_slice(), &[*by]].concat()))
                        .collect();
                    if ways.len() > WAYS {
                        return true;
                    }
                }
                ways.iter().any(|way| {
                    let same = translated(after, before, way);
                    let sufficed = |(old, operation): (AppId, OperationId)| {
                        alternatives(before, old, operation).any(|a| a.iter().all(|s| same.contains(s)))
                    };
                    !earlier.is_some_and(sufficed)
                })
            })
    };
    let operations = (0..after.operations.len() as u32).map(OperationId);
    let grown = operations.filter(grown);
    grown.map(|operation| after.operations[operation.index()].name.clone()).collect()
}

/// More ways than this to hold what an operation needs are not told apart: the operation waits.
const WAYS: usize = 4096;

/// By scope, those held scopes that imply it now and did not before.
fn newly_implied(
    before: &Model,
    after: &Model,
    held: &BTreeSet<ScopeId>,
) -> BTreeMap<ScopeId, BTreeSet<ScopeId>> {
    let mut implied: BTreeMap<ScopeId, BTreeSet<ScopeId>> = BTreeMap::new();
    for by in held {
        let earlier = translated(after, before, &[*by]);
        for scope in &after.scopes[by.index()].implies {
            let same = counterpart(after, before, *scope);
            if scope != by && !same.is_some_and(|same| earlier.contains(&same)) {
                implied.entry(*scope).or_default().insert(*by);
            }
        }
    }
    implied
}

/// What these scopes and all that they imply are in the other model, by name.
fn translated(from: &Model, to: &Model, scopes: &[ScopeId]) -> BTreeSet<ScopeId> {
    closure(to, &scopes.iter().filter_map(|scope| counterpart(from, to, *scope)).collect())
}

/// The scope of the same name and model.
fn counterpart(from: &Model, to: &Model, scope: ScopeId) -> Option<ScopeId> {
    let (name, model) = (&from.scopes[scope.index()].name, from.scopes[scope.index()].model);
    let model = &from.permission_models[model.index()].name;
    let equal = |s: &crate::sema::model::Scope| {
        s.name == *name && to.permission_models[s.model.index()].name == *model
    };
    to.scopes.iter().position(equal).map(|at| ScopeId(at as u32))
}

fn alternatives(model: &Model, app: AppId, operation: OperationId) -> impl Iterator<Item = &Vec<ScopeId>> {
    let requirements = &model.operations[operation.index()].requirements;
    let models = &model.apps[app.index()].models;
    models.iter().filter_map(|model| requirements.get(model)).flatten()
}
