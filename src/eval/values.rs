//! Reading subjects: from the policy, from the request, from a container or one above it.

use super::chain;
use super::conditions::Truth;
use super::facts::Situation;
use crate::request::Value;
use crate::sema::model::{Access, Attribute, AttributeId, Constant, KindId, Model, Owner, Subject, Type};
use crate::sema::pattern::{normalise_domain, normalise_origin};

/// What a subject is in this request.
pub(super) enum Reading {
    /// This.
    Value(Constant),
    /// Not given.
    Missing,
    /// Given, and not of the attribute's type; or of a container that the request does not name.
    Unreadable,
    /// It differs between the entries of the list.
    Listed,
}

/// The value of a subject.
pub(super) fn read(situation: &Situation, subject: &Subject) -> Reading {
    match subject {
        Subject::Attribute(id) => {
            let attribute = &situation.model.attributes[id.index()];
            match given(situation, attribute) {
                Some(value) => as_typed(situation.model, &value, attribute.kind),
                None => Reading::Missing,
            }
        }
        Subject::Container { attributes, inherited } => of_container(situation, attributes, *inherited),
        Subject::Stage(ratchet) => match situation.stage(*ratchet) {
            Some(stage) => Reading::Value(Constant::Index(stage)),
            None if situation.gives_stage(*ratchet) => Reading::Unreadable,
            None => Reading::Missing,
        },
    }
}

/// Whether the subject has a value. `user.groups` has one if there is a user and either the request gives
/// groups or the policy declares any.
///
/// By definition, what is given and cannot be read is neither present nor absent: a browser that says `null` for
/// its origin does not say that it has none.
pub(super) fn present(situation: &Situation, subject: &Subject) -> Truth {
    let declares_groups = is_user_groups(situation, subject) && !situation.model.groups.is_empty();
    if declares_groups && situation.user().is_some() {
        return Truth::True;
    }
    match read(situation, subject) {
        Reading::Value(_) => Truth::True,
        Reading::Listed => Truth::Listed,
        Reading::Unreadable => Truth::Unknown,
        Reading::Missing => Truth::False,
    }
}

/// Whether the subject, a set, has this element.
pub(super) fn has_element(situation: &Situation, subject: &Subject, element: &str) -> Truth {
    if is_user_groups(situation, subject) {
        return in_group(situation, element);
    }
    match read(situation, subject) {
        Reading::Value(Constant::Strings(set)) => Truth::from(set.contains(element)),
        Reading::Listed => Truth::Listed,
        Reading::Missing | Reading::Unreadable | Reading::Value(_) => Truth::Unknown,
    }
}

/// Whether the user is in the group. A declared group has the members that the policy says and no others;
/// of any other group the request decides.
pub(super) fn in_group(situation: &Situation, group: &str) -> Truth {
    let Some(user) = situation.user() else {
        return Truth::Unknown;
    };
    if let Some(members) = situation.model.groups.get(group) {
        return Truth::from(members.contains(&user.id));
    }
    match user.attributes.get("groups") {
        Some(Value::Set(groups)) => Truth::from(groups.contains(group)),
        Some(Value::Text(_) | Value::Bool(_) | Value::Int(_)) | None => Truth::Unknown,
    }
}

fn is_user_groups(situation: &Situation, subject: &Subject) -> bool {
    match subject {
        Subject::Attribute(id) => {
            let attribute = &situation.model.attributes[id.index()];
            attribute.owner == Owner::User && attribute.name == "groups"
        }
        Subject::Container { .. } | Subject::Stage(_) => false,
    }
}

/// Walks from the kind that the operation concerns to the root, to the first kind that owns one of the
/// attributes, and on past it only if its container has no value and the attribute is inherited.
///
/// A subject that names an attribute of a listed kind is listed, even where a container of the chain would
/// have had an answer. By definition, a value cannot be read as soon as the walk meets a kind of which the
/// request names no container, or a value that does not fit: either may be stricter than what lies outside,
/// and what is not known never helps the app. Nor is it known then whether there is one.
fn of_container(situation: &Situation, attributes: &[AttributeId], inherited: bool) -> Reading {
    let owned_by = |kind: KindId| {
        attributes
            .iter()
            .copied()
            .find(|id| situation.model.attributes[id.index()].owner == Owner::Kind(kind))
    };
    if situation.listed.iter().any(|kind| owned_by(*kind).is_some()) {
        return Reading::Listed;
    }
    let operation = situation.operation();
    for kind in chain::path_to_root(situation.model, operation.lists.unwrap_or(operation.kind)) {
        let Some(attribute) = owned_by(kind) else {
            continue;
        };
        let Some(element) = situation.chain.iter().find(|element| element.kind == kind) else {
            return Reading::Unreadable;
        };
        match of_element(situation.model, element, attribute) {
            Reading::Missing if inherited => {}
            reading => return reading,
        }
    }
    Reading::Missing
}

/// An attribute of one container: its id, else what the policy declares, else what the request says. By definition,
/// of a container that only the path names it is not known which attributes it has.
fn of_element(model: &Model, element: &chain::Element<'_>, id: AttributeId) -> Reading {
    let attribute = &model.attributes[id.index()];
    if attribute.name == "id" {
        return match &element.id {
            Some(id) => Reading::Value(Constant::String(id.clone())),
            None => Reading::Missing,
        };
    }
    let declared = element.id.as_deref().and_then(|id| chain::declared(model, element.kind, id));
    if let Some(value) = declared.and_then(|container| container.attributes.get(&id)) {
        return Reading::Value(value.clone());
    }
    let Some(attributes) = element.attributes else {
        return Reading::Unreadable;
    };
    match attributes.get(&attribute.name) {
        Some(value) => as_typed(model, value, attribute.kind),
        None => Reading::Missing,
    }
}

fn as_typed(model: &Model, value: &Value, kind: Type) -> Reading {
    match typed(model, value, kind) {
        Some(value) => Reading::Value(value),
        None => Reading::Unreadable,
    }
}

/// The untyped value of an attribute that is no container's.
fn given(situation: &Situation, attribute: &Attribute) -> Option<Value> {
    let name = attribute.name.as_str();
    match attribute.owner {
        Owner::App => {
            let app = situation.app();
            match name {
                "name" => Some(Value::Text(app.name.clone())),
                "key" => Some(Value::Text(app.key.clone())),
                "vendor" => (!app.vendor.is_empty()).then(|| Value::Text(app.vendor.clone())),
                "kind" => Some(Value::Text(app.kind.clone())),
                _ => None, // the prelude declares no other
            }
        }
        Owner::Operation => {
            let operation = situation.operation();
            match name {
                "name" => Some(Value::Text(operation.name.clone())),
                "access" => Some(Value::Text(access(operation.access).to_owned())),
                "method" => operation.http.as_ref().map(|(method, _)| Value::Text(method.clone())),
                "marks" => {
                    let marks = operation.marks.iter();
                    let names = marks.map(|mark| situation.model.marks[mark.index()].name.clone());
                    Some(Value::Set(names.collect()))
                }
                _ => None, // the prelude declares no other
            }
        }
        Owner::User => {
            let user = situation.user()?;
            match name {
                "id" => Some(Value::Text(user.id.clone())),
                _ => user.attributes.get(name).cloned(), // whatever else is declared
            }
        }
        Owner::Request => situation.request.attributes.get(name).cloned(),
        Owner::Kind(_) => None, // read through `Subject::Container`
    }
}

fn access(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
        Access::Delete => "delete",
        Access::Admin => "admin",
    }
}

/// The value as the attribute's type sees it; `None` where it does not fit.
fn typed(model: &Model, value: &Value, kind: Type) -> Option<Constant> {
    match (kind, value) {
        (Type::String, Value::Text(text)) => Some(Constant::String(text.clone())),
        (Type::Bool, Value::Bool(value)) => Some(Constant::Bool(*value)),
        // No duration is less than none.
        (Type::Duration, Value::Int(..0)) => None,
        (Type::Int | Type::Instant | Type::Duration, Value::Int(value)) => Some(Constant::Int(*value)),
        (Type::Enum(id), Value::Text(text)) => {
            let values = &model.enumerations[id.index()].values;
            values.iter().position(|value| value == text).map(|index| Constant::Index(index as u32))
        }
        (Type::Strings, Value::Set(set)) => Some(Constant::Strings(set.clone())),
        // An IPv4-mapped IPv6 address is the IPv4 address.
        (Type::Ip, Value::Text(text)) => {
            text.parse::<std::net::IpAddr>().ok().map(|address| Constant::Ip(address.to_canonical()))
        }
        (Type::Domain, Value::Text(text)) => normalise_domain(text).map(Constant::Domain),
        (Type::Origin, Value::Text(text)) => normalise_origin(text).map(Constant::Origin),
        (
            Type::String | Type::Enum(_) | Type::Ip | Type::Domain | Type::Origin,
            Value::Bool(_) | Value::Int(_) | Value::Set(_),
        )
        | (Type::Bool, Value::Text(_) | Value::Int(_) | Value::Set(_))
        | (Type::Int | Type::Instant | Type::Duration, Value::Text(_) | Value::Bool(_) | Value::Set(_))
        | (Type::Strings, Value::Text(_) | Value::Bool(_) | Value::Int(_)) => None,
    }
}
