//! What paths read, and constants of the type that is wanted.

use std::collections::BTreeSet;

use super::conditions::Place;
use super::context::Context;
use super::model::{AttributeId, Constant, KindId, Owner, RatchetId, Subject, Type};
use super::{errors, pattern};
use crate::span::Span;
use crate::syntax::tree::{Literal, LiteralValue, Name, Operand};

/// The type of something that a condition reads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ty {
    Plain(Type),
    /// The stages of a ratchet.
    Stage(RatchetId),
}

/// A path that was understood.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) subject: Subject,
    pub(super) ty: Ty,
    pub(super) name: Name,
}

/// Whether the name is an attribute where it stands.
pub(super) fn is_attribute(cx: &Context, name: &Name, place: Place) -> bool {
    let of_kind = |kind| cx.names.attributes.contains_key(&(Owner::Kind(kind), name.text.clone()));
    name.text.contains('.')
        || matches!(place, Place::Of(kind) if of_kind(kind))
        || cx.names.attributes.contains_key(&(Owner::Request, name.text.clone()))
}

/// What a path reads; a path that reads nothing is reported.
pub(super) fn read(cx: &mut Context, name: &Name, place: Place) -> Option<Reading> {
    let reading = |subject, ty| Some(Reading { subject, ty, name: name.clone() });
    let attribute = |cx: &Context, id: AttributeId| {
        reading(Subject::Attribute(id), Ty::Plain(cx.model.attributes[id.index()].kind))
    };
    if let Place::Of(kind) = place
        && let Some(entry) = cx.names.attributes.get(&(Owner::Kind(kind), name.text.clone()))
    {
        return of_kind(cx, kind, entry.id?, name);
    }
    if let Some(entry) = cx.names.attributes.get(&(Owner::Request, name.text.clone())) {
        return attribute(cx, entry.id?);
    }
    let (root, rest) = match name.text.split_once('.') {
        Some((root, rest)) => (root, rest),
        None if name.text == "user" => ("user", "id"),
        None => {
            unknown(cx, name, place);
            return None;
        }
    };
    let owner = match root {
        "app" => Some(Owner::App),
        "operation" => Some(Owner::Operation),
        "user" => Some(Owner::User),
        _ => None,
    };
    if let Some(owner) = owner {
        let Some(entry) = cx.names.attributes.get(&(owner, rest.to_owned())) else {
            unknown(cx, name, place);
            return None;
        };
        return attribute(cx, entry.id?);
    }
    if root == "container" {
        return of_any_kind(cx, rest, name, place);
    }
    if rest == "stage"
        && let Some(entry) = cx.names.ratchets.get(root)
    {
        let id = entry.id?;
        return reading(Subject::Stage(id), Ty::Stage(id));
    }
    if let Some(entry) = cx.names.kinds.get(root) {
        let kind = entry.id?;
        if let Some(entry) = cx.names.attributes.get(&(Owner::Kind(kind), rest.to_owned())) {
            return of_kind(cx, kind, entry.id?, name);
        }
    }
    unknown(cx, name, place);
    None
}

/// `project.category`, and what it inherits from.
fn of_kind(cx: &Context, kind: KindId, id: AttributeId, name: &Name) -> Option<Reading> {
    let own = &cx.model.attributes[id.index()];
    let mut attributes = vec![id];
    let mut above = cx.model.kinds[kind.index()].parent;
    while let (true, Some(at)) = (own.inherited, above) {
        let entry = cx.names.attributes.get(&(Owner::Kind(at), own.name.clone()));
        attributes
            .extend(entry.and_then(|e| e.id).filter(|a| cx.model.attributes[a.index()].kind == own.kind));
        above = cx.model.kinds[at.index()].parent;
    }
    attributes.sort();
    let subject = Subject::Container { attributes, inherited: own.inherited };
    Some(Reading { subject, ty: Ty::Plain(own.kind), name: name.clone() })
}

/// `container.category`: all kinds that have it.
fn of_any_kind(cx: &mut Context, attribute: &str, name: &Name, place: Place) -> Option<Reading> {
    let entries: Vec<_> = (0..cx.model.kinds.len())
        .filter_map(|i| cx.names.attributes.get(&(Owner::Kind(KindId(i as u32)), attribute.to_owned())))
        .copied()
        .collect();
    let Some(first) = entries.first() else {
        unknown(cx, name, place);
        return None;
    };
    let ids: Option<Vec<AttributeId>> = entries.iter().map(|e| e.id).collect();
    let mut ids = ids?;
    let one = &cx.model.attributes[ids[0].index()];
    for (entry, id) in entries.iter().zip(&ids) {
        let other = &cx.model.attributes[id.index()];
        if other.kind != one.kind || other.inherited != one.inherited {
            let error = errors::types::kinds_disagree(name, first.span, entry.span);
            cx.report(error);
            return None;
        }
    }
    let (ty, inherited) = (Ty::Plain(one.kind), one.inherited);
    ids.sort();
    Some(Reading { subject: Subject::Container { attributes: ids, inherited }, ty, name: name.clone() })
}

fn unknown(cx: &mut Context, name: &Name, place: Place) {
    if cx.names.blind {
        return;
    }
    let mut known: Vec<String> = Vec::new();
    for attribute in &cx.model.attributes {
        match attribute.owner {
            Owner::App => known.push(format!("app.{}", attribute.name)),
            Owner::Operation => known.push(format!("operation.{}", attribute.name)),
            Owner::User => known.push(format!("user.{}", attribute.name)),
            Owner::Request => known.push(attribute.name.clone()),
            Owner::Kind(kind) => {
                known.push(format!("{}.{}", cx.kind_name(kind), attribute.name));
                known.push(format!("container.{}", attribute.name));
                if place == Place::Of(kind) {
                    known.push(attribute.name.clone());
                }
            }
        }
    }
    known.extend(cx.names.ratchets.known().map(|r| format!("{r}.stage")));
    known.extend(cx.names.conditions.known().map(str::to_owned));
    known.sort();
    let error = errors::types::unknown_attribute(name, known.iter().map(String::as_str));
    cx.report(error);
}

/// The constant that an operand means where something of type `ty` is wanted.
pub(super) fn operand(cx: &mut Context, operand: &Operand, ty: Ty) -> Option<Constant> {
    match operand {
        Operand::Path(name) => word(cx, &name.text, name.span, ty),
        Operand::Literal(literal) => constant(cx, literal, ty),
    }
}

/// The constant that a literal means where something of type `ty` is wanted.
pub(super) fn constant(cx: &mut Context, literal: &Literal, ty: Ty) -> Option<Constant> {
    let Ty::Plain(plain) = ty else {
        return match &literal.value {
            LiteralValue::Word(text) => word(cx, text, literal.span, ty),
            _not_a_stage => mismatch(cx, literal, ty),
        };
    };
    match (&literal.value, plain) {
        (LiteralValue::Word(text), _) => word(cx, text, literal.span, ty),
        (LiteralValue::Text(text), Type::String) => Some(Constant::String(text.clone())),
        (LiteralValue::Bool(value), Type::Bool) => Some(Constant::Bool(*value)),
        (LiteralValue::Int(value), Type::Int) => Some(Constant::Int(*value)),
        (LiteralValue::Duration(value), Type::Duration) => Some(Constant::Int(*value)),
        (LiteralValue::Instant(value), Type::Instant) => Some(Constant::Int(*value)),
        (LiteralValue::Text(text), Type::Ip) => {
            let parsed = pattern::ip(text).map(Constant::Ip);
            checked(cx, parsed, literal.span)
        }
        (LiteralValue::Text(text), Type::Domain) => {
            let parsed = pattern::domain(text).map(Constant::Domain);
            checked(cx, parsed, literal.span)
        }
        (LiteralValue::Text(text), Type::Origin) => {
            let parsed = pattern::origin(text).map(Constant::Origin);
            checked(cx, parsed, literal.span)
        }
        (LiteralValue::List(elements), Type::Strings) => {
            let mut set = BTreeSet::new();
            for element in elements {
                match constant(cx, element, Ty::Plain(Type::String))? {
                    Constant::String(text) => set.insert(text),
                    // `constant` gives what it was asked for.
                    _ => false,
                };
            }
            Some(Constant::Strings(set))
        }
        (LiteralValue::Text(_), Type::Enum(id)) => {
            let error = errors::types::quoted_value(literal, cx.enum_values(id));
            cx.report(error);
            None
        }
        _another_type => mismatch(cx, literal, ty),
    }
}

fn mismatch(cx: &mut Context, literal: &Literal, ty: Ty) -> Option<Constant> {
    let error = errors::types::mismatch(literal, &describe(cx, ty), ty);
    cx.report(error);
    None
}

/// Reports the reason why a constant is none.
pub(super) fn checked<T>(cx: &mut Context, parsed: Result<T, String>, span: Span) -> Option<T> {
    parsed.map_err(|reason| cx.report(errors::types::bad_constant(span, &reason))).ok()
}

/// A bare word: the value of an enumeration, or a stage.
fn word(cx: &mut Context, text: &str, span: Span, ty: Ty) -> Option<Constant> {
    let name = Name { text: text.to_owned(), span };
    let Some(values) = words(cx, ty) else {
        let error = errors::types::word(&name, &describe(cx, ty));
        cx.report(error);
        return None;
    };
    match values.iter().position(|v| v == text) {
        Some(at) => Some(Constant::Index(at as u32)),
        None => {
            let error = errors::types::unknown_value(&name, &describe(cx, ty), values);
            cx.report(error);
            None
        }
    }
}

/// The bare words that are constants of this type.
pub(super) fn words<'c>(cx: &'c Context, ty: Ty) -> Option<&'c [String]> {
    match ty {
        Ty::Plain(Type::Enum(id)) => Some(cx.enum_values(id)),
        Ty::Stage(ratchet) => cx.names_of_stages.get(ratchet.index()).map(Vec::as_slice),
        Ty::Plain(_) => None,
    }
}

/// A type in words.
pub(super) fn describe(cx: &Context, ty: Ty) -> String {
    match ty {
        Ty::Stage(id) => {
            format!("a stage of `{}`", cx.model.ratchets.get(id.index()).map_or("", |r| &r.name))
        }
        Ty::Plain(Type::Enum(id)) => format!("a value of `{}`", cx.model.enumerations[id.index()].name),
        Ty::Plain(Type::String) => "a string".into(),
        Ty::Plain(Type::Bool) => "true or false".into(),
        Ty::Plain(Type::Int) => "a number".into(),
        Ty::Plain(Type::Strings) => "a set of strings".into(),
        Ty::Plain(Type::Ip) => "an address".into(),
        Ty::Plain(Type::Domain) => "a domain".into(),
        Ty::Plain(Type::Origin) => "an origin".into(),
        Ty::Plain(Type::Instant) => "an instant".into(),
        Ty::Plain(Type::Duration) => "a duration".into(),
    }
}
