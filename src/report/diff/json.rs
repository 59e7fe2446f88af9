//! For programs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Comparison, DiffFormat, gate_code};
use crate::analysis::catalogs::{Alternatives, CatalogDiff, Change};
use crate::analysis::diff::Delta;
use crate::analysis::eased::{Eased, Subject};
use crate::analysis::forgotten::{Forgotten, Gone};
use crate::analysis::widening::{Approvals, Standing, Surplus};
use crate::authzen::request_json;
use crate::report::Look;
use crate::request::Request;
use crate::sema::model::{Model, OperationId};

/// The one for programs.
pub(super) static FORMAT: DiffFormat =
    DiffFormat { name: "json", title: "one JSON object, for programs", write };

fn write(of: &Comparison<'_>, _: &Look, out: &mut dyn Write) -> io::Result<()> {
    let deltas = |side: usize, deltas: &[Delta]| -> Vec<Value> {
        deltas.iter().map(|delta| one(of, side, delta)).collect()
    };
    let mut told = json!({
        "old": of.sides[0].name,
        "new": of.sides[1].name,
        "widens": of.diff.widens(),
        "gained": deltas(1, &of.diff.gained),
        "lost": deltas(0, &of.diff.lost),
        "undecided": of.diff.undecided.iter().map(|open| json!({
            "key": open.key, "operations": open.operations, "because": open.spent.what,
        })).collect::<Vec<_>>(),
        "apps_removed": of.diff.apps[0],
        "apps_added": of.diff.apps[1],
        "catalogs": catalogs(of, &of.diff.catalogs),
    });
    if !of.diff.forgotten.is_empty() {
        told["forgotten"] = of.diff.forgotten.iter().map(forgotten).collect();
    }
    if !of.diff.eased.is_empty() {
        told["eased"] = of.diff.eased.iter().map(eased).collect();
    }
    if let Some(approvals) = of.approvals {
        told["approvals"] = approved(of, approvals);
    }
    let names = |model: &Model, ids: &[OperationId]| -> Vec<String> {
        ids.iter().map(|id| model.operations[id.index()].name.clone()).collect()
    };
    let [old, new] = of.sides.map(|side| side.model);
    let holding = of.holding.iter().map(|(model, scopes, reach)| {
        json!({
            "model": model, "scopes": scopes, "before": reach.before, "now": reach.now,
            "opened": names(new, &reach.opened), "added": names(new, &reach.added),
            "closed": names(old, &reach.closed), "removed": names(old, &reach.removed),
        })
    });
    if !of.holding.is_empty() {
        told["holding"] = holding.collect();
    }
    serde_json::to_writer_pretty(&mut *out, &told)?;
    writeln!(out)
}

fn forgotten(gone: &Forgotten) -> Value {
    let mut told = json!({ "ratchet": gone.ratchet, "apps": gone.apps });
    match &gone.what {
        Gone::Ratchet { now, first } => {
            told["now"] = now.as_str().into();
            told["stands_at"] = first.as_str().into();
        }
        Gone::Stage { stage, last } => {
            told["stage"] = stage.as_str().into();
            told["stands_at"] = last.as_str().into();
        }
    }
    told
}

fn eased(eased: &Eased) -> Value {
    let (sort, name) = match &eased.subject {
        Subject::Ratchet(name) => ("ratchet", name),
        Subject::StepUp(key) => ("step-up", key),
        Subject::Path(operation) => ("path", operation),
    };
    json!({ "of": sort, "name": name, "keys": eased.keys, "in_words": eased.sentence() })
}

fn one(of: &Comparison<'_>, side: usize, delta: &Delta) -> Value {
    let causes = delta.witness.causes.iter().map(|cause| {
        json!({
            "side": side_name(cause.side),
            "what": cause.what,
            "at": of.place(cause),
            "text": of.text(cause),
        })
    });
    json!({
        "app": delta.app,
        "key": delta.key,
        "operations": delta.operations,
        "in_words": of.operations(side, &delta.key, &delta.operations, usize::MAX),
        "where": delta.cubes,
        "remaining_cells": delta.remaining.to_string(),
        "cells": delta.cells.as_ref().map(ToString::to_string),
        "witness": witness(of, side, &delta.witness.request),
        "refused_by": delta.witness.refused_by.iter().map(|layer| layer.name()).collect::<Vec<_>>(),
        "causes": causes.collect::<Vec<_>>(),
    })
}

fn side_name(side: usize) -> &'static str {
    if side == 0 { "old" } else { "new" }
}

fn witness(of: &Comparison<'_>, side: usize, request: &Request) -> Value {
    json!({ "in_words": of.request(side, request), "request": request_json(request) })
}

fn approved(of: &Comparison<'_>, approvals: &Approvals) -> Value {
    let uncovered = approvals
        .uncovered
        .iter()
        .map(|u| json!({ "key": u.key, "operations": u.operations, "witness": witness(of, 1, &u.witness) }));
    let blocks = approvals.blocks.iter().zip(&of.sides[1].model.widenings).map(|(block, widening)| {
        let sources = of.sides[1].sources;
        let surplus = block.surplus.iter().map(|(surplus, example)| {
            json!({
                "why": match surplus {
                    Surplus::PermittedBefore => "permitted-before",
                    Surplus::Refused(gate) => gate_code(*gate),
                },
                "witness": witness(of, 1, &example.request),
            })
        });
        json!({
            "reason": widening.reason,
            "approved_by": widening.approvers,
            "until": widening.until,
            "at": format!("{}:{}", sources.source(widening.span).path, sources.position(widening.span).line),
            "standing": match block.standing {
                Standing::Open => "open",
                Standing::Spent => "spent",
                Standing::Ended => "ended",
            },
            "through": block.through.iter().map(|gate| gate_code(*gate)).collect::<Vec<_>>(),
            "surplus": surplus.collect::<Vec<_>>(),
            "eased": block.eased.iter().map(eased).collect::<Vec<_>>(),
            "idle": block.idle.iter().map(|line| super::one_line(sources.text(*line))).collect::<Vec<_>>(),
        })
    });
    json!({
        "settled": of.is_settled(),
        "uncovered": uncovered.collect::<Vec<_>>(),
        "eased": approvals.eased.iter().map(eased).collect::<Vec<_>>(),
        "undemanding": approvals.undemanding,
        "opened": approvals.opened.iter().map(|opened| json!({
            "operation": of.sides[1].model.operations[opened.operation.index()].name,
            "model": opened.model, "scopes": opened.scopes,
        })).collect::<Vec<_>>(),
        "blocks": blocks.collect::<Vec<_>>(),
        "undecided": approvals.undecided.iter().map(|(key, operations, spent)| json!({
            "key": key, "operations": operations, "because": spent.what,
        })).collect::<Vec<_>>(),
    })
}

fn catalogs(of: &Comparison<'_>, diff: &CatalogDiff) -> Value {
    let [old, new] = of.sides.map(|side| side.model);
    let names = |model: &Model, ids: &[OperationId]| -> Vec<String> {
        ids.iter().map(|id| model.operations[id.index()].name.clone()).collect()
    };
    let changed = diff.changed.iter().map(|c| {
        let requirements: BTreeMap<&str, Value> = c
            .requirements
            .iter()
            .map(|(model, change)| {
                let told = |side: &Option<Alternatives>| json!(side);
                (model.as_str(), json!({ "old": told(&change.old), "new": told(&change.new) }))
            })
            .collect();
        json!({
            "operation": new.operations[c.new.index()].name,
            "name": pair(&c.name, |name| json!(name)),
            "access": pair(&c.access, |access| json!(access.name())),
            "place": pair(&c.place, |place| json!(place)),
            "marks": pair(&c.marks, |marks| json!(marks)),
            "namings": pair(&c.namings, |namings| json!(namings)),
            "any_case": pair(&c.any_case, |any_case| json!(any_case)),
            "requirements": requirements,
        })
    });
    let call =
        |call: &Option<(String, String)>| call.as_ref().map(|(method, path)| format!("{method} {path}"));
    let moved = diff
        .moved
        .iter()
        .map(|m| json!({ "name": m.name, "old": call(&m.call.old), "new": call(&m.call.new) }));
    let scopes = diff.scopes.iter().map(|scope| {
        json!({
            "model": scope.model, "scope": scope.name,
            "implies": { "old": scope.implies.old, "new": scope.implies.new },
        })
    });
    let kinds = diff
        .kinds
        .iter()
        .map(|kind| json!({ "kind": kind.name, "in": { "old": kind.parent.old, "new": kind.parent.new } }));
    let models = diff.models.iter().map(|model| {
        let Change { old, new } = model.demands_user;
        json!({ "model": model.name, "demands_user": { "old": old, "new": new } })
    });
    let mut told = json!({
        "added": names(new, &diff.added),
        "removed": names(old, &diff.removed),
        "changed": changed.collect::<Vec<_>>(),
        "moved": moved.collect::<Vec<_>>(),
        "scopes": scopes.collect::<Vec<_>>(),
    });
    if !diff.kinds.is_empty() {
        told["kinds"] = kinds.collect();
    }
    if !diff.models.is_empty() {
        told["models"] = models.collect();
    }
    told
}

fn pair<T>(change: &Option<Change<T>>, told: impl Fn(&T) -> Value) -> Value {
    change.as_ref().map_or(Value::Null, |c| json!({ "old": told(&c.old), "new": told(&c.new) }))
}
