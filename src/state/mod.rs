//! Where the state of installations is kept: the one place from which power that was withdrawn never comes back.
//!
//! A store is a history: a row of [entries](Entry), each of which holds all that is known of one installation since
//! then, who did it, and the hash of the entry before. What is known only grows ([`Facts`] is a join-semilattice),
//! so that writers need not agree on an order: whatever arrives twice or late changes nothing. The number of entries
//! is the store's *epoch*.
#![expect(clippy::disallowed_methods, reason = "a store is files, connections and waiting")]

mod address;
mod canonical;
mod chain;
#[cfg(feature = "postgres")]
mod encryption;
mod highest;
mod kept;
mod memory;
mod places;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod verify;
mod witness;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub use address::Address;
pub use chain::{Entry, Hash};
pub use highest::HighestTime;
pub use memory::Memory;
pub use places::Places;
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
pub use verify::{Fault, Verifier};
pub use witness::{Witness, Witnessed};

use crate::ratchet::{Facts, Installation, Record};

/// A store. All methods may be called by any number of threads, and by processes where it is shared.
///
/// What one call has acknowledged, every later call to any handle of the store sees, whatever crashes in between.
pub trait Store: Send + Sync + fmt::Debug {
    /// Where its history ends now.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being read.
    fn head(&self) -> Result<Head, Error>;

    /// Joins what `change` makes of the facts that the store holds of the installation, and appends one entry to its
    /// history, all or nothing. Nobody writes in between. Where nothing new comes, nothing is written, no record
    /// either: who repeats a call whose acknowledgement was lost writes nothing twice.
    ///
    /// `change` can be called several times, and only the last counts; with `None` it wants nothing. It must not use
    /// the store, which waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::Uncertain`] if it may have been kept or not; after any other error it was not.
    fn transact(&self, installation: &Installation, change: &mut Changer<'_>) -> Result<Acknowledged, Error>;

    /// All that is known of all installations, at one moment.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being read, an entry that was tampered with too.
    fn snapshot(&self) -> Result<Snapshot, Error>;

    /// All that is known of one installation: nothing, where the store has never heard of it.
    ///
    /// # Errors
    ///
    /// As [`Store::snapshot`].
    fn read(&self, installation: &Installation) -> Result<(Head, Option<Facts>), Error>;

    /// Entries after this epoch in their order, at most so many.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from being read. Entries are given as they are found; [`Verifier`] checks them.
    fn entries(&self, after: u64, most: usize) -> Result<Vec<Entry>, Error>;

    /// As [`Store::entries`], but waits until there is one, and gives none if none comes in time.
    ///
    /// # Errors
    ///
    /// As [`Store::entries`].
    fn watch(&self, after: u64, most: usize, timeout: Duration) -> Result<Vec<Entry>, Error>;

    /// Appends entries that continue the store's history, as they are. So a store that was restored from an old
    /// backup gets back what the backup did not have.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] and nothing appended if they do not continue it.
    fn append(&self, entries: &[Entry]) -> Result<Head, Error>;

    /// Joins these facts. See [`Store::transact`].
    ///
    /// # Errors
    ///
    /// As [`Store::transact`].
    fn join(
        &self,
        installation: &Installation,
        facts: &Facts,
        records: &[Record],
    ) -> Result<Acknowledged, Error> {
        let change = || Change { facts: facts.clone(), records: records.to_vec() };
        self.transact(installation, &mut |_| Some(change()))
    }
}

/// What to join, from what is known.
pub type Changer<'a> = dyn FnMut(&Facts) -> Option<Change> + 'a;

/// What to join, and who did what and why.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is known now, or a part of it.
    pub facts: Facts,
    /// What people and auditors shall read of it.
    pub records: Vec<Record>,
}

/// What was joined is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    /// Where the history ends since then.
    pub head: Head,
    /// Whether something new came.
    pub grown: bool,
}

/// Where a history ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Head {
    /// Which store.
    pub store: StoreId,
    /// How many entries there are.
    pub epoch: u64,
    /// Of the last one.
    pub hash: Hash,
}

/// Tells stores apart: made at random with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(u128);

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Where its history ends.
    pub head: Head,
    /// What is known of each installation.
    pub installations: BTreeMap<Installation, Facts>,
}

impl StoreId {
    fn new() -> Result<StoreId, Error> {
        let mut bytes = [0; 16];
        let filled = getrandom::fill(&mut bytes);
        filled.map_err(|e| Error::Unreachable(format!("there are no random numbers: {e}")))?;
        Ok(StoreId(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl std::str::FromStr for StoreId {
    type Err = ();

    fn from_str(text: &str) -> Result<StoreId, ()> {
        let lower = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() != 32 || !text.bytes().all(lower) {
            return Err(());
        }
        u128::from_str_radix(text, 16).map(StoreId).map_err(|_| ())
    }
}

/// Why a store did not do what was asked. Whoever decides treats each of them as a denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// There is no store at the address.
    Missing(String),
    /// It cannot be used just now. To ask again can help.
    Unreachable(String),
    /// The answer to a commit was lost. What was to be kept may be kept or not; to do it again does no harm.
    Uncertain(String),
    /// What was asked can never be done.
    Invalid(String),
    /// What the store holds is not what was written, or written by a newer version of this program.
    Damaged(String),
    /// It is older than it was, or another one: restored from a backup, or replaced. Withdrawn power may have come
    /// back in it.
    RolledBack(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Missing(why)
            | Error::Unreachable(why)
            | Error::Invalid(why)
            | Error::Damaged(why)
            | Error::RolledBack(why) => f.write_str(why),
            Error::Uncertain(why) => {
                write!(f, "{why}; it may have been kept or not, and to do it again does no harm")
            }
        }
    }
}

impl std::error::Error for Error {}

/// That a store can keep something of this installation.
fn named(installation: &Installation) -> Result<(), Error> {
    let Installation { app, site } = installation;
    if [app, site].iter().any(|name| name.is_empty() || name.contains('\0')) {
        return Err(Error::Invalid("an installation needs an app and a site, without zero bytes".to_owned()));
    }
    Ok(())
}

/// What a store appends for this change, if it brings anything new.
fn appended(
    head: &Head,
    installation: &Installation,
    before: &Facts,
    change: &mut Changer<'_>,
) -> Result<Option<Entry>, Error> {
    let Some(change) = change(before) else { return Ok(None) };
    let mut facts = before.clone();
    if !facts.join(&change.facts) {
        return Ok(None);
    }
    chain::next(head, installation, facts, change.records).map(Some)
}

/// Where the history ends after these entries, if they continue it.
fn continued(head: &Head, entries: &[Entry]) -> Result<Head, Error> {
    let mut head = *head;
    for entry in entries {
        if entry.epoch != head.epoch + 1 || entry.previous != head.hash || !entry.is_whole() {
            let sentence = format!("entry {} does not continue the store's history", entry.epoch);
            return Err(Error::Invalid(sentence));
        }
        head = Head { epoch: entry.epoch, hash: entry.hash, ..head };
    }
    Ok(head)
}
