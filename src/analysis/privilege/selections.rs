//! Scopes that open nothing until somebody chooses a site or a team, beside scopes that open all of them.

use std::collections::BTreeSet;

use super::needs::{Grant, Needs, closure};
use super::set::Operations;
use super::states;
use crate::sema::model::{Access, AppId, KindId, Model, OperationId, ScopeId};

/// Scopes of one model that a platform confines to what was chosen for the app.
#[derive(Debug)]
pub struct Selective {
    /// The permission model.
    pub model: &'static str,
    /// How their names end.
    pub ending: &'static str,
    /// Whether what lies in the chosen container is meant as a whole, or only the operations of the scope.
    pub whole: bool,
}

/// Those that are known.
///
/// Microsoft, *Overview of Selected permissions in OneDrive and SharePoint* and *Resource-specific consent for apps*,
/// learn.microsoft.com.
pub static SELECTIVE: &[Selective] = &[
    Selective { model: "microsoft.graph.application", ending: ".Selected", whole: true },
    Selective { model: "microsoft.graph.delegated", ending: ".Selected", whole: true },
    Selective { model: "microsoft.graph.application", ending: ".Chat", whole: false },
    Selective { model: "microsoft.graph.application", ending: ".Group", whole: false },
];

/// A scope that is confined to chosen containers, for nothing: another one opens them all.
#[derive(Debug, Clone)]
pub struct Defeated {
    /// The app.
    pub app: AppId,
    /// The confined scope.
    pub chosen: ScopeId,
    /// The one that is not.
    pub wide: ScopeId,
    /// What the wide one opens in containers such as the chosen ones, whether chosen or not.
    pub operations: Operations,
}

/// The confined scopes of the app that others defeat.
pub fn defeated(model: &Model, needs: &Needs, app: AppId) -> Vec<Defeated> {
    let held = states::granted(model, app);
    let models = &model.apps[app.index()].models;
    let opened = |scope: ScopeId| needs.opened(Grant { models, held: &closure(model, [scope]), user: true });
    let mut found = Vec::new();
    for chosen in held.iter() {
        let Some(selective) = selective(model, chosen) else { continue };
        let own = opened(chosen);
        let reach: BTreeSet<(KindId, Access)> = own.iter().map(|id| place(model, id)).collect();
        for wide in held.iter().filter(|other| self::selective(model, *other).is_none()) {
            let operations: Operations = match selective.whole {
                false => opened(wide).and(&own),
                true => opened(wide).iter().filter(|id| lies_within(model, *id, &reach)).collect(),
            };
            if !operations.is_empty() {
                found.push(Defeated { app, chosen, wide, operations });
            }
        }
    }
    found
}

fn selective(model: &Model, scope: ScopeId) -> Option<&'static Selective> {
    let scope = &model.scopes[scope.index()];
    let of = &model.permission_models[scope.model.index()].name;
    SELECTIVE.iter().find(|known| known.model == of && scope.name.ends_with(known.ending))
}

fn place(model: &Model, operation: OperationId) -> (KindId, Access) {
    let operation = &model.operations[operation.index()];
    (operation.kind, operation.access)
}

/// Whether it does what the scope is for, in such a container or in one below.
fn lies_within(model: &Model, operation: OperationId, reach: &BTreeSet<(KindId, Access)>) -> bool {
    let (kind, access) = place(model, operation);
    let mut next = Some(kind);
    while let Some(kind) = next {
        if reach.contains(&(kind, access)) {
            return true;
        }
        next = model.kinds[kind.index()].parent;
    }
    false
}
