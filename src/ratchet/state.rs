//! What the facts leave an installation now.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::Clock;
use super::facts::{Facts, Installation, Vote};
use super::marks::Target;
use super::people::person;
use super::settle::{self, settle};
use super::standing::{self, Terms};
use crate::request::{Request, Value, Withdrawn};
use crate::sema::model::{AppId, Model, Ratchet, ScopeId, Since, Trigger};

/// What a decision must know of an installation, and what people want to know.
///
/// The default is what is left where nothing is known: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// By ratchet of the app, the stage.
    pub stages: BTreeMap<String, String>,
    /// Names of the scopes that were approved for the installation, by its first installer or later.
    pub approved: BTreeSet<String>,
    /// What was taken from it.
    pub withdrawn: Withdrawn,
    /// Names of the scopes held: approved, within the policy's ceiling, and left by stages and withdrawals.
    pub holds: BTreeSet<String>,
    /// Scopes that the running version asks for and that were not approved.
    pub pending: BTreeSet<String>,
    /// Catalogs of the policy of which it is not yet known what they opened. Nothing is held until then.
    pub unread_catalogs: BTreeSet<String>,
    /// Approvals that were begun and are not over.
    pub approvals: Vec<Open>,
    /// Seconds since the installation, by the highest time seen; `None` where nothing is known of one.
    pub age: Option<i64>,
    /// When something changes by itself next: a stage, the end of an approval.
    pub next: Option<i64>,
}

/// An approval that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Its name.
    pub id: String,
    /// What it gives.
    pub what: BTreeSet<Target>,
    /// Who gave it.
    pub by: BTreeSet<String>,
    /// How many must.
    pub needed: u32,
    /// When it ends.
    pub until: Option<i64>,
}

impl State {
    /// Says in a request what is known of the installation, in place of what the request says of it.
    pub fn apply(&self, request: &mut Request) {
        request.stages.clone_from(&self.stages);
        request.approved = Some(self.approved.clone());
        request.withdrawn = self.withdrawn.clone();
        if let Some(age) = self.age {
            request.attributes.insert("install.age".to_owned(), Value::Int(age));
        }
    }
}

/// What the facts leave the installation now.
///
/// Keep the clock: with facts that do not know the highest time seen, a clock that jumped back gives back what time
/// took. [`crate::state::HighestTime`] keeps it between decisions. Who decides from this advances the facts by
/// [`super::What::Tick`] at [`State::next`] at the latest.
pub fn effective(model: &Model, facts: &Facts, installation: &Installation, now: i64) -> State {
    let Some(app) = app(model, installation) else { return State::default() };
    let mut facts = facts.clone();
    let clock = settle(model, app, &mut facts, now);
    view(model, app, &facts, clock)
}

/// Whether time has turned or ended something by now that the facts do not tell yet.
pub fn is_due(model: &Model, facts: &Facts, installation: &Installation, now: i64) -> bool {
    let Some(app) = app(model, installation) else { return false };
    let mut settled = facts.clone();
    settle(model, app, &mut settled, now);
    settled.marks != facts.marks || settled.ended != facts.ended || settled.reached != facts.reached
}

/// The app of an installation.
pub(super) fn app(model: &Model, installation: &Installation) -> Option<AppId> {
    let number = model.apps.iter().position(|app| app.key == installation.app)?;
    Some(AppId(number as u32))
}

/// What settled facts leave.
pub(super) fn view(model: &Model, app: AppId, facts: &Facts, clock: Clock) -> State {
    let declared = &model.apps[app.index()];
    let terms = Terms::of_app(declared);
    let installed = facts.installed.0.is_some();
    let approved = |target: Target| standing::approved(model, facts, clock, terms, &[target]);
    let ceiling = ceiling(model, app);

    let mut state = State { next: next(model, app, facts, clock), ..State::default() };
    state.age = facts.installed.0.map(|installed| clock.mark.saturating_sub(installed).max(0));
    let mut left = ceiling.clone();
    for ratchet in model.ratchets.iter().filter(|ratchet| ratchet.apps.contains(&app)) {
        let stage = if installed { stage(model, ratchet, facts, clock) } else { ratchet.stages.len() - 1 };
        state.stages.insert(ratchet.name.clone(), ratchet.stages[stage].name.clone());
        if let Some(limit) = limit(model, ratchet, stage) {
            left.retain(|scope| limit.contains(scope));
        }
        for scope in gone_forever(model, ratchet, facts) {
            state.withdrawn.scopes.insert(scope.clone());
            state.withdrawn.forever.insert(scope);
        }
    }

    let read = |catalog: &&crate::sema::model::CatalogPin| {
        facts.catalogs.get(&catalog.name).is_some_and(|digests| digests.contains(&catalog.digest))
    };
    let unread = model.catalogs.iter().filter(|catalog| installed && !read(catalog));
    state.unread_catalogs = unread.map(|catalog| catalog.name.clone()).collect();
    let outright = outright(model, app);
    let of = |scope: &ScopeId| (&model.scopes[scope.index()].name, outright.contains(scope));
    let decidable = installed && state.unread_catalogs.is_empty();
    let agreed = ceiling.iter().map(of).filter(|(name, outright)| {
        decidable && standing::agreed(model, facts, clock, terms, name, *outright)
    });
    state.approved = agreed.map(|(name, _)| name.clone()).collect();

    let taken = facts.marks.scopes.keys().filter(|name| !approved(Target::Scope((*name).clone())));
    state.withdrawn.scopes.extend(taken.cloned());
    let operations = facts.marks.operations.keys().chain(facts.marks.opened.keys());
    let taken = operations.filter(|name| !approved(Target::Operation((*name).clone())));
    state.withdrawn.operations = taken.cloned().collect();
    for (kind, ids) in &facts.marks.containers {
        for id in ids.keys() {
            if !approved(Target::Container(kind.clone(), id.clone())) {
                state.withdrawn.containers.insert((kind.clone(), id.clone()));
            }
        }
    }

    let implied = closure(model, &with_names(model, &ceiling, &state.approved));
    let given: BTreeSet<ScopeId> = &left & &implied;
    let unfounded = unfounded(model, facts, &held(model, &given, &state), &state.approved);
    state.withdrawn.scopes.extend(unfounded);
    let held = held(model, &given, &state);
    state.holds = held.iter().map(|scope| model.scopes[scope.index()].name.clone()).collect();

    let asks = facts.running.0.as_ref().and_then(|(_, version)| facts.versions.get(version));
    let asks = asks.into_iter().flat_map(|version| &version.asks);
    let waits = |scope: &&String| !state.approved.contains(*scope) || state.withdrawn.scopes.contains(*scope);
    state.pending = asks.filter(waits).cloned().collect();
    state.approvals = approvals(facts, clock, terms);
    state
}

/// Less what was taken, with all that imply it.
fn held(model: &Model, given: &BTreeSet<ScopeId>, state: &State) -> BTreeSet<ScopeId> {
    let taken = |scope: &ScopeId| {
        let implies = &model.scopes[scope.index()].implies;
        implies.iter().any(|s| state.withdrawn.scopes.contains(&model.scopes[s.index()].name))
    };
    given.iter().filter(|scope| !taken(scope)).copied().collect()
}

/// Names of held scopes that a version took since they were approved, if no scope that was approved and is held
/// implies them.
///
/// What is optional no version takes, and whoever holds it holds what it implies. Once it is gone, by a stage or by
/// an administrator, what a version took is not left over of it.
fn unfounded(
    model: &Model,
    facts: &Facts,
    held: &BTreeSet<ScopeId>,
    approved: &BTreeSet<String>,
) -> BTreeSet<String> {
    let founded = closure(model, &with_names(model, held, approved));
    let names = held.difference(&founded).map(|scope| &model.scopes[scope.index()].name);
    names.filter(|name| facts.marks.has(&Target::Unasked((*name).clone()))).cloned().collect()
}

fn with_names(model: &Model, scopes: &BTreeSet<ScopeId>, names: &BTreeSet<String>) -> BTreeSet<ScopeId> {
    scopes.iter().filter(|scope| names.contains(&model.scopes[scope.index()].name)).copied().collect()
}

/// The scopes that the policy ever lets the app hold, closed.
pub(super) fn ceiling(model: &Model, app: AppId) -> BTreeSet<ScopeId> {
    let app = &model.apps[app.index()];
    let requested = closure(model, &app.requested);
    match &app.approved {
        Some(approved) => &requested & &closure(model, approved),
        None => requested,
    }
}

/// The scopes that come with an installation, closed: those that are requested and not optional.
pub(super) fn outright(model: &Model, app: AppId) -> BTreeSet<ScopeId> {
    let app = &model.apps[app.index()];
    closure(model, &app.requested.difference(&app.optional).copied().collect())
}

/// The scopes and all that they imply.
pub(super) fn closure(model: &Model, scopes: &BTreeSet<ScopeId>) -> BTreeSet<ScopeId> {
    scopes.iter().flat_map(|scope| model.scopes[scope.index()].implies.iter().copied()).collect()
}

/// The scopes that a stage leaves, closed; `None` where it limits none.
pub(super) fn limit(model: &Model, ratchet: &Ratchet, stage: usize) -> Option<BTreeSet<ScopeId>> {
    let holds = ratchet.stages.iter().take(stage + 1).rev().find_map(|stage| stage.holds.as_ref())?;
    Some(closure(model, holds))
}

/// The stage that the ratchet was ever turned to, whatever was reopened since: the last one if it was turned to a
/// stage that this policy does not have.
pub(super) fn furthest(ratchet: &Ratchet, facts: &Facts) -> usize {
    let marked = facts.marks.stages.get(&ratchet.name).into_iter().flatten();
    let marked = marked.filter(|(_, marks)| !marks.is_empty());
    let number = |name: &String| ratchet.stages.iter().position(|stage| stage.name == *name);
    marked.map(|(name, _)| number(name).unwrap_or(ratchet.stages.len() - 1)).max().unwrap_or(0)
}

/// The stage it stands at: the furthest, or one that was reopened.
fn stage(model: &Model, ratchet: &Ratchet, facts: &Facts, clock: Clock) -> usize {
    let furthest = furthest(ratchet, facts);
    (0..furthest).find(|to| reopened(model, ratchet, facts, clock, *to, furthest)).unwrap_or(furthest)
}

fn reopened(
    model: &Model,
    ratchet: &Ratchet,
    facts: &Facts,
    clock: Clock,
    to: usize,
    furthest: usize,
) -> bool {
    if ratchet.stages[to + 1..=furthest].iter().any(|stage| stage.locked) {
        return false;
    }
    // All that it was turned beyond, also to stages that this policy does not have. Those that were passed over too: who
    // reopened one of them meant no earlier one, however many they are.
    let passed = ratchet.stages[to + 1..=furthest].iter().map(|stage| &stage.name);
    let turned = facts.marks.stages.get(&ratchet.name).into_iter().flat_map(|stages| stages.keys());
    let beyond = turned.filter(|name| !ratchet.stages[..=to].iter().any(|stage| stage.name == **name));
    let beyond: Vec<Target> =
        passed.chain(beyond).map(|name| Target::Stage(ratchet.name.clone(), name.clone())).collect();
    Terms::of_reopenings(ratchet, to).any(|terms| standing::approved(model, facts, clock, terms, &beyond))
}

/// Of the scopes that never regrow, those that were taken in whatever way.
pub(super) fn gone_forever(model: &Model, ratchet: &Ratchet, facts: &Facts) -> BTreeSet<String> {
    let limit = limit(model, ratchet, furthest(ratchet, facts));
    let never = ratchet.never.iter().filter(|scope| {
        let record = &model.scopes[scope.index()];
        let lost = |id: &ScopeId| {
            let name = &model.scopes[id.index()].name;
            let (scope, unasked) = (Target::Scope(name.clone()), Target::Unasked(name.clone()));
            facts.marks.has(&scope) || facts.marks.has(&unasked)
        };
        let over = |id: &String| {
            let votes = facts.votes.get(id).into_iter().flatten();
            votes.flat_map(|vote| &vote.what).any(|what| *what == Target::Scope(record.name.clone()))
        };
        limit.as_ref().is_some_and(|limit| !limit.contains(scope))
            || facts.marks.has(&Target::Installation)
            || record.implies.iter().any(lost)
            || facts.ended.iter().any(over)
    });
    never.map(|scope| model.scopes[scope.index()].name.clone()).collect()
}

/// Those of which some vote still counts: it is not over, and nothing was taken since of all that it gives.
fn approvals(facts: &Facts, clock: Clock, terms: Terms<'_>) -> Vec<Open> {
    let begun = facts.votes.iter().filter(|(id, _)| *id != standing::INSTALL && !facts.ended.contains(*id));
    let open = |(id, votes): (&String, &BTreeSet<Vote>)| {
        let votes: Vec<(&Vote, BTreeSet<Target>)> =
            votes.iter().map(|vote| (vote, standing::gives(facts, vote, clock))).collect();
        // What somebody took since, only those give who have seen that.
        let what: BTreeSet<Target> = votes.iter().flat_map(|(_, what)| what.iter().cloned()).collect();
        let votes = || votes.iter().filter(|(_, gives)| !gives.is_empty() && *gives == what);
        let ends = votes().filter_map(|(vote, _)| clock.end(vote.at, vote.mark, vote.seconds?));
        votes().next().map(|_| Open {
            id: id.clone(),
            what: what.clone(),
            by: votes()
                .map(|(vote, _)| (person(&vote.by), vote.by.clone()))
                .collect::<BTreeMap<_, _>>()
                .into_values()
                .collect(),
            needed: votes().map(|(vote, _)| vote.needed).max().unwrap_or(terms.approvers),
            until: ends.min(),
        })
    };
    begun.filter_map(open).collect()
}

/// When something changes by itself next.
fn next(model: &Model, app: AppId, facts: &Facts, clock: Clock) -> Option<i64> {
    let mut times: Vec<i64> = Vec::new();
    let votes = facts.votes.iter().filter(|(id, _)| !facts.ended.contains(*id)).flat_map(|(_, votes)| votes);
    times.extend(votes.filter_map(|vote| clock.end(vote.at, vote.mark, vote.seconds?)));
    if let Some(installed) = facts.installed.0 {
        for ratchet in model.ratchets.iter().filter(|ratchet| ratchet.apps.contains(&app)) {
            for trigger in ratchet.stages.iter().flat_map(|stage| &stage.triggers) {
                let due = match trigger {
                    Trigger::After(seconds, Since::Install) => Some(installed.saturating_add(*seconds)),
                    Trigger::After(seconds, Since::Event(name)) => {
                        let first = facts.events.get(name).and_then(|first| first.0);
                        first.map(|first| first.saturating_add(*seconds))
                    }
                    Trigger::After(seconds, Since::Stage(earlier)) => {
                        let earlier = ratchet.stages[*earlier as usize..].iter().map(|s| s.name.as_str());
                        settle::reached(facts, ratchet, earlier).map(|at| at.saturating_add(*seconds))
                    }
                    Trigger::Unused(scope, seconds) => {
                        let name = &model.scopes[scope.index()].name;
                        let since = settle::last_use(model, facts, ratchet, name, installed);
                        Some(since.saturating_add(*seconds))
                    }
                    Trigger::Event(_) | Trigger::Count(..) | Trigger::Command => None,
                };
                times.extend(due);
            }
        }
    }
    times.into_iter().filter(|time| *time > clock.mark).min()
}
