//! Time windows: hours of the week in a zone.

use super::context::Context;
use super::errors;
use super::model::{Window, WindowId};
use super::names::Items;
use crate::syntax::tree::{self, Hours};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;

pub(super) fn check(cx: &mut Context, items: &Items) {
    for item in &items.windows {
        let id = WindowId(cx.model.windows.len() as u32);
        if cx.names.windows.declare(&item.name, Some(id), &mut cx.diagnostics) {
            let window = window(cx, item);
            cx.model.windows.push(window);
        }
    }
}

fn window(cx: &mut Context, item: &tree::Window) -> Window {
    if jiff::tz::TimeZone::get(&item.zone.value).is_err() {
        let error =
            errors::types::unknown_zone(&item.zone, jiff::tz::db().available().map(|z| z.to_string()));
        cx.report(error);
    }
    if item.hours.is_empty() {
        cx.report(errors::types::no_hours(&item.name));
    }
    let mut intervals = Vec::new();
    for hours in &item.hours {
        let Some((first, last)) = days(cx, hours) else { continue };
        if hours.start >= DAY || hours.end > DAY {
            cx.report(errors::types::bad_hours(hours.span));
            continue;
        }
        if hours.start == hours.end {
            cx.report(errors::types::no_time_between(hours.span));
            continue;
        }
        let length =
            if hours.end > hours.start { hours.end - hours.start } else { hours.end + DAY - hours.start };
        let mut day = first;
        loop {
            let start = day * DAY + hours.start;
            intervals.push((start, (start + length).min(WEEK)));
            if start + length > WEEK {
                intervals.push((0, start + length - WEEK));
            }
            if day == last {
                break;
            }
            day = (day + 1) % 7;
        }
    }
    Window { name: item.name.text.clone(), zone: item.zone.value.clone(), minutes: merge(intervals) }
}

/// First and last day; a range may run over Sunday.
fn days(cx: &mut Context, hours: &Hours) -> Option<(u32, u32)> {
    if hours.first_day.text == "daily" && hours.last_day.is_none() {
        return Some((0, 6));
    }
    let mut day = |name: &tree::Name| match DAYS.iter().position(|d| *d == name.text) {
        Some(at) => Some(at as u32),
        None => {
            cx.report(errors::names::unknown("day", name, DAYS));
            None
        }
    };
    let first = day(&hours.first_day);
    let last = match &hours.last_day {
        Some(name) => day(name),
        None => first,
    };
    first.zip(last)
}

/// Sorted, disjoint and not touching.
fn merge(mut intervals: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    intervals.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::new();
    for (start, end) in intervals {
        match merged.last_mut() {
            Some(before) if start <= before.1 => before.1 = before.1.max(end),
            Some(_) | None => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn touching_hours_become_one() {
        assert_eq!(merge(vec![(5, 9), (0, 5), (20, 30), (21, 22)]), [(0, 9), (20, 30)]);
    }
}
