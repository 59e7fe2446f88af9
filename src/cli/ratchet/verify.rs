//! `sprag ratchet verify`

use std::io;
use std::path::PathBuf;

use super::export::Export;
use super::shown;
use super::store::{StoreArgs, says};
use crate::cli::{Context, Exit, files};
use crate::report;
use crate::state::{Error, Fault, Head, Store, Verifier};

/// Check that a history is what was written: nothing changed, removed, inserted, reordered or cut off.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Check this export instead of the store itself; the store only says which witness is meant.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// 0 if all of it holds, 1 if something is wrong, 2 where it cannot be read.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let witness = args.store.witness(cx)?;
    let known = witness.seen().map_err(says)?;
    let verified = match &args.file {
        Some(path) => {
            let text = files::read_text(&cx.cwd, &cx.cwd.join(path))?;
            let export = Export::read(&files::shown(&cx.cwd, path), &text)?;
            export
                .entries(within(known, &export.head))
                .map(|_| export.head)
                .map_err(|fault| fault.to_string())
        }
        None => {
            let store = args.store.raw(cx)?;
            of_store(&*store, known)?
        }
    };
    match verified {
        Ok(head) => {
            let count = shown::entries(head.epoch);
            writeln!(cx.out, "{count} of store {} hold, up to {}", head.store, head.hash)?;
            match known {
                Some(known) => writeln!(cx.out, "entry {} is the one that was seen before", known.epoch)?,
                None => writeln!(cx.out, "nothing was seen of it before: what was cut off would not show")?,
            }
            Ok(Exit::Clean)
        }
        Err(fault) => {
            writeln!(cx.out, "{}", report::visible(&fault))?;
            Ok(Exit::Findings)
        }
    }
}

/// An export may be older than what was seen since; it ends where it says.
fn within(known: Option<Head>, end: &Head) -> Option<Head> {
    known.filter(|known| known.store != end.store || known.epoch <= end.epoch)
}

/// The whole history, and then whether the store finds the latest entries in it.
fn of_store(store: &dyn Store, known: Option<Head>) -> io::Result<Result<Head, String>> {
    let (head, latest) = match store.snapshot() {
        Ok(snapshot) => (snapshot.head, Ok(snapshot)),
        // Which entry that comes from, its history tells better.
        Err(Error::Damaged(what)) => (store.head().map_err(says)?, Err(what)),
        Err(e) => return Err(says(e)),
    };
    let verifier = match history(store, head, known)? {
        Ok(verifier) => verifier,
        Err(fault) => return Ok(Err(fault.to_string())),
    };
    let agrees = latest.and_then(|latest| verifier.agrees(&latest).map_err(|fault| fault.to_string()));
    let ended = verifier.end(Some(head)).map_err(|fault| fault.to_string());
    Ok(ended.and_then(|head| agrees.map(|()| head)))
}

/// Takes all entries up to the head.
fn history(store: &dyn Store, head: Head, known: Option<Head>) -> io::Result<Result<Verifier, Fault>> {
    let mut verifier = Verifier::new(head.store, known);
    let mut epoch = 0;
    loop {
        // One by one where a page cannot be read, so that it is known which one.
        let page = match store.entries(epoch, 1000) {
            Err(Error::Damaged(_)) => store.entries(epoch, 1),
            other => other,
        };
        let page = match page {
            Ok(page) if page.is_empty() => return Ok(Ok(verifier)),
            Ok(page) => page,
            Err(Error::Damaged(what)) => return Ok(Err(Fault { epoch: epoch + 1, what })),
            Err(e) => return Err(says(e)),
        };
        for entry in &page {
            // Written since the head was read.
            if entry.epoch > head.epoch && entry.epoch == epoch + 1 {
                return Ok(Ok(verifier));
            }
            if let Err(fault) = verifier.take(entry) {
                return Ok(Err(fault));
            }
            epoch = entry.epoch;
        }
    }
}
