//! What facts about privilege ask of the policy. Regions answer for all requests; tests answer by trying them.

use super::set::Operations;
use crate::request::Request;
use crate::sema::model::{
    AppId, Atom, AttributeId, Condition, Constant, Model, OperationId, Owner, Predicate, RatchetId, Subject,
};
use crate::span::Span;

/// Whether there is such a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// There is none.
    Never,
    /// There is this one, among others perhaps.
    Sometimes(Box<Request>),
    /// No engine could tell; the sentence says what made it large.
    Undecided(String),
}

/// Whether there is any, without one: there are too many to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Possible {
    /// There is none.
    Never,
    /// There is one.
    Sometimes,
    /// No engine could tell.
    Undecided,
}

impl Possible {
    /// Whether there certainly is none.
    pub fn is_never(self) -> bool {
        self == Possible::Never
    }
}

impl Answer {
    /// Whether there certainly is none.
    pub fn is_never(&self) -> bool {
        matches!(self, Answer::Never)
    }

    /// The request, if there is one.
    pub fn witness(&self) -> Option<&Request> {
        match self {
            Answer::Sometimes(request) => Some(request),
            Answer::Never | Answer::Undecided(_) => None,
        }
    }
}

/// Operations that the policy decides alike for one app: what is permitted for one of them is permitted for
/// each, and all require the same.
#[derive(Debug, Clone)]
pub struct Group {
    /// At least one.
    pub operations: Operations,
    /// Whether anything is permitted.
    pub permitted: Possible,
}

impl Group {
    /// One of its operations.
    pub fn any(&self) -> OperationId {
        self.operations.iter().next().unwrap_or(OperationId(0)) // a group is never empty
    }
}

/// Whoever answers for all requests.
pub trait Permits: Sync {
    /// All operations, in groups, for an app.
    fn groups(&self, app: AppId) -> &[Group];

    /// A request of the app for the operation that is permitted, and for which the condition is certainly true.
    fn ask(&self, app: AppId, operation: OperationId, condition: &Condition) -> Answer;

    /// A request of the app for the operation that is permitted, and for which the condition is not certainly
    /// true. Of a list, tests of what differs between entries count as true: who names the entry is asked too.
    fn ask_outside(&self, app: AppId, operation: OperationId, condition: &Condition) -> Answer;

    /// A request of the app for the operation that is permitted, if one is known without asking.
    fn known(&self, _app: AppId, _operation: OperationId) -> Option<Request> {
        None
    }

    /// A request that is permitted at the stage before this one, and with all else equal not at this one.
    fn withdrawn(&self, app: AppId, operation: OperationId, ratchet: RatchetId, stage: u32) -> Answer;
}

/// The operations of which the policy permits the app something.
pub fn operations(permits: &dyn Permits, app: AppId) -> Operations {
    let permitted = permits.groups(app).iter().filter(|group| !group.permitted.is_never());
    permitted.fold(Operations::default(), |all, group| all.or(&group.operations))
}

/// There is a context user; or there is none.
pub fn has_user(model: &Model, yes: bool) -> Condition {
    let id = model.attributes.iter().position(|a| a.owner == Owner::User && a.name == "id");
    // The prelude declares it.
    let Some(id) = id else { return Condition::Constant(true) };
    let subject = Subject::Attribute(AttributeId(id as u32));
    let has = test(subject, Predicate::Present);
    if yes { has } else { Condition::Not(Box::new(has)) }
}

/// The ratchet stands at this stage.
pub fn at_stage(ratchet: RatchetId, stage: u32) -> Condition {
    test(Subject::Stage(ratchet), Predicate::Is(vec![Constant::Index(stage)]))
}

/// The ratchet stands at its last stage, or the request does not say where it stands.
pub fn at_last_stage(model: &Model, ratchet: RatchetId) -> Condition {
    let last = model.ratchets[ratchet.index()].stages.len().saturating_sub(1) as u32;
    let told = test(Subject::Stage(ratchet), Predicate::Present);
    Condition::Any(vec![at_stage(ratchet, last), Condition::Not(Box::new(told))])
}

/// A test that nobody wrote.
pub fn test(subject: Subject, predicate: Predicate) -> Condition {
    Condition::Test(Atom { subject, predicate, span: Span::default() })
}
