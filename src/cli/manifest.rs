//! `sprag.toml` and `sprag.lock`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::{failed, files};
use crate::sema::LockEntry;
use crate::sema::model::CatalogPin;

/// The file that makes a folder a package.
pub(crate) const MANIFEST: &str = "sprag.toml";

/// The file that pins the catalogs of a package.
pub(crate) const LOCK: &str = "sprag.lock";

/// The language that this compiler speaks.
pub(crate) const LANGUAGE: &str = "0.1";

/// `sprag.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// `[package]`
    pub(crate) package: PackageTable,
    /// `[catalogs]`
    #[serde(default)]
    pub(crate) catalogs: CatalogTable,
    /// `[lint]`
    #[serde(default)]
    pub(crate) lint: LintTable,
    /// `[test]`
    #[serde(default)]
    pub(crate) test: TestTable,
    /// `[targets]`
    #[serde(default)]
    pub(crate) targets: TargetTable,
}

/// `[targets]`: the platforms' own controls that are set from this package.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetTable {
    /// Their names.
    #[serde(default, rename = "use")]
    pub(crate) used: Vec<Spanned<String>>,
}

/// `[test]`: hundredths that `sprag test` must reach.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TestTable {
    /// Of the rules, decisive in some case.
    pub(crate) min_rules: Option<Percent>,
    /// Of the cells of the decision space.
    pub(crate) min_cells: Option<Percent>,
    /// Of the planted mistakes.
    pub(crate) min_mutation: Option<Percent>,
}

/// So many hundredths.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(crate) struct Percent(pub(crate) u8);

impl TryFrom<toml::Value> for Percent {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Percent, String> {
        let whole = value.as_integer().and_then(|number| u8::try_from(number).ok());
        let percent = whole.filter(|percent| *percent <= 100).map(Percent);
        percent.ok_or_else(|| format!("expected a whole number of percent from 0 to 100, found `{value}`"))
    }
}

/// `[package]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackageTable {
    /// An identifier; names the bundle.
    pub(crate) name: Spanned<String>,
    /// For people.
    #[serde(rename = "version")]
    _version: Option<String>,
    /// The language version that the files are written in.
    language: Spanned<String>,
}

/// `[catalogs]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogTable {
    /// Folders searched for catalogs, relative to the package.
    #[serde(default)]
    pub(crate) paths: Vec<Spanned<String>>,
}

/// `[lint]`. Which rules there are is the business of `sprag lint`; here they are words.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LintTable {
    /// The file of known findings, relative to the package.
    pub(crate) baseline: Option<Spanned<String>>,
    /// Code, name or beginning of codes to level.
    #[serde(default)]
    pub(crate) levels: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Glob of paths to the rules whose findings do not count there.
    #[serde(default)]
    pub(crate) per_file_ignores: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    /// Name to number.
    #[serde(default)]
    pub(crate) thresholds: BTreeMap<Spanned<String>, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    #[serde(default)]
    catalog: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    version: String,
    digest: String,
}

/// Reads `sprag.toml` in the folder, with its text for later messages.
///
/// # Errors
///
/// A sentence with file and line.
pub(crate) fn manifest(cwd: &Path, root: &Path) -> io::Result<(Manifest, String)> {
    let path = root.join(MANIFEST);
    let text = files::read_text(cwd, &path)?;
    let shown = files::shown(cwd, &path);
    let manifest: Manifest = toml::from_str(&text).map_err(|e| broken(&shown, &text, &e))?;
    let name = &manifest.package.name;
    if !is_identifier(name.get_ref()) {
        let sentence = "is not a package name: it needs a letter, then letters, digits, `_` or single `-`";
        return Err(at(&shown, &text, name.span().start, &format!("`{}` {sentence}", name.get_ref())));
    }
    let language = &manifest.package.language;
    if language.get_ref() != LANGUAGE {
        let sentence =
            format!("language `{}` is not known; this compiler knows `{LANGUAGE}`", language.get_ref());
        return Err(at(&shown, &text, language.span().start, &sentence));
    }
    Ok((manifest, text))
}

/// The entries of `sprag.lock` in the folder; none where there is no such file.
///
/// # Errors
///
/// A sentence with file and line.
pub(crate) fn lock(cwd: &Path, root: &Path) -> io::Result<Vec<LockEntry>> {
    let path = root.join(LOCK);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = files::read_text(cwd, &path)?;
    let lock: Lock = toml::from_str(&text).map_err(|e| broken(&files::shown(cwd, &path), &text, &e))?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = lock.catalog.iter().map(|e| &e.name).find(|name| !seen.insert(name.get_ref())) {
        let sentence = format!("catalog `{}` is pinned twice; leave out one of the two", twice.get_ref());
        return Err(at(&files::shown(cwd, &path), &text, twice.span().start, &sentence));
    }
    let entry = |e: Entry| LockEntry { name: e.name.into_inner(), version: e.version, digest: e.digest };
    Ok(lock.catalog.into_iter().map(entry).collect())
}

/// The text of `sprag.lock` for these catalogs, sorted by name.
pub(crate) fn lock_text(pins: &[CatalogPin]) -> String {
    let mut pins: Vec<_> = pins.iter().collect();
    pins.sort_by_key(|p| &p.name);
    let mut text = String::from(
        "# Which text of each catalog this package was checked with. Written by `sprag lock`.\n",
    );
    for pin in pins {
        let quoted = |s: &str| toml::Value::String(s.to_owned()).to_string();
        text += &format!(
            "\n[[catalog]]\nname = {}\nversion = {}\ndigest = {}\n",
            quoted(&pin.name),
            quoted(&pin.version),
            quoted(&pin.digest)
        );
    }
    text
}

/// Whether the text is a name in the language: `[A-Za-z][A-Za-z0-9_]*("-"[A-Za-z0-9_]+)*`.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// A sentence about a byte of a TOML file.
pub(crate) fn at(shown: &str, text: &str, byte: usize, sentence: &str) -> io::Error {
    let line = text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1;
    failed(format!("{shown}:{line}: {sentence}"))
}

fn broken(shown: &str, text: &str, error: &toml::de::Error) -> io::Error {
    let message = error.message().replace('\n', " ");
    match error.span() {
        Some(span) => at(shown, text, span.start, &message),
        None => failed(format!("{shown}: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_reads_back_sorted() {
        let pin =
            |name: &str| CatalogPin { name: name.into(), version: "2026 \"x\"".into(), digest: "00".into() };
        let text = lock_text(&[pin("b"), pin("a.c")]);
        let lock: Lock = toml::from_str(&text).unwrap();
        let names: Vec<_> = lock.catalog.iter().map(|e| e.name.get_ref().as_str()).collect();
        assert_eq!(names, ["a.c", "b"]);
        assert_eq!(lock.catalog[0].version, "2026 \"x\"");
    }

    #[test]
    fn package_names_are_identifiers() {
        for good in ["a", "acme-policies", "a1_b"] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in ["", "1a", "a--b", "a-", "a b", "ä", "../a", "a.b"] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }
}
