//! `in`: one of a list of constants, or an element of a set attribute.

use super::{Comparison, Context, Left, Operator};
use crate::sema::conditions::{test, test_of};
use crate::sema::errors;
use crate::sema::model::{Condition, Predicate, Type};
use crate::sema::types::{self, Ty};
use crate::syntax::tree::{LiteralValue, Operand};

pub(super) static MEMBERSHIP: Operator = Operator { words: &["in"], accepts, lower };

fn accepts(_: &Context, ty: Option<Ty>) -> bool {
    // Addresses have networks, instants have windows, sets have `intersects`.
    !matches!(ty, Some(Ty::Plain(Type::Ip | Type::Instant | Type::Strings)))
}

fn lower(cx: &mut Context, comparison: &Comparison) -> Option<Condition> {
    match comparison.right {
        Operand::Path(name) => {
            let set = types::read(cx, name, comparison.place)?;
            if set.ty != Ty::Plain(Type::Strings) {
                let described = types::describe(cx, set.ty);
                cx.report(errors::types::not_a_set(name, &described));
                return None;
            }
            match &comparison.left {
                Left::Literal(literal) => match &literal.value {
                    LiteralValue::Text(text) => {
                        Some(test(set.subject, Predicate::HasAny(vec![text.clone()]), comparison.span))
                    }
                    _no_element_of_a_set_of_strings => {
                        let text = Ty::Plain(Type::String);
                        let error = errors::types::mismatch(literal, &types::describe(cx, text), text);
                        cx.report(error);
                        None
                    }
                },
                Left::Reading(reading) if reading.ty == Ty::Plain(Type::String) => {
                    Some(test_of(reading, Predicate::ElementOf(set.subject), comparison.span))
                }
                Left::Reading(reading) => {
                    let (one, other) = (types::describe(cx, reading.ty), types::describe(cx, set.ty));
                    cx.report(errors::types::different_types(&reading.name, &one, name, &other));
                    None
                }
            }
        }
        Operand::Literal(list) => {
            let (Some(left), LiteralValue::List(elements)) = (comparison.reading(), &list.value) else {
                cx.report(errors::types::not_a_list(list.span));
                return None;
            };
            if elements.is_empty() {
                cx.report(errors::types::empty_list(list.span));
                return None;
            }
            let constants: Vec<_> = elements.iter().map(|e| types::constant(cx, e, left.ty)).collect();
            let constants: Option<Vec<_>> = constants.into_iter().collect();
            Some(test_of(left, Predicate::Is(constants?), comparison.span))
        }
    }
}
