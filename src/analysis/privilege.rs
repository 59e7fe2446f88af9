//! What the scopes of an app open, against what the policy permits it: privilege and over-privilege.

pub mod argument;
mod cells;
pub mod change;
pub mod containers;
pub mod enforcement;
pub mod everywhere;
pub mod held;
pub mod models;
pub mod narrower;
pub mod needs;
pub mod people;
pub mod permitted;
pub mod ratchets;
pub mod reach;
pub mod regions;
pub mod selections;
pub mod set;
pub mod states;
pub mod surplus;
pub mod timeline;
pub mod unions;
