//! Declared containers in which, and below which, nothing is ever permitted.

use std::collections::BTreeSet;

use super::influence::Looking;
use super::lazily::{Verdict, What};
use super::{Subject, Undecided};
use crate::sema::model::{Condition, ContainerId};

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
        let shared = looking.shared(permit, relation, &asker.open);
        for place in looking.places_of(permit, what, &shared) {
            match asker.ask_of(permit, place, || looking.case(place, &none)) {
                Verdict::Shown(_) => return Ok(true),
                Verdict::Never => {}
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
