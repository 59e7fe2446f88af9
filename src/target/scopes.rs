//! What platforms enforce without being asked: their own scopes. And how settings change what an app holds.

use std::collections::BTreeSet;

use super::words;
use crate::analysis::grants::{self, Measure};
use crate::analysis::minimal::Budget;
use crate::analysis::privilege::permitted::has_user;
use crate::analysis::privilege::states;
use crate::request::{Request, Value};
use crate::sema::model::{
    AppId, AttributeId, Condition, Constant, KindId, Model, OperationId, PermissionModelId, ScopeId, Source,
    Type,
};

/// What a scope that is held must meet besides before it opens anything.
pub(super) type Terms<'a> = &'a dyn Fn(PermissionModelId, ScopeId) -> Condition;

/// When the platform's scopes let the app through, where each scope that the app holds counts on these terms.
pub(super) fn lets(model: &Model, app: AppId, operation: OperationId, terms: Terms<'_>) -> Condition {
    let declared = &model.apps[app.index()];
    let granted = states::granted(model, app);
    let held: BTreeSet<ScopeId> = declared.requested.iter().copied().collect();
    // A scope is held by itself, or through one that includes it.
    let holds = |of: PermissionModelId, wanted: ScopeId| {
        let sources = held.iter().filter(|id| model.scopes[id.index()].implies.contains(&wanted));
        let sources = sources.filter(|_| granted.contains(wanted));
        words::any(sources.map(|id| terms(of, *id)))
    };
    lets_by(model, &declared.models, operation, &holds)
}

/// The same, where somebody says of each scope when it is held.
pub(super) fn lets_by(
    model: &Model,
    models: &[PermissionModelId],
    operation: OperationId,
    holds: &dyn Fn(PermissionModelId, ScopeId) -> Condition,
) -> Condition {
    let requirements = &model.operations[operation.index()].requirements;
    let of_model = |of: &PermissionModelId| {
        let alternatives = requirements.get(of).into_iter().flatten();
        let open = words::any(alternatives.map(|all| words::all(all.iter().map(|s| holds(*of, *s)))));
        let demands = model.permission_models[of.index()].demands_user;
        let user = if demands { has_user(model, true) } else { Condition::Constant(true) };
        words::all([open, user])
    };
    words::any(models.iter().map(of_model))
}

/// Whether the app's scopes open the operation at all.
pub(super) fn opens(model: &Model, app: AppId, operation: OperationId) -> bool {
    lets(model, app, operation, &|_, _| Condition::Constant(true)) != Condition::Constant(false)
}

/// The fewest of the scopes that the app holds, or of what they imply, that open these operations as it holds them now.
pub(super) fn fewest(model: &Model, app: AppId, needed: &BTreeSet<OperationId>) -> BTreeSet<ScopeId> {
    let granted = states::granted(model, app);
    let least = grants::least(model, app, needed, Measure::Surface, Budget::default());
    if let Ok(answer) = least
        && answer.least.requested.iter().all(|scope| granted.contains(*scope))
    {
        return answer.least.requested;
    }
    // Some smaller grant would need what the app does not hold: of what it holds, what can go goes, the widest first.
    let models = &model.apps[app.index()].models;
    let mut left: Vec<ScopeId> = granted.iter().collect();
    left.sort_by_key(|id| (std::cmp::Reverse(model.scopes[id.index()].implies.len()), *id));
    for scope in left.clone() {
        let less: BTreeSet<ScopeId> = left.iter().copied().filter(|other| *other != scope).collect();
        if needed.iter().all(|operation| open(model, models, &less, *operation)) {
            left.retain(|other| *other != scope);
        }
    }
    left.into_iter().collect()
}

/// Whether these scopes, with what they imply, open the operation.
pub(super) fn open(
    model: &Model,
    models: &[PermissionModelId],
    scopes: &BTreeSet<ScopeId>,
    operation: OperationId,
) -> bool {
    let holds =
        |wanted: &ScopeId| scopes.iter().any(|scope| model.scopes[scope.index()].implies.contains(wanted));
    let requirements = &model.operations[operation.index()].requirements;
    models.iter().filter_map(|of| requirements.get(of)).flatten().any(|all| all.iter().all(holds))
}

/// As many of the scopes as open none of these operations.
pub(super) fn without(
    model: &Model,
    app: AppId,
    mut scopes: BTreeSet<ScopeId>,
    denied: &BTreeSet<OperationId>,
) -> BTreeSet<ScopeId> {
    let models = &model.apps[app.index()].models;
    for operation in denied {
        let requirements = &model.operations[operation.index()].requirements;
        for all in models.iter().filter_map(|of| requirements.get(of)).flatten() {
            let implies =
                |scope: &ScopeId, wanted: &ScopeId| model.scopes[scope.index()].implies.contains(wanted);
            if all.iter().all(|wanted| scopes.iter().any(|scope| implies(scope, wanted)))
                && let Some(first) = all.first()
            {
                scopes.retain(|scope| !implies(scope, first));
            }
        }
    }
    scopes
}

/// A request as platforms read it.
#[derive(Debug)]
pub(super) struct Asked<'r> {
    pub(super) model: &'r Model,
    pub(super) request: &'r Request,
    pub(super) app: AppId,
    pub(super) operation: OperationId,
}

impl<'r> Asked<'r> {
    /// `Ok` of an app that is at work, for an operation that exists, in containers that are named; else what the
    /// platform answers, if it would ever be asked.
    pub(super) fn read(model: &'r Model, request: &'r Request) -> Result<Asked<'r>, Option<bool>> {
        let (Some(app), Some(operation)) = crate::eval::target(model, request) else {
            return Err(Some(false)); // nobody the platform knows
        };
        match request.attributes.get("install.status") {
            Some(Value::Text(status)) if status == "enabled" => {}
            Some(_) => return Err(Some(false)),
            None if model.authority.lifecycle == Source::Caller => return Err(None),
            None => {}
        }
        if let (Source::Policy, Some(sites)) =
            (model.authority.lifecycle, &model.apps[app.index()].installed_on)
        {
            match request.attributes.get("install.site") {
                Some(Value::Text(site)) if sites.contains(site) => {}
                Some(_) => return Err(Some(false)),
                None => return Err(None),
            }
        }
        if request.user.is_some() && words::acts_alone(model, app, operation) {
            return Err(None); // no such request is made
        }
        let asked = Asked { model, request, app, operation };
        let path = words::path(model, &model.operations[operation.index()]);
        let named = |kind: &KindId| {
            let name = &model.kinds[kind.index()].name;
            request.containers.iter().any(|container| container.kind == *name && container.id.is_some())
        };
        if path.iter().all(named) { Ok(asked) } else { Err(None) }
    }

    /// Whether the app is this one, by key.
    pub(super) fn key(&self) -> &'r str {
        &self.model.apps[self.app.index()].key
    }

    /// What the request says of a container's attribute; what the policy declares of it is stronger.
    pub(super) fn of_container(&self, kind: &str, name: &str) -> Option<Value> {
        let container = self.request.containers.iter().find(|container| container.kind == kind)?;
        let id = container.id.as_ref()?;
        if name == "id" {
            return Some(Value::Text(id.clone()));
        }
        let declared = self
            .model
            .containers
            .iter()
            .find(|known| known.id == *id && self.model.kinds[known.kind.index()].name == kind);
        let said = declared.and_then(|known| {
            let of = |(attribute, value): (&AttributeId, &Constant)| {
                let declared = &self.model.attributes[attribute.index()];
                (declared.name == name).then(|| match value {
                    Constant::String(text) => Some(Value::Text(text.clone())),
                    Constant::Strings(all) => Some(Value::Set(all.clone())),
                    Constant::Index(at) => match declared.kind {
                        Type::Enum(id) => {
                            let values = &self.model.enumerations[id.index()].values;
                            values.get(*at as usize).map(|word| Value::Text(word.clone()))
                        }
                        _ => None, // only enumerations have indices
                    },
                    Constant::Bool(value) => Some(Value::Bool(*value)),
                    Constant::Int(value) => Some(Value::Int(*value)),
                    Constant::Ip(_) | Constant::Domain(_) | Constant::Origin(_) => None,
                })
            };
            known.attributes.iter().find_map(of).flatten()
        });
        said.or_else(|| container.attributes.get(name).cloned())
    }

    /// Whether scopes open the operation, where `counts` says of each scope that the app holds whether it counts.
    /// `None` where that hangs on something that the request does not say.
    pub(super) fn open(&self, counts: &dyn Fn(PermissionModelId, ScopeId) -> Option<bool>) -> Option<bool> {
        let app = &self.model.apps[self.app.index()];
        let approved = |id: &ScopeId, within: &BTreeSet<ScopeId>| {
            within.iter().any(|other| self.model.scopes[other.index()].implies.contains(id))
        };
        let here: Option<BTreeSet<ScopeId>> = self.request.approved.as_ref().map(|names| {
            let all = (0..self.model.scopes.len() as u32).map(ScopeId);
            all.filter(|id| names.contains(&self.model.scopes[id.index()].name)).collect()
        });
        let holds = |of: PermissionModelId, wanted: &ScopeId| -> Option<bool> {
            if app.approved.as_ref().is_some_and(|policy| !approved(wanted, policy))
                || here.as_ref().is_some_and(|here| !approved(wanted, here))
            {
                return Some(false);
            }
            let sources = app.requested.iter().filter(|id| {
                // What is optional is held only where the installation says so.
                (here.is_some() || !app.optional.contains(id))
                    && self.model.scopes[id.index()].implies.contains(wanted)
            });
            or(sources.map(|id| counts(of, *id)))
        };
        let requirements = &self.model.operations[self.operation.index()].requirements;
        let models = app.models.iter().filter(|of| {
            !self.model.permission_models[of.index()].demands_user || self.request.user.is_some()
        });
        or(models.map(|of| {
            let alternatives = requirements.get(of).into_iter().flatten();
            or(alternatives.map(|scopes| {
                let each: Vec<Option<bool>> = scopes.iter().map(|scope| holds(*of, scope)).collect();
                if each.contains(&Some(false)) {
                    Some(false)
                } else if each.contains(&None) {
                    None
                } else {
                    Some(true)
                }
            }))
        }))
    }
}

/// Whether one is true; unknown if none is and one is unknown.
fn or(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(false);
    for part in parts {
        match part {
            Some(true) => return part,
            Some(false) => {}
            None => known = None,
        }
    }
    known
}
