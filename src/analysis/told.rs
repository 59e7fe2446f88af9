//! Requests and triggers in the words of the policy.

use std::collections::BTreeMap;

use crate::request::{ContainerFact, Request, Target, Value};
use crate::sema::model::{Model, OperationId, Owner, Ratchet, ScopeId, Since, Trigger, Type};
use crate::span::Span;
use crate::syntax::print_item;
use crate::syntax::printer::{print_duration, print_scope};
use crate::syntax::tree::{
    Assign, Expectation, Item, Literal, LiteralValue, Name, Test, TestCase, TestContainer, TestSubject,
    TestTarget, Text,
};

/// A scope as it is written.
pub fn scope(model: &Model, scope: ScopeId) -> String {
    print_scope(&name(&model.scopes[scope.index()].name))
}

/// A trigger of the ratchet as it is written: `1d after install`.
pub fn trigger(model: &Model, ratchet: &Ratchet, trigger: &Trigger) -> String {
    let time = |seconds: i64| print_duration(seconds);
    let operation = |id: OperationId| &model.operations[id.index()].name;
    match trigger {
        Trigger::Event(name) => format!("event {name:?}"),
        Trigger::After(seconds, since) => {
            let since = match since {
                Since::Install => "install".to_owned(),
                Since::Event(name) => format!("event {name:?}"),
                Since::Stage(stage) => ratchet.stages[*stage as usize].name.clone(),
            };
            format!("{} after {since}", time(*seconds))
        }
        Trigger::Unused(unused, seconds) => {
            format!("{} unused for {}", scope(model, *unused), time(*seconds))
        }
        Trigger::Count(1, id) => format!("success of {}", operation(*id)),
        Trigger::Count(times, id) => format!("{times} times {}", operation(*id)),
        Trigger::Command => "command".to_owned(),
    }
}

/// What a `test` block would say of the request, on one line: `timesheets to demo.issue.get in issue PAY-1 in project PAY with channel = server`.
///
/// A `test` block of the package that says so asks the same request, but for what no test can say: values that
/// are not of their attribute's type are shown in quotes.
pub fn request(model: &Model, request: &Request) -> String {
    let expect = Expectation {
        permit: true,
        layers: Vec::new(),
        only: false,
        rule: None,
        filter: false,
        step_up: None,
        span: Span::default(),
    };
    let case = TestCase {
        subject: subject(model, request),
        target: target(model, request),
        containers: request.containers.iter().map(|container| in_container(model, container)).collect(),
        with: with(model, request),
        expect,
        span: Span::default(),
    };
    let title = Text { value: String::new(), span: Span::default() };
    let printed = print_item(&Item::Test(Test { title, cases: vec![case], span: Span::default() }));
    // Without the block around it and the expectation, its last line but one.
    let lines: Vec<&str> = printed.lines().map(str::trim).collect();
    lines.get(1..lines.len().saturating_sub(2)).unwrap_or_default().join(" ")
}

fn subject(model: &Model, request: &Request) -> TestSubject {
    let Some(key) = &request.app else {
        return TestSubject::Anonymous(Span::default());
    };
    match model.apps.iter().find(|app| app.key == *key) {
        Some(app) => TestSubject::App(name(&app.name)),
        None => TestSubject::Key(Text { value: key.clone(), span: Span::default() }),
    }
}

fn target(model: &Model, request: &Request) -> TestTarget {
    match &request.operation {
        Target::Http { method, path } => TestTarget::Http {
            method: name(method),
            path: Text { value: path.clone(), span: Span::default() },
        },
        Target::Name(operation) if model.operations.iter().any(|known| known.name == *operation) => {
            TestTarget::Operation(name(operation))
        }
        Target::Name(operation) => {
            TestTarget::Unknown(Text { value: operation.clone(), span: Span::default() })
        }
    }
}

fn in_container(model: &Model, container: &ContainerFact) -> TestContainer {
    let owner = |owner: Owner| match owner {
        Owner::Kind(kind) => model.kinds[kind.index()].name == container.kind,
        Owner::App | Owner::Operation | Owner::User | Owner::Request => false,
    };
    TestContainer {
        kind: name(&container.kind),
        id: name(container.id.as_deref().unwrap_or("_")),
        attributes: assigns(model, owner, "", &container.attributes),
        span: Span::default(),
    }
}

/// The user first, then stages and approvals, then the rest.
fn with(model: &Model, request: &Request) -> Vec<Assign> {
    let mut with = Vec::new();
    if let Some(user) = &request.user {
        with.push(assign("user.id", LiteralValue::Text(user.id.clone())));
        with.extend(assigns(model, |owner| owner == Owner::User, "user.", &user.attributes));
    }
    for (ratchet, stage) in &request.stages {
        with.push(assign(&format!("{ratchet}.stage"), LiteralValue::Word(stage.clone())));
    }
    if let Some(approved) = &request.approved {
        with.push(assign("install.approved", texts(approved)));
    }
    with.extend(assigns(model, |owner| owner == Owner::Request, "", &request.attributes));
    with
}

fn assigns(
    model: &Model,
    owner: impl Fn(Owner) -> bool,
    prefix: &str,
    values: &BTreeMap<String, Value>,
) -> Vec<Assign> {
    let kind = |name: &str| {
        let declared = model.attributes.iter().find(|a| a.name == name && owner(a.owner));
        declared.map(|attribute| attribute.kind)
    };
    values
        .iter()
        .map(|(name, value)| assign(&format!("{prefix}{name}"), literal(model, kind(name), value)))
        .collect()
}

fn literal(model: &Model, kind: Option<Type>, value: &Value) -> LiteralValue {
    match (kind, value) {
        (Some(Type::Enum(id)), Value::Text(word)) if model.enumerations[id.index()].values.contains(word) => {
            LiteralValue::Word(word.clone())
        }
        (Some(Type::Instant), Value::Int(seconds)) => LiteralValue::Instant(*seconds),
        (Some(Type::Duration), Value::Int(seconds)) if *seconds >= 0 => LiteralValue::Duration(*seconds),
        (_, Value::Text(text)) => LiteralValue::Text(text.clone()),
        (_, Value::Bool(value)) => LiteralValue::Bool(*value),
        (_, Value::Int(value)) => LiteralValue::Int(*value),
        (_, Value::Set(set)) => texts(set),
    }
}

fn texts(set: &std::collections::BTreeSet<String>) -> LiteralValue {
    LiteralValue::List(set.iter().map(|text| literal_at(LiteralValue::Text(text.clone()))).collect())
}

fn assign(to: &str, value: LiteralValue) -> Assign {
    Assign { name: name(to), value: literal_at(value), span: Span::default() }
}

fn literal_at(value: LiteralValue) -> Literal {
    Literal { value, span: Span::default() }
}

fn name(text: &str) -> Name {
    Name { text: text.to_owned(), span: Span::default() }
}
