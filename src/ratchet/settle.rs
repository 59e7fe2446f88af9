//! What follows from facts and the time: stages that are due, approvals that are over.

use super::clock::Clock;
use super::facts::Facts;
use super::join::Latest;
use super::marks::Target;
use super::standing;
use crate::sema::model::{AppId, Model, Ratchet, Since, Trigger};

/// Adds to the facts what follows from them now. Doing so again adds nothing.
pub(super) fn settle(model: &Model, app: AppId, facts: &mut Facts, now: i64) -> Clock {
    let clock = Clock::new(now, facts.clock.0);
    facts.clock.tell(now);
    for (id, votes) in &facts.votes {
        // One vote whose time is up is enough: an approval is as long as its shortest vote.
        if votes.iter().any(|vote| standing::is_over(vote, clock)) {
            facts.ended.insert(id.clone());
        }
    }
    let Some(installed) = facts.installed.0 else { return clock };
    for ratchet in model.ratchets.iter().filter(|ratchet| ratchet.apps.contains(&app)) {
        for number in 1..ratchet.stages.len() {
            turn(model, ratchet, number, installed, facts, clock);
        }
    }
    clock
}

/// Marks a stage with every trigger that has turned the ratchet to it.
fn turn(model: &Model, ratchet: &Ratchet, number: usize, installed: i64, facts: &mut Facts, clock: Clock) {
    let stage = &ratchet.stages[number];
    let target = Target::Stage(ratchet.name.clone(), stage.name.clone());
    // By a delay it was reached when that was over, whoever notices it later, and however often.
    let mut due_at = clock.now;
    for trigger in &stage.triggers {
        match trigger {
            Trigger::Event(name) => {
                // Each report is a turn of its own: one after a reopening ends it.
                for (writer, count) in facts.reports.get(name).into_iter().flatten() {
                    facts.marks.put(&target, &format!("event {name} to {writer}"), *count);
                }
            }
            Trigger::After(seconds, since) => {
                let (from, name) = match since {
                    Since::Install => (Some(installed), "install".to_owned()),
                    Since::Event(name) => {
                        (facts.events.get(name).and_then(|first| first.0), format!("event {name}"))
                    }
                    Since::Stage(earlier) => {
                        let earlier = &ratchet.stages[*earlier as usize..];
                        (reached(facts, ratchet, earlier.iter().map(|s| s.name.as_str())), {
                            format!("stage {}", earlier[0].name)
                        })
                    }
                };
                if let Some(from) = from.filter(|from| clock.turns(*from, *seconds)) {
                    due_at = due_at.min(from.saturating_add(*seconds));
                    facts.marks.put(&target, &format!("{seconds} seconds after {name}"), 1);
                }
            }
            Trigger::Unused(scope, seconds) => {
                let scope = &model.scopes[scope.index()].name;
                let since = last_use(model, facts, ratchet, scope, installed);
                if clock.turns(since, *seconds) {
                    let due = since.saturating_add(*seconds);
                    due_at = due_at.min(due);
                    // One more use after a reopening makes another time at which it is due.
                    let number = u64::try_from(due).unwrap_or(0).max(1);
                    facts.marks.put(&target, &format!("{scope} unused for {seconds} seconds"), number);
                }
            }
            Trigger::Count(times, operation) => {
                let operation = &model.operations[operation.index()].name;
                let counted = facts.successes.get(operation).into_iter().flatten();
                let total = counted.fold(0u64, |sum, (_, count)| sum.saturating_add(*count));
                let rounds = total / u64::try_from(*times).unwrap_or(1).max(1);
                if rounds > 0 {
                    facts.marks.put(&target, &format!("{times} times {operation}"), rounds);
                }
            }
            Trigger::Command => {} // marked when it is given
        }
    }
    if facts.marks.has(&target) {
        let at = facts.reached.entry(ratchet.name.clone()).or_default();
        let at = at.entry(stage.name.clone()).or_default();
        if at.0.is_none() {
            at.tell(due_at);
        }
    }
}

/// From when on a scope counts as unused: its last use, the installation, or the last reopening that enough people
/// approved.
pub(super) fn last_use(model: &Model, facts: &Facts, ratchet: &Ratchet, scope: &str, installed: i64) -> i64 {
    let mut last = Latest(Some(installed));
    last.0 = last.0.max(facts.used.get(scope).and_then(|used| used.0));
    for at in standing::reopened_at(model, facts, ratchet) {
        last.tell(at);
    }
    last.0.unwrap_or(installed)
}

/// When one of these stages was reached first.
pub(super) fn reached<'n>(
    facts: &Facts,
    ratchet: &Ratchet,
    mut stages: impl Iterator<Item = &'n str>,
) -> Option<i64> {
    let times = facts.reached.get(&ratchet.name)?;
    let mut first: Option<i64> = None;
    for at in stages.by_ref().filter_map(|stage| times.get(stage)?.0) {
        first = Some(first.map_or(at, |first| first.min(at)));
    }
    first
}
