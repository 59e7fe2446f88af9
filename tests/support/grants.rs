//! Small packages about scopes, people and ratchets, with all requests that they can tell apart.

use std::collections::BTreeMap;

use sprag::analysis::privilege::permitted::{Answer, Group, Permits, Possible};
use sprag::eval::{self, Decision};
use sprag::request::{ContainerFact, Request, Target, User, Value};
use sprag::sema::model::{AppId, Claim, Condition, Model, OperationId, RatchetId};
use sprag::span::Span;

use super::random::Random;

/// The catalog of these packages: a chain of scopes, a model of conjunctions and alternatives, and one that
/// demands a person. `all` opens what `read`, `write` and `manage` do, though nobody says so.
pub const CATALOG: &str = r#"catalog nano version "1"
enum level ordered { low, high }
kind site { level: level inherited }
kind project in site { level: level inherited  category: string }
kind issue in project { level: level inherited }
model plain
model fine
model personal demands user
scope plain READ
scope plain WRITE implies READ
scope plain ADMIN implies WRITE
scope plain SIDE
scope fine read
scope fine write
scope fine manage
scope fine all
scope personal Mine
mark app-access-rule-exempt "not covered"
operation get { access read  in issue  requires plain READ  requires fine read or all  requires personal Mine }
operation edit { access write  in issue  requires plain WRITE  requires fine write or all  requires personal Mine }
operation erase { access delete  in issue  requires plain ADMIN  requires fine [write, manage] or all }
operation list { access read  in site  lists issue  requires plain READ  requires fine read or all }
operation hook { access admin  in site  requires plain READ  requires fine [manage, read] or all  marks app-access-rule-exempt }
operation configure { access admin  in project  requires plain ADMIN  requires fine manage or all }
operation grant { access admin  in project  requires plain ADMIN }
operation transfer { access admin  in project  requires plain ADMIN }
operation peek { access read  in project  requires plain SIDE or READ  requires fine read or manage or all }
"#;

const TESTS: [&str; 10] = [
    "has(user)",
    "not has(user)",
    "user.id == \"ann\"",
    "project.category == \"A\"",
    "project.category != \"A\"",
    "container.level <= low",
    "project.id == \"P\"",
    "setup.stage == first",
    "setup.stage >= second",
    "not has(setup.stage)",
];

const PLACES: [&str; 6] = ["", "", "", " in project P", " in project where category == \"A\"", " in site s"];

/// A random package over [`CATALOG`].
pub fn policy(random: &mut Random) -> String {
    let mut text = String::from(
        "use nano\nrole reader { read }\nrole editor { read, write }\nrole owner { any operation }\n",
    );
    for app in ["a", "b"] {
        // Half of the first apps hold everything at first, for ratchets to take.
        let (models, requested) = if app == "a" && random.one_in(2) {
            ("plain", vec!["ADMIN"])
        } else {
            let models = *random.pick(&["plain", "fine", "plain, fine", "personal, plain", "fine, personal"]);
            let scopes: Vec<&str> = models.split(", ").flat_map(scopes).copied().collect();
            (models, random.subset(&scopes, 4))
        };
        let platform: Vec<String> = models.split(", ").map(|m| format!("nano.{m}")).collect();
        text += &format!(
            "app {app} {{\n  key \"{app}\"\n  platform {}\n  requests {}\n",
            platform.join(", "),
            requested.join(", ")
        );
        if random.one_in(4) {
            text += &format!("  approved {}\n", random.subset(&requested, 3).join(", "));
        }
        if requested == ["ADMIN"] {
            text += "  user owner\n";
        }
        for _ in 0..random.below(3) {
            text += &format!("  user {}{}\n", random.pick(&["reader", "editor", "owner"]), place(random));
        }
        text += "}\n";
    }
    let holds = |random: &mut Random, of: &[&'static str]| match random.one_in(2) {
        true => format!(" holds {}", random.pick(of)),
        false => String::new(),
    };
    let chained = text.contains("app a {\n  key \"a\"\n  platform nano.plain");
    let (early, late) = match chained {
        true => (holds(random, &["ADMIN", "WRITE"]), holds(random, &["READ"])),
        false => (String::new(), String::new()),
    };
    let withdraws = *random.pick(&["", "", " withdraws admin", " withdraws write in project P"]);
    text += &format!(
        "ratchet setup on a {{\n  first{early}\n  then second{late}{withdraws} when command\n  then third when command\n}}\n"
    );
    if random.one_in(2) {
        text += "container project P in site s { category = \"A\" level = high }\n";
    }
    text += &format!("assign {} to any user{}\n", random.pick(&["reader", "owner"]), place(random));
    text += &format!("assign {} to any app{}\n", random.pick(&["reader", "editor", "owner"]), place(random));
    if random.one_in(5) {
        text += "permit a to any operation\n";
    }
    for _ in 0..1 + random.below(4) {
        text += &rule(random, "permit");
    }
    for _ in 0..random.below(3) {
        text += &rule(random, "forbid");
    }
    if random.one_in(4) {
        let test = random.pick(&TESTS[..7]);
        text += &format!("authority {{\n  context user from policy required when {test}\n}}\n");
    }
    text
}

fn scopes(model: &str) -> &'static [&'static str] {
    match model {
        "plain" => &["READ", "WRITE", "ADMIN", "SIDE"],
        "fine" => &["read", "write", "manage", "all"],
        _ => &["Mine"],
    }
}

fn place(random: &mut Random) -> &'static str {
    PLACES[random.below(PLACES.len())]
}

fn rule(random: &mut Random, effect: &str) -> String {
    let apps = random.pick(&["a", "b", "any app"]);
    let operations = random.pick(&[
        "read",
        "write",
        "admin",
        "get",
        "hook",
        "any operation",
        "any operation",
        "read, write",
        "erase",
        "list",
    ]);
    let place = if matches!(*operations, "hook") { "" } else { place(random) };
    let when = match random.below(4) {
        0 | 1 => String::new(),
        2 => format!(" when {}", random.pick(&TESTS)),
        _ => format!(" when {} unless {}", random.pick(&TESTS), random.pick(&TESTS)),
    };
    format!("{effect} {apps} to {operations}{place}{when}\n")
}

/// The answers of somebody who has tried all requests.
#[derive(Debug)]
pub struct Tried<'m> {
    model: &'m Model,
    /// For each app and operation, what is permitted.
    permitted: BTreeMap<(AppId, OperationId), Vec<Request>>,
    groups: Vec<Vec<Group>>,
}

impl<'m> Tried<'m> {
    /// Tries all requests.
    pub fn new(model: &'m Model) -> Tried<'m> {
        let permitted = permitted(model);
        let apps = (0..model.apps.len()).map(|app| AppId(app as u32));
        let group = |app: AppId, operation: usize| {
            let operation = OperationId(operation as u32);
            let permitted = match permitted.get(&(app, operation)).and_then(|all| all.first()) {
                Some(_) => Possible::Sometimes,
                None => Possible::Never,
            };
            Group { operations: [operation].into_iter().collect(), permitted }
        };
        let groups = apps.map(|app| (0..model.operations.len()).map(|o| group(app, o)).collect()).collect();
        Tried { model, permitted, groups }
    }

    /// What is permitted the app for the operation.
    pub fn permitted(&self, app: AppId, operation: OperationId) -> &[Request] {
        self.permitted.get(&(app, operation)).map_or(&[], Vec::as_slice)
    }

    fn find(&self, app: AppId, operation: OperationId, wanted: impl Fn(&Request) -> bool) -> Answer {
        match self.permitted(app, operation).iter().find(|request| wanted(request)) {
            Some(request) => Answer::Sometimes(Box::new(request.clone())),
            None => Answer::Never,
        }
    }
}

impl Permits for Tried<'_> {
    fn groups(&self, app: AppId) -> &[Group] {
        &self.groups[app.index()]
    }

    fn ask(&self, app: AppId, operation: OperationId, condition: &Condition) -> Answer {
        let claim = claim(app, operation, true, condition.clone());
        self.find(app, operation, |request| eval::speaks_of(self.model, &claim, request))
    }

    fn ask_outside(&self, app: AppId, operation: OperationId, condition: &Condition) -> Answer {
        let claim = claim(app, operation, false, Condition::Not(Box::new(condition.clone())));
        self.find(app, operation, |request| eval::speaks_of(self.model, &claim, request))
    }

    fn withdrawn(&self, app: AppId, operation: OperationId, ratchet: RatchetId, stage: u32) -> Answer {
        let ratchet = &self.model.ratchets[ratchet.index()];
        let name = |stage: u32| ratchet.stages[stage as usize].name.clone();
        self.find(app, operation, |request| {
            if request.stages.get(&ratchet.name) != Some(&name(stage - 1)) {
                return false;
            }
            let mut later = request.clone();
            later.stages.insert(ratchet.name.clone(), name(stage));
            eval::evaluate(self.model, &later).effect == Decision::Deny
        })
    }
}

fn claim(app: AppId, operation: OperationId, always: bool, condition: Condition) -> Claim {
    let (apps, operations) = (Default::default(), Default::default());
    let mut claim = Claim { always, apps, operations, condition, span: Span::default() };
    claim.apps = std::sync::Arc::new([app].into());
    claim.operations = std::sync::Arc::new([operation].into());
    claim
}

/// Every request that is permitted, of all that the packages can tell apart.
pub fn permitted(model: &Model) -> BTreeMap<(AppId, OperationId), Vec<Request>> {
    let mut permitted: BTreeMap<_, Vec<Request>> = BTreeMap::new();
    for app in (0..model.apps.len()).map(|app| AppId(app as u32)) {
        for (id, operation) in (0..).map(OperationId).zip(&model.operations) {
            for request in requests(&model.apps[app.index()].key, &operation.name) {
                if eval::evaluate(model, &request).effect == Decision::Permit {
                    permitted.entry((app, id)).or_default().push(request);
                }
            }
        }
    }
    permitted
}

/// Every request of an app for an operation that the packages can tell apart.
pub fn requests(app: &str, operation: &str) -> Vec<Request> {
    let mut requests = Vec::new();
    for containers in chains() {
        for user in [None, Some("ann"), Some("bob")] {
            for stage in [None, Some("first"), Some("second"), Some("third")] {
                requests.push(Request {
                    app: Some(app.to_owned()),
                    operation: Target::Name(operation.to_owned()),
                    containers: containers.clone(),
                    user: user.map(|id| User { id: id.to_owned(), ..User::default() }),
                    stages: stage.iter().map(|s| ("setup".to_owned(), s.to_string())).collect(),
                    ..Request::default()
                });
            }
        }
    }
    requests
}

/// Chains of containers with all that these packages read of them.
fn chains() -> Vec<Vec<ContainerFact>> {
    let of = |kind: &str, id: &str, told: &[(&str, Option<&str>)]| {
        let told = told.iter().filter_map(|(name, value)| Some((name, (*value)?)));
        let attributes =
            told.map(|(name, value)| (name.to_string(), Value::Text(value.to_owned()))).collect();
        ContainerFact { kind: kind.to_owned(), id: Some(id.to_owned()), attributes }
    };
    let levels = [None, Some("low"), Some("high")];
    let site = |id: &str, level| of("site", id, &[("level", level)]);
    let sites = [
        None,
        Some(site("s", None)),
        Some(site("s", Some("low"))),
        Some(site("s", Some("high"))),
        Some(site("t", None)),
    ];
    let mut chains: Vec<Vec<ContainerFact>> = Vec::new();
    for site in sites {
        chains.push(site.clone().into_iter().collect());
        for id in ["P", "Q"] {
            for category in [None, Some("A"), Some("B")] {
                for level in levels {
                    let project = of("project", id, &[("category", category), ("level", level)]);
                    let outer: Vec<ContainerFact> = [project].into_iter().chain(site.clone()).collect();
                    for level in levels {
                        let issue = of("issue", "I", &[("level", level)]);
                        chains.push([issue].into_iter().chain(outer.clone()).collect());
                    }
                    chains.push(outer);
                }
            }
        }
    }
    chains
}
