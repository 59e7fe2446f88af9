//! `sprag ratchet approve`

use std::io;

use super::act::{self, ActArgs};
use super::{store, withdraw};
use crate::cli::{Context, Exit};
use crate::ratchet::{Approval, What};

/// Approve that the installation may hold something: what waits, what is optional, what was taken.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The name of the approval: all who give it give the same one.
    id: String,
    /// A scope; any number.
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// An operation; any number.
    #[arg(long, value_name = "OPERATION")]
    operation: Vec<String>,
    /// A container; any number.
    #[arg(long, value_name = "KIND=ID", value_parser = withdraw::container)]
    container: Vec<(String, String)>,
    /// For how long, as 2h; until it is taken away if missing.
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
    let approval = Approval {
        id: args.id.clone(),
        scopes: args.scope.iter().cloned().collect(),
        operations: args.operation.iter().cloned().collect(),
        containers: args.container.iter().cloned().collect(),
        seconds: args.seconds,
        groups: args.group.iter().cloned().collect(),
    };
    act::run(&args.act, What::Approve(approval), cx)
}
