//! `sprag completions`

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Context, Exit};

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Always 0.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    // The generator panics where it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sprag", &mut script);
    cx.out.write_all(&script)?;
    Ok(Exit::Clean)
}
