//! Slack app manifests (JSON or YAML) become apps.
//!
//! A manifest's `bot` and `user` scopes are asked for in different models. One app cannot say that a scope is meant
//! in one of its models only, so that an app with other scopes for people than for its bot becomes two: the one for
//! people has `#user` behind its key. Scopes that catalog `slack` does not have are noted and not declared.

use std::collections::BTreeSet;

use super::super::build::{AppNames, name, text};
use super::super::json::Node;
use super::super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options, yaml};
use crate::span::Span;
use crate::syntax::tree::{App, AppMember, Item, Use};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "slack-app",
    summary: "Slack app manifests in JSON or YAML: an app each, with the scopes it asks for",
    makes: Makes::Apps,
    recognises: |value| value.get("display_information").is_some_and(|d| d.get("name").is_some()),
    part: |_| None,
    run: import,
};

/// The scopes of catalog `slack`; sorted.
static KNOWN: &str = include_str!("scopes.txt");

/// Makes an app of every manifest, or two.
///
/// # Errors
/// Not a manifest; `name` together with several documents.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let mut names = AppNames::new(documents, options)?;
    let mut items = vec![Item::Use(Use { name: name("slack"), span: Span::default() })];
    let mut notes = Vec::new();
    for document in documents {
        let value = yaml::parse(document)?;
        let root = Node::root(document.name, &value);
        items.extend(manifest(&root, &mut names, &mut notes)?.into_iter().map(Item::App));
    }
    Ok(Imported::new(items, notes))
}

fn manifest(root: &Node<'_>, names: &mut AppNames, notes: &mut Vec<Note>) -> Result<Vec<App>, ImportError> {
    let called = root.get("display_information").and_then(|d| d.get("name"));
    let called = called.ok_or_else(|| {
        root.error("expected `display_information` with `name`; this is no Slack app manifest")
    })?;
    let title = called.string()?;
    let scopes = root.get("oauth_config").and_then(|o| o.get("scopes"));
    let (mut bot, mut person) = (Scopes::default(), Scopes::default());
    for (kind, node) in scopes.map(|s| s.members()).transpose()?.into_iter().flatten() {
        match kind {
            "bot" => read(&node, ":user", &mut bot.listed, notes)?,
            "bot_optional" => read(&node, ":user", &mut bot.optional, notes)?,
            "user" => read(&node, ":bot", &mut person.listed, notes)?,
            "user_optional" => read(&node, ":bot", &mut person.optional, notes)?,
            _ => notes.push(node.note(NoteKind::Member, format!("scopes for `{kind}` are not expressed"))),
        }
    }
    remarks(root, notes)?;
    let key = root.get("app_id").map(|a| a.string()).transpose()?.unwrap_or(title);
    let own = names.take(&[title]);
    let app = |own: String, key: String, model: &str, scopes: Scopes| {
        let mut members = vec![AppMember::Key(text(key)), AppMember::Platform(vec![name(model)])];
        let Scopes { listed, optional } = scopes;
        let outright: Vec<_> = listed.difference(&optional).cloned().map(name).collect();
        if !outright.is_empty() {
            members.push(AppMember::Requests(outright));
        }
        if !optional.is_empty() {
            members.push(AppMember::Optional(optional.into_iter().map(name).collect()));
        }
        App { name: name(own), members, span: Span::default() }
    };
    if person.is_empty() {
        return Ok(vec![app(own, key.to_owned(), "slack.bot", bot)]);
    }
    let mut apps = Vec::new();
    if !bot.is_empty() {
        notes.push(root.note(
            NoteKind::Assumed,
            format!("asks for scopes for its bot and for people: requests with a person's token have to name app `{key}#user`"),
        ));
        apps.push(app(own.clone(), key.to_owned(), "slack.bot", bot));
        apps.push(app(format!("{own}-for-people"), format!("{key}#user"), "slack.person", person));
    } else {
        apps.push(app(own, key.to_owned(), "slack.person", person));
    }
    Ok(apps)
}

/// What a manifest lists, and what of it people may leave out or give later: Slack wants that listed in both.
#[derive(Default)]
struct Scopes {
    listed: BTreeSet<String>,
    optional: BTreeSet<String>,
}

impl Scopes {
    fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.optional.is_empty()
    }
}

fn read(
    node: &Node<'_>,
    others: &str,
    found: &mut BTreeSet<String>,
    notes: &mut Vec<Note>,
) -> Result<(), ImportError> {
    // An editor that takes the last scope away may leave this.
    if node.value.is_null() {
        return Ok(());
    }
    for scope in node.elements()? {
        let written = scope.string()?;
        if KNOWN.lines().any(|known| known == written) && !written.ends_with(others) {
            found.insert(written.to_owned());
        } else {
            let message = format!("`{written}` is no scope of catalog `slack` and was not declared");
            notes.push(scope.note(NoteKind::Unknown, message));
        }
    }
    Ok(())
}

/// Notes for what an app in a policy cannot say.
fn remarks(root: &Node<'_>, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    for (member, node) in root.members()? {
        match member {
            "display_information" | "app_id" => {}
            "oauth_config" => {
                for (part, node) in node.members()? {
                    match part {
                        "scopes" => {}
                        "redirect_urls" => notes
                            .push(node.note(NoteKind::Address, "people are sent there after they agreed")),
                        _ => notes.push(
                            node.note(NoteKind::Member, format!("`oauth_config.{part}` is not expressed")),
                        ),
                    }
                }
            }
            "settings" => settings(&node, notes)?,
            "features" | "functions" | "workflows" | "datastores" | "types" => {
                for (part, node) in node.members()? {
                    notes.push(node.note(NoteKind::Module, format!("`{member}.{part}` is not expressed")));
                }
            }
            "outgoing_domains" => {
                for domain in node.elements()? {
                    notes.push(domain.note(NoteKind::Address, format!("reaches `{}`", domain.string()?)));
                }
            }
            _ => notes.push(node.note(NoteKind::Member, format!("`{member}` is not expressed"))),
        }
    }
    Ok(())
}

fn settings(settings: &Node<'_>, notes: &mut Vec<Note>) -> Result<(), ImportError> {
    for (part, node) in settings.members()? {
        match part {
            "event_subscriptions" => {
                for (part, node) in node.members()? {
                    if part == "bot_events" || part == "user_events" {
                        for event in node.elements()? {
                            let message = format!(
                                "is told of `{}`, without any operation being called",
                                event.string()?
                            );
                            notes.push(event.note(NoteKind::Event, message));
                        }
                    } else {
                        notes.push(
                            node.note(NoteKind::Address, format!("`{part}` of its events is not expressed")),
                        );
                    }
                }
            }
            "interactivity" => notes
                .push(node.note(NoteKind::Address, "is told of what people click, at an address of its own")),
            "allowed_ip_address_ranges" => notes.push(node.note(
                NoteKind::Address,
                "uses its tokens from these addresses only: a rule over client.ip can say so",
            )),
            _ => notes.push(node.note(NoteKind::Member, format!("`settings.{part}` is not expressed"))),
        }
    }
    Ok(())
}
