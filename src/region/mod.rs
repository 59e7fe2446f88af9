//! Regions: sets of requests, exactly. Decision diagrams first, a SAT solver where they grow too large.
//!
//! The engines know nothing of policies: `terms` are formulas over variables with finitely many classes,
//! `diagram` and `sat` answer questions about them in two ways that share no code, `ask` chooses the way.
//!
//! `universe` makes the terms: it cuts all requests for one app and one operation into cells, by what models ask
//! (`asked`, `cut`), writes what they decide as terms over these (`chain`, `lower`, `layers`), and tells which
//! request an assignment stands for (`witness`).

pub mod alike;
mod approvals;
pub mod ask;
mod asked;
pub mod blocks;
mod chain;
pub mod cover;
mod cut;
pub mod diagram;
mod differences;
mod frames;
pub mod given;
mod index;
mod instants;
mod kept;
mod layers;
pub mod lazily;
mod lower;
pub mod order;
mod precedents;
pub mod questions;
pub mod sat;
pub mod reach;
pub mod search;
pub mod sets;
mod side;
mod spoken;
pub mod survey;
pub mod terms;
mod texts;
mod torn;
pub mod universe;
mod values;
pub mod variables;
mod vocabulary;
pub mod walk;
mod witness;
mod words;

pub use approvals::narrows;
pub use ask::Spent;
pub use frames::reads;
pub use index::Index;
pub use layers::{Variation, held};
pub use lower::Counting;
pub use reach::{Growing, Reach, by_one_of, few_people, reach};
pub use survey::{OfApp, Survey, Surveyor, survey};
pub use universe::{Models, Side, Universe};
pub use values::satisfies;

/// One class of each variable, at the variable's index.
pub type Assignment = Vec<u32>;

/// What each class of each variable weighs: `weights[variable][class]`. A light assignment is one that says little.
pub type Weights = Vec<Vec<u32>>;

/// The sum of what an assignment's classes weigh.
pub fn weight(weights: &Weights, assignment: &[u32]) -> u64 {
    assignment.iter().zip(weights).map(|(class, of)| u64::from(of[*class as usize])).sum()
}
