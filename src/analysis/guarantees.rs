//! Guarantees: each claim proved over all requests, refuted by the smallest one, or not decided.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Progress;
use super::asking::{self, Spent};
use super::cells::{Cell, Cells, Extra};
use crate::eval::{self, Answer};
use crate::parallel;
use crate::region::terms::Term;
use crate::region::{Counting, Models, Reach, Surveyor, Universe, Variation, reads};
use crate::request::Request;
use crate::sema::model::{AppId, Claim, ClauseId, ClauseKind, Condition, Layer, Model, OperationId};

/// What came of one claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Index into [`Model::guarantees`].
    pub guarantee: usize,
    /// Index into its claims.
    pub claim: usize,
    /// Whether it holds.
    pub verdict: Verdict,
}

/// Whether a claim holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Of all requests.
    Holds,
    /// Not of this one.
    Refuted(Box<Refutation>),
    /// The engines gave up on these, and no other refutes it; never empty.
    Undecided(Vec<Open>),
}

/// A request that breaks a claim, which the evaluator has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refutation {
    /// The lightest that the engines found in the places compared; of equals the one of the first.
    pub request: Request,
    /// What the evaluator answers.
    pub answer: Answer,
    /// For how many pairs of app and operation there is one.
    pub places: usize,
    /// In how many of them, from the first, no other is lighter.
    pub compared: usize,
}

/// A pair of app and operation for which a question is not decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The app.
    pub app: AppId,
    /// The operation; others may be decided alike.
    pub operation: OperationId,
    /// What was spent in vain.
    pub spent: Spent,
}

/// In no more cells than this the lightest request that breaks a claim is looked for.
const CLOSELY: usize = 16;

/// Proves or refutes all claims of all guarantees, in their order.
pub fn prove(model: &Model, progress: Progress<'_>) -> Vec<Proof> {
    let claims: Vec<Asked<'_>> = asked(model).collect();
    let models = Models::new(&[model]);
    let surveyor = Surveyor::new(&models);
    // Permissions only grow with permits, but shrink with refusals: what is always permitted is asked of all of them.
    let (always, never): (Vec<usize>, Vec<usize>) =
        (0..claims.len()).partition(|number| claims[*number].claim.always);
    let mut verdicts: Vec<Verdict> = claims.iter().map(|_| Verdict::Holds).collect();
    let apps = |of: &[usize]| of.iter().map(|number| claims[*number].claim.apps.len()).sum::<usize>();
    let (first, of) = (apps(&never), apps(&never) + apps(&always));
    let mut before = 0;
    for number in never {
        let claim = claims[number].claim;
        verdicts[number] = never_permitted(&surveyor, model, claim, &|done, _| progress(before + done, of));
        before += claim.apps.len();
    }
    let subset: Vec<Asked<'_>> = always.iter().map(|number| claims[*number]).collect();
    let work = work(model, &surveyor, &subset);
    let step = |done: usize, all: usize| progress(first + (of - first) * done / all.max(1), of);
    let found = in_parallel(&work, &step, &|work| in_cell(model, &models, &subset, &work.cell));
    let mut weights = vec![u64::MAX; subset.len()];
    for (work, found) in work.iter().zip(found) {
        for (at, outcome) in found {
            merge(&mut verdicts[always[at]], &mut weights[at], work.places, outcome);
        }
    }
    let proof = |(asked, verdict): (&Asked<'_>, Verdict)| Proof {
        guarantee: asked.guarantee,
        claim: asked.number,
        verdict,
    };
    claims.iter().zip(verdicts).map(proof).collect()
}

/// Whether the claim that this is never permitted holds.
fn never_permitted(surveyor: &Surveyor<'_>, model: &Model, claim: &Claim, progress: Progress<'_>) -> Verdict {
    let apps: Vec<AppId> = claim.apps.iter().copied().collect();
    let (mut places, mut closely, mut open) = (0, Vec::new(), Vec::new());
    let mut see = |app: AppId, operations: &[OperationId], reach: Reach| match reach {
        Reach::Never => {}
        Reach::Somewhere(_) => {
            places += operations.len();
            if closely.len() < CLOSELY {
                closely.push(Cell { app, operations: operations.to_vec() });
            }
        }
        Reach::Undecided(spent) => {
            open.push(Open { app, operation: operations[0], spent });
        }
    };
    let when = (&claim.condition, SPOKEN_OF);
    surveyor.look_for(when, &apps, &claim.operations, progress, &mut see);
    let alone = [Asked { guarantee: 0, number: 0, claim }];
    let found = parallel::map(&closely, &|cell| in_cell(model, surveyor.models(), &alone, cell));
    let (mut verdict, mut weight) = (Verdict::Holds, u64::MAX);
    for (cell, found) in closely.iter().zip(found) {
        // What was found there before was no fault of the engines only if it is found again.
        let lost = || vec![(0, Outcome::Open(self::open(cell, asking::unconfirmed())))];
        for (_, outcome) in if found.is_empty() { lost() } else { found } {
            merge(&mut verdict, &mut weight, 0, outcome);
        }
    }
    match &mut verdict {
        Verdict::Refuted(refutation) => {
            refutation.places = places;
            refutation.compared = closely.iter().map(|cell| cell.operations.len()).sum();
        }
        Verdict::Undecided(known) => known.extend(open),
        Verdict::Holds if !open.is_empty() => return Verdict::Undecided(open),
        Verdict::Holds => {}
    }
    verdict
}

/// What a claim that something is never permitted speaks of: all that its condition may hold of.
const SPOKEN_OF: Counting = Counting { unknown: true, listed: false };

/// A claim and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'m> {
    pub(super) guarantee: usize,
    pub(super) number: usize,
    pub(super) claim: &'m Claim,
}

/// All claims, in order.
pub(super) fn asked(model: &Model) -> impl Iterator<Item = Asked<'_>> {
    model.guarantees.iter().enumerate().flat_map(|(guarantee, of)| {
        of.claims.iter().enumerate().map(move |(number, claim)| Asked { guarantee, number, claim })
    })
}

/// What the claims ask besides the clauses.
pub(super) fn extra<'m>(claims: &[Asked<'m>]) -> Vec<Extra<'m>> {
    let of =
        |asked: &Asked<'m>| Extra { operations: &asked.claim.operations, condition: &asked.claim.condition };
    claims.iter().map(of).collect()
}

/// The items mapped, in order, and shown as they are done.
pub(super) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    progress: Progress<'_>,
    map: &(impl Fn(&T) -> R + Sync),
) -> Vec<R> {
    let done = AtomicUsize::new(0);
    parallel::map(items, &|item| {
        let result = map(item);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, items.len());
        result
    })
}

/// A cell, for itself and for all that are decided alike and that the same claims speak of.
pub(super) struct Work {
    /// The first of them.
    pub(super) cell: Cell,
    /// Pairs of app and operation in all of them.
    pub(super) places: usize,
}

/// What some claim speaks of, by the first app and operation, where what decides is not alike.
pub(super) fn work(model: &Model, surveyor: &Surveyor<'_>, claims: &[Asked<'_>]) -> Vec<Work> {
    work_by(model, claims, &|app| {
        let of_app = surveyor.of(app);
        move |operation: OperationId| of_app.alike(operation)
    })
}

/// The same, where `alike` tells for an app and then for an operation what decides.
pub(super) fn work_by<K: Eq + Hash + Send, F: Fn(OperationId) -> K>(
    model: &Model,
    claims: &[Asked<'_>],
    alike: &(impl Fn(AppId) -> F + Sync),
) -> Vec<Work> {
    let extra = extra(claims);
    let cells = Cells::new(model, &extra);
    let reads: Vec<[bool; 2]> = claims.iter().map(|asked| reads(model, &asked.claim.condition)).collect();
    let apps: BTreeSet<AppId> = claims.iter().flat_map(|asked| asked.claim.apps.iter().copied()).collect();
    let apps: Vec<AppId> = apps.into_iter().collect();
    let of_apps = parallel::map(&apps, &|app: &AppId| {
        let alike = alike(*app);
        let about = |asked: &&Asked<'_>| asked.claim.apps.contains(app);
        let operations: BTreeSet<OperationId> =
            claims.iter().filter(about).flat_map(|asked| asked.claim.operations.iter().copied()).collect();
        let cells = cells.of(*app, operations).into_iter().map(|cell| {
            let here: Vec<usize> = speaking(claims, &cell).map(|(number, _)| number).collect();
            let own = |which: usize| here.iter().any(|number| reads[*number][which]);
            let same = (own(0).then_some(*app), own(1).then(|| cell.operation()));
            ((alike(cell.operation()), here, same), cell)
        });
        cells.collect::<Vec<_>>()
    });
    let mut known: HashMap<_, usize> = HashMap::new();
    let mut work: Vec<Work> = Vec::new();
    for (key, cell) in of_apps.into_iter().flatten() {
        let places = cell.operations.len();
        match known.entry(key) {
            Entry::Occupied(at) => work[*at.get()].places += places,
            Entry::Vacant(new) => {
                new.insert(work.len());
                work.push(Work { cell, places });
            }
        }
    }
    work
}

/// The claims that speak of a cell, by position.
fn speaking<'c, 'm>(
    claims: &'c [Asked<'m>],
    cell: &Cell,
) -> impl Iterator<Item = (usize, &'m Claim)> + use<'c, 'm> {
    let (app, operation) = (cell.app, cell.operation());
    let all = claims.iter().enumerate().map(|(number, asked)| (number, asked.claim));
    all.filter(move |(_, claim)| claim.apps.contains(&app) && claim.operations.contains(&operation))
}

/// What one cell says of one claim, if it does not hold there.
#[expect(clippy::large_enum_variant, reason = "it is made once for a question about all requests")]
enum Outcome {
    /// The lightest request that breaks it, as far as the engines know, and what it weighs.
    Broken(Request, Answer, u64),
    /// Not decided.
    Open(Open),
}

/// The claims, by position, that do not hold in the cell.
fn in_cell(model: &Model, models: &Models<'_>, claims: &[Asked<'_>], cell: &Cell) -> Vec<(usize, Outcome)> {
    let here: Vec<(usize, &Claim)> = speaking(claims, cell).collect();
    let conditions: Vec<_> = here.iter().map(|(_, claim)| (0, &claim.condition)).collect();
    let mut found = Vec::new();
    let left = relaxed(model, models, cell, &conditions, here, &mut found);
    if left.is_empty() {
        return found;
    }
    let mut universe = models.universe(&[Some((cell.app, cell.operation()))], &conditions);
    let permitted = universe.permitted(0);
    for (number, claim) in left {
        let broken = broken(&mut universe, permitted, claim);
        let outcome = match asking::lightest(&mut universe, broken) {
            Ok(None) => continue,
            Ok(Some((assignment, weight))) => {
                confirmed(model, claim, cell, universe.request(&assignment), weight)
            }
            Err(spent) => Outcome::Open(open(cell, spent)),
        };
        found.push((number, outcome));
    }
    found
}

/// Settles what it can without looking at the assignments to people, and gives back the other claims.
///
/// As if all people had all roles, more is permitted. What is not broken then is not broken at all; and the lightest
/// request that breaks a claim then is the lightest of all, if it does so as things are.
fn relaxed<'c>(
    model: &Model,
    models: &Models<'_>,
    cell: &Cell,
    conditions: &[(usize, &Condition)],
    here: Vec<(usize, &'c Claim)>,
    found: &mut Vec<(usize, Outcome)>,
) -> Vec<(usize, &'c Claim)> {
    let is_grant = |clause: &ClauseId| model.clauses[clause.index()].kind == ClauseKind::ContextUserGrant;
    let clauses = models.of(0).clauses(cell.app, cell.operation());
    if !clauses.iter().any(is_grant) {
        return here;
    }
    let mut universe = models.part(cell.app, cell.operation(), conditions, &|clause| !is_grant(&clause));
    let (none, assume) = (BTreeSet::new(), BTreeSet::from([Layer::ContextUser]));
    let more =
        universe.varied(0, &Variation { without: &none, requested: None, assume: &assume, granted: &[] });
    let mut left = Vec::new();
    for (number, claim) in here {
        if claim.always {
            left.push((number, claim));
            continue;
        }
        let broken = broken(&mut universe, more, claim);
        match asking::lightest(&mut universe, broken) {
            Ok(None) => {}
            Ok(Some((assignment, weight))) => {
                let request = universe.request(&assignment);
                if eval::breaks(model, claim, &request) {
                    found.push((number, confirmed(model, claim, cell, request, weight)));
                } else {
                    left.push((number, claim));
                }
            }
            Err(_) => left.push((number, claim)),
        }
    }
    left
}

/// The requests of the universe that break the claim.
fn broken(universe: &mut Universe<'_>, permitted: Term, claim: &Claim) -> Term {
    let wrong = if claim.always { permitted.not() } else { permitted };
    if wrong == Term::FALSE {
        return Term::FALSE;
    }
    let counting = Counting { unknown: !claim.always, listed: false };
    let spoken_of = universe.condition(0, &claim.condition, counting);
    universe.terms().and(&[wrong, spoken_of])
}

/// What the evaluator does not confirm is reported as not decided, and never as a refutation.
fn confirmed(model: &Model, claim: &Claim, cell: &Cell, request: Request, weight: u64) -> Outcome {
    let confirmed = eval::breaks(model, claim, &request);
    debug_assert!(confirmed, "the evaluator does not confirm {request:?}");
    if confirmed {
        let answer = eval::evaluate(model, &request);
        return Outcome::Broken(request, answer, weight);
    }
    Outcome::Open(open(cell, asking::unconfirmed()))
}

fn open(cell: &Cell, spent: Spent) -> Open {
    Open { app: cell.app, operation: cell.operation(), spent }
}

fn merge(verdict: &mut Verdict, lightest: &mut u64, places: usize, outcome: Outcome) {
    match (&mut *verdict, outcome) {
        (Verdict::Refuted(known), Outcome::Broken(request, answer, weight)) => {
            known.places += places;
            known.compared += places;
            if weight < *lightest {
                *lightest = weight;
                (known.request, known.answer) = (request, answer);
            }
        }
        (Verdict::Holds | Verdict::Undecided(_), Outcome::Broken(request, answer, weight)) => {
            *lightest = weight;
            *verdict = Verdict::Refuted(Box::new(Refutation { request, answer, places, compared: places }));
        }
        (Verdict::Refuted(_), Outcome::Open(_)) => {}
        (Verdict::Undecided(open), Outcome::Open(more)) => open.push(more),
        (Verdict::Holds, Outcome::Open(open)) => *verdict = Verdict::Undecided(vec![open]),
    }
}
