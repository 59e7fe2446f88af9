//! A store that is put in place of another one between two questions of a process: restored and mended, or one of two
//! servers to which connections are open.

use std::sync::Mutex;
use std::time::Duration;

use sprag::ratchet::{Facts, Installation, Target};
use sprag::state::{Acknowledged, Changer, Entry, Error, Head, Memory, Snapshot, Store, Witness, Witnessed};
use sprag_test_support::random::Random;

use crate::facts::{installation, record};
use crate::laws::grow;

/// The first question about facts goes to the old copy, all others to the store.
#[derive(Debug)]
struct Replaced {
    store: Memory,
    old: Mutex<Option<Memory>>,
}

impl Replaced {
    /// What answers this time.
    fn this_time(&self) -> Memory {
        self.old.lock().unwrap().take().unwrap_or_else(|| self.store.clone())
    }
}

impl Store for Replaced {
    fn head(&self) -> Result<Head, Error> {
        self.store.head()
    }

    fn transact(&self, installation: &Installation, change: &mut Changer<'_>) -> Result<Acknowledged, Error> {
        self.this_time().transact(installation, change)
    }

    fn snapshot(&self) -> Result<Snapshot, Error> {
        self.this_time().snapshot()
    }

    fn read(&self, installation: &Installation) -> Result<(Head, Option<Facts>), Error> {
        self.this_time().read(installation)
    }

    fn entries(&self, after: u64, most: usize) -> Result<Vec<Entry>, Error> {
        self.store.entries(after, most)
    }

    fn watch(&self, after: u64, most: usize, timeout: Duration) -> Result<Vec<Entry>, Error> {
        self.store.watch(after, most, timeout)
    }

    fn append(&self, entries: &[Entry]) -> Result<Head, Error> {
        self.store.append(entries)
    }
}

/// An installation from which something was taken since the old copy was made, as the witness has seen.
fn check(test: impl FnOnce(&Witnessed, &Memory, &Installation, &Facts)) {
    let folder = tempfile::tempdir().unwrap();
    let witness = Witness::new(folder.path().join("witness"));
    let store = Memory::new().unwrap();
    grow(&store, 1, 10);
    let old = store.backup();
    let place = installation(&mut Random::new(0));
    let mut taken = store.read(&place).unwrap().1.unwrap_or_default();
    taken.marks.put(&Target::Installation, "ann", 1000);
    assert!(store.join(&place, &taken, &[record("it misbehaved")]).unwrap().grown);
    witness.confirm(&store).unwrap();
    let replaced = Box::new(Replaced { store: store.clone(), old: Mutex::new(Some(old)) });
    test(&Witnessed::new(replaced, witness).unwrap(), &store, &place, &taken);
}

#[test]
fn what_an_old_copy_said_is_not_believed_though_the_store_is_whole_again() {
    check(|witnessed, store, place, taken| {
        let (head, known) = witnessed.read(place).unwrap();
        assert!(known.unwrap_or_default().includes(taken), "what was seen to be taken is back");
        assert_eq!(Ok(head), store.head());
    });
    check(|witnessed, store, place, taken| {
        let snapshot = witnessed.snapshot().unwrap();
        assert!(snapshot.installations[place].includes(taken), "what was seen to be taken is back");
        assert_eq!(Ok(snapshot.head), store.head());
    });
}

#[test]
fn what_an_old_copy_kept_is_not_acknowledged_by_the_store() {
    check(|witnessed, store, place, _| {
        let before = store.head().unwrap();
        let mut more = Facts::default();
        more.marks.put(&Target::Installation, "bob", 1000);
        // Whoever is told of it asks again.
        let told = witnessed.join(place, &more, &[]);
        assert!(matches!(told, Err(Error::RolledBack(_))), "{told:?}");
        assert_eq!(store.head(), Ok(before));
        assert!(witnessed.join(place, &more, &[]).unwrap().grown);
        assert!(store.read(place).unwrap().1.unwrap_or_default().includes(&more));
    });
}
