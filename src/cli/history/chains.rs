//! Bundles in their chains, each held against the one before.

use std::collections::{BTreeMap, BTreeSet};

use sprag_runtime::{Bundle, Place};

use super::File;
use crate::emit::Link;

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
    pub(super) bundle: Bundle<'f>,
    pub(super) place: Place,
    /// What it says of the one before; nothing for the first.
    pub(super) link: Option<Link>,
    /// Why it does not follow from the one before.
    pub(super) faults: Vec<String>,
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
pub(super) fn of<'f>(loaded: &[(&'f File, Bundle<'f>)]) -> History<'f> {
    let mut sorted: BTreeMap<(String, [u8; 32]), Vec<Step<'f>>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (file, bundle) in loaded {
        let place = bundle.place();
        if seen.insert(place.digest) {
            let package = bundle.text(bundle.tables().globals.package).to_owned();
            let step = Step { file, bundle: *bundle, place, link: Link::read(bundle), faults: Vec::new() };
            sorted.entry((package, place.first)).or_default().push(step);
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
    let mut faults: Vec<String> =
        step.bundle.succeeds(&before.bundle, when).err().iter().map(ToString::to_string).collect();
    if date(before).is_some_and(|before| date(step).is_some_and(|date| date < before)) {
        faults.push("it is dated before the bundle that it was built after".to_owned());
    }
    faults
}
