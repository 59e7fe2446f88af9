//! A store for several nodes: PostgreSQL, which tells all of them when it grows.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postgres::config::{Host, SslMode, TargetSessionAttrs};
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Config, IsolationLevel, NoTls, Transaction};

use super::encryption::{self, Encryption};
use super::schema::{Row, number};
use super::{
    Acknowledged, Address, Changer, Entry, Error, Head, Snapshot, Store, StoreId, appended, chain, continued,
    named, schema,
};
use crate::ratchet::{Facts, Installation};

/// How long one goes on trying while the server is away or another writer holds the lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// A watcher looks that often even if it is told nothing: poolers between here and the server can swallow
/// notifications.
const HEARTBEAT: Duration = Duration::from_secs(1);

const CHANNEL: &str = "sprag_store";

/// Any number, the same for all who make or migrate the tables, so that one does.
const MIGRATION_LOCK: i64 = 0x7370_7261_6773_7461;

/// As those of the store in a file.
const STEPS: [&str; schema::VERSION] = [
    "CREATE TABLE sprag_store (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        version BIGINT NOT NULL, store TEXT NOT NULL, epoch BIGINT NOT NULL, hash BYTEA NOT NULL
    );
    CREATE TABLE sprag_entry (
        epoch BIGINT PRIMARY KEY,
        app TEXT NOT NULL, site TEXT NOT NULL, entry TEXT NOT NULL, hash BYTEA NOT NULL
    );",
    "CREATE INDEX sprag_entry_of ON sprag_entry (app, site, epoch);
    CREATE FUNCTION sprag_entry_stays() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'entries are never changed and never removed'; END $$;
    CREATE TRIGGER sprag_entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON sprag_entry
        FOR EACH STATEMENT EXECUTE FUNCTION sprag_entry_stays();",
    "CREATE TABLE sprag_latest (
        app TEXT NOT NULL, site TEXT NOT NULL, epoch BIGINT NOT NULL, PRIMARY KEY (app, site)
    );
    INSERT INTO sprag_latest SELECT app, site, max(epoch) FROM sprag_entry GROUP BY app, site;",
];

/// A store in a database. Lost connections are made anew.
pub struct Postgres {
    /// Without password.
    shown: String,
    config: Config,
    encryption: Option<Encryption>,
    /// Connections that nobody uses just now: whoever works takes one, so that nobody waits for another's patience.
    clients: Mutex<Vec<Client>>,
    /// The same of connections that listen.
    listeners: Mutex<Vec<Client>>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Postgres").field(&self.shown).finish()
    }
}

impl Postgres {
    /// The store in the database with this URL, brought to the newest schema.
    ///
    /// # Errors
    ///
    /// The database cannot be used, or holds no store, or one of a newer schema.
    pub fn open(url: &str) -> Result<Postgres, Error> {
        let store = Postgres::at(url)?;
        match store.version()? {
            None => Err(Error::Missing(format!("there is no store in {}", store.shown))),
            Some(version) if version == number(schema::VERSION as u64) => Ok(store),
            Some(_) => store.migrate().map(|()| store),
        }
    }

    /// As [`Postgres::open`], but makes the tables where there are none.
    ///
    /// # Errors
    ///
    /// As [`Postgres::open`].
    pub fn create(url: &str) -> Result<Postgres, Error> {
        let store = Postgres::at(url)?;
        store.migrate()?;
        Ok(store)
    }

    fn at(url: &str) -> Result<Postgres, Error> {
        let shown = Address::Postgres(url.to_owned()).to_string();
        let (url, encryption) =
            encryption::taken(url).map_err(|why| Error::Invalid(format!("{shown}: {why}")))?;
        let mut config: Config =
            url.parse().map_err(|e| Error::Invalid(format!("{shown} is no URL of a database: {e}")))?;
        let is_socket = |host: &Host| match host {
            Host::Tcp(_) => false,
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        if encryption.is_some() && config.get_hosts().iter().any(is_socket) {
            let why = "what goes over a socket of this machine is not encrypted; leave sslmode out";
            return Err(Error::Invalid(format!("{shown}: {why}")));
        }
        config.ssl_mode(if encryption.is_some() { SslMode::Require } else { SslMode::Disable });
        // A standby may lag behind: what it does not know yet, it would permit.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("sprag");
        }
        let [clients, listeners] = [Mutex::new(Vec::new()), Mutex::new(Vec::new())];
        Ok(Postgres { shown, config, encryption, clients, listeners })
    }

    fn version(&self) -> Result<Option<i64>, Error> {
        self.run(&mut |transaction| {
            let there = "SELECT to_regclass('sprag_store') IS NOT NULL";
            if !transaction.query_one(there, &[])?.try_get::<_, bool>(0)? {
                return Ok(Ok(None));
            }
            let version = transaction.query_one("SELECT version FROM sprag_store", &[])?;
            Ok(Ok(Some(version.try_get(0)?)))
        })
    }

    fn migrate(&self) -> Result<(), Error> {
        self.run(&mut |transaction| {
            transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK])?;
            let there = "SELECT to_regclass('sprag_store') IS NOT NULL";
            let version = match transaction.query_one(there, &[])?.try_get(0)? {
                true => transaction.query_one("SELECT version FROM sprag_store", &[])?.try_get(0)?,
                false => 0,
            };
            let steps = match schema::steps(&STEPS, version, &self.shown) {
                Ok(steps) => steps,
                Err(newer) => return Ok(Err(newer)),
            };
            for (step, number) in steps {
                transaction.batch_execute(step)?;
                if number == 1 {
                    let store = match StoreId::new() {
                        Ok(store) => store,
                        Err(none) => return Ok(Err(none)),
                    };
                    let first = "INSERT INTO sprag_store VALUES (1, 1, $1, 0, $2)";
                    let beginning = chain::beginning(store);
                    transaction.execute(first, &[&store.to_string(), &beginning.0.as_slice()])?;
                }
                transaction.execute("UPDATE sprag_store SET version = $1", &[&number])?;
            }
            Ok(Ok(()))
        })
    }

    /// Runs this in a transaction and commits it if it did not fail. While the server is away, or its answer to the
    /// commit was lost, it is run again: whatever is joined twice is joined once.
    fn run<T>(&self, work: &mut Work<'_, T>) -> Result<T, Error> {
        self.within(IsolationLevel::ReadCommitted, false, work)
    }

    /// Runs this on what the store holds at one moment.
    fn look<T>(&self, work: &mut Work<'_, T>) -> Result<T, Error> {
        self.within(IsolationLevel::RepeatableRead, true, work)
    }

    fn within<T>(
        &self,
        isolation: IsolationLevel,
        read_only: bool,
        work: &mut Work<'_, T>,
    ) -> Result<T, Error> {
        let begun = Instant::now();
        let mut uncertain = false;
        let mut pause = Duration::from_millis(5);
        loop {
            let failure = match self.attempt(isolation, read_only, work) {
                Ok(done) => return done,
                Err(failure) => failure,
            };
            uncertain |= failure.committing;
            if !failure.passes || begun.elapsed() >= PATIENCE {
                let sentence = format!("{}: {}", self.shown, failure.why);
                return Err(if uncertain {
                    Error::Uncertain(sentence)
                } else {
                    Error::Unreachable(sentence)
                });
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(250));
        }
    }

    fn attempt<T>(
        &self,
        isolation: IsolationLevel,
        read_only: bool,
        work: &mut Work<'_, T>,
    ) -> Result<Result<T, Error>, Failure> {
        // One that fails is not put back: whatever state it is in, another one is in a better.
        let idle = lock(&self.clients).pop();
        let mut client = match idle {
            Some(client) => client,
            None => self.connect()?,
        };
        let transaction = client.build_transaction().isolation_level(isolation).read_only(read_only);
        let mut transaction = transaction.start().map_err(Failure::of)?;
        let done = work(&mut transaction).map_err(Failure::of)?;
        match &done {
            Ok(_) => {
                transaction.commit().map_err(|e| Failure { committing: !read_only, ..Failure::of(e) })?
            }
            Err(_) => transaction.rollback().map_err(Failure::of)?,
        }
        lock(&self.clients).push(client);
        Ok(done)
    }

    fn connect(&self) -> Result<Client, Failure> {
        let connected = match &self.encryption {
            None => self.config.connect(NoTls),
            Some(encryption) => self.config.connect(encryption.connector()),
        };
        let mut client = connected.map_err(Failure::of)?;
        let mut setting = |name: &str| -> Result<String, Failure> {
            let row = client.query_one(&format!("SHOW {name}"), &[]).map_err(Failure::of)?;
            row.try_get(0).map_err(Failure::of)
        };
        if setting("fsync")? != "on" {
            let why = "the server runs with `fsync = off`: what it acknowledges, it may lose";
            return Err(Failure { why: why.to_owned(), passes: false, committing: false });
        }
        let waits = setting("synchronous_commit")?;
        let mut settings = format!("SET lock_timeout = {}", PATIENCE.as_millis());
        if ["off", "local"].contains(&waits.as_str()) {
            settings.push_str("; SET synchronous_commit = on");
        }
        client.batch_execute(&settings).map_err(Failure::of)?;
        Ok(client)
    }

    fn listener(&self) -> Result<Client, Failure> {
        if let Some(client) = lock(&self.listeners).pop() {
            return Ok(client);
        }
        let mut client = self.connect()?;
        client.batch_execute(&format!("LISTEN {CHANNEL}")).map_err(Failure::of)?;
        Ok(client)
    }
}

/// What is done in a transaction: an error of the database, or our own.
type Work<'a, T> = dyn FnMut(&mut Transaction<'_>) -> Result<Result<T, Error>, postgres::Error> + 'a;

impl Store for Postgres {
    fn head(&self) -> Result<Head, Error> {
        self.look(&mut |transaction| head(transaction, ""))
    }

    fn transact(&self, installation: &Installation, change: &mut Changer<'_>) -> Result<Acknowledged, Error> {
        named(installation)?;
        self.run(&mut |transaction| {
            // The row's lock makes all writers wait for each other, from here to the commit.
            let (head, facts) = match (head(transaction, " FOR UPDATE")?, latest(transaction, installation)?)
            {
                (Ok(head), Ok(facts)) => (head, facts.unwrap_or_default()),
                (Err(e), _) | (_, Err(e)) => return Ok(Err(e)),
            };
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
        self.look(&mut |transaction| {
            let head = match head(transaction, "")? {
                Ok(head) => head,
                Err(e) => return Ok(Err(e)),
            };
            let last = "SELECT DISTINCT ON (app, site) epoch, app, site, entry, hash FROM sprag_entry
                ORDER BY app, site, epoch DESC";
            let found = transaction.query(last, &[])?;
            let found: Vec<Row> = found.iter().map(row).collect::<Result<_, _>>()?;
            let told = transaction.query("SELECT app, site, epoch FROM sprag_latest", &[])?;
            let told = told.iter().map(|row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?)));
            Ok(schema::snapshot(head, &found, told.collect::<Result<_, postgres::Error>>()?))
        })
    }

    fn read(&self, installation: &Installation) -> Result<(Head, Option<Facts>), Error> {
        named(installation)?;
        self.look(&mut |transaction| {
            let (head, facts) = (head(transaction, "")?, latest(transaction, installation)?);
            Ok(head.and_then(|head| Ok((head, facts?))))
        })
    }

    fn entries(&self, after: u64, most: usize) -> Result<Vec<Entry>, Error> {
        self.look(&mut |transaction| {
            let next = "SELECT epoch, app, site, entry, hash FROM sprag_entry WHERE epoch > $1
                ORDER BY epoch LIMIT $2";
            let rows = transaction.query(next, &[&number(after), &number(most as u64)])?;
            let rows: Vec<Row> = rows.iter().map(row).collect::<Result<_, _>>()?;
            Ok(rows.iter().map(Row::found).collect())
        })
    }

    fn watch(&self, after: u64, most: usize, timeout: Duration) -> Result<Vec<Entry>, Error> {
        let begun = Instant::now();
        loop {
            // Whoever listens first and looks then misses nothing. If nobody can be listened to, looking either
            // says why, or finds the server back again.
            let listener = self.listener();
            let found = self.entries(after, most)?;
            let left = timeout.saturating_sub(begun.elapsed());
            let done = !found.is_empty() || left.is_zero();
            if let Ok(mut listener) = listener {
                let told = done || listener.notifications().timeout_iter(left.min(HEARTBEAT)).next().is_ok();
                if told && !listener.is_closed() {
                    lock(&self.listeners).push(listener);
                }
            }
            if done {
                return Ok(found);
            }
        }
    }

    fn append(&self, entries: &[Entry]) -> Result<Head, Error> {
        self.run(&mut |transaction| match head(transaction, " FOR UPDATE")? {
            Ok(head) => append(transaction, &head, entries),
            Err(e) => Ok(Err(e)),
        })
    }
}

fn head(transaction: &mut Transaction<'_>, lock: &str) -> Result<Result<Head, Error>, postgres::Error> {
    let query = format!("SELECT store, epoch, hash FROM sprag_store{lock}");
    let row = transaction.query_one(&query, &[])?;
    let (store, epoch, hash): (&str, i64, &[u8]) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok(schema::head(store, epoch, hash))
}

fn latest(
    transaction: &mut Transaction<'_>,
    installation: &Installation,
) -> Result<Result<Option<Facts>, Error>, postgres::Error> {
    let last = "SELECT epoch, app, site, entry, hash FROM sprag_entry WHERE app = $1 AND site = $2
        ORDER BY epoch DESC LIMIT 1";
    let found = transaction.query_opt(last, &[&installation.app, &installation.site])?;
    let found = found.as_ref().map(row).transpose()?;
    let told = "SELECT epoch FROM sprag_latest WHERE app = $1 AND site = $2";
    let told = transaction.query_opt(told, &[&installation.app, &installation.site])?;
    let told = told.map(|row| row.try_get(0)).transpose()?;
    Ok(schema::latest(installation, found.as_ref(), told))
}

fn append(
    transaction: &mut Transaction<'_>,
    head: &Head,
    entries: &[Entry],
) -> Result<Result<Head, Error>, postgres::Error> {
    let head = match continued(head, entries) {
        Ok(head) => head,
        Err(e) => return Ok(Err(e)),
    };
    for entry in entries {
        let Installation { app, site } = &entry.installation;
        let values = "INSERT INTO sprag_entry VALUES ($1, $2, $3, $4, $5)";
        let hash = entry.hash.0.as_slice();
        transaction.execute(values, &[&number(entry.epoch), app, site, &entry.text, &hash])?;
        let latest = "INSERT INTO sprag_latest VALUES ($1, $2, $3)
            ON CONFLICT (app, site) DO UPDATE SET epoch = excluded.epoch";
        transaction.execute(latest, &[app, site, &number(entry.epoch)])?;
    }
    let told = "UPDATE sprag_store SET epoch = $1, hash = $2";
    transaction.execute(told, &[&number(head.epoch), &head.hash.0.as_slice()])?;
    // Told on commit, and only then.
    transaction.execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &head.epoch.to_string()])?;
    Ok(Ok(head))
}

fn row(row: &postgres::Row) -> Result<Row, postgres::Error> {
    let (epoch, app, site) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok(Row { epoch, app, site, entry: row.try_get(3)?, hash: row.try_get(4)? })
}

/// Why an attempt failed.
struct Failure {
    why: String,
    /// Whether to try again can help.
    passes: bool,
    /// Whether it was the commit that failed.
    committing: bool,
}

impl Failure {
    fn of(error: postgres::Error) -> Failure {
        use std::error::Error as _;
        let passes = match error.as_db_error() {
            // The connection broke, or there was none.
            None => {
                let broke = |why: &(dyn std::error::Error + 'static)| {
                    why.is::<std::io::Error>() && !encryption::is_refusal(why)
                };
                error.is_closed() || error.source().is_some_and(broke)
            }
            Some(said) => [
                &SqlState::ADMIN_SHUTDOWN,
                &SqlState::CRASH_SHUTDOWN,
                &SqlState::CANNOT_CONNECT_NOW,
                &SqlState::TOO_MANY_CONNECTIONS,
                &SqlState::T_R_SERIALIZATION_FAILURE,
                &SqlState::T_R_DEADLOCK_DETECTED,
            ]
            .contains(&said.code()),
        };
        let why = match (error.as_db_error(), error.source()) {
            (Some(said), _) => said.message().to_owned(),
            (None, Some(why)) => format!("{error}: {why}"),
            (None, None) => error.to_string(),
        };
        Failure { why, passes, committing: false }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Who panicked while holding it left a connection whose transaction was rolled back.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
