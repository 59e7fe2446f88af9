//! A history for people and for programs.

use std::io;

use serde_json::{Value, json};

use super::chains::{Chain, History, Seen, Step};
use crate::cli::ratchet::shown::{instant, pretty};
use crate::emit::{Growth, Widened};
use crate::report::{Look, Paint, count};

/// More operations of one growth are counted, not told.
const MOST: usize = 8;

/// For people.
pub(super) fn text(history: &History<'_>, now: i64, look: &Look) -> String {
    let mut told = String::new();
    for chain in &history.chains {
        told += &format!("package {}, chain {}\n", chain.package, hex(&chain.first));
        if let Some(missing) = chain.before() {
            told += &format!("  generations 1 to {missing} are not here\n");
        }
        for step in &chain.steps {
            self::step(step, now, look, &mut told);
        }
        let generations = count(chain.steps.len(), "generation");
        let end = match chain.holds() {
            true => format!("the chain holds: {generations}"),
            false => look.paint(Paint::Bad, "the chain is broken"),
        };
        told += &format!("{end}\n\n");
    }
    for fault in &history.faults {
        told += &format!("{} {fault}\n\n", look.paint(Paint::Bad, "x"));
    }
    told.truncate(told.trim_end().len());
    told + "\n"
}

fn step(step: &Step<'_>, now: i64, look: &Look, told: &mut String) {
    let date = step.link.as_ref().and_then(|link| link.date);
    let date = date.map_or(String::new(), |date| format!("{}  ", day(date)));
    let Step { place, file, .. } = step;
    *told += &format!("  {}  {date}{}  sha256 {}\n", place.generation, file.path, hex(&place.digest));
    for fault in &step.faults {
        *told += &format!("     {} {fault}\n", look.paint(Paint::Bad, "x"));
    }
    if let Seen::Outline(outline) = &step.seen {
        let format = outline.format;
        *told += &format!("     of format {format}, which is not read here: only its place was looked at\n");
    }
    let Some(link) = &step.link else { return };
    for widened in &link.widenings {
        let Widened { reason, approvers, until, .. } = widened;
        for growth in &widened.growths {
            *told += &format!("     {} {}\n", look.paint(Paint::Bad, "+"), one(growth));
        }
        let end = if *until <= now { "ended" } else { "until" };
        *told +=
            &format!("       \"{reason}\", approved by {}, {end} {}\n", approvers.join(", "), day(*until));
    }
    for growth in &link.lost {
        *told += &format!("     {} {}\n", look.paint(Paint::Good, "-"), one(growth));
    }
    if link.widenings.is_empty() && link.lost.is_empty() {
        *told += "     the same is permitted\n";
    }
}

/// `com.acme: jira.issue.get, 3 more in project where …, 12 cells`
fn one(growth: &Growth) -> String {
    if growth.app.is_empty() {
        return growth.told.join(", or ");
    }
    if growth.operations.is_empty() {
        return format!("{}: {}", growth.app, growth.told.join(", or "));
    }
    let mut operations = growth.operations.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if growth.operations.len() > MOST {
        operations += &format!(" and {} more", growth.operations.len() - MOST);
    }
    let mut places = growth.told.join(", or ");
    if growth.remaining != "0" {
        places += &format!(", and {} more cells", growth.remaining);
    }
    let cells = match growth.cells.as_str() {
        "" => "too many cells to count".to_owned(),
        "1" => "1 cell".to_owned(),
        many => format!("{many} cells"),
    };
    format!("{}: {operations} {places} ({cells})", growth.app)
}

/// For programs.
pub(super) fn json(history: &History<'_>, now: i64) -> io::Result<String> {
    let growth = |g: &Growth| {
        let cells = (!g.cells.is_empty()).then_some(&g.cells);
        json!({
            "app": g.app, "operations": g.operations, "where": g.told,
            "cells": cells, "remaining_cells": g.remaining,
        })
    };
    let widened = |w: &Widened| {
        json!({
            "reason": w.reason, "approved_by": w.approvers, "until": instant(w.until),
            "ended": w.until <= now, "block": hex(&w.block), "renews": w.goes_on(),
            "gained": w.growths.iter().filter(|g| !g.app.is_empty()).map(growth).collect::<Vec<_>>(),
        })
    };
    let step = |step: &Step<'_>| {
        let mut told = json!({
            "generation": step.place.generation,
            "file": step.file.path,
            "sha256": hex(&step.place.digest),
            "read": matches!(step.seen, Seen::Whole(_)),
            "faults": step.faults,
        });
        if let Some(link) = &step.link {
            told["previous"] = hex(&link.previous).into();
            told["date"] = link.date.map_or(Value::Null, |date| instant(date).into());
            told["widenings"] = link.widenings.iter().map(widened).collect();
            told["lost"] = link.lost.iter().map(growth).collect();
            told["closed"] = link.closed.iter().map(|(app, operation)| json!([app, operation])).collect();
        }
        told
    };
    let chains = history.chains.iter().map(|chain| {
        json!({
            "package": chain.package, "first": hex(&chain.first), "holds": chain.holds(),
            "missing_before": chain.before().unwrap_or(0),
            "generations": chain.steps.iter().map(step).collect::<Vec<_>>(),
        })
    });
    let told = json!({
        "holds": history.holds(), "now": instant(now), "faults": history.faults,
        "chains": chains.collect::<Vec<_>>(),
    });
    Ok(pretty(&told)? + "\n")
}

impl Chain<'_> {
    /// The last of the generations before the first that is here.
    fn before(&self) -> Option<u32> {
        let first = self.steps.first().map_or(1, |step| step.place.generation);
        first.checked_sub(1).filter(|missing| *missing > 0)
    }
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The day alone where it is one's beginning.
fn day(seconds: i64) -> String {
    let told = instant(seconds);
    told.strip_suffix("T00:00:00Z").map_or(told.clone(), str::to_owned)
}
