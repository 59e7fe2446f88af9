//! The README shows what is there, and tells to run what is run; the tutorial prints what it says.
//!
//! `BLESS=1 cargo test --test readme` writes what commands print into the tutorial: read the diff.
#![expect(clippy::disallowed_methods, reason = "the README is a file")]

mod page;
mod shell;

use std::fs;

use shell::{clean, copy, root, sprag};

#[test]
fn its_excerpt_is_in_the_worked_package() {
    let ratchets = fs::read_to_string(root().join("policies/acme/ratchets.sprag")).unwrap();
    for excerpt in blocks("sprag") {
        assert!(ratchets.contains(&excerpt), "policies/acme/ratchets.sprag has no\n{excerpt}");
    }
}

#[test]
fn its_mistake_gives_its_finding() {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("policies"), &folder.path().join("policies"));
    let path = folder.path().join("policies/acme/ratchets.sprag");
    let text = fs::read_to_string(&path).unwrap();
    let mistaken = text.replace("then settled holds READ", "then settled holds DELETE");
    assert_ne!(mistaken, text);
    fs::write(path, mistaken).unwrap();
    let said = sprag(folder.path(), &["check", "policies/acme"]);
    assert_eq!(blocks("text"), [String::from_utf8(said.out).unwrap()]);
}

#[test]
fn its_decision_is_the_decision() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("acme.spragb");
    let bundle = bundle.to_str().unwrap();
    clean(&["-q", "build", "policies/acme", "-o", bundle]);
    let request = "policies/acme/requests/permission-scheme.json";
    let answer = clean(&["decide", bundle, "--request", request]).out;
    let json = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
    let [shown] = blocks("json").try_into().unwrap();
    assert_eq!(json(shown.as_bytes()), json(&answer));
}

#[test]
fn its_commands_are_run_by_ci() {
    let ci = include_str!("../.ci/run");
    // `step COMMAND`, perhaps with a variable set before it.
    let step = |line: &'static str| {
        let (before, command) = line.split_once("step ")?;
        before.split_whitespace().all(|word| word.contains('=')).then_some(command)
    };
    let run: Vec<_> = ci.lines().filter_map(step).collect();
    let told = blocks("sh");
    let commands: Vec<_> = told.iter().flat_map(|b| b.lines()).collect();
    assert_eq!(commands[..2], ["./demo", "cargo test"], "the first two commands");
    for command in commands {
        assert!(run.contains(&command), ".ci/run does not run `{command}`");
    }
}

/// A fresh clone has no `target`, and a program that is there already makes none.
#[test]
fn the_demo_runs_in_a_fresh_clone() {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("policies"), &folder.path().join("policies"));
    fs::copy(root().join("demo"), folder.path().join("demo")).unwrap();
    let said = std::process::Command::new("bash")
        .arg(folder.path().join("demo"))
        .env("SPRAG", env!("CARGO_BIN_EXE_sprag"))
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(folder.path().join("target/acme.spragb").exists());
}

#[test]
fn its_table_has_every_command() {
    let help = String::from_utf8(clean(&["help"]).out).unwrap();
    let listed = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    // A longer description goes on in the next line.
    let named = listed.filter_map(|l| l.strip_prefix("  ")).filter(|l| !l.starts_with(' '));
    let commands: Vec<_> = named.filter_map(|l| l.split_whitespace().next()).collect();
    assert!(commands.len() > 10, "{help}");
    let text = readme();
    for command in commands.into_iter().filter(|c| *c != "help") {
        let shown = [format!("`sprag {command} "), format!("`sprag {command}`")];
        assert!(shown.iter().any(|s| text.contains(s.as_str())), "the README has no `sprag {command}`");
    }
}

#[test]
fn its_links_lead_somewhere() {
    let text = readme();
    let targets: Vec<_> = text.split("](").skip(1).filter_map(|t| t.split(')').next()).collect();
    assert!(targets.len() > 5, "the README lost its links");
    for target in targets.into_iter().filter(|t| !t.contains("://")) {
        assert!(root().join(target).exists(), "`{target}` is not there");
    }
}

#[test]
fn the_tutorial_prints_what_it_says() {
    let here = tempfile::tempdir().unwrap();
    match page::check(&root().join("docs/tutorial.md"), here.path(), str::to_owned) {
        Ok(commands) => assert!(commands >= 8, "the tutorial lost its commands"),
        Err(differs) => panic!("{differs}"),
    }
}

/// The code blocks of one language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let fence = format!("```{language}\n");
    let found: Vec<_> =
        text.split(&fence).skip(1).filter_map(|b| b.split("```\n").next()).map(str::to_owned).collect();
    assert!(!found.is_empty(), "the README has no block of {language}");
    found
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}
