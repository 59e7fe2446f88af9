//! What the tests of a package reach: rules that they make decisive, layers that refuse alone, and cells of
//! the decision space.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::analysis::cells::Cells as Grouped;
use crate::analysis::told;
use crate::eval::{self, Decision};
use crate::parallel;
use crate::region::Models;
use crate::region::ask::Answer;
use crate::request::Request;
use crate::sema::model::{AppId, ClauseId, Layer, Model, OperationId};
use crate::span::Span;

/// What the tests reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Every rule, assignment and withdrawal, in the order of the model.
    pub rules: Vec<RuleReach>,
    /// For each of the eight layers, how many cases are refused by it alone.
    pub layers: Vec<(Layer, usize)>,
    /// Cells of the decision space, where they were counted.
    pub cells: Option<Cells>,
}

/// The decision space in cells: an app, operations that the policy decides alike for it, and an answer that
/// some request gets there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cells {
    /// How many there are.
    pub total: usize,
    /// Those that no case falls into.
    pub missed: Vec<Cell>,
    /// Cells of which nobody knows within the budget whether any request falls into them.
    pub undecided: usize,
}

/// A cell that no case falls into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The app's name.
    pub app: String,
    /// Names of the operations.
    pub operations: Vec<String>,
    /// The answer.
    pub permit: bool,
    /// A request that falls into it.
    pub witness: Request,
    /// The same, as a test would say it.
    pub words: String,
}

impl Cells {
    /// Those that some case falls into, of all.
    pub fn share(&self) -> Share {
        Share { part: self.total - self.missed.len(), of: self.total }
    }
}

/// How far the tests reach one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReach {
    /// The clause.
    pub clause: ClauseId,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// How far.
    pub reach: Reach,
}

/// How far tests reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It matches no case.
    Unreached,
    /// It matches some, but the layers would say the same without it.
    Matched,
    /// Without it, some case would be refused by other layers, or permitted where it is refused.
    Decisive,
}

impl Coverage {
    /// Rules that are decisive in some case, of all.
    pub fn decisive(&self) -> Share {
        let part = self.rules.iter().filter(|r| r.reach == Reach::Decisive).count();
        Share { part, of: self.rules.len() }
    }
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// At most `of`.
    pub part: usize,
    /// All of them.
    pub of: usize,
}

impl Share {
    /// Whole hundredths, rounded down, so that 100 means all of them; 100 of nothing.
    pub fn percent(self) -> u8 {
        (self.part * 100).checked_div(self.of).map_or(100, |share| u8::try_from(share).unwrap_or(100))
    }
}

/// What the cases of all tests reach, judged by the reference evaluator.
pub fn measure(model: &Model) -> Coverage {
    let mut reach = vec![Reach::Unreached; model.clauses.len()];
    let mut layers = Layer::ALL.map(|layer| (layer, 0));
    let mut changed = model.clone();
    for case in model.tests.iter().flat_map(|t| &t.cases) {
        let answer = eval::evaluate(model, &case.request);
        if let [refusal] = answer.refusals.as_slice() {
            for (layer, count) in &mut layers {
                *count += usize::from(*layer == refusal.layer);
            }
        }
        for id in eval::matching(model, &case.request) {
            let reached = &mut reach[id.index()];
            if *reached == Reach::Decisive {
                continue;
            }
            *reached = Reach::Matched;
            // Nobody's clause is as good as none, and ids stay what they are.
            let apps = std::mem::take(&mut changed.clauses[id.index()].apps);
            if verdict(&eval::evaluate(&changed, &case.request)) != verdict(&answer) {
                *reached = Reach::Decisive;
            }
            changed.clauses[id.index()].apps = apps;
        }
    }
    let rule = |(id, (clause, reach)): (u32, (&crate::sema::model::Clause, Reach))| RuleReach {
        clause: ClauseId(id),
        name: clause.name.clone(),
        span: clause.span,
        reach,
    };
    Coverage {
        rules: (0..).zip(model.clauses.iter().zip(reach)).map(rule).collect(),
        layers: layers.to_vec(),
        cells: None,
    }
}

/// Counts the cells that the cases fall into. `progress` is told how many of how many groups are done.
///
/// A cell counts only if a request is known that falls into it: witnesses are confirmed by the evaluator.
pub fn cells(model: &Model, progress: &(dyn Fn(usize, usize) + Sync)) -> Cells {
    let mut reached: BTreeSet<(AppId, OperationId, bool)> = BTreeSet::new();
    for case in model.tests.iter().flat_map(|t| &t.cases) {
        if let (Some(app), Some(operation)) = eval::target(model, &case.request) {
            let permit = eval::evaluate(model, &case.request).effect == Decision::Permit;
            reached.insert((app, operation, permit));
        }
    }
    let models = Models::new(&[model]);
    let groups = Grouped::new(model, &[]).all();
    let done = AtomicUsize::new(0);
    let found = parallel::map(&groups, &|group| {
        progress(done.fetch_add(1, Ordering::Relaxed), groups.len());
        let mut universe = models.universe(&[Some((group.app, group.operation()))], &[]);
        let permitted = universe.permitted(0);
        let denied = universe.terms().not(permitted);
        [(true, permitted), (false, denied)].map(|(permit, term)| match universe.ask(term) {
            Answer::Never => None,
            Answer::Undecided(_) => Some((permit, None)),
            Answer::Sometimes(assignment) => {
                let request = universe.request(&assignment);
                let holds = (eval::evaluate(model, &request).effect == Decision::Permit) == permit;
                Some((permit, holds.then_some(request)))
            }
        })
    });
    let mut cells = Cells::default();
    for (group, answers) in groups.iter().zip(found) {
        for (permit, witness) in answers.into_iter().flatten() {
            let Some(witness) = witness else {
                cells.undecided += 1;
                continue;
            };
            cells.total += 1;
            if !group.operations.iter().any(|operation| reached.contains(&(group.app, *operation, permit))) {
                let name = |id: &OperationId| model.operations[id.index()].name.clone();
                cells.missed.push(Cell {
                    app: model.apps[group.app.index()].name.clone(),
                    operations: group.operations.iter().map(name).collect(),
                    permit,
                    words: told::request(model, &witness),
                    witness,
                });
            }
        }
    }
    cells
}

/// Which layers refuse, and for what reason.
fn verdict(answer: &eval::Answer) -> BTreeSet<(Layer, &'static str)> {
    answer.refusals.iter().map(|r| (r.layer, r.reason.code())).collect()
}
