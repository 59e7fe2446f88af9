//! Diagnostics for programs: one JSON array.
//!
//! Lines and columns count from 1, columns in Unicode characters, offsets in bytes from 0; an end is one past the
//! last character.

use std::io::{self, Write};

use serde::Serialize;

use super::{Format, Look, Reader, Report, rule_name, severity};
use crate::diag::{self, Diagnostic, Label, Safety};
use crate::lint::fingerprint::fingerprints;
use crate::lint::run::{By, Suppressed};
use crate::span::{Place, SourceMap, Span};

/// A JSON array.
pub static FORMAT: Format =
    Format { name: "json", title: "a JSON array, for programs", reader: Reader::Program, write };

/// A diagnostic.
#[derive(Serialize)]
pub(super) struct Entry<'a> {
    code: &'a str,
    /// The rule's name, where it is one of lint.
    name: Option<&'a str>,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    labels: Vec<Text<'a>>,
    notes: &'a [String],
    flow: Vec<Text<'a>>,
    fix: Option<Fix<'a>>,
    fingerprint: String,
    /// Why it does not count; only where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<Suppression<'a>>,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safety: &'static str,
    edits: Vec<Text<'a>>,
}

#[derive(Serialize)]
struct Suppression<'a> {
    by: &'static str,
    because: Option<&'a str>,
}

/// A place, and what is said or put there.
#[derive(Serialize)]
struct Text<'a> {
    path: &'a str,
    start: Position,
    end: Position,
    text: &'a str,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
    offset: u32,
}

fn write(report: &Report<'_>, _: &Look, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &entries(report))?;
    writeln!(out)
}

/// What counts, then what does not.
pub(super) fn entries<'a>(report: &Report<'a>) -> Vec<Entry<'a>> {
    let sources = report.sources;
    let kept: Vec<Diagnostic> = report.suppressed.iter().map(|s| s.finding.clone()).collect();
    let found = report.diagnostics.iter().zip(fingerprints(sources, report.diagnostics));
    let kept = report.suppressed.iter().zip(fingerprints(sources, &kept));
    found
        .map(|(d, print)| entry(sources, d, print, None))
        .chain(kept.map(|(s, print)| entry(sources, &s.finding, print, Some(s))))
        .collect()
}

fn entry<'a>(
    sources: &'a SourceMap,
    d: &'a Diagnostic,
    fingerprint: String,
    suppressed: Option<&'a Suppressed>,
) -> Entry<'a> {
    let places = |labels: &'a [Label]| labels.iter().map(|l| text(sources, l.span, &l.text)).collect();
    Entry {
        code: d.code,
        name: rule_name(d.code),
        severity: severity(d.severity),
        message: &d.message,
        help: d.help.as_deref(),
        labels: places(&d.labels),
        notes: &d.notes,
        flow: places(&d.flow),
        fix: d.fix.as_ref().map(|f| fix(sources, f)),
        fingerprint,
        suppressed: suppressed.map(|s| match &s.by {
            By::Comment(because) => Suppression { by: "comment", because: Some(because) },
            By::Baseline => Suppression { by: "baseline", because: None },
        }),
    }
}

fn fix<'a>(sources: &'a SourceMap, fix: &'a diag::Fix) -> Fix<'a> {
    let safety = match fix.safety {
        Safety::Safe => "safe",
        Safety::Unsafe => "unsafe",
        Safety::Display => "display",
    };
    let edits = fix.edits.iter().map(|e| text(sources, e.span, &e.text)).collect();
    Fix { title: &fix.title, safety, edits }
}

fn text<'a>(sources: &'a SourceMap, span: Span, text: &'a str) -> Text<'a> {
    let position = |p: Place, offset: u32| Position { line: p.line, column: p.chars, offset };
    Text {
        path: &sources.source(span).path,
        start: position(sources.place(span), span.start),
        end: position(sources.end(span), span.end),
        text,
    }
}
