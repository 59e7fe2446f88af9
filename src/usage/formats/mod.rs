//! One file for each format, and what their readers have in common.

pub(super) mod atlassian_audit;
pub(super) mod github_audit;
pub(super) mod google_token;
pub(super) mod graph_activity;
pub(super) mod unified_audit;

use serde_json::Value;

/// The text of a member, unless it is empty.
fn text<'r>(value: &'r Value, member: &str) -> Option<&'r str> {
    value.get(member)?.as_str().filter(|text| !text.trim().is_empty())
}

/// The texts of those members that have one.
fn texts<'r>(value: &'r Value, members: &[&str]) -> Vec<&'r str> {
    members.iter().filter_map(|member| text(value, member)).collect()
}

/// A number, also one written as text.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The elements of an array; a value that stands alone is one element.
fn each(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(all)) => all,
        Some(Value::Null) | None => &[],
        Some(one) => std::slice::from_ref(one),
    }
}
