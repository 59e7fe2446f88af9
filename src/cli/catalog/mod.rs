//! `sprag catalog`

mod add;
mod list;
mod pin;
mod show;

use std::io;

use super::package::{Package, stock};
use super::{Context, Exit, diff, failed};
use crate::diag::nearest;
use crate::driver::{self, Compilation, Inputs};
use crate::shelf;
use crate::span::Source;

/// List, show, compare and pin catalogs: those that come with sprag, and a package's own.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Add(add::Args),
    /// Show what differs between two versions of a catalog: files, names of catalogs that come with sprag, or
    /// REVISION:PATH.
    Diff(diff::Args),
    Pin(pin::Args),
}

/// As the subcommand says.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    match &args.command {
        Command::List(args) => list::run(args, cx),
        Command::Show(args) => show::run(args, cx),
        Command::Add(args) => add::run(args, cx),
        Command::Diff(args) => diff::run(args, cx),
        Command::Pin(args) => pin::run(args, cx),
    }
}

/// The catalogs at hand in the current folder, with their texts: those of its package, if it is in one, then those that
/// come with sprag and have other names.
fn at_hand(cx: &Context<'_>) -> io::Result<Vec<Source>> {
    let mut found = match Package::load_for_lock(None, cx) {
        Ok((package, _)) => {
            let all = package.inputs.own.into_iter().chain(package.inputs.shelf);
            all.filter(|s| !s.path.starts_with('<') && driver::catalog_name(&s.text).is_some()).collect()
        }
        // Outside of a package there are the others.
        Err(_) => Vec::new(),
    };
    let taken: Vec<String> =
        found.iter().filter_map(|s: &Source| driver::catalog_name(&s.text)).map(str::to_owned).collect();
    found.extend(
        shelf::ALL
            .iter()
            .filter(|packed| !taken.iter().any(|t| t == packed.name))
            .map(|packed| Source { path: packed.shown(), text: packed.text() }),
    );
    Ok(found)
}

/// One of them, compiled with those that it uses.
fn compiled(name: &str, sources: Vec<Source>) -> io::Result<Compilation> {
    let names: Vec<&str> = sources.iter().filter_map(|s| driver::catalog_name(&s.text)).collect();
    if !names.contains(&name) {
        let near = nearest(name, names.iter().copied());
        let hint = near
            .map_or_else(|| "; `sprag catalog list` tells which there are".to_owned(), |n| format!("; {n}"));
        return Err(failed(format!("there is no catalog `{name}`{hint}")));
    }
    let own = vec![Source { path: "<command line>".to_owned(), text: format!("use {name}") }];
    let mut shelf = sources;
    stock(&own, &mut shelf);
    let compilation = driver::compile(Inputs { package: "catalog".to_owned(), own, shelf, lock: None });
    match compilation.failed() {
        true => Err(failed(format!("catalog `{name}` has errors; `sprag check` tells them"))),
        false => Ok(compilation),
    }
}
