//! The pairs of app and operation that are looked at.

use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::analysis::cells::Cells;
use crate::analysis::privilege::set::Operations;
use crate::region::terms::Term;
use crate::region::{Models, Surveyor};
use crate::sema::model::{AppId, ClauseId, ClauseKind, KindId, Layer, Model, OperationId};

/// For each app its operations, one of each sort.
#[derive(Debug)]
pub(super) struct Cases {
    of: Vec<Vec<Place>>,
    /// For each app the operations of its places.
    operations: Vec<Operations>,
    /// For each clause the number of the operations that it speaks of and can match.
    speaking: Vec<u32>,
    spoken: Vec<Operations>,
    /// The operations about such containers.
    about: HashMap<(KindId, Option<KindId>), Operations>,
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
    /// Whether the app's scopes suffice there without a context user.
    pub(super) alone: bool,
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
            let place = |operation: OperationId| {
                let (frame, alone) = of_app.frame(operation);
                Place { app: *app, operation, frame, alone }
            };
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
        let (mut known, mut spoken) = (HashMap::<(u32, u64), u32>::default(), Vec::new());
        let speaking = (0..model.clauses.len() as u32).map(ClauseId).map(|clause| {
            *known.entry(surveyor.spoken(clause)).or_insert_with(|| {
                let operations = model.clauses[clause.index()].operations.iter().copied();
                spoken.push(operations.filter(|operation| surveyor.speaks(clause, *operation)).collect());
                spoken.len() as u32 - 1
            })
        });
        let speaking = speaking.collect();
        let mut about: HashMap<_, Operations> = HashMap::default();
        for (id, operation) in (0..).map(OperationId).zip(&model.operations) {
            about.entry((operation.kind, operation.lists)).or_default().insert(id);
        }
        let operations = of.iter().map(|places| places.iter().map(|place| place.operation).collect());
        Cases { closed: closed.collect(), operations: operations.collect(), speaking, spoken, about, of }
    }

    /// The operations that a clause speaks of and can match.
    pub(super) fn speaking(&self, clause: ClauseId) -> &Operations {
        &self.spoken[self.speaking[clause.index()] as usize]
    }

    /// The operations about containers of such a kind that list such a kind.
    pub(super) fn about(&self, kinds: (KindId, Option<KindId>)) -> Operations {
        self.about.get(&kinds).cloned().unwrap_or_default()
    }

    /// Those of the operations that list something.
    pub(super) fn listing(&self, operations: &Operations) -> Operations {
        let listing = self.about.iter().filter(|((_, lists), _)| lists.is_some());
        listing.fold(Operations::default(), |all, (_, of)| all.or(&of.and(operations)))
    }

    /// The layer that refuses everything there, whatever rules say and whoever asks.
    pub(super) fn closed(&self, place: Place) -> Option<Layer> {
        self.closed.get(&place.frame).copied()
    }

    /// The places of one app.
    pub(super) fn of_app(&self, app: AppId) -> &[Place] {
        &self.of[app.index()]
    }

    /// The places of one app for these operations.
    pub(super) fn within<'c>(
        &'c self,
        app: AppId,
        operations: &'c Operations,
    ) -> impl Iterator<Item = Place> + 'c {
        let places = &self.of[app.index()];
        let of = |operation: &OperationId| places.binary_search_by_key(operation, |place| place.operation);
        let shared = self.operations[app.index()].shared(operations);
        shared.filter_map(move |operation| of(&operation).ok().map(|at| places[at]))
    }
}

impl Case {
    /// The case of a place, without some clauses.
    pub(super) fn new(models: &Models<'_>, place: Place, without: impl Fn(ClauseId) -> bool) -> Case {
        let mut clauses = models.of(0).clauses(place.app, place.operation);
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
