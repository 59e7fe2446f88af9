//! What is argued about scopes, against trying: every request of small packages, and every set of scopes and state
//! of small lists of calls.

use std::collections::{BTreeMap, BTreeSet};

use sprag::analysis::privilege::argument::evidence::{Evidence, People};
use sprag::analysis::privilege::argument::setup::{Early, Ground};
use sprag::analysis::privilege::argument::{Argument, Asked, Verdict, argue};
use sprag::analysis::privilege::needs::{Grant, Needs};
use sprag::analysis::privilege::permitted::Permits;
use sprag::analysis::privilege::set::{Operations, Scopes};
use sprag::analysis::privilege::states;
use sprag::eval::{self, Decision};
use sprag::request::Request;
use sprag::sema::model::{Access, AppId, Model, OperationId, ScopeId};
use sprag::syntax::printer;
use sprag_test_support::compiled;
use sprag_test_support::grants::{self, Tried};
use sprag_test_support::random::Random;

/// How often each kind of answer was seen, so that no test is about nothing.
type Seen = BTreeMap<&'static str, usize>;

#[track_caller]
fn all_seen(seen: &Seen, wanted: &[&str]) {
    for what in wanted {
        assert!(seen.get(what).is_some_and(|n| *n > 0), "{what} was never seen: {seen:?}");
    }
}

#[test]
fn what_is_said_of_scopes_is_what_trying_every_request_gives() {
    let mut seen = Seen::new();
    for seed in 0..10 {
        let text = grants::policy(&mut Random::new(seed));
        let model = compiled::files(vec![text.clone()], grants::CATALOG).model;
        let tried = Tried::new(&model);
        let needs = Needs::of(&model);
        for app in (0..model.apps.len() as u32).map(AppId) {
            let asked = Asked {
                model: &model,
                needs: &needs,
                permits: &tried,
                app,
                early: None,
                unheard: &BTreeSet::new(),
            };
            let argument = argue(&asked).unwrap();
            let text = format!("seed {seed}, app {}\n{text}", model.apps[app.index()].name);
            let before = permitted(&model, &tried, app);
            ratchet(&model, &argument, &before, &text, &mut seen);
            for point in &argument.points {
                let mut other = (*model).clone();
                other.apps[app.index()].requested.remove(&point.scope);
                let lost = before.iter().filter(|(_, request)| denied(&other, request));
                let lost: Operations = lost.map(|(id, _)| *id).collect();
                assert_eq!(point.breaks, lost, "{}: {text}", model.scopes[point.scope.index()].name);
                let is_kept = argument.kept.contains(point.scope);
                let by_verdict =
                    matches!(point.verdict, Verdict::Needed | Verdict::SetUp | Verdict::Replaceable);
                assert_eq!(is_kept, by_verdict, "{text}");
                assert!(is_kept || lost.is_empty(), "{text}");
                *seen.entry(point.verdict.name()).or_default() += 1;
            }
        }
    }
    all_seen(
        &seen,
        &[
            "needed",
            "needed only during set-up",
            "replaceable by narrower",
            "same data through another scope",
            "not needed",
            "taken later",
            "left later",
        ],
    );
}

/// What is permitted the app, each with its operation.
fn permitted(model: &Model, tried: &Tried<'_>, app: AppId) -> Vec<(OperationId, Request)> {
    let ids = (0..model.operations.len() as u32).map(OperationId);
    ids.flat_map(|id| tried.permitted(app, id).iter().map(move |request| (id, request.clone()))).collect()
}

fn denied(model: &Model, request: &Request) -> bool {
    eval::evaluate(model, request).effect == Decision::Deny
}

/// The proposed ratchet checks, keeps what is needed, and takes nothing but what it is said to take.
fn ratchet(
    model: &Model,
    argument: &Argument,
    before: &[(OperationId, Request)],
    text: &str,
    seen: &mut Seen,
) {
    let Some(setup) = &argument.setup else { return };
    let printed = printer::print_item(&setup.ratchet);
    let policy = text.split_once('\n').unwrap().1;
    let whole = format!("{policy}\n{printed}\n");
    let with = compiled::files(vec![whole.clone()], grants::CATALOG).model;
    let name = printed.split_whitespace().nth(1).unwrap();
    assert!(!setup.scopes.is_empty() && !setup.operations.is_empty(), "{whole}");
    for (id, request) in before {
        let at = |stage: &str| {
            let mut request = request.clone();
            request.stages.insert(name.to_owned(), stage.to_owned());
            denied(&with, &request)
        };
        assert!(!at("start"), "{whole}\n{request:?}");
        if setup.operations.contains(*id) {
            *seen.entry("taken later").or_default() += usize::from(at("settled"));
        } else {
            assert!(!at("settled"), "{whole}\n{request:?}");
            *seen.entry("left later").or_default() += 1;
        }
    }
    let held = sprag::analysis::privilege::needs::closure(model, setup.later.iter());
    assert!(setup.scopes.iter().all(|scope| !held.contains(scope)), "{whole}");
    let administers = |id: OperationId| model.operations[id.index()].access == Access::Admin;
    assert!(setup.operations.iter().all(administers), "{whole}");
}

#[test]
fn calls_lose_what_no_other_scope_opens_for_those_they_are_made_for() {
    let mut seen = Seen::new();
    let mut random = Random::new(7);
    for seed in 0..200 {
        let text = grants::policy(&mut Random::new(seed % 40));
        let model = compiled::files(vec![text.clone()], grants::CATALOG).model;
        let needs = Needs::of(&model);
        let app = AppId(1); // the one without ratchets, so that states are those of people
        let mut calls: BTreeMap<OperationId, People> = BTreeMap::new();
        for id in (0..model.operations.len() as u32).map(OperationId) {
            if random.one_in(2) {
                let who = random.below(3);
                calls.insert(id, People { with: who != 1, without: who != 2 });
            }
        }
        let evidence = Evidence::new(&model, app, calls.clone());
        let asked = Asked {
            model: &model,
            needs: &needs,
            permits: &evidence,
            app,
            early: None,
            unheard: &BTreeSet::new(),
        };
        let argument = argue(&asked).unwrap();
        let requested: Scopes = model.apps[app.index()].requested.iter().copied().collect();
        for point in &argument.points {
            let others = without(&requested, point.scope);
            let wanted = lost(&model, &needs, app, &calls, &requested, &others);
            assert_eq!(point.breaks, wanted, "{}: {text}", model.scopes[point.scope.index()].name);
            *seen.entry(if wanted.is_empty() { "breaks nothing" } else { "breaks" }).or_default() += 1;
        }
        // Kept scopes are a smallest set by inclusion: each subset of them loses something.
        assert!(lost(&model, &needs, app, &calls, &requested, &argument.kept).is_empty(), "{text}");
        for scope in argument.kept.iter() {
            let fewer = without(&argument.kept, scope);
            assert!(!lost(&model, &needs, app, &calls, &requested, &fewer).is_empty(), "{text}");
        }
        missing(&model, &needs, app, &calls, &argument, &mut seen);
    }
    all_seen(&seen, &["breaks", "breaks nothing", "missing", "not callable"]);
}

fn without(set: &Scopes, scope: ScopeId) -> Scopes {
    set.iter().filter(|other| *other != scope).collect()
}

/// What is called, sufficed for with all that is requested, and does not with these.
fn lost(
    model: &Model,
    needs: &Needs,
    app: AppId,
    calls: &BTreeMap<OperationId, People>,
    requested: &Scopes,
    scopes: &Scopes,
) -> Operations {
    let models = &model.apps[app.index()].models;
    let suffices = |scopes: &Scopes, id: OperationId, user: bool| {
        let held = states::granted_of(model, app, scopes);
        needs.suffices(Grant { models, held: &held, user }, id)
    };
    let is_lost = |(id, people): &(&OperationId, &People)| {
        let states = [(people.with, true), (people.without, false)];
        let open = |scopes: &Scopes, user| suffices(scopes, **id, user);
        let told = states.iter().any(|(is, user)| *is && open(requested, *user) && !open(scopes, *user));
        // A call that was made must have sufficed in some state: where none is left, it is lost.
        let [was, is] = [requested, scopes].map(|s| open(s, true) || open(s, false));
        told || (was && !is)
    };
    calls.iter().filter(is_lost).map(|(id, _)| *id).collect()
}

fn missing(
    model: &Model,
    needs: &Needs,
    app: AppId,
    calls: &BTreeMap<OperationId, People>,
    argument: &Argument,
    seen: &mut Seen,
) {
    let models = &model.apps[app.index()].models;
    let held = states::granted(model, app);
    for id in calls.keys() {
        let callable = needs.alternatives(*id, models).next().is_some();
        let open = needs.suffices(Grant { models, held: &held, user: true }, *id);
        assert_eq!(argument.not_callable.contains(*id), !callable);
        assert_eq!(argument.missing.contains(*id), callable && !open);
        *seen.entry("missing").or_default() += usize::from(callable && !open);
        *seen.entry("not callable").or_default() += usize::from(!callable);
    }
}

#[test]
fn what_is_said_to_be_called_early_decides_which_scopes_are_for_set_up() {
    let text = "use nano\napp a { key \"a\" platform nano.plain requests ADMIN, SIDE, WRITE }\n";
    let model = compiled::files(vec![text.to_owned()], grants::CATALOG).model;
    let needs = Needs::of(&model);
    let id = |name: &str| {
        OperationId(model.operations.iter().position(|operation| operation.name == name).unwrap() as u32)
    };
    let argued = |calls: &[&str], early: &[&str]| {
        let calls = calls.iter().map(|name| (id(name), People::UNKNOWN)).collect();
        let evidence = Evidence::new(&model, AppId(0), calls);
        let operations = early.iter().map(|name| id(name)).collect();
        let early = Early { operations, ground: Ground::Said, seconds: 3600 };
        let asked = Asked {
            model: &model,
            needs: &needs,
            permits: &evidence,
            app: AppId(0),
            early: Some(&early),
            unheard: &BTreeSet::new(),
        };
        let argument = argue(&asked).unwrap();
        let names = |scopes: &Scopes| -> BTreeSet<String> {
            scopes.iter().map(|scope| model.scopes[scope.index()].name.clone()).collect()
        };
        let setup = argument.setup.as_ref();
        setup.map(|s| (names(&s.scopes), names(&s.later), printer::print_item(&s.ratchet)))
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let (scopes, later, ratchet) = argued(&["grant", "edit"], &["grant"]).unwrap();
    assert_eq!((scopes, later), (set(&["ADMIN"]), set(&["WRITE"])));
    assert_eq!(
        ratchet,
        "ratchet a-setup on a {\n  start holds ADMIN\n  then settled holds WRITE when event \"setup-finished\" or 1h after install\n}"
    );
    let (scopes, later, ratchet) = argued(&["grant"], &["grant"]).unwrap();
    assert_eq!((scopes, later), (set(&["ADMIN"]), set(&[])));
    assert!(ratchet.contains("withdraws any operation"), "{ratchet}");
    compiled::files(vec![format!("{text}{ratchet}\n")], grants::CATALOG);
    assert_eq!(argued(&["grant", "edit"], &["edit"]), None, "the scope is needed for more");
}

#[test]
fn other_apps_and_conditions_that_calls_do_not_tell_are_answered_safely() {
    let text = "use nano\napp a { key \"a\" platform nano.plain requests READ }\napp b { key \"b\" platform nano.plain requests READ }\n";
    let model = compiled::files(vec![text.to_owned()], grants::CATALOG).model;
    let get = model.operations.iter().position(|o| o.name == "get").unwrap() as u32;
    let people = People { with: true, without: false };
    let evidence = Evidence::new(&model, AppId(0), [(OperationId(get), people)].into());
    assert!(evidence.groups(AppId(1)).is_empty());
    let person = |yes| sprag::analysis::privilege::permitted::has_user(&model, yes);
    assert!(!evidence.ask(AppId(0), OperationId(get), &person(true)).is_never());
    assert!(evidence.ask(AppId(0), OperationId(get), &person(false)).is_never());
    assert!(evidence.ask(AppId(1), OperationId(get), &person(true)).is_never());
    assert!(!evidence.ask_outside(AppId(0), OperationId(get), &person(false)).is_never());
    assert!(evidence.ask_outside(AppId(0), OperationId(get), &person(true)).is_never());
}
