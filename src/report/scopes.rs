//! The smallest grants of apps: for people, and as JSON.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::visible;
use crate::analysis::grants::{Answer, Grade, Holding};
use crate::analysis::minimal::Cost;
use crate::analysis::privilege::change::Change;
use crate::analysis::privilege::set::Operations;
use crate::sema::model::{Model, OperationId, ScopeId};

/// How many names are shown before "and n more".
const SHOWN: usize = 4;

/// One block of lines for each app.
pub fn text(model: &Model, answers: &[(Answer, Change)], out: &mut dyn Write) -> io::Result<()> {
    for (i, (answer, change)) in answers.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        let name = &model.apps[answer.app.index()].name;
        writeln!(out, "{}", visible(name))?;
        let mut line = |head: &str, text: String| writeln!(out, "  {head:<9} {}", visible(&text));
        line("needs", operations(model, &answer.needed))?;
        line("holds", holding(model, answer, &answer.now))?;
        if !answer.missing.is_empty() {
            line("misses", operations(model, &answer.missing))?;
        }
        let optional = &model.apps[answer.app.index()].optional;
        if !optional.is_empty() {
            let names = scopes(model, optional).join(", ");
            line("optional", format!("{names}: not counted, nor what only that opens"))?;
        }
        line("smallest", holding(model, answer, &answer.least))?;
        if answer.goes().is_empty() && answer.comes().is_empty() {
            line("", "that is what it holds".to_owned())?;
        } else {
            let goes = scopes(model, &answer.goes());
            let comes = scopes(model, &answer.comes());
            if !goes.is_empty() {
                line("goes", goes.join(", "))?;
            }
            if !comes.is_empty() {
                line("comes", comes.join(", "))?;
            }
            for (head, text) in warnings(model, change) {
                line(head, text)?;
            }
        }
        line("beyond", operations(model, &answer.least.beyond))?;
        line("proof", certificate(answer))?;
        line("greedy", greedy(answer))?;
    }
    Ok(())
}

/// Why the smallest grant is no advice as it stands: what it would open, and what it would shut.
fn warnings(model: &Model, change: &Change) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let named = |some: &Operations| operations(model, &some.iter().collect());
    if !change.comes.is_empty() {
        lines.push(("widens", "it gives what is not held now: a person must decide that".to_owned()));
    }
    if !change.unattended.is_empty() {
        lines.push(("", format!("newly open without a person: {}", named(&change.unattended))));
    }
    let others = change.opens.minus(&change.unattended);
    if !others.is_empty() {
        lines.push(("", format!("newly open for a person: {}", named(&others))));
    }
    if !change.shuts.is_empty() {
        let text = "at some stage of a ratchet, or without a person, it shuts what is open there now";
        lines.push(("shuts", format!("{text}: {}", named(&change.shuts))));
    }
    if change.untold {
        lines.push(("shuts", "ratchets have too many stages together to tell what it shuts".to_owned()));
    }
    lines
}

/// One document for all apps.
pub fn json(model: &Model, answers: &[(Answer, Change)]) -> Value {
    let all = |some: &Operations| some.iter().collect();
    let apps = answers.iter().map(|(answer, change)| {
        json!({
            "app": model.apps[answer.app.index()].name,
            "needed": names(model, &answer.needed),
            "missing": names(model, &answer.missing),
            "now": holding_json(model, answer, &answer.now),
            "smallest": holding_json(model, answer, &answer.least),
            "goes": scopes(model, &answer.goes()),
            "comes": scopes(model, &answer.comes()),
            "optional": scopes(model, &model.apps[answer.app.index()].optional),
            "widens": !change.comes.is_empty(),
            "newly_open": names(model, &all(&change.opens)),
            "newly_open_without_person": names(model, &all(&change.unattended)),
            "shuts_somewhere": (!change.untold).then(|| names(model, &all(&change.shuts))),
            "certificate": {
                "proved": answer.proved(),
                "lower_bound": cost_json(answer, &answer.bound),
                "cases": answer.cases,
            },
            "greedy": cost_json(answer, &answer.greedy),
            "weighted_greedy": cost_json(answer, &answer.weighted_greedy),
        })
    });
    json!({ "apps": apps.collect::<Vec<_>>() })
}

fn holding(model: &Model, answer: &Answer, holding: &Holding) -> String {
    let asked = scopes(model, &holding.requested);
    let asked = if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") };
    format!("{asked}: {}", cost(answer, &holding.cost))
}

fn certificate(answer: &Answer) -> String {
    if answer.proved() {
        let cases = super::count(answer.cases, "case");
        format!("no grant costs less: the lower bound is equal, in {cases}")
    } else {
        let (least, bound) = (cost(answer, &answer.least.cost), cost(answer, &answer.bound));
        format!("not proved optimal: cost {least}; lower bound {bound}")
    }
}

fn greedy(answer: &Answer) -> String {
    let (plain, weighted) = (&answer.greedy, &answer.weighted_greedy);
    if *plain == answer.least.cost && *weighted == answer.least.cost {
        return "would find the same cost".to_owned();
    }
    format!("would find {}; weighted by cost {}", cost(answer, plain), cost(answer, weighted))
}

/// `162 operations beyond need, 3 scopes held`
fn cost(answer: &Answer, cost: &Cost) -> String {
    let parts: Vec<String> = answer
        .grades
        .iter()
        .zip(&cost.0)
        .filter(|(_, units)| **units > 0)
        .map(|(grade, units)| {
            let units = usize::try_from(*units).unwrap_or(usize::MAX);
            match grade {
                Grade::Operations => format!("{} beyond need", super::count(units, "operation")),
                Grade::Class(class) => {
                    format!("{} beyond need", super::count(units, &format!("{} operation", class.name())))
                }
                Grade::Scopes => format!("{} held", super::count(units, "scope")),
                Grade::Level(Some(level)) => format!("{} of level {level}", super::count(units, "scope")),
                Grade::Level(None) => format!("{} of no level", super::count(units, "scope")),
            }
        })
        .collect();
    if parts.is_empty() { "no cost".to_owned() } else { parts.join(", ") }
}

fn holding_json(model: &Model, answer: &Answer, holding: &Holding) -> Value {
    json!({
        "requests": scopes(model, &holding.requested),
        "holds": scopes(model, &holding.held),
        "beyond": names(model, &holding.beyond),
        "cost": cost_json(answer, &holding.cost),
    })
}

/// The heaviest grade first.
fn cost_json(answer: &Answer, cost: &Cost) -> Value {
    let grade = |(grade, units): (&Grade, &u64)| {
        let name = match grade {
            Grade::Operations => "operations".to_owned(),
            Grade::Class(class) => format!("{}-operations", class.name()),
            Grade::Scopes => "scopes".to_owned(),
            Grade::Level(Some(level)) => format!("level-{level}-scopes"),
            Grade::Level(None) => "no-level-scopes".to_owned(),
        };
        (name, Value::from(*units))
    };
    Value::Object(answer.grades.iter().zip(&cost.0).map(grade).collect())
}

fn scopes<'m>(model: &'m Model, scopes: &BTreeSet<ScopeId>) -> Vec<&'m str> {
    let mut names: Vec<&str> = scopes.iter().map(|s| model.scopes[s.index()].name.as_str()).collect();
    names.sort_unstable();
    names
}

fn names<'m>(model: &'m Model, operations: &BTreeSet<OperationId>) -> Vec<&'m str> {
    operations.iter().map(|o| model.operations[o.index()].name.as_str()).collect()
}

fn operations(model: &Model, operations: &BTreeSet<OperationId>) -> String {
    let names = names(model, operations);
    match names.len() {
        0 => "nothing".to_owned(),
        n if n <= SHOWN => format!("{}: {}", super::count(n, "operation"), names.join(", ")),
        n => format!("{n} operations: {} and {} more", names[..SHOWN].join(", "), n - SHOWN),
    }
}
