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

/// What all uses of named conditions in a package may add up to. Each use is a copy, so that conditions which
/// name each other twice would double at each step.
const MAX_COPIED: usize = 2_000_000;

/// How deep a named condition may nest once the names in it are put in.
const MAX_NESTED: usize = 256;

/// A named condition, lowered.
#[derive(Debug)]
pub(super) struct Named {
    condition: Condition,
    /// How many parts it has.
    parts: usize,
}

/// Enters the names of named conditions.
pub(super) fn declare(cx: &mut Context, items: &Items) {
    for (i, item) in items.conditions.iter().enumerate() {
        cx.names.conditions.declare(&item.name, Some(i), &mut cx.diagnostics);
    }
}

/// Lowers the named conditions, each after those that it names.
pub(super) fn check(cx: &mut Context, items: &Items) {
    cx.conditions = items.conditions.iter().map(|_| None).collect();
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
        let item = &items.conditions[at];
        let Some(condition) = lower(cx, &item.condition, Place::Anywhere) else { continue };
        let (parts, depth) = measure(&condition);
        if depth > MAX_NESTED {
            cx.report(errors::types::nested_too_deep(&item.name, depth, MAX_NESTED));
            continue;
        }
        cx.conditions[at] = Some(Named { condition, parts });
    }
}

/// How many parts a formula has and how deep it nests. What it is made of was measured before it was put in.
fn measure(condition: &Condition) -> (usize, usize) {
    let (parts, depth) = match condition {
        Condition::All(parts) | Condition::Any(parts) => parts
            .iter()
            .map(measure)
            .fold((0, 0), |(parts, depth), (more, deep)| (parts + more, depth.max(deep))),
        Condition::Not(inner) => measure(inner),
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) | Condition::Test(_) => (0, 0),
    };
    (parts + 1, depth + 1)
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
        tree::Condition::All(parts) => {
            let parts = lower_all(cx, parts, place)?.into_iter().flat_map(|part| match part {
                Condition::All(inner) => inner,
                other => vec![other],
            });
            Some(Condition::All(parts.collect()))
        }
        tree::Condition::Any(parts) => {
            let parts = lower_all(cx, parts, place)?.into_iter().flat_map(|part| match part {
                Condition::Any(inner) => inner,
                other => vec![other],
            });
            Some(Condition::Any(parts.collect()))
        }
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

/// The parts in order. The callers open those that are joined by the same word, which keeps formulas flat that
/// grow from condition to condition.
fn lower_all(cx: &mut Context, parts: &[tree::Condition], place: Place) -> Option<Vec<Condition>> {
    let lowered: Vec<_> = parts.iter().map(|part| lower(cx, part, place)).collect();
    lowered.into_iter().collect()
}

/// A named condition, or a boolean attribute alone.
fn lower_name(cx: &mut Context, name: &Name, place: Place) -> Option<Condition> {
    let is_attribute = types::is_attribute(cx, name, place);
    if is_attribute && let Some(entry) = cx.names.conditions.get(&name.text) {
        let error = errors::types::attribute_or_condition(name, entry.span);
        cx.report(error);
        return None;
    }
    if !is_attribute && let Some(entry) = cx.names.conditions.get(&name.text) {
        let named = cx.conditions.get(entry.id?)?.as_ref()?;
        let before = cx.copied;
        cx.copied = before.saturating_add(named.parts);
        if cx.copied <= MAX_COPIED {
            return Some(named.condition.clone());
        }
        if before <= MAX_COPIED {
            let error = errors::types::too_many_copies(name, named.parts, MAX_COPIED);
            cx.report(error);
            cx.copied = usize::MAX;
        }
        return None;
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
