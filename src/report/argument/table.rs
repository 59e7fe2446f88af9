//! A row for each of many apps: what it asks for, what that opens, and what would do.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::analysis::grants;
use crate::analysis::privilege::argument::Argument;
use crate::analysis::privilege::needs::{Grant, Needs};
use crate::analysis::privilege::set::{Operations, Scopes};
use crate::import::connect::UNASKED;
use crate::report::count;
use crate::report::page::{Block, Page, Table, code};
use crate::sema::model::{Model, OperationId, ScopeId};

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
    /// What else the file asks for that is not known, each with its place and why.
    pub unknown: Vec<String>,
    /// Of these, those that open no operation of the catalogs, alone or with others: nothing is said of them.
    pub silent: Vec<String>,
    /// How many operations its scopes open.
    pub opens: usize,
    /// What is known by its calls; `None`: they are not known.
    pub seen: Option<Seen>,
    /// Scopes that can go without anything being lost that it calls; where its calls are not known, without
    /// anything being lost.
    pub surplus: Vec<String>,
    /// Operations that are open and that the platform's rules about containers do not cover.
    pub uncovered: usize,
}

/// What is known of an app by its calls.
#[derive(Debug, Clone)]
pub struct Seen {
    /// How many operations of the catalogs it calls.
    pub calls: usize,
    /// What it calls that is no operation of the catalogs.
    pub outside: Vec<String>,
    /// Of its calls, those that its scopes do not open.
    pub missing: usize,
    /// The smallest grant that suffices for the calls.
    pub smallest: Vec<String>,
    /// How many operations that opens.
    pub least: usize,
    /// Whether it is proved to be smallest.
    pub proved: bool,
    /// Operations that are open and not called.
    pub beyond: usize,
}

/// What a row is made of.
#[derive(Debug)]
pub struct Described<'a> {
    /// The file that describes the app.
    pub file: &'a str,
    /// The app, and the catalogs that it uses.
    pub model: &'a Model,
    /// What its operations require.
    pub needs: &'a Needs,
    /// What there is to say of the app.
    pub argument: &'a Argument,
    /// What it calls that is no operation of the catalogs; `None`: its calls are not known.
    pub outside: Option<Vec<String>>,
    /// See [`Row::all_products`].
    pub all_products: bool,
    /// See [`Row::unknown`].
    pub unknown: Vec<String>,
}

impl Described<'_> {
    fn named(&self, scopes: impl IntoIterator<Item = ScopeId>) -> Vec<String> {
        let unasked = unasked(self.model);
        let asked = scopes.into_iter().filter(|id| Some(*id) != unasked);
        asked.map(|id| self.model.scopes[id.index()].name.clone()).collect()
    }

    /// What is open to every app of its models, whatever it asks for.
    fn free(&self) -> Operations {
        let held: Scopes = unasked(self.model).into_iter().collect();
        let models = &self.model.apps[self.argument.app.index()].models;
        let opens = |id: &OperationId, user| self.needs.suffices(Grant { models, held: &held, user }, *id);
        let ids = (0..self.model.operations.len() as u32).map(OperationId);
        ids.filter(|id| opens(id, true) || opens(id, false)).collect()
    }

    fn seen(&self) -> Option<Seen> {
        let Argument { needed, missing, not_callable, opens, .. } = self.argument;
        let least = self.argument.least.as_ref().ok();
        let beyond: Operations = least.into_iter().flat_map(|a| a.least.beyond.iter().copied()).collect();
        Some(Seen {
            outside: {
                let each: BTreeSet<String> = self.outside.clone()?.into_iter().collect();
                each.into_iter().collect()
            },
            calls: needed.len(),
            missing: missing.len() + not_callable.len(),
            smallest: least.map(|a| self.named(a.least.requested.iter().copied())).unwrap_or_default(),
            least: beyond.or(&needed.minus(not_callable)).or(&self.free()).len(),
            proved: least.is_some_and(grants::Answer::proved),
            beyond: opens.minus(needed).len(),
        })
    }
}

fn unasked(model: &Model) -> Option<ScopeId> {
    let is = |scope: &crate::sema::model::Scope| {
        (model.permission_models[scope.model.index()].name.as_str(), scope.name.as_str()) == UNASKED
    };
    model.scopes.iter().position(is).map(|index| ScopeId(index as u32))
}

impl Row {
    /// Of what is known.
    pub fn of(described: Described<'_>) -> Row {
        let Described { model, argument, .. } = described;
        let app = &model.apps[argument.app.index()];
        let models = app.models.iter().map(|id| model.permission_models[id.index()].name.clone());
        let is_silent = |id: &ScopeId| {
            let point = argument.points.iter().find(|point| point.scope == *id);
            point.is_some_and(|point| point.alone.is_empty() && point.closes.is_empty())
                && !in_some_requirement(model, app.models.as_slice(), *id)
        };
        let requested = || app.requested.iter().copied();
        let spared = requested().filter(|id| !argument.kept.contains(*id) && !is_silent(id));
        Row {
            file: described.file.to_owned(),
            app: app.name.clone(),
            models: models.collect(),
            all_products: described.all_products,
            declared: described.named(requested()),
            silent: described.named(requested().filter(is_silent)),
            opens: argument.opens.len(),
            unknown: described.unknown.clone(),
            surplus: described.named(spared),
            uncovered: argument.uncovered.iter().map(|(_, operations)| operations.len()).sum(),
            seen: described.seen(),
        }
    }

    /// What is known by its calls, where all of them are operations of the catalogs: then its needs are known.
    pub fn judged(&self) -> Option<&Seen> {
        self.seen.as_ref().filter(|seen| seen.outside.is_empty() && seen.proved)
    }

    /// Whether a smallest grant for its calls opens less than its own.
    pub fn asks_for_more(&self) -> bool {
        self.judged().is_some_and(|seen| seen.least < self.opens)
    }
}

/// Whether an operation that the app can call asks for the scope in some alternative.
fn in_some_requirement(
    model: &Model,
    models: &[crate::sema::model::PermissionModelId],
    scope: ScopeId,
) -> bool {
    let implied = &model.scopes[scope.index()].implies;
    let requirements = model.operations.iter().flat_map(|operation| &operation.requirements);
    let of_app = requirements.filter(|(id, _)| models.contains(id));
    of_app.flat_map(|(_, alternatives)| alternatives.iter().flatten()).any(|id| implied.contains(id))
}

/// What all rows come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Apps.
    pub apps: usize,
    /// Apps whose calls are known.
    pub known: usize,
    /// Of these, apps that call nothing but operations of the catalogs.
    pub judged: usize,
    /// Of these, apps whose scopes open something that is not open to everybody.
    pub holding: usize,
    /// Of these, apps for whose calls a smallest grant opens less.
    pub more: usize,
    /// Of these, apps that call nothing, as far as is seen.
    pub idle: usize,
    /// Of those that are holding, apps that call what their scopes do not open.
    pub lacking: usize,
    /// What those that are holding have open, in the middle.
    pub opens: usize,
    /// What they call, in the middle.
    pub calls: usize,
    /// What they have open and do not call, in the middle.
    pub beyond: usize,
    /// What a smallest grant would close of that, in the middle.
    pub closable: usize,
    /// Of all apps those that have open what no rule about containers covers.
    pub uncovered: usize,
}

/// Counts.
pub fn totals(rows: &[Row]) -> Totals {
    let judged: Vec<(&Row, &Seen)> = rows.iter().filter_map(|row| Some((row, row.judged()?))).collect();
    let holding: Vec<(&Row, &Seen)> =
        judged.iter().copied().filter(|(row, _)| row.declared.len() > row.silent.len()).collect();
    let middle = |of: &dyn Fn(&(&Row, &Seen)) -> usize| median(holding.iter().map(of).collect());
    Totals {
        apps: rows.len(),
        known: rows.iter().filter(|row| row.seen.is_some()).count(),
        judged: judged.len(),
        more: holding.iter().filter(|(row, _)| row.asks_for_more()).count(),
        idle: holding.iter().filter(|(row, seen)| row.asks_for_more() && seen.calls == 0).count(),
        lacking: holding.iter().filter(|(_, seen)| seen.missing > 0).count(),
        opens: middle(&|(row, _)| row.opens),
        calls: middle(&|(_, seen)| seen.calls),
        beyond: middle(&|(_, seen)| seen.beyond),
        closable: middle(&|(row, seen)| row.opens.saturating_sub(seen.least)),
        uncovered: rows.iter().filter(|row| row.uncovered > 0).count(),
        holding: holding.len(),
    }
}

/// The lower of two in the middle.
fn median(mut values: Vec<usize>) -> usize {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// The table for people.
pub fn page(Rows { rows, left_out }: &Rows) -> Page {
    let mut blocks = vec![
        Block::Heading(1, "Scopes of real apps".to_owned()),
        Block::Table(Table {
            caption: "What each asks for, what that opens, and what would do for its calls.".to_owned(),
            head: vec![
                ("file", false),
                ("models", false),
                ("asks for", false),
                ("opens operations", true),
                ("calls seen", false),
                ("smallest grant for them", false),
                ("which opens", true),
                ("can go", false),
                ("open and not called", true),
                ("beyond container rules", true),
            ],
            rows: rows.iter().map(cells).collect(),
        }),
        Block::Heading(2, "In sum".to_owned()),
        Block::List(sums(&totals(rows))),
    ];
    let silent: BTreeSet<&String> = rows.iter().flat_map(|row| &row.silent).collect();
    if !silent.is_empty() {
        let names: Vec<String> = silent.iter().map(|name| code(name)).collect();
        blocks.push(Block::Text(format!(
            "These open no operation that the catalogs in use know, and nothing is said of them: {}.",
            names.join(", ")
        )));
    }
    if !left_out.is_empty() {
        blocks.push(Block::Heading(2, "Left out".to_owned()));
        blocks.push(Block::List(
            left_out.iter().map(|(file, why)| format!("{}: {}", code(file), why.replace('`', "'"))).collect(),
        ));
    }
    Page { title: "Scopes of real apps".to_owned(), blocks }
}

fn cells(row: &Row) -> Vec<String> {
    let names = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let seen = row.seen.as_ref();
    let or_unknown = |cell: Option<String>| cell.unwrap_or_else(|| "not known".to_owned());
    let calls = |seen: &Seen| {
        let mut parts = vec![count(seen.calls, "call")];
        if seen.missing > 0 {
            parts.push(format!("{} not open", seen.missing));
        }
        if !seen.outside.is_empty() {
            parts.push(format!("{} to no operation of the catalogs", seen.outside.len()));
        }
        parts.join(", ")
    };
    let smallest = |seen: &Seen| match (seen.proved, seen.outside.is_empty()) {
        (_, false) => format!("at least {}", names(&seen.smallest)),
        (true, true) => names(&seen.smallest),
        (false, true) => format!("{} (not proved)", names(&seen.smallest)),
    };
    // Without all calls, what seems to be of no use may be of some; and what is idle by any measure is so for sure.
    let surplus = match (seen, row.surplus.is_empty()) {
        (_, true) => names(&[]),
        (None, false) => format!("at least {}", names(&row.surplus)),
        (Some(seen), false) if !seen.outside.is_empty() => format!("at most {}", names(&row.surplus)),
        (Some(_), false) => names(&row.surplus),
    };
    let asks = match row.unknown.len() {
        0 => names(&row.declared),
        more => format!("{}; {more} not known", names(&row.declared)),
    };
    vec![
        code(&row.file),
        format!("{}{}", names(&row.models), if row.all_products { ", any product" } else { "" }),
        asks,
        row.opens.to_string(),
        or_unknown(seen.map(calls)),
        or_unknown(seen.map(smallest)),
        or_unknown(seen.map(|seen| seen.least.to_string())),
        surplus,
        or_unknown(seen.map(|seen| seen.beyond.to_string())),
        row.uncovered.to_string(),
    ]
}

fn sums(totals: &Totals) -> Vec<String> {
    let Totals {
        apps,
        known,
        judged,
        holding,
        more,
        idle,
        lacking,
        opens,
        calls,
        beyond,
        closable,
        uncovered,
    } = totals;
    let mut sums = vec![
        format!(
            "{}; of {known} the calls are known, of {judged} all of them are operations of the catalogs.",
            count(*apps, "app")
        ),
        format!("{uncovered} have operations open that no rule about containers covers."),
    ];
    if *holding > 0 {
        sums.push(format!(
            "Of those {judged}, {holding} ask for scopes that open something. {more} of them ask for more than \
             their calls need ({idle} call nothing); {lacking} call what their scopes do not open."
        ));
        sums.push(format!(
            "In the middle of them, {} open, {} called, {beyond} open and not called; the smallest grant would close {closable} of these.",
            count(*opens, "operation") + if *opens == 1 { " is" } else { " are" },
            calls
        ));
    }
    sums
}

/// The table for programs.
pub fn json(Rows { rows, left_out }: &Rows) -> Value {
    let row = |row: &Row| {
        let seen = row.seen.as_ref();
        json!({
            "file": row.file,
            "app": row.app,
            "models": row.models,
            "all_products": row.all_products,
            "declared": row.declared,
            "silent": row.silent,
            "unknown": row.unknown,
            "opens": row.opens,
            "calls": seen.map(|seen| seen.calls),
            "outside": seen.map(|seen| &seen.outside),
            "missing": seen.map(|seen| seen.missing),
            "smallest": seen.map(|seen| &seen.smallest),
            "least": seen.map(|seen| seen.least),
            "proved": seen.map(|seen| seen.proved),
            "surplus": row.surplus,
            "beyond": seen.map(|seen| seen.beyond),
            "uncovered": row.uncovered,
            "asks_for_more": row.judged().map(|_| row.asks_for_more()),
        })
    };
    let left_out: Vec<Value> =
        left_out.iter().map(|(file, why)| json!({ "file": file, "reason": why })).collect();
    let sum = totals(rows);
    json!({
        "apps": rows.iter().map(row).collect::<Vec<_>>(),
        "left_out": left_out,
        "totals": {
            "apps": sum.apps,
            "known": sum.known,
            "judged": sum.judged,
            "holding": sum.holding,
            "more": sum.more,
            "idle": sum.idle,
            "lacking": sum.lacking,
            "median": {
                "opens": sum.opens,
                "calls": sum.calls,
                "beyond": sum.beyond,
                "closable": sum.closable,
            },
            "uncovered": sum.uncovered,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_middle_is_one_of_them() {
        for (values, middle) in [(vec![], 0), (vec![3], 3), (vec![9, 1], 1), (vec![5, 1, 3], 3)] {
            assert_eq!(median(values), middle);
        }
    }
}
