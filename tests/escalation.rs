//! Chains to power: against brute force on random small landscapes.

use std::collections::{BTreeMap, BTreeSet};

use sprag::analysis::escalation::{Gain, Landscape, Reach, Step, circles, gains};
use sprag::sema::model::{AppId, KindId, OperationId, Power};
use sprag_test_support::random::Random;

#[test]
fn gains_and_the_lengths_of_their_chains_are_those_of_brute_force() {
    let (mut long, mut none) = (0, 0);
    for seed in 0..20_000 {
        let landscape = landscape(&mut Random::new(seed));
        for (app, reach) in &landscape.apps {
            let found = gains(&landscape, *app);
            let expected = brute_force(&landscape, reach);
            let lengths: BTreeMap<Gain, usize> =
                found.iter().map(|(gain, chain)| (*gain, chain.len())).collect();
            assert_eq!(lengths, expected, "seed {seed}, {app:?}: {landscape:?}");
            for (gain, chain) in &found {
                check_chain(&landscape, reach, *gain, chain);
            }
            long += usize::from(expected.values().any(|length| *length > 2));
            none += usize::from(expected.is_empty());
        }
    }
    assert!(long > 500 && none > 500, "{long} {none}");
}

#[test]
fn circles_are_the_pairs_of_apps_that_reach_each_other() {
    let (mut some, mut several) = (0, 0);
    for seed in 0..20_000 {
        let landscape = landscape(&mut Random::new(seed));
        let reaches = closure(&landscape);
        let mut expected: BTreeSet<Vec<AppId>> = BTreeSet::new();
        for app in landscape.apps.keys() {
            let others = landscape
                .apps
                .keys()
                .filter(|b| *b != app && reaches.contains(&(*app, **b)) && reaches.contains(&(**b, *app)));
            let mut circle: Vec<AppId> = others.chain([app]).copied().collect();
            circle.sort_unstable();
            if circle.len() > 1 {
                expected.insert(circle);
            }
        }
        let found = circles(&landscape);
        assert_eq!(found.iter().map(|c| c.apps.clone()).collect::<BTreeSet<_>>(), expected, "seed {seed}");
        assert_eq!(found.len(), expected.len(), "seed {seed}");
        some += usize::from(!expected.is_empty());
        several += usize::from(expected.len() > 1);
    }
    assert!(some > 500 && several > 10, "{some} {several}");
}

/// Kinds 0 to 3 as a tree, operations with and without powers, apps with nested sets.
fn landscape(random: &mut Random) -> Landscape {
    let parents = (1..4).map(|kind| (KindId(kind), KindId(random.below(kind as usize) as u32)));
    let parents = parents.collect();
    let operations: Vec<OperationId> = (0..3 + random.below(6) as u32).map(OperationId).collect();
    let kinds: BTreeMap<OperationId, KindId> =
        operations.iter().map(|o| (*o, KindId(random.below(4) as u32))).collect();
    let mut powers = BTreeMap::new();
    for operation in &operations {
        if !random.one_in(4) {
            let given = random.subset(&Power::ALL, 2).into_iter().collect();
            powers.insert(*operation, (kinds[operation], given));
        }
    }
    let apps = (0..2 + random.below(4) as u32).map(AppId).map(|app| {
        let some = |random: &mut Random| -> BTreeSet<OperationId> {
            operations.iter().copied().filter(|_| random.one_in(4)).collect()
        };
        let now = some(random);
        let with_roles = &now | &some(random);
        let as_anybody = &with_roles | &some(random);
        (app, Reach { now, with_roles, as_anybody, ..Reach::default() })
    });
    let apps = apps.collect();
    Landscape { parents, powers, kinds, apps }
}

/// Gains with the number of calls that they take at least: rounds in which everything possible is called.
fn brute_force(landscape: &Landscape, reach: &Reach) -> BTreeMap<Gain, usize> {
    let mut gained: BTreeMap<Gain, usize> = BTreeMap::new();
    for round in 1.. {
        let before = gained.clone();
        for (operation, (kind, powers)) in &landscape.powers {
            let opened = |gain: &Gain| match gain {
                Gain::Roles(of) => {
                    reach.with_roles.contains(operation) && above(landscape, *kind).contains(of)
                }
                Gain::Anybody => reach.as_anybody.contains(operation),
                Gain::Apps(_) | Gain::Accounts | Gain::Credentials | Gain::Events => false,
            };
            if reach.now.contains(operation) || before.keys().any(opened) {
                for power in powers {
                    let gain = match power {
                        Power::GrantRoles | Power::EditPermissions => Gain::Roles(*kind),
                        Power::ActAsUsers => Gain::Anybody,
                        Power::InstallApps => Gain::Apps(*kind),
                        Power::CreateUsers => Gain::Accounts,
                        Power::CreateTokens => Gain::Credentials,
                        Power::RegisterWebhooks => Gain::Events,
                    };
                    gained.entry(gain).or_insert(round);
                }
            }
        }
        if gained.len() == before.len() {
            break;
        }
    }
    gained
}

/// The kind and all kinds above it.
fn above(landscape: &Landscape, kind: KindId) -> Vec<KindId> {
    let mut all = vec![kind];
    while let Some(parent) = landscape.parents.get(&all[all.len() - 1]) {
        all.push(*parent);
    }
    all
}

/// Every step is possible when it is made.
#[track_caller]
fn check_chain(landscape: &Landscape, reach: &Reach, gain: Gain, chain: &[Step]) {
    let mut by = None;
    for step in chain {
        assert_eq!(step.by, by);
        let (kind, _) = &landscape.powers[&step.operation];
        let possible = match by {
            None => reach.now.contains(&step.operation),
            Some(Gain::Roles(of)) => {
                reach.with_roles.contains(&step.operation) && above(landscape, *kind).contains(&of)
            }
            Some(Gain::Anybody) => reach.as_anybody.contains(&step.operation),
            Some(other) => panic!("{other:?} opens nothing"),
        };
        assert!(possible, "{step:?} in {landscape:?}");
        by = Some(step.gain);
    }
    assert_eq!(by, Some(gain));
}

/// Which app can give roles to which, directly or through others: Floyd and Warshall.
fn closure(landscape: &Landscape) -> BTreeSet<(AppId, AppId)> {
    let mut reaches = BTreeSet::new();
    for (a, reach) in &landscape.apps {
        for gain in brute_force(landscape, reach).keys() {
            if let Gain::Roles(kind) | Gain::Apps(kind) = gain {
                for (b, other) in &landscape.apps {
                    if other.with_roles.iter().any(|o| above(landscape, landscape.kinds[o]).contains(kind)) {
                        reaches.insert((*a, *b));
                    }
                }
            }
        }
    }
    let apps: Vec<AppId> = landscape.apps.keys().copied().collect();
    for middle in &apps {
        for a in &apps {
            for b in &apps {
                if reaches.contains(&(*a, *middle)) && reaches.contains(&(*middle, *b)) {
                    reaches.insert((*a, *b));
                }
            }
        }
    }
    reaches
}
