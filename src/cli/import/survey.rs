//! `sprag import --check`

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::Form;
use crate::cli::{Context, Exit, failed, files, progress};
use crate::import::survey::{Brought, Outcome, Survey, survey};
use crate::import::{Document, NoteKind};
use crate::report::{count, one_line};

/// Folders that hold other people's packages.
const SKIPPED: [&str; 3] = ["node_modules", "target", "vendor"];

/// 0 if every file that was known came in or is part of a set; 1 if some was refused, cannot be read, is neither JSON nor YAML, or was named
/// and is of no known format; 2 where there is nothing to look at.
pub(super) fn run(paths: &[PathBuf], form: Form, cx: &mut Context<'_>) -> io::Result<Exit> {
    let found = files_to_look_at(paths, cx)?;
    let mut all: Vec<(String, Survey)> = Vec::new();
    {
        let bar = progress::bar(cx, "reading", found.len());
        for path in &found {
            bar.step();
            let shown = files::shown(&cx.cwd, path);
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let named = paths.iter().any(|named| cx.cwd.join(named) == *path);
            let surveyed = match read(&cx.cwd, path, named) {
                Ok(text) => survey(&Document { name: &name, text: &text }),
                Err(error) => {
                    // The file is named before it.
                    let (sentence, named) = (error.to_string(), format!("cannot read {shown}: "));
                    let why = sentence.strip_prefix(&named).unwrap_or(&sentence);
                    Survey { format: None, outcome: Outcome::Unreadable(why.to_owned()) }
                }
            };
            all.push((shown, surveyed));
        }
    }
    match form {
        Form::Json => writeln!(cx.out, "{}", serde_json::to_string_pretty(&json(&all))?)?,
        Form::Text => text(&all, cx)?,
    }
    let named = |path: &PathBuf| paths.iter().any(|named| cx.cwd.join(named) == *path);
    let refused = |(path, (_, surveyed)): (&PathBuf, &(String, Survey))| match &surveyed.outcome {
        Outcome::Refused(_) | Outcome::Unreadable(_) => true,
        Outcome::Imported(brought) => brought.fault.is_some(),
        Outcome::Part(_) => false,
        // Any folder has other files; who names one takes it for a description of something.
        Outcome::Unknown => named(path),
    };
    Ok(if found.iter().zip(&all).any(refused) { Exit::Findings } else { Exit::Clean })
}

/// The text of a document. What lies in a folder and is no file, such as a pipe, is not waited for.
fn read(cwd: &Path, path: &Path, named: bool) -> io::Result<String> {
    if !named && fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(failed(format!("cannot read {}: it is no file", files::shown(cwd, path))));
    }
    files::read_document(cwd, path)
}

/// All files below these folders that could be of a known format, sorted; and those that are named.
///
/// # Errors
///
/// A sentence: a folder that cannot be read, or nothing to look at.
pub(crate) fn files_to_look_at(paths: &[PathBuf], cx: &Context<'_>) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        collect(&cx.cwd, &cx.cwd.join(path), true, &mut found)?;
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Err(failed("there is no .json, .yml or .yaml file to look at, compressed or not"));
    }
    Ok(found)
}

/// The file, or all files below the folder that could be of a known format.
fn collect(cwd: &Path, path: &Path, named: bool, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let sentence =
        |e: io::Error| failed(format!("cannot read {}: {}", files::shown(cwd, path), files::reason(&e)));
    if !fs::metadata(path).map_err(sentence)?.is_dir() {
        if named || is_known(path) {
            found.push(path.to_owned());
        }
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(sentence)? {
        let entry = entry.map_err(sentence)?;
        let name = entry.file_name();
        let skipped = SKIPPED.iter().any(|s| name == *s) || name.as_encoded_bytes().starts_with(b".");
        if !skipped && !entry.file_type().map_err(sentence)?.is_symlink() {
            collect(cwd, &entry.path(), false, found)?;
        }
    }
    Ok(())
}

/// Whether its name is one that documents have, compressed or not.
fn is_known(path: &Path) -> bool {
    let is = |path: &Path, wanted: &[&str]| {
        path.extension().is_some_and(|e| wanted.iter().any(|w| e.eq_ignore_ascii_case(w)))
    };
    let inside = if is(path, &["gz"]) { path.with_extension("") } else { path.to_owned() };
    is(&inside, &["json", "yml", "yaml"])
}

/// A line for each file that would come in, then one for each that would not, then the sums.
fn text(all: &[(String, Survey)], cx: &mut Context<'_>) -> io::Result<()> {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    let width = all.iter().filter(|(_, s)| s.format.is_some()).map(|(path, _)| path.len()).max().unwrap_or(0);
    for (path, surveyed) in all {
        let Some(format) = surveyed.format else { continue };
        let sum = sums.entry(format).or_default();
        sum.read += 1;
        let what = match &surveyed.outcome {
            Outcome::Imported(brought) => {
                sum.imported += 1;
                for (kind, many) in &brought.notes {
                    *sum.notes.entry(*kind).or_default() += many;
                }
                told(brought)
            }
            Outcome::Part(with) => {
                sum.parts += 1;
                format!("part of a set: {with}")
            }
            Outcome::Refused(_) | Outcome::Unknown | Outcome::Unreadable(_) => continue,
        };
        let line = format!("{path:width$}  {format:12}  {what}");
        writeln!(cx.out, "{}", one_line(line.trim_end()))?;
    }
    let (mut unknown, mut unreadable) = (0, 0);
    for (path, surveyed) in all {
        match &surveyed.outcome {
            Outcome::Refused(why) => writeln!(cx.out, "{}", one_line(&format!("{path}: refused: {why}")))?,
            Outcome::Unreadable(why) => {
                unreadable += 1;
                writeln!(cx.out, "{}", one_line(&format!("{path}: cannot be read: {why}")))?
            }
            Outcome::Imported(Brought { fault: Some(fault), .. }) => {
                writeln!(cx.out, "{}", one_line(&format!("{path}: {fault}, which is a fault of sprag")))?;
            }
            Outcome::Imported(_) | Outcome::Part(_) => {}
            Outcome::Unknown => {
                unknown += 1;
                writeln!(cx.out, "{}", one_line(&format!("{path}: of no known format")))?;
            }
        }
    }
    writeln!(cx.out)?;
    for (format, sum) in &sums {
        let notes: usize = sum.notes.values().sum();
        let refused = sum.read - sum.imported - sum.parts;
        let mut head = format!("{format}: {} read, {} imported, {refused} refused", sum.read, sum.imported);
        if sum.parts > 0 {
            head += &format!(", {} of a set", count(sum.parts, "part"));
        }
        writeln!(cx.out, "{head}; {}{}", count(notes, "note"), kinds(&sum.notes))?;
    }
    if unreadable > 0 {
        writeln!(cx.out, "{} cannot be read", count(unreadable, "file"))?;
    }
    if unknown > 0 {
        writeln!(cx.out, "{} of no known format", count(unknown, "file"))?;
    }
    Ok(())
}

#[derive(Default)]
struct Sum {
    read: usize,
    imported: usize,
    parts: usize,
    notes: BTreeMap<NoteKind, usize>,
}

fn told(brought: &Brought) -> String {
    let parts = [(brought.apps, "app"), (brought.operations, "operation"), (brought.scopes, "scope")];
    let parts = parts.iter().filter(|(many, _)| *many > 0).map(|(many, what)| count(*many, what));
    let parts: Vec<String> = parts.collect();
    let notes: usize = brought.notes.values().sum();
    format!("{}; {}{}", parts.join(", "), count(notes, "note"), kinds(&brought.notes))
}

fn kinds(notes: &BTreeMap<NoteKind, usize>) -> String {
    let all: Vec<String> = notes.iter().map(|(kind, many)| format!("{} {many}", kind.name())).collect();
    if all.is_empty() { String::new() } else { format!(": {}", all.join(", ")) }
}

fn json(all: &[(String, Survey)]) -> serde_json::Value {
    let rows = all.iter().map(|(path, surveyed)| {
        let mut row = json!({ "path": path, "format": surveyed.format });
        let more = match &surveyed.outcome {
            Outcome::Imported(brought) => json!({
                "outcome": "imported",
                "apps": brought.apps,
                "operations": brought.operations,
                "scopes": brought.scopes,
                "notes": brought.notes.iter().map(|(kind, many)| (kind.name(), *many)).collect::<BTreeMap<_, _>>(),
                "fault": brought.fault,
            }),
            Outcome::Part(with) => json!({ "outcome": "part", "reason": with }),
            Outcome::Refused(why) => json!({ "outcome": "refused", "reason": why }),
            Outcome::Unreadable(why) => json!({ "outcome": "unreadable", "reason": why }),
            Outcome::Unknown => json!({ "outcome": "unknown" }),
        };
        if let (Some(row), serde_json::Value::Object(more)) = (row.as_object_mut(), more) {
            row.extend(more);
        }
        row
    });
    rows.collect()
}
