//! The question: which scopes to hold so that all that is needed can be called, at the least cost.

use std::collections::BTreeSet;

/// Scopes, what they open, what is needed and what the rest costs. Scopes and operations are numbers:
/// indices into the lists here.
#[derive(Debug, Clone)]
pub struct Problem {
    /// How many grades of cost there are. One unit of a grade weighs more than all of the later grades together.
    pub grades: usize,
    /// All scopes, in the order in which ties are broken.
    pub scopes: Vec<ScopeEntry>,
    /// All operations.
    pub operations: Vec<OperationEntry>,
    /// What must be callable.
    pub needed: BTreeSet<u32>,
}

/// A scope.
#[derive(Debug, Clone)]
pub struct ScopeEntry {
    /// All that is held with it: itself, and transitively what it implies.
    pub includes: Vec<u32>,
    /// The grade in which it costs one while held.
    pub grade: usize,
}

/// An operation.
#[derive(Debug, Clone)]
pub struct OperationEntry {
    /// Any of (all of (scopes)).
    pub requirement: Vec<Vec<u32>>,
    /// The grade in which it costs one where it is callable but not needed; `None`: it costs nothing.
    pub grade: Option<usize>,
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswerable {
    /// No scopes make these needed operations callable.
    NotCallable(Vec<u32>),
    /// There are so many operations and grades that costs leave 128 bits.
    TooLarge,
}

/// Units of each grade, the heaviest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(pub Vec<u64>);

impl Cost {
    /// The cost of nothing.
    pub fn nothing(grades: usize) -> Cost {
        Cost(vec![0; grades])
    }
}

impl Problem {
    /// Whether an operation's requirement is satisfied by scopes of which the test says whether they are held.
    pub fn callable(&self, operation: u32, held: impl Fn(u32) -> bool) -> bool {
        let requirement = &self.operations[operation as usize].requirement;
        requirement.iter().any(|alternative| alternative.iter().all(|scope| held(*scope)))
    }

    /// These scopes and all that they imply.
    pub fn closure(&self, scopes: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
        scopes.into_iter().flat_map(|scope| self.scopes[scope as usize].includes.iter().copied()).collect()
    }

    /// The fewest scopes, and the first among equals, with which exactly these are held.
    pub fn to_request(&self, held: &BTreeSet<u32>) -> BTreeSet<u32> {
        let includes = |scope: u32, other: u32| self.scopes[scope as usize].includes.contains(&other);
        let mentioned = |scope: u32| {
            held.iter().any(|other| {
                *other != scope && includes(*other, scope) && (*other < scope || !includes(scope, *other))
            })
        };
        held.iter().copied().filter(|scope| !mentioned(*scope)).collect()
    }

    /// What is callable beyond need with these scopes, which are closed under implication.
    pub fn beyond_need<'a>(&'a self, held: &'a BTreeSet<u32>) -> impl Iterator<Item = u32> + 'a {
        let operations = 0..self.operations.len() as u32;
        operations.filter(|o| !self.needed.contains(o) && self.callable(*o, |scope| held.contains(&scope)))
    }

    /// What it costs to hold these scopes, which are closed under implication.
    pub fn cost(&self, held: &BTreeSet<u32>) -> Cost {
        let mut cost = Cost::nothing(self.grades);
        let operations =
            self.beyond_need(held).filter_map(|operation| self.operations[operation as usize].grade);
        let scopes = held.iter().map(|scope| self.scopes[*scope as usize].grade);
        for grade in operations.chain(scopes) {
            cost.0[grade] += 1;
        }
        cost
    }

    /// What one unit of each grade weighs, so that the order of sums is the order of costs.
    ///
    /// # Errors
    ///
    /// If sums would not fit.
    pub fn weights(&self) -> Result<Vec<u128>, Unanswerable> {
        let mut units = vec![1u128; self.grades];
        let operations = self.operations.iter().filter_map(|operation| operation.grade);
        for grade in operations.chain(self.scopes.iter().map(|scope| scope.grade)) {
            units[grade] += 1;
        }
        let (mut weights, mut weight) = (vec![0; self.grades], 1u128);
        for grade in (0..self.grades).rev() {
            weights[grade] = weight;
            weight = weight.checked_mul(units[grade]).ok_or(Unanswerable::TooLarge)?;
        }
        Ok(weights)
    }

    /// A sum of weights as units of grades: the inverse of weighing.
    pub fn units(&self, mut sum: u128, weights: &[u128]) -> Cost {
        let unit = |weight: &u128| {
            let units = sum / weight;
            sum %= weight;
            u64::try_from(units).unwrap_or(u64::MAX)
        };
        Cost(weights.iter().map(unit).collect())
    }
}
