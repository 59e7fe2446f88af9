//! What makes dead rules so, and which of them can go together.

use std::collections::{BTreeMap, BTreeSet};

use super::questions::Questions;
use super::rules::Parts;
use super::{DeadRule, Maker};
use crate::analysis::asking;
use crate::analysis::cells::Cell;
use crate::parallel;
use crate::region::terms::Term;
use crate::region::{Assignment, Models, Universe};
use crate::sema::model::{ClauseId, Model};

/// A rule whose neighbour was removed is proved idle again, if it is in no more cells than this.
const FEW: usize = 64;

/// What makes each of these rules idle, in source order. The engines have decided that they are.
pub(super) fn of<'m>(
    model: &'m Model,
    models: &Models<'m>,
    cells: &[Cell],
    questions: &Questions,
    dead: &BTreeSet<ClauseId>,
) -> Vec<DeadRule> {
    let mut of: BTreeMap<ClauseId, Vec<&Cell>> = dead.iter().map(|clause| (*clause, Vec::new())).collect();
    let mut work: Vec<(&Cell, Vec<ClauseId>)> = Vec::new();
    for cell in cells {
        let here = models.index(0).clauses(cell.app, cell.operation());
        let here: Vec<ClauseId> = here.into_iter().filter(|clause| dead.contains(clause)).collect();
        for clause in &here {
            of.entry(*clause).or_default().push(cell);
        }
        if !here.is_empty() {
            work.push((cell, here));
        }
    }
    let prover = Prover { model, models, questions };
    let found = parallel::map(&work, &|(cell, clauses)| prover.cell(cell, clauses, &BTreeSet::new()));
    let mut makers: BTreeMap<ClauseId, BTreeSet<Maker>> =
        dead.iter().map(|clause| (*clause, BTreeSet::new())).collect();
    for ((_, clauses), found) in work.iter().zip(found) {
        for (clause, more) in clauses.iter().zip(found) {
            // Decided before, so it is now; were it not, nothing would be said of what makes it so.
            makers.entry(*clause).or_default().extend(more.unwrap_or_default());
        }
    }
    let gone = prover.removable(&of, &makers);
    makers
        .into_iter()
        .map(|(clause, makers)| DeadRule { clause, makers, removable: gone.contains(&clause) })
        .collect()
}

struct Prover<'a, 'm> {
    model: &'m Model,
    models: &'a Models<'m>,
    questions: &'a Questions,
}

impl Prover<'_, '_> {
    /// A minimal set of makers for each of the clauses in one cell, without the clauses in `gone`; `None` for one
    /// that decides something then.
    fn cell(
        &self,
        cell: &Cell,
        clauses: &[ClauseId],
        gone: &BTreeSet<ClauseId>,
    ) -> Vec<Option<BTreeSet<Maker>>> {
        let user = self.questions.user.as_ref();
        let extra: Vec<_> = user.iter().map(|user| (0, *user)).collect();
        let mut universe = self.models.universe(&[Some((cell.app, cell.operation()))], &extra);
        let parts = Parts::new(self.model, &mut universe, user, gone, false);
        clauses
            .iter()
            .map(|clause| match parts.subject(&mut universe, *clause) {
                Some(subject) => minimal(&mut universe, subject, &parts.makers(*clause)),
                None => Some(BTreeSet::from([Maker::CallersWord])),
            })
            .collect()
    }

    /// Rules that can go together, found one after another: the narrowest first, of two that say the same the later.
    ///
    /// What makes a rule idle does so whatever else is removed. So it can go, unless one of its makers has gone;
    /// then it is asked again what makes it idle without those that have.
    fn removable(
        &self,
        cells: &BTreeMap<ClauseId, Vec<&Cell>>,
        makers: &BTreeMap<ClauseId, BTreeSet<Maker>>,
    ) -> BTreeSet<ClauseId> {
        let mut order: Vec<ClauseId> = makers.keys().copied().collect();
        order.sort_by_key(|id| {
            let clause = &self.model.clauses[id.index()];
            (clause.apps.len() * clause.operations.len(), std::cmp::Reverse(*id))
        });
        let mut gone = BTreeSet::new();
        for clause in order {
            let stands = makers[&clause].iter().all(|maker| match maker {
                Maker::Clause(other) => !gone.contains(other),
                Maker::Layer(_) | Maker::NoPermit | Maker::CallersWord | Maker::Exception => true,
            });
            let cells = &cells[&clause];
            if stands
                || cells.len() <= FEW
                    && cells.iter().all(|cell| self.cell(cell, &[clause], &gone)[0].is_some())
            {
                gone.insert(clause);
            }
        }
        gone
    }
}

/// A minimal set of makers that leave nothing of the subject; `None` if all of them leave something.
///
/// As long as some request is left, a maker that takes it away is chosen: the first that does so in all requests, or
/// else the one that takes most of those seen so far. Then each that is not needed is dropped.
fn minimal(
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
