//! Whether a term is ever true, and of what: the cheapest way that decides it.

use foldhash::{HashMap, HashMapExt};

use super::diagram::{Diagrams, Region, TooLarge};
use super::sat::{self, Solver, Verdict};
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

/// The same, in the words of the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spent {
    /// Nodes of decision diagrams.
    pub nodes: usize,
    /// Conflicts of the SAT solver.
    pub conflicts: u64,
    /// What made it large, worst first.
    pub what: Vec<String>,
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
    /// Made at the first question that the quick search leaves open, in an order that suits it.
    diagrams: Option<Diagrams>,
    solver: Solver,
    answers: HashMap<Term, Answer>,
}

impl Engines {
    /// Engines for terms over these variables. Witnesses are sought near to `default`.
    pub fn new(terms: &Terms, default: Assignment, limits: Limits) -> Self {
        debug_assert_eq!(terms.sizes().len(), default.len());
        Self { default, limits, diagrams: None, solver: Solver::new(), answers: HashMap::new() }
    }

    /// Whether the term is ever true.
    pub fn ask(&mut self, terms: &Terms, term: Term) -> Answer {
        if let Some(known) = self.answers.get(&term) {
            return known.clone();
        }
        self.know_all(terms);
        let answer = self.decide(terms, term);
        self.answers.insert(term, answer.clone());
        answer
    }

    /// The lightest assignment of which the term is true. `weights` has all variables.
    pub fn lightest(&mut self, terms: &Terms, term: Term, weights: &Weights) -> Lightest {
        let too_large = match self.region_of(terms, term) {
            Ok((region, diagrams)) => {
                let lightest = diagrams.lightest(region, weights);
                return lightest.map_or(Lightest::Never, |(assignment, weight)| Lightest::Witness {
                    assignment,
                    weight,
                    proved: true,
                });
            }
            Err(too_large) => too_large,
        };
        let descent = sat::lightest(terms, term, weights, self.limits.conflicts);
        let found = |assignment: Assignment, proved| {
            let weight = weight(weights, &assignment);
            Lightest::Witness { assignment, weight, proved }
        };
        match descent.verdict {
            Verdict::Never => Lightest::Never,
            Verdict::Sometimes(assignment) => found(assignment, descent.proved),
            Verdict::Undecided => match search(terms, term, &self.default, self.limits.steps) {
                Found::Witness(assignment) => found(assignment, false),
                Found::Nothing => Lightest::Never,
                Found::Lost => Lightest::Undecided(self.undecided(too_large)),
            },
        }
    }

    /// The assignments of which the term is true, with the diagrams that it belongs to. It is valid until the
    /// next question.
    ///
    /// # Errors
    /// If the node budget is used up.
    pub fn region_of(&mut self, terms: &Terms, term: Term) -> Result<(Region, &mut Diagrams), TooLarge> {
        self.know_all(terms);
        let nodes = self.limits.nodes;
        let diagrams = self.diagrams.get_or_insert_with(|| Diagrams::suited(terms, &[term], nodes));
        if diagrams.nodes() > nodes / 2 {
            diagrams.clear(); // the budget is for one question
        }
        let region = diagrams.region(terms, term).or_else(|_| {
            // In an order that suits this term it may be smaller.
            *diagrams = Diagrams::suited(terms, &[term], nodes);
            diagrams.region(terms, term)
        });
        if region.is_err() {
            diagrams.clear();
        }
        Ok((region?, diagrams))
    }

    fn decide(&mut self, terms: &Terms, term: Term) -> Answer {
        match search(terms, term, &self.default, self.limits.steps) {
            Found::Witness(assignment) => return Answer::Sometimes(assignment),
            Found::Nothing => return Answer::Never,
            Found::Lost => {}
        }
        let too_large = match self.region_of(terms, term) {
            Ok((region, diagrams)) => {
                return diagrams.some(region).map_or(Answer::Never, Answer::Sometimes);
            }
            Err(too_large) => too_large,
        };
        match self.solver.ask(terms, term, &self.default, self.limits.conflicts) {
            Verdict::Never => Answer::Never,
            Verdict::Sometimes(assignment) => Answer::Sometimes(assignment),
            Verdict::Undecided => Answer::Undecided(self.undecided(too_large)),
        }
    }

    fn undecided(&self, too_large: TooLarge) -> Undecided {
        Undecided { nodes: too_large.nodes, conflicts: self.limits.conflicts, what: too_large.what }
    }

    /// Variables made since have their first class by default.
    fn know_all(&mut self, terms: &Terms) {
        if self.default.len() < terms.sizes().len() {
            self.default.resize(terms.sizes().len(), 0);
            self.answers.clear(); // their assignments are too short
        }
    }
}
