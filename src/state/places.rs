//! Which bundles this machine has decided by: none that is older is decided by again.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sprag_runtime::{Bundle, LoadError, NotNext, Outline, Place};

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
    /// A newer one is taken only if it is proved step by step that no app is permitted more than somebody approved:
    /// `between` are bundles of its chain, as files, in any order and with any others among them. There must be the one
    /// that was decided by here last, and all that were built since. Each is held against the one before as a loader
    /// does: at the time `now`, but those in between, which were in force elsewhere meanwhile, on the day that they state.
    ///
    /// Bundles of generation 1 are not remembered: who builds each policy anew has no chain to hold to.
    ///
    /// # Errors
    ///
    /// [`Error::RolledBack`] for an older one, one of another chain, or one that is not proved; [`Error::Invalid`]
    /// where bundles between were not given; else what keeps it from being compared.
    pub fn admit(&self, bundle: &Bundle<'_>, between: &[&[u8]], now: i64) -> Result<(), Error> {
        let package = bundle.text(bundle.tables().globals.package);
        let place = bundle.place();
        if self.read()?.get(package) == Some(&place) {
            return Ok(());
        }
        let _lock = self.file.lock()?;
        let mut known = self.read()?;
        if let Some(seen) = known.get(package) {
            let memory =
                format!("generation {} of package `{package}`, by which was decided here", seen.generation);
            let place_of_it = format!("(remembered: {})", self.path().display());
            let refused = |why: String| {
                Error::RolledBack(format!("this bundle may not follow {memory}: {why} {place_of_it}"))
            };
            seen.admits(bundle).map_err(|why| refused(why.to_string()))?;
            if place != *seen {
                steps(seen, bundle, between, now).map_err(|broken| match broken {
                    Broken::Missing(generations) => Error::Invalid(format!(
                        "generation {} cannot be held against {memory}: {} not here; name all bundles of the \
                         chain with --chain {place_of_it}",
                        place.generation,
                        listed(&generations)
                    )),
                    Broken::At(generation, why) if generation == place.generation => refused(why),
                    Broken::At(generation, why) => refused(format!("generation {generation}: {why}")),
                })?;
            }
        } else if place.generation == 1 {
            return Ok(());
        }
        known.insert(package.to_owned(), place);
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

/// Where the way from one bundle to another ends.
enum Broken {
    /// These generations were not given.
    Missing(Vec<u32>),
    /// This generation may not follow the one before it, and why.
    At(u32, String),
}

/// Goes the chain from a place to a bundle that stands later in it, and holds each against the one before.
fn steps(seen: &Place, bundle: &Bundle<'_>, between: &[&[u8]], now: i64) -> Result<(), Broken> {
    let outlines = between.iter().filter_map(|bytes| Some((*bytes, Outline::read(bytes).ok()?)));
    let given: Vec<(&[u8], Outline<'_>)> = outlines.filter(|(_, o)| o.place.first == seen.first).collect();
    let last = bundle.place().generation;
    let is_given = |generation: &u32| given.iter().any(|(_, o)| o.place.generation == *generation);
    let missing: Vec<u32> = (seen.generation..last).filter(|generation| !is_given(generation)).collect();
    if !missing.is_empty() {
        return Err(Broken::Missing(missing));
    }
    // From the end on: each names the one before it, and others of that generation are no matter.
    let mut way: Vec<(u32, &[u8])> = Vec::new();
    let mut wanted = bundle.previous();
    for generation in (seen.generation..last).rev() {
        let named = given.iter().find(|(_, outline)| Some(outline.place.digest) == wanted);
        let is_seen = |outline: &Outline<'_>| generation > seen.generation || outline.place == *seen;
        let Some((bytes, outline)) = named.filter(|(_, outline)| is_seen(outline)) else {
            return Err(Broken::At(generation + 1, NotNext::Previous.to_string()));
        };
        way.push((generation, bytes));
        wanted = outline.previous;
    }
    let mut before: Option<&[u8]> = None;
    for (generation, bytes) in way.into_iter().rev() {
        if let Some(before) = before {
            let after = Bundle::load(bytes).map_err(|why| Broken::At(generation, why.to_string()))?;
            let stated = after.tables().chain.first().filter(|chain| chain.dated.get() != 0);
            let when = stated.map_or(now, |chain| chain.date.get());
            step(before, &after, when).map_err(|why| Broken::At(generation, why))?;
        }
        before = Some(bytes);
    }
    // Without any, it is not newer than what was seen.
    let before = before.ok_or_else(|| Broken::At(last, NotNext::Older(last).to_string()))?;
    step(before, bundle, now).map_err(|why| Broken::At(last, why))
}

/// As a loader holds one against the other.
fn step(before: &[u8], after: &Bundle<'_>, when: i64) -> Result<(), String> {
    match Bundle::load(before) {
        Ok(before) => after.succeeds(&before, when).map_err(|why| why.to_string()),
        Err(LoadError::TooOld(_)) => {
            let outline = Outline::read(before).map_err(|why| why.to_string())?;
            after.renews(&outline, when).map_err(|why| why.to_string())
        }
        Err(why) => Err(format!("the one before: {why}")),
    }
}

/// `generation 3 is`, `generations 3, 4 are`.
fn listed(generations: &[u32]) -> String {
    let all: Vec<String> = generations.iter().map(ToString::to_string).collect();
    match all.len() {
        1 => format!("generation {} is", all.join(", ")),
        _ => format!("generations {} are", all.join(", ")),
    }
}
