//! Test results for programs: one JSON object.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Look, TestFormat};
use crate::span::{SourceMap, Span};
use crate::suite::{CaseResult, Results, TestResult};

/// A JSON object.
pub static FORMAT: TestFormat = TestFormat { name: "json", title: "a JSON object, for programs", write };

fn write(
    package: &str,
    sources: &SourceMap,
    results: &Results,
    _: &Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    let tests: Vec<_> = results.tests.iter().map(|t| test(sources, t)).collect();
    let value = json!({
        "package": package,
        "passed": results.passed(),
        "left_out": results.left_out,
        "tests": tests,
    });
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}

fn test(sources: &SourceMap, test: &TestResult) -> Value {
    let cases: Vec<_> = test.cases.iter().map(|c| case(sources, c)).collect();
    json!({
        "title": test.title,
        "at": place(sources, test.span),
        "passed": test.passed(),
        "seconds": test.time.as_secs_f64(),
        "cases": cases,
    })
}

fn case(sources: &SourceMap, case: &CaseResult) -> Value {
    let failures: Vec<_> =
        case.failures.iter().map(|f| json!({ "kind": f.kind.name(), "message": f.message })).collect();
    json!({
        "request": case.request,
        "at": place(sources, case.span),
        "passed": case.failures.is_empty(),
        "failures": failures,
        "answer": case.answer,
    })
}

fn place(sources: &SourceMap, span: Span) -> Value {
    let position = sources.position(span);
    json!({ "path": sources.source(span).path, "line": position.line, "column": position.column })
}
