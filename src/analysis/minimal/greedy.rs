//! What one would do without a solver: the baselines, and the first grants that the search knows.

use super::bits::Bits;
use super::reduced::{Need, Reduced};

/// Again and again the alternative with which most needed operations become callable, for each scope added;
/// the first of equals.
pub(super) fn plain(reduced: &Reduced) -> Bits {
    again_and_again(reduced, |held, with| u128::from(with.count() - held.count()))
}

/// Again and again the alternative that adds least cost for each operation that becomes callable.
pub(super) fn weighted(reduced: &Reduced) -> Bits {
    again_and_again(reduced, |held, with| reduced.cost(with) - reduced.cost(held))
}

fn again_and_again(reduced: &Reduced, price: impl Fn(&Bits, &Bits) -> u128) -> Bits {
    let mut held = reduced.nothing();
    let mut open: Vec<&Need> = reduced.needs.iter().collect();
    while !open.is_empty() {
        let mut best: Option<(u128, u128, Bits)> = None;
        for (_, alternative) in open.iter().flat_map(|need| &need.alternatives) {
            let with = held.with(alternative);
            let gain = open.iter().filter(|need| need.met(&with)).count() as u128;
            let price = price(&held, &with);
            // Fractions compared crosswise; sums of weights leave room for the factor in all but absurd cases.
            let better =
                best.as_ref().is_none_or(|(p, g, _)| price.saturating_mul(*g) < p.saturating_mul(gain));
            if better {
                best = Some((price, gain, with));
            }
        }
        let Some((_, _, with)) = best else { break };
        held = with;
        open.retain(|need| !need.met(&held));
    }
    held
}

/// A grant that contains these scopes: for each need in turn the alternative that adds least cost.
pub(super) fn complete(reduced: &Reduced, mut held: Bits) -> Bits {
    for need in &reduced.needs {
        if !need.met(&held) {
            let grants = need.alternatives.iter().map(|(_, alternative)| held.with(alternative));
            if let Some(with) = grants.min_by_key(|with| reduced.cost(with)) {
                held = with;
            }
        }
    }
    held
}
