//! Normal forms of addresses, networks, domains, origins, patterns and identifiers.
//!
//! The same functions normalise the constants of policies and the values of requests, so that
//! both are compared in one form. Everything is ASCII: internationalised names come as `xn--…`.

use std::net::{IpAddr, Ipv6Addr};

use super::model::{Network, Pattern, PatternPart};

/// The domain in lower case without a final dot; `None` for what is no domain name.
///
/// Labels are made of `a-z`, `0-9`, `_` and `-`, at most 63 bytes each, 253 bytes in all.
pub fn normalise_domain(text: &str) -> Option<String> {
    domain(text).ok()
}

/// `scheme://host[:port]` in lower case, without the default port of `http` and `https`; `None` for what is
/// no origin, such as a URL with a path.
pub fn normalise_origin(text: &str) -> Option<String> {
    origin(text).ok()
}

/// An app's key in the form in which keys are compared: a GUID, alone or with `#` and something behind it, is the same
/// in capitals and in small letters (RFC 9562, section 4); of all else every letter counts.
pub fn identity(key: &str) -> String {
    let (guid, rest) = key.split_at(key.find('#').unwrap_or(key.len()));
    if is_guid(guid) { guid.to_ascii_lowercase() + rest } else { key.to_owned() }
}

/// Whether it is a GUID as platforms write them: `8b2f6a3e-0f3b-4f0a-9d7e-2f0a6c1d9b11`.
pub fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The same address, an IPv4-mapped IPv6 address as the IPv4 address that it is.
pub fn normalise_ip(text: &str) -> Option<IpAddr> {
    ip(text).ok()
}

/// See [`normalise_domain`].
///
/// # Errors
/// Says what is wrong with the text.
pub fn domain(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    let name = lower.strip_suffix('.').unwrap_or(&lower);
    if name.is_empty() {
        return Err("a domain has at least one label".into());
    }
    if name.len() > 253 {
        return Err("a domain has at most 253 bytes".into());
    }
    for part in name.split('.') {
        label(part)?;
    }
    Ok(name.to_owned())
}

fn label(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("a domain has no empty label".into());
    }
    if text.len() > 63 {
        return Err("a label of a domain has at most 63 bytes".into());
    }
    match text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_' | '-')) {
        Some('*') => Err("`*` stands for whole labels of a domain, and only after `like`".into()),
        Some(c) if !c.is_ascii() => Err("a domain is written in ASCII, with `xn--` for other letters".into()),
        Some(c) => Err(format!("`{c}` does not occur in a domain")),
        None => Ok(()),
    }
}

/// See [`normalise_origin`].
///
/// # Errors
/// Says what is wrong with the text.
pub fn origin(text: &str) -> Result<String, String> {
    let (scheme, host, port) = split_origin(text)?;
    check_scheme(&scheme)?;
    let host = origin_host(&host)?;
    let port = port.map(|p| check_port(&p)).transpose()?;
    Ok(match port {
        Some(port) if default_port(&scheme) != Some(port) => format!("{scheme}://{host}:{port}"),
        Some(_) | None => format!("{scheme}://{host}"),
    })
}

/// Scheme, host and port in lower case, not yet checked.
fn split_origin(text: &str) -> Result<(String, String, Option<String>), String> {
    let lower = text.to_ascii_lowercase();
    let Some((scheme, rest)) = lower.split_once("://") else {
        return Err("an origin is written `scheme://host` or `scheme://host:port`".into());
    };
    if rest.contains(['/', '?', '#']) {
        return Err("an origin has no path, query or final slash".into());
    }
    if rest.contains('@') {
        return Err("an origin has no user".into());
    }
    // The colons of an IPv6 address stand in brackets.
    let after = rest.rfind(']').map_or(0, |i| i + 1);
    Ok(match rest[after..].find(':') {
        Some(colon) => {
            (scheme.to_owned(), rest[..after + colon].to_owned(), Some(rest[after + colon + 1..].to_owned()))
        }
        None => (scheme.to_owned(), rest.to_owned(), None),
    })
}

/// The runtime's limit too, which normalises without allocation.
const MAX_SCHEME: usize = 32;

fn check_scheme(scheme: &str) -> Result<(), String> {
    let starts = scheme.starts_with(|c: char| c.is_ascii_lowercase());
    if scheme.len() > MAX_SCHEME {
        Err(format!("a scheme has at most {MAX_SCHEME} characters"))
    } else if starts && scheme.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '+' | '-' | '.')) {
        Ok(())
    } else {
        Err(format!("`{scheme}` is no scheme"))
    }
}

fn origin_host(host: &str) -> Result<String, String> {
    match host.strip_prefix('[') {
        Some(rest) => {
            let address = rest.strip_suffix(']').and_then(|a| a.parse::<Ipv6Addr>().ok());
            address
                .map(|a| format!("[{a}]"))
                .ok_or_else(|| format!("`{host}` is no IPv6 address in brackets"))
        }
        None => domain(host),
    }
}

fn check_port(port: &str) -> Result<u16, String> {
    let canonical = port == "0" || !port.starts_with('0');
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    match port.parse() {
        Ok(number) if canonical && digits => Ok(number),
        _ => Err(format!("`{port}` is no port: a number from 0 to 65535")),
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// See [`normalise_ip`].
///
/// # Errors
/// Says what is wrong with the text.
pub fn ip(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text.parse().map_err(|_| match text.contains('/') {
        true => format!("`{text}` is no address; in a network is written `in \"{text}\"`"),
        false => format!("`{text}` is no IPv4 or IPv6 address"),
    })?;
    Ok(address.to_canonical())
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadNetwork {
    /// Bits of the host are set; this is the network that it lies in.
    HostBits(String),
    /// Something else.
    Invalid(String),
}

/// A network `10.0.0.0/8`, or a single address as the network of only itself. IPv4-mapped networks become IPv4.
///
/// # Errors
/// Says what is wrong with the text.
pub fn network(text: &str) -> Result<Network, BadNetwork> {
    if let Ok(address) = ip(text) {
        return Ok(Network(address.into()));
    }
    let net: ipnet::IpNet =
        text.parse().map_err(|_| BadNetwork::Invalid(format!("`{text}` is no address and no network")))?;
    if net.trunc() != net {
        return Err(BadNetwork::HostBits(net.trunc().to_string()));
    }
    let mapped = match net {
        ipnet::IpNet::V6(six) if six.prefix_len() >= 96 => {
            six.addr().to_ipv4_mapped().map(|a| (a, six.prefix_len() - 96))
        }
        ipnet::IpNet::V6(_) | ipnet::IpNet::V4(_) => None,
    };
    match mapped.map(|(address, length)| ipnet::Ipv4Net::new(address, length)) {
        Some(Ok(four)) => Ok(Network(four.into())),
        Some(Err(_)) | None => Ok(Network(net)),
    }
}

/// A string pattern: `*` is any characters, `\*` a star, `\\` a backslash.
///
/// # Errors
/// Says what is wrong with the text.
pub fn string_pattern(text: &str) -> Result<Pattern, String> {
    let mut parts = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => {
                // Two in a row say no more than one.
                if parts.last() != Some(&PatternPart::Any) {
                    parts.push(PatternPart::Any);
                }
            }
            '\\' => match chars.next() {
                Some(c @ ('*' | '\\')) => push_text(&mut parts, c.encode_utf8(&mut [0; 4])),
                Some(_) | None => {
                    return Err("in a pattern a backslash stands before `*` or `\\` only".into());
                }
            },
            _ => push_text(&mut parts, c.encode_utf8(&mut [0; 4])),
        }
    }
    Ok(Pattern(parts))
}

fn push_text(parts: &mut Vec<PatternPart>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(PatternPart::Text(before)) => before.push_str(text),
        Some(PatternPart::Any | PatternPart::Label | PatternPart::Labels | PatternPart::Port) | None => {
            parts.push(PatternPart::Text(text.to_owned()));
        }
    }
}

/// A domain pattern: a leading `*.` and `**` are one or more labels, another `*` is one label.
///
/// # Errors
/// Says what is wrong with the text.
pub fn domain_pattern(text: &str) -> Result<Pattern, String> {
    let mut parts = Vec::new();
    host_pattern(&text.to_ascii_lowercase(), &mut parts)?;
    Ok(Pattern(parts))
}

fn host_pattern(text: &str, parts: &mut Vec<PatternPart>) -> Result<(), String> {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.len() > 253 {
        return Err("a domain has at most 253 bytes".into());
    }
    let many = name.contains('.');
    for (i, part) in name.split('.').enumerate() {
        if i > 0 {
            push_text(parts, ".");
        }
        match part {
            "**" => parts.push(PatternPart::Labels),
            "*" if i == 0 && many => parts.push(PatternPart::Labels),
            "*" => parts.push(PatternPart::Label),
            _ if part.contains('*') => return Err(format!("in `{part}` the star is only a part of a label")),
            _ => {
                label(part)?;
                push_text(parts, part);
            }
        }
    }
    Ok(())
}

/// The patterns that an origin pattern `scheme://host[:port]` means; scheme and port may be `*`.
///
/// More than one where the default port, which normal forms leave out, is among those meant.
///
/// # Errors
/// Says what is wrong with the text.
pub fn origin_patterns(text: &str) -> Result<Vec<Pattern>, String> {
    let (scheme, host, port) = split_origin(text)?;
    if scheme != "*" {
        check_scheme(&scheme)?;
    }
    let host_parts = |parts: &mut Vec<PatternPart>| {
        if host.starts_with('[') {
            push_text(parts, &origin_host(&host)?);
            return Ok(());
        }
        host_pattern(&host, parts)
    };
    let build = |scheme: &str, port: Option<PatternPart>| -> Result<Pattern, String> {
        let mut parts = Vec::new();
        match scheme {
            "*" => parts.push(PatternPart::Label),
            _ => push_text(&mut parts, scheme),
        }
        push_text(&mut parts, "://");
        host_parts(&mut parts)?;
        if let Some(port) = port {
            push_text(&mut parts, ":");
            match port {
                PatternPart::Text(number) => push_text(&mut parts, &number),
                any => parts.push(any),
            }
        }
        Ok(Pattern(parts))
    };
    let port = match port.as_deref() {
        None => return Ok(vec![build(&scheme, None)?]),
        Some("*") => return Ok(vec![build(&scheme, None)?, build(&scheme, Some(PatternPart::Port))?]),
        Some(port) => check_port(port)?,
    };
    let number = || Some(PatternPart::Text(port.to_string()));
    if default_port(&scheme) == Some(port) {
        return Ok(vec![build(&scheme, None)?]);
    }
    let mut patterns = vec![build(&scheme, number())?];
    if scheme == "*" {
        for known in ["http", "https"] {
            if default_port(known) == Some(port) {
                patterns.push(build(known, None)?);
            }
        }
    }
    Ok(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, parts: &[PatternPart]) {
        assert_eq!(domain_pattern(pattern), Ok(Pattern(parts.to_vec())));
    }

    #[test]
    fn domains_are_compared_without_case_and_final_dot() {
        assert_eq!(normalise_domain("API.Example.COM."), Some("api.example.com".into()));
        for bad in ["", ".", "a..b", "a.b..", "ä.de", "a b", "*.a", &"a".repeat(64)] {
            assert_eq!(normalise_domain(bad), None, "{bad}");
        }
    }

    #[test]
    fn origins_lose_their_default_port() {
        assert_eq!(normalise_origin("HTTPS://App.Example.com:443"), Some("https://app.example.com".into()));
        assert_eq!(normalise_origin("http://a:443"), Some("http://a:443".into()));
        assert_eq!(normalise_origin("https://[0:0::1]:8443"), Some("https://[::1]:8443".into()));
        for bad in
            ["https://a/", "a.com", "https://a:080", "https://a:65536", "https://a:", "https://u@a", "://a"]
        {
            assert_eq!(normalise_origin(bad), None, "{bad}");
        }
    }

    #[test]
    fn identifiers_have_no_case_and_other_keys_do() {
        let guid = "8b2f6a3e-0f3b-4f0a-9d7e-2f0a6c1d9b11";
        assert_eq!(identity(&guid.to_uppercase()), guid);
        assert_eq!(identity(&format!("{}#User", guid.to_uppercase())), format!("{guid}#User"));
        for other in ["com.Acme.Planner", "8B2F6A3E", "8B2F6A3E-0F3B-4F0A-9D7E-2F0A6C1D9B1G", ""] {
            assert_eq!(identity(other), other);
        }
    }

    #[test]
    fn a_leading_star_covers_all_levels_below_but_not_the_parent() {
        use PatternPart::{Label, Labels, Text};
        check("*.Example.com.", &[Labels, Text(".example.com".into())]);
        check("a.*.com", &[Text("a.".into()), Label, Text(".com".into())]);
        check("a.**", &[Text("a.".into()), Labels]);
        check("*", &[Label]);
        assert!(domain_pattern("x*.com").is_err());
    }

    #[test]
    fn a_port_star_covers_the_default_port_too() {
        use PatternPart::{Port, Text};
        assert_eq!(
            origin_patterns("https://a.com:*"),
            Ok(vec![
                Pattern(vec![Text("https://a.com".into())]),
                Pattern(vec![Text("https://a.com:".into()), Port])
            ])
        );
        assert_eq!(
            origin_patterns("https://a.com:443"),
            Ok(vec![Pattern(vec![Text("https://a.com".into())])])
        );
        assert_eq!(origin_patterns("*://a.com:443").map(|p| p.len()), Ok(2));
    }

    #[test]
    fn networks_are_canonical() {
        assert_eq!(network("10.1.0.0/8"), Err(BadNetwork::HostBits("10.0.0.0/8".into())));
        assert_eq!(network("::ffff:10.0.0.0/104"), network("10.0.0.0/8"));
        assert_eq!(network("::ffff:10.0.0.1"), network("10.0.0.1/32"));
        assert!(matches!(network("10.0.0.0/33"), Err(BadNetwork::Invalid(_))));
    }

    #[test]
    fn stars_in_strings_can_be_escaped() {
        use PatternPart::{Any, Text};
        assert_eq!(string_pattern("a**\\*b"), Ok(Pattern(vec![Text("a".into()), Any, Text("*b".into())])));
        assert!(string_pattern("a\\b").is_err());
    }
}
