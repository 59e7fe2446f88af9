//! `sprag ratchet reopen`

use std::io;

use super::act::{self, ActArgs};
use super::store;
use crate::cli::{Context, Exit};
use crate::ratchet::What;

/// Approve that a ratchet is turned back to a stage for a while, as far as the policy lets it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The name of the approval: all who give it give the same one.
    id: String,
    /// The ratchet.
    ratchet: String,
    /// The stage.
    stage: String,
    /// For how long, as 2h.
    #[arg(long = "for", value_name = "DURATION", value_parser = store::duration)]
    seconds: Option<i64>,
    /// A group in which a directory says the person is; any number.
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    #[command(flatten)]
    act: ActArgs,
}

/// As all that acts: see [`super::run`].
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let (id, ratchet, stage) = (args.id.clone(), args.ratchet.clone(), args.stage.clone());
    let groups = args.group.iter().cloned().collect();
    act::run(&args.act, What::Reopen { id, ratchet, stage, seconds: args.seconds, groups }, cx)
}
