//! What targets ask of the policy: whether it permits anything, or denies anything, of what they can tell apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Options, words};
use crate::analysis::cells::Cells;
use crate::analysis::privilege::permitted::has_user;
use crate::region::ask::Answer;
use crate::region::sets::ClassSet;
use crate::region::terms::{Term, Variable};
use crate::region::variables::{Class, What};
use crate::region::{Counting, Growing, Models, Reach, Surveyor, Universe, reach};
use crate::sema::model::{AppId, Condition, Layer, MarkId, Model, OperationId};

/// What is certainly so counts.
pub(super) const CERTAIN: Counting = Counting { unknown: false, listed: false };

/// A policy that answers for all requests.
#[derive(Debug)]
pub struct Policy<'m> {
    /// The model.
    pub model: &'m Model,
    cells: Cells<'m>,
    surveyor: Arc<Surveyor<'m>>,
}

impl<'m> Policy<'m> {
    /// Looks the model through once.
    pub fn new(model: &'m Model) -> Policy<'m> {
        Policy::surveyed(model, Arc::new(Surveyor::new(&Models::new(&[model]))))
    }

    /// The same, with a surveyor of the model that others ask too.
    pub fn surveyed(model: &'m Model, surveyor: Arc<Surveyor<'m>>) -> Policy<'m> {
        Policy { model, cells: Cells::new(model, &[]), surveyor }
    }

    /// The apps that settings are made for.
    pub(super) fn apps(&self, options: &Options) -> Vec<AppId> {
        let all = (0..self.model.apps.len() as u32).map(AppId);
        all.filter(|app| options.apps.as_ref().is_none_or(|apps| apps.contains(app))).collect()
    }

    /// The operations that the app's permission models have and that are wanted, in groups: those of a group are
    /// decided alike, act in the same kind and carry the same marks.
    pub(super) fn groups(&self, app: AppId, wanted: &dyn Fn(OperationId) -> bool) -> Vec<Vec<OperationId>> {
        let models = &self.model.apps[app.index()].models;
        let operations = (0..self.model.operations.len() as u32).map(OperationId).filter(|id| {
            let requirements = &self.model.operations[id.index()].requirements;
            models.iter().any(|of| requirements.contains_key(of)) && wanted(*id)
        });
        let mut groups = Vec::new();
        for cell in self.cells.of(app, operations) {
            let mut of_marks: BTreeMap<&[MarkId], Vec<OperationId>> = BTreeMap::new();
            for operation in cell.operations {
                let marks = self.model.operations[operation.index()].marks.as_slice();
                of_marks.entry(marks).or_default().push(operation);
            }
            groups.extend(of_marks.into_values());
        }
        groups
    }

    /// Whether some request of the app for one of the operations, of which the condition certainly holds, is
    /// permitted. What no engine can tell counts as permitted.
    pub(super) fn permits(&self, app: AppId, operations: &[OperationId], when: &Condition) -> bool {
        let of_app = self.surveyor.of(app);
        operations.iter().any(|operation| {
            if matches!(of_app.reach(*operation), Reach::Never) {
                return false;
            }
            let alone = words::acts_alone(self.model, app, *operation);
            let when =
                words::all([when.clone()].into_iter().chain(alone.then(|| has_user(self.model, false))));
            let asked = Growing { when: Some((&when, CERTAIN)), ..Growing::default() };
            !matches!(reach(self.surveyor.models(), app, *operation, &asked), Reach::Never)
        })
    }

    /// Whether some request of the app for one of the operations, of which the condition certainly holds, is denied
    /// though the platform could know all about it. What no engine can tell counts as denied.
    pub(super) fn denies(&self, app: AppId, operations: &[OperationId], when: &Condition) -> bool {
        operations.iter().any(|operation| {
            let mut universe = self.universe(app, *operation, &[when]);
            let (known, permitted) =
                (known(&mut universe, self.model, app, *operation), universe.permitted(0));
            let holds = universe.condition(0, when, CERTAIN);
            let denied = universe.terms().and(&[known, holds, permitted.not()]);
            universe.ask(denied) != Answer::Never
        })
    }

    /// All requests of the app for the operation, cut by these conditions too.
    pub(super) fn universe(&self, app: AppId, operation: OperationId, extra: &[&Condition]) -> Universe<'m> {
        let extra: Vec<(usize, &Condition)> = extra.iter().map(|condition| (0, *condition)).collect();
        self.surveyor.models().universe(&[Some((app, operation))], &extra)
    }
}

/// The requests that a platform would ever be asked: the app is at work there, the operation is one of its own, and
/// which containers it is about is known. What is done with permissions of the app's own is done for nobody.
pub(super) fn known(universe: &mut Universe<'_>, model: &Model, app: AppId, operation: OperationId) -> Term {
    let path = words::path(model, &model.operations[operation.index()]);
    let kinds: Vec<&str> = path.iter().map(|kind| model.kinds[kind.index()].name.as_str()).collect();
    let mut parts = vec![universe.layer(0, Layer::Lifecycle), universe.layer(0, Layer::Catalog)];
    let mut named: Vec<(Variable, ClassSet)> = Vec::new();
    for (at, part) in universe.parts().iter().enumerate() {
        let What::Container(kind) = &part.what else { continue };
        if !kinds.contains(&kind.as_str()) {
            continue;
        }
        let is_named = |class: &Class| matches!(class, Class::Value(_));
        let classes = (0..).zip(&part.classes).filter(|(_, class)| is_named(class)).map(|(number, _)| number);
        named.push((Variable(at as u32), classes.collect()));
    }
    for (variable, classes) in named {
        let is = universe.terms().is(variable, classes);
        parts.push(is);
    }
    if words::acts_alone(model, app, operation) {
        parts.push(without_user(universe));
    }
    universe.terms().and(&parts)
}

/// Where there is no context user.
pub(super) fn without_user(universe: &mut Universe<'_>) -> Term {
    match universe.parts().iter().position(|part| part.what == What::User) {
        Some(at) => universe.terms().is(Variable(at as u32), ClassSet::one(0)),
        None => Term::TRUE,
    }
}
