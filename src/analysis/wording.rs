//! Cells in the words of a policy: where, on whose behalf, when.
//!
//! A cell knows its classes by examples only. What an example stands for is told by the constants that the models
//! compare the attribute with: numbers by the bounds around them, values of an ordered enumeration by the least or
//! greatest, users by the declared groups that they make up.

use std::collections::{BTreeMap, BTreeSet};

use crate::region::sets::ClassSet;
use crate::region::variables::{Class, Part, Place, What};
use crate::request::Value;
use crate::sema::model::{
    Condition, Constant, Layer, Model, Ordering, Owner, Predicate, Principal, Subject, Type,
};

/// What two models say of attributes, by name.
#[derive(Debug)]
pub(super) struct Words<'m> {
    models: [&'m Model; 2],
    /// Every text that some condition, container, group or assignment names.
    texts: BTreeSet<&'m str>,
    /// Where numbers are cut, by owner and name: a bound begins there.
    cuts: BTreeMap<(String, String), BTreeSet<i64>>,
    /// Values of enumerations that are asked for by name, by owner and name of the attribute.
    asked: BTreeMap<(String, String), BTreeSet<String>>,
}

impl<'m> Words<'m> {
    pub(super) fn new(models: [&'m Model; 2]) -> Words<'m> {
        let mut words =
            Words { models, texts: BTreeSet::new(), cuts: BTreeMap::new(), asked: BTreeMap::new() };
        for model in models {
            let authority = [&model.authority.app_user_except, &model.authority.context_user_required];
            let growths = model.widenings.iter().flat_map(|w| &w.growths).map(|g| &g.condition);
            let clauses = model.clauses.iter().map(|c| &c.condition);
            clauses.chain(authority).chain(growths).for_each(|c| words.condition(model, c));
            words.texts.extend(model.containers.iter().map(|c| c.id.as_str()));
            words.texts.extend(model.groups.values().flatten().map(String::as_str));
            words.texts.extend(model.clauses.iter().filter_map(|c| match &c.principal {
                Principal::User(id) => Some(id.as_str()),
                Principal::Any | Principal::Group(_) => None,
            }));
            words.texts.extend(
                model.apps.iter().filter_map(|a| a.installed_on.as_ref()).flatten().map(String::as_str),
            );
        }
        words
    }

    fn condition(&mut self, model: &'m Model, condition: &'m Condition) {
        match condition {
            Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.condition(model, part));
            }
            Condition::Not(inner) => self.condition(model, inner),
            Condition::Test(atom) => {
                for attribute in attributes(&atom.subject) {
                    let attribute = &model.attributes[attribute.index()];
                    let key = (owner(model, attribute.owner), attribute.name.clone());
                    let mut cut = |at: Option<i64>| {
                        self.cuts.entry(key.clone()).or_default().extend(at);
                    };
                    if let Type::Enum(id) = attribute.kind {
                        let of = &model.enumerations[id.index()];
                        let value = |at: u32| of.values.get(at as usize).cloned();
                        match &atom.predicate {
                            Predicate::Is(values) => {
                                let names = values.iter().filter_map(|v| match v {
                                    Constant::Index(at) => value(*at),
                                    _ => None, // nothing else is such a value
                                });
                                self.asked.entry(key.clone()).or_default().extend(names);
                            }
                            Predicate::Order(order, Constant::Index(at)) => {
                                let at = i64::from(*at);
                                self.cuts.entry(key.clone()).or_default().insert(match order {
                                    Ordering::Less | Ordering::GreaterOrEqual => at,
                                    Ordering::LessOrEqual | Ordering::Greater => at + 1,
                                });
                            }
                            _ => {} // no other test knows a single value
                        }
                        continue;
                    }
                    match &atom.predicate {
                        Predicate::Order(order, Constant::Int(at)) => cut(match order {
                            Ordering::Less | Ordering::GreaterOrEqual => Some(*at),
                            Ordering::LessOrEqual | Ordering::Greater => at.checked_add(1),
                        }),
                        Predicate::Is(values) => values.iter().for_each(|value| match value {
                            Constant::Int(at) => {
                                cut(Some(*at));
                                cut(at.checked_add(1));
                            }
                            Constant::String(text) | Constant::Domain(text) | Constant::Origin(text) => {
                                self.texts.insert(text);
                            }
                            Constant::Bool(_)
                            | Constant::Index(_)
                            | Constant::Strings(_)
                            | Constant::Ip(_) => {}
                        }),
                        Predicate::Order(..)
                        | Predicate::Present
                        | Predicate::Like(_)
                        | Predicate::InNetworks(_)
                        | Predicate::During(_)
                        | Predicate::HasAny(_)
                        | Predicate::Same(_)
                        | Predicate::ElementOf(_) => {}
                    }
                }
            }
        }
    }

    /// The cells that have one of these classes at each of these variables.
    pub(super) fn cube(&self, parts: &[Part], sets: &[ClassSet]) -> String {
        let restricted: Vec<(&Part, &ClassSet)> =
            parts.iter().zip(sets).filter(|(part, set)| (set.len() as usize) < part.classes.len()).collect();
        let mut places: BTreeMap<&str, (Option<String>, Vec<String>)> = BTreeMap::new();
        let (mut user, mut of_user, mut others) = (None, Vec::new(), Vec::new());
        for (part, set) in &restricted {
            match &part.what {
                What::User => user = Some(set.contains(1)),
                What::Container(kind) => places.entry(kind).or_default().0 = Some(self.container(part, set)),
                What::Value(Place::User, name) if name == "id" => of_user.push(self.people(part, set)),
                What::Value(Place::Request, name) if name == "install.status" && is_enabled(part, set) => {}
                What::Value(Place::Container(kind), name) => {
                    let said = self.value(part, set, name, kind);
                    places.entry(kind).or_default().1.push(said);
                }
                What::Element(Place::Container(kind), name, element) => {
                    let not = if set.contains(1) { "" } else { "not " };
                    places.entry(kind).or_default().1.push(format!("{element:?} {not}in {name}"));
                }
                What::Value(Place::User, name) => {
                    others.push(self.value(part, set, &format!("user.{name}"), "User"))
                }
                What::Value(Place::Request, name) => others.push(self.value(part, set, name, "Request")),
                What::Element(place, name, element) => {
                    let not = if set.contains(1) { "" } else { "not " };
                    others.push(format!(
                        "{element:?} {not}in {}",
                        told(&What::Value(place.clone(), name.clone()))
                    ));
                }
                What::ElementLike(..) => {
                    let not = if set.contains(1) { "" } else { "not " };
                    others.push(format!("{not}{}", told(&part.what)));
                }
                What::Stage(_) => others.push(self.value(part, set, &told(&part.what), "")),
                What::Approval => others.push(approvals(part, set)),
                What::Word(layer) => {
                    let says = if set.contains(1) { "says" } else { "does not say" };
                    let user = if *layer == Layer::AppUser { "app user" } else { "context user" };
                    others.push(format!("the caller {says} that the {user} may"));
                }
            }
        }
        let mut said = Vec::new();
        for (kind, (which, conditions)) in places {
            let which = match which {
                Some(which) if which == kind && !conditions.is_empty() => kind.to_owned(),
                Some(which) => which,
                None => kind.to_owned(),
            };
            match conditions.as_slice() {
                [] => said.push(format!("in {which}")),
                all => said.push(format!("in {which} where {}", all.join(" and "))), // one or more
            }
        }
        match (user, of_user.as_slice()) {
            (Some(false), _) => said.push("on behalf of nobody".to_owned()),
            (Some(true), []) => said.push("on behalf of somebody".to_owned()),
            (None, []) => {}
            (Some(true), all) => said.push(format!("on behalf of {}", all.join(" and "))),
            (None, all) => said.push(format!("on behalf of nobody or {}", all.join(" and "))),
        }
        if !others.is_empty() {
            said.push(format!("when {}", others.join(" and ")));
        }
        if said.is_empty() { "everywhere".to_owned() } else { said.join(", ") }
    }

    /// `project PAY or WEB`, `project other than PAY`, `project`.
    fn container(&self, part: &Part, set: &ClassSet) -> String {
        let kind = told_kind(&part.what);
        let all = self.named(part, set);
        let mut ways = Vec::new();
        if all.rest {
            match all.without.as_slice() {
                [] => ways.push(kind.clone()),
                some => ways.push(format!("{kind} other than {}", some.join(", "))), // one or more
            }
        } else if !all.with.is_empty() {
            ways.push(format!("{kind} {}", all.with.join(" or ")));
        }
        if all.some {
            ways.push(format!("{kind} of unknown id"));
        }
        if all.missing {
            ways.push(format!("no {kind}"));
        }
        ways.join(" or ")
    }

    /// `members of finance`, `"ann"`, `anybody but "eve"`.
    fn people(&self, part: &Part, set: &ClassSet) -> String {
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
        match (all.rest, all.with.is_empty()) {
            (false, false) => of_groups(&all.with).unwrap_or_else(|| all.with.join(" or ")),
            (true, _) if all.without.is_empty() => "somebody".to_owned(),
            (true, _) => {
                let without = of_groups(&all.without).unwrap_or_else(|| all.without.join(", "));
                format!("anybody but {without}")
            }
            (false, true) => "nobody known".to_owned(),
        }
    }

    /// What is demanded of an attribute, its name first.
    fn value(&self, part: &Part, set: &ClassSet, name: &str, owner: &str) -> String {
        let all = self.named(part, set);
        let odd = part
            .classes
            .iter()
            .enumerate()
            .any(|(at, class)| matches!(class, Class::Odd(_)) && set.contains(at as u32));
        let mut ways = Vec::new();
        if let Some(range) = self.range(part, set, name, owner) {
            ways.extend(range);
        } else if all.rest {
            match all.without.as_slice() {
                [] => ways.push(format!("has({name})")),
                [one] => ways.push(format!("{name} != {one}")),
                some => ways.push(format!("{name} not in [{}]", some.join(", "))), // two or more
            }
        } else {
            match all.with.as_slice() {
                [] => {}
                [one] => ways.push(format!("{name} == {one}")),
                some => ways.push(format!("{name} in [{}]", some.join(", "))), // two or more
            }
        }
        if all.missing {
            ways.push(format!("{name} is not given"));
        }
        if odd {
            ways.push(format!("{name} cannot be read"));
        }
        match ways.as_slice() {
            [one] => one.clone(),
            all => format!("({})", all.join(" or ")), // two or more
        }
    }

    /// Bounds of a number or of an ordered value, joined by `or`; `None` where there are none to tell.
    fn range(&self, part: &Part, set: &ClassSet, name: &str, owner: &str) -> Option<Vec<String>> {
        let short = name.strip_prefix("user.").unwrap_or(name);
        let (kind, model) = self.models.iter().find_map(|model| {
            let found =
                model.attributes.iter().find(|a| a.name == short && self::owner(model, a.owner) == owner);
            found.map(|a| (a.kind, *model))
        })?;
        let inside = |at: usize| set.contains(at as u32);
        if let Type::Enum(id) = kind {
            let of = &model.enumerations[id.index()];
            let held = self.enumerated(part, set, &of.values, &(owner.to_owned(), short.to_owned()))?;
            let last = of.values.len();
            if !of.ordered {
                let some: Vec<&str> =
                    (0..last).filter(|at| held[*at]).map(|at| of.values[at].as_str()).collect();
                return Some(match some.as_slice() {
                    [] => Vec::new(),
                    [one] => vec![format!("{name} == {one}")],
                    all if all.len() == last => vec![format!("has({name})")],
                    some => vec![format!("{name} in [{}]", some.join(", "))], // two or more
                });
            }
            let told = |(start, end): (usize, usize)| match (start, end) {
                (0, end) if end == last => format!("has({name})"),
                (start, end) if end - start == 1 => format!("{name} == {}", of.values[start]),
                (0, end) => format!("{name} <= {}", of.values[end - 1]),
                (start, end) if end == last => format!("{name} >= {}", of.values[start]),
                (start, end) => {
                    format!("{name} >= {} and {name} <= {}", of.values[start], of.values[end - 1])
                }
            };
            return Some(runs(&held).into_iter().map(told).collect());
        }
        if !matches!(kind, Type::Int | Type::Duration | Type::Instant) {
            return None;
        }
        let cuts: Vec<i64> = self.cuts.get(&(owner.to_owned(), short.to_owned()))?.iter().copied().collect();
        let mut held: Vec<Option<bool>> = vec![None; cuts.len() + 1];
        for (at, class) in part.classes.iter().enumerate() {
            if let Class::Value(Value::Int(number)) = class {
                let interval = &mut held[cuts.partition_point(|cut| cut <= number)];
                if interval.is_some_and(|known| known != inside(at)) {
                    return None; // something else tells apart what lies between two bounds
                }
                *interval = Some(inside(at));
            }
        }
        let held: Option<Vec<bool>> = held.into_iter().collect();
        let told = |number: i64| constant(kind, number);
        Some(
            runs(&held?)
                .into_iter()
                .map(|(start, end)| {
                    let from = (start > 0).then(|| cuts[start - 1]);
                    let to = cuts.get(end - 1).copied();
                    match (from, to) {
                        (None, None) => format!("has({name})"),
                        (Some(from), Some(to)) if to - 1 == from => format!("{name} == {}", told(from)),
                        (Some(from), None) => format!("{name} >= {}", told(from)),
                        (None, Some(to)) => format!("{name} < {}", told(to)),
                        (Some(from), Some(to)) => {
                            format!("{name} >= {} and {name} < {}", told(from), told(to))
                        }
                    }
                })
                .collect(),
        )
    }

    /// Of each value of an enumeration whether it is in the set: a class without an example of its own is that of
    /// a value which nothing tells from it.
    fn enumerated(
        &self,
        part: &Part,
        set: &ClassSet,
        values: &[String],
        key: &(String, String),
    ) -> Option<Vec<bool>> {
        let empty = (BTreeSet::new(), BTreeSet::new());
        let cuts = self.cuts.get(key).unwrap_or(&empty.0);
        let asked = self.asked.get(key).unwrap_or(&empty.1);
        // What tests can say of a value: between which bounds it lies, and whether it is named.
        let kind = |at: usize| {
            let below = cuts.iter().filter(|cut| **cut <= at as i64).count();
            (below, asked.contains(&values[at]).then_some(at))
        };
        let mut known = BTreeMap::new();
        for (at, class) in part.classes.iter().enumerate() {
            if let Class::Value(Value::Text(text)) = class {
                let value = values.iter().position(|value| value == text)?;
                let inside = set.contains(at as u32);
                if known.insert(kind(value), inside).is_some_and(|other| other != inside) {
                    return None; // something else tells them apart
                }
            }
        }
        (0..values.len()).map(|at| known.get(&kind(at)).copied()).collect()
    }

    /// The classes in a set: those that the models name, and the rest.
    fn named(&self, part: &Part, set: &ClassSet) -> Named {
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

    fn is_enumerated(&self, text: &str) -> bool {
        let enumerations = self.models.iter().flat_map(|model| &model.enumerations);
        enumerations.flat_map(|e| &e.values).any(|value| value == text)
    }
}

/// Classes by what they are.
#[derive(Default)]
struct Named {
    with: Vec<String>,
    without: Vec<String>,
    /// The class of all that nobody names.
    rest: bool,
    missing: bool,
    some: bool,
}

/// Whether it says no more than that the installation is not known to be switched off.
fn is_enabled(part: &Part, set: &ClassSet) -> bool {
    part.classes.iter().enumerate().all(|(at, class)| {
        let fine = match class {
            Class::Missing => true,
            Class::Value(Value::Text(text)) => text == "enabled",
            Class::Some
            | Class::Value(Value::Bool(_) | Value::Int(_) | Value::Set(_))
            | Class::Odd(_)
            | Class::Set
            | Class::No
            | Class::Yes => false,
        };
        fine == set.contains(at as u32)
    })
}

fn told_kind(what: &What) -> String {
    match what {
        What::Container(kind) => kind.clone(),
        other => told(other), // never asked
    }
}

/// Half-open runs of what is true.
fn runs(held: &[bool]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for at in (0..held.len()).filter(|at| held[*at]) {
        match runs.last_mut() {
            Some(last) if last.1 == at => last.1 = at + 1,
            _ => runs.push((at, at + 1)), // after a gap, or the first
        }
    }
    runs
}

fn constant(kind: Type, number: i64) -> String {
    match kind {
        Type::Duration => {
            let (mut rest, mut text) = (number.max(0), String::new());
            for (unit, length) in [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)] {
                if rest >= length {
                    text.push_str(&format!("{}{unit}", rest / length));
                    rest %= length;
                }
            }
            if text.is_empty() { "0s".to_owned() } else { text }
        }
        Type::Instant => {
            let text = jiff::Timestamp::from_second(number).map_or(number.to_string(), |t| t.to_string());
            text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned)
        }
        _ => number.to_string(), // a number
    }
}

fn attributes(subject: &Subject) -> &[crate::sema::model::AttributeId] {
    match subject {
        Subject::Attribute(id) => std::slice::from_ref(id),
        Subject::Container { attributes, .. } => attributes,
        Subject::Stage(_) => &[],
    }
}

fn owner(model: &Model, owner: Owner) -> String {
    match owner {
        Owner::Kind(kind) => model.kinds[kind.index()].name.clone(),
        other => format!("{other:?}"),
    }
}

/// What is approved in these classes.
fn approvals(part: &Part, set: &ClassSet) -> String {
    let one = |class: u32| match &part.classes[class as usize] {
        Class::Missing => "nothing is said of approvals".to_owned(),
        Class::Value(Value::Set(names)) => {
            format!("only {} approved", names.iter().cloned().collect::<Vec<_>>().join(", "))
        }
        _ => "all that is optional is approved".to_owned(),
    };
    set.iter().map(one).collect::<Vec<_>>().join(" or ")
}

/// What a variable stands for.
fn told(what: &What) -> String {
    let of = |place: &Place, name: &str| match place {
        Place::Request => name.to_owned(),
        Place::User => format!("user.{name}"),
        Place::Container(kind) => format!("{kind}.{name}"),
    };
    match what {
        What::User => "has(user)".to_owned(),
        What::Container(kind) => kind.clone(),
        What::Value(place, name) => of(place, name),
        What::Element(place, name, element) => format!("{element:?} in {}", of(place, name)),
        What::ElementLike(place, name, other, like) => format!("{} in {}", of(other, like), of(place, name)),
        What::Stage(ratchet) => format!("{ratchet}.stage"),
        What::Approval => "install.approved".to_owned(),
        What::Word(Layer::AppUser) => "app-user.permitted".to_owned(),
        What::Word(_) => "user.permitted".to_owned(),
    }
}
