//! What the parser says about a text.

use crate::diag::{Diagnostic, nearest};
use crate::span::Span;

/// Something else was expected here. `expected` are phrases for people, `help` overrules the guess.
pub(super) fn unexpected(span: Span, expected: &[String], found: &str) -> Diagnostic {
    let wanted = one_of(expected);
    let keywords = expected.iter().filter_map(|e| e.strip_prefix('`')?.strip_suffix('`'));
    let expects = |phrase: &str| expected.iter().any(|e| e == phrase);
    let help = match found {
        "=" if expects("an operator") => Some("`==` compares".to_string()),
        "/" if !expects("a declaration") => Some("networks and paths are written in quotes".to_string()),
        "where" if expects("`when`") => Some(
            "`where` follows a container kind, as in `in project where …`; else write `when`".to_string(),
        ),
        _ => habit(found, expected).or_else(|| {
            nearest(found, keywords.filter(|k| k.chars().all(|c| c.is_ascii_alphabetic() || c == '-')))
        }),
    };
    Diagnostic::error("E0101", format!("expected {wanted}, found `{}`", shown(found)))
        .at(span, "not expected here")
        .help(help)
}

/// What people write out of habit from elsewhere, and how it is written here.
fn habit(found: &str, expected: &[String]) -> Option<String> {
    let expects = |phrase: &str| expected.iter().any(|e| e == phrase);
    let help = match found {
        "&" | "&&" => "both must hold: `and`".to_string(),
        "|" | "||" => "one must hold: `or`".to_string(),
        "!" | "!=" if expects("a condition") => "the opposite is written `not …`".to_string(),
        ";" => "nothing stands between declarations and members: leave it out".to_string(),
        ":" | "=" if !expects("an operator") => {
            "a value follows its name without a sign: leave it out".to_string()
        }
        "'" => "text stands in double quotes: `\"…\"`".to_string(),
        "if" if expects("`when`") => "conditions begin with `when` or `unless`".to_string(),
        "allow" if expects("`permit`") => "did you mean `permit`?".to_string(),
        "#" | "/" if expects("a declaration") => "a comment begins with `//`, on each line".to_string(),
        _ if found.starts_with('"') && expects("apps") => {
            format!("an app is named without quotes, as it is declared: `app {}`", "NAME { key \"…\" }")
        }
        _ => return None,
    };
    Some(help)
}

/// The text ends (or the next item starts) too early. `span` is the last thing before.
pub(super) fn unexpected_end(span: Span, expected: &[String]) -> Diagnostic {
    Diagnostic::error("E0101", format!("expected {}, found the end of the file", one_of(expected)))
        .at(span, "the file ends after this")
}

/// A quoted text that its line does not close.
pub(super) fn unterminated_string(span: Span) -> Diagnostic {
    Diagnostic::error("E0102", "this text is not closed")
        .at(span, "starts here")
        .help("end it with `\"` on the same line; a line break inside is written `\\n`".to_string())
}

/// A backslash and what the language gives no meaning to.
pub(super) fn bad_escape(span: Span, escape: &str) -> Diagnostic {
    Diagnostic::error("E0103", format!("unknown escape `{}`", shown(escape))).at(span, "not an escape").help(
        "the escapes are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{…}` with a character's number".to_string(),
    )
}

/// A number, duration, instant or time that is not well formed or too large.
pub(super) fn bad_quantity(span: Span, wanted: &str, found: &str) -> Diagnostic {
    let help = if found.matches(':').count() == 2 && found.contains('-') && !found.contains('T') {
        Some("hours stand in a window: `window NAME in \"Europe/Berlin\" { daily 09:00-17:00 }`".to_string())
    } else if found.starts_with("9999-12-3") {
        Some("the last instant is 9999-12-30T22:00:00Z, which all clocks of the world can show".to_string())
    } else if found.contains('T') {
        None
    } else if found.contains('.') || found.contains(':') && wanted != "a time of day" {
        Some("addresses, networks and versions are written in quotes".to_string())
    } else {
        None
    };
    Diagnostic::error("E0104", format!("`{}` is not {wanted}", shown(found)))
        .at(span, "out of range or not well formed")
        .help(help)
}

/// Brackets and `not` deeper than the parser goes.
pub(super) fn too_deep(span: Span, limit: u32) -> Diagnostic {
    Diagnostic::error("E0105", format!("nested more than {limit} levels deep"))
        .at(span, "too deep from here on")
        .help("name parts of it with `condition NAME = …`".to_string())
}

/// A clause that can be written once.
pub(super) fn duplicate_clause(span: Span, first: Span, keyword: &str) -> Diagnostic {
    Diagnostic::error("E0106", format!("`{keyword}` is written twice"))
        .at(span, "the second time")
        .at(first, "the first time")
        .help("join the two into one clause".to_string())
}

/// A reserved word where a name belongs.
pub(super) fn reserved_word(span: Span, word: &str, quotable: bool) -> Diagnostic {
    let help = if quotable {
        format!("as a name it needs quotes: `\"{word}\"`")
    } else {
        "choose another name, or write the one that is missing before this word".to_string()
    };
    Diagnostic::error("E0107", format!("expected a name, found the reserved word `{word}`"))
        .at(span, "cannot be a name")
        .help(help)
}

/// A character outside ASCII where only ASCII is allowed; `like` is what it looks like.
pub(super) fn stray_character(span: Span, found: char, like: Option<&str>) -> Diagnostic {
    let code = found as u32;
    let (what, help) = match like {
        Some(like) => (
            format!(
                "`{}` (U+{code:04X}) looks like `{like}` but is another character",
                shown(found.encode_utf8(&mut [0; 4]))
            ),
            format!("write `{like}`"),
        ),
        None => (
            format!("unexpected character `{}` (U+{code:04X})", shown(found.encode_utf8(&mut [0; 4]))),
            "outside of quotes and comments only ASCII is used".to_string(),
        ),
    };
    Diagnostic::error("E0108", what).at(span, "not ASCII").help(help)
}

/// A character that makes text look different from what it says.
pub(super) fn bidirectional(span: Span, found: char) -> Diagnostic {
    let code = found as u32;
    Diagnostic::error("E0109", format!("bidirectional control character U+{code:04X}"))
        .at(span, "changes how the text around it is shown")
        .help("remove it".to_string())
}

/// A control character other than a line end or, outside of quotes, a tab.
pub(super) fn control_character(span: Span, found: char) -> Diagnostic {
    let code = found as u32;
    Diagnostic::error("E0110", format!("control character U+{code:04X}"))
        .at(span, "cannot be seen")
        .help(format!("remove it; in quotes it can be written `\\u{{{code:x}}}`"))
}

/// The rest of the file was not read.
pub(super) fn too_many(span: Span, limit: usize) -> Diagnostic {
    Diagnostic::error("E0111", format!("more than {limit} syntax errors"))
        .at(span, "the file was read up to here")
        .help("mend the errors above first".to_string())
}

/// A day that the week does not have.
pub(super) fn unknown_day(span: Span, day: &str, days: &[&str]) -> Diagnostic {
    Diagnostic::error("E0112", format!("unknown day `{}`", shown(day))).at(span, "not a day").help(
        nearest(day, days.iter().copied())
            .or_else(|| Some(format!("the days are {}", one_of(&quoted(days))))),
    )
}

/// More text than a span can point into.
pub(super) fn too_large(source: u32) -> Diagnostic {
    Diagnostic::error("E0113", "this file is larger than 4 GiB").at(Span::new(source, 0, 0), "not read")
}

/// No declaration starts with this.
pub(super) fn unknown_declaration(span: Span, found: &str, keywords: &[&str]) -> Diagnostic {
    let foreign = match found {
        "allow" | "grant" => Some("permit"),
        "deny" | "block" => Some("forbid"),
        "import" | "include" => Some("use"),
        "resource" => Some("container"),
        "policy" | "rule" => Some("permit` or `forbid"),
        _ => None,
    };
    let help = foreign
        .map(|word| format!("did you mean `{word}`?"))
        .or_else(|| habit(found, &["a declaration".to_string()]))
        .or_else(|| nearest(found, keywords.iter().copied()))
        .unwrap_or_else(|| format!("a declaration starts with {}", one_of(&quoted(keywords))));
    Diagnostic::error("E0114", format!("expected a declaration, found `{}`", shown(found)))
        .at(span, "no declaration starts with this")
        .help(help)
}

/// The grammar accepted what the tree builder does not know: a mistake in the compiler.
pub(super) fn internal(span: Span) -> Diagnostic {
    Diagnostic::error("E0199", "the parser does not understand its own grammar here")
        .at(span, "please report this text as a bug")
}

fn quoted(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| format!("`{w}`")).collect()
}

/// `a, b or c`
fn one_of(phrases: &[String]) -> String {
    match phrases {
        [] => "something else".to_string(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// User text, short and on one line.
fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown = String::new();
    for c in text.chars().take(LONGEST) {
        match c {
            c if c.is_control() || super::characters::is_invisible(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
