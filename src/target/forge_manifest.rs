//! The permissions of a Forge manifest: scopes, which of them can be used while the person is away, and where the app
//! may send data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::forge_egress::{self, Addresses};
use super::policy::Policy;
use super::scopes::{self, Asked};
use super::{About, Lets, Note, Options, Plan, Sees, Settings, Target, quote, words};
use crate::analysis::privilege::permitted::{has_user, test};
use crate::request::{Request, Value as Said};
use crate::sema::model::{AppId, Condition, Constant, Model, OperationId, Predicate, ScopeId, Subject, Type};

pub(super) static TARGET: &dyn Target = &ForgeManifest;

static ABOUT: About = About {
    name: "forge-manifest",
    title: "the scopes of a Forge app's manifest, offline impersonation, and where the app fetches from",
    sees: &[
        Sees::Apps,
        Sees::Operations("scope"),
        Sees::Attribute("user.mode"),
        Sees::Attribute("destination"),
    ],
    limits: &[],
    stale: "until the next version is installed; remote tokens live up to 4 hours",
    source: "developer.atlassian.com: Forge manifest, permissions; Forge security, offline user impersonation",
};

#[derive(Debug)]
struct ForgeManifest;

/// What the manifest of one app says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Permissions {
    /// Each scope, and whether it can be used for a person who is away.
    scopes: BTreeMap<ScopeId, bool>,
    /// Their names.
    names: BTreeMap<String, bool>,
    /// What it asks for now and needs not.
    gone: BTreeSet<String>,
    /// Where each side may fetch from, where the policy has an operation for that.
    egress: BTreeMap<&'static str, Addresses>,
}

#[derive(Debug)]
struct Made {
    /// By the app's key.
    apps: BTreeMap<String, Permissions>,
}

impl Target for ForgeManifest {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn speaks_of(&self, model: &Model, app: AppId, operation: OperationId) -> bool {
        opened_by_scopes(model, app, operation) || fetches(model, app, operation).is_some()
    }

    fn plan(&self, policy: &Policy<'_>, options: &Options) -> Plan {
        let model = policy.model;
        let mut made = Made { apps: BTreeMap::new() };
        let mut notes = Vec::new();
        for app in policy.apps(options) {
            let declared = &model.apps[app.index()];
            if !is_forge_app(model, app) {
                continue;
            }
            let groups =
                policy.groups(app, &|o| opened_by_scopes(model, app, o) && scopes::opens(model, app, o));
            let all = |wanted: &dyn Fn(OperationId) -> bool| -> BTreeSet<OperationId> {
                let wanted = groups.iter().filter(|group| group.first().is_some_and(|first| wanted(*first)));
                wanted.flatten().copied().collect()
            };
            let away = offline(model);
            let needed = all(&|o| policy.permits(app, &[o], &Condition::Constant(true)));
            let mut scopes = with_namesakes(model, app, scopes::fewest(model, app, &needed));
            if options.strict {
                let here = present(model);
                let denied = all(&|o| policy.denies(app, &[o], &here));
                scopes =
                    without_namesakes(model, &scopes, scopes::without(model, app, scopes.clone(), &denied));
            }
            let mut offline = scopes.clone();
            let needed = all(&|o| policy.permits(app, &[o], &away));
            for scope in &scopes {
                let less: BTreeSet<ScopeId> = offline.iter().copied().filter(|s| s != scope).collect();
                // What is not opened at all does not hang on the flag.
                let opened = |scopes: &BTreeSet<ScopeId>, o: &OperationId| {
                    scopes::open(model, &declared.models, scopes, *o)
                };
                if needed.iter().all(|o| !opened(&scopes, o) || opened(&less, o)) {
                    offline = less;
                }
            }
            offline = with_namesakes(model, app, offline);
            if options.strict {
                let denied = all(&|o| policy.denies(app, &[o], &away));
                offline =
                    without_namesakes(model, &offline, scopes::without(model, app, offline.clone(), &denied));
            }
            let name = |scope: &ScopeId| model.scopes[scope.index()].name.clone();
            let names: BTreeMap<String, bool> =
                scopes.iter().map(|scope| (name(scope), offline.contains(scope))).collect();
            let asked = declared.requested.iter().filter(|id| is_of_platform(model, **id)).map(name);
            let permissions = Permissions {
                gone: asked.filter(|name| !names.contains_key(name)).collect(),
                scopes: scopes.iter().map(|scope| (*scope, offline.contains(scope))).collect(),
                names,
                egress: egress(policy, app, options.strict, &mut notes),
            };
            made.apps.insert(declared.key.clone(), permissions);
        }
        Plan { settings: Box::new(made), notes }
    }
}

fn is_forge(model: &str) -> bool {
    model == "atlassian.classic" || model == "atlassian.granular"
}

fn is_forge_app(model: &Model, app: AppId) -> bool {
    model.apps[app.index()].models.iter().any(|of| is_forge(words::name_of(model, *of)))
}

fn opened_by_scopes(model: &Model, app: AppId, operation: OperationId) -> bool {
    words::is_of(model, app, operation, is_forge)
}

/// The side of a Forge app that calls somewhere outside by this operation.
fn fetches(model: &Model, app: AppId, operation: OperationId) -> Option<&'static str> {
    let side = forge_egress::side(model, operation)?;
    (is_forge_app(model, app) && words::is_of(model, app, operation, |_| true)).then_some(side)
}

/// With the scopes of the same names that the app asks for in other models: a manifest has names only, and each opens
/// what it opens in every model.
fn with_namesakes(model: &Model, app: AppId, scopes: BTreeSet<ScopeId>) -> BTreeSet<ScopeId> {
    let name = |id: &ScopeId| model.scopes[id.index()].name.as_str();
    let names: BTreeSet<&str> = scopes.iter().map(name).collect();
    let asked = model.apps[app.index()].requested.iter().copied();
    let others = asked.filter(|id| is_of_platform(model, *id) && names.contains(name(id)));
    scopes.iter().copied().chain(others).collect()
}

/// What is left of the scopes, without those that have the name of one that is not.
fn without_namesakes(
    model: &Model,
    before: &BTreeSet<ScopeId>,
    mut left: BTreeSet<ScopeId>,
) -> BTreeSet<ScopeId> {
    let name = |id: &ScopeId| model.scopes[id.index()].name.as_str();
    let lost: BTreeSet<&str> = before.difference(&left).map(name).collect();
    left.retain(|id| !lost.contains(name(id)));
    left
}

/// Whether manifests have such scopes. Those that a policy declares for what no scope opens are in none.
fn is_of_platform(model: &Model, scope: ScopeId) -> bool {
    words::name_of(model, model.scopes[scope.index()].model).starts_with("atlassian.")
}

/// Where each side of the app may fetch from, where the policy has an operation for that.
fn egress(
    policy: &Policy<'_>,
    app: AppId,
    strict: bool,
    notes: &mut Vec<Note>,
) -> BTreeMap<&'static str, Addresses> {
    let model = policy.model;
    let name = &model.apps[app.index()].name;
    let mut note = |text: String| notes.push(Note { text, limit: None, app: Some(app) });
    let mut found = BTreeMap::new();
    let mut unsaid = Vec::new();
    for (side, operation) in forge_egress::SIDES {
        let groups = policy.groups(app, &|o| fetches(model, app, o) == Some(side));
        let operations: Vec<OperationId> = groups.into_iter().flatten().collect();
        if operations.is_empty() {
            unsaid.push(format!("`{operation}`"));
            continue;
        }
        let addresses = Addresses::fewest(policy, app, &operations, strict);
        if addresses == Addresses::Any {
            note(format!(
                "the manifest opens every address to `{name}` for `{operation}`: the policy permits some that it does \
                 not name with `destination` as a whole domain or `*.` before one"
            ));
        }
        found.insert(side, addresses);
    }
    if !unsaid.is_empty() {
        note(format!(
            "no operation {} says where `{name}` may fetch from; what its manifest says under \
             `permissions.external.fetch` stays as it is",
            unsaid.join(" or ")
        ));
    }
    found
}

/// The request is for a person who is away.
fn offline(model: &Model) -> Condition {
    let Some(mode) = words::attribute(model, "user", "mode") else { return Condition::Constant(false) };
    let Type::Enum(of) = model.attributes[mode.index()].kind else { return Condition::Constant(false) };
    let values = &model.enumerations[of.index()].values;
    let Some(at) = values.iter().position(|value| value == "offline") else {
        return Condition::Constant(false);
    };
    words::test(model, mode, Predicate::Is(vec![Constant::Index(at as u32)]))
}

/// There is nobody, or nothing is said of that person's being away, or the person is not.
fn present(model: &Model) -> Condition {
    let said = match words::attribute(model, "user", "mode") {
        Some(mode) => test(Subject::Attribute(mode), Predicate::Present),
        None => Condition::Constant(false),
    };
    words::any([has_user(model, false), words::not(said), words::not(offline(model))])
}

impl Settings for Made {
    fn text(&self) -> String {
        let mut text = String::new();
        for (key, permissions) in &self.apps {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# manifest.yml of {}", quote::comment(key));
            for scope in &permissions.gone {
                let _ = writeln!(text, "# no longer: {}", quote::comment(scope));
            }
            text += "permissions:\n";
            text += if permissions.names.is_empty() { "  scopes: []\n" } else { "  scopes:\n" };
            for (scope, offline) in &permissions.names {
                if *offline {
                    let _ = writeln!(text, "    {}:\n      allowImpersonation: true", quoted_key(scope));
                } else {
                    let _ = writeln!(text, "    {}: {{}}", quoted_key(scope));
                }
            }
            if !permissions.egress.is_empty() {
                text += "  external:\n    fetch:\n";
            }
            for (side, addresses) in &permissions.egress {
                let addresses: Vec<String> = addresses.texts().into_iter().map(quote::yaml).collect();
                let _ = writeln!(text, "      {side}: [{}]", addresses.join(", "));
            }
        }
        text
    }

    fn json(&self) -> Value {
        let scope = |(name, offline): (&String, &bool)| {
            let flags = if *offline { json!({ "allowImpersonation": true }) } else { json!({}) };
            (name.clone(), flags)
        };
        let of = |permissions: &Permissions| {
            let scopes: serde_json::Map<String, Value> = permissions.names.iter().map(scope).collect();
            let mut written = json!({ "scopes": scopes });
            if !permissions.egress.is_empty() {
                let fetch: serde_json::Map<String, Value> = permissions
                    .egress
                    .iter()
                    .map(|(side, addresses)| ((*side).to_owned(), json!(addresses.texts())))
                    .collect();
                written["external"] = json!({ "fetch": fetch });
            }
            json!({ "permissions": written, "removed": permissions.gone })
        };
        let apps: serde_json::Map<String, Value> =
            self.apps.iter().map(|(key, permissions)| (key.clone(), of(permissions))).collect();
        json!({ "apps": apps })
    }

    fn lets(&self, model: &Model, app: AppId, operation: OperationId) -> Lets {
        let declared = &model.apps[app.index()];
        let Some(permissions) = self.apps.get(&declared.key) else {
            // Another kind of app; its scopes are as they are.
            let open = scopes::lets(model, app, operation, &|_, _| Condition::Constant(true));
            return Lets { when: open, covers: false };
        };
        if let Some(side) = fetches(model, app, operation) {
            let when = permissions.egress.get(side).map(|addresses| addresses.when(model));
            return Lets { when: when.unwrap_or(Condition::Constant(true)), covers: true };
        }
        let present = present(model);
        let holds = |_, wanted: ScopeId| {
            let sources = permissions
                .scopes
                .iter()
                .filter(|(scope, _)| model.scopes[scope.index()].implies.contains(&wanted));
            words::any(sources.map(
                |(_, offline)| {
                    if *offline { Condition::Constant(true) } else { present.clone() }
                },
            ))
        };
        Lets { when: scopes::lets_by(model, &declared.models, operation, &holds), covers: true }
    }

    fn permits(&self, model: &Model, request: &Request) -> Option<bool> {
        let asked = match Asked::read(model, request) {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let Some(permissions) = self.apps.get(asked.key()) else { return asked.open(&|_, _| Some(true)) };
        if let Some(side) = fetches(model, asked.app, asked.operation) {
            return permissions.egress.get(side).map_or(Some(true), |addresses| addresses.take(request));
        }
        let mode = request.user.as_ref().and_then(|user| user.attributes.get("mode"));
        let away = mode == Some(&Said::Text("offline".to_owned()));
        let holds = |wanted: &ScopeId| {
            let mut held = permissions.scopes.iter().filter(|(_, offline)| **offline || !away);
            held.any(|(scope, _)| model.scopes[scope.index()].implies.contains(wanted))
        };
        let requirements = &model.operations[asked.operation.index()].requirements;
        let models = model.apps[asked.app.index()].models.iter();
        let mut open = models
            .filter(|of| !model.permission_models[of.index()].demands_user || request.user.is_some())
            .filter_map(|of| requirements.get(of))
            .flatten();
        Some(open.any(|all| all.iter().all(holds)))
    }
}

/// A key of a YAML map: one that has a colon is quoted.
fn quoted_key(name: &str) -> String {
    if name.contains(':') { Value::String(name.to_owned()).to_string() } else { quote::yaml(name) }
}
