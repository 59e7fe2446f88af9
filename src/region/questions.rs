//! What is asked of a variable constant by constant, and examples of all that the answers can tell apart.
//!
//! Classes are cut by whole tests: `home like ["*.a", "*.b"]` is one. Words are made of single constants, which cut
//! finer; each example says of which classes it is.

use super::asked::{Ask, Asked, Test};
use super::cut::Cutter;
use super::sets::ClassSet;
use super::side::Known;
use super::values::{satisfies, typed};
use super::variables::{Class, Part};
use crate::request::Value;
use crate::sema::model::{Constant, Ordering, Predicate, Type};

/// A test of one constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Whose test it is, by the number of the side.
    pub side: usize,
    /// The test; never [`Predicate::Is`].
    pub predicate: Predicate,
    /// What it says of each of the examples.
    pub answers: Vec<Option<bool>>,
}

/// A value that can be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The value.
    pub value: Value,
    /// Whether it stands for itself only.
    pub exact: bool,
    /// The classes that can have it: of values that are compared with others several.
    pub classes: ClassSet,
}

/// What is asked of a variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Questions {
    /// How it is read on each side that reads it.
    pub types: Vec<(usize, Type)>,
    /// All but which value it is.
    pub all: Vec<Question>,
    /// At least one value for each way to answer them.
    pub examples: Vec<Example>,
    /// The classes of what no side can read.
    pub unreadable: ClassSet,
    /// Whether the class of nothing said is that of what cannot be read, too.
    pub alike: bool,
}

/// The instants of which it is known in which windows they lie.
pub const KNOWN: std::ops::Range<i64> = super::values::KNOWN;

/// Where a number's truths change, by its tests.
pub fn cuts(questions: &Questions) -> Vec<i64> {
    let mut cuts = Vec::new();
    for question in &questions.all {
        if let Predicate::Order(ordering, Constant::Int(at)) = &question.predicate {
            cuts.extend(match ordering {
                Ordering::Less | Ordering::GreaterOrEqual => Some(*at),
                Ordering::LessOrEqual | Ordering::Greater => at.checked_add(1),
            });
        }
    }
    for example in questions.examples.iter().filter(|example| example.exact) {
        if let Value::Int(at) = example.value {
            cuts.extend([Some(at), at.checked_add(1)].into_iter().flatten());
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// `None` where patterns are too many to be told apart.
pub(super) fn of(sides: &[Option<Known<'_>>], ask: &Ask, part: &Part) -> Option<Questions> {
    let whole = alone(sides, Ask { pool: None, ..ask.clone() });
    let whole = Cutter::new(&whole, &[0]);
    let fine = alone(sides, Ask { pool: None, tests: single(sides, ask), ..ask.clone() });
    let cutter = Cutter::new(&fine, &[0]);
    let (mut values, _) = cutter.examples()?;
    for (side, kind) in &ask.types {
        let Some(known) = &sides[*side] else { continue };
        match kind {
            Type::Enum(id) => {
                let names = &known.model.enumerations[id.index()].values;
                values.extend(names.iter().cloned().map(Value::Text));
            }
            Type::Int | Type::Duration | Type::Instant => {
                values.extend(cutter.numbers(*kind));
                values.extend([KNOWN.start - 1, KNOWN.end].map(Value::Int));
            }
            Type::String | Type::Bool | Type::Strings | Type::Ip | Type::Domain | Type::Origin => {}
        }
    }
    values.extend(ask.exact.iter().cloned());
    let reads = |value: &Value| {
        let mut of = ask.types.iter().filter_map(|(side, kind)| Some((sides[*side].as_ref()?.model, *kind)));
        of.any(|(model, kind)| typed(model, kind, value).is_some())
    };
    let mut seen = foldhash::HashSet::default();
    values.retain(|value| reads(value) && seen.insert(format!("{value:?}")));
    let exact: foldhash::HashSet<String> = ask.exact.iter().map(|value| format!("{value:?}")).collect();
    let is_exact = |value: &Value| exact.contains(&format!("{value:?}"));
    let nothing = whole.signature(None);
    let mut classes: foldhash::HashMap<(Option<String>, Vec<u32>), Vec<u32>> = foldhash::HashMap::default();
    // What is compared stands for itself where it is exact, else its examples stand for one another.
    let key = |value: &Value| {
        let itself = (ask.pool.is_some() && is_exact(value)).then(|| format!("{value:?}"));
        (itself, whole.signature(Some(value)))
    };
    let mut unreadable = Vec::new();
    for (number, class) in (0..).zip(&part.classes) {
        match class {
            Class::Value(value) if reads(value) => classes.entry(key(value)).or_default().push(number),
            Class::Value(_) | Class::Odd(_) => unreadable.push(number),
            Class::Missing | Class::Some | Class::Set | Class::No | Class::Yes => {}
        }
    }
    let examples: Vec<Example> = values
        .into_iter()
        .map(|value| {
            let key = key(&value);
            let of = match classes.get(&key) {
                Some(of) => of.iter().copied().collect(),
                None if key.1 == nothing => ClassSet::one(0),
                None => ClassSet::empty(),
            };
            Example { exact: is_exact(&value), value, classes: of }
        })
        // No request is told apart by what is far off, where no class has it.
        .filter(|example| !(example.classes.is_empty() && is_far(&example.value)))
        .collect();
    let mut all: Vec<Question> = Vec::new();
    for test in &fine.all[0].tests {
        let Test::Predicate(side, kind, predicate) = test else { continue };
        let Some(known) = &sides[*side] else { continue };
        if matches!(predicate, Predicate::Is(_)) {
            continue;
        }
        let says = |example: &Example| {
            typed(known.model, *kind, &example.value).and_then(|v| satisfies(known.model, &v, predicate))
        };
        let answers = examples.iter().map(says).collect();
        all.push(Question { side: *side, predicate: predicate.clone(), answers });
    }
    let told = |test: &Test| matches!(test, Test::Told(..) | Test::Enabled);
    let alike = unreadable.is_empty() && !ask.tests.iter().any(told);
    let unreadable = unreadable.into_iter().collect();
    Some(Questions { types: ask.types.clone(), all, examples, unreadable, alike })
}

fn is_far(value: &Value) -> bool {
    matches!(value, Value::Int(number) if !KNOWN.contains(number))
}

fn alone<'s, 'm>(sides: &'s [Option<Known<'m>>], ask: Ask) -> Asked<'s, 'm> {
    let mut asked = Asked::new(sides);
    asked.variable(ask.what.clone());
    asked.all[0] = ask;
    asked
}

/// The tests, each with one constant.
fn single(sides: &[Option<Known<'_>>], ask: &Ask) -> Vec<Test> {
    let mut tests = Vec::new();
    for test in &ask.tests {
        match test {
            Test::Predicate(side, kind, predicate) => {
                let one = |predicate: Predicate| Test::Predicate(*side, *kind, predicate);
                match predicate {
                    Predicate::Is(of) => tests.extend(of.iter().map(|c| one(Predicate::Is(vec![c.clone()])))),
                    Predicate::Like(of) => {
                        tests.extend(of.iter().map(|c| one(Predicate::Like(vec![c.clone()]))))
                    }
                    Predicate::InNetworks(of) => {
                        tests.extend(of.iter().map(|c| one(Predicate::InNetworks(vec![*c]))));
                    }
                    Predicate::HasAny(_)
                    | Predicate::Present
                    | Predicate::Order(..)
                    | Predicate::During(_)
                    | Predicate::Same(_)
                    | Predicate::ElementOf(_) => tests.push(test.clone()),
                }
            }
            Test::Told(..) | Test::Enabled => tests.push(test.clone()),
        }
    }
    // What stands for itself is told from all else.
    for value in ask.exact.iter().filter(|_| ask.pool.is_some()) {
        for (side, kind) in &ask.types {
            let constant = sides[*side].as_ref().and_then(|known| typed(known.model, *kind, value));
            tests.extend(constant.map(|c| Test::Predicate(*side, *kind, Predicate::Is(vec![c]))));
        }
    }
    tests
}
