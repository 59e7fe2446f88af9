//! A company at three sizes: catalog, policy and requests for benches, the same for the same size.
//!
//! One rule in twenty speaks about every app, the others about one to three; rules name containers by id, label,
//! classification, key pattern and subtree; half of the containers are declared, of the others only the
//! request tells.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use sprag::driver::{self, Inputs};
use sprag::emit;
use sprag::request::{ContainerFact, Request, Target, User, Value};
use sprag::span::Source;
use sprag_runtime as runtime;

use super::random::Random;

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// What reports call it.
    pub name: &'static str,
    /// Apps.
    pub apps: usize,
    /// `permit` and `forbid` rules.
    pub rules: usize,
    /// Sites, projects and spaces together.
    pub containers: usize,
    /// Users that groups have as members.
    pub users: usize,
    /// Operations in the catalog; rounded down to a multiple of 20.
    pub operations: usize,
}

impl Size {
    /// The size that a command line names: one of the three, or four numbers: apps, rules, containers, users.
    pub fn named(arguments: &[String]) -> Size {
        let numbers: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
        match (arguments.first().map(String::as_str), numbers.as_slice()) {
            (_, &[apps, rules, containers, users]) => {
                Size { name: "own", apps, rules, containers, users, operations: 600 }
            }
            (Some("small"), _) => SMALL,
            (Some("medium"), _) => MEDIUM,
            _ => LARGE,
        }
    }
}

/// A team.
pub const SMALL: Size =
    Size { name: "small", apps: 10, rules: 50, containers: 100, users: 100, operations: 60 };
/// A company.
pub const MEDIUM: Size =
    Size { name: "medium", apps: 200, rules: 2_000, containers: 10_000, users: 5_000, operations: 600 };
/// A group of companies.
pub const LARGE: Size =
    Size { name: "large", apps: 2_000, rules: 20_000, containers: 100_000, users: 25_000, operations: 600 };

/// Texts to compile, and where requests come from.
#[derive(Debug, Clone)]
pub struct Workload {
    /// What it was made for.
    pub size: Size,
    /// The catalog `load`.
    pub catalog: String,
    /// Path and text of each policy file.
    pub policy: Vec<(String, String)>,
    /// What some rules are about, so that requests can meet them.
    hints: Vec<Hint>,
}

/// App, area of operations and container that one rule speaks about.
#[derive(Debug, Clone, Copy)]
struct Hint {
    app: usize,
    area: usize,
    place: usize,
}

/// Makes the workload of a size.
pub fn workload(size: Size) -> Workload {
    seeded(size, size.rules as u64)
}

/// Makes one of many workloads of a size.
pub fn seeded(size: Size, seed: u64) -> Workload {
    let mut maker = Maker { random: Random::new(seed), size, hints: Vec::new() };
    let mut policy = vec![("policies/people.sprag".to_string(), maker.people())];
    policy.push(("policies/apps.sprag".to_string(), maker.apps()));
    for (number, part) in ranges(maker.places(), 5_000).enumerate() {
        policy.push((format!("policies/containers-{number}.sprag"), maker.containers(part)));
    }
    for (number, part) in ranges(size.rules, 1_000).enumerate() {
        policy.push((format!("policies/rules-{number}.sprag"), maker.rules(part)));
    }
    Workload { size, catalog: catalog(size), policy, hints: maker.hints }
}

/// A workload's texts with guarantees of which one holds, one is broken in places, and one nearly everywhere.
pub fn with_guarantees(workload: &Workload) -> Inputs {
    let mut inputs = workload.inputs();
    let text = "ensure \"measured\" {\n  never any app to admin when operation.access != admin\n  \
                never any app to delete in project where classification > confidential\n  \
                never any app to write when client.ip in [\"10.0.0.0/8\"]\n}\n";
    inputs.own.push(Source { path: "policies/guarantees.sprag".to_string(), text: text.to_string() });
    inputs
}

/// A random guarantee about what one of the rules in these texts speaks of.
pub fn guarantee(random: &mut Random, policy: &[String]) -> String {
    let lines = policy.iter().flat_map(|text| text.lines());
    let rules: Vec<&str> =
        lines.filter(|line| line.starts_with("forbid ") || line.starts_with("permit ")).collect();
    format!("ensure \"g\" {{ {} }}\n", super::guarantees::of_rule(random, &rules))
}

fn ranges(end: usize, step: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..end).step_by(step).map(move |from| from..end.min(from + step))
}

const VERBS: [(&str, &str, &str); 20] = [
    ("get", "read", "GET"),
    ("search", "read", "GET"),
    ("history", "read", "GET"),
    ("links", "read", "GET"),
    ("votes", "read", "GET"),
    ("watchers", "read", "GET"),
    ("export", "read", "GET"),
    ("create", "write", "POST"),
    ("edit", "write", "PUT"),
    ("move", "write", "POST"),
    ("hand-over", "write", "PUT"),
    ("comment", "write", "POST"),
    ("rank", "write", "PUT"),
    ("tag", "write", "PUT"),
    ("upload", "write", "POST"),
    ("delete", "delete", "DELETE"),
    ("purge", "delete", "POST"),
    ("configure", "admin", "PUT"),
    ("share", "admin", "PUT"),
    ("hook", "admin", "POST"),
];
const SEARCH: usize = 1;
/// The kind that an area's operations act in, by area, over and over.
const KINDS: [&str; 6] = ["issue", "project", "page", "issue", "space", "site"];
const LEVELS: [&str; 4] = ["public", "internal", "confidential", "restricted"];
const CATEGORIES: [&str; 8] =
    ["Delivery", "Finance", "Legal", "Research", "People", "Sales", "Support", "Security"];
const LABELS: usize = 60;
const VENDORS: usize = 40;

fn kind(area: usize) -> &'static str {
    KINDS[area % KINDS.len()]
}

fn above(kind: &str) -> &'static str {
    match kind {
        "issue" => "project",
        "page" => "space",
        "project" | "space" => "site",
        _ => "organisation",
    }
}

fn catalog(size: Size) -> String {
    let mut out = String::from(
        r#"catalog load version "1"

enum classification ordered { public, internal, confidential, restricted }

kind organisation { classification: classification inherited }
kind site in organisation { classification: classification inherited  region: string }
kind project in site {
  classification: classification inherited
  category: string
  labels: strings
  archived: bool
}
kind issue in project { classification: classification inherited  owner: string }
kind space in site { classification: classification inherited  category: string  labels: strings }
kind page in space { classification: classification inherited }

attributes user { department: string }

model classic
model granular
model delegated demands user

scope classic READ
scope classic WRITE implies READ
scope classic DELETE implies WRITE
scope classic ADMIN implies DELETE
scope delegated Read
scope delegated All implies Read
"#,
    );
    for area in 0..areas(size) {
        let _ = writeln!(out, "scope granular read:area{area}\nscope granular write:area{area}");
        for (number, (verb, access, method)) in VERBS.iter().enumerate() {
            let kind = kind(area);
            let place = match number {
                SEARCH => format!("in {}\n  lists {kind}", above(kind)),
                _ => format!("in {kind}"),
            };
            let scope = if *access == "read" { "read" } else { "write" };
            let _ = writeln!(
                out,
                "operation load.area{area}.{verb} {{\n  access {access}\n  {place}\n  http {method} \"/area{area}/{{id}}/{verb}\"\n  \
                 requires classic {}\n  requires granular {scope}:area{area}\n  requires delegated {}\n}}",
                access.to_uppercase(),
                if *access == "read" { "Read" } else { "All" }
            );
        }
        let _ = writeln!(
            out,
            "operation group area{area}-basics {{ load.area{area}.get, load.area{area}.search, load.area{area}.edit }}"
        );
    }
    out
}

fn areas(size: Size) -> usize {
    size.operations / VERBS.len()
}

/// Sites are few; four in five of the other containers are projects.
fn place_kind(place: usize, sites: usize) -> &'static str {
    match place {
        _ if place < sites => "site",
        _ if place.is_multiple_of(5) => "space",
        _ => "project",
    }
}

/// Two letters and a number, as project keys are.
fn place_id(place: usize, sites: usize) -> String {
    if place < sites {
        return format!("site{place}");
    }
    let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
    format!("{}{}{}", letter(place), letter(place / 26), place)
}

/// What is true of a container, declared or not; a function of its number alone.
fn facts(place: usize) -> (&'static str, &'static str, [String; 2]) {
    let mut random = Random::new(place as u64 ^ 0x5eed);
    let level = match random.below(10) {
        0..=3 => 0,
        4..=7 => 1,
        8 => 2,
        _ => 3,
    };
    let labels = [format!("label{}", random.below(LABELS)), format!("label{}", random.below(LABELS))];
    (LEVELS[level], CATEGORIES[random.below(CATEGORIES.len())], labels)
}

fn user_id(user: usize) -> String {
    format!("user{user}@acme.example")
}

struct Maker {
    random: Random,
    size: Size,
    hints: Vec<Hint>,
}

fn sites(size: Size) -> usize {
    (size.containers / 500).max(2)
}

fn groups(size: Size) -> usize {
    (size.users / 100).max(4)
}

impl Maker {
    /// How many containers.
    fn places(&self) -> usize {
        self.size.containers
    }

    fn people(&mut self) -> String {
        let mut out = String::from(
            "use load\n\nwindow office in \"Europe/Berlin\" { mon-fri 08:00-18:00 }\n\
             window night in \"America/New_York\" { daily 22:00-06:00 }\n\n\
             role reader { read }\nrole member { reader, write }\nrole owner { any operation }\n\n\
             assign reader to any user in organisation where classification == public\n",
        );
        let groups = groups(self.size);
        for group in 0..groups {
            let members: BTreeSet<usize> = (group..self.size.users)
                .step_by(groups)
                .chain((0..50).map(|_| self.random.below(self.size.users)))
                .collect();
            let members: Vec<String> = members.into_iter().map(|u| format!("{:?}", user_id(u))).collect();
            let _ = writeln!(out, "group group{group} {{ {} }}", members.join(", "));
            for _ in 0..1 + self.random.below(2) {
                let role = self.random.pick(&["reader", "member", "member", "owner"]);
                let place = match self.random.below(3) {
                    0 => format!(
                        " in site {}",
                        place_id(self.random.below(sites(self.size)), sites(self.size))
                    ),
                    1 => format!(" in project where category == {:?}", self.random.pick(&CATEGORIES)),
                    _ => String::new(),
                };
                let _ = writeln!(out, "assign {role} to group group{group}{place}");
            }
        }
        for _ in 0..self.size.users / 50 {
            let user = user_id(self.random.below(self.size.users));
            let project = self.place("project");
            let id = place_id(project, sites(self.size));
            let _ = writeln!(out, "assign owner to user {user:?} in project {id}");
        }
        out
    }

    fn apps(&mut self) -> String {
        let mut out = String::from("use load\n\n");
        for app in 0..self.size.apps {
            let kind = self.random.pick(&["app", "app", "connector", "ai-tool", "agent"]);
            let _ = writeln!(
                out,
                "app app{app} {{\n  key \"com.vendor{}.app{app}\"\n  vendor \"Vendor {}\"\n  kind {kind}",
                app % VENDORS,
                app % VENDORS
            );
            let areas = areas(self.size);
            let (models, requests) = match self.random.below(10) {
                _ if app.is_multiple_of(20) => ("load.classic", "ADMIN".to_string()),
                0..=5 => ("load.classic", (*self.random.pick(&["WRITE", "DELETE", "ADMIN"])).to_string()),
                6..=8 => {
                    let some = self.random.subset(&(0..areas).collect::<Vec<_>>(), 20);
                    let scope = |a: &usize| format!("read:area{a}, write:area{a}");
                    ("load.granular", some.iter().map(scope).collect::<Vec<_>>().join(", "))
                }
                _ => ("load.delegated", "All".to_string()),
            };
            let _ = writeln!(out, "  platform {models}\n  requests {requests}");
            match self.random.below(4) {
                0 => out.push_str("  user reader\n  user member in project where category == \"Delivery\"\n"),
                1 => out.push_str("  user member in organisation where classification <= internal\n"),
                _ => out.push_str("  user owner\n"),
            }
            out.push_str("}\n");
            if app.is_multiple_of(20) {
                let _ = writeln!(
                    out,
                    "ratchet setup{app} on app{app} {{\n  start holds ADMIN\n  then ready holds WRITE withdraws delete when \
                     event \"ready\" or 24h after install\n  then settled locked holds READ withdraws write in project when WRITE unused for 90d\n}}"
                );
            }
        }
        out
    }

    fn containers(&mut self, part: std::ops::Range<usize>) -> String {
        let mut out = String::new();
        let sites = sites(self.size);
        for place in part {
            let (kind, id) = (place_kind(place, sites), place_id(place, sites));
            let (level, category, [one, two]) = facts(place);
            if kind == "site" {
                let _ = writeln!(out, "container site {id} {{ classification = {level} }}");
            } else if is_declared(place) {
                let site = place_id(place % sites, sites);
                let _ = writeln!(
                    out,
                    "container {kind} {id} in site {site} {{ classification = {level} category = {category:?} labels = [{one:?}, {two:?}] }}"
                );
            }
        }
        out
    }

    /// A container of a kind.
    fn place(&mut self, kind: &str) -> usize {
        let sites = sites(self.size);
        loop {
            let place = self.random.below(if kind == "site" { sites } else { self.size.containers });
            if place_kind(place, sites) == kind {
                return place;
            }
        }
    }

    fn rules(&mut self, part: std::ops::Range<usize>) -> String {
        let mut out = String::new();
        for rule in part {
            self.rule(rule, &mut out);
        }
        out
    }

    fn rule(&mut self, rule: usize, out: &mut String) {
        let forbids = self.random.below(10) < 3;
        let everyone = rule.is_multiple_of(20);
        let app = self.random.below(self.size.apps);
        let apps = match self.random.below(6) {
            _ if everyone => match self.random.below(4) {
                0 => "any app where app.vendor != \"Vendor 3\"".to_string(),
                1 => "any app except app1".to_string(),
                _ => "any app".to_string(),
            },
            0 => format!("app{app}, app{}, app{}", (app + 1) % self.size.apps, (app + 7) % self.size.apps),
            1 | 2 => format!("app{app}, app{}", (app + 1) % self.size.apps),
            _ => format!("app{app}"),
        };
        let area = self.random.below(areas(self.size));
        let mut acts = kind(area);
        let operations = match self.random.below(10) {
            0..=3 => {
                acts = *self.random.pick(&["issue", "issue", "page"]);
                let classes = ["read", "write", "read, write", "delete", "admin"];
                (*self.random.pick(&classes)).to_string()
            }
            4 | 5 => format!("area{area}-basics"),
            6 | 7 => format!("load.area{area}.*"),
            _ => {
                let verbs = self.random.subset(&VERBS.map(|v| v.0), 4);
                verbs.iter().map(|v| format!("load.area{area}.{v}")).collect::<Vec<_>>().join(", ")
            }
        };
        let holder = match acts {
            "issue" | "project" => "project",
            "page" | "space" => "space",
            _ => "site",
        };
        let place = self.place(holder);
        let id = place_id(place, sites(self.size));
        // A forbid for every app that met a tenth of all containers would leave nothing to decide.
        let narrow = everyone && forbids;
        let containers = match self.random.below(10) {
            0..=3 => format!("{holder} {id}"),
            4 | 5 if holder != "site" => {
                format!("{holder} where \"label{}\" in labels", self.random.below(LABELS))
            }
            6 if !narrow => format!("{holder} where classification <= {}", self.random.pick(&LEVELS[..2])),
            6 => format!("{holder} where classification == restricted"),
            7 => format!("{holder} where id like \"{}*\"", &id[..3.min(id.len())]),
            _ => format!("site {}", place_id(place % sites(self.size), sites(self.size))),
        };
        let effect = if forbids { "forbid" } else { "permit" };
        let _ = write!(out, "{effect} {apps} to {operations} in {containers}");
        if narrow || self.random.one_in(2) {
            let condition = self.condition();
            let _ = write!(out, " when {condition}");
        }
        if self.random.one_in(5) {
            let _ = write!(out, " as rule-{rule} because \"REQ-{rule}: agreed with the owner\"");
        }
        out.push('\n');
        self.hints.push(Hint { app, area, place });
    }

    fn condition(&mut self) -> String {
        let one = match self.random.below(8) {
            0 => "channel == server".to_string(),
            1 => "channel in [browser, mcp]".to_string(),
            2 => format!("client.ip in \"10.{}.0.0/16\"", self.random.below(64)),
            3 => format!(
                "client.ip in [\"10.{}.{}.0/24\", \"192.0.2.0/24\"]",
                self.random.below(64),
                self.random.below(8)
            ),
            4 => format!("client.origin like \"https://*.vendor{}.example\"", self.random.below(VENDORS)),
            5 => format!("destination like \"*.vendor{}.example\"", self.random.below(VENDORS)),
            6 => "time during office".to_string(),
            _ => "user.mfa".to_string(),
        };
        match self.random.below(5) {
            0 => format!("{one} and install.age > 24h"),
            1 => format!("{one} or channel == event"),
            _ => one,
        }
    }
}

/// Whether the policy declares the container.
fn is_declared(place: usize) -> bool {
    !(place / 2).is_multiple_of(2)
}

impl Workload {
    /// The policy's length in bytes, without the catalog.
    pub fn text(&self) -> usize {
        self.policy.iter().map(|(_, text)| text.len()).sum()
    }

    /// What the driver takes.
    pub fn inputs(&self) -> Inputs {
        let source = |(path, text): &(String, String)| Source { path: path.clone(), text: text.clone() };
        Inputs {
            package: "load".to_string(),
            own: self.policy.iter().map(source).collect(),
            shelf: vec![Source { path: "catalog.sprag".to_string(), text: self.catalog.clone() }],
            lock: None,
        }
    }

    /// The compiled bundle.
    ///
    /// # Panics
    /// Where the workload is not a clean policy, with the first diagnostic.
    pub fn bundle(&self) -> Vec<u8> {
        let compilation = driver::compile(self.inputs());
        let (model, sources) = (compilation.model, compilation.sources);
        let built = model.map(|model| emit::build(&model, &sources));
        match built {
            Some(Ok(bytes)) => bytes,
            Some(Err(found)) => panic!("{found:?}"),
            None => {
                let told = compilation.diagnostics.iter().take(3);
                panic!("{:?}", told.map(|d| (sources.at(d.span()), &d.message)).collect::<Vec<_>>())
            }
        }
    }

    /// The first `count` of its requests; each is different from the others.
    pub fn requests(&self, count: usize) -> Vec<Request> {
        let mut random = Random::new(self.size.rules as u64 ^ 0xa5c3);
        (0..count).map(|_| self.request(&mut random)).collect()
    }

    fn request(&self, random: &mut Random) -> Request {
        let size = self.size;
        let sites = sites(size);
        let mut hint = Hint {
            app: random.below(size.apps),
            area: random.below(areas(size)),
            place: random.below(size.containers),
        };
        if random.one_in(3) {
            hint = *random.pick(&self.hints);
        }
        // A project for what acts in projects and issues, a space for spaces and pages.
        let kind = kind(hint.area);
        let (holder, inner) = match kind {
            "issue" => ("project", Some("issue")),
            "page" => ("space", Some("page")),
            other => (other, None),
        };
        let mut place = hint.place;
        while place_kind(place, sites) != holder {
            place = if holder == "site" { place % sites } else { (place + 1) % size.containers };
        }
        let verb = match random.below(3) {
            0 => random.below(VERBS.len()),
            1 => random.below(7),
            _ => 7 + random.below(8),
        };
        let mut containers = Vec::new();
        if verb != SEARCH
            && let Some(inner) = inner
        {
            let id = format!("{}-{}", place_id(place, sites), random.below(1000));
            containers.push(ContainerFact { kind: inner.into(), id: Some(id), attributes: BTreeMap::new() });
        }
        if verb != SEARCH || inner.is_some() {
            containers.push(self.container(place));
        }
        if holder != "site" && !random.one_in(4) {
            containers.push(self.container(place % sites));
        }
        let operation = match random.one_in(8) {
            true => Target::Http {
                method: VERBS[verb].2.to_string(),
                path: format!("/area{}/{}/{}", hint.area, place, VERBS[verb].0),
            },
            false => Target::Name(format!("load.area{}.{}", hint.area, VERBS[verb].0)),
        };
        let text = |text: &str| Value::Text(text.to_string());
        let host = format!("h{}.vendor{}.example", random.below(9), random.below(VENDORS + 10));
        let attributes = [
            ("channel", text(random.pick::<&str>(&["server", "browser", "mcp", "scheduled"]))),
            (
                "client.ip",
                Value::Text(format!("10.{}.{}.{}", random.below(80), random.below(10), random.below(256))),
            ),
            ("client.origin", Value::Text(format!("https://{host}"))),
            ("destination", Value::Text(host.clone())),
            ("install.age", Value::Int(random.below(400) as i64 * 3600)),
            ("install.status", text("enabled")),
            ("time", Value::Int(1_790_000_000 + random.below(30_000_000) as i64)),
        ];
        let attributes = attributes.into_iter().map(|(n, v)| (n.to_string(), v)).collect();
        let user = (!random.one_in(3)).then(|| User {
            id: user_id(random.below(size.users + size.users / 20)),
            attributes: BTreeMap::from([
                ("mfa".to_string(), Value::Bool(!random.one_in(4))),
                ("mode".to_string(), text(random.pick::<&str>(&["online", "offline"]))),
            ]),
        });
        let mut stages = BTreeMap::new();
        if hint.app.is_multiple_of(20) {
            let stage = random.pick(&["start", "ready", "settled"]);
            stages.insert(format!("setup{}", hint.app), stage.to_string());
        }
        Request {
            app: Some(format!("com.vendor{}.app{}", hint.app % VENDORS, hint.app)),
            operation,
            containers,
            user,
            attributes,
            stages,
            ..Request::default()
        }
    }

    fn container(&self, place: usize) -> ContainerFact {
        let sites = sites(self.size);
        let kind = place_kind(place, sites);
        let mut attributes = BTreeMap::new();
        if kind != "site" && !is_declared(place) {
            let (level, category, labels) = facts(place);
            attributes.insert("classification".to_string(), Value::Text(level.to_string()));
            attributes.insert("category".to_string(), Value::Text(category.to_string()));
            attributes.insert("labels".to_string(), Value::Set(labels.into_iter().collect()));
        }
        ContainerFact { kind: kind.to_string(), id: Some(place_id(place, sites)), attributes }
    }
}

/// More different requests than any cache holds.
pub const DIFFERENT: usize = 262_144;

/// The bundle of a workload, which lives as long as the program.
pub fn loaded(made: &Workload) -> runtime::Bundle<'static> {
    let bytes: &'static [u8] = Box::leak(made.bundle().into_boxed_slice());
    runtime::Bundle::load(bytes).unwrap_or_else(|e| panic!("{e}"))
}

/// The same request with app and operation looked up in the bundle, as who decides often keeps them.
pub fn with_handles<'r>(bundle: &runtime::Bundle<'r>, request: runtime::Request<'r>) -> runtime::Request<'r> {
    let app = match request.app {
        Some(runtime::App::Key(key)) => bundle.app(key).map(runtime::App::Handle),
        other => other,
    };
    let operation = match request.operation {
        runtime::Target::Name(name) => bundle.operation(name),
        runtime::Target::Http { method, path } => bundle.route(method, path),
        runtime::Target::Handle(handle) => Some(handle),
    };
    runtime::Request {
        app: app.or(request.app),
        operation: operation.map_or(request.operation, runtime::Target::Handle),
        ..request
    }
}

/// Borrowed twins of the requests, their texts and lists one after the other in memory, for the rest of the process:
/// made outside of what is measured.
pub fn lend(requests: &[Request]) -> Vec<runtime::Request<'static>> {
    let mut lender = Lender::default();
    requests.iter().for_each(|request| lender.note(request));
    let mut texts = String::leak(std::mem::take(&mut lender.texts)) as &'static str;
    let mut next = |text: &String| {
        let (first, rest) = texts.split_at(text.len());
        texts = rest;
        first
    };
    let mut sets = Vec::new();
    let mut values = Vec::new();
    let mut containers = Vec::new();
    let mut stages = Vec::new();
    // Positions first: the lists still move while they grow.
    let mut drafts = Vec::new();
    for request in requests {
        let mut attributes = |given: &BTreeMap<String, Value>,
                              next: &mut dyn FnMut(&String) -> &'static str| {
            let from = values.len();
            for (name, value) in given {
                let name = lender.names[name];
                let draft = match value {
                    Value::Text(text) => Draft::Value(runtime::Value::Text(next(text))),
                    Value::Bool(truth) => Draft::Value(runtime::Value::Bool(*truth)),
                    Value::Int(number) => Draft::Value(runtime::Value::Int(*number)),
                    Value::Set(set) => {
                        let from = sets.len();
                        sets.extend(set.iter().map(&mut *next));
                        Draft::Set(from..sets.len())
                    }
                };
                values.push((name, draft));
            }
            from..values.len()
        };
        let app = request.app.as_ref().map(&mut next);
        let operation = match &request.operation {
            Target::Name(name) => runtime::Target::Name(next(name)),
            Target::Http { method, path } => {
                runtime::Target::Http { method: lender.names[method], path: next(path) }
            }
        };
        let containers_from = containers.len();
        for container in &request.containers {
            let id = container.id.as_ref().map(&mut next);
            let attributes = attributes(&container.attributes, &mut next);
            containers.push((lender.names[&container.kind], id, attributes));
        }
        let user = request.user.as_ref().map(|user| {
            let id = next(&user.id);
            (id, attributes(&user.attributes, &mut next))
        });
        let own = attributes(&request.attributes, &mut next);
        let stages_from = stages.len();
        stages.extend(request.stages.iter().map(|(r, s)| (lender.names[r], lender.names[s])));
        drafts.push((
            app,
            operation,
            containers_from..containers.len(),
            user,
            own,
            stages_from..stages.len(),
        ));
    }
    let sets: &'static [&'static str] = sets.leak();
    let values: Vec<(&'static str, runtime::Value<'static>)> = values
        .into_iter()
        .map(|(name, draft)| match draft {
            Draft::Value(value) => (name, value),
            Draft::Set(range) => (name, runtime::Value::Set(&sets[range])),
        })
        .collect();
    let values: &'static [(&'static str, runtime::Value<'static>)] = values.leak();
    let containers: Vec<runtime::Container<'static>> = containers
        .into_iter()
        .map(|(kind, id, range)| runtime::Container { kind, id, attributes: &values[range] })
        .collect();
    let containers: &'static [runtime::Container<'static>] = containers.leak();
    let stages: &'static [(&'static str, &'static str)] = stages.leak();
    drafts
        .into_iter()
        .map(|(app, operation, of_containers, user, own, of_stages)| runtime::Request {
            app: app.map(runtime::App::Key),
            operation,
            containers: &containers[of_containers],
            user: user.map(|(id, range)| runtime::User { id, attributes: &values[range] }),
            attributes: &values[own],
            stages: &stages[of_stages],
            approved: None,
            withdrawn: runtime::Withdrawn::default(),
            state: None,
        })
        .collect()
}

enum Draft {
    Value(runtime::Value<'static>),
    Set(std::ops::Range<usize>),
}

/// Texts in the order of reading; names that come again and again are kept once.
#[derive(Default)]
struct Lender {
    texts: String,
    names: HashMap<String, &'static str>,
}

impl Lender {
    fn note(&mut self, request: &Request) {
        self.text(request.app.iter());
        match &request.operation {
            Target::Name(name) => self.text([name]),
            Target::Http { method, path } => {
                self.name(method);
                self.text([path]);
            }
        }
        for container in &request.containers {
            self.name(&container.kind);
            self.text(container.id.iter());
            self.attributes(&container.attributes);
        }
        if let Some(user) = &request.user {
            self.text([&user.id]);
            self.attributes(&user.attributes);
        }
        self.attributes(&request.attributes);
        for (ratchet, stage) in &request.stages {
            self.name(ratchet);
            self.name(stage);
        }
    }

    fn attributes(&mut self, attributes: &BTreeMap<String, Value>) {
        for (name, value) in attributes {
            self.name(name);
            match value {
                Value::Text(text) => self.text([text]),
                Value::Set(set) => self.text(set),
                Value::Bool(_) | Value::Int(_) => {}
            }
        }
    }

    fn text<'t>(&mut self, texts: impl IntoIterator<Item = &'t String>) {
        texts.into_iter().for_each(|text| self.texts.push_str(text));
    }

    fn name(&mut self, name: &str) {
        if !self.names.contains_key(name) {
            self.names.insert(name.to_string(), String::leak(name.to_string()));
        }
    }
}
