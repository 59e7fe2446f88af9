//! What an app is known to call, instead of what a policy permits it.

use std::collections::BTreeMap;

use crate::analysis::privilege::needs::{Grant, Needs};
use crate::analysis::privilege::permitted::{Answer, Group, Permits, Possible};
use crate::analysis::privilege::set::Operations;
use crate::analysis::privilege::states;
use crate::request::{Request, Target};
use crate::sema::model::{AppId, Atom, Condition, Model, OperationId, Owner, Predicate, RatchetId, Subject};
use crate::usage::tally::Usage;

/// On whose behalf an operation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    /// For a person, at least once; or nobody knows.
    pub with: bool,
    /// For nobody, at least once; or nobody knows.
    pub without: bool,
}

impl People {
    /// Nobody knows.
    pub const UNKNOWN: People = People { with: true, without: true };
}

/// Operations that one app calls.
#[derive(Debug, Clone)]
pub struct Evidence<'m> {
    model: &'m Model,
    app: AppId,
    calls: BTreeMap<OperationId, People>,
    /// One for each of them, and one for all others.
    groups: Vec<Group>,
}

impl<'m> Evidence<'m> {
    /// The app calls these.
    pub fn new(model: &'m Model, app: AppId, calls: BTreeMap<OperationId, People>) -> Evidence<'m> {
        let called = |id: OperationId| Group {
            operations: [id].into_iter().collect(),
            permitted: Possible::Sometimes,
        };
        let mut groups: Vec<Group> = calls.keys().map(|id| called(*id)).collect();
        let ids = (0..model.operations.len() as u32).map(OperationId);
        let others: Operations = ids.filter(|id| !calls.contains_key(id)).collect();
        if !others.is_empty() {
            groups.push(Group { operations: others, permitted: Possible::Never });
        }
        Evidence { model, app, calls, groups }
    }

    /// What logs say that it called and was not refused. Where one of several operations was called, all of them
    /// count that the app's scopes open: it may have been any.
    pub fn of_usage(model: &'m Model, needs: &Needs, app: AppId, usage: &Usage) -> Evidence<'m> {
        let held = states::granted(model, app);
        let models = &model.apps[app.index()].models;
        let mut calls: BTreeMap<OperationId, People> = BTreeMap::new();
        let mut add = |id: OperationId, people: People| {
            let known = calls.entry(id).or_insert(people);
            known.with |= people.with;
            known.without |= people.without;
        };
        for (id, used) in usage.operations.iter().filter(|(_, used)| used.went_through()) {
            add(*id, People { with: used.for_person(), without: used.for_nobody() });
        }
        for one in usage.one_of.values().filter(|one| one.calls.went_through()) {
            let people = People { with: one.calls.for_person(), without: one.calls.for_nobody() };
            let open = |id: &&OperationId| {
                let grant = |user: bool| Grant { models, held: &held, user };
                needs.suffices(grant(true), **id) || needs.suffices(grant(false), **id)
            };
            one.operations.iter().filter(open).for_each(|id| add(*id, people));
        }
        Evidence::new(model, app, calls)
    }

    /// What is called.
    pub fn operations(&self) -> Operations {
        self.calls.keys().copied().collect()
    }

    /// Whether a call of the operation may be one for which the condition is true. What calls do not say, stages of
    /// ratchets among it, may be anything.
    fn may(&self, operation: OperationId, condition: &Condition) -> bool {
        let Some(people) = self.calls.get(&operation) else { return false };
        let possible = [(people.with, true), (people.without, false)];
        possible.iter().any(|(is, user)| *is && self.holds(condition, *user) != Some(false))
    }

    fn holds(&self, condition: &Condition, user: bool) -> Option<bool> {
        condition.truth(&|test| match test {
            Condition::Test(Atom {
                subject: Subject::Attribute(id), predicate: Predicate::Present, ..
            }) => {
                let attribute = &self.model.attributes[id.index()];
                (attribute.owner == Owner::User && attribute.name == "id").then_some(user)
            }
            // Whatever else a condition asks of a request, no call tells it.
            _ => None,
        })
    }

    fn answer(&self, operation: OperationId, may: bool) -> Answer {
        if !may || !self.calls.contains_key(&operation) {
            return Answer::Never;
        }
        let target = Target::Name(self.model.operations[operation.index()].name.clone());
        let key = self.model.apps[self.app.index()].key.clone();
        Answer::Sometimes(Box::new(Request { app: Some(key), operation: target, ..Request::default() }))
    }
}

impl Permits for Evidence<'_> {
    fn groups(&self, app: AppId) -> &[Group] {
        if app == self.app { &self.groups } else { &[] }
    }

    fn ask(&self, app: AppId, operation: OperationId, condition: &Condition) -> Answer {
        self.answer(operation, app == self.app && self.may(operation, condition))
    }

    fn ask_outside(&self, app: AppId, operation: OperationId, condition: &Condition) -> Answer {
        let outside = Condition::Not(Box::new(condition.clone()));
        self.answer(operation, app == self.app && self.may(operation, &outside))
    }

    fn withdrawn(&self, _: AppId, _: OperationId, _: RatchetId, _: u32) -> Answer {
        Answer::Undecided("calls do not say at which stage they were made".to_owned())
    }
}
