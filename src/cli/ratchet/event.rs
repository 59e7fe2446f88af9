//! `sprag ratchet event`

use std::io;

use super::act::{self, ActArgs};
use crate::cli::{Context, Exit};
use crate::ratchet::What;

/// Tell of something that ratchets may wait for: the end of a setup, an alert.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The name of the event.
    name: String,
    #[command(flatten)]
    act: ActArgs,
}

/// As all that acts: see [`super::run`].
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    act::run(&args.act, What::Reported(args.name.clone()), cx)
}
