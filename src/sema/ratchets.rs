//! Ratchets: stages that only shrink, each of which can be reached.

use std::collections::{BTreeSet, HashMap};

use super::apps::{self, Undecided};
use super::conditions;
use super::context::Context;
use super::errors;
use super::model::{
    AppId, AttributeId, Condition, Constant, Ordering, Owner, PermissionModelId, Predicate, Ratchet,
    RatchetId, Reopening, ScopeId, Since, Stage, Subject, Trigger,
};
use super::names::{Items, Term};
use super::{catalog, rules};
use crate::span::Span;
use crate::syntax::tree::{self, Name};

/// Enters the names of ratchets and their stages, which conditions need.
pub(super) fn declare(cx: &mut Context, items: &Items) {
    for item in &items.ratchets {
        if catalog::ROOTS.contains(&item.name.text.as_str()) {
            cx.report(errors::names::reserved("ratchet", &item.name, "begins other paths in conditions"));
            continue;
        }
        if let Some(kind) = cx.names.kinds.get(&item.name.text) {
            let error = errors::names::twice("name of a kind or ratchet", &item.name, kind.span);
            cx.report(error);
            continue;
        }
        let stage = (Owner::Request, format!("{}.stage", item.name.text));
        if let Some(attribute) = cx.names.attributes.get(&stage) {
            let error = errors::names::twice(
                "name of an attribute and of a ratchet's stage",
                &item.name,
                attribute.span,
            );
            cx.report(error);
            continue;
        }
        let id = RatchetId(cx.model.ratchets.len() as u32);
        if !cx.names.ratchets.declare(&item.name, Some(id), &mut cx.diagnostics) {
            continue;
        }
        let mut seen: HashMap<&str, &Name> = HashMap::new();
        for stage in &item.stages {
            if let Some(first) = seen.insert(&stage.name.text, &stage.name) {
                cx.report(errors::names::twice("stage", &stage.name, first.span));
            }
        }
        cx.names_of_stages.push(item.stages.iter().map(|s| s.name.text.clone()).collect());
        cx.model.ratchets.push(Ratchet {
            name: item.name.text.clone(),
            apps: BTreeSet::new(),
            stages: Vec::new(),
            reopenings: Vec::new(),
            never: BTreeSet::new(),
            span: item.span,
        });
    }
}

/// Checks and fills in the ratchets.
pub(super) fn check(cx: &mut Context, items: &Items) {
    let mut next = 0;
    for item in &items.ratchets {
        // Those that could not be declared are not in the model.
        let own = cx.model.ratchets.get(next).is_some_and(|r| {
            r.name == item.name.text && (r.span.source, r.span.start) == (item.span.source, item.span.start)
        });
        if own {
            ratchet(cx, RatchetId(next as u32), item);
            next += 1;
        }
    }
}

fn ratchet(cx: &mut Context, id: RatchetId, item: &tree::Ratchet) {
    let apps = apps::select(cx, &item.apps, Undecided::In);
    let models = apps.as_ref().map(|apps| models_of(cx, apps));
    if item.stages.is_empty() {
        cx.report(errors::ratchets::no_stage(&item.name));
    }
    let mut stages: Vec<Stage> = Vec::with_capacity(item.stages.len());
    for (at, stage) in item.stages.iter().enumerate() {
        shape(cx, at, stage);
        let before = stages.last().and_then(|s| s.holds.clone());
        let holds = match (&stage.holds, &models) {
            (Some(names), Some(models)) => held(cx, names, models, before.as_ref(), at, item),
            (None, _) | (_, None) => before.clone(),
        };
        let triggers = stage.triggers.iter();
        let triggers =
            triggers.flat_map(|t| trigger(cx, t, item, at, models.as_deref(), before.as_ref())).collect();
        stages.push(Stage { name: stage.name.text.clone(), locked: stage.locked, holds, triggers });
        for withdrawal in &stage.withdraws {
            let name = format!("{}.{}", item.name.text, stage.name.text);
            let from_here_on = Predicate::Order(Ordering::GreaterOrEqual, Constant::Index(at as u32));
            let reached = conditions::test(Subject::Stage(id), from_here_on, withdrawal.span);
            let reached = if at == 0 { Condition::Constant(true) } else { reached };
            rules::withdrawal(cx, withdrawal, name, apps.as_ref(), reached);
        }
    }
    let reopenings = item.reopenings.iter().filter_map(|r| reopening(cx, r, item)).collect();
    let mut never = BTreeSet::new();
    for name in models.iter().flat_map(|_| &item.never) {
        never.extend(catalog::scope(cx, name, models.as_deref().unwrap_or_default()).unwrap_or_default());
    }
    let ratchet = &mut cx.model.ratchets[id.index()];
    ratchet.never = never;
    ratchet.apps = apps.as_deref().cloned().unwrap_or_default();
    ratchet.stages = stages;
    ratchet.reopenings = reopenings;
}

/// Of guarantees about reachable states, says so in their claims: where a stage is reached by time alone and never
/// left, no installation is that old and stands before it.
pub(super) fn reachable(cx: &mut Context, items: &Items) {
    let mut age = cx.model.attributes.iter();
    let age = age.position(|a| a.owner == Owner::Request && a.name == "install.age");
    let Some(age) = age.map(|age| Subject::Attribute(AttributeId(age as u32))) else { return };
    for (number, item) in items.guarantees.iter().enumerate().filter(|(_, item)| item.reachable) {
        let Some(guarantee) = cx.model.guarantees.get(number) else { continue };
        let mut claims = guarantee.claims.clone();
        for claim in &mut claims {
            let mut parts = vec![claim.condition.clone()];
            for (id, ratchet) in (0..).map(RatchetId).zip(&cx.model.ratchets) {
                if ratchet.apps.is_disjoint(&claim.apps) {
                    continue;
                }
                let says =
                    |subject: &Subject| conditions::test(subject.clone(), Predicate::Present, item.span);
                let timed = |stage: usize, latest: Option<i64>| latest.filter(|_| !ratchet.reopens(stage));
                if ratchet
                    .latest()
                    .into_iter()
                    .enumerate()
                    .skip(1)
                    .any(|(stage, at)| timed(stage, at).is_some())
                {
                    // The state of an installation tells both.
                    let unsaid = Condition::Not(Box::new(says(&Subject::Stage(id))));
                    parts.push(Condition::Any(vec![unsaid, says(&age)]));
                }
                for (stage, latest) in ratchet.latest().into_iter().enumerate().skip(1) {
                    let Some(latest) = timed(stage, latest) else { continue };
                    let test = |subject: &Subject, predicate| {
                        conditions::test(subject.clone(), predicate, item.span)
                    };
                    let subject = Subject::Stage(id);
                    let unsaid = |subject: &Subject| Condition::Not(Box::new(says(subject)));
                    let reached = Predicate::Order(Ordering::GreaterOrEqual, Constant::Index(stage as u32));
                    let young = Predicate::Order(Ordering::Less, Constant::Int(latest));
                    parts.push(Condition::Any(vec![
                        unsaid(&subject),
                        unsaid(&age),
                        test(&subject, reached),
                        test(&age, young),
                    ]));
                }
            }
            if parts.len() > 1 {
                claim.condition = Condition::All(parts);
            }
        }
        cx.model.guarantees[number].claims = claims;
    }
}

/// The permission models of these apps; all models if there are none.
fn models_of(cx: &Context, apps: &BTreeSet<AppId>) -> Vec<PermissionModelId> {
    let models: BTreeSet<_> =
        apps.iter().flat_map(|a| cx.model.apps[a.index()].models.iter().copied()).collect();
    if models.is_empty() {
        return (0..cx.model.permission_models.len()).map(|i| PermissionModelId(i as u32)).collect();
    }
    models.into_iter().collect()
}

/// What must stand in the first stage and what in the others.
fn shape(cx: &mut Context, at: usize, stage: &tree::Stage) {
    match (at, stage.then) {
        (0, true) => cx.report(errors::ratchets::then_first(&stage.name)),
        (0, false) => {}
        (_, true) => {}
        (_, false) => cx.report(errors::ratchets::then_missing(&stage.name)),
    }
    match (at, stage.triggers.as_slice()) {
        (0, [first, ..]) => cx.report(errors::ratchets::trigger_on_first(trigger_span(first), &stage.name)),
        (0, []) => {}
        (_, []) => cx.report(errors::ratchets::no_trigger(&stage.name)),
        (_, [_, ..]) => {}
    }
}

/// The scopes of a stage, which must not be wider than those before.
fn held(
    cx: &mut Context,
    names: &[Name],
    models: &[PermissionModelId],
    before: Option<&BTreeSet<ScopeId>>,
    at: usize,
    item: &tree::Ratchet,
) -> Option<BTreeSet<ScopeId>> {
    let mut holds = BTreeSet::new();
    let closed = before.map(|b| catalog::closure(cx, b.iter().copied()));
    for name in names {
        let Some(scopes) = catalog::scope(cx, name, models) else { continue };
        if let Some(closed) = &closed {
            let surplus: BTreeSet<_> = catalog::closure(cx, scopes.iter().copied());
            let surplus: BTreeSet<_> =
                surplus.difference(closed).map(|s| cx.model.scopes[s.index()].name.clone()).collect();
            if !surplus.is_empty() {
                // The stage that last said what is held.
                let wider =
                    item.stages[..at].iter().rev().find(|s| s.holds.is_some()).unwrap_or(&item.stages[0]);
                cx.report(errors::ratchets::wider(name, &item.stages[at].name, &wider.name, &surplus));
            }
        }
        holds.extend(scopes);
    }
    Some(holds)
}

fn trigger(
    cx: &mut Context,
    trigger: &tree::Trigger,
    item: &tree::Ratchet,
    at: usize,
    models: Option<&[PermissionModelId]>,
    before: Option<&BTreeSet<ScopeId>>,
) -> Vec<Trigger> {
    let stage = &item.stages[at].name;
    match trigger {
        tree::Trigger::Event(name) => vec![Trigger::Event(name.value.clone())],
        tree::Trigger::Command(_) => vec![Trigger::Command],
        tree::Trigger::After { seconds, since, span } => {
            if *seconds < 0 {
                cx.report(errors::ratchets::bad_number(*span, "a delay is not negative"));
            }
            let since = match since {
                tree::Since::Install(_) => Since::Install,
                tree::Since::Event(name) => Since::Event(name.value.clone()),
                tree::Since::Stage(name) => match item.stages.iter().position(|s| s.name.text == name.text) {
                    Some(earlier) if earlier < at => Since::Stage(earlier as u32),
                    Some(_) => {
                        cx.report(errors::ratchets::waits_for_later(name, stage));
                        return Vec::new();
                    }
                    None => {
                        let known = item.stages[..at].iter().map(|s| s.name.text.as_str());
                        let error = errors::names::unknown("stage", name, known);
                        cx.report(error);
                        return Vec::new();
                    }
                },
            };
            vec![Trigger::After(*seconds, since)]
        }
        tree::Trigger::Unused { scope, seconds, span } => {
            if *seconds <= 0 {
                cx.report(errors::ratchets::bad_number(*span, "a time of disuse is longer than nothing"));
            }
            let Some(scopes) = models.and_then(|m| catalog::scope(cx, scope, m)) else { return Vec::new() };
            if let Some(before) = before {
                let closed = catalog::closure(cx, before.iter().copied());
                if !scopes.iter().any(|s| closed.contains(s)) {
                    let previous = &item.stages[at.saturating_sub(1)].name;
                    cx.report(errors::ratchets::unused_not_held(scope, previous));
                }
            }
            scopes.into_iter().map(|s| Trigger::Unused(s, *seconds)).collect()
        }
        tree::Trigger::Count { times, operation, span } => {
            if *times < 1 {
                cx.report(errors::ratchets::bad_number(*span, "an operation is counted from 1"));
            }
            match cx.names.terms.find(operation, &mut cx.diagnostics) {
                Some(Term::Operation(id)) => vec![Trigger::Count(*times, id)],
                Some(Term::Access(_) | Term::Group(_) | Term::Role(_)) => {
                    cx.report(errors::operations::one_operation(operation));
                    Vec::new()
                }
                None => Vec::new(),
            }
        }
    }
}

fn trigger_span(trigger: &tree::Trigger) -> Span {
    match trigger {
        tree::Trigger::Event(text) => text.span,
        tree::Trigger::After { span, .. }
        | tree::Trigger::Unused { span, .. }
        | tree::Trigger::Count { span, .. }
        | tree::Trigger::Command(span) => *span,
    }
}

fn reopening(cx: &mut Context, item: &tree::Reopening, ratchet: &tree::Ratchet) -> Option<Reopening> {
    let Some(at) = ratchet.stages.iter().position(|s| s.name.text == item.stage.text) else {
        let known = ratchet.stages.iter().map(|s| s.name.text.as_str());
        let error = errors::names::unknown("stage", &item.stage, known);
        cx.report(error);
        return None;
    };
    let next = ratchet.stages.get(at + 1);
    // A locked stage is never left, so what lies behind it never comes back to what lies before it.
    let locked = ratchet.stages[..=at].iter().chain(next).find(|s| s.locked);
    if let Some(locked) = locked {
        cx.report(errors::ratchets::locked(&item.stage, &locked.name));
    } else if next.is_none() {
        cx.report(errors::ratchets::reopens_last(&item.stage));
    }
    if item.seconds <= 0 {
        cx.report(errors::ratchets::bad_number(item.span, "a reopening lasts longer than nothing"));
    }
    enough(cx, item.approvers, &item.group, item.span);
    Some(Reopening {
        stage: at as u32,
        approvers: u32::try_from(item.approvers).unwrap_or(u32::MAX),
        group: item.group.text.clone(),
        seconds: item.seconds,
    })
}

/// That a group can give so many approvals, as far as its members are declared.
pub(super) fn enough(cx: &mut Context, approvers: i64, group: &Name, span: Span) {
    let members = cx.model.groups.get(&group.text).map(BTreeSet::len);
    if approvers < 1 {
        cx.report(errors::ratchets::bad_number(span, "at least one person approves"));
    } else if let Some(members) = members
        && i64::try_from(members).is_ok_and(|members| members < approvers)
    {
        let declared = cx.names.groups.get(&group.text).map(|e| e.span);
        cx.report(errors::ratchets::too_few_approvers(group, members, approvers, declared));
    }
}
