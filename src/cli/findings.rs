//! What was found in one or more packages, ready to be written in some format.

use std::io;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser};

use super::{Context, deliver, docs, files};
use crate::diag::Diagnostic;
use crate::lint::Suppressed;
use crate::report::{self, FORMATS, Format, Look, Reader, Report};
use crate::span::SourceMap;

/// Findings of several packages, with places in one list of sources.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    files: Vec<File>,
    packages: Vec<String>,
    /// What was found, by package, source and place.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What does not count, likewise.
    pub(crate) suppressed: Vec<Suppressed>,
}

#[derive(Debug)]
struct File {
    /// None for what lies in no folder.
    path: Option<PathBuf>,
    name: String,
    text: String,
}

impl Findings {
    /// Adds a package: its name, its folder and what was found, with places in these sources.
    pub(crate) fn add(
        &mut self,
        package: &str,
        root: &Path,
        sources: &SourceMap,
        diagnostics: Vec<Diagnostic>,
        suppressed: Vec<Suppressed>,
    ) {
        let first = self.files.len() as u32;
        self.packages.push(package.to_owned());
        self.files.extend(sources.sources().iter().map(|source| File {
            path: (!source.path.starts_with('<')).then(|| root.join(&source.path)),
            name: source.path.clone(),
            text: source.text.clone(),
        }));
        self.diagnostics.extend(diagnostics.into_iter().map(|d| moved(d, first)));
        let moved_all = |s: Suppressed| Suppressed { finding: moved(s.finding, first), ..s };
        self.suppressed.extend(suppressed.into_iter().map(moved_all));
    }

    /// Writes them. `suppressed`: also what does not count, in the formats that can say so.
    pub(crate) fn write(
        &self,
        format: &Format,
        suppressed: bool,
        look: &Look,
        cx: &Context<'_>,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let from = match format.reader {
            Reader::Person | Reader::Program => &cx.cwd,
            Reader::Host => files::repository(&cx.cwd),
        };
        let mut sources = SourceMap::default();
        for file in &self.files {
            let name = file.path.as_ref().map_or_else(|| file.name.clone(), |p| files::relative(from, p));
            sources.add(name, file.text.as_str());
        }
        let report = Report {
            sources: &sources,
            diagnostics: &self.diagnostics,
            suppressed: if suppressed { &self.suppressed } else { &[] },
            page: docs::page,
            subject: &self.packages.join("+"),
        };
        (format.write)(&report, look, out)
    }

    /// Writes them to the file, or to standard output.
    pub(crate) fn deliver(
        &self,
        format: &Format,
        suppressed: bool,
        file: Option<&Path>,
        cx: &mut Context<'_>,
    ) -> io::Result<()> {
        let look = if file.is_some() { Look::PLAIN } else { cx.look };
        let mut bytes = Vec::new();
        self.write(format, suppressed, &look, cx, &mut bytes)?;
        deliver(cx, file, &bytes)
    }
}

/// The values of `--output-format`.
pub(crate) fn formats() -> PossibleValuesParser {
    FORMATS.iter().map(|f| PossibleValue::new(f.name).help(f.title)).collect::<Vec<_>>().into()
}

/// The value of `--also`: `FORMAT=FILE`.
///
/// # Errors
///
/// A sentence.
pub(crate) fn format_and_file(text: &str) -> Result<(&'static Format, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("FORMAT=FILE is wanted")?;
    let known = FORMATS.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
    let format = report::format(name).ok_or_else(|| format!("the formats are {known}"))?;
    if file.is_empty() { Err("FORMAT=FILE is wanted".to_owned()) } else { Ok((format, file.into())) }
}

/// With places that many sources later.
fn moved(mut d: Diagnostic, by: u32) -> Diagnostic {
    let labels = d.labels.iter_mut().chain(&mut d.flow).map(|l| &mut l.span);
    let edits = d.fix.iter_mut().flat_map(|f| &mut f.edits).map(|e| &mut e.span);
    labels.chain(edits).for_each(|span| span.source += by);
    d
}
