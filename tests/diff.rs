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
fn what_a_change_permits_and_takes_away_for_code_scanning() {
    let folder = packages(OLD, NEW);
    let args = ["diff", "old", "new", "--output-format", "sarif", "--deny-widening", "--today", "2026-11-22"];
    let (out, _) = sprag(&folder, &args, Exit::Findings);
    let mut told: serde_json::Value = serde_json::from_str(&out).unwrap();
    told["runs"][0]["tool"]["driver"]["semanticVersion"] = "VERSION".into();
    for rule in told["runs"][0]["tool"]["driver"]["rules"].as_array_mut().unwrap() {
        assert!(rule["help"]["text"].as_str().is_some_and(|page| page.starts_with("# ")), "{rule}");
        rule["help"] = "PAGE".into();
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
}

#[test]
fn names_places_and_comments_are_no_difference() {
    let other = format!("// moved\n\n{}", OLD.replace("as looking", "as seeing because \"it is read\""));
    let folder = packages(OLD, &other);
    let (out, _) = sprag(&folder, &["diff", "old", "new"], Exit::Clean);
    assert_eq!(out, "old to new\n\nnothing gained; nothing lost\n");
}

/// What is known of installations names ratchets and stages.
#[test]
fn names_that_installations_know_are_missed() {
    let old = format!(
        "{OLD}\nratchet setup on timesheets {{\n  start\n  then configured holds READ when command\n}}\n"
    );
    let folder = packages(&old, &old.replace("ratchet setup", "ratchet rollout"));
    let (out, _) = sprag(&folder, &["diff", "old", "new"], Exit::Findings);
    let said = "ratchet `setup` is gone, and `rollout` is new: installations of timesheets forget how far they were \
                turned, and stand at `start`";
    let line = out.lines().find(|line| line.starts_with("! ")).unwrap();
    assert!(line.contains(".sprag:31: ") && line.ends_with(&format!(": {said} (W0915)")), "{out}");
    let (out, _) = sprag(&folder, &["diff", "old", "new", "--output-format", "markdown"], Exit::Findings);
    assert!(out.contains("### Forgotten\n\n- :warning: ratchet "), "{out}");
    let (out, _) = sprag(&folder, &["diff", "old", "new", "--output-format", "json"], Exit::Findings);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    let gone = serde_json::json!({
        "ratchet": "setup", "apps": ["timesheets"], "now": "rollout", "stands_at": "start",
    });
    assert_eq!(told["forgotten"], serde_json::json!([gone]));
    let (out, _) = sprag(&folder, &["diff", "old", "new", "--output-format", "sarif"], Exit::Findings);
    assert!(out.contains("\"ruleId\": \"W0915\""), "{out}");

    // Where nothing is gained by it, it is a finding all the same; losing a stage takes power only.
    let idle = old.replace(" holds READ", "");
    let folder = packages(&idle, &idle.replace("ratchet setup", "ratchet rollout"));
    let (out, _) = sprag(&folder, &["diff", "old", "new"], Exit::Findings);
    assert!(out.contains(said) && out.contains("nothing gained"), "{out}");
    let folder = packages(&old, &old.replace("configured", "done"));
    let (out, _) = sprag(&folder, &["diff", "old", "new"], Exit::Clean);
    let said = "stage `configured` of ratchet `setup` is gone: installations of timesheets that were turned to it \
                stand at `done` (W0915)";
    assert!(out.contains(said), "{out}");
}

#[test]
fn taking_away_is_no_finding() {
    let folder = packages(OLD, &OLD.replace("permit planner to demo.page.get", ""));
    let (out, _) = sprag(&folder, &["diff", "old", "new"], Exit::Clean);
    assert!(out.contains("planner loses\n- demo.page.get\n    everywhere\n"), "{out}");
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
    assert_eq!(found.len(), objections.len(), "{out}");
    assert!(found.iter().zip(objections).all(|(found, said)| found.contains(said)), "{found:?}");
    assert_eq!(out.contains("all that grew was approved, and nothing else"), objections.is_empty(), "{out}");
}

#[test]
fn a_growth_needs_a_block_and_a_block_a_growth() {
    let with = |block: &str| format!("{NEW}{block}");
    check_approval(OLD, &with(APPROVAL), &[]);
    check_approval(
        OLD,
        NEW,
        &["not approved: timesheets demo.issue.edit, such as timesheets to demo.issue.edit in project"],
    );
    check_approval(OLD, &format!("{OLD}{APPROVAL}"), &["covers nothing that grew"]);
    // What stood there before approves nothing new.
    check_approval(&format!("{OLD}{APPROVAL}"), &with(APPROVAL), &["not approved"]);
    // What has ended approves nothing either.
    check_approval(OLD, &with(&APPROVAL.replace("2026-12-31", "2026-11-22")), &["not approved", "has ended"]);
    check_approval(OLD, &with(&APPROVAL.replace("2026-12-31", "2026-11-23")), &[]);
    // Two blocks may share a growth.
    let shared = [
        APPROVAL.replace(">= confidential", "== confidential"),
        APPROVAL.replace(">= confidential", "== restricted"),
    ];
    check_approval(OLD, &with(&shared.concat()), &[]);
    check_approval(OLD, &with(&shared[0]), &["not approved"]);
}

#[test]
fn a_block_covers_exactly_what_grew() {
    let with = |block: String| format!("{NEW}{block}");
    // Other apps, other operations, other containers, other people.
    check_approval(
        OLD,
        &with(APPROVAL.replace("for timesheets to", "for any app to")),
        &["is still refused by the permits"],
    );
    check_approval(
        OLD,
        &with(APPROVAL.replace("demo.issue.edit", "demo.issue.*")),
        &["was permitted before"],
    );
    check_approval(
        OLD,
        &with(APPROVAL.replace("where classification >= confidential", "")),
        &["was permitted before", "is still refused by the permits"],
    );
    check_approval(
        OLD,
        &with(APPROVAL.replace("when \"finance\" in user.groups", "")),
        &["is still refused by the permits"],
    );
    // What another rule refuses it need not say.
    let said = APPROVAL.replace("user.groups", "user.groups and not user.external");
    check_approval(OLD, &with(said), &[]);
}

#[test]
fn a_forbid_taken_away_is_a_growth_of_all_that_it_stopped() {
    let new = OLD.replace("forbid any app to write when user.external", "");
    let block = |when: &str| {
        format!(
            "{new}\nwiden \"CHG-1\" {{ for timesheets to demo.issue.edit {when} approved by \"ann\" until 2027-01-01 }}"
        )
    };
    // Those of whom it is not known, and those made for nobody, were stopped by it too.
    check_approval(OLD, &new, &["not approved: timesheets demo.issue.edit"]);
    check_approval(OLD, &block("when user.external"), &[]);
    check_approval(OLD, &block("when user.external and user.mfa"), &["not approved"]);
    check_approval(OLD, &block(""), &["was permitted before"]);
}

#[test]
fn a_new_app_is_a_growth_of_all_that_it_may() {
    let app = r#"app fresh { key "com.acme.fresh" platform demo.classic requests READ user worker }"#;
    let new = format!("{OLD}{app}\npermit fresh to read, demo.issue.edit in project PAY\n");
    let block = |what: &str| {
        format!("{new}\nwiden \"CHG-1\" {{ for fresh to {what} approved by \"ann\" until 2027-01-01 }}")
    };
    check_approval(OLD, &new, &["not approved: fresh"]);
    check_approval(OLD, &block("demo.issue.get, demo.issue.search, demo.project.get in project PAY"), &[]);
    check_approval(
        OLD,
        &block("demo.issue.get, demo.issue.search, demo.project.get in project"),
        &["is still refused by the permits"],
    );
    check_approval(
        OLD,
        &block("demo.issue.get, demo.issue.search in project PAY"),
        &["not approved: fresh demo.project.get"],
    );
    // What the scopes do not reach it need not leave out, but what no permit speaks of.
    check_approval(OLD, &block("read, demo.issue.edit in project PAY"), &[]);
    check_approval(OLD, &block("any operation in project PAY"), &["is still refused by the permits"]);
}

// ---- where the two come from

#[test]
fn a_revision_of_git_is_compared_with_the_folder() {
    let folder = packages(OLD, OLD);
    let root = folder.path();
    git(root, &["init", "-q"]);
    for (name, value) in [("user.name", "a"), ("user.email", "a@example.com"), ("commit.gpgsign", "false")] {
        git(root, &["config", name, value]);
    }
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "-m", "old"]);
    git(root, &["tag", "first"]);
    fs::write(root.join("new/policy.sprag"), NEW).unwrap();

    let (plain, _) = sprag(&folder, &["diff", "old", "new"], Exit::Findings);
    let body = |text: &str| text.split_once('\n').unwrap().1.replace("first:new/", "old/");
    let (out, _) = sprag(&folder, &["diff", "--git", "first", "new"], Exit::Findings);
    assert!(out.starts_with("first:new to new\n"), "{out}");
    assert_eq!(body(&out), body(&plain));
    let (out, _) = sprag(&folder, &["diff", "first:new", "new"], Exit::Findings);
    assert_eq!(body(&out), body(&plain));
    sprag(&folder, &["diff", "first:new", "first:old"], Exit::Clean);
    // Also from inside of a package.
    let inside = root.join("new");
    let (out, _) = sprag_at(&inside, &["diff", "--git", "HEAD"], Exit::Findings);
    assert!(out.starts_with("HEAD:new to .\n"), "{out}");

    let fails = |args: &[&str], said: &str| {
        let (_, err) = sprag(&folder, args, Exit::Failed);
        assert!(err.contains(said), "{err}");
    };
    fails(&["diff", "--git", "nowhere", "new"], "git knows no revision `nowhere`");
    fails(&["diff", "--git=--output=x", "new"], "not a git revision");
    fails(&["diff", "first:other", "new"], "there is no other in revision first");
    fails(
        &["diff", "first:.", "new"],
        "first:.: in revision first there is no sprag.toml in the root or above it",
    );
    fails(&["diff", "first:.", "new"], "the path counts from the repository's root");
    fails(&["diff", "nothing", "new"], "there is no file, folder or catalog nothing");
    fails(&["diff", "--git", "first", "../elsewhere"], "lies outside of the repository");
    let elsewhere = tempfile::tempdir().unwrap();
    let (_, err) = sprag(&elsewhere, &["diff", "--git", "first", "."], Exit::Failed);
    assert!(err.contains("git: not a git repository"), "{err}");
}

#[test]
fn a_bundle_is_compared_by_the_sources_in_it() {
    let folder = packages(OLD, NEW);
    sprag(&folder, &["build", "old", "--sources", "-o", "old.spragb"], Exit::Clean);
    let (plain, _) = sprag(&folder, &["diff", "old", "new"], Exit::Findings);
    let (out, _) = sprag(&folder, &["diff", "old.spragb", "new"], Exit::Findings);
    assert_eq!(out.replace("old.spragb!", "old/").replace("old.spragb", "old"), plain);

    sprag(&folder, &["build", "old", "-o", "old.spragb"], Exit::Clean);
    let (_, err) = sprag(&folder, &["diff", "old.spragb", "new"], Exit::Failed);
    assert!(err.contains("does not hold its sources"), "{err}");
}

#[test]
fn a_package_with_errors_is_not_compared() {
    let folder = packages(OLD, OLD);
    fs::write(folder.path().join("new/policy.sprag"), OLD.replace("to read as", "to reed as")).unwrap();
    let (out, err) = sprag(&folder, &["diff", "old", "new"], Exit::Failed);
    assert_eq!(out, "");
    assert!(err.contains("E0201") && err.contains("new has errors, so nothing was compared"), "{err}");
}

#[test]
fn catalogs_are_compared_without_a_policy() {
    let folder = packages(OLD, OLD);
    let catalogs = folder.path().join("catalogs");
    let text = fs::read_to_string(catalogs.join("demo.sprag")).unwrap();
    let newer = text
        .replace("version \"1\"", "version \"2\"")
        .replace("requires classic ADMIN marks beta", "requires classic READ")
        .replace(
            "requires classic READ }\noperation demo.page.edit",
            "requires classic WRITE }\noperation demo.page.edit",
        )
        + "operation demo.fresh { access read in site http GET \"/fresh\" requires classic READ }\n";
    fs::create_dir(folder.path().join("later")).unwrap();
    fs::write(folder.path().join("later/demo.sprag"), newer).unwrap();
    let args = ["diff", "catalogs/demo.sprag", "later/demo.sprag", "--holding", "demo.classic=READ"];
    let (out, _) = sprag(&folder, &args, Exit::Clean);
    insta::assert_snapshot!(out);
    // What ends it is about apps, of which catalogs have none: much may differ before it.
    let said = "no app gains or loses anything, for neither side has one; --holding MODEL=SCOPE,… tells what who holds \
                these scopes gains and loses";
    for same in [true, false] {
        let newer = if same { "catalogs/demo.sprag" } else { "later/demo.sprag" };
        let (out, _) = sprag(&folder, &["diff", "catalogs/demo.sprag", newer], Exit::Clean);
        assert!(out.ends_with(&format!("\n\n{said}\n")) && !out.contains("nothing"), "{out}");
        assert_eq!(out.contains("1 operation added"), !same, "{out}");
    }
    let args = ["diff", "catalogs/demo.sprag", "later/demo.sprag", "--output-format", "markdown"];
    let (out, _) = sprag(&folder, &args, Exit::Clean);
    assert!(out.contains(said) && !out.contains("nothing gained"), "{out}");
    let (_, err) = sprag(&folder, &["diff", "catalogs/demo.sprag", "new"], Exit::Failed);
    assert!(err.contains("a catalog can be compared with a catalog only"), "{err}");
    let args = ["diff", "catalogs/demo.sprag", "later/demo.sprag", "--holding", "classic=READ"];
    let (_, err) = sprag(&folder, &args, Exit::Failed);
    assert!(err.contains("there is no permission model `classic`"), "{err}");
    // A slip of the pen would be told to lose nothing.
    let args = ["diff", "old", "new", "--holding", "demo.classic=READ, WRIET"];
    let (_, err) = sprag(&folder, &args, Exit::Failed);
    assert!(err.contains("there is no scope `WRIET` in `demo.classic`; did you mean `WRITE`?"), "{err}");
    assert!(!err.contains("`READ`"), "{err}");
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
    sprag_at(folder.path(), args, exit)
}

#[track_caller]
fn sprag_at(folder: &Path, args: &[&str], exit: Exit) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut cx = Context {
        cwd: fs::canonicalize(folder).unwrap(),
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
