//! The gap: what settings let through though the policy denies it, and what they break.
//!
//! Exact, by regions: of every app and every operation all requests are asked for that a platform would ever see. What
//! is found is told by its cause, with a request for each, which the evaluator has denied and the model of the platform
//! has permitted.

use std::collections::{BTreeMap, BTreeSet};

use super::policy::{CERTAIN, Policy, known, without_user};
use super::{Lets, Options, Sees, Settings, Target, words};
use crate::analysis::Progress;
use crate::eval::{self, Decision};
use crate::parallel;
use crate::region::ask::Answer;
use crate::region::terms::Term;
use crate::region::{Counting, Universe};
use crate::request::{ContainerFact, Request};
use crate::sema::model::{AppId, ClauseId, ClauseKind, Layer, Model, OperationId, Source};

/// Why the policy denies what the platform lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// This clause forbids or withdraws it.
    Clause(ClauseId),
    /// No rule permits it.
    NoPermit,
    /// The layer refuses: the app user, the context user, or a ratchet that took scopes away.
    Layer(Layer),
    /// It is permitted, but the clause takes entries out of what is listed.
    Filter(ClauseId),
    /// It is permitted, but the layer grants or permits some entries of what is listed only.
    Some(Layer),
    /// No engine could tell whether there is a gap.
    Undecided,
}

/// What stands between the policy and the platform.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The settings do not bear on these operations.
    NotCovered,
    /// The platform cannot tell requests apart by these.
    Unseen(BTreeSet<String>),
    /// The platform sees what it takes, but not finely enough: these requests pass with others that must.
    TooCoarse,
}

/// Requests of an app that pass though the policy denies them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The app.
    pub app: AppId,
    /// Why the policy denies them.
    pub cause: Cause,
    /// Why the platform does not.
    pub why: Why,
    /// The operations they are for.
    pub operations: BTreeSet<OperationId>,
    /// One of them; `None` only where no engine could tell.
    pub witness: Option<Request>,
}

/// Requests of an app that the platform stops though the policy permits them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The app.
    pub app: AppId,
    /// The operations they are for.
    pub operations: BTreeSet<OperationId>,
    /// One of them; `None` where no engine could tell.
    pub witness: Option<Request>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What passes and should not, by app and cause.
    pub gaps: Vec<Gap>,
    /// What should pass and does not, by app.
    pub lost: Vec<Lost>,
    /// Pairs of app and operation that were asked for.
    pub pairs: usize,
}

/// A target with the settings that were made for it.
#[derive(Debug, Clone, Copy)]
pub struct Set<'a> {
    /// The target.
    pub target: &'static dyn Target,
    /// Its settings.
    pub settings: &'a dyn Settings,
}

/// The gap of targets that are used together: a request passes if each of those that speak of its operation lets it.
pub fn find(policy: &Policy<'_>, sets: &[Set<'_>], options: &Options, progress: Progress<'_>) -> Found {
    let model = policy.model;
    let mut work: Vec<(AppId, Vec<OperationId>)> = Vec::new();
    for app in policy.apps(options) {
        let concerned =
            |operation: OperationId| sets.iter().any(|set| set.target.speaks_of(model, app, operation));
        // Those of a group differ for no target, unless one speaks of some of them only.
        for group in policy.groups(app, &concerned) {
            let mut split: BTreeMap<Vec<bool>, Vec<OperationId>> = BTreeMap::new();
            for operation in group {
                let speaks = sets.iter().map(|set| set.target.speaks_of(model, app, operation)).collect();
                split.entry(speaks).or_default().push(operation);
            }
            work.extend(split.into_values().map(|operations| (app, operations)));
        }
    }
    let pairs = work.iter().map(|(_, operations)| operations.len()).sum();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let found = parallel::map(&work, &|(app, operations): &(AppId, Vec<OperationId>)| {
        let found = operations.first().map(|operation| in_group(policy, sets, *app, *operation));
        progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, work.len());
        found.unwrap_or_default()
    });
    let mut gaps: BTreeMap<(AppId, Cause, Why), Gap> = BTreeMap::new();
    let mut lost: BTreeMap<AppId, Lost> = BTreeMap::new();
    for ((app, operations), (of_group, broken)) in work.iter().zip(found) {
        for (cause, why, witness) in of_group {
            let fresh =
                || Gap { app: *app, cause, why: why.clone(), operations: BTreeSet::new(), witness: None };
            let gap = gaps.entry((*app, cause, why.clone())).or_insert_with(fresh);
            gap.operations.extend(operations);
            gap.witness = gap.witness.take().or(witness);
        }
        if let Some(witness) = broken {
            let fresh = || Lost { app: *app, operations: BTreeSet::new(), witness: None };
            let lost = lost.entry(*app).or_insert_with(fresh);
            lost.operations.extend(operations);
            lost.witness = lost.witness.take().or(witness);
        }
    }
    Found { gaps: gaps.into_values().collect(), lost: lost.into_values().collect(), pairs }
}

/// The causes, and whether something is lost, with the request where one was found.
type OfGroup = (Vec<(Cause, Why, Option<Request>)>, Option<Option<Request>>);

fn in_group(policy: &Policy<'_>, sets: &[Set<'_>], app: AppId, operation: OperationId) -> OfGroup {
    let model = policy.model;
    let speaking: Vec<&Set<'_>> =
        sets.iter().filter(|set| set.target.speaks_of(model, app, operation)).collect();
    let each: Vec<Lets> = speaking.iter().map(|set| set.settings.lets(model, app, operation)).collect();
    let covers = each.iter().any(|lets| lets.covers);
    let when = words::all(each.into_iter().map(|lets| lets.when));
    let mut universe = policy.universe(app, operation, &[&when]);
    let known = known(&mut universe, model, app, operation);
    let permitted = universe.permitted(0);
    let certainly = universe.condition(0, &when, CERTAIN);
    let passes = universe.terms().and(&[known, certainly]);
    let excess = universe.terms().and(&[passes, permitted.not()]);
    let mut found = Vec::new();
    let why = |cause| why(model, &speaking, covers, app, operation, cause);
    match universe.ask(excess) {
        Answer::Never => {}
        Answer::Undecided(_) => found.push((Cause::Undecided, why(Cause::Undecided), None)),
        Answer::Sometimes(assignment) => {
            let first = universe.request(&assignment);
            for (cause, witness) in causes(&mut universe, model, excess, first) {
                found.push((cause, why(cause), Some(complete(model, operation, witness))));
            }
        }
    }
    let listed = universe.terms().and(&[passes, permitted]);
    for (cause, witness) in filters(&mut universe, policy, operation, listed) {
        if let Cause::Filter(clause) = cause
            && speaking.iter().any(|set| set.settings.filters(model, app, operation, clause))
        {
            continue;
        }
        found.push((cause, why(cause), witness.map(|request| complete(model, operation, request))));
    }
    let may_pass = universe.condition(0, &when, Counting { unknown: true, listed: true });
    let broken = universe.terms().and(&[known, permitted, may_pass.not()]);
    let lost = match universe.ask(broken) {
        Answer::Never => None,
        Answer::Undecided(_) => Some(None),
        Answer::Sometimes(assignment) => {
            Some(Some(complete(model, operation, universe.request(&assignment))))
        }
    };
    (found, lost)
}

/// All causes for which some request of the excess is denied, each with one.
fn causes(universe: &mut Universe<'_>, model: &Model, excess: Term, first: Request) -> Vec<(Cause, Request)> {
    let mut found: Vec<(Cause, Request)> = Vec::new();
    let mut add = |universe: &mut Universe<'_>, cause, term| {
        let both = universe.terms().and(&[excess, term]);
        if let Answer::Sometimes(assignment) = universe.ask(both) {
            found.push((cause, universe.request(&assignment)));
        }
    };
    let clauses = universe.clauses(0).to_vec();
    let mut permits = Vec::new();
    let mut withdrawals = Vec::new();
    for id in clauses {
        let term = universe.clause(0, id);
        match model.clauses[id.index()].kind {
            ClauseKind::Forbid => add(universe, Cause::Clause(id), term),
            ClauseKind::Withdrawal => {
                withdrawals.push(term);
                add(universe, Cause::Clause(id), term);
            }
            ClauseKind::Permit => permits.push(term),
            ClauseKind::AppUserGrant | ClauseKind::ContextUserGrant => {}
        }
    }
    let permitted = universe.terms().or(&permits);
    add(universe, Cause::NoPermit, permitted.not());
    for layer in [Layer::Scope, Layer::AppUser, Layer::ContextUser] {
        let grants = universe.layer(0, layer);
        add(universe, Cause::Layer(layer), grants.not());
    }
    // What stages leave of the scopes; what they withdraw by name was told above.
    let ratchet = universe.layer(0, Layer::Ratchet);
    let withdrawn = universe.terms().or(&withdrawals);
    let scopes = universe.terms().and(&[ratchet.not(), withdrawn.not()]);
    add(universe, Cause::Layer(Layer::Ratchet), scopes);
    if found.is_empty() {
        // Every denial has a cause; should none have been found, it is told what the evaluator says.
        let answer = eval::evaluate(model, &first);
        let layer = answer.refusals.first().map_or(Layer::Rules, |refusal| refusal.layer);
        found.push((Cause::Layer(layer), first));
    }
    found
}

/// What takes entries out of lists that pass.
fn filters(
    universe: &mut Universe<'_>,
    policy: &Policy<'_>,
    operation: OperationId,
    listed: Term,
) -> Vec<(Cause, Option<Request>)> {
    let model = policy.model;
    let of = &model.operations[operation.index()];
    if of.lists.is_none() || listed == Term::FALSE {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut add = |universe: &mut Universe<'_>, cause, term| {
        let both = universe.terms().and(&[listed, term]);
        match universe.ask(both) {
            Answer::Never => {}
            Answer::Sometimes(assignment) => found.push((cause, Some(universe.request(&assignment)))),
            Answer::Undecided(_) => found.push((cause, None)),
        }
    };
    let mut all_entries: BTreeMap<Layer, Vec<Term>> = BTreeMap::new();
    for id in universe.clauses(0).to_vec() {
        let clause = &model.clauses[id.index()];
        let term = universe.clause(0, id);
        match clause.kind {
            ClauseKind::Forbid | ClauseKind::Withdrawal => {
                let counting = Counting { unknown: true, listed: true };
                let some = universe.condition(0, &clause.condition, counting);
                let some = universe.terms().and(&[some, term.not()]);
                add(universe, Cause::Filter(id), some);
            }
            ClauseKind::Permit | ClauseKind::AppUserGrant | ClauseKind::ContextUserGrant => {
                let certain = universe.condition(0, &clause.condition, CERTAIN);
                let all = universe.terms().and(&[term, certain]);
                all_entries.entry(layer_of(clause.kind)).or_default().push(all);
            }
        }
    }
    for layer in [Layer::AppUser, Layer::ContextUser, Layer::Rules] {
        let authority = &model.authority;
        let mut grants = all_entries.remove(&layer).unwrap_or_default();
        match layer {
            Layer::AppUser if authority.app_user == Source::Caller => continue,
            Layer::ContextUser if authority.context_user == Source::Caller => continue,
            Layer::AppUser => {
                grants.push(universe.condition(0, &authority.app_user_except, CERTAIN));
            }
            Layer::ContextUser => grants.push(without_user(universe)),
            _ => {} // of the rules, permits only
        }
        let some = universe.terms().or(&grants).not();
        add(universe, Cause::Some(layer), some);
    }
    found
}

fn layer_of(kind: ClauseKind) -> Layer {
    match kind {
        ClauseKind::AppUserGrant => Layer::AppUser,
        ClauseKind::ContextUserGrant => Layer::ContextUser,
        ClauseKind::Permit | ClauseKind::Forbid => Layer::Rules,
        ClauseKind::Withdrawal => Layer::Ratchet,
    }
}

/// What stands in the way of settings without this gap.
fn why(
    model: &Model,
    speaking: &[&Set<'_>],
    covers: bool,
    app: AppId,
    operation: OperationId,
    cause: Cause,
) -> Why {
    if !covers {
        return Why::NotCovered;
    }
    let mut read = BTreeSet::new();
    let mut of_kind = |kind: ClauseKind| {
        let speaks = |clause: &&crate::sema::model::Clause| {
            clause.kind == kind && clause.apps.contains(&app) && clause.operations.contains(&operation)
        };
        model.clauses.iter().filter(speaks).for_each(|clause| words::read_by(model, clause, &mut read));
    };
    match cause {
        Cause::Clause(id) | Cause::Filter(id) => {
            words::read_by(model, &model.clauses[id.index()], &mut read);
        }
        Cause::NoPermit | Cause::Some(Layer::Rules) => of_kind(ClauseKind::Permit),
        Cause::Layer(Layer::AppUser) | Cause::Some(Layer::AppUser) => {
            read.insert("the roles of the app's user".to_owned());
        }
        Cause::Layer(Layer::ContextUser) | Cause::Some(Layer::ContextUser) => {
            read.insert("the roles of people".to_owned());
        }
        Cause::Layer(Layer::Ratchet) => {
            read.insert("the stage of the installation".to_owned());
        }
        Cause::Layer(_) | Cause::Some(_) | Cause::Undecided => {}
    }
    let sees = |name: &String| {
        speaking.iter().any(|set| {
            set.target.about().sees.iter().any(|sees| matches!(sees, Sees::Attribute(seen) if seen == name))
        })
    };
    let unseen: BTreeSet<String> = read.into_iter().filter(|name| !sees(name)).collect();
    if unseen.is_empty() { Why::TooCoarse } else { Why::Unseen(unseen) }
}

/// The request with all containers that the platform knows: what no formula reads, the witness does not name.
fn complete(model: &Model, operation: OperationId, mut request: Request) -> Request {
    let path = words::path(model, &model.operations[operation.index()]);
    let names: Vec<&str> = path.iter().map(|kind| model.kinds[kind.index()].name.as_str()).collect();
    let mut above: Vec<ContainerFact> = Vec::new();
    for name in &names {
        let told = request.containers.iter().position(|container| container.kind == **name);
        above.push(match told {
            Some(at) => request.containers.remove(at),
            None => ContainerFact {
                kind: (*name).to_owned(),
                id: Some("other".to_owned()),
                attributes: BTreeMap::new(),
            },
        });
    }
    request.containers.extend(above);
    request
}

/// Whether evaluator and platform bear a gap out: the one denies its request, or filters it, and the other permits.
pub fn confirmed(model: &Model, sets: &[Set<'_>], gap: &Gap) -> bool {
    let Some(request) = &gap.witness else { return matches!(gap.cause, Cause::Undecided) };
    let answer = eval::evaluate(model, request);
    let denied = match gap.cause {
        Cause::Filter(_) | Cause::Some(_) => answer.filter.is_some(),
        Cause::Clause(_) | Cause::NoPermit | Cause::Layer(_) | Cause::Undecided => {
            answer.effect == Decision::Deny
        }
    };
    let speaks = |set: &&Set<'_>| match eval::target(model, request) {
        (Some(app), Some(operation)) => set.target.speaks_of(model, app, operation),
        (None, _) | (_, None) => false,
    };
    denied && sets.iter().filter(speaks).all(|set| set.settings.permits(model, request) == Some(true))
}
