//! Slack's description of its Web API (Swagger 2) becomes a catalog.
//!
//! Tokens are of two kinds, which are the two models: a bot's and a person's. A method lists the scopes of all sorts
//! of tokens and conversations together; Slack asks for the one that fits, so that each is an alternative.
//! `chat:write:bot` is only a bot's, `chat:write:user` only a person's. `none` asks for a token and no more: every
//! scope includes it. The description is of the time of classic apps; what apps of today ask for instead stands in
//! `granular`.
//!
//! Scopes that open nothing are declared, for apps may ask for them, and noted: `bot`, the umbrella of classic apps;
//! `conversations:…`, which were for workspace apps that are gone since 2021; and in one model what the other one has.

pub mod app;
mod granular;

use std::collections::{BTreeMap, BTreeSet};

use super::build::all_named;
use super::json::{self, Node};
use super::offer::{Offer, Offered, Title, Ways, provenance};
use super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "slack",
    summary: "Slack's description of its Web API: a catalog of methods and the scopes that open them",
    makes: Makes::Catalog,
    recognises: |value| {
        value.get("swagger").is_some()
            && value.get("securityDefinitions").is_some_and(|s| s.get("slackAuth").is_some())
    },
    part: |_| None,
    run: import,
};

/// Models and what a scope of the other one ends in.
const MODELS: [(&str, &str, bool, &str); 2] =
    [("bot", "Slack bot token", false, ":user"), ("person", "Slack user token", true, ":bot")];

/// The scope that every token has.
const NOTHING: &str = "none";

/// Words of methods that take something away.
const DELETES: [&str; 8] =
    ["archive", "delete", "deleteScheduledMessage", "kick", "leave", "remove", "revoke", "uninstall"];

/// Methods that ask for no scope and change something.
const CHANGES: [&str; 7] = ["open", "publish", "push", "request", "revoke", "uninstall", "update"];

/// Methods that give power, by name; sorted.
static POWERS: &[(&str, &str)] = &[
    ("admin.apps.approve", "installs-apps"),
    ("admin.conversations.restrictAccess.addGroup", "edits-permissions"),
    ("admin.users.assign", "grants-roles"),
    ("admin.users.invite", "creates-users"),
    ("admin.users.setAdmin", "grants-roles"),
    ("admin.users.setOwner", "grants-roles"),
];

/// What gathers channels, or what is in several of them; sorted.
const GATHERS: [&str; 11] = [
    "admin.conversations.search",
    "admin.usergroups.listChannels",
    "chat.scheduledMessages.list",
    "conversations.list",
    "files.list",
    "files.remote.list",
    "reactions.list",
    "rtm.connect",
    "search.messages",
    "stars.list",
    "users.conversations",
];

/// What is in some channel, though a call need not name it: the caller says in which; sorted.
const SOMEWHERE: [&str; 15] = [
    "files.comments.delete",
    "files.delete",
    "files.info",
    "files.remote.info",
    "files.remote.remove",
    "files.remote.share",
    "files.remote.update",
    "files.revokePublicURL",
    "files.sharedPublicURL",
    "files.upload",
    "reactions.add",
    "reactions.get",
    "reactions.remove",
    "stars.add",
    "stars.remove",
];

/// Makes one catalog of one document.
///
/// # Errors
/// Not Slack's description; no `--version`, where the document has none.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let [document] = documents else {
        return Err(ImportError::new(all_named(documents), "expected one description of Slack's Web API"));
    };
    let value = json::parse(document)?;
    let root = Node::root(document.name, &value);
    let said = root.get("info").and_then(|i| i.get("version")).map(|v| v.string()).transpose()?;
    let title = Title::of(options, "slack", said)?;
    let auth = root.get("securityDefinitions").and_then(|s| s.get("slackAuth"));
    let auth = auth
        .ok_or_else(|| root.error("expected `securityDefinitions` with `slackAuth`; this is not Slack's"))?;
    let mut scopes: BTreeSet<String> = BTreeSet::new();
    for (scope, _) in auth.get("scopes").map(|s| s.members()).transpose()?.into_iter().flatten() {
        scopes.insert(scope.to_owned());
    }
    let base = root.get("basePath").map(|b| b.string()).transpose()?.unwrap_or("/api").trim_end_matches('/');
    let paths = root.get("paths").ok_or_else(|| root.error("expected member `paths`"))?;
    let mut notes = vec![paths.note(
        NoteKind::Assumed,
        "Slack takes most methods by GET and POST; requests are mapped by the one that is listed",
    )];
    let mut operations = Vec::new();
    let mut renewed = 0;
    for (path, item) in paths.members()? {
        for (method, node) in item.members()? {
            if ["get", "post"].contains(&method) {
                let mut operation = operation(path, method, base, &node, &mut scopes, &mut notes)?;
                renewed += usize::from(renew(path, &mut operation, &mut scopes));
                operations.push(operation);
            } else {
                notes.push(node.note(NoteKind::Member, format!("`{method}` of a path is not expressed")));
            }
        }
    }
    if operations.is_empty() {
        return Err(paths.error("expected at least one method"));
    }
    if renewed > 0 {
        let message = format!(
            "scopes that Slack's documentation names today and this description does not were added to {renewed} of the methods"
        );
        notes.push(paths.note(NoteKind::Assumed, message));
    }
    let mut declared = BTreeMap::new();
    for (model, _, _, others) in MODELS {
        for scope in scopes.iter().filter(|s| !s.ends_with(others)) {
            let includes = if scope == NOTHING { Vec::new() } else { vec![NOTHING.to_owned()] };
            declared.insert((model.to_owned(), scope.clone()), (None, includes));
        }
        declared.entry((model.to_owned(), NOTHING.to_owned())).or_insert((None, Vec::new()));
    }
    for scope in scopes.iter().filter(|scope| *scope != NOTHING) {
        let opens = |model: &str| operations.iter().any(|operation| opens(operation, model, scope));
        let idle: Vec<&str> = MODELS
            .iter()
            .filter(|(model, ..)| {
                declared.contains_key(&((*model).to_owned(), scope.clone())) && !opens(model)
            })
            .map(|(_, title, ..)| *title)
            .collect();
        if !idle.is_empty() {
            let message =
                format!("`{scope}` is declared, and opens no method with a {}", idle.join(" or a "));
            notes.push(auth.note(NoteKind::NotCallable, message));
        }
    }
    let offer = Offer {
        uses: vec!["common"],
        kinds: vec![("slack-workspace", None), ("slack-channel", Some("slack-workspace"))],
        models: MODELS.iter().map(|(m, title, user, _)| ((*m).into(), (*title).into(), *user)).collect(),
        scopes: declared,
        operations,
        ..Offer::default()
    };
    let from =
        provenance(&format!("Slack Web API {}, slack-api-specs, MIT", said.unwrap_or_default()), documents);
    offer.imported(&title, from, options, notes)
}

/// Adds the scopes of today; whether there were any.
fn renew(path: &str, operation: &mut Offered, scopes: &mut BTreeSet<String>) -> bool {
    let today = granular::of(path.trim_start_matches('/'));
    for ((model, ..), added) in MODELS.iter().zip(today) {
        for scope in added {
            scopes.insert((*scope).to_owned());
            let ways = operation.requires.entry((*model).to_owned()).or_default();
            ways.entry(vec![(*scope).to_owned()]).or_insert(false);
        }
    }
    today.iter().any(|added| !added.is_empty())
}

/// Whether the scope is among those that open the method in the model.
fn opens(operation: &Offered, model: &str, scope: &String) -> bool {
    operation.requires.get(model).is_some_and(|ways| ways.keys().any(|all| all.contains(scope)))
}

fn operation(
    path: &str,
    method: &str,
    base: &str,
    node: &Node<'_>,
    scopes: &mut BTreeSet<String>,
    notes: &mut Vec<Note>,
) -> Result<Offered, ImportError> {
    let own = path.trim_start_matches('/');
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for scheme in node.get("security").map(|s| s.elements()).transpose()?.into_iter().flatten() {
        for (_, list) in scheme.members()? {
            asked.extend(list.strings()?.into_iter().map(str::to_owned));
        }
    }
    if asked.is_empty() {
        notes.push(node.note(NoteKind::NotCallable, format!("{own} lists no scope: not callable")));
    }
    scopes.extend(asked.iter().cloned());
    let mut requires: BTreeMap<String, Ways> = BTreeMap::new();
    for (model, _, _, others) in MODELS {
        let ways: Ways =
            asked.iter().filter(|s| !s.ends_with(others)).map(|s| (vec![s.clone()], false)).collect();
        if !ways.is_empty() {
            requires.insert(model.to_owned(), ways);
        }
    }
    if requires.values().any(|ways| ways.len() > 1) {
        let message = format!(
            "{own} lists several scopes, of which the one for the kind of conversation is asked: read as any of them"
        );
        notes.push(node.note(NoteKind::Assumed, message));
    }
    let mut words: Vec<String> = own.split('.').map(str::to_owned).collect();
    let verb = words.pop().unwrap_or_default();
    let in_channel = node.get("parameters").map(|p| p.elements()).transpose()?.into_iter().flatten();
    let in_channel =
        in_channel.filter_map(|p| p.get("name")).any(|n| n.value == "channel" || n.value == "channel_id");
    let (kind, lists) = match own {
        _ if GATHERS.contains(&own) => ("slack-workspace", Some("slack-channel")),
        "conversations.open" => ("slack-workspace", None), // Of a channel or of people.
        _ if in_channel || SOMEWHERE.contains(&own) => ("slack-channel", None),
        _ => ("slack-workspace", None), // The rest names no channel.
    };
    let looks =
        |scope: &String| scope.ends_with(":read") || scope.ends_with(":history") || scope.ends_with(".email");
    let nothing = asked.iter().all(|s| s == NOTHING);
    let access = match own {
        _ if nothing && !CHANGES.contains(&verb.as_str()) => "read",
        _ if !nothing && asked.iter().all(looks) => "read",
        _ if !nothing && method == "get" => "read",
        _ if own.starts_with("admin.") => "admin",
        _ if DELETES.contains(&verb.as_str()) => "delete",
        _ => "write", // The rest changes something.
    };
    let power = POWERS.iter().find(|(known, _)| *known == own).map(|(_, mark)| *mark);
    Ok(Offered {
        unmapped: false,
        longer: [own.replace('.', "-"), method.to_owned()].to_vec(),
        nouns: words,
        verb,
        http: Some((method.to_uppercase(), format!("{base}/{own}"))),
        access,
        kind,
        lists,
        requires,
        marks: power.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(POWERS.windows(2).all(|w| w[0].0 < w[1].0));
        assert!(GATHERS.windows(2).chain(SOMEWHERE.windows(2)).all(|w| w[0] < w[1]));
        assert!(DELETES.windows(2).all(|w| w[0] < w[1]) && CHANGES.windows(2).all(|w| w[0] < w[1]));
    }
}
