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

/// The nearest of the known names. Of very many only those are looked at closely that begin and end like it, so
/// that thousands of mistakes among thousands of names stay cheap.
fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const CLOSELY: usize = 200;
    let length = name.chars().count();
    let mut close: Vec<&str> = known
        .into_iter()
        .filter(|k| {
            let other = k.chars().count();
            length.abs_diff(other) <= (length.max(other) / 3).max(1)
        })
        .collect();
    if close.len() > CLOSELY {
        let shared = |k: &str| {
            let start = k.bytes().zip(name.bytes()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
            let end = k
                .bytes()
                .rev()
                .zip(name.bytes().rev())
                .take_while(|(a, b)| a.eq_ignore_ascii_case(b))
                .count();
            std::cmp::Reverse(start + end)
        };
        // Names break ties, so that the same text always gets the same help.
        close.select_nth_unstable_by_key(CLOSELY, |k| (shared(k), *k));
        close.truncate(CLOSELY);
    }
    crate::diag::nearest(name, close)
}
