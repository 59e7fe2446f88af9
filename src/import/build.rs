//! Making tree nodes and names from foreign words.

use std::collections::{BTreeMap, BTreeSet};

use super::offer::shape;
use super::{Document, ImportError, Imported, Note, NoteKind, Options};
use crate::span::Span;
use crate::syntax::is_hidden;
use crate::syntax::tree::{Alternative, AppMember, Item, LetterCase, Name, Naming, NamingForm, Text};

/// A name without a place.
pub(super) fn name(text: impl Into<String>) -> Name {
    Name { text: seen(text.into()), span: Span::default() }
}

/// A text without a place.
pub(super) fn text(value: impl Into<String>) -> Text {
    Text { value: seen(value.into()), span: Span::default() }
}

/// Without the characters that no policy may have in its texts, see [`super::Importer::import`].
pub(super) fn seen(mut text: String) -> String {
    text.retain(|c| !is_hidden(c));
    text
}

/// Scopes that are needed together, of which the platform says no more.
pub(super) fn all_of<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Alternative {
    Alternative { least: false, scopes: scopes.into_iter().map(name).collect() }
}

/// A beginning of paths, the kind of container that it names, its case, and what of the text is its id.
pub(super) type Named = (&'static str, &'static str, LetterCase, Option<fn() -> NamingForm>);

/// The namings that tell something of these paths, which all begin with `base`.
pub(super) fn namings<'p>(
    all: &[Named],
    base: &str,
    paths: impl Iterator<Item = &'p str> + Clone,
) -> impl Iterator<Item = Item> {
    all.iter().filter_map(move |(beginning, kind, case, form)| {
        let path = format!("{}{beginning}", base.trim_end_matches('/'));
        let wanted = shape(&path);
        let begins = |path: &str| {
            shape(path).strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        paths.clone().any(begins).then(|| {
            Item::Naming(Naming {
                path: text(path),
                kind: name(*kind),
                case: Some(*case),
                form: form.map(|form| form()),
                span: Span::default(),
            })
        })
    })
}

/// The words as one identifier: runs of foreign characters become one hyphen, a leading digit gets
/// an `x` before it; `None` if nothing is left.
pub(super) fn ident(words: &str) -> Option<String> {
    let mut out = String::new();
    let mut gap = false;
    for c in words.chars() {
        if c.is_ascii_alphanumeric() || (c == '_' && !out.is_empty() && !gap) {
            if gap && !out.is_empty() {
                out.push('-');
            }
            gap = false;
            out.push(c);
        } else {
            gap = true;
        }
    }
    match out.chars().next() {
        None => None,
        Some(c) if c.is_ascii_digit() => Some(format!("x{out}")),
        Some(_) => Some(out),
    }
}

/// All documents of an import, as the place of what is said of all of them.
pub(super) fn all_named(documents: &[Document<'_>]) -> String {
    match documents {
        [] => "no files".to_owned(),
        [first, second, third, _, ..] => {
            format!("{}, {}, {} and {} more", first.name, second.name, third.name, documents.len() - 3)
        }
        few => few.iter().map(|document| document.name).collect::<Vec<_>>().join(", "),
    }
}

/// Leaves of an app that the documents describe twice in the same way one.
///
/// # Errors
/// Two descriptions of one app that differ: nobody can tell which one counts.
pub(super) fn once(imported: &mut Imported, place: &str) -> Result<(), ImportError> {
    let mut known: BTreeMap<String, Vec<AppMember>> = BTreeMap::new();
    let mut kept = Vec::new();
    for item in std::mem::take(&mut imported.file.items) {
        if let Item::App(app) = &item
            && let Some(AppMember::Key(key)) = app.members.iter().find(|m| matches!(m, AppMember::Key(_)))
        {
            match known.get(&key.value) {
                Some(first) if *first == app.members => {
                    let message =
                        format!("app `{}` is described twice in the same way: taken once", key.value);
                    imported.notes.push(Note { kind: NoteKind::Assumed, place: place.to_owned(), message });
                    continue;
                }
                Some(_) => {
                    let message = format!(
                        "app `{}` is described twice, and not in the same way; expected one description of each app",
                        key.value
                    );
                    return Err(ImportError::new(place, message));
                }
                None => _ = known.insert(key.value.clone(), app.members.clone()),
            }
        }
        kept.push(item);
    }
    imported.file.items = kept;
    Ok(())
}

/// Names for the apps of one import, all different.
pub(super) struct AppNames {
    wanted: Option<String>,
    taken: BTreeSet<String>,
}

impl AppNames {
    /// # Errors
    /// No document; an `--name` that is no name, or one for several documents.
    pub(super) fn new(documents: &[Document<'_>], options: &Options) -> Result<AppNames, ImportError> {
        if documents.is_empty() {
            return Err(ImportError::new(all_named(documents), "expected at least one document"));
        }
        if let Some(wanted) = &options.name {
            if documents.len() > 1 {
                return Err(ImportError::new("--name", "names one app; expected one document"));
            }
            if ident(wanted).as_deref() != Some(wanted) || RESERVED.contains(&wanted.as_str()) {
                let message = format!("expected a name like `timesheets`, found `{wanted}`");
                return Err(ImportError::new("--name", message));
            }
        }
        Ok(AppNames { wanted: options.name.clone(), taken: BTreeSet::new() })
    }

    /// A name that no app of this import has: the one wanted, else from the first of the words that gives one;
    /// numbered if taken.
    pub(super) fn take(&mut self, words: &[&str]) -> String {
        let base = self.wanted.clone().or_else(|| words.iter().find_map(|w| ident(w))).map_or_else(
            || "imported-app".to_owned(),
            |word| if RESERVED.contains(&word.as_str()) { format!("{word}-app") } else { word },
        );
        let mut own = base.clone();
        let mut number = 1;
        while !self.taken.insert(own.clone()) {
            number += 1;
            own = format!("{base}-{number}");
        }
        own
    }
}

/// Words that the grammar keeps for itself.
pub(super) const RESERVED: [&str; 17] = [
    "and", "or", "not", "in", "at", "where", "when", "unless", "because", "as", "to", "except", "any",
    "true", "false", "with", "expect",
];

/// Whether the grammar reads it as a dotted path of identifiers.
pub(crate) fn is_path(text: &str) -> bool {
    let first = text.split('.').next().unwrap_or_default();
    !RESERVED.contains(&first) && text.split('.').all(|part| ident(part).as_deref() == Some(part))
}

/// The words of a camelCase, kebab-case or snake_case name, in lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for (i, c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            open = false;
            continue;
        }
        let after_lower = i > 0 && (chars[i - 1].is_ascii_lowercase() || chars[i - 1].is_ascii_digit());
        let before_lower = chars.get(i + 1).is_some_and(char::is_ascii_lowercase);
        let starts = c.is_ascii_uppercase() && (after_lower || before_lower);
        match out.last_mut() {
            Some(word) if open && !starts => word.push(c.to_ascii_lowercase()),
            _ => out.push(c.to_ascii_lowercase().to_string()),
        }
        open = true;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_become_identifiers() {
        for (from, to) in [
            ("com.acme.timesheets", "com-acme-timesheets"),
            ("_private", "private"),
            ("1.2", "x1-2"),
            ("a__b_", "a__b_"),
            ("a-_b", "a-b"),
            ("Ünïcode", "n-code"),
        ] {
            assert_eq!(ident(from).as_deref(), Some(to), "{from}");
        }
        assert_eq!(ident("… — "), None);
    }

    #[test]
    fn names_fall_into_words() {
        assert_eq!(words("getUserEmailBulk"), ["get", "user", "email", "bulk"]);
        assert_eq!(words("evaluateJSISJiraExpression"), ["evaluate", "jsis", "jira", "expression"]);
        assert_eq!(words("convert-ids_to-types"), ["convert", "ids", "to", "types"]);
    }
}
