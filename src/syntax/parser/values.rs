//! Quoted texts, numbers, durations, instants and times of day.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::errors;
use crate::syntax::tree::LiteralValue;

/// The value of a text in quotes; what is wrong in it is reported and left out.
pub(super) fn unescape(quoted: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) -> String {
    let body = quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"')).unwrap_or("");
    let mut value = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        let start = span.start as usize + 1 + body.len() - rest.len();
        let length = if c == '\\' { escape_length(rest) } else { c.len_utf8() };
        let (this, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let place = Span::new(span.source, start, start + this.len());
        match c {
            '\\' => match escape(this) {
                Some(c) => value.push(c),
                None => diagnostics.push(errors::bad_escape(place, this)),
            },
            '\t' => diagnostics.push(errors::control_character(place, c)),
            c => value.push(c),
        }
        rest = after;
    }
    value
}

/// A whole number, duration or instant.
pub(super) fn quantity(text: &str) -> Option<LiteralValue> {
    if let Ok(int) = text.parse() {
        return Some(LiteralValue::Int(int));
    }
    duration(text).map(LiteralValue::Duration).or_else(|| instant(text).map(LiteralValue::Instant))
}

/// `1h30m` in seconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    let mut seconds = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let mut letters = after.chars();
        let unit = match letters.next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            // No other unit exists.
            _ => return None,
        };
        seconds = seconds.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        rest = letters.as_str();
    }
    (!text.is_empty()).then_some(seconds)
}

/// Minutes after midnight of `hh:mm`, 00:00 to 24:00.
pub(super) fn time_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let minute = u32::from(hours) * 60 + u32::from(minutes);
    (minutes < 60 && minute <= 24 * 60).then_some(minute)
}

/// Seconds since 1970 of `YYYY-MM-DD` or `YYYY-MM-DDThh:mm[:ss](Z|±hh:mm)`.
fn instant(text: &str) -> Option<i64> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, time),
        None => (text, "00:00Z"),
    };
    let [year, month, day] = parts(date, '-')?;
    let zone = time.find(['Z', '+', '-'])?;
    let (time, zone) = time.split_at(zone);
    let (time, second) = match time.len() {
        5 => (time, "00"),
        // `hh:mm:ss`; anything else fails below.
        _ => (time.get(..5)?, time.get(5..)?.strip_prefix(':')?),
    };
    let [hour, minute] = parts(time, ':')?;
    let year = if year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) {
        year.parse().ok()?
    } else {
        return None;
    };
    let signed = |digits: &str| two_digits(digits)?.try_into().ok();
    let local =
        DateTime::new(year, signed(month)?, signed(day)?, signed(hour)?, signed(minute)?, signed(second)?, 0)
            .ok()?;
    let seconds = local.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    let shift = match zone.split_at_checked(1)? {
        ("Z", "") => 0,
        (sign, offset) => {
            let [hours, minutes] = parts(offset, ':')?;
            let (hours, minutes) = (i64::from(two_digits(hours)?), i64::from(two_digits(minutes)?));
            if hours > 23 || minutes > 59 {
                return None;
            }
            let shift = hours * 3600 + minutes * 60;
            match sign {
                "+" => shift,
                "-" => -shift,
                // `Z` with something after it.
                _ => return None,
            }
        }
    };
    // The printer must be able to say it again.
    let utc = seconds - shift;
    (FIRST_INSTANT..=LAST_INSTANT).contains(&utc).then_some(utc)
}

/// 0000-01-01T00:00:00Z
pub(in crate::syntax) const FIRST_INSTANT: i64 = -62_167_219_200;
/// 9999-12-30T22:00:00Z, the last second that every clock of the world can show.
pub(in crate::syntax) const LAST_INSTANT: i64 = 253_402_207_200;

fn parts<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    text.split(separator).collect::<Vec<_>>().try_into().ok()
}

fn two_digits(text: &str) -> Option<u8> {
    if text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Bytes of the escape that `text` starts with.
fn escape_length(text: &str) -> usize {
    if text.starts_with("\\u{") {
        let end = text.find(|c: char| c != '\\' && c != 'u' && c != '{' && !c.is_ascii_hexdigit());
        return end.filter(|e| text.as_bytes().get(*e) == Some(&b'}')).map_or(3, |e| e + 1);
    }
    text.chars().take(2).map(char::len_utf8).sum()
}

fn escape(text: &str) -> Option<char> {
    match text {
        "\\\"" => Some('"'),
        "\\\\" => Some('\\'),
        "\\n" => Some('\n'),
        "\\t" => Some('\t'),
        _ => {
            let digits = text.strip_prefix("\\u{")?.strip_suffix('}')?;
            if digits.is_empty() || digits.len() > 6 {
                return None;
            }
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        }
    }
}
