//! The part of a problem that matters: scopes that some needed operation names, and what they open together.

use std::collections::BTreeMap;

use super::bits::Bits;
use super::check::Thing;
use super::problem::{Problem, Unanswerable};

/// A problem with the scopes that matter numbered anew, and with all that is opened alike in one bundle.
///
/// A smallest grant is a union of alternatives of needed operations: more only adds to its cost.
#[derive(Debug)]
pub(super) struct Reduced {
    /// The problem's number of each scope.
    pub(super) scopes: Vec<u32>,
    /// What must be callable; what follows from others is left out.
    pub(super) needs: Vec<Need>,
    /// What else opens, and scopes held.
    pub(super) bundles: Vec<Bundle>,
}

/// A needed operation.
#[derive(Debug)]
pub(super) struct Need {
    /// The problem's number of it.
    pub(super) operation: u32,
    /// Number in the operation's requirement, and all that is held with it. None contains another one.
    pub(super) alternatives: Vec<(usize, Bits)>,
}

/// Things that open under the same circumstances.
#[derive(Debug)]
pub(super) struct Bundle {
    /// Any of these.
    pub(super) opened_by: Vec<Bits>,
    /// What they cost together.
    pub(super) weight: u128,
    members: Vec<Thing>,
}

impl Reduced {
    pub(super) fn of(problem: &Problem, weights: &[u128]) -> Result<Reduced, Unanswerable> {
        let requirement = |operation: u32| &problem.operations[operation as usize].requirement;
        let hopeless: Vec<u32> =
            problem.needed.iter().copied().filter(|o| requirement(*o).is_empty()).collect();
        if !hopeless.is_empty() {
            return Err(Unanswerable::NotCallable(hopeless));
        }
        let named = problem.needed.iter().flat_map(|o| requirement(*o).iter().flatten().copied());
        let scopes: Vec<u32> = problem.closure(named).into_iter().collect();
        let mut local = vec![None; problem.scopes.len()];
        for (i, scope) in scopes.iter().enumerate() {
            local[*scope as usize] = Some(i);
        }
        // `None` if some scope does not matter, so that it is never held.
        let bits = |scopes: &mut dyn Iterator<Item = u32>| {
            let mut bits = Bits::empty(local.iter().flatten().count());
            for scope in scopes {
                bits.insert(local[scope as usize]?);
            }
            Some(bits)
        };
        let closed =
            |alternative: &Vec<u32>| bits(&mut problem.closure(alternative.iter().copied()).into_iter());
        let need = |operation: &u32| {
            let alternatives = requirement(*operation).iter().enumerate();
            let alternatives = alternatives.filter_map(|(i, a)| Some((i, closed(a)?))).collect();
            Need { operation: *operation, alternatives: smallest(alternatives) }
        };
        let needs = independent(problem.needed.iter().map(need).collect());

        let mut bundles: BTreeMap<Vec<Bits>, (u128, Vec<Thing>)> = BTreeMap::new();
        let mut add = |opened_by: Vec<Bits>, thing: Thing, grade: usize| {
            let bundle = bundles.entry(opened_by).or_default();
            bundle.0 += weights[grade];
            bundle.1.push(thing);
        };
        for (number, operation) in problem.operations.iter().enumerate() {
            let number = number as u32;
            if let Some(grade) = operation.grade
                && !problem.needed.contains(&number)
            {
                let alternatives = operation.requirement.iter();
                let mut opened_by: Vec<Bits> =
                    alternatives.filter_map(|a| bits(&mut a.iter().copied())).collect();
                opened_by.sort();
                opened_by.dedup();
                if !opened_by.is_empty() {
                    add(opened_by, Thing::Operation(number), grade);
                }
            }
        }
        for scope in &scopes {
            let opened_by = bits(&mut std::iter::once(*scope)).into_iter().collect();
            add(opened_by, Thing::Scope(*scope), problem.scopes[*scope as usize].grade);
        }
        let bundles = bundles
            .into_iter()
            .map(|(opened_by, (weight, members))| Bundle { opened_by, weight, members })
            .collect();
        Ok(Reduced { scopes, needs, bundles })
    }

    /// Nothing held.
    pub(super) fn nothing(&self) -> Bits {
        Bits::empty(self.scopes.len())
    }

    /// Which bundles these scopes open.
    pub(super) fn opened(&self, held: &Bits) -> Bits {
        let mut opened = Bits::empty(self.bundles.len());
        for (i, bundle) in self.bundles.iter().enumerate() {
            if bundle.opened_by.iter().any(|alternative| alternative.within(held)) {
                opened.insert(i);
            }
        }
        opened
    }

    /// What the bundles weigh.
    pub(super) fn weight(&self, opened: &Bits) -> u128 {
        opened.ones().map(|i| self.bundles[i].weight).sum()
    }

    /// What the scopes cost.
    pub(super) fn cost(&self, held: &Bits) -> u128 {
        self.weight(&self.opened(held))
    }

    /// What is in each bundle.
    pub(super) fn members(&self) -> Vec<Vec<Thing>> {
        self.bundles.iter().map(|bundle| bundle.members.clone()).collect()
    }
}

impl Need {
    /// Whether it is callable.
    pub(super) fn met(&self, held: &Bits) -> bool {
        self.alternatives.iter().any(|(_, alternative)| alternative.within(held))
    }
}

/// Those that contain no other one; of equals the first.
pub(super) fn smallest(alternatives: Vec<(usize, Bits)>) -> Vec<(usize, Bits)> {
    let kept = |i: usize| {
        let (_, bits) = &alternatives[i];
        !alternatives
            .iter()
            .enumerate()
            .any(|(j, (_, other))| j != i && other.within(bits) && (j < i || !bits.within(other)))
    };
    (0..alternatives.len()).filter(|i| kept(*i)).map(|i| alternatives[i].clone()).collect()
}

/// Those that are not met as soon as another one is.
fn independent(needs: Vec<Need>) -> Vec<Need> {
    let follows = |from: &Need, need: &Need| from.alternatives.iter().all(|(_, held)| need.met(held));
    let kept = |i: usize| {
        let need = &needs[i];
        !needs
            .iter()
            .enumerate()
            .any(|(j, other)| j != i && follows(other, need) && (j < i || !follows(need, other)))
    };
    let kept: Vec<bool> = (0..needs.len()).map(kept).collect();
    needs.into_iter().zip(kept).filter_map(|(need, kept)| kept.then_some(need)).collect()
}
