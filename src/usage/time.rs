//! Times as logs write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Seconds since 1970: of a text with date and time (UTC where it names no offset), or of a number of
/// milliseconds or seconds. `None` for anything else, and for the beginning of 1970 and before: programs write such
/// a time for none.
pub fn instant(value: &Value) -> Option<i64> {
    let at = match value {
        Value::String(text) => text_instant(text),
        Value::Number(number) => {
            let number = number.as_i64()?;
            // Seconds reach this in the year 5138; milliseconds passed it in 1973.
            Some(if number.abs() >= 100_000_000_000 { number.div_euclid(1000) } else { number })
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    at.filter(|at| *at > 0)
}

/// The same of a text.
pub fn text_instant(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_second());
    }
    let local: DateTime = text.parse().ok()?;
    Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// Date and time in UTC, to the minute: `2026-07-01 08:30`.
pub fn shown(seconds: i64) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M").to_string(),
        // Beyond the years that anybody writes.
        Err(_) => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_as_logs_write_them() {
        for (value, at) in [
            (json!("2024-03-07T11:47:00.6442361Z"), Some(1_709_812_020)),
            (json!("2021-05-18T21:13:33"), Some(1_621_372_413)),
            (json!("2022-01-24T08:48:03.322+0000"), Some(1_643_014_083)),
            (json!("2022-01-24T10:48:03+02:00"), Some(1_643_014_083)),
            (json!(1_741_611_465_102_i64), Some(1_741_611_465)),
            (json!(1_741_611_465_i64), Some(1_741_611_465)),
            (json!("yesterday"), None),
            (json!("6/20/2026 8:00:00 AM"), None),
            (json!("0001-01-01T00:00:00Z"), None),
            (json!(0), None),
            (json!(null), None),
            (json!(1e300), None),
        ] {
            assert_eq!(instant(&value), at, "{value}");
        }
        assert_eq!(shown(1_709_812_020), "2024-03-07 11:47");
        assert_eq!(shown(i64::MAX), format!("{} s", i64::MAX));
    }
}
