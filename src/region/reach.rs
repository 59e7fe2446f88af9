//! Whether anything is permitted, where more grants and permits only ever permit more.
//!
//! Most that is permitted at all is so by a few of them, and what is refused even if all people had all roles is
//! refused. A universe of few of them is small, and so is one without assignments to people: both are tried before
//! that of all.

use std::collections::BTreeSet;

use super::ask::{Answer, Undecided};
use super::lower::Counting;
use super::terms::Term;
use super::universe::{Models, Universe};
use super::{Assignment, Variation};
use crate::request::Request;
use crate::sema::model::{AppId, ClauseId, ClauseKind, Condition, Layer, OperationId, Principal};

/// Whether any request is permitted.
#[derive(Debug, Clone, PartialEq)]
pub enum Reach {
    /// None.
    Never,
    /// This one.
    Somewhere(Request),
    /// No engine could tell.
    Undecided(Undecided),
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Growing<'a> {
    /// Layers that are taken as permitting.
    pub assume: Option<&'a BTreeSet<Layer>>,
    /// A condition that must hold besides, and how it counts.
    pub when: Option<(&'a Condition, Counting)>,
    /// Whether requests without a context user are worth a try.
    pub alone: bool,
}

impl Default for Growing<'_> {
    fn default() -> Self {
        Growing { assume: None, when: None, alone: true }
    }
}

/// How many permits and grants of each sort are tried first.
const FEW: usize = 6;

/// Whether any request of the app for the operation is permitted.
pub fn reach(models: &Models<'_>, app: AppId, operation: OperationId, asked: &Growing<'_>) -> Reach {
    reach_by(models, app, operation, asked).0
}

/// The same, and where some request is, the clauses that grant and permit it.
pub(super) fn reach_by(
    models: &Models<'_>,
    app: AppId,
    operation: OperationId,
    asked: &Growing<'_>,
) -> (Reach, Vec<ClauseId>) {
    let index = models.index(0);
    let model = index.model;
    let assumed = |layer: Layer| asked.assume.is_some_and(|assume| assume.contains(&layer));
    let clauses = index.clauses(app, operation);
    let of = |kind: ClauseKind| clauses.iter().filter(move |id| model.clauses[id.index()].kind == kind);
    if of(ClauseKind::Permit).next().is_none() && !assumed(Layer::Rules) {
        return (Reach::Never, Vec::new());
    }
    let few = |kind: ClauseKind| of(kind).copied().take(FEW).collect::<BTreeSet<ClauseId>>();
    let permits = &few(ClauseKind::Permit) | &few(ClauseKind::AppUserGrant);
    let is_any = |id: &&ClauseId| model.clauses[id.index()].principal == Principal::Any;
    let any: BTreeSet<ClauseId> =
        of(ClauseKind::ContextUserGrant).filter(is_any).take(FEW).copied().collect();
    let people = &any | &few(ClauseKind::ContextUserGrant);
    // Without people first; with a few of them.
    let mut tries: Vec<BTreeSet<ClauseId>> = Vec::new();
    tries.extend(asked.alone.then(|| permits.clone()));
    tries.extend((!people.is_empty() || !asked.alone).then(|| &permits | &people));
    let extra: Vec<(usize, &Condition)> = asked.when.iter().map(|(condition, _)| (0, *condition)).collect();
    let all: usize = clauses.iter().filter(|id| !model.clauses[id.index()].kind.refuses()).count();
    for kept in tries {
        let mut universe = models.part(app, operation, &extra, &|id| kept.contains(&id));
        let term = term(&mut universe, asked, &[]);
        match universe.ask(term) {
            Answer::Sometimes(assignment) => return found(&mut universe, &assignment),
            // There are no others.
            Answer::Never if kept.len() == all => return (Reach::Never, Vec::new()),
            Answer::Never | Answer::Undecided(_) => {}
        }
    }
    if of(ClauseKind::ContextUserGrant).next().is_some() && !assumed(Layer::ContextUser) {
        let is_grant = |id: ClauseId| model.clauses[id.index()].kind == ClauseKind::ContextUserGrant;
        let mut universe = models.part(app, operation, &extra, &|id| !is_grant(id));
        let term = term(&mut universe, asked, &[Layer::ContextUser]);
        if universe.ask(term) == Answer::Never {
            return (Reach::Never, Vec::new());
        }
    }
    let mut universe = models.universe(&[Some((app, operation))], &extra);
    let term = term(&mut universe, asked, &[]);
    match universe.ask(term) {
        Answer::Sometimes(assignment) => found(&mut universe, &assignment),
        Answer::Never => (Reach::Never, Vec::new()),
        Answer::Undecided(undecided) => (Reach::Undecided(undecided), Vec::new()),
    }
}

fn found(universe: &mut Universe<'_>, assignment: &Assignment) -> (Reach, Vec<ClauseId>) {
    let clauses = universe.clauses(0).to_vec();
    let matches = |id: &ClauseId| {
        let term = universe.clause(0, *id);
        universe.terms().evaluate(term, assignment)
    };
    let by = clauses.into_iter().filter(matches).collect();
    (Reach::Somewhere(universe.request(assignment)), by)
}

/// Where it is permitted and the condition holds, with more layers taken as permitting.
fn term(universe: &mut Universe<'_>, asked: &Growing<'_>, more: &[Layer]) -> Term {
    let assume: BTreeSet<Layer> = asked.assume.into_iter().flatten().chain(more).copied().collect();
    let permitted = universe.varied(0, &Variation { assume: &assume, ..Variation::none() });
    match asked.when {
        Some((condition, counting)) if permitted != Term::FALSE => {
            let holds = universe.condition(0, condition, counting);
            universe.terms().and(&[permitted, holds])
        }
        Some(_) | None => permitted,
    }
}
