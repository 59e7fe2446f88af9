//! Two models side by side: apps and operations paired by name, in cells that each model decides alike.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::{Cell, Cells, Extra};
use crate::sema::model::{AppId, Model, OperationId};

/// An operation in each of two models, where it is known.
pub type Sides = [Option<OperationId>; 2];

/// The number of a cell in each of them.
type Numbers = [Option<usize>; 2];

/// An app, and operations that are decided alike for it in each of two models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The app's key.
    pub key: String,
    /// The app in each model; in one of them at least.
    pub apps: [Option<AppId>; 2],
    /// The operations by name, in each model; in one of them at least. At least one, by name.
    pub operations: Vec<(String, Sides)>,
}

impl Pair {
    /// Where to ask: app and operation in each model, if it knows both.
    pub fn sides(&self) -> [Option<(AppId, OperationId)>; 2] {
        let operations = self.operations[0].1;
        [0, 1].map(|side| self.apps[side].zip(operations[side]))
    }
}

/// All pairs of two models, by the app's key and the first operation's name.
pub fn pairs(models: [&Model; 2]) -> Vec<Pair> {
    pairs_with(models, [&[], &[]])
}

/// The same, where each model's operations are also told apart by what else will be asked of them.
pub fn pairs_with<'m>(models: [&'m Model; 2], extra: [&[Extra<'m>]; 2]) -> Vec<Pair> {
    let cells = [0, 1].map(|side| Cells::new(models[side], extra[side]));
    let apps = models.map(|model| by_name(model.apps.iter().map(|app| app.key.as_str()), AppId));
    let operations = models
        .map(|model| by_name(model.operations.iter().map(|operation| operation.name.as_str()), OperationId));
    let keys: BTreeSet<&str> = apps.iter().flat_map(|apps| apps.keys().copied()).collect();
    let mut pairs = Vec::new();
    for key in keys {
        let apps = [0, 1].map(|side| apps[side].get(key).copied());
        // For each operation the cell that it lies in, on each side where there is one.
        let mut groups: BTreeMap<&str, (Numbers, Sides)> = BTreeMap::new();
        for side in [0, 1] {
            for (number, cell) in of(&cells[side], apps[side], &operations[side]).into_iter().enumerate() {
                for operation in cell.operations {
                    let name = models[side].operations[operation.index()].name.as_str();
                    let group = groups.entry(name).or_default();
                    group.0[side] = Some(number);
                    group.1[side] = Some(operation);
                }
            }
        }
        let mut of_key: BTreeMap<Numbers, Vec<(String, Sides)>> = BTreeMap::new();
        for (name, (cells, operations)) in groups {
            of_key.entry(cells).or_default().push((name.to_owned(), operations));
        }
        let mut of_key: Vec<Pair> =
            of_key.into_values().map(|operations| Pair { key: key.to_owned(), apps, operations }).collect();
        of_key.sort_by(|a, b| a.operations[0].0.cmp(&b.operations[0].0));
        pairs.extend(of_key);
    }
    pairs
}

/// The cells of the app; none where the model does not know it.
fn of(cells: &Cells<'_>, app: Option<AppId>, operations: &BTreeMap<&str, OperationId>) -> Vec<Cell> {
    app.map(|app| cells.of(app, operations.values().copied())).unwrap_or_default()
}

/// The first of equal names is the one that counts.
fn by_name<'m, Id>(names: impl Iterator<Item = &'m str>, id: impl Fn(u32) -> Id) -> BTreeMap<&'m str, Id> {
    let mut map = BTreeMap::new();
    for (number, name) in (0..).zip(names) {
        map.entry(name).or_insert_with(|| id(number));
    }
    map
}
