//! Whether a history is what was written: nothing changed, removed, inserted, reordered, cut off or taken back.

use std::collections::BTreeMap;

use super::chain::{self, Entry};
use super::{Head, Snapshot, StoreId};
use crate::ratchet::{Facts, Installation};

/// Reads a history from its first entry on and stops at the first that is not as it was written.
#[derive(Debug)]
pub struct Verifier {
    head: Head,
    known: Option<Head>,
    facts: BTreeMap<Installation, Facts>,
}

/// What is wrong with a history, at the first entry where something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The number that this entry has or should have.
    pub epoch: u64,
    /// What is wrong there, as a sentence about it.
    pub what: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "entry {}: {}", self.epoch, self.what)
    }
}

impl Verifier {
    /// Of this store's history, which holds the known head if there is one.
    pub fn new(store: StoreId, known: Option<Head>) -> Verifier {
        let head = Head { store, epoch: 0, hash: chain::beginning(store) };
        Verifier { head, known, facts: BTreeMap::new() }
    }

    /// Takes the next entry.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn take(&mut self, entry: &Entry) -> Result<(), Fault> {
        let wanted = self.head.epoch + 1;
        let fault = |what: String| Err(Fault { epoch: wanted, what });
        if entry.epoch != wanted {
            return fault(format!("in its place stands entry {}", entry.epoch));
        }
        if !entry.is_whole() {
            return fault("its hash is not that of what it says; one of them was changed".to_owned());
        }
        if entry.previous != self.head.hash {
            return fault("it does not continue the entry before, which was another one".to_owned());
        }
        if let Some(known) = self.known.filter(|known| known.epoch == wanted && known.hash != entry.hash) {
            return fault(format!(
                "it is another one than was seen here before, whose hash is {}",
                known.hash
            ));
        }
        if let Some(before) = self.facts.get(&entry.installation)
            && !entry.facts.includes(before)
        {
            return fault("it takes back what was known before".to_owned());
        }
        self.facts.insert(entry.installation.clone(), entry.facts.clone());
        self.head = Head { epoch: wanted, hash: entry.hash, ..self.head };
        Ok(())
    }

    /// Compares what the store says of all installations with what the entries that were taken tell.
    ///
    /// # Errors
    ///
    /// It says something else of one of them.
    pub fn agrees(&self, snapshot: &Snapshot) -> Result<(), Fault> {
        let differ = |i: &&Installation| self.facts.get(*i) != snapshot.installations.get(*i);
        let all = self.facts.keys().chain(snapshot.installations.keys());
        let Some(installation) = all.filter(differ).min() else { return Ok(()) };
        let what = format!("what the store says of {installation} is not what its history tells");
        Err(Fault { epoch: snapshot.head.epoch, what })
    }

    /// Says that there are no more entries, and where the store says that its history ends.
    ///
    /// # Errors
    ///
    /// Entries are missing at the end.
    pub fn end(self, told: Option<Head>) -> Result<Head, Fault> {
        let next = self.head.epoch + 1;
        if let Some(known) = self.known
            && known.store != self.head.store
        {
            let what = format!("this is the history of store {}, not of {}", self.head.store, known.store);
            return Err(Fault { epoch: 0, what });
        }
        if let Some(known) = self.known.filter(|known| known.epoch >= next) {
            let what = format!("it is missing; up to entry {} were seen here before", known.epoch);
            return Err(Fault { epoch: next, what });
        }
        if let Some(told) = told.filter(|told| *told != self.head) {
            let what = if told.epoch >= next {
                format!("it is missing; the store itself tells of {} entries", told.epoch)
            } else {
                format!(
                    "the store itself says that its history ends with entry {}, {}",
                    told.epoch, told.hash
                )
            };
            return Err(Fault { epoch: next, what });
        }
        Ok(self.head)
    }
}
