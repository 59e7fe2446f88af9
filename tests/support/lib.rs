//! Random worlds, requests and trees: the same seed gives the same ones on every machine.

pub mod compiled;
pub mod grants;
pub mod random;
pub mod trees;
pub mod worlds;
pub mod workload;
