//! What is looked up again and again in one model: its clauses by app, its groups by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;

use super::instants;
use super::kept::Kept;
use super::spoken::Spoken;
use super::texts::{Form, Patterns};
use crate::sema::model::{AppId, ClauseId, ClauseKind, Model, OperationId, Pattern, RatchetId, WindowId};

/// A model, and where in it what stands. Made once, shared by all universes over the model.
#[derive(Debug)]
pub struct Index<'m> {
    /// The model.
    pub model: &'m Model,
    /// For each app its clauses, in source order, but for the grants to context users.
    clauses: Vec<Vec<ClauseId>>,
    /// The grants to context users, which know no app, in source order.
    grants: Vec<ClauseId>,
    /// For each operation those of them that speak of it.
    grants_of: Vec<Arc<[ClauseId]>>,
    ratchets: Vec<Vec<RatchetId>>,
    pub(super) spoken: Spoken,
    members: Mutex<HashMap<Vec<&'m str>, Arc<Members<'m>>>>,
    patterns: Kept<(Form, Vec<Pattern>, usize), Patterns>,
    instants: Kept<(Vec<WindowId>, BTreeSet<i64>, usize), BTreeSet<i64>>,
}

/// Who is in which of some declared groups.
#[derive(Debug)]
pub(super) struct Members<'m> {
    /// For each way to be in some of the groups and not in the others: in which, and who. Not for "in none".
    pub(super) ways: Vec<(Vec<u32>, Vec<&'m str>)>,
    /// The way of each who is in any.
    pub(super) of: HashMap<&'m str, u32>,
}

impl<'m> Index<'m> {
    /// Looks the model through once.
    pub fn new(model: &'m Model) -> Arc<Index<'m>> {
        let mut clauses = vec![Vec::new(); model.apps.len()];
        let mut grants = Vec::new();
        for (id, clause) in (0..).map(ClauseId).zip(&model.clauses) {
            match clause.kind {
                ClauseKind::ContextUserGrant => grants.push(id),
                ClauseKind::AppUserGrant
                | ClauseKind::Permit
                | ClauseKind::Forbid
                | ClauseKind::Withdrawal => {
                    clause.apps.iter().for_each(|app| clauses[app.index()].push(id));
                }
            }
        }
        let mut ratchets = vec![Vec::new(); model.apps.len()];
        for (id, ratchet) in (0..).map(RatchetId).zip(&model.ratchets) {
            ratchet.apps.iter().for_each(|app| ratchets[app.index()].push(id));
        }
        let spoken = Spoken::new(model);
        let mut known: BTreeSet<Arc<[ClauseId]>> = BTreeSet::new();
        let grants_of = (0..model.operations.len() as u32).map(OperationId).map(|operation| {
            let some = grants.iter().copied().filter(|id| spoken.speaks(*id, operation));
            let some: Vec<ClauseId> = some.collect();
            // Most operations share them with others.
            known.get(some.as_slice()).cloned().unwrap_or_else(|| {
                let made: Arc<[ClauseId]> = some.into();
                known.insert(made.clone());
                made
            })
        });
        let grants_of = grants_of.collect();
        let (members, patterns, instants) = (Mutex::default(), Kept::default(), Kept::default());
        Arc::new(Index { model, clauses, grants, grants_of, ratchets, spoken, members, patterns, instants })
    }

    /// The clauses that can match a request of this app for this operation, in source order.
    pub fn clauses(&self, app: AppId, operation: OperationId) -> Vec<ClauseId> {
        let own = self.clauses[app.index()].iter().copied();
        let mut found: Vec<ClauseId> = own.filter(|id| self.spoken.speaks(*id, operation)).collect();
        found.extend_from_slice(&self.grants_of[operation.index()]);
        found.sort(); // two runs, each in order
        found
    }

    /// The clauses of the app, but for the grants to context users.
    pub(super) fn of_app(&self, app: AppId) -> &[ClauseId] {
        &self.clauses[app.index()]
    }

    /// The grants to context users.
    pub(super) fn grants(&self) -> &[ClauseId] {
        &self.grants
    }

    /// The app's ratchets, in the model's order.
    pub fn ratchets(&self, app: AppId) -> &[RatchetId] {
        &self.ratchets[app.index()]
    }

    /// These patterns, made ready; `None` if they are too many to be told apart.
    pub(super) fn patterns(
        &self,
        form: Form,
        patterns: Vec<Pattern>,
        wanted: usize,
    ) -> Option<Arc<Patterns>> {
        let make =
            |(form, patterns, wanted): &(Form, Vec<Pattern>, usize)| Patterns::new(*form, patterns, *wanted);
        self.patterns.get((form, patterns, wanted), make, Patterns::size)
    }

    /// Examples of instants for these windows of the model, as [`instants::examples`] makes them.
    pub(super) fn instants(
        &self,
        windows: &[WindowId],
        bounds: &BTreeSet<i64>,
        wanted: usize,
    ) -> Arc<BTreeSet<i64>> {
        let make = |(windows, bounds, wanted): &(Vec<WindowId>, BTreeSet<i64>, usize)| {
            let windows: Vec<_> = windows.iter().map(|id| &self.model.windows[id.index()]).collect();
            Some(instants::examples(&windows, bounds, *wanted))
        };
        // Half a tree's room is empty.
        let size = |made: &BTreeSet<i64>| made.len() * 16;
        // There always are some.
        self.instants.get((windows.to_vec(), bounds.clone(), wanted), make, size).unwrap_or_default()
    }

    /// Who is in which of these declared groups.
    pub(super) fn members(&self, groups: &BTreeSet<&'m str>) -> Arc<Members<'m>> {
        let key: Vec<&'m str> = groups.iter().copied().collect();
        let mut known = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let made = known.entry(key).or_insert_with_key(|groups| {
            let mut groups_of: BTreeMap<&'m str, Vec<u32>> = BTreeMap::new();
            for (number, group) in (0..).zip(groups) {
                for member in self.model.groups.get(*group).into_iter().flatten() {
                    groups_of.entry(member).or_default().push(number);
                }
            }
            let mut ways: BTreeMap<Vec<u32>, Vec<&'m str>> = BTreeMap::new();
            for (member, way) in groups_of {
                ways.entry(way).or_default().push(member);
            }
            let ways: Vec<(Vec<u32>, Vec<&'m str>)> = ways.into_iter().collect();
            let of = (0..).zip(&ways).flat_map(|(way, (_, members))| members.iter().map(move |m| (*m, way)));
            Arc::new(Members { of: of.collect(), ways })
        });
        made.clone()
    }
}
