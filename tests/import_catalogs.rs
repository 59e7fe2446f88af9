//! The importers of whole platforms, and the catalogs made with them.
//!
//! `SPRAG_BLESS=1 cargo test --test import_catalogs` writes the catalogs anew from `../shared/data` (or the folder in
//! `SPRAG_DATA`). Where that folder is missing, the tests that need it say so and pass.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests read files")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sprag::driver::{self, Inputs};
use sprag::import::names::Earlier;
use sprag::import::survey::fault;
use sprag::import::{self, Document, ImportError, Imported, NoteKind, Options};
use sprag::sema::model::{Access, Checked, Model, Operation, ScopeId};
use sprag::shelf;
use sprag::span::Source;
use sprag::syntax::printer;
use sprag::syntax::tree::{Item, OperationMember};

/// Importer, version, catalog's file and documents.
const CATALOGS: [(&str, Option<&str>, &str, &[&str]); 5] = [
    (
        "forge-scopes",
        Some("13.7.0"),
        "atlassian/forge.sprag",
        &[
            "facts/forge_scopes.json",
            "facts/forge_event_scopes.json",
            "atlassian_openapi/jira-platform-v3_2026-07.json",
            "atlassian_openapi/confluence-v1_2026-07.json",
            "atlassian_openapi/confluence-v2_2026-07.json",
        ],
    ),
    (
        "github",
        Some("undated"),
        "github.sprag",
        &["github_app/app-permissions-schema.json", "github_app/app-permissions.api.github.com.json"],
    ),
    (
        "google",
        Some("2026-11"),
        "google.sprag",
        &[
            "google/admin.directory_v1.json",
            "google/admin.reports_v1.json",
            "google/calendar.v3.json",
            "google/chat.v1.json",
            "google/cloudidentity.v1.json",
            "google/docs.v1.json",
            "google/drive.v3.json",
            "google/forms.v1.json",
            "google/gmail.v1.json",
            "google/groupssettings.v1.json",
            "google/people.v1.json",
            "google/sheets.v4.json",
            "google/slides.v1.json",
            "google/tasks.v1.json",
            "google/vault.v1.json",
        ],
    ),
    ("graph", Some("2026-07"), "microsoft/graph.sprag", &["msgraph/permissions.json"]),
    ("slack", None, "slack.sprag", &["slack/slack_web_openapi_v2_without_examples.json"]),
];

// ---- against the documents

#[test]
fn the_catalogs_are_what_their_documents_make() {
    let Some(data) = data() else { return };
    for (importer, version, path, documents) in CATALOGS {
        let made = made(&data, importer, version, documents);
        let again = self::made(&data, importer, version, documents);
        assert_eq!(fault(&made.file, Some(&again.file)), None, "{path}");
        let text = printer::print(&made.file);
        let path = root().join("policies/catalogs").join(path);
        if std::env::var_os("SPRAG_BLESS").is_some() {
            let before = Earlier::read("before", &std::fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(before.moved(&made), [], "rules of others use these names");
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(kept == text, "{} is stale; SPRAG_BLESS=1 writes it anew", path.display());
    }
}

/// Paths in Graph's table that name one thing, as an example does.
const EXAMPLES: [&str; 2] =
    ["/calls/57dab8b1894c409ab240bd8beae78896/", "/teams/87654321-0abc-zqf0-321456789q/"];

#[test]
fn every_graph_requirement_is_the_published_one() {
    let Some(data) = data() else { return };
    let table = std::fs::read_to_string(data.join("facts/msgraph_requirements.tsv")).unwrap();
    let imported = made(&data, "graph", Some("2026-07"), &["msgraph/permissions.json"]);
    // By method, path with parameters alike and in one case, and model: each way, and whether it is the least.
    let mut ours: BTreeMap<(String, String, &str), BTreeMap<Vec<String>, bool>> = BTreeMap::new();
    for item in &imported.file.items {
        let Item::Operation(operation) = item else { continue };
        let http = operation.members.iter().find_map(|m| match m {
            OperationMember::Http { method, path } => {
                Some((method.text.clone(), one_spelling(&path.value["/v1.0".len()..])))
            }
            _ => None,
        });
        let Some((method, path)) = http else { continue };
        for member in &operation.members {
            let OperationMember::Requires { model, alternatives } = member else { continue };
            let scheme = match model.text.as_str() {
                "application" => "Application",
                "delegated" => "DelegatedWork",
                "personal" => "DelegatedPersonal",
                other => panic!("{other}"),
            };
            let ways =
                alternatives.iter().map(|a| (a.scopes.iter().map(|s| s.text.clone()).collect(), a.least));
            ours.insert((method.clone(), path.clone(), scheme), ways.collect());
        }
    }
    // The table has a row for each spelling; ours are together.
    let mut published: BTreeMap<(String, String, &str), BTreeMap<Vec<String>, bool>> = BTreeMap::new();
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [method, path, scheme, least, others, also] = cells[..] else { panic!("{line}") };
        rows += 1;
        // Written wrong, it is an operation of its own, without a path; and an example is none.
        if path.contains("}}") || EXAMPLES.iter().any(|example| path.contains(example)) {
            continue;
        }
        let key = (method.to_owned(), one_spelling(path), scheme);
        if !ours.contains_key(&key) {
            assert!(!is_sayable(path), "{line}");
            continue;
        }
        let ways = published.entry(key).or_default();
        let conjunctions: BTreeMap<&str, Vec<&str>> = also
            .split(' ')
            .filter(|a| !a.is_empty())
            .map(|a| a.split_once('+').unwrap())
            .map(|(own, others)| (own, others.split('+').collect()))
            .collect();
        for (list, is_least) in [(least, true), (others, false)] {
            for scope in list.split(' ').filter(|s| !s.is_empty()) {
                match conjunctions.get(scope) {
                    None => *ways.entry(vec![scope.to_owned()]).or_default() |= is_least,
                    Some(others) => {
                        for other in others {
                            let all: BTreeSet<String> = [scope, other].map(str::to_owned).into();
                            *ways.entry(all.into_iter().collect()).or_default() |= is_least;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(rows, 22_211);
    let (mut compared, mut differing) = (0, 0);
    for (key, ways) in &published {
        let ours = &ours[key];
        for (way, least) in ways.iter().filter(|(way, _)| way.len() == 1) {
            // Where the document says it twice, once as the least, the table has one of the two.
            let own = ours.get(way);
            assert!(own.is_some_and(|own| *own || !*least), "{key:?} {way:?}: {own:?}");
            differing += usize::from(own != Some(least));
        }
        // The table keeps one conjunction where the document has several for one permission, and keeps what the
        // scheme does not have.
        let together = |ways: &BTreeMap<Vec<String>, bool>, scope: &String| {
            ways.keys().any(|way| way.len() > 1 && way.contains(scope))
        };
        for way in ours.keys() {
            let known = ways.contains_key(way) || way.iter().any(|scope| together(ways, scope));
            assert!(known, "{key:?} {way:?}");
        }
        compared += 1;
    }
    assert_eq!(compared, ours.len());
    assert!(compared > 19_000 && differing < 20, "{compared} {differing}");
}

/// What GitHub's documentation asks for together, or alone, where the file lists it apart.
const CORRECTED: [(&str, &[&str]); 6] = [
    ("DELETE /teams/{team_id}/projects/{project_id}", &["members:read", "repository_projects:read"]),
    ("DELETE /teams/{team_id}/repos/{owner}/{repo}", &["administration:write", "members:read"]),
    ("GET /repos/{owner}/{repo}/pages/health", &["administration:write", "pages:write"]),
    ("POST /repos/{owner}/{repo}/branches/{branch}/rename", &["contents:write"]),
    ("POST /repos/{owner}/{repo}/forks", &["administration:write", "contents:read"]),
    ("PUT /teams/{team_id}/repos/{owner}/{repo}", &["administration:write", "members:read"]),
];

#[test]
fn every_github_endpoint_asks_for_what_either_table_says() {
    let Some(data) = data() else { return };
    let text = std::fs::read_to_string(data.join("github_app/app-permissions.api.github.com.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut listed: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    for (path, methods) in file["paths"].as_object().unwrap() {
        for (method, said) in methods.as_object().unwrap() {
            let scope =
                format!("{}:{}", said["permission"].as_str().unwrap(), said["access"].as_str().unwrap());
            listed.entry(format!("{method} {path}")).or_default().insert(vec![scope]);
        }
    }
    for (permission, levels) in file["permissions"].as_object().unwrap() {
        for (level, endpoints) in levels.as_object().unwrap().iter().filter(|(key, _)| *key != "url") {
            for endpoint in endpoints.as_array().unwrap() {
                let endpoint = endpoint.as_str().unwrap().to_owned();
                listed.entry(endpoint).or_default().insert(vec![format!("{permission}:{level}")]);
            }
        }
    }
    assert_eq!((listed.len(), listed.values().filter(|ways| ways.len() > 1).count()), (440, 90));
    for (endpoint, all) in CORRECTED {
        let ways = BTreeSet::from([all.iter().map(|scope| (*scope).to_owned()).collect()]);
        assert_ne!(listed.insert(endpoint.to_owned(), ways.clone()), Some(ways), "{endpoint}");
    }
    let github = model("github");
    let (mut compared, mut several, mut together) = (0, 0, 0);
    for operation in &github.operations {
        // No template says the other three, which are listed once.
        let Some((method, template)) = &operation.http else { continue };
        compared += 1;
        let endpoint = format!("{method} {template}");
        let name = |id: &ScopeId| github.scopes[id.index()].name.clone();
        let ways: BTreeSet<Vec<String>> = operation
            .requirements
            .values()
            .flatten()
            .map(|all| all.iter().map(name).collect::<BTreeSet<_>>().into_iter().collect())
            .collect();
        assert_eq!(Some(&ways), listed.get(&endpoint), "{endpoint}");
        several += usize::from(ways.len() > 1);
        together += usize::from(ways.iter().any(|all| all.len() > 1));
    }
    assert_eq!((compared, several, together), (434, 84, 5));
}

#[test]
fn any_permission_that_github_lists_opens_an_endpoint() {
    let github = model("github");
    let opens = |held: &[&str], name: &str| opened(&github, "github.app", held).contains(name);
    for held in ["actions:write", "contents:write"] {
        assert!(opens(&[held], "github.repos.actions.runs.cancel"), "{held}");
    }
    assert!(!opens(&["actions:read"], "github.repos.actions.runs.cancel"));
    for held in ["issues:write", "pull_requests:write"] {
        assert!(opens(&[held], "github.repos.issues.comments.create"), "{held}");
    }
    // Both are asked for, and a branch is renamed with what else changes branches.
    for name in ["github.repos.forks.create", "github.repos.pages.health.get", "github.teams.repos.edit"] {
        for one in ["administration:write", "contents:read", "pages:write", "members:write"] {
            assert!(!opens(&[one], name), "{one} {name}");
        }
    }
    assert!(opens(&["administration:write", "contents:write"], "github.repos.forks.create"));
    assert!(opens(&["administration:write", "members:read"], "github.teams.repos.edit"));
    assert!(opens(&["contents:write"], "github.repos.branches.rename"));
    assert!(!opens(&["administration:write"], "github.repos.branches.rename"));
    // What changes something is no reading, whatever the level that suffices.
    for operation in &github.operations {
        let got = operation.http.as_ref().is_none_or(|(method, _)| method == "GET");
        assert_eq!(
            operation.access == Access::Read,
            got || operation.name.starts_with("github.markdown."),
            "{}",
            operation.name
        );
    }
}

#[test]
fn what_slack_apps_of_today_ask_for_opens_methods() {
    let slack = model("slack");
    let beyond_none = |of: &str, held: &str| -> Vec<String> {
        let all = opened(&slack, of, &[held]);
        let free = opened(&slack, of, &["none"]);
        all.difference(&free).map(|name| name.trim_start_matches("slack.").to_owned()).collect()
    };
    let chat = [
        "chat.delete",
        "chat.deleteScheduledMessage",
        "chat.meMessage",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.scheduleMessage",
        "chat.update",
    ];
    assert_eq!(beyond_none("slack.bot", "chat:write"), chat);
    assert_eq!(beyond_none("slack.person", "chat:write"), chat);
    // The classic ones go on opening the same.
    assert_eq!(beyond_none("slack.bot", "chat:write:bot"), chat);
    assert_eq!(beyond_none("slack.person", "chat:write:user"), chat);
    let manage: Vec<String> =
        beyond_none("slack.bot", "groups:write").into_iter().filter(|m| m != "conversations.join").collect();
    assert_eq!((manage.len(), &beyond_none("slack.bot", "channels:manage")), (12, &manage));
    assert_eq!(beyond_none("slack.bot", "channels:join"), ["conversations.join"]);
    let topic = ["conversations.setPurpose", "conversations.setTopic"];
    for (scope, opened) in [
        ("channels:write.invites", &["conversations.invite"][..]),
        ("groups:write.invites", &["conversations.invite"]),
        ("channels:write.topic", &topic),
        ("groups:write.topic", &topic),
        ("im:write.topic", &topic),
        ("mpim:write.topic", &topic),
    ] {
        assert_eq!(beyond_none("slack.bot", scope), opened, "{scope}");
        assert_eq!(beyond_none("slack.person", scope), opened, "{scope}");
    }
    let files = ["files.comments.delete", "files.delete", "files.revokePublicURL", "files.upload"];
    assert_eq!(beyond_none("slack.bot", "files:write"), files);
    let person = beyond_none("slack.person", "files:write");
    assert_eq!(person, beyond_none("slack.person", "files:write:user"));
    assert!(person.contains(&"files.sharedPublicURL".to_owned()) && person.len() == 5);

    // Nothing else is left that opens nothing but what the classic umbrellas and other tokens leave.
    let idle = |of: &str| -> Vec<&str> {
        let owner = slack.permission_models.iter().position(|m| m.name == of).unwrap();
        let own = slack.scopes.iter().filter(|s| s.model.index() == owner && s.name != "none");
        own.map(|s| s.name.as_str()).filter(|name| beyond_none(of, name).is_empty()).collect()
    };
    let retired = ["bot", "conversations:history", "conversations:read", "conversations:write"];
    assert_eq!(idle("slack.bot"), retired);
    let [bot, conversations @ ..] = retired;
    let mut people = vec![bot, "channels:join", "channels:manage"];
    people.extend(conversations);
    assert_eq!(idle("slack.person"), people);
}

#[test]
fn the_numbers_are_those_of_the_platforms() {
    let graph = model("microsoft.graph");
    let scopes = |model: &Model, name: &str| {
        model.scopes.iter().filter(|s| model.permission_models[s.model.index()].name == name).count()
    };
    assert_eq!(graph.operations.len(), 11_144);
    assert_eq!(
        ["application", "delegated", "personal"].map(|m| scopes(&graph, &format!("microsoft.graph.{m}"))),
        [703, 739, 54]
    );
    // The six application permissions of the Outlook connector: two open nothing that the others do not.
    let opened = |held: &[&str]| opened(&graph, "microsoft.graph.application", held);
    let all = [
        "Mail.Read",
        "Mail.ReadBasic.All",
        "Domain.Read.All",
        "User.Read.All",
        "Group.Read.All",
        "GroupMember.Read.All",
    ];
    let four = ["Mail.Read", "Domain.Read.All", "User.Read.All", "Group.Read.All"];
    assert_eq!(opened(&all), opened(&four));
    assert!(opened(&["Mail.ReadBasic.All"]).is_subset(&opened(&["Mail.Read"])));
    // Names lie: one that writes does not open all that the one that reads does.
    assert!(!opened(&["Calendars.Read"]).is_subset(&opened(&["Calendars.ReadWrite"])));
    // An application access policy binds mail, and not what Files.Read.All opens.
    let bound = graph.marks.iter().position(|m| m.name == "application-access-policy-binds").unwrap();
    let bound = |o: &Operation| o.marks.iter().any(|m| m.index() == bound);
    let named = |name: &str| graph.operations.iter().find(|o| o.name == name).unwrap();
    assert!(bound(named("graph.users.messages.list")) && !bound(named("graph.users.drive.get")));

    let github = model("github");
    // 440 endpoints; three cannot be told from others.
    assert_eq!((github.operations.len(), scopes(&github, "github.app")), (437, 62));
    let google = model("google");
    assert_eq!((google.operations.len(), scopes(&google, "google.oauth")), (549, 151));
    let slack = model("slack");
    assert_eq!(slack.operations.len(), 174);
    let forge = model("atlassian.forge");
    assert_eq!(forge.operations.iter().filter(|o| o.name.starts_with("forge.event.")).count(), 155);
    // All that Forge publishes, but for the fourteen that stand for Connect's; and Connect's own nine.
    let known: BTreeSet<&str> = forge.scopes.iter().map(|s| s.name.as_str()).collect();
    let published = std::fs::read_to_string(root().join("src/import/forge/scopes.txt")).unwrap();
    let unknown: Vec<&str> = published.lines().filter(|s| !known.contains(s)).collect();
    assert_eq!(unknown.len(), 14, "{unknown:?}");
    assert!(unknown.iter().all(|s| s.contains(":connect-")));
}

#[test]
fn importers_of_apps_know_the_scopes_of_the_catalogs() {
    let read = |path: &str| std::fs::read_to_string(root().join("src/import").join(path)).unwrap();
    for (list, catalog, models) in [
        ("slack/scopes.txt", "slack", &["slack.bot", "slack.person"][..]),
        ("github/scopes.txt", "github", &["github.app"]),
        ("graph/application.txt", "microsoft.graph", &["microsoft.graph.application"]),
        ("graph/delegated.txt", "microsoft.graph", &["microsoft.graph.delegated"]),
    ] {
        let model = model(catalog);
        let owner = |s: &sprag::sema::model::Scope| model.permission_models[s.model.index()].name.as_str();
        let known: BTreeSet<&str> =
            model.scopes.iter().filter(|s| models.contains(&owner(s))).map(|s| s.name.as_str()).collect();
        assert_eq!(read(list).lines().collect::<BTreeSet<_>>(), known, "{list}");
    }
}

/// A manifest's trigger is said to be decided by an operation that there is.
#[test]
fn forge_manifests_know_the_events_of_the_catalog() {
    let model = model("atlassian.forge");
    let events = model.operations.iter().filter_map(|o| o.name.strip_prefix("forge.event."));
    let listed = std::fs::read_to_string(root().join("src/import/forge/events.txt")).unwrap();
    let listed: Vec<String> =
        listed.lines().map(|event| event.strip_prefix("avi:").unwrap().replace(':', ".")).collect();
    assert_eq!(listed.iter().map(String::as_str).collect::<BTreeSet<_>>(), events.collect());
    assert!(listed.is_sorted());
}

#[test]
fn no_operation_is_callable_for_nothing() {
    for packed in shelf::ALL {
        let model = model(packed.name);
        for operation in &model.operations {
            for alternatives in operation.requirements.values() {
                assert!(!alternatives.is_empty(), "{}", operation.name);
                assert!(alternatives.iter().all(|all| !all.is_empty()), "{}", operation.name);
            }
        }
    }
}

#[test]
fn all_catalogs_can_be_used_together() {
    let uses: Vec<String> = shelf::ALL.iter().map(|p| format!("use {}", p.name)).collect();
    let compiled = compile(&uses.join("\n"));
    assert_eq!(compiled.diagnostics, []);
    let powers: BTreeMap<&str, usize> = compiled
        .model
        .iter()
        .flat_map(|m| m.marks.iter().enumerate().map(move |(i, mark)| (m, i, mark)))
        .filter(|(_, _, mark)| mark.gives.is_some())
        .map(|(m, i, mark)| {
            (
                mark.name.as_str(),
                m.operations.iter().filter(|o| o.marks.iter().any(|id| id.index() == i)).count(),
            )
        })
        .collect();
    // One word for a power, whichever the platform.
    assert!(powers["registers-webhooks"] >= 5 && powers["grants-roles"] >= 15, "{powers:?}");
}

// ---- what single documents become

#[test]
fn graph_permissions_are_turned_around() {
    let text = r#"{"permissions": {
        "B.Read": {"schemes": {"Application": {"privilegeLevel": 2}, "DelegatedWork": {}},
            "pathSets": [{"schemeKeys": ["Application", "DelegatedWork"], "methods": ["GET"],
                "paths": {"/users/{id}/messages": "least=Application", "/reports/get(period={value})": ""}}]},
        "C.ReadWrite": {"schemes": {"Application": {}},
            "pathSets": [{"schemeKeys": ["Application"], "methods": ["GET", "POST"],
                "paths": {"/Users/{user-id}/messages": "AlsoRequires = B.Read"}}]}}}"#;
    let imported = import("graph", &[("p.json", text)], &version("1")).unwrap();
    insta::assert_snapshot!(printed(&imported), @r#"
    catalog microsoft.graph version "1" from "Microsoft Graph permissions.json, devx-content, MIT; sha256 0a0e573030bcab3c" paths in any case

    use common
    use microsoft

    model application "Microsoft Graph, the app alone"
    model personal "Microsoft Graph, for a person with an account of their own" demands user
    model delegated "Microsoft Graph, for a person of an organisation" demands user

    scope application B.Read level 2
    scope application C.ReadWrite
    scope delegated B.Read

    operation graph.Users.messages.create {
      access write
      in mailbox
      http POST "/v1.0/Users/{user-id}/messages"
      requires application [B.Read, C.ReadWrite]
    }

    operation graph.Users.messages.get {
      access read
      in mailbox
      http GET "/v1.0/Users/{user-id}/messages"
      requires application least B.Read or [B.Read, C.ReadWrite]
      requires delegated B.Read
    }

    operation graph.reports.get.get {
      access read
      in tenant
      requires application B.Read
      requires delegated B.Read
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @"unmatched p.json: GET /reports/get(period={value}): no request is mapped to it");
}

#[test]
fn graphs_table_may_say_what_does_not_fit_together() {
    let text = r#"{"permissions": {
        "B.Read": {"schemes": {"Application": {}, "DelegatedWork": {}},
            "pathSets": [{"schemeKeys": ["Application"], "methods": ["GET"],
                "paths": {"/a": "least=Nope", "/b": "least=DelegatedWork,Application", "/c": "AlsoRequires=Nope.Read",
                "/users/ann@example.com/messages": "", "/calls/57dab8b1894c409ab240bd8beae78896/answer": ""}}]}}}"#;
    let imported = import("graph", &[("p.json", text)], &version("1")).unwrap();
    insta::assert_snapshot!(notes(&imported), @r#"
    unknown p.json#/permissions/B.Read/pathSets/0/paths/~1a: `B.Read` is marked least of `Nope`, which is no scheme: left out
    unknown p.json#/permissions/B.Read/pathSets/0/paths/~1b: `B.Read` is marked least of `DelegatedWork`, which is a scheme in which the permission has not this path: left out
    unknown p.json#/permissions/B.Read/pathSets/0/paths/~1c: `B.Read` also requires `Nope.Read`, which is no permission: left out
    not-callable p.json#/permissions/B.Read/pathSets/0: `B.Read` also requires what does not exist in model application: opens nothing there
    assumed p.json#/permissions/B.Read/pathSets/0/paths/~1users~1ann@example.com~1messages: `ann@example.com` is an identifier from an example and no word of the API: the path was left out
    assumed p.json#/permissions/B.Read/pathSets/0/paths/~1calls~157dab8b1894c409ab240bd8beae78896~1answer: `57dab8b1894c409ab240bd8beae78896` is an identifier from an example and no word of the API: the path was left out
    "#);
    let made = printed(&imported);
    assert!(!made.contains("example.com") && !made.contains("57dab8b1"), "{made}");
    assert!(
        made.contains("requires application least B.Read") && made.contains("http GET \"/v1.0/a\""),
        "{made}"
    );
}

/// What a table of another day says besides may be a condition, whatever it is called.
#[test]
fn a_condition_of_graphs_table_that_is_not_understood_opens_nothing() {
    let of = |options: &str| {
        let text = format!(
            r#"{{"permissions": {{
                "X.Read": {{"schemes": {{"Application": {{}}}}, "pathSets": [{{"schemeKeys": ["Application"],
                    "methods": ["DELETE"], "paths": {{"/a": "{options}", "/z": ""}}}}]}},
                "Y.All": {{"schemes": {{"Application": {{}}}}, "pathSets": [{{"schemeKeys": ["Application"],
                    "methods": ["DELETE"], "paths": {{"/a": ""}}}}]}},
                "Z.Read": {{"schemes": {{"Application": {{}}}}, "pathSets": []}}}}}}"#
        );
        import("graph", &[("p.json", &text)], &version("1")).unwrap()
    };
    for understood in
        ["AlsoRequires=Z.Read", "AlsoRequires = Z.Read", " least=Application ; AlsoRequires=Z.Read"]
    {
        let made = printed(&of(understood));
        assert!(made.contains("[X.Read, Z.Read] or Y.All"), "{understood}: {made}");
    }
    for odd in [
        "alsoRequires=Z.Read",
        "alsorequires=Z.Read",
        "AlsoRequires:Z.Read",
        "AlsoRequires",
        "AlsoRequires=",
        "least=Application;AlsoRequire=Z.Read",
        "AlsoRequires=Z.Read;until=2027",
        "Z.Read",
    ] {
        let imported = of(odd);
        let made = printed(&imported);
        let alone = made.split("operation graph.a").nth(1).unwrap().split("\n}").next().unwrap();
        assert!(alone.contains("requires application Y.All") && !alone.contains("X.Read"), "{odd}: {made}");
        let told = "may be a condition and is not understood: `X.Read` opens nothing here";
        assert!(
            notes(&imported)
                .lines()
                .any(|line| line.starts_with("not-callable p.json#/permissions/X.Read/")
                    && line.ends_with(told)),
            "{odd}: {}",
            notes(&imported)
        );
    }
}

/// What is not read is told, and where it may be a condition nothing is opened.
#[test]
fn members_of_graphs_table_that_are_not_read_are_told() {
    let text = r#"{"$schema": "s", "extra": {}, "gone": null, "permissions": {
        "A.Read": {"authorizationType": "oAuth2", "ownerInfo": {"ownerSecurityGroup": "g"}, "until": 2027,
            "schemes": {"Application": {"privilegeLevel": 2, "requiresAdminConsent": true, "adminDisplayName": "a",
                "adminDescription": "b", "userDisplayName": "c", "userDescription": "d", "hidden": false}},
            "pathSets": [
                {"schemeKeys": ["Application"], "methods": ["GET"], "paths": {"/a": "least=Application", "/b": ""},
                    "includedProperties": ["id"], "excludedProperties": ["secret"]},
                {"schemeKeys": ["Application"], "methods": ["GET"], "paths": {"/c": ""}, "alsoRequires": null},
                {"schemeKeys": ["Application"], "methods": ["GET"], "paths": {"/d": ""}, "alsoRequires": "B.Read"}]},
        "B.Read": {"authorizationType": "RSC", "until": 2028, "schemes": {"Application": {}},
            "pathSets": [{"schemeKeys": ["Application"], "methods": ["GET"], "paths": {"/a": ""}}]}}}"#;
    let imported = import("graph", &[("p.json", text)], &version("1")).unwrap();
    insta::assert_snapshot!(notes(&imported), @r"
    not-callable p.json#/permissions/A.Read/pathSets/0: what stands in `includedProperties`, `excludedProperties` may be a condition and is not understood: `A.Read` opens nothing by this path set
    not-callable p.json#/permissions/A.Read/pathSets/2: what stands in `alsoRequires` may be a condition and is not understood: `A.Read` opens nothing by this path set
    member p.json#/permissions/A.Read/pathSets/2/alsoRequires: `alsoRequires` of a path set is not expressed
    member p.json#/permissions/A.Read/pathSets/0/excludedProperties: `excludedProperties` of a path set is not expressed
    member p.json#/permissions/A.Read/pathSets/0/includedProperties: `includedProperties` of a path set is not expressed
    member p.json#/permissions/B.Read/authorizationType: `authorizationType` RSC of a permission is not expressed
    member p.json#/permissions/A.Read/until: `until` of a permission is not expressed (2 times)
    member p.json#/permissions/A.Read/schemes/Application/hidden: `hidden` of a scheme is not expressed
    member p.json#/extra: `extra` of the file is not expressed
    ");
    let made = printed(&imported);
    let block = |of: &str| {
        made.split(&format!("operation graph.{of}.get {{")).nth(1).unwrap().split('}').next().unwrap()
    };
    assert!(block("a").contains("requires application B.Read\n"), "{made}");
    assert!(block("c").contains("requires application A.Read\n"), "{made}");
    assert!(!block("b").contains("requires") && !block("d").contains("requires"), "{made}");
}

#[test]
fn github_endpoints_ask_for_a_level() {
    let text = r#"{"paths": {
        "/repos/{owner}/{repo}/issues": {"GET": {"access": "read", "permission": "issues"}, "POST": {"access": "write", "permission": "issues"}},
        "/repos/{o}/{r}/hooks": {"POST": {"access": "write", "permission": "repository_hooks"}}}}"#;
    let imported = import("github", &[("p.json", text)], &version("1")).unwrap();
    insta::assert_snapshot!(printed(&imported), @r#"
    catalog github version "1" from "GitHub App permissions by endpoint, octokit/app-permissions, MIT; sha256 62d404ea4eb8d4f9"

    use common

    kind github-site
    kind github-organisation in github-site
    kind repository in github-organisation

    model app "GitHub App permissions"

    path "/repos/{owner}" names github-organisation in lower case
    path "/repos/{owner}/{repo}" names repository in lower case

    scope app issues:read
    scope app issues:write implies issues:read
    scope app repository_hooks:write

    operation github.repos.hooks {
      access admin
      in repository
      http POST "/repos/{o}/{r}/hooks"
      requires app repository_hooks:write
      marks registers-webhooks
    }

    operation github.repos.issues.create {
      access write
      in repository
      http POST "/repos/{owner}/{repo}/issues"
      requires app issues:write
    }

    operation github.repos.issues.get {
      access read
      in repository
      http GET "/repos/{owner}/{repo}/issues"
      requires app issues:read
    }
    "#);
}

/// An endpoint has one row in the first table, and stands in the second one under each permission that suffices.
const TWO_TABLES: &str = r#"{"paths": {
    "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel": {"POST": {"access": "write", "permission": "contents"}},
    "/repos/{owner}/{repo}/forks": {"POST": {"access": "read", "permission": "contents"}},
    "/repos/{owner}/{repo}/pages": {"GET": {"access": "write", "permission": "pages"}},
    "/user/blocks": {"GET": {"access": "read", "permission": "blocking"}}},
    "permissions": {
        "actions": {"url": "https://docs.example", "read": [], "write": ["POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel"]},
        "administration": {"write": ["POST /repos/{owner}/{repo}/forks"]},
        "contents": {"read": ["POST /repos/{owner}/{repo}/forks"], "write": ["POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel"]},
        "pages": {"read": ["GET /repos/{owner}/{repo}/pages"], "beta": true},
        "issues": {"write": ["PUT /repos/{owner}/{repo}/issues/{n}/lock"]}}}"#;

#[test]
fn github_endpoints_have_what_both_tables_say() {
    let imported = import("github", &[("p.json", TWO_TABLES)], &version("1")).unwrap();
    let text = printed(&imported);
    let (_, operations) = text.split_once("operation ").unwrap();
    insta::assert_snapshot!(operations, @r#"
    github.repos.actions.runs.cancel {
      access write
      in repository
      http POST "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel"
      requires app actions:write or contents:write
    }

    operation github.repos.forks {
      access admin
      in repository
      http POST "/repos/{owner}/{repo}/forks"
      requires app [administration:write, contents:read]
    }

    operation github.repos.issues.lock.edit {
      access write
      in repository
      http PUT "/repos/{owner}/{repo}/issues/{n}/lock"
      requires app issues:write
    }

    operation github.repos.pages.get {
      access read
      in repository
      http GET "/repos/{owner}/{repo}/pages"
      requires app pages:read
    }

    operation github.user.blocks.get {
      access read
      in github-site
      http GET "/user/blocks"
      requires app blocking:read
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    member p.json#/permissions/pages/beta: `beta` of a permission is not expressed
    assumed p.json#/paths/~1repos~1{owner}~1{repo}~1forks/POST: POST /repos/{owner}/{repo}/forks is listed under `administration:write`, `contents:read`; GitHub's documentation asks for `administration:write` together with `contents:read`: read so
    assumed p.json#/paths/~1repos~1{owner}~1{repo}~1pages/GET: GET /repos/{owner}/{repo}/pages stands in `paths` with `pages:write` and in `permissions` under `pages:read`: the lowest level of any of them is taken
    assumed p.json#/paths/~1user~1blocks/GET: GET /user/blocks stands in `paths` and not in `permissions`: taken as it stands there
    assumed p.json#/permissions/issues/write/0: PUT /repos/{owner}/{repo}/issues/{n}/lock stands in `permissions` and not in `paths`: taken as it stands there
    assumed p.json#/permissions: an endpoint is listed under several permissions: read as any of them
    "#);
}

#[test]
fn each_of_githubs_tables_is_enough() {
    let whole: serde_json::Value = serde_json::from_str(TWO_TABLES).unwrap();
    let only = |key: &str| format!("{{\"{key}\": {}}}", whole[key]);
    let names = |text: &str| -> BTreeSet<String> {
        let imported = import("github", &[("p.json", text)], &version("1")).unwrap();
        let surveyed = import::survey::survey(&Document { name: "p.json", text });
        assert_eq!(surveyed.format, Some("github"));
        let told = notes(&imported);
        assert!(!told.contains("stands in"), "{told}");
        let operations = imported.file.items.iter().filter_map(|item| match item {
            Item::Operation(operation) => Some(operation.name.text.clone()),
            _ => None,
        });
        operations.collect()
    };
    let common = ["github.repos.actions.runs.cancel", "github.repos.forks", "github.repos.pages.get"];
    let with = |other: &str| common.into_iter().chain([other]).map(str::to_owned).collect();
    let wanted: [BTreeSet<String>; 2] = ["github.user.blocks.get", "github.repos.issues.lock.edit"].map(with);
    assert_eq!([only("paths"), only("permissions")].map(|text| names(&text)), wanted);
}

#[test]
fn a_document_of_google_needs_no_revision() {
    let text = r#"{"kind": "discovery#restDescription", "id": "drive:v3", "name": "drive", "basePath": "/drive/v3/",
        "resources": {"files": {"methods": {"list": {"id": "drive.files.list", "httpMethod": "GET", "path": "files"}}}}}"#;
    let imported = import("google", &[("d.json", text)], &version("1")).unwrap();
    let text = printed(&imported);
    let from = r#"catalog google version "1" from "Google API discovery, Apache-2.0: drive:v3; sha256 "#;
    assert!(text.starts_with(from), "{text}");
    let refused = import("google", &[("d.json", "{}")], &Options::default()).unwrap_err().to_string();
    assert_eq!(refused, "--version: needed to make a catalog, but missing");
}

#[test]
fn google_methods_have_alternatives() {
    let text = r#"{"kind": "discovery#restDescription", "id": "drive:v3", "name": "drive", "revision": "1", "basePath": "/drive/v3/",
        "auth": {"oauth2": {"scopes": {"https://g/auth/a": {}}}},
        "resources": {"files": {"methods": {
            "get": {"id": "drive.files.get", "httpMethod": "GET", "path": "files/{fileId}", "scopes": ["https://g/auth/a", "https://g/auth/b.readonly"]},
            "list": {"id": "drive.files.list", "httpMethod": "GET", "path": "files", "scopes": ["https://g/auth/a"]},
            "stop": {"id": "drive.files.stop", "httpMethod": "POST", "path": "files/{fileId}:stop"}}}}}"#;
    let imported = import("google", &[("d.json", text)], &version("1")).unwrap();
    insta::assert_snapshot!(printed(&imported), @r#"
    catalog google version "1" from "Google API discovery, Apache-2.0: drive:v3 1; sha256 1ebed135ac1090c4"

    use common

    kind google-customer
    kind google-account in google-customer
    kind gmail-mailbox in google-account
    kind google-calendar in google-customer
    kind google-file in google-customer
    kind chat-space in google-customer

    model oauth "Google OAuth 2.0"

    scope oauth "https://g/auth/a"
    scope oauth "https://g/auth/b.readonly"

    operation google.drive.files.get {
      access read
      in google-file
      http GET "/drive/v3/files/{fileId}"
      requires oauth "https://g/auth/a" or "https://g/auth/b.readonly"
    }

    operation google.drive.files.list {
      access read
      in google-customer
      lists google-file
      http GET "/drive/v3/files"
      requires oauth "https://g/auth/a"
    }

    operation google.drive.files.stop {
      access write
      in google-file
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    not-callable d.json#/resources/files/methods/stop: drive.files.stop lists no scope: not callable
    unmatched d.json#/resources/files/methods/stop: POST /drive/v3/files/{fileId}:stop: no request is mapped to it
    assumed d.json: requests are mapped by path alone, whichever of Google's hosts they go to
    "#);
}

#[test]
fn slack_methods_ask_for_the_scope_of_the_token() {
    let text = r#"{"swagger": "2.0", "info": {"version": "1"}, "basePath": "/api",
        "securityDefinitions": {"slackAuth": {"scopes": {"chat:write": ""}}},
        "paths": {
            "/auth.test": {"get": {"security": [{"slackAuth": ["none"]}]}},
            "/chat.delete": {"post": {"security": [{"slackAuth": ["chat:write:user", "chat:write:bot"]}], "parameters": [{"name": "channel"}]}},
            "/files.list": {"get": {"parameters": [{"name": "channel"}]}}}}"#;
    let imported = import("slack", &[("s.json", text)], &Options::default()).unwrap();
    insta::assert_snapshot!(printed(&imported), @r#"
    catalog slack version "1" from "Slack Web API 1, slack-api-specs, MIT; sha256 3532c81afce36872"

    use common

    kind slack-workspace
    kind slack-channel in slack-workspace

    model bot "Slack bot token"
    model person "Slack user token" demands user

    scope bot chat:write implies none
    scope bot chat:write:bot implies none
    scope bot none
    scope person chat:write implies none
    scope person chat:write:user implies none
    scope person none

    operation slack.auth.test {
      access read
      in slack-workspace
      http GET "/api/auth.test"
      requires bot none
      requires person none
    }

    operation slack.chat.delete {
      access delete
      in slack-channel
      http POST "/api/chat.delete"
      requires bot chat:write or chat:write:bot
      requires person chat:write or chat:write:user
    }

    operation slack.files.list {
      access read
      in slack-workspace
      lists slack-channel
      http GET "/api/files.list"
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    assumed s.json#/paths: Slack takes most methods by GET and POST; requests are mapped by the one that is listed
    not-callable s.json#/paths/~1files.list/get: files.list lists no scope: not callable
    assumed s.json#/paths: scopes that Slack's documentation names today and this description does not were added to 1 of the methods
    "#);
}

#[test]
fn tools_are_as_dangerous_as_they_may_be() {
    let tools = r#"{"jsonrpc": "2.0", "id": 1, "result": {"nextCursor": "x", "tools": [
        {"name": "look", "annotations": {"readOnlyHint": true, "openWorldHint": false}, "inputSchema": {}},
        {"name": "say", "annotations": {"destructiveHint": false}},
        {"name": "drop", "annotations": {"readOnlyHint": false}},
        {"name": "both", "annotations": {"readOnlyHint": true, "destructiveHint": true}},
        {"name": "silent", "description": "harmless, really"}]}}"#;
    let server = r#"{"result": {"protocolVersion": "2025-06-18", "serverInfo": {"name": "acme", "version": "3"}, "instructions": "obey"}}"#;
    let resource = r#"{"resource": "https://mcp.acme.example", "authorization_servers": ["https://as"], "scopes_supported": ["files:read"]}"#;
    let imported =
        import("mcp", &[("t.json", tools), ("i.json", server), ("r.json", resource)], &Options::default())
            .unwrap();
    insta::assert_snapshot!(printed(&imported), @r#"
    catalog acme version "3" from "MCP tools/list; sha256 28f9f659b2c87160, 98ec7cbd26e5bb86, 37a25d734141f5d2"

    use mcp

    model tools "Tools of acme"
    model oauth "OAuth scopes of the server"

    scope oauth files:read
    scope tools tool:both
    scope tools tool:drop
    scope tools tool:look
    scope tools tool:say
    scope tools tool:silent

    operation acme.both {
      access delete
      in mcp-server
      requires tools tool:both
      marks mcp-destructive, mcp-open-world
    }

    operation acme.drop {
      access delete
      in mcp-server
      requires tools tool:drop
      marks mcp-destructive, mcp-open-world
    }

    operation acme.look {
      access read
      in mcp-server
      requires tools tool:look
    }

    operation acme.say {
      access write
      in mcp-server
      requires tools tool:say
      marks mcp-open-world
    }

    operation acme.silent {
      access admin
      in mcp-server
      requires tools tool:silent
      marks mcp-destructive, mcp-open-world, mcp-unannotated
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    assumed t.json#/result/nextCursor: the list goes on after this: its later pages are not here
    assumed t.json#/result/tools/3: tool `both` says that it only reads and that it destroys: taken for the worse
    assumed t.json#/result/tools/4: tool `silent` says nothing of what it does: taken for the most dangerous
    member i.json#/result/protocolVersion: `protocolVersion` is not expressed
    member i.json#/result/instructions: tells models what to do: a text of a third party
    address r.json#/resource: `resource` is not expressed
    address r.json#/authorization_servers: `authorization_servers` is not expressed
    not-callable r.json#/scopes_supported/0: no list says which tools `files:read` opens: declared, and opens nothing
    assumed t.json, i.json, r.json: annotations are what the server says of itself; nothing proves them
    "#);
}

/// So many that a look at all others for each of them would take minutes.
#[test]
fn a_server_may_have_many_tools() {
    const MANY: usize = 20_000;
    let list: Vec<String> = (0..MANY)
        .map(|i| {
            format!(
                r#"{{"name": "tool_{i}", "annotations": {{"readOnlyHint": true, "openWorldHint": false}}}}"#
            )
        })
        .collect();
    let document = format!(r#"{{"tools": [{}]}}"#, list.join(","));
    let options =
        Options { catalog: Some("many".to_owned()), version: Some("1".to_owned()), ..Options::default() };
    let imported = import("mcp", &[("t.json", &document)], &options).unwrap();
    let operations = imported.file.items.iter().filter(|item| matches!(item, Item::Operation(_)));
    assert_eq!(operations.count(), MANY);
}

#[test]
fn what_is_of_no_such_format_is_refused_with_its_place() {
    for (importer, text, expected) in [
        (
            "graph",
            "{}",
            "d.json#: expected member `permissions`; this is no permissions.json of Microsoft Graph",
        ),
        ("graph", r#"{"permissions": {"A": {}}}"#, "d.json#/permissions/A: expected member `schemes`"),
        (
            "graph",
            r#"{"permissions": {"A": {"schemes": {"Root": {}}}}}"#,
            "d.json#/permissions/A/schemes/Root: expected scheme Application, DelegatedWork or DelegatedPersonal, found `Root`",
        ),
        (
            "graph",
            r#"{"permissions": {"A": {"schemes": {"Application": {"privilegeLevel": "high"}}}}}"#,
            "d.json#/permissions/A/schemes/Application/privilegeLevel: expected a whole number from 1, found a string",
        ),
        (
            "graph",
            r#"{"permissions": {}}"#,
            "d.json#/permissions: expected at least one permission with a path",
        ),
        (
            "github",
            "{}",
            "d.json#: expected member `paths`, `permissions` or `properties`; this is no table of app permissions",
        ),
        (
            "github",
            r#"{"permissions": {"issues": {"read": ["/a"]}}}"#,
            "d.json#/permissions/issues/read/0: expected a method and a path like `GET /user`, found `/a`",
        ),
        (
            "github",
            r#"{"paths": {"/a": {"GET": {"access": "root", "permission": "x"}}}}"#,
            "d.json#/paths/~1a/GET/access: expected `read`, `write` or `admin`, found `root`",
        ),
        (
            "google",
            r#"{"kind": "x", "id": "a", "revision": "1"}"#,
            "d.json#: expected a discovery document, `kind` discovery#restDescription",
        ),
        (
            "slack",
            r#"{"paths": {}}"#,
            "d.json#: expected `securityDefinitions` with `slackAuth`; this is not Slack's",
        ),
        (
            "mcp",
            r#"{"error": {"code": 1}}"#,
            "d.json#/error: the server answered with an error; expected a result",
        ),
        ("mcp", r#"{"tools": []}"#, "d.json: expected a list with at least one tool"),
        (
            "mcp",
            r#"{"tools": [{"name": "a", "annotations": {"readOnlyHint": "yes"}}]}"#,
            "d.json#/tools/0/annotations/readOnlyHint: expected a boolean, found a string",
        ),
        (
            "mcp",
            r#"{"tools": [{"name": "a"}, {"name": "a"}]}"#,
            "d.json#/tools/1/name: tool `a` stands in the list twice",
        ),
        (
            "forge-scopes",
            r#"{"mapping": [{"productEvent": "x", "oAuthScopes": {}}]}"#,
            "d.json#/mapping/0/productEvent: expected an event like `avi:jira:created:issue`, found `x`",
        ),
        ("forge-scopes", "[]", "d.json: expected at least one scope"),
    ] {
        assert_eq!(
            import(importer, &[("d.json", text)], &version("1")).unwrap_err().to_string(),
            expected,
            "{text}"
        );
    }
}

// ---- helpers

fn import(importer: &str, documents: &[(&str, &str)], options: &Options) -> Result<Imported, ImportError> {
    let documents: Vec<_> = documents.iter().map(|(name, text)| Document { name, text }).collect();
    import::find(importer).unwrap().import(&documents, options)
}

fn version(version: &str) -> Options {
    Options { version: Some(version.to_owned()), ..Options::default() }
}

/// The text of an import, which must be sound.
#[track_caller]
fn printed(imported: &Imported) -> String {
    assert_eq!(fault(&imported.file, Some(&imported.file)), None);
    printer::print(&imported.file)
}

fn notes(imported: &Imported) -> String {
    let told = |n: &sprag::import::Note| format!("{} {n}", n.kind.name());
    imported.notes.iter().map(told).collect::<Vec<_>>().join("\n")
}

/// The path in one case, with its parameters alike.
fn one_spelling(path: &str) -> String {
    let segment = |s: &str| {
        if s.starts_with('{') && s.ends_with('}') && s.matches('{').count() == 1 {
            "{}".to_owned()
        } else {
            s.to_lowercase()
        }
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Whether templates can say the path: each segment is a parameter or has none, and nothing begins a query.
fn is_sayable(path: &str) -> bool {
    let whole = |s: &str| s.starts_with('{') && s.ends_with('}') && s.matches(['{', '}']).count() == 2;
    !path.contains(['?', '%', ';'])
        && path.split('/').skip(1).all(|s| whole(s) || !(s.is_empty() || s.contains(['{', '}'])))
}

/// The operations that these scopes open together.
fn opened<'m>(model: &'m Model, of: &str, held: &[&str]) -> BTreeSet<&'m str> {
    let owner = model.permission_models.iter().position(|m| m.name == of).unwrap();
    let id = |name: &&str| {
        let at = model.scopes.iter().position(|s| s.name == **name && s.model.index() == owner);
        ScopeId(at.unwrap_or_else(|| panic!("{name}")) as u32)
    };
    let held: BTreeSet<ScopeId> =
        held.iter().map(id).flat_map(|s| model.scopes[s.index()].implies.iter().copied()).collect();
    let open = |o: &&Operation| {
        o.requirements.iter().any(|(m, ways)| {
            m.index() == owner && ways.iter().any(|all| all.iter().all(|s| held.contains(s)))
        })
    };
    model.operations.iter().filter(open).map(|o| o.name.as_str()).collect()
}

/// A package that uses a catalog that comes with the program, and says nothing else.
fn model(catalog: &str) -> Checked<Model> {
    let compiled = compile(&format!("use {catalog}"));
    compiled.model.unwrap_or_else(|| panic!("{catalog}: {:#?}", compiled.diagnostics))
}

fn compile(policy: &str) -> driver::Compilation {
    let shelf =
        shelf::mentioned([policy]).iter().map(|p| Source { path: p.shown(), text: p.text() }).collect();
    let own = vec![Source { path: "policy.sprag".to_owned(), text: policy.to_owned() }];
    driver::compile(Inputs { package: "p".to_owned(), own, shelf, lock: None })
}

fn made(data: &Path, importer: &str, version: Option<&str>, documents: &[&str]) -> Imported {
    let texts: Vec<String> =
        documents.iter().map(|d| std::fs::read_to_string(data.join(d)).unwrap()).collect();
    let documents: Vec<Document<'_>> = documents
        .iter()
        .zip(&texts)
        .map(|(d, text)| Document { name: d.rsplit('/').next().unwrap(), text })
        .collect();
    let options = Options { version: version.map(str::to_owned), ..Options::default() };
    import::find(importer).unwrap().import(&documents, &options).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with other people's files, if it is there.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("SPRAG_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    if folder.join("msgraph").is_dir() {
        return Some(folder);
    }
    eprintln!("not checked: {} is not there; SPRAG_DATA names another folder", folder.display());
    None
}

/// Neither can be told from a name; both are said by the kind of note.
#[test]
fn notes_are_of_kinds_that_have_names() {
    let names: BTreeSet<&str> = NoteKind::ALL.iter().map(|k| k.name()).collect();
    assert_eq!(names.len(), NoteKind::ALL.len());
    assert!(NoteKind::ALL.windows(2).all(|w| w[0] < w[1] && w[0].name() < w[1].name()));
}

#[test]
fn access_classes_are_what_methods_do() {
    let graph = model("microsoft.graph");
    for operation in &graph.operations {
        if let Some((method, _)) = &operation.http
            && method == "GET"
        {
            assert_eq!(operation.access, Access::Read, "{}", operation.name);
        }
    }
}
