//! `during`: an instant lies in a time window.

use super::{Comparison, Context, Operator};
use crate::sema::conditions::test_of;
use crate::sema::errors;
use crate::sema::model::{Condition, Predicate, Type};
use crate::sema::types::Ty;
use crate::syntax::tree::Operand;

pub(super) static WINDOWS: Operator = Operator { words: &["during"], accepts, lower };

fn accepts(_: &Context, ty: Option<Ty>) -> bool {
    ty == Some(Ty::Plain(Type::Instant))
}

fn lower(cx: &mut Context, comparison: &Comparison) -> Option<Condition> {
    let left = comparison.reading()?;
    let name = match comparison.right {
        Operand::Path(name) => name,
        Operand::Literal(literal) => {
            cx.report(errors::types::not_a_window(literal.span));
            return None;
        }
    };
    let window = cx.names.windows.find(name, &mut cx.diagnostics)?;
    Some(test_of(left, Predicate::During(window), comparison.span))
}
