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
        let starts = &self.lines[span.source as usize];
        let line = starts.partition_point(|s| *s <= span.start).max(1) - 1;
        let before = self.source(span).text.get(starts[line] as usize..span.start as usize).unwrap_or("");
        LineColumn { line: line as u32 + 1, column: before.chars().count() as u32 + 1 }
    }

    /// `path:line:column`, the form that terminals and editors link.
    pub fn at(&self, span: Span) -> String {
        let p = self.position(span);
        format!("{}:{}:{}", self.source(span).path, p.line, p.column)
    }
}
