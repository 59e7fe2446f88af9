//! Which rules, containers and stages no request shows to matter.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::{HashSet, HashSetExt};

use super::cases::{Case, Cases, Place};
use super::containers;
use super::lazily::{Asker, PATIENCE, Proofs, Verdict, What};
use super::naming::{Named, Relation};
use super::questions::Questions;
use super::stages::{self, Change};
use super::{DeadRule, Maker, Subject, Undecided};
use crate::analysis::Progress;
use crate::analysis::privilege::set::Operations;
use crate::eval;
use crate::parallel;
use crate::region::{Models, Surveyor};
use crate::request::Request;
use crate::sema::model::{
    AppId, Clause, ClauseId, ClauseKind, Condition, ContainerId, Model, OperationId, RatchetId,
};

/// In no more places than this each is asked what makes a rule idle there; in more, those decided alike by one of them.
const FEW: usize = 64;

type ByApp = BTreeMap<AppId, Vec<Place>>;

/// What is found.
#[derive(Default)]
pub(super) struct Left {
    /// Rules without which everything would be answered the same, in source order.
    pub(super) rules: Vec<DeadRule>,
    /// Containers that nothing reaches, in order.
    pub(super) containers: Vec<ContainerId>,
    /// Stages that differ from none before, in order.
    pub(super) stages: Vec<(RatchetId, u32)>,
    /// Stages that were seen to take something, in order.
    pub(super) taking: Vec<(RatchetId, u32)>,
    /// What could not be decided; none of it is among those.
    pub(super) undecided: Vec<Undecided>,
}

/// Looks at rules, containers and stages one by one, at each until a request shows that it matters.
pub(super) struct Looking<'a, 'm> {
    pub(super) model: &'m Model,
    pub(super) models: &'a Models<'m>,
    pub(super) surveyor: &'a Surveyor<'m>,
    pub(super) questions: &'a Questions,
    pub(super) cases: &'a Cases,
    /// All permits.
    pub(super) permits: &'a Permits<'m>,
}

/// All permits, and of which apps.
pub(super) struct Permits<'m> {
    /// Each with the containers that it names, in source order.
    all: Vec<(ClauseId, Option<Named<'m>>)>,
    /// For each app those that speak of it, by position.
    of_app: Vec<Vec<u32>>,
}

impl<'m> Permits<'m> {
    pub(super) fn new(model: &'m Model, models: &Models<'m>) -> Permits<'m> {
        let permits = (0..).map(ClauseId).zip(&model.clauses);
        let permits = permits.filter(|(_, clause)| clause.kind == ClauseKind::Permit);
        let all: Vec<_> = permits.map(|(id, clause)| (id, Named::of(models, &clause.condition))).collect();
        let mut of_app = vec![Vec::new(); model.apps.len()];
        for (at, (permit, _)) in (0..).zip(&all) {
            let apps = &model.clauses[permit.index()].apps;
            apps.iter().for_each(|app| of_app[app.index()].push(at));
        }
        Permits { all, of_app }
    }

    /// Those that speak of one of the apps, in source order.
    fn of(&self, model: &Model, apps: &BTreeSet<AppId>) -> Vec<&(ClauseId, Option<Named<'m>>)> {
        if apps.len() > FEW {
            let shared = |permit: ClauseId| !model.clauses[permit.index()].apps.is_disjoint(apps);
            return self.all.iter().filter(|(permit, _)| shared(*permit)).collect();
        }
        let numbers: BTreeSet<u32> =
            apps.iter().flat_map(|app| self.of_app[app.index()].iter().copied()).collect();
        numbers.into_iter().map(|at| &self.all[at as usize]).collect()
    }
}

/// What a request shows besides the rule that it was found for.
#[derive(Debug, Default)]
struct Shown {
    /// The containers that it is about.
    containers: Vec<ContainerId>,
    /// The roles of app users and of people without which it would not be permitted.
    grants: Vec<ClauseId>,
}

/// What is found of a rule.
enum Rule {
    /// It matters, and so does what else the request shows that was found.
    Matters(Shown),
    /// It is dead, for these reasons.
    Dead(BTreeSet<Maker>),
    Undecided(Undecided),
}

impl<'a, 'm> Looking<'a, 'm> {
    pub(super) fn all(&self, progress: Progress<'_>) -> Left {
        let model = self.model;
        let rules: Vec<ClauseId> = (0..model.clauses.len() as u32).map(ClauseId).collect();
        let stages: Vec<(RatchetId, u32)> = (0..)
            .zip(&model.ratchets)
            .flat_map(|(id, ratchet)| (1..ratchet.stages.len() as u32).map(move |at| (RatchetId(id), at)))
            .collect();
        let containers: usize = self.questions.containers.values().map(Vec::len).sum();
        let (done, of) = (AtomicUsize::new(0), rules.len() + stages.len() + containers);
        let one_more = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, of);
        let none = BTreeSet::new();
        let mut left = Left::default();

        // Permits first: what shows that they matter shows it of roles as well.
        let (permits, others): (Vec<ClauseId>, Vec<ClauseId>) =
            rules.into_iter().partition(|id| self.kind(*id) == ClauseKind::Permit);
        let found = |clause: &ClauseId| {
            let found = self.rule(*clause, &none);
            one_more();
            (*clause, found)
        };
        let mut verdicts = parallel::map(&permits, &found);
        let shown = verdicts.iter().flat_map(|(_, verdict)| match verdict {
            Rule::Matters(shown) => &*shown.grants,
            Rule::Dead(_) | Rule::Undecided(_) => &[],
        });
        let shown: BTreeSet<ClauseId> = shown.copied().collect();
        let open: Vec<ClauseId> = others.into_iter().filter(|id| !shown.contains(id)).collect();
        done.fetch_add(shown.len(), Ordering::Relaxed);
        verdicts.extend(parallel::map(&open, &found));
        let mut reached = BTreeSet::new();
        let mut dead = BTreeMap::new();
        for (clause, verdict) in verdicts {
            match verdict {
                Rule::Matters(shown) => reached.extend(shown.containers),
                Rule::Dead(makers) => {
                    dead.insert(clause, makers);
                }
                Rule::Undecided(open) => left.undecided.push(open),
            }
        }
        let gone = self.removable(&dead);
        let dead = dead.into_iter();
        left.rules = dead
            .map(|(clause, makers)| DeadRule { clause, makers, removable: gone.contains(&clause) })
            .collect();

        let asked: Vec<(ContainerId, &Condition)> = (self.questions.containers.values().flatten())
            .filter(|(container, _)| !reached.contains(container))
            .map(|(container, about)| (*container, about))
            .collect();
        done.fetch_add(containers - asked.len(), Ordering::Relaxed);
        let verdicts = parallel::map(&asked, &|(container, about)| {
            let found = containers::is_reached(self, *container, about);
            one_more();
            found
        });
        for ((container, _), verdict) in asked.iter().zip(verdicts) {
            match verdict {
                Ok(true) => {}
                Ok(false) => left.containers.push(*container),
                Err(open) => left.undecided.push(open),
            }
        }
        left.containers.sort_unstable();

        let verdicts = parallel::map(&stages, &|(ratchet, stage)| {
            let found = stages::change(self, *ratchet, *stage);
            one_more();
            found
        });
        for (stage, verdict) in stages.iter().zip(verdicts) {
            match verdict {
                Ok(Change::Nothing) => left.stages.push(*stage),
                Ok(Change::Takes) => left.taking.push(*stage),
                Ok(Change::Some) => {}
                Err(open) => left.undecided.push(open),
            }
        }

        left.undecided.sort_by_key(|open| (open.of, open.app, open.operation));
        left
    }

    pub(super) fn case(&self, place: Place, without: &BTreeSet<ClauseId>) -> Case {
        Case::new(self.models, place, |clause| without.contains(&clause))
    }

    pub(super) fn asker<'q>(&'q self, what: What<'q>) -> Asker<'q, 'm> {
        let (model, models) = (self.model, self.models);
        let open = match what {
            What::Rule(clause) => self.cases.speaking(clause).clone(),
            What::There(_) | What::Stage(..) => (0..model.operations.len() as u32).map(OperationId).collect(),
        };
        Asker {
            model,
            models,
            surveyor: self.surveyor,
            questions: self.questions,
            what,
            cases: self.cases,
            open,
            all_roles: true,
            proofs: Proofs::default(),
            makers: BTreeSet::new(),
            matching: HashSet::new(),
            asked: Cell::new(0),
            looked: 0,
            tried: BTreeSet::new(),
        }
    }

    /// Whether the rule matters anywhere, if those in `without` were not there.
    fn rule(&self, clause: ClauseId, without: &BTreeSet<ClauseId>) -> Rule {
        let what = What::Rule(clause);
        let mut asker = self.asker(what);
        asker.all_roles = !without.iter().any(|id| self.is_role(*id));
        let mut undecided = None;
        let mut open = |place: Place, what: Vec<String>| {
            let (app, operation) = (place.app, place.operation);
            undecided.get_or_insert(Undecided { of: Subject::Rule(clause), app, operation, what });
        };
        if self.kind(clause) == ClauseKind::Permit {
            for place in self.places(clause, self.cases.speaking(clause)) {
                match asker.ask(place, || self.case(place, without)) {
                    Verdict::Shown(request) => return Rule::Matters(self.shown(place, &request, without)),
                    Verdict::Never => {}
                    Verdict::Undecided(what) => open(place, what),
                }
            }
            return undecided.map_or(Rule::Dead(asker.makers), Rule::Undecided);
        }
        // Once some permits have failed, and then only where it matters what permits.
        let mut left: Option<ByApp> = None;
        let mut all: Option<(Vec<Place>, [usize; 2])> = None;
        for (number, (permit, relation)) in self.by_permit(what).enumerate() {
            if without.contains(&permit) {
                continue;
            }
            let shared = self.shared(permit, relation, &asker.open);
            let mut ask = |place: Place| asker.ask_of(permit, place, || self.case(place, without));
            let mut found = |verdict: Verdict, place: Place| match verdict {
                Verdict::Shown(_) => true,
                Verdict::Never => false,
                Verdict::Undecided(what) => {
                    open(place, what);
                    false
                }
            };
            let is_shown = match &left {
                _ if shared.is_empty() => false,
                None => self.places_of(permit, what, &shared).any(|place| found(ask(place), place)),
                Some(left) => {
                    let apps = &self.model.clauses[permit.index()].apps;
                    let here = apps.iter().filter_map(|app| left.get(app)).flatten();
                    let mut here = here.filter(|place| shared.contains(place.operation));
                    here.any(|place| found(ask(*place), *place))
                }
            };
            if is_shown {
                return Rule::Matters(Shown::default());
            }
            asker.forget(permit);
            if number + 1 < PATIENCE {
                continue;
            }
            // No more is spent on trying than it would take to know better.
            let (places, many) = all.get_or_insert_with(|| self.counted(clause, &asker.open));
            if left.is_none() && asker.is_patient(*many) {
                continue;
            }
            let left = left.get_or_insert_with(|| self.left(std::mem::take(places), &mut asker, without));
            if left.is_empty() {
                break;
            }
        }
        let left = left.unwrap_or_else(|| {
            let (places, _) = all.unwrap_or_else(|| self.counted(clause, &asker.open));
            self.left(places, &mut asker, without)
        });
        let mut makers = asker.makers;
        if left.is_empty() {
            return Rule::Dead(makers); // whatever permits
        }
        makers.insert(Maker::NoPermit);
        undecided.map_or(Rule::Dead(makers), Rule::Undecided)
    }

    /// What else a request shows, for which it matters that something is permitted.
    fn shown(&self, place: Place, request: &Request, without: &BTreeSet<ClauseId>) -> Shown {
        let (model, at) = (self.model, (place.app, place.operation));
        let containers = eval::containers(model, place.operation, request);
        let matching = eval::matching_of(model, at, request, self.case(place, without).clauses);
        let is_permitted = |without: Option<ClauseId>| {
            let clauses = matching.iter().copied().filter(|id| Some(*id) != without);
            eval::is_permitted_among(model, at, request, clauses)
        };
        let is_grant = |id: &ClauseId| self.is_role(*id);
        let grants = matching.iter().copied().filter(is_grant).filter(|id| !is_permitted(Some(*id)));
        let grants = if is_permitted(None) { grants.collect() } else { Vec::new() };
        Shown { containers, grants }
    }

    fn is_role(&self, clause: ClauseId) -> bool {
        matches!(self.kind(clause), ClauseKind::AppUserGrant | ClauseKind::ContextUserGrant)
    }

    fn kind(&self, clause: ClauseId) -> ClauseKind {
        self.model.clauses[clause.index()].kind
    }

    /// The places of a rule that are open yet; how many they are, and how many frames they have.
    fn counted(&self, clause: ClauseId, open: &Operations) -> (Vec<Place>, [usize; 2]) {
        let places: Vec<Place> = self.places(clause, open).collect();
        let frames: HashSet<u32> = places.iter().map(|place| place.frame).collect();
        let many = [places.len(), frames.len()];
        (places, many)
    }

    /// Those of the places at which it depends on what permits whether a rule matters; what else makes it idle is noted.
    fn left(&self, mut places: Vec<Place>, asker: &mut Asker<'_, 'm>, without: &BTreeSet<ClauseId>) -> ByApp {
        let closely = places.len() <= FEW;
        places
            .retain(|place| !asker.is_idle_whatever_permits(*place, closely, || self.case(*place, without)));
        let mut left = ByApp::new();
        places.into_iter().for_each(|place| left.entry(place.app).or_default().push(place));
        left
    }

    /// All permits with what can be asked about, and how they stand to it: first those that name the same containers.
    pub(super) fn by_permit<'q>(
        &'q self,
        what: What<'q>,
    ) -> impl Iterator<Item = (ClauseId, Relation)> + use<'q, 'a, 'm> {
        let of = self.of_apps(what);
        let condition = match what {
            What::Rule(clause) => &self.model.clauses[clause.index()].condition,
            What::There(condition) => condition,
            What::Stage(..) => &Condition::Constant(true),
        };
        let certain = of.is_none_or(|clause| !clause.kind.refuses());
        let named = Named::of(self.models, condition);
        let mut permits = match of {
            Some(clause) => self.permits.of(self.model, &clause.apps),
            None => self.permits.all.iter().collect(),
        };
        if let What::Rule(clause) = what {
            let meets = self.surveyor.meeting(clause);
            permits.retain(|(permit, _)| meets(*permit));
        }
        let mut permits: Vec<(Relation, ClauseId, &Option<Named<'_>>)> = permits
            .into_iter()
            .map(|(permit, names)| {
                let relation = match (&named, names) {
                    (Some(named), Some(names)) => named.to(self.model, names, certain),
                    (None, _) | (_, None) => Relation::Open,
                };
                (relation, *permit, names)
            })
            .collect();
        permits.sort_unstable_by_key(|(relation, permit, _)| (*relation, *permit));
        let model = self.model;
        permits.into_iter().map(move |(relation, permit, names)| {
            // What permits does so certainly, and so certainly in what it names.
            let apart = || {
                let of_permit = &model.clauses[permit.index()].condition;
                names.as_ref().is_some_and(|names| names.excludes(model, condition))
                    || named.as_ref().is_some_and(|named| certain && named.excludes(model, of_permit))
            };
            let is_apart = relation == Relation::Open && apart();
            (permit, if is_apart { Relation::Far } else { relation })
        })
    }

    /// Those of the operations that the permit speaks of too, and in the same containers.
    pub(super) fn shared(&self, permit: ClauseId, relation: Relation, open: &Operations) -> Operations {
        let shared = self.cases.speaking(permit).and(open);
        if relation == Relation::Far { self.cases.listing(&shared) } else { shared }
    }

    /// The places for these operations of the apps that both the permit and what is asked speak of.
    pub(super) fn places_of<'q>(
        &'q self,
        permit: ClauseId,
        what: What<'q>,
        operations: &'q Operations,
    ) -> impl Iterator<Item = Place> + use<'q, 'a, 'm> {
        let apps = self.model.clauses[permit.index()].apps.iter().copied();
        let apps = apps.filter(move |app| self.of_apps(what).is_none_or(|clause| clause.apps.contains(app)));
        apps.flat_map(move |app| self.cases.within(app, operations))
    }

    /// The rule that is asked about, where it is one of certain apps.
    fn of_apps(&self, what: What<'_>) -> Option<&'m Clause> {
        match what {
            What::Rule(clause) => {
                let clause = &self.model.clauses[clause.index()];
                (clause.kind != ClauseKind::ContextUserGrant).then_some(clause)
            }
            What::There(_) | What::Stage(..) => None,
        }
    }

    /// Where the clause speaks of these operations. Grants to people know no app, so they are asked about for each.
    fn places<'q>(
        &'q self,
        clause: ClauseId,
        operations: &'q Operations,
    ) -> impl Iterator<Item = Place> + use<'q, 'a, 'm> {
        let of = &self.model.clauses[clause.index()];
        let (apps, all) = match of.kind {
            ClauseKind::ContextUserGrant => (None, self.model.apps.len() as u32),
            ClauseKind::AppUserGrant | ClauseKind::Permit | ClauseKind::Forbid | ClauseKind::Withdrawal => {
                (Some(&of.apps), 0)
            }
        };
        let apps = apps.into_iter().flat_map(|apps| apps.iter().copied()).chain((0..all).map(AppId));
        apps.flat_map(move |app| self.cases.within(app, operations))
    }

    /// Rules that can go together, found one after another: the narrowest first, of two that say the same the later.
    ///
    /// What makes a rule idle does so whatever else is removed. So it can go, unless one of its makers has gone;
    /// then it is asked again without those that have.
    fn removable(&self, dead: &BTreeMap<ClauseId, BTreeSet<Maker>>) -> BTreeSet<ClauseId> {
        let mut order: Vec<ClauseId> = dead.keys().copied().collect();
        order.sort_by_key(|id| {
            let clause = &self.model.clauses[id.index()];
            (clause.apps.len() * clause.operations.len(), std::cmp::Reverse(*id))
        });
        let mut gone = BTreeSet::new();
        for clause in order {
            let stands = dead[&clause].iter().all(|maker| match maker {
                Maker::Clause(other) => !gone.contains(other),
                Maker::Layer(_) | Maker::NoPermit | Maker::CallersWord | Maker::Exception => true,
            });
            if stands || matches!(self.rule(clause, &gone), Rule::Dead(_)) {
                gone.insert(clause);
            }
        }
        gone
    }
}
