//! Clauses: rules, role assignments and app users; and what else holds conditions: authority, guarantees and
//! widenings.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::apps::{self, Undecided};
use super::conditions::{self, Place};
use super::containers;
use super::context::Context;
use super::errors;
use super::model::{
    AppId, Authority, Claim, Clause, ClauseKind, Condition, Eases, Easing, Effect, Growth, Guarantee,
    OperationId, Principal, Source, Widening,
};
use super::names::{Items, Term};
use super::operations::{self, Roles, Selection};
use crate::span::Span;
use crate::syntax::printer;
use crate::syntax::tree::{self, AuthorityMember, ContainerPattern, Name};

/// Rules, assignments, guarantees, widenings and authority.
pub(super) fn check(cx: &mut Context, items: &Items) {
    for rule in &items.rules {
        self::rule(cx, rule);
    }
    for assignment in &items.assignments {
        self::assignment(cx, assignment);
    }
    for guarantee in &items.guarantees {
        let claims: Vec<_> = guarantee.claims.iter().filter_map(|c| claim(cx, c)).collect();
        cx.model.guarantees.push(Guarantee {
            title: guarantee.title.value.clone(),
            claims,
            span: guarantee.span,
        });
    }
    for item in &items.widenings {
        let widening = widening(cx, item);
        cx.model.widenings.push(widening);
    }
    if let [first, others @ ..] = items.authorities.as_slice() {
        for other in others {
            cx.report(errors::names::member_twice("authority", other.span, first.span));
        }
        cx.model.authority = authority(cx, first);
    }
}

fn rule(cx: &mut Context, rule: &tree::Rule) {
    if let Some(name) = &rule.name {
        cx.names.rules.declare(name, Some(()), &mut cx.diagnostics);
    }
    let (kind, undecided) = match rule.effect {
        Effect::Permit => (ClauseKind::Permit, Undecided::Out),
        Effect::Forbid => (ClauseKind::Forbid, Undecided::In),
    };
    let apps = apps::select(cx, &rule.apps, undecided);
    if let (Some(apps), false) = (&apps, cx.all_apps.is_empty())
        && apps.is_empty()
    {
        cx.report(errors::warnings::no_such_app(rule.span, &rule.apps));
    }
    let operations = operations::select(cx, &rule.operations, Roles::Forbidden);
    let condition = condition(
        cx,
        rule.containers.as_ref(),
        operations.as_deref(),
        rule.when.as_ref(),
        rule.unless.as_ref(),
    );
    let (Some(apps), Some(operations), Some(condition)) = (apps, operations, condition) else { return };
    cx.model.clauses.push(Clause {
        kind,
        name: rule.name.as_ref().map_or_else(String::new, |n| n.text.clone()),
        apps,
        operations: operations.operations.clone(),
        principal: Principal::Any,
        condition,
        because: rule.because.as_ref().map_or_else(String::new, |b| b.value.clone()),
        span: rule.span,
    });
}

/// Container pattern, `when` and `unless` as one formula; all of their mistakes are reported.
fn condition(
    cx: &mut Context,
    containers: Option<&ContainerPattern>,
    operations: Option<&Selection>,
    when: Option<&tree::Condition>,
    unless: Option<&tree::Condition>,
) -> Option<Condition> {
    let containers = containers.map(|c| containers::pattern(cx, c, operations));
    let when = when.map(|c| conditions::lower(cx, c, Place::Anywhere));
    let unless = unless.map(|c| conditions::lower(cx, c, Place::Anywhere));
    let unless = unless.map(|c| c.map(|c| Condition::Not(Box::new(c))));
    let parts: Option<Vec<_>> = [containers, when, unless].into_iter().flatten().collect();
    let mut parts = parts?;
    Some(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
}

/// The operations of a role, ready for a container pattern.
fn role(cx: &mut Context, name: &Name) -> Option<Arc<BTreeSet<OperationId>>> {
    match cx.names.terms.get(&name.text).map(|e| e.id) {
        Some(Some(Term::Role(at))) => cx.held.get(at).cloned().flatten(),
        Some(None) => None,
        Some(Some(Term::Access(_) | Term::Operation(_) | Term::Group(_))) | None => {
            if !cx.names.blind {
                let roles = cx.model.roles.iter().map(|r| r.name.as_str());
                let error = errors::names::unknown("role", name, roles);
                cx.report(error);
            }
            None
        }
    }
}

fn assignment(cx: &mut Context, item: &tree::Assignment) {
    let operations = role(cx, &item.role);
    let containers = item.containers.as_ref();
    let principal = match &item.principal {
        tree::Principal::User(text) => {
            apps::filled(cx, "user id", [text]);
            Principal::User(text.value.clone())
        }
        tree::Principal::Group(name) => Principal::Group(name.text.clone()),
        tree::Principal::AnyUser => Principal::Any,
        tree::Principal::Apps(pattern) => {
            let Some(apps) = apps::select(cx, pattern, Undecided::Out) else { return };
            let kind = ClauseKind::AppUserGrant;
            return grant(cx, kind, apps, operations, Principal::Any, containers, item.span);
        }
    };
    let apps = cx.all_apps.clone();
    grant(cx, ClauseKind::ContextUserGrant, apps, operations, principal, containers, item.span);
}

/// `user ROLE [in …]` in an app.
pub(super) fn app_user(
    cx: &mut Context,
    apps: &Arc<BTreeSet<AppId>>,
    name: &Name,
    containers: Option<&ContainerPattern>,
    span: Span,
) {
    let operations = role(cx, name);
    grant(cx, ClauseKind::AppUserGrant, apps.clone(), operations, Principal::Any, containers, span);
}

fn grant(
    cx: &mut Context,
    kind: ClauseKind,
    apps: Arc<BTreeSet<AppId>>,
    operations: Option<Arc<BTreeSet<OperationId>>>,
    principal: Principal,
    containers: Option<&ContainerPattern>,
    span: Span,
) {
    let selection = operations.as_ref().map(|operations| operations::selection_of(cx, operations));
    let condition = condition(cx, containers, selection.as_deref(), None, None);
    let (Some(operations), Some(condition)) = (operations, condition) else { return };
    let (name, because) = (String::new(), String::new());
    cx.model.clauses.push(Clause { kind, name, apps, operations, principal, condition, because, span });
}

/// A stage's withdrawals become clauses that test the stage.
pub(super) fn withdrawal(
    cx: &mut Context,
    item: &tree::Withdrawal,
    name: String,
    apps: Option<&Arc<BTreeSet<AppId>>>,
    reached: Condition,
) {
    let operations = operations::select(cx, &item.operations, Roles::Forbidden);
    let containers = item.containers.as_ref().map(|c| containers::pattern(cx, c, operations.as_deref()));
    let condition = match containers {
        Some(containers) => containers.map(|c| Condition::All(vec![reached, c])),
        None => Some(reached),
    };
    let (Some(apps), Some(operations), Some(condition)) = (apps, operations, condition) else { return };
    cx.model.clauses.push(Clause {
        kind: ClauseKind::Withdrawal,
        name,
        apps: apps.clone(),
        operations: operations.operations.clone(),
        principal: Principal::Any,
        condition,
        because: String::new(),
        span: item.span,
    });
}

fn claim(cx: &mut Context, item: &tree::Claim) -> Option<Claim> {
    // `never` speaks of every app that might be meant, `always` only of those that certainly are.
    let undecided = if item.always { Undecided::Out } else { Undecided::In };
    let apps = apps::select(cx, &item.apps, undecided);
    let operations = operations::select(cx, &item.operations, Roles::Forbidden);
    let condition = condition(
        cx,
        item.containers.as_ref(),
        operations.as_deref(),
        item.when.as_ref(),
        item.unless.as_ref(),
    );
    Some(Claim {
        always: item.always,
        apps: apps?,
        operations: operations?.operations.clone(),
        condition: condition?,
        span: item.span,
    })
}

fn widening(cx: &mut Context, item: &tree::Widening) -> Widening {
    for text in std::iter::once(&item.reason).chain(&item.approvers) {
        if text.value.trim().is_empty() {
            cx.report(errors::ratchets::widening_says_nothing(text, std::ptr::eq(text, &item.reason)));
        }
    }
    Widening {
        reason: item.reason.value.clone(),
        approvers: item.approvers.iter().map(|a| a.value.clone()).collect(),
        until: item.until.at,
        growths: item.growths.iter().filter_map(|g| growth(cx, g)).collect(),
        easings: item.easings.iter().filter_map(|e| easing(cx, e)).collect(),
        text: said(item),
        span: item.span,
    }
}

/// What the block says, whatever the order of its lines.
fn said(item: &tree::Widening) -> String {
    let print = |growths: &[tree::Growth], easings: &[tree::Easing]| {
        let (growths, easings) = (growths.to_vec(), easings.to_vec());
        printer::print_item(&tree::Item::Widening(tree::Widening { growths, easings, ..item.clone() }))
    };
    let growths = item.growths.iter().map(|growth| print(std::slice::from_ref(growth), &[]));
    let easings = item.easings.iter().map(|easing| print(&[], std::slice::from_ref(easing)));
    let lines: BTreeSet<String> = growths.chain(easings).collect();
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

fn growth(cx: &mut Context, item: &tree::Growth) -> Option<Growth> {
    // An approval speaks only of those that certainly are meant.
    let apps = apps::select(cx, &item.apps, Undecided::Out);
    let operations = operations::select(cx, &item.operations, Roles::Forbidden);
    let condition = condition(
        cx,
        item.containers.as_ref(),
        operations.as_deref(),
        item.when.as_ref(),
        item.unless.as_ref(),
    );
    Some(Growth {
        apps: apps?,
        operations: operations?.operations.clone(),
        condition: condition?,
        span: item.span,
    })
}

fn easing(cx: &mut Context, item: &tree::Easing) -> Option<Easing> {
    let what = match &item.what {
        tree::Eases::Ratchet(name) => Eases::Ratchet(cx.names.ratchets.find(name, &mut cx.diagnostics)?),
        tree::Eases::StepUp(pattern) => Eases::StepUp(apps::select(cx, pattern, Undecided::Out)?),
        tree::Eases::Paths(pattern) => {
            Eases::Paths(operations::select(cx, pattern, Roles::Forbidden)?.operations.clone())
        }
    };
    Some(Easing { what, span: item.span })
}

fn authority(cx: &mut Context, item: &tree::Authority) -> Authority {
    let mut result = Authority::default();
    let mut seen: [Option<Span>; 3] = [None; 3];
    for member in &item.members {
        let (at, what, from, condition) = match member {
            AuthorityMember::Lifecycle { from } => (0, "lifecycle", from, None),
            AuthorityMember::AppUser { from, except } => (1, "app user", from, except.as_ref()),
            AuthorityMember::ContextUser { from, required } => (2, "context user", from, required.as_ref()),
        };
        if let Some(first) = seen[at] {
            cx.report(errors::names::member_twice(what, from.span, first));
            continue;
        }
        seen[at] = Some(from.span);
        let source = match from.text.as_str() {
            "policy" => Source::Policy,
            "caller" => Source::Caller,
            _ => {
                cx.report(errors::names::unknown("authority", from, ["policy", "caller"]));
                Source::Policy
            }
        };
        let condition = condition.and_then(|c| conditions::lower(cx, c, Place::Anywhere));
        match at {
            0 => result.lifecycle = source,
            1 => {
                result.app_user = source;
                result.app_user_except = condition.unwrap_or(Condition::Constant(false));
            }
            _the_context_user => {
                result.context_user = source;
                result.context_user_required = condition.unwrap_or(Condition::Constant(false));
            }
        }
    }
    result
}
