//! Regions: sets of requests, exactly. Decision diagrams first, a SAT solver where they grow too large.
//!
//! The engines know nothing of policies: `terms` are formulas over variables with finitely many classes,
//! `diagram` and `sat` answer questions about them in two ways that share no code, `ask` chooses the way.

pub mod ask;
pub mod search;
pub mod sets;
pub mod terms;
pub mod walk;

/// One class of each variable, at the variable's index.
pub type Assignment = Vec<u32>;

/// What each class of each variable weighs: `weights[variable][class]`. A light assignment is one that says little.
pub type Weights = Vec<Vec<u32>>;

/// The sum of what an assignment's classes weigh.
pub fn weight(weights: &Weights, assignment: &[u32]) -> u64 {
    assignment.iter().zip(weights).map(|(class, of)| u64::from(of[*class as usize])).sum()
}
