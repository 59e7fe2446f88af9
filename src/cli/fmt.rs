//! `sprag fmt`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::{Context, Exit, failed, files};
use crate::diag::{Diagnostic, Severity};
use crate::report::{self, Report};
use crate::span::SourceMap;
use crate::syntax::{parser, printer};

/// Write files in the one standard layout.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files and folders, or `-` for standard input to standard output; the current folder if missing.
    paths: Vec<PathBuf>,
    /// Change nothing; list the files that would change.
    #[arg(long, conflicts_with = "diff")]
    check: bool,
    /// Change nothing; show what would change.
    #[arg(long)]
    diff: bool,
}

/// 0 when done; 1 for files with syntax errors, which stay as they are, and with `--check` or `--diff` for files
/// that would change.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    if args.paths.iter().any(|p| p.as_os_str() == "-") {
        if args.paths.len() > 1 {
            return Err(failed("`-` cannot be mixed with other paths"));
        }
        let mut bytes = Vec::new();
        cx.input.read_to_end(&mut bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| failed("standard input is not UTF-8"))?;
        return one(args, cx, "<stdin>", &text, None).map(|done| exit(args, &[done]));
    }
    let mut done = Vec::new();
    for path in chosen(args, cx)? {
        let text = files::read_text(&cx.cwd, &path)?;
        let name = files::shown(&cx.cwd, &path);
        done.push(one(args, cx, &name, &text, Some(&path))?);
    }
    if !cx.quiet && !args.diff {
        let changed = done.iter().filter(|d| **d == Done::Changed).count();
        let word = if args.check { "would change" } else { "changed" };
        writeln!(cx.err, "{}: {changed} {word}", report::count(done.len(), "file"))?;
    }
    Ok(exit(args, &done))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Same,
    Changed,
    Broken,
}

fn exit(args: &Args, done: &[Done]) -> Exit {
    let changes_count = args.check || args.diff;
    let finding = |d: &Done| *d == Done::Broken || (changes_count && *d == Done::Changed);
    if done.iter().any(finding) { Exit::Findings } else { Exit::Clean }
}

fn chosen(args: &Args, cx: &Context<'_>) -> io::Result<Vec<PathBuf>> {
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() { &here[..] } else { &args.paths };
    let mut chosen = Vec::new();
    for path in paths {
        let path = cx.cwd.join(path);
        if path.is_dir() {
            chosen.extend(files::sprag_files(&cx.cwd, &path, &|_| false)?);
        } else {
            chosen.push(path);
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    chosen.retain(|p| seen.insert(fs::canonicalize(p).unwrap_or_else(|_| p.clone())));
    Ok(chosen)
}

fn one(args: &Args, cx: &mut Context<'_>, name: &str, text: &str, path: Option<&Path>) -> io::Result<Done> {
    let formatted = match format(text) {
        Ok(formatted) => formatted,
        Err(Unformatted::Broken(found)) => {
            let mut sources = SourceMap::default();
            sources.add(name, text);
            (report::FORMATS[0].write)(&Report::new(&sources, &found), &cx.look, cx.err)?;
            return Ok(Done::Broken);
        }
        Err(Unformatted::Changed) => {
            return Err(failed(format!(
                "{name}: formatting would change the meaning, which is a fault of sprag"
            )));
        }
    };
    let same = formatted == text;
    if args.diff && !same {
        let diff = TextDiff::from_lines(text, formatted.as_str());
        let [from, to] = ["a", "b"].map(|side| format!("{side}/{name}"));
        let header = (report::quoted_path(&from), report::quoted_path(&to));
        write!(cx.out, "{}", diff.unified_diff().context_radius(3).header(&header.0, &header.1))?;
    } else if args.check && !same {
        writeln!(cx.out, "{}", report::quoted_path(name))?;
    } else if !args.check && !args.diff {
        match path {
            Some(path) if !same => files::write_whole(&cx.cwd, path, formatted.as_bytes())?,
            Some(_) => {}
            None => cx.out.write_all(formatted.as_bytes())?,
        }
    }
    Ok(if same { Done::Same } else { Done::Changed })
}

enum Unformatted {
    /// The text has syntax errors.
    Broken(Vec<Diagnostic>),
    /// Read again, the formatted text says something else.
    Changed,
}

/// The text in its standard layout, read again to be sure that it still says the same.
fn format(text: &str) -> Result<String, Unformatted> {
    let (file, found) = parser::parse(0, text);
    if found.iter().any(|d| d.severity == Severity::Error) {
        return Err(Unformatted::Broken(found));
    }
    let formatted = printer::print(&file);
    let (again, found) = parser::parse(0, &formatted);
    let lost = found.iter().any(|d| d.severity == Severity::Error);
    let comments =
        |f: &crate::syntax::tree::File| f.comments.iter().map(|c| c.text.clone()).collect::<Vec<_>>();
    if lost || again.items != file.items || comments(&again) != comments(&file) {
        return Err(Unformatted::Changed);
    }
    Ok(formatted)
}
