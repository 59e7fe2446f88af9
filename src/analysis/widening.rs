//! Whether what grew was approved: every growth by a block of the new policy, and by every block only what grew.
//!
//! A policy permits where all its *gates* are open: those that must be passed (lifecycle, catalog, scopes, roles of
//! the app user and the context user, some permit) and those that must not be stopped at (forbids, withdrawals). A
//! growth goes through the gates that were closed for it before. Of a block that covers such a growth it is asked
//! that those gates are open for all that it covers; what the other gates refuse, it need not say again.

use std::collections::{BTreeMap, BTreeSet};

use super::asking::{self, Spent};
use super::catalogs::{self, CatalogDiff, Opened};
use super::diff::InWords;
use super::eased::{self, Eased};
use super::pairs::Pair;
use crate::parallel;
use crate::region::terms::Term;
use crate::region::{Counting, Models, Universe};
use crate::request::Request;
use crate::sema::model::{ClauseKind, Condition, Growth, Layer, Model};
use crate::span::Span;

/// How what grew and what was approved stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// What grew and no block covers, by app.
    pub uncovered: Vec<Uncovered>,
    /// The blocks of the new policy, in its order.
    pub blocks: Vec<Block>,
    /// App, operations and what was spent in vain on whether they are covered.
    pub undecided: Vec<(String, Vec<String>, Spent)>,
    /// Names of operations that lead elsewhere than in the old policy: rules that use them mean something else, which no
    /// block can approve.
    pub moved: Vec<String>,
    /// What is easier and no block covers.
    pub eased: Vec<Eased>,
    /// Of two catalogs, what scopes open now and did not: no block stands in a catalog.
    pub opened: Vec<Opened>,
    /// Of two catalogs, the permission models that demanded a user and do not any more.
    pub undemanding: Vec<String>,
}

/// A growth that no block covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncovered {
    /// The app's key.
    pub key: String,
    /// The operations, by name.
    pub operations: Vec<String>,
    /// A request of it.
    pub witness: Request,
}

/// A `widen` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Whether it can cover anything.
    pub standing: Standing,
    /// The gates that growth which it covers went through; none if it covers nothing that grew.
    pub through: BTreeSet<Gate>,
    /// What grew of what it covers, by app.
    pub grown: Vec<Grown>,
    /// What it covers and should not: one example of each sort.
    pub surplus: BTreeMap<Surplus, Example>,
    /// Whether it speaks of requests.
    pub of_requests: bool,
    /// What it covers of what is easier.
    pub eased: Vec<Eased>,
    /// Its lines about what gets easier of which nothing did.
    pub idle: Vec<Span>,
}

/// Requests of one app that a block covers and that were not permitted before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grown {
    /// The app's key.
    pub key: String,
    /// The operations, by name.
    pub operations: Vec<String>,
    /// Which requests for them all.
    pub told: InWords,
}

/// Whether a block can cover anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It can.
    Open,
    /// It stands in the old policy, word for word: its growth was there before.
    Spent,
    /// Its day has come.
    Ended,
}

/// What a block covers besides growth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Surplus {
    /// What was permitted before, and still is.
    PermittedBefore,
    /// What is still refused, at a gate that the growth went through.
    Refused(Gate),
}

/// Something that a block covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The app's key.
    pub key: String,
    /// The operation.
    pub operation: String,
    /// The request.
    pub request: Request,
}

/// Something that every permitted request passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// The installation.
    Lifecycle,
    /// The operation is callable, the containers fit it.
    Catalog,
    /// Scopes held.
    Scope,
    /// Roles of the app user.
    AppUser,
    /// Roles of the context user.
    ContextUser,
    /// Some permit.
    Permits,
    /// No forbid.
    Forbids,
    /// No withdrawal.
    Withdrawals,
}

impl Gate {
    /// All.
    pub const ALL: [Gate; 8] = [
        Gate::Lifecycle,
        Gate::Catalog,
        Gate::Scope,
        Gate::AppUser,
        Gate::ContextUser,
        Gate::Permits,
        Gate::Forbids,
        Gate::Withdrawals,
    ];

    /// Whether it is open unless something refuses; else it is shut unless something grants.
    pub fn refuses(self) -> bool {
        match self {
            Gate::Forbids | Gate::Withdrawals => true,
            Gate::Lifecycle
            | Gate::Catalog
            | Gate::Scope
            | Gate::AppUser
            | Gate::ContextUser
            | Gate::Permits => false,
        }
    }

    /// What stands there, in a few words.
    pub fn name(self) -> &'static str {
        match self {
            Gate::Lifecycle => "the installation",
            Gate::Catalog => "what can be called",
            Gate::Scope => "the scopes",
            Gate::AppUser => "the app user's roles",
            Gate::ContextUser => "the context user's roles",
            Gate::Permits => "the permits",
            Gate::Forbids => "the forbids",
            Gate::Withdrawals => "the withdrawals",
        }
    }
}

/// A block about something new that is granted counts as a permit does.
const AS_PERMITS: Counting = Counting { unknown: false, listed: true };

/// A block about something that only refusing clauses stopped counts as they did.
const AS_FORBIDS: Counting = Counting { unknown: true, listed: false };

/// What one pair of app and operations says about the blocks.
#[derive(Debug, Default)]
pub(super) struct Share {
    uncovered: Option<Request>,
    through: Vec<(usize, Gate)>,
    /// What of the growth each block covers.
    pub(super) covered: Vec<(usize, Term)>,
    /// The same in words.
    pub(super) grown: Vec<(usize, InWords)>,
    undecided: Option<Spent>,
}

impl Approvals {
    /// The blocks of the second model against those of the first, and what differs in the platforms.
    pub(super) fn new(models: [&Model; 2], differ: &CatalogDiff, eased: &[Eased], today: i64) -> Approvals {
        let before: BTreeSet<&str> = models[0].widenings.iter().map(|w| w.text.as_str()).collect();
        let mut open: BTreeSet<usize> = (0..eased.len()).collect();
        let block = |w: &crate::sema::model::Widening| {
            let standing = match () {
                () if before.contains(w.text.as_str()) => Standing::Spent,
                () if w.until <= today => Standing::Ended,
                () => Standing::Open,
            };
            let (spoken, idle) = match standing {
                Standing::Open => eased::spoken(models[1], w, eased),
                Standing::Spent | Standing::Ended => Default::default(),
            };
            open.retain(|at| !spoken.contains(at));
            Block {
                standing,
                through: BTreeSet::new(),
                grown: Vec::new(),
                surplus: BTreeMap::new(),
                of_requests: !w.growths.is_empty(),
                eased: spoken.iter().map(|at| eased[*at].clone()).collect(),
                idle,
            }
        };
        let blocks = models[1].widenings.iter().map(block).collect();
        let mut eased: Vec<Eased> = open.into_iter().map(|at| eased[at].clone()).collect();
        let (mut opened, mut undemanding) = (Vec::new(), Vec::new());
        if models.iter().all(|model| model.apps.is_empty()) {
            eased.extend(eased::of_catalogs(models, differ));
            opened = catalogs::opened(models[0], models[1], differ);
            let demanding = differ.models.iter().filter(|model| model.demands_user.old);
            undemanding.extend(demanding.map(|model| model.name.clone()));
        }
        let moved = differ.moved.iter().filter(|moved| moved.leads_elsewhere());
        let moved = moved.map(|moved| moved.name.clone()).collect();
        Approvals { uncovered: Vec::new(), blocks, undecided: Vec::new(), moved, eased, opened, undemanding }
    }

    /// Whether all growth was approved, and nothing else.
    pub fn settled(&self) -> bool {
        let is_covered = self.uncovered.is_empty() && self.undecided.is_empty() && self.eased.is_empty();
        is_covered
            && self.opened.is_empty()
            && self.undemanding.is_empty()
            && self.moved.is_empty()
            && !self.blocks.iter().any(Block::is_amiss)
    }

    /// What the open blocks speak of.
    pub(super) fn growths<'m>(&self, model: &'m Model) -> impl Iterator<Item = &'m Growth> {
        self.open(model).flat_map(|(_, widening)| &widening.growths)
    }

    fn open<'m>(&self, model: &'m Model) -> impl Iterator<Item = (usize, &'m crate::sema::model::Widening)> {
        let open: Vec<bool> = self.blocks.iter().map(|b| b.standing == Standing::Open).collect();
        model.widenings.iter().enumerate().filter(move |(at, _)| open[*at])
    }

    /// The conditions of the open blocks that speak of the pair, with the number of their side.
    pub(super) fn conditions<'m>(&self, model: &'m Model, pair: &Pair) -> Vec<(usize, &'m Condition)> {
        self.growths(model)
            .filter(|growth| speaks_of(growth, pair))
            .map(|growth| (1, &growth.condition))
            .collect()
    }

    /// Where the block speaks of requests of the pair.
    fn spoken(
        &self,
        model: &Model,
        universe: &mut Universe<'_>,
        pair: &Pair,
        block: usize,
        counting: Counting,
    ) -> Term {
        let mut any = Vec::new();
        for growth in model.widenings[block].growths.iter().filter(|growth| speaks_of(growth, pair)) {
            any.push(universe.condition(1, &growth.condition, counting));
        }
        universe.terms().or(&any)
    }

    /// What the pair's growth says about the blocks.
    pub(super) fn share(
        &self,
        models: [&Model; 2],
        universe: &mut Universe<'_>,
        pair: &Pair,
        gained: Term,
    ) -> Share {
        let mut share = Share::default();
        let mut rest = gained;
        let granted: Vec<Term> = Gate::ALL
            .into_iter()
            .filter(|gate| !gate.refuses())
            .map(|gate| gate_of(models, universe, pair, 0, gate))
            .collect();
        let granted = universe.terms().and(&granted);
        for (block, _) in self.open(models[1]) {
            let certainly = self.spoken(models[1], universe, pair, block, AS_PERMITS);
            let possibly = self.spoken(models[1], universe, pair, block, AS_FORBIDS);
            let possibly = universe.terms().and(&[possibly, granted]);
            let covered = universe.terms().or(&[certainly, possibly]);
            if covered == Term::FALSE {
                continue;
            }
            rest = universe.terms().and(&[rest, covered.not()]);
            let through = share.through.len();
            for gate in Gate::ALL {
                let closed = gate_of(models, universe, pair, 0, gate).not();
                let term = universe.terms().and(&[gained, covered, closed]);
                match asking::ask(universe, term) {
                    Ok(None) => {}
                    Ok(Some(_)) => share.through.push((block, gate)),
                    Err(spent) => share.undecided = Some(spent),
                }
            }
            if share.through.len() > through {
                share.covered.push((block, universe.terms().and(&[gained, covered])));
            }
        }
        match asking::lightest(universe, rest) {
            Ok(found) => share.uncovered = found.map(|(assignment, _)| universe.request(&assignment)),
            Err(spent) => share.undecided = Some(spent),
        }
        share
    }

    /// Takes in what a pair said.
    pub(super) fn add(&mut self, pair: &Pair, share: Share) {
        let names = || pair.operations.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        for (block, gate) in share.through {
            self.blocks[block].through.insert(gate);
        }
        for (block, told) in share.grown {
            let grown = &mut self.blocks[block].grown;
            match grown.iter_mut().find(|g| g.key == pair.key && g.told.is_like(&told)) {
                Some(known) => {
                    known.operations.extend(names());
                    known.operations.sort();
                    known.told.add(told);
                }
                None => {
                    grown.push(Grown { key: pair.key.clone(), operations: names(), told });
                }
            }
        }
        if let Some(spent) = share.undecided {
            self.undecided.push((pair.key.clone(), names(), spent));
        }
        if let Some(witness) = share.uncovered {
            match self.uncovered.iter_mut().find(|u| u.key == pair.key) {
                Some(known) => known.operations.extend(names()),
                None => {
                    self.uncovered.push(Uncovered { key: pair.key.clone(), operations: names(), witness });
                }
            }
        }
    }

    /// Once all growth is known: what the blocks cover besides.
    pub(super) fn judge(&mut self, models: [&Model; 2], both: &Models<'_>, work: &[Pair]) {
        let found = parallel::map(work, &|pair| self.surplus(models, both, pair));
        for (pair, found) in work.iter().zip(found) {
            for (block, surplus, request) in found.0 {
                let (key, operation) = (pair.key.clone(), pair.operations[0].0.clone());
                let example = Example { key, operation, request };
                self.blocks[block].surplus.entry(surplus).or_insert(example);
            }
            if let Some(spent) = found.1 {
                let names = pair.operations.iter().map(|(name, _)| name.clone()).collect();
                self.undecided.push((pair.key.clone(), names, spent));
            }
        }
    }

    fn surplus(
        &self,
        models: [&Model; 2],
        both: &Models<'_>,
        pair: &Pair,
    ) -> (Vec<(usize, Surplus, Request)>, Option<Spent>) {
        let (mut found, mut undecided) = (Vec::new(), None);
        let conditions = self.conditions(models[1], pair);
        if conditions.is_empty() {
            return (found, undecided);
        }
        let mut universe = both.universe(&pair.sides(), &conditions);
        let permitted = [universe.permitted(0), universe.permitted(1)];
        for (block, _) in self.open(models[1]) {
            if self.blocks[block].through.is_empty() {
                continue; // it covers nothing that grew, which is told as such
            }
            let covered = self.spoken(models[1], &mut universe, pair, block, AS_PERMITS);
            let mut look = vec![(Surplus::PermittedBefore, universe.terms().and(&permitted))];
            for gate in &self.blocks[block].through {
                look.push((Surplus::Refused(*gate), gate_of(models, &mut universe, pair, 1, *gate).not()));
            }
            for (surplus, where_) in look {
                let term = universe.terms().and(&[covered, where_]);
                match asking::lightest(&mut universe, term) {
                    Ok(None) => {}
                    Ok(Some((assignment, _))) => found.push((block, surplus, universe.request(&assignment))),
                    Err(spent) => undecided = Some(spent),
                }
            }
        }
        (found, undecided)
    }
}

impl Block {
    /// Whether something is wrong with it. One that is spent is none of this change's business.
    pub fn is_amiss(&self) -> bool {
        match self.standing {
            Standing::Open => self.grew_nothing() || !self.surplus.is_empty() || !self.idle.is_empty(),
            Standing::Spent => false,
            Standing::Ended => true,
        }
    }

    /// Whether it speaks of requests, and nothing that it covers grew.
    pub fn grew_nothing(&self) -> bool {
        self.of_requests && self.through.is_empty()
    }

    /// Whether something that grew or got easier is covered by it.
    pub fn is_used(&self) -> bool {
        !self.grown.is_empty() || !self.eased.is_empty()
    }
}

fn speaks_of(growth: &Growth, pair: &Pair) -> bool {
    // All operations of a pair lie in the same growths.
    pair.apps[1].is_some_and(|app| growth.apps.contains(&app))
        && pair.operations[0].1[1].is_some_and(|operation| growth.operations.contains(&operation))
}

/// Where the gate is open on a side. Of what a side does not know, nothing can be said but that no rule permits it.
fn gate_of(models: [&Model; 2], universe: &mut Universe<'_>, pair: &Pair, side: usize, gate: Gate) -> Term {
    if pair.sides()[side].is_none() {
        return Term::constant(gate != Gate::Permits);
    }
    let mut any = |kind: ClauseKind| {
        let clauses: Vec<_> = universe.clauses(side).to_vec();
        let clauses = clauses.into_iter().filter(|id| models[side].clauses[id.index()].kind == kind);
        let terms: Vec<Term> = clauses.map(|id| universe.clause(side, id)).collect();
        universe.terms().or(&terms)
    };
    match gate {
        Gate::Permits => any(ClauseKind::Permit),
        Gate::Forbids => any(ClauseKind::Forbid).not(),
        Gate::Withdrawals => any(ClauseKind::Withdrawal).not(),
        Gate::Lifecycle => universe.layer(side, Layer::Lifecycle),
        Gate::Catalog => universe.layer(side, Layer::Catalog),
        Gate::Scope => universe.layer(side, Layer::Scope),
        Gate::AppUser => universe.layer(side, Layer::AppUser),
        Gate::ContextUser => universe.layer(side, Layer::ContextUser),
    }
}
