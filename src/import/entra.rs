//! Microsoft Entra applications and service principals with their grants become apps.
//!
//! An application manifest asks (`requiredResourceAccess`); a service principal holds (`appRoleAssignments`,
//! `oauth2PermissionGrants`). Permissions of the first two are named by identifiers only: give the service principal
//! of the API that they belong to (`GET /servicePrincipals?$filter=displayName eq 'Microsoft Graph'`) among the files, and
//! they have names. An identifier that no file names is noted and not declared.
//!
//! Each grant is of one API, `resourceId`, and other APIs have permissions of the same names. What the files do not show
//! to be of Graph is noted and not declared; only of a grant that says nothing of its API it is assumed.
//!
//! Application permissions and delegated ones are of different models and have the same names. One app cannot say
//! that a scope is meant in one of its models only, so that an app with other delegated permissions than its own
//! becomes two: the one for people has `#delegated` behind its key.
//!
//! Lists of grants that stand by themselves belong to the service principals that they name.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{AppNames, name, text};
use super::json::Node;
use super::{Document, ImportError, Imported, Importer, Makes, Note, NoteKind, Options, yaml};
use crate::span::Span;
use crate::syntax::tree::{App, AppMember, Item, Use};

/// See the module.
pub static IMPORTER: Importer = Importer {
    name: "entra",
    summary: "Entra application manifests and service principals' grants: apps with their permissions",
    makes: Makes::Apps,
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
        let first = value.get("value").unwrap_or(value).get(0);
        one(value) || first.is_some_and(|first| one(first) || is_grant(first))
    },
    part,
    run: import,
};

/// Members that say what an application asks for, or what a service principal holds.
const ASKS: [&str; 3] = ["requiredResourceAccess", "appRoleAssignments", "oauth2PermissionGrants"];

/// Service principals that neither ask for nor hold anything in their file. They say what other files speak of.
fn part(value: &serde_json::Value) -> Option<&'static str> {
    let all = match value.get("value").unwrap_or(value) {
        serde_json::Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    let offers = |object: &serde_json::Value| {
        ["appRoles", "oauth2PermissionScopes", "publishedPermissionScopes"]
            .iter()
            .any(|member| object.get(member).and_then(|list| list.get(0)).is_some())
    };
    let is_part = |object: &serde_json::Value| {
        object.get("appId").is_some()
            && !ASKS.iter().any(|member| object.get(member).is_some())
            && (offers(object) || object.get("servicePrincipalType").is_some())
    };
    (!all.is_empty() && all.iter().all(is_part)).then_some(
        "service principals without grants: they say whose the grants of other files are, and what identifiers of \
         permissions mean; import them together with files that have grants, or with applications",
    )
}

/// Whether it is a grant that stands by itself, as `GET /oauth2PermissionGrants` and
/// `GET /servicePrincipals/{id}/appRoleAssignments` list them.
fn is_grant(value: &serde_json::Value) -> bool {
    let has = |member: &str| value.get(member).is_some_and(serde_json::Value::is_string);
    value.get("appId").is_none()
        && (has("clientId") && has("scope") || has("principalId") && has("appRoleId"))
}

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
            None if root.value.is_array() => objects.extend(root.elements()?),
            None => objects.push(root),
        }
    }
    let mut grants: BTreeMap<String, Vec<Node<'_>>> = BTreeMap::new();
    for grant in objects.extract_if(.., |object| is_grant(object.value)) {
        let holder = grant.get("clientId").or_else(|| grant.get("principalId"));
        let holder = holder.map(|h| h.string()).transpose()?.unwrap_or_default().to_lowercase();
        grants.entry(holder).or_default().push(grant);
    }
    let apis = Apis::of(&objects, grants.values().flatten())?;
    let asks = |object: &Node<'_>| ASKS.iter().any(|m| object.get(m).is_some());
    let mut clients: Vec<(&Node<'_>, Vec<Node<'_>>)> = Vec::new();
    for object in &objects {
        let id = object.get("id").and_then(|id| id.value.as_str()).map(str::to_lowercase);
        let own = id.and_then(|id| grants.remove(&id)).unwrap_or_default();
        if asks(object) || !own.is_empty() {
            clients.push((object, own));
        }
    }
    if clients.is_empty() && grants.is_empty() {
        return Err(ImportError::new(
            documents.first().map_or("", |d| d.name),
            "expected an application with `requiredResourceAccess`, or a service principal with its grants",
        ));
    }
    // The API's own description beside an app's is no second app.
    let named =
        if clients.len() + grants.len() == 1 { documents.get(..1).unwrap_or_default() } else { documents };
    let mut names = AppNames::new(named, options)?;
    let mut items = vec![Item::Use(Use { name: name("microsoft.graph"), span: Span::default() })];
    let mut notes = Vec::new();
    let mut keys = BTreeSet::new();
    for (client, grants) in clients {
        for app in apps(client, &grants, &apis, &mut names, &mut notes)? {
            if let Some(AppMember::Key(key)) = app.members.first()
                && !keys.insert(key.value.clone())
            {
                return Err(client.error(format!("application `{}` stands in the files twice", key.value)));
            }
            items.push(Item::App(app));
        }
    }
    for (holder, grants) in grants {
        for app in holders(&holder, &grants, &apis, &mut names, &mut notes)? {
            items.push(Item::App(app));
        }
    }
    Ok(Imported::new(items, notes))
}

/// The apps of a service principal of which the files have nothing but grants.
fn holders(
    holder: &str,
    grants: &[Node<'_>],
    apis: &Apis,
    names: &mut AppNames,
    notes: &mut Vec<Note>,
) -> Result<Vec<App>, ImportError> {
    let Some(first) = grants.first() else { return Ok(Vec::new()) };
    let mut found = Permissions::default();
    loose(grants, apis, &mut found, notes)?;
    notes.push(first.note(
        NoteKind::Assumed,
        format!(
            "the files have nothing else of service principal {holder}, whose identifier is the key here: requests \
             have to name it so; with the service principal among the files, its `appId` is the key"
        ),
    ));
    let title = grants.iter().find_map(|grant| grant.get("principalDisplayName"));
    let title = title.map(|title| title.string()).transpose()?.unwrap_or(holder);
    Ok(held(first, (holder, title, None), found, names, notes))
}

/// Grants that stand by themselves.
fn loose(
    grants: &[Node<'_>],
    apis: &Apis,
    found: &mut Permissions,
    notes: &mut Vec<Note>,
) -> Result<(), ImportError> {
    for grant in grants {
        match grant.get("appRoleId") {
            Some(_) => assigned(grant, apis, found, notes)?,
            None => granted(grant, apis, found, notes)?,
        }
    }
    Ok(())
}

/// What Graph is called where only names of APIs are given.
const GRAPH_NAME: &str = "Microsoft Graph";

/// What the files say of APIs. Identifiers are in lower case.
#[derive(Default)]
struct Apis {
    /// Names of permissions by their identifiers.
    permissions: BTreeMap<String, String>,
    /// Service principals: the application that each is of, and what it is called.
    principals: BTreeMap<String, (String, Option<String>)>,
    /// What grants call the service principals that they are of.
    called: BTreeMap<String, String>,
}

/// Which API a grant is of.
enum Api {
    Graph,
    /// Another one, and what it is called.
    Other(String),
    /// The identifier of a service principal of which the files do not say what it is.
    Unknown(String),
    /// The grant does not say it.
    Unsaid,
}

impl Apis {
    fn of<'n, 'v: 'n>(
        objects: &[Node<'v>],
        loose: impl Iterator<Item = &'n Node<'v>>,
    ) -> Result<Apis, ImportError> {
        let mut apis = Apis::default();
        let is_graph = |object: &&Node<'_>| {
            let app = object.get("appId").and_then(|id| id.value.as_str());
            app.is_some_and(|app| app.eq_ignore_ascii_case(GRAPH))
        };
        // Whoever makes an application chooses its identifiers: Graph's own word about Graph's counts last.
        let (graph, others): (Vec<_>, Vec<_>) = objects.iter().partition(is_graph);
        for object in others.into_iter().chain(graph) {
            permission_names(object, &mut apis.permissions)?;
            if let (Some(id), Some(app)) = (object.get("id"), object.get("appId")) {
                let title = object.get("displayName").map(|title| title.string()).transpose()?;
                let app = (app.string()?.to_owned(), title.map(str::to_owned));
                apis.principals.insert(id.string()?.to_lowercase(), app);
            }
            for member in ["appRoleAssignments", "oauth2PermissionGrants"] {
                for grant in object.get(member).map(|list| list.elements()).transpose()?.into_iter().flatten()
                {
                    apis.call(&grant)?;
                }
            }
        }
        for grant in loose {
            apis.call(grant)?;
        }
        Ok(apis)
    }

    /// Keeps what a grant calls its API. Of two names the one that is not Graph's counts.
    fn call(&mut self, grant: &Node<'_>) -> Result<(), ImportError> {
        let (Some(id), Some(title)) = (grant.get("resourceId"), grant.get("resourceDisplayName")) else {
            return Ok(());
        };
        let (id, title) = (id.string()?.to_lowercase(), title.string()?);
        let known = self.called.entry(id).or_insert_with(|| title.to_owned());
        if known == GRAPH_NAME {
            title.clone_into(known);
        }
        Ok(())
    }

    fn of_grant(&self, grant: &Node<'_>) -> Result<Api, ImportError> {
        let by_title = |title: &str| match title {
            GRAPH_NAME => Api::Graph,
            other => Api::Other(other.to_owned()),
        };
        let Some(resource) = grant.get("resourceId") else {
            let title = grant.get("resourceDisplayName").map(|title| title.string()).transpose()?;
            return Ok(title.map_or(Api::Unsaid, by_title));
        };
        let resource = resource.string()?;
        let id = resource.to_lowercase();
        Ok(match (self.principals.get(&id), self.called.get(&id)) {
            (Some((app, _)), _) if app.eq_ignore_ascii_case(GRAPH) => Api::Graph,
            (Some((app, title)), _) => Api::Other(title.as_ref().unwrap_or(app).clone()),
            (None, Some(title)) => by_title(title),
            (None, None) => Api::Unknown(resource.to_owned()),
        })
    }

    /// Whether the grant is of Graph; of another one there is a note of what was left out, `what`.
    fn is_of_graph(&self, grant: &Node<'_>, what: &str, notes: &mut Vec<Note>) -> Result<bool, ImportError> {
        let (kind, message) = match self.of_grant(grant)? {
            Api::Graph => return Ok(true),
            Api::Unsaid => {
                let message = "does not say of which API it is (`resourceId`): taken for Microsoft Graph";
                notes.push(grant.note(NoteKind::Assumed, message));
                return Ok(true);
            }
            Api::Other(api) => (NoteKind::Unknown, format!("{what} of the API {api} is not expressed")),
            Api::Unknown(id) => (
                NoteKind::Unknown,
                format!(
                    "{what} was not declared, for these files do not say which API {id} is; add that service principal \
                     to them (`GET /servicePrincipals/{id}`)"
                ),
            ),
        };
        notes.push(grant.note(kind, message));
        Ok(false)
    }
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
    /// Whether it acts for people, perhaps with no permission that Graph knows.
    for_people: bool,
}

fn apps(
    client: &Node<'_>,
    grants: &[Node<'_>],
    apis: &Apis,
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
            "requiredResourceAccess" => required(&node, &apis.permissions, &mut found, notes)?,
            "appRoleAssignments" => {
                for assignment in node.elements()? {
                    if is_of_another(&assignment, "principalId", client)? {
                        let message = "assigned to another principal: left out";
                        notes.push(assignment.note(NoteKind::Unknown, message));
                    } else {
                        assigned(&assignment, apis, &mut found, notes)?;
                    }
                }
            }
            "oauth2PermissionGrants" => {
                for grant in node.elements()? {
                    if is_of_another(&grant, "clientId", client)? {
                        let message = "granted to another service principal: left out";
                        notes.push(grant.note(NoteKind::Unknown, message));
                    } else {
                        granted(&grant, apis, &mut found, notes)?;
                    }
                }
            }
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
    loose(grants, apis, &mut found, notes)?;
    Ok(held(client, (key, title, vendor), found, names, notes))
}

/// One app or two, by what was found.
fn held(
    place: &Node<'_>,
    (key, title, vendor): (&str, &str, Option<&str>),
    found: Permissions,
    names: &mut AppNames,
    notes: &mut Vec<Note>,
) -> Vec<App> {
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
    let Permissions { application, delegated, for_people } = found;
    let (alone, people) = ("microsoft.graph.application", "microsoft.graph.delegated");
    match (application.is_empty(), delegated.is_empty()) {
        (true, true) if for_people => vec![app(own, key.to_owned(), vec![people], delegated)],
        (_, true) => vec![app(own, key.to_owned(), vec![alone], application)],
        (true, false) => vec![app(own, key.to_owned(), vec![people], delegated)],
        (false, false) => {
            notes.push(place.note(
                NoteKind::Assumed,
                format!(
                    "has permissions of both kinds: requests for a person have to name app `{key}#delegated`"
                ),
            ));
            let other = app(format!("{own}-delegated"), format!("{key}#delegated"), vec![people], delegated);
            vec![app(own, key.to_owned(), vec![alone], application), other]
        }
    }
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
        if !api.string()?.eq_ignore_ascii_case(GRAPH) {
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

/// One of `appRoleAssignments`: an application permission that was granted.
fn assigned(
    assignment: &Node<'_>,
    apis: &Apis,
    found: &mut Permissions,
    notes: &mut Vec<Note>,
) -> Result<(), ImportError> {
    let id = assignment.get("appRoleId").ok_or_else(|| assignment.error("expected member `appRoleId`"))?;
    let id = id.string()?.to_lowercase();
    let permission = apis.permissions.get(&id);
    let what = permission.map_or_else(|| format!("role {id}"), |permission| format!("`{permission}`"));
    if !apis.is_of_graph(assignment, &what, notes)? {
        return Ok(());
    }
    match permission {
        Some(permission) => take(permission, APPLICATION, &mut found.application, assignment, notes),
        None => {
            let message = format!(
                "role {id} of Microsoft Graph has no name in these files and was not declared; add the service principal of \
                 Microsoft Graph to them"
            );
            notes.push(assignment.note(NoteKind::Unknown, message));
        }
    }
    Ok(())
}

/// One of `oauth2PermissionGrants`: delegated permissions that were granted, by name.
fn granted(
    grant: &Node<'_>,
    apis: &Apis,
    found: &mut Permissions,
    notes: &mut Vec<Note>,
) -> Result<(), ImportError> {
    /// Asked of the sign-in, not of Graph.
    const SIGN_IN: [&str; 4] = ["email", "offline_access", "openid", "profile"];
    let scopes = grant.get("scope").ok_or_else(|| grant.error("expected member `scope`"))?;
    found.for_people = true;
    let what = format!("delegated grant `{}`", scopes.string()?.trim());
    if !apis.is_of_graph(grant, &what, notes)? {
        return Ok(());
    }
    let consent = grant.get("consentType").map(|c| c.string()).transpose()?.unwrap_or("AllPrincipals");
    if consent != "AllPrincipals" {
        let message = "granted by one person for themselves: counts here for everyone the app acts for";
        notes.push(grant.note(NoteKind::Assumed, message));
    }
    for (member, node) in grant.members()?.filter(|(_, node)| !node.value.is_null()) {
        if matches!(member, "startTime" | "expiryTime") {
            let message = format!("`{member}` is not expressed: it counts here as granted without an end");
            notes.push(node.note(NoteKind::Member, message));
        }
    }
    for scope in scopes.string()?.split_whitespace() {
        if SIGN_IN.contains(&scope) {
            let message = format!("`{scope}` is asked of the sign-in and opens nothing");
            notes.push(grant.note(NoteKind::Member, message));
        } else {
            take(scope, DELEGATED, &mut found.delegated, grant, notes);
        }
    }
    Ok(())
}
