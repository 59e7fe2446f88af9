//! Diagnostics for programs that read a line at a time: a JSON object on each, as in the array of `json`.

use std::io::{self, Write};

use super::{Format, Look, Reader, Report, json};

/// A JSON object on each line.
pub static FORMAT: Format =
    Format { name: "json-lines", title: "a JSON object on each line", reader: Reader::Program, write };

fn write(report: &Report<'_>, _: &Look, out: &mut dyn Write) -> io::Result<()> {
    for entry in json::entries(report) {
        serde_json::to_writer(&mut *out, &entry)?;
        writeln!(out)?;
    }
    Ok(())
}
