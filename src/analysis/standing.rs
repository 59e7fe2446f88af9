//! What an app may do, and what it could do if layers did not stand in its way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cells::{Cell, Cells};
use crate::eval::{self, Decision};
use crate::parallel;
use crate::region::{Growing, Models, OfApp, Reach, Surveyor, reach};
use crate::request::{Request, Target};
use crate::sema::model::{AppId, Layer, Model, OperationId};

/// A model, ready to be asked what its apps may do.
#[derive(Debug)]
pub struct Standing<'m> {
    model: &'m Model,
    cells: Cells<'m>,
    models: Models<'m>,
    surveyor: Arc<Surveyor<'m>>,
}

/// What an app may do in some request.
#[derive(Debug, Clone, Default)]
pub struct May {
    /// Each with a request that is permitted, but for the layers that were taken as permitting. It may name
    /// another operation, which is decided alike: see [`May::request`].
    pub operations: BTreeMap<OperationId, Option<Arc<Request>>>,
}

impl May {
    /// A request for the operation that is permitted; `None` too where no engine could tell.
    pub fn request(&self, model: &Model, operation: OperationId) -> Option<Request> {
        let request = self.operations.get(&operation)?.as_deref()?;
        let name = model.operations[operation.index()].name.clone();
        Some(Request { operation: Target::Name(name), ..request.clone() })
    }

    /// The operations of which no engine could tell. They are among the others, since they may be permitted.
    pub fn undecided(&self) -> BTreeSet<OperationId> {
        self.operations.iter().filter(|(_, request)| request.is_none()).map(|(o, _)| *o).collect()
    }
}

impl<'m> Standing<'m> {
    /// Looks the model through once.
    pub fn new(model: &'m Model) -> Standing<'m> {
        Standing::surveyed(model, Arc::new(Surveyor::new(&Models::new(&[model]))))
    }

    /// The same, with a surveyor of the model that others ask too.
    pub fn surveyed(model: &'m Model, surveyor: Arc<Surveyor<'m>>) -> Standing<'m> {
        Standing { model, cells: Cells::new(model, &[]), models: surveyor.models().clone(), surveyor }
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
        let of_app = self.surveyor.of(app);
        let found = parallel::map(&cells, &|cell: &Cell| self.permitted(&of_app, cell, assume));
        let mut may = May::default();
        for (cell, found) in cells.iter().zip(found) {
            let Some(request) = found else { continue };
            let request = request.map(Arc::new);
            may.operations.extend(cell.operations.iter().map(|operation| (*operation, request.clone())));
        }
        may
    }

    /// `None`: never. `Some(None)`: nobody can tell.
    fn permitted(
        &self,
        of_app: &OfApp<'_, '_>,
        cell: &Cell,
        assume: &BTreeSet<Layer>,
    ) -> Option<Option<Request>> {
        let asked = Growing { assume: Some(assume), ..Growing::default() };
        let found = match assume.is_empty() {
            true => of_app.reach(cell.operation()),
            false => reach(&self.models, cell.app, cell.operation(), &asked),
        };
        match found {
            Reach::Never => None,
            Reach::Undecided(_) => Some(None),
            // What the evaluator does not confirm is told to nobody.
            Reach::Somewhere(request) => Some(self.confirmed(&request, assume).then_some(request)),
        }
    }

    fn confirmed(&self, request: &Request, assume: &BTreeSet<Layer>) -> bool {
        let answer = eval::evaluate(self.model, request);
        answer.effect == Decision::Permit || answer.refusals.iter().all(|r| assume.contains(&r.layer))
    }
}
