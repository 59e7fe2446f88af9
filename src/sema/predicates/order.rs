//! `<`, `<=`, `>`, `>=`: numbers, instants, durations, ordered enumerations and stages.

use super::{Comparison, Context, Operator};
use crate::diag::Diagnostic;
use crate::sema::conditions::test_of;
use crate::sema::errors;
use crate::sema::model::{Condition, Ordering, Predicate, Type};
use crate::sema::types::{self, Ty};
use crate::syntax::tree::Operand;

pub(super) static ORDER: Operator = Operator { words: &["<", "<=", ">", ">="], accepts, lower };

fn accepts(cx: &Context, ty: Option<Ty>) -> bool {
    match ty {
        Some(Ty::Plain(Type::Enum(id))) => cx.model.enumerations[id.index()].ordered,
        Some(Ty::Plain(Type::Int | Type::Instant | Type::Duration) | Ty::Stage(_)) => true,
        Some(Ty::Plain(
            Type::String | Type::Bool | Type::Strings | Type::Ip | Type::Domain | Type::Origin,
        ))
        | None => false,
    }
}

fn lower(cx: &mut Context, comparison: &Comparison) -> Option<Condition> {
    let left = comparison.reading()?;
    if let Operand::Path(name) = comparison.right
        && types::is_attribute(cx, name, comparison.place)
        && types::words(cx, left.ty).is_none_or(|words| !words.contains(&name.text))
    {
        cx.report(errors::types::order_of_attributes(comparison.span));
        return None;
    }
    let constant = types::operand(cx, comparison.right, left.ty)?;
    let ordering = match comparison.operator.text.as_str() {
        "<" => Ordering::Less,
        "<=" => Ordering::LessOrEqual,
        ">" => Ordering::Greater,
        _the_last_of_the_words => Ordering::GreaterOrEqual,
    };
    Some(test_of(left, Predicate::Order(ordering, constant), comparison.span))
}

/// What is said of a left side that has no order.
pub(super) fn without_order(cx: &Context, comparison: &Comparison) -> Diagnostic {
    let (ty, enumeration) = match comparison.ty() {
        Some(Ty::Plain(Type::Enum(id))) => {
            (comparison.ty(), Some(cx.model.enumerations[id.index()].name.as_str()))
        }
        ty => (ty, None),
    };
    let declared = enumeration.and_then(|name| cx.names.enumerations.get(name)).map(|e| e.span);
    let described = ty.map_or_else(String::new, |ty| types::describe(cx, ty));
    errors::types::no_order(comparison.operator, &described, enumeration.zip(declared))
}
