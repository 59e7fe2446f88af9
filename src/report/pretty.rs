//! Test results for people: a line per test, and for what failed, all of the answer.

use std::io::{self, Write};

use super::{Look, Paint, TestFormat, count, visible};
use crate::span::SourceMap;
use crate::suite::{Results, TestResult};

/// A line per test.
pub static FORMAT: TestFormat = TestFormat { name: "pretty", title: "a line per test, for people", write };

fn write(
    _: &str,
    sources: &SourceMap,
    results: &Results,
    look: &Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    for test in &results.tests {
        let mark =
            if test.passed() { look.paint(Paint::Good, "ok  ") } else { look.paint(Paint::Bad, "FAIL") };
        writeln!(out, "{mark} {}", visible(&test.title))?;
        failures(sources, test, look, out)?;
    }
    let cases: usize = results.tests.iter().map(|t| t.cases.len()).sum();
    let failed = results.tests.iter().filter(|t| !t.passed()).count();
    let left_out = if results.left_out > 0 {
        format!(", {} left out by the filter", results.left_out)
    } else {
        String::new()
    };
    let verdict = if failed == 0 {
        look.paint(Paint::Good, "all passed")
    } else {
        look.paint(Paint::Bad, &format!("{failed} failed"))
    };
    writeln!(out, "{} with {}: {verdict}{left_out}", count(results.tests.len(), "test"), count(cases, "case"))
}

fn failures(sources: &SourceMap, test: &TestResult, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    for case in test.cases.iter().filter(|c| !c.failures.is_empty()) {
        writeln!(out, "     {}: {}", sources.at(case.span), visible(&case.request))?;
        for failure in &case.failures {
            writeln!(out, "       {}", look.paint(Paint::Bad, &visible(&failure.message)))?;
        }
        for line in &case.answer {
            writeln!(out, "       {}", look.paint(Paint::Aside, &visible(line)))?;
        }
    }
    Ok(())
}
