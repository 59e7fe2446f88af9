//! What installations forget when the policy changes names: facts about them name ratchets and stages.

use std::collections::BTreeSet;

use crate::sema::model::{Model, Ratchet};
use crate::span::Span;

/// A ratchet or a stage that the old policy names and the new one does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// The ratchet, in the old policy.
    pub ratchet: String,
    /// Names of the apps in the new policy that it turned for.
    pub apps: Vec<String>,
    /// What became of it.
    pub what: Gone,
    /// The ratchet in the new policy that has its place.
    pub span: Span,
}

/// What is not there any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gone {
    /// The ratchet, and another one is new for the same apps. Installations stand at the beginning of that.
    Ratchet {
        /// The new one's name.
        now: String,
        /// Its first stage.
        first: String,
    },
    /// A stage. Installations that were turned to it stand at the last one.
    Stage {
        /// Its name.
        stage: String,
        /// The last one's.
        last: String,
    },
}

/// What installations forget when the second policy takes the place of the first.
pub fn forgotten(models: [&Model; 2]) -> Vec<Forgotten> {
    let [old, new] = models;
    let mut found = Vec::new();
    for ratchet in &old.ratchets {
        match new.ratchets.iter().find(|other| other.name == ratchet.name) {
            Some(now) => stages(ratchet, now, new, &mut found),
            None => found.extend(renamed(models, ratchet)),
        }
    }
    found
}

fn stages(before: &Ratchet, now: &Ratchet, new: &Model, found: &mut Vec<Forgotten>) {
    let is_there = |name: &String| now.stages.iter().any(|stage| stage.name == *name);
    // Nothing is kept of the first stage: whoever was turned nowhere stands there.
    for stage in before.stages.iter().skip(1).filter(|stage| !is_there(&stage.name)) {
        let Some(last) = now.stages.last() else { continue };
        found.push(Forgotten {
            ratchet: before.name.clone(),
            apps: now.apps.iter().map(|app| new.apps[app.index()].name.clone()).collect(),
            what: Gone::Stage { stage: stage.name.clone(), last: last.name.clone() },
            span: now.span,
        });
    }
}

/// The new ratchet that has the most in common with one that is gone, if there is one for the same apps.
fn renamed([old, new]: [&Model; 2], gone: &Ratchet) -> Option<Forgotten> {
    let keys = |model: &Model, ratchet: &Ratchet| -> BTreeSet<String> {
        ratchet.apps.iter().map(|app| model.apps[app.index()].key.clone()).collect()
    };
    let before = keys(old, gone);
    let is_new = |ratchet: &&Ratchet| !old.ratchets.iter().any(|other| other.name == ratchet.name);
    let names: BTreeSet<&str> = gone.stages.iter().map(|stage| stage.name.as_str()).collect();
    let alike = |ratchet: &Ratchet| {
        let common = ratchet.stages.iter().filter(|stage| names.contains(stage.name.as_str())).count();
        (common, keys(new, ratchet).intersection(&before).count())
    };
    let candidates =
        new.ratchets.iter().filter(is_new).filter(|ratchet| !keys(new, ratchet).is_disjoint(&before));
    let now = candidates.max_by_key(|ratchet| alike(ratchet))?;
    let shared = now.apps.iter().map(|app| &new.apps[app.index()]).filter(|app| before.contains(&app.key));
    Some(Forgotten {
        ratchet: gone.name.clone(),
        apps: shared.map(|app| app.name.clone()).collect(),
        what: Gone::Ratchet { now: now.name.clone(), first: now.stages.first()?.name.clone() },
        span: now.span,
    })
}
