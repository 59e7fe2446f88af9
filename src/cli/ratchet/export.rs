//! Exports of a history: a line that says of which store and how far, and one for each entry.

use std::io;

use serde_json::json;

use crate::cli::failed;
use crate::json;
use crate::state::{Entry, Fault, Hash, Head, StoreId, Verifier};

const FORMAT: &str = "sprag-audit-1";

/// The first line.
pub(super) fn heading(head: &Head) -> String {
    let (store, hash) = (head.store.to_string(), head.hash.to_string());
    json!({ "format": FORMAT, "store": store, "epoch": head.epoch, "hash": hash }).to_string()
}

/// What is in an export, as it is found.
pub(super) struct Export<'t> {
    /// Where it says that the history ends.
    pub(super) head: Head,
    lines: Vec<&'t str>,
}

impl<'t> Export<'t> {
    /// Reads the first line.
    ///
    /// # Errors
    ///
    /// A sentence: it is no export.
    pub(super) fn read(name: &str, text: &'t str) -> io::Result<Export<'t>> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next().and_then(|line| json::parse(line.as_bytes()).ok());
        let head = first.and_then(|value| {
            let text = |name: &str| value.get(name)?.as_str();
            let (store, hash): (StoreId, Hash) = (text("store")?.parse().ok()?, text("hash")?.parse().ok()?);
            let epoch = value.get("epoch")?.as_u64()?;
            (text("format")? == FORMAT).then_some(Head { store, epoch, hash })
        });
        let head = head.ok_or_else(|| failed(format!("{name} is no export of a history")))?;
        Ok(Export { head, lines: lines.collect() })
    }

    /// All entries, if they are what was written and hold what was seen.
    ///
    /// # Errors
    ///
    /// The first one with which something is wrong.
    pub(super) fn entries(&self, known: Option<Head>) -> Result<Vec<Entry>, Fault> {
        let mut verifier = Verifier::new(self.head.store, known);
        let mut entries = Vec::new();
        for (line, epoch) in self.lines.iter().zip(1..) {
            let entry = Entry::of_line(line).map_err(|what| Fault { epoch, what })?;
            verifier.take(&entry)?;
            entries.push(entry);
        }
        verifier.end(Some(self.head))?;
        Ok(entries)
    }
}
