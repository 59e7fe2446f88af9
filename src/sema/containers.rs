//! Containers named in the policy, and what container patterns mean.

use std::collections::{BTreeMap, HashMap};

use super::conditions::{self, Place};
use super::context::Context;
use super::errors;
use super::model::{
    AttributeId, Condition, Constant, Container, ContainerId, KindId, Owner, Predicate, Subject,
};
use super::names::Items;
use super::operations::Selection;
use super::types::{self, Ty};
use crate::span::Span;
use crate::syntax::tree::{self, Assign, ContainerPattern, Name};

/// Reads the declared containers, then what they lie in.
pub(super) fn check(cx: &mut Context, items: &Items) {
    let mut declared: HashMap<ContainerId, Span> = HashMap::new();
    let mut parents: Vec<(ContainerId, KindId, &(Name, Name))> = Vec::new();
    for item in &items.containers {
        let Some(kind) = cx.names.kinds.find(&item.kind, &mut cx.diagnostics) else { continue };
        if let Some(first) = cx.model.containers.find(kind, &item.id.text) {
            let error = errors::names::twice("container", &item.id, declared[&first]);
            cx.report(error);
            continue;
        }
        filled(cx, &item.id);
        let attributes = attributes(cx, kind, &item.attributes);
        let id = enter(cx, kind, &item.id.text, attributes, item.span);
        declared.insert(id, item.id.span);
        if let Some(parent) = &item.parent {
            parents.push((id, kind, parent));
        }
    }
    for (id, kind, (parent_kind, parent_id)) in parents {
        let Some(above) = cx.names.kinds.find(parent_kind, &mut cx.diagnostics) else { continue };
        if !cx.strictly_within(kind, above) {
            let error =
                errors::operations::impossible_parent(parent_kind, cx.kind_name(kind), &path_up(cx, kind));
            cx.report(error);
            continue;
        }
        filled(cx, parent_id);
        // A parent need not be declared: naming it is enough, as in rules.
        let parent = match cx.model.containers.find(above, &parent_id.text) {
            Some(parent) => parent,
            None => enter(cx, above, &parent_id.text, BTreeMap::new(), parent_kind.span.to(parent_id.span)),
        };
        cx.model.containers.put(id, parent);
    }
}

fn filled(cx: &mut Context, id: &Name) {
    if id.text.is_empty() {
        cx.report(errors::names::empty("container id", id.span));
    }
}

fn enter(
    cx: &mut Context,
    kind: KindId,
    id: &str,
    attributes: BTreeMap<AttributeId, Constant>,
    span: Span,
) -> ContainerId {
    cx.model.containers.push(Container { kind, id: id.to_owned(), parent: None, attributes, span })
}

/// The kinds above this one, nearest first, in words.
pub(super) fn path_up(cx: &Context, kind: KindId) -> Vec<String> {
    let mut path = Vec::new();
    let mut at = cx.model.kinds[kind.index()].parent;
    while let Some(kind) = at {
        path.push(cx.kind_name(kind).to_owned());
        at = cx.model.kinds[kind.index()].parent;
    }
    path
}

/// What is said of a container of this kind.
pub(super) fn attributes(
    cx: &mut Context,
    kind: KindId,
    assigns: &[Assign],
) -> BTreeMap<AttributeId, Constant> {
    let mut values = BTreeMap::new();
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for assign in assigns {
        let name = assign.name.text.as_str();
        if let Some(first) = seen.insert(name, assign.name.span) {
            cx.report(errors::names::twice("attribute", &assign.name, first));
            continue;
        }
        if name == "id" {
            cx.report(errors::names::reserved("attribute", &assign.name, "is what follows the kind"));
            continue;
        }
        let Some(entry) = cx.names.attributes.get(&(Owner::Kind(kind), name.to_owned())) else {
            if !cx.names.blind {
                let own = cx.model.kinds[kind.index()].attributes.iter();
                let known = own.map(|a| cx.model.attributes[a.index()].name.as_str()).filter(|n| *n != "id");
                let error = errors::types::unknown_attribute_of(&assign.name, cx.kind_name(kind), known);
                cx.report(error);
            }
            continue;
        };
        let Some(id) = entry.id else { continue };
        let ty = Ty::Plain(cx.model.attributes[id.index()].kind);
        if let Some(value) = types::constant(cx, &assign.value, ty) {
            values.insert(id, value);
        }
    }
    values
}

/// The condition that a container pattern means; kinds that the operations cannot meet are reported.
pub(super) fn pattern(
    cx: &mut Context,
    pattern: &ContainerPattern,
    operations: Option<&Selection>,
) -> Option<Condition> {
    let mut any = Some(Vec::with_capacity(pattern.terms.len()));
    let mut kinds: Vec<(KindId, &Name)> = Vec::with_capacity(pattern.terms.len());
    for term in &pattern.terms {
        let lowered = self::term(cx, term, pattern.exact);
        if let Some((kind, _)) = &lowered {
            kinds.push((*kind, &term.kind));
        }
        match (lowered, &mut any) {
            (Some((_, Some(condition))), Some(any)) => any.push(condition),
            _broken => any = None,
        }
    }
    if let (Some(operations), true) = (operations, kinds.len() == pattern.terms.len()) {
        operations.check_kinds(cx, pattern.exact, &kinds);
    }
    let mut any = any?;
    Some(if any.len() == 1 { any.remove(0) } else { Condition::Any(any) })
}

fn term(cx: &mut Context, term: &tree::ContainerTerm, exact: bool) -> Option<(KindId, Option<Condition>)> {
    let kind = cx.names.kinds.find(&term.kind, &mut cx.diagnostics)?;
    let mut all = vec![if exact { Condition::AtKind(kind) } else { Condition::InKind(kind) }];
    if let Some(id) = &term.id {
        filled(cx, id);
        let subject = Subject::Container {
            attributes: vec![cx.model.kinds[kind.index()].attributes[0]],
            inherited: false,
        };
        all.push(conditions::test(subject, Predicate::Is(vec![Constant::String(id.text.clone())]), id.span));
    }
    if let Some(filter) = &term.filter {
        match conditions::lower(cx, filter, Place::Of(kind)) {
            Some(condition) => all.push(condition),
            None => return Some((kind, None)),
        }
    }
    Some((kind, Some(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })))
}
