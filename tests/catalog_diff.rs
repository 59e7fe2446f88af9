//! What a platform changes between two versions of its catalog: made up, and Jira Cloud's of 2022, 2024 and 2026.
//!
//! The documents of Jira are read from `../shared/data` (or the folder in `SPRAG_DATA`). Where that folder is
//! missing, the tests that need it say so and pass.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests read files")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use sprag::analysis::catalogs::{self, Alternatives, CatalogDiff, Change, Reach};
use sprag::driver::{self, Inputs};
use sprag::import::{Document, Options, openapi};
use sprag::sema::model::{Access, Checked, Model, OperationId};
use sprag::span::Source;
use sprag::syntax::printer;

// ---- made up

const OLD: &str = r#"
catalog shop version "1"
kind site
kind order in site
model rest
scope rest READ
scope rest WRITE implies READ
scope rest STATS
mark beta
operation shop.order.get { access read in order http GET "/orders/{id}" requires rest READ }
operation shop.order.edit { access write in order http PUT "/orders/{id}" requires rest WRITE }
operation shop.order.list { access read in site lists order http GET "/orders" requires rest WRITE or [READ, STATS] }
operation shop.stats.get { access read in site http GET "/stats" requires rest STATS marks beta }
operation shop.old { access read in site http GET "/old" requires rest READ }
"#;

const NEW: &str = r#"
catalog shop version "2"
kind site
kind order in site
model rest
model oauth
scope rest READ
scope rest WRITE implies READ
scope rest STATS implies READ
scope oauth orders
mark beta
operation shop.order.read { access read in order http GET "/orders/{orderId}" requires rest READ requires oauth orders }
operation shop.order.edit { access admin in order http PUT "/orders/{id}" requires rest WRITE or [WRITE, STATS] }
operation shop.order.list { access read in site http GET "/orders" requires rest READ }
operation shop.stats.get { access read in site http GET "/stats" }
operation shop.fresh { access read in site http GET "/fresh" requires rest READ }
"#;

/// Who relies on what paths name hears of it when they no longer do.
#[test]
fn a_path_that_names_something_else_is_a_change() {
    let with = |line: &str| OLD.replace("mark beta", &format!("mark beta\n{line}"));
    let named = with(r#"path "/orders/{id}" names order in upper case before "-""#);
    let whole = with(r#"path "/orders/{any}" names order in upper case"#);
    let told = |old: &str, new: &str| {
        let (old, new) = (model(&[old], "shop"), model(&[new], "shop"));
        let diff = catalogs::compare(&old, &new);
        let texts = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
        let change = |c: &catalogs::OperationChange| {
            let Change { old, new } = c.namings.as_ref().expect("nothing else changed");
            format!("{}: {} -> {}", name(&model(&[OLD], "shop"), c.new), texts(old), texts(new))
        };
        diff.changed.iter().map(change).collect::<Vec<_>>()
    };
    let before = "order by segment 2 in upper case before `-`";
    assert_eq!(
        told(&named, OLD),
        [format!("shop.order.edit: {before} -> "), format!("shop.order.get: {before} -> ")]
    );
    let now = "order by segment 2 in upper case";
    assert_eq!(
        told(&named, &whole),
        [format!("shop.order.edit: {before} -> {now}"), format!("shop.order.get: {before} -> {now}")]
    );
    assert_eq!(told(&named, &named.replace("{id}", "{other}")), Vec::<String>::new());
}

/// Who writes rules about paths hears of it when more of them lead to an operation.
#[test]
fn paths_that_are_taken_in_any_case_are_a_change() {
    let any = OLD.replacen("version \"1\"", "version \"1\" paths in any case", 1);
    let told = |old: &str, new: &str| {
        let diff = catalogs::compare(&model(&[old], "shop"), &model(&[new], "shop"));
        diff.changed.iter().map(|c| c.any_case.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(OLD, &any), vec![Some(Change { old: false, new: true }); 5]);
    assert_eq!(told(&any, OLD), vec![Some(Change { old: true, new: false }); 5]);
    assert_eq!(told(&any, &any), Vec::new());
}

#[test]
fn an_operation_is_what_is_called_on_the_wire() {
    let (old, new) = (model(&[OLD], "shop"), model(&[NEW], "shop"));
    let diff = catalogs::compare(&old, &new);
    assert_eq!(names(&new, &diff.added), ["shop.fresh"]);
    assert_eq!(names(&old, &diff.removed), ["shop.old"]);
    let changed: Vec<String> = diff.changed.iter().map(|c| name(&new, c.new)).collect();
    assert_eq!(changed, ["shop.order.edit", "shop.order.list", "shop.order.read", "shop.stats.get"]);
    let [edit, list, read, stats] = diff.changed.as_slice() else { panic!() };

    // A wider alternative beside a narrower one says nothing.
    assert_eq!(edit.requirements, BTreeMap::new());
    assert_eq!(edit.access, Some(Change { old: Access::Write, new: Access::Admin }));

    assert_eq!(list.place, Some(Change { old: "site listing order".into(), new: "site".into() }));
    let rest = |change: &catalogs::OperationChange| change.requirements.get("shop.rest").cloned();
    let sets = |sets: &[&[&str]]| -> Option<Alternatives> {
        Some(sets.iter().map(|set| set.iter().map(|s| (*s).to_owned()).collect()).collect())
    };
    let was = sets(&[&["WRITE"], &["READ", "STATS"]]);
    assert_eq!(rest(list), Some(Change { old: was, new: sets(&[&["READ"]]) }));

    let renamed = Change { old: "shop.order.get".to_owned(), new: "shop.order.read".to_owned() };
    assert_eq!(read.name, Some(renamed));
    assert_eq!(rest(read), None);
    assert_eq!(read.requirements["shop.oauth"], Change { old: None, new: sets(&[&["orders"]]) });

    assert_eq!(rest(stats), Some(Change { old: sets(&[&["STATS"]]), new: None }));
    let beta = BTreeSet::from(["beta".to_owned()]);
    assert_eq!(stats.marks, Some(Change { old: beta, new: BTreeSet::new() }));

    let scopes: Vec<_> = diff.scopes.iter().map(|s| (s.model.as_str(), s.name.as_str())).collect();
    assert_eq!(scopes, [("shop.oauth", "orders"), ("shop.rest", "STATS")]);
}

#[test]
fn what_a_scope_opens_is_counted_with_what_it_includes() {
    let (old, new) = (model(&[OLD], "shop"), model(&[NEW], "shop"));
    let reach = holding(&old, &new, "shop.rest", &["READ"]);
    assert_eq!((reach.before, reach.now), (2, 3));
    assert_eq!(names(&new, &reach.opened), ["shop.order.list"]);
    assert_eq!(names(&new, &reach.added), ["shop.fresh"]);
    assert_eq!(names(&old, &reach.removed), ["shop.old"]);
    assert_eq!(reach.closed, []);

    let reach = holding(&old, &new, "shop.rest", &["STATS"]);
    assert_eq!((reach.before, reach.now), (1, 3));
    assert_eq!(names(&new, &reach.opened), ["shop.order.list", "shop.order.read"]);
    assert_eq!(names(&old, &reach.closed), ["shop.stats.get"]);

    assert_eq!(holding(&old, &new, "shop.rest", &["NOTHING"]), Reach::default());
    assert_eq!(holding(&old, &new, "shop.oauth", &["orders"]).opened.len(), 1);
}

#[test]
fn a_catalog_does_not_differ_from_itself() {
    let (one, other) = (model(&[OLD], "shop"), model(&[OLD], "shop"));
    let diff = catalogs::compare(&one, &other);
    assert!(diff.is_empty());
    assert_eq!(diff.pairs.len(), 5);
}

// ---- Jira Cloud

#[test]
fn what_jira_changed_between_its_versions() {
    let Some(data) = data() else { return };
    let catalogs = jira(&data);
    let told = [("2022", "2024"), ("2024", "2026"), ("2022", "2026")].map(|(from, to)| {
        let (old, new) = (&catalogs[from], &catalogs[to]);
        let diff = catalogs::compare(old, new);
        let mut told = format!(
            "{from} to {to}: {} operations in both, {} added, {} removed\n",
            diff.pairs.len(),
            diff.added.len(),
            diff.removed.len(),
        );
        for (model, changes) in requirement_changes(&diff) {
            told += &format!("  {model}: {changes} requirements changed\n");
        }
        for scope in ["READ", "WRITE", "DELETE", "PROJECT_ADMIN", "ADMIN"] {
            let reach = holding(old, new, "atlassian.connect", &[scope]);
            told += &format!(
                "  {scope}: {} to {}, opened {}, new {}, closed {}, gone {}\n",
                reach.before,
                reach.now,
                reach.opened.len(),
                reach.added.len(),
                reach.closed.len(),
                reach.removed.len()
            );
        }
        told
    });
    insta::assert_snapshot!(told.join(""), @r"
    2022 to 2024: 467 operations in both, 79 added, 2 removed
      atlassian.classic: 8 requirements changed
      atlassian.connect: 10 requirements changed
      atlassian.granular: 15 requirements changed
      READ: 189 to 211, opened 1, new 22, closed 0, gone 1
      WRITE: 228 to 256, opened 1, new 28, closed 0, gone 1
      DELETE: 250 to 278, opened 1, new 28, closed 0, gone 1
      PROJECT_ADMIN: 279 to 300, opened 1, new 31, closed 9, gone 2
      ADMIN: 444 to 518, opened 0, new 76, closed 0, gone 2
    2024 to 2026: 538 operations in both, 79 added, 8 removed
      atlassian.classic: 16 requirements changed
      atlassian.connect: 76 requirements changed
      atlassian.granular: 19 requirements changed
      READ: 211 to 201, opened 0, new 10, closed 19, gone 1
      WRITE: 256 to 246, opened 0, new 12, closed 21, gone 1
      DELETE: 278 to 269, opened 0, new 13, closed 21, gone 1
      PROJECT_ADMIN: 300 to 306, opened 15, new 13, closed 21, gone 1
      ADMIN: 518 to 473, opened 0, new 22, closed 60, gone 7
    2022 to 2026: 460 operations in both, 157 added, 9 removed
      atlassian.classic: 16 requirements changed
      atlassian.connect: 13 requirements changed
      atlassian.granular: 26 requirements changed
      READ: 189 to 201, opened 0, new 19, closed 6, gone 1
      WRITE: 228 to 246, opened 0, new 25, closed 6, gone 1
      DELETE: 250 to 269, opened 0, new 26, closed 6, gone 1
      PROJECT_ADMIN: 279 to 306, opened 0, new 35, closed 6, gone 2
      ADMIN: 444 to 473, opened 0, new 50, closed 13, gone 8
    ");
}

#[test]
fn what_a_jira_app_with_read_gained() {
    let Some(data) = data() else { return };
    let catalogs = jira(&data);
    let told = [("2022", "2024"), ("2024", "2026")].map(|(from, to)| {
        let (old, new) = (&catalogs[from], &catalogs[to]);
        let reach = holding(old, new, "atlassian.connect", &["READ"]);
        let list =
            |ids: &[OperationId]| ids.iter().map(|id| format!("  {}\n", call(new, *id))).collect::<String>();
        format!("{from} to {to}, opened:\n{}new:\n{}", list(&reach.opened), list(&reach.added))
    });
    insta::assert_snapshot!(told.join(""), @r"
    2022 to 2024, opened:
      jira.group.bulk.list: GET /rest/api/3/group/bulk
    new:
      jira.bulk.issues.fields.get: GET /rest/api/3/bulk/issues/fields
      jira.bulk.queue.get: GET /rest/api/3/bulk/queue/{taskId}
      jira.classification-levels.get: GET /rest/api/3/classification-levels
      jira.component.list: GET /rest/api/3/component
      jira.data-policy.get: GET /rest/api/3/data-policy
      jira.data-policy.project.get: GET /rest/api/3/data-policy/project
      jira.issue.createmeta.issuetypes.get: GET /rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}
      jira.issue.createmeta.issuetypes.list: GET /rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes
      jira.issue.limit.report.get: GET /rest/api/3/issue/limit/report
      jira.issues.archive.export: PUT /rest/api/3/issues/archive/export
      jira.jql.function.computation.edit: POST /rest/api/3/jql/function/computation
      jira.jql.function.computation.list: GET /rest/api/3/jql/function/computation
      jira.license.approximateLicenseCount.get: GET /rest/api/3/license/approximateLicenseCount
      jira.license.approximateLicenseCount.product.get: GET /rest/api/3/license/approximateLicenseCount/product/{applicationKey}
      jira.priorityscheme.list: GET /rest/api/3/priorityscheme
      jira.priorityscheme.priorities.available.list: GET /rest/api/3/priorityscheme/priorities/available
      jira.priorityscheme.priorities.list: GET /rest/api/3/priorityscheme/{schemeId}/priorities
      jira.priorityscheme.projects.list: GET /rest/api/3/priorityscheme/{schemeId}/projects
      jira.project.classification-level.default.get: GET /rest/api/3/project/{projectIdOrKey}/classification-level/default
      jira.resolution.search: GET /rest/api/3/resolution/search
      jira.search.id.query: POST /rest/api/3/search/id
      jira.version.relatedwork.list: GET /rest/api/3/version/{id}/relatedwork
    2024 to 2026, opened:
    new:
      jira.atlassian-connect.migration.task.create: POST /rest/atlassian-connect/1/migration/{connectKey}/{jiraIssueFieldsKey}/task
      jira.atlassian-connect.migration.task.get: GET /rest/atlassian-connect/1/migration/{connectKey}/{jiraIssueFieldsKey}/task
      jira.expression.evaluate: POST /rest/api/3/expression/evaluate
      jira.field.association.project.list: GET /rest/api/3/field/{fieldId}/association/project
      jira.field.context.defaultValues.list: GET /rest/api/3/field/{fieldId}/context/defaultValues
      jira.jql.function.computation.search: POST /rest/api/3/jql/function/computation/search
      jira.project.classification-config.get: GET /rest/api/3/project/{projectIdOrKey}/classification-config
      jira.search.approximate-count.query: POST /rest/api/3/search/approximate-count
      jira.search.jql.list: GET /rest/api/3/search/jql
      jira.search.jql.query: POST /rest/api/3/search/jql
    ");
}

/// The table was made from the documents by another program. Its last column of versions is half a year older
/// than the document of 2026, in which no Connect requirement has moved since.
#[test]
fn every_connect_requirement_that_moved_is_named() {
    let Some(data) = data() else { return };
    let catalogs = jira(&data);
    let table = std::fs::read_to_string(data.join("facts/openapi_scope_changes.tsv")).unwrap();
    for (from, to, steps, moved) in
        [("2022", "2024", &["2023-08", "2024-07"][..], 10), ("2024", "2026", &["2025-12"][..], 76)]
    {
        let mut published: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
        for step in steps {
            for line in table.lines().skip(1) {
                let [_, until, method, path, kind, old, new] = line.split('\t').collect::<Vec<_>>()[..]
                else {
                    panic!("{line}");
                };
                if until == *step && kind == "connect" {
                    let first = published
                        .entry((method.to_owned(), path.to_owned()))
                        .or_insert((old.to_owned(), String::new()));
                    first.1 = new.to_owned();
                }
            }
        }
        let (old, new) = (&catalogs[from], &catalogs[to]);
        let word = |sets: &Option<Alternatives>| match sets {
            None => "INACCESSIBLE".to_owned(),
            Some(sets) => sets.iter().flatten().cloned().collect::<Vec<_>>().join(" "),
        };
        let found: BTreeMap<_, _> = catalogs::compare(old, new)
            .changed
            .iter()
            .filter_map(|c| {
                let change = c.requirements.get("atlassian.connect")?;
                let http = new.operations[c.new.index()].http.clone().unwrap();
                Some((http, (word(&change.old), word(&change.new))))
            })
            .collect();
        assert_eq!(found, published, "{from} to {to}");
        assert_eq!(found.len(), moved);
    }
}

// ---- helpers

fn requirement_changes(diff: &CatalogDiff) -> BTreeMap<&str, usize> {
    let mut all = BTreeMap::new();
    for model in diff.changed.iter().flat_map(|c| c.requirements.keys()) {
        *all.entry(model.as_str()).or_default() += 1;
    }
    all
}

fn holding(old: &Model, new: &Model, model: &str, scopes: &[&str]) -> Reach {
    let scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
    catalogs::reach(old, new, &catalogs::compare(old, new), model, &scopes)
}

fn name(model: &Model, id: OperationId) -> String {
    model.operations[id.index()].name.clone()
}

/// Name, method and path.
fn call(model: &Model, id: OperationId) -> String {
    let operation = &model.operations[id.index()];
    let (method, path) = operation.http.clone().unwrap_or_default();
    format!("{}: {method} {path}", operation.name)
}

fn names(model: &Model, ids: &[OperationId]) -> Vec<String> {
    ids.iter().map(|id| name(model, *id)).collect()
}

/// A package that uses the catalog of that name and says nothing else.
fn model(catalogs: &[&str], used: &str) -> Checked<Model> {
    let source = |(i, text): (usize, &&str)| Source { path: format!("{i}.sprag"), text: (*text).to_owned() };
    let compiled = driver::compile(Inputs {
        package: "test".to_owned(),
        own: vec![Source { path: "policy.sprag".to_owned(), text: format!("use {used}") }],
        shelf: catalogs.iter().enumerate().map(source).collect(),
        lock: None,
    });
    compiled.model.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics))
}

/// Jira's catalogs by year.
fn jira(data: &Path) -> BTreeMap<&'static str, Checked<Model>> {
    let read = |name: &str| std::fs::read_to_string(root().join("policies/catalogs").join(name)).unwrap();
    let (common, base) = (read("common.sprag"), read("atlassian.sprag"));
    let files = [
        ("2022", "jira-platform_2022.json.gz"),
        ("2024", "jira-platform-v3_2024.json.gz"),
        ("2026", "jira-platform-v3_2026-07.json"),
    ];
    let catalog = |(year, file): (&'static str, &str)| {
        let path = data.join("atlassian_openapi").join(file);
        let text = if file.ends_with(".gz") {
            let unpacked = Command::new("gzip").arg("-dc").arg(&path).output().unwrap();
            String::from_utf8(unpacked.stdout).unwrap()
        } else {
            std::fs::read_to_string(path).unwrap()
        };
        let options = Options {
            catalog: Some("atlassian.jira".into()),
            version: Some(year.into()),
            ..Options::default()
        };
        let made = openapi::import(&[Document { name: file, text: &text }], &options).unwrap();
        (year, model(&[&common, &base, &printer::print(&made.file)], "atlassian.jira"))
    };
    files.into_iter().map(catalog).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
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
