//! Scopes for which there is a smaller grant that does the same.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::analysis::grants::{self, Answer, Measure};
use crate::analysis::minimal::Budget;
use crate::analysis::privilege::change::{self, Change};
use crate::analysis::privilege::set::{Operations, Scopes};
use crate::analysis::privilege::surplus::{self, Asks};
use crate::diag::{Diagnostic, Edit, Fix, Safety};
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

fn smaller(subject: &Subject<'_>, app: AppId, permitted: &BTreeSet<OperationId>) -> Option<Diagnostic> {
    let model = subject.model;
    let declared = subject.app(app)?;
    let (requests, place) = requests(declared)?;
    let needed = &grants::needed_outright(model, app, permitted.clone());
    // Where nothing is permitted, every scope is one too many: another finding.
    if needed.is_empty() {
        return None;
    }
    let (answer, measure) = answer(model, app, needed)?;
    let name = &model.apps[app.index()].name;
    let smallest = names(model, &answer.least.requested);
    let (now, least) = (answer.now.beyond.len(), answer.least.beyond.len());
    let change = change::of(model, subject.needs(), app, &answer.least.requested, needed);
    let asks = asks(model, app, &answer);
    // Within what is needed, the platform shuts something somewhere: does that take away what is permitted there?
    let lost = surplus::lost(model, subject.needs(), subject.regions(), app, &asks);
    let does = lost.as_ref().is_some_and(Operations::is_empty);
    let mut finding = RULE
        .finding(if does {
            format!("`{name}` could hold less: {}", quoted(&smallest))
        } else {
            format!("`{name}` could hold less for some requests: {}", quoted(&smallest))
        })
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
        .help(match (does, change.comes.is_empty()) {
            (true, true) => format!("ask for {}", quoted(&smallest)),
            (true, false) => format!("if nobody minds what is newly open, ask for {}", quoted(&smallest)),
            (false, _) => "do not ask for it as things are: some requests need more".to_owned(),
        });
    let goes = &answer.now.beyond - &answer.least.beyond;
    if let Some(some) = some(model, &goes) {
        finding = finding.note(format!("no longer open: {some}"));
    }
    let comes = &answer.least.beyond - &answer.now.beyond;
    if let Some(some) = some(model, &comes) {
        finding = finding.note(format!("newly open, though not permitted: {some}"));
    }
    finding = notes(finding, model, &change, lost.as_ref());
    if !model.apps[app.index()].optional.is_empty() {
        finding = finding.note("what is optional stays so, and is not counted".to_owned());
    }
    let safety = if !change.comes.is_empty() {
        Safety::Display
    } else if surplus::keeps(model, subject.needs(), subject.regions(), app, &asks) {
        Safety::Safe
    } else {
        Safety::Unsafe
    };
    let edits = if does { edits_of(subject, app, &answer, requests, declared) } else { None };
    let title = format!("ask for {} only", quoted(&smallest));
    Some(finding.fix(edits.map(|edits| Fix { title, safety, edits, given: Some(declared.name.span) })))
}

/// What speaks against the grant.
fn notes(mut finding: Diagnostic, model: &Model, change: &Change, lost: Option<&Operations>) -> Diagnostic {
    let named = |operations: &Operations| some(model, &operations.iter().collect());
    if !change.comes.is_empty() {
        finding = finding.note(format!(
            "it may widen access: {} is not held now, and an installation may have approved it",
            quoted(&names(model, &change.comes))
        ));
    }
    if let Some(these) = named(&change.unattended) {
        finding = finding.note(format!("newly open to requests without a person: {these}"));
    }
    match lost {
        None => finding.note("its ratchets have too many stages together to tell whether it would do".to_owned()),
        Some(lost) => match named(lost) {
            Some(these) => finding.note(format!(
                "at some stage of a ratchet, or without a person, it would not do for what is permitted there: {these}"
            )),
            None => finding,
        },
    }
}

/// The grant in place of what is requested outright, and approved.
fn asks(model: &Model, app: AppId, answer: &Answer) -> Asks {
    let before = Asks::of(model, app);
    let grant: Scopes = answer.least.requested.iter().copied().collect();
    Asks {
        requested: grant.or(&before.optional),
        optional: before.optional.minus(&grant),
        approved: before.approved.map(|approved| approved.or(&grant)),
    }
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

/// Replaces the list. None where other lists would have to follow: what was approved, what stages hold, what is optional.
fn edits_of(
    subject: &Subject<'_>,
    app: AppId,
    answer: &Answer,
    requests: &[Name],
    declared: &tree::App,
) -> Option<Vec<Edit>> {
    let model = subject.model;
    let approved = declared.members.iter().any(|member| matches!(member, AppMember::Approved(_)));
    let mut ratchets = model.ratchets.iter().filter(|ratchet| ratchet.apps.contains(&app));
    let optional = &model.apps[app.index()].optional;
    if approved
        || ratchets.any(|ratchet| ratchet.stages.iter().any(|stage| stage.holds.is_some()))
        || !answer.least.held.is_disjoint(optional)
    {
        return None;
    }
    let smallest = names(model, &answer.least.requested);
    let stays = |name: &Name| smallest.contains(&name.text.as_str());
    let comes: Vec<String> = (smallest.iter())
        .filter(|name| !requests.iter().any(|asked| asked.text == **name))
        .map(|name| written(name))
        .collect();
    let spans: Vec<Span> = requests.iter().map(|name| name.span).collect();
    // What comes stands in the place of the first that goes.
    let place = requests.iter().position(|name| !stays(name)).filter(|_| !comes.is_empty());
    let put = place.map(|at| edits::replace(spans[at], comes.join(", ")));
    let goes = |i: usize| !stays(&requests[i]) && Some(i) != place;
    let mut all = edits::remove_members(subject.sources, &spans, goes)?;
    all.extend(put);
    all.sort_by_key(|edit| edit.span.start);
    Some(all)
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
