//! What differs in the platforms, in lines for people.

use super::Comparison;
use crate::analysis::catalogs::{Alternatives, KindChange, Moved, OperationChange, Reach};
use crate::report::count;
use crate::sema::model::{Model, OperationId};

/// Lines of two levels; empty where nothing differs.
pub(super) fn text(of: &Comparison<'_>) -> String {
    let mut told = String::new();
    for (head, lines) in sections(of) {
        told += &format!("{head}\n");
        lines.iter().for_each(|line| told += &format!("    {line}\n"));
    }
    told
}

/// `was GET /a, is GET /b`.
pub(super) fn calls(moved: &Moved) -> String {
    let told = |call: &Option<(String, String)>| match call {
        Some((method, path)) => format!("{method} {path}"),
        None => "no method and path".to_owned(),
    };
    format!("was {}, is {}", told(&moved.call.old), told(&moved.call.new))
}

/// Headlines, each with its lines.
pub(super) fn sections(of: &Comparison<'_>) -> Vec<(String, Vec<String>)> {
    let [old, new] = of.sides.map(|side| side.model);
    let diff = &of.diff.catalogs;
    let mut sections = Vec::new();
    let pins = |model: &Model| -> Vec<String> {
        model.catalogs.iter().map(|pin| format!("{} {}", pin.name, pin.version)).collect()
    };
    if pins(old) != pins(new) {
        let lines = vec![format!("- {}", pins(old).join(", ")), format!("+ {}", pins(new).join(", "))];
        sections.push(("catalogs".to_owned(), lines));
    }
    let moved = &diff.moved;
    if !moved.is_empty() {
        let line = |m: &Moved| format!("! {}: {}", m.name, calls(m));
        let names = if moved.len() == 1 { "name means" } else { "names mean" };
        let head =
            format!("{} {names} another method and path, also in rules that did not change", moved.len());
        sections.push((head, moved.iter().map(line).collect()));
    }
    for (ids, model, sign, verb) in [(&diff.added, new, "+", "added"), (&diff.removed, old, "-", "removed")] {
        if !ids.is_empty() {
            let lines = ids.iter().map(|id| format!("{sign} {}", operation(model, *id))).collect();
            sections.push((format!("{} {verb}", count(ids.len(), "operation")), lines));
        }
    }
    let required: Vec<&OperationChange> =
        diff.changed.iter().filter(|c| !c.requirements.is_empty()).collect();
    if !required.is_empty() {
        let mut lines = Vec::new();
        for change in &required {
            for (model, c) in &change.requirements {
                let name = &new.operations[change.new.index()].name;
                lines.push(format!("{name}: {model} {} to {}", scopes(&c.old), scopes(&c.new)));
            }
        }
        sections.push((format!("{} with another requirement", count(required.len(), "operation")), lines));
    }
    let mut others = Vec::new();
    for change in &diff.changed {
        let name = &new.operations[change.new.index()].name;
        if let Some(c) = &change.name {
            others.push(format!("{name}: was called {}", c.old));
        }
        if let Some(c) = &change.access {
            others.push(format!("{name}: {} to {}", c.old.name(), c.new.name()));
        }
        if let Some(c) = &change.place {
            others.push(format!("{name}: in {} to in {}", c.old, c.new));
        }
        for (what, change) in [("marks", &change.marks), ("the path names", &change.namings)] {
            let Some(c) = change else { continue };
            let gone = c.old.difference(&c.new).map(|m| format!("- {m}"));
            let come = c.new.difference(&c.old).map(|m| format!("+ {m}"));
            others.push(format!("{name}: {what} {}", gone.chain(come).collect::<Vec<_>>().join(", ")));
        }
        if let Some(c) = &change.any_case {
            let taken = if c.new { "in any case" } else { "as it is written, no longer in any case" };
            others.push(format!("{name}: the path is taken {taken}"));
        }
    }
    if !others.is_empty() {
        sections.push(("other changes of operations".to_owned(), others));
    }
    if !diff.scopes.is_empty() {
        let lines = diff.scopes.iter().map(|scope| {
            let name = format!("{} {}", scope.model, scope.name);
            let list = |set: &std::collections::BTreeSet<String>| match set.len() {
                0 => "nothing".to_owned(),
                _ => set.iter().cloned().collect::<Vec<_>>().join(", "), // one or more
            };
            match (&scope.implies.old, &scope.implies.new) {
                (None, _) => format!("+ {name}"),
                (_, None) => format!("- {name}"),
                (Some(old), Some(new)) => format!("{name} implied {}, now {}", list(old), list(new)),
            }
        });
        sections.push((count(diff.scopes.len(), "scope") + " changed", lines.collect()));
    }
    let mut kinds: Vec<String> = diff.kinds.iter().map(kind).collect();
    kinds.extend(diff.models.iter().map(|model| {
        let demands = if model.demands_user.new { "demands a user now" } else { "demands no user any more" };
        format!("{} {demands}", model.name)
    }));
    if !kinds.is_empty() {
        sections.push(("kinds of containers and permission models".to_owned(), kinds));
    }
    for (model, scopes, reach) in of.holding {
        let held = scopes.iter().cloned().collect::<Vec<_>>().join(", ");
        let head = format!(
            "who holds {model} {held} could call {} and can call {}",
            count(reach.before, "operation"),
            reach.now
        );
        sections.push((head, reached(old, new, reach)));
    }
    sections
}

/// `project in site, now in space`
fn kind(kind: &KindChange) -> String {
    let place = |parent: &Option<String>| match parent {
        Some(parent) => format!("in {parent}"),
        None => "in nothing".to_owned(),
    };
    match (&kind.parent.old, &kind.parent.new) {
        (Some(old), Some(new)) => format!("{} {}, now {}", kind.name, place(old), place(new)),
        (None, Some(new)) => format!("+ {} {}", kind.name, place(new)),
        (_, None) => format!("- {}", kind.name),
    }
}

fn reached(old: &Model, new: &Model, reach: &Reach) -> Vec<String> {
    let of = |ids: &[OperationId], model: &Model, what: &str| {
        ids.iter().map(|id| format!("{what} {}", operation(model, *id))).collect::<Vec<_>>()
    };
    [
        of(&reach.opened, new, "+"),
        of(&reach.added, new, "+ (new)"),
        of(&reach.closed, old, "-"),
        of(&reach.removed, old, "- (gone)"),
    ]
    .concat()
}

/// `demo.issue.get: GET /issues/{id}`
fn operation(model: &Model, id: OperationId) -> String {
    let operation = &model.operations[id.index()];
    match &operation.http {
        Some((method, path)) => format!("{}: {method} {path}", operation.name),
        None => operation.name.clone(),
    }
}

/// `READ, or WRITE and STATS`
pub(super) fn scopes(alternatives: &Option<Alternatives>) -> String {
    let Some(alternatives) = alternatives else { return "not callable".to_owned() };
    let all = alternatives.iter().map(|all| all.iter().cloned().collect::<Vec<_>>().join(" and "));
    all.collect::<Vec<_>>().join(", or ")
}
