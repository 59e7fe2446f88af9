//! Values that only grow: sets, maps, and registers that keep the greatest or the least.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A join semilattice; `Default` is its least element.
pub trait Join: Default {
    /// Takes in what the other knows; whether that was more than was known.
    fn join(&mut self, other: &Self) -> bool;

    /// Whether nothing that the other knows is new.
    fn includes(&self, other: &Self) -> bool;
}

impl<T: Ord + Clone> Join for BTreeSet<T> {
    fn join(&mut self, other: &Self) -> bool {
        let before = self.len();
        self.extend(other.iter().cloned());
        self.len() > before
    }

    fn includes(&self, other: &Self) -> bool {
        self.is_superset(other)
    }
}

/// A key that is there is more than one that is not, also where its value is the least.
impl<K: Ord + Clone, V: Join> Join for BTreeMap<K, V> {
    fn join(&mut self, other: &Self) -> bool {
        let mut grew = false;
        for (key, value) in other {
            grew |= match self.get_mut(key) {
                Some(own) => own.join(value),
                None => {
                    self.entry(key.clone()).or_default().join(value);
                    true
                }
            };
        }
        grew
    }

    fn includes(&self, other: &Self) -> bool {
        other.iter().all(|(key, value)| self.get(key).is_some_and(|own| own.includes(value)))
    }
}

/// Counts: the greatest stays.
impl Join for u64 {
    fn join(&mut self, other: &Self) -> bool {
        let grew = other > self;
        *self = (*self).max(*other);
        grew
    }

    fn includes(&self, other: &Self) -> bool {
        self >= other
    }
}

/// The latest of the times told, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Latest(pub Option<i64>);

impl Latest {
    /// Tells of a time; whether it is later than all told before.
    pub fn tell(&mut self, time: i64) -> bool {
        self.join(&Latest(Some(time)))
    }
}

impl Join for Latest {
    fn join(&mut self, other: &Self) -> bool {
        let grew = other > self; // nothing told is less than any time
        *self = (*self).max(*other);
        grew
    }

    fn includes(&self, other: &Self) -> bool {
        self >= other
    }
}

/// The earliest of the times told, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Earliest(pub Option<i64>);

impl Earliest {
    /// Tells of a time; whether it is earlier than all told before.
    pub fn tell(&mut self, time: i64) -> bool {
        self.join(&Earliest(Some(time)))
    }
}

impl Join for Earliest {
    fn join(&mut self, other: &Self) -> bool {
        let grew = !self.includes(other);
        if grew {
            *self = *other;
        }
        grew
    }

    fn includes(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(other)) => own <= other,
        }
    }
}

/// The version told of last, with its time. Only for people: no power hangs on which is last.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Newest(pub Option<(i64, String)>);

impl Join for Newest {
    fn join(&mut self, other: &Self) -> bool {
        let grew = !self.includes(other);
        if grew {
            self.0.clone_from(&other.0);
        }
        grew
    }

    fn includes(&self, other: &Self) -> bool {
        self >= other
    }
}

/// Joins every member of a struct, so that none can be forgotten: the list is checked by the compiler.
macro_rules! join_members {
    ($name:ident { $($member:ident),* $(,)? }) => {
        impl $crate::ratchet::Join for $name {
            fn join(&mut self, other: &Self) -> bool {
                let $name { $($member),* } = other;
                let mut grew = false;
                $(grew |= self.$member.join($member);)*
                grew
            }

            fn includes(&self, other: &Self) -> bool {
                let $name { $($member),* } = other;
                true $(&& self.$member.includes($member))*
            }
        }
    };
}
pub(super) use join_members;
