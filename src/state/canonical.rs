//! JSON in one spelling, so that equal values have equal hashes: members sorted by name, no blanks, no fractions.

use serde_json::Value;

/// Writes the value so; `None` if a number in it is no whole one of 64 bits.
///
/// As RFC 8785 has it, with two differences: members are sorted by the bytes of their names, and whole numbers keep
/// all their digits.
pub(super) fn text(value: &Value) -> Option<String> {
    let mut out = String::new();
    write(value, &mut out)?;
    Some(out)
}

fn write(value: &Value, out: &mut String) -> Option<()> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => out.push_str(&value.to_string()),
        Value::Number(number) if number.is_i64() || number.is_u64() => out.push_str(&number.to_string()),
        Value::Number(_) => return None,
        Value::Array(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(element, out)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (at, (name, member)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(member, out)?;
            }
            out.push('}');
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_values_have_equal_texts() {
        let one = json!({ "b": [1, -2, null], "a": { "\u{e9}": true, "e": "x\n\"\u{1}\u{7f}/" } });
        let other = json!({ "a": { "e": "x\n\"\u{1}\u{7f}/", "\u{e9}": true }, "b": [1, -2, null] });
        let spelt = "{\"a\":{\"e\":\"x\\n\\\"\\u0001\u{7f}/\",\"\u{e9}\":true},\"b\":[1,-2,null]}";
        assert_eq!(text(&one).as_deref(), Some(spelt));
        assert_eq!(text(&other).as_deref(), Some(spelt));
        assert_eq!(
            text(&json!([u64::MAX, i64::MIN])).as_deref(),
            Some("[18446744073709551615,-9223372036854775808]")
        );
        assert_eq!(text(&json!({ "a": [1.5] })), None);
    }
}
