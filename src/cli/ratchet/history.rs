//! `sprag ratchet history`

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use super::export;
use super::shown;
use super::store::{StoreArgs, says};
use crate::cli::{Context, Exit, deliver};
use crate::report;
use crate::state::{Entry, Error, Store};

/// Show who did what and why, or export it with all hashes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Only of apps with this key.
    #[arg(long, value_name = "KEY")]
    app: Option<String>,
    /// Only on this site.
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// Write JSON Lines: everything, so that it can be verified and recovered from.
    #[arg(long, conflicts_with_all = ["app", "site"])]
    export: bool,
    /// Write it there instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// So many entries are asked for at once.
const PAGE: usize = 1000;

/// 0, or 2 where the store cannot be used.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let store = args.store.open(cx)?;
    let head = store.head().map_err(says)?;
    let mut text = String::new();
    if args.export {
        text.push_str(&export::heading(&head));
        text.push('\n');
    }
    let mut known: BTreeSet<String> = BTreeSet::new();
    // What is written while this reads is told of the next time.
    each(&store, head.epoch, &mut |entry| {
        let wanted = |only: &Option<String>, is: &String| only.as_ref().is_none_or(|only| only == is);
        if args.export {
            text.push_str(&entry.line());
            text.push('\n');
        } else if wanted(&args.app, &entry.installation.app) && wanted(&args.site, &entry.installation.site) {
            text.push_str(&told(entry));
        }
        known.insert(entry.installation.to_string());
        Ok(())
    })
    .map_err(says)?;
    if text.is_empty() && (args.app.is_some() || args.site.is_some()) {
        let known: Vec<String> = known.into_iter().collect();
        let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
        writeln!(cx.err, "no entry is about it; apps go by their keys, and the store knows {known}")?;
    }
    deliver(cx, args.output.as_deref(), text.as_bytes())?;
    Ok(Exit::Clean)
}

/// Everything up to this epoch.
pub(super) fn each(
    store: &dyn Store,
    until: u64,
    take: &mut dyn FnMut(&Entry) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut seen = 0;
    while seen < until {
        let page = store.entries(seen, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        page.iter().filter(|entry| entry.epoch <= until).try_for_each(&mut *take)?;
        // Whatever stands there, it ends.
        seen = last.epoch.max(seen + 1);
    }
    Ok(())
}

fn told(entry: &Entry) -> String {
    let mut text = String::new();
    for record in &entry.records {
        let when = shown::instant(record.when);
        // Who can choose a text could else write lines that look like another record.
        let [installation, what, who, on, before, after, why] = [
            &entry.installation as &dyn std::fmt::Display,
            &record.what,
            &record.who,
            &record.on,
            &record.before,
            &record.after,
            &record.why,
        ]
        .map(|text| report::one_line(&text.to_string()));
        let mut line = format!("{} {when} {installation}: {what} by {who}, {on}", entry.epoch);
        if before != after {
            line.push_str(&format!("\n      {before} -> {after}"));
        }
        if !why.is_empty() {
            line.push_str(&format!("\n      because {why}"));
        }
        text.push_str(&line);
        text.push('\n');
    }
    text
}
