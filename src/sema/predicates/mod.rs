//! The tests that a condition can make. A new one is a file here and two lines below.

mod equality;
mod membership;
mod network;
mod order;
mod patterns;
mod presence;
mod sets;
mod windows;

use super::conditions::Place;
use super::context::Context;
use super::errors;
use super::model::{Condition, Pattern, PatternPart};
use super::types::{Reading, Ty, describe};
use crate::span::Span;
use crate::syntax::tree::{Literal, Name, Operand};

/// Every operator form.
const OPERATORS: &[&Operator] = &[
    &equality::EQUALITY,
    &membership::MEMBERSHIP,
    &network::NETWORK,
    &order::ORDER,
    &patterns::PATTERNS,
    &sets::INTERSECTION,
    &windows::WINDOWS,
];

/// Every call form.
const CALLS: &[&Call] = &[&presence::PRESENCE];

/// A test written with an operator.
pub(super) struct Operator {
    /// The operators, without `not`.
    words: &'static [&'static str],
    /// Whether it knows what to do with a left side of this type; `None` for a constant.
    accepts: fn(&Context, Option<Ty>) -> bool,
    lower: fn(&mut Context, &Comparison) -> Option<Condition>,
}

/// A test written `name(…)`.
pub(super) struct Call {
    name: &'static str,
    lower: fn(&mut Context, &CallUse) -> Option<Condition>,
}

/// An operator and its sides.
pub(super) struct Comparison<'t> {
    pub(super) left: Left<'t>,
    /// As written: perhaps with `not `.
    pub(super) operator: &'t Name,
    pub(super) right: &'t Operand,
    pub(super) place: Place,
    pub(super) span: Span,
}

/// The left side.
pub(super) enum Left<'t> {
    Reading(Reading),
    Literal(&'t Literal),
}

/// A call and its arguments.
pub(super) struct CallUse<'t> {
    pub(super) name: &'t Name,
    pub(super) arguments: &'t [Operand],
    pub(super) place: Place,
    pub(super) span: Span,
}

impl Comparison<'_> {
    fn ty(&self) -> Option<Ty> {
        match &self.left {
            Left::Reading(reading) => Some(reading.ty),
            Left::Literal(_) => None,
        }
    }

    /// The left side where it must be an attribute, which `accepts` has seen to.
    fn reading(&self) -> Option<&Reading> {
        match &self.left {
            Left::Reading(reading) => Some(reading),
            Left::Literal(_) => None,
        }
    }
}

/// Lowers a comparison with the first predicate that takes it; `not` turns the outcome round.
pub(super) fn lower(cx: &mut Context, comparison: Comparison) -> Option<Condition> {
    let written = comparison.operator.text.as_str();
    let (word, negated) = match written.strip_prefix("not ") {
        Some(word) => (word.trim_start(), true),
        None => (written, false),
    };
    let ty = comparison.ty();
    let mut known = OPERATORS.iter().filter(|o| o.words.contains(&word)).peekable();
    if known.peek().is_none() {
        let all = OPERATORS.iter().flat_map(|o| o.words.iter().copied());
        cx.report(errors::types::unknown_operator(comparison.operator, word, all));
        return None;
    }
    let Some(operator) = known.find(|o| (o.accepts)(cx, ty)) else {
        let error = match ty {
            _ if matches!(word, "<" | "<=" | ">" | ">=") && ty.is_some() => {
                order::without_order(cx, &comparison)
            }
            Some(ty) => {
                let usable: Vec<&str> = OPERATORS
                    .iter()
                    .filter(|o| (o.accepts)(cx, Some(ty)))
                    .flat_map(|o| o.words.iter().copied())
                    .collect();
                errors::types::operator_does_not_fit(comparison.operator, &describe(cx, ty), &usable)
            }
            None => errors::types::constant_on_the_left(comparison.span),
        };
        cx.report(error);
        return None;
    };
    let condition = (operator.lower)(cx, &comparison)?;
    Some(if negated { Condition::Not(Box::new(condition)) } else { condition })
}

/// Lowers a call.
pub(super) fn lower_call(cx: &mut Context, call: &CallUse) -> Option<Condition> {
    match CALLS.iter().find(|c| c.name == call.name.text) {
        Some(found) => (found.lower)(cx, call),
        None => {
            cx.report(errors::types::unknown_call(call.name, CALLS.iter().map(|c| c.name)));
            None
        }
    }
}

/// Whether the whole text matches; only for apps' own attributes, which the checker itself must read.
pub(super) fn matches(pattern: &Pattern, text: &str) -> bool {
    fn go(parts: &[PatternPart], text: &str) -> bool {
        let Some((first, rest)) = parts.split_first() else { return text.is_empty() };
        let run = |allowed: fn(char) -> bool, least: usize| {
            let ends = text.char_indices().map(|(i, c)| (i, Some(c))).chain([(text.len(), None)]);
            for (count, (end, next)) in ends.enumerate() {
                if count >= least && go(rest, &text[end..]) {
                    return true;
                }
                if !next.is_some_and(allowed) {
                    return false;
                }
            }
            false
        };
        match first {
            PatternPart::Text(literal) => text.strip_prefix(literal.as_str()).is_some_and(|t| go(rest, t)),
            PatternPart::Any => run(|_| true, 0),
            PatternPart::Label => run(|c| !matches!(c, '.' | ':' | '/'), 1),
            PatternPart::Labels => run(|c| !matches!(c, ':' | '/'), 1),
            PatternPart::Port => run(|c| c.is_ascii_digit(), 1),
        }
    }
    go(&pattern.0, text)
}
