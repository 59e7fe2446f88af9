//! Which scopes may be all that is approved, where two policies are compared.
//!
//! Within one policy more approvals never permit less, so that all of them, and none, are the ends between which
//! everything lies. Between two policies that is not so: where the requirement, what scopes imply, or what a stage
//! leaves differs, one of them may permit by some approvals what the other permits only by others.

use std::collections::{BTreeMap, BTreeSet};

use super::layers::{callable, closure, held, left};
use super::side::Known;
use crate::sema::model::{AppId, Model, OperationId, RatchetId, ScopeId};

/// Names of scopes that are approved.
pub(super) type Approved = BTreeSet<String>;

/// More sets than this are not told apart.
const MOST: usize = 200;

/// Sets of scopes to be tried as all that is approved, besides everything and nothing: if one side permits a request by
/// some approvals and the other does not, then so it is with one of these. Nothing where the sides ask the same of
/// scopes; `None` if they are too many.
///
/// A set by which a side permits includes, for each scope of one of the alternatives, one that implies it. Of those the
/// scope itself gives least on the other side, too, unless the other one does not imply it there.
pub(super) fn partial(sides: &[Option<Known<'_>>]) -> Option<BTreeSet<Approved>> {
    let mut found = BTreeSet::new();
    let [Some(one), Some(other)] = sides else { return Some(found) };
    if Demands::of(one) == Demands::of(other) {
        return Some(found);
    }
    for (known, against) in [(one, other), (other, one)] {
        let by_name = implied_by_name(against);
        for alternative in alternatives(known) {
            let mut sets = vec![Approved::new()];
            for scope in alternative {
                let choices = choices(known, *scope, &by_name);
                let longer = |set: &Approved| {
                    let set = set.clone();
                    choices.iter().map(move |name| {
                        let mut set = set.clone();
                        set.insert(name.clone());
                        set
                    })
                };
                sets = sets.iter().flat_map(longer).collect();
                if sets.len() > MOST {
                    return None;
                }
            }
            found.extend(sets);
            if found.len() > MOST {
                return None;
            }
        }
    }
    Some(found)
}

/// The same for what one policy permits where a ratchet stands at one stage and not where it stands at another: the
/// scopes of each alternative, and no others.
pub(super) fn of_alternatives(known: &Known<'_>) -> BTreeSet<Approved> {
    let name = |scope: &ScopeId| known.model.scopes[scope.index()].name.clone();
    alternatives(known).map(|all| all.iter().map(name).collect()).collect()
}

/// Whether by some approvals the scopes suffice for the operation at the stage before, and no longer at this one.
pub fn narrows(model: &Model, app: AppId, operation: OperationId, ratchet: RatchetId, stage: u32) -> bool {
    let left = left(model, ratchet);
    let (before, here) = (&left[stage.saturating_sub(1) as usize], &left[stage as usize]);
    let within = |all: &[ScopeId], left: &Option<BTreeSet<ScopeId>>| {
        left.as_ref().is_none_or(|left| all.iter().all(|scope| left.contains(scope)))
    };
    let declared = &model.apps[app.index()];
    let [ceiling, _] = held(model, declared, &declared.requested);
    let requirements = &model.operations[operation.index()].requirements;
    let all = || {
        let models = callable(model, &declared.models, operation).into_iter();
        models.flat_map(|id| {
            let demands_user = model.permission_models[id.index()].demands_user;
            requirements.get(&id).into_iter().flatten().map(move |all| (demands_user, all))
        })
    };
    all().any(|(demands_user, own)| {
        let approved = closure(model, &own.iter().copied().collect());
        let is_held = own.iter().all(|scope| ceiling.contains(scope));
        let still = |(demands, other): (bool, &Vec<ScopeId>)| {
            let is_held = other.iter().all(|scope| ceiling.contains(scope) && approved.contains(scope));
            is_held && within(other, here) && (demands_user || !demands)
        };
        is_held && within(own, before) && !all().any(still)
    })
}

/// All that a side asks of scopes, by name.
#[derive(PartialEq, Eq)]
struct Demands {
    /// What is held with all approvals, and without any.
    held: [BTreeSet<Name>; 2],
    /// For each model whether it demands a user, and the alternatives.
    requirements: BTreeMap<String, (bool, BTreeSet<BTreeSet<String>>)>,
    /// What implies the scopes of the alternatives.
    implied: BTreeMap<Name, BTreeSet<Name>>,
    /// By ratchet the stages and what they leave.
    stages: BTreeMap<String, Vec<Stage>>,
}

/// Its name and what it says that is left.
type Stage = (String, Option<BTreeSet<Name>>);

/// Permission model and scope.
type Name = (String, String);

impl Demands {
    fn of(known: &Known<'_>) -> Demands {
        let model = known.model;
        let app = &model.apps[known.app.index()];
        let names = |scopes: &BTreeSet<ScopeId>| scopes.iter().map(|scope| name(model, *scope)).collect();
        let requirements = &model.operations[known.operation.index()].requirements;
        let mut asked: BTreeSet<ScopeId> = BTreeSet::new();
        let mut by_model = BTreeMap::new();
        for id in callable(model, &app.models, known.operation) {
            let declared = &model.permission_models[id.index()];
            let sets = requirements.get(&id).into_iter().flatten();
            let sets = sets.map(|all| {
                asked.extend(all);
                all.iter().map(|scope| model.scopes[scope.index()].name.clone()).collect()
            });
            by_model.insert(declared.name.clone(), (declared.demands_user, sets.collect()));
        }
        let mut implied: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
        for (id, scope) in
            (0..).map(ScopeId).zip(&model.scopes).filter(|(_, s)| app.models.contains(&s.model))
        {
            let of_asked = scope.implies.iter().filter(|implied| asked.contains(implied));
            let of_asked: BTreeSet<Name> = of_asked.map(|implied| name(model, *implied)).collect();
            if !of_asked.is_empty() {
                implied.insert(name(model, id), of_asked);
            }
        }
        let ratchets = known.index.ratchets(known.app).iter().map(|id| &model.ratchets[id.index()]);
        let stages = ratchets.map(|ratchet| {
            let stages = ratchet.stages.iter();
            let stages = stages.map(|stage| {
                (stage.name.clone(), stage.holds.as_ref().map(|holds| names(&closure(model, holds))))
            });
            (ratchet.name.clone(), stages.collect())
        });
        Demands {
            held: held(model, app, &app.requested).map(|held| names(&held)),
            requirements: by_model,
            implied,
            stages: stages.collect(),
        }
    }
}

fn name(model: &Model, scope: ScopeId) -> Name {
    let scope = &model.scopes[scope.index()];
    (model.permission_models[scope.model.index()].name.clone(), scope.name.clone())
}

/// The alternatives that the app can ever satisfy.
fn alternatives<'k>(known: &'k Known<'_>) -> impl Iterator<Item = &'k Vec<ScopeId>> {
    let model = known.model;
    let app = &model.apps[known.app.index()];
    let [ceiling, _] = held(model, app, &app.requested);
    let requirements = &model.operations[known.operation.index()].requirements;
    let callable = callable(model, &app.models, known.operation);
    let all = callable.into_iter().filter_map(|id| requirements.get(&id)).flatten();
    all.filter(move |alternative| alternative.iter().all(|scope| ceiling.contains(scope)))
}

/// By name of a scope of the app's models, the names of all that it implies.
fn implied_by_name(known: &Known<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let model = known.model;
    let models = &model.apps[known.app.index()].models;
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for scope in model.scopes.iter().filter(|scope| models.contains(&scope.model)) {
        let implied = scope.implies.iter().map(|implied| model.scopes[implied.index()].name.clone());
        all.entry(scope.name.clone()).or_default().extend(implied);
    }
    all
}

/// Names by which the scope may come to be approved: its own, and those that imply it here and not there.
fn choices(known: &Known<'_>, scope: ScopeId, there: &BTreeMap<String, BTreeSet<String>>) -> Approved {
    let model = known.model;
    let own = &model.scopes[scope.index()].name;
    let models = &model.apps[known.app.index()].models;
    let mut names = Approved::from([own.clone()]);
    for other in model.scopes.iter().filter(|other| models.contains(&other.model)) {
        let here = other.implies.contains(&scope);
        if here && !there.get(&other.name).is_some_and(|implied| implied.contains(own)) {
            names.insert(other.name.clone());
        }
    }
    names
}
