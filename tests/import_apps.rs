//! The importers of apps: Forge, Entra, GitHub and Slack.
//!
//! Real files lie in `../shared/data` (or the folder in `SPRAG_DATA`); where it is missing, the test that reads them
//! says so and passes.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests read files")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sprag::driver::{self, Inputs};
use sprag::import::survey::{Outcome, fault, survey};
use sprag::import::{self, Document, ImportError, Imported, Options};
use sprag::shelf;
use sprag::span::Source;
use sprag::syntax::printer;

const MANIFEST: &str = "\
app:
  id: ari:cloud:ecosystem::app/2e0e64a7-84ce-42bb-9c9e-3b5142eb499b
  name: To do
  runtime: {name: nodejs22.x}
  connect: {key: acme-todo, remote: server}
permissions:
  scopes:
    read:jira-work: {allowImpersonation: true}
    write:issue:jira: null
    read:connect-jira: {}
    write:connect-confluence: {}
    read:jira-wrok: {}
  content:
    scripts: [unsafe-eval]
  external:
    fetch:
      backend: ['*.acme.example', {address: https://stats.example, category: analytics}]
      client: [{remote: server}]
    images: ['*']
  enforcement: app-managed
remotes:
  - key: server
    baseUrl: https://acme.example
    auth: {appUserToken: {enabled: true}}
modules:
  jira:issuePanel: [{key: panel}]
  rovo:agent: [{key: agent}]
  trigger: [{key: t, events: ['avi:jira:created:issue', 'avi:forge:installed:app']}]
  scheduledTrigger: [{key: s, interval: hour}]
  webtrigger: [{key: w}]
connectModules:
  jira:webhooks: [{event: x}]
";

#[test]
fn a_forge_manifest_becomes_an_app() {
    let imported = import("forge", &[("manifest.yml", MANIFEST)]).unwrap();
    insta::assert_snapshot!(checked(&imported), @r#"
    use atlassian.forge

    app To-do {
      key "ari:cloud:ecosystem::app/2e0e64a7-84ce-42bb-9c9e-3b5142eb499b"
      kind agent
      platform atlassian.classic, atlassian.granular, atlassian.connect
      requests read:jira-work, write:issue:jira, READ, WRITE
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    member manifest.yml#/app/runtime: `app.runtime` is not expressed
    assumed manifest.yml#/app/connect: was the Connect app `acme-todo` and goes on answering to that key: requests have to name the app by its identifier
    impersonation manifest.yml#/permissions/scopes/read:jira-work/allowImpersonation: may use `read:jira-work` as people who are not there: rules see that as user.mode == offline
    unknown manifest.yml#/permissions/scopes/read:jira-wrok: `read:jira-wrok` is no scope that Forge publishes and was not declared
    assumed manifest.yml#/permissions/scopes: asks for other Connect scopes in Jira than in Confluence: each counts in both
    content manifest.yml#/permissions/content/scripts/0: pages have scripts with `unsafe-eval`
    address manifest.yml#/permissions/external/fetch/backend/0: backend fetches from `*.acme.example`
    address manifest.yml#/permissions/external/fetch/backend/1: backend fetches from `https://stats.example` (category "analytics")
    address manifest.yml#/permissions/external/fetch/client/0: client fetches from remote `server`
    address manifest.yml#/permissions/external/images/0: pages load images from `*`
    member manifest.yml#/permissions/enforcement: `permissions.enforcement` is not expressed
    address manifest.yml#/remotes/0: sends what it reads to `https://acme.example`
    impersonation manifest.yml#/remotes/0/auth/appUserToken: hands `appUserToken` to that address
    module manifest.yml#/modules/jira:issuePanel/0: module `jira:issuePanel` is not expressed
    module manifest.yml#/modules/rovo:agent/0: module `rovo:agent` is not expressed
    event manifest.yml#/modules/trigger/0/events/0: is told of `avi:jira:created:issue`, which operation forge.event.jira.created.issue decides
    event manifest.yml#/modules/trigger/0/events/1: is told of `avi:forge:installed:app`, which no operation stands for
    event manifest.yml#/modules/scheduledTrigger/0: runs every hour, with nobody there
    address manifest.yml#/modules/webtrigger/0: has an address of its own, at which anyone can wake it up
    event manifest.yml#/connectModules/jira:webhooks: Connect module `jira:webhooks` is not expressed
    "#);
}

/// No operation decides what Forge does not know, and nobody is told that one does.
#[test]
fn a_trigger_on_an_event_that_nobody_knows_is_told() {
    let manifest = MANIFEST.replace("avi:jira:created:issue", "avi:foo:bar");
    let imported = import("forge", &[("manifest.yml", &manifest)]).unwrap();
    let told = notes(&imported);
    let said = "unknown manifest.yml#/modules/trigger/0/events/0: `avi:foo:bar` is no product event that Forge \
                publishes; whether the app is told of it, no operation decides";
    assert!(told.lines().any(|line| line == said) && !told.contains("forge.event"), "{told}");
}

#[test]
fn scopes_may_be_a_list_with_more_said_of_some() {
    let list = "app: {id: x}\npermissions:\n  scopes:\n    - storage:app\n    - read:jira-work: {allowImpersonation: false}\n";
    let imported = import("forge", &[("manifest.yml", list)]).unwrap();
    insta::assert_snapshot!(checked(&imported), @r#"
    use atlassian.forge

    app forge-x {
      key "x"
      platform atlassian.classic
      requests read:jira-work, storage:app
    }
    "#);
    assert_eq!(notes(&imported), "");

    // However it is written, who reads it for yes lets the app act; what is neither is told.
    for (said, told) in
        [("yes", "may use"), ("\"TRUE\"", "may use"), ("1", "is not expressed"), ("off", "is not expressed")]
    {
        let list = list.replace("false", said);
        let imported = import("forge", &[("manifest.yml", &list)]).unwrap();
        assert!(notes(&imported).contains(told), "{said}: {}", notes(&imported));
    }
}

/// Characters that nobody sees may not stand in a policy: they are left out, and it is told of which texts.
#[test]
fn what_nobody_sees_is_left_out_and_told() {
    let descriptor = "{\"key\": \"k\", \"vendor\": {\"name\": \"Ac\u{200b}me\"}, \"baseUrl\": \"https://a.example\", \
        \"name\": \"in\u{ad}visible\", \"description\": \"not\u{feff}taken\", \"scopes\": [\"READ\"]}";
    let escaped = descriptor.replace('\u{200b}', "\\u202e");
    for (descriptor, hidden) in [(descriptor, "U+200B"), (escaped.as_str(), "U+202E")] {
        let imported = import("connect", &[("d.json", descriptor)]).unwrap();
        let text = checked(&imported);
        assert!(text.contains("vendor \"Acme\""), "{text}");
        let told = notes(&imported);
        let line = format!(
            "assumed d.json#/vendor/name: `Acme` had characters that nobody sees, which were left out: {hidden}"
        );
        assert!(told.contains(&line), "{told}");
        assert!(!told.contains("nottaken"), "{told}");
    }
    // Also where the text is written otherwise in a policy.
    let quoted = r#"{"key": "k", "vendor": {"name": "A\"\u202eB\n\\"}, "baseUrl": "https://a.example", "scopes": ["READ"]}"#;
    let imported = import("connect", &[("d.json", quoted)]).unwrap();
    assert!(checked(&imported).contains(r#"vendor "A\"B\n\\""#));
    assert!(notes(&imported).contains("nobody sees, which were left out: U+202E"), "{}", notes(&imported));
}

#[test]
fn an_entra_application_asks_by_identifiers() {
    let app = r#"{"appId": "a1", "displayName": "Mail Mover", "requiredResourceAccess": [
        {"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": [
            {"id": "810c84a8-4a9e-49e6-bf7d-12d183f40d01", "type": "Role"},
            {"id": "E1", "type": "Scope"}, {"id": "nobody", "type": "Role"}]},
        {"resourceAppId": "other", "resourceAccess": []}]}"#;
    let graph = r#"{"value": [{"appId": "00000003-0000-0000-c000-000000000000",
        "appRoles": [{"id": "810c84a8-4a9e-49e6-bf7d-12d183f40d01", "value": "Mail.Read"}],
        "oauth2PermissionScopes": [{"id": "e1", "value": "User.Read"}]}]}"#;
    let imported = import("entra", &[("app.json", app), ("graph.json", graph)]).unwrap();
    insta::assert_snapshot!(checked(&imported), @r#"
    use microsoft.graph

    app Mail-Mover {
      key "a1"
      platform microsoft.graph.application
      requests Mail.Read
    }

    app Mail-Mover-delegated {
      key "a1#delegated"
      platform microsoft.graph.delegated
      requests User.Read
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    unknown app.json#/requiredResourceAccess/0/resourceAccess/2: permission nobody has no name in these files and was not declared; add the service principal of Microsoft Graph to them
    unknown app.json#/requiredResourceAccess/1: permissions of the API other are not expressed
    assumed app.json#: has permissions of both kinds: requests for a person have to name app `a1#delegated`
    "#);
}

#[test]
fn a_service_principal_holds_what_was_granted() {
    let principal = r#"{"appId": "a1", "displayName": "Mail Mover", "verifiedPublisher": {"displayName": "Acme"},
        "oauth2PermissionGrants": [{"scope": "openid Mail.Read Files.Read", "consentType": "Principal", "principalId": "p",
        "startTime": null, "expiryTime": "2027-01-01T00:00:00Z"}]}"#;
    let imported = import("entra", &[("sp.json", principal)]).unwrap();
    insta::assert_snapshot!(checked(&imported), @r#"
    use microsoft.graph

    app Mail-Mover {
      key "a1"
      vendor "Acme"
      platform microsoft.graph.delegated
      requests Files.Read, Mail.Read
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    assumed sp.json#/oauth2PermissionGrants/0: does not say of which API it is (`resourceId`): taken for Microsoft Graph
    assumed sp.json#/oauth2PermissionGrants/0: granted by one person for themselves: counts here for everyone the app acts for
    member sp.json#/oauth2PermissionGrants/0/expiryTime: `expiryTime` is not expressed: it counts here as granted without an end
    member sp.json#/oauth2PermissionGrants/0: `openid` is asked of the sign-in and opens nothing
    "#);
}

/// Whoever acts for people is nobody who may act alone, also where Graph opens nothing for them.
#[test]
fn a_grant_of_nothing_is_for_people_too() {
    for scope in ["", "openid profile"] {
        let principal = format!(
            r#"{{"appId": "a1", "displayName": "Mail Mover", "oauth2PermissionGrants": [{{"scope": "{scope}"}}]}}"#
        );
        let imported = import("entra", &[("sp.json", &principal)]).unwrap();
        let text = checked(&imported);
        assert!(text.contains("platform microsoft.graph.delegated\n"), "{text}");
    }
}

/// Other APIs have permissions of the same names as Graph's.
#[test]
fn a_grant_is_of_the_api_that_it_names() {
    let graph = r#"{"appId": "00000003-0000-0000-C000-000000000000", "id": "RES-1",
        "appRoles": [{"id": "r1", "value": "Mail.Read"}]}"#;
    let other = r#"{"appId": "00000003-0000-0ff1-ce00-000000000000", "id": "res-2", "displayName": "SharePoint",
        "appRoles": [{"id": "r1", "value": "Mail.Send"}, {"id": "r2", "value": "Sites.Read.All"}]}"#;
    let of = |member: &str, list: &str| {
        let principal = format!(r#"{{"appId": "a1", "displayName": "Mover", "{member}": [{list}]}}"#);
        let files = [("sp.json", principal.as_str()), ("graph.json", graph), ("other.json", other)];
        let imported = import("entra", &files).unwrap();
        let text = checked(&imported);
        let requests = text.lines().find_map(|line| line.trim().strip_prefix("requests "));
        (requests.unwrap_or_default().to_owned(), notes(&imported))
    };
    let granted = "oauth2PermissionGrants";
    let place = "unknown sp.json#/oauth2PermissionGrants";
    let rows = [
        (r#"{"resourceId": "res-1", "scope": "User.Read"}"#, "User.Read", String::new()),
        (
            r#"{"resourceId": "RES-2", "scope": "User.Read", "resourceDisplayName": "Microsoft Graph"}"#,
            "",
            format!("{place}/0: delegated grant `User.Read` of the API SharePoint is not expressed"),
        ),
        (
            r#"{"resourceId": "res-3", "scope": "User.Read", "consentType": "Principal", "expiryTime": "2027"}"#,
            "",
            format!(
                "{place}/0: delegated grant `User.Read` was not declared, for these files do not say which API res-3 is; \
                 add that service principal to them (`GET /servicePrincipals/res-3`)"
            ),
        ),
        (
            r#"{"resourceId": "res-4", "scope": "User.Read"}, {"resourceId": "RES-4", "scope": "",
               "resourceDisplayName": "Microsoft Graph"}"#,
            "User.Read",
            String::new(),
        ),
        (
            r#"{"resourceId": "res-4", "scope": "User.Read"}, {"resourceId": "res-4", "scope": "",
               "resourceDisplayName": "Mine"}, {"resourceId": "res-4", "scope": "", "resourceDisplayName": "Microsoft Graph"}"#,
            "",
            [(0, "User.Read"), (1, ""), (2, "")]
                .map(|(at, scope)| {
                    format!("{place}/{at}: delegated grant `{scope}` of the API Mine is not expressed")
                })
                .join("\n"),
        ),
    ];
    for (list, requests, told) in rows {
        assert_eq!(of(granted, list), (requests.to_owned(), told), "{list}");
    }
    let assigned = "appRoleAssignments";
    let place = "unknown sp.json#/appRoleAssignments";
    // The name is Graph's own, whatever another application calls what has that identifier.
    let list = r#"{"resourceId": "res-1", "appRoleId": "R1"}"#;
    assert_eq!(of(assigned, list), ("Mail.Read".to_owned(), String::new()));
    let list = r#"{"resourceId": "res-2", "appRoleId": "r1"}, {"resourceId": "res-2", "appRoleId": "r2"},
        {"resourceId": "res-3", "appRoleId": "r3"}"#;
    let told = format!(
        "{place}/0: `Mail.Read` of the API SharePoint is not expressed\n\
         {place}/1: `Sites.Read.All` of the API SharePoint is not expressed\n\
         {place}/2: role r3 was not declared, for these files do not say which API res-3 is; add that service principal \
         to them (`GET /servicePrincipals/res-3`)"
    );
    assert_eq!(of(assigned, list), (String::new(), told));
}

/// As `GET /app/installations` and `GET /orgs/{org}/installations` answer.
#[test]
fn a_list_of_installations_is_an_app_each() {
    let one = |slug: &str| {
        format!(
            r#"{{"app_slug": "{slug}", "permissions": {{"issues": "read"}}, "repository_selection": "all"}}"#
        )
    };
    let list = format!("[{}, {}]", one("triage"), one("planner"));
    let page = format!(r#"{{"total_count": 2, "installations": {list}}}"#);
    let separate = import("github-app", &[("a.json", &one("triage")), ("b.json", &one("planner"))]).unwrap();
    for (text, first) in [(&list, "l.json#/0/repository_selection"), (&page, "l.json#/installations/0/rep")] {
        let imported = import("github-app", &[("l.json", text)]).unwrap();
        assert_eq!(checked(&imported), checked(&separate));
        assert!(notes(&imported).starts_with(&format!("assumed {first}")), "{}", notes(&imported));
        assert_eq!(survey(&Document { name: "l.json", text }).format, Some("github-app"));
    }
    let refused = |text: &str, told: &str| {
        assert_eq!(import("github-app", &[("l.json", text)]).unwrap_err().to_string(), told);
    };
    refused("[]", "l.json#: an empty list; expected an app or an installation in it");
    refused(
        "[1]",
        "l.json#/0: expected member `default_permissions` or `permissions`; this is no GitHub App",
    );
    let named = Options { name: Some("triage".to_owned()), ..Options::default() };
    let importer = import::find("github-app").unwrap();
    assert_eq!(
        importer.import(&[Document { name: "l.json", text: &list }], &named).unwrap_err().to_string(),
        "l.json#: a list of 2 apps; expected one, for `--name` names one app"
    );
}

#[test]
fn a_github_app_asks_for_levels() {
    let manifest = r#"{"name": "Triage Bot", "url": "https://acme.example", "hook_attributes": {"url": "https://acme.example/hook"},
        "default_permissions": {"issues": "write", "metadata": "read", "checks": "none"}, "default_events": ["issues"],
        "request_oauth_on_install": true}"#;
    let imported = import("github-app", &[("app.json", manifest)]).unwrap();
    insta::assert_snapshot!(checked(&imported), @r#"
    use github

    app Triage-Bot {
      key "Triage Bot"
      platform github.app
      requests issues:write, metadata:read
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    address app.json#/url: `url` leads outside and is not expressed
    address app.json#/hook_attributes: `hook_attributes` leads outside and is not expressed
    event app.json#/default_events/0: is told of `issues`, without any operation being called
    impersonation app.json#/request_oauth_on_install: asks people for tokens to act as them
    "#);
}

#[test]
fn a_slack_manifest_has_a_bot_and_people() {
    let manifest = "\
display_information: {name: Stand-up}
oauth_config:
  redirect_urls: [https://acme.example]
  scopes:
    bot: [channels:read, channels:history, canvases:read]
    bot_optional: [chat:write, channels:history]
    user: [search:read]
settings:
  event_subscriptions: {request_url: https://acme.example/e, bot_events: [message.channels]}
  socket_mode_enabled: false
outgoing_domains: [api.acme.example]
";
    let imported = import("slack-app", &[("manifest.yaml", manifest)]).unwrap();
    insta::assert_snapshot!(checked(&imported), @r#"
    use slack

    app Stand-up {
      key "Stand-up"
      platform slack.bot
      requests channels:read
      optional channels:history, chat:write
    }

    app Stand-up-for-people {
      key "Stand-up#user"
      platform slack.person
      requests search:read
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    unknown manifest.yaml#/oauth_config/scopes/bot/2: `canvases:read` is no scope of catalog `slack` and was not declared
    address manifest.yaml#/oauth_config/redirect_urls: people are sent there after they agreed
    address manifest.yaml#/settings/event_subscriptions/request_url: `request_url` of its events is not expressed
    event manifest.yaml#/settings/event_subscriptions/bot_events/0: is told of `message.channels`, without any operation being called
    member manifest.yaml#/settings/socket_mode_enabled: `settings.socket_mode_enabled` is not expressed
    address manifest.yaml#/outgoing_domains/0: reaches `api.acme.example`
    assumed manifest.yaml#: asks for scopes for its bot and for people: requests with a person's token have to name app `Stand-up#user`
    "#);
}

/// Slack wants optional scopes listed among the others too; an app may have no others.
#[test]
fn a_scope_of_a_slack_manifest_is_optional_though_it_is_listed_twice() {
    let scopes = |scopes: &str| {
        let manifest = format!(
            r#"{{"display_information": {{"name": "Helper"}}, "oauth_config": {{"scopes": {scopes}}}}}"#
        );
        checked(&import("slack-app", &[("m.json", &manifest)]).unwrap())
    };
    let once = scopes(r#"{"bot": ["channels:read"], "bot_optional": ["channels:history"]}"#);
    let twice = r#"{"bot": ["channels:read", "channels:history"], "bot_optional": ["channels:history"]}"#;
    assert_eq!(scopes(twice), once);
    let people =
        scopes(r#"{"user_optional": ["users:read.email"], "user": ["search:read", "users:read.email"]}"#);
    assert!(people.contains("requests search:read\n  optional users:read.email\n"), "{people}");
    let nothing_else = scopes(r#"{"user": ["search:read"], "user_optional": ["search:read"]}"#);
    assert!(nothing_else.contains("platform slack.person\n  optional search:read\n"), "{nothing_else}");
}

/// An editor that took the last scope away leaves nothing behind the colon.
#[test]
fn a_slack_manifest_may_say_nothing_of_scopes() {
    let manifest = |bot: &str| {
        format!(
            "display_information: {{name: x}}\noauth_config: {{scopes: {{bot: {bot}, user: [search:read]}}}}\n"
        )
    };
    let imported = import("slack-app", &[("m.yaml", &manifest("null"))]).unwrap();
    assert_eq!(checked(&imported), checked(&import("slack-app", &[("m.yaml", &manifest("[]"))]).unwrap()));
    assert_eq!(notes(&imported), "");
    assert_eq!(
        import("slack-app", &[("m.yaml", &manifest("chat:write"))]).unwrap_err().to_string(),
        "m.yaml#/oauth_config/scopes/bot: expected an array, found a string"
    );
}

#[test]
fn an_app_that_is_described_twice_is_one() {
    let installation = |level: &str| {
        format!(
            r#"{{"app_slug": "triage", "permissions": {{"issues": "{level}"}}, "repository_selection": "all"}}"#
        )
    };
    let (one, other) = (installation("read"), installation("write"));
    let imported = import("github-app", &[("a.json", &one), ("b.json", &one)]).unwrap();
    assert_eq!(checked(&imported), checked(&import("github-app", &[("a.json", &one)]).unwrap()));
    let told = "assumed a.json, b.json: app `triage` is described twice in the same way: taken once";
    assert!(notes(&imported).lines().any(|line| line == told), "{}", notes(&imported));
    assert_eq!(
        import("github-app", &[("a.json", &one), ("b.json", &other)]).unwrap_err().to_string(),
        "a.json, b.json: app `triage` is described twice, and not in the same way; expected one description of each app"
    );
}

/// As `GET /oauth2PermissionGrants` and `GET /servicePrincipals/{id}/appRoleAssignments` list them, with or without what
/// is around a page.
#[test]
fn grants_may_stand_by_themselves() {
    let graph = r#"{"appId": "00000003-0000-0000-c000-000000000000",
        "appRoles": [{"id": "R1", "value": "Mail.Read"}]}"#;
    let grants = r#"[{"id": "g1", "clientId": "SP-1", "consentType": "AllPrincipals", "scope": "User.Read Files.Read"},
        {"id": "g2", "principalId": "sp-1", "principalDisplayName": "Mail Mover", "appRoleId": "r1"}]"#;
    let imported = import("entra", &[("grants.json", grants), ("graph.json", graph)]).unwrap();
    insta::assert_snapshot!(checked(&imported), @r#"
    use microsoft.graph

    app Mail-Mover {
      key "sp-1"
      platform microsoft.graph.application
      requests Mail.Read
    }

    app Mail-Mover-delegated {
      key "sp-1#delegated"
      platform microsoft.graph.delegated
      requests Files.Read, User.Read
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    assumed grants.json#/0: does not say of which API it is (`resourceId`): taken for Microsoft Graph
    assumed grants.json#/1: does not say of which API it is (`resourceId`): taken for Microsoft Graph
    assumed grants.json#/0: the files have nothing else of service principal sp-1, whose identifier is the key here: requests have to name it so; with the service principal among the files, its `appId` is the key
    assumed grants.json#/0: has permissions of both kinds: requests for a person have to name app `sp-1#delegated`
    "#);
    assert_eq!(survey(&Document { name: "grants.json", text: grants }).format, Some("entra"));
    let page = format!(r#"{{"value": {grants}}}"#);
    let paged = import("entra", &[("grants.json", &page), ("graph.json", graph)]).unwrap();
    assert_eq!(checked(&paged), checked(&imported));
    // With the service principal among the files it is known by the identifier that requests have.
    let principal = r#"[{"id": "sp-1", "appId": "a1", "displayName": "Mail Mover"}]"#;
    let known =
        import("entra", &[("grants.json", grants), ("graph.json", graph), ("sp.json", principal)]).unwrap();
    let by_key = checked(&imported).replace("sp-1", "a1");
    assert_eq!(checked(&known), by_key);
}

#[test]
fn what_is_no_such_file_is_refused_with_its_place() {
    for (importer, text, expected) in [
        ("forge", "a", "d.yml#: expected a Forge manifest, a mapping, found a string"),
        ("forge", "{}", "d.yml#: expected member `app`; this is not a Forge manifest"),
        ("forge", "app: {}", "d.yml#/app: expected member `id`, the app's identifier"),
        ("forge", "app: {id: ''}", "d.yml#/app/id: expected the app's identifier, found an empty text"),
        (
            "forge",
            "app: {id: x}\npermissions: {scopes: read:me}",
            "d.yml#/permissions/scopes: expected an array, found a string",
        ),
        (
            "forge",
            "app: {id: x}\npermissions: {external: {images: [{category: x}]}}",
            "d.yml#/permissions/external/images/0: expected member `address` or `remote`",
        ),
        (
            "forge",
            "app: {id: x}\nmodules: {trigger: [{events: [1]}]}",
            "d.yml#/modules/trigger/0/events/0: expected a string (in quotes), found a number",
        ),
        (
            "forge",
            "app: [",
            "d.yml:2:1: not YAML as expected: while parsing a node, did not find expected node content",
        ),
        (
            "entra",
            "{}",
            "d.yml: expected an application with `requiredResourceAccess`, or a service principal with its grants",
        ),
        (
            "entra",
            r#"{"appId": "a", "requiredResourceAccess": [{}]}"#,
            "d.yml#/requiredResourceAccess/0: expected member `resourceAppId`",
        ),
        (
            "github-app",
            r#"{"name": "x", "permissions": {"issues": "root"}}"#,
            "d.yml#/permissions/issues: expected `read`, `write` or `admin`, found `root`",
        ),
        (
            "slack-app",
            "a: b",
            "d.yml#: expected `display_information` with `name`; this is no Slack app manifest",
        ),
    ] {
        assert_eq!(import(importer, &[("d.yml", text)]).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn no_odd_text_makes_an_importer_panic() {
    // Every prefix of each fixture, and each with one line gone.
    for end in (0..MANIFEST.len()).filter(|end| MANIFEST.is_char_boundary(*end)) {
        let _ = survey(&Document { name: "manifest.yml", text: &MANIFEST[..end] });
    }
    let lines: Vec<&str> = MANIFEST.lines().collect();
    for gone in 0..lines.len() {
        let rest: Vec<&str> = lines.iter().enumerate().filter(|(i, _)| *i != gone).map(|(_, l)| *l).collect();
        let _ = survey(&Document { name: "manifest.yml", text: &rest.join("\n") });
    }
    for importer in import::IMPORTERS {
        for text in ["", "null", "1", "\"x\"", "[]", "[1]", "{}", "{\"a\": null}", "a: *b", "%", "\u{0}"] {
            let _ = importer.import(&[Document { name: "d", text }], &Options::default());
        }
    }
}

#[test]
fn all_real_files_come_in_or_are_refused_with_a_reason() {
    let Some(data) = data() else { return };
    let mut sums: BTreeMap<String, usize> = BTreeMap::new();
    for folder in ["connect_descriptors", "forge_manifests", "google", "slack"] {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(data.join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        for path in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "json" || e == "yml")) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let surveyed = survey(&Document { name, text: &std::fs::read_to_string(path).unwrap() });
            let format = surveyed.format.unwrap_or_else(|| panic!("{name} is of no known format"));
            *sums.entry(format!("{format} read")).or_default() += 1;
            match surveyed.outcome {
                Outcome::Imported(brought) => {
                    assert_eq!(brought.fault, None, "{name}");
                    *sums.entry(format!("{format} imported")).or_default() += 1;
                    for (kind, many) in brought.notes {
                        *sums.entry(format!("{format} note {}", kind.name())).or_default() += many;
                    }
                }
                Outcome::Refused(why) => {
                    let why = why.split(": ").nth(1).unwrap().to_owned();
                    *sums.entry(format!("{format} refused: {why}")).or_default() += 1;
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    let lines: Vec<String> = sums.iter().map(|(what, many)| format!("{what} {many}")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    connect imported 47
    connect note address 85
    connect note assumed 61
    connect note event 79
    connect note member 134
    connect note module 106
    connect note unknown 1
    connect read 50
    connect refused: a Bitbucket descriptor (`contexts`); expected one for Jira or Confluence 1
    connect refused: a HipChat descriptor (`capabilities`); expected one for Jira or Confluence 2
    forge imported 55
    forge note address 64
    forge note assumed 4
    forge note content 11
    forge note event 5
    forge note impersonation 4
    forge note member 61
    forge note module 219
    forge note unknown 2
    forge read 58
    forge refused: expected member `id`, the app's identifier 3
    google imported 15
    google note assumed 15
    google note not-callable 5
    google note unmatched 58
    google read 15
    slack imported 1
    slack note assumed 20
    slack note not-callable 6
    slack read 1
    "#);
}

#[test]
fn every_real_manifest_is_a_policy_on_its_catalog() {
    let Some(data) = data() else { return };
    let mut texts = vec!["use atlassian.forge".to_owned()];
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(data.join("forge_manifests")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for (i, path) in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "yml")).enumerate() {
        let text = std::fs::read_to_string(path).unwrap();
        let options = Options { name: Some(format!("app{i}")), ..Options::default() };
        let Ok(imported) =
            import::find("forge").unwrap().import(&[Document { name: "m.yml", text: &text }], &options)
        else {
            continue;
        };
        let text = printer::print(&imported.file);
        // Some manifests are copies of one template, with its identifier.
        let key = text.lines().find(|l| l.trim_start().starts_with("key")).unwrap().to_owned();
        if !texts.iter().any(|t| t.contains(&key)) {
            texts.push(text.split_once("\n\n").unwrap().1.to_owned());
        }
    }
    assert!(texts.len() > 45, "{}", texts.len());
    assert_eq!(complaints(&texts.join("\n")), Vec::<String>::new());
}

// ---- helpers

fn import(importer: &str, documents: &[(&str, &str)]) -> Result<Imported, ImportError> {
    let documents: Vec<_> = documents.iter().map(|(name, text)| Document { name, text }).collect();
    import::find(importer).unwrap().import(&documents, &Options::default())
}

/// The text of an import, which must be sound, and a policy on the catalogs that come with the program.
#[track_caller]
fn checked(imported: &Imported) -> String {
    assert_eq!(fault(&imported.file, Some(&imported.file)), None);
    let text = printer::print(&imported.file);
    assert_eq!(complaints(&text), Vec::<String>::new(), "{text}");
    text
}

fn complaints(policy: &str) -> Vec<String> {
    let shelf =
        shelf::mentioned([policy]).iter().map(|p| Source { path: p.shown(), text: p.text() }).collect();
    let own = vec![Source { path: "policy.sprag".to_owned(), text: policy.to_owned() }];
    let compiled = driver::compile(Inputs { package: "p".to_owned(), own, shelf, lock: None });
    compiled.diagnostics.iter().map(|d| format!("{} {}", d.code, d.message)).collect()
}

fn notes(imported: &Imported) -> String {
    let told = |n: &sprag::import::Note| format!("{} {n}", n.kind.name());
    imported.notes.iter().map(told).collect::<Vec<_>>().join("\n")
}

/// The folder with other people's files, if it is there.
fn data() -> Option<PathBuf> {
    let near = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("SPRAG_DATA").map_or(near, PathBuf::from);
    if folder.join("forge_manifests").is_dir() {
        return Some(folder);
    }
    eprintln!("not checked: {} is not there; SPRAG_DATA names another folder", folder.display());
    None
}
