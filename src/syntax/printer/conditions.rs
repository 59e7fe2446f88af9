//! Conditions and constants.

use super::words;
use crate::syntax::doc::Doc;
use crate::syntax::tree::{Condition, Literal, LiteralValue, Operand};

/// How tightly the place around a condition binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Around {
    /// Nothing binds.
    Nothing,
    /// A link of `or`.
    Or,
    /// A link of `and`.
    And,
    /// After `not`.
    Not,
}

/// The condition, with as few parentheses as give the same tree again.
pub(super) fn condition(condition: &Condition) -> Doc {
    inside(condition, Around::Nothing)
}

/// A constant where bare words are values too.
pub(super) fn literal(literal: &Literal) -> Doc {
    let text = match &literal.value {
        LiteralValue::Text(value) => words::quoted(value),
        LiteralValue::Int(value) => value.to_string(),
        LiteralValue::Bool(value) => value.to_string(),
        LiteralValue::Duration(seconds) => words::duration(*seconds),
        LiteralValue::Instant(seconds) => words::instant(*seconds),
        LiteralValue::Word(word) => word.clone(),
        LiteralValue::List(values) => return list(values),
    };
    Doc::Text(text)
}

fn inside(condition: &Condition, around: Around) -> Doc {
    match condition {
        Condition::All(links) => chain(links, "and ", Around::And, around),
        Condition::Any(links) => chain(links, "or ", Around::Or, around),
        Condition::Not(negated, _) => Doc::Concat(vec![Doc::text("not "), inside(negated, Around::Not)]),
        Condition::Compare { left, operator, right, .. } => {
            Doc::Concat(vec![operand(left), Doc::Text(format!(" {} ", operator.text)), operand(right)])
        }
        Condition::Call { name, arguments, .. } => {
            let mut parts = vec![Doc::Text(format!("{}(", name.text))];
            for (index, argument) in arguments.iter().enumerate() {
                parts.push(Doc::text(if index > 0 { ", " } else { "" }));
                parts.push(operand(argument));
            }
            parts.push(Doc::text(")"));
            Doc::Concat(parts)
        }
        Condition::Name(name) => Doc::text(name.text.clone()),
        Condition::Constant(value, _) => Doc::Text(value.to_string()),
    }
}

/// Links with `word` between them; in parentheses if what is around binds as tightly.
fn chain(links: &[Condition], word: &str, own: Around, around: Around) -> Doc {
    let mut parts = Vec::new();
    for (index, link) in links.iter().enumerate() {
        if index > 0 {
            parts.push(Doc::Line);
            parts.push(Doc::text(word));
        }
        parts.push(inside(link, own));
    }
    if around < own {
        return Doc::Concat(parts).group();
    }
    Doc::Concat(vec![Doc::text("("), Doc::Concat(parts).nest(), Doc::text(")")]).group()
}

fn operand(operand: &Operand) -> Doc {
    match operand {
        Operand::Path(name) => Doc::text(name.text.clone()),
        Operand::Literal(value) => literal(value),
    }
}

fn list(values: &[Literal]) -> Doc {
    let mut parts = vec![Doc::text("[")];
    for (index, value) in values.iter().enumerate() {
        if index == 0 {
            parts.push(literal(value));
        } else {
            parts.push(Doc::text(","));
            parts.push(Doc::Concat(vec![Doc::Line, literal(value)]).group());
        }
    }
    parts.push(Doc::text("]"));
    Doc::Concat(parts).nest()
}
