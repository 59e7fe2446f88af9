//! All apps and all operations: where anything is permitted at all, with a witness.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::{HashMap, HashMapExt};

use super::ask::Spent;
use super::frames::{FrameId, Frames, Held, either};
use super::index::Index;
use super::precedents::{Asked, Place, Precedents, When};
use super::reach::Reach;
use super::spoken::{Sets, has, numbers};
use super::universe::Models;
use super::witness::approvable;
use super::{Counting, frames};
use crate::parallel;
use crate::request::{Request, Target};
use crate::sema::model::{AppId, ClauseId, ClauseKind, Condition, Model, OperationId};

/// What all apps may do at all.
#[derive(Debug)]
pub struct Survey<'m> {
    /// The model, looked through.
    pub models: Models<'m>,
    /// One for each app, in order.
    pub apps: Vec<AppSurvey>,
}

/// What one app may do at all.
#[derive(Debug)]
pub struct AppSurvey {
    /// The app.
    pub app: AppId,
    /// All operations, grouped.
    pub groups: Vec<Group>,
}

/// Operations that all of an app's clauses treat alike.
#[derive(Debug)]
pub struct Group {
    /// The operations, in order; at least one.
    pub operations: Vec<OperationId>,
    /// What was found of them.
    reach: Arc<Reach>,
}

impl Group {
    /// Whether any request of one of its operations is permitted.
    pub fn is_permitted(&self) -> bool {
        matches!(*self.reach, Reach::Somewhere(_))
    }

    /// What was found, with the witness for this app and the first of the operations.
    pub fn reach(&self, model: &Model, app: AppId) -> Reach {
        match self.operations.first() {
            Some(operation) => reach_of(model, &self.reach, app, *operation),
            None => Reach::Never, // a group is never empty
        }
    }
}

/// What was found, with the witness as that of another app and operation, for which the same is permitted.
pub fn reach_of(model: &Model, reach: &Reach, app: AppId, operation: OperationId) -> Reach {
    match reach {
        Reach::Somewhere(request) => Reach::Somewhere(as_of(model, request, app, operation)),
        other => other.clone(),
    }
}

/// The same request by another app and for another operation.
fn as_of(model: &Model, request: &Request, app: AppId, operation: OperationId) -> Request {
    Request {
        app: Some(model.apps[app.index()].key.clone()),
        operation: Target::Name(model.operations[operation.index()].name.clone()),
        // All that can be approved.
        approved: request.approved.as_ref().map(|_| approvable(model, app).collect()),
        ..request.clone()
    }
}

/// Looks at all apps and operations, on all cores. `progress` is told how many of the apps are done.
pub fn survey<'m>(model: &'m Model, progress: &(dyn Fn(usize, usize) + Sync)) -> Survey<'m> {
    let models = Models::new(&[model]);
    let surveyor = Surveyor::new(&models);
    surveyor.look_at_all(progress);
    let apps: Vec<AppId> = (0..model.apps.len() as u32).map(AppId).collect();
    let apps =
        parallel::map(&apps, &|app: &AppId| AppSurvey { app: *app, groups: surveyor.of(*app).groups() });
    Survey { models, apps }
}

/// Apps in a round.
const ROUND: usize = 64;

/// Answers for apps and operations one by one, and remembers.
#[derive(Debug)]
pub struct Surveyor<'m> {
    index: Arc<Index<'m>>,
    models: Models<'m>,
    frames: Frames,
    /// For each app and operation, app by app.
    answers: Vec<OnceLock<Arc<Reach>>>,
    numbers: Mutex<HashMap<Alike, u32>>,
}

/// What decides requests: the frame, what permits and refuses, and app and operation where something reads them.
type Alike = (FrameId, [Vec<u32>; 2], [Option<u32>; 2]);

/// One app, looked through.
#[derive(Debug)]
pub struct OfApp<'s, 'm> {
    surveyor: &'s Surveyor<'m>,
    app: AppId,
    /// Clauses with the same set of operations come and go together.
    by_set: HashMap<u32, Alongside>,
    sets: Sets,
    held: Held,
}

/// Clauses of one app.
#[derive(Debug, Default)]
struct Alongside {
    app_users: Vec<ClauseId>,
    /// Each with how many apps it is not about.
    permits: Vec<(usize, ClauseId)>,
    refusing: Vec<ClauseId>,
    /// Whether some read the app, or the operation.
    reads: [bool; 2],
}

impl<'m> Surveyor<'m> {
    /// Looks the first of the models through.
    pub fn new(models: &Models<'m>) -> Surveyor<'m> {
        let index = models.of(0).clone();
        let places = index.model.apps.len() * index.model.operations.len();
        Surveyor {
            frames: Frames::new(&index),
            models: models.clone(),
            answers: (0..places).map(|_| OnceLock::new()).collect(),
            numbers: Mutex::default(),
            index,
        }
    }

    /// Whether the clause speaks of the operation, and can match a request for it.
    pub fn speaks(&self, clause: ClauseId, operation: OperationId) -> bool {
        self.index.spoken.speaks(clause, operation) && !self.frames.is_idle(clause, operation)
    }

    /// What it depends on which operations the clause speaks of and can match: the same for clauses with the same.
    pub fn spoken(&self, clause: ClauseId) -> (u32, u64) {
        (self.index.spoken.set(clause), self.frames.idle(clause))
    }

    /// Whether clauses speak of operations that this one speaks of, too.
    pub fn meeting(&self, clause: ClauseId) -> impl Fn(ClauseId) -> bool {
        let spoken = &self.index.spoken;
        let sets = spoken.meeting(&self.index.model.clauses[clause.index()].operations);
        move |other| has(&sets, spoken.set(other))
    }

    /// Whether the clause speaks of the app.
    pub fn is_about(&self, clause: ClauseId, app: AppId) -> bool {
        self.index.spoken.is_about(clause, app)
    }

    /// Whether the clause reads what its app is, and what the operation is.
    pub fn reads(&self, clause: ClauseId) -> [bool; 2] {
        self.frames.reads(clause)
    }

    /// The models, the first of which is looked at.
    pub fn models(&self) -> &Models<'m> {
        &self.models
    }

    /// One of its apps.
    pub fn of(&self, app: AppId) -> OfApp<'_, 'm> {
        let clauses = self.index.of_app(app);
        let model = self.index.model;
        let mut by_set: HashMap<u32, Alongside> = HashMap::new();
        for id in clauses {
            let (clause, with) =
                (&model.clauses[id.index()], by_set.entry(self.index.spoken.set(*id)).or_default());
            with.reads = either(with.reads, self.frames.reads(*id));
            match clause.kind {
                ClauseKind::AppUserGrant => with.app_users.push(*id),
                ClauseKind::Permit => with.permits.push((model.apps.len() - clause.apps.len(), *id)),
                ClauseKind::Forbid | ClauseKind::Withdrawal => with.refusing.push(*id),
                ClauseKind::ContextUserGrant => {} // of no app
            }
        }
        let (sets, held) = (self.index.spoken.of(clauses.iter()), Held::of(self.index.model, app));
        OfApp { surveyor: self, app, by_set, sets, held }
    }

    /// Answers for all apps and operations ahead, on all cores: what is asked later is known. `progress` is told how
    /// many of the apps are done.
    pub fn look_at_all(&self, progress: &(dyn Fn(usize, usize) + Sync)) {
        let apps: Vec<AppId> = (0..self.index.model.apps.len() as u32).map(AppId).collect();
        let open = |of_app: &OfApp<'_, '_>| {
            let operations = (0..self.index.model.operations.len() as u32).map(OperationId);
            let open = operations.filter(|operation| self.answer(of_app.app, *operation).get().is_none());
            open.collect::<Vec<_>>()
        };
        self.in_rounds(&apps, None, &open, progress, &mut |place, reach| {
            for operation in &place.operations {
                // Another one may have asked meanwhile.
                let _ = self.answer(place.app, *operation).set(reach.clone());
            }
        });
    }

    /// Which of these apps and operations are permitted anything of which the condition holds: to `see` each such, with
    /// a request. Operations that are decided alike are seen together.
    pub fn look_for(
        &self,
        when: (&Condition, Counting),
        apps: &[AppId],
        operations: &BTreeSet<OperationId>,
        progress: &(dyn Fn(usize, usize) + Sync),
        see: &mut dyn FnMut(AppId, &[OperationId], Reach),
    ) {
        let (condition, counting) = when;
        let reads = frames::reads(self.index.model, condition);
        let when = Some(When { condition, counting, reads });
        let open = |_: &OfApp<'_, '_>| operations.iter().copied().collect::<Vec<_>>();
        self.in_rounds(apps, when, &open, progress, &mut |place, reach| {
            let reach = reach_of(self.index.model, &reach, place.app, place.operations[0]);
            see(place.app, &place.operations, reach);
        });
    }

    fn in_rounds(
        &self,
        apps: &[AppId],
        when: Option<When<'_>>,
        open: &(impl Fn(&OfApp<'_, 'm>) -> Vec<OperationId> + Sync),
        progress: &(dyn Fn(usize, usize) + Sync),
        see: &mut dyn FnMut(&Place, Arc<Reach>),
    ) {
        let asked = Asked { models: &self.models, frames: &self.frames, when };
        let (mut precedents, mut done) = (Precedents::default(), 0);
        for some in apps.chunks(ROUND) {
            let places = parallel::map(some, &|app: &AppId| {
                let of_app = self.of(*app);
                of_app.places(&open(&of_app), when.is_some_and(|when| when.reads[1]))
            });
            let places: Vec<Place> = places.into_iter().flatten().collect();
            for (place, reach) in places.iter().zip(precedents.settle(asked, &places)) {
                see(place, reach);
            }
            done += some.len();
            progress(done, apps.len());
        }
    }

    fn answer(&self, app: AppId, operation: OperationId) -> &OnceLock<Arc<Reach>> {
        &self.answers[app.index() * self.index.model.operations.len() + operation.index()]
    }
}

impl<'m> OfApp<'_, 'm> {
    /// Whether any request for the operation is permitted.
    pub fn reach(&self, operation: OperationId) -> Reach {
        let reach = self.found(&[operation]);
        reach_of(self.surveyor.index.model, &reach, self.app, operation)
    }

    /// The same; the request may name another app and operation for which the same is permitted.
    pub fn alike_reach(&self, operation: OperationId) -> Arc<Reach> {
        self.found(&[operation])
    }

    /// The same, without the request.
    pub fn is_reached(&self, operation: OperationId) -> Option<bool> {
        match *self.found(&[operation]) {
            Reach::Never => Some(false),
            Reach::Somewhere(_) => Some(true),
            Reach::Undecided(_) => None,
        }
    }

    /// What is found of operations that are decided alike. What was found of others is not asked for: then the same would
    /// be found or not, depending on who asks first.
    fn found(&self, operations: &[OperationId]) -> Arc<Reach> {
        let surveyor = self.surveyor;
        let answer = surveyor.answer(self.app, operations[0]);
        let reach = answer.get_or_init(|| {
            let asked = Asked { models: &surveyor.models, frames: &surveyor.frames, when: None };
            let places = self.places(&operations[..1], false);
            let mut found = Precedents::default().settle(asked, &places);
            // Of one place there is one answer.
            found.pop().unwrap_or_else(|| Arc::new(Reach::Undecided(Spent::default())))
        });
        reach.clone()
    }

    /// A number for what decides requests besides permits and refusals: where it is the same for two pairs of app and
    /// operation, a clause that reads neither means the same for both. And whether scopes suffice without a context
    /// user.
    pub fn frame(&self, operation: OperationId) -> (u32, bool) {
        let frame = self.frame_of(operation, &self.speaking(operation).app_users);
        (frame.number, frame.suffices[0])
    }

    /// A number for what decides requests of the app for the operation: where it is the same for two pairs of them,
    /// so is what is permitted, but for the names of app and operation.
    pub fn alike(&self, operation: OperationId) -> u32 {
        let frames = &self.surveyor.frames;
        let with = self.speaking(operation);
        let only = [with.reads[0].then_some(self.app.0), with.reads[1].then_some(operation.0)];
        let frame = self.frame_of(operation, &with.app_users);
        let permits = frames.said(with.permits.iter().map(|(_, id)| *id));
        let said = [permits, frames.said(with.refusing.iter().copied())];
        let mut known = self.surveyor.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = known.len() as u32;
        *known.entry((frame, said, only)).or_insert(next)
    }

    /// The clauses that can match a request for the operation, in source order.
    pub fn clauses(&self, operation: OperationId) -> Vec<ClauseId> {
        self.surveyor.index.clauses(self.app, operation)
    }

    /// Those of the app's own clauses that speak of the operation.
    fn speaking(&self, operation: OperationId) -> Alongside {
        self.in_sets(&self.surveyor.index.spoken.among(&self.sets, operation))
    }

    /// All those of these sets: permits that most apps have first, the others in source order.
    fn in_sets(&self, sets: &Sets) -> Alongside {
        let mut all = Alongside::default();
        for with in numbers(sets).filter_map(|set| self.by_set.get(&set)) {
            all.app_users.extend(&with.app_users);
            all.permits.extend(&with.permits);
            all.refusing.extend(&with.refusing);
            all.reads = either(all.reads, with.reads);
        }
        all.permits.sort_unstable();
        all.refusing.sort_unstable();
        all
    }

    fn frame_of(&self, operation: OperationId, app_users: &[ClauseId]) -> FrameId {
        let surveyor = self.surveyor;
        surveyor.frames.of(&surveyor.index, (self.app, operation), &self.held, app_users)
    }

    /// All operations, grouped.
    fn groups(&self) -> Vec<Group> {
        let model = self.surveyor.index.model;
        let operations: Vec<OperationId> = (0..model.operations.len() as u32).map(OperationId).collect();
        let places = self.places(&operations, false).into_iter();
        let group =
            |place: Place| Group { reach: self.found(&place.operations), operations: place.operations };
        places.map(group).collect()
    }

    /// These operations, grouped, in order of the first of each group: they lie in the same sets of those of the app's
    /// clauses, and in the same frame. Each for itself where something reads which one it is.
    fn places(&self, operations: &[OperationId], each: bool) -> Vec<Place> {
        let (index, frames) = (&self.surveyor.index, &self.surveyor.frames);
        let mut by_sets: HashMap<Sets, Vec<OperationId>> = HashMap::new();
        for operation in operations {
            by_sets.entry(index.spoken.among(&self.sets, *operation)).or_default().push(*operation);
        }
        let mut places = Vec::new();
        for (sets, operations) in by_sets {
            let with = self.in_sets(&sets);
            let mut by_frame: BTreeMap<(FrameId, Option<OperationId>), Vec<OperationId>> = BTreeMap::new();
            for operation in operations {
                let own = (with.reads[1] || each).then_some(operation);
                by_frame.entry((self.frame_of(operation, &with.app_users), own)).or_default().push(operation);
            }
            for ((frame, _), operations) in by_frame {
                let can_match = |id: &ClauseId| !frames.is_idle(*id, operations[0]);
                let permits = with.permits.iter().map(|(_, id)| *id).filter(can_match).collect();
                let refusing: Vec<ClauseId> = with.refusing.iter().copied().filter(can_match).collect();
                let refusing_said = frames.said(refusing.iter().copied());
                places.push(Place { app: self.app, operations, frame, permits, refusing, refusing_said });
            }
        }
        places.sort_unstable_by_key(|place| place.operations[0]);
        places
    }
}
