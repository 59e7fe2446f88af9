//! Assignments to people that say nothing beside the others: asked once for all apps, since no app is asked for the
//! roles of its users.

use std::collections::{BTreeSet, HashMap};

use super::questions::Questions;
use crate::analysis::asking;
use crate::parallel;
use crate::region::terms::Term;
use crate::region::{Counting, Models, reads};
use crate::sema::model::{AppId, ClauseId, ClauseKind, KindId, Model, OperationId};

/// For each operation the assignments to people that matter for none of its requests, whoever makes them.
#[derive(Debug, Default)]
pub(super) struct Idle {
    /// For each operation its number below.
    of: Vec<usize>,
    idle: Vec<BTreeSet<ClauseId>>,
}

impl Idle {
    /// Asks it of all operations, of those with the same assignments once.
    pub(super) fn new(model: &Model, models: &Models<'_>, questions: &Questions) -> Idle {
        let grants: Vec<ClauseId> = (0..model.clauses.len() as u32)
            .map(ClauseId)
            .filter(|id| model.clauses[id.index()].kind == ClauseKind::ContextUserGrant)
            .collect();
        let reads: Vec<[bool; 2]> =
            grants.iter().map(|id| reads(model, &model.clauses[id.index()].condition)).collect();
        // What an app is tells its assignments apart from those of others: then each cell is asked.
        if model.apps.is_empty() || reads.iter().any(|reads| reads[0]) {
            return Idle::default();
        }
        type Key = (KindId, Option<KindId>, Vec<ClauseId>, Option<OperationId>);
        let mut known: HashMap<Key, usize> = HashMap::new();
        let mut work: Vec<(OperationId, Vec<ClauseId>)> = Vec::new();
        let mut of = Vec::new();
        for (id, operation) in (0..).map(OperationId).zip(&model.operations) {
            let here = || grants.iter().zip(&reads).filter(|(grant, _)| speaks(model, **grant, id));
            let reads_it = here().any(|(_, reads)| reads[1]);
            let here: Vec<ClauseId> = here().map(|(grant, _)| *grant).collect();
            let key = (operation.kind, operation.lists, here.clone(), reads_it.then_some(id));
            let number = *known.entry(key).or_insert_with(|| {
                work.push((id, here));
                work.len() - 1
            });
            of.push(number);
        }
        let idle =
            parallel::map(&work, &|(operation, here)| idle(model, models, questions, *operation, here));
        Idle { of, idle }
    }

    /// Whether it is known to matter for no request of the operation.
    pub(super) fn has(&self, operation: OperationId, grant: ClauseId) -> bool {
        self.of.get(operation.index()).is_some_and(|number| self.idle[*number].contains(&grant))
    }
}

fn speaks(model: &Model, clause: ClauseId, operation: OperationId) -> bool {
    model.clauses[clause.index()].operations.contains(&operation)
}

fn idle(
    model: &Model,
    models: &Models<'_>,
    questions: &Questions,
    operation: OperationId,
    here: &[ClauseId],
) -> BTreeSet<ClauseId> {
    let user = questions.user.as_ref();
    let extra: Vec<_> = user.iter().map(|user| (0, *user)).collect();
    let is_grant = |id: ClauseId| model.clauses[id.index()].kind == ClauseKind::ContextUserGrant;
    let mut universe = models.only(AppId(0), operation, &extra, &is_grant);
    let terms: Vec<Term> = here.iter().map(|grant| universe.clause(0, *grant)).collect();
    let certainly = Counting { unknown: false, listed: false };
    let user = user.map_or(Term::FALSE, |user| universe.condition(0, user, certainly));
    let mut idle = BTreeSet::new();
    for (number, grant) in here.iter().enumerate() {
        let mut parts = vec![user, terms[number]];
        parts.extend(terms.iter().enumerate().filter(|(other, _)| *other != number).map(|(_, t)| t.not()));
        let alone = universe.terms().and(&parts);
        if matches!(asking::ask(&mut universe, alone), Ok(None)) {
            idle.insert(*grant);
        }
    }
    idle
}
