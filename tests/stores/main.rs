//! The laws of stores, the same for every kind: what is acknowledged stays, whoever writes, crashes or restores.
//!
//! `SPRAG_SEED` and `SPRAG_ROUNDS` make other and more random cases. PostgreSQL is a real server that the test
//! starts; `SPRAG_REQUIRE_POSTGRES=1` fails where it is not installed.
#![expect(clippy::disallowed_methods, reason = "stores are files and servers")]
#![cfg(unix)]

mod encryption;
mod facts;
mod kinds;
mod laws;
mod meanwhile;
mod migrations;
#[path = "../server/mod.rs"]
mod server;
mod tampering;

use kinds::{InMemory, InPostgres, InSqlite};
use server::Server;

#[test]
fn the_laws_hold_in_memory() {
    laws::all(&|| Box::new(InMemory::new()));
}

#[test]
fn the_laws_hold_in_sqlite() {
    laws::all(&|| Box::new(InSqlite::new()));
}

#[test]
fn the_laws_hold_in_postgresql() {
    let Some(server) = Server::start() else { return };
    let number = std::cell::Cell::new(0);
    laws::all(&|| {
        number.set(number.get() + 1);
        Box::new(InPostgres::new(&server, &format!("laws{}", number.get())))
    });
    migrations::postgres(&server);
    kinds::lost_connections_are_made_anew(&server);
    kinds::a_server_that_may_lose_commits_is_refused(&server);
}
