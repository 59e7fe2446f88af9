//! Fixes of findings about scopes, against trying every request of small packages: what is safe changes no answer,
//! what may be asked for permits nothing new, whatever an installation approved and wherever its ratchets stand.
#![expect(clippy::disallowed_methods, reason = "a test of the command line writes packages and runs them")]

#[expect(dead_code, reason = "other tests of the command line use more of it")]
mod shell;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use sprag::cli::Exit;
use sprag::diag::{Diagnostic, Edit, Safety};
use sprag::driver::{self, Compilation, Inputs};
use sprag::eval::{self, Decision};
use sprag::lint::{RULES, Subject, fixes};
use sprag::request::{Request, Target, User, Withdrawn};
use sprag::sema::model::Model;
use sprag::span::Source;
use sprag_test_support::random::Random;
use tempfile::TempDir;

const CATALOG: &str = r#"catalog c version "1"

kind site

model a
model b demands user

scope a READ
scope a SPY
scope a LOOK
scope a WRITE implies READ
scope a ADMIN implies READ, LOOK
scope b U.All
scope b U.Read

operation c.get { access read in site requires a READ or SPY requires b U.Read or U.All }
operation c.edit { access write in site requires a WRITE requires b U.All }
operation c.look { access read in site requires a LOOK }
operation c.both { access write in site requires a [WRITE, LOOK] }
operation c.other { access write in site requires a ADMIN requires b U.All }
"#;

const OPERATIONS: [&str; 5] = ["c.get", "c.edit", "c.look", "c.both", "c.other"];
const CODES: [&str; 4] = ["SPR0101", "SPR0103", "SPR0105", "SPR0120"];

#[test]
fn safe_fixes_change_no_answer_and_no_fix_widens() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..250 {
        let text = policy(&mut Random::new(seed));
        let before = compile(&text);
        if before.model.is_none() {
            // What is requested anyway cannot be optional.
            *seen.entry("does not check".to_owned()).or_default() += 1;
            continue;
        }
        let findings = findings(&before);
        let model = before.model.as_ref().unwrap();
        let requests = requests(model);
        let was = answers(model, &requests);
        let after = |edits: &[&Edit], what: &str| {
            let text = fixes::edited(&text, edits);
            // What does not check is not put in.
            let model = compile(&text).model?;
            let is = answers(&model, &requests);
            Some((format!("seed {seed}, {what}\n{text}"), is))
        };
        for finding in &findings {
            let Some(fix) = &finding.fix else {
                *seen.entry(format!("{} without", finding.code)).or_default() += 1;
                continue;
            };
            *seen.entry(format!("{} {:?}", finding.code, fix.safety)).or_default() += 1;
            let edits: Vec<&Edit> = fix.edits.iter().collect();
            let Some((what, is)) = after(&edits, &fix.title) else { continue };
            judge(fix.safety, &requests, &was, &is, &format!("{what}\n{text}"));
        }
        for most in [Safety::Safe, Safety::Unsafe] {
            let edits = fixes::round(&before.sources, &findings, most);
            let Some(text) = edits.texts.get(&0) else { continue };
            let Some(model) = compile(text).model else { continue };
            judge(
                most,
                &requests,
                &was,
                &answers(&model, &requests),
                &format!("seed {seed}, all at once\n{text}"),
            );
        }
    }
    for what in [
        "SPR0101 Safe",
        "SPR0101 Unsafe",
        "SPR0103 Safe",
        "SPR0103 Unsafe",
        "SPR0105 Safe",
        "SPR0105 Display",
        "SPR0120 Safe",
        "SPR0120 Display",
        "SPR0120 without",
    ] {
        assert!(seen.contains_key(what), "{what} was never seen: {seen:?}");
    }
}

#[track_caller]
fn judge(safety: Safety, requests: &[Request], was: &[bool], is: &[bool], what: &str) {
    for ((was, is), request) in was.iter().zip(is).zip(requests) {
        assert!(*was || !*is || safety == Safety::Display, "newly permitted: {request:?}\n{what}");
        assert!(!*was || *is || safety != Safety::Safe, "permitted no more: {request:?}\n{what}");
    }
}

fn policy(random: &mut Random) -> String {
    let (models, scopes): (&str, &[&str]) = match random.below(3) {
        0 => ("c.a, c.b", &["READ", "SPY", "LOOK", "WRITE", "ADMIN", "U.All", "U.Read"]),
        _ => ("c.a", &["READ", "SPY", "LOOK", "WRITE", "ADMIN"]),
    };
    let mut requested = random.subset(scopes, 2);
    let mut lists = String::new();
    if requested.len() > 1 && random.one_in(3) {
        let optional = requested.remove(random.below(requested.len()));
        lists += &format!("  optional {optional}\n");
    }
    if random.one_in(3) {
        lists += &format!("  approved {}\n", random.subset(scopes, 2).join(", "));
    }
    let requested = requested.join(", ");
    let mut text = format!(
        "use c\n\nrole all {{ any operation }}\n\napp z {{\n  key \"kz\"\n  platform {models}\n  \
         requests {requested}\n{lists}  user all\n}}\n\nassign all to any user\n\n"
    );
    if random.one_in(3) {
        let held: Vec<&str> = scopes.iter().filter(|_| !random.one_in(3)).copied().collect();
        let holds = if held.is_empty() { "LOOK".to_owned() } else { held.join(", ") };
        text += &format!("ratchet t on z {{\n  start\n  then last holds {holds} when event \"x\"\n}}\n\n");
    }
    for operation in OPERATIONS {
        if random.one_in(2) {
            continue;
        }
        let when = *random.pick(&["", "", " when has(user)", " when not has(user)"]);
        text += &format!("permit z to {operation}{when}\n");
    }
    text
}

/// Every request that scopes, stages and people tell apart.
fn requests(model: &Model) -> Vec<Request> {
    let names: Vec<&str> = model.scopes.iter().map(|scope| scope.name.as_str()).collect();
    let sets = (0..1 << names.len()).map(|bits: usize| -> BTreeSet<String> {
        let some = names.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
        some.map(|(_, name)| (*name).to_owned()).collect()
    });
    // What was approved, where somebody says so, or else what was withdrawn.
    let installations: Vec<(Option<BTreeSet<String>>, BTreeSet<String>)> =
        sets.flat_map(|set| [(Some(set.clone()), BTreeSet::new()), (None, set)]).collect();
    let mut all = Vec::new();
    for operation in OPERATIONS {
        for user in [None, Some("ann")] {
            for stage in ["start", "last"] {
                for (approved, withdrawn) in &installations {
                    all.push(Request {
                        app: Some("kz".to_owned()),
                        operation: Target::Name(operation.to_owned()),
                        user: user.map(|id| User { id: id.to_owned(), ..User::default() }),
                        stages: [("t".to_owned(), stage.to_owned())].into(),
                        approved: approved.clone(),
                        withdrawn: Withdrawn { scopes: withdrawn.clone(), ..Withdrawn::default() },
                        ..Request::default()
                    });
                }
            }
        }
    }
    all
}

fn answers(model: &Model, requests: &[Request]) -> Vec<bool> {
    requests.iter().map(|request| eval::evaluate(model, request).effect == Decision::Permit).collect()
}

fn compile(text: &str) -> Compilation {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let (own, shelf) = (vec![source("policy.sprag", text)], vec![source("c.sprag", CATALOG)]);
    driver::compile(Inputs { package: "p".to_owned(), own, shelf, lock: None })
}

#[track_caller]
fn findings(compilation: &Compilation) -> Vec<Diagnostic> {
    let Some(model) = &compilation.model else { panic!("{:#?}", compilation.diagnostics) };
    let (thresholds, today) = (BTreeMap::new(), jiff::civil::date(2026, 6, 1));
    let subject =
        Subject::new(model, &compilation.sources, &compilation.files, today, &thresholds, &|_, _, _| {});
    let mut found = Vec::new();
    for rule in RULES.iter().filter(|rule| CODES.contains(&rule.code)) {
        (rule.check)(&subject, &mut found);
    }
    found
}

// ---- one package for each way in which a fix was wrong

const SITE: &str = "catalog c version \"1\"\n\nkind site\n\n";

const MAIL: &str = "model a\n\nscope a READ\nscope a SPY\nscope a LOOK\nscope a WRITE implies READ\n\n\
    operation c.get { access read in site requires a READ or SPY }\n\
    operation c.edit { access write in site requires a WRITE }\n\
    operation c.look { access read in site requires a LOOK }\n";

const PEOPLE: &str = "model own\nmodel people demands user\n\nscope own WRITE\nscope people U.All\n\n\
    operation c.edit { access write in site requires own WRITE requires people U.All }\n\
    operation c.other { access write in site requires people U.All }\n";

fn package(catalog: &str, app: &str, rules: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).unwrap();
    write("sprag.toml", "[package]\nname = \"p\"\nlanguage = \"0.1\"\n");
    write("c.sprag", &format!("{SITE}{catalog}"));
    let head = "use c\n\nrole all { any operation }\n\nassign all to any user\n\n";
    write("p.sprag", &format!("{head}app z {{\n  key \"kz\"\n{app}  user all\n}}\n\n{rules}"));
    shell::sprag(folder.path(), &["lock"]);
    folder
}

/// The lists of scopes after `lint --fix` with these flags.
#[track_caller]
fn check_fixed(folder: &TempDir, flags: &[&str], wanted: &[&str]) -> String {
    let args: Vec<&str> = ["lint", "--fix", "--today", "2026-06-01"].iter().chain(flags).copied().collect();
    let said = shell::sprag(folder.path(), &args);
    let out = String::from_utf8(said.out).unwrap();
    assert_ne!(said.exit, Exit::Failed, "{out}{}", said.err);
    let text = fs::read_to_string(folder.path().join("p.sprag")).unwrap();
    let is_list =
        |line: &&str| ["requests", "optional", "approved"].iter().any(|word| line.starts_with(word));
    let lists: Vec<&str> = text.lines().map(str::trim).filter(is_list).collect();
    assert_eq!(lists, wanted, "{out}");
    out
}

#[test]
fn a_grant_that_opens_more_without_a_person_is_never_put_in() {
    let app = "  platform c.own, c.people\n  requests U.All\n";
    let folder = package(PEOPLE, app, "permit z to c.edit\n");
    let out = check_fixed(&folder, &["--unsafe-fixes"], &["requests U.All"]);
    assert!(out.contains("it may widen access: `WRITE` is not held now"), "{out}");
    assert!(out.contains("newly open to requests without a person: `c.edit`"), "{out}");
    let said = shell::sprag(folder.path(), &["scopes"]);
    let out = String::from_utf8(said.out).unwrap();
    assert!(out.contains("widens    it gives what is not held now"), "{out}");
    assert!(out.contains("newly open without a person: 1 operation: c.edit"), "{out}");
}

/// Each of two scopes carries what the other one was approved for: either can go, and not both.
#[test]
fn scopes_of_an_app_go_one_after_the_other() {
    let catalog = "model u demands user\nmodel z\n\nscope u U0\nscope u U1 implies U0\nscope z Z0\n\n\
        operation c.o { access read in site requires z Z0 requires u U0 }\n";
    let app = "  platform c.z, c.u\n  requests U1, Z0, U0\n";
    let folder = package(catalog, app, "permit z to c.o\n");
    check_fixed(&folder, &[], &["requests Z0, U0"]);
}

#[test]
fn a_scope_that_is_left_when_others_are_withdrawn_does_not_go_unasked() {
    let catalog = "model k\n\nscope k K1\nscope k K2\nscope k K3 implies K2\n\n\
        operation c.o { access read in site requires k K1 or K2 }\n\
        operation c.x { access write in site requires k K2 }\n";
    let app = "  platform c.k\n  requests K1, K2\n  optional K3\n";
    let folder = package(catalog, app, "permit z to c.o\n");
    check_fixed(&folder, &["--select", "SPR0120"], &["requests K1, K2", "optional K3"]);
    check_fixed(&folder, &["--select", "SPR0120", "--unsafe-fixes"], &["requests K1", "optional K3"]);
}

#[test]
fn what_opens_it_without_a_person_is_told() {
    let catalog = "model k\nmodel u demands user\n\nscope k K0\nscope k K1\nscope u U0\n\n\
        operation c.o { access delete in site requires u U0 requires k K1 or K0 }\n\
        operation c.p { access delete in site requires u U0 }\n";
    let app = "  platform c.k, c.u\n  requests U0, K0, K1\n";
    let folder = package(catalog, app, "permit z to delete\n\nratchet r on z { start holds K0, U0 }\n");
    let said = shell::sprag(folder.path(), &["lint", "--select", "SPR0103"]);
    let out = String::from_utf8(said.out).unwrap();
    assert!(out.contains("`K1` opens nothing to `z` that `K0` does not open"), "{out}");
}

#[test]
fn comments_of_scopes_that_stay_stay() {
    let app = "  platform c.a\n  requests\n    READ, // for reading, SEC-9\n    WRITE, // for writing, SEC-10\n    \
               // asked for by Bob\n    LOOK\n";
    let folder = package(MAIL, app, "permit z to c.get\n");
    shell::sprag(folder.path(), &["lint", "--fix"]);
    let text = fs::read_to_string(folder.path().join("p.sprag")).unwrap();
    assert!(text.contains("READ // for reading, SEC-9\n") && !text.contains("SEC-10"), "{text}");
    assert!(!text.contains("Bob"), "{text}");
}

#[test]
fn what_a_scope_approved_stays_approved() {
    let app = "  platform c.a\n  requests WRITE, READ, LOOK\n  approved WRITE, LOOK\n";
    let folder = package(MAIL, app, "permit z to c.get\n");
    check_fixed(&folder, &[], &["requests READ", "approved READ"]);
}

#[test]
fn what_is_optional_stands_for_nothing_that_is_requested() {
    let app = "  platform c.a\n  requests SPY, LOOK\n  optional WRITE\n";
    let folder = package(MAIL, app, "permit z to any operation\n");
    let out = check_fixed(&folder, &["--unsafe-fixes"], &["requests SPY, LOOK", "optional WRITE"]);
    assert!(!out.contains("SPR0103") && !out.contains("SPR0120"), "{out}");
    let said = shell::sprag(folder.path(), &["scopes"]);
    let out = String::from_utf8(said.out).unwrap();
    assert!(out.contains("optional  WRITE: not counted"), "{out}");
    assert!(out.contains("needs     2 operations: c.get, c.look"), "{out}");
    // What costs the same and is not held now is no advice either.
    assert!(out.contains("comes     READ\n  widens  "), "{out}");
    // The other way round it does.
    let app = "  platform c.a\n  requests READ, LOOK\n  optional SPY\n";
    let folder = package(MAIL, app, "permit z to c.get, c.look\n");
    let said = shell::sprag(folder.path(), &["lint", "--select", "SPR0103"]);
    let out = String::from_utf8(said.out).unwrap();
    assert!(out.contains("`SPY` opens nothing to `z` that `READ` does not open"), "{out}");
}

#[test]
fn a_grant_that_does_not_do_at_every_stage_is_no_advice() {
    let app = "  platform c.a\n  requests READ, SPY, LOOK\n";
    let ratchet = "ratchet t on z {\n  start\n  then last holds SPY, LOOK when event \"x\"\n}\n\n";
    let folder = package(MAIL, app, &format!("{ratchet}permit z to c.get, c.look\n"));
    let out = check_fixed(&folder, &["--unsafe-fixes", "--select", "SPR0120"], &["requests READ, SPY, LOOK"]);
    assert!(out.contains("could hold less for some requests: `LOOK`, `READ`"), "{out}");
    assert!(out.contains("it would not do for what is permitted"), "{out}");
    assert!(out.contains("there: `c.get`"), "{out}");
    let said = shell::sprag(folder.path(), &["scopes"]);
    let out = String::from_utf8(said.out).unwrap();
    assert!(out.contains("shuts     at some stage of a ratchet"), "{out}");
}

#[test]
fn a_person_decides_where_an_installation_may_have_approved_one_of_two() {
    let app = "  platform c.a\n  requests SPY, WRITE\n";
    let folder = package(MAIL, app, "permit z to any operation\n");
    check_fixed(&folder, &[], &["requests SPY, WRITE"]);
    check_fixed(&folder, &["--unsafe-fixes"], &["requests WRITE"]);
}
