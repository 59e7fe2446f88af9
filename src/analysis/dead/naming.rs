//! Which containers a condition names, so that what speaks of different ones is not asked about together, and what
//! speaks of the same ones is asked about first.

use crate::region::{Models, satisfies};
use crate::sema::model::{
    Atom, Condition, Constant, ContainerId, KindId, Model, Owner, Predicate, Subject as Read,
};

/// The containers of a kind that a condition names, if it holds in no others of the kind.
#[derive(Debug)]
pub(super) struct Named<'c> {
    kind: KindId,
    ids: Vec<&'c str>,
    /// Those of them that are declared, with what they lie in.
    declared: Vec<Option<Vec<ContainerId>>>,
}

/// How the containers of two conditions stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relation {
    /// Some are the same, or lie in one another.
    Near,
    /// A request can be in both.
    Open,
    /// No request can, but for one that lists what is in many.
    Far,
}

impl<'c> Named<'c> {
    /// What the condition names.
    pub(super) fn of(models: &Models<'_>, condition: &'c Condition) -> Option<Named<'c>> {
        match condition {
            Condition::All(parts) => parts.iter().find_map(|part| Named::of(models, part)),
            Condition::Test(Atom { subject: Read::Container { attributes, .. }, predicate, .. }) => {
                let (Predicate::Is(constants), [attribute]) = (predicate, attributes.as_slice()) else {
                    return None;
                };
                // The id is the first attribute of every kind.
                let index = models.of(0);
                let kinds = &index.model.kinds;
                let kind = kinds.iter().position(|kind| kind.attributes.first() == Some(attribute))?;
                let kind = KindId(kind as u32);
                let text = |constant: &'c Constant| match constant {
                    Constant::String(text) => Some(text.as_str()),
                    _ => None, // no id
                };
                let ids: Vec<&str> = constants.iter().map(text).collect::<Option<_>>()?;
                let containers = &index.model.containers;
                let declared =
                    ids.iter().map(|id| Some(containers.to_root(containers.find(kind, id)?).collect()));
                Some(Named { kind, declared: declared.collect(), ids })
            }
            Condition::Test(_)
            | Condition::Constant(_)
            | Condition::InKind(_)
            | Condition::AtKind(_)
            | Condition::Any(_)
            | Condition::Not(_) => None,
        }
    }

    /// How it stands to what a permit names. `certain` says that this is certain of a request, too, and not only possible.
    pub(super) fn to(&self, model: &Model, permit: &Named<'_>, certain: bool) -> Relation {
        if self.kind == permit.kind {
            let shared = self.ids.iter().any(|id| permit.ids.contains(id));
            return if shared { Relation::Near } else { Relation::Far };
        }
        match permit.lies_in(model, self) {
            Relation::Open if certain => self.lies_in(model, permit),
            relation => relation,
        }
    }

    /// Whether the condition is certainly false of every request in one of these containers: for what is declared of it,
    /// and of what it lies in, whatever else the request says.
    pub(super) fn excludes(&self, model: &Model, condition: &Condition) -> bool {
        let mut containers = self.ids.iter().zip(&self.declared);
        containers.all(|(id, declared)| {
            condition.truth(&|test| self.told(model, (id, declared.as_deref()), test)) == Some(false)
        })
    }

    /// What a test says in one of the containers.
    fn told(
        &self,
        model: &Model,
        (id, declared): (&str, Option<&[ContainerId]>),
        test: &Condition,
    ) -> Option<bool> {
        let Condition::Test(Atom { subject: Read::Container { attributes, .. }, predicate, .. }) = test
        else {
            return None;
        };
        let [attribute] = attributes.as_slice() else { return None };
        let Owner::Kind(kind) = model.attributes[attribute.index()].owner else { return None };
        let of_kind = |container: &&ContainerId| model.containers[container.index()].kind == kind;
        let container = declared.into_iter().flatten().find(of_kind).map(|id| &model.containers[id.index()]);
        if model.kinds[kind.index()].attributes.first() != Some(attribute) {
            return satisfies(model, container?.attributes.get(attribute)?, predicate);
        }
        let id = if kind == self.kind { id } else { &container?.id };
        satisfies(model, &Constant::String(id.to_owned()), predicate)
    }

    /// How it stands to containers of an outer kind.
    fn lies_in(&self, model: &Model, outer: &Named<'_>) -> Relation {
        let mut all_elsewhere = true;
        for declared in &self.declared {
            let of_kind = |id: &&ContainerId| model.containers[id.index()].kind == outer.kind;
            match declared.iter().flatten().find(of_kind) {
                Some(id) if outer.ids.contains(&model.containers[id.index()].id.as_str()) => {
                    return Relation::Near;
                }
                Some(_) => {}
                None => all_elsewhere = false,
            }
        }
        if all_elsewhere { Relation::Far } else { Relation::Open }
    }
}
