//! The state of ratchets: what is known of one installation, how it grows, and what it leaves of its power.
//!
//! Pure: time and what happened come from outside. What is known only ever grows ([`Facts`]), so that copies of it
//! merge in any order to the same; whoever keeps it keeps the join of all that was ever told. [`advance`] takes an
//! event in, [`effective`] tells what is left.

mod advance;
mod clock;
mod event;
mod facts;
mod join;
mod marks;
mod needs;
mod observe;
mod people;
mod record;
mod settle;
mod standing;
mod state;
mod told;

pub use advance::{Here, Step, advance};
pub use clock::MAX_SKEW;
pub use event::{Approval, Event, Refused, What};
pub use facts::{Facts, FactsError, Installation, Version, Vote};
pub use join::{Earliest, Join, Latest, Newest};
pub use marks::{Marks, Seen, Target};
pub use needs::{needs, opened, watched};
pub use observe::Observer;
pub use people::person;
pub use record::Record;
pub use state::{Open, State, effective, is_due};
