//! From method and path to the operation, by trying every operation's template.

use crate::sema::model::{Model, OperationId};

/// The operation whose method and template match.
///
/// The method is compared exactly. Of several templates the one wins whose first difference from the left is
/// literal where the others have a parameter. By definition, a request that two operations match equally
/// well is unknown; one whose path a server could read as another template's name where the best that matches has
/// a parameter: see [`Reading`]; and one that meets templates both of platforms that take their paths in any case and
/// of others.
pub(super) fn find(model: &Model, method: &str, path: &str) -> Option<OperationId> {
    let segments = segments(path)?;
    let mut matching: [Vec<(Vec<Reading>, OperationId)>; 2] = [Vec::new(), Vec::new()];
    for (index, operation) in model.operations.iter().enumerate() {
        if let Some((its_method, template)) = &operation.http
            && its_method == method
            && let Some(readings) = matches(template, &segments, operation.any_case)
        {
            matching[usize::from(operation.any_case)].push((readings, OperationId(index as u32)));
        }
    }
    let [mut exact, mut any_case] = matching;
    let matching = match (exact.is_empty(), any_case.is_empty()) {
        (false, false) => return None,
        (true, _) => &mut any_case,
        (_, true) => &mut exact,
    };
    matching.sort();
    match matching.as_slice() {
        [] => None,
        [(best, _), ..] if best.contains(&Reading::AlmostLiteral) => None,
        [(best, _), (next, _), ..] if best == next => None,
        [(_, operation), ..] => Some(*operation),
    }
}

/// How a segment meets that of a template; the most literal first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reading {
    /// It is the same, in any case of ASCII letters where the platform takes it so.
    Literal,
    /// A server could take it for the same: see [`is_like`]. Then nobody knows whether it is a name or a value.
    AlmostLiteral,
    /// It is the value of a parameter.
    Parameter,
}

/// How the segments meet the template, if they do. A segment of it with a `{` anywhere is a parameter.
fn matches(template: &str, segments: &[String], any_case: bool) -> Option<Vec<Reading>> {
    let parts: Vec<&str> = template.strip_prefix('/')?.split('/').collect();
    if parts.len() != segments.len() {
        return None;
    }
    let reading = |(part, segment): (&&str, &String)| match *part {
        part if part.contains('{') => is_value(segment).then_some(Reading::Parameter),
        part if part == segment || any_case && part.eq_ignore_ascii_case(segment) => Some(Reading::Literal),
        part => is_like(part, segment).then_some(Reading::AlmostLiteral),
    };
    parts.iter().zip(segments).map(reading).collect()
}

/// Whether the segment can be the value of a parameter: nothing that OData keeps for itself, such as `$count` (OData 4.01
/// URL Conventions, sections 4.6 to 4.12), no call of a function, and no beginning of a path in a drive, which Graph
/// writes between colons as in `/items/FOLDER:/name` (learn.microsoft.com: Addressing resources in a drive).
fn is_value(segment: &str) -> bool {
    !segment.starts_with('$') && !segment.ends_with(':') && !segment.contains(['(', ')'])
}

/// Whether a server could read the segment as the name: one to which the case of ASCII letters is all the same, or that
/// calls functions with arguments behind their name and a namespace before it, as in `microsoft.graph.delta()` (OData
/// 4.01 URL Conventions, section 4.5), with or without those that the name is declared with; and in general one that
/// takes off what stands before or behind it, such as `.json`, blanks and quotes, or that knows the case of letters
/// beyond ASCII.
fn is_like(name: &str, segment: &str) -> bool {
    let same = |part: &str| !part.is_empty() && part.eq_ignore_ascii_case(bare(name));
    !segment.is_ascii() || name.eq_ignore_ascii_case(segment) || segment.split(is_sign).any(same)
}

/// Whether names end at the character.
fn is_sign(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '@' | '$' | '~'))
}

/// The name without arguments and namespace.
fn bare(name: &str) -> &str {
    let arguments = name.strip_suffix(')').and_then(|called| called.split_once('('));
    let called = arguments.map_or(name, |(called, _)| called);
    called.rsplit_once('.').map_or(called, |(_, bare)| bare)
}

/// The decoded segments of a path, or `None` for a path that anything on its way could read differently.
///
/// The path ends at the first `?`. It begins with `/` and has no empty segment, so that neither `/` nor a trailing slash
/// matches anything.
fn segments(path: &str) -> Option<Vec<String>> {
    let end = path.find('?').unwrap_or(path.len());
    path[..end].strip_prefix('/')?.split('/').map(decoded).collect()
}

/// The segment with its percent-escapes resolved, once.
///
/// `None` if it is empty; holds `\`, `;`, a blank (which ends the path on the wire) or a `#` (which never is sent, and
/// which some servers cut off and others keep); holds a `%` without two hexadecimal digits; has an escape for
/// `/`, `\` or `%`; decodes to something that is not UTF-8; or if the result has a control character
/// (Unicode `Cc`, escaped or not) or, by definition, nothing but dots, however many and however written.
pub(super) fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' | b';' | b' ' | b'#' => return None,
            b'%' => {
                let byte = hex(rest.next()?)? * 16 + hex(rest.next()?)?;
                if matches!(byte, b'/' | b'\\' | b'%') {
                    return None;
                }
                bytes.push(byte);
            }
            byte => bytes.push(byte),
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    let only_dots = text.chars().all(|character| character == '.'); // and the empty segment
    (!only_dots && !text.chars().any(char::is_control)).then_some(text)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None, // any other byte
    }
}
