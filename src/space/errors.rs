//! What is said when something would be too large.

use crate::diag::Diagnostic;
use crate::span::Span;

pub(super) fn too_many_transitions(subject: &str, patterns: usize, widest: Span, limit: usize) -> Diagnostic {
    Diagnostic::error(
        "E0801",
        format!(
            "the {patterns} patterns on `{subject}` take more than {limit} transitions, or too long, to be told apart"
        ),
    )
    .at(widest, "the pattern with the most `*` is here")
    .help("patterns with one `*` at their end cost little; use fewer `*` in the middle".to_string())
}
