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

/// Removes members of a list, by position, each with the comma that parts it from its neighbour and with its own
/// comments: those behind it on its line, unless a member that stays is on the line, too, and those on lines of their
/// own before it. `None` if nothing would be left.
pub fn remove_members(
    sources: &SourceMap,
    members: &[Span],
    gone: impl Fn(usize) -> bool,
) -> Option<Vec<Edit>> {
    let last_kept = (0..members.len()).rev().find(|i| !gone(*i))?;
    let text = &sources.source(*members.first()?).text;
    let cut = |start: usize, end: usize| Edit {
        span: Span::new(members[0].source, start, end),
        text: String::new(),
    };
    let end = |i: usize| members[i].end as usize;
    let next = |at: usize| at + text[at..].len() - text[at..].trim_start().len();
    let mut edits = Vec::new();
    for i in (0..last_kept).filter(|i| gone(*i)) {
        let start = match i.checked_sub(1) {
            Some(before) => next(tail(text, end(before))),
            None => above(text, members[i].start as usize),
        };
        let shares = |other: usize| !gone(other) && !text[end(other)..end(i)].contains('\n');
        let end = match (0..i).any(shares) {
            true => blanks(text, comma(text, end(i)).unwrap_or(end(i))),
            false => next(tail(text, end(i))),
        };
        edits.push(cut(start, end));
    }
    let last = members.len() - 1;
    if last > last_kept {
        // The comment on the line of the last that stays stays, too.
        let on_line = |i: &usize| !text[end(last_kept)..end(*i)].contains('\n');
        let line_end = end((last_kept..=last).rev().find(on_line)?);
        match comment(text, line_end..tail(text, line_end)) {
            Some(comment) => {
                let before = text[end(last_kept)..comment.start].trim_end().len();
                edits.push(cut(end(last_kept), end(last_kept) + before));
                if line_end < end(last) {
                    edits.push(cut(comment.end, tail(text, end(last))));
                }
            }
            None => edits.push(cut(end(last_kept), tail(text, end(last)))),
        }
    }
    Some(edits)
}

/// Where a member ends with the comma behind it, before or after a comment on the same line.
fn tail(text: &str, end: usize) -> usize {
    let at = comma(text, end).unwrap_or(end);
    let at = comment(text, at..text.len()).map_or(at, |comment| comment.end);
    comma(text, at).filter(|_| comma(text, end).is_none()).unwrap_or(at)
}

/// Behind what is blank on the line.
fn blanks(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches([' ', '\t']).len()
}

/// Behind the comma that comes next.
fn comma(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].trim_start();
    rest.starts_with(',').then(|| text.len() - rest.len() + 1)
}

/// The comment on the line, if nothing but blanks and a comma is before it.
fn comment(text: &str, within: std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
    let rest = text[within.clone()].trim_start_matches([' ', '\t', ',']);
    let start = within.end - rest.len();
    let end = start + rest.find(['\r', '\n']).unwrap_or(rest.len());
    rest.starts_with("//").then_some(start..end)
}

/// The first of the lines of comments right above a member that begins its line, or the member.
fn above(text: &str, member: usize) -> usize {
    let mut start = member;
    loop {
        let before = text[..start].trim_end_matches([' ', '\t']);
        let Some(before) = before.strip_suffix('\n') else { return start };
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        let indent = before[line..].len() - before[line..].trim_start().len();
        if !before[line..].trim_start().starts_with("//") {
            return start;
        }
        start = line + indent;
    }
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
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        let all: Vec<String> = code
            .flat_map(|line| line.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>())
            .filter(|name| name.chars().all(char::is_alphabetic) && !name.is_empty())
            .collect();
        let place =
            |name: &String| Span::new(0, text.find(name).unwrap(), text.find(name).unwrap() + name.len());
        let members: Vec<Span> = all.iter().map(place).collect();
        let mut sources = SourceMap::default();
        sources.add("a.sprag", text);
        let edits = remove_members(&sources, &members, |i| gone.contains(&all[i].as_str()));
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

    #[test]
    fn a_member_goes_with_its_own_comments() {
        let list = "A, // of a\n  B, // of b\n  // before c\n  C // of c\n}";
        names_removed(list, &["A"], Some("B, // of b\n  // before c\n  C // of c\n}"));
        names_removed(list, &["B"], Some("A, // of a\n  // before c\n  C // of c\n}"));
        names_removed(list, &["C"], Some("A, // of a\n  B // of b\n}"));
        names_removed(list, &["B", "C"], Some("A // of a\n}"));
        names_removed(list, &["A", "B"], Some("// before c\n  C // of c\n}"));
        names_removed(list, &["A", "C"], Some("B // of b\n}"));
        let first = "app z {\n  // of a\n  A, // too\n  // of b\n  B\n";
        names_removed(first, &["A"], Some("app z {\n  // of b\n  B\n"));
        names_removed("A, B // of both\n", &["B"], Some("A // of both\n"));
        names_removed("A, B, // of both\n  C\n", &["B"], Some("A, // of both\n  C\n"));
        names_removed("A, B, // of both\n  C // of c\n", &["B", "C"], Some("A // of both\n"));
        names_removed("A, B, C // of all\n", &["A", "C"], Some("B // of all\n"));
        names_removed("A // of a\n  , B // of b\n", &["A"], Some("B // of b\n"));
        names_removed("A // of a\n  , B\n  , C\n", &["B"], Some("A // of a\n  , C\n"));
        names_removed("A // of a\n  , B // of b\n", &["B"], Some("A // of a\n"));
    }
}
