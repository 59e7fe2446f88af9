//! Questions asked of few clauses, and of more as these turn out to matter.
//!
//! What refuses only ever takes requests away. So a universe without it is asked first. Where it has no such request,
//! there is none at all; where it has one, the evaluator tells which of the clauses left out stand against it, and with
//! these the universe is asked again.

use std::collections::BTreeSet;

use super::{Assignment, Models, Universe};
use crate::eval;
use crate::request::Request;
use crate::sema::model::{AppId, ClauseId, Condition, OperationId};

/// What is asked of one app and one operation.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The app.
    pub app: AppId,
    /// The operation.
    pub operation: OperationId,
    /// Conditions beside those of the clauses that will be asked for, as [`Models::universe`] takes them.
    pub extra: &'q [(usize, &'q Condition)],
    /// Clauses of which each only takes requests away from those that are asked for, in source order.
    pub against: &'q [ClauseId],
}

/// What came of it.
#[derive(Debug)]
pub struct Settled<'m> {
    /// The universe that was asked last.
    pub universe: Universe<'m>,
    /// Those of the clauses against it that it has: with a request, none of the others matches it; without, they suffice.
    pub needs: BTreeSet<ClauseId>,
    /// The request, if there is one, and what it is in the universe.
    pub found: Option<(Request, Assignment)>,
}

impl Question<'_> {
    /// Asks a universe that has these of the clauses that speak of them, and then one that also has what stood against the
    /// request found.
    ///
    /// # Errors
    /// What `ask` says where it cannot tell.
    pub fn ask<'m, E>(
        &self,
        models: &Models<'m>,
        mut kept: BTreeSet<ClauseId>,
        mut ask: impl FnMut(&mut Universe<'m>) -> Result<Option<Assignment>, E>,
    ) -> Result<Settled<'m>, E> {
        let (model, place) = (models.of(0).model, (self.app, self.operation));
        loop {
            let clauses = kept.iter().copied().collect();
            let mut universe = models.just(self.app, self.operation, self.extra, clauses);
            let found = ask(&mut universe)?.map(|assignment| (universe.request(&assignment), assignment));
            let more = match &found {
                Some((request, _)) => {
                    let left = self.against.iter().copied().filter(|id| !kept.contains(id));
                    eval::matching_of(model, place, request, left)
                }
                None => Vec::new(),
            };
            if more.is_empty() {
                let needs = self.against.iter().copied().filter(|id| kept.contains(id)).collect();
                return Ok(Settled { universe, needs, found });
            }
            kept.extend(more);
        }
    }
}
