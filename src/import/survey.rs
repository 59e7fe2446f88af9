//! What a document is, and what would come in of it.

use std::collections::BTreeMap;

use super::build::ident;
use super::{Document, IMPORTERS, ImportError, Importer, NoteKind, Options, yaml};
use crate::syntax::tree::{File, Item};
use crate::syntax::{parser, printer};

/// What one document would bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Name of the importer that takes it.
    pub format: Option<&'static str>,
    /// What came in, or why nothing did.
    pub outcome: Outcome,
}

/// See [`Survey`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It came in.
    Imported(Brought),
    /// It was taken for this format, and refused.
    Refused(String),
    /// It is a part of a set of files that come in together: what it is, and what it goes with.
    Part(&'static str),
    /// It is of no format that is known.
    Unknown,
    /// It is neither JSON nor YAML.
    Unreadable(String),
}

/// What came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brought {
    /// Apps.
    pub apps: usize,
    /// Scopes: those that apps ask for, and those that a catalog declares.
    pub scopes: usize,
    /// Operations of a catalog.
    pub operations: usize,
    /// How many notes of each kind.
    pub notes: BTreeMap<NoteKind, usize>,
    /// What is wrong with the text: it has to be read without complaint, be laid out, mean the same and come out the
    /// same again. Nothing is, unless the importer has a fault.
    pub fault: Option<&'static str>,
}

/// Tells what a document is and tries to import it.
///
/// Catalogs that need a name or a version get some: the survey is of what is in the document.
pub fn survey(document: &Document<'_>) -> Survey {
    let value = match yaml::parse(document) {
        Ok(value) => value,
        Err(error) => return Survey { format: None, outcome: Outcome::Unreadable(error.to_string()) },
    };
    let Some(importer) = taking(&value) else {
        let part = IMPORTERS.iter().find_map(|importer| Some((importer.name, (importer.part)(&value)?)));
        return match part {
            Some((format, with)) => Survey { format: Some(format), outcome: Outcome::Part(with) },
            None => Survey { format: None, outcome: Outcome::Unknown },
        };
    };
    let stem = document.name.split('.').next().and_then(ident).unwrap_or_else(|| "imported".to_owned());
    let options = match needs_a_name(importer) {
        true => Options { catalog: Some(stem), version: Some("0".to_owned()), ..Options::default() },
        false => Options { version: Some("0".to_owned()), ..Options::default() },
    };
    let outcome = match importer.import(&[*document], &options) {
        Err(error) => match (importer.part)(&value) {
            Some(with) => Outcome::Part(with),
            None => Outcome::Refused(error.to_string()),
        },
        Ok(imported) => {
            let mut brought = counted(&imported.file);
            for note in &imported.notes {
                *brought.notes.entry(note.kind).or_default() += 1;
            }
            let again = importer.import(&[*document], &options);
            brought.fault = fault(&imported.file, again.ok().as_ref().map(|again| &again.file));
            Outcome::Imported(brought)
        }
    };
    Survey { format: Some(importer.name), outcome }
}

/// The importer that takes a document; `None` where no format knows it.
///
/// # Errors
/// Neither JSON nor YAML.
pub fn importer(document: &Document<'_>) -> Result<Option<&'static Importer>, ImportError> {
    Ok(taking(&yaml::parse(document)?))
}

fn taking(value: &serde_json::Value) -> Option<&'static Importer> {
    IMPORTERS.iter().copied().find(|importer| (importer.recognises)(value))
}

/// Whether the format is not one platform's, whose catalog has a name.
fn needs_a_name(importer: &Importer) -> bool {
    ["mcp", "openapi"].contains(&importer.name)
}

/// What is wrong with an imported file, if anything is.
pub fn fault(file: &File, again: Option<&File>) -> Option<&'static str> {
    let text = printer::print(file);
    let (read, diagnostics) = parser::parse(0, &text);
    if !diagnostics.is_empty() {
        return Some("its text cannot be read");
    }
    if read != *file {
        return Some("its text does not mean the same");
    }
    if printer::print(&read) != text {
        return Some("its text is not laid out");
    }
    match again {
        Some(again) if printer::print(again) == text => None,
        Some(_) | None => Some("it comes out otherwise the second time"),
    }
}

fn counted(file: &File) -> Brought {
    use crate::syntax::tree::AppMember;
    let mut brought = Brought::default();
    for item in &file.items {
        match item {
            Item::App(app) => {
                brought.apps += 1;
                brought.scopes += app
                    .members
                    .iter()
                    .map(|member| match member {
                        AppMember::Requests(scopes) => scopes.len(),
                        _ => 0, // Asks for nothing.
                    })
                    .sum::<usize>();
            }
            Item::Scope(_) => brought.scopes += 1,
            Item::Operation(_) => brought.operations += 1,
            _ => {} // Not counted.
        }
    }
    brought
}
