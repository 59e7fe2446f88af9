//! Decisions by what a store knows of the installation, whatever the request says of it.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sprag_runtime::Bundle;

use crate::cli::package::Package;
use crate::cli::ratchet::store::{StoreArgs, says, time};
use crate::cli::sides::{self, Trust};
use crate::cli::{Context, check, failed, files};
use crate::emit;
use crate::ratchet::{Installation, State, effective};
use crate::request::{self, Request};
use crate::sema::model::{Checked, Model};
use crate::state::{HighestTime, Places, Store, Witnessed};

/// Where the state of installations is.
#[derive(Debug, clap::Args)]
pub(super) struct StateArgs {
    /// A store with the state of installations: sqlite:PATH or postgres://USER@HOST/DATABASE.
    #[arg(long, value_name = "ADDRESS")]
    store: Option<String>,
    /// Where what was seen of the store is kept; a file of its own in the user's folder for state if missing.
    #[arg(long, value_name = "FILE", requires = "store")]
    witness: Option<PathBuf>,
    /// The package that the bundle was built from, if the bundle does not hold its sources.
    #[arg(long, value_name = "PATH", requires = "store")]
    package: Option<PathBuf>,
    /// Bundles of the chain, or folders with them: from the one that was decided by here last to this one. Needed when a
    /// newer bundle is decided by for the first time.
    #[arg(long, value_name = "PATH", requires = "store")]
    chain: Vec<PathBuf>,
    /// When it is, as 2026-12-31T12:00:00Z or in seconds since 1970; now if missing. The latest time that was decided by
    /// here is kept: earlier ones give nothing back.
    #[arg(long, value_name = "TIME", requires = "store")]
    at: Option<String>,
}

/// A store, and the policy by which it is read.
pub(super) struct Stateful {
    store: Witnessed,
    highest: HighestTime,
    model: Checked<Model>,
    at: Option<String>,
    failed: Cell<bool>,
}

impl StateArgs {
    /// The store, if one was named.
    ///
    /// # Errors
    ///
    /// A sentence: the store cannot be used, or there are no sources that make this bundle.
    pub(super) fn open(
        &self,
        bundle: &Path,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) -> io::Result<Option<Stateful>> {
        let Some(store) = self.store.clone() else { return Ok(None) };
        let store = StoreArgs { store, witness: self.witness.clone() };
        let model = match &self.package {
            Some(package) => of_package(package, bytes, cx)?,
            None if emit::sources(bytes).is_some() => {
                sides::load(&bundle.to_string_lossy(), Trust::Decided, cx)?.model
            }
            None => {
                return Err(failed(
                    "the bundle does not hold its sources, by which a store is read; name its --package, or build \
                     it with `sprag build --sources`",
                ));
            }
        };
        let store = store.open(cx)?;
        let loaded = Bundle::load(bytes).map_err(|why| failed(why.to_string()))?;
        let now = time(self.at.as_deref())?;
        let between = files::bundles(&cx.cwd, &self.chain)?;
        let between: Vec<&[u8]> = between.iter().map(|(_, bytes)| bytes.as_slice()).collect();
        Places::of(store.witness()).admit(&loaded, &between, now).map_err(says)?;
        let highest = HighestTime::of(store.witness());
        Ok(Some(Stateful { store, highest, model, at: self.at.clone(), failed: Cell::new(false) }))
    }
}

fn of_package(package: &Path, bytes: &[u8], cx: &mut Context<'_>) -> io::Result<Checked<Model>> {
    let compiled = Package::load(Some(package), cx)?.compile(cx);
    let sources = &compiled.compilation.sources;
    let Some(model) = &compiled.compilation.model else {
        check::show_errors(&compiled, cx)?;
        return Err(failed(format!("{} has errors", package.display())));
    };
    // With another policy, the state would be read otherwise than it is decided by.
    let again = Bundle::load(bytes).ok().and_then(|bundle| emit::build_like(&bundle, model, sources).ok());
    if again.as_deref() != Some(bytes) {
        return Err(failed(format!("{} does not make this bundle; build it again", package.display())));
    }
    compiled.compilation.model.ok_or_else(|| failed("there is no model")) // there is: see above
}

impl Stateful {
    /// Puts into the request what the store knows of its installation, and tells what that is.
    ///
    /// # Errors
    ///
    /// A sentence: the store cannot be believed or not be read. Then nothing may be decided.
    pub(super) fn apply(&self, request: &mut Request) -> Result<Option<Value>, String> {
        let Some(app) = request.app.clone() else { return Ok(None) };
        let site = match request.attributes.get("install.site") {
            Some(request::Value::Text(site)) if !site.is_empty() => site.clone(),
            _ => {
                // what is no text names no site
                State::default().apply(request);
                return Ok(Some(json!({ "known": false, "text": "the request does not name its site" })));
            }
        };
        let failed = |why: io::Error| {
            self.failed.set(true);
            why.to_string()
        };
        let now = time(self.at.as_deref()).map_err(failed)?;
        let installation = Installation { app, site };
        let (head, facts) = self.store.read(&installation).map_err(says).map_err(failed)?;
        let known = facts.is_some();
        let mut facts = facts.unwrap_or_default();
        facts.clock.tell(self.highest.see(now).map_err(says).map_err(failed)?);
        effective(&self.model, &facts, &installation, now).apply(request);
        Ok(Some(json!({ "known": known, "store": head.store.to_string(), "epoch": head.epoch, "at": now })))
    }

    /// Whether some request was denied because the store failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.get()
    }
}
