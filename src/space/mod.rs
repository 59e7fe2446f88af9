//! From the model to a finite space: every attribute cut into the classes that the policy's constants
//! can tell apart, every clause a formula over those classes.
//!
//! The decision table is laid out from this; the region algebra of the analysis works on the same slots.

mod automaton;
mod classes;
mod errors;
mod expression;
mod formula;
mod pieces;
mod slots;

pub use automaton::Automaton;
pub use classes::Classifier;
pub use formula::{Formula, Literal, Truth};
pub use pieces::{Part, Piece, PieceKind};
pub use slots::{Slot, Slots, type_of, user_groups};

use crate::diag::Diagnostic;
use crate::sema::model::Model;

/// A model as formulas over finitely many classes.
#[derive(Debug)]
pub struct Space {
    /// What a request is read into.
    pub slots: Slots,
    /// Distinct sets of operations that pieces speak about.
    pub parts: Vec<Part>,
    /// Clauses, split where they mean different things for different apps or operations.
    pub pieces: Vec<Piece>,
}

/// Cuts the space.
///
/// # Errors
/// What made an attribute's classes, or the stages of an app, more than the budget allows.
pub fn cut(model: &Model) -> Result<Space, Vec<Diagnostic>> {
    let (parts, pieces) = pieces::split(model);
    let slots = slots::build(model, &pieces)?;
    let pieces = pieces.into_iter().map(|piece| piece.lower(model, &slots)).collect();
    Ok(Space { slots, parts, pieces })
}

/// The most transitions (states by distinguished bytes) that one attribute's patterns may need together:
/// 16 MiB of table.
pub const MAX_TRANSITIONS: usize = 1 << 22;
