//! Forge manifests (`manifest.yml`) become apps.
//!
//! Scopes come in two models, classic and granular; those that Forge has for apps that were Connect apps
//! (`read:connect-jira`) are Connect's. What the app reaches outside, what its pages may run, its modules and what
//! wakes it up are notes: Sprag decides what an app may call, and none of these is a call. Scopes that Forge does
//! not publish are noted and not declared, so that they can never be granted.

mod permissions;
pub mod scopes;

use std::collections::{BTreeMap, BTreeSet};

use super::build::{AppNames, name, text};
use super::json::Node;
use super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options, yaml};
use crate::span::Span;
use crate::syntax::tree::{App, AppMember, Item, Use};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "forge",
    summary: "Forge manifests in YAML: an app each, with the scopes it asks for",
    makes: Makes::Apps,
    recognises: |value| {
        value.get("app").is_some_and(|app| app.get("id").is_some() || app.get("runtime").is_some())
            && ["modules", "permissions", "connectModules", "remotes"].iter().any(|k| value.get(k).is_some())
    },
    part: |_| None,
    run: import,
};

/// Makes an app of every manifest.
///
/// # Errors
/// Neither YAML nor JSON, not a manifest, or two apps of one id; `name` together with several documents.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let mut names = AppNames::new(documents, options)?;
    let (mut notes, mut apps, mut ids) = (Vec::new(), Vec::new(), BTreeSet::new());
    for document in documents {
        let value = yaml::parse(document)?;
        let root = Node::root(document.name, &value);
        let app = manifest(&root, &mut names, &mut notes)?;
        if let Some(AppMember::Key(key)) = app.members.first()
            && !ids.insert(key.value.clone())
        {
            let message = format!("app `{}` stands in an earlier document too", key.value);
            return Err(ImportError::new(document.name, message));
        }
        apps.push(Item::App(app));
    }
    let mut items = vec![Item::Use(Use { name: name("atlassian.forge"), span: Span::default() })];
    items.extend(apps);
    Ok(Imported::new(items, notes))
}

fn manifest(root: &Node<'_>, names: &mut AppNames, notes: &mut Vec<Note>) -> Result<App, ImportError> {
    let app = root.get("app").ok_or_else(|| match root.value.is_object() {
        true => root.error("expected member `app`; this is not a Forge manifest"),
        false => root.expected("a Forge manifest, a mapping"),
    })?;
    let id = app.get("id").ok_or_else(|| app.error("expected member `id`, the app's identifier"))?;
    let key = id.string()?;
    if key.trim().is_empty() {
        return Err(id.error("expected the app's identifier, found an empty text"));
    }
    if key.contains("${") {
        notes.push(id.note(NoteKind::Assumed, format!("`{key}` is filled in when the app is deployed")));
    }
    let mut scopes = permissions::Scopes::default();
    for (member, node) in root.members()? {
        match member {
            "app" => about(&node, notes)?,
            "permissions" => permissions::read(&node, &mut scopes, notes)?,
            "modules" => modules(&node, notes)?,
            "connectModules" => connect_modules(&node, notes)?,
            "remotes" => remotes(&node, notes)?,
            "providers" => {
                notes.push(node.note(
                    NoteKind::Address,
                    "signs people in elsewhere, with tokens that the app then holds",
                ))
            }
            _ => notes.push(node.note(NoteKind::Member, format!("`{member}` is not expressed"))),
        }
    }
    let mut members = vec![AppMember::Key(text(key))];
    if root.get("modules").is_some_and(|m| m.get("rovo:agent").is_some()) {
        members.push(AppMember::Kind(name("agent")));
    }
    members.push(AppMember::Platform(scopes.platform().into_iter().map(name).collect()));
    let requests: Vec<_> = scopes.requests().into_iter().map(name).collect();
    if !requests.is_empty() {
        members.push(AppMember::Requests(requests));
    }
    let own = names.take(&[called(&app).as_deref().unwrap_or_default(), &short(key)]);
    Ok(App { name: name(own), members, span: Span::default() })
}

/// What people call the app, if the manifest says it.
fn called(app: &Node<'_>) -> Option<String> {
    let own = app.get("name").and_then(|n| n.value.as_str());
    let connect = || app.get("connect").and_then(|c| c.get("key")).and_then(|k| k.value.as_str());
    own.or_else(connect).map(str::to_owned)
}

/// `ari:cloud:ecosystem::app/2e0e64a7-84ce-…` is `forge-2e0e64a7`.
fn short(key: &str) -> String {
    let last = key.rsplit('/').next().unwrap_or_default();
    format!("forge-{}", last.split('-').next().unwrap_or_default())
}

/// Member `app`.
fn about(app: &Node<'_>, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    for (member, node) in app.members()? {
        match member {
            "id" | "name" => {}
            "connect" => {
                let key = node.get("key").map(|k| k.string()).transpose()?.unwrap_or_default();
                notes.push(node.note(
                    NoteKind::Assumed,
                    format!("was the Connect app `{key}` and goes on answering to that key: requests have to name the app by its identifier"),
                ));
            }
            _ => notes.push(node.note(NoteKind::Member, format!("`app.{member}` is not expressed"))),
        }
    }
    Ok(())
}

/// Member `modules`: most are parts of the interface; some wake the app up.
fn modules(modules: &Node<'_>, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    for (module, node) in modules.members()? {
        let Ok(elements) = node.elements() else {
            notes.push(node.note(NoteKind::Module, format!("module `{module}` is not expressed")));
            continue;
        };
        for element in elements {
            match module {
                "trigger" => {
                    for event in
                        element.get("events").map(|e| e.elements()).transpose()?.into_iter().flatten()
                    {
                        notes.push(triggered(&event)?);
                    }
                }
                "scheduledTrigger" => {
                    let every = element.get("interval").and_then(|i| i.value.as_str()).unwrap_or("some time");
                    notes.push(
                        element.note(NoteKind::Event, format!("runs every {every}, with nobody there")),
                    );
                }
                "webtrigger" => notes.push(
                    element
                        .note(NoteKind::Address, "has an address of its own, at which anyone can wake it up"),
                ),
                _ => {
                    notes.push(element.note(NoteKind::Module, format!("module `{module}` is not expressed")))
                }
            }
        }
    }
    Ok(())
}

/// Events that Forge publishes become operations of catalog `atlassian.forge`, by the same rule.
fn triggered(event: &Node<'_>) -> Result<Note, ImportError> {
    let written = event.string()?;
    Ok(match scopes::operation_of(written) {
        Some(_) if !scopes::is_event(written) => {
            let message = format!(
                "`{written}` is no product event that Forge publishes; whether the app is told of it, no operation decides"
            );
            event.note(NoteKind::Unknown, message)
        }
        Some(operation) => event
            .note(NoteKind::Event, format!("is told of `{written}`, which operation {operation} decides")),
        None => event.note(NoteKind::Event, format!("is told of `{written}`, which no operation stands for")),
    })
}

fn connect_modules(modules: &Node<'_>, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    for (module, node) in modules.members()? {
        let kind = match module.rsplit(':').next() {
            Some("webhooks" | "lifecycle") => NoteKind::Event,
            Some(_) | None => NoteKind::Module,
        };
        notes.push(node.note(kind, format!("Connect module `{module}` is not expressed")));
    }
    Ok(())
}

/// Member `remotes`: servers of the app's vendor, and the tokens they get.
fn remotes(remotes: &Node<'_>, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    for remote in remotes.elements()? {
        let address = match remote.get("baseUrl") {
            Some(url) => match url.value {
                serde_json::Value::String(url) => format!("`{url}`"),
                other => other.as_object().map_or(String::new(), |all| {
                    all.iter()
                        .map(|(place, url)| format!("`{url}` in {place}"))
                        .collect::<Vec<_>>()
                        .join(", ")
                }),
            },
            None => "an address that is not said".to_owned(),
        };
        notes.push(remote.note(NoteKind::Address, format!("sends what it reads to {address}")));
        let tokens: BTreeMap<_, _> =
            remote.get("auth").map(|a| a.members()).transpose()?.into_iter().flatten().collect();
        for (token, node) in tokens {
            if node.get("enabled").is_some_and(|e| e.is_true()) {
                notes.push(node.note(NoteKind::Impersonation, format!("hands `{token}` to that address")));
            }
        }
    }
    Ok(())
}
