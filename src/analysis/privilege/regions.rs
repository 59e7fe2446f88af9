//! What the policy permits, answered by regions: for all requests, and not only for those that somebody tried.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::needs::{Grant, Needs};
use super::permitted::{Answer, Group, Permits, at_stage};
use super::states;
use crate::analysis::Progress;
use crate::analysis::cells::Cells;
use crate::parallel;
use crate::region::ask;
use crate::region::terms::{Node, Term, Terms, Variable};
use crate::region::variables::{Class, What};
use crate::region::{Counting, Models, Universe};
use crate::request::Value;
use crate::sema::model::{AppId, Condition, Model, OperationId, RatchetId};

/// A policy that answers for all requests.
///
/// Witnesses are what the regions give: whoever shows one to people lets the evaluator confirm it.
#[derive(Debug)]
pub struct Regions<'m> {
    model: &'m Model,
    models: Models<'m>,
    groups: Vec<Vec<Group>>,
}

impl<'m> Regions<'m> {
    /// Groups the operations of each app, and asks of each group whether anything is permitted.
    pub fn new(model: &'m Model, needs: &Needs, progress: Progress<'_>) -> Regions<'m> {
        let models = Models::new(&[model]);
        let cells = Cells::new(model, &[]);
        let apps: Vec<AppId> = (0..model.apps.len()).map(|app| AppId(app as u32)).collect();
        let done = AtomicUsize::new(0);
        let groups = parallel::map(&apps, &|app: &AppId| {
            let held = states::granted(model, *app);
            let grant = Grant { models: &model.apps[app.index()].models, held: &held, user: true };
            let operations = (0..model.operations.len()).map(|operation| OperationId(operation as u32));
            let group = |operations: Vec<OperationId>| {
                let suffices = operations.first().is_some_and(|first| needs.suffices(grant, *first));
                let permitted = match operations.first() {
                    Some(first) if suffices => {
                        let mut universe = models.universe(&[Some((*app, *first))], &[]);
                        let permitted = universe.permitted(0);
                        answer(&mut universe, permitted)
                    }
                    // The scopes open it in no state, so that no region is needed.
                    Some(_) | None => Answer::Never,
                };
                Group { operations: operations.into_iter().collect(), permitted }
            };
            let groups = cells.of(*app, operations).into_iter().map(|cell| group(cell.operations)).collect();
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, apps.len());
            groups
        });
        Regions { model, models, groups }
    }

    fn where_counted(
        &self,
        (app, operation): (AppId, OperationId),
        condition: &Condition,
        counting: Counting,
    ) -> Answer {
        let mut universe = self.models.universe(&[Some((app, operation))], &[(0, condition)]);
        let permitted = universe.permitted(0);
        let counts = universe.condition(0, condition, counting);
        let both = universe.terms().and(&[permitted, counts]);
        answer(&mut universe, both)
    }
}

impl Permits for Regions<'_> {
    fn groups(&self, app: AppId) -> &[Group] {
        &self.groups[app.index()]
    }

    fn ask(&self, app: AppId, operation: OperationId, condition: &Condition) -> Answer {
        self.where_counted((app, operation), condition, Counting { unknown: false, listed: false })
    }

    fn ask_outside(&self, app: AppId, operation: OperationId, condition: &Condition) -> Answer {
        let outside = Condition::Not(Box::new(condition.clone()));
        self.where_counted((app, operation), &outside, Counting { unknown: true, listed: false })
    }

    fn withdrawn(&self, app: AppId, operation: OperationId, ratchet: RatchetId, stage: u32) -> Answer {
        let declared = &self.model.ratchets[ratchet.index()];
        // Both stages become classes of the stage's variable.
        let (before, after) = (at_stage(ratchet, stage.saturating_sub(1)), at_stage(ratchet, stage));
        let of = [Some((app, operation))];
        let mut universe = self.models.universe(&of, &[(0, &before), (0, &after)]);
        let permitted = universe.permitted(0);
        let what = What::Stage(declared.name.clone());
        let Some(at) = universe.parts().iter().position(|part| part.what == what) else {
            return Answer::Never;
        };
        let class = |stage: u32| {
            let name = Value::Text(declared.stages.get(stage as usize)?.name.clone());
            let classes = &universe.parts()[at].classes;
            classes.iter().position(|class| *class == Class::Value(name.clone()))
        };
        let (Some(before), Some(after)) = (class(stage.saturating_sub(1)), class(stage)) else {
            return Answer::Never;
        };
        let variable = Variable(at as u32);
        let mut fixed = |class: usize| fix(universe.terms(), permitted, variable, class as u32);
        let (was, is) = (fixed(before), fixed(after));
        let lost = universe.terms().and(&[was, is.not()]);
        match universe.ask(lost) {
            ask::Answer::Sometimes(mut assignment) => {
                assignment[at] = before as u32;
                Answer::Sometimes(Box::new(universe.request(&assignment)))
            }
            other => told(&universe, other),
        }
    }
}

fn answer(universe: &mut Universe<'_>, term: Term) -> Answer {
    let answer = universe.ask(term);
    told(universe, answer)
}

fn told(universe: &Universe<'_>, answer: ask::Answer) -> Answer {
    match answer {
        ask::Answer::Never => Answer::Never,
        ask::Answer::Sometimes(assignment) => Answer::Sometimes(Box::new(universe.request(&assignment))),
        ask::Answer::Undecided(undecided) => {
            let names: Vec<String> = undecided.what.iter().map(|what| universe.name(*what)).collect();
            Answer::Undecided(names.join(", "))
        }
    }
}

/// The term where the variable is of this class.
fn fix(terms: &mut Terms, term: Term, variable: Variable, class: u32) -> Term {
    fn walk(terms: &mut Terms, term: Term, at: (Variable, u32), known: &mut HashMap<Term, Term>) -> Term {
        if let Some(known) = known.get(&term) {
            return *known;
        }
        let (parts, any) = match terms.node(term) {
            Node::Constant(_) => return term,
            Node::Is(variable, set) if variable == at.0 => return Term::constant(set.contains(at.1)),
            Node::Is(..) => return term,
            Node::And(parts) => (parts.to_vec(), false),
            Node::Or(parts) => (parts.to_vec(), true),
        };
        let parts: Vec<Term> = parts.into_iter().map(|part| walk(terms, part, at, known)).collect();
        let fixed = if any { terms.or(&parts) } else { terms.and(&parts) };
        known.insert(term, fixed);
        fixed
    }
    walk(terms, term, (variable, class), &mut HashMap::new())
}
