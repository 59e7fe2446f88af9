//! The engines of the region algebra against brute force over all assignments, and against each other.

use sprag::region::Assignment;
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

/// Variables and terms over them.
struct World {
    sizes: Vec<u32>,
    terms: Terms,
}

impl World {
    fn random(random: &mut Random, variables: usize, classes: usize) -> Self {
        let count = 1 + random.below(variables);
        let sizes: Vec<u32> = (0..count).map(|_| 1 + random.below(classes) as u32).collect();
        Self { terms: Terms::new(sizes.clone()), sizes }
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

    /// A conjunction of small disjunctions, which is true of few assignments or none.
    fn conjunction(random: &mut Random, sizes: &[u32]) -> Self {
        let count = 2 + random.below(14);
        Self::And(
            (0..count).map(|_| Self::Or((0..2).map(|_| Self::random(random, sizes, 1)).collect())).collect(),
        )
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

fn random_set(random: &mut Random, size: u32) -> ClassSet {
    (0..size).filter(|_| random.below(2) == 0).collect()
}
