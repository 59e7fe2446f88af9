//! What is demanded of an attribute's value.

use super::Words;
use super::cover::{cover, holds};
use super::literals::{Literal, conjunction, constant, disjunction};
use crate::region::Universe;
use crate::region::questions::{Example, KNOWN, Question, Questions, cuts};
use crate::region::sets::ClassSet;
use crate::region::terms::Variable;
use crate::region::variables::{Class, Part, What};
use crate::request::Value;
use crate::sema::model::{Predicate, Type};

/// More questions or examples than these are not looked through: they are told by examples.
const MOST_QUESTIONS: usize = 64;
const MOST_EXAMPLES: usize = 2048;

/// Some classes of an attribute.
pub(super) struct Told<'a, 'm, 'u> {
    pub(super) words: &'a Words<'m>,
    pub(super) universe: &'a Universe<'u>,
    pub(super) variable: Variable,
    pub(super) part: &'a Part,
    pub(super) set: &'a ClassSet,
    pub(super) name: &'a str,
}

impl Told<'_, '_, '_> {
    /// What is demanded, the attribute's name first.
    pub(super) fn said(&self) -> String {
        let questions = self.universe.questions(self.variable);
        let told = questions.as_ref().and_then(|questions| self.values(questions));
        self.closed(questions.as_ref(), told.unwrap_or_else(|| self.by_examples(questions.as_ref())))
    }

    /// These ways, and what is not given or cannot be read.
    pub(super) fn joined(&self, ways: Vec<String>) -> String {
        self.closed(self.universe.questions(self.variable).as_ref(), ways)
    }

    fn closed(&self, questions: Option<&Questions>, mut ways: Vec<String>) -> String {
        let name = self.name;
        let missing = matches!(self.part.classes.first(), Some(Class::Missing)) && self.set.contains(0);
        let is_odd = |class: &Class| matches!(class, Class::Odd(_));
        let stage = matches!(self.part.what, What::Stage(_));
        let odd = match questions {
            // A name that is no stage's is none.
            _ if stage && missing && !self.part.classes.iter().any(is_odd) => true,
            Some(questions) => {
                let wire = |(_, kind): &(usize, Type)| unreadable_on_the_wire(*kind);
                let merged = missing && questions.alike && questions.types.iter().any(wire);
                merged || !questions.unreadable.apart(self.set)
            }
            None => self.set.iter().any(|class| is_odd(&self.part.classes[class as usize])),
        };
        match (missing, odd) {
            (true, true) => ways.push(format!("{name} is not given or cannot be read")),
            (true, false) => ways.push(format!("{name} is not given")),
            (false, true) => ways.push(format!("{name} cannot be read")),
            (false, false) => {}
        }
        match ways.as_slice() {
            [one] if !(missing && odd) => one.clone(),
            all => format!("({})", all.join(" or ")), // two or more
        }
    }

    /// Of the values that can be read; `None` where the tests do not tell.
    fn values(&self, questions: &Questions) -> Option<Vec<String>> {
        if matches!(self.part.what, What::Stage(_)) {
            return None;
        }
        let mut kinds: Vec<Type> = questions.types.iter().map(|(_, kind)| *kind).collect();
        kinds.dedup();
        if kinds.iter().all(|kind| matches!(kind, Type::Enum(_))) {
            return self.enumerated(questions);
        }
        let [kind] = kinds.as_slice() else { return None };
        match kind {
            Type::Strings => {
                let is_set = |class: u32| matches!(self.part.classes[class as usize], Class::Set);
                let given = self.set.iter().any(is_set);
                Some(given.then(|| format!("has({})", self.name)).into_iter().collect())
            }
            Type::Int | Type::Duration | Type::Instant => {
                self.ranges(questions, *kind).or_else(|| self.by_tests(questions, *kind))
            }
            Type::Bool => {
                let truths: Vec<&Example> = questions.examples.iter().collect();
                let held: Vec<bool> = truths.iter().map(|e| self.wanted(e)).collect::<Option<_>>()?;
                let of: Vec<String> = (0..held.len())
                    .filter(|at| held[*at])
                    .map(|at| value(*kind, &truths[at].value))
                    .collect();
                let said = list(self.name, ["==", "in"], &of);
                Some(if of.len() > 1 { vec![format!("has({})", self.name)] } else { said })
            }
            Type::String | Type::Ip | Type::Domain | Type::Origin | Type::Enum(_) => {
                self.by_tests(questions, *kind)
            }
        }
    }

    /// Whether a value is wanted; `None` where that depends on what it is compared with.
    fn wanted(&self, example: &Example) -> Option<bool> {
        let classes = &example.classes;
        if classes.is_empty() {
            None
        } else if classes.within(self.set) {
            Some(true)
        } else {
            classes.apart(self.set).then_some(false)
        }
    }

    fn enumerated(&self, questions: &Questions) -> Option<Vec<String>> {
        let name = self.name;
        let lists: Vec<_> = questions
            .types
            .iter()
            .filter_map(|(side, kind)| match kind {
                Type::Enum(id) => Some(&self.words.models[*side].enumerations[id.index()]),
                _ => None, // all are enumerations
            })
            .collect();
        let mut values: Vec<&str> = Vec::new();
        for value in lists.iter().flat_map(|of| &of.values) {
            if !values.contains(&value.as_str()) {
                values.push(value);
            }
        }
        let last = values.len();
        let held = values.iter().map(|value| {
            let is_it = |example: &&Example| example.value == Value::Text((*value).to_owned());
            self.wanted(questions.examples.iter().find(is_it)?)
        });
        let held: Vec<bool> = held.collect::<Option<_>>()?;
        if held.iter().all(|held| *held) {
            return Some(vec![format!("has({name})")]);
        }
        if !lists.iter().all(|of| of.ordered && of.values == lists[0].values) {
            let some: Vec<&str> = (0..last).filter(|at| held[*at]).map(|at| values[at]).collect();
            return Some(list(name, ["==", "in"], &some));
        }
        let told = |(start, end): (usize, usize)| match (start, end) {
            (start, end) if end - start == 1 => format!("{name} == {}", values[start]),
            (0, end) => format!("{name} <= {}", values[end - 1]),
            (start, end) if end == last => format!("{name} >= {}", values[start]),
            (start, end) => format!("{name} >= {} and {name} <= {}", values[start], values[end - 1]),
        };
        Some(runs(&held).into_iter().map(told).collect())
    }

    /// Bounds of a number, joined by `or`; `None` where windows tell more.
    fn ranges(&self, questions: &Questions, kind: Type) -> Option<Vec<String>> {
        let name = self.name;
        let windows = |question: &Question| matches!(question.predicate, Predicate::During(_));
        if questions.all.iter().any(windows) {
            return None;
        }
        let cuts = cuts(questions);
        let mut held: Vec<Option<bool>> = vec![None; cuts.len() + 1];
        for example in &questions.examples {
            let Value::Int(number) = &example.value else { continue };
            let wanted = self.wanted(example)?;
            let interval = &mut held[cuts.partition_point(|cut| cut <= number)];
            if interval.is_some_and(|known| known != wanted) {
                return None; // something else tells apart what lies between two bounds
            }
            *interval = Some(wanted);
        }
        // Where there is no example there is no number: below the least duration.
        let known = held.iter().find_map(|held| *held)?;
        let held: Vec<bool> = held
            .into_iter()
            .scan(known, |last, held| {
                *last = held.unwrap_or(*last);
                Some(*last)
            })
            .collect();
        let told = |number: i64| constant(kind, number);
        let range = |(start, end): (usize, usize)| {
            let from = (start > 0).then(|| cuts[start - 1]);
            let to = cuts.get(end - 1).copied();
            match (from, to) {
                (None, None) => format!("has({name})"),
                (Some(from), Some(to)) if to - 1 == from => format!("{name} == {}", told(from)),
                (Some(from), None) => format!("{name} >= {}", told(from)),
                (None, Some(to)) => format!("{name} < {}", told(to)),
                (Some(from), Some(to)) => format!("{name} >= {} and {name} < {}", told(from), told(to)),
            }
        };
        Some(runs(&held).into_iter().map(range).collect())
    }

    /// By the constants that stand for themselves, and the tests of all others.
    fn by_tests(&self, questions: &Questions, kind: Type) -> Option<Vec<String>> {
        let (name, models) = (self.name, self.words.models);
        let wanted: Vec<bool> =
            questions.examples.iter().map(|example| self.wanted(example)).collect::<Option<_>>()?;
        let (named, rest): (Vec<usize>, Vec<usize>) =
            (0..wanted.len()).partition(|at| questions.examples[*at].exact);
        let some = |of: &[usize], held: bool| -> Vec<String> {
            let of = of.iter().filter(|at| wanted[**at] == held);
            of.map(|at| value(kind, &questions.examples[*at].value)).collect()
        };
        if rest.iter().all(|at| !wanted[*at]) {
            let all = rest.is_empty() && named.len() > 1 && named.iter().all(|at| wanted[*at]);
            return Some(if all {
                vec![format!("has({name})")]
            } else {
                list(name, ["==", "in"], &some(&named, true))
            });
        }
        if rest.iter().all(|at| wanted[*at]) {
            let without = some(&named, false);
            let said = list(name, ["!=", "not in"], &without);
            return Some(if said.is_empty() { vec![format!("has({name})")] } else { said });
        }
        if questions.all.len() > MOST_QUESTIONS || questions.examples.len() > MOST_EXAMPLES {
            return None;
        }
        // What two tests say alike is asked once.
        let mut asked: Vec<&Question> = Vec::new();
        for question in &questions.all {
            if !asked.iter().any(|other| other.answers == question.answers) {
                asked.push(question);
            }
        }
        let literals = |truth: bool| asked.iter().map(move |question| (truth, *question));
        let both: Vec<(bool, &Question)> = literals(true).chain(literals(false)).collect();
        let all: Vec<Literal<'_>> = both
            .iter()
            .map(|(truth, question)| Literal {
                side: question.side,
                predicate: &question.predicate,
                truth: *truth,
            })
            .collect();
        let says = |of: &[usize]| -> Vec<Vec<bool>> {
            let row = |(truth, question): &(bool, &Question)| {
                of.iter().map(|at| question.answers[*at] == Some(*truth)).collect()
            };
            both.iter().map(row).collect()
        };
        // Outside of the years that are known, no test of a window holds, nor its opposite.
        let is_known = |at: &usize| match &questions.examples[*at].value {
            Value::Int(second) => kind != Type::Instant || KNOWN.contains(second),
            Value::Text(_) | Value::Bool(_) | Value::Set(_) => true,
        };
        let (rest, outside): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(is_known);
        let of_rest: Vec<bool> = rest.iter().map(|at| wanted[*at]).collect();
        let terms = if of_rest.contains(&true) { cover(&says(&rest), &of_rest)? } else { Vec::new() };
        let unknown = self.outside(questions, &outside, &wanted, &says(&outside), &terms)?;
        let of_named = says(&named);
        let mut ways = Vec::new();
        let mut alone: Vec<Literal<'_>> = Vec::new();
        for term in &terms {
            let but: Vec<String> = (0..named.len())
                .filter(|at| holds(&of_named, term, *at) && !wanted[named[*at]])
                .map(|at| value(kind, &questions.examples[named[at]].value))
                .collect();
            match (term.as_slice(), but.is_empty()) {
                ([one], true) => alone.push(all[*one]),
                _ => {
                    // more than one test
                    let literals: Vec<Literal<'_>> = term.iter().map(|literal| all[*literal]).collect();
                    let mut said = conjunction(models, kind, name, &literals);
                    said.extend(list(name, ["!=", "not in"], &but));
                    ways.push(said.join(" and "));
                }
            }
        }
        ways.splice(0..0, disjunction(models, kind, name, &alone));
        let left: Vec<String> = (0..named.len())
            .filter(|at| wanted[named[*at]] && !terms.iter().any(|term| holds(&of_named, term, *at)))
            .map(|at| value(kind, &questions.examples[named[at]].value))
            .collect();
        ways.extend(list(name, ["==", "in"], &left));
        ways.extend(unknown);
        Some(ways)
    }

    /// What is wanted of instants outside of the known years beside these terms; `None` where that is more than all.
    fn outside(
        &self,
        questions: &Questions,
        outside: &[usize],
        wanted: &[bool],
        literals: &[Vec<bool>],
        terms: &[Vec<usize>],
    ) -> Option<Option<String>> {
        let name = self.name;
        let mut more = [false, false];
        for (late, more) in [false, true].into_iter().zip(&mut more) {
            let is_late =
                |at: usize| matches!(questions.examples[at].value, Value::Int(second) if second >= KNOWN.end);
            let here: Vec<usize> = (0..outside.len()).filter(|at| is_late(outside[*at]) == late).collect();
            let told = |at: usize| terms.iter().any(|term| holds(literals, term, at));
            if here.iter().all(|at| told(*at) == wanted[outside[*at]]) {
                continue;
            }
            if !here.iter().all(|at| wanted[outside[*at]]) {
                return None;
            }
            *more = true;
        }
        let (from, to) = (constant(Type::Instant, KNOWN.start), constant(Type::Instant, KNOWN.end));
        Some(match more {
            [true, true] => Some(format!("{name} is not between 1970 and 2100")),
            [true, false] => Some(format!("{name} < {from}")),
            [false, true] => Some(format!("{name} >= {to}")),
            [false, false] => None,
        })
    }

    /// By one value for each of the classes.
    fn by_examples(&self, questions: Option<&Questions>) -> Vec<String> {
        let name = self.name;
        let kind = questions.and_then(|q| q.types.first()).map_or(Type::String, |(_, kind)| *kind);
        let closed = matches!(self.part.what, What::Stage(_));
        let unreadable = |class: u32| questions.is_some_and(|q| q.unreadable.contains(class));
        let exact = self.universe.exact(self.variable);
        let mut of = Vec::new();
        let mut all = true;
        for (number, class) in (0..).zip(&self.part.classes) {
            let Class::Value(example) = class else { continue };
            if unreadable(number) {
                continue;
            }
            if !self.set.contains(number) {
                all = false;
                continue;
            }
            let like = if closed || exact.contains(example) { "" } else { "such as " };
            let told = if closed { plain(example) } else { value(kind, example) };
            of.push(format!("{like}{told}"));
        }
        if all && of.len() > 1 {
            return vec![format!("has({name})")];
        }
        list(name, ["==", "in"], &of)
    }
}

/// Whether a request in JSON can have a value of it that cannot be read: of another JSON type it is no request.
fn unreadable_on_the_wire(kind: Type) -> bool {
    match kind {
        Type::Ip | Type::Domain | Type::Origin | Type::Enum(_) | Type::Duration => true,
        Type::String | Type::Bool | Type::Int | Type::Strings | Type::Instant => false,
    }
}

/// `name == one`, `name in [one, other]`.
fn list(name: &str, [one_of_one, one_of_some]: [&str; 2], of: &[impl std::fmt::Display]) -> Vec<String> {
    match of {
        [] => Vec::new(),
        [one] => vec![format!("{name} {one_of_one} {one}")],
        some => {
            // two or more
            let some: Vec<String> = some.iter().map(ToString::to_string).collect();
            vec![format!("{name} {one_of_some} [{}]", some.join(", "))]
        }
    }
}

fn value(kind: Type, of: &Value) -> String {
    match of {
        Value::Text(text) => format!("{text:?}"),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => constant(kind, *number),
        Value::Set(set) => format!("{set:?}"),
    }
}

fn plain(of: &Value) -> String {
    match of {
        Value::Text(text) => format!("{text:?}"),
        Value::Bool(_) | Value::Int(_) | Value::Set(_) => value(Type::String, of),
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
