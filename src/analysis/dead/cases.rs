//! The pairs of app and operation that are looked at.

use crate::analysis::cells::Cells;
use crate::region::{OfApp, Surveyor};
use crate::sema::model::{AppId, ClauseId, ClauseKind, Model, OperationId};

/// For each app its operations, one of each sort.
#[derive(Debug)]
pub(super) struct Cases {
    of: Vec<Vec<Place>>,
}

/// An app and an operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) app: AppId,
    pub(super) operation: OperationId,
    /// What decides its requests besides permits and refusals, see [`OfApp::frame`].
    pub(super) frame: u32,
}

/// A place with the clauses that speak of it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) place: Place,
    pub(super) clauses: Vec<ClauseId>,
}

impl Cases {
    pub(super) fn new(model: &Model, surveyor: &Surveyor<'_>) -> Cases {
        let cells = Cells::new(model, &[]);
        let apps: Vec<AppId> = (0..model.apps.len() as u32).map(AppId).collect();
        let of = crate::parallel::map(&apps, &|app: &AppId| {
            let of_app = surveyor.of(*app);
            let cells = cells.of(*app, (0..model.operations.len() as u32).map(OperationId));
            let place =
                |operation: OperationId| Place { app: *app, operation, frame: of_app.frame(operation) };
            cells.iter().map(|cell| place(cell.operation())).collect()
        });
        Cases { of }
    }

    /// The places of one app.
    pub(super) fn of_app(&self, app: AppId) -> &[Place] {
        &self.of[app.index()]
    }

    /// The places of some apps that a clause speaks of.
    pub(super) fn of_clause<'c>(
        &'c self,
        surveyor: &'c Surveyor<'_>,
        clause: ClauseId,
        apps: impl Iterator<Item = AppId> + 'c,
    ) -> impl Iterator<Item = Place> + 'c {
        let speaks = move |place: &Place| surveyor.speaks(clause, place.operation);
        apps.flat_map(move |app| self.of[app.index()].iter().copied().filter(speaks))
    }
}

impl Case {
    /// The case of a place, without some clauses.
    pub(super) fn new(of_app: &OfApp<'_, '_>, place: Place, without: impl Fn(ClauseId) -> bool) -> Case {
        let mut clauses = of_app.clauses(place.operation);
        clauses.retain(|clause| !without(*clause));
        Case { place, clauses }
    }

    /// Its clauses of a kind, in source order.
    pub(super) fn of_kind<'c>(
        &'c self,
        model: &'c Model,
        kind: ClauseKind,
    ) -> impl Iterator<Item = ClauseId> + 'c {
        self.clauses.iter().copied().filter(move |id| model.clauses[id.index()].kind == kind)
    }
}
