//! Google Workspace's token audit log, as the Reports API gives it: which app was granted which scopes, and which
//! methods it called for whom.

use serde_json::Value;

use super::{each, text, texts};
use crate::usage::{Call, Format, Grant, Other, Told, Use, time};

/// See the module.
pub(crate) static FORMAT: Format =
    Format { name: "google-token", title: "Google Workspace token audit log", read };

/// Events of tokens that no call makes: people take a grant back, or ask an administrator for one.
const NO_CALLS: [&str; 2] = ["request", "revoke"];

fn read(record: &Value) -> Option<Vec<Told<'_>>> {
    let id = record.get("id")?;
    let application = text(id, "applicationName")?;
    let at = id.get("time").and_then(time::instant);
    let events = each(record.get("events"));
    if events.is_empty() {
        let kind = format!("{application} without events");
        return Some(vec![Told::Other(Other { kind, at, ..Other::default() })]);
    }
    Some(events.iter().map(|event| told(application, event, at)).collect())
}

fn told<'r>(application: &str, event: &'r Value, at: Option<i64>) -> Told<'r> {
    let name = text(event, "name").unwrap_or("unnamed");
    let parameters = Parameters(each(event.get("parameters")));
    let apps = [parameters.text("client_id"), parameters.text("app_name")].into_iter().flatten().collect();
    match (application, name) {
        ("token", "authorize") => {
            Told::Grant(Grant { apps, at, scopes: parameters.scopes(), by: Vec::new() })
        }
        ("token", "activity") => match parameters.text("method_name") {
            Some(method) => {
                let api = parameters.text("api_name").unwrap_or_default();
                let names = vec![format!("google.{method}"), format!("google.{api}.{method}")];
                Told::Use(Use {
                    apps,
                    call: Call::Named(names),
                    at,
                    // This log is about people's tokens only.
                    person: Some(true),
                    scopes: parameters.scopes(),
                    ..Use::default()
                })
            }
            None => {
                let kind = "token activity without a method".to_owned();
                Told::Other(Other { apps, kind, at, no_call: false })
            }
        },
        (application, name) => {
            let no_call = application == "token" && NO_CALLS.contains(&name);
            Told::Other(Other { apps, kind: format!("{application} {name}"), at, no_call })
        }
    }
}

struct Parameters<'r>(&'r [Value]);

impl<'r> Parameters<'r> {
    fn get(&self, name: &str) -> Option<&'r Value> {
        self.0.iter().find(|p| p.get("name").and_then(Value::as_str) == Some(name))
    }

    fn text(&self, name: &str) -> Option<&'r str> {
        texts(self.get(name)?, &["value"]).pop()
    }

    /// Parameter `scope` is a list, in older records one text.
    fn scopes(&self) -> Vec<&'r str> {
        let Some(scope) = self.get("scope") else { return Vec::new() };
        let many = each(scope.get("multiValue")).iter().filter_map(Value::as_str);
        let one = text(scope, "value").into_iter().flat_map(str::split_whitespace);
        many.chain(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_record_has_many_events() {
        let scope =
            json!({ "name": "scope", "multiValue": ["https://www.googleapis.com/auth/drive.readonly"] });
        let client = json!({ "name": "client_id", "value": "1.apps.googleusercontent.com" });
        let record = json!({
            "kind": "admin#reports#activity",
            "id": { "applicationName": "token", "time": "2026-07-01T08:00:00Z" },
            "events": [
                { "name": "authorize", "parameters": [client, scope] },
                { "name": "activity", "parameters": [client, { "name": "api_name", "value": "drive" },
                    { "name": "method_name", "value": "drive.files.list" }] },
                { "name": "revoke", "parameters": [client] }
            ]
        });
        let at = Some(1_782_892_800);
        let apps = vec!["1.apps.googleusercontent.com"];
        let revoke = Other { apps: apps.clone(), kind: "token revoke".to_owned(), at, no_call: true };
        let names = vec!["google.drive.files.list".to_owned(), "google.drive.drive.files.list".to_owned()];
        let wanted = vec![
            Told::Grant(Grant {
                apps: apps.clone(),
                at,
                scopes: vec!["https://www.googleapis.com/auth/drive.readonly"],
                by: Vec::new(),
            }),
            Told::Use(Use { apps, call: Call::Named(names), at, person: Some(true), ..Use::default() }),
            Told::Other(revoke),
        ];
        assert_eq!(read(&record), Some(wanted));
    }

    #[test]
    fn other_applications_are_told_by_name() {
        let record = json!({ "id": { "applicationName": "drive" }, "events": { "name": "view" } });
        let other = Other { kind: "drive view".to_owned(), ..Other::default() };
        assert_eq!(read(&record), Some(vec![Told::Other(other)]));
    }
}
