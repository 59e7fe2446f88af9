//! Member `permissions` of a manifest: scopes, addresses outside, and what pages may run.

use std::collections::{BTreeMap, BTreeSet};

use super::scopes::{self, Model};
use crate::import::json::Node;
use crate::import::{ImportError, Note, NoteKind};

/// The scopes asked for, by model.
#[derive(Default)]
pub(super) struct Scopes {
    all: BTreeMap<Model, BTreeSet<String>>,
    /// Connect scopes by product.
    connect: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

impl Scopes {
    /// The permission models, best first. An app without scopes can still be given classic ones.
    pub(super) fn platform(&self) -> Vec<&'static str> {
        let mut models: Vec<_> = self.all.keys().map(|model| model.name()).collect();
        if models.is_empty() && self.connect.is_empty() {
            models.push(Model::Classic.name());
        }
        if !self.connect.is_empty() {
            models.push("atlassian.connect");
        }
        models
    }

    /// All of them, by model, each once.
    pub(super) fn requests(&self) -> Vec<String> {
        let connect: BTreeSet<usize> = (self.connect.values().flatten())
            .filter_map(|scope| crate::import::connect::SCOPES.iter().position(|s| s == scope))
            .collect();
        let connect = connect.into_iter().map(|at| crate::import::connect::SCOPES[at].to_owned());
        self.all.values().flatten().cloned().chain(connect).collect()
    }
}

pub(super) fn read(node: &Node<'_>, found: &mut Scopes, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    for (member, node) in node.members()? {
        match member {
            "scopes" => all_scopes(&node, found, notes)?,
            "content" => content(&node, notes)?,
            "external" => external(&node, notes)?,
            _ => notes.push(node.note(NoteKind::Member, format!("`permissions.{member}` is not expressed"))),
        }
    }
    Ok(())
}

/// A list of names; or a mapping from names to what else is said, in which an element of a list may stand too.
fn all_scopes(node: &Node<'_>, found: &mut Scopes, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    if node.value.is_object() {
        for (written, said) in node.members()? {
            scope(written, &said, found, notes);
            impersonation(written, &said, notes)?;
        }
    } else {
        for element in node.elements()? {
            if element.value.is_object() {
                all_scopes(&element, found, notes)?;
            } else {
                scope(element.string()?, &element, found, notes);
            }
        }
    }
    let products: BTreeSet<_> = found.connect.values().collect();
    if found.connect.len() > 1 && products.len() > 1 {
        notes.push(node.note(
            NoteKind::Assumed,
            "asks for other Connect scopes in Jira than in Confluence: each counts in both",
        ));
    }
    Ok(())
}

fn scope(written: &str, node: &Node<'_>, found: &mut Scopes, notes: &mut Vec<Note>) {
    let own = written.trim();
    if let Some((scope, product)) = scopes::connect(own) {
        found.connect.entry(product).or_default().insert(scope);
    } else if scopes::is_published(own) {
        found.all.entry(scopes::model(own)).or_default().insert(own.to_owned());
    } else {
        let message = format!("`{written}` is no scope that Forge publishes and was not declared");
        notes.push(node.note(NoteKind::Unknown, message));
    }
}

fn impersonation(written: &str, said: &Node<'_>, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    if said.value.is_null() {
        return Ok(());
    }
    for (member, node) in said.members()? {
        match member {
            "allowImpersonation" if says_yes(&node) => notes.push(node.note(
                NoteKind::Impersonation,
                format!(
                    "may use `{written}` as people who are not there: rules see that as user.mode == offline"
                ),
            )),
            "allowImpersonation" if node.value.is_boolean() => {}
            _ => notes.push(node.note(NoteKind::Member, format!("`{member}` of a scope is not expressed"))),
        }
    }
    Ok(())
}

/// Whether it is `true`, also as a text or as older YAML writes it, for who reads it so lets the app act.
fn says_yes(node: &Node<'_>) -> bool {
    let said = node.value.as_str().map(str::trim);
    node.is_true()
        || said
            .is_some_and(|said| ["true", "yes", "on", "y"].iter().any(|yes| said.eq_ignore_ascii_case(yes)))
}

/// What the pages' content security policy lets through beyond the usual.
fn content(node: &Node<'_>, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    for (what, list) in node.members()? {
        for option in list.elements()? {
            let message = format!("pages have {what} with `{}`", option.string()?);
            notes.push(option.note(NoteKind::Content, message));
        }
    }
    Ok(())
}

fn external(node: &Node<'_>, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    for (what, node) in node.members()? {
        match what {
            "fetch" => {
                for (side, list) in node.members()? {
                    addresses(&format!("{side} fetches from"), &list, notes)?;
                }
            }
            "fonts" | "styles" | "frames" | "images" | "media" | "scripts" => {
                addresses(&format!("pages load {what} from"), &node, notes)?;
            }
            _ => notes
                .push(node.note(NoteKind::Member, format!("`permissions.external.{what}` is not expressed"))),
        }
    }
    Ok(())
}

/// Addresses: texts, or mappings with an `address` or a `remote`.
fn addresses(what: &str, list: &Node<'_>, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    for element in list.elements()? {
        if element.value.is_object() {
            let (at, kind) = match (element.get("address"), element.get("remote")) {
                (Some(at), _) => (at, ""),
                (None, Some(at)) => (at, "remote "),
                (None, None) => return Err(element.error("expected member `address` or `remote`")),
            };
            let mut said: Vec<String> = Vec::new();
            for (member, node) in element.members()? {
                match member {
                    "address" | "remote" => {}
                    _ => said.push(format!("{member} {}", node.value)),
                }
            }
            let rest = if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) };
            notes.push(element.note(NoteKind::Address, format!("{what} {kind}`{}`{rest}", at.string()?)));
        } else {
            notes.push(element.note(NoteKind::Address, format!("{what} `{}`", element.string()?)));
        }
    }
    Ok(())
}
