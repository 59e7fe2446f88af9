//! Rules and the patterns of apps, operations and containers.

use pest::iterators::Pair;

use super::build::{Builder, Built, Parts};
use super::grammar::Rule;
use crate::span::Span;
use crate::syntax::errors;
use crate::syntax::tree::{
    self, AppPattern, Condition, ContainerPattern, ContainerTerm, Effect, Name, OperationPattern,
    OperationTerm, Text,
};

/// Clauses of rules and claims; they come in any order.
#[derive(Default)]
pub(super) struct Clauses {
    pub(super) containers: Option<ContainerPattern>,
    pub(super) when: Option<Condition>,
    pub(super) unless: Option<Condition>,
    pub(super) name: Option<Name>,
    pub(super) because: Option<Text>,
}

impl Builder<'_> {
    pub(super) fn rule(&mut self, pair: Pair<'_, Rule>) -> Built<tree::Rule> {
        let mut parts = self.open(pair);
        let effect = if parts.any()?.as_rule() == Rule::kw_permit { Effect::Permit } else { Effect::Forbid };
        let apps = self.apps(&mut parts)?;
        parts.take(Rule::kw_to)?;
        let operations = self.operations(&mut parts)?;
        let Clauses { containers, when, unless, name, because } = self.clauses(&mut parts)?;
        Ok(tree::Rule { effect, apps, operations, containers, when, unless, name, because, span: parts.span })
    }

    pub(super) fn clauses(&mut self, parts: &mut Parts<'_>) -> Built<Clauses> {
        let mut clauses = Clauses::default();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        while let Some(pair) = parts.next() {
            let (rule, span) = (pair.as_rule(), self.span(&pair));
            let word = match rule {
                Rule::containers => "in",
                Rule::when_clause => "when",
                Rule::unless_clause => "unless",
                Rule::as_clause => "as",
                Rule::because_clause => "because",
                // Any other rule is not a clause.
                _ => return Err(errors::internal(span)),
            };
            if let Some((_, first)) = seen.iter().find(|(w, _)| *w == word) {
                self.diagnostics.push(errors::duplicate_clause(span, *first, word));
                continue;
            }
            seen.push((word, span));
            if rule == Rule::containers {
                clauses.containers = Some(self.containers(pair)?);
                continue;
            }
            let mut parts = self.open(pair);
            // The keyword.
            parts.any()?;
            match rule {
                Rule::when_clause => clauses.when = Some(self.condition(parts.any()?)?),
                Rule::unless_clause => clauses.unless = Some(self.condition(parts.any()?)?),
                Rule::as_clause => clauses.name = Some(self.name(&mut parts)?),
                // `because` is left of those matched above.
                _ => clauses.because = Some(self.text(&mut parts)?),
            }
        }
        Ok(clauses)
    }

    pub(super) fn apps(&mut self, parts: &mut Parts<'_>) -> Built<AppPattern> {
        let mut parts = self.open(parts.take(Rule::apps)?);
        let Some(any) = parts.eat(Rule::any_apps) else {
            return Ok(AppPattern::Named(self.names(Rule::name, &mut parts)?));
        };
        let mut parts = self.open(any);
        parts.take(Rule::kw_any)?;
        let kind = self.name(&mut parts)?;
        let filter = self.maybe_where(&mut parts)?;
        parts.eat(Rule::kw_except);
        Ok(AppPattern::Any { kind, filter, except: self.names(Rule::name, &mut parts)? })
    }

    fn maybe_where(&mut self, parts: &mut Parts<'_>) -> Built<Option<Condition>> {
        match parts.eat(Rule::kw_where) {
            Some(_) => self.condition(parts.any()?).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn operations(&mut self, parts: &mut Parts<'_>) -> Built<OperationPattern> {
        let mut parts = self.open(parts.take(Rule::operations)?);
        let any = self.terms(&mut parts)?;
        let except = match parts.eat(Rule::except_operations) {
            Some(pair) => {
                let mut parts = self.open(pair);
                parts.take(Rule::kw_except)?;
                self.terms(&mut parts)?
            }
            None => Vec::new(),
        };
        Ok(OperationPattern { any, except, span: parts.span })
    }

    fn terms(&mut self, parts: &mut Parts<'_>) -> Built<Vec<OperationTerm>> {
        let mut terms = Vec::new();
        while let Some(pair) = parts.eat(Rule::operation_term) {
            let pair = self.open(pair).any()?;
            terms.push(match pair.as_rule() {
                Rule::all_operations => OperationTerm::All(self.span(&pair)),
                Rule::marked_term => {
                    let mut parts = self.open(pair);
                    parts.take(Rule::kw_marked)?;
                    OperationTerm::Marked(self.name(&mut parts)?)
                }
                // A name or pattern is left.
                _ => OperationTerm::Named(self.word(&pair)),
            });
        }
        Ok(terms)
    }

    pub(super) fn maybe_containers(&mut self, parts: &mut Parts<'_>) -> Built<Option<ContainerPattern>> {
        parts.eat(Rule::containers).map(|pair| self.containers(pair)).transpose()
    }

    fn containers(&mut self, pair: Pair<'_, Rule>) -> Built<ContainerPattern> {
        let mut parts = self.open(pair);
        let exact = parts.any()?.as_rule() == Rule::kw_at;
        let mut terms = Vec::new();
        while let Some(pair) = parts.eat(Rule::container_term) {
            let mut parts = self.open(pair);
            let kind = self.name(&mut parts)?;
            let id = if parts.peek() == Some(Rule::maybe_id) { Some(self.name(&mut parts)?) } else { None };
            terms.push(ContainerTerm { kind, id, filter: self.maybe_where(&mut parts)?, span: parts.span });
        }
        Ok(ContainerPattern { exact, terms, span: parts.span })
    }
}
