//! The reference evaluator: the slow, obvious program that *defines* what a policy means.
//!
//! It loops over everything, keeps nothing between requests, and shares no code with the regions, the
//! decision table or the runtime, so that agreement with them means something. Where a doc comment below
//! says "by definition", the point was open and is settled here, on the side that denies.

mod chain;
mod claims;
mod conditions;
mod facts;
mod layers;
mod namings;
mod patterns;
mod routes;
mod scopes;
mod taken;
mod time;
mod values;

pub use claims::{breaks, speaks_of};
pub use facts::operation;

use std::collections::BTreeSet;

use crate::request::Request;
use crate::sema::model::{
    AppId, Clause, ClauseId, Condition, ContainerId, KindId, Layer, Model, OperationId, RatchetId, ScopeId,
};
use facts::Situation;
use layers::Verdict;

/// What the policy answers to the request. Total: every request has an answer.
///
/// A layer whose subject is missing is skipped. Without a known app only identity is asked, and the part of
/// catalog that needs no app; without a known operation only identity, lifecycle and catalog.
pub fn evaluate(model: &Model, request: &Request) -> Answer {
    let app = facts::app(model, request);
    let operation = facts::operation(model, request);
    let chain = operation.map(|operation| chain::effective(model, operation, request));

    let mut verdicts = vec![layers::identity(request, app)];
    if let Some(app) = app {
        verdicts.push(layers::lifecycle(model, request, app));
    }
    verdicts.push(layers::catalog(model, app, operation, chain.as_ref()));

    let mut step_up = None;
    let mut listed_kind = None;
    if let (Some(app), Some(operation), Some(chain)) = (app, operation, chain) {
        let situation = Situation::new(model, request, app, operation, chain);
        verdicts.push(layers::scope(&situation));
        verdicts.push(layers::app_user(&situation));
        verdicts.push(layers::context_user(&situation));
        verdicts.push(layers::rules(&situation));
        verdicts.push(layers::ratchet(&situation));
        listed_kind = situation.operation().lists;
        step_up = scopes::step_up(&situation, &refusals(&verdicts));
    }

    let refusals = refusals(&verdicts);
    let named = operation.and_then(|operation| namings::named(model, operation, &request.operation));
    let named = named.unwrap_or_default();
    if !refusals.is_empty() {
        return Answer {
            effect: Decision::Deny,
            refusals,
            deciding: Vec::new(),
            filter: None,
            step_up,
            named,
        };
    }
    Answer {
        effect: Decision::Permit,
        refusals,
        deciding: verdicts.iter().flat_map(|verdict| verdict.permits.iter().copied()).collect(),
        filter: listed_kind.and_then(|kind| filter(kind, &verdicts, request)),
        step_up: None,
        named,
    }
}

/// What comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Permitted iff no layer refuses.
    pub effect: Decision,
    /// Every layer that refuses, in the order of the layers, each at most once.
    pub refusals: Vec<Refusal>,
    /// All permits that match, in source order; empty when denied.
    pub deciding: Vec<ClauseId>,
    /// What a permitted list must pass; `None` where it may be returned as it is.
    pub filter: Option<Filter>,
    /// For a denial that scopes could lift: all scopes that are missing, at once; never empty.
    pub step_up: Option<Vec<ScopeId>>,
    /// Kind and id of the containers that the path names, the outermost first; empty where one cannot be told.
    pub named: Vec<(KindId, String)>,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// May.
    Permit,
    /// May not.
    Deny,
}

/// A layer that does not permit, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which layer.
    pub layer: Layer,
    /// Why. Where several reasons hold in one layer, the first in the order of [`Reason`].
    pub reason: Reason,
    /// All clauses of the layer that refuse, in source order; empty where it is for want of a clause.
    pub clauses: Vec<ClauseId>,
}

/// Why a layer refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Identity: the request names no app.
    Anonymous,
    /// Identity: no app of the policy has this key.
    UnknownApp,
    /// Lifecycle: `install.status` is given, and is not `enabled`.
    NotEnabled,
    /// Lifecycle: the caller's word decides, and it does not give `install.status`.
    StatusUnknown,
    /// Lifecycle: `install.site` is not among the sites of the app, or is not given.
    NotInstalledHere,
    /// Catalog: no operation has this name, or none answers to this method and path.
    UnknownOperation,
    /// Catalog: the containers are of unknown kinds, not in an order from inner to outer, or not where the
    /// operation acts.
    WrongContainer,
    /// Catalog: the path names another container than the request or the policy does, or one that cannot be told.
    ContradictsPath,
    /// Catalog: callable in none of the app's permission models.
    NotCallable,
    /// Scope: the scopes held now satisfy no alternative of the requirement.
    MissingScopes,
    /// App user: no role of the app user reaches the operation there.
    AppUserWithoutRole,
    /// App user: the caller did not say that the app user may.
    AppUserRefused,
    /// Context user: a user is needed and there is none.
    UserRequired,
    /// Context user: no role of the user reaches the operation there.
    ContextUserWithoutRole,
    /// Context user: the caller did not say that the user may.
    ContextUserRefused,
    /// Rules: some `forbid` matches.
    Forbidden,
    /// Rules: no `permit` matches.
    NoPermit,
    /// Ratchet: a stage reached took the operation or the container away.
    Withdrawn,
    /// Ratchet: the operation or the container was withdrawn from the installation.
    WithdrawnHere,
    /// Ratchet: the scopes suffice without the ratchets and not with them. This is the first ratchet (in the
    /// model's order) at which, limiting by one ratchet after another, they no longer do.
    ScopesWithdrawn(RatchetId),
    /// Ratchet: the scopes suffice with the ratchets, and not without those withdrawn from the installation.
    ScopesWithdrawnHere,
}

impl Reason {
    /// The word in answers and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Anonymous => "anonymous",
            Reason::UnknownApp => "unknown-app",
            Reason::NotEnabled => "not-enabled",
            Reason::StatusUnknown => "status-unknown",
            Reason::NotInstalledHere => "not-installed-here",
            Reason::UnknownOperation => "unknown-operation",
            Reason::WrongContainer => "wrong-container",
            Reason::ContradictsPath => "contradicts-path",
            Reason::NotCallable => "not-callable",
            Reason::MissingScopes => "missing-scopes",
            Reason::AppUserWithoutRole => "app-user-without-role",
            Reason::AppUserRefused => "app-user-refused",
            Reason::UserRequired => "user-required",
            Reason::ContextUserWithoutRole => "context-user-without-role",
            Reason::ContextUserRefused => "context-user-refused",
            Reason::Forbidden => "forbidden",
            Reason::NoPermit => "no-permit",
            Reason::Withdrawn => "withdrawn",
            Reason::WithdrawnHere => "withdrawn-here",
            Reason::ScopesWithdrawn(_) => "scopes-withdrawn",
            Reason::ScopesWithdrawnHere => "scopes-withdrawn-here",
        }
    }
}

/// What every entry of a permitted list must pass.
///
/// Of each layer in `only` some clause must match the entry; no clause of `except` may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The kind of the entries.
    pub kind: KindId,
    /// The layers in which no grant or permit matches every entry, in order.
    pub only: Vec<FilterLayer>,
    /// Forbids and withdrawals that match some entries; in source order.
    pub except: Vec<ClauseId>,
    /// Containers withdrawn from the installation, of kinds that are listed: no entry may lie in one of them.
    pub withdrawn: BTreeSet<(String, String)>,
}

/// The app and the operation that the request speaks of, as far as the policy knows them.
pub fn target(model: &Model, request: &Request) -> (Option<AppId>, Option<OperationId>) {
    (facts::app(model, request), facts::operation(model, request))
}

/// Whether the request is permitted where no others than these clauses speak of its app and operation, which are those
/// that it names.
pub fn is_permitted_among(
    model: &Model,
    (app, operation): (AppId, OperationId),
    request: &Request,
    clauses: impl IntoIterator<Item = ClauseId>,
) -> bool {
    let chain = chain::effective(model, operation, request);
    let catalog = layers::catalog(model, Some(app), Some(operation), Some(&chain));
    let outer = [layers::identity(request, Some(app)), layers::lifecycle(model, request, app), catalog];
    let situation = Situation::new(model, request, app, operation, chain).among(clauses);
    let layers =
        [layers::scope, layers::app_user, layers::context_user, layers::rules, layers::ratchet].into_iter();
    outer.into_iter().chain(layers.map(|layer| layer(&situation))).all(|verdict| verdict.refusal.is_none())
}

/// Whether the condition counts as true of the request, where tests that are unknown, and such as differ between the
/// entries of a list, count as said. App and operation are those that the request names.
pub fn counts_as_true(
    model: &Model,
    (app, operation): (AppId, OperationId),
    request: &Request,
    condition: &Condition,
    [unknown, listed]: [bool; 2],
) -> bool {
    let chain = chain::effective(model, operation, request);
    let situation = Situation::new(model, request, app, operation, chain);
    conditions::holds(&situation, condition, conditions::Counting { unknown, listed })
}

/// The clauses that match the request, as they count in its decision: of a list, those that match some entry.
pub fn matching(model: &Model, request: &Request) -> Vec<ClauseId> {
    let (Some(app), Some(operation)) = target(model, request) else {
        return Vec::new();
    };
    let chain = chain::effective(model, operation, request);
    let situation = Situation::new(model, request, app, operation, chain);
    let matches =
        |(id, clause): &(ClauseId, &Clause)| conditions::matches(&situation, clause, true).then_some(*id);
    situation.clauses().iter().filter_map(matches).collect()
}

/// Those of the clauses that match the request: of a list, what refuses where it refuses all entries, what grants or
/// permits where it does so for some. App and operation are those that the request names.
pub fn matching_of(
    model: &Model,
    place: (AppId, OperationId),
    request: &Request,
    clauses: impl IntoIterator<Item = ClauseId>,
) -> Vec<ClauseId> {
    those_that(conditions::matches, model, place, request, clauses)
}

/// Those of the clauses that would match the request if the right person made it, as above.
pub fn matching_whoever(
    model: &Model,
    place: (AppId, OperationId),
    request: &Request,
    clauses: impl IntoIterator<Item = ClauseId>,
) -> Vec<ClauseId> {
    those_that(conditions::matches_whoever, model, place, request, clauses)
}

fn those_that(
    matches: fn(&Situation<'_>, &Clause, bool) -> bool,
    model: &Model,
    (app, operation): (AppId, OperationId),
    request: &Request,
    clauses: impl IntoIterator<Item = ClauseId>,
) -> Vec<ClauseId> {
    let chain = chain::effective(model, operation, request);
    let situation = Situation::new(model, request, app, operation, chain);
    let matches = |id: &ClauseId| {
        let clause = &model.clauses[id.index()];
        matches(&situation, clause, !clause.kind.refuses())
    };
    clauses.into_iter().filter(matches).collect()
}

/// The declared containers that a request for the operation is about, innermost first: those of its effective chain.
pub fn containers(model: &Model, operation: OperationId, request: &Request) -> Vec<ContainerId> {
    match chain::effective(model, operation, request) {
        chain::Chain::Fits(chain) => {
            let declared =
                |element: &chain::Element<'_>| model.containers.find(element.kind, element.id.as_deref()?);
            chain.iter().filter_map(declared).collect()
        }
        chain::Chain::Wrong | chain::Chain::ContradictsPath => Vec::new(),
    }
}

/// A layer that permits some entries of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterLayer {
    /// Which one.
    pub layer: Layer,
    /// Its grants or permits, in source order, of which one must match the entry.
    pub any: Vec<ClauseId>,
}

fn refusals(verdicts: &[Verdict]) -> Vec<Refusal> {
    verdicts.iter().filter_map(|verdict| verdict.refusal.clone()).collect()
}

fn filter(kind: KindId, verdicts: &[Verdict], request: &Request) -> Option<Filter> {
    let only: Vec<FilterLayer> = verdicts.iter().filter_map(|verdict| verdict.only.clone()).collect();
    let mut except: Vec<ClauseId> =
        verdicts.iter().flat_map(|verdict| verdict.except.iter().copied()).collect();
    except.sort();
    let some = verdicts.iter().any(|verdict| verdict.except_withdrawn);
    let withdrawn = if some { request.withdrawn.containers.clone() } else { BTreeSet::new() };
    (!only.is_empty() || !except.is_empty() || !withdrawn.is_empty()).then_some(Filter {
        kind,
        only,
        except,
        withdrawn,
    })
}
