//! The highest time by which anything was decided here: a clock that goes back gives nothing back.

use std::path::Path;

use serde_json::{Value, json};

use super::kept::{Kept, beside};
use super::{Error, Witness};
use crate::json;

/// A small file beside the [`Witness`] of a store with the highest time by which this machine has decided.
///
/// The facts of an installation know the highest time that an entry told of. What time turned and ended between two
/// entries is not written anywhere else.
#[derive(Debug, Clone)]
pub struct HighestTime {
    file: Kept,
}

const FORMAT: &str = "sprag-time-1";

impl HighestTime {
    /// That beside the witness.
    pub fn of(witness: &Witness) -> HighestTime {
        HighestTime { file: Kept::new(beside(witness.path(), ".time"), "memory of time") }
    }

    /// Where it is kept.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The highest so far, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read.
    pub fn seen(&self) -> Result<Option<i64>, Error> {
        let Some(bytes) = self.file.read()? else { return Ok(None) };
        let value = json::parse(&bytes).ok().filter(|value| value.get("format") == Some(&json!(FORMAT)));
        let time = value.as_ref().and_then(|value| value.get("decided")).and_then(Value::as_i64);
        let what = || format!("{} is no memory of time", self.path().display());
        time.map(Some).ok_or_else(|| Error::Damaged(what()))
    }

    /// Takes in what time it is, and says the highest so far. After this has returned, it is known also after a crash:
    /// at most once in a second there is something to write.
    ///
    /// # Errors
    ///
    /// It cannot be read or written.
    pub fn see(&self, now: i64) -> Result<i64, Error> {
        if let Some(highest) = self.seen()?.filter(|highest| *highest >= now) {
            return Ok(highest);
        }
        let _lock = self.file.lock()?;
        let highest = self.seen()?.filter(|highest| *highest >= now);
        if let Some(highest) = highest {
            return Ok(highest);
        }
        self.file.write(&json!({ "format": FORMAT, "decided": now }))?;
        Ok(now)
    }
}
