//! The Rovo MCP server's settings of an organisation: which clients may sign in, and which groups of tools work.
//!
//! Domains are matched with the origin that an OAuth client redirects to, and say nothing of API tokens. All settings
//! hold for the whole organisation and for every client: neither a site nor an app has settings of its own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::policy::Policy;
use super::scopes::{self, Asked};
use super::{About, Lets, Limit, Note, Options, Plan, Sees, Settings, Target, words};
use crate::request::{Request, Value as Said};
use crate::sema::model::{
    AppId, AttributeId, Condition, Model, OperationId, Pattern, PatternPart, PermissionModelId, ScopeId,
};
use crate::sema::pattern;

pub(super) static TARGET: &dyn Target = &RovoMcp;

const OAUTH: &str = "atlassian.rovo-mcp.oauth";
const TOKEN: &str = "atlassian.rovo-mcp.token";

/// What is not to be said for a part of an organisation.
const ORGANISATIONS: Limit = Limit { what: "settings for an organisation (ROVO-891)", most: 1 };

static ABOUT: About = About {
    name: "rovo-mcp",
    title: "the Rovo MCP server's domains, tool permissions and ways to sign in",
    sees: &[Sees::Operations("permission group"), Sees::Attribute("client.origin")],
    limits: &[ORGANISATIONS],
    stale: "not documented",
    source: "support.atlassian.com: Control Atlassian Rovo MCP server settings; github.com/atlassian/atlassian-mcp-server",
};

#[derive(Debug)]
struct RovoMcp;

/// Clients that may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Domains {
    /// All.
    Any,
    /// Those whose origin matches one of these.
    Own(Vec<Origin>),
}

/// Origins, as the policy and as the server writes them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    pattern: Pattern,
    text: String,
}

#[derive(Debug)]
struct Made {
    domains: Domains,
    /// Whether a group of tools works.
    groups: BTreeMap<String, bool>,
    /// Whether API tokens are accepted.
    tokens: bool,
}

impl Target for RovoMcp {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn speaks_of(&self, model: &Model, app: AppId, operation: OperationId) -> bool {
        words::is_of(model, app, operation, |name| name == OAUTH || name == TOKEN)
    }

    fn plan(&self, policy: &Policy<'_>, options: &Options) -> Plan {
        let model = policy.model;
        let mut notes = Vec::new();
        // What each app could call, one of each group of operations, by the ways there are to it.
        let mut all: Vec<(AppId, Vec<OperationId>)> = Vec::new();
        let mut with_token = Vec::new();
        for app in policy.apps(options) {
            let opened = |o| self.speaks_of(model, app, o) && scopes::opens(model, app, o);
            let operations: Vec<OperationId> =
                policy.groups(app, &opened).iter().filter_map(|group| group.first().copied()).collect();
            let is_token = |of: &PermissionModelId| words::name_of(model, *of) == TOKEN;
            if model.apps[app.index()].models.iter().any(is_token) {
                with_token.push(app);
            }
            if !operations.is_empty() {
                all.push((app, operations));
            }
        }
        // API tokens have no domain: only what an OAuth client could call says which ones are needed.
        let signed_in: Vec<(AppId, Vec<OperationId>)> = all
            .iter()
            .map(|(app, of)| (*app, by_model(model, *app, of, OAUTH)))
            .filter(|(_, of)| !of.is_empty())
            .collect();
        let permits = |when: &Condition| signed_in.iter().any(|(app, of)| policy.permits(*app, of, when));
        let always = Condition::Constant(true);
        let origin = words::attribute(model, "request", "client.origin");
        let domains = match origin {
            Some(origin) => domains(model, origin, &permits),
            None if signed_in.is_empty() => Domains::Own(Vec::new()),
            None => Domains::Any,
        };
        if domains == Domains::Any && !signed_in.is_empty() {
            let text = "the policy permits clients of any origin, so no domain is kept out; name those that may \
                        sign in with `client.origin`";
            notes.push(Note { text: text.to_owned(), limit: None, app: None });
        }
        let named = |name: &str| words::attribute(model, "request", name);
        let by_site = words::texts_read(model, "site")
            || named("install.site").is_some_and(|a| words::is_read(model, a));
        if by_site && !all.is_empty() {
            let text =
                "the policy tells sites apart, and these settings hold for all sites of the organisation";
            notes.push(Note { text: text.to_owned(), limit: Some(ORGANISATIONS), app: None });
        }
        let inside = |app: &AppId| match (origin, &domains) {
            (Some(origin), Domains::Own(own)) if !with_token.contains(app) => matches(model, origin, own),
            _ => always.clone(), // whatever the origin is
        };
        let mut groups: BTreeMap<String, bool> = BTreeMap::new();
        for (at, scope) in model.scopes.iter().enumerate() {
            let name = words::name_of(model, scope.model);
            if name != OAUTH && name != TOKEN {
                continue;
            }
            let id = ScopeId(at as u32);
            let of_group = |operations: &[OperationId]| -> Vec<OperationId> {
                operations.iter().copied().filter(|o| needs(model, *o, id)).collect()
            };
            let on = all.iter().any(|(app, of)| policy.permits(*app, &of_group(of), &always))
                && !(options.strict
                    && all.iter().any(|(app, of)| policy.denies(*app, &of_group(of), &inside(app))));
            // A group is one switch, whichever way its tools are called.
            groups
                .entry(scope.name.clone())
                .and_modify(|known| {
                    *known = if options.strict { *known && on } else { *known || on };
                })
                .or_insert(on);
        }
        let tokens = all.iter().any(|(app, of)| {
            let of = by_model(model, *app, of, TOKEN);
            policy.permits(*app, &of, &always)
        });
        Plan { settings: Box::new(Made { domains, groups, tokens }), notes }
    }
}

/// Those of the operations to which the app has a way in the permission model of that name.
fn by_model(model: &Model, app: AppId, operations: &[OperationId], name: &str) -> Vec<OperationId> {
    let mut models = model.apps[app.index()].models.iter();
    let Some(of) = models.find(|of| words::name_of(model, **of) == name) else { return Vec::new() };
    let opens = |o: &OperationId| model.operations[o.index()].requirements.contains_key(of);
    operations.iter().copied().filter(opens).collect()
}

/// Whether the operation is one of the group's tools.
fn needs(model: &Model, operation: OperationId, scope: ScopeId) -> bool {
    let of = model.scopes[scope.index()].model;
    let requirements = &model.operations[operation.index()].requirements;
    requirements.get(&of).into_iter().flatten().any(|all| all.contains(&scope))
}

/// The fewest origins of which the policy permits all that it permits.
fn domains(model: &Model, origin: AttributeId, permits: &dyn Fn(&Condition) -> bool) -> Domains {
    let candidates = candidates(model, origin);
    let outside = |own: &[Origin]| words::not(matches(model, origin, own));
    if permits(&outside(&candidates)) {
        return Domains::Any;
    }
    let mut own = candidates.clone();
    for candidate in candidates {
        let less: Vec<Origin> = own.iter().filter(|other| **other != candidate).cloned().collect();
        if !permits(&outside(&less)) {
            own = less;
        }
    }
    Domains::Own(own)
}

fn matches(model: &Model, origin: AttributeId, own: &[Origin]) -> Condition {
    words::like(model, origin, own.iter().map(|origin| origin.pattern.clone()).collect())
}

/// The origins that the policy names; what stands for any scheme, with the two of the web.
fn candidates(model: &Model, origin: AttributeId) -> Vec<Origin> {
    let schemes = |pattern: Pattern| match pattern.0.as_slice() {
        [PatternPart::Label, PatternPart::Text(rest), more @ ..] => {
            let with = |scheme: &str| {
                let mut parts = vec![PatternPart::Text(format!("{scheme}{rest}"))];
                parts.extend(more.iter().cloned());
                Pattern(parts)
            };
            vec![with("http"), with("https")]
        }
        _ => vec![pattern], // its scheme is said
    };
    words::patterns_of(model, origin)
        .into_iter()
        .flat_map(schemes)
        .map(|pattern| Origin { text: text_of(&pattern), pattern })
        .collect()
}

/// As the server's settings write it.
fn text_of(pattern: &Pattern) -> String {
    let part = |part: &PatternPart| match part {
        PatternPart::Text(text) => text.clone(),
        PatternPart::Any | PatternPart::Labels => "**".to_owned(),
        PatternPart::Label | PatternPart::Port => "*".to_owned(),
    };
    pattern.0.iter().map(part).collect()
}

/// Whether the origin matches, as the server's settings are read: `**` is anything within a host, `*` one label.
fn glob(pattern: &str, origin: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("**") {
        let run = origin.find([':', '/']).unwrap_or(origin.len());
        return (1..=run).any(|at| origin.is_char_boundary(at) && glob(rest, &origin[at..]));
    }
    if let Some(rest) = pattern.strip_prefix('*') {
        let run = origin.find([':', '/', '.']).unwrap_or(origin.len());
        return (1..=run).any(|at| origin.is_char_boundary(at) && glob(rest, &origin[at..]));
    }
    match (pattern.chars().next(), origin.chars().next()) {
        (None, None) => true,
        (Some(wanted), Some(is)) if wanted == is => {
            glob(&pattern[wanted.len_utf8()..], &origin[is.len_utf8()..])
        }
        (None, Some(_)) | (Some(_), None | Some(_)) => false,
    }
}

impl Made {
    fn is_on(&self, model: &Model, scope: ScopeId) -> bool {
        self.groups.get(&model.scopes[scope.index()].name).copied().unwrap_or(false)
    }
}

impl Settings for Made {
    fn text(&self) -> String {
        // Texts and truth values have no JSON that cannot be written.
        serde_json::to_string_pretty(&self.json()).unwrap_or_default() + "\n"
    }

    fn json(&self) -> Value {
        let own: Vec<&str> = match &self.domains {
            Domains::Any => vec!["http://**", "https://**"],
            Domains::Own(own) => own.iter().map(|origin| origin.text.as_str()).collect(),
        };
        let word = |on: &bool| if *on { "allow" } else { "block" };
        let groups: serde_json::Map<String, Value> =
            self.groups.iter().map(|(name, on)| (name.clone(), word(on).into())).collect();
        json!({
            "domains": { "atlassianSupported": false, "own": own },
            "authentication": { "oauth": true, "apiToken": self.tokens },
            "permissions": { "tools": groups, "applyToFutureAdditions": false },
        })
    }

    fn lets(&self, model: &Model, app: AppId, operation: OperationId) -> Lets {
        let origin = words::attribute(model, "request", "client.origin");
        let inside = match (&self.domains, origin) {
            (Domains::Own(own), Some(origin)) => matches(model, origin, own),
            (Domains::Own(own), None) => Condition::Constant(!own.is_empty()),
            (Domains::Any, _) => Condition::Constant(true),
        };
        let terms = |of: PermissionModelId, scope: ScopeId| match words::name_of(model, of) {
            OAUTH => words::all([Condition::Constant(self.is_on(model, scope)), inside.clone()]),
            TOKEN => Condition::Constant(self.tokens && self.is_on(model, scope)),
            _ => Condition::Constant(true), // not this server
        };
        Lets { when: scopes::lets(model, app, operation, &terms), covers: true }
    }

    fn permits(&self, model: &Model, request: &Request) -> Option<bool> {
        let asked = match Asked::read(model, request) {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let signed_in = match (&self.domains, request.attributes.get("client.origin")) {
            (Domains::Any, _) => Some(true),
            (Domains::Own(own), Some(Said::Text(text))) => pattern::normalise_origin(text)
                .map(|origin| own.iter().any(|known| glob(&known.text, &origin))),
            (Domains::Own(own), _) if own.is_empty() => Some(false),
            (Domains::Own(_), Some(_) | None) => None,
        };
        asked.open(&|of, scope| match words::name_of(model, of) {
            OAUTH if !self.is_on(model, scope) => Some(false),
            OAUTH => signed_in,
            TOKEN => Some(self.tokens && self.is_on(model, scope)),
            _ => Some(true), // not this server
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_matched_as_the_settings_say() {
        for (pattern, origin, is) in [
            ("https://claude.ai", "https://claude.ai", true),
            ("https://claude.ai", "https://claude.ai.evil.example", false),
            ("https://**.example.com", "https://a.b.example.com", true),
            ("https://**.example.com", "https://example.com", false),
            ("https://*.example.com", "https://a.b.example.com", false),
            ("http://localhost:*", "http://localhost:3000", true),
            ("https://**", "https://anything.at.all", true),
            ("https://**", "https://host:8443", false),
        ] {
            assert_eq!(glob(pattern, origin), is, "{pattern} {origin}");
        }
    }
}
