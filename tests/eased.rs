//! What is easier though no request is permitted more for it: told, refused without an approval, and nothing that
//! matters is missed. Random policies and histories are the oracle: where nothing is said to be easier, an installation
//! never may do more under the new policy than it may, after the same events, under the old one.
#![expect(clippy::disallowed_methods, reason = "a command line is tested with files")]
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]

#[expect(dead_code, reason = "others use the rest of it")]
mod shell;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sprag::analysis::catalogs::CatalogDiff;
use sprag::analysis::eased::{Easing, eased};
use sprag::cli::Exit;
use sprag::ratchet::{Event, Facts, Here, What, advance};
use sprag::request::Request;
use sprag::sema::model::Model;
use sprag_test_support::installations::{self as world, installation};
use sprag_test_support::random::Random;
use sprag_test_support::{campaign, compiled};
use tempfile::TempDir;

const POLICY: &str = r#"use demo

group admins { "ann", "bob" }

role worker { read, write }

app timesheets {
  key "com.acme.timesheets"
  platform demo.classic
  requests WRITE
  optional ADMIN
  step-up by 2 of group admins for 2h
  user worker
}

permit timesheets to read, write

ratchet setup on timesheets {
  start
  then configured
    holds WRITE
    when event "setup-finished" or 1d after install
  then settled
    holds READ
    when WRITE unused for 90d or 3 times demo.issue.edit or 2d after configured or command
  then final locked
    holds READ
    when command
  reopen start by 2 of group admins for 2h
  never regrow ADMIN
}
"#;

/// What is replaced by what, and what is told of it; what is not easier is not told.
const CHANGES: &[(&str, &str, &[&str])] = &[
    (
        "event \"setup-finished\" or 1d",
        "1d",
        &["ratchet `setup`: `configured` is no longer reached, or later, when event \"setup-finished\""],
    ),
    ("or 1d after", "or 25h after", &["`configured` is no longer reached, or later, when 1d after install"]),
    ("or 1d after", "or 23h after", &[]),
    (
        "unused for 90d",
        "unused for 91d",
        &["`settled` is no longer reached, or later, when WRITE unused for 90d"],
    ),
    ("unused for 90d", "unused for 89d", &[]),
    ("3 times", "4 times", &["`settled` is no longer reached, or later, when 3 times demo.issue.edit"]),
    ("3 times demo.issue.edit", "success of demo.issue.edit", &[]),
    (
        "3 times demo.issue.edit",
        "3 times demo.issue.get",
        &["`settled` is no longer reached, or later, when 3 times demo.issue.edit"],
    ),
    ("2d after configured", "2d after start", &["when 2d after configured"]),
    (" or command", "", &[]),
    ("then final locked", "then final", &["ratchet `setup`: `final` was locked, and can be reopened"]),
    (
        "reopen start by 2",
        "reopen start by 1",
        &["`reopen start by 1 of group admins for 2h` takes less than before"],
    ),
    ("reopen start by 2", "reopen configured by 2", &[]),
    ("reopen start by 2 of group admins for 2h", "reopen start by 2 of group admins for 1h", &[]),
    (
        "reopen start by 2 of group admins for 2h",
        "reopen start by 2 of group admins for 2h1m",
        &["`reopen start by 2 of group admins for 2h1m` takes less than before"],
    ),
    ("reopen start by 2 of group admins for 2h\n", "", &[]),
    ("never regrow ADMIN", "", &["ratchet `setup`: `ADMIN` may be given back, and never regrew"]),
    (
        "step-up by 2 of group admins for 2h",
        "step-up by 1 of group admins for 2h",
        &[
            "approvals for com.acme.timesheets: `step-up by 1 of group admins for 2h`, was `step-up by 2 of group admins for 2h`",
        ],
    ),
    (
        "step-up by 2 of group admins for 2h",
        "",
        &["approvals for com.acme.timesheets: anybody who gives a name and a reason, was `step-up by 2"],
    ),
    ("step-up by 2 of group admins for 2h", "step-up by 2 of group admins for 1h", &[]),
    (
        "{ \"ann\", \"bob\" }",
        "{ \"ann\", \"bob\", \"mallory\" }",
        &[
            "`reopen start by 2 of group admins for 2h` takes less than before; new in the group: mallory",
            "timesheets: `step-up by 2 of group admins for 2h`; new in the group: mallory",
        ],
    ),
    // Another spelling is no other person, and who uses WRITE uses READ.
    ("{ \"ann\", \"bob\" }", "{ \"ANN\", \" bob\" }", &[]),
    (
        "WRITE unused for 90d",
        "READ unused for 90d",
        &["`settled` is no longer reached, or later, when WRITE unused for 90d"],
    ),
    // Nothing that never regrew is forgotten with its ratchet.
    ("  never regrow ADMIN\n}", "}\nratchet other on timesheets { first never regrow ADMIN }", &[]),
    // What is not done any more turns nothing.
    (
        "permit timesheets to read, write\n",
        "permit timesheets to read, write\nforbid timesheets to demo.issue.edit\n",
        &["`settled` is no longer reached by `demo.issue.edit`, which is not permitted any more"],
    ),
    (
        "group admins { \"ann\", \"bob\" }",
        "",
        &[
            "takes less than before; the policy no longer says who is in the group",
            "for 2h`; the policy no longer says",
        ],
    ),
];

#[test]
fn what_is_easier_is_told_and_takes_an_approval() {
    for (from, to, told) in CHANGES {
        assert!(POLICY.contains(from), "{from}");
        let new = POLICY.replacen(from, to, 1);
        let folder = packages(POLICY, &new);
        let exit = if told.is_empty() { Exit::Clean } else { Exit::Findings };
        for args in [&["diff", "old", "new"][..], &["diff", "old", "new", "--deny-widening"]] {
            let said = shell::sprag(folder.path(), args);
            let out = String::from_utf8(said.out).unwrap();
            assert_eq!(said.exit, exit, "{from} to {to}\n{out}{}", said.err);
            assert_eq!(out.matches("(W0917)").count(), told.len(), "{from} to {to}\n{out}");
            for sentence in *told {
                assert!(out.contains(sentence), "{from} to {to}\n{sentence}\n{out}");
            }
            let refused = out.matches("x not approved: ").count();
            assert_eq!(refused, if args.len() > 3 { told.len() } else { 0 }, "{from} to {to}\n{out}");
        }
    }
}

/// A ratchet that does not speak of the app any more, or is gone, is nothing that keeps a scope from it.
#[test]
fn what_never_regrew_is_told_of_every_app() {
    let two = POLICY.replace("ratchet setup on timesheets", "ratchet setup on other, timesheets")
        + "app other { key \"com.acme.other\" platform demo.classic requests WRITE optional ADMIN user worker }\n";
    let off = two.replace("on other, timesheets", "on other");
    let start = two.find("ratchet setup").unwrap();
    let end = start + two[start..].find("\n}\n").unwrap() + 3;
    let gone = two[..start].to_owned() + &two[end..];
    for (new, lines) in [(off, "for ratchet setup"), (gone, "for step-up of timesheets, other")] {
        let folder = packages(&two, &new);
        let out = String::from_utf8(shell::sprag(folder.path(), DENY).out).unwrap();
        assert!(out.contains("x not approved:") && out.contains("`ADMIN` may be given back"), "{out}");
        let folder = packages(&two, &(new + &approval(lines)));
        let out = String::from_utf8(shell::sprag(folder.path(), DENY).out).unwrap();
        assert!(
            !out.contains("x not approved: ratchet") && !out.contains("x not approved: approvals"),
            "{out}"
        );
    }
}

/// Where a rule permits more at a later stage, a stage that is reached sooner is more.
#[test]
fn what_comes_sooner_is_told_where_later_stages_permit_more() {
    let sooner = |text: &str| text.replace("or 1d after install", "or 1h after install");
    for (rule, told) in [
        ("permit timesheets to delete when setup.stage >= settled", true),
        ("permit timesheets to delete unless setup.stage == start", true),
        ("forbid timesheets to write when setup.stage == start", true),
        ("forbid timesheets to write when setup.stage != start", false),
        ("permit timesheets to delete when setup.stage == start", false),
    ] {
        let old = format!("{POLICY}\n{rule}\n");
        let folder = packages(&old, &sooner(&old));
        let said = shell::sprag(folder.path(), DENY);
        let out = String::from_utf8(said.out).unwrap();
        assert_eq!(said.exit, if told { Exit::Findings } else { Exit::Clean }, "{rule}\n{out}");
        let sentence = "`configured`, where rules permit more, is reached, or sooner, when 1h after install";
        assert_eq!(out.contains(sentence), told, "{rule}\n{out}");
    }
}

fn approval(lines: &str) -> String {
    format!("\nwiden \"CHG-7\" {{\n  {lines}\n  approved by \"ann\"\n  until 2026-12-31\n}}\n")
}

const DENY: &[&str] = &["diff", "old", "new", "--deny-widening", "--today", "2026-11-22"];

#[test]
fn a_block_approves_what_it_names_and_nothing_else() {
    let easier =
        POLICY.replace("step-up by 2", "step-up by 1").replace("reopen start by 2", "reopen start by 1");
    let both = "for ratchet setup\n  for step-up of timesheets";
    for (new, lines, objections) in [
        (easier.as_str(), both, &[][..]),
        (&easier, "for ratchet setup", &["; a `widen` block has to say `for step-up of timesheets`"]),
        (&easier, "for step-up of any app", &["not approved: ratchet `setup`: `reopen start by 1"]),
        (
            &easier,
            "for ratchet setup\n  for step-up of timesheets\n  for paths of demo.issue.*",
            &["says `for paths of demo.issue.*`, and nothing of it got easier"],
        ),
        (
            &easier,
            "for timesheets to admin\n  for ratchet setup\n  for step-up of timesheets",
            &["covers nothing that grew"],
        ),
        (POLICY, "for ratchet setup", &["says `for ratchet setup`, and nothing of it got easier"]),
    ] {
        let folder = packages(POLICY, &(new.to_owned() + &approval(lines)));
        let said = shell::sprag(folder.path(), DENY);
        let out = String::from_utf8(said.out).unwrap();
        assert_eq!(said.exit == Exit::Clean, objections.is_empty(), "{lines}\n{out}{}", said.err);
        assert_eq!(out.matches("\nx ").count(), objections.len(), "{lines}\n{out}");
        for objection in objections {
            assert!(out.contains(objection), "{lines}\n{out}");
        }
    }
    // It has ended; and it is for one change.
    let block = approval(both);
    let folder = packages(POLICY, &(easier.clone() + &block));
    let late = [&DENY[..4], &["--today", "2026-12-31"]].concat();
    assert_eq!(shell::sprag(folder.path(), &late).exit, Exit::Findings);
    let other = approval("for step-up of timesheets\n  for ratchet setup");
    for spent in [&block, &other] {
        let folder = packages(&(POLICY.to_owned() + spent), &(easier.clone() + &block));
        assert_eq!(shell::sprag(folder.path(), DENY).exit, Exit::Findings);
    }
}

#[test]
fn the_next_bundle_of_a_chain_says_by_whose_word_something_is_easier() {
    let easier = POLICY.replace("reopen start by 2", "reopen start by 1");
    let folder = packages(POLICY, &easier);
    let run = |args: &[&str], exit: Exit| {
        let said = shell::sprag(folder.path(), args);
        let out = String::from_utf8(said.out).unwrap() + &said.err;
        assert_eq!(said.exit, exit, "{args:?}\n{out}");
        out
    };
    run(&["build", "old", "--sources", "-o", "1.spragb"], Exit::Clean);
    let next =
        ["build", "new", "--after", "1.spragb", "--sources", "-o", "2.spragb", "--today", "2026-11-22"];
    let refused = run(&next, Exit::Findings);
    assert!(refused.contains("x not approved: ratchet `setup`: `reopen start by 1"), "{refused}");
    let text = easier + &approval("for ratchet setup");
    fs::write(folder.path().join("new/policy.sprag"), &text).unwrap();
    let built = run(&next, Exit::Clean);
    assert!(built.contains("1 approval used"), "{built}");
    let shown = run(&["history", "1.spragb", "2.spragb", "--prove"], Exit::Clean);
    assert!(shown.contains("+ com.acme.timesheets: ratchet `setup`: `reopen start by 1"), "{shown}");
    // The same block approves nothing a second time, however the ratchet went in between.
    fs::write(folder.path().join("new/policy.sprag"), POLICY).unwrap();
    let next = |old, new| ["build", "new", "--after", old, "--sources", "-o", new, "--today", "2026-11-22"];
    run(&next("2.spragb", "3.spragb"), Exit::Clean);
    fs::write(folder.path().join("new/policy.sprag"), text).unwrap();
    let again = run(&next("3.spragb", "4.spragb"), Exit::Findings);
    assert!(again.contains("was used for an earlier change of this chain"), "{again}");
}

const CATALOG: &str = r#"catalog desk version "1"

kind folder

model desk

scope desk USE

scope desk OTHER

path "/folders/{folder}" names folder

operation desk.file.list {
  access read
  in folder
  http GET "/folders/{folder}/files"
  requires desk USE
}

operation desk.file.drop {
  access delete
  in folder
  http DELETE "/folders/{folder}/files"
  requires desk OTHER
}
"#;

const READER: &str = r#"use desk

role reader { any operation }

app viewer {
  key "com.acme.viewer"
  platform desk.desk
  requests USE
  user reader
}

permit viewer to any operation

forbid viewer to read in folder SECRET
"#;

#[test]
fn paths_that_say_less_take_an_approval() {
    let unnamed = CATALOG.replace("path \"/folders/{folder}\" names folder\n", "");
    let any_case = CATALOG.replace("version \"1\"", "version \"1\" paths in any case");
    for (catalog, told) in [
        (&unnamed, "the path of `desk.file.list`: no longer names folder by segment 2"),
        (&any_case, "the path of `desk.file.list`: is taken in any case, and was taken as it is written"),
    ] {
        let folder = desks(CATALOG, catalog, READER);
        let said = shell::sprag(folder.path(), DENY);
        let out = String::from_utf8(said.out).unwrap();
        assert_eq!(said.exit, Exit::Findings, "{out}{}", said.err);
        assert!(out.contains(&format!("{told} (W0918)")), "{out}");
        // Nobody may do the other operation, however its path is read.
        assert_eq!(out.matches("(W0918)").count(), 1, "{out}");
        let approved = READER.to_owned() + &approval("for paths of desk.file.list");
        let folder = desks(CATALOG, catalog, &approved);
        let said = shell::sprag(folder.path(), DENY);
        assert_eq!(said.exit, Exit::Clean, "{}{}", String::from_utf8(said.out).unwrap(), said.err);
        // The other way round nothing is easier.
        let folder = desks(catalog, CATALOG, READER);
        assert_eq!(shell::sprag(folder.path(), DENY).exit, Exit::Clean);
    }
}

/// What the most literal template took falls to another, and what had no path gets one.
#[test]
fn paths_that_more_requests_meet_take_an_approval() {
    let notes = |mine: &str, note: &str| {
        format!(
            "{CATALOG}\noperation desk.mine {{ access read in folder {mine} requires desk OTHER }}\n\
             operation desk.note {{ access read in folder {note} requires desk USE }}\n"
        )
    };
    let (mine, note) = ("http GET \"/notes/mine\"", "http GET \"/notes/{note}\"");
    let without =
        notes("", note).replace("operation desk.mine { access read in folder  requires desk OTHER }\n", "");
    for (old, new, told) in [
        (notes(mine, note), notes("", note), Some("takes `GET /notes/mine`, which was `desk.mine`'s")),
        (notes(mine, note), without, Some("takes `GET /notes/mine`, which was `desk.mine`'s")),
        (notes("", ""), notes("", note), Some("takes `GET /notes/{note}`, which was no operation's")),
        (notes("", note), notes(mine, note), None),
        (notes("", note), notes("", ""), None),
    ] {
        let folder = desks(&old, &new, READER);
        let said = shell::sprag(folder.path(), DENY);
        let out = String::from_utf8(said.out).unwrap();
        assert_eq!(said.exit, if told.is_some() { Exit::Findings } else { Exit::Clean }, "{out}{}", said.err);
        let told =
            told.map(|told| format!("the path of `desk.note`: {} (W0918)", told.replace("{note}", "{any}")));
        assert!(told.is_none_or(|told| out.contains(&told)), "{out}");
    }
}

/// A kind that only one version has: what was refused as a wrong container is permitted.
#[test]
fn kinds_of_containers_are_compared() {
    let new = CATALOG.replace("kind folder\n", "kind shelf\n\nkind folder in shelf\n");
    let folder = desks(CATALOG, &new, READER);
    let said = shell::sprag(folder.path(), DENY);
    let out = String::from_utf8(said.out).unwrap();
    assert_eq!(said.exit, Exit::Findings, "{out}{}", said.err);
    for told in ["viewer gains", "in shelf", "+ shelf in nothing", "folder in nothing, now in shelf"] {
        assert!(out.contains(told), "{told}\n{out}");
    }
}

// ---- against histories

/// Terms of ways back: for each, what else could stand there.
const WAYS: &[(&str, &[&str])] = &[
    ("reopen start by 2 of group admins for 2h", &["for 1h", "for 8h"]),
    ("reopen configured by 1 of group admins for 1d", &["for 1h", "for 2d"]),
    ("step-up by 2 of group admins for 30d", &["for 1h", "for 60d"]),
    (
        "{ \"ann\", \"bob\", \"eve\" }",
        &["{ \"ann\", \"bob\" }", "{ \"ann\", \"bob\", \"eve\", \"mallory\" }"],
    ),
    ("final locked", &["final"]),
    ("never regrow DELETE", &["", "never regrow DELETE, WRITE"]),
    ("reopen open by 1 of group security for 1h", &["", "reopen open by 1 of group admins for 1h"]),
];

/// The same of triggers.
const TRIGGERS: &[(&str, &[&str])] = &[
    (
        "event \"setup-finished\" or 1d after install",
        &["1d after install", "event \"setup-finished\"", "1h after install"],
    ),
    ("1d after install\n", &["1h after install\n", "90d after install\n"]),
    ("unused for 90d", &["unused for 1d", "unused for 400d"]),
    ("or event \"alert\" or 3 times", &["or 3 times", "or event \"unheard\" or 3 times"]),
    (
        "3 times demo.issue.delete",
        &["1 times demo.issue.delete", "9 times demo.issue.delete", "3 times demo.issue.get"],
    ),
    ("400d after settled", &["1d after settled", "400d after configured"]),
    ("20d after old", &["1d after old", "20d after install", "200d after old"]),
    (
        "success of demo.project.admin or",
        &["", "success of demo.project.admin or success of demo.issue.get or"],
    ),
];

/// For each term which of the others stands there; none: the term.
type Choice = Vec<Option<usize>>;

/// The world's policy with some terms replaced.
fn varied(choice: &Choice, terms: &[(&str, &[&str])]) -> String {
    let mut text = world::POLICY.to_owned();
    for ((term, others), choice) in terms.iter().zip(choice) {
        let Some(other) = choice.map(|at| others[at]) else { continue };
        let other = match term.rsplit_once(" for ") {
            Some((way, _)) if other.starts_with("for ") => format!("{way} {other}"),
            _ => other.to_owned(),
        };
        text = text.replace(term, &other);
    }
    text
}

/// Two versions: some terms are others than in the world, and one or two of them change.
fn versions(random: &mut Random, terms: &[(&str, &[&str])]) -> [String; 2] {
    let any = |random: &mut Random, at: usize| random.maybe(|r| r.below(terms[at].1.len()));
    let old: Choice =
        (0..terms.len()).map(|at| if random.one_in(3) { any(random, at) } else { None }).collect();
    let mut new = old.clone();
    for _ in 0..1 + random.below(2) {
        let at = random.below(terms.len());
        new[at] = any(random, at);
    }
    [varied(&old, terms), varied(&new, terms)]
}

/// Whether the installation may ever do more under the second policy. By triggers: after the same events, each taken in
/// by its policy. By ways back: after one event, with facts that the first policy made, since later approvals answer to
/// what earlier ones did.
fn grows(models: [&Model; 2], probes: &[Request], random: &mut Random, by_ways: bool) -> bool {
    let mut now = 1_790_000_000;
    let mut facts = [Facts::default(), Facts::default()];
    for at in 0..12 {
        let event = if at == 0 { world::install() } else { event(random, by_ways, now) };
        if by_ways {
            facts[1] = facts[0].clone();
        }
        for (model, facts) in models.iter().zip(&mut facts) {
            let here = Here { writer: "one", now };
            if let Ok(step) = advance(model, &installation(), facts, &event, here) {
                *facts = step.facts;
            }
        }
        now += *random.pick(&[0, 60, 3600, 5000, 86_400, 8_640_000]);
        let power: Vec<BTreeSet<usize>> =
            models.iter().zip(&facts).map(|(model, facts)| world::power(model, probes, facts, now)).collect();
        if !power[1].is_subset(&power[0]) {
            return true;
        }
    }
    false
}

/// By ways back mostly what takes and gives.
fn event(random: &mut Random, by_ways: bool, now: i64) -> Event {
    loop {
        let event = world::random_event(random, by_ways, now);
        let telling = matches!(
            event.what,
            What::Approve(_) | What::Reopen { .. } | What::Turn { .. } | What::Withdraw(_)
        );
        if telling || !by_ways || random.one_in(8) {
            return event;
        }
    }
}

fn histories(terms: &[(&str, &[&str])], by_ways: bool) {
    let each = campaign::over(0..150, |seed| {
        let random = &mut Random::new(seed);
        let texts = versions(random, terms);
        let worlds = texts.each_ref().map(|text| compiled::policy(text));
        let models: [&Model; 2] = [&worlds[0].model, &worlds[1].model];
        let found = eased(models, &CatalogDiff::default());
        let probes = world::probes(models[0]);
        let grew = (0..12).any(|_| grows(models, &probes, random, by_ways));
        match found.is_empty() {
            true => {
                assert!(
                    !grew,
                    "seed {seed}: it grows, and nothing is easier\n{}\n// new\n{}",
                    texts[0], texts[1]
                );
                [1, 0, 0]
            }
            false => [0, 1, usize::from(grew)],
        }
    });
    let [silent, told, shown] = [0, 1, 2].map(|at| each.iter().map(|counts| counts[at]).sum::<usize>());
    println!("{silent} times nothing was easier; of {told} times that something was, {shown} showed it");
    assert!(silent > 20 && told > 20 && shown > 5, "{silent} {told} {shown}");
}

#[test]
fn where_no_trigger_is_told_no_history_leaves_more() {
    histories(TRIGGERS, false);
}

#[test]
fn where_no_way_back_is_told_no_history_gives_more() {
    histories(WAYS, true);
}

#[test]
fn the_same_policy_is_not_easier_than_itself() {
    let world = world::world();
    assert_eq!(eased([&world.model, &world.model], &CatalogDiff::default()), []);
    let other = compiled::policy(&world::POLICY.replace("final locked", "final"));
    let found = eased([&world.model, &other.model], &CatalogDiff::default());
    assert_eq!(found[0].what, Easing::Unlocked { stage: "final".to_owned() });
}

fn packages(old: &str, new: &str) -> TempDir {
    let demo = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/demo.sprag")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, policy) in [("old", old), ("new", new)] {
        package(folder.path(), name, ("demo", &demo), policy);
    }
    folder
}

fn desks(old: &str, new: &str, policy: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    package(folder.path(), "old", ("desk", old), READER);
    package(folder.path(), "new", ("desk", new), policy);
    folder
}

fn package(folder: &Path, name: &str, (catalog, text): (&str, &str), policy: &str) {
    let here = folder.join(name);
    fs::create_dir_all(here.join("catalogs")).unwrap();
    fs::write(here.join(format!("catalogs/{catalog}.sprag")), text).unwrap();
    fs::write(
        here.join("sprag.toml"),
        "[package]\nname = \"p\"\nlanguage = \"0.1\"\n\n[catalogs]\npaths = [\"catalogs\"]\n",
    )
    .unwrap();
    fs::write(here.join("policy.sprag"), policy).unwrap();
    let said = shell::sprag(folder, &["lock", name]);
    assert_eq!(said.exit, Exit::Clean, "{}", said.err);
}
