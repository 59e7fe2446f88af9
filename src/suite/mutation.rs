//! Mutants of a policy: small mistakes, planted one by one. A test suite that stays green with one in place
//! would not notice that mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::coverage::Share;
use super::judge;
use crate::analysis::cells::{Cell, Cells};
use crate::analysis::told;
use crate::authzen;
use crate::eval::{self, Decision};
use crate::region::Models;
use crate::region::ask::Answer;
use crate::region::terms::Term;
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
    /// A request that would tell the mistake from the policy; `None` where none was found within the budget.
    pub telling: Option<Telling>,
}

/// A request that the policy and the mistake decide differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The request.
    pub request: Request,
    /// The same, as a test would say it.
    pub words: String,
    /// Whether the policy permits it.
    pub permit: bool,
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
        if noticed {
            continue;
        }
        match mutant.planted(&mut mutated, |mutated| telling(model, mutated, mutant)) {
            Difference::None => score.equal += 1,
            Difference::Some(telling) => score.survivors.push(mutant.survivor(Some(telling))),
            Difference::Undecided => score.survivors.push(mutant.survivor(None)),
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

    fn survivor(&self, telling: Option<Telling>) -> Survivor {
        Survivor { title: self.title.clone(), span: self.span, telling }
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

/// How a mutant differs from the policy.
#[expect(clippy::large_enum_variant, reason = "it is made once for a question about all requests")]
enum Difference {
    /// In no decision.
    None,
    /// In that of this request.
    Some(Telling),
    /// Nobody knows within the budget.
    Undecided,
}

/// A request that the policy and the mutant decide differently, confirmed by the evaluator.
fn telling(model: &Model, mutated: &Model, mutant: &Mutant) -> Difference {
    let (apps, operations) = mutant.touches(model);
    let models = Models::new(&[model, mutated]);
    let grouped = [model, mutated].map(|model| Cells::new(model, &[]));
    let mut undecided = false;
    for app in apps {
        // Operations that both decide alike, by their first ones.
        let mut alike: BTreeMap<[OperationId; 2], OperationId> = BTreeMap::new();
        let firsts = grouped.each_ref().map(|cells| {
            let cells = cells.of(app, operations.iter().copied());
            let first =
                |cell: &Cell| cell.operations.iter().map(|o| (*o, cell.operation())).collect::<Vec<_>>();
            cells.iter().flat_map(first).collect::<BTreeMap<_, _>>()
        });
        for operation in &operations {
            if let (Some(one), Some(other)) = (firsts[0].get(operation), firsts[1].get(operation)) {
                alike.entry([*one, *other]).or_insert(*operation);
            }
        }
        for operation in alike.into_values() {
            let side = Some((app, operation));
            let mut universe = models.universe(&[side, side], &[]);
            let (one, other) = (universe.permitted(0), universe.permitted(1));
            let same = universe.terms().choose(one, other, Term::FALSE);
            let neither = [one, other].map(|term| universe.terms().not(term));
            let neither = universe.terms().and(&neither);
            let equal = universe.terms().or(&[same, neither]);
            let different = universe.terms().not(equal);
            match universe.ask(different) {
                Answer::Never => {}
                Answer::Undecided(_) => undecided = true,
                Answer::Sometimes(assignment) => {
                    let request = universe.request(&assignment);
                    let permits = |model| eval::evaluate(model, &request).effect == Decision::Permit;
                    let permit = permits(model);
                    if permit != permits(mutated) {
                        let words = told::request(model, &request);
                        return Difference::Some(Telling { request, words, permit });
                    }
                    undecided = true; // never seen: the evaluator has the last word
                }
            }
        }
    }
    if undecided { Difference::Undecided } else { Difference::None }
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
            found.push((format!("to {} instead of {}", next.name(), class.name()), swapped));
        }
        return found;
    }
    for class in classes {
        let rest = operations.iter().copied().filter(|id| access(id) != class).collect();
        found.push((format!("no longer to {}", class.name()), rest));
    }
    found
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
