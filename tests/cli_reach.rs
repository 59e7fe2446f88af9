//! `sprag reach` and `sprag timeline` as people and programs call them.
#![expect(clippy::disallowed_methods, reason = "a command line is tested with files")]

#[expect(dead_code, reason = "others use the rest of it")]
mod shell;

use std::fs;

use serde_json::{Value, json};
use shell::{Said, root, sprag};
use sprag::cli::Exit;
use tempfile::TempDir;

/// Of the demo's eight operations, `READ` opens all reads and `demo.webhook.create`, `WRITE` two more, `ADMIN` all.
const POLICY: &str = r#"use demo

role everything { any operation }

app timesheets {
  key "com.acme.timesheets"
  platform demo.classic
  requests ADMIN
  user everything
}

app planner {
  key "com.acme.planner"
  platform demo.classic
  requests READ
  user everything
}

app idle {
  key "com.acme.idle"
  platform demo.classic
  requests WRITE
  user everything
}

group admins { "ann", "bob" }

ratchet setup on timesheets {
  start holds ADMIN
  then configured holds WRITE when event "setup-finished" or 1d after install
  then settled holds READ when 36h after configured
  reopen configured by 1 of group admins for 1h
}

ratchet tidy on timesheets {
  start
  then clean withdraws read when command or READ unused for 90d
}

ratchet probe on planner {
  start
  then over withdraws demo.webhook.create when 2 times demo.issue.get or 1w after event "trial"
}

permit timesheets to any operation
permit planner to any operation when time < 2027-01-01
"#;

#[test]
fn reach_shows_what_is_open_and_what_is_permitted() {
    let folder = package(POLICY);
    let wanted = "\
app `timesheets`                    read write delete admin   all
  scopes open                          4     2      1     1     8
  the policy permits                   4     2      1     1     8
  setup.start: open                    4     2      1     1     8
    permitted                          4     2      1     1     8
  setup.configured: open               4     2      0     1     7
    of these no more                   0     0      1     0     1
    permitted                          4     2      0     1     7
  setup.settled: open                  4     0      0     1     5
    of these no more                   0     2      0     0     2
    permitted                          4     0      0     1     5
  tidy.start: open                     4     2      1     1     8
    permitted                          4     2      1     1     8
  tidy.clean: open                     4     2      1     1     8
    permitted                          0     2      1     1     4

app `planner`                       read write delete admin   all
  scopes open                          4     0      0     1     5
  the policy permits                   4     0      0     1     5
  probe.start: open                    4     0      0     1     5
    permitted                          4     0      0     1     5
  probe.over: open                     4     0      0     1     5
    permitted                          4     0      0     0     4

app `idle`                          read write delete admin   all
  scopes open                          4     2      0     1     7
  the policy permits                   0     0      0     0     0
";
    assert_eq!(shown(&folder, &["reach", "p"]), wanted);
    let planner = wanted.split("\n\n").nth(1).unwrap().to_owned() + "\n";
    assert_eq!(shown(&folder, &["reach", "p", "--app", "planner"]), planner);
}

#[test]
fn reach_tells_programs_the_same_and_more() {
    let folder = package(POLICY);
    let told = parsed(&folder, &["reach", "p", "--json"]);
    let names =
        |value: &Value| value.as_array().unwrap().iter().map(|app| app["app"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&told["apps"]), ["timesheets", "planner", "idle"]);
    let app = &told["apps"][0];
    let all = json!({ "read": 4, "write": 2, "delete": 1, "admin": 1, "all": 8 });
    assert_eq!(
        (&app["key"], &app["opens"], &app["permitted"]["counts"]),
        (&json!("com.acme.timesheets"), &all, &all)
    );
    let operations = app["permitted"]["operations"].as_array().unwrap();
    assert!(operations.len() == 8 && operations.contains(&json!("demo.project.delete")), "{operations:?}");
    assert_eq!([&app["ratchets"][0]["ratchet"], &app["ratchets"][1]["ratchet"]], ["setup", "tidy"]);
    assert_eq!(
        app["ratchets"][0]["stages"][1],
        json!({
            "stage": "configured",
            "holds": ["WRITE"],
            "opens": { "read": 4, "write": 2, "delete": 0, "admin": 1, "all": 7 },
            "taken": {
                "counts": { "read": 0, "write": 0, "delete": 1, "admin": 0, "all": 1 },
                "operations": ["demo.project.delete"],
            },
            "permitted": { "read": 4, "write": 2, "delete": 0, "admin": 1, "all": 7 },
        })
    );
    let one = parsed(&folder, &["reach", "p", "--json", "--app", "idle"]);
    assert_eq!((names(&one["apps"]), &one["apps"][0]["ratchets"]), (vec![json!("idle")], &json!([])));
    assert_eq!(one["apps"][0]["permitted"]["operations"], json!([]));
}

#[test]
fn reach_compares_permission_models() {
    let folder = package(POLICY);
    let compare = ["reach", "p", "--compare", "demo.classic", "demo.delegated"];
    let wanted = "\
callable in both: 2
in demo.classic only: 6
in demo.delegated only: 0

    4  READ   -
    1  READ   Issues.Read or Issues.ReadWrite
    1  WRITE  -
    1  WRITE  Issues.ReadWrite
    1  ADMIN  -
";
    assert_eq!(shown(&folder, &compare), wanted);
    let told = parsed(&folder, &[&compare[..], &["--json"]].concat());
    assert_eq!((&told["left"], &told["right"]), (&json!("demo.classic"), &json!("demo.delegated")));
    let cells = told["cells"].as_array().unwrap();
    let sum: u64 = cells.iter().map(|cell| cell["counts"]["all"].as_u64().unwrap()).sum();
    assert_eq!((cells.len(), sum), (5, 8));
    let cell = cells.iter().find(|cell| cell["operations"] == json!(["demo.issue.get"])).unwrap();
    assert_eq!(
        (&cell["left"], &cell["right"]),
        (&json!([["READ"]]), &json!([["Issues.Read"], ["Issues.ReadWrite"]]))
    );
    let cell = cells.iter().find(|cell| cell["operations"] == json!(["demo.project.delete"])).unwrap();
    assert_eq!((&cell["left"], &cell["right"]), (&json!([["ADMIN"]]), &Value::Null));
    fails(
        &folder,
        &["reach", "p", "--compare", "demo.classic", "demo.delegate"],
        "sprag: there is no permission model `demo.delegate`; did you mean `demo.delegated`?\n",
    );
    fails(&folder, &["reach", "p", "--compare", "demo.classic"], "error: 2 values required");
    fails(&folder, &[&compare[..], &["--app", "idle"]].concat(), "error: the argument '--compare");
}

#[test]
fn a_timeline_shows_what_time_takes_and_what_other_triggers_take() {
    let folder = package(POLICY);
    let wanted = r#"app `timesheets`                                                     read write delete admin   all
  from the installation on             setup.start, tidy.start          4     2      1     1     8
  1d after it at the latest            setup.configured, tidy.start     4     2      0     1     7
  2d12h after it at the latest         setup.settled, tidy.start        4     0      0     1     5
  when command or READ unused for 90d  setup.settled, tidy.clean        0     0      0     1     1
  nothing but reading: never

app `planner`                                                         read write delete admin   all
  from the installation on                               probe.start     4     0      0     1     5
  when 2 times demo.issue.get or 7d after event "trial"  probe.over      4     0      0     0     4
  nothing but reading: when 2 times demo.issue.get or 7d after event "trial"

app `idle`                    read write delete admin   all
  from the installation on       0     0      0     0     0
  nothing but reading: from the installation on
"#;
    assert_eq!(shown(&folder, &["timeline", "p"]), wanted);
    // What ends may come back.
    let last = "1w after event \"trial\"\n";
    let way = format!("{last}  reopen start by 1 of group admins for 1h\n");
    let reopened = package(&POLICY.replace(last, &way));
    let planner = shown(&reopened, &["timeline", "p", "--app", "planner"]);
    assert!(
        planner.ends_with("\n  unless a stage is reopened: then an earlier one comes back for a while\n")
    );
    let idle = shown(&folder, &["timeline", "p", "--app", "idle"]);
    assert!(idle.starts_with("app `idle`") && wanted.ends_with(&idle), "{idle}");
}

#[test]
fn a_timeline_tells_programs_seconds_triggers_and_when_an_app_is_harmless() {
    let folder = package(POLICY);
    let told = parsed(&folder, &["timeline", "p", "--json"]);
    let moments = |app: usize| told["apps"][app]["moments"].as_array().unwrap();
    let after: Vec<&Value> = moments(0).iter().map(|moment| &moment["after"]).collect();
    assert_eq!(after, [&json!(0), &json!(86_400), &json!(216_000), &Value::Null]);
    assert_eq!(
        moments(0)[3],
        json!({
            "stages": { "setup": "settled", "tidy": "clean" },
            "permitted": { "read": 0, "write": 0, "delete": 0, "admin": 1, "all": 1 },
            "when": ["command", "READ unused for 90d"],
        })
    );
    assert_eq!(moments(1)[1]["when"], json!(["2 times demo.issue.get", "7d after event \"trial\""]));
    let harmless: Vec<&Value> = (0..3).map(|app| &told["apps"][app]["harmless"]).collect();
    assert_eq!(harmless, [&Value::Null, &json!(1), &json!(0)]);
    let one = parsed(&folder, &["timeline", "p", "--json", "--app", "planner"]);
    assert_eq!(one["apps"], json!([told["apps"][1]]));
}

#[test]
fn what_is_not_there_is_said_and_what_has_errors_is_shown() {
    let folder = package(POLICY);
    for command in ["reach", "timeline"] {
        fails(&folder, &[command, "p", "--app", "nobody"], "sprag: there is no app `nobody`\n");
        let near = "sprag: there is no app `planer`; did you mean `planner`?\n";
        fails(&folder, &[command, "p", "--app", "planer"], near);
        fails(&folder, &[command, "q"], "sprag: cannot read q: there is no such file or folder\n");
        // Programs get no half of an answer.
        let said = sprag(folder.path(), &[command, "p", "--json", "--app", "nobody"]);
        assert!(said.out.is_empty() && said.exit == Exit::Failed, "{}", said.err);
    }
    fs::write(folder.path().join("p/policy.sprag"), POLICY.replace("1d after install", "-1d after install"))
        .unwrap();
    for command in ["reach", "timeline"] {
        let said = sprag(folder.path(), &[command, "p"]);
        assert!(said.exit == Exit::Findings && said.out.is_empty(), "{}", said.err);
        assert!(said.err.contains("E0"), "{}", said.err);
    }
}

/// A folder with the package `p`.
fn package(policy: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("p")).unwrap();
    fs::create_dir_all(folder.path().join("catalogs")).unwrap();
    fs::copy(root().join("docs/demo.sprag"), folder.path().join("catalogs/demo.sprag")).unwrap();
    let manifest =
        "[package]\nname = \"acme\"\nlanguage = \"0.1\"\n\n[catalogs]\npaths = [\"../catalogs\"]\n";
    fs::write(folder.path().join("p/sprag.toml"), manifest).unwrap();
    fs::write(folder.path().join("p/policy.sprag"), policy).unwrap();
    assert_eq!(sprag(folder.path(), &["lock", "p"]).exit, Exit::Clean);
    folder
}

#[track_caller]
fn shown(folder: &TempDir, args: &[&str]) -> String {
    let Said { exit, out, err } = sprag(folder.path(), args);
    assert_eq!((exit, err.as_str()), (Exit::Clean, ""));
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn parsed(folder: &TempDir, args: &[&str]) -> Value {
    serde_json::from_str(&shown(folder, args)).unwrap()
}

#[track_caller]
fn fails(folder: &TempDir, args: &[&str], says: &str) {
    let said = sprag(folder.path(), args);
    assert_eq!((said.exit, said.out.len()), (Exit::Failed, 0));
    assert!(said.err.starts_with(says), "{}", said.err);
}
