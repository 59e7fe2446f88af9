//! Dead policy: rules, tests, containers and stages without which every request would be answered the same.
//!
//! "The same" is about what is permitted, entries of lists included; reasons, names of rules in answers and advice
//! are another matter. Each rule, container and stage is asked about at one app and operation after the other, until
//! some request shows that it matters. So only what is dead is asked about everywhere; and what proves it at one place
//! proves it at all places where the same clauses stand. Tests in conditions are asked about for themselves.

mod cases;
mod containers;
mod influence;
mod lazily;
mod makers;
mod naming;
mod questions;
mod rules;
mod stages;
mod tests;

use std::collections::BTreeSet;

use super::Progress;
use crate::region::{Counting, Models, Surveyor};
use crate::sema::model::{AppId, ClauseId, ContainerId, Layer, Model, OperationId, RatchetId};
use crate::span::Span;

/// Everything that is dead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dead {
    /// Rules, assignments and withdrawals, in source order.
    pub rules: Vec<DeadRule>,
    /// Tests in conditions of rules that are not dead themselves, by place.
    pub tests: Vec<DeadTest>,
    /// Declared containers in which, and below which, nothing is ever permitted.
    pub containers: Vec<ContainerId>,
    /// Stages, but for the first, at which everything is permitted or refused as at the stage before.
    pub stages: Vec<(RatchetId, u32)>,
    /// Stages at which something is refused that was permitted at the stage before, as far as that was seen: of the
    /// others that are not idle it was not asked.
    pub taking: Vec<(RatchetId, u32)>,
    /// What the engines could not decide.
    pub undecided: Vec<Undecided>,
}

/// A rule without which the same would be permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadRule {
    /// The rule.
    pub clause: ClauseId,
    /// What makes it so: for each app and operation a minimal set, together. Empty: it never matches.
    pub makers: BTreeSet<Maker>,
    /// Whether all rules of which this is true can be removed at once. Of two that say the same, only one can.
    pub removable: bool,
}

/// Something that makes a rule dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Maker {
    /// The layer refuses, whatever rules say: for want of scopes, of a role, of a site.
    Layer(Layer),
    /// No rule permits.
    NoPermit,
    /// The policy takes the caller's word, and no roles of its own.
    CallersWord,
    /// The exception from the app user's roles.
    Exception,
    /// Another rule says it too, or forbids or withdraws it.
    Clause(ClauseId),
}

/// A test in a condition, or several at the same place, that could be left out of all rules that have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadTest {
    /// Where it is written.
    pub place: Place,
    /// What could stand in its place. Both can be true of a test beside others that decide alone; then it is `true`.
    pub value: bool,
}

/// A place that is compared as a place: source, first byte, one past the last. Spans are all equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u32, u32, u32);

impl From<Span> for Place {
    fn from(span: Span) -> Place {
        Place(span.source, span.start, span.end)
    }
}

impl From<Place> for Span {
    fn from(Place(source, start, end): Place) -> Span {
        Span { source, start, end }
    }
}

/// What could not be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// What of.
    pub of: Subject,
    /// For which app.
    pub app: AppId,
    /// For which operation; others may be decided alike.
    pub operation: OperationId,
    /// What made it large, in the words of the policy, worst first.
    pub what: Vec<String>,
}

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Whether the rule matters.
    Rule(ClauseId),
    /// Whether the test at that place could be this.
    Test(Place, bool),
    /// Whether the container is reached.
    Container(ContainerId),
    /// Whether the stage differs from the one before.
    Stage(RatchetId, u32),
}

/// No unknown and no listed test counts.
const CERTAINLY: Counting = Counting { unknown: false, listed: false };

/// Finds what is dead.
pub fn dead(model: &Model, progress: Progress<'_>) -> Dead {
    surveyed(&Surveyor::new(&Models::new(&[model])), model, progress)
}

/// The same, with a surveyor of the model that others ask too.
pub fn surveyed<'m>(surveyor: &Surveyor<'m>, model: &'m Model, progress: Progress<'_>) -> Dead {
    let (models, questions) = (surveyor.models(), questions::Questions::new(model));
    let cases = cases::Cases::new(model, surveyor);
    let permits = influence::Permits::new(model, models);
    let (questions, cases, permits) = (&questions, &cases, &permits);
    let looking = influence::Looking { model, models, surveyor, questions, cases, permits };
    let found = looking.all(progress);
    let (never, open) = tests::ask(model, models, questions, progress);
    let dead_rules: BTreeSet<ClauseId> = found.rules.iter().map(|rule| rule.clause).collect();
    let mut undecided = found.undecided;
    undecided.extend(open);
    Dead {
        tests: questions.dead_tests(&never, &dead_rules),
        rules: found.rules,
        containers: found.containers,
        stages: found.stages,
        taking: found.taking,
        undecided,
    }
}
