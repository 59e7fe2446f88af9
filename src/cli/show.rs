//! `sprag show`

use std::io;
use std::path::PathBuf;

use super::{Context, Exit, failed, files};
use crate::emit;

/// List what is in a bundle.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle.
    bundle: PathBuf,
}

/// 0, or 2 if the bundle is missing or damaged.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let bytes = files::read_bytes(&cx.cwd, &cx.cwd.join(&args.bundle))?;
    let refused = |why: sprag_runtime::LoadError| {
        failed(format!("{} is refused: {why}", files::shown(&cx.cwd, &args.bundle)))
    };
    let listing = emit::show(&bytes).map_err(refused)?;
    cx.out.write_all(listing.as_bytes())?;
    Ok(Exit::Clean)
}
