//! Settings with their gap, for people and for programs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::gap::{self, Cause, Found, Gap, Set, Why};
use super::policy::Policy;
use super::{About, Options, Plan, Target};
use crate::analysis::Progress;
use crate::analysis::told;
use crate::sema::model::{ClauseKind, Layer, Model, OperationId};

/// Settings for a target, and what they do not do.
#[derive(Debug)]
pub struct Report {
    /// The target.
    pub about: &'static About,
    /// The settings.
    pub plan: Plan,
    /// Where they permit more, or less, than the policy.
    pub found: Found,
}

impl Report {
    /// Whether the settings do exactly what the policy says, as far as it speaks of the target's platform.
    pub fn is_exact(&self) -> bool {
        self.found.gaps.is_empty() && self.found.lost.is_empty()
    }
}

/// Makes the settings of a target, and finds their gap.
pub fn build(
    policy: &Policy<'_>,
    target: &'static dyn Target,
    options: &Options,
    progress: Progress<'_>,
) -> Report {
    let plan = target.plan(policy, options);
    let sets = [Set { target, settings: &*plan.settings }];
    let found = gap::find(policy, &sets, options, progress);
    Report { about: target.about(), plan, found }
}

/// The settings in the platform's own words, and nothing else.
pub fn text(report: &Report) -> String {
    report.plan.settings.text()
}

/// All of it as JSON.
pub fn json(model: &Model, report: &Report) -> Value {
    let names = |operations: &BTreeSet<OperationId>| -> Vec<&str> {
        operations.iter().map(|o| model.operations[o.index()].name.as_str()).collect()
    };
    let gap = |gap: &Gap| {
        json!({
            "app": model.apps[gap.app.index()].name,
            "cause": cause(model, gap.cause),
            "why": why(&gap.why),
            "operations": names(&gap.operations),
            "witness": gap.witness.as_ref().map(|request| told::request(model, request)),
        })
    };
    let lost = |lost: &gap::Lost| {
        json!({
            "app": model.apps[lost.app.index()].name,
            "operations": names(&lost.operations),
            "witness": lost.witness.as_ref().map(|request| told::request(model, request)),
        })
    };
    json!({
        "target": report.about.name,
        "settings": report.plan.settings.json(),
        "notes": report.plan.notes.iter().map(|note| json!({
            "text": note.text,
            "limit": note.limit.map(|limit| json!({ "what": limit.what, "most": limit.most })),
        })).collect::<Vec<_>>(),
        "gap": report.found.gaps.iter().map(gap).collect::<Vec<_>>(),
        "broken": report.found.lost.iter().map(lost).collect::<Vec<_>>(),
        "pairs": report.found.pairs,
    })
}

/// All of it as a page.
pub fn markdown(model: &Model, report: &Report) -> String {
    let mut page = format!("# {}\n\n{}.\n\n", report.about.name, capital(report.about.title));
    let settings = report.plan.settings.text();
    // Writing to a string cannot fail.
    let _ = write!(page, "```\n{settings}```\n");
    if !report.plan.notes.is_empty() {
        page += "\n## Notes\n\n";
        for note in &report.plan.notes {
            let _ = write!(page, "- {}", note.text);
            if let Some(limit) = note.limit {
                let _ = write!(page, " (limit: {} {})", limit.most, limit.what);
            }
            page.push('\n');
        }
    }
    page += "\n## What it lets through though the policy denies it\n\n";
    if report.found.gaps.is_empty() {
        let _ = writeln!(page, "Nothing: all requests of {} pairs of app and operation.", report.found.pairs);
    }
    for gap in &report.found.gaps {
        let _ = writeln!(page, "- {}", sentence(model, gap));
        if let Some(request) = &gap.witness {
            let _ = writeln!(page, "  - for example `{}`", told::request(model, request));
        }
    }
    if !report.found.gaps.is_empty() {
        page += "\nSend these through a gateway that asks this policy, or take the apps' scopes for them.\n";
    }
    if !report.found.lost.is_empty() {
        page += "\n## What it stops though the policy permits it\n\n";
        for lost in &report.found.lost {
            let app = &model.apps[lost.app.index()].name;
            let _ = writeln!(page, "- `{app}`, {}", operations(model, &lost.operations));
            if let Some(request) = &lost.witness {
                let _ = writeln!(page, "  - for example `{}`", told::request(model, request));
            }
        }
    }
    page
}

/// Whose requests pass, for which operations, what denies them, and why they pass.
fn sentence(model: &Model, gap: &Gap) -> String {
    let (app, operations) = (&model.apps[gap.app.index()].name, operations(model, &gap.operations));
    format!("`{app}`, {operations}: {}; {}", cause(model, gap.cause), why(&gap.why))
}

/// What people must know besides the settings, in a few lines.
pub fn summary(model: &Model, report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for note in &report.plan.notes {
        let _ = writeln!(text, "note: {}", note.text);
    }
    for gap in &report.found.gaps {
        let _ = writeln!(text, "gap: {}", sentence(model, gap));
    }
    for lost in &report.found.lost {
        let app = &model.apps[lost.app.index()].name;
        let _ = writeln!(text, "broken: `{app}`, {}", operations(model, &lost.operations));
    }
    let _ = match (report.found.gaps.len(), report.found.pairs) {
        (0, pairs) => writeln!(text, "no gap in {pairs} pairs of app and operation"),
        (gaps, pairs) => writeln!(
            text,
            "{gaps} gap{} in {pairs} pairs of app and operation; these must pass a gateway that asks this policy",
            if gaps == 1 { "" } else { "s" }
        ),
    };
    text
}

/// Why the policy denies it.
pub fn cause(model: &Model, cause: Cause) -> String {
    match cause {
        Cause::Clause(id) => {
            let clause = &model.clauses[id.index()];
            let verb = match clause.kind {
                ClauseKind::Withdrawal => "withdraws",
                ClauseKind::Forbid
                | ClauseKind::Permit
                | ClauseKind::AppUserGrant
                | ClauseKind::ContextUserGrant => "forbids",
            };
            format!("`{}` {verb} it", clause.name)
        }
        Cause::NoPermit => "no rule permits it".to_owned(),
        Cause::Layer(Layer::Ratchet) => "a ratchet took its scopes away".to_owned(),
        Cause::Layer(layer) => format!("layer `{}` refuses it", layer.name()),
        Cause::Filter(id) => {
            format!("`{}` takes entries out of the list", model.clauses[id.index()].name)
        }
        Cause::Some(layer) => format!("layer `{}` permits some entries of the list only", layer.name()),
        Cause::Undecided => "it was not decided whether anything passes that must not".to_owned(),
    }
}

/// What stands between policy and platform.
pub fn why(why: &Why) -> String {
    match why {
        Why::NotCovered => "the target does not cover these operations".to_owned(),
        Why::Unseen(names) => {
            let plain = |name: &String| if name.contains(' ') { name.clone() } else { format!("`{name}`") };
            let names: Vec<String> = names.iter().map(plain).collect();
            format!("the target does not see {}", names.join(", "))
        }
        Why::TooCoarse => "the target cannot tell it from what must pass".to_owned(),
    }
}

/// The first of them, and how many there are.
fn operations(model: &Model, operations: &BTreeSet<OperationId>) -> String {
    const NAMED: usize = 4;
    let named: Vec<String> =
        operations.iter().take(NAMED).map(|o| format!("`{}`", model.operations[o.index()].name)).collect();
    match operations.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
