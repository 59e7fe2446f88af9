//! The scopes that Forge publishes, and product events with the scopes they need, become catalog `atlassian.forge`.
//!
//! It takes the lists of the package `@forge/manifest`: a JSON array of scope names, and the mapping from product
//! events to scopes. OpenAPI documents among the files tell which scopes their catalogs declare already.
//!
//! An event is an operation that reads: being told of a thing is reading it, and the platform asks the same scopes.
//! `avi:jira:created:issue` is `forge.event.jira.created.issue`.

use std::collections::{BTreeMap, BTreeSet};

use super::super::build::{all_named, ident};
use super::super::json::{self, Node};
use super::super::offer::{Offer, Offered, Title, provenance};
use super::super::openapi;
use super::super::{Document, ImportError, Imported, Importer, Makes, NoteKind, Options};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "forge-scopes",
    summary: "Forge's lists of scopes and of product events: a catalog of what no API document declares",
    makes: Makes::Catalog,
    recognises: |value| {
        let events =
            value.get("mapping").and_then(|m| m.get(0)).is_some_and(|m| m.get("productEvent").is_some());
        let scopes = value.as_array().is_some_and(|all| {
            !all.is_empty()
                && all.iter().all(|s| s.as_str().is_some_and(|s| s.contains(':') && !s.contains('/')))
        });
        events || scopes
    },
    part: |_| None,
    run: import,
};

/// Sorted.
static PUBLISHED: &str = include_str!("scopes.txt");

/// Product events; sorted.
static EVENTS: &str = include_str!("events.txt");

/// Permission models of Forge scopes, as they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Model {
    Classic,
    Granular,
}

impl Model {
    pub(super) fn name(self) -> &'static str {
        match self {
            Model::Classic => openapi::CLASSIC,
            Model::Granular => openapi::GRANULAR,
        }
    }
}

/// Whether Forge publishes a scope of that name.
pub(super) fn is_published(scope: &str) -> bool {
    PUBLISHED.lines().any(|s| s == scope)
}

/// Whether Forge publishes a product event of that name.
pub(super) fn is_event(event: &str) -> bool {
    EVENTS.lines().any(|e| e == event)
}

/// The model of a scope, by its form.
pub(super) fn model(scope: &str) -> Model {
    if openapi::atlassian_model(&[scope], false) == openapi::GRANULAR {
        Model::Granular
    } else {
        Model::Classic
    }
}

/// The Connect scope and the product that a scope like `read:connect-jira` stands for.
pub(super) fn connect(scope: &str) -> Option<(&'static str, &'static str)> {
    let (verb, product) = scope.split_once(":connect-")?;
    let product = ["confluence", "jira"].into_iter().find(|p| *p == product)?;
    let scope = match verb {
        "read" => "READ",
        "write" => "WRITE",
        "delete" => "DELETE",
        "project-admin" => "PROJECT_ADMIN",
        "space-admin" => "SPACE_ADMIN",
        "admin" => "ADMIN",
        "act-as-user" => "ACT_AS_USER",
        "access-email-addresses" => "ACCESS_EMAIL_ADDRESSES",
        _ => return None, // No such scope.
    };
    Some((scope, product))
}

/// The operation that stands for a product event; none for what is no product event, such as the app's own
/// installation.
pub(super) fn operation_of(event: &str) -> Option<String> {
    let words = words(event)?;
    Some(std::iter::once("forge.event".to_owned()).chain(words).collect::<Vec<_>>().join("."))
}

/// `avi:jira:created:issue` without its head.
fn words(event: &str) -> Option<Vec<String>> {
    let rest = event.strip_prefix("avi:").filter(|rest| !rest.starts_with("forge:"))?;
    let words: Vec<String> = rest.split(':').filter_map(ident).collect();
    (words.len() > 1).then_some(words)
}

/// Makes one catalog of all documents.
///
/// # Errors
/// A document that is none of the three sorts; no `--version`.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let title = Title::of(options, "atlassian.forge", None)?;
    let mut offer = Offer {
        uses: vec!["atlassian", "atlassian.confluence", "atlassian.jira"],
        marks: BTreeMap::from([("product-event", "the platform tells the app, which calls nothing")]),
        ..Offer::default()
    };
    let mut notes = Vec::new();
    let mut declared: BTreeSet<String> = BTreeSet::new();
    let mut listed: BTreeSet<String> = BTreeSet::new();
    let mut own = Vec::new();
    for document in documents {
        let value = json::parse(document)?;
        let root = Node::root(document.name, &value);
        if value.get("openapi").is_some() {
            declared.extend(openapi::declared_scopes(&root)?);
            continue;
        }
        own.push(*document);
        if let Some(mapping) = root.get("mapping") {
            for entry in mapping.elements()? {
                offer.operations.push(event(&entry, &mut listed)?);
            }
        } else if value.is_array() {
            for scope in root.elements()? {
                let written = scope.string()?;
                if connect(written).is_some() {
                    notes.push(scope.note(
                        NoteKind::Assumed,
                        format!("`{written}` stands for a scope of atlassian.connect"),
                    ));
                } else {
                    listed.insert(written.to_owned());
                }
            }
        } else {
            return Err(root.error("expected a list of scopes, member `mapping`, or an OpenAPI document"));
        }
    }
    if own.is_empty() {
        return Err(ImportError::new(all_named(documents), "expected a list of scopes or of product events"));
    }
    if listed.is_empty() {
        return Err(ImportError::new(all_named(documents), "expected at least one scope"));
    }
    let rest = listed.difference(&declared);
    offer.scopes =
        rest.map(|scope| ((model(scope).name().to_owned(), scope.clone()), (None, Vec::new()))).collect();
    let from = provenance("@forge/manifest: scopes, product events and their scopes", &own);
    offer.imported(&title, from, options, notes)
}

fn event(entry: &Node<'_>, listed: &mut BTreeSet<String>) -> Result<Offered, ImportError> {
    let written = entry.get("productEvent").ok_or_else(|| entry.error("expected member `productEvent`"))?;
    let event = written.string()?;
    let mut nouns = words(event).ok_or_else(|| {
        written.error(format!("expected an event like `avi:jira:created:issue`, found `{event}`"))
    })?;
    let verb = nouns.pop().unwrap_or_default();
    let place = place(&nouns, &verb);
    nouns.insert(0, "event".to_owned());
    let mut offered = Offered {
        longer: nouns.clone(),
        nouns,
        verb,
        access: "read",
        kind: place,
        marks: BTreeSet::from(["product-event"]),
        ..Offered::default()
    };
    let scopes = entry.get("oAuthScopes").ok_or_else(|| entry.error("expected member `oAuthScopes`"))?;
    for (state, list) in scopes.members()? {
        let mut all: Vec<&str> = list.strings()?;
        if all.is_empty() {
            continue;
        }
        all.sort_unstable();
        all.dedup();
        let model = openapi::atlassian_model(&all, state == "beta");
        // A classic scope inside of a granular set is one of that set's model, as in the API's own documents.
        listed.extend(all.iter().filter(|s| self::model(s).name() == model).map(|s| (*s).to_owned()));
        let ways = offered.requires.entry(model.to_owned()).or_default();
        ways.insert(all.into_iter().map(str::to_owned).collect(), false);
    }
    Ok(offered)
}

/// The kind of container that an event is about.
fn place(nouns: &[String], thing: &str) -> &'static str {
    let product = nouns.first().map(String::as_str).unwrap_or_default();
    let about =
        |things: &[&str]| things.contains(&thing) || nouns.iter().any(|n| things.contains(&n.as_str()));
    match product {
        "jira" if about(&["issue", "comment", "issuelink", "worklog", "attachment", "issue-property"]) => {
            "issue"
        }
        "jira" if about(&["version", "component", "project"]) => "project",
        "confluence" if about(&["space"]) => "space",
        "confluence" if about(&["user", "group", "relation"]) => "site",
        "confluence" => "content",
        _ => "site", // Boards, fields, repositories …: nothing below the site is known of them.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_each_scope_stands_once() {
        let all: Vec<&str> = PUBLISHED.lines().collect();
        assert!(all.len() > 600 && all.windows(2).all(|w| w[0] < w[1]));
        assert!(all.iter().all(|s| !s.contains(":connect-") || connect(s).is_some()));
    }

    #[test]
    fn events_are_operations() {
        assert_eq!(operation_of("avi:jira:created:issue").as_deref(), Some("forge.event.jira.created.issue"));
        assert_eq!(operation_of("avi:forge:installed:app"), None);
        assert_eq!(operation_of("jira:issue_created"), None);
    }
}
