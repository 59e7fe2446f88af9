//! What a change permits, in words: exactly as they are told, and true of every request that is tried.

use sprag::analysis::diff;
use sprag::driver::{self, Inputs};
use sprag::eval::{self, Decision};
use sprag::request::{Request, Target, Value};
use sprag::sema::model::{Checked, Model};
use sprag::span::Source;
use sprag_test_support::random::Random;

const PLATFORM: &str = r#"catalog plat version "1"
enum level ordered { public, internal, confidential, restricted }
kind site
kind project in site {
  level: level
  owner: string
  lead: string
  members: strings
  home: domain
  size: int
}
model classic "Classic"
scope classic READ
operation plat.project.get { access read in project requires classic READ }
"#;

const WORLD: &str = r#"use plat
role everything { any operation }
app ts { key "ts" platform plat.classic requests READ user everything }
"#;

const ANYBODY: &str = "assign everything to any user\n";

fn compiled(policy: &str) -> Checked<Model> {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let compiled = driver::compile(Inputs {
        package: "test".to_owned(),
        own: vec![source("policy.sprag", &format!("{WORLD}{policy}"))],
        shelf: vec![source("plat.sprag", PLATFORM)],
        lock: None,
    });
    compiled.model.unwrap_or_else(|| panic!("{policy}\n{:?}", compiled.diagnostics))
}

/// The cubes of all that the new policy permits and the old one does not, with what lies in none of them.
fn cubes(old: &str, new: &str) -> Option<Vec<String>> {
    let (old, new) = (compiled(old), compiled(new));
    let (diff, _) = diff::compare([&old, &new], None, &|_, _| {});
    assert!(diff.undecided.is_empty());
    let gained = diff.gained.into_iter().next()?;
    assert_eq!(gained.remaining, 0_u32.into(), "{:?}", gained.cubes);
    Some(gained.cubes)
}

#[track_caller]
fn check(old: &str, new: &str, told: &[&str]) {
    let found = cubes(&format!("{ANYBODY}{old}"), &format!("{ANYBODY}{new}")).unwrap_or_default();
    assert_eq!(found, told);
}

#[test]
fn hours_are_told_by_the_windows() {
    let office = |until: &str| {
        format!(
            "window office in \"Europe/Berlin\" {{ mon-fri 09:00-{until} }}\npermit ts to read when time during office"
        )
    };
    let told = "when time during office of the new policy (mon-fri 09:00-18:00 in \"Europe/Berlin\") and time not \
                during office of the old policy (mon-fri 09:00-17:00 in \"Europe/Berlin\")";
    check(&office("17:00"), &office("18:00"), &[told]);
    let window = "window night in \"UTC\" { daily 22:00-06:00 }\n";
    check(
        &format!("{window}permit ts to read when time during night"),
        &format!("{window}permit ts to read when time during night or time < 2027-01-01"),
        &["when (time < 2027-01-01 and time not during night or time < 1970-01-01)"],
    );
}

#[test]
fn what_cannot_be_read_is_told_with_what_is_not_given() {
    let any = "permit ts to read";
    let network = "permit ts to read when client.ip in \"10.0.0.0/8\"";
    check(
        network,
        any,
        &["when (client.ip not in \"10.0.0.0/8\" or client.ip is not given or cannot be read)"],
    );
    check(
        "permit ts to read when channel == server",
        any,
        &["when (channel in [browser, event, scheduled, mcp] or channel is not given or cannot be read)"],
    );
    // A number where a text is asked for is no request.
    check(
        "permit ts to read when purpose == \"billing\"",
        any,
        &["when (purpose != \"billing\" or purpose is not given)"],
    );
    check(
        "permit ts to read unless not has(client.ip)",
        any,
        &["when (client.ip is not given or cannot be read)"],
    );
}

#[test]
fn networks_patterns_and_bounds_are_told_as_regions() {
    check(
        "permit ts to read\nforbid ts to any operation when client.ip in \"10.0.0.0/8\"",
        "permit ts to read\nforbid ts to any operation when client.ip in \"10.0.0.0/9\"",
        &["when client.ip in \"10.0.0.0/8\" and client.ip not in \"10.0.0.0/9\""],
    );
    check(
        "permit ts to read when project.home like \"*.example.com\"",
        "permit ts to read when project.home like [\"*.example.com\", \"*.example.org\", \"**.x\"]",
        &["in project where home like [\"*.x\", \"*.example.org\"]"],
    );
    check(
        "permit ts to read when purpose like \"a*\"",
        "permit ts to read when purpose like [\"a*\", \"*b\"]",
        &["when purpose like \"*b\" and purpose not like \"a*\""],
    );
    check(
        "permit ts to read when purpose like \"a*\"",
        "permit ts to read when purpose like \"a*\" and purpose not in [\"ab\", \"ac\"] or purpose in [\"x\", \"y\"]",
        &["when purpose in [\"x\", \"y\"]"],
    );
    check(
        "permit ts to read when purpose in [\"ab\", \"x\"]",
        "permit ts to read when purpose like \"a*\" or purpose == \"x\"",
        &["when purpose like \"a*\" and purpose != \"ab\""],
    );
    // Bounds of another app's rules tell nothing apart here.
    let other = "app other { key \"other\" platform plat.classic requests READ user everything }\n\
                 permit other to read when project.size >= 5\n";
    check(
        &format!("{other}permit ts to read when project.size >= 10"),
        &format!("{other}permit ts to read when has(project.size)"),
        &["in project where size < 10"],
    );
}

#[test]
fn sets_are_there_or_not() {
    check(
        "permit ts to read when \"x\" in project.members",
        "permit ts to read when has(project.members)",
        &["in project where has(members) and \"x\" not in members"],
    );
}

#[test]
fn values_that_are_compared_are_told_by_the_comparison() {
    let owner = "permit ts to read when project.owner == user";
    check(
        owner,
        "permit ts to read when project.owner == user or project.lead == user",
        &["in project where (owner != user or owner is not given) and lead == user, on behalf of somebody"],
    );
    check(
        "",
        "permit ts to read when project.owner == project.lead",
        &["in project where lead == project.owner"],
    );
    check(
        "",
        "permit ts to read when project.owner == user and user != \"eve\"",
        &["in project where owner == user, on behalf of anybody but \"eve\""],
    );
}

/// A value that may not be given says nothing of the one that it is compared with.
#[test]
fn what_is_compared_is_given() {
    check(
        "permit ts to read when project.owner == project.lead",
        "permit ts to read when has(project.lead)",
        &["in project where (owner != project.lead or owner is not given) and has(lead)"],
    );
}

#[test]
fn who_it_is_does_not_matter_where_there_is_nobody() {
    let assign = "assign everything to user \"ann\"\n";
    assert_eq!(
        cubes(assign, &format!("{assign}permit ts to read")).unwrap(),
        ["on behalf of nobody or \"ann\""]
    );
    check(
        "permit ts to read when project.level <= internal",
        "permit ts to read",
        &[
            "in no project or in project where (level >= confidential or level is not given or cannot be read)",
        ],
    );
    // Nobody is not told with what is asked of somebody.
    check(
        "permit ts to read unless not has(user) or user.mfa",
        "permit ts to read",
        &["when (user.mfa == true or user.mfa is not given)", "on behalf of nobody"],
    );
}

#[test]
fn members_of_groups_are_told_by_name() {
    let group =
        |members: &str| format!("group g {{ {members} }}\npermit ts to read when \"g\" in user.groups");
    check(&group("\"ann\""), &group("\"ann\", \"bob\", \"cid\""), &["on behalf of \"bob\" or \"cid\""]);
}

const TESTS: [&str; 14] = [
    "client.ip in \"10.0.0.0/8\"",
    "client.ip in [\"10.128.0.0/9\", \"192.168.0.0/16\"]",
    "client.ip not in \"10.1.0.0/16\"",
    "client.ip == \"10.1.2.3\"",
    "purpose like \"a*\"",
    "purpose like [\"*b\", \"*c*\"]",
    "purpose in [\"ab\", \"x\"]",
    "purpose != \"acb\"",
    "time during office",
    "time during night",
    "time < 2026-06-01",
    "install.age >= 1h",
    "install.age < 2d",
    "destination like [\"*.example.com\", \"example.org\"]",
];

const WINDOWS: &str = r#"window office in "Europe/Berlin" { mon-fri 09:00-17:00 }
window night in "UTC" { daily 22:00-06:00 }
"#;

fn condition(r: &mut Random) -> String {
    let words = [" and ", " or "];
    let first = (*r.pick(&TESTS)).to_owned();
    (0..r.below(3)).fold(first, |said, _| format!("{said}{}{}", r.pick(&words), r.pick(&TESTS)))
}

fn request(r: &mut Random) -> Request {
    let texts: [(&str, &[&str]); 3] = [
        ("client.ip", &["10.0.0.1", "10.1.2.3", "10.1.2.4", "10.200.0.1", "192.168.3.4", "192.0.2.1", "::1"]),
        ("purpose", &["a", "ab", "ac", "acb", "b", "xb", "c", "x", "y", "ca", "cb"]),
        ("destination", &["a.example.com", "b.a.example.com", "example.com", "example.org", "a.example.org"]),
    ];
    let mut request = Request {
        app: Some("ts".to_owned()),
        operation: Target::Name("plat.project.get".to_owned()),
        ..Request::default()
    };
    for (name, values) in texts {
        request.attributes.insert(name.to_owned(), Value::Text((*r.pick(values)).to_owned()));
    }
    // 2026-05-25, a Monday, and the two weeks after it.
    let time = 1_779_667_200 + r.below(14 * 24) as i64 * 3600;
    request.attributes.insert("time".to_owned(), Value::Int(time));
    let ages = [0, 3599, 3600, 86_400, 2 * 86_400 - 1, 2 * 86_400, 9 * 86_400];
    request.attributes.insert("install.age".to_owned(), Value::Int(*r.pick(&ages)));
    request
}

/// The words of all cubes, read as a condition of a policy, permit what was gained and nothing else.
#[test]
fn words_are_true_of_what_is_tried() {
    let (mut tried, mut gained) = (0, 0);
    for seed in 0..120 {
        let mut r = Random::new(seed);
        let policy = |when: &str| format!("{WINDOWS}{ANYBODY}permit ts to read when {when}\n");
        let [old, new] = [condition(&mut r), condition(&mut r)].map(|when| policy(&when));
        let Some(cubes) = cubes(&old, &new) else { continue };
        let mut ways = Vec::new();
        for cube in &cubes {
            assert!(!cube.contains("such as"), "{old}\n{new}\n{cubes:?}");
            let cube = cube.replace("time is not between 1970 and 2100", "false");
            let mut said = cube.strip_prefix("when ").unwrap_or_else(|| panic!("{cubes:?}")).to_owned();
            for name in ["client.ip", "purpose", "time", "install.age", "destination"] {
                for rest in [" is not given or cannot be read", " is not given"] {
                    said = said.replace(&format!(" or {name}{rest})"), ")");
                    said = said.replace(&format!("({name}{rest})"), "false");
                    said = said.replace(&format!("{name}{rest}"), "false");
                }
            }
            ways.push(format!("({said})"));
        }
        let told = policy(&ways.join(" or "));
        let models = [&old, &new, &told].map(|policy| compiled(policy));
        for _ in 0..200 {
            let request = request(&mut r);
            let [old, new, told] =
                [0, 1, 2].map(|at: usize| eval::evaluate(&models[at], &request).effect == Decision::Permit);
            assert_eq!(told, new && !old, "seed {seed}: {cubes:?}\n{request:?}");
            gained += usize::from(told);
            tried += 1;
        }
    }
    assert!(tried > 5000 && gained > 500, "{gained} of {tried}");
}
