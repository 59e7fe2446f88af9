//! `sprag ratchet uninstalled`

use std::io;

use super::act::{self, ActArgs};
use crate::cli::{Context, Exit};
use crate::ratchet::What;

/// Tell that the app was removed. What it held has to be approved when it comes back.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    act: ActArgs,
}

/// As all that acts: see [`super::run`].
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    act::run(&args.act, What::Uninstalled, cx)
}
