//! What databases with stores in them have in common: versions of the schema, and rows that must agree.

use std::collections::BTreeMap;

use super::{Entry, Error, Hash, Head, Snapshot};
use crate::ratchet::{Facts, Installation};

/// The newest schema.
pub(super) const VERSION: usize = 3;

/// The steps from this version to the newest, each with the version that it makes.
///
/// # Errors
///
/// The schema is newer than this program.
pub(super) fn steps<'a>(
    all: &'a [&'a str; VERSION],
    version: i64,
    place: &str,
) -> Result<impl Iterator<Item = (&'a str, i64)> + use<'a>, Error> {
    let done = usize::try_from(version).ok().filter(|done| *done <= VERSION).ok_or_else(|| {
        Error::Damaged(format!(
            "{place} has schema {version}, and this version of the program knows those up to {VERSION}"
        ))
    })?;
    Ok(all.iter().copied().zip(1_i64..).skip(done))
}

/// The head from its columns.
///
/// # Errors
///
/// They are not what was written.
pub(super) fn head(store: &str, epoch: i64, hash: &[u8]) -> Result<Head, Error> {
    let store = store.parse().map_err(|()| Error::Damaged(format!("`{store}` is no name of a store")))?;
    let epoch =
        u64::try_from(epoch).map_err(|_| Error::Damaged(format!("{epoch} is no number of entries")))?;
    Ok(Head { store, epoch, hash: hash_of(hash)? })
}

/// An entry in its columns.
pub(super) struct Row {
    pub(super) epoch: i64,
    pub(super) app: String,
    pub(super) site: String,
    pub(super) entry: String,
    pub(super) hash: Vec<u8>,
}

impl Row {
    /// The entry as it is found, if it can be read and is the one that its columns tell of.
    ///
    /// # Errors
    ///
    /// It cannot, or is another one.
    pub(super) fn found(&self) -> Result<Entry, Error> {
        let damaged = |what: &str| Error::Damaged(format!("entry {} of the store {what}", self.epoch));
        let entry = Entry::read(&self.entry, hash_of(&self.hash)?)
            .map_err(|why| damaged(&format!("cannot be read: {why}")))?;
        if i64::try_from(entry.epoch) != Ok(self.epoch) {
            return Err(damaged(&format!("says that it is entry {}", entry.epoch)));
        }
        if entry.installation.app != self.app || entry.installation.site != self.site {
            return Err(damaged(&format!("is filed under another installation than {}", entry.installation)));
        }
        Ok(entry)
    }

    /// The same, if its hash is right too.
    ///
    /// # Errors
    ///
    /// As [`Row::found`], or it was changed.
    pub(super) fn checked(&self) -> Result<Entry, Error> {
        let entry = self.found()?;
        if entry.is_whole() {
            return Ok(entry);
        }
        Err(Error::Damaged(format!("entry {} of the store was changed from outside", self.epoch)))
    }
}

/// What is known of an installation, by the entry that the index finds as its latest and the number that the table of
/// latest entries has.
///
/// # Errors
///
/// The two disagree, or the entry is not what was written. They are kept apart, so that damage of one of them does not
/// make an older entry the latest.
pub(super) fn latest(
    installation: &Installation,
    found: Option<&Row>,
    told: Option<i64>,
) -> Result<Option<Facts>, Error> {
    agree(installation, found.map(|row| row.epoch), told)?;
    let entry = found.map(Row::checked).transpose()?;
    Ok(entry.map(|entry| entry.facts))
}

/// The same of all installations.
///
/// # Errors
///
/// As [`latest`].
pub(super) fn snapshot(
    head: Head,
    found: &[Row],
    mut told: BTreeMap<(String, String), i64>,
) -> Result<Snapshot, Error> {
    let mut installations = BTreeMap::new();
    for row in found {
        let entry = row.checked()?;
        agree(&entry.installation, Some(row.epoch), told.remove(&(row.app.clone(), row.site.clone())))?;
        installations.insert(entry.installation, entry.facts);
    }
    if let Some(((app, site), epoch)) = told.into_iter().next() {
        agree(&Installation { app, site }, None, Some(epoch))?;
    }
    Ok(Snapshot { head, installations })
}

fn agree(installation: &Installation, found: Option<i64>, told: Option<i64>) -> Result<(), Error> {
    if found == told {
        return Ok(());
    }
    let number = |epoch: Option<i64>| epoch.map_or("none".to_owned(), |epoch| epoch.to_string());
    Err(Error::Damaged(format!(
        "which entry of {installation} is the latest, the store does not say clearly: {} by its index, {} by its table \
         of latest entries; one of them is damaged",
        number(found),
        number(told)
    )))
}

fn hash_of(bytes: &[u8]) -> Result<Hash, Error> {
    let bytes =
        bytes.try_into().map_err(|_| Error::Damaged("a hash in the store is no SHA-256".to_owned()))?;
    Ok(Hash(bytes))
}

/// A number of entries as databases keep it: no history has 2^63.
pub(super) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
