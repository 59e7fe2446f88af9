//! Which bundles this machine has decided by: none that is older is decided by again.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sprag_runtime::{Bundle, Place};

use super::chain::Hash;
use super::kept::{Kept, beside};
use super::{Error, Witness};

/// A small file beside the [`Witness`] of a store: for each package the newest generation of its chain of bundles by
/// which anything was decided here.
#[derive(Debug, Clone)]
pub struct Places {
    file: Kept,
}

const FORMAT: &str = "sprag-bundles-1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    packages: BTreeMap<String, Seen>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    first: String,
    generation: u32,
    digest: String,
}

impl Places {
    /// Those beside the witness.
    pub fn of(witness: &Witness) -> Places {
        Places { file: Kept::new(beside(witness.path(), ".bundles"), "memory of bundles") }
    }

    /// Where they are kept.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Compares the bundle with what was decided by before, and remembers it. After this has returned, an older one is
    /// known as such, also after a crash.
    ///
    /// Bundles of generation 1 are not remembered: who builds each policy anew has no chain to hold to.
    ///
    /// # Errors
    ///
    /// [`Error::RolledBack`] for an older one, or one of another chain; else what keeps it from being compared.
    pub fn admit(&self, bundle: &Bundle<'_>) -> Result<(), Error> {
        let package = bundle.text(bundle.tables().globals.package);
        let now = bundle.place();
        if self.read()?.get(package) == Some(&now) {
            return Ok(());
        }
        let _lock = self.file.lock()?;
        let mut known = self.read()?;
        if let Some(seen) = known.get(package) {
            let refused = |why| {
                Error::RolledBack(format!(
                    "this bundle may not follow generation {} of package `{package}`, by which was decided here: {why} \
                     (remembered: {})",
                    seen.generation,
                    self.path().display()
                ))
            };
            seen.admits(bundle).map_err(refused)?;
        } else if now.generation == 1 {
            return Ok(());
        }
        known.insert(package.to_owned(), now);
        self.write(known)
    }

    fn read(&self) -> Result<BTreeMap<String, Place>, Error> {
        let Some(bytes) = self.file.read()? else { return Ok(BTreeMap::new()) };
        let value = crate::json::parse(&bytes).ok();
        let wire = value.and_then(|value| serde_json::from_value::<Wire>(value).ok());
        let packages = wire.filter(|wire| wire.format == FORMAT).map(|wire| wire.packages);
        let places = packages.and_then(|packages| {
            packages.into_iter().map(|(package, seen)| Some((package, place(&seen)?))).collect()
        });
        places.ok_or_else(|| Error::Damaged(format!("{} is no memory of bundles", self.path().display())))
    }

    fn write(&self, places: BTreeMap<String, Place>) -> Result<(), Error> {
        let seen = |place: Place| Seen {
            first: Hash(place.first).to_string(),
            generation: place.generation,
            digest: Hash(place.digest).to_string(),
        };
        let packages = places.into_iter().map(|(package, place)| (package, seen(place))).collect();
        let wire = serde_json::to_value(Wire { format: FORMAT.to_owned(), packages });
        self.file.write(&wire.map_err(|e| Error::Invalid(e.to_string()))?)
    }
}

fn place(seen: &Seen) -> Option<Place> {
    let hash = |text: &str| text.parse::<Hash>().ok().map(|Hash(bytes)| bytes);
    Some(Place { first: hash(&seen.first)?, generation: seen.generation, digest: hash(&seen.digest)? })
}
