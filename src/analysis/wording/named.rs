//! Containers and people by name.

use std::collections::BTreeSet;

use super::Words;
use crate::region::Universe;
use crate::region::sets::ClassSet;
use crate::region::variables::{Class, Part, What};
use crate::request::Value;

/// More people than these are told by one of them.
const MOST_PEOPLE: usize = 8;

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
    pub(super) fn people(
        &self,
        part: &Part,
        set: &ClassSet,
        universe: &Universe<'_>,
        exact: &[Value],
    ) -> String {
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
        let alone = |ids: &[String]| -> Vec<String> {
            ids.iter().flat_map(|id| self.person(part, id, universe, exact)).collect()
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

    /// All whom the one with this id, in quotation marks, stands for.
    fn person(&self, part: &Part, quoted: &str, universe: &Universe<'_>, exact: &[Value]) -> Vec<String> {
        let class = part.classes.iter().find_map(|class| match class {
            Class::Value(value @ Value::Text(text)) if format!("{text:?}") == quoted => Some((value, text)),
            _ => None, // ids are texts
        });
        let Some((_, text)) = class.filter(|(value, _)| !exact.contains(value)) else {
            return vec![quoted.to_owned()];
        };
        match universe.people_like(text) {
            Some(all) if all.len() <= MOST_PEOPLE => all.iter().map(|id| format!("{id:?}")).collect(),
            Some(_) | None => vec![format!("such as {quoted}")],
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
