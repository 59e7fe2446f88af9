//! From JSON to the request: one pass that collects every error and every note.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::{Namespace, Note, Parsed, RequestError, Types, ValueType};
use crate::request::{ContainerFact, Request, Target, User, Value};

type Object = Map<String, Json>;

pub(super) fn read(json: &Json, types: &Types<'_>) -> Result<Parsed, Vec<RequestError>> {
    let mut reader = Reader { types, errors: Vec::new(), notes: Vec::new() };
    let request = reader.request(json);
    match request {
        Some(request) if reader.errors.is_empty() => Ok(Parsed { request, notes: reader.notes }),
        Some(_) | None => Err(reader.errors),
    }
}

/// Functions return `None` where they have reported an error.
struct Reader<'a> {
    types: &'a Types<'a>,
    errors: Vec<RequestError>,
    notes: Vec<Note>,
}

impl Reader<'_> {
    fn request(&mut self, json: &Json) -> Option<Request> {
        let root = self.object("", json)?;
        self.note_others("", root, &["subject", "action", "resource", "context"]);
        let mut request = Request::default();
        if let Some(app) = self.member(root, "", "subject").and_then(|subject| self.subject(subject)) {
            request.app = app;
        }
        if let Some(target) = self.member(root, "", "action").and_then(|action| self.action(action)) {
            request.operation = target;
        }
        if let Some(resource) = self.member(root, "", "resource") {
            self.resource(resource, &mut request.containers);
        }
        if let Some(context) = root.get("context").and_then(|context| self.object("/context", context)) {
            self.context(context, &mut request);
        }
        Some(request)
    }

    /// The app's key, or `None` inside for an anonymous request.
    fn subject(&mut self, json: &Json) -> Option<Option<String>> {
        let subject = self.object("/subject", json)?;
        self.note_others("/subject", subject, &["type", "id", "properties"]);
        if let Some(properties) = self.properties("/subject", subject) {
            for name in properties.keys() {
                self.note(below("/subject/properties", name), "ignored: the policy says what the app is");
            }
        }
        let kind = self.text(subject, "/subject", "type");
        let id = self.text(subject, "/subject", "id");
        match kind?.as_str() {
            "anonymous" => id.map(|_| None),
            "app" => {
                let id = id?;
                if id.is_empty() {
                    return self.error("/subject/id", "expected the app's key, found an empty string");
                }
                Some(Some(id))
            }
            other => self
                .error("/subject/type", format!("subject.type must be `app` or `anonymous`, not `{other}`")),
        }
    }

    fn action(&mut self, json: &Json) -> Option<Target> {
        let action = self.object("/action", json)?;
        self.note_others("/action", action, &["name", "properties"]);
        let properties = self.properties("/action", action);
        let name = self.text(action, "/action", "name")?;
        if name != "http" {
            for property in properties.into_iter().flat_map(Map::keys) {
                self.note(
                    below("/action/properties", property),
                    "ignored: only action `http` has properties",
                );
            }
            return Some(Target::Name(name));
        }
        let Some(properties) = properties else {
            return match action.get("properties") {
                Some(_) => None, // reported
                None => self.error("/action/properties", "missing: action `http` needs `method` and `path`"),
            };
        };
        self.note_others("/action/properties", properties, &["method", "path"]);
        let method = self.text(properties, "/action/properties", "method");
        let path = self.text(properties, "/action/properties", "path");
        Some(Target::Http { method: method?, path: path? })
    }

    fn resource(&mut self, json: &Json, containers: &mut Vec<ContainerFact>) -> Option<()> {
        let is_none = json.get("type").and_then(Json::as_str) == Some("none");
        if !is_none {
            return self.container("/resource", json, containers);
        }
        let resource = self.object("/resource", json)?;
        self.note_others("/resource", resource, &["type", "id", "properties"]);
        self.text(resource, "/resource", "id");
        for name in self.properties("/resource", resource).into_iter().flat_map(Map::keys) {
            self.note(below("/resource/properties", name), "ignored: type `none` is no container");
        }
        Some(())
    }

    /// Appends the container and those it lies in.
    fn container(&mut self, pointer: &str, json: &Json, containers: &mut Vec<ContainerFact>) -> Option<()> {
        let container = self.object(pointer, json)?;
        self.note_others(pointer, container, &["type", "id", "properties"]);
        let properties = self.properties(pointer, container);
        let kind = self.text(container, pointer, "type");
        let id = self.text(container, pointer, "id");
        if id.as_deref() == Some("") {
            self.error::<()>(
                &below(pointer, "id"),
                "expected an id, or `_` for one that is not known; found an empty string",
            );
        }
        let (kind, id) = (kind?, id?);
        let mut fact = ContainerFact { kind, id: (id != "_").then_some(id), attributes: BTreeMap::new() };
        let pointer = below(pointer, "properties");
        let properties = properties.into_iter().flatten();
        let (structure, attributes): (Vec<_>, Vec<_>) =
            properties.partition(|(name, _)| matches!(name.as_str(), "parent" | "ancestors"));
        for (name, value) in attributes {
            let pointer = below(&pointer, name);
            if name == "id" {
                self.note(pointer, "ignored: the id stands beside `properties`");
            } else {
                self.attribute(&pointer, Namespace::Container(&fact.kind), name, value, &mut fact.attributes);
            }
        }
        containers.push(fact);
        if structure.len() > 1 {
            self.error::<()>(&pointer, "expected `parent` or `ancestors`, found both");
        }
        for (name, value) in structure {
            let pointer = below(&pointer, name);
            if name == "parent" {
                self.container(&pointer, value, containers);
                continue;
            }
            let Json::Array(ancestors) = value else {
                self.mismatch::<()>(&pointer, "an array of resources", value);
                continue;
            };
            for (index, ancestor) in ancestors.iter().enumerate() {
                self.container(&below(&pointer, &index.to_string()), ancestor, containers);
            }
        }
        Some(())
    }

    fn context(&mut self, context: &Object, request: &mut Request) {
        for (name, value) in context {
            let pointer = below("/context", name);
            match name.as_str() {
                "user" => request.user = self.user(&pointer, value),
                "app_user" => {
                    self.app_user(&pointer, value, request);
                }
                "install" => {
                    self.install(&pointer, value, request);
                }
                "stages" => {
                    self.stages(&pointer, value, &mut request.stages);
                }
                _ if is_structure(name) => {
                    self.error::<()>(&pointer, "expected nested objects here, found a dotted name");
                }
                _ => self.attribute(&pointer, Namespace::Request, name, value, &mut request.attributes),
            }
        }
    }

    fn user(&mut self, pointer: &str, json: &Json) -> Option<User> {
        let object = self.object(pointer, json)?;
        let id = self.text(object, pointer, "id");
        if id.as_deref() == Some("") {
            self.error::<()>(&below(pointer, "id"), "expected the user's id, found an empty string");
        }
        let mut attributes = BTreeMap::new();
        for (name, value) in object {
            let pointer = below(pointer, name);
            match name.as_str() {
                "id" => {}
                "permitted" => {
                    if let Some(permitted) = self.value(&pointer, ValueType::Bool, value) {
                        attributes.insert(name.clone(), permitted);
                    }
                }
                _ => self.attribute(&pointer, Namespace::User, name, value, &mut attributes),
            }
        }
        Some(User { id: id?, attributes })
    }

    fn app_user(&mut self, pointer: &str, json: &Json, request: &mut Request) -> Option<()> {
        let object = self.object(pointer, json)?;
        self.note_others(pointer, object, &["permitted"]);
        let permitted =
            self.value(&below(pointer, "permitted"), ValueType::Bool, object.get("permitted")?)?;
        request.attributes.insert("app-user.permitted".into(), permitted);
        Some(())
    }

    fn install(&mut self, pointer: &str, json: &Json, request: &mut Request) -> Option<()> {
        for (name, value) in self.object(pointer, json)? {
            let pointer = below(pointer, name);
            match name.as_str() {
                "approved" => request.approved = self.set(&pointer, "an array of scope names", value),
                "stages" => {
                    self.stages(&pointer, value, &mut request.stages);
                }
                "withdrawn" => {
                    self.withdrawn(&pointer, value, request);
                }
                _ => {
                    let name = format!("install.{name}");
                    self.attribute(&pointer, Namespace::Request, &name, value, &mut request.attributes);
                }
            }
        }
        Some(())
    }

    fn withdrawn(&mut self, pointer: &str, json: &Json, request: &mut Request) -> Option<()> {
        let object = self.object(pointer, json)?;
        // A member that is not known may be one that takes something: it is no request then.
        for (name, value) in object {
            let pointer = below(pointer, name);
            let set = match name.as_str() {
                "scopes" => &mut request.withdrawn.scopes,
                "forever" => &mut request.withdrawn.forever,
                "operations" => &mut request.withdrawn.operations,
                "containers" => {
                    self.containers(&pointer, value, request);
                    continue;
                }
                _ => {
                    self.error::<()>(&pointer, "expected `scopes`, `forever`, `operations` or `containers`");
                    continue;
                }
            };
            if let Some(names) = self.set(&pointer, "an array of names", value) {
                *set = names;
            }
        }
        Some(())
    }

    fn containers(&mut self, pointer: &str, json: &Json, request: &mut Request) -> Option<()> {
        let Json::Array(containers) = json else {
            return self.mismatch(pointer, "an array of resources", json);
        };
        for (index, container) in containers.iter().enumerate() {
            let pointer = below(pointer, &index.to_string());
            let container = self.object(&pointer, container)?;
            self.note_others(&pointer, container, &["type", "id"]);
            let kind = self.text(container, &pointer, "type");
            let id = self.text(container, &pointer, "id");
            request.withdrawn.containers.insert((kind?, id?));
        }
        Some(())
    }

    fn stages(&mut self, pointer: &str, json: &Json, stages: &mut BTreeMap<String, String>) -> Option<()> {
        for (ratchet, value) in self.object(pointer, json)? {
            let pointer = below(pointer, ratchet);
            if (self.types)(Namespace::Ratchet, ratchet).is_none() {
                self.note(pointer, "ignored: no such ratchet");
                continue;
            }
            let Json::String(stage) = value else {
                self.mismatch::<()>(&pointer, "the name of a stage", value);
                continue;
            };
            if stages.insert(ratchet.clone(), stage.clone()).is_some() {
                self.error::<()>(&pointer, format!("the stage of `{ratchet}` is given twice"));
            }
        }
        Some(())
    }

    /// Takes an attribute if the name is one; else looks inside, where it may be the first half of one.
    fn attribute(
        &mut self,
        pointer: &str,
        namespace: Namespace<'_>,
        name: &str,
        value: &Json,
        attributes: &mut BTreeMap<String, Value>,
    ) {
        if let Some(kind) = (self.types)(namespace, name) {
            let Some(value) = self.value(pointer, kind, value) else {
                return;
            };
            if attributes.insert(name.to_owned(), value).is_some() {
                self.error::<()>(pointer, format!("`{name}` is given twice"));
            }
        } else if let Json::Object(members) = value {
            for (member, value) in members {
                let name = format!("{name}.{member}");
                self.attribute(&below(pointer, member), namespace, &name, value, attributes);
            }
        } else {
            self.note(pointer.to_owned(), format!("ignored: no attribute `{name}` is declared"));
        }
    }

    fn value(&mut self, pointer: &str, kind: ValueType, json: &Json) -> Option<Value> {
        const INSTANT: &str = "an instant, RFC 3339 text or whole seconds since 1970";
        const DURATION: &str = "a duration, text such as `1h30m` or whole seconds";
        match (kind, json) {
            (ValueType::Text, Json::String(text)) => Some(Value::Text(text.clone())),
            (ValueType::Text, _) => self.mismatch(pointer, "a string", json),
            (ValueType::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
            (ValueType::Bool, _) => self.mismatch(pointer, "a boolean", json),
            (ValueType::Set, _) => self.set(pointer, "an array of strings", json).map(Value::Set),
            (ValueType::Int, _) => self.whole(pointer, "a whole number of 64 bits", json),
            (ValueType::Instant, Json::String(text)) => match text.parse::<jiff::Timestamp>() {
                Ok(instant) => Some(Value::Int(instant.as_second())),
                Err(_) => self.mismatch(pointer, INSTANT, json),
            },
            (ValueType::Instant, _) => self.whole(pointer, INSTANT, json),
            (ValueType::Duration, Json::String(text)) => match seconds(text) {
                Some(seconds) => Some(Value::Int(seconds)),
                None => self.mismatch(pointer, DURATION, json),
            },
            (ValueType::Duration, _) => self.whole(pointer, DURATION, json),
        }
    }

    fn whole(&mut self, pointer: &str, expected: &str, json: &Json) -> Option<Value> {
        match json.as_i64() {
            Some(value) => Some(Value::Int(value)),
            None => self.mismatch(pointer, expected, json),
        }
    }

    fn set(&mut self, pointer: &str, expected: &str, json: &Json) -> Option<BTreeSet<String>> {
        let Json::Array(elements) = json else {
            return self.mismatch(pointer, expected, json);
        };
        let mut set = Some(BTreeSet::new());
        for (index, element) in elements.iter().enumerate() {
            match (element, &mut set) {
                (Json::String(text), Some(set)) => {
                    set.insert(text.clone());
                }
                (Json::String(_), None) => {}
                (_, _) => set = self.mismatch(&below(pointer, &index.to_string()), "a string", element),
            }
        }
        set
    }

    // ---- members of objects ----

    fn member<'j>(&mut self, object: &'j Object, pointer: &str, name: &str) -> Option<&'j Json> {
        match object.get(name) {
            Some(value) => Some(value),
            None => self.error(&below(pointer, name), "missing, and required by AuthZEN"),
        }
    }

    fn text(&mut self, object: &Object, pointer: &str, name: &str) -> Option<String> {
        match object.get(name) {
            Some(Json::String(text)) => Some(text.clone()),
            Some(other) => self.mismatch(&below(pointer, name), "a string", other),
            None => self.error(&below(pointer, name), "missing: expected a string"),
        }
    }

    fn object<'j>(&mut self, pointer: &str, json: &'j Json) -> Option<&'j Object> {
        match json {
            Json::Object(object) => Some(object),
            other => self.mismatch(pointer, "an object", other),
        }
    }

    fn properties<'j>(&mut self, pointer: &str, object: &'j Object) -> Option<&'j Object> {
        self.object(&below(pointer, "properties"), object.get("properties")?)
    }

    // ---- what is reported ----

    fn mismatch<T>(&mut self, pointer: &str, expected: &str, found: &Json) -> Option<T> {
        self.error(pointer, format!("expected {expected}, found {}", describe(found)))
    }

    fn error<T>(&mut self, pointer: &str, message: impl Into<String>) -> Option<T> {
        self.errors.push(RequestError { pointer: pointer.to_owned(), message: message.into() });
        None
    }

    fn note(&mut self, pointer: String, message: impl Into<String>) {
        self.notes.push(Note { pointer, message: message.into() });
    }

    fn note_others(&mut self, pointer: &str, object: &Object, known: &[&str]) {
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            self.note(below(pointer, name), "ignored: means nothing here");
        }
    }
}

/// Dotted names of what is no attribute. They would be ignored, and some of them only ever narrow.
fn is_structure(name: &str) -> bool {
    ["user.", "app_user.", "stages.", "install.stages."].iter().any(|prefix| name.starts_with(prefix))
        || matches!(name, "install.approved" | "install.stages")
}

/// The JSON pointer of a member.
fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn describe(json: &Json) -> String {
    match json {
        Json::Null => "null".into(),
        Json::Bool(value) => format!("the boolean `{value}`"),
        Json::Number(number) => format!("the number `{number}`"),
        Json::String(text) => format!("the string {}", Json::from(text.chars().take(40).collect::<String>())),
        Json::Array(_) => "an array".into(),
        Json::Object(_) => "an object".into(),
    }
}

/// `1h30m` in seconds: numbers, each with `s`, `m`, `h`, `d` or `w`.
pub fn seconds(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.find(|character: char| !character.is_ascii_digit())?;
        let count: i64 = rest[..unit].parse().ok()?;
        let seconds = match rest.as_bytes()[unit] {
            b's' => 1,
            b'm' => 60,
            b'h' => 60 * 60,
            b'd' => 24 * 60 * 60,
            b'w' => 7 * 24 * 60 * 60,
            _ => return None, // any other character
        };
        total = total.checked_add(count.checked_mul(seconds)?)?;
        rest = &rest[unit + 1..];
    }
    (!text.is_empty()).then_some(total)
}
