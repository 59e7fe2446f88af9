//! The effective container chain as a function of what the request names: which container stands at which kind.

use std::collections::BTreeMap;

use super::asked::kind_named;
use super::sets::ClassSet;
use super::side::{Known, path};
use super::terms::{Term, Terms, Variable};
use super::variables::{Class, What};
use super::vocabulary::Vocabulary;
use crate::request::Value;
use crate::sema::model::{ContainerId, KindId};

/// What stands at a kind of the effective chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// What the request names there, if anything, with all that it says of it.
    Named,
    /// The declared parent of a container further in, of which the request says nothing.
    Written(ContainerId),
}

/// One side's chain.
#[derive(Debug)]
pub(super) struct Chain {
    /// For each kind what stands there, under conditions of which exactly one holds.
    pub(super) at: BTreeMap<KindId, Vec<(Term, Element)>>,
    /// Where this holds, the containers do not fit the operation.
    pub(super) wrong: Term,
}

impl Chain {
    /// Every declared parent takes its place, from the innermost kind outwards, unless the request names the very
    /// same container there.
    pub(super) fn new(known: &Known<'_>, vocabulary: &Vocabulary, terms: &mut Terms) -> Chain {
        let (walk, foreign) = walk(known, vocabulary);
        let absent: Vec<Term> =
            foreign.into_iter().map(|variable| terms.is(variable, ClassSet::one(0)).not()).collect();
        let wrong = terms.or(&absent);
        let mut at: BTreeMap<KindId, Vec<(Term, Element)>> =
            walk.iter().map(|kind| (*kind, vec![(Term::TRUE, Element::Named)])).collect();
        for kind in &walk {
            let Some(elements) = at.get(kind).cloned() else {
                continue;
            };
            // Where which declared parent is written.
            let mut writes: BTreeMap<ContainerId, Vec<Term>> = BTreeMap::new();
            for (guard, element) in elements {
                match element {
                    Element::Written(container) => {
                        if let Some(parent) = known.model.containers[container.index()].parent {
                            writes.entry(parent).or_default().push(guard);
                        }
                    }
                    Element::Named => {
                        for (parent, classes) in parents(known, vocabulary, *kind) {
                            let variable = classes.0;
                            let named = terms.is(variable, classes.1);
                            let write = terms.and(&[guard, named]);
                            writes.entry(parent).or_default().push(write);
                        }
                    }
                }
            }
            for (parent, guards) in writes {
                let here = terms.or(&guards);
                write(known, vocabulary, terms, &mut at, here, parent);
            }
        }
        Chain { at, wrong }
    }
}

/// Puts a declared parent in its place where `here` holds.
fn write(
    known: &Known<'_>,
    vocabulary: &Vocabulary,
    terms: &mut Terms,
    at: &mut BTreeMap<KindId, Vec<(Term, Element)>>,
    here: Term,
    parent: ContainerId,
) {
    let declaration = &known.model.containers[parent.index()];
    let Some(elements) = at.get_mut(&declaration.kind) else {
        return; // a parent lies on the way to the root
    };
    let variable = vocabulary.container(known, declaration.kind);
    let same = variable.and_then(|variable| {
        let class = vocabulary.class(variable, &Value::Text(declaration.id.clone()))?;
        Some(terms.is(variable, ClassSet::one(class)))
    });
    let mut written = Vec::new();
    for (guard, element) in elements.iter_mut() {
        let stays = match element {
            Element::Named => same.unwrap_or(Term::FALSE),
            Element::Written(container) => Term::constant(*container == parent),
        };
        let changes = terms.and(&[*guard, here, stays.not()]);
        written.push(changes);
        *guard = terms.and(&[*guard, changes.not()]);
    }
    let written = terms.or(&written);
    match elements.iter_mut().find(|(_, element)| *element == Element::Written(parent)) {
        Some((guard, _)) => *guard = terms.or(&[*guard, written]),
        None => elements.push((written, Element::Written(parent))),
    }
    elements.retain(|(guard, _)| *guard != Term::FALSE);
}

/// The declared parents of the containers of a kind that are told from others, with the classes of these.
fn parents(
    known: &Known<'_>,
    vocabulary: &Vocabulary,
    kind: KindId,
) -> BTreeMap<ContainerId, (Variable, ClassSet)> {
    let mut parents: BTreeMap<ContainerId, (Variable, Vec<u32>)> = BTreeMap::new();
    let Some(variable) = vocabulary.container(known, kind) else {
        return BTreeMap::new();
    };
    for (number, class) in (0..).zip(vocabulary.classes(variable)) {
        if let Class::Value(Value::Text(id)) = class
            && let Some(container) = known.model.containers.find(kind, id)
            && let Some(parent) = known.model.containers[container.index()].parent
        {
            parents.entry(parent).or_insert_with(|| (variable, Vec::new())).1.push(number);
        }
    }
    parents
        .into_iter()
        .map(|(parent, (variable, classes))| (parent, (variable, classes.into_iter().collect())))
        .collect()
}

/// The kinds whose containers can stand in the chain, innermost first; and the variables of kinds that only the
/// other side knows or that have nothing to do with the operation: a request that names one of these is refused.
fn walk(known: &Known<'_>, vocabulary: &Vocabulary) -> (Vec<KindId>, Vec<Variable>) {
    let mut walk = known.path.clone();
    let mut foreign = Vec::new();
    let kinds = vocabulary.parts().filter_map(|(variable, part)| match &part.what {
        What::Container(kind) => Some((variable, kind_named(known, kind))),
        What::User | What::Value(..) | What::Element(..) | What::ElementLike(..) | What::Stage(_) => None,
    });
    let kinds: Vec<(Variable, Option<KindId>)> = kinds.collect();
    for (_, kind) in &kinds {
        if let Some(kind) = kind {
            let longer = path(known.model, *kind);
            if longer.len() > walk.len() && longer.ends_with(&walk) {
                walk = longer;
            }
        }
    }
    for (variable, kind) in kinds {
        if !kind.is_some_and(|kind| walk.contains(&kind)) {
            foreign.push(variable);
        }
    }
    (walk, foreign)
}
