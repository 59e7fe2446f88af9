//! Approvals of growth.

use super::{AppPattern, Condition, ContainerPattern, Name, OperationPattern, Text};
use crate::span::Span;

/// `widen "…" { for timesheets to write approved by "ann@acme.com" until 2026-12-31 }`
#[derive(Debug, Clone, PartialEq)]
pub struct Widening {
    /// Why more is permitted than before.
    pub reason: Text,
    /// What grows: each of them, and nothing else.
    pub growths: Vec<Growth>,
    /// What gets easier: each of them, and nothing else.
    pub easings: Vec<Easing>,
    /// Who approved it; at least one.
    pub approvers: Vec<Text>,
    /// When the approval ends.
    pub until: Expiry,
    /// Keyword to last token.
    pub span: Span,
}

/// `until 2026-12-31`
#[derive(Debug, Clone, PartialEq)]
pub struct Expiry {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// Keyword to last token.
    pub span: Span,
}

/// `for timesheets to write in project PAY`: a set of requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// Which apps.
    pub apps: AppPattern,
    /// Which operations.
    pub operations: OperationPattern,
    /// Where.
    pub containers: Option<ContainerPattern>,
    /// Must hold.
    pub when: Option<Condition>,
    /// Must not hold.
    pub unless: Option<Condition>,
    /// Keyword to last token.
    pub span: Span,
}

/// `for ratchet setup`: what is easier than before without permitting more to any request.
#[derive(Debug, Clone, PartialEq)]
pub struct Easing {
    /// Whose terms are easier.
    pub what: Eases,
    /// Keyword to last token.
    pub span: Span,
}

/// What gets easier.
#[derive(Debug, Clone, PartialEq)]
pub enum Eases {
    /// `ratchet setup`: its ways back, or what turns it.
    Ratchet(Name),
    /// `step-up of timesheets`: who approves.
    StepUp(AppPattern),
    /// `paths of demo.issue.*`: how paths are read.
    Paths(OperationPattern),
}
