//! `sprag ratchet withdraw`

use std::io;

use super::act::{self, ActArgs};
use crate::cli::{Context, Exit};
use crate::ratchet::{Target, What};

/// Take a scope, an operation, a container or everything away.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Everything.
    #[arg(long, required_unless_present_any = ["scope", "operation", "container"])]
    everything: bool,
    /// This scope, with all that imply it.
    #[arg(long, value_name = "SCOPE", conflicts_with_all = ["everything", "operation", "container"])]
    scope: Option<String>,
    /// This operation.
    #[arg(long, value_name = "OPERATION", conflicts_with_all = ["everything", "container"])]
    operation: Option<String>,
    /// This container with all that lies in it.
    #[arg(long, value_name = "KIND=ID", value_parser = container, conflicts_with = "everything")]
    container: Option<(String, String)>,
    #[command(flatten)]
    act: ActArgs,
}

/// As all that acts: see [`super::run`].
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let target = match (&args.scope, &args.operation, &args.container) {
        (Some(scope), _, _) => Target::Scope(scope.clone()),
        (None, Some(operation), _) => Target::Operation(operation.clone()),
        (None, None, Some((kind, id))) => Target::Container(kind.clone(), id.clone()),
        (None, None, None) => Target::Installation,
    };
    act::run(&args.act, What::Withdraw(target), cx)
}

/// `KIND=ID`.
pub(super) fn container(text: &str) -> Result<(String, String), String> {
    let named = text.split_once('=').filter(|(kind, id)| !kind.is_empty() && !id.is_empty());
    let (kind, id) = named.ok_or_else(|| format!("`{text}` is not KIND=ID, as project=SHOP"))?;
    Ok((kind.to_owned(), id.to_owned()))
}
