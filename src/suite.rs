//! Runs the `test` blocks of a package and says what did not come out as expected.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::eval::{Answer, Decision};
use crate::request::{Request, Target};
use crate::sema::model::{ClauseId, Expectation, Layer, Model, Test, TestCase};
use crate::span::{SourceMap, Span};

/// Something that answers requests.
pub struct Decider<'a> {
    /// For messages: `runtime`.
    pub name: &'static str,
    /// Its answer.
    pub decide: &'a dyn Fn(&Request) -> Answer,
}

/// What to run and how.
pub struct Suite<'a> {
    /// Its tests are run.
    pub model: &'a Model,
    /// For places in messages.
    pub sources: &'a SourceMap,
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
    Results { left_out: suite.model.tests.len() - tests.len(), tests }
}

/// What came out of all tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// Of every test that ran.
    pub tests: Vec<TestResult>,
    /// How many tests the filter left out.
    pub left_out: usize,
}

impl Results {
    /// Whether every case came out as expected.
    pub fn passed(&self) -> bool {
        self.tests.iter().all(TestResult::passed)
    }
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
    let mut failures = judge(suite.model, &case.expect, &answer);
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
pub fn judge(model: &Model, expect: &Expectation, answer: &Answer) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut fail = |kind, message| failures.push(Failure { kind, message });
    let permitted = answer.effect == Decision::Permit;
    if permitted != expect.permit {
        let word = |permit| if permit { "permit" } else { "deny" };
        fail(FailureKind::Effect, format!("expected {}, got {}", word(expect.permit), word(permitted)));
    }
    let refusing: BTreeSet<Layer> = answer.refusals.iter().map(|r| r.layer).collect();
    let unmet = if expect.only { refusing != expect.layers } else { !refusing.is_superset(&expect.layers) };
    if unmet {
        let only = if expect.only { " only" } else { "" };
        fail(
            FailureKind::Layers,
            format!("expected refusal by {}{only}, got {}", layers(&expect.layers), layers(&refusing)),
        );
    }
    if let Some(rule) = &expect.rule {
        let deciding: BTreeSet<&str> = clauses(answer).map(|c| name(model, c)).collect();
        if !deciding.contains(rule.as_str()) {
            let got = list(deciding.iter().map(|r| format!("`{r}`")), "no rule");
            fail(FailureKind::Rule, format!("expected rule `{rule}` to decide, got {got}"));
        }
    }
    if expect.filter && answer.filter.is_none() {
        fail(FailureKind::Filter, "expected a filter on the list, got none".to_owned());
    }
    if let Some(expected) = &expect.step_up {
        let advised = scopes(model, answer);
        if advised != *expected {
            let show = |s: &BTreeSet<String>| list(s.iter().cloned(), "none");
            fail(FailureKind::StepUp, format!("expected step-up {}, got {}", show(expected), show(&advised)));
        }
    }
    failures
}

/// The answer in lines for people.
fn describe(suite: &Suite<'_>, answer: &Answer) -> Vec<String> {
    let (model, mut lines) = (suite.model, Vec::new());
    let show = |clause: &ClauseId| {
        let clause = &model.clauses[clause.index()];
        let because = if clause.because.is_empty() { String::new() } else { format!(": {}", clause.because) };
        format!("`{}` ({}){because}", clause.name, suite.sources.at(clause.span))
    };
    if answer.effect == Decision::Permit {
        lines.push(format!("permitted by {}", list(answer.deciding.iter().map(show), "nothing")));
    }
    for refusal in &answer.refusals {
        let (layer, reason) = (refusal.layer.name(), refusal.reason.code());
        let by = if refusal.clauses.is_empty() { String::new() } else { " by ".to_owned() };
        lines
            .push(format!("refused in {layer} ({reason}){by}{}", list(refusal.clauses.iter().map(show), "")));
    }
    if let Some(filter) = &answer.filter {
        let kind = &model.kinds[filter.kind.index()].name;
        let only = list(filter.only.iter().map(show), "all");
        let except = list(filter.except.iter().map(show), "none");
        lines.push(format!("filter on {kind}: only {only}, except {except}"));
    }
    if answer.step_up.is_some() {
        lines.push(format!("step-up {}", list(scopes(model, answer), "none")));
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

fn clauses(answer: &Answer) -> impl Iterator<Item = ClauseId> {
    answer.deciding.iter().chain(answer.refusals.iter().flat_map(|r| &r.clauses)).copied()
}

fn name(model: &Model, clause: ClauseId) -> &str {
    &model.clauses[clause.index()].name
}

fn scopes(model: &Model, answer: &Answer) -> BTreeSet<String> {
    answer.step_up.iter().flatten().map(|s| model.scopes[s.index()].name.clone()).collect()
}

fn layers(layers: &BTreeSet<Layer>) -> String {
    list(layers.iter().map(|l| l.name().to_owned()), "no layer")
}

fn list(items: impl IntoIterator<Item = String>, none: &str) -> String {
    let items: Vec<_> = items.into_iter().collect();
    if items.is_empty() { none.to_owned() } else { items.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Reason, Refusal};

    fn deny(layers: &[Layer]) -> Answer {
        let refusal =
            |layer: &Layer| Refusal { layer: *layer, reason: Reason::NoPermit, clauses: Vec::new() };
        let refusals = layers.iter().map(refusal).collect();
        Answer { effect: Decision::Deny, refusals, deciding: Vec::new(), filter: None, step_up: None }
    }

    fn expect(layers: &[Layer], only: bool) -> Expectation {
        let layers = layers.iter().copied().collect();
        Expectation { permit: false, layers, only, rule: None, filter: false, step_up: None }
    }

    #[track_caller]
    fn check(expect: &Expectation, answer: &Answer, kinds: &[FailureKind]) {
        let found: Vec<_> = judge(&Model::default(), expect, answer).iter().map(|f| f.kind).collect();
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
        let mut sources = SourceMap::default();
        sources.add("a.sprag", "");
        let run_with = |others: &[Decider<'_>], filter| {
            let decider = Decider { name: "runtime", decide: &one };
            run(&Suite {
                model: &model,
                sources: &sources,
                decider,
                others,
                filter,
                clock: &|| Duration::ZERO,
            })
        };
        let results = run_with(&[Decider { name: "evaluator", decide: &other }], None);
        assert_eq!(results.tests[0].cases[0].failures[0].kind, FailureKind::Disagreement);
        assert!(run_with(&[], None).passed());
        assert_eq!(run_with(&[], Some("x")).left_out, 1);
    }
}
