//! Instants and hours of the week.

use jiff::Timestamp;

use crate::sema::model::Window;

/// 1970-01-01T00:00:00Z up to but without 2100-01-01T00:00:00Z: what the zone rules are trusted for.
const KNOWN_SECONDS: std::ops::Range<i64> = 0..4_102_444_800;

/// Whether the local time in the window's zone lies in the window; `None` outside [`KNOWN_SECONDS`].
pub(super) fn in_window(window: &Window, seconds: i64) -> Option<bool> {
    if !KNOWN_SECONDS.contains(&seconds) {
        return None;
    }
    let local = Timestamp::from_second(seconds).ok()?.in_tz(&window.zone).ok()?;
    let day = i64::from(local.weekday().to_monday_zero_offset());
    let minute = (day * 24 + i64::from(local.hour())) * 60 + i64::from(local.minute());
    Some(window.minutes.iter().any(|(start, end)| (i64::from(*start)..i64::from(*end)).contains(&minute)))
}
