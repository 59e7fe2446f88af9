//! What platforms and people want of ratchets, told as they tell it: each test carries the facts of its scenario.

use std::collections::{BTreeMap, BTreeSet};

use sprag::eval::Answer;
use sprag::ratchet::{
    Approval, Event, Facts, Here, Installation, Observer, Refused, State, Step, Target, What, advance,
    effective, opened,
};
use sprag::request::{ContainerFact, Request, Target as Operation, Value};
use sprag::sema::model::{AppId, OperationId};
use sprag::state::{Change, Memory, Store};
use sprag_test_support::compiled::{self, Compiled};

const DAY: i64 = 86_400;

/// An app on a site, and whoever keeps its state.
struct Site {
    world: Compiled,
    installation: Installation,
    facts: Facts,
    now: i64,
}

/// An app `a` of one model with these lines, all of which the policy permits; and what else stands there.
fn site(app: &str, rest: &str) -> Site {
    let text = format!(
        "use demo\nrole everything {{ any operation }}\npermit any app to any operation\n\
         app a {{\n  key \"a\"\n  platform demo.chain\n  user everything\n{app}\n}}\n{rest}"
    );
    Site {
        world: compiled::policy(&text),
        installation: Installation { app: "a".to_owned(), site: "acme.example".to_owned() },
        facts: Facts::default(),
        now: 1_790_000_000,
    }
}

impl Site {
    #[track_caller]
    fn tell(&mut self, by: &str, what: What) -> Step {
        self.ask(by, what).unwrap_or_else(|refused| panic!("{refused}"))
    }

    fn ask(&mut self, by: &str, what: What) -> Result<Step, Refused> {
        let event = Event { what, by: by.to_owned(), reason: "a reason".to_owned() };
        let here = Here { writer: "keeper", now: self.now };
        let step = advance(&self.world.model, &self.installation, &self.facts, &event, here)?;
        self.facts = step.facts.clone();
        Ok(step)
    }

    fn install(&mut self, asks: &[&str]) -> Step {
        self.tell("ann", What::Installed { version: "1".to_owned(), asks: names(asks) })
    }

    fn version(&mut self, version: &str, asks: &[&str]) -> Step {
        self.tell("vendor", What::Version { version: version.to_owned(), asks: names(asks) })
    }

    fn approve(&mut self, by: &str, scopes: &[&str], seconds: Option<i64>) -> Result<Step, Refused> {
        let approval = Approval {
            id: "more".to_owned(),
            scopes: names(scopes),
            operations: BTreeSet::new(),
            containers: BTreeSet::new(),
            seconds,
            groups: BTreeSet::new(),
        };
        self.ask(by, What::Approve(approval))
    }

    fn state(&self) -> State {
        effective(&self.world.model, &self.facts, &self.installation, self.now)
    }

    /// What is answered to a request for an operation in an issue of project `P`, and whether evaluator and runtime
    /// say the same.
    #[track_caller]
    fn request(&self, operation: &str) -> Answer {
        let mut request = Request {
            app: Some("a".to_owned()),
            operation: Operation::Name(operation.to_owned()),
            containers: ["issue", "project", "site"]
                .into_iter()
                .filter(|kind| !(operation.contains("project") && *kind == "issue"))
                .map(|kind| ContainerFact {
                    kind: kind.to_owned(),
                    id: Some(kind[..1].to_uppercase()),
                    attributes: BTreeMap::new(),
                })
                .collect(),
            ..Request::default()
        };
        self.state().apply(&mut request);
        self.world.permits(&mut self.world.point(), &request);
        self.world.evaluate(&request)
    }

    /// Reasons for which it is refused; none where it is permitted.
    #[track_caller]
    fn reasons(&self, operation: &str) -> Vec<&'static str> {
        self.request(operation).refusals.iter().map(|refusal| refusal.reason.code()).collect()
    }

    /// Names of the scopes whose approval would lift the denial.
    #[track_caller]
    fn step_up(&self, operation: &str) -> Option<Vec<String>> {
        let scopes = self.request(operation).step_up?;
        Some(scopes.iter().map(|scope| self.world.model.scopes[scope.index()].name.clone()).collect())
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const GET: &str = "demo.issue.get";
const EDIT: &str = "demo.issue.edit";
const DELETE: &str = "demo.issue.delete";
const ADMIN: &str = "demo.project.admin";
const NOTHING: [&str; 0] = [];

/// S17: the administrator disabled the app, whose secret still signs requests.
#[test]
fn s17_a_disabled_app_is_refused_though_it_holds_all() {
    let mut site = site("  requests WRITE", "");
    site.install(&["WRITE"]);
    let mut request = Request {
        app: Some("a".to_owned()),
        operation: Operation::Name("demo.issue.get".to_owned()),
        attributes: BTreeMap::from([("install.status".to_owned(), Value::Text("disabled".to_owned()))]),
        ..Request::default()
    };
    site.state().apply(&mut request);
    let answer = site.world.evaluate(&request);
    assert_eq!(answer.refusals.iter().map(|r| r.reason.code()).collect::<Vec<_>>(), ["not-enabled"]);
}

/// S18: removed, installed again. The old secret authenticates nobody; what was taken before stays taken.
#[test]
fn s18_installing_again_gives_nothing_back() {
    let ratchet = "ratchet setup on a {\n  start\n  then done holds WRITE when event \"setup-finished\"\n}";
    let mut site = site("  requests ADMIN", ratchet);
    site.install(&["ADMIN"]);
    assert_eq!(site.reasons(ADMIN), NOTHING);
    site.tell("setup", What::Reported("setup-finished".to_owned()));
    site.tell("ann", What::Uninstalled);
    let again = site.install(&["ADMIN"]);
    assert_eq!(again.granted, BTreeSet::new());
    assert_eq!(site.state().pending, names(&["ADMIN"]));
    assert_eq!(site.reasons(GET), ["missing-scopes"]);
    // A request that the old secret signed comes without an app.
    let anonymous = site.world.evaluate(&Request::default());
    assert_eq!(anonymous.refusals[0].reason.code(), "anonymous");
    // Decided anew, it gets what its ratchet leaves.
    site.approve("ann", &["WRITE"], None).unwrap();
    assert_eq!(site.state().holds, names(&["WRITE", "READ", "NONE"]));
    assert_eq!(site.state().stages["setup"], "done");
}

/// What was taken ahead of the installation is not given by it: that needs an approval.
#[test]
fn installing_gives_nothing_back_that_was_taken_before() {
    let mut site = site("  requests ADMIN", "");
    site.tell("security", What::Withdraw(Target::Scope("ADMIN".to_owned())));
    site.tell("security", What::Withdraw(Target::Operation(GET.to_owned())));
    site.install(&["ADMIN"]);
    assert_eq!(site.reasons(ADMIN), ["missing-scopes", "scopes-withdrawn-here"]);
    assert_eq!(site.reasons(GET), ["withdrawn-here"]);
    assert!(site.approve("ann", &["ADMIN"], None).is_err(), "what was taken comes back for a while only");
    site.approve("ann", &["ADMIN"], Some(60)).unwrap();
    assert_eq!(site.reasons(ADMIN), NOTHING);
    site.now += 61;
    assert_eq!(site.reasons(ADMIN), ["missing-scopes", "scopes-withdrawn-here"]);
}

/// S19: a new version asks for more, and nobody has approved it.
#[test]
fn s19_a_version_that_asks_for_more_waits() {
    let mut site = site("  requests DELETE", "");
    site.install(&["READ", "WRITE"]);
    let step = site.version("2", &["READ", "WRITE", "DELETE"]);
    assert_eq!((step.granted, step.withdrawn), (BTreeSet::new(), BTreeSet::new()));
    assert_eq!(site.state().pending, names(&["DELETE"]));
    assert_eq!(site.reasons(DELETE), ["missing-scopes"]);
    assert_eq!(site.step_up(DELETE), Some(vec!["DELETE".to_owned()]));
    assert_eq!(site.reasons(EDIT), NOTHING);
    site.approve("ann", &["DELETE"], None).unwrap();
    assert_eq!(site.reasons(DELETE), NOTHING);
}

/// S25: turned from ADMIN to WRITE; the vendor's next version declares ADMIN again.
#[test]
fn s25_a_ratchet_is_monotone_across_versions() {
    let ratchet = "ratchet setup on a {\n  start holds ADMIN\n  then done holds WRITE when command\n  \
                   reopen start by 1 of group admins for 2h\n}\ngroup admins { \"ann\" }";
    let mut site = site("  requests ADMIN", ratchet);
    site.install(&["ADMIN"]);
    site.tell("ann", What::Turn { ratchet: "setup".to_owned(), stage: "done".to_owned() });
    let step = site.version("2", &["ADMIN"]);
    assert_eq!(step.granted, BTreeSet::new());
    assert_eq!(site.state().holds, names(&["WRITE", "READ", "NONE"]));
    assert_eq!(site.reasons(ADMIN), ["missing-scopes", "scopes-withdrawn"]);
    let refused = Refused::TakenByStage {
        scope: "ADMIN".to_owned(),
        ratchet: "setup".to_owned(),
        stage: "done".to_owned(),
    };
    assert_eq!(site.approve("ann", &["ADMIN"], None), Err(refused));
    // Only a named person reopens it, with an end.
    let reopen = |by: &str, seconds| {
        let what = What::Reopen {
            id: "again".to_owned(),
            ratchet: "setup".to_owned(),
            stage: "start".to_owned(),
            seconds,
            groups: BTreeSet::new(),
        };
        (by.to_owned(), what)
    };
    for (by, seconds, refused) in [
        ("mallory", Some(3600), Refused::NotInGroup { by: "mallory".to_owned(), group: "admins".to_owned() }),
        ("ann", None, Refused::NoExpiry),
        ("ann", Some(7201), Refused::BadExpiry { most: Some(7200) }),
    ] {
        let (by, what) = reopen(by, seconds);
        assert_eq!(site.ask(&by, what), Err(refused));
    }
    let (by, what) = reopen("ann", Some(3600));
    site.tell(&by, what);
    assert_eq!(site.reasons(ADMIN), NOTHING);
    site.now += 3600;
    assert_eq!(site.reasons(ADMIN), ["missing-scopes", "scopes-withdrawn"]);
}

/// S31: the administrator takes a project from the app; the installation of another app must not give it back, though
/// one store keeps both.
#[test]
fn s31_what_happens_to_another_app_changes_nothing() {
    let other = "app b {\n  key \"b\"\n  platform demo.chain\n  requests WRITE\n  user everything\n}";
    let mut site = site("  requests WRITE", other);
    let store = Memory::new().unwrap();
    let kept = |site: &mut Site, app: &str, what: What| {
        let installation = Installation { app: app.to_owned(), ..site.installation.clone() };
        let event = Event { what, by: "ann".to_owned(), reason: "a reason".to_owned() };
        let here = Here { writer: "keeper", now: site.now };
        let kept = store.transact(&installation, &mut |known| {
            let step = advance(&site.world.model, &installation, known, &event, here).unwrap();
            Some(Change { facts: step.facts, records: step.records })
        });
        assert!(kept.unwrap().grown, "{installation}");
        site.facts = store.read(&site.installation).unwrap().1.unwrap_or_default();
    };
    let installed = What::Installed { version: "1".to_owned(), asks: names(&["WRITE"]) };
    kept(&mut site, "a", installed.clone());
    assert_eq!(site.reasons(GET), NOTHING);
    kept(&mut site, "a", What::Withdraw(Target::Container("project".to_owned(), "P".to_owned())));
    let before = site.facts.clone();
    assert_eq!(site.reasons(GET), ["withdrawn-here"]);
    kept(&mut site, "b", installed);
    assert_eq!(site.facts, before);
    assert_eq!(site.reasons(GET), ["withdrawn-here"]);
    assert_eq!(store.snapshot().unwrap().installations.len(), 2);
}

/// S32: installed with the least; the first write asks for more.
#[test]
fn s32_an_optional_scope_is_asked_for_when_it_is_needed() {
    let mut site = site("  requests READ\n  optional WRITE", "");
    site.install(&["READ", "WRITE"]);
    assert_eq!(site.reasons(GET), NOTHING);
    assert_eq!(site.reasons(EDIT), ["missing-scopes"]);
    assert_eq!(site.step_up(EDIT), Some(vec!["WRITE".to_owned()]));
    assert_eq!(site.approve("ann", &["ADMIN"], None), Err(Refused::BeyondCeiling("ADMIN".to_owned())));
}

/// S33: given for 30 days; on day 31 it is over by itself.
#[test]
fn s33_what_was_given_for_a_time_ends() {
    let group = "group admins { \"ann\", \"bob\" }";
    let mut site = site("  requests READ\n  optional WRITE\n  step-up by 1 of group admins for 30d", group);
    site.install(&["READ"]);
    assert_eq!(site.approve("ann", &["WRITE"], None), Err(Refused::NoExpiry));
    assert_eq!(
        site.approve("ann", &["WRITE"], Some(31 * DAY)),
        Err(Refused::BadExpiry { most: Some(30 * DAY) })
    );
    let step = site.approve("ann", &["WRITE"], Some(30 * DAY)).unwrap();
    assert_eq!(step.state.next, Some(site.now + 30 * DAY));
    site.now += 30 * DAY - 1;
    assert_eq!(site.reasons(EDIT), NOTHING);
    site.now += 1;
    assert_eq!(site.reasons(EDIT), ["missing-scopes"]);
    // Told of, it is over for good: also where the clock jumps back.
    let step = site.tell("time", What::Tick);
    assert_eq!(step.withdrawn, BTreeSet::from([Target::Scope("WRITE".to_owned())]));
    assert_eq!(step.records.iter().map(|r| r.what.as_str()).collect::<Vec<_>>(), ["ended"]);
    site.now -= 5 * DAY;
    assert_eq!(site.reasons(EDIT), ["missing-scopes"]);
}

/// S34: security took ADMIN; the vendor asks for it by step-up. Two must agree, or nobody can.
#[test]
fn s34_what_security_took_needs_two_people_or_never_regrows() {
    let group = "group admins { \"ann\", \"bob\", \"eve\" }";
    let app = "  requests ADMIN\n  step-up by 2 of group admins for 30d";
    let mut two = site(app, group);
    two.install(&["ADMIN"]);
    two.tell("security", What::Withdraw(Target::Scope("ADMIN".to_owned())));
    assert_eq!(two.reasons(ADMIN), ["missing-scopes", "scopes-withdrawn-here"]);
    assert_eq!(two.step_up(ADMIN), Some(vec!["ADMIN".to_owned()]));
    two.approve("ann", &["ADMIN"], Some(DAY)).unwrap();
    assert_eq!(two.reasons(ADMIN), ["missing-scopes", "scopes-withdrawn-here"]);
    assert_eq!(two.approve("ann", &["ADMIN"], Some(DAY)), Err(Refused::ApprovedBefore("ann".to_owned())));
    assert_eq!(two.state().approvals[0].by, names(&["ann"]));
    let step = two.approve("bob", &["ADMIN"], Some(DAY)).unwrap();
    assert!(step.granted.contains(&Target::Scope("ADMIN".to_owned())));
    assert_eq!(two.reasons(ADMIN), NOTHING);
    // Taken once more, the approval is of no use any more.
    two.tell("security", What::Withdraw(Target::Scope("ADMIN".to_owned())));
    assert_eq!(two.reasons(ADMIN), ["missing-scopes", "scopes-withdrawn-here"]);

    let never = format!("{group}\nratchet floor on a {{\n  open\n  never regrow ADMIN\n}}");
    let mut never = site(app, &never);
    never.install(&["ADMIN"]);
    assert_eq!(never.reasons(ADMIN), NOTHING);
    never.tell("security", What::Withdraw(Target::Scope("ADMIN".to_owned())));
    assert_eq!(never.step_up(ADMIN), None);
    assert_eq!(never.approve("ann", &["ADMIN"], Some(DAY)), Err(Refused::NeverRegrows("ADMIN".to_owned())));
    assert_eq!(never.reasons(EDIT), NOTHING);
}

/// A stage is reopened, and of what it took that comes back which may.
#[test]
fn what_a_stage_took_and_never_regrows_stays_away_when_it_is_reopened() {
    let rest = "group admins { \"ann\", \"bob\" }\nratchet setup on a {\n  start\n  then done holds READ when command\n  \
                reopen start by 1 of group admins for 2h\n  never regrow ADMIN\n}";
    let mut site = site("  requests ADMIN", rest);
    site.install(&["ADMIN"]);
    assert_eq!((site.reasons(ADMIN), site.reasons(EDIT)), (NOTHING.to_vec(), NOTHING.to_vec()));
    site.tell("ann", What::Turn { ratchet: "setup".to_owned(), stage: "done".to_owned() });
    assert_ne!(site.reasons(EDIT), NOTHING);
    let what = What::Reopen {
        id: "again".to_owned(),
        ratchet: "setup".to_owned(),
        stage: "start".to_owned(),
        seconds: Some(3600),
        groups: BTreeSet::new(),
    };
    site.tell("ann", what);
    assert_eq!((site.state().stages["setup"].as_str(), site.reasons(EDIT)), ("start", NOTHING.to_vec()));
    assert_ne!(site.reasons(ADMIN), NOTHING);
    assert!(site.state().withdrawn.forever.contains("ADMIN"));
}

/// A ratchet is turned past a stage that it never stood at; as many people reopen that stage as an earlier one needs.
#[test]
fn who_reopens_a_stage_that_was_passed_over_reopens_no_earlier_one() {
    let rest = "group admins { \"ann\", \"bob\" }\nratchet setup on a {\n  start\n  then configured holds WRITE when event \
                \"ready\"\n  then settled holds READ when command\n  reopen start by 2 of group admins for 2h\n  \
                reopen configured by 1 of group admins for 2h\n}";
    let mut site = site("  requests DELETE", rest);
    site.install(&["DELETE"]);
    assert_eq!(site.reasons(DELETE), NOTHING);
    site.tell("ann", What::Turn { ratchet: "setup".to_owned(), stage: "settled".to_owned() });
    let reopen = |stage: &str, id: &str| What::Reopen {
        id: id.to_owned(),
        ratchet: "setup".to_owned(),
        stage: stage.to_owned(),
        seconds: Some(3600),
        groups: BTreeSet::new(),
    };
    for by in ["ann", "bob"] {
        site.tell(by, reopen("configured", "a little"));
        assert_eq!(site.state().stages["setup"], "configured", "reopened by {by}");
        assert_eq!(site.reasons(EDIT), NOTHING);
        assert_ne!(site.reasons(DELETE), NOTHING, "nobody reopened `start`");
    }
    for (by, stage) in [("ann", "configured"), ("bob", "start")] {
        site.tell(by, reopen("start", "all"));
        assert_eq!(site.state().stages["setup"], stage, "reopened by {by}");
    }
    assert_eq!(site.reasons(DELETE), NOTHING);
}

/// S69, S71, S118, S119: code of a newer version runs; what it asks for besides was not agreed to.
#[test]
fn s69_s71_s118_s119_new_code_runs_with_old_permissions() {
    let mut site = site("  requests WRITE", "");
    site.install(&["READ"]);
    site.version("2", &["READ", "WRITE"]);
    assert_eq!(site.facts.versions.keys().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(site.state().holds, names(&["READ", "NONE"]));
    assert_eq!(site.reasons(GET), NOTHING);
    assert_eq!(site.reasons(EDIT), ["missing-scopes"]);
    assert_eq!(site.state().pending, names(&["WRITE"]));
    assert_eq!(site.step_up(EDIT), Some(vec!["WRITE".to_owned()]));
}

/// S70: a version that asks for less passes without anybody's approval, and what it does not ask for is gone.
#[test]
fn s70_a_version_that_asks_for_less_passes_at_once() {
    let mut site = site("  requests WRITE", "");
    site.install(&["READ", "WRITE"]);
    let step = site.version("2", &["READ"]);
    assert_eq!(step.withdrawn, BTreeSet::from([Target::Scope("WRITE".to_owned())]));
    assert_eq!(site.reasons(GET), NOTHING);
    assert_eq!(site.reasons(EDIT), ["missing-scopes"]);
    assert_eq!(site.state().pending, BTreeSet::new());
    // To ask for it again is to ask for more.
    assert_eq!(site.version("3", &["READ", "WRITE"]).granted, BTreeSet::new());
    assert_eq!(site.state().pending, names(&["WRITE"]));
}

/// What a version does not ask for any more is held only as long as something optional implies it.
#[test]
fn what_a_version_took_is_not_left_over_of_an_optional_scope() {
    let app = "  requests DELETE\n  optional ADMIN";
    let mut site = site(app, "");
    site.install(&["DELETE"]);
    site.approve("ann", &["DELETE", "ADMIN"], None).unwrap();
    site.version("2", &["WRITE"]);
    // No version takes what is optional, and who may administer may delete.
    assert_eq!((site.reasons(ADMIN), site.reasons(DELETE)), (NOTHING.to_vec(), NOTHING.to_vec()));
    let step = site.tell("security", What::Withdraw(Target::Scope("ADMIN".to_owned())));
    let gone = ["ADMIN", "DELETE"].map(|scope| Target::Scope(scope.to_owned()));
    assert_eq!(step.withdrawn, BTreeSet::from(gone));
    assert_ne!(site.reasons(DELETE), NOTHING);
    assert_eq!(site.reasons(EDIT), NOTHING);
    assert_eq!(site.step_up(DELETE), Some(vec!["DELETE".to_owned()]));
}

/// The same where the optional scope never regrows, and goes with what it implies.
#[test]
fn what_a_version_took_is_not_left_over_of_a_scope_that_never_regrows() {
    let app = "  requests DELETE\n  optional ADMIN";
    let mut site = site(app, "ratchet floor on a {\n  open\n  never regrow ADMIN\n}");
    site.install(&["DELETE"]);
    site.approve("ann", &["DELETE", "ADMIN"], None).unwrap();
    assert_eq!(site.reasons(DELETE), NOTHING);
    site.version("2", &["WRITE"]);
    assert_ne!(site.reasons(ADMIN), NOTHING);
    assert_ne!(site.reasons(DELETE), NOTHING);
    assert_eq!(site.reasons(EDIT), NOTHING);
    // Whoever approves it again has seen that it was taken.
    site.tell(
        "ann",
        What::Approve(Approval {
            id: "again".to_owned(),
            scopes: names(&["DELETE"]),
            operations: BTreeSet::new(),
            containers: BTreeSet::new(),
            seconds: None,
            groups: BTreeSet::new(),
        }),
    );
    assert_eq!(site.reasons(DELETE), NOTHING);
    assert_ne!(site.reasons(ADMIN), NOTHING);
}

/// An administrator takes everything: it comes back for a while only, and what never regrows not at all. After a removal
/// there is no such end.
#[test]
fn what_was_taken_with_everything_comes_back_for_a_while_only() {
    let mut taken = site("  requests ADMIN", "ratchet floor on a {\n  open\n  never regrow ADMIN\n}");
    taken.install(&["ADMIN"]);
    taken.tell("security", What::Withdraw(Target::Installation));
    assert_ne!(taken.reasons(EDIT), NOTHING);
    assert_eq!(taken.approve("ann", &["WRITE"], None), Err(Refused::NoExpiry));
    assert_eq!(taken.approve("ann", &["ADMIN"], Some(60)), Err(Refused::NeverRegrows("ADMIN".to_owned())));
    taken.approve("ann", &["WRITE"], Some(60)).unwrap();
    assert_eq!(taken.reasons(EDIT), NOTHING);
    taken.now += 60;
    assert_ne!(taken.reasons(EDIT), NOTHING);

    let mut removed = site("  requests WRITE", "");
    removed.install(&["WRITE"]);
    removed.tell("ann", What::Uninstalled);
    assert_ne!(removed.reasons(EDIT), NOTHING);
    removed.approve("ann", &["WRITE"], None).unwrap();
    removed.now += 1000 * DAY;
    assert_eq!(removed.reasons(EDIT), NOTHING);
}

/// What came with an installation, and the policy of today calls optional, waits for somebody's approval.
#[test]
fn what_became_optional_since_the_installation_waits() {
    let policy = |app: &str| {
        compiled::policy(&format!(
            "use demo\nrole everything {{ any operation }}\npermit any app to any operation\n\
             app a {{\n  key \"a\"\n  platform demo.chain\n  user everything\n{app}\n}}"
        ))
    };
    let mut site = site("  requests WRITE", "");
    site.install(&["WRITE"]);
    assert_eq!((site.reasons(EDIT), site.reasons(GET)), (NOTHING.to_vec(), NOTHING.to_vec()));
    site.world = policy("  requests READ\n  optional WRITE");
    assert_eq!((site.reasons(EDIT), site.reasons(GET)), (vec!["missing-scopes"], NOTHING.to_vec()));
    assert_eq!(site.step_up(EDIT), Some(vec!["WRITE".to_owned()]));
    site.approve("ann", &["WRITE"], None).unwrap();
    assert_eq!(site.reasons(EDIT), NOTHING);
}

/// Two spellings of a name are one person, wherever they were written down.
#[test]
fn nobody_is_two_people() {
    let app = "  requests READ\n  optional WRITE\n  step-up by 2 of group security for 30d";
    let mut site = site(app, "");
    site.install(&["READ"]);
    let approve = |by: &str| {
        let approval = Approval {
            id: "more".to_owned(),
            scopes: names(&["WRITE"]),
            operations: BTreeSet::new(),
            containers: BTreeSet::new(),
            seconds: Some(DAY),
            groups: names(&["security"]),
        };
        (by.to_owned(), What::Approve(approval))
    };
    let mut elsewhere = site.facts.clone();
    std::mem::swap(&mut elsewhere, &mut site.facts);
    let (by, what) = approve("Mal");
    site.tell(&by, what);
    std::mem::swap(&mut elsewhere, &mut site.facts);
    for by in ["mal", " MAL", "m\u{200b}al"] {
        let (by, what) = approve(by);
        drop(site.ask(&by, what));
    }
    site.facts.join(&elsewhere);
    assert_eq!(site.state().approvals[0].by.len(), 1, "{:?}", site.state().approvals);
    assert_eq!(site.reasons(EDIT), ["missing-scopes"]);
    let (by, what) = approve("MAL");
    assert_eq!(site.ask(&by, what), Err(Refused::ApprovedBefore("Mal".to_owned())));
    let (by, what) = approve("moe");
    site.tell(&by, what);
    assert_eq!(site.reasons(EDIT), NOTHING);
}

/// Who approves something that there is not, or turns a ratchet to a stage that it has passed, is told.
#[test]
fn what_there_is_not_is_not_approved_and_what_is_passed_not_turned_to() {
    let ratchet = "ratchet setup on a {\n  start\n  then configured holds WRITE when command\n  \
                   then settled holds READ when command\n}";
    let mut site = site("  requests ADMIN", ratchet);
    site.install(&["ADMIN"]);
    let mut approve = |operations: &[&str], containers: &[(&str, &str)]| {
        let containers = containers.iter().map(|(kind, id)| ((*kind).to_owned(), (*id).to_owned()));
        let approval = Approval {
            id: "more".to_owned(),
            scopes: BTreeSet::new(),
            operations: names(operations),
            containers: containers.collect(),
            seconds: Some(60),
            groups: BTreeSet::new(),
        };
        site.ask("ann", What::Approve(approval)).map(drop)
    };
    let unknown = |what, name: &str| Err(Refused::Unknown { what, name: name.to_owned() });
    assert_eq!(approve(&["demo.issue.gte"], &[]), unknown("operation", "demo.issue.gte"));
    assert_eq!(approve(&[], &[("projekt", "P")]), unknown("kind", "projekt"));
    assert_eq!(approve(&[GET], &[("project", "P")]), Ok(()));

    let turn = |stage: &str| What::Turn { ratchet: "setup".to_owned(), stage: stage.to_owned() };
    site.tell("ann", turn("settled"));
    let passed = Refused::ReachedAlready { ratchet: "setup".to_owned(), stage: "configured".to_owned() };
    assert_eq!(site.ask("ann", turn("configured")), Err(passed));
    // Where it stands it may be turned to again: a reopening elsewhere has not seen that.
    site.tell("ann", turn("settled"));
}

/// A reopening that too few people wanted, or not at the same time, does not make an unused scope used.
#[test]
fn a_reopening_that_never_came_to_stand_puts_nothing_off() {
    let rest = "group admins { \"ann\", \"bob\", \"eve\" }\nratchet idle on a {\n  start\n  then busy holds DELETE when \
                command\n  then idle holds READ when WRITE unused for 90d\n  then gone holds NONE when 5d after idle\n  \
                reopen start by 2 of group admins for 2h\n}";
    let reopen = || What::Reopen {
        id: "again".to_owned(),
        ratchet: "idle".to_owned(),
        stage: "start".to_owned(),
        seconds: Some(3600),
        groups: BTreeSet::new(),
    };
    let begun = || {
        let mut site = site("  requests ADMIN", rest);
        site.install(&["ADMIN"]);
        site.tell("ann", What::Turn { ratchet: "idle".to_owned(), stage: "busy".to_owned() });
        site.now += 80 * DAY;
        site
    };
    let stage = |site: &Site| site.state().stages["idle"].clone();

    let mut one = begun();
    one.tell("ann", reopen());
    one.now += 10 * DAY;
    assert_eq!(stage(&one), "idle", "one of two");

    let mut two = begun();
    two.tell("ann", reopen());
    two.tell("bob", reopen());
    assert_eq!(stage(&two), "start");
    two.now += 10 * DAY;
    assert_eq!(stage(&two), "busy", "used again since the reopening");
    two.now += 80 * DAY;
    assert_eq!(stage(&two), "idle");
    // And from when it was due, whether anybody noticed or not.
    two.now += 5 * DAY;
    assert_eq!(stage(&two), "gone");

    let mut late = begun();
    let before = late.facts.clone();
    late.tell("ann", reopen());
    let first = std::mem::replace(&mut late.facts, before);
    late.now += 2 * 3600;
    late.tell("bob", reopen());
    late.facts.join(&first);
    assert_eq!(stage(&late), "busy");
    late.now += 10 * DAY;
    assert_eq!(stage(&late), "idle", "one was over before the other came");
}

/// S101: all scopes that are needed are told at once.
#[test]
fn s101_a_challenge_names_all_scopes() {
    let app = "  optional \"read:issue\", \"read:project\"";
    let text = "use demo\nrole everything { any operation }\npermit any app to any operation\n\
                app a {\n  key \"a\"\n  platform demo.fine\n  user everything\n";
    let mut site = site("  requests READ", "");
    site.world = compiled::policy(&format!("{text}{app}\n}}\n"));
    site.install(&[]);
    let told = site.step_up("demo.issue.get").unwrap();
    assert_eq!(told, ["read:issue", "read:project"]);
}

/// S112: an alert that the app exports many pages takes everything but reading, on that site.
#[test]
fn s112_an_alert_narrows_at_once() {
    let ratchet = "ratchet watch on a {\n  normal\n  then quiet holds READ when event \"mass-export\"\n}";
    let mut site = site("  requests DELETE", ratchet);
    site.install(&["DELETE"]);
    assert_eq!(site.reasons(DELETE), NOTHING);
    let step = site.tell("detector", What::Reported("mass-export".to_owned()));
    assert!(step.withdrawn.contains(&Target::Stage("watch".to_owned(), "quiet".to_owned())));
    assert_eq!(site.reasons(DELETE), ["missing-scopes", "scopes-withdrawn"]);
    assert_eq!(site.reasons(GET), NOTHING);
    let misspelt = site.ask("detector", What::Reported("mass-exports".to_owned()));
    assert_eq!(misspelt, Err(Refused::NobodyWaits("mass-exports".to_owned())));
}

/// A scope that is not used for 90 days goes; using it puts that off. A clock that runs ahead, far or a little, neither
/// puts it off further nor hurries it.
#[test]
fn what_is_not_used_goes() {
    let ratchet = "ratchet idle on a {\n  busy\n  then idle holds READ when WRITE unused for 90d\n}";
    let mut site = site("  requests WRITE", ratchet);
    site.install(&["WRITE"]);
    let observer = Observer::new(&site.world.model, AppId(0));
    let operation = |name: &str| {
        let at = site.world.model.operations.iter().position(|o| o.name == name).unwrap();
        OperationId(at as u32)
    };
    let (get, edit) = (operation(GET), operation(EDIT));
    site.now += 80 * DAY;
    observer.note(get, site.now);
    assert_eq!(observer.take(), None, "reading needs no WRITE");
    observer.note(edit, site.now);
    observer.note(edit, site.now - 5);
    let used = observer.take().unwrap();
    site.tell("keeper", used);
    site.now += 89 * DAY;
    assert_eq!(site.reasons(EDIT), NOTHING);
    let ahead = |site: &mut Site, seconds: i64| {
        let scopes = BTreeMap::from([("WRITE".to_owned(), site.now + seconds)]);
        site.tell("keeper", What::Used { scopes, successes: BTreeMap::new() });
    };
    ahead(&mut site, 900 * DAY);
    assert_eq!(site.reasons(EDIT), NOTHING);
    site.now += 90 * DAY - 1;
    assert_eq!(site.reasons(EDIT), NOTHING);
    ahead(&mut site, 200);
    site.now += 90 * DAY;
    assert_eq!(site.reasons(EDIT), ["missing-scopes", "scopes-withdrawn"]);
}

/// What a newer catalog opens to scopes that were held before waits; until somebody compared the two, all does.
#[test]
fn what_a_newer_catalog_opens_waits() {
    let policy = "use demo\nrole everything { any operation }\npermit any app to any operation\n\
                  app a {\n  key \"a\"\n  platform demo.chain\n  requests ADMIN\n  user everything\n}";
    let old = sprag_test_support::worlds::CATALOG;
    let wider = old.replace("version \"1\"", "version \"2\"").replacen(
        "requires chain DELETE",
        "requires chain READ",
        1,
    );
    let mut site = site("  requests ADMIN", "");
    site.world = compiled::files(vec![policy.to_owned()], old);
    site.install(&["ADMIN"]);
    assert_eq!(site.reasons(DELETE), NOTHING);
    let before = std::mem::replace(&mut site.world, compiled::files(vec![policy.to_owned()], &wider));
    assert_eq!(site.state().unread_catalogs, names(&["demo"]));
    assert_eq!(site.reasons(GET), ["missing-scopes"]);
    let opened = opened(&before.model, &site.world.model, "a");
    assert_eq!(opened, names(&[DELETE]), "it was open to DELETE, and is to READ now");
    site.tell("ann", What::Catalogs { opened });
    assert_eq!(site.reasons(GET), NOTHING);
    assert_eq!(site.reasons(DELETE), ["withdrawn-here"]);
    let approval = Approval {
        id: "catalog-2".to_owned(),
        scopes: BTreeSet::new(),
        operations: names(&[DELETE]),
        containers: BTreeSet::new(),
        seconds: None,
        groups: BTreeSet::new(),
    };
    site.tell("ann", What::Approve(approval));
    assert_eq!(site.reasons(DELETE), NOTHING);
}

/// A newer catalog lets scopes that are held imply others: what that opens waits, as if they needed less themselves.
#[test]
fn what_a_newer_catalog_opens_by_implying_waits() {
    let policy = "use demo\nrole everything { any operation }\npermit any app to any operation\n\
                  app a {\n  key \"a\"\n  platform demo.chain\n  requests READ\n  user everything\n}";
    let old = sprag_test_support::worlds::CATALOG;
    let turned = old
        .replace("version \"1\"", "version \"2\"")
        .replacen("scope chain WRITE implies READ", "scope chain WRITE", 1)
        .replacen("scope chain READ implies NONE", "scope chain READ implies NONE, WRITE", 1);
    assert!(turned.contains("implies NONE, WRITE") && turned.contains("scope chain WRITE\n"), "{turned}");
    let mut site = site("  requests READ", "");
    site.world = compiled::files(vec![policy.to_owned()], old);
    site.install(&["READ"]);
    assert_eq!((site.reasons(GET), site.reasons(EDIT)), (NOTHING.to_vec(), vec!["missing-scopes"]));
    let before = std::mem::replace(&mut site.world, compiled::files(vec![policy.to_owned()], &turned));
    let opened = opened(&before.model, &site.world.model, "a");
    assert!(opened.contains(EDIT) && !opened.contains(GET), "{opened:?}");
    site.tell("ann", What::Catalogs { opened });
    assert_eq!(site.reasons(GET), NOTHING);
    assert_eq!(site.reasons(EDIT), ["withdrawn-here"]);
}

/// A clock that ran ahead for a moment ends what was given, and does not keep anything open for ever.
#[test]
fn clocks_that_jump_end_approvals_and_prolong_none() {
    let mut site = site("  requests READ\n  optional WRITE", "");
    site.install(&["READ"]);
    site.approve("ann", &["WRITE"], Some(DAY)).unwrap();
    // Far ahead, noted, and corrected: over.
    site.now += 1000 * DAY;
    site.tell("time", What::Tick);
    site.now -= 1000 * DAY;
    assert_eq!(site.reasons(EDIT), ["missing-scopes"]);
    // Given after that, it still ends by the corrected clock.
    let approval = |id: &str| {
        What::Approve(Approval {
            id: id.to_owned(),
            scopes: names(&["WRITE"]),
            operations: BTreeSet::new(),
            containers: BTreeSet::new(),
            seconds: Some(DAY),
            groups: BTreeSet::new(),
        })
    };
    site.tell("ann", approval("second"));
    assert_eq!(site.reasons(EDIT), NOTHING);
    site.now += DAY;
    assert_eq!(site.reasons(EDIT), ["missing-scopes"]);
    // Set back far before it was given: how long it has lasted is not known any more.
    site.tell("ann", approval("third"));
    assert_eq!(site.reasons(EDIT), NOTHING);
    site.now -= DAY;
    assert_eq!(site.reasons(EDIT), ["missing-scopes"]);
}

/// A clock that is set back makes no installation younger: neither for rules about its age, nor for delays that only a
/// newer policy has.
#[test]
fn clocks_that_jump_back_give_nothing_back() {
    let mut site = site("  requests WRITE", "forbid a to write when install.age >= 30d");
    site.install(&["WRITE"]);
    assert_eq!(site.reasons(EDIT), NOTHING);
    site.now += 40 * DAY;
    site.tell("time", What::Tick);
    let refused = site.reasons(EDIT);
    assert_ne!(refused, NOTHING);
    site.now -= 40 * DAY;
    assert_eq!((site.reasons(EDIT), site.state().age), (refused, Some(40 * DAY)));
    let policy = "use demo\nrole everything { any operation }\npermit any app to any operation\n\
                  app a {\n  key \"a\"\n  platform demo.chain\n  requests WRITE\n  user everything\n}\n\
                  ratchet setup on a {\n  start\n  then quiet holds READ when 35d after install\n}";
    site.world = compiled::policy(policy);
    assert_eq!(site.state().stages["setup"], "quiet");
    assert_ne!(site.reasons(EDIT), NOTHING);
}

/// When an app is harmless, along time.
#[test]
fn a_timeline_tells_from_when_on_an_app_only_reads() {
    use sprag::analysis::privilege::needs::Needs;
    use sprag::analysis::privilege::regions::Regions;
    use sprag::analysis::privilege::timeline::{self, When};
    let ratchet = "ratchet setup on a {\n  start\n  then configured holds WRITE when event \"done\" or 1d after install\n  \
                   then quiet holds READ when 2d after configured\n}\n\
                   ratchet door on a {\n  open\n  then closed withdraws read when command\n}\n\
                   forbid a to admin when setup.stage != start";
    let site = site("  requests ADMIN", ratchet);
    let model = &site.world.model;
    let needs = Needs::of(model);
    let timeline = timeline::of(model, &Regions::new(model, &needs, &|_, _| {}), AppId(0));
    let told: Vec<_> = timeline
        .moments
        .iter()
        .map(|moment| {
            let counts = moment.permitted.counts(model);
            let when = match &moment.when {
                When::At(seconds) => *seconds,
                When::Once(..) => -1,
            };
            (when, counts.write > 0, counts.admin > 0, counts.read > 0)
        })
        .collect();
    let wanted = [
        (0, true, true, true),
        (DAY, true, false, true),
        (3 * DAY, false, false, true),
        (-1, false, false, false),
    ];
    assert_eq!(told, wanted);
    assert_eq!(timeline.harmless, Some(2));
}
