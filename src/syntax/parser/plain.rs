//! The long, plain part of large catalogs, read by hand: scopes, marks and operations without comments.
//!
//! The grammar reads some megabytes a second, and a platform's operations are megabytes. So a catalog's end is read
//! here if nothing but such items stands there, in a form that leaves no question; everything else, and
//! everything that is wrong, is the grammar's. Both give the same tree, with the same places.

use crate::span::Span;
use crate::syntax::tree::{Alternative, Item, Mark, Name, Operation, OperationMember, Scope, Text};

/// Where the plain part of a catalog begins, and its items; `None` if it has none or anything in it is not plain.
pub(super) fn tail(source: u32, text: &str, from: usize) -> Option<(usize, Vec<Item>)> {
    let body = text.get(from..)?;
    if !body.trim_start().starts_with("catalog") {
        return None;
    }
    let start = ["\nscope ", "\nmark ", "\noperation "].iter().filter_map(|k| body.find(k)).min()? + from + 1;
    let rest = text.as_bytes().get(start..)?;
    if !rest.iter().all(|b| matches!(b, b'\n' | b' '..=b'~')) {
        return None;
    }
    let mut reader = Reader { source, text, at: start, end: start };
    let mut items = Vec::new();
    while let Some(word) = reader.peek() {
        items.push(match word {
            "scope" => Item::Scope(reader.scope()?),
            "mark" => Item::Mark(reader.mark()?),
            "operation" => Item::Operation(reader.operation()?),
            _ => return None, // Another item, or no item.
        });
    }
    // What is left is nothing, or something that is no word.
    reader.blanks();
    (reader.at == text.len() && !items.is_empty()).then_some((start, items))
}

struct Reader<'t> {
    source: u32,
    text: &'t str,
    at: usize,
    /// Where the last token ends.
    end: usize,
}

impl<'t> Reader<'t> {
    fn scope(&mut self) -> Option<Scope> {
        let start = self.keyword("scope")?;
        let (model, name) = (self.path()?, self.scope_name()?);
        let mut scope = Scope { model, name, level: None, implies: Vec::new(), span: Span::default() };
        if self.take("level") {
            let digits = self.word()?;
            let plain =
                digits.len() < 10 && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
            scope.level = Some(plain.then(|| digits.parse().ok()).flatten()?);
        }
        if self.take("implies") {
            scope.implies.push(self.scope_name()?);
            while self.byte(b',') {
                scope.implies.push(self.scope_name()?);
            }
        }
        scope.span = self.since(start);
        Some(scope)
    }

    fn mark(&mut self) -> Option<Mark> {
        let start = self.keyword("mark")?;
        let name = self.name()?;
        let title = if self.next() == Some(b'"') { Some(self.string()?) } else { None };
        let gives = if self.take("gives") { Some(self.name()?) } else { None };
        Some(Mark { name, title, gives, span: self.since(start) })
    }

    fn operation(&mut self) -> Option<Operation> {
        let start = self.keyword("operation")?;
        let name = self.path().filter(|name| name.text != "group")?;
        let mut members = Vec::new();
        if !self.byte(b'{') {
            return None;
        }
        while !self.byte(b'}') {
            members.push(self.member()?);
        }
        Some(Operation { name, members, span: self.since(start) })
    }

    fn member(&mut self) -> Option<OperationMember> {
        Some(match self.word()? {
            "access" => OperationMember::Access(self.name()?),
            "in" => OperationMember::In(self.name()?),
            "lists" => OperationMember::Lists(self.name()?),
            "http" => OperationMember::Http { method: self.name()?, path: self.string()? },
            "requires" => {
                let model = self.path()?;
                let mut alternatives = vec![self.alternative()?];
                while self.take("or") {
                    alternatives.push(self.alternative()?);
                }
                OperationMember::Requires { model, alternatives }
            }
            "marks" => {
                let mut names = vec![self.name()?];
                while self.byte(b',') {
                    names.push(self.name()?);
                }
                OperationMember::Marks(names)
            }
            _ => return None, // No member.
        })
    }

    fn alternative(&mut self) -> Option<Alternative> {
        let mut least = false;
        if self.peek() == Some("least") {
            let before = self.at;
            self.word()?;
            least = match self.next() {
                Some(b'"' | b'[') => true,
                _ => self.peek().is_some_and(|word| is_scope(word) && !is_reserved(word)),
            };
            if !least {
                self.at = before;
            }
        }
        if !self.byte(b'[') {
            return Some(Alternative { least, scopes: vec![self.scope_name()?] });
        }
        let mut scopes = vec![self.scope_name()?];
        while self.byte(b',') {
            scopes.push(self.scope_name()?);
        }
        self.byte(b']').then_some(Alternative { least, scopes })
    }

    /// A scope, in quotes or not.
    fn scope_name(&mut self) -> Option<Name> {
        if self.next() == Some(b'"') {
            let Text { value, span } = self.string()?;
            return Some(Name { text: value, span });
        }
        self.named(|word| is_scope(word) && !is_reserved(word))
    }

    fn path(&mut self) -> Option<Name> {
        self.named(|word| word.split('.').all(is_ident) && !is_reserved(word))
    }

    fn name(&mut self) -> Option<Name> {
        self.named(|word| is_ident(word) && !is_reserved(word))
    }

    fn named(&mut self, fits: impl Fn(&str) -> bool) -> Option<Name> {
        self.blanks();
        let start = self.at;
        let word = self.word().filter(|word| fits(word))?;
        Some(Name { text: word.to_owned(), span: Span::new(self.source, start, self.at) })
    }

    /// A text without escapes.
    fn string(&mut self) -> Option<Text> {
        self.blanks();
        let start = self.at;
        let inside = self.text.get(start..)?.strip_prefix('"')?;
        let end = inside.find(['"', '\\', '\n']).filter(|end| inside.as_bytes().get(*end) == Some(&b'"'))?;
        self.at = start + end + 2;
        self.end = self.at;
        let span = Span::new(self.source, start, self.at);
        Some(Text { value: inside.get(..end)?.to_owned(), span })
    }

    /// A keyword, which begins here; where it does.
    fn keyword(&mut self, keyword: &str) -> Option<usize> {
        self.blanks();
        let start = self.at;
        (self.word()? == keyword).then_some(start)
    }

    fn take(&mut self, keyword: &str) -> bool {
        let found = self.peek() == Some(keyword);
        if found {
            self.at += keyword.len();
            self.end = self.at;
        }
        found
    }

    /// The next word without passing it; it has at least one character.
    fn peek(&mut self) -> Option<&'t str> {
        self.blanks();
        let rest = self.text.get(self.at..)?;
        let part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'*' | b'+');
        let end = rest.bytes().position(|b| !part(b)).unwrap_or(rest.len());
        rest.get(..end).filter(|word| !word.is_empty())
    }

    fn word(&mut self) -> Option<&'t str> {
        let word = self.peek()?;
        self.at += word.len();
        self.end = self.at;
        Some(word)
    }

    fn byte(&mut self, byte: u8) -> bool {
        let found = self.next() == Some(byte);
        if found {
            self.at += 1;
            self.end = self.at;
        }
        found
    }

    fn next(&mut self) -> Option<u8> {
        self.blanks();
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }

    fn since(&self, start: usize) -> Span {
        Span::new(self.source, start, self.end)
    }
}

/// `token_word` of the grammar.
fn is_scope(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.split(['.', ':', '-']).all(|part| !part.is_empty() && is_word(part))
}

/// `ident` of the grammar.
fn is_ident(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.split('-').all(|part| !part.is_empty() && is_word(part))
}

fn is_word(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// `reserved` of the grammar.
const RESERVED: [&str; 17] = [
    "and", "any", "as", "at", "because", "except", "expect", "false", "in", "not", "or", "to", "true",
    "unless", "when", "where", "with",
];

#[cfg(test)]
mod tests {
    use super::super::parse_by_grammar;
    use super::*;

    /// Whatever is read here is what the grammar reads, with its places.
    #[track_caller]
    fn check(text: &str, plain: bool) {
        let read = tail(0, text, 0);
        assert_eq!(read.is_some(), plain, "{text}");
        let Some((start, mut items)) = read else { return };
        let (head, _) = parse_by_grammar(0, &text[..start], 0);
        items.splice(0..0, head.items);
        let (whole, diagnostics) = parse_by_grammar(0, text, 0);
        assert_eq!(diagnostics, [], "{text}");
        // Places are all equal to each other, but are shown.
        assert_eq!(format!("{items:?}"), format!("{:?}", whole.items), "{text}");
    }

    #[test]
    fn what_is_plain_is_read_as_the_grammar_reads_it() {
        let all = [
            "scope m a level 3 implies b, \"c d\"",
            "scope a.m read:x.y:z",
            "scope m requires\nscope m operation",
            "mark m",
            "mark m-n \"title // no comment\" gives x",
            "operation a.b-c { }",
            "operation a.group { access read in x lists y http GET \"/a/{b}\" }",
            "operation a{access write in k requires m A requires n.o least [A,B] or\n    C:d marks x, y-z}",
            "operation a { requires m least or b requires m2 least least or least \"q\" or \"least\" }",
            "operation a { requires m least or b marks x }",
        ];
        for item in all {
            check(&format!("catalog c version \"1\"\n\nuse d\n\n{item}\n"), true);
            check(&format!("catalog c version \"1\"\n{item}\n{item}"), true);
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_grammar() {
        for item in [
            "scope m a // why",
            "scope m \"a\\\"b\"",
            "scope m a level 0",
            "scope m a level 1h",
            "scope m any",
            "scope m",
            "scope m a,",
            "mark x.y",
            "operation group g { read }",
            "operation a { requires m [a, b,] }",
            "operation a { access read",
            "operation a { access read } }",
            "operation a { access r\u{e9}ad }",
            "operation a\t{ }",
            "scope m a\nkind k",
        ] {
            check(&format!("catalog c version \"1\"\n{item}\n"), false);
        }
        check("use d\nscope m a\n", false);
    }
}
