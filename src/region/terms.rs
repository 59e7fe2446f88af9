//! Formulas over variables with finitely many classes: in negation normal form, each distinct one stored once.
//!
//! A term and its negation are made together and stand side by side, so that negation is free and no node says
//! *not*. Constants are folded, nested conjunctions flattened, literals on one variable merged, and what a
//! literal of a conjunction decides is folded out of the disjunctions beside it.

use foldhash::{HashMap, HashMapExt};

use super::sets::ClassSet;

/// A variable, by its index in the sizes given to [`Terms::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variable(pub u32);

impl Variable {
    /// The index as a number to index with.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A formula; equal handles of one [`Terms`] are equal formulas (not the other way round).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term(u32);

impl Term {
    /// True of every assignment.
    pub const TRUE: Term = Term(0);
    /// True of no assignment.
    pub const FALSE: Term = Term(1);

    /// The constant.
    pub fn constant(truth: bool) -> Term {
        if truth { Term::TRUE } else { Term::FALSE }
    }

    /// The formula that is true where this one is not. It is free.
    #[expect(clippy::should_implement_trait, reason = "it is spelled like `Terms::and` and `Terms::or`")]
    pub fn not(self) -> Term {
        Term(self.0 ^ 1)
    }

    /// A number below [`Terms::len`]; those of a term's parts are lower than its own, in steps of two: a term
    /// and its negation are neighbours.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a term says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node<'t> {
    /// The same of every assignment.
    Constant(bool),
    /// The variable's class is in the set, which is neither empty nor full.
    Is(Variable, &'t ClassSet),
    /// Conjunction of two or more terms, none of them a conjunction, at most one literal on each variable.
    And(&'t [Term]),
    /// Disjunction, in the same way.
    Or(&'t [Term]),
}

/// All terms over some variables.
#[derive(Debug, Clone)]
pub struct Terms {
    sizes: Vec<u32>,
    nodes: Vec<Stored>,
    sets: Vec<ClassSet>,
    set_ids: HashMap<ClassSet, u32>,
    ids: HashMap<Stored, Term>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Stored {
    True,
    False,
    Is(Variable, u32),
    And(Box<[Term]>),
    Or(Box<[Term]>),
}

impl Terms {
    /// No terms but the constants, over variables with so many classes each (at least one).
    pub fn new(sizes: Vec<u32>) -> Self {
        Self {
            sizes,
            nodes: vec![Stored::True, Stored::False],
            sets: Vec::new(),
            set_ids: HashMap::new(),
            ids: HashMap::new(),
        }
    }

    /// How many classes the variable has.
    pub fn size(&self, variable: Variable) -> u32 {
        self.sizes[variable.index()]
    }

    /// How many classes each variable has.
    pub fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// A further variable.
    pub fn variable(&mut self, size: u32) -> Variable {
        self.sizes.push(size);
        Variable(self.sizes.len() as u32 - 1)
    }

    /// How many terms there are, negations included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are only constants.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 2
    }

    /// What the term says.
    pub fn node(&self, term: Term) -> Node<'_> {
        match &self.nodes[term.index()] {
            Stored::True => Node::Constant(true),
            Stored::False => Node::Constant(false),
            Stored::Is(variable, set) => Node::Is(*variable, &self.sets[*set as usize]),
            Stored::And(parts) => Node::And(parts),
            Stored::Or(parts) => Node::Or(parts),
        }
    }

    /// The constant.
    pub fn constant(&self, truth: bool) -> Term {
        Term::constant(truth)
    }

    /// The variable's class is in the set. Classes that the variable does not have are no matter.
    pub fn is(&mut self, variable: Variable, set: ClassSet) -> Term {
        let size = self.size(variable);
        let set = if set.runs().last().is_some_and(|run| run.1 > size) {
            set.and(&ClassSet::full(size))
        } else {
            set
        };
        match set.len() {
            0 => Term::FALSE,
            all if all == size => Term::TRUE,
            _ => {
                let other = set.complement(size);
                let (set, other) = (self.set(set), self.set(other));
                self.pair(Stored::Is(variable, set), Stored::Is(variable, other))
            }
        }
    }

    /// The formula that is true where the term is not.
    pub fn not(&self, term: Term) -> Term {
        term.not()
    }

    /// True where all are.
    pub fn and(&mut self, terms: &[Term]) -> Term {
        let mut parts = Vec::with_capacity(terms.len());
        let mut todo: Vec<Term> = terms.to_vec();
        // Each round may turn a disjunction into a literal, which may decide more.
        loop {
            for term in todo.drain(..) {
                match &self.nodes[term.index()] {
                    Stored::And(inner) => parts.extend_from_slice(inner),
                    Stored::True => {}
                    Stored::False => return Term::FALSE,
                    Stored::Is(..) | Stored::Or(_) => parts.push(term),
                }
            }
            let Some(literals) = self.merge(&mut parts) else { return Term::FALSE };
            if !self.decide(&mut parts, &literals, &mut todo) {
                break;
            }
        }
        match parts.len() {
            0 => Term::TRUE,
            1 => parts[0],
            _ => {
                let negated: Box<[Term]> = parts.iter().map(|part| part.not()).collect();
                self.pair(Stored::And(parts.into()), Stored::Or(negated))
            }
        }
    }

    /// True where any is.
    pub fn or(&mut self, terms: &[Term]) -> Term {
        let negated: Vec<Term> = terms.iter().map(|term| term.not()).collect();
        self.and(&negated).not()
    }

    /// `then` where the condition is true, and `otherwise` where it is not.
    pub fn choose(&mut self, condition: Term, then: Term, otherwise: Term) -> Term {
        if then == otherwise {
            return then;
        }
        let yes = self.and(&[condition, then]);
        let no = self.and(&[condition.not(), otherwise]);
        self.or(&[yes, no])
    }

    /// Leaves at most one literal on each variable and sorts; `None` if they contradict each other. The
    /// literals come back by variable.
    fn merge(&mut self, parts: &mut Vec<Term>) -> Option<Vec<(Variable, u32)>> {
        parts.sort_unstable();
        parts.dedup();
        // A term and its negation are neighbours.
        if parts.windows(2).any(|pair| pair[0] == pair[1].not()) {
            return None;
        }
        let mut literals: Vec<(Variable, u32)> = Vec::new();
        parts.retain(|part| match self.nodes[part.index()] {
            Stored::Is(variable, set) => {
                literals.push((variable, set));
                false
            }
            _ => true, // constants and conjunctions were taken apart before
        });
        literals.sort_unstable();
        let mut merged: Vec<(Variable, u32)> = Vec::with_capacity(literals.len());
        for (variable, set) in literals {
            match merged.last_mut() {
                Some(last) if last.0 == variable => {
                    let both = self.sets[last.1 as usize].and(&self.sets[set as usize]);
                    if both.is_empty() {
                        return None;
                    }
                    last.1 = self.set(both);
                }
                _ => merged.push((variable, set)),
            }
        }
        for (variable, set) in &merged {
            parts.push(self.is(*variable, self.sets[*set as usize].clone()));
        }
        parts.sort_unstable();
        Some(merged)
    }

    /// Takes out the disjunctions that the other parts decide, and puts what they leave into `changed`. Whether
    /// any was taken out.
    fn decide(
        &mut self,
        parts: &mut Vec<Term>,
        literals: &[(Variable, u32)],
        changed: &mut Vec<Term>,
    ) -> bool {
        let given = parts.clone();
        let mut rewritten: Vec<Vec<Term>> = Vec::new();
        parts.retain(|part| {
            let Stored::Or(inner) = &self.nodes[part.index()] else { return true };
            let truths: Vec<Option<bool>> =
                inner.iter().map(|term| self.decided(*term, &given, literals)).collect();
            if truths.contains(&Some(true)) {
                return false;
            }
            let undecided = truths.iter().all(Option::is_none);
            if !undecided {
                let left = inner.iter().zip(&truths).filter(|(_, truth)| truth.is_none());
                rewritten.push(left.map(|(term, _)| *term).collect());
            }
            undecided
        });
        for left in &rewritten {
            changed.push(self.or(left));
        }
        !rewritten.is_empty()
    }

    /// The truth of a part of a disjunction, if the other parts of the conjunction around it decide it.
    fn decided(&self, term: Term, given: &[Term], literals: &[(Variable, u32)]) -> Option<bool> {
        if let Stored::Is(variable, set) = &self.nodes[term.index()] {
            let at = literals.binary_search_by_key(variable, |literal| literal.0).ok()?;
            let (known, set) = (&self.sets[literals[at].1 as usize], &self.sets[*set as usize]);
            if known.within(set) { Some(true) } else { known.apart(set).then_some(false) }
        } else if given.binary_search(&term).is_ok() {
            Some(true)
        } else {
            given.binary_search(&term.not()).is_ok().then_some(false)
        }
    }

    fn set(&mut self, set: ClassSet) -> u32 {
        if let Some(id) = self.set_ids.get(&set) {
            return *id;
        }
        let id = self.sets.len() as u32;
        self.sets.push(set.clone());
        self.set_ids.insert(set, id);
        id
    }

    /// The term and, beside it, its negation.
    fn pair(&mut self, node: Stored, negation: Stored) -> Term {
        if let Some(term) = self.ids.get(&node) {
            return *term;
        }
        let term = Term(self.nodes.len() as u32);
        self.nodes.push(node.clone());
        self.nodes.push(negation.clone());
        self.ids.insert(node, term);
        self.ids.insert(negation, term.not());
        term
    }
}
