//! Test results for programs: one JSON object.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Look, TestFormat};
use crate::authzen;
use crate::span::{SourceMap, Span};
use crate::suite::coverage::{Cell, Coverage, Reach, RuleReach, Share};
use crate::suite::mutation::{Score, Survivor};
use crate::suite::{CaseResult, Results, Shortfall, TestResult};

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
    let shortfall =
        |s: &Shortfall| json!({ "measure": s.measure, "reached": share(s.share), "wanted": s.wanted });
    let mut value = json!({
        "package": package,
        "passed": results.passed(),
        "left_out": results.left_out,
        "tests": tests,
    });
    if let Some(found) = &results.coverage {
        value["coverage"] = coverage(sources, found);
    }
    if let Some(score) = &results.mutation {
        value["mutation"] = mutation(sources, score);
    }
    if !results.shortfalls.is_empty() {
        value["shortfalls"] = results.shortfalls.iter().map(shortfall).collect();
    }
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

fn coverage(sources: &SourceMap, coverage: &Coverage) -> Value {
    let rule = |r: &RuleReach| {
        let reach = match r.reach {
            Reach::Unreached => "unreached",
            Reach::Matched => "matched",
            Reach::Decisive => "decisive",
        };
        json!({ "rule": r.name, "at": place(sources, r.span), "reach": reach })
    };
    let alone: serde_json::Map<_, _> =
        coverage.layers.iter().map(|(layer, n)| (layer.name().to_owned(), json!(n))).collect();
    let cell = |c: &Cell| {
        json!({
            "app": c.app,
            "operations": c.operations,
            "decision": c.permit,
            "request": authzen::request_json(&c.witness),
            "words": c.words,
        })
    };
    json!({
        "decisive": share(coverage.decisive()),
        "rules": coverage.rules.iter().map(rule).collect::<Vec<_>>(),
        "refused_alone": alone,
        "cells": coverage.cells.as_ref().map(|cells| json!({
            "reached": share(cells.share()),
            "undecided": cells.undecided,
            "missed": cells.missed.iter().map(cell).collect::<Vec<_>>(),
        })),
    })
}

fn mutation(sources: &SourceMap, score: &Score) -> Value {
    let survivor = |s: &Survivor| {
        let telling = s.telling.as_ref().map(|t| {
            json!({ "request": authzen::request_json(&t.request), "words": t.words, "decision": t.permit })
        });
        json!({ "mistake": s.title, "at": place(sources, s.span), "telling": telling })
    };
    json!({
        "noticed": share(score.noticed()),
        "planted": score.planted,
        "change_nothing": score.equal,
        "survivors": score.survivors.iter().map(survivor).collect::<Vec<_>>(),
    })
}

fn share(share: Share) -> Value {
    json!({ "part": share.part, "of": share.of, "percent": share.percent() })
}

fn place(sources: &SourceMap, span: Span) -> Value {
    let position = sources.position(span);
    json!({ "path": sources.source(span).path, "line": position.line, "column": position.column })
}
