//! `sprag lint` as people run it: levels, selection, suppressions, baselines, fixes, watching.
#![expect(clippy::disallowed_methods, reason = "a test of the command line writes packages and runs them")]

mod shell;

use std::fs;
use std::path::Path;

use serde_json::Value;
use sprag::cli::Exit;
use tempfile::TempDir;

const MANIFEST: &str = "[package]\nname = \"p\"\nlanguage = \"0.1\"\n";

const CATALOG: &str = r#"catalog demo version "1"

kind site

model classic
scope classic READ
scope classic WRITE

operation demo.get { access read in site requires classic READ }
operation demo.edit { access write in site requires classic WRITE }
"#;

const POLICY: &str = r#"use demo

role reader { read }

role editor { write }

assign reader to any user

group staff {}
"#;

/// What gives the policy's words something to do, with nothing to find in it.
const APPS: &str = r#"use demo

app clock {
  key "clock"
  platform demo.classic
  requests READ
  user reader
}

permit clock to read because "it shows the time"

test "it reads" {
  clock to demo.get
  expect permit
}
"#;

/// A package in the folder `p` with this policy, and this below the manifest's head.
fn package(policy: &str, more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let p = folder.path().join("p");
    fs::create_dir_all(&p).unwrap();
    write(&p.join("sprag.toml"), &format!("{MANIFEST}{more}"));
    write(&p.join("policy.sprag"), policy);
    write(&p.join("demo.sprag"), CATALOG);
    if policy.contains("role reader") {
        write(&p.join("apps.sprag"), APPS);
    }
    // A policy with errors has no lock to write.
    shell::sprag(folder.path(), &["lock", "p"]);
    folder
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

fn read(folder: &TempDir, path: &str) -> String {
    fs::read_to_string(folder.path().join(path)).unwrap()
}

struct Said {
    exit: Exit,
    out: String,
    err: String,
}

fn lint(folder: &TempDir, args: &[&str]) -> Said {
    let args: Vec<&str> = ["lint", "p", "--today", "2026-06-01"].iter().chain(args).copied().collect();
    let said = shell::sprag(folder.path(), &args);
    Said { exit: said.exit, out: String::from_utf8(said.out).unwrap(), err: said.err }
}

/// `code:line` of what is found, and the exit code.
#[track_caller]
fn check(folder: &TempDir, args: &[&str], exit: Exit, wanted: &[&str]) {
    let all: Vec<&str> = args.iter().chain(&["--output-format", "json"]).copied().collect();
    let said = lint(folder, &all);
    let found: Vec<Value> =
        serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {}{}", said.out, said.err));
    let found: Vec<String> = found
        .iter()
        .map(|f| format!("{}:{}", f["code"], f["labels"][0]["start"]["line"]).replace('"', ""))
        .collect();
    assert_eq!((found, said.exit), (wanted.iter().map(|w| (*w).to_owned()).collect(), exit), "{}", said.err);
}

/// The run fails with this sentence.
#[track_caller]
fn fails(folder: &TempDir, args: &[&str], sentence: &str) {
    let said = lint(folder, args);
    assert_eq!(said.exit, Exit::Failed, "{}{}", said.out, said.err);
    assert!(said.err.contains(sentence), "{}", said.err);
}

#[test]
fn findings_count_and_notes_alone_do_not() {
    let folder = package(POLICY, "");
    check(&folder, &[], Exit::Findings, &["SPR0251:5", "SPR0252:9"]);
    check(&folder, &["--exit-zero"], Exit::Clean, &["SPR0251:5", "SPR0252:9"]);
    check(&folder, &["--fail-level", "error"], Exit::Clean, &["SPR0251:5", "SPR0252:9"]);
    let folder = package(POLICY, "[lint.levels]\nSPR02 = \"note\"\n");
    // The beginning of codes also names rules that are off unless somebody names them.
    let all = ["SPR0255:10", "SPR0251:5", "SPR0252:9"];
    check(&folder, &[], Exit::Clean, &all);
    check(&folder, &["--fail-level", "note"], Exit::Findings, &all);
}

#[test]
fn flags_select_rules() {
    let folder = package(POLICY, "");
    check(&folder, &["--select", "unheld-role"], Exit::Findings, &["SPR0251:5"]);
    check(&folder, &["--select", "SPR09"], Exit::Clean, &[]);
    check(&folder, &["--ignore", "SPR0251,empty-group"], Exit::Clean, &[]);
    check(&folder, &["--select", "SPR09", "--extend-select", "SPR0252"], Exit::Findings, &["SPR0252:9"]);
    fails(
        &folder,
        &["--select", "unhold-role"],
        "there is no lint rule `unhold-role`; did you mean `unheld-role`?",
    );
    fails(&folder, &["--ignore", "SPR9"], "there is no lint rule `SPR9`");
}

#[test]
fn the_manifest_sets_levels_and_the_narrower_word_wins() {
    let levels = "[lint.levels]\nall = \"off\"\nSPR02 = \"note\"\nunheld-role = \"error\"\n";
    let folder = package(POLICY, levels);
    let said = lint(&folder, &["--output-format", "concise"]);
    assert!(said.out.contains("error[SPR0251]") && said.out.contains("note[SPR0252]"), "{}", said.out);
    let folder = package(POLICY, "[lint.levels]\nunheld-role = \"off\"\n");
    check(&folder, &[], Exit::Findings, &["SPR0252:9"]);
    check(&folder, &["--extend-select", "unheld-role"], Exit::Findings, &["SPR0251:5", "SPR0252:9"]);
}

#[test]
fn mistakes_in_the_manifest_are_told_with_their_line() {
    let at = |more: &str, sentence: &str| fails(&package(POLICY, more), &[], sentence);
    at(
        "[lint.levels]\nempty-gruop = \"off\"\n",
        "sprag.toml:5: there is no lint rule `empty-gruop`; did you mean `empty-group`?",
    );
    at("[lint.levels]\nempty-group = \"loud\"\n", "sprag.toml:5: `loud` is no level");
    at("[lint.thresholds]\nx = 1\n", "sprag.toml:5: no lint rule has a threshold `x`");
    at("[lint.per-file-ignores]\n\"a[\" = [\"all\"]\n", "sprag.toml:5: `a[` is no glob");
    at("[lint.per-file-ignores]\n\"*\" = [\"al\"]\n", "sprag.toml:5: there is no lint rule `al`");
    at("[lint]\nlevel = 1\n", "unknown field `level`");
    at("[lint]\nbaseline = \"none.json\"\n", "cannot read p/none.json");
}

#[test]
fn globs_leave_files_out() {
    let folder =
        package(POLICY, "[lint.per-file-ignores]\n\"pol*.sprag\" = [\"SPR0251\"]\n\"x/*\" = [\"all\"]\n");
    check(&folder, &[], Exit::Findings, &["SPR0252:9"]);
    check(&folder, &["--no-suppressions"], Exit::Findings, &["SPR0251:5", "SPR0252:9"]);
}

#[test]
fn comments_allow_findings_where_they_stand() {
    let with = |comment: &str| {
        POLICY.replace("role editor { write }", &format!("role editor {{ write }} {comment}"))
    };
    let allowed = with("// sprag: allow unheld-role because \"soon\"");
    check(&package(&allowed, ""), &[], Exit::Findings, &["SPR0252:9"]);
    check(&package(&allowed, ""), &["--no-suppressions"], Exit::Findings, &["SPR0251:5", "SPR0252:9"]);
    let last_day = with("// sprag: allow SPR0251 until 2026-06-01 because \"soon\"");
    check(&package(&last_day, ""), &[], Exit::Findings, &["SPR0252:9"]);
}

#[test]
fn a_comment_counts_no_longer_than_it_says() {
    let policy = POLICY
        .replace("role editor", "// sprag: allow unheld-role until 2026-05-31 because \"soon\"\nrole editor");
    check(&package(&policy, ""), &[], Exit::Findings, &["SPR0903:5", "SPR0251:6", "SPR0252:10"]);
}

#[test]
fn the_formatter_keeps_what_a_comment_allows() {
    for comment in [
        "role editor{write}// sprag: allow unheld-role because \"x\"",
        "// sprag: allow unheld-role because \"x\"\nrole\neditor\n{\nwrite }",
    ] {
        let folder = package(&POLICY.replace("role editor { write }", comment), "");
        check(&folder, &["--select", "SPR0251,SPR09"], Exit::Clean, &[]);
        assert_eq!(shell::sprag(folder.path(), &["fmt", "p/policy.sprag"]).exit, Exit::Clean);
        assert!(read(&folder, "p/policy.sprag").contains("role editor { write }"));
        check(&folder, &["--select", "SPR0251,SPR09"], Exit::Clean, &[]);
    }
}

#[test]
fn a_baseline_keeps_back_what_it_knows_wherever_its_lines_went() {
    let folder = package(POLICY, "[lint]\nbaseline = \"known.json\"\n");
    let said = lint(&folder, &["--write-baseline"]);
    assert_eq!((said.exit, said.err.as_str()), (Exit::Clean, "p/known.json: 2 findings\n"));
    check(&folder, &[], Exit::Clean, &[]);

    let moved = POLICY
        .replace("role editor", "// new\n\nrole   editor")
        .replace("group", "role other { read }\ngroup");
    write(&folder.path().join("p/policy.sprag"), &moved);
    check(&folder, &[], Exit::Findings, &["SPR0251:11"]);
    check(&folder, &["--no-suppressions"], Exit::Findings, &["SPR0251:7", "SPR0251:11", "SPR0252:12"]);

    let mended = POLICY.replace("role editor { write }\n", "");
    write(&folder.path().join("p/policy.sprag"), &mended);
    let said = lint(&folder, &["--output-format", "concise"]);
    assert_eq!(said.exit, Exit::Findings);
    assert!(said.out.starts_with("p/known.json:7:"), "{}", said.out);
    assert!(
        said.out.contains("warning[SPR0905] the baseline's finding `SPR0251` in `policy.sprag`"),
        "{}",
        said.out
    );
    assert_eq!(lint(&folder, &["--write-baseline"]).exit, Exit::Clean);
    check(&folder, &[], Exit::Clean, &[]);
}

#[test]
fn a_broken_baseline_is_told_with_its_line() {
    let folder = package(POLICY, "");
    write(&folder.path().join("b.json"), "{\n\"version\": 1, \"findings\": [], \"more\": 1}");
    fails(&folder, &["--baseline", "b.json"], "b.json:2: this is no baseline: unknown field `more`");
    for text in ["[]", "7", "[1]", "{\"version\": \"1\", \"findings\": []}"] {
        write(&folder.path().join("b.json"), text);
        let told = "b.json:1: this is no baseline: an object with `version` and `findings` is expected";
        fails(&folder, &["--baseline", "b.json"], told);
        fails(&folder, &["--baseline", "b.json"], "`sprag lint --write-baseline` writes one");
    }
    write(&folder.path().join("b.json"), "{\"version\": 2, \"findings\": []}");
    fails(&folder, &["--baseline", "b.json"], "b.json:1: version 2 of a baseline is not known");
    fails(&folder, &["--write-baseline"], "no baseline is named");
}

#[test]
fn safe_fixes_are_applied_and_only_they() {
    let folder = package(POLICY, "");
    let said = lint(&folder, &["--diff"]);
    assert_eq!(said.exit, Exit::Findings);
    assert_eq!(
        said.out,
        "--- a/p/policy.sprag\n+++ b/p/policy.sprag\n@@ -2,8 +2,6 @@\n \n role reader { read }\n \n-role editor { write }\n-\n assign reader to any user\n \n group staff {}\n"
    );
    assert_eq!(read(&folder, "p/policy.sprag"), POLICY, "--diff changes nothing");
    let said = lint(&folder, &["--fix", "--show-fixes", "--output-format", "concise"]);
    assert_eq!(said.err, "mended policy.sprag:5:6: SPR0251 remove the role `editor`\n");
    assert!(said.out.contains("1 finding mended"), "{}", said.out);
    assert_eq!(said.exit, Exit::Findings, "the empty group has no fix");
    assert_eq!(read(&folder, "p/policy.sprag"), POLICY.replace("role editor { write }\n\n", ""));
    let said = lint(&folder, &["--diff"]);
    assert_eq!((said.exit, said.out.as_str()), (Exit::Clean, ""));
}

/// As git writes it, so that git and `patch` find the file, and no line of the difference is another than it seems.
#[test]
#[cfg(unix)]
fn odd_names_of_files_are_quoted_in_differences() {
    let folder = package(POLICY, "");
    let odd = "pol\"i\n+++ b.sprag";
    fs::rename(folder.path().join("p/policy.sprag"), folder.path().join("p").join(odd)).unwrap();
    let said = lint(&folder, &["--diff"]);
    assert_eq!(said.exit, Exit::Findings, "{}", said.err);
    let head = r#"--- "a/p/pol\"i\n+++ b.sprag"
+++ "b/p/pol\"i\n+++ b.sprag"
@@ -2,8 +2,6 @@
"#;
    assert!(said.out.starts_with(head), "{}", said.out);
    let said = lint(&folder, &["--output-format", "concise"]);
    assert_eq!(said.out.lines().count(), 4, "two findings and their count: {}", said.out);
    let said = lint(&folder, &["--fix", "--show-fixes"]);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    let said = shell::sprag(folder.path(), &["fmt", "--check", "p"]);
    assert!(!String::from_utf8(said.out).unwrap().contains("\n+++"), "{}", said.err);
}

#[test]
fn fixes_that_bring_forth_others_are_applied_in_rounds() {
    let policy = "use demo\n\nrole a { read }\n\n// sprag: allow unheld-role because \"x\"\nrole b { a }\n\nrole c { b }\n";
    let folder = package(policy, "");
    check(&folder, &[], Exit::Findings, &["SPR0904:5", "SPR0251:8"]);
    lint(&folder, &["--fix"]);
    let left = read(&folder, "p/policy.sprag");
    assert_eq!(left, "use demo\n\n");
}

#[test]
fn comments_go_with_the_declaration_that_they_are_about() {
    let allow = "// sprag: allow unexplained-rule because \"x\"";
    // One stands above, one behind, and what is no such comment stays.
    let policy = format!(
        "use demo\n\n// Why.\n{allow}\nrole a {{ read }}\n\nrole b {{ read }} {allow}\n\n{allow}\n// More.\nrole d {{ read }}\nrole c {{ write }}\n\nassign c to any user\n"
    );
    let folder = package(&policy, "");
    lint(&folder, &["--fix", "--select", "SPR0251"]);
    let left = read(&folder, "p/policy.sprag");
    assert_eq!(left, "use demo\n\n// Why.\n\n// More.\nrole c { write }\n\nassign c to any user\n");
}

#[test]
fn a_package_that_does_not_check_is_a_finding_and_is_not_mended() {
    let policy = format!("{POLICY}\npermit nobody to read\n");
    let folder = package(&policy, "");
    check(&folder, &["--fix", "--exit-zero"], Exit::Findings, &["E0201:11"]);
    assert_eq!(read(&folder, "p/policy.sprag"), policy);
}

#[test]
fn a_missing_lock_is_told_when_nothing_else_is_wrong() {
    for wrong in ["permit nobody to read\n", "permit clock to\n", "permit clock to demo.gett\n"] {
        let folder = package(&format!("{POLICY}{wrong}"), "");
        let said = lint(&folder, &["--output-format", "concise"]);
        assert!(!said.out.contains("E0602") && said.out.contains("1 error"), "{wrong}{}", said.out);
        write(&folder.path().join("p/policy.sprag"), POLICY);
        check(&folder, &[], Exit::Findings, &["E0602:1"]);
    }
}

#[test]
fn statistics_count_findings() {
    let folder = package(&format!("{POLICY}role other {{ read }}\n"), "");
    let said = lint(&folder, &["--statistics"]);
    assert!(said.out.starts_with("2  SPR0251  warning  unheld-role, 2 to be mended with `--fix`\n1  SPR0252  warning  empty-group\n3 warnings\n"), "{}", said.out);
    let said = lint(&folder, &["--statistics", "--output-format", "json"]);
    let rows: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(rows[0]["count"], 2);
}

#[test]
fn several_packages_are_found_below_a_folder_and_reported_together() {
    let folder = package(POLICY, "");
    shell::copy(&folder.path().join("p"), &folder.path().join("q"));
    write(&folder.path().join("q/sprag.toml"), &MANIFEST.replace("\"p\"", "\"q\""));
    let said = shell::sprag(
        folder.path(),
        &["lint", ".", "--output-format", "concise", "--also", "sarif=x.sarif", "--also", "markdown=x.md"],
    );
    let out = String::from_utf8(said.out).unwrap();
    for line in ["p/policy.sprag:5:6: warning[SPR0251]", "q/policy.sprag:5:6: warning[SPR0251]", "4 warnings"]
    {
        assert!(out.contains(line), "{out}");
    }
    let sarif: Value = serde_json::from_str(&read(&folder, "x.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["automationDetails"]["id"], "sprag/p+q/");
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 4);
    assert!(read(&folder, "x.md").starts_with("## Sprag: 4 warnings\n"));
    let said = shell::sprag(folder.path(), &["lint", "p", "p/policy.sprag", "--output-format", "concise"]);
    assert!(String::from_utf8(said.out).unwrap().contains("2 warnings"), "a package is looked at once");
}

#[test]
fn code_hosts_see_paths_from_the_top_of_the_repository() {
    let folder = package(POLICY, "");
    fs::create_dir(folder.path().join(".git")).unwrap();
    let said = |format: &str| {
        let said = shell::sprag(&folder.path().join("p"), &["lint", "--output-format", format]);
        String::from_utf8(said.out).unwrap()
    };
    assert!(said("concise").starts_with("policy.sprag:5:6"), "{}", said("concise"));
    assert!(said("github").contains("file=p/policy.sprag,line=5"), "{}", said("github"));
    assert!(said("sarif").contains("\"uri\": \"p/policy.sprag\""), "{}", said("sarif"));
}

#[test]
fn every_rule_is_explained_by_code_and_by_name() {
    let folder = package(POLICY, "");
    for word in ["SPR0251", "spr0251", "unheld-role"] {
        let said = shell::sprag(folder.path(), &["explain", word]);
        assert!(said.out.starts_with(b"# SPR0251 unheld-role: a role that nobody holds\n"), "{word}");
    }
    let said = shell::sprag(folder.path(), &["explain"]);
    let out = String::from_utf8(said.out).unwrap();
    assert!(
        out.contains("SPR0251  unheld-role: a role that nobody holds\n") && out.contains("E0101  "),
        "{out}"
    );
    let said = shell::sprag(folder.path(), &["explain", "unheld-rule"]);
    assert!(said.err.contains("did you mean `unheld-role`?"), "{}", said.err);
}

#[test]
fn the_policies_in_the_repository_have_no_errors() {
    let said = shell::clean(&["lint", "policies", "--fail-level", "error", "--output-format", "json"]);
    let found: Vec<Value> = serde_json::from_slice(&said.out).unwrap();
    let path = |f: &Value| f["labels"][0]["path"].as_str().unwrap().to_owned();
    assert!(found.iter().all(|f| shell::root().join(path(f)).is_file()), "a path that is none");
}

#[test]
fn watching_looks_again_when_a_file_changes() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let folder = package(POLICY, "");
    let mut child = Command::new(env!("CARGO_BIN_EXE_sprag"))
        .args(["lint", "p", "--watch", "--output-format", "concise"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .map(Stopped)
        .unwrap();
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut until = |end: &str| {
        let mut seen = Vec::new();
        loop {
            let line = lines.next().expect("more is said").unwrap();
            if line.starts_with(end) {
                return seen;
            }
            seen.push(line);
        }
    };
    let first = until("watching");
    assert!(first.iter().any(|l| l.contains("SPR0251")), "{first:?}");
    write(&folder.path().join("p/policy.sprag"), &POLICY.replace("role editor { write }\n", ""));
    let again = until("watching");
    assert!(again.contains(&"changed: p/policy.sprag".to_owned()), "{again:?}");
    assert!(!again.iter().any(|l| l.contains("SPR0251")), "{again:?}");
    assert!(again.iter().any(|l| l.contains("SPR0252")), "{again:?}");
}

/// A program that does not outlive its test.
struct Stopped(std::process::Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
