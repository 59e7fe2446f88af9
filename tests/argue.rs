//! `sprag argue`: its page in the documentation, logs of all kinds in the shapes that platforms write, logs that are
//! broken on purpose, and what it says of real ones.
//!
//! Where `logs/` is missing in `../shared/data` (or the folder in `SPRAG_DATA`), the tests of real logs say so and
//! pass. `BLESS=1` writes what the commands of the page print into it: read the diff.
#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests read files")]

mod remarks;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use sprag::cli::{self, Context, Exit};
use sprag::report::Look;

// ---- the page

#[test]
fn the_page_does_what_it_says() {
    let path = root().join("docs/argue.md");
    let text = fs::read_to_string(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (mut out, mut ran) = (Vec::<String>::new(), 0);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push(line.to_owned());
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match (info.split_once(' '), block.first().and_then(|first| first.strip_prefix("$ sprag "))) {
            (Some(("file", name)), _) => {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, block.join("\n") + "\n").unwrap();
                out.extend(block.iter().map(|line| (*line).to_owned()));
            }
            (None, Some(command)) if info == "console" => {
                ran += 1;
                let args: Vec<&str> = command.split(' ').collect();
                let said = sprag(folder.path(), &args);
                assert_eq!(said.exit, Exit::Clean, "{}", said.err);
                out.push(block[0].to_owned());
                out.extend(said.text().lines().map(str::to_owned));
            }
            _ => out.extend(block.iter().map(|line| (*line).to_owned())),
        }
        out.push("```".to_owned());
    }
    assert!(ran >= 3, "the page lost its commands");
    let out = out.join("\n") + "\n";
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, out).unwrap();
    } else {
        let differs = out.lines().zip(text.lines()).find(|(now, page)| now != page);
        assert_eq!(differs, None, "BLESS=1 writes what the commands print");
        assert_eq!(out.len(), text.len(), "BLESS=1 writes what the commands print");
    }
}

/// What came out of one command.
struct Said {
    exit: Exit,
    out: Vec<u8>,
    err: String,
}

/// Runs `sprag ARGS` in the folder, in this process.
fn sprag(folder: &Path, args: &[&str]) -> Said {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut cx = Context {
        cwd: fs::canonicalize(folder).unwrap(),
        input: &mut &b""[..],
        out: &mut out,
        err: &mut err,
        look: Look::PLAIN,
        quiet: false,
        progress: false,
    };
    let exit = cli::run(["sprag"].iter().chain(args), &mut cx);
    Said { exit, out, err: String::from_utf8(err).unwrap() }
}

/// The repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Said {
    fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.exit, Exit::Clean, "{}", self.err);
        serde_json::from_slice(&self.out).unwrap()
    }
}

// ---- logs

const CATALOG: &str = r#"catalog desk version "1"
kind account
kind card in account
model full
scope full ADMIN implies WRITE
scope full WRITE implies READ
scope full READ
operation desk.card.get { access read  in card  http GET "/v1.0/cards/{card}"  requires full READ }
operation desk.card.edit { access write  in card  http PUT "/v1.0/cards/{card}"  requires full WRITE }
operation desk.me.get { access read  in card  http GET "/v1.0/Me"  requires full READ }
operation desk.issue.mine { access read  in card  http GET "/v1.0/issues/mine"  requires full READ }
operation desk.issue.get { access read  in card  http GET "/v1.0/issues/{issue}"  requires full READ }
operation desk.hook.create { access admin  in account  http POST "/v1.0/hooks"  requires full ADMIN }
operation exchange.mail.read { access read  in card  requires full READ }
operation exchange.mail.send { access write  in card  requires full WRITE }
operation google.drive.files.list { access read  in card  requires full READ }
operation jira.workflows.update { access admin  in account  requires full ADMIN }
"#;

/// A package with one app `a`, named `key-a` in logs, that holds everything.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("sprag.toml", "[package]\nname = \"desk\"\nversion = \"0.1.0\"\nlanguage = \"0.1\"\n");
        write("desk.sprag", CATALOG);
        let app = "use desk\n\napp a {\n  key \"key-a\"\n  platform desk.full\n  requests ADMIN, READ\n}\n";
        write("policy.sprag", app);
        assert_eq!(sprag(folder.path(), &["lock"]).exit, Exit::Clean);
        Desk(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn argue(&self, args: &[&str]) -> Said {
        let all: Vec<&str> = ["argue", "a", "--format", "json"].iter().chain(args).copied().collect();
        sprag(self.path(), &all)
    }

    /// What is said of a log with this content.
    fn log(&self, name: &str, bytes: &[u8]) -> Said {
        fs::write(self.path().join(name), bytes).unwrap();
        self.argue(&["--log", name])
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn activity(app: &str, method: &str, path: &str, status: u32, time: &str, user: &str) -> String {
    let claims = if user == "null" { "roles" } else { "scopes" };
    format!(
        r#"{{"category":"MicrosoftGraphActivityLogs","properties":{{"appId":"{app}","requestMethod":"{method}","requestUri":"https://graph.example{path}","responseStatusCode":{status},"timeGenerated":"{time}","userId":{user},"{claims}":"READ"}}}}"#
    )
}

const GITHUB: &str = r#"{"@timestamp":1741611465102,"_document_id":"d","action":"api.request","actor":"octo","actor_is_bot":false,"request_method":"GET","route":"/v1.0/cards/{card}","status_code":200,"oauth_application_name":"KEY-A","token_scopes":"repo,read:org"}"#;
const GOOGLE: &str = r#"{"kind":"admin#reports#activity","id":{"applicationName":"token","time":"2026-07-01T08:00:00Z"},"events":[{"name":"authorize","parameters":[{"name":"client_id","value":"key-a"},{"name":"scope","multiValue":["READ"]}]},{"name":"activity","parameters":[{"name":"client_id","value":"key-a"},{"name":"method_name","value":"drive.files.list"}]}]}"#;
const UNIFIED: &str = r#"{"CreationTime":"2026-07-01T08:00:00","Operation":"MailItemsAccessed","Workload":"Exchange","UserType":0,"ClientAppId":"key-a"}"#;
const JIRA: &str = r#"{"id":1,"summary":"Workflow updated","authorAccountId":"key-a","category":"workflows","created":"2026-07-01T08:00:00.000+0000","objectItem":{"typeName":"WORKFLOW"}}"#;

#[test]
fn every_format_finds_its_operation() {
    let desk = Desk::new();
    let graph = activity("key-a", "PUT", "/v1.0/cards/7?x=1", 200, "2026-07-01T08:00:00Z", "null");
    for (name, record, format, operation) in [
        ("graph.jsonl", graph.as_str(), "graph-activity", "desk.card.edit"),
        ("github.jsonl", GITHUB, "github-audit", "desk.card.get"),
        ("google.jsonl", GOOGLE, "google-token", "google.drive.files.list"),
        ("unified.jsonl", UNIFIED, "unified-audit", "exchange.mail.read"),
        ("jira.jsonl", JIRA, "atlassian-audit", "jira.workflows.update"),
    ] {
        let said = desk.log(name, record.as_bytes()).json();
        let app = &said["apps"][0];
        assert_eq!(app["log"]["formats"][format], 1, "{name}: {said:#}");
        assert_eq!(app["needed"], serde_json::json!([operation]), "{name}");
        assert_eq!(app["log"]["remarks"], serde_json::json!([]), "{name}");
    }
    let all = [graph.as_str(), GITHUB, GOOGLE, UNIFIED, JIRA].join("\n");
    let said = desk.log("all.jsonl", all.as_bytes()).json();
    assert_eq!(said["apps"][0]["needed"].as_array().unwrap().len(), 5);
}

/// OData writes a key as `/users/ann` or as `/users('ann')`; what is in a batch, its record does not say.
#[test]
fn keys_in_quotes_are_found_and_batches_are_counted() {
    let desk = Desk::new();
    let at = "2026-07-01T08:00:00Z";
    for path in
        ["/v1.0/cards('7')?x=1", "/v1.0/cards(%277%27)", "/beta/cards('7')", "/v1.0/cards('7')/$count"]
    {
        let said = desk.log("log", activity("key-a", "PUT", path, 200, at, "null").as_bytes()).json();
        assert_eq!(said["apps"][0]["needed"], serde_json::json!(["desk.card.edit"]), "{path}: {said:#}");
    }
    let batch = activity("key-a", "POST", "/v1.0/$batch", 200, at, "null");
    let said = desk.log("log", [batch.as_str(), &batch].join("\n").as_bytes()).json();
    let remarks = &said["apps"][0]["log"]["remarks"];
    assert_eq!(remarks[0]["kind"], "unmatched", "{remarks:#}");
    assert_eq!(remarks[0]["what"], "POST /v1.0/$batch: holds calls that it does not tell", "{remarks:#}");
    assert_eq!(remarks[0]["times"], 2, "{remarks:#}");
}

#[test]
fn every_shape_of_file_says_the_same() {
    let desk = Desk::new();
    let records = [GITHUB, GOOGLE, UNIFIED, JIRA];
    let lines = records.join("\n");
    let list = format!("[{}]", records.join(",\n"));
    let page = format!("{{\"next\":null,\"records\":{list}}}");
    let pretty =
        |text: &str| serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
    let wrapped: Vec<String> = records.iter().map(|r| format!("{{\"value\":[{r}]}}")).collect();
    let wanted = desk.log("log", lines.as_bytes()).json();
    assert_eq!(wanted["apps"][0]["log"]["calls"], 4);
    for (what, bytes) in [
        ("with a last line end", format!("{lines}\r\n").into_bytes()),
        (
            "with blank lines and a mark",
            format!("\u{feff}\n\n{}\n", lines.replace('\n', "\n\n")).into_bytes(),
        ),
        ("a list", list.clone().into_bytes()),
        ("a list in many lines", pretty(&list).into_bytes()),
        ("a page in one line", page.clone().into_bytes()),
        ("a page in many lines", pretty(&page).into_bytes()),
        ("a page on each line", wrapped.join("\n").into_bytes()),
        ("gzip", gzip(lines.as_bytes())),
        (
            "gzip in two parts",
            [gzip(format!("{GITHUB}\n").as_bytes()), gzip(records[1..].join("\n").as_bytes())].concat(),
        ),
        ("a list, gzip", gzip(list.as_bytes())),
    ] {
        assert_eq!(desk.log("log", &bytes).json(), wanted, "{what}");
    }
    let wrapped = serde_json::json!({ "RecordType": 50, "AuditData": UNIFIED }).to_string();
    let said = desk.log("log", wrapped.as_bytes()).json();
    assert_eq!(said["apps"][0]["needed"], serde_json::json!(["exchange.mail.read"]));
    // A single record over many lines, with its events in a list.
    let said = desk.log("log", pretty(GOOGLE).as_bytes()).json();
    assert_eq!(said["apps"][0]["needed"], serde_json::json!(["google.drive.files.list"]));
}

/// However the members of an object follow each other, and wherever its lines end, it says the same.
#[test]
fn every_list_of_a_document_is_read() {
    let desk = Desk::new();
    let ways = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        let turned: serde_json::Map<String, Value> =
            value.as_object().unwrap().iter().rev().map(|(name, of)| (name.clone(), of.clone())).collect();
        let (pretty, turned) = (serde_json::to_string_pretty(&value).unwrap(), Value::Object(turned));
        let split = value.to_string().replace(",\"", "\n,\"").replace(":\"", "\n:\"");
        let all = [value.to_string(), pretty, turned.to_string(), format!("{turned:#}"), split];
        all.into_iter().chain([format!("[{value}]"), format!("{value}\n{{\"value\": []}}")])
    };
    let seen = |text: &str| {
        let said = desk.log("log", text.as_bytes()).json();
        let log = &said["apps"][0]["log"];
        let remarks: Vec<String> =
            log["remarks"].as_array().unwrap().iter().map(|r| r["what"].to_string()).collect();
        (log["calls"].clone(), log["records"].clone(), said["apps"][0]["needed"].clone(), remarks)
    };
    let unknown = r#"{"next":1}"#;
    for (text, calls, records, needed) in [
        // A page may have several lists; what is of no known format in them is counted.
        (
            format!(
                r#"{{"value":[{GITHUB}],"x":1,"records":[{unknown},{JIRA}],"Records":[],"events":[{UNIFIED}]}}"#
            ),
            3,
            4,
            vec!["desk.card.get", "exchange.mail.read", "jira.workflows.update"],
        ),
        (format!(r#"{{"value":[],"records":[{GITHUB}]}}"#), 1, 1, vec!["desk.card.get"]),
        (
            format!(r#"{{"id":"page","kind":"events","items":[{{"AuditData":{UNIFIED}}}]}}"#),
            1,
            1,
            vec!["exchange.mail.read"],
        ),
        // A record may have a list under such a name, too.
        (GOOGLE.to_owned(), 1, 1, vec!["google.drive.files.list"]),
        (GITHUB.replacen('{', r#"{"events":["push"],"data":[{"x":1}],"#, 1), 1, 1, vec!["desk.card.get"]),
        (
            GITHUB.replacen('{', &format!(r#"{{"records":[{JIRA}],"#), 1),
            2,
            2,
            vec!["desk.card.get", "jira.workflows.update"],
        ),
    ] {
        for way in ways(&text) {
            let (got_calls, got_records, got_needed, remarks) = seen(&way);
            assert_eq!((got_calls, got_records), (calls.into(), records.into()), "{way}");
            assert_eq!(got_needed, serde_json::json!(needed), "{way}");
            assert_eq!(remarks.len(), usize::from(text.contains(unknown)), "{remarks:?}: {way}");
        }
    }
    for twice in [
        format!("{{\"records\":[{GITHUB}],\n\"records\":[{JIRA}]}}"),
        format!("{{\"data\":{{\"a\":1,\n\"a\":2}},\"records\":[{JIRA}]}}"),
    ] {
        let said = desk.log("log", twice.as_bytes());
        assert!(said.err.contains("stands twice in one object"), "{}", said.err);
    }
}

/// A first line that was cut is a line, and no document.
/// Whatever a list is called: where an element is a record, all of it counts.
#[test]
fn a_list_of_another_name_is_read_too() {
    let desk = Desk::new();
    for (document, calls, unknown) in [
        (format!("{{\"Records\":[{GITHUB}],\"logs\":[{UNIFIED}]}}"), 2, 0),
        (format!("{{\"logs\":[{UNIFIED}],\"Records\":[{GITHUB}]}}"), 2, 0),
        (format!("{{\"logs\":[{UNIFIED},{GITHUB}],\"names\":[\"a\",7]}}"), 2, 0),
        (format!("{{\"Records\":[{GITHUB}],\"logs\":[{{\"hello\":1}}]}}"), 1, 1),
    ] {
        let pretty =
            serde_json::to_string_pretty(&serde_json::from_str::<Value>(&document).unwrap()).unwrap();
        for text in [document.as_str(), &pretty] {
            let said = desk.log("log", text.as_bytes()).json();
            let log = &said["apps"][0]["log"];
            let remarks = log["remarks"].as_array().unwrap();
            assert_eq!(log["calls"], calls, "{text}: {log:#}");
            assert_eq!(remarks.iter().filter(|r| r["kind"] == "unknown").count(), unknown, "{text}: {log:#}");
        }
    }
}

#[test]
fn a_first_line_that_was_cut_is_counted() {
    let desk = Desk::new();
    let cut = &GITHUB[..GITHUB.len() - 1];
    let said = desk.log("log", format!("{cut}\n\n{GITHUB}\n{{\n").as_bytes()).json();
    let log = &said["apps"][0]["log"];
    assert_eq!((&log["calls"], &log["records"]), (&1.into(), &3.into()), "{log:#}");
    let first: Vec<&Value> = log["remarks"].as_array().unwrap().iter().map(|r| &r["first"]).collect();
    assert_eq!(first, ["log:1"], "{log:#}");
}

/// A field as exports write it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[test]
fn an_export_of_the_unified_log_says_what_its_records_say() {
    let desk = Desk::new();
    let sent = UNIFIED.replace("MailItemsAccessed", "Send");
    let wanted = desk.log("log", format!("\n{UNIFIED}\n{sent}\n").as_bytes()).json();
    assert_eq!(wanted["apps"][0]["needed"], serde_json::json!(["exchange.mail.read", "exchange.mail.send"]));
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(UNIFIED).unwrap()).unwrap();
    let (first, second) = (quoted(UNIFIED), quoted(&sent));
    for (what, text) in [
        (
            "as the portal writes it",
            format!("\u{feff}RecordId,AuditData,Names\r\nx,{first},\r\ny,{second},\"a,b\"\r\n"),
        ),
        (
            "an older one",
            format!(
                "CreationDate,UserIds,Operations,AuditData\n2026,ann,x,{first}\n2026,\"ann,bob\",y,{second}"
            ),
        ),
        (
            "as PowerShell writes it",
            format!(
                "#TYPE Deserialized.Audit\r\n\"RunspaceId\",\"AuditData\"\r\n\"1\",{first}\r\n\"2\",{second}\r\n"
            ),
        ),
        ("with semicolons", format!("a;AuditData\n1;{first}\n2;{second}\n")),
        ("with tabs", format!("a\tAuditData\n1\t{first}\n2\t{second}\n")),
        (
            "over many lines",
            format!("a,AuditData\r\n1,{}\r\n2,{second}\r\n", quoted(&pretty.replace('\n', "\r\n"))),
        ),
    ] {
        for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
            let mut said = desk.log("log", &bytes).json();
            assert_eq!(said["apps"][0]["log"]["records"], 2, "{what}");
            said["apps"][0]["log"] = wanted["apps"][0]["log"].clone();
            assert_eq!(said, wanted, "{what}");
        }
    }
}

#[test]
fn a_broken_row_is_counted_and_a_quote_without_end_ends_the_reading() {
    let desk = Desk::new();
    let good = quoted(UNIFIED);
    let cut = quoted(&UNIFIED[..UNIFIED.len() - 9]);
    let long = quoted(&format!("{{\"text\":\"{}\n\"}}", "x".repeat(17 << 20)));
    for (row, told, lines) in [
        (format!("1,{cut}"), "AuditData is not JSON: EOF while parsing", 1),
        ("1,".to_owned(), "AuditData is not JSON: EOF while parsing", 1),
        (format!("1,2,{good}"), "a row of 3 where the head has 2", 1),
        (format!("1,{good}x"), "a row with text behind a closing quote", 1),
        (format!("1,{long}"), "a record of more than 16 MiB", 2),
    ] {
        let text = format!("a,AuditData\n0,{good}\n{row}\n2,{good}\n3,nothing\n");
        let said = desk.log("log", text.as_bytes()).json();
        let log = &said["apps"][0]["log"];
        assert_eq!((&log["calls"], &log["records"]), (&2.into(), &4.into()), "{told}");
        let remarks = log["remarks"].as_array().unwrap();
        let of = |what: &str| remarks.iter().find(|r| r["what"].as_str().unwrap().starts_with(what)).cloned();
        assert_eq!(of(told).unwrap_or_else(|| panic!("{told}: {remarks:?}"))["first"], "log:3");
        let last = format!("log:{}", 4 + lines);
        assert_eq!(of("AuditData is not JSON: expected").unwrap()["first"], last, "{told}");
    }
    let said = desk.log("log", format!("a,AuditData\n0,{good}\n1,\"{{\n2,x\n").as_bytes());
    assert_eq!(said.exit, Exit::Failed);
    assert!(said.err.contains("a quote of the row that begins in line 3 is not closed"), "{}", said.err);
    let said = desk.log("log", b"a,b\n1,2\n");
    assert!(said.err.contains("none of 2 records is of a format that is known"), "{}", said.err);
}

#[test]
fn paths_are_taken_as_platforms_take_them() {
    let desk = Desk::new();
    for (path, needed, remark) in [
        ("/v1.0/cards/7", "desk.card.get", None),
        ("/V1.0/Cards/7/", "desk.card.get", None),
        ("//v1.0//cards/7", "desk.card.get", None),
        ("/v1.0/cards/a%20b%2Fc?$select=id#x", "desk.card.get", None),
        ("/v1.0/me", "desk.me.get", None),
        ("/beta/cards/7", "desk.card.get", Some("near")),
        ("/beta//cards/7", "desk.card.get", Some("near")),
        ("/v1.0/cards/7/$value", "desk.card.get", Some("near")),
        ("/v1.0/hooks", "", Some("unmatched")),
        ("/v1.0/cards/7/8", "", Some("unmatched")),
    ] {
        let record = activity("key-a", "get", path, 200, "2026-07-01T08:00:00Z", "\"ann\"");
        let said = desk.log("log", record.as_bytes()).json();
        let names: Vec<&str> =
            said["apps"][0]["needed"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(names.join(" "), needed, "{path}");
        assert_eq!(said["apps"][0]["log"]["remarks"][0]["kind"].as_str(), remark, "{path}");
    }
}

/// This catalog's paths keep case, so that `Mine` may be an issue's name; and the log may be of a server that does not.
#[test]
fn where_letters_decide_which_operation_it_was_all_of_them_count() {
    let desk = Desk::new();
    for (path, needed) in [
        ("/v1.0/issues/mine", &["desk.issue.mine"][..]),
        ("/v1.0/issues/7", &["desk.issue.get"][..]),
        ("/v1.0/Issues/mine", &["desk.issue.mine"][..]),
        ("/v1.0/issues/Mine", &["desk.issue.get", "desk.issue.mine"][..]),
    ] {
        let record = activity("key-a", "GET", path, 200, "2026-07-01T08:00:00Z", "\"ann\"");
        let said = desk.log("log", record.as_bytes()).json();
        let mut names: Vec<&str> =
            said["apps"][0]["needed"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, needed, "{path}");
        assert_eq!(said["apps"][0]["log"]["remarks"], serde_json::json!([]), "{path}");
        let one_of = &said["apps"][0]["log"]["one_of"]["GET /v1.0/issues/Mine"]["calls"]["total"];
        assert_eq!(one_of.as_u64(), (needed.len() > 1).then_some(1), "{path}");
    }
}

/// What a mailbox keeps is told by its folder only, whose name is in its owner's language: a record may be of any kind.
#[test]
fn a_change_in_a_mailbox_may_be_of_mail_a_meeting_a_contact_or_a_task() {
    let desk = Desk::new();
    let app = "use microsoft.graph\n\napp a {\n  key \"key-a\"\n  platform microsoft.graph.application\n  \
        requests Mail.ReadWrite, Mail.Send, Calendars.ReadWrite, Contacts.ReadWrite, Tasks.ReadWrite.All\n}\n";
    fs::write(desk.path().join("policy.sprag"), app).unwrap();
    assert_eq!(sprag(desk.path(), &["lock"]).exit, Exit::Clean);
    let changes = [
        "graph.users.messages.patch",
        "graph.users.events.patch",
        "graph.users.contacts.patch",
        "graph.users.todo.lists.tasks.patch",
    ];
    let deletions = [
        "graph.users.messages.delete",
        "graph.users.events.delete",
        "graph.users.contacts.delete",
        "graph.users.todo.lists.tasks.delete",
    ];
    let gone = ["graph.users.messages.permanentDelete", "graph.users.events.permanentDelete"];
    for (operation, expected) in [
        ("Create", &changes[..]),
        ("Update", &changes[..]),
        ("Move", &changes[..]),
        ("MoveToDeletedItems", &deletions[..]),
        ("SoftDelete", &deletions[..]),
        ("HardDelete", &deletions[..]),
        ("HardDelete", &gone[..]),
        ("Send", &["graph.users.sendmail", "graph.users.messages.reply", "graph.users.events.create"][..]),
    ] {
        let record = UNIFIED.replace("MailItemsAccessed", operation);
        let said = desk.log("log", record.as_bytes()).json();
        let needed: Vec<&str> =
            said["apps"][0]["needed"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for name in expected {
            assert!(needed.contains(name), "{operation}: {name} is missing among {needed:?}");
        }
        let other =
            |name: &&&str| name.contains(".drive.") || name.contains(".chats.") || name.ends_with(".get");
        assert_eq!(needed.iter().find(other), None, "{operation}");
    }
}

#[test]
fn items_of_mailboxes_are_exported_and_deleted_by_their_own_scopes_too() {
    let desk = Desk::new();
    let log = |requests: &str, operation: &str, format: &str| {
        let app = format!(
            "use microsoft.graph\n\napp a {{\n  key \"key-a\"\n  platform microsoft.graph.application\n  \
             requests {requests}\n}}\n"
        );
        fs::write(desk.path().join("policy.sprag"), app).unwrap();
        assert_eq!(sprag(desk.path(), &["lock"]).exit, Exit::Clean);
        fs::write(desk.path().join("log"), UNIFIED.replace("MailItemsAccessed", operation)).unwrap();
        sprag(desk.path(), &["argue", "a", "--log", "log", "--format", format])
    };
    let mailboxes = "graph.admin.exchange.mailboxes";
    for (operation, scope, needed) in [
        ("MailItemsAccessed", "MailboxItem.Read.All", "folders.items.get"),
        ("MailItemsAccessed", "MailboxItem.Export.All", "exportItems"),
        ("HardDelete", "MailboxItem.ReadWrite.All", "folders.items.delete"),
        ("Create", "MailboxItem.ImportExport.All", "createImportSession"),
    ] {
        let said = log(scope, operation, "json").json();
        let all = said["apps"][0]["needed"].as_array().unwrap();
        assert!(all.contains(&Value::from(format!("{mailboxes}.{needed}"))), "{operation}: {all:?}");
    }
    // What went through, and by none of the app's scopes, is told before anything is taken away.
    let doubt = "entries that may be operations of which its scopes open none: 1";
    assert!(log("MailboxItem.Read.All", "HardDelete", "markdown").text().contains(doubt));
    assert!(!log("MailboxItem.ReadWrite.All", "HardDelete", "markdown").text().contains(doubt));
}

#[test]
fn what_is_refused_is_not_needed_and_what_is_unknown_is_counted() {
    let desk = Desk::new();
    let at = "2026-07-01T08:00:00Z";
    let lines = [
        activity("key-a", "POST", "/v1.0/hooks", 403, at, "null"),
        activity("key-a", "GET", "/v1.0/cards/1", 403, at, "null"),
        activity("key-a", "GET", "/v1.0/cards/1", 404, at, "null"),
        activity("key-a", "GET", "/v1.0/reports/17", 200, at, "null"),
        activity("key-a", "GET", "/v1.0/reports/18", 200, at, "null"),
        activity("key-b", "PUT", "/v1.0/cards/1", 200, at, "null"),
        "{\"hello\": 1}".to_owned(),
        "{\"broken\": ".to_owned(),
        "[1]".to_owned(),
        "\"text\"".to_owned(),
        format!("{}1{}", "[".repeat(500), "]".repeat(500)),
        "{\"action\":\"repo.create\",\"created_at\":1,\"actor\":\"key-a\"}".to_owned(),
        "{\"action\":1,\"action\":2}".to_owned(),
    ];
    let said = desk.log("log", lines.join("\n").as_bytes()).json();
    let app = &said["apps"][0];
    assert_eq!(app["needed"], serde_json::json!(["desk.card.get"]), "{app:#}");
    assert_eq!(app["log"]["records"], lines.len());
    assert_eq!(app["log"]["operations"]["desk.hook.create"]["refused"], 1);
    let remarks: Vec<String> = app["log"]["remarks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            format!(
                "{} {} {} {}",
                r["kind"].as_str().unwrap(),
                r["what"].as_str().unwrap(),
                r["times"],
                r["first"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        remarks,
        [
            "unmatched GET /v1.0/reports/{} 2 log:4",
            "elsewhere graph-activity of another app or person 1 log:6",
            "unknown no object 2 log:9",
            "unknown record with members hello 1 log:7",
            "unknown repo.create 1 log:12",
            "unreadable EOF while parsing a value 1 log:8",
            "unreadable member `action` stands twice in one object 1 log:13",
            "unreadable recursion limit exceeded 1 log:11",
        ]
    );
    let page = sprag(desk.path(), &["argue", "a", "--log", "log"]);
    assert!(page.text().contains("Before anything is taken away"), "{}", page.text());
    assert!(page.text().contains("always refused"), "{}", page.text());
}

#[test]
fn set_up_is_what_a_log_shows_and_no_more() {
    let desk = Desk::new();
    let early = activity("key-a", "POST", "/v1.0/hooks", 201, "2026-06-03T08:00:00Z", "null");
    let late = activity("key-a", "GET", "/v1.0/cards/1", 200, "2026-06-20T08:00:00Z", "null");
    let before = activity("key-b", "GET", "/v1.0/cards/1", 200, "2026-06-01T08:00:00Z", "null");
    let soon = activity("key-b", "GET", "/v1.0/cards/1", 200, "2026-06-05T08:00:00Z", "null");
    let again = activity("key-a", "POST", "/v1.0/hooks", 201, "2026-06-19T08:00:00Z", "null");
    let write = |lines: &[&str]| fs::write(desk.path().join("log"), lines.join("\n")).unwrap();
    let verdict = |args: &[&str]| {
        let args: Vec<&str> = ["--log", "log"].iter().chain(args).copied().collect();
        let said = desk.argue(&args).json();
        said["apps"][0]["scopes"][0]["verdict"].as_str().unwrap().to_owned()
    };
    write(&[&before, &early, &late]);
    assert_eq!(verdict(&[]), "setup", "a quiet day comes first, and weeks follow");
    assert_eq!(verdict(&["--setup", "18d"]), "needed", "then the log ends too soon");
    write(&[&early, &late]);
    assert_eq!(verdict(&[]), "needed", "it may have been at work for long");
    assert_eq!(verdict(&["--installed", "2026-06-03T00:00:00Z"]), "setup");
    assert_eq!(verdict(&["--installed", "2026-05-03T00:00:00Z"]), "needed");
    write(&[&before, &early, &soon]);
    assert_eq!(verdict(&[]), "needed", "two days are no week");
    write(&[&before, &early, &again, &late]);
    assert_eq!(verdict(&[]), "needed", "it was called again");
    let undated = activity("key-a", "POST", "/v1.0/hooks", 201, "some day", "null");
    write(&[&before, &early, &undated, &late]);
    assert_eq!(verdict(&[]), "needed", "nobody knows when it was called again");
}

/// That a log of another platform goes on says nothing of what the app calls: its own has to.
#[test]
fn set_up_is_seen_only_in_logs_in_which_the_app_calls() {
    let desk = Desk::new();
    let github =
        |time: &str| GITHUB.replace("KEY-A", "other").replace("1741611465102", &format!("\"{time}\""));
    let early = activity("key-a", "POST", "/v1.0/hooks", 201, "2026-06-03T08:00:00Z", "null");
    let hour = activity("key-a", "GET", "/v1.0/cards/1", 200, "2026-06-03T09:00:00Z", "null");
    let late = activity("key-b", "GET", "/v1.0/cards/1", 200, "2026-06-20T08:00:00Z", "null");
    let before = activity("key-b", "GET", "/v1.0/cards/1", 200, "2026-06-01T08:00:00Z", "null");
    let year = [github("2026-01-01T08:00:00Z"), github("2027-01-01T08:00:00Z")].join("\n");
    fs::write(desk.path().join("other"), year).unwrap();
    let verdict = |lines: &[&str], args: &[&str]| {
        fs::write(desk.path().join("log"), lines.join("\n")).unwrap();
        let args: Vec<&str> = ["--log", "log", "other"].iter().chain(args).copied().collect();
        let said = desk.argue(&args).json();
        let log = &said["apps"][0]["log"];
        assert_eq!((&log["from"], &log["until"]), (&1_767_254_400.into(), &1_798_790_400.into()));
        said["apps"][0]["scopes"][0]["verdict"].as_str().unwrap().to_owned()
    };
    let installed = ["--installed", "2026-06-03T00:00:00Z"];
    assert_eq!(verdict(&[&early, &hour], &installed), "needed", "its own log ends after an hour");
    assert_eq!(verdict(&[&early, &hour, &late], &installed), "setup", "its own log goes on");
    assert_eq!(verdict(&[&early, &hour, &late], &[]), "needed", "its own log begins with it");
    assert_eq!(verdict(&[&before, &early, &hour, &late], &[]), "setup");
    fs::write(desk.path().join("log"), [early, hour].join("\n")).unwrap();
    let page =
        sprag(desk.path(), &["argue", "a", "--log", "log", "other", "--installed", installed[1]]).text();
    assert!(
        page.contains(
            "they end less than a week after set-up; those in which it calls are from 2026-06-03 08:00 to 2026-06-03 09:00 UTC"
        ),
        "{page}"
    );
}

/// What an export leaves out says nothing: a call without a word of a user may be for one.
#[test]
fn who_is_not_named_may_be_somebody() {
    let desk = Desk::new();
    let record = activity("key-a", "GET", "/v1.0/cards/1", 200, "2026-07-01T08:00:00Z", "null");
    for (record, person, alone) in [
        (record.replace(",\"userId\":null,\"roles\":\"READ\"", ""), 0, 0),
        (record.replace("roles", "scopes"), 1, 0),
        (record.clone(), 0, 1),
    ] {
        let said = desk.log("log", record.as_bytes()).json();
        let calls = &said["apps"][0]["log"]["operations"]["desk.card.get"];
        assert_eq!((&calls["person"], &calls["alone"]), (&person.into(), &alone.into()), "{record}");
    }
}

#[test]
fn a_log_that_cannot_be_read_to_its_end_says_nothing() {
    let desk = Desk::new();
    let many = vec![GITHUB; 400].join("\n");
    let whole = gzip(many.as_bytes());
    let mut turned = whole.clone();
    let middle = turned.len() / 2;
    turned[middle] ^= 0xff;
    let list = format!("[{}]", [GITHUB; 3].join(",\n"));
    for (what, bytes, told) in [
        ("cut gzip", whole[..whole.len() - 12].to_vec(), "log:"),
        ("turned gzip", turned, "log:"),
        ("gzip of nothing", b"\x1f\x8b".to_vec(), "log:1: the log cannot be read further"),
        (
            "gzip with something behind",
            [whole.clone(), b"more".to_vec()].concat(),
            "the log cannot be read further",
        ),
        ("cut list", list.as_bytes()[..list.len() - 1].to_vec(), "log:3: not JSON as expected: EOF"),
        (
            "list with a broken record",
            list.replacen("},\n", "}},\n", 1).into_bytes(),
            "log:1: not JSON as expected",
        ),
        (
            "something behind the list",
            format!("{list}\n1").into_bytes(),
            "log:4: not JSON as expected: trailing",
        ),
        (
            "deep list",
            format!("[{}", "[".repeat(100_000)).into_bytes(),
            "log:1: not JSON as expected: recursion",
        ),
        (
            "a member twice in a list",
            b"[\n{\"a\":1,\n\"a\":2}]".to_vec(),
            "log:3: not JSON as expected: member `a`",
        ),
        (
            "no log",
            b"hello\nworld\n".to_vec(),
            "none of 2 records is of a format that is known; log:1: expected value",
        ),
        ("nothing", Vec::new(), "none of 0 records is of a format that is known"),
        (
            "numbers",
            b"[1,2]".to_vec(),
            "none of 2 records is of a format that is known; log: record 1: no object",
        ),
    ] {
        let said = desk.log("log", &bytes);
        assert_eq!(said.exit, Exit::Failed, "{what}: {}", said.text());
        assert!(said.err.contains(told), "{what}: {}", said.err);
        assert!(said.out.is_empty(), "{what}");
    }
    let said = desk.argue(&["--log", "missing.jsonl"]);
    assert!(said.err.contains("cannot read missing.jsonl: there is no such file"), "{}", said.err);
    let said = desk.argue(&["--log", "."]);
    assert!(said.err.contains("it is a folder"), "{}", said.err);
}

#[test]
fn a_record_without_end_is_cut_and_counted() {
    let desk = Desk::new();
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(17 << 20));
    let said = desk.log("log", format!("{GITHUB}\n{long}\n{GITHUB}\n").as_bytes()).json();
    let remark = &said["apps"][0]["log"]["remarks"][0];
    assert_eq!(remark["what"], "a record of more than 16 MiB");
    assert_eq!((&remark["first"], &said["apps"][0]["log"]["calls"]), (&"log:2".into(), &2.into()));
    let said = desk.log("log", format!("[{GITHUB},\n{long}]").as_bytes());
    assert!(said.err.contains("log:2: a record of more than 16 MiB"), "{}", said.err);
}

#[test]
fn an_app_that_the_log_calls_otherwise_is_asked_for() {
    let desk = Desk::new();
    let other = activity("other-name", "GET", "/v1.0/cards/1", 200, "2026-06-03T08:00:00Z", "null");
    let said = desk.log("log", other.as_bytes());
    assert!(
        said.err.contains("the logs show no call by `key-a`") && said.err.contains("`other-name` (1)"),
        "{}",
        said.err
    );
    let said = desk.argue(&["--log", "log", "--as", "Other-Name"]);
    assert_eq!(said.json()["apps"][0]["needed"], serde_json::json!(["desk.card.get"]));
}

/// From a log that shows nothing of the app, nothing follows: the page says so first, and gives no verdict.
#[test]
fn a_log_without_calls_of_the_app_gives_no_verdict() {
    let desk = Desk::new();
    let other = activity("other-name", "GET", "/v1.0/cards/1", 200, "2026-06-03T08:00:00Z", "null");
    let elsewhere = GITHUB.replace("/v1.0/cards/{card}", "/repos/{owner}/{repo}/issues");
    for (record, first) in [
        (other.as_str(), "The logs show no call of `key-a`. They name `other-name` (1); `--as NAME` says"),
        (
            GOOGLE.replace("key-a", "app-b").as_str(),
            "The logs show no call of `key-a`. They name `app-b` (2)",
        ),
        (
            elsewhere.as_str(),
            "The logs show 1 call of `key-a`, and none is an operation of the catalogs in use",
        ),
        (
            activity("key-a", "GET", "/v1.0/cards/1", 403, "2026-06-03T08:00:00Z", "null").as_str(),
            "The logs show 1 call of `key-a`, and none that is an operation of the catalogs in use went through.",
        ),
    ] {
        let said = desk.log("log", record.as_bytes()).json();
        let app = &said["apps"][0];
        for scope in app["scopes"].as_array().unwrap() {
            assert_eq!((&scope["verdict"], &scope["why"]), (&Value::Null, &Value::Null), "{scope:#}");
        }
        for key in ["needed", "missing", "kept", "smallest", "setup"] {
            assert_eq!(app[key], Value::Null, "{key}");
        }
        assert_eq!(app["log"]["silent"], true);
        for form in ["markdown", "html"] {
            let page = sprag(desk.path(), &["argue", "a", "--log", "log", "--format", form]).text();
            for word in ["ot needed", "breaks", "nobody needs", "Smallest grant"] {
                assert!(!page.contains(word), "{word}: {page}");
            }
            if form == "markdown" {
                let text = page.lines().nth(2).unwrap();
                assert!(text.starts_with(first), "{text}");
                assert!(text.ends_with("So they say of no scope whether it is needed."), "{text}");
            } else {
                assert!(page.contains("So they say of no scope whether it is needed."), "{page}");
            }
        }
    }
    let said = desk.log("log", GITHUB.as_bytes()).json();
    assert_eq!(
        (&said["apps"][0]["log"]["silent"], &said["apps"][0]["log"]["others"]),
        (&false.into(), &serde_json::json!({}))
    );
}

/// A log of GitHub says nothing of what an app needs of Microsoft: scopes of a platform without a call have no verdict.
#[test]
fn a_log_of_one_platform_gives_no_verdict_on_scopes_of_another() {
    let desk = Desk::new();
    let app = "use github\nuse microsoft.graph\n\napp a {\n  key \"key-a\"\n  \
               platform github.app, microsoft.graph.application\n  requests metadata:read, issues:write, Mail.Read\n}\n";
    fs::write(desk.path().join("policy.sprag"), app).unwrap();
    assert_eq!(sprag(desk.path(), &["lock"]).exit, Exit::Clean);
    let verdicts = |said: &Value| -> BTreeMap<String, Value> {
        let scopes = said["apps"][0]["scopes"].as_array().unwrap().iter();
        scopes.map(|s| (s["scope"].as_str().unwrap().to_owned(), s["verdict"].clone())).collect()
    };
    let github = GITHUB.replace("/v1.0/cards/{card}", "/repos/{owner}/{repo}");
    let graph = activity("key-a", "GET", "/v1.0/users/7/messages", 200, "2026-06-03T08:00:00Z", "null");

    let said = desk.log("log", github.as_bytes()).json();
    let of_github = verdicts(&said);
    assert_eq!(of_github["Mail.Read"], Value::Null);
    assert_eq!(
        (&of_github["metadata:read"], &of_github["issues:write"]),
        (&"needed".into(), &"not-needed".into())
    );
    assert_eq!(
        (&said["apps"][0]["smallest"], &said["apps"][0]["log"]["silent"]),
        (&Value::Null, &false.into())
    );
    assert!(said["apps"][0]["kept"].as_array().unwrap().contains(&"Mail.Read".into()), "{said:#}");
    let page = sprag(desk.path(), &["argue", "a", "--log", "log"]).text();
    assert!(page.contains("| `Mail.Read` | not known |") && page.contains("## Not known"), "{page}");
    assert!(page.contains("no call of its platform that went through"), "{page}");

    let said = desk.log("log", format!("{github}\n{graph}").as_bytes()).json();
    assert_eq!(verdicts(&said)["Mail.Read"], "replaceable", "{said:#}");
    assert_ne!(said["apps"][0]["smallest"], Value::Null);
}

/// What the table does not count stands beside it.
#[test]
fn unmatched_calls_are_told_beside_the_table() {
    let desk = Desk::new();
    let gone = GITHUB.replace("/v1.0/cards/{card}", "/gone");
    fs::write(desk.path().join("log"), [GITHUB, &gone, &gone].join("\n")).unwrap();
    for form in ["markdown", "html"] {
        let page = sprag(desk.path(), &["argue", "a", "--log", "log", "--format", form]).text();
        let told = page.find("Not counted in this table: 2 calls of the app").unwrap();
        let table = page.find("breaks without it").unwrap();
        assert!(told < table && table - told < 800, "{page}");
    }
    fs::write(desk.path().join("log"), GITHUB).unwrap();
    let page = sprag(desk.path(), &["argue", "a", "--log", "log"]).text();
    assert!(!page.contains("Not counted in this table"), "{page}");
}

/// A package with a catalog that comes with the program, and one app that asks for a scope.
fn shipped(catalog: &str, app: &str) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("sprag.toml", "[package]\nname = \"desk\"\nversion = \"0.1.0\"\nlanguage = \"0.1\"\n");
    write("policy.sprag", &format!("use {catalog}\n\napp a {{\n{app}\n}}\n"));
    let locked = sprag(folder.path(), &["lock"]);
    assert_eq!(locked.exit, Exit::Clean, "{}", locked.err);
    Desk(folder)
}

/// The method and path of each operation that is needed.
fn needed(said: &Said) -> Vec<String> {
    let json = said.json();
    let names = json["apps"][0]["needed"].as_array().unwrap().iter().filter_map(Value::as_str);
    let page = fs::read_to_string(root().join("policies/catalogs/github.sprag")).unwrap()
        + &fs::read_to_string(root().join("policies/catalogs/microsoft/graph.sprag")).unwrap();
    names
        .map(|name| {
            let (_, rest) = page.split_once(&format!("operation {name} {{")).unwrap();
            let (_, http) = rest.split_once("http ").unwrap();
            http.lines().next().unwrap().replace('"', "")
        })
        .collect()
}

/// The account of a GitHub App is `KEY[bot]`; and routes may be GitHub's own, by number.
#[test]
fn an_app_of_github_is_found_by_its_account_and_routes_by_number_are_those_by_name() {
    let desk = shipped("github", "  key \"octo\"\n  platform github.app\n  requests issues:write");
    let record = |actor: &str, method: &str, members: &str| {
        format!(
            r#"{{"@timestamp":1741611465102,"action":"api.request","actor":"{actor}","actor_is_bot":true,"request_method":"{method}",{members},"status_code":200}}"#
        )
    };
    let issues = "POST /repos/{owner}/{repo}/issues";
    for members in [
        r#""route":"/repos/:owner/:repo/issues""#,
        r#""route":"/repositories/:repository_id/issues""#,
        r#""route":"/repositories/:repository_id/issues","url_path":"/repositories/7/issues""#,
        r#""route":"/unknown/:id","url_path":"/repos/acme/web/issues""#,
        r#""route":"/unknown/:id","url_path":"/repositories/7/issues""#,
        r#""url_path":"/repositories/7/issues""#,
    ] {
        let said = desk.log("log", record("octo[bot]", "POST", members).as_bytes());
        assert_eq!(needed(&said), [issues], "{members}");
    }
    let said =
        desk.log("log", record("octo-2[bot]", "POST", r#""route":"/repos/:owner/:repo/issues""#).as_bytes());
    assert_eq!(said.json()["apps"][0]["log"]["calls"], 0);
    // A decision knows GitHub's documented paths only.
    fs::write(desk.path().join("calls"), "POST /repositories/7/issues\n").unwrap();
    assert_eq!(desk.argue(&["--calls", "calls"]).exit, Exit::Failed);
    // Only there: another platform's name with that behind it is another app.
    let graph = activity("octo[bot]", "GET", "/v1.0/me", 200, "2026-06-03T08:00:00Z", "null");
    assert_eq!(desk.log("log", graph.as_bytes()).json()["apps"][0]["log"]["calls"], 0);
}

#[test]
fn addresses_of_graph_by_path_are_those_by_identifier() {
    let desk = shipped(
        "microsoft.graph",
        "  key \"key-a\"\n  platform microsoft.graph.application\n  requests Files.ReadWrite.All, Sites.ReadWrite.All",
    );
    for (path, wanted) in [
        ("/v1.0/drives/7/root:/Docs/a.txt:/content", "GET /v1.0/drives/{id}/items/{id}/content"),
        ("/v1.0/drives/7/root:/Docs/a%3Ab.txt:/content?x=1", "GET /v1.0/drives/{id}/items/{id}/content"),
        ("/beta/drives/7/root:/Docs/a.txt:/content", "GET /v1.0/drives/{id}/items/{id}/content"),
        ("/v1.0/drives('7')/items/8:/name.txt:/content", "GET /v1.0/drives/{id}/items/{id}/content"),
        ("/v1.0/me/drive/root:/a/b", "GET /v1.0/me/drive/items/{id}"),
        ("/v1.0/me/drive/root:/a/b:", "GET /v1.0/me/drive/items/{id}"),
        ("/v1.0/sites/acme.example:/sites/x:/lists", "GET /v1.0/sites/{id}/lists"),
        ("/v1.0/sites/acme.example:/sites/x", "GET /v1.0/sites/{id}"),
    ] {
        let record = activity("key-a", "GET", path, 200, "2026-06-03T08:00:00Z", "null");
        let mut found = vec![needed(&desk.log("log", record.as_bytes()))];
        if !path.contains(['?', '(']) && !path.starts_with("/beta") {
            fs::write(desk.path().join("calls"), format!("GET {path}\n")).unwrap();
            found.push(needed(&desk.argue(&["--calls", "calls"])));
        }
        for found in found {
            assert_eq!(found.len(), 1, "{path}: {found:?}");
            let plain = |text: &str| {
                text.to_lowercase()
                    .split('/')
                    .map(|s| if s.starts_with('{') { "{}" } else { s }.to_owned())
                    .collect::<Vec<_>>()
            };
            assert_eq!(plain(&found[0]), plain(wanted), "{path}");
        }
    }
}

/// The shell of Windows writes UTF-16.
#[test]
fn logs_and_lists_may_be_in_utf_16() {
    let desk = Desk::new();
    let text = format!("{GITHUB}\r\n{GOOGLE}\r\n");
    let wanted = desk.log("log", text.as_bytes()).json();
    let encoded = |text: &str, big: bool| -> Vec<u8> {
        let units = format!("\u{feff}{text}");
        units
            .encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    };
    for bytes in [
        encoded(&text, false),
        encoded(&text, true),
        gzip(&encoded(&text, false)),
        format!("\u{feff}{text}").into_bytes(),
    ] {
        assert_eq!(desk.log("log", &bytes).json(), wanted);
    }
    let list = "GET /v1.0/cards/7\r\n# Käse\r\n";
    for bytes in [encoded(list, false), encoded(list, true), format!("\u{feff}{list}").into_bytes()] {
        fs::write(desk.path().join("calls"), bytes).unwrap();
        let said = desk.argue(&["--calls", "calls"]);
        assert_eq!(said.json()["apps"][0]["needed"], serde_json::json!(["desk.card.get"]));
    }
    fs::write(desk.path().join("calls"), b"GET /v1.0/cards/7\n# \xff\n").unwrap();
    let said = desk.argue(&["--calls", "calls"]);
    assert!(said.err.contains("calls:2: the text is not UTF-8"), "{}", said.err);
    let broken = GITHUB.as_bytes().iter().map(|b| if *b == b'o' { 0xff } else { *b }).collect::<Vec<u8>>();
    let said = desk.log("log", &[GITHUB.as_bytes(), b"\n", &broken].concat()).json();
    assert_eq!(said["apps"][0]["log"]["remarks"][0]["kind"], "unreadable", "{said:#}");
}

/// `cargo test --release --test argue -- --ignored --nocapture` with a log of `SPRAG_LOG_MB` (200) compressed
/// megabytes: what a process needs at most is told by Linux.
#[test]
#[ignore = "writes and reads hundreds of megabytes"]
fn a_large_log_is_read_in_little_memory() {
    let megabytes = std::env::var("SPRAG_LOG_MB").ok().and_then(|mb| mb.parse().ok()).unwrap_or(200_u64);
    let desk = Desk::new();
    let path = desk.path().join("large.jsonl.gz");
    let mut out = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::fast());
    let mut random = sprag_test_support::random::Random::new(1);
    let mut records = 0_u64;
    while !records.is_multiple_of(10_000) || fs::metadata(&path).unwrap().len() < megabytes << 20 {
        let app = if random.one_in(50) { "key-a".to_owned() } else { format!("app-{}", random.number()) };
        let card = format!("/v1.0/cards/{:016x}{:016x}", random.number(), random.number());
        let user = format!("\"{:016x}\"", random.number());
        let record = activity(&app, "GET", &card, 200, "2026-06-03T08:00:00Z", &user);
        writeln!(out, "{record}").unwrap();
        records += 1;
    }
    out.finish().unwrap();
    let most = || {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default().to_owned();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default()
    };
    let before = most();
    let said = desk.argue(&["--log", "large.jsonl.gz"]).json();
    let more = most() - before;
    eprintln!("{records} records, {} bytes: {more} kB more", fs::metadata(&path).unwrap().len());
    assert_eq!(said["apps"][0]["log"]["records"], records);
    assert!(more < 64 << 10, "{more} kB");
}

// ---- foreign files

#[test]
fn a_file_of_a_vendor_is_argued_about_without_a_package() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "connect.json",
        r#"{"key":"k","baseUrl":"https://e.example","scopes":["READ","ADMIN"],"modules":{"jiraIssueGlances":[]}}"#,
    );
    write("bare.json", r#"{"key":"k","baseUrl":"https://e.example","scopes":["READ"],"modules":{}}"#);
    write("calls.txt", "GET /rest/api/3/issue/A-1\n");
    write("wrong.txt", "\n# none\nGET /rest/api/3/isue/A-1\n");
    write("text.json", "{\"hello\": 1}");
    write("api.json", r#"{"openapi": "3.0.0", "paths": {"/a": {"get": {}}}}"#);
    write("tools.json", r#"{"tools": [{"name": "a"}]}"#);
    write("google.json", r#"{"kind": "discovery#restDescription"}"#);
    write("graph.json", r#"{"permissions": {"A": {"schemes": {}, "pathSets": []}}}"#);
    let said =
        sprag(folder.path(), &["argue", "connect.json", "--calls", "calls.txt", "--format", "json"]).json();
    let verdicts: Vec<&str> =
        said["apps"][0]["scopes"].as_array().unwrap().iter().filter_map(|s| s["verdict"].as_str()).collect();
    assert!(verdicts.contains(&"not-needed") && verdicts.contains(&"needed"), "{verdicts:?}");
    let said = sprag(folder.path(), &["argue", "bare.json"]);
    assert!(said.err.contains("does not say for which product"), "{}", said.err);
    assert!(
        said.text().contains("`jira.issue.get`") && said.text().contains("`confluence."),
        "both are taken"
    );
    for (args, told) in [
        (&["argue", "connect.json", "--calls", "wrong.txt"][..], "wrong.txt:3: no operation"),
        (&["argue", "text.json"][..], "text.json: is of no known format"),
        (&["argue", "missing.json"][..], "there is no"),
        (
            &["argue", "api.json"][..],
            "api.json: describes what a platform offers and no app; `sprag import openapi` makes a catalog of it",
        ),
        (&["argue", "--table", "."][..], ""),
    ] {
        let said = sprag(folder.path(), args);
        let wanted = if told.is_empty() { Exit::Clean } else { Exit::Failed };
        assert_eq!(said.exit, wanted, "{args:?} {}", said.err);
        assert!(said.err.contains(told), "{args:?}: {}", said.err);
    }
    let table = sprag(folder.path(), &["argue", "--table", "."]).text();
    for (file, format) in
        [("api.json", "openapi"), ("tools.json", "mcp"), ("google.json", "google"), ("graph.json", "graph")]
    {
        let why = format!(
            "describes what a platform offers and no app; 'sprag import {format}' makes a catalog of it"
        );
        let row = table.lines().find(|line| line.contains(file)).unwrap_or_default();
        assert!(row.contains(&why), "{file}: {table}");
    }
}

/// What is asked for and nobody knows is not left out without a word.
#[test]
fn scopes_that_nobody_knows_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = r#"{"key":"k","baseUrl":"https://e.example","scopes":["READ","FLY","WRITE","`SWIM`"],"modules":{"jiraIssueGlances":[]}}"#;
    fs::write(folder.path().join("connect.json"), file).unwrap();
    let said = sprag(folder.path(), &["argue", "connect.json"]);
    let told = "connect.json#/scopes/1: `FLY` is no scope of Atlassian Connect and was not declared";
    assert!(said.err.contains(&format!("warning: {told}; nothing is said of it")), "{}", said.err);
    let page = said.text();
    assert!(page.contains("Its 2 scopes open"), "{page}");
    assert!(page.contains("The file asks for more, of which nothing is said here:"), "{page}");
    assert!(page.contains("- `connect.json#/scopes/1`: 'FLY' is no scope of Atlassian Connect"), "{page}");
    assert!(page.contains("- `connect.json#/scopes/3`: ''SWIM'' is no scope of Atlassian Connect"), "{page}");
    let json = sprag(folder.path(), &["argue", "connect.json", "--format", "json"]).json();
    assert_eq!(json["apps"][0]["unknown"][0], told);
    let table = sprag(folder.path(), &["argue", "--table", "."]).text();
    assert!(table.contains("| `READ`, `WRITE`; 2 not known |"), "{table}");
}

/// What suffices for a call is needed for it, whichever of several the platform's table writes last, and under the
/// names of today.
#[test]
fn what_alone_suffices_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "stopper.json",
        r#"{"name": "stopper", "default_permissions": {"actions": "write", "pages": "read"}}"#,
    );
    write("stopper.calls", "POST /repos/acme/a/actions/runs/7/cancel\n");
    write(
        "poster.json",
        r#"{"display_information": {"name": "poster"}, "oauth_config": {"scopes": {"bot": ["chat:write", "pins:read"]}}}"#,
    );
    write("poster.calls", "POST /api/chat.postMessage\n");
    for (app, wanted, idle) in
        [("stopper", "actions:write", "pages:read"), ("poster", "chat:write", "pins:read")]
    {
        let (file, calls) = (format!("{app}.json"), format!("{app}.calls"));
        let said = sprag(folder.path(), &["argue", &file, "--calls", &calls, "--format", "json"]).json();
        let verdict = |scope: &str| {
            let all = said["apps"][0]["scopes"].as_array().unwrap();
            all.iter().find(|s| s["scope"] == scope).unwrap_or_else(|| panic!("{said:#}"))["verdict"].clone()
        };
        assert_eq!((verdict(wanted), verdict(idle)), ("needed".into(), "not-needed".into()), "{app}");
    }
}

#[test]
fn pages_need_nothing_from_elsewhere() {
    let desk = Desk::new();
    fs::write(
        desk.path().join("log"),
        GITHUB.replace("/v1.0/cards/{card}", "/<script>alert(one)</script>`|x"),
    )
    .unwrap();
    let said = sprag(desk.path(), &["argue", "a", "--log", "log", "--format", "html", "-o", "page.html"]);
    assert_eq!(said.exit, Exit::Clean, "{}", said.err);
    let page = fs::read_to_string(desk.path().join("page.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("lang=\"en\""));
    for outside in ["<script", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("&lt;script&gt;alert(one)"), "{page}");
    for (open, close) in
        [("<details", "</details>"), ("<table>", "</table>"), ("<ul>", "</ul>"), ("<div", "</div>")]
    {
        assert_eq!(page.matches(open).count(), page.matches(close).count(), "{open}");
    }
}

// ---- lists of calls

#[test]
fn a_list_says_for_whom_a_call_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("sprag.toml", "[package]\nname = \"desk\"\nversion = \"0.1.0\"\nlanguage = \"0.1\"\n");
    let catalog = "catalog desk version \"1\"\nkind card\nmodel own\nmodel theirs demands user\nscope own LOOK\n\
                   scope theirs READ\noperation desk.card.get { access read in card http GET \"/cards/{card}\" \
                   requires own LOOK requires theirs READ }\n";
    write("desk.sprag", catalog);
    let app = "app a { key \"a\" platform desk.own, desk.theirs requests LOOK, READ }";
    write("policy.sprag", &format!("use desk\n\n{app}\n"));
    assert_eq!(sprag(folder.path(), &["lock"]).exit, Exit::Clean);
    let argue = |list: &str| {
        write("list", list);
        sprag(folder.path(), &["argue", "a", "--format", "json", "--calls", "list"])
    };
    // While a person is there, the scope that asks for one would do; alone it opens nothing.
    for (list, breaks) in [
        ("GET /cards/{card} as user", 0),
        ("desk.card.get   as user\n", 0),
        ("GET /cards/7 as app", 1),
        ("desk.card.get as app", 1),
        ("desk.card.get as user\ndesk.card.get as app", 1),
        ("GET /cards/7", 1),
    ] {
        let said = argue(list).json();
        let app = &said["apps"][0];
        assert_eq!(app["needed"], serde_json::json!(["desk.card.get"]), "{list}");
        let look = app["scopes"].as_array().unwrap().iter().find(|scope| scope["scope"] == "LOOK").unwrap();
        assert_eq!(look["breaks"].as_array().unwrap().len(), breaks, "{list}: {look:#}");
    }
    let said = argue("desk.card.get\n\nGET /cards/7 as robot\n");
    assert!(
        said.err.contains("list:3: no operation is called or answers to `GET /cards/7 as robot`"),
        "{}",
        said.err
    );
}

/// A descriptor and a manifest, and lists for the first.
fn vendor() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let descriptor = r#"{"key": "k", "baseUrl": "https://k.example", "scopes": ["READ", "WRITE", "ADMIN"], "modules": {"jiraIssueGlances": []}}"#;
    write("vendor/planner.json", descriptor);
    write(
        "vendor/todo.yml",
        "app:\n  id: ari:cloud:ecosystem::app/2e0e64a7-84ce-4f2a-b7f2-8b3d3c7c1b7e\npermissions:\n  scopes: [read:jira-work]\nmodules: {}\n",
    );
    write(
        "all/planner.json.calls",
        "# x\nGET /rest/api/2/issue/{key} as app\nGET /rest/api/latest/issue/{key} as user\nGET /rest/api/3/myself\n",
    );
    write(
        "some/planner.json.calls",
        "GET /rest/api/3/issue/{key}\nGET /rest/thing as app\nGET /rest/thing as user\n",
    );
    write("lacking/todo.yml.calls", "PUT /rest/api/3/issue/{key}\n");
    write("none/planner.json.calls", "# nothing\n");
    folder
}

#[test]
fn a_table_says_what_calls_need_where_they_are_known() {
    let folder = vendor();
    let table = |lists: &str| {
        let args = ["argue", "--table", "vendor", "--calls", lists, "--format", "json"];
        sprag(folder.path(), &args).json()
    };
    let all = table("all");
    let (planner, todo) = (&all["apps"][0], &all["apps"][1]);
    let is = |row: &Value, member: &str, wanted: Value| assert_eq!(row[member], wanted, "{member}: {row:#}");
    is(planner, "calls", 2.into());
    is(planner, "smallest", serde_json::json!(["READ"]));
    is(planner, "surplus", serde_json::json!(["WRITE", "ADMIN"]));
    is(planner, "asks_for_more", true.into());
    assert!(planner["least"].as_u64().unwrap() < planner["opens"].as_u64().unwrap());
    assert_eq!(planner["beyond"].as_u64().unwrap() + 2, planner["opens"].as_u64().unwrap());
    assert!(planner["uncovered"].as_u64().unwrap() > 0);
    for member in ["calls", "outside", "missing", "smallest", "least", "beyond", "asks_for_more"] {
        is(todo, member, Value::Null);
    }
    let totals = |table: &Value, wanted: [u64; 7]| {
        let names = ["apps", "known", "judged", "holding", "more", "idle", "lacking"];
        assert_eq!(
            names.map(|name| table["totals"][name].as_u64().unwrap()),
            wanted,
            "{:#}",
            table["totals"]
        );
    };
    totals(&all, [2, 1, 1, 1, 1, 0, 0]);
    // What is called elsewhere may need anything: then nothing is said of the whole.
    let some = table("some");
    is(&some["apps"][0], "outside", serde_json::json!(["GET /rest/thing"]));
    is(&some["apps"][0], "asks_for_more", Value::Null);
    totals(&some, [2, 1, 0, 0, 0, 0, 0]);
    let lacking = table("lacking");
    is(&lacking["apps"][1], "missing", 1.into());
    is(&lacking["apps"][1], "smallest", serde_json::json!(["write:jira-work"]));
    is(&lacking["apps"][1], "asks_for_more", true.into());
    totals(&lacking, [2, 1, 1, 1, 1, 0, 1]);
    let none = table("none");
    is(&none["apps"][0], "calls", 0.into());
    is(&none["apps"][0], "smallest", serde_json::json!([]));
    totals(&none, [2, 1, 1, 1, 1, 1, 0]);

    // The list of a compressed file is found under both names.
    let inside = fs::read(folder.path().join("vendor/planner.json")).unwrap();
    fs::create_dir(folder.path().join("packed")).unwrap();
    let mut packed = GzEncoder::new(
        fs::File::create(folder.path().join("packed/planner.json.gz")).unwrap(),
        Compression::fast(),
    );
    packed.write_all(&inside).unwrap();
    packed.finish().unwrap();
    let table = |lists: &str| {
        let args = ["argue", "--table", "packed", "--calls", lists, "--format", "json"];
        sprag(folder.path(), &args).json()
    };
    is(&table("all")["apps"][0], "calls", 2.into());
    fs::copy(folder.path().join("none/planner.json.calls"), folder.path().join("all/planner.json.gz.calls"))
        .unwrap();
    is(&table("all")["apps"][0], "calls", 0.into());

    let page = sprag(folder.path(), &["argue", "--table", "vendor", "--calls", "some"]).text();
    assert!(page.contains("| 1 call, 1 to no operation of the catalogs | at least `READ` |"), "{page}");
    assert!(
        page.contains("| `read:jira-work` | 191 | not known | not known | not known | none | not known |"),
        "{page}"
    );
    let said = sprag(folder.path(), &["argue", "vendor/planner.json", "--calls", "some/planner.json.calls"]);
    assert!(said.err.contains("planner.json.calls:2: no operation"), "{}", said.err);
    for (lists, told) in [("missing", "missing is no folder"), ("vendor/todo.yml", "todo.yml is no folder")] {
        let said = sprag(folder.path(), &["argue", "--table", "vendor", "--calls", lists]);
        assert_eq!((said.exit, said.err.contains(told)), (Exit::Failed, true), "{}", said.err);
    }
}

/// Rows of `tests/calls/index.tsv`: file, repository, what became of it.
fn index() -> Vec<[String; 3]> {
    let text = fs::read_to_string(root().join("tests/calls/index.tsv")).unwrap();
    let row = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    text.lines().skip(1).map(row).collect()
}

#[test]
fn the_lists_that_are_shipped_say_where_they_are_from() {
    let folder = root().join("tests/calls");
    let rows = index();
    let read: Vec<&[String; 3]> = rows.iter().filter(|[_, _, status]| status == "read").collect();
    assert!((rows.len(), read.len() >= 40) == (108, true), "{} of {}", read.len(), rows.len());
    let mut lists: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    lists.retain(|name| name.ends_with(".calls"));
    lists.sort();
    let mut wanted: Vec<String> = read.iter().map(|[file, ..]| format!("{file}.calls")).collect();
    wanted.sort();
    assert_eq!(lists, wanted);
    for (page, says) in [("docs/argue.md", "could be had: of"), ("CHANGELOG.md", "The calls of")] {
        let text = fs::read_to_string(root().join(page)).unwrap().replace('\n', " ");
        assert!(text.contains(&format!("{says} {}", read.len())), "{page} does not say {}", read.len());
    }
    let is_commit = |word: &str| word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
    for [file, repository, _] in read {
        let text = fs::read_to_string(folder.join(format!("{file}.calls"))).unwrap();
        assert_eq!(text.lines().next(), Some(&*format!("# {repository}")), "{file}");
        let source = |line: &str| line.starts_with("# ") && line.rsplit(' ').next().is_some_and(is_commit);
        assert!(text.lines().any(source), "{file} names no source");
        let mut known = false;
        for line in text.lines() {
            known |= source(line);
            let call = line.strip_suffix(" as app").or(line.strip_suffix(" as user")).unwrap_or(line);
            let is_call = match call.split_once(' ') {
                Some((method, path)) => {
                    ["GET", "POST", "PUT", "DELETE", "PATCH"].contains(&method)
                        && path.starts_with('/')
                        && !path.contains([' ', '?'])
                }
                None => call.starts_with("forge.event."),
            };
            assert!(line.starts_with("# ") || known && is_call, "{file}: {line}");
        }
    }
}

#[test]
fn the_page_tells_what_the_real_apps_come_to() {
    let Some(data) = data() else { return };
    let folders = ["connect_descriptors", "forge_manifests"].map(|f| data.join(f).display().to_string());
    let args = ["argue", "--table", &folders[0], &folders[1], "--calls", "tests/calls"];
    let said = sprag(&root(), &args);
    assert_eq!(said.exit, Exit::Clean, "{}", said.err);
    let (text, page) = (said.text(), fs::read_to_string(root().join("docs/argue.md")).unwrap());
    let sums: Vec<&str> =
        text.split("\n## ").find_map(|part| part.strip_prefix("In sum")).unwrap().lines().collect();
    let sums: Vec<&&str> = sums.iter().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(sums.len(), 4);
    for sum in sums {
        assert!(page.contains(*sum), "docs/argue.md does not say: {sum}");
    }
    let described: std::collections::BTreeSet<String> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "index.tsv")
        .collect();
    assert_eq!(described, index().into_iter().map(|[file, ..]| file).collect());
}

// ---- real logs

#[test]
fn real_records_are_all_of_a_known_format() {
    let Some(data) = data() else { return };
    let desk = Desk::new();
    for (file, format) in [
        ("github_audit_api_request_sample.jsonl", "github-audit"),
        ("google_workspace_token_sample.jsonl", "google-token"),
        ("jira_cloud_audit_sample.jsonl", "atlassian-audit"),
        ("ms_graph_activity_sample.jsonl", "graph-activity"),
        ("o365_ual_invictus.jsonl.gz", "unified-audit"),
    ] {
        let path = data.join("logs").join(file);
        let said = desk.argue(&["--log", path.to_str().unwrap()]).json();
        let log = &said["apps"][0]["log"];
        assert_eq!(log["formats"][format], log["records"], "{file}");
        let kinds: Vec<&str> =
            log["remarks"].as_array().unwrap().iter().filter_map(|r| r["kind"].as_str()).collect();
        assert!(!kinds.contains(&"unknown") && !kinds.contains(&"unreadable"), "{file}: {kinds:?}");
    }
}

#[test]
fn mail_accesses_of_a_real_log_are_those_counted_otherwise() {
    let Some(data) = data() else { return };
    let desk = Desk::new();
    let log = data.join("logs/o365_ual_invictus.jsonl.gz");
    let table = fs::read_to_string(data.join("facts/o365_use_by_app.tsv")).unwrap();
    let mut compared = 0;
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let (app, operation, count) = (cells[0], cells[1], cells[2]);
        if operation != "MailItemsAccessed" || compared == 3 {
            continue;
        }
        let said = desk.argue(&["--log", log.to_str().unwrap(), "--as", app]).json();
        let calls = &said["apps"][0]["log"]["one_of"]["Exchange MailItemsAccessed"]["calls"]["total"];
        // The table goes by one of the two members that name an app; records of the other come on top.
        assert!(calls.as_u64().unwrap() >= count.parse().unwrap(), "{row}: {calls}");
        compared += 1;
    }
    assert_eq!(compared, 3);
}

/// Where the gathered files lie.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("SPRAG_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let found = folder.join("logs").is_dir();
    if !found {
        eprintln!("no logs in {}: nothing is compared", folder.display());
    }
    found.then_some(folder)
}
