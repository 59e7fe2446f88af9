//! A small random generator: the same seed gives the same numbers on every machine.

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Numbers that only depend on the seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// `least` to `most` of what `make` makes.
    pub fn some<T>(&mut self, least: usize, most: usize, mut make: impl FnMut(&mut Random) -> T) -> Vec<T> {
        let length = least + self.below(most - least + 1);
        (0..length).map(|_| make(self)).collect()
    }

    /// In half of the cases what `make` makes.
    pub fn maybe<T>(&mut self, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
        if self.one_in(2) { Some(make(self)) } else { None }
    }

    /// Between one and `most` of them, without repetition, in order.
    pub fn subset<T: Clone>(&mut self, from: &[T], most: usize) -> Vec<T> {
        let count = 1 + self.below(most.min(from.len()));
        let mut left: Vec<usize> = (0..from.len()).collect();
        while left.len() > count {
            let out = self.below(left.len());
            left.remove(out);
        }
        left.into_iter().map(|i| from[i].clone()).collect()
    }
}

/// What stands behind a rule, made of some of the tests: nothing, a `when`, an `unless` or both.
pub fn clause(random: &mut Random, tests: &[&str]) -> String {
    let (one, two) = (random.pick(tests), random.pick(tests));
    match random.below(8) {
        0 | 1 => String::new(),
        2 => format!(" when {one}"),
        3 => format!(" unless {one}"),
        4 => format!(" when ({one}) and not ({two})"),
        5 => format!(" when {one} or {two}"),
        6 => format!(" when not ({one} or {two})"),
        _ => format!(" when {one} unless {two}"),
    }
}
