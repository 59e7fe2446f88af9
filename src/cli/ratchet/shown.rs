//! The state of an installation, for people and as JSON.

use std::collections::BTreeSet;
use std::io;

use serde_json::{Value, json};

use crate::cli::Context;
use crate::ratchet::{Open, State};
use crate::report;

/// In indented lines.
pub(super) fn state(state: &State, cx: &mut Context<'_>) -> io::Result<()> {
    let mut line = |what: &str, text: String| {
        if text.is_empty() { Ok(()) } else { writeln!(cx.out, "  {what:<10} {}", report::visible(&text)) }
    };
    let stages: Vec<String> =
        state.stages.iter().map(|(ratchet, stage)| format!("{ratchet} at {stage}")).collect();
    line("stages", stages.join(", "))?;
    let holds = listed(&state.holds);
    line("holds", if holds.is_empty() { "no scope".to_owned() } else { holds })?;
    line("waits", listed(&state.pending))?;
    line("unread", listed(&state.unread_catalogs))?;
    let withdrawn = &state.withdrawn;
    let forever = |name: &String| withdrawn.forever.contains(name);
    let scopes: Vec<String> = withdrawn
        .scopes
        .iter()
        .map(|name| if forever(name) { format!("scope {name} for good") } else { format!("scope {name}") })
        .collect();
    let operations = withdrawn.operations.iter().map(|name| format!("operation {name}"));
    let containers = withdrawn.containers.iter().map(|(kind, id)| format!("{kind} {id}"));
    line("withdrawn", scopes.into_iter().chain(operations).chain(containers).collect::<Vec<_>>().join(", "))?;
    for open in &state.approvals {
        line("approval", approval(open))?;
    }
    line("next", state.next.map(instant).unwrap_or_default())
}

fn approval(open: &Open) -> String {
    let what: Vec<String> = open.what.iter().map(ToString::to_string).collect();
    let until = open.until.map(|until| format!(" until {}", instant(until))).unwrap_or_default();
    let (given, needed) = (open.by.len(), open.needed);
    format!("{}: {} by {} ({given} of {needed}){until}", open.id, what.join(", "), listed(&open.by))
}

fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// For programs.
pub(super) fn state_json(state: &State) -> Value {
    let withdrawn = &state.withdrawn;
    let containers = withdrawn.containers.iter().map(|(kind, id)| json!({ "kind": kind, "id": id }));
    let approvals = state.approvals.iter().map(|open| {
        json!({
            "id": open.id,
            "what": open.what.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "by": open.by,
            "needed": open.needed,
            "until": open.until.map(instant),
        })
    });
    json!({
        "stages": state.stages,
        "holds": state.holds,
        "approved": state.approved,
        "pending": state.pending,
        "unread_catalogs": state.unread_catalogs,
        "withdrawn": {
            "scopes": withdrawn.scopes,
            "forever": withdrawn.forever,
            "operations": withdrawn.operations,
            "containers": containers.collect::<Vec<_>>(),
        },
        "approvals": approvals.collect::<Vec<_>>(),
        "next": state.next.map(instant),
    })
}

/// `1 entry`, `2 entries`.
pub(super) fn entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// `2026-12-31T12:00:00Z`; the number where no calendar goes so far.
pub(crate) fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.to_string())
}

/// With indents.
pub(crate) fn pretty(value: &Value) -> io::Result<String> {
    serde_json::to_string_pretty(value).map_err(io::Error::other)
}
