//! Data security policies of Atlassian Guard: what people may not do with content, whoever they are.
//!
//! Policies add up, and what one of them blocks is blocked. They cover containers, or levels of classification.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::atlassian_app_access::{ITEMS, POLICIES, PRODUCTS};
use super::fence;
use super::policy::Policy;
use super::scopes::{self, Asked};
use super::{About, Lets, Note, Options, Plan, Sees, Settings, Target, words};
use crate::analysis::privilege::permitted::test;
use crate::request::{Request, Value as Said};
use crate::sema::model::{
    AppId, AttributeId, Condition, Constant, Model, Operation, OperationId, Predicate, Subject, Type,
};

pub(super) static TARGET: &dyn Target = &DataSecurity;

/// What a rule can block.
const RULED: &str = "data-security-rule";

/// What a rule can block by the level of the content.
const BY_LEVEL: &str = "guard-premium";

static ABOUT: About = About {
    name: "atlassian-data-security",
    title: "data security policies of Atlassian Guard: export, public links, anonymous access",
    sees: &[
        Sees::Operations("rule"),
        Sees::Attribute("project.id"),
        Sees::Attribute("space.id"),
        Sees::Attribute("project.classification"),
        Sees::Attribute("issue.classification"),
        Sees::Attribute("space.classification"),
        Sees::Attribute("content.classification"),
        Sees::Attribute("site.classification"),
        Sees::Attribute("organisation.classification"),
    ],
    limits: &[ITEMS, POLICIES, PRODUCTS],
    stale: "not documented",
    source: "support.atlassian.com: Data security policy rules, Create a data security policy",
};

#[derive(Debug)]
struct DataSecurity;

/// What people do that a rule blocks, by the last words of its operations, and the kinds in which it is done.
const RULES: [(&str, &str, &[&str]); 3] = [
    ("anonymous-access", "anonymousAccess", &["project", "space"]),
    ("export", "export", &["project", "space"]),
    ("public-link.create", "publicLinks", &["space"]),
];

const KINDS: [(&str, &str); 2] = [("project", "Jira"), ("space", "Confluence")];

/// What one rule covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Coverage {
    /// Whole products, by their kind of container.
    products: BTreeSet<&'static str>,
    /// Kind and id.
    containers: BTreeMap<&'static str, BTreeSet<String>>,
    /// Levels of content.
    levels: BTreeSet<String>,
}

#[derive(Debug)]
struct Made {
    rules: BTreeMap<&'static str, Coverage>,
}

impl Target for DataSecurity {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn speaks_of(&self, model: &Model, app: AppId, operation: OperationId) -> bool {
        words::is_of(model, app, operation, |name| name.starts_with("atlassian.guard."))
    }

    fn plan(&self, policy: &Policy<'_>, options: &Options) -> Plan {
        let model = policy.model;
        let (mut rules, mut notes) = (BTreeMap::new(), Vec::new());
        for (_, rule, kinds) in RULES {
            let mut coverage = Coverage::default();
            // Rules know no app: what is blocked is blocked for everybody.
            let all: Vec<(AppId, Vec<OperationId>)> = policy
                .apps(options)
                .into_iter()
                .map(|app| {
                    let wanted = |o: OperationId| {
                        rule_of(model, &model.operations[o.index()]) == Some(rule)
                            && scopes::opens(model, app, o)
                    };
                    let groups = policy.groups(app, &wanted);
                    (app, groups.iter().filter_map(|group| group.first().copied()).collect())
                })
                .filter(|(_, operations): &(AppId, Vec<OperationId>)| !operations.is_empty())
                .collect();
            let blocks = |of: &dyn Fn(OperationId) -> bool, when: &Condition| {
                let mut any = false;
                for (app, operations) in &all {
                    let here: Vec<OperationId> = operations.iter().copied().filter(|o| of(*o)).collect();
                    any |= !here.is_empty();
                    let blocked = if options.strict {
                        !here.is_empty() && policy.denies(*app, &here, when)
                    } else {
                        !policy.permits(*app, &here, when)
                    };
                    if options.strict && blocked {
                        return true;
                    }
                    if !options.strict && !blocked {
                        return false;
                    }
                }
                any && !options.strict
            };
            for (kind, _) in KINDS {
                let of = |o: OperationId| words::acts_in(model, &model.operations[o.index()], kind);
                if kinds.contains(&kind) && !all.iter().flat_map(|(_, operations)| operations).any(|o| of(*o))
                {
                    // Nobody is permitted to do this there.
                    coverage.products.insert(kind);
                    continue;
                }
                let Some(id) = words::attribute(model, kind, "id") else { continue };
                let ids = fence::ids_of(model, kind, id);
                if blocks(&of, &words::not(words::one_of(model, id, &ids)))
                    && (options.strict || ids.iter().all(|one| blocks(&of, &words::one_of(model, id, [one]))))
                {
                    coverage.products.insert(kind);
                    continue;
                }
                let blocked: BTreeSet<String> = ids
                    .iter()
                    .filter(|one| blocks(&of, &words::one_of(model, id, [*one])))
                    .cloned()
                    .collect();
                if !blocked.is_empty() {
                    coverage.containers.insert(kind, blocked);
                }
            }
            let by_level = |o: OperationId| words::is_marked(model, &model.operations[o.index()], BY_LEVEL);
            for level in levels(model) {
                let covers_all = |when: &Condition| blocks(&by_level, when);
                if let Some(at) = level_is(model, &level)
                    && covers_all(&at)
                {
                    coverage.levels.insert(level);
                }
            }
            for (kind, ids) in &coverage.containers {
                if ids.len() > ITEMS.most {
                    let text = format!(
                        "{rule}: {} {kind}s are covered, and a policy covers {} of a product: they are divided \
                         among {} policies",
                        ids.len(),
                        ITEMS.most,
                        ids.len().div_ceil(ITEMS.most)
                    );
                    notes.push(Note { text, limit: Some(ITEMS), app: None });
                }
            }
            if coverage != Coverage::default() {
                rules.insert(rule, coverage);
            }
        }
        let mut made = Made { rules };
        let needed = made.policies().len();
        if needed > POLICIES.most {
            let text = format!(
                "{needed} policies are needed, and there can be {}; those for single containers are left out",
                POLICIES.most
            );
            notes.push(Note { text, limit: Some(POLICIES), app: None });
            made.rules.values_mut().for_each(|coverage| coverage.containers.clear());
        }
        Plan { settings: Box::new(made), notes }
    }
}

/// The rule that can block the operation.
fn rule_of(model: &Model, operation: &Operation) -> Option<&'static str> {
    let (_, rule, _) = RULES.iter().find(|(end, ..)| operation.name.ends_with(end))?;
    words::is_marked(model, operation, RULED).then_some(*rule)
}

/// The classification of content: its own, or that of what it lies in.
fn classification(model: &Model) -> Vec<AttributeId> {
    let all = (0..model.attributes.len()).filter(|at| {
        let attribute = &model.attributes[*at];
        attribute.name == "classification"
            && matches!(attribute.owner, crate::sema::model::Owner::Kind(_))
            && attribute.inherited
    });
    all.map(|at| AttributeId(at as u32)).collect()
}

fn levels(model: &Model) -> Vec<String> {
    let first = classification(model).into_iter().next();
    match first.map(|id| model.attributes[id.index()].kind) {
        Some(Type::Enum(of)) => model.enumerations[of.index()].values.clone(),
        Some(_) | None => Vec::new(),
    }
}

fn level_is(model: &Model, level: &str) -> Option<Condition> {
    let attributes = classification(model);
    let at = levels(model).iter().position(|known| known == level)?;
    let subject = Subject::Container { attributes, inherited: true };
    Some(test(subject, Predicate::Is(vec![Constant::Index(at as u32)])))
}

impl Made {
    fn policies(&self) -> Vec<Value> {
        let mut policies = Vec::new();
        for (rule, coverage) in &self.rules {
            let mut add =
                |coverage: Value| policies.push(json!({ "rule": { *rule: "block" }, "coverage": coverage }));
            for (kind, product) in KINDS {
                if coverage.products.contains(kind) {
                    add(json!({ "product": product }));
                }
                let ids: Vec<&String> = coverage.containers.get(kind).into_iter().flatten().collect();
                for ids in ids.chunks(ITEMS.most) {
                    add(json!({ "product": product, format!("{kind}s"): ids }));
                }
            }
            if !coverage.levels.is_empty() {
                add(json!({ "classification": coverage.levels }));
            }
        }
        policies
    }
}

impl Settings for Made {
    fn text(&self) -> String {
        // Texts have no JSON that cannot be written.
        serde_json::to_string_pretty(&self.json()).unwrap_or_default() + "\n"
    }

    fn json(&self) -> Value {
        json!({ "policies": self.policies() })
    }

    fn lets(&self, model: &Model, app: AppId, operation: OperationId) -> Lets {
        let declared = &model.operations[operation.index()];
        let mut parts = vec![scopes::lets(model, app, operation, &|_, _| Condition::Constant(true))];
        let Some(rule) = rule_of(model, declared) else {
            return Lets { when: words::all(parts), covers: false };
        };
        if let Some(coverage) = self.rules.get(rule) {
            for (kind, _) in KINDS.iter().filter(|(kind, _)| words::acts_in(model, declared, kind)) {
                if coverage.products.contains(kind) {
                    parts.push(Condition::Constant(false));
                }
                if let (Some(ids), Some(id)) =
                    (coverage.containers.get(kind), words::attribute(model, kind, "id"))
                {
                    parts.push(words::not(words::one_of(model, id, ids)));
                }
            }
            if words::is_marked(model, declared, BY_LEVEL) {
                let levels = coverage.levels.iter().filter_map(|level| level_is(model, level));
                parts.push(words::not(words::any(levels)));
            }
        }
        Lets { when: words::all(parts), covers: true }
    }

    fn permits(&self, model: &Model, request: &Request) -> Option<bool> {
        let asked = match Asked::read(model, request) {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let open = asked.open(&|_, _| Some(true));
        let declared = &model.operations[asked.operation.index()];
        let Some(coverage) = rule_of(model, declared).and_then(|rule| self.rules.get(rule)) else {
            return open;
        };
        for (kind, _) in KINDS.iter().filter(|(kind, _)| words::acts_in(model, declared, kind)) {
            if coverage.products.contains(kind) {
                return Some(false);
            }
            if let (Some(ids), Some(Said::Text(id))) =
                (coverage.containers.get(kind), asked.of_container(kind, "id"))
                && ids.contains(&id)
            {
                return Some(false);
            }
        }
        if coverage.levels.is_empty() || !words::is_marked(model, declared, BY_LEVEL) {
            return open;
        }
        // The content's own level, else that of the nearest container that has one.
        let path = words::path(model, declared);
        let own =
            path.iter().map(|kind| asked.of_container(&model.kinds[kind.index()].name, "classification"));
        match own.flatten().next() {
            Some(Said::Text(level)) if coverage.levels.contains(&level) => Some(false),
            Some(Said::Text(level)) if levels(model).contains(&level) => open,
            Some(_) | None => None,
        }
    }
}
