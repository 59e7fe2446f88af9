//! From the model and its classes to bundle bytes.
//!
//! Same model, same sources, same compiler: same bytes. Everything is sorted, nothing reads a clock.

mod errors;
mod exceptions;
mod facts;
mod link;
mod listing;
mod nets;
mod pools;
mod routes;
mod sections;
mod steps;
mod strata;

pub use link::{Before, Growth, Link, Next, Renewal, Widened};
pub use listing::show;

use sha2::{Digest, Sha256};
use sprag_runtime::{Bundle, Outline};

use crate::diag::Diagnostic;
use crate::sema;
use crate::sema::model::{Checked, Model, Widening};
use crate::space;
use crate::span::{Source, SourceMap};

/// Compiles a checked model into a bundle.
///
/// # Errors
/// What would be too large, and what made it so.
pub fn build(model: &Checked<Model>, sources: &SourceMap) -> Result<Vec<u8>, Vec<Diagnostic>> {
    assemble(model, sources, manifest(model, sources), None)
}

/// The same with the sources in it, so that it can be compared with others exactly.
///
/// # Errors
/// As [`build`].
pub fn build_with_sources(model: &Checked<Model>, sources: &SourceMap) -> Result<Vec<u8>, Vec<Diagnostic>> {
    assemble(model, sources, manifest_with(model, sources), None)
}

/// Why there is no next bundle in a chain.
#[derive(Debug, Clone)]
pub enum Unbuilt<'m> {
    /// It would permit what nobody approved, or approve what does not grow; the blocks were used for an earlier change.
    Unapproved(Vec<&'m Widening>),
    /// What would be too large.
    TooLarge(Vec<Diagnostic>),
}

/// The next bundle of a chain, with its sources.
///
/// # Errors
/// Something grew that was not approved, or was not compared and nobody approved that; else as [`build`].
pub fn build_after<'m>(
    next: &Next<'_>,
    model: &'m Checked<Model>,
    sources: &SourceMap,
) -> Result<Vec<u8>, Unbuilt<'m>> {
    let again = Link::used_again(next, model);
    let settled = match next.compared {
        Some((diff, approvals)) => approvals.settled() && diff.undecided.is_empty(),
        None => next.renewal.is_some(),
    };
    if !settled || !again.is_empty() {
        return Err(Unbuilt::Unapproved(again));
    }
    let mut link = Link::new(next, model);
    let build = |link: &Link| {
        assemble(model, sources, manifest_with(model, sources), Some(link)).map_err(Unbuilt::TooLarge)
    };
    let bytes = build(&link)?;
    let first = link.clone();
    if let Ok(bundle) = Bundle::load(&bytes) {
        link.settle(next, &bundle);
    }
    if link == first { Ok(bytes) } else { build(&link) }
}

/// What a bundle would be that differs from `like` at most in the policy: with sources or without, and as far along
/// in its chain.
///
/// # Errors
/// As [`build`].
pub fn build_like(
    like: &Bundle<'_>,
    model: &Checked<Model>,
    sources: &SourceMap,
) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let manifest = if held(like.tables().manifest).is_some() {
        manifest_with(model, sources)
    } else {
        manifest(model, sources)
    };
    assemble(model, sources, manifest, Link::read(like).as_ref())
}

fn assemble(
    model: &Checked<Model>,
    sources: &SourceMap,
    manifest: serde_json::Value,
    link: Option<&Link>,
) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let space = space::cut(model)?;
    let mut writer = pools::Writer::default();
    let table = strata::lay_out(model, &space, &mut writer)?;
    facts::write(model, &space, sources, &table, &mut writer)?;
    routes::write(model, &mut writer)?;
    steps::write(&mut writer)?;
    if let Some(link) = link {
        link::write(link, model, &mut writer);
    }
    sections::assemble(writer, &manifest)
}

/// Package and sources that a bundle holds, in the order of their paths; the prelude is not among them.
#[derive(Debug, Clone)]
pub struct Held {
    /// The package's name.
    pub package: String,
    /// Its files and those of the catalogs in use.
    pub files: Vec<Source>,
}

/// The sources in a bundle of whatever format, if it was built with them. What they say is not compared with the rest of
/// it: whoever relies on them builds them again.
pub fn sources(bundle: &[u8]) -> Option<Held> {
    held(Outline::read(bundle).ok()?.manifest)
}

fn held(manifest: &[u8]) -> Option<Held> {
    let manifest: serde_json::Value = serde_json::from_slice(manifest).ok()?;
    let file = |file: &serde_json::Value| {
        Some(Source { path: file["path"].as_str()?.to_owned(), text: file["text"].as_str()?.to_owned() })
    };
    let files = manifest["files"].as_array()?.iter().map(file).collect::<Option<_>>()?;
    Some(Held { package: manifest["package"].as_str()?.to_owned(), files })
}

fn manifest_with(model: &Model, sources: &SourceMap) -> serde_json::Value {
    let mut manifest = manifest(model, sources);
    manifest["files"] = files(sources);
    manifest
}

fn files(sources: &SourceMap) -> serde_json::Value {
    let mut sorted: Vec<_> = sources.sources().iter().filter(|s| s.path != sema::PRELUDE_PATH).collect();
    sorted.sort_by_key(|s| &s.path);
    sorted.iter().map(|s| serde_json::json!({ "path": s.path, "text": s.text })).collect()
}

/// For people and tools; the runtime does not read it.
fn manifest(model: &Model, sources: &SourceMap) -> serde_json::Value {
    let catalogs: Vec<_> = model
        .catalogs
        .iter()
        .map(|c| serde_json::json!({ "name": c.name, "version": c.version, "digest": c.digest }))
        .collect();
    serde_json::json!({
        "compiler": concat!("sprag ", env!("CARGO_PKG_VERSION")),
        "format": sprag_runtime::format::FORMAT,
        "package": model.package,
        "sources": source_digest(sources),
        "catalogs": catalogs,
    })
}

/// SHA-256 over paths and texts of all sources, in the order of their paths.
fn source_digest(sources: &SourceMap) -> String {
    let mut sorted: Vec<_> = sources.sources().iter().map(|s| (&s.path, &s.text)).collect();
    sorted.sort();
    let mut digest = Sha256::new();
    for (path, text) in sorted {
        for part in [path, text] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
    }
    digest.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
