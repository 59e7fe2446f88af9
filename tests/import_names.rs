//! Names of imported operations: what they mean stays what they meant, or is told. And templates that cross.
#![expect(clippy::disallowed_methods, reason = "packages are files")]

#[expect(dead_code, reason = "others use the rest of it")]
mod shell;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use shell::{Said, sprag};
use sprag::cli::Exit;

/// An OpenAPI document of these endpoints: path, method and `operationId`.
fn openapi(endpoints: &[(&str, &str, &str)]) -> String {
    let mut paths: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, method, id) in endpoints {
        let operation =
            format!(r#""{method}": {{"operationId": "{id}", "security": [{{"oauth": ["all"]}}]}}"#);
        paths.entry(path).or_default().push(operation);
    }
    let paths: Vec<String> =
        paths.iter().map(|(path, all)| format!(r#""{path}": {{{}}}"#, all.join(", "))).collect();
    format!(
        r#"{{"openapi": "3.0.0", "info": {{"title": "T", "version": "1"}},
        "components": {{"securitySchemes": {{"oauth": {{"type": "oauth2", "flows": {{"clientCredentials": {{"scopes": {{"all": ""}}}}}}}}}}}},
        "paths": {{{}}}}}"#,
        paths.join(", ")
    )
}

const LISTS: (&str, &str, &str) = ("/lists/{list}/items", "get", "getItemsOfList");
const ITEMS: (&str, &str, &str) = ("/lists/items/{item}", "get", "getItem");

/// Imports this text into `t.sprag` of the folder.
fn import(folder: &Path, format: &str, text: &str, more: &[&str]) -> Said {
    fs::write(folder.join("d.json"), text).unwrap();
    let named = ["import", format, "d.json", "--catalog", "t", "--version", "1", "-o", "t.sprag"];
    sprag(folder, &[&named, more].concat())
}

/// Name by method and path of what is in `t.sprag`, the path in one spelling.
fn names(folder: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder.join("t.sprag")).unwrap();
    let mut names = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("operation ") {
            name = rest.trim_end_matches(" {").to_owned();
        } else if let Some(call) = line.strip_prefix("  http ") {
            let parameter = |segment: &str| if segment.contains('{') { "{}" } else { segment }.to_lowercase();
            let call: Vec<String> = call.trim_end_matches('"').split('/').map(parameter).collect();
            names.insert(call.join("/"), name.clone());
        }
    }
    names
}

/// The first document, then the second one: as it is the name would move, and nothing is written; with the option it
/// stays, and what is told is returned.
#[track_caller]
fn stays(format: &str, old: &str, new: &str, moves: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let first = import(folder, format, old, &[]);
    assert_eq!(first.exit, Exit::Clean, "{}", first.err);
    let before = fs::read_to_string(folder.join("t.sprag")).unwrap();
    let earlier = names(folder);
    // The same document again is no change.
    assert_eq!(import(folder, format, old, &[]).exit, Exit::Clean);

    let said = import(folder, format, new, &[]);
    assert_eq!(said.exit, Exit::Failed, "{format}: {}{}", said.err, names(folder).len());
    for part in ["t.sprag was left as it is", moves, "--keep-names t.sprag keeps the names"] {
        assert!(said.err.contains(part), "{format}: {part}\n{}", said.err);
    }
    assert_eq!(fs::read_to_string(folder.join("t.sprag")).unwrap(), before, "nothing is written");

    let said = import(folder, format, new, &["--keep-names", "t.sprag"]);
    assert_eq!(said.exit, Exit::Clean, "{format}: {}", said.err);
    let now = names(folder);
    for (call, name) in &earlier {
        if now.contains_key(call) {
            assert_eq!(now[call], *name, "{format}");
        } else {
            assert!(!now.values().any(|other| other == name), "{format}: {name} is another operation's");
        }
    }
    // From here on it is the same with the same.
    let kept = fs::read_to_string(folder.join("t.sprag")).unwrap();
    assert_eq!(import(folder, format, new, &["--keep-names", "t.sprag"]).exit, Exit::Clean);
    assert_eq!(fs::read_to_string(folder.join("t.sprag")).unwrap(), kept);
    let told = said.err.lines().filter(|line| line.starts_with("note[kept]"));
    told.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_name_stays_with_its_operation_when_another_one_comes() {
    let told = stays(
        "openapi",
        &openapi(&[LISTS]),
        &openapi(&[LISTS, ITEMS]),
        "`t.lists.items.get` was GET /lists/{list}/items and is GET /lists/items/{item} now",
    );
    insta::assert_snapshot!(told, @r#"
    note[kept]: --keep-names: `t.lists.items.get-item` is GET /lists/items/{item} and by rule would be `t.lists.items.get`: the earlier catalog gives that name to GET /lists/{list}/items
    note[kept]: --keep-names: `t.lists.items.get` is GET /lists/{list}/items and by rule would be `t.lists.items.get-items-of-list`: it keeps the name that it has in the earlier catalog
    "#);
}

#[test]
fn a_name_whose_operation_is_gone_is_not_given_to_another_one() {
    let told = stays(
        "openapi",
        &openapi(&[LISTS]),
        &openapi(&[ITEMS]),
        "`t.lists.items.get` was GET /lists/{list}/items and is GET /lists/items/{item} now",
    );
    insta::assert_snapshot!(told, @"note[kept]: --keep-names: `t.lists.items.get-item` is GET /lists/items/{item} and by rule would be `t.lists.items.get`: the earlier catalog gives that name to GET /lists/{list}/items");
}

/// What no request is mapped to any more is the same operation still, and what it is told by is not in the catalog.
#[test]
fn an_operation_that_loses_its_path_keeps_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let thing = ("/things/{id}", "get", "getThing");
    assert_eq!(import(folder.path(), "openapi", &openapi(&[thing]), &[]).exit, Exit::Clean);
    let with = openapi(&[thing, ("/things/{id}:stop", "get", "getStop")]);
    let said = import(folder.path(), "openapi", &with, &[]);
    assert_eq!(said.exit, Exit::Failed, "{}", said.err);
    let moves = "`t.things.get` was GET /things/{id} and is GET /things/{id}:stop now";
    assert!(said.err.contains(moves), "{}", said.err);
    let said = import(folder.path(), "openapi", &with, &["--keep-names", "t.sprag"]);
    assert_eq!(said.exit, Exit::Clean, "{}", said.err);
    let text = fs::read_to_string(folder.path().join("t.sprag")).unwrap();
    let operations: Vec<&str> = text.lines().filter(|line| line.starts_with("operation ")).collect();
    assert_eq!(operations, ["operation t.things.get {", "operation t.things.get-stop {"]);
    // A path that it has later may be another's: nobody can tell.
    let said = import(folder.path(), "openapi", &openapi(&[thing]), &[]);
    assert_eq!(said.exit, Exit::Failed, "{}", said.err);
    let moves = "`t.things.get` was an operation without method and path and is GET /things/{id} now";
    assert!(said.err.contains(moves), "{}", said.err);
    let said = import(folder.path(), "openapi", &openapi(&[thing]), &["--keep-names", "t.sprag"]);
    assert_eq!(said.exit, Exit::Clean, "{}", said.err);
    assert_eq!(names(folder.path()).into_values().collect::<Vec<_>>(), ["t.things.get-thing"]);
}

/// A name that lost its method and path for a while goes to nobody else: over three versions neither.
#[test]
fn a_name_without_a_path_is_given_to_nothing_that_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let thing = ("/v1/x/{id}", "get", "getTheThingById");
    let keep = ["--keep-names", "t.sprag"];
    assert_eq!(import(folder.path(), "openapi", &openapi(&[thing]), &[]).exit, Exit::Clean);
    let history = ("/v1/x/{id}:history", "get", "getHistoryOfTheThing");
    assert_eq!(import(folder.path(), "openapi", &openapi(&[thing, history]), &keep).exit, Exit::Clean);
    let other = ("/v3/x/{id}", "get", "d");
    assert_eq!(import(folder.path(), "openapi", &openapi(&[thing, other]), &keep).exit, Exit::Clean);
    let names: BTreeSet<String> = names(folder.path()).into_values().collect();
    assert!(!names.contains("t.x.get"), "{names:?}");
    assert_eq!(names.len(), 2, "{names:?}");
}

/// The same document again, and its own catalog: the same names, also where they have no path.
#[test]
fn what_keeps_its_own_names_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let keep = ["--keep-names", "t.sprag"];
    let read = || fs::read_to_string(folder.path().join("t.sprag")).unwrap();
    assert_eq!(
        import(folder.path(), "openapi", &openapi(&[("/things", "post", "mk")]), &[]).exit,
        Exit::Clean
    );
    let next = openapi(&[("/things/{id}:stop", "post", "stop"), ("/x", "get", "x")]);
    assert_eq!(import(folder.path(), "openapi", &next, &keep).exit, Exit::Clean);
    let once = read();
    assert!(once.contains("operation t.things.stop {"), "{once}");
    assert_eq!(import(folder.path(), "openapi", &next, &keep).exit, Exit::Clean);
    assert_eq!(read(), once);
}

#[test]
fn an_earlier_catalog_is_one_of_the_same_name_without_doubles() {
    let folder = tempfile::tempdir().unwrap();
    let document = openapi(&[("/gone", "get", "g")]);
    let fails = |text: &str, more: &[&str], why: &str| {
        fs::write(folder.path().join("t.sprag"), text).unwrap();
        let said = import(folder.path(), "openapi", &document, more);
        assert_eq!(said.exit, Exit::Failed, "{}", said.err);
        assert!(said.err.contains(why), "{}", said.err);
        assert_eq!(fs::read_to_string(folder.path().join("t.sprag")).unwrap(), text, "nothing is written");
    };
    let keep = ["--keep-names", "t.sprag"];
    let other = OLD.replace("catalog t ", "catalog other ");
    fails(&other, &keep, "is catalog `other`: expected an earlier one of `t`");
    fails(&other, &[], "is catalog `other` and this one is `t`");
    let twice = OLD.replace("t.lists.items.get", "t.gone.get");
    fails(&twice, &keep, "`t.gone.get` is there twice");
    let http = OLD.replace("  http GET \"/gone\"\n", "  http GET \"/gone\"\n  http GET \"/come\"\n");
    fails(&http, &keep, "`t.gone.get` has two lines `http`");
    // Its name does not come first, as it must.
    let late = format!("use common\n{}", OLD.replace("\"/gone\"", "\"/come\""));
    fails(&late, &[], "`t.gone.get` was GET /come and is GET /gone now");
}

#[test]
fn a_name_that_moved_cannot_be_approved() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("old.sprag", OLD);
    write("new.sprag", &renamed());
    let said = sprag(folder.path(), &["catalog", "diff", "old.sprag", "new.sprag", "--deny-widening"]);
    let out = String::from_utf8(said.out).unwrap();
    assert_eq!(said.exit, Exit::Findings, "{out}");
    assert!(out.contains("no block can approve that `t.gone.get` means another method and path"), "{out}");
    assert!(!out.contains("all that grew was approved"), "{out}");
    // One that led nowhere means nothing else than before, but requests by that path were nobody's.
    write("new.sprag", OLD);
    write("old.sprag", &OLD.replace("  http GET \"/gone\"\n", ""));
    let said = sprag(folder.path(), &["catalog", "diff", "old.sprag", "new.sprag", "--deny-widening"]);
    let out = String::from_utf8(said.out).unwrap();
    assert_eq!(said.exit, Exit::Findings, "{out}");
    assert!(!out.contains("no block can approve"), "{out}");
    assert!(out.contains("the path of `t.gone.get`: takes `GET /gone`, which was no operation's"), "{out}");
}

/// A catalog has no block that could approve it.
#[test]
fn what_scopes_open_by_a_newer_catalog_is_a_widening() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let catalog = |scopes: &str, requires: &str| {
        format!(
            "catalog t version \"1\"\nkind site\nmodel t\n{scopes}\n\
             operation t.get {{ access read in site requires t {requires} }}\n"
        )
    };
    let plain = catalog("scope t A\nscope t B", "A");
    let more = plain.clone() + "operation t.drop { access delete in site requires t [A, B] }\n";
    for (old, new, told) in [
        (
            plain.as_str(),
            catalog("scope t A\nscope t B", "A or B"),
            Some("x t.t B opens `t.get`, and did not"),
        ),
        (&plain, catalog("scope t A\nscope t B implies A", "A"), Some("x t.t B opens `t.get`, and did not")),
        (&plain, catalog("scope t A\nscope t B", "B"), Some("x t.t B opens `t.get`, and did not")),
        (&plain, more.clone(), Some("x t.t A and B opens `t.drop`, and did not")),
        (&plain, catalog("scope t A\nscope t B", "[A, B]"), None),
        (&more, plain.clone(), None),
        (
            &plain.replace("model t", "model t demands user"),
            plain.clone(),
            Some("x t.t can be used without a user"),
        ),
    ] {
        write("old.sprag", old);
        write("new.sprag", &new);
        let said = sprag(folder.path(), &["catalog", "diff", "old.sprag", "new.sprag", "--deny-widening"]);
        let out = String::from_utf8(said.out).unwrap();
        assert_eq!(said.exit, if told.is_some() { Exit::Findings } else { Exit::Clean }, "{new}\n{out}");
        assert!(told.is_none_or(|told| out.contains(told)), "{new}\n{out}");
        let verdict = "no scope opens more than it did, and no path leads further";
        assert_eq!(out.contains(verdict), told.is_none(), "{new}\n{out}");
        assert_eq!(out.contains("approve it in the packages that use it"), told.is_some(), "{new}\n{out}");
    }
}

/// No two names are looked for longer because of those before them.
#[test]
fn many_that_come_to_one_name_are_numbered() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<String> = (0..2_000).map(|n| format!("/v{n}/x")).collect();
    let all: Vec<(&str, &str, &str)> = paths.iter().map(|path| (path.as_str(), "get", "")).collect();
    assert_eq!(import(folder.path(), "openapi", &openapi(&all), &[]).exit, Exit::Clean);
    let names: BTreeSet<String> = names(folder.path()).into_values().collect();
    assert_eq!(names.len(), 2_000);
    assert!(names.contains("t.x.get-get-2000"), "{:?}", names.last());
}

#[test]
fn so_many_crossings_are_told_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<String> = (0..60).flat_map(|n| [format!("/a{n}/{{y}}"), format!("/{{x}}/b{n}")]).collect();
    let all: Vec<(&str, &str, &str)> =
        paths.iter().map(|path| (path.as_str(), "get", path.as_str())).collect();
    let said = import(folder.path(), "openapi", &openapi(&all), &[]);
    assert!(said.err.matches("note[crossing]").count() <= 1_001);
    assert!(said.err.contains("more templates cross than are told here"));
}

#[test]
fn every_importer_of_methods_and_paths_keeps_names() {
    let github = |paths: &[&str]| {
        let one =
            |path: &&str| format!(r#""{path}": {{"GET": {{"access": "read", "permission": "issues"}}}}"#);
        format!(r#"{{"paths": {{{}}}}}"#, paths.iter().map(one).collect::<Vec<_>>().join(", "))
    };
    stays(
        "github",
        &github(&["/lists/{list}/items"]),
        &github(&["/lists/{list}/items", "/lists/items/{item}"]),
        "`t.lists.items.get` was GET /lists/{list}/items and is GET /lists/items/{item} now",
    );
    let graph = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|path| format!(r#""{path}": """#)).collect();
        format!(
            r#"{{"permissions": {{"A.Read": {{"schemes": {{"Application": {{}}}}, "pathSets": [
            {{"schemeKeys": ["Application"], "methods": ["GET"], "paths": {{{}}}}}]}}}}}}"#,
            paths.join(", ")
        )
    };
    // Another spelling of the same path is the same operation.
    stays(
        "graph",
        &graph(&["/Lists/{list}/items"]),
        &graph(&["/LISTS/{list-id}/items", "/Lists/items/{item}"]),
        "`t.Lists.items.get` was GET /v1.0/Lists/{list}/items and is GET /v1.0/Lists/items/{item} now",
    );
    let google = |methods: &[(&str, &str)]| {
        let one = |(at, (id, path)): (usize, &(&str, &str))| {
            format!(r#""m{at}": {{"id": "{id}", "httpMethod": "GET", "path": "{path}", "scopes": ["s"]}}"#)
        };
        let all: Vec<String> = methods.iter().enumerate().map(one).collect();
        format!(
            r#"{{"kind": "discovery#restDescription", "id": "x:v1", "name": "x", "revision": "1", "methods": {{{}}}}}"#,
            all.join(", ")
        )
    };
    stays(
        "google",
        &google(&[("x.items.get", "v2/items/{id}")]),
        &google(&[("x.items.get", "v1/items/{id}"), ("x.items.get", "v2/items/{id}")]),
        "`t.x.items.get` was GET /v2/items/{id} and is GET /v1/items/{id} now",
    );
    let slack = |methods: &[&str]| {
        let one = |method: &&str| format!(r#""{method}": {{"security": [{{"slackAuth": ["chat:write"]}}]}}"#);
        format!(
            r#"{{"swagger": "2.0", "securityDefinitions": {{"slackAuth": {{"scopes": {{"chat:write": ""}}}}}},
            "paths": {{"/chat.say": {{{}}}}}}}"#,
            methods.iter().map(one).collect::<Vec<_>>().join(", ")
        )
    };
    stays(
        "slack",
        &slack(&["post"]),
        &slack(&["post", "get"]),
        "`t.chat.say` was POST /api/chat.say and is GET /api/chat.say now",
    );
}

#[test]
fn names_are_kept_as_a_catalog_without_errors_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let fails = |format: &str, text: &str, keep: &str, told: &str| {
        let said = import(folder.path(), format, text, &["--keep-names", keep]);
        assert_eq!(said.exit, Exit::Failed, "{keep}");
        assert!(said.err.contains(told), "{keep}: {}", said.err);
        assert!(!folder.path().join("t.sprag").exists());
    };
    let document = openapi(&[LISTS]);
    fails("openapi", &document, "missing.sprag", "missing.sprag: there is no such file");
    write("policy.sprag", "use t\n");
    fails(
        "openapi",
        &document,
        "policy.sprag",
        "policy.sprag: expected a catalog, which begins with `catalog NAME`",
    );
    write("broken.sprag", "catalog t version \"1\"\n\noperation {\n");
    fails("openapi", &document, "broken.sprag", "broken.sprag:3: expected a catalog without errors, found: ");
    fails(
        "forge",
        "{\"app\": {\"id\": \"x\"}}",
        "policy.sprag",
        "--keep-names: keeps names of operations, and of format `forge` come apps",
    );
    // What cannot be read is not written over either: who knows what its names meant.
    write("t.sprag", "catalog t version \"1\"\n\noperation {\n");
    let said = import(folder.path(), "openapi", &document, &[]);
    assert_eq!(said.exit, Exit::Failed);
    assert!(said.err.contains("t.sprag:3: expected a catalog without errors"), "{}", said.err);
    // What is no catalog is no matter.
    write("t.sprag", "use t\n");
    assert_eq!(import(folder.path(), "openapi", &document, &[]).exit, Exit::Clean);
}

/// Tools have neither method nor path: their names are all that there is of them.
#[test]
fn tools_keep_their_names_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let tools = |names: &[&str]| {
        let all: Vec<String> = names.iter().map(|name| format!(r#"{{"name": "{name}"}}"#)).collect();
        format!(r#"{{"tools": [{}]}}"#, all.join(", "))
    };
    assert_eq!(import(folder.path(), "mcp", &tools(&["a"]), &[]).exit, Exit::Clean);
    assert_eq!(import(folder.path(), "mcp", &tools(&["a", "b"]), &[]).exit, Exit::Clean);
    let said = import(folder.path(), "mcp", &tools(&["b", "a"]), &["--keep-names", "t.sprag"]);
    assert_eq!(said.exit, Exit::Clean);
    assert!(!said.err.contains("note[kept]"), "{}", said.err);
}

const OLD: &str = "\
catalog t version \"1\"

kind t

model oauth

scope oauth all

operation t.gone.get {
  access read
  in t
  http GET \"/gone\"
  requires oauth all
}

operation t.lists.items.get {
  access read
  in t
  http GET \"/lists/{list}/items\"
  requires oauth all
}
";

/// The same names for other paths, one of which had another name.
fn renamed() -> String {
    OLD.replace("\"/gone\"", "\"/come\"").replace("\"/lists/{list}/items\"", "\"/lists/items/{item}\"")
        + "\noperation t.lists.items.list {\n  access read\n  in t\n  http GET \"/lists/{id}/items\"\n  requires oauth all\n}\n"
}

#[test]
fn a_comparison_says_which_names_mean_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("old.sprag", OLD);
    write("new.sprag", &renamed());
    let said = sprag(folder.path(), &["catalog", "diff", "old.sprag", "new.sprag"]);
    let out = String::from_utf8(said.out).unwrap();
    let section = "\
2 names mean another method and path, also in rules that did not change
    ! t.gone.get: was GET /gone, is GET /come
    ! t.lists.items.get: was GET /lists/{list}/items, is GET /lists/items/{item}
";
    assert!(out.contains(section), "{out}");
    assert_eq!(said.exit, Exit::Findings, "rules mean something else");
    let said =
        sprag(folder.path(), &["catalog", "diff", "old.sprag", "new.sprag", "--output-format", "json"]);
    let out: serde_json::Value = serde_json::from_slice(&said.out).unwrap();
    assert_eq!(
        out["catalogs"]["moved"],
        serde_json::json!([
            { "name": "t.gone.get", "old": "GET /gone", "new": "GET /come" },
            { "name": "t.lists.items.get", "old": "GET /lists/{list}/items", "new": "GET /lists/items/{item}" },
        ])
    );
    // Names of parameters tell nothing.
    write("new.sprag", &OLD.replace("{list}", "{id}"));
    assert_eq!(sprag(folder.path(), &["catalog", "diff", "old.sprag", "new.sprag"]).exit, Exit::Clean);
}

#[test]
fn a_catalog_that_is_put_over_another_tells_of_names_that_moved() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("sprag.toml", "[package]\nname = \"p\"\nlanguage = \"0.1\"\n");
    write("policy.sprag", "use t\n");
    write("new.txt", OLD);
    assert_eq!(sprag(folder.path(), &["catalog", "add", "new.txt"]).exit, Exit::Clean);
    write("new.txt", &renamed());
    assert_eq!(sprag(folder.path(), &["catalog", "add", "new.txt"]).exit, Exit::Failed);
    let said = sprag(folder.path(), &["catalog", "add", "new.txt", "--force"]);
    assert_eq!(said.exit, Exit::Clean);
    assert_eq!(
        said.err,
        "warning: `t.gone.get` was GET /gone and is GET /come now\n\
         warning: `t.lists.items.get` was GET /lists/{list}/items and is GET /lists/items/{item} now\n"
    );
}

#[test]
fn templates_that_cross_are_told_with_what_takes_the_request() {
    let crossing = |endpoints: &[(&str, &str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        let said = import(folder.path(), "openapi", &openapi(endpoints), &[]);
        let told = said.err.lines().filter(|line| line.starts_with("note[crossing]"));
        told.map(|line| format!("{line}\n")).collect::<String>()
    };
    let (one, other) = (("/w/a/{y}", "get", "one"), ("/w/{x}/b", "get", "other"));
    let told = crossing(&[one, other]);
    insta::assert_snapshot!(told, @"note[crossing]: d.json: GET /w/a/{y} and /w/{x}/b cross: a request for /w/a/b is taken for `t.w.a.get` here, by the first literal; the platform may take it for `t.w.b.get`");
    assert_eq!(crossing(&[other, one]), told);
    // Another method is another request, and where the path of both is an operation's own, that one has it.
    assert_eq!(crossing(&[one, ("/w/{x}/b", "put", "other")]), "");
    assert_eq!(crossing(&[one, other, ("/w/a/b", "get", "both")]), "");
    assert_eq!(crossing(&[one, ("/w/{x}/{y}", "get", "any"), ("/w/{x}/b/c", "get", "longer")]), "");
    let many: Vec<(String, String)> =
        (0..30).map(|i| (format!("/w/a{i}/{{y}}"), format!("/w/{{x}}/b{i}"))).collect();
    let all: Vec<(&str, &str, &str)> =
        many.iter().flat_map(|(a, b)| [(a.as_str(), "get", "x"), (b.as_str(), "get", "y")]).collect();
    assert_eq!(crossing(&all).lines().count(), 900);
    // A path without end is compared with nothing.
    let long = format!("/w{}", "/{x}".repeat(100_000));
    assert_eq!(crossing(&[(&long, "get", "long"), one]), "");
}
