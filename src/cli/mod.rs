//! The command line: one file per subcommand. The only module that reads files, the clock and the environment.
#![expect(clippy::disallowed_methods, reason = "all input and output of the compiler is here")]

mod after;
mod apps;
pub mod argue;
pub mod build;
mod bundle;
mod calls;
pub mod catalog;
pub mod check;
pub mod compare;
pub mod completions;
pub mod decide;
pub mod diff;
mod docs;
pub mod explain;
mod files;
mod findings;
pub mod fmt;
mod git;
pub mod history;
pub mod import;
pub mod lint;
pub mod lock;
pub mod man;
mod manifest;
pub mod new;
mod package;
mod progress;
mod prove;
pub mod ratchet;
pub mod reach;
pub mod scopes;
pub mod show;
mod sides;
pub mod target;
pub mod test;
pub mod timeline;

use std::ffi::OsString;
use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::{Parser, Subcommand, ValueEnum};

use crate::report::Look;

/// Decides what third-party apps, connectors and AI tools may do.
#[derive(Debug, Parser)]
#[command(name = "sprag", version, after_help = EXITS, max_term_width = 100)]
pub struct Cli {
    /// When to use colours; else NO_COLOR, CLICOLOR_FORCE, CLICOLOR and the terminal decide.
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    color: Option<Color>,
    /// Say only what is wrong or was asked for.
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    New(new::Args),
    Catalog(catalog::Args),
    Check(check::Args),
    Lint(lint::Args),
    Compare(compare::Args),
    Fmt(fmt::Args),
    Test(test::Args),
    Build(build::Args),
    Decide(decide::Args),
    Diff(diff::Args),
    History(history::Args),
    Reach(reach::Args),
    Ratchet(ratchet::Args),
    Timeline(timeline::Args),
    Show(show::Args),
    Scopes(scopes::Args),
    Argue(argue::Args),
    Target(target::Args),
    Lock(lock::Args),
    Explain(explain::Args),
    Import(import::Args),
    Completions(completions::Args),
    Man(man::Args),
}

const EXITS: &str = "Exit codes: 0 nothing to complain about, 1 findings in what was looked at, \
                     2 the run itself failed.";

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to complain about. A decision, permit or deny, is no complaint.
    Clean = 0,
    /// Findings in what was looked at: errors in a policy, failed tests, files to format, a lock out of date.
    Findings = 1,
    /// The run itself failed: wrong arguments, files that cannot be read, a damaged bundle, a malformed request.
    Failed = 2,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// What a run reads and writes besides files.
pub struct Context<'a> {
    /// The current folder, absolute.
    pub cwd: PathBuf,
    /// Standard input.
    pub input: &'a mut dyn BufRead,
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error.
    pub err: &'a mut dyn Write,
    /// How standard output looks.
    pub look: Look,
    /// Say only what is wrong or was asked for.
    pub quiet: bool,
    /// Whether to show what is being done on the terminal.
    pub progress: bool,
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Nobody is left to tell if even this cannot be printed.
            let _ = e.print();
            return if e.use_stderr() { Exit::Failed } else { Exit::Clean }.into();
        }
    };
    let cwd = match std::env::current_dir() {
        Ok(cwd) => cwd,
        Err(e) => {
            return report(&mut io::stderr(), Err(failed(format!("there is no current folder: {e}")))).into();
        }
    };
    let stdout = io::stdout();
    match cli.color {
        Some(Color::Always) => ColorChoice::Always.write_global(),
        Some(Color::Never) => ColorChoice::Never.write_global(),
        Some(Color::Auto) | None => {}
    }
    let color = AutoStream::choice(&stdout) != ColorChoice::Never;
    let look = Look {
        color,
        unicode: (color || stdout.is_terminal()) && speaks_utf8(),
        width: std::env::var("COLUMNS")
            .ok()
            .and_then(|c| c.parse().ok())
            .map_or(100, |c: usize| c.clamp(40, 200)),
    };
    let mut cx = Context {
        cwd,
        input: &mut io::stdin().lock(),
        out: &mut BufWriter::new(stdout.lock()),
        // Not locked: what turns on a terminal writes there too, from another thread, and would wait for ever.
        err: &mut io::stderr(),
        look,
        quiet: cli.quiet,
        progress: !cli.quiet && io::stderr().is_terminal() && std::env::var_os("CI").is_none(),
    };
    execute(&cli, &mut cx).into()
}

/// Runs a command line in this process: what `sprag ARGS…` does with these streams and this folder. Of the
/// context, `--quiet` overrides `quiet` and `--color` the colours.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString> + Clone>, cx: &mut Context<'_>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) if e.use_stderr() => {
            let _ = write!(cx.err, "{}", e.render());
            return Exit::Failed;
        }
        Err(e) => {
            return report(cx.err, write!(cx.out, "{}", e.render()).map(|()| Exit::Clean));
        }
    };
    cx.quiet |= cli.quiet;
    match cli.color {
        Some(Color::Always) => cx.look.color = true,
        Some(Color::Never) => cx.look.color = false,
        Some(Color::Auto) | None => {}
    }
    execute(&cli, cx)
}

fn execute(cli: &Cli, cx: &mut Context<'_>) -> Exit {
    let done = match &cli.command {
        Command::New(args) => new::run(args, cx),
        Command::Catalog(args) => catalog::run(args, cx),
        Command::Check(args) => check::run(args, cx),
        Command::Lint(args) => lint::run(args, cx),
        Command::Compare(args) => compare::run(args, cx),
        Command::Fmt(args) => fmt::run(args, cx),
        Command::Test(args) => test::run(args, cx),
        Command::Build(args) => build::run(args, cx),
        Command::Decide(args) => decide::run(args, cx),
        Command::Diff(args) => diff::run(args, cx),
        Command::History(args) => history::run(args, cx),
        Command::Reach(args) => reach::run(args, cx),
        Command::Ratchet(args) => ratchet::run(args, cx),
        Command::Timeline(args) => timeline::run(args, cx),
        Command::Show(args) => show::run(args, cx),
        Command::Scopes(args) => scopes::run(args, cx),
        Command::Argue(args) => argue::run(args, cx),
        Command::Target(args) => target::run(args, cx),
        Command::Lock(args) => lock::run(args, cx),
        Command::Explain(args) => explain::run(args, cx),
        Command::Import(args) => import::run(args, cx),
        Command::Completions(args) => completions::run(args, cx),
        Command::Man(args) => man::run(args, cx),
    };
    let flushed = done.and_then(|exit| cx.out.flush().map(|()| exit));
    report(cx.err, flushed)
}

/// Tells what failed. A closed pipe is success: the reader has seen enough.
fn report(err: &mut dyn Write, done: io::Result<Exit>) -> Exit {
    match done {
        Ok(exit) => exit,
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Exit::Clean,
        Err(e) => {
            // Nobody is left to tell if standard error is closed too.
            let _ = writeln!(err, "sprag: {}", crate::report::visible(&e.to_string()));
            Exit::Failed
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// The run cannot go on; the sentence says why.
fn failed(sentence: impl Into<String>) -> io::Error {
    io::Error::other(sentence.into())
}

/// Where a command's result goes: the file named by `-o`, or standard output.
fn deliver(cx: &mut Context<'_>, output: Option<&std::path::Path>, bytes: &[u8]) -> io::Result<()> {
    match output {
        Some(path) if path.as_os_str() != "-" => files::write_whole(&cx.cwd, &cx.cwd.join(path), bytes),
        Some(_) | None => cx.out.write_all(bytes),
    }
}

fn speaks_utf8() -> bool {
    let set =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|v| std::env::var(v).ok()).find(|v| !v.is_empty());
    set.is_some_and(|v| v.to_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
        }
    }
}
