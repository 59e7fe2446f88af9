//! Tool lists of MCP servers become catalogs.
//!
//! A tool is an operation, and a scope of its own opens it: `tool:NAME`. So an administrator grants tool by tool,
//! and a tool that the server adds later opens to nobody. What a server says of its tools are hints, from a party
//! that is not trusted: they can make a tool look more dangerous, and where they are missing the protocol's own
//! assumption holds, which is the worst. A tool without any annotation is of class `admin`.
//!
//! The metadata of the protected resource (RFC 9728) or of the authorization server (RFC 8414) and the answer to
//! `initialize` may stand beside the list. The OAuth scopes of the first are declared; no list says which of them a
//! tool asks for, so that they open nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{all_named, ident};
use super::json::{self, Node};
use super::offer::{Offer, Offered, Title, provenance};
use super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "mcp",
    summary: "MCP tool lists, with server metadata beside them: a catalog with a scope for every tool",
    makes: Makes::Catalog,
    recognises: |value| {
        let body = value.get("result").unwrap_or(value);
        let tools = body.get("tools").and_then(serde_json::Value::as_array);
        tools.is_some_and(|all| all.iter().all(|t| t.get("name").is_some()))
            || is_metadata(value)
            || body.get("serverInfo").is_some_and(|s| s.get("name").is_some())
    },
    part: |value| {
        let body = value.get("result").unwrap_or(value);
        (body.get("tools").is_none() && (is_metadata(value) || body.get("serverInfo").is_some()))
            .then_some("what a server says of itself; import it together with its answer to `tools/list`")
    },
    run: import,
};

/// Model of a tool's own scope.
const TOOLS: &str = "tools";
/// Model of the server's OAuth scopes.
const OAUTH: &str = "oauth";

fn is_metadata(value: &serde_json::Value) -> bool {
    (value.get("resource").is_some() && value.get("authorization_servers").is_some())
        || (value.get("issuer").is_some() && value.get("token_endpoint").is_some())
}

/// Makes one catalog of one server's documents.
///
/// # Errors
/// None of these documents; no list with a tool; two tools of one name; no `--catalog` or `--version`, where the
/// documents do not name the server.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let mut found = Found::default();
    for document in documents {
        let value = json::parse(document)?;
        found.document(&Node::root(document.name, &value))?;
    }
    let Found { server, version, tools, called: _, scopes, mut notes } = found;
    if tools.is_empty() {
        return Err(ImportError::new(all_named(documents), "expected a list with at least one tool"));
    }
    let usual = server.as_deref().and_then(ident).unwrap_or_default();
    if usual.is_empty() && options.catalog.is_none() {
        return Err(ImportError::new("--catalog", "needed to make a catalog, but missing"));
    }
    let title = Title::of(options, &usual, version.as_deref())?;
    notes.push(Note {
        kind: NoteKind::Assumed,
        place: all_named(documents),
        message: "annotations are what the server says of itself; nothing proves them".to_owned(),
    });
    let mut declared: BTreeMap<(String, String), (Option<i64>, Vec<String>)> = BTreeMap::new();
    declared.extend(tools.keys().map(|tool| ((TOOLS.to_owned(), scope_of(tool)), (None, Vec::new()))));
    declared.extend(scopes.iter().map(|scope| ((OAUTH.to_owned(), scope.clone()), (None, Vec::new()))));
    let mut models =
        vec![(TOOLS.to_owned(), format!("Tools of {}", server.as_deref().unwrap_or(title.catalog)), false)];
    if !scopes.is_empty() {
        models.push((OAUTH.to_owned(), "OAuth scopes of the server".to_owned(), false));
    }
    let offer = Offer {
        uses: vec!["mcp"],
        models,
        scopes: declared,
        operations: tools.into_values().collect(),
        ..Offer::default()
    };
    let from = provenance("MCP tools/list", documents);
    offer.imported(&title, from, options, notes)
}

/// The scope that opens a tool.
fn scope_of(tool: &str) -> String {
    format!("tool:{tool}")
}

#[derive(Default)]
struct Found {
    server: Option<String>,
    version: Option<String>,
    tools: BTreeMap<String, Offered>,
    /// Tools by what they are called as operations.
    called: BTreeMap<String, String>,
    scopes: BTreeSet<String>,
    notes: Vec<Note>,
}

impl Found {
    fn document(&mut self, root: &Node<'_>) -> Result<(), ImportError> {
        if is_metadata(root.value) {
            return self.metadata(root);
        }
        if let Some(error) = root.get("error") {
            return Err(error.error("the server answered with an error; expected a result"));
        }
        let body = root.get("result").unwrap_or_else(|| root.clone());
        if let Some(info) = body.get("serverInfo") {
            return self.server(&body, &info);
        }
        let tools = body.get("tools").ok_or_else(|| {
            body.error("expected member `tools`, `serverInfo` or a server's metadata; this is nothing of an MCP server")
        })?;
        if let Some(cursor) = body.get("nextCursor") {
            self.notes.push(
                cursor.note(NoteKind::Assumed, "the list goes on after this: its later pages are not here"),
            );
        }
        for tool in tools.elements()? {
            self.tool(&tool)?;
        }
        Ok(())
    }

    fn server(&mut self, body: &Node<'_>, info: &Node<'_>) -> Result<(), ImportError> {
        let name = info.get("name").ok_or_else(|| info.error("expected member `name`"))?;
        self.server = Some(name.string()?.to_owned());
        self.version = info.get("version").map(|v| v.string()).transpose()?.map(str::to_owned);
        for (member, node) in body.members()? {
            if member == "instructions" {
                let message = "tells models what to do: a text of a third party";
                self.notes.push(node.note(NoteKind::Member, message));
            } else if member != "serverInfo" {
                self.notes.push(node.note(NoteKind::Member, format!("`{member}` is not expressed")));
            }
        }
        Ok(())
    }

    fn metadata(&mut self, root: &Node<'_>) -> Result<(), ImportError> {
        for (member, node) in root.members()? {
            match member {
                "scopes_supported" => {
                    for scope in node.elements()? {
                        let name = scope.string()?;
                        self.scopes.insert(name.to_owned());
                        let message =
                            format!("no list says which tools `{name}` opens: declared, and opens nothing");
                        self.notes.push(scope.note(NoteKind::NotCallable, message));
                    }
                }
                "resource_name" if self.server.is_none() => self.server = Some(node.string()?.to_owned()),
                "resource"
                | "issuer"
                | "authorization_servers"
                | "authorization_endpoint"
                | "token_endpoint"
                | "registration_endpoint"
                | "revocation_endpoint"
                | "jwks_uri"
                | "introspection_endpoint" => {
                    self.notes.push(node.note(NoteKind::Address, format!("`{member}` is not expressed")));
                }
                _ => self.notes.push(node.note(NoteKind::Member, format!("`{member}` is not expressed"))),
            }
        }
        Ok(())
    }

    fn tool(&mut self, tool: &Node<'_>) -> Result<(), ImportError> {
        let named = tool.get("name").ok_or_else(|| tool.error("expected member `name`"))?;
        let name = named.string()?;
        let own = ident(name).ok_or_else(|| named.error(format!("`{name}` cannot name an operation")))?;
        let mut marks = BTreeSet::new();
        let hints = tool.get("annotations");
        let hint = |key: &str| -> Result<Option<bool>, ImportError> {
            let Some(node) = hints.as_ref().and_then(|h| h.get(key)) else { return Ok(None) };
            node.value.as_bool().map(Some).ok_or_else(|| node.expected("a boolean"))
        };
        let (reads, destroys) = (hint("readOnlyHint")?, hint("destructiveHint")?);
        let (open, _) = (hint("openWorldHint")?, hint("idempotentHint")?);
        if reads.is_none() && destroys.is_none() && open.is_none() {
            let message = format!("tool `{name}` says nothing of what it does: taken for the most dangerous");
            self.notes.push(tool.note(NoteKind::Assumed, message));
            marks.insert("mcp-unannotated");
        }
        if reads == Some(true) && destroys == Some(true) {
            let message =
                format!("tool `{name}` says that it only reads and that it destroys: taken for the worse");
            self.notes.push(tool.note(NoteKind::Assumed, message));
        }
        let access = match (reads, destroys) {
            (None, None) if open.is_none() => "admin",
            (Some(true), None | Some(false)) => "read",
            (_, Some(false)) => "write",
            // The protocol's own assumption where nothing is said: it destroys.
            (_, None | Some(true)) => "delete",
        };
        if matches!(access, "admin" | "delete") {
            marks.insert("mcp-destructive");
        }
        if open != Some(false) {
            marks.insert("mcp-open-world");
        }
        for (member, node) in tool.members()? {
            match member {
                "name" | "annotations" | "inputSchema" | "outputSchema" => {}
                "description" | "title" => {}
                _ => self.notes.push(node.note(NoteKind::Member, format!("`{member}` is not expressed"))),
            }
        }
        let ways = BTreeMap::from([(vec![scope_of(name)], false)]);
        let offered = Offered {
            unmapped: false,
            nouns: Vec::new(),
            longer: vec!["tool".to_owned()],
            verb: own,
            http: None,
            access,
            kind: "mcp-server",
            lists: None,
            requires: BTreeMap::from([(TOOLS.to_owned(), ways)]),
            marks,
        };
        // Of two that are named alike, the name could go from one to the other with the next list.
        match self.called.insert(offered.verb.clone(), name.to_owned()) {
            Some(other) if other == name => {
                return Err(named.error(format!("tool `{name}` stands in the list twice")));
            }
            Some(other) => {
                let message = format!(
                    "tools `{other}` and `{name}` would have one name; expected names that differ in letters or digits"
                );
                return Err(named.error(message));
            }
            None => {}
        }
        self.tools.insert(name.to_owned(), offered);
        Ok(())
    }
}
