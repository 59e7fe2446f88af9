//! Policy text to what tests ask: the model for the evaluator, the bundle for the runtime.

use sprag::decision_point::DecisionPoint;
use sprag::diag::Diagnostic;
use sprag::driver::{self, Inputs};
use sprag::emit;
use sprag::eval::{self, Answer, Decision};
use sprag::request::Request;
use sprag::sema::model::{Checked, Model};
use sprag::span::{Source, SourceMap};
use sprag_runtime::Bundle;

use super::worlds;

/// A policy in both of its forms.
#[derive(Debug)]
pub struct Compiled {
    /// All files.
    pub sources: SourceMap,
    /// What the evaluator reads.
    pub model: Checked<Model>,
    /// What the runtime reads.
    pub bytes: Vec<u8>,
}

/// Compiles one file over [`worlds::CATALOG`]; panics with the diagnostics if it is no policy.
#[track_caller]
pub fn policy(text: &str) -> Compiled {
    files(vec![text.to_string()], worlds::CATALOG)
}

/// Compiles a package of several files over a catalog; panics with the diagnostics if it is none.
#[track_caller]
pub fn files(texts: Vec<String>, catalog: &str) -> Compiled {
    let told = |sources: &SourceMap, diagnostics: &[Diagnostic]| -> String {
        diagnostics.iter().map(|d| format!("{} {} {}\n", sources.at(d.span()), d.code, d.message)).collect()
    };
    let shown = texts.join("\n// next file\n");
    let own = (0..).zip(texts).map(|(n, text)| Source { path: format!("policy{n}.sprag"), text }).collect();
    let shelf = vec![Source { path: "catalog.sprag".to_string(), text: catalog.to_string() }];
    let inputs = Inputs { package: "world".to_string(), own, shelf, lock: None };
    let compilation = driver::compile(inputs);
    let Some(model) = compilation.model else {
        panic!("{}\n{shown}", told(&compilation.sources, &compilation.diagnostics))
    };
    let bytes = emit::build(&model, &compilation.sources)
        .unwrap_or_else(|d| panic!("{}\n{shown}", told(&compilation.sources, &d)));
    Compiled { sources: compilation.sources, model, bytes }
}

impl Compiled {
    /// The runtime over the bundle; panics if it is refused.
    #[track_caller]
    pub fn point(&self) -> DecisionPoint<'_> {
        DecisionPoint::new(Bundle::load(&self.bytes).unwrap_or_else(|e| panic!("{e}")))
    }

    /// What the evaluator answers.
    pub fn evaluate(&self, request: &Request) -> Answer {
        eval::evaluate(&self.model, request)
    }

    /// Whether the request is permitted; panics if evaluator and runtime say different things.
    #[track_caller]
    pub fn permits(&self, point: &mut DecisionPoint<'_>, request: &Request) -> bool {
        let defined = self.evaluate(request).effect == Decision::Permit;
        assert_eq!(defined, point.decide(request).permitted(), "{request:#?}");
        defined
    }
}
