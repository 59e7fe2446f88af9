//! What an app may do, and what it could do if layers did not stand in its way.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cells::{Cell, Cells};
use crate::eval::{self, Decision};
use crate::parallel;
use crate::region::{Growing, Models, Reach, Surveyor, reach};
use crate::request::Request;
use crate::sema::model::{AppId, Layer, Model, OperationId};

/// A model, ready to be asked what its apps may do.
#[derive(Debug)]
pub struct Standing<'m> {
    model: &'m Model,
    cells: Cells<'m>,
    models: Models<'m>,
    surveyor: Arc<Surveyor<'m>>,
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

    /// What the app may do in some request, were these layers to permit everything. What no engine can tell is among
    /// it, since it may be permitted.
    pub fn may(&self, app: AppId, assume: &BTreeSet<Layer>) -> BTreeSet<OperationId> {
        let declared = &self.model.apps[app.index()];
        let callable = |o: &OperationId| {
            let requirements = &self.model.operations[o.index()].requirements;
            declared.models.iter().any(|m| requirements.contains_key(m))
        };
        let operations = (0..self.model.operations.len() as u32).map(OperationId).filter(callable);
        let cells = self.cells.of(app, operations);
        let of_app = self.surveyor.of(app);
        let asked = Growing { assume: Some(assume), ..Growing::default() };
        let found = parallel::map(&cells, &|cell: &Cell| match assume.is_empty() {
            true => of_app.is_reached(cell.operation()) != Some(false),
            false => reach(&self.models, app, cell.operation(), &asked) != Reach::Never,
        });
        let some = cells.into_iter().zip(found).filter(|(_, found)| *found);
        some.flat_map(|(cell, _)| cell.operations).collect()
    }

    /// A request of the app for the operation that is permitted, as the evaluator confirms; none where there is none,
    /// and where no engine can tell.
    pub fn request(&self, app: AppId, operation: OperationId) -> Option<Request> {
        match self.surveyor.of(app).reach(operation) {
            Reach::Somewhere(request) => {
                let confirmed = eval::evaluate(self.model, &request).effect == Decision::Permit;
                debug_assert!(confirmed, "the evaluator does not confirm {request:?}");
                confirmed.then_some(request)
            }
            Reach::Never | Reach::Undecided(_) => None,
        }
    }
}
