//! What the policy permits, answered by regions: for all requests, and not only for those that somebody tried.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;

use super::needs::{Grant, Needs};
use super::permitted::{Answer, Group, Permits, Possible, at_stage};
use super::states;
use crate::analysis::Progress;
use crate::analysis::cells::Cells;
use crate::parallel;
use crate::region::ask;
use crate::region::survey;
use crate::region::terms::Variable;
use crate::region::variables::{Class, What};
use crate::region::{Counting, Growing, Models, Reach, Surveyor, Universe, narrows, reach};
use crate::request::{Request, Value};
use crate::sema::model::{AppId, Condition, Model, OperationId, RatchetId};

/// A policy that answers for all requests.
///
/// Witnesses are what the regions give: whoever shows one to people lets the evaluator confirm it.
#[derive(Debug)]
pub struct Regions<'m> {
    model: &'m Model,
    models: Models<'m>,
    groups: Vec<Vec<Group>>,
    /// For each app what is found of the first operation of each group of which anything is permitted.
    reach: Vec<HashMap<OperationId, Arc<Reach>>>,
}

impl<'m> Regions<'m> {
    /// Groups the operations of each app, and asks of each group whether anything is permitted.
    pub fn new(model: &'m Model, needs: &Needs, progress: Progress<'_>) -> Regions<'m> {
        let models = Models::new(&[model]);
        Regions::surveyed(model, &Surveyor::new(&models), needs, progress)
    }

    /// The same, with a surveyor of the model that others ask too.
    pub fn surveyed(
        model: &'m Model,
        surveyor: &Surveyor<'m>,
        needs: &Needs,
        progress: Progress<'_>,
    ) -> Regions<'m> {
        let models = surveyor.models().clone();
        surveyor.look_at_all(progress);
        let cells = Cells::new(model, &[]);
        let apps: Vec<AppId> = (0..model.apps.len()).map(|app| AppId(app as u32)).collect();
        let made = parallel::map(&apps, &|app: &AppId| {
            let held = states::granted(model, *app);
            let grant = Grant { models: &model.apps[app.index()].models, held: &held, user: true };
            let of_app = surveyor.of(*app);
            let operations = (0..model.operations.len()).map(|operation| OperationId(operation as u32));
            let group = |operations: Vec<OperationId>| {
                let suffices = operations.first().is_some_and(|first| needs.suffices(grant, *first));
                let permitted = match operations.first() {
                    Some(first) if suffices => match of_app.is_reached(*first) {
                        Some(false) => Possible::Never,
                        Some(true) => Possible::Sometimes,
                        None => Possible::Undecided,
                    },
                    // The scopes open it in no state, so that no region is needed.
                    Some(_) | None => Possible::Never,
                };
                Group { operations: operations.into_iter().collect(), permitted }
            };
            let groups: Vec<Group> =
                cells.of(*app, operations).into_iter().map(|cell| group(cell.operations)).collect();
            let permitted = groups.iter().filter(|group| group.permitted == Possible::Sometimes);
            let reach = permitted.map(|group| (group.any(), of_app.alike_reach(group.any()))).collect();
            (groups, reach)
        });
        let (groups, reach) = made.into_iter().unzip();
        Regions { model, models, groups, reach }
    }

    fn where_counted(
        &self,
        (app, operation): (AppId, OperationId),
        condition: &Condition,
        counting: Counting,
    ) -> Answer {
        let asked = Growing { when: Some((condition, counting)), ..Growing::default() };
        told(reach(&self.models, app, operation, &asked))
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

    fn known(&self, app: AppId, operation: OperationId) -> Option<Request> {
        let reach = self.reach[app.index()].get(&operation)?;
        match survey::reach_of(self.model, reach, app, operation) {
            Reach::Somewhere(request) => Some(request),
            Reach::Never | Reach::Undecided(_) => None,
        }
    }

    fn withdrawn(&self, app: AppId, operation: OperationId, ratchet: RatchetId, stage: u32) -> Answer {
        let of = [Some((app, operation))];
        let found = self.lost_at(ratchet, stage, &|conditions| self.models.universe(&of, conditions));
        match found {
            Answer::Never if narrows(self.model, app, operation, ratchet, stage) => {
                self.lost_at(ratchet, stage, &|conditions| {
                    self.models.by_approvals(app, operation, conditions)
                })
            }
            found => found,
        }
    }
}

/// A universe for questions about these conditions besides.
type Made<'a, 'm> = &'a dyn Fn(&[(usize, &Condition)]) -> Universe<'m>;

impl<'m> Regions<'m> {
    /// A request that is permitted at the stage before this one, and with all else equal not at this one.
    fn lost_at(&self, ratchet: RatchetId, stage: u32, universe: Made<'_, 'm>) -> Answer {
        let declared = &self.model.ratchets[ratchet.index()];
        // Both stages become classes of the stage's variable.
        let (before, after) = (at_stage(ratchet, stage.saturating_sub(1)), at_stage(ratchet, stage));
        let mut universe = universe(&[(0, &before), (0, &after)]);
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
        let mut fixed =
            |class: usize| universe.terms().given(permitted, variable, class as u32, &mut BTreeMap::new());
        let (was, is) = (fixed(before), fixed(after));
        let lost = universe.terms().and(&[was, is.not()]);
        match universe.ask(lost) {
            ask::Answer::Sometimes(mut assignment) => {
                assignment[at] = before as u32;
                Answer::Sometimes(Box::new(universe.request(&assignment)))
            }
            ask::Answer::Never => Answer::Never,
            ask::Answer::Undecided(undecided) => unknown(&universe, &undecided),
        }
    }
}

fn told(reach: Reach) -> Answer {
    match reach {
        Reach::Never => Answer::Never,
        Reach::Somewhere(request) => Answer::Sometimes(Box::new(request)),
        Reach::Undecided(spent) => Answer::Undecided(spent.what.join(", ")),
    }
}

fn unknown(universe: &Universe<'_>, undecided: &ask::Undecided) -> Answer {
    let names: Vec<String> = undecided.what.iter().map(|what| universe.name(*what)).collect();
    Answer::Undecided(names.join(", "))
}
