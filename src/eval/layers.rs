//! The eight layers, in order. Each says whether it refuses, why, and what it leaves to the filter.

use super::chain::Chain;
use super::conditions::{self, Counting};
use super::facts::{self, Situation};
use super::{FilterLayer, Reason, Refusal};
use super::{scopes, taken};
use crate::request::{Request, Value};
use crate::sema::model::{AppId, ClauseId, ClauseKind, Layer, Model, OperationId, Source};

/// What one layer says.
#[derive(Default)]
pub(super) struct Verdict {
    /// `None` where it permits.
    pub(super) refusal: Option<Refusal>,
    /// The permits that match.
    pub(super) permits: Vec<ClauseId>,
    /// Grants of which the filter must find one for each entry; `None` where no filter is needed for them.
    pub(super) only: Option<FilterLayer>,
    /// Refusing clauses of which the filter must find none.
    pub(super) except: Vec<ClauseId>,
    /// Whether some entries may lie in containers that were withdrawn from the installation.
    pub(super) except_withdrawn: bool,
}

/// 1. The app is known.
pub(super) fn identity(request: &Request, app: Option<AppId>) -> Verdict {
    match (&request.app, app) {
        (None, _) => refused(Layer::Identity, Reason::Anonymous),
        (Some(_), None) => refused(Layer::Identity, Reason::UnknownApp),
        (Some(_), Some(_)) => Verdict::default(),
    }
}

/// 2. Its installation on that site is enabled.
///
/// By definition, a status that is given and is not the text `enabled` refuses, also where it is no status
/// at all. The list of sites is checked only where the policy's word decides.
pub(super) fn lifecycle(model: &Model, request: &Request, app: AppId) -> Verdict {
    let status = request.attributes.get("install.status");
    if status.is_some_and(|status| *status != Value::Text("enabled".to_owned())) {
        return refused(Layer::Lifecycle, Reason::NotEnabled);
    }
    match model.authority.lifecycle {
        Source::Caller if status.is_none() => refused(Layer::Lifecycle, Reason::StatusUnknown),
        Source::Caller => Verdict::default(),
        Source::Policy => {
            let Some(sites) = &model.apps[app.index()].installed_on else {
                return Verdict::default();
            };
            match request.attributes.get("install.site") {
                Some(Value::Text(site)) if sites.contains(site) => Verdict::default(),
                Some(_) | None => refused(Layer::Lifecycle, Reason::NotInstalledHere),
            }
        }
    }
}

/// 3. The operation is known, the containers fit it, and it is callable in one of the app's models.
///
/// That such a model demands a user is the context user's layer's business.
pub(super) fn catalog(
    model: &Model,
    app: Option<AppId>,
    operation: Option<OperationId>,
    chain: Option<&Chain<'_>>,
) -> Verdict {
    let Some(operation) = operation else {
        return refused(Layer::Catalog, Reason::UnknownOperation);
    };
    match chain {
        Some(Chain::Wrong) => return refused(Layer::Catalog, Reason::WrongContainer),
        Some(Chain::ContradictsPath) => return refused(Layer::Catalog, Reason::ContradictsPath),
        Some(Chain::Fits(_)) | None => {}
    }
    match app {
        Some(app) if facts::callable_models(model, app, operation).is_empty() => {
            refused(Layer::Catalog, Reason::NotCallable)
        }
        Some(_) | None => Verdict::default(),
    }
}

/// 4. The scopes held now satisfy the requirement. Skipped where the operation is not callable at all.
pub(super) fn scope(situation: &Situation) -> Verdict {
    if situation.callable_models().is_empty() || scopes::suffice(situation, &scopes::held(situation)) {
        return Verdict::default();
    }
    refused(Layer::Scope, Reason::MissingScopes)
}

/// 5. The app user's roles reach the operation there, or the policy makes an exception.
pub(super) fn app_user(situation: &Situation) -> Verdict {
    let authority = &situation.model.authority;
    let certainly = Counting { unknown: false, listed: false };
    if conditions::holds(situation, &authority.app_user_except, certainly) {
        return Verdict::default();
    }
    match authority.app_user {
        Source::Policy => {
            granted(situation, ClauseKind::AppUserGrant, Layer::AppUser, Reason::AppUserWithoutRole)
        }
        Source::Caller => match situation.request.attributes.get("app-user.permitted") {
            Some(Value::Bool(true)) => Verdict::default(),
            Some(_) | None => refused(Layer::AppUser, Reason::AppUserRefused),
        },
    }
}

/// 6. If there is a context user, their roles reach the operation too; if there is none, none is needed.
///
/// A user is needed where the policy requires one, unless that is certainly not so (for no entry, where things
/// are listed), and where all models in which the operation is callable demand one.
pub(super) fn context_user(situation: &Situation) -> Verdict {
    let authority = &situation.model.authority;
    let Some(user) = situation.user() else {
        let not_certainly_false = Counting { unknown: true, listed: true };
        let required = conditions::holds(situation, &authority.context_user_required, not_certainly_false);
        let demanded = !situation.callable_models().is_empty() && situation.usable_models().is_empty();
        return if required || demanded {
            refused(Layer::ContextUser, Reason::UserRequired)
        } else {
            Verdict::default()
        };
    };
    match authority.context_user {
        Source::Policy => granted(
            situation,
            ClauseKind::ContextUserGrant,
            Layer::ContextUser,
            Reason::ContextUserWithoutRole,
        ),
        Source::Caller => match user.attributes.get("permitted") {
            Some(Value::Bool(true)) => Verdict::default(),
            Some(_) | None => refused(Layer::ContextUser, Reason::ContextUserRefused),
        },
    }
}

/// 7. Some permit matches and no forbid does.
pub(super) fn rules(situation: &Situation) -> Verdict {
    let forbidden = not_refused(situation, ClauseKind::Forbid, Layer::Rules, Reason::Forbidden);
    if forbidden.refusal.is_some() {
        return forbidden;
    }
    let permitted = granted(situation, ClauseKind::Permit, Layer::Rules, Reason::NoPermit);
    Verdict { except: forbidden.except, ..permitted }
}

/// 8. No stage reached and no administrator took the operation or the container away, nor scopes without which it
///    is not callable.
pub(super) fn ratchet(situation: &Situation) -> Verdict {
    let withdrawn = not_refused(situation, ClauseKind::Withdrawal, Layer::Ratchet, Reason::Withdrawn);
    if withdrawn.refusal.is_some() {
        return withdrawn;
    }
    if taken::operation(situation) || taken::containers(situation, false) {
        return refused(Layer::Ratchet, Reason::WithdrawnHere);
    }
    if let Some(ratchet) = scopes::withdrawing_ratchet(situation) {
        return refused(Layer::Ratchet, Reason::ScopesWithdrawn(ratchet));
    }
    if scopes::withdrawn_here(situation) {
        return refused(Layer::Ratchet, Reason::ScopesWithdrawnHere);
    }
    Verdict { except_withdrawn: taken::containers(situation, true), ..withdrawn }
}

/// Refuses unless some clause of this kind may match. Where none must, the filter picks the entries that one
/// does match.
fn granted(situation: &Situation, kind: ClauseKind, layer: Layer, otherwise: Reason) -> Verdict {
    let may = matching(situation, kind, true);
    let must = matching(situation, kind, false);
    if may.is_empty() {
        return refused(layer, otherwise);
    }
    let only = must.is_empty().then(|| FilterLayer { layer, any: may.clone() });
    let permits = if kind == ClauseKind::Permit { may } else { Vec::new() };
    Verdict { refusal: None, permits, only, ..Verdict::default() }
}

/// Refuses if some clause of this kind must match. Those that only may match are the filter's business.
fn not_refused(situation: &Situation, kind: ClauseKind, layer: Layer, reason: Reason) -> Verdict {
    let clauses = matching(situation, kind, false);
    if clauses.is_empty() {
        return Verdict { except: matching(situation, kind, true), ..Verdict::default() };
    }
    Verdict { refusal: Some(Refusal { layer, reason, clauses }), ..Verdict::default() }
}

/// The clauses of this kind that match where listed tests count as `listed`, in source order.
fn matching(situation: &Situation, kind: ClauseKind, listed: bool) -> Vec<ClauseId> {
    situation
        .clauses()
        .iter()
        .filter(|(_, clause)| clause.kind == kind && conditions::matches(situation, clause, listed))
        .map(|(id, _)| *id)
        .collect()
}

fn refused(layer: Layer, reason: Reason) -> Verdict {
    let refusal = Refusal { layer, reason, clauses: Vec::new() };
    Verdict { refusal: Some(refusal), ..Verdict::default() }
}
