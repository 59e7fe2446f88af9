//! Everything in `policies/` is what it claims to be.
//!
//! The apps of the worked package come from descriptors in `../shared/data` (or the folder in `SPRAG_DATA`);
//! where it is missing, the test that imports them again says so and passes.
#![expect(clippy::disallowed_methods, reason = "policies are files")]

mod shell;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use shell::{clean, copy, names, root, sprag};
use sprag::cli::Exit;

/// The scenarios of Connect that exist among S01–S16 and S21–S30.
const SCENARIOS: [&str; 18] = [
    "S01", "S02", "S03", "S04", "S07", "S08", "S10", "S11", "S12", "S13", "S14", "S16", "S21", "S22", "S23",
    "S25", "S27", "S28",
];

/// The worked package's apps and the descriptors that they were imported from.
const DESCRIPTORS: [(&str, &str); 8] = [
    ("mermaid-chart", "Mermaid-Chart__confluence-mermaid-chart-plugin-v2__atlassian-connect.json"),
    ("mobichord-dashboard", "AlexeyMas__JiraActivityPlugin__atlassian-connect.json"),
    ("orgsignals", "Farhan7933__jira-connect-app__atlassian-connect.json"),
    ("secret-scanner", "FishForceFive__atlassian-secret-scanner__atlassian-connect-v3.json"),
    ("smoothflow", "DuoSoftware__smoothflow-jira-addon__atlassian-connect.json"),
    ("specif-importer", "GfSE__SpecIF-to-Confluence-Importer__atlassian-connect.json"),
    ("spiratest", "Inflectra__spiratest-jira-addon__atlassian-connect.json"),
    ("time-in-status", "AUAaAas12__behave-github__atlassian-connect.json"),
];

/// The example requests, whether each is permitted, and which layers refuse it.
const REQUESTS: [(&str, bool, &[&str]); 7] = [
    ("anonymous.json", false, &["identity"]),
    ("edit-for-ann.json", true, &[]),
    ("edit-unattended.json", false, &["rules"]),
    ("payroll.json", false, &["app-user", "rules", "rules"]),
    ("permission-scheme.json", false, &["scope", "ratchet"]),
    ("search.json", true, &[]),
    ("webhook.json", false, &["rules"]),
];

#[test]
fn packages_are_formatted_locked_clean_and_pass_their_tests() {
    clean(&["fmt", "--check", "policies"]);
    for package in packages() {
        let package = package.as_str();
        clean(&["lock", "--check", package]);
        clean(&["check", "--deny-warnings", package]);
        clean(&["test", package]);
    }
}

#[test]
fn the_same_sources_give_the_same_bytes_in_any_folder() {
    let elsewhere = tempfile::tempdir().unwrap();
    copy(&root().join("policies"), &elsewhere.path().join("policies"));
    for package in packages() {
        let there = |folder: &Path| {
            let said = sprag(folder, &["-q", "build", &package, "-o", "-"]);
            assert_eq!(said.exit, Exit::Clean, "{package}: {}", said.err);
            assert!(!said.out.is_empty(), "{package} builds to nothing");
            said.out
        };
        let (first, again, other) = (there(&root()), there(&root()), there(elsewhere.path()));
        assert!(first == again, "{package} builds to other bytes the second time");
        assert!(first == other, "{package} builds to other bytes in another folder");
    }
}

#[test]
fn every_scenario_has_its_test() {
    let mut titles = Vec::new();
    for package in packages() {
        let said = clean(&["test", "--output-format", "json", &package]);
        let json: serde_json::Value = serde_json::from_slice(&said.out).unwrap();
        strings(&json, &mut titles);
    }
    let tested =
        |id: &&str| titles.iter().any(|t| t.strip_prefix(*id).is_some_and(|rest| rest.starts_with(':')));
    let missing: Vec<_> = SCENARIOS.iter().filter(|id| !tested(id)).collect();
    assert!(missing.is_empty(), "scenarios without a test: {missing:?}");
}

#[test]
fn every_example_request_is_answered_as_expected() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("acme.spragb");
    let bundle = bundle.to_str().unwrap();
    clean(&["-q", "build", "policies/acme", "-o", bundle]);
    for (file, permitted, layers) in REQUESTS {
        let path = format!("policies/acme/requests/{file}");
        let said = clean(&["decide", bundle, "--request", &path]);
        let answer: serde_json::Value = serde_json::from_slice(&said.out).unwrap();
        assert_eq!(answer["decision"], permitted, "{file}: {answer}");
        let reasons = answer["context"]["reasons"].as_array().map(Vec::as_slice).unwrap_or_default();
        let refusing: Vec<_> = reasons.iter().filter_map(|r| r["layer"].as_str()).collect();
        assert_eq!(refusing, layers, "{file}: {answer}");
        assert_eq!(said.err, "", "{file} says what means nothing");
    }
    let listed: BTreeSet<_> = REQUESTS.iter().map(|(file, ..)| (*file).to_owned()).collect();
    assert_eq!(names(&root().join("policies/acme/requests")), listed, "requests without an expectation");
}

#[test]
fn apps_are_what_their_descriptors_say() {
    let apps = root().join("policies/acme/apps");
    let listed: BTreeSet<_> = DESCRIPTORS.iter().map(|(app, _)| format!("{app}.sprag")).collect();
    assert_eq!(names(&apps), listed, "apps without a descriptor");
    let data = std::env::var_os("SPRAG_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let descriptors = data.join("connect_descriptors");
    if !descriptors.is_dir() {
        // Past the test harness, which hides what passing tests print.
        let sentence = format!("not tested: there are no descriptors in {}", descriptors.display());
        writeln!(std::io::stderr(), "{sentence}").unwrap();
        return;
    }
    for (app, descriptor) in DESCRIPTORS {
        let descriptor = descriptors.join(descriptor);
        let said = clean(&["-q", "import", "connect", "--name", app, descriptor.to_str().unwrap()]);
        let text = fs::read(apps.join(format!("{app}.sprag"))).unwrap();
        assert!(said.out == text, "{app} is not what its descriptor says now");
    }
}

/// `policies/acme`, …: the folders with a `sprag.toml`.
fn packages() -> Vec<String> {
    let all = names(&root().join("policies")).into_iter().map(|name| format!("policies/{name}"));
    let found: Vec<_> = all.filter(|p| root().join(p).join("sprag.toml").is_file()).collect();
    assert!(found.len() >= 3, "packages went missing: {found:?}");
    found
}

/// Every string in the value.
fn strings(json: &serde_json::Value, found: &mut Vec<String>) {
    match json {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(values) => values.iter().for_each(|v| strings(v, found)),
        serde_json::Value::Object(members) => members.values().for_each(|v| strings(v, found)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}
