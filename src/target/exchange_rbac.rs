//! RBAC for Applications of Exchange: roles of an app over the mailboxes of a management scope.
//!
//! Roles add to what Entra ID has granted, so that the settings take those grants away for which they give a role.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::fence::{self, Fence};
use super::policy::Policy;
use super::scopes::{self, Asked};
use super::{About, Lets, Note, Options, Plan, Sees, Settings, Target, quote, words};
use crate::analysis::privilege::states;
use crate::request::{Request, Value as Said};
use crate::sema::model::{AppId, Condition, Model, OperationId, PermissionModelId, ScopeId};

pub(super) static TARGET: &dyn Target = &Roles;

static ABOUT: About = About {
    name: "exchange-rbac",
    title: "RBAC for Applications of Exchange Online",
    sees: &[Sees::Apps, Sees::Operations("role"), Sees::Attribute("mailbox.groups")],
    limits: &[],
    stale: "30 minutes to 2 hours",
    source: "learn.microsoft.com: Role Based Access Control for Applications in Exchange Online",
};

/// Permissions of Entra ID that are roles of Exchange, too: `Application` and the name.
const ROLES: &[&str] = &[
    "Calendars.Read",
    "Calendars.ReadWrite",
    "Contacts.Read",
    "Contacts.ReadWrite",
    "Mail.Read",
    "Mail.ReadBasic",
    "Mail.ReadWrite",
    "Mail.Send",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
];

/// A group in which nobody is.
const NOBODY: &str = "sprag-nobody";

#[derive(Debug)]
struct Roles;

/// An app's role, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Role {
    /// `Application Mail.Read`
    name: String,
    /// The permission of Entra ID that it stands for, if the app has that one.
    instead_of: Option<String>,
    /// Which mailboxes; `None`: the role is not given.
    fence: Option<Fence>,
}

#[derive(Debug)]
struct Made {
    /// By the app's key.
    apps: BTreeMap<String, Vec<Role>>,
}

impl Target for Roles {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn speaks_of(&self, model: &Model, app: AppId, operation: OperationId) -> bool {
        words::is_of(model, app, operation, |name| name.starts_with("microsoft."))
    }

    fn plan(&self, policy: &Policy<'_>, options: &Options) -> Plan {
        let model = policy.model;
        let mut made = Made { apps: BTreeMap::new() };
        let mut notes = Vec::new();
        for app in policy.apps(options) {
            let declared = &model.apps[app.index()];
            let mut nameless = false;
            for (scope, of) in held(model, app) {
                let Some(name) = role(model, of, scope) else { continue };
                let opened =
                    |operation: OperationId| fenced(model, operation) && needs(model, operation, of, scope);
                let operations: Vec<OperationId> =
                    policy.groups(app, &opened).iter().filter_map(|group| group.first().copied()).collect();
                let fence = match words::attribute(model, "mailbox", "groups") {
                    Some(groups) => fence::of_groups(policy, app, &operations, groups, options.strict),
                    None => Fence::open(),
                };
                let (fence, unnamed) = fence.named();
                nameless |= unnamed;
                // Who may do nothing with a role gets none, unless it opens something besides mailboxes.
                let besides = |o: OperationId| !fenced(model, o) && needs(model, o, of, scope);
                let besides: Vec<OperationId> = policy.groups(app, &besides).into_iter().flatten().collect();
                let needed = !options.strict && policy.permits(app, &besides, &Condition::Constant(true));
                let somebody = |fence: &Fence| fence.only.as_ref().is_none_or(|only| !only.is_empty());
                let fence = Some(fence).filter(|fence| needed || somebody(fence));
                let scope_name = &model.scopes[scope.index()].name;
                let instead_of = (*scope_name != name).then(|| scope_name.clone());
                made.apps.entry(declared.key.clone()).or_default().push(Role { name, instead_of, fence });
            }
            if nameless {
                notes.push(Note { text: Fence::unnamed(&declared.name), limit: None, app: Some(app) });
            }
            if let Some(roles) = made.apps.get_mut(&declared.key) {
                roles.sort_by(|a, b| (&a.name, &a.instead_of).cmp(&(&b.name, &b.instead_of)));
                let taken: Vec<&str> = roles.iter().filter_map(|role| role.instead_of.as_deref()).collect();
                if !taken.is_empty() {
                    let text = format!(
                        "take the permissions {} from `{}` in Entra ID: roles add to them, and narrow nothing",
                        taken.join(", "),
                        declared.name
                    );
                    notes.push(Note { text, limit: None, app: Some(app) });
                }
            }
        }
        Plan { settings: Box::new(made), notes }
    }
}

/// The scopes that the app holds as itself, with their models.
fn held(model: &Model, app: AppId) -> Vec<(ScopeId, PermissionModelId)> {
    let granted = states::granted(model, app);
    let scopes = model.apps[app.index()].requested.iter().filter(|id| granted.contains(**id));
    scopes.map(|id| (*id, model.scopes[id.index()].model)).collect()
}

/// The role for the scope.
fn role(model: &Model, of: PermissionModelId, scope: ScopeId) -> Option<String> {
    let name = &model.scopes[scope.index()].name;
    match words::name_of(model, of) {
        "microsoft.exchange.rbac" => Some(name.clone()),
        "microsoft.graph.application" => {
            ROLES.contains(&name.as_str()).then(|| format!("Application {name}"))
        }
        _ => None, // permissions of people, and of other services
    }
}

/// Whether the operation opens a mailbox, which a management scope can leave out.
fn fenced(model: &Model, operation: OperationId) -> bool {
    words::acts_in(model, &model.operations[operation.index()], "mailbox")
}

/// Whether some alternative of the operation names the scope.
fn needs(model: &Model, operation: OperationId, of: PermissionModelId, scope: ScopeId) -> bool {
    let alternatives = model.operations[operation.index()].requirements.get(&of).into_iter().flatten();
    let implied = &model.scopes[scope.index()].implies;
    alternatives.into_iter().any(|all| all.iter().any(|wanted| implied.contains(wanted)))
}

impl Made {
    fn role(&self, model: &Model, key: &str, of: PermissionModelId, scope: ScopeId) -> Option<&Role> {
        let name = role(model, of, scope)?;
        let from = &model.scopes[scope.index()].name;
        self.apps
            .get(key)?
            .iter()
            .find(|role| role.name == name && role.instead_of.as_ref().is_none_or(|instead| instead == from))
    }
}

impl Settings for Made {
    fn text(&self) -> String {
        let mut text = String::from(
            "# Exchange Online PowerShell (Connect-ExchangeOnline). Each app needs a service principal in Exchange:\n\
             # New-ServicePrincipal -AppId <its id> -ObjectId <of its enterprise application>\n\
             # What is there already stops the commands: remove scopes and roles of an earlier run first.\n\
             $ErrorActionPreference = 'Stop'\n",
        );
        let mut scopes: BTreeMap<&Fence, String> = BTreeMap::new();
        for fence in self.apps.values().flatten().filter_map(|role| role.fence.as_ref()) {
            if *fence != Fence::open() && !scopes.contains_key(fence) {
                let name = format!("sprag-{}", scopes.len() + 1);
                if scopes.is_empty() {
                    text += NAMED;
                }
                if fence.only.as_ref().is_some_and(BTreeSet::is_empty) {
                    text += &format!(
                        "New-DistributionGroup -Name {} -Type Security\n",
                        quote::powershell(NOBODY)
                    );
                }
                text += &format!(
                    "New-ManagementScope -Name {} -RecipientRestrictionFilter {}\n",
                    quote::powershell(&name),
                    filter(fence),
                );
                scopes.insert(fence, name);
            }
        }
        for (key, roles) in &self.apps {
            for role in roles {
                if let Some(permission) = &role.instead_of {
                    text += &quote::comment(&format!("# In Entra ID: remove {permission} from {key}"));
                    text.push('\n');
                }
                let Some(fence) = &role.fence else { continue };
                text += &format!(
                    "New-ManagementRoleAssignment -App {} -Role {}",
                    quote::powershell(key),
                    quote::powershell(&role.name),
                );
                if let Some(scope) = scopes.get(fence) {
                    text += &format!(" -CustomResourceScope {}", quote::powershell(scope));
                }
                text.push('\n');
            }
        }
        text
    }

    fn json(&self) -> Value {
        let fence = |fence: &Fence| json!({ "only": fence.only, "never": fence.never });
        let role = |role: &Role| {
            json!({
                "role": role.name,
                "insteadOf": role.instead_of,
                "given": role.fence.is_some(),
                "scope": role.fence.as_ref().filter(|f| **f != Fence::open()).map(fence),
            })
        };
        let apps: serde_json::Map<String, Value> = self
            .apps
            .iter()
            .map(|(key, roles)| (key.clone(), roles.iter().map(role).collect::<Vec<_>>().into()))
            .collect();
        json!({ "apps": apps })
    }

    fn lets(&self, model: &Model, app: AppId, operation: OperationId) -> Lets {
        let key = &model.apps[app.index()].key;
        let groups = words::attribute(model, "mailbox", "groups");
        let terms = |of: PermissionModelId, scope: ScopeId| match self.role(model, key, of, scope) {
            None => Condition::Constant(true),
            Some(Role { fence: None, .. }) => Condition::Constant(false),
            Some(Role { fence: Some(fence), .. }) => match groups {
                Some(groups) if fenced(model, operation) => fence.lets(model, groups),
                Some(_) | None => Condition::Constant(true),
            },
        };
        // Where there is a way past the roles, they do not bear on it.
        let shut = |of: PermissionModelId, scope: ScopeId| {
            let by_role = fenced(model, operation) && self.role(model, key, of, scope).is_some();
            Condition::Constant(!by_role)
        };
        let covers = scopes::lets(model, app, operation, &shut) == Condition::Constant(false);
        Lets { when: scopes::lets(model, app, operation, &terms), covers }
    }

    fn permits(&self, model: &Model, request: &Request) -> Option<bool> {
        let asked = match Asked::read(model, request) {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let groups: Option<BTreeSet<String>> = match asked.of_container("mailbox", "groups") {
            Some(Said::Set(groups)) => Some(groups),
            Some(_) | None => None,
        };
        asked.open(&|of, scope| match self.role(model, asked.key(), of, scope) {
            None => Some(true),
            Some(Role { fence: None, .. }) => Some(false),
            Some(Role { fence: Some(fence), .. }) => {
                if !fenced(model, asked.operation) || *fence == Fence::open() {
                    Some(true)
                } else {
                    groups.as_ref().map(|groups| fence.admits(groups))
                }
            }
        })
    }
}

/// Filters know groups by their distinguished names only (learn.microsoft.com: Filterable properties for the
/// RecipientFilter parameter, `MemberOfGroup`), which are found when the commands are run.
const NAMED: &str = "\
# Filters name groups by their distinguished names. Each group has to be there.
function Find-Group($name) {
  $group = Get-Recipient -Identity $name -RecipientTypeDetails MailUniversalDistributionGroup,MailUniversalSecurityGroup `
    -ErrorAction Stop
  $group.DistinguishedName.Replace(\"'\", \"''\")
}
";

/// The filter of a management scope, as an expression of PowerShell.
fn filter(fence: &Fence) -> String {
    let nobody = NOBODY.to_owned();
    let mut groups: Vec<&String> = Vec::new();
    let mut member = |group| {
        groups.push(group);
        format!("MemberOfGroup -eq '{{{}}}'", groups.len() - 1)
    };
    let mut parts = Vec::new();
    if let Some(only) = &fence.only {
        let any: Vec<String> = match only.is_empty() {
            true => vec![member(&nobody)],
            false => only.iter().map(&mut member).collect(),
        };
        parts.push(format!("({})", any.join(" -or ")));
    }
    parts.extend(fence.never.iter().map(|group| format!("-not ({})", member(group))));
    let found = groups.iter().map(|group| format!("(Find-Group {})", quote::powershell(group)));
    let found = found.collect::<Vec<_>>().join(", ");
    format!("({} -f {found})", quote::powershell(&parts.join(" -and ")))
}
