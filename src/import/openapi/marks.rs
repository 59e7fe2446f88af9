//! Marks that a person adds to what documents say.

use std::collections::{BTreeMap, BTreeSet};

use crate::import::ImportError;
use crate::import::build::{ident, is_path, name};
use crate::syntax::tree::{Operation, OperationMember};

/// Marks by operation name, and the line on which each operation first stands.
pub(super) struct Marks(BTreeMap<String, (usize, BTreeSet<String>)>);

impl Marks {
    /// Reads `OPERATION MARK` lines; of others than this catalog's operations nothing is kept.
    pub(super) fn read(text: &str, prefix: &str) -> Result<Marks, ImportError> {
        let mut marks: BTreeMap<String, (usize, BTreeSet<String>)> = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [] => {}
                [operation, mark] if is_path(operation) && ident(mark).as_deref() == Some(mark) => {
                    if operation.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')) {
                        let entry = marks.entry(operation.to_owned()).or_insert((number, BTreeSet::new()));
                        entry.1.insert(mark.to_owned());
                    }
                }
                _ => {
                    let message = format!("expected an operation's name and a mark, found `{}`", line.trim());
                    return Err(ImportError::new(format!("--marks:{number}"), message));
                }
            }
        }
        Ok(Marks(marks))
    }

    /// All marks.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.values().flat_map(|(_, marks)| marks.iter().map(String::as_str))
    }

    /// Adds the operation's marks to it.
    pub(super) fn add_to(&mut self, operation: &mut Operation) {
        let Some((_, marks)) = self.0.remove(&operation.name.text) else { return };
        let mut all = marks;
        operation.members.retain(|member| match member {
            OperationMember::Marks(names) => {
                all.extend(names.iter().map(|n| n.text.clone()));
                false
            }
            _ => true, // Says nothing of marks.
        });
        operation.members.push(OperationMember::Marks(all.into_iter().map(name).collect()));
    }

    /// When all operations had theirs: nobody may be left, lest a fact be lost when names change.
    pub(super) fn finish(self) -> Result<(), ImportError> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((operation, (number, _))) => {
                let message = format!("the documents have no operation that is called `{operation}`");
                Err(ImportError::new(format!("--marks:{number}"), message))
            }
        }
    }
}
