//! Sprag: a language and compiler for what third-party apps, connectors and AI tools may do.
//!
//! Data flows one way. The module list below *is* the floor order: a module names only modules
//! that stand above it (`tests/house.rs` reads this list and checks it).

pub mod span;
pub mod diag;
pub mod json;
pub mod parallel;
pub mod syntax;
pub mod request;
pub mod reasons;
pub mod sema;
pub mod ratchet;
#[cfg(feature = "state")]
pub mod state;
pub mod import;
pub mod eval;
pub mod authzen;
pub mod usage;
pub mod space;
pub mod region;
pub mod analysis;
pub mod target;
pub mod lint;
pub mod emit;
pub mod driver;
#[cfg(feature = "catalogs")]
pub mod shelf;
pub mod decision_point;
pub mod suite;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "cli")]
pub mod cli;

/// The README's program compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
