//! Which approvals stand: given by enough of those who may, not over, and by people who had seen what they override.

use std::collections::BTreeSet;

use super::clock::Clock;
use super::facts::{Facts, Vote};
use super::marks::Target;
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
    given(model, facts, clock, terms, |vote| {
        targets.iter().all(|target| vote.what.contains(target) && covers(facts, vote, target))
    })
}

/// Whether the installation was ever given the scope, and has not lost all by being removed or by asking for less.
/// Whether an administrator took it since is another question.
pub(super) fn agreed(model: &Model, facts: &Facts, clock: Clock, terms: Terms<'_>, scope: &str) -> bool {
    let own = Target::Scope(scope.to_owned());
    let also = [Target::Installation, Target::Unasked(scope.to_owned())];
    given(model, facts, clock, terms, |vote| {
        vote.what.contains(&own) && also.iter().all(|target| vote.seen.covers(&facts.marks, target))
    })
}

fn given(
    model: &Model,
    facts: &Facts,
    clock: Clock,
    terms: Terms<'_>,
    speaks: impl Fn(&Vote) -> bool,
) -> bool {
    facts.votes.iter().any(|(id, votes)| {
        if facts.ended.contains(id) {
            return false;
        }
        let install = id == INSTALL;
        let standing = votes.iter().filter(|vote| {
            speaks(vote)
                && !is_over(vote, clock)
                && (install || (terms.allow(vote.seconds) && terms.admit(model, &vote.by, &vote.groups)))
        });
        let needed = |vote: &Vote| if install { 1 } else { vote.needed.max(terms.approvers) };
        let mut voters: BTreeSet<&str> = BTreeSet::new();
        let mut most = 1;
        for vote in standing {
            voters.insert(&vote.by);
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
        | Target::Unasked(_)
        | Target::Opened(_)
        | Target::Container(..)
        | Target::Stage(..) => None,
    };
    [Some(Target::Installation), Some(target.clone()), also]
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
