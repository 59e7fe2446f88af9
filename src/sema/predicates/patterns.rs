//! `like`: strings, domains and origins against patterns with `*`.

use super::{Comparison, Context, Operator};
use crate::sema::conditions::test_of;
use crate::sema::model::{Condition, Pattern, Predicate, Type};
use crate::sema::types::{self, Ty};
use crate::sema::{errors, pattern};
use crate::syntax::tree::{Literal, LiteralValue, Operand};

pub(super) static PATTERNS: Operator = Operator { words: &["like"], accepts, lower };

fn accepts(_: &Context, ty: Option<Ty>) -> bool {
    matches!(ty, Some(Ty::Plain(Type::String | Type::Domain | Type::Origin)))
}

fn lower(cx: &mut Context, comparison: &Comparison) -> Option<Condition> {
    let left = comparison.reading()?;
    let literals: &[Literal] = match comparison.right {
        Operand::Literal(literal) => match &literal.value {
            LiteralValue::List(elements) if elements.is_empty() => {
                cx.report(errors::types::empty_list(literal.span));
                return None;
            }
            LiteralValue::List(elements) => elements,
            _one => std::slice::from_ref(literal),
        },
        Operand::Path(name) => {
            cx.report(errors::types::not_a_pattern(name.span));
            return None;
        }
    };
    let parsed: Vec<Option<Vec<Pattern>>> = literals.iter().map(|l| patterns(cx, l, left.ty)).collect();
    let patterns: Option<Vec<_>> = parsed.into_iter().collect();
    Some(test_of(left, Predicate::Like(patterns?.concat()), comparison.span))
}

fn patterns(cx: &mut Context, literal: &Literal, ty: Ty) -> Option<Vec<Pattern>> {
    let LiteralValue::Text(text) = &literal.value else {
        let error = errors::types::mismatch(literal, "a pattern", ty);
        cx.report(error);
        return None;
    };
    let parsed = match ty {
        Ty::Plain(Type::Domain) => pattern::domain_pattern(text).map(|p| vec![p]),
        Ty::Plain(Type::Origin) => pattern::origin_patterns(text),
        _strings_as_accepts_says => pattern::string_pattern(text).map(|p| vec![p]),
    };
    types::checked(cx, parsed, literal.span)
}
