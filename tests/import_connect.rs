//! The Connect importer.
//!
//! Fifty real descriptors lie in `../shared/data` (or the folder in `SPRAG_DATA`); where it is missing, the
//! test that reads them says so and passes.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests read files")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sprag::import::{Document, ImportError, Imported, Options, connect};
use sprag::sema;
use sprag::span::SourceMap;
use sprag::syntax::tree::{AppMember, File, Item};
use sprag::syntax::{parser, printer};

#[test]
fn a_descriptor_becomes_an_app() {
    let imported = import(
        r#"{
          "key": "com.acme.timesheets", "name": "Timesheets", "baseUrl": "https://acme.example",
          "vendor": {"name": "Acme \"GmbH\"", "url": "https://acme.example"},
          "authentication": {"type": "jwt"},
          "lifecycle": {"installed": "/installed"},
          "scopes": ["write", "Read", "WRITE", "act_as_user", "read:jira-work"],
          "modules": {"jiraProjectPages": [], "webhooks": [{"event": "jira:issue_created", "url": "/x"}]},
          "apiMigrations": {"signed-install": true}
        }"#,
    )
    .unwrap();
    insta::assert_snapshot!(check_text(&imported), @r#"
    use atlassian.jira

    app com-acme-timesheets {
      key "com.acme.timesheets"
      vendor "Acme \"GmbH\""
      platform atlassian.connect
      requests READ, WRITE, ACT_AS_USER
    }
    "#);
    insta::assert_snapshot!(notes(&imported), @r#"
    d.json#/scopes/4: `read:jira-work` is no scope of Atlassian Connect and was not declared
    d.json#/name: `name` is not expressed
    d.json#/baseUrl: `baseUrl` is not expressed
    d.json#/lifecycle/installed: called on `installed`: addresses are not expressed
    d.json#/apiMigrations: `apiMigrations` is not expressed
    d.json#/modules/jiraProjectPages: module `jiraProjectPages` is not expressed
    d.json#/modules/webhooks/0: receives `jira:issue_created` by webhook, without any operation being called
    "#);
}

#[test]
fn an_app_without_scopes_still_has_its_own_data() {
    for scopes in ["", r#", "scopes": []"#, r#", "scopes": null"#, r#", "scopes": ["none"]"#] {
        let imported = import(&format!(r#"{{"key": "k"{scopes}}}"#)).unwrap();
        assert_eq!(requests(&imported), ["NONE"], "{scopes}");
    }
    assert_eq!(
        requests(&import(r#"{"key": "k", "scopes": ["ACT_AS_USER"]}"#).unwrap()),
        ["NONE", "ACT_AS_USER"]
    );
    assert_eq!(requests(&import(r#"{"key": "k", "scopes": ["ADMIN", "READ"]}"#).unwrap()), ["READ", "ADMIN"]);
}

#[test]
fn names_come_from_keys_and_do_not_collide() {
    let texts = [
        r#"{"key": "a.b"}"#,
        r#"{"key": "a-b"}"#,
        r#"{"key": "7up"}"#,
        r#"{"key": "日本"}"#,
        r#"{"key": "to"}"#,
    ];
    let documents: Vec<Document<'_>> = texts.iter().map(|text| Document { name: "d.json", text }).collect();
    let imported = connect::import(&documents, &Options::default()).unwrap();
    assert_eq!(apps(&imported), ["a-b", "a-b-2", "x7up", "imported-app", "to-app"]);
    check_text(&imported);

    let named = Options { name: Some("sheets".into()), ..Options::default() };
    assert_eq!(apps(&connect::import(&documents[..1], &named).unwrap()), ["sheets"]);
    assert_eq!(
        connect::import(&documents, &named).unwrap_err().to_string(),
        "--name: names one app; expected one document"
    );
    let bad = Options { name: Some("any".into()), ..Options::default() };
    assert_eq!(
        connect::import(&documents[..1], &bad).unwrap_err().to_string(),
        "--name: expected a name like `timesheets`, found `any`"
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    assert_eq!(import("\u{feff}{\"key\": \"k\"}").unwrap(), import("{\"key\": \"k\"}").unwrap());
}

#[test]
fn what_is_no_descriptor_is_refused_with_its_place() {
    check_refused("{\"key\": \"k\",", "d.json:1:12: not JSON as expected: EOF while parsing a value");
    check_refused(
        "{\"key\": \"k\", \"scopes\": [], \"scopes\": []}",
        "d.json:1:35: not JSON as expected: member `scopes` stands twice in one object",
    );
    check_refused("[]", "d.json#: expected a Connect descriptor, an object, found an array");
    check_refused("{}", "d.json#: expected member `key`; this is not a Connect descriptor");
    check_refused(r#"{"key": 7}"#, "d.json#/key: expected a string (in quotes), found a number");
    check_refused(r#"{"key": " "}"#, "d.json#/key: expected the app's key, found an empty text");
    check_refused(r#"{"key": "k", "scopes": "READ"}"#, "d.json#/scopes: expected an array, found a string");
    check_refused(
        r#"{"key": "k", "scopes": [["READ"]]}"#,
        "d.json#/scopes/0: expected a string, found an array",
    );
    check_refused(
        r#"{"key": "k", "vendor": {"name": 1}}"#,
        "d.json#/vendor/name: expected a string (in quotes), found a number",
    );
    check_refused(r#"{"key": "k", "modules": []}"#, "d.json#/modules: expected an object, found an array");
    check_refused(
        r#"{"key": "k", "capabilities": {}}"#,
        "d.json#/capabilities: a HipChat descriptor (`capabilities`); expected one for Jira or Confluence",
    );
    check_refused(
        r#"{"key": "k", "contexts": []}"#,
        "d.json#/contexts: a Bitbucket descriptor (`contexts`); expected one for Jira or Confluence",
    );
    check_refused(
        r#"{"key": "k", "scopes": ["repository:write"]}"#,
        "d.json#/scopes/0: `repository:write` is a scope of Bitbucket; expected a descriptor for Jira or Confluence",
    );
    check_refused(
        r#"{"key": "k", "scopes": ["view_room"]}"#,
        "d.json#/scopes/0: `view_room` is a scope of HipChat; expected a descriptor for Jira or Confluence",
    );
    let twice = Document { name: "d.json", text: r#"{"key": "k"}"# };
    assert_eq!(
        connect::import(&[twice, twice], &Options::default()).unwrap_err().to_string(),
        "d.json#/key: key `k` stands in an earlier document too; expected one descriptor an app"
    );
}

#[test]
fn strange_texts_stay_texts() {
    let imported =
        import(r#"{"key": "a\"b\\c\n\u0000}", "vendor": {"name": "// not \u202e a comment"}}"#).unwrap();
    check_text(&imported);
}

#[test]
fn real_descriptors_are_imported_or_refused_with_a_reason() {
    let Some(folder) = data() else { return };
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut notes = 0;
    let catalogs = ["common.sprag", "atlassian.sprag", "atlassian/jira.sprag", "atlassian/confluence.sprag"]
        .map(catalog);
    for path in descriptors(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let document = [Document { name, text: &text }];
        let outcome = match connect::import(&document, &Options::default()) {
            Ok(imported) => {
                check_model(&catalogs, &check_text(&imported));
                assert_eq!(connect::import(&document, &Options::default()).unwrap(), imported);
                notes += imported.notes.len();
                requests(&imported).join(", ")
            }
            Err(ImportError { message, .. }) => format!("refused: {message}"),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    let lines: Vec<String> = outcomes.iter().map(|(outcome, n)| format!("{n:2} {outcome}")).collect();
    insta::assert_snapshot!(format!("{}\n{notes} notes", lines.join("\n")), @r#"
    18 NONE
    11 READ
     9 READ, WRITE
     4 READ, WRITE, ACT_AS_USER
     1 READ, WRITE, ACT_AS_USER, ACCESS_EMAIL_ADDRESSES
     1 READ, WRITE, ADMIN, ACT_AS_USER
     2 READ, WRITE, DELETE
     1 READ, WRITE, DELETE, PROJECT_ADMIN, ADMIN
     1 refused: a Bitbucket descriptor (`contexts`); expected one for Jira or Confluence
     2 refused: a HipChat descriptor (`capabilities`); expected one for Jira or Confluence
    466 notes
    "#);
}

// ---- helpers

#[track_caller]
fn check_refused(document: &str, expected: &str) {
    assert_eq!(import(document).unwrap_err().to_string(), expected);
}

/// The text of an import, which must parse clean, mean the same and be formatted.
#[track_caller]
fn check_text(imported: &Imported) -> String {
    let text = printer::print(&imported.file);
    let (file, diagnostics) = parser::parse(0, &text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}\n{text}");
    assert_eq!(file, imported.file, "{text}");
    assert_eq!(printer::print(&file), text);
    text
}

/// The text as a policy on its catalogs: nothing to complain of, and one app in the model.
#[track_caller]
fn check_model(catalogs: &[File], text: &str) {
    let mut sources = SourceMap::default();
    let source = sources.add(sema::PRELUDE_PATH, sema::PRELUDE);
    let (prelude, _) = parser::parse(source, sema::PRELUDE);
    let source = sources.add("app.sprag", text);
    let (policy, _) = parser::parse(source, text);
    let input = sema::Input {
        package: "test",
        prelude: &prelude,
        policy: vec![&policy],
        catalogs: catalogs.iter().map(|file| sema::CatalogFile { file, digest: String::new() }).collect(),
        lock: None,
        syntax: &[],
    };
    let (model, diagnostics) = sema::check(&input, &sources);
    assert_eq!(diagnostics, [], "{text}");
    assert_eq!(model.unwrap().apps.len(), 1);
}

fn catalog(path: &str) -> File {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/catalogs").join(path);
    parser::parse(0, &std::fs::read_to_string(path).unwrap()).0
}

fn import(text: &str) -> Result<Imported, ImportError> {
    connect::import(&[Document { name: "d.json", text }], &Options::default())
}

fn apps(imported: &Imported) -> Vec<&str> {
    imported
        .file
        .items
        .iter()
        .filter_map(|i| if let Item::App(app) = i { Some(app.name.text.as_str()) } else { None })
        .collect()
}

fn requests(imported: &Imported) -> Vec<&str> {
    let mut out = Vec::new();
    for item in &imported.file.items {
        let Item::App(app) = item else { continue };
        for member in &app.members {
            if let AppMember::Requests(scopes) = member {
                out.extend(scopes.iter().map(|s| s.text.as_str()));
            }
        }
    }
    out
}

fn notes(imported: &Imported) -> String {
    imported.notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn descriptors(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("connect_descriptors")).unwrap();
    let mut paths: Vec<PathBuf> =
        entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    paths.sort();
    assert_eq!(paths.len(), 50);
    paths
}

fn data() -> Option<PathBuf> {
    let near = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("SPRAG_DATA").map_or(near, PathBuf::from);
    if folder.join("connect_descriptors").is_dir() {
        return Some(folder);
    }
    eprintln!("not checked: {} is not there; SPRAG_DATA names another folder", folder.display());
    None
}
