//! Smallest grants: against brute force over all sets of scopes, against an integer program on Microsoft's
//! permissions, and certificates that are wrong.
//!
//! `tests/oracles/minimal_scopes.py` computes `tests/oracles/minimal_scopes.tsv` with HiGHS. Where
//! `msgraph/permissions.json` is missing in `../shared/data` (or the folder in `SPRAG_DATA`), the test that needs
//! it says so and passes. `SPRAG_TIMES=1 … -- --nocapture` prints how long an app takes.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests read files and the clock")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use sprag::analysis::minimal::check::{self, Flaw};
use sprag::analysis::minimal::{
    Budget, Certificate, Cost, OperationEntry, Problem, Proof, ScopeEntry, Smallest, Unanswerable, smallest,
};
use sprag_test_support::random::Random;

// ---- small problems: every set of scopes

#[test]
fn the_smallest_grant_is_that_of_brute_force() {
    let (mut worse_greedy, mut split, mut hopeless) = (0, 0, 0);
    for seed in 0..4_000 {
        let problem = small(&mut Random::new(seed));
        let expected = brute_force(&problem);
        match (smallest(&problem, Budget::default()), expected) {
            (Ok(found), Some(expected)) => {
                check_found(&problem, &found);
                assert_eq!(found.grant.cost, expected, "seed {seed}: {problem:?}");
                assert!(found.proved(), "seed {seed}: {found:?}");
                worse_greedy += usize::from(found.plain_greedy.cost > expected);
                split += usize::from(cases(&found.certificate.proof) > 1);
            }
            (Err(Unanswerable::NotCallable(_)), None) => hopeless += 1,
            (found, expected) => panic!("seed {seed}: {found:?} but {expected:?}"),
        }
    }
    // The random problems are no mere formality.
    assert!(worse_greedy > 400 && split > 100 && hopeless > 20, "{worse_greedy} {split} {hopeless}");
}

#[test]
fn without_budget_nothing_is_claimed_that_is_not_proved() {
    let (mut unproved, mut proved) = (0, 0);
    for seed in 0..2_000 {
        let problem = small(&mut Random::new(seed));
        let Ok(found) = smallest(&problem, Budget(0)) else { continue };
        check_found(&problem, &found);
        let expected = brute_force(&problem).unwrap();
        assert!(found.bound <= expected && expected <= found.grant.cost, "seed {seed}");
        *if found.proved() { &mut proved } else { &mut unproved } += 1;
    }
    assert!(unproved > 20 && proved > 20, "{unproved} {proved}");
}

#[test]
fn damaged_certificates_prove_nothing_more() {
    let mut refused = 0;
    for seed in 0..2_000 {
        let random = &mut Random::new(seed);
        let problem = small(random);
        let Ok(found) = smallest(&problem, Budget::default()) else { continue };
        let expected = brute_force(&problem).unwrap();
        for _ in 0..4 {
            let mut certificate = found.certificate.clone();
            damage(&mut certificate, random);
            match check::bound(&problem, &certificate) {
                Ok(bound) => assert!(bound <= expected, "seed {seed}: {bound:?} for {expected:?}"),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn each_flaw_is_named() {
    let problem = Problem {
        grades: 1,
        scopes: (0..3).map(|s| ScopeEntry { includes: vec![s], grade: 0 }).collect(),
        operations: [vec![vec![0], vec![1]], vec![vec![2]]]
            .into_iter()
            .map(|requirement| OperationEntry { requirement, grade: Some(0) })
            .collect(),
        needed: BTreeSet::from([0]),
    };
    let certificate = |proof| Certificate { bundles: vec![vec![check::Thing::Scope(0)]], proof };
    let charge = |amount| check::Charge { operation: 0, bundle: 0, amount };
    let flaw = |proof| check::bound(&problem, &certificate(proof));
    assert_eq!(flaw(Proof::Charges(vec![charge(1)])), Ok(Cost(vec![0])));
    assert_eq!(flaw(Proof::Charges(vec![charge(2)])), Err(Flaw::Overcharged(0)));
    let nothing = || Proof::Charges(Vec::new());
    let split = |operation, alternatives: &[usize]| Proof::Split {
        operation,
        cases: alternatives
            .iter()
            .map(|alternative| check::Case { alternative: *alternative, proof: nothing() })
            .collect(),
    };
    assert_eq!(flaw(split(0, &[0, 1])), Ok(Cost(vec![1])));
    assert_eq!(flaw(split(0, &[1])), Err(Flaw::CaseMissing(0, 0)));
    assert_eq!(flaw(split(0, &[0, 1, 2])), Err(Flaw::Unknown));
    assert_eq!(flaw(split(1, &[0])), Err(Flaw::Unknown), "the operation is not needed");
    let twice = Certificate { bundles: vec![vec![check::Thing::Scope(0)]; 2], proof: nothing() };
    assert_eq!(check::bound(&problem, &twice), Err(Flaw::Unknown));
}

#[test]
fn what_no_scope_opens_is_said() {
    let operation = |requirement| OperationEntry { requirement, grade: Some(0) };
    let problem = Problem {
        grades: 1,
        scopes: vec![ScopeEntry { includes: vec![0], grade: 0 }],
        operations: vec![operation(vec![vec![0]]), operation(vec![])],
        needed: BTreeSet::from([0, 1]),
    };
    assert_eq!(smallest(&problem, Budget::default()).unwrap_err(), Unanswerable::NotCallable(vec![1]));
}

/// A problem with few scopes, some of which imply others, conjunctions and several grades.
fn small(random: &mut Random) -> Problem {
    let scopes = 2 + random.below(7);
    let grades = 1 + random.below(3);
    let mut implied: Vec<BTreeSet<u32>> = (0..scopes as u32).map(|s| BTreeSet::from([s])).collect();
    for _ in 0..random.below(scopes) {
        let (from, to) = (random.below(scopes), random.below(scopes));
        let more = implied[to].clone();
        implied[from].extend(more);
    }
    // Transitively closed.
    for _ in 0..scopes {
        for scope in 0..scopes {
            let all: BTreeSet<u32> =
                implied[scope].iter().flat_map(|s| implied[*s as usize].clone()).collect();
            implied[scope] = all;
        }
    }
    let names: Vec<u32> = (0..scopes as u32).collect();
    let scopes = implied
        .into_iter()
        .map(|set| ScopeEntry { includes: set.into_iter().collect(), grade: random.below(grades) });
    let scopes = scopes.collect();
    let least = usize::from(!random.one_in(8));
    let operations: Vec<OperationEntry> = random.some(3, 14, |random| OperationEntry {
        requirement: random.some(least, 4, |random| random.subset(&names, 3)),
        grade: if random.one_in(10) { None } else { Some(random.below(grades)) },
    });
    let all: Vec<u32> = (0..operations.len() as u32).collect();
    let needed = random.subset(&all, 5).into_iter().collect();
    Problem { grades, scopes, operations, needed }
}

/// The least cost of all sets of scopes that suffice.
fn brute_force(problem: &Problem) -> Option<Cost> {
    let sets = 0u32..1 << problem.scopes.len();
    let costs = sets.filter_map(|set| {
        let mut held = BTreeSet::new();
        for (i, scope) in problem.scopes.iter().enumerate() {
            if set >> i & 1 == 1 {
                held.extend(scope.includes.iter().copied());
            }
        }
        let callable = |o: &OperationEntry| o.requirement.iter().any(|a| a.iter().all(|s| held.contains(s)));
        if !problem.needed.iter().all(|o| callable(&problem.operations[*o as usize])) {
            return None;
        }
        let mut units = vec![0; problem.grades];
        for (number, operation) in problem.operations.iter().enumerate() {
            if let Some(grade) = operation.grade
                && !problem.needed.contains(&(number as u32))
                && callable(operation)
            {
                units[grade] += 1;
            }
        }
        for scope in &held {
            units[problem.scopes[*scope as usize].grade] += 1;
        }
        Some(Cost(units))
    });
    costs.min()
}

/// What must be true of every answer.
#[track_caller]
fn check_found(problem: &Problem, found: &Smallest) {
    for grant in [&found.grant, &found.plain_greedy, &found.weighted_greedy] {
        assert_eq!(problem.closure(grant.held.iter().copied()), grant.held, "closed under implication");
        assert!(problem.needed.iter().all(|o| problem.callable(*o, |s| grant.held.contains(&s))));
        assert_eq!(problem.cost(&grant.held), grant.cost);
        assert!(found.grant.cost <= grant.cost);
        let requested = problem.to_request(&grant.held);
        assert_eq!(problem.closure(requested.iter().copied()), grant.held, "asked for, the same is held");
    }
    assert!(found.bound <= found.grant.cost);
    assert_eq!(check::bound(problem, &found.certificate), Ok(found.bound.clone()));
}

fn cases(proof: &Proof) -> usize {
    match proof {
        Proof::Charges(_) => 1,
        Proof::Split { cases: all, .. } => all.iter().map(|case| cases(&case.proof)).sum(),
    }
}

fn damage(certificate: &mut Certificate, random: &mut Random) {
    let mut proof = &mut certificate.proof;
    loop {
        match proof {
            Proof::Split { cases, .. } if !cases.is_empty() => {
                let i = random.below(cases.len());
                if random.one_in(3) {
                    cases.remove(i);
                    return;
                }
                proof = &mut cases[i].proof;
            }
            Proof::Split { .. } => return,
            Proof::Charges(charges) if !charges.is_empty() => {
                let i = random.below(charges.len());
                charges[i].amount += 1 + random.below(3) as u128;
                return;
            }
            Proof::Charges(charges) => {
                let bundle = random.below(certificate.bundles.len()) as u32;
                charges.push(check::Charge { operation: random.below(14) as u32, bundle, amount: 1 });
                return;
            }
        }
    }
}

// ---- Microsoft Graph

const SCHEMES: [&str; 3] = ["DelegatedWork", "DelegatedPersonal", "Application"];
const APPS: usize = 200;
const CALLS: usize = 9;

#[test]
fn on_microsofts_permissions_the_optimum_is_that_of_an_integer_program() {
    let Some(permissions) = permissions() else { return };
    let expected = include_str!("oracles/minimal_scopes.tsv");
    let mut expected: BTreeMap<(&str, usize, &str), Cost> = expected
        .lines()
        .skip(1)
        .map(|line| {
            let [scheme, app, cost, units] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let units = units.split(',').map(|u| u.parse().unwrap()).collect();
            ((scheme, app.parse().unwrap(), cost), Cost(units))
        })
        .collect();
    assert_eq!(expected.len(), SCHEMES.len() * APPS * 3);
    let mut report = String::new();
    for (number, scheme) in SCHEMES.into_iter().enumerate() {
        let graph = Graph::of(&permissions, scheme);
        for cost in ["surface", "access", "level"] {
            let mut problem = graph.problem(cost);
            let (mut times, mut plain, mut weighted, mut nodes) = (Vec::new(), 0, 0, Vec::new());
            for app in 0..APPS {
                problem.needed = graph.calls(&mut Random::new((number * 1000 + app) as u64));
                let start = std::time::Instant::now();
                let found = smallest(&problem, Budget::default()).unwrap();
                times.push(start.elapsed());
                let expected = expected.remove(&(scheme, app, cost)).unwrap();
                assert_eq!(found.grant.cost, expected, "{scheme} {app} {cost}");
                assert!(found.proved(), "{scheme} {app} {cost}: {:?}", found.bound);
                check_found(&problem, &found);
                plain += usize::from(found.plain_greedy.cost > expected);
                weighted += usize::from(found.weighted_greedy.cost > expected);
                nodes.push(cases(&found.certificate.proof));
            }
            nodes.sort_unstable();
            report += &format!(
                "{scheme} {cost}: {}; greedy is worse in {plain}, weighted greedy in {weighted} of {APPS}; \
                 at most {} cases\n",
                spread(times),
                nodes[APPS - 1]
            );
        }
    }
    if std::env::var_os("SPRAG_TIMES").is_some() {
        eprint!("{report}");
    }
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    format!("median {:.1?}, p90 {:.1?}, max {:.1?}", at(50), at(90), at(100))
}

/// One scheme of the permissions.
struct Graph<'a> {
    permissions: &'a Value,
    scheme: &'a str,
    scopes: Vec<&'a str>,
    /// Sorted by name: alternatives.
    operations: BTreeMap<String, BTreeSet<Vec<u32>>>,
}

impl<'a> Graph<'a> {
    fn of(permissions: &'a Value, scheme: &'a str) -> Graph<'a> {
        let all = permissions.as_object().unwrap();
        let mut scopes: Vec<&str> = all
            .iter()
            .filter(|(_, p)| p["schemes"].get(scheme).is_some())
            .map(|(name, _)| name.as_str())
            .collect();
        scopes.sort_unstable();
        let number = |name: &str| scopes.binary_search(&name).ok().map(|i| i as u32);
        let mut operations: BTreeMap<String, BTreeSet<Vec<u32>>> = BTreeMap::new();
        for (i, name) in scopes.iter().enumerate() {
            for set in all[*name]["pathSets"].as_array().into_iter().flatten() {
                if !texts(&set["schemeKeys"]).any(|key| key == scheme) {
                    continue;
                }
                for (path, marks) in set["paths"].as_object().unwrap() {
                    let also =
                        marks.as_str().unwrap().split(';').find_map(|m| m.strip_prefix("AlsoRequires="));
                    let alternatives: Vec<Vec<u32>> = match also {
                        None => vec![vec![i as u32]],
                        Some(also) => also
                            .split(',')
                            .filter_map(number)
                            .map(|other| BTreeSet::from([i as u32, other]).into_iter().collect())
                            .collect(),
                    };
                    for method in texts(&set["methods"]) {
                        let operation = operations.entry(format!("{method} {path}")).or_default();
                        operation.extend(alternatives.iter().cloned());
                    }
                }
            }
        }
        operations.retain(|_, alternatives| !alternatives.is_empty());
        Graph { permissions, scheme, scopes, operations }
    }

    /// With nothing needed yet.
    fn problem(&self, cost: &str) -> Problem {
        let access = |name: &str| match name.split(' ').next() {
            Some("GET") => 3,
            Some("DELETE") => 1,
            _ => 2, // POST, PATCH and PUT write.
        };
        let level = |scope: &str| {
            let level = self.permissions[scope]["schemes"][self.scheme]["privilegeLevel"].as_u64();
            level.map_or(0, |level| 6 - level as usize)
        };
        let grades = match cost {
            "surface" => 2,
            "access" => 5,
            _ => 7,
        };
        let scope_grade = |scope: &str| match cost {
            "surface" => 1,
            "access" => 4,
            _ => level(scope),
        };
        let operation_grade = |name: &str| match cost {
            "surface" => 0,
            "access" => access(name),
            _ => 6,
        };
        let scopes = self.scopes.iter().enumerate();
        Problem {
            grades,
            scopes: scopes
                .map(|(i, s)| ScopeEntry { includes: vec![i as u32], grade: scope_grade(s) })
                .collect(),
            operations: self
                .operations
                .iter()
                .map(|(name, alternatives)| OperationEntry {
                    requirement: alternatives.iter().cloned().collect(),
                    grade: Some(operation_grade(name)),
                })
                .collect(),
            needed: BTreeSet::new(),
        }
    }

    /// Three calls each of random families of paths, until there are nine: as in the oracle.
    fn calls(&self, random: &mut Random) -> BTreeSet<u32> {
        let mut families: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (i, name) in self.operations.keys().enumerate() {
            families
                .entry(name.split(' ').nth(1).unwrap().split('/').nth(1).unwrap())
                .or_default()
                .push(i as u32);
        }
        let families: Vec<Vec<u32>> = families.into_values().collect();
        let mut needed = BTreeSet::new();
        while needed.len() < CALLS {
            let family = random.pick(&families);
            for _ in 0..3 {
                let call = *random.pick(family);
                if needed.len() < CALLS {
                    needed.insert(call);
                }
            }
        }
        needed
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn permissions() -> Option<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var_os("SPRAG_DATA").map_or_else(|| root.join("../shared/data"), Into::into);
    let file = folder.join("msgraph/permissions.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        eprintln!("not checked: {} is not there; SPRAG_DATA names another folder", file.display());
        return None;
    };
    let mut all: Value = serde_json::from_str(&text).unwrap();
    Some(all["permissions"].take())
}
