//! What an app may do alone, and in whichever container: the reach that surprises whoever approved it.

use std::collections::BTreeMap;

use super::permitted::{Permits, has_user, test};
use super::set::Operations;
use crate::request::Request;
use crate::sema::model::{AppId, Condition, KindId, Model, OperationId, Predicate, Subject};

/// Operations that an app may do without a person, whatever the containers are.
#[derive(Debug, Clone, Default)]
pub struct Everywhere {
    /// Them.
    pub operations: Operations,
    /// A request for one of them that is permitted; none if there are none.
    pub witness: Option<Request>,
}

/// Those of the operations that the app may do without a person and without a word on containers: what is permitted
/// to who says nothing is permitted everywhere. Operations in a root say nothing about containers and are left out.
pub fn everywhere(
    model: &Model,
    permits: &dyn Permits,
    app: AppId,
    of: impl Fn(OperationId) -> bool,
) -> Everywhere {
    let mut found = Everywhere::default();
    for group in permits.groups(app).iter().filter(|group| !group.permitted.is_never()) {
        let mut by_kind: BTreeMap<KindId, Vec<OperationId>> = BTreeMap::new();
        for operation in group.operations.iter().filter(|operation| of(*operation)) {
            by_kind.entry(model.operations[operation.index()].kind).or_default().push(operation);
        }
        for (kind, operations) in by_kind {
            let Some(first) = operations.first() else { continue };
            let Some(said) = said(model, kind) else { continue };
            let said = Condition::Any(vec![said, has_user(model, true)]);
            if let Some(witness) = permits.ask_outside(app, *first, &said).witness() {
                found.witness.get_or_insert_with(|| witness.clone());
                operations.iter().for_each(|operation| found.operations.insert(*operation));
            }
        }
    }
    found
}

/// Something is said of a container of the kind or of one that it lies in; none for a root, which everything lies in.
fn said(model: &Model, kind: KindId) -> Option<Condition> {
    let mut said = Vec::new();
    let mut next = kind;
    while let Some(parent) = model.kinds[next.index()].parent {
        said.extend(model.kinds[next.index()].attributes.iter().map(|attribute| {
            let container = Subject::Container { attributes: vec![*attribute], inherited: false };
            test(container, Predicate::Present)
        }));
        next = parent;
    }
    (!said.is_empty()).then_some(Condition::Any(said))
}
