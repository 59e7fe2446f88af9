//! Which store, and which witness of it; when it is.

use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::cli::{Context, failed};
use crate::state::{Address, Error, Store, Witness, Witnessed};

/// Where the state is.
#[derive(Debug, clap::Args)]
pub(crate) struct StoreArgs {
    /// The store: sqlite:PATH or postgres://USER@HOST/DATABASE.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) store: String,
    /// Where to keep what was seen of the store; a file of its own in the user's folder for state if missing.
    #[arg(long, value_name = "FILE")]
    pub(crate) witness: Option<PathBuf>,
}

impl StoreArgs {
    /// The store, compared with what was seen of it.
    pub(crate) fn open(&self, cx: &Context<'_>) -> io::Result<Witnessed> {
        let store = self.raw(cx)?;
        Witnessed::new(store, self.witness(cx)?).map_err(says)
    }

    /// The store as it is, whatever was seen of it.
    pub(crate) fn raw(&self, cx: &Context<'_>) -> io::Result<Box<dyn Store>> {
        self.address(cx)?.open().map_err(says)
    }

    /// The store, which is made if there is none.
    pub(crate) fn create(&self, cx: &Context<'_>) -> io::Result<Box<dyn Store>> {
        self.address(cx)?.create().map_err(says)
    }

    /// What was seen of the store.
    pub(crate) fn witness(&self, cx: &Context<'_>) -> io::Result<Witness> {
        if let Some(path) = &self.witness {
            return Ok(Witness::new(cx.cwd.join(path)));
        }
        let address = self.address(cx)?;
        let folder = folder().ok_or_else(|| {
            failed("there is no folder for state, neither XDG_STATE_HOME nor HOME is set; name a --witness")
        })?;
        // By address, not by what the store says of itself: another store at the same place must be noticed.
        let digest = Sha256::digest(address.name().as_bytes());
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(Witness::new(folder.join("sprag").join("witness").join(name)))
    }

    fn address(&self, cx: &Context<'_>) -> io::Result<Address> {
        Address::parse(&self.store, &cx.cwd).map_err(failed)
    }
}

fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let local = || set("LOCALAPPDATA"); // Windows
    set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state"))).or_else(local)
}

/// The sentence for people.
pub(crate) fn says(error: Error) -> io::Error {
    match &error {
        Error::Missing(why) => failed(format!("{why}; `sprag ratchet init` makes one")),
        Error::Unreachable(_)
        | Error::Uncertain(_)
        | Error::Invalid(_)
        | Error::Damaged(_)
        | Error::RolledBack(_) => failed(error.to_string()),
    }
}

/// Seconds since 1970: what was said, else the clock's.
pub(crate) fn time(said: Option<&str>) -> io::Result<i64> {
    if let Some(text) = said {
        let seconds = text.parse().ok();
        let instant = || text.parse::<jiff::Timestamp>().ok().map(|instant| instant.as_second());
        return seconds.or_else(instant).ok_or_else(|| {
            failed(format!(
                "`{text}` is no time as 2026-12-31T12:00:00Z, and no number of seconds since 1970"
            ))
        });
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let seconds = since.and_then(|since| i64::try_from(since.as_secs()).ok());
    seconds.ok_or_else(|| failed("the clock of this machine stands before 1970; name a time with --at"))
}

/// Seconds in words such as `2h` or `1d12h`.
pub(crate) fn duration(text: &str) -> Result<i64, String> {
    crate::authzen::seconds(text).ok_or_else(|| format!("`{text}` is no duration as 2h, 30m or 1d12h"))
}
