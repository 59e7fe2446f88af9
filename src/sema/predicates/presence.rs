//! `has(…)`: whether an attribute has a value; `has(user)`: whether there is a context user.

use super::{Call, CallUse, Context};
use crate::sema::conditions::test;
use crate::sema::errors;
use crate::sema::model::{Condition, Predicate};
use crate::sema::types;
use crate::syntax::tree::Operand;

pub(super) static PRESENCE: Call = Call { name: "has", lower };

fn lower(cx: &mut Context, call: &CallUse) -> Option<Condition> {
    let [Operand::Path(path)] = call.arguments else {
        cx.report(errors::types::wrong_arguments(
            call.span,
            "has",
            "one attribute, as in `has(user.department)`",
        ));
        return None;
    };
    let reading = types::read(cx, path, call.place)?;
    Some(test(reading.subject, Predicate::Present, call.span))
}
