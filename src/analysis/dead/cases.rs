//! The pairs of app and operation that are looked at.

use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::analysis::cells::Cells;
use crate::region::terms::Term;
use crate::region::{OfApp, Surveyor};
use crate::sema::model::{AppId, ClauseId, ClauseKind, Layer, Model, OperationId};

/// For each app its operations, one of each sort.
#[derive(Debug)]
pub(super) struct Cases {
    of: Vec<Vec<Place>>,
    /// Frames in which nothing is permitted, whatever rules say and whoever asks, with the first layer that refuses.
    closed: HashMap<u32, Layer>,
}

/// The layers that refuse some frames as a whole.
const CLOSING: [Layer; 4] = [Layer::Lifecycle, Layer::Catalog, Layer::Scope, Layer::AppUser];

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
        let of: Vec<Vec<Place>> = crate::parallel::map(&apps, &|app: &AppId| {
            let of_app = surveyor.of(*app);
            let cells = cells.of(*app, (0..model.operations.len() as u32).map(OperationId));
            let place =
                |operation: OperationId| Place { app: *app, operation, frame: of_app.frame(operation) };
            cells.iter().map(|cell| place(cell.operation())).collect()
        });
        let one_of: BTreeMap<u32, Place> = of.iter().flatten().map(|place| (place.frame, *place)).collect();
        let frames: Vec<Place> = one_of.into_values().collect();
        let closed = crate::parallel::map(&frames, &|place: &Place| {
            let grants = |id: ClauseId| model.clauses[id.index()].kind == ClauseKind::AppUserGrant;
            let mut universe = surveyor.models().only(place.app, place.operation, &[], &grants);
            CLOSING.into_iter().find(|layer| universe.layer(0, *layer) == Term::FALSE)
        });
        let closed = frames.iter().zip(closed).filter_map(|(place, layer)| Some((place.frame, layer?)));
        Cases { closed: closed.collect(), of }
    }

    /// The layer that refuses everything there, whatever rules say and whoever asks.
    pub(super) fn closed(&self, place: Place) -> Option<Layer> {
        self.closed.get(&place.frame).copied()
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
