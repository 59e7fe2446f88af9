//! Differences against brute force: every cell of every app and operation, asked of the evaluator on both sides.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigUint;
use sprag::analysis::diff;
use sprag::analysis::pairs::pairs;
use sprag::analysis::widening::{Approvals, Gate, Surplus};
use sprag::driver::{self, Inputs};
use sprag::emit::{self, Before, Next, Unbuilt};
use sprag::eval::{self, Decision};
use sprag::region::Models;
use sprag::request::Request;
use sprag::sema::model::{Checked, Condition, Model};
use sprag::span::{Source, SourceMap};
use sprag_runtime::format::{self as f, Kind};
use sprag_runtime::{Bundle, NotNext};
use sprag_test_support::parts::Parts;
use sprag_test_support::random::Random;

const DEMO: &str = include_str!("../docs/demo.sprag");

const WORLD: &str = r#"use demo
role everything { any operation }
group finance { "ann", "bob" }
container project PAY { classification = restricted }
app one { key "one" platform demo.classic requests ADMIN user everything }
app two { key "two" kind agent platform demo.classic requests ADMIN user everything }
assign everything to any user
"#;

const APPS: [&str; 4] = ["one", "two", "any app", "any agent"];
const OPERATIONS: [&str; 6] = [
    "read",
    "demo.issue.edit",
    "demo.issue.search, demo.issue.get",
    "write",
    "any operation",
    "demo.project.*",
];
const PLACES: [&str; 4] = [
    "",
    " in project PAY",
    " in project where classification >= confidential",
    " in project where size < 10",
];
const WHENS: [&str; 5] = [
    "",
    " when user.mfa",
    " when \"finance\" in user.groups",
    " when channel in [server, mcp]",
    " when has(user)",
];

fn set(r: &mut Random) -> String {
    let place = *r.pick(&PLACES);
    // Not all operations act in projects.
    let operations = if place.is_empty() { *r.pick(&OPERATIONS) } else { *r.pick(&OPERATIONS[1..3]) };
    format!("{} to {operations}{place}{}", r.pick(&APPS), r.pick(&WHENS))
}

/// Permits, forbids and blocks of one side.
#[derive(Clone, Default)]
struct Policy {
    permits: Vec<String>,
    forbids: Vec<String>,
    blocks: Vec<String>,
}

impl Policy {
    fn random(r: &mut Random) -> Policy {
        Policy { permits: r.some(1, 3, set), forbids: r.some(0, 2, set), blocks: Vec::new() }
    }

    fn mutated(&self, r: &mut Random) -> Policy {
        let mut new = self.clone();
        for _ in 0..1 + r.below(2) {
            let list = if r.one_in(2) { &mut new.permits } else { &mut new.forbids };
            match (r.below(3), list.len()) {
                (0, _) | (_, 0) => list.push(set(r)),
                (1, many) => drop(list.remove(r.below(many))),
                (_, many) => list[r.below(many)] = set(r),
            }
        }
        // Blocks that say what changed cover, now and then, exactly what grew.
        let come = new.permits.iter().filter(|set| !self.permits.contains(set));
        let gone = self.forbids.iter().filter(|set| !new.forbids.contains(set));
        if r.one_in(2) {
            new.blocks = come.chain(gone).cloned().collect();
            return new;
        }
        // A block like one of the rules now and then covers exactly what grew.
        let from: Vec<String> =
            new.permits.iter().chain(&new.forbids).chain(&self.forbids).cloned().collect();
        new.blocks =
            r.some(0, 2, |r| if from.is_empty() || r.one_in(3) { set(r) } else { r.pick(&from).clone() });
        new
    }

    fn model(&self) -> Checked<Model> {
        self.compiled().0
    }

    fn compiled(&self) -> (Checked<Model>, SourceMap) {
        let mut text = WORLD.to_owned();
        self.permits.iter().for_each(|set| text += &format!("permit {set}\n"));
        self.forbids.iter().for_each(|set| text += &format!("forbid {set}\n"));
        for (at, set) in self.blocks.iter().enumerate() {
            text += &format!("widen \"{at}\" {{ for {set} approved by \"ann\" until 2100-01-01 }}\n");
        }
        let compiled = driver::compile(Inputs {
            package: "test".to_owned(),
            own: vec![Source { path: "policy.sprag".to_owned(), text: text.clone() }],
            shelf: vec![Source { path: "demo.sprag".to_owned(), text: DEMO.to_owned() }],
            lock: None,
        });
        let model = compiled.model.unwrap_or_else(|| panic!("{text}\n{:?}", compiled.diagnostics));
        (model, compiled.sources)
    }
}

fn permits(model: &Model, request: &Request) -> bool {
    eval::evaluate(model, request).effect == Decision::Permit
}

#[derive(Default)]
struct Seen {
    gained: usize,
    lost: usize,
    uncovered: usize,
    settled: usize,
    surplus: BTreeMap<Surplus, usize>,
    chained: usize,
    closed: usize,
    refused: usize,
}

#[test]
fn differences_and_approvals_are_what_brute_force_says() {
    let mut seen = Seen::default();
    #[expect(clippy::disallowed_methods, reason = "a campaign is set by the environment")]
    let seeds = std::env::var("SPRAG_DIFF_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    for seed in 0..seeds {
        one(seed, &mut seen);
    }
    let told =
        format!("{} {} {} {} {:?}", seen.gained, seen.lost, seen.uncovered, seen.settled, seen.surplus);
    let enough = seen.gained > 20 && seen.lost > 20 && seen.uncovered > 10 && seen.settled > 1;
    assert!(enough && seen.surplus.len() >= 3, "too little was seen: {told}");
    let of_chains = format!("{} built, {} closed, {} refused", seen.chained, seen.closed, seen.refused);
    assert!(seen.chained > 20 && seen.refused > 10, "too little was seen of chains: {of_chains}");
}

fn one(seed: u64, seen: &mut Seen) {
    let r = &mut Random::new(seed);
    let old = Policy::random(r);
    let new = old.mutated(r);
    let compiled = [old.compiled(), new.compiled()];
    let models: [&Model; 2] = [&compiled[0].0, &compiled[1].0];
    let (diff, approvals) = diff::compare(models, Some(0), &|_, _| {});
    let approvals = approvals.unwrap();
    assert_eq!((diff.undecided.len(), approvals.undecided.len()), (0, 0), "seed {seed}");

    // The same questions with one gate at a time.
    let gate = |policy: &Policy| {
        let permits = Policy { permits: policy.permits.clone(), ..Policy::default() }.model();
        let all = vec!["any app to any operation".to_owned()];
        let forbids = Policy { permits: all, forbids: policy.forbids.clone(), ..Policy::default() }.model();
        BTreeMap::from([(Gate::Permits, permits), (Gate::Forbids, forbids)])
    };
    let gates = [gate(&old), gate(&new)];
    let covers: Vec<_> =
        new.blocks.iter().map(|b| Policy { permits: vec![b.clone()], ..Policy::default() }.model()).collect();
    let all = vec!["any app to any operation".to_owned()];
    let stops =
        |b: &String| Policy { permits: all.clone(), forbids: vec![b.clone()], ..Policy::default() }.model();
    let stops: Vec<_> = new.blocks.iter().map(stops).collect();

    let both = Models::new(&models);
    let mut cells: [BTreeMap<String, BTreeMap<String, u64>>; 2] = Default::default();
    let mut uncovered: BTreeSet<(String, String)> = BTreeSet::new();
    let mut ever: [BTreeSet<(String, String)>; 2] = Default::default();
    let mut through = vec![BTreeSet::new(); covers.len()];
    let mut surplus = vec![BTreeSet::new(); covers.len()];
    let conditions: Vec<(usize, &Condition)> =
        models[1].widenings.iter().flat_map(|w| &w.growths).map(|g| (1, &g.condition)).collect();
    for pass in [0, 1] {
        for pair in pairs(models) {
            for (name, ids) in &pair.operations {
                let sides = [0, 1].map(|side| pair.apps[side].zip(ids[side]));
                // Counted as the analysis does, and told apart as finely as the blocks ask.
                let counted: &[(usize, &Condition)] = &conditions
                    .iter()
                    .zip(models[1].widenings.iter().flat_map(|w| &w.growths))
                    .filter(|(_, g)| {
                        sides[1].is_some_and(|(a, o)| g.apps.contains(&a) && g.operations.contains(&o))
                    })
                    .map(|(c, _)| *c)
                    .collect::<Vec<_>>();
                let universe = both.universe(&sides, counted);
                let sizes: Vec<u32> = universe.parts().iter().map(|p| p.classes.len() as u32).collect();
                let mut assignment = vec![0; sizes.len()];
                loop {
                    let request = universe.request(&assignment);
                    let now = models.map(|model| permits(model, &request));
                    for side in [0, 1] {
                        if now[side] {
                            ever[side].insert((pair.key.clone(), name.clone()));
                        }
                        if pass == 0 && now[side] && !now[1 - side] {
                            let of = cells[side].entry(pair.key.clone()).or_default();
                            *of.entry(name.clone()).or_default() += 1;
                        }
                    }
                    let gained = now == [false, true];
                    let mut covered: Vec<bool> =
                        covers.iter().map(|cover| permits(cover, &request)).collect();
                    if pass == 0 && gained {
                        // Where only a forbid stood in the way, a block counts as a forbid does.
                        if permits(&gates[0][&Gate::Permits], &request) {
                            let stopped = stops.iter().map(|stop| !permits(stop, &request));
                            covered
                                .iter_mut()
                                .zip(stopped)
                                .for_each(|(covered, stopped)| *covered |= stopped);
                        }
                        if !covered.contains(&true) {
                            uncovered.insert((pair.key.clone(), name.clone()));
                        }
                        for (block, _) in covered.iter().enumerate().filter(|(_, c)| **c) {
                            let closed = gates[0].iter().filter(|(_, model)| !permits(model, &request));
                            through[block].extend(closed.map(|(gate, _)| *gate));
                        }
                    }
                    if pass == 1 {
                        for (block, _) in covered.iter().enumerate().filter(|(_, c)| **c) {
                            if now == [true, true] && !through[block].is_empty() {
                                surplus[block].insert(Surplus::PermittedBefore);
                            }
                            let closed = through[block].iter().filter(|g| !permits(&gates[1][*g], &request));
                            surplus[block].extend(closed.map(|gate| Surplus::Refused(*gate)));
                        }
                    }
                    let Some(at) = (0..sizes.len()).find(|at| assignment[*at] + 1 < sizes[*at]) else {
                        break;
                    };
                    assignment[at] += 1;
                    assignment[..at].fill(0);
                }
            }
        }
    }

    for (side, deltas) in [(0, &diff.lost), (1, &diff.gained)] {
        let mut told: BTreeMap<String, (BTreeSet<String>, BigUint)> = BTreeMap::new();
        for delta in deltas {
            let of = told.entry(delta.key.clone()).or_default();
            of.0.extend(delta.operations.iter().cloned());
            of.1 += delta.cells.clone().unwrap();
            assert!(!delta.cubes.is_empty(), "seed {seed}");
            let request = &delta.witness.request;
            assert!(permits(models[side], request) && !permits(models[1 - side], request), "seed {seed}");
            assert!(!delta.witness.causes.is_empty(), "seed {seed}: nothing caused {delta:?}");
        }
        let counted: BTreeMap<String, (BTreeSet<String>, BigUint)> = cells[side]
            .iter()
            .map(|(key, of)| (key.clone(), (of.keys().cloned().collect(), of.values().copied().sum())))
            .collect();
        assert_eq!(told, counted, "seed {seed}, side {side}\n{:?}\n{:?}", old.permits, new.permits);
    }
    let told: BTreeSet<(String, String)> = approvals
        .uncovered
        .iter()
        .flat_map(|u| u.operations.iter().map(|o| (u.key.clone(), o.clone())))
        .collect();
    assert_eq!(told, uncovered, "seed {seed}");
    for (block, told) in approvals.blocks.iter().enumerate() {
        assert_eq!(told.through, through[block], "seed {seed}, block {block}");
        assert_eq!(
            told.surplus.keys().copied().collect::<BTreeSet<_>>(),
            surplus[block],
            "seed {seed}, block {block}"
        );
        surplus[block].iter().for_each(|s| *seen.surplus.entry(*s).or_default() += 1);
    }
    let exact = through.iter().all(|t| !t.is_empty()) && surplus.iter().all(BTreeSet::is_empty);
    let approved = uncovered.is_empty() && exact;
    let told = format!("seed {seed}");
    chained(&told, &compiled, (&diff, &approvals), approved, &ever, seen);

    seen.gained += usize::from(!diff.gained.is_empty());
    seen.lost += usize::from(!diff.lost.is_empty());
    seen.uncovered += usize::from(!uncovered.is_empty());
    seen.settled += usize::from(approvals.settled() && !diff.gained.is_empty());
}

/// The next bundle is built if brute force says that exactly what grew was approved, and then the loader takes it. What
/// is forged to be the next and permits an operation that was out of reach before is refused.
fn chained(
    told: &str,
    compiled: &[(Checked<Model>, SourceMap); 2],
    compared: (&diff::PolicyDiff, &Approvals),
    approved: bool,
    ever: &[BTreeSet<(String, String)>; 2],
    seen: &mut Seen,
) {
    let [old, new] = compiled.each_ref().map(|(model, sources)| (model, sources));
    let first = emit::build_with_sources(old.0, old.1).unwrap();
    let first = Bundle::load(&first).unwrap();
    let [before, after] = [old, new].map(|(model, sources)| {
        let bytes = emit::build(model, sources).unwrap();
        let mut reach = BTreeSet::new();
        Bundle::load(&bytes).unwrap().reach(&mut |app, operation| {
            reach.insert((app.to_owned(), operation.to_owned()));
        });
        reach
    });
    assert!(ever[0].is_subset(&before) && ever[1].is_subset(&after), "{told}: out of reach, and permitted");

    let step = Next { before: Before::read(&first), compared: Some(compared), renewal: None, date: None };
    match emit::build_after(&step, new.0, new.1) {
        Ok(next) => {
            assert!(approved, "{told}: built, and not approved");
            let next = Bundle::load(&next).unwrap();
            assert_eq!(next.succeeds(&first, 0), Ok(()), "{told}");
            seen.chained += 1;
            seen.closed += usize::from(!next.tables().closed.is_empty());
        }
        Err(Unbuilt::Unapproved(_)) => assert!(!approved, "{told}: approved, and not built"),
        Err(Unbuilt::TooLarge(found)) => panic!("{told}: {found:?}"),
    }

    // Somebody who puts the link in by hand, and says of no approval.
    let mut parts = Parts::open(&emit::build(new.0, new.1).unwrap());
    let link = f::Chain {
        first: first.digest(),
        previous: first.digest(),
        generation: 2.into(),
        dated: 0.into(),
        date: 0.into(),
        lost: f::Range { at: 0.into(), len: 0.into() },
    };
    parts.extend(Kind::Chain, &[link]);
    let forged = parts.seal();
    let forged = Bundle::load(&forged).unwrap();
    let grown = |answer| matches!(answer, Err(NotNext::Grown(..)));
    assert_eq!(grown(forged.succeeds(&first, 0)), !after.is_subset(&before), "{told}");
    let new_to_all = ever[1].iter().any(|pair| !before.contains(pair));
    assert!(!new_to_all || grown(forged.succeeds(&first, 0)), "{told}");
    seen.refused += usize::from(new_to_all);
}
