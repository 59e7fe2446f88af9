//! Sets of operations in few words, as a rule would name them.

use std::collections::{BTreeMap, BTreeSet};

use crate::sema::model::{Access, AppId, Model, OperationId};

/// Some of an app's operations in one term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// `any operation`, `write`, `jira.issue.*` or the name of one operation.
    pub term: String,
    /// How many operations that are.
    pub operations: usize,
}

/// Operations as terms, each of which means, of what the app can call at all, only some of these.
///
/// Access classes first, then patterns for what begins alike, then single names; every operation is in one term.
/// Operations that the model does not know are named.
pub fn operations(model: &Model, app: Option<AppId>, names: &[String]) -> Vec<Phrase> {
    let wanted: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let callable: BTreeMap<&str, OperationId> = (0..model.operations.len() as u32)
        .map(OperationId)
        .filter(|id| {
            is_callable(model, app, *id) || wanted.contains(model.operations[id.index()].name.as_str())
        })
        .map(|id| (model.operations[id.index()].name.as_str(), id))
        .collect();
    if wanted.len() > 1 && callable.keys().all(|name| wanted.contains(name)) {
        return vec![Phrase { term: "any operation".to_owned(), operations: wanted.len() }];
    }
    let mut rest = wanted.clone();
    let mut phrases = Vec::new();
    for access in [Access::Read, Access::Write, Access::Delete, Access::Admin] {
        let of_class = |id: &OperationId| model.operations[id.index()].access == access;
        take(access.name(), &callable, &|_, id| of_class(&id), &wanted, &mut rest, &mut phrases);
    }
    let mut prefixes: Vec<&str> = rest.iter().flat_map(|name| prefixes(name)).collect();
    prefixes.sort_unstable_by_key(|prefix| (prefix.len(), *prefix));
    prefixes.dedup();
    for prefix in prefixes {
        let below = |name: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
        take(&format!("{prefix}.*"), &callable, &|name, _| below(name), &wanted, &mut rest, &mut phrases);
    }
    phrases.extend(rest.into_iter().map(|name| Phrase { term: name.to_owned(), operations: 1 }));
    phrases
}

/// Makes a term of those for which `of` holds, if all of them are wanted and it saves words.
fn take<'n>(
    term: &str,
    callable: &BTreeMap<&'n str, OperationId>,
    of: &dyn Fn(&str, OperationId) -> bool,
    wanted: &BTreeSet<&'n str>,
    rest: &mut BTreeSet<&'n str>,
    phrases: &mut Vec<Phrase>,
) {
    let meant: Vec<&str> =
        callable.iter().filter(|(name, id)| of(name, **id)).map(|(name, _)| *name).collect();
    let saves = meant.iter().filter(|name| rest.contains(*name)).count() > 1;
    if saves && meant.iter().all(|name| wanted.contains(name)) {
        let operations = meant.iter().filter(|name| rest.remove(*name)).count();
        phrases.push(Phrase { term: term.to_owned(), operations });
    }
}

/// `a` and `a.b` of `a.b.c`.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(at, _)| &name[..at])
}

fn is_callable(model: &Model, app: Option<AppId>, id: OperationId) -> bool {
    let requirements = &model.operations[id.index()].requirements;
    match app {
        Some(app) => model.apps[app.index()].models.iter().any(|m| requirements.contains_key(m)),
        None => true,
    }
}
