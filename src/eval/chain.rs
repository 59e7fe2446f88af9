//! The effective container chain: what the request says, put right by what the policy knows.

use std::collections::{BTreeMap, BTreeSet};

use crate::request::{ContainerFact, Value};
use crate::sema::model::{Container, KindId, Model, OperationId};

/// The containers of a request, judged against an operation.
pub(super) enum Chain {
    /// The effective chain, innermost first, at most one element of a kind.
    Fits(Vec<Element>),
    /// Catalog refuses.
    Wrong,
}

/// A container of the effective chain.
#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) kind: KindId,
    /// `None` where the request knows only that there is one.
    pub(super) id: Option<String>,
    /// What the request says of it.
    pub(super) attributes: BTreeMap<String, Value>,
}

/// Checks the request's containers, fills in declared parents, and drops what does not concern the operation.
pub(super) fn effective(model: &Model, operation: OperationId, containers: &[ContainerFact]) -> Chain {
    let Some(elements) = consistent(model, containers) else {
        return Chain::Wrong;
    };
    let Some(innermost) = elements.first().map(|element| element.kind) else {
        return Chain::Fits(Vec::new());
    };
    let operation = &model.operations[operation.index()];
    let related = |kind: KindId| is_within(model, innermost, kind) || is_within(model, kind, innermost);
    if !related(operation.kind) && !operation.lists.is_some_and(related) {
        return Chain::Wrong;
    }
    // The path from the kind it lists passes the kind it acts in on its way to the root.
    let concerned = path_to_root(model, operation.lists.unwrap_or(operation.kind));
    let mut chain = with_declared_parents(model, innermost, elements);
    chain.retain(|element| concerned.contains(&element.kind));
    Chain::Fits(chain)
}

/// The kinds of a list operation's entries that the request does not know: the kinds from the listed kind up
/// to but without the operation's own, as far as they lie strictly below the innermost kind of the effective
/// chain. A kind that lists itself is listed while it is not in the chain.
pub(super) fn listed(model: &Model, operation: OperationId, chain: &[Element]) -> BTreeSet<KindId> {
    let operation = &model.operations[operation.index()];
    let Some(lists) = operation.lists else {
        return BTreeSet::new();
    };
    if lists == operation.kind {
        let known = chain.iter().any(|element| element.kind == lists);
        return if known { BTreeSet::new() } else { BTreeSet::from([lists]) };
    }
    let below_innermost = |kind: KindId| match chain.first() {
        Some(innermost) => kind != innermost.kind && is_within(model, kind, innermost.kind),
        None => true,
    };
    path_to_root(model, lists)
        .into_iter()
        .take_while(|kind| *kind != operation.kind)
        .filter(|kind| below_innermost(*kind))
        .collect()
}

/// Whether `kind` is `ancestor` or lies below it.
pub(super) fn is_within(model: &Model, kind: KindId, ancestor: KindId) -> bool {
    path_to_root(model, kind).contains(&ancestor)
}

/// The declaration of the container, if the policy has one.
pub(super) fn declared<'a>(model: &'a Model, kind: KindId, id: &str) -> Option<&'a Container> {
    model.containers.find(kind, id).map(|container| &model.containers[container.index()])
}

/// The kind and everything it lies in.
pub(super) fn path_to_root(model: &Model, kind: KindId) -> Vec<KindId> {
    let mut path = vec![kind];
    let mut next = model.kinds[kind.index()].parent;
    while let Some(kind) = next {
        if path.contains(&kind) {
            break; // no checked model has such a circle
        }
        path.push(kind);
        next = model.kinds[kind.index()].parent;
    }
    path
}

/// The request's containers, if each is of a known kind that lies strictly above the one before. Gaps are
/// allowed.
fn consistent(model: &Model, containers: &[ContainerFact]) -> Option<Vec<Element>> {
    let mut elements: Vec<Element> = Vec::new();
    for container in containers {
        let index = model.kinds.iter().position(|kind| kind.name == container.kind)?;
        let kind = KindId(index as u32);
        if let Some(inner) = elements.last()
            && (inner.kind == kind || !is_within(model, inner.kind, kind))
        {
            return None;
        }
        elements.push(Element { kind, id: container.id.clone(), attributes: container.attributes.clone() });
    }
    Some(elements)
}

/// Walks from the innermost kind to the root. Wherever the element at hand is declared with a parent, that
/// parent takes the place of what the request said at the parent's kind; the request's attributes stay only
/// where it named the same container.
fn with_declared_parents(model: &Model, innermost: KindId, elements: Vec<Element>) -> Vec<Element> {
    let mut by_kind: BTreeMap<KindId, Element> =
        elements.into_iter().map(|element| (element.kind, element)).collect();
    let path = path_to_root(model, innermost);
    for kind in &path {
        let declaration = by_kind
            .get(kind)
            .and_then(|element| element.id.as_deref())
            .and_then(|id| declared(model, *kind, id));
        let Some(parent) = declaration.and_then(|container| container.parent) else {
            continue;
        };
        let parent = &model.containers[parent.index()];
        let same = by_kind.get(&parent.kind).is_some_and(|element| element.id.as_ref() == Some(&parent.id));
        if !same {
            let element =
                Element { kind: parent.kind, id: Some(parent.id.clone()), attributes: BTreeMap::new() };
            by_kind.insert(parent.kind, element);
        }
    }
    path.iter().filter_map(|kind| by_kind.remove(kind)).collect()
}
