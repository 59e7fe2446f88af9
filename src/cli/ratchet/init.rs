//! `sprag ratchet init`

use std::io;

use super::shown;
use super::store::{StoreArgs, says};
use crate::cli::{Context, Exit};
use crate::state::{Store, Witnessed};

/// Make a store, or bring one that is there to the newest schema.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

/// 0 when it is there.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let store = args.store.create(cx)?;
    // Where another store was seen before, a new one in its place has forgotten everything.
    let store = Witnessed::new(store, args.store.witness(cx)?).map_err(says)?;
    let head = store.head().map_err(says)?;
    if !cx.quiet {
        writeln!(cx.out, "store {}: {}", head.store, shown::entries(head.epoch))?;
        writeln!(cx.out, "witness {}", store.witness().path().display())?;
    }
    Ok(Exit::Clean)
}
