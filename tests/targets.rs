//! Targets against brute force: every request of small random packages is put to the model of the platform, as it is
//! set, and to the evaluator. What the platform permits and the policy denies must be listed, by the rule that denies
//! it; what it stops must be listed, too; and what is listed must be there.
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sprag::driver::{self, Inputs};
use sprag::eval::{self, Answer, Decision};
use sprag::request::{ContainerFact, Request, Target as Named, User, Value};
use sprag::sema::model::{AppId, Checked, Claim, Layer, Model, OperationId};
use sprag::span::{Source, Span};
use sprag::target::gap::{Set, confirmed};
use sprag::target::{self, Cause, Options, Policy, Report, Target, Why};
use sprag_test_support::random::Random;

/// A longer campaign: `SPRAG_PACKAGES=10000 cargo test --release --test targets`.
#[expect(clippy::disallowed_methods, reason = "a campaign is set by the environment")]
fn packages() -> u64 {
    std::env::var("SPRAG_PACKAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(40)
}

#[test]
fn access_policies_permit_nothing_else_than_they_say() {
    campaign("exchange-access-policy", &MICROSOFT);
}

#[test]
fn exchange_roles_permit_nothing_else_than_they_say() {
    campaign("exchange-rbac", &MICROSOFT);
}

#[test]
fn app_access_rules_permit_nothing_else_than_they_say() {
    campaign("atlassian-app-access", &ATLASSIAN);
}

#[test]
fn forge_manifests_permit_nothing_else_than_they_say() {
    campaign("forge-manifest", &ATLASSIAN);
}

#[test]
fn forge_addresses_permit_nothing_else_than_they_say() {
    campaign("forge-manifest", &FORGE);
}

#[test]
fn github_apps_permit_nothing_else_than_they_say() {
    campaign("github-app", &GITHUB);
}

#[test]
fn the_mcp_servers_settings_permit_nothing_else_than_they_say() {
    campaign("rovo-mcp", &MCP);
}

#[test]
fn data_security_policies_permit_nothing_else_than_they_say() {
    campaign("atlassian-data-security", &GUARD);
}

#[test]
fn rovos_switches_permit_nothing_else_than_they_say() {
    campaign("rovo", &ROVO);
}

/// A policy may write `""` for a group, and no command that is made of it may.
#[test]
fn commands_name_no_group_without_a_name() {
    let text = "\
use microsoft.graph
role all { any operation }
assign all to any user
app a { key \"00000000-0000-0000-0000-00000000000a\" platform microsoft.graph.application requests Mail.Read user all }
app b { key \"00000000-0000-0000-0000-00000000000b\" platform microsoft.graph.application requests Mail.Read user all }
permit a to any operation when mailbox.groups intersects [\"\", \"g1\"]
permit b to any operation when mailbox.groups intersects [\" \"]
";
    let model = compiled(text, MICROSOFT.catalogs);
    let policy = Policy::new(&model);
    for name in ["exchange-access-policy", "exchange-rbac"] {
        let target = target::named(name).unwrap();
        let report = target::build(&policy, target, &Options { strict: false, apps: None }, &|_, _| {});
        let commands = report.plan.settings.text();
        let named = |group: &str| {
            commands.contains(&format!("Find-Group '{group}'"))
                || commands.contains(&format!("PolicyScopeGroupId '{group}'"))
        };
        assert!(named("g1") && !named("") && !named(" "), "{commands}");
        assert!(commands.contains("sprag-nobody"), "{commands}");
        for app in ["a", "b"] {
            let told = format!("a rule for `{app}` speaks of a group without a name");
            assert!(
                report.plan.notes.iter().any(|note| note.text.starts_with(&told)),
                "{:#?}",
                report.plan.notes
            );
        }
    }
}

// ---- the campaign

fn campaign(name: &str, platform: &Platform) {
    let target = target::named(name).unwrap();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..packages() {
        let mut random = Random::new(seed);
        let text = (platform.policy)(&mut random);
        let model = compiled(&text, platform.catalogs);
        let requests = platform.requests(&model);
        let policy = Policy::new(&model);
        for strict in [false, true] {
            let options = Options { strict, apps: None };
            let report = target::build(&policy, target, &options, &|_, _| {});
            check(&model, target, &report, strict, &requests, &text, &mut seen);
        }
    }
    println!("{name}: {} packages, {seen:?}", packages());
    for what in ["requests", "gaps", "listed", "exact", "permitted"] {
        assert!(seen.contains_key(what), "nothing was shown of {what}: {seen:?}");
    }
}

fn check(
    model: &Model,
    target: &'static dyn Target,
    report: &Report,
    strict: bool,
    requests: &[Request],
    text: &str,
    seen: &mut BTreeMap<&'static str, usize>,
) {
    let mut count = |what: &'static str| *seen.entry(what).or_default() += 1;
    let sets = [Set { target, settings: &*report.plan.settings }];
    let shown = || format!("{}\n{text}", target::markdown(model, report));
    for gap in &report.found.gaps {
        assert_ne!(gap.cause, Cause::Undecided, "{}", shown());
        assert!(confirmed(model, &sets, gap), "{gap:#?}\n{}", shown());
        // Whatever strict settings cover, they get right, but for the entries of lists.
        let entries = matches!(gap.cause, Cause::Filter(_) | Cause::Some(_));
        assert!(!strict || entries || gap.why == Why::NotCovered, "{gap:#?}\n{}", shown());
        count(if entries { "lists" } else { "gaps" });
    }
    let limited = report.plan.notes.iter().any(|note| note.limit.is_some());
    assert!(strict || limited || report.found.lost.is_empty(), "{}", shown());
    if report.found.gaps.is_empty() {
        count("exact");
    }
    let mut conditions: BTreeMap<(AppId, OperationId), Claim> = BTreeMap::new();
    for request in requests {
        let (app, Some(operation)) = eval::target(model, request) else { continue };
        let Some(app) = app else { continue };
        if !target.speaks_of(model, app, operation) {
            continue;
        }
        count("requests");
        let answer = eval::evaluate(model, request);
        let platform = report.plan.settings.permits(model, request);
        // What the regions were asked about is what the platform does.
        let lets = conditions.entry((app, operation)).or_insert_with(|| Claim {
            always: true,
            apps: Arc::new(BTreeSet::from([app])),
            operations: Arc::new(BTreeSet::from([operation])),
            condition: report.plan.settings.lets(model, app, operation).when,
            span: Span::default(),
        });
        if let Some(permits) = platform {
            assert_eq!(
                eval::speaks_of(model, lets, request),
                permits,
                "{request:#?}\n{lets:#?}\n{}",
                shown()
            );
        }
        let here = |of: &&target::Gap| of.app == app && of.operations.contains(&operation);
        match (platform, answer.effect) {
            (Some(true), Decision::Deny) => {
                let listed = report.found.gaps.iter().filter(here).any(|gap| explains(gap.cause, &answer));
                assert!(listed, "nobody tells of {request:#?}\n{answer:#?}\n{}", shown());
                count("listed");
            }
            (Some(true), Decision::Permit) if answer.filter.is_some() => {
                let lists = |gap: &target::Gap| matches!(gap.cause, Cause::Filter(_) | Cause::Some(_));
                let hidden = filtered_by_platform(model, report, &answer, app, operation);
                let listed = hidden || report.found.gaps.iter().filter(here).any(lists);
                assert!(listed, "nobody tells of the list {request:#?}\n{answer:#?}\n{}", shown());
                count("filters");
            }
            (Some(true), Decision::Permit) => count("permitted"),
            (Some(false), Decision::Permit) => {
                let listed = report
                    .found
                    .lost
                    .iter()
                    .any(|lost| lost.app == app && lost.operations.contains(&operation));
                assert!(listed, "nobody tells of the loss {request:#?}\n{}", shown());
                count("lost");
            }
            (Some(false) | None, _) => {}
        }
    }
}

/// Whether the cause is one for which the evaluator denied it.
fn explains(cause: Cause, answer: &Answer) -> bool {
    answer.refusals.iter().any(|refusal| match cause {
        Cause::Clause(id) => refusal.clauses.contains(&id),
        Cause::NoPermit => refusal.layer == Layer::Rules && refusal.clauses.is_empty(),
        Cause::Layer(layer) => refusal.layer == layer,
        Cause::Filter(_) | Cause::Some(_) | Cause::Undecided => false,
    })
}

/// Whether the platform itself takes out of the list what the policy's filter takes out.
fn filtered_by_platform(
    model: &Model,
    report: &Report,
    answer: &Answer,
    app: AppId,
    operation: OperationId,
) -> bool {
    answer.filter.as_ref().is_some_and(|filter| {
        let hides =
            |id: &sprag::sema::model::ClauseId| report.plan.settings.filters(model, app, operation, *id);
        filter.only.is_empty() && filter.except.iter().all(hides)
    })
}

#[track_caller]
fn compiled(text: &str, catalogs: &[&str]) -> Checked<Model> {
    let shelf = (0..).zip(catalogs);
    let shelf =
        shelf.map(|(n, text): (u32, _)| Source { path: format!("c{n}.sprag"), text: (*text).to_owned() });
    let own = vec![Source { path: "policy.sprag".to_owned(), text: text.to_owned() }];
    let inputs = Inputs { package: "small".to_owned(), own, shelf: shelf.collect(), lock: None };
    let compilation = driver::compile(inputs);
    compilation.model.unwrap_or_else(|| panic!("{:#?}\n{text}", compilation.diagnostics))
}

// ---- platforms

/// A kind of container, ids, and attributes with their values.
type OfKind = (&'static str, &'static [&'static str], &'static [Values]);

/// A name and values.
type Values = (&'static str, &'static [&'static str]);

/// A small platform: its catalogs, a random policy for it, and what requests can say.
struct Platform {
    catalogs: &'static [&'static str],
    policy: fn(&mut Random) -> String,
    /// Kind, ids, and values of attributes.
    containers: &'static [OfKind],
    /// Attributes of the moment.
    said: &'static [Values],
    /// Whether values of container attributes are sets, written with commas.
    sets: bool,
}

impl Platform {
    /// Every request that tells apart what the policies tell apart.
    fn requests(&self, model: &Model) -> Vec<Request> {
        let mut bases = vec![Request::default()];
        let mut users: Vec<Option<User>> = vec![None];
        for mode in [None, Some("online"), Some("offline")] {
            let attributes =
                mode.map(|mode| ("mode".to_owned(), Value::Text(mode.to_owned()))).into_iter().collect();
            users.push(Some(User { id: "ann".to_owned(), attributes }));
        }
        bases = bases
            .iter()
            .flat_map(|base| users.iter().map(|user| Request { user: user.clone(), ..base.clone() }))
            .collect();
        for (name, values) in self.said {
            let mut more = bases.clone();
            for base in &bases {
                for value in *values {
                    let mut said = base.clone();
                    said.attributes.insert((*name).to_owned(), Value::Text((*value).to_owned()));
                    more.push(said);
                }
            }
            bases = more;
        }
        if let Some(ratchet) = model.ratchets.first() {
            let staged = ratchet.stages.iter().flat_map(|stage| {
                bases.iter().map(|base| {
                    let mut said = base.clone();
                    said.stages.insert(ratchet.name.clone(), stage.name.clone());
                    said
                })
            });
            let staged: Vec<Request> = staged.collect();
            bases.extend(staged);
        }
        let mut all = Vec::new();
        for operation in &model.operations {
            let mut kinds = Vec::new();
            let mut next = Some(operation.kind);
            while let Some(kind) = next {
                kinds.push(model.kinds[kind.index()].name.as_str());
                next = model.kinds[kind.index()].parent;
            }
            let mut chains: Vec<Vec<ContainerFact>> = vec![Vec::new()];
            for kind in kinds {
                let facts = self.facts(kind);
                chains = chains
                    .iter()
                    .flat_map(|chain| {
                        facts.iter().map(|fact| chain.iter().cloned().chain([fact.clone()]).collect())
                    })
                    .collect();
            }
            for app in &model.apps {
                for chain in &chains {
                    all.extend(bases.iter().map(|base| Request {
                        app: Some(app.key.clone()),
                        operation: Named::Name(operation.name.clone()),
                        containers: chain.clone(),
                        ..base.clone()
                    }));
                }
            }
        }
        all
    }

    fn facts(&self, kind: &str) -> Vec<ContainerFact> {
        let Some((_, ids, attributes)) = self.containers.iter().find(|(known, ..)| *known == kind) else {
            return vec![fact(kind, Some("x"))];
        };
        let mut facts: Vec<ContainerFact> = ids.iter().map(|id| fact(kind, Some(id))).collect();
        for (name, values) in *attributes {
            let mut more = facts.clone();
            for fact in &facts {
                for value in *values {
                    let mut said = fact.clone();
                    let set = || value.split(',').filter(|v| !v.is_empty()).map(str::to_owned).collect();
                    let value = if self.sets { Value::Set(set()) } else { Value::Text((*value).to_owned()) };
                    said.attributes.insert((*name).to_owned(), value);
                    more.push(said);
                }
            }
            facts = more;
        }
        facts.push(fact(kind, None));
        facts
    }
}

fn fact(kind: &str, id: Option<&str>) -> ContainerFact {
    ContainerFact { kind: kind.to_owned(), id: id.map(str::to_owned), attributes: BTreeMap::new() }
}

fn some<'t>(random: &mut Random, of: &[&'t str]) -> &'t str {
    of[random.below(of.len())]
}

/// Rules with these operations, places and conditions.
fn rules(random: &mut Random, apps: &[&str], operations: &[&str], conditions: &[&str]) -> String {
    let mut text = String::new();
    for _ in 0..1 + random.below(4) {
        let effect = some(random, &["permit", "permit", "forbid"]);
        let condition = match random.below(5) {
            0 => String::new(),
            1 => format!(" unless {}", some(random, conditions)),
            2 => format!(" when {} and {}", some(random, conditions), some(random, conditions)),
            3 => format!(" when {} or {}", some(random, conditions), some(random, conditions)),
            _ => format!(" when {}", some(random, conditions)),
        };
        text += &format!("{effect} {} to {}{condition}\n", some(random, apps), some(random, operations));
    }
    text
}

static MICROSOFT: Platform = Platform {
    catalogs: &[r#"catalog microsoft.graph version "1"
kind tenant
kind account in tenant
kind mailbox in account { groups: strings }
kind drive in tenant
model application
model delegated demands user
scope application Files.Read.All
scope application Mail.Read
scope application Mail.ReadWrite
scope delegated Mail.Read
mark application-access-policy-binds "bound"
operation m.read {
  access read in mailbox
  requires application Mail.Read or Mail.ReadWrite
  requires delegated Mail.Read
  marks application-access-policy-binds
}
operation m.write {
  access write in mailbox requires application Mail.ReadWrite marks application-access-policy-binds
}
operation m.list { access read in tenant lists mailbox requires application Mail.Read }
operation f.read { access read in drive requires application Files.Read.All }
"#],
    policy: |random| {
        let models = some(
            random,
            &[
                "microsoft.graph.application",
                "microsoft.graph.application",
                "microsoft.graph.application, microsoft.graph.delegated",
            ],
        );
        let scopes = some(
            random,
            &["Mail.Read", "Mail.ReadWrite", "Mail.Read, Mail.ReadWrite", "Mail.Read, Files.Read.All"],
        );
        let tests = [
            "mailbox.groups intersects [\"g1\"]",
            "mailbox.groups intersects [\"g2\"]",
            "mailbox.groups intersects [\"g1\", \"g3\"]",
            "\"g3\" not in mailbox.groups",
            "channel == server",
        ];
        let start = "use microsoft.graph\nrole all { any operation }\nassign all to any user\n";
        format!("{start}app a {{ key \"a\" platform {models} requests {scopes} user all }}\n")
            + "app b { key \"b\" platform microsoft.graph.application requests Mail.Read user all }\n"
            + &rules(
                random,
                &["a", "a", "any app"],
                &["m.read", "m.read, m.write", "m.read, m.write", "m.write"],
                &tests,
            )
            + &rules(random, &["a", "any app"], &["any operation"], &["channel == server", "has(user)"])
    },
    containers: &[(
        "mailbox",
        &["m"],
        &[("groups", &["", "g1", "g2", "g3", "g1,g2", "g1,g3", "g2,g3", "g1,g2,g3", "sprag-nobody"])],
    )],
    said: &[("channel", &["server", "browser"])],
    sets: true,
};

static ATLASSIAN: Platform = Platform {
    catalogs: &[r#"catalog atlassian version "1"
kind site
kind project in site { category: string }
kind issue in project
kind space in site
kind content in space
model connect
model classic
scope connect READ
scope connect WRITE implies READ
scope classic read:jira-work
scope classic write:jira-work
scope classic manage:jira-webhook
mark app-access-rule-exempt "exempt"
operation issue.get { access read in issue requires connect READ requires classic read:jira-work }
operation issue.edit { access write in issue requires connect WRITE requires classic write:jira-work }
operation issue.search { access read in site lists issue requires connect READ requires classic read:jira-work }
operation project.get { access read in project requires connect READ requires classic read:jira-work marks app-access-rule-exempt }
operation webhook.create {
  access admin in site
  requires connect READ
  requires classic [read:jira-work, manage:jira-webhook]
  marks app-access-rule-exempt
}
operation page.get { access read in content requires connect READ }
"#],
    policy: |random| {
        let platform = some(
            random,
            &[
                "connect requests READ",
                "connect requests WRITE",
                "classic requests read:jira-work, write:jira-work",
                "classic requests read:jira-work, write:jira-work, manage:jira-webhook",
            ],
        );
        let tests = ["has(user)", "user.mode == offline", "channel == server", "has(channel)"];
        let in_projects = [
            "project.id == \"P\"",
            "project.id in [\"P\", \"Q\"]",
            "project.category == \"A\"",
            "user.mode == offline",
            "has(user)",
        ];
        let start = "use atlassian\nrole all { any operation }\nrole look { read }\n";
        let user = some(random, &["all", "all", "look"]);
        if random.one_in(4) {
            // What a rule for containers can say, and nothing else.
            let refused = some(
                random,
                &[
                    "forbid a to issue.get, issue.edit in project P",
                    "forbid any app to issue.get, issue.edit, page.get in project P, space S",
                ],
            );
            return format!(
                "{start}app a {{ key \"a\" platform atlassian.{platform} user all }}\nassign all to any user\npermit any app to any operation\n{refused}\n"
            );
        }
        let mut text = format!(
            "{start}assign {user} to any user\napp a {{ key \"a\" platform atlassian.{platform} user {user} }}\n"
        );
        text += "app b { key \"b\" platform atlassian.connect requests WRITE user all }\n";
        if random.one_in(3) {
            text += "container project P { category = \"A\" }\n";
        }
        if random.one_in(4) && platform.contains("WRITE") {
            text += "ratchet setup on a {\n  first\n  then second holds READ when event \"e\"\n}\n";
        }
        text + &rules(
            random,
            &["a", "any app"],
            &["issue.get", "issue.get, issue.edit", "issue.edit"],
            &in_projects,
        ) + &rules(
            random,
            &["a", "b"],
            &["any operation in project P", "read in project", "read in space S", "issue.search"],
            &["channel == server"],
        ) + &rules(random, &["a", "b", "any app"], &["any operation", "read", "webhook.create"], &tests)
    },
    containers: &[("project", &["P", "Q", "R"], &[("category", &["A", "B"])]), ("space", &["S", "T"], &[])],
    said: &[("channel", &["server", "browser"])],
    sets: false,
};

static FORGE: Platform = Platform {
    catalogs: &[r#"catalog atlassian version "1"
kind site
model classic
scope classic read:jira-work
operation site.get { access read in site requires classic read:jira-work }
"#],
    policy: |random| {
        let tests = [
            "destination == \"a.example\"",
            "destination like [\"*.a.example\"]",
            "destination like [\"a.example\", \"*.b.example\"]",
            "destination == \"x.a.example\"",
            // What no manifest says.
            "destination like [\"*.a.*\"]",
            "has(destination)",
            "user.mode == offline",
            "channel == server",
        ];
        let requests =
            some(random, &["read:jira-work, backend", "backend, client", "read:jira-work, backend, client"]);
        let platform = some(random, &["atlassian.classic, external", "external, atlassian.classic"]);
        format!(
            "use atlassian\nmodel external\nscope external backend\nscope external client\n\
             operation forge.fetch.backend {{ access write in site requires external backend }}\n\
             operation forge.fetch.client {{ access write in site requires external client }}\n\
             role all {{ any operation }}\nassign all to any user\n\
             app a {{ key \"a\" platform {platform} requests {requests} user all }}\n\
             app b {{ key \"b\" platform external requests backend user all }}\n"
        ) + &rules(random, &["a", "any app"], &["forge.fetch.backend", "forge.fetch.*"], &tests)
            + &rules(random, &["a", "a", "b"], &["forge.fetch.client", "any operation", "read"], &tests)
    },
    containers: &[],
    said: &[
        ("channel", &["server", "browser"]),
        (
            "destination",
            &[
                "a.example",
                "X.a.example.",
                "y.x.a.example",
                "xa.example",
                "b.example",
                "z.b.example",
                "c",
                "-.*",
            ],
        ),
    ],
    sets: false,
};

static GITHUB: Platform = Platform {
    catalogs: &[r#"catalog github version "1"
kind github-organisation
kind repository in github-organisation { topic: string }
model app
scope app contents:read
scope app contents:write implies contents:read
scope app members:read
operation contents.get { access read in repository requires app contents:read }
operation contents.edit { access write in repository requires app contents:write }
operation members.list { access read in github-organisation requires app members:read }
operation repos.list { access read in github-organisation lists repository requires app contents:read }
"#],
    policy: |random| {
        let scopes = some(random, &["contents:read", "contents:write", "contents:write, members:read"]);
        let tests = [
            "repository.id == \"r1\"",
            "repository.id in [\"r1\", \"r2\"]",
            "repository.topic == \"A\"",
            "channel == server",
        ];
        let start = "use github\nrole all { any operation }\nassign all to any user\n";
        format!("{start}app a {{ key \"a\" platform github.app requests {scopes} user all }}\n")
            + &rules(
                random,
                &["a"],
                &["contents.get", "contents.get, contents.edit", "contents.edit"],
                &tests,
            )
            + &rules(
                random,
                &["a"],
                &["any operation in repository r1", "members.list", "any operation", "repos.list"],
                &["channel == server", "has(user)"],
            )
    },
    containers: &[("repository", &["r1", "r2", "r3"], &[("topic", &["A", "B"])])],
    said: &[("channel", &["server", "browser"])],
    sets: false,
};

static MCP: Platform = Platform {
    catalogs: &[r#"catalog atlassian.rovo-mcp version "1"
kind site
kind project in site
model oauth demands user
model token
scope oauth read_jira
scope oauth write_jira
scope token read_jira
operation mcp.read { access read in project requires oauth read_jira requires token read_jira }
operation mcp.write { access write in project requires oauth write_jira }
"#],
    policy: |random| {
        let platform = some(
            random,
            &[
                "atlassian.rovo-mcp.oauth",
                "atlassian.rovo-mcp.oauth",
                "atlassian.rovo-mcp.oauth, atlassian.rovo-mcp.token",
            ],
        );
        let tests = [
            "client.origin == \"https://claude.ai\"",
            "client.origin like [\"https://*.example.com\"]",
            "client.origin like [\"https://claude.ai\", \"http://localhost:*\"]",
            "project.id == \"P\"",
            "site.id == \"prod\"",
            "has(user)",
        ];
        let start = "use atlassian.rovo-mcp\nrole all { any operation }\nassign all to any user\n";
        format!("{start}app a {{ key \"a\" platform {platform} requests read_jira, write_jira user all }}\n")
            + "app b { key \"b\" platform atlassian.rovo-mcp.oauth requests read_jira user all }\n"
            + "app c { key \"c\" platform atlassian.rovo-mcp.token requests read_jira user all }\n"
            + &rules(
                random,
                &["a", "b", "c", "any app"],
                &["mcp.read", "any operation", "mcp.write", "read"],
                &tests,
            )
    },
    containers: &[("project", &["P", "Q"], &[]), ("site", &["prod", "sandbox"], &[])],
    said: &[(
        "client.origin",
        &[
            "https://claude.ai",
            "https://a.example.com",
            "https://example.com",
            "http://localhost",
            "http://localhost:3000",
            "cursor://x",
            "none",
        ],
    )],
    sets: false,
};

static GUARD: Platform = Platform {
    catalogs: &[r#"catalog atlassian.guard version "1"
enum level ordered { public, internal, secret }
kind site { classification: level inherited }
kind space in site { classification: level inherited }
kind content in space { classification: level inherited }
model person demands user
scope person use
mark data-security-rule "ruled"
mark guard-premium "by level"
operation content.export { access read in content requires person use marks data-security-rule, guard-premium }
operation content.public-link.create { access write in content requires person use marks data-security-rule, guard-premium }
operation space.anonymous-access { access read in space requires person use marks data-security-rule }
operation content.classify { access write in content requires person use }
"#],
    policy: |random| {
        let tests = [
            "container.classification > internal",
            "container.classification == secret",
            "container.classification >= public",
            "space.id == \"S\"",
            "space.id in [\"S\", \"T\"]",
            "content.classification <= internal",
        ];
        let operations = ["content.export", "content.export, content.public-link.create", "content.classify"];
        let start = "use atlassian.guard\nrole all { any operation }\nassign all to any user\n";
        format!("{start}app people {{ key \"a\" platform atlassian.guard.person requests use user all }}\n")
            + "permit any app to any operation\n"
            + &rules(random, &["people"], &operations, &tests)
            + &rules(
                random,
                &["people"],
                &["any operation in space", "space.anonymous-access"],
                &["space.id == \"S\"", "space.id in [\"S\", \"T\"]"],
            )
    },
    containers: &[
        ("site", &["s"], &[("classification", &["secret"])]),
        ("space", &["S", "T", "U"], &[("classification", &["public", "internal"])]),
        ("content", &["c"], &[("classification", &["public", "internal", "secret"])]),
    ],
    said: &[],
    sets: false,
};

static ROVO: Platform = Platform {
    catalogs: &[r#"catalog atlassian.rovo version "1"
kind site
kind rovo-source in site { product: string  region: string }
attributes request { rovo.provider: string }
model feature demands user
scope feature chat
operation rovo.chat.answer { access read in rovo-source requires feature chat }
operation rovo.search { access read in site lists rovo-source requires feature chat }
"#],
    policy: |random| {
        let tests = [
            "rovo-source.product == \"jira\"",
            "rovo-source.product in [\"jira\", \"confluence\"]",
            "rovo-source.region == \"EU\"",
            "rovo.provider == \"atlassian\"",
        ];
        let start = "use atlassian.rovo\nrole all { any operation }\nassign all to any user\n";
        format!("{start}app rovo {{ key \"a\" platform atlassian.rovo.feature requests chat user all }}\n")
            + &rules(random, &["rovo"], &["rovo.chat.answer", "any operation in rovo-source"], &tests)
            + &rules(random, &["rovo"], &["rovo.search", "any operation"], &["has(user)"])
    },
    containers: &[(
        "rovo-source",
        &["r"],
        &[("product", &["jira", "confluence", "jsm"]), ("region", &["EU", "US"])],
    )],
    said: &[("rovo.provider", &["atlassian", "other"])],
    sets: false,
};

#[test]
fn settings_are_the_same_whenever_they_are_made() {
    let mut random = Random::new(7);
    let model = compiled(&(ATLASSIAN.policy)(&mut random), ATLASSIAN.catalogs);
    let texts: BTreeSet<String> = (0..3)
        .map(|_| {
            let target = target::named("atlassian-app-access").unwrap();
            let report = target::build(&Policy::new(&model), target, &Options::default(), &|_, _| {});
            target::markdown(&model, &report)
        })
        .collect();
    assert_eq!(texts.len(), 1);
}
