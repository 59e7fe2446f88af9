//! What a platform offers: enumerations, kinds, attributes, permission models, scopes and marks.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::context::Context;
use super::model::{
    Attribute, AttributeId, EnumId, Enumeration, Kind, KindId, Mark, MarkId, Owner, PermissionModel,
    PermissionModelId, Power, Scope, ScopeId, Type,
};
use super::names::{Entry, Items};
use super::{errors, graph};
use crate::syntax::tree::{self, Name};

/// Path beginnings that mean something else than a kind or a ratchet.
pub(super) const ROOTS: [&str; 7] =
    ["app", "operation", "user", "install", "container", "request", "app-user"];

pub(super) fn check(cx: &mut Context, items: &Items) {
    enumerations(cx, &items.enumerations);
    attributes(cx, &items.attributes);
    kinds(cx, &items.kinds);
    models(cx, items);
    scopes(cx, items);
    marks(cx, &items.marks);
}

fn enumerations(cx: &mut Context, items: &[&tree::Enumeration]) {
    for item in items {
        let id = EnumId(cx.model.enumerations.len() as u32);
        if type_of(&item.name.text).is_some() {
            cx.report(errors::names::reserved("enumeration", &item.name, "is a built-in type"));
            continue;
        }
        if !cx.names.enumerations.declare(&item.name, Some(id), &mut cx.diagnostics) {
            continue;
        }
        let mut seen: HashMap<&str, &Name> = HashMap::new();
        for value in &item.values {
            if let Some(first) = seen.insert(&value.text, value) {
                cx.report(errors::names::twice("value", value, first.span));
            }
        }
        cx.model.enumerations.push(Enumeration {
            name: item.name.text.clone(),
            ordered: item.ordered,
            values: item.values.iter().map(|v| v.text.clone()).collect(),
        });
    }
}

fn attributes(cx: &mut Context, items: &[&tree::Attributes]) {
    for item in items {
        let (owner, prefix) = match item.owner.text.as_str() {
            "user" => (Owner::User, ""),
            "request" => (Owner::Request, ""),
            "install" => (Owner::Request, "install."),
            "app" => (Owner::App, ""),
            "operation" => (Owner::Operation, ""),
            _ => {
                cx.report(errors::names::unknown(
                    "owner of attributes",
                    &item.owner,
                    ["user", "request", "install"],
                ));
                continue;
            }
        };
        for field in &item.fields {
            if field.inherited {
                cx.report(errors::types::inherited_without_kind(field));
            }
            if let Some(why) = taken(&item.owner.text, &field.name.text) {
                cx.report(errors::names::reserved("attribute", &field.name, why));
                continue;
            }
            declare_attribute(cx, owner, format!("{prefix}{}", field.name.text), field);
        }
    }
}

/// Why an attribute cannot have this name: it would hide what the policy or the platform says behind what the
/// caller says, or stand where a request has something else.
fn taken(owner: &str, name: &str) -> Option<&'static str> {
    let first = name.split('.').next().unwrap_or_default();
    match (owner, name) {
        ("request", "stages" | "app_user") => Some("is another part of a request"),
        ("request", _) if ROOTS.contains(&first) => Some("begins other paths in conditions"),
        ("user", "permitted") => Some("is the caller's word on the user"),
        ("install", "approved" | "stages") => Some("is another part of a request"),
        _ => None,
    }
}

/// Enters an attribute; a taken name or an unknown type is reported.
fn declare_attribute(
    cx: &mut Context,
    owner: Owner,
    name: String,
    field: &tree::Field,
) -> Option<AttributeId> {
    let kind = match type_of(&field.type_name.text) {
        Some(kind) => Some(kind),
        None => match cx.names.enumerations.get(&field.type_name.text) {
            Some(entry) => entry.id.map(Type::Enum),
            None => {
                if !cx.names.blind {
                    let known = TYPES.iter().map(|(n, _)| *n).chain(cx.names.enumerations.known());
                    let error = errors::names::unknown("type", &field.type_name, known);
                    cx.report(error);
                }
                None
            }
        },
    };
    let key = (owner, name);
    if let Some(first) = cx.names.attributes.get(&key) {
        let error = errors::names::twice("attribute", &field.name, first.span);
        cx.report(error);
        return None;
    }
    let id = kind.map(|kind| {
        let id = AttributeId(cx.model.attributes.len() as u32);
        cx.model.attributes.push(Attribute { owner, name: key.1.clone(), kind, inherited: field.inherited });
        id
    });
    cx.names.attributes.insert(key, Entry { span: field.name.span, id });
    id
}

/// The built-in types by name.
const TYPES: [(&str, Type); 9] = [
    ("string", Type::String),
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("strings", Type::Strings),
    ("ip", Type::Ip),
    ("domain", Type::Domain),
    ("origin", Type::Origin),
    ("instant", Type::Instant),
    ("duration", Type::Duration),
];

fn type_of(name: &str) -> Option<Type> {
    TYPES.iter().find(|(n, _)| *n == name).map(|(_, t)| *t)
}

fn kinds(cx: &mut Context, items: &[&tree::Kind]) {
    // The first declaration of each name; a parent is not yet known, so order by names.
    let mut index: HashMap<&str, usize> = HashMap::new();
    let mut firsts: Vec<&tree::Kind> = Vec::new();
    for item in items {
        if ROOTS.contains(&item.name.text.as_str()) {
            cx.report(errors::names::reserved(
                "container kind",
                &item.name,
                "begins other paths in conditions",
            ));
            continue;
        }
        if item.name.text == "none" {
            cx.report(errors::names::reserved(
                "container kind",
                &item.name,
                "is what requests without a container say",
            ));
            continue;
        }
        match index.get(item.name.text.as_str()) {
            Some(first) => {
                cx.report(errors::names::twice("container kind", &item.name, firsts[*first].name.span))
            }
            None => {
                index.insert(&item.name.text, firsts.len());
                firsts.push(item);
            }
        }
    }
    let edges: Vec<Vec<usize>> = firsts
        .iter()
        .map(|k| k.parent.iter().filter_map(|p| index.get(p.text.as_str()).copied()).collect())
        .collect();
    let (order, cycles) = graph::order(&edges);
    let mut broken = HashSet::new();
    for cycle in &cycles {
        let names: Vec<_> = cycle.iter().map(|i| &firsts[*i].name).collect();
        cx.report(errors::names::cycle("container kind", "lies in", &names));
        broken.extend(cycle.iter().copied());
    }

    for at in order {
        let item = firsts[at];
        let id = KindId(cx.model.kinds.len() as u32);
        let mut parent = None;
        if broken.contains(&at) {
            cx.broken_kinds.insert(id);
        } else if let Some(name) = &item.parent {
            parent = cx.names.kinds.find(name, &mut cx.diagnostics);
            if parent.is_none() {
                cx.broken_kinds.insert(id);
            }
        }
        cx.names.kinds.declare(&item.name, Some(id), &mut cx.diagnostics);
        let own_id = AttributeId(cx.model.attributes.len() as u32);
        cx.model.attributes.push(Attribute {
            owner: Owner::Kind(id),
            name: "id".to_owned(),
            kind: Type::String,
            inherited: false,
        });
        cx.names
            .attributes
            .insert((Owner::Kind(id), "id".to_owned()), Entry { span: item.name.span, id: Some(own_id) });
        cx.model.kinds.push(Kind { name: item.name.text.clone(), parent, attributes: vec![own_id] });
        for field in &item.fields {
            kind_attribute(cx, id, item, field);
        }
    }
}

fn kind_attribute(cx: &mut Context, kind: KindId, item: &tree::Kind, field: &tree::Field) {
    if field.name.text == "id" {
        cx.report(errors::names::reserved("attribute", &field.name, "is what every kind has"));
        return;
    }
    if matches!(field.name.text.as_str(), "parent" | "ancestors") {
        cx.report(errors::names::reserved("attribute", &field.name, "is another part of a request"));
        return;
    }
    let path = format!("{}.{}", item.name.text, field.name.text);
    if let Some(first) = cx.names.attributes.get(&(Owner::Request, path)) {
        let error = errors::names::twice("attribute", &field.name, first.span);
        cx.report(error);
        return;
    }
    let Some(id) = declare_attribute(cx, Owner::Kind(kind), field.name.text.clone(), field) else { return };
    cx.model.kinds[kind.index()].attributes.push(id);
    if field.inherited {
        // What is inherited must mean the same all the way up.
        let mut above = cx.model.kinds[kind.index()].parent;
        while let Some(at) = above {
            if let Some(Entry { span, id: Some(other) }) =
                cx.names.attributes.get(&(Owner::Kind(at), field.name.text.clone()))
                && cx.model.attributes[other.index()].kind != cx.model.attributes[id.index()].kind
            {
                let error = errors::types::inherited_of_other_type(field, cx.kind_name(at), *span);
                cx.report(error);
                break;
            }
            above = cx.model.kinds[at.index()].parent;
        }
    }
}

fn models(cx: &mut Context, items: &Items) {
    for (item, catalog) in &items.models {
        let id = PermissionModelId(cx.model.permission_models.len() as u32);
        let name = full_name(&item.name.text, *catalog);
        if cx.names.models.declare_as(&name, &item.name, Some(id), &mut cx.diagnostics) {
            cx.model.permission_models.push(PermissionModel { name, demands_user: item.demands_user });
        }
    }
}

fn full_name(name: &str, catalog: Option<&str>) -> String {
    catalog.map_or_else(|| name.to_owned(), |c| format!("{c}.{name}"))
}

/// The permission model that a name means in this catalog, or outside of one.
pub(super) fn model(cx: &mut Context, name: &Name, catalog: Option<&str>) -> Option<PermissionModelId> {
    match cx.names.models.get(&full_name(&name.text, catalog)) {
        Some(entry) => entry.id,
        None => cx.names.models.find(name, &mut cx.diagnostics),
    }
}

fn scopes(cx: &mut Context, items: &Items) {
    let mut declared: Vec<(&tree::Scope, PermissionModelId, ScopeId)> = Vec::new();
    for (item, catalog) in &items.scopes {
        let Some(model) = model(cx, &item.model, *catalog) else {
            cx.names.lost_scopes.insert(item.name.text.clone());
            continue;
        };
        let id = ScopeId(cx.model.scopes.len() as u32);
        let key = (model, item.name.text.clone());
        if let Some(first) = cx.names.scopes.get(&key) {
            let error = errors::names::twice("scope", &item.name, first.span);
            cx.report(error);
            continue;
        }
        cx.names.scopes.insert(key, Entry { span: item.name.span, id: Some(id) });
        cx.names.scope_names.entry(item.name.text.clone()).or_default().push(id);
        cx.model.scopes.push(Scope {
            model,
            name: item.name.text.clone(),
            level: item.level.map(|level| u32::try_from(level).unwrap_or(u32::MAX)),
            implies: Vec::new(),
        });
        declared.push((item, model, id));
    }
    let edges: Vec<Vec<usize>> = declared
        .iter()
        .map(|(item, model, _)| {
            item.implies.iter().filter_map(|n| scope(cx, n, &[*model])).map(|s| s[0].index()).collect()
        })
        .collect();
    let (order, cycles) = graph::order(&edges);
    for cycle in cycles {
        let names: Vec<_> = cycle.iter().map(|i| &declared[*i].0.name).collect();
        cx.report(errors::names::cycle("scope", "implies", &names));
    }
    for at in order {
        let mut all = BTreeSet::from([declared[at].2]);
        for to in &edges[at] {
            all.extend(cx.model.scopes[*to].implies.iter().copied());
        }
        cx.model.scopes[at].implies = all.into_iter().collect();
    }
}

/// The scopes of that name in these models (never an empty list); a name that is not there is reported,
/// with the models in which it is.
pub(super) fn scope(cx: &mut Context, name: &Name, models: &[PermissionModelId]) -> Option<Vec<ScopeId>> {
    let found: Vec<ScopeId> = models
        .iter()
        .filter_map(|m| cx.names.scopes.get(&(*m, name.text.clone())))
        .filter_map(|entry| entry.id)
        .collect();
    if !found.is_empty() {
        return Some(found);
    }
    if cx.names.blind || cx.names.lost_scopes.contains(&name.text) {
        return None;
    }
    let model_name = |m: PermissionModelId| cx.model.permission_models[m.index()].name.as_str();
    let here: Vec<&str> = models.iter().map(|m| model_name(*m)).collect();
    let error = match cx.names.scope_names.get(&name.text) {
        Some(elsewhere) => {
            let there: Vec<&str> =
                elsewhere.iter().map(|s| model_name(cx.model.scopes[s.index()].model)).collect();
            let declared =
                cx.names.scopes[&(cx.model.scopes[elsewhere[0].index()].model, name.text.clone())].span;
            errors::catalogs::scope_of_other_model(name, &here, &there, declared)
        }
        None => {
            let known = cx.model.scopes.iter().filter(|s| models.contains(&s.model)).map(|s| s.name.as_str());
            errors::catalogs::unknown_scope(name, &here, known)
        }
    };
    cx.report(error);
    None
}

/// Everything that these scopes imply, themselves too.
pub(super) fn closure(cx: &Context, scopes: impl IntoIterator<Item = ScopeId>) -> BTreeSet<ScopeId> {
    scopes.into_iter().flat_map(|s| cx.model.scopes[s.index()].implies.iter().copied()).collect()
}

fn marks(cx: &mut Context, items: &[&tree::Mark]) {
    for item in items {
        let id = MarkId(cx.model.marks.len() as u32);
        if cx.names.marks.declare(&item.name, Some(id), &mut cx.diagnostics) {
            let title = item.title.as_ref().map_or_else(String::new, |t| t.value.clone());
            let gives = item.gives.as_ref().and_then(|name| power(cx, name));
            cx.model.marks.push(Mark { name: item.name.text.clone(), title, gives });
        }
    }
}

fn power(cx: &mut Context, name: &Name) -> Option<Power> {
    let power = Power::ALL.into_iter().find(|power| power.name() == name.text);
    if power.is_none() {
        cx.report(errors::names::unknown("power", name, Power::ALL.map(Power::name)));
    }
    power
}
