//! The containers named in a policy, found by what they are called.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;

use super::{AttributeId, Constant, Container, ContainerId, KindId};

/// Containers in source order; a list to all who read it.
#[derive(Debug, Clone, Default)]
pub struct Containers {
    list: Vec<Container>,
    /// The first of each kind and id.
    by_id: HashMap<KindId, HashMap<String, ContainerId>>,
}

impl Containers {
    /// The one of the kind that has this id.
    pub fn find(&self, kind: KindId, id: &str) -> Option<ContainerId> {
        self.by_id.get(&kind)?.get(id).copied()
    }

    /// Whether any of the kind is declared.
    pub fn has(&self, kind: KindId) -> bool {
        self.by_id.contains_key(&kind)
    }

    /// All that one lies in, from the inside outwards.
    pub fn outwards(&self, container: ContainerId) -> impl Iterator<Item = ContainerId> {
        self.to_root(container).skip(1)
    }

    /// The same, and itself before.
    pub fn to_root(&self, container: ContainerId) -> impl Iterator<Item = ContainerId> {
        let parent = |of: &ContainerId| self.list.get(of.index()).and_then(|of| of.parent);
        // No checked model has containers in a circle; the bound is for the reader's peace.
        std::iter::successors(Some(container), parent).take(self.list.len())
    }

    /// Adds one.
    pub fn push(&mut self, container: Container) -> ContainerId {
        let new = ContainerId(self.list.len() as u32);
        self.by_id.entry(container.kind).or_default().entry(container.id.clone()).or_insert(new);
        self.list.push(container);
        new
    }

    /// What is known of one.
    pub fn attributes_mut(&mut self, container: ContainerId) -> Option<&mut BTreeMap<AttributeId, Constant>> {
        self.list.get_mut(container.index()).map(|container| &mut container.attributes)
    }

    /// Says what one lies in.
    pub fn put(&mut self, container: ContainerId, parent: ContainerId) {
        if let Some(container) = self.list.get_mut(container.index()) {
            container.parent = Some(parent);
        }
    }
}

impl Deref for Containers {
    type Target = [Container];
    fn deref(&self) -> &[Container] {
        &self.list
    }
}

impl<'c> IntoIterator for &'c Containers {
    type Item = &'c Container;
    type IntoIter = std::slice::Iter<'c, Container>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}
