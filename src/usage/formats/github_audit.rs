//! GitHub's audit log of an organisation or enterprise. With API request events on, `action: api.request` tells
//! method and route; other actions tell what changed and not by which request.

use std::borrow::Cow;

use serde_json::Value;

use super::{number, text, texts};
use crate::usage::rewritten::of_github;
use crate::usage::routes::path_of;
use crate::usage::{Call, Format, Grant, Other, Outcome, Told, Use, time};

/// See the module.
pub(crate) static FORMAT: Format = Format { name: "github-audit", title: "GitHub audit log", read };

/// What can name the app: its own names first, then those of its token and account.
const APPS: [&str; 9] = [
    "integration",
    "integration_id",
    "application_client_id",
    "oauth_application_name",
    "oauth_application_id",
    "oauth_app",
    "hashed_token",
    "token_id",
    "actor",
];

/// Actions that no call of an app makes, or none for which it needs a permission: an app leaves by its own key.
const NO_CALLS: [&str; 14] = [
    "integration_installation.destroy",
    "integration_installation.repositories_added",
    "integration_installation.repositories_removed",
    "integration_installation.suspend",
    "integration_installation.unsuspend",
    "integration_installation.version_updated",
    "integration_installation_request.close",
    "integration_installation_request.create",
    "oauth_access.destroy",
    "oauth_authorization.destroy",
    "oauth_authorization.update",
    "org.oauth_app_access_approved",
    "org.oauth_app_access_denied",
    "org.oauth_app_access_requested",
];

fn read(record: &Value) -> Option<Vec<Told<'_>>> {
    let action = text(record, "action")?;
    if !["_document_id", "@timestamp", "created_at"].iter().any(|member| record.get(member).is_some()) {
        return None;
    }
    let at = ["@timestamp", "created_at"].iter().find_map(|m| record.get(m).and_then(time::instant));
    let mut apps = texts(record, &APPS);
    // The account of an app is called by its key, with this behind it.
    apps.extend(text(record, "actor").and_then(|actor| actor.strip_suffix("[bot]")));
    Some(vec![match action {
        "api.request" => {
            let method = text(record, "request_method").unwrap_or("GET");
            match text(record, "route").or_else(|| text(record, "url_path")) {
                Some(route) => Told::Use(Use {
                    apps,
                    call: Call::Http(method, route.into()),
                    near: near(route, text(record, "url_path")),
                    at,
                    person: record.get("actor_is_bot").and_then(Value::as_bool).map(|bot| !bot),
                    outcome: Outcome::of_status(record.get("status_code").and_then(number)),
                    scopes: scopes(record),
                }),
                None => {
                    let kind = "api.request without a route".to_owned();
                    Told::Other(Other { apps, kind, at, no_call: false })
                }
            }
        }
        "integration_installation.create" | "oauth_access.create" | "oauth_authorization.create" => {
            Told::Grant(Grant { apps, at, scopes: scopes(record), by: Vec::new() })
        }
        other => {
            let no_call = NO_CALLS.contains(&other);
            Told::Other(Other { apps, kind: other.to_owned(), at, no_call })
        }
    }])
}

/// The address itself, and both as the documentation has them: the route may be GitHub's own, by numbers.
fn near<'r>(route: &'r str, address: Option<&'r str>) -> Vec<(Cow<'r, str>, &'static str)> {
    let address = address.filter(|address| *address != route);
    let given = address.map(|address| (Cow::Borrowed(address), "route counted by its address"));
    let by_name = [Some(route), address].into_iter().flatten().filter_map(|path| {
        Some((Cow::Owned(of_github(path_of(path))?), "route by number counted as the one by name"))
    });
    given.into_iter().chain(by_name).collect()
}

fn scopes(record: &Value) -> Vec<&str> {
    let scopes = text(record, "token_scopes").unwrap_or_default().split(',').map(str::trim);
    scopes.filter(|scope| !scope.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requests_tell_their_route() {
        let record = json!({
            "@timestamp": 1_741_611_465_102_i64, "_document_id": "d", "action": "api.request", "actor": "octo",
            "actor_is_bot": true, "request_method": "GET", "route": "/repos/{owner}/{repo}/pulls",
            "status_code": 200, "token_id": 555, "oauth_application_name": "Bob", "token_scopes": "repo, read:org"
        });
        let wanted = Told::Use(Use {
            apps: vec!["Bob", "octo"],
            call: Call::Http("GET", "/repos/{owner}/{repo}/pulls".into()),
            near: Vec::new(),
            at: Some(1_741_611_465),
            person: Some(false),
            outcome: Outcome::Done,
            scopes: vec!["repo", "read:org"],
        });
        assert_eq!(read(&record), Some(vec![wanted]));
    }

    #[test]
    fn other_actions_are_told_by_name() {
        let record = json!({ "action": "repo.create", "created_at": 1_741_611_465_102_i64, "actor": "octo" });
        let mut other = Other { apps: vec!["octo"], kind: "repo.create".to_owned(), ..Other::default() };
        other.at = Some(1_741_611_465);
        assert_eq!(read(&record), Some(vec![Told::Other(other)]));
        assert_eq!(read(&json!({ "action": "repo.create" })), None, "nothing says that it is GitHub's");
    }
}
