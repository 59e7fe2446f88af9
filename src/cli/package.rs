//! A package on disk: found, read and compiled.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::manifest::{self, LintTable, MANIFEST, TargetTable};
use super::{Context, failed, files, progress};
use crate::driver::{self, Compilation, Inputs};
use crate::sema::LockEntry;
use crate::sema::model::CatalogPin;
use crate::shelf;
use crate::span::{Source, SourceMap};
use crate::suite::Thresholds;

/// A package as read from its folder.
#[derive(Debug)]
pub(crate) struct Package {
    /// Its folder, absolute.
    pub(crate) root: PathBuf,
    /// Its name.
    pub(crate) name: String,
    /// What the compiler sees. Paths are relative to the package, so that the place where it lies
    /// does not show in what is built.
    pub(crate) inputs: Inputs,
    /// `[lint]` of its `sprag.toml`.
    pub(crate) lint: LintTable,
    /// `[targets]` of its `sprag.toml`.
    pub(crate) targets: TargetTable,
    /// The text of its `sprag.toml`, for messages.
    pub(crate) manifest: String,
    /// The folders that its files were read from, absolute.
    pub(crate) folders: Vec<PathBuf>,
    /// What its tests must reach.
    pub(crate) thresholds: Thresholds,
    /// Where people stand who see its paths.
    cwd: PathBuf,
}

/// What `sprag.lock` says.
pub(crate) type Locked = io::Result<Vec<LockEntry>>;

impl Package {
    /// Finds the package that `path` (the current folder if missing) lies in, and reads all of it.
    ///
    /// # Errors
    ///
    /// A sentence: no package there, a file that cannot be read, a mistake in `sprag.toml` or `sprag.lock`.
    pub(crate) fn load(path: Option<&Path>, cx: &Context) -> io::Result<Package> {
        Package::load_from(&cx.cwd, path, cx)
    }

    /// The same as seen from another folder than the current one.
    ///
    /// # Errors
    ///
    /// As [`Package::load`].
    pub(crate) fn load_from(cwd: &Path, path: Option<&Path>, cx: &Context) -> io::Result<Package> {
        Package::read(cwd, find(path, cwd)?, cx)
    }

    /// The packages that these paths lie in; of a folder in no package, those below it. The current folder if no
    /// path is given. Each package comes once.
    ///
    /// # Errors
    ///
    /// As [`Package::load`].
    pub(crate) fn load_all(paths: &[PathBuf], cx: &Context) -> io::Result<Vec<Package>> {
        let here = [PathBuf::from(".")];
        let mut roots: Vec<PathBuf> = Vec::new();
        for path in if paths.is_empty() { &here[..] } else { paths } {
            let found = match find(Some(path), &cx.cwd) {
                Ok(root) => vec![root],
                Err(none) => match below(&cx.cwd.join(path), cx)? {
                    found if found.is_empty() => return Err(none),
                    found => found,
                },
            };
            for root in found {
                if !roots.contains(&root) {
                    roots.push(root);
                }
            }
        }
        roots.into_iter().map(|root| Package::read(&cx.cwd, root, cx)).collect()
    }

    /// The package without its lock, and beside it what the lock says, or what is wrong with it.
    ///
    /// # Errors
    ///
    /// As [`Package::load`], but for the lock.
    pub(crate) fn load_for_lock(path: Option<&Path>, cx: &Context) -> io::Result<(Package, Locked)> {
        Package::read_for_lock(&cx.cwd, find(path, &cx.cwd)?, cx)
    }

    fn read(cwd: &Path, root: PathBuf, cx: &Context) -> io::Result<Package> {
        let (package, lock) = Package::read_for_lock(cwd, root, cx)?;
        let inputs = Inputs { lock: Some(lock?), ..package.inputs };
        Ok(Package { inputs, ..package })
    }

    fn read_for_lock(cwd: &Path, root: PathBuf, cx: &Context) -> io::Result<(Package, Locked)> {
        let (manifest, text) = manifest::manifest(cwd, &root)?;
        let nested = |folder: &Path| folder.join(MANIFEST).exists();
        let own = files::sprag_files(cwd, &root, &nested)?;
        let mut seen: BTreeSet<PathBuf> = own.iter().cloned().collect();
        let mut shelf = Vec::new();
        let mut folders = vec![root.clone()];
        for folder in &manifest.catalogs.paths {
            let path = root.join(folder.get_ref());
            let Ok(found) = fs::canonicalize(&path) else {
                let shown = files::shown(cwd, &root.join(MANIFEST));
                let sentence = format!("there is no catalog folder {}", files::shown(cwd, &path));
                return Err(manifest::at(&shown, &text, folder.span().start, &sentence));
            };
            let fresh = files::sprag_files(cwd, &found, &|_| false)?;
            folders.push(found);
            shelf.extend(fresh.into_iter().filter(|p| seen.insert(p.clone())));
        }
        let lock = manifest::lock(cwd, &root);
        let bar = progress::bar(cx, "reading", own.len() + shelf.len());
        let read = |paths: Vec<PathBuf>| -> io::Result<Vec<Source>> {
            let source = |path: PathBuf| {
                bar.step();
                let text = files::read_text(cwd, &path)?;
                Ok(Source { path: files::relative(&root, &path), text })
            };
            paths.into_iter().map(source).collect()
        };
        let name = manifest.package.name.into_inner();
        let (own, mut shelf) = (read(own)?, read(shelf)?);
        stock(&own, &mut shelf);
        let inputs = Inputs { package: name.clone(), own, shelf, lock: None };
        let percent = |p: Option<manifest::Percent>| p.map(|manifest::Percent(percent)| percent);
        let thresholds = Thresholds {
            rules: percent(manifest.test.min_rules),
            cells: percent(manifest.test.min_cells),
            mutation: percent(manifest.test.min_mutation),
        };
        let package = Package {
            root,
            name,
            inputs,
            lint: manifest.lint,
            targets: manifest.targets,
            manifest: text,
            folders,
            thresholds,
            cwd: cwd.to_owned(),
        };
        Ok((package, lock))
    }

    /// Compiles it. Diagnostics and places are best shown with [`Compiled::shown`].
    pub(crate) fn compile(self, cx: &Context) -> Compiled {
        let _bar = progress::spinner(cx, "checking");
        let Package { root, name, inputs, cwd, .. } = self;
        let files = inputs.own.len();
        Compiled { cwd, root, name, files, compilation: driver::compile(inputs) }
    }
}

/// A package after compilation.
#[derive(Debug)]
pub(crate) struct Compiled {
    cwd: PathBuf,
    /// Its folder, absolute.
    pub(crate) root: PathBuf,
    /// Its name.
    pub(crate) name: String,
    /// How many files of its own it has.
    pub(crate) files: usize,
    /// What came out.
    pub(crate) compilation: Compilation,
}

impl Compiled {
    /// The sources with paths as seen from the current folder, for messages.
    pub(crate) fn shown(&self) -> SourceMap {
        let mut shown = SourceMap::default();
        for source in self.compilation.sources.sources() {
            shown.add(self.shown_path(&source.path), source.text.as_str());
        }
        shown
    }

    /// `path:line:column` with the path as seen from the current folder.
    pub(crate) fn shown_place(&self, at: &str) -> String {
        let path_end = at.rmatch_indices(':').nth(1).map_or(at.len(), |(i, _)| i);
        format!("{}{}", self.shown_path(&at[..path_end]), &at[path_end..])
    }

    /// For each catalog of the package's own that is used instead of another text of the same name that comes with
    /// the program: a sentence.
    pub(crate) fn overridden(&self) -> Vec<String> {
        let own = |pin: &CatalogPin| {
            let packed = shelf::find(&pin.name).filter(|packed| packed.digest != pin.digest)?;
            Some(format!(
                "catalog `{}` is the package's own, version `{}`; the one that comes with sprag has version `{}`",
                pin.name, pin.version, packed.version
            ))
        };
        self.compilation.catalogs.iter().filter_map(own).collect()
    }

    fn shown_path(&self, path: &str) -> String {
        // The prelude lies in no folder.
        if path.starts_with('<') { path.to_owned() } else { files::shown(&self.cwd, &self.root.join(path)) }
    }
}

/// Puts the catalogs that come with the program behind those at hand, which win. Of the ones that nothing mentions
/// only the name is there, so that a misspelt `use` can be answered with the nearest one.
pub(crate) fn stock(own: &[Source], at_hand: &mut Vec<Source>) {
    let mut all: Vec<Source> = {
        let texts = || own.iter().chain(at_hand.iter()).map(|s| s.text.as_str());
        let taken: BTreeSet<&str> = texts().filter_map(driver::catalog_name).collect();
        let wanted = shelf::mentioned(texts());
        let free = shelf::ALL.iter().filter(|packed| !taken.contains(packed.name));
        let source = |packed: &shelf::Packed| {
            let text = match wanted.iter().any(|w| w.name == packed.name) {
                true => packed.text(),
                false => format!("catalog {} version \"\"", packed.name),
            };
            Source { path: packed.shown(), text }
        };
        free.map(source).collect()
    };
    at_hand.append(&mut all);
}

/// The nearest folder with a `sprag.toml`, from the path upwards.
fn find(path: Option<&Path>, cwd: &Path) -> io::Result<PathBuf> {
    let start = path.map_or_else(|| cwd.to_owned(), |p| cwd.join(p));
    let shown = files::shown(cwd, &start);
    let start = fs::canonicalize(&start)
        .map_err(|e| failed(format!("cannot read {shown}: {}", files::reason(&e))))?;
    let found = start.ancestors().find(|folder| folder.join(MANIFEST).is_file());
    found.map(Path::to_owned).ok_or_else(|| {
        let place = if shown == "." { "this folder".to_owned() } else { shown };
        failed(format!("there is no {MANIFEST} in {place} or above it; `sprag new NAME` makes a package"))
    })
}

/// The packages below a folder, sorted; those inside of another one are its own business.
fn below(folder: &Path, cx: &Context) -> io::Result<Vec<PathBuf>> {
    let Ok(folder) = fs::canonicalize(folder) else { return Ok(Vec::new()) };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        if folder.join(MANIFEST).is_file() {
            found.push(folder);
            continue;
        }
        folders.extend(files::folders(&cx.cwd, &folder)?);
    }
    found.sort();
    Ok(found)
}
