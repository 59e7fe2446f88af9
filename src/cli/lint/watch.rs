//! `--watch`: looks again whenever a file of the packages changes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use notify::{Event, RecursiveMode, Watcher};

use super::{Args, once};
use crate::cli::package::Package;
use crate::cli::{Context, Exit, failed, files};
use crate::report::visible;

/// Editors write a file in several steps: what comes within this time of the last change is one change.
const QUIET: Duration = Duration::from_millis(200);

/// Looks, waits for a change, and looks again until it is stopped. What a run cannot do is said and does not
/// end it: the next change may mend it.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let (sender, changes) = mpsc::channel();
    let sentence = |e: notify::Error| failed(format!("cannot watch: {e}"));
    let mut watcher = notify::recommended_watcher(sender).map_err(sentence)?;
    let folders = folders(&Package::load_all(&args.paths, cx)?);
    for folder in &folders {
        watcher.watch(folder, RecursiveMode::Recursive).map_err(sentence)?;
    }
    loop {
        if let Err(e) = once::run(args, cx) {
            // Nobody reads any more.
            if e.kind() == io::ErrorKind::BrokenPipe {
                return Err(e);
            }
            writeln!(cx.err, "sprag: {}", visible(&e.to_string()))?;
        }
        if !cx.quiet {
            writeln!(cx.out, "watching for changes")?;
        }
        cx.out.flush()?;
        let Some(changed) = next_change(&changes, &folders) else { return Ok(Exit::Clean) };
        if !cx.quiet {
            let all: Vec<String> = changed.iter().map(|p| files::shown(&cx.cwd, p)).collect();
            writeln!(cx.out, "\nchanged: {}", visible(&all.join(", ")))?;
        }
    }
}

/// The folders of all packages, none inside of another.
fn folders(packages: &[Package]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = packages.iter().flat_map(|p| p.folders.clone()).collect();
    folders.sort();
    folders.dedup_by(|inner, outer| inner.starts_with(outer));
    folders
}

/// The files that matter of the next changes; none when nothing can come any more.
fn next_change(changes: &Receiver<notify::Result<Event>>, folders: &[PathBuf]) -> Option<Vec<PathBuf>> {
    let mut changed: Vec<PathBuf> = Vec::new();
    loop {
        let event = if changed.is_empty() {
            changes.recv().ok()?
        } else {
            match changes.recv_timeout(QUIET) {
                Ok(event) => event,
                Err(_) => break,
            }
        };
        // A lost event is no reason to stop; the next one brings everything up to date.
        let Ok(event) = event else { continue };
        if matches!(event.kind, notify::EventKind::Access(_)) {
            continue;
        }
        changed.extend(event.paths.into_iter().filter(|p| matters(p, folders)));
    }
    changed.sort();
    changed.dedup();
    Some(changed)
}

/// Whether a package may be another one because of this file. What is hidden inside of the folders is not read.
fn matters(path: &Path, folders: &[PathBuf]) -> bool {
    let inside = folders.iter().find_map(|folder| path.strip_prefix(folder).ok());
    let hidden = |path: &Path| path.components().any(|c| c.as_os_str().as_encoded_bytes().starts_with(b"."));
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    inside.is_some_and(|p| !hidden(p)) && ["sprag", "toml", "lock", "json"].contains(&extension)
}
