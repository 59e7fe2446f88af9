//! What a value of a request says once it meets the type of an attribute, and what a predicate says of it.

use jiff::Timestamp;

use crate::request::Value;
use crate::sema::model::{Constant, Model, Network, Ordering, Pattern, PatternPart, Predicate, Type, Window};
use crate::sema::pattern::{normalise_domain, normalise_ip, normalise_origin};

/// The value as an attribute of this type has it; `None` where it cannot be read.
pub(super) fn typed(model: &Model, kind: Type, value: &Value) -> Option<Constant> {
    match kind {
        Type::String => text(value).map(|text| Constant::String(text.to_owned())),
        Type::Enum(id) => {
            let name = text(value)?;
            let at = model.enumerations[id.index()].values.iter().position(|value| value == name)?;
            Some(Constant::Index(at as u32))
        }
        Type::Ip => normalise_ip(text(value)?).map(Constant::Ip),
        Type::Domain => normalise_domain(text(value)?).map(Constant::Domain),
        Type::Origin => normalise_origin(text(value)?).map(Constant::Origin),
        Type::Bool => match value {
            Value::Bool(truth) => Some(Constant::Bool(*truth)),
            Value::Text(_) | Value::Int(_) | Value::Set(_) => None,
        },
        Type::Int | Type::Instant | Type::Duration => match value {
            // No duration is less than none.
            Value::Int(number) if kind != Type::Duration || *number >= 0 => Some(Constant::Int(*number)),
            Value::Int(_) | Value::Text(_) | Value::Bool(_) | Value::Set(_) => None,
        },
        Type::Strings => match value {
            Value::Set(set) => Some(Constant::Strings(set.clone())),
            Value::Text(_) | Value::Bool(_) | Value::Int(_) => None,
        },
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Bool(_) | Value::Int(_) | Value::Set(_) => None,
    }
}

/// The value that a request gives for an attribute to have this constant.
pub(super) fn given(model: &Model, kind: Type, constant: &Constant) -> Value {
    match constant {
        Constant::String(text) | Constant::Domain(text) | Constant::Origin(text) => Value::Text(text.clone()),
        Constant::Bool(truth) => Value::Bool(*truth),
        Constant::Int(number) => Value::Int(*number),
        Constant::Index(index) => match kind {
            Type::Enum(id) => Value::Text(model.enumerations[id.index()].values[*index as usize].clone()),
            // The checker gives indices to enumerations only; stages are no attributes.
            Type::String
            | Type::Bool
            | Type::Int
            | Type::Strings
            | Type::Ip
            | Type::Domain
            | Type::Origin
            | Type::Instant
            | Type::Duration => Value::Int(i64::from(*index)),
        },
        Constant::Strings(set) => Value::Set(set.clone()),
        Constant::Ip(address) => Value::Text(address.to_string()),
    }
}

/// Whether a value satisfies a predicate against constants; `None` where that is unknown, or is no such predicate.
pub fn satisfies(model: &Model, value: &Constant, predicate: &Predicate) -> Option<bool> {
    match (predicate, value) {
        (Predicate::Present, _) => Some(true),
        (Predicate::Is(constants), value) => Some(constants.contains(value)),
        (Predicate::Order(ordering, Constant::Int(bound)), Constant::Int(value)) => {
            Some(ordered(*ordering, value, bound))
        }
        (Predicate::Order(ordering, Constant::Index(bound)), Constant::Index(value)) => {
            Some(ordered(*ordering, value, bound))
        }
        (Predicate::Like(like), Constant::String(text) | Constant::Domain(text) | Constant::Origin(text)) => {
            Some(like.iter().any(|pattern| matches(pattern, text)))
        }
        (Predicate::InNetworks(networks), Constant::Ip(address)) => {
            Some(networks.iter().any(|Network(network)| network.contains(address)))
        }
        (Predicate::During(window), Constant::Int(seconds)) => {
            during(&model.windows[window.index()], *seconds)
        }
        (Predicate::HasAny(elements), Constant::Strings(set)) => {
            Some(elements.iter().any(|element| set.contains(element)))
        }
        // No checked model asks this of such a value.
        _ => None,
    }
}

fn ordered<T: PartialOrd>(ordering: Ordering, value: &T, bound: &T) -> bool {
    match ordering {
        Ordering::Less => value < bound,
        Ordering::LessOrEqual => value <= bound,
        Ordering::Greater => value > bound,
        Ordering::GreaterOrEqual => value >= bound,
    }
}

/// 1970 up to but without 2100: outside, nobody knows when it is what time where.
pub(super) const KNOWN: std::ops::Range<i64> = 0..4_102_444_800;

fn during(window: &Window, seconds: i64) -> Option<bool> {
    if !KNOWN.contains(&seconds) {
        return None;
    }
    let local = Timestamp::from_second(seconds).ok()?.in_tz(&window.zone).ok()?;
    let day = u32::try_from(local.weekday().to_monday_zero_offset()).ok()?;
    let hour = u32::try_from(local.hour()).ok()?;
    let minute = (day * 24 + hour) * 60 + u32::try_from(local.minute()).ok()?;
    Some(window.minutes.iter().any(|(start, end)| (*start..*end).contains(&minute)))
}

/// Whether the pattern matches the whole text: all places that each of its parts can end at, one part after
/// another.
pub(super) fn matches(Pattern(parts): &Pattern, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for part in parts {
        let mut next = vec![false; text.len() + 1];
        for start in (0..ends.len()).filter(|at| ends[*at]) {
            let mut run = |least: usize, allowed: &dyn Fn(char) -> bool| {
                let most = text[start..].iter().take_while(|c| allowed(**c)).count();
                next[start..=start + most].iter_mut().skip(least).for_each(|end| *end = true);
            };
            match part {
                PatternPart::Any => run(0, &|_| true),
                PatternPart::Label => run(1, &|c| !matches!(c, '.' | ':' | '/')),
                PatternPart::Labels => run(1, &|c| !matches!(c, ':' | '/')),
                PatternPart::Port => run(1, &|c| c.is_ascii_digit()),
                PatternPart::Text(literal) => {
                    let literal: Vec<char> = literal.chars().collect();
                    if text[start..].starts_with(&literal) {
                        next[start + literal.len()] = true;
                    }
                }
            }
        }
        ends = next;
    }
    ends[text.len()]
}
