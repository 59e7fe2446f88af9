//! Comments that allow a finding: `// sprag: allow standing-admin until 2027-01-31 because "…"`.
//!
//! At the end of a line it covers findings on that line. On a line of its own it covers the declaration below it,
//! or inside of a declaration the next line. A reason is a must, so that the next reader can judge it.

use jiff::civil::Date;

use super::Rule;
use crate::diag::Diagnostic;
use crate::span::{SourceMap, Span};
use crate::syntax::tree::{Comment, File};

/// How such a comment begins, after the slashes and blanks.
pub const MARK: &str = "sprag:";

/// What one says who wants to write one.
pub const FORM: &str = "write `// sprag: allow NAME because \"reason\"`, with `until 2027-01-31` before `because` if it shall end";

/// All such comments of a package.
#[derive(Debug, Default)]
pub struct Suppressions {
    /// Those that are well formed, in source order.
    pub all: Vec<Suppression>,
    /// Those that are not: place of the comment, and what is wrong.
    pub malformed: Vec<(Span, String)>,
}

/// One comment.
#[derive(Debug)]
pub struct Suppression {
    /// The codes or names as written, each with its place; at least one.
    pub rules: Vec<(String, Span)>,
    /// The last day on which it counts.
    pub until: Option<(Date, Span)>,
    /// Why.
    pub because: String,
    /// The comment.
    pub span: Span,
    /// The bytes of its source in which a finding must begin or end.
    covers: (u32, u32),
}

impl Suppression {
    /// Whether its last day lies before that day.
    pub fn expired(&self, today: Date) -> bool {
        self.until.is_some_and(|(last, _)| last < today)
    }

    /// Whether the finding's primary place is covered: it begins or ends there.
    pub fn covers(&self, finding: &Diagnostic) -> bool {
        let Some(label) = finding.labels.first() else { return false };
        let last = label.span.end.max(label.span.start + 1) - 1;
        let inside = |at: u32| self.covers.0 <= at && at < self.covers.1;
        label.span.source == self.span.source && (inside(label.span.start) || inside(last))
    }

    /// Whether it stands above the declaration or member in this text and covers nothing else.
    pub fn is_above(&self, text: &str, declared: Span) -> bool {
        let (from, to) = self.covers;
        let blank = |from: u32, to: u32| text[from as usize..to as usize].trim().is_empty();
        self.span.source == declared.source
            && self.span.end <= declared.start
            && (from..to).contains(&declared.start)
            && blank(from, declared.start)
            && (declared.end >= to || blank(declared.end, to))
    }

    /// Which of the named rules, by its position, has this code.
    pub fn names(&self, code: &str) -> Option<usize> {
        self.rules.iter().position(|(name, _)| Rule::named(name).is_some_and(|r| r.code == code))
    }
}

/// Whether findings of this rule can be allowed by a comment: those about comments and baselines cannot, or
/// nothing would tell that they are wrong.
pub fn can_allow(rule: &Rule) -> bool {
    !rule.code.starts_with("SPR09")
}

/// The rules that can be allowed and are not switched off for good, for messages that name the nearest.
pub fn allowable() -> impl Iterator<Item = &'static str> {
    super::RULES.iter().filter(|r| can_allow(r)).flat_map(|r| [r.name, r.code])
}

/// Reads the comments of the package's own files.
pub(super) fn read(sources: &SourceMap, files: &[File]) -> Suppressions {
    let mut found = Suppressions::default();
    for file in files {
        for comment in &file.comments {
            let Some(body) = comment.text.trim_start_matches('/').trim_start().strip_prefix(MARK) else {
                continue;
            };
            let at = comment.text.len() - body.len();
            match (Reader { comment, rest: body, at }).suppression() {
                Ok(mut suppression) => {
                    suppression.covers = covered(sources, file, comment);
                    found.all.push(suppression);
                }
                Err(why) => found.malformed.push((comment.span, why)),
            }
        }
    }
    found
}

/// The part of the text that a comment speaks about.
fn covered(sources: &SourceMap, file: &File, comment: &Comment) -> (u32, u32) {
    let text = &sources.source(comment.span).text;
    let line_around = |at: usize| {
        let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
        let end = text[at..].find('\n').map_or(text.len(), |i| at + i + 1);
        (start as u32, end as u32)
    };
    if !comment.own_line {
        return line_around(comment.span.start as usize);
    }
    let around = |s: Span| s.start <= comment.span.start && comment.span.end <= s.end;
    let inside = file.items.iter().any(|item| around(item.span()));
    let below = file.items.iter().map(|item| item.span()).find(|s| s.start >= comment.span.end);
    match below {
        Some(item) if !inside => (item.start, item.end),
        // Inside of a declaration, or below the last one.
        Some(_) | None => line_around(next_code(file, text, comment.span.end as usize)),
    }
}

/// The first byte after this one that is neither blank nor in a comment; the end of the text if there is none.
fn next_code(file: &File, text: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        at = text[at..].find(|c: char| !c.is_whitespace()).map_or(text.len(), |i| at + i);
        match file.comments.iter().find(|c| c.span.start as usize == at) {
            Some(comment) => at = comment.span.end as usize,
            None => return at,
        }
    }
}

/// What is left to read of a comment.
struct Reader<'a> {
    comment: &'a Comment,
    rest: &'a str,
    /// Bytes of the comment before `rest`.
    at: usize,
}

impl Reader<'_> {
    fn suppression(mut self) -> Result<Suppression, String> {
        let (word, _) = self.word();
        if word != "allow" {
            return Err(format!("`allow` must stand after `{MARK}`, not `{word}`"));
        }
        let mut rules = Vec::new();
        let mut until = None;
        loop {
            let (name, span) = self.word();
            if name.is_empty() || matches!(name.as_str(), "until" | "because") {
                return Err("it does not name the rule that it allows".to_owned());
            }
            rules.push((name, span));
            if !self.skip(",") {
                break;
            }
        }
        let (mut word, _) = self.word();
        if word == "until" {
            let (day, span) = self.word();
            let date = day.parse::<Date>().map_err(|_| format!("`{day}` is no day such as `2027-01-31`"))?;
            until = Some((date, span));
            (word, _) = self.word();
        }
        if word != "because" {
            return Err(match word.as_str() {
                "" => "it does not say why: `because \"…\"` is missing".to_owned(),
                other => format!("`because \"…\"` must stand where `{other}` stands"),
            });
        }
        let quoted = self.rest.trim();
        let because = quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"')).unwrap_or_default().trim();
        if because.is_empty() || because.contains('"') {
            return Err("the reason must be one text in quotes, and nothing may follow it".to_owned());
        }
        let (because, span) = (because.to_owned(), self.comment.span);
        Ok(Suppression { rules, until, because, span, covers: (0, 0) })
    }

    /// The next word, up to a blank or a comma, with its place.
    fn word(&mut self) -> (String, Span) {
        self.blanks();
        let end = self.rest.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(self.rest.len());
        let (word, start) = (self.rest[..end].to_owned(), self.comment.span.start as usize + self.at);
        self.advance(end);
        (word, Span::new(self.comment.span.source, start, start + end))
    }

    fn skip(&mut self, mark: &str) -> bool {
        self.blanks();
        let there = self.rest.starts_with(mark);
        if there {
            self.advance(mark.len());
        }
        there
    }

    fn blanks(&mut self) {
        self.advance(self.rest.len() - self.rest.trim_start().len());
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
        self.at += bytes;
    }
}
