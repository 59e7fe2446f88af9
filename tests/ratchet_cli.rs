//! `sprag ratchet` and `sprag decide --store`: a package, a store in a file, and what people do with them.
#![expect(clippy::disallowed_methods, reason = "packages and stores are files")]

mod shell;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shell::{Said, root, sprag};
use sprag::cli::Exit;
use sprag::state::{Places, Witness};
use sprag_runtime::Bundle;
use sprag_runtime::format::{Kind, OLDEST};
use sprag_test_support::parts::Parts;

const POLICY: &str = r#"
use demo

role everything { any operation }

app timesheets {
  key "com.acme.timesheets"
  platform demo.classic
  requests ADMIN
  user everything
}

app notes {
  key "com.acme.notes"
  platform demo.classic
  requests READ
  user everything
}

group admins { "ann", "bob", "eve" }

ratchet setup on timesheets {
  start holds ADMIN
  then configured holds WRITE when event "setup-finished" or 1d after install
  then settled
    holds READ
    withdraws demo.issue.* in project where category == "Finance"
    when command or WRITE unused for 90d
  reopen start by 2 of group admins for 2h
}

permit any app to any operation
"#;

/// A package, its bundle, an empty store, and a machine that has seen it.
struct Place(tempfile::TempDir);

const NOON: i64 = 1_790_000_000;

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        let folder = place.folder();
        fs::create_dir(folder.join("catalogs")).unwrap();
        fs::copy(root().join("docs/demo.sprag"), folder.join("catalogs/demo.sprag")).unwrap();
        fs::write(folder.join("policy.sprag"), POLICY).unwrap();
        let manifest = "[package]\nname = \"acme\"\nversion = \"0.1.0\"\nlanguage = \"0.1\"\n\n[catalogs]\npaths = [\"catalogs\"]\n";
        fs::write(folder.join("sprag.toml"), manifest).unwrap();
        assert_eq!(sprag(folder, &["lock"]).exit, Exit::Clean);
        place.clean(&["ratchet", "init"], 0);
        place
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    /// A command against the store, at so many seconds after noon; not for those without a clock.
    fn run(&self, args: &[&str], after: i64) -> Said {
        let mut all = args.to_vec();
        all.extend(["--store", "sqlite:state.db", "--witness", "seen/witness"]);
        let at = (NOON + after).to_string();
        if !matches!(args[1], "init" | "history" | "verify") {
            all.extend(["--at", &at]);
        }
        sprag(self.folder(), &all)
    }

    #[track_caller]
    fn clean(&self, args: &[&str], after: i64) -> String {
        let said = self.run(args, after);
        let out = String::from_utf8(said.out).unwrap();
        assert_eq!(said.exit, Exit::Clean, "{args:?}\n{out}{}", said.err);
        out
    }

    #[track_caller]
    fn fails(&self, args: &[&str], after: i64, exit: Exit, says: &str) {
        let said = self.run(args, after);
        let told = format!("{}{}", String::from_utf8(said.out).unwrap(), said.err);
        assert_eq!(said.exit, exit, "{args:?}\n{told}");
        assert!(told.contains(says), "{args:?}\n{told}");
    }

    /// What `ann` does to the app on site `acme`.
    fn by(&self, who: &str, args: &[&str], after: i64) -> Said {
        let mut all = vec!["ratchet"];
        all.extend(args);
        all.extend(["--app", "timesheets", "--site", "acme", "--who", who, "--why", "it is time"]);
        self.run(&all, after)
    }

    #[track_caller]
    fn does(&self, args: &[&str], after: i64) -> String {
        let said = self.by("ann", args, after);
        let out = String::from_utf8(said.out).unwrap();
        assert_eq!(said.exit, Exit::Clean, "{args:?}\n{out}{}", said.err);
        out
    }

    #[track_caller]
    fn refuses(&self, args: &[&str], after: i64, why: &str) {
        let said = self.by("ann", args, after);
        let out = String::from_utf8(said.out).unwrap();
        assert_eq!(said.exit, Exit::Findings, "{args:?}\n{out}{}", said.err);
        assert_eq!(out, format!("refused: {why}\n"));
    }

    #[track_caller]
    fn state(&self, after: i64) -> Value {
        let args = ["ratchet", "status", "--app", "timesheets", "--site", "acme", "--format", "json"];
        let value: Value = serde_json::from_str(&self.clean(&args, after)).unwrap();
        value["installations"][0]["state"].clone()
    }

    #[track_caller]
    fn stands(&self, after: i64, stage: &str, holds: &[&str]) {
        let state = self.state(after);
        assert_eq!((&state["stages"]["setup"], &state["holds"]), (&json!(stage), &json!(holds)), "{state:#}");
    }

    /// Writes down what the app asks, and what it says of its installation.
    fn asks(&self, operation: &str, kind: &str, install: Value) {
        let request = json!({
            "subject": { "type": "app", "id": "com.acme.timesheets" },
            "action": { "name": operation },
            "resource": { "type": kind, "id": "X" },
            "context": { "install": install },
        });
        fs::write(self.folder().join("request.json"), request.to_string()).unwrap();
    }

    /// The answer to a request of the app on site `acme`, that claims to stand at the first stage.
    fn decide(&self, operation: &str, after: i64) -> (Exit, Value) {
        let kind = if operation.contains("issue") { "issue" } else { "project" };
        let install = json!({ "site": "acme", "stages": { "setup": "start" }, "approved": ["ADMIN"] });
        self.asks(operation, kind, install);
        let said = self.run(&["decide", "acme.spragb", "--request", "request.json", "--package", "."], after);
        let answer = serde_json::from_slice(&said.out).unwrap_or_else(|_| json!(said.err));
        (said.exit, answer)
    }
}

#[test]
fn an_installation_is_kept_from_its_beginning_to_its_end() {
    let place = Place::new();
    let told = place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    assert!(told.starts_with("com.acme.timesheets on acme: kept as entry 1\n"), "{told}");
    place.stands(1, "start", &["ADMIN", "READ", "WRITE"]);

    let told = place.does(&["event", "setup-finished"], 60);
    assert!(told.contains("  - scope ADMIN\n"), "{told}");
    place.stands(61, "configured", &["READ", "WRITE"]);
    place.refuses(&["event", "lunch"], 62, "no ratchet of the app waits for the event `lunch`");

    place.does(&["turn", "setup", "settled"], 100);
    place.stands(101, "settled", &["READ"]);
    let why = "`setup` stands at `start` or further on; a ratchet turns in one direction";
    place.refuses(&["turn", "setup", "start"], 102, why);
    place.refuses(&["turn", "setup", "configured"], 103, &why.replace("start", "configured"));
    place.does(&["turn", "setup", "settled"], 103);
    place.stands(104, "settled", &["READ"]);

    // Two of the group, and not one of them twice.
    let reopen = ["reopen", "again", "setup", "start", "--for", "1h"];
    place.does(&reopen, 200);
    place.stands(201, "settled", &["READ"]);
    place.refuses(&reopen, 202, "`ann` approved this before; another person must");
    let mallory = place.by("mallory", &reopen, 203);
    assert_eq!(mallory.exit, Exit::Findings);
    assert_eq!(place.by("bob", &reopen, 204).exit, Exit::Clean);
    place.stands(205, "start", &["ADMIN", "READ", "WRITE"]);
    place.stands(200 + 3599, "start", &["ADMIN", "READ", "WRITE"]);
    place.stands(200 + 3600, "settled", &["READ"]);
    // Also for a clock that was set back, once somebody has kept what time did.
    let told = place.clean(&["ratchet", "tick"], 4000);
    assert!(told.contains("turned setup: start -> settled"), "{told}");
    assert_eq!(place.clean(&["ratchet", "tick"], 4001), "", "nothing more happens");
    place.stands(210, "settled", &["READ"]);

    place.does(&["withdraw", "--container", "project=SHOP"], 5000);
    place.does(&["withdraw", "--operation", "demo.issue.get"], 5001);
    assert_eq!(
        place.state(5002)["withdrawn"],
        json!({
            "scopes": [], "forever": [], "operations": ["demo.issue.get"],
            "containers": [{ "kind": "project", "id": "SHOP" }],
        })
    );
    place.does(&["uninstalled"], 6000);
    place.stands(6001, "settled", &[]);
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 6100);
    assert_eq!(place.state(6101)["holds"], json!([]), "what is installed again waits for approval");
}

#[test]
fn approvals_that_no_longer_count_are_not_shown() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    place.does(&["turn", "setup", "settled"], 10);
    let approvals = |after| place.state(after)["approvals"].clone();
    let shown = |after| {
        place.clean(&["ratchet", "status", "--app", "timesheets", "--site", "acme"], after).contains("again")
    };
    // Of two that are needed one: it waits for the other, as long as its time is not up.
    place.does(&["reopen", "again", "setup", "start", "--for", "1h"], 100);
    assert_eq!((approvals(101)[0]["id"].as_str(), shown(101)), (Some("again"), true));
    assert_eq!((approvals(3699)[0]["id"].as_str(), shown(3699)), (Some("again"), true));
    assert_eq!((approvals(3700), shown(3700)), (json!([]), false));
    // Of two that were given, the earlier one is over first; then the ratchet turns again, also past the later one.
    place.does(&["reopen", "more", "setup", "start", "--for", "1h"], 5000);
    assert_eq!(place.by("bob", &["reopen", "more", "setup", "start", "--for", "1h"], 5060).exit, Exit::Clean);
    assert_eq!(approvals(5061)[0]["by"], json!(["ann", "bob"]));
    assert_eq!(approvals(5000 + 3599)[0]["by"], json!(["ann", "bob"]));
    assert_eq!(approvals(5000 + 3600), json!([]));
    // What is taken after it was given is not given by it.
    place.does(&["reopen", "third", "setup", "start", "--for", "1h"], 9000);
    let status = |after| place.clean(&["ratchet", "status", "--app", "timesheets", "--site", "acme"], after);
    let both = "third: stage setup.configured, stage setup.settled by ann";
    assert!(status(9001).contains(both), "{}", status(9001));
    place.does(&["turn", "setup", "settled"], 9010);
    assert!(status(9011).contains("third: stage setup.configured by ann"), "{}", status(9011));
}

#[test]
fn quiet_is_quiet() {
    let place = Place::new();
    let quiet = |args: &[&str], after: i64| {
        let mut all = vec!["-q", "ratchet"];
        all.extend(args);
        all.extend(["--app", "timesheets", "--site", "acme", "--who", "ann", "--why", "it is time"]);
        all.extend(["--store", "sqlite:state.db", "--witness", "seen/witness"]);
        let at = (NOON + after).to_string();
        all.extend(["--at", &at]);
        let said = sprag(place.folder(), &all);
        (said.exit, String::from_utf8(said.out).unwrap() + &said.err)
    };
    assert_eq!(quiet(&["installed", "1.0", "--asks", "ADMIN"], 0), (Exit::Clean, String::new()));
    place.stands(1, "start", &["ADMIN", "READ", "WRITE"]);
    assert_eq!(quiet(&["turn", "setup", "settled"], 10), (Exit::Clean, String::new()));
    // What is asked for is said all the same, and so is a refusal.
    let (exit, told) = quiet(&["withdraw", "--operation", "demo.issue.get", "--dry-run"], 20);
    assert!(exit == Exit::Clean && told.contains("tried, nothing kept"), "{told}");
    let (exit, told) = quiet(&["turn", "setup", "start"], 30);
    assert!(exit == Exit::Findings && told.starts_with("refused: "), "{told}");
    let (_, told) = quiet(&["withdraw", "--operation", "demo.issue.get", "--format", "json"], 40);
    assert!(told.contains("\"done\": true"), "{told}");
}

#[test]
fn who_does_it_and_why_must_be_said() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    let app = ["--app", "timesheets", "--site", "acme"];
    let turn = |more: &[&'static str]| {
        let mut args = vec!["ratchet", "turn", "setup", "settled"];
        args.extend(app);
        args.extend(more);
        args
    };
    place.fails(&turn(&[]), 1, Exit::Failed, "--who");
    place.fails(&turn(&["--who", " ", "--why", "x"]), 1, Exit::Findings, "nobody is named who does this");
    place.fails(&turn(&["--who", "ann"]), 1, Exit::Findings, "no reason is given");
    place.stands(2, "start", &["ADMIN", "READ", "WRITE"]);
    assert!(place.clean(&["ratchet", "verify"], 0).starts_with("1 entry of store"));
    place.fails(
        &["ratchet", "status", "--app", "timesheet"],
        0,
        Exit::Failed,
        "the policy has no app `timesheet`; did you mean `timesheets`?",
    );
}

#[test]
fn a_dry_run_shows_what_goes_and_keeps_nothing() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    let said: Value =
        serde_json::from_str(&place.does(&["turn", "setup", "settled", "--dry-run", "--format", "json"], 10))
            .unwrap();
    assert_eq!(said["done"], json!(false));
    assert_eq!(
        said["operations"]["lost"],
        json!(["demo.issue.edit", "demo.page.edit", "demo.project.delete"])
    );
    assert_eq!(said["operations"]["narrowed"], json!(["demo.issue.get", "demo.issue.search"]));
    assert_eq!(said["operations"]["gained"], json!([]));
    let never = |scope: &str, watched| json!({ "scope": scope, "last_used": null, "watched": watched });
    assert_eq!(said["noticed"], json!([never("ADMIN", false), never("WRITE", true)]));
    place.stands(11, "start", &["ADMIN", "READ", "WRITE"]);
    place.does(&["used", "demo.issue.edit=3", "demo.page.get"], 12);
    let told = place.does(&["turn", "setup", "settled", "--dry-run"], 13);
    let noticed = "  scope ADMIN: nothing in the policy watches its use\n  scope WRITE: last used 2026-09-21T14:13:32Z\n";
    assert!(told.contains(noticed), "{told}");

    let told = place.does(&["withdraw", "--container", "project=SHOP", "--dry-run"], 12);
    assert!(
        told.contains("tried, nothing kept") && told.contains("lost in some places: 5 operations"),
        "{told}"
    );
    assert!(!told.contains("demo.page.get"), "pages lie in no project: {told}");

    place.does(&["turn", "setup", "settled"], 20);
    place.does(&["reopen", "again", "setup", "start", "--for", "1h"], 30);
    let said = place.by(
        "bob",
        &["reopen", "again", "setup", "start", "--for", "1h", "--dry-run", "--format", "json"],
        31,
    );
    let said: Value = serde_json::from_slice(&said.out).unwrap();
    assert_eq!(
        said["operations"]["gained"],
        json!(["demo.issue.edit", "demo.page.edit", "demo.project.delete"])
    );
    assert_eq!(said["operations"]["widened"], json!(["demo.issue.get", "demo.issue.search"]));
    place.stands(32, "settled", &["READ"]);
}

#[test]
fn decisions_go_by_the_store_whatever_the_request_says() {
    let place = Place::new();
    assert_eq!(sprag(place.folder(), &["build"]).exit, Exit::Clean);
    let (exit, answer) = place.decide("demo.project.get", 0);
    assert_eq!((exit, &answer["decision"]), (Exit::Clean, &json!(false)), "never installed: {answer:#}");
    assert_eq!(answer["context"]["state"]["known"], json!(false));

    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    let (exit, answer) = place.decide("demo.project.delete", 5);
    assert_eq!((exit, &answer["decision"]), (Exit::Clean, &json!(true)), "{answer:#}");
    let state = &answer["context"]["state"];
    assert_eq!((&state["known"], &state["epoch"], &state["at"]), (&json!(true), &json!(1), &json!(NOON + 5)));

    place.does(&["turn", "setup", "configured"], 10);
    assert_eq!(place.decide("demo.project.delete", 11).1["decision"], json!(false));
    assert_eq!(place.decide("demo.issue.edit", 11).1["decision"], json!(true));
    place.does(&["withdraw", "--operation", "demo.issue.edit"], 12);
    assert_eq!(place.decide("demo.issue.edit", 13).1["decision"], json!(false));

    // What was changed from outside is not believed, and nothing is decided by it.
    let connection = rusqlite::Connection::open(place.folder().join("state.db")).unwrap();
    let tampers = "DROP TRIGGER sprag_entry_kept;
        UPDATE sprag_entry SET entry = replace(entry, 'ADMIN', 'ADMIX')";
    connection.execute_batch(tampers).unwrap();
    let (exit, answer) = place.decide("demo.project.get", 14);
    assert_eq!((exit, &answer["decision"]), (Exit::Failed, &json!(false)), "{answer:#}");
    let error = json!({ "status": 503, "message": "entry 3 of the store was changed from outside" });
    assert_eq!(answer["context"], json!({ "error": error }));

    // A policy that the bundle was not made of would read the state otherwise.
    let policy = place.folder().join("policy.sprag");
    fs::write(&policy, POLICY.replace("holds WRITE", "holds ADMIN")).unwrap();
    let (exit, said) = place.decide("demo.project.get", 14);
    assert_eq!(exit, Exit::Failed);
    assert!(said.as_str().unwrap().contains("does not make this bundle"), "{said}");
}

#[test]
fn an_older_bundle_is_not_decided_by_again() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    let build =
        |args: &[&str]| assert_eq!(sprag(place.folder(), &[&["build"], args].concat()).exit, Exit::Clean);
    place.asks("demo.project.get", "project", json!({ "site": "acme" }));
    let decides = |bundle: &str, after| {
        let answer = place.clean(&["decide", bundle, "--request", "request.json"], after);
        assert!(answer.starts_with("{\"decision\":true"), "{answer}");
    };
    let refuses = |bundle: &str, after, why: &str| {
        place.fails(&["decide", bundle, "--request", "request.json"], after, Exit::Failed, why);
    };
    // Who has no chain may build as often as they like.
    build(&["--sources", "-o", "1.spragb"]);
    decides("1.spragb", 1);
    let policy = place.folder().join("policy.sprag");
    fs::write(&policy, format!("{POLICY}\nforbid notes to demo.page.edit\n")).unwrap();
    build(&["--sources", "-o", "other.spragb"]);
    decides("other.spragb", 2);
    assert!(!place.folder().join("seen/witness.bundles").exists());

    build(&["--after", "1.spragb", "-o", "2.spragb"]);
    build(&["--after", "2.spragb", "-o", "3.spragb"]);
    build(&["--after", "2.spragb", "-o", "fork.spragb", "--date", "2026-11-22"]);
    build(&["--after", "fork.spragb", "-o", "4.spragb"]);
    decides("2.spragb", 3);
    // Not even the next one is taken unseen.
    let unseen = "generation 3 cannot be held against generation 2 of package `acme`, by which was decided here: \
                  generation 2 is not here; name all bundles of the chain with --chain";
    refuses("3.spragb", 4, unseen);
    let args = ["decide", "3.spragb", "--request", "request.json", "--chain", "."];
    assert!(place.clean(&args, 4).starts_with("{\"decision\":true"));
    decides("3.spragb", 5);
    let why = "this bundle may not follow generation 3 of package `acme`, by which was decided here: it";
    refuses("2.spragb", 6, &format!("{why} is generation 2, which is not newer"));
    refuses("1.spragb", 7, &format!("{why} is generation 1, which is not newer"));
    refuses("fork.spragb", 8, &format!("{why} is generation 3, which is not newer"));
    refuses("4.spragb", 9, &format!("{why} was built after another bundle than this"));
    refuses("other.spragb", 10, &format!("{why} belongs to another chain"));
    decides("3.spragb", 11);
    // What cannot be read is not forgotten.
    fs::write(place.folder().join("seen/witness.bundles"), "{}").unwrap();
    refuses("3.spragb", 12, "witness.bundles is no memory of bundles");
}

/// What a machine that was away has not seen must all be there, and all be sound.
#[test]
fn a_machine_that_was_away_catches_up_step_by_step() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    let policy = |more: &str| {
        fs::write(place.folder().join("policy.sprag"), format!("{POLICY}\n{more}\n")).unwrap();
    };
    let build = |args: &[&str]| {
        let said = sprag(place.folder(), &[&["build"], args].concat());
        assert_eq!(said.exit, Exit::Clean, "{}", said.err);
    };
    place.asks("demo.project.get", "project", json!({ "site": "acme" }));
    let forbid = "forbid notes to demo.page.get";
    let approval = "widen \"CHG-7: notes are read\" { for notes to demo.page.get approved by \"ann@acme.com\" until 2026-12-31 }";
    const JANUARY: i64 = 1_798_761_600 - NOON; // the first of it, 2027
    policy(forbid);
    build(&["--sources", "-o", "1.spragb"]);
    build(&["--after", "1.spragb", "-o", "2.spragb"]);
    policy(approval);
    let day = ["--today", "2026-11-22"];
    build(&[&["--after", "2.spragb", "-o", "3.spragb", "--date", "2026-11-22"], &day[..]].concat());
    build(&[&["--after", "2.spragb", "-o", "undated.spragb"], &day[..]].concat());
    policy("");
    build(&["--after", "3.spragb", "-o", "4.spragb"]);
    build(&["--after", "undated.spragb", "-o", "4u.spragb"]);
    build(&["--after", "4.spragb", "-o", "5.spragb"]);
    // Somebody who hashes put in more, and said of no approval.
    let mut parts = Parts::open(&fs::read(place.folder().join("3.spragb")).unwrap());
    parts.section(Kind::Widenings).bytes.clear();
    fs::write(place.folder().join("3f.spragb"), parts.seal()).unwrap();
    build(&["--after", "3f.spragb", "--trust-sources", "-o", "4f.spragb"]);

    let decide = |bundle: &str, chain: &[&str], after| {
        let mut args = vec!["decide", bundle, "--request", "request.json"];
        chain.iter().for_each(|path| args.extend(["--chain", path]));
        let said = place.run(&args, after);
        (said.exit, format!("{}{}", String::from_utf8(said.out).unwrap(), said.err))
    };
    let refuses = |bundle: &str, chain: &[&str], after, why: &str| {
        let (exit, told) = decide(bundle, chain, after);
        assert!(exit == Exit::Failed && told.contains(why), "{told}");
    };
    assert_eq!(decide("2.spragb", &[], 1).0, Exit::Clean);
    refuses(
        "5.spragb",
        &[],
        2,
        "generations 2, 3, 4 are not here; name all bundles of the chain with --chain",
    );
    refuses("5.spragb", &["2.spragb", "4.spragb"], 2, "generation 3 is not here");
    refuses("5.spragb", &["3.spragb", "4.spragb"], 2, "generation 2 is not here");
    // All are there, and one of them is another's.
    refuses(
        "5.spragb",
        &["2.spragb", "3f.spragb", "4.spragb"],
        2,
        "generation 4: it was built after another bundle",
    );
    refuses(
        "5.spragb",
        &["2.spragb", "3.spragb", "4f.spragb"],
        2,
        "it was built after another bundle than this",
    );
    let grown = "generation 3: it permits com.acme.notes to demo.page.get, which was never permitted";
    refuses("4f.spragb", &["2.spragb", "3f.spragb"], 2, grown);
    // It was approved when it was built; that nobody could tell without a day.
    refuses("4u.spragb", &["."], JANUARY, "generation 3: its approval \"CHG-7: notes are read\" has ended");
    refuses("3.spragb", &["."], JANUARY, "decided here: its approval \"CHG-7: notes are read\" has ended");
    assert_eq!(decide("5.spragb", &["."], JANUARY), (Exit::Clean, decide("5.spragb", &[], JANUARY).1));
    refuses("4.spragb", &["."], JANUARY, "it is generation 4, which is not newer");
}

/// The machine decided by a bundle of a format that this version does not read any more.
#[test]
fn a_machine_goes_on_from_a_format_that_is_not_read_if_somebody_approved_it() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    let build = |args: &[&str]| {
        let said = sprag(place.folder(), &[&["build"], args].concat());
        assert_eq!(said.exit, Exit::Clean, "{}", said.err);
    };
    let decide = |bundle: &str, chain: &str| {
        let said = place.run(&["decide", bundle, "--request", "request.json", "--chain", chain], 3);
        (said.exit, said.err)
    };
    fs::write(place.folder().join("request.json"), "[]").unwrap();
    build(&["--sources", "-o", "new.spragb"]);
    let mut parts = Parts::open(&fs::read(place.folder().join("new.spragb")).unwrap());
    parts.format = OLDEST - 1;
    let old = parts.seal();
    fs::write(place.folder().join("1.spragb"), &old).unwrap();
    let renew = ["--renew", "format", "--approved-by", "ann@acme.com", "--until", "2026-12-31"];
    let after = ["--after", "1.spragb", "--today", "2026-11-22", "-o", "2.spragb"];
    build(&[&after[..], &renew].concat());
    // As the other version left it.
    let digest: String = Sha256::digest(&old).iter().map(|byte| format!("{byte:02x}")).collect();
    let seen = json!({
        "format": "sprag-bundles-1",
        "packages": { "acme": { "first": digest, "generation": 1, "digest": digest } },
    });
    fs::write(place.folder().join("seen/witness.bundles"), seen.to_string()).unwrap();
    let mut parts = Parts::open(&fs::read(place.folder().join("2.spragb")).unwrap());
    parts.section(Kind::Widenings).bytes.clear();
    let forged = parts.seal();
    let places = Places::of(&Witness::new(place.folder().join("seen/witness")));
    let refused = places.admit(&Bundle::load(&forged).unwrap(), &[&old], NOON).unwrap_err().to_string();
    let why = format!("the bundle before it is of format {}, which is not read here, and nobody", OLDEST - 1);
    assert!(refused.contains(&why), "{refused}");
    assert_eq!(decide("2.spragb", "1.spragb"), (Exit::Clean, String::new()));
    let (exit, said) = decide("1.spragb", "1.spragb");
    assert!(exit == Exit::Failed && said.contains("the oldest that can be read is"), "{said}");
}

#[test]
fn a_restored_backup_decides_nothing_until_it_has_what_it_lacks() {
    let place = Place::new();
    assert_eq!(sprag(place.folder(), &["build"]).exit, Exit::Clean);
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    let (state, backup) = (place.folder().join("state.db"), place.folder().join("backup.db"));
    // Nobody has it open, so that all of it is in the one file.
    fs::copy(&state, &backup).unwrap();
    place.does(&["turn", "setup", "settled"], 10);
    place.clean(&["ratchet", "history", "--export", "-o", "export.jsonl"], 0);
    place.does(&["withdraw", "--operation", "demo.issue.get"], 11);
    place.clean(&["ratchet", "history", "--export", "-o", "newer.jsonl"], 0);
    fs::copy(&backup, &state).unwrap();

    let why = "the store ends with entry 1, but entry 3 was seen here";
    place.fails(&["ratchet", "status"], 20, Exit::Failed, why);
    let (exit, said) = place.decide("demo.project.delete", 20);
    assert_eq!(exit, Exit::Failed);
    assert!(said.as_str().unwrap().contains(why), "{said}");
    let said = place.by("ann", &["turn", "setup", "configured"], 21);
    assert!(said.exit == Exit::Failed && said.err.contains(why), "{}", said.err);
    place.fails(
        &["ratchet", "verify"],
        0,
        Exit::Findings,
        "entry 2: it is missing; up to entry 3 were seen here",
    );

    let recover = |more: &[&'static str]| {
        let mut args = vec!["ratchet", "recover", "--who", "ann", "--why", "the disk broke"];
        args.extend(more);
        args
    };
    place.fails(&recover(&[]), 22, Exit::Failed, "--from");
    let short = "entry 3: it is missing; up to entry 3 were seen here before";
    place.fails(&recover(&["--from", "export.jsonl"]), 22, Exit::Findings, short);
    let told = place.clean(&recover(&["--from", "newer.jsonl"]), 23);
    assert!(told.starts_with("the store got back 2 entries\n"), "{told}");
    place.stands(24, "settled", &["READ"]);
    assert_eq!(place.state(24)["withdrawn"]["operations"], json!(["demo.issue.get"]));
    let told = place.clean(&["ratchet", "verify"], 0);
    assert!(
        told.starts_with("3 entries of store") && told.contains("entry 3 is the one that was seen"),
        "{told}"
    );
    assert_eq!(
        place.clean(&recover(&[]).into_iter().chain(["--accept-loss"]).collect::<Vec<_>>(), 25),
        "the store is not older than it was; nothing was done\n"
    );

    // Without an export nobody knows what was taken, so everything is.
    fs::copy(&backup, &state).unwrap();
    place.fails(&recover(&["--recovered-elsewhere"]), 29, Exit::Findings, "nobody has recovered this store");
    fs::copy(place.folder().join("seen/witness"), place.folder().join("other-witness")).unwrap();
    let told = place.clean(&recover(&["--accept-loss"]), 30);
    assert!(told.contains("everything was taken from 1 installation"), "{told}");
    assert_eq!(place.state(31)["holds"], json!([]));
    assert_eq!(place.decide("demo.project.get", 32).1["decision"], json!(false));
    place.does(&["approve", "after-the-loss", "--scope", "READ"], 40);
    assert_eq!(place.state(41)["holds"], json!(["READ"]));
    // A machine that has seen more than there is says so too, and takes the word of the one that mended it.
    let mut other =
        recover(&["--recovered-elsewhere", "--store", "sqlite:state.db", "--witness", "other-witness"]);
    other.extend(["--at", "1790000050"]);
    let said = sprag(place.folder(), &other);
    let told = String::from_utf8(said.out).unwrap();
    assert!(said.exit == Exit::Clean && told.contains("recovered by ann"), "{told}{}", said.err);
    assert_eq!(place.state(51)["holds"], json!(["READ"]), "nothing is taken twice");
    let history = place.clean(&["ratchet", "history"], 0);
    assert!(
        history.contains("recovered by ann, everything") && history.contains("because the disk broke"),
        "{history}"
    );
}

#[test]
fn a_history_without_entries_says_whom_the_store_knows() {
    let place = Place::new();
    let history = |app: &str| place.run(&["ratchet", "history", "--app", app], 0);
    assert!(history("timesheets").err.contains("the store knows none yet"));
    place.does(&["installed", "1.0", "--asks", "READ"], 0);
    let said = history("timesheets");
    assert!(
        said.out.is_empty() && said.err.contains("the store knows com.acme.timesheets on acme"),
        "{}",
        said.err
    );
    let said = history("com.acme.timesheets");
    assert!(!said.out.is_empty() && said.err.is_empty(), "{}", said.err);
}

#[test]
fn nobody_writes_lines_of_a_history_that_look_like_others() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "READ"], 0);
    let said = place.by("ci\n9 2026-09-21T15:00:00Z approved by ciso", &["event", "setup-finished"], 1);
    assert_eq!(said.exit, Exit::Clean, "{}", said.err);
    let history = place.clean(&["ratchet", "history"], 0);
    assert!(history.contains("by ci?9 2026"), "{history}");
    assert!(!history.lines().any(|line| line.starts_with('9')), "{history}");
}

#[test]
fn a_store_that_went_on_from_a_backup_is_joined_with_what_it_lost() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    let (state, backup) = (place.folder().join("state.db"), place.folder().join("backup.db"));
    fs::copy(&state, &backup).unwrap();
    place.does(&["turn", "setup", "settled"], 10);
    place.clean(&["ratchet", "history", "--export", "-o", "export.jsonl"], 0);
    fs::copy(&backup, &state).unwrap();
    let seen = place.folder().join("seen/then");
    fs::copy(place.folder().join("seen/witness"), &seen).unwrap();
    // Another machine, which has seen nothing, goes on.
    let mut other = vec!["ratchet", "withdraw", "--operation", "demo.issue.get", "--app", "timesheets"];
    other.extend(["--site", "acme", "--who", "bob", "--why", "x", "--at", "1790000020"]);
    other.extend(["--store", "sqlite:state.db", "--witness", "elsewhere"]);
    assert_eq!(sprag(place.folder(), &other).exit, Exit::Clean);

    place.fails(
        &["ratchet", "status"],
        30,
        Exit::Failed,
        "entry 2 of the store is not the one that was seen here",
    );
    let recover = ["ratchet", "recover", "--who", "ann", "--why", "x", "--from", "export.jsonl"];
    let told = place.clean(&recover, 31);
    assert!(told.starts_with("what 2 entries tell was joined\n"), "{told}");
    place.stands(32, "settled", &["READ"]);
    assert_eq!(place.state(32)["withdrawn"]["operations"], json!(["demo.issue.get"]));
    place.clean(&["ratchet", "verify"], 0);

    // The same if the copy has gone on for longer than the export.
    fs::copy(&backup, &state).unwrap();
    fs::copy(&seen, place.folder().join("seen/witness")).unwrap();
    for (operation, at) in [("demo.issue.get", "1790000020"), ("demo.issue.edit", "1790000021")] {
        let mut other = vec!["ratchet", "withdraw", "--operation", operation, "--app", "timesheets"];
        other.extend(["--site", "acme", "--who", "bob", "--why", "x", "--at", at]);
        other.extend(["--store", "sqlite:state.db", "--witness", "elsewhere2"]);
        assert_eq!(sprag(place.folder(), &other).exit, Exit::Clean);
    }
    let told = place.clean(&recover, 31);
    assert!(told.starts_with("what 2 entries tell was joined\n"), "{told}");
    place.stands(32, "settled", &["READ"]);
    assert_eq!(place.state(32)["withdrawn"]["operations"], json!(["demo.issue.edit", "demo.issue.get"]));
}

#[test]
fn an_export_is_verified_as_the_store_is() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    place.does(&["event", "setup-finished"], 10);
    place.does(&["turn", "setup", "settled"], 20);
    let text = place.clean(&["ratchet", "history", "--export"], 0);
    let file = place.folder().join("export.jsonl");
    let verify = ["ratchet", "verify", "--file", "export.jsonl"];
    fs::write(&file, &text).unwrap();
    let told = place.clean(&verify, 0);
    assert!(told.starts_with("3 entries of store"), "{told}");

    let lines: Vec<&str> = text.lines().collect();
    fs::write(&file, text.replacen("it is time", "it was time", 1)).unwrap();
    place.fails(&verify, 0, Exit::Findings, "entry 1: its hash is not that of what it says");
    fs::write(&file, [lines[0], lines[1], lines[3]].join("\n")).unwrap();
    place.fails(&verify, 0, Exit::Findings, "entry 2: in its place stands entry 3");
    fs::write(&file, [lines[0], lines[2], lines[1], lines[3]].join("\n")).unwrap();
    place.fails(&verify, 0, Exit::Findings, "entry 1: in its place stands entry 2");
    fs::write(&file, [lines[0], lines[1], lines[2]].join("\n")).unwrap();
    place.fails(&verify, 0, Exit::Findings, "entry 3: it is missing");
    fs::write(&file, lines[1..].join("\n")).unwrap();
    place.fails(&verify, 0, Exit::Failed, "export.jsonl is no export of a history");

    let history = place.clean(&["ratchet", "history", "--site", "acme"], 0);
    assert!(
        history.contains("turn by ann, setup.settled") && history.contains("because it is time"),
        "{history}"
    );
    assert_eq!(place.clean(&["ratchet", "history", "--site", "elsewhere"], 0), "");
}

#[test]
fn a_store_is_made_on_purpose_only() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    fs::remove_file(place.folder().join("state.db")).unwrap();
    let why = "state.db; `sprag ratchet init` makes one";
    place.fails(&["ratchet", "status"], 0, Exit::Failed, why);
    assert!(!place.folder().join("state.db").exists());
    // A new one in its place knows nothing of what was taken.
    place.fails(&["ratchet", "init"], 0, Exit::Failed, "but store");
    place.fails(&["ratchet", "status"], 0, Exit::Failed, "ways out: `sprag ratchet recover --help`");
    let nonsense = sprag(place.folder(), &["ratchet", "status", "--store", "state.db"]);
    assert!(nonsense.err.contains("a store is named sqlite:PATH or postgres://"), "{}", nonsense.err);
}

#[test]
fn newer_catalogs_open_nothing_by_themselves() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    let old = place.folder().join("old");
    shell::copy(&place.folder().join("catalogs"), &old.join("catalogs"));
    for name in ["policy.sprag", "sprag.toml", "sprag.lock"] {
        fs::copy(place.folder().join(name), old.join(name)).unwrap();
    }
    let catalog = place.folder().join("catalogs/demo.sprag");
    let more =
        "operation demo.site.wipe { access delete in site http DELETE \"/all\" requires classic ADMIN }\n";
    fs::write(&catalog, format!("{}{more}", fs::read_to_string(&catalog).unwrap())).unwrap();
    assert_eq!(sprag(place.folder(), &["lock"]).exit, Exit::Clean);
    assert_eq!(place.state(10)["holds"], json!([]), "nobody has said yet what the new catalog opens");
    // Compared with itself it opens nothing, which says nothing of what the installation was let in under.
    let since =
        |old: &'static str| ["ratchet", "catalogs", "--since", old, "--who", "ann", "--why", "monthly"];
    place.fails(&since("."), 11, Exit::Findings, "was never decided by catalog `demo` as . has it");
    assert_eq!(place.state(11)["holds"], json!([]));
    let told = place.clean(&since("old"), 11);
    assert_eq!(told, "com.acme.timesheets on acme: 1 operation wait for approval\n");
    let state = place.state(12);
    assert_eq!(state["holds"], json!(["ADMIN", "READ", "WRITE"]));
    assert_eq!(state["withdrawn"]["operations"], json!(["demo.site.wipe"]));

    // To an app that the old package did not have nothing was open: all that it could do now waits.
    let strange = place.folder().join("strange");
    shell::copy(&place.folder().join("old"), &strange);
    let policy = fs::read_to_string(strange.join("policy.sprag")).unwrap();
    fs::write(strange.join("policy.sprag"), policy.replace("com.acme.timesheets", "com.acme.other")).unwrap();
    place.clean(&since("strange"), 13);
    let taken = place.state(14)["withdrawn"]["operations"].as_array().unwrap().len();
    assert!(taken > 5, "{taken}");
}

#[test]
fn a_store_that_does_not_say_what_is_the_latest_is_not_believed() {
    let place = Place::new();
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    place.does(&["withdraw", "--scope", "ADMIN"], 1);
    let connection = rusqlite::Connection::open(place.folder().join("state.db")).unwrap();
    connection.execute_batch("UPDATE sprag_latest SET epoch = 1").unwrap();
    let why = "which entry of com.acme.timesheets on acme is the latest, the store does not say clearly: 2 by its index, 1";
    place.fails(&["ratchet", "status"], 2, Exit::Failed, why);
    place.fails(&["ratchet", "verify"], 2, Exit::Findings, why);
    connection.execute_batch("UPDATE sprag_latest SET epoch = 2").unwrap();
    place.clean(&["ratchet", "verify"], 2);
}

#[test]
fn decisions_remember_what_time_it_was() {
    let place = Place::new();
    assert_eq!(sprag(place.folder(), &["build", "-o", "acme.spragb"]).exit, Exit::Clean);
    place.does(&["installed", "1.0", "--asks", "ADMIN"], 0);
    let decided = |after: i64| place.decide("demo.project.delete", after).1["decision"].clone();
    assert_eq!(decided(10), json!(true));
    // A day after the installation the stage is left, and no entry tells of it.
    assert_eq!(decided(90_000), json!(false));
    assert_eq!(decided(20), json!(false), "the clock went back");
    place.stands(20, "configured", &["READ", "WRITE"]);
    // Nor does a use that is reported late turn back what its lack has turned.
    let days = |days: i64| days * 86_400;
    place.decide("demo.issue.get", days(91));
    place.stands(days(91), "settled", &["READ"]);
    place.does(&["used", "demo.issue.edit=1"], days(80));
    place.stands(days(91), "settled", &["READ"]);
    let memory = place.folder().join("seen/witness.time");
    let kept = fs::read_to_string(&memory).unwrap();
    assert_eq!(kept, format!("{{\"format\":\"sprag-time-1\",\"decided\":{}}}\n", NOON + days(91)));
    // What cannot be read is not guessed at.
    fs::write(&memory, &kept[..20]).unwrap();
    let (exit, answer) = place.decide("demo.issue.get", 30);
    assert_eq!((exit, answer["decision"].clone()), (Exit::Failed, json!(false)));
    assert!(answer.to_string().contains("is no memory of time"), "{answer}");
}

#[test]
fn a_scope_that_the_policy_does_not_know_is_told() {
    let place = Place::new();
    let said = place.by("ann", &["installed", "1.0", "--asks", "ADMIN,WRIET"], 0);
    assert_eq!(said.exit, Exit::Clean);
    let told = "note: the app's permission models have no scope `WRIET`; it waits and opens nothing; did you mean `WRITE`?\n";
    assert_eq!(said.err, told);
    assert_eq!(place.state(1)["pending"], json!(["WRIET"]));
    assert_eq!(place.by("ann", &["version", "2.0", "--asks", "ADMIN"], 2).err, "");
}

#[test]
fn the_page_tells_of_every_command() {
    let help = String::from_utf8(shell::clean(&["ratchet", "--help"]).out).unwrap();
    let listed = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    let listed: Vec<&str> = listed
        .filter_map(|l| l.strip_prefix("  ").filter(|l| !l.starts_with(' '))?.split_whitespace().next())
        .collect();
    assert!(listed.len() > 10, "{help}");
    let page = fs::read_to_string(root().join("docs/state.md")).unwrap();
    let told =
        |command: &&&str| [format!("`{command}`"), format!("`{command} ")].iter().any(|c| page.contains(c));
    let missing: Vec<_> = listed.iter().filter(|command| **command != "help" && !told(command)).collect();
    assert!(missing.is_empty(), "docs/state.md has no {missing:?}");
}
