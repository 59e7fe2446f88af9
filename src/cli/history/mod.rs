//! `sprag history`

mod chains;
mod proved;
mod shown;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use sprag_runtime::Bundle;

use super::{Context, Exit, diff, failed, files};
use crate::report::visible;

/// Show chains of bundles: what grew by whose approval, what is no longer permitted, and whether each bundle follows
/// from the one before.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Bundles, in any order; of a folder, all files in it that end in .spragb.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Build all bundles again from their sources, and compare each exactly with the one before.
    #[arg(long)]
    prove: bool,
    /// The time by which approvals are called ended, as 2026-12-31 or 2026-12-31T12:00:00Z; now if missing.
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// How to show it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object, for programs.
    Json,
}

/// A bundle in a file.
struct File {
    /// As people see it.
    path: String,
    bytes: Vec<u8>,
}

/// 0 if every chain holds, 1 if one is broken or a package has two, 2 where a file cannot be read as a bundle.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let now = match &args.now {
        Some(said) => diff::day(said).or_else(|_| super::ratchet::store::time(Some(said)))?,
        None => diff::now()?,
    };
    let mut read = Vec::new();
    for path in found(&args.paths, cx)? {
        let bytes = files::read_bytes(&cx.cwd, &path)?;
        read.push(File { path: files::shown(&cx.cwd, &path), bytes });
    }
    let mut loaded = Vec::new();
    for file in &read {
        let bundle = Bundle::load(&file.bytes);
        loaded.push((file, bundle.map_err(|why| failed(format!("{} is refused: {why}", file.path)))?));
    }
    let mut history = chains::of(&loaded);
    if args.prove {
        for chain in &mut history.chains {
            proved::prove(chain, cx);
        }
    }
    let told = match args.format {
        Format::Text => visible(&shown::text(&history, now, &cx.look)).into_owned(),
        Format::Json => shown::json(&history, now)?,
    };
    cx.out.write_all(told.as_bytes())?;
    Ok(if history.holds() { Exit::Clean } else { Exit::Findings })
}

/// The files that are meant, in the order of their names within each folder.
fn found(paths: &[PathBuf], cx: &Context<'_>) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        let whole = cx.cwd.join(path);
        if !whole.is_dir() {
            found.push(whole);
            continue;
        }
        let mut inside = bundles_in(&whole)
            .map_err(|e| failed(format!("{} cannot be read: {}", path.display(), files::reason(&e))))?;
        if inside.is_empty() {
            return Err(failed(format!("there is no bundle in {}", path.display())));
        }
        inside.sort();
        found.append(&mut inside);
    }
    Ok(found)
}

fn bundles_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let is_bundle = |path: &PathBuf| path.extension().is_some_and(|e| e == "spragb") && path.is_file();
    paths.filter(|path| path.as_ref().map_or(true, is_bundle)).collect()
}
