//! Random well-typed policies over a small catalog, and requests that meet their constants.
//!
//! Together the policies use every construct of the language that has a meaning for a decision.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use sprag::request::{ContainerFact, Request, Target, User, Value, Withdrawn};

use super::random::Random;
use super::wire;

/// The catalog that every world uses.
pub const CATALOG: &str = include_str!("world.sprag");

const CLASSES: [&str; 4] = ["read", "write", "delete", "admin"];
const OPERATIONS: [&str; 14] = [
    "demo.issue.get",
    "demo.issue.edit",
    "demo.issue.delete",
    "demo.issue.search",
    "demo.project.get",
    "demo.project.admin",
    "demo.project.list",
    "demo.site.info",
    "demo.page.get",
    "demo.page.search",
    "demo.page.edit",
    "demo.hook.create",
    "demo.issue.comment.add",
    "demo.closed",
];
const PATHS: [(&str, &str); 17] = [
    ("GET", "/issue/I-1"),
    ("PUT", "/issue/I-1"),
    ("GET", "/issue/search"),
    ("GET", "/issue/search?x=1"),
    ("GET", "/issue/I%2D1"),
    ("GET", "/issue/a%2Fb"),
    ("POST", "/issue/I-1/comment"),
    ("GET", "/issue/I-1/"),
    ("PUT", "/issue/.."),
    ("GET", "/nothing"),
    ("GET", "/issue/Search"),
    ("GET", "/issue/a.search(x=%271%27)"),
    ("GET", "/issue/I-1#/x"),
    ("GET", "/issue/$count"),
    ("GET", "/issue/%24count"),
    ("GET", "/issue/I-1:"),
    ("GET", "/issue/b.search"),
];
const APPS: [&str; 5] = ["alpha", "beta", "gamma", "delta", "epsilon"];
const USERS: [&str; 4] = ["ann", "bob", "cat", "dan"];
const GROUPS: [&str; 4] = ["staff", "admins", "guests", "auditors"];
pub(crate) const SITES: [&str; 3] = ["s1", "s2", "s3"];
pub(crate) const PROJECTS: [&str; 4] = ["PAY", "HR", "OPS", "OPS2"];
pub(crate) const ISSUES: [&str; 4] = ["I-1", "I-2", "HR-7", "PAY-3"];
pub(crate) const SPACES: [&str; 2] = ["DOC", "WIKI"];
pub(crate) const PAGES: [&str; 2] = ["p1", "p2"];
const WORDS: [&str; 5] = ["Finance", "Delivery", "Legal", "Fin", "x"];
const LEVELS: [&str; 4] = ["public", "internal", "confidential", "restricted"];
const COLOURS: [&str; 3] = ["red", "green", "blue"];
const IPS: [&str; 7] =
    ["10.0.0.1", "10.1.2.3", "192.168.1.7", "2001:db8::1", "::ffff:10.0.0.1", "fe80::1", "not-an-ip"];
const NETWORKS: [&str; 6] =
    ["10.0.0.0/8", "10.0.0.1", "192.168.0.0/16", "2001:db8::/32", "::/0", "0.0.0.0/0"];
const DOMAINS: [&str; 7] = [
    "example.com",
    "a.example.com",
    "A.B.Example.com.",
    "evil-example.com",
    "vendor.io",
    "bad..name",
    "a.b.c.example.com",
];
const DOMAIN_PATTERNS: [&str; 5] =
    ["*.example.com", "example.com", "**.com", "a.*.example.com", "*.vendor.io"];
const ORIGINS: [&str; 6] = [
    "https://example.com",
    "https://a.example.com:8443",
    "HTTPS://Example.com:443",
    "http://example.com",
    "https://example.com:80",
    "nonsense",
];
const ORIGIN_PATTERNS: [&str; 5] = [
    "https://example.com",
    "https://*.example.com:*",
    "*://example.com",
    "https://**.com:8443",
    "http://example.com:80",
];
const STRING_PATTERNS: [&str; 6] = ["Fin*", "*ance", "*i*", "D*y", "*", "Fin"];
/// Around edges of windows and bounds; Berlin leaves summer time on 2026-10-25.
const INSTANTS: [(&str, i64); 6] = [
    ("2026-10-25T00:30:00Z", 1_792_888_200),
    ("2026-10-25T01:30:00Z", 1_792_891_800),
    ("2026-11-02T08:00:00Z", 1_793_606_400),
    ("2026-11-02T07:59:59Z", 1_793_606_399),
    ("2026-11-07T23:30:00Z", 1_794_094_200),
    ("2027-01-01", 1_798_761_600),
];
const DURATIONS: [(&str, i64); 4] = [("0s", 0), ("1h", 3600), ("24h", 86_400), ("90d", 7_776_000)];

/// A random policy that uses [`CATALOG`] as `demo`.
pub fn policy(random: &mut Random) -> String {
    make(random, false)
}

/// A random policy in which knowing less is never an advantage and a later stage never a merit: no test asks
/// whether something is known (`has`), or which stage was reached. Permits are frequent.
pub fn plain_policy(random: &mut Random) -> String {
    make(random, true)
}

/// How half of the [`plain_policy`]s end.
pub const CALLER_DECIDES: &str =
    "authority {\n  lifecycle from caller\n  app user from caller\n  context user from caller\n}";

/// A random `forbid` that any policy over [`CATALOG`] can take.
pub fn forbid(random: &mut Random) -> String {
    let mut maker = Maker::new(random, false);
    maker.out.clear();
    maker.names = 1000; // above what `policy` gives
    maker.rule("forbid");
    maker.out
}

/// A random guarantee that any policy over [`CATALOG`] can make: often one that a rule of the policy proves, or
/// nearly proves.
pub fn guarantee(random: &mut Random, policy: &str) -> String {
    let rules: Vec<&str> =
        policy.lines().filter(|line| line.starts_with("forbid ") || line.starts_with("permit ")).collect();
    let claim = match random.below(4) {
        0 | 1 if !rules.is_empty() => super::guarantees::of_rule(random, &rules),
        _ => {
            let kind = random.pick(&["never", "never", "never", "always"]).to_string();
            let mut maker = Maker::new(random, false);
            let operations = maker.operations();
            let place = maker.place(reads(&operations));
            let mut claim = format!("{kind} {} to {operations}{place}", maker.apps());
            if maker.random.one_in(2) {
                let _ = write!(claim, " when {}", maker.condition(2, None));
            }
            if maker.random.one_in(4) {
                let _ = write!(claim, " unless {}", maker.condition(2, None));
            }
            claim
        }
    };
    format!("ensure \"g\" {{ {claim} }}\n")
}

/// The items of a policy that [`policy`] made, in order.
pub fn items(policy: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in policy.lines() {
        match items.last_mut() {
            Some(item) if line.starts_with([' ', '}']) => *item += line,
            _ => items.push(line.to_string()),
        }
        if let Some(item) = items.last_mut() {
            item.push('\n');
        }
    }
    items
}

fn make(random: &mut Random, plain: bool) -> String {
    let mut maker = Maker::new(random, plain);
    maker.declarations();
    maker.out
}

struct Maker<'r> {
    random: &'r mut Random,
    out: String,
    ratchets: Vec<(String, usize)>,
    names: usize,
    /// See [`plain_policy`].
    plain: bool,
}

impl<'r> Maker<'r> {
    fn new(random: &'r mut Random, plain: bool) -> Maker<'r> {
        Maker { random, out: String::from("use demo\n"), ratchets: Vec::new(), names: 0, plain }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.random.below(from.len())]
    }

    fn list(&mut self, from: &[&'static str], most: usize) -> String {
        self.random.subset(from, most).join(", ")
    }

    fn quoted(&mut self, from: &[&'static str], most: usize) -> String {
        let some = self.random.subset(from, most);
        some.iter().map(|s| format!("{s:?}")).collect::<Vec<_>>().join(", ")
    }

    fn declarations(&mut self) {
        self.line("window office in \"Europe/Berlin\" { mon-fri 09:00-17:00 sun 02:00-03:00 }");
        self.line("window night in \"America/New_York\" { daily 22:00-06:00 }");
        for group in ["staff", "admins"] {
            let members = self.quoted(&USERS, 3);
            self.line(&format!("group {group} {{ {members} }}"));
        }
        self.line("role reader { read }");
        self.line("role editor { reader, write, demo.issue.* except demo.issue.delete }");
        self.line("role owner { any operation }");
        self.containers();
        for app in APPS {
            self.app(app);
        }
        if self.random.one_in(2) {
            let stages = 2 + self.random.below(2);
            self.ratchet("setup", "alpha, beta", stages);
        }
        if self.random.one_in(3) {
            self.ratchet("trust", "any app where app.vendor == \"Acme\"", 2);
        }
        let simple = self.condition(2, None);
        self.line(&format!("condition special = {simple}"));
        for _ in 0..self.random.below(5) {
            self.assignment();
        }
        for _ in 0..2 + self.random.below(10) {
            let effect = self.pick(&["permit", "permit", "permit", "forbid"]);
            self.rule(effect);
        }
        if self.random.one_in(3) {
            self.crowd();
        }
        if self.plain && self.random.one_in(2) {
            self.line(CALLER_DECIDES);
        } else if self.random.one_in(2) {
            self.authority();
        }
        if self.random.one_in(4) {
            let condition = self.condition(1, None);
            self.line(&format!("ensure \"e\" {{ never any app to admin when {condition} }}"));
        }
    }

    fn containers(&mut self) {
        let mut sites = Vec::new();
        for site in SITES {
            if self.random.one_in(2) {
                let body = self.attributes("site");
                self.line(&format!("container site {site} {body}"));
                sites.push(site);
            }
        }
        for (kind, ids) in [("project", &PROJECTS[..]), ("space", &SPACES[..]), ("issue", &ISSUES[..])] {
            for id in ids {
                if !self.random.one_in(3) {
                    continue;
                }
                let body = self.attributes(kind);
                let parent = match sites.is_empty() || self.random.one_in(2) {
                    true => String::new(),
                    false => format!(" in site {}", self.random.pick(&sites)),
                };
                self.line(&format!("container {kind} {id}{parent} {body}"));
            }
        }
    }

    fn attributes(&mut self, kind: &str) -> String {
        let mut body = String::from("{");
        for (name, value) in container_literals(kind) {
            if self.random.one_in(3) {
                let value = value(self.random);
                body.push_str(&format!(" {name} = {value}"));
            }
        }
        body + " }"
    }

    fn app(&mut self, app: &str) {
        self.line(&format!("app {app} {{\n  key \"app.{app}\""));
        // These are whom ratchets are about, and their stages hold scopes of the chain.
        let mut chained = matches!(app, "alpha" | "beta");
        if app == "alpha" || self.random.one_in(2) {
            let vendor = if app == "alpha" { "Acme" } else { self.pick(&["Acme", "Other"]) };
            chained |= vendor == "Acme";
            self.line(&format!("  vendor \"{vendor}\""));
        }
        let kind = self.pick(&["app", "connector", "ai-tool", "agent"]);
        self.line(&format!("  kind {kind}"));
        let model = match chained {
            true => self.pick(&["chain", "chain, fine", "delegated, chain"]),
            false => self.pick(&["chain", "fine", "delegated", "chain, fine", "fine, delegated"]),
        };
        let qualified: Vec<_> = model.split(", ").map(|m| format!("demo.{m}")).collect();
        self.line(&format!("  platform {}", qualified.join(", ")));
        let scopes: Vec<&'static str> = model.split(", ").flat_map(scopes).copied().collect();
        if !self.random.one_in(6) {
            let requested = if self.plain { scopes } else { self.random.subset(&scopes, 5) };
            self.line(&format!("  requests {}", requested.join(", ")));
            if self.random.one_in(3) {
                let approved = self.random.subset(&requested, 3).join(", ");
                self.line(&format!("  approved {approved}"));
            }
            // What is above all that is asked for, in the model in which one scope implies the next.
            let chain = ["READ", "WRITE", "DELETE", "ADMIN"];
            let top = requested.iter().filter_map(|r| chain.iter().position(|c| c == r)).max();
            let above = &chain[top.map_or(0, |top| top + 1)..];
            if chained && !requested.contains(&"ACT") && !above.is_empty() && self.random.one_in(2) {
                let optional = self.pick(above);
                self.line(&format!("  optional {optional}"));
            }
        }
        for _ in 0..self.random.below(3) {
            let role = self.pick(&["reader", "editor", "owner"]);
            let place = self.place(true);
            self.line(&format!("  user {role}{place}"));
        }
        if self.random.one_in(4) {
            let sites = self.quoted(&SITES, 2);
            self.line(&format!("  installed on {sites}"));
        }
        self.line("}");
    }

    fn ratchet(&mut self, name: &str, apps: &str, stages: usize) {
        self.line(&format!("ratchet {name} on {apps} {{"));
        let mut held: Vec<&'static str> = vec!["ADMIN", "ACT"];
        for stage in 0..stages {
            let then = if stage == 0 { "" } else { "then " };
            let locked = if stage + 1 == stages && self.random.one_in(2) { " locked" } else { "" };
            let mut line = format!("  {then}stage{stage}{locked}");
            if self.random.one_in(2) {
                if stage > 0 {
                    held = narrower(self.random, &held);
                }
                line.push_str(&format!(" holds {}", held.join(", ")));
            }
            if stage > 0 && self.random.one_in(2) {
                let operations = self.operations();
                let place = self.place(reads(&operations));
                line.push_str(&format!(" withdraws {operations}{place}"));
            }
            if stage > 0 {
                line.push_str(self.pick(&[" when event \"done\"", " when 24h after install or command"]));
            }
            self.line(&line);
        }
        self.line("}");
        self.ratchets.push((name.to_string(), stages));
    }

    fn assignment(&mut self) {
        let role = self.pick(&["reader", "editor", "owner"]);
        let whom = match self.random.below(3) {
            0 => format!("user {:?}", self.pick(&USERS)),
            1 => format!("group {}", self.pick(&GROUPS)),
            _ => "any user".to_string(),
        };
        let place = self.place(true);
        self.line(&format!("assign {role} to {whom}{place}"));
    }

    fn rule(&mut self, effect: &str) {
        let apps = self.apps();
        let operations = self.operations();
        let place = self.place(reads(&operations));
        let mut line = format!("{effect} {apps} to {operations}{place}");
        if self.random.one_in(3) {
            line.push_str(&format!(" when {}", self.condition(2, None)));
        }
        if self.random.one_in(5) {
            line.push_str(&format!(" unless {}", self.condition(2, None)));
        }
        if self.random.one_in(5) {
            self.names += 1;
            line.push_str(&format!(" as rule-{}", self.names));
        }
        if self.random.one_in(5) {
            line.push_str(" because \"of that\"");
        }
        self.line(&line);
    }

    /// Many clauses of one kind that ask for different values of the same few attributes, so that they are
    /// dispatched on and not just listed.
    fn crowd(&mut self) {
        let head = self.pick(&[
            "permit any app to any operation",
            "permit any app to read",
            "forbid any app to any operation",
            "assign owner to any user",
            "assign editor to group staff",
        ]);
        for _ in 0..5 + self.random.below(12) {
            let place = match self.random.below(4) {
                0 => String::new(),
                1 => format!(" in project {}", self.pick(&PROJECTS)),
                2 => format!(" in site {}", self.pick(&SITES)),
                _ => format!(" in project where category in [{}]", self.quoted(&WORDS, 3)),
            };
            let when = match self.random.below(4) {
                _ if head.starts_with("assign") => String::new(),
                0 => format!(" when channel == {}", self.pick(&["browser", "server"])),
                1 => format!(" when {:?} in user.groups", self.pick(&GROUPS)),
                2 => format!(" when issue.colour == {} and user.mfa", self.pick(&COLOURS)),
                _ => format!(" when purpose in [{}]", self.quoted(&WORDS, 2)),
            };
            self.line(&format!("{head}{place}{when}"));
        }
    }

    fn authority(&mut self) {
        self.line("authority {");
        if self.random.one_in(2) {
            let from = self.pick(&["policy", "caller"]);
            self.line(&format!("  lifecycle from {from}"));
        }
        if self.random.one_in(2) {
            let from = self.pick(&["policy", "caller"]);
            let except = match self.random.one_in(2) {
                true => format!(" except when {}", self.condition(1, None)),
                false => String::new(),
            };
            self.line(&format!("  app user from {from}{except}"));
        }
        if self.random.one_in(2) {
            let from = self.pick(&["policy", "caller"]);
            let required = match self.random.one_in(2) {
                true => format!(" required when {}", self.condition(1, None)),
                false => String::new(),
            };
            self.line(&format!("  context user from {from}{required}"));
        }
        self.line("}");
    }

    fn apps(&mut self) -> String {
        match self.random.below(8) {
            0 => "any connector".to_string(),
            1 => "any app where app.vendor == \"Acme\"".to_string(),
            2 => "any app where not (app.vendor == \"Acme\") and app.kind == connector".to_string(),
            3 => format!("any app except {}", self.list(&APPS, 3)),
            4 | 5 => self.list(&APPS, 3),
            _ => "any app".to_string(),
        }
    }

    fn operations(&mut self) -> String {
        match self.random.below(8) {
            0 => "any operation except demo.hook.create".to_string(),
            1 => "demo.issue.*, write".to_string(),
            2 => "hooks, read".to_string(),
            3 => "marked exempt, read".to_string(),
            4 => "read except demo.*.search".to_string(),
            5 => self.list(&CLASSES, 3),
            _ => "any operation".to_string(),
        }
    }

    /// A container pattern that fits: every kind has an operation that reads at it.
    fn place(&mut self, reads: bool) -> String {
        let preposition = if reads { self.pick(&["in", "in", "in", "at"]) } else { "in" };
        match self.random.below(3) {
            0 => String::new(),
            1 => {
                let term = self.term();
                format!(" {preposition} {term}")
            }
            _ => {
                let (one, two) = (self.term(), self.term());
                format!(" {preposition} {one}, {two}")
            }
        }
    }

    fn term(&mut self) -> String {
        // All operation patterns above select something in an issue.
        let kind = self.pick(&["project", "site", "issue", "project"]);
        let ids: &[&'static str] = match kind {
            "project" => &PROJECTS,
            "site" => &SITES,
            _ => &ISSUES,
        };
        let id = if self.random.one_in(2) { format!(" {}", self.pick(ids)) } else { String::new() };
        let kind = if kind == "issue" { self.pick(&["project", "site"]) } else { kind };
        let ids: &[&'static str] = if kind == "project" { &PROJECTS } else { &SITES };
        let id = if id.is_empty() { id } else { format!(" {}", self.pick(ids)) };
        let filter = match self.random.one_in(3) {
            true => format!(" where {}", self.condition(1, Some(kind))),
            false => String::new(),
        };
        format!("{kind}{id}{filter}")
    }

    fn condition(&mut self, depth: usize, kind: Option<&str>) -> String {
        if depth == 0 || self.random.one_in(3) {
            return self.test(kind);
        }
        match self.random.below(5) {
            0 => format!("not ({})", self.condition(depth - 1, kind)),
            1 | 2 => format!("({} and {})", self.condition(depth - 1, kind), self.condition(depth - 1, kind)),
            _ => format!("({} or {})", self.condition(depth - 1, kind), self.condition(depth - 1, kind)),
        }
    }

    fn test(&mut self, kind: Option<&str>) -> String {
        let word = format!("{:?}", self.pick(&WORDS));
        let words = self.quoted(&WORDS, 3);
        let equal = self.pick(&["==", "!="]);
        let order = self.pick(&["<", "<=", ">", ">="]);
        let maybe_not = self.pick(&["", "not "]);
        let level = self.pick(&LEVELS);
        let instant = self.random.pick(&INSTANTS).0;
        let duration = self.random.pick(&DURATIONS).0;
        let number = self.random.below(4) as i64 - 1;
        if let Some("project") = kind
            && self.random.one_in(2)
        {
            return match self.random.below(3) {
                0 => format!("category {equal} {word}"),
                1 => "archived".to_string(),
                _ => format!("{word} {maybe_not}in labels"),
            };
        }
        let number_of_test = match self.random.below(46) {
            // Those of presence and of stages.
            5 | 6 | 45 if self.plain => 21,
            number => number,
        };
        match number_of_test {
            0 => format!("project.category {equal} {word}"),
            1 => format!("project.category {maybe_not}in [{words}]"),
            2 => format!("project.category {maybe_not}like {:?}", self.pick(&STRING_PATTERNS)),
            3 => format!("container.classification {order} {level}"),
            4 => format!("project.classification {equal} {level}"),
            5 => format!(
                "has({})",
                self.pick(&[
                    "project.category",
                    "container.classification",
                    "user",
                    "user.groups",
                    "channel",
                    "project.labels",
                    "destination",
                    "issue.due",
                    "site.network"
                ])
            ),
            6 => format!(
                "not has({})",
                self.pick(&[
                    "user",
                    "client.ip",
                    "client.origin",
                    "issue.owner",
                    "issue.participants",
                    "user.mfa",
                    "user.groups",
                    "install.age"
                ])
            ),
            7 => "project.archived".to_string(),
            8 => "not project.archived".to_string(),
            9 => format!("project.size {order} {number}"),
            10 => "project.size in [1, 2]".to_string(),
            11 => format!("{word} {maybe_not}in project.labels"),
            12 => format!("project.labels {maybe_not}intersects [{words}]"),
            13 => format!("{:?} {maybe_not}in user.groups", self.pick(&GROUPS)),
            14 => format!("user.groups intersects [{}]", self.quoted(&GROUPS, 3)),
            15 => format!("user.id {equal} {:?}", self.pick(&USERS)),
            16 => format!("user {equal} issue.owner"),
            17 => format!("user.id {maybe_not}in issue.participants"),
            18 => "user.mfa".to_string(),
            19 => format!("user.mode {equal} online"),
            20 => format!("user.idle {order} {duration}"),
            21 => format!("channel {equal} {}", self.pick(&["browser", "server"])),
            22 => format!("client.ip {maybe_not}in {:?}", self.pick(&NETWORKS)),
            23 => format!("client.ip {maybe_not}in [{}]", self.quoted(&NETWORKS, 3)),
            24 => format!("destination {maybe_not}like {:?}", self.pick(&DOMAIN_PATTERNS)),
            25 => format!("destination {equal} {:?}", self.pick(&DOMAINS[..5])),
            26 => format!("client.origin {maybe_not}like [{}]", self.quoted(&ORIGIN_PATTERNS, 2)),
            27 => format!("client.origin {equal} {:?}", self.pick(&ORIGINS[..5])),
            28 => format!("time {order} {instant}"),
            29 => format!("time {maybe_not}during {}", self.pick(&["office", "night"])),
            30 => format!("install.age {order} {duration}"),
            31 => format!("issue.colour {equal} {}", self.pick(&COLOURS)),
            32 => format!("issue.due {order} {instant}"),
            33 => "issue.due during office".to_string(),
            34 => format!("site.network {maybe_not}in {:?}", self.pick(&NETWORKS)),
            35 => format!("site.domain {equal} destination"),
            36 => format!("container.id {equal} {:?}", self.pick(&PROJECTS)),
            37 => format!("project.id like {:?}", self.pick(&["OPS*", "*", "*Y"])),
            38 => format!("app.vendor {equal} \"Acme\""),
            39 => format!("operation.access {equal} {}", self.pick(&CLASSES)),
            40 => format!("\"exempt\" {maybe_not}in operation.marks"),
            41 => format!("user.department {equal} project.category"),
            42 => format!("purpose {maybe_not}in [{words}]"),
            43 => format!("project.category {maybe_not}in user.groups"),
            44 => format!("site.window {order} {duration}"),
            _ => match self.ratchets.clone().as_slice() {
                [] => "device.managed".to_string(),
                ratchets => {
                    let (name, stages) = self.random.pick(ratchets).clone();
                    if self.random.one_in(4) {
                        return format!("{maybe_not}has({name}.stage)");
                    }
                    format!("{name}.stage {order} stage{}", self.random.below(stages))
                }
            },
        }
    }
}

fn reads(operations: &str) -> bool {
    operations.contains("read") || operations.starts_with("any")
}

fn scopes(model: &str) -> &'static [&'static str] {
    match model {
        "chain" => &["NONE", "READ", "WRITE", "DELETE", "ADMIN", "ACT"],
        "fine" => &["read:issue", "write:issue", "read:project", "manage:hook"],
        _ => &["Issue.Read", "Issue.All"],
    }
}

fn narrower(random: &mut Random, held: &[&'static str]) -> Vec<&'static str> {
    let chain = ["READ", "WRITE", "DELETE", "ADMIN"];
    let top = held.iter().filter_map(|h| chain.iter().position(|c| c == h)).max().unwrap_or(0);
    vec![chain[random.below(top + 1)]]
}

type Literal = fn(&mut Random) -> String;

fn container_literals(kind: &str) -> Vec<(&'static str, Literal)> {
    let level: (&'static str, Literal) = ("classification", |r| r.pick(&LEVELS).to_string());
    match kind {
        "site" => vec![
            level,
            ("network", |r| format!("{:?}", r.pick(&IPS[..4]))),
            ("domain", |r| format!("{:?}", r.pick(&DOMAINS[..5]))),
            ("window", |r| r.pick(&DURATIONS).0.to_string()),
        ],
        "project" => vec![
            level,
            ("category", |r| format!("{:?}", r.pick(&WORDS))),
            ("archived", |r| r.pick(&["true", "false"]).to_string()),
            ("size", |r| r.below(4).to_string()),
            ("labels", |r| format!("[{:?}]", r.pick(&WORDS))),
        ],
        "issue" => vec![
            level,
            ("owner", |r| format!("{:?}", r.pick(&USERS))),
            ("participants", |r| format!("[{:?}]", r.pick(&USERS))),
            ("colour", |r| r.pick(&COLOURS).to_string()),
            ("due", |r| r.pick(&INSTANTS).0.to_string()),
        ],
        _ => vec![level],
    }
}

/// What was taken from an installation: mostly nothing.
fn withdrawn(random: &mut Random) -> Withdrawn {
    if !random.one_in(3) {
        return Withdrawn::default();
    }
    let all: Vec<&str> = ["chain", "fine", "other"].iter().flat_map(|m| scopes(m)).copied().collect();
    let mut names = |from: &[&'static str], most: usize| -> BTreeSet<String> {
        if !random.one_in(2) {
            return BTreeSet::new();
        }
        random.subset(from, most).into_iter().map(str::to_string).collect()
    };
    let (scopes, forever) = (names(&all, 2), names(&all, 1));
    let operations = names(&OPERATIONS, 4);
    let containers = names(&PROJECTS, 2).into_iter().map(|id| ("project".to_string(), id));
    let mut containers: BTreeSet<(String, String)> = containers.collect();
    containers.extend(names(&SITES, 1).into_iter().map(|id| ("site".to_string(), id)));
    containers.extend(names(&["X-1"], 1).into_iter().map(|id| ("galaxy".to_string(), id)));
    Withdrawn { scopes, forever, operations, containers }
}

/// A random request.
pub fn request(random: &mut Random) -> Request {
    let app = match random.below(14) {
        0 => None,
        1 => Some("app.unknown".to_string()),
        _ => Some(format!("app.{}", random.pick(&APPS))),
    };
    let operation = match random.below(12) {
        0 => Target::Name("demo.unheard".to_string()),
        1 => {
            let (method, path) = random.pick(&PATHS);
            Target::Http { method: method.to_string(), path: path.to_string() }
        }
        2 => wire::request(random),
        _ => Target::Name(random.pick(&OPERATIONS).to_string()),
    };
    let mut attributes = BTreeMap::new();
    let mut give = |random: &mut Random, name: &str, often: usize, value: &dyn Fn(&mut Random) -> Value| {
        if !random.one_in(often) {
            return;
        }
        let value = if random.one_in(8) { unreadable(random) } else { value(random) };
        attributes.insert(name.to_string(), value);
    };
    give(random, "channel", 2, &|r| text(r, &["browser", "server", "mcp", "carrier-pigeon"]));
    give(random, "client.ip", 2, &|r| text(r, &IPS));
    give(random, "client.origin", 2, &|r| text(r, &ORIGINS));
    give(random, "destination", 2, &|r| text(r, &DOMAINS));
    give(random, "purpose", 2, &|r| text(r, &WORDS));
    give(random, "time", 2, &|r| Value::Int(r.pick(&INSTANTS).1 + r.below(3) as i64 - 1));
    give(random, "install.age", 2, &|r| Value::Int(r.pick(&DURATIONS).1 + r.below(3) as i64 - 1));
    give(random, "device.managed", 2, &|r| Value::Bool(r.one_in(2)));
    give(random, "install.status", 3, &|r| text(r, &["enabled", "enabled", "enabled", "disabled"]));
    give(random, "install.site", 2, &|r| text(r, &SITES));
    give(random, "app-user.permitted", 2, &|r| Value::Bool(!r.one_in(4)));
    let user = (!random.one_in(3)).then(|| user(random));
    let mut stages = BTreeMap::new();
    for ratchet in ["setup", "trust"] {
        if random.one_in(2) {
            stages.insert(ratchet.to_string(), format!("stage{}", random.below(4)));
        }
    }
    let approved = random.one_in(5).then(|| {
        let all: Vec<&str> = ["chain", "fine", "other"].iter().flat_map(|m| scopes(m)).copied().collect();
        random.subset(&all, 4).into_iter().map(str::to_string).collect()
    });
    // What is asked by path is often all that is said of containers.
    let silent = matches!(&operation, Target::Http { path, .. } if !PATHS.iter().any(|(_, p)| p == path))
        && random.one_in(2);
    Request {
        app,
        operation,
        containers: if silent { Vec::new() } else { containers(random) },
        user,
        attributes,
        stages,
        approved,
        withdrawn: withdrawn(random),
    }
}

fn user(random: &mut Random) -> User {
    let mut attributes = BTreeMap::new();
    if random.one_in(2) {
        let groups: BTreeSet<String> =
            random.subset(&GROUPS, 3).into_iter().chain(["Finance"]).map(str::to_string).collect();
        attributes.insert("groups".to_string(), Value::Set(groups));
    }
    if random.one_in(2) {
        attributes.insert("mfa".to_string(), Value::Bool(random.one_in(2)));
    }
    if random.one_in(2) {
        attributes.insert("mode".to_string(), text(random, &["online", "offline", "asleep"]));
    }
    if random.one_in(2) {
        attributes.insert("idle".to_string(), Value::Int(random.pick(&DURATIONS).1));
    }
    if random.one_in(2) {
        attributes.insert("department".to_string(), text(random, &WORDS));
    }
    if random.one_in(2) {
        attributes.insert("permitted".to_string(), Value::Bool(!random.one_in(4)));
    }
    for value in attributes.values_mut() {
        if random.one_in(8) {
            *value = unreadable(random);
        }
    }
    User { id: random.pick(&["ann", "bob", "cat", "dan", "eve"]).to_string(), attributes }
}

fn containers(random: &mut Random) -> Vec<ContainerFact> {
    let chain: &[&str] = match random.below(8) {
        0 => &[],
        1 => &["site"],
        2 => &["project"],
        3 => &["page", "space", "site"],
        4 => &["issue"],
        5 => &["project", "site"],
        _ => &["issue", "project", "site"],
    };
    let mut chain: Vec<&str> = chain.to_vec();
    if random.one_in(40) {
        chain.reverse();
    }
    if random.one_in(40) {
        chain.push("galaxy");
    }
    chain.iter().map(|kind| container(random, kind)).collect()
}

fn container(random: &mut Random, kind: &str) -> ContainerFact {
    let ids: &[&str] = match kind {
        "site" => &SITES,
        "project" => &PROJECTS,
        "issue" => &ISSUES,
        "space" => &SPACES,
        _ => &PAGES,
    };
    let id = match random.below(8) {
        0 => None,
        1 => Some("elsewhere".to_string()),
        _ => Some(random.pick(ids).to_string()),
    };
    let mut attributes = BTreeMap::new();
    let mut give = |random: &mut Random, name: &str, value: &dyn Fn(&mut Random) -> Value| {
        if random.one_in(2) {
            let value = if random.one_in(8) { unreadable(random) } else { value(random) };
            attributes.insert(name.to_string(), value);
        }
    };
    give(random, "classification", &|r| {
        text(r, &["public", "internal", "confidential", "restricted", "odd"])
    });
    match kind {
        "site" => {
            give(random, "network", &|r| text(r, &IPS));
            give(random, "domain", &|r| text(r, &DOMAINS));
            give(random, "window", &|r| Value::Int(r.pick(&DURATIONS).1));
        }
        "project" => {
            give(random, "category", &|r| text(r, &["Finance", "Delivery", "Legal", "Other", "Fin"]));
            give(random, "archived", &|r| Value::Bool(r.one_in(2)));
            give(random, "size", &|r| Value::Int(r.below(5) as i64 - 1));
            give(random, "labels", &|r| set(r, &WORDS));
            give(random, "id", &|r| text(r, &PROJECTS));
        }
        "issue" => {
            give(random, "owner", &|r| text(r, &USERS));
            give(random, "participants", &|r| set(r, &USERS));
            give(random, "colour", &|r| text(r, &COLOURS));
            give(random, "due", &|r| Value::Int(r.pick(&INSTANTS).1));
        }
        _ => {}
    }
    ContainerFact { kind: kind.to_string(), id, attributes }
}

/// A value that fits few types; which one it is given for is chance.
fn unreadable(random: &mut Random) -> Value {
    match random.below(5) {
        0 => Value::Int(7),
        1 => Value::Int(-7),
        2 => Value::Bool(true),
        3 => Value::Set(["ann".to_string(), "Finance".to_string()].into()),
        _ => text(random, &["null", "", "not a value/of any"]),
    }
}

fn text(random: &mut Random, from: &[&str]) -> Value {
    Value::Text(random.pick(from).to_string())
}

fn set(random: &mut Random, from: &[&str]) -> Value {
    Value::Set(random.subset(from, 2).into_iter().map(str::to_string).collect())
}
