//! Stands in for `sema::pattern` until that is here.

/// Lower case, without a final dot, no empty label.
pub(super) fn normalise_domain(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.split('.').all(|label| !label.is_empty() && label.chars().all(fine)).then_some(text)
}

/// `scheme://host[:port]` in lower case, without the scheme's default port.
pub(super) fn normalise_origin(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (scheme, rest) = text.split_once("://")?;
    let (host, port) = match rest.split_once(':') {
        Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
        None => (rest, None),
    };
    let host = normalise_domain(host)?;
    let default = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    match port {
        Some(port) if Some(port) != default => Some(format!("{scheme}://{host}:{port}")),
        Some(_) | None => Some(format!("{scheme}://{host}")),
    }
}
