//! An app as its vendor describes it: imported, and checked with the catalogs that come with the program.

use std::io;
use std::path::Path;

use crate::cli::package::stock;
use crate::cli::{Context, check, failed, files};
use crate::driver::{self, Inputs};
use crate::import::{Document, Options, survey};
use crate::sema::model::{Checked, Model};
use crate::span::{Source, SourceMap};
use crate::syntax::printer;

/// What a file describes.
pub(super) struct Foreign {
    /// The format's name.
    pub(super) format: &'static str,
    /// Its apps, and the catalogs that they use.
    pub(super) model: Checked<Model>,
}

/// Imports the file.
///
/// # Errors
///
/// A sentence: it cannot be read, is of no known format, is refused, or describes no app.
pub(super) fn load(path: &Path, cx: &mut Context<'_>) -> io::Result<Foreign> {
    let shown = files::shown(&cx.cwd, path);
    let text = files::read_text(&cx.cwd, path)?;
    match compile(path, &text) {
        Ok(found) => Ok(found),
        Err(Refused::Sentence(why)) => Err(failed(format!("{shown}: {why}"))),
        Err(Refused::Errors(sources, diagnostics)) => {
            check::show_on(&sources, &diagnostics, cx)?;
            Err(failed(format!("{shown}: what comes in of it has errors, which is a fault of sprag")))
        }
    }
}

/// Why there is no app.
pub(super) enum Refused {
    /// A sentence without the file's name.
    Sentence(String),
    /// What was imported does not pass the checks.
    Errors(SourceMap, Vec<crate::diag::Diagnostic>),
}

/// The same of a text.
pub(super) fn compile(path: &Path, text: &str) -> Result<Foreign, Refused> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let document = Document { name: &name, text };
    let sentence = |why: String| Refused::Sentence(why);
    let importer = survey::importer(&document).map_err(|e| sentence(e.message))?;
    let Some(importer) = importer else {
        return Err(sentence("is of no known format; `sprag import --help` lists them".to_owned()));
    };
    let imported = (importer.run)(&[document], &Options::default()).map_err(|e| sentence(e.message))?;
    let own = vec![Source { path: name.clone(), text: printer::print(&imported.file) }];
    let mut shelf = Vec::new();
    stock(&own, &mut shelf);
    let inputs = Inputs { package: "argument".to_owned(), own, shelf, lock: None };
    let compilation = driver::compile(inputs);
    let Some(model) = compilation.model else {
        return Err(Refused::Errors(compilation.sources, compilation.diagnostics));
    };
    if model.apps.is_empty() {
        return Err(sentence(format!("describes no app, but what format `{}` makes a catalog of", importer.name)));
    }
    Ok(Foreign { format: importer.name, model })
}
