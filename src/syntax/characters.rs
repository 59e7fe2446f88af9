//! Characters that are not what they seem.

use unicode_security::confusable_detection::skeleton;

/// Whether the character changes the direction of the text around it.
pub(crate) fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether nothing is seen of the character, so that messages must spell it.
pub(crate) fn is_invisible(c: char) -> bool {
    is_bidirectional(c)
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether it has no place in a name or a text: nothing is seen of it, and what is seen is something else.
pub(crate) fn is_hidden(c: char) -> bool {
    is_bidirectional(c)
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// The ASCII character that a person takes this one for, if one is known.
pub(super) fn look_alike(c: char) -> Option<String> {
    match c {
        '“' | '”' | '„' | '‟' | '«' | '»' => return Some("\"".to_string()),
        '‘' | '’' => return Some("'".to_string()),
        '–' | '—' | '−' => return Some("-".to_string()),
        // Letters and signs: ask the table.
        _ => {}
    }
    let mut buffer = [0; 4];
    let seen: String = skeleton(c.encode_utf8(&mut buffer)).collect();
    // The table folds capital I into small l.
    let seen = if seen == "l" && c.is_uppercase() { "I".to_string() } else { seen };
    (seen.chars().all(|s| s.is_ascii_graphic()) && !seen.is_empty()).then_some(seen)
}
