//! The exact smallest grant of scopes for what is needed, with a proof that none is smaller.
//!
//! Branch and bound over the alternatives of the needed operations. The bound is a packing: what every grant
//! opens beyond need is charged to the needed operations, each thing at most once, and an operation counts with
//! the charge of its cheapest alternative. The tree of cases and charges is the certificate; [`check`] reads it
//! against the problem alone.

mod bits;
pub mod check;
mod greedy;
mod packing;
pub mod problem;
mod reduced;
mod search;

use std::collections::BTreeSet;

pub use check::{Case, Certificate, Charge, Proof, Thing};
pub use problem::{Cost, OperationEntry, Problem, ScopeEntry, Unanswerable};

use reduced::Reduced;

/// How much work a question may cost: about this many looks at "does this alternative open that?".
///
/// Counted, not timed, so that the same question has the same answer on every machine.
#[derive(Debug, Clone, Copy)]
pub struct Budget(pub u64);

impl Default for Budget {
    /// About a second or two.
    fn default() -> Budget {
        Budget(400_000_000)
    }
}

/// A grant and what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Everything held, what is implied too.
    pub held: BTreeSet<u32>,
    /// What that costs.
    pub cost: Cost,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Smallest {
    /// The smallest grant found.
    pub grant: Grant,
    /// No grant costs less than this: equal to the grant's cost where that is proved to be the smallest.
    pub bound: Cost,
    /// What shows the bound.
    pub certificate: Certificate,
    /// Greedy: again and again the alternative with which most needed operations become callable.
    pub plain_greedy: Grant,
    /// Greedy: again and again the alternative that costs least for each operation that becomes callable.
    pub weighted_greedy: Grant,
}

impl Smallest {
    /// Whether no grant costs less.
    pub fn proved(&self) -> bool {
        self.bound >= self.grant.cost
    }
}

/// Finds the smallest grant with which every needed operation can be called.
///
/// The bound is what [`check::bound`] reads from the certificate.
///
/// # Errors
///
/// A needed operation that no scope opens, or costs that do not fit the arithmetic.
pub fn smallest(problem: &Problem, budget: Budget) -> Result<Smallest, Unanswerable> {
    let weights = problem.weights()?;
    let reduced = Reduced::of(problem, &weights)?;
    let grant = |held: &bits::Bits| {
        let held: BTreeSet<u32> = held.ones().map(|local| reduced.scopes[local]).collect();
        Grant { cost: problem.cost(&held), held }
    };
    let (plain, weighted) = (greedy::plain(&reduced), greedy::weighted(&reduced));
    let found = search::run(&reduced, [&plain, &weighted], budget);
    let certificate = Certificate { bundles: reduced.members(), proof: found.proof };
    // The search makes only sound certificates; one that is not would show as a bound of zero: not proved.
    let bound = check::bound(problem, &certificate).unwrap_or_else(|_| Cost::nothing(problem.grades));
    Ok(Smallest {
        grant: grant(&found.held),
        bound,
        certificate,
        plain_greedy: grant(&plain),
        weighted_greedy: grant(&weighted),
    })
}
