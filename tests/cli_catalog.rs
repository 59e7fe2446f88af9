//! Catalogs that come with the program, and the table of what would come in.
#![expect(clippy::disallowed_methods, reason = "packages are files")]

#[expect(dead_code, reason = "others use the rest of it")]
mod shell;

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use shell::{Said, sprag};
use sprag::cli::Exit;

const PACKAGE: &str = "[package]\nname = \"p\"\nlanguage = \"0.1\"\n";

const POLICY: &str = "\
use atlassian.jira

role everything { any operation }

app sheets {
  key \"sheets\"
  platform atlassian.connect
  requests READ
  user everything
}

permit sheets to read

test \"it reads issues\" {
  sheets to http GET \"/rest/api/3/issue/P-1\"
  expect permit
}
";

#[test]
fn a_catalog_is_there_right_after_installation() {
    let folder = package(POLICY);
    check(folder.path(), &["lock"], "sprag.lock: 3 catalogs\n", "");
    check(folder.path(), &["check", "--deny-warnings"], "package `p`: 1 file, no findings\n", "");
    let tested = run(folder.path(), &["test"]);
    assert_eq!(tested.exit, Exit::Clean, "{}", tested.err);
    // Its operations are in the bundle as those of any other catalog.
    assert_eq!(run(folder.path(), &["build"]).exit, Exit::Clean);
}

#[test]
fn a_misspelt_name_is_answered_with_the_nearest_one() {
    let folder = package("use atlasian.jira\n");
    let said = run(folder.path(), &["check"]);
    assert_eq!(said.exit, Exit::Findings);
    let out = text(&said.out);
    assert!(out.contains("atlassian.jira"), "{out}");
}

#[test]
fn a_packages_own_catalog_wins_and_that_is_said() {
    let folder = package(POLICY);
    check(folder.path(), &["lock"], "sprag.lock: 3 catalogs\n", "");
    check(folder.path(), &["catalog", "add", "atlassian.jira"], "catalogs/atlassian/jira.sprag\n", "");
    // The same text is the same catalog.
    check(folder.path(), &["check"], "package `p`: 2 files, no findings\n", "");
    let own = folder.path().join("catalogs/atlassian/jira.sprag");
    let kept = fs::read_to_string(&own).unwrap();
    fs::write(&own, kept.replacen("version \"2026-07\"", "version \"mine\"", 1)).unwrap();
    assert_eq!(run(folder.path(), &["check"]).exit, Exit::Findings, "the lock has another text");
    let note = "note: catalog `atlassian.jira` is the package's own, version `mine`; the one that comes with sprag has version `2026-07`\n";
    check(folder.path(), &["catalog", "pin", "atlassian.jira"], "sprag.lock: 1 catalog pinned anew\n", "");
    check(folder.path(), &["check"], "package `p`: 2 files, no findings\n", note);
    check(folder.path(), &["lock"], "sprag.lock: 3 catalogs\n", note);
    fails(folder.path(), &["catalog", "add", "atlassian.jira"], "catalog `atlassian.jira` is there already");
    fails(folder.path(), &["catalog", "pin", "github"], "package `p` uses no catalog `github`");
    fails(folder.path(), &["catalog", "add", "githup"], "neither a file nor a catalog");
    check(
        folder.path(),
        &["catalog", "add", "--force", "atlassian.jira"],
        "catalogs/atlassian/jira.sprag\n",
        "",
    );
    assert_eq!(fs::read_to_string(own).unwrap(), kept);
}

#[test]
fn only_what_was_named_is_pinned() {
    let folder = package(POLICY);
    check(folder.path(), &["lock"], "sprag.lock: 3 catalogs\n", "");
    let lock = fs::read_to_string(folder.path().join("sprag.lock")).unwrap();
    for name in ["atlassian", "common"] {
        assert_eq!(run(folder.path(), &["catalog", "add", name]).exit, Exit::Clean);
        let path = folder.path().join(format!("catalogs/{name}.sprag"));
        fs::write(&path, fs::read_to_string(&path).unwrap() + "\n// changed\n").unwrap();
    }
    assert_eq!(run(folder.path(), &["catalog", "pin", "common"]).exit, Exit::Clean);
    let now = fs::read_to_string(folder.path().join("sprag.lock")).unwrap();
    let of = |lock: &str, name: &str| {
        let entry = lock.split("[[catalog]]").find(|e| e.contains(&format!("name = \"{name}\"\n"))).unwrap();
        entry.to_owned()
    };
    assert_eq!(of(&lock, "atlassian"), of(&now, "atlassian"));
    assert_ne!(of(&lock, "common"), of(&now, "common"));
}

#[test]
fn catalogs_are_listed_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(folder.path(), &["catalog", "list", "--output-format", "json"]);
    let list: Value = serde_json::from_slice(&said.out).unwrap();
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.contains(&"microsoft.graph"), "{names:?}");
    let graph = list.as_array().unwrap().iter().find(|c| c["name"] == "microsoft.graph").unwrap();
    assert_eq!((graph["operations"].as_u64(), graph["scopes"].as_u64()), (Some(11_144), Some(1496)));
    let lines = text(&run(folder.path(), &["catalog", "list"]).out);
    assert_eq!(lines.lines().count(), names.len());

    let said = run(folder.path(), &["catalog", "show", "atlassian.jira"]);
    insta::assert_snapshot!(text(&said.out), @r#"
    atlassian.jira 2026-07
    from OpenAPI: The Jira Cloud platform REST API 1001.0.0-SNAPSHOT-532ed230ff9aa83f9c3039b776559e831302b5dd; sha256 de937664ba49f727
    uses atlassian
    6 scopes of model atlassian.classic
    189 scopes of model atlassian.granular
    616 operations: 309 read, 61 write, 28 delete, 218 admin
    "#);
    let said = run(
        folder.path(),
        &["catalog", "show", "atlassian.jira", "jira.webhook.create", "manage:jira-webhook"],
    );
    insta::assert_snapshot!(text(&said.out), @r#"
    operation jira.webhook.create {
      access admin
      in site
      http POST "/rest/api/3/webhook"
      requires atlassian.connect READ
      requires atlassian.classic [manage:jira-webhook, read:jira-work]
      requires atlassian.granular [read:field:jira, read:project:jira, write:webhook:jira]
      marks app-access-rule-exempt, registers-webhooks
    }
    scope atlassian.classic manage:jira-webhook
    // alone it opens 0 operations of 617
    "#);
    fails(folder.path(), &["catalog", "show", "atlassian.jra"], "there is no catalog `atlassian.jra`");
    fails(
        folder.path(),
        &["catalog", "show", "github", "nothing.*"],
        "has no operation or scope `nothing.*`",
    );
}

#[test]
fn versions_of_a_catalog_are_compared() {
    let folder = package(POLICY);
    assert_eq!(run(folder.path(), &["catalog", "add", "slack"]).exit, Exit::Clean);
    let path = folder.path().join("catalogs/slack.sprag");
    let kept = fs::read_to_string(&path).unwrap();
    let begin = kept.find("operation slack.files.list").unwrap();
    let end = begin + kept[begin..].find("\n}\n\n").unwrap() + 4;
    fs::write(&path, format!("{}{}", &kept[..begin], &kept[end..])).unwrap();
    let said = run(folder.path(), &["catalog", "diff", "slack", "catalogs/slack.sprag"]);
    assert!(text(&said.out).contains("- slack.files.list"), "{}{}", text(&said.out), said.err);
}

#[test]
fn a_folder_is_surveyed() {
    let folder = tempfile::tempdir().unwrap();
    let vendor = folder.path().join("vendor");
    fs::create_dir_all(vendor.join("node_modules")).unwrap();
    let write = |name: &str, text: &str| fs::write(vendor.join(name), text).unwrap();
    write(
        "connect.json",
        r#"{"key": "k", "vendor": {"name": "A"}, "scopes": ["read", "write"], "baseUrl": "https://a.example", "name": "K", "modules": {"jiraX": [], "webhooks": [{"event": "jira:issue_created"}]}}"#,
    );
    write(
        "manifest.yml",
        "app: {id: x}\npermissions:\n  scopes: [read:jira-work, read:nothing]\n  external: {images: ['*']}\n",
    );
    assert_eq!(run(folder.path(), &["import", "--check", "vendor"]).exit, Exit::Clean);
    write("hipchat.json", r#"{"key": "k", "capabilities": {}}"#);
    write("notes.txt", "not looked at");
    write("package.json", r#"{"name": "a package"}"#);
    assert_eq!(run(folder.path(), &["import", "--check", "vendor"]).exit, Exit::Findings, "it was refused");
    fs::remove_file(vendor.join("hipchat.json")).unwrap();
    let said = run(folder.path(), &["import", "--check", "vendor"]);
    assert_eq!(said.exit, Exit::Clean, "a folder may hold other files");
    assert!(text(&said.out).contains("vendor/package.json: of no known format\n"), "{}", text(&said.out));
    let said = run(folder.path(), &["import", "--check", "vendor/package.json"]);
    assert_eq!(said.exit, Exit::Findings, "who names a file takes it for one");
    write("broken.yaml", "a: [");
    assert_eq!(
        run(folder.path(), &["import", "--check", "vendor"]).exit,
        Exit::Findings,
        "it cannot be read"
    );
    write("hipchat.json", r#"{"key": "k", "capabilities": {}}"#);
    // What says of itself that it is of a format is none of the other files.
    write("api.yaml", "openapi: 3.0.0\n");
    write("old.yaml", "swagger: '2.0'\npaths: {}\n");
    fs::write(vendor.join("node_modules/x.json"), "{").unwrap();
    let said = run(folder.path(), &["import", "--check", "vendor"]);
    assert_eq!(said.exit, Exit::Findings);
    insta::assert_snapshot!(text(&said.out), @r#"
    vendor/connect.json  connect       1 app, 2 scopes; 4 notes: address 1, event 1, member 1, module 1
    vendor/manifest.yml  forge         1 app, 1 scope; 2 notes: address 1, unknown 1
    vendor/api.yaml: refused: api.yaml#: expected member `paths`
    vendor/broken.yaml: cannot be read: broken.yaml:2:1: not YAML as expected: while parsing a node, did not find expected node content
    vendor/hipchat.json: refused: hipchat.json#/capabilities: a HipChat descriptor (`capabilities`); expected one for Jira or Confluence
    vendor/old.yaml: refused: old.yaml#: expected an OpenAPI 3 document with member `openapi`; an older Swagger document has to be converted first
    vendor/package.json: of no known format

    connect: 2 read, 1 imported, 1 refused; 4 notes: address 1, event 1, member 1, module 1
    forge: 1 read, 1 imported, 0 refused; 2 notes: address 1, unknown 1
    openapi: 2 read, 0 imported, 2 refused; 0 notes
    1 file cannot be read
    1 file of no known format
    "#);
    let said = run(folder.path(), &["import", "--check", "vendor", "--output-format", "json"]);
    let rows: Value = serde_json::from_slice(&said.out).unwrap();
    let outcomes: Vec<&str> =
        rows.as_array().unwrap().iter().map(|r| r["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["refused", "unreadable", "imported", "refused", "imported", "refused", "unknown"]);
    fails(folder.path(), &["import", "--check", "vendor/node_modules/none"], "cannot read");
    // What nobody writes to is not waited for.
    #[cfg(unix)]
    {
        let pipe = vendor.join("pipe.json");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let said = run(folder.path(), &["import", "--check", "vendor"]);
        assert!(
            text(&said.out).contains("vendor/pipe.json: cannot be read: it is no file\n"),
            "{}",
            text(&said.out)
        );
    }
}

/// Files that come in together are no mistakes because they do not come in alone.
#[test]
fn parts_of_a_set_are_told_as_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "api.json",
        r#"{"value": [{"id": "sp1", "appId": "00000003-0000-0000-c000-000000000000", "displayName": "Microsoft Graph",
            "appRoles": [{"id": "810c84a8-4a9e-49e6-bf7d-12d183f40d01", "value": "Mail.Read"}]}]}"#,
    );
    write(
        "client.json",
        r#"{"id": "o1", "appId": "a1", "displayName": "R", "servicePrincipalType": "Application"}"#,
    );
    write(
        "grants.json",
        r#"{"value": [{"principalId": "o1", "resourceId": "sp1", "appRoleId": "810c84a8-4a9e-49e6-bf7d-12d183f40d01"}]}"#,
    );
    write(
        "schema.json",
        r#"{"title": "App Permissions", "properties": {"issues": {"enum": ["read", "write"]}}}"#,
    );
    write("server.json", r#"{"result": {"serverInfo": {"name": "files", "version": "1"}}}"#);
    let said = run(folder.path(), &["import", "entra", "api.json", "client.json", "grants.json"]);
    assert!(text(&said.out).contains("requests Mail.Read"), "{}{}", text(&said.out), said.err);
    let said = run(folder.path(), &["import", "--check", "."]);
    assert_eq!(said.exit, Exit::Clean);
    insta::assert_snapshot!(text(&said.out), @r"
    api.json     entra         part of a set: service principals without grants: they say whose the grants of other files are, and what identifiers of permissions mean; import them together with files that have grants, or with applications
    client.json  entra         part of a set: service principals without grants: they say whose the grants of other files are, and what identifiers of permissions mean; import them together with files that have grants, or with applications
    grants.json  entra         1 app; 2 notes: assumed 1, unknown 1
    schema.json  github        part of a set: the schema of the permissions; import it together with the table of endpoints
    server.json  mcp           part of a set: what a server says of itself; import it together with its answer to `tools/list`

    entra: 3 read, 1 imported, 0 refused, 2 parts of a set; 2 notes: assumed 1, unknown 1
    github: 1 read, 0 imported, 0 refused, 1 part of a set; 0 notes
    mcp: 1 read, 0 imported, 0 refused, 1 part of a set; 0 notes
    ");
    let said =
        run(folder.path(), &["import", "--check", "client.json", "schema.json", "--output-format", "json"]);
    assert_eq!(said.exit, Exit::Clean, "what is named is of a known format");
    let rows: Value = serde_json::from_slice(&said.out).unwrap();
    let told = |row: &Value| (row["format"].clone(), row["outcome"].clone(), row["reason"].is_string());
    let wanted = |format: &str| (format.into(), "part".into(), true);
    assert_eq!(
        rows.as_array().unwrap().iter().map(told).collect::<Vec<_>>(),
        [wanted("entra"), wanted("github")]
    );
    // What has nothing that others could need is none.
    write("client.json", r#"{"appId": "a1", "appRoles": []}"#);
    let said = run(folder.path(), &["import", "--check", "client.json"]);
    assert!(text(&said.out).contains("client.json: refused: "), "{}", text(&said.out));
    assert_eq!(said.exit, Exit::Findings);
}

#[test]
fn documents_in_yaml_and_compressed_ones_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let yaml = "openapi: 3.0.1
info: {title: Desk, version: '7'}
components:
  securitySchemes:
    oauth: {type: oauth2, flows: {authorizationCode: {scopes: {'desk:read': reads, 'desk:write': writes}}}}
paths:
  /queues/{id}:
    get: {operationId: getQueue, security: [oauth: ['desk:read']], responses: {200: {description: one}}}
    put:
      operationId: putQueue
      security:
        - oauth: ['desk:write']
";
    let json = r#"{"openapi": "3.0.1", "info": {"title": "Desk", "version": "7"},
        "components": {"securitySchemes": {"oauth": {"type": "oauth2", "flows": {"authorizationCode":
        {"scopes": {"desk:read": "reads", "desk:write": "writes"}}}}}},
        "paths": {"/queues/{id}": {
        "get": {"operationId": "getQueue", "security": [{"oauth": ["desk:read"]}], "responses": {"200": {}}},
        "put": {"operationId": "putQueue", "security": [{"oauth": ["desk:write"]}]}}}}"#;
    write("desk.yaml", yaml.as_bytes());
    write("desk.json.gz", &gzip(json.as_bytes()));
    write("desk.yml.gz", &gzip(yaml.as_bytes()));
    write("loud.YAML.GZ", &gzip(yaml.as_bytes()));
    write("cut.json.gz", &gzip(json.as_bytes())[..100]);
    write("twice.json.gz", &gzip(&gzip(json.as_bytes())));
    write("not-looked-at.jsonl.gz", &gzip(b"{}"));
    write("not-looked-at.gz", &gzip(b"{}"));
    let said = run(folder.path(), &["import", "--check", "."]);
    insta::assert_snapshot!(text(&said.out), @r"
    desk.json.gz  openapi       2 operations, 2 scopes; 0 notes
    desk.yaml     openapi       2 operations, 2 scopes; 0 notes
    desk.yml.gz   openapi       2 operations, 2 scopes; 0 notes
    loud.YAML.GZ  openapi       2 operations, 2 scopes; 0 notes
    cut.json.gz: cannot be read: incomplete deflate stream
    twice.json.gz: cannot be read: it is compressed twice; run gunzip on it once

    openapi: 4 read, 4 imported, 0 refused; 0 notes
    2 files cannot be read
    ");
    assert_eq!(said.exit, Exit::Findings);

    let made = |file: &str| {
        let said = run(folder.path(), &["import", "openapi", file, "--catalog", "desk", "--version", "7"]);
        assert_eq!(said.exit, Exit::Clean, "{}", said.err);
        let text = text(&said.out);
        let (head, rest) = text.split_once('\n').unwrap();
        (head.to_owned(), rest.to_owned())
    };
    // A version that is a number by mistake, as many are, is no reason to refuse.
    let said = {
        write("number.yaml", yaml.replace("version: '7'", "version: 1.10").as_bytes());
        run(folder.path(), &["import", "openapi", "number.yaml", "--catalog", "desk", "--version", "7"])
    };
    assert!(text(&said.out).contains("OpenAPI: Desk; sha256"), "{}{}", text(&said.out), said.err);
    assert!(said.err.contains("note[assumed]: number.yaml#/info/version"), "{}", said.err);
    let plain = made("desk.yaml");
    assert!(plain.1.contains("http PUT \"/queues/{id}\""), "{}", plain.1);
    assert_eq!(made("desk.yml.gz"), plain, "the digest is of what is inside");
    assert_eq!(made("desk.json.gz").1, plain.1);
    fails(
        folder.path(),
        &["import", "openapi", "cut.json.gz", "--catalog", "desk", "--version", "7"],
        "cannot read",
    );
}

#[test]
fn what_is_compressed_is_no_larger_than_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("zeros.json.gz"), gzip(&vec![b' '; (256 << 20) + 1])).unwrap();
    let said = run(folder.path(), &["import", "--check", "."]);
    assert!(text(&said.out).contains("it is larger than 256 MiB"), "{}", text(&said.out));
}

/// A catalog's name says where it goes, so that it has to be a name; and what stands there stays.
#[test]
fn what_is_added_stays_in_the_package_and_writes_over_nothing() {
    let folder = package("");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let source = outside.path().join("new.sprag");
    let from = |text: &str| fs::write(&source, text).unwrap();
    let source = source.to_str().unwrap();
    let broken = "new.sprag:1: expected a catalog without errors";
    for (name, sentence) in [
        ("..tmp.sprag-of-a-test.policy", broken),
        ("...policy", broken),
        (".desk", broken),
        ("desk..queues", broken),
        ("desk.7", broken),
        ("when.queues", "new.sprag:1: `when.queues` cannot name a catalog"),
    ] {
        from(&format!("catalog {name} version \"1\"\n"));
        fails(folder.path(), &["catalog", "add", source], sentence);
        fails(folder.path(), &["catalog", "add", source, "--force"], sentence);
    }
    assert!(!Path::new("/tmp/sprag-of-a-test").exists() && !folder.path().join("catalogs").exists());
    from("// a comment\ncatalog desk version \"1\"\nkind !\n");
    fails(folder.path(), &["catalog", "add", source], "new.sprag:3: expected a catalog without errors");

    let catalog = "catalog desk.queues version \"1\"\n";
    from(catalog);
    for there in ["my notes\n", "\u{1}", "catalog other version \"1\"\n"] {
        write("catalogs/desk/queues.sprag", there);
        fails(
            folder.path(),
            &["catalog", "add", source],
            "is there already, and is no catalog `desk.queues`",
        );
        assert_eq!(read("catalogs/desk/queues.sprag"), there);
    }
    check(folder.path(), &["catalog", "add", source, "--force"], "catalogs/desk/queues.sprag\n", "");
    assert_eq!(read("catalogs/desk/queues.sprag"), catalog);
    fails(folder.path(), &["catalog", "add", source], "catalog `desk.queues` is there already");
}

// ---- helpers

fn package(policy: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sprag.toml"), PACKAGE).unwrap();
    fs::write(folder.path().join("policy.sprag"), policy).unwrap();
    folder
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn run(folder: &Path, args: &[&str]) -> Said {
    sprag(folder, args)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn check(folder: &Path, args: &[&str], out: &str, err: &str) {
    let said = run(folder, args);
    assert_eq!((text(&said.out).as_str(), said.err.as_str()), (out, err), "{args:?}");
    assert_eq!(said.exit, Exit::Clean, "{args:?}");
}

#[track_caller]
fn fails(folder: &Path, args: &[&str], sentence: &str) {
    let said = run(folder, args);
    assert_eq!(said.exit, Exit::Failed, "{args:?}");
    assert!(said.err.contains(sentence), "{args:?}: {}", said.err);
}
