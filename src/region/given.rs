//! Terms in which a variable is known.

use std::collections::BTreeMap;

use super::terms::{Node, Term, Terms, Variable};

impl Terms {
    /// The term where the variable has this class. `known` remembers terms for the next question about the same.
    pub fn given(
        &mut self,
        term: Term,
        variable: Variable,
        class: u32,
        known: &mut BTreeMap<Term, Term>,
    ) -> Term {
        if let Some(known) = known.get(&term) {
            return *known;
        }
        let (parts, conjunction) = match self.node(term) {
            Node::Constant(_) => return term,
            Node::Is(of, set) if of == variable => return Term::constant(set.contains(class)),
            Node::Is(..) => return term,
            Node::And(parts) => (parts.to_vec(), true),
            Node::Or(parts) => (parts.to_vec(), false),
        };
        let parts: Vec<Term> =
            parts.into_iter().map(|part| self.given(part, variable, class, known)).collect();
        let result = if conjunction { self.and(&parts) } else { self.or(&parts) };
        known.insert(term, result);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::sets::ClassSet;

    #[test]
    fn what_is_given_is_no_longer_asked() {
        let mut terms = Terms::new(vec![3, 2]);
        let (x, y) = (Variable(0), Variable(1));
        let low = terms.is(x, ClassSet::range(0, 2));
        let yes = terms.is(y, ClassSet::one(1));
        let both = terms.and(&[low, yes]);
        let either = terms.or(&[low.not(), both]);
        let at = |terms: &mut Terms, class| terms.given(either, x, class, &mut BTreeMap::new());
        assert_eq!(at(&mut terms, 0), yes);
        assert_eq!(at(&mut terms, 2), Term::TRUE);
        for x_class in 0..3 {
            for y_class in 0..2 {
                let given = terms.given(either, x, x_class, &mut BTreeMap::new());
                assert_eq!(terms.evaluate(given, &[0, y_class]), terms.evaluate(either, &[x_class, y_class]));
            }
        }
    }
}
