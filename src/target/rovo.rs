//! Rovo and Atlassian Intelligence: on or off for each product, and nothing finer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fence::{self, Ids};
use super::policy::Policy;
use super::scopes::{self, Asked};
use super::{About, Lets, Options, Plan, Sees, Settings, Target, words};
use crate::request::{Request, Value as Said};
use crate::sema::model::{AppId, Condition, Model, OperationId};

pub(super) static TARGET: &dyn Target = &Rovo;

static ABOUT: About = About {
    name: "rovo",
    title: "Rovo's switch for each product of an organisation",
    sees: &[Sees::Attribute("rovo-source.product")],
    limits: &[],
    stale: "not documented",
    source: "support.atlassian.com: Activate or deactivate AI for apps",
};

#[derive(Debug)]
struct Rovo;

#[derive(Debug)]
struct Made {
    products: Ids,
}

impl Target for Rovo {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn speaks_of(&self, model: &Model, app: AppId, operation: OperationId) -> bool {
        words::is_of(model, app, operation, |name| name.starts_with("atlassian.rovo."))
    }

    fn plan(&self, policy: &Policy<'_>, options: &Options) -> Plan {
        let model = policy.model;
        // Nobody is told apart: a product is on if anybody may use it there, and off where nobody does anything.
        let mut products = Ids { named: BTreeMap::new(), others: false };
        if let Some(product) = words::attribute(model, "rovo-source", "product") {
            let named = words::texts(model, product);
            let mut all: Option<Ids> = None;
            for app in policy.apps(options) {
                let opened = |o| {
                    self.speaks_of(model, app, o) && has_product(model, o) && scopes::opens(model, app, o)
                };
                let operations: Vec<OperationId> =
                    policy.groups(app, &opened).iter().filter_map(|group| group.first().copied()).collect();
                if operations.is_empty() {
                    continue;
                }
                let of_app = fence::of_values(policy, app, &operations, product, &named, options.strict);
                all = Some(match all {
                    None => of_app,
                    Some(known) => {
                        let both = |a: bool, b: bool| if options.strict { a && b } else { a || b };
                        let named = known
                            .named
                            .iter()
                            .map(|(value, lets)| (value.clone(), both(*lets, of_app.admits(value))));
                        Ids { named: named.collect(), others: both(known.others, of_app.others) }
                    }
                });
            }
            products = all.unwrap_or(products);
        }
        Plan { settings: Box::new(Made { products }), notes: Vec::new() }
    }
}

/// Whether it uses what some product holds.
fn has_product(model: &Model, operation: OperationId) -> bool {
    words::acts_in(model, &model.operations[operation.index()], "rovo-source")
}

impl Settings for Made {
    fn text(&self) -> String {
        // A map of texts has no values that JSON cannot write.
        serde_json::to_string_pretty(&self.json()).unwrap_or_default() + "\n"
    }

    fn json(&self) -> Value {
        let word = |on: bool| if on { "on" } else { "off" };
        let products: serde_json::Map<String, Value> =
            self.products.named.iter().map(|(name, on)| (name.clone(), word(*on).into())).collect();
        json!({ "ai": { "products": products, "others": word(self.products.others) } })
    }

    fn lets(&self, model: &Model, app: AppId, operation: OperationId) -> Lets {
        let open = scopes::lets(model, app, operation, &|_, _| Condition::Constant(true));
        let covers = has_product(model, operation);
        let inside = match words::attribute(model, "rovo-source", "product") {
            Some(product) if covers => self.products.lets(model, product),
            None if covers => Condition::Constant(self.products.others),
            Some(_) | None => Condition::Constant(true),
        };
        Lets { when: words::all([open, inside]), covers }
    }

    fn permits(&self, model: &Model, request: &Request) -> Option<bool> {
        let asked = match Asked::read(model, request) {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let open = asked.open(&|_, _| Some(true));
        if open == Some(false) || !has_product(model, asked.operation) {
            return open;
        }
        let all = self.products.named.values().all(|on| *on == self.products.others);
        match asked.of_container("rovo-source", "product") {
            Some(Said::Text(product)) if self.products.admits(&product) => open,
            Some(Said::Text(_)) => Some(false),
            Some(_) | None if all && self.products.others => open,
            Some(_) | None if all => Some(false),
            Some(_) | None => None,
        }
    }
}
