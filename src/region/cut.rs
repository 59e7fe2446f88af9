//! Cutting a variable's values into the classes that formulas can tell apart, each with an example.
//!
//! A class is made from an example: candidates are tried that meet every combination of tests there is, and of those
//! that all tests answer alike one is kept. Of variables that are compared with each other so many are kept as there
//! are such variables, so that every pattern of equal and different values exists among the examples.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet};

use super::asked::{Ask, Asked, Test, exact, texts};
use super::index::Members;
use super::instants;
use super::side::Known;
use super::texts::Form;
use super::values::{satisfies, typed};
use super::variables::{Class, Part, Place, What};
use crate::request::Value;
use crate::sema::model::{
    Constant, ContainerId, Network, Ordering, Pattern, Predicate, Type, Window, WindowId,
};

/// The parts of a universe.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) parts: Vec<Part>,
    /// What could not be told apart in full: classes may be missing of these.
    pub(super) too_fine: Vec<What>,
}

/// Cuts everything that is asked.
pub(super) fn cut(asked: &mut Asked<'_, '_>) -> Cut {
    let mut too_fine = Vec::new();
    asked.close();
    let mut examples = loop {
        let mut examples: BTreeMap<Group, Vec<Value>> = BTreeMap::new();
        let mut stale = Vec::new();
        for group in groups(asked) {
            let members = members(asked, group);
            let cutter = Cutter::new(asked, &members);
            match cutter.examples() {
                Some((values, left)) => {
                    examples.insert(group, values);
                    stale.extend(left.into_iter().map(|text| (members[0], text)));
                }
                None => {
                    examples.insert(group, cutter.rough());
                    too_fine.extend(members.iter().map(|number| asked.all[*number].what.clone()));
                }
            }
        }
        // A class of ids all of which are declared: each stands for itself, with what is declared of it.
        stale.retain(|(number, text)| !texts(&asked.all[*number].exact).any(|known| known == text));
        if stale.is_empty() {
            break examples;
        }
        stale.into_iter().for_each(|(number, text)| exact(&mut asked.all[number], Value::Text(text)));
        asked.close();
        too_fine.clear();
    };
    for ask in &mut asked.all {
        // What stands for itself among values that are compared with a set's elements is an element to ask for.
        if ask.pool.is_some() && ask.types.iter().any(|(_, kind)| *kind == Type::Strings) {
            let elements: Vec<String> = texts(&ask.exact).map(str::to_owned).collect();
            ask.elements.extend(elements);
        }
    }
    let mut parts = Vec::new();
    for number in 0..asked.all.len() {
        let group = group(asked, number);
        let values = examples.entry(group).or_default();
        parts.push(part(asked, number, values));
    }
    let mut numbers: HashMap<What, ()> = asked.all.iter().map(|ask| (ask.what.clone(), ())).collect();
    let mut elements = Vec::new();
    for ask in &asked.all {
        let What::Value(place, name) = &ask.what else {
            continue;
        };
        let element = |text: &String| What::Element(place.clone(), name.clone(), text.clone());
        elements.extend(ask.elements.iter().map(element));
        let like = ask.like.iter().filter_map(|number| {
            let (of, attribute) = said(&asked.all[*number].what)?;
            Some(What::ElementLike(place.clone(), name.clone(), of, attribute))
        });
        elements.extend(like);
    }
    for what in elements {
        if numbers.insert(what.clone(), ()).is_none() {
            parts.push(Part { what, classes: vec![Class::No, Class::Yes] });
        }
    }
    Cut { parts, too_fine }
}

/// The place and name under which a variable's value is compared.
pub(super) fn said(what: &What) -> Option<(Place, String)> {
    match what {
        What::Value(place, name) => Some((place.clone(), name.clone())),
        What::Container(kind) => Some((Place::Container(kind.clone()), "id".to_owned())),
        What::User
        | What::Element(..)
        | What::ElementLike(..)
        | What::Stage(_)
        | What::Approval
        | What::Word(_) => None,
    }
}

/// Variables that are cut together: a pool, or one alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Pool(usize),
    Alone(usize),
}

fn group(asked: &Asked<'_, '_>, number: usize) -> Group {
    asked.all[number].pool.map_or(Group::Alone(number), Group::Pool)
}

fn groups(asked: &Asked<'_, '_>) -> BTreeSet<Group> {
    (0..asked.all.len()).map(|number| group(asked, number)).collect()
}

fn members(asked: &Asked<'_, '_>, wanted: Group) -> Vec<usize> {
    (0..asked.all.len()).filter(|number| group(asked, *number) == wanted).collect()
}

fn part(asked: &Asked<'_, '_>, number: usize, values: &[Value]) -> Part {
    let ask = &asked.all[number];
    let what = ask.what.clone();
    let classes = match &what {
        What::User => vec![Class::Missing, Class::Some],
        What::Stage(ratchet) => stages(asked, ask, ratchet),
        What::Approval => {
            let mut classes = vec![Class::Missing];
            let is_optional = |known: &Known<'_>| !known.model.apps[known.app.index()].optional.is_empty();
            if asked.sides.iter().flatten().any(is_optional) {
                classes.push(Class::Yes);
            }
            classes.extend(asked.approvals.iter().map(|names| Class::Value(Value::Set(names.clone()))));
            classes
        }
        What::Container(_) => {
            let mut classes = vec![Class::Missing];
            let told = ask.pool.is_some() || !ask.tests.is_empty();
            let declared = values.len() > 1;
            classes.extend((told || declared).then_some(Class::Some));
            classes.extend(values.iter().cloned().map(Class::Value));
            classes
        }
        What::Value(Place::User, name) if name == "id" => values.iter().cloned().map(Class::Value).collect(),
        What::Value(..) => {
            let alone = [number];
            let tester = Cutter::new(asked, &alone);
            let mut seen = HashSet::from_iter([tester.signature(None)]);
            let mut classes = vec![Class::Missing];
            if ask.types.iter().any(|(_, kind)| *kind == Type::Strings) {
                seen.insert(tester.signature(Some(&Value::Set(BTreeSet::new()))));
                classes.push(Class::Set);
            }
            for value in values {
                if ask.pool.is_some() || seen.insert(tester.signature(Some(value))) {
                    classes.push(Class::Value(value.clone()));
                }
            }
            classes
                .extend(tester.odd().filter(|odd| seen.insert(tester.signature(Some(odd)))).map(Class::Odd));
            classes
        }
        What::Element(..) | What::ElementLike(..) | What::Word(_) => vec![Class::No, Class::Yes],
    };
    Part { what, classes }
}

fn stages(asked: &Asked<'_, '_>, ask: &Ask, ratchet: &str) -> Vec<Class> {
    let mut names: Vec<&str> = Vec::new();
    for known in asked.sides.iter().flatten() {
        for found in known.model.ratchets.iter().filter(|found| found.name == ratchet) {
            for stage in &found.stages {
                if !names.contains(&stage.name.as_str()) {
                    names.push(&stage.name);
                }
            }
        }
    }
    let mut classes = vec![Class::Missing];
    classes.extend(names.iter().map(|name| Class::Value(Value::Text((*name).to_owned()))));
    if !ask.tests.is_empty() {
        let odd = (0..).map(|n| format!("stage-{n}")).find(|name| !names.contains(&name.as_str()));
        classes.extend(odd.map(|name| Class::Odd(Value::Text(name))));
    }
    classes
}

/// What the tests say of a value.
pub(super) type Signature = Vec<u32>;

pub(super) struct Cutter<'a, 's, 'm> {
    asked: &'a Asked<'s, 'm>,
    numbers: &'a [usize],
    tests: Vec<&'a Test>,
    /// The positions in `tests` of those that ask whether a string is one of some: these are looked up, as there are
    /// as many of them as there are people with a role.
    named: HashMap<(usize, &'a str), Vec<u32>>,
    /// The others.
    others: Vec<&'a Test>,
    types: Vec<(usize, Type)>,
    exact: Vec<Value>,
    /// How many examples of one class.
    wanted: usize,
    pooled: bool,
    /// Kinds whose containers' ids these are.
    kinds: Vec<&'a str>,
    /// Whether these are ids of users.
    users: bool,
    /// If so, for each side who is in which of the groups that matter.
    members: Vec<Arc<Members<'m>>>,
}

impl<'a, 's, 'm> Cutter<'a, 's, 'm> {
    pub(super) fn new(asked: &'a Asked<'s, 'm>, members: &'a [usize]) -> Cutter<'a, 's, 'm> {
        let mut tests: Vec<&Test> = Vec::new();
        let mut types: Vec<(usize, Type)> = Vec::new();
        let mut exact: Vec<Value> = Vec::new();
        let (mut kinds, mut users, mut scalars, mut pooled) = (Vec::new(), false, 0, false);
        for number in members {
            let ask = &asked.all[*number];
            tests.extend(&ask.tests);
            types.extend(&ask.types);
            // Of a pool, all have the same.
            if exact.is_empty() {
                exact.clone_from(&ask.exact);
            }
            scalars += usize::from(ask.types.iter().any(|(_, kind)| *kind != Type::Strings));
            pooled |= ask.pool.is_some();
            match &ask.what {
                What::Container(kind) => {
                    kinds.push(kind.as_str());
                    if ask.types.is_empty() {
                        types.extend(
                            asked.sides.iter().position(Option::is_some).map(|side| (side, Type::String)),
                        );
                    }
                }
                What::Value(Place::User, name) if name == "id" => users = true,
                What::Value(..)
                | What::User
                | What::Stage(_)
                | What::Element(..)
                | What::ElementLike(..)
                | What::Approval
                | What::Word(_) => {}
            }
        }
        let mut seen = Vec::new();
        types.retain(|of| {
            !seen.contains(of) && {
                seen.push(*of);
                true
            }
        });
        let mut named: HashMap<(usize, &str), Vec<u32>> = HashMap::new();
        let mut others = Vec::new();
        for (position, test) in (0..).zip(&tests) {
            match test {
                Test::Predicate(side, Type::String, Predicate::Is(constants)) => {
                    for constant in constants {
                        if let Constant::String(text) = constant {
                            named.entry((*side, text)).or_default().push(position);
                        }
                    }
                }
                Test::Predicate(..) | Test::Told(..) | Test::Enabled => others.push(*test),
            }
        }
        let wanted = if pooled { scalars.max(1) } else { 1 };
        let in_groups = asked.groups.iter().zip(asked.sides).filter(|_| users);
        let in_groups =
            in_groups.filter_map(|(groups, known)| Some(known.as_ref()?.index.members(groups))).collect();
        Cutter {
            asked,
            numbers: members,
            tests,
            named,
            others,
            types,
            exact,
            wanted,
            pooled,
            kinds,
            users,
            members: in_groups,
        }
    }

    /// What all tests say of a value, or of none.
    pub(super) fn signature(&self, value: Option<&Value>) -> Signature {
        let read = |side: usize, kind: Type| {
            let known = self.asked.sides[side].as_ref()?;
            typed(known.model, kind, value?)
        };
        let mut signature: Signature = self
            .others
            .iter()
            .map(|test| match test {
                Test::Predicate(side, kind, predicate) => {
                    let model = self.asked.sides[*side].as_ref().map(|known| known.model);
                    match read(*side, *kind).zip(model).and_then(|(v, model)| satisfies(model, &v, predicate))
                    {
                        Some(truth) => u32::from(truth),
                        None => 2,
                    }
                }
                Test::Told(side, kind) => match (value, read(*side, *kind)) {
                    (None, _) => 0,
                    (Some(_), None) => 1,
                    (Some(_), Some(_)) => 2,
                },
                Test::Enabled => match value {
                    None => 0,
                    Some(value) => 1 + u32::from(*value == Value::Text("enabled".to_owned())),
                },
            })
            .collect();
        if let Some(Value::Text(text)) = value {
            if !self.named.is_empty() {
                for side in 0..self.asked.sides.len() {
                    signature.extend(self.named.get(&(side, text.as_str())).into_iter().flatten());
                    signature.push(u32::MAX);
                }
            }
            for kind in &self.kinds {
                for side in 0..self.asked.sides.len() {
                    let declared = self.asked.container_named(side, kind, text);
                    signature.push(declared.map_or(u32::MAX, |(_, ContainerId(number))| number));
                }
            }
            if self.users {
                for members in &self.members {
                    signature.push(members.of.get(text.as_str()).copied().unwrap_or(u32::MAX));
                }
            }
        }
        signature
    }

    /// Examples of all classes; and ids that must stand for themselves, since their class has no others. `None` if
    /// patterns are too many to be told apart.
    pub(super) fn examples(&self) -> Option<(Vec<Value>, Vec<String>)> {
        let mut values = Vec::new();
        let mut stale = Vec::new();
        // What is asked, some side asks.
        let index = &self.asked.sides.iter().flatten().next()?.index;
        for form in [Form::String, Form::Domain, Form::Origin] {
            if self.types.iter().any(|(_, kind)| form_of(*kind) == Some(form)) {
                let patterns = index.patterns(form, self.patterns(form), self.wanted)?;
                for class in patterns.examples(&|text| self.is_fresh(text))? {
                    values.extend(class.fresh.into_iter().map(Value::Text));
                    stale.extend(class.stale);
                }
            }
        }
        // Only containers' ids are in want of it: what else is not fresh is exact, or a user's.
        stale.retain(|text| !self.kinds.is_empty() && !texts(&self.exact).any(|known| known == text));
        Some((self.chosen(values), stale))
    }

    /// Some examples, where not all can be found.
    fn rough(&self) -> Vec<Value> {
        let names = (0..self.wanted).map(|n| Value::Text(format!("other{n}")));
        self.chosen(
            names.filter(|name| texts(std::slice::from_ref(name)).all(|t| self.is_fresh(t))).collect(),
        )
    }

    /// Exact values, and of all candidates those that are needed.
    fn chosen(&self, texts: Vec<Value>) -> Vec<Value> {
        let mut kept: Vec<Value> = Vec::new();
        let mut seen: HashMap<Signature, usize> = HashMap::new();
        let readable = |value: &Value| {
            self.types.iter().any(|(side, kind)| {
                self.asked.sides[*side]
                    .as_ref()
                    .is_some_and(|known| typed(known.model, *kind, value).is_some())
            })
        };
        for value in &self.exact {
            let count = seen.entry(self.signature(Some(value))).or_default();
            if readable(value) && (self.pooled || *count == 0) {
                *count += usize::from(!self.pooled);
                kept.push(value.clone());
            }
        }
        let mut known: HashSet<String> = super::asked::texts(&self.exact).map(str::to_owned).collect();
        let others = texts.into_iter().chain(self.users()).chain(self.plain());
        for value in others {
            let is_known = match &value {
                Value::Text(text) => known.contains(text),
                Value::Bool(_) | Value::Int(_) | Value::Set(_) => {
                    self.exact.contains(&value) || kept.contains(&value)
                }
            };
            if is_known || !readable(&value) {
                continue;
            }
            let count = seen.entry(self.signature(Some(&value))).or_default();
            if *count < self.wanted {
                *count += 1;
                if let Value::Text(text) = &value {
                    known.insert(text.clone());
                }
                kept.push(value);
            }
        }
        kept
    }

    /// Whether a text may stand for others: nothing else is known of it.
    fn is_fresh(&self, text: &str) -> bool {
        let exact = texts(&self.exact).any(|known| known == text);
        let declared = |kind: &&str| {
            (0..self.asked.sides.len()).any(|side| self.asked.container_named(side, kind, text).is_some())
        };
        let member = || self.members.iter().any(|members| members.of.contains_key(text));
        !(exact || self.kinds.iter().any(declared) || self.users && member())
    }

    fn patterns(&self, form: Form) -> Vec<Pattern> {
        let mut patterns = BTreeSet::new();
        for test in &self.tests {
            if let Test::Predicate(_, kind, Predicate::Like(like)) = test
                && form_of(*kind) == Some(form)
            {
                patterns.extend(like.iter().cloned());
            }
        }
        patterns.into_iter().collect()
    }

    /// Members of the groups that matter, some for each way to be in some of them.
    fn users(&self) -> Vec<Value> {
        if !self.users {
            return Vec::new();
        }
        let exact: HashSet<&str> = texts(&self.exact).collect();
        let known = |text: &&&str| !exact.contains(**text);
        // With one side and no other test, members of the same groups are alike.
        let others = |test: &&Test| !matches!(test, Test::Predicate(_, _, Predicate::Is(_)));
        let alike = self.asked.sides.len() == 1 && !self.tests.iter().any(others);
        let mut users = Vec::new();
        for members in &self.members {
            for (_, members) in &members.ways {
                let most = if alike { self.wanted } else { usize::MAX };
                users.extend(members.iter().filter(known).take(most).map(|id| Value::Text((*id).to_owned())));
            }
        }
        users
    }

    /// Candidates of all types that are no texts.
    fn plain(&self) -> Vec<Value> {
        let mut values = Vec::new();
        for (side, kind) in &self.types {
            let Some(known) = &self.asked.sides[*side] else {
                continue;
            };
            match kind {
                Type::Bool => values.extend([Value::Bool(false), Value::Bool(true)]),
                Type::Enum(id) => {
                    let names = &known.model.enumerations[id.index()].values;
                    values.extend(names.iter().cloned().map(Value::Text));
                }
                Type::Int | Type::Duration | Type::Instant => values.extend(self.numbers(*kind)),
                Type::Ip => values.extend(self.addresses()),
                Type::String | Type::Domain | Type::Origin | Type::Strings => {}
            }
        }
        values
    }

    pub(super) fn numbers(&self, kind: Type) -> Vec<Value> {
        let mut bounds = BTreeSet::new();
        let mut windows: Vec<(usize, WindowId)> = Vec::new();
        for test in &self.tests {
            match test {
                Test::Predicate(
                    _,
                    _,
                    Predicate::Order(Ordering::Less | Ordering::GreaterOrEqual, Constant::Int(n)),
                ) => {
                    bounds.insert(*n);
                }
                Test::Predicate(_, _, Predicate::Order(_, Constant::Int(n))) => {
                    bounds.extend(n.checked_add(1))
                }
                Test::Predicate(side, _, Predicate::During(window)) => windows.push((*side, *window)),
                Test::Predicate(..) | Test::Told(..) | Test::Enabled => {}
            }
        }
        for value in &self.exact {
            if let Value::Int(n) = value {
                bounds.insert(*n);
                bounds.extend(n.checked_add(1));
            }
        }
        let extra = self.wanted + self.exact.len();
        let starts = match (kind, windows.is_empty()) {
            (Type::Instant, false) => self.instants(windows, &bounds, extra),
            (Type::Instant, true) if bounds.is_empty() => BTreeSet::from([SOME_INSTANT]),
            _ => {
                let before = bounds.first().map_or(Some(0), |first| first.checked_sub(1));
                if kind == Type::Duration {
                    bounds.insert(0);
                }
                bounds.into_iter().chain(before).collect()
            }
        };
        let mut numbers = Vec::new();
        for start in starts {
            let some = 0..extra as i64;
            numbers.extend(some.clone().filter_map(|n| start.checked_add(n)));
            // What lies before the first bound goes on below.
            numbers.extend(some.filter_map(|n| start.checked_sub(n)));
        }
        numbers.into_iter().map(Value::Int).collect()
    }

    /// Example instants for windows of each side.
    fn instants(
        &self,
        mut windows: Vec<(usize, WindowId)>,
        bounds: &BTreeSet<i64>,
        wanted: usize,
    ) -> BTreeSet<i64> {
        windows.sort_unstable();
        windows.dedup();
        let mut indices = self.asked.sides.iter().enumerate();
        let mut indices = indices.by_ref().filter_map(|(side, known)| Some((side, &known.as_ref()?.index)));
        match (indices.next(), indices.next()) {
            (Some((_, index)), None) => {
                let windows: Vec<WindowId> = windows.into_iter().map(|(_, window)| window).collect();
                BTreeSet::clone(&index.instants(&windows, bounds, wanted))
            }
            _ => {
                let model = |side: usize| self.asked.sides[side].as_ref().map(|known| known.model);
                let windows: Vec<&Window> = windows
                    .iter()
                    .filter_map(|(side, window)| Some(&model(*side)?.windows[window.index()]))
                    .collect();
                instants::examples(&windows, bounds, wanted)
            }
        }
    }

    fn addresses(&self) -> Vec<Value> {
        let mut starts = BTreeSet::new();
        let mut range = |first: IpAddr, last: IpAddr| {
            starts.insert(number(first));
            starts.extend(number(last).checked_add(1));
        };
        for test in &self.tests {
            if let Test::Predicate(_, _, Predicate::InNetworks(networks)) = test {
                networks.iter().for_each(|Network(n)| range(n.network(), n.broadcast()));
            }
        }
        for exact in texts(&self.exact) {
            if let Ok(address) = exact.parse::<IpAddr>() {
                range(address.to_canonical(), address.to_canonical());
            }
        }
        // IPv4 lives inside IPv6's numbers, but no IPv6 network contains it.
        starts.extend([SOME_ADDRESS, MAPPED, MAPPED + (1 << 32), 0]);
        let extra = (self.wanted + self.exact.len()) as u128;
        let mut addresses = Vec::new();
        for start in starts {
            addresses.extend((0..extra).filter_map(|n| start.checked_add(n)));
        }
        addresses
            .into_iter()
            .map(|n| Value::Text(Ipv6Addr::from_bits(n).to_canonical().to_string()))
            .collect()
    }

    /// Values that no side can read.
    fn odd(&self) -> impl Iterator<Item = Value> + '_ {
        let odd =
            [Value::Text("?".to_owned()), Value::Bool(true), Value::Int(-1), Value::Set(BTreeSet::new())];
        debug_assert_eq!(self.numbers.len(), 1);
        odd.into_iter().filter(|value| {
            !self.types.iter().any(|(side, kind)| {
                let known = self.asked.sides[*side].as_ref();
                known.is_some_and(|known| typed(known.model, *kind, value).is_some())
            })
        })
    }
}

/// 2026-01-01T00:00:00Z
const SOME_INSTANT: i64 = 1_767_225_600;
/// `203.0.113.1`, of a network for documentation (RFC 5737).
const SOME_ADDRESS: u128 = 0xffff_cb00_7101;
/// `::ffff:0:0`
const MAPPED: u128 = 0xffff_0000_0000;

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn form_of(kind: Type) -> Option<Form> {
    match kind {
        Type::String => Some(Form::String),
        Type::Domain => Some(Form::Domain),
        Type::Origin => Some(Form::Origin),
        Type::Bool
        | Type::Int
        | Type::Enum(_)
        | Type::Strings
        | Type::Ip
        | Type::Instant
        | Type::Duration => None,
    }
}
