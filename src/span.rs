//! Places in source text: plain numbers, never optional.

/// Bytes `start..end` of source number `source` in a [`SourceMap`].
///
/// A place is not part of what is said: all spans are equal, so that trees compare by meaning.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// Index into [`SourceMap::sources`].
    pub source: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

impl Eq for Span {}

impl Span {
    /// The bytes `start..end` of `source`.
    pub fn new(source: u32, start: usize, end: usize) -> Span {
        Span { source, start: start as u32, end: end as u32 }
    }

    /// The smallest span that covers both; `other` must lie in the same source.
    pub fn to(self, other: Span) -> Span {
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// One text with the name that people see in messages.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path relative to the package, with `/` separators: the same wherever the package lies.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// Every text of one compilation; spans index into it.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
    /// Byte offset of every line start, per source.
    lines: Vec<Vec<u32>>,
}

/// A place as people count: line and column from 1, the column in Unicode characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineColumn {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// A place in every unit that some reader counts columns in. All from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column in bytes of UTF-8: reviewdog.
    pub bytes: u32,
    /// The column in Unicode characters: people, SARIF as written here.
    pub chars: u32,
    /// The column in UTF-16 code units: GitHub's annotations, editors.
    pub utf16: u32,
}

impl SourceMap {
    /// Adds a text and returns its number.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> u32 {
        let (path, text) = (path.into(), text.into());
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
        self.lines.push(starts);
        self.sources.push(Source { path, text });
        self.sources.len() as u32 - 1
    }

    /// All sources, in the order added.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The source a span lies in.
    pub fn source(&self, span: Span) -> &Source {
        &self.sources[span.source as usize]
    }

    /// The text a span covers; empty where the span does not fit its source.
    pub fn text(&self, span: Span) -> &str {
        self.source(span).text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Line and column of the span's first character.
    pub fn position(&self, span: Span) -> LineColumn {
        let place = self.place(span);
        LineColumn { line: place.line, column: place.chars }
    }

    /// The place of the span's first character.
    pub fn place(&self, span: Span) -> Place {
        let starts = &self.lines[span.source as usize];
        let line = starts.partition_point(|s| *s <= span.start).max(1) - 1;
        let before = self.source(span).text.get(starts[line] as usize..span.start as usize).unwrap_or("");
        Place {
            line: line as u32 + 1,
            bytes: before.len() as u32 + 1,
            chars: before.chars().count() as u32 + 1,
            utf16: before.encode_utf16().count() as u32 + 1,
        }
    }

    /// The place one past the span's last character.
    pub fn end(&self, span: Span) -> Place {
        self.place(Span { start: span.end, ..span })
    }

    /// `path:line:column`, the form that terminals and editors link.
    pub fn at(&self, span: Span) -> String {
        let p = self.position(span);
        format!("{}:{}:{}", self.source(span).path, p.line, p.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, what: &str, start: (u32, u32, u32, u32), end: (u32, u32, u32, u32)) {
        let mut sources = SourceMap::default();
        sources.add("a.sprag", text);
        let at = text.find(what).unwrap();
        let span = Span::new(0, at, at + what.len());
        let tuple = |p: Place| (p.line, p.bytes, p.chars, p.utf16);
        assert_eq!((tuple(sources.place(span)), tuple(sources.end(span))), (start, end), "{text:?}");
    }

    #[test]
    fn columns_are_counted_in_bytes_characters_and_utf_16() {
        check("ab", "b", (1, 2, 2, 2), (1, 3, 3, 3));
        check("é b", "b", (1, 4, 3, 3), (1, 5, 4, 4));
        check("€ b", "b", (1, 5, 3, 3), (1, 6, 4, 4));
        check("😀 b", "b", (1, 6, 3, 4), (1, 7, 4, 5));
        check("b 😀", "😀", (1, 3, 3, 3), (1, 7, 4, 5));
        check("x\n\té b\ny", "b", (2, 5, 4, 4), (2, 6, 5, 5));
        check("x\r\nb\r\n", "b", (2, 1, 1, 1), (2, 2, 2, 2));
    }

    #[test]
    fn a_place_of_several_lines_ends_on_its_last() {
        check("a {\n  é\n} b", "{\n  é\n}", (1, 3, 3, 3), (3, 2, 2, 2));
        check("a\n", "a\n", (1, 1, 1, 1), (2, 1, 1, 1));
    }

    #[test]
    fn the_end_of_the_text_is_a_place() {
        check("", "", (1, 1, 1, 1), (1, 1, 1, 1));
    }
}
