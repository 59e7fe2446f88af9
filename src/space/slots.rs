//! Slots: what a request is read into, one for each thing that a formula can test.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sprag_runtime::format::{FIRST, TRUE};

use super::classes::{self, Classifier};
use super::expression::Expression;
use super::pieces::Piece;
use crate::diag::Diagnostic;
use crate::sema::model::{
    ClauseKind, Model, Owner, Predicate, Principal, RatchetId, Subject, Type, WindowId,
};
use crate::space::PieceKind;

/// How many classes a slot has that is true or false.
const TWO_WAY: u32 = TRUE + 1;

/// One reading of a request.
#[derive(Debug, Clone)]
pub struct Slot {
    /// What is read.
    pub subject: Subject,
    /// How its value becomes a class.
    pub classifier: Classifier,
    /// How many classes there are, those too that stand for no value.
    pub classes: u32,
}

impl Slot {
    /// What it reads, as policies write it.
    pub fn name(&self, model: &Model, slots: &Slots) -> String {
        let subject = classes::describe(model, &self.subject);
        match &self.classifier {
            Classifier::Window(window) => format!("{subject} during {}", model.windows[window.index()].name),
            Classifier::Element { head, index } => match &slots.slots[*head as usize].classifier {
                Classifier::Set { elements, .. } => format!("{:?} in {subject}", elements[*index as usize]),
                _ => subject,
            },
            Classifier::Relation(Predicate::Same(other)) => {
                format!("{subject} == {}", classes::describe(model, other))
            }
            Classifier::Relation(Predicate::ElementOf(other)) => {
                format!("{subject} in {}", classes::describe(model, other))
            }
            _ => subject,
        }
    }
}

/// All slots of a model.
#[derive(Debug, Default)]
pub struct Slots {
    /// In order: for each subject its main slot, for sets followed by their elements, then windows;
    /// relations at the end.
    pub slots: Vec<Slot>,
    /// Number of the first relation.
    pub relations: u32,
    mains: HashMap<Subject, u32>,
    elements: HashMap<(u32, String), u32>,
    windows: HashMap<(Subject, WindowId), u32>,
    related: HashMap<(Subject, Predicate), u32>,
    satisfied: HashMap<(u32, Predicate), Arc<[u32]>>,
}

impl Slots {
    /// The main slot of a subject that some formula reads.
    pub fn main(&self, subject: &Subject) -> u32 {
        self.mains[subject]
    }

    /// The main slot, if there is one.
    pub fn find(&self, subject: &Subject) -> Option<u32> {
        self.mains.get(subject).copied()
    }

    /// Every subject with its main slot.
    pub fn subjects(&self) -> impl Iterator<Item = (&Subject, u32)> {
        self.mains.iter().map(|(s, n)| (s, *n))
    }

    /// The slot of one element of a set.
    pub fn element(&self, set: &Subject, element: &str) -> u32 {
        self.elements[&(self.main(set), element.to_string())]
    }

    pub(super) fn window(&self, subject: &Subject, window: WindowId) -> u32 {
        self.windows[&(subject.clone(), window)]
    }

    pub(super) fn relation(&self, subject: &Subject, predicate: &Predicate) -> u32 {
        self.related[&(subject.clone(), predicate.clone())]
    }

    /// The classes that satisfy a predicate.
    pub(super) fn classes(&self, _: &Model, slot: u32, predicate: &Predicate) -> Arc<[u32]> {
        self.satisfied[&(slot, predicate.clone())].clone()
    }

    fn push(&mut self, subject: &Subject, classifier: Classifier, classes: u32) -> u32 {
        self.slots.push(Slot { subject: subject.clone(), classifier, classes });
        self.slots.len() as u32 - 1
    }
}

/// The type of what a subject reads; `None` for stages.
pub fn type_of(model: &Model, subject: &Subject) -> Option<Type> {
    match subject {
        Subject::Attribute(id) => Some(model.attributes[id.index()].kind),
        Subject::Container { attributes, .. } => {
            attributes.first().map(|id| model.attributes[id.index()].kind)
        }
        Subject::Stage(_) => None,
    }
}

/// The subject `user.groups`.
pub fn user_groups(model: &Model) -> Option<Subject> {
    let named = |a: &crate::sema::model::Attribute| a.owner == Owner::User && a.name == "groups";
    let at = model.attributes.iter().position(named)?;
    Some(Subject::Attribute(crate::sema::model::AttributeId(at as u32)))
}

/// What formulas ask, by subject.
#[derive(Default)]
struct Asked {
    scalars: BTreeMap<Subject, Vec<Predicate>>,
    elements: BTreeMap<Subject, BTreeSet<String>>,
    windows: BTreeSet<(Subject, WindowId)>,
    relations: Vec<(Subject, Predicate)>,
    seen: std::collections::HashSet<(Subject, Predicate)>,
}

/// Makes the slots that the pieces need.
pub(super) fn build(model: &Model, pieces: &[Piece<Expression>]) -> Result<Slots, Vec<Diagnostic>> {
    let mut asked = Asked::default();
    for piece in pieces {
        asked.expression(&piece.condition);
    }
    let groups = user_groups(model);
    if let Some(groups) = &groups {
        for piece in pieces {
            if let (PieceKind::Clause(ClauseKind::ContextUserGrant), Principal::Group(group)) =
                (piece.kind, &piece.principal)
            {
                asked.elements.entry(groups.clone()).or_default().insert(group.clone());
            }
        }
    }
    for ratchet in 0..model.ratchets.len() as u32 {
        // Every stage is read, by the scope layer if by nothing else.
        asked.scalars.entry(Subject::Stage(RatchetId(ratchet))).or_default();
    }
    asked.mains(model);
    let mut slots = Slots::default();
    let mut problems = Vec::new();
    let subjects: BTreeSet<Subject> = asked.scalars.keys().chain(asked.elements.keys()).cloned().collect();
    for subject in &subjects {
        if let Some(elements) = asked.elements.get(subject) {
            let declared = |e: &&String| groups.as_ref() == Some(subject) && model.groups.contains_key(*e);
            let (first, rest): (Vec<_>, Vec<_>) = elements.iter().partition(declared);
            let names: Vec<String> = first.iter().chain(&rest).map(|e| e.to_string()).collect();
            let head = slots.push(
                subject,
                Classifier::Set { elements: names.clone(), declared: first.len() as u32 },
                FIRST + 1,
            );
            slots.mains.insert(subject.clone(), head);
            for (index, name) in (0..).zip(names) {
                let slot = slots.push(subject, Classifier::Element { head, index }, TWO_WAY);
                slots.elements.insert((head, name), slot);
            }
            continue;
        }
        let predicates = &asked.scalars[subject];
        match classes::build(model, subject, predicates) {
            Ok((classifier, classes, satisfied)) => {
                let slot = slots.push(subject, classifier, classes);
                slots.mains.insert(subject.clone(), slot);
                for (predicate, classes) in predicates.iter().zip(satisfied) {
                    slots.satisfied.insert((slot, predicate.clone()), Arc::from(classes));
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    for (subject, window) in &asked.windows {
        let slot = slots.push(subject, Classifier::Window(*window), TWO_WAY);
        slots.windows.insert((subject.clone(), *window), slot);
    }
    slots.relations = slots.slots.len() as u32;
    for (subject, predicate) in &asked.relations {
        let slot = slots.push(subject, Classifier::Relation(predicate.clone()), TWO_WAY);
        slots.related.insert((subject.clone(), predicate.clone()), slot);
    }
    Ok(slots)
}

impl Asked {
    fn expression(&mut self, expression: &Expression) {
        match expression {
            Expression::Constant(_) | Expression::Unknown => {}
            Expression::All(parts) | Expression::Any(parts) => parts.iter().for_each(|p| self.expression(p)),
            Expression::Not(inner) => self.expression(inner),
            Expression::Test(subject, predicate) => {
                if self.seen.insert((subject.clone(), predicate.clone())) {
                    self.test(subject, predicate);
                }
            }
        }
    }

    fn test(&mut self, subject: &Subject, predicate: &Predicate) {
        match predicate {
            Predicate::Present => drop(self.scalars.entry(subject.clone()).or_default()),
            Predicate::During(window) => {
                self.windows.insert((subject.clone(), *window));
                self.scalars.entry(subject.clone()).or_default();
            }
            Predicate::Same(other) | Predicate::ElementOf(other) => {
                self.scalars.entry(subject.clone()).or_default();
                self.scalars.entry(other.clone()).or_default();
                self.relations.push((subject.clone(), predicate.clone()));
            }
            Predicate::HasAny(elements) => {
                self.elements.entry(subject.clone()).or_default().extend(elements.iter().cloned());
            }
            Predicate::Is(_) | Predicate::Order(..) | Predicate::Like(_) | Predicate::InNetworks(_) => {
                self.scalars.entry(subject.clone()).or_default().push(predicate.clone());
            }
        }
    }

    /// Sets are heads, also where only their presence is asked for.
    fn mains(&mut self, model: &Model) {
        let is_set = |s: &Subject| type_of(model, s) == Some(Type::Strings);
        let sets: Vec<Subject> = self.scalars.keys().filter(|s| is_set(s)).cloned().collect();
        for set in sets {
            self.scalars.remove(&set);
            self.elements.entry(set).or_default();
        }
    }
}
