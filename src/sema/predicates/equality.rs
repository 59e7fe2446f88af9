//! `==` and `!=`: an attribute against a constant or against another attribute.

use super::{Comparison, Context, Operator};
use crate::sema::conditions::test_of;
use crate::sema::errors;
use crate::sema::model::{Condition, Predicate, Type};
use crate::sema::types::{self, Ty};
use crate::syntax::tree::Operand;

pub(super) static EQUALITY: Operator = Operator { words: &["==", "!="], accepts, lower };

fn accepts(_: &Context, ty: Option<Ty>) -> bool {
    ty.is_some_and(|ty| ty != Ty::Plain(Type::Strings))
}

fn lower(cx: &mut Context, comparison: &Comparison) -> Option<Condition> {
    let left = comparison.reading()?;
    let predicate = match comparison.right {
        // A value of the left side's enumeration goes before an attribute of that name.
        Operand::Path(name) if !is_word(cx, left.ty, &name.text) && !only_a_word(cx, left.ty, comparison) => {
            let right = types::read(cx, name, comparison.place)?;
            if right.ty != left.ty {
                let (one, other) = (types::describe(cx, left.ty), types::describe(cx, right.ty));
                cx.report(errors::types::different_types(&left.name, &one, &right.name, &other));
                return None;
            }
            Predicate::Same(right.subject)
        }
        right => Predicate::Is(vec![types::operand(cx, right, left.ty)?]),
    };
    let condition = test_of(left, predicate, comparison.span);
    Some(if comparison.operator.text == "!=" { Condition::Not(Box::new(condition)) } else { condition })
}

fn is_word(cx: &Context, ty: Ty, text: &str) -> bool {
    types::words(cx, ty).is_some_and(|words| words.iter().any(|w| w == text))
}

/// Whether a bare word can only be meant as a value: then the message lists values, not attributes.
fn only_a_word(cx: &Context, ty: Ty, comparison: &Comparison) -> bool {
    let Operand::Path(name) = comparison.right else { return true };
    types::words(cx, ty).is_some() && name.text != "user" && !types::is_attribute(cx, name, comparison.place)
}
