//! Facts about privilege in small packages, against trying every request.

use std::collections::{BTreeMap, BTreeSet};

use sprag::analysis::privilege::containers::{self, Where};
use sprag::analysis::privilege::needs::{Grant, Needs, closure};
use sprag::analysis::privilege::permitted::Permits;
use sprag::analysis::privilege::regions::Regions;
use sprag::analysis::privilege::set::{Operations, Scopes};
use sprag::analysis::privilege::surplus::Why;
use sprag::analysis::privilege::{narrower, people, ratchets, states, surplus, unions};
use sprag::eval::{self, Decision};
use sprag::request::Request;
use sprag::sema::model::{Access, AppId, Condition, Model, OperationId, ScopeId};
use sprag_test_support::grants::{self, Tried};
use sprag_test_support::random::Random;
use sprag_test_support::{campaign, compiled};

/// How often each kind of finding was seen, so that no test is about nothing.
type Seen = BTreeMap<&'static str, usize>;

#[test]
fn facts_are_those_that_trying_every_request_gives() {
    let each = campaign::over(0..27, |seed| {
        let mut seen = Seen::new();
        let text = grants::policy(&mut Random::new(seed));
        let model = compiled::files(vec![text.clone()], grants::CATALOG).model;
        let tried = Tried::new(&model);
        for app in (0..model.apps.len()).map(|app| AppId(app as u32)) {
            let about = About::new(&model, &tried, app, seed, &text);
            spared(&about, &mut seen);
            attended(&about, &mut seen);
            places(&about, &mut seen);
            standing(&about, &mut seen);
        }
        stages(&model, &tried, &text, &mut seen);
        added_up(&model, &text, &mut seen);
        seen
    });
    let mut seen = Seen::new();
    for (what, count) in each.into_iter().flatten() {
        *seen.entry(what).or_default() += count;
    }
    for what in [
        "implied",
        "covered",
        "alternative",
        "unneeded",
        "narrower",
        "unattended",
        "these",
        "as written",
        "top",
        "below top",
        "standing",
        "other door",
        "idle",
        "busy",
        "defeated",
        "unlimited",
    ] {
        assert!(seen.get(what).is_some_and(|n| *n > 0), "{what} was never seen: {seen:?}");
    }
}

/// One app, and what could be permitted it at best.
struct About<'a> {
    model: &'a Model,
    tried: &'a Tried<'a>,
    app: AppId,
    needs: Needs,
    /// What would be permitted with all scopes of its models; with fewer, it is never more.
    at_best: Vec<Request>,
    /// What is permitted.
    before: Vec<Request>,
    text: String,
}

impl<'a> About<'a> {
    fn new(model: &'a Model, tried: &'a Tried<'a>, app: AppId, seed: u64, text: &str) -> About<'a> {
        let text = format!("seed {seed}, app {}\n{text}", model.apps[app.index()].name);
        let mut best = model.clone();
        let models = best.apps[app.index()].models.clone();
        let scopes = (0..model.scopes.len() as u32).map(ScopeId);
        let scopes = scopes.filter(|id| models.contains(&model.scopes[id.index()].model));
        best.apps[app.index()].requested = scopes.collect();
        best.apps[app.index()].approved = None;
        best.ratchets.iter_mut().for_each(|r| r.stages.iter_mut().for_each(|s| s.holds = None));
        let key = &model.apps[app.index()].key;
        let all = model.operations.iter().flat_map(|o| grants::requests(key, &o.name));
        let at_best = all.filter(|r| eval::evaluate(&best, r).effect == Decision::Permit).collect();
        let mut about =
            About { model, tried, app, needs: Needs::of(model), at_best, before: Vec::new(), text };
        about.before = about.permitted(model);
        about
    }

    /// What is permitted in another model, which differs in the app's scopes.
    fn permitted(&self, other: &Model) -> Vec<Request> {
        let all = self.at_best.iter().filter(|r| eval::evaluate(other, r).effect == Decision::Permit);
        all.cloned().collect()
    }

    /// Whether the same would be permitted, had the app asked for these.
    fn same_with(&self, requested: &Scopes) -> bool {
        let mut other = self.model.clone();
        other.apps[self.app.index()].requested = requested.iter().collect();
        self.permitted(&other) == self.before
    }

    fn opened(&self, requested: &Scopes, user: bool) -> Operations {
        let held = states::granted_of(self.model, self.app, requested);
        self.needs.opened(Grant { models: &self.model.apps[self.app.index()].models, held: &held, user })
    }
}

fn without(set: &Scopes, scope: ScopeId) -> Scopes {
    set.iter().filter(|other| *other != scope).collect()
}

fn with(set: &Scopes, scope: ScopeId) -> Scopes {
    set.iter().chain([scope]).collect()
}

fn spared(about: &About, seen: &mut Seen) {
    let (model, text) = (about.model, &about.text);
    let surplus = surplus::of(model, &about.needs, about.tried, about.app).unwrap();
    let kept = &surplus.kept;
    assert!(about.same_with(kept), "all at once: {text}");
    for scope in kept.iter() {
        let name = &model.scopes[scope.index()].name;
        assert!(!about.same_with(&without(kept, scope)), "{name} is needed: {text}");
    }
    for spared in &surplus.spared {
        let more = with(kept, spared.scope);
        let same_data =
            [true, false].iter().all(|user| about.opened(&more, *user) == about.opened(kept, *user));
        let alone: Scopes = [spared.scope].into_iter().collect();
        let kind = match &spared.why {
            Why::Implied => {
                assert!(closure(model, kept.iter()).contains(spared.scope), "{text}");
                "implied"
            }
            Why::Covered(by) => {
                assert!(same_data, "{text}");
                let by: Scopes = by.iter().copied().collect();
                assert!(about.opened(&alone, true).is_within(&about.opened(&by, true)), "{text}");
                "covered"
            }
            Why::Alternative(other) => {
                assert!(about.same_with(&with(&without(kept, *other), spared.scope)), "{text}");
                "alternative"
            }
            Why::Unneeded => {
                assert!(!same_data || about.opened(&alone, true).is_empty(), "{text}");
                "unneeded"
            }
        };
        *seen.entry(kind).or_default() += 1;
        assert!(spared.serves.is_within(&surplus.permitted), "{text}");
    }

    let opens = about.opened(kept, true);
    let mut known = BTreeMap::new();
    for scope in kept.iter() {
        let left = |id: ScopeId| about.opened(&with(&without(kept, scope), id), true);
        let models = &model.apps[about.app.index()].models;
        let instead = (0..model.scopes.len() as u32).map(ScopeId).filter(|id| {
            models.contains(&model.scopes[id.index()].model)
                && !kept.contains(*id)
                && left(*id).is_within(&opens)
                && left(*id) != opens
                && about.same_with(&with(&without(kept, scope), *id))
        });
        known.extend(instead.map(|id| left(id).len()).min().map(|least| (scope, least)));
    }
    let found = narrower::of(model, &about.needs, about.tried, &surplus);
    let found: BTreeMap<ScopeId, usize> =
        found.into_iter().map(|n| (n.scope, opens.minus(&n.shuts).len())).collect();
    assert_eq!(found, known, "{text}");
    *seen.entry("narrower").or_default() += found.len();
}

fn attended(about: &About, seen: &mut Seen) {
    let found = people::unattended(about.model, &about.needs, about.tried, about.app);
    let requested = about.model.apps[about.app.index()].requested.iter().copied().collect();
    let alone = about.opened(&requested, false);
    let open = about.before.iter().any(|r| alone.iter().any(|o| is_for(about.model, r, o)));
    let known = about.before.iter().all(|r| r.user.is_some()) && open;
    assert_eq!(found.is_some(), known, "{}", about.text);
    *seen.entry("unattended").or_default() += usize::from(known);
}

fn is_for(model: &Model, request: &Request, operation: OperationId) -> bool {
    request.operation == sprag::request::Target::Name(model.operations[operation.index()].name.clone())
}

fn places(about: &About, seen: &mut Seen) {
    let (model, tried, app, before) = (about.model, about.tried, about.app, &about.before);
    let about = &about.text;
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
            for request in before {
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

fn standing(about: &About, seen: &mut Seen) {
    let (model, tried, app, before) = (about.model, about.tried, about.app, &about.before);
    let about = &about.text;
    let at_the_end = |r: &&Request| {
        let last = r.stages.get("setup").is_none_or(|stage| stage == "third");
        last || states::ratchets(model, app).next().is_none()
    };
    let known: BTreeSet<usize> = before
        .iter()
        .filter(at_the_end)
        .flat_map(|r| (0..model.operations.len()).filter(|o| is_for(model, r, OperationId(*o as u32))))
        .filter(|o| model.operations[*o].access == Access::Admin)
        .collect();
    let found = ratchets::standing(model, tried, app, Access::Admin);
    let operations: Option<BTreeSet<usize>> =
        found.as_ref().map(|f| f.operations.iter().map(|o| o.index()).collect());
    assert_eq!(operations.unwrap_or_default(), known, "{about}");
    *seen.entry("standing").or_default() += usize::from(found.is_some());
    for door in ratchets::other_doors(model, &Needs::of(model), tried, app) {
        assert!(door.left.iter().all(|o| !tried.permitted(app, o).is_empty()), "{about}");
        assert!(at_the_end(&&door.witness), "{about}");
        assert_eq!(eval::evaluate(model, &door.witness).effect, Decision::Permit, "{about}");
        *seen.entry("other door").or_default() += 1;
    }
}

fn stages(model: &Model, tried: &Tried, about: &str, seen: &mut Seen) {
    let idle: BTreeSet<u32> =
        ratchets::idle_stages(model, tried, [&[], &[]]).iter().map(|idle| idle.stage).collect();
    for stage in 1..3 {
        let at = |stage: usize| {
            let name = &model.ratchets[0].stages[stage].name;
            let operations = (0..model.operations.len()).map(|o| OperationId(o as u32));
            let all = operations.flat_map(|o| tried.permitted(AppId(0), o));
            let there = all.filter(|r| r.stages.get("setup") == Some(name));
            there.map(|r| Request { stages: BTreeMap::new(), ..r.clone() }).collect::<Vec<_>>()
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

/// All that is told of an app, but for witnesses.
type Told = (Vec<ScopeId>, Vec<(ScopeId, ScopeId)>, bool, Option<Where>, Vec<usize>, usize);

fn told(model: &Model, permits: &dyn Permits, app: AppId) -> Told {
    let needs = Needs::of(model);
    let surplus = surplus::of(model, &needs, permits, app).unwrap();
    let narrower = narrower::of(model, &needs, permits, &surplus);
    let standing = ratchets::standing(model, permits, app, Access::Admin);
    (
        surplus.kept.iter().collect(),
        narrower.iter().map(|n| (n.scope, n.instead)).collect(),
        people::unattended(model, &needs, permits, app).is_some(),
        containers::confined(model, permits, app).map(|confined| confined.to),
        standing.iter().flat_map(|s| s.operations.iter()).map(|o| o.index()).collect(),
        ratchets::other_doors(model, &needs, permits, app).len(),
    )
}

#[test]
fn regions_tell_what_trying_every_request_tells() {
    campaign::over(100..120, |seed| {
        let text = grants::policy(&mut Random::new(seed));
        let model = compiled::files(vec![text.clone()], grants::CATALOG).model;
        let regions = Regions::new(&model, &Needs::of(&model), &|_, _| {});
        let tried = Tried::new(&model);
        for app in (0..model.apps.len()).map(|app| AppId(app as u32)) {
            for group in regions.groups(app) {
                for operation in group.operations.iter() {
                    let never = tried.permitted(app, operation).is_empty();
                    assert_eq!(group.permitted.is_never(), never, "{operation:?}, seed {seed}\n{text}");
                }
                let always = Condition::Constant(true);
                if let Some(witness) = regions.ask(app, group.any(), &always).witness() {
                    assert_eq!(eval::evaluate(&model, witness).effect, Decision::Permit, "{witness:#?}");
                }
            }
            assert_eq!(
                told(&model, &regions, app),
                told(&model, &tried, app),
                "seed {seed}, app {}\n{text}",
                model.apps[app.index()].name
            );
            // Chains that nobody tried may come higher, and then the evaluator says so.
            let ladder = &containers::ladders(&model)[0];
            let highest = containers::highest(&model, &regions, app, ladder);
            let known = containers::highest(&model, &tried, app, ladder).map(|highest| highest.value);
            assert!(highest.as_ref().map(|highest| highest.value) >= known, "seed {seed}\n{text}");
            if let Some(highest) = highest {
                let effect = eval::evaluate(&model, &highest.witness).effect;
                assert_eq!(effect, Decision::Permit, "{:#?}, seed {seed}\n{text}", highest.witness);
            }
        }
        assert_eq!(
            ratchets::idle_stages(&model, &regions, [&[], &[]]),
            ratchets::idle_stages(&model, &tried, [&[], &[]]),
            "seed {seed}\n{text}"
        );
    });
}
