//! Text to tree, item by item, so that a broken item does not hide the next one.

mod apps;
mod build;
mod catalogs;
mod conditions;
mod expected;
mod grammar;
mod guarantees;
mod patterns;
mod plain;
mod ratchets;
mod tokens;
mod values;

use pest::Parser as _;
use pest::error::{ErrorVariant, InputLocation};

use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::{characters, errors, tree};
use build::Builder;
use grammar::{Grammar, Rule};
use tokens::{ITEM_KEYWORDS, MAX_DEPTH, Token, TokenKind, Tokens};
pub(in crate::syntax) use values::{FIRST_INSTANT, LAST_INSTANT};

/// More errors than this in one file help nobody.
const MAX_ERRORS: usize = 1000;

/// Reads one file: its tree and what is wrong with the text, ordered by place.
///
/// Total: every text has an answer, in time linear in its length. Items with an error in their syntax are
/// missing from the tree, the others are all there. A text without diagnostics is a Sprag text.
pub fn parse(source: u32, text: &str) -> (tree::File, Vec<Diagnostic>) {
    if u32::try_from(text.len()).is_err() {
        return (tree::File::default(), vec![errors::too_large(source)]);
    }
    // A byte order mark says nothing, and some editors write it.
    let from = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if let Some((start, plain)) = plain::tail(source, text, from) {
        let (mut head, diagnostics) = parse_by_grammar(source, text.get(..start).unwrap_or(""), from);
        if diagnostics.is_empty() {
            head.items.extend(plain);
            return (head, diagnostics);
        }
    }
    parse_by_grammar(source, text, from)
}

fn parse_by_grammar(source: u32, text: &str, from: usize) -> (tree::File, Vec<Diagnostic>) {
    let tokens = Tokens::read(source, text, from);
    let mut parser = Parser { source, text, tokens, diagnostics: Vec::new() };
    parser.characters(from);
    let items = parser.items(from);
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|d| d.span().start);
    (tree::File { items, comments: parser.tokens.comments }, diagnostics)
}

/// Whether the word can be a bare name nowhere.
pub(in crate::syntax) fn is_reserved(word: &str) -> bool {
    is_whole(Rule::reserved, word)
}

/// Whether the text is a scope, group or rule name without quotes.
pub(in crate::syntax) fn is_bare_scope(text: &str) -> bool {
    is_whole(Rule::bare_scope, text)
}

/// Whether the text is a container's id without quotes, wherever an id can stand.
pub(in crate::syntax) fn is_bare_id(text: &str) -> bool {
    is_whole(Rule::bare_maybe_id, text)
}

fn is_whole(rule: Rule, text: &str) -> bool {
    let whole = |pairs: pest::iterators::Pairs<'_, Rule>| pairs.as_str().len() == text.len();
    Grammar::parse(rule, text).is_ok_and(whole)
}

struct Parser<'t> {
    source: u32,
    text: &'t str,
    tokens: Tokens,
    diagnostics: Vec<Diagnostic>,
}

impl Parser<'_> {
    fn items(&mut self, from: usize) -> Vec<tree::Item> {
        let mut items = Vec::new();
        let mut at = from;
        let before = self.diagnostics.len();
        while let Some(token) = self.tokens.get(at) {
            if self.diagnostics.len() - before >= MAX_ERRORS {
                self.diagnostics.push(errors::too_many(self.span(token), MAX_ERRORS));
                break;
            }
            at = self.item(token.start as usize, &mut items);
        }
        items
    }

    /// Reads the item at `at` and returns where the next one may start, always further on.
    fn item(&mut self, at: usize, items: &mut Vec<tree::Item>) -> usize {
        let end = self.tokens.stop_after(at).map_or(self.text.len(), |stop| stop.at as usize);
        match Grammar::parse(Rule::next, self.text.get(at..end).unwrap_or("")) {
            Ok(pairs) => self.build(at, pairs, items),
            Err(error) => self.broken(at, &error, items),
        }
    }

    fn build(
        &mut self,
        at: usize,
        mut pairs: pest::iterators::Pairs<'_, Rule>,
        items: &mut Vec<tree::Item>,
    ) -> usize {
        let Some(pair) = pairs.next() else {
            return self.text.len();
        };
        let end = at + pair.as_span().end();
        let mut builder = Builder {
            source: self.source,
            base: at,
            tokens: &self.tokens,
            diagnostics: &mut self.diagnostics,
        };
        match builder.item(pair) {
            Ok(item) => items.push(item),
            Err(diagnostic) => self.diagnostics.push(diagnostic),
        }
        end
    }

    fn broken(&mut self, at: usize, error: &pest::error::Error<Rule>, items: &mut Vec<tree::Item>) -> usize {
        let (InputLocation::Pos(offset) | InputLocation::Span((offset, _))) = error.location;
        let failure = at + offset;
        let index = self.tokens.index_at(failure);
        let found = self.tokens.all.get(index).copied();
        if let Some(found) = found.filter(|t| t.start as usize > at && self.is_first_column(*t)) {
            let start = found.start as usize;
            // The item is whole and what follows starts no other: that is another mistake, not its own.
            if let Ok(pairs) = Grammar::parse(Rule::item, self.text.get(at..start).unwrap_or(""))
                && self.tokens.index_at(at + pairs.as_str().trim_end().len()) == index
            {
                self.build(at, pairs, items);
                return start;
            }
        }
        self.report(at, failure, found, &error.variant);
        self.resynchronise(at, index)
    }

    fn report(&mut self, at: usize, failure: usize, found: Option<Token>, variant: &ErrorVariant<Rule>) {
        let ErrorVariant::ParsingError { positives, .. } = variant else {
            // pest gives up of itself only where the stack ends; `Stop` should have come first.
            return self.diagnostics.push(errors::too_deep(self.last_before(failure), MAX_DEPTH));
        };
        let expected = expected::phrases(positives);
        let Some(token) = found else {
            return self.diagnostics.push(errors::unexpected_end(self.last_before(failure), &expected));
        };
        let (span, text) =
            (self.span(token), self.text.get(token.start as usize..token.end as usize).unwrap_or(""));
        let too_deep = |s: &tokens::Stop| s.too_deep && s.at == token.start;
        if self.tokens.stop_after(at).is_some_and(|s| too_deep(&s)) {
            return self.diagnostics.push(errors::too_deep(span, MAX_DEPTH));
        }
        let diagnostic = match (token.kind, text.chars().next()) {
            (TokenKind::OpenString, _) => errors::unterminated_string(span),
            // The scan for such characters has reported this line.
            (TokenKind::Stray, Some(c)) if characters::is_bidirectional(c) || c.is_control() => {
                return;
            }
            (TokenKind::Stray, Some(c)) => {
                errors::stray_character(span, c, characters::look_alike(c).as_deref())
            }
            _ if token.start as usize == at => errors::unknown_declaration(span, text, &ITEM_KEYWORDS),
            _ if expected::only_names(positives) && is_reserved(text) => {
                errors::reserved_word(span, text, expected::quotable(positives))
            }
            _ => errors::unexpected(span, &expected, text),
        };
        self.diagnostics.push(diagnostic);
    }

    /// Where the next item starts after the one at `at` failed at token `failure`: at an item keyword that
    /// is the first of its line and stands outside of braces or, after the failure, at the first column.
    fn resynchronise(&self, at: usize, failure: usize) -> usize {
        let mut braces = 0_usize;
        for (index, token) in self.tokens.all.iter().enumerate().skip(self.tokens.index_at(at)) {
            match token.kind {
                TokenKind::ItemKeyword { first_column }
                    if token.start as usize > at && (braces == 0 || first_column && index >= failure) =>
                {
                    return token.start as usize;
                }
                TokenKind::Symbol => match self.text.as_bytes().get(token.start as usize) {
                    Some(b'{') => braces += 1,
                    Some(b'}') => braces = braces.saturating_sub(1),
                    _ => {}
                },
                TokenKind::ItemKeyword { .. }
                | TokenKind::String
                | TokenKind::OpenString
                | TokenKind::Word
                | TokenKind::Stray => {}
            }
        }
        self.text.len()
    }

    /// Characters that no text should have anywhere; one message for each line.
    fn characters(&mut self, from: usize) {
        let mut line_start = from;
        let mut found = 0;
        for line in self.text.get(from..).unwrap_or("").split_inclusive('\n') {
            let body = line.strip_suffix("\r\n").or_else(|| line.strip_suffix('\n')).unwrap_or(line);
            let wrong = |c: char| characters::is_bidirectional(c) || c.is_control() && c != '\t';
            if let Some((offset, c)) = body.char_indices().find(|(_, c)| wrong(*c)) {
                let start = line_start + offset;
                let span = Span::new(self.source, start, start + c.len_utf8());
                found += 1;
                if found > MAX_ERRORS {
                    self.diagnostics.push(errors::too_many(span, MAX_ERRORS));
                    break;
                }
                self.diagnostics.push(if characters::is_bidirectional(c) {
                    errors::bidirectional(span, c)
                } else {
                    errors::control_character(span, c)
                });
            }
            line_start += line.len();
        }
    }

    fn is_first_column(&self, token: Token) -> bool {
        let before = (token.start as usize).checked_sub(1).and_then(|i| self.text.as_bytes().get(i));
        before.is_none_or(|b| *b == b'\n')
    }

    fn last_before(&self, at: usize) -> Span {
        let last = self.tokens.all.partition_point(|t| (t.start as usize) < at).checked_sub(1);
        last.and_then(|i| self.tokens.all.get(i)).map_or(Span::new(self.source, 0, 0), |t| self.span(*t))
    }

    fn span(&self, token: Token) -> Span {
        Span { source: self.source, start: token.start, end: token.end }
    }
}
