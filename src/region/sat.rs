//! The same questions by a SAT solver, for terms of which diagrams grow too large: yes or no with a witness, and
//! the lightest witness. One solver answers many questions on related terms.
//!
//! A variable's classes are a tree of blocks: where a set cuts a block, the block's literal gets two below it of
//! which exactly one is true when it is. So the classes cost no more than what is told apart, and finer cuts
//! only add clauses. Terms stand in negation normal form and are only ever assumed to be true; so one
//! direction of each definition is enough (Plaisted and Greenbaum, 1986).

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;
use rustsat::solvers::{Solve, SolveIncremental, SolverResult};
use rustsat::types::{Clause, Lit, TernaryVal, Var};

use super::blocks::Blocks;
use super::sets::ClassSet;
use super::terms::{Node, Term, Terms, Variable};
use super::{Assignment, Weights, weight};

/// Sums of weights that need more clauses than this are not written down.
const MOST_CLAUSES: usize = 2_000_000;

/// What the solver says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The term is true of no assignment.
    Never,
    /// The term is true of this one.
    Sometimes(Assignment),
    /// The conflicts were used up.
    Undecided,
}

/// The lightest assignment as far as the solver came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descent {
    /// The lightest found, or that there is none.
    pub verdict: Verdict,
    /// Whether it is proved that none is lighter.
    pub proved: bool,
}

/// A solver over the variables of one [`Terms`].
#[derive(Debug, Default)]
pub struct Solver {
    solver: rustsat_batsat::Solver<Budget>,
    variables: u32,
    trees: HashMap<Variable, Tree>,
    /// Literals from which the terms follow.
    literals: HashMap<Term, Lit>,
    broken: bool,
}

impl Solver {
    /// A solver that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the term is ever true; where the term leaves the class open it is the default's if it can be.
    pub fn ask(&mut self, terms: &Terms, term: Term, default: &[u32], conflicts: u64) -> Verdict {
        let truth = self.assumed(terms, term);
        self.solve(&[truth], default, conflicts)
    }

    /// How many conflicts the last question had.
    pub fn conflicts(&self) -> u64 {
        self.solver.batsat_ref().cb().conflicts
    }

    fn solve(&mut self, assumptions: &[Lit], default: &[u32], conflicts: u64) -> Verdict {
        *self.solver.batsat_mut().cb_mut() = Budget { conflicts: 0, limit: conflicts };
        match self.solver.solve_assumps(assumptions) {
            Ok(SolverResult::Sat) => self.assignment(default).map_or(Verdict::Undecided, Verdict::Sometimes),
            Ok(SolverResult::Unsat) if !self.broken => Verdict::Never,
            Ok(SolverResult::Unsat | SolverResult::Interrupted) | Err(_) => Verdict::Undecided,
        }
    }

    fn assignment(&self, default: &[u32]) -> Option<Assignment> {
        let mut assignment = default.to_vec();
        for (variable, tree) in &self.trees {
            let mut at = 0;
            while let Some((inside, outside)) = tree.nodes[at].parts {
                let truth = self.solver.lit_val(tree.nodes[inside].literal).ok()?;
                at = if truth == TernaryVal::True { inside } else { outside };
            }
            let class = &mut assignment[variable.index()];
            let block = tree.nodes[at].block;
            if tree.blocks.of(*class) != block {
                *class = *tree.blocks.members(block).first()?;
            }
        }
        Some(assignment)
    }

    /// A literal from which the term follows.
    fn assumed(&mut self, terms: &Terms, term: Term) -> Lit {
        let new: Vec<Term> =
            terms.reachable(&[term]).into_iter().filter(|part| !self.literals.contains_key(part)).collect();
        // All cuts first: then each set is few blocks.
        for part in &new {
            if let Node::Is(variable, set) = terms.node(*part) {
                self.cut(terms, variable, set);
            }
        }
        for part in new {
            let literal = match terms.node(part) {
                Node::Constant(truth) => {
                    let literal = self.fresh();
                    self.clause(&[if truth { literal } else { !literal }]);
                    literal
                }
                Node::Is(variable, set) => self.is(variable, set),
                Node::And(parts) => {
                    let literal = self.fresh();
                    for part in parts {
                        self.clause(&[!literal, self.literals[part]]);
                    }
                    literal
                }
                Node::Or(parts) => {
                    let literal = self.fresh();
                    let mut clause = vec![!literal];
                    clause.extend(parts.iter().map(|part| self.literals[part]));
                    self.clause(&clause);
                    literal
                }
            };
            self.literals.insert(part, literal);
        }
        self.literals[&term]
    }

    /// A literal from which it follows that the class is in the set, a union of blocks.
    fn is(&mut self, variable: Variable, set: &ClassSet) -> Lit {
        let (inside, outside) = self.trees[&variable].cover(set);
        match (inside.as_slice(), outside.as_slice()) {
            ([one], _) => *one,
            (_, [one]) => !*one,
            _ => {
                let literal = self.fresh();
                if inside.len() <= outside.len() {
                    let mut clause = inside;
                    clause.push(!literal);
                    self.clause(&clause);
                } else {
                    for other in outside {
                        self.clause(&[!literal, !other]);
                    }
                }
                literal
            }
        }
    }

    fn cut(&mut self, terms: &Terms, variable: Variable, set: &ClassSet) {
        if !self.trees.contains_key(&variable) {
            let literal = self.fresh();
            self.clause(&[literal]);
            let root = Branch { literal, parts: None, block: 0 };
            let tree = Tree { blocks: Blocks::new(terms.size(variable)), nodes: vec![root], leaves: vec![0] };
            self.trees.insert(variable, tree);
        }
        let cuts = self.trees.get_mut(&variable).map_or_else(Vec::new, |tree| tree.blocks.cut(set));
        for (old, new) in cuts {
            let at = self.trees[&variable].leaves[old as usize];
            let above = self.trees[&variable].nodes[at].literal;
            let inside = self.fresh();
            // The root's literal is true: there one part is the negation of the other.
            let outside = if at == 0 {
                !inside
            } else {
                let outside = self.fresh();
                self.clause(&[!above, inside, outside]);
                self.clause(&[!inside, above]);
                self.clause(&[!outside, above]);
                self.clause(&[!inside, !outside]);
                outside
            };
            if let Some(tree) = self.trees.get_mut(&variable) {
                let next = tree.nodes.len();
                tree.nodes[at].parts = Some((next, next + 1));
                tree.nodes.push(Branch { literal: inside, parts: None, block: new });
                tree.nodes.push(Branch { literal: outside, parts: None, block: old });
                tree.leaves[old as usize] = next + 1;
                tree.leaves.push(next);
            }
        }
    }

    fn fresh(&mut self) -> Lit {
        let variable = Var::new(self.variables);
        self.variables += 1;
        self.broken |= self.solver.reserve(variable).is_err();
        variable.pos_lit()
    }

    fn clause(&mut self, literals: &[Lit]) {
        let clause: Clause = literals.iter().copied().collect();
        self.broken |= self.solver.add_clause(clause).is_err();
    }
}

/// The lightest assignment of which the term is true: one is found, then lighter ones are asked for until there
/// is none. The conflicts are for the whole descent.
pub fn lightest(terms: &Terms, term: Term, weights: &Weights, conflicts: u64) -> Descent {
    let mut solver = Solver::new();
    let least = |of: &Vec<u32>| {
        let lightest = of.iter().enumerate().min_by_key(|(_, weight)| **weight);
        lightest.map_or(0, |(class, _)| class as u32)
    };
    let default: Assignment = weights.iter().map(least).collect();
    let truth = solver.assumed(terms, term);
    let mut left = conflicts;
    let first = solver.solve(&[truth], &default, left);
    let Verdict::Sometimes(mut best) = first else {
        return Descent { proved: first == Verdict::Never, verdict: first };
    };
    solver.lighten(&mut best, weights);
    let Some(over) = solver.totals(&terms.variables(term), weights, &best) else {
        return Descent { verdict: Verdict::Sometimes(best), proved: false };
    };
    loop {
        left = left.saturating_sub(solver.conflicts());
        let extra = weight(weights, &best) - weight(weights, &default);
        // The least sum that is no lighter than the best: it and, with it, all above must be false.
        let Some(bound) = over.range(..=extra).next_back().filter(|_| extra > 0) else {
            return Descent { verdict: Verdict::Sometimes(best), proved: extra == 0 };
        };
        match solver.solve(&[truth, !*bound.1], &default, left) {
            Verdict::Sometimes(mut lighter) => {
                solver.lighten(&mut lighter, weights);
                if weight(weights, &lighter) >= weight(weights, &best) {
                    return Descent { verdict: Verdict::Sometimes(best), proved: false };
                }
                best = lighter;
            }
            Verdict::Never => return Descent { verdict: Verdict::Sometimes(best), proved: true },
            Verdict::Undecided => return Descent { verdict: Verdict::Sometimes(best), proved: false },
        }
    }
}

impl Solver {
    /// Takes the lightest class of each block: the term does not tell them apart.
    fn lighten(&self, assignment: &mut Assignment, weights: &Weights) {
        for (variable, tree) in &self.trees {
            let class = &mut assignment[variable.index()];
            let members = tree.blocks.members(tree.blocks.of(*class)).iter();
            let lightest = members.min_by_key(|class| weights[variable.index()][**class as usize]);
            *class = lightest.copied().unwrap_or(*class);
        }
    }

    /// For each possible sum of what the variables weigh above their lightest classes, a literal that is true
    /// where the sum is that or more. Sums above that of `best` are all taken for that one. `None` if these are
    /// too many clauses.
    fn totals(
        &mut self,
        variables: &BTreeSet<Variable>,
        weights: &Weights,
        best: &Assignment,
    ) -> Option<BTreeMap<u64, Lit>> {
        let least = |variable: &Variable| weights[variable.index()].iter().copied().min().unwrap_or(0);
        let extra = |variable: &Variable| {
            u64::from(weights[variable.index()][best[variable.index()] as usize] - least(variable))
        };
        let most: u64 = variables.iter().map(extra).sum();
        let mut clauses = 0;
        let mut sums: BTreeMap<u64, Option<Lit>> = BTreeMap::from([(0, None)]);
        for variable in variables {
            let Some(tree) = self.trees.get(variable) else { continue };
            // What each block weighs at least; only the extra matters.
            let mut blocks: BTreeMap<u64, Vec<Lit>> = BTreeMap::new();
            for at in &tree.leaves {
                let members = tree.blocks.members(tree.nodes[*at].block).iter();
                let weight = members.map(|class| weights[variable.index()][*class as usize]).min();
                let extra = u64::from(weight.unwrap_or(0) - least(variable));
                blocks.entry(extra).or_default().push(tree.nodes[*at].literal);
            }
            let alike: Vec<(Lit, u64)> =
                blocks.into_iter().map(|(extra, blocks)| (self.any(&blocks), extra)).collect();
            clauses += sums.len() * alike.len();
            if clauses > MOST_CLAUSES {
                return None;
            }
            let sum_up = |(sum, alike): (&u64, &(Lit, u64))| (sum + alike.1).min(most);
            let pairs = sums.keys().flat_map(|sum| alike.iter().map(move |alike| (sum, alike)));
            let reached: BTreeSet<u64> = pairs.map(sum_up).collect();
            let next: BTreeMap<u64, Option<Lit>> =
                reached.into_iter().map(|sum| (sum, (sum > 0).then(|| self.fresh()))).collect();
            for (sum, so_far) in &sums {
                for (leaf, extra) in &alike {
                    if let Some(literal) = next[&(sum + extra).min(most)] {
                        let mut clause = vec![!*leaf, literal];
                        clause.extend(so_far.map(|literal| !literal));
                        self.clause(&clause);
                    }
                }
            }
            let ordered: Vec<Lit> = next.values().copied().flatten().collect();
            for pair in ordered.windows(2) {
                self.clause(&[!pair[1], pair[0]]);
            }
            sums = next;
        }
        Some(sums.into_iter().filter_map(|(sum, literal)| Some((sum, literal?))).collect())
    }

    /// A literal that follows from each of these.
    fn any(&mut self, literals: &[Lit]) -> Lit {
        if let [one] = literals {
            return *one;
        }
        let any = self.fresh();
        for literal in literals {
            self.clause(&[!*literal, any]);
        }
        any
    }
}

#[derive(Debug)]
struct Tree {
    blocks: Blocks,
    /// The root first, parts after what they are parts of.
    nodes: Vec<Branch>,
    /// The node of each block.
    leaves: Vec<usize>,
}

#[derive(Debug)]
struct Branch {
    /// Exactly the classes below it: of the leaves of a tree exactly one literal is true.
    literal: Lit,
    parts: Option<(usize, usize)>,
    /// If it has no parts: the block that it stands for.
    block: u32,
}

impl Tree {
    /// The highest nodes all of whose classes are in the set, and those all of whose classes are outside of it.
    fn cover(&self, set: &ClassSet) -> (Vec<Lit>, Vec<Lit>) {
        let mut sides: Vec<Option<bool>> = vec![None; self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate().rev() {
            sides[at] = match node.parts {
                Some((inside, outside)) => sides[inside].filter(|_| sides[inside] == sides[outside]),
                None => self.blocks.members(node.block).first().map(|class| set.contains(*class)),
            };
        }
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        let mut todo = vec![0];
        while let Some(at) = todo.pop() {
            match (sides[at], self.nodes[at].parts) {
                (Some(true), _) => inside.push(self.nodes[at].literal),
                (Some(false), _) => outside.push(self.nodes[at].literal),
                (None, Some((left, right))) => todo.extend([right, left]),
                (None, None) => {}
            }
        }
        (inside, outside)
    }
}

/// Counts conflicts, and stops the solver when they are used up.
#[derive(Debug, Default)]
struct Budget {
    conflicts: u64,
    limit: u64,
}

impl batsat::Callbacks for Budget {
    fn on_new_clause(&mut self, _: &[batsat::Lit], kind: batsat::ClauseKind) {
        self.conflicts += u64::from(kind == batsat::ClauseKind::Learnt);
    }

    fn stop(&self) -> bool {
        self.conflicts >= self.limit
    }
}
