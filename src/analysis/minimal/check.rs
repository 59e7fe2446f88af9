//! What a certificate proves, read against the problem alone: shares no code with the search.

use std::collections::{BTreeMap, BTreeSet};

use super::problem::{Cost, Problem};

/// Why no grant costs less than the bound.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Disjoint: what is charged together.
    pub bundles: Vec<Vec<Thing>>,
    /// Cases and charges.
    pub proof: Proof,
}

/// What costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// An operation that is callable but not needed.
    Operation(u32),
    /// A scope that is held.
    Scope(u32),
}

/// A bound for all grants that hold what was split upon so far, and nothing that an earlier case held.
#[derive(Debug, Clone)]
pub enum Proof {
    /// The operation is needed, so every grant holds one of its alternatives, and with it that of a case.
    Split {
        /// A needed operation.
        operation: u32,
        /// For each of its alternatives there is a case that holds no more.
        cases: Vec<Case>,
    },
    /// For each needed operation, every grant opens what one of its alternatives opens. A bundle that opens
    /// pays what it costs, so all that is charged to it together is at most that.
    Charges(Vec<Charge>),
}

/// Grants that hold this alternative of the operation split upon.
#[derive(Debug, Clone)]
pub struct Case {
    /// Number of the alternative in the requirement.
    pub alternative: usize,
    /// What they cost at least.
    pub proof: Proof,
}

/// What a needed operation takes from a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The needed operation.
    pub operation: u32,
    /// Index of the bundle.
    pub bundle: u32,
    /// In units of the last grade.
    pub amount: u128,
}

/// Why a certificate proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It names an operation, a scope, an alternative or a bundle that there is not, or one twice.
    Unknown,
    /// A case is missing: the operation, and the alternative without one.
    CaseMissing(u32, usize),
    /// More is charged to the bundle than it costs.
    Overcharged(u32),
    /// Sums do not fit.
    TooLarge,
}

/// What every grant costs at least.
///
/// # Errors
///
/// Where the certificate is not sound.
pub fn bound(problem: &Problem, certificate: &Certificate) -> Result<Cost, Flaw> {
    let weights = problem.weights().map_err(|_| Flaw::TooLarge)?;
    let mut seen = BTreeSet::new();
    let mut worths = Vec::new();
    for bundle in &certificate.bundles {
        let mut worth = 0;
        for thing in bundle {
            let grade = match thing {
                Thing::Operation(o) if problem.needed.contains(o) => return Err(Flaw::Unknown),
                Thing::Operation(o) => problem.operations.get(*o as usize).and_then(|o| o.grade),
                Thing::Scope(s) => problem.scopes.get(*s as usize).map(|s| s.grade),
            };
            if !seen.insert(*thing) {
                return Err(Flaw::Unknown);
            }
            worth += weights[grade.ok_or(Flaw::Unknown)?];
        }
        worths.push(worth);
    }
    let reader = Reader { problem, bundles: &certificate.bundles, worths, weights };
    let sum = reader.read(&certificate.proof, &BTreeSet::new(), &mut Vec::new())?;
    // No grant at all, then no bound either: only a problem without answer has that.
    Ok(problem.units(sum.unwrap_or(0), &reader.weights))
}

struct Reader<'a> {
    problem: &'a Problem,
    bundles: &'a [Vec<Thing>],
    worths: Vec<u128>,
    weights: Vec<u128>,
}

impl Reader<'_> {
    /// The bound for grants that hold `held` and contain none of `excluded`; `None` if there is no such grant.
    fn read(
        &self,
        proof: &Proof,
        held: &BTreeSet<u32>,
        excluded: &mut Vec<BTreeSet<u32>>,
    ) -> Result<Option<u128>, Flaw> {
        match proof {
            Proof::Charges(charges) => self.charges(charges, held, excluded),
            Proof::Split { operation, cases } => {
                if !self.problem.needed.contains(operation) {
                    return Err(Flaw::Unknown);
                }
                let before = excluded.len();
                let mut least: Option<u128> = None;
                let mut covered = Vec::new();
                for case in cases {
                    let with = self.with(held, *operation, case.alternative).ok_or(Flaw::Unknown)?;
                    let bound = self.read(&case.proof, &with, excluded)?;
                    least = [least, bound].into_iter().flatten().min();
                    excluded.push(with.clone());
                    covered.push(with);
                }
                excluded.truncate(before);
                let alternatives = self.problem.operations[*operation as usize].requirement.len();
                for alternative in 0..alternatives {
                    let with = self.with(held, *operation, alternative).ok_or(Flaw::Unknown)?;
                    if !covered.iter().any(|case| case.is_subset(&with)) && !impossible(&with, excluded) {
                        return Err(Flaw::CaseMissing(*operation, alternative));
                    }
                }
                Ok(least)
            }
        }
    }

    fn charges(
        &self,
        charges: &[Charge],
        held: &BTreeSet<u32>,
        excluded: &[BTreeSet<u32>],
    ) -> Result<Option<u128>, Flaw> {
        let mut charged = vec![0u128; self.bundles.len()];
        for charge in charges {
            let sum = charged.get_mut(charge.bundle as usize).ok_or(Flaw::Unknown)?;
            *sum = sum.checked_add(charge.amount).ok_or(Flaw::TooLarge)?;
            // What is open already is paid already.
            if *sum > self.worths[charge.bundle as usize] || self.opens(held, charge.bundle) {
                return Err(Flaw::Overcharged(charge.bundle));
            }
        }
        let mut by_operation: BTreeMap<u32, Vec<&Charge>> = BTreeMap::new();
        for charge in charges {
            by_operation.entry(charge.operation).or_default().push(charge);
        }
        let mut bound = self.paid(held);
        for operation in &self.problem.needed {
            let own = by_operation.get(operation).map_or(&[][..], Vec::as_slice);
            let mut least = None;
            for alternative in 0..self.problem.operations[*operation as usize].requirement.len() {
                let with = self.with(held, *operation, alternative).ok_or(Flaw::Unknown)?;
                if !impossible(&with, excluded) {
                    let opened = own.iter().filter(|charge| self.opens(&with, charge.bundle));
                    let taken = opened.map(|charge| charge.amount).sum::<u128>();
                    least = Some(least.map_or(taken, |least: u128| least.min(taken)));
                }
                // No other alternative pays less than nothing.
                if least == Some(0) {
                    break;
                }
            }
            match least {
                Some(least) => bound += least,
                None => return Ok(None),
            }
        }
        Ok(Some(bound))
    }

    /// Everything held with one more alternative; `None` if there is no such alternative.
    fn with(&self, held: &BTreeSet<u32>, operation: u32, alternative: usize) -> Option<BTreeSet<u32>> {
        let scopes = self.problem.operations[operation as usize].requirement.get(alternative)?;
        let mut with = held.clone();
        with.extend(self.problem.closure(scopes.iter().copied()));
        Some(with)
    }

    /// Whether all of the bundle is open.
    fn opens(&self, held: &BTreeSet<u32>, bundle: u32) -> bool {
        self.bundles[bundle as usize].iter().all(|thing| match thing {
            Thing::Operation(operation) => self.problem.callable(*operation, |scope| held.contains(&scope)),
            Thing::Scope(scope) => held.contains(scope),
        })
    }

    fn paid(&self, held: &BTreeSet<u32>) -> u128 {
        let cost = self.problem.cost(held);
        cost.0.iter().zip(&self.weights).map(|(units, weight)| u128::from(*units) * weight).sum()
    }
}

/// Whether such a grant belongs to an earlier case.
fn impossible(held: &BTreeSet<u32>, excluded: &[BTreeSet<u32>]) -> bool {
    excluded.iter().any(|case| case.is_subset(held))
}
