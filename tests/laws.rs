//! The laws of the language, on random policies and requests. Each answer is the evaluator's and the runtime's.
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]

use std::collections::{BTreeMap, BTreeSet};

use sprag::decision_point::DecisionPoint;
use sprag::eval::{Decision, Reason};
use sprag::request::{ContainerFact, Request, Target, User, Value};
use sprag::sema::model::{ClauseId, Container, ContainerId, Layer, Model, Source};
use sprag_test_support::campaign;
use sprag_test_support::compiled::{self, Compiled};
use sprag_test_support::random::Random;
use sprag_test_support::worlds;

// Law 1: default deny.

#[test]
fn nothing_is_permitted_by_saying_nothing() {
    for text in ["", "use demo\n"] {
        let empty = compiled::policy(text);
        let mut random = Random::new(1);
        let asked = |r: &mut Random| friendly(worlds::request(r));
        assert_eq!(permitted(&empty, &mut random, 1000, asked), 0, "{text}");
    }
}

/// One layer after the other loses what it permits by; then nothing is permitted.
#[test]
fn a_layer_that_has_nothing_to_permit_by_denies() {
    let mut before = [0; 3];
    for seed in 0..100 {
        let random = || Random::new(seed);
        let text = worlds::plain_policy(&mut random());
        let items = worlds::items(&text);
        let count = |items: &[String], asked: &dyn Fn(Request) -> Request| {
            permitted(&compiled::policy(&items.concat()), &mut random(), 200, |r| {
                asked(friendly(worlds::request(r)))
            })
        };
        let without = |gone: &dyn Fn(&str) -> bool| -> Vec<String> {
            items.iter().filter(|item| !gone(item)).cloned().collect()
        };
        let by_policy = |items: Vec<String>| {
            let kept = items.into_iter().filter(|item| !item.starts_with("authority"));
            kept.map(|item| without_lines(&item, "  user ")).collect::<Vec<_>>()
        };
        let some_user = |mut r: Request| {
            r.user.get_or_insert_with(|| User { id: "ann".to_string(), ..User::default() });
            r
        };
        let caller_decides = text.contains(worlds::CALLER_DECIDES);
        // Rules: no permit.
        before[0] += count(&items, &|r| r);
        assert_eq!(count(&without(&|item| item.starts_with("permit ")), &|r| r), 0, "{text}");
        // Scope: nothing requested.
        let requests_nothing: Vec<String> =
            items.iter().map(|i| without_lines(&without_lines(i, "  requests "), "  approved ")).collect();
        before[1] += count(&items, &|r| r);
        assert_eq!(count(&requests_nothing, &|r| r), 0, "{text}");
        // App user: no roles, and no caller whose word counts.
        assert_eq!(count(&by_policy(items.clone()), &|r| r), 0, "{text}");
        // Context user: there is one, and no assignment.
        let unassigned = by_policy(without(&|item| item.starts_with("assign ")));
        assert_eq!(count(&unassigned, &some_user), 0, "{text}");
        // What the caller must confirm and does not; an app and an operation that nobody knows.
        if caller_decides {
            before[2] += count(&items, &some_user);
            let silent = |gone: &'static str| {
                move |mut r: Request| {
                    r.attributes.remove(gone);
                    if let Some(user) = &mut r.user {
                        user.attributes.remove(gone);
                    }
                    r
                }
            };
            assert_eq!(count(&items, &silent("install.status")), 0, "{text}");
            assert_eq!(count(&items, &silent("app-user.permitted")), 0, "{text}");
            assert_eq!(count(&items, &|r| silent("permitted")(some_user(r))), 0, "{text}");
        }
        assert_eq!(count(&items, &|r| Request { app: None, ..r }), 0, "{text}");
        assert_eq!(count(&items, &|r| Request { app: Some("app.nobody".to_string()), ..r }), 0, "{text}");
        let unheard = Target::Name("demo.unheard".to_string());
        assert_eq!(count(&items, &|r| Request { operation: unheard.clone(), ..r }), 0, "{text}");
        let nowhere = ContainerFact { kind: "galaxy".to_string(), ..ContainerFact::default() };
        assert_eq!(count(&items, &|r| Request { containers: vec![nowhere.clone()], ..r }), 0, "{text}");
    }
    println!("permitted before: {before:?}");
    assert!(before.iter().all(|n| *n > 300), "the worlds permit too little to show anything: {before:?}");
}

/// Where the policy requires a user, leaving the user out is no way around layer 6.
#[test]
fn a_required_user_cannot_be_left_out() {
    for seed in 0..50 {
        let mut random = Random::new(seed);
        let text = worlds::plain_policy(&mut random);
        let kept = worlds::items(&text).into_iter().filter(|item| !item.starts_with("authority"));
        let text = kept.collect::<String>()
            + "authority {\n  app user from caller\n  context user from caller required when true\n}\n";
        let world = compiled::policy(&text);
        let alone = |r: &mut Random| Request { user: None, ..friendly(worlds::request(r)) };
        assert_eq!(permitted(&world, &mut random, 200, alone), 0, "{text}");
    }
}

// Law 2: forbid overrides permit, order never matters.

#[test]
fn a_forbid_overrides_every_permit() {
    let mut overridden = 0;
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let text = worlds::plain_policy(&mut random);
        let world = compiled::policy(&text);
        let closed = compiled::policy(&(text + "forbid any app to any operation\n"));
        let (mut point, mut closed_point) = (world.point(), closed.point());
        for _ in 0..200 {
            let request = friendly(worlds::request(&mut random));
            overridden += usize::from(world.permits(&mut point, &request));
            assert!(!closed.permits(&mut closed_point, &request), "{request:#?}");
        }
    }
    assert!(overridden > 500, "{overridden}");
}

#[test]
fn the_order_of_items_and_files_never_matters() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let text = match random.one_in(2) {
            true => worlds::policy(&mut random),
            false => worlds::plain_policy(&mut random),
        };
        let world = compiled::policy(&text);
        let mut items = worlds::items(&text);
        for at in (1..items.len()).rev() {
            items.swap(at, random.below(at + 1));
        }
        let mut files = vec![String::new(); 1 + random.below(4)];
        for item in items {
            let file = random.below(files.len());
            files[file].push_str(&item);
        }
        let shuffled = compiled::files(files, worlds::CATALOG);
        let (mut point, mut shuffled_point) = (world.point(), shuffled.point());
        for _ in 0..300 {
            let request = match random.one_in(2) {
                true => worlds::request(&mut random),
                false => friendly(worlds::request(&mut random)),
            };
            world.permits(&mut point, &request);
            shuffled.permits(&mut shuffled_point, &request);
            assert_eq!(
                told(&world, &request),
                told(&shuffled, &request),
                "seed {seed}: {request:#?}\n{text}"
            );
        }
    }
}

/// An answer without places: of each clause its kind and text.
fn told(world: &Compiled, request: &Request) -> impl PartialEq + std::fmt::Debug {
    let answer = world.evaluate(request);
    let model = &*world.model;
    let texts = |ids: &[ClauseId]| {
        let of = |id: &ClauseId| {
            let clause = &model.clauses[id.index()];
            (format!("{:?}", clause.kind), world.sources.text(clause.span).to_string())
        };
        let mut texts: Vec<_> = ids.iter().map(of).collect();
        texts.sort();
        texts
    };
    let refusal = |reason: &Reason| match reason {
        Reason::ScopesWithdrawn(ratchet) => model.ratchets[ratchet.index()].name.clone(),
        reason => reason.code().to_string(),
    };
    let refusals: Vec<_> =
        answer.refusals.iter().map(|r| (r.layer, refusal(&r.reason), texts(&r.clauses))).collect();
    let filter = answer.filter.map(|f| {
        let only: Vec<_> = f.only.iter().map(|group| (group.layer, texts(&group.any))).collect();
        (f.kind, only, texts(&f.except))
    });
    (answer.effect, refusals, texts(&answer.deciding), filter, answer.step_up)
}

// Law 3: unknown never helps.

/// Leaving out one fact never turns a denial into a permission. Facts are attributes of the moment, of the
/// installation, of the user and of containers, ids of containers, containers of the chain, and stages.
///
/// The law is about *knowing less of the same thing*, so it needs five provisos, each of which this test keeps:
///
/// 1. No test of presence (`has`): it asks for the absence. The policies are `worlds::plain_policy`.
/// 2. What the policy declares of a container is what it is: the request does not contradict it (else the
///    request would be believed once the id is left out).
/// 3. To say less of an object that inherits is to say that it inherits: an inherited attribute is left out
///    where nothing further out has it. To leave a container out of a listing is to ask for more lists: chains
///    are shortened for operations that list nothing.
/// 4. `install.status` is a veto where the policy's word on the lifecycle decides; there its absence says
///    nothing. No user is another request than some user (see `a_required_user_cannot_be_left_out`), and no
///    list of approved scopes another one than an empty list.
/// 5. What the request says of containers contradicts neither itself nor its path. Who says nothing else than the path
///    is believed more than who says something else.
#[test]
fn leaving_a_fact_out_never_helps() {
    let each = campaign::over(0..200, |seed| {
        let (mut denied, mut lost, mut pairs) = (0, 0, 0);
        let mut random = Random::new(seed);
        let text = without_levels(&worlds::plain_policy(&mut random));
        let world = compiled::policy(&text);
        let mut point = world.point();
        for _ in 0..60 {
            let request = honest(&world.model, friendly(worlds::request(&mut random)));
            let before = world.permits(&mut point, &request);
            for (what, less) in with_less(&world, &request) {
                let after = world.permits(&mut point, &less);
                assert!(
                    before || !after,
                    "seed {seed}: without {what} it is permitted: {request:#?}\n{text}"
                );
                pairs += 1;
                denied += usize::from(!before);
                lost += usize::from(before && !after);
            }
        }
        [pairs, denied, lost]
    });
    let [pairs, denied, lost] = [0, 1, 2].map(|at| each.iter().map(|counts| counts[at]).sum::<usize>());
    println!("{pairs} pairs: {denied} denied before, {lost} lost by leaving something out");
    assert!(denied > 10_000 && lost > 400, "{pairs} {denied} {lost}");
}

/// To say something that cannot be read (an origin `null`, a number for a text, a stage that is none) never
/// turns a denial into a permission, whatever the policy asks, also whether something is given at all.
#[test]
fn what_cannot_be_read_never_helps() {
    let each = campaign::over(0..360, |seed| {
        let (mut denied, mut lost) = (0, 0);
        let mut random = Random::new(seed);
        let text = worlds::policy(&mut random);
        let world = compiled::policy(&text);
        let mut point = world.point();
        for _ in 0..60 {
            let request = friendly(worlds::request(&mut random));
            let before = world.permits(&mut point, &request);
            for (what, garbled) in garbled(&request) {
                let after = world.permits(&mut point, &garbled);
                assert!(
                    before || !after,
                    "seed {seed}: with {what} unreadable it is permitted: {request:#?}\n{text}"
                );
                denied += usize::from(!before);
                lost += usize::from(before && !after);
            }
        }
        [usize::from(text.contains("has(")), denied, lost]
    });
    let [asked_of_presence, denied, lost] =
        [0, 1, 2].map(|at| each.iter().map(|counts| counts[at]).sum::<usize>());
    println!("{asked_of_presence} policies ask of presence; {denied} denied before, {lost} lost");
    assert!(asked_of_presence > 100 && denied > 10_000 && lost > 400, "{asked_of_presence} {denied} {lost}");
}

/// The request with one of its values made one that fits no type, in all ways.
fn garbled(request: &Request) -> Vec<(String, Request)> {
    let mut all = Vec::new();
    let mut garble = |what: String, change: &dyn Fn(&mut Request)| {
        let mut request = request.clone();
        change(&mut request);
        all.push((what, request));
    };
    // A number is a number; no number is less than none where durations are asked for.
    let numbers = ["time", "install.age", "idle", "due", "size", "window"];
    let unfit = |name: &str, value: &Value| match value {
        Value::Int(_) => Value::Bool(true),
        // What was no number before must not become one.
        Value::Text(_) | Value::Bool(_) | Value::Set(_) if numbers.contains(&name) => Value::Bool(true),
        Value::Text(_) | Value::Bool(_) | Value::Set(_) => Value::Int(-1),
    };
    for (name, value) in &request.attributes {
        garble(name.clone(), &|r| drop(r.attributes.insert(name.clone(), unfit(name, value))));
    }
    for (name, value) in request.user.iter().flat_map(|user| &user.attributes) {
        garble(format!("user.{name}"), &|r| {
            r.user.iter_mut().for_each(|user| drop(user.attributes.insert(name.clone(), unfit(name, value))));
        });
    }
    for name in request.stages.keys() {
        garble(format!("{name}.stage"), &|r| drop(r.stages.insert(name.clone(), "no stage".to_string())));
    }
    for (at, container) in request.containers.iter().enumerate() {
        for (name, value) in &container.attributes {
            garble(format!("{}.{name}", container.kind), &|r| {
                r.containers[at].attributes.insert(name.clone(), unfit(name, value));
            });
        }
    }
    all
}

/// The request without one of its facts, in all ways.
fn with_less(world: &Compiled, request: &Request) -> Vec<(String, Request)> {
    let model = &*world.model;
    let mut all = Vec::new();
    let mut less = |what: String, change: &dyn Fn(&mut Request)| {
        let mut request = request.clone();
        change(&mut request);
        all.push((what, request));
    };
    for name in request.attributes.keys() {
        if name != "install.status" || model.authority.lifecycle == Source::Caller {
            less(name.clone(), &|r| drop(r.attributes.remove(name)));
        }
    }
    for name in request.user.iter().flat_map(|user| user.attributes.keys()) {
        less(format!("user.{name}"), &|r| {
            r.user.iter_mut().for_each(|user| drop(user.attributes.remove(name)));
        });
    }
    for name in request.stages.keys() {
        less(format!("{name}.stage"), &|r| drop(r.stages.remove(name)));
    }
    let wrong = [Reason::WrongContainer, Reason::ContradictsPath];
    let contradicts = world.evaluate(request).refusals.iter().any(|r| wrong.contains(&r.reason));
    let lists = match &request.operation {
        Target::Name(name) => model.operations.iter().any(|o| o.name == *name && o.lists.is_some()),
        Target::Http { path, .. } => path.contains("search"),
    };
    for (at, container) in request.containers.iter().enumerate() {
        let inherits =
            request.containers[at + 1..].iter().any(|c| c.attributes.contains_key("classification"));
        for name in container.attributes.keys() {
            if name != "classification" || !inherits {
                less(format!("{}.{name}", container.kind), &|r| {
                    r.containers[at].attributes.remove(name);
                });
            }
        }
        if container.id.is_some() && !contradicts {
            less(format!("{}.id", container.kind), &|r| r.containers[at].id = None);
        }
        let says_level = container.attributes.contains_key("classification");
        let may_go = !says_level || !inherits;
        if may_go && !contradicts && !lists {
            less(format!("the {}", container.kind), &|r| drop(r.containers.remove(at)));
        }
    }
    all
}

/// The request as one who knows the policy's containers would ask.
fn honest(model: &Model, mut request: Request) -> Request {
    let declared = |fact: &ContainerFact| {
        let of =
            |c: &Container| model.kinds[c.kind.index()].name == fact.kind && fact.id.as_ref() == Some(&c.id);
        model.containers.iter().position(of).map(|at| ContainerId(at as u32))
    };
    let mut lies: BTreeMap<&str, &str> = BTreeMap::new();
    let mut at = 0;
    while at < request.containers.len() {
        let fact = &mut request.containers[at];
        at += 1;
        if let Some(id) = lies.get(fact.kind.as_str())
            && fact.id.as_deref() != Some(id)
        {
            let kind = fact.kind.clone();
            *fact = ContainerFact { kind, id: Some((*id).to_owned()), ..ContainerFact::default() };
        }
        let Some(container) = declared(fact) else { continue };
        let stated = &model.containers[container.index()].attributes;
        let states = |name: &str| stated.keys().any(|a| model.attributes[a.index()].name == *name);
        fact.attributes.retain(|name, _| !states(name));
        let outer = model.containers.outwards(container).map(|id| &model.containers[id.index()]);
        let outer: Vec<(&str, &str)> =
            outer.map(|c| (model.kinds[c.kind.index()].name.as_str(), c.id.as_str())).collect();
        if outer.iter().any(|(kind, id)| lies.get(kind).is_some_and(|there| there != id)) {
            // One who knows where both lie does not say that one lies in the other.
            at -= 1;
            request.containers.remove(at);
            continue;
        }
        lies.extend(outer);
    }
    request
}

// Law 4: forbids, ratchet turns and withdrawn scopes never permit more.

#[test]
fn another_forbid_never_permits_more() {
    let (mut kept, mut lost) = (0, 0);
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let text = match random.one_in(2) {
            true => worlds::policy(&mut random),
            false => worlds::plain_policy(&mut random),
        };
        let world = compiled::policy(&text);
        let forbid = worlds::forbid(&mut random);
        let stricter = compiled::policy(&(text + &forbid));
        let (mut point, mut stricter_point) = (world.point(), stricter.point());
        for _ in 0..200 {
            let request = friendly(worlds::request(&mut random));
            let before = world.permits(&mut point, &request);
            let after = stricter.permits(&mut stricter_point, &request);
            assert!(before || !after, "{forbid}{request:#?}");
            // Nor is a filter lifted.
            let filtered = |w: &Compiled| w.evaluate(&request).filter.is_some();
            assert!(!after || filtered(&stricter) || !filtered(&world), "{forbid}{request:#?}");
            kept += usize::from(after);
            lost += usize::from(before && !after);
        }
    }
    println!("{kept} kept, {lost} lost");
    assert!(kept > 500 && lost > 100, "{kept} {lost}");
}

/// A policy may say `permit … when setup.stage == settled`, and then a turn permits what it says. What a
/// ratchet itself does to an installation only takes away: these policies ask for no stage.
#[test]
fn a_further_stage_never_permits_more() {
    let (mut kept, mut lost) = (0, 0);
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let world = compiled::policy(&worlds::plain_policy(&mut random));
        let mut point = world.point();
        if world.model.ratchets.is_empty() {
            continue;
        }
        for _ in 0..150 {
            let mut request = friendly(worlds::request(&mut random));
            for ratchet in &world.model.ratchets {
                let turn = |request: &Request, stage: Option<&str>| {
                    let mut request = request.clone();
                    request.stages.remove(&ratchet.name);
                    request.stages.extend(stage.map(|stage| (ratchet.name.clone(), stage.to_string())));
                    request
                };
                // The last one, and then one that is not known.
                let stages: Vec<_> =
                    ratchet.stages.iter().map(|s| Some(s.name.as_str())).chain([None]).collect();
                let permits: Vec<bool> =
                    stages.iter().map(|s| world.permits(&mut point, &turn(&request, *s))).collect();
                assert!(permits.is_sorted_by(|before, after| before >= after), "{permits:?} {request:#?}");
                kept += usize::from(permits[stages.len() - 2]);
                lost += usize::from(permits[0] && !permits[stages.len() - 2]);
                request = turn(&request, stages[random.below(stages.len())]);
            }
        }
    }
    println!("{kept} kept, {lost} lost");
    assert!(kept > 500 && lost > 100, "{kept} {lost}");
}

#[test]
fn fewer_scopes_never_permit_more() {
    let each = campaign::over(0..200, |seed| {
        let (mut kept, mut lost) = (0, 0);
        let mut random = Random::new(seed);
        let text = worlds::plain_policy(&mut random);
        let world = compiled::policy(&text);
        let fewer = compiled::policy(&with_fewer_scopes(&text, &mut random));
        let (mut point, mut fewer_point) = (world.point(), fewer.point());
        for _ in 0..200 {
            let mut request = friendly(worlds::request(&mut random));
            let before = world.permits(&mut point, &request);
            let after = fewer.permits(&mut fewer_point, &request);
            assert!(before || !after, "{text}\n{request:#?}");
            kept += usize::from(after);
            lost += usize::from(before && !after);
            // The installation's own list: none is no limit, and each name less is a limit more.
            let all = ["NONE", "READ", "WRITE", "ADMIN", "read:issue", "write:issue", "Issue.All"];
            let mut approved: BTreeSet<String> = all.map(str::to_string).into();
            let mut last = Request { approved: None, ..request.clone() };
            while let Some(gone) = approved.pop_first() {
                let (some, none_gone) = (approved.clone(), approved.clone());
                request.approved = Some(none_gone);
                let (more, less) = (world.permits(&mut point, &last), world.permits(&mut point, &request));
                assert!(more || !less, "without {gone}: {request:#?}");
                lost += usize::from(more && !less);
                last.approved = Some(some);
            }
        }
        [kept, lost]
    });
    let [kept, lost] = [0, 1].map(|at| each.iter().map(|counts| counts[at]).sum::<usize>());
    println!("{kept} kept, {lost} lost");
    assert!(kept > 500 && lost > 500, "{kept} {lost}");
}

/// The policy with one scope less in each list of requested or approved scopes that has two.
fn with_fewer_scopes(text: &str, random: &mut Random) -> String {
    let mut fewer = String::new();
    for line in text.lines() {
        let list =
            |key: &str| Some((key.to_string(), line.strip_prefix(key)?.split(", ").collect::<Vec<_>>()));
        match list("  requests ").or_else(|| list("  approved ")) {
            Some((key, mut scopes)) if scopes.len() > 1 => {
                scopes.remove(random.below(scopes.len()));
                fewer += &(key + &scopes.join(", "));
            }
            _ => fewer += line,
        }
        fewer.push('\n');
    }
    fewer
}

// Law 7: total.

#[test]
fn every_request_has_an_answer() {
    let mut asked = 0;
    for seed in 0..150 {
        let mut random = Random::new(seed);
        let text = worlds::policy(&mut random);
        let world = compiled::policy(&text);
        let mut point = world.point();
        for _ in 0..60 {
            let request = strange(&mut random);
            let defined = sprag::authzen::explain(&world.model, &world.sources, &world.evaluate(&request));
            assert_eq!(defined, point.explain(&request), "seed {seed}: {request:#?}\n{text}");
            assert_eq!(defined.decision, point.decide(&request).permitted());
            asked += 1;
        }
    }
    assert_eq!(asked, 9000);
}

/// A request like any other, with something in it that nobody would say.
fn strange(random: &mut Random) -> Request {
    let mut request = match random.one_in(2) {
        true => worlds::request(random),
        false => friendly(worlds::request(random)),
    };
    for _ in 0..1 + random.below(4) {
        match random.below(12) {
            0 => request.app = Some(strange_text(random)),
            1 => request.operation = Target::Name(strange_text(random)),
            2 | 3 => {
                let mut path = random.pick(&["/issue/", "/", "", "/issue/x/comment"]).to_string();
                for _ in 0..random.below(4) {
                    path += &strange_text(random);
                    path +=
                        *random.pick(&["/", "", "%", "%2", "%41", "%C3", "%C3%A9", "%ff", "?", "#", "/.."]);
                }
                request.operation =
                    Target::Http { method: random.pick(&["GET", "get", "", "G\0"]).to_string(), path };
            }
            4 => {
                let kinds = ["issue", "project", "site", "organisation", "page", "space", "", "\u{202e}"];
                let many = if random.one_in(2) { 100 } else { 20 };
                request.containers = (0..many)
                    .map(|_| ContainerFact {
                        kind: random.pick(&kinds).to_string(),
                        ..ContainerFact::default()
                    })
                    .collect();
            }
            5 => {
                for container in &mut request.containers {
                    container.id = Some(strange_text(random));
                    for name in
                        ["classification", "labels", "size", "due", "domain", "network", "id", "nothing"]
                    {
                        container.attributes.insert(name.to_string(), strange_value(random));
                    }
                }
            }
            6 => request.user = Some(User { id: strange_text(random), ..User::default() }),
            7 => {
                if let Some(user) = &mut request.user {
                    for name in ["groups", "mfa", "mode", "idle", "department", "permitted", "id", ""] {
                        user.attributes.insert(name.to_string(), strange_value(random));
                    }
                }
            }
            8 | 9 => {
                let names = [
                    "time",
                    "channel",
                    "client.ip",
                    "client.origin",
                    "destination",
                    "install.age",
                    "install.status",
                    "install.site",
                    "app-user.permitted",
                    "device.managed",
                    "purpose",
                    "",
                ];
                for name in names {
                    if random.one_in(2) {
                        request.attributes.insert(name.to_string(), strange_value(random));
                    }
                }
            }
            10 => {
                for ratchet in ["setup", "trust", "", "\0"] {
                    request.stages.insert(ratchet.to_string(), strange_text(random));
                }
            }
            _ => request.approved = Some((0..random.below(3000)).map(|n| format!("{n}")).collect()),
        }
    }
    request
}

fn strange_value(random: &mut Random) -> Value {
    match random.below(8) {
        0 => Value::Bool(random.one_in(2)),
        1 | 2 => {
            let edges =
                [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX, 4_102_444_800, 4_102_444_799];
            Value::Int(*random.pick(&edges))
        }
        3 => Value::Int(random.number() as i64),
        4 => Value::Set(
            (0..random.below(2000)).map(|n| format!("{n}")).chain(["Finance".to_string()]).collect(),
        ),
        _ => Value::Text(strange_text(random)),
    }
}

fn strange_text(random: &mut Random) -> String {
    let whole = [
        "",
        "\0",
        ".",
        "..",
        "*",
        "**",
        "%",
        "%00",
        "%2F",
        "\u{feff}",
        "\u{10ffff}",
        "\u{301}",
        "ﬁ",
        "İ",
        "ann\0",
        "10.0.0.1 ",
        " 10.0.0.1",
        "010.0.0.1",
        "::ffff:10.0.0.1",
        "::FFFF:0a00:0001",
        "fe80::1%eth0",
        "[::1]",
        "1",
        "EXAMPLE.com",
        "example.com..",
        ".example.com",
        "ex ample.com",
        "xn--n3h.example.com",
        "a_b.example.com",
        "https://",
        "https://example.com/",
        "https://EXAMPLE.com:0443",
        "https://[::1]:443",
        "https://user@example.com",
        "https://example.com:99999",
        "://example.com",
        "https://example.com:",
        "Finance",
        "finance",
        "stage1",
    ];
    match random.below(4) {
        0 => "x".repeat(random.below(70_000)),
        1 => {
            (0..random.below(40)).filter_map(|_| char::from_u32(random.number() as u32 % 0x11_0000)).collect()
        }
        2 => vec!["a"; random.below(200)].join(*random.pick(&[".", "/", "%", ":"])),
        _ => random.pick(&whole).to_string(),
    }
}

/// A request whose layers 2, 5 and 6 the caller vouches for, that shows the rules behind them.
fn friendly(mut request: Request) -> Request {
    request.attributes.insert("install.status".to_string(), Value::Text("enabled".to_string()));
    request.attributes.insert("app-user.permitted".to_string(), Value::Bool(true));
    if let Some(user) = &mut request.user {
        user.attributes.insert("permitted".to_string(), Value::Bool(true));
    }
    request
}

fn permitted(
    world: &Compiled,
    random: &mut Random,
    requests: usize,
    mut make: impl FnMut(&mut Random) -> Request,
) -> usize {
    let mut point: DecisionPoint<'_> = world.point();
    let mut permitted = 0;
    for _ in 0..requests {
        let request = make(random);
        permitted += usize::from(world.permits(&mut point, &request));
        let answer = world.evaluate(&request);
        // The eight layers are all that decides: a denial names at least one, each once and in order.
        assert_eq!(answer.effect == Decision::Deny, !answer.refusals.is_empty());
        let layers: Vec<Layer> = answer.refusals.iter().map(|refusal| refusal.layer).collect();
        assert!(layers.is_sorted_by(|a, b| a < b), "{layers:?}");
    }
    permitted
}

fn without_lines(text: &str, start: &str) -> String {
    text.lines().filter(|line| !line.starts_with(start)).map(|line| format!("{line}\n")).collect()
}

/// Containers without a declared level, so that levels come from requests only.
fn without_levels(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        match line.split_once(" classification = ") {
            Some((before, after)) if line.starts_with("container ") => {
                kept += before;
                kept += after.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            }
            _ => kept += line,
        }
        kept.push('\n');
    }
    kept
}
