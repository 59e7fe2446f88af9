//! What logs say that apps did: records of platforms' audit and activity logs, read one by one and counted.
//!
//! A record is recognised by its own members, whatever file it came in. What is of no known format, and what is
//! known and tells of no operation, is counted by its kind. To add a format: a file in `formats` with a [`Format`],
//! its `mod` line and its line in [`FORMATS`].

mod formats;
pub mod rewritten;
pub mod routes;
pub mod tally;
pub mod time;

use std::borrow::Cow;

use serde_json::Value;

/// Every format, in the order in which a record is tried.
pub static FORMATS: &[&Format] = &[
    &formats::graph_activity::FORMAT,
    &formats::unified_audit::FORMAT,
    &formats::google_token::FORMAT,
    &formats::github_audit::FORMAT,
    &formats::atlassian_audit::FORMAT,
];

/// One kind of log.
#[derive(Debug)]
pub struct Format {
    /// In reports and counts: `graph-activity`.
    pub name: &'static str,
    /// What it is, one line.
    pub title: &'static str,
    /// What a record tells; `None`: it is of another format.
    pub read: for<'r> fn(&'r Value) -> Option<Vec<Told<'r>>>,
}

/// Something that a record tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<'r> {
    /// An app called something.
    Use(Use<'r>),
    /// An app was installed, or was granted scopes.
    Grant(Grant<'r>),
    /// Neither.
    Other(Other<'r>),
}

impl Told<'_> {
    /// When; seconds since 1970.
    pub fn at(&self) -> Option<i64> {
        match self {
            Told::Use(told) => told.at,
            Told::Grant(told) => told.at,
            Told::Other(told) => told.at,
        }
    }
}

/// Something that is neither a call of which more is known nor a grant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Other<'r> {
    /// Everything by which the record names the app, if it names one.
    pub apps: Vec<&'r str>,
    /// What kind of record it is, in the log's words.
    pub kind: String,
    /// Whether it is known that no call of the app makes such a record: a sign-in, something done with a consent or an
    /// installation. Of all others, a call may have.
    pub no_call: bool,
    /// When; seconds since 1970.
    pub at: Option<i64>,
}

/// An app called something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use<'r> {
    /// Everything by which the record names the app.
    pub apps: Vec<&'r str>,
    /// What it called.
    pub call: Call<'r>,
    /// Other paths of the same request, the likeliest first, with words for what each is: where the call itself is that
    /// of no operation, it counts as that of the first that is.
    pub near: Vec<(Cow<'r, str>, &'static str)>,
    /// When; seconds since 1970.
    pub at: Option<i64>,
    /// Whether a person stood behind it; `None`: the record does not say.
    pub person: Option<bool>,
    /// What came of it.
    pub outcome: Outcome,
    /// The scopes of the token, where the record has them.
    pub scopes: Vec<&'r str>,
}

/// What was called, as far as the record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call<'r> {
    /// A request on the wire: method and path, perhaps with a host before and a query behind.
    Http(&'r str, Cow<'r, str>),
    /// An operation by the platform's name: the first of these that the catalog has.
    Named(Vec<String>),
    /// One of the operations that match, the log does not say which. The words are the log's own.
    OneOf(String, &'static [Likely]),
}

impl Default for Call<'_> {
    fn default() -> Self {
        Call::Named(Vec::new())
    }
}

/// Operations that an entry of a log may stand for.
#[derive(Debug, PartialEq, Eq)]
pub struct Likely {
    /// Their names; each `*` stands for any characters, also none.
    pub name: &'static str,
    /// Of these only the ones of this access class, if one is named.
    pub access: Option<crate::sema::model::Access>,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, or the record does not say otherwise.
    #[default]
    Done,
    /// It was let through and failed.
    Failed,
    /// It was refused: the app is not permitted to.
    Refused,
}

impl Outcome {
    /// By the status of the answer: 401 and 403 refuse, other errors fail.
    pub fn of_status(status: Option<u64>) -> Outcome {
        match status {
            Some(401 | 403) => Outcome::Refused,
            Some(400..) => Outcome::Failed,
            Some(_) | None => Outcome::Done,
        }
    }
}

/// An app was installed, or was granted scopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant<'r> {
    /// Everything by which the record names the app.
    pub apps: Vec<&'r str>,
    /// When; seconds since 1970.
    pub at: Option<i64>,
    /// What was granted, where the record says it.
    pub scopes: Vec<&'r str>,
    /// Everything by which the record names an app that granted it, if one may have.
    pub by: Vec<&'r str>,
}

/// The format of a record and what it tells; `None` if no format knows it.
pub fn read(record: &Value) -> Option<(&'static Format, Vec<Told<'_>>)> {
    FORMATS.iter().find_map(|format| Some((*format, (format.read)(record)?)))
}

/// The record in a record: `Search-UnifiedAuditLog` gives each as a text in member `AuditData`.
pub fn wrapped(record: &Value) -> Option<Value> {
    match record.get("AuditData")? {
        Value::String(text) => crate::json::parse(text.as_bytes()).ok(),
        inner @ Value::Object(_) => Some(inner.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_different_names() {
        let names: std::collections::BTreeSet<_> = FORMATS.iter().map(|f| f.name).collect();
        assert_eq!(names.len(), FORMATS.len());
    }

    #[test]
    fn a_refusal_is_told_from_a_failure() {
        for (status, outcome) in [
            (Some(200), Outcome::Done),
            (Some(304), Outcome::Done),
            (Some(401), Outcome::Refused),
            (Some(403), Outcome::Refused),
            (Some(404), Outcome::Failed),
            (Some(429), Outcome::Failed),
            (Some(503), Outcome::Failed),
            (None, Outcome::Done),
        ] {
            assert_eq!(Outcome::of_status(status), outcome, "{status:?}");
        }
    }
}
