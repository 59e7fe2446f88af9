//! E02xx: names, and members that each declaration must have.

use super::{list, near};
use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::tree::{Name, Text};

pub(in crate::sema) fn unknown<'a>(
    what: &str,
    name: &Name,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    Diagnostic::error("E0201", format!("unknown {what} `{}`", name.text))
        .at(name.span, "not declared")
        .help(near(&name.text, known))
}

pub(in crate::sema) fn twice(what: &str, name: &Name, first: Span) -> Diagnostic {
    Diagnostic::error("E0202", format!("{what} `{}` is declared twice", name.text))
        .at(name.span, "again here")
        .at(first, "first here")
        .help("rename one of them or leave it out".to_owned())
}

pub(in crate::sema) fn empty(what: &str, span: Span) -> Diagnostic {
    Diagnostic::error("E0210", format!("empty {what}"))
        .at(span, "names nothing")
        .help("write the name that requests give".to_owned())
}

pub(in crate::sema) fn cycle(what: &str, verb: &str, names: &[&Name]) -> Diagnostic {
    let texts: Vec<&str> = names.iter().map(|n| n.text.as_str()).collect();
    let mut error = Diagnostic::error("E0203", format!("{what} {} is part of a cycle", list(&texts[..1])));
    for (i, name) in names.iter().enumerate() {
        error = error.at(name.span, format!("{verb} `{}`", texts[(i + 1) % texts.len()]));
    }
    error.help("take out one of these links".to_owned())
}

pub(in crate::sema) fn reserved(what: &str, name: &Name, why: &str) -> Diagnostic {
    Diagnostic::error("E0204", format!("{what} cannot be called `{}`", name.text))
        .at(name.span, format!("`{}` {why}", name.text))
        .help("choose another name".to_owned())
}

pub(in crate::sema) fn reserved_attributes(owner: &Name) -> Diagnostic {
    Diagnostic::error("E0204", format!("the attributes of `{}` are built in", owner.text))
        .at(owner.span, "cannot be given more")
        .help("attributes can be declared for `user`, `request`, `install` and for kinds".to_owned())
}

pub(in crate::sema) fn key_twice(key: &Text, first: &Text) -> Diagnostic {
    let (again, help) = match key.value == first.value {
        true => ("again here", "requests name an app by its key, so each key belongs to one app"),
        false => (
            "again here, in other letters",
            "no platform tells the case of an identifier apart, so both are one app: write it in one way",
        ),
    };
    Diagnostic::error("E0205", format!("two apps have the key `{}`", key.value))
        .at(key.span, again)
        .at(first.span, "first here")
        .help(help.to_owned())
}

pub(in crate::sema) fn lookalike_key(one: (&str, Span), other: (&str, Span)) -> Diagnostic {
    Diagnostic::error("E0206", format!("app key `{}` looks like `{}`", one.0, other.0))
        .at(one.1, "different characters, same appearance")
        .at(other.1, "the other key")
        .help(
            "if both apps exist, one of them imitates the other: keep only the one that was meant".to_owned(),
        )
}

pub(in crate::sema) fn hidden_character(span: Span, c: char, what: &str) -> Diagnostic {
    Diagnostic::error("E0207", format!("hidden character U+{:04X}", u32::from(c)))
        .at(span, what)
        .help("remove it".to_owned())
}

pub(in crate::sema) fn member_twice(what: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::error("E0208", format!("`{what}` stands twice"))
        .at(span, "again here")
        .at(first, "first here")
        .help("keep one of them".to_owned())
}

pub(in crate::sema) fn member_missing(what: &str, example: &str, owner: &Name) -> Diagnostic {
    Diagnostic::error("E0209", format!("`{}` has no `{what}`", owner.text))
        .at(owner.span, format!("lacks `{what}`"))
        .help(format!("add a line such as `{example}`"))
}
