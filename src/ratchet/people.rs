//! Who is one person: approvals count people, not spellings of their names.

use unicode_normalization::UnicodeNormalization;
use unicode_security::GeneralSecurityProfile;

/// What all spellings of a name have in common that people and directories take for the same: capitals, wide letters,
/// spaces around it and characters that nobody sees do not make another person.
///
/// Of characters beyond ASCII those count that names are written with (Unicode Technical Standard 39, *Identifier
/// Status*): whatever else there is, seen or not, tells nobody apart.
pub fn person(name: &str) -> String {
    let counts =
        |c: &char| if c.is_ascii() { !c.is_control() } else { c.is_whitespace() || c.identifier_allowed() };
    let folded = name.nfkc().filter(counts).flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    let folded: String = folded.collect();
    // What folding has taken apart is put together again.
    folded.split_whitespace().collect::<Vec<_>>().join(" ").nfkc().collect()
}

/// Whether anything is to be read in the text.
pub(super) fn says_something(text: &str) -> bool {
    !person(text).is_empty()
}

#[cfg(test)]
mod tests {
    use super::{person, says_something};

    #[test]
    fn spellings_of_a_name_are_one_person() {
        for same in ["Mal", "MAL", " mal ", "ｍａｌ", "\u{202e}mal", "ma\u{ad}l", "m\tal", "mal\n"] {
            assert_eq!(person(same), "mal", "{same:?}");
        }
        for unseen in [
            '\u{200b}',
            '\u{34f}',
            '\u{fe0f}',
            '\u{e0100}',
            '\u{e0041}',
            '\u{180b}',
            '\u{180e}',
            '\u{e0fff}',
            '\u{3164}',
            '\u{115f}',
            '\u{ffa0}',
            '\u{2800}',
            '\u{17b4}',
            '\u{2065}',
            '\u{206a}',
            '\u{fff9}',
            '\u{1bca0}',
            '\u{1d173}',
        ] {
            assert_eq!(person(&format!("ma{unseen}l{unseen}")), "mal", "{unseen:?}");
            assert!(!says_something(&unseen.to_string()), "{unseen:?}");
        }
        assert_eq!(person("É. Blanc"), person("e\u{301}.  blanc"));
        assert_eq!(person("straß"), person("STRASS"));
        assert_eq!(person("ΣΑΣ"), person("σας"));
        assert_eq!(person("Zoë O'Brien-Łuk@x.example"), "zoë o'brien-łuk@x.example");
        assert_ne!(person("mal"), person("mai"));
        assert_ne!(person("李"), person("王"));
    }
}
