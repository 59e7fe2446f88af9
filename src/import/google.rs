//! Google's API discovery documents become a catalog, several of them one.
//!
//! A method's `scopes` are alternatives: any one will do. A method without any is not callable. A method's name is
//! its `id`. Its request is the API's base path and the method's flat path, where the parts of a resource's name are
//! parameters of their own; a flat path with more in a segment than a parameter is not mapped.

use std::collections::{BTreeMap, BTreeSet};

use super::build::all_named;
use super::json::{self, Node};
use super::offer::{Offer, Offered, Title, all_words, is_template, provenance, shape, unmap};
use super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "google",
    summary: "Google API discovery documents: a catalog of methods and the scopes that open them",
    makes: Makes::Catalog,
    recognises: |value| value.get("kind").is_some_and(|k| k == "discovery#restDescription"),
    part: |_| None,
    run: import,
};

/// Model of the scopes.
const MODEL: &str = "oauth";

/// APIs whose changes are administration.
const ADMINISTRATION: [&str; 4] = ["admin", "cloudidentity", "groupssettings", "vault"];

/// Last words of methods that only look although they are sent by POST.
const LOOKS: [&str; 14] = [
    "batchGet",
    "batchGetByDataFilter",
    "check",
    "count",
    "generateIds",
    "get",
    "getByDataFilter",
    "list",
    "lookup",
    "query",
    "search",
    "searchDirectoryPeople",
    "test",
    "verify",
];

/// A method's `id`, mark of catalog `common`; sorted.
static POWERS: &[(&str, &str)] = &[
    ("calendar.acl.insert", "edits-permissions"),
    ("calendar.acl.patch", "edits-permissions"),
    ("calendar.acl.update", "edits-permissions"),
    ("directory.members.insert", "grants-roles"),
    ("directory.roleAssignments.insert", "grants-roles"),
    ("directory.roles.insert", "edits-permissions"),
    ("directory.roles.patch", "edits-permissions"),
    ("directory.roles.update", "edits-permissions"),
    ("directory.users.insert", "creates-users"),
    ("directory.users.makeAdmin", "grants-roles"),
    ("directory.verificationCodes.generate", "creates-tokens"),
    ("drive.permissions.create", "edits-permissions"),
    ("drive.permissions.update", "edits-permissions"),
    ("gmail.users.settings.delegates.create", "grants-roles"),
];

/// Methods that return containers of a kind, or what is in several of them, by `id`; sorted.
static LISTS: &[(&str, &str)] = &[
    ("chat.spaces.findDirectMessage", "chat-space"),
    ("chat.spaces.findGroupChats", "chat-space"),
    ("chat.spaces.list", "chat-space"),
    ("chat.spaces.search", "chat-space"),
    ("drive.changes.list", "google-file"),
    ("drive.files.list", "google-file"),
];

/// Makes one catalog of all documents.
///
/// # Errors
/// Not a discovery document; a method without id, path or method; no `--version`.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let title = Title::of(options, "google", None)?;
    if documents.is_empty() {
        return Err(ImportError::new(all_named(documents), "expected at least one document"));
    }
    let mut reader = Reader::default();
    let mut read = Vec::new();
    for document in documents {
        let value = json::parse(document)?;
        let root = Node::root(document.name, &value);
        let said = |key: &str| root.get(key).ok_or_else(|| root.error(format!("expected member `{key}`")));
        if said("kind")?.string()? != "discovery#restDescription" {
            return Err(root.error("expected a discovery document, `kind` discovery#restDescription"));
        }
        let id = said("id")?.string()?;
        read.push(match root.get("revision") {
            Some(revision) => format!("{id} {}", revision.string()?),
            None => id.to_owned(),
        });
        let base = match (root.get("basePath"), root.get("servicePath")) {
            (Some(base), _) => format!("/{}", base.string()?.trim_matches('/')),
            (None, Some(service)) => format!("/{}", service.string()?.trim_matches('/')),
            (None, None) => "/".to_owned(),
        };
        let api = said("name")?.string()?.to_owned();
        if let Some(scopes) = root.get("auth").and_then(|a| a.get("oauth2")).and_then(|o| o.get("scopes")) {
            reader.scopes.extend(scopes.members()?.map(|(scope, _)| scope.to_owned()));
        }
        reader.resource(&root, &api, base.trim_end_matches('/'))?;
    }
    if reader.operations.is_empty() {
        return Err(ImportError::new(all_named(documents), "expected at least one method"));
    }
    let Reader { scopes, mut operations, unmatched, mut notes, .. } = reader;
    unmap(&mut operations, &unmatched, &all_named(documents), &mut notes);
    notes.push(Note {
        kind: NoteKind::Assumed,
        place: all_named(documents),
        message: "requests are mapped by path alone, whichever of Google's hosts they go to".to_owned(),
    });
    let offer = Offer {
        uses: vec!["common"],
        kinds: vec![
            ("google-customer", None),
            ("google-account", Some("google-customer")),
            ("gmail-mailbox", Some("google-account")),
            ("google-calendar", Some("google-customer")),
            ("google-file", Some("google-customer")),
            ("chat-space", Some("google-customer")),
        ],
        models: vec![(MODEL.into(), "Google OAuth 2.0".into(), false)],
        scopes: scopes.into_iter().map(|s| ((MODEL.to_owned(), s), (None, Vec::new()))).collect(),
        operations,
        ..Offer::default()
    };
    let from = provenance(&format!("Google API discovery, Apache-2.0: {}", read.join(", ")), documents);
    offer.imported(&title, from, options, notes)
}

#[derive(Default)]
struct Reader {
    scopes: BTreeSet<String>,
    operations: Vec<Offered>,
    /// Method and path that are taken, and by whom.
    seen: BTreeMap<(String, String), String>,
    /// Method and path that no template can say.
    unmatched: Vec<(String, String)>,
    notes: Vec<Note>,
}

impl Reader {
    /// A resource: its methods, and the resources in it.
    fn resource(&mut self, node: &Node<'_>, api: &str, base: &str) -> Result<(), ImportError> {
        for (_, method) in node.get("methods").map(|m| m.members()).transpose()?.into_iter().flatten() {
            self.method(&method, api, base)?;
        }
        for (_, inner) in node.get("resources").map(|r| r.members()).transpose()?.into_iter().flatten() {
            self.resource(&inner, api, base)?;
        }
        Ok(())
    }

    fn method(&mut self, node: &Node<'_>, api: &str, base: &str) -> Result<(), ImportError> {
        let said = |key: &str| node.get(key).ok_or_else(|| node.error(format!("expected member `{key}`")));
        let (id, method) = (said("id")?.string()?, said("httpMethod")?.string()?.to_uppercase());
        let path = node.get("flatPath").map_or_else(|| said("path"), Ok)?.string()?;
        let path = format!("{base}/{}", path.trim_start_matches('/'));
        let mut scopes: Vec<&str> = node.get("scopes").map(|s| s.strings()).transpose()?.unwrap_or_default();
        scopes.sort_unstable();
        scopes.dedup();
        self.scopes.extend(scopes.iter().map(|s| (*s).to_owned()));
        let mut requires = BTreeMap::new();
        if scopes.is_empty() {
            self.notes.push(node.note(NoteKind::NotCallable, format!("{id} lists no scope: not callable")));
        } else {
            let ways = scopes.iter().map(|s| (vec![(*s).to_owned()], false)).collect();
            requires.insert(MODEL.to_owned(), ways);
        }
        let http = match is_template(&path) {
            false => {
                self.unmatched.push((method.clone(), path.clone()));
                self.notes.push(
                    node.note(NoteKind::Unmatched, format!("{method} {path}: no request is mapped to it")),
                );
                None
            }
            true => match self.seen.insert((method.clone(), shape(&path)), id.to_owned()) {
                Some(first) => {
                    let message = format!("{method} {path} is mapped to {first} too, and so to neither");
                    self.notes.push(node.note(NoteKind::Unmatched, message));
                    self.unmap(&method, &shape(&path));
                    None
                }
                None => Some((method.clone(), path.clone())),
            },
        };
        if node.get("supportsMediaUpload").is_some_and(|s| s.is_true()) {
            self.notes.push(node.note(
                NoteKind::Unmatched,
                format!("{id} is called at upload paths too, which are not mapped"),
            ));
        }
        let mut words: Vec<String> = id.split('.').map(str::to_owned).collect();
        let verb = words.pop().unwrap_or_default();
        let power = POWERS.iter().find(|(known, _)| *known == id).map(|(_, mark)| *mark);
        let watches = (verb == "watch").then_some("registers-webhooks");
        self.operations.push(Offered {
            unmapped: false,
            access: access(&method, &verb, api, &scopes),
            kind: kind(api, &path, &verb),
            lists: LISTS.iter().find(|(known, _)| *known == id).map(|(_, kind)| *kind),
            longer: all_words(&path),
            nouns: words,
            verb,
            http,
            requires,
            marks: power.into_iter().chain(watches).chain(deprecated(node)).collect(),
        });
        Ok(())
    }

    /// Takes away the template of the operation that has it, for requests do not tell which is meant.
    fn unmap(&mut self, method: &str, path: &str) {
        for operation in &mut self.operations {
            if operation.http.as_ref().is_some_and(|(m, p)| m == method && shape(p) == path) {
                operation.http = None;
            }
        }
    }
}

fn deprecated(node: &Node<'_>) -> Option<&'static str> {
    node.get("deprecated").is_some_and(|d| d.is_true()).then_some("deprecated")
}

/// GET reads, and so does a POST that looks by its name, if a scope that only reads opens it.
fn access(method: &str, verb: &str, api: &str, scopes: &[&str]) -> &'static str {
    let readonly = scopes.iter().any(|s| s.ends_with(".readonly"));
    match method {
        "GET" => "read",
        "POST" if readonly && LOOKS.contains(&verb) => "read",
        _ if ADMINISTRATION.contains(&api) => "admin",
        "DELETE" => "delete",
        _ => "write", // POST, PUT, PATCH.
    }
}

fn kind(api: &str, path: &str, verb: &str) -> &'static str {
    let named = path.contains('{');
    match api {
        "gmail" => "gmail-mailbox",
        "calendar" if path.contains("{calendarId}") => "google-calendar",
        "calendar" | "people" | "tasks" => "google-account",
        "chat" if path.contains("{spacesId}") || path.contains("/media/") => "chat-space",
        "drive" if path.contains("{fileId}") || path.ends_with("files/trash") => "google-file",
        "docs" | "forms" | "sheets" | "slides" if named && verb != "create" => "google-file",
        _ => "google-customer", // Whatever names no container of its own.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(POWERS.windows(2).chain(LISTS.windows(2)).all(|w| w[0].0 < w[1].0));
        assert!(LOOKS.windows(2).all(|w| w[0] < w[1]));
    }
}
