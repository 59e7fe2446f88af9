//! A small file in which a machine keeps what it has seen: whole or not at all, and durable.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Error;

/// The file. It need not be there yet.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    path: PathBuf,
    /// What people call it.
    what: &'static str,
}

impl Kept {
    pub(super) fn new(path: PathBuf, what: &'static str) -> Kept {
        Kept { path, what }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What stands in it; nothing if there is no file.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, Error> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.failed("read", &e)),
        }
    }

    /// Nobody else has the lock until it is dropped.
    pub(super) fn lock(&self) -> Result<File, Error> {
        let beside = beside(&self.path, ".lock");
        let locked = || {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder)?;
            }
            let file = File::options().create(true).append(true).open(&beside)?;
            file.lock()?;
            Ok(file)
        };
        locked().map_err(|e| self.failed("locked", &e))
    }

    /// Replaces what stands in it. Called under the lock.
    pub(super) fn write(&self, value: &Value) -> Result<(), Error> {
        self.replace(value).map_err(|e| self.failed("written", &e))
    }

    fn replace(&self, value: &Value) -> io::Result<()> {
        let beside = beside(&self.path, ".new");
        let mut file = File::create(&beside)?;
        file.write_all(format!("{value}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        // The rename is durable when the folder is; other systems than Unix do not let one sync folders.
        #[cfg(unix)]
        if let Some(folder) = self.path.parent() {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    fn failed(&self, what: &str, error: &io::Error) -> Error {
        Error::Unreachable(format!("the {} {} cannot be {what}: {error}", self.what, self.path.display()))
    }
}

/// The same path with something at the end of its name.
pub(super) fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    PathBuf::from(name)
}
