//! W07xx: probably not what was meant.

use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::tree::{AppPattern, Name};

pub(in crate::sema) fn lookalike(what: &str, one: (&str, Span), other: (&str, Span)) -> Diagnostic {
    Diagnostic::warning("W0701", format!("{what} `{}` looks like `{}`", one.0, other.0))
        .at(one.1, "different characters, same appearance")
        .at(other.1, "the other one")
        .help("use the same characters in both, if the same is meant".to_owned())
}

pub(in crate::sema) fn mixed_scripts(span: Span, word: &str) -> Diagnostic {
    Diagnostic::warning("W0702", format!("`{word}` mixes scripts"))
        .at(span, "letters of more than one alphabet")
        .help("write the word in one alphabet".to_owned())
}

pub(in crate::sema) fn no_such_app(rule: Span, pattern: &AppPattern) -> Diagnostic {
    let span = match pattern {
        AppPattern::Any { kind, .. } => kind.span,
        AppPattern::Named(names) => names.first().map_or(rule, |n| n.span),
    };
    Diagnostic::warning("W0703", "this rule is about no app")
        .at(span, "selects none of the declared apps")
        .help("declare an app of this sort, or leave the rule out".to_owned())
}

pub(in crate::sema) fn approved_not_requested(scope: &Name, app: &Name) -> Diagnostic {
    Diagnostic::warning("W0704", format!("`{}` does not request `{}`", app.text, scope.text))
        .at(scope.span, "approved in vain")
        .help("an app holds what it requests and what was approved".to_owned())
}
