//! What is known of one installation: only sets and maps that grow, and registers that keep the greatest or least.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::join::{Earliest, Join, Latest, Newest, join_members};
use super::marks::{Marks, Seen, Target};

/// An app on a site.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installation {
    /// The app's key.
    pub app: String,
    /// The site, as `install.site` names it.
    pub site: String,
}

impl fmt::Display for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.app, self.site)
    }
}

/// The join of all that was ever told of an installation. Names, not numbers: it outlives a policy.
///
/// Joining is associative, commutative and idempotent because it is that of each member. Less power is more facts
/// in [`Facts::marks`]; more power is a vote, which names the marks that it overrides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Facts {
    /// The highest time seen.
    pub clock: Latest,
    /// When it was installed first. Nothing: it is not known to be installed.
    pub installed: Earliest,
    /// By name, when an event was reported first.
    pub events: BTreeMap<String, Earliest>,
    /// By name and who took the report, how often an event was reported.
    pub reports: BTreeMap<String, Seen>,
    /// By ratchet and stage, when the stage was reached first.
    pub reached: BTreeMap<String, BTreeMap<String, Earliest>>,
    /// By scope, the latest permitted request that needed it.
    pub used: BTreeMap<String, Latest>,
    /// By operation and who counted, how often it succeeded.
    pub successes: BTreeMap<String, Seen>,
    /// All turns and withdrawals.
    pub marks: Marks,
    /// By approval, who gave it and how.
    pub votes: BTreeMap<String, BTreeSet<Vote>>,
    /// Approvals that are over.
    pub ended: BTreeSet<String>,
    /// Versions of the app that were seen here.
    pub versions: BTreeMap<String, Version>,
    /// The version that was told of last.
    pub running: Newest,
    /// By name of a catalog, the digests of those that were taken in: what they opened is either marked or approved.
    pub catalogs: BTreeMap<String, BTreeSet<String>>,
}

join_members!(Facts {
    clock,
    installed,
    events,
    reports,
    reached,
    used,
    successes,
    marks,
    votes,
    ended,
    versions,
    running,
    catalogs,
});

impl Facts {
    /// Takes in what the other knows; whether that was more than was known.
    pub fn join(&mut self, other: &Facts) -> bool {
        Join::join(self, other)
    }

    /// Whether nothing that the other knows is new.
    pub fn includes(&self, other: &Facts) -> bool {
        Join::includes(self, other)
    }

    /// As JSON in one line, the same bytes for the same facts.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() // names and numbers only: it cannot fail
    }

    /// Reads what [`Facts::to_json`] wrote.
    ///
    /// # Errors
    /// Not JSON, a member that is not known or stands twice, or a version that is not known: whoever guesses at
    /// facts may give back what they took.
    pub fn from_json(text: &[u8]) -> Result<Facts, FactsError> {
        let value = crate::json::parse(text).map_err(|error| FactsError(error.to_string()))?;
        serde_json::from_value(value).map_err(|error| FactsError(error.to_string()))
    }
}

/// One person's part in an approval. Never changed once given.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// What may be again.
    pub what: BTreeSet<Target>,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When, by the clock of the one who wrote it.
    pub at: i64,
    /// The highest time seen then.
    pub mark: i64,
    /// For how many seconds; without end if not said.
    pub seconds: Option<i64>,
    /// How many must give it.
    pub needed: u32,
    /// Groups in which a directory says the person is; those that the policy declares are not asked for here.
    pub groups: BTreeSet<String>,
    /// The marks that it overrides: those known when it was given.
    pub seen: Marks,
}

/// What is known of a version of the app.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The scopes that it asks for.
    pub asks: BTreeSet<String>,
    /// When it was seen first.
    pub seen: Earliest,
}

join_members!(Version { asks, seen });

/// What kept facts from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactsError(String);

impl fmt::Display for FactsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FactsError {}

/// The version of the JSON form that is written.
const VERSION: u32 = 1;

/// The JSON form. Members that are empty are left out.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    clock: Latest,
    #[serde(default, skip_serializing_if = "is_default")]
    installed: Earliest,
    #[serde(default, skip_serializing_if = "is_default")]
    events: BTreeMap<String, Earliest>,
    #[serde(default, skip_serializing_if = "is_default")]
    reports: BTreeMap<String, Seen>,
    #[serde(default, skip_serializing_if = "is_default")]
    reached: BTreeMap<String, BTreeMap<String, Earliest>>,
    #[serde(default, skip_serializing_if = "is_default")]
    used: BTreeMap<String, Latest>,
    #[serde(default, skip_serializing_if = "is_default")]
    successes: BTreeMap<String, Seen>,
    #[serde(default, skip_serializing_if = "is_default")]
    marks: Marks,
    #[serde(default, skip_serializing_if = "is_default")]
    votes: BTreeMap<String, BTreeSet<Vote>>,
    #[serde(default, skip_serializing_if = "is_default")]
    ended: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    versions: BTreeMap<String, Version>,
    #[serde(default, skip_serializing_if = "is_default")]
    running: Newest,
    #[serde(default, skip_serializing_if = "is_default")]
    catalogs: BTreeMap<String, BTreeSet<String>>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Both ways name every member, so that the compiler finds one that is forgotten.
macro_rules! same_members {
    ($($member:ident),* $(,)?) => {
        impl From<Facts> for Wire {
            fn from(facts: Facts) -> Wire {
                let Facts { $($member),* } = facts;
                Wire { version: VERSION, $($member),* }
            }
        }

        impl TryFrom<Wire> for Facts {
            type Error = String;

            fn try_from(wire: Wire) -> Result<Facts, String> {
                let Wire { version, $($member),* } = wire;
                if version != VERSION {
                    return Err(format!("facts of version {version}; this program knows version {VERSION}"));
                }
                Ok(Facts { $($member),* })
            }
        }
    };
}

same_members!(
    clock, installed, events, reports, reached, used, successes, marks, votes, ended, versions, running,
    catalogs,
);
