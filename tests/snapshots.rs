//! What people see of a small package, from its text to its answers; each snapshot begins with its input.
#![expect(clippy::disallowed_methods, reason = "a command line is tested with files")]

use std::fs;

use sprag::cli::{self, Context, Exit};
use sprag::report::Look;
use tempfile::TempDir;

const CATALOG: &str = r#"catalog desk version "3"

enum level ordered { public, internal, secret }

kind board {
  level: level inherited
}
kind card in board {
  level: level inherited
}

model rest

scope rest cards.read
scope rest cards.write implies cards.read

operation card.edit { access write in card http PUT "/cards/{card}" requires rest cards.write }

operation card.get { access read in card http GET "/cards/{card}" requires rest cards.read }

operation card.list { access read in board lists card http GET "/cards" requires rest cards.read }
"#;

const POLICY: &str = r#"use desk

app planner {
  key "com.acme.planner"
  vendor "Acme"
  platform desk.rest
  requests cards.write
  user member
}

role member { read, write }

container board PAY { level = secret }

permit planner to read, write as daily-work

forbid any app to read in card where level > internal as closed because "SEC-4: secrets stay here"

forbid any app to write unless client.ip in "192.0.2.0/24"

ratchet trial on planner {
  start holds cards.write
  then over locked holds cards.read when 30d after install
}
"#;

/// The package, and what the commands say in it one after another.
fn told(more: &str, commands: &[(&str, &str)]) -> String {
    let folder = package(more);
    let mut told = format!("// desk.sprag\n{CATALOG}\n// policy.sprag\n{POLICY}{more}");
    for (command, input) in commands {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut cx = Context {
            cwd: fs::canonicalize(folder.path()).unwrap(),
            input: &mut input.as_bytes(),
            out: &mut out,
            err: &mut err,
            look: Look::PLAIN,
            quiet: false,
            progress: false,
        };
        let exit = cli::run(std::iter::once("sprag").chain(command.split(' ')), &mut cx);
        told += &format!("{}\n$ sprag {command}\n{input}", "-".repeat(80));
        told += &String::from_utf8([out, err].concat()).unwrap();
        if exit != Exit::Clean {
            told += &format!("({exit:?})\n");
        }
    }
    told
}

fn package(more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"desk\"\nlanguage = \"0.1\"\n";
    let lock = format!(
        "[[catalog]]\nname = \"desk\"\nversion = \"3\"\ndigest = \"{}\"\n",
        sprag::driver::digest(CATALOG.as_bytes())
    );
    let policy = format!("{POLICY}{more}");
    for (name, text) in
        [("sprag.toml", manifest), ("sprag.lock", &lock), ("desk.sprag", CATALOG), ("policy.sprag", &policy)]
    {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_bundle_is_listed() {
    insta::assert_snapshot!(told("", &[("build -o desk.spragb", ""), ("show desk.spragb", "")]));
}

#[test]
fn requests_are_decided_and_explained() {
    let ask = |operation: &str, resource: &str, context: &str| {
        format!(
            "{{\"subject\":{{\"type\":\"app\",\"id\":\"com.acme.planner\"}},\"action\":{{\"name\":\"{operation}\"}},\
             \"resource\":{resource},\"context\":{context}}}\n"
        )
    };
    let board = r#"{"type":"board","id":"WEB"}"#;
    let secret = r#"{"type":"card","id":"7","properties":{"ancestors":[{"type":"board","id":"PAY"}]}}"#;
    let open = r#"{"type":"card","id":"8","properties":{"level":"public"}}"#;
    let start = r#"{"client":{"ip":"192.0.2.7"},"install":{"stages":{"trial":"start"}}}"#;
    let over = r#"{"install":{"stages":{"trial":"over"}},"wind":"north"}"#;
    let narrow =
        r#"{"client":{"ip":"192.0.2.7"},"install":{"approved":["cards.read"],"stages":{"trial":"start"}}}"#;
    let command = "decide desk.spragb --explain";
    insta::assert_snapshot!(told(
        "",
        &[
            ("build -o desk.spragb", ""),
            (command, &ask("card.get", open, start)),
            (command, &ask("card.get", secret, start)),
            (command, &ask("card.list", board, start)),
            (command, &ask("card.edit", open, over)),
            (command, &ask("card.edit", open, narrow)),
        ]
    ));
}

#[test]
fn tests_that_fail_say_what_was_answered() {
    let more = "\ntest \"writing in the trial\" {\n  planner to card.edit with trial.stage = over, client.ip = \"192.0.2.1\"\n  \
                expect permit rule daily-work\n\n  planner to card.list\n  expect deny by rules only\n}\n";
    insta::assert_snapshot!(told(more, &[("test", "")]));
}
