//! Targets: what a platform can enforce itself, made from a policy, and what it cannot.
//!
//! A target turns what the policy permits into the platform's own settings, and says by its [`Settings::lets`] when
//! the platform, so set, lets a request through. That is a condition like any other, so that the regions answer
//! exactly where it lets through what the policy denies: that is the gap (`gap`), told with a request for each cause.
//! [`Settings::permits`] is the same platform once more, as a small program over one request, written from its
//! documentation; the tests hold both against the evaluator on every request of small packages.
//!
//! Where settings cannot say what the policy says, there is a choice. By default they break nothing: they are the
//! tightest that the target finds that still let through everything that the policy permits, and what they let
//! through besides is the gap. Strict settings let through nothing that the policy denies, as far as the platform
//! can be told; what they break is listed as well.
//!
//! # To add a target
//!
//! 1. `x.rs`: a `pub(super) static TARGET: &dyn Target`, its settings with `text`, `lets` and `permits`.
//! 2. Two lines here: its `mod`, and in [`TARGETS`].

mod atlassian_app_access;
mod atlassian_data_security;
mod exchange_access_policy;
mod exchange_rbac;
mod fence;
mod forge_egress;
mod forge_manifest;
pub mod gap;
mod github_app;
mod policy;
mod quote;
mod report;
mod rovo;
mod rovo_mcp;
mod scopes;
mod words;

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde_json::Value;

pub use gap::{Cause, Gap, Lost, Why};
pub use policy::Policy;
pub use report::{Report, build, cause, json, markdown, summary, text, why};

use crate::request::Request;
use crate::sema::model::{AppId, ClauseId, Condition, Model, OperationId};

/// All targets, sorted by name.
pub static TARGETS: &[&dyn Target] = &[
    atlassian_app_access::TARGET,
    atlassian_data_security::TARGET,
    exchange_access_policy::TARGET,
    exchange_rbac::TARGET,
    forge_manifest::TARGET,
    github_app::TARGET,
    rovo::TARGET,
    rovo_mcp::TARGET,
];

/// The target of that name.
pub fn named(name: &str) -> Option<&'static dyn Target> {
    TARGETS.iter().copied().find(|target| target.about().name == name)
}

/// A control of a platform.
pub trait Target: Debug + Sync {
    /// What it is and can do.
    fn about(&self) -> &'static About;

    /// Whether the app's calls of the operation are what it is set up for: of others, nothing is said.
    fn speaks_of(&self, model: &Model, app: AppId, operation: OperationId) -> bool;

    /// The settings for these apps.
    fn plan(&self, policy: &Policy<'_>, options: &Options) -> Plan;
}

/// What a target is and can do, as far as its documentation says.
#[derive(Debug)]
pub struct About {
    /// Its name: words joined by hyphens.
    pub name: &'static str,
    /// What it is, in a line.
    pub title: &'static str,
    /// What it can tell requests apart by.
    pub sees: &'static [Sees],
    /// What it has only so many of.
    pub limits: &'static [Limit],
    /// How long what was withdrawn may still work, in a few words.
    pub stale: &'static str,
    /// Where that is documented.
    pub source: &'static str,
}

/// Something that a target can tell requests apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sees {
    /// The app.
    Apps,
    /// Groups of operations, by these words of the platform.
    Operations(&'static str),
    /// An attribute of the request.
    Attribute(&'static str),
}

impl Sees {
    /// In a few words.
    pub fn words(self) -> String {
        match self {
            Sees::Apps => "the app".to_owned(),
            Sees::Operations(by) => format!("operations by {by}"),
            Sees::Attribute(name) => format!("`{name}`"),
        }
    }
}

/// A limit that the platform documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is counted.
    pub what: &'static str,
    /// How many there can be.
    pub most: usize,
}

/// How settings are made.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Let nothing through that the policy denies, even if that breaks what it permits.
    pub strict: bool,
    /// Only for these apps; `None`: all.
    pub apps: Option<BTreeSet<AppId>>,
}

/// Settings, and where the platform's limits were in the way.
#[derive(Debug)]
pub struct Plan {
    /// The settings.
    pub settings: Box<dyn Settings>,
    /// What the platform has too little room for, or what somebody has to do besides.
    pub notes: Vec<Note>,
}

/// Something about the settings that people must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The sentence: lower case, no full stop.
    pub text: String,
    /// The limit that was in the way, if one was.
    pub limit: Option<Limit>,
    /// The app it is about, if it is about one.
    pub app: Option<AppId>,
}

/// What the platform is told.
pub trait Settings: Debug + Send + Sync {
    /// In the platform's own words: commands, a manifest, or JSON; with a newline at the end.
    fn text(&self) -> String;

    /// As JSON, for programs.
    fn json(&self) -> Value;

    /// When the platform, so set, lets a request of the app for the operation through.
    fn lets(&self, model: &Model, app: AppId, operation: OperationId) -> Lets;

    /// Whether what the clause takes out of a list is taken out by the platform as well.
    fn filters(&self, model: &Model, app: AppId, operation: OperationId, clause: ClauseId) -> bool {
        let _ = (model, app, operation, clause);
        false
    }

    /// Whether the platform, so set, permits the request. `None` where the request does not say what the platform
    /// would know, such as the container.
    fn permits(&self, model: &Model, request: &Request) -> Option<bool>;
}

/// When a platform lets requests through.
#[derive(Debug, Clone)]
pub struct Lets {
    /// When it certainly holds, they pass.
    pub when: Condition,
    /// Whether the settings bear on the operation: else it passes whatever they are, as far as its scopes reach.
    pub covers: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_sorted_and_named_in_words() {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.about().name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        for name in names {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
            assert_eq!(named(name).map(|target| target.about().name), Some(name));
        }
    }

    #[test]
    fn every_target_says_what_it_sees_and_where_that_stands() {
        for about in TARGETS.iter().map(|target| target.about()) {
            assert!(
                !about.sees.is_empty() && !about.source.is_empty() && !about.stale.is_empty(),
                "{about:?}"
            );
            assert!(!about.title.ends_with('.') && about.title.len() < 100, "{}", about.title);
        }
    }
}
