//! Names for findings that stay the same while other lines move.
//!
//! A fingerprint is made of the rule, the file, what the headline names in backticks, and the text of the first
//! line of the primary place without blanks. Numbers of lines, counts in the headline and layout are not in it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::diag::Diagnostic;
use crate::span::SourceMap;

/// A fingerprint for each finding, all different: equal ones are counted in the order of the findings.
/// 32 hexadecimal digits.
pub fn fingerprints(sources: &SourceMap, findings: &[Diagnostic]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let one = |finding: &Diagnostic| {
        let what = identity(sources, finding);
        let nth = seen.entry(what.clone()).or_default();
        *nth += 1;
        let digest = Sha256::digest(format!("{what}{nth}"));
        digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
    };
    findings.iter().map(one).collect()
}

fn identity(sources: &SourceMap, finding: &Diagnostic) -> String {
    let mut parts = vec![finding.code.to_owned()];
    if let Some(label) = finding.labels.first() {
        parts.push(sources.source(label.span).path.clone());
        let first_line = sources.text(label.span).lines().next().unwrap_or_default();
        parts.push(first_line.chars().filter(|c| !c.is_whitespace()).collect());
    }
    parts.extend(finding.message.split('`').skip(1).step_by(2).map(without_line));
    parts.into_iter().map(|part| part + "\u{0}").collect()
}

/// `permit@rules.sprag:12` and `user@rules.sprag:3:69`, the names of rules without one, less line and column.
fn without_line(name: &str) -> String {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let less = |name: &str| {
        let (head, number) = name.rsplit_once(':')?;
        (head.contains('@') && is_number(number)).then(|| head.to_owned())
    };
    let line = less(name).unwrap_or_else(|| name.to_owned());
    less(&line).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    /// A finding about the line of `text` that holds `what`.
    fn print_of(text: &str, what: &str, message: &str) -> String {
        let mut sources = SourceMap::default();
        sources.add("a.sprag", text);
        let start = text.find(what).unwrap();
        let end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let finding = Diagnostic::warning("SPR0000", message).at(Span::new(0, start, end), "");
        fingerprints(&sources, &[finding]).remove(0)
    }

    #[test]
    fn moved_lines_layout_and_counts_change_nothing() {
        let before = print_of("permit a to read\n", "permit", "`permit@a.sprag:1` opens 3 operations");
        let after =
            print_of("// new\n\npermit  a  to read\n", "permit", "`permit@a.sprag:3` opens 4 operations");
        assert_eq!(before, after);
    }

    #[test]
    fn columns_are_no_part_of_a_name_either() {
        let of = |name: &str| print_of("user all user all\n", "user", &format!("`{name}` repeats"));
        assert_eq!(of("user@a.sprag:3:69"), of("user@a.sprag:4:7"));
        assert_eq!(of("user@a.sprag:3:69"), of("user@a.sprag:4"));
        assert_ne!(of("user@a.sprag:3:69"), of("user@b.sprag:3:69"));
    }

    #[test]
    fn another_thing_or_another_text_is_another_finding() {
        let one = print_of("permit a to read\n", "permit", "`a`");
        assert_ne!(one, print_of("permit a to read\n", "permit", "`b`"));
        assert_ne!(one, print_of("permit a to write\n", "permit", "`a`"));
    }

    #[test]
    fn equal_findings_are_told_apart_by_their_order() {
        let finding = Diagnostic::warning("SPR0000", "x");
        let all = fingerprints(&SourceMap::default(), &[finding.clone(), finding.clone(), finding]);
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "{all:?}");
        assert!(all.iter().all(|f| f.len() == 32));
    }
}
