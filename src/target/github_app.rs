//! A GitHub App: its permissions, and the repositories that it is installed on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::fence::{self, Ids};
use super::policy::Policy;
use super::scopes::{self, Asked};
use super::{About, Lets, Note, Options, Plan, Sees, Settings, Target, words};
use crate::analysis::privilege::needs::closure;
use crate::request::{Request, Value as Said};
use crate::sema::model::{AppId, Condition, Model, OperationId, ScopeId};

pub(super) static TARGET: &dyn Target = &GithubApp;

static ABOUT: About = About {
    name: "github-app",
    title: "permissions of a GitHub App and the repositories it is installed on",
    sees: &[Sees::Apps, Sees::Operations("permission and level"), Sees::Attribute("repository.id")],
    limits: &[],
    stale: "at once for new requests; installation tokens live for an hour",
    source: "docs.github.com: Choosing permissions for a GitHub App, Reviewing and modifying installed GitHub Apps",
};

#[derive(Debug)]
struct GithubApp;

/// What one app is given.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Given {
    /// What stands in its registration; what these imply is held as well.
    scopes: BTreeSet<ScopeId>,
    /// `contents` to `write`.
    permissions: BTreeMap<String, String>,
    repositories: Ids,
}

#[derive(Debug)]
struct Made {
    /// By the app's key.
    apps: BTreeMap<String, Given>,
}

impl Target for GithubApp {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn speaks_of(&self, model: &Model, app: AppId, operation: OperationId) -> bool {
        words::is_of(model, app, operation, |name| name == "github.app")
    }

    fn plan(&self, policy: &Policy<'_>, options: &Options) -> Plan {
        let model = policy.model;
        let (mut made, mut notes) = (Made { apps: BTreeMap::new() }, Vec::new());
        for app in policy.apps(options) {
            let declared = &model.apps[app.index()];
            let groups =
                policy.groups(app, &|o| self.speaks_of(model, app, o) && scopes::opens(model, app, o));
            if groups.is_empty() {
                continue;
            }
            let Some(id) = words::attribute(model, "repository", "id") else { continue };
            let firsts = |wanted: &dyn Fn(OperationId) -> bool| -> Vec<OperationId> {
                groups.iter().filter_map(|group| group.first().copied()).filter(|o| wanted(*o)).collect()
            };
            let in_repository =
                firsts(&|o| words::acts_in(model, &model.operations[o.index()], "repository"));
            let named = fence::ids_of(model, "repository", id);
            let repositories = fence::of_values(policy, app, &in_repository, id, &named, false);
            if repositories.others && repositories.exceptions().next().is_some() {
                let text = format!(
                    "`{}` may not work in some repositories; GitHub can only list those that it may work in, so \
                     it is installed on all",
                    declared.name
                );
                notes.push(Note { text, limit: None, app: Some(app) });
            }
            let all = |wanted: &dyn Fn(OperationId) -> bool| -> BTreeSet<OperationId> {
                let wanted = groups.iter().filter(|group| group.first().is_some_and(|first| wanted(*first)));
                wanted.flatten().copied().collect()
            };
            let needed = all(&|o| policy.permits(app, &[o], &Condition::Constant(true)));
            let mut scopes = scopes::fewest(model, app, &needed);
            if options.strict {
                let inside = |o: OperationId| match repositories.others {
                    false if in_repository.contains(&o) => repositories.lets(model, id),
                    _ => Condition::Constant(true), // wherever it is
                };
                scopes = scopes::without(model, app, scopes, &all(&|o| policy.denies(app, &[o], &inside(o))));
            }
            let permissions = permissions(model, &scopes);
            made.apps.insert(declared.key.clone(), Given { scopes, permissions, repositories });
        }
        Plan { settings: Box::new(made), notes }
    }
}

/// Each permission with the highest of its levels.
fn permissions(model: &Model, scopes: &BTreeSet<ScopeId>) -> BTreeMap<String, String> {
    let mut permissions: BTreeMap<String, String> = BTreeMap::new();
    let rank = |level: &str| ["read", "write", "admin"].iter().position(|known| *known == level);
    for scope in scopes {
        let name = &model.scopes[scope.index()].name;
        let (permission, level) = name.split_once(':').unwrap_or((name, "read"));
        let known = permissions.entry(permission.to_owned()).or_insert_with(|| level.to_owned());
        if rank(level) > rank(known) {
            level.clone_into(known);
        }
    }
    permissions
}

impl Given {
    /// Whether it is installed on all repositories: GitHub has no list of those that it is not installed on.
    fn on_all(&self) -> bool {
        self.repositories.others
    }

    fn selected(&self) -> Vec<&String> {
        self.repositories.exceptions().collect()
    }
}

impl Settings for Made {
    fn text(&self) -> String {
        // Maps of texts have no values that JSON cannot write.
        let text = serde_json::to_string_pretty(&self.json()).unwrap_or_default();
        text + "\n"
    }

    fn json(&self) -> Value {
        let given = |given: &Given| {
            let selection = if given.on_all() { "all" } else { "selected" };
            let mut value = json!({
                "default_permissions": given.permissions,
                "repository_selection": selection,
            });
            if !given.on_all() {
                value["repositories"] = json!(given.selected());
            }
            value
        };
        let apps: serde_json::Map<String, Value> =
            self.apps.iter().map(|(key, of)| (key.clone(), given(of))).collect();
        json!({ "apps": apps })
    }

    fn lets(&self, model: &Model, app: AppId, operation: OperationId) -> Lets {
        let declared = &model.apps[app.index()];
        let given = self.apps.get(&declared.key);
        let held = closure(model, given.iter().flat_map(|given| given.scopes.iter().copied()));
        let holds = |_, scope: ScopeId| Condition::Constant(held.contains(scope));
        let open = scopes::lets_by(model, &declared.models, operation, &holds);
        let inside = match (given, words::attribute(model, "repository", "id")) {
            (Some(given), Some(id))
                if words::acts_in(model, &model.operations[operation.index()], "repository")
                    && !given.on_all() =>
            {
                words::one_of(model, id, given.selected())
            }
            _ => Condition::Constant(true), // all repositories, or none is concerned
        };
        Lets { when: words::all([open, inside]), covers: true }
    }

    fn permits(&self, model: &Model, request: &Request) -> Option<bool> {
        let asked = match Asked::read(model, request) {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let Some(given) = self.apps.get(asked.key()) else { return Some(false) };
        let declared = &model.operations[asked.operation.index()];
        if words::acts_in(model, declared, "repository") && !given.on_all() {
            let selected = given.selected();
            match asked.of_container("repository", "id") {
                Some(Said::Text(id)) if selected.contains(&&id) => {}
                _ => return Some(false), // not installed there
            }
        }
        let holds = |wanted: &ScopeId| {
            given.scopes.iter().any(|scope| model.scopes[scope.index()].implies.contains(wanted))
        };
        let models = model.apps[asked.app.index()].models.iter();
        let open = models.filter_map(|of| declared.requirements.get(of)).flatten();
        Some(open.into_iter().any(|all| all.iter().all(holds)))
    }
}
