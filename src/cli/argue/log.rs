//! Logs, read record by record: JSON Lines, one JSON document in which the records are in lists, or comma-separated
//! values with a column of records; compressed with gzip or not. What is kept of a log does not grow with it.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::csv::Head;
use crate::cli::{Context, failed, files, progress};
use crate::json::{self, Strict};
use crate::usage::tally::{Tally, Usage};

/// One record is no longer than this; real ones have a few thousand bytes.
const LONGEST: u64 = 16 << 20;

/// The column in which exports of Microsoft's unified audit log have the record.
const COLUMN: &str = "AuditData";

/// With this PowerShell begins an export, to tell of what sort the rows are.
const SORT: &[u8] = b"#TYPE ";

/// Members in which a document lists its records: what the APIs of the platforms answer with. Another list is one of
/// records if some element is a record.
const LISTS: [&str; 6] = ["Records", "events", "items", "records", "value", "data"];

/// Reads all logs into the tally.
///
/// # Errors
///
/// A sentence with file and line: a log that cannot be read to its end, so that nothing could be said about what
/// does not occur; or one in which there is no record of a known format.
pub(super) fn read(paths: &[PathBuf], mut tally: Tally<'_>, cx: &mut Context<'_>) -> io::Result<Usage> {
    let bar = progress::bytes(cx, "reading logs");
    let sizes = paths.iter().map(|path| std::fs::metadata(cx.cwd.join(path)).map_or(0, |m| m.len()));
    let total: u64 = sizes.sum();
    let done = Rc::new(Cell::new(0));
    for path in paths {
        let name =
            if path.as_os_str() == "-" { "standard input".to_owned() } else { files::shown(&cx.cwd, path) };
        let show = |done: u64| bar.at(done as usize, total as usize);
        if path.as_os_str() == "-" {
            one(
                Log { name: &name, tally: &mut tally },
                Counted { inner: &mut cx.input, done: &done, show: &show },
            )?;
        } else {
            let file = open(&cx.cwd, path)?;
            one(Log { name: &name, tally: &mut tally }, Counted { inner: file, done: &done, show: &show })?;
        }
    }
    let usage = tally.finish();
    if usage.formats.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| files::shown(&cx.cwd, path)).collect();
        let known: Vec<&str> = crate::usage::FORMATS.iter().map(|format| format.title).collect();
        let first = usage.remarks.iter().min_by_key(|(_, count)| count.first.len());
        let first = first.map_or(String::new(), |((_, kind), count)| format!("; {}: {kind}", count.first));
        return Err(failed(format!(
            "{}: none of {} is of a format that is known{first}. Known are: {}",
            names.join(", "),
            crate::report::count(usage.records as usize, "record"),
            known.join(", ")
        )));
    }
    Ok(usage)
}

fn open(cwd: &Path, path: &Path) -> io::Result<File> {
    let whole = cwd.join(path);
    let sentence =
        |e: io::Error| failed(format!("cannot read {}: {}", files::shown(cwd, path), files::reason(&e)));
    if std::fs::metadata(&whole).map_err(sentence)?.is_dir() {
        return Err(failed(format!("cannot read {}: it is a folder", files::shown(cwd, path))));
    }
    File::open(&whole).map_err(sentence)
}

/// Counts what is read of a file, as it lies there.
struct Counted<'a, R> {
    inner: R,
    done: &'a Cell<u64>,
    show: &'a dyn Fn(u64),
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.done.set(self.done.get() + read as u64);
        (self.show)(self.done.get());
        Ok(read)
    }
}

fn one(log: Log<'_, '_>, input: impl Read) -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 17, input);
    let head = input.fill_buf().map_err(|e| log.broken(1, &e))?;
    if head.starts_with(&[0x1f, 0x8b]) {
        let inside = files::decoded(MultiGzDecoder::new(input));
        log.all(&mut BufReader::with_capacity(1 << 17, inside))
    } else {
        log.all(&mut BufReader::with_capacity(1 << 17, files::decoded(input)))
    }
}

/// One log.
struct Log<'a, 'm> {
    name: &'a str,
    tally: &'a mut Tally<'m>,
}

impl Log<'_, '_> {
    fn all(mut self, input: &mut dyn BufRead) -> io::Result<()> {
        let mut number = 1;
        // A byte order mark and blank lines come before the first record.
        let first = loop {
            let head = input.fill_buf().map_err(|e| self.broken(number, &e))?;
            let Some(first) = head.first().copied() else { return Ok(()) };
            if !first.is_ascii_whitespace() && ![0xef, 0xbb, 0xbf].contains(&first) {
                break first;
            }
            number += u64::from(first == b'\n');
            input.consume(1);
        };
        if first == b'[' {
            return self.document(input, &[], number);
        }
        let mut line = Vec::new();
        if first == b'{' {
            let whole = self.line(input, &mut line, number)?;
            if whole && self.goes_on(input, &mut line, number)? {
                return self.document(input, &line, number);
            }
            self.take(whole, &line, number);
            number += line.iter().filter(|b| **b == b'\n').count().max(1) as u64;
        } else {
            let mut whole = self.line(input, &mut line, number)?;
            if whole && line.starts_with(SORT) {
                number += 1;
                whole = self.line(input, &mut line, number)?;
            }
            if whole && let Some(head) = Head::of(&line, COLUMN) {
                return self.rows(input, head, number + 1);
            }
            self.take(whole, &line, number);
            number += 1;
        }
        self.lines(input, number)
    }

    /// Whether the object that begins in this line is one of many lines: the line ends in the middle of it, or what
    /// comes next cannot begin a record. Blank lines behind it become part of the line.
    fn goes_on(&self, input: &mut dyn BufRead, line: &mut Vec<u8>, number: u64) -> io::Result<bool> {
        if matches!(line.trim_ascii_end().last(), Some(b'{' | b'[' | b',' | b':')) {
            return Ok(true);
        }
        if !json::parse(line.trim_ascii()).is_err_and(|e| e.is_eof()) {
            return Ok(false);
        }
        loop {
            let rest = input.fill_buf().map_err(|e| self.broken(number, &e))?;
            match rest.first().copied() {
                Some(next) if next.is_ascii_whitespace() && (line.len() as u64) < LONGEST => {
                    line.push(next);
                    input.consume(1);
                }
                next => return Ok(matches!(next, Some(b',' | b':' | b']' | b'}'))),
            }
        }
    }

    /// Rows with a record in one column from line `number` on. A row that has none is counted, and the next one is
    /// read.
    fn rows(self, input: &mut dyn BufRead, head: Head, number: u64) -> io::Result<()> {
        let mut rows = head.rows(input, number, LONGEST);
        loop {
            let row = rows.next();
            let Some(row) = row.map_err(|e| self.broken(rows.line, &e))? else { return Ok(()) };
            let (name, line) = (self.name, row.line);
            let place = || format!("{name}:{line}");
            let value = head.record(row).and_then(|record| {
                json::parse(&record).map_err(|e| format!("{COLUMN} is not JSON: {}", what(&e)))
            });
            match value {
                Ok(value) => self.tally.record(&value, &place),
                Err(why) => self.tally.unreadable(&why, &place),
            }
        }
    }

    /// JSON Lines from line `number` on. A line that is no record is counted, and the next one is read.
    fn lines(mut self, input: &mut dyn BufRead, mut number: u64) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            let whole = self.line(input, &mut line, number)?;
            if line.is_empty() && whole {
                return Ok(());
            }
            self.take(whole, &line, number);
            number += 1;
        }
    }

    /// The next line, with its end; whether all of it is there, and not only its beginning. Empty after the last one.
    fn line(&self, input: &mut dyn BufRead, line: &mut Vec<u8>, number: u64) -> io::Result<bool> {
        line.clear();
        input.take(LONGEST).read_until(b'\n', line).map_err(|e| self.broken(number, &e))?;
        if (line.len() as u64) < LONGEST || line.ends_with(b"\n") {
            return Ok(true);
        }
        loop {
            let rest = input.fill_buf().map_err(|e| self.broken(number, &e))?;
            let end = rest.iter().position(|b| *b == b'\n');
            let used = end.map_or(rest.len(), |at| at + 1);
            let over = end.is_some() || rest.is_empty();
            input.consume(used);
            if over {
                return Ok(false);
            }
        }
    }

    fn take(&mut self, whole: bool, line: &[u8], number: u64) {
        let name = self.name;
        let place = || format!("{name}:{number}");
        if !whole {
            return self.tally.unreadable(&too_long(), &place);
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            return;
        }
        match json::parse(text) {
            Ok(value) => each(value, &mut |record| self.tally.record(&record, &place)),
            Err(e) => self.tally.unreadable(&what(&e), &place),
        }
    }

    /// One JSON document over many lines, of which `head` has been read already. The lists of records in it can be
    /// as long as they like.
    fn document(mut self, input: &mut dyn BufRead, head: &[u8], number: u64) -> io::Result<()> {
        let left = Rc::new(Cell::new(LONGEST));
        let reader = Metered { inner: head.chain(input), left: left.clone() };
        let mut deserializer = serde_json::Deserializer::from_reader(reader);
        let name = self.name;
        let mut count = 0_u64;
        let tally = &mut self.tally;
        let mut record = |value: Value| {
            left.set(LONGEST);
            count += 1;
            tally.record(&value, &|| format!("{name}: record {count}"));
        };
        let read = Records { record: &mut record }.deserialize(&mut deserializer);
        read.and_then(|()| deserializer.end()).map_err(|e| {
            let line = (e.line() as u64).saturating_add(number).saturating_sub(1);
            if e.is_io() {
                return failed(format!(
                    "{name}:{line}: {}; nothing is concluded from a part of it",
                    what(&e)
                ));
            }
            failed(format!("{name}:{line}: not JSON as expected: {}", what(&e)))
        })
    }

    fn broken(&self, line: u64, error: &io::Error) -> io::Error {
        failed(format!(
            "{}:{line}: the log cannot be read further: {}; nothing is concluded from a part of it",
            self.name,
            files::reason(error)
        ))
    }
}

pub(super) fn too_long() -> String {
    format!("a record of more than {} MiB", LONGEST >> 20)
}

/// What is wrong, without its place in the record.
fn what(error: &serde_json::Error) -> String {
    let said = error.to_string();
    said.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Whether a format knows it, whatever lists it has.
fn is_record(value: &Value) -> bool {
    let known = |value: &Value| crate::usage::read(value).is_some();
    known(value) || crate::usage::wrapped(value).is_some_and(|inner| known(&inner))
}

fn is_list(name: &str, value: &Value) -> bool {
    value.is_array() && LISTS.contains(&name)
}

/// Whether it is a list in which a format knows some element.
fn has_record(value: &Value) -> bool {
    value.as_array().is_some_and(|all| all.iter().any(is_record))
}

/// A record, or those of a page of them as an API gives it.
fn each(value: Value, record: &mut dyn FnMut(Value)) {
    match value {
        Value::Object(object)
            if object.iter().any(|(name, value)| is_list(name, value) || has_record(value)) =>
        {
            let mut page = Page::new(record);
            for (name, value) in object {
                match value {
                    Value::Array(all) if LISTS.contains(&name.as_str()) => {
                        page.list(&name);
                        all.into_iter().for_each(|element| page.element(&name, element));
                    }
                    other => page.member(name, other),
                }
            }
            page.end();
        }
        other => record(other),
    }
}

/// An object that may be a page of records, with one list or several, or a record that has such lists itself: Google's
/// list their events as others list records. What is listed is kept until an element is a record, or all is read; so
/// neither the order of members nor the breaks between lines decide.
struct Page<'a> {
    record: &'a mut dyn FnMut(Value),
    /// Members, and of the lists what was not given on yet.
    object: Map<String, Value>,
    /// Whether an element was a record. From then on elements are given on at once.
    is_open: bool,
}

impl<'a> Page<'a> {
    fn new(record: &'a mut dyn FnMut(Value)) -> Page<'a> {
        Page { record, object: Map::new(), is_open: false }
    }

    fn member(&mut self, name: String, value: Value) {
        self.object.insert(name, value);
    }

    /// A list begins.
    fn list(&mut self, name: &str) {
        self.object.insert(name.to_owned(), Value::Array(Vec::new()));
    }

    fn element(&mut self, list: &str, value: Value) {
        if !self.is_open {
            if !is_record(&value) {
                if let Some(Value::Array(kept)) = self.object.get_mut(list) {
                    kept.push(value);
                }
                return;
            }
            self.open();
        }
        (self.record)(value);
    }

    /// Gives on what was kept.
    fn open(&mut self) {
        self.is_open = true;
        for (name, value) in &mut self.object {
            if let Value::Array(kept) = value
                && LISTS.contains(&name.as_str())
            {
                std::mem::take(kept).into_iter().for_each(&mut *self.record);
            }
        }
    }

    fn end(mut self) {
        let is_page = self.object.iter().any(|(name, value)| is_list(name, value) || has_record(value));
        if !self.is_open {
            let whole = Value::Object(std::mem::take(&mut self.object));
            if !is_page || is_record(&whole) {
                return (self.record)(whole);
            }
            if let Value::Object(object) = whole {
                self.object = object;
            }
            self.open();
        }
        self.object.retain(|name, value| !is_list(name, value));
        let rest = Value::Object(self.object);
        if is_record(&rest) {
            return (self.record)(rest);
        }
        // What else is listed counts too: as records, or as what nobody knows. Texts and numbers are no records.
        for (_, value) in rest.as_object().into_iter().flatten() {
            let elements = value.as_array().into_iter().flatten().filter(|element| element.is_object());
            elements.cloned().for_each(&mut *self.record);
        }
    }
}

/// Stops where one record goes on for too long.
struct Metered<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, too_long()));
        }
        let read = self.inner.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}

/// A document: a list of records, an object with such lists, or one record.
struct Records<'a> {
    record: &'a mut dyn FnMut(Value),
}

impl<'de> DeserializeSeed<'de> for Records<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records, or an object that has one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        while let Some(Strict(value)) = all.next_element()? {
            each(value, self.record);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut page = Page::new(self.record);
        while let Some(name) = members.next_key::<String>()? {
            if page.object.contains_key(&name) {
                return Err(twice(&name));
            }
            if !LISTS.contains(&name.as_str()) {
                let Strict(value) = members.next_value()?;
                page.member(name, value);
            } else if let Some(value) = members.next_value_seed(List { page: &mut page, name: &name })? {
                page.member(name, value);
            }
        }
        page.end();
        Ok(())
    }
}

fn twice<E: serde::de::Error>(name: &str) -> E {
    E::custom(format!("member `{name}` stands twice in one object"))
}

/// The elements of a member that may be a list; a value that is none comes back.
struct List<'p, 'a> {
    page: &'p mut Page<'a>,
    name: &'p str,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Option<Value>, A::Error> {
        self.page.list(self.name);
        while let Some(Strict(value)) = all.next_element()? {
            self.page.element(self.name, value);
        }
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Option<Value>, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(twice(&name));
            }
            let Strict(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Some(Value::Object(object)))
    }

    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        Ok(Some(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<Value>, E> {
        Ok(Some(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<Value>, E> {
        Ok(Some(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<Value>, E> {
        Ok(Some(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Option<Value>, E> {
        Ok(Some(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Option<Value>, E> {
        Ok(Some(value.into()))
    }
}
