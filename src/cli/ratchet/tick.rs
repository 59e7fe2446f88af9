//! `sprag ratchet tick`

use std::io;

use serde_json::json;

use super::act::{self, Format, PolicyArgs};
use super::shown;
use super::store::{StoreArgs, says};
use crate::cli::{Context, Exit};
use crate::ratchet::{Event, Here, What, is_due};
use crate::report;
use crate::state::Store;

/// Keep what time has turned and ended by now, for all installations: for a timer.
///
/// Decisions need no tick: time counts for them as it goes on. What was kept cannot come back if clocks are set back.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// 0, or 2 where the store or the package cannot be used.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let Some(compiled) = args.policy.compile(cx)? else { return Ok(Exit::Failed) };
    let Some(model) = &compiled.compilation.model else { return Ok(Exit::Failed) };
    let now = args.policy.now()?;
    let store = args.store.open(cx)?;
    let event = Event { what: What::Tick, by: "time".to_owned(), reason: String::new() };
    let here = Here { writer: act::WRITER, now };
    let (mut told, highest) = (Vec::new(), act::highest(&store)?);
    for (installation, facts) in store.snapshot().map_err(says)?.installations {
        // An entry for each second that passed would tell nobody anything.
        if !is_due(model, &act::not_before(&facts, highest), &installation, now) {
            continue;
        }
        let (_, step, _) = act::take(&store, model, &installation, &event, here)?;
        match step {
            Ok(step) if step.records.is_empty() => {}
            Ok(step) => told.push((installation, step.records)),
            // The policy of today does not know the app: nothing is held that could be taken.
            Err(refused) => writeln!(cx.err, "{installation}: {refused}")?,
        }
    }
    if args.policy.format == Format::Json {
        let lines =
            told.iter().map(|(i, records)| json!({ "app": i.app, "site": i.site, "records": records }));
        let value = json!({ "at": shown::instant(now), "turned": lines.collect::<Vec<_>>() });
        writeln!(cx.out, "{}", shown::pretty(&value)?)?;
        return Ok(Exit::Clean);
    }
    for (installation, records) in &told {
        for record in records {
            let line = format!(
                "{installation}: {} {}: {} -> {}",
                record.what, record.on, record.before, record.after
            );
            writeln!(cx.out, "{}", report::visible(&line))?;
        }
    }
    Ok(Exit::Clean)
}
