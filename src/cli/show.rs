//! `sprag show`

use std::io;
use std::path::PathBuf;

use super::{Context, Exit, bundle, failed, files};
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
    let refused = |why: String| failed(format!("{} is refused: {why}", files::shown(&cx.cwd, &args.bundle)));
    let listing =
        bundle::open(&bytes).and_then(|_| emit::show(&bytes).map_err(|e| e.to_string())).map_err(refused)?;
    cx.out.write_all(listing.as_bytes())?;
    Ok(Exit::Clean)
}
