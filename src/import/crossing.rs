//! Templates that cross, such as `/w/a/{y}` and `/w/{x}/b`: each has a literal where the other has a parameter, so that
//! both take `/w/a/b`.
//!
//! Here the first literal from the left decides. How the platform decides is its own affair, and no document says it.

use std::collections::BTreeMap;

use super::{Imported, Note, NoteKind, names};
use crate::syntax::tree::Item;

/// So many segments are compared at most; what is not told then is said.
const MOST_STEPS: usize = 10_000_000;

/// Of so many pairs it is told at most.
const MOST_TOLD: usize = 1_000;

/// No platform has paths of more segments; a longer one is not compared.
const LONGEST: usize = 100;

/// Adds a note for every two operations whose templates cross, unless a third one has the very path that both take.
pub(super) fn tell(imported: &mut Imported, place: &str) {
    let any_case = names::any_case(&imported.file);
    let mut tries: BTreeMap<String, Trie> = BTreeMap::new();
    let mut all = Vec::new();
    for item in &imported.file.items {
        let Item::Operation(operation) = item else { continue };
        let Some((method, path)) = names::call(operation) else { continue };
        let segments: Vec<Segment> = path.split('/').skip(1).map(|s| segment(s, any_case)).collect();
        if segments.len() > LONGEST {
            continue;
        }
        let mut at = tries.entry(method.clone()).or_default();
        for segment in &segments {
            at = match segment {
                Some(literal) => at.literals.entry(literal.clone()).or_default(),
                None => at.parameter.get_or_insert_default(),
            };
        }
        at.operation.get_or_insert(all.len());
        all.push(Template { method, path, segments, name: operation.name.text.clone() });
    }
    let mut steps = 0;
    let mut found = Vec::new();
    for (first, template) in all.iter().enumerate() {
        let Some(trie) = tries.get(&template.method) else { continue };
        let mut walk = Walk { segments: &template.segments, steps: &mut steps, found: Vec::new() };
        walk.go(trie, 0, false, false);
        if found.len() + walk.found.len() > MOST_TOLD {
            steps = MOST_STEPS + 1;
            break;
        }
        found.extend(walk.found.into_iter().map(|second| (first, second)));
    }
    let note = |message| Note { kind: NoteKind::Crossing, place: place.to_owned(), message };
    for (first, second) in found {
        let (first, second) = (&all[first], &all[second]);
        let both = first.segments.iter().zip(&second.segments).map(|(a, b)| a.as_ref().or(b.as_ref()));
        let both: Vec<Segment> = both.map(Option::<&String>::cloned).collect();
        let taken = tries.get(&first.method).and_then(|trie| trie.find(&both)).map(|taken| &all[taken]);
        let Some(taken) = taken.filter(|taken| taken.segments != both) else { continue };
        let written =
            |(one, other): (&str, &str)| if one.contains('{') { other.to_owned() } else { one.to_owned() };
        let request: Vec<String> = first.path.split('/').zip(second.path.split('/')).map(written).collect();
        let Template { method, path, .. } = first;
        imported.notes.push(note(format!(
            "{method} {path} and {} cross: a request for {} is taken for `{}` here, by the first literal; the platform \
             may take it for {}",
            second.path,
            request.join("/"),
            taken.name,
            if taken.name == first.name {
                format!("`{}`", second.name)
            } else {
                format!("`{}` or `{}`", first.name, second.name)
            },
        )));
    }
    if steps > MOST_STEPS {
        imported.notes.push(note("more templates cross than are told here".to_owned()));
    }
}

/// A literal; `None`: a parameter.
type Segment = Option<String>;

fn segment(written: &str, any_case: bool) -> Segment {
    let literal = if any_case { written.to_ascii_lowercase() } else { written.to_owned() };
    (!written.contains('{')).then_some(literal)
}

struct Template {
    method: String,
    path: String,
    segments: Vec<Segment>,
    name: String,
}

/// Templates of one method.
#[derive(Default)]
struct Trie {
    literals: BTreeMap<String, Trie>,
    parameter: Option<Box<Trie>>,
    operation: Option<usize>,
}

impl Trie {
    /// The operation that takes a request with these literals, and with values that are no template's literal.
    fn find(&self, segments: &[Segment]) -> Option<usize> {
        let Some((segment, rest)) = segments.split_first() else { return self.operation };
        let literal = segment.as_ref().and_then(|literal| self.literals.get(literal));
        literal.into_iter().chain(self.parameter.as_deref()).find_map(|next| next.find(rest))
    }
}

/// Looks for the templates that cross one, and that it wins against.
struct Walk<'w> {
    segments: &'w [Segment],
    steps: &'w mut usize,
    found: Vec<usize>,
}

impl Walk<'_> {
    /// `wins`: it had the first literal; `loses`: the other one had one afterwards.
    fn go(&mut self, node: &Trie, at: usize, wins: bool, loses: bool) {
        *self.steps += 1;
        if *self.steps > MOST_STEPS {
            return;
        }
        match self.segments.get(at) {
            None => self.found.extend(node.operation.filter(|_| wins && loses)),
            Some(Some(literal)) => {
                if let Some(next) = node.literals.get(literal) {
                    self.go(next, at + 1, wins, loses);
                }
                if let Some(next) = &node.parameter {
                    self.go(next, at + 1, true, loses);
                }
            }
            Some(None) => {
                if let Some(next) = &node.parameter {
                    self.go(next, at + 1, wins, loses);
                }
                // Had the other one the first literal, it would find this one.
                for next in node.literals.values().filter(|_| wins) {
                    self.go(next, at + 1, wins, true);
                }
            }
        }
    }
}
