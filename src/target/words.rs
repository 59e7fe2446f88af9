//! Parts of a model by their names, and conditions made of them.

use std::collections::BTreeSet;

use crate::analysis::privilege::permitted;
use crate::sema::model::{
    AppId, AttributeId, Clause, Condition, Constant, KindId, Model, Operation, OperationId, Owner, Pattern,
    PatternPart, PermissionModelId, Predicate, Subject,
};

/// The kind of that name.
pub(super) fn kind(model: &Model, name: &str) -> Option<KindId> {
    model.kinds.iter().position(|kind| kind.name == name).map(|at| KindId(at as u32))
}

/// An attribute by what owns it (a kind's name, `user`, or `request` for all else) and its name.
pub(super) fn attribute(model: &Model, owner: &str, name: &str) -> Option<AttributeId> {
    let owner = match owner {
        "user" => Owner::User,
        "request" => Owner::Request,
        other => Owner::Kind(kind(model, other)?),
    };
    let at = model.attributes.iter().position(|a| a.owner == owner && a.name == name)?;
    Some(AttributeId(at as u32))
}

/// A test of an attribute.
pub(super) fn test(model: &Model, attribute: AttributeId, predicate: Predicate) -> Condition {
    let declared = &model.attributes[attribute.index()];
    let subject = match declared.owner {
        Owner::Kind(_) => Subject::Container { attributes: vec![attribute], inherited: declared.inherited },
        Owner::App | Owner::Operation | Owner::User | Owner::Request => Subject::Attribute(attribute),
    };
    permitted::test(subject, predicate)
}

/// The attribute is one of these texts.
pub(super) fn one_of<'t>(
    model: &Model,
    attribute: AttributeId,
    texts: impl IntoIterator<Item = &'t String>,
) -> Condition {
    let constants: Vec<Constant> = texts.into_iter().map(|text| Constant::String(text.clone())).collect();
    if constants.is_empty() {
        return Condition::Constant(false);
    }
    test(model, attribute, Predicate::Is(constants))
}

/// The attribute, a set, has one of these.
pub(super) fn has_any<'t>(
    model: &Model,
    attribute: AttributeId,
    texts: impl IntoIterator<Item = &'t String>,
) -> Condition {
    let elements: Vec<String> = texts.into_iter().cloned().collect();
    if elements.is_empty() {
        return Condition::Constant(false);
    }
    test(model, attribute, Predicate::HasAny(elements))
}

pub(super) fn not(condition: Condition) -> Condition {
    match condition {
        Condition::Constant(value) => Condition::Constant(!value),
        other => Condition::Not(Box::new(other)),
    }
}

/// All of them, without those that always hold.
pub(super) fn all(parts: impl IntoIterator<Item = Condition>) -> Condition {
    let mut left = Vec::new();
    for part in parts {
        match part {
            Condition::Constant(true) => {}
            Condition::Constant(false) => return part,
            other => left.push(other),
        }
    }
    match left.len() {
        0 => Condition::Constant(true),
        1 => left.remove(0),
        _ => Condition::All(left),
    }
}

/// One of them, without those that never hold.
pub(super) fn any(parts: impl IntoIterator<Item = Condition>) -> Condition {
    let mut left = Vec::new();
    for part in parts {
        match part {
            Condition::Constant(false) => {}
            Condition::Constant(true) => return part,
            other => left.push(other),
        }
    }
    match left.len() {
        0 => Condition::Constant(false),
        1 => left.remove(0),
        _ => Condition::Any(left),
    }
}

/// The kinds in which the operation acts, from the innermost outwards.
pub(super) fn path(model: &Model, operation: &Operation) -> Vec<KindId> {
    let mut path = vec![operation.kind];
    while let Some(parent) = path.last().and_then(|kind| model.kinds[kind.index()].parent)
        && path.len() <= model.kinds.len()
    {
        path.push(parent);
    }
    path
}

/// Whether the operation acts in a container of that kind or below it.
pub(super) fn acts_in(model: &Model, operation: &Operation, kind: &str) -> bool {
    path(model, operation).iter().any(|id| model.kinds[id.index()].name == kind)
}

/// Whether the operation carries the mark.
pub(super) fn is_marked(model: &Model, operation: &Operation, mark: &str) -> bool {
    operation.marks.iter().any(|id| model.marks[id.index()].name == mark)
}

/// The permission model's name.
pub(super) fn name_of(model: &Model, of: PermissionModelId) -> &str {
    &model.permission_models[of.index()].name
}

/// Whether the app can call the operation in one of its permission models with such a name.
pub(super) fn is_of(model: &Model, app: AppId, operation: OperationId, names: impl Fn(&str) -> bool) -> bool {
    let requirements = &model.operations[operation.index()].requirements;
    let models = model.apps[app.index()].models.iter();
    models.filter(|of| requirements.contains_key(of)).any(|of| names(name_of(model, *of)))
}

/// Permission models of apps that act for nobody: of a person, these platforms would not know.
const OF_THEIR_OWN: [&str; 3] =
    ["microsoft.exchange.ews", "microsoft.exchange.rbac", "microsoft.graph.application"];

/// Whether the app can call the operation for nobody but itself.
pub(super) fn acts_alone(model: &Model, app: AppId, operation: OperationId) -> bool {
    is_of(model, app, operation, |name| OF_THEIR_OWN.contains(&name))
        && !is_of(model, app, operation, |name| !OF_THEIR_OWN.contains(&name))
}

/// The texts that clauses compare the attribute with: values, and elements of sets.
pub(super) fn texts(model: &Model, attribute: AttributeId) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut collect = |subject: &Subject, predicate: &Predicate| {
        if !reads(subject, attribute) {
            return;
        }
        match predicate {
            Predicate::Is(constants) => found.extend(constants.iter().filter_map(|c| match c {
                Constant::String(text) | Constant::Origin(text) => Some(text.clone()),
                Constant::Bool(_)
                | Constant::Int(_)
                | Constant::Index(_)
                | Constant::Strings(_)
                | Constant::Ip(_)
                | Constant::Domain(_) => None,
            })),
            Predicate::HasAny(elements) => found.extend(elements.iter().cloned()),
            Predicate::Present
            | Predicate::Order(..)
            | Predicate::Like(_)
            | Predicate::InNetworks(_)
            | Predicate::During(_)
            | Predicate::Same(_)
            | Predicate::ElementOf(_) => {}
        }
    };
    model.clauses.iter().for_each(|clause| each_test(&clause.condition, &mut collect));
    found
}

/// The domains or origins that the policy's rules compare an attribute with, as patterns.
pub(super) fn patterns_of(model: &Model, attribute: AttributeId) -> BTreeSet<Pattern> {
    let mut patterns = BTreeSet::new();
    for clause in &model.clauses {
        each_test(&clause.condition, &mut |subject, predicate| {
            if !reads(subject, attribute) {
                return;
            }
            match predicate {
                Predicate::Like(of) => patterns.extend(of.iter().cloned()),
                Predicate::Is(constants) => {
                    for constant in constants {
                        if let Constant::Domain(text) | Constant::Origin(text) = constant {
                            patterns.insert(Pattern(vec![PatternPart::Text(text.clone())]));
                        }
                    }
                }
                Predicate::Present
                | Predicate::Order(..)
                | Predicate::InNetworks(_)
                | Predicate::During(_)
                | Predicate::HasAny(_)
                | Predicate::Same(_)
                | Predicate::ElementOf(_) => {}
            }
        });
    }
    patterns
}

/// That the attribute is like one of the patterns.
pub(super) fn like(model: &Model, attribute: AttributeId, patterns: Vec<Pattern>) -> Condition {
    match patterns.is_empty() {
        true => Condition::Constant(false),
        false => test(model, attribute, Predicate::Like(patterns)),
    }
}

/// Whether the subject reads the attribute.
pub(super) fn reads(subject: &Subject, attribute: AttributeId) -> bool {
    match subject {
        Subject::Attribute(id) => *id == attribute,
        Subject::Container { attributes, .. } => attributes.contains(&attribute),
        Subject::Stage(_) => false,
    }
}

/// Every test of the condition.
pub(super) fn each_test(condition: &Condition, look: &mut dyn FnMut(&Subject, &Predicate)) {
    match condition {
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| each_test(part, look)),
        Condition::Not(inner) => each_test(inner, look),
        Condition::Test(atom) => look(&atom.subject, &atom.predicate),
    }
}

/// The names of the attributes that the clause reads, as policies write them.
pub(super) fn read_by(model: &Model, clause: &Clause, found: &mut BTreeSet<String>) {
    each_test(&clause.condition, &mut |subject, predicate| {
        subject_names(model, subject, found);
        match predicate {
            Predicate::Same(other) | Predicate::ElementOf(other) => subject_names(model, other, found),
            Predicate::Present
            | Predicate::Is(_)
            | Predicate::Order(..)
            | Predicate::Like(_)
            | Predicate::InNetworks(_)
            | Predicate::During(_)
            | Predicate::HasAny(_) => {}
        }
    });
}

fn subject_names(model: &Model, subject: &Subject, found: &mut BTreeSet<String>) {
    let name = |id: &AttributeId| {
        let attribute = &model.attributes[id.index()];
        match attribute.owner {
            // Constant for the app or the operation.
            Owner::App | Owner::Operation => None,
            Owner::Kind(kind) => Some(format!("{}.{}", model.kinds[kind.index()].name, attribute.name)),
            Owner::User => Some(format!("user.{}", attribute.name)),
            Owner::Request => Some(attribute.name.clone()),
        }
    };
    match subject {
        Subject::Attribute(id) => found.extend(name(id)),
        Subject::Container { attributes, .. } => found.extend(attributes.iter().filter_map(name)),
        Subject::Stage(ratchet) => {
            found.insert(format!("{}.stage", model.ratchets[ratchet.index()].name));
        }
    }
}

/// Whether some clause reads the attribute.
pub(super) fn is_read(model: &Model, attribute: AttributeId) -> bool {
    let mut found = false;
    for clause in &model.clauses {
        each_test(&clause.condition, &mut |subject, _| found |= reads(subject, attribute));
    }
    found
}

/// Whether some clause tells containers of that kind apart by their ids.
pub(super) fn texts_read(model: &Model, kind: &str) -> bool {
    attribute(model, kind, "id").is_some_and(|id| is_read(model, id))
}
