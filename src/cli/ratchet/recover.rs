//! `sprag ratchet recover`

use std::io;
use std::path::PathBuf;

use super::export::Export;
use super::store::{StoreArgs, says, time};
use super::{history, shown};
use crate::cli::{Context, Exit, failed, files};
use crate::ratchet::{Facts, Installation, Record, Target};
use crate::report;
use crate::state::{Change, Entry, Error, Head, Store, Witness};

/// Make a store usable again that was restored from an old backup, or replaced by another one.
///
/// With an export of its history, it gets back what it lacks. Without one, nobody knows what was taken away since the
/// backup: then everything is taken from all installations, and what they need has to be approved again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// An export of the history that the store had: sprag ratchet history --export.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["accept_loss", "recovered_elsewhere"])]
    from: Option<PathBuf>,
    /// There is no export that goes so far: take everything from all installations, and go on.
    #[arg(long)]
    accept_loss: bool,
    /// It was recovered from another machine: take it as it is.
    #[arg(long, conflicts_with_all = ["from", "accept_loss"])]
    recovered_elsewhere: bool,
    /// Who decides this.
    #[arg(long, value_name = "NAME")]
    who: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// When it is, as 2026-12-31T12:00:00Z or in seconds since 1970; now if missing.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// 0 when the store can be used again; 1 where the export is not what was written or does not go far enough; 2
/// where something cannot be used.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    if args.who.trim().is_empty() || args.why.trim().is_empty() {
        return Err(failed("a recovery needs somebody who decides it, and a reason"));
    }
    let store = args.store.raw(cx)?;
    let witness = args.store.witness(cx)?;
    let now = time(args.at.as_deref())?;
    match witness.confirm(&*store) {
        Ok(_) => {
            let more = if args.from.is_some() { ", and the export was not looked at" } else { "" };
            writeln!(cx.out, "the store is not older than it was; nothing was done{more}")?;
            return Ok(Exit::Clean);
        }
        Err(Error::RolledBack(why)) => writeln!(cx.err, "{}", report::visible(&why))?,
        Err(e) => return Err(says(e)),
    }
    if args.recovered_elsewhere {
        return elsewhere(&*store, &witness, cx);
    }
    let known = witness.seen().map_err(says)?;
    let record = |what: &str, after: &str| Record {
        who: args.who.clone(),
        what: RECOVERED.to_owned(),
        on: what.to_owned(),
        before: String::new(),
        after: after.to_owned(),
        why: args.why.clone(),
        when: now,
    };
    if let Some(path) = &args.from {
        let text = files::read_text(&cx.cwd, &cx.cwd.join(path))?;
        let export = Export::read(&files::shown(&cx.cwd, path), &text)?;
        // Where losses are accepted, an export that does not go far enough is better than none.
        let needed = known.filter(|known| !args.accept_loss || known.epoch <= export.head.epoch);
        let entries = match export.entries(needed) {
            Ok(entries) => entries,
            Err(fault) => {
                writeln!(cx.out, "{}: {}", files::shown(&cx.cwd, path), report::visible(&fault.to_string()))?;
                return Ok(Exit::Findings);
            }
        };
        let head = store.head().map_err(says)?;
        let lacking: Vec<_> = entries.iter().filter(|entry| entry.epoch > head.epoch).cloned().collect();
        let count = shown::entries(lacking.len() as u64);
        // One of the two histories is the beginning of the other: what either has at the end of the shorter one is the
        // same entry.
        let shared = head.epoch.min(export.head.epoch);
        let of_export = shared.checked_sub(1).and_then(|at| entries.get(at as usize)).map(|entry| entry.hash);
        let of_store = match shared.checked_sub(1) {
            Some(before) => store.entries(before, 1).map_err(says)?.first().map(|entry| entry.hash),
            None => None,
        };
        if head.store == export.head.store && of_export == of_store {
            store.append(&lacking).map_err(says)?;
            writeln!(cx.out, "the store got back {count}")?;
        } else {
            let record = record("what an export knows", "joined");
            for entry in &entries {
                store.join(&entry.installation, &entry.facts, std::slice::from_ref(&record)).map_err(says)?;
            }
            writeln!(cx.out, "what {} tell was joined", shown::entries(entries.len() as u64))?;
        }
        // All that was seen is in the export, and so in the store.
        if needed.is_some() || known.is_none() {
            return finish(&*store, &witness, cx);
        }
    }
    let record = record("everything", "taken: what was withdrawn since the backup is not known");
    let installations: Vec<Installation> =
        store.snapshot().map_err(says)?.installations.into_keys().collect();
    for installation in &installations {
        let taken = store.transact(installation, &mut |known| Some(everything(known, &record, now)));
        taken.map_err(says)?;
    }
    let count = report::count(installations.len(), "installation");
    writeln!(cx.out, "everything was taken from {count}; approve what they need")?;
    finish(&*store, &witness, cx)
}

/// Takes the store as it is, if its history tells of a recovery, which is shown.
fn elsewhere(store: &dyn Store, witness: &Witness, cx: &mut Context<'_>) -> io::Result<Exit> {
    let until = store.head().map_err(says)?.epoch;
    let mut last = None;
    let mut look = |entry: &Entry| {
        let recovery = entry.records.iter().rfind(|record| record.what == RECOVERED);
        last = recovery.map(|record| (entry.epoch, record.clone())).or(last.take());
        Ok(())
    };
    history::each(store, until, &mut look).map_err(says)?;
    let Some((epoch, record)) = last else {
        writeln!(cx.out, "nobody has recovered this store")?;
        return Ok(Exit::Findings);
    };
    let when = shown::instant(record.when);
    let line = format!("entry {epoch}, {when}: recovered by {}, because {}", record.who, record.why);
    writeln!(cx.out, "{}", report::visible(&line))?;
    finish(store, witness, cx)
}

/// What records of recoveries are called.
const RECOVERED: &str = "recovered";

/// Takes everything, under a name that nobody else writes under.
fn everything(known: &Facts, record: &Record, now: i64) -> Change {
    let mut facts = known.clone();
    facts.clock.tell(now);
    facts.marks.mark(&Target::Removed, "recovery");
    Change { facts, records: vec![record.clone()] }
}

fn finish(store: &dyn Store, witness: &Witness, cx: &mut Context<'_>) -> io::Result<Exit> {
    let head: Head = witness.accept(store).map_err(says)?;
    writeln!(cx.out, "store {} can be used again, from entry {} on", head.store, head.epoch)?;
    Ok(Exit::Clean)
}
