//! A row for each of many apps: what it asks for, what that opens, and what would do.

use serde_json::{Value, json};

use crate::analysis::privilege::argument::Argument;
use crate::report::count;
use crate::report::page::{Block, Page, Table, code};
use crate::sema::model::Model;

/// The table.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// The apps.
    pub rows: Vec<Row>,
    /// Files without an app that can be read, each with why.
    pub left_out: Vec<(String, String)>,
}

/// One app.
#[derive(Debug, Clone)]
pub struct Row {
    /// The file that describes it.
    pub file: String,
    /// Its name in the policy.
    pub app: String,
    /// Its permission models.
    pub models: Vec<String>,
    /// Whether the file does not say for which product the app is, so that all of its platform are taken.
    pub all_products: bool,
    /// The scopes that it asks for.
    pub declared: Vec<String>,
    /// How many operations they open.
    pub opens: usize,
    /// How many calls of it are known; `None`: none, and all that it opens counts as needed.
    pub calls: Option<usize>,
    /// Of its calls, those that its scopes do not open.
    pub missing: usize,
    /// The smallest grant that suffices.
    pub smallest: Vec<String>,
    /// Whether it is proved to be smallest.
    pub proved: bool,
    /// Scopes that can go.
    pub surplus: Vec<String>,
    /// Operations that are open and not needed.
    pub beyond: usize,
    /// Operations that are open and that the platform's rules about containers do not cover.
    pub uncovered: usize,
}

impl Row {
    /// From an argument; `calls` says whether its needs are known calls.
    pub fn of(file: &str, model: &Model, argument: &Argument, calls: bool, all_products: bool) -> Row {
        let app = &model.apps[argument.app.index()];
        let name = |id: crate::sema::model::ScopeId| model.scopes[id.index()].name.clone();
        let models = app.models.iter().map(|id| model.permission_models[id.index()].name.clone());
        let spared = app.requested.iter().copied().filter(|id| !argument.kept.contains(*id));
        let least = argument.least.as_ref().ok();
        Row {
            file: file.to_owned(),
            app: app.name.clone(),
            models: models.collect(),
            all_products,
            declared: app.requested.iter().copied().map(name).collect(),
            opens: argument.opens.len(),
            calls: calls.then_some(argument.needed.len()),
            missing: argument.missing.len() + argument.not_callable.len(),
            smallest: least
                .map(|a| a.least.requested.iter().copied().map(name).collect())
                .unwrap_or_default(),
            proved: least.is_some_and(crate::analysis::grants::Answer::proved),
            surplus: spared.map(name).collect(),
            beyond: argument.opens.minus(&argument.needed).len(),
            uncovered: argument.uncovered.iter().map(|(_, operations)| operations.len()).sum(),
        }
    }
}

/// The table for people.
pub fn page(Rows { rows, left_out }: &Rows) -> Page {
    let names = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let row = |row: &Row| {
        let smallest = names(&row.smallest);
        vec![
            code(&row.file),
            format!("{}{}", names(&row.models), if row.all_products { ", any product" } else { "" }),
            names(&row.declared),
            row.opens.to_string(),
            match row.calls {
                Some(calls) if row.missing > 0 => format!("{calls} calls, {} not open", row.missing),
                Some(calls) => count(calls, "call"),
                None => "all that is open".to_owned(),
            },
            if row.proved { smallest } else { format!("{smallest} (not proved)") },
            names(&row.surplus),
            row.beyond.to_string(),
            row.uncovered.to_string(),
        ]
    };
    let known = rows.iter().filter(|row| row.calls.is_some()).count();
    let surplus = rows.iter().filter(|row| !row.surplus.is_empty()).count();
    let mut blocks = vec![
        Block::Heading(1, "Scopes of real apps".to_owned()),
        Block::Text(format!(
            "{}; of {known} the calls are known. {surplus} ask for scopes that can go without anything being lost.",
            count(rows.len(), "app")
        )),
        Block::Table(Table {
            caption: "What each asks for, what that opens, and what would do.".to_owned(),
            head: vec![
                ("file", false),
                ("models", false),
                ("asks for", false),
                ("opens operations", true),
                ("needs", false),
                ("smallest grant", false),
                ("can go", false),
                ("open beyond need", true),
                ("beyond container rules", true),
            ],
            rows: rows.iter().map(row).collect(),
        }),
    ];
    if !left_out.is_empty() {
        blocks.push(Block::Heading(2, "Left out".to_owned()));
        blocks.push(Block::List(
            left_out.iter().map(|(file, why)| format!("{}: {}", code(file), why.replace('`', "'"))).collect(),
        ));
    }
    Page { title: "Scopes of real apps".to_owned(), blocks }
}

/// The table for programs.
pub fn json(Rows { rows, left_out }: &Rows) -> Value {
    let row = |row: &Row| {
        json!({
            "file": row.file,
            "app": row.app,
            "models": row.models,
            "all_products": row.all_products,
            "declared": row.declared,
            "opens": row.opens,
            "calls": row.calls,
            "missing": row.missing,
            "smallest": row.smallest,
            "proved": row.proved,
            "surplus": row.surplus,
            "beyond": row.beyond,
            "uncovered": row.uncovered,
        })
    };
    let left_out: Vec<Value> =
        left_out.iter().map(|(file, why)| json!({ "file": file, "reason": why })).collect();
    json!({ "apps": rows.iter().map(row).collect::<Vec<_>>(), "left_out": left_out })
}
