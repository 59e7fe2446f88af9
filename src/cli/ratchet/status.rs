//! `sprag ratchet status`

use std::io;

use serde_json::{Value, json};

use super::act::{self, Format, PolicyArgs, key};
use super::shown;
use super::store::{StoreArgs, says};
use crate::cli::{Context, Exit};
use crate::ratchet::{Facts, Installation, effective};
use crate::report;
use crate::state::Store;

/// Show how installations stand: stages, scopes held, what waits and what was taken.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Only this app, by its key or by its name in the policy.
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Only on this site.
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
}

/// 0, or 2 where the store or the package cannot be used.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let Some(compiled) = args.policy.compile(cx)? else { return Ok(Exit::Failed) };
    let Some(model) = &compiled.compilation.model else { return Ok(Exit::Failed) };
    let now = args.policy.now()?;
    let app = args.app.as_deref().map(|app| key(model, app)).transpose()?;
    let store = args.store.open(cx)?;
    let snapshot = store.snapshot().map_err(says)?;
    // Decisions of this machine go by no earlier time.
    let highest = act::highest(&store)?;
    let mut all: Vec<(Installation, Option<Facts>)> = snapshot
        .installations
        .into_iter()
        .filter(|(i, _)| app.is_none_or(|app| i.app == app))
        .filter(|(i, _)| args.site.as_ref().is_none_or(|site| i.site == *site))
        .map(|(installation, facts)| (installation, Some(facts)))
        .collect();
    if let (Some(app), Some(site), []) = (app, &args.site, all.as_slice()) {
        all.push((Installation { app: app.to_owned(), site: site.clone() }, None));
    }
    let states = all.iter().map(|(installation, facts)| {
        let known = act::not_before(facts.as_ref().unwrap_or(&Facts::default()), highest);
        let state = effective(model, &known, installation, now);
        (installation, facts.is_some(), state)
    });
    if args.policy.format == Format::Json {
        let installations: Vec<Value> = states
            .map(|(installation, known, state)| {
                let Installation { app, site } = installation;
                json!({ "app": app, "site": site, "known": known, "state": shown::state_json(&state) })
            })
            .collect();
        let (store, epoch) = (snapshot.head.store.to_string(), snapshot.head.epoch);
        let at = shown::instant(now);
        let value = json!({ "store": store, "epoch": epoch, "at": at, "installations": installations });
        writeln!(cx.out, "{}", shown::pretty(&value)?)?;
        return Ok(Exit::Clean);
    }
    for (installation, known, state) in states {
        let unknown = if known { "" } else { ": the store has never heard of it" };
        writeln!(cx.out, "{}{unknown}", report::visible(&installation.to_string()))?;
        shown::state(&state, cx)?;
        writeln!(cx.out)?;
    }
    let count = report::count(all.len(), "installation");
    writeln!(cx.out, "{count}; store {} at entry {}", snapshot.head.store, snapshot.head.epoch)?;
    Ok(Exit::Clean)
}
