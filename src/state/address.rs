//! What people call a store: `sqlite:PATH` or `postgres://…`.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Error, Store};

/// Parameters of a URL that say how to connect, not to what.
const HOW: [&str; 4] = ["sslmode", "sslrootcert", "sslnegotiation", "channel_binding"];

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A file.
    Sqlite(PathBuf),
    /// A database, by the URL that all of PostgreSQL's programs take.
    Postgres(String),
}

impl Address {
    /// Reads an address. Files are as seen from `folder`.
    ///
    /// # Errors
    ///
    /// A sentence: it is none.
    pub fn parse(text: &str, folder: &Path) -> Result<Address, String> {
        if let Some(path) = text.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            return Ok(Address::Sqlite(folder.join(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Address::Postgres(text.to_owned()));
        }
        // It may hold a password, so it is not repeated.
        Err("a store is named sqlite:PATH or postgres://USER@HOST/DATABASE".to_owned())
    }

    /// Opens the store.
    ///
    /// # Errors
    ///
    /// There is none, it cannot be used, or this program was built without this kind.
    pub fn open(&self) -> Result<Box<dyn Store>, Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Address::Sqlite(path) => Ok(Box::new(super::Sqlite::open(path)?)),
            #[cfg(feature = "postgres")]
            Address::Postgres(url) => Ok(Box::new(super::Postgres::open(url)?)),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => Err(self.unknown()), // those that are left out above
        }
    }

    /// Opens the store, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// As [`Address::open`].
    pub fn create(&self) -> Result<Box<dyn Store>, Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Address::Sqlite(path) => Ok(Box::new(super::Sqlite::create(path)?)),
            #[cfg(feature = "postgres")]
            Address::Postgres(url) => Ok(Box::new(super::Postgres::create(url)?)),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => Err(self.unknown()), // those that are left out above
        }
    }

    /// All of the address that says which store it is: without passwords and without how it is encrypted, so that it
    /// stays when they change; a file by its real path, so that no other way to write it is the name of another store.
    pub fn name(&self) -> String {
        let url = match self {
            Address::Postgres(url) => url,
            Address::Sqlite(path) => return Address::Sqlite(real(path)).to_string(),
        };
        let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
        let names = |p: &str| {
            let name = p.split_once('=').map_or(p, |(name, _)| name);
            !name.is_empty() && name != "password" && !HOW.contains(&name)
        };
        let kept = parameters.split('&').filter(|parameter| names(parameter));
        kept.fold(self.to_string(), |name, parameter| format!("{name}&{parameter}"))
    }

    #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
    fn unknown(&self) -> Error {
        Error::Invalid(format!("this program was built without the kind of store that {self} is"))
    }
}

/// The path without links and `..`, as far as there is something.
fn real(path: &Path) -> PathBuf {
    let folder = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(folder).unwrap_or_else(|| path.to_owned())
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Without passwords.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Address::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", ""));
                let rest = rest.split('?').next().unwrap_or_default();
                let end = rest.find('/').unwrap_or(rest.len());
                let (authority, path) = rest.split_at(end);
                match authority.rsplit_once('@') {
                    Some((who, host)) => {
                        let user = who.split(':').next().unwrap_or_default();
                        write!(f, "{scheme}://{user}@{host}{path}")
                    }
                    None => write!(f, "{scheme}://{authority}{path}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: Option<&str>) {
        let address = Address::parse(text, Path::new("/here"));
        assert_eq!(address.ok().map(|a| a.to_string()).as_deref(), shown);
    }

    #[test]
    fn addresses_are_read_and_shown_without_passwords() {
        check("sqlite:state.db", Some("sqlite:/here/state.db"));
        check("sqlite:/a/b", Some("sqlite:/a/b"));
        check(
            "postgres://ann:secret@db.acme.com:5433/state?password=x",
            Some("postgres://ann@db.acme.com:5433/state"),
        );
        check("postgresql:///state?host=/run&password=x", Some("postgresql:///state"));
        check("postgres://db", Some("postgres://db"));
        check("sqlite:", None);
        check("state.db", None);
        check("memory", None);
    }

    #[test]
    fn names_tell_stores_apart_and_not_passwords() {
        let name = |text: &str| Address::parse(text, Path::new("/here")).unwrap().name();
        assert_ne!(name("postgres:///state?host=/run/a"), name("postgres:///state?host=/run/b"));
        assert_eq!(
            name("postgres:///state?host=/a&password=x"),
            name("postgres:///state?password=y&host=/a")
        );
        assert_eq!(name("postgres://ann:x@db/state"), name("postgres://ann:y@db/state"));
        assert_eq!(
            name("postgres://db/state?sslmode=verify-full&sslrootcert=%2Fca.pem&application_name=x"),
            name("postgres://db/state?application_name=x")
        );
        assert_eq!(name("sqlite:state.db"), "sqlite:/here/state.db");
    }

    #[test]
    fn a_file_has_one_name_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let [here, below] = [folder.path().to_owned(), folder.path().join("below")];
        std::fs::create_dir(&below).unwrap();
        let names = || {
            let name = |text: &str, from: &Path| Address::parse(text, from).unwrap().name();
            [
                name("sqlite:state.db", &here),
                name("sqlite:./below/../state.db", &here),
                name("sqlite:../state.db", &below),
            ]
        };
        let before = names();
        std::fs::write(here.join("state.db"), "").unwrap();
        assert!(before.iter().chain(&names()).all(|name| *name == before[0]), "{before:?}");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(here.join("state.db"), below.join("link.db")).unwrap();
            assert_eq!(Address::parse("sqlite:link.db", &below).unwrap().name(), before[0]);
        }
    }
}
