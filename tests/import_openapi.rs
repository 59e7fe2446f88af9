//! The OpenAPI importer, and the catalogs made with it.
//!
//! `SPRAG_BLESS=1 cargo test --test import_openapi` writes the catalogs anew from `../shared/data`
//! (or the folder in `SPRAG_DATA`). Where that folder is missing, the tests that need it say so and pass.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests read files")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sprag::diag::Severity;
use sprag::import::names::Earlier;
use sprag::import::{Document, Imported, Options, openapi};
use sprag::sema;
use sprag::span::SourceMap;
use sprag::syntax::tree::{File, Item, OperationMember, Scope};
use sprag::syntax::{parser, printer};

/// Catalog, its file and the documents it is made from.
const CATALOGS: [(&str, &str, &[&str]); 2] = [
    ("atlassian.jira", "policies/catalogs/atlassian/jira.sprag", &["jira-platform-v3_2026-07.json"]),
    (
        "atlassian.confluence",
        "policies/catalogs/atlassian/confluence.sprag",
        &["confluence-v1_2026-07.json", "confluence-v2_2026-07.json"],
    ),
];

/// Marks that the documents do not say.
const MARKS: &str = "policies/catalogs/atlassian/marks.txt";

// ---- the catalogs against their documents

#[test]
fn the_catalogs_are_what_their_documents_make() {
    let Some(data) = data() else { return };
    for (catalog, path, _) in CATALOGS {
        let imported = made(&data, catalog);
        let made = printer::print(&imported.file);
        let path = root().join(path);
        if std::env::var_os("SPRAG_BLESS").is_some() {
            let before = Earlier::read("before", &std::fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(before.moved(&imported), [], "rules of others use these names");
            std::fs::write(&path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(kept == made, "{} is stale; SPRAG_BLESS=1 writes it anew", path.display());
    }
}

#[test]
fn every_requirement_is_the_published_one() {
    let Some(data) = data() else { return };
    let table = std::fs::read_to_string(data.join("facts/atlassian_operations.tsv")).unwrap();
    let operations: BTreeMap<_, _> = CATALOGS
        .iter()
        .flat_map(|(c, ..)| operations(&made(&data, c).file))
        .map(|o| (o.http.clone(), o))
        .collect();
    assert_eq!(operations.len(), 964);
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [product, method, path, id, connect, current, beta, exempt, anonymous, deprecated, experimental] =
            cells[..]
        else {
            panic!("{line}");
        };
        rows += 1;
        let operation = &operations[&(method.to_owned(), path.to_owned())];
        let shown = format!("{} ({id})", operation.name);
        let expected: Vec<&str> = Some(connect).filter(|c| *c != "INACCESSIBLE").into_iter().collect();
        assert_eq!(
            operation.scopes("atlassian.connect"),
            expected.iter().map(|c| vec![*c]).collect::<BTreeSet<_>>(),
            "{shown}"
        );

        // Together the two OAuth models hold exactly the published alternatives …
        let alternatives = |cell: &'static str, text: &str| {
            text.split('|')
                .map(|a| a.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect::<Vec<_>>())
                .filter(|a| !a.is_empty())
                .map(move |a| (cell, a))
                .collect::<Vec<_>>()
        };
        let published: Vec<(&str, Vec<String>)> =
            alternatives("current", current).into_iter().chain(alternatives("beta", beta)).collect();
        let ours = |model: &str| {
            operation
                .scopes(model)
                .into_iter()
                .map(|a| a.into_iter().map(str::to_owned).collect())
                .collect::<BTreeSet<Vec<String>>>()
        };
        let both: BTreeSet<Vec<String>> =
            ours("atlassian.classic").union(&ours("atlassian.granular")).cloned().collect();
        assert_eq!(both, published.iter().map(|(_, a)| a.clone()).collect(), "{shown}");
        // … and in Jira current is classic and beta is granular.
        if product == "jira" {
            let of = |state: &str| {
                published.iter().filter(|(s, _)| *s == state).map(|(_, a)| a.clone()).collect::<BTreeSet<_>>()
            };
            assert_eq!(
                (ours("atlassian.classic"), ours("atlassian.granular")),
                (of("current"), of("beta")),
                "{shown}"
            );
        }
        for (mark, cell) in [
            ("app-access-rule-exempt", exempt),
            ("anonymous", anonymous),
            ("deprecated", deprecated),
            ("experimental", experimental),
        ] {
            assert_eq!(operation.marks.contains(mark), cell == "True", "{shown}: {mark}");
        }
    }
    assert_eq!(rows, 964);
}

// ---- the catalogs as they are kept

#[test]
fn the_catalogs_parse_clean_and_are_formatted() {
    for path in ["policies/catalogs/atlassian.sprag", CATALOGS[0].1, CATALOGS[1].1] {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        let (file, diagnostics) = parser::parse(0, &text);
        assert!(diagnostics.is_empty(), "{path}: {diagnostics:?}");
        if std::env::var_os("SPRAG_BLESS").is_some() {
            std::fs::write(root().join(path), printer::print(&file)).unwrap();
            continue;
        }
        assert!(printer::print(&file) == text, "{path} is not formatted");
    }
}

#[test]
fn no_scope_and_no_operation_is_declared_twice() {
    let mut seen = BTreeSet::new();
    for file in [base(), kept(0), kept(1)] {
        for item in &file.items {
            let key = match item {
                // In the base catalog a model goes by its own name.
                Item::Scope(s) => {
                    format!("scope {} {}", s.model.text.trim_start_matches("atlassian."), s.name.text)
                }
                Item::Operation(o) => format!("operation {}", o.name.text),
                _ => continue,
            };
            assert!(seen.insert(key.clone()), "{key}");
        }
    }
    assert_eq!(seen.iter().filter(|k| k.starts_with("operation ")).count(), 616 + 348 + 1);
}

#[test]
fn the_catalogs_check_clean() {
    let policy = "use atlassian.jira use atlassian.confluence";
    assert_eq!(check_catalogs(&[common(), base(), kept(0), kept(1)], policy), Vec::<String>::new());
}

#[test]
fn connect_scopes_reach_what_the_platform_says() {
    let jira = operations(&kept(0));
    for (scope, reach) in
        [("READ", 201), ("WRITE", 246), ("DELETE", 269), ("PROJECT_ADMIN", 306), ("ADMIN", 473)]
    {
        assert_eq!(reached(&jira, scope), reach, "Jira {scope}");
    }
    let (v2, v1): (Vec<_>, Vec<_>) =
        operations(&kept(1)).into_iter().partition(|o| o.http.1.starts_with("/wiki/api/v2/"));
    for (scope, reach) in [("READ", 61), ("WRITE", 105), ("DELETE", 113)] {
        assert_eq!(reached(&v1, scope), reach, "Confluence v1 {scope}");
    }
    for (scope, reach) in [("READ", 130), ("WRITE", 191), ("DELETE", 201), ("ADMIN", 210)] {
        assert_eq!(reached(&v2, scope), reach, "Confluence v2 {scope}");
    }
    assert_eq!((jira.len(), v1.len(), v2.len()), (616, 130, 218));
}

#[test]
fn the_models_do_not_refine_one_another() {
    let jira = operations(&kept(0));
    let opens = |o: &Op, scope: &str| o.scopes("atlassian.classic").contains(&vec![scope]);
    let connect = |o: &Op| o.scopes("atlassian.connect").into_iter().flatten().next().map(str::to_owned);
    let count = |wanted: &dyn Fn(&Op) -> bool| jira.iter().filter(|o| wanted(o)).count();
    assert_eq!(count(&|o| connect(o).as_deref() == Some("DELETE") && opens(o, "write:jira-work")), 22);
    assert_eq!(count(&|o| connect(o).as_deref() == Some("ADMIN") && opens(o, "manage:jira-project")), 22);
    assert_eq!(
        count(&|o| connect(o).as_deref() == Some("READ") && opens(o, "manage:jira-configuration")),
        12
    );
    assert_eq!(count(&|o| connect(o).is_none() && !o.scopes("atlassian.classic").is_empty()), 77);
    assert_eq!(count(&|o| o.marks.contains("app-access-rule-exempt")), 495);
    // Granular scopes are wanted together, up to fourteen of them.
    let together = jira.iter().flat_map(|o| o.requires.get("atlassian.granular").into_iter().flatten());
    assert_eq!(together.map(Vec::len).max(), Some(14));
    // Neither of these lists a scope of any OAuth model; that makes none of them free.
    assert_eq!(
        count(&|o| o.scopes("atlassian.classic").is_empty() && o.scopes("atlassian.granular").is_empty()),
        65
    );
}

#[test]
fn well_known_operations_have_readable_names() {
    let all: BTreeMap<String, Op> =
        [0, 1].into_iter().flat_map(|i| operations(&kept(i))).map(|o| (o.name.clone(), o)).collect();
    for line in [
        "jira.issue.get: GET /rest/api/3/issue/{issueIdOrKey}, read in issue",
        "jira.issue.edit: PUT /rest/api/3/issue/{issueIdOrKey}, write in issue",
        "jira.issue.delete: DELETE /rest/api/3/issue/{issueIdOrKey}, delete in issue",
        "jira.issue.create: POST /rest/api/3/issue, write in project",
        "jira.issue.comment.list: GET /rest/api/3/issue/{issueIdOrKey}/comment, read in issue",
        "jira.issue.bulk.create: POST /rest/api/3/issue/bulk, write in project",
        "jira.issue.archive: PUT /rest/api/3/issue/archive, write in issue",
        "jira.issue.bulkfetch: POST /rest/api/3/issue/bulkfetch, read in site lists issue",
        "jira.search.jql.query: POST /rest/api/3/search/jql, read in site lists issue",
        "jira.project.get: GET /rest/api/3/project/{projectIdOrKey}, read in project",
        "jira.project.search: GET /rest/api/3/project/search, read in site lists project",
        "jira.project.create: POST /rest/api/3/project, admin in site",
        "jira.project.properties.edit: PUT /rest/api/3/project/{projectIdOrKey}/properties/{propertyKey}, write in project",
        "jira.permissionscheme.create: POST /rest/api/3/permissionscheme, admin in site",
        "jira.user.create: POST /rest/api/3/user, admin in site",
        "jira.webhook.create: POST /rest/api/3/webhook, admin in site",
        "jira.webhook.list: GET /rest/api/3/webhook, read in site",
        "jira.bulk.issues.delete: POST /rest/api/3/bulk/issues/delete, delete in issue",
        "jira.workflows.query: POST /rest/api/3/workflows, read in site",
        "confluence.pages.get: GET /wiki/api/v2/pages/{id}, read in content",
        "confluence.pages.create: POST /wiki/api/v2/pages, write in space",
        "confluence.pages.list: GET /wiki/api/v2/pages, read in site lists content",
        "confluence.spaces.list: GET /wiki/api/v2/spaces, read in site lists space",
        "confluence.spaces.pages.list: GET /wiki/api/v2/spaces/{id}/pages, read in space lists content",
        "confluence.content.search: GET /wiki/rest/api/content/search, read in site lists content",
        "confluence.content.archive: POST /wiki/rest/api/content/archive, write in content",
        "confluence.content.move: PUT /wiki/rest/api/content/{pageId}/move/{position}/{targetId}, write in content",
        "confluence.user.access.invite-by-email: POST /wiki/api/v2/user/access/invite-by-email, admin in site",
        "confluence.space.permission.create: POST /wiki/rest/api/space/{spaceKey}/permission, admin in space",
    ] {
        let (name, _) = line.split_once(':').unwrap();
        assert_eq!(all.get(name).map(Op::line).as_deref(), Some(line));
    }
}

#[test]
fn no_changing_method_is_taken_for_a_reading_one_by_its_connect_scope() {
    // All POST operations that Connect gives to READ or NONE and that are not in class `read`.
    let asked: Vec<Op> =
        [0, 1].into_iter().flat_map(|i| operations(&kept(i))).filter(|o| o.http.0 == "POST").collect();
    let weak = |o: &&Op| o.scopes("atlassian.connect").iter().flatten().any(|s| *s == "READ" || *s == "NONE");
    let changing: Vec<String> = asked
        .iter()
        .filter(weak)
        .filter(|o| o.access != "read")
        .map(|o| format!("{} {}", o.access, o.name))
        .collect();
    assert_eq!(
        changing,
        [
            "admin jira.atlassian-connect.app.module.dynamic.create",
            "write jira.atlassian-connect.migration.task.create",
            "admin jira.field.option.create",
            "write jira.jql.function.computation.edit",
            "write jira.task.cancel",
            "admin jira.webhook.create",
            "admin confluence.atlassian-connect.app.module.dynamic.create",
            "admin confluence.user.access.invite-by-email",
        ]
    );
}

// ---- plain documents

#[test]
fn a_plain_document_becomes_a_catalog_with_its_own_model() {
    let document = r##"{
      "openapi": "3.1.0",
      "info": {"title": "Notes", "version": "7"},
      "servers": [{"url": "https://api.example.com/v2/"}],
      "security": [{"oauth": ["notes.read"]}],
      "components": {
        "securitySchemes": {
          "oauth": {"type": "oauth2", "flows": {"authorizationCode": {"scopes": {"notes.read": "", "notes.write": "", "notes.all": "", "unused": ""}}}},
          "key": {"type": "apiKey", "in": "header", "name": "x"}
        },
        "schemas": {"Notes": {"type": "array"}}
      },
      "paths": {
        "/notes": {
          "get": {"operationId": "listNotes", "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Notes"}}}}}},
          "post": {"security": [{"oauth": ["notes.write", "notes.read"]}, {"oauth": ["notes.all"]}, {"key": []}]}
        },
        "/notes/{id}": {
          "get": {"security": [{"oauth": []}, {}], "deprecated": true},
          "delete": {"security": [{"oauth": ["notes.write"], "key": []}]}
        },
        "/notes/search": {"post": {}}
      },
      "webhooks": {}
    }"##;
    let imported = import(document, "example.notes").unwrap();
    let text = printer::print(&imported.file);
    let body = text.split_once('\n').unwrap();
    assert!(
        body.0.starts_with(r#"catalog example.notes version "1" from "OpenAPI: Notes 7; sha256 "#),
        "{}",
        body.0
    );
    insta::assert_snapshot!(body.1.trim_start(), @r#"
    kind notes

    model oauth "oauth" demands user

    mark anonymous
    mark deprecated

    scope oauth notes.all
    scope oauth notes.read
    scope oauth notes.write
    scope oauth unused

    operation notes.notes.create {
      access write
      in notes
      http POST "/v2/notes"
      requires oauth notes.all or [notes.read, notes.write]
    }

    operation notes.notes.delete {
      access delete
      in notes
      http DELETE "/v2/notes/{id}"
    }

    operation notes.notes.get {
      access read
      in notes
      http GET "/v2/notes/{id}"
      marks anonymous, deprecated
    }

    operation notes.notes.list {
      access read
      in notes
      http GET "/v2/notes"
      requires oauth notes.read
    }

    operation notes.notes.search {
      access write
      in notes
      http POST "/v2/notes/search"
      requires oauth notes.read
    }
    "#);
    let notes: Vec<String> = imported.notes.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(notes.join("\n"), @r#"
    doc.json#/components/securitySchemes/key: security scheme `key` (apiKey) has no scopes and was left out
    doc.json#/paths/~1notes~1{id}/get/security/0: `oauth` lists no scope: not callable by it
    doc.json#/paths/~1notes~1{id}/delete/security/0: several security schemes at once: not expressible, not callable by them
    doc.json#/webhooks: calls that the platform makes are not operations and were left out
    "#);
    assert_eq!(parser::parse(0, &text).1, []);
    assert_eq!(parser::parse(0, &text).0, imported.file);
}

/// A coarse scope `read` may be the default of a whole document: what writes is not told from it.
#[test]
fn in_a_plain_document_no_name_of_a_scope_makes_a_post_read() {
    let methods =
        ["get", "post", "put", "patch", "delete"].map(|method| format!(r#""{method}": {{}}"#)).join(", ");
    for scope in ["read", "read:all", "mail.readonly", "search"] {
        let document = format!(
            r#"{{"openapi": "3.0.0", "security": [{{"o": ["{scope}"]}}], "paths": {{"/things": {{{methods}}}}},
            "components": {{"securitySchemes": {{"o": {{"type": "oauth2", "flows": {{"clientCredentials": {{"scopes": {{"{scope}": ""}}}}}}}}}}}}}}"#
        );
        let imported = import(&document, "t").unwrap();
        let access: BTreeMap<String, String> =
            operations(&imported.file).into_iter().map(|op| (op.http.0, op.access)).collect();
        let wanted =
            [("DELETE", "delete"), ("GET", "read"), ("PATCH", "write"), ("POST", "write"), ("PUT", "write")];
        assert_eq!(
            access,
            wanted.map(|(method, class)| (method.to_owned(), class.to_owned())).into(),
            "{scope}"
        );
    }
}

#[test]
fn what_the_platform_calls_back_is_no_operation_and_is_told() {
    let document = r##"{"openapi": "3.1.0", "info": {"title": "Notes", "version": "7"}, "paths": {"/notes": {"get": {
        "callbacks": {"changed": {"{$request.query.url}": {"post": {}}}, "gone": {"$ref": "#/x"}}}}}}"##;
    let imported = import(document, "example.notes").unwrap();
    assert!(!printer::print(&imported.file).contains("POST"));
    let notes: Vec<String> = imported.notes.iter().map(ToString::to_string).collect();
    let told = |name: &str| {
        format!(
            "doc.json#/paths/~1notes/get/callbacks/{name}: callback `{name}`: calls that the platform makes are not \
             operations and were left out"
        )
    };
    assert_eq!(notes[..2], [told("changed"), told("gone")]);
}

/// Also where the text is one among others, and written otherwise there.
#[test]
fn what_nobody_sees_in_a_title_is_told() {
    let document = r#"{"openapi": "3.1.0", "info": {"title": "The \"No\u200btes\"", "version": "7"},
        "paths": {"/notes": {"get": {}}}}"#;
    let documents = [Document { name: "doc.json", text: document }];
    let options = Options { catalog: Some("n".into()), version: Some("1".into()), ..Options::default() };
    let imported = openapi::IMPORTER.import(&documents, &options).unwrap();
    assert!(printer::print(&imported.file).contains(r#"The \"Notes\" 7"#));
    let notes: Vec<String> = imported.notes.iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|note| note.contains("left out: U+200B")), "{notes:?}");
}

/// Paths that no template can be, or that none can tell apart, are operations to which no request is mapped; what else is
/// left out is told too.
#[test]
fn what_no_request_is_mapped_to_is_told() {
    let paths = [
        "/a/",
        "/a//b",
        "/a?b=1",
        "/a#b",
        "/a%20b",
        "/a/../b",
        "/a/{x}:stop",
        "/b/{x}",
        "/b/{y}",
        "/f/{id}",
        "/f/{id}:stop",
        "/g",
        "/g?do=it",
        "/h/{id}",
        "/h/run(all)",
        "/c;v=1",
        "/d",
    ];
    let operation = r#"{"get": {"security": [{"oauth": ["all"]}]}}"#;
    let paths: Vec<String> = paths.iter().map(|path| format!("\"{path}\": {operation}")).collect();
    let document = format!(
        r#"{{"openapi": "3.0.0", "info": {{"title": "T", "version": "1"}},
        "components": {{"securitySchemes": {{"oauth": {{"type": "oauth2", "flows": {{}}}}}}}},
        "paths": {{{}, "/e": {{"get": {{}}, "qet": {{}}, "summary": "s", "x-y": 1}}}}}}"#,
        paths.join(", ")
    );
    let imported = import(&document, "t").unwrap();
    let mut mapped: Vec<String> =
        operations(&imported.file).into_iter().map(|o| o.http.1).filter(|p| !p.is_empty()).collect();
    mapped.sort();
    assert_eq!(mapped, ["/d", "/e", "/h/run(all)", "/h/{id}"]);
    let notes: Vec<String> = imported.notes.iter().map(ToString::to_string).collect();
    let unmatched = notes.iter().filter(|note| note.contains("no request is mapped to it")).count();
    assert_eq!(unmatched, 14, "{notes:#?}");
    let told = |what: &str| notes.iter().any(|note| note == what);
    let same =
        "doc.json#/paths/~1b~1{y}/get: GET /b/{y} cannot be told from /b/{x}: no request is mapped to it";
    assert!(told(same), "{notes:#?}");
    let silent =
        "doc.json#/paths/~1e/get: no security scheme with scopes is asked for: not callable by any app";
    assert!(told(silent), "{notes:#?}");
    let strange = "doc.json#/paths/~1e/qet: `qet` of a path is no method that is known, and was left out";
    assert!(told(strange), "{notes:#?}");
    assert_eq!(check_catalogs(&[imported.file], "use t\n"), Vec::<String>::new());
}

#[test]
fn a_scope_scheme_of_any_name_names_a_model() {
    let document = r#"{
      "openapi": "3.0.0",
      "components": {"securitySchemes": {"OAuth2 (v1)": {"type": "oauth2", "flows": {"clientCredentials": {"scopes": {"https://x.example/a": ""}}}}}},
      "paths": {"/a": {"get": {"security": [{"OAuth2 (v1)": ["https://x.example/a"]}], "x-other": 1}}, "/b": {"put": {"security": []}}}
    }"#;
    let text = printer::print(&import(document, "t").unwrap().file);
    let (_, body) = text.split_once('\n').unwrap();
    insta::assert_snapshot!(body.trim_start(), @r#"
    kind t

    model OAuth2-v1 "OAuth2 (v1)"

    mark anonymous

    scope OAuth2-v1 "https://x.example/a"

    operation t.a.get {
      access read
      in t
      http GET "/a"
      requires OAuth2-v1 "https://x.example/a"
    }

    operation t.b.edit {
      access write
      in t
      http PUT "/b"
      marks anonymous
    }
    "#);
    let (file, broken) = parser::parse(0, &text);
    assert_eq!(broken, []);
    assert_eq!(check_catalogs(&[file], "use t"), Vec::<String>::new());
}

/// A document with these security schemes, and one operation that asks for these scopes of `oauth`.
fn secured(schemes: &str, scopes: &str) -> String {
    format!(
        r##"{{"openapi": "3.0.0", "components": {{"securitySchemes": {{{schemes}}}, "x": {{"y": {{"$ref": "#/components/x/y"}}}}}},
        "paths": {{"/a": {{"get": {{"security": [{{"oauth": [{scopes}]}}]}}, "put": {{"security": [{{"oauth": [{scopes}]}}]}}}}}}}}"##
    )
}

const LISTED: &str = r#"{"type": "oauth2", "flows": {"clientCredentials": {"scopes": {"a": ""}}}}"#;

#[test]
fn a_scope_that_its_scheme_does_not_list_is_told_once_and_declared() {
    let imported = import(&secured(&format!(r#""oauth": {LISTED}"#), r#""a", "b""#), "t").unwrap();
    let notes: Vec<String> = imported.notes.iter().map(ToString::to_string).collect();
    let told = "doc.json#/paths/~1a/get/security/0: `b` is asked for, and security scheme `oauth` does not list it: \
                declared all the same";
    assert_eq!(notes, [told]);
    assert_eq!(check_catalogs(&[imported.file], "use t\n"), Vec::<String>::new());
    // OpenID Connect lists its scopes elsewhere.
    let connect = r#""oauth": {"type": "openIdConnect", "openIdConnectUrl": "https://x.example"}"#;
    assert_eq!(import(&secured(connect, r#""b""#), "t").unwrap().notes, []);
}

#[test]
fn a_security_scheme_may_stand_elsewhere_in_the_document() {
    let there = format!(r##""oauth": {{"$ref": "#/components/securitySchemes/other"}}, "other": {LISTED}"##);
    let imported = import(&secured(&there, r#""a""#), "t").unwrap();
    assert_eq!(imported.notes, []);
    assert_eq!(operations(&imported.file)[0].requires["oauth"], vec![vec!["a".to_owned()]]);
    assert_eq!(check_catalogs(&[imported.file], "use t\n"), Vec::<String>::new());
    // Written as fragments of addresses are.
    let written =
        there.replace("Schemes/other", "Schemes/%6Fther%20one").replace("\"other\"", "\"other one\"");
    let imported = import(&secured(&written, r#""a""#), "t").unwrap();
    assert_eq!(operations(&imported.file)[0].requires["oauth"], vec![vec!["a".to_owned()]]);
    let refused = |reference: &str, told: &str| {
        let document = secured(&format!(r#""oauth": {{"$ref": "{reference}"}}"#), "");
        check_refused(&document, &format!("doc.json#/components/securitySchemes/oauth{told}"));
    };
    refused(
        "common.yaml#/oauth",
        "/$ref: security scheme `common.yaml#/oauth` is not in this document; expected one that is, such as \
         `#/components/securitySchemes/oauth`: put it there",
    );
    refused("#/nowhere", "/$ref: `#/nowhere` leads nowhere; expected a security scheme there");
    refused("#/components/x/y", ": a reference to references without end; expected a security scheme");
}

#[test]
fn paths_begin_with_that_of_the_first_server() {
    let of = |server: &str| {
        let document = format!(
            r#"{{"openapi": "3.0.0", "servers": [{server}], "paths": {{"/a": {{"get": {{"operationId": "a"}}}}}}}}"#
        );
        import(&document, "t").map(|imported| {
            let notes: Vec<String> = imported.notes.iter().map(ToString::to_string).collect();
            (printer::print(&imported.file), notes)
        })
    };
    let rows = [
        (r#"{"url": "https://x.example"}"#, "/a", 0),
        (r#"{"url": "/"}"#, "/a", 0),
        (r#"{"url": "https://x.example/v1/"}"#, "/v1/a", 0),
        (r#"{"url": "https://x.example/v1?tenant=1#top"}"#, "/v1/a", 1),
        (r#"{"url": "https://x.example?at=/v1/"}"#, "/a", 1),
        (
            r#"{"url": "https://{host}/{base}", "variables": {"host": {"default": "x"}, "base": {"default": "v2/b"}}}"#,
            "/v2/b/a",
            0,
        ),
    ];
    for (server, path, notes) in rows {
        let (text, told) = of(server).unwrap();
        assert!(text.contains(&format!("http GET \"{path}\"")), "{server}: {text}");
        let about = told.iter().filter(|note| note.contains("query and fragment")).count();
        assert_eq!(about, notes, "{server}: {told:?}");
    }
    // Values that lead to another path are told; those of a host lead nowhere else.
    let variables = r#"{"url": "https://{host}/{base}/{kind}", "variables": {
        "host": {"default": "x", "enum": ["x", "y"]}, "kind": {"default": "k", "enum": ["k"]},
        "base": {"default": "v1", "enum": ["v1", "v2", "v3"]}}}"#;
    let (text, told) = of(variables).unwrap();
    assert!(text.contains("http GET \"/v1/k/a\""), "{text}");
    let said = "doc.json#/servers/0/variables/base: of the values of `{base}` only `v1` counts: no request is mapped to \
                paths with `v2`, `v3`";
    assert_eq!(told.iter().filter(|note| note.contains("/variables/")).collect::<Vec<_>>(), [said]);
    let fails = |server: &str, told: &str| assert_eq!(of(server).unwrap_err().to_string(), told);
    fails(
        r#"{"url": "https://x.example/{base}"}"#,
        "doc.json#/servers/0/url: `https://x.example/{base}` has a variable that `variables` does not declare; \
         expected it there, or --base",
    );
    fails(
        r#"{"url": "v1"}"#,
        "doc.json#/servers/0/url: `v1` is relative to where the document lies; expected an address, a path that \
         begins with `/`, or --base",
    );
}

/// Whatever way a path's requests are described, they are not left to a neighbour that asks for less.
#[test]
fn paths_are_followed_to_where_they_are_described() {
    let of = |paths: &str, rest: &str| {
        let document = format!(
            r##"{{"openapi": "3.1.0", "servers": [{{"url": "https://x.example/v1"}}], "paths": {{{paths}}}, "components": {{
                "pathItems": {{"P": {{"get": {}}}, "Q": {{"$ref": "#/components/pathItems/P"}}, "R": {{"$ref": "#/components/pathItems/R"}}}},
                "securitySchemes": {{"o": {{"type": "oauth2", "flows": {{"clientCredentials": {{"scopes": {{"read": "", "admin": ""}}}}}}}}}}}}{rest}}}"##,
            r#"{"security": [{"o": ["admin"]}]}"#
        );
        import(&document, "t").map(|imported| {
            let told = operations(&imported.file).into_iter();
            told.map(|o| format!("{} {} {}", o.http.0, o.http.1, o.requires["o"][0][0])).collect::<Vec<_>>()
        })
    };
    let asks = |servers: &str, scope: &str| format!(r#"{{{servers} "security": [{{"o": ["{scope}"]}}]}}"#);
    let weak = format!(r#""/w/{{id}}": {{"get": {}}}"#, asks("", "read"));
    for reference in ["P", "Q"] {
        let paths = format!(
            r##"{weak}, "/w/dump": {{"$ref": "#/components/pathItems/{reference}", "summary": "x"}}"##
        );
        assert_eq!(of(&paths, "").unwrap(), ["GET /v1/w/dump admin", "GET /v1/w/{id} read"]);
    }
    let fails = |item: &str, told: &str| {
        let said = of(&format!(r#"{weak}, "/w/dump": {item}"#), "").unwrap_err().to_string();
        assert!(said.starts_with("doc.json#/") && said.ends_with(told), "{said}");
    };
    fails(r#"{"$ref": "w.json"}"#, "such as `#/components/pathItems/thing`: put it there");
    fails(r##"{"$ref": "#/nowhere"}"##, "/$ref: `#/nowhere` leads nowhere; expected a path item there");
    fails(r##"{"$ref": "#/components/pathItems/R"}"##, "references without end; expected a path item");
    fails(r##"{"$ref": "#/components/pathItems/P", "get": {}}"##, "leads here; expected it in one place");
    fails(r#"{"$ref": null}"#, "/$ref: expected a string, found null");
    fails(r##"{"get": {"$ref": "#/x"}}"##, "which OpenAPI does not have; expected the operation");
    fails(r#"{"servers": [{"url": "v2"}], "get": {}}"#, "an address, a path that begins with `/`");

    // Servers of its own: the operation's, else the path's; none of a list is left to another template.
    let own = |item: &str, operation: &str| {
        let operation = asks(operation, "admin");
        of(&format!(r#"{weak}, "/w/dump": {{{item} "get": {operation}}}"#), "").unwrap()
    };
    let (one, other) = (r#""servers": [{"url": "/a/"}],"#, r#""servers": [{"url": "https://y.example"}],"#);
    assert_eq!(own(one, ""), ["GET /a/w/dump admin", "GET /v1/w/{id} read"]);
    assert_eq!(own(one, other), ["GET /w/dump admin", "GET /v1/w/{id} read"]);
    assert_eq!(own("", r#""servers": [],"#), ["GET /v1/w/dump admin", "GET /v1/w/{id} read"]);
    let both = own(r#""servers": [{"url": "/a"}, {"url": "/v1"}, {"url": "/v1/"}],"#, "");
    assert_eq!(both, ["GET /a/w/dump admin", "  read"]);
}

#[test]
fn a_connect_scope_that_nobody_knows_opens_nothing() {
    let document = r#"{"openapi": "3.0.0", "paths": {"/a": {"get": {"x-atlassian-connect-scope": "SUPER"}}, "/b": {"put": {}}}}"#;
    let imported = import(document, "t").unwrap();
    assert!(operations(&imported.file).iter().all(|o| o.requires.is_empty()));
    let place = "doc.json#/paths/~1a/get/x-atlassian-connect-scope";
    assert_eq!(
        imported.notes[0].to_string(),
        format!("{place}: `SUPER` is no known Connect scope: not callable by Connect apps")
    );
}

/// Atlassian's documents know two states; a third may be that of scopes which are not valid yet, or no longer.
#[test]
fn an_alternative_in_an_unknown_state_opens_nothing() {
    let of = |state: &str| {
        let document = format!(
            r#"{{"openapi": "3.0.0", "paths": {{"/a": {{"get": {{"x-atlassian-oauth2-scopes": [
                {{"scheme": "OAuth2", "state": "{state}", "scopes": ["read:jira-work"]}},
                {{"scheme": "OAuth2", "state": "Beta", "scopes": ["read:issue:jira"]}}]}}}}}}}}"#
        );
        let imported = import(&document, "t").unwrap();
        let notes: Vec<String> = imported.notes.iter().map(ToString::to_string).collect();
        let models: Vec<String> =
            operations(&imported.file).iter().flat_map(|o| o.requires.keys().cloned()).collect();
        (models, notes, printer::print(&imported.file))
    };
    let (models, notes, _) = of("Current");
    assert_eq!((models.len(), notes), (2, Vec::new()), "{models:?}");
    for odd in ["Deprecated", "current", ""] {
        let (models, notes, text) = of(odd);
        assert_eq!(models, ["atlassian.granular"], "{odd}");
        assert!(!text.contains("read:jira-work"), "{odd}: {text}");
        let place = "doc.json#/paths/~1a/get/x-atlassian-oauth2-scopes/0";
        let told = "expected `Current` or `Beta`: not callable by this alternative";
        assert_eq!(notes, [format!("{place}: unknown state `{odd}`; {told}")]);
    }
}

#[test]
fn marks_are_added_by_name_and_none_is_lost() {
    let document =
        r#"{"openapi": "3.0.0", "paths": {"/a": {"get": {}}, "/b": {"put": {"deprecated": true}}}}"#;
    let with = |marks: &str| {
        let documents = [Document { name: "doc.json", text: document }];
        let options = Options {
            catalog: Some("t".into()),
            version: Some("1".into()),
            marks: Some(marks.into()),
            ..Options::default()
        };
        openapi::import(&documents, &options).map(|imported| printer::print(&imported.file))
    };
    let plain = with("").unwrap();
    let marked =
        with("# for people\n\nt.b.edit  opens-doors # why\nt.b.edit rings\nother.a.get rings\n").unwrap();
    assert!(plain.contains("  marks deprecated\n") && !plain.contains("opens-doors"), "{plain}");
    assert!(marked.contains("  marks deprecated, opens-doors, rings\n"), "{marked}");
    for mark in ["deprecated", "opens-doors", "rings"] {
        assert_eq!(marked.matches(&format!("mark {mark}\n")).count(), 1, "{marked}");
    }
    let refused = |marks: &str| with(marks).unwrap_err().to_string();
    assert_eq!(
        refused("\nt.c.get rings"),
        "--marks:2: the documents have no operation that is called `t.c.get`"
    );
    for line in ["t.a.get", "t.a.get a b", "t.a.get no.mark", "t..a rings"] {
        let expected = format!("--marks:1: expected an operation's name and a mark, found `{line}`");
        assert_eq!(refused(line), expected);
    }
}

#[test]
fn colliding_names_are_told_apart_and_do_not_depend_on_the_order() {
    let paths = [
        r#""/a/{x}/b": {"get": {"operationId": "getB"}}"#,
        r#""/a/b/{y}": {"get": {"operationId": "getTheOtherB"}}"#,
        r#""/a/{x}/b/{y}/{z}": {"get": {}}"#,
        r#""/a/{z}/b/{y}": {"get": {}}"#,
    ];
    let names = |order: [usize; 4]| {
        let body: Vec<&str> = order.iter().map(|i| paths[*i]).collect();
        let document = format!(r#"{{"openapi": "3.0.0", "paths": {{{}}}}}"#, body.join(","));
        let file = import(&document, "t").unwrap().file;
        operations(&file).into_iter().map(|o| (o.http.1, o.name)).collect::<BTreeMap<_, _>>()
    };
    let all = names([0, 1, 2, 3]);
    assert_eq!(all, names([3, 2, 1, 0]));
    assert_eq!((all["/a/{x}/b"].as_str(), all["/a/b/{y}"].as_str()), ("t.a.b.get", "t.a.b.get-the-other-b"));
    assert_eq!(all.values().collect::<BTreeSet<_>>().len(), 4, "{all:?}");
}

#[test]
fn a_broken_document_is_refused_with_its_place() {
    check_refused("", "doc.json: the document is empty; expected YAML or JSON");
    check_refused("\u{feff}  ", "doc.json: the document is empty; expected YAML or JSON");
    check_refused("openapi: 3.0.0", "doc.json#: expected member `paths`");
    check_refused(
        "paths: {}\npaths: {}",
        "doc.json:2:9: not YAML as expected: member `paths` stands twice in one mapping",
    );
    check_refused(
        "{\"a\": 1, \"a\": 2}",
        "doc.json:1:12: not JSON as expected: member `a` stands twice in one object",
    );
    check_refused(
        "[]",
        "doc.json#: expected an OpenAPI 3 document with member `openapi`; an older Swagger document has to be converted first",
    );
    check_refused(r#"{"openapi": "2.0", "paths": {}}"#, "doc.json#/openapi: expected OpenAPI 3, found `2.0`");
    check_refused(
        r#"{"openapi": 3, "paths": {}}"#,
        "doc.json#/openapi: expected a string (in quotes), found a number",
    );
    check_refused(r#"{"openapi": "3.0.0"}"#, "doc.json#: expected member `paths`");
    check_refused(r#"{"openapi": "3.0.0", "paths": {}}"#, "doc.json#/paths: expected at least one operation");
    check_refused(
        r#"{"openapi": "3.0.0", "paths": {"a": {}}}"#,
        "doc.json#/paths/a: expected a path that begins with `/`, found `a`",
    );
    check_refused(
        r#"{"openapi": "3.0.0", "paths": {"/a": []}}"#,
        "doc.json#/paths/~1a: expected an object, found an array",
    );
    check_refused(
        r#"{"openapi": "3.0.0", "paths": {"/a": {"get": 1}}}"#,
        "doc.json#/paths/~1a/get: expected an operation, found a number",
    );
    check_refused(
        r#"{"openapi": "3.0.0", "paths": {"/a": {"get": {"security": [{"x": []}]}}}}"#,
        "doc.json#/paths/~1a/get/security/0: no security scheme is called `x`",
    );
    let deep = format!("{{\"openapi\": {}", "[".repeat(100_000));
    check_refused(&deep, "doc.json:1:139: not JSON as expected: recursion limit exceeded");
}

#[test]
fn malformed_options_are_refused() {
    let document =
        [Document { name: "doc.json", text: r#"{"openapi": "3.0.0", "paths": {"/a": {"get": {}}}}"# }];
    let options = |catalog: &str, version: &str| Options {
        catalog: Some(catalog.into()),
        version: Some(version.into()),
        ..Options::default()
    };
    let error = |documents: &[Document<'_>], options: &Options| {
        openapi::import(documents, options).unwrap_err().to_string()
    };
    assert_eq!(error(&document, &Options::default()), "--catalog: needed to make a catalog, but missing");
    assert_eq!(
        error(&document, &options("a b", "1")),
        "--catalog: expected a name like `atlassian.jira`, found `a b`"
    );
    assert_eq!(error(&document, &options("a", "")), "--version: needed to make a catalog, but missing");
    assert_eq!(error(&[], &options("a", "1")), "no files: expected at least one document");
    assert_eq!(
        error(&[document[0], document[0]], &options("a", "1")),
        "doc.json#/paths/~1a/get: GET /a stands in two places"
    );
    let kind = Options { kind: Some("a.b".into()), ..options("a", "1") };
    assert_eq!(error(&document, &kind), "--kind: expected a name like `site`, found `a.b`");
}

// ---- helpers

#[track_caller]
fn check_refused(document: &str, expected: &str) {
    assert_eq!(import(document, "t").unwrap_err().to_string(), expected);
}

fn import(document: &str, catalog: &str) -> Result<Imported, sprag::import::ImportError> {
    let options = Options { catalog: Some(catalog.into()), version: Some("1".into()), ..Options::default() };
    openapi::import(&[Document { name: "doc.json", text: document }], &options)
}

/// An operation as tests look at it.
struct Op {
    name: String,
    access: String,
    place: String,
    http: (String, String),
    requires: BTreeMap<String, Vec<Vec<String>>>,
    marks: BTreeSet<String>,
}

impl Op {
    /// Any of (all of (scopes)) in a model, each sorted.
    fn scopes(&self, model: &str) -> BTreeSet<Vec<&str>> {
        self.requires
            .get(model)
            .into_iter()
            .flatten()
            .map(|all| all.iter().map(String::as_str).collect())
            .collect()
    }

    fn line(&self) -> String {
        format!("{}: {} {}, {} {}", self.name, self.http.0, self.http.1, self.access, self.place)
    }
}

fn operations(file: &File) -> Vec<Op> {
    let mut out = Vec::new();
    for item in &file.items {
        let Item::Operation(operation) = item else { continue };
        let mut op = Op {
            name: operation.name.text.clone(),
            access: String::new(),
            place: String::new(),
            http: Default::default(),
            requires: BTreeMap::new(),
            marks: BTreeSet::new(),
        };
        for member in &operation.members {
            match member {
                OperationMember::Access(name) => op.access = name.text.clone(),
                OperationMember::In(kind) => op.place = format!("in {}", kind.text),
                OperationMember::Lists(kind) => op.place += &format!(" lists {}", kind.text),
                OperationMember::Http { method, path } => op.http = (method.text.clone(), path.value.clone()),
                OperationMember::Requires { model, alternatives } => {
                    let texts = alternatives
                        .iter()
                        .map(|a| a.scopes.iter().map(|s| s.text.clone()).collect())
                        .collect();
                    assert!(op.requires.insert(model.text.clone(), texts).is_none());
                }
                OperationMember::Marks(marks) => op.marks = marks.iter().map(|m| m.text.clone()).collect(),
            }
        }
        out.push(op);
    }
    out
}

/// How many of the operations a Connect app with one scope can call, by the base catalog's implications.
fn reached(operations: &[Op], scope: &str) -> usize {
    let base = base();
    let scopes: Vec<&Scope> =
        base.items.iter().filter_map(|i| if let Item::Scope(s) = i { Some(s) } else { None }).collect();
    let mut held = BTreeSet::from([scope]);
    loop {
        let more: BTreeSet<&str> = scopes
            .iter()
            .filter(|s| held.contains(s.name.text.as_str()))
            .flat_map(|s| &s.implies)
            .map(|n| n.text.as_str())
            .collect();
        let before = held.len();
        held.extend(more);
        if held.len() == before {
            break;
        }
    }
    operations
        .iter()
        .filter(|o| o.scopes("atlassian.connect").iter().any(|all| all.iter().all(|s| held.contains(s))))
        .count()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn parsed(path: &str) -> File {
    parser::parse(0, &std::fs::read_to_string(root().join(path)).unwrap()).0
}

fn base() -> File {
    parsed("policies/catalogs/atlassian.sprag")
}

fn common() -> File {
    parsed("policies/catalogs/common.sprag")
}

fn kept(catalog: usize) -> File {
    parsed(CATALOGS[catalog].1)
}

/// The folder with other people's files, if it is there.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("SPRAG_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    if folder.join("atlassian_openapi").is_dir() {
        return Some(folder);
    }
    eprintln!("not checked: {} is not there; SPRAG_DATA names another folder", folder.display());
    None
}

fn made(data: &Path, catalog: &str) -> Imported {
    let (_, _, names) = CATALOGS.iter().find(|(c, ..)| *c == catalog).unwrap();
    let texts: Vec<String> = names
        .iter()
        .map(|n| std::fs::read_to_string(data.join("atlassian_openapi").join(n)).unwrap())
        .collect();
    let documents: Vec<Document<'_>> =
        names.iter().zip(&texts).map(|(name, text)| Document { name, text }).collect();
    let options = Options {
        catalog: Some(catalog.into()),
        version: Some("2026-07".into()),
        marks: Some(std::fs::read_to_string(root().join(MARKS)).unwrap()),
        ..Options::default()
    };
    openapi::import(&documents, &options).unwrap()
}

/// The catalogs through the checker, with a policy that uses them.
fn check_catalogs(catalogs: &[File], policy: &str) -> Vec<String> {
    let mut sources = SourceMap::default();
    let prelude_source = sources.add(sema::PRELUDE_PATH, sema::PRELUDE);
    let (prelude, _) = parser::parse(prelude_source, sema::PRELUDE);
    let policy_source = sources.add("policy.sprag", policy);
    let (policy, broken) = parser::parse(policy_source, policy);
    assert_eq!(broken, []);
    let input = sema::Input {
        package: "test",
        prelude: &prelude,
        policy: vec![&policy],
        catalogs: catalogs.iter().map(|file| sema::CatalogFile { file, digest: String::new() }).collect(),
        lock: None,
        syntax: &[],
    };
    let (model, diagnostics) = sema::check(&input, &sources);
    assert_eq!(model.is_some(), diagnostics.iter().all(|d| d.severity != Severity::Error));
    diagnostics.iter().map(|d| format!("{} {}", d.code, d.message)).collect()
}
