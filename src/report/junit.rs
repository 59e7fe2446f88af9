//! Test results as JUnit XML: a suite per file, a case per test.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Look, TestFormat};
use crate::span::SourceMap;
use crate::suite::coverage::{Cells, Coverage};
use crate::suite::mutation::Score;
use crate::suite::{Results, TestResult};

/// JUnit XML.
pub static FORMAT: TestFormat = TestFormat { name: "junit", title: "JUnit XML, for CI", write };

fn write(
    package: &str,
    sources: &SourceMap,
    results: &Results,
    _: &Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut by_file: BTreeMap<&str, Vec<&TestResult>> = BTreeMap::new();
    for test in &results.tests {
        by_file.entry(&sources.source(test.span).path).or_default().push(test);
    }
    let mut report = Report::new(package);
    report.set_time(results.tests.iter().map(|t| t.time).sum());
    for (file, tests) in by_file {
        let mut suite = TestSuite::new(file);
        suite.set_time(tests.iter().map(|t| t.time).sum());
        for test in tests {
            suite.add_test_case(case(file, sources, test));
        }
        report.add_test_suite(suite);
    }
    if results.coverage.is_some() || results.mutation.is_some() {
        report.add_test_suite(measures(results));
    }
    serialize(&report, out)
}

/// The XML. The library leaves out all characters that XML 1.0 forbids but for these two.
pub(super) fn serialize(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let text = report.to_string().map_err(io::Error::other)?;
    out.write_all(text.replace(['\u{fffe}', '\u{ffff}'], "").as_bytes())
}

/// What was measured: a case for each measure, failed where it is less than was asked for.
fn measures(results: &Results) -> TestSuite {
    let coverage = results.coverage.as_ref();
    let shares = [
        ("rules", coverage.map(Coverage::decisive)),
        ("cells", coverage.and_then(|c| c.cells.as_ref()).map(Cells::share)),
        ("mutation", results.mutation.as_ref().map(Score::noticed)),
    ];
    let mut suite = TestSuite::new("coverage");
    for (measure, share) in shares {
        let Some(share) = share else {
            continue;
        };
        let short = results.shortfalls.iter().find(|s| s.measure == measure);
        let mut status = TestCaseStatus::success();
        if let Some(short) = short {
            status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type("coverage");
            status.set_message(format!("{} % reached, {} % wanted", share.percent(), short.wanted));
        }
        let mut case = TestCase::new(measure, status);
        case.set_classname("coverage");
        case.set_system_out(format!("{} of {} ({} %)", share.part, share.of, share.percent()));
        suite.add_test_case(case);
    }
    suite
}

fn case(file: &str, sources: &SourceMap, test: &TestResult) -> TestCase {
    let failures: Vec<_> = test.cases.iter().flat_map(|c| c.failures.iter().map(move |f| (c, f))).collect();
    let mut status = TestCaseStatus::success();
    if let Some((first, failure)) = failures.first() {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(failure.kind.name());
        status.set_message(format!("{}: {}", first.request, failure.message));
        let mut text = String::new();
        for case in test.cases.iter().filter(|c| !c.failures.is_empty()) {
            text += &format!("{}: {}\n", sources.at(case.span), case.request);
            let messages = case.failures.iter().map(|f| &f.message);
            messages.chain(&case.answer).for_each(|line| text += &format!("  {line}\n"));
        }
        status.set_description(text);
    }
    let mut out = TestCase::new(test.title.as_str(), status);
    out.set_classname(file.trim_end_matches(".sprag").replace('/', "."));
    out.set_time(test.time);
    out.set_assertions(test.cases.len());
    let line = sources.position(test.span).line.to_string();
    out.extra.insert("file".into(), file.into());
    out.extra.insert("line".into(), line.as_str().into());
    out
}
