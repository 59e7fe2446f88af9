//! What a policy really allows, as facts: no messages, no places to print them.

pub mod asking;
pub mod catalogs;
pub mod causes;
pub mod cells;
pub mod claims;
pub mod compare;
pub mod dead;
pub mod diff;
pub mod eased;
pub mod escalation;
pub mod forgotten;
pub mod grants;
pub mod guarantees;
pub mod minimal;
pub mod pairs;
pub mod phrases;
pub mod powers;
pub mod rerouted;
pub mod standing;
pub mod privilege;
pub mod told;
pub mod widening;
mod wording;

/// Told how many of how many parts are done; called from several threads.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);
