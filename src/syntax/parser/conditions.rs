//! Conditions. The parser recurses as deep as they nest, which the tokens have limited.

use pest::iterators::Pair;

use super::build::{Builder, Built};
use super::grammar::Rule;
use crate::span::Span;
use crate::syntax::errors;
use crate::syntax::tree::{Condition, Name, NamedCondition, Operand};

impl Builder<'_> {
    pub(super) fn named_condition(&mut self, pair: Pair<'_, Rule>) -> Built<NamedCondition> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_condition)?;
        let name = self.name(&mut parts)?;
        Ok(NamedCondition { name, condition: self.condition(parts.any()?)?, span: parts.span })
    }

    pub(super) fn condition(&mut self, pair: Pair<'_, Rule>) -> Built<Condition> {
        match pair.as_rule() {
            Rule::condition => self.chain(pair, Rule::conjunction, Condition::Any),
            Rule::conjunction => self.chain(pair, Rule::negation, Condition::All),
            Rule::negation => self.negation(pair),
            Rule::comparison => self.comparison(pair),
            Rule::call => self.call(pair),
            Rule::boolean => Ok(Condition::Constant(pair.as_str() == "true", self.span(&pair))),
            // A path is left.
            _ => Ok(Condition::Name(self.word(&pair))),
        }
    }

    /// `a or b or c` or `a and b and c`; a single one is itself.
    fn chain(
        &mut self,
        pair: Pair<'_, Rule>,
        link: Rule,
        join: fn(Vec<Condition>) -> Condition,
    ) -> Built<Condition> {
        let mut parts = self.open(pair);
        let first = self.condition(parts.take(link)?)?;
        if parts.peek().is_none() {
            return Ok(first);
        }
        let mut links = vec![first];
        while let Some(pair) = parts.next() {
            if pair.as_rule() == link {
                links.push(self.condition(pair)?);
            }
        }
        Ok(join(links))
    }

    fn negation(&mut self, pair: Pair<'_, Rule>) -> Built<Condition> {
        let mut parts = self.open(pair);
        let mut nots: Vec<Span> = Vec::new();
        while let Some(pair) = parts.eat(Rule::kw_not) {
            nots.push(self.span(&pair));
        }
        let mut condition = self.condition(parts.any()?)?;
        while let Some(not) = nots.pop() {
            condition = Condition::Not(Box::new(condition), not.to(parts.span));
        }
        Ok(condition)
    }

    fn comparison(&mut self, pair: Pair<'_, Rule>) -> Built<Condition> {
        let mut parts = self.open(pair);
        let left = self.operand(parts.take(Rule::operand)?)?;
        let mut operator = self.open(parts.take(Rule::operator)?);
        let mut words = Vec::new();
        while let Some(pair) = operator.next() {
            words.push(pair.as_str());
        }
        let operator = Name { text: words.join(" "), span: operator.span };
        let right = self.operand(parts.take(Rule::operand)?)?;
        Ok(Condition::Compare { left, operator, right, span: parts.span })
    }

    fn call(&mut self, pair: Pair<'_, Rule>) -> Built<Condition> {
        let mut parts = self.open(pair);
        let name = self.name(&mut parts)?;
        let mut arguments = Vec::new();
        while let Some(pair) = parts.eat(Rule::operand) {
            arguments.push(self.operand(pair)?);
        }
        Ok(Condition::Call { name, arguments, span: parts.span })
    }

    fn operand(&mut self, pair: Pair<'_, Rule>) -> Built<Operand> {
        let span = self.span(&pair);
        let pair = pair.into_inner().next().ok_or_else(|| errors::internal(span))?;
        match pair.as_rule() {
            Rule::path => Ok(Operand::Path(self.word(&pair))),
            // A constant is left.
            _ => self.literal(pair).map(Operand::Literal),
        }
    }
}
