//! Facts about privilege in small packages, against trying every request.

use std::collections::{BTreeMap, BTreeSet};

use sprag::analysis::privilege::containers::{self, Where};
use sprag::analysis::privilege::needs::{Grant, Needs, closure};
use sprag::analysis::privilege::permitted::Permits;
use sprag::analysis::privilege::set::Scopes;
use sprag::analysis::privilege::surplus::Why;
use sprag::analysis::privilege::{narrower, people, ratchets, states, surplus, unions};
use sprag::eval::{self, Decision};
use sprag::request::Request;
use sprag::sema::model::{Access, AppId, Model, OperationId, ScopeId};
use sprag_test_support::compiled;
use sprag_test_support::grants::{self, Tried};
use sprag_test_support::random::Random;

/// How often each kind of finding was seen, so that no test is about nothing.
type Seen = BTreeMap<&'static str, usize>;

#[test]
fn facts_are_those_that_trying_every_request_gives() {
    let mut seen = Seen::new();
    for seed in 0..150 {
        let text = grants::policy(&mut Random::new(seed));
        let model = compiled::files(vec![text.clone()], grants::CATALOG).model;
        let tried = Tried::new(&model);
        for app in (0..model.apps.len()).map(|app| AppId(app as u32)) {
            let about = format!("seed {seed}, app {}\n{text}", model.apps[app.index()].name);
            spared(&model, &tried, app, &about, &mut seen);
            attended(&model, &tried, app, &about, &mut seen);
            places(&model, &tried, app, &about, &mut seen);
            standing(&model, &tried, app, &about, &mut seen);
        }
        stages(&model, &tried, &text, &mut seen);
        added_up(&model, &text, &mut seen);
    }
    for what in [
        "implied", "covered", "alternative", "unneeded", "narrower", "unattended", "these", "as written", "top",
        "below top", "standing", "other door", "idle", "busy", "defeated", "unlimited",
    ] {
        assert!(seen.get(what).is_some_and(|n| *n > 2), "{what} was hardly seen: {seen:?}");
    }
}

/// What is permitted the app, had it asked for these.
fn with_requested(model: &Model, app: AppId, requested: &Scopes) -> Vec<Request> {
    let mut other = model.clone();
    other.apps[app.index()].requested = requested.iter().collect();
    requests(&other, app)
}

fn requests(model: &Model, app: AppId) -> Vec<Request> {
    grants::permitted(model).into_iter().filter(|((a, _), _)| *a == app).flat_map(|(_, all)| all).collect()
}

fn spared(model: &Model, permits: &dyn Permits, app: AppId, about: &str, seen: &mut Seen) {
    let needs = Needs::of(model);
    let surplus = surplus::of(model, &needs, permits, app).unwrap();
    let all: Scopes = model.apps[app.index()].requested.iter().copied().collect();
    let before = requests(model, app);
    let without = |set: &Scopes, scope: ScopeId| set.iter().filter(|other| *other != scope).collect::<Scopes>();
    assert_eq!(with_requested(model, app, &surplus.kept), before, "all at once: {about}");
    for scope in surplus.kept.iter() {
        let less = with_requested(model, app, &without(&surplus.kept, scope));
        assert_ne!(less, before, "{} is needed: {about}", model.scopes[scope.index()].name);
    }
    let opened = |requested: &Scopes, user: bool| {
        let held = states::granted_of(model, app, requested);
        needs.opened(Grant { models: &model.apps[app.index()].models, held: &held, user })
    };
    for spared in &surplus.spared {
        let with: Scopes = surplus.kept.iter().chain([spared.scope]).collect();
        let same_data = [true, false].iter().all(|user| opened(&with, *user) == opened(&surplus.kept, *user));
        match &spared.why {
            Why::Implied => {
                assert!(closure(model, surplus.kept.iter()).contains(spared.scope), "{about}");
                *seen.entry("implied").or_default() += 1;
            }
            Why::Covered(by) => {
                assert!(same_data, "{about}");
                let alone: Scopes = [spared.scope].into_iter().collect();
                let by: Scopes = by.iter().copied().collect();
                assert!(opened(&alone, true).is_within(&opened(&by, true)), "{about}");
                *seen.entry("covered").or_default() += 1;
            }
            Why::Alternative(other) => {
                let swapped: Scopes = without(&surplus.kept, *other).iter().chain([spared.scope]).collect();
                assert_eq!(with_requested(model, app, &swapped), before, "{about}");
                *seen.entry("alternative").or_default() += 1;
            }
            Why::Unneeded => {
                assert!(!same_data || opened(&[spared.scope].into_iter().collect(), true).is_empty(), "{about}");
                *seen.entry("unneeded").or_default() += 1;
            }
        }
        assert!(spared.serves.is_within(&surplus.permitted), "{about}");
    }
    narrower_ones(model, &needs, permits, &surplus, about, seen);
}

fn narrower_ones(
    model: &Model,
    needs: &Needs,
    permits: &dyn Permits,
    surplus: &surplus::Surplus,
    about: &str,
    seen: &mut Seen,
) {
    let app = surplus.app;
    let before = requests(model, app);
    let models = &model.apps[app.index()].models;
    let opened = |requested: &Scopes| {
        let held = states::granted_of(model, app, requested);
        needs.opened(Grant { models, held: &held, user: true })
    };
    let opens = opened(&surplus.kept);
    let mut known = BTreeMap::new();
    for scope in surplus.kept.iter() {
        let others: Scopes = surplus.kept.iter().filter(|other| *other != scope).collect();
        let instead = (0..model.scopes.len() as u32).map(ScopeId).filter(|id| {
            let swapped: Scopes = others.iter().chain([*id]).collect();
            let left = opened(&swapped);
            models.contains(&model.scopes[id.index()].model)
                && !surplus.kept.contains(*id)
                && left.is_within(&opens)
                && left != opens
                && with_requested(model, app, &swapped) == before
        });
        let least = instead.map(|id| opened(&others.iter().chain([id]).collect()).len()).min();
        known.extend(least.map(|least| (scope, least)));
    }
    let found = narrower::of(model, needs, permits, surplus);
    let found: BTreeMap<ScopeId, usize> =
        found.into_iter().map(|n| (n.scope, opens.minus(&n.shuts).len())).collect();
    assert_eq!(found, known, "{about}");
    *seen.entry("narrower").or_default() += found.len();
}

fn attended(model: &Model, tried: &Tried, app: AppId, about: &str, seen: &mut Seen) {
    let needs = Needs::of(model);
    let before = requests(model, app);
    let found = people::unattended(model, &needs, tried, app);
    let held = states::granted(model, app);
    let models = &model.apps[app.index()].models;
    let alone = needs.opened(Grant { models, held: &held, user: false });
    let open = before.iter().any(|r| alone.iter().any(|o| is_for(model, r, o)));
    let known = !before.is_empty() && before.iter().all(|r| r.user.is_some()) && open;
    assert_eq!(found.is_some(), known, "{about}");
    *seen.entry("unattended").or_default() += usize::from(known);
}

fn is_for(model: &Model, request: &Request, operation: OperationId) -> bool {
    request.operation == sprag::request::Target::Name(model.operations[operation.index()].name.clone())
}

fn places(model: &Model, tried: &Tried, app: AppId, about: &str, seen: &mut Seen) {
    let before = requests(model, app);
    match containers::confined(model, tried, app).map(|confined| confined.to) {
        Some(Where::These(kind, ids)) => {
            let kind = &model.kinds[kind.index()].name;
            let declared = model.containers.iter().any(|c| c.id == "P");
            let named = |r: &Request| {
                let lies_in_s = declared && r.containers.iter().any(|c| c.id.as_deref() == Some("P"));
                match r.containers.iter().find(|c| c.kind == *kind).and_then(|c| c.id.clone()) {
                    Some(_) if lies_in_s && kind == "site" => Some("s".to_owned()),
                    told => told,
                }
            };
            let told: BTreeSet<String> = before.iter().filter_map(named).collect();
            // Who names no container of a list is given those entries only that lie there.
            assert!(told.iter().all(|id| ids.contains(id)), "{told:?} {ids:?} {about}");
            *seen.entry("these").or_default() += 1;
        }
        Some(Where::AsWritten(clauses)) => {
            for request in &before {
                let answer = eval::evaluate(model, request);
                assert!(answer.deciding.iter().all(|clause| clauses.contains(clause)), "{about}");
            }
            *seen.entry("as written").or_default() += 1;
        }
        None => {}
    }
    for ladder in containers::ladders(model) {
        assert_eq!((ladder.name.as_str(), ladder.attributes.len()), ("level", 3));
        let Some(highest) = containers::highest(model, tried, app, &ladder) else { continue };
        assert!(before.contains(&highest.witness), "{about}");
        *seen.entry(if highest.top { "top" } else { "below top" }).or_default() += 1;
    }
}

fn standing(model: &Model, tried: &Tried, app: AppId, about: &str, seen: &mut Seen) {
    let at_the_end = |r: &&Request| {
        let last = r.stages.get("setup").is_none_or(|stage| stage == "third");
        last || states::ratchets(model, app).next().is_none()
    };
    let before = requests(model, app);
    let known: BTreeSet<usize> = before
        .iter()
        .filter(at_the_end)
        .flat_map(|r| (0..model.operations.len()).filter(|o| is_for(model, r, OperationId(*o as u32))))
        .filter(|o| model.operations[*o].access == Access::Admin)
        .collect();
    let found = ratchets::standing(model, tried, app, Access::Admin);
    let operations = found.as_ref().map(|f| f.operations.iter().map(|o| o.index()).collect());
    assert_eq!(operations.unwrap_or_else(BTreeSet::new), known, "{about}");
    *seen.entry("standing").or_default() += usize::from(found.is_some());
    for door in ratchets::other_doors(model, &Needs::of(model), tried, app) {
        assert!(door.left.iter().all(|o| !tried.permitted(app, o).is_empty()), "{about}");
        assert!(at_the_end(&&door.witness), "{about}");
        assert_eq!(eval::evaluate(model, &door.witness).effect, Decision::Permit, "{about}");
        *seen.entry("other door").or_default() += 1;
    }
}

fn stages(model: &Model, tried: &Tried, about: &str, seen: &mut Seen) {
    let idle: BTreeSet<u32> = ratchets::idle_stages(model, tried).iter().map(|idle| idle.stage).collect();
    for stage in 1..3 {
        let at = |stage: usize| {
            let name = &model.ratchets[0].stages[stage].name;
            let told = requests(model, AppId(0)).into_iter().filter(|r| r.stages.get("setup") == Some(name));
            told.map(|r| Request { stages: BTreeMap::new(), ..r }).collect::<Vec<_>>()
        };
        let (before, after) = (at(stage - 1), at(stage));
        let same = before.iter().all(|request| after.contains(request));
        assert_eq!(idle.contains(&(stage as u32)), same, "stage {stage}: {about}");
        *seen.entry(if same { "idle" } else { "busy" }).or_default() += 1;
    }
}

fn added_up(model: &Model, about: &str, seen: &mut Seen) {
    let all = |model: &Model| grants::permitted(model);
    for defeated in unions::defeated(model) {
        // Without its limit, and without it at all, the same is permitted.
        let mut without = model.clone();
        without.clauses.remove(defeated.narrow.index());
        assert_eq!(all(&without), all(model), "{about}");
        *seen.entry("defeated").or_default() += 1;
    }
    for app in (0..model.apps.len()).map(|app| AppId(app as u32)) {
        for unlimited in unions::unlimited(model, &Needs::of(model), app) {
            assert!(!unlimited.operations.is_empty());
            *seen.entry("unlimited").or_default() += 1;
        }
    }
}
