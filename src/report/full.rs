//! Terminal rendering. The only module that names `miette`.
//!
//! A snippet shows one file, so a diagnostic whose labels lie in several files becomes several snippets under
//! one headline. Files are cut down to what fits a screen: a place of many lines shows its first line, a line
//! of many characters the part around the place.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::{Format, Look, Paint, Reader, Report, count, fix_sentence, one_line, severity, summary, visible};
use crate::diag::{self, Diagnostic, Label};
use crate::span::{SourceMap, Span};

/// With snippets.
pub static FORMAT: Format =
    Format { name: "full", title: "with the lines in question", reader: Reader::Person, write };

/// How many diagnostics are shown; the rest are counted.
pub const SHOWN: usize = 200;

/// The longest line, and the longest place on it, shown whole, in bytes.
const LINE: usize = 400;

/// The most lines of one place shown whole.
const LINES: usize = 6;

fn write(report: &Report<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let Report { sources, diagnostics, .. } = *report;
    let handler = GraphicalReportHandler::new_themed(theme(look))
        .with_width(look.width)
        .with_links(false)
        .without_syntax_highlighting();
    let mut files = Files { sources, shown: BTreeMap::new() };
    for diagnostic in diagnostics.iter().take(SHOWN) {
        for piece in pieces(&mut files, diagnostic) {
            let mut text = String::new();
            handler.render_report(&mut text, &piece).map_err(io::Error::other)?;
            out.write_all(text.as_bytes())?;
        }
        for (kind, text) in beside(sources, diagnostic) {
            paragraph(kind, &visible(&text), look, out)?;
        }
        writeln!(out)?;
    }
    if let Some(more) = diagnostics.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        writeln!(
            out,
            "… and {} not shown; `--output-format concise` lists all of them",
            count(more, "more finding")
        )?;
    }
    writeln!(out, "{}", summary(diagnostics))
}

/// What `miette` has no place for: notes, the steps of a chain, the fix.
fn beside(sources: &SourceMap, diagnostic: &Diagnostic) -> Vec<(String, String)> {
    let notes = diagnostic.notes.iter().map(|note| ("note: ".to_owned(), note.clone()));
    let step = |(i, label): (usize, &Label)| {
        let number = format!("{}. ", i + 1);
        (number, format!("{}: {}", sources.at(label.span), label.text))
    };
    let flow = diagnostic.flow.iter().enumerate().map(step);
    let fix = diagnostic.fix.iter().map(|fix| ("fix: ".to_owned(), fix_sentence(fix)));
    notes.chain(flow).chain(fix).collect()
}

/// Indented as `miette` indents its help, and wrapped as it wraps.
fn paragraph(kind: String, text: &str, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let indent = " ".repeat(2 + kind.len());
    let mut line = format!("  {}", look.paint(Paint::Aside, &kind));
    let mut used = indent.len();
    for (i, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if i > 0 && used + 1 + length > look.width {
            writeln!(out, "{line}")?;
            line = format!("{indent}{word}");
            used = indent.len() + length;
        } else {
            let gap = if i == 0 { "" } else { " " };
            line += gap;
            line += word;
            used += gap.len() + length;
        }
    }
    writeln!(out, "{line}")
}

fn theme(look: &Look) -> GraphicalTheme {
    GraphicalTheme {
        characters: if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if look.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    }
}

/// The diagnostic cut by files, the primary label's first; the help stands below the last.
fn pieces(files: &mut Files<'_>, diagnostic: &Diagnostic) -> Vec<Piece> {
    let mut by_file: Vec<(u32, Vec<&Label>)> = Vec::new();
    for label in &diagnostic.labels {
        match by_file.iter_mut().find(|(source, _)| *source == label.span.source) {
            Some((_, labels)) => labels.push(label),
            None => by_file.push((label.span.source, vec![label])),
        }
    }
    let mut pieces = vec![Piece {
        code: Some(format!("{}[{}]", severity(diagnostic.severity), diagnostic.code)),
        severity: match diagnostic.severity {
            diag::Severity::Error => Severity::Error,
            diag::Severity::Warning => Severity::Warning,
            diag::Severity::Note => Severity::Advice,
        },
        message: visible(&diagnostic.message).into_owned(),
        help: None,
        file: None,
        labels: Vec::new(),
    }];
    for (nth, (source, labels)) in by_file.into_iter().enumerate() {
        let file = files.file(source);
        let primary = nth == 0;
        let labels = labels.iter().enumerate().map(|(i, l)| label(&file, l, primary && i == 0)).collect();
        match pieces.first_mut() {
            Some(first) if primary => (first.file, first.labels) = (Some(file), labels),
            _ => pieces.push(Piece {
                code: None,
                severity: Severity::Advice,
                message: format!("see also `{}`", file.name),
                help: None,
                file: Some(file),
                labels,
            }),
        }
    }
    if let Some(last) = pieces.last_mut() {
        last.help = diagnostic.help.as_deref().map(|h| visible(h).into_owned());
    }
    pieces
}

fn label(file: &File, label: &Label, primary: bool) -> LabeledSpan {
    let (start, end) = file.clip(label.span);
    let text = (!label.text.is_empty()).then(|| visible(&label.text).into_owned());
    if primary {
        LabeledSpan::new_primary_with_span(text, (start, end - start))
    } else {
        LabeledSpan::new_with_span(text, (start, end - start))
    }
}

/// What `miette` renders at once.
#[derive(Debug)]
struct Piece {
    code: Option<String>,
    severity: Severity,
    message: String,
    help: Option<String>,
    file: Option<Arc<File>>,
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Piece {}

impl miette::Diagnostic for Piece {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|c| Box::new(c) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.file.as_deref().map(|f| f as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = _>>)
    }
}

/// The files shown so far, each indexed once.
struct Files<'a> {
    sources: &'a SourceMap,
    shown: BTreeMap<u32, Arc<File>>,
}

impl Files<'_> {
    fn file(&mut self, number: u32) -> Arc<File> {
        let sources = self.sources;
        let file = self.shown.entry(number).or_insert_with(|| {
            let source = sources.source(Span { source: number, start: 0, end: 0 });
            // One more line end, so that the end of the text is a place on a line.
            let text = format!("{}\n", visible(&source.text));
            let starts =
                std::iter::once(0).chain(source.text.match_indices('\n').map(|(i, _)| i + 1)).collect();
            Arc::new(File { name: one_line(&source.path), text, starts })
        });
        Arc::clone(file)
    }
}

/// A text that knows its lines: `miette`'s own sources count them anew from the first for every label.
#[derive(Debug)]
struct File {
    name: String,
    /// With hidden characters made visible and a line end more; offsets are those of the source.
    text: String,
    starts: Vec<usize>,
}

impl File {
    /// The line, from 0, that the byte lies on.
    fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|s| *s <= offset).max(1) - 1
    }

    fn line_start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// Without the line's end.
    fn line_end(&self, line: usize) -> usize {
        self.text[..self.line_start(line + 1)].trim_end_matches(['\r', '\n']).len().max(self.line_start(line))
    }

    /// The span inside the text, on character boundaries and no longer than can be shown.
    fn clip(&self, span: Span) -> (usize, usize) {
        let last = self.text.len() - 1;
        let start = self.text.floor_char_boundary((span.start as usize).min(last));
        let mut end = self.text.ceil_char_boundary((span.end as usize).clamp(start, last));
        let first = self.line(start);
        if self.line(end) >= first + LINES {
            end = self.line_end(first).max(start);
        }
        (start, end.min(self.text.ceil_char_boundary((start + LINE).min(last))))
    }
}

impl SourceCode for File {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let (first, last) = (self.line(start), self.line(end));
        let mut from = self.line_start(first.saturating_sub(before));
        // Behind the last line end stands no line, unless the place is there.
        let lines = self.starts.partition_point(|s| s + 1 < self.text.len());
        let mut to = self.line_start((last + after + 1).min(lines.max(last + 1)));
        // miette asks for no context where it wants the place itself.
        if before == 0 && after == 0 {
            (from, to) = (start, end);
        } else if (first.saturating_sub(before)..=last + after).any(|l| self.line_length(l) > LINE) {
            from = self.line_start(first).max(start.saturating_sub(LINE / 4));
            to = self.line_end(last).min(end + LINE / 4);
        }
        let (from, to) = (self.text.floor_char_boundary(from), self.text.ceil_char_boundary(to.max(end)));
        let line = self.line(from);
        let column = self.text[self.line_start(line)..from].chars().count();
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[from..to],
            (from, to - from).into(),
            line,
            column,
            self.line(to.max(from + 1) - 1) - line + 1,
        )))
    }
}

impl File {
    fn line_length(&self, line: usize) -> usize {
        self.line_end(line).saturating_sub(self.line_start(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(texts: &[(&str, &str)], diagnostics: &[Diagnostic]) -> String {
        let mut sources = SourceMap::default();
        for (path, text) in texts {
            sources.add(*path, *text);
        }
        let mut out = Vec::new();
        write(&Report::new(&sources, diagnostics), &Look::PLAIN, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_label_shows_its_own_file() {
        let d = Diagnostic::error("E0101", "duplicate role `a`")
            .at(Span::new(0, 5, 6), "again here")
            .at(Span::new(1, 10, 11), "first here")
            .help("rename one".to_owned());
        let text = rendered(&[("one.sprag", "role a {}\n"), ("two.sprag", "// x\nrole a {}\n")], &[d]);
        insta::assert_snapshot!(text, @r"
        error[E0101]

          x duplicate role `a`
           ,-[one.sprag:1:6]
         1 | role a {}
           :      |
           :      `-- again here
           `----
          > see also `two.sprag`
           ,-[two.sprag:2:6]
         1 | // x
         2 | role a {}
           :      |
           :      `-- first here
           `----
          help: rename one

        1 error
        ");
    }

    #[test]
    fn a_place_at_the_end_or_beyond_is_shown() {
        for (start, end) in [(4, 4), (3, 4), (100, 200), (2, 100)] {
            let d = Diagnostic::error("E0101", "unexpected end").at(Span::new(0, start, end), "here");
            let text = rendered(&[("a.sprag", "ab\né")], &[d]);
            assert!(text.contains("a.sprag:") && text.contains("here"), "{text}");
        }
        let d = Diagnostic::error("E0101", "empty").at(Span::new(0, 0, 0), "here");
        assert!(rendered(&[("a.sprag", "")], &[d]).contains("empty"));
    }

    #[test]
    fn long_lines_and_long_places_are_cut() {
        let line = "x".repeat(1_000_000);
        let d = Diagnostic::error("E0101", "long").at(Span::new(0, 500_000, 900_000), "here");
        let text = rendered(&[("a.sprag", &line)], &[d]);
        assert!(text.len() < 4_000, "{}", text.len());
        assert!(text.contains("a.sprag:1:500001"), "{text}");
        let lines = "role a {}\n".repeat(1_000);
        let d = Diagnostic::error("E0101", "long").at(Span::new(0, 20, 9_000), "here");
        let text = rendered(&[("a.sprag", &lines)], &[d]);
        assert!(text.lines().count() < 15, "{text}");
        assert!(text.contains("a.sprag:3:1"), "{text}");
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let d = Diagnostic::error("E0101", "one");
        let text = rendered(&[("a.sprag", "")], &vec![d; SHOWN + 3]);
        assert!(text.contains("and 3 more findings not shown"), "{text}");
        assert_eq!(text.matches("error[E0101]").count(), SHOWN);
        assert!(text.ends_with("203 errors\n"), "{text}");
    }

    #[test]
    fn a_source_cannot_steer_the_terminal() {
        let d = Diagnostic::error("E0101", "bad `\u{1b}[2J`").at(Span::new(0, 0, 4), "\u{202e}");
        let text = rendered(&[("a.sprag", "\u{1b}[2J \u{202e}")], &[d]);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }
}
