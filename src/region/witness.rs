//! From an assignment to the request that it stands for.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;

use super::asked::kind_named;
use super::side::{Known, path};
use super::terms::Variable;
use super::variables::{Class, Place, What};
use super::vocabulary::Vocabulary;
use crate::request::{ContainerFact, Request, Target, User, Value};
use crate::sema::model::{AppId, Layer, Model, Source};

/// The request. Where a caller vouches for the app user or the context user, it says that they may, unless its word is a
/// variable.
pub(super) fn request(
    sides: &[Option<Known<'_>>],
    vocabulary: &Vocabulary,
    like: &HashMap<Variable, Vec<(Variable, Variable)>>,
    assignment: &[u32],
) -> Request {
    let Some(first) = sides.iter().flatten().next() else {
        return Request::default();
    };
    let mut request = Request {
        app: Some(first.model.apps[first.app.index()].key.clone()),
        operation: Target::Name(first.model.operations[first.operation.index()].name.clone()),
        ..Request::default()
    };
    let class = |variable: Variable| &vocabulary.classes(variable)[assignment[variable.index()] as usize];
    request.approved = match vocabulary.find(&What::Approval).map(class) {
        Some(Class::Yes) => {
            let names = sides.iter().flatten().flat_map(|known| approvable(known.model, known.app));
            Some(names.collect())
        }
        Some(Class::Value(Value::Set(names))) => Some(names.clone()),
        Some(_) | None => None, // it says nothing
    };
    // Where a caller is asked, what it says.
    let word = |layer: Layer, of: &dyn Fn(&Known<'_>) -> Source| {
        let asked = sides.iter().flatten().any(|known| of(known) == Source::Caller);
        let says = vocabulary.find(&What::Word(layer)).is_none_or(|word| *class(word) == Class::Yes);
        asked.then_some(Value::Bool(says))
    };
    let user = vocabulary.find(&What::User).is_some_and(|user| *class(user) == Class::Some);
    if user {
        let mut attributes = BTreeMap::new();
        if let Some(word) = word(Layer::ContextUser, &|known| known.model.authority.context_user) {
            attributes.insert("permitted".to_owned(), word);
        }
        request.user = Some(User { id: SOMEONE.to_owned(), attributes });
    }
    if let Some(word) = word(Layer::AppUser, &|known| known.model.authority.app_user) {
        request.attributes.insert("app-user.permitted".to_owned(), word);
    }
    // From the innermost kind to the root, as the first side that knows the kind has it.
    let depth = |kind: &str| {
        let depth_of = |known: &Known<'_>| kind_named(known, kind).map(|kind| path(known.model, kind).len());
        sides.iter().flatten().find_map(depth_of).unwrap_or(0)
    };
    let mut containers: Vec<(usize, ContainerFact)> = Vec::new();
    for (variable, part) in vocabulary.parts() {
        if let What::Container(kind) = &part.what {
            let id = match class(variable) {
                Class::Some => None,
                Class::Value(Value::Text(id)) => Some(id.clone()),
                Class::Value(Value::Bool(_) | Value::Int(_) | Value::Set(_))
                | Class::Missing
                | Class::Odd(_)
                | Class::Set
                | Class::No
                | Class::Yes => continue,
            };
            let attributes = BTreeMap::new();
            containers.push((depth(kind), ContainerFact { kind: kind.clone(), id, attributes }));
        }
    }
    containers.sort_by_key(|(depth, container)| (std::cmp::Reverse(*depth), container.kind.clone()));
    request.containers = containers.into_iter().map(|(_, container)| container).collect();
    for (variable, part) in vocabulary.parts() {
        match &part.what {
            What::Value(place, name) => {
                let value = match class(variable) {
                    Class::Value(value) | Class::Odd(value) => value.clone(),
                    Class::Set => Value::Set(elements(vocabulary, like, assignment, variable)),
                    Class::Missing | Class::Some | Class::No | Class::Yes => continue,
                };
                say(&mut request, place, name, value);
            }
            What::Stage(ratchet) => {
                if let Class::Value(Value::Text(stage)) | Class::Odd(Value::Text(stage)) = class(variable) {
                    request.stages.insert(ratchet.clone(), stage.clone());
                }
            }
            What::User
            | What::Container(_)
            | What::Element(..)
            | What::ElementLike(..)
            | What::Approval
            | What::Word(_) => {}
        }
    }
    request
}

/// The names of all scopes that can be approved for an app.
pub(super) fn approvable(model: &Model, app: AppId) -> impl Iterator<Item = String> {
    let requested = &model.apps[app.index()].requested;
    requested.iter().map(|scope| model.scopes[scope.index()].name.clone())
}

/// A user of whom nothing matters but that there is one.
const SOMEONE: &str = "someone";

/// Says it where there is anything to say it of.
fn say(request: &mut Request, place: &Place, name: &str, value: Value) {
    match place {
        Place::Request => drop(request.attributes.insert(name.to_owned(), value)),
        Place::User => match (&mut request.user, value) {
            (Some(user), Value::Text(id)) if name == "id" => user.id = id,
            (Some(user), value) => drop(user.attributes.insert(name.to_owned(), value)),
            (None, _) => {}
        },
        Place::Container(kind) => {
            if let Some(container) = request.containers.iter_mut().find(|container| container.kind == *kind) {
                container.attributes.insert(name.to_owned(), value);
            }
        }
    }
}

/// The elements of a set: those asked for by name, and of the values of variables those whose first variable says so.
fn elements(
    vocabulary: &Vocabulary,
    like: &HashMap<Variable, Vec<(Variable, Variable)>>,
    assignment: &[u32],
    set: Variable,
) -> BTreeSet<String> {
    let What::Value(place, name) = vocabulary.what(set) else {
        return BTreeSet::new();
    };
    let yes = |variable: Variable| assignment[variable.index()] == 1;
    let mut named = BTreeSet::new();
    let mut elements = BTreeSet::new();
    for (variable, part) in vocabulary.parts() {
        if let What::Element(of, attribute, element) = &part.what
            && (of, attribute) == (place, name)
        {
            named.insert(element.clone());
            if yes(variable) {
                elements.insert(element.clone());
            }
        }
    }
    for (other, has) in like.get(&set).into_iter().flatten() {
        let class = &vocabulary.classes(*other)[assignment[other.index()] as usize];
        if let Class::Value(Value::Text(text)) = class
            && named.insert(text.clone())
            && yes(*has)
        {
            elements.insert(text.clone());
        }
    }
    elements
}
