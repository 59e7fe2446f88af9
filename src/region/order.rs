//! A static order of variables for decision diagrams: variables that are read together stand together.

use std::collections::BTreeSet;

use super::terms::{Node, Term, Terms, Variable};

/// Parts of a formula that read more variables than this say nothing about which of them belong together.
const MOST_TOGETHER: usize = 12;

/// The variables that the terms read, in an order that keeps diagrams of them small: that of a walk from the
/// roots, or what FORCE (Aloul, Markov and Sakallah, 2003) makes of it, whichever has the shorter spans.
pub fn order(terms: &Terms, roots: &[Term]) -> Vec<Variable> {
    let found = walk(terms, roots);
    let together = together(terms, roots);
    let mut best = found.clone();
    let mut shortest = span(terms, &best, &together);
    let mut now = found;
    for _ in 0..20 {
        now = pull(terms, &now, &together);
        let length = span(terms, &now, &together);
        if length >= shortest {
            break;
        }
        shortest = length;
        best.clone_from(&now);
    }
    best
}

/// In the order in which a walk from the roots meets them: the literals of a node, then its other parts.
fn walk(terms: &Terms, roots: &[Term]) -> Vec<Variable> {
    let mut order = Vec::new();
    let mut met: BTreeSet<Variable> = BTreeSet::new();
    let mut seen: BTreeSet<Term> = BTreeSet::new();
    let mut todo: Vec<Term> = roots.iter().rev().copied().collect();
    while let Some(term) = todo.pop() {
        if !seen.insert(term) {
            continue;
        }
        if let Node::Is(variable, _) = terms.node(term)
            && met.insert(variable)
        {
            order.push(variable);
        }
        let (literals, others): (Vec<Term>, Vec<Term>) =
            terms.parts(term).iter().partition(|part| matches!(terms.node(**part), Node::Is(..)));
        todo.extend(others.iter().rev());
        todo.extend(literals.iter().rev());
    }
    order
}

/// Sets of variables that some node reads, small ones only.
fn together(terms: &Terms, roots: &[Term]) -> Vec<Vec<Variable>> {
    let reachable = terms.reachable(roots);
    let mut reads: Vec<Option<BTreeSet<Variable>>> = Vec::with_capacity(reachable.len());
    let mut sets = Vec::new();
    for term in &reachable {
        let mut of: Option<BTreeSet<Variable>> = Some(BTreeSet::new());
        if let Node::Is(variable, _) = terms.node(*term) {
            of = Some(BTreeSet::from([variable]));
        }
        for part in terms.parts(*term) {
            let inner = reachable.binary_search(part).ok().and_then(|at| reads[at].as_ref());
            of = match (of, inner) {
                (Some(mut of), Some(inner)) => {
                    of.extend(inner);
                    Some(of).filter(|of| of.len() <= MOST_TOGETHER)
                }
                (None, _) | (_, None) => None,
            };
        }
        if let Some(of) = of.as_ref().filter(|of| of.len() > 1) {
            sets.push(of.iter().copied().collect());
        }
        reads.push(of);
    }
    sets
}

fn places(terms: &Terms, order: &[Variable]) -> Vec<usize> {
    let mut places = vec![0; terms.sizes().len()];
    for (place, variable) in order.iter().enumerate() {
        places[variable.index()] = place;
    }
    places
}

/// The sum of the distances between first and last of those that belong together.
fn span(terms: &Terms, order: &[Variable], together: &[Vec<Variable>]) -> usize {
    let places = places(terms, order);
    let length = |set: &Vec<Variable>| {
        let at = set.iter().map(|variable| places[variable.index()]);
        at.clone().max().unwrap_or(0) - at.min().unwrap_or(0)
    };
    together.iter().map(length).sum()
}

/// Moves each variable to the middle of those that it belongs to.
fn pull(terms: &Terms, order: &[Variable], together: &[Vec<Variable>]) -> Vec<Variable> {
    let places = places(terms, order);
    let mut pulls = vec![(0.0_f64, 0_u32); terms.sizes().len()];
    for set in together {
        let sum: usize = set.iter().map(|variable| places[variable.index()]).sum();
        let middle = sum as f64 / set.len() as f64;
        for variable in set {
            let pull = &mut pulls[variable.index()];
            *pull = (pull.0 + middle, pull.1 + 1);
        }
    }
    let to = |variable: &Variable| match pulls[variable.index()] {
        (_, 0) => places[variable.index()] as f64,
        (sum, count) => sum / f64::from(count),
    };
    let mut moved = order.to_vec();
    moved.sort_by(|a, b| to(a).total_cmp(&to(b)));
    moved
}
