//! One pass over all cells: which rules, containers and stages no request shows to matter.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::grants::Idle;
use super::questions::Questions;
use super::rules::Parts;
use super::{Subject, Undecided};
use crate::analysis::Progress;
use crate::analysis::asking::{self, Spent};
use crate::analysis::cells::Cell;
use crate::parallel;
use crate::region::terms::Term;
use crate::region::variables::{Class, What};
use crate::region::{Counting, Models, Universe, Variation};
use crate::request::Value;
use crate::sema::model::{ClauseId, ClauseKind, Condition, Layer, Model, RatchetId};

/// What the pass leaves.
pub(super) struct Left {
    /// What no request in any cell shows to matter.
    pub(super) never: BTreeSet<Subject>,
    /// What could not be decided; none of it is among those.
    pub(super) undecided: Vec<Undecided>,
}

/// Asks about everything in every cell, until some request shows that it matters.
pub(super) fn ask<'m>(
    model: &'m Model,
    models: &Models<'m>,
    cells: &[Cell],
    questions: &Questions,
    progress: Progress<'_>,
) -> Left {
    let all = questions.all(model);
    let matters: HashMap<Subject, AtomicBool> =
        all.iter().map(|subject| (*subject, AtomicBool::new(false))).collect();
    let idle = Idle::new(model, models, questions);
    let done = AtomicUsize::new(0);
    let found = parallel::map(cells, &|cell| {
        let open = InCell { model, models, questions, matters: &matters, idle: &idle, cell }.ask();
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, cells.len());
        open
    });
    let still = |subject: &Subject| !matters[subject].load(Ordering::Relaxed);
    let mut undecided: Vec<Undecided> = found.into_iter().flatten().collect();
    undecided.retain(|undecided| still(&undecided.of));
    undecided.sort_by_key(|undecided| (undecided.of, undecided.app, undecided.operation));
    let unknown: BTreeSet<Subject> = undecided.iter().map(|undecided| undecided.of).collect();
    let never = all.into_iter().filter(|subject| still(subject) && !unknown.contains(subject)).collect();
    Left { never, undecided }
}

/// No unknown and no listed test counts.
const CERTAINLY: Counting = Counting { unknown: false, listed: false };

/// What is asked in a cell.
#[derive(Default)]
struct Asked<'q> {
    rules: Vec<ClauseId>,
    /// Assignments to people.
    grants: Vec<ClauseId>,
    /// Each with the condition that a request is about it.
    containers: Vec<(Subject, &'q Condition)>,
    stages: Vec<(Subject, RatchetId, u32)>,
}

impl Asked<'_> {
    fn is_empty(&self) -> bool {
        self.rules.is_empty()
            && self.grants.is_empty()
            && self.containers.is_empty()
            && self.stages.is_empty()
    }
}

struct InCell<'a, 'm> {
    model: &'m Model,
    models: &'a Models<'m>,
    questions: &'a Questions,
    matters: &'a HashMap<Subject, AtomicBool>,
    idle: &'a Idle,
    cell: &'a Cell,
}

impl InCell<'_, '_> {
    /// Asks about what is open and can matter here; what could not be decided.
    ///
    /// First without the assignments to people, which are many and about all apps. Requests without a person are the
    /// same there; and what matters not even if all people had all roles does not matter at all.
    fn ask(&self) -> Vec<Undecided> {
        let clauses = self.models.index(0).clauses(self.cell.app, self.cell.operation());
        let (grants, others): (Vec<ClauseId>, Vec<ClauseId>) =
            clauses.into_iter().partition(|clause| self.is_grant(*clause));
        let open = |clauses: Vec<ClauseId>| {
            clauses.into_iter().filter(|clause| self.open(Subject::Rule(*clause))).collect::<Vec<_>>()
        };
        let all = grants.is_empty();
        let grants: Vec<ClauseId> =
            grants.into_iter().filter(|grant| !self.idle.has(self.cell.operation(), *grant)).collect();
        let asked = Asked {
            rules: open(others),
            grants: open(grants),
            containers: self.containers(),
            stages: self.stages(),
        };
        let mut undecided = Vec::new();
        let left = if all || asked.is_empty() { asked } else { self.part(asked) };
        self.whole(left, &mut undecided);
        undecided
    }

    fn is_grant(&self, clause: ClauseId) -> bool {
        self.model.clauses[clause.index()].kind == ClauseKind::ContextUserGrant
    }

    /// Asks without the assignments to people; what that leaves open.
    fn part<'q>(&self, asked: Asked<'q>) -> Asked<'q> {
        let extra = self.extra(&asked);
        let mut universe =
            self.models.part(self.cell.app, self.cell.operation(), &extra, &|clause| !self.is_grant(clause));
        let mut left = Asked::default();
        let user = self.questions.user.as_ref();
        if !asked.rules.is_empty() {
            let alone = Parts::new(self.model, &mut universe, user, &BTreeSet::new(), false);
            let all = Parts::new(self.model, &mut universe, user, &BTreeSet::new(), true);
            for clause in &asked.rules {
                let subject = Subject::Rule(*clause);
                let (few, many) =
                    (alone.decisive(&mut universe, *clause), all.decisive(&mut universe, *clause));
                if !self.settled(&mut universe, subject, few, many) {
                    left.rules.push(*clause);
                }
            }
        }
        let few = universe.permitted(0);
        let (none, assume) = (BTreeSet::new(), BTreeSet::from([Layer::ContextUser]));
        let many = universe.varied(0, &Variation { without: &none, requested: None, assume: &assume });
        // Whoever they are about: where nothing would be permitted anybody, no assignment matters.
        for grant in asked.grants {
            let counting = Counting { unknown: false, listed: true };
            let there = universe.condition(0, &self.model.clauses[grant.index()].condition, counting);
            let many = universe.terms().and(&[many, there]);
            if !self.settled(&mut universe, Subject::Rule(grant), Term::FALSE, many) {
                left.grants.push(grant);
            }
        }
        for (subject, about) in asked.containers {
            let there = universe.condition(0, about, CERTAINLY);
            let (few, many) = (universe.terms().and(&[few, there]), universe.terms().and(&[many, there]));
            if !self.settled(&mut universe, subject, few, many) {
                left.containers.push((subject, about));
            }
        }
        for (subject, ratchet, stage) in asked.stages {
            let differs = at_stages(self.model, &mut universe, few, ratchet, stage);
            // Assignments may read the stage, too: only the whole says never.
            if !self.settled(&mut universe, subject, differs, Term::TRUE) {
                left.stages.push((subject, ratchet, stage));
            }
        }
        left
    }

    /// Whether it is known now: some of the few matter, or none of the many does.
    fn settled(&self, universe: &mut Universe<'_>, subject: Subject, few: Term, many: Term) -> bool {
        if !self.open(subject) {
            return true;
        }
        if matches!(asking::ask(universe, few), Ok(Some(_))) {
            self.mark(subject);
            return true;
        }
        many != Term::TRUE && matches!(asking::ask(universe, many), Ok(None))
    }

    /// Asks in the whole universe.
    fn whole(&self, asked: Asked<'_>, undecided: &mut Vec<Undecided>) {
        if asked.is_empty() {
            return;
        }
        let extra = self.extra(&asked);
        let mut universe = self.models.universe(&[Some((self.cell.app, self.cell.operation()))], &extra);
        self.rules(&mut universe, &[asked.rules, asked.grants].concat(), undecided);
        let permitted = universe.permitted(0);
        for (subject, about) in asked.containers {
            // The container must certainly be the one.
            let there = universe.condition(0, about, CERTAINLY);
            let reached = universe.terms().and(&[permitted, there]);
            self.judge(&mut universe, subject, reached, undecided);
        }
        for (subject, ratchet, stage) in asked.stages {
            let differs = at_stages(self.model, &mut universe, permitted, ratchet, stage);
            self.judge(&mut universe, subject, differs, undecided);
        }
    }

    fn extra<'q>(&'q self, asked: &Asked<'q>) -> Vec<(usize, &'q Condition)> {
        let containers = asked.containers.iter().map(|(_, about)| (0, *about));
        let grants = asked.grants.iter().map(|grant| (0, &self.model.clauses[grant.index()].condition));
        containers.chain(grants).chain(self.questions.user.as_ref().map(|user| (0, user))).collect()
    }

    fn open(&self, subject: Subject) -> bool {
        self.matters.get(&subject).is_some_and(|matters| !matters.load(Ordering::Relaxed))
    }

    fn mark(&self, subject: Subject) {
        if let Some(known) = self.matters.get(&subject) {
            known.store(true, Ordering::Relaxed);
        }
    }

    /// Marks what a request shows to matter.
    fn judge(
        &self,
        universe: &mut Universe<'_>,
        subject: Subject,
        matters: Term,
        undecided: &mut Vec<Undecided>,
    ) {
        match asking::ask(universe, matters) {
            Ok(None) => {}
            Ok(Some(_)) => self.mark(subject),
            Err(Spent { what, .. }) => undecided.push(Undecided {
                of: subject,
                app: self.cell.app,
                operation: self.cell.operation(),
                what,
            }),
        }
    }

    fn rules(&self, universe: &mut Universe<'_>, rules: &[ClauseId], undecided: &mut Vec<Undecided>) {
        if rules.is_empty() {
            return;
        }
        let parts = Parts::new(self.model, universe, self.questions.user.as_ref(), &BTreeSet::new(), false);
        for clause in rules {
            if !self.open(Subject::Rule(*clause)) {
                continue;
            }
            let decisive = parts.decisive(universe, *clause);
            self.judge(universe, Subject::Rule(*clause), decisive, undecided);
        }
    }

    fn containers(&self) -> Vec<(Subject, &Condition)> {
        let operation = &self.model.operations[self.cell.operation().index()];
        let mut kind = Some(operation.lists.unwrap_or(operation.kind));
        let mut containers = Vec::new();
        // No checked model has kinds in a circle.
        for _ in 0..self.model.kinds.len() {
            let Some(at) = kind else { break };
            for (container, about) in self.questions.containers.get(&at).into_iter().flatten() {
                if self.open(Subject::Container(*container)) {
                    containers.push((Subject::Container(*container), about));
                }
            }
            kind = self.model.kinds[at.index()].parent;
        }
        containers
    }

    fn stages(&self) -> Vec<(Subject, RatchetId, u32)> {
        let mut stages = Vec::new();
        for ratchet in self.models.index(0).ratchets(self.cell.app) {
            for stage in 1..self.model.ratchets[ratchet.index()].stages.len() as u32 {
                let subject = Subject::Stage(*ratchet, stage);
                if self.open(subject) {
                    stages.push((subject, *ratchet, stage));
                }
            }
        }
        stages
    }
}

/// Where one is true and the other is not.
pub(super) fn differ(universe: &mut Universe<'_>, one: Term, other: Term) -> Term {
    if one == other {
        return Term::FALSE;
    }
    universe.terms().choose(one, other.not(), other)
}

/// Where the permission at a stage differs from that at the stage before. Nothing does where no formula reads it.
fn at_stages(
    model: &Model,
    universe: &mut Universe<'_>,
    permitted: Term,
    ratchet: RatchetId,
    stage: u32,
) -> Term {
    let ratchet = &model.ratchets[ratchet.index()];
    let what = What::Stage(ratchet.name.clone());
    let Some(variable) = universe.parts().iter().position(|part| part.what == what) else {
        return Term::FALSE;
    };
    let class = |stage: u32| {
        let name = &ratchet.stages[stage as usize].name;
        let is = |class: &Class| matches!(class, Class::Value(Value::Text(text)) if text == name);
        universe.parts()[variable].classes.iter().position(is).map(|class| class as u32)
    };
    let (Some(here), Some(before)) = (class(stage), class(stage - 1)) else {
        return Term::FALSE;
    };
    let variable = crate::region::terms::Variable(variable as u32);
    let mut seen = BTreeMap::new();
    let here = universe.terms().given(permitted, variable, here, &mut seen);
    let mut seen = BTreeMap::new();
    let before = universe.terms().given(permitted, variable, before, &mut seen);
    differ(universe, here, before)
}
