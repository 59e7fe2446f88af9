//! Guarantees and comparisons on the command line, by the packages in `policies/` and a small one of its own.
#![expect(clippy::disallowed_methods, reason = "packages are files")]

mod shell;

use std::fs;
use std::path::Path;

use shell::{clean, copy, names, root, sprag};
use sprag::cli::Exit;

const POLICY: &str = r#"use tiny

role reader { read }

app clock {
  key "com.example.clock"
  platform tiny.plain
  requests READ
  user reader
}

permit clock to read unless project.category == "Finance"

ensure "payroll is closed" {
  never any app to read in project PAY
}
"#;

const CATALOG: &str = r#"catalog tiny version "1"

kind project { category: string }

model plain

scope plain READ

operation tiny.get { access read in project requires plain READ }
"#;

/// A package at `p` with this policy, locked.
fn package(policy: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "p", policy);
    folder
}

fn write(folder: &Path, name: &str, policy: &str) {
    let at = folder.join(name);
    fs::create_dir_all(&at).unwrap();
    let manifest = format!("[package]\nname = \"{name}\"\nlanguage = \"0.1\"\n");
    for (file, text) in [("sprag.toml", manifest.as_str()), ("policy.sprag", policy), ("tiny.sprag", CATALOG)]
    {
        fs::write(at.join(file), text).unwrap();
    }
    assert_eq!(sprag(folder, &["lock", name]).exit, Exit::Clean);
}

fn out(said: &shell::Said) -> String {
    String::from_utf8(said.out.clone()).unwrap()
}

#[test]
fn a_guarantee_that_does_not_hold_is_an_error_and_nothing_is_built() {
    let folder = package(POLICY);
    let said = sprag(folder.path(), &["check", "p"]);
    assert_eq!(said.exit, Exit::Findings);
    assert!(out(&said).contains("the guarantee `payroll is closed` does not hold"), "{}", out(&said));
    let said = sprag(folder.path(), &["build", "p"]);
    assert_eq!(said.exit, Exit::Findings);
    assert!(said.err.contains("the guarantee `payroll is closed` does not hold"), "{}", said.err);
    assert!(!names(folder.path()).contains("p.spragb"));
}

#[test]
fn lint_tells_of_guarantees_unless_rules_are_named() {
    let folder = package(POLICY);
    let lint = |more: &[&str]| {
        let said = sprag(folder.path(), &[&["lint", "--output-format", "concise"], more].concat());
        (said.exit, out(&said).contains("E0901"))
    };
    assert_eq!(lint(&[]), (Exit::Findings, true));
    assert_eq!(lint(&["--select", "SPR0301"]), (Exit::Clean, false));
}

#[test]
fn a_guarantee_that_holds_is_silent() {
    let folder = package(&POLICY.replace("unless", "when has(project.id) unless project.id == \"PAY\" or"));
    let said = sprag(folder.path(), &["check", "p"]);
    assert_eq!((said.exit, said.err.as_str()), (Exit::Clean, ""), "{}", out(&said));
    assert_eq!(sprag(folder.path(), &["build", "p"]).exit, Exit::Clean);
}

#[test]
fn proofs_are_left_out_only_where_asked_and_it_is_said() {
    let folder = package(POLICY);
    let spoken = "package `p`: 1 guarantee was not proved (--no-prove)\n";
    let said = sprag(folder.path(), &["check", "--no-prove", "p"]);
    assert_eq!((said.exit, said.err.as_str()), (Exit::Clean, spoken));
    let said = sprag(folder.path(), &["build", "--no-prove", "p"]);
    assert_eq!(said.exit, Exit::Clean);
    assert!(said.err.starts_with(spoken), "{}", said.err);
    assert!(names(folder.path()).contains("p.spragb"));
    let said = sprag(folder.path(), &["check", "-q", "--no-prove", "p"]);
    assert_eq!(said.err, "");
}

#[test]
fn the_request_that_is_told_is_one_that_decide_answers() {
    let folder = package(POLICY);
    let broken = folder.path().join("p");
    let said =
        sprag(folder.path(), &["compare", "--relation", "disjoint", "--output-format", "json", "p", "p"]);
    assert_eq!(said.exit, Exit::Findings);
    let document: serde_json::Value = serde_json::from_slice(&said.out).unwrap();
    let app = &document["apps"][0];
    assert_eq!((&document["relation"], &document["holds"]), (&"disjoint".into(), &false.into()));
    assert_eq!((&app["app"], &app["holds"]), (&"com.example.clock".into(), &false.into()));
    fs::write(broken.join("request.json"), app["request"].to_string()).unwrap();
    assert_eq!(sprag(folder.path(), &["build", "--no-prove", "p"]).exit, Exit::Clean);
    let said = sprag(folder.path(), &["decide", "p.spragb", "--request", "p/request.json", "--explain"]);
    assert_eq!((said.exit, said.err.as_str()), (Exit::Clean, ""));
    assert!(out(&said).starts_with(r#"{"decision":true"#), "{}", out(&said));
}

#[test]
fn packages_are_compared_app_by_app() {
    let folder = package(POLICY);
    write(folder.path(), "less", &POLICY.replace("unless project", "when channel == server unless project"));
    let compare = |relation: &str, one: &str, other: &str, exit: Exit| {
        let said = sprag(folder.path(), &["compare", "--relation", relation, one, other]);
        assert_eq!(said.exit, exit, "{relation} {one} {other}: {}{}", out(&said), said.err);
        out(&said)
    };
    let said = compare("equal", "p", "p", Exit::Clean);
    assert_eq!(said, "`p` permits exactly what `p` does: proved for 1 app\n");
    compare("implies", "less", "p", Exit::Clean);
    let said = compare("implies", "p", "less", Exit::Findings);
    assert!(said.contains("`com.example.clock`: permitted by `p` and not by `less`"), "{said}");
    assert!(said.contains("clock to tiny.get in project"), "{said}");
    compare("equal", "p", "less", Exit::Findings);
    compare("disjoint", "p", "less", Exit::Findings);
    write(folder.path(), "other", &POLICY.replace("com.example.clock", "com.example.other"));
    let said = compare("disjoint", "p", "other", Exit::Clean);
    assert!(said.ends_with("proved for 2 apps\n"), "{said}");
    let said = sprag(folder.path(), &["compare", "p", "nowhere"]);
    assert_eq!(said.exit, Exit::Failed);
}

/// Two versions of one package have one name: they are told by the paths given.
#[test]
fn versions_of_one_package_are_told_apart() {
    let folder = package(POLICY);
    let less = POLICY.replace("unless project", "when channel == server unless project");
    write(&folder.path().join("then"), "p", &less);
    let said = sprag(folder.path(), &["compare", "--relation", "implies", "p", "then/p"]);
    let text = out(&said);
    assert!(
        text.starts_with("everything that `p` permits, `then/p` permits: proved for 0 of 1 app\n"),
        "{text}"
    );
    assert!(text.contains("`com.example.clock`: permitted by `p` and not by `then/p`\n"), "{text}");
    let args = ["compare", "--relation", "implies", "--output-format", "json", "p", "then/p"];
    let document: serde_json::Value = serde_json::from_slice(&sprag(folder.path(), &args).out).unwrap();
    assert_eq!(document["packages"], serde_json::json!(["p", "then/p"]));
}

#[test]
fn what_the_worked_guarantees_forbid_is_found_when_a_rule_is_taken_away() {
    clean(&["check", "policies/acme"]);
    for rule in ["no-unattended-writes", "no-new-webhooks", "closed-projects", "set-up-once"] {
        let elsewhere = tempfile::tempdir().unwrap();
        copy(&root().join("policies"), elsewhere.path());
        // Tests that name the rule would be errors.
        fs::remove_dir_all(elsewhere.path().join("acme/tests")).unwrap();
        let rules = elsewhere.path().join("acme/rules.sprag");
        let text = fs::read_to_string(&rules).unwrap();
        let (before, after) = text.split_once(&format!("  as {rule}\n")).unwrap();
        let before = &before[..before.rfind("forbid any app").unwrap()];
        let after = after.split_once('\n').unwrap().1;
        fs::write(&rules, format!("{before}{after}")).unwrap();
        let said = sprag(elsewhere.path(), &["check", "acme"]);
        assert_eq!(said.exit, Exit::Findings, "without `{rule}`: {}", out(&said));
        assert!(out(&said).contains("does not hold"), "without `{rule}`: {}", out(&said));
    }
}
