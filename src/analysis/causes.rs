//! What in two policies makes them answer one request differently.

use super::pairs::Pair;
use crate::eval::{Reason, Refusal};
use crate::region::Universe;
use crate::request::Request;
use crate::sema::model::{
    AppId, Clause, ClauseId, ClauseKind, Condition, Constant, Model, Owner, Predicate, Subject, Type,
};
use crate::span::Span;

/// Something that is in one policy only, or not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// 0: it is so in the old policy; 1: in the new one.
    pub side: usize,
    /// What it is, in a few words: ``permit `work` ``, ``group `staff` ``.
    pub what: String,
    /// Where it stands in that policy, if it stands somewhere.
    pub span: Option<Span>,
}

/// Why `side` permits the request and the other does not: for each layer of the other that refuses, the clauses and
/// facts of either that the other has not.
pub(super) fn of(
    models: [&Model; 2],
    side: usize,
    universe: &mut Universe<'_>,
    pair: &Pair,
    assignment: &[u32],
    request: &Request,
    refusals: &[Refusal],
) -> Vec<Cause> {
    let mut look = Look { models, side, pair, request, causes: Vec::new() };
    for refusal in refusals {
        let before = look.causes.len();
        match refusal.reason {
            // What was withdrawn from an installation stands in the request.
            Reason::Anonymous | Reason::WrongContainer | Reason::ContradictsPath | Reason::WithdrawnHere => {}
            Reason::UnknownApp => look.app(side),
            Reason::UnknownOperation => {
                let name = pair.operations[0].0.clone();
                look.push(side, format!("operation `{name}`"), None);
            }
            Reason::NotEnabled | Reason::StatusUnknown | Reason::NotInstalledHere => look.installation(),
            Reason::NotCallable
            | Reason::MissingScopes
            | Reason::ScopesWithdrawn(_)
            | Reason::ScopesWithdrawnHere => look.scopes(),
            Reason::AppUserWithoutRole => look.granting(ClauseKind::AppUserGrant, universe, assignment),
            Reason::ContextUserWithoutRole => {
                look.granting(ClauseKind::ContextUserGrant, universe, assignment)
            }
            Reason::NoPermit => look.granting(ClauseKind::Permit, universe, assignment),
            Reason::Forbidden | Reason::Withdrawn => look.refusing(&refusal.clauses),
            Reason::AppUserRefused | Reason::UserRequired | Reason::ContextUserRefused => look.authority(),
        }
        if look.causes.len() == before {
            look.facts();
        }
    }
    let place = |c: &Cause| (c.side, c.span.map(|s| (s.source, s.start)), c.what.clone());
    look.causes.sort_by_key(place);
    look.causes.dedup();
    look.causes
}

struct Look<'a> {
    models: [&'a Model; 2],
    /// The one that permits.
    side: usize,
    pair: &'a Pair,
    request: &'a Request,
    causes: Vec<Cause>,
}

impl Look<'_> {
    fn push(&mut self, side: usize, what: String, span: Option<Span>) {
        self.causes.push(Cause { side, what, span });
    }

    /// The app as this side declares it.
    fn app(&mut self, side: usize) {
        if let Some(id) = self.pair.apps[side] {
            let app = &self.models[side].apps[id.index()];
            self.push(side, format!("app `{}`", app.name), Some(app.span));
        }
    }

    fn apps(&self) -> [Option<AppId>; 2] {
        self.pair.apps
    }

    fn installation(&mut self) {
        let sites = [0, 1].map(|side| {
            self.apps()[side].map(|app| self.models[side].apps[app.index()].installed_on.clone())
        });
        if sites[0] != sites[1] {
            self.app(0);
            self.app(1);
        }
        self.authority();
    }

    fn authority(&mut self) {
        let told = self.models.map(|model| {
            let of = &model.authority;
            let (except, required) = (&of.app_user_except, &of.context_user_required);
            let conditions = [condition(model, except), condition(model, required)];
            (format!("{:?} {:?} {:?}", of.lifecycle, of.app_user, of.context_user), conditions)
        });
        if told[0] != told[1] {
            self.push(self.side, "authority".to_owned(), None);
        }
    }

    /// What the app asks for and holds, what the operation requires, what ratchets leave.
    fn scopes(&mut self) {
        let names = |side: usize, ids: &mut dyn Iterator<Item = crate::sema::model::ScopeId>| {
            let scopes = &self.models[side].scopes;
            ids.map(|id| scopes[id.index()].name.clone()).collect::<Vec<_>>()
        };
        let held = [0, 1].map(|side| {
            let app = &self.models[side].apps[self.apps()[side]?.index()];
            let models: Vec<&str> = app
                .models
                .iter()
                .map(|m| self.models[side].permission_models[m.index()].name.as_str())
                .collect();
            let approved = app.approved.as_ref().map(|a| names(side, &mut a.iter().copied()));
            let [requested, optional] =
                [&app.requested, &app.optional].map(|scopes| names(side, &mut scopes.iter().copied()));
            Some((models, requested, optional, approved))
        });
        let required = [0, 1].map(|side| {
            let operation = self.pair.operations[0].1[side]?;
            Some(super::catalogs::requirements(self.models[side], operation))
        });
        let ratchets = [0, 1].map(|side| {
            let mut told = Vec::new();
            for ratchet in &self.models[side].ratchets {
                if self.apps()[side].is_some_and(|app| ratchet.apps.contains(&app)) {
                    let stages: Vec<_> = ratchet
                        .stages
                        .iter()
                        .map(|s| {
                            (s.name.clone(), s.holds.as_ref().map(|h| names(side, &mut h.iter().copied())))
                        })
                        .collect();
                    told.push((ratchet.name.clone(), stages, ratchet.span));
                }
            }
            told
        });
        if held[0] != held[1] {
            self.app(0);
            self.app(1);
        }
        if required[0] != required[1] {
            let name = self.pair.operations[0].0.clone();
            self.push(1, format!("what operation `{name}` requires"), None);
        }
        for side in [0, 1] {
            for (name, stages, span) in &ratchets[side] {
                if !ratchets[1 - side].iter().any(|(n, s, _)| (n, s) == (name, stages)) {
                    self.push(side, format!("ratchet `{name}`"), Some(*span));
                }
            }
        }
    }

    /// What grants on the side that permits and has no equal on the other.
    fn granting(&mut self, kind: ClauseKind, universe: &mut Universe<'_>, assignment: &[u32]) {
        let of_kind: Vec<ClauseId> = universe
            .clauses(self.side)
            .iter()
            .copied()
            .filter(|id| self.models[self.side].clauses[id.index()].kind == kind)
            .collect();
        for id in of_kind {
            let term = universe.clause(self.side, id);
            if universe.terms().evaluate(term, assignment) {
                self.differing(self.side, id);
            }
        }
    }

    /// What refuses on the side that denies and has no equal on the other.
    fn refusing(&mut self, clauses: &[ClauseId]) {
        for id in clauses {
            self.differing(1 - self.side, *id);
        }
    }

    fn differing(&mut self, side: usize, id: ClauseId) {
        let clause = &self.models[side].clauses[id.index()];
        let told = (clause.kind, &clause.principal, condition(self.models[side], &clause.condition));
        let other = self.models[1 - side];
        let (app, operation) = (self.pair.apps[1 - side], self.pair.operations[0].1[1 - side]);
        let same = other.clauses.iter().any(|c| {
            app.is_some_and(|app| c.apps.contains(&app))
                && operation.is_some_and(|operation| c.operations.contains(&operation))
                && (c.kind, &c.principal) == (told.0, told.1)
                && condition(other, &c.condition) == told.2
        });
        if !same {
            self.push(side, format!("{} `{}`", word(clause), clause.name), Some(clause.span));
        }
    }

    /// Declared containers, groups, windows and enumerations that are not the same on both sides.
    fn facts(&mut self) {
        for side in [0, 1] {
            let (model, other) = (self.models[side], self.models[1 - side]);
            for container in &model.containers {
                let kind = &model.kinds[container.kind.index()].name;
                let named = self
                    .request
                    .containers
                    .iter()
                    .any(|c| c.kind == *kind && c.id.as_deref() == Some(container.id.as_str()));
                let told = told_container(model, container);
                if named && !other.containers.iter().any(|c| told_container(other, c) == told) {
                    self.push(side, format!("container `{kind} {}`", container.id), Some(container.span));
                }
            }
            for (name, members) in &model.groups {
                let user = self.request.user.as_ref().map(|user| user.id.as_str());
                let has =
                    |members: &std::collections::BTreeSet<String>| user.is_some_and(|u| members.contains(u));
                let there = other.groups.get(name);
                if there.is_none_or(|there| has(there) != has(members)) {
                    self.push(side, format!("group `{name}`"), None);
                }
            }
            for window in &model.windows {
                let same = |w: &crate::sema::model::Window| {
                    (&w.name, &w.zone, &w.minutes) == (&window.name, &window.zone, &window.minutes)
                };
                if !other.windows.iter().any(same) {
                    self.push(side, format!("window `{}`", window.name), None);
                }
            }
        }
    }
}

fn word(clause: &Clause) -> &'static str {
    match clause.kind {
        ClauseKind::AppUserGrant | ClauseKind::ContextUserGrant => "role",
        ClauseKind::Permit => "permit",
        ClauseKind::Forbid => "forbid",
        ClauseKind::Withdrawal => "withdrawal",
    }
}

fn told_container(model: &Model, container: &crate::sema::model::Container) -> String {
    let parent = container.parent.map(|p| &model.containers[p.index()]);
    let parent = parent.map(|p| (&model.kinds[p.kind.index()].name, &p.id));
    let attributes: Vec<_> = container
        .attributes
        .iter()
        .map(|(id, value)| (subject(model, &Subject::Attribute(*id)), constant(model, *id, value)))
        .collect();
    format!("{} {} {parent:?} {attributes:?}", model.kinds[container.kind.index()].name, container.id)
}

/// A condition by names, so that those of two models can be compared.
fn condition(model: &Model, of: &Condition) -> String {
    let all = |parts: &[Condition]| parts.iter().map(|p| condition(model, p)).collect::<Vec<_>>().join(", ");
    match of {
        Condition::Constant(truth) => truth.to_string(),
        Condition::All(parts) => format!("all({})", all(parts)),
        Condition::Any(parts) => format!("any({})", all(parts)),
        Condition::Not(inner) => format!("not({})", condition(model, inner)),
        Condition::InKind(kind) => format!("in {}", model.kinds[kind.index()].name),
        Condition::AtKind(kind) => format!("at {}", model.kinds[kind.index()].name),
        Condition::Test(atom) => {
            let value = |c: &Constant| match &atom.subject {
                Subject::Attribute(id) => constant(model, *id, c),
                Subject::Container { attributes, .. } => {
                    attributes.first().map_or_else(String::new, |id| constant(model, *id, c))
                }
                Subject::Stage(ratchet) => match c {
                    Constant::Index(at) => {
                        let stages = &model.ratchets[ratchet.index()].stages;
                        stages.get(*at as usize).map_or_else(String::new, |s| s.name.clone())
                    }
                    // No other constant is a stage.
                    other => format!("{other:?}"),
                },
            };
            let predicate = match &atom.predicate {
                Predicate::Is(values) => format!("is {:?}", values.iter().map(value).collect::<Vec<_>>()),
                Predicate::Order(order, c) => format!("{order:?} {}", value(c)),
                Predicate::During(window) => format!("during {}", model.windows[window.index()].name),
                Predicate::Same(other) => format!("same as {}", subject(model, other)),
                Predicate::ElementOf(other) => format!("in {}", subject(model, other)),
                Predicate::Present | Predicate::Like(_) | Predicate::InNetworks(_) | Predicate::HasAny(_) => {
                    format!("{:?}", atom.predicate)
                }
            };
            format!("{} {predicate}", subject(model, &atom.subject))
        }
    }
}

fn subject(model: &Model, of: &Subject) -> String {
    let attribute = |id: &crate::sema::model::AttributeId| {
        let attribute = &model.attributes[id.index()];
        let owner = match attribute.owner {
            Owner::Kind(kind) => model.kinds[kind.index()].name.clone(),
            other => format!("{other:?}"),
        };
        format!("{owner}.{}", attribute.name)
    };
    match of {
        Subject::Attribute(id) => attribute(id),
        Subject::Container { attributes, inherited } => {
            format!("{:?} {inherited}", attributes.iter().map(attribute).collect::<Vec<_>>())
        }
        Subject::Stage(ratchet) => format!("{}.stage", model.ratchets[ratchet.index()].name),
    }
}

fn constant(model: &Model, attribute: crate::sema::model::AttributeId, value: &Constant) -> String {
    match (value, model.attributes[attribute.index()].kind) {
        (Constant::Index(at), Type::Enum(id)) => {
            let values = &model.enumerations[id.index()].values;
            values.get(*at as usize).cloned().unwrap_or_default()
        }
        _ => format!("{value:?}"), // all others say themselves
    }
}
