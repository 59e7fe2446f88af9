//! What a policy really allows, as facts: no messages, no places to print them.

pub mod privilege;
pub mod told;
