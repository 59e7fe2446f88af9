//! The access class of an endpoint.
//!
//! 1. A row of [`EXCEPTIONS`] decides alone.
//! 2. GET, HEAD, OPTIONS and TRACE read, whatever they ask for: class `admin` is for changes.
//! 3. A POST reads if some OAuth alternative is listed and every scope of the granular ones (of all, if
//!    none is granular) has a reading verb. The Connect scope is no sign: `POST /webhook` asks READ
//!    and registers a webhook, `POST /issue/bulkfetch` asks WRITE and only fetches.
//! 4. It is `admin` if any model says so: Connect asks ADMIN, PROJECT_ADMIN or SPACE_ADMIN; a classic
//!    scope manages something or writes groups; or all changing granular scopes are administrative. So is
//!    what lists no scope in any model: nothing says that it is less.
//! 5. DELETE deletes, and so does what Connect asks DELETE for and a path that ends in `delete`; the rest writes.
//!
//! Documents without Atlassian's extensions have no such signs: rules 2 and 5 only. A vendor's scope `read` may be no
//! more than the default of the whole document.

use super::read::{CLASSIC, Endpoint, GRANULAR};

/// Method, path, class, reason.
pub(super) type Exception = (&'static str, &'static str, &'static str, &'static str);

/// Where the rules are wrong for an Atlassian endpoint, sorted by path.
pub(super) static EXCEPTIONS: &[Exception] = &[
    (
        "POST",
        "/rest/api/3/comment/list",
        "read",
        "fetches comments; its granular list names a deleting scope",
    ),
    ("PUT", "/rest/api/3/issues/archive/export", "read", "exports a list of archived issues"),
    ("DELETE", "/rest/api/3/mypreferences", "delete", "the person's own preferences"),
    ("PUT", "/rest/api/3/mypreferences", "write", "the person's own preferences"),
    ("PUT", "/rest/api/3/mypreferences/locale", "write", "the person's own preferences"),
    (
        "DELETE",
        "/rest/api/3/project/{projectIdOrKey}/properties/{propertyKey}",
        "delete",
        "app data on a project; Connect asks DELETE",
    ),
    (
        "PUT",
        "/rest/api/3/project/{projectIdOrKey}/properties/{propertyKey}",
        "write",
        "app data on a project; Connect asks WRITE",
    ),
    ("POST", "/rest/api/3/workflows/create/validation", "read", "validates, changes nothing"),
    ("POST", "/rest/api/3/workflows/update/validation", "read", "validates, changes nothing"),
    (
        "POST",
        "/rest/api/3/workflowscheme/update/mappings",
        "read",
        "tells which mappings an update would need",
    ),
    (
        "DELETE",
        "/rest/atlassian-connect/1/app/module/dynamic",
        "admin",
        "removes modules, also those that guard something",
    ),
    (
        "POST",
        "/rest/atlassian-connect/1/app/module/dynamic",
        "admin",
        "registers modules, webhooks among them",
    ),
    ("POST", "/rest/atlassian-connect/1/migration/workflow/rule/search", "read", "searches workflow rules"),
    (
        "POST",
        "/rest/atlassian-connect/1/migration/{connectKey}/{jiraIssueFieldsKey}/task",
        "write",
        "starts a migration; asks a reading scope",
    ),
    ("DELETE", "/rest/forge/1/app/properties/{propertyKey}", "delete", "the app's own data"),
    ("PUT", "/rest/forge/1/app/properties/{propertyKey}", "write", "the app's own data"),
    ("POST", "/rest/internal/api/latest/worklog/bulk", "read", "fetches worklogs"),
    (
        "POST",
        "/wiki/api/v2/user/access/invite-by-email",
        "admin",
        "invites people to the site; asks a reading scope",
    ),
    (
        "DELETE",
        "/wiki/rest/atlassian-connect/1/app/module/dynamic",
        "admin",
        "removes modules, also those that guard something",
    ),
    (
        "POST",
        "/wiki/rest/atlassian-connect/1/app/module/dynamic",
        "admin",
        "registers modules, webhooks among them",
    ),
];

/// Verbs of scopes that only look.
const READING: [&str; 4] = ["read", "readonly", "search", "validate"];

/// Connect scopes of administrators.
const CONNECT_ADMIN: [&str; 3] = ["ADMIN", "PROJECT_ADMIN", "SPACE_ADMIN"];

/// Things whose granular writing or deleting scopes are administrative.
const GRANULAR_ADMIN: [&str; 5] = [
    ":audit-log:confluence",
    ":configuration:confluence",
    ":group:confluence",
    ":space.permission:confluence",
    ":space.setting:confluence",
];

/// `read`, `write`, `delete` or `admin`, by the rules above.
pub(super) fn access(endpoint: &Endpoint, atlassian: bool) -> &'static str {
    let exception =
        EXCEPTIONS.iter().find(|(method, path, ..)| *method == endpoint.method && *path == endpoint.path);
    if let Some((_, _, class, _)) = exception.filter(|_| atlassian) {
        return class;
    }
    match endpoint.method.as_str() {
        "GET" | "HEAD" | "OPTIONS" | "TRACE" => "read",
        "POST" if atlassian && reads(endpoint) => "read",
        _ if atlassian && administers(endpoint) => "admin",
        "DELETE" => "delete",
        _ if endpoint.connect.as_deref() == Some("DELETE") || endpoint.path.ends_with("/delete") => "delete",
        _ => "write",
    }
}

fn reads(endpoint: &Endpoint) -> bool {
    let scopes: Vec<&String> = match endpoint.oauth.get(GRANULAR) {
        Some(granular) => granular.iter().flatten().collect(),
        None => endpoint.oauth.values().flatten().flatten().collect(),
    };
    !scopes.is_empty() && scopes.iter().all(|s| looks(s))
}

fn administers(endpoint: &Endpoint) -> bool {
    let connect = endpoint.connect.as_deref();
    if connect.is_some_and(|c| CONNECT_ADMIN.contains(&c)) || (connect.is_none() && endpoint.oauth.is_empty())
    {
        return true;
    }
    let of = |model| endpoint.oauth.get(model).into_iter().flatten().flatten();
    let mut classic = of(CLASSIC);
    let mut changing = of(GRANULAR).filter(|s| !looks(s)).peekable();
    classic.any(|s| s.starts_with("manage:") || s == "write:confluence-groups")
        || (changing.peek().is_some()
            && changing.all(|s| GRANULAR_ADMIN.iter().any(|thing| s.ends_with(thing))))
}

/// Whether a scope's verb, its first or last word (`read:issue:jira`, `Mail.Read`), only looks.
fn looks(scope: &str) -> bool {
    let mut words = scope.split([':', '.', '/']);
    let ends = [words.next(), words.next_back()];
    ends.into_iter().flatten().any(|word| READING.contains(&word.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::EXCEPTIONS;

    #[test]
    fn exceptions_are_sorted_and_unique() {
        let keys: Vec<_> = EXCEPTIONS.iter().map(|(method, path, ..)| (path, method)).collect();
        assert!(keys.windows(2).all(|w| w[0] < w[1]), "{keys:?}");
    }
}
