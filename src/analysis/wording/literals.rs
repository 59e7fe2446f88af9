//! Tests of single constants as policies write them.

use std::fmt::Write as _;

use crate::sema::model::{Constant, Model, Network, Ordering, Pattern, PatternPart, Predicate, Type, Window};

/// Whether a test of one constant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Literal<'q> {
    pub(super) side: usize,
    pub(super) predicate: &'q Predicate,
    pub(super) truth: bool,
}

/// All of these at once, what is of one sort in one list.
pub(super) fn conjunction(
    models: [&Model; 2],
    kind: Type,
    name: &str,
    literals: &[Literal<'_>],
) -> Vec<String> {
    let (mut patterns, mut networks, mut said) = (Vec::new(), Vec::new(), Vec::new());
    for literal in literals {
        match (literal.predicate, literal.truth) {
            (Predicate::Like(of), false) => patterns.extend(of.iter().map(pattern)),
            (Predicate::InNetworks(of), false) => networks.extend(of.iter().map(network)),
            _ => said.push(one(models, kind, name, *literal)), // each of its own
        }
    }
    said.extend(list(name, "not like", &patterns));
    said.extend(list(name, "not in", &networks));
    said
}

/// Any of these, each alone, what is of one sort in one list.
pub(super) fn disjunction(
    models: [&Model; 2],
    kind: Type,
    name: &str,
    literals: &[Literal<'_>],
) -> Vec<String> {
    let (mut patterns, mut networks, mut said) = (Vec::new(), Vec::new(), Vec::new());
    for literal in literals {
        match (literal.predicate, literal.truth) {
            (Predicate::Like(of), true) => patterns.extend(of.iter().map(pattern)),
            (Predicate::InNetworks(of), true) => networks.extend(of.iter().map(network)),
            _ => said.push(one(models, kind, name, *literal)), // each of its own
        }
    }
    said.extend(list(name, "like", &patterns));
    said.extend(list(name, "in", &networks));
    said
}

/// `home like "*.x"`, `home like ["*.x", "*.y"]`.
fn list(name: &str, word: &str, of: &[String]) -> Option<String> {
    match of {
        [] => None,
        [one] => Some(format!("{name} {word} {one}")),
        some => Some(format!("{name} {word} [{}]", some.join(", "))), // two or more
    }
}

fn one(
    models: [&Model; 2],
    kind: Type,
    name: &str,
    Literal { side, predicate, truth }: Literal<'_>,
) -> String {
    let not = if truth { "" } else { "not " };
    match predicate {
        Predicate::During(at) => {
            format!("{name} {not}during {}", during(models, side, &models[side].windows[at.index()]))
        }
        Predicate::Order(ordering, Constant::Int(bound)) => {
            let sign = match (ordering, truth) {
                (Ordering::Less, true) | (Ordering::GreaterOrEqual, false) => "<",
                (Ordering::LessOrEqual, true) | (Ordering::Greater, false) => "<=",
                (Ordering::Greater, true) | (Ordering::LessOrEqual, false) => ">",
                (Ordering::GreaterOrEqual, true) | (Ordering::Less, false) => ">=",
            };
            format!("{name} {sign} {}", constant(kind, *bound))
        }
        Predicate::Like(of) => {
            let of: Vec<String> = of.iter().map(pattern).collect();
            list(name, &format!("{not}like"), &of).unwrap_or_default()
        }
        Predicate::InNetworks(of) => {
            let of: Vec<String> = of.iter().map(network).collect();
            list(name, &format!("{not}in"), &of).unwrap_or_default()
        }
        // Never asked: these are no questions of one constant.
        Predicate::Present
        | Predicate::Is(_)
        | Predicate::Order(..)
        | Predicate::HasAny(_)
        | Predicate::Same(_)
        | Predicate::ElementOf(_) => format!("{not}has({name})"),
    }
}

fn network(Network(network): &Network) -> String {
    format!("\"{network}\"")
}

fn pattern(Pattern(parts): &Pattern) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            PatternPart::Text(literal) => text.push_str(literal),
            PatternPart::Any | PatternPart::Label | PatternPart::Port => text.push('*'),
            PatternPart::Labels => {
                // Before all other labels, one star is as good.
                let first = at == 0 || text.ends_with("://");
                let leads =
                    matches!(parts.get(at + 1), Some(PatternPart::Text(next)) if next.starts_with('.'));
                text.push_str(if first && leads { "*" } else { "**" });
            }
        }
    }
    format!("{text:?}")
}

/// `office`, or which one and what it is, where the two policies disagree.
fn during(models: [&Model; 2], side: usize, window: &Window) -> String {
    let other = models[1 - side].windows.iter().find(|other| other.name == window.name);
    let same = |other: &Window| other.zone == window.zone && other.minutes == window.minutes;
    if other.is_none_or(same) {
        return window.name.clone();
    }
    let which = if side == 0 { "old" } else { "new" };
    format!("{} of the {which} policy ({} in {:?})", window.name, hours(&window.minutes), window.zone)
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;

/// `mon-fri 09:00-17:00, sat 10:00-12:00`, of half-open intervals of minutes of the week.
fn hours(minutes: &[(u32, u32)]) -> String {
    let mut intervals = minutes.to_vec();
    // What runs over Sunday's midnight is one interval again, if it is no more than a night.
    if let ([(0, end), .., (start, WEEK)], true) = (minutes, minutes.len() > 1)
        && end + WEEK - start < DAY
    {
        intervals.remove(0);
        intervals.pop();
        intervals.push((*start, WEEK + end));
    }
    let mut pieces: Vec<((u32, u32), Vec<u32>)> = Vec::new();
    for (mut start, end) in intervals {
        while start < end {
            let midnight = (start / DAY + 1) * DAY;
            let until = if end - start < DAY { end } else { midnight };
            let until_of_day = match until - start / DAY * DAY {
                past if past > DAY => past - DAY,
                within => within,
            };
            let piece = (start % DAY, until_of_day);
            match pieces.iter_mut().find(|(other, _)| *other == piece) {
                Some((_, days)) => days.push(start / DAY),
                None => pieces.push((piece, vec![start / DAY])),
            }
            start = until;
        }
    }
    let mut said = Vec::new();
    for ((start, end), days) in pieces {
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let mut at = 0;
        while at < days.len() {
            let mut last = at;
            while last + 1 < days.len() && days[last + 1] == days[last] + 1 {
                last += 1;
            }
            let (first, end_day) = (DAYS[days[at] as usize % 7], DAYS[days[last] as usize % 7]);
            let of = match last - at {
                0 => first.to_owned(),
                6 => "daily".to_owned(),
                _ => format!("{first}-{end_day}"), // some days in a row
            };
            said.push(format!("{of} {}-{}", clock(start), clock(end)));
            at = last + 1;
        }
    }
    said.join(", ")
}

/// A number as policies write it.
pub(super) fn constant(kind: Type, number: i64) -> String {
    match kind {
        Type::Duration => {
            let (mut rest, mut text) = (number.max(0), String::new());
            for (unit, length) in [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)] {
                if rest >= length {
                    let _ = write!(text, "{}{unit}", rest / length);
                    rest %= length;
                }
            }
            if text.is_empty() { "0s".to_owned() } else { text }
        }
        Type::Instant => {
            let text = jiff::Timestamp::from_second(number).map_or(number.to_string(), |t| t.to_string());
            text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned)
        }
        _ => number.to_string(), // a number
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, WEEK, hours};

    #[track_caller]
    fn check(minutes: &[(u32, u32)], said: &str) {
        assert_eq!(hours(minutes), said);
    }

    #[test]
    fn hours_are_told_as_windows_write_them() {
        let office: Vec<(u32, u32)> = (0..5).map(|day| (day * DAY + 540, day * DAY + 1020)).collect();
        check(&office, "mon-fri 09:00-17:00");
        check(
            &[(540, 720), (DAY + 540, DAY + 720), (3 * DAY + 540, 3 * DAY + 720)],
            "mon-tue 09:00-12:00, thu 09:00-12:00",
        );
        check(&[(0, WEEK)], "daily 00:00-24:00");
        check(&[(DAY + 1320, 2 * DAY + 360)], "tue 22:00-06:00");
        check(&[(0, 360), (6 * DAY + 1320, WEEK)], "sun 22:00-06:00");
        check(&[(600, DAY + 720)], "mon 10:00-24:00, tue 00:00-12:00");
    }
}
