//! What rules about privilege share: facts computed once, places of scopes, and how they are told.

use std::sync::OnceLock;

use super::edits;
use super::subject::Subject;
use crate::analysis::privilege::needs::{Needs, closure, shortest};
use crate::analysis::privilege::regions::Regions;
use crate::analysis::privilege::set::{CLASSES, Counts, Operations, Scopes};
use crate::analysis::privilege::surplus::{self, Asks, Surplus};
use crate::analysis::told;
use crate::diag::{Diagnostic, Edit, Fix, Safety};
use crate::eval::{self, Decision};
use crate::parallel;
use crate::request::Request;
use crate::sema::model::{AppId, ClauseKind, Model, ScopeId};
use crate::span::Span;
use crate::syntax::print_scope;
use crate::syntax::tree::{AppMember, Name};

/// Facts, each computed when a rule first asks for it.
#[derive(Default)]
pub(crate) struct Privilege<'a> {
    needs: OnceLock<Needs>,
    regions: OnceLock<Regions<'a>>,
    surpluses: OnceLock<Vec<Surplus>>,
}

impl<'a> Subject<'a> {
    /// What operations require.
    pub(crate) fn needs(&self) -> &Needs {
        self.privilege.needs.get_or_init(|| Needs::of(self.model))
    }

    /// What the policy permits.
    pub(crate) fn regions(&self) -> &Regions<'a> {
        let step = |done, all| (self.progress())("asking what is permitted", done, all);
        self.privilege
            .regions
            .get_or_init(|| Regions::surveyed(self.model, self.surveyor(), self.needs(), &step))
    }

    /// What each app asks for, divided into what it needs and what not.
    pub(crate) fn surpluses(&self) -> &[Surplus] {
        self.privilege.surpluses.get_or_init(|| {
            let (needs, regions) = (self.needs(), self.regions());
            let of = |app: &AppId| surplus::of(self.model, needs, regions, *app);
            parallel::map(&self.apps(), &of).into_iter().flatten().collect()
        })
    }

    /// All apps.
    pub(crate) fn apps(&self) -> Vec<AppId> {
        (0..self.model.apps.len()).map(|app| AppId(app as u32)).collect()
    }

    /// Where the app's name stands in its declaration.
    pub(crate) fn place_of(&self, app: AppId) -> Span {
        self.app(app).map_or(self.model.apps[app.index()].span, |declared| declared.name.span)
    }

    /// Where the app asks for the scope.
    pub(crate) fn place_of_scope(&self, app: AppId, scope: ScopeId) -> Span {
        let name = &self.model.scopes[scope.index()].name;
        let names = self.requested(app).unwrap_or_default();
        names.iter().find(|n| n.text == *name).map_or_else(|| self.place_of(app), |n| n.span)
    }

    /// The fix by which an app does not ask for the scope any more, or asks for another one instead. What the scope
    /// approves of what stays is approved in its place. None where nothing would be left, and where a name stands for
    /// scopes of several models.
    pub(crate) fn fix_of_scope(
        &self,
        surplus: &Surplus,
        scope: ScopeId,
        instead: Option<ScopeId>,
        title: String,
    ) -> Option<Fix> {
        let (model, app) = (self.model, surplus.app);
        let before = Asks::of(model, app);
        let swapped = |scopes: &Scopes| -> Scopes {
            let put = instead.filter(|_| scopes.contains(scope));
            scopes.iter().filter(|other| *other != scope).chain(put).collect()
        };
        let mut asks = Asks {
            requested: swapped(&before.requested),
            optional: swapped(&before.optional),
            approved: before.approved.as_ref().map(swapped),
        };
        let mut approves = Vec::new();
        if let Some(approved) = asks.approved.as_mut()
            && before.approved.as_ref().is_some_and(|approved| approved.contains(scope))
        {
            // Other scopes that can be spared may go at the same time.
            let spared: Scopes = surplus.spared.iter().map(|spared| spared.scope).collect();
            let sure = closure(model, approved.minus(&spared).iter());
            let kept = closure(model, swapped(&surplus.kept).iter());
            let wanted = closure(model, [scope]).and(&kept).minus(&sure).minus(approved);
            approves = shortest(model, &wanted);
            approves.iter().for_each(|scope| approved.insert(*scope));
        }
        let edits = self.edits_of_scope(app, scope, instead, &approves)?;
        let (old, new) = (before.held(model), asks.held(model));
        let safety = if !new.iter().zip(&old).all(|(new, old)| new.is_within(old)) {
            Safety::Display
        } else if surplus::keeps(model, self.needs(), self.regions(), app, &asks) {
            Safety::Safe
        } else {
            Safety::Unsafe
        };
        Some(Fix { title, safety, edits, given: Some(self.place_of(app)) })
    }

    fn edits_of_scope(
        &self,
        app: AppId,
        scope: ScopeId,
        instead: Option<ScopeId>,
        approves: &[ScopeId],
    ) -> Option<Vec<Edit>> {
        let (model, declared) = (self.model, self.app(app)?);
        let models = &model.apps[app.index()].models;
        let name = |id: ScopeId| &model.scopes[id.index()].name;
        let is_one = |id: ScopeId| {
            let same = model.scopes.iter().filter(|s| s.name == *name(id) && models.contains(&s.model));
            same.count() == 1
        };
        if ![scope].iter().chain(&instead).chain(approves).all(|id| is_one(*id)) {
            return None;
        }
        let mut all = Vec::new();
        for member in &declared.members {
            let (names, more) = match member {
                AppMember::Requests(names) | AppMember::Optional(names) => (names, &[][..]),
                AppMember::Approved(names) => (names, approves),
                _ => continue, // Names no scopes.
            };
            let Some(at) = names.iter().position(|n| n.text == *name(scope)) else { continue };
            // Quoted where it was, for a name that needs quotes is mostly replaced by such a one.
            let quoted = self.sources.text(names[at].span).starts_with('"');
            let text = |id: &ScopeId| {
                let name = Name { text: name(*id).clone(), span: names[at].span };
                if quoted { format!("{:?}", name.text) } else { print_scope(&name) }
            };
            let put: Vec<String> = instead.iter().chain(more).map(text).collect();
            if put.is_empty() {
                let spans: Vec<Span> = names.iter().map(|n| n.span).collect();
                all.extend(edits::remove_members(self.sources, &spans, |i| i == at)?);
            } else {
                all.push(edits::replace(names[at].span, put.join(", ")));
            }
        }
        (!all.is_empty()).then_some(all)
    }

    fn requested(&self, app: AppId) -> Option<&'a [Name]> {
        self.app(app)?.members.iter().find_map(|member| match member {
            AppMember::Requests(names) => Some(names.as_slice()),
            AppMember::Key(_)
            | AppMember::Vendor(_)
            | AppMember::Kind(_)
            | AppMember::Platform(_)
            | AppMember::Approved(_)
            | AppMember::Optional(_)
            | AppMember::StepUp(_)
            | AppMember::User { .. }
            | AppMember::Installed(_) => None,
        })
    }

    /// Adds the places of the permits that decide the request, and the request itself. The evaluator confirms it:
    /// what it does not permit is no finding.
    pub(crate) fn proved(&self, finding: Diagnostic, request: &Request) -> Option<Diagnostic> {
        let answer = eval::evaluate(self.model, request);
        if answer.effect != Decision::Permit {
            return None;
        }
        let rules = answer.deciding.iter().map(|clause| &self.model.clauses[clause.index()]);
        let rules =
            rules.filter(|clause| clause.kind == ClauseKind::Permit && self.is_own(clause.span)).take(2);
        let finding = rules.fold(finding, |finding, rule| finding.at(rule.span, "permits it"));
        Some(finding.note(format!("for instance: {}", told::request(self.model, request))))
    }
}

/// Scopes as people read them: "`READ` and `WRITE`".
pub(crate) fn scopes(model: &Model, scopes: &[ScopeId]) -> String {
    let names: Vec<String> = scopes.iter().map(|s| format!("`{}`", model.scopes[s.index()].name)).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}

/// How many operations a finding names before it counts the others.
const NAMED: usize = 4;

/// Some operations by name, those that change most first, and how many others there are.
pub(crate) fn operations(model: &Model, operations: &Operations) -> String {
    let mut all: Vec<_> = operations.iter().map(|id| &model.operations[id.index()]).collect();
    all.sort_by_key(|operation| (std::cmp::Reverse(operation.access), operation.name.clone()));
    let named: Vec<String> = all.iter().take(NAMED).map(|o| format!("`{}`", o.name)).collect();
    match all.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        others => format!("{} and {others} more", named.join(", ")),
    }
}

/// "3 read, 45 write and 2 admin"; the classes that occur.
pub(crate) fn counts(counts: Counts) -> String {
    let some = CLASSES.iter().filter(|class| counts.of(**class) > 0);
    let words: Vec<String> = some.map(|class| format!("{} {}", counts.of(*class), class.name())).collect();
    match words.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}

/// `1 operation`, `2 operations`.
pub(crate) fn number(operations: &Operations) -> String {
    match operations.len() {
        1 => "1 operation".to_owned(),
        n => format!("{n} operations"),
    }
}
