//! What a person sees who makes a mistake: each snapshot begins with the policy that it is about.

use sprag::driver::{self, Inputs};
use sprag::report::{self, Look, Report};
use sprag::span::Source;

/// A small platform; every snapshot leaves it out.
const CATALOG: &str = r#"catalog demo version "1"

kind site
kind project in site {
  category: string
  level: level
}
kind issue in project

enum level ordered { public, internal, secret }
enum color { red, green }

model connect
scope connect READ
scope connect WRITE implies READ

operation issue.get {
  access read
  in issue
  http GET "/issue/{id}"
  requires connect READ
}
operation issue.edit {
  access write
  in issue
  http PUT "/issue/{id}"
  requires connect WRITE
}
"#;

const APP: &str = r#"
app timesheets {
  key "com.acme.timesheets"
  platform demo.connect
  requests READ, WRITE
}
"#;

/// The files, and what the compiler says about them.
fn rendered(files: &[(&str, &str)]) -> String {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let own = files.iter().map(|(path, text)| source(path, text)).collect();
    let shelf = vec![source("catalogs/demo.sprag", CATALOG)];
    let done = driver::compile(Inputs { package: "p".to_owned(), own, shelf, lock: None });
    let mut out = String::new();
    for (path, text) in files {
        out += &format!("// {path}\n{text}\n");
    }
    out += "--------------------------------------------------------------------------------\n";
    let look = Look { unicode: true, ..Look::PLAIN };
    let mut bytes = Vec::new();
    let report = Report::new(&done.sources, &done.diagnostics);
    (report::FORMATS[0].write)(&report, &look, &mut bytes).unwrap();
    out + &String::from_utf8(bytes).unwrap()
}

/// The policy after `use` and the app.
fn policy(text: &str) -> String {
    rendered(&[("policy.sprag", &format!("use demo\n{APP}\n{text}"))])
}

#[test]
fn an_unknown_name_has_its_nearest_one() {
    insta::assert_snapshot!(policy("permit timesheet to read in projct PAY\n"));
}

#[test]
fn what_is_declared_twice_shows_both_files() {
    let policy = format!("use demo\n{APP}");
    insta::assert_snapshot!(rendered(&[
        ("a.sprag", "role r { read }\n"),
        ("b.sprag", &policy),
        ("c.sprag", "role r { write }\n")
    ]));
}

#[test]
fn a_conflict_with_a_catalog_shows_the_catalog() {
    insta::assert_snapshot!(rendered(&[("a.sprag", "use demo\n\nkind project in site\n")]));
}

#[test]
fn a_comparison_that_the_type_does_not_have() {
    insta::assert_snapshot!(policy(
        "forbid any app to write in project where level < secret and category < \"x\"\n  unless time == \"noon\"\n"
    ));
}

#[test]
fn a_broken_item_does_not_hide_the_next() {
    insta::assert_snapshot!(policy(
        "permit timesheets read\n\nrole r { read, }\n\nforbid any app to \"x\"\n"
    ));
}

#[test]
fn a_ratchet_that_widens() {
    insta::assert_snapshot!(policy(
        "ratchet setup on timesheets {\n  start holds READ\n  then open holds READ, WRITE when event \"x\"\n}\n"
    ));
}

#[test]
fn a_catalog_that_is_not_there() {
    insta::assert_snapshot!(rendered(&[("a.sprag", "use dmeo\n")]));
}

#[test]
fn hidden_characters_are_shown() {
    insta::assert_snapshot!(policy(
        "role ab { read } // \u{202e}gnorw\nforbid any app to read as \"a\u{200b}\"\n"
    ));
}

#[test]
fn an_operation_that_never_acts_there() {
    insta::assert_snapshot!(policy("forbid timesheets to issue.edit at project\n"));
}

#[test]
fn roles_in_a_circle() {
    insta::assert_snapshot!(policy("role a { read, b }\n\nrole b { write, c }\n\nrole c { a }\n"));
}

#[test]
fn a_scope_of_another_model() {
    let other = "catalog other version \"1\"\n\nmodel oauth\n\nscope oauth write:issue\n";
    let app = APP.replace("requests READ, WRITE", "requests READ, write:issue");
    insta::assert_snapshot!(rendered(&[
        ("other.sprag", other),
        ("policy.sprag", &format!("use demo\nuse other\n{app}"))
    ]));
}
