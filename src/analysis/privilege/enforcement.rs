//! Rules that the platform's own controls cannot carry out: only who asks this policy is stopped.

use std::collections::BTreeSet;

use super::set::Operations;
use super::unions::{may_hold, reads_containers};
use crate::sema::model::{AppId, Clause, ClauseId, MarkId, Model, OperationId};

/// A platform's own rule about containers, as far as its documentation limits it.
#[derive(Debug)]
pub struct Control {
    /// The mark that catalogs give to operations that it does not cover.
    pub exempt: &'static str,
    /// What the platform calls it.
    pub name: &'static str,
    /// How many apps a list of it can name.
    pub most_apps: usize,
}

/// The controls that are known.
///
/// Twenty apps: Atlassian, *Block app access*, support.atlassian.com/security-and-access-policies.
pub static CONTROLS: &[Control] =
    &[Control { exempt: "app-access-rule-exempt", name: "app access rule", most_apps: 20 }];

/// A platform's own way to keep an app that acts alone to some containers.
#[derive(Debug)]
pub struct Confinement {
    /// The mark that catalogs give to the operations that it binds.
    pub binds: &'static str,
    /// What the platform calls it.
    pub name: &'static str,
}

/// The confinements that are known.
///
/// Microsoft, *New-ApplicationAccessPolicy*, office-docs-powershell; its successor binds the same operations.
pub static CONFINEMENTS: &[Confinement] =
    &[Confinement { binds: "application-access-policy-binds", name: "application access policy" }];

/// Calls that the platform's audit log does not have.
#[derive(Debug)]
pub struct Silence {
    /// The mark that catalogs give to operations that are not in the log if the app calls them alone.
    pub mark: &'static str,
    /// What the platform does not write down.
    pub what: &'static str,
}

/// Those that are known.
///
/// Atlassian, *Monitor Atlassian Rovo MCP server activity*, support.atlassian.com.
pub static SILENCES: &[Silence] =
    &[Silence { mark: "rovo-mcp-unlogged", what: "calls with an API token are not in the audit log" }];

/// A refusing clause about containers, and what the platform's control would let pass.
#[derive(Debug, Clone)]
pub struct Gap {
    /// The clause.
    pub clause: ClauseId,
    /// The control.
    pub control: &'static Control,
    /// The mark of the operations that it does not cover.
    pub mark: MarkId,
    /// What the clause refuses that its apps could call.
    pub operations: Operations,
    /// Those that the control does not cover.
    pub exempt: Operations,
}

/// The clauses that refuse something in some containers, of which a control covers not all operations.
pub fn gaps(model: &Model) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for control in CONTROLS {
        let Some(mark) = mark(model, control.exempt) else { continue };
        for (at, clause) in model.clauses.iter().enumerate() {
            if !clause.kind.refuses() || !reads_containers(&clause.condition) {
                continue;
            }
            let operations = concerned(model, clause);
            let is_exempt = |id: &OperationId| model.operations[id.index()].marks.contains(&mark);
            let exempt: Operations = operations.iter().filter(is_exempt).collect();
            if !exempt.is_empty() {
                gaps.push(Gap { clause: ClauseId(at as u32), control, mark, operations, exempt });
            }
        }
    }
    gaps
}

/// A refusing clause about containers that speaks about more apps than a list of the control can name, and not
/// about all.
#[derive(Debug, Clone)]
pub struct LongList {
    /// The clause.
    pub clause: ClauseId,
    /// The control.
    pub control: &'static Control,
    /// How many apps.
    pub apps: usize,
}

/// The clauses that would need longer lists than a control has.
pub fn long_lists(model: &Model) -> Vec<LongList> {
    let controls = CONTROLS.iter().filter(|control| mark(model, control.exempt).is_some());
    let of_control = |control: &'static Control| {
        let clauses = model.clauses.iter().enumerate().filter(move |(_, clause)| {
            // To block all apps, or all but a few, takes a short list.
            let fewest = clause.apps.len().min(model.apps.len() - clause.apps.len());
            clause.kind.refuses() && reads_containers(&clause.condition) && fewest > control.most_apps
        });
        clauses.map(move |(at, clause)| LongList {
            clause: ClauseId(at as u32),
            control,
            apps: clause.apps.len(),
        })
    };
    controls.flat_map(of_control).collect()
}

/// The operations with the mark of that name.
pub fn marked(model: &Model, name: &str) -> Operations {
    let Some(mark) = mark(model, name) else { return Operations::default() };
    let all = (0..model.operations.len()).map(|number| OperationId(number as u32));
    all.filter(|id| model.operations[id.index()].marks.contains(&mark)).collect()
}

fn mark(model: &Model, name: &str) -> Option<MarkId> {
    let at = model.marks.iter().position(|mark| mark.name == name);
    at.map(|at| MarkId(at as u32))
}

fn concerned(model: &Model, clause: &Clause) -> Operations {
    let models: BTreeSet<_> =
        clause.apps.iter().flat_map(|app: &AppId| model.apps[app.index()].models.iter().copied()).collect();
    let callable = |id: &OperationId| {
        model.operations[id.index()].requirements.keys().any(|of| models.contains(of))
            && may_hold(model, &clause.condition, *id)
    };
    clause.operations.iter().copied().filter(callable).collect()
}
