//! E03xx: types, conditions and constants.

use super::super::model::Type;
use super::super::types::Ty;
use super::{list, near};
use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::tree::{Field, Literal, LiteralValue, Name, Text};

pub(in crate::sema) fn unknown_attribute<'a>(
    name: &Name,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let text = name.text.as_str();
    let known: Vec<&str> = known.into_iter().collect();
    let bare = !text.contains('.');
    let of_kinds: Vec<&str> = known
        .iter()
        .copied()
        .filter(|k| bare && k.strip_suffix(text).is_some_and(|k| k.ends_with('.') && k != "container."))
        .collect();
    let help = match text.strip_suffix(".present").or_else(|| text.strip_suffix(".exists")) {
        _ if !of_kinds.is_empty() => Some(format!("there is {}", list(of_kinds))),
        Some(of) => {
            let of = of.strip_prefix("context.").unwrap_or(of);
            Some(format!("whether there is one is asked with `has({of})`"))
        }
        None => match (near(text, known), format!("a string constant stands in quotes: `\"{text}\"`")) {
            (Some(near), quoted) if bare => Some(format!("{near} {quoted}")),
            (None, quoted) if bare => Some(quoted),
            (near, _) => near,
        },
    };
    Diagnostic::error("E0301", format!("unknown attribute `{text}`"))
        .at(name.span, "nothing has this attribute")
        .help(help)
}

pub(in crate::sema) fn unknown_attribute_of<'a>(
    name: &Name,
    kind: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    Diagnostic::error("E0301", format!("a `{kind}` has no attribute `{}`", name.text))
        .at(name.span, format!("not declared in kind `{kind}`"))
        .help(near(&name.text, known))
}

pub(in crate::sema) fn mismatch(literal: &Literal, wanted: &str, ty: Ty) -> Diagnostic {
    let (is, help) = match &literal.value {
        LiteralValue::Text(_) => ("a string", None),
        LiteralValue::Int(n) if ty == Ty::Plain(Type::Duration) => {
            ("a number", Some(format!("a duration has a unit: `{n}s`, `{n}h` or `{n}d`")))
        }
        LiteralValue::Int(_) => ("a number", None),
        LiteralValue::Bool(_) => ("true or false", None),
        LiteralValue::Duration(_) => ("a duration", None),
        LiteralValue::Instant(_) => ("an instant", None),
        LiteralValue::Word(_) => ("a bare word", None),
        LiteralValue::List(_) => ("a list", Some("for one of several constants write `in [ … ]`".to_owned())),
    };
    let help = help.or_else(|| match ty {
        Ty::Plain(Type::Instant) => {
            Some("an instant is written `2026-12-31` or `2026-12-31T08:00:00Z`".into())
        }
        Ty::Plain(Type::Strings) => Some("a set of strings is written `[\"a\", \"b\"]`".into()),
        Ty::Plain(Type::String) => Some("a string stands in quotes".into()),
        Ty::Plain(_) | Ty::Stage(_) => None,
    });
    Diagnostic::error("E0302", format!("{wanted} is wanted here, not {is}"))
        .at(literal.span, format!("this is {is}"))
        .help(help)
}

pub(in crate::sema) fn different_types(one: &Name, one_is: &str, other: &Name, other_is: &str) -> Diagnostic {
    Diagnostic::error("E0302", format!("`{}` and `{}` have different types", one.text, other.text))
        .at(other.span, format!("this is {other_is}"))
        .at(one.span, format!("this is {one_is}"))
}

pub(in crate::sema) fn word(name: &Name, wanted: &str) -> Diagnostic {
    Diagnostic::error("E0302", format!("{wanted} is wanted here, not a bare word"))
        .at(name.span, "a bare word")
        .help((wanted == "a string").then(|| format!("a string stands in quotes: `\"{}\"`", name.text)))
}

pub(in crate::sema) fn quoted_value(literal: &Literal, values: &[String]) -> Diagnostic {
    Diagnostic::error("E0302", "a value of an enumeration stands without quotes")
        .at(literal.span, "this is a string")
        .help(format!("one of {}", list(values)))
}

pub(in crate::sema) fn no_order(operator: &Name, ty: &str, enumeration: Option<(&str, Span)>) -> Diagnostic {
    let error = Diagnostic::error("E0303", format!("`{}` needs an order", operator.text))
        .at(operator.span, format!("the left side is {ty}, which has none"));
    match enumeration {
        Some((name, span)) => error.at(span, "declared without `ordered`").help(format!(
            "declare it `enum {name} ordered {{ … }}`, lowest value first, or compare with `in [ … ]`"
        )),
        None => error
            .help("numbers, instants, durations, ordered enumerations and stages have an order".to_owned()),
    }
}

pub(in crate::sema) fn unknown_value(name: &Name, what: &str, values: &[String]) -> Diagnostic {
    let help = near(&name.text, values.iter().map(String::as_str))
        .unwrap_or_else(|| format!("one of {}", list(values)));
    Diagnostic::error("E0304", format!("`{}` is not {what}", name.text))
        .at(name.span, "no such value")
        .help(help)
}

pub(in crate::sema) fn unknown_operator<'a>(
    operator: &Name,
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    Diagnostic::error("E0305", format!("unknown operator `{}`", operator.text))
        .at(operator.span, "no such operator")
        .help(near(word, known))
}

pub(in crate::sema) fn unknown_call<'a>(name: &Name, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let help =
        near(&name.text, known.iter().copied()).unwrap_or_else(|| format!("there is {}", list(&known)));
    Diagnostic::error("E0305", format!("unknown test `{}`", name.text))
        .at(name.span, "no such test")
        .help(help)
}

pub(in crate::sema) fn operator_does_not_fit(operator: &Name, ty: &str, usable: &[&str]) -> Diagnostic {
    Diagnostic::error("E0305", format!("`{}` does not apply to {ty}", operator.text))
        .at(operator.span, format!("the left side is {ty}"))
        .help(match usable {
            [] => None,
            ["intersects"] => {
                Some("one element: `\"x\" in …`; any of several: `… intersects [\"x\", \"y\"]`".to_owned())
            }
            usable => Some(format!("it can be tested with {}", list(usable))),
        })
}

pub(in crate::sema) fn constant_on_the_left(span: Span) -> Diagnostic {
    Diagnostic::error("E0305", "a constant stands on the left")
        .at(span, "nothing is read on the left")
        .help("put the attribute on the left; only `\"x\" in ATTRIBUTE` begins with a constant".to_owned())
}

pub(in crate::sema) fn order_of_attributes(span: Span) -> Diagnostic {
    Diagnostic::error("E0305", "two attributes cannot be compared for order")
        .at(span, "both sides are attributes")
        .help("compare with a constant; two attributes can be compared with `==`".to_owned())
}

pub(in crate::sema) fn wrong_arguments(span: Span, name: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error("E0305", format!("`{name}` takes {wanted}")).at(span, "other arguments")
}

pub(in crate::sema) fn not_a_set(name: &Name, ty: &str) -> Diagnostic {
    Diagnostic::error("E0305", format!("`{}` is not a set", name.text))
        .at(name.span, format!("this is {ty}"))
        .help("to compare with one attribute write `==`".to_owned())
}

pub(in crate::sema) fn not_a_list(span: Span) -> Diagnostic {
    Diagnostic::error("E0305", "a list of constants is wanted here")
        .at(span, "not a list")
        .help("a list is written `[ … ]`".to_owned())
}

pub(in crate::sema) fn empty_list(span: Span) -> Diagnostic {
    Diagnostic::error("E0305", "an empty list is never matched")
        .at(span, "no constant in it")
        .help("name at least one constant, or leave the test out".to_owned())
}

pub(in crate::sema) fn not_a_pattern(span: Span) -> Diagnostic {
    Diagnostic::error("E0305", "a pattern is a constant")
        .at(span, "not a pattern")
        .help("a pattern stands in quotes: `\"a*\"`".to_owned())
}

pub(in crate::sema) fn not_a_window(span: Span) -> Diagnostic {
    Diagnostic::error("E0305", "the name of a window is wanted here")
        .at(span, "not a window")
        .help("declare hours with `window NAME in \"Europe/Berlin\" { mon-fri 09:00-17:00 }`".to_owned())
}

pub(in crate::sema) fn bad_constant(span: Span, reason: &str) -> Diagnostic {
    Diagnostic::error("E0306", reason).at(span, "cannot be read")
}

pub(in crate::sema) fn host_bits(span: Span, text: &str, canonical: &str) -> Diagnostic {
    Diagnostic::error("E0307", format!("`{text}` names a host inside a network"))
        .at(span, "bits beyond the prefix are set")
        .help(format!("the network is `{canonical}`"))
}

pub(in crate::sema) fn kinds_disagree(name: &Name, one: Span, other: Span) -> Diagnostic {
    Diagnostic::error("E0308", format!("`{}` means different things in different kinds", name.text))
        .at(name.span, "neither one type nor one way to inherit")
        .at(one, "one declaration")
        .at(other, "another one")
        .help("name the kind instead of `container`".to_owned())
}

pub(in crate::sema) fn inherited_of_other_type(field: &Field, above: &str, other: Span) -> Diagnostic {
    Diagnostic::error(
        "E0308",
        format!("inherited attribute `{}` has another type in `{above}`", field.name.text),
    )
    .at(field.type_name.span, "one type here")
    .at(other, "another one there")
    .help("give both the same type, or one of them another name".to_owned())
}

pub(in crate::sema) fn inherited_without_kind(field: &Field) -> Diagnostic {
    Diagnostic::error("E0308", format!("`{}` has nothing to inherit from", field.name.text))
        .at(field.span, "only containers lie in something")
        .help("leave out `inherited`".to_owned())
}

pub(in crate::sema) fn not_about_apps(span: Span) -> Diagnostic {
    Diagnostic::error("E0309", "the `where` of an app pattern reads something else than the app")
        .at(span, "not known when the policy is compiled")
        .help("use attributes of `app` here and put the rest into `when`".to_owned())
}

pub(in crate::sema) fn attribute_or_condition(name: &Name, condition: Span) -> Diagnostic {
    Diagnostic::error("E0316", format!("`{}` is both an attribute and a condition here", name.text))
        .at(name.span, "which of the two?")
        .at(condition, "the condition")
        .help("give the condition another name".to_owned())
}

pub(in crate::sema) fn not_a_truth_value(name: &Name, ty: &str) -> Diagnostic {
    Diagnostic::error("E0310", format!("`{}` is no condition", name.text))
        .at(name.span, format!("this is {ty}"))
        .help("compare it with something, or ask `has(…)`".to_owned())
}

pub(in crate::sema) fn unknown_zone(zone: &Text, known: impl IntoIterator<Item = String>) -> Diagnostic {
    let known: Vec<String> = known.into_iter().collect();
    Diagnostic::error("E0311", format!("unknown time zone `{}`", zone.value))
        .at(zone.span, "not in the time zone database")
        .help(near(&zone.value, known.iter().map(String::as_str)))
}

pub(in crate::sema) fn bad_hours(span: Span) -> Diagnostic {
    Diagnostic::error("E0312", "hours run from 00:00 to 24:00")
        .at(span, "outside of the day")
        .help("a window over midnight is written `22:00-06:00`".to_owned())
}

pub(in crate::sema) fn no_time_between(span: Span) -> Diagnostic {
    Diagnostic::error("E0312", "these hours begin and end at the same time")
        .at(span, "nothing, or a whole day")
        .help("a whole day is written `00:00-24:00`".to_owned())
}

pub(in crate::sema) fn no_hours(name: &Name) -> Diagnostic {
    Diagnostic::error("E0312", format!("window `{}` has no hours", name.text))
        .at(name.span, "never open")
        .help("add hours such as `mon-fri 09:00-17:00`".to_owned())
}

pub(in crate::sema) fn user_without_id(span: Span) -> Diagnostic {
    Diagnostic::error("E0313", "the test describes a user who has no id")
        .at(span, "whose is this?")
        .help("add `user.id = \"…\"`".to_owned())
}

pub(in crate::sema) fn contradiction(span: Span, why: &str) -> Diagnostic {
    Diagnostic::error("E0314", "the expectation contradicts itself").at(span, why)
}

pub(in crate::sema) fn nested_too_deep(name: &Name, depth: usize, limit: usize) -> Diagnostic {
    too_large(
        format!("condition `{}` nests {depth} levels deep; {limit} can be followed", name.text),
        name,
        "with the conditions that it names",
    )
    .help("join what stands between the same `and` or `or` into one condition".to_owned())
}

pub(in crate::sema) fn too_many_copies(name: &Name, parts: usize, limit: usize) -> Diagnostic {
    too_large(
        format!("the uses of named conditions add up to more than {limit} parts"),
        name,
        &format!("this use of `{}` brings {parts} more", name.text),
    )
    .help(
        "a condition is put in wherever it is named: name it once, not twice in the same formula".to_owned(),
    )
}

fn too_large(message: String, name: &Name, label: &str) -> Diagnostic {
    Diagnostic::error("E0315", message).at(name.span, label)
}
