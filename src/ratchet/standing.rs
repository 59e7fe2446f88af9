//! Which approvals stand: given by enough of those who may, not over, and by people who had seen what they override.

use std::collections::BTreeSet;

use super::clock::Clock;
use super::facts::{Facts, Vote};
use super::marks::Target;
use super::people::person;
use crate::sema::model::{App, Model, Ratchet};

/// Who must approve, by the policy of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms<'m> {
    /// How many.
    pub(super) approvers: u32,
    /// Of which group; anybody if none is said.
    pub(super) group: Option<&'m str>,
    /// The longest, in seconds; an approval must have an end if this is said.
    pub(super) seconds: Option<i64>,
}

impl<'m> Terms<'m> {
    /// Of what is given to an installation.
    pub(super) fn of_app(app: &'m App) -> Terms<'m> {
        match &app.step_up {
            Some(terms) => {
                Terms { approvers: terms.approvers, group: Some(&terms.group), seconds: Some(terms.seconds) }
            }
            None => Terms { approvers: 1, group: None, seconds: None },
        }
    }

    /// Of the ways back to a stage, one after another.
    pub(super) fn of_reopenings(ratchet: &'m Ratchet, stage: usize) -> impl Iterator<Item = Terms<'m>> {
        ratchet.reopenings.iter().filter(move |way| way.stage as usize == stage).map(|way| Terms {
            approvers: way.approvers,
            group: Some(&way.group),
            seconds: Some(way.seconds),
        })
    }

    /// Whether the person is one of those who may.
    pub(super) fn admit(self, model: &Model, by: &str, groups: &BTreeSet<String>) -> bool {
        match self.group {
            None => true,
            // The policy's word on its own groups is final.
            Some(group) => match model.groups.get(group) {
                Some(members) => members.contains(by),
                None => groups.contains(group),
            },
        }
    }

    /// Whether an approval may last so long.
    fn allow(self, seconds: Option<i64>) -> bool {
        match (self.seconds, seconds) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(most), Some(seconds)) => seconds <= most,
        }
    }
}

/// Whether one approval lets all of this be, in spite of all marks on it.
///
/// What the first installation agreed to was approved by the policy itself and needs no group.
pub(super) fn approved(
    model: &Model,
    facts: &Facts,
    clock: Clock,
    terms: Terms<'_>,
    targets: &[Target],
) -> bool {
    given(model, facts, clock, terms, |_, vote| {
        targets.iter().all(|target| vote.what.contains(target) && covers(facts, vote, target))
    })
}

/// Whether the installation was ever given the scope, and has not lost all by being removed or by asking for less.
/// Whether an administrator took it since is another question.
///
/// What an installation is given with (`outright`) the policy of today says: what has become optional since waits for
/// an approval.
pub(super) fn agreed(
    model: &Model,
    facts: &Facts,
    clock: Clock,
    terms: Terms<'_>,
    scope: &str,
    outright: bool,
) -> bool {
    let own = Target::Scope(scope.to_owned());
    let also = [Target::Installation, Target::Removed, Target::Unasked(scope.to_owned())];
    given(model, facts, clock, terms, |id, vote| {
        (id != INSTALL || outright)
            && vote.what.contains(&own)
            && also.iter().all(|target| vote.seen.covers(&facts.marks, target))
    })
}

/// When reopenings of the ratchet came to stand: each with the vote that made them enough, by the policy of today.
pub(super) fn reopened_at(model: &Model, facts: &Facts, ratchet: &Ratchet) -> impl Iterator<Item = i64> {
    let of_ratchet = |target: &Target| matches!(target, Target::Stage(name, _) if *name == ratchet.name);
    let completed = move |stage: u32, votes: &BTreeSet<Vote>| {
        Terms::of_reopenings(ratchet, stage as usize)
            .filter_map(|terms| {
                let votes = votes.iter().filter(|vote| {
                    vote.what.iter().any(of_ratchet)
                        && terms.allow(vote.seconds)
                        && terms.admit(model, &vote.by, &vote.groups)
                });
                let mut votes: Vec<&Vote> = votes.collect();
                votes.sort_by_key(|vote| vote.at);
                let needed = votes.iter().map(|vote| vote.needed).max().unwrap_or(1).max(terms.approvers);
                let mut voters: BTreeSet<String> = BTreeSet::new();
                let enough = votes.iter().position(|vote| {
                    voters.insert(person(&vote.by));
                    voters.len() >= needed as usize
                })?;
                let at = votes[enough].at;
                // A vote whose time was up before the others came never counted with them.
                let end = |vote: &&Vote| vote.seconds.map(|seconds| vote.at.saturating_add(seconds));
                votes[..enough].iter().all(|vote| end(vote).is_none_or(|end| at < end)).then_some(at)
            })
            .max()
    };
    let stages: BTreeSet<u32> = ratchet.reopenings.iter().map(|way| way.stage).collect();
    facts.votes.values().flat_map(move |votes| {
        stages.iter().filter_map(|stage| completed(*stage, votes)).collect::<Vec<i64>>()
    })
}

fn given(
    model: &Model,
    facts: &Facts,
    clock: Clock,
    terms: Terms<'_>,
    speaks: impl Fn(&str, &Vote) -> bool,
) -> bool {
    facts.votes.iter().any(|(id, votes)| {
        if facts.ended.contains(id) {
            return false;
        }
        let install = id == INSTALL;
        let standing = votes.iter().filter(|vote| {
            speaks(id, vote)
                && !is_over(vote, clock)
                && (install || (terms.allow(vote.seconds) && terms.admit(model, &vote.by, &vote.groups)))
        });
        let needed = |vote: &Vote| if install { 1 } else { vote.needed.max(terms.approvers) };
        let mut voters: BTreeSet<String> = BTreeSet::new();
        let mut most = 1;
        for vote in standing {
            voters.insert(person(&vote.by));
            most = needed(vote).max(most);
        }
        voters.len() >= most as usize
    })
}

/// The name of the approval that the first installation is.
pub(super) const INSTALL: &str = "install";

/// Whether the vote has seen all that stands against this.
fn covers(facts: &Facts, vote: &Vote, target: &Target) -> bool {
    let also = match target {
        Target::Scope(name) => Some(Target::Unasked(name.clone())),
        Target::Operation(name) => Some(Target::Opened(name.clone())),
        Target::Installation
        | Target::Removed
        | Target::Unasked(_)
        | Target::Opened(_)
        | Target::Container(..)
        | Target::Stage(..) => None,
    };
    [Some(Target::Installation), Some(Target::Removed), Some(target.clone()), also]
        .iter()
        .flatten()
        .all(|target| vote.seen.covers(&facts.marks, target))
}

/// What the vote still lets be: nothing when its time is up, and nothing that was taken after it was given.
pub(super) fn gives(facts: &Facts, vote: &Vote, clock: Clock) -> BTreeSet<Target> {
    if is_over(vote, clock) {
        return BTreeSet::new();
    }
    vote.what.iter().filter(|target| covers(facts, vote, target)).cloned().collect()
}

/// Whether its time is up.
pub(super) fn is_over(vote: &Vote, clock: Clock) -> bool {
    vote.seconds.is_some_and(|seconds| clock.over(vote.at, vote.mark, seconds))
}
