//! What decides requests for an app and an operation, so that what is found of one place is known of others.
//!
//! A frame is what decides besides permits and refusals. Where it is the same for two places, a clause means the same in
//! both, unless it reads what the app or the operation is.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::{HashMap, HashMapExt};

use super::index::Index;
use super::layers::{callable, held};
use super::side::Known;
use crate::sema::model::{
    AppId, Atom, ClauseId, ClauseKind, Condition, KindId, Model, OperationId, Owner, PermissionModelId,
    Predicate, Principal, RatchetId, ScopeId, Subject,
};

/// The frames of one model, and what its clauses say.
#[derive(Debug)]
pub(super) struct Frames {
    /// For each clause what it says, alike for clauses that say the same.
    contents: Vec<u32>,
    /// Whether a clause reads its app, or its operation.
    reads: Vec<[bool; 2]>,
    /// Whether the authority or some grant to people does.
    common: [bool; 2],
    /// For each operation which grants to people speak of it, alike for operations with the same.
    grants: Vec<u32>,
    /// For each operation the number of the kinds that it acts in and lists.
    natures: Vec<u32>,
    /// For each clause the natures, as bits, at which it can never match.
    idle: Vec<u64>,
    known: Mutex<HashMap<Frame, u32>>,
}

/// The number of a frame, and what of it is asked again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FrameId {
    pub(super) number: u32,
    /// Whether the scopes suffice without a context user, who is not demanded, and with one.
    pub(super) suffices: [bool; 2],
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Frame {
    kind: KindId,
    lists: Option<KindId>,
    grants: u32,
    /// What the grants to the app's user say.
    app_users: Vec<u32>,
    /// Whether the scopes suffice without a context user, and with one.
    suffices: [bool; 2],
    /// Where something is optional, whether those that are not suffice so.
    outright: Option<[bool; 2]>,
    demanded: bool,
    /// Whether it is callable at all.
    callable: bool,
    ratchets: Vec<Limits>,
    sites: Option<BTreeSet<String>>,
    /// Where one of the grants reads it: what the app is, and what the operation is.
    app: Option<AppId>,
    operation: Option<OperationId>,
}

/// A ratchet that limits scopes: all that is held and what of it is held outright, and which alternatives lie within.
type Limits = (RatchetId, [Vec<ScopeId>; 2], Vec<Vec<ScopeId>>);

impl Frames {
    /// Looks through the clauses.
    pub(super) fn new(index: &Arc<Index<'_>>) -> Frames {
        let model = index.model;
        let mut known: HashMap<(ClauseKind, &Principal, String), u32> = HashMap::new();
        let (mut contents, mut reads) = (Vec::new(), Vec::new());
        for clause in &model.clauses {
            let mut said = String::new();
            let mut read = [false; 2];
            say(model, &clause.condition, &mut said, &mut read);
            let next = known.len() as u32;
            contents.push(*known.entry((clause.kind, &clause.principal, said)).or_insert(next));
            reads.push(read);
        }
        let mut common = [false; 2];
        for condition in [&model.authority.app_user_except, &model.authority.context_user_required] {
            say(model, condition, &mut String::new(), &mut common);
        }
        for grant in index.grants() {
            common = either(common, reads[grant.index()]);
        }
        let mut known: HashMap<Vec<ClauseId>, u32> = HashMap::new();
        let grants = (0..model.operations.len() as u32).map(OperationId).map(|operation| {
            let speaks = |id: &ClauseId| index.spoken.speaks(*id, operation);
            let some: Vec<ClauseId> = index.grants().iter().copied().filter(speaks).collect();
            let next = known.len() as u32;
            *known.entry(some).or_insert(next)
        });
        let grants = grants.collect();
        let mut first: Vec<((KindId, Option<KindId>), OperationId)> = Vec::new();
        let natures = (0..).map(OperationId).zip(&model.operations).map(|(id, operation)| {
            let nature = (operation.kind, operation.lists);
            let known = first.iter().position(|(known, _)| *known == nature);
            let number = known.unwrap_or_else(|| {
                first.push((nature, id));
                first.len() - 1
            });
            number as u32
        });
        let natures = natures.collect();
        let known: Vec<Known<'_>> =
            first.iter().take(64).map(|(_, operation)| Known::new(index, AppId(0), *operation)).collect();
        let idle = model.clauses.iter().zip(&reads).map(|(clause, reads)| {
            // Which app it is does not matter then.
            let never =
                |known: &Known<'_>| *reads == [false; 2] && known.settled(&clause.condition) == Some(false);
            (0..).zip(&known).filter(|(_, known)| never(known)).fold(0, |all, (number, _)| all | 1 << number)
        });
        let idle = idle.collect();
        Frames { contents, reads, common, grants, natures, idle, known: Mutex::default() }
    }

    /// Whether the clause never matches a request for the operation, because of the kinds of containers that it is about.
    pub(super) fn is_idle(&self, clause: ClauseId, operation: OperationId) -> bool {
        self.idle[clause.index()].checked_shr(self.natures[operation.index()]).unwrap_or(0) & 1 == 1
    }

    /// The same for clauses that never match requests for the same operations for that reason.
    pub(super) fn idle(&self, clause: ClauseId) -> u64 {
        self.idle[clause.index()]
    }

    /// What the clause says: the same number for clauses that say the same.
    pub(super) fn content(&self, clause: ClauseId) -> u32 {
        self.contents[clause.index()]
    }

    /// What the clauses say, in order and each once.
    pub(super) fn said(&self, clauses: impl Iterator<Item = ClauseId>) -> Vec<u32> {
        let mut said: Vec<u32> = clauses.map(|id| self.content(id)).collect();
        said.sort_unstable();
        said.dedup();
        said
    }

    /// Whether the clause reads what its app is, and what the operation is.
    pub(super) fn reads(&self, clause: ClauseId) -> [bool; 2] {
        self.reads[clause.index()]
    }

    /// The frame of a place, where these are the scopes that the app holds, and these the grants to its user.
    pub(super) fn of(
        &self,
        index: &Index<'_>,
        (app, operation): (AppId, OperationId),
        held: &Held,
        app_users: &[ClauseId],
    ) -> FrameId {
        let model = index.model;
        let of = &model.apps[app.index()];
        let models = callable(model, &of.models, operation);
        let demands = |id: &PermissionModelId| model.permission_models[id.index()].demands_user;
        let operations = &model.operations[operation.index()];
        let alternatives = |held: &'_ BTreeSet<ScopeId>, user: bool| -> Vec<Vec<ScopeId>> {
            let usable = models.iter().filter(move |id| user || !demands(id));
            let all = usable.flat_map(|id| operations.requirements.get(id).into_iter().flatten());
            all.filter(|scopes| scopes.iter().all(|scope| held.contains(scope))).cloned().collect()
        };
        let suffices =
            |held: &BTreeSet<ScopeId>| [false, true].map(|user| !alternatives(held, user).is_empty());
        let list = |scopes: &BTreeSet<ScopeId>| scopes.iter().copied().collect::<Vec<_>>();
        let ratchets = index.ratchets(app).iter().map(|ratchet| {
            let outright = held.outright.as_ref().map(list).unwrap_or_default();
            (*ratchet, [list(&held.all), outright], alternatives(&held.all, true))
        });
        let reads = app_users.iter().fold(self.common, |all, id| either(all, self.reads(*id)));
        let frame = Frame {
            kind: operations.kind,
            lists: operations.lists,
            grants: self.grants[operation.index()],
            app_users: self.said(app_users.iter().copied()),
            suffices: suffices(&held.all),
            outright: held.outright.as_ref().map(suffices),
            demanded: models.iter().all(demands),
            callable: !models.is_empty(),
            ratchets: ratchets.collect(),
            sites: of.installed_on.clone(),
            app: reads[0].then_some(app),
            operation: reads[1].then_some(operation),
        };
        let suffices = [frame.suffices[0] && !frame.demanded, frame.suffices[1]];
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let next = known.len() as u32;
        FrameId { number: *known.entry(frame).or_insert(next), suffices }
    }
}

/// The scopes that an app can hold: what it asks for, and no more than is approved, with all that they imply.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) all: BTreeSet<ScopeId>,
    /// Where something is optional, what it holds without.
    outright: Option<BTreeSet<ScopeId>>,
}

impl Held {
    pub(super) fn of(model: &Model, app: AppId) -> Held {
        let app = &model.apps[app.index()];
        let [all, outright] = held(model, app, &app.requested);
        Held { all, outright: (!app.optional.is_empty()).then_some(outright) }
    }
}

/// Whether one of the two reads it.
pub(super) fn either(one: [bool; 2], other: [bool; 2]) -> [bool; 2] {
    [one[0] || other[0], one[1] || other[1]]
}

/// Whether a condition reads what its app is, stages of its ratchets among it, and what the operation is.
pub fn reads(model: &Model, condition: &Condition) -> [bool; 2] {
    let (mut said, mut reads) = (String::new(), [false; 2]);
    say(model, condition, &mut said, &mut reads);
    // Another app's ratchet has no stage.
    [reads[0] || said.contains("Stage("), reads[1]]
}

/// What a condition says, without where it is written; and whether it reads its app or operation.
fn say(model: &Model, condition: &Condition, said: &mut String, reads: &mut [bool; 2]) {
    use std::fmt::Write;
    let mut read = |subject: &Subject| {
        if let Subject::Attribute(id) = subject {
            match model.attributes[id.index()].owner {
                Owner::App => reads[0] = true,
                Owner::Operation => reads[1] = true,
                Owner::Kind(_) | Owner::User | Owner::Request => {}
            }
        }
    };
    // Writing to a string cannot fail.
    let _ = match condition {
        Condition::Constant(truth) => write!(said, "{truth}"),
        Condition::InKind(kind) => write!(said, "in {}", kind.0),
        Condition::AtKind(kind) => write!(said, "at {}", kind.0),
        Condition::Test(Atom { subject, predicate, .. }) => {
            read(subject);
            if let Predicate::Same(other) | Predicate::ElementOf(other) = predicate {
                read(other);
            }
            write!(said, "{subject:?}{predicate:?}")
        }
        Condition::Not(inner) => {
            said.push('!');
            say(model, inner, said, reads);
            Ok(())
        }
        Condition::All(parts) | Condition::Any(parts) => {
            said.push_str(if matches!(condition, Condition::All(_)) { "&(" } else { "|(" });
            for part in parts {
                say(model, part, said, reads);
                said.push(',');
            }
            said.push(')');
            Ok(())
        }
    };
}
