//! Which bundle may come after which: the small check of a loader, which shares nothing with the compiler's.
//!
//! Each bundle that was built after another names it by its digest, and says by whose approval it permits more. What
//! is checked here and what is not stands at [`Bundle::succeeds`].

use core::cmp::Ordering;
use core::fmt;

use crate::format::{Growth, Range, Text, Widening};
use crate::load::Bundle;
use crate::outline::Outline;

/// Where a bundle stands in its chain: all that must be remembered of it so that no older one is taken later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// SHA-256 of the chain's first bundle.
    pub first: [u8; 32],
    /// The first bundle is generation 1.
    pub generation: u32,
    /// SHA-256 of this bundle.
    pub digest: [u8; 32],
}

/// Why a bundle may not come after another. The other stays in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNext<'a> {
    /// It belongs to another package.
    Package,
    /// It belongs to another chain: it was not built after this one or any before it.
    Chain,
    /// It is this one or an older one (its generation).
    Older(u32),
    /// A generation between the two is missing (its generation).
    Skips(u32),
    /// It was built after another bundle of the same generation.
    Previous,
    /// An approval says no reason (its number).
    NoReason(u32),
    /// An approval says nobody who gave it (its number).
    NoApprover(u32),
    /// An approval has ended (its reason, and when: seconds since 1970).
    Ended(&'a str, i64),
    /// An approval was used before: one is for one change (its reason).
    Spent(&'a str),
    /// It does not know all approvals that were used before.
    Forgets,
    /// The one before is of a format that is not read here (its format), and nobody approved that the chain goes on.
    Unread(u32),
    /// The one before can be read, so that no approval is needed to go on without.
    Readable,
    /// An app or an operation has two names.
    Names,
    /// It could permit this app this operation, which the one before never does, and no approval names the two.
    Grown(&'a str, &'a str),
}

impl fmt::Display for NotNext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotNext::Package => f.write_str("it belongs to another package"),
            NotNext::Chain => f.write_str("it belongs to another chain"),
            NotNext::Older(generation) => write!(f, "it is generation {generation}, which is not newer"),
            NotNext::Skips(generation) => {
                write!(f, "it is generation {generation}: one before it is missing")
            }
            NotNext::Previous => f.write_str("it was built after another bundle than this"),
            NotNext::NoReason(number) => write!(f, "its approval {number} gives no reason"),
            NotNext::NoApprover(number) => write!(f, "its approval {number} names nobody who gave it"),
            NotNext::Ended(reason, _) => write!(f, "its approval \"{reason}\" has ended"),
            NotNext::Spent(reason) => write!(f, "its approval \"{reason}\" was used for an earlier change"),
            NotNext::Forgets => f.write_str("it does not know of all approvals that were used before it"),
            NotNext::Unread(format) => write!(
                f,
                "the bundle before it is of format {format}, which is not read here, and nobody approved that the \
                 chain goes on from it"
            ),
            NotNext::Readable => f.write_str("the bundle before it can be read, and must be compared"),
            NotNext::Names => f.write_str("some name in it leads to an app or operation of another name"),
            NotNext::Grown(app, operation) => {
                write!(f, "it permits {app} to {operation}, which was never permitted and nobody approved")
            }
        }
    }
}

impl core::error::Error for NotNext<'_> {}

impl Place {
    /// Whether a bundle could stand where this place was the last that was seen: it is the same bundle, or one that
    /// stands later in the same chain and, if it is the very next, was built after this one.
    ///
    /// That tells a roll-back by 68 bytes that were remembered, and no more. Whether a later bundle may be *used*
    /// takes the one at this place and all between: each [succeeds](Bundle::succeeds) the one before, or it is the
    /// same bundle.
    ///
    /// # Errors
    /// Why not.
    pub fn admits<'a>(&self, bundle: &Bundle<'a>) -> Result<Place, NotNext<'a>> {
        let place = bundle.place();
        if place.first != self.first {
            return Err(NotNext::Chain);
        }
        if place.generation < self.generation
            || (place.generation == self.generation && place.digest != self.digest)
        {
            return Err(NotNext::Older(place.generation));
        }
        if place.generation - self.generation == 1 && bundle.previous() != Some(self.digest) {
            return Err(NotNext::Previous);
        }
        Ok(place)
    }
}

impl<'a> Bundle<'a> {
    /// Where it stands. A bundle that was built after none is the first of its own chain.
    pub fn place(&self) -> Place {
        let digest = self.digest();
        match self.tables.chain.first() {
            Some(chain) => Place { first: chain.first, generation: chain.generation.get(), digest },
            None => Place { first: digest, generation: 1, digest },
        }
    }

    /// Whether this bundle may take the place of `present` at the time `now` (seconds since 1970).
    ///
    /// It may if it is the next generation of the same package and chain and was built after exactly this bundle; if
    /// each of its approvals has a reason and somebody who gave it, has not ended, and was never used before; and if
    /// every pair of app and operation that it [reaches](Bundle::reach), and `present` does not, is named by an
    /// approval. All of it is read off the two bundles; of what the compiler found out, nothing is believed but the
    /// names in the approvals.
    ///
    /// So no app is ever permitted an operation that it was not permitted in any case before, unless an approval
    /// names both. It is not proved that the *cases* in which an operation was permitted have not become more: that
    /// is compared when building, and again by `sprag history --prove`. Nor does it tell who built the bundle: that
    /// is what a signature is for.
    ///
    /// # Errors
    /// The first reason found; `present` stays in force.
    pub fn succeeds(&self, present: &Bundle<'_>, now: i64) -> Result<(), NotNext<'a>> {
        if self.text(self.tables.globals.package) != present.text(present.tables.globals.package) {
            return Err(NotNext::Package);
        }
        self.comes_after(&present.place())?;
        self.approvals_hold(present.tables.spent, now)?;
        if !self.names_are_true() {
            return Err(NotNext::Names);
        }
        let mut grown = None;
        self.reach(&mut |app, operation| {
            if grown.is_none() && !present.reaches(app, operation) && !self.widens(app, operation) {
                grown = Some(NotNext::Grown(app, operation));
            }
        });
        grown.map_or(Ok(()), Err)
    }

    /// Whether this bundle may take the place of one that this crate does not read any more, at the time `now`.
    ///
    /// What the two permit cannot be compared here. So besides what is asked of every next bundle somebody must have
    /// approved just that, with a reason and an end: an approval that [goes on](Bundle::goes_on). `sprag build --renew`
    /// makes one, and compares the two by their sources, if it still can.
    ///
    /// # Errors
    /// The first reason found; the other stays in force, in a program that reads it.
    pub fn renews(&self, present: &Outline<'_>, now: i64) -> Result<(), NotNext<'a>> {
        if present.is_readable() {
            return Err(NotNext::Readable);
        }
        self.comes_after(&present.place)?;
        self.approvals_hold(present.spent, now)?;
        if !self.names_are_true() {
            return Err(NotNext::Names);
        }
        match self.tables.widenings.iter().any(|widening| self.goes_on(widening)) {
            true => Ok(()),
            false => Err(NotNext::Unread(present.format)),
        }
    }

    /// Whether an approval is for going on with a chain from a bundle that loaders cannot compare: it speaks of an app
    /// without a key, which there is not.
    pub fn goes_on(&self, widening: &Widening) -> bool {
        self.growths(widening).iter().any(|growth| self.text(growth.app).is_empty())
    }

    /// The digest of the bundle that it was built after.
    pub fn previous(&self) -> Option<[u8; 32]> {
        self.tables.chain.first().map(|chain| chain.previous)
    }

    /// Whether it is the next generation, built after the bundle at this place.
    fn comes_after(&self, before: &Place) -> Result<(), NotNext<'a>> {
        let after = self.place();
        if after.first != before.first {
            return Err(NotNext::Chain);
        }
        if after.generation <= before.generation {
            return Err(NotNext::Older(after.generation));
        }
        if after.generation - before.generation > 1 {
            return Err(NotNext::Skips(after.generation));
        }
        if self.previous() != Some(before.digest) {
            return Err(NotNext::Previous);
        }
        Ok(())
    }

    /// Whether all approvals can be used now, where these were used before.
    fn approvals_hold(&self, before: &[[u8; 32]], now: i64) -> Result<(), NotNext<'a>> {
        let after = self.tables.spent;
        if !before.iter().all(|block| after.binary_search(block).is_ok()) {
            return Err(NotNext::Forgets);
        }
        for (number, widening) in (1..).zip(self.tables.widenings) {
            let reason = self.text(widening.reason);
            if reason.trim().is_empty() {
                return Err(NotNext::NoReason(number));
            }
            let mut approvers = self.texts(widening.approvers).peekable();
            if approvers.peek().is_none() || approvers.any(|who| who.trim().is_empty()) {
                return Err(NotNext::NoApprover(number));
            }
            if widening.until.get() <= now {
                return Err(NotNext::Ended(reason, widening.until.get()));
            }
            if before.binary_search(&widening.block).is_ok() {
                return Err(NotNext::Spent(reason));
            }
            if after.binary_search(&widening.block).is_err() {
                return Err(NotNext::Forgets);
            }
        }
        Ok(())
    }

    /// Whether an approval names the two.
    fn widens(&self, app: &str, operation: &str) -> bool {
        self.tables.widenings.iter().any(|widening| {
            let growths = self.growths(widening).iter();
            growths.filter(|growth| self.text(growth.app) == app).any(|g| self.names(g.operations, operation))
        })
    }

    /// Whether a text is among these, which are sorted; where they are not, it may not be found.
    fn names(&self, texts: Range, text: &str) -> bool {
        let (words, mut low) = (self.words(texts), 0);
        let mut high = words.len() / 2;
        while low < high {
            let middle = low + (high - low) / 2;
            let (Some(at), Some(len)) = (words.get(2 * middle), words.get(2 * middle + 1)) else {
                return false;
            };
            match self.text(Text { at: *at, len: *len }).cmp(text) {
                Ordering::Equal => return true,
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        false
    }

    /// What an approval covers.
    pub fn growths(&self, widening: &Widening) -> &'a [Growth] {
        let growths = self.tables.growths.get(widening.growths.at.get() as usize..);
        growths.and_then(|g| g.get(..widening.growths.len.get() as usize)).unwrap_or(&[])
    }
}
