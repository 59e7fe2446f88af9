//! What an app may do, and what it could do if layers did not stand in its way.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::{Cell, Cells};
use crate::eval::{self, Decision};
use crate::parallel;
use crate::region::ask::Answer;
use crate::region::{Models, Variation};
use crate::request::{Request, Target};
use crate::sema::model::{AppId, Layer, Model, OperationId};

/// A model, ready to be asked what its apps may do.
#[derive(Debug)]
pub struct Standing<'m> {
    model: &'m Model,
    cells: Cells<'m>,
    models: Models<'m>,
}

/// What an app may do in some request.
#[derive(Debug, Clone, Default)]
pub struct May {
    /// Each with a request that is permitted, but for the layers that were taken as permitting.
    pub operations: BTreeMap<OperationId, Option<Request>>,
}

impl May {
    /// The operations of which no engine could tell. They are among the others, since they may be permitted.
    pub fn undecided(&self) -> BTreeSet<OperationId> {
        self.operations.iter().filter(|(_, request)| request.is_none()).map(|(o, _)| *o).collect()
    }
}

impl<'m> Standing<'m> {
    /// Looks the model through once.
    pub fn new(model: &'m Model) -> Standing<'m> {
        Standing { model, cells: Cells::new(model, &[]), models: Models::new(&[model]) }
    }

    /// What the app may do, were these layers to permit everything.
    pub fn may(&self, app: AppId, assume: &BTreeSet<Layer>) -> May {
        let declared = &self.model.apps[app.index()];
        let callable = |o: &OperationId| {
            let requirements = &self.model.operations[o.index()].requirements;
            declared.models.iter().any(|m| requirements.contains_key(m))
        };
        let operations = (0..self.model.operations.len() as u32).map(OperationId).filter(callable);
        let cells = self.cells.of(app, operations);
        let found = parallel::map(&cells, &|cell: &Cell| self.permitted(cell, assume));
        let mut may = May::default();
        for (cell, found) in cells.iter().zip(found) {
            let Some(request) = found else { continue };
            for operation in &cell.operations {
                may.operations.insert(*operation, request.clone().map(|r| self.of(r, *operation)));
            }
        }
        may
    }

    /// `None`: never. `Some(None)`: nobody can tell.
    fn permitted(&self, cell: &Cell, assume: &BTreeSet<Layer>) -> Option<Option<Request>> {
        let mut universe = self.models.universe(&[Some((cell.app, cell.operation()))], &[]);
        let term = universe.varied(0, &Variation { assume, ..Variation::none() });
        match universe.ask(term) {
            Answer::Never => None,
            Answer::Undecided(_) => Some(None),
            Answer::Sometimes(assignment) => {
                let request = universe.request(&assignment);
                // What the evaluator does not confirm is told to nobody.
                Some(self.confirmed(&request, assume).then_some(request))
            }
        }
    }

    fn confirmed(&self, request: &Request, assume: &BTreeSet<Layer>) -> bool {
        let answer = eval::evaluate(self.model, request);
        answer.effect == Decision::Permit || answer.refusals.iter().all(|r| assume.contains(&r.layer))
    }

    /// The same request for another operation of its cell.
    fn of(&self, request: Request, operation: OperationId) -> Request {
        let name = self.model.operations[operation.index()].name.clone();
        Request { operation: Target::Name(name), ..request }
    }
}
