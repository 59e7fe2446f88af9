//! GitHub's workflow commands: findings become annotations on the lines of a pull request.
//!
//! The form and its escapes are those of `actions/toolkit` (`packages/core/src/command.ts`). A workflow step shows
//! ten errors, ten warnings and ten notices and drops the rest without a word, so the last one of a sort says how
//! many more there are. Columns of a place of several lines would be dropped with its end line, so they are left
//! out.

use std::io::{self, Write};

use super::{Format, Look, Reader, Report, count, paragraphs, rule_name, severity, summary};
use crate::diag::{Diagnostic, Severity};
use crate::span::SourceMap;

/// Workflow commands.
pub static FORMAT: Format =
    Format { name: "github", title: "annotations of a GitHub workflow", reader: Reader::Host, write };

/// How many annotations of one sort a step shows.
const SHOWN: usize = 10;

fn write(report: &Report<'_>, _: &Look, out: &mut dyn Write) -> io::Result<()> {
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let of_it: Vec<_> = report.diagnostics.iter().filter(|d| d.severity == severity).collect();
        for (i, finding) in of_it.iter().take(SHOWN).enumerate() {
            let more = if i + 1 == SHOWN { of_it.len() - SHOWN } else { 0 };
            writeln!(out, "{}", command(report.sources, finding, more))?;
        }
    }
    writeln!(out, "{}", data(&summary(report.diagnostics)))
}

fn command(sources: &SourceMap, finding: &Diagnostic, more: usize) -> String {
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let name = rule_name(finding.code).map(|name| format!(" {name}")).unwrap_or_default();
    let mut properties = vec![("title", format!("{}{name}", finding.code))];
    if let Some(label) = finding.labels.first() {
        let (start, end) = (sources.place(label.span), sources.end(label.span));
        properties.push(("file", sources.source(label.span).path.clone()));
        properties.push(("line", start.line.to_string()));
        if start.line == end.line {
            properties.push(("endLine", end.line.to_string()));
            properties.push(("col", start.utf16.to_string()));
            properties.push(("endColumn", end.utf16.to_string()));
        } else {
            properties.push(("endLine", end.line.to_string()));
        }
    }
    let properties: Vec<String> =
        properties.into_iter().map(|(name, value)| format!("{name}={}", property(&value))).collect();
    let mut lines = vec![finding.message.clone()];
    lines.extend(paragraphs(sources, finding));
    if more > 0 {
        let word = format!("more {}", severity(finding.severity));
        lines.push(format!("And {} not shown here.", count(more, &word)));
    }
    format!("::{word} {}::{}", properties.join(","), data(&lines.join("\n")))
}

/// What may not stand in a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What may not stand in a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn written(diagnostics: &[Diagnostic]) -> String {
        let mut sources = SourceMap::default();
        sources.add("a,b:c%.sprag", "one\ntwo 😀 three\n");
        let mut out = Vec::new();
        write(&Report::new(&sources, diagnostics), &Look::PLAIN, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_would_end_a_command_is_escaped() {
        let d = Diagnostic::error("E0101", "50%, a: b").at(Span::new(0, 4, 7), "x\r\n::error::y");
        assert_eq!(
            written(&[d]),
            "::error title=E0101,file=a%2Cb%3Ac%25.sprag,line=2,endLine=2,col=1,endColumn=4::\
             50%25, a: b%0Ax%0D%0A::error::y\n1 error\n"
        );
    }

    #[test]
    fn columns_are_those_of_utf_16_and_left_out_on_several_lines() {
        let one = Diagnostic::warning("W0701", "x").at(Span::new(0, 13, 18), "");
        let two = Diagnostic::warning("W0701", "x").at(Span::new(0, 0, 7), "");
        let text = written(&[one, two]);
        assert!(text.contains("line=2,endLine=2,col=8,endColumn=13::"), "{text}");
        assert!(text.contains("line=1,endLine=2::"), "{text}");
    }

    #[test]
    fn errors_come_first_and_what_is_dropped_is_counted() {
        let mut all = vec![Diagnostic::warning("W0701", "w"); 11];
        all.extend(vec![Diagnostic::error("E0101", "e"); 12]);
        all.push(Diagnostic::new(Severity::Note, "SPR0253", "n"));
        let text = written(&all);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 22);
        assert_eq!(lines[0], "::error title=E0101::e");
        assert_eq!(lines[9], "::error title=E0101::e%0AAnd 2 more errors not shown here.");
        assert_eq!(lines[19], "::warning title=W0701::w%0AAnd 1 more warning not shown here.");
        assert_eq!(lines[20], "::notice title=SPR0253 untested-app::n");
        assert_eq!(lines[21], "12 errors, 11 warnings, 1 note");
    }
}
