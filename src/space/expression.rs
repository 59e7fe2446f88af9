//! A clause's condition for one app and one operation: what is constant there is folded away.

use crate::sema::model::{
    App, Atom, Condition, Constant, KindId, Model, Operation, Ordering, Owner, Predicate, Subject,
};

/// A condition without constants of app or operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Expression {
    /// Certain.
    Constant(bool),
    /// A test on something that is missing for this app or operation.
    Unknown,
    /// Conjunction.
    All(Vec<Expression>),
    /// Disjunction.
    Any(Vec<Expression>),
    /// Negation.
    Not(Box<Expression>),
    /// A test that needs the request.
    Test(Subject, Predicate),
}

/// The condition as it is for one app (if it depends on one) and one operation.
pub(super) fn fold(
    model: &Model,
    condition: &Condition,
    app: Option<&App>,
    operation: &Operation,
) -> Expression {
    let go = |c: &Condition| fold(model, c, app, operation);
    match condition {
        Condition::Constant(truth) => Expression::Constant(*truth),
        Condition::All(parts) => all(parts.iter().map(go)),
        Condition::Any(parts) => any(parts.iter().map(go)),
        Condition::Not(inner) => match go(inner) {
            Expression::Constant(truth) => Expression::Constant(!truth),
            Expression::Unknown => Expression::Unknown,
            Expression::Not(inner) => *inner,
            other => Expression::Not(Box::new(other)),
        },
        Condition::InKind(kind) => Expression::Constant(acts_within(model, operation, *kind)),
        Condition::AtKind(kind) => {
            Expression::Constant(operation.kind == *kind || operation.lists == Some(*kind))
        }
        Condition::Test(atom) => test(model, atom, app, operation),
    }
}

/// Whether the operation acts in, or lists, this kind or one below it.
pub(super) fn acts_within(model: &Model, operation: &Operation, kind: KindId) -> bool {
    let within = |mut at: KindId| loop {
        if at == kind {
            return true;
        }
        match model.kinds[at.index()].parent {
            Some(parent) => at = parent,
            None => return false,
        }
    };
    within(operation.kind) || operation.lists.is_some_and(within)
}

fn all(parts: impl Iterator<Item = Expression>) -> Expression {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Expression::Constant(true) => {}
            Expression::Constant(false) => return Expression::Constant(false),
            Expression::All(inner) => kept.extend(inner),
            other => kept.push(other),
        }
    }
    if kept.len() > 1 { Expression::All(kept) } else { kept.pop().unwrap_or(Expression::Constant(true)) }
}

fn any(parts: impl Iterator<Item = Expression>) -> Expression {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Expression::Constant(false) => {}
            Expression::Constant(true) => return Expression::Constant(true),
            Expression::Any(inner) => kept.extend(inner),
            other => kept.push(other),
        }
    }
    if kept.len() > 1 { Expression::Any(kept) } else { kept.pop().unwrap_or(Expression::Constant(false)) }
}

fn test(model: &Model, atom: &Atom, app: Option<&App>, operation: &Operation) -> Expression {
    let fixed = |subject: &Subject| fixed(model, subject, app, operation);
    match (&atom.predicate, fixed(&atom.subject)) {
        // A relation with one side known is a test against a constant.
        (Predicate::Same(other), Some(left)) => match (left, fixed(other)) {
            (None, _) | (_, Some(None)) => Expression::Unknown,
            (Some(left), Some(Some(right))) => Expression::Constant(left == right),
            (Some(left), None) => Expression::Test(other.clone(), Predicate::Is(vec![left])),
        },
        (Predicate::Same(other), None) => match fixed(other) {
            None => Expression::Test(atom.subject.clone(), atom.predicate.clone()),
            Some(None) => Expression::Unknown,
            Some(Some(right)) => Expression::Test(atom.subject.clone(), Predicate::Is(vec![right])),
        },
        (Predicate::ElementOf(set), left) => match (left, fixed(set)) {
            (Some(None), _) | (_, Some(None)) => Expression::Unknown,
            (None, None) => Expression::Test(atom.subject.clone(), atom.predicate.clone()),
            (Some(Some(Constant::String(left))), None) => {
                Expression::Test(set.clone(), Predicate::HasAny(vec![left]))
            }
            (Some(Some(Constant::String(left))), Some(Some(Constant::Strings(set)))) => {
                Expression::Constant(set.contains(&left))
            }
            (None, Some(Some(Constant::Strings(set)))) => Expression::Test(
                atom.subject.clone(),
                Predicate::Is(set.into_iter().map(Constant::String).collect()),
            ),
            (Some(Some(_)), _) | (None, Some(Some(_))) => Expression::Unknown,
        },
        (predicate, None) => Expression::Test(atom.subject.clone(), predicate.clone()),
        (Predicate::Present, Some(value)) => Expression::Constant(value.is_some()),
        (_, Some(None)) => Expression::Unknown,
        (predicate, Some(Some(value))) => match satisfies(&value, predicate) {
            Some(truth) => Expression::Constant(truth),
            None => Expression::Unknown,
        },
    }
}

/// Whether a constant of an app or operation satisfies a predicate; `None` where it cannot be asked of it.
fn satisfies(value: &Constant, predicate: &Predicate) -> Option<bool> {
    Some(match (predicate, value) {
        (Predicate::Is(constants), value) => constants.contains(value),
        (Predicate::Order(ordering, Constant::Int(bound)), Constant::Int(value)) => {
            ordered(*ordering, value, bound)
        }
        (Predicate::Order(ordering, Constant::Index(bound)), Constant::Index(value)) => {
            ordered(*ordering, value, bound)
        }
        (Predicate::Like(patterns), Constant::String(text)) => {
            let automaton = super::automaton::Automaton::build(patterns, super::MAX_TRANSITIONS)?;
            !automaton.accepts(text.as_bytes()).is_empty()
        }
        (Predicate::HasAny(elements), Constant::Strings(set)) => elements.iter().any(|e| set.contains(e)),
        _ => return None,
    })
}

pub(super) fn ordered<T: PartialOrd>(ordering: Ordering, value: &T, bound: &T) -> bool {
    match ordering {
        Ordering::Less => value < bound,
        Ordering::LessOrEqual => value <= bound,
        Ordering::Greater => value > bound,
        Ordering::GreaterOrEqual => value >= bound,
    }
}

/// `Some(value)` for subjects that are constants of the app or operation; the value is `None` if missing.
pub(super) fn fixed(
    model: &Model,
    subject: &Subject,
    app: Option<&App>,
    operation: &Operation,
) -> Option<Option<Constant>> {
    let Subject::Attribute(id) = subject else {
        return None;
    };
    let attribute = &model.attributes[id.index()];
    let index = |name: &str| match attribute.kind {
        crate::sema::model::Type::Enum(e) => {
            let values = &model.enumerations[e.index()].values;
            values.iter().position(|v| v == name).map(|i| Constant::Index(i as u32))
        }
        _ => None,
    };
    let text = |text: &str| (!text.is_empty()).then(|| Constant::String(text.to_string()));
    match attribute.owner {
        Owner::App => Some(app.and_then(|app| match attribute.name.as_str() {
            "name" => text(&app.name),
            "key" => text(&app.key),
            "vendor" => text(&app.vendor),
            "kind" => index(&app.kind),
            _ => None,
        })),
        Owner::Operation => Some(match attribute.name.as_str() {
            "name" => text(&operation.name),
            "access" => index(match operation.access {
                crate::sema::model::Access::Read => "read",
                crate::sema::model::Access::Write => "write",
                crate::sema::model::Access::Delete => "delete",
                crate::sema::model::Access::Admin => "admin",
            }),
            "method" => operation.http.as_ref().and_then(|(method, _)| text(method)),
            "marks" => Some(Constant::Strings(
                operation.marks.iter().map(|m| model.marks[m.index()].name.clone()).collect(),
            )),
            _ => None,
        }),
        Owner::Kind(_) | Owner::User | Owner::Request => None,
    }
}
