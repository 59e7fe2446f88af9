//! Branch and bound: cases by the alternatives of a needed operation, depth first, the most promising one first.

use super::Budget;
use super::bits::Bits;
use super::check::{Case, Charge, Proof};
use super::greedy;
use super::packing::{self, Choice};
use super::reduced::{self, Need, Reduced};

/// The smallest grant found, and the tree that bounds all others.
pub(super) struct Found {
    pub(super) held: Bits,
    pub(super) proof: Proof,
}

pub(super) fn run(reduced: &Reduced, known: [&Bits; 2], Budget(steps): Budget) -> Found {
    let weights: Vec<u128> = reduced.bundles.iter().map(|bundle| bundle.weight).collect();
    let mut search = Search { reduced, weights, best: None, steps };
    for held in known {
        search.offer(held.clone());
    }
    let everything: Vec<&Need> = reduced.needs.iter().collect();
    let proof = search.visit(reduced.nothing(), &everything, &mut Vec::new());
    let held = search.best.map_or_else(|| reduced.nothing(), |(_, held)| held);
    Found { held, proof }
}

struct Search<'a> {
    reduced: &'a Reduced,
    weights: Vec<u128>,
    best: Option<(u128, Bits)>,
    steps: u64,
}

impl<'a> Search<'a> {
    /// Bounds all grants that hold `held` and contain none of `excluded`.
    fn visit(&mut self, held: Bits, needs: &[&'a Need], excluded: &mut Vec<Bits>) -> Proof {
        let open: Vec<&Need> = needs.iter().copied().filter(|need| !need.met(&held)).collect();
        if open.is_empty() {
            self.offer(held);
            return Proof::Charges(Vec::new());
        }
        let grants: Vec<Vec<(usize, Bits)>> =
            open.iter().map(|need| possible(need, &held, excluded)).collect();
        if grants.iter().any(Vec::is_empty) {
            return Proof::Charges(Vec::new());
        }
        if let Some(forced) = grants.iter().position(|grants| grants.len() == 1) {
            let cases = grants[forced].iter().map(|(alternative, with)| Case {
                alternative: *alternative,
                proof: self.visit(with.clone(), &open, excluded),
            });
            return Proof::Split { operation: open[forced].operation, cases: cases.collect() };
        }

        let opened = self.reduced.opened(&held);
        let paid = self.reduced.weight(&opened);
        let choices: Vec<Choice> =
            grants.iter().map(|grants| Choice { opens: self.newly_opened(grants, &opened) }).collect();
        let enough =
            |search: &Search| search.best.as_ref().map_or(u128::MAX, |(cost, _)| cost.saturating_sub(paid));
        let packing = packing::pack(&choices, &self.weights, enough(self));
        if packing.total < enough(self) {
            self.offer(greedy::complete(self.reduced, held.clone()));
        }
        if packing.total >= enough(self) || self.steps == 0 {
            let charges = open.iter().zip(&packing.charges).flat_map(|(need, charges)| {
                charges.iter().map(|(bundle, amount)| Charge {
                    operation: need.operation,
                    bundle: *bundle as u32,
                    amount: *amount,
                })
            });
            return Proof::Charges(charges.collect());
        }

        let split = widest(&choices, &packing);
        let mut order: Vec<usize> = (0..grants[split].len()).collect();
        order.sort_by_key(|alternative| surplus(&choices, &packing, split, *alternative));
        let before = excluded.len();
        let mut cases = Vec::new();
        for i in order {
            let (alternative, with) = &grants[split][i];
            cases.push(Case { alternative: *alternative, proof: self.visit(with.clone(), &open, excluded) });
            excluded.push(with.clone());
        }
        excluded.truncate(before);
        Proof::Split { operation: open[split].operation, cases }
    }

    /// For each grant, what it opens that was not open.
    fn newly_opened(&mut self, grants: &[(usize, Bits)], opened: &Bits) -> Vec<Bits> {
        let bundles = &self.reduced.bundles;
        self.steps = self.steps.saturating_sub((grants.len() * bundles.len()) as u64);
        let newly = |(_, with): &(usize, Bits)| {
            let mut newly = Bits::empty(bundles.len());
            for (i, bundle) in bundles.iter().enumerate() {
                if !opened.contains(i) && bundle.opened_by.iter().any(|by| by.within(with)) {
                    newly.insert(i);
                }
            }
            newly
        };
        grants.iter().map(newly).collect()
    }

    /// Keeps the grant if it is smaller than all so far.
    fn offer(&mut self, held: Bits) {
        let cost = self.reduced.cost(&held);
        if self.best.as_ref().is_none_or(|(best, _)| cost < *best) {
            self.best = Some((cost, held));
        }
    }
}

/// The ways to meet the need, as everything held then; none that belongs to an earlier case or holds more than
/// another one.
fn possible(need: &Need, held: &Bits, excluded: &[Bits]) -> Vec<(usize, Bits)> {
    let with = need.alternatives.iter().map(|(alternative, scopes)| (*alternative, held.with(scopes)));
    let fresh = with.filter(|(_, with)| !excluded.iter().any(|case| case.within(with)));
    reduced::smallest(fresh.collect())
}

/// What an alternative pays beyond the cheapest, were it to pay all that is left of what it opens too.
fn surplus(choices: &[Choice], packing: &packing::Packing, choice: usize, alternative: usize) -> u128 {
    let opens = &choices[choice].opens[alternative];
    let charged: u128 =
        packing.charges[choice].iter().filter(|(bundle, _)| opens.contains(*bundle)).map(|(_, c)| c).sum();
    charged + opens.ones().map(|bundle| packing.left[bundle]).sum::<u128>()
}

/// The choice whose second-best alternative costs most: its cases differ most from each other.
fn widest(choices: &[Choice], packing: &packing::Packing) -> usize {
    let spread = |i: &usize| {
        let mut paid: Vec<u128> =
            (0..choices[*i].opens.len()).map(|a| surplus(choices, packing, *i, a)).collect();
        paid.sort_unstable();
        (paid.get(1).copied().unwrap_or(0) - paid.first().copied().unwrap_or(0), std::cmp::Reverse(*i))
    };
    (0..choices.len()).max_by_key(spread).unwrap_or(0)
}
