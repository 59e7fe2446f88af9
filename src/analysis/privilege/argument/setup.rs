//! What an app needs during set-up and later no more, and a ratchet that takes it then.

use crate::analysis::privilege::needs::{closure, shortest};
use crate::analysis::privilege::permitted::{self, Answer, Group, Permits};
use crate::analysis::privilege::set::{Operations, Scopes};
use crate::analysis::privilege::surplus::Question;
use crate::sema::model::{Access, AppId, Condition, Model, OperationId, RatchetId, ScopeId};
use crate::span::Span;
use crate::syntax::tree::{
    self, AppPattern, Item, Name, OperationPattern, OperationTerm, Since, Text, Trigger, Withdrawal,
};
use crate::usage::tally::{Calls, Usage};

use super::Asked;

/// How long a set-up lasts where nobody says: a day.
pub const DAY: i64 = 24 * 60 * 60;

/// How long a log must go on after set-up before its silence says something: a week.
pub const QUIET: i64 = 7 * DAY;

/// Operations that are called during set-up only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Early {
    /// The operations.
    pub operations: Operations,
    /// How it is known.
    pub ground: Ground,
    /// Within how many seconds after the installation.
    pub seconds: i64,
}

/// How it is known that something is called during set-up only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// A log shows it; set-up is counted from this time.
    Seen(i64, From),
    /// Somebody says it.
    Said,
    /// It is guessed: these operations administer, and that is mostly done once.
    Administrative,
}

/// What set-up is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Somebody says when the app was installed.
    Said,
    /// The log does: it shows the app being granted something.
    Grant,
    /// The first call, which the log shows after at least a day without one.
    FirstCall,
}

/// Why a log says nothing about set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEarly {
    /// It says of no call of the app when it was.
    NoTime,
    /// Neither it nor anybody says when the app was installed, and it begins with the app at work.
    NoBeginning,
    /// It ends less than a week after set-up.
    TooShort,
}

/// What a log shows to be called within so many seconds after the installation, and never again.
///
/// # Errors
///
/// Where it cannot show that.
pub fn early(usage: &Usage, installed: Option<i64>, seconds: i64) -> Result<Early, NoEarly> {
    let all: Vec<(&[OperationId], &Calls)> = usage
        .operations
        .iter()
        .map(|(id, calls)| (std::slice::from_ref(id), calls))
        .chain(usage.one_of.values().map(|one| (one.operations.as_slice(), &one.calls)))
        .collect();
    let first = all.iter().filter_map(|(_, calls)| calls.first).min().ok_or(NoEarly::NoTime)?;
    let (from, kind) = match (installed, usage.installed) {
        (Some(at), _) => (at, From::Said),
        (None, Some(at)) => (at, From::Grant),
        (None, None) if usage.from.is_some_and(|from| from <= first - DAY) => (first, From::FirstCall),
        (None, None) => return Err(NoEarly::NoBeginning),
    };
    let end = from.saturating_add(seconds);
    if usage.until.is_none_or(|until| until < end.saturating_add(QUIET)) {
        return Err(NoEarly::TooShort);
    }
    let is_late = |calls: &Calls| calls.undated || calls.last.is_none_or(|last| last > end);
    let of = |late: bool| -> Operations {
        let some = all.iter().filter(|(_, calls)| is_late(calls) == late);
        some.flat_map(|(ids, _)| ids.iter().copied()).collect()
    };
    Ok(Early { operations: of(false).minus(&of(true)), ground: Ground::Seen(from, kind), seconds })
}

/// What an app needs during set-up and later no more.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// How it is known.
    pub ground: Ground,
    /// The scopes that are needed for nothing else.
    pub scopes: Scopes,
    /// What they are needed for.
    pub operations: Operations,
    /// What suffices later; none of it can be spared.
    pub later: Scopes,
    /// A declaration that takes them by itself.
    pub ratchet: Item,
}

/// The kept scopes that are needed during set-up only; `None` where there is none.
pub(super) fn find(asked: &Asked<'_>, kept: &Scopes, question: &Question<'_>) -> Option<SetUp> {
    let Asked { model, needs, permits, app, .. } = *asked;
    let guessed;
    let early = match asked.early {
        Some(early) => early,
        None => {
            let operations = permitted::operations(permits, app).of_class(model, Access::Admin);
            guessed = Early { operations, ground: Ground::Administrative, seconds: DAY };
            &guessed
        }
    };
    let later = Later::new(permits, app, &early.operations);
    let needed_later = Question::new(model, needs, &later, app)?;
    // What suffices later, from all that it holds as parts of what it asks for; the widest goes first.
    let parts = closure(model, kept.iter());
    let is_heard = |scope: &ScopeId| !asked.unheard.contains(&model.scopes[scope.index()].model);
    let mut order: Vec<ScopeId> = parts.iter().filter(is_heard).collect();
    order.sort_by_key(|scope| {
        std::cmp::Reverse((needed_later.opened(&[*scope].into_iter().collect()).len(), *scope))
    });
    let mut left = parts.clone();
    for scope in order {
        let less: Scopes = left.iter().filter(|other| *other != scope).collect();
        if needed_later.lost(&less).is_empty() {
            left = less;
        }
    }
    let held_later = closure(model, left.iter());
    // A scope of which parts would always have done is no matter of set-up.
    let is_needed = |scope: ScopeId| {
        let narrower = |other: &ScopeId| !model.scopes[other.index()].implies.contains(&scope);
        !question.lost(&parts.iter().filter(narrower).collect()).is_empty()
    };
    let scopes: Scopes =
        kept.iter().filter(|scope| !held_later.contains(*scope) && is_needed(*scope)).collect();
    if scopes.is_empty() {
        return None;
    }
    let operations = question.lost(&left);
    let ratchet = ratchet(model, app, kept, &left, early.seconds);
    Some(SetUp { ground: early.ground, scopes, operations, later: left, ratchet })
}

/// `ratchet APP-setup on APP { start holds … then settled holds … when event "setup-finished" or 1d after install }`
fn ratchet(model: &Model, app: AppId, first: &Scopes, later: &Scopes, seconds: i64) -> Item {
    let span = Span::default();
    let name = |text: &str| Name { text: text.to_owned(), span };
    let app = &model.apps[app.index()].name;
    let taken = |name: &str| {
        model.ratchets.iter().any(|r| r.name == name) || model.kinds.iter().any(|kind| kind.name == name)
    };
    let base = format!("{app}-setup");
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let own = std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(base);
    let holds = |scopes: &Scopes| -> Vec<Name> {
        let names = shortest(model, scopes).into_iter();
        names.map(|scope| name(&model.scopes[scope.index()].name)).collect()
    };
    let stage = |stage_name: &str, then: bool, holds: Vec<Name>, triggers: Vec<Trigger>| {
        // A stage cannot hold nothing; without operations its scopes open none.
        let withdraws = match holds.is_empty() {
            true => {
                let any = vec![OperationTerm::All(span)];
                let operations = OperationPattern { any, except: Vec::new(), span };
                vec![Withdrawal { operations, containers: None, span }]
            }
            false => Vec::new(),
        };
        let holds = (!holds.is_empty()).then_some(holds);
        tree::Stage { name: name(stage_name), then, locked: false, holds, withdraws, triggers, span }
    };
    let triggers = vec![
        Trigger::Event(Text { value: "setup-finished".to_owned(), span }),
        Trigger::After { seconds, since: Since::Install(span), span },
    ];
    Item::Ratchet(tree::Ratchet {
        name: name(&own),
        apps: AppPattern::Named(vec![name(app)]),
        stages: vec![
            stage("start", false, holds(first), Vec::new()),
            stage("settled", true, holds(later), triggers),
        ],
        reopenings: Vec::new(),
        never: Vec::new(),
        span,
    })
}

/// The same needs without those of set-up.
struct Later<'a> {
    inner: &'a dyn Permits,
    app: AppId,
    groups: Vec<Group>,
}

impl<'a> Later<'a> {
    fn new(inner: &'a dyn Permits, app: AppId, early: &Operations) -> Later<'a> {
        let later = |group: &Group| {
            let operations = group.operations.minus(early);
            (!operations.is_empty()).then_some(Group { operations, permitted: group.permitted })
        };
        Later { inner, app, groups: inner.groups(app).iter().filter_map(later).collect() }
    }
}

impl Permits for Later<'_> {
    fn groups(&self, app: AppId) -> &[Group] {
        if app == self.app { &self.groups } else { self.inner.groups(app) }
    }

    fn ask(&self, app: AppId, operation: OperationId, condition: &Condition) -> Answer {
        self.inner.ask(app, operation, condition)
    }

    fn ask_outside(&self, app: AppId, operation: OperationId, condition: &Condition) -> Answer {
        self.inner.ask_outside(app, operation, condition)
    }

    fn withdrawn(&self, app: AppId, operation: OperationId, ratchet: RatchetId, stage: u32) -> Answer {
        self.inner.withdrawn(app, operation, ratchet, stage)
    }
}
