//! The engines of the region algebra against brute force over all assignments, and against each other.

use sprag::region::{Assignment, Weights, weight};
use std::collections::BTreeSet;

use num_bigint::BigUint;
use sprag::region::ask::{Answer, Engines, Lightest, Limits};
use sprag::region::diagram::{Diagrams, Region};
use sprag::region::sat::{self, Solver, Verdict};
use sprag::region::search::{Found, search};
use sprag::region::sets::ClassSet;
use sprag::region::terms::{Term, Terms, Variable};
use sprag_test_support::random::Random;

#[test]
fn terms_say_what_they_were_made_of() {
    let mut random = Random::new(1);
    for _ in 0..3_000 {
        let mut world = World::random(&mut random, 5, 4);
        let formula = Formula::random(&mut random, &world.sizes, 4);
        let term = formula.term(&mut world.terms);
        let negated = world.terms.not(term);
        for assignment in world.assignments() {
            let truth = formula.holds(&assignment);
            assert_eq!(world.terms.evaluate(term, &assignment), truth, "{formula:?} {assignment:?}");
            assert_eq!(world.terms.evaluate(negated, &assignment), !truth, "{formula:?} {assignment:?}");
        }
    }
}

#[test]
fn a_restricted_term_says_the_same_inside_and_reads_less() {
    let mut random = Random::new(2);
    for _ in 0..2_000 {
        let mut world = World::random(&mut random, 5, 4);
        let formula = Formula::random(&mut random, &world.sizes, 4);
        let term = formula.term(&mut world.terms);
        let variable = Variable(random.below(world.sizes.len()) as u32);
        let set = random_set(&mut random, world.terms.size(variable));
        let restricted = world.terms.restrict(term, variable, &set);
        for assignment in world.assignments() {
            if set.contains(assignment[variable.index()]) {
                assert_eq!(world.terms.evaluate(restricted, &assignment), formula.holds(&assignment));
            }
        }
        if set.len() == 1 {
            assert!(!world.terms.variables(restricted).contains(&variable));
        }
    }
}

#[test]
fn the_quick_search_finds_what_there_is() {
    let mut random = Random::new(3);
    let (mut witnesses, mut nothings, mut losses) = (0, 0, 0);
    for _ in 0..3_000 {
        let mut world = World::random(&mut random, 6, 4);
        let formula = Formula::conjunction(&mut random, &world.sizes);
        let term = formula.term(&mut world.terms);
        let default = vec![0; world.sizes.len()];
        let exists = world.assignments().any(|assignment| formula.holds(&assignment));
        match search(&world.terms, term, &default, [10, 10_000][random.below(2)]) {
            Found::Witness(assignment) => {
                witnesses += 1;
                assert!(formula.holds(&assignment), "{formula:?} {assignment:?}");
            }
            Found::Nothing => {
                nothings += 1;
                assert!(!exists, "{formula:?}");
            }
            Found::Lost => losses += 1,
        }
    }
    assert!(witnesses > 500 && nothings > 100 && losses > 0, "{witnesses} {nothings} {losses}");
}

#[test]
fn diagrams_equal_brute_force() {
    let mut random = Random::new(4);
    for _ in 0..1_500 {
        let mut world = World::random(&mut random, 5, 5);
        let mut order: Vec<Variable> = (0..world.sizes.len() as u32).map(Variable).collect();
        for at in 0..order.len() {
            let other = random.below(at + 1);
            order.swap(at, other);
        }
        let mut diagrams = Diagrams::new(&world.terms, &order, 1_000_000);
        let weights = world.weights(&mut random);
        let mut before: Vec<(Region, BTreeSet<Assignment>)> = Vec::new();
        // Later terms cut blocks that earlier regions were made of.
        for _ in 0..3 {
            let formula = Formula::any(&mut random, &world.sizes);
            let term = formula.term(&mut world.terms);
            let region = diagrams.region(&world.terms, term).unwrap();
            let held: BTreeSet<Assignment> =
                world.assignments().filter(|assignment| formula.holds(assignment)).collect();
            assert_eq!(region.is_empty(), held.is_empty());
            assert_eq!(diagrams.count(region), BigUint::from(held.len()), "{formula:?}");
            assert_eq!(diagrams.count(region.not()), BigUint::from(world.assignments().count() - held.len()));
            check_lightest(diagrams.lightest(region, &weights), &held, &weights);
            let free: BTreeSet<Variable> = order.iter().copied().filter(|_| random.below(3) == 0).collect();
            let exists = diagrams.exists(region, &free).unwrap();
            let blind = |assignment: &Assignment| {
                let mut blind = assignment.clone();
                free.iter().for_each(|variable| blind[variable.index()] = 0);
                blind
            };
            let seen: BTreeSet<Assignment> = held.iter().map(blind).collect();
            let inside = world.assignments().filter(|assignment| seen.contains(&blind(assignment))).count();
            assert_eq!(diagrams.count(exists), BigUint::from(inside));
            for (other, others) in &before {
                let both = diagrams.and(region, *other).unwrap();
                assert_eq!(diagrams.count(both), BigUint::from(held.intersection(others).count()));
                let minus = diagrams.minus(region, *other).unwrap();
                assert_eq!(diagrams.count(minus), BigUint::from(held.difference(others).count()));
                assert_eq!(region == *other, held == *others, "equal regions have equal handles");
                assert_eq!(diagrams.implies(region, *other).unwrap(), held.is_subset(others));
                assert_eq!(diagrams.count(*other), BigUint::from(others.len()), "old regions stay");
            }
            before.push((region, held));
        }
    }
}

#[test]
fn cubes_cover_exactly_and_none_can_be_larger() {
    let mut random = Random::new(5);
    let mut several = 0;
    for _ in 0..1_000 {
        let mut world = World::random(&mut random, 5, 5);
        let formula = Formula::any(&mut random, &world.sizes);
        let term = formula.term(&mut world.terms);
        let mut diagrams = Diagrams::suited(&world.terms, &[term], 1_000_000);
        let region = diagrams.region(&world.terms, term).unwrap();
        let limit = [1, 2, 1_000][random.below(3)];
        let cover = diagrams.cubes(region, limit).unwrap();
        assert!(cover.cubes.len() <= limit);
        assert!(cover.cubes.is_sorted_by(|a, b| a.cells >= b.cells));
        several += usize::from(cover.cubes.len() > 2);
        let mut outside = 0;
        for assignment in world.assignments() {
            let covered = cover.cubes.iter().any(|cube| cube.contains(&assignment));
            assert!(!covered || formula.holds(&assignment), "{formula:?} {cover:?}");
            outside += usize::from(formula.holds(&assignment) && !covered);
        }
        assert_eq!(cover.remaining, BigUint::from(outside));
        assert!(limit < 1_000 || outside == 0);
        for cube in &cover.cubes {
            let cells = world.assignments().filter(|assignment| cube.contains(assignment)).count();
            assert_eq!(cube.cells, BigUint::from(cells));
            for (variable, set) in &cube.sets {
                assert!(set.len() < world.sizes[variable.index()], "nothing is demanded of {variable:?}");
                let others = (0..world.sizes[variable.index()]).filter(|class| !set.contains(*class));
                for class in others {
                    let mut larger = cube.clone();
                    larger.sets.insert(*variable, set.or(&ClassSet::one(class)));
                    let leaves = world
                        .assignments()
                        .any(|assignment| larger.contains(&assignment) && !formula.holds(&assignment));
                    assert!(leaves, "{cube:?} can have {class} at {variable:?} too: {formula:?}");
                }
            }
        }
    }
    assert!(several > 30, "{several}");
}

#[test]
fn a_small_node_budget_ends_with_the_variables_that_are_to_blame() {
    // Equality of two numbers, all bits of the first above all bits of the second.
    let mut terms = Terms::new(vec![2; 40]);
    let bit = |terms: &mut Terms, variable| terms.is(Variable(variable), ClassSet::one(1));
    let mut equal = Vec::new();
    for at in 0..20 {
        let (a, b) = (bit(&mut terms, at), bit(&mut terms, 20 + at));
        let not_b = terms.not(b);
        equal.push(terms.choose(a, b, not_b));
    }
    let term = terms.and(&equal);
    let order: Vec<Variable> = (0..40).map(Variable).collect();
    let mut diagrams = Diagrams::new(&terms, &order, 2_000);
    let too_large = diagrams.region(&terms, term).unwrap_err();
    assert_eq!(too_large.nodes, 2_000);
    assert!(!too_large.what.is_empty());
    diagrams.clear();
    let small = diagrams.region(&terms, equal[3]).unwrap();
    assert_eq!(diagrams.count(small), BigUint::from(1_u64 << 39));
    // An order that suits the term keeps it small.
    let mut suited = Diagrams::suited(&terms, &[term], 2_000);
    let region = suited.region(&terms, term).unwrap();
    assert_eq!(suited.count(region), BigUint::from(1_u32 << 20));
}

#[test]
fn wide_variables_cost_what_is_told_apart_of_them() {
    let mut random = Random::new(6);
    let mut terms = Terms::new(vec![5_000; 6]);
    let mut some = Vec::new();
    for _ in 0..60 {
        let parts: Vec<Term> = (0..3)
            .map(|_| {
                let start = random.below(5_000) as u32;
                terms.is(Variable(random.below(6) as u32), ClassSet::range(start, start + 1_500))
            })
            .collect();
        some.push(terms.and(&parts));
    }
    let term = terms.or(&some);
    let mut diagrams = Diagrams::suited(&terms, &[term], 100_000);
    let region = diagrams.region(&terms, term).unwrap();
    let all = BigUint::from(5_000_u32).pow(6);
    assert_eq!(diagrams.count(region) + diagrams.count(region.not()), all);
    let cover = diagrams.cubes(region, 100).unwrap();
    assert_eq!(cover.remaining, BigUint::ZERO);
    assert!(cover.cubes.len() <= 60, "{}", cover.cubes.len());
}

#[test]
fn the_solver_equals_brute_force_question_after_question() {
    let mut random = Random::new(7);
    let (mut nevers, mut heavy) = (0, 0);
    for _ in 0..1_000 {
        let mut world = World::random(&mut random, 6, 6);
        let default = vec![0; world.sizes.len()];
        let mut solver = Solver::new();
        let weights = world.weights(&mut random);
        for _ in 0..4 {
            let formula = Formula::any(&mut random, &world.sizes);
            let term = formula.term(&mut world.terms);
            let held: BTreeSet<Assignment> =
                world.assignments().filter(|assignment| formula.holds(assignment)).collect();
            nevers += usize::from(held.is_empty() && term != Term::FALSE);
            match solver.ask(&world.terms, term, &default, 10_000) {
                Verdict::Never => assert!(held.is_empty(), "{formula:?}"),
                Verdict::Sometimes(assignment) => assert!(held.contains(&assignment), "{formula:?}"),
                Verdict::Undecided => panic!("undecided: {formula:?}"),
            }
            let descent = sat::lightest(&world.terms, term, &weights, 10_000);
            assert!(descent.proved, "{formula:?}");
            let found = match descent.verdict {
                Verdict::Never => None,
                Verdict::Sometimes(assignment) => Some((assignment.clone(), weight(&weights, &assignment))),
                Verdict::Undecided => panic!("undecided: {formula:?}"),
            };
            let least: u64 = weights.iter().map(|of| u64::from(*of.iter().min().unwrap())).sum();
            heavy += usize::from(found.as_ref().is_some_and(|found| found.1 > least));
            check_lightest(found, &held, &weights);
        }
    }
    assert!(nevers > 50 && heavy > 500, "{nevers} {heavy}");
}

#[test]
fn every_way_of_asking_gives_the_same_answer() {
    let mut random = Random::new(8);
    // What is too little for one engine is left to the next; the last one has enough.
    let limits = [
        Limits { steps: 10_000, nodes: 0, conflicts: 0 },
        Limits { steps: 0, nodes: 100_000, conflicts: 0 },
        Limits { steps: 0, nodes: 0, conflicts: 100_000 },
        Limits { steps: 10, nodes: 60, conflicts: 100_000 },
    ];
    for _ in 0..500 {
        let mut world = World::random(&mut random, 7, 4);
        let default = vec![0; world.sizes.len()];
        let weights = world.weights(&mut random);
        let mut engines = limits.map(|limits| Engines::new(&world.terms, default.clone(), limits));
        for _ in 0..4 {
            let formula = Formula::any(&mut random, &world.sizes);
            let term = formula.term(&mut world.terms);
            let held: BTreeSet<Assignment> =
                world.assignments().filter(|assignment| formula.holds(assignment)).collect();
            for engines in &mut engines {
                match engines.ask(&world.terms, term) {
                    Answer::Never => assert!(held.is_empty(), "{formula:?}"),
                    Answer::Sometimes(assignment) => assert!(held.contains(&assignment), "{formula:?}"),
                    Answer::Undecided(undecided) => panic!("{undecided:?} {formula:?}"),
                }
            }
            for engines in &mut engines[1..] {
                let found = match engines.lightest(&world.terms, term, &weights) {
                    Lightest::Never => None,
                    Lightest::Witness { assignment, weight, proved } => {
                        assert!(proved);
                        Some((assignment, weight))
                    }
                    Lightest::Undecided(undecided) => panic!("{undecided:?} {formula:?}"),
                };
                check_lightest(found, &held, &weights);
            }
        }
    }
}

#[test]
fn what_is_too_much_for_all_engines_is_said_to_be_undecided() {
    // More pigeons than holes: no engine here decides that quickly.
    let (pigeons, holes) = (12_u32, 11_u32);
    let mut terms = Terms::new(vec![holes; pigeons as usize]);
    let mut parts = Vec::new();
    for a in 0..pigeons {
        for b in 0..a {
            for hole in 0..holes {
                let left = terms.is(Variable(a), ClassSet::one(hole)).not();
                let right = terms.is(Variable(b), ClassSet::one(hole)).not();
                parts.push(terms.or(&[left, right]));
            }
        }
    }
    let crowded = terms.and(&parts);
    let limits = Limits { steps: 1_000, nodes: 1_000, conflicts: 100 };
    let mut engines = Engines::new(&terms, vec![0; pigeons as usize], limits);
    let Answer::Undecided(undecided) = engines.ask(&terms, crowded) else { panic!("decided") };
    assert_eq!((undecided.nodes, undecided.conflicts), (1_000, 100));
    assert!(!undecided.what.is_empty());
    // One pigeon fewer fits, and the engines are fit for the next question.
    let fewer: Vec<Term> = parts
        .iter()
        .copied()
        .filter(|part| !terms.variables(*part).contains(&Variable(pigeons - 1)))
        .collect();
    let fits = terms.and(&fewer);
    let mut engines = Engines::new(&terms, vec![0; pigeons as usize], Limits::default());
    assert!(matches!(engines.ask(&terms, fits), Answer::Sometimes(_)));
    let lone = terms.is(Variable(3), ClassSet::one(4));
    let both = terms.and(&[crowded, lone]);
    let small = Limits { steps: 1_000, nodes: 1_000, conflicts: 100 };
    let mut engines = Engines::new(&terms, vec![0; pigeons as usize], small);
    assert!(matches!(engines.ask(&terms, both), Answer::Undecided(_)));
    assert!(matches!(engines.ask(&terms, lone), Answer::Sometimes(_)));
}

#[test]
fn a_thousand_questions_on_one_large_policy_are_answered() {
    // Like a policy: permits and forbids over a dozen variables, some of them wide.
    let mut random = Random::new(9);
    let sizes: Vec<u32> = (0..14).map(|at| [2, 3, 8, 40, 900][at % 5]).collect();
    let mut terms = Terms::new(sizes.clone());
    let rule = |terms: &mut Terms, random: &mut Random| {
        let parts: Vec<Term> = random.some(2, 4, |random| {
            let variable = random.below(sizes.len());
            let start = random.below(sizes[variable] as usize) as u32;
            let length = 1 + random.below(sizes[variable] as usize / 2) as u32;
            terms.is(Variable(variable as u32), ClassSet::range(start, start + length))
        });
        terms.and(&parts)
    };
    let permits: Vec<Term> = (0..150).map(|_| rule(&mut terms, &mut random)).collect();
    let forbids: Vec<Term> = (0..60).map(|_| rule(&mut terms, &mut random)).collect();
    let forbidden = terms.or(&forbids);
    let granted = terms.or(&permits);
    let permitted = terms.and(&[granted, forbidden.not()]);
    let mut engines = Engines::new(&terms, vec![0; sizes.len()], Limits::default());
    let mut without_search =
        Engines::new(&terms, vec![0; sizes.len()], Limits { steps: 0, nodes: 0, conflicts: 100_000 });
    let mut nevers = 0;
    for at in 0..200 {
        // Is this permit ever what permits? Is it ever alone in that?
        let matched = terms.and(&[permits[at % 150], permitted]);
        let others: Vec<Term> = permits
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at % 150)
            .map(|(_, term)| *term)
            .collect();
        let others = terms.or(&others);
        let alone = terms.and(&[matched, others.not()]);
        for question in [matched, alone] {
            match (engines.ask(&terms, question), without_search.ask(&terms, question)) {
                (Answer::Never, Answer::Never) => nevers += 1,
                (Answer::Sometimes(a), Answer::Sometimes(b)) => {
                    assert!(terms.evaluate(question, &a) && terms.evaluate(question, &b));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(nevers > 5, "{nevers}");
}

#[track_caller]
fn check_lightest(found: Option<(Assignment, u64)>, held: &BTreeSet<Assignment>, weights: &Weights) {
    let least = held.iter().map(|assignment| weight(weights, assignment)).min();
    assert_eq!(found.as_ref().map(|found| found.1), least);
    if let Some((assignment, of)) = found {
        assert!(held.contains(&assignment));
        assert_eq!(weight(weights, &assignment), of);
    }
}

/// Variables and terms over them.
struct World {
    sizes: Vec<u32>,
    terms: Terms,
}

impl World {
    fn random(random: &mut Random, variables: usize, classes: usize) -> Self {
        let count = 1 + random.below(variables).max(random.below(variables));
        let sizes: Vec<u32> = (0..count)
            .map(|_| if random.one_in(8) { 1 } else { 2 + random.below(classes - 1) as u32 })
            .collect();
        Self { terms: Terms::new(sizes.clone()), sizes }
    }

    fn weights(&self, random: &mut Random) -> Weights {
        self.sizes.iter().map(|size| (0..*size).map(|_| random.below(6) as u32).collect()).collect()
    }

    fn assignments(&self) -> impl Iterator<Item = Assignment> + '_ {
        let mut next = Some(vec![0; self.sizes.len()]);
        std::iter::from_fn(move || {
            let now = next.take()?;
            let mut after = now.clone();
            for (class, size) in after.iter_mut().zip(&self.sizes) {
                *class += 1;
                if *class < *size {
                    next = Some(after);
                    break;
                }
                *class = 0;
            }
            Some(now)
        })
    }
}

/// A formula as it was drawn, without any simplification.
#[derive(Debug, Clone)]
enum Formula {
    Constant(bool),
    Is(Variable, ClassSet),
    Not(Box<Formula>),
    And(Vec<Formula>),
    Or(Vec<Formula>),
    Choose(Box<[Formula; 3]>),
}

impl Formula {
    fn random(random: &mut Random, sizes: &[u32], depth: usize) -> Self {
        let choice = if depth == 0 { random.below(5) } else { random.below(12) };
        let some = |random: &mut Random| {
            let count = random.below(4);
            (0..count).map(|_| Self::random(random, sizes, depth - 1)).collect()
        };
        match choice {
            0 if random.below(3) == 0 => Self::Constant(random.below(2) == 0),
            0..=4 => {
                let variable = random.below(sizes.len());
                Self::Is(Variable(variable as u32), random_set(random, sizes[variable]))
            }
            5 => Self::Not(Box::new(Self::random(random, sizes, depth - 1))),
            6..=8 => Self::And(some(random)),
            9 | 10 => Self::Or(some(random)),
            _ => Self::Choose(Box::new([0; 3].map(|_| Self::random(random, sizes, depth - 1)))),
        }
    }

    fn any(random: &mut Random, sizes: &[u32]) -> Self {
        match random.below(4) {
            3 => Self::hard(random, sizes),
            0 => Self::random(random, sizes, 4),
            1 => Self::conjunction(random, sizes),
            _ => Self::Not(Box::new(Self::conjunction(random, sizes))),
        }
    }

    /// A conjunction of small disjunctions: true of many assignments where there are few of them, else of few.
    fn conjunction(random: &mut Random, sizes: &[u32]) -> Self {
        let most = [2, 6, 15, 25][random.below(4)];
        Self::And(random.some(2, most, |random| {
            let depth = usize::from(random.one_in(4));
            Self::Or(random.some(2, 3, |random| Self::random(random, sizes, depth)))
        }))
    }

    /// Many disjunctions of tests that few classes pass: as often as not true of nothing.
    fn hard(random: &mut Random, sizes: &[u32]) -> Self {
        let wide: Vec<usize> = (0..sizes.len()).filter(|at| sizes[*at] > 1).collect();
        if wide.is_empty() {
            return Self::Constant(true);
        }
        Self::And(random.some(wide.len(), 4 * wide.len(), |random| {
            Self::Or(random.some(2, 3, |random| {
                let variable = *random.pick(&wide);
                let class = random.below(sizes[variable] as usize) as u32;
                Self::Is(Variable(variable as u32), ClassSet::one(class))
            }))
        }))
    }

    fn term(&self, terms: &mut Terms) -> Term {
        match self {
            Self::Constant(truth) => terms.constant(*truth),
            Self::Is(variable, set) => terms.is(*variable, set.clone()),
            Self::Not(inner) => inner.term(terms).not(),
            Self::And(parts) => {
                let parts: Vec<Term> = parts.iter().map(|part| part.term(terms)).collect();
                terms.and(&parts)
            }
            Self::Or(parts) => {
                let parts: Vec<Term> = parts.iter().map(|part| part.term(terms)).collect();
                terms.or(&parts)
            }
            Self::Choose(parts) => {
                let [condition, then, otherwise] = parts.each_ref().map(|part| part.term(terms));
                terms.choose(condition, then, otherwise)
            }
        }
    }

    fn holds(&self, assignment: &[u32]) -> bool {
        match self {
            Self::Constant(truth) => *truth,
            Self::Is(variable, set) => set.iter().any(|class| class == assignment[variable.index()]),
            Self::Not(inner) => !inner.holds(assignment),
            Self::And(parts) => parts.iter().all(|part| part.holds(assignment)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(assignment)),
            Self::Choose(parts) => parts[if parts[0].holds(assignment) { 1 } else { 2 }].holds(assignment),
        }
    }
}

/// Seldom none or all of the classes.
fn random_set(random: &mut Random, size: u32) -> ClassSet {
    loop {
        let set: ClassSet = (0..size).filter(|_| random.one_in(2)).collect();
        if (!set.is_empty() && set.len() < size) || random.one_in(8) {
            return set;
        }
    }
}
