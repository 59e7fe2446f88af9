//! Random worlds, requests and trees: the same seed gives the same ones on every machine.

pub mod campaign;
pub mod compiled;
pub mod grants;
pub mod guarantees;
pub mod installations;
pub mod likeness;
pub mod parts;
pub mod random;
pub mod smt;
pub mod trees;
pub mod wire;
pub mod worlds;
pub mod workload;
