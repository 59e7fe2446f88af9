//! Microsoft 365's unified audit log: as its API gives it, or wrapped in `AuditData` as `Search-UnifiedAuditLog`
//! does. It tells what happened to data, and not by which request; so what an app did there is one of several
//! operations. Consents and grants are told with their scopes.

use serde_json::Value;

use super::{each, text, texts};
use crate::sema::model::Access;
use crate::usage::{Call, Format, Grant, Likely, Other, Outcome, Told, Use, time};

/// See the module.
pub(crate) static FORMAT: Format =
    Format { name: "unified-audit", title: "Microsoft 365 unified audit log", read };

const fn likely(name: &'static str, access: Access) -> Likely {
    Likely { name, access: Some(access) }
}

const fn any(name: &'static str) -> Likely {
    Likely { name, access: None }
}

const READ_MAIL: &[Likely] = &[
    likely("exchange.mail.read*", Access::Read),
    likely("graph.me.*messages.*", Access::Read),
    likely("graph.users.*messages.*", Access::Read),
    likely("graph.admin.exchange.mailboxes.*", Access::Read),
    any("graph.admin.exchange.mailboxes.exportItems"),
];
/// What a mailbox keeps, and changes to it of one class. A record of a mailbox says what happened to an item, and not
/// of which kind it is: its folder tells, and the names of folders are in the language of its owner. So an item is a
/// message, a meeting, a contact, a task or a note.
macro_rules! items {
    ($access:expr; $($more:expr),* $(,)?) => {
        &[
            any("exchange.mail.write"),
            any("exchange.calendar.write"),
            any("exchange.contacts.write"),
            likely("graph.admin.exchange.mailboxes.folders.*", Access::Admin),
            any("graph.admin.exchange.mailboxes.createImportSession"),
            likely("graph.me.*messages.*", $access),
            likely("graph.users.*messages.*", $access),
            likely("graph.me.mailFolders.userConfigurations.*", $access),
            likely("graph.users.mailFolders.userConfigurations.*", $access),
            likely("graph.me.calendar*", $access),
            likely("graph.users.calendar*", $access),
            likely("graph.groups.calendar*", $access),
            likely("graph.me.events.*", $access),
            likely("graph.users.events.*", $access),
            likely("graph.groups.events.*", $access),
            likely("graph.me.contact*", $access),
            likely("graph.users.contact*", $access),
            likely("graph.me.todo.*", $access),
            likely("graph.users.todo.*", $access),
            likely("graph.me.tasks.*", $access),
            likely("graph.users.tasks.*", $access),
            likely("graph.me.notes.*", $access),
            likely("graph.users.notes.*", $access),
            likely("graph.me.outlook.task*", $access),
            likely("graph.users.outlook.task*", $access),
            likely("graph.groups.conversations.*", $access),
            likely("graph.groups.threads.*", $access),
            $($more),*
        ]
    };
}

const WRITE_ITEM: &[Likely] = items![Access::Write;];
const MOVE_ITEM: &[Likely] = items![
    Access::Write;
    likely("graph.me.mailfolders.*move", Access::Write),
    likely("graph.users.mailfolders.*move", Access::Write),
];
/// Items go by a call that deletes them, by one that moves them where what is deleted lies, and meetings also by one
/// that declines or cancels them.
const DELETE_ITEM: &[Likely] = items![
    Access::Delete;
    likely("graph.*.messages.move", Access::Write),
    likely("graph.*.messages.permanentDelete", Access::Write),
    likely("graph.*.events.cancel", Access::Write),
    likely("graph.*.events.decline", Access::Write),
    likely("graph.*.events.permanentDelete", Access::Write),
    likely("graph.me.calendar*.permanentDelete", Access::Write),
    likely("graph.users.calendar*.permanentDelete", Access::Write),
    likely("graph.me.contact*.permanentDelete", Access::Write),
    likely("graph.users.contact*.permanentDelete", Access::Write),
    likely("graph.me.outlook.task*.permanentDelete", Access::Write),
    likely("graph.users.outlook.task*.permanentDelete", Access::Write),
    likely("graph.me.mailfolders*.delete", Access::Delete),
    likely("graph.users.mailfolders*.delete", Access::Delete),
    likely("graph.me.mailfolders.*move", Access::Write),
    likely("graph.users.mailfolders.*move", Access::Write),
    likely("graph.me.mailfolders.*permanentDelete", Access::Write),
    likely("graph.users.mailfolders.*permanentDelete", Access::Write),
];
/// Answers and what is passed on are sent too, and so are invitations to meetings and their cancellation.
const SEND_MAIL: &[Likely] = &[
    any("exchange.mail.send"),
    any("exchange.calendar.write"),
    any("graph.*.sendmail"),
    any("graph.*.messages.send"),
    any("graph.*.messages.forward"),
    any("graph.*.messages.reply"),
    any("graph.*.messages.replyall"),
    any("graph.groups.*threads.*forward"),
    any("graph.groups.*threads.*reply"),
    likely("graph.me.*events.*", Access::Write),
    likely("graph.me.*events.*", Access::Delete),
    likely("graph.users.*events.*", Access::Write),
    likely("graph.users.*events.*", Access::Delete),
    likely("graph.groups.*events.*", Access::Write),
    likely("graph.groups.*events.*", Access::Delete),
];
const MAIL_RULES: &[Likely] = &[
    any("exchange.settings.write"),
    likely("graph.*.messagerules.*", Access::Write),
    likely("graph.*.messagerules.*", Access::Delete),
];
const READ_FILE: &[Likely] =
    &[likely("graph.*drive*.items.*", Access::Read), likely("graph.*drive.root.*", Access::Read)];
const WRITE_FILE: &[Likely] =
    &[likely("graph.*drive*.items.*", Access::Write), likely("graph.*drive.root.*", Access::Write)];
const DELETE_FILE: &[Likely] = &[likely("graph.*drive*.items.*", Access::Delete)];
const READ_LIST: &[Likely] = &[likely("graph.sites.*", Access::Read)];

/// Workload, operation, and what may have been called. A workload with two names has two rows.
static CALLS: &[(&str, &str, &[Likely])] = &[
    ("Exchange", "Create", WRITE_ITEM),
    ("Exchange", "HardDelete", DELETE_ITEM),
    ("Exchange", "MailItemsAccessed", READ_MAIL),
    ("Exchange", "Move", MOVE_ITEM),
    ("Exchange", "MoveToDeletedItems", DELETE_ITEM),
    ("Exchange", "New-InboxRule", MAIL_RULES),
    ("Exchange", "Send", SEND_MAIL),
    ("Exchange", "SendAs", SEND_MAIL),
    ("Exchange", "SendOnBehalf", SEND_MAIL),
    ("Exchange", "Set-InboxRule", MAIL_RULES),
    ("Exchange", "SoftDelete", DELETE_ITEM),
    ("Exchange", "Update", WRITE_ITEM),
    ("Exchange", "UpdateInboxRules", MAIL_RULES),
    ("OneDrive", "FileAccessed", READ_FILE),
    ("OneDrive", "FileDeleted", DELETE_FILE),
    ("OneDrive", "FileDownloaded", READ_FILE),
    ("OneDrive", "FileModified", WRITE_FILE),
    ("OneDrive", "FileRecycled", DELETE_FILE),
    ("OneDrive", "FileUploaded", WRITE_FILE),
    ("SharePoint", "FileAccessed", READ_FILE),
    ("SharePoint", "FileDeleted", DELETE_FILE),
    ("SharePoint", "FileDownloaded", READ_FILE),
    ("SharePoint", "FileModified", WRITE_FILE),
    ("SharePoint", "FileRecycled", DELETE_FILE),
    ("SharePoint", "FileUploaded", WRITE_FILE),
    ("SharePoint", "ListViewed", READ_LIST),
];

/// Operations that grant, and the property in which scopes stand.
const GRANTS: [(&str, &str); 4] = [
    ("Consent to application.", "ConsentAction.Permissions"),
    ("Add delegated permission grant.", "DelegatedPermissionGrant.Scope"),
    ("Add app role assignment to service principal.", "AppRole.Value"),
    ("Add service principal.", ""),
];

/// Workload and operation of what no call makes: people, and the app itself, sign in.
const NO_CALLS: [(&str, &str); 2] =
    [("AzureActiveDirectory", "UserLoggedIn"), ("AzureActiveDirectory", "UserLoginFailed")];

fn read(record: &Value) -> Option<Vec<Told<'_>>> {
    let (workload, operation) = (text(record, "Workload")?, text(record, "Operation")?);
    let at = record.get("CreationTime").and_then(time::instant);
    if let Some((_, property)) = GRANTS.iter().find(|(name, _)| *name == operation) {
        return Some(vec![Told::Grant(grant(record, property, at))]);
    }
    let apps = apps(record);
    let call = CALLS.iter().find(|(w, o, _)| *w == workload && *o == operation);
    Some(vec![match call {
        Some((_, _, likely)) if !apps.is_empty() => Told::Use(Use {
            apps,
            call: Call::OneOf(format!("{workload} {operation}"), likely),
            at,
            person: person(record),
            outcome: outcome(record),
            near: Vec::new(),
            scopes: Vec::new(),
        }),
        Some(_) | None => {
            let no_call = NO_CALLS.contains(&(workload, operation));
            Told::Other(Other { apps, kind: format!("{workload} {operation}"), at, no_call })
        }
    }])
}

fn apps(record: &Value) -> Vec<&str> {
    let mut apps = texts(record, &["AppId", "ClientAppId", "ApplicationId"]);
    if let Some(context) = record.get("AppAccessContext") {
        apps.extend(texts(context, &["ClientAppId"]));
    }
    // Of the directory's own records the acting app is one of the actors, by its name or identifier.
    let actors = each(record.get("Actor")).iter();
    let actors = actors.filter(|a| matches!(a.get("Type").and_then(Value::as_u64), Some(1 | 2)));
    apps.extend(actors.filter_map(|actor| text(actor, "ID")));
    apps
}

/// `UserType`: 0 and 2 are people and administrators, 5 an application, 6 a service principal.
fn person(record: &Value) -> Option<bool> {
    match record.get("UserType").and_then(Value::as_u64) {
        Some(0 | 2 | 3) => Some(true),
        Some(4..=8) => Some(false),
        Some(_) | None => None,
    }
}

fn outcome(record: &Value) -> Outcome {
    match text(record, "ResultStatus") {
        Some("Failed" | "Failure" | "False") => Outcome::Failed,
        Some(_) | None => Outcome::Done,
    }
}

fn grant<'r>(record: &'r Value, property: &str, at: Option<i64>) -> Grant<'r> {
    let properties = each(record.get("ModifiedProperties"));
    let value = |name: &str| {
        let found = properties.iter().find(|p| p.get("Name").and_then(Value::as_str) == Some(name))?;
        text(found, "NewValue")
    };
    let named = ["ServicePrincipal.AppId", "ServicePrincipal.ObjectID", "ServicePrincipal.DisplayName"];
    let named = named.iter().filter_map(|name| value(name));
    // Of a consent the object is the app; of the other grants it is the API.
    let target = match property {
        "ConsentAction.Permissions" | "" => text(record, "ObjectId"),
        _ => None,
    };
    let target = target.into_iter().flat_map(|t| t.split(';'));
    let scopes = match property {
        "ConsentAction.Permissions" => value(property).map(consented).unwrap_or_default(),
        other => value(other).map(|v| v.split_whitespace().collect()).unwrap_or_default(),
    };
    Grant { apps: named.chain(target).collect(), at, scopes, by: apps(record) }
}

/// `[] => [[Id: …, Scope: Mail.Read User.Read], […]]`
fn consented(text: &str) -> Vec<&str> {
    let now = text.split_once("=>").map_or(text, |(_, now)| now);
    let listed = now.split("Scope:").skip(1).filter_map(|rest| rest.split([']', ',']).next());
    listed.flat_map(str::split_whitespace).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_nothing_twice() {
        let keys: Vec<_> = CALLS.iter().map(|(workload, operation, _)| (workload, operation)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
    }

    #[test]
    fn reading_mail_is_one_of_several_operations() {
        let record = json!({
            "CreationTime": "2021-05-18T10:48:21", "Operation": "MailItemsAccessed", "Workload": "Exchange",
            "UserType": 0, "ResultStatus": "Succeeded", "AppId": "api", "ClientAppId": "client"
        });
        let wanted = Use {
            apps: vec!["api", "client"],
            call: Call::OneOf("Exchange MailItemsAccessed".to_owned(), READ_MAIL),
            at: Some(1_621_334_901),
            person: Some(true),
            ..Use::default()
        };
        assert_eq!(read(&record), Some(vec![Told::Use(wanted)]));
    }

    #[test]
    fn what_no_app_did_is_no_use() {
        let record = json!({ "Operation": "Send", "Workload": "Exchange", "AppId": "" });
        let other = Other { kind: "Exchange Send".to_owned(), ..Other::default() };
        assert_eq!(read(&record), Some(vec![Told::Other(other)]));
    }

    #[test]
    fn consents_tell_their_scopes() {
        let record = json!({
            "CreationTime": "2021-06-15T15:06:37", "Operation": "Consent to application.",
            "Workload": "AzureActiveDirectory", "ObjectId": "app-1;https://app",
            "ModifiedProperties": [{ "Name": "ConsentAction.Permissions", "NewValue":
                "[] => [[Id: a, ConsentType: AllPrincipals, Scope: User.Read], [Id: b, Scope: Mail.Read Mail.Send]]; " }]
        });
        let wanted = Grant {
            apps: vec!["app-1", "https://app"],
            at: Some(1_623_769_597),
            scopes: vec!["User.Read", "Mail.Read", "Mail.Send"],
            by: Vec::new(),
        };
        assert_eq!(read(&record), Some(vec![Told::Grant(wanted)]));
    }
}
