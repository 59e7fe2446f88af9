//! The variables of a universe by what they stand for, and their classes by what they are.

use foldhash::HashMap;

use super::asked::kind_name;
use super::side::Known;
use super::terms::Variable;
use super::variables::{Class, Part, What};
use crate::request::Value;
use crate::sema::model::KindId;

/// Variables and classes, to be looked up.
#[derive(Debug)]
pub(super) struct Vocabulary {
    parts: Vec<Part>,
    numbers: HashMap<What, Variable>,
    /// For each variable the classes of texts.
    texts: Vec<HashMap<String, u32>>,
}

impl Vocabulary {
    pub(super) fn new(parts: Vec<Part>) -> Vocabulary {
        let numbers = (0..).zip(&parts).map(|(number, part)| (part.what.clone(), Variable(number))).collect();
        let text = |(number, class): (u32, &Class)| match class {
            Class::Value(Value::Text(text)) => Some((text.clone(), number)),
            Class::Value(Value::Bool(_) | Value::Int(_) | Value::Set(_))
            | Class::Missing
            | Class::Some
            | Class::Odd(_)
            | Class::Set
            | Class::No
            | Class::Yes => None,
        };
        let texts = parts.iter().map(|part| (0..).zip(&part.classes).filter_map(text).collect()).collect();
        Vocabulary { parts, numbers, texts }
    }

    /// All variables, in order.
    pub(super) fn parts(&self) -> impl Iterator<Item = (Variable, &Part)> {
        (0..).map(Variable).zip(&self.parts)
    }

    pub(super) fn list(&self) -> &[Part] {
        &self.parts
    }

    pub(super) fn find(&self, what: &What) -> Option<Variable> {
        self.numbers.get(what).copied()
    }

    pub(super) fn what(&self, variable: Variable) -> &What {
        &self.parts[variable.index()].what
    }

    pub(super) fn classes(&self, variable: Variable) -> &[Class] {
        &self.parts[variable.index()].classes
    }

    /// The class that this value stands for.
    pub(super) fn class(&self, variable: Variable, value: &Value) -> Option<u32> {
        match value {
            Value::Text(text) => self.texts[variable.index()].get(text).copied(),
            Value::Bool(_) | Value::Int(_) | Value::Set(_) => {
                let stands = |class: &Class| matches!(class, Class::Value(of) if of == value);
                self.classes(variable).iter().position(stands).map(|class| class as u32)
            }
        }
    }

    /// The variable of what the request names at a kind.
    pub(super) fn container(&self, known: &Known<'_>, kind: KindId) -> Option<Variable> {
        self.find(&What::Container(kind_name(known, kind)))
    }
}
