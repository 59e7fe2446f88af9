//! Declared containers in which, and below which, nothing is ever permitted.

use std::collections::BTreeSet;

use super::influence::Looking;
use super::lazily::{Verdict, What};
use super::naming::to_root;
use super::{Subject, Undecided};
use crate::request::Request;
use crate::sema::model::{Condition, ContainerId, KindId, OperationId};

/// Whether anything is permitted in the container, or below it; `about` says of a request that it is about it.
pub(super) fn is_reached(
    looking: &Looking<'_, '_>,
    container: ContainerId,
    about: &Condition,
) -> Result<bool, Undecided> {
    let what = What::There(about);
    let mut asker = looking.asker(what);
    let none = BTreeSet::new();
    let mut undecided = None;
    for (permit, relation) in looking.by_permit(what) {
        for place in looking.places_of(permit, relation, what) {
            match asker.ask_of(permit, place, || looking.case(place, &none)) {
                Verdict::Shown(_) => return Ok(true),
                Verdict::Never(_) => {}
                Verdict::Undecided(what) => {
                    let (app, operation) = (place.app, place.operation);
                    let of = Subject::Container(container);
                    undecided.get_or_insert(Undecided { of, app, operation, what });
                }
            }
        }
        asker.forget(permit);
    }
    undecided.map_or(Ok(false), Err)
}

/// The declared containers that a request is about: those it names, and those they are declared to lie in.
pub(super) fn of_request(
    looking: &Looking<'_, '_>,
    operation: OperationId,
    request: &Request,
) -> Vec<ContainerId> {
    let model = looking.model;
    let operation = &model.operations[operation.index()];
    let mut concerned = BTreeSet::new();
    let mut kind = Some(operation.lists.unwrap_or(operation.kind));
    for _ in 0..model.kinds.len() {
        let Some(of) = kind else { break };
        concerned.insert(of);
        kind = model.kinds[of.index()].parent;
    }
    let mut containers = Vec::new();
    for fact in &request.containers {
        let kinds = (0..).map(KindId).zip(&model.kinds).filter(|(_, kind)| kind.name == fact.kind);
        for (kind, _) in kinds.filter(|(kind, _)| concerned.contains(kind)) {
            let id = fact.id.as_deref().and_then(|id| model.containers.find(kind, id));
            containers.extend(id.into_iter().flat_map(|id| to_root(model, id)));
        }
    }
    containers
}
