//! How two packages relate: whether one permits exactly, at most, or nothing of what the other permits.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Progress;
use super::asking::{self, Spent};
use super::pairs::{Pair, pairs};
use crate::eval::{self, Decision};
use crate::parallel;
use crate::region::Models;
use crate::region::terms::Term;
use crate::request::Request;
use crate::sema::model::Model;

/// What is claimed of two packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Each permits exactly what the other does.
    Equal,
    /// Everything that the first permits, the second permits.
    Implies,
    /// Nothing is permitted by both.
    Disjoint,
}

impl Relation {
    /// The word on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Relation::Equal => "equal",
            Relation::Implies => "implies",
            Relation::Disjoint => "disjoint",
        }
    }

    /// Whether what the two answer to one request speaks against it.
    fn broken_by(self, permits: [bool; 2]) -> bool {
        match self {
            Relation::Equal => permits[0] != permits[1],
            Relation::Implies => permits[0] && !permits[1],
            Relation::Disjoint => permits[0] && permits[1],
        }
    }
}

/// What came out for one app of either package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The app's key.
    pub key: String,
    /// Whether the relation holds of it.
    pub verdict: Verdict,
}

/// Whether the relation holds of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Of all its requests.
    Holds,
    /// Not of this one.
    Fails(Box<Witness>),
    /// The engines gave up on these operations, and no other speaks against it; never empty. Each with the name of
    /// the operation.
    Undecided(Vec<(String, Spent)>),
}

/// A request that speaks against the relation, which the evaluator has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The lightest that the engines found.
    pub request: Request,
    /// What each package answers.
    pub permits: [bool; 2],
    /// For how many operations there is one.
    pub operations: usize,
}

/// Compares two packages app by app, by key. Operations are the same if they have the same name; what is not known
/// to a package it does not permit.
pub fn compare(models: [&Model; 2], relation: Relation, progress: Progress<'_>) -> Vec<Compared> {
    let work = pairs(models);
    let both = Models::new(&models);
    let done = AtomicUsize::new(0);
    let found = parallel::map(&work, &|pair| {
        let found = in_pair(models, &both, relation, pair);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, work.len());
        found
    });
    let mut compared: Vec<Compared> = Vec::new();
    let mut lightest = u64::MAX;
    for (pair, found) in work.iter().zip(found) {
        if compared.last().is_none_or(|last| last.key != pair.key) {
            compared.push(Compared { key: pair.key.clone(), verdict: Verdict::Holds });
            lightest = u64::MAX;
        }
        if let (Some(of), Some(found)) = (compared.last_mut(), found) {
            merge(&mut of.verdict, &mut lightest, pair, found);
        }
    }
    compared
}

/// What a pair says against the relation.
#[expect(clippy::large_enum_variant, reason = "it is made once for a question about all requests")]
enum Found {
    Against { request: Request, permits: [bool; 2], weight: u64 },
    Undecided(Spent),
}

fn in_pair(models: [&Model; 2], both: &Models<'_>, relation: Relation, pair: &Pair) -> Option<Found> {
    let sides = pair.sides();
    let needed = match relation {
        Relation::Equal => sides[0].is_some() || sides[1].is_some(),
        Relation::Implies => sides[0].is_some(),
        Relation::Disjoint => sides[0].is_some() && sides[1].is_some(),
    };
    if !needed {
        return None;
    }
    let mut universe = both.universe(&sides, &[]);
    let (first, second) = (universe.permitted(0), universe.permitted(1));
    let against = match relation {
        Relation::Equal => universe.terms().choose(first, second.not(), second),
        Relation::Implies => universe.terms().and(&[first, second.not()]),
        Relation::Disjoint => universe.terms().and(&[first, second]),
    };
    if against == Term::FALSE {
        return None;
    }
    match asking::lightest(&mut universe, against) {
        Ok(None) => None,
        Ok(Some((assignment, weight))) => {
            let request = universe.request(&assignment);
            let permits = models.map(|model| eval::evaluate(model, &request).effect == Decision::Permit);
            let confirmed = relation.broken_by(permits);
            debug_assert!(confirmed, "the evaluator does not confirm {request:?}");
            Some(match confirmed {
                true => Found::Against { request, permits, weight },
                false => Found::Undecided(asking::unconfirmed()),
            })
        }
        Err(spent) => Some(Found::Undecided(spent)),
    }
}

fn merge(verdict: &mut Verdict, lightest: &mut u64, pair: &Pair, found: Found) {
    let operations = pair.operations.len();
    match (&mut *verdict, found) {
        (Verdict::Fails(known), Found::Against { request, permits, weight }) => {
            known.operations += operations;
            if weight < *lightest {
                *lightest = weight;
                (known.request, known.permits) = (request, permits);
            }
        }
        (Verdict::Holds | Verdict::Undecided(_), Found::Against { request, permits, weight }) => {
            *lightest = weight;
            *verdict = Verdict::Fails(Box::new(Witness { request, permits, operations }));
        }
        (Verdict::Fails(_), Found::Undecided(_)) => {}
        (Verdict::Undecided(known), Found::Undecided(more)) => {
            known.push((pair.operations[0].0.clone(), more));
        }
        (Verdict::Holds, Found::Undecided(first)) => {
            *verdict = Verdict::Undecided(vec![(pair.operations[0].0.clone(), first)]);
        }
    }
}
