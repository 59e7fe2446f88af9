//! From the model and its classes to bundle bytes.
//!
//! Same model, same sources, same compiler: same bytes. Everything is sorted, nothing reads a clock.

mod errors;
mod exceptions;
mod facts;
mod listing;
mod nets;
mod pools;
mod routes;
mod sections;
mod steps;
mod strata;

pub use listing::show;

use sha2::{Digest, Sha256};

use crate::diag::Diagnostic;
use crate::sema::model::{Checked, Model};
use crate::space;
use crate::span::SourceMap;

/// Compiles a checked model into a bundle.
///
/// # Errors
/// What would be too large, and what made it so.
pub fn build(model: &Checked<Model>, sources: &SourceMap) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let space = space::cut(model)?;
    let mut writer = pools::Writer::default();
    let table = strata::lay_out(model, &space, &mut writer)?;
    facts::write(model, &space, sources, &table, &mut writer)?;
    routes::write(model, &mut writer)?;
    steps::write(&mut writer)?;
    sections::assemble(writer, &manifest(model, sources))
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
