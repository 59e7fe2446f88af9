//! Diagnostics and test results as bytes, one file per format.

pub mod argument;
pub mod concise;
pub mod diff;
pub mod full;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod json_lines;
pub mod junit;
pub mod junit_findings;
mod line_hash;
pub mod markdown;
pub mod page;
pub mod pretty;
pub mod rdjson;
pub mod sarif;
pub mod scopes;
pub mod tests_json;

use std::borrow::Cow;
use std::io::{self, Write};

use crate::diag::{Diagnostic, Fix, Safety, Severity};
use crate::lint::{Rule, Suppressed};
use crate::span::SourceMap;
use crate::suite::Results;

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Every text that a place may lie in.
    pub sources: &'a SourceMap,
    /// What was found, by source and place.
    pub diagnostics: &'a [Diagnostic],
    /// What was found and is kept back; empty unless it was asked for.
    pub suppressed: &'a [Suppressed],
    /// The page of a code, in Markdown.
    pub page: fn(&str) -> Option<&'static str>,
    /// What was looked at: names of packages.
    pub subject: &'a str,
}

impl<'a> Report<'a> {
    /// Of these diagnostics, without pages.
    pub fn new(sources: &'a SourceMap, diagnostics: &'a [Diagnostic]) -> Report<'a> {
        Report { sources, diagnostics, suppressed: &[], page: |_| None, subject: "" }
    }
}

/// A way to write diagnostics.
#[derive(Debug)]
pub struct Format {
    /// As on the command line.
    pub name: &'static str,
    /// What it is good for, in a few words.
    pub title: &'static str,
    /// Who reads it.
    pub reader: Reader,
    /// Writes them all, and a summary where people read it.
    pub write: fn(&Report<'_>, &Look, &mut dyn Write) -> io::Result<()>,
}

/// Who reads a format: it decides from where paths are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A person at a terminal: paths from the current folder. Nothing to read where nothing was found.
    Person,
    /// A program on this machine: paths from the current folder.
    Program,
    /// A code host, which knows paths from the top of the repository.
    Host,
}

/// Every format, the default one first. To add one: a file with a `FORMAT`, and a line here.
pub static FORMATS: &[&Format] = &[
    &full::FORMAT,
    &concise::FORMAT,
    &json::FORMAT,
    &json_lines::FORMAT,
    &sarif::FORMAT,
    &github::FORMAT,
    &gitlab::FORMAT,
    &junit_findings::FORMAT,
    &rdjson::FORMAT,
    &markdown::FORMAT,
];

/// A way to write test results.
#[derive(Debug)]
pub struct TestFormat {
    /// As on the command line.
    pub name: &'static str,
    /// What it is good for, in a few words.
    pub title: &'static str,
    /// Writes them all; the text is the package's name.
    pub write: fn(&str, &SourceMap, &Results, &Look, &mut dyn Write) -> io::Result<()>,
}

/// Every format for test results, the default one first.
pub static TEST_FORMATS: &[&TestFormat] = &[&pretty::FORMAT, &junit::FORMAT, &tests_json::FORMAT];

/// How output for people looks; decided once by the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// ANSI colours.
    pub color: bool,
    /// Box-drawing characters instead of ASCII.
    pub unicode: bool,
    /// Columns at which messages wrap.
    pub width: usize,
}

impl Look {
    /// As in a file: no colour, no box drawing, 100 columns.
    pub const PLAIN: Look = Look { color: false, unicode: false, width: 100 };

    /// The text in bold red, green or yellow where colours are wanted.
    pub fn paint(self, paint: Paint, text: &str) -> String {
        let code = match paint {
            Paint::Good => "32",
            Paint::Bad => "31",
            Paint::Doubtful => "33",
            Paint::Aside => "2",
        };
        if self.color { format!("\u{1b}[1;{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Green.
    Good,
    /// Red.
    Bad,
    /// Yellow.
    Doubtful,
    /// Dim.
    Aside,
}

/// The format with this name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|f| f.name == name)
}

/// The format for test results with this name.
pub fn test_format(name: &str) -> Option<&'static TestFormat> {
    TEST_FORMATS.iter().copied().find(|f| f.name == name)
}

/// `3 errors, 1 warning`, or `no findings`.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let counted = |s: Severity| diagnostics.iter().filter(|d| d.severity == s).count();
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|s| (counted(s), severity(s)))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(number, word))
        .collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

/// `1 error`, `2 errors`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// The word for a severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The name of the rule with this code, where it is one of lint.
pub fn rule_name(code: &str) -> Option<&'static str> {
    Rule::named(code).map(|r| r.name)
}

/// What the page's first line, `# CODE: title` or `# CODE name: title`, says behind the colon.
pub fn page_title(page: &str) -> &str {
    page.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, title)| title)
}

/// The fix in a sentence that says who may apply it.
pub fn fix_sentence(fix: &Fix) -> String {
    let how = match fix.safety {
        Safety::Safe => "`--fix` does it",
        Safety::Unsafe => "`--fix --unsafe-fixes` does it; look at the change",
        Safety::Display => "it may widen access, so only a person can decide it",
    };
    format!("{} ({how})", fix.title)
}

/// Everything that a finding says besides its headline, a paragraph each.
pub fn paragraphs(sources: &SourceMap, diagnostic: &Diagnostic) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    said.extend(diagnostic.labels.first().map(|l| l.text.clone()).filter(|text| !text.is_empty()));
    let others = diagnostic.labels.iter().skip(1).filter(|l| !l.text.is_empty());
    said.extend(others.map(|l| format!("{}: {}", sources.at(l.span), l.text)));
    said.extend(diagnostic.notes.iter().cloned());
    let step =
        |(i, l): (usize, &crate::diag::Label)| format!("{}. {}: {}", i + 1, sources.at(l.span), l.text);
    said.extend(diagnostic.flow.iter().enumerate().map(step));
    said.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    said.extend(diagnostic.fix.iter().map(|fix| format!("fix: {}", fix_sentence(fix))));
    said
}

/// The text without characters that steer a terminal or turn the reading direction, each replaced by one
/// of the same length in UTF-8, so that byte offsets stay true. Tabs and line ends stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| shown_as(c) != c) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        // The carriage return of a Windows line end is not shown by any terminal.
        out.push(if c == '\r' && rest.peek() == Some(&'\n') { c } else { shown_as(c) });
    }
    Cow::Owned(out)
}

/// The same on one line, so that nothing in it looks like a line of its own.
pub fn one_line(text: &str) -> String {
    visible(text).replace(['\n', '\r'], "?")
}

/// The name of a file as git writes it in a line of a patch: in quotes and with the escapes of C, where it has quotes,
/// backslashes or characters that nobody would see or that end the line.
pub fn quoted_path(name: &str) -> Cow<'_, str> {
    let is_odd = |c: char| c.is_control() || matches!(c, '"' | '\\') || shown_as(c) != c;
    if !name.contains(is_odd) {
        return Cow::Borrowed(name);
    }
    let mut out = String::from('"');
    for c in name.chars() {
        let escape = match c {
            '"' | '\\' => c,
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            odd if is_odd(odd) => {
                let mut bytes = [0; 4];
                out.extend(odd.encode_utf8(&mut bytes).bytes().map(|b| format!("\\{b:03o}")));
                continue;
            }
            plain => {
                out.push(plain);
                continue;
            }
        };
        out.extend(['\\', escape]);
    }
    out.push('"');
    Cow::Owned(out)
}

fn shown_as(c: char) -> char {
    match c {
        '\t' | '\n' => c,
        '\0'..='\u{1f}' | '\u{7f}' => '?',
        '\u{80}'..='\u{9f}' => '\u{bf}',
        '\u{61c}' => '\u{bf}',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
            '\u{fffd}'
        }
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_its_own_name() {
        let mut names: Vec<_> = FORMATS.iter().map(|f| f.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FORMATS.len());
        assert!(FORMATS.iter().all(|f| format(f.name).is_some()));
        let mut names: Vec<_> = TEST_FORMATS.iter().map(|f| f.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TEST_FORMATS.len());
    }

    #[test]
    fn the_summary_counts_in_plain_words() {
        let error = Diagnostic::error("E0101", "x");
        let warning = Diagnostic::warning("W0701", "x");
        assert_eq!(summary(&[]), "no findings");
        assert_eq!(summary(&[error.clone(), error.clone(), warning.clone()]), "2 errors, 1 warning");
        assert_eq!(summary(&[error]), "1 error");
        assert_eq!(summary(&[warning.clone(), warning]), "2 warnings");
    }

    #[test]
    fn hidden_characters_become_visible_and_keep_their_length() {
        let text = "a\u{1b}[31m\u{202e}b\u{9b}c\u{0}\td\r\n\re\u{61c}";
        let shown = visible(text);
        assert_eq!(shown.len(), text.len());
        assert_eq!(shown, "a?[31m\u{fffd}b\u{bf}c?\td\r\n?e\u{bf}");
    }

    /// As `git diff` writes them; letters beyond ASCII stay, as with `core.quotePath=false`.
    #[test]
    fn names_of_files_are_quoted_as_git_quotes_them() {
        for (name, written) in [
            ("a/plain name ü.sprag", "a/plain name ü.sprag"),
            ("a/new\nline\r.sprag", r#""a/new\nline\r.sprag""#),
            ("a/t\ta\u{7}\u{8}\u{b}\u{c}", r#""a/t\ta\a\b\v\f""#),
            ("a/\"q\" \\ \u{1}\u{1b}\u{7f}", r#""a/\"q\" \\ \001\033\177""#),
            ("a/\u{202e}gro.sprag", r#""a/\342\200\256gro.sprag""#),
        ] {
            assert_eq!(quoted_path(name), written);
        }
    }
}
