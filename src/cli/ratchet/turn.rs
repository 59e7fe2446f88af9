//! `sprag ratchet turn`

use std::io;

use super::act::{self, ActArgs};
use crate::cli::{Context, Exit};
use crate::ratchet::What;

/// Turn a ratchet to a later stage.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The ratchet.
    ratchet: String,
    /// The stage.
    stage: String,
    #[command(flatten)]
    act: ActArgs,
}

/// As all that acts: see [`super::run`].
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let (ratchet, stage) = (args.ratchet.clone(), args.stage.clone());
    act::run(&args.act, What::Turn { ratchet, stage }, cx)
}
