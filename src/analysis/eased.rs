//! What a new policy makes easier without permitting more to any request: ways back that fewer people open, stages
//! that are reached later, paths that name fewer containers or are another operation's now.
//!
//! A comparison of all requests does not see it. Which stage an installation has reached, what was approved for it,
//! and which containers a path names, stand in the request; who makes them stand there is another matter.

use std::collections::BTreeSet;

use super::catalogs::CatalogDiff;
use super::rerouted::{Rerouted, rerouted};
use super::standing::Standing;
use super::told;
use crate::ratchet::person;
use crate::region::{Growing, Models, Reach, reach};
use crate::sema::model::{
    App, AppId, Condition, Constant, Eases, Model, OperationId, Ordering, Predicate, Ratchet, RatchetId,
    Reopening, Since, Stage, StepUp, Subject as Subjects, Trigger, Widening,
};
use crate::span::Span;
use crate::syntax::printer;

/// One thing that is easier than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eased {
    /// What it belongs to, as blocks speak of it.
    pub subject: Subject,
    /// Keys of the apps for which it is easier, sorted; one at least, but between catalogs.
    pub keys: Vec<String>,
    /// What is easier.
    pub what: Easing,
    /// Where the new policy says it.
    pub span: Span,
}

/// What an easing belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The ratchet of this name.
    Ratchet(String),
    /// The approvals of the app of this key.
    StepUp(String),
    /// The path of the operation of this name.
    Path(String),
}

/// What is easier. Texts are in the words of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Easing {
    /// The stage is no longer reached by this, or later.
    Turn {
        /// Its name.
        stage: String,
        /// The trigger that is gone.
        trigger: String,
    },
    /// The stage is no longer reached by this, since no request for the operation is permitted any more.
    Starved {
        /// Its name.
        stage: String,
        /// The operation's name.
        operation: String,
    },
    /// The stage is reached by this, or sooner, and rules permit there what they do not before.
    Sooner {
        /// Its name.
        stage: String,
        /// The trigger that is new.
        trigger: String,
    },
    /// The stage was never left, and can be reopened.
    Unlocked {
        /// Its name.
        stage: String,
    },
    /// This way back is new, or takes less.
    Reopening {
        /// `reopen start by 1 of group admins for 2h`
        way: String,
        /// Who may approve it and could not approve any before.
        newcomers: Newcomers,
    },
    /// The scope may be given back.
    Regrows {
        /// As it is written.
        scope: String,
    },
    /// Approvals take less.
    Approvals {
        /// `step-up by 2 of group admins for 2h`; `None`: anybody who gives a name and a reason.
        was: Option<String>,
        /// The same now.
        is: Option<String>,
        /// Who may approve and could not before.
        newcomers: Newcomers,
    },
    /// Containers that the path named, in words, and does not name any more.
    Unnamed(BTreeSet<String>),
    /// The path is taken in any case, and was not.
    AnyCase,
    /// Requests for this method and path meet the operation, and did not.
    Reroutes {
        /// `GET /issues/mine`
        call: String,
        /// The operation that they met, if there was one.
        was: Option<String>,
    },
}

/// Who is in a group and was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Newcomers {
    /// These; often nobody.
    These(BTreeSet<String>),
    /// Whom the request says, since the policy does not say any more who is in it.
    Anybody,
}

/// All that is easier in the second model than in the first.
pub fn eased(models: [&Model; 2], catalogs: &CatalogDiff) -> Vec<Eased> {
    let mut found = Vec::new();
    let looked = models.map(|model| Models::new(&[model]));
    for ratchet in &models[0].ratchets {
        if let Some(now) = models[1].ratchets.iter().find(|other| other.name == ratchet.name) {
            of_ratchet(models, &looked, ratchet, now, &mut found);
        }
        of_regrowth(models, ratchet, &mut found);
    }
    for app in &models[0].apps {
        if let Some(now) = models[1].apps.iter().find(|other| other.key == app.key) {
            found.extend(of_step_up(models, app, now));
        }
    }
    of_paths(models, catalogs, &mut found);
    found
}

/// Which of these the block speaks of, by place in the list, and the lines of it that speak of none.
pub fn spoken(model: &Model, widening: &Widening, eased: &[Eased]) -> (BTreeSet<usize>, Vec<Span>) {
    let (mut all, mut idle) = (BTreeSet::new(), Vec::new());
    for line in &widening.easings {
        let of_line = |eased: &Eased| match (&eased.subject, &line.what) {
            (Subject::Ratchet(name), Eases::Ratchet(id)) => model.ratchets[id.index()].name == *name,
            (Subject::StepUp(key), Eases::StepUp(apps)) => {
                apps.iter().any(|app| model.apps[app.index()].key == *key)
            }
            (Subject::Path(name), Eases::Paths(operations)) => {
                operations.iter().any(|operation| model.operations[operation.index()].name == *name)
            }
            _ => false, // of another sort
        };
        let spoken: Vec<usize> = (0..eased.len()).filter(|at| of_line(&eased[*at])).collect();
        if spoken.is_empty() {
            idle.push(line.span);
        }
        all.extend(spoken);
    }
    (all, idle)
}

impl Eased {
    /// What is easier, as a sentence.
    pub fn sentence(&self) -> String {
        let subject = match &self.subject {
            Subject::Ratchet(name) => format!("ratchet `{name}`"),
            Subject::StepUp(_) => format!("approvals for {}", self.keys.join(", ")),
            Subject::Path(operation) => format!("the path of `{operation}`"),
        };
        let what = match &self.what {
            Easing::Turn { stage, trigger } => {
                format!("`{stage}` is no longer reached, or later, when {trigger}")
            }
            Easing::Starved { stage, operation } => {
                format!("`{stage}` is no longer reached by `{operation}`, which is not permitted any more")
            }
            Easing::Sooner { stage, trigger } => {
                format!("`{stage}`, where rules permit more, is reached, or sooner, when {trigger}")
            }
            Easing::Unlocked { stage } => format!("`{stage}` was locked, and can be reopened"),
            Easing::Reopening { way, newcomers } => {
                format!("`{way}` takes less than before{}", newcomers.words())
            }
            Easing::Regrows { scope } => format!("`{scope}` may be given back, and never regrew"),
            Easing::Approvals { was, is, newcomers } => {
                let words = |terms: &Option<String>| match terms {
                    Some(terms) => format!("`{terms}`"),
                    None => "anybody who gives a name and a reason".to_owned(),
                };
                let was = if was == is { String::new() } else { format!(", was {}", words(was)) };
                format!("{}{was}{}", words(is), newcomers.words())
            }
            Easing::Unnamed(namings) => {
                let namings: Vec<&str> = namings.iter().map(String::as_str).collect();
                format!("no longer names {}", namings.join(", "))
            }
            Easing::Reroutes { call, was } => {
                let was = was.as_ref().map_or("no operation's".to_owned(), |was| format!("`{was}`'s"));
                format!("takes `{call}`, which was {was}")
            }
            Easing::AnyCase => "is taken in any case, and was taken as it is written".to_owned(),
        };
        format!("{subject}: {what}")
    }
}

impl Newcomers {
    fn words(&self) -> String {
        match self {
            Newcomers::These(nobody) if nobody.is_empty() => String::new(),
            Newcomers::These(people) => {
                let people: Vec<&str> = people.iter().map(String::as_str).collect();
                format!("; new in the group: {}", people.join(", "))
            }
            Newcomers::Anybody => "; the policy no longer says who is in the group".to_owned(),
        }
    }

    fn of(models: [&Model; 2], group: &str) -> Newcomers {
        match models.map(|model| model.groups.get(group)) {
            [None, _] => Newcomers::These(BTreeSet::new()),
            [Some(_), None] => Newcomers::Anybody,
            [Some(before), Some(now)] => {
                let known: BTreeSet<String> = before.iter().map(|name| person(name)).collect();
                let is_new = |name: &&String| !known.contains(&person(name));
                Newcomers::These(now.iter().filter(is_new).cloned().collect())
            }
        }
    }

    fn is_nobody(&self) -> bool {
        *self == Newcomers::These(BTreeSet::new())
    }
}

// ---- ratchets

fn of_ratchet(
    models: [&Model; 2],
    looked: &[Models<'_>; 2],
    old: &Ratchet,
    new: &Ratchet,
    found: &mut Vec<Eased>,
) {
    let before: BTreeSet<&str> =
        old.apps.iter().map(|app| models[0].apps[app.index()].key.as_str()).collect();
    let apps = new.apps.iter().map(|app| &models[1].apps[app.index()]);
    let apps: Vec<&App> = apps.filter(|app| before.contains(app.key.as_str())).collect();
    if apps.is_empty() {
        return; // it turns for others now, which a comparison of requests sees
    }
    let mut keys: Vec<String> = apps.iter().map(|app| app.key.clone()).collect();
    keys.sort();
    let subject = Subject::Ratchet(new.name.clone());
    let mut tell = |what| {
        found.push(Eased { subject: subject.clone(), keys: keys.clone(), what, span: new.span });
    };
    let place = |stage: &Stage| new.stages.iter().position(|other| other.name == stage.name);
    for (stage, trigger) in unmatched(models, [old, new]) {
        tell(Easing::Turn { stage, trigger });
    }
    let sooner = unmatched([models[1], models[0]], [new, old]);
    if !sooner.is_empty() && models.iter().zip([old, new]).any(|(model, of)| permits_more_later(model, of)) {
        for (stage, trigger) in sooner {
            tell(Easing::Sooner { stage, trigger });
        }
    }
    for stage in old.stages.iter().filter(|stage| stage.locked) {
        let at = place(stage).unwrap_or(new.stages.len().saturating_sub(1));
        if new.stages.get(at).is_some_and(|now| !now.locked) && new.reopens(at) {
            tell(Easing::Unlocked { stage: stage.name.clone() });
        }
    }
    for way in &new.reopenings {
        let newcomers = Newcomers::of(models, &way.group);
        let is_known = |other: &Reopening| {
            let stage = &new.stages[way.stage as usize].name;
            let was = old.stages.iter().position(|s| s.name == *stage);
            other.group == way.group
                && was.is_some_and(|was| other.stage as usize <= was)
                && other.approvers <= way.approvers
                && other.seconds >= way.seconds
        };
        if !newcomers.is_nobody() || !old.reopenings.iter().any(is_known) {
            let stage = &new.stages[way.stage as usize].name;
            let terms = terms(way.approvers, &way.group, way.seconds);
            tell(Easing::Reopening { way: format!("reopen {stage} {terms}"), newcomers });
        }
    }
    for (stage, operation, keys) in starved(models, looked, new, &apps) {
        let what = Easing::Starved { stage, operation };
        found.push(Eased { subject: subject.clone(), keys, what, span: new.span });
    }
}

/// Scopes that never regrew for an app, and do now: its ratchets do not say so any more, or are not its own.
fn of_regrowth(models: [&Model; 2], old: &Ratchet, found: &mut Vec<Eased>) {
    let [before, after] = models;
    let now = after.ratchets.iter().find(|other| other.name == old.name);
    for scope in old.never.iter().map(|scope| told::scope(before, *scope)) {
        let mut keys = Vec::new();
        for app in &old.apps {
            let key = &before.apps[app.index()].key;
            let Some(at) = after.apps.iter().position(|app| app.key == *key) else { continue };
            let mut scopes =
                after.apps[at].requested.iter().flat_map(|held| &after.scopes[held.index()].implies);
            let may_hold = scopes.any(|held| told::scope(after, *held) == scope);
            let mut its = after.ratchets.iter().filter(|ratchet| ratchet.apps.contains(&AppId(at as u32)));
            let still = its.any(|ratchet| ratchet.never.iter().any(|s| told::scope(after, *s) == scope));
            if may_hold && !still {
                keys.push(key.clone());
            }
        }
        keys.sort();
        let what = Easing::Regrows { scope };
        match now {
            Some(now) if !keys.is_empty() => {
                let subject = Subject::Ratchet(now.name.clone());
                found.push(Eased { subject, keys, what, span: now.span });
            }
            Some(_) => {}
            // No block can speak of a ratchet that is gone.
            None => found.extend(keys.into_iter().map(|key| {
                let span =
                    after.apps.iter().find(|app| app.key == key).map(|app| app.span).unwrap_or_default();
                let subject = Subject::StepUp(key.clone());
                Eased { subject, keys: vec![key], what: what.clone(), span }
            })),
        }
    }
}

/// Stages of the first ratchet, each with a trigger that turns it there while the second one stays further ahead.
fn unmatched(models: [&Model; 2], [one, other]: [&Ratchet; 2]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut behind = 0;
    for stage in one.stages.iter().skip(1) {
        // One that is gone must be made up for by one behind those that stood before it.
        let at = other.stages.iter().position(|s| s.name == stage.name).unwrap_or(behind + 1);
        behind = at.min(other.stages.len());
        let triggers: Vec<&Trigger> =
            other.stages.iter().skip(at.max(1)).flat_map(|stage| &stage.triggers).collect();
        for trigger in stage.triggers.iter().filter(|trigger| **trigger != Trigger::Command) {
            if !triggers.iter().any(|other_trigger| reaches(models, [one, other], trigger, other_trigger)) {
                found.push((stage.name.clone(), told::trigger(models[0], one, trigger)));
            }
        }
    }
    found
}

/// Stages, each with an operation that turns the ratchet there by being done, and the keys of the apps that could do it
/// and cannot any more.
fn starved(
    models: [&Model; 2],
    looked: &[Models<'_>; 2],
    ratchet: &Ratchet,
    apps: &[&App],
) -> Vec<(String, String, Vec<String>)> {
    let may = |side: usize, key: &str, name: &str| {
        let app = models[side].apps.iter().position(|app| app.key == key);
        let operation = models[side].operations.iter().position(|operation| operation.name == name);
        app.zip(operation).is_some_and(|(app, operation)| {
            let (app, operation) = (AppId(app as u32), OperationId(operation as u32));
            reach(&looked[side], app, operation, &Growing::default()) != Reach::Never
        })
    };
    let mut found = Vec::new();
    for stage in &ratchet.stages {
        for trigger in &stage.triggers {
            let Trigger::Count(_, operation) = trigger else { continue };
            let name = &models[1].operations[operation.index()].name;
            let keys = apps.iter().map(|app| &app.key);
            let mut keys: Vec<String> =
                keys.filter(|key| !may(1, key, name) && may(0, key, name)).cloned().collect();
            if !keys.is_empty() {
                keys.sort();
                found.push((stage.name.clone(), name.clone(), keys));
            }
        }
    }
    found
}

/// Whether a rule or a grant may permit at a later stage of the ratchet what it does not at an earlier one.
fn permits_more_later(model: &Model, ratchet: &Ratchet) -> bool {
    let id = model.ratchets.iter().position(|other| other.name == ratchet.name);
    let Some(id) = id.map(|at| RatchetId(at as u32)) else { return false };
    let stages = ratchet.stages.len() as u32;
    let authority = &model.authority;
    model.clauses.iter().any(|clause| grows(&clause.condition, id, stages, !clause.kind.refuses()))
        || grows(&authority.app_user_except, id, stages, true)
        || grows(&authority.context_user_required, id, stages, false)
}

/// Whether the condition, or what it says no to, may be true at a later stage and not at an earlier one.
fn grows(condition: &Condition, ratchet: RatchetId, stages: u32, growing: bool) -> bool {
    match condition {
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => false,
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().any(|part| grows(part, ratchet, stages, growing))
        }
        Condition::Not(inner) => grows(inner, ratchet, stages, !growing),
        Condition::Test(atom) if atom.subject == Subjects::Stage(ratchet) => {
            let holds = |stage: u32| satisfies_stage(&atom.predicate, stage) == Some(growing);
            let known = (0..stages).all(|stage| satisfies_stage(&atom.predicate, stage).is_some());
            !known || (1..stages).any(|stage| holds(stage) && !holds(stage - 1))
        }
        Condition::Test(_) => false,
    }
}

/// Whether a stage satisfies the predicate; `None` where that hangs on more.
fn satisfies_stage(predicate: &Predicate, stage: u32) -> Option<bool> {
    match predicate {
        Predicate::Present => Some(true),
        Predicate::Is(all) => Some(all.contains(&Constant::Index(stage))),
        Predicate::Order(ordering, Constant::Index(bound)) => Some(match ordering {
            Ordering::Less => stage < *bound,
            Ordering::LessOrEqual => stage <= *bound,
            Ordering::Greater => stage > *bound,
            Ordering::GreaterOrEqual => stage >= *bound,
        }),
        _ => None, // of other values
    }
}

/// Whether the second trigger, of the new policy, turns whenever the first one of the old policy does.
fn reaches(models: [&Model; 2], ratchets: [&Ratchet; 2], old: &Trigger, new: &Trigger) -> bool {
    let scope = |side: usize, scope| told::scope(models[side], scope);
    let operation = |side: usize, id: OperationId| &models[side].operations[id.index()].name;
    match (old, new) {
        (Trigger::Event(was), Trigger::Event(is)) => was == is,
        (Trigger::After(was, since), Trigger::After(is, now)) => {
            let same = match (since, now) {
                (Since::Install, Since::Install) => true,
                (Since::Event(was), Since::Event(is)) => was == is,
                (Since::Stage(was), Since::Stage(is)) => {
                    ratchets[0].stages[*was as usize].name == ratchets[1].stages[*is as usize].name
                }
                _ => false, // they count from other things
            };
            same && is <= was
        }
        // Whatever uses a scope uses those that it implies.
        (Trigger::Unused(was, long), Trigger::Unused(is, time)) => {
            let mut implied = models[1].scopes[is.index()].implies.iter();
            (implied.any(|id| scope(1, *id) == scope(0, *was)) || scope(0, *was) == scope(1, *is))
                && time <= long
        }
        (Trigger::Count(many, was), Trigger::Count(times, is)) => {
            operation(0, *was) == operation(1, *is) && times <= many
        }
        (Trigger::Command, _) => true, // an administrator turns it also where no trigger says so
        _ => false,                    // of another sort
    }
}

// ---- approvals

fn of_step_up(models: [&Model; 2], old: &App, new: &App) -> Option<Eased> {
    let was = old.step_up.as_ref()?; // anybody could before
    let is = new.step_up.as_ref();
    let newcomers = is.map_or(Newcomers::These(BTreeSet::new()), |is| Newcomers::of(models, &is.group));
    let takes_as_much = is.is_some_and(|is| {
        is.group == was.group && is.approvers >= was.approvers && is.seconds <= was.seconds
    });
    if takes_as_much && newcomers.is_nobody() {
        return None;
    }
    let words =
        |step_up: &StepUp| format!("step-up {}", terms(step_up.approvers, &step_up.group, step_up.seconds));
    Some(Eased {
        subject: Subject::StepUp(new.key.clone()),
        keys: vec![new.key.clone()],
        what: Easing::Approvals { was: Some(words(was)), is: is.map(words), newcomers },
        span: new.span,
    })
}

/// `by 2 of group admins for 2h`
fn terms(approvers: u32, group: &str, seconds: i64) -> String {
    format!("by {approvers} of group {group} for {}", printer::print_duration(seconds))
}

// ---- paths

/// What is easier about the paths of two catalogs, whoever may do the operations.
pub fn of_catalogs(models: [&Model; 2], catalogs: &CatalogDiff) -> Vec<Eased> {
    let all = candidates(models, catalogs).into_iter();
    all.map(|(id, what)| of_path(models[1], id, what, Vec::new())).collect()
}

fn candidates([old, model]: [&Model; 2], catalogs: &CatalogDiff) -> Vec<(OperationId, Easing)> {
    let mut candidates = Vec::new();
    for Rerouted { call: (method, path), now, was } in rerouted(old, model, catalogs) {
        candidates.push((now, Easing::Reroutes { call: format!("{method} {path}"), was }));
    }
    for change in &catalogs.changed {
        if let Some(namings) = &change.namings {
            let gone: BTreeSet<String> = namings.old.difference(&namings.new).cloned().collect();
            if !gone.is_empty() {
                candidates.push((change.new, Easing::Unnamed(gone)));
            }
        }
        if change.any_case.as_ref().is_some_and(|case| case.new) {
            candidates.push((change.new, Easing::AnyCase));
        }
    }
    candidates
}

fn of_path(model: &Model, id: OperationId, what: Easing, keys: Vec<String>) -> Eased {
    let operation = &model.operations[id.index()];
    Eased { subject: Subject::Path(operation.name.clone()), keys, what, span: operation.span }
}

fn of_paths(models: [&Model; 2], catalogs: &CatalogDiff, found: &mut Vec<Eased>) {
    let (candidates, model) = (candidates(models, catalogs), models[1]);
    if candidates.is_empty() {
        return;
    }
    // What no app may do is opened to nobody by another reading of its path.
    let standing = Standing::new(model);
    let may: Vec<(&App, BTreeSet<OperationId>)> =
        (0u32..).zip(&model.apps).map(|(at, app)| (app, standing.may(AppId(at), &BTreeSet::new()))).collect();
    for (id, what) in candidates {
        let of_operation = may.iter().filter(|(_, may)| may.contains(&id));
        let mut keys: Vec<String> = of_operation.map(|(app, _)| app.key.clone()).collect();
        keys.sort();
        if !keys.is_empty() {
            found.push(of_path(model, id, what, keys));
        }
    }
}
