//! Containers and people by name.

use std::collections::BTreeSet;

use super::Words;
use crate::region::sets::ClassSet;
use crate::region::variables::{Class, Part, What};
use crate::request::Value;

impl Words<'_> {
    /// `project PAY or WEB`, `project other than PAY`, `project`; empty where there is none.
    pub(super) fn container(&self, part: &Part, set: &ClassSet, kind: &str) -> String {
        let all = self.named(part, set);
        let mut ways = Vec::new();
        if all.rest {
            match all.without.as_slice() {
                [] => ways.push(kind.to_owned()),
                some => ways.push(format!("{kind} other than {}", some.join(", "))), // one or more
            }
        } else if !all.with.is_empty() {
            ways.push(format!("{kind} {}", all.with.join(" or ")));
        }
        if all.some {
            ways.push(format!("{kind} of unknown id"));
        }
        ways.join(" or ")
    }

    /// `members of finance`, `"ann"`, `anybody but "eve"`.
    pub(super) fn people(&self, part: &Part, set: &ClassSet, exact: &[Value]) -> String {
        let all = self.named(part, set);
        let known: BTreeSet<&String> = all.with.iter().chain(&all.without).collect();
        let quoted = |id: &String| format!("{id:?}");
        let of_groups = |ids: &[String]| {
            let wanted: BTreeSet<String> = ids.iter().cloned().collect();
            let groups = self.models.iter().flat_map(|model| &model.groups);
            let mut found = groups.filter(|(_, members)| {
                let here: BTreeSet<String> =
                    members.iter().map(quoted).filter(|id| known.contains(id)).collect();
                !here.is_empty() && here == wanted
            });
            found.next().map(|(name, _)| format!("members of {name}"))
        };
        // A member of groups stands for all who are in the same.
        let exact: BTreeSet<String> = exact
            .iter()
            .map(|value| match value {
                Value::Text(text) => format!("{text:?}"),
                other => format!("{other:?}"), // never an id
            })
            .collect();
        let alone = |ids: &[String]| -> Vec<String> {
            let one = |id: &String| {
                if id.starts_with('"') && !exact.contains(id) { format!("such as {id}") } else { id.clone() }
            };
            ids.iter().map(one).collect()
        };
        match (all.rest, all.with.is_empty()) {
            (false, false) => of_groups(&all.with).unwrap_or_else(|| alone(&all.with).join(" or ")),
            (true, _) if all.without.is_empty() => "somebody".to_owned(),
            (true, _) => {
                let without = of_groups(&all.without).unwrap_or_else(|| alone(&all.without).join(", "));
                format!("anybody but {without}")
            }
            (false, true) => "nobody known".to_owned(),
        }
    }

    /// The classes in a set: those that the models name, and the rest.
    pub(super) fn named(&self, part: &Part, set: &ClassSet) -> Named {
        let mut all = Named::default();
        let closed = matches!(&part.what, What::Stage(_))
            || part.classes.iter().any(|class| matches!(class, Class::Value(Value::Bool(_))));
        let rests: Vec<usize> = part
            .classes
            .iter()
            .enumerate()
            .filter(|(_, class)| match class {
                Class::Value(Value::Text(text)) => {
                    !closed && !self.texts.contains(text.as_str()) && !self.is_enumerated(text)
                }
                _ => false, // only texts stand for others
            })
            .map(|(at, _)| at)
            .collect();
        for (at, class) in part.classes.iter().enumerate() {
            let inside = set.contains(at as u32);
            match class {
                Class::Missing => all.missing = inside,
                Class::Some => all.some = inside,
                // One class for all that nobody names; several are told by examples.
                Class::Value(_) if rests == [at] => all.rest = inside,
                Class::Value(value) => {
                    let like = if rests.contains(&at) { "such as " } else { "" };
                    let text = match value {
                        Value::Text(text) if self.is_enumerated(text) => text.clone(),
                        Value::Text(text) => format!("{like}{text:?}"),
                        Value::Bool(truth) => truth.to_string(),
                        Value::Int(number) => number.to_string(),
                        Value::Set(set) => format!("{set:?}"),
                    };
                    if inside { all.with.push(text) } else { all.without.push(text) }
                }
                Class::Set => {
                    if inside {
                        all.with.push("given".to_owned())
                    } else {
                        all.without.push("given".to_owned())
                    }
                }
                Class::Odd(_) | Class::No | Class::Yes => {}
            }
        }
        all
    }
}

/// Classes by what they are.
#[derive(Default)]
pub(super) struct Named {
    pub(super) with: Vec<String>,
    pub(super) without: Vec<String>,
    /// The class of all that nobody names.
    pub(super) rest: bool,
    pub(super) missing: bool,
    pub(super) some: bool,
}
