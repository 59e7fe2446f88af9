//! What several test binaries share.

pub mod random;
pub mod trees;
pub mod worlds;
