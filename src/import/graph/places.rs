//! The container kind in which an operation of Microsoft Graph acts, what it lists, whether it administers, and
//! which power it gives. Paths come in lower case with every parameter as `{}`.
//!
//! No container is named by paths. A person has an identifier besides her principal name, and a mailbox answers to every
//! address that it has or had; so a rule about one name would not meet the others.

/// First words of paths whose changes are administration.
const ADMINISTRATION: [&str; 36] = [
    "admin",
    "applications",
    "applicationtemplates",
    "appcatalogs",
    "auditlogs",
    "certificatebasedauthconfiguration",
    "contracts",
    "copilot",
    "datapolicyoperations",
    "deviceappmanagement",
    "devicemanagement",
    "devices",
    "directory",
    "directoryobjects",
    "directoryroles",
    "directoryroletemplates",
    "directorysettings",
    "domains",
    "employeeexperience",
    "external",
    "groupsettings",
    "grouplifecyclepolicies",
    "identity",
    "identitygovernance",
    "identityprotection",
    "identityproviders",
    "informationprotection",
    "invitations",
    "networkaccess",
    "oauth2permissiongrants",
    "organization",
    "permissiongrants",
    "policies",
    "rolemanagement",
    "security",
    "serviceprincipals",
];

/// Words after a user that speak of the mailbox.
const MAIL: [&str; 17] = [
    "calendar",
    "calendargroups",
    "calendars",
    "calendarview",
    "contactfolders",
    "contacts",
    "events",
    "findmeetingtimes",
    "getmailtips",
    "inferenceclassification",
    "mailboxsettings",
    "mailfolders",
    "messages",
    "outlook",
    "reminderview",
    "sendmail",
    "translateexchangeids",
];

/// Method (`*`: any), path, mark; sorted by path.
static POWERS: &[(&str, &str, &str)] = &[
    ("POST", "/applications", "installs-apps"),
    ("POST", "/applications/{}/addkey", "creates-tokens"),
    ("POST", "/applications/{}/addpassword", "creates-tokens"),
    ("POST", "/applications/{}/federatedidentitycredentials", "creates-tokens"),
    ("POST", "/directoryroles/{}/members/$ref", "grants-roles"),
    ("POST", "/groups/{}/approleassignments", "grants-roles"),
    ("POST", "/groups/{}/members/$ref", "grants-roles"),
    ("POST", "/groups/{}/owners/$ref", "grants-roles"),
    ("POST", "/invitations", "creates-users"),
    ("POST", "/oauth2permissiongrants", "edits-permissions"),
    ("PATCH", "/oauth2permissiongrants/{}", "edits-permissions"),
    ("POST", "/rolemanagement/directory/roleassignments", "grants-roles"),
    ("POST", "/rolemanagement/directory/roleassignmentschedulerequests", "grants-roles"),
    ("PATCH", "/rolemanagement/directory/roledefinitions/{}", "edits-permissions"),
    ("POST", "/serviceprincipals", "installs-apps"),
    ("POST", "/serviceprincipals/{}/addkey", "creates-tokens"),
    ("POST", "/serviceprincipals/{}/addpassword", "creates-tokens"),
    ("POST", "/serviceprincipals/{}/approleassignedto", "edits-permissions"),
    ("POST", "/serviceprincipals/{}/approleassignments", "edits-permissions"),
    ("POST", "/sites/{}/permissions", "edits-permissions"),
    ("PATCH", "/sites/{}/permissions/{}", "edits-permissions"),
    ("POST", "/subscriptions", "registers-webhooks"),
    ("POST", "/teams/{}/installedapps", "installs-apps"),
    ("POST", "/users", "creates-users"),
    ("POST", "/users/{}/approleassignments", "grants-roles"),
];

/// Collections of the tenant and what they hold, or what it is in.
const COLLECTIONS: [(&str, &str); 14] = [
    ("/applications", "entra-application"),
    ("/applications/delta", "entra-application"),
    ("/chats", "chat"),
    ("/copilot/searchnextpage", "drive"),
    ("/groups", "m365-group"),
    ("/groups/delta", "m365-group"),
    ("/serviceprincipals", "entra-application"),
    ("/serviceprincipals/delta", "entra-application"),
    ("/sites", "sharepoint-site"),
    ("/sites/delta", "sharepoint-site"),
    ("/sites/getallsites", "sharepoint-site"),
    ("/teams", "team"),
    ("/users", "account"),
    ("/users/delta", "account"),
];

/// What is found in many drives and sites, asked with POST; sorted. Mail and chats are found by people only, who find
/// their own.
const SEARCHES: [&str; 3] = ["/copilot/retrieval", "/copilot/search", "/search/query"];

/// The power that an operation gives, as a mark of catalog `common`.
pub(super) fn power(method: &str, path: &str) -> Option<&'static str> {
    POWERS.iter().find(|(m, p, _)| *m == method && *p == path).map(|(_, _, mark)| *mark)
}

/// Whether changing something there is administration.
pub(super) fn administers(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    let first = first.split('(').next().unwrap_or_default();
    ADMINISTRATION.contains(&first)
}

/// Kind, and for collections the kind that is listed.
pub(super) fn place(method: &str, path: &str) -> (&'static str, Option<&'static str>) {
    if method == "GET"
        && let Some((_, kind)) = COLLECTIONS.iter().find(|(collection, _)| *collection == path)
    {
        return ("tenant", Some(kind));
    }
    if method == "POST" && SEARCHES.contains(&path) {
        return ("tenant", Some("drive"));
    }
    if method == "GET" && path == "/teams/{}/channels" {
        return ("team", Some("channel"));
    }
    let all: Vec<&str> = path.split('/').skip(1).collect();
    let kind = match all.as_slice() {
        ["me", rest @ ..] => person(rest),
        ["users", id, rest @ ..] if id.starts_with('{') => person(rest),
        ["groups", id, rest @ ..] if id.starts_with('{') => match rest.first() {
            Some(&("drive" | "drives")) => "drive",
            Some(&"sites") => "sharepoint-site",
            Some(&"team") => "team",
            Some(_) | None => "m365-group",
        },
        ["teams", id, "channels", channel, ..] if id.starts_with('{') && channel.starts_with('{') => {
            "channel"
        }
        ["teams", id, ..] if id.starts_with('{') => "team",
        ["chats", id, ..] if id.starts_with('{') => "chat",
        ["sites", id, "drive" | "drives", ..] if id.starts_with('{') => "drive",
        ["sites", id, ..] if id.starts_with('{') => "sharepoint-site",
        ["drive", ..] => "drive",
        ["admin", "exchange", "mailboxes", id, ..] if id.starts_with('{') => "mailbox",
        ["drives" | "shares", id, ..] if id.starts_with('{') => "drive",
        ["applications" | "serviceprincipals", id, ..] if id.starts_with('{') => "entra-application",
        _ => "tenant", // Whatever names no container of its own.
    };
    (kind, None)
}

/// Of what a path says behind a user.
fn person(rest: &[&str]) -> &'static str {
    match rest {
        [first, ..] if MAIL.contains(first) => "mailbox",
        ["drive" | "drives", ..] => "drive",
        ["chats", id, ..] if id.starts_with('{') => "chat",
        _ => "account", // The rest of what a person has.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(POWERS.windows(2).all(|w| (w[0].1, w[0].0) < (w[1].1, w[1].0)));
        assert!(COLLECTIONS.windows(2).all(|w| w[0] < w[1]) && SEARCHES.windows(2).all(|w| w[0] < w[1]));
        assert!(MAIL.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn places_are_the_innermost_containers() {
        for (path, kind) in [
            ("/me/messages", "mailbox"),
            ("/users/{}/mailfolders/{}", "mailbox"),
            ("/users/{}", "account"),
            ("/users/{}/drive/root", "drive"),
            ("/teams/{}/channels/{}/messages", "channel"),
            ("/sites/{}/lists", "sharepoint-site"),
            ("/groups/{}/drive", "drive"),
            ("/admin/exchange/mailboxes/{}/exportitems", "mailbox"),
            ("/subscriptions", "tenant"),
        ] {
            assert_eq!(place("GET", path), (kind, None), "{path}");
        }
        assert_eq!(place("GET", "/users"), ("tenant", Some("account")));
    }
}
