//! Regions against brute force: what universes say of small random packages, requests one by one confirm.
//!
//! For each package, some apps and operations: random assignments become requests, of which the terms must say what
//! the evaluator says; requests that an enumerator of its own makes from the package's words must be in cells that
//! the universe has; what is never so must be so for none of them; every witness is confirmed by the evaluator and by
//! the runtime.
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sprag::driver;
use sprag::eval::{self, Decision, Reason};
use sprag::region::ask::Answer;
use sprag::region::terms::Term;
use sprag::region::variables::{Place, What};
use sprag::region::{Counting, Growing, Models, Reach, Universe, Variation, reach, survey};
use sprag::request::{ContainerFact, Request, Target, User, Value};
use sprag::sema::model::{AppId, Claim, ClauseId, ClauseKind, Condition, Layer, Model, OperationId, Source};
use sprag_test_support::compiled::{self, Compiled};
use sprag_test_support::random::{Random, clause};
use sprag_test_support::workload::{Size, seeded};

/// Whether something is so of a request; `None` where it is not known.
type Asks = Box<dyn Fn(&Request) -> Option<bool>>;

/// A longer campaign: `SPRAG_PACKAGES=1000000 cargo test --release --test regions`.
#[expect(clippy::disallowed_methods, reason = "a campaign is set by the environment")]
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

const CATALOG: &str = r#"catalog tiny version "1"
enum level ordered { low, mid, high }
enum colour { red, green, blue }
kind site { level: level inherited  ip: ip  domain: domain  window: duration }
kind project in site { level: level inherited  category: string  labels: strings  colour: colour  size: int }
kind issue in project { level: level inherited  owner: string  watchers: strings  due: instant  done: bool }
kind page in site { level: level inherited  colour: colour }
attributes user { department: string  born: instant }
attributes request { about: string  tags: strings  tint: colour }
model plain
model personal demands user
scope plain READ
scope plain WRITE implies READ
scope plain EXTRA
scope personal ALL
mark odd "is odd"
operation get { access read  in issue  http GET "/issue/{key}"  requires plain READ  requires personal ALL }
operation edit { access write  in issue  requires plain [WRITE] or [READ, EXTRA] }
operation list { access read  in site  lists issue  http GET "/issue/all"  requires plain READ }
operation list-projects { access read  in project  lists project  requires plain READ  requires personal ALL }
operation open { access read  in project  marks odd  requires plain READ }
operation look { access read  in page  requires plain EXTRA  requires personal ALL }
operation shut { access admin  in site  requires plain WRITE }
"#;

#[test]
fn universes_say_what_brute_force_says() {
    let packages = setting("SPRAG_PACKAGES", 5_000);
    let first = setting("SPRAG_SEED", 0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let mut seen = Seen::default();
    std::thread::scope(|scope| {
        let some = |thread: u64| {
            let mut seen = Seen::default();
            for seed in (first + thread..first + packages).step_by(threads as usize) {
                one(seed, &mut seen);
            }
            seen
        };
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || some(thread))).collect();
        for thread in running {
            match thread.join() {
                Ok(one) => seen.add(&one),
                Err(failure) => std::panic::resume_unwind(failure),
            }
        }
    });
    println!("{packages} packages: {seen:?}");
    let enough = packages as usize / 10;
    assert!(seen.witnesses > enough && seen.nevers > enough, "{seen:?}");
    assert!(seen.permitted > enough / 20 && seen.denied > enough && seen.undecided == 0, "{seen:?}");
    assert!(seen.changes > enough && seen.unchanged > enough, "{seen:?}");
}

/// What came out over all packages.
#[derive(Debug, Default)]
struct Seen {
    assignments: usize,
    requests: usize,
    permitted: usize,
    denied: usize,
    witnesses: usize,
    nevers: usize,
    undecided: usize,
    changes: usize,
    unchanged: usize,
}

impl Seen {
    fn add(&mut self, other: &Seen) {
        self.assignments += other.assignments;
        self.requests += other.requests;
        self.permitted += other.permitted;
        self.denied += other.denied;
        self.witnesses += other.witnesses;
        self.nevers += other.nevers;
        self.undecided += other.undecided;
        self.changes += other.changes;
        self.unchanged += other.unchanged;
    }
}

fn one(seed: u64, seen: &mut Seen) {
    let random = &mut Random::new(seed);
    let tests: Vec<&str> = random.subset(&TESTS, 3);
    let text = policy(random, &tests);
    let world = compiled::files(vec![text.clone()], CATALOG);
    let told = |what: &str| format!("seed {seed}: {what}\n{text}");
    let app = AppId(random.below(world.model.apps.len()) as u32);
    let operation = OperationId(random.below(world.model.operations.len()) as u32);
    let models = Models::new(&[&world.model]);
    let requests = Requests::new(&text, &world.model, app, operation);
    one_side(random, &world, &models, &requests, seen, &told);
    if random.one_in(8) {
        surveyed(&world, &models, seen, &told);
    }
    if random.one_in(3) {
        let other = policy(random, &tests);
        let new = compiled::files(vec![other.clone()], CATALOG);
        let told = |what: &str| format!("seed {seed}: {what}\n{text}\n// new\n{other}");
        let requests = Requests::new(&format!("{text}\n{other}"), &world.model, app, operation);
        two_sides(random, &world, &new, &requests, seen, &told);
    }
}

/// Something that may be true of a request, as a term and as the evaluator has it.
struct Fact {
    name: String,
    term: Term,
    is: Asks,
}

fn one_side(
    random: &mut Random,
    world: &Compiled,
    models: &Models<'_>,
    requests: &Requests,
    seen: &mut Seen,
    told: &dyn Fn(&str) -> String,
) {
    let (app, operation) = (requests.app, requests.operation);
    let model: &Model = &world.model;
    let claims: Vec<&Claim> = model.guarantees.iter().flat_map(|g| &g.claims).collect();
    let extra: Vec<(usize, &Condition)> = claims.iter().map(|claim| (0, &claim.condition)).collect();
    let mut universe = models.universe(&[Some((app, operation))], &extra);
    let facts = facts(random, model, &mut universe, &claims, app, operation);
    let mut point = world.point();
    // From cells to requests.
    for _ in 0..8 {
        let assignment = any_assignment(random, &universe);
        let request = universe.request(&assignment);
        seen.assignments += 1;
        for fact in &facts {
            if let Some(is) = (fact.is)(&request) {
                let said = universe.terms().evaluate(fact.term, &assignment);
                assert_eq!(said, is, "{}", told(&format!("{}: {request:#?}", fact.name)));
            }
        }
    }
    // From requests to cells.
    let mut known: BTreeSet<Vec<Option<bool>>> = BTreeSet::new();
    for _ in 0..16 {
        let request = requests.any(random);
        seen.requests += 1;
        if is_wrong(world, &request) {
            // Refused whatever else holds: of these there are no cells.
            continue;
        }
        let outcome: Vec<Option<bool>> = facts.iter().map(|fact| (fact.is)(&request)).collect();
        if outcome[0] == Some(true) {
            seen.permitted += 1;
        } else {
            seen.denied += 1;
        }
        if known.insert(outcome.clone()) {
            let mut all = Vec::new();
            for (fact, is) in facts.iter().zip(&outcome) {
                match is {
                    Some(true) => all.push(fact.term),
                    Some(false) => all.push(fact.term.not()),
                    None => {}
                }
            }
            let cell = universe.terms().and(&all);
            let what = || {
                let named = facts.iter().zip(&outcome).map(|(fact, is)| format!("{} {is:?}", fact.name));
                told(&format!("no cell has {}: {request:#?}", named.collect::<Vec<_>>().join(", ")))
            };
            match universe.ask(cell) {
                Answer::Sometimes(_) => {}
                Answer::Never => panic!("{}", what()),
                Answer::Undecided(_) => seen.undecided += 1,
            }
        }
    }
    // What is ever so, and what never.
    for fact in &facts {
        match universe.ask(fact.term) {
            Answer::Sometimes(assignment) => {
                let request = universe.request(&assignment);
                seen.witnesses += 1;
                let is = (fact.is)(&request);
                assert!(is != Some(false), "{}", told(&format!("witness of {}: {request:#?}", fact.name)));
                let permitted = world.evaluate(&request).effect == Decision::Permit;
                assert_eq!(
                    point.decide(&request).permitted(),
                    permitted,
                    "{}",
                    told(&format!("{request:#?}"))
                );
            }
            Answer::Never => {
                seen.nevers += 1;
                if seen.nevers.is_multiple_of(8) {
                    for request in requests.all(600).into_iter().filter(|request| !is_wrong(world, request)) {
                        let is = (fact.is)(&request);
                        assert!(is != Some(true), "{}", told(&format!("never {}: {request:#?}", fact.name)));
                    }
                }
            }
            Answer::Undecided(_) => seen.undecided += 1,
        }
    }
}

/// Whether the catalog refuses the containers.
fn is_wrong(world: &Compiled, request: &Request) -> bool {
    let answer = world.evaluate(request);
    answer.refusals.iter().any(|refusal| refusal.reason == Reason::WrongContainer)
}

/// All that is compared: first whether the request is permitted.
fn facts(
    random: &mut Random,
    model: &Model,
    universe: &mut Universe<'_>,
    claims: &[&Claim],
    app: AppId,
    operation: OperationId,
) -> Vec<Fact> {
    let shared = Arc::new(model.clone());
    let mut facts = Vec::new();
    let with = |model: Arc<Model>| {
        move |request: &Request| Some(eval::evaluate(&model, request).effect == Decision::Permit)
    };
    let term = universe.permitted(0);
    facts.push(Fact { name: "permitted".into(), term, is: Box::new(with(shared.clone())) });
    for layer in Layer::ALL {
        let model = shared.clone();
        let term = universe.layer(0, layer);
        let is = move |request: &Request| {
            let answer = eval::evaluate(&model, request);
            let wrong = answer.refusals.iter().any(|refusal| refusal.reason == Reason::WrongContainer);
            // What the later layers say of no containers at all.
            (!wrong).then(|| !answer.refusals.iter().any(|refusal| refusal.layer == layer))
        };
        facts.push(Fact { name: format!("layer {}", layer.name()), term, is: Box::new(is) });
    }
    for clause in universe.clauses(0).to_vec() {
        if random.one_in(2) {
            let term = universe.clause(0, clause);
            let name = format!("clause {}", model.clauses[clause.index()].name);
            facts.push(Fact { name, term, is: alone(model, clause) });
        }
        if random.one_in(4) {
            let without = BTreeSet::from([clause]);
            let variation = Variation { without: &without, ..Variation::none() };
            let term = universe.varied(0, &variation);
            let mut less = model.clone();
            less.clauses[clause.index()].operations = Arc::default();
            let name = format!("permitted without {}", model.clauses[clause.index()].name);
            facts.push(Fact { name, term, is: Box::new(with(Arc::new(less))) });
        }
    }
    if random.one_in(3) {
        let own = &model.apps[app.index()].requested;
        let some: BTreeSet<_> = own.iter().copied().filter(|_| random.one_in(2)).collect();
        let term = universe.varied(0, &Variation { requested: Some(&some), ..Variation::none() });
        let mut less = model.clone();
        less.apps[app.index()].requested = some;
        facts.push(Fact { name: "fewer scopes".into(), term, is: Box::new(with(Arc::new(less))) });
    }
    for claim in claims {
        if !claim.apps.contains(&app) || !claim.operations.contains(&operation) {
            continue;
        }
        let meant =
            universe.condition(0, &claim.condition, Counting { unknown: !claim.always, listed: false });
        let permitted = universe.permitted(0);
        let broken = if claim.always { permitted.not() } else { permitted };
        let term = universe.terms().and(&[meant, broken]);
        let (model, claim) = (shared.clone(), (*claim).clone());
        let is = move |request: &Request| Some(eval::breaks(&model, &claim, request));
        facts.push(Fact { name: "claim".into(), term, is: Box::new(is) });
    }
    facts
}

/// Whether a clause matches: what its layer says where it is the only one.
fn alone(model: &Model, id: ClauseId) -> Asks {
    let kind = model.clauses[id.index()].kind;
    let mut model = model.clone();
    model.authority.app_user = Source::Policy;
    model.authority.app_user_except = Condition::Constant(false);
    model.authority.context_user = Source::Policy;
    for (number, clause) in model.clauses.iter_mut().enumerate() {
        if number != id.index() {
            clause.operations = Arc::default();
        }
    }
    Box::new(move |request: &Request| {
        let answer = eval::evaluate(&model, request);
        if answer.refusals.iter().any(|refusal| refusal.reason == Reason::WrongContainer) {
            return None;
        }
        let refused = |layer: Layer| answer.refusals.iter().any(|refusal| refusal.layer == layer);
        let told = answer.refusals.iter().any(|refusal| refusal.clauses.contains(&id));
        match kind {
            ClauseKind::AppUserGrant => Some(!refused(Layer::AppUser)),
            ClauseKind::ContextUserGrant => request.user.as_ref().map(|_| !refused(Layer::ContextUser)),
            ClauseKind::Permit => Some(!refused(Layer::Rules)),
            ClauseKind::Forbid | ClauseKind::Withdrawal => Some(told),
        }
    })
}

/// What is permitted one app is tried on the next: on many apps that are granted the same and forbidden other things.
#[test]
fn a_survey_of_many_apps_says_what_each_universe_says() {
    let size = Size { name: "team", apps: 24, rules: 160, containers: 40, users: 20, operations: 60 };
    let (mut permitted, mut denied) = (0, 0);
    for seed in 0..4 {
        let model = driver::compile(seeded(size, seed).inputs()).model.unwrap();
        let models = Models::new(&[&model]);
        for of in &survey(&model, &|_, _| {}).apps {
            for group in &of.groups {
                let alone = reach(&models, of.app, group.operations[0], &Growing::default());
                assert!(!matches!(alone, Reach::Undecided(_)));
                assert_eq!(group.is_permitted(), matches!(alone, Reach::Somewhere(_)), "{seed} {group:?}");
                match group.reach(&model, of.app) {
                    Reach::Somewhere(request) => {
                        permitted += 1;
                        assert_eq!(eval::evaluate(&model, &request).effect, Decision::Permit, "{request:#?}");
                    }
                    Reach::Never => denied += 1,
                    Reach::Undecided(open) => panic!("{open:?}"),
                }
            }
        }
    }
    assert!(permitted > 500 && denied > 100, "{permitted} {denied}");
}

/// A survey says of each app and operation what its universe says.
fn surveyed(world: &Compiled, models: &Models<'_>, seen: &mut Seen, told: &dyn Fn(&str) -> String) {
    let survey = survey(&world.model, &|_, _| {});
    for of in &survey.apps {
        let mut operations = 0;
        for group in &of.groups {
            for operation in &group.operations {
                let mut universe = models.universe(&[Some((of.app, *operation))], &[]);
                let term = universe.permitted(0);
                let name = &world.model.operations[operation.index()].name;
                let what = || told(&format!("survey of {name}"));
                match universe.ask(term) {
                    Answer::Sometimes(_) => assert!(group.is_permitted(), "{}", what()),
                    Answer::Never => assert!(!group.is_permitted(), "{}", what()),
                    Answer::Undecided(_) => seen.undecided += 1,
                }
            }
            if let Reach::Somewhere(mut request) = group.reach(&world.model, of.app) {
                seen.witnesses += 1;
                for operation in &group.operations {
                    request.operation = Target::Name(world.model.operations[operation.index()].name.clone());
                    let effect = world.evaluate(&request).effect;
                    assert_eq!(effect, Decision::Permit, "{}", told(&format!("survey: {request:#?}")));
                }
            }
            operations += group.operations.len();
        }
        assert_eq!(operations, world.model.operations.len());
    }
}

fn two_sides(
    random: &mut Random,
    old: &Compiled,
    new: &Compiled,
    requests: &Requests,
    seen: &mut Seen,
    told: &dyn Fn(&str) -> String,
) {
    let of = Some((requests.app, requests.operation));
    let models = Models::new(&[&old.model, &new.model]);
    let mut universe = models.universe(&[of, of], &[]);
    let sides = [universe.permitted(0), universe.permitted(1)];
    let is = |request: &Request| [old, new].map(|world| world.evaluate(request).effect == Decision::Permit);
    for _ in 0..8 {
        let assignment = any_assignment(random, &universe);
        let request = universe.request(&assignment);
        seen.assignments += 1;
        let said = sides.map(|term| universe.terms().evaluate(term, &assignment));
        assert_eq!(said, is(&request), "{}", told(&format!("{request:#?}")));
    }
    let mut never = BTreeMap::new();
    for outcome in [[true, false], [false, true], [true, true], [false, false]] {
        let parts: Vec<Term> =
            sides.iter().zip(outcome).map(|(term, is)| if is { *term } else { term.not() }).collect();
        let term = universe.terms().and(&parts);
        match universe.ask(term) {
            Answer::Sometimes(assignment) => {
                seen.changes += 1;
                let request = universe.request(&assignment);
                assert_eq!(is(&request), outcome, "{}", told(&format!("{request:#?}")));
            }
            Answer::Never => {
                seen.unchanged += 1;
                never.insert(outcome, ());
            }
            Answer::Undecided(_) => seen.undecided += 1,
        }
    }
    let right = |request: &Request| !is_wrong(old, request);
    for request in requests.all(if random.one_in(8) { 400 } else { 30 }) {
        if !right(&request) {
            continue;
        }
        let outcome = is(&request);
        assert!(!never.contains_key(&outcome), "{}", told(&format!("no cell has {outcome:?}: {request:#?}")));
    }
}

/// Any class of each variable, now and then the lightest of most.
fn any_assignment(random: &mut Random, universe: &Universe<'_>) -> Vec<u32> {
    let light = random.one_in(3);
    let sizes: Vec<usize> = universe.parts().iter().map(|part| part.classes.len()).collect();
    let user_or_container = |at: usize| match &universe.parts()[at].what {
        What::User | What::Container(_) => true,
        What::Value(Place::Request | Place::User | Place::Container(_), _)
        | What::Element(..)
        | What::ElementLike(..)
        | What::Stage(_)
        | What::Approval
        | What::Word(_) => false,
    };
    let class = |(at, size): (usize, usize)| {
        // Nothing is said of what is not there.
        let there = user_or_container(at) && !random.one_in(4);
        match (there, light && !random.one_in(4)) {
            (true, _) if size > 1 => 1 + random.below(size - 1) as u32,
            (_, true) => 0,
            _ => random.below(size) as u32,
        }
    };
    sizes.into_iter().enumerate().map(class).collect()
}

/// Tests, each with the words of the dimensions that it reads.
const TESTS: [&str; 78] = [
    "project.category == \"A\"",
    "project.category like \"A*\"",
    "project.category like \"*A\"",
    "project.category like [\"A*\", \"*B\"]",
    "project.category not in [\"A\", \"B\"]",
    "has(project.category)",
    "not has(project.category)",
    "container.level >= mid",
    "project.level == high",
    "issue.level < high",
    "site.level != low",
    "has(container.level)",
    "not has(issue.level)",
    "\"x\" in project.labels",
    "project.labels not intersects [\"x\", \"y\"]",
    "has(project.labels)",
    "issue.owner == user",
    "issue.owner != user",
    "issue.owner == \"ann\"",
    "user in issue.watchers",
    "user not in issue.watchers",
    "issue.owner in issue.watchers",
    "issue.owner in tags",
    "about in tags",
    "\"A\" in tags",
    "about == project.category",
    "about == project.id",
    "about == \"P\"",
    "user.department == project.category",
    "user.department != about",
    "project.category in user.groups",
    "user.department in user.groups",
    "project.category in tags",
    "project.category in operation.marks",
    "site.ip in \"10.0.0.0/8\"",
    "site.ip == client.ip",
    "site.domain == destination",
    "site.domain like \"*.a.com\"",
    "site.window < 1h",
    "container.id == \"P\"",
    "project.id like \"P*\"",
    "project.id like [\"*P\", \"P*\"]",
    "project.id in [\"P\", \"Q\"]",
    "site.id == \"s\"",
    "has(project.id)",
    "user.id == \"ann\"",
    "user.id like \"a*\"",
    "\"staff\" in user.groups",
    "\"guests\" in user.groups",
    "user.groups not intersects [\"staff\", \"guests\"]",
    "has(user)",
    "has(user.groups)",
    "user.mfa",
    "not user.mfa",
    "has(user.mfa)",
    "client.ip in [\"10.0.0.0/8\", \"10.0.0.1\"]",
    "client.ip not in \"::/0\"",
    "client.origin like \"https://*.a.com\"",
    "client.origin like \"*://a.com:*\"",
    "destination like \"*.a.com\"",
    "destination like \"x.*.a.com\"",
    "destination == \"a.com\"",
    "time during office",
    "time during night",
    "time > 2026-01-05T08:00:00Z",
    "issue.due during office",
    "issue.due == time",
    "user.born == time",
    "install.age <= 1h",
    "has(install.age)",
    "channel != server",
    "tint == project.colour",
    "container.colour != red",
    "project.size < 3 or project.size > 7",
    "issue.done",
    "setup.stage >= second",
    "setup.stage == first",
    "has(setup.stage)",
];

/// A policy over some tests.
fn policy(random: &mut Random, tests: &[&str]) -> String {
    let mut text = String::from(
        "use tiny\nwindow office in \"Europe/Berlin\" { mon-fri 08:00-17:00 }\n\
         window night in \"America/New_York\" { daily 22:00-06:00 }\n\
         role reader { read }\nrole all { any operation }\n",
    );
    text += *random.pick(&[
        "group staff { \"ann\" }\n",
        "group staff { \"ann\", \"bob\" }\ngroup crew { \"bob\" }\n",
        "group A { \"ann\" }\n",
        "",
    ]);
    let models = *random.pick(&["tiny.plain", "tiny.plain", "tiny.personal", "tiny.personal, tiny.plain"]);
    let scopes = match models {
        "tiny.plain" => *random.pick(&["READ", "WRITE", "WRITE, EXTRA", "READ, EXTRA"]),
        "tiny.personal" => "ALL",
        _ => *random.pick(&["ALL, READ", "READ", "WRITE, EXTRA", "ALL, WRITE"]),
    };
    text += &format!("app a {{\n  key \"a\"\n  vendor \"V\"\n  platform {models}\n  requests {scopes}\n");
    if random.one_in(4) {
        text += &format!("  approved {}\n", scopes.split(", ").next().unwrap_or_default());
    }
    let rest = ["WRITE", "EXTRA"].into_iter().find(|scope| !scopes.contains(scope));
    if let Some(optional) = rest.filter(|_| models.contains("plain") && random.one_in(3)) {
        text += &format!("  optional {optional}\n");
    }
    if random.one_in(6) {
        text += "  installed on \"s\"\n";
    }
    text += &format!("  user {}{}\n}}\n", random.pick(&["reader", "all", "all"]), place(random));
    text += "app b { key \"b\" platform tiny.personal requests ALL user all }\n";
    ratchet(random, &mut text, tests, models, scopes);
    declarations(random, &mut text);
    for _ in 0..1 + random.below(3) {
        let whom = random.pick(&["any user", "user \"ann\"", "group staff", "group guests"]);
        text += &format!("assign {} to {whom}{}\n", random.pick(&["reader", "all"]), place(random));
    }
    text += &format!("permit a to any operation{}{}\n", place(random), clause(random, tests));
    for _ in 0..random.below(3) {
        let (effect, apps) = (random.pick(&["permit", "forbid"]), random.pick(&["a", "any app"]));
        let operations = random.pick(&["write", "any operation", "list", "read"]);
        let place =
            if matches!(*operations, "any operation" | "read") { place(random) } else { String::new() };
        text += &format!("{effect} {apps} to {operations}{place}{}\n", clause(random, tests));
    }
    let required = format!(" required when {}", random.pick(tests));
    match random.below(6) {
        0 => text += &format!("authority {{\n  context user from policy{required}\n}}\n"),
        1 => text += "authority {\n  lifecycle from caller\n  app user from caller\n}\n",
        2 => {
            text += &format!("authority {{\n  app user from policy except when {}\n}}\n", random.pick(tests))
        }
        3 => text += &format!("authority {{\n  context user from caller{required}\n}}\n"),
        _ => {}
    }
    if random.one_in(2) {
        let claim = random.pick(&["never", "always"]);
        text += &format!("ensure \"e\" {{ {claim} any app to any operation{} }}\n", clause(random, tests));
    }
    if text.contains(".stage") && !text.contains("ratchet") {
        text += "ratchet setup on a {\n  first\n  then second when event \"e\"\n}\n";
    }
    text
}

fn place(random: &mut Random) -> String {
    let places = [
        "",
        "",
        "",
        " in project",
        " in project P",
        " in project Q",
        " at issue",
        " in site s",
        " in site where level < high",
        " in project where category == \"A\"",
        " in project where category == \"A\" and id != \"P\"",
    ];
    (*random.pick(&places)).to_string()
}

fn ratchet(random: &mut Random, text: &mut String, tests: &[&str], models: &str, scopes: &str) {
    let staged = tests.iter().any(|test| test.contains("stage"));
    if !staged && !random.one_in(3) {
        return;
    }
    // Only scopes of the plain model are in an order.
    let may_hold = models == "tiny.plain";
    let holds = if may_hold { *random.pick(&["", "", " holds READ"]) } else { "" };
    let withdraws =
        *random.pick(&["", " withdraws write", " withdraws read in project P", " withdraws any operation"]);
    let locked = *random.pick(&["", "", " locked"]);
    let _ = scopes;
    let third = *random.pick(&["", "  then third withdraws list when command\n"]);
    let nothing = if holds.is_empty() && withdraws.is_empty() { " withdraws write" } else { "" };
    let locked = if third.is_empty() { locked } else { "" };
    *text += &format!(
        "ratchet setup on a {{\n  first\n  then second{locked}{holds}{withdraws}{nothing} when event \"e\"\n{third}}}\n"
    );
}

fn declarations(random: &mut Random, text: &mut String) {
    if random.one_in(3) {
        return;
    }
    let site = |random: &mut Random| {
        *random.pick(&["", "", " level = mid", " level = high ip = \"10.0.0.1\"", " domain = \"a.com\""])
    };
    *text += &format!("container site s {{{} }}\n", site(random));
    if random.one_in(2) {
        *text += &format!("container site t {{{} }}\n", site(random));
    }
    let sites: &[&str] = if text.contains("site t") { &["s", "t"] } else { &["s"] };
    for (kind, ids) in [("project", &["P", "Q", "staff"][..]), ("issue", &["I", "J"][..])] {
        for id in ids {
            if random.one_in(2) {
                continue;
            }
            let parent = match random.one_in(3) {
                true => String::new(),
                false => format!(" in site {}", random.pick(sites)),
            };
            let body = match kind {
                "project" => *random.pick(&[
                    "",
                    " category = \"A\"",
                    " category = \"staff\" level = low",
                    " labels = [\"x\"] level = high",
                    " colour = red size = 5",
                ]),
                _ => *random.pick(&[
                    "",
                    " owner = \"ann\"",
                    " watchers = [\"ann\", \"A\"]",
                    " level = low",
                    " due = 2026-01-05",
                ]),
            };
            *text += &format!("container {kind} {id}{parent} {{{body} }}\n");
        }
    }
}

/// One thing that a request can say.
#[derive(Debug, Clone)]
enum Saying {
    Nothing,
    User(&'static str),
    Container(&'static str, Option<&'static str>),
    Of(&'static str, &'static str, Value),
    Stage(&'static str),
    Approved,
}

/// The requests for an app and an operation that say what a policy's words are about.
struct Requests {
    app: AppId,
    operation: OperationId,
    base: Request,
    dimensions: Vec<Vec<Saying>>,
}

impl Requests {
    fn new(text: &str, model: &Model, app: AppId, operation: OperationId) -> Requests {
        let mut base = Request {
            app: Some(model.apps[app.index()].key.clone()),
            operation: Target::Name(model.operations[operation.index()].name.clone()),
            ..Request::default()
        };
        base.attributes.insert("app-user.permitted".to_string(), Value::Bool(true));
        let names = |word: &str| text.contains(word);
        let mut dimensions =
            vec![vec![Saying::Nothing, Saying::User("ann"), Saying::User("bob"), Saying::User("A")]];
        for (kind, ids) in [
            ("issue", &[None, Some("I"), Some("J"), Some("K")][..]),
            ("page", &[Some("D")][..]),
            ("project", &[None, Some("P"), Some("PP"), Some("Q"), Some("staff"), Some("R")][..]),
            ("site", &[None, Some("s"), Some("t"), Some("u")][..]),
        ] {
            let mut sayings = vec![Saying::Nothing];
            sayings.extend(ids.iter().map(|id| Saying::Container(kind, *id)));
            dimensions.push(sayings);
        }
        for (place, name, words, values) in attributes() {
            if names(words) {
                let mut sayings = vec![Saying::Nothing];
                sayings.extend(values.into_iter().map(|value| Saying::Of(place, name, value)));
                dimensions.push(sayings);
            }
        }
        if names("ratchet") {
            let stages = ["first", "second", "third", "nowhere"].map(Saying::Stage);
            dimensions.push([Saying::Nothing].into_iter().chain(stages).collect());
        }
        if names("optional") {
            dimensions.push(vec![Saying::Nothing, Saying::Approved]);
        }
        Requests { app, operation, base, dimensions }
    }

    /// One of them.
    fn any(&self, random: &mut Random) -> Request {
        let mut request = self.base.clone();
        for sayings in &self.dimensions {
            let said = random.pick(sayings).clone();
            say(&mut request, said);
        }
        request
    }

    /// All of them, or so many evenly spread ones.
    fn all(&self, most: u64) -> Vec<Request> {
        let count =
            self.dimensions.iter().fold(1u64, |count, sayings| count.saturating_mul(sayings.len() as u64));
        if count > most {
            let mut random = Random::new(count);
            return (0..most).map(|_| self.any(&mut random)).collect();
        }
        let nth = |mut number: u64| {
            let mut request = self.base.clone();
            for sayings in &self.dimensions {
                say(&mut request, sayings[(number % sayings.len() as u64) as usize].clone());
                number /= sayings.len() as u64;
            }
            request
        };
        (0..count).map(nth).collect()
    }
}

fn say(request: &mut Request, saying: Saying) {
    match saying {
        Saying::Nothing => {}
        Saying::User(id) => {
            let attributes = BTreeMap::from([("permitted".to_string(), Value::Bool(true))]);
            request.user = Some(User { id: id.to_string(), attributes });
        }
        Saying::Container(kind, id) => {
            let id = id.map(str::to_string);
            request.containers.push(ContainerFact {
                kind: kind.to_string(),
                id,
                attributes: BTreeMap::new(),
            });
        }
        Saying::Of("", name, value) => drop(request.attributes.insert(name.to_string(), value)),
        Saying::Of("user", name, value) => {
            if let Some(user) = &mut request.user {
                user.attributes.insert(name.to_string(), value);
            }
        }
        Saying::Of(kind, name, value) => {
            if let Some(container) = request.containers.iter_mut().find(|container| container.kind == kind) {
                container.attributes.insert(name.to_string(), value);
            }
        }
        Saying::Stage(stage) => drop(request.stages.insert("setup".to_string(), stage.to_string())),
        Saying::Approved => {
            request.approved = Some(["READ", "WRITE", "EXTRA", "ALL"].map(str::to_string).into());
        }
    }
}

type Values = Vec<Value>;

/// Where, its name, the word by which a policy reads it, and values.
fn attributes() -> Vec<(&'static str, &'static str, &'static str, Values)> {
    let texts = |of: &[&str]| of.iter().map(|t| Value::Text(t.to_string())).collect::<Vec<_>>();
    let words =
        || texts(&["A", "AB", "BA", "A-A", "B", "staff", "ann", "bob", "P", "PP", "x", "zed", "guests"]);
    let odd = |mut values: Values| {
        values.push(Value::Bool(true));
        values
    };
    let ints = |of: &[i64]| of.iter().map(|n| Value::Int(*n)).collect::<Vec<_>>();
    let set = |of: &[&str]| Value::Set(of.iter().map(|t| t.to_string()).collect());
    let sets =
        || vec![set(&[]), set(&["A", "x"]), set(&["ann"]), set(&["staff", "zed"]), set(&["guests", "B"])];
    let levels = || texts(&["low", "mid", "high", "odd"]);
    let colours = || texts(&["red", "green", "blue", "odd"]);
    let times = ints(&[
        -1,
        0,
        1_767_570_300,
        1_767_600_000,
        1_767_600_001,
        1_767_650_000,
        1_783_000_000,
        4_102_444_800,
    ]);
    vec![
        ("", "about", "about", words()),
        ("", "tags", "tags", odd(sets())),
        ("", "tint", "tint", colours()),
        (
            "",
            "client.ip",
            "client.ip",
            texts(&["10.0.0.0", "10.0.0.1", "11.0.0.0", "::ffff:10.0.0.1", "::1", "no"]),
        ),
        (
            "",
            "client.origin",
            "client.origin",
            texts(&[
                "https://x.a.com",
                "https://a.com",
                "http://a.com:81",
                "ftp://a.com",
                "https://x.y.a.com",
                "null",
            ]),
        ),
        (
            "",
            "destination",
            "destination",
            texts(&["a.com", "x.a.com", "x.y.a.com", "X.a.com.", "b.com", ".."]),
        ),
        ("", "time", "time", times.clone()),
        ("", "install.age", "install.age", ints(&[-1, 0, 3600, 3601])),
        ("", "channel", "channel", texts(&["server", "browser", "odd"])),
        ("", "install.status", "app", texts(&["enabled", "disabled", "odd"])),
        ("", "install.site", "installed", texts(&["s", "t"])),
        ("user", "groups", "group", odd(sets())),
        ("user", "mfa", "mfa", vec![Value::Bool(true), Value::Bool(false), Value::Int(1)]),
        ("user", "department", "department", words()),
        ("user", "born", "born", odd(times.clone())),
        ("project", "category", "category", odd(words())),
        ("project", "labels", "labels", odd(vec![set(&[]), set(&["x"]), set(&["y", "z"])])),
        ("project", "level", "level", levels()),
        ("issue", "level", "level", levels()),
        ("site", "level", "level", levels()),
        ("page", "level", "container.level", levels()),
        ("project", "colour", "colour", colours()),
        ("page", "colour", "colour", colours()),
        ("project", "size", "size", odd(ints(&[i64::MIN, 2, 3, 5, 7, 8]))),
        ("issue", "owner", "owner", odd(words())),
        ("issue", "watchers", "watchers", odd(sets())),
        ("issue", "due", "due", odd(times)),
        ("issue", "done", "done", vec![Value::Bool(true), Value::Bool(false), Value::Int(1)]),
        ("site", "ip", "ip", texts(&["10.0.0.1", "10.9.9.9", "11.0.0.0", "::1", "no"])),
        ("site", "domain", "domain", texts(&["a.com", "x.a.com", "b.com", ".."])),
        ("site", "window", "window", ints(&[-1, 0, 3599, 3600])),
    ]
}
