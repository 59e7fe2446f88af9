//! Whether a term is ever true, and of what: the cheapest way that decides it.

use super::search::{Found, search};
use super::terms::{Term, Terms, Variable};
use super::{Assignment, Weights, weight};

/// How much may be spent on one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps of the quick search for a witness.
    pub steps: u64,
    /// Nodes of decision diagrams.
    pub nodes: usize,
    /// Conflicts of the SAT solver.
    pub conflicts: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 20_000, nodes: 50_000, conflicts: 50_000 }
    }
}

/// Whether a term is ever true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is true of no assignment.
    Never,
    /// It is true of this assignment, among others perhaps.
    Sometimes(Assignment),
    /// All engines gave up.
    Undecided(Undecided),
}

/// What was spent in vain, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// Nodes that the decision diagrams had when they gave up.
    pub nodes: usize,
    /// Conflicts that the SAT solver had when it gave up.
    pub conflicts: u64,
    /// The variables that made the diagrams large, worst first.
    pub what: Vec<Variable>,
}

/// The lightest assignment of which a term is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lightest {
    /// It is true of no assignment.
    Never,
    /// It is true of this assignment.
    Witness {
        /// Classes of all variables.
        assignment: Assignment,
        /// What they weigh together.
        weight: u64,
        /// Whether it is proved that none is lighter.
        proved: bool,
    },
    /// All engines gave up before any assignment was found.
    Undecided(Undecided),
}

/// The engines, and what they remember of the terms that they were asked about. To be asked about terms of one
/// [`Terms`] only.
#[derive(Debug)]
pub struct Engines {
    default: Assignment,
    limits: Limits,
}

impl Engines {
    /// Engines for terms over variables with so many classes each. Witnesses are sought near to `default`.
    pub fn new(terms: &Terms, default: Assignment, limits: Limits) -> Self {
        debug_assert_eq!(terms.sizes().len(), default.len());
        Self { default, limits }
    }

    /// Whether the term is ever true.
    pub fn ask(&mut self, terms: &Terms, term: Term) -> Answer {
        match search(terms, term, &self.default, u64::MAX) {
            Found::Witness(assignment) => Answer::Sometimes(assignment),
            Found::Nothing => Answer::Never,
            Found::Lost => Answer::Undecided(Undecided {
                nodes: self.limits.nodes,
                conflicts: self.limits.conflicts,
                what: Vec::new(),
            }),
        }
    }

    /// The lightest assignment of which the term is true.
    pub fn lightest(&mut self, terms: &Terms, term: Term, weights: &Weights) -> Lightest {
        match self.ask(terms, term) {
            Answer::Never => Lightest::Never,
            Answer::Sometimes(assignment) => {
                Lightest::Witness { weight: weight(weights, &assignment), assignment, proved: false }
            }
            Answer::Undecided(undecided) => Lightest::Undecided(undecided),
        }
    }
}
