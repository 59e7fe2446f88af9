//! Rows of comma-separated values, one at a time: fields in quotes may hold separators, line ends and doubled quotes.

use std::io::{self, BufRead};

/// Separators that exports have, where the comma stands in numbers too.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Where the records stand, by the first row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    separator: u8,
    /// How many columns there are.
    columns: usize,
    /// The one that holds the records.
    column: usize,
}

impl Head {
    /// The head in a first line; `None` where no column has this name.
    pub(super) fn of(line: &[u8], name: &str) -> Option<Head> {
        SEPARATORS.iter().find_map(|separator| {
            let mut input = line;
            let longest = line.len() as u64;
            let mut rows = Rows { input: &mut input, separator: *separator, line: 1, longest };
            let fields = rows.next().ok()??.fields.ok()?;
            let column = fields.iter().position(|field| field.trim_ascii() == name.as_bytes())?;
            Some(Head { separator: *separator, columns: fields.len(), column })
        })
    }

    /// The rows after it, from line `line` on.
    pub(super) fn rows<'a>(&self, input: &'a mut dyn BufRead, line: u64, longest: u64) -> Rows<'a> {
        Rows { input, separator: self.separator, line, longest }
    }

    /// What a row has in the column of the records.
    pub(super) fn record(&self, row: Row) -> Result<Vec<u8>, String> {
        let mut fields = row.fields.map_err(|fault| match fault {
            Fault::TooLong => super::log::too_long(),
            Fault::Behind => "a row with text behind a closing quote".to_owned(),
        })?;
        if fields.len() != self.columns {
            return Err(format!("a row of {} where the head has {}", fields.len(), self.columns));
        }
        Ok(fields.swap_remove(self.column))
    }
}

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The line in which it begins.
    pub(super) line: u64,
    fields: Result<Vec<Vec<u8>>, Fault>,
}

/// What is wrong with a row whose end is known all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    TooLong,
    Behind,
}

/// Reads rows.
pub(super) struct Rows<'a> {
    input: &'a mut dyn BufRead,
    separator: u8,
    /// The line that comes next.
    pub(super) line: u64,
    /// What a row may take.
    longest: u64,
}

/// Where in a row the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the beginning of a field.
    Begin,
    /// In a field without quotes.
    Bare,
    /// Between quotes.
    Quoted,
    /// Behind a quote, which ends the field or is the first of two.
    Quote,
}

impl Rows<'_> {
    /// The next row, or `None` behind the last. Blank lines are none.
    ///
    /// # Errors
    ///
    /// The input cannot be read; or it ends between quotes, so that it is not known what the last row was.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        loop {
            let row = self.row()?;
            match &row {
                Some(Row { fields: Ok(fields), .. }) if matches!(&fields[..], [one] if one.is_empty()) => {}
                Some(_) | None => return Ok(row),
            }
        }
    }

    fn row(&mut self) -> io::Result<Option<Row>> {
        let first = self.line;
        let (mut fields, mut field, mut taken) = (Vec::new(), Vec::new(), 0_u64);
        let (mut at, mut fault, mut begun) = (At::Begin, None, false);
        loop {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                if at == At::Quoted {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        format!("a quote of the row that begins in line {first} is not closed"),
                    ));
                }
                if !begun {
                    return Ok(None);
                }
                break;
            }
            begun = true;
            let mut used = 0;
            let mut over = false;
            for byte in bytes {
                used += 1;
                self.line += u64::from(*byte == b'\n');
                taken += 1;
                if taken > self.longest {
                    fault = Some(Fault::TooLong);
                }
                let ends = at != At::Quoted && (*byte == self.separator || *byte == b'\n');
                if ends {
                    fields.push(std::mem::take(&mut field));
                    at = At::Begin;
                    if *byte == b'\n' {
                        over = true;
                        break;
                    }
                    continue;
                }
                at = match (at, *byte) {
                    (At::Begin, b'"') => At::Quoted,
                    (At::Quoted, b'"') => At::Quote,
                    (At::Quote, b'"') => {
                        field.push(b'"');
                        At::Quoted
                    }
                    // The end of a line as Windows writes it.
                    (At::Quote, b'\r') => At::Quote,
                    (At::Quote, _) => {
                        fault = fault.or(Some(Fault::Behind));
                        At::Bare
                    }
                    (At::Quoted, other) => {
                        field.push(other);
                        At::Quoted
                    }
                    (At::Begin | At::Bare, other) => {
                        field.push(other);
                        At::Bare
                    }
                };
                if fault.is_some() {
                    fields.clear();
                    field.clear();
                }
            }
            self.input.consume(used);
            if over {
                return Ok(Some(Row { line: first, fields: finished(fields, fault) }));
            }
        }
        fields.push(field);
        Ok(Some(Row { line: first, fields: finished(fields, fault) }))
    }
}

fn finished(mut fields: Vec<Vec<u8>>, fault: Option<Fault>) -> Result<Vec<Vec<u8>>, Fault> {
    if let Some(fault) = fault {
        return Err(fault);
    }
    if let Some(last) = fields.last_mut()
        && last.last() == Some(&b'\r')
    {
        last.pop();
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line in which a row begins, and its fields.
    type Row = (u64, Result<Vec<String>, Fault>);

    /// All rows.
    fn rows(text: &str, longest: u64) -> io::Result<Vec<Row>> {
        let mut input = io::BufReader::with_capacity(3, text.as_bytes());
        let mut rows = Rows { input: &mut input, separator: b',', line: 1, longest };
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |field: Vec<u8>| String::from_utf8(field).unwrap();
            all.push((row.line, row.fields.map(|fields| fields.into_iter().map(text).collect())));
        }
        Ok(all)
    }

    #[test]
    fn fields_are_what_was_written() {
        let row = |line, fields: &[&str]| (line, Ok(fields.iter().map(|f| (*f).to_owned()).collect()));
        for (text, wanted) in [
            ("", vec![]),
            ("\n\r\n\n", vec![]),
            ("a,b", vec![row(1, &["a", "b"])]),
            ("a,b\r\n,\r\n", vec![row(1, &["a", "b"]), row(2, &["", ""])]),
            ("\"a\",\"\"\n\"x\"\"y\"\"\",z", vec![row(1, &["a", ""]), row(2, &["x\"y\"", "z"])]),
            ("\"a,b\r\nc\",d\r\n\r\ne,\"f\"\r\n", vec![row(1, &["a,b\r\nc", "d"]), row(4, &["e", "f"])]),
            ("a\"b\",c", vec![row(1, &["a\"b\"", "c"])]),
            ("a,\"b\"x,c\nd,e", vec![(1, Err(Fault::Behind)), row(2, &["d", "e"])]),
            ("abcdefghijk,l\nm,n", vec![(1, Err(Fault::TooLong)), row(2, &["m", "n"])]),
            ("\"abcde\nfghijk\",l\nm,n", vec![(1, Err(Fault::TooLong)), row(3, &["m", "n"])]),
        ] {
            assert_eq!(rows(text, 12).unwrap(), wanted, "{text:?}");
        }
        let open = rows("a,b\nc,\"d\n", 12).unwrap_err();
        assert_eq!(open.to_string(), "a quote of the row that begins in line 2 is not closed");
    }

    #[test]
    fn a_head_names_the_column() {
        for (line, head) in [
            ("CreationDate,AuditData\r\n", Some((b',', 2, 1))),
            ("\"AuditData\";\"a,b\"\n", Some((b';', 2, 0))),
            ("a\tb\tAuditData", Some((b'\t', 3, 2))),
            ("hello", None),
            ("\"AuditData", None),
            ("", None),
        ] {
            let head = head.map(|(separator, columns, column)| Head { separator, columns, column });
            assert_eq!(Head::of(line.as_bytes(), "AuditData"), head, "{line:?}");
        }
    }
}
