//! Whether anything is permitted at many places, with what is found of one tried on the others.
//!
//! Of a frame and a permit mostly one request is enough to know, or the refusals that stand against all of them: so each
//! pair is asked about once or few times, however many apps and operations there are. Only what refuses differs then,
//! and the evaluator tells whether it does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashMap;

use super::ask::Spent;
use super::frames::{FrameId, Frames, either};
use super::lower::Counting;
use super::reach::{Among, Asking, Growing, Reach};
use super::universe::Models;
use crate::eval;
use crate::parallel;
use crate::request::Request;
use crate::sema::model::{AppId, ClauseId, Condition, OperationId};

/// One app, and operations that are decided alike for it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) app: AppId,
    /// At least one, in order.
    pub(super) operations: Vec<OperationId>,
    pub(super) frame: FrameId,
    /// The permits that speak of them, those that most apps have first.
    pub(super) permits: Vec<ClauseId>,
    /// What refuses there, and what these say, in order and each once.
    pub(super) refusing: Vec<ClauseId>,
    pub(super) refusing_said: Vec<u32>,
}

/// A condition that must hold besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct When<'c> {
    pub(super) condition: &'c Condition,
    pub(super) counting: Counting,
    /// Whether it reads what the app is, and what the operation is.
    pub(super) reads: [bool; 2],
}

/// What is known of frames and permits.
#[derive(Debug, Default)]
pub(super) struct Precedents {
    of: HashMap<Key, Known>,
}

/// A frame, and what a permit says; none: as if something always permitted, and everybody had all roles.
type Key = (u32, Option<u32>);

#[derive(Debug, Default)]
struct Known {
    /// Requests that are permitted, the newest last.
    yes: Vec<Precedent>,
    /// That there is none, the newest last.
    no: Vec<Proof>,
}

/// A request that is permitted where nothing more refuses.
#[derive(Debug)]
struct Precedent {
    reach: Arc<Reach>,
    /// What does not refuse it.
    refusing: Vec<u32>,
    only: Only,
}

/// That no request is permitted where all of these refuse.
#[derive(Debug)]
struct Proof {
    needs: Vec<u32>,
    only: Only,
}

/// The app and the operation, where something reads them.
type Only = [Option<u32>; 2];

/// Of one pair no more than this is remembered of each kind.
const MANY: usize = 8;

/// How far the question for one place has come.
#[derive(Debug, Default, Clone)]
struct State {
    /// How many permits, from the first, are known to permit nothing.
    permits: usize,
    /// Whether it was asked as if something always permitted.
    granted: bool,
    /// What was spent on a question that no engine could answer.
    undecided: Option<Spent>,
    settled: Option<Arc<Reach>>,
}

/// What the questions are about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a, 'm> {
    pub(super) models: &'a Models<'m>,
    pub(super) frames: &'a Frames,
    pub(super) when: Option<When<'a>>,
}

impl Precedents {
    /// Answers for all these places, on all cores, and remembers. Always the same is found, whichever thread is faster.
    ///
    /// In rounds: of the places that lack the same knowledge one asks for it, and some more in later rounds, since those
    /// left are those to whom it was of no use.
    pub(super) fn settle(&mut self, asked: Asked<'_, '_>, places: &[Place]) -> Vec<Arc<Reach>> {
        let mut states = vec![State::default(); places.len()];
        let mut open: Vec<usize> = (0..places.len()).collect();
        for round in 0.. {
            let looked = parallel::map(&open, &|at| self.looked(asked, &places[*at], &states[*at]));
            let mut asking: BTreeMap<Key, Vec<(usize, Option<ClauseId>)>> = BTreeMap::new();
            for (at, (state, next)) in std::mem::take(&mut open).into_iter().zip(looked) {
                states[at] = state;
                if let Some(permit) = next {
                    open.push(at);
                    asking.entry(asked.key(&places[at], permit)).or_default().push((at, permit));
                }
            }
            if open.is_empty() {
                break;
            }
            let some = 1 << (round / 4).min(16);
            let asking: Vec<(Key, usize, Option<ClauseId>)> = asking
                .into_iter()
                .flat_map(|(key, of)| of.into_iter().take(some).map(move |(at, permit)| (key, at, permit)))
                .collect();
            let found = parallel::map(&asking, &|(_, at, permit)| asked.ask(&places[*at], *permit));
            for ((key, at, permit), found) in asking.into_iter().zip(found) {
                self.learn(asked, key, &places[at], permit, &mut states[at], found);
            }
        }
        // All are settled now.
        let open = || Arc::new(Reach::Undecided(Spent::default()));
        states.into_iter().map(|state| state.settled.unwrap_or_else(open)).collect()
    }

    /// What is known of one place by now, and the permit to be asked about next, if it is not settled.
    fn looked(
        &self,
        asked: Asked<'_, '_>,
        place: &Place,
        state: &State,
    ) -> (State, Option<Option<ClauseId>>) {
        let mut state = state.clone();
        if state.settled.is_none() {
            state.settled = self.known(asked, place);
        }
        if state.settled.is_some() {
            return (state, None);
        }
        let never = |permit: &ClauseId| self.never(asked, place, Some(*permit));
        state.permits += place.permits[state.permits..].iter().take_while(|permit| never(permit)).count();
        let Some(permit) = place.permits.get(state.permits) else {
            let reach = state.undecided.take().map_or(Reach::Never, Reach::Undecided);
            state.settled = Some(Arc::new(reach));
            return (state, None);
        };
        // Once one has failed: if others will, it is mostly for the same reason.
        let granted = state.permits == 0 || state.granted || self.yes(asked, place, None).is_some();
        (state, Some(granted.then_some(*permit)))
    }

    /// What is known of the place without asking.
    fn known(&self, asked: Asked<'_, '_>, place: &Place) -> Option<Arc<Reach>> {
        if !place.frame.suffices[1] || self.never(asked, place, None) {
            return Some(Arc::new(Reach::Never));
        }
        place.permits.iter().find_map(|permit| self.yes(asked, place, Some(*permit))).cloned()
    }

    fn yes(&self, asked: Asked<'_, '_>, place: &Place, permit: Option<ClauseId>) -> Option<&Arc<Reach>> {
        let known = self.of.get(&asked.key(place, permit))?;
        let fits = |precedent: &&Precedent| {
            let Reach::Somewhere(request) = &*precedent.reach else { return false };
            fits(precedent.only, place) && asked.is_let(request, &precedent.refusing, place)
        };
        known.yes.iter().rev().find(fits).map(|precedent| &precedent.reach)
    }

    fn never(&self, asked: Asked<'_, '_>, place: &Place, permit: Option<ClauseId>) -> bool {
        let Some(known) = self.of.get(&asked.key(place, permit)) else { return false };
        let here = |said: &u32| place.refusing_said.binary_search(said).is_ok();
        known.no.iter().rev().any(|proof| fits(proof.only, place) && proof.needs.iter().all(here))
    }

    fn learn(
        &mut self,
        asked: Asked<'_, '_>,
        key: Key,
        place: &Place,
        permit: Option<ClauseId>,
        state: &mut State,
        found: Among,
    ) {
        let known = self.of.entry(key).or_default();
        let only = |needs: &BTreeSet<ClauseId>| -> Only {
            let when = asked.when.map_or([false; 2], |when| when.reads);
            let reads =
                needs.iter().chain(&permit).fold(when, |all, id| either(all, asked.frames.reads(*id)));
            [reads[0].then_some(place.app.0), reads[1].then_some(place.operations[0].0)]
        };
        match found {
            Among::Somewhere(request) => {
                let reach = Arc::new(Reach::Somewhere(request));
                match permit {
                    Some(_) => state.settled = Some(reach.clone()),
                    None => state.granted = true,
                }
                let (refusing, only) = (place.refusing_said.clone(), only(&BTreeSet::new()));
                push(&mut known.yes, Precedent { reach, refusing, only });
            }
            Among::Never(needs) => {
                match permit {
                    Some(_) => state.permits += 1,
                    None => state.settled = Some(Arc::new(Reach::Never)),
                }
                let only = only(&needs);
                let needs = asked.frames.said(needs.into_iter());
                push(&mut known.no, Proof { needs, only });
            }
            Among::Undecided(spent) => match permit {
                Some(_) => {
                    state.permits += 1;
                    state.undecided.get_or_insert(spent);
                }
                None => state.granted = true,
            },
        }
    }
}

impl Asked<'_, '_> {
    fn key(&self, place: &Place, permit: Option<ClauseId>) -> Key {
        (place.frame.number, permit.map(|permit| self.frames.content(permit)))
    }

    /// Whether nothing refuses the request there, where it is known that these do not.
    fn is_let(&self, request: &Request, known: &[u32], place: &Place) -> bool {
        let is_new = |id: &ClauseId| {
            self.frames.reads(*id) != [false; 2] || known.binary_search(&self.frames.content(*id)).is_err()
        };
        let new: Vec<ClauseId> = place.refusing.iter().copied().filter(is_new).collect();
        let model = self.models.of(0).model;
        new.is_empty() || eval::matching_of(model, (place.app, place.operations[0]), request, new).is_empty()
    }

    /// Asks where only this permits, or as if something always did and everybody had all roles.
    fn ask(&self, place: &Place, permit: Option<ClauseId>) -> Among {
        let when = self.when.map(|when| (when.condition, when.counting));
        let growing = Growing { assume: None, when, alone: place.frame.suffices[0] };
        let asking = Asking::new(self.models, place.app, place.operations[0], &growing);
        match permit {
            Some(permit) => asking.among(Some(permit)),
            None => asking.whatever_permits(),
        }
    }
}

fn fits(only: Only, place: &Place) -> bool {
    let here = [place.app.0, place.operations[0].0];
    only.iter().zip(here).all(|(only, here)| only.is_none_or(|only| only == here))
}

fn push<T>(known: &mut Vec<T>, new: T) {
    known.push(new);
    if known.len() > MANY {
        known.remove(0);
    }
}
