//! A set of examples as a disjunction of few conjunctions of literals.

/// For each literal of which examples it holds, and which are wanted: literals of conjunctions, none with one that
/// could be left out, that hold together of all that is wanted and of nothing else. `None` where the literals do not
/// tell what is wanted from the rest.
pub(super) fn cover(literals: &[Vec<bool>], wanted: &[bool]) -> Option<Vec<Vec<usize>>> {
    if let Some(one) = literals.iter().position(|of| of == wanted) {
        return Some(vec![vec![one]]);
    }
    let mut found: Vec<Vec<usize>> = Vec::new();
    for example in (0..wanted.len()).filter(|at| wanted[*at]) {
        let all: Vec<usize> = (0..literals.len()).filter(|at| literals[*at][example]).collect();
        let forth = shortened(literals, wanted, all.clone())?;
        let back = shortened(literals, wanted, all.into_iter().rev().collect())?;
        for mut term in [forth, back] {
            term.sort_unstable();
            if !found.contains(&term) {
                found.push(term);
            }
        }
    }
    // The shortest of those that add most, until all is covered.
    let mut left = wanted.to_vec();
    let mut chosen = Vec::new();
    while left.iter().any(|wanted| *wanted) {
        let adds =
            |term: &[usize]| (0..left.len()).filter(|at| left[*at] && holds(literals, term, *at)).count();
        let best = found.iter().max_by_key(|term| (adds(term), std::cmp::Reverse(term.len())))?.clone();
        for (at, left) in left.iter_mut().enumerate() {
            *left &= !holds(literals, &best, at);
        }
        chosen.push(best);
    }
    // What the others cover together is superfluous.
    for at in (0..chosen.len()).rev() {
        let others = || chosen.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, term)| term);
        let covered = |example: usize| others().any(|term| holds(literals, term, example));
        if (0..wanted.len()).all(|example| !wanted[example] || covered(example)) {
            chosen.remove(at);
        }
    }
    Some(chosen)
}

/// The conjunction without what can be left out, the first first; `None` if it holds of what is not wanted.
fn shortened(literals: &[Vec<bool>], wanted: &[bool], mut term: Vec<usize>) -> Option<Vec<usize>> {
    let inside = |term: &[usize]| (0..wanted.len()).all(|at| wanted[at] || !holds(literals, term, at));
    if !inside(&term) {
        return None;
    }
    let mut at = 0;
    while at < term.len() {
        let literal = term.remove(at);
        if !inside(&term) {
            term.insert(at, literal);
            at += 1;
        }
    }
    Some(term)
}

/// Whether all of these literals hold of an example.
pub(super) fn holds(literals: &[Vec<bool>], term: &[usize], example: usize) -> bool {
    term.iter().all(|literal| literals[*literal][example])
}

#[cfg(test)]
mod tests {
    use super::{cover, holds};
    use sprag_test_support::random::Random;

    /// Whatever the tests say of the values, what is told of a set holds of its values and of no others, and nothing is
    /// told where the tests cannot.
    #[test]
    fn what_is_told_is_what_is_wanted() {
        let (mut told, mut untold) = (0, 0);
        for seed in 0..3000 {
            let mut r = Random::new(seed);
            let (tests, examples) = (1 + r.below(5), 1 + r.below(12));
            // Of a value that no test can read, neither a test nor its opposite holds.
            let answers: Vec<Vec<usize>> = (0..tests)
                .map(|_| (0..examples).map(|_| if r.one_in(9) { 2 } else { r.below(2) }).collect())
                .collect();
            let of = |truth: usize| answers.iter().map(move |row| row.iter().map(|a| *a == truth).collect());
            let literals: Vec<Vec<bool>> = of(1).chain(of(0)).collect();
            let wanted: Vec<bool> = (0..examples).map(|_| r.one_in(2)).collect();
            match cover(&literals, &wanted) {
                Some(terms) => {
                    told += 1;
                    for (at, wanted) in wanted.iter().enumerate() {
                        let said = terms.iter().any(|term| holds(&literals, term, at));
                        assert_eq!(said, *wanted, "seed {seed}, example {at}: {terms:?}");
                    }
                }
                None => {
                    untold += 1;
                    let row = |at: usize| literals.iter().map(|of| of[at]).collect::<Vec<bool>>();
                    let below =
                        |one: usize, other: usize| row(one).iter().zip(row(other)).all(|(a, b)| !a || b);
                    let torn = (0..examples).any(|one| {
                        wanted[one] && (0..examples).any(|other| !wanted[other] && below(one, other))
                    });
                    assert!(torn, "seed {seed}: it could be told");
                }
            }
        }
        assert!(told > 300 && untold > 300, "{told} told, {untold} not");
    }
}
