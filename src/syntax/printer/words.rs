//! Names, quoted texts and constants as words.

use jiff::Timestamp;

use crate::syntax::characters::is_invisible;
use crate::syntax::parser::{FIRST_INSTANT, LAST_INSTANT, is_bare_id, is_bare_scope};
use crate::syntax::tree::Name;

/// In quotes, with no more escapes than needed to see every character.
pub(crate) fn quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || is_invisible(c) => quoted.extend(c.escape_unicode()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A scope's, group's or rule's name, in quotes where it needs them.
pub(super) fn scope(name: &Name) -> String {
    if is_bare_scope(&name.text) { name.text.clone() } else { quoted(&name.text) }
}

/// A container's id, in quotes where it needs them.
pub(super) fn id(name: &Name) -> String {
    if is_bare_id(&name.text) { name.text.clone() } else { quoted(&name.text) }
}

/// Seconds in the largest units, `1h30m`. There are no negative durations.
pub(super) fn duration(seconds: i64) -> String {
    let mut rest = seconds.max(0);
    let mut text = String::new();
    for (unit, length) in [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)] {
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if text.is_empty() { "0s".to_string() } else { text }
}

/// `2026-12-31` at midnight UTC, else `2026-12-31T08:00:00Z`; the years 0 to 9999.
pub(super) fn instant(seconds: i64) -> String {
    const DAY: i64 = 86_400;
    let seconds = seconds.clamp(FIRST_INSTANT, LAST_INSTANT);
    let text = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string();
    match text.split_once('T') {
        Some((date, _)) if seconds.rem_euclid(DAY) == 0 => date.to_string(),
        Some(_) | None => text,
    }
}

/// `09:30`
pub(super) fn time_of_day(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
