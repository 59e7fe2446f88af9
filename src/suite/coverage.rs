//! What the tests of a package reach: rules that they make decisive, layers that refuse alone, and cells of
//! the decision space.

use std::collections::BTreeSet;

use crate::eval::{self, Answer};
use crate::request::Request;
use crate::sema::model::{ClauseId, Layer, Model};
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
        if self.of == 0 { 100 } else { u8::try_from(self.part * 100 / self.of).unwrap_or(100) }
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

/// Which layers refuse, and for what reason.
fn verdict(answer: &Answer) -> BTreeSet<(Layer, &'static str)> {
    answer.refusals.iter().map(|r| (r.layer, r.reason.code())).collect()
}
