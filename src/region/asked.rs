//! What formulas ask of a request: from conditions to the variables they read and the tests that cut them.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt};

use super::approvals::Approved;
use super::side::{Known, path};
use super::values::given;
use super::variables::{Place, What};
use crate::request::Value;
use crate::sema::model::{
    Atom, Attribute, Condition, Constant, ContainerId, KindId, Owner, Predicate, Principal, RatchetId,
    Subject, Type,
};

/// One thing that is asked of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// Whether it satisfies the predicate on this side, read as this type.
    Predicate(usize, Type, Predicate),
    /// Whether it is missing, cannot be read, or is a value.
    Told(usize, Type),
    /// Whether, given as `install.status`, it lets the app work.
    Enabled,
}

/// What is asked of one variable.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) what: What,
    pub(super) tests: Vec<Test>,
    /// What it is read as on which side.
    pub(super) types: Vec<(usize, Type)>,
    /// Values that must stand for themselves.
    pub(super) exact: Vec<Value>,
    /// Elements asked for, if it is a set.
    pub(super) elements: BTreeSet<String>,
    /// Variables whose values are asked for as elements, if it is a set.
    pub(super) like: Vec<usize>,
    /// The pool's number, where it is compared with other variables.
    pub(super) pool: Option<usize>,
}

/// What is asked of all variables.
#[derive(Debug)]
pub(super) struct Asked<'s, 'm> {
    pub(super) sides: &'s [Option<Known<'m>>],
    pub(super) all: Vec<Ask>,
    names: HashMap<What, usize>,
    /// For each side the declared groups whose members matter.
    pub(super) groups: Vec<BTreeSet<&'m str>>,
    pools: usize,
    /// Attributes of containers that are compared, with side and kind: their declared values matter.
    compared: BTreeSet<(usize, KindId, u32)>,
    /// Variables of containers by kind name, those that were read.
    kinds: BTreeMap<String, usize>,
    /// Sets of scopes that may be all that is approved.
    pub(super) approvals: BTreeSet<Approved>,
}

impl<'s, 'm> Asked<'s, 'm> {
    pub(super) fn new(sides: &'s [Option<Known<'m>>]) -> Asked<'s, 'm> {
        Asked {
            sides,
            all: Vec::new(),
            names: HashMap::new(),
            groups: vec![BTreeSet::new(); sides.len()],
            pools: 0,
            compared: BTreeSet::new(),
            kinds: BTreeMap::new(),
            approvals: BTreeSet::new(),
        }
    }

    /// The number of the variable, which is asked for.
    pub(super) fn variable(&mut self, what: What) -> usize {
        if let Some(number) = self.names.get(&what) {
            return *number;
        }
        let number = self.all.len();
        if let What::Container(kind) = &what {
            self.kinds.insert(kind.clone(), number);
        }
        self.names.insert(what.clone(), number);
        self.all.push(Ask {
            what,
            tests: Vec::new(),
            types: Vec::new(),
            exact: Vec::new(),
            elements: BTreeSet::new(),
            like: Vec::new(),
            pool: None,
        });
        number
    }

    /// The number of the variable, if it is asked for.
    pub(super) fn find(&self, what: &What) -> Option<usize> {
        self.names.get(what).copied()
    }

    /// Everything that a condition reads.
    pub(super) fn condition(&mut self, side: usize, condition: &Condition) {
        let Some(known) = &self.sides[side] else {
            return;
        };
        if known.settled(condition).is_some() {
            return;
        }
        match condition {
            Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.condition(side, part));
            }
            Condition::Not(inner) => self.condition(side, inner),
            Condition::Test(atom) => self.test(side, known, atom),
        }
    }

    /// Everything that a principal reads.
    pub(super) fn principal(&mut self, side: usize, principal: &Principal) {
        match principal {
            Principal::Any => {}
            Principal::User(id) => {
                let is = Predicate::Is(vec![Constant::String(id.clone())]);
                self.scalar(What::Value(Place::User, "id".into()), side, Type::String, Some(is));
                self.variable(What::User);
            }
            Principal::Group(group) => {
                self.element(side, What::Value(Place::User, "groups".into()), group);
                self.variable(What::User);
            }
        }
    }

    /// The stage that a ratchet has reached.
    pub(super) fn stage(&mut self, side: usize, ratchet: RatchetId) -> usize {
        let name = self.sides[side].as_ref().map_or("", |known| &known.model.ratchets[ratchet.index()].name);
        self.variable(What::Stage(name.to_owned()))
    }

    /// One thing that is asked of a value that is neither a set nor an attribute of a container.
    pub(super) fn scalar(&mut self, what: What, side: usize, kind: Type, predicate: Option<Predicate>) {
        let number = self.variable(what);
        let test = predicate.map(|predicate| Test::Predicate(side, kind, predicate));
        self.ask(number, side, kind, test);
    }

    pub(super) fn ask(&mut self, number: usize, side: usize, kind: Type, test: Option<Test>) {
        let Some(known) = &self.sides[side] else {
            return;
        };
        let ask = &mut self.all[number];
        if !ask.types.contains(&(side, kind)) {
            ask.types.push((side, kind));
        }
        let Some(test) = test else {
            return;
        };
        if let Test::Predicate(_, _, Predicate::Is(constants)) = &test {
            for constant in constants {
                exact(ask, given(known.model, kind, constant));
            }
        }
        if !ask.tests.contains(&test) {
            ask.tests.push(test);
        }
    }

    fn test(&mut self, side: usize, known: &Known<'m>, Atom { subject, predicate, .. }: &Atom) {
        match predicate {
            Predicate::Same(other) => {
                let mut both = self.read(side, known, subject, None);
                both.extend(self.read(side, known, other, None));
                self.compare(side, known, [subject, other], &both);
            }
            Predicate::ElementOf(set) => {
                // Whether there is a set matters where the element is listed.
                let sets = self.read(side, known, set, Some(&Predicate::Present));
                let elements = self.read(side, known, subject, None);
                for set in &sets {
                    for element in &elements {
                        if !self.all[*set].like.contains(element) {
                            self.all[*set].like.push(*element);
                        }
                    }
                }
                if let Some(Some(Constant::String(element))) = known.fixed(subject) {
                    for set in &sets {
                        let what = self.all[*set].what.clone();
                        self.element(side, what, &element);
                    }
                }
                let both: Vec<usize> = sets.iter().chain(&elements).copied().collect();
                self.compare(side, known, [subject, set], &both);
                if sets.iter().any(|set| self.all[*set].what == What::Value(Place::User, "groups".into())) {
                    // Any declared group may be what is asked for.
                    for group in known.model.groups.keys() {
                        self.element(side, What::Value(Place::User, "groups".into()), group);
                        both.iter()
                            .for_each(|number| exact(&mut self.all[*number], Value::Text(group.clone())));
                    }
                }
            }
            Predicate::HasAny(elements) => {
                for set in self.read(side, known, subject, None) {
                    let what = self.all[set].what.clone();
                    elements.iter().for_each(|element| self.element(side, what.clone(), element));
                }
            }
            Predicate::Present
            | Predicate::Is(_)
            | Predicate::Order(..)
            | Predicate::Like(_)
            | Predicate::InNetworks(_)
            | Predicate::During(_) => drop(self.read(side, known, subject, Some(predicate))),
        }
    }

    /// Whether the set has the element: a declared group asks for the user's id.
    fn element(&mut self, side: usize, set: What, element: &str) {
        let groups = set == What::Value(Place::User, "groups".into());
        let declared = self.sides[side].as_ref().filter(|_| groups);
        let declared = declared.and_then(|known| known.model.groups.get_key_value(element));
        if let Some((group, _)) = declared {
            self.scalar(What::Value(Place::User, "id".into()), side, Type::String, None);
            self.groups[side].insert(group);
            return;
        }
        let number = self.variable(set);
        self.ask(number, side, Type::Strings, None);
        let ask = &mut self.all[number];
        ask.elements.insert(element.to_owned());
    }

    /// Asks this of a subject; the variables that its value can come from. Sets are asked by their elements.
    fn read(
        &mut self,
        side: usize,
        known: &Known<'m>,
        subject: &Subject,
        predicate: Option<&Predicate>,
    ) -> Vec<usize> {
        let test = |kind: Type| match predicate {
            Some(Predicate::Present) => Some(Test::Told(side, kind)),
            Some(predicate) => Some(Test::Predicate(side, kind, predicate.clone())),
            None => None,
        };
        match subject {
            Subject::Attribute(id) => {
                let Attribute { owner, name, kind, .. } = &known.model.attributes[id.index()];
                let place = match owner {
                    Owner::App | Owner::Operation | Owner::Kind(_) => return Vec::new(),
                    Owner::User => Place::User,
                    Owner::Request => Place::Request,
                };
                if place == Place::User {
                    self.variable(What::User);
                }
                let number = self.variable(What::Value(place, name.clone()));
                self.ask(number, side, *kind, test(*kind));
                vec![number]
            }
            Subject::Stage(ratchet) => {
                if known.index.ratchets(known.app).contains(ratchet) {
                    let number = self.stage(side, *ratchet);
                    // Its type is no type of attributes; all of its stages stand for themselves anyway.
                    let told = matches!(predicate, Some(Predicate::Present));
                    self.ask(number, side, Type::String, told.then_some(Test::Told(side, Type::String)));
                }
                Vec::new()
            }
            Subject::Container { attributes, inherited } => {
                let mut read = Vec::new();
                for (depth, kind) in known.path.iter().enumerate() {
                    let Some(id) = known.owned(attributes, *kind) else {
                        continue;
                    };
                    if known.lists.contains(kind) {
                        for inner in &known.path[..depth] {
                            self.container(known, *inner);
                        }
                    }
                    let container = self.container(known, *kind);
                    let attribute = &known.model.attributes[id.index()];
                    let number = match attribute.name.as_str() {
                        "id" => container,
                        name => {
                            let place = Place::Container(kind_name(known, *kind));
                            self.variable(What::Value(place, name.to_owned()))
                        }
                    };
                    self.ask(number, side, attribute.kind, test(attribute.kind));
                    if *inherited {
                        self.ask(number, side, attribute.kind, Some(Test::Told(side, attribute.kind)));
                    }
                    read.push(number);
                    if !*inherited {
                        // Outside of a listed kind nothing is read either.
                        break;
                    }
                }
                read
            }
        }
    }

    fn container(&mut self, known: &Known<'m>, kind: KindId) -> usize {
        self.variable(What::Container(kind_name(known, kind)))
    }

    /// Puts variables that are compared into one pool, with the constants that they are compared with.
    fn compare(&mut self, side: usize, known: &Known<'m>, subjects: [&Subject; 2], variables: &[usize]) {
        let number = self.pools;
        self.pools += 1;
        for variable in variables {
            if let Some(old) = self.all[*variable].pool.replace(number) {
                for ask in &mut self.all {
                    if ask.pool == Some(old) {
                        ask.pool = Some(number);
                    }
                }
            }
        }
        for subject in subjects {
            if let Subject::Container { attributes, .. } = subject {
                for kind in &known.path {
                    if let Some(id) = known.owned(attributes, *kind) {
                        self.compared.insert((side, *kind, id.0));
                    }
                }
            }
            let values = match known.fixed(subject) {
                Some(Some(Constant::Strings(set))) => set.into_iter().map(Value::Text).collect(),
                Some(Some(constant)) => {
                    let kind = known.type_of(subject).unwrap_or(Type::String);
                    vec![given(known.model, kind, &constant)]
                }
                Some(None) | None => Vec::new(),
            };
            for variable in variables {
                values.iter().for_each(|value| exact(&mut self.all[*variable], value.clone()));
            }
        }
    }

    /// Adds what follows from values that stand for themselves, until nothing more does: a container that is told
    /// from others brings its parents and the declared values that are compared; what one member of a pool tells
    /// apart, all do.
    pub(super) fn close(&mut self) {
        loop {
            let before: usize = self.all.iter().map(|ask| ask.exact.len()).sum::<usize>() + self.all.len();
            let mut pools: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
            for ask in &self.all {
                if let Some(pool) = ask.pool {
                    let values = pools.entry(pool).or_default();
                    let elements = ask.elements.iter().cloned().map(Value::Text);
                    for value in ask.exact.iter().cloned().chain(elements) {
                        if !values.contains(&value) {
                            values.push(value);
                        }
                    }
                }
            }
            for ask in &mut self.all {
                if let Some(values) = ask.pool.and_then(|pool| pools.get(&pool)) {
                    ask.exact.clone_from(values);
                }
            }
            for (kind, number) in self.kinds.clone() {
                let ids: Vec<String> = texts(&self.all[number].exact).map(str::to_owned).collect();
                for side in 0..self.sides.len() {
                    ids.iter().for_each(|id| self.declared(side, &kind, id));
                }
            }
            let after: usize = self.all.iter().map(|ask| ask.exact.len()).sum::<usize>() + self.all.len();
            if before == after {
                break;
            }
        }
    }

    fn declared(&mut self, side: usize, kind: &str, id: &str) {
        let Some((known, container)) = self.container_named(side, kind, id) else {
            return;
        };
        let declaration = &known.model.containers[container.index()];
        if let Some(parent) = declaration.parent {
            let parent = &known.model.containers[parent.index()];
            let number = self.container(known, parent.kind);
            exact(&mut self.all[number], Value::Text(parent.id.clone()));
        }
        for (attribute, value) in &declaration.attributes {
            if self.compared.contains(&(side, declaration.kind, attribute.0)) {
                let Attribute { name, kind: of, .. } = &known.model.attributes[attribute.index()];
                let place = Place::Container(kind.to_owned());
                if let Some(number) = self.find(&What::Value(place, name.clone())) {
                    let values = match value {
                        Constant::Strings(set) => set.iter().cloned().map(Value::Text).collect(),
                        value => vec![given(known.model, *of, value)],
                    };
                    values.into_iter().for_each(|value| exact(&mut self.all[number], value));
                }
            }
        }
    }

    /// The declaration, on one side, of the container that a kind's name and an id say.
    pub(super) fn container_named(
        &self,
        side: usize,
        kind: &str,
        id: &str,
    ) -> Option<(&'s Known<'m>, ContainerId)> {
        let known = self.sides[side].as_ref()?;
        let kind = kind_named(known, kind)?;
        Some((known, known.model.containers.find(kind, id)?))
    }

    /// The attributes of the kind that are read on a side.
    pub(super) fn attributes(&self, kind: &str) -> Vec<String> {
        let of_kind = |ask: &Ask| match &ask.what {
            What::Value(Place::Container(of), name) if of == kind => Some(name.clone()),
            _ => None, // anything else is none of the kind's attributes
        };
        self.all.iter().filter_map(of_kind).collect()
    }
}

/// Lets a value stand for itself.
pub(super) fn exact(ask: &mut Ask, value: Value) {
    if !ask.exact.contains(&value) {
        ask.exact.push(value);
    }
}

/// Those of the values that are texts.
pub(super) fn texts(values: &[Value]) -> impl Iterator<Item = &str> {
    values.iter().filter_map(|value| match value {
        Value::Text(text) => Some(text.as_str()),
        Value::Bool(_) | Value::Int(_) | Value::Set(_) => None,
    })
}

pub(super) fn kind_name(known: &Known<'_>, kind: KindId) -> String {
    known.model.kinds[kind.index()].name.clone()
}

/// The kind of this name among those that the operation concerns, or any other.
pub(super) fn kind_named(known: &Known<'_>, name: &str) -> Option<KindId> {
    let named = |kind: &KindId| known.model.kinds[kind.index()].name == name;
    let concerned = known.path.iter().copied().find(named);
    concerned.or_else(|| (0..known.model.kinds.len() as u32).map(KindId).find(named))
}

/// All kinds from this one to the root, by name.
pub(super) fn names_to_root(known: &Known<'_>, kind: KindId) -> Vec<String> {
    path(known.model, kind).into_iter().map(|kind| kind_name(known, kind)).collect()
}
