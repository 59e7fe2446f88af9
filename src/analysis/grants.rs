//! The smallest grant of scopes for an app, in the words of the model: `minimal` asked about it.

use std::collections::{BTreeMap, BTreeSet};

use super::minimal::{
    self, Budget, Cost, OperationEntry, Problem, Proof, ScopeEntry, Unanswerable, smallest,
};
use crate::region;
use crate::sema::model::{Access, AppId, Model, OperationId, ScopeId};

/// What a smaller grant is smaller in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Operations opened beyond need.
    Surface,
    /// The same, those that administer first, then those that delete, write and read.
    Access,
    /// Scopes held, those of the platform's highest level first; then operations opened beyond need.
    Level,
}

/// What is counted, before everything that comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// Operations beyond need.
    Operations,
    /// Operations beyond need of this class.
    Class(Access),
    /// Scopes held, what they imply too.
    Scopes,
    /// Scopes held of this level; `None`: of which the platform does not say one.
    Level(Option<u32>),
}

/// Scopes, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// What is asked for.
    pub requested: BTreeSet<ScopeId>,
    /// What is held then: what is implied too.
    pub held: BTreeSet<ScopeId>,
    /// What they open that is not needed.
    pub beyond: BTreeSet<OperationId>,
    /// In the grades of the answer.
    pub cost: Cost,
}

/// The smallest grant for an app.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The app.
    pub app: AppId,
    /// What must be callable.
    pub needed: BTreeSet<OperationId>,
    /// What costs count, the heaviest first.
    pub grades: Vec<Grade>,
    /// What the app holds: requested outright, as far as it is approved. What is optional is held by some installations
    /// only, and left as it is.
    pub now: Holding,
    /// What is needed and what that does not open.
    pub missing: BTreeSet<OperationId>,
    /// The smallest grant found.
    pub least: Holding,
    /// No grant costs less.
    pub bound: Cost,
    /// How many cases the certificate distinguishes.
    pub cases: usize,
    /// What picking greedily by number of calls comes to.
    pub greedy: Cost,
    /// What picking greedily by added cost for each call comes to.
    pub weighted_greedy: Cost,
}

impl Answer {
    /// Whether the bound shows that no grant costs less.
    pub fn proved(&self) -> bool {
        self.bound >= self.least.cost
    }

    /// Held now, not in the smallest grant.
    pub fn goes(&self) -> BTreeSet<ScopeId> {
        &self.now.held - &self.least.held
    }

    /// In the smallest grant, not held now.
    pub fn comes(&self) -> BTreeSet<ScopeId> {
        &self.least.held - &self.now.held
    }
}

/// Why there is no smallest grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// None of the app's permission models has these operations.
    NotCallable(BTreeSet<OperationId>),
    /// No scope of the app's permission models has a level.
    NoLevels,
    /// There is too much to count.
    TooLarge,
}

/// The smallest grant with which an app can call what it needs.
///
/// # Errors
///
/// Where there is none: an operation that the app's permission models do not have, or a measure of which the
/// catalog says nothing.
pub fn least(
    model: &Model,
    app: AppId,
    needed: &BTreeSet<OperationId>,
    measure: Measure,
    budget: Budget,
) -> Result<Answer, NoAnswer> {
    let numbers = Numbers::of(model, app);
    let grades = grades(model, &numbers, measure).ok_or(NoAnswer::NoLevels)?;
    let problem = problem(model, &numbers, needed, &grades);
    let found = smallest(&problem, budget).map_err(|e| match e {
        Unanswerable::NotCallable(operations) => {
            NoAnswer::NotCallable(operations.into_iter().map(|o| numbers.operations[o as usize]).collect())
        }
        Unanswerable::TooLarge => NoAnswer::TooLarge,
    })?;
    let declared = &model.apps[app.index()];
    let [_, held] = region::held(model, declared, &declared.requested);
    let outright = &declared.requested - &declared.optional;
    let now = numbers.holding(&problem, &numbers.local(&held), outright);
    let missing = needed.iter().filter(|o| !opens(model, app, &held, **o)).copied().collect();
    let requested = problem.to_request(&found.grant.held);
    let requested = requested.into_iter().map(|scope| numbers.scopes[scope as usize]).collect();
    Ok(Answer {
        app,
        needed: needed.clone(),
        now,
        missing,
        least: numbers.holding(&problem, &found.grant.held, requested),
        bound: found.bound,
        cases: cases(&found.certificate.proof),
        greedy: found.plain_greedy.cost,
        weighted_greedy: found.weighted_greedy.cost,
        grades,
    })
}

/// These operations without those that the app's scopes open only where an installation approved what is optional.
pub fn needed_outright(
    model: &Model,
    app: AppId,
    mut operations: BTreeSet<OperationId>,
) -> BTreeSet<OperationId> {
    let declared = &model.apps[app.index()];
    if !declared.optional.is_empty() {
        let [all, outright] = region::held(model, declared, &declared.requested);
        operations.retain(|o| opens(model, app, &outright, *o) || !opens(model, app, &all, *o));
    }
    operations
}

fn opens(model: &Model, app: AppId, held: &BTreeSet<ScopeId>, operation: OperationId) -> bool {
    let requirements = &model.operations[operation.index()].requirements;
    let models = &model.apps[app.index()].models;
    let mut alternatives = models.iter().filter_map(|m| requirements.get(m)).flatten();
    alternatives.any(|alternative| alternative.iter().all(|scope| held.contains(scope)))
}

/// The problem's numbers of the scopes and operations of an app's permission models.
struct Numbers {
    /// By name, so that ties do not hang on the order of declarations.
    scopes: Vec<ScopeId>,
    scope: BTreeMap<ScopeId, u32>,
    operations: Vec<OperationId>,
    /// Alternatives of each operation, in all of the app's models.
    requirements: Vec<Vec<Vec<u32>>>,
}

impl Numbers {
    fn of(model: &Model, app: AppId) -> Numbers {
        let models = &model.apps[app.index()].models;
        let mut scopes: Vec<ScopeId> = (0..model.scopes.len() as u32)
            .map(ScopeId)
            .filter(|scope| models.contains(&model.scopes[scope.index()].model))
            .collect();
        scopes.sort_by_key(|id| {
            let scope = &model.scopes[id.index()];
            (models.iter().position(|m| *m == scope.model), &scope.name)
        });
        let scope: BTreeMap<ScopeId, u32> = scopes.iter().copied().zip(0..).collect();
        let operations: Vec<OperationId> = (0..model.operations.len() as u32).map(OperationId).collect();
        let requirements = model.operations.iter().map(|operation| {
            let alternatives = models.iter().filter_map(|m| operation.requirements.get(m)).flatten();
            alternatives.map(|all| all.iter().filter_map(|s| scope.get(s).copied()).collect()).collect()
        });
        Numbers { requirements: requirements.collect(), scopes, scope, operations }
    }

    /// The problem's numbers of scopes; those of other models mean nothing to the app.
    fn local(&self, scopes: &BTreeSet<ScopeId>) -> BTreeSet<u32> {
        scopes.iter().filter_map(|scope| self.scope.get(scope).copied()).collect()
    }

    fn holding(&self, problem: &Problem, held: &BTreeSet<u32>, requested: BTreeSet<ScopeId>) -> Holding {
        Holding {
            requested,
            held: held.iter().map(|scope| self.scopes[*scope as usize]).collect(),
            beyond: problem.beyond_need(held).map(|o| self.operations[o as usize]).collect(),
            cost: problem.cost(held),
        }
    }
}

/// `None` if the measure counts levels and there are none.
fn grades(model: &Model, numbers: &Numbers, measure: Measure) -> Option<Vec<Grade>> {
    match measure {
        Measure::Surface => Some(vec![Grade::Operations, Grade::Scopes]),
        Measure::Access => {
            let classes = [Access::Admin, Access::Delete, Access::Write, Access::Read];
            Some(classes.into_iter().map(Grade::Class).chain([Grade::Scopes]).collect())
        }
        Measure::Level => {
            let levels: BTreeSet<Option<u32>> =
                numbers.scopes.iter().map(|scope| model.scopes[scope.index()].level).collect();
            // A level that is not said may be the highest.
            let unsaid = levels.contains(&None).then_some(Grade::Level(None));
            let said: Vec<Grade> = levels.iter().rev().flatten().map(|l| Grade::Level(Some(*l))).collect();
            if said.is_empty() {
                return None;
            }
            Some(unsaid.into_iter().chain(said).chain([Grade::Operations]).collect())
        }
    }
}

fn problem(model: &Model, numbers: &Numbers, needed: &BTreeSet<OperationId>, grades: &[Grade]) -> Problem {
    let grade = |matches: &dyn Fn(&Grade) -> bool| grades.iter().position(matches);
    let scope = |id: &ScopeId| {
        let scope = &model.scopes[id.index()];
        let counted = |g: &Grade| match g {
            Grade::Scopes => true,
            Grade::Level(level) => *level == scope.level,
            Grade::Operations | Grade::Class(_) => false,
        };
        ScopeEntry {
            includes: scope.implies.iter().filter_map(|s| numbers.scope.get(s).copied()).collect(),
            // Every measure counts every scope.
            grade: grade(&counted).unwrap_or(grades.len() - 1),
        }
    };
    let operation = |(id, requirement): (&OperationId, &Vec<Vec<u32>>)| {
        let access = model.operations[id.index()].access;
        let counted = |g: &Grade| match g {
            Grade::Operations => true,
            Grade::Class(class) => *class == access,
            Grade::Scopes | Grade::Level(_) => false,
        };
        OperationEntry { requirement: requirement.clone(), grade: grade(&counted) }
    };
    Problem {
        grades: grades.len(),
        scopes: numbers.scopes.iter().map(scope).collect(),
        operations: numbers.operations.iter().zip(&numbers.requirements).map(operation).collect(),
        needed: needed.iter().map(|o| o.0).collect(),
    }
}

fn cases(proof: &minimal::Proof) -> usize {
    match proof {
        Proof::Charges(_) => 1,
        Proof::Split { cases: all, .. } => all.iter().map(|case| cases(&case.proof)).sum(),
    }
}
