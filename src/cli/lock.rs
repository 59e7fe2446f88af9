//! `sprag lock`

use std::io;
use std::path::PathBuf;

use super::manifest::{self, LOCK};
use super::package::Package;
use super::{Context, Exit, check, files};
use crate::report;

/// Pin the catalogs in use: write name, version and digest of each to sprag.lock.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The package's folder, or anything in it; the current folder if missing.
    path: Option<PathBuf>,
    /// Change nothing; tell whether the lock is up to date.
    #[arg(long)]
    check: bool,
}

/// 0 when written or up to date; 1 if the package has errors, or with `--check` if the lock is out of date.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let (package, lock) = Package::load_for_lock(args.path.as_deref(), cx)?;
    // What the old lock says is not the question here, nor whether it can be read: it is written anew.
    let old = if args.check { Some(lock?) } else { lock.ok() };
    let compiled = package.compile(cx);
    if compiled.compilation.failed() {
        check::show_errors(&compiled, cx)?;
        return Ok(Exit::Findings);
    }
    let pins = &compiled.compilation.catalogs;
    let path = compiled.root.join(LOCK);
    let shown = files::shown(&cx.cwd, &path);
    let mut told: Vec<_> = old.iter().flatten().map(|e| (&e.name, &e.version, &e.digest)).collect();
    told.sort();
    let fresh =
        path.exists() && told == pins.iter().map(|p| (&p.name, &p.version, &p.digest)).collect::<Vec<_>>();
    if args.check {
        if !fresh {
            writeln!(cx.out, "{shown} is out of date; `sprag lock` writes it")?;
            return Ok(Exit::Findings);
        }
    } else {
        files::write_whole(&cx.cwd, &path, manifest::lock_text(pins).as_bytes())?;
        if !cx.quiet {
            for sentence in compiled.overridden() {
                writeln!(cx.err, "note: {}", report::visible(&sentence))?;
            }
            writeln!(cx.out, "{shown}: {}", report::count(pins.len(), "catalog"))?;
        }
    }
    Ok(Exit::Clean)
}
