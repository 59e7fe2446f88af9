//! The text as tokens: comments, where an item can start, and where the parser must stop.

use pest::Parser;

use super::grammar::{Grammar, Rule};
use crate::span::Span;
use crate::syntax::tree::Comment;

/// Deepest nesting of `(`, `[` and `not`; the parser recurses that far, and no further.
pub(in crate::syntax) const MAX_DEPTH: u32 = 128;

/// At this depth an item keyword at column 1 means that brackets were left open, not a name.
const OPEN_BRACKETS: u32 = 32;

/// What the lexer found in one text.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// All but comments, in order.
    pub(super) all: Vec<Token>,
    /// All comments, in order.
    pub(super) comments: Vec<Comment>,
    /// Offsets that no item may cross, in order.
    pub(super) stops: Vec<Stop>,
}

/// One token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// First byte.
    pub(super) start: u32,
    /// One past the last byte.
    pub(super) end: u32,
    /// What it is.
    pub(super) kind: TokenKind,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A quoted text.
    String,
    /// A quoted text that its line does not close.
    OpenString,
    /// A name, keyword, number, …
    Word,
    /// The word is an item's keyword and the first token of its line.
    ItemKeyword {
        /// No blank stands before it.
        first_column: bool,
    },
    /// An operator or bracket.
    Symbol,
    /// A character that the language does not use.
    Stray,
}

/// An offset that no item may cross.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// Where.
    pub(super) at: u32,
    /// Because of [`MAX_DEPTH`]; else because brackets were left open.
    pub(super) too_deep: bool,
}

impl Tokens {
    /// Cuts `text[from..]` into tokens; offsets are those of `text`.
    pub(super) fn read(source: u32, text: &str, from: usize) -> Tokens {
        let mut tokens = Tokens::default();
        let mut nesting = Nesting::default();
        let mut line_start = from;
        for line in text.get(from..).unwrap_or("").split_inclusive('\n') {
            tokens.line(source, line, line_start, &mut nesting);
            line_start += line.len();
        }
        tokens
    }

    /// The index of the first token that ends after `at`.
    pub(super) fn index_at(&self, at: usize) -> usize {
        self.all.partition_point(|t| t.end as usize <= at)
    }

    /// The token that covers `at`, or the next one.
    pub(super) fn get(&self, at: usize) -> Option<Token> {
        self.all.get(self.index_at(at)).copied()
    }

    /// Where the last token that starts before `end` ends, but at most `end`.
    pub(super) fn trim(&self, end: usize) -> usize {
        let next = self.all.partition_point(|t| (t.start as usize) < end);
        next.checked_sub(1).and_then(|i| self.all.get(i)).map_or(end, |t| end.min(t.end as usize))
    }

    /// The first stop after `at`.
    pub(super) fn stop_after(&self, at: usize) -> Option<Stop> {
        self.stops.get(self.stops.partition_point(|s| s.at as usize <= at)).copied()
    }

    fn line(&mut self, source: u32, line: &str, line_start: usize, nesting: &mut Nesting) {
        let mut first = true;
        // The rule `line` accepts every text.
        for pair in Grammar::parse(Rule::line, line).into_iter().flatten().flat_map(|line| line.into_inner())
        {
            let (start, end) = (line_start + pair.as_span().start(), line_start + pair.as_span().end());
            let kind = match pair.as_rule() {
                Rule::comment_token => {
                    self.comments.push(Comment {
                        text: pair.as_str().trim_end().to_string(),
                        span: Span::new(source, start, end),
                        own_line: first,
                    });
                    continue;
                }
                Rule::string => TokenKind::String,
                Rule::open_string => TokenKind::OpenString,
                Rule::word_token if first && is_item_keyword(pair.as_str()) => {
                    TokenKind::ItemKeyword { first_column: start == line_start }
                }
                Rule::word_token => TokenKind::Word,
                Rule::symbol => TokenKind::Symbol,
                // Only `stray` is left of the rule `token`.
                _ => TokenKind::Stray,
            };
            first = false;
            if let Some(stop) = nesting.token(kind, pair.as_str(), start as u32) {
                self.stops.push(stop);
            }
            self.all.push(Token { start: start as u32, end: end as u32, kind });
        }
    }
}

/// What items start with, for suggestions.
pub(in crate::syntax) const ITEM_KEYWORDS: [&str; 24] = [
    "app",
    "assign",
    "attributes",
    "authority",
    "catalog",
    "condition",
    "container",
    "ensure",
    "enum",
    "forbid",
    "group",
    "kind",
    "mark",
    "model",
    "operation",
    "path",
    "permit",
    "ratchet",
    "role",
    "scope",
    "test",
    "use",
    "widen",
    "window",
];

fn is_item_keyword(word: &str) -> bool {
    ITEM_KEYWORDS.binary_search(&word).is_ok()
}

/// Counts open `(`, `[` and `not` without regard to items, so that it never counts too few.
#[derive(Debug, Default)]
struct Nesting {
    depth: u32,
    /// The depth to return to at each closing bracket.
    open: Vec<u32>,
}

impl Nesting {
    fn token(&mut self, kind: TokenKind, text: &str, at: u32) -> Option<Stop> {
        let outside = self.open.last().map_or(0, |before| before + 1);
        match (kind, text) {
            (TokenKind::ItemKeyword { first_column: true }, _) if outside >= OPEN_BRACKETS => {
                *self = Nesting::default();
                return Some(Stop { at, too_deep: false });
            }
            (TokenKind::Word, "not") => self.depth += 1,
            (TokenKind::Symbol, "(" | "[") => {
                self.open.push(self.depth);
                self.depth += 1;
            }
            (TokenKind::Symbol, ")" | "]") => self.depth = self.open.pop().unwrap_or(0),
            _ => self.depth = outside,
        }
        if self.depth > MAX_DEPTH {
            *self = Nesting::default();
            return Some(Stop { at, too_deep: true });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_keywords_are_sorted_and_those_of_the_grammar() {
        assert!(ITEM_KEYWORDS.is_sorted());
        for word in ITEM_KEYWORDS {
            assert!(Grammar::parse(Rule::item_keyword, word).is_ok(), "{word}");
        }
    }
}
