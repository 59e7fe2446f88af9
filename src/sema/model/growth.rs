//! What a policy says was approved: growth, for a reason and until a day.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{AppId, Condition, OperationId, RatchetId};
use crate::span::Span;

/// A growth that was approved, for a reason and until a day.
///
/// It permits nothing: it says of what the rules permit now, and did not before, that this was meant.
#[derive(Debug, Clone)]
pub struct Widening {
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approvers: Vec<String>,
    /// When the approval ends; seconds since 1970.
    pub until: i64,
    /// What grows.
    pub growths: Vec<Growth>,
    /// What gets easier.
    pub easings: Vec<Easing>,
    /// What it says in canonical layout, whatever the order of its lines. A block that stands in the old policy already
    /// is spent.
    pub text: String,
    /// Where it is declared.
    pub span: Span,
}

/// A set of requests that an approval speaks of.
#[derive(Debug, Clone)]
pub struct Growth {
    /// Which apps.
    pub apps: Arc<BTreeSet<AppId>>,
    /// Which operations.
    pub operations: Arc<BTreeSet<OperationId>>,
    /// Which requests: those for which it is certainly true.
    pub condition: Condition,
    /// Where it is written.
    pub span: Span,
}

/// Something that an approval says is easier, though no request is permitted more for it.
#[derive(Debug, Clone)]
pub struct Easing {
    /// Whose terms are easier.
    pub what: Eases,
    /// Where it is written.
    pub span: Span,
}

/// What gets easier.
#[derive(Debug, Clone)]
pub enum Eases {
    /// The ways back of a ratchet, or what turns it.
    Ratchet(RatchetId),
    /// Who approves for these apps.
    StepUp(Arc<BTreeSet<AppId>>),
    /// How the paths of these operations are read.
    Paths(Arc<BTreeSet<OperationId>>),
}
