//! The history of a store: entries, each of which names the hash of the one before.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Error, Head, StoreId, canonical};
use crate::json;
use crate::ratchet::{Facts, Installation, Record};

/// One growth of what is known of one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The first has number 1.
    pub epoch: u64,
    /// Whose.
    pub installation: Installation,
    /// All that is known since then.
    pub facts: Facts,
    /// Who did what and why; none for what was merely observed.
    pub records: Vec<Record>,
    /// Of the entry before.
    pub previous: Hash,
    /// Of this one.
    pub hash: Hash,
    /// What is hashed: everything above in [canonical](canonical) JSON.
    pub(super) text: String,
}

/// SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for Hash {
    type Err = ();

    fn from_str(text: &str) -> Result<Hash, ()> {
        let mut bytes = [0; 32];
        let lower = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() != 64 || !text.bytes().all(lower) {
            return Err(());
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).map_err(|_| ())?;
        }
        Ok(Hash(bytes))
    }
}

/// What the first entry names as the one before: no history continues another store's.
pub(super) fn beginning(store: StoreId) -> Hash {
    hash("sprag state store 1", store.to_string().as_bytes())
}

/// The entry that follows this head.
///
/// # Errors
///
/// [`Error::Invalid`] where something cannot be written in one spelling only.
pub(super) fn next(
    head: &Head,
    installation: &Installation,
    facts: Facts,
    records: Vec<Record>,
) -> Result<Entry, Error> {
    let Installation { app, site } = installation;
    let epoch = head.epoch + 1;
    let value = json!({
        "app": app,
        "epoch": epoch,
        "facts": facts,
        "previous": head.hash.to_string(),
        "records": records,
        "site": site,
    });
    let text = canonical::text(&value)
        .ok_or_else(|| Error::Invalid("facts and records hold whole numbers of 64 bits only".to_owned()))?;
    Ok(Entry {
        epoch,
        installation: installation.clone(),
        facts,
        records,
        previous: head.hash,
        hash: hash(ENTRY, text.as_bytes()),
        text,
    })
}

impl Entry {
    /// Reads what was hashed. Whether the hash is that of the text, [`Verifier`] says.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(super) fn read(text: &str, hash: Hash) -> Result<Entry, String> {
        let value = json::parse(text.as_bytes()).map_err(|e| format!("no JSON: {e}"))?;
        Entry::of_value(value, hash, text)
    }

    /// Reads a line of an export.
    ///
    /// # Errors
    ///
    /// What is wrong with the line.
    pub fn of_line(line: &str) -> Result<Entry, String> {
        let mut value = json::parse(line.as_bytes()).map_err(|e| format!("no JSON: {e}"))?;
        let hash = value.as_object_mut().and_then(|members| members.shift_remove("hash"));
        let hash = hash.as_ref().and_then(Value::as_str).and_then(|text| text.parse().ok());
        let hash = hash.ok_or("`hash` is no SHA-256 in 64 lower-case hexadecimal digits")?;
        let text = canonical::text(&value).ok_or("it holds a number that is not whole")?;
        Entry::of_value(value, hash, &text)
    }

    fn of_value(value: Value, hash: Hash, text: &str) -> Result<Entry, String> {
        let Value::Object(mut members) = value else { return Err("no JSON object".to_owned()) };
        let mut take = |name: &str| members.shift_remove(name).ok_or(format!("`{name}` is missing"));
        let string = |name: &str, value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(format!("`{name}` is no string")),
        };
        let (app, site) = (string("app", take("app")?)?, string("site", take("site")?)?);
        let epoch = take("epoch")?.as_u64().ok_or("`epoch` is no whole number")?;
        let previous = string("previous", take("previous")?)?;
        let previous = previous.parse().map_err(|()| "`previous` is no SHA-256".to_owned())?;
        let facts = serde_json::from_value(take("facts")?).map_err(|e| format!("facts: {e}"))?;
        let records = serde_json::from_value(take("records")?).map_err(|e| format!("records: {e}"))?;
        if let Some(name) = members.keys().next() {
            return Err(format!("`{name}` means nothing here"));
        }
        let installation = Installation { app, site };
        super::named(&installation).map_err(|e| e.to_string())?;
        Ok(Entry { epoch, installation, facts, records, previous, hash, text: text.to_owned() })
    }

    /// A line of an export.
    pub fn line(&self) -> String {
        // The text is an object and ends with a brace.
        let body = self.text.strip_suffix('}').unwrap_or(&self.text);
        format!("{body},\"hash\":\"{}\"}}", self.hash)
    }

    /// Whether the hash is that of the text.
    pub(super) fn is_whole(&self) -> bool {
        hash(ENTRY, self.text.as_bytes()) == self.hash
    }
}

const ENTRY: &str = "sprag state entry 1";

/// The domain keeps a hash from ever meaning something else than what it was made for.
fn hash(domain: &str, bytes: &[u8]) -> Hash {
    let hash = Sha256::new().chain_update(domain).chain_update([0]).chain_update(bytes).finalize();
    Hash(hash.into())
}
