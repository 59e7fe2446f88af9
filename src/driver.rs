//! Sources and options to a [`Compilation`]: reads no files and cannot fail.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest, Sha256};

use crate::diag::{Diagnostic, Severity};
use crate::parallel;
use crate::sema::model::{CatalogPin, Checked, Model};
use crate::sema::{self, LockEntry};
use crate::span::{Source, SourceMap, Span};
use crate::syntax::parser;
use crate::syntax::tree::{CatalogHeader, File, Item, Name, Text};

/// Everything that one compilation may look at.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Name of the package.
    pub package: String,
    /// The package's own files; catalogs among them are catalogs at hand.
    pub own: Vec<Source>,
    /// Files from the catalog folders; only the catalogs that a `use` reaches are parsed.
    pub shelf: Vec<Source>,
    /// The entries of `sprag.lock`; `None`: pins are not compared.
    pub lock: Option<Vec<LockEntry>>,
}

/// What came out.
#[derive(Debug)]
pub struct Compilation {
    /// The package's own files first, in the order given.
    pub sources: SourceMap,
    /// The trees of the package's own files, numbered as in `sources`.
    pub files: Vec<File>,
    /// There if no check found an error.
    pub model: Option<Checked<Model>>,
    /// By source and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The catalogs that a `use` reaches, sorted by name; also where there are errors.
    pub catalogs: Vec<CatalogPin>,
}

impl Compilation {
    /// Whether some diagnostic is an error.
    pub fn failed(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// Adds what was found after the checks, such as guarantees that do not hold; by place, too.
    pub fn add(&mut self, found: Vec<Diagnostic>) {
        self.diagnostics.extend(found);
        sort(&mut self.diagnostics);
    }
}

/// Parses and checks a package.
pub fn compile(inputs: Inputs) -> Compilation {
    let mut sources = SourceMap::default();
    let Inputs { package, own, shelf, lock } = inputs;
    let numbers: Vec<u32> = own.into_iter().map(|s| sources.add(s.path, s.text)).collect();
    let (files, mut diagnostics) = parse_all(&sources, &numbers);

    let prelude_number = sources.add(sema::PRELUDE_PATH, sema::PRELUDE);
    let (prelude, broken) = parser::parse(prelude_number, sema::PRELUDE);
    diagnostics.extend(broken);

    let (catalogs, broken) = reach(&mut sources, &files, shelf);
    diagnostics.extend(broken);

    let digest = |number: u32| digest(sources.source(Span::new(number, 0, 0)).text.as_bytes());
    let at_hand = files.iter().zip(&numbers).map(|(file, number)| (file, Some(*number)));
    let at_hand: Vec<_> = at_hand
        .filter(|(file, _)| sema::is_catalog(file))
        .chain(catalogs.iter().map(|(file, number)| (file, *number)))
        .map(|(file, number)| sema::CatalogFile { file, digest: number.map(digest).unwrap_or_default() })
        .collect();
    let pins = pins(&files, &at_hand);
    let input = sema::Input {
        package: &package,
        prelude: &prelude,
        policy: files.iter().filter(|f| !sema::is_catalog(f)).collect(),
        catalogs: at_hand,
        lock: lock.as_deref(),
        syntax: &diagnostics,
    };
    let (model, found) = sema::check(&input, &sources);
    diagnostics.extend(found);
    sort(&mut diagnostics);
    Compilation { sources, files, model, diagnostics, catalogs: pins }
}

fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(|d| (d.span().source, d.span().start, d.span().end, d.code));
}

/// SHA-256, lower-case hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// The name in `catalog NAME …` if that is how the text begins, after blanks and comments.
pub fn catalog_name(text: &str) -> Option<&str> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(comment) = rest.strip_prefix("//") {
        rest = comment.split_once('\n').map_or("", |(_, after)| after).trim_start();
    }
    let name = rest.strip_prefix("catalog")?.strip_prefix(|c: char| c.is_whitespace())?.trim_start();
    let end = name.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c))).unwrap_or(name.len());
    (end > 0).then(|| &name[..end])
}

/// The catalogs of the shelf: parsed if a `use` reaches them, else only their name, so that a misspelt `use`
/// can be answered with the nearest one.
fn reach(
    sources: &mut SourceMap,
    own: &[File],
    shelf: Vec<Source>,
) -> (Vec<(File, Option<u32>)>, Vec<Diagnostic>) {
    let mut on_shelf: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    for source in shelf {
        if let Some(name) = catalog_name(&source.text) {
            on_shelf.entry(name.to_owned()).or_default().push(source);
        }
    }
    let (mut reached, mut diagnostics) = (Vec::new(), Vec::new());
    let mut wanted: VecDeque<String> = own.iter().flat_map(uses).collect();
    while !wanted.is_empty() {
        let mut numbers = Vec::new();
        for name in wanted.drain(..) {
            for source in on_shelf.remove(&name).unwrap_or_default() {
                numbers.push(sources.add(source.path, source.text));
            }
        }
        let (files, broken) = parse_all(sources, &numbers);
        diagnostics.extend(broken);
        wanted.extend(files.iter().flat_map(uses));
        reached.extend(files.into_iter().zip(numbers.into_iter().map(Some)));
    }
    reached.extend(on_shelf.into_keys().map(|name| (named_only(name), None)));
    (reached, diagnostics)
}

fn uses(file: &File) -> impl Iterator<Item = String> {
    file.items.iter().filter_map(|item| match item {
        Item::Use(import) => Some(import.name.text.clone()),
        // Nothing else refers to a catalog.
        _ => None,
    })
}

fn named_only(name: String) -> File {
    let (span, value) = (Span::default(), String::new());
    let version = Text { value, span };
    let header =
        CatalogHeader { name: Name { text: name, span }, version, from: None, any_case: false, span };
    File { items: vec![Item::Catalog(header)], comments: Vec::new() }
}

/// What `sprag lock` writes down: name, version and digest of every catalog that a `use` reaches.
fn pins(own: &[File], at_hand: &[sema::CatalogFile<'_>]) -> Vec<CatalogPin> {
    let mut pins = BTreeMap::new();
    let mut wanted: VecDeque<String> = own.iter().filter(|f| !sema::is_catalog(f)).flat_map(uses).collect();
    while let Some(name) = wanted.pop_front() {
        let found = at_hand.iter().find_map(|c| match c.file.items.first() {
            Some(Item::Catalog(header)) if header.name.text == name => Some((header, c)),
            _ => None, // Another catalog.
        });
        if let Some((header, catalog)) = found
            && !pins.contains_key(&name)
        {
            wanted.extend(uses(catalog.file));
            let (version, digest) = (header.version.value.clone(), catalog.digest.clone());
            pins.insert(name.clone(), CatalogPin { name, version, digest });
        }
    }
    pins.into_values().collect()
}

/// Parses the sources with these numbers, on several threads where there are several.
fn parse_all(sources: &SourceMap, numbers: &[u32]) -> (Vec<File>, Vec<Diagnostic>) {
    let parse = |number: &u32| parser::parse(*number, &sources.source(Span::new(*number, 0, 0)).text);
    let parsed = parallel::map(numbers, &parse);
    let (files, diagnostics): (Vec<_>, Vec<_>) = parsed.into_iter().unzip();
    (files, diagnostics.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalog_is_known_by_its_first_words() {
        assert_eq!(catalog_name("catalog atlassian.jira version \"1\""), Some("atlassian.jira"));
        assert_eq!(
            catalog_name("\u{feff}// x\n\n // catalog no\r\n\tcatalog\n  demo-2 version"),
            Some("demo-2")
        );
        assert_eq!(catalog_name("use atlassian.jira\ncatalog x version \"1\""), None);
        assert_eq!(catalog_name("catalogue x"), None);
        assert_eq!(catalog_name("catalog"), None);
        assert_eq!(catalog_name("catalog \"x\""), None);
        assert_eq!(catalog_name("// only this"), None);
    }

    #[test]
    fn digests_are_sha_256_in_hexadecimal() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), empty);
    }
}
