//! Normal forms of domains and origins, byte by byte, without allocation.

/// The longest domain name, RFC 1035 §2.3.4.
const MAX_DOMAIN: usize = 253;
/// The longest label of one.
const MAX_LABEL: usize = 63;
/// The longest scheme of an origin; the compiler's limit too, so that both see the same origins.
const MAX_SCHEME: usize = 32;
/// Room for a scheme, a domain and a port.
pub(crate) const MAX_NORMAL: usize = 320;

/// Text in normal form.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives as long as one look-up, and there is no allocator to box it"
)]
pub(crate) enum Normal<'t> {
    /// It was written so, as most is.
    Written(&'t str),
    /// It had to be changed.
    Made(Made),
}

impl Normal<'_> {
    /// The normal form.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Normal::Written(text) => text.as_bytes(),
            Normal::Made(made) => made.bytes.get(..made.len).unwrap_or(&[]),
        }
    }
}

/// Room to write a normal form into.
pub(crate) struct Made {
    bytes: [u8; MAX_NORMAL],
    len: usize,
}

impl Made {
    fn new() -> Made {
        Made { bytes: [0; MAX_NORMAL], len: 0 }
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = byte;
        self.len += 1;
        Some(())
    }

    fn push_all(&mut self, bytes: &[u8]) -> Option<()> {
        bytes.iter().try_for_each(|b| self.push(*b))
    }
}

/// Lower case, without the final dot; `None` if it is not a domain name.
pub(crate) fn domain(text: &str) -> Option<Normal<'_>> {
    if is_normal_domain(text.as_bytes()) {
        return Some(Normal::Written(text));
    }
    let mut normal = Made::new();
    push_domain(&mut normal, text)?;
    Some(Normal::Made(normal))
}

/// `scheme://host[:port]` in lower case without the scheme's default port; `None` if it is not an origin.
pub(crate) fn origin(text: &str) -> Option<Normal<'_>> {
    if is_normal_origin(text.as_bytes()) {
        return Some(Normal::Written(text));
    }
    slow_origin(text)
}

fn slow_origin(text: &str) -> Option<Normal<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let mut normal = Made::new();
    let starts_well = scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    if !starts_well
        || scheme.len() > MAX_SCHEME
        || !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    {
        return None;
    }
    scheme.bytes().try_for_each(|b| normal.push(b.to_ascii_lowercase()))?;
    normal.push_all(b"://")?;
    let port = if rest.starts_with('[') {
        let (host, port) = rest.strip_prefix('[')?.split_once(']')?;
        let address: core::net::Ipv6Addr = host.parse().ok()?;
        push_address(&mut normal, address)?;
        match port {
            "" => None,
            port => Some(port.strip_prefix(':')?),
        }
    } else {
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        push_domain(&mut normal, host)?;
        port
    };
    if let Some(port) = port {
        let number: u16 = port.parse().ok()?;
        if !port.bytes().all(|b| b.is_ascii_digit()) || (port.len() > 1 && port.starts_with('0')) {
            return None;
        }
        let default = (scheme.eq_ignore_ascii_case("https") && number == 443)
            || (scheme.eq_ignore_ascii_case("http") && number == 80);
        if !default {
            normal.push(b':')?;
            normal.push_all(port.as_bytes())?;
        }
    }
    Some(Normal::Made(normal))
}

/// Whether it is a domain name in normal form.
fn is_normal_domain(text: &[u8]) -> bool {
    let mut label = 0;
    for byte in text {
        label = match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' if label < MAX_LABEL => label + 1,
            b'.' if label > 0 => 0,
            _ => return false,
        };
    }
    label > 0 && text.len() <= MAX_DOMAIN
}

/// Whether it is an origin in normal form, of the common kind: a domain and no port.
fn is_normal_origin(text: &[u8]) -> bool {
    let Some(at) = text.iter().position(|b| *b == b':') else {
        return false;
    };
    let (scheme, rest) = text.split_at(at);
    let fits = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.');
    scheme.first().is_some_and(u8::is_ascii_lowercase)
        && scheme.len() <= MAX_SCHEME
        && scheme.iter().all(fits)
        && rest.strip_prefix(b"://").is_some_and(is_normal_domain)
}

fn push_domain(normal: &mut Made, text: &str) -> Option<()> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() || text.len() > MAX_DOMAIN {
        return None;
    }
    let mut label = 0;
    for byte in text.bytes() {
        label = match byte {
            b'.' if label > 0 => 0,
            b'-' | b'_' if label < MAX_LABEL => label + 1,
            _ if byte.is_ascii_alphanumeric() && label < MAX_LABEL => label + 1,
            _ => return None,
        };
        normal.push(byte.to_ascii_lowercase())?;
    }
    (label > 0).then_some(())
}

/// The address in its canonical text form, in brackets.
fn push_address(normal: &mut Made, address: core::net::Ipv6Addr) -> Option<()> {
    struct Sink<'n>(&'n mut Made);
    impl core::fmt::Write for Sink<'_> {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.0.push_all(text.as_bytes()).ok_or(core::fmt::Error)
        }
    }
    use core::fmt::Write;
    write!(Sink(normal), "[{address}]").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The quick look must never take for normal what the slow way would change or refuse.
    #[test]
    fn what_looks_normal_is_normal() {
        let parts = [
            "", "a", "A", "a-b_9", ".", "..", ":", "://", "http", "https", ":80", ":8443", "[::1]", "\u{e9}",
        ];
        let longest = ["a23456789b123456789c123456789d123456789e123456789f123456789g123", "h"];
        let (mut written, mut refused) = (0, 0);
        for one in parts.iter().chain(&longest) {
            for two in parts.iter().chain(&longest) {
                for three in parts.iter().chain(&longest) {
                    for four in parts {
                        let mut room = Made::new();
                        let pushed =
                            [one, two, three, &four].iter().try_for_each(|p| room.push_all(p.as_bytes()));
                        assert_eq!(pushed, Some(()));
                        let Ok(text) = core::str::from_utf8(room.bytes.get(..room.len).unwrap_or(&[])) else {
                            continue;
                        };
                        if is_normal_domain(text.as_bytes()) {
                            let mut slow = Made::new();
                            assert_eq!(push_domain(&mut slow, text), Some(()), "{text}");
                            assert_eq!(slow.bytes.get(..slow.len), Some(text.as_bytes()), "{text}");
                            written += 1;
                        }
                        if is_normal_origin(text.as_bytes()) {
                            let slow = slow_origin(text);
                            assert_eq!(slow.as_ref().map(Normal::as_bytes), Some(text.as_bytes()), "{text}");
                            written += 1;
                        }
                        refused += usize::from(origin(text).is_none());
                    }
                }
            }
        }
        assert!(written > 100 && refused > 100, "{written} {refused}");
    }
}
