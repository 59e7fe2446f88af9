//! From method and path to the operation.
//!
//! Strict on purpose: what a server might read in two ways has no operation here, and is denied.

use crate::format::{Edge, NONE, Route};
use crate::load::Bundle;
use crate::request::OperationHandle;

impl Bundle<'_> {
    /// The operation that a request on the wire calls; `None` if no template matches, or if the path is
    /// one that servers read in different ways (empty, `.` or `..` segments, a final slash, `\`, `;`, `#`, a blank,
    /// a name in another case or called like a function where a parameter would take it, or one that begins with `$`
    /// or ends with `:`, broken escapes, escapes of
    /// `/`, `\` or `%`, control characters, bytes that are not UTF-8).
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
        let names = Names::of(segment);
        let mut others = self.edges(route.edges).iter().filter(|edge| Some(edge.target.get()) != literal);
        if others.any(|edge| names.are(self.text(edge.text)) && below(edge.target.get()).is_some()) {
            return Some(None);
        }
        // What OData keeps for itself, such as `$count`, is no value, and neither is `FOLDER:` before a path in a drive.
        let is_value = decoded(segment).next() != Some(b'$') && decoded(segment).last() != Some(b':');
        let parameter = Some(route.parameter.get()).filter(|p| *p != NONE && is_value);
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

/// The name that a lenient server could read in a segment: without arguments behind, and without a namespace before; in
/// any case of ASCII letters.
struct Names<'s> {
    segment: &'s str,
    /// Where the last part of the name begins, and where the name ends, in decoded bytes.
    bare: usize,
    end: usize,
}

impl Names<'_> {
    fn of(segment: &str) -> Names<'_> {
        let is_called = decoded(segment).last() == Some(b')');
        let called = decoded(segment).position(|byte| byte == b'(').filter(|_| is_called);
        let end = called.unwrap_or_else(|| decoded(segment).count());
        let dots = decoded(segment).take(end).enumerate().filter(|(_, byte)| *byte == b'.');
        Names { segment, bare: dots.last().map_or(0, |(at, _)| at + 1), end }
    }

    fn are(&self, name: &str) -> bool {
        let read = decoded(self.segment).take(self.end).skip(self.bare);
        read.map(|byte| byte.to_ascii_lowercase())
            .eq(bare(name).bytes().map(|byte| byte.to_ascii_lowercase()))
    }
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
