//! Findings that were there when a package began to be linted: known, and not reported again.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fingerprint::fingerprints;
use crate::diag::Diagnostic;
use crate::span::SourceMap;

/// The file that holds them. Unknown members are errors, so that a misspelt one is not lost.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Version of this layout: 1.
    version: u32,
    /// Sorted by path, code and fingerprint, so that versions compare well.
    findings: Vec<Known>,
}

/// One finding. Only the fingerprint counts; the rest is for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Where, relative to the package; empty if nowhere.
    pub path: String,
    /// Which rule.
    pub code: String,
    /// See [`super::fingerprint`].
    pub fingerprint: String,
    /// The headline when it was written.
    pub message: String,
}

impl Baseline {
    /// All of these findings.
    pub fn of(sources: &SourceMap, findings: &[Diagnostic]) -> Baseline {
        let known = |(finding, fingerprint): (&Diagnostic, String)| Known {
            path: finding.labels.first().map(|l| sources.source(l.span).path.clone()).unwrap_or_default(),
            code: finding.code.to_owned(),
            fingerprint,
            message: finding.message.clone(),
        };
        let mut findings: Vec<_> = findings.iter().zip(fingerprints(sources, findings)).map(known).collect();
        findings.sort();
        Baseline { version: 1, findings }
    }

    /// What the text of the file says.
    ///
    /// # Errors
    ///
    /// Line, from 1, and a sentence.
    pub fn read(text: &str) -> Result<Baseline, (usize, String)> {
        let baseline: Baseline = serde_json::from_str(text).map_err(|e| {
            // What the reader says of JSON is for people; what it says of values names types of this program.
            let why = e.to_string();
            let values = why.starts_with("invalid type") || why.starts_with("invalid length");
            let why = if values {
                "an object with `version` and `findings` is expected; `sprag lint --write-baseline` writes one"
                    .to_owned()
            } else {
                why
            };
            (e.line(), format!("this is no baseline: {why}"))
        })?;
        if baseline.version != 1 {
            return Err((1, format!("version {} of a baseline is not known", baseline.version)));
        }
        Ok(baseline)
    }

    /// The text of the file, with a line end.
    pub fn text(&self) -> String {
        // Strings and numbers always serialise.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// How many findings are in it.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether it has a finding of this fingerprint.
    pub fn knows(&self, fingerprint: &str) -> bool {
        self.findings.iter().any(|k| k.fingerprint == fingerprint)
    }

    /// Entries of which none of these fingerprints is.
    pub fn stale<'a>(&'a self, found: &'a BTreeSet<String>) -> impl Iterator<Item = &'a Known> {
        self.findings.iter().filter(|k| !found.contains(&k.fingerprint))
    }
}
