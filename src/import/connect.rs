//! Atlassian Connect descriptors (`atlassian-connect.json`) become apps.
//!
//! Scopes are compared without case. A scope that Connect does not have is noted and not declared, so that
//! it can never be granted. NONE needs no declaration in a descriptor; where no declared scope implies it,
//! `requests NONE` says it. Descriptors of HipChat and Bitbucket use the same file with other scopes; they
//! are refused, for catalog `atlassian` has none of those.

use std::collections::BTreeSet;

use super::build::{AppNames, name, text};
use super::json::{self, Node};
use super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options};
use crate::span::Span;
use crate::syntax::tree::{App, AppMember, Item, Use};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "connect",
    summary: "Atlassian Connect descriptors: an app each, with the scopes it asks for",
    makes: Makes::Apps,
    recognises: |value| {
        let text = |member: &str| value.get(member).is_some_and(serde_json::Value::is_string);
        text("key") && ["baseUrl", "modules", "scopes", "capabilities"].iter().any(|m| value.get(m).is_some())
    },
    part: |_| None,
    run: import,
};

/// The permission model and the scope that every app has and none asks for.
pub const UNASKED: (&str, &str) = ("atlassian.connect", "NONE");

/// Connect's scopes, weakest first; the first six imply NONE.
pub(super) const SCOPES: [&str; 9] = [
    UNASKED.1,
    "READ",
    "WRITE",
    "DELETE",
    "PROJECT_ADMIN",
    "SPACE_ADMIN",
    "ADMIN",
    "ACT_AS_USER",
    "ACCESS_EMAIL_ADDRESSES",
];

/// Scopes that do not imply NONE.
const OUTSIDE: [&str; 2] = ["ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"];

/// Bitbucket's scopes, the part before a colon.
const BITBUCKET: [&str; 11] = [
    "account",
    "email",
    "issue",
    "pipeline",
    "project",
    "pullrequest",
    "repository",
    "runner",
    "snippet",
    "team",
    "wiki",
];

/// HipChat's scopes.
const HIPCHAT: [&str; 9] = [
    "admin_group",
    "admin_room",
    "manage_rooms",
    "send_message",
    "send_notification",
    "view_group",
    "view_messages",
    "view_room",
    "import_data",
];

/// Makes an app of every descriptor.
///
/// # Errors
/// Not JSON, not a descriptor, a descriptor of another product, or two apps of one key; `name` together with
/// several documents.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let names = AppNames::new(documents, options)?;
    let mut all =
        Apps { names, uses: BTreeSet::new(), apps: Vec::new(), keys: BTreeSet::new(), notes: Vec::new() };
    for document in documents {
        let value = json::parse(document)?;
        all.descriptor(&Node::root(document.name, &value))?;
    }
    let uses = all.uses.iter().map(|catalog| Item::Use(Use { name: name(*catalog), span: Span::default() }));
    let items = uses.chain(all.apps.into_iter().map(Item::App)).collect();
    Ok(Imported::new(items, all.notes))
}

struct Apps {
    names: AppNames,
    uses: BTreeSet<&'static str>,
    apps: Vec<App>,
    keys: BTreeSet<String>,
    notes: Vec<Note>,
}

impl Apps {
    fn descriptor(&mut self, root: &Node<'_>) -> Result<(), ImportError> {
        let key = root
            .get("key")
            .ok_or_else(|| match root.value.is_object() {
                true => root.error("expected member `key`; this is not a Connect descriptor"),
                false => root.expected("a Connect descriptor, an object"),
            })
            .and_then(|k| Ok((k.string()?.to_owned(), k)))?;
        let (key, key_node) = key;
        if key.trim().is_empty() {
            return Err(key_node.error("expected the app's key, found an empty text"));
        }
        refuse_other_products(root)?;
        if !self.keys.insert(key.clone()) {
            return Err(key_node.error(format!(
                "key `{key}` stands in an earlier document too; expected one descriptor an app"
            )));
        }
        let mut members = vec![AppMember::Key(text(&key))];
        match root.get("vendor").and_then(|v| v.get("name")) {
            Some(vendor) => members.push(AppMember::Vendor(text(vendor.string()?))),
            None => self.notes.push(root.note(NoteKind::Assumed, "no vendor is named")),
        }
        members.push(AppMember::Platform(vec![name("atlassian.connect")]));
        let requests = self.requests(root)?;
        members.push(AppMember::Requests(requests.into_iter().map(name).collect()));
        self.remarks(root)?;
        self.products(root)?;
        let own = self.names.take(&[&key]);
        self.apps.push(App { name: name(own), members, span: Span::default() });
        Ok(())
    }

    /// The scopes asked for, weakest first.
    fn requests(&mut self, root: &Node<'_>) -> Result<Vec<&'static str>, ImportError> {
        let mut found = BTreeSet::new();
        for scope in root.get("scopes").map(|s| s.elements()).transpose()?.into_iter().flatten() {
            let written = scope.string()?;
            match SCOPES.iter().position(|s| s.eq_ignore_ascii_case(written.trim())) {
                Some(at) => {
                    found.insert(at);
                }
                None => self.notes.push(scope.note(
                    NoteKind::Unknown,
                    format!("`{written}` is no scope of Atlassian Connect and was not declared"),
                )),
            }
        }
        let mut scopes: Vec<&'static str> = found.into_iter().map(|at| SCOPES[at]).collect();
        if scopes.iter().all(|s| OUTSIDE.contains(s)) {
            scopes.insert(0, UNASKED.1);
        }
        Ok(scopes)
    }

    /// Notes for what an app in a policy cannot say.
    fn remarks(&mut self, root: &Node<'_>) -> Result<(), ImportError> {
        for (member, node) in root.members()? {
            match member {
                "key" | "scopes" | "vendor" | "modules" => {}
                "lifecycle" => {
                    for (event, address) in node.members()? {
                        self.notes.push(address.note(
                            NoteKind::Address,
                            format!("called on `{event}`: addresses are not expressed"),
                        ));
                    }
                }
                "authentication" => {
                    let kind = node.get("type").map(|t| t.string()).transpose()?.unwrap_or("none");
                    if !kind.eq_ignore_ascii_case("jwt") {
                        self.notes.push(node.note(NoteKind::Assumed, format!("authentication `{kind}`: no secret is shared, so the platform takes the app's requests for anonymous ones")));
                    }
                }
                "baseUrl" | "links" => {
                    self.notes.push(node.note(NoteKind::Address, format!("`{member}` is not expressed")));
                }
                _ => self.notes.push(node.note(NoteKind::Member, format!("`{member}` is not expressed"))),
            }
        }
        let Some(modules) = root.get("modules") else { return Ok(()) };
        for (module, node) in modules.members()? {
            if module == "webhooks" {
                for hook in node.elements()? {
                    let event =
                        hook.get("event").map(|e| e.string()).transpose()?.unwrap_or("an unnamed event");
                    self.notes.push(hook.note(
                        NoteKind::Event,
                        format!("receives `{event}` by webhook, without any operation being called"),
                    ));
                }
            } else {
                self.notes.push(node.note(NoteKind::Module, format!("module `{module}` is not expressed")));
            }
        }
        Ok(())
    }

    /// The catalogs of the products that the modules name.
    fn products(&mut self, root: &Node<'_>) -> Result<(), ImportError> {
        let mut found = BTreeSet::new();
        for (module, node) in root.get("modules").map(|m| m.members()).transpose()?.into_iter().flatten() {
            found.extend(product(module));
            if module == "webhooks" {
                for event in node.elements()?.filter_map(|hook| hook.get("event")) {
                    found.extend(product_of_event(event.string()?));
                }
            }
            // Items and panels of both products have the same names; where they stand tells.
            for place in node.elements().into_iter().flatten().filter_map(|item| item.get("location")) {
                found.extend(place.value.as_str().and_then(product_of_location));
            }
        }
        for scope in root.get("scopes").map(|s| s.elements()).transpose()?.into_iter().flatten() {
            match scope.string()?.trim().to_uppercase().as_str() {
                "PROJECT_ADMIN" => _ = found.insert("atlassian.jira"),
                "SPACE_ADMIN" => _ = found.insert("atlassian.confluence"),
                _ => {} // Both products have it.
            }
        }
        if found.is_empty() {
            self.notes.push(root.note(NoteKind::Assumed, "neither module nor event tells the product; `use` the catalogs of the products that it is installed on"));
            found.insert("atlassian");
        }
        self.uses.extend(found);
        Ok(())
    }
}

/// The catalog of the product whose module this is.
fn product(module: &str) -> Option<&'static str> {
    const CONFLUENCE: [&str; 12] = [
        "blueprints",
        "contentBylineItems",
        "customContent",
        "dynamicContentMacros",
        "keyboardShortcuts",
        "profilePages",
        "spaceToolsTabs",
        "staticContentMacros",
        "macros",
        "contextMenuItems",
        "globalBanners",
        "spaceAdminTabs",
    ];
    if module.starts_with("jira") {
        Some("atlassian.jira")
    } else if module.starts_with("confluence") || CONFLUENCE.contains(&module) {
        Some("atlassian.confluence")
    } else {
        None
    }
}

/// The catalog of the product that sends this webhook event, where its name tells.
fn product_of_event(event: &str) -> Option<&'static str> {
    const CONFLUENCE: [&str; 11] = [
        "attachment_archived",
        "attachment_restored",
        "attachment_trashed",
        "attachment_viewed",
        "blog_",
        "blueprint_",
        "content_",
        "label_",
        "page_",
        "relation_",
        "space_",
    ];
    if event.starts_with("jira:") {
        Some("atlassian.jira")
    } else if CONFLUENCE.iter().any(|start| event.starts_with(start)) {
        Some("atlassian.confluence")
    } else {
        None
    }
}

/// The catalog of the product in whose pages this location is, where its name tells.
fn product_of_location(location: &str) -> Option<&'static str> {
    const CONFLUENCE: [&str; 4] = ["atl.editor", "page.", "system.content", "system.space"];
    const JIRA: [&str; 7] =
        ["atl.jira", "atl.gh", "com.atlassian.jira", "jira.", "operations-", "opsbar-", "view_issue"];
    let begins = |with: &[&str]| with.iter().any(|start| location.starts_with(start));
    if begins(&JIRA) {
        Some("atlassian.jira")
    } else if begins(&CONFLUENCE) {
        Some("atlassian.confluence")
    } else {
        None
    }
}

/// # Errors
/// The descriptor is HipChat's or Bitbucket's.
fn refuse_other_products(root: &Node<'_>) -> Result<(), ImportError> {
    if let Some(capabilities) = root.get("capabilities") {
        return Err(
            capabilities.error("a HipChat descriptor (`capabilities`); expected one for Jira or Confluence")
        );
    }
    if let Some(contexts) = root.get("contexts") {
        return Err(
            contexts.error("a Bitbucket descriptor (`contexts`); expected one for Jira or Confluence")
        );
    }
    let Some(scopes) = root.get("scopes") else { return Ok(()) };
    for scope in scopes.elements()? {
        let written = scope.string()?.to_lowercase();
        let head = written.split(':').next().unwrap_or_default();
        let verb = written.split_once(':').map_or("", |(_, verb)| verb);
        if HIPCHAT.contains(&written.as_str()) {
            return Err(scope.error(format!(
                "`{written}` is a scope of HipChat; expected a descriptor for Jira or Confluence"
            )));
        }
        if BITBUCKET.contains(&head) && ["", "read", "write", "admin", "delete", "variable"].contains(&verb) {
            return Err(scope.error(format!(
                "`{written}` is a scope of Bitbucket; expected a descriptor for Jira or Confluence"
            )));
        }
    }
    Ok(())
}
