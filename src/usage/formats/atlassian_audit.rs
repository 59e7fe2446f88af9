//! Atlassian's audit logs: of Jira and Confluence (`/rest/api/3/auditing/record`), and of the organisation
//! (`/admin/v1/orgs/…/events`). They tell what was changed and by which account; the account of an app names it.
//! They do not tell by which request, so that a change is one of several operations. An account is named as the one
//! that did something, so that there is nothing of which it is known that it did not call for it.

use serde_json::Value;

use super::{text, texts};
use crate::usage::{Call, Format, Likely, Other, Told, Use, time};

/// See the module.
pub(crate) static FORMAT: Format = Format { name: "atlassian-audit", title: "Atlassian audit log", read };

const fn likely(name: &'static str) -> Likely {
    Likely { name, access: None }
}

/// Type of the object and the last word of the summary, and what may have been called.
static CHANGES: &[(&str, &str, &[Likely])] = &[
    ("CUSTOM_FIELD", "created", &[likely("jira.field.create")]),
    ("CUSTOM_FIELD", "deleted", &[likely("jira.field.delete"), likely("jira.field.trash")]),
    ("CUSTOM_FIELD", "updated", &[likely("jira.field.*edit")]),
    ("GROUP", "created", &[likely("jira.group.create")]),
    ("GROUP", "deleted", &[likely("jira.group.delete")]),
    ("PROJECT", "created", &[likely("jira.project.create"), likely("jira.project-template.create")]),
    ("PROJECT", "deleted", &[likely("jira.project.delete*")]),
    ("PROJECT", "updated", &[likely("jira.project.*edit")]),
    ("PROJECT_COMPONENT", "created", &[likely("jira.component.create")]),
    ("PROJECT_COMPONENT", "deleted", &[likely("jira.component.delete")]),
    ("PROJECT_COMPONENT", "updated", &[likely("jira.component.edit")]),
    ("PROJECT_ROLE", "created", &[likely("jira.role.create")]),
    ("PROJECT_ROLE", "deleted", &[likely("jira.role.delete")]),
    ("PROJECT_ROLE", "updated", &[likely("jira.role.*"), likely("jira.project.role.*")]),
    ("USER", "created", &[likely("jira.user.create")]),
    ("USER", "deleted", &[likely("jira.user.delete")]),
    ("VERSION", "created", &[likely("jira.version.create")]),
    ("VERSION", "deleted", &[likely("jira.version.delete"), likely("jira.version.removeAndSwap")]),
    ("VERSION", "released", &[likely("jira.version.edit")]),
    ("VERSION", "updated", &[likely("jira.version.edit")]),
    ("WORKFLOW", "created", &[likely("jira.workflows.create")]),
    ("WORKFLOW", "deleted", &[likely("jira.workflow.delete")]),
    ("WORKFLOW", "updated", &[likely("jira.workflows.update"), likely("jira.workflow.rule.config.*")]),
];

/// The same of schemes, whose kind is the category of the record.
static SCHEMES: &[(&str, &str, &[Likely])] = &[
    ("fields", "created", &[likely("jira.fieldconfigurationscheme.create")]),
    ("fields", "deleted", &[likely("jira.fieldconfigurationscheme.delete")]),
    ("fields", "updated", &[likely("jira.fieldconfigurationscheme.*edit")]),
    ("notifications", "created", &[likely("jira.notificationscheme.create")]),
    ("notifications", "deleted", &[likely("jira.notificationscheme.delete")]),
    (
        "notifications",
        "updated",
        &[likely("jira.notificationscheme.edit"), likely("jira.notificationscheme.*.add")],
    ),
    ("permissions", "created", &[likely("jira.permissionscheme.create")]),
    ("permissions", "deleted", &[likely("jira.permissionscheme.delete")]),
    (
        "permissions",
        "updated",
        &[likely("jira.permissionscheme.edit"), likely("jira.permissionscheme.permission.*")],
    ),
    ("workflows", "created", &[likely("jira.workflowscheme.create*")]),
    ("workflows", "deleted", &[likely("jira.workflowscheme.*delete")]),
    ("workflows", "updated", &[likely("jira.workflowscheme.*edit"), likely("jira.workflowscheme.update*")]),
];

fn read(record: &Value) -> Option<Vec<Told<'_>>> {
    let told = match text(record, "summary") {
        Some(summary) => of_product(record, summary)?,
        None => of_organisation(record)?,
    };
    Some(vec![told])
}

fn of_product<'r>(record: &'r Value, summary: &str) -> Option<Told<'r>> {
    let category = text(record, "category")?;
    let at = record.get("created").or_else(|| record.get("creationDate")).and_then(time::instant);
    let mut apps = texts(record, &["authorAccountId", "authorKey"]);
    if let Some(author) = record.get("author") {
        // Confluence's records.
        apps.extend(texts(author, &["accountId", "displayName", "username"]));
    }
    let object = record.get("objectItem").and_then(|o| text(o, "typeName")).unwrap_or_default();
    let verb = summary.rsplit(' ').next().unwrap_or_default().to_lowercase();
    let (table, of) = if object == "SCHEME" { (SCHEMES, category) } else { (CHANGES, object) };
    let change = table.iter().find(|(what, how, _)| *what == of && *how == verb);
    Some(match change {
        Some((_, _, likely)) if !apps.is_empty() => {
            Told::Use(Use { apps, call: Call::OneOf(summary.to_owned(), likely), at, ..Use::default() })
        }
        Some(_) | None => {
            let kind = format!("{category}: {summary}");
            Told::Other(Other { apps, kind, at, no_call: false })
        }
    })
}

fn of_organisation(record: &Value) -> Option<Told<'_>> {
    let facts = record.get("attributes").filter(|_| text(record, "type") == Some("events"))?;
    let action = text(facts, "action")?;
    let at = facts.get("time").and_then(time::instant);
    let actor = facts.get("actor").map(|actor| texts(actor, &["id", "name"])).unwrap_or_default();
    Some(Told::Other(Other { apps: actor, kind: action.to_owned(), at, no_call: false }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_tables_are_sorted_and_name_nothing_twice() {
        for table in [CHANGES, SCHEMES] {
            let keys: Vec<_> = table.iter().map(|(what, how, _)| (what, how)).collect();
            assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
        }
    }

    #[test]
    fn a_change_is_what_may_have_made_it() {
        let record = json!({
            "id": 1, "summary": "Workflow updated", "authorAccountId": "5ff", "category": "workflows",
            "created": "2022-01-24T08:48:03.322+0000", "objectItem": { "typeName": "WORKFLOW" }
        });
        let Some(told) = read(&record) else { panic!("not read") };
        let [Told::Use(told)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((told.apps.as_slice(), told.at), (&["5ff"][..], Some(1_643_014_083)));
        let Call::OneOf(words, likely) = &told.call else { panic!("{told:?}") };
        assert_eq!((words.as_str(), likely[0].name), ("Workflow updated", "jira.workflows.update"));
    }

    #[test]
    fn what_nobody_did_and_what_has_no_row_is_told_by_its_words() {
        let record = json!({ "summary": "Permission scheme deleted", "category": "permissions",
            "created": "2022-01-24T08:48:03.223+0000", "objectItem": { "typeName": "SCHEME" } });
        let kind = "permissions: Permission scheme deleted".to_owned();
        let other = Other { kind, at: Some(1_643_014_083), ..Other::default() };
        assert_eq!(read(&record), Some(vec![Told::Other(other)]));
    }

    #[test]
    fn events_of_an_organisation_are_told_by_their_action() {
        let record = json!({ "type": "events", "attributes": { "time": "2026-07-01T08:00:00Z",
            "action": "user_added_to_group", "actor": { "id": "ann" } } });
        let kind = "user_added_to_group".to_owned();
        assert_eq!(
            read(&record),
            Some(vec![Told::Other(Other {
                apps: vec!["ann"],
                kind,
                at: Some(1_782_892_800),
                no_call: false
            })])
        );
    }
}
