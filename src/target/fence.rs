//! Which values of one attribute settings let in: found by asking the policy about each of them.

use std::collections::{BTreeMap, BTreeSet};

use super::policy::Policy;
use super::words;
use crate::sema::model::{AppId, AttributeId, Condition, Model, OperationId};

/// Which members of groups are let in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fence {
    /// Only members of one of these; `None`: anybody. Of an empty set nobody is a member.
    pub(super) only: Option<BTreeSet<String>>,
    /// And none of these.
    pub(super) never: BTreeSet<String>,
}

impl Fence {
    /// Nobody is kept out.
    pub(super) fn open() -> Fence {
        Fence { only: None, never: BTreeSet::new() }
    }

    /// Without groups that have no name, and whether it had some: a policy may write `""`, and no platform has such a
    /// group, so that commands that name it fail, or mean nobody knows whom.
    pub(super) fn named(mut self) -> (Fence, bool) {
        let size = |fence: &Fence| fence.never.len() + fence.only.as_ref().map_or(0, BTreeSet::len);
        let before = size(&self);
        let is_name = |group: &String| !group.trim().is_empty();
        self.never.retain(is_name);
        if let Some(only) = &mut self.only {
            only.retain(is_name);
        }
        let less = size(&self) < before;
        (self, less)
    }

    /// What is said of an app for which groups without a name were left out.
    pub(super) fn unnamed(app: &str) -> String {
        format!(
            "a rule for `{app}` speaks of a group without a name (`\"\"`), which nobody can be in: it was left out"
        )
    }

    /// When it lets in whose groups the attribute says.
    pub(super) fn lets(&self, model: &Model, groups: AttributeId) -> Condition {
        let only = match &self.only {
            Some(only) => words::has_any(model, groups, only),
            None => Condition::Constant(true),
        };
        words::all([only, words::not(words::has_any(model, groups, &self.never))])
    }

    /// Whether it lets in a member of these.
    pub(super) fn admits(&self, groups: &BTreeSet<String>) -> bool {
        let one_of = |set: &BTreeSet<String>| set.iter().any(|group| groups.contains(group));
        self.only.as_ref().is_none_or(one_of) && !one_of(&self.never)
    }
}

/// The fence for what an app may do with these operations, by the groups that the attribute lists.
///
/// It lets in everything that the policy permits and is as tight as removing groups one by one makes it. If `strict`,
/// it lets in nothing that the policy denies.
pub(super) fn of_groups(
    policy: &Policy<'_>,
    app: AppId,
    operations: &[OperationId],
    attribute: AttributeId,
    strict: bool,
) -> Fence {
    let model = policy.model;
    let groups = words::texts(model, attribute);
    let has = |set: &BTreeSet<String>| words::has_any(model, attribute, set);
    let one = |group: &String| BTreeSet::from([group.clone()]);
    let permits = |when: &Condition| policy.permits(app, operations, when);
    let denies = |when: &Condition| policy.denies(app, operations, when);
    let never: BTreeSet<String> =
        groups.iter().filter(|group| !permits(&has(&one(group)))).cloned().collect();
    let tight = tightest(&groups, never, &has, &permits);
    if !strict {
        return tight;
    }
    // A fence keeps out by one group, or lets in by another: both orders of asking are tried.
    let kept = |never: &BTreeSet<String>| {
        let outside = words::not(has(never));
        if !denies(&outside) {
            return Fence { only: None, never: never.clone() };
        }
        let fine = |group: &&String| {
            !never.contains(*group) && !denies(&words::all([has(&one(group)), outside.clone()]))
        };
        Fence { only: Some(groups.iter().filter(fine).cloned().collect()), never: never.clone() }
    };
    let first = kept(&tight.never);
    let inside = match &tight.only {
        Some(only) => words::all([has(only), words::not(has(&tight.never))]),
        None => words::not(has(&tight.never)),
    };
    let candidates = groups.iter().filter(|group| {
        tight.only.as_ref().is_none_or(|only| !only.contains(*group))
            && denies(&words::all([inside.clone(), has(&one(group))]))
    });
    let second = kept(&tight.never.iter().chain(candidates).cloned().collect());
    let size = |fence: &Fence| fence.only.as_ref().map_or(usize::MAX, BTreeSet::len);
    if size(&second) > size(&first) { second } else { first }
}

fn tightest(
    groups: &BTreeSet<String>,
    never: BTreeSet<String>,
    has: &dyn Fn(&BTreeSet<String>) -> Condition,
    permits: &dyn Fn(&Condition) -> bool,
) -> Fence {
    let candidates: BTreeSet<String> = groups - &never;
    if permits(&words::not(has(&candidates))) {
        // Also who is in no group that the policy names.
        return Fence { only: None, never };
    }
    let mut only = candidates.clone();
    for group in &candidates {
        let less: BTreeSet<String> = only.iter().filter(|other| *other != group).cloned().collect();
        if !permits(&words::not(has(&less))) {
            only = less;
        }
    }
    Fence { only: Some(only), never }
}

/// Which of some containers an app is let into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ids {
    /// For each that the policy names, whether it is.
    pub(super) named: BTreeMap<String, bool>,
    /// Whether it is let into all others.
    pub(super) others: bool,
}

impl Ids {
    /// The ones that are treated unlike all others.
    pub(super) fn exceptions(&self) -> impl Iterator<Item = &String> {
        self.named.iter().filter(|(_, lets)| **lets != self.others).map(|(id, _)| id)
    }

    /// When it is let in.
    pub(super) fn lets(&self, model: &Model, id: AttributeId) -> Condition {
        let excepted = words::one_of(model, id, self.exceptions());
        if self.others { words::not(excepted) } else { excepted }
    }

    /// Whether it is let into this one.
    pub(super) fn admits(&self, id: &str) -> bool {
        self.named.get(id).copied().unwrap_or(self.others)
    }
}

/// Into which values of the attribute, an id or a text, the app is let for what the policy permits of these
/// operations: those of which it permits anything, or if `strict` those of which it denies nothing.
pub(super) fn of_values(
    policy: &Policy<'_>,
    app: AppId,
    operations: &[OperationId],
    attribute: AttributeId,
    values: &BTreeSet<String>,
    strict: bool,
) -> Ids {
    let model = policy.model;
    let lets = |when: &Condition| {
        if strict { !policy.denies(app, operations, when) } else { policy.permits(app, operations, when) }
    };
    let named = values.iter().map(|value| (value.clone(), lets(&words::one_of(model, attribute, [value]))));
    Ids { named: named.collect(), others: lets(&words::not(words::one_of(model, attribute, values))) }
}

/// The ids of containers of that kind that the policy names anywhere.
pub(super) fn ids_of(model: &Model, kind: &str, id: AttributeId) -> BTreeSet<String> {
    let declared = model.containers.iter().filter(|c| model.kinds[c.kind.index()].name == kind);
    declared.map(|container| container.id.clone()).chain(words::texts(model, id)).collect()
}
