//! Bundles in their chains, each held against the one before.

use std::collections::{BTreeMap, BTreeSet};

use sprag_runtime::{Bundle, NotNext, Outline, Place};

use super::File;
use crate::emit::{Before, Link};

/// All that was given.
pub(super) struct History<'f> {
    /// By package, then by the digest of the first bundle.
    pub(super) chains: Vec<Chain<'f>>,
    /// What is wrong with more than one chain.
    pub(super) faults: Vec<String>,
}

/// Bundles that were built after one another.
pub(super) struct Chain<'f> {
    pub(super) package: String,
    /// SHA-256 of the first.
    pub(super) first: [u8; 32],
    /// By generation.
    pub(super) steps: Vec<Step<'f>>,
}

/// A bundle of a chain.
pub(super) struct Step<'f> {
    /// Where it was found.
    pub(super) file: &'f File,
    pub(super) seen: Seen<'f>,
    pub(super) place: Place,
    /// What it says of the one before; nothing for the first, nor for one that cannot be read.
    pub(super) link: Option<Link>,
    /// Why it does not follow from the one before.
    pub(super) faults: Vec<String>,
}

/// As much of a bundle as this version reads.
#[expect(clippy::large_enum_variant, reason = "there is one for each file that was named")]
#[derive(Clone, Copy)]
pub(super) enum Seen<'f> {
    /// All.
    Whole(Bundle<'f>),
    /// Its place: it is of an older format.
    Outline(Outline<'f>),
}

impl Seen<'_> {
    fn place(&self) -> Place {
        match self {
            Seen::Whole(bundle) => bundle.place(),
            Seen::Outline(outline) => outline.place,
        }
    }

    fn package(&self) -> String {
        match self {
            Seen::Whole(bundle) => bundle.text(bundle.tables().globals.package).to_owned(),
            Seen::Outline(outline) => {
                let manifest: Option<serde_json::Value> = serde_json::from_slice(outline.manifest).ok();
                let package = manifest.as_ref().and_then(|manifest| manifest["package"].as_str());
                package.unwrap_or_default().to_owned()
            }
        }
    }

    /// As the bundle before another.
    pub(super) fn before(&self) -> Before<'_> {
        match self {
            Seen::Whole(bundle) => Before::read(bundle),
            Seen::Outline(outline) => Before::outlined(outline, None),
        }
    }
}

impl History<'_> {
    pub(super) fn holds(&self) -> bool {
        self.faults.is_empty() && self.chains.iter().all(Chain::holds)
    }
}

impl Chain<'_> {
    pub(super) fn holds(&self) -> bool {
        self.steps.iter().all(|step| step.faults.is_empty())
    }
}

/// Sorts bundles into chains and checks each. The same bundle twice is one.
pub(super) fn of<'f>(loaded: &[(&'f File, Seen<'f>)]) -> History<'f> {
    let mut sorted: BTreeMap<(String, [u8; 32]), Vec<Step<'f>>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (file, read) in loaded {
        let place = read.place();
        if seen.insert(place.digest) {
            let link = match read {
                Seen::Whole(bundle) => Link::read(bundle),
                Seen::Outline(_) => None,
            };
            let step = Step { file, seen: *read, place, link, faults: Vec::new() };
            sorted.entry((read.package(), place.first)).or_default().push(step);
        }
    }
    let mut chains = Vec::new();
    for ((package, first), mut steps) in sorted {
        steps.sort_by_key(|step| (step.place.generation, step.place.digest));
        for at in 1..steps.len() {
            let (before, rest) = steps.split_at_mut(at);
            if let (Some(before), Some(step)) = (before.last(), rest.first_mut()) {
                step.faults = faults(before, step);
            }
        }
        chains.push(Chain { package, first, steps });
    }
    let twice = chains.windows(2).filter(|pair| pair[0].package == pair[1].package);
    let packages: BTreeSet<&str> = twice.map(|pair| pair[0].package.as_str()).collect();
    let told = |package: &str| format!("package `{package}` has more than one chain");
    let faults = packages.into_iter().map(told).collect();
    History { chains, faults }
}

/// Why one does not follow from the other, by what loaders check and by the dates that are stated.
fn faults(before: &Step<'_>, step: &Step<'_>) -> Vec<String> {
    if before.place.generation == step.place.generation {
        return vec![format!("{} is another bundle of the same generation", before.file.path)];
    }
    let date = |step: &Step<'_>| step.link.as_ref().and_then(|link| link.date);
    // Without a date nobody says when approvals had to be valid.
    let when = date(step).unwrap_or(i64::MIN);
    let follows = match (&before.seen, &step.seen) {
        (Seen::Whole(before), Seen::Whole(bundle)) => bundle.succeeds(before, when),
        (Seen::Outline(before), Seen::Whole(bundle)) => bundle.renews(before, when),
        (_, Seen::Outline(outline)) => comes_after(outline, &before.place),
    };
    let mut faults: Vec<String> = follows.err().iter().map(ToString::to_string).collect();
    if date(before).is_some_and(|before| date(step).is_some_and(|date| date < before)) {
        faults.push("it is dated before the bundle that it was built after".to_owned());
    }
    faults
}

/// All that can be told of a bundle that is not read.
fn comes_after(outline: &Outline<'_>, before: &Place) -> Result<(), NotNext<'static>> {
    if outline.place.generation - before.generation > 1 {
        return Err(NotNext::Skips(outline.place.generation));
    }
    if outline.previous != Some(before.digest) {
        return Err(NotNext::Previous);
    }
    Ok(())
}
