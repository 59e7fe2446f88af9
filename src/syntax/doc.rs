//! Text that knows where it may break: what the printer says about layout.

/// A text with possible line breaks.
#[derive(Debug, Clone, PartialEq)]
pub enum Doc {
    /// Text without line ends.
    Text(String),
    /// A blank, or a line end where the group around it does not fit its line.
    Line,
    /// A line end always; every group around it breaks.
    HardLine,
    /// One after the other.
    Concat(Vec<Doc>),
    /// Lines that start inside stand further to the right, by this many blanks.
    Nest(usize, Box<Doc>),
    /// All its own lines break, or none.
    Group {
        /// What may fit on a line.
        inner: Box<Doc>,
        /// Whether a hard line inside decides it.
        broken: bool,
    },
}

impl Doc {
    /// Lays the text out: no line is wider than `width` characters if a break can help it. No line ends in
    /// blanks, and there is no line end after the last line.
    pub fn render(&self, width: usize) -> String {
        let mut out = Output { text: String::new(), column: 0, indent: 0 };
        let mut rest = vec![Piece { indent: 0, flat: false, doc: self }];
        while let Some(piece) = rest.pop() {
            match piece.doc {
                Doc::Text(text) => out.write(text),
                Doc::Line if piece.flat => out.write(" "),
                Doc::Line | Doc::HardLine => out.end_line(piece.indent),
                Doc::Concat(parts) => rest.extend(parts.iter().rev().map(|doc| Piece { doc, ..piece })),
                Doc::Nest(by, doc) => rest.push(Piece { indent: piece.indent + by, doc, ..piece }),
                Doc::Group { inner, broken } => {
                    let flat = Piece { flat: true, doc: inner, ..piece };
                    let fits = piece.flat || !broken && fits(width.saturating_sub(out.column), flat, &rest);
                    rest.push(Piece { flat: fits, ..flat });
                }
            }
        }
        out.text
    }

    /// Text without line ends.
    pub fn text(text: impl Into<String>) -> Doc {
        Doc::Text(text.into())
    }

    /// Nothing.
    pub fn nothing() -> Doc {
        Doc::Concat(Vec::new())
    }

    /// Breaks all its own lines or none.
    #[must_use]
    pub fn group(self) -> Doc {
        let broken = self.has_hard_line();
        Doc::Group { inner: Box::new(self), broken }
    }

    /// Two blanks further to the right.
    #[must_use]
    pub fn nest(self) -> Doc {
        Doc::Nest(2, Box::new(self))
    }

    fn has_hard_line(&self) -> bool {
        match self {
            Doc::Text(_) | Doc::Line => false,
            Doc::HardLine => true,
            Doc::Concat(parts) => parts.iter().any(Doc::has_hard_line),
            Doc::Nest(_, doc) => doc.has_hard_line(),
            Doc::Group { broken, .. } => *broken,
        }
    }
}

/// A document under way, with the layout around it.
#[derive(Clone, Copy)]
struct Piece<'d> {
    indent: usize,
    flat: bool,
    doc: &'d Doc,
}

struct Output {
    text: String,
    column: usize,
    /// Blanks still to write before the line's first text.
    indent: usize,
}

impl Output {
    fn write(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.text.extend(std::iter::repeat_n(' ', std::mem::take(&mut self.indent)));
        self.text.push_str(text);
        self.column += text.chars().count();
    }

    fn end_line(&mut self, indent: usize) {
        self.text.push('\n');
        (self.column, self.indent) = (indent, indent);
    }
}

/// Whether the piece, and what follows it up to the next possible line end, fits in `room` characters.
fn fits(room: usize, first: Piece<'_>, rest: &[Piece<'_>]) -> bool {
    let mut room = room;
    let mut pieces = vec![first];
    let mut following = rest.iter().rev();
    while let Some(piece) = pieces.pop().or_else(|| following.next().copied()) {
        let width = match piece.doc {
            Doc::Text(text) => text.chars().count(),
            Doc::Line if piece.flat => 1,
            Doc::Line | Doc::HardLine => return true,
            Doc::Concat(parts) => {
                pieces.extend(parts.iter().rev().map(|doc| Piece { doc, ..piece }));
                0
            }
            Doc::Nest(_, doc) | Doc::Group { inner: doc, .. } => {
                pieces.push(Piece { doc, ..piece });
                0
            }
        };
        match room.checked_sub(width) {
            Some(left) => room = left,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_break_only_where_they_do_not_fit() {
        let list = |n| {
            let lines = (0..n).flat_map(|_| [Doc::Line, Doc::text("item")]).collect();
            Doc::Concat(vec![Doc::text("{"), Doc::Concat(lines).nest(), Doc::Line, Doc::text("}")]).group()
        };
        assert_eq!(list(2).render(13), "{ item item }");
        assert_eq!(list(2).render(12), "{\n  item\n  item\n}");
    }
}
