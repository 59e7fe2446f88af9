//! What can be asked of a term by walking over it, and terms made from terms. No recursion: terms may be deep.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt};

use super::sets::ClassSet;
use super::terms::{Node, Term, Terms, Variable};

impl Terms {
    /// The terms and all their parts, each once, parts before what they are parts of.
    pub fn reachable(&self, roots: &[Term]) -> Vec<Term> {
        let mut seen = vec![false; roots.iter().map(|root| root.index() + 1).max().unwrap_or(0)];
        let mut found: Vec<Term> = Vec::new();
        let mut todo: Vec<Term> = roots.to_vec();
        while let Some(term) = todo.pop() {
            if !std::mem::replace(&mut seen[term.index()], true) {
                found.push(term);
                todo.extend_from_slice(self.parts(term));
            }
        }
        found.sort_unstable(); // parts are made before what they are parts of
        found
    }

    /// What a conjunction or disjunction consists of.
    pub fn parts(&self, term: Term) -> &[Term] {
        match self.node(term) {
            Node::Constant(_) | Node::Is(..) => &[],
            Node::And(parts) | Node::Or(parts) => parts,
        }
    }

    /// The variables that the term reads.
    pub fn variables(&self, term: Term) -> BTreeSet<Variable> {
        self.variables_of(&[term])
    }

    /// The variables that any of the terms reads.
    pub fn variables_of(&self, terms: &[Term]) -> BTreeSet<Variable> {
        self.reachable(terms)
            .into_iter()
            .filter_map(|term| match self.node(term) {
                Node::Is(variable, _) => Some(variable),
                Node::Constant(_) | Node::And(_) | Node::Or(_) => None,
            })
            .collect()
    }

    /// How many nodes the term has, shared ones counted once.
    pub fn nodes_of(&self, term: Term) -> usize {
        self.reachable(&[term]).len()
    }

    /// Whether the term is true of the assignment.
    pub fn evaluate(&self, term: Term, assignment: &[u32]) -> bool {
        // A shared part is looked at once, and only if it matters. 0: not known; 1: false; 2: true.
        let mut known = vec![0_u8; term.index() + 1];
        let mut path: Vec<(Term, usize)> = vec![(term, 0)];
        while let Some((at, next)) = path.pop() {
            let (parts, conjunction) = match self.node(at) {
                Node::Constant(truth) => {
                    known[at.index()] = 1 + u8::from(truth);
                    continue;
                }
                Node::Is(variable, set) => {
                    known[at.index()] = 1 + u8::from(set.contains(assignment[variable.index()]));
                    continue;
                }
                Node::And(parts) => (parts, true),
                Node::Or(parts) => (parts, false),
            };
            let mut next = next;
            loop {
                let Some(part) = parts.get(next) else {
                    known[at.index()] = 1 + u8::from(conjunction);
                    break;
                };
                match known[part.index()] {
                    0 => {
                        path.push((at, next));
                        path.push((*part, 0));
                        break;
                    }
                    truth if (truth == 2) == conjunction => next += 1,
                    truth => {
                        known[at.index()] = truth;
                        break;
                    }
                }
            }
        }
        known[term.index()] == 2
    }

    /// A term that is as true as this one wherever the variable's class is in the set, and simpler: literals
    /// that the set decides are gone. Of other classes it says nothing.
    pub fn restrict(&mut self, term: Term, variable: Variable, set: &ClassSet) -> Term {
        self.substitute(&[term], |_, at, of| {
            if at != variable {
                None
            } else if set.within(of) {
                Some(Term::TRUE)
            } else {
                set.apart(of).then_some(Term::FALSE)
            }
        })[0]
    }

    /// The terms with other terms in place of literals; `None` leaves a literal as it is. What is put in place
    /// of a literal must be the negation of what is put in place of its negation, or the outcome is another
    /// formula than the name says.
    pub fn substitute(
        &mut self,
        roots: &[Term],
        mut replacement: impl FnMut(&mut Terms, Variable, &ClassSet) -> Option<Term>,
    ) -> Vec<Term> {
        let mut made: HashMap<Term, Term> = HashMap::new();
        for term in self.reachable(roots) {
            let new = match self.node(term) {
                Node::Constant(_) => term,
                Node::Is(variable, set) => {
                    let set = set.clone();
                    replacement(self, variable, &set).unwrap_or(term)
                }
                Node::And(parts) => {
                    let parts: Vec<Term> = parts.iter().map(|part| made[part]).collect();
                    self.and(&parts)
                }
                Node::Or(parts) => {
                    let parts: Vec<Term> = parts.iter().map(|part| made[part]).collect();
                    self.or(&parts)
                }
            };
            made.insert(term, new);
        }
        roots.iter().map(|root| made[root]).collect()
    }

    /// The term as text, for tests and for finding faults: `v0:{1,2}`, `&`, `|`.
    pub fn text(&self, term: Term) -> String {
        let join = |parts: &[Term], by: &str| {
            let parts: Vec<String> = parts.iter().map(|part| self.text(*part)).collect();
            format!("({})", parts.join(by))
        };
        match self.node(term) {
            Node::Constant(truth) => truth.to_string(),
            Node::Is(variable, set) => {
                let runs: Vec<String> = set
                    .runs()
                    .iter()
                    .map(
                        |(start, end)| {
                            if start + 1 == *end { start.to_string() } else { format!("{start}..{end}") }
                        },
                    )
                    .collect();
                format!("v{}:{{{}}}", variable.0, runs.join(","))
            }
            Node::And(parts) => join(parts, " & "),
            Node::Or(parts) => join(parts, " | "),
        }
    }
}
