//! Scopes that an app asks for and does not need: without them, exactly the same requests are permitted.
//!
//! Of all that a request says, its scopes depend on the stages of ratchets and on the presence of a person, and
//! on nothing else. So a scope is needed for an operation where, in some state of these, the other scopes do not
//! suffice, and the policy permits the operation in such a state: a question about regions only where the states
//! in question are some and not all of those in which the operation can be called at all.
//!
//! What is optional is held by some installations only. So an app needs what is lost where all of it is held, and what
//! is lost where none of it is.

use std::collections::{BTreeSet, HashMap};

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
    /// A scope that is kept includes it. In all of these, what is optional stands for nothing that is requested
    /// outright.
    Implied,
    /// What it opens, permitted or not, scopes that are kept open anyway: these, as few as do.
    Covered(Vec<ScopeId>),
    /// It could stand in the place of this scope, which is kept: requirements know both, and one is enough.
    Alternative(ScopeId),
    /// What it opens beyond what is kept, the policy never permits.
    Unneeded,
}

/// What an app would ask for.
#[derive(Debug, Clone)]
pub struct Asks {
    /// All that it can ever hold, as [`crate::sema::model::App::requested`].
    pub requested: Scopes,
    /// Those of them that are optional.
    pub optional: Scopes,
    /// What of it was approved; `None`: all.
    pub approved: Option<Scopes>,
}

impl Asks {
    /// What it asks for now.
    pub fn of(model: &Model, app: AppId) -> Asks {
        let declared = &model.apps[app.index()];
        Asks {
            requested: declared.requested.iter().copied().collect(),
            optional: declared.optional.iter().copied().collect(),
            approved: declared.approved.as_ref().map(|approved| approved.iter().copied().collect()),
        }
    }

    /// What is held without ratchets, closed: where an installation approved all of it, and where nobody says what it
    /// approved. Where both are less than they were, nothing is permitted that was not.
    pub fn held(&self, model: &Model) -> [Scopes; 2] {
        let outright = self.requested.minus(&self.optional);
        [&self.requested, &outright].map(|requested| {
            let all = closure(model, requested.iter());
            let approved = self.approved.as_ref().map(|approved| closure(model, approved.iter()));
            approved.map_or_else(|| all.clone(), |approved| all.and(&approved))
        })
    }
}

/// Whether every request stays permitted that is, if the app asks for this: whatever its installation approved, and
/// whatever was withdrawn from it. No, where that could not be decided.
pub fn keeps(model: &Model, needs: &Needs, permits: &dyn Permits, app: AppId, asks: &Asks) -> bool {
    Question::new(model, needs, permits, app).is_some_and(|asked| asked.keeps(asks))
}

/// The permitted operations of which something would be permitted no more if the app asked for this, where an
/// installation approved all of it or nobody says. `None` where its ratchets have too many states.
pub fn lost(
    model: &Model,
    needs: &Needs,
    permits: &dyn Permits,
    app: AppId,
    asks: &Asks,
) -> Option<Operations> {
    let asked = Question::new(model, needs, permits, app)?;
    Some(asked.lost_with(&asks.held(model)))
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
    /// in which the scopes suffice, with all that is optional and without.
    groups: Vec<(usize, OperationId, [Places; 2])>,
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
        let held = Asks::of(model, app).held(model);
        let groups = permits.groups(app).iter().enumerate().filter(|(_, group)| !group.permitted.is_never());
        let suffices = |id: OperationId| held.each_ref().map(|held| cells.suffices(held, id));
        let groups = groups.map(|(at, group)| (at, group.any(), suffices(group.any()))).collect();
        let known = std::cell::RefCell::default();
        Some(Question { model, needs, permits, app, cells, groups, known })
    }

    /// What the app's scopes would open on behalf of a person, had it asked for these.
    pub(super) fn opened(&self, requested: &Scopes) -> Operations {
        self.opened_to(requested, true)
    }

    /// The same, with a person or without.
    fn opened_to(&self, requested: &Scopes, user: bool) -> Operations {
        let held = states::granted_of(self.model, self.app, requested);
        self.needs.opened(Grant { models: &self.model.apps[self.app.index()].models, held: &held, user })
    }

    /// The permitted operations of which, had the app asked for these scopes only, something would not be
    /// permitted any more. Where that could not be decided, it counts as lost.
    pub(super) fn lost(&self, requested: &Scopes) -> Operations {
        let outright = states::outright(self.model, self.app, requested);
        self.lost_with(&[requested, &outright].map(|asked| states::granted_of(self.model, self.app, asked)))
    }

    /// The same, were these scopes held: with all that is optional, and without.
    fn lost_with(&self, held: &[Scopes; 2]) -> Operations {
        let groups = self.permits.groups(self.app);
        let lost = self.groups.iter().filter(|(at, operation, sufficed)| {
            sufficed.iter().zip(held).any(|(before, held)| {
                let suffices = self.cells.suffices(held, *operation);
                let lost: Places = before.iter().copied().filter(|cell| !suffices.contains(cell)).collect();
                !lost.is_empty() && (lost == sufficed[0] || self.permitted_in(*at, *operation, lost))
            })
        });
        lost.fold(Operations::default(), |all, (at, ..)| all.or(&groups[*at].operations))
    }

    /// See [`keeps`]. Whatever was approved or withdrawn: of what is held, whether all of it was approved or nobody says,
    /// one alternative of the requirement and all that it implies may be left, and nothing else. So each must be
    /// replaced by what it implies itself.
    fn keeps(&self, asks: &Asks) -> bool {
        let (now, then) = (Asks::of(self.model, self.app).held(self.model), asks.held(self.model));
        let models = &self.model.apps[self.app.index()].models;
        self.groups.iter().all(|(at, operation, _)| {
            let states = |held: &Scopes| self.cells.suffices(held, *operation);
            let lost = |before: &Scopes, after: &Scopes| {
                let left = states(after);
                states(before).into_iter().filter(move |cell| !left.contains(cell))
            };
            let mut gone = BTreeSet::new();
            for alternative in self.needs.alternatives(*operation, models) {
                let alone = closure(self.model, alternative.scopes.iter());
                for (now, then) in now.iter().zip(&then).filter(|(now, _)| alternative.scopes.is_within(now))
                {
                    gone.extend(lost(&alone.and(now), &alone.and(then)));
                }
            }
            gone.is_empty() || !self.permitted_in(*at, *operation, gone.into_iter().collect())
        })
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
        // With a person or without.
        let lost = |user| self.opened_to(requested, user).minus(&self.opened_to(&others, user));
        let shuts = lost(true).or(&lost(false));
        let serves = self.serves(scope, requested).and(permitted);
        // What is optional may be missing where the scope is held, unless it is optional itself.
        let optional = self.model.apps[self.app.index()].optional.contains(&scope);
        let sure = if optional { kept.clone() } else { states::outright(self.model, self.app, kept) };
        let why = if closure(self.model, sure.iter()).contains(scope) {
            Why::Implied
        } else if !alone.is_empty() && self.covered(scope, &sure) {
            Why::Covered(self.fewest(scope, &sure))
        } else if let Some(other) = self.alternative(scope, kept, &sure) {
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
        let with: Scopes = kept.iter().chain([scope]).collect();
        [true, false].into_iter().all(|user| self.opened_to(&with, user) == self.opened_to(kept, user))
    }

    /// Kept scopes that open, with and without a person, all that this one opens; dropping one after another as long as
    /// the rest does.
    fn fewest(&self, covered: ScopeId, kept: &Scopes) -> Vec<ScopeId> {
        let opens = [true, false].map(|user| (user, self.opened_to(&[covered].into_iter().collect(), user)));
        let mut some = kept.clone();
        for scope in kept.iter() {
            let less: Scopes = some.iter().filter(|other| *other != scope).collect();
            if opens.iter().all(|(user, opens)| opens.is_within(&self.opened_to(&less, *user))) {
                some = less;
            }
        }
        some.iter().collect()
    }

    /// A kept scope, one of these, in whose place this one could stand, and which it does not include: what includes it
    /// is no other way, but more of the same.
    fn alternative(&self, scope: ScopeId, kept: &Scopes, among: &Scopes) -> Option<ScopeId> {
        let included = closure(self.model, [scope]);
        among.iter().filter(|other| !included.contains(*other)).find(|other| {
            let swapped: Scopes = kept.iter().filter(|k| k != other).chain([scope]).collect();
            self.lost(&swapped).is_empty()
        })
    }
}
