//! E06xx: catalogs, the lock and the scopes of permission models.

use super::{list, near};
use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::tree::{CatalogHeader, Name, Text};

/// What is said last, see [`not_locked`].
pub(in crate::sema) const NOT_LOCKED: &str = "E0602";

pub(in crate::sema) fn not_found<'a>(name: &Name, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    Diagnostic::error("E0601", format!("catalog `{}` is not found", name.text))
        .at(name.span, "no file declares it")
        .help(near(&name.text, known))
}

/// `sprag lock` is the answer to it, which needs a package without any other error: beside others it is left out.
pub(in crate::sema) fn not_locked(name: &Name) -> Diagnostic {
    Diagnostic::error(NOT_LOCKED, format!("catalog `{}` is not in the lock", name.text))
        .at(name.span, "in use, but not pinned")
        .help("run `sprag lock`".to_owned())
}

pub(in crate::sema) fn other_version(name: &Name, version: &Text, locked: &str) -> Diagnostic {
    Diagnostic::error("E0603", format!("catalog `{}` is not the version in the lock", name.text))
        .at(name.span, format!("locked is version `{locked}`"))
        .at(version.span, format!("this is version `{}`", version.value))
        .help("review what changed, then run `sprag lock`".to_owned())
}

pub(in crate::sema) fn other_text(name: &Name, declared: &Name, version: &str) -> Diagnostic {
    Diagnostic::error("E0603", format!("catalog `{}` has changed within version `{version}`", name.text))
        .at(name.span, "the lock has another digest")
        .at(declared.span, "this text")
        .help("review what changed, then run `sprag lock`".to_owned())
}

pub(in crate::sema) fn twice(name: &Name, first: Span) -> Diagnostic {
    Diagnostic::error("E0604", format!("two files declare catalog `{}`", name.text))
        .at(name.span, "again here")
        .at(first, "first here")
        .help("keep one of them".to_owned())
}

pub(in crate::sema) fn misplaced_header(header: &CatalogHeader) -> Diagnostic {
    Diagnostic::error("E0605", "`catalog` stands only at the beginning of a file")
        .at(header.span, "not the first item")
        .help("move it to the top, or into a file of its own".to_owned())
}

pub(in crate::sema) fn policy_in_catalog(span: Span, catalog: &Name) -> Diagnostic {
    Diagnostic::error("E0605", format!("catalog `{}` holds policy", catalog.text))
        .at(span, "not a fact about a platform")
        .at(catalog.span, "makes this file a catalog")
        .help("move it into a file of the package".to_owned())
}

pub(in crate::sema) fn unknown_scope<'a>(
    name: &Name,
    models: &[&str],
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    Diagnostic::error("E0606", format!("unknown scope `{}`", name.text))
        .at(name.span, format!("not in {}, nor in another permission model", list(models)))
        .help(near(&name.text, known))
}

pub(in crate::sema) fn scope_of_other_model(
    name: &Name,
    here: &[&str],
    there: &[&str],
    declared: Span,
) -> Diagnostic {
    Diagnostic::error("E0607", format!("scope `{}` belongs to another permission model", name.text))
        .at(name.span, format!("not in {}", list(here)))
        .at(declared, format!("a scope of {}", list(there)))
        .help(
            "scopes of different permission models do not stand for each other: name one of the right model"
                .to_owned(),
        )
}
