//! One line per diagnostic, `path:line:column: error[E0101] message`: for editors and `grep`.

use std::io::{self, Write};

use super::{Format, Look, Paint, Reader, Report, one_line, severity, summary, visible};
use crate::diag::Severity;

/// One line each.
pub static FORMAT: Format = Format { name: "concise", title: "one line each", reader: Reader::Person, write };

fn write(report: &Report<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    for d in report.diagnostics {
        let paint = match d.severity {
            Severity::Error => Paint::Bad,
            Severity::Warning => Paint::Doubtful,
            Severity::Note => Paint::Aside,
        };
        let place = d
            .labels
            .first()
            .map(|l| format!("{}: ", one_line(&report.sources.at(l.span))))
            .unwrap_or_default();
        let head = look.paint(paint, &format!("{}[{}]", severity(d.severity), d.code));
        let message = visible(&d.message).replace(['\n', '\r'], " ");
        writeln!(out, "{place}{head} {message}")?;
    }
    writeln!(out, "{}", summary(report.diagnostics))
}
