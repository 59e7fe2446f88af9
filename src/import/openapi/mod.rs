//! OpenAPI 3 documents, in JSON or YAML, become a catalog.
//!
//! Atlassian's documents are known by their extensions: `x-atlassian-connect-scope`,
//! `x-atlassian-oauth2-scopes` and `x-atlassian-data-security-policy` give requirements in the three models
//! of catalog `atlassian` and the coverage mark. Of any other document every OAuth security scheme becomes a
//! permission model; the `security` list holds the alternatives, the scopes inside one are all needed.
//!
//! *No scope listed means not callable.* An endpoint that lists none for a model gets no `requires` line for
//! it; INACCESSIBLE gives no Connect line, NONE gives `requires atlassian.connect NONE`.
//!
//! The rules of names, access classes and container kinds stand in `naming`, `access` and `containers`.

mod access;
mod containers;
mod marks;
mod naming;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use self::marks::Marks;
pub(super) use self::read::{CLASSIC, GRANULAR, atlassian_model};
use self::read::{CONNECT, Endpoint, Facts, Scheme};
use super::build::{all_named, all_of, ident, is_path, name, namings, text};
use super::json::Node;
use super::names::Earlier;
use super::offer::{is_template, shape, takes};
use super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options, yaml};
use crate::span::Span;
use crate::syntax::is_hidden;
use crate::syntax::tree::{
    CatalogHeader, File, Item, Kind, Mark, Operation, OperationMember, PermissionModel, Scope, Use,
};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "openapi",
    summary: "OpenAPI 3 documents in JSON or YAML: a catalog of operations and what they require",
    makes: Makes::Catalog,
    // Slack's own is an older sort, and has an importer.
    recognises: |value| {
        let slack = value.get("securityDefinitions").is_some_and(|s| s.get("slackAuth").is_some());
        let says =
            |key: &str| value.get(key).is_some_and(|version| version.is_string() || version.is_number());
        says("openapi")
            || value.get("openapi").is_some() && value.get("paths").is_some()
            || says("swagger") && !slack
    },
    part: |_| None,
    run: import,
};

/// Makes one catalog of all documents together.
///
/// # Errors
/// A missing or malformed option; no or broken documents; documents with and without Atlassian's extensions
/// together; one method and path that is offered twice.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let catalog = needed("--catalog", options.catalog.as_deref())?;
    let version = needed("--version", options.version.as_deref())?;
    let last = catalog.rsplit('.').next().unwrap_or(catalog);
    let prefix = options.prefix.as_deref().unwrap_or(last);
    for (option, value) in [("--catalog", catalog), ("--prefix", prefix)] {
        if !is_path(value) {
            return Err(ImportError::new(
                option,
                format!("expected a name like `atlassian.jira`, found `{value}`"),
            ));
        }
    }
    let mut marks = Marks::read(options.marks.as_deref().unwrap_or_default(), prefix)?;
    let mut facts = together(documents, options)?;
    unmatched(&mut facts);
    let kind = if facts.atlassian {
        None
    } else {
        let kind = options.kind.as_deref().unwrap_or(last);
        if ident(kind).as_deref() != Some(kind) {
            return Err(ImportError::new("--kind", format!("expected a name like `site`, found `{kind}`")));
        }
        Some(kind)
    };

    let mut items = vec![Item::Catalog(CatalogHeader {
        name: name(catalog),
        version: text(version),
        from: Some(text(provenance(documents, &facts))),
        any_case: false,
        span: Span::default(),
    })];
    match kind {
        None => items.push(Item::Use(Use { name: name("atlassian"), span: Span::default() })),
        Some(kind) => items.extend(own_terms(kind, &facts, &marks)),
    }
    if facts.atlassian {
        let paths = facts.endpoints.iter().filter(|e| e.matched).map(|e| e.path.as_str());
        items.extend(namings(containers::NAMINGS, options.base.as_deref().unwrap_or_default(), paths));
    }
    items.extend(scopes(&facts));
    let earlier = options.earlier()?;
    let mut unmapped = BTreeMap::new();
    let mut notes = std::mem::take(&mut facts.notes);
    for (endpoint, mut operation) in operations(prefix, kind, &facts, earlier.as_ref(), &mut notes) {
        marks.add_to(&mut operation);
        if !endpoint.matched {
            let call = (endpoint.method.clone(), endpoint.path.clone());
            unmapped.insert(operation.name.text.clone(), call);
        }
        items.push(Item::Operation(operation));
    }
    marks.finish()?;
    Ok(Imported { file: File { items, comments: Vec::new() }, notes, unmapped })
}

/// The scopes that a catalog of this document declares.
pub(super) fn declared_scopes(root: &Node<'_>) -> Result<Vec<String>, ImportError> {
    Ok(read::read(root, None)?.scopes.into_values().flatten().collect())
}

fn needed<'a>(option: &str, value: Option<&'a str>) -> Result<&'a str, ImportError> {
    value
        .filter(|v| !v.is_empty())
        .ok_or_else(|| ImportError::new(option, "needed to make a catalog, but missing"))
}

/// The facts of all documents as one.
fn together(documents: &[Document<'_>], options: &Options) -> Result<Facts, ImportError> {
    let mut all: Option<Facts> = None;
    for document in documents {
        let value = yaml::parse(document)?;
        let root = Node::root(document.name, &value);
        let mut facts = read::read(&root, options.base.as_deref())?;
        let Some(all) = all.as_mut() else {
            all = Some(facts);
            continue;
        };
        if all.atlassian != facts.atlassian {
            return Err(root.error(
                "documents with and without Atlassian's extensions; expected one sort in one catalog",
            ));
        }
        for (name, scheme) in facts.schemes {
            if all.schemes.insert(name.clone(), scheme.clone()).is_some_and(|other| other != scheme) {
                let message = format!("security scheme `{name}` differs from that of an earlier document");
                return Err(root.error(message));
            }
        }
        for (model, scopes) in facts.scopes {
            all.scopes.entry(model).or_default().extend(scopes);
        }
        all.title = format!("{}; {}", all.title, facts.title);
        all.endpoints.append(&mut facts.endpoints);
        all.elsewhere.append(&mut facts.elsewhere);
        all.notes.append(&mut facts.notes);
    }
    let all = all.ok_or_else(|| ImportError::new(all_named(documents), "expected at least one document"))?;
    let mut seen = BTreeSet::new();
    for endpoint in &all.endpoints {
        if !seen.insert((&endpoint.method, &endpoint.path)) {
            let message = format!("{} {} stands in two places", endpoint.method, endpoint.path);
            return Err(ImportError::new(endpoint.place.clone(), message));
        }
    }
    Ok(all)
}

/// Finds the endpoints that no template can tell from others: they are operations, and no request is mapped to them.
fn unmatched(facts: &mut Facts) {
    let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
    for endpoint in &mut facts.endpoints {
        let Endpoint { method, path, place, .. } = &*endpoint;
        let message = match seen.get(&(method.clone(), shape(path))) {
            _ if !is_template(path) || path.contains(is_hidden) => {
                format!("{method} {path}: no request is mapped to it")
            }
            Some(first) => format!("{method} {path} cannot be told from {first}: no request is mapped to it"),
            None => {
                seen.insert((method.clone(), shape(path)), path.clone());
                continue;
            }
        };
        facts.notes.push(Note { kind: NoteKind::Unmatched, place: place.clone(), message });
        endpoint.matched = false;
    }
    let unmapped = facts.endpoints.iter().filter(|e| !e.matched).map(|e| (e.method.clone(), e.path.clone()));
    let others: Vec<(String, String)> = unmapped.chain(facts.elsewhere.iter().cloned()).collect();
    for endpoint in facts.endpoints.iter_mut().filter(|endpoint| endpoint.matched) {
        let Endpoint { method, path, place, .. } = &*endpoint;
        let taken = others.iter().find(|(other, taken)| other == method && takes(path, taken));
        let Some((_, taken)) = taken else { continue };
        let message =
            format!("{method} {path}: no request is mapped to it, for it would take those for {taken}");
        facts.notes.push(Note { kind: NoteKind::Unmatched, place: place.clone(), message });
        endpoint.matched = false;
    }
}

/// Title and version of the documents, and the first 16 hexadecimal digits of each one's SHA-256.
fn provenance(documents: &[Document<'_>], facts: &Facts) -> String {
    let digests = documents.iter().map(|d| {
        let digest = Sha256::digest(d.text.as_bytes());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()
    });
    format!("OpenAPI: {}; sha256 {}", facts.title, digests.collect::<Vec<_>>().join(", "))
}

/// Kind, models and marks of a plain document's catalog.
fn own_terms(kind: &str, facts: &Facts, added: &Marks) -> Vec<Item> {
    let mut items =
        vec![Item::Kind(Kind { name: name(kind), parent: None, fields: Vec::new(), span: Span::default() })];
    for (title, Scheme { model, demands_user }) in &facts.schemes {
        items.push(Item::Model(PermissionModel {
            name: name(model),
            title: Some(text(title)),
            demands_user: *demands_user,
            span: Span::default(),
        }));
    }
    let marks = facts.endpoints.iter().flat_map(|e| e.marks.iter().copied());
    let marks: BTreeSet<&str> = marks.chain(added.names()).collect();
    for mark in marks {
        items.push(Item::Mark(Mark { name: name(mark), title: None, gives: None, span: Span::default() }));
    }
    items
}

fn scopes(facts: &Facts) -> impl Iterator<Item = Item> + '_ {
    facts.scopes.iter().flat_map(|(model, scopes)| {
        scopes.iter().map(move |scope| {
            Item::Scope(Scope {
                model: name(model),
                name: name(scope),
                level: None,
                implies: Vec::new(),
                span: Span::default(),
            })
        })
    })
}

/// The operations, sorted by name, each with its endpoint.
fn operations<'f>(
    prefix: &str,
    kind: Option<&str>,
    facts: &'f Facts,
    earlier: Option<&Earlier>,
    notes: &mut Vec<Note>,
) -> impl Iterator<Item = (&'f Endpoint, Operation)> + use<'f> {
    let classed: Vec<(&Endpoint, &'static str)> =
        facts.endpoints.iter().map(|e| (e, access::access(e, facts.atlassian))).collect();
    let names = naming::names(prefix, &classed, earlier, notes);
    let mut sorted = BTreeMap::new();
    for ((endpoint, access), own) in classed.into_iter().zip(names) {
        let members = members(endpoint, access, kind);
        let operation = Operation { name: name(own.clone()), members, span: Span::default() };
        sorted.insert(own, (endpoint, operation));
    }
    sorted.into_values()
}

fn members(endpoint: &Endpoint, access: &str, kind: Option<&str>) -> Vec<OperationMember> {
    let (inside, lists) = match kind {
        Some(kind) => (kind, None),
        None => containers::place(endpoint, access),
    };
    let mut members = vec![OperationMember::Access(name(access)), OperationMember::In(name(inside))];
    members.extend(lists.map(|kind| OperationMember::Lists(name(kind))));
    if endpoint.matched {
        members.push(OperationMember::Http { method: name(&endpoint.method), path: text(&endpoint.path) });
    }
    if let Some(scope) = &endpoint.connect {
        members.push(OperationMember::Requires { model: name(CONNECT), alternatives: vec![all_of([scope])] });
    }
    for (model, alternatives) in &endpoint.oauth {
        let alternatives = alternatives.iter().map(all_of).collect();
        members.push(OperationMember::Requires { model: name(model), alternatives });
    }
    if !endpoint.marks.is_empty() {
        members.push(OperationMember::Marks(endpoint.marks.iter().map(|m| name(*m)).collect()));
    }
    members
}
