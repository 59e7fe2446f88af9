//! Example instants: for each feasible combination of bounds and windows, some instants that have it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

use super::values::KNOWN;
use crate::sema::model::Window;

const WEEK: i64 = 7 * 24 * 60 * 60;
/// From Monday 00:00 to the weekday and hour at which 1970 began, a Thursday.
const EPOCH: i64 = 3 * 24 * 60 * 60;

/// Instants enough that every truth of the windows occurs between any two neighbouring bounds where it does at all,
/// each about `wanted` times if it can. A bound is the first instant of which a test is as true as of it.
///
/// Windows repeat every week as long as no zone changes its offset. So time is cut at the bounds and at all changes
/// of offset, and of each piece the first week is looked through, at every edge of a window in it. Of pieces with
/// the same bounds and offsets, one that lasts a week speaks for all.
pub(super) fn examples(windows: &[&Window], bounds: &BTreeSet<i64>, wanted: usize) -> BTreeSet<i64> {
    let mut found: BTreeSet<i64> = bounds.iter().copied().collect();
    found.insert(KNOWN.start - 1);
    let zones: BTreeMap<&str, Option<TimeZone>> =
        windows.iter().map(|window| (window.zone.as_str(), TimeZone::get(&window.zone).ok())).collect();
    let mut cuts = bounds.clone();
    cuts.extend([KNOWN.start, KNOWN.end]);
    found.extend(bounds.first().and_then(|first| first.checked_sub(1)));
    for zone in zones.values().flatten() {
        let start = Timestamp::from_second(KNOWN.start - 1).unwrap_or(Timestamp::UNIX_EPOCH);
        let changes = zone.following(start).map(|change| change.timestamp().as_second());
        cuts.extend(changes.take_while(|at| KNOWN.contains(at)));
    }
    found.extend([KNOWN.start, KNOWN.end]);
    // The bounds that lie at or before an instant tell between which two it lies.
    let between = |at: i64| bounds.range(..=at).count();
    let mut seen: BTreeSet<(usize, Vec<i64>)> = BTreeSet::new();
    let cuts: Vec<i64> = cuts.into_iter().filter(|at| (KNOWN.start..=KNOWN.end).contains(at)).collect();
    for (start, end) in cuts.iter().copied().zip(cuts.iter().copied().skip(1)) {
        let Ok(instant) = Timestamp::from_second(start) else {
            continue;
        };
        let offset = |zone: &Option<TimeZone>| {
            zone.as_ref().map_or(0, |zone| i64::from(zone.to_offset(instant).seconds()))
        };
        let offsets: BTreeMap<&str, i64> = zones.iter().map(|(name, zone)| (*name, offset(zone))).collect();
        if end - start >= WEEK && !seen.insert((between(start), offsets.values().copied().collect())) {
            continue;
        }
        let mut at = BTreeSet::from([start]);
        for window in windows {
            for edge in window.minutes.iter().flat_map(|(start, end)| [*start, *end]) {
                let local = i64::from(edge) * 60 - EPOCH - offsets[window.zone.as_str()];
                at.insert(start + (local - start).rem_euclid(WEEK));
            }
        }
        for first in at.into_iter().filter(|at| *at < end) {
            // Minutes later nothing else is true, as a rule; if so, it is one more example.
            found.extend((0..wanted as i64).map(|n| first + n).filter(|at| *at < end));
        }
    }
    found
}
