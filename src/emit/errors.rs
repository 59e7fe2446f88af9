//! What is said when a table would be too large.

use crate::diag::Diagnostic;
use crate::span::Span;

pub(super) fn too_many_stages(
    app: &str,
    combinations: usize,
    span: Span,
    ratchets: &[(&str, Span)],
) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(
        "E0802",
        format!("the ratchets on `{app}` have {combinations} combinations of stages"),
    )
    .at(span, "this app");
    for (name, span) in ratchets {
        diagnostic = diagnostic.at(*span, format!("`{name}` is one of them"));
    }
    diagnostic.help("put what belongs together into one ratchet".to_string())
}

pub(super) fn too_large(what: &str, size: usize, limit: usize) -> Diagnostic {
    Diagnostic::error("E0803", format!("the bundle would have {size} {what}; the format holds {limit}"))
        .help("split the package, for instance by platform".to_string())
}

pub(super) fn too_deep(what: &str, depth: usize, limit: usize, span: Span) -> Diagnostic {
    Diagnostic::error("E0804", format!("{what} is {depth} levels deep; the format holds {limit}"))
        .at(span, "here")
        .help("leave out levels".to_string())
}
