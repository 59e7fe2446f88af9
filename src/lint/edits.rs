//! Edits that fixes are made of.

use crate::diag::Edit;
use crate::span::{SourceMap, Span};

/// Removes a declaration or a member: whole lines where nothing else stands on them, with one blank line less
/// where two would meet.
pub fn remove(sources: &SourceMap, span: Span) -> Edit {
    let text = &sources.source(span).text;
    let (mut start, mut end) = (span.start as usize, span.end as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |i| end + i + 1);
    let blank = |part: &str| part.trim().is_empty();
    if blank(&text[line_start..start]) && blank(&text[end..line_end]) {
        (start, end) = (line_start, line_end);
        let above = text[..start].trim_end_matches([' ', '\t']);
        let after_gap = above.is_empty() || above.ends_with("\n\n");
        let next_end = text[end..].find('\n').map_or(text.len(), |i| end + i + 1);
        if after_gap && next_end > end && blank(&text[end..next_end]) {
            end = next_end;
        }
    } else if blank(&text[end..line_end]) {
        // The last thing on its line: the blanks before it go too.
        start = text[..start].trim_end_matches([' ', '\t']).len();
    } else if text[end..].starts_with(' ') {
        end += 1;
    }
    Edit { span: Span::new(span.source, start, end), text: String::new() }
}

/// Removes members of a list, by position, each with the comma that parts it from its neighbour. `None` if
/// nothing would be left.
pub fn remove_members(members: &[Span], gone: impl Fn(usize) -> bool) -> Option<Vec<Edit>> {
    let kept = (0..members.len()).find(|i| !gone(*i))?;
    let edit = |i: usize| {
        let span = members[i];
        // Before the first that stays: up to the next member; after it: from the end of the one before.
        let (start, end) =
            if i < kept { (span.start, members[i + 1].start) } else { (members[i - 1].end, span.end) };
        Edit { span: Span { start, end, ..span }, text: String::new() }
    };
    Some((0..members.len()).filter(|i| gone(*i)).map(edit).collect())
}

/// Puts other text in a place.
pub fn replace(span: Span, text: impl Into<String>) -> Edit {
    Edit { span, text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::fixes;

    #[track_caller]
    fn removed(text: &str, what: &str, left: &str) {
        let mut sources = SourceMap::default();
        sources.add("a.sprag", text);
        let start = text.find(what).unwrap();
        let edit = remove(&sources, Span::new(0, start, start + what.len()));
        assert_eq!(fixes::edited(text, &[&edit]), left);
    }

    #[test]
    fn a_declaration_goes_with_its_lines() {
        removed("a\nb {\n c\n}\nd\n", "b {\n c\n}", "a\nd\n");
        removed("a\n\nb\n\nc\n", "b", "a\n\nc\n");
        removed("b\n\nc\n", "b", "c\n");
        removed("a\n\nb\n", "b", "a\n\n");
        removed("a b\n", "b", "a\n");
        removed("b a\n", "b", "a\n");
        removed("  b\n  a\n", "b", "  a\n");
        removed("b", "b", "");
    }

    #[track_caller]
    fn names_removed(text: &str, gone: &[&str], left: Option<&str>) {
        let all: Vec<&str> = text.split(", ").collect();
        let place =
            |name: &&str| Span::new(0, text.find(*name).unwrap(), text.find(*name).unwrap() + name.len());
        let members: Vec<Span> = all.iter().map(place).collect();
        let edits = remove_members(&members, |i| gone.contains(&all[i]));
        let found = edits.map(|e| fixes::edited(text, &e.iter().collect::<Vec<_>>()));
        assert_eq!(found.as_deref(), left);
    }

    #[test]
    fn members_of_a_list_go_with_their_commas() {
        names_removed("A, B, C", &["A"], Some("B, C"));
        names_removed("A, B, C", &["B"], Some("A, C"));
        names_removed("A, B, C", &["C"], Some("A, B"));
        names_removed("A, B, C", &["A", "B"], Some("C"));
        names_removed("A, B, C", &["A", "C"], Some("B"));
        names_removed("A, B, C", &["B", "C"], Some("A"));
        names_removed("A, B", &["A", "B"], None);
    }
}
