//! The README shows what is there, and tells to run what is run.
#![expect(clippy::disallowed_methods, reason = "the README is a file")]

use std::fs;
use std::path::{Path, PathBuf};

use sprag::cli::{self, Context};
use sprag::report::Look;

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
    assert_eq!(blocks("text"), [sprag(folder.path(), &["check", "policies/acme"])]);
}

#[test]
fn its_decision_is_the_decision() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("acme.spragb");
    let bundle = bundle.to_str().unwrap();
    sprag(&root(), &["-q", "build", "policies/acme", "-o", bundle]);
    let request = "policies/acme/requests/permission-scheme.json";
    let answer = sprag(&root(), &["decide", bundle, "--request", request]);
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let [shown] = blocks("json").try_into().unwrap();
    assert_eq!(json(&shown), json(&answer));
}

#[test]
fn its_commands_are_run_by_ci() {
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    let run: Vec<_> = ci.lines().filter_map(|l| l.strip_prefix("step ")).collect();
    let told = blocks("sh");
    let commands: Vec<_> = told.iter().flat_map(|b| b.lines()).collect();
    assert_eq!(commands[..2], ["./demo", "cargo test"], "the first two commands");
    for command in commands {
        assert!(run.contains(&command), ".ci/run does not run `{command}`");
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

/// What `sprag ARGS` prints in the folder, in this process.
fn sprag(folder: &Path, args: &[&str]) -> String {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut cx = Context {
        cwd: fs::canonicalize(folder).unwrap(),
        input: &mut &b""[..],
        out: &mut out,
        err: &mut err,
        look: Look::PLAIN,
        quiet: false,
        progress: false,
    };
    cli::run(["sprag"].iter().chain(args), &mut cx);
    String::from_utf8(out).unwrap()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}
