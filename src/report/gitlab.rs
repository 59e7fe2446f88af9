//! GitLab's Code Quality report: a JSON array in the layout of Code Climate's issues.
//!
//! GitLab shows two findings of one fingerprint as one, and compares those of two branches, so they are unique and
//! free of line numbers.

use std::io::{self, Write};

use serde_json::json;

use super::{Format, Look, Reader, Report, paragraphs, rule_name};
use crate::diag::Severity;
use crate::lint::fingerprint::fingerprints;

/// A Code Quality report.
pub static FORMAT: Format =
    Format { name: "gitlab", title: "a Code Quality report of GitLab", reader: Reader::Host, write };

fn write(report: &Report<'_>, _: &Look, out: &mut dyn Write) -> io::Result<()> {
    let prints = fingerprints(report.sources, report.diagnostics);
    let issue = |(d, fingerprint): (&crate::diag::Diagnostic, String)| {
        let severity = match d.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        };
        let (path, begin, end) = match d.labels.first() {
            Some(l) => {
                let (start, end) = (report.sources.place(l.span), report.sources.end(l.span));
                (report.sources.source(l.span).path.as_str(), start.line, end.line)
            }
            // The layout wants a place; the finding is about the package.
            None => ("sprag.toml", 1, 1),
        };
        json!({
            "type": "issue",
            "check_name": rule_name(d.code).unwrap_or(d.code),
            "description": format!("{}: {}", d.code, d.message),
            "content": { "body": paragraphs(report.sources, d).join("\n\n") },
            "categories": ["Security"],
            "severity": severity,
            "fingerprint": fingerprint,
            "location": { "path": path, "lines": { "begin": begin, "end": end } },
        })
    };
    let issues: Vec<_> = report.diagnostics.iter().zip(prints).map(issue).collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}
