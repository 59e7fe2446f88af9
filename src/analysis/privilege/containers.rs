//! Where an app is permitted anything: in few containers, or in those with the highest classification.

use std::collections::{BTreeMap, BTreeSet};

use super::permitted::{Group, Permits, test};
use super::set::Operations;
use crate::eval;
use crate::request::Request;
use crate::sema::model::{
    AppId, Attribute, AttributeId, Clause, ClauseId, ClauseKind, Condition, Constant, EnumId, KindId, Model,
    OperationId, Owner, Predicate, Subject, Type,
};

/// An app of which every permitted use lies in some containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confined {
    /// The app.
    pub app: AppId,
    /// What it is permitted.
    pub permitted: Operations,
    /// Where.
    pub to: Where,
}

/// Some containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// Those of this kind with one of these ids, and what lies in them.
    These(KindId, Vec<String>),
    /// Where the tests of containers in one of these permits hold: all permits of the app have some.
    AsWritten(Vec<ClauseId>),
}

/// The containers to which the app is confined; none where some permitted use may lie anywhere.
pub fn confined(model: &Model, permits: &dyn Permits, app: AppId) -> Option<Confined> {
    let permitted = super::permitted::operations(permits, app);
    if permitted.is_empty() {
        return None;
    }
    let clauses = matching(model, ClauseKind::Permit, app, &permitted);
    let limited = !clauses.is_empty() && clauses.iter().all(|(_, c)| confines(&c.condition));
    if let Some((kind, ids)) = by_id(model, permits, app) {
        return Some(Confined { app, permitted, to: Where::These(kind, ids) });
    }
    let written = || Where::AsWritten(clauses.iter().map(|(id, _)| *id).collect());
    limited.then(|| Confined { app, permitted, to: written() })
}

/// Containers of one kind outside of which nothing is permitted: of those that some clause about the app names.
fn by_id(model: &Model, permits: &dyn Permits, app: AppId) -> Option<(KindId, Vec<String>)> {
    let groups: Vec<_> = permits.groups(app).iter().filter(|group| !group.permitted.is_never()).collect();
    let mut named: BTreeMap<KindId, BTreeSet<String>> = BTreeMap::new();
    let grants = [ClauseKind::Permit, ClauseKind::AppUserGrant];
    let clauses = model.clauses.iter().filter(|c| grants.contains(&c.kind) && c.apps.contains(&app));
    let clauses: Vec<(&Clause, BTreeMap<KindId, BTreeSet<String>>)> =
        clauses.map(|clause| (clause, self::named(model, &clause.condition))).collect();
    for (kind, ids) in clauses.iter().flat_map(|(_, named)| named) {
        named.entry(*kind).or_default().extend(ids.iter().cloned());
    }
    // The innermost kind says most.
    for (kind, ids) in named.into_iter().rev() {
        let attribute = model.kinds[kind.index()].attributes.first().copied()?;
        let subject = Subject::Container { attributes: vec![attribute], inherited: false };
        let one_of = Predicate::Is(ids.iter().cloned().map(Constant::String).collect());
        let inside = test(subject.clone(), one_of);
        // One outside is enough, so those come first that some permit lets be wherever they are.
        let anywhere = |group: &&&Group| {
            clauses.iter().any(|(clause, named)| {
                clause.kind == ClauseKind::Permit
                    && clause.operations.contains(&group.any())
                    && !named.contains_key(&kind)
            })
        };
        let (first, others): (Vec<&&Group>, Vec<&&Group>) = groups.iter().partition(anywhere);
        let outside = Condition::Not(Box::new(inside.clone()));
        let lies_outside = |group: &&Group| {
            let place = (app, group.any());
            let known = permits.known(place.0, place.1);
            known.is_some_and(|known| eval::counts_as_true(model, place, &known, &outside, [true, false]))
        };
        if first.iter().copied().any(lies_outside) {
            continue;
        }
        let mut all = first.into_iter().chain(others);
        if all.all(|group| permits.ask_outside(app, group.any(), &inside).is_never()) {
            let used = |id: &String| {
                let this = test(subject.clone(), Predicate::Is(vec![Constant::String(id.clone())]));
                groups.iter().any(|group| !permits.ask(app, group.any(), &this).is_never())
            };
            return Some((kind, ids.iter().filter(|id| used(id)).cloned().collect()));
        }
    }
    None
}

/// The ids that tests of containers' ids ask for, by kind.
pub(super) fn named(model: &Model, condition: &Condition) -> BTreeMap<KindId, BTreeSet<String>> {
    let mut named = BTreeMap::new();
    ids(model, condition, &mut named);
    named
}

/// The ids that tests of a kind's id ask for.
fn ids(model: &Model, condition: &Condition, named: &mut BTreeMap<KindId, BTreeSet<String>>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| ids(model, part, named))
        }
        Condition::Test(atom) => {
            if let (Subject::Container { attributes, .. }, Predicate::Is(constants)) =
                (&atom.subject, &atom.predicate)
                && let [attribute] = attributes.as_slice()
                && let Attribute { owner: Owner::Kind(kind), name, .. } = &model.attributes[attribute.index()]
                && name == "id"
            {
                let texts = constants.iter().filter_map(|constant| match constant {
                    Constant::String(text) => Some(text.clone()),
                    _ => None, // no id
                });
                named.entry(*kind).or_default().extend(texts);
            }
        }
        // What is not in a container is no list of containers.
        Condition::Not(_) | Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => {}
    }
}

/// Whether the condition, where it is certainly true, says something of containers: each way to make it true
/// tests one.
fn confines(condition: &Condition) -> bool {
    match condition {
        Condition::Constant(value) => !value,
        Condition::All(parts) => parts.iter().any(confines),
        Condition::Any(parts) => parts.iter().all(confines),
        Condition::Test(atom) => matches!(atom.subject, Subject::Container { .. }),
        // "Not there" leaves the rest of the world.
        Condition::Not(_) | Condition::InKind(_) | Condition::AtKind(_) => false,
    }
}

fn matching<'m>(
    model: &'m Model,
    kind: ClauseKind,
    app: AppId,
    operations: &Operations,
) -> Vec<(ClauseId, &'m Clause)> {
    let of_app = |clause: &&Clause| {
        clause.kind == kind
            && clause.apps.contains(&app)
            && clause.operations.iter().any(|operation| operations.contains(*operation))
    };
    let clauses = model.clauses.iter().enumerate().map(|(at, clause)| (ClauseId(at as u32), clause));
    clauses.filter(|(_, clause)| of_app(clause)).collect()
}

/// An ordered, inherited attribute of containers, such as their classification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// Its name: `classification`.
    pub name: String,
    /// Its values.
    pub enumeration: EnumId,
    /// The attribute of that name and type of each kind that has one.
    pub attributes: Vec<AttributeId>,
}

/// All of them.
pub fn ladders(model: &Model) -> Vec<Ladder> {
    let mut ladders: Vec<Ladder> = Vec::new();
    for (number, attribute) in model.attributes.iter().enumerate() {
        let id = AttributeId(number as u32);
        let (Owner::Kind(_), Type::Enum(enumeration), true) =
            (attribute.owner, attribute.kind, attribute.inherited)
        else {
            continue;
        };
        if !model.enumerations[enumeration.index()].ordered {
            continue;
        }
        match ladders.iter_mut().find(|l| l.name == attribute.name && l.enumeration == enumeration) {
            Some(ladder) => ladder.attributes.push(id),
            None => {
                ladders.push(Ladder { name: attribute.name.clone(), enumeration, attributes: vec![id] });
            }
        }
    }
    ladders
}

/// The highest value of a ladder at which an app is permitted anything.
#[derive(Debug, Clone)]
pub struct Highest {
    /// The app.
    pub app: AppId,
    /// Index of the value.
    pub value: u32,
    /// Whether there is none above.
    pub top: bool,
    /// An operation that is permitted there.
    pub operation: OperationId,
    /// A request for it.
    pub witness: Request,
}

/// How high on the ladder the app comes; none where it is permitted nothing, or it could not be decided.
pub fn highest(model: &Model, permits: &dyn Permits, app: AppId, ladder: &Ladder) -> Option<Highest> {
    let subject = Subject::Container { attributes: ladder.attributes.clone(), inherited: true };
    let top = (model.enumerations[ladder.enumeration.index()].values.len() as u32).checked_sub(1)?;
    let groups: Vec<_> = permits.groups(app).iter().filter(|group| !group.permitted.is_never()).collect();
    for value in (0..=top).rev() {
        let there = test(subject.clone(), Predicate::Is(vec![Constant::Index(value)]));
        for group in &groups {
            if let Some(witness) = permits.ask(app, group.any(), &there).witness() {
                let (operation, witness) = (group.any(), witness.clone());
                return Some(Highest { app, value, top: value == top, operation, witness });
            }
        }
    }
    None
}
