//! What this machine has seen of a store, kept outside of it: a store that was restored from an old backup has
//! forgotten its newest entries and cannot know.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::kept::Kept;
use super::{Acknowledged, Changer, Entry, Error, Head, Snapshot, Store};
use crate::json;
use crate::ratchet::{Facts, Installation};

/// A small file with the highest epoch that was seen of one store, which store that was, and the hash of its last
/// entry then. It belongs to whoever reads the store, not to the store, and not into the same backup.
#[derive(Debug, Clone)]
pub struct Witness {
    file: Kept,
}

const FORMAT: &str = "sprag-witness-1";

impl Witness {
    /// The one in this file, which need not be there yet.
    pub fn new(path: PathBuf) -> Witness {
        Witness { file: Kept::new(path, "witness") }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// What was seen; nothing yet if there is no file.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read.
    pub fn seen(&self) -> Result<Option<Head>, Error> {
        let Some(bytes) = self.file.read()? else { return Ok(None) };
        let head = json::parse(&bytes).ok().and_then(|value| read(&value));
        let what = || format!("{} is no witness of a store", self.path().display());
        head.map(Some).ok_or_else(|| Error::Damaged(what()))
    }

    /// Compares a store with what was seen of it, and remembers what it is now. After this has returned, an older
    /// state of the store is known as such, also after a crash.
    ///
    /// # Errors
    ///
    /// [`Error::RolledBack`] for an older one, another one, or one with another past; [`Error::Unreachable`] if
    /// what was seen cannot be kept.
    pub fn confirm(&self, store: &dyn Store) -> Result<Head, Error> {
        let (head, ()) = self.believed(store, || Ok((store.head()?, ())))?;
        Ok(head)
    }

    /// What the store says, with where its history ended when it said that: this is what is compared. To look
    /// afterwards where it ends would not do, for meanwhile another copy may have come to stand in its place.
    fn believed<T>(
        &self,
        store: &dyn Store,
        ask: impl Fn() -> Result<(Head, T), Error>,
    ) -> Result<(Head, T), Error> {
        // Many of a node's requests see what was seen before, and need no lock.
        let (head, said) = ask()?;
        if self.seen()? == Some(head) {
            return Ok((head, said));
        }
        let lock = self.file.lock()?;
        let known = self.seen()?;
        // Asked again: while this one waited, others may have seen more than it was told.
        let (head, said) = ask()?;
        if let Some(known) = known {
            self.compare(store, &head, &known)?;
        }
        if known != Some(head) {
            self.file.write(&told(&head))?;
        }
        drop(lock);
        Ok((head, said))
    }

    /// Takes the store as it is from now on, whatever was seen before.
    ///
    /// # Errors
    ///
    /// It cannot be read, or the file cannot be written.
    pub fn accept(&self, store: &dyn Store) -> Result<Head, Error> {
        let _lock = self.file.lock()?;
        let head = store.head()?;
        self.file.write(&told(&head))?;
        Ok(head)
    }

    fn compare(&self, store: &dyn Store, head: &Head, known: &Head) -> Result<(), Error> {
        let back = |what: String| {
            Err(Error::RolledBack(format!(
                "{what}; withdrawn power may have come back in it, so nothing is decided by it (seen: {}; ways out: \
                 `sprag ratchet recover --help`)",
                self.path().display()
            )))
        };
        if head == known {
            return Ok(());
        }
        if head.store != known.store {
            return back(format!("this is store {}, but store {} was seen here", head.store, known.store));
        }
        if head.epoch < known.epoch {
            return back(format!(
                "the store ends with entry {}, but entry {} was seen here: it is an old copy of itself",
                head.epoch, known.epoch
            ));
        }
        let then = match known.epoch.checked_sub(1) {
            Some(before) => store.entries(before, 1)?.first().map(|entry| entry.hash),
            None => Some(known.hash), // an empty store is the beginning of all that follows
        };
        if then != Some(known.hash) {
            return back(format!(
                "entry {} of the store is not the one that was seen here: it went on from an old copy of itself",
                known.epoch
            ));
        }
        Ok(())
    }
}

fn told(head: &Head) -> Value {
    json!({
        "format": FORMAT,
        "store": head.store.to_string(),
        "epoch": head.epoch,
        "hash": head.hash.to_string(),
    })
}

fn read(value: &Value) -> Option<Head> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    if text("format")? != FORMAT {
        return None;
    }
    let (store, hash) = (text("store")?.parse().ok()?, text("hash")?.parse().ok()?);
    Some(Head { store, epoch: value.get("epoch")?.as_u64()?, hash })
}

/// A store that is compared with its witness before anything of it is believed: nothing is acknowledged before the
/// witness knows of it.
#[derive(Debug)]
pub struct Witnessed {
    store: Box<dyn Store>,
    witness: Witness,
}

impl Witnessed {
    /// Compares the store at once.
    ///
    /// # Errors
    ///
    /// As [`Witness::confirm`].
    pub fn new(store: Box<dyn Store>, witness: Witness) -> Result<Witnessed, Error> {
        witness.confirm(&*store)?;
        Ok(Witnessed { store, witness })
    }

    /// The witness.
    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// Writes on a store that is not older than what was seen, if what was written is in such a one afterwards too.
    fn written<T>(
        &self,
        write: impl FnOnce() -> Result<T, Error>,
        end: impl FnOnce(&T) -> Head,
    ) -> Result<T, Error> {
        // Nothing is built on a store that is older than it was.
        self.witness.confirm(&*self.store)?;
        let done = write()?;
        let head = self.witness.confirm(&*self.store)?;
        self.witness.compare(&*self.store, &head, &end(&done))?;
        Ok(done)
    }

    /// Entries, which are given as they are found.
    fn found(&self, entries: Result<Vec<Entry>, Error>) -> Result<Vec<Entry>, Error> {
        let entries = entries?;
        self.witness.confirm(&*self.store)?;
        Ok(entries)
    }
}

impl Store for Witnessed {
    fn head(&self) -> Result<Head, Error> {
        self.witness.confirm(&*self.store)
    }

    fn transact(&self, installation: &Installation, change: &mut Changer<'_>) -> Result<Acknowledged, Error> {
        self.written(|| self.store.transact(installation, change), |acknowledged| acknowledged.head)
    }

    fn snapshot(&self) -> Result<Snapshot, Error> {
        let ask = || self.store.snapshot().map(|snapshot| (snapshot.head, snapshot.installations));
        let (head, installations) = self.witness.believed(&*self.store, ask)?;
        Ok(Snapshot { head, installations })
    }

    fn read(&self, installation: &Installation) -> Result<(Head, Option<Facts>), Error> {
        self.witness.believed(&*self.store, || self.store.read(installation))
    }

    fn entries(&self, after: u64, most: usize) -> Result<Vec<Entry>, Error> {
        self.found(self.store.entries(after, most))
    }

    fn watch(&self, after: u64, most: usize, timeout: Duration) -> Result<Vec<Entry>, Error> {
        self.found(self.store.watch(after, most, timeout))
    }

    fn append(&self, entries: &[Entry]) -> Result<Head, Error> {
        self.written(|| self.store.append(entries), |head| *head)
    }
}
