//! From the parse tree of pest to the tree of the language: what every part needs.

use pest::iterators::{Pair, Pairs};

use super::grammar::Rule;
use super::tokens::Tokens;
use super::values;
use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::errors;
use crate::syntax::tree::{Item, Name, Text};

/// `Err` only where grammar and builder disagree.
pub(super) type Built<T> = Result<T, Diagnostic>;

/// Builds the tree of one item; small mistakes go to `diagnostics`, and the item stays.
pub(super) struct Builder<'a> {
    pub(super) source: u32,
    /// Where the text that pest saw starts.
    pub(super) base: usize,
    pub(super) tokens: &'a Tokens,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
}

impl Builder<'_> {
    pub(super) fn item(&mut self, pair: Pair<'_, Rule>) -> Built<Item> {
        let mut item = self.open(pair);
        let pair = item.any()?;
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::catalog_item => self.catalog(pair).map(Item::Catalog),
            Rule::use_item => self.use_catalog(pair).map(Item::Use),
            Rule::enum_item => self.enumeration(pair).map(Item::Enumeration),
            Rule::kind_item => self.kind(pair).map(Item::Kind),
            Rule::attributes_item => self.attributes(pair).map(Item::Attributes),
            Rule::model_item => self.model(pair).map(Item::Model),
            Rule::scope_item => self.scope_item(pair).map(Item::Scope),
            Rule::mark_item => self.mark(pair).map(Item::Mark),
            Rule::path_item => self.naming(pair).map(Item::Naming),
            Rule::operation_item => self.operation(pair).map(Item::Operation),
            Rule::operation_group_item => self.operation_group(pair).map(Item::OperationGroup),
            Rule::app_item => self.app(pair).map(Item::App),
            Rule::role_item => self.role(pair).map(Item::Role),
            Rule::group_item => self.group(pair).map(Item::Group),
            Rule::assign_item => self.assignment(pair).map(Item::Assignment),
            Rule::container_item => self.container(pair).map(Item::Container),
            Rule::window_item => self.window(pair).map(Item::Window),
            Rule::condition_item => self.named_condition(pair).map(Item::Condition),
            Rule::rule_item => self.rule(pair).map(Item::Rule),
            Rule::ratchet_item => self.ratchet(pair).map(Item::Ratchet),
            Rule::ensure_item => self.guarantee(pair).map(Item::Guarantee),
            Rule::widen_item => self.widening(pair).map(Item::Widening),
            Rule::authority_item => self.authority(pair).map(Item::Authority),
            Rule::test_item => self.test(pair).map(Item::Test),
            // Any other rule is not an alternative of `item`.
            _ => Err(errors::internal(span)),
        }
    }

    /// The pair's place, without blanks and comments at its end.
    pub(super) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        let (start, end) = (self.base + span.start(), self.base + span.end());
        Span::new(self.source, start, self.tokens.trim(end).max(start))
    }

    /// The parts of a pair.
    pub(super) fn open<'i>(&self, pair: Pair<'i, Rule>) -> Parts<'i> {
        Parts { span: self.span(&pair), pairs: pair.into_inner() }
    }

    /// A bare word as a name, whatever rule it is.
    pub(super) fn word(&self, pair: &Pair<'_, Rule>) -> Name {
        Name { text: pair.as_str().to_string(), span: self.span(pair) }
    }

    /// The next part as a name.
    pub(super) fn name(&mut self, parts: &mut Parts<'_>) -> Built<Name> {
        let pair = parts.any()?;
        match pair.as_rule() {
            Rule::scope | Rule::id | Rule::maybe_id => {
                let inner = self.open(pair).any()?;
                if inner.as_rule() == Rule::string {
                    let text = self.text_of(&inner);
                    return Ok(Name { text: text.value, span: text.span });
                }
                Ok(self.word(&inner))
            }
            // All other names are one word.
            _ => Ok(self.word(&pair)),
        }
    }

    /// As many of the following parts as are such names.
    pub(super) fn names(&mut self, rule: Rule, parts: &mut Parts<'_>) -> Built<Vec<Name>> {
        let mut names = Vec::new();
        while parts.peek() == Some(rule) {
            names.push(self.name(parts)?);
        }
        Ok(names)
    }

    /// The next part as a quoted text.
    pub(super) fn text(&mut self, parts: &mut Parts<'_>) -> Built<Text> {
        let pair = parts.take(Rule::string)?;
        Ok(self.text_of(&pair))
    }

    /// The next part as a quoted text, if it is one.
    pub(super) fn maybe_text(&mut self, parts: &mut Parts<'_>) -> Option<Text> {
        let pair = parts.eat(Rule::string)?;
        Some(self.text_of(&pair))
    }

    /// As many of the following parts as are quoted texts.
    pub(super) fn texts(&mut self, parts: &mut Parts<'_>) -> Vec<Text> {
        std::iter::from_fn(|| self.maybe_text(parts)).collect()
    }

    /// A quoted text, its escapes resolved.
    pub(super) fn text_of(&mut self, pair: &Pair<'_, Rule>) -> Text {
        let span = self.span(pair);
        Text { value: values::unescape(pair.as_str(), span, self.diagnostics), span }
    }
}

/// What stands inside a pair, without its punctuation.
pub(super) struct Parts<'i> {
    /// Where the whole stands.
    pub(super) span: Span,
    pairs: Pairs<'i, Rule>,
}

impl<'i> Parts<'i> {
    /// The next part's rule.
    pub(super) fn peek(&mut self) -> Option<Rule> {
        loop {
            let rule = self.pairs.peek()?.as_rule();
            if !is_punctuation(rule) {
                return Some(rule);
            }
            self.pairs.next();
        }
    }

    /// The next part, if there is one.
    pub(super) fn next(&mut self) -> Option<Pair<'i, Rule>> {
        self.peek()?;
        self.pairs.next()
    }

    /// The next part, if it is of this rule.
    pub(super) fn eat(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        if self.peek()? == rule { self.pairs.next() } else { None }
    }

    /// The next part, of this rule.
    pub(super) fn take(&mut self, rule: Rule) -> Built<Pair<'i, Rule>> {
        self.eat(rule).ok_or_else(|| errors::internal(self.span))
    }

    /// The next part, whatever it is.
    pub(super) fn any(&mut self) -> Built<Pair<'i, Rule>> {
        self.next().ok_or_else(|| errors::internal(self.span))
    }
}

fn is_punctuation(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::comma
            | Rule::colon
            | Rule::dash
            | Rule::equals
            | Rule::open_brace
            | Rule::close_brace
            | Rule::open_bracket
            | Rule::close_bracket
            | Rule::open_paren
            | Rule::close_paren
    )
}
