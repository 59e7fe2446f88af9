//! What operations require, arranged for the question what a set of scopes opens.

use super::set::{Operations, Scopes};
use crate::sema::model::{Model, OperationId, PermissionModelId, ScopeId};

/// The requirements of all operations.
#[derive(Debug, Clone)]
pub struct Needs {
    /// For each operation, its alternatives in all models.
    alternatives: Vec<Vec<Alternative>>,
    /// For each permission model, whether it demands a context user.
    demands_user: Vec<bool>,
}

/// Scopes that suffice together, in one permission model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The model.
    pub model: PermissionModelId,
    /// All of these; what they imply does not count.
    pub scopes: Scopes,
}

/// A set of scopes in the hands of somebody.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// The permission models that can be used.
    pub models: &'a [PermissionModelId],
    /// The scopes held, closed under implication.
    pub held: &'a Scopes,
    /// Whether there is a context user: without, a model that demands one cannot be used.
    pub user: bool,
}

impl Needs {
    /// Those of the model's operations.
    pub fn of(model: &Model) -> Needs {
        let alternatives = model.operations.iter().map(|operation| {
            let of_model = |(id, alternatives): (&PermissionModelId, &Vec<Vec<ScopeId>>)| {
                let alternative = |scopes: &Vec<ScopeId>| Alternative {
                    model: *id,
                    scopes: scopes.iter().copied().collect(),
                };
                alternatives.iter().map(alternative).collect::<Vec<_>>()
            };
            operation.requirements.iter().flat_map(of_model).collect()
        });
        Needs {
            alternatives: alternatives.collect(),
            demands_user: model.permission_models.iter().map(|m| m.demands_user).collect(),
        }
    }

    /// The alternatives of an operation in these models.
    pub fn alternatives<'a>(
        &'a self,
        operation: OperationId,
        models: &'a [PermissionModelId],
    ) -> impl Iterator<Item = &'a Alternative> {
        self.alternatives[operation.index()].iter().filter(|a| models.contains(&a.model))
    }

    /// Whether the grant suffices for the operation: layers 3 and 4 of the decision.
    pub fn suffices(&self, grant: Grant, operation: OperationId) -> bool {
        self.satisfied(grant, operation).next().is_some()
    }

    /// The alternatives that the grant satisfies.
    pub fn satisfied<'a>(
        &'a self,
        grant: Grant<'a>,
        operation: OperationId,
    ) -> impl Iterator<Item = &'a Alternative> {
        self.alternatives(operation, grant.models).filter(move |alternative| {
            (grant.user || !self.demands_user[alternative.model.index()])
                && alternative.scopes.is_within(grant.held)
        })
    }

    /// What the grant opens.
    pub fn opened(&self, grant: Grant) -> Operations {
        let ids = (0..self.alternatives.len()).map(|number| OperationId(number as u32));
        ids.filter(|id| self.suffices(grant, *id)).collect()
    }

    /// Whether the permission model demands a context user.
    pub fn demands_user(&self, model: PermissionModelId) -> bool {
        self.demands_user[model.index()]
    }
}

/// The scopes with all that they imply.
pub fn closure(model: &Model, scopes: impl IntoIterator<Item = ScopeId>) -> Scopes {
    let mut closed = Scopes::default();
    for scope in scopes {
        closed.insert(scope);
        for implied in &model.scopes[scope.index()].implies {
            closed.insert(*implied);
        }
    }
    closed
}

/// The scopes without those that others among them imply: as short as they can be written.
pub fn shortest(model: &Model, scopes: &Scopes) -> Vec<ScopeId> {
    let implied_by_another = |id: ScopeId| {
        scopes.iter().any(|other| other != id && model.scopes[other.index()].implies.contains(&id))
    };
    scopes.iter().filter(|id| !implied_by_another(*id)).collect()
}
