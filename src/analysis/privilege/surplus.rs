//! Scopes that an app asks for and does not need: without them, exactly the same requests are permitted.
//!
//! Of all that a request says, its scopes depend on the stages of ratchets and on the presence of a person, and
//! on nothing else. So a scope is needed for an operation where, in some state of these, the other scopes do not
//! suffice, and the policy permits the operation in such a state: a question about regions only where the states
//! in question are some and not all of those in which the operation can be called at all.

use std::collections::HashMap;

use super::cells::{Cells, Places};
use super::needs::{Grant, Needs, closure};
use super::permitted::{Answer, Permits};
use super::set::{Operations, Scopes};
use super::states;
use crate::sema::model::{AppId, Model, OperationId, ScopeId};

/// What an app asks for, divided.
#[derive(Debug, Clone)]
pub struct Surplus {
    /// The app.
    pub app: AppId,
    /// Scopes that together permit all that is permitted, and of which none can be spared.
    pub kept: Scopes,
    /// The others: they can be spared all at once. The one that opens most comes first.
    pub spared: Vec<Spared>,
    /// What the policy permits.
    pub permitted: Operations,
}

/// A scope that can be spared.
#[derive(Debug, Clone)]
pub struct Spared {
    /// The scope, as the app asks for it.
    pub scope: ScopeId,
    /// Why it can be.
    pub why: Why,
    /// What the platform shuts as soon as the app does not hold it, all else equal.
    pub shuts: Operations,
    /// Of what the policy permits, the operations that it opens: each is open without it as well.
    pub serves: Operations,
}

/// Why a scope can be spared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A scope that is kept includes it.
    Implied,
    /// What it opens, permitted or not, scopes that are kept open anyway: these, as few as do.
    Covered(Vec<ScopeId>),
    /// It could stand in the place of this scope, which is kept: requirements know both, and one is enough.
    Alternative(ScopeId),
    /// What it opens beyond what is kept, the policy never permits.
    Unneeded,
}

/// Divides what an app asks for. `None` where its ratchets have too many states.
pub fn of(model: &Model, needs: &Needs, permits: &dyn Permits, app: AppId) -> Option<Surplus> {
    let asked = Question::new(model, needs, permits, app)?;
    let requested: Scopes = model.apps[app.index()].requested.iter().copied().collect();
    let mut order: Vec<(usize, ScopeId)> =
        requested.iter().map(|scope| (asked.opened(&[scope].into_iter().collect()).len(), scope)).collect();
    // The widest first, so that what remains is narrow.
    order.sort_by_key(|(opens, scope)| (std::cmp::Reverse(*opens), std::cmp::Reverse(*scope)));

    let mut kept = requested.clone();
    let mut spared = Vec::new();
    for (_, scope) in order {
        let others: Scopes = kept.iter().filter(|other| *other != scope).collect();
        if asked.lost(&others).is_empty() {
            kept = others;
            spared.push(scope);
        }
    }
    let permitted = super::permitted::operations(permits, app);
    let spared = spared.into_iter().map(|scope| asked.spared(scope, &requested, &kept, &permitted)).collect();
    Some(Surplus { app, kept, spared, permitted })
}

/// What is asked about one app's scopes, again and again.
pub(super) struct Question<'a> {
    model: &'a Model,
    needs: &'a Needs,
    permits: &'a dyn Permits,
    app: AppId,
    cells: Cells<'a>,
    /// For each group of operations of which something is permitted: its position, an operation, and the states
    /// in which the scopes suffice.
    groups: Vec<(usize, OperationId, Places)>,
    /// Whether something is permitted to a group in some of the states in which its scopes suffice.
    known: std::cell::RefCell<HashMap<(usize, Places), bool>>,
}

impl<'a> Question<'a> {
    pub(super) fn new(
        model: &'a Model,
        needs: &'a Needs,
        permits: &'a dyn Permits,
        app: AppId,
    ) -> Option<Question<'a>> {
        let cells = Cells::of(model, needs, app)?;
        let granted = states::granted(model, app);
        let groups = permits.groups(app).iter().enumerate().filter(|(_, group)| !group.permitted.is_never());
        let groups =
            groups.map(|(at, group)| (at, group.any(), cells.suffices(&granted, group.any()))).collect();
        let known = std::cell::RefCell::default();
        Some(Question { model, needs, permits, app, cells, groups, known })
    }

    /// What the app's scopes would open on behalf of a person, had it asked for these.
    pub(super) fn opened(&self, requested: &Scopes) -> Operations {
        let held = states::granted_of(self.model, self.app, requested);
        self.needs.opened(Grant {
            models: &self.model.apps[self.app.index()].models,
            held: &held,
            user: true,
        })
    }

    /// The permitted operations of which, had the app asked for these scopes only, something would not be
    /// permitted any more. Where that could not be decided, it counts as lost.
    pub(super) fn lost(&self, requested: &Scopes) -> Operations {
        let held = states::granted_of(self.model, self.app, requested);
        let groups = self.permits.groups(self.app);
        let lost = self.groups.iter().filter(|(at, operation, sufficed)| {
            let suffices = self.cells.suffices(&held, *operation);
            let lost: Places = sufficed.iter().copied().filter(|cell| !suffices.contains(cell)).collect();
            !lost.is_empty() && (lost == *sufficed || self.permitted_in(*at, *operation, lost))
        });
        lost.fold(Operations::default(), |all, (at, ..)| all.or(&groups[*at].operations))
    }

    fn permitted_in(&self, group: usize, operation: OperationId, places: Places) -> bool {
        if let Some(known) = self.known.borrow().get(&(group, places.clone())) {
            return *known;
        }
        let answer = self.permits.ask(self.app, operation, &self.cells.condition(&places));
        let permitted = !matches!(answer, Answer::Never);
        self.known.borrow_mut().insert((group, places), permitted);
        permitted
    }

    fn spared(&self, scope: ScopeId, requested: &Scopes, kept: &Scopes, permitted: &Operations) -> Spared {
        let alone = self.opened(&[scope].into_iter().collect());
        let others = requested.iter().filter(|other| *other != scope).collect();
        let shuts = self.opened(requested).minus(&self.opened(&others));
        let serves = self.serves(scope, requested).and(permitted);
        let why = if closure(self.model, kept.iter()).contains(scope) {
            Why::Implied
        } else if !alone.is_empty() && self.covered(scope, kept) {
            Why::Covered(self.fewest(&alone, kept))
        } else if let Some(other) = self.alternative(scope, kept) {
            Why::Alternative(other)
        } else {
            Why::Unneeded
        };
        Spared { scope, why, shuts, serves }
    }

    /// The operations for which the requested scopes satisfy an alternative in which this one takes part, by
    /// itself or by what it implies.
    pub(super) fn serves(&self, scope: ScopeId, requested: &Scopes) -> Operations {
        let held = states::granted_of(self.model, self.app, requested);
        let implied = closure(self.model, [scope]);
        let grant = Grant { models: &self.model.apps[self.app.index()].models, held: &held, user: true };
        let takes_part =
            |id: &OperationId| self.needs.satisfied(grant, *id).any(|a| !a.scopes.and(&implied).is_empty());
        super::reach::all(self.model).iter().filter(takes_part).collect()
    }

    /// Whether the kept scopes open, with and without a person, all that they open together with this one.
    fn covered(&self, scope: ScopeId, kept: &Scopes) -> bool {
        let models = &self.model.apps[self.app.index()].models;
        let opened = |requested: &Scopes, user: bool| {
            let held = states::granted_of(self.model, self.app, requested);
            self.needs.opened(Grant { models, held: &held, user })
        };
        let with: Scopes = kept.iter().chain([scope]).collect();
        [true, false].into_iter().all(|user| opened(&with, user) == opened(kept, user))
    }

    /// Kept scopes that open all of this; dropping one after another as long as the rest does.
    fn fewest(&self, opens: &Operations, kept: &Scopes) -> Vec<ScopeId> {
        let mut some = kept.clone();
        for scope in kept.iter() {
            let less: Scopes = some.iter().filter(|other| *other != scope).collect();
            if opens.is_within(&self.opened(&less)) {
                some = less;
            }
        }
        some.iter().collect()
    }

    /// A kept scope in whose place this one could stand, and which it does not include: what includes it is no
    /// other way, but more of the same.
    fn alternative(&self, scope: ScopeId, kept: &Scopes) -> Option<ScopeId> {
        let included = closure(self.model, [scope]);
        kept.iter().filter(|other| !included.contains(*other)).find(|other| {
            let swapped: Scopes = kept.iter().filter(|k| k != other).chain([scope]).collect();
            self.lost(&swapped).is_empty()
        })
    }
}
