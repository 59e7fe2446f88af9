//! Scopes for which there is a smaller grant that does the same.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::analysis::grants::{self, Answer, Measure};
use crate::analysis::minimal::Budget;
use crate::diag::{Diagnostic, Fix, Safety};
use crate::lint::{Level, Rule, Subject, edits};
use crate::parallel;
use crate::sema::model::{Access, AppId, Model, OperationId, ScopeId};
use crate::span::Span;
use crate::syntax::print_scope;
use crate::syntax::tree::{self, AppMember, Name};

pub(crate) static RULE: Rule = Rule {
    code: "SPR0120",
    name: "smaller-grant",
    title: "scopes for which a smaller grant opens all that is permitted",
    default: Level::Note,
    page: include_str!("smaller_grant.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let permitted = subject.permitted();
    let done = AtomicUsize::new(0);
    let of = |app: &AppId| {
        let finding = smaller(subject, *app, &permitted[app.index()]);
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        (subject.progress())("finding the smallest grants", done, permitted.len());
        finding
    };
    found.extend(parallel::map(&subject.apps(), &of).into_iter().flatten());
}

fn smaller(subject: &Subject<'_>, app: AppId, needed: &BTreeSet<OperationId>) -> Option<Diagnostic> {
    let model = subject.model;
    let declared = subject.app(app)?;
    let (requests, place) = requests(declared)?;
    // Where nothing is permitted, every scope is one too many: another finding.
    if needed.is_empty() {
        return None;
    }
    let (answer, measure) = answer(model, app, needed)?;
    let name = &model.apps[app.index()].name;
    let smallest = names(model, &answer.least.requested);
    let (now, least) = (answer.now.beyond.len(), answer.least.beyond.len());
    let mut finding = RULE
        .finding(format!("`{name}` could hold less: {}", quoted(&smallest)))
        .at(place, format!("opens {now} operations that are not permitted; {least} would do"))
        .note(format!("the policy permits `{name}` {} of the operations", needed.len()))
        .note(
            match measure {
                Measure::Access => {
                    "no set of scopes that opens them opens less that administers, then that deletes, writes and \
                     reads: a lower bound proves it"
                }
                Measure::Surface | Measure::Level => {
                    "no set of scopes that opens them costs less: a lower bound proves it"
                }
            }
            .to_owned(),
        )
        .help(format!("ask for {}", quoted(&smallest)));
    let goes = &answer.now.beyond - &answer.least.beyond;
    if let Some(some) = some(model, &goes) {
        finding = finding.note(format!("no longer open: {some}"));
    }
    let comes = &answer.least.beyond - &answer.now.beyond;
    if let Some(some) = some(model, &comes) {
        finding = finding.note(format!("newly open, though not permitted: {some}"));
    }
    Some(finding.fix(fix(model, app, &answer, requests, declared)))
}

/// The smallest grant, if it is smaller and nothing about it is worse: the one that opens the fewest operations; where
/// that opens more of the worse ones, the one that opens the fewest of these.
fn answer(model: &Model, app: AppId, needed: &BTreeSet<OperationId>) -> Option<(Answer, Measure)> {
    for measure in [Measure::Surface, Measure::Access] {
        let answer = grants::least(model, app, needed, measure, Budget::default()).ok()?;
        // Scopes that the policy did not approve are not held; that it asks for them is another finding.
        if !answer.proved() || answer.least.cost >= answer.now.cost {
            return None;
        }
        if is_no_worse(model, &answer) {
            return Some((answer, measure));
        }
    }
    None
}

/// Whether the smallest grant opens, of each class and the worse ones together, no more than what is held now.
fn is_no_worse(model: &Model, answer: &Answer) -> bool {
    let many = |beyond: &BTreeSet<OperationId>, least: Access| {
        beyond.iter().filter(|id| model.operations[id.index()].access >= least).count()
    };
    let classes = [Access::Admin, Access::Delete, Access::Write, Access::Read];
    classes.into_iter().all(|class| many(&answer.least.beyond, class) <= many(&answer.now.beyond, class))
}

fn requests(app: &tree::App) -> Option<(&[Name], Span)> {
    app.members.iter().find_map(|member| match member {
        AppMember::Requests(names) => {
            let (first, last) = (names.first()?.span, names.last()?.span);
            Some((names.as_slice(), Span { end: last.end, ..first }))
        }
        _ => None, // Another member.
    })
}

/// Replaces the list. None where other lists would have to follow: what was approved, what stages hold.
fn fix(model: &Model, app: AppId, answer: &Answer, requests: &[Name], declared: &tree::App) -> Option<Fix> {
    let approved = declared.members.iter().any(|member| matches!(member, AppMember::Approved(_)));
    let mut ratchets = model.ratchets.iter().filter(|ratchet| ratchet.apps.contains(&app));
    if approved || ratchets.any(|ratchet| ratchet.stages.iter().any(|stage| stage.holds.is_some())) {
        return None;
    }
    let smallest = names(model, &answer.least.requested);
    let title = format!("ask for {} only", quoted(&smallest));
    let kept: Vec<&Name> = requests.iter().filter(|name| smallest.contains(&name.text.as_str())).collect();
    let spans: Vec<Span> = requests.iter().map(|name| name.span).collect();
    let edits = if kept.len() == smallest.len() {
        edits::remove_members(&spans, |i| !smallest.contains(&requests[i].text.as_str()))?
    } else {
        let texts: Vec<String> = smallest.iter().map(|name| written(name)).collect();
        let whole = Span { end: spans.last()?.end, ..*spans.first()? };
        vec![edits::replace(whole, texts.join(", "))]
    };
    Some(Fix { title, safety: safety(model, app, answer), edits })
}

/// Everything permitted stays callable, so in one permission model the answers stay the same.
fn safety(model: &Model, app: AppId, answer: &Answer) -> Safety {
    let opens_more = !answer.least.beyond.is_subset(&answer.now.beyond) || !answer.missing.is_empty();
    if opens_more {
        Safety::Display
    } else if answer.comes().is_empty() && model.apps[app.index()].models.len() == 1 {
        Safety::Safe
    } else {
        // Which of several models opens an operation may hang on whether there is a user, and a new scope waits
        // for the platform's consent.
        Safety::Unsafe
    }
}

fn names<'m>(model: &'m Model, scopes: &BTreeSet<ScopeId>) -> Vec<&'m str> {
    let mut names: Vec<&str> = scopes.iter().map(|scope| model.scopes[scope.index()].name.as_str()).collect();
    names.sort_unstable();
    names
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn written(name: &str) -> String {
    print_scope(&Name { text: name.to_owned(), span: Span::default() })
}

/// A few of them by name.
fn some(model: &Model, operations: &BTreeSet<OperationId>) -> Option<String> {
    const SHOWN: usize = 5;
    let names: Vec<&str> = operations.iter().map(|o| model.operations[o.index()].name.as_str()).collect();
    match names.len() {
        0 => None,
        n if n <= SHOWN => Some(quoted(&names)),
        n => Some(format!("{} and {} more", quoted(&names[..SHOWN]), n - SHOWN)),
    }
}
