//! Conditions as terms: what a subject reads, under which conditions; what a test says of that.
//!
//! A function of what the request says, case by case, as the reference evaluator reads it. Negations are pushed down
//! to the tests, where what is unknown or listed is counted.

use foldhash::{HashMap, HashMapExt};

use super::asked::kind_name;
use super::chain::{Chain, Element};
use super::cut::said;
use super::sets::ClassSet;
use super::side::Known;
use super::terms::{Term, Terms, Variable};
use super::values::{given, satisfies, typed};
use super::variables::{Class, Place, What};
use super::vocabulary::Vocabulary;
use crate::request::Value;
use crate::sema::model::{
    Atom, Attribute, AttributeId, Condition, Constant, KindId, Owner, Predicate, Principal, RatchetId,
    Subject, Type,
};

/// What the tests of a condition count as that are neither true nor false.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Counting {
    /// Unknown tests count as satisfied.
    pub unknown: bool,
    /// Listed tests count as satisfied.
    pub listed: bool,
}

/// Where the value of a subject comes from.
#[derive(Debug, Clone, PartialEq)]
enum Source {
    /// There is none.
    Missing,
    /// It cannot be read.
    Unreadable,
    /// It differs between the entries of a list.
    Listed,
    /// It is this.
    Constant(Constant),
    /// What the request says of this variable, which may be nothing.
    Given(Variable),
}

/// Under which condition the value comes from where; exactly one of them holds.
type Cases = Vec<(Term, Source)>;

/// Where a test says what; exactly one of them holds.
#[derive(Debug, Clone, Copy)]
struct Truths {
    yes: Term,
    no: Term,
    listed: Term,
}

/// How a variable's classes are read as a type.
#[derive(Debug, Clone)]
struct Readings {
    missing: ClassSet,
    unreadable: ClassSet,
    values: Vec<(u32, Constant)>,
}

/// One side of a universe, and what was made of it so far.
#[derive(Debug)]
pub(super) struct Lowering<'m> {
    pub(super) known: Known<'m>,
    pub(super) chain: Chain,
    /// Of each declared group that matters, the classes of the users who are in it.
    groups: HashMap<String, ClassSet>,
    tests: HashMap<(Subject, Predicate), Truths>,
    readings: HashMap<(Variable, Option<Type>), Readings>,
}

/// What lowering needs beside its side.
pub(super) struct Context<'u> {
    pub(super) terms: &'u mut Terms,
    pub(super) vocabulary: &'u Vocabulary,
    /// For each set the variables that are asked for as its elements, and the variables that answer.
    pub(super) like: &'u HashMap<Variable, Vec<(Variable, Variable)>>,
}

impl<'m> Lowering<'m> {
    pub(super) fn new(
        known: Known<'m>,
        groups: &std::collections::BTreeSet<&'m str>,
        cx: &mut Context<'_>,
    ) -> Self {
        let chain = Chain::new(&known, cx.vocabulary, cx.terms);
        let members = known.index.members(groups);
        let mut classes: Vec<Vec<u32>> = vec![Vec::new(); groups.len()];
        if let Some(user) = cx.vocabulary.find(&What::Value(Place::User, "id".into())) {
            for (number, class) in (0..).zip(cx.vocabulary.classes(user)) {
                if let Class::Value(Value::Text(id)) = class
                    && let Some(way) = members.of.get(id.as_str())
                {
                    let (groups, _) = &members.ways[*way as usize];
                    groups.iter().for_each(|group| classes[*group as usize].push(number));
                }
            }
        }
        let groups = groups.iter().map(|group| (*group).to_owned()).zip(classes);
        let groups = groups.map(|(group, classes)| (group, classes.into_iter().collect())).collect();
        Lowering { known, chain, groups, tests: HashMap::new(), readings: HashMap::new() }
    }

    /// Where the condition counts as true.
    pub(super) fn condition(
        &mut self,
        cx: &mut Context<'_>,
        condition: &Condition,
        counting: Counting,
    ) -> Term {
        self.counted(cx, condition, false, counting)
    }

    fn counted(
        &mut self,
        cx: &mut Context<'_>,
        condition: &Condition,
        negated: bool,
        counting: Counting,
    ) -> Term {
        if let Some(truth) = self.known.settled(condition) {
            return Term::constant(truth != negated);
        }
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                let mut terms = Vec::with_capacity(parts.len());
                let conjunction = matches!(condition, Condition::All(_)) != negated;
                for part in parts {
                    let term = self.counted(cx, part, negated, counting);
                    if term == Term::constant(!conjunction) {
                        return term;
                    }
                    terms.push(term);
                }
                if conjunction { cx.terms.and(&terms) } else { cx.terms.or(&terms) }
            }
            Condition::Not(inner) => self.counted(cx, inner, !negated, counting),
            Condition::Test(atom) => {
                let Truths { yes, no, listed } = self.test(cx, atom);
                let wanted = if negated { no } else { yes };
                let mut parts = vec![wanted];
                parts.extend(counting.listed.then_some(listed));
                if counting.unknown {
                    let known = cx.terms.or(&[yes, no, listed]);
                    parts.push(known.not());
                }
                cx.terms.or(&parts)
            }
            // Settled above.
            Condition::Constant(truth) => Term::constant(*truth != negated),
            Condition::InKind(kind) => Term::constant(self.known.acts_in(*kind) != negated),
            Condition::AtKind(kind) => Term::constant(self.known.acts_at(*kind) != negated),
        }
    }

    /// Where the context user is meant.
    pub(super) fn principal(&mut self, cx: &mut Context<'_>, principal: &Principal) -> Term {
        match principal {
            Principal::Any => Term::TRUE,
            Principal::User(id) => {
                let present = self.user(cx);
                let Some(variable) = cx.vocabulary.find(&What::Value(Place::User, "id".into())) else {
                    return Term::FALSE;
                };
                let class = cx.vocabulary.class(variable, &Value::Text(id.clone()));
                let is = cx.terms.is(variable, class.into_iter().collect());
                cx.terms.and(&[present, is])
            }
            Principal::Group(group) => self.group(cx, group).yes,
        }
    }

    /// Where there is a context user.
    pub(super) fn user(&self, cx: &mut Context<'_>) -> Term {
        match cx.vocabulary.find(&What::User) {
            Some(user) => cx.terms.is(user, ClassSet::one(1)),
            None => Term::FALSE,
        }
    }

    /// Where one of these stages is reached; `missing`: also where none, or none of this ratchet's, is given.
    pub(super) fn stage(
        &self,
        cx: &mut Context<'_>,
        ratchet: RatchetId,
        stages: &[usize],
        missing: bool,
    ) -> Term {
        let ratchet = &self.known.model.ratchets[ratchet.index()];
        let Some(variable) = cx.vocabulary.find(&What::Stage(ratchet.name.clone())) else {
            return Term::constant(missing);
        };
        let reached = |class: &Class| match class {
            Class::Value(Value::Text(name)) => {
                match ratchet.stages.iter().position(|stage| stage.name == *name) {
                    Some(stage) => stages.contains(&stage),
                    None => missing,
                }
            }
            Class::Missing
            | Class::Some
            | Class::Value(_)
            | Class::Odd(_)
            | Class::Set
            | Class::No
            | Class::Yes => missing,
        };
        let classes = (0..).zip(cx.vocabulary.classes(variable));
        let set = classes.filter(|(_, class)| reached(class)).map(|(number, _)| number).collect();
        cx.terms.is(variable, set)
    }

    fn test(&mut self, cx: &mut Context<'_>, Atom { subject, predicate, .. }: &Atom) -> Truths {
        let key = (subject.clone(), predicate.clone());
        if let Some(truths) = self.tests.get(&key) {
            return *truths;
        }
        let truths = match predicate {
            Predicate::Present => self.present(cx, subject),
            Predicate::Same(other) => self.same(cx, subject, other),
            Predicate::ElementOf(set) => self.element_of(cx, subject, set),
            Predicate::HasAny(elements) => {
                let all: Vec<Truths> =
                    elements.iter().map(|element| self.has_element(cx, subject, element)).collect();
                let some = |cx: &mut Context<'_>, of: &dyn Fn(&Truths) -> Term| {
                    cx.terms.or(&all.iter().map(of).collect::<Vec<_>>())
                };
                let yes = some(cx, &|truths| truths.yes);
                let listed = some(cx, &|truths| truths.listed);
                let listed = cx.terms.and(&[listed, yes.not()]);
                let no = cx.terms.and(&all.iter().map(|truths| truths.no).collect::<Vec<_>>());
                Truths { yes, no, listed }
            }
            Predicate::Is(_)
            | Predicate::Order(..)
            | Predicate::Like(_)
            | Predicate::InNetworks(_)
            | Predicate::During(_) => self.against_constants(cx, subject, predicate),
        };
        self.tests.insert(key, truths);
        truths
    }

    fn against_constants(
        &mut self,
        cx: &mut Context<'_>,
        subject: &Subject,
        predicate: &Predicate,
    ) -> Truths {
        let kind = self.known.type_of(subject);
        let (mut yes, mut no, mut listed) = (Vec::new(), Vec::new(), Vec::new());
        for (guard, source) in self.read(cx, subject) {
            match source {
                Source::Missing | Source::Unreadable => {}
                Source::Listed => listed.push(guard),
                Source::Constant(value) => match satisfies(self.known.model, &value, predicate) {
                    Some(true) => yes.push(guard),
                    Some(false) => no.push(guard),
                    None => {}
                },
                Source::Given(variable) => {
                    let (satisfying, failing) = self.split(cx, variable, kind, predicate);
                    for (classes, into) in [(satisfying, &mut yes), (failing, &mut no)] {
                        let is = cx.terms.is(variable, classes);
                        into.push(cx.terms.and(&[guard, is]));
                    }
                }
            }
        }
        Truths { yes: cx.terms.or(&yes), no: cx.terms.or(&no), listed: cx.terms.or(&listed) }
    }

    /// The classes that certainly satisfy the predicate, and those that certainly do not.
    fn split(
        &mut self,
        cx: &Context<'_>,
        variable: Variable,
        kind: Option<Type>,
        predicate: &Predicate,
    ) -> (ClassSet, ClassSet) {
        let model = self.known.model;
        let readings = self.readings(cx, variable, kind);
        if let (Predicate::Is(constants), Some(Type::String | Type::Domain | Type::Origin)) =
            (predicate, kind)
        {
            // Thousands of ids, each asked for.
            let class =
                |constant: &Constant| cx.vocabulary.class(variable, &given(model, Type::String, constant));
            let yes: ClassSet = constants.iter().filter_map(class).collect();
            let values: ClassSet =
                readings.missing.or(&readings.unreadable).complement(cx.terms.size(variable));
            let yes = yes.and(&values);
            return (yes.clone(), values.minus(&yes));
        }
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for (class, value) in &readings.values {
            match satisfies(model, value, predicate) {
                Some(true) => yes.push(*class),
                Some(false) => no.push(*class),
                None => {}
            }
        }
        (yes.into_iter().collect(), no.into_iter().collect())
    }

    fn present(&mut self, cx: &mut Context<'_>, subject: &Subject) -> Truths {
        let user = self.user(cx);
        if is_user_groups(&self.known, subject) && !self.known.model.groups.is_empty() {
            return Truths { yes: user, no: user.not(), listed: Term::FALSE };
        }
        let kind = self.known.type_of(subject);
        let (mut yes, mut no, mut listed) = (Vec::new(), Vec::new(), Vec::new());
        for (guard, source) in self.read(cx, subject) {
            match source {
                Source::Missing => no.push(guard),
                Source::Unreadable => {}
                Source::Listed => listed.push(guard),
                Source::Constant(_) => yes.push(guard),
                Source::Given(variable) => {
                    let readings = self.readings(cx, variable, kind);
                    let values =
                        readings.missing.or(&readings.unreadable).complement(cx.terms.size(variable));
                    for (classes, into) in [(values, &mut yes), (readings.missing.clone(), &mut no)] {
                        let is = cx.terms.is(variable, classes);
                        into.push(cx.terms.and(&[guard, is]));
                    }
                }
            }
        }
        Truths { yes: cx.terms.or(&yes), no: cx.terms.or(&no), listed: cx.terms.or(&listed) }
    }

    fn same(&mut self, cx: &mut Context<'_>, left: &Subject, right: &Subject) -> Truths {
        let kind = self.known.type_of(left);
        let (lefts, rights) = (self.read(cx, left), self.read(cx, right));
        let (mut yes, mut no, mut listed) = (Vec::new(), Vec::new(), Vec::new());
        for (guard, source) in &lefts {
            for (other_guard, other) in &rights {
                let both = cx.terms.and(&[*guard, *other_guard]);
                if both == Term::FALSE {
                    continue;
                }
                // Where both have a value that can be read.
                let values = [self.valued(cx, source, kind), self.valued(cx, other, kind)];
                match (source, other) {
                    (Source::Missing | Source::Unreadable, _) | (_, Source::Missing | Source::Unreadable) => {
                    }
                    (Source::Listed, _) | (_, Source::Listed) => {
                        listed.push(cx.terms.and(&[both, values[0], values[1]]));
                    }
                    (source, other) => {
                        let equal = self.equal(cx, source, other, kind);
                        yes.push(cx.terms.and(&[both, equal]));
                        no.push(cx.terms.and(&[both, values[0], values[1], equal.not()]));
                    }
                }
            }
        }
        Truths { yes: cx.terms.or(&yes), no: cx.terms.or(&no), listed: cx.terms.or(&listed) }
    }

    /// Where the source has a value that can be read, or is listed.
    fn valued(&mut self, cx: &mut Context<'_>, source: &Source, kind: Option<Type>) -> Term {
        match source {
            Source::Missing | Source::Unreadable => Term::FALSE,
            Source::Listed | Source::Constant(_) => Term::TRUE,
            Source::Given(variable) => {
                let readings = self.readings(cx, *variable, kind);
                let values = readings.missing.or(&readings.unreadable).complement(cx.terms.size(*variable));
                cx.terms.is(*variable, values)
            }
        }
    }

    /// Where both have the same value.
    fn equal(&mut self, cx: &mut Context<'_>, left: &Source, right: &Source, kind: Option<Type>) -> Term {
        match (left, right) {
            (Source::Constant(left), Source::Constant(right)) => Term::constant(left == right),
            (Source::Constant(value), Source::Given(variable))
            | (Source::Given(variable), Source::Constant(value)) => {
                let is = Predicate::Is(vec![value.clone()]);
                let (classes, _) = self.split(cx, *variable, kind, &is);
                cx.terms.is(*variable, classes)
            }
            (Source::Given(left), Source::Given(right)) if left == right => {
                self.valued(cx, &Source::Given(*left), kind)
            }
            (Source::Given(left), Source::Given(right)) => {
                let of_left = self.readings(cx, *left, kind).values.clone();
                let mut of_right: HashMap<Constant, Vec<u32>> = HashMap::new();
                for (class, value) in &self.readings(cx, *right, kind).values {
                    of_right.entry(value.clone()).or_default().push(*class);
                }
                let mut pairs = Vec::new();
                for (class, value) in of_left {
                    if let Some(classes) = of_right.get(&value) {
                        let one = cx.terms.is(*left, ClassSet::one(class));
                        let other = cx.terms.is(*right, classes.iter().copied().collect());
                        pairs.push(cx.terms.and(&[one, other]));
                    }
                }
                cx.terms.or(&pairs)
            }
            (Source::Missing | Source::Unreadable | Source::Listed, _)
            | (_, Source::Missing | Source::Unreadable | Source::Listed) => Term::FALSE,
        }
    }

    fn element_of(&mut self, cx: &mut Context<'_>, subject: &Subject, set: &Subject) -> Truths {
        let kind = self.known.type_of(subject);
        let (mut yes, mut no, mut listed) = (Vec::new(), Vec::new(), Vec::new());
        for (guard, source) in self.read(cx, subject) {
            match source {
                Source::Missing | Source::Unreadable => {}
                Source::Listed => {
                    // Unknown, unless there certainly is a set or it is listed too.
                    let truths = self.present(cx, set);
                    let there = cx.terms.or(&[truths.yes, truths.listed]);
                    listed.push(cx.terms.and(&[guard, there]));
                }
                Source::Constant(Constant::String(element)) => {
                    let truths = self.has_element(cx, set, &element);
                    yes.push(cx.terms.and(&[guard, truths.yes]));
                    no.push(cx.terms.and(&[guard, truths.no]));
                    listed.push(cx.terms.and(&[guard, truths.listed]));
                }
                Source::Constant(_) => {} // the checker lets only texts through
                Source::Given(variable) => {
                    let truths = self.has_value_of(cx, set, variable, kind);
                    yes.push(cx.terms.and(&[guard, truths.yes]));
                    no.push(cx.terms.and(&[guard, truths.no]));
                    listed.push(cx.terms.and(&[guard, truths.listed]));
                }
            }
        }
        Truths { yes: cx.terms.or(&yes), no: cx.terms.or(&no), listed: cx.terms.or(&listed) }
    }

    /// Whether the set has the value that the request gives for a variable.
    ///
    /// Values that any formula asks for are elements with variables of their own. All others are examples of
    /// classes, and nothing is known of them but which variables have the same: so one answer for each variable is
    /// enough, that of the first which has the value.
    fn has_value_of(
        &mut self,
        cx: &mut Context<'_>,
        set: &Subject,
        variable: Variable,
        kind: Option<Type>,
    ) -> Truths {
        let readings = self.readings(cx, variable, kind).clone();
        let (mut yes, mut no, mut listed) = (Vec::new(), Vec::new(), Vec::new());
        let mut others = Vec::new();
        for (class, value) in &readings.values {
            let Constant::String(text) = value else {
                continue; // the checker lets only texts through
            };
            if self.is_asked(cx, set, text) {
                let is = cx.terms.is(variable, ClassSet::one(*class));
                let truths = self.has_element(cx, set, text);
                yes.push(cx.terms.and(&[is, truths.yes]));
                no.push(cx.terms.and(&[is, truths.no]));
                listed.push(cx.terms.and(&[is, truths.listed]));
            } else {
                others.push((*class, text.clone()));
            }
        }
        let elements = others;
        let others = cx.terms.is(variable, elements.iter().map(|(class, _)| *class).collect());
        for (guard, source) in self.read(cx, set) {
            let case = guard;
            let guard = cx.terms.and(&[guard, others]);
            match source {
                Source::Missing | Source::Unreadable => {}
                Source::Listed => listed.push(guard),
                Source::Constant(Constant::Strings(set)) => {
                    let has = elements.iter().filter(|(_, text)| set.contains(text)).map(|(class, _)| *class);
                    let has = cx.terms.is(variable, has.collect());
                    yes.push(cx.terms.and(&[case, has]));
                    no.push(cx.terms.and(&[guard, has.not()]));
                }
                Source::Constant(_) => {} // no set
                Source::Given(head) => {
                    let given = cx.terms.is(head, self.sets(cx, head));
                    let there = cx.terms.and(&[guard, given]);
                    let has = self.first_like(cx, head, variable, kind);
                    yes.push(cx.terms.and(&[there, has]));
                    no.push(cx.terms.and(&[there, has.not()]));
                }
            }
        }
        Truths { yes: cx.terms.or(&yes), no: cx.terms.or(&no), listed: cx.terms.or(&listed) }
    }

    /// The answer of the first variable that has the same value as this one.
    fn first_like(
        &mut self,
        cx: &mut Context<'_>,
        set: Variable,
        variable: Variable,
        kind: Option<Type>,
    ) -> Term {
        let mut before = Vec::new();
        let mut answer = Term::FALSE;
        for (other, has) in cx.like.get(&set).cloned().unwrap_or_default() {
            let has = cx.terms.is(has, ClassSet::one(1));
            if other == variable {
                answer = has;
                break;
            }
            before.push((other, has));
        }
        for (other, has) in before.into_iter().rev() {
            let equal = self.equal(cx, &Source::Given(variable), &Source::Given(other), kind);
            answer = cx.terms.choose(equal, has, answer);
        }
        answer
    }

    /// Whether an element has a variable of its own, or is a declared group.
    fn is_asked(&self, cx: &Context<'_>, set: &Subject, element: &str) -> bool {
        if is_user_groups(&self.known, set) && self.known.model.groups.contains_key(element) {
            return true;
        }
        self.places(set).iter().any(|(place, name)| {
            let what = What::Element(place.clone(), name.clone(), element.to_owned());
            cx.vocabulary.find(&what).is_some()
        })
    }

    /// Where a subject can be said by a request.
    fn places(&self, subject: &Subject) -> Vec<(Place, String)> {
        match subject {
            Subject::Attribute(id) => {
                let Attribute { owner, name, .. } = &self.known.model.attributes[id.index()];
                match owner {
                    Owner::User => vec![(Place::User, name.clone())],
                    Owner::Request => vec![(Place::Request, name.clone())],
                    Owner::App | Owner::Operation | Owner::Kind(_) => Vec::new(),
                }
            }
            Subject::Container { attributes, .. } => {
                let place = |kind: &KindId| {
                    let id = self.known.owned(attributes, *kind)?;
                    let name = self.known.model.attributes[id.index()].name.clone();
                    Some((Place::Container(kind_name(&self.known, *kind)), name))
                };
                self.known.path.iter().filter_map(place).collect()
            }
            Subject::Stage(_) => Vec::new(),
        }
    }

    fn has_element(&mut self, cx: &mut Context<'_>, set: &Subject, element: &str) -> Truths {
        if is_user_groups(&self.known, set) {
            return self.group(cx, element);
        }
        let (mut yes, mut no, mut listed) = (Vec::new(), Vec::new(), Vec::new());
        for (guard, source) in self.read(cx, set) {
            match source {
                Source::Missing | Source::Unreadable => {}
                Source::Listed => listed.push(guard),
                Source::Constant(Constant::Strings(set)) => {
                    if set.contains(element) {
                        yes.push(guard);
                    } else {
                        no.push(guard);
                    }
                }
                Source::Constant(_) => {} // no set
                Source::Given(head) => {
                    let has = self.element(cx, head, element);
                    let given = cx.terms.is(head, self.sets(cx, head));
                    yes.push(cx.terms.and(&[guard, given, has]));
                    no.push(cx.terms.and(&[guard, given, has.not()]));
                }
            }
        }
        Truths { yes: cx.terms.or(&yes), no: cx.terms.or(&no), listed: cx.terms.or(&listed) }
    }

    /// Whether the user is in a group: of a declared one the policy decides, of any other the request.
    fn group(&mut self, cx: &mut Context<'_>, group: &str) -> Truths {
        let user = self.user(cx);
        let groups = What::Value(Place::User, "groups".into());
        if self.known.model.groups.contains_key(group) {
            let classes = self.groups.get(group).cloned().unwrap_or_default();
            let member = match cx.vocabulary.find(&What::Value(Place::User, "id".into())) {
                Some(id) => cx.terms.is(id, classes),
                None => Term::FALSE,
            };
            let yes = cx.terms.and(&[user, member]);
            let no = cx.terms.and(&[user, member.not()]);
            return Truths { yes, no, listed: Term::FALSE };
        }
        let Some(head) = cx.vocabulary.find(&groups) else {
            return Truths { yes: Term::FALSE, no: Term::FALSE, listed: Term::FALSE };
        };
        let has = self.element(cx, head, group);
        let given = cx.terms.is(head, self.sets(cx, head));
        let yes = cx.terms.and(&[user, given, has]);
        let no = cx.terms.and(&[user, given, has.not()]);
        Truths { yes, no, listed: Term::FALSE }
    }

    /// Whether the set that the request gives has the element.
    fn element(&self, cx: &mut Context<'_>, head: Variable, element: &str) -> Term {
        let Some((place, name)) = said(cx.vocabulary.what(head)) else {
            return Term::FALSE;
        };
        match cx.vocabulary.find(&What::Element(place, name, element.to_owned())) {
            Some(variable) => cx.terms.is(variable, ClassSet::one(1)),
            None => Term::FALSE,
        }
    }

    /// The classes in which a set is given.
    fn sets(&self, cx: &Context<'_>, head: Variable) -> ClassSet {
        let classes = (0..).zip(cx.vocabulary.classes(head));
        classes.filter(|(_, class)| **class == Class::Set).map(|(number, _)| number).collect()
    }

    /// Where the value of a subject comes from.
    fn read(&mut self, cx: &mut Context<'_>, subject: &Subject) -> Cases {
        if let Some(fixed) = self.known.fixed(subject) {
            return vec![(Term::TRUE, fixed.map_or(Source::Missing, Source::Constant))];
        }
        match subject {
            Subject::Attribute(id) => {
                let Attribute { owner, name, .. } = &self.known.model.attributes[id.index()];
                let place = if *owner == Owner::User { Place::User } else { Place::Request };
                let user = if place == Place::User { self.user(cx) } else { Term::TRUE };
                match cx.vocabulary.find(&What::Value(place, name.clone())) {
                    Some(variable) => vec![(user, Source::Given(variable)), (user.not(), Source::Missing)],
                    None => vec![(Term::TRUE, Source::Missing)],
                }
            }
            Subject::Stage(ratchet) => {
                let name = &self.known.model.ratchets[ratchet.index()].name;
                let turns = self.known.index.ratchets(self.known.app).contains(ratchet);
                match cx.vocabulary.find(&What::Stage(name.clone())).filter(|_| turns) {
                    Some(variable) => vec![(Term::TRUE, Source::Given(variable))],
                    None => vec![(Term::TRUE, Source::Missing)],
                }
            }
            Subject::Container { attributes, inherited } => self.read_container(cx, attributes, *inherited),
        }
    }

    /// From the kind that the operation concerns to the root.
    fn read_container(&mut self, cx: &mut Context<'_>, attributes: &[AttributeId], inherited: bool) -> Cases {
        let path = self.known.path.clone();
        let mut cases = Cases::new();
        let mut listed = Vec::new();
        let mut nothing_so_far = Term::TRUE;
        for kind in &path {
            let absent = self.absent(cx, *kind);
            nothing_so_far = cx.terms.and(&[nothing_so_far, absent]);
            if self.known.lists.contains(kind) && self.known.owned(attributes, *kind).is_some() {
                listed.push(nothing_so_far);
            }
        }
        let listed = cx.terms.or(&listed);
        cases.push((listed, Source::Listed));
        let mut rest = listed.not();
        for kind in path {
            let Some(attribute) = self.known.owned(attributes, kind) else {
                continue;
            };
            let mut missing = Vec::new();
            for (guard, element) in self.chain.at.get(&kind).cloned().unwrap_or_default() {
                let guard = cx.terms.and(&[rest, guard]);
                if guard == Term::FALSE {
                    continue;
                }
                for (case, source) in self.of_element(cx, kind, element, attribute) {
                    let case = cx.terms.and(&[guard, case]);
                    match source {
                        Source::Given(variable) => {
                            let readings = self.readings(cx, variable, self.type_of(attribute));
                            let (none, given) = (
                                readings.missing.clone(),
                                readings.missing.complement(cx.terms.size(variable)),
                            );
                            let (none, given) = (cx.terms.is(variable, none), cx.terms.is(variable, given));
                            missing.push(cx.terms.and(&[case, none]));
                            cases.push((cx.terms.and(&[case, given]), Source::Given(variable)));
                        }
                        Source::Missing => missing.push(case),
                        Source::Unreadable | Source::Listed | Source::Constant(_) => {
                            cases.push((case, source))
                        }
                    }
                }
            }
            let missing = cx.terms.or(&missing);
            if !inherited {
                cases.push((missing, Source::Missing));
                rest = Term::FALSE;
                break;
            }
            rest = missing;
        }
        cases.push((rest, Source::Missing));
        cases.retain(|(guard, _)| *guard != Term::FALSE);
        cases
    }

    fn type_of(&self, attribute: AttributeId) -> Option<Type> {
        Some(self.known.model.attributes[attribute.index()].kind)
    }

    /// Where the effective chain has no container of the kind.
    fn absent(&self, cx: &mut Context<'_>, kind: KindId) -> Term {
        let unnamed = match cx.vocabulary.container(&self.known, kind) {
            Some(variable) => cx.terms.is(variable, ClassSet::one(0)),
            None => Term::TRUE,
        };
        let mut absent = Vec::new();
        for (guard, element) in self.chain.at.get(&kind).into_iter().flatten() {
            match element {
                Element::Named => absent.push(cx.terms.and(&[*guard, unnamed])),
                Element::Written(_) => {}
                Element::Nothing => absent.push(*guard),
            }
        }
        cx.terms.or(&absent)
    }

    /// An attribute of what stands at a kind: its id, else what the policy declares, else what the request says.
    fn of_element(
        &mut self,
        cx: &mut Context<'_>,
        kind: KindId,
        element: Element,
        attribute: AttributeId,
    ) -> Cases {
        let model = self.known.model;
        let name = &model.attributes[attribute.index()].name;
        let variable = match element {
            Element::Written(container) => {
                let declaration = &model.containers[container.index()];
                let value = match name.as_str() {
                    "id" => Some(Constant::String(declaration.id.clone())),
                    _ => declaration.attributes.get(&attribute).cloned(),
                };
                return vec![(Term::TRUE, value.map_or(Source::Missing, Source::Constant))];
            }
            Element::Named => cx.vocabulary.container(&self.known, kind),
            Element::Nothing => None,
        };
        let Some(variable) = variable else {
            return vec![(Term::TRUE, Source::Unreadable)];
        };
        let mut cases = Cases::new();
        let mut said = Vec::new();
        let mut declared: Vec<(Constant, Vec<u32>)> = Vec::new();
        for (number, class) in (0..).zip(cx.vocabulary.classes(variable)) {
            let value = match class {
                Class::Value(Value::Text(id)) if name != "id" => {
                    let container = self.known.model.containers.find(kind, id);
                    container.and_then(|c| model.containers[c.index()].attributes.get(&attribute))
                }
                Class::Missing => continue,
                Class::Some | Class::Value(_) | Class::Odd(_) | Class::Set | Class::No | Class::Yes => None,
            };
            match value {
                None => said.push(number),
                Some(value) => match declared.iter_mut().find(|(of, _)| of == value) {
                    Some((_, classes)) => classes.push(number),
                    None => declared.push((value.clone(), vec![number])),
                },
            }
        }
        cases.push((cx.terms.is(variable, ClassSet::one(0)), Source::Unreadable));
        for (value, classes) in declared {
            cases.push((cx.terms.is(variable, classes.into_iter().collect()), Source::Constant(value)));
        }
        let said = cx.terms.is(variable, said.into_iter().collect());
        let place = Place::Container(kind_name(&self.known, kind));
        let source = match name.as_str() {
            "id" => Source::Given(variable),
            name => match cx.vocabulary.find(&What::Value(place, name.to_owned())) {
                Some(variable) => Source::Given(variable),
                None => Source::Missing,
            },
        };
        cases.push((said, source));
        cases
    }

    /// How the classes of a variable are read. `None` for stages.
    fn readings(&mut self, cx: &Context<'_>, variable: Variable, kind: Option<Type>) -> &Readings {
        let (known, vocabulary) = (&self.known, cx.vocabulary);
        self.readings.entry((variable, kind)).or_insert_with(|| {
            let (mut missing, mut unreadable, mut values) = (Vec::new(), Vec::new(), Vec::new());
            let ratchet = match vocabulary.what(variable) {
                What::Stage(name) => known.model.ratchets.iter().find(|ratchet| ratchet.name == *name),
                What::User
                | What::Container(_)
                | What::Value(..)
                | What::Element(..)
                | What::ElementLike(..)
                | What::Approval
                | What::Word(_) => None,
            };
            for (number, class) in (0..).zip(vocabulary.classes(variable)) {
                let value = match class {
                    // Of a container it says that there is one, and not which.
                    Class::Missing | Class::Some => {
                        missing.push(number);
                        continue;
                    }
                    Class::Set => match kind {
                        Some(Type::Strings) => Some(Constant::Strings(std::collections::BTreeSet::new())),
                        Some(_) | None => None,
                    },
                    Class::Value(value) => match (kind, ratchet, value) {
                        (Some(kind), ..) => typed(known.model, kind, value),
                        (None, Some(ratchet), Value::Text(name)) => {
                            let at = ratchet.stages.iter().position(|stage| stage.name == *name);
                            at.map(|at| Constant::Index(at as u32))
                        }
                        (None, ..) => None,
                    },
                    Class::Odd(_) | Class::No | Class::Yes => None,
                };
                match value {
                    Some(value) => values.push((number, value)),
                    None => unreadable.push(number),
                }
            }
            let set = |classes: Vec<u32>| classes.into_iter().collect();
            Readings { missing: set(missing), unreadable: set(unreadable), values }
        })
    }
}

fn is_user_groups(known: &Known<'_>, subject: &Subject) -> bool {
    match subject {
        Subject::Attribute(id) => {
            let attribute = &known.model.attributes[id.index()];
            attribute.owner == Owner::User && attribute.name == "groups"
        }
        Subject::Container { .. } | Subject::Stage(_) => false,
    }
}
