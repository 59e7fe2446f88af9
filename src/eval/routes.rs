//! From method and path to the operation, by trying every operation's template.

use crate::sema::model::{Model, OperationId};

/// The operation whose method and template match.
///
/// The method is compared exactly. Of several templates the one wins whose first difference from the left is
/// literal where the others have a parameter. By definition, a request that two operations match equally
/// well is unknown.
pub(super) fn find(model: &Model, method: &str, path: &str) -> Option<OperationId> {
    let segments = segments(path)?;
    // For each match, which segments are parameters: `false` sorts first, so the most literal is least.
    let mut matching: Vec<(Vec<bool>, OperationId)> = Vec::new();
    for (index, operation) in model.operations.iter().enumerate() {
        if let Some((its_method, template)) = &operation.http
            && its_method == method
            && let Some(parameters) = matches(template, &segments)
        {
            matching.push((parameters, OperationId(index as u32)));
        }
    }
    matching.sort();
    match matching.as_slice() {
        [] => None,
        [(best, _), (next, _), ..] if best == next => None,
        [(_, operation), ..] => Some(*operation),
    }
}

/// Which segments of the template are parameters, if it matches. A segment with a `{` anywhere is one.
fn matches(template: &str, segments: &[String]) -> Option<Vec<bool>> {
    let parts: Vec<&str> = template.strip_prefix('/')?.split('/').collect();
    if parts.len() != segments.len() {
        return None;
    }
    let is_parameter = |part: &str| part.contains('{');
    let all_match = parts.iter().zip(segments).all(|(part, segment)| is_parameter(part) || part == segment);
    all_match.then(|| parts.iter().map(|part| is_parameter(part)).collect())
}

/// The decoded segments of a path, or `None` for a path that anything on its way could read differently.
///
/// The path ends at the first `?` or `#`. It begins with `/` and has no empty segment, so that neither `/`
/// nor a trailing slash matches anything.
fn segments(path: &str) -> Option<Vec<String>> {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    path[..end].strip_prefix('/')?.split('/').map(decoded).collect()
}

/// The segment with its percent-escapes resolved, once.
///
/// `None` if it is empty; holds `\`, `;` or a blank (which ends the path on the wire); holds a `%` without two hexadecimal digits; has an escape for
/// `/`, `\` or `%`; decodes to something that is not UTF-8; or if the result has a control character
/// (Unicode `Cc`, escaped or not) or, by definition, nothing but dots, however many and however written.
pub(super) fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' | b';' | b' ' => return None,
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
