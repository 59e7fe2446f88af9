//! A store that lives as long as the process: for tests and for trying things out.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{
    Acknowledged, Changer, Entry, Error, Head, Snapshot, Store, StoreId, appended, chain, continued, named,
};
use crate::ratchet::{Facts, Installation};

/// A store in memory. Clones are handles of the same one.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    history: Mutex<History>,
    grown: Condvar,
}

#[derive(Debug, Clone)]
struct History {
    head: Head,
    entries: Vec<Entry>,
    latest: BTreeMap<Installation, Facts>,
}

impl Memory {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub fn new() -> Result<Memory, Error> {
        let store = StoreId::new()?;
        let head = Head { store, epoch: 0, hash: chain::beginning(store) };
        Ok(Memory::of(History { head, entries: Vec::new(), latest: BTreeMap::new() }))
    }

    /// A backup: the same store as it is now, which knows nothing of what comes later.
    #[must_use]
    pub fn backup(&self) -> Memory {
        Memory::of(self.history().clone())
    }

    fn of(history: History) -> Memory {
        Memory(Arc::new(Shared { history: Mutex::new(history), grown: Condvar::new() }))
    }

    fn history(&self) -> MutexGuard<'_, History> {
        // Who panicked while holding it had not begun to write: `push` comes last.
        self.0.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl History {
    fn push(&mut self, entry: Entry) {
        self.head = Head { epoch: entry.epoch, hash: entry.hash, ..self.head };
        self.latest.insert(entry.installation.clone(), entry.facts.clone());
        self.entries.push(entry);
    }

    fn after(&self, epoch: u64, most: usize) -> Vec<Entry> {
        let skipped = usize::try_from(epoch).unwrap_or(usize::MAX);
        self.entries.iter().skip(skipped).take(most).cloned().collect()
    }
}

impl Store for Memory {
    fn head(&self) -> Result<Head, Error> {
        Ok(self.history().head)
    }

    fn transact(&self, installation: &Installation, change: &mut Changer<'_>) -> Result<Acknowledged, Error> {
        named(installation)?;
        let mut history = self.history();
        let before = history.latest.get(installation).cloned().unwrap_or_default();
        let entry = appended(&history.head, installation, &before, change)?;
        let grown = entry.is_some();
        if let Some(entry) = entry {
            history.push(entry);
            self.0.grown.notify_all();
        }
        Ok(Acknowledged { head: history.head, grown })
    }

    fn snapshot(&self) -> Result<Snapshot, Error> {
        let history = self.history();
        Ok(Snapshot { head: history.head, installations: history.latest.clone() })
    }

    fn read(&self, installation: &Installation) -> Result<(Head, Option<Facts>), Error> {
        named(installation)?;
        let history = self.history();
        Ok((history.head, history.latest.get(installation).cloned()))
    }

    fn entries(&self, after: u64, most: usize) -> Result<Vec<Entry>, Error> {
        Ok(self.history().after(after, most))
    }

    fn watch(&self, after: u64, most: usize, timeout: Duration) -> Result<Vec<Entry>, Error> {
        let history = self.history();
        let nothing = |history: &mut History| history.head.epoch <= after;
        let waited = self.0.grown.wait_timeout_while(history, timeout, nothing);
        let (history, _) = waited.unwrap_or_else(PoisonError::into_inner);
        Ok(history.after(after, most))
    }

    fn append(&self, entries: &[Entry]) -> Result<Head, Error> {
        let mut history = self.history();
        continued(&history.head, entries)?;
        entries.iter().cloned().for_each(|entry| history.push(entry));
        self.0.grown.notify_all();
        Ok(history.head)
    }
}
