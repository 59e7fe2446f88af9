//! What scopes open and what ratchets take, counted in the catalogs that this repository carries.
#![expect(clippy::disallowed_methods, reason = "a test reads the catalogs it counts in")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sprag::analysis::privilege::models::{self, Asked, Comparison};
use sprag::analysis::privilege::needs::{Grant, Needs, closure};
use sprag::analysis::privilege::set::Operations;
use sprag::analysis::privilege::states;
use sprag::diag::Diagnostic;
use sprag::driver::{self, Compilation, Inputs};
use sprag::lint::{RULES, Subject};
use sprag::sema::model::{Access, AppId, Checked, Model, OperationId, PermissionModelId, RatchetId, ScopeId};
use sprag::span::Source;

/// A policy over the carried Atlassian catalogs.
#[track_caller]
fn atlassian(policy: &str) -> Checked<Model> {
    let read = |path: &str| {
        let text = fs::read_to_string(format!("policies/catalogs/{path}")).unwrap();
        Source { path: path.to_owned(), text }
    };
    let shelf = ["common.sprag", "atlassian.sprag", "atlassian/jira.sprag", "atlassian/confluence.sprag"]
        .map(read)
        .into();
    let own = vec![Source { path: "policy.sprag".to_owned(), text: policy.to_owned() }];
    let compiled = driver::compile(Inputs { package: "p".to_owned(), own, shelf, lock: None });
    compiled.model.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

fn jira() -> Checked<Model> {
    atlassian("use atlassian.jira\n")
}

#[track_caller]
fn permission_model(model: &Model, name: &str) -> PermissionModelId {
    let at = model.permission_models.iter().position(|m| m.name == name).unwrap();
    PermissionModelId(at as u32)
}

#[track_caller]
fn scope(model: &Model, of: &str, name: &str) -> ScopeId {
    let of = permission_model(model, of);
    let at = model.scopes.iter().position(|s| s.model == of && s.name == name).unwrap();
    ScopeId(at as u32)
}

fn names(model: &Model, operations: &Operations) -> Vec<String> {
    operations.iter().map(|id| model.operations[id.index()].name.clone()).collect()
}

/// One scope, wanted alone.
fn asks(model: &Model, of: &str, name: &str) -> Asked {
    Some(vec![vec![scope(model, of, name)]])
}

fn connect_and_classic(model: &Model) -> Comparison {
    models::compare(
        model,
        permission_model(model, "atlassian.connect"),
        permission_model(model, "atlassian.classic"),
    )
}

/// What scopes of a model open, for a person.
fn opened(model: &Model, of: &str, scopes: &[&str]) -> Operations {
    let held = closure(model, scopes.iter().map(|name| scope(model, of, name)));
    Needs::of(model).opened(Grant { models: &[permission_model(model, of)], held: &held, user: true })
}

fn of_jira(model: &Model, operations: &Operations) -> Operations {
    operations.iter().filter(|id| model.operations[id.index()].name.starts_with("jira.")).collect()
}

#[test]
fn classic_write_deletes_what_connect_asks_delete_for() {
    let model = jira();
    let cell = connect_and_classic(&model).cell(
        &asks(&model, "atlassian.connect", "DELETE"),
        &asks(&model, "atlassian.classic", "write:jira-work"),
    );
    assert_eq!(cell.len(), 22);
    assert_eq!(cell.counts(&model).delete, 22);
    assert!(names(&model, &cell).contains(&"jira.issue.delete".to_owned()));
}

#[test]
fn neither_of_connect_and_classic_refines_the_other() {
    let model = jira();
    let both = connect_and_classic(&model);
    let cell = |connect, classic| {
        let classic = asks(&model, "atlassian.classic", classic);
        both.cell(&asks(&model, "atlassian.connect", connect), &classic).len()
    };
    assert_eq!(cell("ADMIN", "manage:jira-project"), 22);
    assert_eq!(cell("READ", "manage:jira-configuration"), 12);
}

#[test]
fn what_is_closed_to_connect_may_be_open_to_classic() {
    let model = jira();
    let comparison = connect_and_classic(&model);
    assert_eq!(comparison.only_right().len(), 77);
    let callable = |name| {
        let id = permission_model(&model, name);
        model.operations.iter().filter(|o| o.requirements.contains_key(&id)).count()
    };
    let both = comparison.both().len();
    // All but the token endpoint belong to Jira.
    assert_eq!(both + comparison.only_left().len(), 616 - 137 + 1);
    assert_eq!(both + 77, callable("atlassian.classic"));
}

#[test]
fn a_webhook_needs_only_read_and_no_access_rule_covers_it() {
    let model = jira();
    let at = model.operations.iter().position(|o| o.name == "jira.webhook.create").unwrap();
    let webhook = OperationId(at as u32);
    assert_eq!(model.operations[at].access, Access::Admin);
    assert!(opened(&model, "atlassian.connect", &["READ"]).contains(webhook));
    assert!(
        opened(&model, "atlassian.classic", &["manage:jira-webhook", "read:jira-work"]).contains(webhook)
    );
    assert!(!opened(&model, "atlassian.classic", &["manage:jira-webhook"]).contains(webhook));
    let marks: Vec<_> = model.operations[at].marks.iter().map(|m| &model.marks[m.index()].name).collect();
    assert!(marks.contains(&&"app-access-rule-exempt".to_owned()), "{marks:?}");
}

#[test]
fn a_ratchet_from_admin_to_write_takes_227_operations_of_jira() {
    let model = atlassian(
        "use atlassian.jira\napp a { key \"a\" platform atlassian.connect requests ADMIN }\n\
         ratchet setup on a {\n  start holds ADMIN\n  then done holds WRITE when command\n}\n",
    );
    let turnings = states::turnings(&model, &Needs::of(&model), AppId(0));
    assert_eq!(turnings.len(), 1);
    assert_eq!((turnings[0].ratchet, turnings[0].stages.len()), (RatchetId(0), 2));
    let taken = of_jira(&model, &turnings[0].stages[1].taken);
    assert_eq!(taken.len(), 227);
    let mut by_scope: BTreeMap<&str, usize> = BTreeMap::new();
    let connect = permission_model(&model, "atlassian.connect");
    for id in taken.iter() {
        let wanted = model.operations[id.index()].requirements[&connect][0][0];
        *by_scope.entry(&model.scopes[wanted.index()].name).or_default() += 1;
    }
    assert_eq!(by_scope, BTreeMap::from([("ADMIN", 167), ("PROJECT_ADMIN", 37), ("DELETE", 23)]));
    // And the webhook is not among them.
    assert!(!names(&model, &taken).contains(&"jira.webhook.create".to_owned()));
}

#[test]
fn the_reach_of_connect_scopes_is_that_of_the_whitelist() {
    let model = jira();
    let reach = |name| of_jira(&model, &opened(&model, "atlassian.connect", &[name])).len();
    let chain = ["READ", "WRITE", "DELETE", "PROJECT_ADMIN", "ADMIN"];
    assert_eq!(chain.map(reach), [201, 246, 269, 306, 473]);
}

/// A package of `policies`.
fn package(name: &str) -> Compilation {
    fn read(folder: &Path, root: &Path, into: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, root, into);
            } else if path.extension().is_some_and(|e| e == "sprag") {
                let shown = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                into.push(Source { path: shown, text: fs::read_to_string(&path).unwrap() });
            }
        }
        into.sort_by(|a, b| a.path.cmp(&b.path));
    }
    let (mut own, mut shelf) = (Vec::new(), Vec::new());
    let root = Path::new("policies").join(name);
    read(&root, &root, &mut own);
    read(Path::new("policies/catalogs"), Path::new("policies"), &mut shelf);
    driver::compile(Inputs { package: name.to_owned(), own, shelf, lock: None })
}

/// What rules about privilege find.
fn found(compilation: &Compilation) -> Vec<Diagnostic> {
    let model = compilation.model.as_ref().unwrap();
    let (thresholds, today) = (BTreeMap::new(), jiff::civil::date(2026, 6, 1));
    let subject =
        Subject::new(model, &compilation.sources, &compilation.files, today, &thresholds, &|_, _, _| {});
    let mut found = Vec::new();
    let ours = |code: &str| ["SPR010", "SPR011", "SPR050", "SPR060"].iter().any(|f| code.starts_with(f));
    for rule in RULES.iter().filter(|rule| ours(rule.code)) {
        (rule.check)(&subject, &mut found);
    }
    found
}

#[test]
fn what_is_found_in_the_example_packages() {
    for name in ["acme", "connect-today", "connect-roadmap"] {
        let compilation = package(name);
        let mut text = String::new();
        for finding in found(&compilation) {
            text += &format!("{} {}\n", finding.code, finding.message);
            for label in &finding.labels {
                text += &format!("    {} {}\n", compilation.sources.at(label.span), label.text);
            }
            for note in finding.notes.iter().chain(&finding.help) {
                text += &format!("    {note}\n");
            }
            if let Some(fix) = &finding.fix {
                text += &format!("    fix ({:?}): {}\n", fix.safety, fix.title);
            }
        }
        insta::assert_snapshot!(format!("privilege_{name}"), text);
    }
}

/// `cargo test --release --test privilege -- --ignored --nocapture`
#[test]
#[ignore = "takes long without optimisation"]
#[expect(clippy::print_stdout, reason = "the times are the result")]
fn at_the_largest_size() {
    use sprag_test_support::workload::{LARGE, MEDIUM, workload};
    for size in [MEDIUM, LARGE] {
        if std::env::var("SIZE").is_ok_and(|wanted| wanted != size.name) {
            continue;
        }
        let made = workload(size);
        let own = made.policy.into_iter().map(|(path, text)| Source { path, text }).collect();
        let shelf = vec![Source { path: "load.sprag".to_owned(), text: made.catalog }];
        let inputs = Inputs { package: "load".to_owned(), own, shelf, lock: None };
        let start = std::time::Instant::now();
        let compilation = driver::compile(inputs);
        println!("{}: check {:?}", size.name, start.elapsed());
        let model = compilation.model.as_ref().unwrap();
        let (thresholds, today) = (BTreeMap::new(), jiff::civil::date(2026, 6, 1));
        let subject =
            Subject::new(model, &compilation.sources, &compilation.files, today, &thresholds, &|_, _, _| {});
        for rule in RULES {
            let (mut found, start) = (Vec::new(), std::time::Instant::now());
            (rule.check)(&subject, &mut found);
            println!("{}: {} {:?}, {} findings", size.name, rule.name, start.elapsed(), found.len());
        }
    }
}
