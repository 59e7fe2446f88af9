//! What can be read of a bundle of any format: where it stands in its chain, and what it says of itself to people.

use sha2::{Digest, Sha256};

use crate::chain::Place;
use crate::format::{Chain, FORMAT, Kind, OLDEST};
use crate::load::{LoadError, directory, found, header, records};

/// What every reader can read of every bundle, however old: header, directory, and the sections [`Kind::Manifest`],
/// [`Kind::Chain`] and [`Kind::Spent`], whose layout stays what it is.
///
/// Nothing can be decided by it. It is there so that a chain of bundles goes on where the format does not, see
/// [`Bundle::renews`](crate::Bundle::renews).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline<'a> {
    /// The format version that it is written in.
    pub format: u32,
    /// Where it stands in its chain.
    pub place: Place,
    /// The bundle that it was built after; nothing for the first of a chain.
    pub previous: Option<[u8; 32]>,
    /// Digests of all approvals by which its chain grew, sorted.
    pub spent: &'a [[u8; 32]],
    /// JSON for people and tools.
    pub manifest: &'a [u8],
}

impl<'a> Outline<'a> {
    /// Reads a bundle of whatever format, as far as it is not damaged.
    ///
    /// # Errors
    /// The first fault found.
    pub fn read(bytes: &'a [u8]) -> Result<Outline<'a>, LoadError> {
        let header = header(bytes)?;
        let directory = directory(bytes, header)?;
        let section = |kind: Kind| found(bytes, header, directory, kind);
        let chain: &[Chain] = records(section(Kind::Chain)?, Kind::Chain)?;
        let spent: &[[u8; 32]] = records(section(Kind::Spent)?, Kind::Spent)?;
        let sorted = spent.is_sorted_by(|one, next| one < next);
        let digest = Sha256::digest(bytes).into();
        let (place, previous) = match chain {
            [] => (Place { first: digest, generation: 1, digest }, None),
            [chain] if chain.generation.get() > 1 => {
                let place = Place { first: chain.first, generation: chain.generation.get(), digest };
                (place, Some(chain.previous))
            }
            _ => return Err(LoadError::Malformed(Kind::Chain, 0)),
        };
        if !sorted {
            return Err(LoadError::Malformed(Kind::Spent, 0));
        }
        let format = header.format.get();
        Ok(Outline { format, place, previous, spent, manifest: section(Kind::Manifest)? })
    }

    /// Whether this crate reads bundles of its format whole.
    pub fn is_readable(&self) -> bool {
        (OLDEST..=FORMAT).contains(&self.format)
    }
}
