//! An app as its vendor describes it: imported, and checked with the catalogs that come with the program.

use std::io;
use std::path::Path;

use crate::cli::package::stock;
use crate::cli::{Context, check as told, failed, files};
use crate::driver::{self, Inputs};
use crate::import::{Document, Makes, Note, NoteKind, Options, survey};
use crate::sema::model::{Checked, Model};
use crate::shelf;
use crate::span::{Source, SourceMap};
use crate::syntax::printer;

/// What a file describes.
pub(super) struct Foreign {
    /// Its apps, and the catalogs that they use.
    pub(super) model: Checked<Model>,
    /// The file does not say which of the platform's products the app is for, so that all of them are taken.
    pub(super) all_products: bool,
    /// What it asks for that is not known, so that nothing is said of it.
    pub(super) unknown: Vec<Note>,
}

/// Imports the file.
///
/// # Errors
///
/// A sentence: it cannot be read, is of no known format, is refused, or describes no app.
pub(super) fn load(path: &Path, cx: &mut Context<'_>) -> io::Result<Foreign> {
    let shown = files::shown(&cx.cwd, path);
    let text = files::read_document(&cx.cwd, path)?;
    match compile(path, &text) {
        Ok(found) => Ok(found),
        Err(Refused::Sentence(why)) => Err(failed(format!("{shown}: {why}"))),
        Err(Refused::Errors(sources, diagnostics)) => {
            told::show_on(&sources, &diagnostics, cx)?;
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
    if importer.makes == Makes::Catalog {
        return Err(sentence(format!(
            "describes what a platform offers and no app; `sprag import {}` makes a catalog of it",
            importer.name
        )));
    }
    let imported = importer.import(&[document], &Options::default()).map_err(|e| sentence(e.message))?;
    let mut text = printer::print(&imported.file);
    let mut model = check(&name, &text)?;
    let products = products(&model);
    let all_products = !products.is_empty() && !model.apps.is_empty();
    if all_products {
        for product in products {
            text = format!("use {product}\n{text}");
        }
        model = check(&name, &text)?;
    }
    if model.apps.is_empty() {
        return Err(sentence("describes no app".to_owned()));
    }
    let unknown = imported.notes.into_iter().filter(|note| note.kind == NoteKind::Unknown).collect();
    Ok(Foreign { model, all_products, unknown })
}

fn check(name: &str, text: &str) -> Result<Checked<Model>, Refused> {
    let own = vec![Source { path: name.to_owned(), text: text.to_owned() }];
    let mut shelf = Vec::new();
    stock(&own, &mut shelf);
    let compilation = driver::compile(Inputs { package: "argument".to_owned(), own, shelf, lock: None });
    compilation.model.ok_or(Refused::Errors(compilation.sources, compilation.diagnostics))
}

/// The catalogs of a platform's products, where that of the platform is in use and none of a product.
fn products(model: &Model) -> Vec<&'static str> {
    let below =
        |platform: &str, name: &str| name.strip_prefix(platform).is_some_and(|rest| rest.starts_with('.'));
    let pins = || model.catalogs.iter().map(|pin| pin.name.as_str());
    let alone = pins().filter(|platform| !pins().any(|other| below(platform, other)));
    let of_platform = |platform| shelf::ALL.iter().filter(move |packed| below(platform, packed.name));
    alone.flat_map(of_platform).map(|packed| packed.name).collect()
}
