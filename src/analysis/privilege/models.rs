//! Two permission models of one platform side by side: which operations each opens, and for what.
//!
//! Models need not refine one another, and no rule of thumb carries from one to the other: the tables here are
//! counted from the operations.

use std::collections::BTreeMap;

use super::set::Operations;
use crate::sema::model::{Model, OperationId, PermissionModelId, ScopeId};

/// What an operation asks for in one model: its alternatives, each sorted, sorted. `None` where it cannot be
/// called at all.
pub type Asked = Option<Vec<Vec<ScopeId>>>;

/// The operations of two models, by what each asks for them.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// One model.
    pub left: PermissionModelId,
    /// The other.
    pub right: PermissionModelId,
    /// Every operation that one of them can call stands in exactly one cell.
    pub cells: BTreeMap<(Asked, Asked), Operations>,
}

/// Compares two permission models.
pub fn compare(model: &Model, left: PermissionModelId, right: PermissionModelId) -> Comparison {
    let mut cells: BTreeMap<(Asked, Asked), Operations> = BTreeMap::new();
    for (number, operation) in model.operations.iter().enumerate() {
        let asked = |id: PermissionModelId| {
            let mut alternatives = operation.requirements.get(&id)?.clone();
            alternatives.iter_mut().for_each(|alternative| alternative.sort());
            alternatives.sort();
            Some(alternatives)
        };
        let cell = (asked(left), asked(right));
        if cell != (None, None) {
            cells.entry(cell).or_default().insert(OperationId(number as u32));
        }
    }
    Comparison { left, right, cells }
}

impl Comparison {
    /// The operations for which the left model asks this and the right one that.
    pub fn cell(&self, left: &Asked, right: &Asked) -> Operations {
        self.cells.get(&(left.clone(), right.clone())).cloned().unwrap_or_default()
    }

    /// What only the left model can call.
    pub fn only_left(&self) -> Operations {
        self.those(|_, right| right.is_none())
    }

    /// What only the right model can call.
    pub fn only_right(&self) -> Operations {
        self.those(|left, _| left.is_none())
    }

    /// What both can.
    pub fn both(&self) -> Operations {
        self.those(|left, right| left.is_some() && right.is_some())
    }

    fn those(&self, wanted: impl Fn(&Asked, &Asked) -> bool) -> Operations {
        let cells = self.cells.iter().filter(|((left, right), _)| wanted(left, right));
        cells.fold(Operations::default(), |all, (_, operations)| all.or(operations))
    }
}
