//! `sprag man`

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;

use super::{Cli, Context, Exit, failed};

/// Print the manual page of sprag or of one of its commands.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The command; sprag itself if missing.
    command: Option<String>,
}

/// 0, or 2 where there is no such command.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let mut all = Cli::command();
    all.build();
    let page = match &args.command {
        None => all,
        Some(name) => {
            let found = all.get_subcommands().find(|c| c.get_name() == name);
            found.ok_or_else(|| failed(format!("there is no command `{name}`")))?.clone()
        }
    };
    Man::new(page).render(cx.out)?;
    Ok(Exit::Clean)
}
