//! Matching a pattern against a whole text.

use std::collections::BTreeSet;

use crate::sema::model::{Pattern, PatternPart};

/// Follows every way to match at once: the set of characters reached so far, after each part.
pub(super) fn matches(pattern: &Pattern, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reached = BTreeSet::from([0]);
    for part in &pattern.0 {
        reached = reached.iter().flat_map(|start| ends(part, &text, *start)).collect();
    }
    reached.contains(&text.len())
}

/// Where the part can end if it begins at `start`.
fn ends(part: &PatternPart, text: &[char], start: usize) -> Vec<usize> {
    let run =
        |allowed: fn(char) -> bool| text[start..].iter().take_while(|character| allowed(**character)).count();
    match part {
        PatternPart::Text(literal) => {
            let literal: Vec<char> = literal.chars().collect();
            if text[start..].starts_with(&literal) { vec![start + literal.len()] } else { Vec::new() }
        }
        PatternPart::Any => (start..=text.len()).collect(),
        PatternPart::Label => (start + 1..=start + run(|c| !matches!(c, '.' | ':' | '/'))).collect(),
        PatternPart::Labels => (start + 1..=start + run(|c| !matches!(c, ':' | '/'))).collect(),
        PatternPart::Port => (start + 1..=start + run(|c| c.is_ascii_digit())).collect(),
    }
}
