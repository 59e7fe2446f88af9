//! Which operation has which name: by rule, or as in an earlier catalog of the same platform.
//!
//! Rules of policies name operations. Where several operations come to one name, the first by rule has it, so that a
//! newer document with one endpoint more could hand the name on to another operation, and a rule would silently mean
//! something else. An operation is what is called on the wire: method and path, in which only the names of parameters
//! may differ. One that has neither, such as a tool of an MCP server, is its name.

use std::collections::{BTreeMap, BTreeSet};

use super::offer::shape;
use super::{ImportError, Imported, Note, NoteKind};
use crate::syntax::parser;
use crate::syntax::tree::{File, Item, Operation, OperationMember};

/// Method and path, as a catalog writes them.
pub type Call = (String, String);

/// What an earlier catalog calls its operations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// The catalog's name.
    pub catalog: String,
    /// By name; `None` where it says no method and path.
    operations: BTreeMap<String, Option<Call>>,
    any_case: bool,
}

/// A name that means another operation now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The name.
    pub name: String,
    /// What it meant; `None` where the earlier catalog says no method and path.
    pub was: Option<Call>,
    /// What it means now; `None` where no request is mapped to it and the documents do not say more.
    pub is: Option<Call>,
}

impl Earlier {
    /// Reads a catalog's text.
    ///
    /// # Errors
    /// No catalog, or one that cannot be read without complaint: nobody can tell then what its names mean. Places are
    /// lines of `place`.
    pub fn read(place: &str, text: &str) -> Result<Earlier, ImportError> {
        let (file, broken) = parser::parse(0, text);
        if let Some(first) = broken.first() {
            let before = text.as_bytes().iter().take(first.span().start as usize);
            let line = 1 + before.filter(|byte| **byte == b'\n').count();
            let message = format!("expected a catalog without errors, found: {}", first.message);
            return Err(ImportError::new(format!("{place}:{line}"), message));
        }
        let header = file.items.iter().find_map(|item| match item {
            Item::Catalog(header) => Some(header),
            _ => None, // The header is asked for.
        });
        let Some(header) = header else {
            return Err(ImportError::new(place, "expected a catalog, which begins with `catalog NAME`"));
        };
        let mut all: BTreeMap<String, Option<Call>> = BTreeMap::new();
        for operation in operations(&file) {
            let name = &operation.name.text;
            let twice = |what: &str| {
                ImportError::new(place, format!("`{name}` {what}: expected a catalog without errors"))
            };
            let calls =
                operation.members.iter().filter(|member| matches!(member, OperationMember::Http { .. }));
            if calls.count() > 1 {
                return Err(twice("has two lines `http`"));
            }
            if all.insert(name.clone(), call(operation)).is_some() {
                return Err(twice("is there twice"));
            }
        }
        Ok(Earlier { catalog: header.name.text.clone(), operations: all, any_case: header.any_case })
    }

    /// The names that mean another method and path in what was imported than here, sorted. Where the earlier catalog says
    /// none and there is one now, nobody can tell.
    pub fn moved(&self, now: &Imported) -> Vec<Moved> {
        let any_case = self.any_case || any_case(&now.file);
        let key = |call: &Call| key((&call.0, &call.1), any_case);
        let mut moved = Vec::new();
        for operation in operations(&now.file) {
            let name = &operation.name.text;
            let Some(was) = self.operations.get(name) else { continue };
            let is = call(operation).or_else(|| now.unmapped.get(name).cloned());
            if was.as_ref().map(key) != is.as_ref().map(key) && (was.is_some() || call(operation).is_some()) {
                moved.push(Moved { name: name.clone(), was: was.clone(), is });
            }
        }
        moved.sort_by(|a, b| a.name.cmp(&b.name));
        moved
    }
}

/// The operations of a file.
fn operations(file: &File) -> impl Iterator<Item = &Operation> {
    file.items.iter().filter_map(|item| match item {
        Item::Operation(operation) => Some(operation),
        _ => None, // Operations are asked for.
    })
}

/// Method and path of an operation to which requests are mapped.
pub(super) fn call(operation: &Operation) -> Option<Call> {
    operation.members.iter().find_map(|member| match member {
        OperationMember::Http { method, path } => Some((method.text.clone(), path.value.clone())),
        _ => None, // Says nothing of it.
    })
}

/// Whether the catalog's paths are taken in any case.
pub(super) fn any_case(file: &File) -> bool {
    file.items.iter().any(|item| matches!(item, Item::Catalog(header) if header.any_case))
}

/// Method and path in one spelling: the same for operations that are the same on the wire.
pub fn key((method, path): (&str, &str), any_case: bool) -> Call {
    let shape = shape(path);
    (method.to_owned(), if any_case { shape.to_ascii_lowercase() } else { shape })
}

/// An operation that wants a name.
pub(super) struct Wish<'w> {
    /// Method and path, as far as documents say them in a way that templates have.
    pub call: Option<(&'w str, &'w str)>,
    /// Whether requests are mapped to it.
    pub mapped: bool,
    /// The name by rule.
    pub plain: String,
    /// What it is called where that name is taken: the first such name, the second, and so on without end.
    pub other: Box<dyn Fn(usize) -> String + 'w>,
}

/// Names in the order of the wishes, all different. Of several that wish for one name the first has it. With an
/// earlier catalog, what is there keeps its name, and nothing else gets it; what is thereby called otherwise than by
/// rule is told.
pub(super) fn give(
    wishes: &[Wish<'_>],
    earlier: Option<&Earlier>,
    any_case: bool,
    notes: &mut Vec<Note>,
) -> Vec<String> {
    let by_rule = Names::new(wishes, &Earlier::default(), false).given();
    let Some(earlier) = earlier else { return by_rule };
    let names = Names::new(wishes, earlier, any_case || earlier.any_case).given();
    for ((wish, name), rule) in wishes.iter().zip(&names).zip(&by_rule) {
        let (was, is) = (earlier.operations.get(name), told(wish.call));
        if name == rule {
            continue;
        }
        let rest = match (was, earlier.operations.get(rule)) {
            (Some(_), _) => "it keeps the name that it has in the earlier catalog".to_owned(),
            (None, Some(Some((method, path)))) => {
                format!("the earlier catalog gives that name to {method} {path}")
            }
            (None, Some(None)) => {
                "the earlier catalog gives that name to an operation without `http`, which may be another"
                    .to_owned()
            }
            (None, None) => "another operation has that name".to_owned(),
        };
        let message = format!("`{name}` is {is} and by rule would be `{rule}`: {rest}");
        notes.push(Note { kind: NoteKind::Kept, place: KEEP.to_owned(), message });
    }
    names
}

/// So many longer names are looked for in the earlier catalog.
const LONGER: usize = 3;

/// The option by which an earlier catalog is named.
pub(super) const KEEP: &str = "--keep-names";

/// `GET /items/{id}`
fn told(call: Option<(&str, &str)>) -> String {
    call.map_or_else(|| "an operation without `http`".to_owned(), |(method, path)| format!("{method} {path}"))
}

/// Names while they are given.
struct Names<'w> {
    wishes: &'w [Wish<'w>],
    earlier: &'w Earlier,
    /// By method and path in one spelling: path as written, and name.
    by_call: BTreeMap<Call, Vec<(&'w str, &'w str)>>,
    any_case: bool,
    given: Vec<Option<String>>,
    taken: BTreeSet<String>,
}

impl<'w> Names<'w> {
    fn new(wishes: &'w [Wish<'w>], earlier: &'w Earlier, any_case: bool) -> Names<'w> {
        let mut by_call: BTreeMap<Call, Vec<(&str, &str)>> = BTreeMap::new();
        for (name, call) in &earlier.operations {
            if let Some((method, path)) = call {
                by_call.entry(key((method, path), any_case)).or_default().push((path, name));
            }
        }
        let given = vec![None; wishes.len()];
        Names { wishes, earlier, by_call, any_case, given, taken: BTreeSet::new() }
    }

    fn given(mut self) -> Vec<String> {
        let of = |mapped: bool| {
            let all = self.wishes.iter().enumerate();
            all.filter(|(_, wish)| wish.mapped == mapped).map(|(i, _)| i).collect::<Vec<_>>()
        };
        let (mapped, unmapped) = (of(true), of(false));
        // Whom requests reach is first: of two that they cannot tell apart, it is the one that they mean.
        for i in mapped.into_iter().chain(unmapped.iter().copied()) {
            self.keep(i);
        }
        // A name without method and path is kept by an operation without, if one comes to it.
        for i in unmapped {
            let wish = &self.wishes[i];
            for name in std::iter::once(wish.plain.clone()).chain((1..=LONGER).map(|n| (wish.other)(n))) {
                if self.earlier.operations.get(&name) == Some(&None) {
                    self.take(i, name);
                }
            }
        }
        for i in 0..self.wishes.len() {
            self.take(i, self.wishes[i].plain.clone());
        }
        // Of many that come to the same names, each goes on where the one before stopped.
        let mut next: BTreeMap<String, usize> = BTreeMap::new();
        for i in 0..self.wishes.len() {
            let other = &self.wishes[i].other;
            let number = next.entry(other(2)).or_insert(1);
            while self.given[i].is_none() {
                let name = other(*number);
                *number += 1;
                self.take(i, name);
            }
        }
        self.given.into_iter().flatten().collect()
    }

    /// The name that the earlier catalog has for its method and path.
    fn keep(&mut self, i: usize) {
        let Some(call) = self.wishes[i].call else { return };
        let Some(all) = self.by_call.get(&key(call, self.any_case)) else { return };
        let free = || all.iter().filter(|(_, name)| !self.taken.contains(*name));
        if let Some((_, name)) = free().find(|(path, _)| *path == call.1).or_else(|| free().next()) {
            self.taken.insert((*name).to_owned());
            self.given[i] = Some((*name).to_owned());
        }
    }

    /// This name, unless it has one, or another operation has or may have had it.
    fn take(&mut self, i: usize, name: String) {
        let anothers = match self.earlier.operations.get(&name) {
            Some(Some(_)) => true,
            Some(None) => self.wishes[i].mapped,
            None => false,
        };
        if self.given[i].is_none() && !anothers && self.taken.insert(name.clone()) {
            self.given[i] = Some(name);
        }
    }
}
