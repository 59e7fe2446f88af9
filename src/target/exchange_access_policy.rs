//! Application access policies of Exchange: which mailboxes an app may open with permissions of its own.
//!
//! The documented order: a mailbox that some `DenyAccess` names is denied; else one that some `RestrictAccess` names is
//! granted; else it is denied if there is a `RestrictAccess` for the app, and granted if there is none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::fence::{self, Fence};
use super::policy::Policy;
use super::scopes::{self, Asked};
use super::{About, Lets, Limit, Note, Options, Plan, Sees, Settings, Target, quote, words};
use crate::request::{Request, Value as Said};
use crate::sema::model::{AppId, Condition, Model, OperationId, PermissionModelId};
use crate::sema::pattern::is_guid;

pub(super) static TARGET: &dyn Target = &AccessPolicies;

/// The operations that no other permission opens to an app alone.
const BINDS: &str = "application-access-policy-binds";

const POLICIES: Limit = Limit { what: "application access policies", most: 300 };

/// A group in which nobody is, for apps that may open no mailbox.
const NOBODY: &str = "sprag-nobody";

static ABOUT: About = About {
    name: "exchange-access-policy",
    title: "application access policies of Exchange Online",
    sees: &[Sees::Apps, Sees::Attribute("mailbox.groups")],
    limits: &[POLICIES],
    stale: "up to 30 minutes",
    source: "learn.microsoft.com: New-ApplicationAccessPolicy, Limiting application permissions to mailboxes",
};

#[derive(Debug)]
struct AccessPolicies;

/// What a policy does with the mailboxes of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    Deny,
    Restrict,
}

impl Right {
    fn name(self) -> &'static str {
        match self {
            Right::Deny => "DenyAccess",
            Right::Restrict => "RestrictAccess",
        }
    }
}

/// One policy: these apps, this group.
#[derive(Debug, Clone, PartialEq, Eq)]
struct AccessPolicy {
    right: Right,
    group: String,
    apps: BTreeSet<String>,
}

#[derive(Debug)]
struct Made {
    policies: Vec<AccessPolicy>,
}

impl Target for AccessPolicies {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn speaks_of(&self, model: &Model, app: AppId, operation: OperationId) -> bool {
        words::is_of(model, app, operation, |name| name.starts_with("microsoft."))
    }

    fn plan(&self, policy: &Policy<'_>, options: &Options) -> Plan {
        let model = policy.model;
        let mut merged: BTreeMap<(Right, String), BTreeSet<String>> = BTreeMap::new();
        let mut notes = Vec::new();
        let mut bound_apps = 0;
        for app in policy.apps(options) {
            let key = &model.apps[app.index()].key;
            let bound = |operation| binds_any(model, app, operation);
            let operations: Vec<OperationId> =
                policy.groups(app, &bound).iter().filter_map(|group| group.first().copied()).collect();
            let Some(groups) = words::attribute(model, "mailbox", "groups") else { continue };
            if operations.is_empty() {
                continue;
            }
            bound_apps += 1;
            let (fence, nameless) =
                fence::of_groups(policy, app, &operations, groups, options.strict).named();
            if nameless {
                let text = Fence::unnamed(&model.apps[app.index()].name);
                notes.push(Note { text, limit: None, app: Some(app) });
            }
            if fence != Fence::open() && !is_guid(key) {
                let text = format!(
                    "the key of `{}` is no application id, by which Exchange knows apps",
                    model.apps[app.index()].name
                );
                notes.push(Note { text, limit: None, app: Some(app) });
            }
            if fence.only.as_ref().is_some_and(BTreeSet::is_empty) {
                let text = format!(
                    "`{}` may open no mailbox: it is held to the empty group `{NOBODY}`; better take its Exchange \
                     permissions",
                    model.apps[app.index()].name
                );
                notes.push(Note { text, limit: None, app: Some(app) });
            }
            for (right, group) in rows(&fence) {
                merged.entry((right, group)).or_default().insert(key.clone());
            }
        }
        if bound_apps == 0 {
            let text = "the policy has no app that such policies bind, and they bind only apps that they name: what Entra \
                        ID grants to others stays open";
            notes.push(Note { text: text.to_owned(), limit: None, app: None });
        }
        let row = |((right, group), apps)| AccessPolicy { right, group, apps };
        let mut policies: Vec<AccessPolicy> = merged.into_iter().map(row).collect();
        if policies.len() > POLICIES.most {
            let text = format!(
                "{} policies are needed, and there is room for about {}; the last ones are left out",
                policies.len(),
                POLICIES.most
            );
            notes.push(Note { text, limit: Some(POLICIES), app: None });
            policies.truncate(POLICIES.most);
        }
        Plan { settings: Box::new(Made { policies }), notes }
    }
}

/// The policies of one app.
fn rows(fence: &Fence) -> Vec<(Right, String)> {
    let never = fence.never.iter().map(|group| (Right::Deny, group.clone()));
    let only = match &fence.only {
        Some(only) if only.is_empty() => vec![(Right::Restrict, NOBODY.to_owned())],
        Some(only) => only.iter().map(|group| (Right::Restrict, group.clone())).collect(),
        None => Vec::new(),
    };
    never.chain(only).collect()
}

/// Whether access policies decide what an app does with permissions of this model: its own ones, and neither those of
/// people nor those of RBAC for Applications.
fn binds(model: &Model, operation: OperationId, of: PermissionModelId) -> bool {
    let declared = &model.operations[operation.index()];
    words::is_marked(model, declared, BINDS)
        && words::acts_in(model, declared, "mailbox")
        && !model.permission_models[of.index()].demands_user
        && words::name_of(model, of).starts_with("microsoft.")
        && words::name_of(model, of) != "microsoft.exchange.rbac"
}

/// Whether they decide what the app does with the operation, on some way to it.
fn binds_any(model: &Model, app: AppId, operation: OperationId) -> bool {
    let requirements = &model.operations[operation.index()].requirements;
    let models = model.apps[app.index()].models.iter();
    scopes::opens(model, app, operation)
        && models.filter(|of| requirements.contains_key(of)).any(|of| binds(model, operation, *of))
}

impl Made {
    /// The groups that policies of this right name for the app.
    fn groups(&self, key: &str, right: Right) -> BTreeSet<String> {
        let of_app = self.policies.iter().filter(|p| p.right == right && p.apps.contains(key));
        of_app.map(|policy| policy.group.clone()).collect()
    }

    /// The five rules, as documented.
    fn decide(&self, key: &str, groups: &BTreeSet<String>) -> bool {
        let matches =
            |right: Right| self.groups(key, right).iter().any(|g| g != NOBODY && groups.contains(g));
        if matches(Right::Deny) {
            return false;
        }
        matches(Right::Restrict) || self.groups(key, Right::Restrict).is_empty()
    }
}

impl Settings for Made {
    fn text(&self) -> String {
        let mut text = String::from(
            "# Exchange Online PowerShell (Connect-ExchangeOnline). Takes effect within 30 minutes.\n\
             # Each group must be a mail-enabled security group.\n",
        );
        if self.policies.iter().any(|policy| policy.group == NOBODY) {
            text += &format!("New-DistributionGroup -Name {} -Type Security\n", quote::powershell(NOBODY));
        }
        for policy in &self.policies {
            text += &format!(
                "New-ApplicationAccessPolicy -AccessRight {} -AppId {} -PolicyScopeGroupId {} -Description {}\n",
                policy.right.name(),
                quote::powershell_list(&policy.apps),
                quote::powershell(&policy.group),
                quote::powershell("made by sprag"),
            );
        }
        text
    }

    fn json(&self) -> Value {
        let policy = |p: &AccessPolicy| {
            json!({
                "AccessRight": p.right.name(),
                "AppId": p.apps,
                "PolicyScopeGroupId": p.group,
            })
        };
        json!({ "policies": self.policies.iter().map(policy).collect::<Vec<_>>() })
    }

    fn lets(&self, model: &Model, app: AppId, operation: OperationId) -> Lets {
        let key = &model.apps[app.index()].key;
        let restrict = self.groups(key, Right::Restrict);
        let fence = Fence {
            only: (!restrict.is_empty()).then(|| restrict.into_iter().filter(|g| g != NOBODY).collect()),
            never: self.groups(key, Right::Deny),
        };
        let inside = match words::attribute(model, "mailbox", "groups") {
            Some(groups) => fence.lets(model, groups),
            None => Condition::Constant(true),
        };
        let terms = |of: PermissionModelId, _| {
            if binds(model, operation, of) { inside.clone() } else { Condition::Constant(true) }
        };
        // Where there is a way past the policies, they do not bear on it.
        let shut = |of: PermissionModelId, _| Condition::Constant(!binds(model, operation, of));
        let covers = scopes::lets(model, app, operation, &shut) == Condition::Constant(false);
        Lets { when: scopes::lets(model, app, operation, &terms), covers }
    }

    fn permits(&self, model: &Model, request: &Request) -> Option<bool> {
        let asked = match Asked::read(model, request) {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let groups = match asked.of_container("mailbox", "groups") {
            Some(Said::Set(groups)) => Some(groups),
            Some(_) | None => None,
        };
        asked.open(&|of, _| {
            if binds(model, asked.operation, of) {
                let settled = self.groups(asked.key(), Right::Deny).is_empty()
                    && self.groups(asked.key(), Right::Restrict).is_empty();
                match &groups {
                    Some(groups) => Some(self.decide(asked.key(), groups)),
                    None => settled.then_some(true),
                }
            } else {
                Some(true)
            }
        })
    }
}
