//! The state of ratchets: what is known of one installation, how it grows, and what it leaves of its power.
//!
//! Pure: time and what happened come from outside. What is known only ever grows ([`Facts`]), so that copies of it
//! merge in any order to the same; whoever keeps it keeps the join of all that was ever told.

mod facts;
mod join;
mod marks;
mod record;

pub use facts::{Facts, FactsError, Installation, Version, Vote};
pub use join::{Earliest, Join, Latest};
pub use marks::{Marks, Seen, Target};
pub use record::Record;
