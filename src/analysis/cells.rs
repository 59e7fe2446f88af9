//! Pairs of app and operation that nothing at hand tells apart: what holds for one of them holds for all.

use std::collections::{BTreeSet, HashMap};

use crate::sema::model::{
    AppId, AttributeId, Clause, ClauseKind, Condition, KindId, Model, Operation, OperationId, Owner,
    PermissionModelId, Predicate, ScopeId, Subject,
};

/// One app, and operations that are decided alike for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The app.
    pub app: AppId,
    /// At least one, ascending.
    pub operations: Vec<OperationId>,
}

impl Cell {
    /// The operation to ask about.
    pub fn operation(&self) -> OperationId {
        self.operations[0]
    }
}

/// The sets of operations that clauses speak of, so that operations can be compared by the sets they lie in.
#[derive(Debug)]
pub struct Cells<'m> {
    model: &'m Model,
    /// For each operation which of the sets it lies in, as bits.
    lies_in: Vec<Vec<u64>>,
    /// For each app the sets that some clause about it speaks of, as bits.
    speak_of: Vec<Vec<u64>>,
    /// What else tells operations apart, but for requirements.
    nature: Vec<Nature>,
}

/// What tells operations apart besides clauses and requirements.
#[derive(Debug, PartialEq, Eq, Hash, Clone)]
struct Nature {
    kind: KindId,
    lists: Option<KindId>,
    /// Values of the operation's attributes that some condition reads.
    read: Vec<String>,
    /// Which sets of operations of `extra` it lies in.
    lies_in: Vec<bool>,
}

/// A condition to be asked about besides those of the clauses, and the operations that it is asked of.
#[derive(Debug, Clone, Copy)]
pub struct Extra<'m> {
    /// The operations.
    pub operations: &'m BTreeSet<OperationId>,
    /// The condition.
    pub condition: &'m Condition,
}

impl<'m> Cells<'m> {
    /// Compares the operations of a model, also by what `extra` says of them.
    pub fn new(model: &'m Model, extra: &[Extra<'m>]) -> Cells<'m> {
        let mut sets: HashMap<&BTreeSet<OperationId>, usize> = HashMap::new();
        let number: Vec<usize> = model
            .clauses
            .iter()
            .map(|clause| {
                let next = sets.len();
                *sets.entry(&clause.operations).or_insert(next)
            })
            .collect();
        let words = sets.len().div_ceil(64);
        let mut lies_in = vec![vec![0; words]; model.operations.len()];
        for (set, number) in &sets {
            set.iter().for_each(|operation| mark(&mut lies_in[operation.index()], *number));
        }
        let mut of_all = vec![0; words];
        let mut speak_of = vec![vec![0; words]; model.apps.len()];
        for (clause, number) in model.clauses.iter().zip(&number) {
            if speaks_of_all_apps(clause) {
                mark(&mut of_all, *number);
            } else {
                clause.apps.iter().for_each(|app| mark(&mut speak_of[app.index()], *number));
            }
        }
        for sets in &mut speak_of {
            sets.iter_mut().zip(&of_all).for_each(|(own, all)| *own |= all);
        }
        let mut read = BTreeSet::new();
        let authority = [&model.authority.app_user_except, &model.authority.context_user_required];
        let conditions = model.clauses.iter().map(|clause| &clause.condition).chain(authority);
        for condition in conditions.chain(extra.iter().map(|extra| extra.condition)) {
            attributes_of_operations(model, condition, &mut read);
        }
        let nature = (0..).map(OperationId).zip(&model.operations).map(|(id, operation)| Nature {
            kind: operation.kind,
            lists: operation.lists,
            read: read.iter().map(|attribute| attribute_value(model, operation, *attribute)).collect(),
            lies_in: extra.iter().map(|extra| extra.operations.contains(&id)).collect(),
        });
        Cells { model, lies_in, speak_of, nature: nature.collect() }
    }

    /// The operations of one app, grouped; by the first operation of each group.
    pub fn of(&self, app: AppId, operations: impl IntoIterator<Item = OperationId>) -> Vec<Cell> {
        type Requirement<'m> = Vec<(PermissionModelId, &'m [Vec<ScopeId>])>;
        type Key<'k, 'm> = (Vec<u64>, &'k Nature, Requirement<'m>);
        let models = &self.model.apps[app.index()].models;
        let mask = &self.speak_of[app.index()];
        let mut groups: HashMap<Key<'_, 'm>, Vec<OperationId>> = HashMap::new();
        for operation in operations {
            let sets = self.lies_in[operation.index()].iter().zip(mask).map(|(a, b)| a & b).collect();
            let requirements = &self.model.operations[operation.index()].requirements;
            let requirement = requirements
                .iter()
                .filter(|(model, _)| models.contains(model))
                .map(|(model, any)| (*model, any.as_slice()));
            let key = (sets, &self.nature[operation.index()], requirement.collect());
            groups.entry(key).or_default().push(operation);
        }
        let mut cells: Vec<Cell> = groups.into_values().map(|operations| Cell { app, operations }).collect();
        for cell in &mut cells {
            cell.operations.sort_unstable();
        }
        cells.sort_unstable_by_key(Cell::operation);
        cells
    }

    /// The cells of all apps and operations, by app.
    pub fn all(&self) -> Vec<Cell> {
        let apps = (0..self.model.apps.len() as u32).map(AppId);
        let operations = || (0..self.model.operations.len() as u32).map(OperationId);
        apps.flat_map(|app| self.of(app, operations())).collect()
    }
}

fn mark(bits: &mut [u64], number: usize) {
    bits[number / 64] |= 1 << (number % 64);
}

/// Grants to context users know no app.
fn speaks_of_all_apps(clause: &Clause) -> bool {
    match clause.kind {
        ClauseKind::ContextUserGrant => true,
        ClauseKind::AppUserGrant | ClauseKind::Permit | ClauseKind::Forbid | ClauseKind::Withdrawal => false,
    }
}

fn attributes_of_operations(model: &Model, condition: &Condition, read: &mut BTreeSet<AttributeId>) {
    match condition {
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| attributes_of_operations(model, part, read));
        }
        Condition::Not(inner) => attributes_of_operations(model, inner, read),
        Condition::Test(atom) => {
            let other = match &atom.predicate {
                Predicate::Same(other) | Predicate::ElementOf(other) => Some(other),
                Predicate::Present
                | Predicate::Is(_)
                | Predicate::Order(..)
                | Predicate::Like(_)
                | Predicate::InNetworks(_)
                | Predicate::During(_)
                | Predicate::HasAny(_) => None,
            };
            for subject in [Some(&atom.subject), other].into_iter().flatten() {
                if let Subject::Attribute(id) = subject
                    && model.attributes[id.index()].owner == Owner::Operation
                {
                    read.insert(*id);
                }
            }
        }
    }
}

/// Two operations with the same text are the same to any test of the attribute.
fn attribute_value(model: &Model, operation: &Operation, attribute: AttributeId) -> String {
    match model.attributes[attribute.index()].name.as_str() {
        "access" => format!("{:?}", operation.access),
        "method" => operation.http.as_ref().map_or_else(String::new, |(method, _)| method.clone()),
        "marks" => format!("{:?}", operation.marks),
        // The name, and whatever else there may be one day.
        _ => operation.name.clone(),
    }
}
