//! Names of operations: `prefix.noun.noun.verb`, from path and method.
//!
//! * Nouns are the path's literal segments after the API's root (`rest`, `api`, `wiki`, `latest` and
//!   versions before the first other word), as they are; parameters leave no trace.
//! * A last word that is an action (`search`, see [`ACTIONS`]; where something changes also `move`, see
//!   [`CHANGES`]) is the verb; in POST and PUT also before a last parameter.
//! * Else GET is `list` for a collection (the answer is an array or a page, or there is a GET with one
//!   parameter more) and `get` otherwise; PUT `add` where the `operationId` begins so, else `edit`; PATCH
//!   `patch`; DELETE `delete`; POST `query` where it only reads, `edit` where the `operationId` begins with
//!   `set`, `update` or `edit`, else `create`.
//! * Where several endpoints come to one name, the one with the shortest `operationId` keeps it (then path,
//!   then method); the others end in their `operationId` in kebab-case instead of the verb.

use super::read::Endpoint;
use crate::import::Note;
use crate::import::build::{ident, words};
use crate::import::names::{self, Earlier, Wish};

/// Path words that say what is done, in any operation. A word counts if its first part (`convert-ids`) does.
static ACTIONS: &[&str] = &[
    "analyse",
    "analyze",
    "bulkfetch",
    "check",
    "convert",
    "download",
    "eval",
    "evaluate",
    "export",
    "list",
    "match",
    "parse",
    "pdcleaner",
    "picker",
    "preview",
    "read",
    "sanitize",
    "search",
    "validate",
];

/// Likewise where something changes: a GET of `…/suggestions/edit` does not edit.
static CHANGES: &[&str] = &[
    "add",
    "archive",
    "cancel",
    "clone",
    "copy",
    "create",
    "createdraft",
    "delete",
    "duplicate",
    "edit",
    "invite",
    "merge",
    "mergeto",
    "move",
    "notify",
    "publish",
    "redact",
    "refresh",
    "remove",
    "reset",
    "restore",
    "save",
    "switch",
    "transition",
    "trash",
    "unarchive",
    "unwatch",
    "update",
    "watch",
];

/// First words of an `operationId` that say how, not what.
const MANNER: [&str; 7] = ["submit", "bulk", "multi", "partial", "partially", "fully", "async"];

/// Path words before a product's own.
const ROOT: [&str; 4] = ["rest", "api", "wiki", "latest"];

/// A name for every endpoint, in the order of the endpoints; all different.
pub(super) fn names(
    prefix: &str,
    endpoints: &[(&Endpoint, &'static str)],
    earlier: Option<&Earlier>,
    notes: &mut Vec<Note>,
) -> Vec<String> {
    let plain: Vec<(String, String)> = endpoints.iter().map(|(e, access)| plain(prefix, e, access)).collect();
    let wanted: Vec<String> = plain.iter().map(|(nouns, verb)| format!("{nouns}.{verb}")).collect();
    let mut order: Vec<usize> = (0..endpoints.len()).collect();
    order.sort_by_key(|i| {
        let e = endpoints[*i].0;
        (&wanted[*i], e.operation_id.is_empty(), e.operation_id.len(), &e.path, &e.method)
    });
    let wish = |i: &usize| {
        let endpoint = endpoints[*i].0;
        Wish {
            call: Some((&endpoint.method, &endpoint.path)),
            mapped: endpoint.matched,
            plain: wanted[*i].clone(),
            other: distinct(&plain[*i].0, endpoint),
        }
    };
    let wishes: Vec<Wish<'_>> = order.iter().map(wish).collect();
    let mut names = vec![String::new(); endpoints.len()];
    for (i, name) in order.iter().zip(names::give(&wishes, earlier, false, notes)) {
        names[*i] = name;
    }
    names
}

/// `nouns.operation-id`, with the method, then a number, if that is taken too.
fn distinct<'e>(nouns: &str, endpoint: &'e Endpoint) -> Box<dyn Fn(usize) -> String + 'e> {
    let method = endpoint.method.to_lowercase();
    let id = Some(id_words(&endpoint.operation_id).join("-"))
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| method.clone());
    let first = format!("{nouns}.{}", ident(&id).unwrap_or(id));
    Box::new(move |number| match number {
        1 => first.clone(),
        2 => format!("{first}-{method}"),
        _ => format!("{first}-{method}-{number}"), // From the third on.
    })
}

/// Nouns with the prefix, and verb.
fn plain(prefix: &str, endpoint: &Endpoint, access: &str) -> (String, String) {
    let segments = segments(&endpoint.path);
    let mut nouns: Vec<String> = segments.iter().filter_map(|s| s.as_deref().and_then(ident)).collect();
    let ends_in_parameter = matches!(segments.last(), Some(None) | None);
    let changes = access != "read";
    let id = id_words(&endpoint.operation_id);
    let first = id.iter().find(|w| !MANNER.contains(&w.as_str())).map(String::as_str).unwrap_or_default();
    let is_action = |word: &String| {
        let parts = words(word);
        parts
            .first()
            .is_some_and(|p| ACTIONS.contains(&p.as_str()) || (changes && CHANGES.contains(&p.as_str())))
    };
    let reached = !ends_in_parameter || (endpoint.method == "POST" || endpoint.method == "PUT");
    // An action that stands alone names no thing: it stays a noun.
    if nouns.len() > 1 && reached && nouns.last().is_some_and(is_action) {
        let verb = nouns.pop().unwrap_or_default();
        return (join(prefix, &nouns), verb);
    }
    let verb = match endpoint.method.as_str() {
        "GET" if ends_in_parameter || !endpoint.collection => "get",
        "GET" => "list",
        "PUT" if first == "add" => "add",
        "PUT" => "edit",
        "POST" if !changes => "query",
        "POST" if ["set", "update", "edit"].contains(&first) => "edit",
        "POST" if nouns.last().is_some_and(is_action) => "run",
        "POST" => "create",
        other => return (join(prefix, &nouns), other.to_lowercase()),
    };
    (join(prefix, &nouns), verb.to_owned())
}

fn join(prefix: &str, nouns: &[String]) -> String {
    std::iter::once(prefix).chain(nouns.iter().map(String::as_str)).collect::<Vec<_>>().join(".")
}

/// The path's segments after the API's root; parameters are `None`.
fn segments(path: &str) -> Vec<Option<String>> {
    let all: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let mut out = Vec::new();
    let mut in_root = true;
    for (i, segment) in all.iter().enumerate() {
        if in_root && is_root(segment) {
            continue;
        }
        // `atlassian-connect` in `/rest/atlassian-connect/1/…`: a family of the API, the root goes on.
        in_root = in_root && i > 0 && all.get(i + 1).is_some_and(|next| is_root(next));
        out.push((!segment.contains('{')).then(|| (*segment).to_owned()));
    }
    out
}

fn is_root(segment: &str) -> bool {
    let version = segment.strip_prefix('v').unwrap_or(segment);
    ROOT.contains(&segment)
        || (!version.is_empty() && version.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// The words of an `operationId`; `AddonResource.getThing_get` counts from the point, without the method.
fn id_words(operation_id: &str) -> Vec<String> {
    let own = operation_id.rsplit('.').next().unwrap_or_default();
    let own = ["_get", "_put", "_post", "_delete"].iter().find_map(|m| own.strip_suffix(m)).unwrap_or(own);
    words(own)
}
