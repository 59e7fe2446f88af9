//! Findings: facts of the analysis as diagnostics, each with a code, a page and, where one is unique, a fix.
//!
//! # To add a rule
//!
//! 1. `rules/x.rs`: a `pub(crate) static RULE: Rule` and its `check`, a pure function from the [`Subject`] to
//!    findings. A finding begins with `RULE.finding("headline")`; places, notes, flow and fix are added as to any
//!    [`Diagnostic`]. The first label decides where it is shown, which file it belongs to, and whether a comment
//!    or a baseline covers it, so every finding has one. The level is not the rule's business: it is put in later.
//! 2. `rules/x.md`: its page, which is the documentation, what `sprag explain CODE` prints, and its test
//!    (`tests/lint_pages.rs` says how a page looks).
//! 3. Two lines here: in `rules`, and in [`RULES`].
//! 4. `BLESS=1 cargo test --test lint_pages` writes the table of `docs/lint.md` and the `fixed` blocks.
//!
//! What several rules need to know is a fact: a function in `analysis`, and a lazy accessor of [`Subject`].
//!
//! A rule is named for the pattern that it finds, so that `allow standing-admin` reads as a sentence. The first
//! two digits of the code say what it is about, see [`FAMILIES`].

pub mod baseline;
mod chains;
pub mod edits;
pub mod fingerprint;
pub mod fixes;
mod idle;
mod privilege;
pub mod proofs;
pub mod run;
pub mod select;
pub mod subject;
pub mod suppressions;

mod rules {
    pub(super) mod both_alternatives;
    pub(super) mod classified_power;
    pub(super) mod contradictory_guarantees;
    pub(super) mod covered_scope;
    pub(super) mod defeated_narrowing;
    pub(super) mod defeated_selection;
    pub(super) mod empty_group;
    pub(super) mod expired_suppression;
    pub(super) mod idle_assignment;
    pub(super) mod idle_forbid;
    pub(super) mod idle_guarantee;
    pub(super) mod idle_permit;
    pub(super) mod idle_reopening;
    pub(super) mod idle_stage;
    pub(super) mod idle_test;
    pub(super) mod indirect_gain;
    pub(super) mod long_app_list;
    pub(super) mod long_coverage;
    pub(super) mod malformed_suppression;
    pub(super) mod open_ended_permit;
    pub(super) mod other_door;
    pub(super) mod overridden_permit;
    pub(super) mod reach_beyond_policy;
    pub(super) mod reach_everywhere;
    pub(super) mod redundant_rule;
    pub(super) mod rule_without_setting;
    pub(super) mod self_promotion;
    pub(super) mod smaller_grant;
    pub(super) mod stale_baseline;
    pub(super) mod standing_admin;
    pub(super) mod target_gap;
    pub(super) mod target_limit;
    pub(super) mod trust_circle;
    pub(super) mod uncovered_power;
    pub(super) mod unattended_power;
    pub(super) mod unconfined_power;
    pub(super) mod undecided_question;
    pub(super) mod undone_delegation;
    pub(super) mod unenforceable_rule;
    pub(super) mod unexplained_rule;
    pub(super) mod unheld_role;
    pub(super) mod unknown_suppression;
    pub(super) mod unlogged_power;
    pub(super) mod unmatched_rule;
    pub(super) mod unneeded_scope;
    pub(super) mod unreached_container;
    pub(super) mod untested_app;
    pub(super) mod unused_suppression;
    pub(super) mod wide_scope;
    pub(super) mod write_held_for_read;
}

pub use run::{Outcome, Settings, Suppressed, run};
pub use subject::Subject;

use crate::diag::{Diagnostic, Severity};

/// Every rule, sorted by code.
pub static RULES: &[&Rule] = &[
    &rules::unneeded_scope::RULE,
    &rules::standing_admin::RULE,
    &rules::covered_scope::RULE,
    &rules::both_alternatives::RULE,
    &rules::wide_scope::RULE,
    &rules::reach_beyond_policy::RULE,
    &rules::write_held_for_read::RULE,
    &rules::unattended_power::RULE,
    &rules::unconfined_power::RULE,
    &rules::classified_power::RULE,
    &rules::defeated_narrowing::RULE,
    &rules::undone_delegation::RULE,
    &rules::reach_everywhere::RULE,
    &rules::defeated_selection::RULE,
    &rules::smaller_grant::RULE,
    &rules::unmatched_rule::RULE,
    &rules::redundant_rule::RULE,
    &rules::overridden_permit::RULE,
    &rules::idle_permit::RULE,
    &rules::idle_forbid::RULE,
    &rules::idle_assignment::RULE,
    &rules::idle_test::RULE,
    &rules::unreached_container::RULE,
    &rules::idle_reopening::RULE,
    &rules::undecided_question::RULE,
    &rules::unheld_role::RULE,
    &rules::empty_group::RULE,
    &rules::untested_app::RULE,
    &rules::unexplained_rule::RULE,
    &rules::open_ended_permit::RULE,
    &rules::contradictory_guarantees::RULE,
    &rules::idle_guarantee::RULE,
    &rules::self_promotion::RULE,
    &rules::trust_circle::RULE,
    &rules::indirect_gain::RULE,
    &rules::idle_stage::RULE,
    &rules::other_door::RULE,
    &rules::unenforceable_rule::RULE,
    &rules::long_app_list::RULE,
    &rules::target_gap::RULE,
    &rules::target_limit::RULE,
    &rules::rule_without_setting::RULE,
    &rules::long_coverage::RULE,
    &rules::uncovered_power::RULE,
    &rules::unlogged_power::RULE,
    &rules::malformed_suppression::RULE,
    &rules::unknown_suppression::RULE,
    &rules::expired_suppression::RULE,
    &rules::unused_suppression::RULE,
    &rules::stale_baseline::RULE,
];

/// The beginnings of codes, and what rules with such a code are about.
pub const FAMILIES: &[(&str, &str)] = &[
    ("SPR01", "more privilege than needed"),
    ("SPR02", "dead or dangerous policy"),
    ("SPR03", "guarantees"),
    ("SPR04", "escalation"),
    ("SPR05", "ratchets"),
    ("SPR06", "what the platform does not enforce"),
    ("SPR09", "suppressions and baselines"),
];

/// A pattern that is looked for.
#[derive(Debug)]
pub struct Rule {
    /// `SPR` and four digits; never given to another rule.
    pub code: &'static str,
    /// The pattern in a few words joined by `-`.
    pub name: &'static str,
    /// What it is, in a line: lower case, no full stop.
    pub title: &'static str,
    /// How much a finding weighs unless the package says otherwise.
    pub default: Level,
    /// Its page, in Markdown.
    pub page: &'static str,
    /// Numbers that it compares with, which a package may set.
    pub thresholds: &'static [&'static Threshold],
    /// Adds what it finds.
    pub check: fn(&Subject<'_>, &mut Vec<Diagnostic>),
}

impl Rule {
    /// The beginning of a finding; its severity is set when all rules have run.
    pub fn finding(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.default.severity().unwrap_or(Severity::Warning), self.code, message)
    }

    /// The rule of that code or name.
    pub fn named(code_or_name: &str) -> Option<&'static Rule> {
        RULES.iter().copied().find(|r| r.code == code_or_name || r.name == code_or_name)
    }
}

/// How much findings of a rule weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The rule does not run.
    Off,
    /// Worth knowing.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Must not stay.
    Error,
}

impl Level {
    /// All, the lightest first.
    pub const ALL: [Level; 4] = [Level::Off, Level::Note, Level::Warning, Level::Error];

    /// The word in `sprag.toml` and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }

    /// The severity of a finding at this level; none where the rule does not run.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Level::Off => None,
            Level::Note => Some(Severity::Note),
            Level::Warning => Some(Severity::Warning),
            Level::Error => Some(Severity::Error),
        }
    }
}

/// A number that rules compare with; `[lint.thresholds]` of a package sets it. Read it with
/// [`Subject::threshold`].
#[derive(Debug)]
pub struct Threshold {
    /// Its name in `sprag.toml`, unique.
    pub name: &'static str,
    /// What is counted, in a line.
    pub title: &'static str,
    /// Its value unless the package says otherwise.
    pub default: u64,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_sorted() {
        assert!(RULES.is_sorted_by(|a, b| a.code < b.code), "{:?}", codes());
        let names: BTreeSet<_> = RULES.iter().map(|r| r.name).collect();
        assert_eq!(names.len(), RULES.len(), "a name stands twice");
        let thresholds: Vec<_> = RULES.iter().flat_map(|r| r.thresholds).collect();
        let names: BTreeSet<_> = thresholds.iter().map(|t| t.name).collect();
        let homes: BTreeSet<_> = thresholds.iter().map(|t| std::ptr::from_ref(**t)).collect();
        assert_eq!(names.len(), homes.len(), "two thresholds have one name");
    }

    #[test]
    fn every_code_belongs_to_a_family() {
        for code in codes() {
            let digits = code.strip_prefix("SPR").unwrap_or_default();
            assert!(digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()), "{code}");
            assert!(FAMILIES.iter().any(|(family, _)| code.starts_with(family)), "{code} has no family");
        }
    }

    #[test]
    fn names_are_words_joined_by_hyphens_and_titles_are_short_phrases() {
        for rule in RULES {
            let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase());
            assert!(rule.name.split('-').all(word) && rule.name.contains('-'), "{}", rule.name);
            assert!(rule.title.len() < 100 && !rule.title.ends_with('.'), "{}", rule.title);
            assert!(rule.title.starts_with(char::is_lowercase), "{}", rule.title);
        }
    }

    fn codes() -> Vec<&'static str> {
        RULES.iter().map(|r| r.code).collect()
    }
}
