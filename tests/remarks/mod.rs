//! What of logs counts as no use of an operation: which of it may be one all the same, and what has no time.

use super::{Desk, activity, sprag};

/// `kind what times first` of what was counted besides, and what the page says.
fn counted(lines: &[&str]) -> (Vec<String>, String) {
    let desk = Desk::new();
    let said = desk.log("log", lines.join("\n").as_bytes()).json();
    let word = |remark: &serde_json::Value, member: &str| remark[member].as_str().unwrap().to_owned();
    let remarks = said["apps"][0]["log"]["remarks"].as_array().unwrap();
    let told = remarks.iter().map(|remark| {
        let (kind, what, first) = (word(remark, "kind"), word(remark, "what"), word(remark, "first"));
        format!("{kind} {what} {} {first}", remark["times"])
    });
    (told.collect(), sprag(desk.path(), &["argue", "a", "--log", "log"]).text())
}

/// `FileRenamed`, `git.push` and the like are no rows of a table here and yet what an app does with its scopes.
#[test]
fn what_is_not_known_to_be_no_call_may_be_one() {
    let unified = |workload: &str, operation: &str| {
        format!(
            r#"{{"CreationTime":"2026-07-01T08:00:00","Operation":"{operation}","Workload":"{workload}","ClientAppId":"key-a"}}"#
        )
    };
    let github =
        |action: &str| format!(r#"{{"action":"{action}","created_at":1741611465102,"integration":"key-a"}}"#);
    let google = |event: &str| {
        format!(
            r#"{{"id":{{"applicationName":"token","time":"2026-07-01T08:00:00Z"}},"events":[{{"name":"{event}","parameters":[{{"name":"client_id","value":"key-a"}}]}}]}}"#
        )
    };
    let jira = r#"{"summary":"Screen created","authorAccountId":"key-a","category":"fields","created":"2022-01-24T08:48:03.223+0000"}"#;
    let organisation = r#"{"type":"events","attributes":{"time":"2026-07-01T08:00:00Z","action":"user_added_to_group","actor":{"id":"key-a"}}}"#;
    for (record, what) in [
        (unified("SharePoint", "FileRenamed").as_str(), "SharePoint FileRenamed"),
        (&unified("AzureActiveDirectory", "Update user."), "AzureActiveDirectory Update user."),
        (&unified("Weird", "Weird"), "Weird Weird"),
        (&github("git.push"), "git.push"),
        (&github("api.request"), "api.request without a route"),
        (&google("activity"), "token activity without a method"),
        (&google("weird"), "token weird"),
        (jira, "fields: Screen created"),
        (organisation, "user_added_to_group"),
    ] {
        let (remarks, page) = counted(&[record]);
        assert_eq!(remarks, [format!("unknown {what} 1 log:1")], "{record}");
        let told = "Before anything is taken away, look at these, which may be uses and do not count above: \
                    records of which it is not known what they tell: 1.";
        assert!(page.contains(told), "{record}\n{page}");
    }
    for (record, what) in [
        (unified("AzureActiveDirectory", "UserLoggedIn").as_str(), "AzureActiveDirectory UserLoggedIn"),
        (&github("integration_installation.suspend"), "integration_installation.suspend"),
        (&google("revoke"), "token revoke"),
    ] {
        let (remarks, page) = counted(&[record]);
        assert_eq!(remarks, [format!("no-call {what} 1 log:1")], "{record}");
        assert!(!page.contains("Before anything is taken away"), "{record}\n{page}");
    }
    // Who grants scopes to another app uses a scope for that.
    let granted = r#"{"CreationTime":"2026-07-01T08:00:00","Operation":"Add service principal.","Workload":"AzureActiveDirectory","ObjectId":"other","Actor":[{"ID":"key-a","Type":2}]}"#;
    assert_eq!(counted(&[granted]).0, ["unknown unified-audit: a grant that the app made 1 log:1"]);
}

#[test]
fn records_without_a_time_are_counted() {
    let call = |path: &str, time: &str| activity("key-a", "GET", path, 200, time, "null");
    let first = call("/v1.0/cards/1", "2026-06-03T08:00:00Z");
    for time in ["6/20/2026 8:00:00 AM", "0000-00-00T00:00:00Z", "0001-01-01T00:00:00Z", ""] {
        let (remarks, page) = counted(&[&first, &call("/v1.0/cards/1", time), &call("/v1.0/Me", time)]);
        assert_eq!(remarks, ["undated graph-activity without a time that can be read 2 log:2"], "{time}");
        assert!(page.contains("from 2026-06-03 08:00 to 2026-06-03 08:00 UTC"), "{time}\n{page}");
        let told = "2 calls, 2 for nobody, last at 2026-06-03 08:00, some at a time that cannot be read";
        assert!(page.contains(told), "{time}\n{page}");
    }
    let unset = first.replace("\"2026-06-03T08:00:00Z\"", "null");
    assert_eq!(counted(&[&unset]).0, ["undated graph-activity without a time that can be read 1 log:1"]);
}
