//! What holds of every store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sprag::ratchet::{Facts, Installation};
use sprag::state::{Change, Entry, Error, Head, Store, Verifier, Witness, Witnessed};
use sprag_test_support::random::Random;

use crate::facts::{facts, installation, joins, record, rounds};
use crate::kinds::Kind;

type Makes<'a> = dyn Fn() -> Box<dyn Kind + 'a> + 'a;

/// All laws, each on stores of its own.
pub(crate) fn all(new: &Makes<'_>) {
    order_grouping_and_repetition_do_not_matter(new);
    what_is_known_only_grows(&*new());
    what_is_acknowledged_is_seen_by_every_handle(&*new());
    nobody_writes_between_reading_and_joining(&*new());
    writers_at_the_same_time_come_to_the_join(&*new());
    watchers_see_all_growth(&*new());
    what_wants_nothing_or_cannot_be_named_changes_nothing(&*new());
    an_export_is_the_history(&*new());
    an_old_copy_is_noticed_and_mended_by_what_it_lacks(&*new());
    an_old_copy_that_went_on_is_noticed(&*new());
    another_store_is_noticed(&*new());
    crate::tampering::is_found_at_the_first_entry(&*new());
}

/// What the joins come to, by the definition of joining.
fn sum(joins: &[(Installation, Facts)]) -> BTreeMap<Installation, Facts> {
    let mut all: BTreeMap<Installation, Facts> = BTreeMap::new();
    for (installation, facts) in joins.iter().filter(|(_, facts)| *facts != Facts::default()) {
        all.entry(installation.clone()).or_default().join(facts);
    }
    all
}

fn order_grouping_and_repetition_do_not_matter(new: &Makes<'_>) {
    for mut random in rounds(4) {
        let joins = joins(&mut random, 24);
        let [plain, mixed] = [new(), new()];
        let store = plain.open();
        for (installation, facts) in &joins {
            store.join(installation, facts, &[]).unwrap();
        }
        let mut left = joins.clone();
        let other = mixed.open();
        while !left.is_empty() {
            let (installation, mut facts) = left.swap_remove(random.below(left.len()));
            // Two at once, and some again and again.
            if let Some(at) = left.iter().position(|(other, _)| *other == installation)
                && random.one_in(2)
            {
                facts.join(&left.swap_remove(at).1);
            }
            for _ in 0..1 + random.below(2) {
                other.join(&installation, &facts, &[]).unwrap();
            }
            if random.one_in(3) {
                let (installation, facts) = random.pick(&joins);
                other.join(installation, facts, &[]).unwrap();
            }
        }
        assert_eq!(store.snapshot().unwrap().installations, sum(&joins));
        assert_eq!(other.snapshot().unwrap().installations, sum(&joins));
    }
}

fn what_is_known_only_grows(kind: &dyn Kind) {
    let store = kind.open();
    let mut random = Random::new(7);
    let mut count = 0;
    for (installation, facts) in joins(&mut random, 60).into_iter().chain(joins(&mut random, 60)) {
        let (head, before) = store.read(&installation).unwrap();
        assert_eq!(head.epoch, count);
        let before = before.unwrap_or_default();
        let new = !before.includes(&facts);
        let acknowledged = store.join(&installation, &facts, &[]).unwrap();
        assert_eq!(acknowledged.grown, new);
        count += u64::from(new);
        assert_eq!(acknowledged.head.epoch, count, "an entry for each growth, and for nothing else");
        assert_eq!(new, acknowledged.head != head);
        let after = store.read(&installation).unwrap();
        assert_eq!(after.0, acknowledged.head);
        let after = after.1.unwrap_or_default();
        assert!(after.includes(&before) && after.includes(&facts));
        assert_eq!(store.head().unwrap(), acknowledged.head);
    }
    assert!(count > 20, "{count}");
}

fn what_is_acknowledged_is_seen_by_every_handle(kind: &dyn Kind) {
    let handles = [kind.open(), kind.open(), kind.open()];
    let mut random = Random::new(11);
    for (at, (installation, facts)) in joins(&mut random, 30).into_iter().enumerate() {
        let head = handles[at % 3].join(&installation, &facts, &[]).unwrap().head;
        let late = kind.open();
        for handle in handles.iter().chain([&late]) {
            let (seen, known) = handle.read(&installation).unwrap();
            assert_eq!(seen, head);
            assert!(known.unwrap_or_default().includes(&facts));
            let snapshot = handle.snapshot().unwrap();
            assert_eq!(snapshot.head, head);
            let known = snapshot.installations.get(&installation).cloned();
            assert!(known.unwrap_or_default().includes(&facts));
        }
    }
}

/// Every writer counts up by what it reads: an update that is lost is missing in the sum.
fn nobody_writes_between_reading_and_joining(kind: &dyn Kind) {
    const WRITERS: u64 = 4;
    const TURNS: u64 = 15;
    let place = installation(&mut Random::new(0));
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let (store, place) = (kind.open(), &place);
            scope.spawn(move || {
                for _ in 0..TURNS {
                    let counted = store.transact(place, &mut |known| {
                        let count = known.clock.0.unwrap_or(0);
                        let mut facts = Facts::default();
                        facts.clock.tell(count + 1);
                        Some(Change { facts, records: vec![record(&count.to_string())] })
                    });
                    assert!(counted.unwrap().grown);
                }
            });
        }
    });
    let (head, known) = kind.open().read(&place).unwrap();
    assert_eq!(known.unwrap_or_default().clock.0, Some((WRITERS * TURNS) as i64));
    assert_eq!(head.epoch, WRITERS * TURNS);
    let entries = history(&*kind.open());
    let told: Vec<String> = entries.iter().map(|entry| entry.records[0].why.clone()).collect();
    let wanted: Vec<String> = (0..WRITERS * TURNS).map(|count| count.to_string()).collect();
    assert_eq!(told, wanted, "the records tell what was there when they were written");
}

fn writers_at_the_same_time_come_to_the_join(kind: &dyn Kind) {
    let parts: Vec<_> = (0..4).map(|seed| joins(&mut Random::new(seed), 40)).collect();
    std::thread::scope(|scope| {
        for part in &parts {
            let store = kind.open();
            scope.spawn(move || {
                for (installation, facts) in part {
                    let head = store.join(installation, facts, &[]).unwrap().head;
                    assert!(store.head().unwrap().epoch >= head.epoch);
                }
            });
        }
    });
    let store = kind.open();
    assert_eq!(store.snapshot().unwrap().installations, sum(&parts.concat()));
    verified(&*store, None).unwrap();
}

fn watchers_see_all_growth(kind: &dyn Kind) {
    let (done, expected) = (AtomicBool::new(false), joins(&mut Random::new(5), 60));
    std::thread::scope(|scope| {
        let watchers = [1, 1000].map(|most| {
            let (store, done) = (kind.open(), &done);
            scope.spawn(move || {
                let mut seen: Vec<Entry> = Vec::new();
                loop {
                    let over = done.load(Ordering::SeqCst);
                    let epoch = seen.len() as u64;
                    let new = store.watch(epoch, most, Duration::from_millis(100)).unwrap();
                    assert!(new.len() <= most);
                    if new.is_empty() && over {
                        return seen;
                    }
                    seen.extend(new);
                }
            })
        });
        let writers: Vec<_> = expected
            .chunks(expected.len().div_ceil(3))
            .map(|part| {
                let store = kind.open();
                scope.spawn(move || {
                    for (installation, facts) in part {
                        store.join(installation, facts, &[]).unwrap();
                    }
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::SeqCst);
        for watcher in watchers {
            let seen = watcher.join().unwrap();
            let epochs: Vec<u64> = seen.iter().map(|entry| entry.epoch).collect();
            assert_eq!(epochs, (1..=seen.len() as u64).collect::<Vec<_>>(), "each once, in order");
            let latest = seen.into_iter().map(|entry| (entry.installation, entry.facts)).collect();
            assert_eq!(
                sum(&expected),
                latest,
                "the last entry of an installation has all that is known of it"
            );
        }
    });
    // Who waits is woken, long before the time is over; who waits for nothing waits no longer than was said.
    let (store, other) = (kind.open(), kind.open());
    let epoch = store.head().unwrap().epoch;
    let begun = Instant::now();
    assert_eq!(store.watch(epoch, 10, Duration::from_millis(60)).unwrap(), []);
    assert!((60..5_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let found = store.watch(epoch, 10, Duration::from_secs(60)).unwrap();
            (found.len(), Instant::now())
        });
        std::thread::sleep(Duration::from_millis(100));
        let mut late = Facts::default();
        late.clock.tell(1_000_000);
        other.join(&installation(&mut Random::new(0)), &late, &[]).unwrap();
        let written = Instant::now();
        let (found, woken) = waiting.join().unwrap();
        let late = woken.saturating_duration_since(written);
        assert_eq!(found, 1);
        assert!(late < Duration::from_millis(800), "woken {late:?} after the write");
    });
}

fn what_wants_nothing_or_cannot_be_named_changes_nothing(kind: &dyn Kind) {
    let store = kind.open();
    let place = installation(&mut Random::new(0));
    let mut something = Facts::default();
    something.clock.tell(1);
    let head = store.join(&place, &something, &[]).unwrap().head;
    let nothing = store.transact(&place, &mut |known| {
        assert_eq!(*known, something);
        None
    });
    assert_eq!(nothing.map(|a| (a.head, a.grown)), Ok((head, false)));
    assert_eq!(store.join(&place, &something, &[record("again")]).map(|a| a.head), Ok(head));
    for (app, site) in [("", "s"), ("a", ""), ("a\0", "s"), ("a", "\0s")] {
        let place = Installation { app: app.to_owned(), site: site.to_owned() };
        assert!(matches!(store.join(&place, &something, &[]), Err(Error::Invalid(_))), "{app:?} {site:?}");
        assert!(matches!(store.read(&place), Err(Error::Invalid(_))), "{app:?} {site:?}");
    }
    let unknown = Installation { app: "a".to_owned(), site: "s".to_owned() };
    assert_eq!(store.read(&unknown), Ok((head, None)));
    assert_eq!(store.head(), Ok(head));
}

fn an_export_is_the_history(kind: &dyn Kind) {
    let store = kind.open();
    grow(&*store, 3, 20);
    let entries = history(&*store);
    assert!(entries.iter().any(|entry| !entry.records.is_empty()));
    let lines: Vec<String> = entries.iter().map(Entry::line).collect();
    let read: Vec<Entry> = lines.iter().map(|line| Entry::of_line(line).unwrap()).collect();
    assert_eq!(read, entries);
    assert!(lines.iter().all(|line| !line.contains('\n')));
    assert_eq!(verified(&*store, None), Ok(store.head().unwrap()));
}

fn an_old_copy_is_noticed_and_mended_by_what_it_lacks(kind: &dyn Kind) {
    let folder = tempfile::tempdir().unwrap();
    let witness = Witness::new(folder.path().join("deep/witness"));
    let store = Witnessed::new(kind.open(), witness.clone()).unwrap();
    grow(&store, 1, 10);
    let old = store.head().unwrap();
    kind.back_up();
    grow(&store, 2, 10);
    let newest = store.head().unwrap();
    assert!(newest.epoch > old.epoch);
    let lacking = store.entries(old.epoch, usize::MAX).unwrap();
    drop(store);
    kind.restore();
    let store = kind.open();
    assert_eq!(store.head(), Ok(old), "it does not know of itself that it is old");

    let noticed = Witnessed::new(kind.open(), witness.clone()).map(|_| ());
    let told = noticed.unwrap_err();
    let sentence = format!("ends with entry {}, but entry {} was seen here", old.epoch, newest.epoch);
    assert!(matches!(&told, Error::RolledBack(why) if why.contains(&sentence)), "{told:?}");
    assert_eq!(witness.seen(), Ok(Some(newest)), "what was seen stays seen");

    assert!(matches!(store.append(&lacking[1..]), Err(Error::Invalid(_))), "a gap");
    assert_eq!(store.head(), Ok(old));
    assert_eq!(store.append(&lacking), Ok(newest));
    let mended = Witnessed::new(kind.open(), witness).unwrap();
    assert_eq!(mended.head(), Ok(newest));
    assert_eq!(verified(&*store, Some(newest)), Ok(newest));
}

fn an_old_copy_that_went_on_is_noticed(kind: &dyn Kind) {
    let folder = tempfile::tempdir().unwrap();
    let witness = Witness::new(folder.path().join("witness"));
    let store = Witnessed::new(kind.open(), witness.clone()).unwrap();
    grow(&store, 1, 10);
    kind.back_up();
    grow(&store, 2, 4);
    let seen = store.head().unwrap();
    drop(store);
    kind.restore();
    // Others, who have no witness, write on, past what was seen.
    let others = kind.open();
    let mut seed = 100;
    while others.head().unwrap().epoch < seen.epoch + 2 {
        grow(&*others, seed, 5);
        seed += 1;
    }
    let noticed = Witnessed::new(kind.open(), witness.clone()).map(|_| ()).unwrap_err();
    let sentence = format!("entry {} of the store is not the one that was seen here", seen.epoch);
    assert!(matches!(&noticed, Error::RolledBack(why) if why.contains(&sentence)), "{noticed:?}");
    let fault = verified(&*others, Some(seen)).unwrap_err();
    assert!(fault.starts_with(&format!("entry {}: it is another one", seen.epoch)), "{fault}");
    // Somebody decides that this is the store from now on.
    witness.accept(&*others).unwrap();
    assert!(Witnessed::new(kind.open(), witness).is_ok());
}

fn another_store_is_noticed(kind: &dyn Kind) {
    let folder = tempfile::tempdir().unwrap();
    let witness = Witness::new(folder.path().join("witness"));
    let store = Witnessed::new(kind.open(), witness.clone()).unwrap();
    grow(&store, 1, 5);
    let seen = store.head().unwrap();
    drop(store);
    kind.replace();
    let noticed = Witnessed::new(kind.open(), witness.clone()).map(|_| ()).unwrap_err();
    let sentence = format!("but store {} was seen here", seen.store);
    assert!(matches!(&noticed, Error::RolledBack(why) if why.contains(&sentence)), "{noticed:?}");
    assert_eq!(witness.seen(), Ok(Some(seen)));
}

/// Joins random facts with records, at least one of which is new.
pub(crate) fn grow(store: &dyn Store, seed: u64, most: usize) {
    let mut random = Random::new(seed);
    for (installation, facts) in joins(&mut random, most) {
        let records = random.some(0, 2, |_| record("because \"\u{e9}\""));
        store.join(&installation, &facts, &records).unwrap();
    }
    let place = installation(&mut random);
    let mut new = facts(&mut random);
    let known = store.read(&place).unwrap().1.unwrap_or_default();
    new.clock.tell(known.clock.0.unwrap_or_default() + 1);
    assert!(store.join(&place, &new, &[record("the last one")]).unwrap().grown);
}

/// All entries.
pub(crate) fn history(store: &dyn Store) -> Vec<Entry> {
    let all = store.entries(0, usize::MAX).unwrap();
    let mut paged = Vec::new();
    loop {
        let page = store.entries(paged.len() as u64, 7).unwrap();
        if page.is_empty() {
            assert!(paged == all, "pages are not the whole");
            return all;
        }
        paged.extend(page);
    }
}

/// Where the history ends, or what is wrong with it.
pub(crate) fn verified(store: &dyn Store, known: Option<Head>) -> Result<Head, String> {
    let head = store.head().unwrap();
    let mut verifier = Verifier::new(head.store, known);
    for entry in store.entries(0, usize::MAX).unwrap() {
        verifier.take(&entry).map_err(|fault| fault.to_string())?;
    }
    verifier.end(Some(head)).map_err(|fault| fault.to_string())
}
