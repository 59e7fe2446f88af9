//! Which operations, and which apps, clauses speak of, as bits. Clauses with the same ones share them.

use std::collections::BTreeSet;
use std::hash::Hash;

use foldhash::{HashMap, HashMapExt};

use crate::sema::model::{AppId, ClauseId, Model, OperationId};

/// What the clauses speak of.
#[derive(Debug)]
pub(super) struct Spoken {
    operations: Members,
    apps: Members,
}

/// One set for each clause.
#[derive(Debug)]
struct Members {
    /// For each clause the number of its set.
    sets: Vec<u32>,
    /// For each set its elements.
    of: Vec<Bits>,
    /// For each element the sets that it is in.
    lies_in: Vec<Sets>,
}

/// The numbers whose bits are set.
type Bits = Vec<u64>;

/// Some of the sets.
pub(super) type Sets = Bits;

impl Spoken {
    pub(super) fn new(model: &Model) -> Spoken {
        let operations = model.clauses.iter().map(|clause| &*clause.operations);
        let apps = model.clauses.iter().map(|clause| &clause.apps);
        Spoken {
            operations: Members::new(operations, model.operations.len(), &|id: &OperationId| id.index()),
            apps: Members::new(apps.map(|apps| &**apps), model.apps.len(), &|id: &AppId| id.index()),
        }
    }

    /// The number of the clause's set of operations: the same for clauses with the same.
    pub(super) fn set(&self, clause: ClauseId) -> u32 {
        self.operations.sets[clause.index()]
    }

    /// Whether the clause speaks of the operation.
    pub(super) fn speaks(&self, clause: ClauseId, operation: OperationId) -> bool {
        self.operations.has(clause, operation.index())
    }

    /// Whether the clause speaks of the app.
    pub(super) fn is_about(&self, clause: ClauseId, app: AppId) -> bool {
        self.apps.has(clause, app.index())
    }

    /// The sets of operations of these clauses.
    pub(super) fn of<'c>(&self, clauses: impl Iterator<Item = &'c ClauseId>) -> Sets {
        let mut sets = vec![0; self.operations.lies_in.first().map_or(0, Vec::len)];
        clauses.for_each(|clause| add(&mut sets, self.set(*clause)));
        sets
    }

    /// The sets that some of these operations are in.
    pub(super) fn meeting(&self, operations: &BTreeSet<OperationId>) -> Sets {
        let mut sets = vec![0; self.operations.lies_in.first().map_or(0, Vec::len)];
        for operation in operations {
            let of = &self.operations.lies_in[operation.index()];
            sets.iter_mut().zip(of).for_each(|(word, more)| *word |= more);
        }
        sets
    }

    /// Those of the sets that the operation is in.
    pub(super) fn among(&self, sets: &Sets, operation: OperationId) -> Sets {
        let of = &self.operations.lies_in[operation.index()];
        sets.iter().zip(of).map(|(one, other)| one & other).collect()
    }
}

impl Members {
    fn new<'c, T: Hash + Eq + Ord + 'c>(
        sets: impl Iterator<Item = &'c BTreeSet<T>>,
        elements: usize,
        index: &dyn Fn(&T) -> usize,
    ) -> Members {
        let mut known: HashMap<&BTreeSet<T>, u32> = HashMap::new();
        let number = |set| {
            let next = known.len() as u32;
            *known.entry(set).or_insert(next)
        };
        let sets: Vec<u32> = sets.map(number).collect();
        let mut lies_in = vec![vec![0; known.len().div_ceil(64)]; elements];
        let mut of = vec![vec![0; elements.div_ceil(64)]; known.len()];
        for (set, number) in &known {
            for element in set.iter().map(index) {
                add(&mut lies_in[element], *number);
                add(&mut of[*number as usize], element as u32);
            }
        }
        Members { sets, of, lies_in }
    }

    /// Mostly asked of one clause and many elements, so that they are read one after the other.
    fn has(&self, clause: ClauseId, element: usize) -> bool {
        has(&self.of[self.sets[clause.index()] as usize], element as u32)
    }
}

/// The numbers of the sets, ascending.
pub(super) fn numbers(sets: &Sets) -> impl Iterator<Item = u32> {
    (0..).zip(sets).flat_map(|(word, bits)| {
        let rest = |left: &u64| Some(left & (left - 1)).filter(|left| *left != 0);
        let first = Some(*bits).filter(|bits| *bits != 0);
        std::iter::successors(first, rest).map(move |left| word * 64 + left.trailing_zeros())
    })
}

/// Whether the number is among them.
pub(super) fn has(bits: &Bits, number: u32) -> bool {
    bits[number as usize / 64] >> (number % 64) & 1 == 1
}

fn add(bits: &mut Bits, number: u32) {
    bits[number as usize / 64] |= 1 << (number % 64);
}
