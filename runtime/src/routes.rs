//! From method and path to the operation.
//!
//! Strict on purpose: what a server might read in two ways has no operation here, and is denied.

use crate::format::{Edge, NONE, Route};
use crate::load::Bundle;
use crate::request::OperationHandle;

impl Bundle<'_> {
    /// The operation that a request on the wire calls; `None` if no template matches, or if the path is
    /// one that servers read in different ways (empty, `.` or `..` segments, a final slash, `\`, `;`, `#`, a blank,
    /// the name of another template between signs where a parameter would take it, a value that begins with `$`, ends
    /// with `:` or has parentheses, broken escapes, escapes of `/`, `\` or `%`, control characters, bytes that are not
    /// UTF-8).
    ///
    /// It tells the operation alone: which containers the path names, a request tells only as
    /// [`crate::Target::Http`]. The query is ignored. Among several templates the one wins that has a literal where,
    /// from the left, the others first have a parameter. None matches if templates do both of a platform that takes its
    /// paths in any case and of others.
    pub fn route(&self, method: &str, path: &str) -> Option<OperationHandle> {
        let path = plain(path)?;
        Some(OperationHandle { index: self.find(method, path)?, bundle: self.identity() })
    }

    /// The same for a path that [`plain`] gave.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<u32> {
        let exact = (self.tables.routes.len() as u32).checked_sub(1)?;
        let exact = self.walk(exact, Case::Kept, method, path);
        let any_case = self.tables.any_case.first();
        match (exact, any_case.and_then(|root| self.walk(root.get(), Case::Any, method, path))) {
            (Some(_), Some(_)) => None,
            (one, other) => one.or(other).flatten(),
        }
    }

    /// What the path leads to from here. `Some(None)`: to what only a lenient server would find, so that nobody knows
    /// what is meant.
    fn walk(&self, number: u32, case: Case, method: &str, path: &str) -> Option<Option<u32>> {
        let route = self.tables.routes.get(number as usize)?;
        let (segment, rest) = match path.split_once('/') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (path, None),
        };
        let below = |next: u32| match rest {
            Some(rest) => self.walk(next, case, method, rest),
            None => self.method(self.tables.routes.get(next as usize)?, method).map(Some),
        };
        let literal = self.edge(route, case, segment);
        if let Some(found) = literal.and_then(below) {
            return Some(found);
        }
        let mut others = self.edges(route.edges).iter().filter(|edge| Some(edge.target.get()) != literal);
        if others.any(|edge| is_like(self.text(edge.text), segment) && below(edge.target.get()).is_some()) {
            return Some(None);
        }
        let parameter = Some(route.parameter.get()).filter(|p| *p != NONE && is_value(segment));
        parameter.and_then(below)
    }

    fn edge(&self, route: &Route, case: Case, segment: &str) -> Option<u32> {
        let edges = self.edges(route.edges);
        let wanted = || decoded(segment).map(|byte| case.of(byte));
        let at = edges.binary_search_by(|edge| self.text(edge.text).bytes().cmp(wanted()));
        edges.get(at.ok()?).map(|edge| edge.target.get())
    }

    fn method(&self, route: &Route, method: &str) -> Option<u32> {
        let found = self.edges(route.methods).iter().find(|edge| self.text(edge.text) == method);
        found.map(|edge| edge.target.get())
    }

    fn edges(&self, range: crate::format::Range) -> &[Edge] {
        let edges = self.tables.edges.get(range.at.get() as usize..);
        edges.and_then(|e| e.get(..range.len.get() as usize)).unwrap_or(&[])
    }
}

/// How the letters of a platform's paths are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Kept,
    /// As small letters, which is how the templates are stored.
    Any,
}

impl Case {
    fn of(self, byte: u8) -> u8 {
        match self {
            Case::Kept => byte,
            Case::Any => byte.to_ascii_lowercase(),
        }
    }
}

/// Whether a lenient server could read the segment as the name: in any case of letters, without arguments behind and a
/// namespace before it, or whatever else a sign sets apart from it.
fn is_like(name: &str, segment: &str) -> bool {
    let wanted = bare(name).as_bytes();
    let lower = |byte: u8| byte.to_ascii_lowercase();
    if decoded(segment).any(|byte| !byte.is_ascii())
        || decoded(segment).map(lower).eq(name.bytes().map(lower))
    {
        return true;
    }
    // How much of the name the part has said so far; nothing once it says something else.
    let mut said = Some(0);
    let end = [b'/'].into_iter(); // a sign; none is in a segment
    decoded(segment).chain(end).any(|byte| {
        if is_sign(byte) {
            let whole = said == Some(wanted.len()) && !wanted.is_empty();
            said = Some(0);
            return whole;
        }
        said =
            said.filter(|at| wanted.get(*at).is_some_and(|own| lower(*own) == lower(byte))).map(|at| at + 1);
        false
    })
}

/// Whether the segment can be the value of a parameter: nothing that OData keeps for itself, such as `$count`, no call of
/// a function, and not `FOLDER:` before a path in a drive.
fn is_value(segment: &str) -> bool {
    let called = decoded(segment).any(|byte| matches!(byte, b'(' | b')'));
    !called && decoded(segment).next() != Some(b'$') && decoded(segment).last() != Some(b':')
}

/// Whether names end at the byte.
fn is_sign(byte: u8) -> bool {
    !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'@' | b'$' | b'~'))
}

/// The name without arguments and namespace.
fn bare(name: &str) -> &str {
    let arguments = name.strip_suffix(')').and_then(|called| called.split_once('('));
    let called = arguments.map_or(name, |(called, _)| called);
    called.rsplit_once('.').map_or(called, |(_, bare)| bare)
}

/// What every server reads in the same way: the segments of a path, without the first `/`.
pub(crate) fn plain(path: &str) -> Option<&str> {
    let path = path.split('?').next()?.strip_prefix('/')?;
    path.split('/').all(is_plain).then_some(path)
}

/// Whether every server reads this segment in the same way.
fn is_plain(segment: &str) -> bool {
    let mut bytes = segment.bytes();
    let mut utf8 = Utf8::default();
    let mut dots_only = true;
    let mut empty = true;
    let mut last = 0;
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => match (bytes.next().and_then(hex), bytes.next().and_then(hex)) {
                (Some(high), Some(low)) => match high << 4 | low {
                    b'/' | b'\\' | b'%' => return false,
                    byte => byte,
                },
                _ => return false,
            },
            b'\\' | b';' | b' ' | b'#' => return false,
            byte => byte,
        };
        // U+0080 to U+009F are controls too: 0xc2 and one of these.
        let control = byte < 0x20 || byte == 0x7f || (last == 0xc2 && byte < 0xa0);
        if control || !utf8.accepts(byte) {
            return false;
        }
        last = byte;
        dots_only &= byte == b'.';
        empty = false;
    }
    utf8.is_complete() && !dots_only && !empty
}

pub(crate) fn decoded(segment: &str) -> impl Iterator<Item = u8> + '_ {
    let mut bytes = segment.bytes();
    core::iter::from_fn(move || match bytes.next()? {
        b'%' => Some(bytes.next().and_then(hex)? << 4 | bytes.next().and_then(hex)?),
        byte => Some(byte),
    })
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|d| d as u8)
}

/// Checks UTF-8 byte by byte (The Unicode Standard, table 3-7).
#[derive(Default)]
struct Utf8 {
    /// How many continuation bytes are due.
    due: u8,
    /// The least and the greatest that the next one may be.
    next: (u8, u8),
}

impl Utf8 {
    fn accepts(&mut self, byte: u8) -> bool {
        if self.due > 0 {
            let (least, greatest) = self.next;
            self.due -= 1;
            self.next = (0x80, 0xbf);
            return (least..=greatest).contains(&byte);
        }
        (self.due, self.next) = match byte {
            0x00..=0x7f => (0, (0x80, 0xbf)),
            0xc2..=0xdf => (1, (0x80, 0xbf)),
            0xe0 => (2, (0xa0, 0xbf)),
            0xed => (2, (0x80, 0x9f)),
            0xe1..=0xef => (2, (0x80, 0xbf)),
            0xf0 => (3, (0x90, 0xbf)),
            0xf1..=0xf3 => (3, (0x80, 0xbf)),
            0xf4 => (3, (0x80, 0x8f)),
            _ => return false,
        };
        true
    }

    fn is_complete(&self) -> bool {
        self.due == 0
    }
}
