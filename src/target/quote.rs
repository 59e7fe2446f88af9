//! Names of a policy in the texts of platforms: quoted so that no name can end its quotes.

/// A string of PowerShell: in single quotes nothing is special but these, and typographic ones count as well.
pub(super) fn powershell(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        if matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted.push('\'');
    quoted
}

/// A list of strings of PowerShell.
pub(super) fn powershell_list<'t>(texts: impl IntoIterator<Item = &'t String>) -> String {
    texts.into_iter().map(|text| powershell(text)).collect::<Vec<_>>().join(",")
}

/// Text of a comment: on one line, whatever it says.
pub(super) fn comment(text: &str) -> String {
    let plain = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    text.chars().map(plain).collect()
}

/// A scalar of YAML: plain if it reads as nothing but itself, else in double quotes, as JSON.
pub(super) fn yaml(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':'))
        && !text.ends_with(':')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::String(text.to_owned()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_quote_ends_a_string() {
        assert_eq!(powershell("it's"), "'it''s'");
        assert_eq!(powershell("a\u{2019}; rm b"), "'a\u{2019}\u{2019}; rm b'");
        assert_eq!(powershell("$x `n"), "'$x `n'");
        assert_eq!(comment("a\nRemove-Item\u{2028}b"), "a Remove-Item b");
    }

    #[test]
    fn yaml_reads_back() {
        for (text, written) in [
            ("read:jira-work", "read:jira-work"),
            ("*.example.com", "\"*.example.com\""),
            ("no", "\"no\""),
            ("a: b", "\"a: b\""),
            ("a:", "\"a:\""),
            ("", "\"\""),
            ("x\ny", "\"x\\ny\""),
        ] {
            assert_eq!(yaml(text), written);
        }
    }
}
