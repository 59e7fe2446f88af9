//! Stages at which everything is permitted or refused as at the stage before.

use std::collections::{BTreeMap, BTreeSet};

use super::cases::Case;
use super::influence::Looking;
use super::lazily::What as Asked;
use super::{Subject, Undecided};
use crate::analysis::asking::{self, Spent};
use crate::eval;
use crate::region::terms::{Term, Variable};
use crate::region::variables::{Class, What};
use crate::region::{Universe, narrows};
use crate::request::Value;
use crate::sema::model::{ClauseId, ClauseKind, Model, RatchetId};

/// How many permits, and how many assignments to people, are tried first.
const FEW: usize = 6;

/// What a stage does beside the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Every request is answered as before.
    Nothing,
    /// Something that was permitted is refused.
    Takes,
    /// Some request is answered otherwise; whether anything is taken was not asked.
    Some,
}

/// What the stage does beside the one before.
pub(super) fn change(looking: &Looking<'_, '_>, ratchet: RatchetId, stage: u32) -> Result<Change, Undecided> {
    let none = BTreeSet::new();
    let asker = looking.asker(Asked::Stage(ratchet, stage));
    let mut undecided = None;
    let places =
        looking.model.ratchets[ratchet.index()].apps.iter().flat_map(|app| looking.cases.of_app(*app));
    for place in places.copied().filter(|place| looking.cases.closed(*place).is_none()) {
        let case = looking.case(place, &none);
        let at = At { looking, case: &case, ratchet, stage };
        for change in [Change::Takes, Change::Some] {
            if at.among_few(change) {
                return Ok(change);
            }
        }
        let found = if at.grows_with_the_stage() {
            at.among_all().map_err(|Spent { what, .. }| what)
        } else {
            asker.is_shown(&case)
        };
        let found = match found {
            Ok(false) if narrows(looking.model, place.app, place.operation, ratchet, stage) => {
                at.among_approvals().map_err(|Spent { what, .. }| what)
            }
            found => found,
        };
        match found {
            Ok(false) => {}
            Ok(true) => return Ok(Change::Some),
            Err(what) => {
                let (app, operation) = (place.app, place.operation);
                let of = Subject::Stage(ratchet, stage);
                undecided.get_or_insert(Undecided { of, app, operation, what });
            }
        }
    }
    undecided.map_or(Ok(Change::Nothing), Err)
}

struct At<'a, 'm> {
    looking: &'a Looking<'a, 'm>,
    case: &'a Case,
    ratchet: RatchetId,
    stage: u32,
}

impl At<'_, '_> {
    /// Whether it does that among few permits and few people. Whatever else matches the request found is added, until
    /// nothing does: then it is answered as if all were there.
    fn among_few(&self, change: Change) -> bool {
        let (model, place) = (self.looking.model, self.case.place);
        let few = |kind: ClauseKind| self.case.of_kind(model, kind).take(FEW);
        let mut kept: BTreeSet<ClauseId> =
            few(ClauseKind::Permit).chain(few(ClauseKind::ContextUserGrant)).collect();
        kept.extend(self.case.of_kind(model, ClauseKind::AppUserGrant));
        kept.extend(self.case.of_kind(model, ClauseKind::Withdrawal));
        loop {
            let mut universe =
                self.looking.models.only(place.app, place.operation, &[], &|id| kept.contains(&id));
            let Some((variable, classes)) = self.classes(&universe) else { return false };
            let permitted = universe.permitted(0);
            let [here, before] = given(&mut universe, permitted, variable, classes);
            let asked = match change {
                Change::Takes => universe.terms().and(&[before, here.not()]),
                Change::Nothing | Change::Some => differ(&mut universe, here, before),
            };
            let Ok(Some(assignment)) = asking::ask(&mut universe, asked) else { return false };
            let mut more = Vec::new();
            for class in classes {
                let mut at = assignment.clone();
                at[variable] = class;
                let request = universe.request(&at);
                let left = self.case.clauses.iter().copied().filter(|id| !kept.contains(id));
                more.extend(eval::matching_of(model, (place.app, place.operation), &request, left));
            }
            if more.is_empty() {
                return true;
            }
            kept.extend(more);
        }
    }

    /// Whether a rule that permits, a role of people, or who needs to be there depends on the stage: then more of them is
    /// not always more.
    fn grows_with_the_stage(&self) -> bool {
        let growing = |id: &ClauseId| match self.looking.model.clauses[id.index()].kind {
            ClauseKind::Permit | ClauseKind::ContextUserGrant => true,
            ClauseKind::AppUserGrant | ClauseKind::Forbid | ClauseKind::Withdrawal => false,
        };
        let questions = self.looking.questions;
        questions.demands_by_stage
            || self.case.clauses.iter().any(|id| growing(id) && questions.staged.contains(id))
    }

    fn among_all(&self) -> Result<bool, Spent> {
        let place = self.case.place;
        let mut universe = self.looking.models.universe(&[Some((place.app, place.operation))], &[]);
        match self.classes(&universe) {
            Some((variable, classes)) => {
                let permitted = universe.permitted(0);
                let differs = changed(&mut universe, permitted, variable, classes);
                Ok(asking::ask(&mut universe, differs)?.is_some())
            }
            None => Ok(false),
        }
    }

    /// The same where approvals of some scopes only are told apart, too.
    fn among_approvals(&self) -> Result<bool, Spent> {
        let place = self.case.place;
        let mut universe = self.looking.models.by_approvals(place.app, place.operation, &[]);
        match self.classes(&universe) {
            Some((variable, classes)) => {
                let permitted = universe.permitted(0);
                let differs = changed(&mut universe, permitted, variable, classes);
                Ok(asking::ask(&mut universe, differs)?.is_some())
            }
            None => Ok(false),
        }
    }

    /// The variable of the stage and its two classes; none where no formula reads it: then nothing depends on it.
    fn classes(&self, universe: &Universe<'_>) -> Option<(usize, [u32; 2])> {
        classes(self.looking.model, universe, self.ratchet, self.stage)
    }
}

/// The variable of a ratchet's stage, with the classes of a stage and of the one before, where any formula reads it.
pub(super) fn classes(
    model: &Model,
    universe: &Universe<'_>,
    ratchet: RatchetId,
    stage: u32,
) -> Option<(usize, [u32; 2])> {
    let ratchet = &model.ratchets[ratchet.index()];
    let what = What::Stage(ratchet.name.clone());
    let variable = universe.parts().iter().position(|part| part.what == what)?;
    let class = |stage: u32| {
        let name = &ratchet.stages[stage as usize].name;
        let is = |class: &Class| matches!(class, Class::Value(Value::Text(text)) if text == name);
        universe.parts()[variable].classes.iter().position(is).map(|class| class as u32)
    };
    Some((variable, [class(stage)?, class(stage - 1)?]))
}

/// Where a term changes between two classes of a variable.
pub(super) fn changed(universe: &mut Universe<'_>, term: Term, variable: usize, classes: [u32; 2]) -> Term {
    let [here, before] = given(universe, term, variable, classes);
    differ(universe, here, before)
}

/// A term at each of two classes of a variable.
fn given(universe: &mut Universe<'_>, term: Term, variable: usize, classes: [u32; 2]) -> [Term; 2] {
    classes.map(|class| universe.terms().given(term, Variable(variable as u32), class, &mut BTreeMap::new()))
}

/// Where one is true and the other is not.
pub(super) fn differ(universe: &mut Universe<'_>, one: Term, other: Term) -> Term {
    if one == other {
        return Term::FALSE;
    }
    universe.terms().choose(one, other.not(), other)
}
