//! What is told of a request is the request: written into a test, it is read as the same one again.
#![expect(clippy::disallowed_methods, reason = "a test reads the catalog of the documentation")]

use std::fs;

use sprag::analysis::told;
use sprag::driver::{self, Compilation, Inputs};
use sprag::span::Source;

const POLICY: &str = r#"use demo

app timesheets {
  key "com.acme.timesheets"
  platform demo.classic
  requests READ
}

ratchet setup on timesheets {
  start
  then done when event "done"
}

permit timesheets to read
"#;

#[test]
fn what_is_told_of_a_request_is_read_as_the_same_request() {
    for case in [
        "timesheets to demo.issue.get",
        "anonymous to demo.issue.get",
        "\"com.example.unknown\" to \"demo.issue.got\"",
        "timesheets to http GET \"/issues/7?fields=all\"",
        "timesheets to demo.issue.get in issue _ { classification = internal } in project \"a b\" { category = \"x \\\"y\\\"\" labels = [\"l\", \"m\"] } in site s",
        "timesheets to demo.issue.get with user.id = \"ann\", user.mfa = true, user.groups = [\"g\"], user.idle = 1h30m, user.permitted = true",
        "timesheets to demo.issue.get with setup.stage = done, install.approved = [READ, \"a b\"], install.age = 3d",
        "timesheets to demo.issue.get with time = 2026-11-02T09:30:00Z, client.ip = \"10.0.0.1\", channel = server, destination = \"a.example\", app-user.permitted = false",
    ] {
        let written = read(case);
        let told = told::request(&written.model.as_ref().unwrap().clone(), &request(&written));
        assert_eq!(request(&read(&told)), request(&written), "{case}\n{told}");
        assert!(!told.contains("expect"), "{told}");
    }
}

fn read(case: &str) -> Compilation {
    let demo = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/demo.sprag")).unwrap();
    let policy = format!("{POLICY}\ntest \"t\" {{\n  {case}\n  expect deny\n}}\n");
    let compilation = driver::compile(Inputs {
        package: "told".to_owned(),
        own: vec![Source { path: "policy.sprag".to_owned(), text: policy }],
        shelf: vec![Source { path: "demo.sprag".to_owned(), text: demo }],
        lock: None,
    });
    assert!(compilation.diagnostics.is_empty(), "{case}: {:?}", compilation.diagnostics);
    compilation
}

fn request(compilation: &Compilation) -> sprag::request::Request {
    compilation.model.as_ref().unwrap().tests[0].cases[0].request.clone()
}
