//! `--statistics`: how often each rule fired.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use crate::diag::{Diagnostic, Safety};
use crate::lint::fixes::applicable;
use crate::report::{rule_name, severity, summary};

/// A table for people, the most frequent first; else a JSON array.
pub(super) fn write(findings: &[Diagnostic], for_people: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut by_code: BTreeMap<&str, Vec<&Diagnostic>> = BTreeMap::new();
    for finding in findings {
        by_code.entry(finding.code).or_default().push(finding);
    }
    let mut rows: Vec<_> = by_code.into_iter().collect();
    rows.sort_by_key(|(code, found)| (std::cmp::Reverse(found.len()), *code));
    if !for_people {
        let row = |(code, found): &(&str, Vec<&Diagnostic>)| {
            json!({
                "code": code,
                "name": rule_name(code),
                "severity": found.first().map(|d| severity(d.severity)),
                "count": found.len(),
                "fixable": fixable(found),
            })
        };
        serde_json::to_writer_pretty(&mut *out, &rows.iter().map(row).collect::<Vec<_>>())?;
        return writeln!(out);
    }
    let width = rows.first().map_or(1, |(_, found)| found.len().to_string().len());
    for (code, found) in &rows {
        let level = found.first().map(|d| severity(d.severity)).unwrap_or_default();
        let name = rule_name(code).unwrap_or_default();
        let fixable = match fixable(found) {
            0 => String::new(),
            number => format!(", {number} to be mended with `--fix`"),
        };
        writeln!(out, "{:>width$}  {code}  {level:<7}  {name}{fixable}", found.len())?;
    }
    writeln!(out, "{}", summary(findings))
}

fn fixable(found: &[&Diagnostic]) -> usize {
    found.iter().filter(|d| d.fix.as_ref().is_some_and(|f| applicable(f, Safety::Safe))).count()
}
