//! The truth of conditions: Kleene's three values, and *listed* for what differs between entries of a list.

use super::chain::is_within;
use super::facts::Situation;
use super::patterns;
use super::time;
use super::values::{self, Reading};
use crate::sema::model::{Atom, Clause, Condition, Constant, KindId, Ordering, Predicate, Principal};

/// Whether the clause matches: its app, its operation, its principal and its condition.
///
/// `listed` is what a listed test counts as, in whichever polarity it stands: `true` asks whether the clause
/// *may* match some entry, `false` whether it *must* match every entry. An unknown test counts as satisfied
/// in clauses that refuse, and as not satisfied in the others, again in whichever polarity it stands.
pub(super) fn matches(situation: &Situation, clause: &Clause, listed: bool) -> bool {
    is_principal(situation, &clause.principal) && matches_whoever(situation, clause, listed)
}

/// The same, whoever the request is made for.
pub(super) fn matches_whoever(situation: &Situation, clause: &Clause, listed: bool) -> bool {
    clause.apps.contains(&situation.app)
        && clause.operations.contains(&situation.operation)
        && holds(situation, &clause.condition, Counting { unknown: clause.kind.refuses(), listed })
}

/// What the tests count as that are neither true nor false.
#[derive(Clone, Copy)]
pub(super) struct Counting {
    /// Unknown tests count as satisfied.
    pub(super) unknown: bool,
    /// Listed tests count as satisfied.
    pub(super) listed: bool,
}

/// Whether the condition counts as true, with negations pushed down to the tests first.
pub(super) fn holds(situation: &Situation, condition: &Condition, counting: Counting) -> bool {
    holds_or_not(situation, condition, false, counting)
}

/// `condition`, or `not condition` where `negated`.
fn holds_or_not(situation: &Situation, condition: &Condition, negated: bool, counting: Counting) -> bool {
    let part_holds = |part: &Condition| holds_or_not(situation, part, negated, counting);
    match condition {
        Condition::Constant(value) => *value != negated,
        Condition::All(parts) if negated => parts.iter().any(part_holds),
        Condition::All(parts) => parts.iter().all(part_holds),
        Condition::Any(parts) if negated => parts.iter().all(part_holds),
        Condition::Any(parts) => parts.iter().any(part_holds),
        Condition::Not(inner) => holds_or_not(situation, inner, !negated, counting),
        Condition::InKind(kind) => in_kind(situation, *kind) != negated,
        Condition::AtKind(kind) => at_kind(situation, *kind) != negated,
        Condition::Test(atom) => match truth(situation, atom) {
            Truth::True => !negated,
            Truth::False => negated,
            Truth::Unknown => counting.unknown,
            Truth::Listed => counting.listed,
        },
    }
}

/// The operation acts in, or lists, this kind or a kind below it.
fn in_kind(situation: &Situation, kind: KindId) -> bool {
    let operation = situation.operation();
    is_within(situation.model, operation.kind, kind)
        || operation.lists.is_some_and(|lists| is_within(situation.model, lists, kind))
}

/// The operation acts in, or lists, exactly this kind.
fn at_kind(situation: &Situation, kind: KindId) -> bool {
    let operation = situation.operation();
    operation.kind == kind || operation.lists == Some(kind)
}

fn is_principal(situation: &Situation, principal: &Principal) -> bool {
    match principal {
        Principal::Any => true,
        Principal::User(id) => situation.user().is_some_and(|user| user.id == *id),
        Principal::Group(group) => values::in_group(situation, group) == Truth::True,
    }
}

/// What a test says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    /// Certainly.
    True,
    /// Certainly not.
    False,
    /// The request does not say enough.
    Unknown,
    /// It depends on the entry.
    Listed,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Truth {
        if value { Truth::True } else { Truth::False }
    }
}

/// By definition, a test of two subjects is unknown if either has no value that can be read, else listed if either
/// is listed.
fn truth(situation: &Situation, atom: &Atom) -> Truth {
    match &atom.predicate {
        Predicate::Present => values::present(situation, &atom.subject),
        Predicate::HasAny(elements) => {
            // One that certainly is an element settles it; else one in doubt leaves it open.
            let truths: Vec<Truth> = elements
                .iter()
                .map(|element| values::has_element(situation, &atom.subject, element))
                .collect();
            [Truth::True, Truth::Listed, Truth::Unknown]
                .into_iter()
                .find(|truth| truths.contains(truth))
                .unwrap_or(Truth::False)
        }
        Predicate::ElementOf(set) => match values::read(situation, &atom.subject) {
            Reading::Value(Constant::String(element)) => values::has_element(situation, set, &element),
            Reading::Listed => match values::present(situation, set) {
                Truth::False | Truth::Unknown => Truth::Unknown,
                Truth::True | Truth::Listed => Truth::Listed,
            },
            Reading::Missing | Reading::Unreadable | Reading::Value(_) => Truth::Unknown,
        },
        Predicate::Same(other) => {
            match (values::read(situation, &atom.subject), values::read(situation, other)) {
                (Reading::Missing | Reading::Unreadable, _) | (_, Reading::Missing | Reading::Unreadable) => {
                    Truth::Unknown
                }
                (Reading::Listed, _) | (_, Reading::Listed) => Truth::Listed,
                (Reading::Value(left), Reading::Value(right)) => Truth::from(left == right),
            }
        }
        Predicate::Is(_)
        | Predicate::Order(..)
        | Predicate::Like(_)
        | Predicate::InNetworks(_)
        | Predicate::During(_) => match values::read(situation, &atom.subject) {
            Reading::Missing | Reading::Unreadable => Truth::Unknown,
            Reading::Listed => Truth::Listed,
            Reading::Value(value) => value_truth(situation, &value, &atom.predicate),
        },
    }
}

/// A test of one value against constants. Combinations that no checked model has are unknown.
fn value_truth(situation: &Situation, value: &Constant, predicate: &Predicate) -> Truth {
    match (predicate, value) {
        (Predicate::Is(constants), value) => Truth::from(constants.contains(value)),
        (Predicate::Order(ordering, Constant::Int(right)), Constant::Int(left)) => {
            Truth::from(compares(*ordering, left, right))
        }
        (Predicate::Order(ordering, Constant::Index(right)), Constant::Index(left)) => {
            Truth::from(compares(*ordering, left, right))
        }
        (Predicate::Like(like), Constant::String(text) | Constant::Domain(text) | Constant::Origin(text)) => {
            Truth::from(like.iter().any(|pattern| patterns::matches(pattern, text)))
        }
        (Predicate::InNetworks(networks), Constant::Ip(address)) => {
            Truth::from(networks.iter().any(|network| network.0.contains(address)))
        }
        (Predicate::During(window), Constant::Int(seconds)) => {
            match time::in_window(&situation.model.windows[window.index()], *seconds) {
                Some(inside) => Truth::from(inside),
                None => Truth::Unknown,
            }
        }
        _ => Truth::Unknown, // the checker lets no other pair through
    }
}

fn compares<T: PartialOrd>(ordering: Ordering, left: &T, right: &T) -> bool {
    match ordering {
        Ordering::Less => left < right,
        Ordering::LessOrEqual => left <= right,
        Ordering::Greater => left > right,
        Ordering::GreaterOrEqual => left >= right,
    }
}
