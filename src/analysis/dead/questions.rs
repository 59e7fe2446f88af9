//! What is asked about: every rule, every test at its place, every declared container, every later stage.

use std::collections::{BTreeMap, BTreeSet};

use super::{DeadTest, Place, Subject};
use crate::sema::model::{
    Atom, ClauseId, Condition, Constant, ContainerId, KindId, Model, Predicate, Subject as Read,
};
use crate::span::Span;

/// More declared containers than this are not all asked about: only those that some rule names.
const MANY_CONTAINERS: usize = 500;

/// All questions about a model.
#[derive(Debug)]
pub(super) struct Questions {
    /// For each clause the places of the tests in its condition.
    pub(super) tests: Vec<BTreeSet<Place>>,
    /// By kind the containers asked about, each with the condition that the request is about it.
    pub(super) containers: BTreeMap<KindId, Vec<(ContainerId, Condition)>>,
    /// Clauses that depend on the stage of a ratchet.
    pub(super) staged: BTreeSet<ClauseId>,
    /// Whether it depends on the stage which requests need a person.
    pub(super) demands_by_stage: bool,
    /// `has(user)`, if there is such an attribute.
    pub(super) user: Option<Condition>,
}

impl Questions {
    pub(super) fn new(model: &Model) -> Questions {
        let (mut named, mut staged) = (BTreeSet::new(), BTreeSet::new());
        let tests = (0..)
            .map(ClauseId)
            .zip(&model.clauses)
            .map(|(id, clause)| {
                let mut places = BTreeSet::new();
                each_test(&clause.condition, &mut |atom| {
                    // What stands at the whole rule's place is written nowhere: the stage of a withdrawal.
                    if Place::from(atom.span) != Place::from(clause.span) {
                        places.insert(Place::from(atom.span));
                    }
                    if matches!(atom.subject, Read::Stage(_)) {
                        staged.insert(id);
                    }
                    if let Predicate::Is(constants) = &atom.predicate {
                        named.extend(constants.iter());
                    }
                });
                places
            })
            .collect();
        let mut containers: BTreeMap<KindId, Vec<(ContainerId, Condition)>> = BTreeMap::new();
        for (number, container) in (0..).map(ContainerId).zip(&model.containers) {
            let id = Constant::String(container.id.clone());
            if model.containers.len() > MANY_CONTAINERS && !named.contains(&id) {
                continue;
            }
            // The id is the first attribute of every kind.
            if let Some(attribute) = model.kinds[container.kind.index()].attributes.first() {
                let subject = Read::Container { attributes: vec![*attribute], inherited: false };
                let atom = Atom { subject, predicate: Predicate::Is(vec![id]), span: container.span };
                containers.entry(container.kind).or_default().push((number, Condition::Test(atom)));
            }
        }
        let id = (0..).zip(&model.attributes).find(|(_, attribute)| {
            attribute.owner == crate::sema::model::Owner::User && attribute.name == "id"
        });
        let user = id.map(|(number, _)| {
            let subject = Read::Attribute(crate::sema::model::AttributeId(number));
            Condition::Test(Atom { subject, predicate: Predicate::Present, span: Span::default() })
        });
        let mut demands_by_stage = false;
        each_test(&model.authority.context_user_required, &mut |atom| {
            demands_by_stage |= matches!(atom.subject, Read::Stage(_));
        });
        Questions { tests, containers, staged, demands_by_stage, user }
    }

    /// The tests that never matter, outside of rules that are dead as a whole.
    pub(super) fn dead_tests(&self, never: &BTreeSet<Subject>, dead: &BTreeSet<ClauseId>) -> Vec<DeadTest> {
        let alive: BTreeSet<Place> = (0..)
            .map(ClauseId)
            .zip(&self.tests)
            .filter(|(clause, _)| !dead.contains(clause))
            .flat_map(|(_, places)| places.iter().copied())
            .collect();
        let value = |place: &Place| {
            [true, false].into_iter().find(|value| never.contains(&Subject::Test(*place, *value)))
        };
        alive.iter().filter_map(|place| Some(DeadTest { place: *place, value: value(place)? })).collect()
    }
}

/// The condition with all tests at that place replaced.
pub(super) fn replaced(condition: &Condition, place: Place, value: bool) -> Condition {
    let part = |part: &Condition| replaced(part, place, value);
    match condition {
        Condition::Test(atom) if Place::from(atom.span) == place => Condition::Constant(value),
        Condition::All(parts) => Condition::All(parts.iter().map(part).collect()),
        Condition::Any(parts) => Condition::Any(parts.iter().map(part).collect()),
        Condition::Not(inner) => Condition::Not(Box::new(part(inner))),
        Condition::Constant(_) | Condition::Test(_) | Condition::InKind(_) | Condition::AtKind(_) => {
            condition.clone()
        }
    }
}

fn each_test<'c>(condition: &'c Condition, see: &mut impl FnMut(&'c Atom)) {
    match condition {
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| each_test(part, see)),
        Condition::Not(inner) => each_test(inner, see),
        Condition::Test(atom) => see(atom),
    }
}
