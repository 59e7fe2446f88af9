//! reviewdog's diagnostics (`rdjson`): what it posts as review comments, and fixes as suggestions.
//!
//! Columns count bytes of UTF-8, from 1.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Format, Look, Reader, Report, paragraphs};
use crate::diag::{Diagnostic, Safety, Severity};
use crate::span::{Place, SourceMap, Span};

/// `rdjson`
pub static FORMAT: Format =
    Format { name: "rdjson", title: "reviewdog's JSON, with suggestions", reader: Reader::Host, write };

fn write(report: &Report<'_>, _: &Look, out: &mut dyn Write) -> io::Result<()> {
    let worst = report.diagnostics.iter().map(|d| d.severity).min();
    let mut document = json!({
        "source": { "name": "sprag", "url": env!("CARGO_PKG_REPOSITORY") },
        "diagnostics": report.diagnostics.iter().map(|d| entry(report.sources, d)).collect::<Vec<_>>(),
    });
    if let Some(worst) = worst {
        document["severity"] = severity(worst).into();
    }
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn entry(sources: &SourceMap, d: &Diagnostic) -> Value {
    let mut lines = vec![d.message.clone()];
    lines.extend(paragraphs(sources, d));
    let mut entry = json!({
        "message": lines.join("\n\n"),
        "location": match d.labels.first() {
            Some(label) => location(sources, label.span),
            None => json!({ "path": "sprag.toml" }),
        },
        "severity": severity(d.severity),
        "code": { "value": d.code },
    });
    let related: Vec<Value> = d
        .labels
        .iter()
        .skip(1)
        .map(|l| json!({ "message": l.text, "location": location(sources, l.span) }))
        .collect();
    if !related.is_empty() {
        entry["relatedLocations"] = related.into();
    }
    // A suggestion is a button: what may widen access is not put on one. Nor is a part of a fix.
    if let Some(fix) = d.fix.as_ref().filter(|f| f.safety != Safety::Display) {
        let file = d.labels.first().map(|l| l.span.source);
        if fix.edits.iter().all(|e| Some(e.span.source) == file) {
            let one = |e: &crate::diag::Edit| json!({ "range": range(sources, e.span), "text": e.text });
            entry["suggestions"] = fix.edits.iter().map(one).collect::<Vec<_>>().into();
        }
    }
    entry
}

fn location(sources: &SourceMap, span: Span) -> Value {
    json!({ "path": sources.source(span).path, "range": range(sources, span) })
}

fn range(sources: &SourceMap, span: Span) -> Value {
    let position = |p: Place| json!({ "line": p.line, "column": p.bytes });
    json!({ "start": position(sources.place(span)), "end": position(sources.end(span)) })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Note => "INFO",
    }
}
