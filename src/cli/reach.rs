//! `sprag reach`

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::package::Package;
use super::{Context, Exit, apps, check, failed};
use crate::analysis::privilege::models::{self, Asked, Comparison};
use crate::analysis::privilege::needs::{Needs, shortest};
use crate::analysis::privilege::permitted::{self, Permits};
use crate::analysis::privilege::ratchets::permitted_at;
use crate::analysis::privilege::reach::{self, Reach};
use crate::analysis::privilege::set::{CLASSES, Counts, Operations};
use crate::diag::nearest;
use crate::sema::model::{AppId, Model, PermissionModelId, ScopeId};

/// Count what the scopes of apps open, what the policy permits, and what ratchets leave.
///
/// An operation is open if the scopes suffice for it, and permitted if some request for it is permitted.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The package's folder, or anything in it; the current folder if missing.
    path: Option<PathBuf>,
    /// Only this app.
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Compare two permission models instead: what each asks for the operations that one of them can call.
    #[arg(long, value_name = "MODEL", num_args = 2, conflicts_with = "app")]
    compare: Option<Vec<String>>,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

/// 0, or 1 if the package has errors.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let compiled = Package::load(args.path.as_deref(), cx)?.compile(cx);
    let Some(model) = &compiled.compilation.model else {
        check::show_errors(&compiled, cx)?;
        return Ok(Exit::Findings);
    };
    match args.compare.as_deref() {
        Some([left, right]) => {
            let comparison = models::compare(model, named(model, left)?, named(model, right)?);
            if args.json { compared_json(model, &comparison, cx) } else { compared(model, &comparison, cx) }?;
        }
        Some(_) | None => reaches(args, model, cx)?,
    }
    Ok(Exit::Clean)
}

fn reaches(args: &Args, model: &Model, cx: &mut Context<'_>) -> io::Result<()> {
    let wanted = apps::chosen(model, args.app.as_deref())?;
    let needs = Needs::of(model);
    let regions = apps::permitted(model, &needs, cx);
    let told = wanted.iter().map(|app| told(model, &needs, &regions, *app));
    if args.json {
        let apps: Vec<Value> = told.map(|told| json_of(model, &told)).collect();
        let text = serde_json::to_string_pretty(&json!({ "apps": apps })).map_err(io::Error::other)?;
        return writeln!(cx.out, "{text}");
    }
    for (at, told) in told.enumerate() {
        if at > 0 {
            writeln!(cx.out)?;
        }
        show(model, &told, cx)?;
    }
    Ok(())
}

/// What is told of one app.
struct Told {
    reach: Reach,
    permitted: Operations,
    /// For each of its ratchets and stages, what is permitted there.
    stages: Vec<Vec<Operations>>,
}

fn told(model: &Model, needs: &Needs, permits: &dyn Permits, app: AppId) -> Told {
    let reach = reach::of(model, needs, app);
    let stages = reach.turnings.iter().map(|turning| {
        let stages = 0..turning.stages.len() as u32;
        stages.map(|stage| permitted_at(permits, app, turning.ratchet, stage)).collect()
    });
    let stages = stages.collect();
    Told { permitted: permitted::operations(permits, app), reach, stages }
}

fn show(model: &Model, told: &Told, cx: &mut Context<'_>) -> io::Result<()> {
    let app = &model.apps[told.reach.app.index()];
    writeln!(cx.out, "{:<34}  read write delete admin   all", format!("app `{}`", app.name))?;
    let mut row = |what: &str, operations: &Operations| {
        let c = operations.counts(model);
        let all = c.total();
        writeln!(cx.out, "  {what:<32} {:>5} {:>5} {:>6} {:>5} {all:>5}", c.read, c.write, c.delete, c.admin)
    };
    row("scopes open", &told.reach.opens)?;
    if told.reach.unattended != told.reach.opens {
        row("  without a person", &told.reach.unattended)?;
    }
    row("the policy permits", &told.permitted)?;
    for (turning, permitted) in told.reach.turnings.iter().zip(&told.stages) {
        let ratchet = &model.ratchets[turning.ratchet.index()];
        for ((stage, held), permitted) in ratchet.stages.iter().zip(&turning.stages).zip(permitted) {
            let name = format!("{}.{}", ratchet.name, stage.name);
            row(&format!("{name}: open"), &held.opens)?;
            if !held.taken.is_empty() {
                row("  of these no more", &held.taken)?;
            }
            row("  permitted", permitted)?;
        }
    }
    Ok(())
}

fn json_of(model: &Model, told: &Told) -> Value {
    let app = &model.apps[told.reach.app.index()];
    let ratchets = told.reach.turnings.iter().zip(&told.stages).map(|(turning, permitted)| {
        let ratchet = &model.ratchets[turning.ratchet.index()];
        let stages = ratchet.stages.iter().zip(&turning.stages).zip(permitted);
        let stages = stages.map(|((stage, held), permitted)| {
            let scopes =
                shortest(model, &held.scopes).into_iter().map(|s| model.scopes[s.index()].name.clone());
            json!({
                "stage": stage.name,
                "holds": scopes.collect::<Vec<_>>(),
                "opens": counted(model, &held.opens),
                "taken": listed(model, &held.taken),
                "permitted": counted(model, permitted),
            })
        });
        json!({ "ratchet": ratchet.name, "stages": stages.collect::<Vec<_>>() })
    });
    json!({
        "app": app.name,
        "key": app.key,
        "opens": counted(model, &told.reach.opens),
        "unattended": counted(model, &told.reach.unattended),
        "permitted": listed(model, &told.permitted),
        "ratchets": ratchets.collect::<Vec<_>>(),
    })
}

fn counted(model: &Model, operations: &Operations) -> Value {
    let counts: Counts = operations.counts(model);
    let mut object: BTreeMap<&str, usize> =
        CLASSES.iter().map(|class| (class.name(), counts.of(*class))).collect();
    object.insert("all", counts.total());
    json!(object)
}

fn listed(model: &Model, operations: &Operations) -> Value {
    let names: Vec<&str> = operations.iter().map(|id| model.operations[id.index()].name.as_str()).collect();
    json!({ "counts": counted(model, operations), "operations": names })
}

fn compared(model: &Model, comparison: &Comparison, cx: &mut Context<'_>) -> io::Result<()> {
    let (left, right) = (name(model, comparison.left), name(model, comparison.right));
    let sum = |operations: Operations| operations.len();
    writeln!(cx.out, "callable in both: {}", sum(comparison.both()))?;
    writeln!(cx.out, "in {left} only: {}", sum(comparison.only_left()))?;
    writeln!(cx.out, "in {right} only: {}", sum(comparison.only_right()))?;
    writeln!(cx.out)?;
    let mut cells: Vec<_> = comparison.cells.iter().collect();
    cells.sort_by_key(|(_, operations)| std::cmp::Reverse(operations.len()));
    let width = cells.iter().map(|((left, _), _)| asked(model, left).chars().count()).max().unwrap_or(0);
    for ((left, right), operations) in cells {
        let (left, right) = (asked(model, left), asked(model, right));
        writeln!(cx.out, "{:>5}  {left:<width$}  {right}", operations.len())?;
    }
    Ok(())
}

fn compared_json(model: &Model, comparison: &Comparison, cx: &mut Context<'_>) -> io::Result<()> {
    let cells = comparison.cells.iter().map(|((left, right), operations)| {
        let mut cell = listed(model, operations);
        cell["left"] = names(model, left);
        cell["right"] = names(model, right);
        cell
    });
    let value = json!({
        "left": name(model, comparison.left),
        "right": name(model, comparison.right),
        "cells": cells.collect::<Vec<_>>(),
    });
    writeln!(cx.out, "{}", serde_json::to_string_pretty(&value).map_err(io::Error::other)?)
}

/// `null` where it cannot be called, else any of all of scopes.
fn names(model: &Model, asked: &Asked) -> Value {
    let scopes = |scopes: &Vec<ScopeId>| {
        scopes.iter().map(|scope| model.scopes[scope.index()].name.clone()).collect::<Vec<_>>()
    };
    json!(asked.as_ref().map(|any| any.iter().map(scopes).collect::<Vec<_>>()))
}

fn asked(model: &Model, asked: &Asked) -> String {
    let Some(alternatives) = asked else { return "-".to_owned() };
    let alternative = |scopes: &Vec<ScopeId>| {
        let names: Vec<&str> = scopes.iter().map(|s| model.scopes[s.index()].name.as_str()).collect();
        if names.len() == 1 { names.join("") } else { format!("[{}]", names.join(", ")) }
    };
    alternatives.iter().map(alternative).collect::<Vec<_>>().join(" or ")
}

fn named(model: &Model, wanted: &str) -> io::Result<PermissionModelId> {
    let names = || model.permission_models.iter().map(|known| known.name.as_str());
    match names().position(|known| known == wanted) {
        Some(at) => Ok(PermissionModelId(at as u32)),
        None => {
            let near = nearest(wanted, names()).map_or(String::new(), |near| format!("; {near}"));
            Err(failed(format!("there is no permission model `{wanted}`{near}")))
        }
    }
}

fn name(model: &Model, id: PermissionModelId) -> &str {
    &model.permission_models[id.index()].name
}
