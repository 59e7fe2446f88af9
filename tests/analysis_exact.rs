//! Guarantees, comparisons and dead policy against brute force: every request of small random packages is asked, and
//! must bear out what the analysis says; what it finds must be there, and what it says is not there must not be.
//!
//! Witnesses are confirmed by the evaluator and by the runtime.
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sprag::analysis::compare::{self, Relation, compare};
use sprag::analysis::dead::{Dead, DeadRule, Maker, Place, dead};
use sprag::analysis::guarantees::{self, Verdict};
use sprag::authzen;
use sprag::eval::{self, Answer, Decision, Reason};
use sprag::request::{ContainerFact, Request, Target, User, Value};
use sprag::sema::model::{
    Authority, ClauseId, ClauseKind, Condition, Container, Layer, Model, OperationId, Owner, Principal,
    Ratchet, RatchetId, Source,
};
use sprag_test_support::compiled::{self, Compiled};
use sprag_test_support::random::{Random, clause};

/// Packages of each of the three tests. A campaign of a million:
/// `SPRAG_PACKAGES=333334 cargo test --release --test analysis_exact -- --nocapture`; `SPRAG_SEED=10000000` before it
/// looks at others.
const PACKAGES: u64 = 7_000;

#[test]
fn guarantees_hold_of_all_requests_or_are_broken_by_the_one_that_is_told() {
    let seen = campaign(&|random, seen| {
        let text = policy(random, true);
        let world = compiled::files(vec![text.clone()], CATALOG);
        let requests = Requests::of(&[&text], &world.model);
        if requests.count() > MOST {
            return false;
        }
        guarantees_of(&world, &requests, &text, seen);
        true
    });
    assert!(seen["holds"] > 300 && seen["refuted"] > 300 && seen["always refuted"] > 50, "{seen:?}");
    assert!(seen["always holds"] > 5, "{seen:?}");
}

#[test]
fn relations_hold_of_all_requests_or_are_broken_by_the_one_that_is_told() {
    let seen = campaign(&|random, seen| {
        let one = policy(random, false);
        // Half of them differ in one line only, so that relations hold often enough.
        let other = if random.one_in(2) { one_line_less(random, &one) } else { policy(random, false) };
        let worlds = [&one, &other].map(|text| compiled::files(vec![text.clone()], CATALOG));
        let requests = Requests::of(&[&one, &other], &worlds[0].model);
        if requests.count() > MOST {
            return false;
        }
        relations_of(&worlds, &requests, &format!("{one}\n// other\n{other}"), seen);
        true
    });
    assert!(seen["equal"] > 100 && seen["implies"] > 200 && seen["disjoint"] > 200, "{seen:?}");
    assert!(seen["not equal"] > 200 && seen["not implies"] > 200 && seen["not disjoint"] > 200, "{seen:?}");
}

#[test]
fn what_is_dead_changes_nothing_and_what_is_not_does() {
    let seen = campaign(&|random, seen| {
        let text = policy(random, false);
        let world = compiled::files(vec![text.clone()], CATALOG);
        let requests = Requests::of(&[&text], &world.model);
        if requests.count() > MOST {
            return false;
        }
        dead_of(&world.model, &requests, &text, random.one_in(8), seen);
        true
    });
    assert!(seen["dead rules"] > 1000 && seen["live rules"] > 1000 && seen["removable"] > 1000, "{seen:?}");
    assert!(seen["dead tests"] > 20 && seen["dead stages"] > 50 && seen["unreached"] > 50, "{seen:?}");
    assert!(seen["taking stages"] > 500 && seen["giving stages"] > 10, "{seen:?}");
}

type Seen = BTreeMap<&'static str, usize>;

/// Packages whose requests are more than these, for one app and one operation, are passed over.
const MOST: usize = 400;

/// Runs the check on so many packages, on all cores; it says whether the package was small enough.
fn campaign(check: &(dyn Fn(&mut Random, &mut Seen) -> bool + Sync)) -> Seen {
    let (packages, first) = (set("SPRAG_PACKAGES", PACKAGES), set("SPRAG_SEED", 0));
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let mut all = Seen::new();
    std::thread::scope(|scope| {
        let some = |thread: u64| {
            let mut seen = Seen::new();
            let mut checked = 0;
            for seed in (first + thread..).step_by(threads as usize) {
                if checked >= packages.div_ceil(threads) {
                    break;
                }
                if check(&mut Random::new(seed), &mut seen) {
                    checked += 1;
                    if checked.is_multiple_of(10_000) {
                        println!("{checked} packages by one thread, up to seed {seed}");
                    }
                }
            }
            seen
        };
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || some(thread))).collect();
        for thread in running {
            match thread.join() {
                Ok(seen) => seen.into_iter().for_each(|(what, count)| *all.entry(what).or_default() += count),
                Err(failure) => std::panic::resume_unwind(failure),
            }
        }
    });
    println!("{packages} packages: {all:?}");
    all
}

#[expect(clippy::disallowed_methods, reason = "a campaign is set by the environment")]
fn set(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

fn count(seen: &mut Seen, what: &'static str) {
    *seen.entry(what).or_default() += 1;
}

fn permits(model: &Model, request: &Request) -> bool {
    eval::evaluate(model, request).effect == Decision::Permit
}

// ---- guarantees

fn guarantees_of(world: &Compiled, requests: &Requests, text: &str, seen: &mut Seen) {
    let model: &Model = &world.model;
    let mut point = world.point();
    for proof in guarantees::prove(model, &|_, _| ()) {
        let claim = &model.guarantees[proof.guarantee].claims[proof.claim];
        let mut broken = Vec::new();
        for (app, operation) in requests.pairs(model) {
            broken.extend(
                requests.all(model, app, operation).into_iter().filter(|r| eval::breaks(model, claim, r)),
            );
        }
        match &proof.verdict {
            Verdict::Holds => {
                assert_eq!(broken.first(), None, "proved, and broken\n{text}");
                count(seen, if claim.always { "always holds" } else { "holds" });
            }
            Verdict::Refuted(refutation) => {
                let request = &refutation.request;
                assert!(eval::breaks(model, claim, request), "{request:#?}\n{text}");
                assert_eq!(refutation.answer, eval::evaluate(model, request), "{text}");
                assert_eq!(point.decide(request).permitted(), permits(model, request), "{text}");
                match authzen::request(&authzen::request_json(request), &authzen::types(model)) {
                    Ok(read) => assert_eq!(&read.request, request, "{text}"),
                    // A value of a wrong type is none in JSON; there must have been no other way.
                    Err(_) => assert!(weight(request) >= ODD, "{request:#?}\n{text}"),
                }
                assert!(!broken.is_empty(), "only the analysis knows {request:#?}\n{text}");
                // What is declared of a container need not be said, neither its attributes nor where it lies: requests
                // are weighed by what they say themselves.
                let declared = |fact: &ContainerFact| {
                    let id = fact.id.as_ref();
                    let tells = |c: &Container| !c.attributes.is_empty() || c.parent.is_some();
                    model.containers.iter().any(|c| id == Some(&c.id) && tells(c))
                };
                let lightest = broken.iter().filter(|r| !r.containers.iter().any(declared)).map(weight).min();
                let smallest = lightest.is_none_or(|lightest| weight(request) <= lightest);
                assert!(smallest, "not the smallest: {request:#?}\n{text}");
                count(seen, if claim.always { "always refuted" } else { "refuted" });
            }
            Verdict::Undecided(open) => panic!("{open:?}\n{text}"),
        }
    }
}

/// What a value weighs that is not of its attribute's type.
const ODD: usize = 9;

/// How much a request says, as witnesses are weighed: a person counts more than an attribute, and so on.
fn weight(request: &Request) -> usize {
    let known = ["low", "mid", "high", "server", "browser", "enabled", "disabled", "pending", "uninstalled"];
    let one = |name: &str, value: &Value| match (name, value) {
        ("mfa", Value::Bool(_)) => 2,
        ("category" | "owner", Value::Text(_)) => 2,
        ("level" | "channel", Value::Text(word)) if known.contains(&word.as_str()) => 2,
        ("install.status", Value::Text(word)) if known.contains(&word.as_str()) => 4,
        _ => ODD,
    };
    let said = |attributes: &BTreeMap<String, Value>| {
        let said = attributes.iter().filter(|(name, _)| !name.ends_with("permitted"));
        said.map(|(name, value)| one(name, value)).sum::<usize>()
    };
    let container =
        |container: &ContainerFact| said(&container.attributes) + if container.id.is_some() { 3 } else { 6 };
    let stage = |stage: &String| if ["first", "second", "third"].contains(&stage.as_str()) { 2 } else { ODD };
    request.containers.iter().map(container).sum::<usize>()
        + request.user.as_ref().map_or(0, |user| 4 + said(&user.attributes))
        + said(&request.attributes)
        + request.stages.values().map(stage).sum::<usize>()
        + usize::from(request.approved.is_some())
}

// ---- comparisons

fn relations_of(worlds: &[Compiled; 2], requests: &Requests, text: &str, seen: &mut Seen) {
    let models: [&Model; 2] = [&worlds[0].model, &worlds[1].model];
    let mut answers: BTreeMap<String, BTreeSet<[bool; 2]>> = BTreeMap::new();
    let mut asked = BTreeSet::new();
    // Where the two ask other scopes, one of them may be all that is approved.
    let scopes = |model: &Model| {
        let apps = model.apps.iter().map(|a| (a.requested.clone(), a.optional.clone(), a.models.clone()));
        let holds =
            |r: &Ratchet| (r.apps.clone(), r.stages.iter().map(|s| s.holds.clone()).collect::<Vec<_>>());
        (apps.collect::<Vec<_>>(), model.ratchets.iter().map(holds).collect::<Vec<_>>())
    };
    let alone = if scopes(models[0]) == scopes(models[1]) { &[][..] } else { &["READ", "WRITE", "ALL"] };
    // Where they do not both ask the caller, or not always, its word may be no.
    let asks = |model: &Model| {
        let Authority { app_user, context_user, app_user_except, .. } = &model.authority;
        (*app_user, *context_user, *app_user_except == Condition::Constant(false))
    };
    let always = |model: &Model| asks(model) == asks(models[0]) && asks(model).2;
    let words = if models.into_iter().all(always) { &[[true; 2]][..] } else { &WORDS };
    for side in models {
        for (app, operation) in requests.pairs(side) {
            let key = &side.apps[app].key;
            let of = answers.entry(key.clone()).or_default();
            // What one side asks is what the other asks.
            if !asked.insert((key, &side.operations[operation.index()].name)) {
                continue;
            }
            for (number, request) in requests.all(side, app, operation).into_iter().enumerate() {
                // Each request comes with nothing said of approvals, and with all of them.
                let alone = if request.approved.is_none() { alone } else { &[] };
                let alone = alone.iter().map(|scope| Some([(*scope).to_owned()].into()));
                for approved in [request.approved.clone()].into_iter().chain(alone) {
                    let request = Request { approved, ..request.clone() };
                    let answer =
                        |word: &[bool; 2]| models.map(|model| permits(model, &with_word(&request, *word)));
                    // Requests are made with the first of the words.
                    let vouched = models.map(|model| permits(model, &request));
                    of.insert(vouched);
                    // A word against somebody permits nothing: that is looked at now and then.
                    if vouched == [false; 2] && number % 16 != 0 {
                        continue;
                    }
                    let others = words[1..].iter().map(answer);
                    of.extend(others.inspect(|other| {
                        let less = other.iter().zip(&vouched).all(|(other, vouched)| other <= vouched);
                        assert!(less, "{request:#?}\n{text}");
                    }));
                }
            }
        }
    }
    let mut points = [worlds[0].point(), worlds[1].point()];
    for relation in [Relation::Equal, Relation::Implies, Relation::Disjoint] {
        let against = |answer: &[bool; 2]| match relation {
            Relation::Equal => answer[0] != answer[1],
            Relation::Implies => answer[0] && !answer[1],
            Relation::Disjoint => answer[0] && answer[1],
        };
        for compared in compare(models, relation, &|_, _| ()) {
            let broken = answers[&compared.key].iter().any(against);
            match &compared.verdict {
                compare::Verdict::Holds => {
                    assert!(!broken, "{} {}\n{text}", compared.key, relation.name());
                    count(seen, relation.name());
                }
                compare::Verdict::Fails(witness) => {
                    let answer = models.map(|model| permits(model, &witness.request));
                    assert!(against(&answer) && answer == witness.permits, "{witness:#?}\n{text}");
                    for (point, permits) in points.iter_mut().zip(answer) {
                        assert_eq!(point.decide(&witness.request).permitted(), permits, "{text}");
                    }
                    assert!(broken, "only the analysis knows {witness:#?}\n{text}");
                    let what = match relation {
                        Relation::Equal => "not equal",
                        Relation::Implies => "not implies",
                        Relation::Disjoint => "not disjoint",
                    };
                    count(seen, what);
                }
                compare::Verdict::Undecided(open) => panic!("{open:?}\n{text}"),
            }
        }
    }
}

/// What a caller may say of the app user and of the context user.
const WORDS: [[bool; 2]; 4] = [[true, true], [true, false], [false, true], [false, false]];

fn with_word(request: &Request, [app_user, context_user]: [bool; 2]) -> Request {
    let mut request = request.clone();
    request.attributes.insert("app-user.permitted".to_owned(), Value::Bool(app_user));
    if let Some(user) = &mut request.user {
        user.attributes.insert("permitted".to_owned(), Value::Bool(context_user));
    }
    request
}

fn one_line_less(random: &mut Random, text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let rules: Vec<usize> = (0..lines.len())
        .filter(|line| ["permit", "forbid", "assign"].iter().any(|word| lines[*line].starts_with(word)))
        .collect();
    lines.remove(*random.pick(&rules));
    lines.join("\n")
}

// ---- dead policy

fn dead_of(model: &Model, requests: &Requests, text: &str, closely: bool, seen: &mut Seen) {
    let found = dead(model, &|_, _| ());
    assert_eq!(found.undecided, [], "{text}");
    let mut asked: Vec<(Request, Answer)> = Vec::new();
    for (app, operation) in requests.pairs(model) {
        for request in requests.all(model, app, operation) {
            let answer = eval::evaluate(model, &request);
            asked.push((request, answer));
        }
    }
    rules_are_dead(model, &found, &asked, text, seen);
    containers_are_unreached(model, &found, &asked, text, seen);
    stages_are_dead(model, &found, &asked, text, seen);
    if closely {
        for rule in &found.rules {
            makers_suffice(model, rule, &asked, text);
        }
        tests_are_dead(model, &found, &asked, text, seen);
    }
}

fn rules_are_dead(model: &Model, found: &Dead, asked: &[(Request, Answer)], text: &str, seen: &mut Seen) {
    let told: BTreeSet<ClauseId> = found.rules.iter().map(|rule| rule.clause).collect();
    for (number, clause) in model.clauses.iter().enumerate() {
        let id = ClauseId(number as u32);
        let less = without(model, [id]);
        // Whatever a rule changes, it changes where it grants and the request is permitted, or refuses and it is not.
        let matters = asked.iter().any(|(request, answer)| {
            (answer.effect == Decision::Deny) == clause.kind.refuses()
                && could_decide(id, clause.kind, answer)
                && permits(&less, request) != (answer.effect == Decision::Permit)
        });
        assert_eq!(told.contains(&id), !matters, "{}: {found:#?}\n{text}", clause.name);
        count(seen, if matters { "live rules" } else { "dead rules" });
    }
    let gone: Vec<ClauseId> =
        found.rules.iter().filter(|rule| rule.removable).map(|rule| rule.clause).collect();
    if gone.is_empty() {
        assert_eq!(found.rules, [], "the last of them can always go\n{text}");
        return;
    }
    let less = without(model, gone.iter().copied());
    for (request, answer) in asked {
        let before = answer.effect == Decision::Permit;
        assert_eq!(permits(&less, request), before, "{gone:?} {request:#?}\n{text}");
    }
    *seen.entry("removable").or_default() += gone.len();
}

/// Permits that did not match and forbids that are not told cannot be what decides: saves the second question.
fn could_decide(id: ClauseId, kind: ClauseKind, answer: &Answer) -> bool {
    match kind {
        ClauseKind::Permit => answer.deciding == [id],
        ClauseKind::Forbid | ClauseKind::Withdrawal => {
            answer.refusals.len() == 1 && answer.refusals[0].clauses == [id]
        }
        ClauseKind::AppUserGrant | ClauseKind::ContextUserGrant => true,
    }
}

fn without(model: &Model, clauses: impl IntoIterator<Item = ClauseId>) -> Model {
    let mut less = model.clone();
    for clause in clauses {
        less.clauses[clause.index()].operations = Arc::default();
    }
    less
}

/// At every request that the rule speaks of, one of its makers stands against it.
fn makers_suffice(model: &Model, rule: &DeadRule, asked: &[(Request, Answer)], text: &str) {
    let speaks = Alone::new(model, rule.clause);
    let kind = model.clauses[rule.clause.index()].kind;
    let others: Vec<(Maker, Option<Alone>)> = rule
        .makers
        .iter()
        .map(|maker| match maker {
            Maker::Clause(other) => (*maker, Some(Alone::new(model, *other))),
            Maker::Layer(_) | Maker::NoPermit | Maker::CallersWord | Maker::Exception => (*maker, None),
        })
        .collect();
    let permitting = without(model, of_kind(model, ClauseKind::Forbid));
    let nobody = without(model, of_kind(model, ClauseKind::AppUserGrant));
    let refuses = |model: &Model, request: &Request, layer: Layer| {
        eval::evaluate(model, request).refusals.iter().any(|refusal| refusal.layer == layer)
    };
    for (request, answer) in asked {
        if speaks.matches(request) != Some(true) {
            continue;
        }
        let refused = |layer: Layer| answer.refusals.iter().any(|refusal| refusal.layer == layer);
        let stands = others.iter().any(|(maker, alone)| match maker {
            Maker::Layer(layer) => refused(*layer),
            Maker::NoPermit => refuses(&permitting, request, Layer::Rules),
            Maker::CallersWord => match kind {
                ClauseKind::AppUserGrant => model.authority.app_user == Source::Caller,
                ClauseKind::ContextUserGrant => model.authority.context_user == Source::Caller,
                ClauseKind::Permit | ClauseKind::Forbid | ClauseKind::Withdrawal => false,
            },
            Maker::Exception => !refuses(&nobody, request, Layer::AppUser),
            Maker::Clause(_) => alone.as_ref().is_some_and(|alone| alone.matches(request) == Some(true)),
        });
        assert!(stands, "{rule:?}: {request:#?}\n{text}");
    }
}

fn of_kind(model: &Model, kind: ClauseKind) -> impl Iterator<Item = ClauseId> {
    let clauses = (0..).map(ClauseId).zip(&model.clauses);
    clauses.filter(move |(_, clause)| clause.kind == kind).map(|(id, _)| id)
}

/// One clause as the only one, so that its layer tells whether it matches.
struct Alone {
    model: Model,
    id: ClauseId,
}

impl Alone {
    fn new(model: &Model, id: ClauseId) -> Alone {
        let mut model = model.clone();
        model.authority.app_user = Source::Policy;
        model.authority.app_user_except = Condition::Constant(false);
        model.authority.context_user = Source::Policy;
        for (number, clause) in model.clauses.iter_mut().enumerate() {
            if number != id.index() {
                clause.operations = Arc::default();
            }
        }
        Alone { model, id }
    }

    /// `None` where nobody asks: of wrong containers, or for the roles of nobody.
    fn matches(&self, request: &Request) -> Option<bool> {
        let answer = eval::evaluate(&self.model, request);
        if answer.refusals.iter().any(|refusal| refusal.reason == Reason::WrongContainer) {
            return None;
        }
        let refused = |layer: Layer| answer.refusals.iter().any(|refusal| refusal.layer == layer);
        match self.model.clauses[self.id.index()].kind {
            ClauseKind::AppUserGrant => Some(!refused(Layer::AppUser)),
            ClauseKind::ContextUserGrant => request.user.as_ref().map(|_| !refused(Layer::ContextUser)),
            ClauseKind::Permit => Some(!refused(Layer::Rules)),
            ClauseKind::Forbid | ClauseKind::Withdrawal => {
                Some(answer.refusals.iter().any(|refusal| refusal.clauses.contains(&self.id)))
            }
        }
    }
}

fn containers_are_unreached(
    model: &Model,
    found: &Dead,
    asked: &[(Request, Answer)],
    text: &str,
    seen: &mut Seen,
) {
    let declared = |kind: &str, id: &str| {
        model.containers.iter().find(|c| model.kinds[c.kind.index()].name == kind && c.id == id)
    };
    let mut reached: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (request, answer) in asked {
        if answer.effect == Decision::Deny {
            continue;
        }
        let named = |kind: &str| {
            let container = request.containers.iter().find(|container| container.kind == kind)?;
            container.id.as_deref()
        };
        let project = named("project");
        let parent = project.and_then(|id| declared("project", id)).and_then(|c| c.parent);
        let site = match parent {
            Some(parent) => Some(model.containers[parent.index()].id.as_str()),
            None => named("site"),
        };
        let Target::Name(operation) = &request.operation else { continue };
        reached.extend(site.map(|id| ("site", id)));
        if operation != "shut" {
            reached.extend(project.map(|id| ("project", id)));
        }
    }
    for (number, container) in model.containers.iter().enumerate() {
        let kind = model.kinds[container.kind.index()].name.as_str();
        let told = found.containers.iter().any(|id| id.index() == number);
        assert_eq!(told, !reached.contains(&(kind, &container.id)), "{kind} {}\n{text}", container.id);
        count(seen, if told { "unreached" } else { "reached" });
    }
}

fn stages_are_dead(model: &Model, found: &Dead, asked: &[(Request, Answer)], text: &str, seen: &mut Seen) {
    for (number, ratchet) in model.ratchets.iter().enumerate() {
        for stage in 1..ratchet.stages.len() {
            let at = |request: &Request, stage: usize| {
                let mut request = request.clone();
                request.stages.insert(ratchet.name.clone(), ratchet.stages[stage].name.clone());
                permits(model, &request)
            };
            // How the stage differs for some request: what it takes, what it gives. It may do so for some approvals only.
            let unstaged = asked.iter().filter(|(request, _)| request.stages.is_empty());
            let (mut takes, mut gives) = (false, false);
            for (request, _) in unstaged {
                let some = [&["READ"][..], &["WRITE"], &["ALL"], &["READ", "WRITE"]];
                let some = some.map(|names| Some(names.iter().map(|name| (*name).to_owned()).collect()));
                for approved in some.into_iter().chain([request.approved.clone()]) {
                    let request = Request { approved, ..request.clone() };
                    let [before, here] = [at(&request, stage - 1), at(&request, stage)];
                    takes |= before && !here;
                    gives |= here && !before;
                }
                if takes && gives {
                    break;
                }
            }
            let known = (RatchetId(number as u32), stage as u32);
            let told = found.stages.contains(&known);
            assert_eq!(told, !takes && !gives, "{} {stage}\n{text}", ratchet.name);
            count(seen, if told { "dead stages" } else { "live stages" });
            if found.taking.contains(&known) {
                assert!(takes, "nothing is taken by {} {stage}\n{text}", ratchet.name);
                count(seen, "taking stages");
            } else if takes {
                count(seen, "taking stages missed");
            } else if gives {
                count(seen, "giving stages");
            }
        }
    }
}

fn tests_are_dead(model: &Model, found: &Dead, asked: &[(Request, Answer)], text: &str, seen: &mut Seen) {
    let dead: BTreeSet<ClauseId> = found.rules.iter().map(|rule| rule.clause).collect();
    let mut open: BTreeMap<Place, [bool; 2]> = BTreeMap::new();
    let mut alive = BTreeSet::new();
    for (number, clause) in model.clauses.iter().enumerate() {
        let id = ClauseId(number as u32);
        let mut any_user = model.clone();
        any_user.clauses[number].principal = Principal::Any;
        let now = Alone::new(&any_user, id);
        let now: Vec<Option<bool>> = asked.iter().map(|(request, _)| now.matches(request)).collect();
        for place in places(&clause.condition) {
            if place == Place::from(clause.span) {
                continue;
            }
            if !dead.contains(&id) {
                alive.insert(place);
            }
            for value in [true, false] {
                let same = &mut open.entry(place).or_insert([true; 2])[usize::from(value)];
                if *same {
                    let mut changed = any_user.clone();
                    changed.clauses[number].condition = replaced(&clause.condition, place, value);
                    let then = Alone::new(&changed, id);
                    *same = asked.iter().zip(&now).all(|((request, _), now)| *now == then.matches(request));
                }
            }
        }
    }
    for (place, same) in open {
        let told = found.tests.iter().find(|test| test.place == place).map(|test| test.value);
        let wanted = match same {
            [_, true] => Some(true),
            [true, false] => Some(false),
            [false, false] => None,
        };
        assert_eq!(told, wanted.filter(|_| alive.contains(&place)), "{place:?}\n{text}");
        count(seen, if told.is_some() { "dead tests" } else { "live tests" });
    }
}

fn places(condition: &Condition) -> BTreeSet<Place> {
    match condition {
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => BTreeSet::new(),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(places).collect(),
        Condition::Not(inner) => places(inner),
        Condition::Test(atom) => BTreeSet::from([Place::from(atom.span)]),
    }
}

fn replaced(condition: &Condition, place: Place, value: bool) -> Condition {
    let all = |parts: &[Condition]| parts.iter().map(|part| replaced(part, place, value)).collect();
    match condition {
        Condition::Test(atom) if Place::from(atom.span) == place => Condition::Constant(value),
        Condition::All(parts) => Condition::All(all(parts)),
        Condition::Any(parts) => Condition::Any(all(parts)),
        Condition::Not(inner) => Condition::Not(Box::new(replaced(inner, place, value))),
        other => other.clone(),
    }
}

// ---- packages

const CATALOG: &str = r#"catalog tiny version "1"
enum level ordered { low, mid, high }
kind site { level: level inherited }
kind project in site { level: level inherited  category: string  owner: string }
model plain
model personal demands user
scope plain READ
scope plain WRITE implies READ
scope personal ALL
operation get { access read  in project  requires plain READ  requires personal ALL }
operation edit { access write  in project  requires plain WRITE }
operation list { access read  in site  lists project  requires plain READ }
operation shut { access admin  in site  requires plain WRITE }
"#;

const TESTS: [&str; 23] = [
    "project.category == \"A\"",
    "project.category in [\"A\", \"B\"]",
    "has(project.category)",
    "project.level >= mid",
    "container.level >= mid",
    "container.level < high",
    "container.level >= low",
    "site.level == low",
    "user.mfa",
    "not user.mfa",
    "has(user)",
    "user.id == \"ann\"",
    "\"staff\" in user.groups",
    "channel == server",
    "channel != server",
    "setup.stage >= second",
    "setup.stage == first",
    "project.owner == user",
    "project.id == \"P\"",
    "project.id in [\"P\", \"Q\"]",
    "site.id == \"s\"",
    "operation.access == read",
    "has(project.id)",
];

fn policy(random: &mut Random, claims: bool) -> String {
    let tests: Vec<&str> = random.subset(&TESTS, 2);
    let tests = if tests.is_empty() { vec!["has(user)"] } else { tests };
    let mut text =
        String::from("use tiny\ngroup staff { \"ann\" }\nrole reader { read }\nrole all { any operation }\n");
    let scopes = random.pick(&["READ", "WRITE", "WRITE", "WRITE", "READ\n  optional WRITE"]);
    text += &format!(
        "app a {{\n  key \"a\"\n  platform tiny.plain\n  requests {scopes}\n  user all{}\n}}\n",
        place(random)
    );
    if random.one_in(3) {
        text += "app b { key \"b\" platform tiny.personal, tiny.plain requests ALL, READ user reader }\n";
    }
    let staged = tests.iter().any(|test| test.contains("stage"));
    if staged || random.one_in(3) {
        let takes = random.pick(&["holds READ", "withdraws write", "withdraws read in project P"]);
        let third = random.pick(&["", "", "  then third withdraws write when command\n"]);
        text +=
            &format!("ratchet setup on a {{\n  first\n  then second {takes} when event \"e\"\n{third}}}\n");
    }
    if random.one_in(2) {
        let parent = random.pick(&["", " in site s"]);
        let body = random.pick(&["", " category = \"A\"", " level = high"]);
        text += &format!("container project P{parent} {{{body} }}\n");
    }
    for _ in 0..1 + random.below(2) {
        let whom = random.pick(&["any user", "user \"ann\"", "group staff", "a"]);
        text += &format!("assign {} to {whom}{}\n", random.pick(&["reader", "all"]), place(random));
    }
    text += &format!("permit a to any operation{}{}\n", place(random), clause(random, &tests));
    for _ in 0..random.below(4) {
        let (effect, apps) = (random.pick(&["permit", "forbid"]), random.pick(&["a", "any app"]));
        let operations = random.pick(&["write", "any operation", "list", "read"]);
        let place =
            if matches!(*operations, "any operation" | "read") { place(random) } else { String::new() };
        text += &format!("{effect} {apps} to {operations}{place}{}\n", clause(random, &tests));
    }
    match random.below(7) {
        0 => {
            text += &format!(
                "authority {{\n  context user from policy required when {}\n}}\n",
                random.pick(&tests)
            );
        }
        1 => text += "authority {\n  app user from caller\n}\n",
        2 => {
            text += &format!("authority {{\n  app user from policy except when {}\n}}\n", random.pick(&tests))
        }
        3 => text += "authority {\n  context user from caller\n}\n",
        _ => {}
    }
    if claims {
        for _ in 0..1 + random.below(3) {
            let (word, operations) =
                (random.pick(&["never", "never", "always"]), random.pick(&["any operation", "read", "edit"]));
            let place = if *operations == "edit" { String::new() } else { place(random) };
            let app = random.pick(&["any app", "a"]);
            let enabled = if *word == "always" { " when install.status == enabled" } else { "" };
            let rest = if enabled.is_empty() { clause(random, &tests) } else { unless(random, &tests) };
            text += &format!("ensure \"e\" {{ {word} {app} to {operations}{place}{enabled}{rest} }}\n");
        }
    }
    text
}

fn unless(random: &mut Random, tests: &[&str]) -> String {
    let test = random.pick(tests);
    if random.one_in(2) { String::new() } else { format!(" unless not ({test})") }
}

fn place(random: &mut Random) -> String {
    let places = [
        "",
        "",
        "",
        " in project",
        " in project P",
        " in site s",
        " in project where category == \"A\"",
        " in project where category == \"A\" and id != \"P\"",
    ];
    (*random.pick(&places)).to_string()
}

// ---- requests

/// A request of every class that the texts can tell apart.
struct Requests {
    dimensions: Vec<Vec<Saying>>,
}

#[derive(Debug, Clone)]
enum Saying {
    Nothing,
    User(&'static str),
    Container(&'static str, Option<&'static str>),
    Of(&'static str, &'static str, Value),
    Stage(&'static str),
    Approved,
}

impl Requests {
    fn of(texts: &[&str], model: &Model) -> Requests {
        let names = |word: &str| texts.iter().any(|text| text.contains(word));
        assert!(model.attributes.iter().any(|a| a.owner == Owner::User));
        let text = |of: &[&str]| of.iter().map(|t| Value::Text((*t).to_owned())).collect::<Vec<_>>();
        // The last of each is of no type that its attribute has.
        let odd = |values: Vec<Value>, odd: Value| values.into_iter().chain([odd]).collect::<Vec<_>>();
        let bools = odd(vec![Value::Bool(true), Value::Bool(false)], Value::Int(1));
        let levels = || text(&["low", "mid", "high", "odd"]);
        let mut dimensions = vec![vec![Saying::Nothing, Saying::User("ann"), Saying::User("bob")]];
        let projects: &[&str] = if names("\"Q\"") { &["P", "Q", "R"] } else { &["P", "R"] };
        let mut sayings = vec![Saying::Nothing, Saying::Container("project", None)];
        sayings.extend(projects.iter().map(|id| Saying::Container("project", Some(id))));
        dimensions.push(sayings);
        if names("site s") || names("site.") || names("container.level") || names("project.level") {
            let ids = [None, Some("s"), Some("u")];
            let mut sayings = vec![Saying::Nothing];
            sayings.extend(ids.into_iter().map(|id| Saying::Container("site", id)));
            dimensions.push(sayings);
        }
        let mut of = |there: bool, place: &'static str, name: &'static str, values: Vec<Value>| {
            if there {
                let mut sayings = vec![Saying::Nothing];
                sayings.extend(values.into_iter().map(|value| Saying::Of(place, name, value)));
                dimensions.push(sayings);
            }
        };
        of(names("category"), "project", "category", odd(text(&["A", "B", "C"]), Value::Bool(true)));
        of(names("project.level") || names("container.level"), "project", "level", levels());
        of(names(".level"), "site", "level", levels());
        of(names("owner"), "project", "owner", odd(text(&["ann", "bob"]), Value::Bool(true)));
        of(names("mfa"), "user", "mfa", bools);
        of(names("channel"), "", "channel", text(&["server", "browser", "pigeon"]));
        of(names("always"), "", "install.status", text(&["enabled", "disabled", "odd"]));
        if names("ratchet") {
            let third = names("third").then_some("third");
            let stages = ["first", "second"].into_iter().chain(third).chain(["nowhere"]).map(Saying::Stage);
            dimensions.push([Saying::Nothing].into_iter().chain(stages).collect());
        }
        if names("optional") {
            dimensions.push(vec![Saying::Nothing, Saying::Approved]);
        }
        Requests { dimensions }
    }

    fn count(&self) -> usize {
        self.dimensions.iter().map(Vec::len).product()
    }

    /// Apps and operations, by position.
    fn pairs(&self, model: &Model) -> Vec<(usize, OperationId)> {
        let operations = || (0..model.operations.len() as u32).map(OperationId);
        (0..model.apps.len()).flat_map(|app| operations().map(move |operation| (app, operation))).collect()
    }

    /// Sayings that nothing is there to be said of leave the request as it is: those are left out.
    fn all(&self, model: &Model, app: usize, operation: OperationId) -> Vec<Request> {
        let mut base = Request {
            app: Some(model.apps[app].key.clone()),
            operation: Target::Name(model.operations[operation.index()].name.clone()),
            ..Request::default()
        };
        base.attributes.insert("app-user.permitted".to_owned(), Value::Bool(true));
        let mut requests = vec![base];
        for sayings in &self.dimensions {
            let mut more = Vec::new();
            for request in &requests {
                more.extend(sayings.iter().filter_map(|saying| say(request, saying)));
            }
            requests = more;
        }
        requests
    }
}

fn say(request: &Request, saying: &Saying) -> Option<Request> {
    let mut request = request.clone();
    match saying {
        Saying::Nothing => {}
        Saying::User(id) => {
            let attributes = BTreeMap::from([("permitted".to_owned(), Value::Bool(true))]);
            request.user = Some(User { id: (*id).to_owned(), attributes });
        }
        Saying::Container(kind, id) => {
            request.containers.push(ContainerFact {
                kind: (*kind).to_owned(),
                id: id.map(str::to_owned),
                attributes: BTreeMap::new(),
            });
        }
        Saying::Of("", name, value) => drop(request.attributes.insert((*name).to_owned(), value.clone())),
        Saying::Of("user", name, value) => {
            request.user.as_mut()?.attributes.insert((*name).to_owned(), value.clone());
        }
        Saying::Of(kind, name, value) => {
            let container = request.containers.iter_mut().find(|container| container.kind == *kind)?;
            container.attributes.insert((*name).to_owned(), value.clone());
        }
        Saying::Stage(stage) => drop(request.stages.insert("setup".to_owned(), (*stage).to_owned())),
        Saying::Approved => request.approved = Some(["READ", "WRITE", "ALL"].map(str::to_owned).into()),
    }
    Some(request)
}
