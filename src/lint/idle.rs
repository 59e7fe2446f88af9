//! What findings about dead rules have in common: which are told, what makes them so, and the fix.

use std::collections::BTreeSet;

use super::Subject;
use crate::analysis::dead::{DeadRule, Maker};
use crate::diag::{Diagnostic, Fix, Safety};
use crate::eval::{self, Answer};
use crate::sema::model::{Clause, ClauseId, ClauseKind};

/// Why a rule is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It matches no request.
    Unmatched,
    /// Others of its sort say it too.
    Redundant,
    /// What it permits is forbidden or withdrawn.
    Overridden,
    /// What it says makes no difference, for other reasons too.
    Idle,
}

/// Makers that are shown of those that a rule has.
const SHOWN: usize = 5;

/// The dead rules of these sorts that are dead for this reason. Of rules that only together can be missed, those
/// are told that can go.
pub(super) fn dead<'s>(
    subject: &'s Subject<'_>,
    kinds: &'s [ClauseKind],
    why: Why,
) -> impl Iterator<Item = (&'s DeadRule, &'s Clause)> {
    let model = &subject.model;
    let told = subject.dead().rules.iter().filter(|rule| rule.removable);
    told.map(|rule| (rule, &model.clauses[rule.clause.index()]))
        .filter(move |(rule, clause)| kinds.contains(&clause.kind) && reason(subject, rule) == why)
}

fn reason(subject: &Subject<'_>, rule: &DeadRule) -> Why {
    let kind = |clause: &ClauseId| subject.model.clauses[clause.index()].kind;
    let own = kind(&rule.clause);
    let all = |test: &dyn Fn(ClauseKind) -> bool| {
        rule.makers.iter().all(|maker| match maker {
            Maker::Clause(clause) => test(kind(clause)),
            Maker::Layer(_) | Maker::NoPermit | Maker::CallersWord | Maker::Exception => false,
        })
    };
    if rule.makers.is_empty() {
        Why::Unmatched
    } else if all(&|kind| kind == own) {
        Why::Redundant
    } else if own == ClauseKind::Permit && all(&|kind| kind.refuses()) {
        Why::Overridden
    } else {
        Why::Idle
    }
}

/// What a sort of rule is called.
pub(super) fn noun(clause: &Clause) -> &'static str {
    match clause.kind {
        ClauseKind::AppUserGrant | ClauseKind::ContextUserGrant => "assignment",
        ClauseKind::Permit | ClauseKind::Forbid => "rule",
        ClauseKind::Withdrawal => "withdrawal",
    }
}

/// Adds what makes the rule dead: places of other rules, and sentences.
pub(super) fn with_makers(subject: &Subject<'_>, mut finding: Diagnostic, rule: &DeadRule) -> Diagnostic {
    let own = subject.model.clauses[rule.clause.index()].kind;
    let mut more = 0;
    for maker in &rule.makers {
        let sentence = match maker {
            Maker::Clause(clause) => {
                if finding.labels.len() > SHOWN {
                    more += 1;
                    continue;
                }
                let clause = &subject.model.clauses[clause.index()];
                let says = match clause.kind {
                    kind if kind == own => "says it too",
                    ClauseKind::Forbid => "forbids it",
                    ClauseKind::Withdrawal => "withdraws it",
                    ClauseKind::AppUserGrant | ClauseKind::ContextUserGrant | ClauseKind::Permit => {
                        "grants it"
                    }
                };
                finding = finding.at(clause.span, says);
                continue;
            }
            Maker::Layer(layer) => {
                format!("the layer `{}` refuses, whatever rules say", layer.name())
            }
            Maker::NoPermit => "no rule permits it".to_owned(),
            Maker::CallersWord => "the policy takes the caller's word instead".to_owned(),
            Maker::Exception => "the exception from the app user's roles covers it".to_owned(),
        };
        finding = finding.note(sentence);
    }
    if more > 0 {
        finding = finding.note(format!("{more} more rules say so"));
    }
    finding
}

/// The removal of the rule, proved to change nothing of what is permitted. There is none where a test names it; where
/// a test asks for what would be told otherwise, only who asks for the fix gets it.
pub(super) fn removal(subject: &Subject<'_>, id: ClauseId) -> Option<Fix> {
    let clause = &subject.model.clauses[id.index()];
    if !subject.is_own(clause.span) {
        return None;
    }
    let cases = subject.model.tests.iter().flat_map(|test| &test.cases);
    let mut safety = Safety::Safe;
    for case in cases {
        if case.expect.rule.as_ref() == Some(&clause.name) {
            return None;
        }
        let asks = !case.expect.layers.is_empty() || case.expect.rule.is_some() || case.expect.filter;
        if asks && told(&eval::evaluate(subject.model, &case.request)).contains(&id) {
            safety = Safety::Unsafe;
        }
    }
    let title = format!("remove the {} `{}`", noun(clause), clause.name);
    Some(Fix { title, safety, edits: subject.removal(clause.span), given: None })
}

/// The clauses that an answer tells of.
fn told(answer: &Answer) -> BTreeSet<ClauseId> {
    let refusing = answer.refusals.iter().flat_map(|refusal| &refusal.clauses);
    let filter = answer
        .filter
        .iter()
        .flat_map(|filter| filter.only.iter().flat_map(|layer| &layer.any).chain(&filter.except));
    answer.deciding.iter().chain(refusing).chain(filter).copied().collect()
}
