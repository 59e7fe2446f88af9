//! GitHub App manifests, and what the API says of an app or an installation, become apps.
//!
//! A manifest has `default_permissions` and `default_events`; the API's objects have `permissions` and `events`. A
//! permission at a level is a scope of catalog `github`: `contents:write`. A list of such objects is an app for each:
//! `GET /app/installations` answers with one, `GET /orgs/{org}/installations` with one in `installations`.

use super::super::build::{AppNames, name, text};
use super::super::json::Node;
use super::super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options, yaml};
use super::level;
use crate::span::Span;
use crate::syntax::tree::{App, AppMember, Item, Use};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "github-app",
    summary: "GitHub App manifests and installations: an app each, with its permissions",
    makes: Makes::Apps,
    recognises: |value| {
        let levels = |p: &serde_json::Value| {
            p.as_object().is_some_and(|p| {
                !p.is_empty()
                    && p.values()
                        .all(|l| l.as_str().is_some_and(|l| ["read", "write", "admin", "none"].contains(&l)))
            })
        };
        let one = |value: &serde_json::Value| {
            ["default_permissions", "permissions"].iter().any(|key| value.get(key).is_some_and(levels))
        };
        one(value) || value.get(LIST).unwrap_or(value).get(0).is_some_and(one)
    },
    part: |_| None,
    run: import,
};

/// The member in which the API lists installations.
const LIST: &str = "installations";

/// Scopes of catalog `github`; sorted.
static KNOWN: &str = include_str!("scopes.txt");

/// Makes an app of every document, and of every element of one that is a list.
///
/// # Errors
/// Not such a file; a level that GitHub does not have; `name` together with several documents.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let mut names = AppNames::new(documents, options)?;
    let mut items = vec![Item::Use(Use { name: name("github"), span: Span::default() })];
    let mut notes = Vec::new();
    for document in documents {
        let value = yaml::parse(document)?;
        let root = Node::root(document.name, &value);
        let list = if root.value.is_array() { Some(root.clone()) } else { root.get(LIST) };
        let Some(list) = list else {
            items.push(Item::App(app(&root, &mut names, &mut notes)?));
            continue;
        };
        let before = items.len();
        for element in list.elements()? {
            items.push(Item::App(app(&element, &mut names, &mut notes)?));
        }
        match items.len() - before {
            0 => return Err(list.error("an empty list; expected an app or an installation in it")),
            1 => {}
            many if options.name.is_some() => {
                let message = format!("a list of {many} apps; expected one, for `--name` names one app");
                return Err(list.error(message));
            }
            _ => {} // Each is named by what it says of itself.
        }
    }
    Ok(Imported::new(items, notes))
}

fn app(root: &Node<'_>, names: &mut AppNames, notes: &mut Vec<Note>) -> Result<App, ImportError> {
    let permissions =
        root.get("default_permissions").or_else(|| root.get("permissions")).ok_or_else(|| {
            root.error("expected member `default_permissions` or `permissions`; this is no GitHub App")
        })?;
    let slug = ["app_slug", "slug", "name"].iter().find_map(|key| root.get(key));
    let slug = slug.ok_or_else(|| root.error("expected member `name`, `slug` or `app_slug`"))?;
    let mut members = vec![AppMember::Key(text(slug.string()?))];
    if let Some(login) = root.get("owner").and_then(|o| o.get("login")) {
        members.push(AppMember::Vendor(text(login.string()?)));
    }
    members.push(AppMember::Platform(vec![name("github.app")]));
    let mut requests = Vec::new();
    for (permission, node) in permissions.members()? {
        if node.string()? != "none" {
            level(&node)?;
            let scope = format!("{permission}:{}", node.string()?);
            if KNOWN.lines().any(|known| known == scope) {
                requests.push(name(scope));
            } else {
                let message = format!("`{scope}` is no scope of catalog `github` and was not declared");
                notes.push(node.note(NoteKind::Unknown, message));
            }
        }
    }
    requests.sort_by(|a, b| a.text.cmp(&b.text));
    if !requests.is_empty() {
        members.push(AppMember::Requests(requests));
    }
    for (member, node) in root.members()? {
        match member {
            "default_permissions" | "permissions" | "name" | "slug" | "app_slug" | "owner" => {}
            "default_events" | "events" => {
                for event in node.elements()? {
                    let event_name = event.string()?;
                    notes.push(event.note(
                        NoteKind::Event,
                        format!("is told of `{event_name}`, without any operation being called"),
                    ));
                }
            }
            "hook_attributes" | "url" | "external_url" | "redirect_url" | "callback_urls" | "setup_url" => {
                notes.push(
                    node.note(NoteKind::Address, format!("`{member}` leads outside and is not expressed")),
                );
            }
            "repository_selection" => {
                let which = node.value.as_str().unwrap_or_default();
                notes.push(node.note(NoteKind::Assumed, format!("installed on `{which}` repositories: which ones, rules and `installed on` have to say")));
            }
            "request_oauth_on_install" if node.is_true() => {
                notes.push(node.note(NoteKind::Impersonation, "asks people for tokens to act as them"));
            }
            _ => notes.push(node.note(NoteKind::Member, format!("`{member}` is not expressed"))),
        }
    }
    let own = names.take(&[slug.string()?]);
    Ok(App { name: name(own), members, span: Span::default() })
}
