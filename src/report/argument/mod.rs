//! The argument about an app's scopes: one page for whoever grants them and for the app's vendor.

mod json;
mod log;
mod scopes;
pub mod table;

use std::collections::BTreeSet;

use super::page::{Block, Page, Table, code};
use super::{count, visible};
use crate::analysis::privilege::argument::Argument;
use crate::analysis::privilege::argument::setup::{Early, NoEarly};
use crate::analysis::privilege::set::{CLASSES, Operations};
use crate::import::Note;
use crate::sema::model::{Model, OperationId, ScopeId};
use crate::usage::tally::Usage;

pub use json::json;

/// An argument, and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The model.
    pub model: &'a Model,
    /// The argument.
    pub argument: &'a Argument,
    /// What the app's needs were taken from.
    pub basis: &'a Basis,
    /// What the file that describes the app asks for and nobody knows, so that nothing is said of it.
    pub unknown: &'a [Note],
}

/// What an app's needs are taken from.
#[derive(Debug, Clone)]
pub enum Basis {
    /// What the policy permits it.
    Permitted,
    /// All that its scopes open: there is neither a policy nor calls.
    Open,
    /// Calls that somebody lists; and those that are said to be made during set-up only.
    Listed {
        /// What the list is called.
        file: String,
        /// The same of set-up.
        setup: Option<String>,
    },
    /// Logs.
    Logged {
        /// What they are called.
        files: Vec<String>,
        /// What they say.
        usage: Box<Usage>,
        /// What they say about set-up.
        early: Result<Early, NoEarly>,
    },
}

impl Basis {
    /// The logs' counts.
    fn usage(&self) -> Option<&Usage> {
        match self {
            Basis::Logged { usage, .. } => Some(usage),
            Basis::Permitted | Basis::Open | Basis::Listed { .. } => None,
        }
    }

    /// The logs' counts, where nothing follows from them.
    fn silent(&self) -> Option<&Usage> {
        self.usage().filter(|usage| usage.is_silent())
    }
}

/// The page about some apps.
pub fn page(cases: &[Case<'_>]) -> Page {
    let names: Vec<String> = cases.iter().map(|case| case.name().to_owned()).collect();
    let blocks = cases.iter().flat_map(|case| case.blocks()).collect();
    Page { title: format!("Scopes of {}", names.join(", ")), blocks }
}

impl<'a> Case<'a> {
    fn name(&self) -> &'a str {
        &self.model.apps[self.argument.app.index()].name
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks = vec![Block::Heading(1, format!("Scopes of {}", code(self.name())))];
        let silent = self.basis.silent();
        blocks.extend(silent.map(|usage| log::silence(self, usage)));
        blocks.extend(self.lead());
        blocks.extend(self.not_known());
        if silent.is_some() {
            blocks.push(Block::Text(format!(
                "Its {} open {}. Which of them it needs is not known.",
                count(self.argument.points.len(), "scope"),
                self.operations(&self.argument.opens)
            )));
        } else {
            blocks.extend(self.basis.usage().and_then(log::unmatched));
            blocks.push(self.overview());
            blocks.extend(scopes::blocks(self));
            blocks.extend(self.smallest());
            blocks.extend(self.missing());
        }
        blocks.extend(self.uncovered());
        if let Basis::Logged { files, usage, early } = self.basis {
            blocks.extend(log::blocks(self, files, usage, early));
        }
        blocks
    }

    /// What the page is about, and where the needs come from.
    fn lead(&self) -> Vec<Block> {
        let (model, argument) = (self.model, self.argument);
        let app = &model.apps[argument.app.index()];
        let models: Vec<String> =
            app.models.iter().map(|m| code(&model.permission_models[m.index()].name)).collect();
        let vendor = if app.vendor.is_empty() { String::new() } else { format!(" of {}", code(&app.vendor)) };
        let who = format!("App {}{vendor}, which asks for scopes of {}.", code(&app.key), models.join(", "));
        let basis = match self.basis {
            Basis::Permitted => {
                "What it needs is what the policy permits it, known for all requests.".to_owned()
            }
            Basis::Open => "There is no policy and no list of calls: all that its scopes open counts as needed. \
                            What is said here is therefore only what can go without anybody noticing; with its \
                            calls, more could."
                .to_owned(),
            Basis::Listed { file, setup } => {
                let setup = setup.as_ref().map_or(String::new(), |setup| {
                    format!(" Those in {} are said to be made during set-up only.", code(setup))
                });
                format!("What it needs is what {} lists.{setup}", code(file))
            }
            Basis::Logged { files, usage, .. } => {
                let files: Vec<String> = files.iter().map(|file| code(file)).collect();
                let what = if usage.is_silent() { "Looked for" } else { "What it needs is" };
                format!(
                    "{what} what it did in {}: {} in {}{}.",
                    files.join(", "),
                    count(usage.calls as usize, "call"),
                    count(usage.records as usize, "record"),
                    log::period(usage)
                )
            }
        };
        let pins = model.catalogs.iter().map(|pin| format!("{} {}", code(&pin.name), code(&pin.version)));
        let pins = format!("Catalogs: {}.", pins.collect::<Vec<_>>().join(", "));
        vec![Block::Text(who), Block::Text(basis), Block::Text(pins)]
    }

    /// What is asked for and not judged.
    fn not_known(&self) -> Vec<Block> {
        if self.unknown.is_empty() {
            return Vec::new();
        }
        // Code within the sentence would end where its text says so.
        let line =
            |note: &Note| format!("{}: {}", code(&note.place), visible(&note.message).replace('`', "'"));
        vec![
            Block::Text("The file asks for more, of which nothing is said here:".to_owned()),
            Block::List(self.unknown.iter().map(line).collect()),
        ]
    }

    /// A line for each scope.
    fn overview(&self) -> Block {
        let row = |point: &crate::analysis::privilege::argument::Point| {
            vec![
                self.scope(point.scope),
                point.verdict.name().to_owned(),
                point.serves.len().to_string(),
                point.breaks.len().to_string(),
                point.closes.minus(&self.argument.needed).len().to_string(),
            ]
        };
        Block::Table(Table {
            caption: format!(
                "Its {} open {}; it needs {}.",
                count(self.argument.points.len(), "scope"),
                self.operations(&self.argument.opens),
                self.number(&self.argument.needed)
            ),
            head: vec![
                ("scope", false),
                ("is", false),
                ("serves needed operations", true),
                ("breaks without it", true),
                ("closes that nobody needs", true),
            ],
            rows: self.argument.points.iter().map(row).collect(),
        })
    }

    /// The smallest grant of all that the platform has.
    fn smallest(&self) -> Vec<Block> {
        let heading = Block::Heading(2, "Smallest grant".to_owned());
        if self.argument.knows_nothing_of_some() {
            let text = "Not all that it needs is known, so neither is the smallest grant for it.".to_owned();
            return vec![heading, Block::Text(text)];
        }
        let answer = match &self.argument.least {
            Ok(answer) => answer,
            Err(_) => {
                let text = "There are too many operations and scopes to count.".to_owned();
                return vec![heading, Block::Text(text)];
            }
        };
        let proof = match answer.proved() {
            true => "It is proved that no grant opens less and does.",
            false => "Whether another one opens less is not proved.",
        };
        let asked = self.scopes(&answer.least.requested);
        let beyond = |holding: &crate::analysis::grants::Holding| count(holding.beyond.len(), "operation");
        let mut text = match answer.goes().is_empty() && answer.comes().is_empty() {
            true => format!("What it asks for opens no more than it must: {asked}."),
            false => format!(
                "Of all scopes of its permission models, {asked} would do. That opens {} beyond need, and what it asks for {}.",
                beyond(&answer.least),
                beyond(&answer.now)
            ),
        };
        if !answer.comes().is_empty() {
            text += &format!(" It would have to ask for {}.", self.scopes(&answer.comes()));
        }
        if !self.model.apps[self.argument.app.index()].optional.is_empty() {
            text += " What is optional, and what only that opens, is not counted.";
        }
        vec![heading, Block::Text(format!("{text} {proof}"))]
    }

    /// What it needs and does not hold.
    fn missing(&self) -> Vec<Block> {
        let argument = self.argument;
        let mut blocks = Vec::new();
        if !argument.missing.is_empty() || !argument.not_callable.is_empty() {
            blocks.push(Block::Heading(2, "Needed and not granted".to_owned()));
        }
        if !argument.missing.is_empty() {
            let summary = format!("Its scopes do not open {} that it needs:", self.number(&argument.missing));
            blocks.push(self.names(summary, &argument.missing));
        }
        if !argument.not_callable.is_empty() {
            let summary = format!(
                "None of its permission models can call {} that it needs:",
                self.number(&argument.not_callable)
            );
            blocks.push(self.names(summary, &argument.not_callable));
        }
        blocks
    }

    /// What the platform's control of containers does not reach.
    fn uncovered(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        for (control, operations) in self.argument.uncovered.iter().filter(|(_, o)| !o.is_empty()) {
            blocks.push(Block::Heading(2, "What container rules cannot touch".to_owned()));
            let summary = format!(
                "Of what its scopes open, the platform's {control} does not cover {}. \
                 Only to withhold the scope, or a gateway, stops it there:",
                self.operations(operations)
            );
            blocks.push(self.names(summary, operations));
        }
        blocks
    }

    /// `READ` as code; with its permission model where another one of the app has a scope of that name.
    fn scope(&self, id: ScopeId) -> String {
        let scope = &self.model.scopes[id.index()];
        let models = &self.model.apps[self.argument.app.index()].models;
        let same = self.model.scopes.iter().filter(|s| s.name == scope.name && models.contains(&s.model));
        match same.count() {
            0 | 1 => code(&scope.name),
            _ => {
                let model = &self.model.permission_models[scope.model.index()].name;
                format!("{} of {}", code(&scope.name), code(model))
            }
        }
    }

    fn scopes(&self, ids: &BTreeSet<ScopeId>) -> String {
        let names: Vec<String> = ids.iter().map(|id| self.scope(*id)).collect();
        if names.is_empty() { "no scope".to_owned() } else { names.join(", ") }
    }

    /// `12 operations`
    fn number(&self, operations: &Operations) -> String {
        count(operations.len(), "operation")
    }

    /// `12 operations (9 read, 3 write)`
    fn operations(&self, operations: &Operations) -> String {
        let counts = operations.counts(self.model);
        let some = CLASSES.iter().filter(|class| counts.of(**class) > 0);
        let words: Vec<String> =
            some.map(|class| format!("{} {}", counts.of(*class), class.name())).collect();
        match words.len() {
            0 => self.number(operations),
            _ => format!("{} ({})", self.number(operations), words.join(", ")),
        }
    }

    /// All of them, those that change most first.
    fn names(&self, summary: String, operations: &Operations) -> Block {
        let mut all: Vec<OperationId> = operations.iter().collect();
        all.sort_by_key(|id| (std::cmp::Reverse(self.model.operations[id.index()].access), *id));
        let one = |id: OperationId| {
            let operation = &self.model.operations[id.index()];
            let http = operation.http.as_ref();
            let http = http
                .map_or(String::new(), |(method, path)| format!(", {}", code(&format!("{method} {path}"))));
            let calls = self.basis.usage().and_then(|usage| usage.operations.get(&id));
            let calls = calls.map_or(String::new(), |calls| format!("; {}", log::calls(calls)));
            (code(&operation.name), format!("{}{http}{calls}", operation.access.name()))
        };
        Block::Names(summary, all.into_iter().map(one).collect())
    }
}
