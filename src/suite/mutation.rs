//! Mutants of a policy: small mistakes, planted one by one. A test suite that stays green with one in place
//! would not notice that mistake.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::coverage::Share;
use super::judge;
use crate::authzen;
use crate::eval;
use crate::request::Request;
use crate::sema::model::{
    Access, AppId, Atom, Clause, ClauseId, ClauseKind, Condition, Model, OperationId, Ordering, Predicate,
    ScopeId, TestCase,
};
use crate::span::{SourceMap, Span};

/// A mistake that somebody could make.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// What is done, as an order: "drop the rule".
    pub title: String,
    /// Where.
    pub span: Span,
    change: Change,
}

/// A part of the model, and what stands there instead.
#[derive(Debug, Clone)]
enum Change {
    Clause(ClauseId, Clause),
    Requested(AppId, BTreeSet<ScopeId>),
}

/// What the tests said to all mutants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Score {
    /// How many were planted.
    pub planted: usize,
    /// Those that no test noticed though some could, in source order.
    pub survivors: Vec<Survivor>,
    /// How many no test could notice, because no request is decided otherwise: proved, not guessed.
    pub equal: usize,
}

/// A mistake that no test noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// What is done, as an order: "drop the rule".
    pub title: String,
    /// Where.
    pub span: Span,
    /// A request that would tell the mistake from the policy, and whether the policy permits it; `None` where
    /// none was found within the budget, or none was looked for.
    pub telling: Option<(Request, bool)>,
}

impl Score {
    /// How many were noticed, of those that could be.
    pub fn noticed(&self) -> Share {
        let of = self.planted - self.equal;
        Share { part: of - self.survivors.len(), of }
    }
}

/// Plants every mutant in turn and runs the tests that it could concern. The tests must pass without any.
///
/// `progress` is told how many of how many are done.
pub fn run(model: &Model, sources: &SourceMap, progress: &(dyn Fn(usize, usize) + Sync)) -> Score {
    let cases: Vec<Target<'_>> =
        model.tests.iter().flat_map(|t| &t.cases).map(|c| target(model, c)).collect();
    let mutants = mutants(model, sources);
    let mut mutated = model.clone();
    let mut score = Score { planted: mutants.len(), ..Score::default() };
    for (done, mutant) in mutants.iter().enumerate() {
        progress(done, mutants.len());
        let noticed = mutant.planted(&mut mutated, |mutated| {
            cases.iter().any(|target| mutant.concerns(model, target) && fails(mutated, sources, target.case))
        });
        if !noticed {
            score.survivors.push(Survivor { title: mutant.title.clone(), span: mutant.span, telling: None });
        }
    }
    progress(mutants.len(), mutants.len());
    score
}

/// Every mutant of the policy, in source order.
pub fn mutants(model: &Model, sources: &SourceMap) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (id, clause) in (0..).map(ClauseId).zip(&model.clauses) {
        let mut plant = |title: String, span: Span, changed: Clause| {
            mutants.push(Mutant { title, span, change: Change::Clause(id, changed) });
        };
        of_clause(model, sources, clause, &mut plant);
    }
    for (id, app) in (0..).map(AppId).zip(&model.apps) {
        for scope in &app.requested {
            let title = format!("`{}` no longer holds `{}`", app.name, model.scopes[scope.index()].name);
            let without = app.requested.iter().copied().filter(|s| s != scope).collect();
            mutants.push(Mutant { title, span: app.span, change: Change::Requested(id, without) });
        }
    }
    mutants.sort_by_key(|m| (m.span.source, m.span.start));
    mutants
}

impl Mutant {
    /// Lends the model with the mistake in it; afterwards it is as before.
    pub fn planted<T>(&self, model: &mut Model, use_it: impl FnOnce(&Model) -> T) -> T {
        self.swap(model, self.change.clone(), use_it)
    }

    fn swap<T>(&self, model: &mut Model, change: Change, use_it: impl FnOnce(&Model) -> T) -> T {
        match change {
            Change::Clause(id, clause) => {
                let before = std::mem::replace(&mut model.clauses[id.index()], clause);
                let result = use_it(model);
                model.clauses[id.index()] = before;
                result
            }
            Change::Requested(id, requested) => {
                let before = std::mem::replace(&mut model.apps[id.index()].requested, requested);
                let result = use_it(model);
                model.apps[id.index()].requested = before;
                result
            }
        }
    }

    /// The apps and operations for which the mistake can make a difference.
    pub fn touches(&self, model: &Model) -> (BTreeSet<AppId>, BTreeSet<OperationId>) {
        match &self.change {
            Change::Clause(id, changed) => {
                let clause = &model.clauses[id.index()];
                (&*clause.apps | &*changed.apps, &*clause.operations | &*changed.operations)
            }
            Change::Requested(id, _) => {
                (BTreeSet::from([*id]), (0..model.operations.len() as u32).map(OperationId).collect())
            }
        }
    }

    fn concerns(&self, model: &Model, target: &Target<'_>) -> bool {
        match (&self.change, target.app, target.operation) {
            (_, None, _) | (_, _, None) => false,
            (Change::Clause(id, changed), Some(app), Some(operation)) => {
                let clause = &model.clauses[id.index()];
                [clause, changed].iter().any(|c| c.apps.contains(&app) && c.operations.contains(&operation))
            }
            (Change::Requested(id, _), Some(app), Some(_)) => *id == app,
        }
    }
}

/// A case with what it speaks of.
struct Target<'m> {
    case: &'m TestCase,
    app: Option<AppId>,
    operation: Option<OperationId>,
}

fn target<'m>(model: &Model, case: &'m TestCase) -> Target<'m> {
    let (app, operation) = eval::target(model, &case.request);
    Target { case, app, operation }
}

fn fails(model: &Model, sources: &SourceMap, case: &TestCase) -> bool {
    let answer = authzen::explain(model, sources, &eval::evaluate(model, &case.request));
    !judge(&case.expect, &answer).is_empty()
}

/// The mistakes that can be made in one clause.
fn of_clause(
    model: &Model,
    sources: &SourceMap,
    clause: &Clause,
    plant: &mut dyn FnMut(String, Span, Clause),
) {
    let name = &clause.name;
    let nobody = Clause { apps: Arc::default(), ..clause.clone() };
    plant(format!("drop `{name}`"), clause.span, nobody);
    for (part, without) in without_parts(&clause.condition) {
        let what = words(sources, part);
        let span = place(part).unwrap_or(clause.span);
        plant(
            format!("`{name}` without the condition {what}"),
            span,
            Clause { condition: without, ..clause.clone() },
        );
    }
    for (atom, shifted, says) in shifted_bounds(&clause.condition) {
        plant(format!("`{name}` {says}"), atom.span, Clause { condition: shifted, ..clause.clone() });
    }
    for (title, operations) in swapped_access(model, &clause.operations) {
        let changed = Clause { operations: Arc::new(operations), ..clause.clone() };
        plant(format!("`{name}` {title}"), clause.span, changed);
    }
    let swapped = match clause.kind {
        ClauseKind::Permit => Some((ClauseKind::Forbid, "forbids instead of permitting")),
        ClauseKind::Forbid => Some((ClauseKind::Permit, "permits instead of forbidding")),
        ClauseKind::AppUserGrant | ClauseKind::ContextUserGrant | ClauseKind::Withdrawal => None,
    };
    if let Some((kind, says)) = swapped {
        plant(format!("`{name}` {says}"), clause.span, Clause { kind, ..clause.clone() });
    }
}

/// The condition with one of its parts left out, for every part of it that is a conjunction or disjunction.
fn without_parts(condition: &Condition) -> Vec<(&Condition, Condition)> {
    fn walk<'c>(
        condition: &'c Condition,
        put_back: &dyn Fn(Condition) -> Condition,
        found: &mut Vec<(&'c Condition, Condition)>,
    ) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                let all = matches!(condition, Condition::All(_));
                let join = |parts: Vec<Condition>| match all {
                    true => Condition::All(parts),
                    false => Condition::Any(parts),
                };
                for (index, part) in parts.iter().enumerate() {
                    // Which kind a container is of goes without saying where its id or attributes are tested.
                    if !matches!(part, Condition::InKind(_) | Condition::AtKind(_)) || parts.len() == 1 {
                        let mut rest = parts.clone();
                        rest.remove(index);
                        found.push((part, put_back(join(rest))));
                    }
                    let inner = |changed: Condition| {
                        let mut parts = parts.clone();
                        parts[index] = changed;
                        put_back(join(parts))
                    };
                    walk(part, &inner, found);
                }
            }
            Condition::Not(inner) => {
                walk(inner, &|changed| put_back(Condition::Not(Box::new(changed))), found);
            }
            Condition::Constant(_) | Condition::Test(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
        }
    }
    let mut found = Vec::new();
    if let Condition::Test(_) | Condition::Not(_) = condition {
        found.push((condition, Condition::Constant(true)));
    }
    walk(condition, &|changed| changed, &mut found);
    found
}

/// The condition with the bound of one comparison let in or left out.
fn shifted_bounds(condition: &Condition) -> Vec<(&Atom, Condition, &'static str)> {
    fn walk<'c>(
        condition: &'c Condition,
        put_back: &dyn Fn(Condition) -> Condition,
        found: &mut Vec<(&'c Atom, Condition, &'static str)>,
    ) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    let inner = |changed: Condition| {
                        let mut parts = parts.clone();
                        parts[index] = changed;
                        put_back(match condition {
                            Condition::All(_) => Condition::All(parts),
                            _ => Condition::Any(parts), // the only other one here
                        })
                    };
                    walk(part, &inner, found);
                }
            }
            Condition::Not(inner) => {
                walk(inner, &|changed| put_back(Condition::Not(Box::new(changed))), found);
            }
            Condition::Test(atom) => {
                if let Predicate::Order(ordering, bound) = &atom.predicate {
                    let (other, says) = match ordering {
                        Ordering::Less => (Ordering::LessOrEqual, "with `<=` for `<`"),
                        Ordering::LessOrEqual => (Ordering::Less, "with `<` for `<=`"),
                        Ordering::Greater => (Ordering::GreaterOrEqual, "with `>=` for `>`"),
                        Ordering::GreaterOrEqual => (Ordering::Greater, "with `>` for `>=`"),
                    };
                    let predicate = Predicate::Order(other, bound.clone());
                    found.push((atom, put_back(Condition::Test(Atom { predicate, ..atom.clone() })), says));
                }
            }
            Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
        }
    }
    let mut found = Vec::new();
    walk(condition, &|changed| changed, &mut found);
    found
}

/// The operations with an access class taken for another: of operations of one class, those of the next in the
/// same kinds of containers; of operations of several, all but those of one.
fn swapped_access(model: &Model, operations: &BTreeSet<OperationId>) -> Vec<(String, BTreeSet<OperationId>)> {
    let access = |id: &OperationId| model.operations[id.index()].access;
    let classes: BTreeSet<Access> = operations.iter().map(access).collect();
    let mut found = Vec::new();
    if let (1, Some(class)) = (classes.len(), classes.first().copied()) {
        let next = match class {
            Access::Read => Access::Write,
            Access::Write => Access::Delete,
            Access::Delete => Access::Admin,
            Access::Admin => Access::Read,
        };
        let kinds: BTreeSet<_> = operations.iter().map(|id| model.operations[id.index()].kind).collect();
        let swapped: BTreeSet<_> = (0..model.operations.len() as u32)
            .map(OperationId)
            .filter(|id| access(id) == next && kinds.contains(&model.operations[id.index()].kind))
            .collect();
        if !swapped.is_empty() {
            found.push((format!("to {} instead of {}", word(next), word(class)), swapped));
        }
        return found;
    }
    for class in classes {
        let rest = operations.iter().copied().filter(|id| access(id) != class).collect();
        found.push((format!("no longer to {}", word(class)), rest));
    }
    found
}

fn word(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
        Access::Delete => "delete",
        Access::Admin => "admin",
    }
}

/// The text of a condition as it was written, as far as it has one.
fn words(sources: &SourceMap, condition: &Condition) -> String {
    match place(condition) {
        Some(span) => format!("`{}`", sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ")),
        None => "on the kind of container".to_owned(),
    }
}

/// From the first test to the last.
fn place(condition: &Condition) -> Option<Span> {
    match condition {
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => None,
        Condition::Test(atom) => Some(atom.span),
        Condition::Not(inner) => place(inner),
        Condition::All(parts) | Condition::Any(parts) => {
            let mut spans = parts.iter().filter_map(place);
            let first = spans.next()?;
            Some(spans.fold(first, |all, span| if span.source == all.source { all.to(span) } else { all }))
        }
    }
}
