//! Tests in conditions that could be left out. Whether one matters is asked of its condition alone: of every
//! operation and app that the condition tells from others, and of no rule beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::questions::{Questions, replaced};
use super::stages::differ;
use super::{Place, Subject, Undecided};
use crate::analysis::Progress;
use crate::analysis::asking::{self, Spent};
use crate::parallel;
use crate::region::{Counting, Models, reads};
use crate::sema::model::{AppId, Clause, ClauseKind, KindId, Model, OperationId};

/// What no request shows to matter, and what could not be decided.
pub(super) fn ask<'m>(
    model: &'m Model,
    models: &Models<'m>,
    questions: &Questions,
    progress: Progress<'_>,
) -> (BTreeSet<Subject>, Vec<Undecided>) {
    let mut of: BTreeMap<(Place, bool), Vec<&Clause>> = BTreeMap::new();
    for (clause, places) in model.clauses.iter().zip(&questions.tests) {
        for place in places {
            for value in [true, false] {
                of.entry((*place, value)).or_default().push(clause);
            }
        }
    }
    let of: Vec<((Place, bool), Vec<&Clause>)> = of.into_iter().collect();
    let done = AtomicUsize::new(0);
    let found = parallel::map(&of, &|((place, value), clauses)| {
        let found = matters(model, models, clauses, *place, *value);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, of.len());
        found
    });
    let (mut never, mut undecided) = (BTreeSet::new(), Vec::new());
    for (((place, value), _), found) in of.iter().zip(found) {
        match found {
            Ok(true) => {}
            Ok(false) => {
                never.insert(Subject::Test(*place, *value));
            }
            Err(open) => undecided.extend(open),
        }
    }
    (never, undecided)
}

/// Whether some request shows it; what could not be decided, if none does.
fn matters<'m>(
    model: &'m Model,
    models: &Models<'m>,
    clauses: &[&'m Clause],
    place: Place,
    value: bool,
) -> Result<bool, Vec<Undecided>> {
    let mut undecided = Vec::new();
    for clause in clauses {
        let then = replaced(&clause.condition, place, value);
        let refuses = clause.kind.refuses();
        let counting = Counting { unknown: refuses, listed: !refuses };
        for (app, operation) in situations(model, clause) {
            let extra = [(0, &clause.condition), (0, &then)];
            let mut universe = models.bare(app, operation, &extra);
            let now = universe.condition(0, &clause.condition, counting);
            let then = universe.condition(0, &then, counting);
            let differs = differ(&mut universe, now, then);
            match asking::ask(&mut universe, differs) {
                Ok(None) => {}
                Ok(Some(_)) => return Ok(true),
                Err(Spent { what, .. }) => {
                    undecided.push(Undecided { of: Subject::Test(place, value), app, operation, what });
                }
            }
        }
    }
    if undecided.is_empty() { Ok(false) } else { Err(undecided) }
}

/// An app and an operation for each of those that the clause's condition tells apart.
fn situations(model: &Model, clause: &Clause) -> Vec<(AppId, OperationId)> {
    let [reads_app, reads_operation] = reads(model, &clause.condition);
    let mut apps: Vec<AppId> = match clause.kind {
        // It is about no app, and so about each.
        ClauseKind::ContextUserGrant => (0..model.apps.len() as u32).map(AppId).collect(),
        ClauseKind::AppUserGrant | ClauseKind::Permit | ClauseKind::Forbid | ClauseKind::Withdrawal => {
            clause.apps.iter().copied().collect()
        }
    };
    if !reads_app {
        apps.truncate(1);
    }
    let mut operations: BTreeMap<(KindId, Option<KindId>, Option<OperationId>), OperationId> =
        BTreeMap::new();
    for id in clause.operations.iter() {
        let operation = &model.operations[id.index()];
        let own = reads_operation.then_some(*id);
        operations.entry((operation.kind, operation.lists, own)).or_insert(*id);
    }
    apps.iter().flat_map(|app| operations.values().map(move |operation| (*app, *operation))).collect()
}
