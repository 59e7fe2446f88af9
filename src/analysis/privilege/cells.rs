//! The states of a request that decide its scopes: the stages of ratchets that limit them, and whether there is
//! a context user. Nothing else does.

use super::needs::{Grant, Needs};
use super::permitted::{at_last_stage, at_stage, has_user};
use super::set::Scopes;
use super::states::{self, Stages};
use crate::sema::model::{AppId, Condition, Model, OperationId, PermissionModelId, RatchetId};

/// More combinations of stages than this are not told apart.
const MOST: usize = 1 << 12;

/// All such states of one app.
#[derive(Debug)]
pub(super) struct Cells<'m> {
    model: &'m Model,
    needs: &'m Needs,
    models: &'m [PermissionModelId],
    cells: Vec<Cell>,
}

/// One of them.
#[derive(Debug)]
struct Cell {
    stages: Stages,
    /// What the ratchets leave; `None`: everything.
    left: Option<Scopes>,
    user: bool,
}

/// Positions in [`Cells`], ascending.
pub(super) type Places = Vec<usize>;

impl<'m> Cells<'m> {
    /// Those of an app; `None` where its ratchets have too many combinations of stages.
    pub(super) fn of(model: &'m Model, needs: &'m Needs, app: AppId) -> Option<Cells<'m>> {
        let mut combinations = vec![(Stages::new(), None::<Scopes>)];
        for ratchet in states::ratchets(model, app) {
            let stages = &model.ratchets[ratchet.index()].stages;
            if stages.iter().all(|stage| stage.holds.is_none()) {
                continue;
            }
            if combinations.len() * stages.len() > MOST {
                return None;
            }
            combinations = combinations.iter().flat_map(|c| with_stages(model, ratchet, c)).collect();
        }
        let cell = |(stages, left): (Stages, Option<Scopes>)| {
            [true, false].map(|user| Cell { stages: stages.clone(), left: left.clone(), user })
        };
        let cells = combinations.into_iter().flat_map(cell).collect();
        Some(Cells { model, needs, models: &model.apps[app.index()].models, cells })
    }

    /// The states in which the scopes, closed, suffice for the operation.
    pub(super) fn suffices(&self, held: &Scopes, operation: OperationId) -> Places {
        let suffices = |cell: &Cell| {
            let held = cell.left.as_ref().map_or_else(|| held.clone(), |left| left.and(held));
            self.needs.suffices(Grant { models: self.models, held: &held, user: cell.user }, operation)
        };
        (0..self.cells.len()).filter(|at| suffices(&self.cells[*at])).collect()
    }

    /// The request is in one of these states; one that names no stage holds the scopes of the last one.
    pub(super) fn condition(&self, some: &[usize]) -> Condition {
        let one = |at: &usize| {
            let cell = &self.cells[*at];
            let stages = cell.stages.iter().map(|(ratchet, stage)| {
                let last = self.model.ratchets[ratchet.index()].stages.len() == *stage as usize + 1;
                if last { at_last_stage(self.model, *ratchet) } else { at_stage(*ratchet, *stage) }
            });
            Condition::All(stages.chain([has_user(self.model, cell.user)]).collect())
        };
        Condition::Any(some.iter().map(one).collect())
    }
}

fn with_stages(
    model: &Model,
    ratchet: RatchetId,
    (stages, left): &(Stages, Option<Scopes>),
) -> Vec<(Stages, Option<Scopes>)> {
    let with = |stage: usize| {
        let mut stages = stages.clone();
        stages.insert(ratchet, stage as u32);
        let left = match (left, states::limit(model, ratchet, stage)) {
            (Some(left), Some(limit)) => Some(left.and(&limit)),
            (left, limit) => left.clone().or(limit),
        };
        (stages, left)
    };
    (0..model.ratchets[ratchet.index()].stages.len()).map(with).collect()
}
