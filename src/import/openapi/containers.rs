//! The container kind in which an Atlassian endpoint acts, and what its lists hold.
//!
//! The kinds are those of catalog `atlassian`. A row of [`PLACES`] decides alone. Else an endpoint acts in
//! the deepest container that its path names: by a parameter's name (`issueIdOrKey`), or by the word before
//! a parameter (`/spaces/{id}`); what lies inside an issue, project or space counts as its container
//! (`/comment/{commentId}` acts in an issue). The rest acts in the site.
//!
//! What changes many issues, projects or spaces at once, named in the body, acts in one of them all the same: the caller
//! asks once for each that the body names. Who names none is told nothing of, and what a rule says of containers
//! counts against it.
//!
//! A reading endpoint that gathers things from several containers lists them: Confluence collections of
//! content, `/project` at a path's end in Jira, and rows of [`PLACES`].

use super::read::Endpoint;
use crate::import::build::{Named, text};
use crate::syntax::tree::{LetterCase, NamingForm};

/// Kind and, for lists, the kind whose contents are listed.
pub(super) type Place = (&'static str, Option<&'static str>);

const ISSUES: Place = ("site", Some("issue"));
const PROJECTS: Place = ("site", Some("project"));
const CONTENT: Place = ("site", Some("content"));

/// Projects and spaces go by their keys, in which case does not count. A number is another name, which tells no key.
/// An issue is not named: nobody says in how many ways the number after the key can be written.
pub(super) static NAMINGS: &[Named] = &[
    ("/rest/api/3/issue/createmeta/{projectIdOrKey}", "project", LetterCase::Upper, Some(word)),
    ("/rest/api/3/issue/{issueIdOrKey}", "project", LetterCase::Upper, Some(before_hyphen)),
    ("/rest/api/3/project/{projectIdOrKey}", "project", LetterCase::Upper, Some(word)),
    ("/wiki/rest/api/space/{spaceKey}", "space", LetterCase::Upper, Some(word)),
    ("/wiki/rest/api/user/watch/space/{spaceKey}", "space", LetterCase::Upper, Some(word)),
];

fn word() -> NamingForm {
    NamingForm::Word
}

fn before_hyphen() -> NamingForm {
    NamingForm::Before(text("-"))
}

/// Method (`*`: any), path, place; sorted by path.
static PLACES: &[(&str, &str, Place)] = &[
    ("POST", "/rest/api/3/app/field/value", ("issue", None)),
    ("PUT", "/rest/api/3/app/field/{fieldIdOrKey}/value", ("issue", None)),
    ("POST", "/rest/api/3/bulk/issues/delete", ("issue", None)),
    ("GET", "/rest/api/3/bulk/issues/fields", ISSUES),
    ("POST", "/rest/api/3/bulk/issues/fields", ("issue", None)),
    ("POST", "/rest/api/3/bulk/issues/move", ("issue", None)),
    ("GET", "/rest/api/3/bulk/issues/transition", ISSUES),
    ("POST", "/rest/api/3/bulk/issues/transition", ("issue", None)),
    ("POST", "/rest/api/3/bulk/issues/unwatch", ("issue", None)),
    ("POST", "/rest/api/3/bulk/issues/watch", ("issue", None)),
    ("POST", "/rest/api/3/changelog/bulkfetch", ISSUES),
    ("POST", "/rest/api/3/comment/list", ISSUES),
    ("GET", "/rest/api/3/component", PROJECTS),
    ("POST", "/rest/api/3/component", ("project", None)),
    ("PUT", "/rest/api/3/config/fieldschemes/projects", ("project", None)),
    ("POST", "/rest/api/3/expression/eval", ISSUES),
    ("POST", "/rest/api/3/expression/evaluate", ISSUES),
    ("DELETE", "/rest/api/3/field/{fieldId}/context/{contextId}/option/{optionId}/issue", ("issue", None)),
    ("DELETE", "/rest/api/3/field/{fieldKey}/option/{optionId}/issue", ("issue", None)),
    ("PUT", "/rest/api/3/fieldconfigurationscheme/project", ("project", None)),
    ("POST", "/rest/api/3/issue", ("project", None)),
    ("*", "/rest/api/3/issue/archive", ("issue", None)),
    ("POST", "/rest/api/3/issue/bulk", ("project", None)),
    ("POST", "/rest/api/3/issue/bulkfetch", ISSUES),
    ("GET", "/rest/api/3/issue/createmeta", PROJECTS),
    ("GET", "/rest/api/3/issue/limit/report", ISSUES),
    ("GET", "/rest/api/3/issue/picker", ISSUES),
    ("POST", "/rest/api/3/issue/properties", ("issue", None)),
    ("POST", "/rest/api/3/issue/properties/multi", ("issue", None)),
    ("*", "/rest/api/3/issue/properties/{propertyKey}", ("issue", None)),
    ("PUT", "/rest/api/3/issue/unarchive", ("issue", None)),
    ("POST", "/rest/api/3/issue/watching", ISSUES),
    ("POST", "/rest/api/3/issueLink", ("issue", None)),
    ("PUT", "/rest/api/3/issues/archive/export", ISSUES),
    ("PUT", "/rest/api/3/issuesecurityschemes/project", ("project", None)),
    ("PUT", "/rest/api/3/issuetypescheme/project", ("project", None)),
    ("PUT", "/rest/api/3/issuetypescreenscheme/project", ("project", None)),
    ("POST", "/rest/api/3/jql/match", ISSUES),
    ("GET", "/rest/api/3/project/recent", PROJECTS),
    ("GET", "/rest/api/3/project/search", PROJECTS),
    ("GET", "/rest/api/3/projects/fields", PROJECTS),
    ("POST", "/rest/api/3/redact", ("issue", None)),
    ("*", "/rest/api/3/search", ISSUES),
    ("POST", "/rest/api/3/search/approximate-count", ISSUES),
    ("*", "/rest/api/3/search/jql", ISSUES),
    ("POST", "/rest/api/3/version", ("project", None)),
    ("GET", "/rest/api/3/webhook/failed", ISSUES),
    ("PUT", "/rest/api/3/workflowscheme/project", ("project", None)),
    ("POST", "/rest/api/3/workflowscheme/project/switch", ("project", None)),
    ("GET", "/rest/api/3/worklog/deleted", ISSUES),
    ("POST", "/rest/api/3/worklog/list", ISSUES),
    ("GET", "/rest/api/3/worklog/updated", ISSUES),
    ("PUT", "/rest/atlassian-connect/1/migration/field", ("issue", None)),
    ("POST", "/rest/internal/api/latest/worklog/bulk", ISSUES),
    ("POST", "/wiki/api/v2/blogposts", ("space", None)),
    ("POST", "/wiki/api/v2/content/convert-ids-to-types", CONTENT),
    ("POST", "/wiki/api/v2/custom-content", ("space", None)),
    ("GET", "/wiki/api/v2/data-policies/spaces", ("site", Some("space"))),
    ("POST", "/wiki/api/v2/databases", ("space", None)),
    ("POST", "/wiki/api/v2/embeds", ("space", None)),
    ("POST", "/wiki/api/v2/folders", ("space", None)),
    ("POST", "/wiki/api/v2/footer-comments", ("content", None)),
    ("POST", "/wiki/api/v2/inline-comments", ("content", None)),
    ("POST", "/wiki/api/v2/pages", ("space", None)),
    ("POST", "/wiki/api/v2/space-permissions/transition/access-removals", ("space", None)),
    ("POST", "/wiki/api/v2/space-permissions/transition/role-assignments", ("space", None)),
    ("GET", "/wiki/api/v2/spaces", ("site", Some("space"))),
    ("GET", "/wiki/api/v2/tasks", CONTENT),
    ("POST", "/wiki/api/v2/whiteboards", ("space", None)),
    ("POST", "/wiki/rest/api/content/archive", ("content", None)),
    ("GET", "/wiki/rest/api/content/search", CONTENT),
    ("GET", "/wiki/rest/api/label", CONTENT),
    ("GET", "/wiki/rest/api/search", CONTENT),
    ("GET", "/wiki/rest/api/space/{spaceKey}/state/content", ("space", Some("content"))),
    ("*", "/wiki/rest/api/template", ("space", None)),
    ("*", "/wiki/rest/api/template/{contentTemplateId}", ("space", None)),
];

/// Jira: parameter names and words before a parameter.
static JIRA: &[(&str, &str)] = &[
    ("issueIdOrKey", "issue"),
    ("issueId", "issue"),
    ("projectIdOrKey", "project"),
    ("projectKeyOrId", "project"),
    ("projectId", "project"),
    ("/issue", "issue"),
    ("/attachment", "issue"),
    ("/attachment/content", "issue"),
    ("/attachment/thumbnail", "issue"),
    ("/comment", "issue"),
    ("/issueLink", "issue"),
    ("/project", "project"),
    ("/component", "project"),
    ("/version", "project"),
];

/// Confluence: likewise.
static CONFLUENCE: &[(&str, &str)] = &[
    ("contentId", "content"),
    ("pageId", "content"),
    ("page-id", "content"),
    ("spaceKey", "space"),
    ("space-id", "space"),
    ("/content", "content"),
    ("/pages", "content"),
    ("/blogposts", "content"),
    ("/attachments", "content"),
    ("/comments", "content"),
    ("/footer-comments", "content"),
    ("/inline-comments", "content"),
    ("/custom-content", "content"),
    ("/whiteboards", "content"),
    ("/databases", "content"),
    ("/folders", "content"),
    ("/embeds", "content"),
    ("/api/v2/tasks", "content"),
    ("/content/blueprint/instance", "content"),
    ("/space", "space"),
    ("/spaces", "space"),
];

/// Last words of Confluence collections that hold content of several containers.
const GATHERED: [&str; 6] =
    ["pages", "blogposts", "attachments", "custom-content", "footer-comments", "inline-comments"];

/// Last words of collections that lead from one content to others.
const RELATIVES: [&str; 5] = ["children", "direct-children", "descendants", "descendant", "ancestors"];

/// Where an Atlassian endpoint acts.
pub(super) fn place(endpoint: &Endpoint, access: &str) -> Place {
    let row = PLACES
        .iter()
        .find(|(method, path, _)| (*method == "*" || *method == endpoint.method) && *path == endpoint.path);
    if let Some((_, _, place)) = row {
        return *place;
    }
    let confluence = endpoint.path.starts_with("/wiki/");
    let kind = deepest(&endpoint.path, if confluence { CONFLUENCE } else { JIRA });
    (kind, (access == "read").then(|| gathered(endpoint, kind, confluence)).flatten())
}

fn gathered(endpoint: &Endpoint, kind: &str, confluence: bool) -> Option<&'static str> {
    let last = endpoint.path.rsplit('/').next().unwrap_or_default();
    let before = endpoint.path.rsplit('/').nth(1).unwrap_or_default();
    match (confluence, kind) {
        (true, "content") if RELATIVES.contains(&last) || (before == "descendant" && endpoint.collection) => {
            Some("content")
        }
        (true, "site" | "space") if GATHERED.contains(&last) => Some("content"),
        (true, "space") if endpoint.path.ends_with("/content/labels") => Some("content"),
        (false, "site") if ["project", "projects", "projectUsages"].contains(&last) => Some("project"),
        _ => None,
    }
}

/// The deepest container among a path's parameters, else the site.
fn deepest(path: &str, rows: &[(&str, &'static str)]) -> &'static str {
    let segments: Vec<&str> = path.split('/').collect();
    let mut found = "site";
    for (i, segment) in segments.iter().enumerate() {
        let Some(parameter) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else { continue };
        let before = segments[..i].join("/");
        for (key, kind) in rows {
            let meant = match key.strip_prefix('/') {
                Some(_) => before.ends_with(key),
                None => *key == parameter,
            };
            if meant && depth(kind) > depth(found) {
                found = kind;
            }
        }
    }
    found
}

fn depth(kind: &str) -> u8 {
    match kind {
        "issue" | "content" => 2,
        "project" | "space" => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::PLACES;

    #[test]
    fn places_are_sorted_and_unique() {
        let keys: Vec<_> = PLACES.iter().map(|(method, path, _)| (path, method)).collect();
        assert!(keys.windows(2).all(|w| w[0] < w[1]), "{keys:?}");
    }
}
