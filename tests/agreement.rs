//! The evaluator, which defines the language, and the runtime agree on every request.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads its own repository and tells what it saw"
)]

use sprag::authzen::{self, Explained};
use sprag::decision_point::{self, DecisionPoint};
use sprag::driver::{self, Inputs};
use sprag::request::Target;
use sprag::span::{Source, SourceMap};
use sprag::{emit, eval};
use sprag_runtime::Bundle;
use sprag_test_support::campaign;
use sprag_test_support::random::Random;
use sprag_test_support::worlds;

/// How many requests every run asks. A longer campaign: `SPRAG_REQUESTS=100000000 cargo test --release --test agreement`.
fn requests() -> usize {
    std::env::var("SPRAG_REQUESTS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000)
}

const REQUESTS_A_POLICY: usize = 1000;

#[test]
fn evaluator_and_runtime_agree_on_random_worlds() {
    let policies = requests() / REQUESTS_A_POLICY;
    let seed: u64 = std::env::var("SPRAG_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut all = Seen::default();
    let seen = campaign::over(seed..seed + policies as u64, |seed| {
        let mut seen = Seen::default();
        agree(seed, &mut seen);
        seen
    });
    seen.into_iter().for_each(|seen| all.add(seen));
    all.check();
}

/// What came out over all requests: a comparison of denials only would prove little.
#[derive(Debug, Default)]
struct Seen {
    requests: usize,
    prepared: usize,
    permitted: usize,
    filtered: usize,
    stepped_up: usize,
    out_of_reach: usize,
    reasons: std::collections::BTreeMap<String, usize>,
}

impl Seen {
    fn note(&mut self, answer: &Explained) {
        self.requests += 1;
        self.permitted += usize::from(answer.decision);
        self.filtered += usize::from(answer.filter.is_some());
        self.stepped_up += usize::from(answer.step_up.is_some());
        for reason in &answer.reasons {
            *self.reasons.entry(reason.reason.clone()).or_default() += 1;
        }
    }

    fn add(&mut self, other: Seen) {
        self.requests += other.requests;
        self.prepared += other.prepared;
        self.permitted += other.permitted;
        self.filtered += other.filtered;
        self.stepped_up += other.stepped_up;
        self.out_of_reach += other.out_of_reach;
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    fn check(&self) {
        println!("{self:?}");
        assert!(self.permitted * 200 > self.requests, "{self:?}");
        assert!(self.out_of_reach * 10 > self.requests, "{self:?}");
        assert!(self.prepared * 2 > self.requests, "{self:?}");
        assert!(self.filtered > 100 && self.stepped_up > 100, "{self:?}");
        for (code, _) in sprag::reasons::SENTENCES {
            assert!(self.reasons.contains_key(code), "no request was refused as `{code}`: {self:?}");
        }
    }
}

fn agree(seed: u64, seen: &mut Seen) {
    let mut random = Random::new(seed);
    let text = worlds::policy(&mut random);
    let inputs = Inputs {
        package: "world".to_string(),
        own: vec![Source { path: "policy.sprag".to_string(), text: text.clone() }],
        shelf: vec![Source { path: "catalog.sprag".to_string(), text: worlds::CATALOG.to_string() }],
        lock: None,
    };
    let compilation = driver::compile(inputs);
    let Some(model) = &compilation.model else {
        panic!("seed {seed}: {}\n{text}", told(&compilation.sources, &compilation.diagnostics))
    };
    let bytes = emit::build(model, &compilation.sources)
        .unwrap_or_else(|d| panic!("seed {seed}: {}\n{text}", told(&compilation.sources, &d)));
    let bundle = Bundle::load(&bytes).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
    let mut point = DecisionPoint::new(bundle);
    let mut scratch = vec![0; bundle.scratch_len()];
    for number in 0..REQUESTS_A_POLICY {
        let request = worlds::request(&mut random);
        let defined = authzen::explain(model, &compilation.sources, &eval::evaluate(model, &request));
        let decided = point.explain(&request);
        assert_eq!(defined, decided, "seed {seed}, request {number}: {request:#?}\n{text}");
        let quick = point.decide(&request);
        assert_eq!(
            quick.permitted(),
            defined.decision,
            "seed {seed}, request {number}: {request:#?}\n{text}"
        );
        if let Some((app, operation)) = request.app.as_ref().zip(operation(&bundle, &request.operation)) {
            let reached = bundle.reaches(app, operation);
            assert!(reached || !defined.decision, "seed {seed}, request {number}: out of reach\n{text}");
            seen.out_of_reach += usize::from(!reached);
        }
        // What is known of the installation, looked up before.
        let prepared = decision_point::prepared(&bundle, &request, |request| {
            request.state.map(|_| bundle.decide(request, &mut scratch))
        });
        assert_eq!(prepared.unwrap_or(quick), quick, "seed {seed}, request {number}: {request:#?}\n{text}");
        seen.prepared += usize::from(prepared.is_some());
        seen.note(&defined);
    }
}

/// The name of the operation that is asked for.
fn operation<'b>(bundle: &Bundle<'b>, target: &'b Target) -> Option<&'b str> {
    match target {
        Target::Name(name) => Some(name),
        Target::Http { method, path } => {
            let found = bundle.route(method, path)?;
            let mut names = bundle.tables().operations.iter().map(|o| bundle.text(o.name));
            names.find(|name| bundle.operation(name) == Some(found))
        }
    }
}

fn told(sources: &SourceMap, diagnostics: &[sprag::diag::Diagnostic]) -> String {
    diagnostics.iter().map(|d| format!("{} {} {}\n", sources.at(d.span()), d.code, d.message)).collect()
}
