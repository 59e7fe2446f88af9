//! Formulas over classes, in negation normal form.

use std::sync::Arc;

use super::expression::Expression;
use super::slots::Slots;
use crate::sema::model::{Model, Predicate, Subject};

/// A formula. Negation is in the literals only, so that "unknown" can be decided there:
/// in negation normal form, reading each unknown literal as false (or true) gives exactly
/// "certainly true" (or "not certainly false") of Kleene's logic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Formula {
    /// Certain.
    Constant(bool),
    /// A test of one class.
    Literal(Literal),
    /// Conjunction of at least two.
    All(Vec<Formula>),
    /// Disjunction of at least two.
    Any(Vec<Formula>),
}

/// A test of one slot's class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Literal {
    /// The slot.
    pub slot: u32,
    /// What satisfies it, before `inverted`.
    pub truth: Truth,
    /// It holds where the test does not.
    pub inverted: bool,
    /// Whether a missing value satisfies it.
    pub unknown: bool,
    /// Whether one that is given and cannot be read satisfies it.
    pub unreadable: bool,
}

/// What satisfies a literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Truth {
    /// These classes, sorted.
    Classes(Arc<[u32]>),
    /// Any value.
    Present,
}

/// Lowers an expression; `positive` is the polarity, `refuses` what unknown tests count as.
pub(super) fn lower(
    model: &Model,
    slots: &Slots,
    expression: &Expression,
    positive: bool,
    refuses: bool,
) -> Formula {
    let go = |e: &Expression| lower(model, slots, e, positive, refuses);
    match expression {
        Expression::Constant(truth) => Formula::Constant(*truth == positive),
        Expression::Unknown => Formula::Constant(refuses),
        Expression::All(parts) if positive => all(parts.iter().map(go)),
        Expression::Any(parts) if !positive => all(parts.iter().map(go)),
        Expression::All(parts) | Expression::Any(parts) => any(parts.iter().map(go)),
        Expression::Not(inner) => lower(model, slots, inner, !positive, refuses),
        Expression::Test(subject, predicate) => test(model, slots, subject, predicate, positive, refuses),
    }
}

fn test(
    model: &Model,
    slots: &Slots,
    subject: &Subject,
    predicate: &Predicate,
    positive: bool,
    refuses: bool,
) -> Formula {
    let literal = |slot: u32, truth: Truth, unknown: bool| {
        Formula::Literal(Literal { slot, truth, inverted: !positive, unknown, unreadable: refuses })
    };
    let holds = || Truth::Classes(Arc::from([sprag_runtime::format::TRUE]));
    match predicate {
        Predicate::Present => literal(slots.main(subject), Truth::Present, !positive),
        Predicate::During(window) => literal(slots.window(subject, *window), holds(), refuses),
        Predicate::Same(_) | Predicate::ElementOf(_) => {
            literal(slots.relation(subject, predicate), holds(), refuses)
        }
        Predicate::HasAny(elements) => {
            let parts = elements.iter().map(|e| literal(slots.element(subject, e), holds(), refuses));
            if positive { any(parts) } else { all(parts) }
        }
        Predicate::Is(_) | Predicate::Order(..) | Predicate::Like(_) | Predicate::InNetworks(_) => {
            let slot = slots.main(subject);
            literal(slot, Truth::Classes(slots.classes(model, slot, predicate)), refuses)
        }
    }
}

fn all(parts: impl Iterator<Item = Formula>) -> Formula {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Formula::Constant(true) => {}
            Formula::Constant(false) => return part,
            Formula::All(inner) => kept.extend(inner),
            other => kept.push(other),
        }
    }
    if kept.len() > 1 { Formula::All(kept) } else { kept.pop().unwrap_or(Formula::Constant(true)) }
}

fn any(parts: impl Iterator<Item = Formula>) -> Formula {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Formula::Constant(false) => {}
            Formula::Constant(true) => return part,
            Formula::Any(inner) => kept.extend(inner),
            other => kept.push(other),
        }
    }
    if kept.len() > 1 { Formula::Any(kept) } else { kept.pop().unwrap_or(Formula::Constant(false)) }
}
