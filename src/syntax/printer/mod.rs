//! Tree to text: the one layout that every file has.

mod conditions;
mod items;
mod members;
mod patterns;
mod words;

pub(crate) use words::quoted;

use super::doc::Doc;
use super::tree::{Comment, File, Item, Name};
use crate::diag::{Diagnostic, Severity};
use crate::span::Span;

/// Columns that the layout tries to keep to.
const WIDTH: usize = 100;

/// The file as text, in canonical layout.
///
/// Parsing it gives the same tree and the same comments in the same order. Spans are only asked where comments
/// belong: a tree made by hand needs none.
pub fn print(file: &File) -> String {
    let mut printer = Printer { comments: &file.comments };
    let mut out = String::new();
    let mut before: Option<Shape> = None;
    for item in &file.items {
        let span = item.span();
        let comments = printer.take_before(span.start);
        let (text, shape) = printer.item_text(item);
        let spaced = write_comments(&mut out, comments, Some(span));
        match before {
            Some(before) if !spaced => out.push_str(if before.stays_with(&shape) { "\n" } else { "\n\n" }),
            // Comments end with the line end that the item needs; the first item needs none.
            Some(_) | None => {}
        }
        out.push_str(&text);
        before = Some(shape);
    }
    let rest = printer.take_before(u32::MAX);
    let spaced = write_comments(&mut out, rest, None);
    if !out.is_empty() && !spaced {
        out.push('\n');
    }
    out
}

/// A duration as it is written: `1d12h`.
pub fn print_duration(seconds: i64) -> String {
    words::duration(seconds)
}

/// A scope's name as it is written: in quotes where it needs them.
pub fn print_scope(name: &Name) -> String {
    words::scope(name)
}

/// One item as text, without a line end after it.
pub fn print_item(item: &Item) -> String {
    Printer { comments: &[] }.item_text(item).0
}

/// The text in canonical layout.
///
/// # Errors
///
/// The errors of a text that does not parse; it cannot be formatted without losing the broken items.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let text = text.replace("\r\n", "\n");
    let (file, diagnostics) = super::parser::parse(0, &text);
    if diagnostics.iter().any(|d| d.severity == Severity::Error) {
        return Err(diagnostics);
    }
    Ok(print(&file))
}

/// Walks the tree and puts the comments where they stood, or on the nearest line that has room for them.
struct Printer<'f> {
    /// Those not printed yet.
    comments: &'f [Comment],
}

impl<'f> Printer<'f> {
    fn item_text(&mut self, item: &Item) -> (String, Shape) {
        let text = self.item(item).render(WIDTH);
        let shape = Shape { keyword: items::keyword(item), one_line: !text.contains('\n') };
        (text, shape)
    }

    /// The comments that stand before byte `at`.
    fn take_before(&mut self, at: u32) -> &'f [Comment] {
        let (before, after) = self.comments.split_at(self.comments.partition_point(|c| c.span.start < at));
        self.comments = after;
        before
    }

    /// `otherwise`, or line ends with the comments that stand before byte `at`.
    fn gap(&mut self, at: u32, otherwise: Doc) -> Doc {
        let comments = self.take_before(at);
        if comments.is_empty() {
            return otherwise;
        }
        let (trailing, own) = split(comments);
        let mut lines = vec![trailing_doc(trailing), Doc::HardLine];
        for comment in own {
            lines.push(Doc::Text(text_of(comment)));
            lines.push(Doc::HardLine);
        }
        Doc::Concat(lines)
    }

    /// The comments that are left inside a block that ends at byte `end`.
    fn last_comments(&mut self, end: u32) -> Vec<Doc> {
        let comments = self.take_before(end);
        if comments.is_empty() {
            return Vec::new();
        }
        let (trailing, own) = split(comments);
        let own = own.iter().flat_map(|comment| [Doc::HardLine, Doc::Text(text_of(comment))]);
        std::iter::once(trailing_doc(trailing)).chain(own).collect()
    }

    /// `{`, the members on a line each, `}`; `end` is where the block ends.
    fn block(&mut self, header: Doc, members: Vec<Member<'_, 'f>>, end: Span) -> Doc {
        let mut lines = Vec::new();
        for member in members {
            let gap = self.gap(member.at, Doc::HardLine);
            if member.spaced {
                lines.push(spaced(gap));
            } else {
                lines.push(gap);
            }
            lines.push((member.print)(self));
        }
        lines.extend(self.last_comments(end.end));
        if lines.is_empty() {
            return Doc::Concat(vec![header, Doc::text(" {}")]);
        }
        Doc::Concat(vec![header, Doc::text(" {"), Doc::Concat(lines).nest(), Doc::HardLine, Doc::text("}")])
    }

    /// `{ a, b, c }` on one line, or on as many as it takes; `fill` puts several on a line.
    fn braced(&mut self, header: Doc, elements: Vec<Element>, fill: bool, end: Span) -> Doc {
        let mut list = Vec::new();
        for (index, element) in elements.into_iter().enumerate() {
            let gap = self.gap(element.at, Doc::Line);
            let fills = fill && index > 0 && gap == Doc::Line;
            let both = Doc::Concat(vec![gap, element.doc]);
            list.push(if fills { both.group() } else { both });
        }
        let last = self.last_comments(end.end);
        let close = if last.is_empty() { Doc::Line } else { Doc::HardLine };
        list.extend(last);
        if list.is_empty() {
            return Doc::Concat(vec![header, Doc::text(" {}")]);
        }
        Doc::Concat(vec![header, Doc::text(" {"), Doc::Concat(list).nest(), close, Doc::text("}")]).group()
    }
}

/// A line of a block: where it stands, and how it prints.
struct Member<'a, 'f> {
    at: u32,
    /// After an empty line.
    spaced: bool,
    print: Box<dyn FnOnce(&mut Printer<'f>) -> Doc + 'a>,
}

/// An element of a list: where it stands, and itself with the comma after it.
struct Element {
    at: u32,
    doc: Doc,
}

/// What decides whether two items stand on lines next to each other.
#[derive(Clone, Copy)]
struct Shape {
    keyword: &'static str,
    one_line: bool,
}

impl Shape {
    fn stays_with(&self, next: &Shape) -> bool {
        self.keyword == next.keyword && self.one_line && next.one_line
    }
}

/// Writes the comments before the item at `next`, or before the end of the file. Answers whether the text now
/// ends with a line end: only where a comment stands on a line of its own.
fn write_comments(out: &mut String, comments: &[Comment], next: Option<Span>) -> bool {
    let (trailing, own) = if out.is_empty() { (None, comments) } else { split(comments) };
    if let Some(comment) = trailing {
        out.push(' ');
        out.push_str(&text_of(comment));
    }
    if own.is_empty() {
        return false;
    }
    if !out.is_empty() {
        out.push_str("\n\n");
    }
    let following = own.iter().skip(1).map(|c| Some(c.span)).chain([next]);
    for (comment, following) in own.iter().zip(following) {
        out.push_str(&text_of(comment));
        out.push('\n');
        // More than the line end between them: an empty line.
        if following.is_some_and(|next| next.start > comment.span.end + 1) {
            out.push('\n');
        }
    }
    true
}

/// The comment that ends the line before, and those that have lines of their own.
fn split(comments: &[Comment]) -> (Option<&Comment>, &[Comment]) {
    match comments {
        [first, rest @ ..] if !first.own_line => (Some(first), rest),
        all => (None, all),
    }
}

/// The same with an empty line after its first line end.
fn spaced(gap: Doc) -> Doc {
    match gap {
        Doc::Concat(mut lines) => {
            let first = lines.iter().position(|doc| *doc == Doc::HardLine).unwrap_or(lines.len());
            lines.insert(first, Doc::HardLine);
            Doc::Concat(lines)
        }
        gap => Doc::Concat(vec![Doc::HardLine, gap]),
    }
}

/// A comment that ends the line before, or nothing.
fn trailing_doc(comment: Option<&Comment>) -> Doc {
    comment.map_or(Doc::nothing(), |comment| Doc::Text(format!(" {}", text_of(comment))))
}

/// On one line, whatever a tool put into it.
fn text_of(comment: &Comment) -> String {
    comment.text.trim_end().replace(['\n', '\r'], " ")
}
