//! Which containers a condition names, so that what speaks of different ones need not be asked about together.

use crate::region::Models;
use crate::sema::model::{
    Atom, Condition, Constant, ContainerId, KindId, Model, OperationId, Predicate, Subject as Read,
};

/// A condition that holds in these containers of the kind only.
#[derive(Debug, Clone)]
pub(super) struct Named<'c> {
    pub(super) kind: KindId,
    pub(super) ids: Vec<&'c str>,
}

/// The containers that a condition names, if it holds in no others of their kind.
pub(super) fn named<'c>(model: &Model, condition: &'c Condition) -> Option<Named<'c>> {
    match condition {
        Condition::All(parts) => parts.iter().find_map(|part| named(model, part)),
        Condition::Test(Atom { subject: Read::Container { attributes, .. }, predicate, .. }) => {
            let (Predicate::Is(constants), [attribute]) = (predicate, attributes.as_slice()) else {
                return None;
            };
            // The id is the first attribute of every kind.
            let kind = model.kinds.iter().position(|kind| kind.attributes.first() == Some(attribute))?;
            let text = |constant: &'c Constant| match constant {
                Constant::String(text) => Some(text.as_str()),
                _ => None, // no id
            };
            let ids = constants.iter().map(text).collect::<Option<_>>()?;
            Some(Named { kind: KindId(kind as u32), ids })
        }
        Condition::Test(_)
        | Condition::Constant(_)
        | Condition::InKind(_)
        | Condition::AtKind(_)
        | Condition::Any(_)
        | Condition::Not(_) => None,
    }
}

/// The declared container of the kind that a declared container is, or lies in.
pub(super) fn outer(model: &Model, container: ContainerId, kind: KindId) -> Option<ContainerId> {
    let mut at = Some(container);
    // No checked model has containers in a circle.
    for _ in 0..model.kinds.len() {
        let declared = &model.containers[at?.index()];
        if declared.kind == kind {
            return at;
        }
        at = declared.parent;
    }
    None
}

/// Whether no request for the operation is in one of each, the second one's being certainly known. Lists are in all.
pub(super) fn apart(models: &Models<'_>, operation: OperationId, one: &Named<'_>, other: &Named<'_>) -> bool {
    let index = models.of(0);
    let model = index.model;
    if model.operations[operation.index()].lists.is_some() {
        return false;
    }
    let elsewhere = |id: &&str| {
        if one.kind == other.kind {
            return !one.ids.contains(id);
        }
        let declared = index.container(other.kind, id);
        let outer = declared.and_then(|declared| outer(model, declared, one.kind));
        outer.is_some_and(|outer| !one.ids.contains(&model.containers[outer.index()].id.as_str()))
    };
    other.ids.iter().all(elsewhere)
}
