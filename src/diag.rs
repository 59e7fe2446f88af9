//! What the compiler says about sources: plain data, rendered elsewhere.

use crate::span::Span;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing can be built from this.
    Error,
    /// Probably not what was meant; the build goes on.
    Warning,
    /// Worth knowing.
    Note,
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
    /// What proves it: operations, a witness request, counts. A sentence each.
    pub notes: Vec<String>,
    /// A chain of places that leads there, in order: the steps of an escalation.
    pub flow: Vec<Label>,
    /// The edit that mends it, where there is one.
    pub fix: Option<Fix>,
}

/// An edit that mends what a diagnostic says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: "remove the scope `ADMIN`".
    pub title: String,
    /// Who may apply it.
    pub safety: Safety,
    /// Disjoint, all in one or more files, sorted by place.
    pub edits: Vec<Edit>,
    /// What the proof of its safety takes as it stands: of two fixes with the same, one is applied at a time.
    pub given: Option<Span>,
}

/// Who may apply a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// A machine: proved to permit nothing that was denied before.
    Safe,
    /// Only who asks for it: it may change what is permitted, but never widens it.
    Unsafe,
    /// Nobody but a person who types it: it may widen access.
    Display,
}

/// Puts text where other text stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes; empty where text is only put in.
    pub span: Span,
    /// What comes.
    pub text: String,
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
            notes: Vec::new(),
            flow: Vec::new(),
            fix: None,
        }
    }

    /// A message of this weight.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity, ..Diagnostic::error(code, message) }
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

    /// Adds a sentence that proves it.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds a step of the chain that leads there.
    #[must_use]
    pub fn step(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.flow.push(Label { span, text: text.into() });
        self
    }

    /// Says which edit mends it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Diagnostic {
        self.fix = fix.into();
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
