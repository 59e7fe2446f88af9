//! Sets of operations and of scopes, as bits: a catalog has a thousand of each, and every app asks for them.

use std::marker::PhantomData;

use crate::sema::model::{Access, Model, OperationId, ScopeId};

/// What can be an element of a [`Set`].
pub trait Id: Copy {
    /// Its number.
    fn number(self) -> usize;
    /// The one with this number.
    fn numbered(number: usize) -> Self;
}

impl Id for OperationId {
    fn number(self) -> usize {
        self.index()
    }

    fn numbered(number: usize) -> OperationId {
        OperationId(number as u32)
    }
}

impl Id for ScopeId {
    fn number(self) -> usize {
        self.index()
    }

    fn numbered(number: usize) -> ScopeId {
        ScopeId(number as u32)
    }
}

/// A set of ids. Sets of the same elements are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set<T> {
    /// Without zeros at the end.
    words: Vec<u64>,
    elements: PhantomData<T>,
}

/// A set of operations.
pub type Operations = Set<OperationId>;

/// A set of scopes.
pub type Scopes = Set<ScopeId>;

impl<T> Default for Set<T> {
    fn default() -> Set<T> {
        Set { words: Vec::new(), elements: PhantomData }
    }
}

impl<T: Id> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(ids: I) -> Set<T> {
        let mut set = Set::default();
        for id in ids {
            set.insert(id);
        }
        set
    }
}

impl<T: Id> Set<T> {
    /// Adds one.
    pub fn insert(&mut self, id: T) {
        let (word, bit) = (id.number() / 64, id.number() % 64);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << bit;
    }

    /// Whether it is in.
    pub fn contains(&self, id: T) -> bool {
        self.words.get(id.number() / 64).is_some_and(|word| word >> (id.number() % 64) & 1 == 1)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// In ascending order.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| T::numbered(at * 64 + bit))
        })
    }

    /// Those in both, in ascending order.
    pub fn shared(&self, other: &Set<T>) -> impl Iterator<Item = T> {
        let words = self.words.iter().zip(&other.words).map(|(one, other)| one & other).enumerate();
        words.flat_map(|(at, word)| {
            let rest = |left: &u64| Some(left & (left - 1)).filter(|left| *left != 0);
            let bits = std::iter::successors(Some(word).filter(|word| *word != 0), rest);
            bits.map(move |left| T::numbered(at * 64 + left.trailing_zeros() as usize))
        })
    }

    /// Those in either.
    #[must_use]
    pub fn or(&self, other: &Set<T>) -> Set<T> {
        let length = self.words.len().max(other.words.len());
        self.zip(other, length, |a, b| a | b)
    }

    /// Those in both.
    #[must_use]
    pub fn and(&self, other: &Set<T>) -> Set<T> {
        self.zip(other, self.words.len(), |a, b| a & b)
    }

    /// Those of this one that are not in the other.
    #[must_use]
    pub fn minus(&self, other: &Set<T>) -> Set<T> {
        self.zip(other, self.words.len(), |a, b| a & !b)
    }

    /// Whether all are in the other one too.
    pub fn is_within(&self, other: &Set<T>) -> bool {
        self.words
            .iter()
            .enumerate()
            .all(|(at, word)| word & !other.words.get(at).copied().unwrap_or_default() == 0)
    }

    fn zip(&self, other: &Set<T>, length: usize, combine: impl Fn(u64, u64) -> u64) -> Set<T> {
        let word = |set: &Set<T>, at: usize| set.words.get(at).copied().unwrap_or_default();
        let mut words: Vec<u64> = (0..length).map(|at| combine(word(self, at), word(other, at))).collect();
        while words.last() == Some(&0) {
            words.pop();
        }
        Set { words, elements: PhantomData }
    }
}

/// How many operations of each access class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Looking.
    pub read: usize,
    /// Creating and changing.
    pub write: usize,
    /// Removing.
    pub delete: usize,
    /// Changing configuration or permissions.
    pub admin: usize,
}

impl Counts {
    /// Of all classes.
    pub fn total(&self) -> usize {
        self.read + self.write + self.delete + self.admin
    }

    /// Of one.
    pub fn of(&self, access: Access) -> usize {
        match access {
            Access::Read => self.read,
            Access::Write => self.write,
            Access::Delete => self.delete,
            Access::Admin => self.admin,
        }
    }
}

/// All access classes, the mildest first.
pub const CLASSES: [Access; 4] = [Access::Read, Access::Write, Access::Delete, Access::Admin];

impl Operations {
    /// How many there are of each access class.
    pub fn counts(&self, model: &Model) -> Counts {
        let mut counts = Counts::default();
        for id in self.iter() {
            match model.operations[id.index()].access {
                Access::Read => counts.read += 1,
                Access::Write => counts.write += 1,
                Access::Delete => counts.delete += 1,
                Access::Admin => counts.admin += 1,
            }
        }
        counts
    }

    /// Those of an access class.
    #[must_use]
    pub fn of_class(&self, model: &Model, access: Access) -> Operations {
        self.iter().filter(|id| model.operations[id.index()].access == access).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn set(numbers: &[u32]) -> Scopes {
        numbers.iter().copied().map(ScopeId).collect()
    }

    #[test]
    fn sets_are_sets() {
        let lists: [&[u32]; 6] = [&[], &[0], &[63, 64], &[0, 64, 200], &[1, 63], &[200]];
        for left in lists {
            let (a, known) = (set(left), BTreeSet::from_iter(left));
            assert_eq!(a.iter().map(|id| id.0).collect::<Vec<_>>(), left);
            assert_eq!((a.len(), a.is_empty()), (left.len(), left.is_empty()));
            for right in lists {
                let (b, other) = (set(right), BTreeSet::from_iter(right));
                let numbers = |set: Scopes| set.iter().map(|id| id.0).collect::<Vec<_>>();
                let wanted = |set: BTreeSet<&u32>| set.into_iter().copied().collect::<Vec<_>>();
                assert_eq!(numbers(a.or(&b)), wanted(&known | &other));
                assert_eq!(numbers(a.and(&b)), wanted(&known & &other));
                assert_eq!(a.shared(&b).collect::<Vec<_>>(), a.and(&b).iter().collect::<Vec<_>>());
                assert_eq!(numbers(a.minus(&b)), wanted(&known - &other));
                assert_eq!(a.is_within(&b), known.is_subset(&other));
                assert_eq!(a.minus(&b).or(&a.and(&b)), a, "equal sets are equal");
            }
        }
    }
}
