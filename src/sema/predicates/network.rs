//! `in` for addresses: networks and single addresses.

use super::{Comparison, Context, Operator};
use crate::sema::conditions::test_of;
use crate::sema::model::{Condition, Network, Predicate, Type};
use crate::sema::types::{self, Ty};
use crate::sema::{errors, pattern};
use crate::syntax::tree::{Literal, LiteralValue, Operand};

pub(super) static NETWORK: Operator = Operator { words: &["in"], accepts, lower };

fn accepts(_: &Context, ty: Option<Ty>) -> bool {
    ty == Some(Ty::Plain(Type::Ip))
}

fn lower(cx: &mut Context, comparison: &Comparison) -> Option<Condition> {
    let left = comparison.reading()?;
    let networks = match comparison.right {
        Operand::Literal(literal) => match &literal.value {
            LiteralValue::List(elements) if elements.is_empty() => {
                cx.report(errors::types::empty_list(literal.span));
                return None;
            }
            LiteralValue::List(elements) => elements.iter().map(|e| network(cx, e)).collect::<Vec<_>>(),
            _one => vec![network(cx, literal)],
        },
        Operand::Path(name) => {
            cx.report(errors::types::not_a_list(name.span));
            return None;
        }
    };
    let networks: Option<Vec<_>> = networks.into_iter().collect();
    Some(test_of(left, Predicate::InNetworks(networks?), comparison.span))
}

fn network(cx: &mut Context, literal: &Literal) -> Option<Network> {
    match &literal.value {
        LiteralValue::Text(text) => match pattern::network(text) {
            Ok(network) => Some(network),
            Err(pattern::BadNetwork::HostBits(canonical)) => {
                cx.report(errors::types::host_bits(literal.span, text, &canonical));
                None
            }
            Err(pattern::BadNetwork::Invalid(reason)) => {
                cx.report(errors::types::bad_constant(literal.span, &reason));
                None
            }
        },
        _not_text => {
            let ty = Ty::Plain(Type::Ip);
            let error = errors::types::mismatch(literal, &types::describe(cx, ty), ty);
            cx.report(error);
            None
        }
    }
}
