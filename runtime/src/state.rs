//! What is known of an installation beside the request: as names, or looked up once and lent to many decisions.

use crate::classify::word;
use crate::format::{App, NONE, Space};
use crate::load::Bundle;
use crate::request::AppHandle;

/// What was taken from an installation, beyond what the stages of its ratchets say. The default is nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Withdrawn<'r> {
    /// Scopes, each with all that imply it.
    pub scopes: &'r [&'r str],
    /// Scopes likewise, that no approval gives back.
    pub forever: &'r [&'r str],
    /// Operations.
    pub operations: &'r [&'r str],
    /// Kind and id of containers, each with all that lies in it.
    pub containers: &'r [(&'r str, &'r str)],
}

/// The stages, approvals and withdrawals of one installation, looked up in one bundle by [`Bundle::state`]: a decision
/// reads numbers and bits. With any other bundle it is denied as [`crate::Reason::StaleHandle`].
#[derive(Debug, Clone, Copy)]
pub struct State<'r> {
    pub(crate) bundle: u64,
    pub(crate) app: u32,
    /// Of each of the app's ratchets, the stage; [`NONE`] where nothing is said, [`STRANGE`] where it is no stage.
    pub(crate) stages: &'r [u32],
    /// Bits: scopes that are approved.
    approved: &'r [u32],
    /// Bits: scopes that are not withdrawn.
    left: &'r [u32],
    /// Bits: scopes that never come back.
    gone: &'r [u32],
    /// Kinds of the containers withdrawn, in their order.
    pub(crate) kinds: &'r [u32],
    /// Operations withdrawn, sorted.
    pub(crate) operations: &'r [u32],
    /// The containers withdrawn.
    pub(crate) containers: &'r [(&'r str, &'r str)],
}

/// A stage that the ratchet does not have.
pub(crate) const STRANGE: u32 = NONE - 1;

impl State<'_> {
    pub(crate) fn approved(&self, scope: u32) -> bool {
        bit(self.approved, scope)
    }

    pub(crate) fn left(&self, scope: u32) -> bool {
        bit(self.left, scope)
    }

    pub(crate) fn gone(&self, scope: u32) -> bool {
        bit(self.gone, scope)
    }
}

impl<'a> Bundle<'a> {
    /// How many words [`Bundle::state`] needs.
    pub fn state_len(&self, app: AppHandle, withdrawn: &Withdrawn<'_>) -> usize {
        let ratchets = self.own(app).map_or(0, |app| app.ratchets.len.get() as usize / 2);
        ratchets + 3 * self.scope_words() + withdrawn.containers.len() + withdrawn.operations.len()
    }

    /// Looks up what is known of an installation of the app: stages by ratchet, the names of the approved scopes (no
    /// limit but the policy's if `None`), and what was withdrawn. It lives in `words`, of which there must be
    /// [`Bundle::state_len`]; `None` if there are not, or the handle is another bundle's.
    pub fn state<'r>(
        &self,
        app: AppHandle,
        stages: &[(&str, &str)],
        approved: Option<&[&str]>,
        withdrawn: Withdrawn<'r>,
        words: &'r mut [u32],
    ) -> Option<State<'r>> {
        let t = &self.tables;
        let record = self.own(app)?;
        let ratchets = self.words(record.ratchets);
        let (reached, words) = words.split_at_mut_checked(ratchets.len() / 2)?;
        for (to, pair) in reached.iter_mut().zip(ratchets.chunks(2)) {
            let number = pair.first()?.get();
            let ratchet = t.ratchets.get(number as usize)?;
            let name = self.text(ratchet.name);
            *to = match stages.iter().find(|(ratchet, _)| *ratchet == name) {
                Some((_, stage)) => self.symbol(Space::Stage.of(number), stage).unwrap_or(STRANGE),
                None => NONE,
            };
        }
        let of_scopes = self.scope_words();
        let (agreed, words) = words.split_at_mut_checked(of_scopes)?;
        let (left, words) = words.split_at_mut_checked(of_scopes)?;
        let (gone, words) = words.split_at_mut_checked(of_scopes)?;
        for set in [&mut *agreed, &mut *left, &mut *gone] {
            set.fill(0);
        }
        for scope in 0..t.scopes.len() as u32 {
            let forever = self.is_taken(record, scope, withdrawn.forever);
            put(agreed, scope, self.is_approved(record, scope, approved));
            put(left, scope, !forever && !self.is_taken(record, scope, withdrawn.scopes));
            put(gone, scope, forever);
        }
        let (kinds, words) = words.split_at_mut_checked(withdrawn.containers.len())?;
        for (to, (kind, _)) in kinds.iter_mut().zip(withdrawn.containers) {
            *to = self.symbol(Space::Kind.of(0), kind).unwrap_or(NONE);
        }
        let (operations, _) = words.split_at_mut_checked(withdrawn.operations.len())?;
        for (to, name) in operations.iter_mut().zip(withdrawn.operations) {
            *to = self.symbol(Space::Operation.of(0), name).unwrap_or(NONE);
        }
        operations.sort_unstable();
        Some(State {
            bundle: self.identity(),
            app: app.index,
            stages: reached,
            approved: agreed,
            left,
            gone,
            kinds,
            operations,
            containers: withdrawn.containers,
        })
    }

    /// Whether the names, if there are any, approve the scope: one of them is it, or implies it. Without them, all is
    /// that the app asks for outright.
    pub(crate) fn is_approved(&self, app: &App, scope: u32, approved: Option<&[&str]>) -> bool {
        let Some(approved) = approved else {
            return app.outright.get() == NONE || self.in_set(scope, app.outright.get());
        };
        let Some(record) = self.tables.scopes.get(scope as usize) else {
            return false;
        };
        let implied_by = self.words(record.implied_by);
        approved.iter().any(|name| {
            self.words(app.models).iter().any(|model| {
                let scope = self.symbol(Space::Scope.of(model.get()), name);
                scope.is_some_and(|s| implied_by.binary_search_by_key(&s, |w| w.get()).is_ok())
            })
        })
    }

    /// Whether one of the names takes the scope: it is it, or the scope implies it.
    pub(crate) fn is_taken(&self, app: &App, scope: u32, names: &[&str]) -> bool {
        names.iter().any(|name| {
            self.words(app.models).iter().any(|model| {
                let taken = self.symbol(Space::Scope.of(model.get()), name);
                let record = taken.and_then(|taken| self.tables.scopes.get(taken as usize));
                record.is_some_and(|record| {
                    let implied_by = self.words(record.implied_by);
                    implied_by.binary_search_by_key(&scope, |w| w.get()).is_ok()
                })
            })
        })
    }

    pub(crate) fn in_set(&self, scope: u32, set: u32) -> bool {
        let bits = (set as usize).checked_add(scope as usize / 32).and_then(|at| word(&self.tables, at));
        bits.is_some_and(|bits| bits >> (scope % 32) & 1 == 1)
    }

    fn own(&self, app: AppHandle) -> Option<&'a App> {
        self.tables.apps.get(app.index as usize).filter(|_| app.bundle == self.identity())
    }

    fn scope_words(&self) -> usize {
        self.tables.scopes.len().div_ceil(32)
    }
}

fn bit(set: &[u32], scope: u32) -> bool {
    set.get(scope as usize / 32).is_some_and(|bits| bits >> (scope % 32) & 1 == 1)
}

fn put(set: &mut [u32], scope: u32, value: bool) {
    if let Some(bits) = set.get_mut(scope as usize / 32) {
        *bits |= u32::from(value) << (scope % 32);
    }
}
