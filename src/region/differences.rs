//! Containers that two models declare differently: the same one is not the same on both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::asked::{Asked, exact, kind_named, names_to_root};
use super::index::Index;
use super::torn::Torn;
use super::values::given;
use super::variables::What;
use crate::request::Value;
use crate::sema::model::{ContainerId, Model};

/// By kind name, the ids of the containers that are declared differently, or stand in requests differently.
#[derive(Debug, Default)]
pub(super) struct Differences {
    ids: BTreeMap<String, Vec<String>>,
    /// Those among them that are of pairs that one side lets a request name together and the other does not.
    torn: Torn,
}

/// What a model declares of a container, by names: its parent and its attributes.
type Facts = (Option<(String, String)>, Vec<(String, Value)>);

impl Differences {
    pub(super) fn between(indices: &[Arc<Index<'_>>]) -> Differences {
        let mut differences = Differences::default();
        let [old, new] = indices else {
            return differences;
        };
        let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
        for index in [old, new] {
            for container in &index.model.containers {
                let kind = index.model.kinds[container.kind.index()].name.as_str();
                if !seen.insert((kind, &container.id)) {
                    continue;
                }
                if declared(old, kind, &container.id, None) != declared(new, kind, &container.id, None) {
                    differences.ids.entry(kind.to_owned()).or_default().push(container.id.clone());
                }
            }
        }
        differences.torn = Torn::between(old.model, new.model);
        for (kind, ids) in &differences.torn.ids {
            let listed = differences.ids.entry(kind.clone()).or_default();
            let known: BTreeSet<&String> = listed.iter().collect();
            let more: Vec<String> = ids.iter().filter(|id| !known.contains(id)).cloned().collect();
            listed.extend(more);
        }
        differences
    }

    /// Lets one of each sort of them stand for itself: a sort has the same declarations on each side, as far as they
    /// are read. Where ids are compared or matched with patterns, each is a sort of its own.
    pub(super) fn ask(&self, asked: &mut Asked<'_, '_>) {
        for (kind, ids) in &self.ids {
            let number = match asked.find(&What::Container(kind.clone())) {
                Some(number) => number,
                // Nothing is read of the kind itself, but its containers may lie in others of which there is.
                None if outer_is_read(asked, kind) => asked.variable(What::Container(kind.clone())),
                None => continue,
            };
            let read: BTreeSet<String> = asked.attributes(kind).into_iter().collect();
            let own = asked.all[number].pool.is_some() || !asked.all[number].tests.is_empty();
            let mut sorts: BTreeSet<String> = BTreeSet::new();
            for id in ids {
                let facts: Vec<Option<Facts>> = asked
                    .sides
                    .iter()
                    .map(|known| {
                        known.as_ref().and_then(|known| declared(&known.index, kind, id, Some(&read)))
                    })
                    .collect();
                let empty =
                    |facts: &Option<Facts>| facts.as_ref().is_none_or(|(p, a)| p.is_none() && a.is_empty());
                let same = facts.iter().all(empty) || facts.windows(2).all(|pair| pair[0] == pair[1]);
                if same && !self.torn.has(kind, id) {
                    continue;
                }
                if own || sorts.insert(format!("{facts:?}")) {
                    exact(&mut asked.all[number], Value::Text(id.clone()));
                }
            }
        }
    }
}

/// Whether anything is read of a kind that containers of this kind lie in.
fn outer_is_read(asked: &Asked<'_, '_>, kind: &str) -> bool {
    asked.sides.iter().flatten().any(|known| {
        kind_named(known, kind).filter(|kind| known.can_name(*kind)).is_some_and(|kind| {
            let outer = names_to_root(known, kind).into_iter().skip(1);
            outer.map(What::Container).any(|what| asked.find(&what).is_some())
        })
    })
}

fn declared(index: &Index<'_>, kind: &str, id: &str, read: Option<&BTreeSet<String>>) -> Option<Facts> {
    let model: &Model = index.model;
    let kind = model.kinds.iter().position(|of| of.name == kind)?;
    let ContainerId(number) = index.model.containers.find(crate::sema::model::KindId(kind as u32), id)?;
    let container = &model.containers[number as usize];
    let parent = container.parent.map(|parent| {
        let parent = &model.containers[parent.index()];
        (model.kinds[parent.kind.index()].name.clone(), parent.id.clone())
    });
    let mut attributes = Vec::new();
    for (attribute, value) in &container.attributes {
        let attribute = &model.attributes[attribute.index()];
        if read.is_none_or(|read| read.contains(&attribute.name)) {
            attributes.push((attribute.name.clone(), given(model, attribute.kind, value)));
        }
    }
    attributes.sort_by(|a, b| a.0.cmp(&b.0));
    Some((parent, attributes))
}
