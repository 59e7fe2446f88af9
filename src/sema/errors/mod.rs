//! What the checker says: one constructor per message, by area.

pub(super) mod catalogs;
pub(super) mod names;
pub(super) mod operations;
pub(super) mod ratchets;
pub(super) mod types;
pub(super) mod warnings;

/// `` `a`, `b` and `c` ``; at most five of them.
fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| format!("`{}`", n.as_ref())).collect();
    match names.as_slice() {
        [] => "nothing".into(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= 5 => format!("{} and {last}", first.join(", ")),
        more => format!("{} and {} more", more[..4].join(", "), more.len() - 4),
    }
}

/// The nearest of the known names; those of a very different length are not even looked at.
fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let length = name.chars().count();
    let close = known.into_iter().filter(|k| {
        let other = k.chars().count();
        length.abs_diff(other) <= (length.max(other) / 3).max(1)
    });
    crate::diag::nearest(name, close)
}
