//! The effective container chain as a function of what the request names: which container stands at which kind.

use std::collections::BTreeMap;

use super::asked::kind_named;
use super::sets::ClassSet;
use super::side::{Known, path};
use super::terms::{Term, Terms, Variable};
use super::variables::{Class, What};
use super::vocabulary::Vocabulary;
use crate::request::Value;
use crate::sema::model::{ContainerId, KindId, Model};

/// What stands at a kind of the effective chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// What the request names there, if anything, with all that it says of it.
    Named,
    /// What a container further in is declared to lie in, of which the request says nothing.
    Written(ContainerId),
    /// Nothing: what the request names there is declared to lie elsewhere than a container further in.
    Nothing,
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
    /// From the innermost kind outwards: what containers further in are declared to lie in stands there, unless the
    /// request names the very same container. What it names at the other kinds stays, if that is not declared to lie
    /// elsewhere.
    pub(super) fn new(known: &Known<'_>, vocabulary: &Vocabulary, terms: &mut Terms) -> Chain {
        let (walk, wrong) = walk(known, vocabulary, terms);
        let mut settled = Settled::default();
        let mut at = BTreeMap::new();
        for kind in walk {
            let (mut elements, mut named, mut free) = (Vec::new(), Vec::new(), Vec::new());
            for (container, here) in settled.of(kind) {
                free.push(here.not());
                let same = is(known, vocabulary, terms, *container);
                named.push(terms.and(&[*here, same]));
                elements.push((terms.and(&[*here, same.not()]), Element::Written(*container)));
            }
            let free = terms.and(&free);
            let mut nowhere = Vec::new();
            for (parent, (variable, classes)) in parents(known, vocabulary, kind) {
                let here = terms.is(variable, classes);
                let here = terms.and(&[free, here]);
                let outer: Vec<ContainerId> = known.model.containers.to_root(parent).collect();
                let elsewhere = settled.elsewhere(known.model, terms, &outer);
                nowhere.push(terms.and(&[here, elsewhere]));
                let stays = terms.and(&[here, elsewhere.not()]);
                for outer in outer {
                    settled.add(known.model, terms, outer, stays);
                }
            }
            let nowhere = terms.or(&nowhere);
            named.push(terms.and(&[free, nowhere.not()]));
            elements.push((terms.or(&named), Element::Named));
            elements.push((nowhere, Element::Nothing));
            elements.retain(|(guard, _)| *guard != Term::FALSE);
            at.insert(kind, elements);
        }
        Chain { at, wrong }
    }
}

/// Where containers further in are declared to lie in which.
#[derive(Debug, Default)]
struct Settled {
    at: BTreeMap<KindId, BTreeMap<ContainerId, Term>>,
}

impl Settled {
    fn of(&self, kind: KindId) -> impl Iterator<Item = (&ContainerId, &Term)> {
        self.at.get(&kind).into_iter().flatten()
    }

    fn add(&mut self, model: &Model, terms: &mut Terms, container: ContainerId, here: Term) {
        let of_kind = self.at.entry(model.containers[container.index()].kind).or_default();
        let guard = of_kind.entry(container).or_insert(Term::FALSE);
        *guard = terms.or(&[*guard, here]);
    }

    /// Where another container is settled at the kind of one of these.
    fn elsewhere(&self, model: &Model, terms: &mut Terms, outer: &[ContainerId]) -> Term {
        let mut others = Vec::new();
        for container in outer {
            let of_kind = self.of(model.containers[container.index()].kind);
            others.extend(of_kind.filter(|(other, _)| *other != container).map(|(_, here)| *here));
        }
        terms.or(&others)
    }
}

/// Where the request names this container.
fn is(known: &Known<'_>, vocabulary: &Vocabulary, terms: &mut Terms, container: ContainerId) -> Term {
    let declaration = &known.model.containers[container.index()];
    let class = vocabulary.container(known, declaration.kind).and_then(|variable| {
        Some((variable, vocabulary.class(variable, &Value::Text(declaration.id.clone()))?))
    });
    class.map_or(Term::FALSE, |(variable, class)| terms.is(variable, ClassSet::one(class)))
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

/// The kinds whose containers a request can name, those further in first; and where it names two that lie in no one way
/// to the root, or one of a kind that only the other side knows or that has nothing to do with the operation: such a
/// request is refused.
fn walk(known: &Known<'_>, vocabulary: &Vocabulary, terms: &mut Terms) -> (Vec<KindId>, Term) {
    let mut walk = known.path.clone();
    let mut wrong = Vec::new();
    let mut named: Vec<(KindId, Term)> = Vec::new();
    for (variable, part) in vocabulary.parts() {
        let kind = match &part.what {
            What::Container(kind) => kind_named(known, kind),
            What::User
            | What::Value(..)
            | What::Element(..)
            | What::ElementLike(..)
            | What::Stage(_)
            | What::Approval
            | What::Word(_) => continue,
        };
        let here = terms.is(variable, ClassSet::one(0)).not();
        let Some(kind) = kind.filter(|kind| known.can_name(*kind)) else {
            wrong.push(here);
            continue;
        };
        for (other, there) in &named {
            let on_one_branch =
                path(known.model, kind).contains(other) || path(known.model, *other).contains(&kind);
            if !on_one_branch {
                wrong.push(terms.and(&[here, *there]));
            }
        }
        named.push((kind, here));
        if !walk.contains(&kind) {
            walk.push(kind);
        }
    }
    walk.sort_by_key(|kind| (std::cmp::Reverse(path(known.model, *kind).len()), *kind));
    (walk, terms.or(&wrong))
}
