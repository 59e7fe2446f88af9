//! From a logged method and path to the operation.
//!
//! More forgiving than a decision: what stands in a log has been answered already, and to overlook a use is the
//! mistake to avoid. So letters may have another case than the template, slashes may be doubled or trail, and a
//! host may stand before. Where a path may be several operations, it is all of them. A decision takes none of that,
//! see [`crate::eval::operation`].

use std::collections::BTreeMap;

use crate::sema::model::{Model, OperationId};

/// All templates of a model.
#[derive(Debug, Default)]
pub struct Routes {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    literals: BTreeMap<String, Node>,
    /// By segments in lower case, where the case differs.
    folded: BTreeMap<String, Vec<String>>,
    parameter: Option<Box<Node>>,
    /// By method, and whether the platform takes its paths in any case.
    methods: BTreeMap<(String, bool), OperationId>,
}

/// How letters of a path are taken.
#[derive(Clone, Copy)]
enum Letters {
    /// As written, by platforms whose paths keep case.
    AsWritten,
    /// In any case, by platforms that take their paths so.
    InAnyCase,
    /// In any case, though the platform's paths keep it: the catalog may be wrong about that.
    Forgiven,
}

impl Routes {
    /// Those of the model's operations.
    pub fn of(model: &Model) -> Routes {
        let mut routes = Routes::default();
        for (number, operation) in (0..).zip(&model.operations) {
            let Some((method, path)) = &operation.http else { continue };
            let mut at = &mut routes.root;
            for segment in path.split('/').filter(|s| !s.is_empty()) {
                at = match segment.contains('{') {
                    true => at.parameter.get_or_insert_default(),
                    false => {
                        let spellings = at.folded.entry(segment.to_lowercase()).or_default();
                        if !spellings.iter().any(|known| known == segment) {
                            spellings.push(segment.to_owned());
                        }
                        at.literals.entry(segment.to_owned()).or_default()
                    }
                };
            }
            let key = (method.to_uppercase(), operation.any_case);
            at.methods.entry(key).or_insert(OperationId(number));
        }
        routes
    }

    /// The operations of which one answers, in order. Of several templates the one wins that has a literal where, from
    /// the left, the others first have a parameter. It is more than one where the letters' case decides which: a
    /// platform whose paths keep case takes `/issues/Mine` for `/issues/{id}`, and no log says that it does.
    pub fn find(&self, method: &str, path: &str) -> Vec<OperationId> {
        let path = path_of(path);
        let decoded: Vec<String> = path.split('/').filter(|s| !s.is_empty()).map(decoded).collect();
        let method = method.to_uppercase();
        let ways = [Letters::AsWritten, Letters::InAnyCase, Letters::Forgiven];
        let mut found: Vec<OperationId> =
            ways.iter().flat_map(|letters| walk(&self.root, &method, *letters, &decoded)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The path of what may be a whole address, without query and fragment.
pub fn path_of(address: &str) -> &str {
    let path = match address.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            rest.find('/').map_or("", |at| &rest[at..])
        }
        Some(_) | None => address,
    };
    path.split(['?', '#']).next().unwrap_or_default()
}

/// The same in Jira's version 3, for a path of version 2 or of `latest`: they have the same operations, and only
/// texts in bodies have another form (developer.atlassian.com: "Version 2 and version 3 of the API offer the same
/// collection of operations").
pub fn of_jira_3(path: &str) -> Option<String> {
    let (slash, path) = path.strip_prefix('/').map_or(("", path), |path| ("/", path));
    let rest = ["rest/api/2/", "rest/api/latest/"].iter().find_map(|version| path.strip_prefix(version))?;
    Some(format!("{slash}rest/api/3/{rest}"))
}

/// Paths are no longer than what is written in one record, so that the walk ends; each segment is tried as a
/// literal and as a parameter, and templates are few segments deep.
fn walk(node: &Node, method: &str, letters: Letters, segments: &[String]) -> Vec<OperationId> {
    let Some((segment, rest)) = segments.split_first() else {
        let any_case = matches!(letters, Letters::InAnyCase);
        return node.methods.get(&(method.to_owned(), any_case)).copied().into_iter().collect();
    };
    let further = |next: &Node| walk(next, method, letters, rest);
    let exact = node.literals.get(segment).map(further).unwrap_or_default();
    if !exact.is_empty() {
        return exact;
    }
    let spellings = match letters {
        Letters::AsWritten => None,
        Letters::InAnyCase | Letters::Forgiven => node.folded.get(&segment.to_lowercase()),
    };
    let spellings = spellings.into_iter().flatten().filter(|s| *s != segment);
    let folded: Vec<OperationId> = spellings.filter_map(|s| node.literals.get(s)).flat_map(further).collect();
    if !folded.is_empty() {
        return folded;
    }
    node.parameter.as_deref().map(further).unwrap_or_default()
}

/// With its escapes resolved where that gives text.
fn decoded(segment: &str) -> String {
    if !segment.contains('%') {
        return segment.to_owned();
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None, // any other byte stands for itself
        };
        match escaped {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| segment.to_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_to_its_path() {
        for (address, path) in [
            ("https://graph.microsoft.com/v1.0/me?$select=id", "/v1.0/me"),
            ("/rest/api/3/issue#x", "/rest/api/3/issue"),
            ("https://host", ""),
            ("/a?next=https://host/b", "/a"),
        ] {
            assert_eq!(path_of(address), path);
        }
    }

    #[test]
    fn versions_of_jira_are_one() {
        for (path, third) in [
            ("/rest/api/2/issue/A-1", Some("/rest/api/3/issue/A-1")),
            ("rest/api/latest/myself", Some("rest/api/3/myself")),
            ("/rest/api/3/myself", None),
            ("/rest/api/20/myself", None),
            ("/rest/agile/1.0/board", None),
            ("/x/rest/api/2/myself", None),
        ] {
            assert_eq!(of_jira_3(path).as_deref(), third, "{path}");
        }
    }

    #[test]
    fn escapes_are_resolved_where_they_are_some() {
        for (segment, text) in
            [("a%20b", "a b"), ("100%", "100%"), ("%zz", "%zz"), ("%ff", "%ff"), ("%C3%A4", "ä"), ("%", "%")]
        {
            assert_eq!(decoded(segment), text);
        }
    }
}
