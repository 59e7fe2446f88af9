//! One line of the audit, as plain data; who keeps it chains it to the line before.

use serde::{Deserialize, Serialize};

/// What happened to an installation's power.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Who did it or told of it: a person, a system, or `time`.
    pub who: String,
    /// What was done: `installed`, `turn`, `withdraw`, `approve`, `reopen` …
    pub what: String,
    /// What it is about: `setup.configured`, `scope WRITE`.
    pub on: String,
    /// How it stood, in words.
    pub before: String,
    /// How it stands now.
    pub after: String,
    /// The reason given; for a turn, what turned it.
    pub why: String,
    /// Seconds since 1970, by the clock of the one who wrote it.
    pub when: i64,
}
