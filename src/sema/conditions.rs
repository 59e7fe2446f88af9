//! Conditions: named ones, and the lowering of formulas, comparisons and calls.

use std::collections::HashSet;

use super::context::Context;
use super::model::{Atom, Condition, Constant, KindId, Predicate, Subject, Type};
use super::names::Items;
use super::predicates::{self, CallUse, Comparison, Left};
use super::types::{self, Reading, Ty};
use super::{errors, graph};
use crate::span::Span;
use crate::syntax::tree::{self, Name, Operand};

/// Where a condition stands, which says what its bare names mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a rule.
    Anywhere,
    /// In the `where` of a container term of this kind.
    Of(KindId),
}

/// Enters the names of named conditions.
pub(super) fn declare(cx: &mut Context, items: &Items) {
    for (i, item) in items.conditions.iter().enumerate() {
        cx.names.conditions.declare(&item.name, Some(i), &mut cx.diagnostics);
    }
}

/// Lowers the named conditions, each after those that it names.
pub(super) fn check(cx: &mut Context, items: &Items) {
    cx.conditions = vec![None; items.conditions.len()];
    let edges: Vec<Vec<usize>> = items
        .conditions
        .iter()
        .map(|item| {
            let mut named = Vec::new();
            names(&item.condition, &mut |name| {
                named.extend(cx.names.conditions.get(&name.text).and_then(|e| e.id))
            });
            named
        })
        .collect();
    let (order, cycles) = graph::order(&edges);
    let mut broken = HashSet::new();
    for cycle in cycles {
        let names: Vec<_> = cycle.iter().map(|i| &items.conditions[*i].name).collect();
        cx.report(errors::names::cycle("condition", "names", &names));
        broken.extend(cycle);
    }
    for at in order.into_iter().filter(|at| !broken.contains(at)) {
        cx.conditions[at] = lower(cx, &items.conditions[at].condition, Place::Anywhere);
    }
}

fn names<'t>(condition: &'t tree::Condition, visit: &mut impl FnMut(&'t Name)) {
    match condition {
        tree::Condition::All(parts) | tree::Condition::Any(parts) => {
            parts.iter().for_each(|p| names(p, visit))
        }
        tree::Condition::Not(inner, _) => names(inner, visit),
        tree::Condition::Name(name) => visit(name),
        tree::Condition::Compare { .. } | tree::Condition::Call { .. } | tree::Condition::Constant(..) => {}
    }
}

/// The formula that a condition means. All of its mistakes are reported.
pub(super) fn lower(cx: &mut Context, condition: &tree::Condition, place: Place) -> Option<Condition> {
    match condition {
        tree::Condition::All(parts) => Some(Condition::All(lower_all(cx, parts, place)?)),
        tree::Condition::Any(parts) => Some(Condition::Any(lower_all(cx, parts, place)?)),
        tree::Condition::Not(inner, _) => Some(Condition::Not(Box::new(lower(cx, inner, place)?))),
        tree::Condition::Constant(value, _) => Some(Condition::Constant(*value)),
        tree::Condition::Name(name) => lower_name(cx, name, place),
        tree::Condition::Call { name, arguments, span } => {
            predicates::lower_call(cx, &CallUse { name, arguments, place, span: *span })
        }
        tree::Condition::Compare { left, operator, right, span } => {
            let left = match left {
                Operand::Path(path) => Left::Reading(types::read(cx, path, place)?),
                Operand::Literal(literal) => Left::Literal(literal),
            };
            predicates::lower(cx, Comparison { left, operator, right, place, span: *span })
        }
    }
}

fn lower_all(cx: &mut Context, parts: &[tree::Condition], place: Place) -> Option<Vec<Condition>> {
    let lowered: Vec<_> = parts.iter().map(|part| lower(cx, part, place)).collect();
    lowered.into_iter().collect()
}

/// A named condition, or a boolean attribute alone.
fn lower_name(cx: &mut Context, name: &Name, place: Place) -> Option<Condition> {
    if !types::is_attribute(cx, name, place)
        && let Some(entry) = cx.names.conditions.get(&name.text)
    {
        return entry.id.and_then(|at| cx.conditions.get(at).cloned().flatten());
    }
    let reading = types::read(cx, name, place)?;
    match reading.ty {
        Ty::Plain(Type::Bool) => {
            Some(test(reading.subject, Predicate::Is(vec![Constant::Bool(true)]), name.span))
        }
        _of_another_type => {
            let error = errors::types::not_a_truth_value(name, &types::describe(cx, reading.ty));
            cx.report(error);
            None
        }
    }
}

/// One test as a formula.
pub(super) fn test(subject: Subject, predicate: Predicate, span: Span) -> Condition {
    Condition::Test(Atom { subject, predicate, span })
}

/// The same, for an operand that was read.
pub(super) fn test_of(reading: &Reading, predicate: Predicate, span: Span) -> Condition {
    test(reading.subject.clone(), predicate, span)
}

/// From the first to the last token of a condition.
pub(super) fn span(condition: &tree::Condition) -> Span {
    match condition {
        tree::Condition::All(parts) | tree::Condition::Any(parts) => match parts.as_slice() {
            [] => Span::default(),
            [first, ..] => parts.iter().fold(span(first), |all, part| all.to(span(part))),
        },
        tree::Condition::Not(inner, own) => own.to(span(inner)),
        tree::Condition::Compare { span, .. } | tree::Condition::Call { span, .. } => *span,
        tree::Condition::Name(name) => name.span,
        tree::Condition::Constant(_, span) => *span,
    }
}
