//! `sprag diff` as people use it: folders, git revisions, bundles, catalogs, and approvals of what grew.
#![expect(clippy::disallowed_methods, reason = "a command line is tested with files")]

use std::fs;
use std::path::Path;
use std::process::Command;

use sprag::cli::{self, Context, Exit};
use sprag::report::Look;
use tempfile::TempDir;

const OLD: &str = r#"use demo

role worker { read, write }

group finance { "ann" }

app timesheets {
  key "com.acme.timesheets"
  platform demo.classic
  requests WRITE
  user worker
}

app planner {
  key "com.acme.planner"
  platform demo.classic
  requests READ
  user worker
}

assign worker to any user

permit timesheets to read as looking

permit timesheets to write in project where classification <= internal

permit planner to demo.page.get

forbid any app to write when user.external
"#;

const NEW: &str = r#"use demo

role worker { read, write }

group finance { "ann" }

app timesheets {
  key "com.acme.timesheets"
  platform demo.classic
  requests WRITE
  user worker
}

app planner {
  key "com.acme.planner"
  platform demo.classic
  requests READ
  user worker
}

assign worker to any user

permit timesheets to read as reading-was-renamed

permit timesheets to write in project where classification <= internal

permit timesheets to write in project where classification >= confidential when "finance" in user.groups

forbid any app to write when user.external
"#;

/// The block that approves exactly what `NEW` adds.
const APPROVAL: &str = r#"
widen "CHG-812: month end" {
  for timesheets to demo.issue.edit
    in project where classification >= confidential
    when "finance" in user.groups
  approved by "ann@acme.com"
  until 2026-12-31
}
"#;

#[test]
fn what_a_change_permits_and_takes_away_on_a_terminal() {
    let folder = packages(OLD, NEW);
    let (out, _) = sprag(&folder, &["diff", "old", "new"], Exit::Findings);
    insta::assert_snapshot!(out);
}

#[test]
fn what_a_change_permits_and_takes_away_in_a_comment() {
    let folder = packages(OLD, NEW);
    let (out, _) = sprag(&folder, &["diff", "old", "new", "--output-format", "markdown"], Exit::Findings);
    insta::assert_snapshot!(out);
}

#[test]
fn what_a_change_permits_and_takes_away_for_programs() {
    let folder = packages(OLD, NEW);
    let (out, _) = sprag(&folder, &["diff", "old", "new", "--output-format", "json"], Exit::Findings);
    insta::assert_snapshot!(out);
}

#[test]
fn names_places_and_comments_are_no_difference() {
    let other = format!("// moved\n\n{}", OLD.replace("as looking", "as seeing because \"it is read\""));
    let folder = packages(OLD, &other);
    let (out, _) = sprag(&folder, &["diff", "old", "new"], Exit::Clean);
    assert_eq!(out, "old to new\n\nnothing gained; nothing lost\n");
}

#[test]
fn taking_away_is_no_finding() {
    let folder = packages(OLD, &OLD.replace("permit planner to demo.page.get", ""));
    let (out, _) = sprag(&folder, &["diff", "old", "new"], Exit::Clean);
    assert!(out.contains("planner loses\n- demo.page.get\n    where always"), "{out}");
    sprag(&folder, &["diff", "new", "old"], Exit::Findings);
}

// ---- approvals

#[track_caller]
fn check_approval(old: &str, new: &str, objections: &[&str]) {
    let folder = packages(old, new);
    let exit = if objections.is_empty() { Exit::Clean } else { Exit::Findings };
    let args = ["diff", "old", "new", "--deny-widening", "--today", "2026-11-22"];
    let (out, _) = sprag(&folder, &args, exit);
    let found: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("x ")).collect();
    assert_eq!(found, objections, "{out}");
    assert_eq!(out.contains("all that grew was approved, and nothing else"), objections.is_empty(), "{out}");
}

#[test]
fn a_growth_needs_a_block_and_the_block_a_growth() {
    let approved = format!("{NEW}{APPROVAL}");
    check_approval(OLD, &approved, &[]);
    check_approval(OLD, NEW, &["not approved: timesheets write (2 operations)"]);
    check_approval(OLD, &format!("{OLD}{APPROVAL}"), &["x"]);
}

// ---- helpers

/// Folders `old` and `new` with these policies, and the catalog `demo` beside them.
fn packages(old: &str, new: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/demo.sprag");
    fs::create_dir(folder.path().join("catalogs")).unwrap();
    fs::copy(demo, folder.path().join("catalogs/demo.sprag")).unwrap();
    for (name, policy) in [("old", old), ("new", new)] {
        package(&folder.path().join(name), policy);
        sprag(&folder, &["lock", name], Exit::Clean);
    }
    folder
}

fn package(folder: &Path, policy: &str) {
    let manifest =
        "[package]\nname = \"acme\"\nlanguage = \"0.1\"\n\n[catalogs]\npaths = [\"../catalogs\"]\n";
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("sprag.toml"), manifest).unwrap();
    fs::write(folder.join("policy.sprag"), policy).unwrap();
}

/// Runs `sprag ARGS` in the folder and gives back both outputs.
#[track_caller]
fn sprag(folder: &TempDir, args: &[&str], exit: Exit) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut cx = Context {
        cwd: fs::canonicalize(folder.path()).unwrap(),
        input: &mut "".as_bytes(),
        out: &mut out,
        err: &mut err,
        look: Look::PLAIN,
        quiet: false,
        progress: false,
    };
    let done = cli::run(["sprag"].iter().chain(args), &mut cx);
    let [out, err] = [out, err].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(done, exit, "{out}{err}");
    (out, err)
}

fn git(folder: &Path, args: &[&str]) {
    let done = Command::new("git").arg("-C").arg(folder).args(args).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
