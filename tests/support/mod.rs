//! What several tests share.

pub mod random;
pub mod worlds;
