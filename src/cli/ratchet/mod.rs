//! `sprag ratchet`

mod act;
mod approve;
mod catalogs;
mod event;
mod export;
mod history;
mod init;
mod installed;
mod recover;
mod reopen;
pub(crate) mod shown;
mod status;
pub(crate) mod store;
mod tick;
mod turn;
mod uninstalled;
mod used;
mod verify;
mod version;
mod withdraw;

use std::io;

use super::{Context, Exit};

/// Keep the state of installations: what happened to them, what was taken from them, and who approved what.
///
/// A store holds all of it: sqlite:PATH for one machine, postgres://USER@HOST/DATABASE for several. What was seen of
/// the store is kept beside it in a witness, so that an old copy of it is noticed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Init(init::Args),
    Status(status::Args),
    Installed(installed::Args),
    Version(version::Args),
    Uninstalled(uninstalled::Args),
    Catalogs(catalogs::Args),
    Event(event::Args),
    Used(used::Args),
    Turn(turn::Args),
    Withdraw(withdraw::Args),
    Approve(approve::Args),
    Reopen(reopen::Args),
    Tick(tick::Args),
    History(history::Args),
    Verify(verify::Args),
    Recover(recover::Args),
}

/// 0 when it was done; 1 where the policy refuses what was asked, or a history is not what was written; 2 where the
/// store or the package cannot be used.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    match &args.what {
        What::Init(args) => init::run(args, cx),
        What::Status(args) => status::run(args, cx),
        What::Installed(args) => installed::run(args, cx),
        What::Version(args) => version::run(args, cx),
        What::Uninstalled(args) => uninstalled::run(args, cx),
        What::Catalogs(args) => catalogs::run(args, cx),
        What::Event(args) => event::run(args, cx),
        What::Used(args) => used::run(args, cx),
        What::Turn(args) => turn::run(args, cx),
        What::Withdraw(args) => withdraw::run(args, cx),
        What::Approve(args) => approve::run(args, cx),
        What::Reopen(args) => reopen::run(args, cx),
        What::Tick(args) => tick::run(args, cx),
        What::History(args) => history::run(args, cx),
        What::Verify(args) => verify::run(args, cx),
        What::Recover(args) => recover::run(args, cx),
    }
}
