//! What the compiler says about sources: plain data, rendered elsewhere.

use crate::span::Span;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing can be built from this.
    Error,
    /// Probably not what was meant; the build goes on.
    Warning,
}

/// A place and what is wrong or said *there*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What, in a few words; may be empty.
    pub text: String,
}

/// One message: code, headline, places and what to do.
///
/// The headline is lower case, has no full stop and shows user text in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, `E` or `W` and four digits; `docs/diagnostics/CODE.md` explains it.
    pub code: &'static str,
    /// Weight.
    pub severity: Severity,
    /// The headline.
    pub message: String,
    /// The first label is where the problem is; others show what it conflicts with.
    pub labels: Vec<Label>,
    /// What to do, a sentence.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A message that stops the build.
    pub fn error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// A message that does not.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
    }

    /// Adds a place; the first one added is the primary one.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says what to do. A second call replaces the first; `None` leaves it.
    #[must_use]
    pub fn help(mut self, help: impl Into<Option<String>>) -> Diagnostic {
        if let Some(help) = help.into() {
            self.help = Some(help);
        }
        self
    }

    /// The primary place.
    pub fn span(&self) -> Span {
        self.labels.first().map(|l| l.span).unwrap_or_default()
    }
}

/// The help sentence that names the nearest of the known names, if one is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&name.to_lowercase(), &k.to_lowercase()), k))
        .filter(|(distance, k)| *distance <= (name.chars().count().max(k.chars().count()) / 3).max(1))
        .min_by_key(|(distance, k)| (*distance, k.to_string()))
        .map(|(_, k)| format!("did you mean `{k}`?"))
}
