//! Cells in the words of a policy: where, on whose behalf, when.
//!
//! A cell knows its classes by examples only. What an example stands for is told by the tests that tell its class from
//! others: bounds, patterns, networks and windows, as the two policies write them. Only what no test tells is told by
//! the examples themselves, and then as `such as`.

mod cover;
mod literals;
mod named;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use crate::region::Universe;
use crate::region::alike::Pivot;
use crate::region::sets::ClassSet;
use crate::region::terms::Variable;
use crate::region::variables::{Class, Part, Place, What};
use crate::request::Value;
use crate::sema::model::{Condition, Constant, Layer, Model, Predicate, Principal};

/// What two models say of attributes, by name.
#[derive(Debug)]
pub(super) struct Words<'m> {
    models: [&'m Model; 2],
    /// Every text that some condition, container, group or assignment names.
    texts: BTreeSet<&'m str>,
}

/// Variables that have the same value, or another one, whatever it is.
#[derive(Debug)]
pub(super) struct Relation {
    pivot: Pivot,
    /// But for these values.
    but: Vec<String>,
}

impl Relation {
    /// The comparison that a cube is of: `like` says whether it is so of all values like that of the example, `others`
    /// of all others.
    pub(super) fn new(pivot: Pivot, like: bool, others: bool) -> Option<Relation> {
        match (like, others && pivot.even, pivot.others.clone()) {
            (true, true, _) => Some(Relation { pivot, but: Vec::new() }),
            (true, false, Some(but)) => Some(Relation { pivot, but }),
            (true, false, None) | (false, ..) => None,
        }
    }
}

impl<'m> Words<'m> {
    pub(super) fn new(models: [&'m Model; 2]) -> Words<'m> {
        let mut words = Words { models, texts: BTreeSet::new() };
        for model in models {
            let authority = [&model.authority.app_user_except, &model.authority.context_user_required];
            let growths = model.widenings.iter().flat_map(|w| &w.growths).map(|g| &g.condition);
            let clauses = model.clauses.iter().map(|c| &c.condition);
            clauses.chain(authority).chain(growths).for_each(|c| words.condition(c));
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

    fn condition(&mut self, condition: &'m Condition) {
        match condition {
            Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.condition(part))
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Test(atom) => {
                if let Predicate::Is(values) = &atom.predicate {
                    self.texts.extend(values.iter().filter_map(|value| match value {
                        Constant::String(text) | Constant::Domain(text) | Constant::Origin(text) => {
                            Some(text.as_str())
                        }
                        Constant::Bool(_)
                        | Constant::Int(_)
                        | Constant::Index(_)
                        | Constant::Strings(_)
                        | Constant::Ip(_) => None,
                    }));
                }
            }
        }
    }

    /// The cells that have one of these classes at each of these variables.
    pub(super) fn cube(
        &self,
        universe: &Universe<'_>,
        sets: &[ClassSet],
        relation: Option<&Relation>,
    ) -> String {
        let parts = universe.parts();
        let restricted: Vec<(Variable, &Part, &ClassSet)> = (0..)
            .map(Variable)
            .zip(parts.iter().zip(sets))
            .map(|(variable, (part, set))| (variable, part, set))
            .filter(|(_, part, set)| (set.len() as usize) < part.classes.len())
            .collect();
        let mut places: BTreeMap<&str, Where> = BTreeMap::new();
        let (mut user, mut of_user, mut others) = (None, Vec::new(), Vec::new());
        let value = |variable: Variable, part: &Part, set: &ClassSet, name: &str| {
            let told = values::Told { words: self, universe, variable, part, set, name };
            match relation.and_then(|relation| self.compared((parts, sets), &told, relation)) {
                Some(said) => said,
                None => Some(told.said()),
            }
        };
        for (variable, part, set) in restricted {
            let not = if set.contains(1) { "" } else { "not " };
            match &part.what {
                What::User => user = Some(set.contains(1)),
                What::Container(kind) => {
                    let of = places.entry(kind).or_default();
                    of.which = Some(self.container(part, set, kind));
                    of.none = set.contains(0);
                }
                What::Value(Place::User, name) if name == "id" => {
                    of_user.extend(
                        self.compared_user(variable, relation).unwrap_or_else(|| {
                            Some(self.people(part, set, universe, universe.exact(variable)))
                        }),
                    );
                }
                What::Value(Place::Request, name) if name == "install.status" && is_enabled(part, set) => {}
                What::Value(Place::Container(kind), name) => {
                    let said = value(variable, part, set, name);
                    places.entry(kind).or_default().conditions.extend(said);
                }
                What::Element(Place::Container(kind), name, element) => {
                    let of = places.entry(kind).or_default();
                    of.conditions.push(format!("{element:?} {not}in {name}"));
                }
                What::Value(Place::User, name) => {
                    others.extend(value(variable, part, set, &format!("user.{name}")));
                }
                What::Value(Place::Request, name) => others.extend(value(variable, part, set, name)),
                What::Element(place, name, element) => {
                    let of = told(&What::Value(place.clone(), name.clone()));
                    others.push(format!("{element:?} {not}in {of}"));
                }
                What::ElementLike(..) => others.push(format!("{not}{}", told(&part.what))),
                What::Stage(_) => others.extend(value(variable, part, set, &told(&part.what))),
                What::Approval => others.push(approvals(part, set)),
                What::Word(layer) => {
                    let says = if set.contains(1) { "says" } else { "does not say" };
                    let user = if *layer == Layer::AppUser { "app user" } else { "context user" };
                    others.push(format!("the caller {says} that the {user} may"));
                }
            }
        }
        let mut said: Vec<String> = places.into_iter().map(|(kind, of)| of.said(kind)).collect();
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
        let said = if said.is_empty() { "everywhere".to_owned() } else { said.join(", ") };
        if repeats(&said) { format!("{said} (the same example is the same value)") } else { said }
    }

    /// What a comparison says of an attribute, if it is of this one.
    fn compared(
        &self,
        (parts, sets): (&[Part], &[ClassSet]),
        of: &values::Told<'_, '_, '_>,
        Relation { pivot, but }: &Relation,
    ) -> Option<Option<String>> {
        let name = of.name;
        if pivot.anchor == of.variable {
            let mut others = pivot.equal.iter().chain(&pivot.unequal);
            return Some(match but.as_slice() {
                // What is the same as another value, or another one, says that there is one.
                [] => (!others.any(|other| is_given(parts, sets, *other))).then(|| format!("has({name})")),
                [one] => Some(format!("{name} != {one:?}")),
                some => Some(format!("{name} not in {some:?}")), // two or more
            });
        }
        let sign = if pivot.equal.contains(&of.variable) {
            "=="
        } else if pivot.unequal.contains(&of.variable) {
            "!="
        } else {
            return None;
        };
        let other = match &parts[pivot.anchor.index()].what {
            What::Value(Place::User, id) if id == "id" => "user".to_owned(),
            what => told(what), // an attribute
        };
        Some(Some(of.joined(vec![format!("{name} {sign} {other}")])))
    }

    /// The same of the user.
    fn compared_user(&self, variable: Variable, relation: Option<&Relation>) -> Option<Option<String>> {
        let Relation { pivot, but } = relation?;
        if pivot.anchor == variable {
            let but: Vec<String> = but.iter().map(|id| format!("{id:?}")).collect();
            return Some((!but.is_empty()).then(|| format!("anybody but {}", but.join(", "))));
        }
        None
    }

    fn is_enumerated(&self, text: &str) -> bool {
        let enumerations = self.models.iter().flat_map(|model| &model.enumerations);
        enumerations.flat_map(|e| &e.values).any(|value| value == text)
    }
}

/// Whether a cube holds only where the variable has a value: neither nothing nor something unreadable, of a container that
/// there is.
fn is_given(parts: &[Part], sets: &[ClassSet], variable: Variable) -> bool {
    let (part, set) = (&parts[variable.index()], &sets[variable.index()]);
    let container = match &part.what {
        What::Value(Place::Container(kind), _) => {
            parts.iter().position(|part| part.what == What::Container(kind.clone()))
        }
        _ => None, // it is of no container
    };
    container.is_none_or(|at| !sets[at].contains(0))
        && set.iter().all(|class| !matches!(part.classes[class as usize], Class::Missing | Class::Odd(_)))
}

/// What is demanded of the container of one kind.
#[derive(Debug)]
struct Where {
    /// Which it is, where there is one: empty where there is none; `None` for any.
    which: Option<String>,
    /// Whether there may be none.
    none: bool,
    conditions: Vec<String>,
}

impl Default for Where {
    /// Nothing is demanded.
    fn default() -> Where {
        Where { which: None, none: true, conditions: Vec::new() }
    }
}

impl Where {
    fn said(&self, kind: &str) -> String {
        let which = match self.which.as_deref() {
            Some("") => return format!("in no {kind}"),
            Some(which) => which,
            None => kind,
        };
        let none = if self.none { format!("in no {kind} or ") } else { String::new() };
        match self.conditions.as_slice() {
            [] => format!("{none}in {which}"),
            all => format!("{none}in {which} where {}", all.join(" and ")), // one or more
        }
    }
}

/// Whether an example is told of more than one attribute.
fn repeats(said: &str) -> bool {
    let mut examples: Vec<&str> = said
        .split("such as ")
        .skip(1)
        .map(|rest| {
            let end = rest.find([',', ']', ')', ' ']).unwrap_or(rest.len());
            &rest[..end]
        })
        .collect();
    let many = examples.len();
    examples.sort_unstable();
    examples.dedup();
    examples.len() < many
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
