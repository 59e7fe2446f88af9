//! Trees to the checked model: names, types, kinds, ratchets, and the pins of catalogs.
//!
//! Every pass reports what it finds and goes on; a name that was declared but is broken stays
//! known, so that one mistake is one message. A model comes out only if there was no error.

pub mod model;
pub mod pattern;

mod apps;
mod catalog;
mod catalogs;
mod conditions;
mod containers;
mod context;
mod errors;
mod graph;
mod lookalike;
mod names;
mod namings;
mod operations;
mod predicates;
mod ratchets;
mod rules;
mod tests;
mod types;
mod windows;

use crate::diag::{Diagnostic, Severity};
use crate::span::{SourceMap, Span};
use crate::syntax::tree;
use model::{Checked, Model};

/// What every package knows without saying so; the driver parses it and passes it in [`Input::prelude`].
pub const PRELUDE: &str = include_str!("prelude.sprag");

/// The name of the prelude among the sources.
pub const PRELUDE_PATH: &str = "<prelude>";

/// Everything that belongs to one compilation, parsed.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// Name of the package.
    pub package: &'a str,
    /// [`PRELUDE`], parsed.
    pub prelude: &'a tree::File,
    /// The package's own files; their order does not matter.
    pub policy: Vec<&'a tree::File>,
    /// The catalogs at hand, see [`is_catalog`]; only those that a `use` reaches count.
    pub catalogs: Vec<CatalogFile<'a>>,
    /// The entries of `sprag.lock`. `None`: pins are not compared (a single file, a snippet, `sprag lock` itself);
    /// a package without a lock file passes an empty list.
    pub lock: Option<&'a [LockEntry]>,
    /// What the parser said. After an error no model is made, names that are nowhere declared are not reported
    /// (what was left out may declare them), nor is anything about a place that the parser complained of.
    pub syntax: &'a [Diagnostic],
}

impl Input<'_> {
    fn is_incomplete(&self) -> bool {
        self.syntax.iter().any(|d| d.severity == Severity::Error)
    }
}

/// A catalog at hand.
#[derive(Debug, Clone)]
pub struct CatalogFile<'a> {
    /// Its text, parsed.
    pub file: &'a tree::File,
    /// SHA-256 of its text, lower-case hexadecimal.
    pub digest: String,
}

/// One catalog pinned in `sprag.lock`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockEntry {
    /// Dotted name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SHA-256 of its text, lower-case hexadecimal.
    pub digest: String,
}

/// Whether the file declares itself a catalog: its first item is `catalog …`.
pub fn is_catalog(file: &tree::File) -> bool {
    matches!(file.items.first(), Some(tree::Item::Catalog(_)))
}

/// Resolves and checks a package. The model is there iff no diagnostic is an error and the input is complete.
///
/// `sources` must hold every source that the trees' spans name. The diagnostics are sorted by place.
pub fn check(input: &Input, sources: &SourceMap) -> (Option<Checked<Model>>, Vec<Diagnostic>) {
    let mut cx = context::Context::new(sources, input.package);
    let incomplete = input.is_incomplete();
    cx.names.set_blind(incomplete);
    let catalogs = catalogs::select(&mut cx, input);

    let mut policy = input.policy.clone();
    policy.sort_by(|a, b| context::path(sources, a).cmp(context::path(sources, b)));
    for file in catalogs.iter().map(|c| c.file).chain(policy.iter().copied()) {
        lookalike::scan(&mut cx, file);
    }
    let items = names::collect(&mut cx, input.prelude, &catalogs, &policy);
    lookalike::compare(&mut cx, &items);

    catalog::check(&mut cx, &items);
    operations::declare(&mut cx, &items);
    namings::check(&mut cx, &items);
    apps::declare(&mut cx, &items);
    ratchets::declare(&mut cx, &items);
    windows::check(&mut cx, &items);
    conditions::declare(&mut cx, &items);
    operations::check(&mut cx, &items);
    containers::check(&mut cx, &items);
    conditions::check(&mut cx, &items);
    apps::check(&mut cx, &items);
    rules::check(&mut cx, &items);
    ratchets::check(&mut cx, &items);
    ratchets::reachable(&mut cx, &items);
    cx.finish_clauses();
    namings::ids(&mut cx);
    tests::check(&mut cx, &items);

    let mut diagnostics = cx.diagnostics;
    diagnostics.sort_by_key(|d| (d.span().source, d.span().start, d.span().end, d.code));
    let overlaps = |a: Span, b: Span| a.source == b.source && a.start < b.end && b.start < a.end;
    let placeholder = |d: &Diagnostic| input.syntax.iter().any(|s| overlaps(s.span(), d.span()));
    diagnostics.retain(|d| !placeholder(d));
    // Nothing is locked while something else is wrong: one step after the other.
    let is_unlocked = |d: &Diagnostic| d.code == errors::catalogs::NOT_LOCKED;
    if incomplete || diagnostics.iter().any(|d| d.severity == Severity::Error && !is_unlocked(d)) {
        diagnostics.retain(|d| !is_unlocked(d));
    }
    let failed = incomplete || diagnostics.iter().any(|d| d.severity == Severity::Error);
    ((!failed).then(|| Checked::new(cx.model)), diagnostics)
}
