//! Diagnostics for programs: one JSON array.
//!
//! Lines and columns count from 1, columns in Unicode characters; an end is one past the last character.

use std::io::{self, Write};

use serde::Serialize;

use super::{Format, Look, severity};
use crate::diag::{Diagnostic, Label};
use crate::span::{SourceMap, Span};

/// A JSON array.
pub static FORMAT: Format = Format { name: "json", title: "a JSON array, for programs", write };

#[derive(Serialize)]
struct Entry<'a> {
    code: &'a str,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    labels: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
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

fn write(sources: &SourceMap, diagnostics: &[Diagnostic], _: &Look, out: &mut dyn Write) -> io::Result<()> {
    let entries: Vec<_> = diagnostics
        .iter()
        .map(|d| Entry {
            code: d.code,
            severity: severity(d.severity),
            message: &d.message,
            help: d.help.as_deref(),
            labels: d.labels.iter().map(|l| place(sources, l)).collect(),
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &entries)?;
    writeln!(out)
}

fn place<'a>(sources: &'a SourceMap, label: &'a Label) -> Place<'a> {
    let span = label.span;
    let end = Span { start: span.end, ..span };
    Place {
        path: &sources.source(span).path,
        start: position(sources, span),
        end: position(sources, end),
        text: &label.text,
    }
}

fn position(sources: &SourceMap, span: Span) -> Position {
    let p = sources.position(span);
    Position { line: p.line, column: p.column, offset: span.start }
}
