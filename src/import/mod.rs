//! Foreign descriptions of APIs and apps, turned into trees to print.
//!
//! Pure functions from texts to a tree and notes. What a description says and Sprag cannot say
//! becomes a [`Note`]; nothing is dropped silently, and nothing is guessed into a permission.
//! To add an importer: a file with an [`Importer`], its `mod` line and its line in [`IMPORTERS`].

mod build;
pub mod connect;
mod crossing;
pub mod entra;
pub mod forge;
pub mod github;
pub mod google;
pub mod graph;
mod json;
pub mod mcp;
pub mod names;
mod offer;
pub mod openapi;
pub mod slack;
pub mod survey;
mod yaml;

#[cfg(feature = "cli")]
pub(crate) use build::is_path;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use names::Earlier;

use crate::syntax::{is_hidden, printer, tree};

/// Every importer, sorted by name.
pub static IMPORTERS: &[&Importer] = &[
    &connect::IMPORTER,
    &entra::IMPORTER,
    &forge::IMPORTER,
    &forge::scopes::IMPORTER,
    &github::IMPORTER,
    &github::app::IMPORTER,
    &google::IMPORTER,
    &graph::IMPORTER,
    &mcp::IMPORTER,
    &openapi::IMPORTER,
    &slack::IMPORTER,
    &slack::app::IMPORTER,
];

/// One foreign format.
#[derive(Debug)]
pub struct Importer {
    /// As on the command line: `sprag import NAME FILE…`.
    pub name: &'static str,
    /// What it reads and makes, one line.
    pub summary: &'static str,
    /// What comes of it.
    pub makes: Makes,
    /// Whether a document looks like one of its own.
    pub recognises: fn(&serde_json::Value) -> bool,
    /// Of a document that comes in only together with others of its format, what it is and what it goes with.
    pub part: fn(&serde_json::Value) -> Option<&'static str>,
    /// Does it; see [`Importer::import`].
    run: fn(&[Document<'_>], &Options) -> Result<Imported, ImportError>,
}

/// What an importer makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Makes {
    /// Apps, which ask for scopes of a catalog.
    Apps,
    /// A catalog of what a platform offers.
    Catalog,
}

impl Importer {
    /// Reads the documents.
    ///
    /// Characters that nobody sees are left out of what comes in, for a policy may not have them; there is a note for
    /// each text that had some.
    ///
    /// # Errors
    /// Whatever keeps the documents from being read, with its place.
    pub fn import(&self, documents: &[Document<'_>], options: &Options) -> Result<Imported, ImportError> {
        if options.keep_names.is_some() && self.makes == Makes::Apps {
            let message = format!("keeps names of operations, and of format `{}` come apps", self.name);
            return Err(ImportError::new(names::KEEP, message));
        }
        let mut imported = (self.run)(documents, options)?;
        if let Some(earlier) = options.earlier()?
            && let Some(name) = imported.catalog().filter(|name| *name != earlier.catalog)
        {
            let message = format!("is catalog `{}`: expected an earlier one of `{name}`", earlier.catalog);
            return Err(ImportError::new(names::KEEP, message));
        }
        build::once(&mut imported, &build::all_named(documents))?;
        crossing::tell(&mut imported, &build::all_named(documents));
        let mut text = None;
        for document in documents {
            // Escapes write them too.
            if !document.text.contains(is_hidden)
                && !document.text.contains("\\u")
                && !document.text.contains("\\U")
            {
                continue;
            }
            let text = text.get_or_insert_with(|| printer::print(&imported.file));
            let value = yaml::parse(document)?;
            let mut found = Vec::new();
            json::Node::root(document.name, &value).strings_below(&mut found);
            for (place, written) in found.into_iter().filter(|(_, written)| written.contains(is_hidden)) {
                let seen = build::seen(written.to_owned());
                // In quotes, some characters are written otherwise.
                let quoted = printer::quoted(&seen);
                let within = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                let is_taken = |seen: &str| !seen.is_empty() && text.contains(seen);
                if is_taken(&seen) || within.is_some_and(is_taken) {
                    let hidden: BTreeSet<char> = written.chars().filter(|c| is_hidden(*c)).collect();
                    let hidden: Vec<String> =
                        hidden.iter().map(|c| format!("U+{:04X}", u32::from(*c))).collect();
                    let message = format!(
                        "`{seen}` had characters that nobody sees, which were left out: {}",
                        hidden.join(", ")
                    );
                    imported.notes.push(Note { kind: NoteKind::Assumed, place, message });
                }
            }
        }
        Ok(imported)
    }
}

/// The importer of that name.
pub fn find(name: &str) -> Option<&'static Importer> {
    IMPORTERS.iter().copied().find(|i| i.name == name)
}

/// One text to import.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// What people call it: a file name without folders.
    pub name: &'a str,
    /// Its text; a byte order mark at its head is ignored.
    pub text: &'a str,
}

/// What the person who imports decides. An importer reads the options that concern it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Catalogs: dotted name of the one to make; needed where the format is not one platform's.
    pub catalog: Option<String>,
    /// Catalogs: the version; needed where the documents say none.
    pub version: Option<String>,
    /// Catalogs: first part of every operation's name; the catalog's last part if missing.
    pub prefix: Option<String>,
    /// `openapi`, `graph`, `github`: path put before the document's paths; what the document says if missing.
    pub base: Option<String>,
    /// `openapi`: container kind in which operations act, declared by the catalog; for Atlassian's
    /// documents the kinds of catalog `atlassian` are used instead.
    pub kind: Option<String>,
    /// `openapi`: text of marks that the documents do not say: an operation's name and a mark on each line; blank
    /// lines and what stands behind `#` count for nothing. Names that begin otherwise than the catalog's
    /// operations are for other catalogs.
    pub marks: Option<String>,
    /// Catalogs: an earlier one, whose operations keep their names, and whose names no others get: what people call it,
    /// and its text.
    pub keep_names: Option<(String, String)>,
    /// Apps: the app's name in the policy; made from what the document calls it if missing. One document only.
    pub name: Option<String>,
}

/// What came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// For the printer; its spans are empty.
    pub file: tree::File,
    /// What could not be expressed and what was decided, in document order.
    pub notes: Vec<Note>,
    /// Method and path of operations to which no request is mapped, by name, where the documents say them.
    pub unmapped: BTreeMap<String, names::Call>,
}

impl Imported {
    /// The catalog's name, if it is one.
    pub fn catalog(&self) -> Option<&str> {
        self.file.items.iter().find_map(|item| match item {
            tree::Item::Catalog(header) => Some(header.name.text.as_str()),
            _ => None, // The header is asked for.
        })
    }

    fn new(items: Vec<tree::Item>, notes: Vec<Note>) -> Imported {
        Imported { file: tree::File { items, comments: Vec::new() }, notes, unmapped: BTreeMap::new() }
    }
}

impl Options {
    /// The catalog whose names are kept.
    fn earlier(&self) -> Result<Option<Earlier>, ImportError> {
        self.keep_names.as_ref().map(|(name, text)| Earlier::read(name, text)).transpose()
    }
}

/// Something that a person should know of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What sort of thing it is.
    pub kind: NoteKind,
    /// Document and JSON pointer: `descriptor.json#/scopes/1`.
    pub place: String,
    /// What is so there; lower case, no full stop.
    pub message: String,
}

/// Sorts of notes, so that they can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// Somewhere outside: what the app reaches, is called at or is loaded from.
    Address,
    /// What was decided where the description leaves it open.
    Assumed,
    /// What the app's pages may run and load.
    Content,
    /// Two operations whose templates take the same request, so that the first literal decides.
    Crossing,
    /// The app is told of something without calling anything.
    Event,
    /// Acting as a person who is not there.
    Impersonation,
    /// An operation that has another name than by rule, for the sake of an earlier catalog.
    Kept,
    /// A member that Sprag has no word for.
    Member,
    /// A part of the app, or of the interface that it adds to.
    Module,
    /// An operation that lists no scope in some permission model, so that it is not callable there; or a scope that
    /// opens no operation.
    NotCallable,
    /// A scope, event or value that the platform does not have.
    Unknown,
    /// An operation that no request is mapped to, for its path has a form that templates do not have.
    Unmatched,
}

impl NoteKind {
    /// All of them, as they are sorted.
    pub const ALL: [NoteKind; 12] = [
        NoteKind::Address,
        NoteKind::Assumed,
        NoteKind::Content,
        NoteKind::Crossing,
        NoteKind::Event,
        NoteKind::Impersonation,
        NoteKind::Kept,
        NoteKind::Member,
        NoteKind::Module,
        NoteKind::NotCallable,
        NoteKind::Unknown,
        NoteKind::Unmatched,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            NoteKind::Address => "address",
            NoteKind::Assumed => "assumed",
            NoteKind::Content => "content",
            NoteKind::Crossing => "crossing",
            NoteKind::Event => "event",
            NoteKind::Impersonation => "impersonation",
            NoteKind::Kept => "kept",
            NoteKind::Member => "member",
            NoteKind::Module => "module",
            NoteKind::NotCallable => "not-callable",
            NoteKind::Unknown => "unknown",
            NoteKind::Unmatched => "unmatched",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Why nothing was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// Document, and line and column or JSON pointer there; or the option.
    pub place: String,
    /// What is wrong and what was expected.
    pub message: String,
}

impl ImportError {
    fn new(place: impl Into<String>, message: impl Into<String>) -> ImportError {
        ImportError { place: place.into(), message: message.into() }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for ImportError {}
