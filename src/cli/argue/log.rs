//! Logs, read record by record: JSON Lines, one JSON document in which the records are a list, or comma-separated
//! values with a column of records; compressed with gzip or not. What is kept of a log does not grow with it.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
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

/// Members in which a document lists its records: what the APIs of the platforms answer with.
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
        log.all(&mut BufReader::with_capacity(1 << 17, MultiGzDecoder::new(input)))
    } else {
        log.all(&mut input)
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
            // One object in many lines ends its first one in the middle.
            let whole = self.line(input, &mut line, number)?;
            let end = line.trim_ascii_end().last().copied();
            if whole && matches!(end, Some(b'{' | b'[' | b',' | b':')) {
                return self.document(input, &line, number);
            }
            self.take(whole, &line, number);
            number += 1;
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
            Ok(value) => self.each(value, &place),
            Err(e) => self.tally.unreadable(&what(&e), &place),
        }
    }

    /// A record, or a page of them as an API gives it.
    fn each(&mut self, value: Value, place: &dyn Fn() -> String) {
        if !is_record(&value)
            && let Some(Value::Array(all)) = list(&value)
        {
            for record in all {
                self.tally.record(record, place);
            }
            return;
        }
        self.tally.record(&value, place);
    }

    /// One JSON document over many lines, of which `head` has been read already. The list of records in it can be
    /// as long as it likes.
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
    crate::usage::read(value).is_some()
}

fn list(value: &Value) -> Option<&Value> {
    LISTS.iter().find_map(|member| value.get(member).filter(|list| list.is_array()))
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

/// A document: a list of records, an object with such a list, or one record.
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
            (self.record)(value);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let (mut others, mut listed) = (Map::new(), false);
        while let Some(name) = members.next_key::<String>()? {
            // A record has such members too, but something else in them, or says before what it is.
            if LISTS.contains(&name.as_str()) && !is_record_so_far(&others) {
                match members.next_value_seed(List { record: &mut *self.record })? {
                    None => listed = true,
                    Some(value) => {
                        others.insert(name, value);
                    }
                }
                continue;
            }
            let Strict(value) = members.next_value()?;
            if others.insert(name.clone(), value).is_some() {
                return Err(A::Error::custom(format!("member `{name}` stands twice in one object")));
            }
        }
        if !listed {
            (self.record)(Value::Object(others));
        }
        Ok(())
    }
}

/// Google's records list their events under the name under which others list records.
fn is_record_so_far(members: &Map<String, Value>) -> bool {
    members.contains_key("id") && members.contains_key("kind")
}

/// The records in a list; a value that is no list comes back.
struct List<'a> {
    record: &'a mut dyn FnMut(Value),
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Option<Value>, A::Error> {
        while let Some(Strict(value)) = all.next_element()? {
            (self.record)(value);
        }
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Option<Value>, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
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
