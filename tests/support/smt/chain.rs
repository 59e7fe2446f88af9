//! The containers of a request, as the policy knows them.

use std::collections::BTreeMap;

use sprag::sema::model::{ContainerId, KindId};

use super::{Element, Encoder, STRING, Smt, and, ite, not, or};

impl Encoder<'_> {
    /// The containers of the request, and what the policy's declared parents make of them.
    pub(super) fn chain(&mut self) {
        let model = self.model;
        let kinds: Vec<KindId> = (0..model.kinds.len() as u32).map(KindId).collect();
        for kind in &kinds {
            let name = &model.kinds[kind.index()].name;
            let there = self.declare(&format!("in {name}"), "Bool");
            let has_id = self.declare(&format!("in {name} id?"), "Bool");
            let id = self.declare(&format!("in {name} id"), "Int");
            self.is_text(STRING, &id);
            self.chain.push(Element { told: there.clone(), there, has_id, id });
        }
        // Each lies strictly above the one before.
        for (at, one) in kinds.iter().enumerate() {
            for other in &kinds[at + 1..] {
                if !self.below(*one, *other) && !self.below(*other, *one) {
                    let both =
                        and([self.chain[one.index()].there.clone(), self.chain[other.index()].there.clone()]);
                    self.assert(not(both));
                }
            }
        }
        // From the innermost kinds outwards: what is declared of one further in takes the place of what stood there, and
        // what is declared to lie elsewhere gives way.
        let mut inner_first = kinds.clone();
        inner_first.sort_by_key(|kind| std::cmp::Reverse(self.path(*kind).len()));
        let mut settled: BTreeMap<ContainerId, Vec<Smt>> = BTreeMap::new();
        for kind in &inner_first {
            let mut element = self.chain[kind.index()].clone();
            let mut forced_at_all = Vec::new();
            for (container, forced) in &settled {
                let container = &model.containers[container.index()];
                if container.kind != *kind {
                    continue;
                }
                let forced = self.named("Bool", or(forced.clone()));
                let id = self.text(&container.id);
                let same =
                    and([element.there.clone(), element.has_id.clone(), format!("(= {} {id})", element.id)]);
                let told = and([element.told.clone(), or([not(forced.clone()), same])]);
                element = Element {
                    there: self.named("Bool", or([forced.clone(), element.there])),
                    has_id: self.named("Bool", or([forced.clone(), element.has_id])),
                    id: self.named("Int", ite(&forced, &id, &element.id)),
                    told: self.named("Bool", told),
                };
                forced_at_all.push(forced);
            }
            let free = self.named("Bool", not(or(forced_at_all)));
            let mut children: BTreeMap<ContainerId, Vec<&str>> = BTreeMap::new();
            for container in model.containers.iter().filter(|container| container.kind == *kind) {
                if let Some(parent) = container.parent {
                    children.entry(parent).or_default().push(&container.id);
                }
            }
            let mut gone = Vec::new();
            for (parent, children) in children {
                let outer: Vec<ContainerId> =
                    std::iter::successors(Some(parent), |id| model.containers[id.index()].parent).collect();
                let kind_of = |id: &ContainerId| model.containers[id.index()].kind;
                let others = settled.iter().filter(|(id, _)| {
                    outer.iter().any(|outer| kind_of(outer) == kind_of(id) && outer != *id)
                });
                let elsewhere: Vec<Smt> = others.flat_map(|(_, forced)| forced.clone()).collect();
                let elsewhere = self.named("Bool", or(elsewhere));
                let named = self.one_of(&element.id, &children);
                let here = and([free.clone(), element.there.clone(), element.has_id.clone(), named]);
                let here = self.named("Bool", here);
                gone.push(and([here.clone(), elsewhere.clone()]));
                let stays = self.named("Bool", and([here, not(elsewhere)]));
                for outer in outer {
                    settled.entry(outer).or_default().push(stays.clone());
                }
            }
            let stays = self.named("Bool", not(or(gone)));
            element.there = self.named("Bool", and([element.there, stays.clone()]));
            element.has_id = self.named("Bool", and([element.has_id, stays.clone()]));
            element.told = self.named("Bool", and([element.told, stays]));
            self.chain[kind.index()] = element;
        }
    }

    pub(super) fn one_of(&mut self, term: &str, texts: &[&str]) -> Smt {
        let equal: Vec<Smt> = texts.iter().map(|text| format!("(= {term} {})", self.text(text))).collect();
        or(equal)
    }

    /// The kind and what it lies in.
    pub(super) fn path(&self, kind: KindId) -> Vec<KindId> {
        std::iter::successors(Some(kind), |kind| self.model.kinds[kind.index()].parent).collect()
    }

    /// Strictly.
    pub(super) fn below(&self, inner: KindId, outer: KindId) -> bool {
        inner != outer && self.path(inner).contains(&outer)
    }
}
