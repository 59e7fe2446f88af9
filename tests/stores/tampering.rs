//! Whoever changes a history is found out.

use sprag::ratchet::{Facts, Installation};
use sprag::state::{Entry, Error, Head, Memory, Sqlite, Store, Verifier, Witness, Witnessed};

use crate::facts::record;
use crate::kinds::Kind;
use crate::laws::{grow, history, verified};

/// A history in which something was changed is refused at the first entry where that is to be seen.
pub(crate) fn is_found_at_the_first_entry(kind: &dyn Kind) {
    let store = kind.open();
    let mut seed = 0;
    while store.head().unwrap().epoch < 12 {
        grow(&*store, seed, 6);
        seed += 1;
    }
    let entries = history(&*store);
    let head = store.head().unwrap();
    let lines: Vec<String> = entries.iter().map(Entry::line).collect();
    let last = lines.len();

    #[track_caller]
    fn check(lines: Vec<String>, heads: [Option<Head>; 2], store: Head, at: u64, what: &str) {
        let fault = read(&lines, heads, store).unwrap_err();
        assert_eq!(fault.0, at, "{fault:?}");
        assert!(fault.1.contains(what), "{fault:?}");
    }
    assert_eq!(read(&lines, [Some(head), Some(head)], head), Ok(head));

    for at in 0..last {
        let number = at as u64 + 1;
        let changed = |new: String| {
            let mut lines = lines.clone();
            lines[at] = new;
            lines
        };
        for (word, other) in
            [("\"version\":1", "\"clock\":9999,\"version\":1"), ("\"site\":\"", "\"site\":\"x")]
        {
            let new = lines[at].replacen(word, other, 1);
            assert_ne!(new, lines[at]);
            // What is no valid text any more is caught by reading it, with the number of its line.
            let caught = read(&changed(new), [None, None], head).unwrap_err();
            assert_eq!(caught.0, number, "{caught:?}");
        }
        if at + 1 < last {
            let mut removed = lines.clone();
            removed.remove(at);
            check(removed, [None, None], head, number, &format!("in its place stands entry {}", number + 1));
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            check(swapped, [None, None], head, number, "in its place");
            // Cut off: the head that was kept elsewhere knows, or the store's own.
            check(lines[..at].to_vec(), [Some(head), None], head, number, "it is missing; up to entry");
            check(lines[..at].to_vec(), [None, Some(head)], head, number, "it is missing; the store itself");
        }
        let mut twice = lines.clone();
        twice.insert(at, lines[at].clone());
        check(twice, [None, None], head, number + 1, &format!("in its place stands entry {number}"));
    }
    // Whoever can compute hashes and writes one entry anew is betrayed by the next one.
    let mut important = true;
    let other = other_history(&entries, &mut |_, value| {
        let first = value["records"].as_array_mut().unwrap().first_mut();
        if let Some(first) = first.filter(|_| std::mem::take(&mut important)) {
            first["why"] = "of no importance".into();
        }
    });
    let first = lines.iter().zip(&other).position(|(line, other)| line != other).unwrap();
    assert!(first + 1 < last);
    let mut changed = lines.clone();
    changed[first].clone_from(&other[first]);
    check(changed, [None, None], head, first as u64 + 2, "it does not continue the entry before");
    // Whoever writes everything after it anew is betrayed by what was seen.
    assert_eq!(read(&other, [None, None], head).map(|end| end.epoch), Ok(head.epoch));
    check(other, [Some(head), None], head, head.epoch, "it is another one than was seen here before");
    // No entry forgets what an earlier one of the same installation knew, however right its hash is.
    let knows = |before: &Entry, entry: &Entry| {
        before.installation == entry.installation && before.facts != Facts::default()
    };
    let has_past = |at: &usize| entries[..*at].iter().any(|before| knows(before, &entries[*at]));
    let forgets = (0..last).rfind(has_past).unwrap();
    let forgetful = other_history(&entries, &mut |at, value| {
        if at == forgets {
            value["facts"] = serde_json::json!({ "version": 1 });
        }
    });
    check(forgetful, [None, None], head, forgets as u64 + 1, "it takes back what was known before");
}

/// The end of the history in these lines, or the number of the bad one and what is wrong.
fn read(lines: &[String], [known, told]: [Option<Head>; 2], store: Head) -> Result<Head, (u64, String)> {
    let mut verifier = Verifier::new(store.store, known);
    for (line, number) in lines.iter().zip(1..) {
        let entry = Entry::of_line(line).map_err(|why| (number, why))?;
        verifier.take(&entry).map_err(|fault| (fault.epoch, fault.what))?;
    }
    verifier.end(told).map_err(|fault| (fault.epoch, fault.what))
}

/// The same with each entry changed so, and all hashes right: as documented in `docs/state.md`, so that this also
/// checks what is said there.
fn other_history(entries: &[Entry], change: &mut dyn FnMut(usize, &mut serde_json::Value)) -> Vec<String> {
    use sha2::{Digest, Sha256};
    let mut previous = entries[0].previous.to_string();
    let mut lines = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let mut value: serde_json::Value = serde_json::from_str(&entry.line()).unwrap();
        let members = value.as_object_mut().unwrap();
        members.shift_remove("hash");
        members.insert("previous".to_owned(), previous.clone().into());
        change(at, &mut value);
        let body = value.to_string(); // the members stand in order already
        let hash = Sha256::new().chain_update("sprag state entry 1\0").chain_update(&body).finalize();
        previous = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        lines.push(format!("{},\"hash\":\"{previous}\"}}", body.strip_suffix('}').unwrap()));
    }
    lines
}

/// A database with its triggers gone, as one who owns it can have it.
#[test]
fn who_changes_the_database_is_found_out() {
    let cases: [(&str, &str, Option<u64>); 7] = [
        (
            "UPDATE sprag_entry SET entry = replace(entry, '\"clock\":5', '\"clock\":6') WHERE epoch = 5",
            "was changed",
            Some(5),
        ),
        ("DELETE FROM sprag_entry WHERE epoch = 4", "in its place stands entry 5", Some(4)),
        ("DELETE FROM sprag_entry WHERE epoch > 7", "the store itself tells of 8", Some(8)),
        (
            "DELETE FROM sprag_entry WHERE epoch > 7; UPDATE sprag_store SET epoch = 7,
                hash = (SELECT hash FROM sprag_entry WHERE epoch = 7)",
            "up to entry 8 were seen here",
            Some(8),
        ),
        ("UPDATE sprag_entry SET site = 'elsewhere' WHERE epoch = 8", "filed under another", None),
        ("UPDATE sprag_entry SET epoch = epoch + 100 WHERE epoch = 8", "says that it is entry 8", None),
        ("UPDATE sprag_entry SET entry = 'x' WHERE epoch = 8", "cannot be read", None),
    ];
    for (tampers, says, at) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let store = Sqlite::create(&path).unwrap();
        let place = Installation { app: "a".to_owned(), site: "s".to_owned() };
        for clock in 1..=8 {
            let mut facts = Facts::default();
            facts.clock.tell(clock);
            store.join(&place, &facts, &[record("x")]).unwrap();
        }
        let head = store.head().unwrap();
        let connection = rusqlite::Connection::open(&path).unwrap();
        let refused = connection.execute_batch(tampers).unwrap_err().to_string();
        assert!(refused.contains("entries are never"), "{refused}");
        let gone = "DROP TRIGGER sprag_entry_kept; DROP TRIGGER sprag_entry_stays;";
        connection.execute_batch(gone).unwrap();
        connection.execute_batch(tampers).unwrap();
        match at {
            Some(at) => {
                // Where the store betrays itself, nobody needs to have seen it.
                let known = says.contains("seen here").then_some(head);
                let fault = verified(&store, known).unwrap_err();
                assert!(
                    fault.starts_with(&format!("entry {at}: ")) && fault.contains(says),
                    "{tampers}: {fault}"
                );
            }
            None => {
                let damaged = store.entries(0, 100).unwrap_err();
                assert!(
                    matches!(&damaged, Error::Damaged(why) if why.contains(says)),
                    "{tampers}: {damaged}"
                );
            }
        }
    }
}

/// What was changed is not believed either, long before anybody verifies.
#[test]
fn a_changed_entry_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = Sqlite::create(&path).unwrap();
    let place = Installation { app: "a".to_owned(), site: "s".to_owned() };
    let mut facts = Facts::default();
    facts.clock.tell(5);
    store.join(&place, &facts, &[]).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let tampers = "DROP TRIGGER sprag_entry_kept;
        UPDATE sprag_entry SET entry = replace(entry, '\"clock\":5', '\"clock\":6');";
    connection.execute_batch(tampers).unwrap();
    assert!(matches!(store.read(&place), Err(Error::Damaged(_))));
    assert!(matches!(store.snapshot(), Err(Error::Damaged(_))));
    assert!(matches!(store.join(&place, &facts, &[]), Err(Error::Damaged(_))));
}

/// A bit flips where SQLite looks up an installation's latest entry: then there is no answer, or the right one, but
/// never that of an older entry; and who verifies the store is told.
#[test]
fn no_flipped_bit_makes_an_older_entry_the_latest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let places = ["acme", "globex", "initech"];
    let place = |site: &str| Installation { app: "app".to_owned(), site: site.to_owned() };
    let store = Sqlite::create(&path).unwrap();
    for clock in 1..=12 {
        let mut facts = Facts::default();
        facts.clock.tell(clock);
        store.join(&place(places[clock as usize % 3]), &facts, &[]).unwrap();
    }
    let latest: Vec<Facts> = places.iter().map(|site| store.read(&place(site)).unwrap().1.unwrap()).collect();
    let head = store.head().unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let number = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap() as usize;
    let size = number("PRAGMA page_size");
    let pages = ["sprag_entry_of", "sprag_latest"]
        .map(|name| number(&format!("SELECT rootpage FROM sqlite_schema WHERE name = '{name}'")) - 1);
    drop(connection);
    let whole = std::fs::read(&path).unwrap();
    let (mut refused, mut found) = (0, 0);
    for page in pages {
        for byte in (page * size..(page + 1) * size).filter(|byte| whole[*byte] != 0) {
            let mut flipped = whole.clone();
            flipped[byte] ^= 1 << (byte % 8);
            std::fs::write(&path, &flipped).unwrap();
            let Ok(store) = Sqlite::open(&path) else { continue };
            for (site, facts) in places.iter().zip(&latest) {
                match store.read(&place(site)) {
                    Ok((_, read)) => assert_eq!(read.as_ref(), Some(facts), "byte {byte} of page {page}"),
                    Err(_) => refused += 1,
                }
            }
            let told =
                store.snapshot().map(|snapshot| snapshot.installations.into_values().collect::<Vec<_>>());
            match told {
                Ok(told) => assert_eq!(told, latest, "byte {byte} of page {page}"),
                Err(_) => found += 1,
            }
        }
    }
    assert!(refused > 100 && found > 100, "{refused} {found}");
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(Sqlite::open(&path).unwrap().head(), Ok(head));
}

/// What this machine has seen is not guessed at, and nothing is acknowledged that it could not note.
#[test]
fn a_witness_that_cannot_be_read_or_written_is_no_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("witness");
    let memory = Memory::new().unwrap();
    let open = || Witnessed::new(Box::new(memory.clone()), Witness::new(path.clone()));
    let store = open().unwrap();
    grow(&store, 1, 3);
    let seen = std::fs::read_to_string(&path).unwrap();
    let cut = &seen[..seen.len() / 2];
    for damaged in ["", "{}", cut, &seen.replace("sprag-witness-1", "sprag-witness-2")] {
        std::fs::write(&path, damaged).unwrap();
        assert!(matches!(open().map(|_| ()), Err(Error::Damaged(_))), "{damaged:?}");
        assert!(matches!(store.snapshot(), Err(Error::Damaged(_))), "{damaged:?}");
    }
    std::fs::write(&path, &seen).unwrap();
    store.snapshot().unwrap();
    // In the place where the new one is written lies a folder.
    std::fs::create_dir(folder.path().join("witness.new")).unwrap();
    let mut facts = Facts::default();
    facts.clock.tell(1_000_000);
    let place = Installation { app: "a".to_owned(), site: "s".to_owned() };
    assert!(matches!(store.join(&place, &facts, &[]), Err(Error::Unreachable(_))));
    std::fs::remove_dir(folder.path().join("witness.new")).unwrap();
    assert_eq!(
        store.join(&place, &facts, &[]).map(|a| a.grown),
        Ok(false),
        "it was kept, and is acknowledged now"
    );
}
