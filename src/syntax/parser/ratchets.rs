//! Ratchets: stages, triggers and ways back.

use pest::iterators::Pair;

use super::build::{Builder, Built, Parts};
use super::grammar::Rule;
use crate::syntax::errors;
use crate::syntax::tree::{Name, Ratchet, Reopening, Since, Stage, Trigger, Withdrawal};

impl Builder<'_> {
    pub(super) fn ratchet(&mut self, pair: Pair<'_, Rule>) -> Built<Ratchet> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_ratchet)?;
        let name = self.name(&mut parts)?;
        parts.take(Rule::kw_on)?;
        let apps = self.apps(&mut parts)?;
        let (mut stages, mut reopenings, mut never) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(pair) = parts.next() {
            match pair.as_rule() {
                Rule::reopening => reopenings.push(self.reopening(pair)?),
                Rule::never_regrow => {
                    let mut parts = self.open(pair);
                    parts.take(Rule::kw_never)?;
                    parts.take(Rule::kw_regrow)?;
                    never = self.names(Rule::scope, &mut parts)?;
                }
                // The first stage, or a later one.
                _ => stages.push(self.stage(pair)?),
            }
        }
        Ok(Ratchet { name, apps, stages, reopenings, never, span: parts.span })
    }

    fn stage(&mut self, pair: Pair<'_, Rule>) -> Built<Stage> {
        let mut parts = self.open(pair);
        let span = parts.span;
        let then = parts.eat(Rule::kw_then).is_some();
        if then {
            parts = self.open(parts.take(Rule::stage)?);
        }
        let name = self.name(&mut parts)?;
        let locked = parts.eat(Rule::kw_locked).is_some();
        let holds = match parts.eat(Rule::holds) {
            Some(pair) => {
                let mut parts = self.open(pair);
                parts.take(Rule::kw_holds)?;
                Some(self.names(Rule::scope, &mut parts)?)
            }
            None => None,
        };
        let mut withdraws = Vec::new();
        while let Some(pair) = parts.eat(Rule::withdrawal) {
            let mut parts = self.open(pair);
            parts.take(Rule::kw_withdraws)?;
            withdraws.push(Withdrawal {
                operations: self.operations(&mut parts)?,
                containers: self.maybe_containers(&mut parts)?,
                span: parts.span,
            });
        }
        let mut triggers = Vec::new();
        if let Some(pair) = parts.eat(Rule::triggers) {
            let mut parts = self.open(pair);
            while let Some(pair) = parts.next() {
                if pair.as_rule() == Rule::trigger {
                    triggers.push(self.trigger(pair)?);
                }
            }
        }
        Ok(Stage { name, then, locked, holds, withdraws, triggers, span })
    }

    fn trigger(&mut self, pair: Pair<'_, Rule>) -> Built<Trigger> {
        let pair = self.open(pair).any()?;
        let rule = pair.as_rule();
        let mut parts = self.open(pair);
        let span = parts.span;
        Ok(match rule {
            Rule::unused => {
                let scope = self.name(&mut parts)?;
                parts.take(Rule::kw_unused)?;
                parts.take(Rule::kw_for)?;
                Trigger::Unused { scope, seconds: self.duration(&mut parts)?, span }
            }
            Rule::event => {
                parts.take(Rule::kw_event)?;
                Trigger::Event(self.text(&mut parts)?)
            }
            Rule::delay => {
                let seconds = self.duration(&mut parts)?;
                parts.take(Rule::kw_after)?;
                Trigger::After { seconds, since: self.since(parts.any()?)?, span }
            }
            Rule::count => {
                let times = self.count(&mut parts)?;
                parts.take(Rule::kw_times)?;
                Trigger::Count { times, operation: self.name(&mut parts)?, span }
            }
            Rule::success => {
                parts.take(Rule::kw_success)?;
                parts.take(Rule::kw_of)?;
                Trigger::Count { times: 1, operation: self.name(&mut parts)?, span }
            }
            Rule::command => Trigger::Command(span),
            // Any other rule is not a trigger.
            _ => return Err(errors::internal(span)),
        })
    }

    fn since(&mut self, pair: Pair<'_, Rule>) -> Built<Since> {
        Ok(match pair.as_rule() {
            Rule::install => Since::Install(self.span(&pair)),
            Rule::event => {
                let mut parts = self.open(pair);
                parts.take(Rule::kw_event)?;
                Since::Event(self.text(&mut parts)?)
            }
            // A stage's name is left.
            _ => Since::Stage(self.word(&pair)),
        })
    }

    fn reopening(&mut self, pair: Pair<'_, Rule>) -> Built<Reopening> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_reopen)?;
        let stage = self.name(&mut parts)?;
        let (approvers, group, seconds) = self.approvers(&mut parts)?;
        Ok(Reopening { stage, approvers, group, seconds, span: parts.span })
    }

    /// `by 2 of group admins for 2h`: how many, of whom, and for how many seconds.
    pub(super) fn approvers(&mut self, parts: &mut Parts<'_>) -> Built<(i64, Name, i64)> {
        parts.take(Rule::kw_by)?;
        let approvers = self.count(parts)?;
        parts.take(Rule::kw_of)?;
        parts.take(Rule::kw_group)?;
        let group = self.name(parts)?;
        parts.take(Rule::kw_for)?;
        Ok((approvers, group, self.duration(parts)?))
    }
}
