//! AuthZEN requests and responses as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use sprag::authzen::{
    Explained, ExplainedFilter, ExplainedLayer, Namespace, Parsed, PermitLine, ReasonLine, ValueType,
    explain, request, request_json, response, types,
};
use sprag::eval::{Reason, evaluate};
use sprag::reasons;
use sprag::request::{ContainerFact, Request, Target, User, Value, Withdrawn};
use sprag::sema::model::{
    App, AppId, Attribute, Clause, ClauseKind, Condition, EnumId, Kind, KindId, Model, Operation,
    OperationId, Owner, PermissionModel, PermissionModelId, Principal, Ratchet, RatchetId, Scope, ScopeId,
    Stage, Type,
};
use sprag::span::{SourceMap, Span};

#[test]
fn a_full_request_is_read() {
    let parsed = reads(json!({
        "subject": { "type": "app", "id": "com.acme.timesheets" },
        "action": { "name": "jira.issue.edit" },
        "resource": { "type": "issue", "id": "PAY-1", "properties": {
            "labels": ["b", "a", "b"],
            "ancestors": [
                { "type": "project", "id": "PAY", "properties": { "category": "Finance" } },
                { "type": "site", "id": "_" } ] } },
        "context": {
            "channel": "browser", "time": "2026-11-02T09:30:00Z",
            "client": { "ip": "192.0.2.7", "origin": "https://acme.example" }, "device.managed": true,
            "user": { "id": "ann", "groups": ["staff"], "idle": "5m", "permitted": true },
            "app_user": { "permitted": false },
            "install": { "site": "acme", "age": "1d12h", "approved": ["READ"], "stages": { "setup": "done" },
                "withdrawn": { "scopes": ["WRITE"], "forever": ["ADMIN"], "operations": ["jira.webhook.create"],
                    "containers": [{ "type": "project", "id": "PAY" }] } } }
    }));
    let expected = Request {
        app: Some("com.acme.timesheets".into()),
        operation: Target::Name("jira.issue.edit".into()),
        containers: vec![
            container("issue", Some("PAY-1"), [("labels", Value::Set(texts(["a", "b"])))]),
            container("project", Some("PAY"), [("category", text("Finance"))]),
            container("site", None, []),
        ],
        user: Some(User {
            id: "ann".into(),
            attributes: attributes([
                ("groups", Value::Set(texts(["staff"]))),
                ("idle", Value::Int(300)),
                ("permitted", Value::Bool(true)),
            ]),
        }),
        attributes: attributes([
            ("channel", text("browser")),
            ("time", Value::Int(1_793_611_800)),
            ("client.ip", text("192.0.2.7")),
            ("client.origin", text("https://acme.example")),
            ("device.managed", Value::Bool(true)),
            ("app-user.permitted", Value::Bool(false)),
            ("install.site", text("acme")),
            ("install.age", Value::Int(129_600)),
        ]),
        stages: BTreeMap::from([("setup".into(), "done".into())]),
        approved: Some(texts(["READ"])),
        withdrawn: Withdrawn {
            scopes: texts(["WRITE"]),
            forever: texts(["ADMIN"]),
            operations: texts(["jira.webhook.create"]),
            containers: BTreeSet::from([("project".into(), "PAY".into())]),
        },
    };
    assert_eq!(parsed, Parsed { request: expected.clone(), notes: vec![] });
    assert_eq!(reads(request_json(&expected)).request, expected);
}

#[test]
fn what_is_written_is_read_again() {
    let http = Target::Http { method: "GET".into(), path: "/rest/api/3/issue/A%2D1?x#y".into() };
    for request in [
        Request::default(),
        Request { app: Some("key".into()), operation: http, ..Request::default() },
        Request { containers: vec![container("site", Some("a/b~c"), [])], ..Request::default() },
        Request { approved: Some(BTreeSet::new()), ..Request::default() },
        Request { attributes: attributes([("time", Value::Int(-1))]), ..Request::default() },
    ] {
        assert_eq!(reads(request_json(&request)), Parsed { request, notes: vec![] });
    }
}

#[test]
fn parents_may_be_nested_and_a_resource_may_be_none() {
    let mut document = minimal();
    document["resource"] = json!({ "type": "issue", "id": "PAY-1", "properties": { "parent":
        { "type": "project", "id": "PAY", "properties": { "parent": { "type": "site", "id": "acme" } } } } });
    let kinds: Vec<String> =
        reads(document.clone()).request.containers.into_iter().map(|container| container.kind).collect();
    assert_eq!(kinds, ["issue", "project", "site"]);
    document["resource"] = json!({ "type": "none", "id": "" });
    assert_eq!(reads(document).request.containers, []);
}

#[test]
fn instants_and_durations_are_text_or_numbers() {
    let time = |time: Json| reads(with(json!({ "time": time }))).request.attributes["time"].clone();
    assert_eq!(time(json!("1985-10-26T01:22-07:00")), Value::Int(499_162_920)); // the schema's own example
    assert_eq!(time(json!("1970-01-01T00:01:00.9+00:00")), Value::Int(60));
    assert_eq!(time(json!(12)), Value::Int(12));
    let age = |age: Json| {
        reads(with(json!({ "install": { "age": age } }))).request.attributes["install.age"].clone()
    };
    assert_eq!(age(json!("1w1d1h1m1s")), Value::Int(694_861));
    assert_eq!(age(json!("0s")), Value::Int(0));
    assert_eq!(age(json!(90)), Value::Int(90));
    for wrong in
        ["", "5", "h", "1x", "1.5h", "-1h", "1 h", "1ü", "99999999999999999999s", "9999999999999999w"]
    {
        fails(
            with(json!({ "install": { "age": wrong } })),
            &[&format!(
                "/context/install/age: expected a duration, text such as `1h30m` or whole seconds, found the \
                 string \"{wrong}\""
            )],
        );
    }
    for wrong in ["yesterday", "2026-01-01", "2026-01-01T00:00:00", ""] {
        let message = "expected an instant, RFC 3339 text or whole seconds since 1970";
        fails(
            with(json!({ "time": wrong })),
            &[&format!("/context/time: {message}, found the string \"{wrong}\"")],
        );
    }
}

#[test]
fn what_the_schema_requires_is_required() {
    for (entity, members) in
        [("subject", &["type", "id"][..]), ("action", &["name"]), ("resource", &["type", "id"])]
    {
        let mut document = minimal();
        document.as_object_mut().unwrap().remove(entity);
        fails(document, &[&format!("/{entity}: missing, and required by AuthZEN")]);
        let mut document = minimal();
        document[entity] = json!("x");
        fails(document, &[&format!("/{entity}: expected an object, found the string \"x\"")]);
        let mut document = minimal();
        document[entity]["properties"] = json!([]);
        fails(document, &[&format!("/{entity}/properties: expected an object, found an array")]);
        for member in members {
            let mut document = minimal();
            document[entity].as_object_mut().unwrap().remove(*member);
            fails(document, &[&format!("/{entity}/{member}: missing: expected a string")]);
            let mut document = minimal();
            document[entity][*member] = json!(7);
            fails(document, &[&format!("/{entity}/{member}: expected a string, found the number `7`")]);
        }
    }
    let mut document = minimal();
    document["context"] = json!(null);
    fails(document, &["/context: expected an object, found null"]);
    fails(json!([]), &["the request: expected an object, found an array"]);
    fails(
        json!({}),
        &[
            "/subject: missing, and required by AuthZEN",
            "/action: missing, and required by AuthZEN",
            "/resource: missing, and required by AuthZEN",
        ],
    );
}

#[test]
fn the_schemas_example_is_read_and_its_subject_refused() {
    fails(
        json!({
            "subject": { "type": "user", "id": "alice@acmecorp.com" },
            "resource": { "type": "account", "id": "123" },
            "action": { "name": "can_read", "properties": { "method": "GET" } },
            "context": { "time": "1985-10-26T01:22-07:00" }
        }),
        &["/subject/type: subject.type must be `app` or `anonymous`, not `user`"],
    );
}

#[test]
fn empty_ids_are_refused_except_of_an_anonymous_subject() {
    let mut document = minimal();
    document["subject"] = json!({ "type": "anonymous", "id": "" });
    assert_eq!(reads(document.clone()).request.app, None);
    document["subject"] = json!({ "type": "app", "id": "" });
    document["resource"]["id"] = json!("");
    document["context"] = json!({ "user": { "id": "" } });
    fails(
        document,
        &[
            "/subject/id: expected the app's key, found an empty string",
            "/resource/id: expected an id, or `_` for one that is not known; found an empty string",
            "/context/user/id: expected the user's id, found an empty string",
        ],
    );
}

#[test]
fn an_http_action_needs_method_and_path() {
    let mut document = minimal();
    document["action"] = json!({ "name": "http" });
    fails(document.clone(), &["/action/properties: missing: action `http` needs `method` and `path`"]);
    document["action"] = json!({ "name": "http", "properties": { "path": true } });
    fails(
        document,
        &[
            "/action/properties/method: missing: expected a string",
            "/action/properties/path: expected a string, found the boolean `true`",
        ],
    );
}

#[test]
fn values_of_wrong_types_are_all_reported() {
    let mut document = with(json!({
        "channel": 1, "device": { "managed": "yes" }, "client": { "ip": { "v4": "192.0.2.7" } }, "time": 1.5,
        "app_user": { "permitted": "true" }, "stages": { "setup": 2 },
        "user": { "id": 3, "groups": "staff", "logins": "4", "permitted": 1 },
        "install": { "approved": ["READ", 5], "stages": [] } }));
    document["resource"]["properties"] = json!({ "labels": ["a", null], "ancestors": { "type": "site" } });
    fails(
        document,
        &[
            "/resource/properties/labels/1: expected a string, found null",
            "/resource/properties/ancestors: expected an array of resources, found an object",
            "/context/channel: expected a string, found the number `1`",
            "/context/device/managed: expected a boolean, found the string \"yes\"",
            "/context/client/ip: expected a string, found an object",
            "/context/time: expected an instant, RFC 3339 text or whole seconds since 1970, found the number `1.5`",
            "/context/app_user/permitted: expected a boolean, found the string \"true\"",
            "/context/stages/setup: expected the name of a stage, found the number `2`",
            "/context/user/id: expected a string, found the number `3`",
            "/context/user/groups: expected an array of strings, found the string \"staff\"",
            "/context/user/logins: expected a whole number of 64 bits, found the string \"4\"",
            "/context/user/permitted: expected a boolean, found the number `1`",
            "/context/install/approved/1: expected a string, found the number `5`",
            "/context/install/stages: expected an object, found an array",
        ],
    );
}

#[test]
fn nothing_may_be_said_twice_or_where_it_would_be_ignored() {
    fails(
        with(json!({
            "client.ip": "192.0.2.7", "client": { "ip": "192.0.2.8" },
            "stages": { "setup": "start" }, "install": { "stages": { "setup": "done" } } })),
        &[
            "/context/client/ip: `client.ip` is given twice",
            "/context/install/stages/setup: the stage of `setup` is given twice",
        ],
    );
    for name in ["install.approved", "install.stages.setup", "stages.setup", "user.id", "app_user.permitted"]
    {
        let message = "expected nested objects here, found a dotted name";
        fails(with(json!({ (name): [] })), &[&format!("/context/{name}: {message}")]);
    }
    let mut document = minimal();
    document["resource"]["properties"] = json!({ "parent": { "type": "site", "id": "a" }, "ancestors": [] });
    fails(document, &["/resource/properties: expected `parent` or `ancestors`, found both"]);
}

#[test]
fn what_means_nothing_is_ignored_and_noted() {
    let mut document = with(json!({
        "weather": "rain", "moon": { "phase": "full", "a/b~": 1 }, "stages": { "other": 1 },
        "user": { "id": "ann", "shoe": 44 }, "app_user": { "name": "bot" }, "install": { "colour": "red" } }));
    document["evaluations"] = json!([]);
    document["subject"]["properties"] = json!({ "vendor": "Me" });
    document["action"]["properties"] = json!({ "method": "GET" });
    document["resource"]["properties"] = json!({ "id": "other", "smell": "x" });
    document["resource"]["userID"] = json!(1);
    let parsed = reads(document);
    let notes: Vec<String> =
        parsed.notes.iter().map(|note| format!("{}: {}", note.pointer, note.message)).collect();
    assert_eq!(
        notes,
        [
            "/evaluations: ignored: means nothing here",
            "/subject/properties/vendor: ignored: the policy says what the app is",
            "/action/properties/method: ignored: only action `http` has properties",
            "/resource/userID: ignored: means nothing here",
            "/resource/properties/id: ignored: the id stands beside `properties`",
            "/resource/properties/smell: ignored: no attribute `smell` is declared",
            "/context/weather: ignored: no attribute `weather` is declared",
            "/context/moon/phase: ignored: no attribute `moon.phase` is declared",
            "/context/moon/a~1b~0: ignored: no attribute `moon.a/b~` is declared",
            "/context/stages/other: ignored: no such ratchet",
            "/context/user/shoe: ignored: no attribute `shoe` is declared",
            "/context/app_user/name: ignored: means nothing here",
            "/context/install/colour: ignored: no attribute `install.colour` is declared",
        ]
    );
    let plain = with(json!({ "user": { "id": "ann" } }));
    assert_eq!(parsed.request, reads(plain).request);
}

#[test]
fn a_response_says_what_there_is_to_say() {
    assert_eq!(response(&Explained { decision: true, ..Explained::default() }), json!({ "decision": true }));
    let denied = Explained {
        decision: false,
        reasons: vec![ReasonLine {
            layer: "rules".into(),
            reason: "forbidden".into(),
            rule: Some("no-writes".into()),
            at: Some("policies/a.sprag:12:1".into()),
            text: "SEC-12".into(),
        }],
        step_up: Some(vec!["WRITE".into()]),
        ..Explained::default()
    };
    assert_eq!(
        response(&denied),
        json!({ "decision": false, "context": {
            "reasons": [{ "layer": "rules", "reason": "forbidden", "rule": "no-writes",
                          "at": "policies/a.sprag:12:1", "text": "SEC-12" }],
            "advice": { "step_up": { "scopes": ["WRITE"] } } } })
    );
    let listed = Explained {
        decision: true,
        permitted_by: vec![PermitLine { rule: "reads".into(), at: None, text: None }],
        filter: Some(ExplainedFilter {
            kind: "issue".into(),
            only: vec![ExplainedLayer { layer: "rules".into(), any: vec!["reads".into()] }],
            except: vec![],
            withdrawn: vec![],
        }),
        ..Explained::default()
    };
    assert_eq!(
        response(&listed),
        json!({ "decision": true, "context": {
            "permitted_by": [{ "rule": "reads" }],
            "advice": { "filter": { "kind": "issue", "only": [{ "layer": "rules", "any": ["reads"] }], "except": [] } } } })
    );
    for explained in [denied, listed] {
        let json = serde_json::to_string(&explained).unwrap();
        assert_eq!(serde_json::from_str::<Explained>(&json).unwrap(), explained);
    }
}

#[test]
fn the_evaluators_answers_are_explained_in_names() {
    let model = model();
    let sources = SourceMap::default();
    let ask = |document: Json| {
        let request = request(&document, &types(&model)).unwrap().request;
        response(&explain(&model, &sources, &evaluate(&model, &request)))
    };
    let mut document = minimal();
    document["context"] = json!({ "stages": { "setup": "start" } });
    assert_eq!(
        ask(document.clone()),
        json!({ "decision": true, "context": { "permitted_by": [{ "rule": "reads", "text": "PERMIT" }] } })
    );
    document["context"] = json!({});
    assert_eq!(
        ask(document.clone()),
        json!({ "decision": false, "context": {
            "reasons": [
                { "layer": "scope", "reason": "missing-scopes",
                  "text": "the scopes that the app holds now do not suffice for this operation" },
                { "layer": "ratchet", "reason": "scopes-withdrawn", "rule": "setup",
                  "text": "a ratchet withdrew scopes that this operation needs" }],
            "advice": { "step_up": { "scopes": ["READ"] } } } })
    );
    let mut forbidding = model.clone();
    forbidding.clauses[1].kind = ClauseKind::Forbid;
    let request = request(&document, &types(&forbidding)).unwrap().request;
    let explained = explain(&forbidding, &sources, &evaluate(&forbidding, &request));
    let forbidden = explained.reasons.iter().find(|line| line.reason == "forbidden").unwrap();
    assert_eq!((forbidden.rule.as_deref(), forbidden.text.as_str()), (Some("reads"), "PERMIT"));
}

#[test]
fn every_reason_has_its_sentence() {
    let all = [
        Reason::Anonymous,
        Reason::UnknownApp,
        Reason::NotEnabled,
        Reason::StatusUnknown,
        Reason::NotInstalledHere,
        Reason::UnknownOperation,
        Reason::WrongContainer,
        Reason::ContradictsPath,
        Reason::NotCallable,
        Reason::MissingScopes,
        Reason::AppUserWithoutRole,
        Reason::AppUserRefused,
        Reason::UserRequired,
        Reason::ContextUserWithoutRole,
        Reason::ContextUserRefused,
        Reason::Forbidden,
        Reason::NoPermit,
        Reason::Withdrawn,
        Reason::WithdrawnHere,
        Reason::ScopesWithdrawn(RatchetId(0)),
        Reason::ScopesWithdrawnHere,
    ];
    let codes: Vec<&str> = all.iter().map(Reason::code).collect();
    let known: Vec<&str> = reasons::SENTENCES.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, known);
    assert_eq!(known.iter().collect::<BTreeSet<_>>().len(), known.len());
    assert_eq!(reasons::sentence("no-such-code"), None);
}

// ---- the world ----

fn minimal() -> Json {
    json!({
        "subject": { "type": "app", "id": "com.acme.timesheets" },
        "action": { "name": "jira.issue.get" },
        "resource": { "type": "issue", "id": "PAY-1" },
    })
}

fn with(context: Json) -> Json {
    let mut document = minimal();
    document["context"] = context;
    document
}

fn declared(namespace: Namespace<'_>, name: &str) -> Option<ValueType> {
    match (namespace, name) {
        (Namespace::Request, "channel" | "client.ip" | "client.origin" | "install.site") => {
            Some(ValueType::Text)
        }
        (Namespace::Request, "device.managed") => Some(ValueType::Bool),
        (Namespace::Request, "time") => Some(ValueType::Instant),
        (Namespace::Request, "install.age") | (Namespace::User, "idle") => Some(ValueType::Duration),
        (Namespace::User, "groups") | (Namespace::Container("issue"), "labels") => Some(ValueType::Set),
        (Namespace::User, "logins") => Some(ValueType::Int),
        (Namespace::Container("project"), "category") | (Namespace::Ratchet, "setup") => {
            Some(ValueType::Text)
        }
        _ => None, // everything else is unknown here
    }
}

/// One app that may read issues while its one ratchet stands at `start`.
fn model() -> Model {
    let clause = |kind, name: &str, because: &str| Clause {
        kind,
        name: name.into(),
        apps: BTreeSet::from([AppId(0)]).into(),
        operations: BTreeSet::from([OperationId(0)]).into(),
        principal: Principal::Any,
        condition: Condition::Constant(true),
        because: because.into(),
        span: Span::default(),
    };
    let stage = |name: &str, scopes: &[ScopeId]| Stage {
        name: name.into(),
        locked: false,
        holds: Some(scopes.iter().copied().collect()),
        triggers: vec![],
    };
    let attribute = Attribute {
        owner: Owner::Request,
        name: "channel".into(),
        kind: Type::Enum(EnumId(0)),
        inherited: false,
    };
    Model {
        kinds: vec![Kind { name: "issue".into(), parent: None, attributes: vec![] }],
        attributes: vec![attribute],
        permission_models: vec![PermissionModel { name: "connect".into(), demands_user: false }],
        scopes: vec![Scope {
            model: PermissionModelId(0),
            name: "READ".into(),
            level: None,
            implies: vec![ScopeId(0)],
        }],
        operations: vec![Operation {
            name: "jira.issue.get".into(),
            access: sprag::sema::model::Access::Read,
            kind: KindId(0),
            lists: None,
            http: None,
            any_case: false,
            namings: vec![],
            requirements: BTreeMap::from([(PermissionModelId(0), vec![vec![ScopeId(0)]])]),
            marks: vec![],
            span: Span::default(),
        }],
        apps: vec![App {
            name: "timesheets".into(),
            key: "com.acme.timesheets".into(),
            vendor: String::new(),
            kind: "app".into(),
            models: vec![PermissionModelId(0)],
            requested: BTreeSet::from([ScopeId(0)]),
            optional: BTreeSet::new(),
            step_up: None,
            approved: None,
            installed_on: None,
            span: Span::default(),
        }],
        ratchets: vec![Ratchet {
            name: "setup".into(),
            apps: BTreeSet::from([AppId(0)]),
            stages: vec![stage("start", &[ScopeId(0)]), stage("done", &[])],
            reopenings: vec![],
            never: BTreeSet::new(),
            span: Span::default(),
        }],
        clauses: vec![
            clause(ClauseKind::AppUserGrant, "bot", ""),
            clause(ClauseKind::Permit, "reads", "PERMIT"),
        ],
        ..Model::default()
    }
}

fn container<const N: usize>(kind: &str, id: Option<&str>, values: [(&str, Value); N]) -> ContainerFact {
    ContainerFact { kind: kind.into(), id: id.map(str::to_owned), attributes: attributes(values) }
}

fn attributes<const N: usize>(attributes: [(&str, Value); N]) -> BTreeMap<String, Value> {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn texts<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.into_iter().map(str::to_owned).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[track_caller]
fn reads(document: Json) -> Parsed {
    request(&document, &declared).unwrap()
}

#[track_caller]
fn fails(document: Json, expected: &[&str]) {
    let errors = request(&document, &declared).unwrap_err();
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, expected);
}
