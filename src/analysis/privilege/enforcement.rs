//! Rules that the platform's own controls cannot carry out: only who asks this policy is stopped.

use std::collections::BTreeSet;

use super::containers;
use super::set::Operations;
use super::unions::{may_hold, reads_containers};
use crate::sema::model::{AppId, Clause, ClauseId, Condition, KindId, MarkId, Model, OperationId, Subject};

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

/// An attribute by which a rule can refuse, and the platform's settings cannot.
#[derive(Debug)]
pub struct Unset {
    /// The attribute.
    pub attribute: &'static str,
    /// The control whose settings could say it if it were there, as [`crate::target`] names it.
    pub control: &'static str,
    /// Whether that is so only for a rule that is about some containers or sites as well.
    pub somewhere_only: bool,
    /// What the platform can do, or not.
    pub why: &'static str,
}

/// Those that are known; each of an attribute that a catalog of the platform declares, or of a model that it has.
///
/// Atlassian, *Rovo data, privacy and usage guidelines*, and *Manage domains of the Rovo MCP server* with the request
/// ROVO-891, support.atlassian.com.
pub static UNSETS: &[(&str, &[Unset])] = &[
    (
        "atlassian.rovo.feature",
        &[
            Unset {
                attribute: "rovo.provider",
                control: "rovo",
                somewhere_only: false,
                why: "Rovo chooses the provider of the model for each request",
            },
            Unset {
                attribute: "rovo.region",
                control: "rovo",
                somewhere_only: false,
                why: "no region can be set for what AI features process",
            },
            Unset {
                attribute: "rovo.synced",
                control: "rovo",
                somewhere_only: false,
                why: "no bound can be set for how old copied permissions may be",
            },
        ],
    ),
    (
        "atlassian.rovo-mcp.oauth",
        &[Unset {
            attribute: "client.origin",
            control: "rovo-mcp",
            somewhere_only: true,
            why: "the list of clients' domains is for the whole organisation, not for one site (ROVO-891)",
        }],
    ),
];

/// A refusing clause for which the platform has no setting.
#[derive(Debug, Clone)]
pub struct WithoutSetting {
    /// The clause.
    pub clause: ClauseId,
    /// Why not.
    pub unset: &'static Unset,
}

/// The refusing clauses for which the platform has no setting.
pub fn without_setting(model: &Model) -> Vec<WithoutSetting> {
    let mut found = Vec::new();
    for (of, unsets) in UNSETS {
        let Some(of) = model.permission_models.iter().position(|m| m.name == *of) else { continue };
        for (at, clause) in model.clauses.iter().enumerate() {
            let concerns = clause.kind.refuses()
                && clause
                    .apps
                    .iter()
                    .any(|app| model.apps[app.index()].models.iter().any(|m| m.index() == of));
            let says = |name: &str| reads(&clause.condition, &|subject| named(model, subject, name));
            let somewhere = || reads_containers(&clause.condition) || says("install.site");
            found.extend(
                unsets
                    .iter()
                    .filter(|unset| {
                        concerns && says(unset.attribute) && (!unset.somewhere_only || somewhere())
                    })
                    .map(|unset| WithoutSetting { clause: ClauseId(at as u32), unset }),
            );
        }
    }
    found
}

fn named(model: &Model, subject: &Subject, name: &str) -> bool {
    matches!(subject, Subject::Attribute(id) if model.attributes[id.index()].name == name)
}

fn reads(condition: &Condition, what: &impl Fn(&Subject) -> bool) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(|part| reads(part, what)),
        Condition::Not(inner) => reads(inner, what),
        Condition::Test(atom) => what(&atom.subject),
        Condition::Constant(_) | Condition::InKind(_) | Condition::AtKind(_) => false,
    }
}

/// How many containers of one site a data security policy can name, app access rules among them.
///
/// Atlassian, *Create a data security policy*, support.atlassian.com; of 2024 and 2025.
pub const MOST_CONTAINERS: usize = 15;

/// A refusing clause that names more containers of a kind than a data security policy can.
#[derive(Debug, Clone)]
pub struct LongCoverage {
    /// The clause.
    pub clause: ClauseId,
    /// The kind.
    pub kind: KindId,
    /// How many containers.
    pub containers: usize,
    /// The controls whose lists are too short for it, as [`crate::target`] names them.
    pub controls: Vec<&'static str>,
}

/// The clauses that would need a longer list of containers than a data security policy has. Only such as refuse
/// something that these policies can be about.
pub fn long_coverages(model: &Model) -> Vec<LongCoverage> {
    let ruled = mark(model, "data-security-rule");
    let exempt = mark(model, "app-access-rule-exempt");
    let mut found = Vec::new();
    for (at, clause) in model.clauses.iter().enumerate().filter(|(_, clause)| clause.kind.refuses()) {
        let marks = |id: OperationId| &model.operations[id.index()].marks;
        let of_people = |id: OperationId| ruled.is_some_and(|mark| marks(id).contains(&mark));
        let of_apps =
            |id: OperationId| !of_people(id) && exempt.is_some_and(|mark| !marks(id).contains(&mark));
        let concerned = concerned(model, clause);
        let mut controls = Vec::new();
        if concerned.iter().any(of_people) {
            controls.push("atlassian-data-security");
        }
        if concerned.iter().any(of_apps) {
            controls.push("atlassian-app-access");
        }
        if controls.is_empty() {
            continue;
        }
        for (kind, ids) in containers::named(model, &clause.condition) {
            if ids.len() > MOST_CONTAINERS {
                let (clause, containers) = (ClauseId(at as u32), ids.len());
                found.push(LongCoverage { clause, kind, containers, controls: controls.clone() });
            }
        }
    }
    found
}

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
