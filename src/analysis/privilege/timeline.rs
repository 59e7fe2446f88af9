//! What an app may do as time goes by: its power from the installation on, and when it is harmless.

use super::permitted::{Permits, at_stage};
use super::set::Operations;
use super::states;
use crate::sema::model::{Access, AppId, Condition, Model, RatchetId, Trigger};

/// A point from which on the app may do no more than this.
#[derive(Debug, Clone)]
pub struct Moment {
    /// When it comes.
    pub when: When,
    /// The stages of the app's ratchets, in the model's order.
    pub stages: Vec<(RatchetId, u32)>,
    /// Of which operations anything is permitted there, or may be.
    pub permitted: Operations,
}

/// When a stage is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// So many seconds after the installation, at the latest.
    At(i64),
    /// When one of these triggers of the ratchet comes.
    Once(RatchetId, Vec<Trigger>),
}

/// How an app's power shrinks.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// The app.
    pub app: AppId,
    /// In order; the first is the installation.
    pub moments: Vec<Moment>,
    /// The first of them from which on nothing but reading is permitted.
    pub harmless: Option<usize>,
}

/// What time alone takes from the app, and then what the other triggers do, ratchet by ratchet.
pub fn of(model: &Model, permits: &dyn Permits, app: AppId) -> Timeline {
    let ratchets: Vec<RatchetId> = states::ratchets(model, app).collect();
    let latest: Vec<Vec<Option<i64>>> =
        ratchets.iter().map(|ratchet| model.ratchets[ratchet.index()].latest()).collect();
    let mut times: Vec<i64> = latest.iter().flatten().filter_map(|at| *at).collect();
    times.push(0);
    times.sort_unstable();
    times.dedup();
    let mut moments = Vec::new();
    let mut stages: Vec<(RatchetId, u32)> = Vec::new();
    for time in times {
        let reached = |of: &Vec<Option<i64>>| {
            of.iter().rposition(|at| at.is_some_and(|at| at <= time)).unwrap_or(0) as u32
        };
        stages = ratchets.iter().copied().zip(latest.iter().map(reached)).collect();
        moments.push(moment(permits, app, When::At(time), &stages));
    }
    for number in 0..stages.len() {
        let ratchet = stages[number].0;
        let declared = &model.ratchets[ratchet.index()].stages;
        for (stage, declared) in (0..).zip(declared).skip(stages[number].1 as usize + 1) {
            stages[number].1 = stage;
            let when = When::Once(ratchet, declared.triggers.clone());
            moments.push(moment(permits, app, when, &stages));
        }
    }
    let reads = |moment: &Moment| {
        [Access::Write, Access::Delete, Access::Admin]
            .into_iter()
            .all(|class| moment.permitted.of_class(model, class).is_empty())
    };
    let harmless = moments.iter().position(reads);
    Timeline { app, moments, harmless }
}

fn moment(permits: &dyn Permits, app: AppId, when: When, stages: &[(RatchetId, u32)]) -> Moment {
    let there = Condition::All(stages.iter().map(|(ratchet, stage)| at_stage(*ratchet, *stage)).collect());
    let groups = permits.groups(app).iter().filter(|group| !group.permitted.is_never());
    let permitted =
        groups.filter(|group| stages.is_empty() || !permits.ask(app, group.any(), &there).is_never());
    let permitted = permitted.fold(Operations::default(), |all, group| all.or(&group.operations));
    Moment { when, stages: stages.to_vec(), permitted }
}
