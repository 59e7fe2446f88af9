//! `sprag ratchet version`

use std::io;

use super::act::{self, ActArgs};
use crate::cli::{Context, Exit};
use crate::ratchet::What;

/// Tell that another version of the app runs or wants to: what it asks for besides waits for approval.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The version of the app.
    version: String,
    /// The scopes that it asks for.
    #[arg(long, value_name = "SCOPE,…", value_delimiter = ',')]
    asks: Vec<String>,
    #[command(flatten)]
    act: ActArgs,
}

/// As all that acts: see [`super::run`].
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let asks = args.asks.iter().cloned().collect();
    act::run(&args.act, What::Version { version: args.version.clone(), asks }, cx)
}
