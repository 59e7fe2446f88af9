//! Grants that add up: a narrow one beside a wide one narrows nothing, for no platform subtracts.

use super::needs::{Grant, Needs};
use super::set::Operations;
use super::states;
use crate::sema::model::{
    AppId, Clause, ClauseId, ClauseKind, Condition, KindId, Model, OperationId, PermissionModelId, Subject,
};

/// A grant that is limited to some containers, for nothing: another one grants the same without that limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defeated {
    /// The limited grant.
    pub narrow: ClauseId,
    /// The one that is not limited so, and speaks about more apps, or about the same app's account.
    pub wide: ClauseId,
}

/// All limited grants that a wider one makes vain.
///
/// Of two permits for the same apps one merely says too much. Of two roles of the same account the wide one mostly
/// comes from elsewhere: a consent beside a role assignment with a scope.
pub fn defeated(model: &Model) -> Vec<Defeated> {
    let clauses = || model.clauses.iter().enumerate().map(|(at, clause)| (ClauseId(at as u32), clause));
    let kinds = [ClauseKind::AppUserGrant, ClauseKind::Permit];
    let wide: Vec<(ClauseId, &Clause)> =
        clauses().filter(|(_, c)| kinds.contains(&c.kind) && !reads_containers(&c.condition)).collect();
    let narrow = clauses().filter(|(_, c)| kinds.contains(&c.kind) && reads_containers(&c.condition));
    let beaten = |(narrow, clause): (ClauseId, &Clause)| {
        let by = wide.iter().find(|(_, other)| {
            other.kind == clause.kind
                && (other.apps.len() > clause.apps.len() || clause.kind == ClauseKind::AppUserGrant)
                && clause.apps.is_subset(&other.apps)
                && !clause.apps.is_empty()
                && clause.operations.iter().all(|operation| {
                    !may_hold(model, &clause.condition, *operation)
                        || (other.operations.contains(operation)
                            && follows(model, &clause.condition, &other.condition, *operation))
                })
        });
        by.map(|(wide, _)| Defeated { narrow, wide: *wide })
    };
    narrow.filter_map(beaten).collect()
}

/// Operations that an app can call on behalf of a person, within that person's reach, and by itself as well,
/// with no such limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlimited {
    /// The app.
    pub app: AppId,
    /// A model of the app that demands a person.
    pub delegated: PermissionModelId,
    /// One that does not.
    pub own: PermissionModelId,
    /// What the app's scopes of both open.
    pub operations: Operations,
}

/// The models of the app whose limit to a person's reach another model's scopes undo.
pub fn unlimited(model: &Model, needs: &Needs, app: AppId) -> Vec<Unlimited> {
    let models = &model.apps[app.index()].models;
    let held = states::granted(model, app);
    let opened = |of: PermissionModelId| needs.opened(Grant { models: &[of], held: &held, user: true });
    let (delegated, own): (Vec<_>, Vec<_>) = models.iter().partition(|id| needs.demands_user(**id));
    let mut found = Vec::new();
    for delegated in &delegated {
        let limited = opened(*delegated);
        for own in &own {
            let operations = limited.and(&opened(*own));
            if !operations.is_empty() {
                found.push(Unlimited { app, delegated: *delegated, own: *own, operations });
            }
        }
    }
    found
}

/// Whether some test in it reads a container.
pub(super) fn reads_containers(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(reads_containers),
        Condition::Not(inner) => reads_containers(inner),
        Condition::Test(atom) => matches!(atom.subject, Subject::Container { .. }),
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => false,
    }
}

/// Whether the condition can be true for the operation, as far as kinds of containers tell.
pub(super) fn may_hold(model: &Model, condition: &Condition, operation: OperationId) -> bool {
    fn may(model: &Model, condition: &Condition, operation: OperationId, negated: bool) -> bool {
        match condition {
            Condition::Constant(value) => *value != negated,
            Condition::All(parts) if negated => parts.iter().any(|part| may(model, part, operation, true)),
            Condition::All(parts) => parts.iter().all(|part| may(model, part, operation, false)),
            Condition::Any(parts) if negated => parts.iter().all(|part| may(model, part, operation, true)),
            Condition::Any(parts) => parts.iter().any(|part| may(model, part, operation, false)),
            Condition::Not(inner) => may(model, inner, operation, !negated),
            Condition::Test(_) => true,
            Condition::InKind(kind) => {
                concerns(model, operation, |own| is_within(model, own, *kind)) != negated
            }
            Condition::AtKind(kind) => concerns(model, operation, |own| own == *kind) != negated,
        }
    }
    may(model, condition, operation, false)
}

/// Whether the second condition is true wherever the first one is, for the operation: each of its parts is one
/// of the first, or true of the operation. Sound, and enough for what people write.
fn follows(model: &Model, first: &Condition, second: &Condition, operation: OperationId) -> bool {
    let parts = |condition: &Condition| match condition {
        Condition::All(parts) => parts.clone(),
        other => vec![other.clone()],
    };
    let given = parts(first);
    parts(second).iter().all(|part| match part {
        Condition::Constant(value) => *value,
        Condition::InKind(_) | Condition::AtKind(_) => may_hold(model, part, operation),
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Test(_) => {
            given.contains(part)
        }
    })
}

fn concerns(model: &Model, operation: OperationId, kind: impl Fn(KindId) -> bool) -> bool {
    let operation = &model.operations[operation.index()];
    kind(operation.kind) || operation.lists.is_some_and(kind)
}

fn is_within(model: &Model, kind: KindId, ancestor: KindId) -> bool {
    let mut next = Some(kind);
    while let Some(kind) = next {
        if kind == ancestor {
            return true;
        }
        next = model.kinds[kind.index()].parent;
    }
    false
}
