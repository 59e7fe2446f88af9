//! Guarantees, widenings, authority and tests.

use pest::iterators::Pair;

use super::build::{Builder, Built, Parts};
use super::grammar::Rule;
use super::patterns::Clauses;
use crate::syntax::errors;
use crate::syntax::tree::{
    Authority, AuthorityMember, Claim, Condition, Eases, Easing, Expectation, Expiry, Growth, Guarantee,
    Test, TestCase, TestContainer, TestSubject, TestTarget, Widening,
};

impl Builder<'_> {
    pub(super) fn guarantee(&mut self, pair: Pair<'_, Rule>) -> Built<Guarantee> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_ensure)?;
        let title = self.text(&mut parts)?;
        let reachable = parts.eat(Rule::reachable).is_some();
        let mut claims = Vec::new();
        while let Some(pair) = parts.eat(Rule::claim) {
            let mut parts = self.open(pair);
            let always = parts.any()?.as_rule() == Rule::kw_always;
            let apps = self.apps(&mut parts)?;
            parts.take(Rule::kw_to)?;
            let operations = self.operations(&mut parts)?;
            // The grammar gives claims neither a name nor a reason.
            let Clauses { containers, when, unless, name: _, because: _ } = self.clauses(&mut parts)?;
            claims.push(Claim { always, apps, operations, containers, when, unless, span: parts.span });
        }
        Ok(Guarantee { title, reachable, claims, span: parts.span })
    }

    pub(super) fn widening(&mut self, pair: Pair<'_, Rule>) -> Built<Widening> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_widen)?;
        let reason = self.text(&mut parts)?;
        let mut growths = Vec::new();
        let mut easings = Vec::new();
        loop {
            if let Some(pair) = parts.eat(Rule::easing) {
                easings.push(self.easing(pair)?);
                continue;
            }
            let Some(pair) = parts.eat(Rule::growth) else { break };
            let mut parts = self.open(pair);
            parts.take(Rule::kw_for)?;
            let apps = self.apps(&mut parts)?;
            parts.take(Rule::kw_to)?;
            let operations = self.operations(&mut parts)?;
            // The grammar gives growths neither a name nor a reason of their own.
            let Clauses { containers, when, unless, name: _, because: _ } = self.clauses(&mut parts)?;
            growths.push(Growth { apps, operations, containers, when, unless, span: parts.span });
        }
        let mut approval = self.open(parts.take(Rule::approval)?);
        approval.take(Rule::kw_approved)?;
        approval.take(Rule::kw_by)?;
        let approvers = self.texts(&mut approval);
        let mut expiry = self.open(parts.take(Rule::expiry)?);
        expiry.take(Rule::kw_until)?;
        let until = Expiry { at: self.instant(&mut expiry)?, span: expiry.span };
        Ok(Widening { reason, growths, easings, approvers, until, span: parts.span })
    }

    fn easing(&mut self, pair: Pair<'_, Rule>) -> Built<Easing> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_for)?;
        let span = parts.span;
        let pair = parts.any()?;
        let rule = pair.as_rule();
        let mut parts = self.open(pair);
        parts.any()?; // its keyword
        let what = match rule {
            Rule::eased_ratchet => Eases::Ratchet(self.name(&mut parts)?),
            Rule::eased_step_up => {
                parts.take(Rule::kw_of)?;
                Eases::StepUp(self.apps(&mut parts)?)
            }
            Rule::eased_paths => {
                parts.take(Rule::kw_of)?;
                Eases::Paths(self.operations(&mut parts)?)
            }
            // Any other rule is not an easing.
            _ => return Err(errors::internal(parts.span)),
        };
        Ok(Easing { what, span })
    }

    pub(super) fn authority(&mut self, pair: Pair<'_, Rule>) -> Built<Authority> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_authority)?;
        let mut members = Vec::new();
        while let Some(pair) = parts.next() {
            let rule = pair.as_rule();
            let mut parts = self.open(pair);
            while parts.eat(Rule::kw_from).is_none() {
                parts.any()?;
            }
            let from = self.name(&mut parts)?;
            members.push(match rule {
                Rule::lifecycle_member => AuthorityMember::Lifecycle { from },
                Rule::app_user_member => {
                    AuthorityMember::AppUser { from, except: self.last_condition(&mut parts)? }
                }
                Rule::context_user_member => {
                    AuthorityMember::ContextUser { from, required: self.last_condition(&mut parts)? }
                }
                // Any other rule is not a member of authority.
                _ => return Err(errors::internal(parts.span)),
            });
        }
        Ok(Authority { members, span: parts.span })
    }

    fn last_condition(&mut self, parts: &mut Parts<'_>) -> Built<Option<Condition>> {
        while let Some(pair) = parts.next() {
            if pair.as_rule() == Rule::condition {
                return self.condition(pair).map(Some);
            }
        }
        Ok(None)
    }

    pub(super) fn test(&mut self, pair: Pair<'_, Rule>) -> Built<Test> {
        let mut parts = self.open(pair);
        parts.take(Rule::kw_test)?;
        let title = self.text(&mut parts)?;
        let mut cases = Vec::new();
        while let Some(pair) = parts.eat(Rule::test_case) {
            cases.push(self.test_case(pair)?);
        }
        Ok(Test { title, cases, span: parts.span })
    }

    fn test_case(&mut self, pair: Pair<'_, Rule>) -> Built<TestCase> {
        let mut parts = self.open(pair);
        let subject = self.subject(parts.take(Rule::subject)?)?;
        parts.take(Rule::kw_to)?;
        let target = self.target(parts.take(Rule::target)?)?;
        let mut containers = Vec::new();
        while let Some(pair) = parts.eat(Rule::test_container) {
            let mut parts = self.open(pair);
            parts.take(Rule::kw_in)?;
            containers.push(TestContainer {
                kind: self.name(&mut parts)?,
                id: self.name(&mut parts)?,
                attributes: self.maybe_settings(&mut parts)?,
                span: parts.span,
            });
        }
        let with = match parts.eat(Rule::with) {
            Some(pair) => {
                let mut parts = self.open(pair);
                parts.take(Rule::kw_with)?;
                self.settings(&mut parts)?
            }
            None => Vec::new(),
        };
        let expect = self.expectation(parts.take(Rule::expectation)?)?;
        Ok(TestCase { subject, target, containers, with, expect, span: parts.span })
    }

    fn subject(&mut self, pair: Pair<'_, Rule>) -> Built<TestSubject> {
        let pair = self.open(pair).any()?;
        Ok(match pair.as_rule() {
            Rule::anonymous => TestSubject::Anonymous(self.span(&pair)),
            Rule::string => TestSubject::Key(self.text_of(&pair)),
            // An app's name is left.
            _ => TestSubject::App(self.word(&pair)),
        })
    }

    fn target(&mut self, pair: Pair<'_, Rule>) -> Built<TestTarget> {
        let pair = self.open(pair).any()?;
        Ok(match pair.as_rule() {
            Rule::http_target => {
                let mut parts = self.open(pair);
                parts.take(Rule::kw_http)?;
                TestTarget::Http { method: self.name(&mut parts)?, path: self.text(&mut parts)? }
            }
            Rule::string => TestTarget::Unknown(self.text_of(&pair)),
            // An operation's name is left.
            _ => TestTarget::Operation(self.word(&pair)),
        })
    }

    fn expectation(&mut self, pair: Pair<'_, Rule>) -> Built<Expectation> {
        let mut parts = self.open(pair);
        let mut expect = Expectation {
            permit: false,
            layers: Vec::new(),
            only: false,
            rule: None,
            filter: false,
            step_up: None,
            span: parts.span,
        };
        parts.take(Rule::kw_expect)?;
        expect.permit = parts.any()?.as_rule() == Rule::kw_permit;
        if let Some(pair) = parts.eat(Rule::layers) {
            let mut parts = self.open(pair);
            parts.take(Rule::kw_by)?;
            expect.layers = self.names(Rule::name, &mut parts)?;
            expect.only = parts.eat(Rule::kw_only).is_some();
        }
        if let Some(pair) = parts.eat(Rule::rule_name) {
            let mut parts = self.open(pair);
            parts.take(Rule::kw_rule)?;
            expect.rule = Some(self.name(&mut parts)?);
        }
        expect.filter = parts.eat(Rule::kw_filter).is_some();
        if let Some(pair) = parts.eat(Rule::step_up) {
            let mut parts = self.open(pair);
            parts.take(Rule::kw_step_up)?;
            expect.step_up = Some(self.names(Rule::scope, &mut parts)?);
        } else if parts.eat(Rule::no_step_up).is_some() {
            expect.step_up = Some(Vec::new());
        }
        Ok(expect)
    }
}
