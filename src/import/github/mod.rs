//! GitHub's table of endpoints and the permissions that GitHub Apps need for them becomes a catalog.
//!
//! An endpoint needs a permission at a level: `contents:read`. Where several suffice, each is an alternative; few
//! need more than one at once (see `tables`). A level includes those below it. The schema of app permissions may stand
//! beside the table: it tells which levels there are of permissions that no endpoint asks.

pub mod app;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Named, all_named};
use super::json::{self, Node};
use super::offer::{
    Offer, Offered, Shapes, Title, Ways, all_words, is_template, provenance, rest_words, shape, unmap,
};
use super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options};
use crate::syntax::tree::LetterCase;

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "github",
    summary: "GitHub's table of endpoints and app permissions: a catalog",
    makes: Makes::Catalog,
    recognises: |value| {
        let first =
            |key: &str| value.get(key).and_then(serde_json::Value::as_object).and_then(|p| p.values().next());
        let endpoint = first("paths").and_then(serde_json::Value::as_object).and_then(|m| m.values().next());
        let listed = || {
            let lists =
                LEVELS.iter().filter_map(|level| first("permissions")?.get(level)?.as_array()).flatten();
            lists.filter_map(serde_json::Value::as_str).any(|endpoint| endpoint.contains(" /"))
        };
        endpoint.is_some_and(|e| e.get("permission").is_some() && e.get("access").is_some())
            || listed()
            || is_schema(value)
    },
    part: |value| {
        let alone = is_schema(value) && value.get("paths").is_none() && value.get("permissions").is_none();
        alone.then_some("the schema of the permissions; import it together with the table of endpoints")
    },
    run: import,
};

/// Whether it is the schema of app permissions.
fn is_schema(value: &serde_json::Value) -> bool {
    let properties = value.get("properties").and_then(serde_json::Value::as_object);
    value.get("title").is_some_and(|t| t == "App Permissions") && properties.is_some_and(|p| !p.is_empty())
}

/// Levels, each including those before it.
const LEVELS: [&str; 3] = ["read", "write", "admin"];

/// Model of the scopes.
const MODEL: &str = "app";

/// Permissions under which changes are administration.
const ADMINISTRATION: [&str; 9] = [
    "administration",
    "members",
    "organization_administration",
    "organization_hooks",
    "organization_secrets",
    "organization_user_blocking",
    "repository_hooks",
    "secrets",
    "workflows",
];

/// Method, path with every parameter as `{}`, mark of catalog `common`; sorted by path.
static POWERS: &[(&str, &str, &str)] = &[
    ("POST", "/orgs/{}/hooks", "registers-webhooks"),
    ("POST", "/orgs/{}/invitations", "grants-roles"),
    ("PUT", "/orgs/{}/memberships/{}", "grants-roles"),
    ("PUT", "/orgs/{}/outside_collaborators/{}", "grants-roles"),
    ("PUT", "/orgs/{}/teams/{}/memberships/{}", "grants-roles"),
    ("PUT", "/orgs/{}/teams/{}/repos/{}/{}", "edits-permissions"),
    ("PUT", "/repos/{}/{}/collaborators/{}", "grants-roles"),
    ("POST", "/repos/{}/{}/hooks", "registers-webhooks"),
    ("POST", "/repos/{}/{}/keys", "creates-tokens"),
    ("PUT", "/teams/{}/members/{}", "grants-roles"),
    ("PUT", "/teams/{}/memberships/{}", "grants-roles"),
    ("PUT", "/teams/{}/repos/{}/{}", "edits-permissions"),
];

/// What gathers repositories, or what is in several of them, read with GET; sorted.
static GATHERS: &[&str] = &[
    "/events",
    "/networks/{}/{}/events",
    "/orgs/{}/actions/cache/usage-by-repository",
    "/orgs/{}/actions/secrets/{}/repositories",
    "/orgs/{}/code-scanning/alerts",
    "/orgs/{}/events",
    "/orgs/{}/repos",
    "/repositories",
    "/search/code",
    "/search/commits",
    "/search/issues",
    "/search/labels",
    "/search/repositories",
    "/teams/{}/repos",
    "/user/repos",
    "/user/starred",
    "/user/subscriptions",
    "/users/{}/events",
    "/users/{}/events/public",
    "/users/{}/received_events",
    "/users/{}/received_events/public",
    "/users/{}/repos",
    "/users/{}/subscriptions",
];

/// GitHub does not tell case apart in the names of owners and repositories.
static NAMINGS: &[Named] = &[
    ("/orgs/{org}", "github-organisation", LetterCase::Lower, None),
    ("/repos/{owner}", "github-organisation", LetterCase::Lower, None),
    ("/repos/{owner}/{repo}", "repository", LetterCase::Lower, None),
    ("/teams/{team_id}/repos/{owner}", "github-organisation", LetterCase::Lower, None),
    ("/teams/{team_id}/repos/{owner}/{repo}", "repository", LetterCase::Lower, None),
];

/// Makes one catalog of the table, with or without the schema.
///
/// # Errors
/// Not such files; a level that GitHub does not have; two endpoints of one method and path; no `--version`.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let title = Title::of(options, "github", None)?;
    let mut levels: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut endpoints = Vec::new();
    let mut notes = Vec::new();
    for document in documents {
        let value = json::parse(document)?;
        let root = Node::root(document.name, &value);
        if let Some(listed) = tables::endpoints(&root, &mut levels, &mut notes)? {
            endpoints.extend(listed);
        } else if let Some(properties) = root.get("properties") {
            for (permission, node) in properties.members()? {
                let all = node.get("enum").ok_or_else(|| node.error("expected member `enum`"))?;
                for one in all.elements()? {
                    levels.entry(permission.to_owned()).or_default().insert(level(&one)?);
                }
            }
        } else {
            return Err(root.error(
                "expected member `paths`, `permissions` or `properties`; this is no table of app permissions",
            ));
        }
    }
    if endpoints.is_empty() {
        return Err(ImportError::new(all_named(documents), "expected a table with at least one endpoint"));
    }
    let offer = Offer {
        uses: vec!["common"],
        kinds: vec![
            ("github-site", None),
            ("github-organisation", Some("github-site")),
            ("repository", Some("github-organisation")),
        ],
        models: vec![(MODEL.into(), "GitHub App permissions".into(), false)],
        namings: (NAMINGS, options.base.clone().unwrap_or_default()),
        scopes: levels.iter().flat_map(|(permission, all)| scopes(permission, all)).collect(),
        operations: operations(endpoints, options.base.as_deref().unwrap_or_default(), &mut notes)?,
        ..Offer::default()
    };
    let from = provenance("GitHub App permissions by endpoint, octokit/app-permissions, MIT", documents);
    offer.imported(&title, from, options, notes)
}

/// A level's number.
pub(super) fn level(node: &Node<'_>) -> Result<usize, ImportError> {
    let written = node.string()?;
    let found = LEVELS.iter().position(|l| *l == written);
    found.ok_or_else(|| node.error(format!("expected `read`, `write` or `admin`, found `{written}`")))
}

/// Model and name of a scope; its level, and what it includes.
type Leveled = ((String, String), (Option<i64>, Vec<String>));

/// Scopes of one permission; each includes the next one below that there is.
fn scopes(permission: &str, all: &BTreeSet<usize>) -> Vec<Leveled> {
    let name = |at: usize| format!("{permission}:{}", LEVELS[at]);
    let below = |at: usize| all.range(..at).next_back().map(|b| name(*b)).into_iter().collect();
    all.iter().map(|at| ((MODEL.to_owned(), name(*at)), (None, below(*at)))).collect()
}

fn operations(
    mut endpoints: Vec<tables::Endpoint>,
    base: &str,
    notes: &mut Vec<Note>,
) -> Result<Vec<Offered>, ImportError> {
    let mut shapes = Shapes::default();
    endpoints.iter_mut().for_each(|e| e.path.insert_str(0, base.trim_end_matches('/')));
    endpoints.iter().for_each(|e| shapes.add(&e.method, &shape(&e.path)));
    let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
    let (mut out, mut unmatched) = (Vec::new(), Vec::new());
    for endpoint in endpoints {
        let tables::Endpoint { place, method, path, ways } = endpoint;
        let shape = shape(&path);
        if let Some(first) = seen.insert((method.clone(), shape.clone()), path.clone()) {
            notes.push(Note {
                kind: NoteKind::Unmatched,
                place,
                message: format!("{method} {path} cannot be told from {first}: left out"),
            });
            continue;
        }
        let (nouns, verb) = rest_words(&method, &shape, &path, &shapes);
        let access = access(&method, &ways);
        let http = is_template(&path).then(|| (method.clone(), path.clone()));
        if http.is_none() {
            let message = format!("{method} {path}: no request is mapped to it");
            notes.push(Note { kind: NoteKind::Unmatched, place, message });
            unmatched.push((method.clone(), path.clone()));
        }
        let power = POWERS.iter().find(|(m, p, _)| *m == method && *p == shape).map(|(_, _, mark)| *mark);
        let scope = |(permission, level): (String, usize)| format!("{permission}:{}", LEVELS[level]);
        let ways: Ways = ways.into_iter().map(|all| (all.into_iter().map(scope).collect(), false)).collect();
        out.push(Offered {
            unmapped: false,
            longer: all_words(&path),
            nouns,
            verb,
            http,
            access,
            kind: kind(&method, &shape),
            lists: (method == "GET" && GATHERS.contains(&shape.as_str())).then_some("repository"),
            requires: BTreeMap::from([(MODEL.to_owned(), ways)]),
            marks: power.into_iter().collect(),
        });
    }
    unmap(&mut out, &unmatched, "these operations", notes);
    Ok(out)
}

/// What a method does. A POST for which a permission to read suffices only sends something to be looked at.
fn access(method: &str, ways: &tables::Ways) -> &'static str {
    let reads = |level: usize| LEVELS[level] == "read";
    let administers = |(permission, level): &(String, usize)| {
        !reads(*level) && ADMINISTRATION.contains(&permission.as_str())
    };
    match method {
        "GET" | "HEAD" => "read",
        "POST" if ways.iter().flatten().all(|(_, level)| reads(*level)) => "read",
        _ if ways.iter().all(|all| all.iter().any(administers)) => "admin",
        "DELETE" => "delete",
        _ => "write", // The rest changes something.
    }
}

fn kind(method: &str, shape: &str) -> &'static str {
    match shape.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        ["repos", "{}", "{}", ..] | ["repositories", "{}", ..] => "repository",
        ["teams", "{}", "repos", "{}", "{}"] => "repository",
        // Of an issue, a comment or a discussion somewhere, or for repositories that the body or a number names: the
        // caller says where.
        ["reactions", "{}"] => "repository",
        ["orgs", "{}", "actions", "secrets", "{}", "repositories", "{}"] => "repository",
        ["orgs", "{}", "actions", "secrets", "{}", "repositories"] if method == "PUT" => "repository",
        ["orgs", "{}", ..] | ["teams", "{}", ..] | ["organizations", "{}", ..] => "github-organisation",
        _ => "github-site", // Whatever names neither.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(POWERS.windows(2).all(|w| (w[0].1, w[0].0) < (w[1].1, w[1].0)));
        assert!(GATHERS.windows(2).all(|w| w[0] < w[1]));
        assert!(ADMINISTRATION.windows(2).all(|w| w[0] < w[1]));
    }
}
