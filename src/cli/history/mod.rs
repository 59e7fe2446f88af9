//! `sprag history`

mod chains;
mod proved;
mod shown;

use std::io;
use std::path::PathBuf;

use clap::ValueEnum;
use sprag_runtime::{Bundle, LoadError, Outline};

use self::chains::Seen;
use super::sides::Trust;
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
    /// With --prove, believe the sources in bundles that another version of the compiler built, and compare those.
    #[arg(long, requires = "prove")]
    trust_sources: bool,
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
    let read: Vec<File> =
        files::bundles(&cx.cwd, &args.paths)?.into_iter().map(|(path, bytes)| File { path, bytes }).collect();
    let mut loaded = Vec::new();
    for file in &read {
        let seen = match Bundle::load(&file.bytes) {
            Err(LoadError::TooOld(_)) => Outline::read(&file.bytes).map(Seen::Outline),
            read => read.map(Seen::Whole),
        };
        loaded.push((file, seen.map_err(|why| failed(format!("{} is refused: {why}", file.path)))?));
    }
    let mut history = chains::of(&loaded);
    if args.prove {
        for chain in &mut history.chains {
            proved::prove(chain, Trust::of(args.trust_sources), cx);
        }
    }
    let told = match args.format {
        Format::Text => visible(&shown::text(&history, now, &cx.look)).into_owned(),
        Format::Json => shown::json(&history, now)?,
    };
    cx.out.write_all(told.as_bytes())?;
    Ok(if history.holds() { Exit::Clean } else { Exit::Findings })
}
