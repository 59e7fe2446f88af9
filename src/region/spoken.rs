//! Which operations, and which apps, clauses speak of, as bits. Clauses with the same ones share them.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

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
    /// For each element the sets that it is in.
    lies_in: Vec<Sets>,
}

/// Some of the sets, as bits.
pub(super) type Sets = Vec<u64>;

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
        for (set, number) in &known {
            set.iter().for_each(|element| add(&mut lies_in[index(element)], *number));
        }
        Members { sets, lies_in }
    }

    fn has(&self, clause: ClauseId, element: usize) -> bool {
        let set = self.sets[clause.index()] as usize;
        self.lies_in[element][set / 64] >> (set % 64) & 1 == 1
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

fn add(sets: &mut Sets, number: u32) {
    sets[number as usize / 64] |= 1 << (number % 64);
}
