//! A quick search for one assignment of which a term is true. It goes where the fewest ways are open, and gives
//! up after a number of steps; having tried every way, it has proved that there is none.

use super::Assignment;
use super::sets::ClassSet;
use super::terms::{Node, Term, Terms, Variable};

/// What the search came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The term is true of this assignment.
    Witness(Assignment),
    /// The term is true of no assignment.
    Nothing,
    /// The steps were used up.
    Lost,
}

/// Searches for an assignment of which the term is true, near to `default`; a step is a look at one part of a
/// disjunction.
pub fn search(terms: &Terms, term: Term, default: &[u32], steps: u64) -> Found {
    if terms.evaluate(term, default) {
        return Found::Witness(default.to_vec());
    }
    let mut search = Search {
        terms,
        default,
        left: steps,
        domains: vec![None; terms.sizes().len()],
        undo: Vec::new(),
        open: Vec::new(),
        taken: Vec::new(),
    };
    search.run(term)
}

struct Search<'t> {
    terms: &'t Terms,
    default: &'t [u32],
    left: u64,
    /// The classes that are left to each variable; `None`: all.
    domains: Vec<Option<ClassSet>>,
    undo: Vec<Undo>,
    /// The disjunctions that must be true.
    open: Vec<Term>,
    /// Those of which a part was taken.
    taken: Vec<bool>,
}

enum Undo {
    Domain(Variable, Option<ClassSet>),
    Opened,
    Taken(usize),
}

/// A disjunction of which a part was taken, and the parts to try after it, last first.
struct Choice {
    undo: usize,
    at: usize,
    others: Vec<Term>,
}

impl Search<'_> {
    fn run(&mut self, term: Term) -> Found {
        let mut choices: Vec<Choice> = Vec::new();
        let mut sound = self.assume(term);
        loop {
            if sound {
                match self.narrowest() {
                    Narrowest::Lost => return Found::Lost,
                    Narrowest::Nothing => return Found::Witness(self.assignment()),
                    Narrowest::Choose(at, mut others) => {
                        let first = others.pop();
                        choices.push(Choice { undo: self.undo.len(), at, others });
                        sound = first.is_some_and(|first| self.take(at, first));
                    }
                }
            } else {
                let Some(choice) = choices.last_mut() else { return Found::Nothing };
                let (undo, at, next) = (choice.undo, choice.at, choice.others.pop());
                self.back(undo);
                match next {
                    Some(next) => sound = self.take(at, next),
                    None => {
                        choices.pop();
                    }
                }
            }
        }
    }

    fn take(&mut self, at: usize, part: Term) -> bool {
        self.taken[at] = true;
        self.undo.push(Undo::Taken(at));
        self.assume(part)
    }

    /// Narrows the domains to what the term's literals say and opens its disjunctions; false if that cannot be.
    fn assume(&mut self, term: Term) -> bool {
        match self.terms.node(term) {
            Node::Constant(truth) => truth,
            Node::Is(variable, set) => self.narrow(variable, set),
            Node::Or(_) => self.open(term),
            Node::And(parts) => parts.iter().all(|part| match self.terms.node(*part) {
                Node::Is(variable, set) => self.narrow(variable, set),
                // A conjunction has no conjunctions and no constants in it.
                Node::Or(_) | Node::And(_) | Node::Constant(_) => self.open(*part),
            }),
        }
    }

    fn open(&mut self, term: Term) -> bool {
        self.open.push(term);
        self.taken.push(false);
        self.undo.push(Undo::Opened);
        true
    }

    fn narrow(&mut self, variable: Variable, set: &ClassSet) -> bool {
        let domain = &mut self.domains[variable.index()];
        let narrower = match domain {
            Some(domain) => domain.and(set),
            None => set.clone(),
        };
        let empty = narrower.is_empty();
        let before = domain.replace(narrower);
        self.undo.push(Undo::Domain(variable, before));
        !empty
    }

    fn back(&mut self, to: usize) {
        while self.undo.len() > to {
            match self.undo.pop() {
                Some(Undo::Domain(variable, before)) => self.domains[variable.index()] = before,
                Some(Undo::Opened) => {
                    self.open.pop();
                    self.taken.pop();
                }
                Some(Undo::Taken(at)) => self.taken[at] = false,
                None => {}
            }
        }
    }

    /// The open disjunction with the fewest parts that can still be true.
    fn narrowest(&mut self) -> Narrowest {
        let mut best: Option<(usize, Vec<Term>)> = None;
        for at in 0..self.open.len() {
            if self.taken[at] {
                continue;
            }
            let parts = self.terms.parts(self.open[at]);
            if self.left < parts.len() as u64 {
                return Narrowest::Lost;
            }
            self.left -= parts.len() as u64;
            let mut viable = Vec::new();
            let mut satisfied = false;
            for part in parts {
                match self.truth(*part) {
                    Some(true) => satisfied = true,
                    Some(false) => {}
                    None => viable.push(*part),
                }
            }
            if satisfied {
                continue;
            }
            let narrow = viable.len() <= 1;
            if best.as_ref().is_none_or(|(_, fewest)| viable.len() < fewest.len()) {
                best = Some((at, viable));
            }
            if narrow {
                break; // nothing to choose
            }
        }
        match best {
            None => Narrowest::Nothing,
            Some((at, mut parts)) => {
                // The last is tried first: what the default says already, then single tests.
                parts.sort_by_key(|part| std::cmp::Reverse(self.distance(*part)));
                Narrowest::Choose(at, parts)
            }
        }
    }

    /// The truth of a term as far as the domains decide it at first sight.
    fn truth(&self, term: Term) -> Option<bool> {
        match self.terms.node(term) {
            Node::Constant(truth) => Some(truth),
            Node::Is(variable, set) => {
                let domain = self.domains[variable.index()].as_ref()?;
                if domain.within(set) { Some(true) } else { domain.apart(set).then_some(false) }
            }
            Node::And(parts) => {
                let impossible = parts.iter().any(|part| {
                    matches!(self.terms.node(*part), Node::Is(..)) && self.truth(*part) == Some(false)
                });
                impossible.then_some(false)
            }
            Node::Or(_) => None,
        }
    }

    /// How far the term seems to be from the default.
    fn distance(&self, term: Term) -> usize {
        let literal = |term: &Term| match self.terms.node(*term) {
            Node::Is(variable, set) => usize::from(!set.contains(self.default[variable.index()])),
            Node::Constant(_) => 0,
            Node::And(_) | Node::Or(_) => 2,
        };
        match self.terms.node(term) {
            Node::And(parts) => parts.iter().map(literal).sum(),
            Node::Constant(_) | Node::Is(..) | Node::Or(_) => literal(&term),
        }
    }

    fn assignment(&self) -> Assignment {
        let class = |(domain, default): (&Option<ClassSet>, &u32)| match domain {
            Some(domain) if !domain.contains(*default) => domain.first().unwrap_or(*default),
            _ => *default,
        };
        self.domains.iter().zip(self.default).map(class).collect()
    }
}

enum Narrowest {
    /// All disjunctions are satisfied.
    Nothing,
    /// One of these parts of that disjunction must be true; the last is the likeliest.
    Choose(usize, Vec<Term>),
    /// The steps were used up.
    Lost,
}
