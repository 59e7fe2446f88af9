//! E04xx: operations and containers.

use super::list;
use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::tree::{LetterCase, Name, Naming, OperationPattern, OperationTerm};

pub(in crate::sema) fn matches_nothing(term: &OperationTerm, span: Span, text: &str) -> Diagnostic {
    let why = match term {
        OperationTerm::All(_) => "no catalog in use has operations",
        OperationTerm::Named(name) if name.text.contains('*') => "no operation has such a name",
        OperationTerm::Named(_) => "no operation is of this class",
        OperationTerm::Marked(_) => "no operation has this mark",
    };
    let text = match term {
        OperationTerm::Marked(name) => format!("marked {}", name.text),
        OperationTerm::All(_) | OperationTerm::Named(_) => text.to_owned(),
    };
    Diagnostic::error("E0401", format!("`{text}` matches no operation"))
        .at(span, why)
        .help("check the spelling, and that the catalog is in use".to_owned())
}

pub(in crate::sema) fn nothing_left(pattern: &OperationPattern) -> Diagnostic {
    Diagnostic::error("E0402", "`except` leaves no operation")
        .at(pattern.span, "everything is taken out again")
        .help("take less out, or leave the whole item out".to_owned())
}

pub(in crate::sema) fn acts_elsewhere(
    kind: &Name,
    operation: &str,
    others: usize,
    acts_in: &str,
) -> Diagnostic {
    let more = if others == 0 { String::new() } else { format!(" (and {others} more)") };
    Diagnostic::error("E0403", format!("`{operation}`{more} never acts in a `{}`", kind.text))
        .at(kind.span, format!("`{operation}` acts in a `{acts_in}`"))
        .help(format!("name `{acts_in}` or a kind above it"))
}

pub(in crate::sema) fn impossible_parent(parent: &Name, kind: &str, above: &[String]) -> Diagnostic {
    let help = match above {
        [] => format!("a `{kind}` lies in nothing"),
        above => format!("a `{kind}` lies in {}", list(above)),
    };
    Diagnostic::error("E0404", format!("a `{kind}` does not lie in a `{}`", parent.text))
        .at(parent.span, format!("not above `{kind}` in the tree of kinds"))
        .help(help)
}

pub(in crate::sema) fn lists_outside(lists: &Name, kind: &str) -> Diagnostic {
    Diagnostic::error("E0404", format!("a `{}` does not lie in a `{kind}`", lists.text))
        .at(lists.span, format!("not `{kind}` nor below it"))
        .help("an operation lists things of the kind that it acts in, or of one below".to_owned())
}

pub(in crate::sema) fn role_as_operation(name: &Name) -> Diagnostic {
    Diagnostic::error("E0405", format!("`{}` is a role", name.text))
        .at(name.span, "only roles hold roles")
        .help("name operations, or put them into an `operation group`".to_owned())
}

pub(in crate::sema) fn one_operation(name: &Name) -> Diagnostic {
    Diagnostic::error("E0405", format!("`{}` is not one operation", name.text))
        .at(name.span, "stands for several")
        .help("name a single operation here".to_owned())
}

pub(in crate::sema) fn bad_template(span: Span, reason: &str) -> Diagnostic {
    Diagnostic::error("E0406", "this is no template of a request").at(span, reason)
}

pub(in crate::sema) fn template_twice(span: Span, first: Span) -> Diagnostic {
    Diagnostic::error("E0406", "two operations have the same method and path")
        .at(span, "again here")
        .at(first, "first here")
        .help("a request on the wire must name one operation".to_owned())
}

pub(in crate::sema) fn bad_naming(span: Span, reason: &str) -> Diagnostic {
    Diagnostic::error("E0407", "this path names no container").at(span, reason)
}

pub(in crate::sema) fn naming_unused(naming: &Naming) -> Diagnostic {
    let kind = &naming.kind.text;
    Diagnostic::error(
        "E0408",
        format!("no operation that may happen in a `{kind}` has a path that begins so"),
    )
    .at(naming.path.span, "names nothing in any request")
    .help("write it as the operations do, with a parameter where they have one".to_owned())
}

pub(in crate::sema) fn named_twice(naming: &Naming, first: Span, operation: &str) -> Diagnostic {
    let kind = &naming.kind.text;
    Diagnostic::error("E0409", format!("the path of `{operation}` names two containers of kind `{kind}`"))
        .at(naming.span, "one here")
        .at(first, "and one here")
        .help("an operation happens in one: keep the path that says which".to_owned())
}

pub(in crate::sema) fn named_beside(naming: &Naming, other: Span, operation: &str) -> Diagnostic {
    Diagnostic::error("E0410", format!("the path of `{operation}` names two containers beside each other"))
        .at(naming.span, "this kind lies neither above")
        .at(other, "nor below this one")
        .help("an operation happens on one way from a container to its root: keep what lies there".to_owned())
}

pub(in crate::sema) fn named_in_cases(naming: &Naming, first: Span) -> Diagnostic {
    Diagnostic::error("E0411", format!("ids of `{}` are written in two ways", naming.kind.text))
        .at(naming.span, "in one case here")
        .at(first, "in another here")
        .help("say the same of all paths that name the kind".to_owned())
}

pub(in crate::sema) fn id_in_case(
    id: &str,
    kind: &str,
    case: LetterCase,
    span: Span,
    said: Span,
) -> Diagnostic {
    let (word, written) = match case {
        LetterCase::Upper => ("upper", id.to_ascii_uppercase()),
        LetterCase::Lower => ("lower", id.to_ascii_lowercase()),
    };
    Diagnostic::error("E0411", format!("`{id}` is the id of no `{kind}`"))
        .at(span, format!("ids of `{kind}` are written in {word} case"))
        .at(said, "paths name them so")
        .help(format!("write `{written}`"))
}
