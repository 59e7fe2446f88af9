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
pub(crate) struct Normal {
    bytes: [u8; MAX_NORMAL],
    len: usize,
}

impl Normal {
    fn new() -> Normal {
        Normal {
            bytes: [0; MAX_NORMAL],
            len: 0,
        }
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = byte;
        self.len += 1;
        Some(())
    }

    fn push_all(&mut self, bytes: &[u8]) -> Option<()> {
        bytes.iter().try_for_each(|b| self.push(*b))
    }

    /// The normal form.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

/// Lower case, without the final dot; `None` if it is not a domain name.
pub(crate) fn domain(text: &str) -> Option<Normal> {
    let mut normal = Normal::new();
    push_domain(&mut normal, text)?;
    Some(normal)
}

/// `scheme://host[:port]` in lower case without the scheme's default port; `None` if it is not an origin.
pub(crate) fn origin(text: &str) -> Option<Normal> {
    let (scheme, rest) = text.split_once("://")?;
    let mut normal = Normal::new();
    let starts_well = scheme
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic());
    if !starts_well
        || scheme.len() > MAX_SCHEME
        || !scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    {
        return None;
    }
    scheme
        .bytes()
        .try_for_each(|b| normal.push(b.to_ascii_lowercase()))?;
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
    Some(normal)
}

fn push_domain(normal: &mut Normal, text: &str) -> Option<()> {
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
fn push_address(normal: &mut Normal, address: core::net::Ipv6Addr) -> Option<()> {
    struct Sink<'n>(&'n mut Normal);
    impl core::fmt::Write for Sink<'_> {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.0.push_all(text.as_bytes()).ok_or(core::fmt::Error)
        }
    }
    use core::fmt::Write;
    write!(Sink(normal), "[{address}]").ok()
}
