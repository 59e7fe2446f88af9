//! Findings as JUnit XML: a suite per file, a failed case per finding. A file without one has no suite; a report
//! without one has a single case that passed, because some readers take an empty report for a broken one.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::{Format, Look, Reader, Report, paragraphs, rule_name, severity};
use crate::diag::{Diagnostic, Severity};
use crate::span::SourceMap;

/// JUnit XML.
pub static FORMAT: Format =
    Format { name: "junit", title: "JUnit XML, a failed case per finding", reader: Reader::Host, write };

fn write(report: &Report<'_>, _: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut by_file: BTreeMap<&str, Vec<&Diagnostic>> = BTreeMap::new();
    for d in report.diagnostics {
        let path = d.labels.first().map_or("sprag.toml", |l| &report.sources.source(l.span).path);
        by_file.entry(path).or_default().push(d);
    }
    let mut junit = Junit::new("sprag");
    for (file, found) in by_file {
        let mut suite = TestSuite::new(file);
        for d in found {
            suite.add_test_case(case(report.sources, file, d));
        }
        junit.add_test_suite(suite);
    }
    if report.diagnostics.is_empty() {
        let mut suite = TestSuite::new("sprag");
        suite.add_test_case(TestCase::new("no findings", TestCaseStatus::success()));
        junit.add_test_suite(suite);
    }
    super::junit::serialize(&junit, out)
}

fn case(sources: &SourceMap, file: &str, d: &Diagnostic) -> TestCase {
    let said = paragraphs(sources, d).join("\n");
    let mut status;
    match d.severity {
        Severity::Error | Severity::Warning => {
            status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(severity(d.severity));
            status.set_message(d.message.as_str());
            status.set_description(format!("{}\n{said}", d.message));
        }
        // Worth knowing, and no failure.
        Severity::Note => status = TestCaseStatus::success(),
    }
    let name = rule_name(d.code).map(|name| format!(" {name}")).unwrap_or_default();
    let line = d.labels.first().map_or(1, |l| sources.place(l.span).line).to_string();
    let mut case = TestCase::new(format!("{}{name}: {}", d.code, d.message), status);
    case.set_classname(file.trim_end_matches(".sprag").replace('/', "."));
    case.extra.insert("file".into(), file.into());
    case.extra.insert("line".into(), line.as_str().into());
    if d.severity == Severity::Note {
        case.set_system_out(format!("{}\n{said}", d.message));
    }
    case
}
