//! `test` blocks: requests with owned values, and what is expected of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::containers;
use super::context::Context;
use super::errors;
use super::model::{Constant, Expectation, KindId, Layer, Owner, Test, TestCase, Type};
use super::names::{Items, Term};
use super::types::{self, Ty};
use crate::request::{ContainerFact, Request, Target, User, Value};
use crate::span::Span;
use crate::syntax::tree::{self, Assign, Literal, LiteralValue, TestSubject, TestTarget};

/// Reads all tests; the clauses must have their names by now.
pub(super) fn check(cx: &mut Context, items: &Items) {
    let rules: BTreeSet<String> = cx.model.clauses.iter().map(|c| c.name.clone()).collect();
    for item in &items.tests {
        let cases = item.cases.iter().map(|c| case(cx, c, &rules)).collect();
        cx.model.tests.push(Test { title: item.title.value.clone(), cases, span: item.span });
    }
}

fn case(cx: &mut Context, item: &tree::TestCase, rules: &BTreeSet<String>) -> TestCase {
    let mut request = Request { operation: target(cx, &item.target), ..Request::default() };
    request.app = match &item.subject {
        TestSubject::Anonymous(_) => None,
        TestSubject::Key(text) => Some(text.value.clone()),
        TestSubject::App(name) => {
            cx.names.apps.find(name, &mut cx.diagnostics).map(|id| cx.model.apps[id.index()].key.clone())
        }
    };
    chain(cx, &item.containers, &mut request);
    with(cx, &item.with, &mut request);
    TestCase { request, expect: expectation(cx, &item.expect, rules), span: item.span }
}

fn target(cx: &mut Context, item: &TestTarget) -> Target {
    match item {
        TestTarget::Unknown(text) => Target::Name(text.value.clone()),
        TestTarget::Http { method, path } => {
            Target::Http { method: method.text.clone(), path: path.value.clone() }
        }
        TestTarget::Operation(name) => {
            match cx.names.terms.find(name, &mut cx.diagnostics) {
                Some(Term::Operation(_)) | None => {}
                Some(Term::Access(_) | Term::Group(_) | Term::Role(_)) => {
                    cx.report(errors::operations::one_operation(name));
                }
            }
            Target::Name(name.text.clone())
        }
    }
}

/// The request's containers, each of a kind above the one before.
fn chain(cx: &mut Context, items: &[tree::TestContainer], request: &mut Request) {
    let mut below: Option<KindId> = None;
    for item in items {
        let Some(kind) = cx.names.kinds.find(&item.kind, &mut cx.diagnostics) else { continue };
        if let Some(inner) = below
            && !cx.strictly_within(inner, kind)
        {
            let error = errors::operations::impossible_parent(
                &item.kind,
                cx.kind_name(inner),
                &containers::path_up(cx, inner),
            );
            cx.report(error);
        }
        below = Some(kind);
        let attributes = containers::attributes(cx, kind, &item.attributes);
        let attributes = attributes
            .into_iter()
            .map(|(id, constant)| {
                let attribute = &cx.model.attributes[id.index()];
                (attribute.name.clone(), value(cx, constant, Ty::Plain(attribute.kind)))
            })
            .collect();
        let id = Some(item.id.text.clone()).filter(|id| id != "_");
        request.containers.push(ContainerFact { kind: item.kind.text.clone(), id, attributes });
    }
}

fn with(cx: &mut Context, assigns: &[Assign], request: &mut Request) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    let mut user: Option<(Option<String>, BTreeMap<String, Value>, Span)> = None;
    for assign in assigns {
        let name = assign.name.text.as_str();
        if let Some(first) = seen.insert(name, assign.name.span) {
            cx.report(errors::names::twice("attribute", &assign.name, first));
            continue;
        }
        match name {
            "install.approved" => {
                request.approved = names(cx, &assign.value).or_else(|| Some(BTreeSet::new()));
            }
            _ if let Some(what) = name.strip_prefix(WITHDRAWN) => withdrawn(cx, assign, what, request),
            "app-user.permitted" => {
                if let Some(value) = typed(cx, &assign.value, Ty::Plain(Type::Bool)) {
                    request.attributes.insert(name.to_owned(), value);
                }
            }
            _ if name.ends_with(".stage")
                && let Some(entry) = cx.names.ratchets.get(name.trim_end_matches(".stage")) =>
            {
                let Some(id) = entry.id else { continue };
                if let Some(Value::Text(stage)) = typed(cx, &assign.value, Ty::Stage(id)) {
                    request.stages.insert(name.trim_end_matches(".stage").to_owned(), stage);
                }
            }
            _ if let Some(field) = name.strip_prefix("user.") => {
                let entry = user.get_or_insert((None, BTreeMap::new(), assign.name.span));
                let ty = match cx.names.attributes.get(&(Owner::User, field.to_owned())) {
                    _ if field == "permitted" => Some(Ty::Plain(Type::Bool)),
                    Some(attribute) => attribute.id.map(|id| Ty::Plain(cx.model.attributes[id.index()].kind)),
                    None => {
                        unknown(cx, assign);
                        None
                    }
                };
                let value = ty.and_then(|ty| typed(cx, &assign.value, ty));
                match (field, value) {
                    // Even a broken id makes a user.
                    ("id", Some(Value::Text(id))) => entry.0 = Some(id),
                    ("id", _) => entry.0 = Some(String::new()),
                    (_, Some(value)) => {
                        entry.1.insert(field.to_owned(), value);
                    }
                    (_, None) => {}
                }
            }
            _ => match cx.names.attributes.get(&(Owner::Request, name.to_owned())).map(|e| e.id) {
                Some(Some(id)) => {
                    let ty = Ty::Plain(cx.model.attributes[id.index()].kind);
                    if let Some(value) = typed(cx, &assign.value, ty) {
                        request.attributes.insert(name.to_owned(), value);
                    }
                }
                Some(None) => {}
                None => unknown(cx, assign),
            },
        }
    }
    match user {
        Some((Some(id), attributes, _)) => request.user = Some(User { id, attributes }),
        Some((None, _, span)) => cx.report(errors::types::user_without_id(span)),
        None => {}
    }
}

fn unknown(cx: &mut Context, assign: &Assign) {
    if cx.names.blind {
        return;
    }
    let mut known = vec!["install.approved".to_owned(), "app-user.permitted".into(), "user.permitted".into()];
    known.extend(["scopes", "forever", "operations", "containers"].map(|what| format!("{WITHDRAWN}{what}")));
    known.extend(cx.names.ratchets.known().map(|r| format!("{r}.stage")));
    for attribute in &cx.model.attributes {
        match attribute.owner {
            Owner::User => known.push(format!("user.{}", attribute.name)),
            Owner::Request => known.push(attribute.name.clone()),
            // Not a request's to say here.
            Owner::App | Owner::Operation | Owner::Kind(_) => {}
        }
    }
    let error = errors::types::unknown_attribute(&assign.name, known.iter().map(String::as_str));
    cx.report(error);
}

/// Before what was taken from the installation beyond the stages of its ratchets.
const WITHDRAWN: &str = "install.withdrawn.";

fn withdrawn(cx: &mut Context, assign: &Assign, what: &str, request: &mut Request) {
    let taken = &mut request.withdrawn;
    match what {
        "scopes" => taken.scopes = names(cx, &assign.value).unwrap_or_default(),
        "forever" => taken.forever = names(cx, &assign.value).unwrap_or_default(),
        "operations" => taken.operations = names(cx, &assign.value).unwrap_or_default(),
        "containers" => taken.containers = places(cx, &assign.value),
        _ => unknown(cx, assign),
    }
}

/// Containers, each as `"KIND ID"`.
fn places(cx: &mut Context, literal: &Literal) -> BTreeSet<(String, String)> {
    let LiteralValue::List(elements) = &literal.value else {
        cx.report(errors::types::not_a_list(literal.span));
        return BTreeSet::new();
    };
    let mut places = BTreeSet::new();
    for element in elements {
        let named = match &element.value {
            LiteralValue::Text(text) => text.split_once(' '),
            _no_text => None,
        };
        match named {
            Some((kind, id)) => {
                places.insert((kind.to_owned(), id.to_owned()));
            }
            None => {
                let ty = Ty::Plain(Type::String);
                cx.report(errors::types::mismatch(element, "a container as \"project PAY\"", ty));
            }
        }
    }
    places
}

/// Names of scopes or operations: bare or quoted.
fn names(cx: &mut Context, literal: &Literal) -> Option<BTreeSet<String>> {
    let LiteralValue::List(elements) = &literal.value else {
        cx.report(errors::types::not_a_list(literal.span));
        return None;
    };
    let mut names = BTreeSet::new();
    for element in elements {
        match &element.value {
            LiteralValue::Text(name) | LiteralValue::Word(name) => {
                names.insert(name.clone());
            }
            _no_name => {
                let ty = Ty::Plain(Type::String);
                let error = errors::types::mismatch(element, "a name", ty);
                cx.report(error);
            }
        }
    }
    Some(names)
}

fn typed(cx: &mut Context, literal: &Literal, ty: Ty) -> Option<Value> {
    let constant = types::constant(cx, literal, ty)?;
    Some(value(cx, constant, ty))
}

/// A constant as a caller would send it.
fn value(cx: &Context, constant: Constant, ty: Ty) -> Value {
    match constant {
        Constant::String(text) | Constant::Domain(text) | Constant::Origin(text) => Value::Text(text),
        Constant::Bool(value) => Value::Bool(value),
        Constant::Int(value) => Value::Int(value),
        Constant::Strings(set) => Value::Set(set),
        Constant::Ip(address) => Value::Text(address.to_string()),
        Constant::Index(at) => {
            let words = types::words(cx, ty).unwrap_or_default();
            Value::Text(words.get(at as usize).cloned().unwrap_or_default())
        }
    }
}

fn expectation(cx: &mut Context, item: &tree::Expectation, rules: &BTreeSet<String>) -> Expectation {
    let mut layers = BTreeSet::new();
    for name in &item.layers {
        match Layer::ALL.into_iter().find(|l| l.name() == name.text) {
            Some(layer) => {
                layers.insert(layer);
            }
            None => cx.report(errors::names::unknown("layer", name, Layer::ALL.map(Layer::name))),
        }
    }
    let steps_up = item.step_up.as_ref().is_some_and(|scopes| !scopes.is_empty());
    if item.permit && (!item.layers.is_empty() || steps_up) {
        cx.report(errors::types::contradiction(
            item.span,
            "what is permitted is refused by no layer and needs no step-up",
        ));
    }
    if !item.permit && item.filter {
        cx.report(errors::types::contradiction(item.span, "only a permitted list is filtered"));
    }
    if let Some(name) = &item.rule
        && !rules.contains(&name.text)
        && !cx.names.blind
        // A rule that is declared but broken has no clause.
        && cx.names.rules.get(&name.text).is_none()
        // A ratchet that withdrew scopes is told by its own name.
        && cx.names.ratchets.get(&name.text).is_none()
    {
        let known = rules.iter().map(String::as_str).chain(cx.names.ratchets.known());
        let error = errors::names::unknown("rule", name, known);
        cx.report(error);
    }
    if let Some(names) = &item.step_up {
        for name in names {
            if !cx.names.scope_names.contains_key(&name.text)
                && !cx.names.blind
                && !cx.names.lost_scopes.contains(&name.text)
            {
                let known = cx.model.scopes.iter().map(|s| s.name.as_str());
                let error = errors::names::unknown("scope", name, known);
                cx.report(error);
            }
        }
    }
    Expectation {
        permit: item.permit,
        layers,
        only: item.only,
        rule: item.rule.as_ref().map(|n| n.text.clone()),
        filter: item.filter,
        step_up: item.step_up.as_ref().map(|names| names.iter().map(|n| n.text.clone()).collect()),
    }
}
