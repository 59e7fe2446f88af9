//! Targets on the real catalogs: scenarios by their numbers, and `docs/targets.md`, whose commands are run.
//!
//! `BLESS=1 cargo test --test target_scenarios` writes what the commands print into the page: read the diff.
#![expect(clippy::disallowed_methods, reason = "packages lie on disk, and a test reads the page it is about")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sprag::cli::{self, Context, Exit};
use sprag::report::Look;
use tempfile::TempDir;

#[test]
fn the_page_about_targets_shows_what_the_commands_print() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/targets.md");
    let text = fs::read_to_string(&page).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut made = String::new();
    let mut block: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(info)) if !info.is_empty() => {
                made += &format!("{line}\n");
                block = Some((info.to_owned(), String::new()));
            }
            (Some((info, inside)), Some("")) => {
                if let Some(path) = info.strip_prefix("file ") {
                    write(folder.path(), path, inside);
                    made += inside;
                } else if info == "console" {
                    for command in inside.lines().filter_map(|line| line.strip_prefix("$ ")) {
                        made += &format!("$ {command}\n");
                        let args: Vec<&str> = command.split(' ').collect();
                        let (exit, out, err) = sprag(folder.path(), &args[1..]);
                        made += &(out + &err);
                        if exit != Exit::Clean {
                            made += &format!("(exit {})\n", exit as i32);
                        }
                    }
                } else {
                    made += inside;
                }
                made += "```\n";
                block = None;
            }
            (Some((_, inside)), _) => *inside += &format!("{line}\n"),
            (None, _) => made += &format!("{line}\n"),
        }
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(&page, made).unwrap();
    } else {
        assert_eq!(text, made);
    }
}

/// Every target stands in the table of the page.
#[test]
fn the_page_tells_of_every_target() {
    let page = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/targets.md")).unwrap();
    for target in sprag::target::TARGETS {
        assert!(page.contains(&format!("| `{}` |", target.about().name)), "{}", target.about().name);
    }
}

#[test]
fn s37_s40_s41_s42_an_app_access_rule_leaves_out_what_is_exempt() {
    let policy = format!(
        "use atlassian.confluence\nuse atlassian.jira\n{}permit reader to read, jira.webhook.*\n\
         forbid reader to any operation in project P, space S as closed\n\
         forbid reader to jira.webhook.* as no-webhooks\n",
        app("reader", "atlassian.connect", "READ")
    );
    let report = build(&package(&policy, &[]), "atlassian-app-access", &[]);
    let gap = |operation: &str| {
        let gaps = report["gap"].as_array().unwrap();
        let about = |gap: &&Value| gap["operations"].as_array().unwrap().iter().any(|o| o == operation);
        let denied = |gap: &&Value| !gap["cause"].as_str().unwrap().contains("entries");
        gaps.iter().filter(about).find(denied).map(|gap| gap["why"].as_str().unwrap().to_owned())
    };
    // Pages and issues are kept closed; what a rule does not cover is said to pass.
    assert_eq!(gap("confluence.pages.get"), None);
    assert_eq!(gap("jira.issue.get"), None);
    for exempt in ["jira.project.get", "jira.webhook.create", "confluence.spaces.get"] {
        assert_eq!(gap(exempt).as_deref(), Some("the target does not cover these operations"), "{exempt}");
    }
}

#[test]
fn s54_sixteen_spaces_are_divided_among_policies_and_the_limit_is_told() {
    let spaces: Vec<String> = (1..=16).map(|n| format!("space S{n}")).collect();
    let policy = format!(
        "use atlassian.confluence\n{}permit pages to read\nforbid pages to any operation in {}\n",
        app("pages", "atlassian.connect", "READ"),
        spaces.join(", ")
    );
    let package = package(&policy, &["atlassian-app-access"]);
    let report = build(&package, "atlassian-app-access", &[]);
    let policies = report["settings"]["policies"].as_array().unwrap();
    let sizes: Vec<usize> =
        policies.iter().filter_map(|p| Some(p["coverage"]["spaces"].as_array()?.len())).collect();
    assert_eq!(sizes, [15, 1]);
    assert!(report["notes"].as_array().unwrap().iter().any(|note| note["limit"]["most"] == 15));
    let found = lint(&package);
    assert!(found.contains("SPR0604") && found.contains("16 spaces"), "{found}");
    let (_, shown, _) = sprag(package.path(), &["target", "show", "atlassian-app-access"]);
    for limit in
        ["limit   20 apps", "limit   15 projects or spaces", "limit   50 data", "limit   30 products"]
    {
        assert!(shown.contains(limit), "{shown}");
    }
}

#[test]
fn s87_no_setting_chooses_the_provider_of_a_model() {
    let policy = format!(
        "use atlassian.rovo\n{}permit assistant to any operation\n\
         forbid assistant to marked rovo-leaves-product in rovo-source where classification >= confidential\n\
         unless rovo.provider == \"atlassian\" as only-hosted-models\n",
        app("assistant", "atlassian.rovo.feature", "agents, chat, search")
    );
    let package = package(&policy, &["rovo"]);
    unsupported(&build(&package, "rovo", &[]), "only-hosted-models", "rovo.provider", "rovo.chat.answer");
    let found = lint(&package);
    assert!(found.contains("SPR0603") && found.contains("only-hosted-models"), "{found}");
}

#[test]
fn s88_no_setting_says_where_data_is_processed() {
    let policy = format!(
        "use atlassian.rovo\n{}permit assistant to any operation\n\
         forbid assistant to any operation in rovo-source unless rovo.region == \"EU\" as stays-in-europe\n",
        app("assistant", "atlassian.rovo.feature", "agents, chat, search")
    );
    let package = package(&policy, &["rovo"]);
    unsupported(&build(&package, "rovo", &[]), "stays-in-europe", "rovo.region", "rovo.agent.run");
    assert!(lint(&package).contains("stays-in-europe"));
}

#[test]
fn s94_domains_of_the_mcp_server_hold_for_the_whole_organisation() {
    let policy = format!(
        "use atlassian.rovo-mcp\n{}permit claude to any operation when client.origin == \"https://claude.ai\"\n\
         forbid claude to any operation in site unless site.id == \"sandbox\" as sandbox-only\n",
        app("claude", "atlassian.rovo-mcp.oauth", "read_jira, search_jira")
    );
    let package = package(&policy, &["rovo-mcp"]);
    let report = build(&package, "rovo-mcp", &[]);
    assert_eq!(report["settings"]["domains"]["own"], serde_json::json!(["https://claude.ai"]));
    assert_eq!(report["settings"]["permissions"]["tools"]["read_jira"], "allow");
    assert_eq!(report["settings"]["permissions"]["tools"]["write_jira"], "block");
    unsupported(&report, "sandbox-only", "site.id", "rovo-mcp.jira.read");
    let found = lint(&package);
    assert!(
        found.contains("SPR0603")
            && found.contains("SPR0604")
            && found.contains("all sites of the organisation"),
        "{found}"
    );
}

/// An API token redirects nowhere, so that what it may do names no domain.
#[test]
fn domains_of_the_mcp_server_are_those_of_oauth_clients() {
    let token = "app script {\n  key \"com.acme.script\"\n  platform atlassian.rovo-mcp.token\n  \
                 requests read_jira, search_jira\n  user everything\n}\npermit script to rovo-mcp.jira.read\n";
    let claude = format!(
        "use atlassian.rovo-mcp\n{}permit claude to rovo-mcp.jira.read when client.origin == \"https://claude.ai\"\n",
        app("claude", "atlassian.rovo-mcp.oauth", "read_jira, search_jira")
    );
    let alone = build(&package(&claude, &["rovo-mcp"]), "rovo-mcp", &[]);
    let both = build(&package(&format!("{claude}{token}"), &["rovo-mcp"]), "rovo-mcp", &[]);
    assert_eq!(both["settings"]["domains"]["own"], serde_json::json!(["https://claude.ai"]));
    assert_eq!(both["settings"]["domains"], alone["settings"]["domains"]);
    assert_eq!(
        (&alone["settings"]["authentication"]["apiToken"], &both["settings"]["authentication"]["apiToken"]),
        (&false.into(), &true.into())
    );
    // What is told besides is told of both in the same way.
    assert_eq!(both["notes"], alone["notes"]);
    let of = |report: &Value, app: &str| {
        let gaps = report["gap"].as_array().unwrap();
        gaps.iter().filter(|gap| gap["app"] == app).count()
    };
    assert_eq!(of(&both, "claude"), of(&alone, "claude"));
    // Where there are only tokens, no domain is needed.
    let start = claude.split("app claude").next().unwrap();
    let tokens = build(&package(&format!("{start}{token}"), &["rovo-mcp"]), "rovo-mcp", &[]);
    assert_eq!(tokens["settings"]["domains"]["own"], serde_json::json!([]));
    assert_eq!(tokens["notes"], serde_json::json!([]));
}

#[test]
fn s76_and_s78_access_policies_are_those_of_the_documented_rules() {
    let of = |rule: &str| {
        let policy = format!(
            "use microsoft.exchange\n{}{rule}",
            app("reader", "microsoft.exchange.ews", "full_access_as_app")
        );
        build(&package(&policy, &[]), "exchange-access-policy", &[])
    };
    let restricted = of("permit reader to any operation in mailbox where groups intersects [\"PILOT\"]\n");
    let policies = restricted["settings"]["policies"].as_array().unwrap();
    assert_eq!(policies.len(), 1);
    assert_eq!(
        (&policies[0]["AccessRight"], &policies[0]["PolicyScopeGroupId"]),
        (&Value::from("RestrictAccess"), &Value::from("PILOT"))
    );
    let denied = of("permit reader to any operation\n\
                     forbid reader to any operation in mailbox where groups intersects [\"HR\"]\n");
    let policies = denied["settings"]["policies"].as_array().unwrap();
    assert_eq!(policies.len(), 1);
    assert_eq!(policies[0]["AccessRight"], "DenyAccess");
}

#[test]
fn s80_what_an_access_policy_does_not_bind_is_told() {
    // Graph's catalog is large; two of its operations are enough here.
    let policy = format!(
        "use microsoft.graph\n{}permit reader to any operation in mailbox where groups intersects [\"PILOT\"]\n",
        app("reader", "microsoft.graph.application", "Mail.Read, Files.Read.All")
    );
    let catalog = r#"catalog microsoft.graph version "1"
kind tenant
kind account in tenant
kind mailbox in account { groups: strings }
kind drive in tenant
model application
scope application Files.Read.All
scope application Mail.Read
mark application-access-policy-binds "bound"
operation graph.messages.get {
  access read in mailbox requires application Mail.Read marks application-access-policy-binds
}
operation graph.drives.get { access read in drive requires application Files.Read.All }
"#;
    let package = package(&policy, &[]);
    write(package.path(), "graph.sprag", catalog);
    let report = build(&package, "exchange-access-policy", &[]);
    let gaps = report["gap"].as_array().unwrap();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0]["operations"], serde_json::json!(["graph.drives.get"]));
    assert_eq!(gaps[0]["why"], "the target does not cover these operations");
}

#[test]
fn a_gap_fails_the_run_that_denies_it_and_names_are_quoted() {
    let policy = format!(
        "use microsoft.exchange\n{}permit reader to any operation in mailbox where groups intersects [\"it's `$x\"]\n\
         forbid reader to exchange.mail.send\n",
        app("reader", "microsoft.exchange.ews", "full_access_as_app")
    );
    let package = package(&policy, &[]);
    locked(&package);
    let args = ["target", "build", "exchange-access-policy", ".", "-o", "out.ps1", "--deny-gap"];
    let (exit, out, err) = sprag(package.path(), &args);
    assert_eq!((exit, err.as_str()), (Exit::Findings, ""), "{out}");
    assert!(out.contains("gap: `reader`, `exchange.mail.send`"), "{out}");
    let commands = fs::read_to_string(package.path().join("out.ps1")).unwrap();
    assert!(commands.contains("-PolicyScopeGroupId 'it''s `$x'"), "{commands}");
    let (exit, ..) = sprag(package.path(), &["target", "build", "exchange-access-policy", "."]);
    assert_eq!(exit, Exit::Clean);
    let (exit, _, err) = sprag(package.path(), &["target", "build", "exchange-access-polcy", "."]);
    assert_eq!(exit, Exit::Failed);
    assert!(err.contains("did you mean `exchange-access-policy`"), "{err}");
}

#[test]
fn a_manifest_patch_is_yaml_that_the_importer_reads() {
    let policy = format!(
        "use atlassian.jira\n{}permit helper to jira.issue.get\n",
        app("helper", "atlassian.classic", "read:jira-work, write:jira-work, manage:jira-configuration")
    );
    let package = package(&policy, &[]);
    locked(&package);
    let (exit, text, err) = sprag(package.path(), &["target", "build", "forge-manifest", "."]);
    assert_eq!(exit, Exit::Clean, "{err}");
    assert!(text.contains("\"read:jira-work\": {}") || text.contains("\"read:jira-work\":\n"), "{text}");
    assert!(text.contains("# no longer: manage:jira-configuration"), "{text}");
    let manifest = format!("app:\n  id: ari:cloud:ecosystem::app/x\nmodules: {{}}\n{text}");
    write(package.path(), "manifest.yml", &manifest);
    let (exit, out, err) = sprag(package.path(), &["import", "--check", "manifest.yml"]);
    assert_eq!(exit, Exit::Clean, "{out}{err}\n{manifest}");
}

/// Scopes of two models may have one name, and a manifest has names.
#[test]
fn a_scope_that_stays_in_a_manifest_is_not_said_to_go() {
    let asked = "read:jira-work, write:jira-work, read:issue:jira, delete:issue:jira";
    let policy = format!(
        "use atlassian.jira\n{}permit helper to read\npermit helper to jira.issue.delete\n",
        app("helper", "atlassian.granular, atlassian.classic", asked)
    );
    for strict in [&[][..], &["--strict"]] {
        let package = package(&policy, &[]);
        locked(&package);
        let build = ["target", "build", "forge-manifest", ".", "-o", "m.yml"];
        let args: Vec<&str> = build.iter().chain(strict).copied().collect();
        let (exit, out, err) = sprag(package.path(), &args);
        assert_eq!(exit, Exit::Clean, "{out}{err}");
        let text = fs::read_to_string(package.path().join("m.yml")).unwrap();
        let gone: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# no longer: ")).collect();
        for scope in asked.split(", ") {
            let stays = text.contains(&format!("\n    \"{scope}\":"));
            assert_eq!(stays, !gone.contains(&scope), "{scope}: {text}");
        }
    }
}

#[test]
fn where_a_forge_app_sends_data_is_in_its_manifest() {
    let declared = "use atlassian.jira\nmodel external\nscope external out\n\
        operation forge.fetch.backend { access write in site requires external out }\n\
        attributes request { analytics: bool }\n";
    let policy = |rules: &str| {
        let app = app("helper", "atlassian.classic, external", "read:jira-work, out");
        format!("{declared}{app}permit helper to jira.issue.get\n{rules}")
    };
    let said = |rules: &str, args: &[&str]| {
        let package = package(&policy(rules), &[]);
        locked(&package);
        let args: Vec<&str> =
            ["target", "build", "forge-manifest", "."].iter().chain(args).copied().collect();
        let (exit, text, err) = sprag(package.path(), &args);
        assert_eq!(exit, Exit::Clean, "{err}");
        // The importer reads it again.
        if args.len() == 4 {
            let manifest = format!("app:\n  id: ari:cloud:ecosystem::app/x\nmodules: {{}}\n{text}");
            write(package.path(), "manifest.yml", &manifest);
            let (exit, out, err) = sprag(package.path(), &["import", "--check", "manifest.yml"]);
            assert_eq!(exit, Exit::Clean, "{out}{err}\n{manifest}");
        }
        (text, err)
    };
    let listed = "permit helper to forge.fetch.backend when destination like [\"*.example.com\", \"api.example.net\", \"a.example.com\"]\n";
    let (text, err) = said(listed, &[]);
    assert!(
        text.contains("  external:\n    fetch:\n      backend: [api.example.net, \"*.example.com\"]\n"),
        "{text}"
    );
    assert!(!text.contains("no longer: out"), "{text}");
    assert!(err.contains("no operation `forge.fetch.client` says where `helper` may fetch from"), "{err}");
    assert!(!err.contains("`forge.fetch.backend`:"), "{err}");

    // What Forge cannot tell apart is a gap; strict settings close it, and tell what that breaks.
    let analytics = format!("{listed}forbid any app to forge.fetch.* unless not analytics as no-analytics\n");
    let (text, err) = said(&analytics, &[]);
    assert!(text.contains("backend: [api.example.net, \"*.example.com\"]"), "{text}");
    let told = "gap: `helper`, `forge.fetch.backend`: `no-analytics` forbids it; the target does not see `analytics`";
    assert!(err.contains(told), "{err}");
    let (text, err) = said(&analytics, &["--strict"]);
    assert!(text.contains("      backend: []\n"), "{text}");
    assert!(err.contains("broken: `helper`, `forge.fetch.backend`") && !err.contains("gap: "), "{err}");

    // Nothing but `*` says what is permitted everywhere else.
    let but = "permit helper to forge.fetch.backend unless destination == \"evil.example\" as not-there\n";
    let (text, err) = said(but, &[]);
    assert!(text.contains("backend: [\"*\"]"), "{text}");
    assert!(err.contains("note: the manifest opens every address to `helper`"), "{err}");
    assert!(err.contains("gap: `helper`, `forge.fetch.backend`, "), "{err}");
    let (text, _) = said("permit helper to forge.fetch.backend\n", &["--strict"]);
    assert!(text.contains("backend: [\"*\"]"), "{text}");

    // A policy that says nothing of it is told so.
    let package = package(
        &format!(
            "use atlassian.jira\n{}permit helper to read\n",
            app("helper", "atlassian.classic", "read:jira-work")
        ),
        &[],
    );
    locked(&package);
    let (_, text, err) = sprag(package.path(), &["target", "build", "forge-manifest", "."]);
    assert!(!text.contains("external"), "{text}");
    assert!(
        err.contains("no operation `forge.fetch.backend` or `forge.fetch.client` says where `helper`"),
        "{err}"
    );
    let (_, json, _) = sprag(package.path(), &["target", "build", "forge-manifest", ".", "--format", "json"]);
    assert!(json.contains("no operation `forge.fetch.backend`"), "{json}");
}

/// Where a platform lets in what nobody keeps out, settings made of a policy that permits nothing keep out everything.
#[test]
fn what_permits_nothing_opens_nothing() {
    let mail = app("reader", "microsoft.exchange.ews", "full_access_as_app");
    for policy in [
        "use atlassian.rovo\n".to_owned(),
        "use atlassian.jira\nuse atlassian.confluence\nuse atlassian.guard\nuse atlassian.rovo\nuse atlassian.rovo-mcp\n\
         use github\n"
            .to_owned(),
        format!("use atlassian.guard\nuse atlassian.rovo\nuse microsoft.exchange\n{mail}"),
        format!(
            "use atlassian.rovo\n{}permit assistant to rovo.search\n",
            app("assistant", "atlassian.rovo.feature", "search")
        ),
    ] {
        let package = package(&policy, &[]);
        for strict in [&[][..], &["--strict"]] {
            let settings = |target: &str| build(&package, target, strict)["settings"].clone();
            let told = |target: &str| format!("{target} {strict:?} of {policy}: {:#}", settings(target));
            assert_eq!(settings("rovo")["ai"]["others"], "off", "{}", told("rovo"));

            let mcp = settings("rovo-mcp");
            assert_eq!(mcp["domains"]["own"], serde_json::json!([]), "{}", told("rovo-mcp"));
            assert_eq!(mcp["authentication"]["apiToken"], false, "{}", told("rovo-mcp"));
            let tools = mcp["permissions"]["tools"].as_object().unwrap();
            assert_eq!(tools.is_empty(), !policy.contains("rovo-mcp"), "{}", told("rovo-mcp"));
            assert!(tools.values().all(|tool| tool == "block"), "{}", told("rovo-mcp"));

            let access = settings("atlassian-app-access");
            let closed = |product: &str| {
                let rules = access["policies"].as_array().unwrap();
                rules.iter().any(|rule| {
                    rule["coverage"] == serde_json::json!({ "product": product })
                        && rule["rule"]
                            == serde_json::json!({ "appAccess": "block all apps except", "apps": [] })
                })
            };
            assert!(closed("Jira") && closed("Confluence"), "{}", told("atlassian-app-access"));

            let content = settings("atlassian-data-security");
            let blocked: Vec<String> = (content["policies"].as_array().unwrap().iter())
                .map(|rule| {
                    let what = rule["rule"].as_object().unwrap().keys().next().unwrap();
                    format!("{what} {}", rule["coverage"]["product"].as_str().unwrap())
                })
                .collect();
            assert_eq!(
                blocked,
                [
                    "anonymousAccess Jira",
                    "anonymousAccess Confluence",
                    "export Jira",
                    "export Confluence",
                    "publicLinks Confluence"
                ],
                "{}",
                told("atlassian-data-security")
            );

            // These give, so that to say nothing gives nothing.
            assert_eq!(settings("github-app")["apps"], serde_json::json!({}), "{}", told("github-app"));
            assert_eq!(settings("forge-manifest")["apps"], serde_json::json!({}), "{}", told("forge-manifest"));
        }
        // These keep out only apps that they name, and say so.
        let report = build(&package, "exchange-access-policy", &[]);
        let rules = report["settings"]["policies"].as_array().unwrap();
        let notes = report["notes"].to_string();
        match policy.contains("microsoft.exchange") {
            true => assert!(rules[0]["PolicyScopeGroupId"] == "sprag-nobody", "{report:#}"),
            false => assert!(rules.is_empty() && notes.contains("they bind only apps that they name"), "{notes}"),
        }
    }
}

/// What a target in use tells exactly, no other rule tells by and large.
#[test]
fn what_the_platform_cannot_do_is_told_once() {
    let all = "SPR0603,SPR0604,SPR0605,SPR0606,SPR0607";
    let codes = |policy: &str, targets: &[&str]| {
        let found = found(&package(policy, targets), all);
        let codes = found.lines().filter_map(|line| line.split_once("[SPR")?.1.get(..4));
        codes.map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    let of = |all: &[&str]| all.iter().map(|code| (*code).to_owned()).collect();
    let spaces: Vec<String> = (1..=16).map(|n| format!("space S{n}")).collect();
    let rovo = format!(
        "use atlassian.rovo\n{}permit assistant to any operation\n\
         forbid assistant to any operation in rovo-source unless rovo.region == \"EU\"\n",
        app("assistant", "atlassian.rovo.feature", "agents, chat, search")
    );
    let pages = format!(
        "use atlassian.confluence\n{}permit pages to read\nforbid pages to any operation in {}\n",
        app("pages", "atlassian.connect", "READ"),
        spaces.join(", ")
    );
    for (policy, target, without, with) in [
        (rovo, "rovo", of(&["0605"]), of(&["0603"])),
        (pages, "atlassian-app-access", of(&["0606"]), of(&["0603", "0604"])),
    ] {
        assert_eq!(codes(&policy, &[]), without, "{target}");
        assert_eq!(codes(&policy, &[target]), with, "{target}");
        assert_eq!(codes(&policy, &["forge-manifest"]), without, "another target than {target}");
    }
    // What the policy permits everywhere is no gap of a target, so that nothing else tells it.
    let mail = "use microsoft\nmodel keys\nscope keys all\n\
         operation mail.read { access read in mailbox requires keys all marks application-access-policy-binds }\n\
         operation file.read { access read in drive requires keys all }\n";
    let mail = format!(
        "{mail}{}permit reader to mail.read in mailbox where groups intersects [\"PILOT\"]\npermit reader to file.read\n",
        app("reader", "keys", "all")
    );
    assert_eq!(codes(&mail, &[]), of(&["0607"]));
    assert_eq!(codes(&mail, &["exchange-access-policy"]), of(&["0607"]));
}

// ---- help

/// The report says of the rule that the target does not see what it reads, for this operation among others.
#[track_caller]
fn unsupported(report: &Value, rule: &str, reads: &str, operation: &str) {
    let gaps = report["gap"].as_array().unwrap();
    let about = |gap: &&Value| {
        gap["cause"].as_str().unwrap().contains(rule)
            && gap["operations"].as_array().unwrap().iter().any(|o| o == operation)
    };
    let gap = gaps.iter().find(about).unwrap_or_else(|| panic!("no gap for {rule}: {gaps:#?}"));
    let why = gap["why"].as_str().unwrap();
    assert!(why.starts_with("the target does not see") && why.contains(&format!("`{reads}`")), "{gap:#}");
    assert!(gap["witness"].is_string(), "{gap:#}");
}

fn app(name: &str, platform: &str, requests: &str) -> String {
    format!(
        "role everything {{ any operation }}\nassign everything to any user\n\
         app {name} {{\n  key \"com.acme.{name}\"\n  vendor \"Acme\"\n  platform {platform}\n  requests {requests}\n  \
         user everything\n}}\n"
    )
}

fn package(policy: &str, targets: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = "[package]\nname = \"small\"\nlanguage = \"0.1\"\n".to_owned();
    if !targets.is_empty() {
        manifest += &format!("\n[targets]\nuse = {targets:?}\n");
    }
    write(folder.path(), "sprag.toml", &manifest);
    write(folder.path(), "policy.sprag", policy);
    folder
}

#[track_caller]
fn build(package: &TempDir, target: &str, more: &[&str]) -> Value {
    locked(package);
    let args = [&["target", "build", target, ".", "--format", "json"], more].concat();
    let (exit, out, err) = sprag(package.path(), &args);
    assert_eq!(exit, Exit::Clean, "{out}{err}");
    serde_json::from_str(&out).unwrap()
}

#[track_caller]
fn lint(package: &TempDir) -> String {
    found(package, "target-gap,target-limit")
}

#[track_caller]
fn found(package: &TempDir, rules: &str) -> String {
    locked(package);
    let args = ["lint", ".", "--select", rules, "--output-format", "concise", "--exit-zero"];
    let (exit, out, err) = sprag(package.path(), &args);
    assert_eq!(exit, Exit::Clean, "{out}{err}");
    out
}

/// The catalogs are pinned, as `sprag lock` does it.
#[track_caller]
fn locked(package: &TempDir) {
    let (exit, out, err) = sprag(package.path(), &["lock", "."]);
    assert_eq!(exit, Exit::Clean, "{out}{err}");
}

fn write(folder: &Path, path: &str, text: &str) {
    let file = folder.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn sprag(folder: &Path, args: &[&str]) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut cx = Context {
        cwd: fs::canonicalize(folder).unwrap(),
        input: &mut std::io::empty(),
        out: &mut out,
        err: &mut err,
        look: Look::PLAIN,
        quiet: false,
        progress: false,
    };
    let exit = cli::run([&["sprag"], args].concat(), &mut cx);
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}
