//! What a step changed, and how the audit tells it.

use std::collections::BTreeSet;

use super::event::{Event, What};
use super::marks::Target;
use super::record::Record;
use super::state::State;
use crate::sema::model::Model;

/// What was taken by a step, and what was given.
pub(super) fn changes(model: &Model, before: &State, after: &State) -> (BTreeSet<Target>, BTreeSet<Target>) {
    let (mut taken, mut given) = (BTreeSet::new(), BTreeSet::new());
    let scope = |name: &String| Target::Scope(name.clone());
    taken.extend(before.holds.difference(&after.holds).map(scope));
    given.extend(after.holds.difference(&before.holds).map(scope));
    for (ratchet, stage) in &after.stages {
        let number = |name: Option<&String>| {
            let declared = model.ratchets.iter().find(|r| r.name == *ratchet)?;
            declared.stages.iter().position(|s| Some(&s.name) == name)
        };
        let target = |name: &String| Target::Stage(ratchet.clone(), name.clone());
        match number(before.stages.get(ratchet)).cmp(&number(Some(stage))) {
            std::cmp::Ordering::Less => drop(taken.insert(target(stage))),
            std::cmp::Ordering::Greater => drop(given.insert(target(stage))),
            std::cmp::Ordering::Equal => {}
        }
    }
    let operation = |name: &String| Target::Operation(name.clone());
    let (old, new) = (&before.withdrawn, &after.withdrawn);
    taken.extend(new.operations.difference(&old.operations).map(operation));
    given.extend(old.operations.difference(&new.operations).map(operation));
    let container = |(kind, id): &(String, String)| Target::Container(kind.clone(), id.clone());
    taken.extend(new.containers.difference(&old.containers).map(container));
    given.extend(old.containers.difference(&new.containers).map(container));
    (taken, given)
}

/// One line for what somebody did, and one for each ratchet that turned.
pub(super) fn records(event: &Event, before: &State, after: &State, when: i64) -> Vec<Record> {
    let mut records = Vec::new();
    if let Some((what, on)) = deed(&event.what) {
        records.push(Record {
            who: event.by.clone(),
            what: what.to_owned(),
            on,
            before: standing(before),
            after: standing(after),
            why: event.reason.clone(),
            when,
        });
    }
    let acted = !records.is_empty();
    for (ratchet, stage) in &after.stages {
        let old = before.stages.get(ratchet);
        if old == Some(stage) {
            continue;
        }
        records.push(Record {
            who: if acted { event.by.clone() } else { "time".to_owned() },
            what: "turned".to_owned(),
            on: ratchet.clone(),
            before: old.cloned().unwrap_or_default(),
            after: stage.clone(),
            why: if acted { event.reason.clone() } else { "what its trigger waits for has come".to_owned() },
            when,
        });
    }
    if !acted && records.is_empty() && standing(before) != standing(after) {
        records.push(Record {
            who: "time".to_owned(),
            what: "ended".to_owned(),
            on: "an approval".to_owned(),
            before: standing(before),
            after: standing(after),
            why: "its time was up".to_owned(),
            when,
        });
    }
    records
}

/// What was done, and on what; `None` where somebody only told what time it is, or what was used.
fn deed(what: &What) -> Option<(&'static str, String)> {
    let listed = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    Some(match what {
        What::Tick | What::Used { .. } => return None,
        What::Installed { version, asks } => {
            ("installed", format!("version {version} asks {}", listed(asks)))
        }
        What::Uninstalled => ("uninstalled", "the installation".to_owned()),
        What::Version { version, asks } => ("version", format!("{version} asks {}", listed(asks))),
        What::Catalogs { opened } => ("catalogs", format!("opened {}", listed(opened))),
        What::Reported(name) => ("reported", name.clone()),
        What::Turn { ratchet, stage } => ("turn", format!("{ratchet}.{stage}")),
        What::Withdraw(target) => ("withdraw", target.to_string()),
        What::Approve(approval) => {
            let mut on: Vec<String> = approval.scopes.iter().map(|s| format!("scope {s}")).collect();
            on.extend(approval.operations.iter().map(|o| format!("operation {o}")));
            on.extend(approval.containers.iter().map(|(kind, id)| format!("{kind} {id}")));
            ("approve", format!("{} as {}{}", on.join(", "), approval.id, duration(approval.seconds)))
        }
        What::Reopen { id, ratchet, stage, seconds, groups: _ } => {
            ("reopen", format!("{ratchet}.{stage} as {id}{}", duration(*seconds)))
        }
    })
}

fn duration(seconds: Option<i64>) -> String {
    seconds.map(|seconds| format!(" for {seconds} seconds")).unwrap_or_default()
}

/// How an installation stands, in a line.
fn standing(state: &State) -> String {
    let mut parts = vec![match state.holds.is_empty() {
        true => "holds nothing".to_owned(),
        false => format!("holds {}", state.holds.iter().cloned().collect::<Vec<_>>().join(", ")),
    }];
    parts.extend(state.stages.iter().map(|(ratchet, stage)| format!("{ratchet} at {stage}")));
    let withdrawn = &state.withdrawn;
    parts.extend(withdrawn.operations.iter().map(|name| format!("without operation {name}")));
    parts.extend(withdrawn.containers.iter().map(|(kind, id)| format!("without {kind} {id}")));
    parts.extend(state.pending.iter().map(|scope| format!("{scope} waits")));
    parts.join("; ")
}
