//! What makes a dead rule so.

use std::collections::BTreeSet;

use super::Maker;
use crate::analysis::asking;
use crate::region::terms::Term;
use crate::region::{Assignment, Universe};

/// A minimal set of makers that leave nothing of the subject; `None` if all of them leave something.
///
/// As long as some request is left, a maker that takes it away is chosen: the first that does so in all requests, or
/// else the one that takes most of those seen so far. Then each that is not needed is dropped.
pub(super) fn minimal(
    universe: &mut Universe<'_>,
    subject: Term,
    candidates: &[(Maker, Term)],
) -> Option<BTreeSet<Maker>> {
    if subject != Term::FALSE
        && let Some(alone) = candidates.iter().find(|(_, left)| *left == Term::FALSE)
    {
        // Unless nothing needs to be taken away.
        return match asking::ask(universe, subject) {
            Ok(None) => Some(BTreeSet::new()),
            Ok(Some(_)) | Err(_) => Some(BTreeSet::from([alone.0])),
        };
    }
    let mut seen: Vec<Assignment> = Vec::new();
    let mut chosen: Vec<usize> = Vec::new();
    loop {
        let left = left(universe, subject, candidates, &chosen);
        let Ok(found) = asking::ask(universe, left) else { return None };
        let Some(request) = found else { break };
        let terms = universe.terms();
        let takes = |number: &usize| !terms.evaluate(candidates[*number].1, &request);
        let able: Vec<usize> = (0..candidates.len()).filter(takes).collect();
        seen.push(request);
        let taken = |number: &usize| {
            seen.iter().filter(|request| !terms.evaluate(candidates[*number].1, request)).count()
        };
        let best = able.into_iter().min_by_key(|number| (std::cmp::Reverse(taken(number)), *number))?;
        chosen.push(best);
    }
    let mut at = chosen.len();
    while at > 0 && chosen.len() > 1 {
        at -= 1;
        let mut fewer = chosen.clone();
        fewer.remove(at);
        let left = left(universe, subject, candidates, &fewer);
        if matches!(asking::ask(universe, left), Ok(None)) {
            chosen = fewer;
        }
    }
    Some(chosen.into_iter().map(|number| candidates[number].0).collect())
}

/// What these makers leave of the subject.
fn left(universe: &mut Universe<'_>, subject: Term, candidates: &[(Maker, Term)], chosen: &[usize]) -> Term {
    let mut parts = vec![subject];
    parts.extend(chosen.iter().map(|number| candidates[*number].1));
    universe.terms().and(&parts)
}
