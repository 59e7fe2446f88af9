//! What differs between two policies or catalogs as bytes, one file per format.

mod catalogs;
mod findings;
mod json;
mod markdown;
mod sarif;
mod text;

use std::collections::BTreeSet;
use std::io::{self, Write};

use num_bigint::BigUint;

use super::{Look, count};
use crate::analysis::catalogs::{Opened, Reach};
use crate::analysis::causes::Cause;
use crate::analysis::diff::{Delta, PolicyDiff};
use crate::analysis::eased::{Eased, Subject};
use crate::analysis::forgotten::{Forgotten, Gone};
use crate::analysis::phrases;
use crate::analysis::widening::{Approvals, Gate, Standing, Surplus};
use crate::sema::model::{AppId, Model};
use crate::span::{SourceMap, Span};

/// Everything that there is to tell.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The old and the new one.
    pub sides: [Side<'a>; 2],
    /// What differs.
    pub diff: &'a PolicyDiff,
    /// Whether it was approved, if that was asked.
    pub approvals: Option<&'a Approvals>,
    /// Permission model and scopes, and what changes for who holds them.
    pub holding: &'a [(String, BTreeSet<String>, Reach)],
    /// The page of a code, in Markdown.
    pub page: fn(&str) -> Option<&'static str>,
}

/// One of the two that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What people call it.
    pub name: &'a str,
    /// What it says.
    pub model: &'a Model,
    /// Its sources, with paths for people.
    pub sources: &'a SourceMap,
}

/// A way to write a comparison.
#[derive(Debug)]
pub struct DiffFormat {
    /// As on the command line.
    pub name: &'static str,
    /// What it is good for, in a few words.
    pub title: &'static str,
    /// Writes it.
    pub write: fn(&Comparison<'_>, &Look, &mut dyn Write) -> io::Result<()>,
}

/// Every format for comparisons, the default one first.
pub static DIFF_FORMATS: &[&DiffFormat] = &[&text::FORMAT, &markdown::FORMAT, &json::FORMAT, &sarif::FORMAT];

/// The format for comparisons with this name.
pub fn diff_format(name: &str) -> Option<&'static DiffFormat> {
    DIFF_FORMATS.iter().copied().find(|f| f.name == name)
}

/// More operations that are opened are counted, not told.
const MOST_OPENED: usize = 20;

impl Comparison<'_> {
    /// Whether all that grew was approved, and nothing else, where that was asked.
    pub fn is_settled(&self) -> bool {
        self.approvals.is_some_and(Approvals::settled)
    }

    /// Whether nothing but catalogs is compared: there is no app, and no block to approve anything.
    fn of_catalogs(&self) -> bool {
        self.sides.iter().all(|side| side.model.apps.is_empty())
    }

    /// What comes of the approvals, where they were asked for and the objections do not say it.
    fn verdict(&self) -> Option<&'static str> {
        match (self.approvals?.settled(), self.of_catalogs()) {
            (true, false) => Some("all that grew was approved, and nothing else"),
            (true, true) => Some("no scope opens more than it did, and no path leads further"),
            (false, true) => Some("a catalog has no `widen` block: approve it in the packages that use it"),
            (false, false) => None,
        }
    }

    /// `write (12 operations), demo.page.get`; at most so many terms.
    fn operations(&self, side: usize, key: &str, names: &[String], most: usize) -> String {
        let model = self.sides[side].model;
        let app = model.apps.iter().position(|app| app.key == key).map(|at| AppId(at as u32));
        let phrases = phrases::operations(model, app, names);
        let term = |p: &phrases::Phrase| match p.operations {
            1 => p.term.clone(),
            many => format!("{} ({})", p.term, count(many, "operation")),
        };
        let mut told: Vec<String> = phrases.iter().take(most).map(term).collect();
        let more: usize = phrases.iter().skip(most).map(|p| p.operations).sum();
        if more > 0 {
            told.push(format!("{more} more"));
        }
        told.join(", ")
    }

    /// Where the cause stands: `rules.sprag:12`.
    fn place(&self, cause: &Cause) -> Option<String> {
        let span = cause.span?;
        let sources = self.sides[cause.side].sources;
        Some(format!("{}:{}", sources.source(span).path, sources.position(span).line))
    }

    /// The cause's text, on one line.
    fn text(&self, cause: &Cause) -> Option<String> {
        const LONGEST: usize = 120;
        let words = one_line(self.sides[cause.side].sources.text(cause.span?));
        let short = words.char_indices().nth(LONGEST).map(|(at, _)| format!("{}…", &words[..at]));
        Some(short.unwrap_or(words))
    }

    /// `permits nothing new` or the like, for people.
    fn summary(&self) -> String {
        let of = |deltas: &[Delta], verb: &str| {
            let apps: BTreeSet<&str> = deltas.iter().map(|d| d.key.as_str()).collect();
            let operations: usize = deltas
                .iter()
                .map(|d| (&d.key, &d.operations))
                .flat_map(|(key, operations)| operations.iter().map(move |o| (key, o)))
                .collect::<BTreeSet<_>>()
                .len();
            let cells: Option<BigUint> = deltas.iter().map(|d| d.cells.clone()).sum();
            let cells = cells.map_or("too many cells to count".to_owned(), |cells| cells_of(&cells));
            match apps.len() {
                0 => format!("nothing {verb}"),
                apps => format!("{} {verb}: {}, {cells}", count(apps, "app"), count(operations, "operation")),
            }
        };
        let mut told = if self.sides.iter().all(|side| side.model.apps.is_empty()) {
            // Of two catalogs, all that differs is told before this.
            let of_scopes = "; --holding MODEL=SCOPE,… tells what who holds these scopes gains and loses";
            let more = if self.holding.is_empty() { of_scopes } else { "" };
            format!("no app gains or loses anything, for neither side has one{more}")
        } else {
            format!("{}; {}", of(&self.diff.gained, "gained"), of(&self.diff.lost, "lost"))
        };
        if !self.diff.undecided.is_empty() {
            told += &format!("; {} not decided", self.diff.undecided.len());
        }
        if !self.diff.eased.is_empty() {
            told += &format!("; {} easier", count(self.diff.eased.len(), "thing"));
        }
        told
    }

    /// What installations forget, one sentence each, with the ratchet that it is about.
    pub fn forgotten(&self) -> Vec<(Span, String)> {
        let one = |gone: &Forgotten| {
            let Forgotten { ratchet, apps, what, span } = gone;
            let apps = apps.join(", ");
            let sentence = match what {
                Gone::Ratchet { now, first } => format!(
                    "ratchet `{ratchet}` is gone, and `{now}` is new: installations of {apps} forget how far they \
                     were turned, and stand at `{first}`"
                ),
                Gone::Stage { stage, last } => format!(
                    "stage `{stage}` of ratchet `{ratchet}` is gone: installations of {apps} that were turned to it \
                     stand at `{last}`"
                ),
            };
            (*span, sentence)
        };
        self.diff.forgotten.iter().map(one).collect()
    }

    /// What is easier, one sentence each, with the place that makes it so and the code.
    fn eased(&self) -> Vec<(Span, String, &'static str)> {
        let code = |eased: &Eased| match eased.subject {
            Subject::Ratchet(_) | Subject::StepUp(_) => "W0917",
            Subject::Path(_) => "W0918",
        };
        self.diff.eased.iter().map(|eased| (eased.span, eased.sentence(), code(eased))).collect()
    }

    /// What is wrong with approvals, one sentence each, with the app or the block that it is about.
    fn objections(&self) -> Vec<(Span, String)> {
        let Some(approvals) = self.approvals else { return Vec::new() };
        let mut told = Vec::new();
        for name in &approvals.moved {
            let sentence = format!(
                "no block can approve that `{name}` means another method and path: import the catalog with --keep-names"
            );
            told.push((self.span_of_operation(name), sentence));
        }
        for opened in approvals.opened.iter().take(MOST_OPENED) {
            let Opened { operation, model, scopes } = opened;
            let operation = &self.sides[1].model.operations[operation.index()];
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            let sentence =
                format!("{model} {} opens `{}`, and did not", scopes.join(" and "), operation.name);
            told.push((operation.span, sentence));
        }
        if approvals.opened.len() > MOST_OPENED {
            let more = count(approvals.opened.len() - MOST_OPENED, "more operation");
            told.push((Span::default(), format!("{more} that scopes open, and did not")));
        }
        for model in &approvals.undemanding {
            told.push((Span::default(), format!("{model} can be used without a user, and could not")));
        }
        for eased in &approvals.eased {
            let line = match &eased.subject {
                Subject::Ratchet(name) => format!("for ratchet {name}"),
                Subject::StepUp(key) => format!("for step-up of {}", self.app(1, key)),
                Subject::Path(operation) => format!("for paths of {operation}"),
            };
            let needs = if self.of_catalogs() {
                String::new()
            } else {
                format!("; a `widen` block has to say `{line}`")
            };
            told.push((eased.span, format!("not approved: {}{needs}", eased.sentence())));
        }
        for uncovered in &approvals.uncovered {
            let sentence = format!(
                "not approved: {} {}, such as {}",
                self.app(1, &uncovered.key),
                self.operations(1, &uncovered.key, &uncovered.operations, 5),
                self.request(1, &uncovered.witness)
            );
            told.push((self.span_of(&uncovered.key), sentence));
        }
        let model = self.sides[1].model;
        for (block, widening) in approvals.blocks.iter().zip(&model.widenings) {
            let sources = self.sides[1].sources;
            let place =
                format!("{}:{}", sources.source(widening.span).path, sources.position(widening.span).line);
            let what = format!("widen \"{}\" ({place})", widening.reason);
            match block.standing {
                Standing::Spent => {}
                Standing::Ended => told.push((widening.span, format!("{what} has ended"))),
                Standing::Open => {
                    if block.grew_nothing() {
                        told.push((widening.span, format!("{what} covers nothing that grew")));
                    }
                    for line in &block.idle {
                        let text = one_line(sources.text(*line));
                        told.push((*line, format!("{what} says `{text}`, and nothing of it got easier")));
                    }
                    for (surplus, example) in &block.surplus {
                        let why = match surplus {
                            Surplus::PermittedBefore => "was permitted before".to_owned(),
                            Surplus::Refused(gate) => format!("is still refused by {}", gate.name()),
                        };
                        let request = self.request(1, &example.request);
                        let sentence = format!("{what} covers more than grew: {request} {why}");
                        told.push((widening.span, sentence));
                    }
                }
            }
        }
        for (key, operations, _) in &approvals.undecided {
            let operations = self.operations(1, key, operations, 5);
            let sentence = format!("not decided whether approved: {} {operations}", self.app(1, key));
            told.push((self.span_of(key), sentence));
        }
        told
    }

    fn app(&self, side: usize, key: &str) -> String {
        let found = self.sides[side].model.apps.iter().find(|app| app.key == key);
        found.map_or_else(|| format!("\"{key}\""), |app| app.name.clone())
    }

    fn request(&self, side: usize, request: &crate::request::Request) -> String {
        crate::analysis::told::request(self.sides[side].model, request)
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `1 cell`, `12,345 cells`.
fn cells_of(cells: &BigUint) -> String {
    let digits = cells.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} cell{}", if digits == "1" { "" } else { "s" })
}

/// The word for a gate in JSON.
fn gate_code(gate: Gate) -> &'static str {
    match gate {
        Gate::Lifecycle => "lifecycle",
        Gate::Catalog => "catalog",
        Gate::Scope => "scope",
        Gate::AppUser => "app-user",
        Gate::ContextUser => "context-user",
        Gate::Permits => "permits",
        Gate::Forbids => "forbids",
        Gate::Withdrawals => "withdrawals",
    }
}
