//! Stores of older versions are brought to the newest schema, those of newer ones refused.

use std::path::Path;

use sprag::ratchet::{Facts, Installation};
use sprag::state::{Error, Head, Postgres, Sqlite, Store};

use crate::laws::verified;
use crate::server::Server;

/// The store that both fixtures hold.
fn check(store: &dyn Store) {
    let head: Head = store.head().unwrap();
    assert_eq!((head.epoch, head.store.to_string().as_str()), (2, "000102030405060708090a0b0c0d0e0f"));
    verified(store, None).unwrap();
    let place = Installation { app: "com.acme.timesheets".to_owned(), site: "acme".to_owned() };
    let known = store.read(&place).unwrap().1.unwrap();
    assert_eq!((known.clock.0, known.installed.0), (Some(200), Some(100)));
    let mut more = Facts::default();
    more.clock.tell(300);
    assert_eq!(store.join(&place, &more, &[]).unwrap().head.epoch, 3);
    verified(store, Some(head)).unwrap();
}

#[test]
fn a_file_of_the_first_version_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(include_str!("v1.sqlite.sql")).unwrap();
    check(&Sqlite::open(&path).unwrap());
    // Once only.
    Sqlite::open(&path).unwrap().head().unwrap();
    let version: i64 = connection.query_row("SELECT version FROM sprag_store", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 3);
    let changed = connection.execute_batch("DELETE FROM sprag_entry").unwrap_err();
    assert!(changed.to_string().contains("entries are never removed"), "{changed}");

    connection.execute_batch("UPDATE sprag_store SET version = 4").unwrap();
    let newer = Sqlite::open(&path).map(|_| ()).unwrap_err();
    let says = "has schema 4, and this version of the program knows those up to 3";
    assert!(matches!(&newer, Error::Damaged(why) if why.contains(says)), "{newer}");
}

pub(crate) fn postgres(server: &Server) {
    server.tell("postgres", &["CREATE DATABASE old"]);
    server.tell("old", &[include_str!("v1.postgres.sql")]);
    check(&Postgres::open(&server.url("old")).unwrap());
    Postgres::open(&server.url("old")).unwrap().head().unwrap();
    server.tell("old", &["UPDATE sprag_store SET version = 4"]);
    let newer = Postgres::open(&server.url("old")).map(|_| ()).unwrap_err();
    assert!(matches!(&newer, Error::Damaged(why) if why.contains("has schema 4")), "{newer}");

    server.tell("postgres", &["CREATE DATABASE nothing"]);
    let missing = Postgres::open(&server.url("nothing")).map(|_| ()).unwrap_err();
    assert!(matches!(missing, Error::Missing(_)), "{missing}");
    // All make it at once, and one store comes out.
    let heads: Vec<Head> = std::thread::scope(|scope| {
        let make = || Postgres::create(&server.url("nothing")).unwrap().head().unwrap();
        let makers: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    assert!(heads.iter().all(|head| *head == heads[0]), "{heads:?}");
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let missing = Sqlite::open(&at("none.db")).map(|_| ()).unwrap_err();
    assert!(matches!(missing, Error::Missing(_)) && !at("none.db").exists(), "{missing}");

    std::fs::write(at("text"), "this is a text and no database at all, however long it may be".repeat(40))
        .unwrap();
    let text = Sqlite::create(&at("text")).map(|_| ()).unwrap_err();
    assert!(matches!(text, Error::Damaged(_)), "{text}");

    let other = rusqlite::Connection::open(at("other.db")).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    let refused = Sqlite::create(&at("other.db")).map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)), "{refused}");
    std::fs::write(at("empty.db"), "").unwrap();
    let empty = Sqlite::open(&at("empty.db")).map(|_| ()).unwrap_err();
    assert!(matches!(empty, Error::Missing(_)), "{empty}");
    assert!(Path::new(&at("empty.db")).exists());
}

#[test]
fn all_make_one_file_at_once_and_one_store_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let heads: Vec<Head> = std::thread::scope(|scope| {
        let make = || Sqlite::create(&path).unwrap().head().unwrap();
        let makers: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    assert!(heads.iter().all(|head| *head == heads[0]), "{heads:?}");
}

/// Who makes a store turns its file to a write-ahead log, and SQLite's own patience does not hold for that.
#[test]
fn who_makes_a_file_waits_for_who_writes_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let store = std::thread::scope(|scope| {
        let maker = scope.spawn(|| Sqlite::create(&path));
        std::thread::sleep(std::time::Duration::from_millis(200));
        other.execute_batch("ROLLBACK").unwrap();
        maker.join().unwrap()
    });
    assert_eq!(store.unwrap().head().unwrap().epoch, 0);
}
