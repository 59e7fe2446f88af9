//! `sprag ratchet catalogs`

use std::io;

use super::act::{self, PolicyArgs, key};
use super::store::{StoreArgs, says};
use crate::cli::sides::{self, Trust};
use crate::cli::{Context, Exit};
use crate::ratchet::{Event, Facts, Here, What, opened};
use crate::report;
use crate::sema::model::CatalogPin;
use crate::state::Store;

/// Tell that the package's catalogs are in force now: what they open besides waits for approval.
///
/// Until then, installations that were made under older catalogs hold nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The package before, as its folder, REVISION:PATH, or a bundle with its sources.
    #[arg(long, value_name = "OLD")]
    since: String,
    /// Of a bundle that another version of the compiler built, believe the sources in it.
    #[arg(long)]
    trust_sources: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Only this app, by its key or by its name in the policy.
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Who says so.
    #[arg(long, value_name = "NAME")]
    who: String,
    /// Why.
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
}

/// 0; 1 if one of the installations refuses; 2 where a package or the store cannot be used.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let Some(compiled) = args.policy.compile(cx)? else { return Ok(Exit::Failed) };
    let Some(model) = &compiled.compilation.model else { return Ok(Exit::Failed) };
    let before = sides::load(&args.since, Trust::of(args.trust_sources), cx)?;
    let only = args.app.as_deref().map(|app| key(model, app)).transpose()?;
    let here = Here { writer: act::WRITER, now: args.policy.now()? };
    let store = args.store.open(cx)?;
    let all = store.snapshot().map_err(says)?.installations.into_iter();
    let mut exit = Exit::Clean;
    for (installation, facts) in all.filter(|(i, _)| only.is_none_or(|only| i.app == only)) {
        // Compared with others than those that it was let in under, nothing new would be found.
        if let Some(strange) = before.model.catalogs.iter().find(|catalog| !took_in(&facts, catalog)) {
            exit = Exit::Findings;
            let (name, since) = (&strange.name, &args.since);
            let told = format!(
                "{installation}: refused: it was never decided by catalog `{name}` as {since} has it; compare with the \
                 package as it was when the installation was let in or last compared"
            );
            writeln!(cx.out, "{}", report::visible(&told))?;
            continue;
        }
        let grown = opened(&before.model, model, &installation.app);
        let count = report::count(grown.len(), "operation");
        let what = What::Catalogs { opened: grown };
        let event = Event { what, by: args.who.clone(), reason: args.why.clone() };
        let (_, step, _) = act::take(&store, model, &installation, &event, here)?;
        let told = match step {
            Ok(_) if cx.quiet => continue,
            Ok(_) => format!("{installation}: {count} wait for approval"),
            Err(refused) => {
                exit = Exit::Findings;
                format!("{installation}: refused: {refused}")
            }
        };
        writeln!(cx.out, "{}", report::visible(&told))?;
    }
    Ok(exit)
}

/// Whether the installation was let in under the catalog, or compared with it since. Of one of which nothing is known
/// nothing is held either.
fn took_in(facts: &Facts, catalog: &CatalogPin) -> bool {
    facts.catalogs.is_empty()
        || facts.catalogs.get(&catalog.name).is_some_and(|of| of.contains(&catalog.digest))
}
