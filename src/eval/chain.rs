//! The effective container chain: what the request says, put right by what the policy knows.

use std::collections::{BTreeMap, BTreeSet};

use super::namings;
use crate::request::{ContainerFact, Request, Value};
use crate::sema::model::{Container, KindId, Model, OperationId};

/// The containers of a request, judged against an operation.
pub(super) enum Chain<'r> {
    /// The effective chain, innermost first, at most one element of a kind.
    Fits(Vec<Element<'r>>),
    /// Catalog refuses.
    Wrong,
    /// Catalog refuses: the path names other containers, or it cannot be told which.
    ContradictsPath,
}

/// A container of the effective chain.
#[derive(Debug, Clone)]
pub(super) struct Element<'r> {
    pub(super) kind: KindId,
    /// `None` where the request knows only that there is one.
    pub(super) id: Option<String>,
    /// What the request says of it; `None` where only its path names the container.
    pub(super) attributes: Option<&'r BTreeMap<String, Value>>,
}

/// What a request says of a container that only a declaration names.
static NOTHING: BTreeMap<String, Value> = BTreeMap::new();

/// Checks the request's containers with those that its path names, fills in declared parents, and drops what does not
/// concern the operation.
///
/// By definition, where the path names a container, nothing stands for another one: neither what the request says
/// nor what the policy declares of what lies in it.
pub(super) fn effective<'r>(model: &Model, operation: OperationId, request: &'r Request) -> Chain<'r> {
    let named = namings::named(model, operation, &request.operation);
    let Some(mut elements) = consistent(model, &request.containers) else {
        return Chain::Wrong;
    };
    let others = |(kind, id): &(KindId, String)| {
        let of_kind = elements.iter().filter(|element| element.kind == *kind);
        of_kind.filter_map(|element| element.id.as_ref()).any(|other| other != id)
    };
    let contradiction = named.as_ref().is_none_or(|named| named.iter().any(others));
    for (kind, id) in named.iter().flatten() {
        add(model, &mut elements, *kind, id);
    }
    if !on_one_branch(model, &elements) {
        return Chain::Wrong;
    }
    let Some(innermost) = elements.first().map(|element| element.kind) else {
        return if contradiction { Chain::ContradictsPath } else { Chain::Fits(Vec::new()) };
    };
    let operation = &model.operations[operation.index()];
    let related = |kind: KindId| is_within(model, innermost, kind) || is_within(model, kind, innermost);
    if !related(operation.kind) && !operation.lists.is_some_and(related) {
        return Chain::Wrong;
    }
    // The path from the kind it lists passes the kind it acts in on its way to the root.
    let concerned = path_to_root(model, operation.lists.unwrap_or(operation.kind));
    let named = named.unwrap_or_default();
    let chain = with_declared_parents(model, innermost, elements, &named).filter(|_| !contradiction);
    let Some(mut chain) = chain else {
        return Chain::ContradictsPath;
    };
    chain.retain(|element| concerned.contains(&element.kind));
    Chain::Fits(chain)
}

/// The kinds of a list operation's entries that the request does not know: the kinds from the listed kind up
/// to but without the operation's own, as far as they lie strictly below the innermost kind of the effective
/// chain. A kind that lists itself is listed while it is not in the chain.
pub(super) fn listed(model: &Model, operation: OperationId, chain: &[Element<'_>]) -> BTreeSet<KindId> {
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
fn consistent<'r>(model: &Model, containers: &'r [ContainerFact]) -> Option<Vec<Element<'r>>> {
    let mut elements: Vec<Element<'r>> = Vec::new();
    for container in containers {
        let index = model.kinds.iter().position(|kind| kind.name == container.kind)?;
        let (kind, id) = (KindId(index as u32), container.id.clone());
        elements.push(Element { kind, id, attributes: Some(&container.attributes) });
    }
    on_one_branch(model, &elements).then_some(elements)
}

/// Whether each element's kind lies strictly above that of the one before.
fn on_one_branch(model: &Model, elements: &[Element<'_>]) -> bool {
    let above =
        |pair: &[Element<'_>]| pair[0].kind != pair[1].kind && is_within(model, pair[0].kind, pair[1].kind);
    elements.windows(2).all(above)
}

/// Adds a container that the path names: before the first one that lies above it. Where the request has one of
/// the kind, that one is it.
fn add(model: &Model, elements: &mut Vec<Element<'_>>, kind: KindId, id: &str) {
    if let Some(element) = elements.iter_mut().find(|element| element.kind == kind) {
        element.id.get_or_insert_with(|| id.to_owned());
        return;
    }
    let place = elements.iter().position(|element| is_within(model, kind, element.kind));
    let element = Element { kind, id: Some(id.to_owned()), attributes: None };
    elements.insert(place.unwrap_or(elements.len()), element);
}

/// Walks from the innermost kind to the root. What the container at hand is declared to lie in takes the place of what
/// the request said at those kinds; the request's attributes stay only where it named the same container. Where a
/// container further in is declared to lie elsewhere, the one at hand is not where the request says: it is left out.
/// `None` where one that the path names had to give way.
fn with_declared_parents<'r>(
    model: &Model,
    innermost: KindId,
    elements: Vec<Element<'r>>,
    named: &[(KindId, String)],
) -> Option<Vec<Element<'r>>> {
    let mut by_kind: BTreeMap<KindId, Element<'r>> =
        elements.into_iter().map(|element| (element.kind, element)).collect();
    let mut settled: BTreeMap<KindId, &str> = BTreeMap::new();
    let path = path_to_root(model, innermost);
    for kind in &path {
        let id = by_kind.get(kind).and_then(|element| element.id.as_deref());
        let Some(container) = id.and_then(|id| model.containers.find(*kind, id)) else {
            continue;
        };
        let outer = model.containers.outwards(container).map(|outer| &model.containers[outer.index()]);
        let outer: Vec<&Container> = outer.collect();
        if outer.iter().any(|outer| settled.get(&outer.kind).is_some_and(|id| *id != outer.id)) {
            if named.iter().any(|(of, _)| of == kind) {
                return None;
            }
            by_kind.remove(kind);
            continue;
        }
        for Container { kind, id, .. } in outer {
            settled.insert(*kind, id);
            if by_kind.get(kind).is_some_and(|element| element.id.as_ref() == Some(id)) {
                continue;
            }
            if named.iter().any(|(of, other)| of == kind && other != id) {
                return None;
            }
            let element = Element { kind: *kind, id: Some(id.clone()), attributes: Some(&NOTHING) };
            by_kind.insert(*kind, element);
        }
    }
    Some(path.iter().filter_map(|kind| by_kind.remove(kind)).collect())
}
