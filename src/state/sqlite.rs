//! A store in one file, for one machine: SQLite with a write-ahead log that is synced before a commit returns.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use super::schema::{Row, number};
use super::{
    Acknowledged, Changer, Entry, Error, Head, Snapshot, Store, StoreId, appended, chain, continued, named,
    schema,
};
use crate::ratchet::{Facts, Installation};

/// How long one waits for other processes that write.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a watcher looks. SQLite tells nobody in another process.
const POLL: Duration = Duration::from_millis(20);

/// `SPRG`: what the file says of itself to programs such as `file`.
const APPLICATION: i64 = 0x5350_5247;

/// The steps of the schema: the first makes it, each later one makes of one version the next.
const STEPS: [&str; schema::VERSION] = [
    "CREATE TABLE sprag_store (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        version INTEGER NOT NULL, store TEXT NOT NULL, epoch INTEGER NOT NULL, hash BLOB NOT NULL
    ) STRICT;
    CREATE TABLE sprag_entry (
        epoch INTEGER PRIMARY KEY,
        app TEXT NOT NULL, site TEXT NOT NULL, entry TEXT NOT NULL, hash BLOB NOT NULL
    ) STRICT;",
    "CREATE INDEX sprag_entry_of ON sprag_entry (app, site, epoch);
    CREATE TRIGGER sprag_entry_kept BEFORE UPDATE ON sprag_entry
        BEGIN SELECT raise(ABORT, 'entries are never changed'); END;
    CREATE TRIGGER sprag_entry_stays BEFORE DELETE ON sprag_entry
        BEGIN SELECT raise(ABORT, 'entries are never removed'); END;",
    "CREATE TABLE sprag_latest (
        app TEXT NOT NULL, site TEXT NOT NULL, epoch INTEGER NOT NULL, PRIMARY KEY (app, site)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO sprag_latest SELECT app, site, max(epoch) FROM sprag_entry GROUP BY app, site;",
];

/// A store in a file. Any number of processes on one machine may have it open; a file on a network drive is no
/// place for it.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Sqlite {
    /// The store in this file, brought to the newest schema.
    ///
    /// # Errors
    ///
    /// There is no file, it is no store, of a newer schema, or cannot be opened.
    pub fn open(path: &Path) -> Result<Sqlite, Error> {
        if !path.exists() {
            return Err(Error::Missing(format!("there is no store in {}", path.display())));
        }
        let store = Sqlite::at(path, OpenFlags::empty())?;
        store.migrate(false)?;
        Ok(store)
    }

    /// As [`Sqlite::open`], but makes the store where there is none.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`].
    pub fn create(path: &Path) -> Result<Sqlite, Error> {
        let store = Sqlite::at(path, OpenFlags::SQLITE_OPEN_CREATE)?;
        store.migrate(true)?;
        Ok(store)
    }

    fn at(path: &Path, more: OpenFlags) -> Result<Sqlite, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let says = |e: &rusqlite::Error| error(path, e);
        let connection = Connection::open_with_flags(path, flags).map_err(|e| says(&e))?;
        connection.busy_timeout(PATIENCE).map_err(|e| says(&e))?;
        let mode = write_ahead(&connection).map_err(|e| says(&e))?;
        if mode != "wal" {
            let sentence = format!("{}: the file system does not carry a write-ahead log", path.display());
            return Err(Error::Unreachable(sentence));
        }
        // `fullfsync` is for macOS, where `fsync` alone leaves data in the drive's cache.
        let durable = "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;";
        connection.execute_batch(durable).map_err(|e| says(&e))?;
        Ok(Sqlite { path: path.to_owned(), connection: Mutex::new(connection) })
    }

    fn migrate(&self, make: bool) -> Result<(), Error> {
        self.write(|transaction| {
            let path = self.path.display();
            let tables: i64 =
                transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
            let known = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'sprag_store'";
            let ours: i64 = transaction.query_row(known, [], |row| row.get(0))?;
            let version = match (ours, tables) {
                (0, 0) if make => 0,
                (0, 0) => return Ok(Err(Error::Missing(format!("there is no store in {path}")))),
                (0, _) => return Ok(Err(Error::Invalid(format!("{path} is a database of another program")))),
                (_, _) => transaction.query_row("SELECT version FROM sprag_store", [], |row| row.get(0))?,
            };
            let steps = match schema::steps(&STEPS, version, &path.to_string()) {
                Ok(steps) => steps,
                Err(newer) => return Ok(Err(newer)),
            };
            for (step, number) in steps {
                transaction.execute_batch(step)?;
                if number == 1 {
                    let store = match StoreId::new() {
                        Ok(store) => store,
                        Err(none) => return Ok(Err(none)),
                    };
                    transaction.pragma_update(None, "application_id", APPLICATION)?;
                    let first = "INSERT INTO sprag_store VALUES (1, 1, ?1, 0, ?2)";
                    transaction.execute(first, (store.to_string(), chain::beginning(store).0))?;
                }
                transaction.execute("UPDATE sprag_store SET version = ?1", [number])?;
            }
            Ok(Ok(()))
        })
    }

    /// Runs this in one transaction, the only one that writes, and commits it if it did not fail.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut connection = self.connection();
        let says = |e: rusqlite::Error| error(&self.path, &e);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(says)?;
        let done = work(&transaction).map_err(says)??;
        transaction.commit().map_err(|e| match e.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => says(e),
            Some(_) | None => Error::Uncertain(says(e).to_string()),
        })?;
        Ok(done)
    }

    /// Runs this on what the store holds at one moment.
    fn look<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut connection = self.connection();
        let says = |e: rusqlite::Error| error(&self.path, &e);
        let transaction = connection.transaction().map_err(says)?;
        work(&transaction).map_err(says)?
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // Who panicked while holding it rolled its transaction back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Sqlite {
    fn head(&self) -> Result<Head, Error> {
        self.look(head)
    }

    fn transact(&self, installation: &Installation, change: &mut Changer<'_>) -> Result<Acknowledged, Error> {
        named(installation)?;
        self.write(|transaction| {
            let before = match (head(transaction)?, latest(transaction, installation)?) {
                (Ok(head), Ok(facts)) => (head, facts.unwrap_or_default()),
                (Err(e), _) | (_, Err(e)) => return Ok(Err(e)),
            };
            let (head, facts) = before;
            match appended(&head, installation, &facts, change) {
                Ok(None) => Ok(Ok(Acknowledged { head, grown: false })),
                Ok(Some(entry)) => {
                    let head = append(transaction, &head, std::slice::from_ref(&entry))?;
                    Ok(head.map(|head| Acknowledged { head, grown: true }))
                }
                Err(e) => Ok(Err(e)),
            }
        })
    }

    fn snapshot(&self) -> Result<Snapshot, Error> {
        self.look(|transaction| {
            let head = match head(transaction)? {
                Ok(head) => head,
                Err(e) => return Ok(Err(e)),
            };
            let last = "SELECT epoch, app, site, entry, hash FROM sprag_entry
                WHERE epoch IN (SELECT max(epoch) FROM sprag_entry GROUP BY app, site)";
            let mut statement = transaction.prepare_cached(last)?;
            let found = statement.query_map([], row)?.collect::<rusqlite::Result<Vec<_>>>()?;
            let mut statement = transaction.prepare_cached("SELECT app, site, epoch FROM sprag_latest")?;
            let told = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
            Ok(schema::snapshot(head, &found, told.collect::<rusqlite::Result<_>>()?))
        })
    }

    fn read(&self, installation: &Installation) -> Result<(Head, Option<Facts>), Error> {
        named(installation)?;
        self.look(|transaction| {
            let (head, facts) = (head(transaction)?, latest(transaction, installation)?);
            Ok(head.and_then(|head| Ok((head, facts?))))
        })
    }

    fn entries(&self, after: u64, most: usize) -> Result<Vec<Entry>, Error> {
        let (after, most) = (number(after), number(most as u64));
        self.look(|transaction| {
            let next = "SELECT epoch, app, site, entry, hash FROM sprag_entry WHERE epoch > ?1 ORDER BY epoch LIMIT ?2";
            let mut statement = transaction.prepare_cached(next)?;
            let rows = statement.query_map([after, most], row)?.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(rows.into_iter().map(|row| row.found()).collect())
        })
    }

    fn watch(&self, after: u64, most: usize, timeout: Duration) -> Result<Vec<Entry>, Error> {
        let begun = Instant::now();
        loop {
            if self.head()?.epoch > after {
                return self.entries(after, most);
            }
            let left = timeout.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(Vec::new());
            }
            std::thread::sleep(left.min(POLL));
        }
    }

    fn append(&self, entries: &[Entry]) -> Result<Head, Error> {
        self.write(|transaction| match head(transaction)? {
            Ok(head) => append(transaction, &head, entries),
            Err(e) => Ok(Err(e)),
        })
    }
}

/// Turns the write-ahead log on, and says what SQLite then keeps. Who turns a new file over needs it alone, and
/// for that SQLite asks no busy handler: its time-out does not count here, so that one has to wait oneself.
fn write_ahead(connection: &Connection) -> rusqlite::Result<String> {
    let begun = Instant::now();
    loop {
        let told = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match told.as_ref().map_err(rusqlite::Error::sqlite_error_code) {
            Err(Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(POLL);
            }
            Ok(_) | Err(_) => return told,
        }
    }
}

fn head(transaction: &Transaction<'_>) -> rusqlite::Result<Result<Head, Error>> {
    let mut statement = transaction.prepare_cached("SELECT store, epoch, hash FROM sprag_store")?;
    statement.query_row([], |row| {
        let (store, epoch, hash): (String, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(schema::head(&store, epoch, &hash))
    })
}

fn latest(
    transaction: &Transaction<'_>,
    installation: &Installation,
) -> rusqlite::Result<Result<Option<Facts>, Error>> {
    let last = "SELECT epoch, app, site, entry, hash FROM sprag_entry WHERE app = ?1 AND site = ?2
        ORDER BY epoch DESC LIMIT 1";
    let mut statement = transaction.prepare_cached(last)?;
    let found = statement.query_row((&installation.app, &installation.site), row).optional()?;
    let told = "SELECT epoch FROM sprag_latest WHERE app = ?1 AND site = ?2";
    let mut statement = transaction.prepare_cached(told)?;
    let told = statement.query_row((&installation.app, &installation.site), |row| row.get(0)).optional()?;
    Ok(schema::latest(installation, found.as_ref(), told))
}

fn append(
    transaction: &Transaction<'_>,
    head: &Head,
    entries: &[Entry],
) -> rusqlite::Result<Result<Head, Error>> {
    let head = match continued(head, entries) {
        Ok(head) => head,
        Err(e) => return Ok(Err(e)),
    };
    let mut statement = transaction.prepare_cached("INSERT INTO sprag_entry VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let latest = "INSERT INTO sprag_latest VALUES (?1, ?2, ?3)
        ON CONFLICT (app, site) DO UPDATE SET epoch = excluded.epoch";
    let mut latest = transaction.prepare_cached(latest)?;
    for entry in entries {
        let Installation { app, site } = &entry.installation;
        statement.execute((number(entry.epoch), app, site, &entry.text, entry.hash.0))?;
        latest.execute((app, site, number(entry.epoch)))?;
    }
    let told = "UPDATE sprag_store SET epoch = ?1, hash = ?2";
    transaction.execute(told, (number(head.epoch), head.hash.0))?;
    Ok(Ok(head))
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let (epoch, app, site) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Row { epoch, app, site, entry: row.get(3)?, hash: row.get(4)? })
}

fn error(path: &Path, error: &rusqlite::Error) -> Error {
    let sentence = format!("{}: {error}", path.display());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Error::Damaged(sentence),
        Some(_) => Error::Unreachable(sentence),
        // A column of another type, or none: not what we wrote.
        None => Error::Damaged(sentence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No test can cut the power. What SQLite promises for it, it promises for these settings.
    #[test]
    fn commits_are_synced_whoever_opened_the_file_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        drop(Sqlite::create(&path).unwrap());
        for store in [Sqlite::open(&path).unwrap(), Sqlite::create(&path).unwrap()] {
            let connection = store.connection();
            let number =
                |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!(number("synchronous"), 2, "FULL");
            assert_eq!(number("fullfsync"), 1);
            assert_eq!(number("application_id"), APPLICATION);
            let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
            assert_eq!(mode, "wal");
        }
    }
}
