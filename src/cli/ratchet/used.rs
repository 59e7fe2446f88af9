//! `sprag ratchet used`

use std::collections::BTreeMap;
use std::io;

use super::act::{self, ActArgs};
use crate::cli::{Context, Exit, failed};
use crate::diag::nearest;
use crate::ratchet::{What, needs};
use crate::sema::model::{Model, OperationId};

/// Tell that permitted requests succeeded: so a scope counts as used, and so successes are counted.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Operations, each with how often it succeeded if more than once.
    #[arg(required = true, value_name = "OPERATION[=COUNT]", value_parser = counted)]
    operations: Vec<(String, u64)>,
    #[command(flatten)]
    act: ActArgs,
}

/// As all that acts: see [`super::run`].
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    act::run_with(&args.act, cx, |model, app, now| {
        let (mut scopes, mut successes) = (BTreeMap::new(), BTreeMap::new());
        for (name, count) in &args.operations {
            let operation = operation(model, name)?;
            for scope in needs(model, app, operation) {
                scopes.insert(model.scopes[scope.index()].name.clone(), now);
            }
            *successes.entry(name.clone()).or_default() += count;
        }
        Ok(What::Used { scopes, successes })
    })
}

fn operation(model: &Model, name: &str) -> io::Result<OperationId> {
    let names = || model.operations.iter().map(|operation| operation.name.as_str());
    names().position(|known| known == name).map(|at| OperationId(at as u32)).ok_or_else(|| {
        let near = nearest(name, names()).map_or(String::new(), |near| format!("; {near}"));
        failed(format!("there is no operation `{name}`{near}"))
    })
}

/// `NAME` or `NAME=COUNT`.
fn counted(text: &str) -> Result<(String, u64), String> {
    let Some((name, count)) = text.split_once('=') else { return Ok((text.to_owned(), 1)) };
    let count = count.parse().map_err(|_| format!("`{count}` is no whole number"))?;
    Ok((name.to_owned(), count))
}
