//! From a value to its class among those that the policy can tell apart.

use core::net::{IpAddr, Ipv4Addr};

use crate::format::{Classifier, FIRST, SETTLED, Slot, Space, Type};
use crate::load::{Bundle, Tables};
use crate::request::Value;
use crate::text;

impl<'a> Bundle<'a> {
    /// The class of `value` in slot number `slot`; `None` if the value does not fit the type.
    /// Sets, elements, relations, stages and apps have their own ways.
    pub(crate) fn classify(&self, number: u32, slot: &Slot, kind: Type, value: Value<'_>) -> Option<u32> {
        let t = &self.tables;
        match Classifier::from_code(slot.classifier.get())? {
            Classifier::Text => match (kind, value) {
                (Type::String, Value::Text(text)) => Some(self.text_class(number, slot, text.as_bytes())),
                (Type::Domain, Value::Text(text)) => {
                    Some(self.text_class(number, slot, text::domain(text)?.as_bytes()))
                }
                (Type::Origin, Value::Text(text)) => {
                    Some(self.text_class(number, slot, text::origin(text)?.as_bytes()))
                }
                _ => None,
            },
            Classifier::Enum => match value {
                Value::Text(text) => self.symbol(Space::Value.of(number), text),
                _ => None,
            },
            Classifier::Bool => match value {
                Value::Bool(truth) => word(t, slot.a.get() as usize + usize::from(truth)),
                _ => None,
            },
            Classifier::Number => match value {
                // No duration is less than none.
                Value::Int(number) if kind != Type::Duration || number >= 0 => {
                    let bounds = t.ints.get(slot.a.get() as usize..)?.get(..slot.b.get() as usize)?;
                    let below = bounds.partition_point(|b| b.get() <= number);
                    word(t, slot.c.get() as usize + below)
                }
                _ => None,
            },
            Classifier::Ip => match value {
                Value::Text(text) => {
                    let address = address(text)?;
                    let starts = t.addresses.get(slot.a.get() as usize..)?.get(..slot.b.get() as usize)?;
                    let below = starts.partition_point(|s| *s <= address);
                    word(t, slot.c.get() as usize + below)
                }
                _ => None,
            },
            Classifier::Window => match value {
                Value::Int(instant) => {
                    self.in_window(slot.a.get(), instant).map(|inside| FIRST + u32::from(inside))
                }
                _ => None,
            },
            Classifier::Set
            | Classifier::Element
            | Classifier::Same
            | Classifier::ElementOf
            | Classifier::Stage
            | Classifier::App => None,
        }
    }

    fn text_class(&self, number: u32, slot: &Slot, text: &[u8]) -> u32 {
        if let Some(class) = self.symbol_bytes(Space::Value.of(number), text) {
            return class;
        }
        self.automaton_class(slot.a.get(), text).unwrap_or(slot.b.get())
    }

    fn automaton_class(&self, number: u32, text: &[u8]) -> Option<u32> {
        let t = &self.tables;
        let automaton = t.automata.get(number as usize)?;
        let columns = t.shorts.get(automaton.columns.get() as usize..)?.get(..256)?;
        let width = automaton.width.get() as usize;
        let cells = width * automaton.states.get() as usize;
        let transitions = t.words.get(automaton.transitions.get() as usize..)?.get(..cells)?;
        let mut state = 0usize;
        for byte in text {
            let column = usize::from(columns.get(usize::from(*byte))?.get());
            let next = transitions.get(state * width + column)?.get();
            state = (next & !SETTLED) as usize;
            if next & SETTLED != 0 {
                break;
            }
        }
        word(t, automaton.classes.get() as usize + state)
    }

    /// `None` outside the years that the compiler knows the zone's offsets for.
    fn in_window(&self, number: u32, instant: i64) -> Option<bool> {
        if !(FIRST_INSTANT..LAST_INSTANT).contains(&instant) {
            return None;
        }
        let t = &self.tables;
        let window = t.windows.get(number as usize)?;
        let transitions = t.ints.get(window.transitions.at.get() as usize..)?;
        let transitions = transitions.get(..window.transitions.len.get() as usize)?;
        let passed = transitions.partition_point(|at| at.get() <= instant);
        let offset = t.ints.get(window.offsets.get() as usize + passed)?.get();
        let local = instant.checked_add(offset)?;
        // 1970-01-01 was a Thursday: three days after a Monday.
        let weekday = (local.div_euclid(86_400) + 3).rem_euclid(7);
        let minute = (weekday * 1440 + local.rem_euclid(86_400) / 60) as u32;
        let hours =
            t.words.get(window.minutes.at.get() as usize..)?.get(..window.minutes.len.get() as usize)?;
        Some(hours.chunks(2).any(|pair| match pair {
            [start, end] => (start.get()..end.get()).contains(&minute),
            _ => false,
        }))
    }

    /// What a name in a space of [`Space::of`] stands for.
    pub fn symbol(&self, space: u32, text: &str) -> Option<u32> {
        self.symbol_bytes(space, text.as_bytes())
    }

    pub(crate) fn symbol_bytes(&self, space: u32, text: &[u8]) -> Option<u32> {
        let t = &self.tables;
        let hash = crate::hash::hash(space, text);
        let mask = t.symbols.len().checked_sub(1)?;
        let mut at = (hash >> 32) as usize & mask;
        // Ends for any table: an honest one is never full, a dishonest one is walked once around.
        for _ in 0..t.symbols.len() {
            let symbol = t.symbols.get(at)?;
            if symbol.space.get() == crate::format::NONE {
                return None;
            }
            if symbol.hash.get() == hash as u32
                && symbol.space.get() == space
                && symbol.text.len.get() as usize == text.len()
                && t.strings.as_bytes().get(symbol.text.at.get() as usize..).and_then(|s| s.get(..text.len()))
                    == Some(text)
            {
                return Some(symbol.value.get());
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Text of the bundle.
    pub fn text(&self, text: crate::format::Text) -> &'a str {
        let strings = self.tables.strings.get(text.at.get() as usize..);
        strings.and_then(|s| s.get(..text.len.get() as usize)).unwrap_or("")
    }
}

/// Windows are known from 1970-01-01 …
pub const FIRST_INSTANT: i64 = 0;
/// … to 2100-01-01, UTC.
pub const LAST_INSTANT: i64 = 4_102_444_800;

pub(crate) fn word(t: &Tables<'_>, at: usize) -> Option<u32> {
    t.words.get(at).map(|w| w.get())
}

/// 16 bytes that order addresses; IPv4 and IPv4-mapped IPv6 addresses are the same.
pub(crate) fn address(text: &str) -> Option<[u8; 16]> {
    if let Some(v4) = ipv4(text.as_bytes()) {
        return Some(Ipv4Addr::from_bits(v4).to_ipv6_mapped().octets());
    }
    Some(match text.parse::<IpAddr>().ok()? {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    })
}

/// Four decimal numbers below 256 without needless zeros, as the standard library reads them, but in one pass.
fn ipv4(text: &[u8]) -> Option<u32> {
    let (mut address, mut number, mut digits, mut dots) = (0u32, 0u32, 0, 0);
    for byte in text {
        match byte {
            b'0'..=b'9' if digits < 3 && (digits == 0 || number > 0) => {
                number = number * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && number < 256 && dots < 3 => {
                address = address << 8 | number;
                (number, digits, dots) = (0, 0, dots + 1);
            }
            _ => return None,
        }
    }
    (digits > 0 && number < 256 && dots == 3).then_some(address << 8 | number)
}

/// The class that is left when nothing was decided.
pub(crate) const UNDECIDED: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    #[test]
    fn addresses_are_read_as_the_standard_library_reads_them() {
        let parts = ["", "0", "00", "1", "01", "9", "10", "255", "256", "999", "1000", ".", "-1", "x", " "];
        let mut read = 0;
        for one in parts {
            for two in parts {
                for three in parts {
                    for end in ["", ".0", ".7.", "..", ".255", ".300", ".1.1"] {
                        let mut text = [0u8; 32];
                        let mut len = 0;
                        for part in [one, ".", two, ".", three, end] {
                            for byte in part.bytes() {
                                if let Some(to) = text.get_mut(len) {
                                    *to = byte;
                                }
                                len += 1;
                            }
                        }
                        let text = text.get(..len).and_then(|t| core::str::from_utf8(t).ok()).unwrap_or("");
                        let expected = text.parse::<Ipv4Addr>().ok().map(Ipv4Addr::to_bits);
                        assert_eq!(super::ipv4(text.as_bytes()), expected, "{text}");
                        read += usize::from(expected.is_some());
                    }
                }
            }
        }
        assert!(read > 100, "{read}");
    }
}
