//! Who is one person: approvals count people, not spellings of their names.

use unicode_normalization::UnicodeNormalization;

use crate::syntax::is_invisible;

/// What all spellings of a name have in common that people and directories take for the same: capitals, wide letters,
/// spaces around it and characters that nobody sees do not make another person.
pub(super) fn person(name: &str) -> String {
    let seen = name.nfkc().filter(|c| !c.is_control() && !is_invisible(*c));
    let seen: String = seen.flat_map(char::to_lowercase).collect();
    // What lower case has taken apart is put together again.
    seen.split_whitespace().collect::<Vec<_>>().join(" ").nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::person;

    #[test]
    fn spellings_of_a_name_are_one_person() {
        for same in
            ["Mal", "MAL", " mal ", "mal\u{200b}", "ｍａｌ", "\u{202e}mal", "ma\u{ad}l", "m\tal", "mal\n"]
        {
            assert_eq!(person(same), "mal", "{same:?}");
        }
        assert_eq!(person("É. Blanc"), person("e\u{301}.  blanc"));
        assert_ne!(person("mal"), person("mai"));
    }
}
