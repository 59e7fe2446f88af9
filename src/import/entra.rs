//! Microsoft Entra applications and service principals with their grants become apps.
//!
//! An application manifest asks (`requiredResourceAccess`); a service principal holds (`appRoleAssignments`,
//! `oauth2PermissionGrants`). Permissions of the first two are named by identifiers only: give the service principal
//! of the API that they belong to (`GET /servicePrincipals?$filter=displayName eq 'Microsoft Graph'`) among the files, and
//! they have names. An identifier that no file names is noted and not declared.
//!
//! Application permissions and delegated ones are of different models and have the same names. One app cannot say
//! that a scope is meant in one of its models only, so that an app with other delegated permissions than its own
//! becomes two: the one for people has `#delegated` behind its key.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{AppNames, name, text};
use super::json::Node;
use super::{Document, ImportError, Imported, Importer, Note, NoteKind, Options, yaml};
use crate::span::Span;
use crate::syntax::tree::{App, AppMember, File, Item, Use};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "entra",
    summary: "Entra application manifests and service principals' grants: apps with their permissions",
    recognises: |value| {
        let one = |v: &serde_json::Value| {
            v.get("appId").is_some()
                && [
                    "requiredResourceAccess",
                    "appRoleAssignments",
                    "oauth2PermissionGrants",
                    "appRoles",
                    "oauth2PermissionScopes",
                ]
                .iter()
                .any(|m| v.get(m).is_some())
        };
        one(value) || value.get("value").and_then(|v| v.get(0)).is_some_and(one)
    },
    run: import,
};

/// Microsoft Graph, as every tenant knows it.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Permissions of catalog `microsoft.graph`, by model; sorted.
static APPLICATION: &str = include_str!("graph/application.txt");
/// See [`APPLICATION`].
static DELEGATED: &str = include_str!("graph/delegated.txt");

/// Takes a permission that the catalog has; of another one there is a note.
fn take(permission: &str, known: &str, found: &mut BTreeSet<String>, node: &Node<'_>, notes: &mut Vec<Note>) {
    if known.lines().any(|k| k == permission) {
        found.insert(permission.to_owned());
    } else {
        let message =
            format!("`{permission}` is no such permission of catalog `microsoft.graph` and was not declared");
        notes.push(node.note(NoteKind::Unknown, message));
    }
}

/// Makes one or two apps of every application or service principal that asks for or holds something.
///
/// # Errors
/// None of these files; `name` together with several documents.
pub fn import(documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
    let mut values = Vec::new();
    for document in documents {
        values.push((document.name, yaml::parse(document)?));
    }
    let mut objects = Vec::new();
    for (document, value) in &values {
        let root = Node::root(document, value);
        match root.get("value") {
            Some(list) => objects.extend(list.elements()?),
            None => objects.push(root),
        }
    }
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for object in &objects {
        permission_names(object, &mut ids)?;
    }
    let asks = |object: &Node<'_>| {
        ["requiredResourceAccess", "appRoleAssignments", "oauth2PermissionGrants"]
            .iter()
            .any(|m| object.get(m).is_some())
    };
    let clients: Vec<_> = objects.iter().filter(|o| asks(o)).collect();
    if clients.is_empty() {
        return Err(ImportError::new(
            documents.first().map_or("", |d| d.name),
            "expected an application with `requiredResourceAccess`, or a service principal with its grants",
        ));
    }
    // The API's own description beside an app's is no second app.
    let named = if clients.len() == 1 { documents.get(..1).unwrap_or_default() } else { documents };
    let mut names = AppNames::new(named, options)?;
    let mut items = vec![Item::Use(Use { name: name("microsoft.graph"), span: Span::default() })];
    let mut notes = Vec::new();
    let mut keys = BTreeSet::new();
    for client in clients {
        for app in apps(client, &ids, &mut names, &mut notes)? {
            if let Some(AppMember::Key(key)) = app.members.first()
                && !keys.insert(key.value.clone())
            {
                return Err(client.error(format!("application `{}` stands in the files twice", key.value)));
            }
            items.push(Item::App(app));
        }
    }
    Ok(Imported { file: File { items, comments: Vec::new() }, notes })
}

/// Identifiers and names of the permissions that an API offers.
fn permission_names(object: &Node<'_>, ids: &mut BTreeMap<String, String>) -> Result<(), ImportError> {
    let api = object.get("api");
    let lists = [
        object.get("appRoles"),
        object.get("oauth2PermissionScopes"),
        object.get("publishedPermissionScopes"),
        object.get("oauth2Permissions"),
        api.and_then(|a| a.get("oauth2PermissionScopes")),
    ];
    for list in lists.into_iter().flatten() {
        for permission in list.elements()? {
            if let (Some(id), Some(value)) = (permission.get("id"), permission.get("value")) {
                ids.insert(id.string()?.to_lowercase(), value.string()?.to_owned());
            }
        }
    }
    Ok(())
}

/// What an app asks for or holds in the two models.
#[derive(Default)]
struct Permissions {
    application: BTreeSet<String>,
    delegated: BTreeSet<String>,
}

fn apps(
    client: &Node<'_>,
    ids: &BTreeMap<String, String>,
    names: &mut AppNames,
    notes: &mut Vec<Note>,
) -> Result<Vec<App>, ImportError> {
    let id = client.get("appId").ok_or_else(|| client.error("expected member `appId`"))?;
    let key = id.string()?;
    let title = client.get("displayName").map(|n| n.string()).transpose()?.unwrap_or(key);
    let vendor = client
        .get("verifiedPublisher")
        .and_then(|p| p.get("displayName"))
        .or_else(|| client.get("publisherName"));
    let vendor = vendor.map(|v| v.string()).transpose()?;
    let mut found = Permissions::default();
    for (member, node) in client.members()? {
        if node.value.is_null() {
            continue;
        }
        match member {
            "appId" | "displayName" | "verifiedPublisher" | "publisherName" => {}
            "requiredResourceAccess" => required(&node, ids, &mut found, notes)?,
            "appRoleAssignments" => assigned(&node, client, ids, &mut found, notes)?,
            "oauth2PermissionGrants" => granted(&node, client, &mut found, notes)?,
            "replyUrlsWithType" | "web" | "spa" | "publicClient" | "identifierUris" | "replyUrls"
            | "homepage" | "info" | "logoutUrl" => {
                notes.push(node.note(NoteKind::Address, format!("`{member}` is not expressed")))
            }
            "passwordCredentials" | "keyCredentials" => {
                let many = node.elements()?.count();
                notes.push(
                    node.note(NoteKind::Member, format!("has {many} of `{member}`, which is not expressed")),
                );
            }
            _ => notes.push(node.note(NoteKind::Member, format!("`{member}` is not expressed"))),
        }
    }
    let own = names.take(&[title]);
    let app = |own: String, key: String, models: Vec<&str>, scopes: BTreeSet<String>| {
        let mut members = vec![AppMember::Key(text(key))];
        members.extend(vendor.map(|v| AppMember::Vendor(text(v))));
        members.push(AppMember::Platform(models.into_iter().map(name).collect()));
        if !scopes.is_empty() {
            members.push(AppMember::Requests(scopes.into_iter().map(name).collect()));
        }
        App { name: name(own), members, span: Span::default() }
    };
    let Permissions { application, delegated } = found;
    let (alone, people) = ("microsoft.graph.application", "microsoft.graph.delegated");
    Ok(match (application.is_empty(), delegated.is_empty()) {
        (_, true) => vec![app(own, key.to_owned(), vec![alone], application)],
        (true, false) => vec![app(own, key.to_owned(), vec![people], delegated)],
        (false, false) => {
            notes.push(client.note(
                NoteKind::Assumed,
                format!(
                    "has permissions of both kinds: requests for a person have to name app `{key}#delegated`"
                ),
            ));
            let other = app(format!("{own}-delegated"), format!("{key}#delegated"), vec![people], delegated);
            vec![app(own, key.to_owned(), vec![alone], application), other]
        }
    })
}

/// Whether the grant says that it is another principal's than the one whose file it stands in.
fn is_of_another(grant: &Node<'_>, member: &str, client: &Node<'_>) -> Result<bool, ImportError> {
    let (Some(to), Some(own)) = (grant.get(member), client.get("id")) else { return Ok(false) };
    Ok(!to.string()?.eq_ignore_ascii_case(own.string()?))
}

/// `requiredResourceAccess`: what an application asks for.
fn required(
    node: &Node<'_>,
    ids: &BTreeMap<String, String>,
    found: &mut Permissions,
    notes: &mut Vec<Note>,
) -> Result<(), ImportError> {
    for resource in node.elements()? {
        let api =
            resource.get("resourceAppId").ok_or_else(|| resource.error("expected member `resourceAppId`"))?;
        if api.string()? != GRAPH {
            let message = format!("permissions of the API {} are not expressed", api.string()?);
            notes.push(resource.note(NoteKind::Unknown, message));
            continue;
        }
        let list = resource
            .get("resourceAccess")
            .ok_or_else(|| resource.error("expected member `resourceAccess`"))?;
        for access in list.elements()? {
            let said =
                |key: &str| access.get(key).ok_or_else(|| access.error(format!("expected member `{key}`")));
            let id = said("id")?.string()?.to_lowercase();
            let kind = said("type")?;
            let Some(permission) = ids.get(&id) else {
                let message = format!(
                    "permission {id} has no name in these files and was not declared; add the service principal of Microsoft Graph to them"
                );
                notes.push(access.note(NoteKind::Unknown, message));
                continue;
            };
            match kind.string()? {
                "Role" => take(permission, APPLICATION, &mut found.application, &access, notes),
                "Scope" => take(permission, DELEGATED, &mut found.delegated, &access, notes),
                other => return Err(kind.error(format!("expected `Role` or `Scope`, found `{other}`"))),
            };
        }
    }
    Ok(())
}

/// `appRoleAssignments`: application permissions that were granted.
fn assigned(
    node: &Node<'_>,
    client: &Node<'_>,
    ids: &BTreeMap<String, String>,
    found: &mut Permissions,
    notes: &mut Vec<Note>,
) -> Result<(), ImportError> {
    for assignment in node.elements()? {
        if is_of_another(&assignment, "principalId", client)? {
            notes.push(assignment.note(NoteKind::Unknown, "assigned to another principal: left out"));
            continue;
        }
        let api =
            assignment.get("resourceDisplayName").and_then(|r| r.value.as_str()).unwrap_or("Microsoft Graph");
        let id =
            assignment.get("appRoleId").ok_or_else(|| assignment.error("expected member `appRoleId`"))?;
        let id = id.string()?.to_lowercase();
        match ids.get(&id) {
            Some(permission) if api == "Microsoft Graph" => {
                take(permission, APPLICATION, &mut found.application, &assignment, notes);
            }
            Some(permission) => notes.push(
                assignment
                    .note(NoteKind::Unknown, format!("`{permission}` of the API {api} is not expressed")),
            ),
            None => {
                let message = format!("role {id} of {api} has no name in these files and was not declared");
                notes.push(assignment.note(NoteKind::Unknown, message));
            }
        }
    }
    Ok(())
}

/// `oauth2PermissionGrants`: delegated permissions that were granted, by name.
fn granted(
    node: &Node<'_>,
    client: &Node<'_>,
    found: &mut Permissions,
    notes: &mut Vec<Note>,
) -> Result<(), ImportError> {
    /// Asked of the sign-in, not of Graph.
    const SIGN_IN: [&str; 4] = ["email", "offline_access", "openid", "profile"];
    for grant in node.elements()? {
        if is_of_another(&grant, "clientId", client)? {
            notes.push(grant.note(NoteKind::Unknown, "granted to another service principal: left out"));
            continue;
        }
        let scopes = grant.get("scope").ok_or_else(|| grant.error("expected member `scope`"))?;
        let consent = grant.get("consentType").map(|c| c.string()).transpose()?.unwrap_or("AllPrincipals");
        if consent != "AllPrincipals" {
            let message = "granted by one person for themselves: counts here for everyone the app acts for";
            notes.push(grant.note(NoteKind::Assumed, message));
        }
        for (member, node) in grant.members()?.filter(|(_, node)| !node.value.is_null()) {
            if matches!(member, "startTime" | "expiryTime") {
                let message =
                    format!("`{member}` is not expressed: it counts here as granted without an end");
                notes.push(node.note(NoteKind::Member, message));
            }
        }
        for scope in scopes.string()?.split_whitespace() {
            if SIGN_IN.contains(&scope) {
                notes.push(
                    grant.note(
                        NoteKind::Member,
                        format!("`{scope}` is asked of the sign-in and opens nothing"),
                    ),
                );
            } else {
                take(scope, DELEGATED, &mut found.delegated, &grant, notes);
            }
        }
    }
    Ok(())
}
