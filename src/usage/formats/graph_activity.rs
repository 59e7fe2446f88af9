//! Microsoft Graph activity: a record for each request, as diagnostic settings write it
//! (`category: MicrosoftGraphActivityLogs`, the facts in `properties`), or as a row of the table
//! `MicrosoftGraphActivityLogs` is exported.

use std::borrow::Cow;

use serde_json::Value;

use super::number;
use crate::usage::rewritten::by_identifier;
use crate::usage::routes::path_of;
use crate::usage::{Call, Format, Outcome, Told, Use, time};

/// See the module.
pub(crate) static FORMAT: Format =
    Format { name: "graph-activity", title: "Microsoft Graph activity log", read };

fn read(record: &Value) -> Option<Vec<Told<'_>>> {
    let facts = Facts::of(record)?;
    let method = facts.text("requestMethod")?;
    let address = facts.text("requestUri")?;
    let keyed = keys_as_segments(address);
    let (keyed, near) = match by_identifier(path_of(&keyed)) {
        // By identifiers first: the path of a site has segments that a template of Graph may have too.
        Some(path) => (Cow::Owned(path), vec![(keyed, "path counted as it is written")]),
        None => (keyed, Vec::new()),
    };
    let scopes = ["scopes", "roles"].iter().filter_map(|member| facts.text(member));
    Some(vec![Told::Use(Use {
        apps: facts.text("appId").into_iter().collect(),
        call: Call::Http(method, keyed),
        near,
        at: facts.at(record),
        person: facts.person(),
        outcome: Outcome::of_status(facts.get("responseStatusCode").and_then(number)),
        scopes: scopes.flat_map(str::split_whitespace).collect(),
    })])
}

/// The path of the address, where each key in OData's other way of writing it (`users('ann')`) is a segment
/// (`users/ann`), as the catalog has it.
fn keys_as_segments(address: &str) -> Cow<'_, str> {
    let path = path_of(address);
    if !path.split('/').any(|segment| keyed(segment).is_some()) {
        return Cow::Borrowed(address);
    }
    let segment = |segment| match keyed(segment) {
        Some((name, key)) => format!("{name}/{key}"),
        None => segment.to_owned(),
    };
    Cow::Owned(path.split('/').map(segment).collect::<Vec<_>>().join("/"))
}

/// Name and key of a segment with one key in quotes; two quotes in it stand for one. What has parameters, such as
/// `range(address='A1')`, is a function.
fn keyed(segment: &str) -> Option<(&str, String)> {
    let (name, rest) = segment.split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    let key = ["'", "%27"].iter().find_map(|quote| {
        let key = inside.strip_prefix(quote)?.strip_suffix(quote)?;
        let key = key.replace("''", "%27%27");
        (!key.contains('\'') && !key.replace("%27%27", "").contains("%27")).then_some(key)
    })?;
    let is_word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (is_word && !key.is_empty()).then(|| (name, key.replace("%27%27", "%27")))
}

/// Where the facts stand, and how their names begin.
struct Facts<'r> {
    value: &'r Value,
    capital: bool,
}

impl<'r> Facts<'r> {
    fn of(record: &'r Value) -> Option<Facts<'r>> {
        if let Some(value) = record.get("properties").filter(|p| p.get("requestUri").is_some()) {
            return Some(Facts { value, capital: false });
        }
        record.get("RequestUri").map(|_| Facts { value: record, capital: true })
    }

    fn get(&self, member: &str) -> Option<&'r Value> {
        if !self.capital {
            return self.value.get(member);
        }
        let mut letters = member.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        self.value.get(first.into_iter().chain(letters).collect::<String>())
    }

    fn text(&self, member: &str) -> Option<&'r str> {
        self.get(member)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// Scopes are claims of tokens for people, roles of tokens for apps alone; the record also says who asked, a person
    /// or a service principal. An export may have left out any of these, so that silence alone says nothing, and
    /// neither does a record that contradicts itself.
    fn person(&self) -> Option<bool> {
        let says = |member: &str| self.text(member).is_some();
        match (says("scopes"), says("roles"), says("userId")) {
            (true, _, _) | (false, false, true) => Some(true),
            (false, true, false) => Some(false),
            (false, true, true) => None,
            (false, false, false) => {
                (self.get("userId").is_some() && says("servicePrincipalId")).then_some(false)
            }
        }
    }

    fn at(&self, record: &Value) -> Option<i64> {
        self.get("timeGenerated")
            .and_then(time::instant)
            .or_else(|| record.get("time").and_then(time::instant))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_shapes_tell_the_same() {
        let nested = json!({
            "category": "MicrosoftGraphActivityLogs",
            "properties": {
                "appId": "app-1", "requestMethod": "GET", "responseStatusCode": 403,
                "requestUri": "https://graph.microsoft.com/v1.0/me/messages", "scopes": "Mail.Read User.Read",
                "roles": null, "userId": "ann", "timeGenerated": "2026-07-01T08:00:00Z"
            }
        });
        let flat = json!({
            "Type": "MicrosoftGraphActivityLogs", "AppId": "app-1", "RequestMethod": "GET",
            "ResponseStatusCode": "403", "RequestUri": "https://graph.microsoft.com/v1.0/me/messages",
            "Scopes": "Mail.Read User.Read", "Roles": "", "UserId": "ann", "TimeGenerated": "2026-07-01T08:00:00Z"
        });
        let wanted = vec![Told::Use(Use {
            apps: vec!["app-1"],
            call: Call::Http("GET", "https://graph.microsoft.com/v1.0/me/messages".into()),
            near: Vec::new(),
            at: Some(1_782_892_800),
            person: Some(true),
            outcome: Outcome::Refused,
            scopes: vec!["Mail.Read", "User.Read"],
        })];
        assert_eq!(read(&nested), Some(wanted.clone()));
        assert_eq!(read(&flat), Some(wanted));
    }

    #[test]
    fn a_key_in_quotes_is_a_segment() {
        for (address, path) in [
            ("https://graph.microsoft.com/v1.0/users('ann')/messages?$top=1", "/v1.0/users/ann/messages"),
            ("/v1.0/users('ann')", "/v1.0/users/ann"),
            ("/v1.0/users(%27ann%40acme.example%27)/events('7')", "/v1.0/users/ann%40acme.example/events/7"),
            ("/v1.0/users('o''brien')", "/v1.0/users/o%27brien"),
        ] {
            assert_eq!(keys_as_segments(address), path);
        }
        for other in [
            "/v1.0/users/ann/messages?$filter=f('x')",
            "/v1.0/w/range(address='A1')",
            "/v1.0/f('a','b')",
            "/v1.0/f('a'b')",
            "/v1.0/f('')",
            "/v1.0/f('",
            "/v1.0/f(')",
            "/v1.0/f(7)",
            "/v1.0/('a')",
            "/v1.0/f('a').g",
        ] {
            assert_eq!(keys_as_segments(other), other);
        }
    }

    #[test]
    fn a_role_is_of_an_app_alone() {
        let record = json!({ "properties": {
            "appId": "app-1", "requestMethod": "GET", "requestUri": "/v1.0/users", "roles": "User.Read.All",
            "userId": null, "responseStatusCode": 200 } });
        let all = read(&record).unwrap_or_default();
        let [Told::Use(told)] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((told.person, told.scopes.as_slice()), (Some(false), &["User.Read.All"][..]));
        assert_eq!(told.at, None);
    }

    #[test]
    fn what_the_record_leaves_out_says_nothing_of_a_person() {
        for (members, person) in [
            (json!({}), None),
            (json!({ "userId": null }), None),
            (json!({ "userId": "" }), None),
            (json!({ "userId": "ann" }), Some(true)),
            (json!({ "scopes": "Mail.Read" }), Some(true)),
            (json!({ "userId": null, "scopes": "Mail.Read" }), Some(true)),
            (json!({ "scopes": null, "roles": "Mail.Read" }), Some(false)),
            (json!({ "roles": "Mail.Read" }), Some(false)),
            (json!({ "scopes": "Mail.Read", "roles": "Mail.Read" }), Some(true)),
            (json!({ "userId": "ann", "roles": "Mail.Read" }), None),
            (json!({ "userId": null, "servicePrincipalId": "sp" }), Some(false)),
            (json!({ "servicePrincipalId": "sp" }), None),
            (json!({ "scopes": "", "roles": "", "userId": "", "servicePrincipalId": "" }), None),
        ] {
            let mut facts = json!({ "appId": "app-1", "requestMethod": "GET", "requestUri": "/v1.0/users" });
            for (name, value) in members.as_object().into_iter().flatten() {
                facts[name.as_str()] = value.clone();
            }
            let record = json!({ "properties": facts });
            let all = read(&record).unwrap_or_default();
            let [Told::Use(told)] = all.as_slice() else { panic!("{all:?}") };
            assert_eq!(told.person, person, "{members}");
        }
    }
}
