//! One side of a universe: an app and an operation of a model, and what is constant of them.

use std::sync::Arc;

use super::index::Index;
use super::values::satisfies;
use crate::sema::model::{
    Access, AppId, Atom, AttributeId, Condition, Constant, KindId, Model, Operation, OperationId, Owner,
    Predicate, Subject, Type,
};

/// An app and an operation of a model.
#[derive(Debug, Clone)]
pub(super) struct Known<'m> {
    pub(super) index: Arc<Index<'m>>,
    pub(super) model: &'m Model,
    pub(super) app: AppId,
    pub(super) operation: OperationId,
    /// The kinds whose containers concern the operation, from the listed or else its own kind to the root.
    pub(super) path: Vec<KindId>,
    /// The kinds that are listed as long as the request names no container of them or below, innermost first.
    pub(super) lists: Vec<KindId>,
}

impl<'m> Known<'m> {
    pub(super) fn new(index: &Arc<Index<'m>>, app: AppId, operation: OperationId) -> Known<'m> {
        let model = index.model;
        let Operation { kind, lists, .. } = &model.operations[operation.index()];
        let path = path(model, lists.unwrap_or(*kind));
        let lists = match lists {
            None => Vec::new(),
            // A kind that lists itself.
            Some(lists) if lists == kind => vec![*lists],
            Some(_) => path.iter().copied().take_while(|at| at != kind).collect(),
        };
        Known { index: index.clone(), model, app, operation, path, lists }
    }

    /// The attribute of a kind among those that a subject reads.
    pub(super) fn owned(&self, attributes: &[AttributeId], kind: KindId) -> Option<AttributeId> {
        attributes.iter().copied().find(|id| self.model.attributes[id.index()].owner == Owner::Kind(kind))
    }

    /// The type of what a subject reads; `None` for stages.
    pub(super) fn type_of(&self, subject: &Subject) -> Option<Type> {
        crate::space::type_of(self.model, subject)
    }

    /// `Some` for what is the same in all requests; the constant is `None` where there is none.
    pub(super) fn fixed(&self, subject: &Subject) -> Option<Option<Constant>> {
        let Subject::Attribute(id) = subject else {
            return None;
        };
        let attribute = &self.model.attributes[id.index()];
        let word = |name: &str| match attribute.kind {
            Type::Enum(of) => {
                let at = self.model.enumerations[of.index()].values.iter().position(|value| value == name);
                at.map(|at| Constant::Index(at as u32))
            }
            Type::String => Some(Constant::String(name.to_owned())),
            Type::Bool
            | Type::Int
            | Type::Strings
            | Type::Ip
            | Type::Domain
            | Type::Origin
            | Type::Instant
            | Type::Duration => None,
        };
        match attribute.owner {
            Owner::App => {
                let app = &self.model.apps[self.app.index()];
                Some(match attribute.name.as_str() {
                    "name" => word(&app.name),
                    "key" => word(&app.key),
                    "vendor" if app.vendor.is_empty() => None,
                    "vendor" => word(&app.vendor),
                    "kind" => word(&app.kind),
                    _ => None, // the prelude declares no other
                })
            }
            Owner::Operation => {
                let operation = &self.model.operations[self.operation.index()];
                Some(match attribute.name.as_str() {
                    "name" => word(&operation.name),
                    "method" => operation.http.as_ref().and_then(|(method, _)| word(method)),
                    "access" => word(match operation.access {
                        Access::Read => "read",
                        Access::Write => "write",
                        Access::Delete => "delete",
                        Access::Admin => "admin",
                    }),
                    "marks" => {
                        let name =
                            |mark: &crate::sema::model::MarkId| self.model.marks[mark.index()].name.clone();
                        Some(Constant::Strings(operation.marks.iter().map(name).collect()))
                    }
                    _ => None, // the prelude declares no other
                })
            }
            Owner::Kind(_) | Owner::User | Owner::Request => None,
        }
    }

    /// The truth of a condition, where it is the same in all requests and not unknown.
    pub(super) fn settled(&self, condition: &Condition) -> Option<bool> {
        condition.truth(&|test| match test {
            Condition::InKind(kind) => Some(self.acts_in(*kind)),
            Condition::AtKind(kind) => Some(self.acts_at(*kind)),
            Condition::Test(atom) => self.settled_test(atom),
            Condition::Constant(_) | Condition::All(_) | Condition::Any(_) | Condition::Not(_) => None, // no tests
        })
    }

    fn settled_test(&self, Atom { subject, predicate, .. }: &Atom) -> Option<bool> {
        let value = self.fixed(subject)?;
        match predicate {
            Predicate::Present => Some(value.is_some()),
            Predicate::Same(other) => Some(value? == self.fixed(other)??),
            Predicate::ElementOf(set) => match (value?, self.fixed(set)??) {
                (Constant::String(element), Constant::Strings(set)) => Some(set.contains(&element)),
                _ => None, // the checker lets no other pair through
            },
            Predicate::Is(_)
            | Predicate::Order(..)
            | Predicate::Like(_)
            | Predicate::InNetworks(_)
            | Predicate::During(_)
            | Predicate::HasAny(_) => satisfies(self.model, &value?, predicate),
        }
    }

    /// Whether a request for the operation can name containers of the kind: one that the operation acts in, or lists,
    /// or one above or below these.
    pub(super) fn can_name(&self, kind: KindId) -> bool {
        let operation = &self.model.operations[self.operation.index()];
        let outwards = path(self.model, kind);
        let mut anchors = std::iter::once(operation.kind).chain(operation.lists);
        anchors.any(|anchor| outwards.contains(&anchor) || path(self.model, anchor).contains(&kind))
    }

    /// Whether the operation acts in, or lists, the kind or one below it.
    pub(super) fn acts_in(&self, kind: KindId) -> bool {
        // The path from the kind it lists passes the kind it acts in.
        self.path.contains(&kind)
    }

    /// Whether it acts in, or lists, exactly this kind.
    pub(super) fn acts_at(&self, kind: KindId) -> bool {
        let operation = &self.model.operations[self.operation.index()];
        operation.kind == kind || operation.lists == Some(kind)
    }
}

/// The kind and all that it lies in.
pub(super) fn path(model: &Model, kind: KindId) -> Vec<KindId> {
    let mut path = vec![kind];
    // No checked model has kinds in a circle; the bound is for the reader's peace.
    while let Some(parent) = path.last().and_then(|kind| model.kinds[kind.index()].parent)
        && path.len() <= model.kinds.len()
    {
        path.push(parent);
    }
    path
}
