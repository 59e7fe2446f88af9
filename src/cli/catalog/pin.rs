//! `sprag catalog pin`

use std::io;
use std::path::PathBuf;

use crate::cli::manifest::{self, LOCK};
use crate::cli::package::Package;
use crate::cli::{Context, Exit, check, failed, files};
use crate::report;
use crate::sema::model::CatalogPin;

/// Pin some catalogs of a package to the texts at hand, and leave the others as sprag.lock has them.
///
/// `sprag lock` pins all of them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The catalogs, as `use` names them.
    #[arg(required = true)]
    catalogs: Vec<String>,
    /// The package's folder, or anything in it; the current folder if missing.
    #[arg(long, value_name = "FOLDER")]
    package: Option<PathBuf>,
}

/// 0 when written; 1 if the package has errors; 2 where it does not use such a catalog.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let (package, lock) = Package::load_for_lock(args.package.as_deref(), cx)?;
    let lock = lock?;
    let compiled = package.compile(cx);
    if compiled.compilation.failed() {
        check::show_errors(&compiled, cx)?;
        return Ok(Exit::Findings);
    }
    let fresh = &compiled.compilation.catalogs;
    for name in &args.catalogs {
        if !fresh.iter().any(|pin| pin.name == *name) {
            return Err(failed(format!("package `{}` uses no catalog `{name}`", compiled.name)));
        }
    }
    // What is not used any more goes; what is new and was not named stays unpinned, for `sprag check` to tell.
    let pins: Vec<CatalogPin> = fresh
        .iter()
        .filter_map(|pin| {
            if args.catalogs.contains(&pin.name) {
                return Some(pin.clone());
            }
            let old = lock.iter().find(|entry| entry.name == pin.name)?;
            let (name, version, digest) = (old.name.clone(), old.version.clone(), old.digest.clone());
            Some(CatalogPin { name, version, digest })
        })
        .collect();
    let path = compiled.root.join(LOCK);
    files::write_whole(&cx.cwd, &path, manifest::lock_text(&pins).as_bytes())?;
    if !cx.quiet {
        let shown = files::shown(&cx.cwd, &path);
        writeln!(cx.out, "{shown}: {} pinned anew", report::count(args.catalogs.len(), "catalog"))?;
    }
    Ok(Exit::Clean)
}
