//! The lower bound: charges that no bundle is overcharged by.
//!
//! This is the dual of the linear relaxation "each need takes fractions of its alternatives, a bundle opens as
//! far as some need's alternatives open it". Any charges within the bundles' weights are a bound; raising them
//! need by need, in several orders, finds good ones in whole numbers.

use super::bits::Bits;

/// Rounds over the needs, each in another order.
const ROUNDS: usize = 6;

/// A need as the bound sees it: for each alternative, which bundles it newly opens.
pub(super) struct Choice {
    pub(super) opens: Vec<Bits>,
}

/// Charges of each choice.
#[derive(Clone)]
pub(super) struct Packing {
    /// What all choices take together.
    pub(super) total: u128,
    /// For each choice: bundle and amount.
    pub(super) charges: Vec<Vec<(usize, u128)>>,
    /// What of each bundle is not charged.
    pub(super) left: Vec<u128>,
}

/// Charges for these choices; `weights` are those of the bundles.
pub(super) fn pack(choices: &[Choice], weights: &[u128], enough: u128) -> Packing {
    // Bundles that many choices could charge are left to others where that costs nothing.
    let mut wanted = vec![0usize; weights.len()];
    for choice in choices {
        for bundle in union(choice) {
            wanted[bundle] += 1;
        }
    }
    let mut order: Vec<usize> = (0..choices.len()).collect();
    order.sort_by_key(|i| (choices[*i].opens.len(), *i));
    let mut best: Option<Packing> = None;
    for round in 0..ROUNDS {
        let mut packing =
            Packing { total: 0, charges: vec![Vec::new(); choices.len()], left: weights.to_vec() };
        let mut taken = vec![0; choices.len()];
        for choice in &order {
            taken[*choice] =
                raise(&choices[*choice], &wanted, &mut packing.left, &mut packing.charges[*choice]);
        }
        packing.total = taken.iter().sum();
        let better = best.as_ref().is_none_or(|best| packing.total > best.total);
        if better {
            best = Some(packing);
        }
        if best.as_ref().is_some_and(|best| best.total >= enough) {
            break;
        }
        // Who got little comes first next time; then the other way round.
        order.sort_by_key(|i| (taken[*i], *i));
        if round % 2 == 1 {
            order.reverse();
        }
    }
    best.unwrap_or(Packing { total: 0, charges: Vec::new(), left: weights.to_vec() })
}

/// Charges as much as every alternative can pay, and no bundle more than that needs.
fn raise(choice: &Choice, wanted: &[usize], left: &mut [u128], charges: &mut Vec<(usize, u128)>) -> u128 {
    let pays: Vec<u128> = choice.opens.iter().map(|opens| opens.ones().map(|b| left[b]).sum()).collect();
    let Some(least) = pays.iter().copied().min() else { return 0 };
    let mut spare: Vec<u128> = pays.iter().map(|paid| paid - least).collect();
    let mut bundles = union(choice);
    bundles.sort_by_key(|b| (std::cmp::Reverse(wanted[*b]), *b));
    for bundle in bundles {
        let payers = || (0..choice.opens.len()).filter(|a| choice.opens[*a].contains(bundle));
        let returned = payers().map(|a| spare[a]).min().unwrap_or(0).min(left[bundle]);
        for alternative in payers() {
            spare[alternative] -= returned;
        }
        let charged = left[bundle] - returned;
        left[bundle] = returned;
        if charged > 0 {
            charges.push((bundle, charged));
        }
    }
    least
}

fn union(choice: &Choice) -> Vec<usize> {
    let all = choice.opens.iter().cloned().reduce(|a, b| a.with(&b));
    all.iter().flat_map(Bits::ones).collect()
}
