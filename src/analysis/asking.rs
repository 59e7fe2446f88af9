//! Questions to a universe, with answers in the words of the policy.

pub use crate::region::Spent;
use crate::region::ask::{Answer, Lightest};
use crate::region::terms::Term;
use crate::region::{Assignment, Universe};

/// The evaluator did not confirm what the engines found: nothing is claimed then.
pub(super) fn unconfirmed() -> Spent {
    let what = "a fault of sprag: the evaluator does not confirm the request found";
    Spent { what: vec![what.to_owned()], ..Spent::default() }
}

/// Whether the term is ever true, and of what.
pub(super) fn ask(universe: &mut Universe<'_>, term: Term) -> Result<Option<Assignment>, Spent> {
    match universe.ask(term) {
        Answer::Never => Ok(None),
        Answer::Sometimes(assignment) => Ok(Some(assignment)),
        Answer::Undecided(why) => Err(universe.spent(&why)),
    }
}

/// The lightest of which the term is true, with its weight.
pub(super) fn lightest(universe: &mut Universe<'_>, term: Term) -> Result<Option<(Assignment, u64)>, Spent> {
    // Where something was too fine to cut, nothing is proved to be never.
    if ask(universe, term)?.is_none() {
        return Ok(None);
    }
    let weights = universe.weights().clone();
    let (terms, engines) = universe.engines();
    match engines.lightest(terms, term, &weights) {
        Lightest::Never => Ok(None),
        Lightest::Witness { assignment, weight, .. } => Ok(Some((assignment, weight))),
        Lightest::Undecided(why) => Err(universe.spent(&why)),
    }
}
