//! `intersects`: a set attribute has one of these elements.

use super::{Comparison, Context, Operator};
use crate::sema::conditions::test_of;
use crate::sema::errors;
use crate::sema::model::{Condition, Constant, Predicate, Type};
use crate::sema::types::{self, Ty};
use crate::syntax::tree::{LiteralValue, Operand};

pub(super) static INTERSECTION: Operator = Operator { words: &["intersects"], accepts, lower };

fn accepts(_: &Context, ty: Option<Ty>) -> bool {
    ty == Some(Ty::Plain(Type::Strings))
}

fn lower(cx: &mut Context, comparison: &Comparison) -> Option<Condition> {
    let left = comparison.reading()?;
    let list = match comparison.right {
        Operand::Literal(literal) if matches!(literal.value, LiteralValue::List(_)) => literal,
        Operand::Literal(other) => {
            cx.report(errors::types::not_a_list(other.span));
            return None;
        }
        Operand::Path(name) => {
            cx.report(errors::types::not_a_list(name.span));
            return None;
        }
    };
    let Constant::Strings(set) = types::constant(cx, list, Ty::Plain(Type::Strings))? else { return None };
    if set.is_empty() {
        cx.report(errors::types::empty_list(list.span));
        return None;
    }
    Some(test_of(left, Predicate::HasAny(set.into_iter().collect()), comparison.span))
}
