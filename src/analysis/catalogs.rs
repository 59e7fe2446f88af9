//! What differs between two versions of what a platform offers, and what that means for who holds a scope.
//!
//! Models number things differently, so everything here goes by name. An operation is what is called on the
//! wire: method and path, in which only the names of parameters may differ. One without them, or whose path is
//! new, goes by its name.

use std::collections::{BTreeMap, BTreeSet};

use crate::import::names;
use crate::sema::model::{
    Access, KindId, LetterCase, Model, Naming, NamingForm, Operation, OperationId, ScopeId,
};

/// Any of (all of (scopes)), by name; each set sorted, and none that includes another.
pub type Alternatives = BTreeSet<BTreeSet<String>>;

/// What differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogDiff {
    /// The same operation in both, old first.
    pub pairs: Vec<(OperationId, OperationId)>,
    /// Only in the new one, by name.
    pub added: Vec<OperationId>,
    /// Only in the old one, by name.
    pub removed: Vec<OperationId>,
    /// In both, and not the same; by its new name.
    pub changed: Vec<OperationChange>,
    /// Scopes that include more or less than before, or are in one only; by model and name.
    pub scopes: Vec<ScopeChange>,
    /// Names that both have, and that mean another method and path in the new one: rules that use them say something else
    /// now, and no line of them changed. By name.
    pub moved: Vec<Moved>,
    /// Kinds of containers that lie in another kind than before, or are in one only; by name.
    pub kinds: Vec<KindChange>,
    /// Permission models that demand a user and did not, or the other way round; by name.
    pub models: Vec<ModelChange>,
}

/// A kind of containers that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindChange {
    /// Its name.
    pub name: String,
    /// The kind that it lies in, if it lies in one; `None` where there is no such kind.
    pub parent: Change<Option<Option<String>>>,
}

/// A permission model that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChange {
    /// Its name.
    pub name: String,
    /// Whether it demands a user.
    pub demands_user: Change<bool>,
}

/// A name that means another method and path than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The name.
    pub name: String,
    /// Method and path that it stood for and stands for, if any.
    pub call: Change<Option<(String, String)>>,
}

impl Moved {
    /// Whether it led somewhere before and leads somewhere else now. One that led nowhere only leads further, or not any
    /// more.
    pub fn leads_elsewhere(&self) -> bool {
        self.call.old.is_some() && self.call.new.is_some()
    }
}

/// An operation that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationChange {
    /// In the old model.
    pub old: OperationId,
    /// In the new model.
    pub new: OperationId,
    /// Its name, if that changed.
    pub name: Option<Change<String>>,
    /// Its access class, if that changed.
    pub access: Option<Change<Access>>,
    /// The kind it acts in and the kind it lists, if that changed: `project`, `site listing issue`.
    pub place: Option<Change<String>>,
    /// Marks that went and came, if any did.
    pub marks: Option<Change<BTreeSet<String>>>,
    /// Containers that its path named and names, in words, if that changed.
    pub namings: Option<Change<BTreeSet<String>>>,
    /// Whether the letters of its path were and are taken in any case, if that changed.
    pub any_case: Option<Change<bool>>,
    /// What it requires, in each permission model where that changed; `None` is not callable.
    pub requirements: BTreeMap<String, Change<Option<Alternatives>>>,
}

/// Before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    /// What it was.
    pub old: T,
    /// What it is.
    pub new: T,
}

/// A scope that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeChange {
    /// Its permission model.
    pub model: String,
    /// Its name there.
    pub name: String,
    /// What it includes besides itself; `None` where there is no such scope.
    pub implies: Change<Option<BTreeSet<String>>>,
}

/// What an app that holds some scopes of a permission model, and no others, may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// How many operations before.
    pub before: usize,
    /// How many now.
    pub now: usize,
    /// Operations that there were, and that these scopes now open; of the new model.
    pub opened: Vec<OperationId>,
    /// New operations that these scopes open; of the new model.
    pub added: Vec<OperationId>,
    /// Operations that there still are, and that these scopes no longer open; of the old model.
    pub closed: Vec<OperationId>,
    /// Operations that these scopes opened and that are gone; of the old model.
    pub removed: Vec<OperationId>,
}

impl CatalogDiff {
    /// Whether the two offer the same.
    pub fn is_empty(&self) -> bool {
        let operations = self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty();
        let others = self.kinds.is_empty() && self.models.is_empty();
        operations && self.scopes.is_empty() && self.moved.is_empty() && others
    }
}

/// Compares what two models offer: operations, what they require, and what scopes include.
pub fn compare(old: &Model, new: &Model) -> CatalogDiff {
    let pairs = pairs(old, new);
    let left: BTreeSet<_> = pairs.iter().map(|(old, _)| *old).collect();
    let right: BTreeSet<_> = pairs.iter().map(|(_, new)| *new).collect();
    CatalogDiff {
        added: ids(new).filter(|id| !right.contains(id)).collect(),
        removed: ids(old).filter(|id| !left.contains(id)).collect(),
        changed: pairs.iter().filter_map(|(a, b)| change(old, *a, new, *b)).collect(),
        scopes: scope_changes(old, new),
        moved: moved(old, new),
        kinds: kind_changes(old, new),
        models: model_changes(old, new),
        pairs,
    }
}

/// The names that mean another method and path in the new model than in the old one.
fn moved(old: &Model, new: &Model) -> Vec<Moved> {
    let before: BTreeMap<&str, &Operation> = old.operations.iter().map(|o| (o.name.as_str(), o)).collect();
    let mut found = Vec::new();
    for now in &new.operations {
        let Some(was) = before.get(now.name.as_str()) else { continue };
        let any_case = was.any_case || now.any_case;
        let wire =
            |of: &Operation| of.http.as_ref().map(|(method, path)| names::key((method, path), any_case));
        if wire(was) != wire(now) {
            let call = Change { old: was.http.clone(), new: now.http.clone() };
            found.push(Moved { name: now.name.clone(), call });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// What changes for who holds these scopes of a permission model; unknown ones open nothing.
pub fn reach(old: &Model, new: &Model, diff: &CatalogDiff, model: &str, scopes: &BTreeSet<String>) -> Reach {
    let before: BTreeSet<_> = ids(old).filter(|id| opens(old, *id, model, scopes)).collect();
    let now: BTreeSet<_> = ids(new).filter(|id| opens(new, *id, model, scopes)).collect();
    let (left, right): (BTreeSet<_>, BTreeSet<_>) = diff.pairs.iter().copied().unzip();
    let both = diff.pairs.iter();
    Reach {
        before: before.len(),
        now: now.len(),
        opened: both.clone().filter(|(a, b)| !before.contains(a) && now.contains(b)).map(|p| p.1).collect(),
        added: now.iter().filter(|id| !right.contains(id)).copied().collect(),
        closed: both.filter(|(a, b)| before.contains(a) && !now.contains(b)).map(|p| p.0).collect(),
        removed: before.iter().filter(|id| !left.contains(id)).copied().collect(),
    }
}

/// An operation, and scopes that open it now and did not before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// In the new model.
    pub operation: OperationId,
    /// The permission model.
    pub model: String,
    /// Those scopes, and no others: those of an alternative, or with one in place of a scope that it includes.
    pub scopes: BTreeSet<String>,
}

/// Operations that some scopes open now and did not before: by less than was required, by what they newly include, or
/// because the operation is new; one example for each operation and permission model.
pub fn opened(old: &Model, new: &Model, diff: &CatalogDiff) -> Vec<Opened> {
    let before: BTreeMap<OperationId, OperationId> =
        diff.pairs.iter().map(|(old, new)| (*new, *old)).collect();
    // By scope those that include it now.
    let mut implied_by: BTreeMap<ScopeId, Vec<ScopeId>> = BTreeMap::new();
    for (id, scope) in (0..).map(ScopeId).zip(&new.scopes) {
        scope.implies.iter().for_each(|implied| implied_by.entry(*implied).or_default().push(id));
    }
    // Nothing else can be opened than what is new, requires something else, or a scope that includes something else.
    let required: BTreeSet<OperationId> =
        diff.changed.iter().filter(|c| !c.requirements.is_empty()).map(|c| c.new).collect();
    let differing: BTreeSet<(&str, &str)> =
        diff.scopes.iter().map(|scope| (scope.model.as_str(), scope.name.as_str())).collect();
    let differs = |id: &ScopeId| {
        let scope = &new.scopes[id.index()];
        differing.contains(&(new.permission_models[scope.model.index()].name.as_str(), scope.name.as_str()))
    };
    let touched: BTreeSet<ScopeId> =
        implied_by.iter().filter(|(_, by)| by.iter().any(differs)).map(|(implied, _)| *implied).collect();
    let mut found = Vec::new();
    for operation in ids(new) {
        let mut scopes = new.operations[operation.index()].requirements.values().flatten().flatten();
        let other = !before.contains_key(&operation) || required.contains(&operation);
        if !other && !scopes.any(|scope| touched.contains(scope)) {
            continue;
        }
        for (model, alternatives) in &new.operations[operation.index()].requirements {
            let model = &new.permission_models[model.index()].name;
            let name = |scope: &ScopeId| new.scopes[scope.index()].name.clone();
            let names = |all: &[ScopeId]| -> BTreeSet<String> { all.iter().map(name).collect() };
            // The alternatives first; then each with one of its scopes by what includes that.
            let mut sets: Vec<BTreeSet<String>> = alternatives.iter().map(|all| names(all)).collect();
            for all in alternatives {
                for (at, scope) in all.iter().enumerate() {
                    for wider in implied_by.get(scope).into_iter().flatten() {
                        let mut all = all.clone();
                        all[at] = *wider;
                        sets.push(names(&all));
                    }
                }
            }
            let was = |scopes: &BTreeSet<String>| {
                before.get(&operation).is_some_and(|old_id| opens(old, *old_id, model, scopes))
            };
            if let Some(scopes) = sets.into_iter().find(|scopes| !was(scopes)) {
                found.push(Opened { operation, model: model.clone(), scopes });
            }
        }
    }
    found
}

/// The same operations in both, by the new one's name.
pub fn pairs(old: &Model, new: &Model) -> Vec<(OperationId, OperationId)> {
    let called = |model: &Model, id: OperationId| {
        let http = model.operations[id.index()].http.as_ref();
        http.map(|(method, path)| (method.clone(), shape(path)))
    };
    let mut by_call = BTreeMap::new();
    let mut by_name = BTreeMap::new();
    for id in ids(old) {
        by_name.insert(old.operations[id.index()].name.as_str(), id);
        if let Some(call) = called(old, id) {
            // Templates that differ only in the names of parameters cannot be told apart on the wire, but by
            // their names.
            by_call.entry(call).or_insert_with(Vec::new).push(id);
        }
    }
    let name = |id: OperationId| new.operations[id.index()].name.as_str();
    let mut taken = BTreeSet::new();
    let mut found = BTreeMap::new();
    for id in ids(new) {
        let same = called(new, id).and_then(|call| by_call.get(&call)).map_or(&[][..], Vec::as_slice);
        let same_name = by_name.get(name(id)).filter(|old| same.contains(old));
        let first = same_name.or_else(|| same.iter().find(|old| !taken.contains(*old)));
        if let Some(old) = first.copied().filter(|old| taken.insert(*old)) {
            found.insert(id, old);
        }
    }
    for id in ids(new) {
        if !found.contains_key(&id)
            && let Some(old) = by_name.get(name(id)).copied().filter(|old| taken.insert(*old))
        {
            found.insert(id, old);
        }
    }
    found.into_iter().map(|(new, old)| (old, new)).collect()
}

/// What an operation requires in each permission model.
pub fn requirements(model: &Model, id: OperationId) -> BTreeMap<String, Alternatives> {
    let mut all = BTreeMap::new();
    for (permission_model, alternatives) in &model.operations[id.index()].requirements {
        let name = |scope: &ScopeId| model.scopes[scope.index()].name.clone();
        let sets: Alternatives = alternatives.iter().map(|all| all.iter().map(name).collect()).collect();
        let least =
            sets.iter().filter(|s| !sets.iter().any(|o| o != *s && o.is_subset(s))).cloned().collect();
        all.insert(model.permission_models[permission_model.index()].name.clone(), least);
    }
    all
}

fn ids(model: &Model) -> impl Iterator<Item = OperationId> + use<> {
    (0..model.operations.len() as u32).map(OperationId)
}

/// The path without the names of its parameters.
fn shape(path: &str) -> String {
    let mut shape = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        shape.push_str(before);
        shape.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    shape + rest
}

fn change(old: &Model, before: OperationId, new: &Model, now: OperationId) -> Option<OperationChange> {
    let (a, b) = (&old.operations[before.index()], &new.operations[now.index()]);
    let place = |model: &Model, id: OperationId| {
        let operation = &model.operations[id.index()];
        let name = |kind: KindId| model.kinds[kind.index()].name.as_str();
        match operation.lists {
            Some(kind) => format!("{} listing {}", name(operation.kind), name(kind)),
            None => name(operation.kind).to_owned(),
        }
    };
    let marks = |model: &Model, id: OperationId| -> BTreeSet<String> {
        model.operations[id.index()].marks.iter().map(|m| model.marks[m.index()].name.clone()).collect()
    };
    let namings = |model: &Model, id: OperationId| -> BTreeSet<String> {
        model.operations[id.index()].namings.iter().map(|n| naming(model, n)).collect()
    };
    let (was, is) = (requirements(old, before), requirements(new, now));
    let models: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let requirements = models
        .into_iter()
        .filter_map(|m| {
            let change = different(was.get(m).cloned(), is.get(m).cloned())?;
            Some((m.clone(), change))
        })
        .collect();
    let change = OperationChange {
        old: before,
        new: now,
        name: different(a.name.clone(), b.name.clone()),
        access: different(a.access, b.access),
        place: different(place(old, before), place(new, now)),
        marks: different(marks(old, before), marks(new, now)),
        namings: different(namings(old, before), namings(new, now)),
        any_case: different(a.any_case, b.any_case),
        requirements,
    };
    let same = change.name.is_none()
        && change.access.is_none()
        && change.place.is_none()
        && change.marks.is_none()
        && change.namings.is_none()
        && change.any_case.is_none()
        && change.requirements.is_empty();
    (!same).then_some(change)
}

/// `repository by segments 2/3 in lower case`, counted from 1
fn naming(model: &Model, naming: &Naming) -> String {
    let segments: Vec<String> = naming.segments.iter().map(|segment| (segment + 1).to_string()).collect();
    let plural = if segments.len() == 1 { "" } else { "s" };
    let case = match naming.case {
        None => "",
        Some(LetterCase::Upper) => " in upper case",
        Some(LetterCase::Lower) => " in lower case",
    };
    let form = match naming.form {
        NamingForm::Whole => String::new(),
        NamingForm::Before(sign) => format!(" before `{}`", char::from(sign)),
        NamingForm::With(sign) => format!(" with `{}`", char::from(sign)),
        NamingForm::NotNumber => " unless number".to_owned(),
        NamingForm::Word => " if word".to_owned(),
    };
    let kind = &model.kinds[naming.kind.index()].name;
    format!("{kind} by segment{plural} {}{case}{form}", segments.join("/"))
}

fn different<T: PartialEq>(old: T, new: T) -> Option<Change<T>> {
    (old != new).then_some(Change { old, new })
}

fn scope_changes(old: &Model, new: &Model) -> Vec<ScopeChange> {
    let (before, now) = (implications(old), implications(new));
    let names: BTreeSet<&(String, String)> = before.keys().chain(now.keys()).collect();
    names
        .into_iter()
        .filter_map(|key| {
            let implies = different(before.get(key).cloned(), now.get(key).cloned())?;
            Some(ScopeChange { model: key.0.clone(), name: key.1.clone(), implies })
        })
        .collect()
}

fn kind_changes(old: &Model, new: &Model) -> Vec<KindChange> {
    let parents = |model: &Model| -> BTreeMap<String, Option<String>> {
        let name = |id: KindId| model.kinds[id.index()].name.clone();
        model.kinds.iter().map(|kind| (kind.name.clone(), kind.parent.map(name))).collect()
    };
    let (before, now) = (parents(old), parents(new));
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let change = |name: &String| different(before.get(name).cloned(), now.get(name).cloned());
    names
        .into_iter()
        .filter_map(|name| change(name).map(|parent| KindChange { name: name.clone(), parent }))
        .collect()
}

fn model_changes(old: &Model, new: &Model) -> Vec<ModelChange> {
    let demands = |model: &Model| -> BTreeMap<String, bool> {
        model.permission_models.iter().map(|m| (m.name.clone(), m.demands_user)).collect()
    };
    let (before, now) = (demands(old), demands(new));
    before
        .into_iter()
        .filter_map(|(name, was)| {
            let demands_user = different(was, *now.get(&name)?)?;
            Some(ModelChange { name, demands_user })
        })
        .collect()
}

/// What each scope includes besides itself, by model and name.
fn implications(model: &Model) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for scope in &model.scopes {
        let names = scope.implies.iter().map(|s| model.scopes[s.index()].name.clone());
        let others = names.filter(|name| *name != scope.name).collect();
        all.insert((model.permission_models[scope.model.index()].name.clone(), scope.name.clone()), others);
    }
    all
}

/// Whether the scopes, with all that they include, satisfy what the operation requires in the model.
fn opens(model: &Model, id: OperationId, permission_model: &str, scopes: &BTreeSet<String>) -> bool {
    let in_model = |s: &crate::sema::model::Scope| {
        model.permission_models[s.model.index()].name == permission_model && scopes.contains(&s.name)
    };
    let held: BTreeSet<ScopeId> =
        model.scopes.iter().filter(|s| in_model(s)).flat_map(|s| s.implies.iter().copied()).collect();
    model.operations[id.index()].requirements.iter().any(|(m, alternatives)| {
        model.permission_models[m.index()].name == permission_model
            && alternatives.iter().any(|all| all.iter().all(|s| held.contains(s)))
    })
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn the_shape_of_a_path_has_no_names() {
        assert_eq!(shape("/a/{x}/b/{y}"), "/a/{}/b/{}");
        assert_eq!(shape("/a/{x}"), shape("/a/{other}"));
        assert_ne!(shape("/a/{x}"), shape("/a/x"));
        assert_eq!(shape("/a"), "/a");
    }
}
