//! What can be compared: packages in folders or in revisions of git, bundles that hold their sources, catalogs.

use std::fs;
use std::io;
use std::path::Path;

use sprag_runtime::format::{FORMAT, OLDEST};
use sprag_runtime::{Bundle, LoadError, Outline};

use super::git::{self, Checkout};
use super::manifest::MANIFEST;
use super::package::{Package, stock};
use super::{Context, check, failed, files};
use crate::driver::{self, Compilation, Inputs};
use crate::emit;
use crate::sema::model::{Checked, Model};
use crate::shelf;
use crate::span::{Source, SourceMap};

/// Whether the sources in a bundle are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// If this compiler makes the bundle of them; people can say otherwise.
    Rebuilt,
    /// The same, and nobody can: something is decided by them.
    Decided,
    /// Whatever it makes of them: another version of it made the bundle.
    Sources,
}

impl Trust {
    /// As `--trust-sources` says.
    pub(crate) fn of(trust_sources: bool) -> Trust {
        if trust_sources { Trust::Sources } else { Trust::Rebuilt }
    }

    /// The way on for those who know that another version of the compiler built it.
    fn advice(self) -> &'static str {
        match self {
            Trust::Decided => "build it again with this version, as the next of its chain",
            Trust::Rebuilt | Trust::Sources => {
                "where another version built it, compare with that version, or believe the sources in it with \
                 --trust-sources"
            }
        }
    }
}

/// One of two things to compare, compiled.
#[derive(Debug)]
pub(crate) struct Side {
    /// What people call it.
    pub(crate) name: String,
    /// What it says.
    pub(crate) model: Checked<Model>,
    /// Its sources, with paths for people.
    pub(crate) sources: SourceMap,
    /// A catalog alone; else a package.
    pub(crate) is_catalog: bool,
}

/// Reads and compiles what the argument names: a path that exists, else `REVISION:PATH`.
///
/// # Errors
///
/// A sentence: there is no such thing, or it has errors, which are then told on standard error.
pub(crate) fn load(argument: &str, trust: Trust, cx: &mut Context<'_>) -> io::Result<Side> {
    let path = cx.cwd.join(argument);
    if path.exists() {
        return at((argument, trust), &cx.cwd.clone(), Path::new(argument), "", cx);
    }
    if let Some(packed) = shelf::find(argument) {
        return alone(argument, argument, vec![Source { path: packed.shown(), text: packed.text() }], cx);
    }
    match argument.split_once(':') {
        Some((revision, path)) => of_revision(revision, path, trust, cx),
        None => Err(failed(format!(
            "there is no file, folder or catalog {argument}; what git keeps is named REVISION:PATH"
        ))),
    }
}

/// The same of the path, as seen from the current folder, in a revision.
///
/// # Errors
///
/// As [`load`].
pub(crate) fn since(revision: &str, path: &Path, trust: Trust, cx: &mut Context<'_>) -> io::Result<Side> {
    let top = git::root(&cx.cwd)?;
    let below = files::relative(&top, &cx.cwd.join(path));
    if below.starts_with("..") || Path::new(&below).is_absolute() {
        return Err(failed(format!("{} lies outside of the repository", path.display())));
    }
    of_revision(revision, &below, trust, cx)
}

fn of_revision(revision: &str, path: &str, trust: Trust, cx: &mut Context<'_>) -> io::Result<Side> {
    let checkout: Checkout = git::checkout(&cx.cwd, revision)?;
    let path = if path.is_empty() { "." } else { path };
    let name = format!("{revision}:{path}");
    if !checkout.root().join(path).exists() {
        return Err(failed(format!("there is no {path} in revision {revision}, or nothing of Sprag in it")));
    }
    let root = checkout.root().to_owned();
    let whole = root.join(path);
    let above = whole.ancestors().take_while(|folder| folder.starts_with(&root));
    if whole.is_dir() && !above.into_iter().any(|folder| folder.join(MANIFEST).is_file()) {
        return Err(failed(format!(
            "{name}: in revision {revision} there is no {MANIFEST} in {} or above it; the path counts from the \
             repository's root, as in {revision}:FOLDER",
            if path == "." { "the root" } else { path }
        )));
    }
    at((&name, trust), &root, Path::new(path), &format!("{revision}:"), cx)
}

/// What lies at the path below `from`; `before` comes before the paths of its sources.
fn at(
    (name, trust): (&str, Trust),
    from: &Path,
    path: &Path,
    before: &str,
    cx: &mut Context<'_>,
) -> io::Result<Side> {
    let whole = from.join(path);
    if whole.is_file() {
        let bytes = files::read_bytes(from, &whole)?;
        if bytes.starts_with(&sprag_runtime::format::MAGIC) {
            return bundle(name, &bytes, trust, cx);
        }
        if whole.extension().is_some_and(|e| e == "sprag")
            && let Some(catalog) = driver::catalog_name(&files::read_text(from, &whole)?)
        {
            return self::catalog(name, from, &whole, catalog, before, cx);
        }
    }
    let compiled = Package::load_from(from, Some(path), cx)?.compile(cx);
    let mut sources = SourceMap::default();
    for source in compiled.shown().sources() {
        sources.add(prefixed(before, &source.path), source.text.as_str());
    }
    finish(name, compiled.compilation, sources, false, cx)
}

/// A catalog, with all that lie beside it and above it at hand for those that it uses.
fn catalog(
    name: &str,
    from: &Path,
    file: &Path,
    catalog: &str,
    before: &str,
    cx: &mut Context<'_>,
) -> io::Result<Side> {
    let mut folder = file.parent();
    let mut shelf: Vec<Source> = Vec::new();
    let mut take = |path: &Path| -> io::Result<()> {
        let text = files::read_text(from, path)?;
        let own = fs::canonicalize(path).ok() == fs::canonicalize(file).ok();
        // Other versions of the same may lie beside it.
        let other = driver::catalog_name(&text).is_some_and(|other| other != catalog);
        let shown = prefixed(before, &files::shown(from, path));
        if (own || other) && !shelf.iter().any(|s| s.path == shown) {
            shelf.push(Source { path: shown, text });
        }
        Ok(())
    };
    take(file)?;
    while let Some(here) = folder {
        let here_is_first = Some(here) == file.parent();
        let found = files::sprag_files(from, here, &|_| !here_is_first)?;
        if found.is_empty() {
            break;
        }
        found.iter().try_for_each(|path| take(path))?;
        folder = here.parent();
    }
    alone(name, catalog, shelf, cx)
}

/// A catalog with others at hand.
fn alone(name: &str, catalog: &str, mut shelf: Vec<Source>, cx: &mut Context<'_>) -> io::Result<Side> {
    stock(&[], &mut shelf);
    let own = vec![Source { path: "<command line>".to_owned(), text: format!("use {catalog}") }];
    let compilation = driver::compile(Inputs { package: "catalog".to_owned(), own, shelf, lock: None });
    let mut sources = SourceMap::default();
    for source in compilation.sources.sources() {
        sources.add(source.path.as_str(), source.text.as_str());
    }
    finish(name, compilation, sources, true, cx)
}

/// A bundle says of itself only what decides requests. What it permits is compared exactly by its sources, which
/// must make it again, unless they are trusted. Then it may also be of a format that is not read any more.
///
/// # Errors
///
/// A sentence: it is refused, or cannot be compared.
pub(crate) fn bundle(name: &str, bytes: &[u8], trust: Trust, cx: &mut Context<'_>) -> io::Result<Side> {
    let loaded = match (Bundle::load(bytes), trust) {
        (Ok(bundle), _) => Some(bundle),
        (Err(LoadError::TooOld(_)), Trust::Sources) => None,
        (Err(LoadError::TooOld(format)), Trust::Rebuilt | Trust::Decided) => {
            return Err(failed(format!(
                "{name} is of format {format}{}, and this version reads {OLDEST} to {FORMAT}; {}",
                written_by(bytes),
                trust.advice()
            )));
        }
        (Err(why), _) => return Err(failed(format!("{name} is refused: {why}"))),
    };
    let Some(held) = emit::sources(bytes) else {
        return Err(failed(format!(
            "{name} does not hold its sources, so it cannot be compared; build it with `sprag build --sources`"
        )));
    };
    let inputs = Inputs { package: held.package, own: held.files, shelf: Vec::new(), lock: None };
    let compilation = driver::compile(inputs);
    if let (Some(model), Some(loaded)) = (&compilation.model, &loaded)
        && trust != Trust::Sources
    {
        let again = emit::build_like(loaded, model, &compilation.sources);
        if again.as_deref() != Ok(bytes) {
            return Err(failed(format!(
                "{name} is not what this compiler makes of the sources in it, so it cannot be compared{}; {}",
                written_by(bytes),
                trust.advice()
            )));
        }
    }
    let mut sources = SourceMap::default();
    for source in compilation.sources.sources() {
        sources.add(prefixed(&format!("{name}!"), &source.path), source.text.as_str());
    }
    finish(name, compilation, sources, false, cx)
}

/// What to say where another version of the compiler may be the cause.
fn written_by(bundle: &[u8]) -> String {
    let manifest = Outline::read(bundle).ok().map(|outline| outline.manifest);
    let manifest: Option<serde_json::Value> = manifest.and_then(|json| serde_json::from_slice(json).ok());
    let compiler = manifest.as_ref().and_then(|manifest| manifest["compiler"].as_str());
    compiler.map_or(String::new(), |compiler| format!(" (built by {compiler})"))
}

fn finish(
    name: &str,
    compilation: Compilation,
    sources: SourceMap,
    is_catalog: bool,
    cx: &mut Context<'_>,
) -> io::Result<Side> {
    match compilation.model {
        Some(model) => Ok(Side { name: name.to_owned(), model, sources, is_catalog }),
        None => {
            check::show_on(&sources, &compilation.diagnostics, cx)?;
            Err(failed(format!("{name} has errors, so nothing was compared")))
        }
    }
}

/// The prelude lies nowhere.
fn prefixed(before: &str, path: &str) -> String {
    if path.starts_with('<') { path.to_owned() } else { format!("{before}{path}") }
}
