//! The layers as terms: where each of them permits.

use std::collections::BTreeSet;

use super::lower::{Context, Counting, Lowering};
use super::terms::{Term, Variable};
use super::variables::{Class, Place, What};
use crate::request::Value;
use crate::sema::model::{
    App, ClauseId, ClauseKind, Layer, Model, OperationId, PermissionModelId, RatchetId, ScopeId, Source,
    Stage,
};

/// Another policy than the model's: without some clauses, with other scopes, or with layers that always permit.
#[derive(Debug, Clone, Copy)]
pub struct Variation<'a> {
    /// Clauses that are not there.
    pub without: &'a BTreeSet<ClauseId>,
    /// The scopes that the app requests instead of its own, as written.
    pub requested: Option<&'a BTreeSet<ScopeId>>,
    /// Layers that are taken as permitting.
    pub assume: &'a BTreeSet<Layer>,
    /// Kinds of clauses of which one is taken to match whatever is asked.
    pub granted: &'a [ClauseKind],
}

static NO_CLAUSES: BTreeSet<ClauseId> = BTreeSet::new();
static NO_LAYERS: BTreeSet<Layer> = BTreeSet::new();

impl Variation<'static> {
    /// The policy as it is.
    pub fn none() -> Variation<'static> {
        Variation { without: &NO_CLAUSES, requested: None, assume: &NO_LAYERS, granted: &[] }
    }
}

/// What refuses counts unless it certainly does not match all entries; whatever else grants, where it may match some.
pub(super) fn counting(kind: ClauseKind) -> Counting {
    Counting { unknown: kind.refuses(), listed: !kind.refuses() }
}

impl Lowering<'_> {
    /// Where the layer permits, had the model the variation's clauses and scopes.
    pub(super) fn layer(
        &mut self,
        cx: &mut Context<'_>,
        clauses: &[ClauseId],
        layer: Layer,
        variation: &Variation<'_>,
    ) -> Term {
        let models = self.callable();
        match layer {
            // The universe is of requests of an app that is known.
            Layer::Identity => Term::TRUE,
            Layer::Lifecycle => self.lifecycle(cx),
            Layer::Catalog => {
                let fits = self.chain.wrong.not();
                cx.terms.and(&[Term::constant(!models.is_empty()), fits])
            }
            Layer::Scope if models.is_empty() => Term::TRUE,
            Layer::Scope => self.suffices(cx, variation, true),
            Layer::AppUser => self.app_user(cx, clauses, variation),
            Layer::ContextUser => self.context_user(cx, clauses, variation),
            Layer::Rules => {
                let permitted = self.any(cx, clauses, ClauseKind::Permit, variation);
                let forbidden = self.any(cx, clauses, ClauseKind::Forbid, variation);
                cx.terms.and(&[permitted, forbidden.not()])
            }
            Layer::Ratchet => {
                let withdrawn = self.any(cx, clauses, ClauseKind::Withdrawal, variation);
                let without = self.suffices(cx, variation, false);
                let with = self.suffices(cx, variation, true);
                let limited = cx.terms.and(&[without, with.not()]);
                cx.terms.and(&[withdrawn.not(), limited.not()])
            }
        }
    }

    /// Where the clause matches, as it counts in the decision.
    pub(super) fn clause(&mut self, cx: &mut Context<'_>, clause: ClauseId) -> Term {
        let model = self.known.model;
        let clause = &model.clauses[clause.index()];
        if !clause.apps.contains(&self.known.app) || !clause.operations.contains(&self.known.operation) {
            return Term::FALSE;
        }
        let principal = self.principal(cx, &clause.principal);
        if principal == Term::FALSE {
            return principal;
        }
        let condition = self.condition(cx, &clause.condition, counting(clause.kind));
        cx.terms.and(&[principal, condition])
    }

    fn any(
        &mut self,
        cx: &mut Context<'_>,
        clauses: &[ClauseId],
        kind: ClauseKind,
        variation: &Variation<'_>,
    ) -> Term {
        if variation.granted.contains(&kind) {
            return Term::TRUE;
        }
        let model = self.known.model;
        let mut terms = Vec::new();
        for clause in clauses {
            if model.clauses[clause.index()].kind == kind && !variation.without.contains(clause) {
                let term = self.clause(cx, *clause);
                if term == Term::TRUE {
                    return term;
                }
                terms.push(term);
            }
        }
        cx.terms.or(&terms)
    }

    /// A status that is given is `enabled`; where the policy's word decides, the site is one of the app's.
    fn lifecycle(&mut self, cx: &mut Context<'_>) -> Term {
        let model = self.known.model;
        let caller = model.authority.lifecycle == Source::Caller;
        let status = cx.vocabulary.find(&What::Value(Place::Request, "install.status".into()));
        let enabled = Value::Text("enabled".to_owned());
        let working = match status {
            Some(variable) => classes(cx, variable, &|class| match class {
                Class::Missing => !caller,
                Class::Value(value) => *value == enabled,
                Class::Some | Class::Odd(_) | Class::Set | Class::No | Class::Yes => false,
            }),
            None => Term::constant(!caller),
        };
        let sites = &model.apps[self.known.app.index()].installed_on;
        let Some(sites) = sites.as_ref().filter(|_| !caller) else {
            return working;
        };
        let installed = match cx.vocabulary.find(&What::Value(Place::Request, "install.site".into())) {
            Some(variable) => classes(cx, variable, &|class| match class {
                Class::Value(Value::Text(site)) => sites.contains(site),
                Class::Value(Value::Bool(_) | Value::Int(_) | Value::Set(_))
                | Class::Missing
                | Class::Some
                | Class::Odd(_)
                | Class::Set
                | Class::No
                | Class::Yes => false,
            }),
            None => Term::FALSE,
        };
        cx.terms.and(&[working, installed])
    }

    /// Where the caller vouches for the app user, its word is taken to be "permitted", unless it is a variable.
    fn app_user(&mut self, cx: &mut Context<'_>, clauses: &[ClauseId], variation: &Variation<'_>) -> Term {
        let authority = &self.known.model.authority;
        let word = cx.vocabulary.find(&What::Word(Layer::AppUser));
        if authority.app_user == Source::Caller && word.is_none() {
            return Term::TRUE;
        }
        let certainly = Counting { unknown: false, listed: false };
        let except = self.condition(cx, &authority.app_user_except, certainly);
        let granted = match authority.app_user {
            Source::Policy => self.any(cx, clauses, ClauseKind::AppUserGrant, variation),
            Source::Caller => said(cx, word),
        };
        cx.terms.or(&[except, granted])
    }

    fn context_user(
        &mut self,
        cx: &mut Context<'_>,
        clauses: &[ClauseId],
        variation: &Variation<'_>,
    ) -> Term {
        let authority = &self.known.model.authority;
        let user = self.user(cx);
        let not_certainly_false = Counting { unknown: true, listed: true };
        let required = self.condition(cx, &authority.context_user_required, not_certainly_false);
        let callable = self.callable();
        let demanded = !callable.is_empty() && callable.iter().all(|model| self.demands_user(*model));
        let alone = cx.terms.and(&[user.not(), required.not(), Term::constant(!demanded)]);
        let granted = match authority.context_user {
            Source::Policy => self.any(cx, clauses, ClauseKind::ContextUserGrant, variation),
            Source::Caller => {
                let word = cx.vocabulary.find(&What::Word(Layer::ContextUser));
                said(cx, word)
            }
        };
        let granted = cx.terms.and(&[user, granted]);
        cx.terms.or(&[alone, granted])
    }

    /// The app's permission models in which the operation is callable.
    fn callable(&self) -> Vec<PermissionModelId> {
        callable(
            self.known.model,
            &self.known.model.apps[self.known.app.index()].models,
            self.known.operation,
        )
    }

    fn demands_user(&self, model: PermissionModelId) -> bool {
        self.known.model.permission_models[model.index()].demands_user
    }

    /// Where the scopes that the app holds, with the limits of ratchets or without them, satisfy the requirement.
    fn suffices(&mut self, cx: &mut Context<'_>, variation: &Variation<'_>, limited: bool) -> Term {
        let model = self.known.model;
        let app = &model.apps[self.known.app.index()];
        let requested = variation.requested.unwrap_or(&app.requested);
        let [held, outright] = held(model, app, requested);
        let approval = cx.vocabulary.find(&What::Approval);
        let user = self.user(cx);
        let requirements = &model.operations[self.known.operation.index()].requirements;
        let mut sufficient = Vec::new();
        for callable in self.callable() {
            let usable = if self.demands_user(callable) { user } else { Term::TRUE };
            for alternative in requirements.get(&callable).into_iter().flatten() {
                if !alternative.iter().all(|scope| held.contains(scope)) {
                    continue;
                }
                let mut parts = vec![usable];
                parts.push(match approval {
                    None => Term::constant(alternative.iter().all(|scope| outright.contains(scope))),
                    Some(variable) => classes(cx, variable, &|class| match class {
                        Class::Missing => alternative.iter().all(|scope| outright.contains(scope)),
                        Class::Value(Value::Set(names)) => approve(model, app, names, alternative),
                        _ => true, // all that can be approved is
                    }),
                });
                if limited {
                    for ratchet in self.known.index.clone().ratchets(self.known.app) {
                        parts.push(self.leaves(cx, *ratchet, alternative));
                    }
                }
                sufficient.push(cx.terms.and(&parts));
            }
        }
        cx.terms.or(&sufficient)
    }

    /// Where the stage that the ratchet has reached leaves these scopes.
    fn leaves(&mut self, cx: &mut Context<'_>, ratchet: RatchetId, scopes: &[ScopeId]) -> Term {
        let model = self.known.model;
        let stages = &model.ratchets[ratchet.index()].stages;
        let limits = left(model, ratchet);
        let leaves = |limit: &Option<BTreeSet<ScopeId>>| {
            limit.as_ref().is_none_or(|limit| scopes.iter().all(|scope| limit.contains(scope)))
        };
        let leaving: Vec<usize> = (0..stages.len()).filter(|stage| leaves(&limits[*stage])).collect();
        // Where the request does not say, the last stage is reached.
        let missing = stages.is_empty() || leaving.contains(&(stages.len() - 1));
        self.stage(cx, ratchet, &leaving, missing)
    }
}

/// Those of the models in which the operation is callable.
pub(super) fn callable(
    model: &Model,
    models: &[PermissionModelId],
    operation: OperationId,
) -> Vec<PermissionModelId> {
    let requirements = &model.operations[operation.index()].requirements;
    models.iter().copied().filter(|id| requirements.contains_key(id)).collect()
}

/// For each stage of the ratchet the scopes that it leaves: those of the nearest stage, at or before it, that says.
pub(super) fn left(model: &Model, ratchet: RatchetId) -> Vec<Option<BTreeSet<ScopeId>>> {
    let mut left = None;
    let stages = &model.ratchets[ratchet.index()].stages;
    let mut of = |stage: &Stage| {
        if let Some(holds) = &stage.holds {
            left = Some(closure(model, holds));
        }
        left.clone()
    };
    stages.iter().map(&mut of).collect()
}

/// The scopes with all that they imply.
pub(super) fn closure(model: &Model, scopes: &BTreeSet<ScopeId>) -> BTreeSet<ScopeId> {
    let implied = scopes.iter().flat_map(|scope| &model.scopes[scope.index()].implies);
    scopes.iter().chain(implied).copied().collect()
}

/// What an app that asks for these holds where no ratchet limits it, with all that it implies: where everything is
/// approved that can be; and where nothing is said of approvals, so that it holds nothing optional.
pub fn held(model: &Model, app: &App, requested: &BTreeSet<ScopeId>) -> [BTreeSet<ScopeId>; 2] {
    let approved = app.approved.as_ref().map(|approved| closure(model, approved));
    let held = |requested: &BTreeSet<ScopeId>| {
        let held = closure(model, requested);
        approved.as_ref().map_or_else(|| held.clone(), |approved| &held & approved)
    };
    let all = held(requested);
    let outright = if app.optional.is_empty() { all.clone() } else { held(&(requested - &app.optional)) };
    [all, outright]
}

/// Whether scopes of these names imply all of the alternative.
fn approve(model: &Model, app: &App, names: &BTreeSet<String>, alternative: &[ScopeId]) -> bool {
    let approved = model.scopes.iter().filter(|s| app.models.contains(&s.model) && names.contains(&s.name));
    let implied: BTreeSet<ScopeId> = approved.flat_map(|scope| scope.implies.iter().copied()).collect();
    alternative.iter().all(|scope| implied.contains(scope))
}

/// Where the caller says that somebody may; always, where its word is no variable.
fn said(cx: &mut Context<'_>, word: Option<Variable>) -> Term {
    word.map_or(Term::TRUE, |word| classes(cx, word, &|class| *class == Class::Yes))
}

/// Where the variable's class is one of those.
fn classes(cx: &mut Context<'_>, variable: Variable, of: &dyn Fn(&Class) -> bool) -> Term {
    let classes = (0..).zip(cx.vocabulary.classes(variable));
    let set = classes.filter(|(_, class)| of(class)).map(|(number, _)| number).collect();
    cx.terms.is(variable, set)
}
