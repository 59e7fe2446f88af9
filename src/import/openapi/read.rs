//! An OpenAPI document's facts: endpoints with what they ask for.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::import::connect::SCOPES;
use crate::import::json::Node;
use crate::import::{ImportError, Note, NoteKind, build};

/// Methods of a path item.
const METHODS: [&str; 8] = ["get", "head", "put", "post", "patch", "delete", "options", "trace"];

/// What one document says.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// `info.title` and `info.version`.
    pub title: String,
    /// Whether it carries Atlassian's extensions.
    pub atlassian: bool,
    /// In document order.
    pub endpoints: Vec<Endpoint>,
    /// The document's own OAuth schemes by name; empty for Atlassian's documents.
    pub schemes: BTreeMap<String, Scheme>,
    /// Scopes that the document lists, used or not, by model.
    pub scopes: BTreeMap<String, BTreeSet<String>>,
    /// Method and path of requests for endpoints that are mapped at another path: those at further servers.
    pub elsewhere: Vec<(String, String)>,
    /// What cannot be expressed.
    pub notes: Vec<Note>,
}

impl Facts {
    /// Marks as collections what can be read one by one: `/issueLinkType` beside `/issueLinkType/{id}`.
    fn collections(&mut self) {
        let parents: BTreeSet<String> = self
            .endpoints
            .iter()
            .filter(|e| e.method == "GET")
            .filter_map(|e| {
                e.path
                    .rsplit_once('/')
                    .filter(|(_, last)| last.starts_with('{'))
                    .map(|(parent, _)| parent.to_owned())
            })
            .collect();
        for endpoint in &mut self.endpoints {
            endpoint.collection |= parents.contains(&endpoint.path);
        }
    }
}

/// An OAuth security scheme of a plain document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scheme {
    /// The permission model that it becomes: its name as an identifier.
    pub model: String,
    /// Every flow has a person in it.
    pub demands_user: bool,
}

/// One method of one path.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// Upper case.
    pub method: String,
    /// With the base before it.
    pub path: String,
    /// Where it stands in the document.
    pub place: String,
    /// Whether requests are mapped to it.
    pub matched: bool,
    /// May be empty.
    pub operation_id: String,
    /// Connect scope; `None` where Connect apps have no access or nothing is said.
    pub connect: Option<String>,
    /// Any of (all of (scopes)), by model, without Connect.
    pub oauth: BTreeMap<String, Vec<Vec<String>>>,
    /// Sorted.
    pub marks: BTreeSet<&'static str>,
    /// Whether the answer is an array or a page of one, or the path with a parameter more can be read too.
    pub collection: bool,
}

/// Models of Atlassian's OAuth scopes.
pub(in crate::import) const CLASSIC: &str = "atlassian.classic";
/// See [`CLASSIC`].
pub(in crate::import) const GRANULAR: &str = "atlassian.granular";
/// Model of the Connect scopes.
pub(super) const CONNECT: &str = "atlassian.connect";

/// Reads a document.
///
/// # Errors
/// Not an OpenAPI 3 document, or a member of a shape that OpenAPI does not have.
pub(super) fn read(root: &Node<'_>, base: Option<&str>) -> Result<Facts, ImportError> {
    let version = root.get("openapi").ok_or_else(|| {
        root.error("expected an OpenAPI 3 document with member `openapi`; an older Swagger document has to be converted first")
    })?;
    if !version.string()?.starts_with("3.") {
        return Err(version.error(format!("expected OpenAPI 3, found `{}`", version.string()?)));
    }
    let paths = root.get("paths").ok_or_else(|| root.error("expected member `paths`"))?;
    let mut reader = Reader {
        root: root.clone(),
        facts: Facts::default(),
        other: BTreeSet::new(),
        elsewhere: BTreeSet::new(),
    };
    reader.facts.title = title(root, &mut reader.facts.notes)?;
    let mut items = Vec::new();
    for (path, item) in paths.members()? {
        if path.starts_with('/') {
            items.push((path, path_item(root, item)?));
        } else if !path.starts_with("x-") {
            return Err(item.error(format!("expected a path that begins with `/`, found `{path}`")));
        }
    }
    reader.facts.atlassian = is_atlassian(&items);
    let base = match base {
        Some(base) => base.trim_end_matches('/').to_owned(),
        None => server_path(root, &mut reader.facts.notes)?,
    };
    reader.schemes()?;
    for (path, members) in items {
        reader.path(&base, path, &members)?;
    }
    if let Some(node) = root.get("webhooks") {
        reader.facts.notes.push(
            node.note(NoteKind::Event, "calls that the platform makes are not operations and were left out"),
        );
    }
    reader.facts.collections();
    if reader.facts.endpoints.is_empty() {
        return Err(paths.error("expected at least one operation"));
    }
    Ok(reader.facts)
}

fn title(root: &Node<'_>, notes: &mut Vec<Note>) -> Result<String, ImportError> {
    let Some(info) = root.get("info") else { return Ok(String::new()) };
    let mut parts = Vec::new();
    for key in ["title", "version"] {
        match info.get(key) {
            // YAML without quotes: what was `1.10` is 1.1 by now.
            Some(part) if part.value.is_number() => {
                notes.push(
                    part.note(NoteKind::Assumed, "a number and no text: the catalog does not quote it"),
                );
            }
            Some(part) => parts.push(part.string()?),
            None => {}
        }
    }
    Ok(parts.join(" "))
}

/// Members of a path item by name.
type Members<'a> = Vec<(&'a str, Node<'a>)>;

/// The members of a path item, and those of the one that it refers to, if it does.
///
/// # Errors
/// A reference that leads out of the document, nowhere or in circles; a method that stands on both sides of one, for no
/// document says which counts.
fn path_item<'a>(root: &Node<'a>, item: Node<'a>) -> Result<Members<'a>, ImportError> {
    let mut found: Members<'a> = Vec::new();
    let mut next = item.clone();
    for _ in 0..8 {
        let mut reference = None;
        for (key, node) in next.members()? {
            if key == "$ref" {
                reference = Some(node);
                continue;
            }
            if (METHODS.contains(&key) || key == "servers") && found.iter().any(|(known, _)| *known == key) {
                return Err(node.error(format!(
                    "`{key}` stands here and beside the reference that leads here; expected it in one place"
                )));
            }
            found.push((key, node));
        }
        let Some(reference) = reference else { return Ok(found) };
        next = referred(root, &reference, "path item", "#/components/pathItems/thing")?;
    }
    Err(item.error("a reference to references without end; expected a path item"))
}

/// What a reference leads to.
///
/// # Errors
/// It leads out of the document or nowhere.
fn referred<'a>(
    root: &Node<'a>,
    reference: &Node<'a>,
    what: &str,
    example: &str,
) -> Result<Node<'a>, ImportError> {
    let written = reference.string()?;
    let Some(pointer) = pointer(written) else {
        return Err(reference.error(format!(
            "{what} `{written}` is not in this document; expected one that is, such as `{example}`: put it there"
        )));
    };
    root.at(&pointer)
        .ok_or_else(|| reference.error(format!("`{written}` leads nowhere; expected a {what} there")))
}

fn is_atlassian(items: &[(&str, Members<'_>)]) -> bool {
    items.iter().flat_map(|(_, members)| members).any(|(_, operation)| {
        operation.get("x-atlassian-connect-scope").is_some()
            || operation.get("x-atlassian-oauth2-scopes").is_some()
    })
}

/// The path of the first server's address, without a slash at its end; variables stand for what they are by default.
fn server_path(root: &Node<'_>, notes: &mut Vec<Note>) -> Result<String, ImportError> {
    let Some(servers) = root.get("servers") else { return Ok(String::new()) };
    if servers.elements()?.count() > 1 {
        notes.push(servers.note(NoteKind::Member, "of several servers the path of the first one counts"));
    }
    match servers.elements()?.next() {
        Some(server) => path_of(&server, ", or --base", notes),
        None => Ok(String::new()),
    }
}

/// The paths of the servers that a path or an operation has for itself, the first one first; none if it has none.
fn own_paths(servers: Option<&Node<'_>>, notes: &mut Vec<Note>) -> Result<Vec<String>, ImportError> {
    let mut paths = Vec::new();
    for server in servers.map(|servers| servers.elements()).transpose()?.into_iter().flatten() {
        let path = path_of(&server, "", notes)?;
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// The path of a server's address; `instead` is what else there is to do about one that has none.
fn path_of(server: &Node<'_>, instead: &str, notes: &mut Vec<Note>) -> Result<String, ImportError> {
    let Some(url) = server.get("url") else { return Ok(String::new()) };
    let written = url.string()?;
    let mut variables = Vec::new();
    for (name, variable) in server.get("variables").map(|v| v.members()).transpose()?.into_iter().flatten() {
        let default = variable.get("default").ok_or_else(|| variable.error("expected member `default`"))?;
        variables.push((format!("{{{name}}}"), default.string()?, variable));
    }
    let address = |other: Option<(&str, &str)>| {
        variables.iter().fold(written.to_owned(), |address, (name, default, _)| {
            address.replace(name, other.filter(|(of, _)| of == name).map_or(default, |(_, value)| value))
        })
    };
    let whole = address(None);
    let rest = behind_host(&whole);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    for (name, default, variable) in &variables {
        let values = variable.value.get("enum").and_then(Value::as_array).into_iter().flatten();
        let others: Vec<&str> = values
            .filter_map(Value::as_str)
            .filter(|value| behind_host(&address(Some((name, value)))) != rest)
            .collect();
        if !others.is_empty() {
            let message = format!(
                "of the values of `{name}` only `{default}` counts: no request is mapped to paths with `{}`",
                others.join("`, `")
            );
            notes.push(variable.note(NoteKind::Member, message));
        }
    }
    if path != rest {
        let message = "query and fragment of a server's address are no part of paths and were left out";
        notes.push(url.note(NoteKind::Member, message));
    }
    if path.contains(['{', '}']) {
        return Err(url.error(format!(
            "`{written}` has a variable that `variables` does not declare; expected it there{instead}"
        )));
    }
    if !path.is_empty() && !path.starts_with('/') {
        return Err(url.error(format!(
            "`{written}` is relative to where the document lies; expected an address, a path that begins with `/`{instead}"
        )));
    }
    Ok(path.trim_end_matches('/').to_owned())
}

/// What follows the host in an address.
fn behind_host(address: &str) -> &str {
    address
        .split_once("//")
        .map_or(address, |(_, host)| host.find(['/', '?', '#']).map_or("", |i| &host[i..]))
}

/// The JSON pointer of a reference within the document, which stands in it as fragments of addresses do: `%7B` for `{`.
fn pointer(reference: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(reference.strip_prefix('#')?).decode_utf8().ok()
}

struct Reader<'a> {
    root: Node<'a>,
    facts: Facts,
    /// Names of security schemes without scopes.
    other: BTreeSet<String>,
    /// Names of security schemes whose scopes stand elsewhere: OpenID Connect publishes them at an address.
    elsewhere: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    /// `components.securitySchemes`
    fn schemes(&mut self) -> Result<(), ImportError> {
        let Some(schemes) = self.root.get("components").and_then(|c| c.get("securitySchemes")) else {
            return Ok(());
        };
        for (name, scheme) in schemes.members()? {
            let scheme = self.scheme(scheme)?;
            let kind = scheme.get("type").ok_or_else(|| scheme.error("expected member `type`"))?.string()?;
            if kind != "oauth2" && kind != "openIdConnect" {
                self.other.insert(name.to_owned());
                self.facts.notes.push(scheme.note(
                    NoteKind::Member,
                    format!("security scheme `{name}` ({kind}) has no scopes and was left out"),
                ));
                continue;
            }
            if kind == "openIdConnect" {
                self.elsewhere.insert(name.to_owned());
            }
            let model = build::ident(name).filter(|m| build::is_path(m));
            let model =
                model.ok_or_else(|| scheme.error(format!("`{name}` cannot name a permission model")))?;
            if self.facts.schemes.values().any(|other| other.model == model) {
                return Err(
                    scheme.error(format!("two security schemes would both become the model `{model}`"))
                );
            }
            let mut user = kind == "openIdConnect" || scheme.get("flows").is_some();
            for (flow, node) in scheme.get("flows").map(|f| f.members()).transpose()?.into_iter().flatten() {
                user &= flow != "clientCredentials";
                for (scope, _) in node.get("scopes").map(|s| s.members()).transpose()?.into_iter().flatten() {
                    let model = if self.facts.atlassian { atlassian_model(&[scope], false) } else { &model };
                    self.facts.scopes.entry(model.to_owned()).or_default().insert(scope.to_owned());
                }
            }
            if !self.facts.atlassian {
                self.facts.schemes.insert(name.to_owned(), Scheme { model, demands_user: user });
            }
        }
        Ok(())
    }

    /// What a security scheme stands for that is a reference.
    fn scheme(&self, scheme: Node<'a>) -> Result<Node<'a>, ImportError> {
        let mut found = scheme.clone();
        for _ in 0..8 {
            let Some(reference) = found.get("$ref") else { return Ok(found) };
            found =
                referred(&self.root, &reference, "security scheme", "#/components/securitySchemes/oauth")?;
        }
        Err(scheme.error("a reference to references without end; expected a security scheme"))
    }

    fn path(&mut self, base: &str, path: &str, members: &Members<'a>) -> Result<(), ImportError> {
        let servers = members.iter().find(|(key, node)| *key == "servers" && !node.value.is_null());
        let of_item = own_paths(servers.map(|(_, servers)| servers), &mut self.facts.notes)?;
        for (key, node) in members {
            if METHODS.contains(key) {
                if !node.value.is_object() {
                    return Err(node.expected("an operation"));
                }
                let own = own_paths(node.get("servers").as_ref(), &mut self.facts.notes)?;
                let mut bases = if own.is_empty() { of_item.clone() } else { own }.into_iter();
                let first = bases.next().unwrap_or_else(|| base.to_owned());
                let endpoint = self.operation(key, format!("{first}{path}"), node)?;
                for other in bases {
                    let (method, path) = (endpoint.method.clone(), format!("{other}{path}"));
                    let message = format!(
                        "{method} {path}: no request is mapped to it; of several servers the path of the first one counts"
                    );
                    self.facts.notes.push(node.note(NoteKind::Unmatched, message));
                    self.facts.elsewhere.push((method, path));
                }
                self.facts.endpoints.push(endpoint);
            } else if !["summary", "description", "parameters", "servers"].contains(key)
                && !key.starts_with("x-")
            {
                let message = format!("`{key}` of a path is no method that is known, and was left out");
                self.facts.notes.push(node.note(NoteKind::Member, message));
            }
        }
        Ok(())
    }

    fn operation(&mut self, method: &str, path: String, node: &Node<'a>) -> Result<Endpoint, ImportError> {
        let mut endpoint = Endpoint {
            method: method.to_uppercase(),
            path,
            place: node.place(),
            matched: true,
            operation_id: node
                .get("operationId")
                .map(|o| o.string())
                .transpose()?
                .unwrap_or_default()
                .to_owned(),
            connect: None,
            oauth: BTreeMap::new(),
            marks: BTreeSet::new(),
            collection: self.collection(node),
        };
        if let Some(reference) = node.get("$ref") {
            return Err(reference.error(
                "a reference in the place of an operation, which OpenAPI does not have; expected the operation",
            ));
        }
        if let Some(callbacks) = node.get("callbacks").filter(|callbacks| !callbacks.value.is_null()) {
            for (name, callback) in callbacks.members()? {
                let message = format!(
                    "callback `{name}`: calls that the platform makes are not operations and were left out"
                );
                self.facts.notes.push(callback.note(NoteKind::Event, message));
            }
        }
        for (key, mark) in [("deprecated", "deprecated"), ("x-experimental", "experimental")] {
            if node.get(key).is_some_and(|n| n.is_true()) {
                endpoint.marks.insert(mark);
            }
        }
        for policy in node
            .get("x-atlassian-data-security-policy")
            .map(|p| p.elements())
            .transpose()?
            .into_iter()
            .flatten()
        {
            if policy.get("app-access-rule-exempt").is_some_and(|n| n.is_true()) {
                endpoint.marks.insert("app-access-rule-exempt");
            }
        }
        if self.facts.atlassian {
            self.atlassian(node, &mut endpoint)?;
        }
        let told = self.facts.notes.len();
        self.security(node, &mut endpoint)?;
        let silent = self.facts.notes.len() == told && !self.facts.atlassian;
        if silent && endpoint.oauth.is_empty() && !endpoint.marks.contains("anonymous") {
            self.facts.notes.push(node.note(
                NoteKind::NotCallable,
                "no security scheme with scopes is asked for: not callable by any app",
            ));
        }
        for alternatives in endpoint.oauth.values_mut() {
            alternatives.sort();
            alternatives.dedup();
        }
        Ok(endpoint)
    }

    /// Connect scope and OAuth alternatives of Atlassian's extensions.
    fn atlassian(&mut self, node: &Node<'a>, endpoint: &mut Endpoint) -> Result<(), ImportError> {
        if let Some(scope) = node.get("x-atlassian-connect-scope") {
            let name = scope.string()?.to_uppercase();
            if SCOPES.contains(&name.as_str()) {
                endpoint.connect = Some(name);
            } else if name != "INACCESSIBLE" {
                let message = format!("`{name}` is no known Connect scope: not callable by Connect apps");
                self.facts.notes.push(scope.note(NoteKind::Unknown, message));
            }
        }
        let Some(list) = node.get("x-atlassian-oauth2-scopes") else { return Ok(()) };
        for alternative in list.elements()? {
            let state = alternative
                .get("state")
                .ok_or_else(|| alternative.error("expected member `state`"))?
                .string()?;
            let scopes = alternative
                .get("scopes")
                .ok_or_else(|| alternative.error("expected member `scopes`"))?
                .strings()?;
            if state != "Current" && state != "Beta" {
                let message = format!(
                    "unknown state `{state}`; expected `Current` or `Beta`: not callable by this alternative"
                );
                self.facts.notes.push(alternative.note(NoteKind::Unknown, message));
                continue;
            }
            if scopes.is_empty() {
                self.facts.notes.push(alternative.note(
                    NoteKind::NotCallable,
                    format!("{state} alternative lists no scope: not callable by it"),
                ));
                continue;
            }
            let model = atlassian_model(&scopes, state == "Beta");
            for scope in scopes.iter().filter(|s| atlassian_model(&[s], false) != model) {
                self.facts.notes.push(alternative.note(
                    NoteKind::Assumed,
                    format!(
                        "`{scope}` is asked for together with scopes of `{model}` and is declared there too"
                    ),
                ));
            }
            self.alternative(endpoint, model, &scopes);
        }
        Ok(())
    }

    /// OpenAPI's own `security`: anonymous access, and the scopes of plain documents.
    fn security(&mut self, node: &Node<'a>, endpoint: &mut Endpoint) -> Result<(), ImportError> {
        let Some(list) = node.get("security").or_else(|| self.root.get("security")) else { return Ok(()) };
        if list.elements()?.next().is_none() {
            endpoint.marks.insert("anonymous");
        }
        for alternative in list.elements()? {
            let wanted: Vec<(&str, Node<'_>)> = alternative.members()?.collect();
            match wanted.as_slice() {
                [] => {
                    endpoint.marks.insert("anonymous");
                }
                _ if self.facts.atlassian => {}
                [(scheme, scopes)] if let Some(model) = self.facts.schemes.get(*scheme) => {
                    let scopes = scopes.strings()?;
                    if scopes.is_empty() {
                        self.facts.notes.push(alternative.note(
                            NoteKind::NotCallable,
                            format!("`{scheme}` lists no scope: not callable by it"),
                        ));
                    } else {
                        let model = model.model.clone();
                        self.undeclared(scheme, &model, &scopes, &alternative);
                        self.alternative(endpoint, &model, &scopes);
                    }
                }
                [(scheme, _)] if self.other.contains(*scheme) => {}
                [(scheme, _)] => {
                    return Err(alternative.error(format!("no security scheme is called `{scheme}`")));
                }
                _ => self.facts.notes.push(alternative.note(
                    NoteKind::NotCallable,
                    "several security schemes at once: not expressible, not callable by them",
                )),
            }
        }
        Ok(())
    }

    /// Tells of scopes that are asked for and that the scheme does not list, once of each.
    fn undeclared(&mut self, scheme: &str, model: &str, scopes: &[&str], node: &Node<'_>) {
        for scope in scopes {
            let declared = self.facts.scopes.entry(model.to_owned()).or_default();
            if declared.insert((*scope).to_owned()) && !self.elsewhere.contains(scheme) {
                let message = format!(
                    "`{scope}` is asked for, and security scheme `{scheme}` does not list it: declared all the same"
                );
                self.facts.notes.push(node.note(NoteKind::Unknown, message));
            }
        }
    }

    fn alternative(&mut self, endpoint: &mut Endpoint, model: &str, scopes: &[&str]) {
        let mut all: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
        all.sort();
        all.dedup();
        self.facts.scopes.entry(model.to_owned()).or_default().extend(all.iter().cloned());
        endpoint.oauth.entry(model.to_owned()).or_default().push(all);
    }

    /// Whether the first successful answer is an array or a page of one.
    fn collection(&self, node: &Node<'a>) -> bool {
        let Some(responses) = node.get("responses") else { return false };
        let Some((_, answer)) =
            responses.value.as_object().into_iter().flatten().find(|(code, _)| code.starts_with('2'))
        else {
            return false;
        };
        let content = self.resolve(answer).get("content").and_then(Value::as_object);
        let Some(schema) = content.and_then(|c| c.values().next()).and_then(|c| c.get("schema")) else {
            return false;
        };
        let schema = self.resolve(schema);
        let paged = |p: &Value| {
            ["values", "results", "startAt", "isLast", "nextPageToken"].iter().any(|k| p.get(k).is_some())
        };
        schema.get("type").and_then(Value::as_str) == Some("array")
            || schema.get("properties").is_some_and(paged)
    }

    /// What a local reference stands for; one that leads nowhere or in circles stands for itself.
    fn resolve(&self, value: &'a Value) -> &'a Value {
        let mut value = value;
        for _ in 0..8 {
            match value.get("$ref").and_then(Value::as_str).and_then(pointer) {
                Some(pointer) => match self.root.value.pointer(&pointer) {
                    Some(next) => value = next,
                    None => return value,
                },
                None => return value,
            }
        }
        value
    }
}

/// The model of an alternative. Atlassian's `state` alone does not tell: newer documents list granular
/// scopes as current. Granular scopes are `verb:thing:product`; `readonly:…` is classic by name.
pub(in crate::import) fn atlassian_model(scopes: &[&str], beta: bool) -> &'static str {
    let granular = |s: &&str| s.matches(':').count() == 2 && !s.starts_with("readonly:");
    if beta || scopes.iter().all(granular) { GRANULAR } else { CLASSIC }
}
