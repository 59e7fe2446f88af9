//! App access rules of Atlassian Guard: which apps are kept out of which projects and spaces.
//!
//! A rule lists the apps that are let in; all others are kept out, those of the future too, as the policy does with apps
//! that it does not know. What is said of a container stands in place of what is said of its whole product. The
//! operations that carry the mark [`EXEMPT`] pass whatever a rule says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::fence::{self, Ids};
use super::policy::Policy;
use super::scopes::{self, Asked};
use super::{About, Lets, Limit, Note, Options, Plan, Sees, Settings, Target, words};
use crate::request::{Request, Value as Said};
use crate::sema::model::{AppId, ClauseId, Condition, Constant, Model, Operation, OperationId, Predicate};

pub(super) static TARGET: &dyn Target = &AppAccess;

/// What no rule covers.
const EXEMPT: &str = "app-access-rule-exempt";

const APPS: Limit = Limit { what: "apps in a list", most: 20 };
pub(super) const ITEMS: Limit = Limit { what: "projects or spaces of one product in a policy", most: 15 };
pub(super) const POLICIES: Limit = Limit { what: "data security policies", most: 50 };
pub(super) const PRODUCTS: Limit = Limit { what: "products in a policy", most: 30 };

static ABOUT: About = About {
    name: "atlassian-app-access",
    title: "app access rules in data security policies of Atlassian Guard",
    sees: &[
        Sees::Apps,
        Sees::Operations("whether a rule covers them"),
        Sees::Attribute("project.id"),
        Sees::Attribute("space.id"),
    ],
    limits: &[APPS, ITEMS, POLICIES, PRODUCTS],
    stale: "not documented; apps are told by an event",
    source: "support.atlassian.com: Block app access, Create a data security policy",
};

#[derive(Debug)]
struct AppAccess;

/// The kinds that a rule can name, with the product that they are of.
const KINDS: [(&str, &str); 2] = [("project", "Jira"), ("space", "Confluence")];

/// What is done about the apps in the containers of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OfKind {
    kind: &'static str,
    product: &'static str,
    /// The apps that are let in where nothing else is said.
    others: BTreeSet<String>,
    /// The apps that are let in, for containers with a rule of their own.
    named: BTreeMap<String, BTreeSet<String>>,
    /// The apps that the rules speak about.
    apps: BTreeSet<String>,
}

#[derive(Debug)]
struct Made {
    kinds: Vec<OfKind>,
}

impl Target for AppAccess {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn speaks_of(&self, model: &Model, app: AppId, operation: OperationId) -> bool {
        words::is_of(model, app, operation, |name| {
            name.starts_with("atlassian.") && !name.starts_with("atlassian.guard.")
        })
    }

    fn plan(&self, policy: &Policy<'_>, options: &Options) -> Plan {
        let model = policy.model;
        let (mut kinds, mut notes) = (Vec::new(), Vec::new());
        for (kind, product) in KINDS {
            let id = words::attribute(model, kind, "id");
            let ids = id.map(|id| fence::ids_of(model, kind, id)).unwrap_or_default();
            let mut lets: BTreeMap<String, Ids> = BTreeMap::new();
            for app in policy.apps(options) {
                let wanted = |o: OperationId| {
                    self.speaks_of(model, app, o)
                        && covered(model, &model.operations[o.index()]) == Some(kind)
                        && scopes::opens(model, app, o)
                };
                let operations: Vec<OperationId> =
                    policy.groups(app, &wanted).iter().filter_map(|group| group.first().copied()).collect();
                if let Some(id) = id.filter(|_| !operations.is_empty()) {
                    let of_app = fence::of_values(policy, app, &operations, id, &ids, options.strict);
                    lets.insert(model.apps[app.index()].key.clone(), of_app);
                }
            }
            if lets.is_empty() {
                // No rule would let every app in.
                let text = format!(
                    "the policy has no app that can do anything in {product}: its rule keeps out all apps"
                );
                notes.push(Note { text, limit: None, app: None });
            }
            let of = OfKind {
                kind,
                product,
                others: lets.iter().filter(|(_, ids)| ids.others).map(|(key, _)| key.clone()).collect(),
                named: ids
                    .iter()
                    .map(|id| {
                        let inside = lets.iter().filter(|(_, ids)| ids.admits(id));
                        (id.clone(), inside.map(|(key, _)| key.clone()).collect())
                    })
                    .collect(),
                apps: lets.into_keys().collect(),
            };
            kinds.push(fitted(of, &mut notes));
        }
        let policies: usize = kinds.iter().map(|of| 1 + of.rules().count()).sum();
        if policies > POLICIES.most {
            let text = format!(
                "{policies} policies are needed, and there can be {}; rules for single containers are left out",
                POLICIES.most
            );
            notes.push(Note { text, limit: Some(POLICIES), app: None });
            kinds.iter_mut().for_each(|of| of.named.clear());
        }
        Plan { settings: Box::new(Made { kinds }), notes }
    }
}

/// Within the limits: what there is no room for is not said, which lets all apps in.
fn fitted(mut of: OfKind, notes: &mut Vec<Note>) -> OfKind {
    let long = |apps: &BTreeSet<String>| apps.len() > APPS.most;
    let mut note = |where_: String, apps: usize| {
        let text = format!("{apps} apps are let into {where_}, and a list has room for {}", APPS.most);
        notes.push(Note { text, limit: Some(APPS), app: None });
    };
    if long(&of.others) {
        note(format!("all other {}s", of.kind), of.others.len());
        of.others = of.apps.clone();
    }
    let all = of.apps.clone();
    for (id, apps) in &mut of.named {
        if long(apps) && *apps != of.others {
            note(format!("{} {id}", of.kind), apps.len());
            apps.clone_from(&all);
        }
    }
    let others = of.others.clone();
    of.named.retain(|_, apps| *apps != others);
    let mut sizes: BTreeMap<&BTreeSet<String>, usize> = BTreeMap::new();
    of.named.values().for_each(|apps| *sizes.entry(apps).or_default() += 1);
    for size in sizes.into_values().filter(|size| *size > ITEMS.most) {
        let text = format!(
            "{size} {}s have the same rule, and a policy covers {}: they are divided among {} policies",
            of.kind,
            ITEMS.most,
            size.div_ceil(ITEMS.most)
        );
        notes.push(Note { text, limit: Some(ITEMS), app: None });
    }
    of
}

/// The kind of containers by which a rule covers the operation.
fn covered(model: &Model, operation: &Operation) -> Option<&'static str> {
    let (kind, _) = KINDS.iter().find(|(kind, _)| words::acts_in(model, operation, kind))?;
    (!words::is_marked(model, operation, EXEMPT)).then_some(*kind)
}

impl OfKind {
    /// The rules for single containers: at most [`ITEMS`] of them in each, and the apps that are let in.
    fn rules(&self) -> impl Iterator<Item = (Vec<&String>, &BTreeSet<String>)> {
        let mut same: BTreeMap<&BTreeSet<String>, Vec<&String>> = BTreeMap::new();
        for (id, apps) in &self.named {
            same.entry(apps).or_default().push(id);
        }
        same.into_iter().flat_map(|(apps, ids)| {
            ids.chunks(ITEMS.most).map(|ids| (ids.to_vec(), apps)).collect::<Vec<_>>()
        })
    }

    /// Whether everything is said by keeping apps out, on top of what holds for the whole product.
    fn only_narrows(&self) -> bool {
        self.named.values().all(|apps| apps.is_subset(&self.others))
    }

    /// Whether the rules let the app into this container.
    fn admits(&self, key: &str, id: &str) -> bool {
        !self.apps.contains(key) || self.named.get(id).unwrap_or(&self.others).contains(key)
    }

    /// When they let it in.
    fn lets(&self, model: &Model, key: &str) -> Condition {
        let Some(id) = words::attribute(model, self.kind, "id").filter(|_| self.apps.contains(key)) else {
            return Condition::Constant(true);
        };
        let with = |inside: bool| {
            let ids = self.named.iter().filter(move |(_, apps)| apps.contains(key) == inside);
            words::one_of(model, id, ids.map(|(id, _)| id))
        };
        if self.others.contains(key) { words::not(with(false)) } else { with(true) }
    }
}

impl Settings for Made {
    fn text(&self) -> String {
        // Texts have no JSON that cannot be written.
        serde_json::to_string_pretty(&self.json()).unwrap_or_default() + "\n"
    }

    fn json(&self) -> Value {
        let mut policies = Vec::new();
        for of in &self.kinds {
            policies.push(json!({
                "name": format!("sprag {} all", of.product),
                "coverage": { "product": of.product },
                "rule": { "appAccess": "block all apps except", "apps": of.others },
            }));
            for (at, (ids, apps)) in (1..).zip(of.rules()) {
                policies.push(json!({
                    "name": format!("sprag {} {at}", of.product),
                    "coverage": { "product": of.product, format!("{}s", of.kind): ids },
                    "rule": { "appAccess": "block all apps except", "apps": apps },
                }));
            }
        }
        let additive = self.kinds.iter().all(OfKind::only_narrows);
        json!({
            "policies": policies,
            // Policies that only add up cannot open a container that the whole product's rule closes.
            "needsExceptionsOfTheUnifiedPolicy": !additive,
        })
    }

    fn lets(&self, model: &Model, app: AppId, operation: OperationId) -> Lets {
        let open = scopes::lets(model, app, operation, &|_, _| Condition::Constant(true));
        let Some(kind) = covered(model, &model.operations[operation.index()]) else {
            return Lets { when: open, covers: false };
        };
        let key = &model.apps[app.index()].key;
        let inside = self.kinds.iter().filter(|of| of.kind == kind).map(|of| of.lets(model, key));
        Lets { when: words::all([open].into_iter().chain(inside)), covers: true }
    }

    fn filters(&self, model: &Model, app: AppId, operation: OperationId, clause: ClauseId) -> bool {
        let listed = &model.operations[operation.index()];
        let Some(kind) = listed.lists.and_then(|lists| {
            let lists = Operation { kind: lists, ..listed.clone() };
            covered(model, &lists)
        }) else {
            return false;
        };
        let key = &model.apps[app.index()].key;
        let Some(of) = self.kinds.iter().find(|of| of.kind == kind) else { return false };
        let kept_out = |id: &str| !of.admits(key, id);
        names_only(model, &model.clauses[clause.index()].condition, kind, &kept_out)
    }

    fn permits(&self, model: &Model, request: &Request) -> Option<bool> {
        let asked = match Asked::read(model, request) {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let open = asked.open(&|_, _| Some(true));
        let Some(kind) = covered(model, &model.operations[asked.operation.index()]) else { return open };
        let Some(of) = self.kinds.iter().find(|of| of.kind == kind) else { return open };
        match asked.of_container(kind, "id") {
            Some(Said::Text(id)) if of.admits(asked.key(), &id) => open,
            Some(_) => Some(false),
            None => None,
        }
    }
}

/// Whether the condition holds only of containers of that kind with certain ids, of all of which `is` says yes.
fn names_only(model: &Model, condition: &Condition, kind: &str, is: &dyn Fn(&str) -> bool) -> bool {
    match condition {
        Condition::Constant(value) => !value,
        // Of a conjunction it is enough that one part is so narrow.
        Condition::All(parts) => parts.iter().any(|part| names_only(model, part, kind, is)),
        Condition::Any(parts) => parts.iter().all(|part| names_only(model, part, kind, is)),
        Condition::Test(atom) => {
            let id = words::attribute(model, kind, "id");
            match &atom.predicate {
                Predicate::Is(values) if id.is_some_and(|id| words::reads(&atom.subject, id)) => {
                    values.iter().all(|value| matches!(value, Constant::String(text) if is(text)))
                }
                _ => false, // of other containers, too
            }
        }
        Condition::Not(_) | Condition::InKind(_) | Condition::AtKind(_) => false,
    }
}
