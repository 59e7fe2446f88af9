//! Markdown: a comment on a pull request, or the summary of a workflow.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Format, Look, Reader, Report, fix_sentence, one_line, rule_name, severity, summary, visible};
use crate::diag::Diagnostic;

/// Markdown.
pub static FORMAT: Format =
    Format { name: "markdown", title: "a table and details, for a comment", reader: Reader::Host, write };

/// How many findings are told in detail: a comment on GitHub has 65,536 characters at most.
const SHOWN: usize = 50;

fn write(report: &Report<'_>, _: &Look, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Sprag: {}\n", summary(report.diagnostics))?;
    if report.diagnostics.is_empty() {
        return Ok(());
    }
    let mut by_code: BTreeMap<&str, Vec<&Diagnostic>> = BTreeMap::new();
    for d in report.diagnostics {
        by_code.entry(d.code).or_default().push(d);
    }
    writeln!(out, "| code | finding | level | number |\n| --- | --- | --- | ---: |")?;
    for (code, found) in &by_code {
        let title = (report.page)(code).map(super::page_title).unwrap_or_default();
        let name = rule_name(code).map(|name| format!(" `{name}`")).unwrap_or_default();
        let level = found.first().map(|d| severity(d.severity)).unwrap_or_default();
        writeln!(out, "| {code}{name} | {} | {level} | {} |", text(title), found.len())?;
    }
    writeln!(out)?;
    let mut sorted: Vec<&Diagnostic> = report.diagnostics.iter().collect();
    sorted.sort_by_key(|d| d.severity);
    for d in sorted.iter().take(SHOWN) {
        details(report, d, out)?;
    }
    if let Some(more) = sorted.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        writeln!(out, "And {more} more, which stand in the log.")?;
    }
    Ok(())
}

fn details(report: &Report<'_>, d: &Diagnostic, out: &mut dyn Write) -> io::Result<()> {
    let sources = report.sources;
    let place = d.labels.first().map(|l| format!(" — {}", code(&sources.at(l.span)))).unwrap_or_default();
    writeln!(
        out,
        "<details>\n<summary>{} {}: {}</summary>\n",
        severity(d.severity),
        d.code,
        html(&d.message)
    )?;
    writeln!(out, "**{}**{place}\n", text(&d.message))?;
    for (i, label) in d.labels.iter().enumerate() {
        let line = sources.place(label.span).line as usize;
        let shown = sources.source(label.span).text.lines().nth(line - 1).unwrap_or_default();
        let at = if i == 0 { String::new() } else { format!("{}: ", code(&sources.at(label.span))) };
        if !at.is_empty() || !label.text.is_empty() {
            writeln!(out, "{}\n", format!("{at}{}", text(&label.text)).trim_end_matches(": "))?;
        }
        // Indented code has no end mark that a source could contain.
        writeln!(out, "    {}\n", visible(shown))?;
    }
    for note in &d.notes {
        writeln!(out, "- {}", text(note))?;
    }
    for (i, step) in d.flow.iter().enumerate() {
        writeln!(out, "{}. {}: {}", i + 1, code(&sources.at(step.span)), text(&step.text))?;
    }
    if !d.notes.is_empty() || !d.flow.is_empty() {
        writeln!(out)?;
    }
    if let Some(help) = &d.help {
        writeln!(out, "**Help:** {}\n", text(help))?;
    }
    if let Some(fix) = &d.fix {
        writeln!(out, "**Fix:** {}\n", text(&fix_sentence(fix)))?;
    }
    writeln!(out, "</details>\n")
}

/// A span of code on one line, which nothing in the text ends.
pub(super) fn code(text: &str) -> String {
    let shown = one_line(text);
    let fence = "`".repeat(longest_run(&shown) + 1);
    let space = if shown.starts_with('`') || shown.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{shown}{space}{fence}")
}

/// How many backticks stand in a row, at most.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// On one line, and without a tag. What stands in backticks stays code.
pub(super) fn text(text: &str) -> String {
    let one_line = visible(text).replace(['\n', '\r'], " ");
    let parts = one_line.split('`').enumerate();
    let part = |(i, part): (usize, &str)| {
        if i % 2 == 1 {
            return part.to_owned();
        }
        part.chars().fold(String::new(), |mut out, c| {
            if matches!(c, '\\' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '#' | '~' | '@') {
                out.push('\\');
            }
            out.push(c);
            out
        })
    };
    parts.map(part).collect::<Vec<_>>().join("`")
}

/// In a summary, Markdown is not read.
pub(super) fn html(text: &str) -> String {
    let escaped = visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let parts: Vec<&str> = escaped.split('`').collect();
    let code = |(i, part): (usize, &&str)| {
        if i % 2 == 1 { format!("<code>{part}</code>") } else { (*part).to_owned() }
    };
    parts.iter().enumerate().map(code).collect::<String>().replace(['\n', '\r'], " ")
}
