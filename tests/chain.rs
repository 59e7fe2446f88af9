//! Chains of bundles: built after one another, shown, and held together by a loader that believes little.
#![expect(clippy::disallowed_methods, reason = "a command line is tested with files")]

#[expect(dead_code, reason = "others use the rest of it")]
mod shell;

use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use shell::sprag;
use sprag::cli::Exit;
use sprag::decision_point::DecisionPoint;
use sprag::driver::{self, Inputs};
use sprag::emit;
use sprag::request::Request;
use sprag::span::Source;
use sprag_runtime::format::{self as f, Kind, Space};
use sprag_runtime::{Bundle, LoadError, NotNext, Outline, Place};
use sprag_test_support::parts::Parts;
use tempfile::TempDir;

const BASE: &str = r#"use demo

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

permit planner to demo.page.get
"#;

/// More than before: one operation that no app could ever call.
const MORE: &str = r#"
permit timesheets to write in project where classification >= confidential when "finance" in user.groups
"#;

const APPROVAL: &str = r#"
widen "CHG-812: month end" {
  for timesheets to demo.issue.edit
    in project where classification >= confidential
    when "finance" in user.groups
  approved by "ann@acme.com", "bob@acme.com"
  until 2026-12-31
}
"#;

/// More cases of an operation that was permitted in some before.
const LOOSER: &str = r#"
permit planner to demo.issue.get in project where classification <= internal
"#;

const LOOSEST: &str = r#"
permit planner to demo.issue.get
"#;

/// The beginning of a day.
const NOVEMBER_22: i64 = 1_795_305_600;
const DECEMBER_31: i64 = 1_798_675_200;

// ---- building

#[test]
fn what_grows_must_be_approved_or_nothing_is_built() {
    let folder = chain(&[BASE]);
    policy(&folder, &[BASE, MORE].concat());
    let refused = after(&folder, 1, Exit::Findings);
    for said in [
        "timesheets gains\n+ demo.issue.edit\n    in project where classification >= confidential",
        "p/policy.sprag:27: permit timesheets to write",
        "x not approved: timesheets demo.issue.edit, such as timesheets to demo.issue.edit in project",
    ] {
        assert!(refused.contains(said), "{refused}");
    }
    assert!(!folder.path().join("2.spragb").exists());
    // Too late, too much, for nothing.
    for (approval, said) in [
        (APPROVAL.replace("2026-12-31", "2026-11-22"), "has ended"),
        (APPROVAL.replace("demo.issue.edit", "demo.issue.*"), "was permitted before"),
        (
            format!(
                "{APPROVAL}{}",
                APPROVAL
                    .replace("CHG-812", "X")
                    .replace("issue.edit", "page.edit")
                    .replace("\n    in project where classification >= confidential", "")
            ),
            "covers nothing that grew",
        ),
    ] {
        policy(&folder, &[BASE, MORE, &approval].concat());
        let refused = after(&folder, 1, Exit::Findings);
        assert!(refused.contains(said), "{refused}");
    }
    policy(&folder, &[BASE, MORE, APPROVAL].concat());
    let built = after(&folder, 1, Exit::Clean);
    assert!(built.contains("generation 2 after 1.spragb: 1 approval used"), "{built}");
    // Less needs nobody.
    policy(&folder, &BASE.replace("permit planner to demo.page.get", ""));
    after(&folder, 2, Exit::Clean);
}

#[test]
fn the_next_bundle_needs_the_one_before_as_it_was_built() {
    let folder = chain(&[BASE, BASE]);
    let fails = |args: &[&str], said: &str| {
        let done = sprag(folder.path(), &[&["build", "p", "--after"], args].concat());
        assert_eq!(done.exit, Exit::Failed, "{}", done.err);
        assert!(done.err.contains(said), "{}", done.err);
    };
    fails(&["1.spragb", "-o", "1.spragb"], "1.spragb would be written over, and the chain needs it");
    fails(&["9.spragb"], "9.spragb");
    fails(&["1.spragb", "--today", "tomorrow"], "`tomorrow` is not a day");
    sprag(folder.path(), &["build", "p", "-o", "plain.spragb"]);
    fails(&["plain.spragb"], "does not hold its sources");
    damage(&folder, "1.spragb", "damaged.spragb", |bytes| bytes[300] ^= 1);
    fails(&["damaged.spragb"], "is refused: the bundle is damaged");
    // Another compiler may have made another table of the same sources.
    let other = |parts: &mut Parts| parts.edit::<f::Clause>(Kind::Clauses, |_, c| c.because = c.name);
    forge(&folder, "1.spragb", "other.spragb", other);
    fails(&["other.spragb"], "is not what this compiler makes of the sources in it");
    let trusted = ["build", "p", "--after", "other.spragb", "--trust-sources", "-o", "o2.spragb"];
    assert_eq!(sprag(folder.path(), &trusted).exit, Exit::Clean);
    let refused = sprag(folder.path(), &["diff", "other.spragb", "p"]);
    let said = concat!(
        "(built by sprag ",
        env!("CARGO_PKG_VERSION"),
        "); where another version built it, compare with that version, or believe the sources in it with \
         --trust-sources"
    );
    assert!(refused.exit == Exit::Failed && refused.err.contains(said), "{}", refused.err);
    let trusted = sprag(folder.path(), &["diff", "other.spragb", "p", "--trust-sources"]);
    assert_eq!(trusted.exit, Exit::Clean, "{}", trusted.err);
    forge(&folder, "1.spragb", "old.spragb", of_an_old_format);
    let refused = sprag(folder.path(), &["diff", "old.spragb", "p"]);
    assert!(refused.exit == Exit::Failed && refused.err.contains("with --trust-sources"), "{}", refused.err);
    assert_eq!(sprag(folder.path(), &["diff", "old.spragb", "p", "--trust-sources"]).exit, Exit::Clean);
    // Of another package.
    fs::write(folder.path().join("p/sprag.toml"), MANIFEST.replace("acme", "other")).unwrap();
    fails(&["1.spragb"], "1.spragb is a bundle of package `acme`, and this is package `other`");
}

#[test]
fn a_name_that_installations_know_is_missed_when_building() {
    let ratchet = "\nratchet setup on planner {\n  start\n  then over when command\n}\n";
    let folder = chain(&[&[BASE, ratchet].concat()]);
    policy(&folder, &[BASE, &ratchet.replace("setup", "rollout")].concat());
    let built = after(&folder, 1, Exit::Clean);
    let said = "! p/policy.sprag:27: ratchet `setup` is gone, and `rollout` is new: installations of planner forget \
                how far they were turned, and stand at `start` (W0915)\n";
    assert!(built.contains(said), "{built}");
}

/// What had to be approved for each installation is held by all of them.
#[test]
fn what_was_optional_and_is_requested_grows() {
    let permit = "permit planner to demo.issue.edit\n";
    let optional = BASE.replace("requests READ\n", "requests READ\n  optional WRITE\n") + permit;
    let folder = chain(&[&optional]);
    policy(&folder, &(BASE.replace("requests READ\n", "requests READ, WRITE\n") + permit));
    let said = after(&folder, 1, Exit::Findings);
    assert!(said.contains("planner gains\n+ demo.issue.edit\n"), "{said}");
    assert!(said.contains("when nothing is said of approvals"), "{said}");
    assert!(
        said.contains("x not approved: planner demo.issue.edit, such as planner to demo.issue.edit"),
        "{said}"
    );
    // The other way less is held.
    fs::remove_file(folder.path().join("1.spragb")).unwrap();
    sprag(folder.path(), &["build", "p", "--sources", "-o", "1.spragb"]);
    policy(&folder, &optional);
    let said = after(&folder, 1, Exit::Clean);
    assert!(!said.contains("gains"), "{said}");
}

/// Nothing grows by name, and by path it does: `demo.issue.get` is another call.
#[test]
fn a_name_that_leads_elsewhere_builds_nothing() {
    let folder = chain(&[BASE]);
    let catalog = folder.path().join("catalogs/demo.sprag");
    let text = fs::read_to_string(&catalog).unwrap();
    let (issue, page) = ("http GET \"/issues/{id}\"", "http GET \"/pages/{id}\"");
    let swapped = text.replace(issue, "@").replace(page, issue).replace('@', page);
    assert_eq!(swapped.matches(page).count(), 1);
    fs::write(&catalog, &swapped).unwrap();
    assert_eq!(sprag(folder.path(), &["lock", "p"]).exit, Exit::Clean);
    let said = after(&folder, 1, Exit::Findings);
    let objection = |name: &str| {
        format!("x no block can approve that `{name}` means another method and path: import the catalog")
    };
    assert!(
        said.contains(&objection("demo.issue.get")) && said.contains(&objection("demo.page.get")),
        "{said}"
    );
    assert!(!folder.path().join("2.spragb").exists());
    // Other names of parameters lead nowhere else.
    fs::write(&catalog, text.replace(issue, "http GET \"/issues/{key}\"")).unwrap();
    assert_eq!(sprag(folder.path(), &["lock", "p"]).exit, Exit::Clean);
    after(&folder, 1, Exit::Clean);
}

#[test]
fn the_same_chain_has_the_same_bytes() {
    let folder = chain(&[BASE, &[BASE, MORE, APPROVAL].concat()]);
    let first = read(&folder, "2.spragb");
    let again = ["build", "p", "--after", "1.spragb", "-o", "again.spragb", "--today", "2026-12-01"];
    assert_eq!(sprag(folder.path(), &again).exit, Exit::Clean);
    assert!(first == read(&folder, "again.spragb"));
    let dated = [&again[..], &["--date", "2026-12-01"]].concat();
    assert_eq!(sprag(folder.path(), &dated).exit, Exit::Clean);
    let dated = read(&folder, "again.spragb");
    assert!(first != dated);
    // A bundle of a chain can be compared, and decided by with a store, as any other.
    assert_eq!(sprag(folder.path(), &["diff", "again.spragb", "p"]).exit, Exit::Clean);
    let listing = sprag(folder.path(), &["show", "again.spragb"]);
    assert!(
        String::from_utf8(listing.out).unwrap().contains("\nchain     generation 2, see `sprag history`\n")
    );
}

/// Block and rule go, and come back word for word two generations later.
#[test]
fn one_approval_is_for_one_change() {
    let more = [BASE, MORE, APPROVAL].concat();
    let folder = chain(&[BASE, &more, BASE, BASE]);
    policy(&folder, &more);
    let refused = after(&folder, 4, Exit::Findings);
    let said =
        "x widen \"CHG-812: month end\" (p/policy.sprag:29) was used for an earlier change of this chain";
    assert!(refused.contains(said), "{refused}");
    policy(&folder, &more.replace("CHG-812: month end", "CHG-900: again"));
    after(&folder, 4, Exit::Clean);
    let history =
        history(&folder, &["1.spragb", "2.spragb", "3.spragb", "4.spragb", "5.spragb"], Exit::Clean);
    assert!(history.contains("the chain holds: 5 generations"), "{history}");
}

// ---- loading

#[test]
fn a_loader_takes_the_next_generation_and_no_other() {
    let folder = chain(&[BASE, &[BASE, MORE, APPROVAL].concat(), BASE]);
    let files: Vec<Vec<u8>> = (1..=3).map(|n| read(&folder, &format!("{n}.spragb"))).collect();
    let [one, two, three] = [0, 1, 2].map(|at| Bundle::load(&files[at]).unwrap());
    assert_eq!(one.digest(), <[u8; 32]>::from(Sha256::digest(&files[0])));
    let place = |generation, file: usize| Place {
        first: one.digest(),
        generation,
        digest: Sha256::digest(&files[file]).into(),
    };
    assert_eq!([one.place(), two.place(), three.place()], [place(1, 0), place(2, 1), place(3, 2)]);

    assert_eq!(two.succeeds(&one, NOVEMBER_22), Ok(()));
    assert_eq!(three.succeeds(&two, NOVEMBER_22), Ok(()));
    assert_eq!(two.succeeds(&one, DECEMBER_31 - 1), Ok(()));
    assert_eq!(two.succeeds(&one, DECEMBER_31), Err(NotNext::Ended("CHG-812: month end", DECEMBER_31)));
    // Old bundles do not come back, the same one neither.
    assert_eq!(one.succeeds(&two, NOVEMBER_22), Err(NotNext::Older(1)));
    assert_eq!(two.succeeds(&three, NOVEMBER_22), Err(NotNext::Older(2)));
    assert_eq!(two.succeeds(&two, NOVEMBER_22), Err(NotNext::Older(2)));
    assert_eq!(three.succeeds(&one, NOVEMBER_22), Err(NotNext::Skips(3)));
    // A fork, another chain, another package.
    let args = ["build", "p", "--after", "1.spragb", "-o", "fork.spragb"];
    assert_eq!(sprag(folder.path(), &args).exit, Exit::Clean);
    let fork = read(&folder, "fork.spragb");
    assert_eq!(three.succeeds(&Bundle::load(&fork).unwrap(), NOVEMBER_22), Err(NotNext::Previous));
    let other = chain(&[LOOSER, LOOSER].map(|more| [BASE, more].concat()).each_ref().map(String::as_str));
    let other = read(&other, "2.spragb");
    assert_eq!(Bundle::load(&other).unwrap().succeeds(&one, NOVEMBER_22), Err(NotNext::Chain));
    let renamed = forged(&files[1], |parts| {
        let strings = parts.section(Kind::Strings).bytes.len() as u32;
        parts.section(Kind::Strings).bytes.extend(b"other");
        let text = f::Text { at: strings.into(), len: 5.into() };
        parts.edit::<f::Globals>(Kind::Globals, |_, g| g.package = text);
    });
    check(&renamed, &files[0], Err(NotNext::Package));

    // What is remembered of a bundle is enough to refuse older ones.
    assert_eq!(two.place().admits(&two), Ok(two.place()));
    assert_eq!(two.place().admits(&three), Ok(three.place()));
    assert_eq!(one.place().admits(&three), Ok(three.place()));
    assert_eq!(three.place().admits(&two), Err(NotNext::Older(2)));
    assert_eq!(three.place().admits(&one), Err(NotNext::Older(1)));
    let fork = Bundle::load(&fork).unwrap();
    assert_eq!(fork.place().admits(&two), Err(NotNext::Older(2)));
    assert_eq!(fork.place().admits(&three), Err(NotNext::Previous));
    assert_eq!(one.place().admits(&Bundle::load(&other).unwrap()), Err(NotNext::Chain));
}

/// Who forges can hash; the loader reads growth off the tables all the same.
#[test]
fn growth_without_a_sound_approval_is_refused() {
    let folder = chain(&[BASE, &[BASE, MORE, APPROVAL].concat()]);
    let [one, two] = [1, 2].map(|n| read(&folder, &format!("{n}.spragb")));
    let grown = Err(NotNext::Grown("com.acme.timesheets", "demo.issue.edit"));
    check(&two, &one, Ok(()));
    // No approval, or one for something else.
    check(&forged(&two, |p| p.section(Kind::Widenings).bytes.clear()), &one, grown);
    let nothing = f::Range { at: 0.into(), len: 0.into() };
    let empty = |p: &mut Parts| p.edit::<f::Widening>(Kind::Widenings, |_, w| w.growths = nothing);
    check(&forged(&two, empty), &one, grown);
    let other_app = |p: &mut Parts| p.edit::<f::Growth>(Kind::Growths, |_, g| g.app = g.cells);
    check(&forged(&two, other_app), &one, grown);
    let no_operation = |p: &mut Parts| p.edit::<f::Growth>(Kind::Growths, |_, g| g.operations = g.told);
    check(&forged(&two, no_operation), &one, grown);
    // No reason, nobody, no day.
    let blank = f::Text { at: 0.into(), len: 0.into() };
    let edit = |change: fn(&mut f::Widening)| {
        forged(&two, |p| p.edit::<f::Widening>(Kind::Widenings, |_, w| change(w)))
    };
    let no_reason = forged(&two, |p| p.edit::<f::Widening>(Kind::Widenings, |_, w| w.reason = blank));
    check(&no_reason, &one, Err(NotNext::NoReason(1)));
    check(&edit(|w| w.approvers.len = 0.into()), &one, Err(NotNext::NoApprover(1)));
    check(
        &edit(|w| w.until = NOVEMBER_22.into()),
        &one,
        Err(NotNext::Ended("CHG-812: month end", NOVEMBER_22)),
    );
    // What was used stays used.
    check(&edit(|w| w.block = [7; 32]), &one, Err(NotNext::Forgets));
    check(&forged(&two, |p| p.section(Kind::Spent).bytes.clear()), &one, Err(NotNext::Forgets));
    let used = forged(&one, |p| p.section(Kind::Spent).bytes.extend([9; 32]));
    let after_it = |p: &mut Parts, spent: &[[u8; 32]]| {
        let bundle = Bundle::load(&used).unwrap();
        p.edit::<f::Chain>(Kind::Chain, |_, c| (c.first, c.previous) = (bundle.digest(), bundle.digest()));
        p.edit::<f::Widening>(Kind::Widenings, |_, w| w.block = [9; 32]);
        p.section(Kind::Spent).bytes = spent.concat();
    };
    check(&forged(&two, |p| after_it(p, &[[9; 32]])), &used, Err(NotNext::Spent("CHG-812: month end")));
    check(&forged(&two, |p| after_it(p, &[[8; 32]])), &used, Err(NotNext::Forgets));
    // Another bundle's link in a bundle that permits more.
    let chain = Parts::open(&two).records::<f::Chain>(Kind::Chain)[0];
    policy(&folder, &[BASE, MORE, LOOSER].concat());
    sprag(folder.path(), &["build", "p", "-o", "more.spragb"]);
    let more = forged(&read(&folder, "more.spragb"), |p| {
        p.extend(Kind::Chain, &[f::Chain { lost: link(&Bundle::load(&one).unwrap()).lost, ..chain }]);
    });
    assert!(matches!(
        Bundle::load(&more).unwrap().succeeds(&Bundle::load(&one).unwrap(), 0),
        Err(NotNext::Grown(..))
    ));
    // An operation by another's name.
    let swap = forged(&two, |p| {
        p.edit::<f::Symbol>(Kind::Symbols, |_, s| {
            if s.space.get() == Space::Operation.of(0) {
                s.value = 0.into();
            }
        });
    });
    check(&swap, &one, Err(NotNext::Names));
}

/// What is compared exactly when building, and with `--prove`, is more than the loader can see.
#[test]
fn more_cases_of_what_was_permitted_are_seen_by_comparing_exactly() {
    let folder = chain(&[&[BASE, LOOSER].concat(), &[BASE, LOOSER].concat()]);
    let [one, two] = [1, 2].map(|n| read(&folder, &format!("{n}.spragb")));
    let chain = Parts::open(&two).records::<f::Chain>(Kind::Chain)[0];
    policy(&folder, &[BASE, LOOSEST].concat());
    let refused = after(&folder, 1, Exit::Findings);
    assert!(refused.contains("x not approved: planner demo.issue.get"), "{refused}");
    sprag(folder.path(), &["build", "p", "--sources", "-o", "more.spragb"]);
    let loosest = forged(&read(&folder, "more.spragb"), |p| p.extend(Kind::Chain, &[chain]));
    check(&loosest, &one, Ok(()));
    fs::write(folder.path().join("2.spragb"), loosest).unwrap();
    history(&folder, &["1.spragb", "2.spragb"], Exit::Clean);
    let proved = history(&folder, &["1.spragb", "2.spragb", "--prove"], Exit::Findings);
    assert!(proved.contains("x compared exactly, it permits something that was not approved"), "{proved}");
}

/// The ways in which an operation is out of reach at a glance. Each that is taken away is growth.
#[test]
fn what_stands_in_the_way_of_every_request_counts() {
    let planner = "platform demo.classic\n  requests READ\n  user worker\n}\n\nassign";
    let permit = "permit planner to demo.page.get";
    // So many that they are looked up by the container.
    let many: String = (0..20).map(|at| format!("forbid planner to read in space S{at}\n")).collect();
    let many = format!("permit planner to read\n{many}");
    let closed = format!("{many}forbid planner to demo.page.get\n");
    let rows = [
        ("nothing permits it", permit, "", false),
        ("a permit for others", permit, "permit timesheets to demo.page.get", false),
        (
            "no scope",
            planner,
            "platform demo.delegated\n  requests Issues.Read\n  user worker\n}\n\nassign",
            false,
        ),
        ("no role", planner, "platform demo.classic\n  requests READ\n  user writer\n}\n\nassign", false),
        ("a forbid", permit, "permit planner to read\nforbid planner to demo.page.get", false),
        (
            "a forbid among others",
            permit,
            "permit planner to read\nforbid planner to read when user.external\nforbid planner to demo.page.get",
            false,
        ),
        ("a forbid beside many of some containers", permit, &closed, false),
        ("forbids of some containers", permit, &many, true),
        (
            "a forbid in some cases",
            permit,
            "permit planner to read\nforbid planner to read when user.external",
            true,
        ),
        (
            "a forbid of something else",
            permit,
            "permit planner to read\nforbid planner to demo.issue.get",
            true,
        ),
        ("a permit in some cases", permit, "permit planner to read when user.mfa", true),
    ];
    for (what, from, to, reached) in rows {
        let text = BASE.replace("role worker", "role writer { write }\n\nrole worker").replace(from, to);
        let old = built(&text);
        let old = Bundle::load(&old).unwrap();
        assert_eq!(old.reaches("com.acme.planner", "demo.page.get"), reached, "{what}");
        let new = forged(&built(BASE), |p| p.extend(Kind::Chain, &[link(&old)]));
        let answer = Bundle::load(&new).unwrap().succeeds(&old, NOVEMBER_22).map_err(|e| e.to_string());
        let grown =
            "it permits com.acme.planner to demo.page.get, which was never permitted and nobody approved";
        assert_eq!(answer, if reached { Ok(()) } else { Err(grown.to_owned()) }, "{what}");
    }
    // A scope that is not held, and one that is held in the first stage only.
    let edits = BASE.replace("permit planner to demo.page.get", "permit planner to demo.page.edit");
    let ratchet =
        "\nratchet r on planner { start holds WRITE then later holds READ when 1d after install }\n";
    let reaches = |text: &str| {
        let bytes = built(text);
        Bundle::load(&bytes).unwrap().reaches("com.acme.planner", "demo.page.edit")
    };
    assert!(!reaches(&edits));
    assert!(reaches(&(edits.replace("requests READ", "requests WRITE") + ratchet)));
}

/// A permit that forbids take back whole could be thought to permit something.
#[test]
fn what_could_be_thought_to_grow_is_closed_and_stays_closed() {
    let idle = "\npermit planner to demo.project.get when user.mfa\nforbid planner to demo.project.get when user.mfa\n";
    let folder = chain(&[BASE, &[BASE, idle].concat()]);
    let [one, two] = [1, 2].map(|n| read(&folder, &format!("{n}.spragb")));
    check(&two, &one, Ok(()));
    let closed = Parts::open(&two).records::<f::Closed>(Kind::Closed);
    assert_eq!(closed.len(), 1);
    let grown = Err(NotNext::Grown("com.acme.planner", "demo.project.get"));
    check(&forged(&two, |p| p.section(Kind::Closed).bytes.clear()), &one, grown);

    // Whatever else stands in the bundle, and for the runtime too.
    let bundle = Bundle::load(&one).unwrap();
    let number = |space: Space, name: &str| bundle.symbol(space.of(0), name).unwrap().into();
    let app = number(Space::App, "com.acme.planner");
    let mut request = Request { app: Some("com.acme.planner".into()), ..Request::default() };
    request.operation = sprag::request::Target::Name("demo.page.get".into());
    let permits =
        |bytes: &[u8]| DecisionPoint::new(Bundle::load(bytes).unwrap()).decide(&request).permitted();
    assert!(permits(&one));
    let close = |name: &str| {
        let record = f::Closed { app, operation: number(Space::Operation, name) };
        forged(&one, |p| p.extend(Kind::Closed, &[record]))
    };
    assert!(!permits(&close("demo.page.get")));
    assert!(permits(&close("demo.issue.get")));
    // Thereby it is out of reach for what comes after.
    let shut = close("demo.page.get");
    let after_it = |bytes: &[u8]| {
        forged(bytes, |p| {
            let digest = Bundle::load(&shut).unwrap().digest();
            p.edit::<f::Chain>(Kind::Chain, |_, c| (c.first, c.previous) = (digest, digest));
        })
    };
    check(&after_it(&two), &shut, Err(NotNext::Grown("com.acme.planner", "demo.page.get")));
}

// ---- going on from what is not read any more

/// What `sprag build` is told by who approved it.
const RENEW: [&str; 6] =
    ["--renew", "the format", "--approved-by", "ann@acme.com,bob@acme.com", "--until", "2026-12-31"];

/// The second bundle as a version of the compiler would have left it whose format is not read any more.
fn of_an_old_format(parts: &mut Parts) {
    parts.format = f::OLDEST - 1;
}

#[test]
fn a_chain_goes_on_from_a_format_that_is_not_read_if_somebody_approved_it() {
    let more = [BASE, MORE, APPROVAL].concat();
    let folder = chain(&[BASE, &more]);
    forge(&folder, "2.spragb", "old.spragb", of_an_old_format);
    let old = read(&folder, "old.spragb");
    assert_eq!(Bundle::load(&old).unwrap_err(), LoadError::TooOld(f::OLDEST - 1));
    let outline = Outline::read(&old).unwrap();
    let two = read(&folder, "2.spragb");
    let two = Bundle::load(&two).unwrap();
    assert_eq!((outline.place.first, outline.place.generation), (two.place().first, 2));
    assert_eq!((outline.previous, outline.spent), (two.previous(), two.tables().spent));

    let build = |args: &[&str], exit: Exit| {
        let all = ["build", "p", "--after", "old.spragb", "-o", "3.spragb", "--today", "2026-11-22"];
        let said = sprag(folder.path(), &[&all, args].concat());
        assert_eq!(said.exit, exit, "{}", said.err);
        said.err
    };
    let says = |said: &str, what: &str| assert!(said.contains(what), "{said}");
    says(
        &build(&[], Exit::Failed),
        "no loader can hold the next bundle against it. Somebody may approve that the chain goes on all the same: \
         --renew REASON --approved-by WHO --until DATE",
    );
    // It is compared all the same, by its sources.
    policy(&folder, &[&more, LOOSER].concat());
    says(&build(&RENEW, Exit::Findings), "x not approved: planner demo.issue.get");
    policy(&folder, &more);
    says(&build(&RENEW, Exit::Clean), "generation 3 after old.spragb: 1 approval used");
    let three = read(&folder, "3.spragb");
    let three = Bundle::load(&three).unwrap();
    assert_eq!(three.renews(&outline, NOVEMBER_22), Ok(()));
    // Not without it, not for ever, not from elsewhere, not where loaders can compare.
    let forged = |edit: Edit| forged(&read(&folder, "3.spragb"), edit);
    let without = forged(|p| p.section(Kind::Widenings).bytes.clear());
    let without = Bundle::load(&without).unwrap();
    assert_eq!(without.renews(&outline, NOVEMBER_22), Err(NotNext::Unread(f::OLDEST - 1)));
    assert_eq!(three.renews(&outline, DECEMBER_31), Err(NotNext::Ended("the format", DECEMBER_31)));
    let nobody = forged(|p| p.edit::<f::Widening>(Kind::Widenings, |_, w| w.approvers.len = 0.into()));
    assert_eq!(Bundle::load(&nobody).unwrap().renews(&outline, NOVEMBER_22), Err(NotNext::NoApprover(1)));
    let forgets = forged(|p| p.section(Kind::Spent).bytes.truncate(32));
    assert_eq!(Bundle::load(&forgets).unwrap().renews(&outline, NOVEMBER_22), Err(NotNext::Forgets));
    assert_eq!(two.renews(&outline, NOVEMBER_22), Err(NotNext::Older(2)));
    assert_eq!(three.renews(&Outline::read(&read(&folder, "2.spragb")).unwrap(), 0), Err(NotNext::Readable));
    let other = Outline { place: Place { digest: [7; 32], ..outline.place }, ..outline };
    assert_eq!(three.renews(&other, NOVEMBER_22), Err(NotNext::Previous));
    // What comes after is held against it as ever.
    policy(&folder, &[&more, LOOSEST].concat());
    assert_eq!(after_of(&folder, "3.spragb", "4.spragb").exit, Exit::Findings);
    policy(&folder, &more);
    assert_eq!(after_of(&folder, "3.spragb", "4.spragb").exit, Exit::Clean);

    fs::remove_file(folder.path().join("2.spragb")).unwrap();
    let told = history(&folder, &["."], Exit::Clean);
    says(
        &told,
        &format!("of format {}, which is not read here: only its place was looked at", f::OLDEST - 1),
    );
    says(
        &told,
        "     + compared by their sources, and by no loader\n       \"the format\", approved by ann@acme.com, bob@acme.com, until 2026-12-31",
    );
    says(&told, "the chain holds: 4 generations");
    let refused = history(&folder, &[".", "--prove"], Exit::Findings);
    says(&refused, &format!("x old.spragb is of format {} (built by sprag ", f::OLDEST - 1));
    says(&refused, "or believe the sources in it with --trust-sources");
    history(&folder, &[".", "--prove", "--trust-sources"], Exit::Clean);
    forge(&folder, "3.spragb", "without.spragb", |p| p.section(Kind::Widenings).bytes.clear());
    let told = history(&folder, &["old.spragb", "without.spragb"], Exit::Findings);
    says(&told, "and nobody approved that the chain goes on from it");
}

/// The language has changed: what was right has errors now.
#[test]
fn a_chain_goes_on_from_sources_that_have_errors_by_now_if_somebody_approved_it() {
    let folder = chain(&[BASE]);
    let break_it = |parts: &mut Parts| {
        let manifest = &mut parts.section(Kind::Manifest).bytes;
        let text = String::from_utf8(manifest.clone()).unwrap();
        *manifest = text.replace("permit planner to", "permit planner may").into_bytes();
    };
    forge(&folder, "1.spragb", "broken.spragb", break_it);
    forge(&folder, "1.spragb", "both.spragb", |parts| {
        break_it(parts);
        of_an_old_format(parts);
    });
    policy(&folder, &[BASE, MORE].concat());
    let build = |old: &str, args: &[&str], exit: Exit| {
        let all = ["build", "p", "--after", old, "-o", "2.spragb", "--today", "2026-11-22"];
        let said = sprag(folder.path(), &[&all, args].concat());
        assert_eq!(said.exit, exit, "{}", said.err);
        said.err
    };
    let said = build("broken.spragb", &["--trust-sources"], Exit::Failed);
    assert!(
        said.contains("broken.spragb has errors, so nothing was compared. Somebody may approve"),
        "{said}"
    );
    let said = build("1.spragb", &RENEW, Exit::Failed);
    assert!(said.contains("1.spragb can be compared, and so it must be"), "{said}");
    // The approval names what grew as far as loaders tell, and they hold it against that.
    let said = build("broken.spragb", &RENEW, Exit::Clean);
    assert!(said.contains("all that is permitted counts as approved"), "{said}");
    let (old, new) = (read(&folder, "broken.spragb"), read(&folder, "2.spragb"));
    check(&new, &old, Ok(()));
    let names = |parts: &mut Parts| {
        let growths = parts.records::<f::Growth>(Kind::Growths);
        parts.edit::<f::Widening>(Kind::Widenings, |_, w| w.growths.len = 1.into());
        assert_eq!(growths.len(), 2);
    };
    let unnamed = forged(&new, names);
    check(&unnamed, &old, Err(NotNext::Grown("com.acme.timesheets", "demo.issue.edit")));
    let told = history(&folder, &["broken.spragb", "2.spragb"], Exit::Clean);
    let said = "     + not compared with the bundle before\n     + com.acme.timesheets: demo.issue.edit in cases that were not compared";
    assert!(told.contains(said), "{told}");
    // Where they cannot tell either, it names nothing.
    build("both.spragb", &RENEW, Exit::Clean);
    let (old, new) = (read(&folder, "both.spragb"), read(&folder, "2.spragb"));
    let outline = Outline::read(&old).unwrap();
    assert_eq!(Bundle::load(&new).unwrap().renews(&outline, NOVEMBER_22), Ok(()));
}

/// Every byte of an outline is covered by a digest, whatever the rest of the bundle is.
#[test]
fn an_outline_is_whole_or_refused() {
    let folder = chain(&[BASE, &[BASE, MORE, APPROVAL].concat()]);
    let old = forged(&read(&folder, "2.spragb"), of_an_old_format);
    assert!(Outline::read(&old).is_ok_and(|outline| !outline.is_readable()));
    let kinds = [Kind::Manifest, Kind::Chain, Kind::Spent];
    let sections = Parts::open(&old).sections;
    let mut at = size_of::<f::Header>() + sections.len() * size_of::<f::Entry>();
    for byte in 0..at {
        let mut damaged = old.clone();
        damaged[byte] ^= 1;
        assert!(Outline::read(&damaged).is_err(), "byte {byte}");
    }
    for section in &sections {
        for byte in [at, at + section.bytes.len().saturating_sub(1)] {
            let mut damaged = old.clone();
            if section.bytes.is_empty() {
                continue;
            }
            damaged[byte] ^= 1;
            let is_read = kinds.iter().any(|kind| kind.code() == section.kind);
            // What it does not read changes what the bundle is called, and nothing else.
            let same =
                Outline::read(&damaged).map(|outline| outline.place.digest == Sha256::digest(&old)[..]);
            assert_eq!(same.ok(), (!is_read).then_some(false), "{} {byte}", section.kind);
        }
        at += section.bytes.len();
    }
    for cut in [0, 7, 63, 200, old.len() - 1] {
        assert!(Outline::read(&old[..cut]).is_err(), "{cut}");
    }
    for edit in [
        |p: &mut Parts| p.edit::<f::Chain>(Kind::Chain, |_, c| c.generation = 1.into()),
        |p: &mut Parts| p.section(Kind::Spent).bytes.extend([0; 32]),
        |p: &mut Parts| p.section(Kind::Spent).bytes.extend([0; 31]),
        |p: &mut Parts| p.sections.retain(|section| section.kind != Kind::Manifest.code()),
    ] {
        assert!(Outline::read(&forged(&old, edit)).is_err());
    }
}

#[test]
fn chains_are_laid_out_as_the_format_demands() {
    let folder = chain(&[BASE, &[BASE, MORE, APPROVAL].concat()]);
    let two = read(&folder, "2.spragb");
    let refused = |kind: Kind, record: u32, change: &dyn Fn(&mut Parts)| {
        let bytes = forged(&two, change);
        assert_eq!(Bundle::load(&bytes).unwrap_err(), LoadError::Malformed(kind, record));
    };
    let chain = Parts::open(&two).records::<f::Chain>(Kind::Chain)[0];
    refused(Kind::Chain, 1, &|p| p.extend(Kind::Chain, &[chain]));
    refused(Kind::Chain, 0, &|p| p.edit::<f::Chain>(Kind::Chain, |_, c| c.generation = 1.into()));
    refused(Kind::Chain, 0, &|p| p.edit::<f::Chain>(Kind::Chain, |_, c| c.dated = 2.into()));
    refused(Kind::Chain, 0, &|p| p.edit::<f::Chain>(Kind::Chain, |_, c| c.lost.len = 9.into()));
    refused(Kind::Widenings, 0, &|p| p.edit::<f::Widening>(Kind::Widenings, |_, w| w.growths.at = 9.into()));
    refused(Kind::Widenings, 0, &|p| {
        p.edit::<f::Widening>(Kind::Widenings, |_, w| w.approvers.len = 3.into())
    });
    refused(Kind::Growths, 0, &|p| p.edit::<f::Growth>(Kind::Growths, |_, g| g.app.at = f::NONE.into()));
    let closed = |app: u32, operation: u32| f::Closed { app: app.into(), operation: operation.into() };
    refused(Kind::Closed, 0, &|p| p.extend(Kind::Closed, &[closed(2, 0)]));
    refused(Kind::Closed, 1, &|p| p.extend(Kind::Closed, &[closed(0, 0), closed(0, 8)]));
    refused(Kind::Closed, 0, &|p| p.extend(Kind::Closed, &[closed(1, 0), closed(0, 1)]));
    refused(Kind::Spent, 0, &|p| p.section(Kind::Spent).bytes.extend([0; 32]));
    // Bundles from before there were chains are the first of theirs.
    let one = read(&folder, "1.spragb");
    let mut old = Parts::open(&one);
    old.format = 3;
    old.sections.retain(|section| section.kind < Kind::Chain.code());
    let old = old.seal();
    assert_eq!(Bundle::load(&old).unwrap().place().generation, 1);
    let mut lacking = Parts::open(&one);
    lacking.sections.retain(|section| section.kind != Kind::Spent.code());
    assert_eq!(Bundle::load(&lacking.seal()).unwrap_err(), LoadError::SectionCount(Kind::Spent));
}

// ---- showing

#[test]
fn a_history_tells_what_grew_by_whose_approval() {
    let folder = chain(&[BASE, &[BASE, MORE, APPROVAL].concat(), BASE]);
    let args = ["build", "p", "--after", "3.spragb", "-o", "4.spragb", "--date", "2026-11-23"];
    assert_eq!(sprag(folder.path(), &args).exit, Exit::Clean);
    let told = history(&folder, &[".", "--now", "2026-12-30", "--prove"], Exit::Clean);
    let digests = (1..=4).map(|n| Sha256::digest(read(&folder, &format!("{n}.spragb"))));
    let named = (1..).zip(digests).fold(told, |told, (n, digest)| {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        told.replace(&hex, &format!("<digest of {n}>"))
    });
    insta::assert_snapshot!(named);
    let later = history(&folder, &["2.spragb", "--now", "2026-12-31"], Exit::Clean);
    assert!(later.contains("generations 1 to 1 are not here"), "{later}");
    assert!(later.contains("approved by ann@acme.com, bob@acme.com, ended 2026-12-31"), "{later}");
    let json = history(&folder, &[".", "--now", "2026-12-31T00:00:00Z", "--format", "json"], Exit::Clean);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["holds"], &json["chains"][0]["generations"][3]["date"]),
        (&true.into(), &"2026-11-23T00:00:00Z".into())
    );
    let widening = &json["chains"][0]["generations"][1]["widenings"][0];
    assert_eq!((&widening["ended"], &widening["gained"][0]["cells"]), (&true.into(), &"4".into()));
}

#[test]
fn a_broken_chain_is_a_finding() {
    let folder = chain(&[BASE, BASE, BASE]);
    let path = |name: &str| folder.path().join(name);
    let breaks = |args: &[&str], said: &str| {
        let told = history(&folder, args, Exit::Findings);
        assert!(told.contains(said) && !told.contains("the chain holds"), "{told}");
    };
    breaks(&["1.spragb", "3.spragb"], "x it is generation 3: one before it is missing");
    // The same file twice is one.
    fs::copy(path("2.spragb"), path("copy.spragb")).unwrap();
    history(&folder, &["."], Exit::Clean);
    fs::remove_file(path("copy.spragb")).unwrap();
    let fork = ["build", "p", "--after", "1.spragb", "-o", "fork.spragb", "--date", "2026-11-22"];
    assert_eq!(sprag(folder.path(), &fork).exit, Exit::Clean);
    breaks(&["."], "is another bundle of the same generation");
    // Dates go on, and approvals are valid on them.
    let third = ["build", "p", "--after", "fork.spragb", "-o", "3.spragb", "--date", "2026-11-21"];
    assert_eq!(sprag(folder.path(), &third).exit, Exit::Clean);
    breaks(
        &["1.spragb", "fork.spragb", "3.spragb"],
        "x it is dated before the bundle that it was built after",
    );
    policy(&folder, &[BASE, MORE, APPROVAL].concat());
    let late = [
        "build",
        "p",
        "--after",
        "1.spragb",
        "-o",
        "late.spragb",
        "--date",
        "2027-01-01",
        "--today",
        "2026-11-22",
    ];
    assert_eq!(sprag(folder.path(), &late).exit, Exit::Clean);
    breaks(&["1.spragb", "late.spragb"], "x its approval \"CHG-812: month end\" has ended");
    // A second beginning.
    sprag(folder.path(), &["build", "p", "-o", "first.spragb"]);
    let told = history(&folder, &["1.spragb", "first.spragb"], Exit::Findings);
    assert!(told.contains("x package `acme` has more than one chain"), "{told}");
    damage(&folder, "1.spragb", "damaged.spragb", |bytes| bytes[300] ^= 1);
    let done = sprag(folder.path(), &["history", "damaged.spragb"]);
    assert!(done.exit == Exit::Failed && done.err.contains("damaged.spragb is refused"), "{}", done.err);
}

/// Other approvals than those that cover the growth, put in by hand.
#[test]
fn proving_finds_a_history_that_was_written_otherwise() {
    let folder = chain(&[BASE, &[BASE, MORE, APPROVAL].concat()]);
    history(&folder, &["1.spragb", "2.spragb", "--prove"], Exit::Clean);
    let rows: [(Edit, &str); 2] = [
        (
            |p| p.edit::<f::Widening>(Kind::Widenings, |_, w| w.until = (DECEMBER_31 + 86_400).into()),
            "x compared exactly, other things grew, or by another approval, or were lost than it says",
        ),
        (
            |p| p.edit::<f::Growth>(Kind::Growths, |_, g| g.cells = g.remaining),
            "x forged.spragb is not what this compiler makes of the sources in it",
        ),
    ];
    for (edit, said) in rows {
        forge(&folder, "2.spragb", "forged.spragb", edit);
        history(&folder, &["1.spragb", "forged.spragb"], Exit::Clean);
        let proved = history(&folder, &["1.spragb", "forged.spragb", "--prove"], Exit::Findings);
        assert!(proved.contains(said), "{proved}");
    }
    // Nor can be proved what nobody can build again.
    sprag(folder.path(), &["build", "p", "-o", "plain.spragb"]);
    let proved = history(&folder, &["plain.spragb", "--prove"], Exit::Findings);
    assert!(proved.contains("x plain.spragb does not hold its sources"), "{proved}");
}

// ---- helpers

type Edit = fn(&mut Parts);

const MANIFEST: &str =
    "[package]\nname = \"acme\"\nlanguage = \"0.1\"\n\n[catalogs]\npaths = [\"../catalogs\"]\n";

/// A folder with the package `p` and a bundle for each of these policies, built after one another.
fn chain(policies: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("catalogs")).unwrap();
    fs::create_dir(folder.path().join("p")).unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/demo.sprag");
    fs::copy(demo, folder.path().join("catalogs/demo.sprag")).unwrap();
    fs::write(folder.path().join("p/sprag.toml"), MANIFEST).unwrap();
    for (generation, text) in (1..).zip(policies) {
        policy(&folder, text);
        if generation == 1 {
            assert_eq!(sprag(folder.path(), &["lock", "p"]).exit, Exit::Clean);
            let built = sprag(folder.path(), &["build", "p", "--sources", "-o", "1.spragb"]);
            assert_eq!(built.exit, Exit::Clean, "{}", built.err);
        } else {
            after(&folder, generation - 1, Exit::Clean);
        }
    }
    folder
}

/// The policy alone, as a bundle.
#[track_caller]
fn built(text: &str) -> Vec<u8> {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let compiled = driver::compile(Inputs {
        package: "acme".to_owned(),
        own: vec![source("policy.sprag", text)],
        shelf: vec![source("demo.sprag", include_str!("../docs/demo.sprag"))],
        lock: None,
    });
    let model = compiled.model.unwrap_or_else(|| panic!("{text}\n{:?}", compiled.diagnostics));
    emit::build(&model, &compiled.sources).unwrap()
}

/// What somebody writes into a bundle to put it after this one.
fn link(previous: &Bundle<'_>) -> f::Chain {
    let Place { first, generation, digest } = previous.place();
    f::Chain {
        first,
        previous: digest,
        generation: (generation + 1).into(),
        dated: 0.into(),
        date: 0.into(),
        lost: f::Range { at: 0.into(), len: 0.into() },
    }
}

fn policy(folder: &TempDir, text: &str) {
    fs::write(folder.path().join("p/policy.sprag"), text).unwrap();
}

/// Builds the next bundle after that generation; what was said.
#[track_caller]
fn after(folder: &TempDir, generation: u32, exit: Exit) -> String {
    let [old, new] = [generation, generation + 1].map(|n| format!("{n}.spragb"));
    let said = sprag(folder.path(), &["build", "p", "--after", &old, "-o", &new, "--today", "2026-11-22"]);
    assert_eq!(said.exit, exit, "{}", said.err);
    said.err
}

/// The same of any files.
fn after_of(folder: &TempDir, old: &str, new: &str) -> shell::Said {
    sprag(folder.path(), &["build", "p", "--after", old, "-o", new, "--today", "2026-11-22"])
}

#[track_caller]
fn history(folder: &TempDir, args: &[&str], exit: Exit) -> String {
    let said = sprag(folder.path(), &[&["history"], args].concat());
    let out = String::from_utf8(said.out).unwrap();
    assert_eq!(said.exit, exit, "{out}{}", said.err);
    out
}

fn read(folder: &TempDir, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).unwrap()
}

fn damage(folder: &TempDir, from: &str, to: &str, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = read(folder, from);
    change(&mut bytes);
    fs::write(folder.path().join(to), bytes).unwrap();
}

fn forge(folder: &TempDir, from: &str, to: &str, change: impl Fn(&mut Parts)) {
    damage(folder, from, to, |bytes| *bytes = forged(bytes, &change));
}

fn forged(bytes: &[u8], change: impl Fn(&mut Parts)) -> Vec<u8> {
    let mut parts = Parts::open(bytes);
    change(&mut parts);
    parts.seal()
}

#[track_caller]
fn check(next: &[u8], present: &[u8], expected: Result<(), NotNext<'_>>) {
    let [next, present] = [next, present].map(|bytes| Bundle::load(bytes).unwrap());
    assert_eq!(next.succeeds(&present, NOVEMBER_22), expected);
}
