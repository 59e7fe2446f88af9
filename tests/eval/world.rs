//! A small world, built by hand, and short words to ask it with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sprag::eval::{Answer, Decision, evaluate};
use sprag::request::{ContainerFact, Request, Target, User, Value};
use sprag::sema::model::{
    Access, App, AppId, Atom, Attribute, AttributeId, Clause, ClauseKind, Condition, Constant, Container,
    ContainerId, EnumId, Enumeration, Kind, KindId, Mark, MarkId, Model, Operation, OperationId, Owner,
    PermissionModel, PermissionModelId, Predicate, Principal, Ratchet, Scope, ScopeId, Stage, Subject, Type,
};
use sprag::span::Span;

pub(super) const NONE: ScopeId = ScopeId(0);
pub(super) const READ: ScopeId = ScopeId(1);
pub(super) const WRITE: ScopeId = ScopeId(2);
pub(super) const ADMIN: ScopeId = ScopeId(3);
pub(super) const SITE: KindId = KindId(0);
pub(super) const PROJECT: KindId = KindId(1);
pub(super) const ISSUE: KindId = KindId(2);
pub(super) const CATEGORY: AttributeId = AttributeId(7);
pub(super) const OWNER: AttributeId = AttributeId(9);
pub(super) const CLASSIFICATIONS: [AttributeId; 3] = [AttributeId(10), AttributeId(11), AttributeId(12)];

/// Sites with projects with issues, and spaces beside the projects; one app with all scopes of one model.
pub(super) fn world() -> Model {
    let kind = |name: &str, parent: Option<KindId>| Kind { name: name.into(), parent, attributes: vec![] };
    let attribute =
        |owner, name: &str, kind, inherited| Attribute { owner, name: name.into(), kind, inherited };
    let enumeration = |name: &str, values: &[&str]| Enumeration {
        name: name.into(),
        ordered: true,
        values: values.iter().map(|value| value.to_string()).collect(),
    };
    let scope = |model: u32, name: &str, implies: &[u32]| Scope {
        model: PermissionModelId(model),
        name: name.into(),
        level: None,
        implies: implies.iter().copied().map(ScopeId).collect(),
    };
    Model {
        enumerations: vec![
            enumeration("channel", &["server", "mcp"]),
            enumeration("classification", &["public", "internal", "secret"]),
        ],
        kinds: vec![
            kind("site", None),
            kind("project", Some(SITE)),
            kind("issue", Some(PROJECT)),
            kind("space", Some(SITE)),
        ],
        attributes: vec![
            attribute(Owner::Request, "channel", Type::Enum(EnumId(0)), false),
            attribute(Owner::User, "id", Type::String, false),
            attribute(Owner::User, "groups", Type::Strings, false),
            attribute(Owner::Request, "time", Type::Instant, false),
            attribute(Owner::Request, "client.ip", Type::Ip, false),
            attribute(Owner::Kind(SITE), "id", Type::String, false),
            attribute(Owner::Kind(PROJECT), "id", Type::String, false),
            attribute(Owner::Kind(PROJECT), "category", Type::String, false),
            attribute(Owner::Kind(ISSUE), "id", Type::String, false),
            attribute(Owner::Kind(ISSUE), "owner", Type::String, false),
            attribute(Owner::Kind(SITE), "classification", Type::Enum(EnumId(1)), true),
            attribute(Owner::Kind(PROJECT), "classification", Type::Enum(EnumId(1)), true),
            attribute(Owner::Kind(ISSUE), "classification", Type::Enum(EnumId(1)), true),
        ],
        permission_models: vec![
            PermissionModel { name: "connect".into(), demands_user: false },
            PermissionModel { name: "delegated".into(), demands_user: true },
        ],
        scopes: vec![
            scope(0, "NONE", &[0]),
            scope(0, "READ", &[0, 1]),
            scope(0, "WRITE", &[0, 1, 2]),
            scope(0, "ADMIN", &[0, 1, 2, 3]),
            scope(1, "USER", &[4]),
        ],
        marks: vec![Mark { name: "experimental".into(), title: String::new(), gives: None }],
        operations: vec![
            operation("issue.get", Access::Read, ISSUE, None, Some(("GET", "/rest/issue/{id}")), READ),
            operation("issue.edit", Access::Write, ISSUE, None, Some(("PUT", "/rest/issue/{id}")), WRITE),
            operation("issue.search", Access::Read, PROJECT, Some(ISSUE), None, READ),
            operation("project.get", Access::Read, PROJECT, None, None, READ),
            operation("project.search", Access::Read, PROJECT, Some(PROJECT), None, READ),
            operation("webhook.add", Access::Admin, SITE, None, None, ADMIN),
        ],
        apps: vec![App {
            name: "timesheets".into(),
            key: "com.acme.timesheets".into(),
            vendor: String::new(),
            kind: "app".into(),
            models: vec![PermissionModelId(0)],
            requested: BTreeSet::from([ADMIN]),
            optional: BTreeSet::new(),
            step_up: None,
            approved: None,
            installed_on: None,
            span: Span::default(),
        }],
        ..Model::default()
    }
}

/// The world with one clause of each granting kind, without conditions: app user, context user, permit.
pub(super) fn open() -> Model {
    let mut model = world();
    let all: Vec<String> = model.operations.iter().map(|operation| operation.name.clone()).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    for kind in [ClauseKind::AppUserGrant, ClauseKind::ContextUserGrant, ClauseKind::Permit] {
        model.clauses.push(clause(kind, &all, Condition::Constant(true)));
    }
    model
}

/// The open world with a ratchet: `start`, `pause` (says nothing), `settled` (READ, WRITE), `done` (nothing).
pub(super) fn setup(locked: bool) -> Model {
    let stage = |name: &str, holds: Option<&[ScopeId]>| Stage {
        name: name.into(),
        locked: locked && name == "settled",
        holds: holds.map(|scopes| scopes.iter().copied().collect()),
        triggers: vec![],
    };
    let mut model = open();
    model.ratchets.push(Ratchet {
        name: "setup".into(),
        apps: BTreeSet::from([AppId(0)]),
        stages: vec![
            stage("start", Some(&[ADMIN])),
            stage("pause", None),
            stage("settled", Some(&[READ, WRITE])),
            stage("done", None),
        ],
        reopenings: vec![],
        never: BTreeSet::new(),
        span: Span::default(),
    });
    model
}

pub(super) fn operation(
    name: &str,
    access: Access,
    kind: KindId,
    lists: Option<KindId>,
    http: Option<(&str, &str)>,
    scope: ScopeId,
) -> Operation {
    Operation {
        name: name.into(),
        access,
        kind,
        lists,
        http: http.map(|(method, template)| (method.into(), template.into())),
        any_case: false,
        namings: vec![],
        requirements: BTreeMap::from([(PermissionModelId(0), vec![vec![scope]])]),
        marks: vec![MarkId(0)],
        span: Span::default(),
    }
}

pub(super) fn clause(kind: ClauseKind, operations: &[&str], condition: Condition) -> Clause {
    let world = world();
    let id = |name: &&str| world.operations.iter().position(|operation| operation.name == *name).unwrap();
    Clause {
        kind,
        name: format!("{kind:?}"),
        apps: Arc::new(BTreeSet::from([AppId(0)])),
        operations: Arc::new(operations.iter().map(|name| OperationId(id(name) as u32)).collect()),
        principal: Principal::Any,
        condition,
        because: String::new(),
        span: Span::default(),
    }
}

/// Puts the condition on the open world's one permit.
pub(super) fn only_permit(model: &mut Model, condition: Condition) {
    model.clauses[2].condition = condition;
}

pub(super) fn declare(model: &mut Model, kind: KindId, id: &str, parent: Option<ContainerId>) {
    let attributes = BTreeMap::new();
    model.containers.push(Container { kind, id: id.into(), parent, attributes, span: Span::default() });
}

pub(super) fn test(subject: Subject, predicate: Predicate) -> Condition {
    Condition::Test(Atom { subject, predicate, span: Span::default() })
}

pub(super) fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

pub(super) fn channel() -> Subject {
    Subject::Attribute(AttributeId(0))
}

pub(super) fn category_is(category: &str) -> Condition {
    let subject = Subject::Container { attributes: vec![CATEGORY], inherited: false };
    test(subject, Predicate::Is(vec![Constant::String(category.into())]))
}

pub(super) fn edit() -> Request {
    Request {
        app: Some("com.acme.timesheets".into()),
        operation: name("issue.edit"),
        containers: vec![at("issue", "P-1"), project("P"), site()],
        ..Request::default()
    }
}

pub(super) fn hook() -> Request {
    Request { operation: name("webhook.add"), containers: vec![site()], ..edit() }
}

pub(super) fn staged(request: Request, stage: &str) -> Request {
    Request { stages: BTreeMap::from([("setup".into(), stage.into())]), ..request }
}

pub(super) fn in_project(request: Request, category: &str) -> Request {
    Request { containers: vec![with_category(project("P"), category)], ..request }
}

pub(super) fn name(operation: &str) -> Target {
    Target::Name(operation.into())
}

pub(super) fn ann() -> User {
    User { id: "ann".into(), ..User::default() }
}

pub(super) fn at(kind: &str, id: &str) -> ContainerFact {
    ContainerFact { kind: kind.into(), id: Some(id.into()), attributes: BTreeMap::new() }
}

pub(super) fn project(id: &str) -> ContainerFact {
    at("project", id)
}

pub(super) fn site() -> ContainerFact {
    at("site", "s")
}

pub(super) fn with_category(container: ContainerFact, category: &str) -> ContainerFact {
    ContainerFact { attributes: attributes([("category", text(category))]), ..container }
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

pub(super) fn texts<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.into_iter().map(str::to_owned).collect()
}

pub(super) fn attributes<const N: usize>(attributes: [(&str, Value); N]) -> BTreeMap<String, Value> {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[track_caller]
pub(super) fn permits(model: &Model, request: &Request) -> Answer {
    let answer = evaluate(model, request);
    assert_eq!((answer.effect, refusals(&answer)), (Decision::Permit, vec![]));
    answer
}

/// Denied by exactly these layers for these reasons.
#[track_caller]
pub(super) fn denies(model: &Model, request: &Request, expected: &[&str]) -> Answer {
    let answer = evaluate(model, request);
    assert_eq!(refusals(&answer), expected);
    assert_eq!(answer.effect, Decision::Deny);
    assert!(answer.deciding.is_empty() && answer.filter.is_none());
    answer
}

pub(super) fn refusals(answer: &Answer) -> Vec<String> {
    answer
        .refusals
        .iter()
        .map(|refusal| format!("{} {}", refusal.layer.name(), refusal.reason.code()))
        .collect()
}
