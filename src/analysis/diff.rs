//! What one version of a policy permits and another does not: exactly, in few words, with a request that shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use num_bigint::BigUint;

use super::Progress;
use super::asking::{self, Spent};
use super::catalogs::{self, CatalogDiff};
use super::causes::{self, Cause};
use super::cells::Extra;
use super::eased::{self, Eased};
use super::forgotten::{self, Forgotten, Gone};
use super::pairs::{Pair, pairs_with};
use super::widening::{Approvals, Share};
use super::wording::{Relation, Words};
use crate::eval::{self, Decision};
use crate::parallel;
use crate::region::sets::ClassSet;
use crate::region::terms::Term;
use crate::region::{Models, Universe};
use crate::request::Request;
use crate::sema::model::{Layer, Model};

/// More cubes than this are counted, not told.
const MOST_CUBES: usize = 6;

/// What differs between two policies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyDiff {
    /// What the new one permits and the old one does not, by app.
    pub gained: Vec<Delta>,
    /// What the old one permits and the new one does not, by app.
    pub lost: Vec<Delta>,
    /// What could not be decided.
    pub undecided: Vec<Open>,
    /// Keys of the apps that only the old one knows, and of those that only the new one does.
    pub apps: [Vec<String>; 2],
    /// What differs in the platforms' operations and scopes.
    pub catalogs: CatalogDiff,
    /// What installations forget.
    pub forgotten: Vec<Forgotten>,
    /// What is easier without permitting more to any request.
    pub eased: Vec<Eased>,
}

/// Requests of one app, permitted by one policy only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// The app's key.
    pub key: String,
    /// Its name in the policy that permits.
    pub app: String,
    /// The operations, by name: one at least.
    pub operations: Vec<String>,
    /// Which requests for each of the operations, each part in the words of the policy, the largest first.
    pub cubes: Vec<String>,
    /// How many cells, over all operations, lie in none of these parts.
    pub remaining: BigUint,
    /// How many cells, over all operations; `None` where they could not be counted.
    pub cells: Option<BigUint>,
    /// A request of them.
    pub witness: Witness,
}

/// Requests in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InWords {
    /// Parts, each in the words of the policy, the largest first.
    pub cubes: Vec<String>,
    /// How many cells lie in none of these parts.
    pub remaining: BigUint,
    /// How many cells; `None` where they could not be counted.
    pub cells: Option<BigUint>,
}

impl InWords {
    /// The same for each of so many operations.
    fn times(self, many: usize) -> InWords {
        let many = BigUint::from(many);
        InWords { remaining: self.remaining * &many, cells: self.cells.map(|cells| cells * &many), ..self }
    }

    /// Whether both are told in the same words.
    pub(super) fn is_like(&self, other: &InWords) -> bool {
        self.cubes == other.cubes && self.cells.is_some() == other.cells.is_some()
    }

    /// Counts what is told in the same words.
    pub(super) fn add(&mut self, other: InWords) {
        self.remaining += other.remaining;
        if let (Some(sum), Some(more)) = (&mut self.cells, other.cells) {
            *sum += more;
        }
    }
}

/// A request that one policy permits and the other denies, as the evaluator confirms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// One that says little.
    pub request: Request,
    /// The layers of the other policy that refuse it.
    pub refused_by: Vec<Layer>,
    /// What in the two policies makes the difference, where that is known.
    pub causes: Vec<Cause>,
}

/// An app and operations about which the engines gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The app's key.
    pub key: String,
    /// The operations, by name.
    pub operations: Vec<String>,
    /// What was spent in vain.
    pub spent: Spent,
}

impl PolicyDiff {
    /// Whether a ratchet has another name, so that installations forget how far they were turned.
    pub fn forgets(&self) -> bool {
        self.forgotten.iter().any(|gone| match gone.what {
            Gone::Ratchet { .. } => true,
            Gone::Stage { .. } => false,
        })
    }

    /// Whether the new policy permits, or may permit, anything that the old one does not.
    pub fn widens(&self) -> bool {
        !self.gained.is_empty() || !self.undecided.is_empty()
    }
}

/// Compares two policies, the old one first. Apps are the same if they have the same key, operations if they have
/// the same name; names of rules, and where they stand, are no matter.
///
/// `today` is the second that approvals are held against; without it no approvals are looked at.
pub fn compare(
    models: [&Model; 2],
    today: Option<i64>,
    progress: Progress<'_>,
) -> (PolicyDiff, Option<Approvals>) {
    let catalogs = catalogs::compare(models[0], models[1]);
    let eased = eased::eased(models, &catalogs);
    let mut approvals = today.map(|today| Approvals::new(models, &catalogs, &eased, today));
    let extras: Vec<Extra<'_>> = approvals
        .iter()
        .flat_map(|a| a.growths(models[1]))
        .map(|g| Extra { operations: &g.operations, condition: &g.condition })
        .collect();
    let work = pairs_with(models, [&[], &extras]);
    let both = Models::new(&models);
    let words = Words::new(models);
    let done = AtomicUsize::new(0);
    let looked: Vec<Looked> = parallel::map(&work, &|pair| {
        let looked = look(models, &both, &words, approvals.as_ref(), pair);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, work.len());
        looked
    });
    let forgotten = forgotten::forgotten(models);
    let mut diff = PolicyDiff { catalogs, forgotten, eased, ..PolicyDiff::default() };
    for side in [0, 1] {
        let others: BTreeSet<&str> = models[1 - side].apps.iter().map(|app| app.key.as_str()).collect();
        let only = models[side].apps.iter().map(|app| app.key.as_str()).filter(|key| !others.contains(key));
        diff.apps[side] = only.map(str::to_owned).collect();
        diff.apps[side].sort();
    }
    let [mut lost, mut gained] = [Vec::new(), Vec::new()];
    for (pair, looked) in work.iter().zip(looked) {
        for (side, found) in looked.only.into_iter().enumerate() {
            let into = if side == 0 { &mut lost } else { &mut gained };
            match found {
                Ok(None) => {}
                Ok(Some(found)) => into.push(delta(models[side], side, pair, found)),
                Err(spent) => {
                    let operations = pair.operations.iter().map(|(name, _)| name.clone()).collect();
                    diff.undecided.push(Open { key: pair.key.clone(), operations, spent });
                }
            }
        }
        if let Some(approvals) = &mut approvals {
            approvals.add(pair, looked.share);
        }
    }
    (diff.gained, diff.lost) = (joined(gained), joined(lost));
    if let Some(approvals) = &mut approvals {
        approvals.judge(models, &both, &work);
    }
    (diff, approvals)
}

/// What one pair of app and operations says.
struct Looked {
    /// By the side that permits.
    only: [Result<Option<Found>, Spent>; 2],
    share: Share,
}

struct Found {
    cubes: Vec<String>,
    remaining: BigUint,
    cells: Option<BigUint>,
    witness: Witness,
}

fn look(
    models: [&Model; 2],
    both: &Models<'_>,
    words: &Words<'_>,
    approvals: Option<&Approvals>,
    pair: &Pair,
) -> Looked {
    let sides = pair.sides();
    let nothing = Looked { only: [Ok(None), Ok(None)], share: Share::default() };
    if sides == [None, None] {
        return nothing;
    }
    let conditions = approvals.map(|a| a.conditions(models[1], pair)).unwrap_or_default();
    let mut universe = both.universe(&sides, &conditions);
    let permitted = [universe.permitted(0), universe.permitted(1)];
    if permitted[0] == permitted[1] {
        return nothing;
    }
    let only = [0, 1].map(|side| {
        let term = universe.terms().and(&[permitted[side], permitted[1 - side].not()]);
        found(models, side, &mut universe, words, pair, term)
    });
    let share = match (approvals, &only[1]) {
        (Some(approvals), Ok(Some(_))) => {
            let gained = universe.terms().and(&[permitted[1], permitted[0].not()]);
            let mut share = approvals.share(models, &mut universe, pair, gained);
            for (block, term) in std::mem::take(&mut share.covered) {
                let told = in_words(&mut universe, words, term).times(pair.operations.len());
                share.grown.push((block, told));
            }
            share
        }
        (Some(_) | None, _) => Share::default(),
    };
    Looked { only, share }
}

fn found(
    models: [&Model; 2],
    side: usize,
    universe: &mut Universe<'_>,
    words: &Words<'_>,
    pair: &Pair,
    term: Term,
) -> Result<Option<Found>, Spent> {
    if term == Term::FALSE {
        return Ok(None);
    }
    let Some((assignment, _)) = asking::lightest(universe, term)? else { return Ok(None) };
    let request = universe.request(&assignment);
    let answers = models.map(|model| eval::evaluate(model, &request));
    let confirmed = answers[side].effect == Decision::Permit && answers[1 - side].effect == Decision::Deny;
    debug_assert!(confirmed, "the evaluator does not confirm {request:?}");
    if !confirmed {
        return Err(asking::unconfirmed());
    }
    let refusals = &answers[1 - side].refusals;
    let witness = Witness {
        refused_by: refusals.iter().map(|refusal| refusal.layer).collect(),
        causes: causes::of(models, side, universe, pair, &assignment, &request, refusals),
        request,
    };
    let InWords { cubes, remaining, cells } = in_words(universe, words, term);
    Ok(Some(Found { cubes, remaining, cells, witness }))
}

fn in_words(universe: &mut Universe<'_>, words: &Words<'_>, term: Term) -> InWords {
    let alike = universe.alike();
    let (terms, engines) = universe.engines();
    let counted = engines.region_of(terms, term).and_then(|(region, diagrams)| {
        let cells = diagrams.count(region);
        diagrams.cubes_told(region, MOST_CUBES, &|sets| alike.sets(sets)).map(|cover| (cells, cover))
    });
    let Ok((cells, cover)) = counted else {
        // Too large to be told in few words; a witness must do.
        return InWords::default();
    };
    let sizes = universe.terms().sizes().to_vec();
    let told = |cube: &crate::region::cover::Cube| {
        let mut sets: Vec<ClassSet> = sizes.iter().map(|size| ClassSet::full(*size)).collect();
        for (variable, set) in &cube.sets {
            sets[variable.index()] = set.clone();
        }
        let relation = alike.pivot(&cube.sets).zip(cube.alike.last_chunk());
        let relation = relation.and_then(|(pivot, [like, others])| Relation::new(pivot, *like, *others));
        words.cube(universe, &sets, relation.as_ref())
    };
    let cubes = cover.cubes.iter().map(told).collect();
    InWords { cubes, remaining: cover.remaining, cells: Some(cells) }
}

fn delta(model: &Model, side: usize, pair: &Pair, found: Found) -> Delta {
    let app = pair.apps[side].map_or(String::new(), |app| model.apps[app.index()].name.clone());
    let operations: Vec<String> = pair.operations.iter().map(|(name, _)| name.clone()).collect();
    let many = BigUint::from(operations.len());
    Delta {
        key: pair.key.clone(),
        app,
        cubes: found.cubes,
        remaining: found.remaining * &many,
        cells: found.cells.map(|cells| cells * &many),
        witness: found.witness,
        operations,
    }
}

/// Those of one app that are told in the same words, and have the same causes, as one.
fn joined(deltas: Vec<Delta>) -> Vec<Delta> {
    type Key = (String, Vec<String>, bool, Vec<Cause>);
    let mut order: Vec<Key> = Vec::new();
    let mut known: BTreeMap<usize, Delta> = BTreeMap::new();
    for delta in deltas {
        let causes = delta.witness.causes.clone();
        let key = (delta.key.clone(), delta.cubes.clone(), delta.cells.is_some(), causes);
        match order.iter().position(|other| *other == key).and_then(|at| known.get_mut(&at)) {
            Some(first) => {
                first.operations.extend(delta.operations);
                first.operations.sort();
                first.remaining += delta.remaining;
                if let (Some(sum), Some(more)) = (&mut first.cells, delta.cells) {
                    *sum += more;
                }
            }
            None => {
                known.insert(order.len(), delta);
                order.push(key);
            }
        }
    }
    known.into_values().collect()
}
