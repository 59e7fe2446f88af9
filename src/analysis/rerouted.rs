//! Requests by method and path that meet another operation than before, though no name means another path: the
//! operation that took them has gone, or has no path any more, and the template of another one takes them too; or an
//! operation that had no path has one.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogs::{CatalogDiff, Change};
use crate::eval;
use crate::import::names;
use crate::request::{Request, Target};
use crate::sema::model::{Model, Operation, OperationId};

/// A request that meets another operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rerouted {
    /// Method and path; `{any}` is a segment of which nothing matters.
    pub call: (String, String),
    /// The operation that it meets, in the new model; the old one has it too.
    pub now: OperationId,
    /// The name of the one that it met, if there was one.
    pub was: Option<String>,
}

/// A value of a parameter that stands in no template.
const ANY: &str = "0any0";

/// One example for every two operations between which requests changed hands.
pub fn rerouted(old: &Model, new: &Model, diff: &CatalogDiff) -> Vec<Rerouted> {
    let known: BTreeSet<&str> = old.operations.iter().map(|operation| operation.name.as_str()).collect();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut meet = |method: &str, path: String| {
        let now = route(new, method, &path);
        let Some(now) = now.filter(|now| known.contains(new.operations[now.index()].name.as_str())) else {
            return; // nobody takes it, or who does is new and permitted to nobody before
        };
        let was = route(old, method, &path).map(|was| old.operations[was.index()].name.clone());
        let same = was.as_ref() == Some(&new.operations[now.index()].name);
        if !same && seen.insert((now, was.clone())) {
            found.push(Rerouted { call: (method.to_owned(), path.replace(ANY, "{any}")), now, was });
        }
    };
    for moved in &diff.moved {
        if let Change { old: None, new: Some((method, path)) } = &moved.call {
            meet(method, join(path, path));
        }
    }
    let there: BTreeSet<_> = new.operations.iter().filter_map(key).collect();
    let mut templates: BTreeMap<(&str, usize), Vec<&str>> = BTreeMap::new();
    for (method, path) in new.operations.iter().filter_map(|operation| operation.http.as_ref()) {
        templates.entry((method, path.split('/').count())).or_default().push(path);
    }
    for gone in
        old.operations.iter().filter(|operation| key(operation).is_some_and(|key| !there.contains(&key)))
    {
        let Some((method, path)) = &gone.http else { continue };
        for other in templates.get(&(method.as_str(), path.split('/').count())).into_iter().flatten() {
            if meets(path, other) {
                meet(method, join(path, other));
            }
        }
    }
    found
}

/// The operation that a request for the method and path meets.
fn route(model: &Model, method: &str, path: &str) -> Option<OperationId> {
    let operation = Target::Http { method: method.to_owned(), path: path.to_owned() };
    eval::target(model, &Request { operation, ..Request::default() }).1
}

fn key(operation: &Operation) -> Option<(String, String)> {
    operation.http.as_ref().map(|(method, path)| names::key((method, path), operation.any_case))
}

/// Whether some path meets both templates.
fn meets(one: &str, other: &str) -> bool {
    let mut both = one.split('/').zip(other.split('/'));
    both.all(|(a, b)| a.contains('{') || b.contains('{') || a.eq_ignore_ascii_case(b))
}

/// A path that meets both templates, as literal as either is.
fn join(one: &str, other: &str) -> String {
    let both = one.split('/').zip(other.split('/'));
    let segments = both.map(|(a, b)| match (a.contains('{'), b.contains('{')) {
        (false, _) => a,
        (true, false) => b,
        (true, true) => ANY,
    });
    segments.collect::<Vec<_>>().join("/")
}
