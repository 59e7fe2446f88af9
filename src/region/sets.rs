//! Sets of classes of one variable, as sorted runs: a variable may have thousands of classes, of which a set
//! holds nearly none or nearly all.

/// A set of classes of one variable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ClassSet {
    /// Half-open, sorted, neither empty nor touching.
    runs: Vec<(u32, u32)>,
}

impl ClassSet {
    /// No class.
    pub fn empty() -> Self {
        Self::default()
    }

    /// All classes of a variable that has `size` of them.
    pub fn full(size: u32) -> Self {
        Self::range(0, size)
    }

    /// One class.
    pub fn one(class: u32) -> Self {
        Self::range(class, class + 1)
    }

    /// The classes from `start` up to but not including `end`.
    pub fn range(start: u32, end: u32) -> Self {
        Self { runs: if start < end { vec![(start, end)] } else { Vec::new() } }
    }

    /// Whether the class is in the set.
    pub fn contains(&self, class: u32) -> bool {
        let after = self.runs.partition_point(|(start, _)| *start <= class);
        after > 0 && class < self.runs[after - 1].1
    }

    /// Whether no class is in the set.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many classes are in the set.
    pub fn len(&self) -> u32 {
        self.runs.iter().map(|(start, end)| end - start).sum()
    }

    /// The lowest class.
    pub fn first(&self) -> Option<u32> {
        self.runs.first().map(|(start, _)| *start)
    }

    /// The classes, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.runs.iter().flat_map(|(start, end)| *start..*end)
    }

    /// Half-open runs, ascending, with gaps between them.
    pub fn runs(&self) -> &[(u32, u32)] {
        &self.runs
    }

    /// The classes of a variable of `size` classes that are not in the set.
    pub fn complement(&self, size: u32) -> Self {
        let mut runs = Vec::with_capacity(self.runs.len() + 1);
        let mut at = 0;
        for (start, end) in &self.runs {
            if at < *start {
                runs.push((at, *start));
            }
            at = *end;
        }
        if at < size {
            runs.push((at, size));
        }
        Self { runs }
    }

    /// The classes that are in both.
    pub fn and(&self, other: &Self) -> Self {
        let mut runs = Vec::new();
        let (mut left, mut right) = (0, 0);
        while let (Some(a), Some(b)) = (self.runs.get(left), other.runs.get(right)) {
            let (start, end) = (a.0.max(b.0), a.1.min(b.1));
            if start < end {
                runs.push((start, end));
            }
            if a.1 <= b.1 {
                left += 1;
            } else {
                right += 1;
            }
        }
        Self { runs }
    }

    /// The classes that are in either.
    pub fn or(&self, other: &Self) -> Self {
        let mut all: Vec<(u32, u32)> = self.runs.iter().chain(&other.runs).copied().collect();
        all.sort_unstable();
        let mut set = Self::empty();
        for (start, end) in all {
            set.push(start, end);
        }
        set
    }

    /// The classes of this set that are not in the other.
    pub fn minus(&self, other: &Self) -> Self {
        match self.runs.last() {
            Some((_, end)) => self.and(&other.complement(*end)),
            None => Self::empty(),
        }
    }

    /// Whether the other has all classes of this set.
    pub fn within(&self, other: &Self) -> bool {
        let mut right = 0;
        self.runs.iter().all(|(start, end)| {
            while other.runs.get(right).is_some_and(|run| run.1 < *end) {
                right += 1;
            }
            other.runs.get(right).is_some_and(|run| run.0 <= *start && *end <= run.1)
        })
    }

    /// Whether no class is in both.
    pub fn apart(&self, other: &Self) -> bool {
        let (mut left, mut right) = (0, 0);
        while let (Some(a), Some(b)) = (self.runs.get(left), other.runs.get(right)) {
            if a.0.max(b.0) < a.1.min(b.1) {
                return false;
            }
            if a.1 <= b.1 {
                left += 1;
            } else {
                right += 1;
            }
        }
        true
    }

    /// Adds a run that starts at or after the start of the last one.
    fn push(&mut self, start: u32, end: u32) {
        match self.runs.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => self.runs.push((start, end)),
        }
    }
}

impl FromIterator<u32> for ClassSet {
    fn from_iter<I: IntoIterator<Item = u32>>(classes: I) -> Self {
        let mut all: Vec<u32> = classes.into_iter().collect();
        all.sort_unstable();
        let mut set = Self::empty();
        for class in all {
            set.push(class, class + 1);
        }
        set
    }
}
