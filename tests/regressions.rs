//! What once went wrong, each with the smallest package that showed it.
#![expect(clippy::disallowed_methods, reason = "a command line is tested with files")]

use std::fs;

use sprag::cli::{self, Context, Exit};
use sprag::report::Look;
use tempfile::TempDir;

/// A package made by `sprag new`, with one file more.
fn package(extra: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    sprag(&folder, &["new", "demo"], "", Exit::Clean);
    fs::write(folder.path().join("demo/extra.sprag"), extra).unwrap();
    folder
}

/// Runs `sprag ARGS` in the folder and gives back both outputs.
#[track_caller]
fn sprag(folder: &TempDir, args: &[&str], input: &str, exit: Exit) -> (String, String) {
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
    let done = cli::run(["sprag"].iter().chain(args), &mut cx);
    let [out, err] = [out, err].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(done, exit, "{out}{err}");
    (out, err)
}

#[test]
fn a_name_that_stands_twice_in_a_request_is_malformed() {
    let folder = package("");
    sprag(&folder, &["build", "demo", "-o", "b"], "", Exit::Clean);
    let request = |id: &str| {
        format!(
            r#"{{"subject":{{"type":"app","id":{id}}},"action":{{"name":"helpdesk.ticket.get"}},"resource":{{"type":"queue","id":"it"}}}}"#
        )
    };
    let (once, twice) = (request(r#""com.example.triage""#), request(r#""x","id":"com.example.triage""#));
    let (out, _) = sprag(&folder, &["decide", "b"], &once, Exit::Clean);
    assert_eq!(out, "{\"decision\":true}\n");
    let (out, err) = sprag(&folder, &["decide", "b"], &twice, Exit::Failed);
    assert_eq!(out, "");
    assert!(err.contains("`id` stands twice"), "{err}");
    let (out, _) = sprag(&folder, &["decide", "b"], &format!("{once}\n{twice}\n{once}\n"), Exit::Failed);
    let denied = out.lines().nth(1).unwrap_or_default();
    assert!(denied.starts_with("{\"decision\":false") && denied.contains("stands twice"), "{out}");
    let (out, _) = sprag(&folder, &["decide", "b"], &format!("[{once},{once}]"), Exit::Clean);
    assert_eq!(out.lines().count(), 2);
}

/// `c1 = c0 and c0`, `c2 = c1 and c1`, … took all memory.
#[test]
fn conditions_that_double_at_each_step_are_too_large() {
    let mut text = String::from("condition c0 = channel == server\n");
    for step in 1..60 {
        text += &format!("condition c{step} = c{} or purpose == \"x\" and not c{}\n", step - 1, step - 1);
    }
    let (out, err) = sprag(&package(&text), &["check", "demo"], "", Exit::Findings);
    assert_eq!((out.clone() + &err).matches("E0315").count(), 1, "{out}{err}");
}

#[test]
fn conditions_that_nest_without_end_are_too_deep() {
    let chain = |steps: usize, rest: &dyn Fn(usize) -> String| {
        let mut text = String::from("condition c0 = channel == server\n");
        for step in 1..steps {
            text += &format!("condition c{step} = {}\n", rest(step - 1));
        }
        text + &format!("permit triage to read when c{}\n", steps - 1)
    };
    let text = chain(20_000, &|before| format!("not c{before}"));
    let (out, err) = sprag(&package(&text), &["check", "demo"], "", Exit::Findings);
    assert_eq!((out.clone() + &err).matches("E0315").count(), 1, "{out}{err}");
    // The deepest that is allowed is followed everywhere, by a thread with a small stack too.
    let joined = |before: usize| {
        let word = if before.is_multiple_of(2) { "or" } else { "and" };
        format!("c{before} {word} purpose == \"p{before}\"")
    };
    let folder = package(&chain(256, &joined));
    sprag(&folder, &["build", "demo", "-o", "b"], "", Exit::Clean);
    sprag(&folder, &["test", "demo"], "", Exit::Clean);
    // Its branches share their ends: written out, the listing would never end.
    let (out, _) = sprag(&folder, &["show", "b"], "", Exit::Clean);
    assert!(out.len() < 1 << 20 && out.contains('…'), "{} bytes", out.len());
    // What the same word joins does not nest.
    let folder = package(&chain(500, &|before| format!("c{before} or purpose == \"p{before}\"")));
    sprag(&folder, &["build", "demo", "-o", "b"], "", Exit::Clean);
}

#[test]
fn a_long_formula_is_listed() {
    let tests: Vec<String> =
        (0..30_000).map(|i| format!("purpose == \"p{i}\" and channel == server")).collect();
    let folder = package(&format!("permit triage to read when {}\n", tests.join(" or ")));
    sprag(&folder, &["build", "demo", "-o", "b"], "", Exit::Clean);
    sprag(&folder, &["show", "b"], "", Exit::Clean);
}

/// Five thousand patterns with two stars each took minutes to be refused; those that share their beginning
/// were followed one by one.
#[test]
fn many_patterns_are_told_apart_or_refused_soon() {
    let patterns = |pattern: &dyn Fn(usize) -> String| {
        let patterns: Vec<String> = (0..5000).map(pattern).collect();
        format!("forbid triage to read when not destination like [{}]\n", patterns.join(", "))
    };
    let folder = package(&patterns(&|i| format!("\"*.example{i}.com\"")));
    sprag(&folder, &["build", "demo", "-o", "b"], "", Exit::Clean);
    let purposes = patterns(&|i| format!("\"*a{i}*b\"")).replace("destination", "purpose");
    let (out, err) = sprag(&package(&purposes), &["build", "demo", "-o", "b"], "", Exit::Findings);
    assert!((out.clone() + &err).contains("E0801"), "{out}{err}");
}

/// Of two pins of a catalog, as a careless merge leaves them, the first was believed.
#[test]
fn a_catalog_that_is_pinned_twice_is_refused() {
    let folder = package("");
    let lock = folder.path().join("demo/sprag.lock");
    let text = fs::read_to_string(&lock).unwrap();
    let again = &text[text.find("[[catalog]]").unwrap()..];
    fs::write(&lock, format!("{text}\n{again}")).unwrap();
    let (_, err) = sprag(&folder, &["check", "demo"], "", Exit::Failed);
    assert!(err.contains("sprag.lock:9: catalog `demo.helpdesk` is pinned twice"), "{err}");
}

/// The level of a site stood in for that of a project which the request left out, or whose level was none that
/// the policy knows; for a ticket that was not named, that of its queue.
#[test]
fn what_is_not_known_of_an_inner_container_is_not_taken_from_an_outer_one() {
    let text = r#"
enum level ordered { public, secret }
kind area { level: level inherited  until: instant inherited }
kind room in area { level: level inherited  until: instant inherited }
kind desk in room { level: level inherited  until: instant inherited }
operation desk.get { access read in desk requires demo.helpdesk.token READ }
window always in "UTC" { daily 00:00-24:00 }
container room attic { level = secret }
container room far { until = 2200-01-01 }
app clerk { key "clerk" platform demo.helpdesk.token requests READ user all }
app clock { key "clock" platform demo.helpdesk.token requests READ user all }
role all { read }
permit clerk to desk.get
forbid clerk to desk.get when container.level >= secret as no-secrets
permit clock to desk.get when container.until during always
test "what is known" {
  clerk to desk.get in desk d in room r { level = public }
  expect permit
  clerk to desk.get in desk _ in room r in area a { level = public }
  expect permit
  clock to desk.get in desk d in room r in area a { until = 2026-01-01 }
  expect permit
}
test "what is not known" {
  clerk to desk.get in desk d in room attic
  expect deny by rules rule no-secrets
  clerk to desk.get in desk d in area a { level = public }
  expect deny by rules rule no-secrets
  clerk to desk.get in room r { level = public }
  expect deny by rules rule no-secrets
  clock to desk.get in desk d in room far in area a { until = 2026-01-01 }
  expect deny by rules
}
"#;
    let folder = package(text);
    sprag(&folder, &["test", "demo"], "", Exit::Clean);
    sprag(&folder, &["build", "demo", "-o", "b"], "", Exit::Clean);
    for (level, permitted) in [("public", true), ("secret", false), ("unheard-of", false)] {
        let request = format!(
            r#"{{"subject":{{"type":"app","id":"clerk"}},"action":{{"name":"desk.get"}},"resource":{{"type":"desk","id":"d","properties":{{"level":"{level}","ancestors":[{{"type":"room","id":"r","properties":{{"level":"public"}}}}]}}}}}}"#
        );
        let (out, _) = sprag(&folder, &["decide", "b"], &request, Exit::Clean);
        assert!(out.starts_with(&format!("{{\"decision\":{permitted}")), "{level}: {out}");
    }
}

/// `app.vendor` was what the caller said, once a catalog had declared an attribute of the request of that name.
#[test]
fn attributes_of_the_request_hide_nothing() {
    for name in ["app.vendor", "operation.access", "user.mfa", "container.id", "user", "install", "stages"] {
        let folder = package(&format!("attributes request {{ {name}: string }}\n"));
        let (out, err) = sprag(&folder, &["check", "demo"], "", Exit::Findings);
        assert!((out.clone() + &err).contains("E0204"), "{name}: {out}{err}");
    }
    let hidden = "attributes request { setup.stage: string }\nratchet setup on triage { start holds READ }\n";
    let (out, err) = sprag(&package(hidden), &["check", "demo"], "", Exit::Findings);
    assert!((out.clone() + &err).contains("E0202"), "{out}{err}");
}

/// `daily 12:00-12:00` was always open.
#[test]
fn hours_without_time_between_are_no_whole_day() {
    let folder = package("window noon in \"UTC\" { daily 12:00-12:00 }\n");
    let (out, err) = sprag(&folder, &["check", "demo"], "", Exit::Findings);
    assert!((out.clone() + &err).contains("E0312"), "{out}{err}");
    sprag(&package("window all in \"UTC\" { daily 00:00-24:00 }\n"), &["check", "demo"], "", Exit::Clean);
}

/// What newcomers bring along from elsewhere is answered with how it is written here.
#[test]
fn foreign_habits_are_told_the_local_way() {
    let habits = [
        ("allow triage to read", "did you mean `permit`?"),
        ("deny triage to read", "did you mean `forbid`?"),
        ("# text", "a comment begins with `//`"),
        ("/* text */", "a comment begins with `//`"),
        ("permit triage to read;", "leave it out"),
        ("permit \"triage\" to read", "named without quotes"),
        ("permit triage to read where topic == \"it\"", "`where` follows a container kind"),
        ("permit triage to read if channel == server", "`when` or `unless`"),
        ("permit triage to read when device.managed && user.mfa", "`and`"),
        ("permit triage to read when device.managed || user.mfa", "`or`"),
        ("permit triage to read when !device.managed", "`not …`"),
        ("permit triage to read in queue when topic == \"it\"", "there is `queue.topic`"),
        ("permit triage to read in queue where topic == 'it'", "double quotes"),
        ("permit triage to read in queue where topic == it", "stands in quotes: `\"it\"`"),
        ("permit triage to read when context.user.present", "`has(user)`"),
        ("permit triage to read when user.groups == \"fin\"", "`\"x\" in …`"),
        ("permit triage to read when client.ip == \"10.0.0.0/8\"", "`in \"10.0.0.0/8\"`"),
        ("permit triage to read when time during 09:00-17:00", "hours stand in a window"),
        ("app other { key: \"x\" }", "without a sign"),
        ("test \"x\" { triage to helpdesk.ticket.get expect allow }", "did you mean `permit`?"),
    ];
    for (text, help) in habits {
        let (out, err) = sprag(&package(&format!("{text}\n")), &["check", "demo"], "", Exit::Findings);
        let said = (out + &err).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(help), "{text}: {said}");
    }
}

/// A browser that says `null` for its origin was taken for one that says nothing: `unless has(client.origin)`
/// let it in.
#[test]
fn an_origin_that_cannot_be_read_is_not_absent() {
    let folder = package("forbid triage to helpdesk.ticket.get when has(client.origin)\n");
    sprag(&folder, &["build", "demo", "-o", "b"], "", Exit::Clean);
    let request = |context: &str| {
        format!(
            r#"{{"subject":{{"type":"app","id":"com.example.triage"}},"action":{{"name":"helpdesk.ticket.get"}},"resource":{{"type":"queue","id":"it"}},"context":{context}}}"#
        )
    };
    let decides = |context: &str| sprag(&folder, &["decide", "b"], &request(context), Exit::Clean).0;
    assert!(decides("{}").starts_with("{\"decision\":true"));
    for origin in ["null", "", "https://a.example/path", "https://a.example"] {
        let context = format!(r#"{{"client":{{"origin":"{origin}"}}}}"#);
        assert!(decides(&context).starts_with("{\"decision\":false"), "{origin}");
    }
    // Of another JSON type it is no request at all.
    let number = request(r#"{"client":{"origin":7}}"#);
    let (_, err) = sprag(&folder, &["decide", "b"], &number, Exit::Failed);
    assert!(err.contains("/context/client/origin: expected a string"), "{err}");
}

#[test]
fn a_filter_that_no_test_has_is_a_mistake() {
    let folder = package("test \"nothing is public\" { anonymous to helpdesk.ticket.get expect deny }\n");
    let (out, _) = sprag(&folder, &["test", "demo", "--filter", "public"], "", Exit::Clean);
    assert!(out.contains("nothing is public"), "{out}");
    let (out, err) = sprag(&folder, &["test", "demo", "--filter", "pubilc"], "", Exit::Failed);
    assert!(out.is_empty() && err.contains("no test has `pubilc` in its title"), "{out}{err}");
}

#[test]
fn a_lock_that_cannot_be_read_is_written_anew() {
    let folder = package("");
    let lock = folder.path().join("demo/sprag.lock");
    let before = fs::read_to_string(&lock).unwrap();
    for broken in ["<<<<<<< HEAD\n", "[[catalog]]\nname = 7\n", "[[catalog]]\nversion = \"1\"\n"] {
        fs::write(&lock, broken).unwrap();
        sprag(&folder, &["check", "demo"], "", Exit::Failed);
        sprag(&folder, &["lock", "--check", "demo"], "", Exit::Failed);
        sprag(&folder, &["lock", "demo"], "", Exit::Clean);
        assert_eq!(fs::read_to_string(&lock).unwrap(), before, "{broken}");
    }
}

/// `--request <(command)` is a pipe.
#[cfg(unix)]
#[test]
fn requests_may_come_through_a_named_pipe() {
    let folder = package("");
    sprag(&folder, &["build", "demo", "-o", "b"], "", Exit::Clean);
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let request = r#"{"subject":{"type":"app","id":"com.example.triage"},"action":{"name":"helpdesk.ticket.get"},"resource":{"type":"queue","id":"it"}}"#;
    let writer = std::thread::spawn(move || fs::write(pipe, request).unwrap());
    let (out, _) = sprag(&folder, &["decide", "b", "--request", "pipe"], "", Exit::Clean);
    writer.join().unwrap();
    assert_eq!(out, "{\"decision\":true}\n");
    let (_, err) = sprag(&folder, &["decide", "demo"], "", Exit::Failed);
    assert!(err.contains("cannot read demo: it is a folder"), "{err}");
}

/// The attribute was taken, and nobody said so.
#[test]
fn a_condition_is_not_hidden_by_an_attribute() {
    let text =
        "condition confidential = channel == mcp\nforbid any app to read in queue where confidential\n";
    let (out, err) = sprag(&package(text), &["check", "demo"], "", Exit::Findings);
    assert!((out.clone() + &err).contains("E0316"), "{out}{err}");
    let text = "condition confidential = channel == mcp\nforbid any app to read when confidential\n";
    sprag(&package(text), &["check", "demo"], "", Exit::Clean);
}

#[test]
fn nothing_is_called_by_an_empty_name() {
    for text in [
        "app a { key \"\" platform demo.helpdesk.token }\n",
        "app a { key \"k\" platform demo.helpdesk.token installed on \"\" }\n",
        "group staff { \"ann\", \"\" }\n",
        "group \"\" { \"ann\" }\n",
        "container queue \"\"\n",
        "container queue q in site \"\"\n",
        "forbid any app to read in queue \"\"\n",
        "assign agent to user \"\"\n",
    ] {
        let (out, err) = sprag(&package(text), &["check", "demo"], "", Exit::Findings);
        assert_eq!((out.clone() + &err).matches("E0210").count(), 1, "{text}{out}{err}");
    }
}

#[test]
fn apps_called_user_or_group_hold_roles_like_others() {
    let app = |name: &str| {
        format!("app {name} {{ key \"k.{name}\" platform demo.helpdesk.token requests READ }}\n")
    };
    let apps = app("user") + &app("group");
    for assigned in
        ["user", "group", "user, group", "group, user in queue it", "user in queue", "group in queue"]
    {
        let text = format!("{apps}assign agent to {assigned}\npermit any app to read\n");
        let folder = package(&text);
        sprag(&folder, &["check", "demo"], "", Exit::Clean);
        sprag(&folder, &["fmt", "demo"], "", Exit::Clean);
        sprag(&folder, &["check", "demo"], "", Exit::Clean);
    }
    let text = apps + "assign agent to user ann\n";
    let (out, err) = sprag(&package(&text), &["check", "demo"], "", Exit::Findings);
    assert!((out.clone() + &err).contains("E01"), "{out}{err}");
}

#[test]
fn a_test_can_ask_for_no_step_up() {
    let little = |expect: &str| {
        package(&format!(
            "app little {{ key \"l\" platform demo.helpdesk.token requests WRITE user agent }}\npermit little to write\ntest \"more\" {{\n  little to helpdesk.ticket.reply in ticket T-1 in queue it with install.approved = [READ] expect deny by scope only {expect}\n  triage to helpdesk.ticket.get in queue payroll expect deny without step-up\n}}\n"
        ))
    };
    sprag(&little("step-up WRITE"), &["test", "demo"], "", Exit::Clean);
    let (out, _) = sprag(&little("without step-up"), &["test", "demo"], "", Exit::Findings);
    assert!(out.contains("expected step-up none, got WRITE"), "{out}");
    let folder = little("without step-up");
    sprag(&folder, &["fmt", "demo"], "", Exit::Clean);
    assert!(
        fs::read_to_string(folder.path().join("demo/extra.sprag"))
            .unwrap()
            .contains("only without step-up\n")
    );
}

/// An operation that nothing permits proved the `forbid` idle at all operations like it.
#[test]
fn a_forbid_that_matters_at_one_operation_is_not_dead_for_another() {
    let extra = "role everything { any operation }\n\
         app other { key \"o\" platform demo.helpdesk.token requests READ, WRITE user everything }\n\
         permit other to helpdesk.ticket.reply\n\
         forbid other to any operation when channel == mcp as not-by-mcp\n";
    let folder = package(extra);
    let (out, _) =
        sprag(&folder, &["lint", "demo", "--output-format", "concise", "--exit-zero"], "", Exit::Clean);
    assert!(!out.contains("not-by-mcp"), "{out}");
}

/// A package with this policy, locked and built.
fn built(policy: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("p")).unwrap();
    fs::write(folder.path().join("p/sprag.toml"), "[package]\nname = \"p\"\nlanguage = \"0.1\"\n").unwrap();
    fs::write(folder.path().join("p/policy.sprag"), policy).unwrap();
    sprag(&folder, &["lock", "p"], "", Exit::Clean);
    folder
}

/// What changes or searches many things at once was said to act above them, where rules about them do not reach.
#[test]
fn what_is_about_many_containers_at_once_does_not_pass_what_forbids_one() {
    let policy = |catalog: &str, model: &str, requests: &str, place: &str| {
        format!(
            "use {catalog}\n\nrole everything {{ any operation }}\n\napp a {{\n  key \"a\"\n  platform {model}\n  \
             requests {requests}\n  user everything\n}}\n\npermit a to any operation\n\n\
             forbid a to any operation in {place}\n"
        )
    };
    let ask = |method: &str, path: &str, kind: &str| {
        format!(
            r#"{{"subject":{{"type":"app","id":"a"}},"action":{{"name":"http","properties":{{"method":"{method}","path":"{path}"}}}},"resource":{{"type":"{kind}","id":"x"}}}}"#
        )
    };
    let jira = built(&policy("atlassian.jira", "atlassian.classic", "write:jira-work", "project SECRET"));
    sprag(&jira, &["build", "p", "-o", "b"], "", Exit::Clean);
    for (method, path) in [
        ("POST", "/rest/api/3/bulk/issues/delete"),
        ("POST", "/rest/api/3/bulk/issues/move"),
        ("POST", "/rest/api/3/bulk/issues/fields"),
        ("PUT", "/rest/api/3/issue/archive"),
        ("POST", "/rest/api/3/issue/bulk"),
        ("POST", "/rest/api/3/issue/properties/multi"),
        ("PUT", "/rest/api/3/issue/properties/x"),
    ] {
        let (out, _) = sprag(&jira, &["decide", "b"], &ask(method, path, "site"), Exit::Clean);
        assert!(
            out.starts_with("{\"decision\":false") && out.contains("forbidden"),
            "{method} {path}: {out}"
        );
    }
    let github = built(&policy(
        "github",
        "github.app",
        "contents:read, metadata:read, issues:read",
        "repository \"acme/secret\"",
    ));
    sprag(&github, &["build", "p", "-o", "b"], "", Exit::Clean);
    for path in ["/search/code", "/search/issues", "/user/repos", "/orgs/acme/repos"] {
        let (out, _) = sprag(&github, &["decide", "b"], &ask("GET", path, "github-site"), Exit::Clean);
        assert!(out.contains("\"except\""), "{path}: nothing to filter: {out}");
    }
}

/// What another platform has above the widest container of this one made an administrator of all of it none.
#[test]
fn another_catalog_in_use_hides_no_way_to_administration() {
    let policy = "role everything { any operation }\n\napp a {\n  key \"a\"\n  platform atlassian.connect\n  \
                  requests ADMIN\n  user everything\n}\n\npermit a to jira.permissionscheme.create\n";
    for uses in ["use atlassian.jira\n\n", "use atlassian.jira\nuse atlassian.guard\n\n"] {
        let folder = built(&format!("{uses}{policy}"));
        let (out, _) = sprag(&folder, &["lint", "p", "--select", "SPR0401"], "", Exit::Findings);
        assert!(out.contains("SPR0401"), "{uses}: {out}");
    }
}

/// Names with a column were part of what a baseline knows, so that every finding came back with a line more above it.
#[test]
fn a_baseline_knows_what_stands_in_one_line_with_others() {
    let rules = "use demo.helpdesk\n\nrole everything { any operation }\n\napp second {\n  key \"second\"\n  \
                 platform demo.helpdesk.token\n  requests READ\n  user everything user everything\n}\n\n\
                 permit second to read permit second to helpdesk.ticket.get\n";
    let folder = package(rules);
    let lint = ["lint", "demo", "--select", "SPR0202", "--baseline", "b.json"];
    let write: Vec<&str> = lint.into_iter().chain(["--write-baseline"]).collect();
    sprag(&folder, &write, "", Exit::Clean);
    assert!(fs::read_to_string(folder.path().join("b.json")).unwrap().contains("SPR0202"));
    fs::write(folder.path().join("demo/extra.sprag"), format!("// new\n{rules}")).unwrap();
    let (out, err) = sprag(&folder, &lint, "", Exit::Clean);
    assert!(!out.contains("SPR0202"), "{out}{err}");
}
