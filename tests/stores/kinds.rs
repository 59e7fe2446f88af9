//! The kinds of stores, as the laws see them.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use sprag::ratchet::Installation;
use sprag::state::{Error, Memory, Postgres, Sqlite, Store};

use crate::facts;
use crate::server::Server;

/// A store that can be opened several times, backed up and restored.
pub(crate) trait Kind: Sync {
    /// Another handle of it.
    fn open(&self) -> Box<dyn Store>;
    /// Keeps a copy of it as it is.
    fn back_up(&self);
    /// Puts the copy back in its place, while nobody has it open.
    fn restore(&self);
    /// Puts a new and empty store in its place.
    fn replace(&self);
}

pub(crate) struct InMemory {
    store: Mutex<Memory>,
    copy: Mutex<Option<Memory>>,
}

impl InMemory {
    pub(crate) fn new() -> InMemory {
        InMemory { store: Mutex::new(Memory::new().unwrap()), copy: Mutex::new(None) }
    }
}

impl Kind for InMemory {
    fn open(&self) -> Box<dyn Store> {
        Box::new(self.store.lock().unwrap().clone())
    }

    fn back_up(&self) {
        *self.copy.lock().unwrap() = Some(self.store.lock().unwrap().backup());
    }

    fn restore(&self) {
        *self.store.lock().unwrap() = self.copy.lock().unwrap().as_ref().unwrap().backup();
    }

    fn replace(&self) {
        *self.store.lock().unwrap() = Memory::new().unwrap();
    }
}

pub(crate) struct InSqlite {
    folder: tempfile::TempDir,
}

impl InSqlite {
    pub(crate) fn new() -> InSqlite {
        let kind = InSqlite { folder: tempfile::tempdir().unwrap() };
        Sqlite::create(&kind.file()).unwrap();
        kind
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy.db")
    }

    fn remove(&self) {
        for more in ["", "-wal", "-shm"] {
            let path = self.folder.path().join(format!("state.db{more}"));
            if path.exists() {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

impl Kind for InSqlite {
    fn open(&self) -> Box<dyn Store> {
        Box::new(Sqlite::open(&self.file()).unwrap())
    }

    fn back_up(&self) {
        let connection = rusqlite::Connection::open(self.file()).unwrap();
        connection.execute("VACUUM INTO ?1", [self.copy().to_str().unwrap()]).unwrap();
    }

    fn restore(&self) {
        self.remove();
        fs::copy(self.copy(), self.file()).unwrap();
    }

    fn replace(&self) {
        self.remove();
        Sqlite::create(&self.file()).unwrap();
    }
}

pub(crate) struct InPostgres<'a> {
    server: &'a Server,
    database: String,
}

impl<'a> InPostgres<'a> {
    pub(crate) fn new(server: &'a Server, database: &str) -> InPostgres<'a> {
        server.tell("postgres", &[&format!("CREATE DATABASE {database}")]);
        Postgres::create(&server.url(database)).unwrap();
        InPostgres { server, database: database.to_owned() }
    }
}

impl Kind for InPostgres<'_> {
    fn open(&self) -> Box<dyn Store> {
        Box::new(Postgres::open(&self.server.url(&self.database)).unwrap())
    }

    fn back_up(&self) {
        let name = &self.database;
        let others =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        let copy = format!("CREATE DATABASE {name}_copy TEMPLATE {name}");
        self.server.tell("postgres", &[&others, &copy]);
    }

    fn restore(&self) {
        let name = &self.database;
        let gone = format!("DROP DATABASE {name} WITH (FORCE)");
        let back = format!("CREATE DATABASE {name} TEMPLATE {name}_copy");
        self.server.tell("postgres", &[&gone, &back]);
    }

    fn replace(&self) {
        let name = &self.database;
        let gone = format!("DROP DATABASE {name} WITH (FORCE)");
        self.server.tell("postgres", &[&gone, &format!("CREATE DATABASE {name}")]);
        Postgres::create(&self.server.url(name)).unwrap();
    }
}

/// Not a law of all stores: only a server has connections to lose.
pub(crate) fn lost_connections_are_made_anew(server: &Server) {
    let kind = InPostgres::new(server, "lost");
    let store = kind.open();
    let installation = Installation { app: "a".to_owned(), site: "s".to_owned() };
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'";
    for round in 0..5_i64 {
        let mut facts = sprag::ratchet::Facts::default();
        facts.clock.tell(round);
        let acknowledged = store.join(&installation, &facts, &[facts::record("again")]).unwrap();
        assert_eq!(acknowledged.head.epoch, round as u64 + 1);
        server.tell("postgres", &[cut]);
        assert_eq!(store.read(&installation).unwrap().1, Some(facts));
        server.tell("postgres", &[cut]);
    }
}

/// Must come last: the server may lose commits from then on.
pub(crate) fn a_server_that_may_lose_commits_is_refused(server: &Server) {
    let kind = InPostgres::new(server, "fragile");
    let store = kind.open();
    // The one turns back what others turned; only sessions that begin later are told.
    server.tell("postgres", &["ALTER DATABASE fragile SET synchronous_commit = off"]);
    let installation = Installation { app: "a".to_owned(), site: "s".to_owned() };
    let mut facts = sprag::ratchet::Facts::default();
    facts.clock.tell(1);
    store.join(&installation, &facts, &[]).unwrap();
    server.tell("postgres", &["ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"]);
    std::thread::sleep(std::time::Duration::from_millis(200));
    let refused = Postgres::open(&server.url("fragile")).map(|_| ()).unwrap_err();
    assert!(matches!(&refused, Error::Unreachable(why) if why.contains("fsync = off")), "{refused:?}");
}
