//! `sprag catalog add`

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::import::moved;
use crate::cli::package::Package;
use crate::cli::{Context, Exit, failed, files};
use crate::diag::nearest;
use crate::import::names::Earlier;
use crate::import::{self, Imported};
use crate::syntax::parser;
use crate::syntax::tree::Item;
use crate::{driver, report, shelf};

/// Put a catalog among the package's own, where it can be changed: one that comes with sprag, or a file.
///
/// A package's own catalog wins over one of the same name that comes with sprag.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The name of a catalog that comes with sprag, or a file with a catalog.
    catalog: String,
    /// The package's folder, or anything in it; the current folder if missing.
    path: Option<PathBuf>,
    /// Write over a catalog of that name, and over whatever stands where it goes. Names that mean another method and
    /// path then are told.
    #[arg(long)]
    force: bool,
}

/// 0 when written; 2 where that is not possible.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let (name, text) = text(&args.catalog, cx)?;
    let (package, _) = Package::load_for_lock(args.path.as_deref(), cx)?;
    let own = package.inputs.own.iter().chain(&package.inputs.shelf);
    let taken =
        own.filter(|s| !s.path.starts_with('<')).find(|s| driver::catalog_name(&s.text) == Some(&name));
    let old = taken.map(|source| source.text.clone());
    let target = match taken {
        Some(source) if args.force => package.root.join(&source.path),
        Some(source) => {
            let place = files::shown(&cx.cwd, &package.root.join(&source.path));
            return Err(failed(format!(
                "catalog `{name}` is there already, in {place}; --force writes over it"
            )));
        }
        None => package.root.join("catalogs").join(file_of(&name)),
    };
    // Also what is no catalog, or one that cannot be read, is somebody's; a link is, wherever it leads.
    if !args.force && fs::symlink_metadata(&target).is_ok() {
        let place = files::shown(&cx.cwd, &target);
        return Err(failed(format!(
            "{place} is there already, and is no catalog `{name}` that can be read; --force writes over it"
        )));
    }
    if let Some(folder) = target.parent() {
        let shown = files::shown(&cx.cwd, folder);
        fs::create_dir_all(folder)
            .map_err(|e| failed(format!("cannot make {shown}: {}", files::reason(&e))))?;
    }
    let moved = old.map(|old| moved(&old, &text)).unwrap_or_default();
    files::write_whole(&cx.cwd, &target, text.as_bytes())?;
    for sentence in moved {
        writeln!(cx.err, "{}", report::one_line(&format!("warning: {sentence}")))?;
    }
    if !cx.quiet {
        writeln!(cx.out, "{}", files::shown(&cx.cwd, &target))?;
    }
    Ok(Exit::Clean)
}

/// What there is to say of names that mean another method and path than in the text before.
fn moved(old: &str, new: &str) -> Vec<String> {
    let now = parser::parse(0, new).0;
    let now = Imported { file: now, notes: Vec::new(), unmapped: BTreeMap::new() };
    match Earlier::read("the catalog before", old) {
        Ok(earlier) => earlier.moved(&now).iter().map(moved::sentence).collect(),
        Err(error) => vec![format!("whether its names mean the same as before cannot be told: {error}")],
    }
}

/// Name and text of what the argument names.
fn text(catalog: &str, cx: &Context<'_>) -> io::Result<(String, String)> {
    if let Some(packed) = shelf::find(catalog) {
        return Ok((packed.name.to_owned(), packed.text()));
    }
    let path = cx.cwd.join(catalog);
    if !path.is_file() {
        let near = nearest(catalog, shelf::ALL.iter().map(|packed| packed.name));
        let hint = near.map_or_else(String::new, |near| format!("; {near}"));
        return Err(failed(format!(
            "`{catalog}` is neither a file nor a catalog that comes with sprag{hint}"
        )));
    }
    let text = files::read_text(&cx.cwd, &path)?;
    if driver::catalog_name(&text).is_none() {
        return Err(failed(format!("{catalog} is no catalog: it does not begin with `catalog NAME`")));
    }
    let name = name(&text).map_err(|(line, why)| failed(format!("{catalog}:{line}: {why}")))?;
    Ok((name, text))
}

/// The name of the catalog in a text without errors. It becomes a path, so that it has to be one of identifiers.
///
/// # Errors
///
/// The line, and what is wrong there.
fn name(text: &str) -> Result<String, (usize, String)> {
    let line = |at: u32| 1 + text.bytes().take(at as usize).filter(|byte| *byte == b'\n').count();
    let (file, broken) = parser::parse(0, text);
    if let Some(first) = broken.first() {
        let why = format!("expected a catalog without errors, found: {}", first.message);
        return Err((line(first.span().start), why));
    }
    let header = file.items.iter().find_map(|item| match item {
        Item::Catalog(header) => Some(header),
        _ => None, // The header is asked for.
    });
    let Some(header) = header else {
        return Err((1, "expected a catalog, which begins with `catalog NAME`".to_owned()));
    };
    let name = &header.name.text;
    if !import::is_path(name) {
        let why = format!("`{name}` cannot name a catalog; expected identifiers with dots between them");
        return Err((line(header.name.span.start), why));
    }
    Ok(name.clone())
}

/// `microsoft.graph` lies in `microsoft/graph.sprag`; the name has been looked at.
fn file_of(name: &str) -> PathBuf {
    Path::new(&name.replace('.', "/")).with_extension("sprag")
}
