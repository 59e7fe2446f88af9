//! Where a Forge app may send data: the addresses under `permissions.external.fetch` of its manifest.
//!
//! No scope opens this, so that no catalog has operations for it. A policy that declares them by the names here says
//! with `destination` where to. Forge matches whole domains, and all that lies below one (`*.example.com`, not
//! `example.com`); a path makes no difference.

use super::policy::Policy;
use super::words;
use crate::request::{Request, Value as Said};
use crate::sema::model::{
    AppId, AttributeId, Condition, Model, OperationId, Pattern, PatternPart, Predicate,
};
use crate::sema::pattern;

/// The sides that fetch, as the manifest calls them, and the operations that stand for that.
pub(super) const SIDES: [(&str, &str); 2] =
    [("backend", "forge.fetch.backend"), ("client", "forge.fetch.client")];

/// The side that calls somewhere outside by this operation.
pub(super) fn side(model: &Model, operation: OperationId) -> Option<&'static str> {
    let name = &model.operations[operation.index()].name;
    SIDES.iter().find(|(_, of)| name == of).map(|(side, _)| *side)
}

/// What a manifest lists for one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Addresses {
    /// `*`
    Any,
    /// These; nothing leaves where there are none.
    Only(Vec<Address>),
}

/// One address, as the policy and as the manifest writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pattern: Pattern,
    text: String,
}

impl Addresses {
    /// The fewest that let through what the policy permits; strict ones let through nothing that it denies.
    pub(super) fn fewest(
        policy: &Policy<'_>,
        app: AppId,
        operations: &[OperationId],
        strict: bool,
    ) -> Addresses {
        let model = policy.model;
        let Some(destination) = destination(model) else { return Addresses::Any };
        let permits = |when: &Condition| policy.permits(app, operations, when);
        let mut own = candidates(model, destination);
        let elsewhere = words::any([
            words::not(matches(model, destination, &own)),
            // No such call is made; but settings that break nothing break no permit of it either.
            words::not(words::test(model, destination, Predicate::Present)),
        ]);
        if permits(&elsewhere) && !(strict && policy.denies(app, operations, &Condition::Constant(true))) {
            return Addresses::Any;
        }
        if strict {
            own.retain(|one| {
                !policy.denies(app, operations, &matches(model, destination, std::slice::from_ref(one)))
            });
        }
        for one in own.clone() {
            let less: Vec<Address> = own.iter().filter(|other| **other != one).cloned().collect();
            let alone = words::all([
                matches(model, destination, &[one]),
                words::not(matches(model, destination, &less)),
            ]);
            if !permits(&alone) {
                own = less;
            }
        }
        Addresses::Only(own)
    }

    /// When a call goes to one of them.
    pub(super) fn when(&self, model: &Model) -> Condition {
        match (self, destination(model)) {
            (Addresses::Any, _) | (_, None) => Condition::Constant(true),
            (Addresses::Only(own), Some(destination)) => matches(model, destination, own),
        }
    }

    /// Whether Forge lets the call through; `None` where that hangs on an address, and it has none.
    pub(super) fn take(&self, request: &Request) -> Option<bool> {
        let own = match self {
            Addresses::Any => return Some(true),
            Addresses::Only(own) if own.is_empty() => return Some(false),
            Addresses::Only(own) => own,
        };
        let Some(Said::Text(text)) = request.attributes.get("destination") else { return None };
        let host = pattern::normalise_domain(text)?;
        Some(own.iter().any(|address| match address.text.strip_prefix('*') {
            Some(below) => host.len() > below.len() && host.ends_with(below),
            None => host == address.text,
        }))
    }

    /// As the manifest writes them.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Addresses::Any => vec!["*"],
            Addresses::Only(own) => own.iter().map(|address| address.text.as_str()).collect(),
        }
    }
}

fn destination(model: &Model) -> Option<AttributeId> {
    words::attribute(model, "request", "destination")
}

fn matches(model: &Model, destination: AttributeId, own: &[Address]) -> Condition {
    words::like(model, destination, own.iter().map(|address| address.pattern.clone()).collect())
}

/// The addresses that the policy names, as far as a manifest can: a domain, or all below one.
fn candidates(model: &Model, destination: AttributeId) -> Vec<Address> {
    let written = |pattern: Pattern| {
        let text = match pattern.0.as_slice() {
            [PatternPart::Text(text)] => text.clone(),
            [PatternPart::Labels, PatternPart::Text(below)] => format!("*{below}"),
            _ => return None, // no manifest says it
        };
        Some(Address { pattern, text })
    };
    words::patterns_of(model, destination).into_iter().filter_map(written).collect()
}
