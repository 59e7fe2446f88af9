//! What takes power away, so that an approval can say how much of that its giver had seen.
//!
//! Each turn and each withdrawal makes a *mark*: the next number of the one who wrote it, on what it is about. An
//! approval overrides just the marks that it has seen. One that was made elsewhere at the same time, or later, stands:
//! nothing that was taken away comes back because two things crossed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::join::{Join, join_members};

/// Writer to the number of its latest mark. A writer makes its own marks one after another, so that having seen a
/// number is having seen all before it.
pub type Seen = BTreeMap<String, u64>;

/// Something that can be taken away.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Everything, by an administrator.
    Installation,
    /// Everything, because the app was removed, or nobody knows any more what was taken.
    Removed,
    /// A scope, with all that imply it.
    Scope(String),
    /// A scope that a version of the app did not ask for any more.
    Unasked(String),
    /// An operation.
    Operation(String),
    /// An operation that a newer catalog opened to scopes that were held before.
    Opened(String),
    /// A container with all that lies in it: kind and id.
    Container(String, String),
    /// All that stages before this one still had: ratchet and stage.
    Stage(String, String),
}

/// Marks by what they are about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Marks {
    /// On the whole installation.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub installation: Seen,
    /// Removals of the app.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub removed: Seen,
    /// By scope.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub scopes: BTreeMap<String, Seen>,
    /// By scope, those that versions did not ask for any more.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unasked: BTreeMap<String, Seen>,
    /// By operation.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub operations: BTreeMap<String, Seen>,
    /// By operation, those that catalogs opened.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub opened: BTreeMap<String, Seen>,
    /// By kind and id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub containers: BTreeMap<String, BTreeMap<String, Seen>>,
    /// By ratchet and stage.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stages: BTreeMap<String, BTreeMap<String, Seen>>,
}

join_members!(Marks { installation, removed, scopes, unasked, operations, opened, containers, stages });

impl Marks {
    /// The marks on one thing.
    pub fn of(&self, target: &Target) -> Option<&Seen> {
        match target {
            Target::Installation => Some(&self.installation),
            Target::Removed => Some(&self.removed),
            Target::Scope(name) => self.scopes.get(name),
            Target::Unasked(name) => self.unasked.get(name),
            Target::Operation(name) => self.operations.get(name),
            Target::Opened(name) => self.opened.get(name),
            Target::Container(kind, id) => self.containers.get(kind)?.get(id),
            Target::Stage(ratchet, stage) => self.stages.get(ratchet)?.get(stage),
        }
    }

    /// Whether there is any mark on it.
    pub fn has(&self, target: &Target) -> bool {
        self.of(target).is_some_and(|seen| !seen.is_empty())
    }

    /// Whether all marks that the other has on it are here too.
    pub fn covers(&self, other: &Marks, target: &Target) -> bool {
        match (self.of(target), other.of(target)) {
            (_, None) => true,
            (None, Some(marks)) => marks.is_empty(),
            (Some(own), Some(marks)) => own.includes(marks),
        }
    }

    /// The writer's next mark on it.
    pub fn mark(&mut self, target: &Target, writer: &str) {
        let seen = self.entry(target);
        let next = seen.get(writer).copied().unwrap_or(0).saturating_add(1);
        seen.insert(writer.to_owned(), next);
    }

    /// A mark whose number is known, such as that of a turn that all writers find alike. Whether it is new.
    pub fn put(&mut self, target: &Target, writer: &str, number: u64) -> bool {
        let seen = self.entry(target);
        let new = seen.get(writer).is_none_or(|own| *own < number);
        if new {
            seen.insert(writer.to_owned(), number);
        }
        new
    }

    /// Takes in the other's marks on one thing.
    pub fn take(&mut self, other: &Marks, target: &Target) {
        if let Some(marks) = other.of(target) {
            self.entry(target).join(marks);
        }
    }

    fn entry(&mut self, target: &Target) -> &mut Seen {
        match target {
            Target::Installation => &mut self.installation,
            Target::Removed => &mut self.removed,
            Target::Scope(name) => self.scopes.entry(name.clone()).or_default(),
            Target::Unasked(name) => self.unasked.entry(name.clone()).or_default(),
            Target::Operation(name) => self.operations.entry(name.clone()).or_default(),
            Target::Opened(name) => self.opened.entry(name.clone()).or_default(),
            Target::Container(kind, id) => {
                self.containers.entry(kind.clone()).or_default().entry(id.clone()).or_default()
            }
            Target::Stage(ratchet, stage) => {
                self.stages.entry(ratchet.clone()).or_default().entry(stage.clone()).or_default()
            }
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::Installation => f.write_str("the installation"),
            Target::Removed => f.write_str("the installation, by its removal"),
            Target::Scope(name) => write!(f, "scope {name}"),
            Target::Unasked(name) => write!(f, "scope {name}, once not asked for"),
            Target::Operation(name) => write!(f, "operation {name}"),
            Target::Opened(name) => write!(f, "operation {name}, opened by a catalog"),
            Target::Container(kind, id) => write!(f, "{kind} {id}"),
            Target::Stage(ratchet, stage) => write!(f, "stage {ratchet}.{stage}"),
        }
    }
}
