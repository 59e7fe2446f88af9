//! OpenID AuthZEN Authorization API 1.0: evaluation requests and responses as JSON.
//!
//! The subject is the app, the action the operation, the resource the innermost container; everything else
//! of a request travels in the context:
//!
//! ```json
//! { "subject": { "type": "app", "id": "com.acme.timesheets" },
//!   "action": { "name": "jira.issue.edit" },
//!   "resource": { "type": "issue", "id": "PAY-1", "properties": {
//!     "classification": "internal",
//!     "ancestors": [{ "type": "project", "id": "PAY" }] } },
//!   "context": {
//!     "channel": "browser", "time": "2026-11-02T09:30:00Z", "client": { "ip": "192.0.2.7" },
//!     "user": { "id": "ann@acme.com", "groups": ["staff"], "permitted": true },
//!     "app_user": { "permitted": true },
//!     "install": { "site": "acme", "status": "enabled", "age": "24h", "approved": ["READ"],
//!                  "stages": { "setup": "configured" } } } }
//! ```

mod explained;
mod reader;

pub use explained::{
    Explained, ExplainedContainer, ExplainedFilter, ExplainedLayer, PermitLine, ReasonLine, explain, response,
};

pub use reader::seconds;
use serde_json::{Map, Value as Json, json};

use crate::request::{ContainerFact, Request, Target, Value};
use crate::sema::model::{Attribute, Model, Owner, Type};

/// Reads an evaluation request.
///
/// * `subject.type` is `app`, with the app's key as `id`, or `anonymous`, whose `id` says nothing.
/// * `action.name` is the operation, or `http` with `method` and `path` among its properties.
/// * `resource` is the innermost container. Id `_` stands for one that is not known; type `none` for no
///   container at all. The containers it lies in stand in `properties.ancestors`, innermost first, or each in
///   the `properties.parent` of the one before. All other properties are its attributes.
/// * `context.user`, `context.app_user`, `context.install.approved` and `context.install.stages` (or
///   `context.stages`) are as above; all else are attributes, with nested objects for dotted names.
///
/// As the standard demands, members that mean nothing here are ignored; [`Parsed::notes`] names them.
///
/// # Errors
/// Everything that is missing or of a wrong type, never only the first. The request must not be decided then:
/// the standard's answer is status 400.
pub fn request(json: &Json, types: &Types<'_>) -> Result<Parsed, Vec<RequestError>> {
    reader::read(json, types)
}

/// Says which type an attribute has; `None` for what is not declared.
///
/// The compiler answers from the model, see [`types`]; a decision point from its bundle.
pub type Types<'a> = dyn Fn(Namespace<'_>, &str) -> Option<ValueType> + 'a;

/// Where a name is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace<'a> {
    /// Attributes of the request and the installation, by full name: `client.ip`, `install.age`.
    Request,
    /// Attributes of the context user, without `user.`.
    User,
    /// Attributes of this container kind.
    Container(&'a str),
    /// Ratchets; their values, the stages, are text.
    Ratchet,
}

/// How an attribute is written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// A string: strings, enumerations, addresses, domains, origins, stages.
    Text,
    /// A boolean.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// An array of strings.
    Set,
    /// RFC 3339 text, or seconds since 1970-01-01T00:00:00Z; fractions of seconds are cut.
    Instant,
    /// Text such as `1h30m`, or seconds.
    Duration,
}

/// A request, and what of the JSON is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The request.
    pub request: Request,
    /// What was ignored, in document order. For people, not for decisions.
    pub notes: Vec<Note>,
}

/// A member that was ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// Why.
    pub message: String,
}

/// Something wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError {
    /// JSON pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// What was expected there and what was found.
    pub message: String,
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pointer = if self.pointer.is_empty() { "the request" } else { &self.pointer };
        write!(f, "{pointer}: {}", self.message)
    }
}

impl std::error::Error for RequestError {}

/// The lookup that [`request`] needs, from a model.
pub fn types(model: &Model) -> impl Fn(Namespace<'_>, &str) -> Option<ValueType> + '_ {
    move |namespace, name| {
        let belongs = |attribute: &&Attribute| match (namespace, attribute.owner) {
            (Namespace::Request, Owner::Request) | (Namespace::User, Owner::User) => true,
            (Namespace::Container(kind), Owner::Kind(id)) => model.kinds[id.index()].name == kind,
            (Namespace::Request | Namespace::User | Namespace::Container(_) | Namespace::Ratchet, _) => false,
        };
        if namespace == Namespace::Ratchet {
            return model.ratchets.iter().any(|ratchet| ratchet.name == name).then_some(ValueType::Text);
        }
        let attribute = model.attributes.iter().filter(belongs).find(|attribute| attribute.name == name)?;
        Some(match attribute.kind {
            Type::String | Type::Enum(_) | Type::Ip | Type::Domain | Type::Origin => ValueType::Text,
            Type::Bool => ValueType::Bool,
            Type::Int => ValueType::Int,
            Type::Strings => ValueType::Set,
            Type::Instant => ValueType::Instant,
            Type::Duration => ValueType::Duration,
        })
    }
}

/// Writes an evaluation request that [`fn@request`] reads as the same request again, as far as its
/// attributes are declared.
pub fn request_json(request: &Request) -> Json {
    let subject = match &request.app {
        Some(key) => json!({ "type": "app", "id": key }),
        None => json!({ "type": "anonymous", "id": "" }),
    };
    let action = match &request.operation {
        Target::Name(name) => json!({ "name": name }),
        Target::Http { method, path } => {
            json!({ "name": "http", "properties": { "method": method, "path": path } })
        }
    };
    let resource = match request.containers.split_first() {
        Some((innermost, ancestors)) => resource_json(innermost, ancestors),
        None => json!({ "type": "none", "id": "_" }),
    };
    let mut document = json!({ "subject": subject, "action": action, "resource": resource });
    let context = context_json(request);
    if !context.is_empty() {
        document["context"] = Json::Object(context);
    }
    document
}

fn resource_json(container: &ContainerFact, ancestors: &[ContainerFact]) -> Json {
    let id = container.id.as_deref().unwrap_or("_");
    let mut resource = json!({ "type": container.kind, "id": id });
    let mut properties: Map<String, Json> =
        container.attributes.iter().map(|(name, value)| (name.clone(), value_json(value))).collect();
    if !ancestors.is_empty() {
        let ancestors = ancestors.iter().map(|ancestor| resource_json(ancestor, &[])).collect();
        properties.insert("ancestors".into(), Json::Array(ancestors));
    }
    if !properties.is_empty() {
        resource["properties"] = Json::Object(properties);
    }
    resource
}

fn context_json(request: &Request) -> Map<String, Json> {
    let mut context = Map::new();
    let mut install = Map::new();
    for (name, value) in &request.attributes {
        if name == "app-user.permitted" {
            context.insert("app_user".into(), json!({ "permitted": value_json(value) }));
        } else if let Some(name) = name.strip_prefix("install.") {
            install.insert(name.to_owned(), value_json(value));
        } else {
            context.insert(name.clone(), value_json(value));
        }
    }
    if let Some(approved) = &request.approved {
        install.insert("approved".into(), json!(approved));
    }
    let withdrawn = &request.withdrawn;
    let mut taken = Map::new();
    let sets = [
        ("scopes", &withdrawn.scopes),
        ("forever", &withdrawn.forever),
        ("operations", &withdrawn.operations),
    ];
    for (name, set) in sets {
        if !set.is_empty() {
            taken.insert(name.into(), json!(set));
        }
    }
    if !withdrawn.containers.is_empty() {
        let containers = withdrawn.containers.iter().map(|(kind, id)| json!({ "type": kind, "id": id }));
        taken.insert("containers".into(), containers.collect());
    }
    if !taken.is_empty() {
        install.insert("withdrawn".into(), Json::Object(taken));
    }
    if !request.stages.is_empty() {
        install.insert("stages".into(), json!(request.stages));
    }
    if !install.is_empty() {
        context.insert("install".into(), Json::Object(install));
    }
    if let Some(user) = &request.user {
        let mut members = Map::from_iter([("id".to_owned(), json!(user.id))]);
        members.extend(user.attributes.iter().map(|(name, value)| (name.clone(), value_json(value))));
        context.insert("user".into(), Json::Object(members));
    }
    context
}

fn value_json(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Set(set) => json!(set),
    }
}
