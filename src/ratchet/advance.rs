//! One step: an event, what it adds to the facts, what that takes and gives, and what the audit keeps of it.

use std::collections::BTreeSet;

use super::clock::Clock;
use super::event::{Approval, Event, Refused, What};
use super::facts::{Facts, Installation, Version, Vote};
use super::join::{Join, Newest};
use super::marks::{Marks, Target};
use super::needs;
use super::people::{self, person};
use super::record::Record;
use super::settle::settle;
use super::standing::{INSTALL, Terms};
use super::state::{self, State, view};
use super::told;
use crate::sema::model::{AppId, Model, Ratchet, ScopeId, Since, Trigger};

/// Where and when a step is made.
#[derive(Debug, Clone, Copy)]
pub struct Here<'h> {
    /// Who writes the facts. No two may write under one name at once: give every process its own.
    pub writer: &'h str,
    /// Seconds since 1970, by this writer's clock.
    pub now: i64,
}

/// What an event did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// All that is known now.
    pub facts: Facts,
    /// How it stands now.
    pub state: State,
    /// What the installation had before and has no more.
    pub withdrawn: BTreeSet<Target>,
    /// What it has now and had not before.
    pub granted: BTreeSet<Target>,
    /// For the audit; none where nothing changed but the time.
    pub records: Vec<Record>,
}

/// Takes one event in.
///
/// # Errors
/// What is asked for is not done, for the reason given; nothing has changed.
pub fn advance(
    model: &Model,
    installation: &Installation,
    facts: &Facts,
    event: &Event,
    here: Here<'_>,
) -> Result<Step, Refused> {
    let app = state::app(model, installation).ok_or_else(|| Refused::UnknownApp(installation.app.clone()))?;
    if !people::says_something(&event.by) {
        return Err(Refused::NoActor);
    }
    let seen = Clock::new(facts.clock.0.unwrap_or(here.now), facts.clock.0);
    let before = view(model, app, facts, seen);
    let mut next = facts.clone();
    let clock = settle(model, app, &mut next, here.now);
    let mut stepping =
        Stepping { model, app, facts: next, clock, here, by: &event.by, reason: &event.reason };
    stepping.take(&event.what)?;
    let mut facts = stepping.facts;
    let clock = settle(model, app, &mut facts, here.now);
    let after = view(model, app, &facts, clock);
    let (withdrawn, granted) = told::changes(model, &before, &after);
    let records = told::records(event, &before, &after, here.now);
    Ok(Step { facts, state: after, withdrawn, granted, records })
}

struct Stepping<'s> {
    model: &'s Model,
    app: AppId,
    facts: Facts,
    clock: Clock,
    here: Here<'s>,
    by: &'s str,
    reason: &'s str,
}

impl Stepping<'_> {
    fn take(&mut self, what: &What) -> Result<(), Refused> {
        match what {
            What::Tick => {}
            What::Installed { version, asks } => self.installed(version, asks)?,
            What::Uninstalled => self.uninstalled()?,
            What::Version { version, asks } => {
                self.has_reason()?;
                self.version(version, asks);
            }
            What::Catalogs { opened } => self.catalogs(opened)?,
            What::Reported(name) => self.reported(name)?,
            What::Used { scopes, successes } => self.used(scopes, successes),
            What::Turn { ratchet, stage } => self.turn(ratchet, stage)?,
            What::Withdraw(target) => self.withdraw(target)?,
            What::Approve(approval) => self.approve(approval)?,
            What::Reopen { id, ratchet, stage, seconds, groups } => {
                self.reopen(id, ratchet, stage, *seconds, groups)?;
            }
        }
        Ok(())
    }

    fn uninstalled(&mut self) -> Result<(), Refused> {
        self.has_reason()?;
        self.facts.marks.mark(&Target::Removed, self.here.writer);
        Ok(())
    }

    fn installed(&mut self, version: &str, asks: &BTreeSet<String>) -> Result<(), Refused> {
        self.has_reason()?;
        let gone = [Target::Installation, Target::Removed].iter().any(|all| self.facts.marks.has(all));
        let first = self.facts.installed.0.is_none() && !gone;
        self.facts.installed.tell(self.here.now);
        if !first {
            // What it lost by being removed waits; what it did not lose it keeps, less what is not asked for.
            self.version(version, asks);
            return Ok(());
        }
        self.told_of(version, asks);
        let model = self.model;
        let outright = state::outright(model, self.app);
        let asked = self.closure_of(asks);
        let agreed = state::ceiling(model, self.app).into_iter();
        let agreed = agreed.filter(|scope| outright.contains(scope) && asked.contains(scope));
        let what = agreed.map(|scope| Target::Scope(model.scopes[scope.index()].name.clone())).collect();
        // It overrides nothing: what somebody took before stays taken.
        let vote = Vote { seen: Marks::default(), ..self.cast(what, None, 1, &BTreeSet::new()) };
        self.facts.votes.entry(INSTALL.to_owned()).or_default().insert(vote);
        self.takes_catalogs_in();
        Ok(())
    }

    fn told_of(&mut self, version: &str, asks: &BTreeSet<String>) {
        let mut seen = Version { asks: asks.clone(), ..Version::default() };
        seen.seen.tell(self.here.now);
        self.facts.versions.entry(version.to_owned()).or_default().join(&seen);
        self.facts.running.join(&Newest(Some((self.clock.mark, version.to_owned()))));
    }

    /// What is asked for no more is taken at once; what is asked for besides waits.
    fn version(&mut self, version: &str, asks: &BTreeSet<String>) {
        self.told_of(version, asks);
        let model = self.model;
        let asked = self.closure_of(asks);
        let asked: BTreeSet<&str> = asked.iter().map(|s| model.scopes[s.index()].name.as_str()).collect();
        let optional = &model.apps[self.app.index()].optional;
        let optional: BTreeSet<&str> =
            optional.iter().map(|s| model.scopes[s.index()].name.as_str()).collect();
        // All that it could have, not only what it is known here to have: somebody else may know of more.
        let could = state::ceiling(model, self.app);
        let given: BTreeSet<String> =
            could.iter().map(|scope| model.scopes[scope.index()].name.clone()).collect();
        for name in given {
            // What is optional is not asked for by a version.
            if !asked.contains(name.as_str()) && !optional.contains(name.as_str()) {
                self.facts.marks.mark(&Target::Unasked(name), self.here.writer);
            }
        }
    }

    /// The scopes of the app's models with these names, and all that they imply.
    fn closure_of(&self, names: &BTreeSet<String>) -> BTreeSet<ScopeId> {
        let models = &self.model.apps[self.app.index()].models;
        let ids = (0..self.model.scopes.len() as u32).map(ScopeId);
        let named = ids.filter(|id| {
            let scope = &self.model.scopes[id.index()];
            models.contains(&scope.model) && names.contains(&scope.name)
        });
        state::closure(self.model, &named.collect())
    }

    fn catalogs(&mut self, opened: &BTreeSet<String>) -> Result<(), Refused> {
        self.has_reason()?;
        for name in opened {
            self.facts.marks.mark(&Target::Opened(name.clone()), self.here.writer);
        }
        self.takes_catalogs_in();
        Ok(())
    }

    fn takes_catalogs_in(&mut self) {
        for catalog in &self.model.catalogs {
            let digests = self.facts.catalogs.entry(catalog.name.clone()).or_default();
            digests.insert(catalog.digest.clone());
        }
    }

    fn reported(&mut self, name: &str) -> Result<(), Refused> {
        let waits = |trigger: &Trigger| match trigger {
            Trigger::Event(event) | Trigger::After(_, Since::Event(event)) => event == name,
            Trigger::After(..) | Trigger::Unused(..) | Trigger::Count(..) | Trigger::Command => false,
        };
        if !self.ratchets().flat_map(|r| &r.stages).flat_map(|s| &s.triggers).any(waits) {
            return Err(Refused::NobodyWaits(name.to_owned()));
        }
        self.facts.events.entry(name.to_owned()).or_default().tell(self.here.now);
        let reports = self.facts.reports.entry(name.to_owned()).or_default();
        let count = reports.entry(self.here.writer.to_owned()).or_default();
        *count = count.saturating_add(1);
        Ok(())
    }

    fn used(
        &mut self,
        scopes: &std::collections::BTreeMap<String, i64>,
        successes: &std::collections::BTreeMap<String, u64>,
    ) {
        let (watched, counted) = needs::watched(self.model, self.app);
        for (name, at) in scopes {
            if watched.iter().any(|scope| self.model.scopes[scope.index()].name == *name) {
                // Nothing was used in the future: that would put a turn off.
                self.facts.used.entry(name.clone()).or_default().tell((*at).min(self.here.now));
            }
        }
        for (name, count) in successes {
            if counted.iter().any(|operation| self.model.operations[operation.index()].name == *name) {
                let counts = self.facts.successes.entry(name.clone()).or_default();
                let own = counts.entry(self.here.writer.to_owned()).or_default();
                *own = own.saturating_add(*count);
            }
        }
    }

    fn turn(&mut self, ratchet: &str, stage: &str) -> Result<(), Refused> {
        self.has_reason()?;
        let (declared, number) = self.stage(ratchet, stage)?;
        let stages = view(self.model, self.app, &self.facts, self.clock).stages;
        let at = stages.get(&declared.name).filter(|_| self.facts.installed.0.is_some());
        let passed = declared.stages[number + 1..].iter().any(|later| Some(&later.name) == at);
        if number == 0 || passed {
            return Err(Refused::ReachedAlready { ratchet: ratchet.to_owned(), stage: stage.to_owned() });
        }
        // Marked also where it stands there already: a reopening elsewhere has not seen this.
        self.facts.marks.mark(&Target::Stage(ratchet.to_owned(), stage.to_owned()), self.here.writer);
        Ok(())
    }

    fn withdraw(&mut self, target: &Target) -> Result<(), Refused> {
        self.has_reason()?;
        match target {
            Target::Stage(ratchet, stage) => return self.turn(ratchet, stage),
            // Only versions, catalogs and removals do that.
            Target::Unasked(_) | Target::Opened(_) | Target::Removed => return Err(Refused::Nothing),
            Target::Installation | Target::Scope(_) | Target::Operation(_) | Target::Container(..) => {}
        }
        self.is_known(target)?;
        self.facts.marks.mark(target, self.here.writer);
        Ok(())
    }

    /// That the policy has this, and for scopes the app a permission model with it.
    fn is_known(&self, target: &Target) -> Result<(), Refused> {
        let model = self.model;
        let known = match target {
            Target::Scope(name) | Target::Unasked(name) => {
                let models = &model.apps[self.app.index()].models;
                let mut scopes = model.scopes.iter();
                scopes.any(|scope| scope.name == *name && models.contains(&scope.model))
            }
            Target::Operation(name) | Target::Opened(name) => {
                model.operations.iter().any(|operation| operation.name == *name)
            }
            Target::Container(kind, _) => model.kinds.iter().any(|declared| declared.name == *kind),
            Target::Stage(ratchet, stage) => return self.stage(ratchet, stage).map(drop),
            Target::Installation | Target::Removed => true,
        };
        if known { Ok(()) } else { Err(unknown(target)) }
    }

    fn approve(&mut self, approval: &Approval) -> Result<(), Refused> {
        self.has_reason()?;
        if self.facts.installed.0.is_none() {
            return Err(Refused::NotInstalled);
        }
        let model = self.model;
        let terms = Terms::of_app(&model.apps[self.app.index()]);
        let scopes = approval.scopes.iter().map(|name| Target::Scope(name.clone()));
        let operations = approval.operations.iter().map(|name| Target::Operation(name.clone()));
        let containers = approval.containers.iter();
        let containers = containers.map(|(kind, id)| Target::Container(kind.clone(), id.clone()));
        let what: BTreeSet<Target> = scopes.chain(operations).chain(containers).collect();
        if what.is_empty() {
            return Err(Refused::Nothing);
        }
        approval.scopes.iter().try_for_each(|name| self.may_hold(name))?;
        what.iter().try_for_each(|target| self.is_known(target))?;
        // What an administrator took comes back for a while only.
        let taken = what.iter().chain([&Target::Installation]).any(|target| self.facts.marks.has(target));
        check_end(approval.seconds, terms.seconds, taken)?;
        self.may_approve(terms, &approval.groups)?;
        self.vote_once(&approval.id, what, approval.seconds, terms.approvers, &approval.groups)
    }

    /// That the policy lets the app hold the scope, and no stage stands against it.
    fn may_hold(&self, name: &str) -> Result<(), Refused> {
        let model = self.model;
        let ceiling = state::ceiling(model, self.app);
        let mut known = model.scopes.iter().filter(|scope| scope.name == name).peekable();
        if known.peek().is_none() {
            return Err(Refused::Unknown { what: "scope", name: name.to_owned() });
        }
        let of_app: Vec<ScopeId> =
            ceiling.into_iter().filter(|scope| model.scopes[scope.index()].name == name).collect();
        if of_app.is_empty() {
            return Err(Refused::BeyondCeiling(name.to_owned()));
        }
        let view = view(model, self.app, &self.facts, self.clock);
        for ratchet in self.ratchets() {
            let gone = state::gone_forever(model, ratchet, &self.facts);
            let implies = of_app.iter().flat_map(|scope| &model.scopes[scope.index()].implies);
            if implies.into_iter().any(|scope| gone.contains(&model.scopes[scope.index()].name)) {
                return Err(Refused::NeverRegrows(name.to_owned()));
            }
            let stage = view.stages.get(&ratchet.name);
            let Some(number) = ratchet.stages.iter().position(|s| Some(&s.name) == stage) else { continue };
            if let Some(limit) = state::limit(model, ratchet, number)
                && !of_app.iter().any(|scope| limit.contains(scope))
            {
                return Err(Refused::TakenByStage {
                    scope: name.to_owned(),
                    ratchet: ratchet.name.clone(),
                    stage: ratchet.stages[number].name.clone(),
                });
            }
        }
        Ok(())
    }

    fn reopen(
        &mut self,
        id: &str,
        ratchet: &str,
        stage: &str,
        seconds: Option<i64>,
        groups: &BTreeSet<String>,
    ) -> Result<(), Refused> {
        self.has_reason()?;
        if self.facts.installed.0.is_none() {
            return Err(Refused::NotInstalled);
        }
        let (declared, number) = self.stage(ratchet, stage)?;
        let furthest = state::furthest(declared, &self.facts);
        if number >= furthest {
            return Err(Refused::HeldAlready);
        }
        if let Some(locked) = declared.stages[number + 1..=furthest].iter().find(|stage| stage.locked) {
            return Err(Refused::Locked(locked.name.clone()));
        }
        let mut refused = Refused::NoReopening(stage.to_owned());
        let mut chosen = None;
        for terms in Terms::of_reopenings(declared, number) {
            match check_end(seconds, terms.seconds, true).and_then(|()| self.may_approve(terms, groups)) {
                Ok(()) => {
                    chosen = Some(terms);
                    break;
                }
                Err(why) => refused = why,
            }
        }
        let Some(terms) = chosen else { return Err(refused) };
        let marked = self.facts.marks.stages.get(ratchet).into_iter().flat_map(|stages| stages.keys());
        let beyond = declared.stages[number + 1..].iter().map(|stage| &stage.name);
        // A stage of an earlier policy that this one does not have lies beyond all.
        let strange = marked.filter(|name| !declared.stages.iter().any(|stage| stage.name == **name));
        let what: BTreeSet<Target> =
            beyond.chain(strange).map(|name| Target::Stage(ratchet.to_owned(), name.clone())).collect();
        self.vote_once(id, what, seconds, terms.approvers, groups)
    }

    fn has_reason(&self) -> Result<(), Refused> {
        if people::says_something(self.reason) { Ok(()) } else { Err(Refused::NoReason) }
    }

    fn may_approve(&self, terms: Terms<'_>, groups: &BTreeSet<String>) -> Result<(), Refused> {
        if terms.admit(self.model, self.by, groups) {
            return Ok(());
        }
        let group = terms.group.unwrap_or_default().to_owned();
        Err(Refused::NotInGroup { by: self.by.to_owned(), group })
    }

    /// Adds a vote to an approval of which all votes are about the same.
    fn vote_once(
        &mut self,
        id: &str,
        what: BTreeSet<Target>,
        seconds: Option<i64>,
        needed: u32,
        groups: &BTreeSet<String>,
    ) -> Result<(), Refused> {
        let other = || Refused::OtherApproval(id.to_owned());
        if id.trim().is_empty() || id == INSTALL || self.facts.ended.contains(id) {
            return Err(other());
        }
        for vote in self.facts.votes.get(id).into_iter().flatten() {
            if vote.what != what || vote.seconds != seconds {
                return Err(other());
            }
            if person(&vote.by) == person(self.by) {
                return Err(Refused::ApprovedBefore(vote.by.clone()));
            }
        }
        let vote = self.cast(what, seconds, needed, groups);
        self.facts.votes.entry(id.to_owned()).or_default().insert(vote);
        Ok(())
    }

    /// What is known by now to stand against this.
    fn seen(&self, what: &BTreeSet<Target>) -> Marks {
        let marks = &self.facts.marks;
        let mut seen = Marks::default();
        seen.take(marks, &Target::Installation);
        seen.take(marks, &Target::Removed);
        for target in what {
            seen.take(marks, target);
            match target {
                Target::Scope(name) => seen.take(marks, &Target::Unasked(name.clone())),
                Target::Operation(name) => seen.take(marks, &Target::Opened(name.clone())),
                Target::Installation
                | Target::Removed
                | Target::Unasked(_)
                | Target::Opened(_)
                | Target::Container(..)
                | Target::Stage(..) => {}
            }
        }
        seen
    }

    /// This person's part in an approval, which overrides what is known by now.
    fn cast(
        &self,
        what: BTreeSet<Target>,
        seconds: Option<i64>,
        needed: u32,
        groups: &BTreeSet<String>,
    ) -> Vote {
        let seen = self.seen(&what);
        Vote {
            what,
            by: self.by.to_owned(),
            reason: self.reason.to_owned(),
            at: self.here.now,
            mark: self.clock.mark,
            seconds,
            needed,
            groups: groups.clone(),
            seen,
        }
    }

    fn ratchets(&self) -> impl Iterator<Item = &Ratchet> {
        self.model.ratchets.iter().filter(|ratchet| ratchet.apps.contains(&self.app))
    }

    fn stage(&self, ratchet: &str, stage: &str) -> Result<(&'_ Ratchet, usize), Refused> {
        let declared = self.ratchets().find(|r| r.name == ratchet);
        let declared =
            declared.ok_or_else(|| Refused::Unknown { what: "ratchet", name: ratchet.to_owned() })?;
        let number = declared.stages.iter().position(|s| s.name == stage);
        let number = number.ok_or_else(|| Refused::Unknown { what: "stage", name: stage.to_owned() })?;
        Ok((declared, number))
    }
}

/// That an approval ends when the policy, or the kind of approval, says that it must.
fn check_end(seconds: Option<i64>, most: Option<i64>, must: bool) -> Result<(), Refused> {
    match seconds {
        None if must || most.is_some() => Err(Refused::NoExpiry),
        None => Ok(()),
        Some(seconds) if seconds <= 0 || most.is_some_and(|most| seconds > most) => {
            Err(Refused::BadExpiry { most })
        }
        Some(_) => Ok(()),
    }
}

fn unknown(target: &Target) -> Refused {
    let (what, name) = match target {
        Target::Installation | Target::Removed => ("installation", ""),
        Target::Scope(name) | Target::Unasked(name) => ("scope", name.as_str()),
        Target::Operation(name) | Target::Opened(name) => ("operation", name.as_str()),
        Target::Container(kind, _) => ("kind", kind.as_str()),
        Target::Stage(_, stage) => ("stage", stage.as_str()),
    };
    Refused::Unknown { what, name: name.to_owned() }
}
