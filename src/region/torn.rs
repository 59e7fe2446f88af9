//! Containers that a request names together, and that stand together on one of two sides only: on the other, what is
//! declared of the one further in puts another in the place of the outer one, or leaves it out.

use std::collections::{BTreeMap, BTreeSet};

use super::side::path;
use crate::sema::model::{ContainerId, KindId, Model};

/// By kind name, the ids of such containers.
#[derive(Debug, Default)]
pub(super) struct Torn {
    pub(super) ids: BTreeMap<String, BTreeSet<String>>,
}

/// What a model declares that a container lies in, by kind name.
type Place<'m> = BTreeMap<&'m str, &'m str>;

/// Containers of a kind that are declared alike on each side.
struct Sort<'m> {
    kind: &'m str,
    places: [Place<'m>; 2],
    ids: Vec<&'m str>,
}

/// What becomes of a container that a request names beside one further in.
#[derive(PartialEq)]
enum Fate {
    Stays,
    /// Another is declared to stand in its place.
    IsReplaced,
    /// It is declared to lie elsewhere.
    GivesWay,
}

impl Torn {
    pub(super) fn between(old: &Model, new: &Model) -> Torn {
        let models = [old, new];
        let sorts = sorts(models);
        let mut torn = Torn::default();
        for inner in &sorts {
            let outwards: BTreeSet<&str> =
                models.into_iter().flat_map(|model| outwards(model, inner.kind)).collect();
            let open = |place: &Place<'_>| {
                !place.is_empty() && outwards.iter().any(|kind| !place.contains_key(kind))
            };
            if !inner.places.iter().any(open) {
                continue; // wherever it lies, that is declared up to the root
            }
            let beside = sorts.iter().filter(|outer| outwards.contains(outer.kind));
            for outer in beside.filter(|outer| is_moved(inner) || is_moved(outer)) {
                if is_torn(inner, outer, 0, 1) || is_torn(inner, outer, 1, 0) {
                    for sort in [inner, outer] {
                        let ids = sort.ids.iter().map(|id| (*id).to_owned());
                        torn.ids.entry(sort.kind.to_owned()).or_default().extend(ids);
                    }
                }
            }
        }
        torn
    }

    pub(super) fn has(&self, kind: &str, id: &str) -> bool {
        self.ids.get(kind).is_some_and(|ids| ids.contains(id))
    }
}

fn is_moved(sort: &Sort<'_>) -> bool {
    sort.places[0] != sort.places[1]
}

/// Whether the outer one stays on one side and not on the other, and no request says the same without it.
fn is_torn(inner: &Sort<'_>, outer: &Sort<'_>, stays: usize, other: usize) -> bool {
    let fate = |side: usize| fate(&inner.places[side], outer.kind, &outer.places[side]);
    let says_more = || outer.places[stays].keys().any(|kind| !inner.places[other].contains_key(kind));
    fate(stays) == Fate::Stays
        && match fate(other) {
            Fate::Stays => false,
            // What it lies in on this side can be named for it, unless the other side then sees that, too.
            Fate::IsReplaced => says_more(),
            Fate::GivesWay => true,
        }
}

fn fate(inner: &Place<'_>, kind: &str, outer: &Place<'_>) -> Fate {
    if inner.contains_key(kind) {
        return Fate::IsReplaced;
    }
    let elsewhere = outer.iter().any(|(kind, id)| inner.get(kind).is_some_and(|there| there != id));
    if elsewhere { Fate::GivesWay } else { Fate::Stays }
}

fn sorts<'m>(models: [&'m Model; 2]) -> Vec<Sort<'m>> {
    let mut places: BTreeMap<(&str, &str), [Place<'_>; 2]> = BTreeMap::new();
    for (side, model) in models.into_iter().enumerate() {
        let name = |kind: KindId| model.kinds[kind.index()].name.as_str();
        for (id, container) in (0..).map(ContainerId).zip(&model.containers) {
            let outer = model.containers.outwards(id).map(|id| &model.containers[id.index()]);
            let place = outer.map(|outer| (name(outer.kind), outer.id.as_str())).collect();
            places.entry((name(container.kind), &container.id)).or_default()[side] = place;
        }
    }
    let mut sorts: BTreeMap<(&str, [Place<'_>; 2]), Vec<&str>> = BTreeMap::new();
    for ((kind, id), places) in places {
        sorts.entry((kind, places)).or_default().push(id);
    }
    sorts.into_iter().map(|((kind, places), ids)| Sort { kind, places, ids }).collect()
}

/// The kinds that containers of this kind lie in.
fn outwards<'m>(model: &'m Model, kind: &str) -> Vec<&'m str> {
    let kind = (0..).map(KindId).zip(&model.kinds).find(|(_, of)| of.name == kind);
    let outwards = kind.map(|(kind, _)| path(model, kind)).unwrap_or_default();
    outwards.into_iter().skip(1).map(|kind| model.kinds[kind.index()].name.as_str()).collect()
}
