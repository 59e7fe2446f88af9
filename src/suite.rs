//! Runs the `test` blocks of a package and says what did not come out as expected.

pub mod coverage;
pub mod mutation;

use std::collections::BTreeSet;
use std::time::Duration;

use coverage::{Cells, Coverage, Share};
use mutation::Score;

use crate::authzen::{Explained, ReasonLine};
use crate::request::{Request, Target};
use crate::sema::model::{Expectation, Model, Test, TestCase};
use crate::span::Span;

/// Something that answers requests.
pub struct Decider<'a> {
    /// For messages: `runtime`.
    pub name: &'static str,
    /// Its answer.
    pub decide: &'a dyn Fn(&Request) -> Explained,
}

/// What to run and how.
pub struct Suite<'a> {
    /// Its tests are run.
    pub model: &'a Model,
    /// A place in an answer, `path:line:column`, as people here want to read it.
    pub place: &'a dyn Fn(&str) -> String,
    /// Its answers are compared with what the tests expect.
    pub decider: Decider<'a>,
    /// Their answers must be the same.
    pub others: &'a [Decider<'a>],
    /// Only tests whose title contains this.
    pub filter: Option<&'a str>,
    /// Time since some fixed moment; zero forever where nobody asks how long it took.
    pub clock: &'a dyn Fn() -> Duration,
}

/// Runs the tests in the order of the model.
pub fn run(suite: &Suite<'_>) -> Results {
    let wanted = |test: &&Test| suite.filter.is_none_or(|f| test.title.contains(f));
    let tests: Vec<_> = suite.model.tests.iter().filter(wanted).map(|test| run_test(suite, test)).collect();
    Results {
        left_out: suite.model.tests.len() - tests.len(),
        tests,
        coverage: None,
        mutation: None,
        shortfalls: Vec::new(),
    }
}

/// What came out of all tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// Of every test that ran.
    pub tests: Vec<TestResult>,
    /// How many tests the filter left out.
    pub left_out: usize,
    /// What the tests reach, where that was asked for.
    pub coverage: Option<Coverage>,
    /// How many planted mistakes they notice, where that was asked for.
    pub mutation: Option<Score>,
    /// Where they reach less than was asked for.
    pub shortfalls: Vec<Shortfall>,
}

/// A threshold that the tests do not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// `rules`, `cells` or `mutation`.
    pub measure: &'static str,
    /// What was reached.
    pub share: Share,
    /// Hundredths that were asked for.
    pub wanted: u8,
}

impl Results {
    /// Whether every case came out as expected.
    pub fn passed(&self) -> bool {
        self.tests.iter().all(TestResult::passed)
    }

    /// Notes where the tests reach less than was asked for.
    pub fn demand(&mut self, thresholds: Thresholds) {
        let reached = [
            ("rules", thresholds.rules, self.coverage.as_ref().map(Coverage::decisive)),
            (
                "cells",
                thresholds.cells,
                self.coverage.as_ref().and_then(|c| c.cells.as_ref()).map(Cells::share),
            ),
            ("mutation", thresholds.mutation, self.mutation.as_ref().map(Score::noticed)),
        ];
        for (measure, wanted, share) in reached {
            if let (Some(wanted), Some(share)) = (wanted, share)
                && share.percent() < wanted
            {
                self.shortfalls.push(Shortfall { measure, share, wanted });
            }
        }
    }
}

/// Hundredths that tests must reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Thresholds {
    /// Of the rules, decisive in some case.
    pub rules: Option<u8>,
    /// Of the cells of the decision space.
    pub cells: Option<u8>,
    /// Of the planted mistakes.
    pub mutation: Option<u8>,
}

/// What came out of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// Its title.
    pub title: String,
    /// Where it is declared.
    pub span: Span,
    /// Of each of its cases.
    pub cases: Vec<CaseResult>,
    /// How long it took.
    pub time: Duration,
}

impl TestResult {
    /// Whether every case came out as expected.
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|c| c.failures.is_empty())
    }
}

/// What came out of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// `com.acme.timesheets to jira.issue.get in project PAY`
    pub request: String,
    /// Where it is written.
    pub span: Span,
    /// Empty if it passed.
    pub failures: Vec<Failure>,
    /// What was answered, one thing a line: refusing layers, deciding rules with their places, advice.
    pub answer: Vec<String>,
}

/// Something that did not come out as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What sort of thing.
    pub kind: FailureKind,
    /// What was expected and what came.
    pub message: String,
}

/// What sort of thing did not come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Permitted instead of denied, or the other way round.
    Effect,
    /// Other layers refuse.
    Layers,
    /// The rule is not among those that decided.
    Rule,
    /// The list is not filtered.
    Filter,
    /// Other scopes are advised.
    StepUp,
    /// Two deciders answer differently: a fault of this program, not of the policy.
    Disagreement,
}

impl FailureKind {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            FailureKind::Effect => "effect",
            FailureKind::Layers => "layers",
            FailureKind::Rule => "rule",
            FailureKind::Filter => "filter",
            FailureKind::StepUp => "step-up",
            FailureKind::Disagreement => "disagreement",
        }
    }
}

fn run_test(suite: &Suite<'_>, test: &Test) -> TestResult {
    let start = (suite.clock)();
    let cases = test.cases.iter().map(|case| run_case(suite, case)).collect();
    let time = (suite.clock)().saturating_sub(start);
    TestResult { title: test.title.clone(), span: test.span, cases, time }
}

fn run_case(suite: &Suite<'_>, case: &TestCase) -> CaseResult {
    let answer = (suite.decider.decide)(&case.request);
    let mut failures = judge(&case.expect, &answer);
    for other in suite.others {
        let theirs = (other.decide)(&case.request);
        if theirs != answer {
            let (one, two) = (suite.decider.name, other.name);
            let says = describe(suite, &theirs).join("; ");
            let message = format!("{one} and {two} disagree, which is a fault of sprag; the {two}: {says}");
            failures.push(Failure { kind: FailureKind::Disagreement, message });
        }
    }
    CaseResult {
        request: request(&case.request),
        span: case.span,
        failures,
        answer: describe(suite, &answer),
    }
}

/// Everything in which the answer is not what the test wants.
pub fn judge(expect: &Expectation, answer: &Explained) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut fail = |kind, message| failures.push(Failure { kind, message });
    if answer.decision != expect.permit {
        let word = |permit| if permit { "permit" } else { "deny" };
        let (wanted, got) = (word(expect.permit), word(answer.decision));
        fail(FailureKind::Effect, format!("expected {wanted}, got {got}"));
    }
    let refusing: BTreeSet<&str> = answer.reasons.iter().map(|r| r.layer.as_str()).collect();
    let wanted: BTreeSet<&str> = expect.layers.iter().map(|l| l.name()).collect();
    if if expect.only { refusing != wanted } else { !refusing.is_superset(&wanted) } {
        let only = if expect.only { " only" } else { "" };
        let (wanted, got) = (layers(&wanted), layers(&refusing));
        fail(FailureKind::Layers, format!("expected refusal by {wanted}{only}, got {got}"));
    }
    if let Some(rule) = &expect.rule {
        let refusing = answer.reasons.iter().filter_map(|r| r.rule.as_ref());
        let deciding: BTreeSet<_> = answer.permitted_by.iter().map(|p| &p.rule).chain(refusing).collect();
        if !deciding.contains(rule) {
            let got = list(deciding.iter().map(|r| format!("`{r}`")), "no rule");
            fail(FailureKind::Rule, format!("expected rule `{rule}` to decide, got {got}"));
        }
    }
    if expect.filter && answer.filter.is_none() {
        fail(FailureKind::Filter, "expected a filter on the list, got none".to_owned());
    }
    if let Some(wanted) = &expect.step_up {
        let advised: BTreeSet<String> = answer.step_up.iter().flatten().cloned().collect();
        if advised != *wanted {
            let show = |s: &BTreeSet<String>| list(s.iter().cloned(), "none");
            fail(FailureKind::StepUp, format!("expected step-up {}, got {}", show(wanted), show(&advised)));
        }
    }
    failures
}

/// The answer in lines for people.
fn describe(suite: &Suite<'_>, answer: &Explained) -> Vec<String> {
    let place =
        |at: &Option<String>| at.as_deref().map(|at| format!(" ({})", (suite.place)(at))).unwrap_or_default();
    let mut lines = Vec::new();
    for permit in &answer.permitted_by {
        lines.push(format!("permitted by `{}`{}", permit.rule, place(&permit.at)));
    }
    for ReasonLine { layer, reason, rule, at, text } in &answer.reasons {
        let by = rule.as_ref().map(|rule| format!(" by `{rule}`{}", place(at))).unwrap_or_default();
        lines.push(format!("refused in {layer}{by}: {text} ({reason})"));
    }
    if let Some(filter) = &answer.filter {
        let show = |names: &[String], none| list(names.iter().map(|n| format!("`{n}`")), none);
        let only = filter.only.iter().map(|group| format!("{} of {}", show(&group.any, "none"), group.layer));
        let (only, except) = (list(only, "all"), show(&filter.except, "none"));
        lines.push(format!("filter on {}: only {only}, except {except}", filter.kind));
    }
    if let Some(scopes) = &answer.step_up {
        lines.push(format!("step-up {}", list(scopes.iter().cloned(), "none")));
    }
    lines
}

/// A request in a few words.
fn request(request: &Request) -> String {
    let app = request.app.as_deref().unwrap_or("anonymous");
    let target = match &request.operation {
        Target::Name(name) => name.clone(),
        Target::Http { method, path } => format!("{method} {path}"),
    };
    let mut text = format!("{app} to {target}");
    for container in &request.containers {
        text += &format!(" in {} {}", container.kind, container.id.as_deref().unwrap_or("_"));
    }
    if let Some(user) = &request.user {
        text += &format!(" for {}", user.id);
    }
    text
}

fn layers(layers: &BTreeSet<&str>) -> String {
    list(layers.iter().map(|l| (*l).to_owned()), "no layer")
}

fn list(items: impl IntoIterator<Item = String>, none: &str) -> String {
    let items: Vec<_> = items.into_iter().collect();
    if items.is_empty() { none.to_owned() } else { items.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sema::model::Layer;

    fn deny(layers: &[Layer]) -> Explained {
        let line = |layer: &Layer| ReasonLine {
            layer: layer.name().to_owned(),
            reason: "no-permit".to_owned(),
            rule: None,
            at: None,
            text: String::new(),
        };
        Explained { reasons: layers.iter().map(line).collect(), ..Explained::default() }
    }

    fn expect(layers: &[Layer], only: bool) -> Expectation {
        let layers = layers.iter().copied().collect();
        Expectation { permit: false, layers, only, rule: None, filter: false, step_up: None }
    }

    #[track_caller]
    fn check(expect: &Expectation, answer: &Explained, kinds: &[FailureKind]) {
        let found: Vec<_> = judge(expect, answer).iter().map(|f| f.kind).collect();
        assert_eq!(found, kinds);
    }

    #[test]
    fn a_layer_named_must_refuse_and_with_only_no_other() {
        let both = deny(&[Layer::Scope, Layer::Rules]);
        check(&expect(&[], false), &both, &[]);
        check(&expect(&[Layer::Rules], false), &both, &[]);
        check(&expect(&[Layer::Rules], true), &both, &[FailureKind::Layers]);
        check(&expect(&[Layer::Scope, Layer::Rules], true), &both, &[]);
        check(&expect(&[Layer::Ratchet], false), &both, &[FailureKind::Layers]);
    }

    #[test]
    fn each_thing_that_differs_is_told() {
        let wanted = Expectation {
            permit: true,
            layers: BTreeSet::new(),
            only: false,
            rule: Some("r".to_owned()),
            filter: true,
            step_up: Some(BTreeSet::from(["WRITE".to_owned()])),
        };
        let all = [FailureKind::Effect, FailureKind::Rule, FailureKind::Filter, FailureKind::StepUp];
        check(&wanted, &deny(&[Layer::Rules]), &all);
    }

    #[test]
    fn deciders_that_disagree_are_a_failure_of_their_own() {
        let case =
            TestCase { request: Request::default(), expect: expect(&[], false), span: Span::default() };
        let test = Test { title: "t".to_owned(), cases: vec![case], span: Span::default() };
        let model = Model { tests: vec![test], ..Model::default() };
        let (one, other) = (|_: &Request| deny(&[Layer::Rules]), |_: &Request| deny(&[Layer::Scope]));
        let place = |at: &str| at.to_owned();
        let run_with = |others: &[Decider<'_>], filter| {
            let decider = Decider { name: "runtime", decide: &one };
            run(&Suite { model: &model, place: &place, decider, others, filter, clock: &|| Duration::ZERO })
        };
        let results = run_with(&[Decider { name: "evaluator", decide: &other }], None);
        assert_eq!(results.tests[0].cases[0].failures[0].kind, FailureKind::Disagreement);
        assert!(run_with(&[], None).passed());
        assert_eq!(run_with(&[], Some("x")).left_out, 1);
    }
}
