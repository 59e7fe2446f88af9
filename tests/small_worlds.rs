//! Small worlds, asked everything: every request of a finite space, evaluator against runtime.
//!
//! Each policy is made from a few tests whose constants cut each attribute into few classes. A request of the
//! space takes for each attribute that the policy reads a value of each class, or none, and for some a value of
//! another type; all combinations of these with all operations, chains of containers, users and stages.
//! Unknown apps and operations, paths and approvals come one at a time.
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]

use std::collections::{BTreeMap, BTreeSet};

use sprag::authzen;
use sprag::request::{ContainerFact, Request, Target, User, Value};
use sprag_test_support::compiled;
use sprag_test_support::random::Random;

/// A longer campaign: `SPRAG_SMALL_WORLDS=5000 cargo test --release --test small_worlds`.
#[expect(clippy::disallowed_methods, reason = "a campaign is set by the environment")]
fn policies() -> usize {
    std::env::var("SPRAG_SMALL_WORLDS").ok().and_then(|n| n.parse().ok()).unwrap_or(200)
}

#[test]
fn evaluator_and_runtime_agree_on_every_request_of_small_worlds() {
    let (mut asked, mut permitted, mut filtered) = (0, 0, 0);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let spaces = (0..).map(|seed| (seed, policy(&mut Random::new(seed)))).filter(|(_, text)| is_small(text));
    for (seed, text) in spaces.take(policies()) {
        let world = compiled::files(vec![text.clone()], CATALOG);
        let mut point = world.point();
        let mut ask = |request: &Request| {
            let defined = authzen::explain(&world.model, &world.sources, &world.evaluate(request));
            assert_eq!(defined, point.explain(request), "seed {seed}: {request:#?}\n{text}");
            assert_eq!(
                defined.decision,
                point.decide(request).permitted(),
                "seed {seed}: {request:#?}\n{text}"
            );
            asked += 1;
            permitted += usize::from(defined.decision);
            filtered += usize::from(defined.filter.is_some());
            for reason in defined.reasons {
                *reasons.entry(reason.reason).or_default() += 1;
            }
            Some(())
        };
        each_request(&text, &mut ask);
    }
    println!(
        "{} policies, {asked} requests, {permitted} permitted, {filtered} filtered: {reasons:?}",
        policies()
    );
    assert!(asked > 300_000 && permitted > 10_000 && filtered > 500, "{asked} {permitted} {filtered}");
}

/// Policies that read many dimensions at once are passed over: their spaces would be most of all requests.
fn is_small(policy: &str) -> bool {
    let mut requests = 0;
    let mut count = |_: &Request| {
        requests += 1;
        (requests <= LARGEST).then_some(())
    };
    each_request(policy, &mut count).is_some()
}

const LARGEST: usize = 8000;

const CATALOG: &str = r#"catalog tiny version "1"
enum level ordered { low, mid, high }
kind site { level: level inherited  ip: ip }
kind project in site { level: level inherited  category: string  labels: strings }
kind issue in project { level: level inherited  owner: string }
model plain
model personal demands user
scope plain READ
scope plain WRITE implies READ
scope personal ALL
operation get { access read  in issue  http GET "/issue/{key}"  requires plain READ  requires personal ALL }
operation edit { access write  in issue  requires plain WRITE }
operation list { access read  in site  lists issue  http GET "/issue/all"  requires plain READ }
operation list-projects { access read  in project  lists project  requires plain READ }
operation open { access read  in project  requires plain READ }
"#;

/// Tests, each on one dimension of [`DIMENSIONS`].
const TESTS: [&str; 43] = [
    "project.category == \"A\"",
    "project.category like \"A*\"",
    "project.category not in [\"A\", \"B\"]",
    "has(project.category)",
    "not has(project.category)",
    "container.level >= mid",
    "project.level == high",
    "issue.level < high",
    "\"x\" in project.labels",
    "project.labels not intersects [\"x\", \"y\"]",
    "issue.owner == user",
    "issue.owner == \"ann\"",
    "site.ip in \"10.0.0.0/8\"",
    "container.id == \"P\"",
    "project.id like \"P*\"",
    "user.id == \"ann\"",
    "\"staff\" in user.groups",
    "\"guests\" in user.groups",
    "user.groups not intersects [\"staff\", \"guests\"]",
    "has(user)",
    "user.mfa",
    "not user.mfa",
    "project.category in user.groups",
    "client.ip in [\"10.0.0.0/8\", \"10.0.0.1\"]",
    "client.ip not in \"::/0\"",
    "client.origin like \"https://*.a.com\"",
    "destination like \"*.a.com\"",
    "destination like \"x.*.a.com\"",
    "destination == \"a.com\"",
    "time during office",
    "time > 2026-01-05T08:00:00Z",
    "install.age <= 1h",
    "channel != server",
    "setup.stage >= second",
    "setup.stage == first",
    "has(setup.stage)",
    "not has(client.origin)",
    "has(install.age)",
    "has(user.groups)",
    "not has(user.mfa)",
    "has(project.labels)",
    "not has(container.level)",
    "has(issue.level)",
];

/// A request attribute (or `user.…`, `issue.…`, `project.…`, `site.…`), the words by which a policy reads it,
/// and a value of each of its classes.
fn dimensions() -> Vec<(&'static str, &'static [&'static str], Vec<Value>)> {
    let text = |t: &str| Value::Text(t.to_string());
    let texts = |of: &[&str]| of.iter().map(|t| text(t)).collect::<Vec<_>>();
    let set = |of: &[&str]| Value::Set(of.iter().map(|t| t.to_string()).collect());
    let ints = |of: &[i64]| of.iter().map(|n| Value::Int(*n)).collect::<Vec<_>>();
    vec![
        (
            "project.category",
            &["category"],
            vec![text("A"), text("AB"), text("B"), text("staff"), Value::Int(1)],
        ),
        ("project.level", &["level"], texts(&["low", "high", "none such"])),
        ("issue.level", &["level"], texts(&["mid"])),
        ("project.labels", &["labels"], vec![set(&[]), set(&["x"]), set(&["y", "z"]), text("x")]),
        ("issue.owner", &["issue.owner"], vec![text("ann"), text("bob"), Value::Bool(true)]),
        ("site.ip", &["site.ip"], texts(&["10.9.9.9", "::ffff:10.0.0.1", "11.0.0.0", "::1", "no ip"])),
        (
            "user.groups",
            &["user.groups"],
            vec![set(&[]), set(&["staff"]), set(&["guests", "A"]), text("staff")],
        ),
        ("user.mfa", &["user.mfa"], vec![Value::Bool(true), Value::Bool(false), text("true")]),
        (
            "client.ip",
            &["client.ip"],
            texts(&[
                "10.0.0.0",
                "10.0.0.1",
                "10.255.255.255",
                "11.0.0.0",
                "9.255.255.255",
                "::ffff:10.0.0.1",
                "::1",
                "nowhere",
            ]),
        ),
        (
            "client.origin",
            &["client.origin"],
            texts(&[
                "https://x.a.com",
                "https://a.com",
                "HTTPS://x.A.com:443",
                "http://x.a.com",
                "https://x.y.a.com",
                "null",
            ]),
        ),
        (
            "destination",
            &["destination"],
            texts(&["a.com", "A.com.", "x.a.com", "x.y.a.com", "x.y.z.a.com", "ba.com", "..", "com"]),
        ),
        // The edges of a Monday's office hours in Berlin's winter, and of what is known of zones.
        (
            "time",
            &["time"],
            ints(&[
                1_767_596_399,
                1_767_596_400,
                1_767_600_000,
                1_767_600_001,
                1_767_628_799,
                1_767_628_800,
                -1,
                4_102_444_800,
            ]),
        ),
        ("install.age", &["install.age"], ints(&[0, 3599, 3600, 3601, -1, i64::MAX])),
        ("channel", &["channel"], texts(&["server", "browser", "pigeon"])),
        ("install.status", &["lifecycle from caller"], texts(&["enabled", "disabled"])),
        ("install.site", &["installed on"], texts(&["s", "t"])),
        ("app-user.permitted", &["app user from caller"], vec![Value::Bool(true), Value::Bool(false)]),
        ("user.permitted", &["context user from caller"], vec![Value::Bool(true), text("yes")]),
    ]
}

/// A policy over at most two tests.
fn policy(random: &mut Random) -> String {
    let tests: Vec<&str> = random.subset(&TESTS, 2);
    let test = |random: &mut Random| random.pick(&tests).to_string();
    let mut text = String::from(
        "use tiny\nwindow office in \"Europe/Berlin\" { mon-fri 08:00-17:00 }\ngroup staff { \"ann\" }\nrole reader { read }\nrole all { any operation }\n",
    );
    let clause = |random: &mut Random| {
        let (one, two) = (test(random), test(random));
        match random.below(7) {
            0 => String::new(),
            1 => format!(" when {one}"),
            2 => format!(" unless {one}"),
            3 => format!(" when {one} and not ({two})"),
            4 => format!(" when {one} or {two}"),
            5 => format!(" when not ({one} or {two})"),
            _ => format!(" when {one} unless {two}"),
        }
    };
    let models = *random.pick(&["tiny.plain", "tiny.personal", "tiny.personal, tiny.plain"]);
    let scopes = match models {
        "tiny.plain" => *random.pick(&["READ", "WRITE"]),
        "tiny.personal" => "ALL",
        _ => *random.pick(&["ALL, READ", "READ", "WRITE"]),
    };
    text += &format!("app a {{\n  key \"a\"\n  vendor \"V\"\n  platform {models}\n  requests {scopes}\n");
    if random.one_in(3) {
        text += &format!("  approved {}\n", scopes.split(", ").next().unwrap_or_default());
    }
    if random.one_in(6) {
        text += "  installed on \"s\"\n";
    }
    let place = |random: &mut Random| {
        let places = [
            "",
            "",
            " in project",
            " in project P",
            " at issue",
            " in site s",
            " in project where category == \"A\"",
        ];
        *random.pick(&places)
    };
    text += &format!("  user {}{}\n}}\n", random.pick(&["reader", "all"]), place(random));
    let staged = tests.iter().any(|t| t.contains("stage")) || (models.ends_with("plain") && random.one_in(3));
    if staged {
        let least = if scopes.contains("WRITE") { "READ" } else { scopes };
        let holds = random.pick(&["", " holds READ"]);
        let holds = if least.starts_with("READ") { holds } else { "" };
        let withdraws = match holds.is_empty() {
            true => *random.pick(&[
                " withdraws write",
                " withdraws read in project P",
                " locked withdraws any operation",
            ]),
            false => *random.pick(&["", " withdraws write"]),
        };
        // The words come in the order of the grammar: `locked` before `holds`.
        let locked = if withdraws.starts_with(" locked") { " locked" } else { "" };
        let withdraws = withdraws.trim_start_matches(" locked");
        text += &format!(
            "ratchet setup on a {{\n  first\n  then second{locked}{holds}{withdraws} when event \"e\"\n}}\n"
        );
    }
    if random.one_in(2) {
        let parent = random.pick(&["", " in site s"]);
        let body = random.pick(&["", " category = \"A\"", " labels = [\"x\"] level = high"]);
        text += &format!("container site s {{ level = mid }}\ncontainer project P{parent} {{{body} }}\n");
    }
    let whom = random.pick(&["any user", "user \"ann\"", "group staff", "group guests"]);
    text += &format!("assign reader to {whom}{}\n", place(random));
    if random.one_in(2) {
        text += &format!("assign all to any user{}\n", place(random));
    }
    text += &format!("permit a to any operation{}{}\n", place(random), clause(random));
    if random.one_in(2) {
        text += &format!("permit any app to read{}\n", clause(random));
    }
    if random.one_in(2) {
        text += &format!(
            "forbid any app to {}{}{}\n",
            random.pick(&["write", "any operation", "list"]),
            place(random),
            clause(random)
        );
    }
    let required = format!(" required when {}", test(random));
    match random.below(5) {
        0 => text += &format!("authority {{\n  context user from policy{required}\n}}\n"),
        1 => text += "authority {\n  lifecycle from caller\n  app user from caller\n}\n",
        2 => text += &format!("authority {{\n  app user from policy except when {}\n}}\n", test(random)),
        3 => text += "authority {\n  context user from caller\n}\n",
        _ => {}
    }
    text
}

/// Calls `ask` for every request of the policy's space, until it returns `None`.
fn each_request(policy: &str, ask: &mut dyn FnMut(&Request) -> Option<()>) -> Option<()> {
    let dimensions: Vec<_> = dimensions()
        .into_iter()
        .filter(|(_, words, _)| words.iter().any(|word| policy.contains(word)))
        .map(|(name, _, values)| {
            (name, [None].into_iter().chain(values.into_iter().map(Some)).collect::<Vec<_>>())
        })
        .collect();
    let name = |name: &str| Target::Name(name.to_string());
    let http = |path: &str| Target::Http { method: "GET".to_string(), path: path.to_string() };
    let operations = ["get", "edit", "list", "list-projects", "open"].map(name);
    let reads_groups = policy.contains("guests");
    let mut users = vec![None, Some("ann")];
    users.extend(policy.contains("user.").then_some(Some("bob")));
    let stages: &[Option<&str>] = match policy.contains("ratchet") {
        true => &[None, Some("first"), Some("second"), Some("third")],
        false => &[None],
    };
    for chain in chains(policy) {
        for operation in &operations {
            for user in &users {
                for stage in stages {
                    let request = Request {
                        app: Some("a".to_string()),
                        operation: operation.clone(),
                        containers: chain.clone(),
                        user: user.map(|id| User { id: id.to_string(), ..User::default() }),
                        stages: stage.iter().map(|s| ("setup".to_string(), s.to_string())).collect(),
                        ..Request::default()
                    };
                    each_value(&request, &dimensions, ask)?;
                    let groups = ["guests".to_string()].into();
                    if let (true, Some(user)) = (reads_groups, &request.user) {
                        let mut user = user.clone();
                        user.attributes.insert("groups".to_string(), Value::Set(groups));
                        ask(&Request { user: Some(user), ..request })?;
                    }
                }
            }
        }
        // The other dimensions one at a time.
        let usual = Request {
            app: Some("a".to_string()),
            operation: operations[0].clone(),
            containers: chain.clone(),
            user: Some(User { id: "ann".to_string(), ..User::default() }),
            ..Request::default()
        };
        for app in [None, Some("b".to_string())] {
            each_value(&Request { app, ..usual.clone() }, &[], ask)?;
        }
        for operation in
            [name("nothing"), http("/issue/all"), http("/issue/all?x"), http("/issue/I"), http("/issue/")]
        {
            each_value(&Request { operation, ..usual.clone() }, &[], ask)?;
        }
        for approved in [&[][..], &["READ"], &["WRITE"], &["ALL", "WRITE"]] {
            let approved: BTreeSet<String> = approved.iter().map(|s| s.to_string()).collect();
            for operation in &operations {
                let approved = Some(approved.clone());
                each_value(&Request { approved, operation: operation.clone(), ..usual.clone() }, &[], ask)?;
            }
        }
    }
    Some(())
}

/// The request with every combination of values that it has room for.
fn each_value(
    request: &Request,
    left: &[(&str, Vec<Option<Value>>)],
    ask: &mut dyn FnMut(&Request) -> Option<()>,
) -> Option<()> {
    let Some(((name, values), left)) = left.split_first() else {
        return ask(request);
    };
    for value in values {
        let Some(value) = value else {
            each_value(request, left, ask)?;
            continue;
        };
        let mut request = request.clone();
        let (owner, own) = name.split_once('.').unwrap_or(("", name));
        match (owner, &mut request.user) {
            ("user", Some(user)) => drop(user.attributes.insert(own.to_string(), value.clone())),
            ("user", None) => continue, // nobody to say it of
            ("issue" | "project" | "site", _) => {
                match request.containers.iter_mut().find(|c| c.kind == owner) {
                    Some(container) => drop(container.attributes.insert(own.to_string(), value.clone())),
                    None => continue, // nothing to say it of
                }
            }
            _ => drop(request.attributes.insert(name.to_string(), value.clone())),
        }
        each_value(&request, left, ask)?;
    }
    Some(())
}

/// Chains with and without links, with known, other and missing ids, and in the wrong order.
fn chains(policy: &str) -> Vec<Vec<ContainerFact>> {
    let link = |kind: &str, id: Option<&str>| ContainerFact {
        kind: kind.to_string(),
        id: id.map(str::to_string),
        attributes: BTreeMap::new(),
    };
    let (issue, project, site) =
        (link("issue", Some("I")), link("project", Some("P")), link("site", Some("s")));
    let mut chains = vec![
        vec![],
        vec![issue.clone(), project.clone(), site.clone()],
        vec![issue.clone(), link("project", None)],
        vec![project.clone(), link("site", Some("t"))],
        vec![site.clone()],
    ];
    if ["container", "project P", "level", ".id"].iter().any(|word| policy.contains(word)) {
        chains.push(vec![issue.clone()]);
        chains.push(vec![issue.clone(), site.clone()]);
        chains.push(vec![link("issue", None), link("project", Some("Q"))]);
        chains.push(vec![project.clone(), issue]);
        chains.push(vec![project.clone(), project, site]);
    }
    chains
}
