//! A region in few words: a cover by cubes, each as large as the region allows.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};
use num_bigint::BigUint;

use super::diagram::{Diagrams, Edge, Region, TooLarge};
use super::sets::ClassSet;
use super::terms::Variable;

/// All assignments that have one of the given classes at each of the given variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cube {
    /// What is demanded of a variable; of one that is not here, nothing.
    pub sets: BTreeMap<Variable, ClassSet>,
    /// Exactly how many assignments it has, those of the lists that hold among them.
    pub cells: BigUint,
    /// Of each list of cubes that may be told in the same words, whether all of it lies in the region.
    pub alike: Vec<bool>,
}

/// The cubes that may be told in the same words as one, in lists: all of a list, or none.
pub type Alike<'a> = &'a dyn Fn(&BTreeMap<Variable, ClassSet>) -> Vec<Vec<BTreeMap<Variable, ClassSet>>>;

impl Cube {
    /// Whether the assignment is in the cube.
    pub fn contains(&self, assignment: &[u32]) -> bool {
        self.sets.iter().all(|(variable, set)| set.contains(assignment[variable.index()]))
    }
}

/// Cubes inside of a region, biggest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// None of them can be made larger in any one variable without leaving the region, none lies in the others.
    pub cubes: Vec<Cube>,
    /// Exactly how many assignments of the region lie in none of them.
    pub remaining: BigUint,
}

/// A cube as sets of places of blocks, by level; levels not in it are free.
type Places = BTreeMap<u32, ClassSet>;

/// A cube on the way to a cover, with all that is told in its words.
struct Sized {
    cells: BigUint,
    places: Places,
    covered: Region,
    alike: Vec<bool>,
}

impl Diagrams {
    /// A cover of the region by at most `limit` maximal cubes, the next one always chosen for the largest part
    /// of what is not yet covered.
    ///
    /// # Errors
    /// If the node budget is used up.
    pub fn cubes(&mut self, region: Region, limit: usize) -> Result<Cover, TooLarge> {
        self.cubes_told(region, limit, &|_| Vec::new())
    }

    /// The same, where the words of a cube tell others too: what these have is covered as well.
    ///
    /// # Errors
    /// If the node budget is used up.
    pub fn cubes_told(&mut self, region: Region, limit: usize, alike: Alike<'_>) -> Result<Cover, TooLarge> {
        let mut found: Vec<Sized> = Vec::new();
        let mut remaining = region;
        while !remaining.is_empty() && found.len() < limit {
            let places = self.enlarge(self.largest_path(remaining), region);
            let mut covered = self.cube_region(&places)?;
            let mut holds = Vec::new();
            for list in alike(&self.sets(&places)) {
                let inside = self.all_of(&list, region)?;
                holds.push(inside.is_some());
                if let Some(inside) = inside {
                    covered = self.or(covered, inside)?;
                }
            }
            remaining = self.minus(remaining, covered)?;
            found.push(Sized { cells: self.count(covered), places, covered, alike: holds });
        }
        found.sort_by(|a, b| b.cells.cmp(&a.cells));
        self.drop_superfluous(&mut found)?;
        let cube = |Sized { cells, places, alike, .. }| Cube { sets: self.sets(&places), cells, alike };
        let cubes = found.into_iter().map(cube).collect();
        Ok(Cover { cubes, remaining: self.count(remaining) })
    }

    /// Takes out, from the smallest up, what the others cover together.
    fn drop_superfluous(&mut self, cubes: &mut Vec<Sized>) -> Result<(), TooLarge> {
        for at in (0..cubes.len()).rev() {
            let others = cubes.iter().enumerate().filter(|(other, _)| *other != at);
            let outside = others.map(|(_, cube)| cube.covered.not()).collect();
            let outside = self.all(outside)?;
            if self.and(cubes[at].covered, outside)?.is_empty() {
                cubes.remove(at);
            }
        }
        Ok(())
    }

    fn sets(&self, places: &Places) -> BTreeMap<Variable, ClassSet> {
        let set = |(level, places): (&u32, &ClassSet)| {
            let level = *level as usize;
            (self.levels[level].variable, self.classes_of(level, places))
        };
        places.iter().map(set).collect()
    }

    /// The cubes together, if all of them lie in the region.
    fn all_of(
        &mut self,
        cubes: &[BTreeMap<Variable, ClassSet>],
        region: Region,
    ) -> Result<Option<Region>, TooLarge> {
        let mut all = Region::NONE;
        for sets in cubes {
            let Some(places) = self.places(sets) else { return Ok(None) };
            let cube = self.cube_region(&places)?;
            if !self.implies(cube, region)? {
                return Ok(None);
            }
            all = self.or(all, cube)?;
        }
        Ok(Some(all))
    }

    /// `None` where a set tells classes apart that nothing told apart so far.
    fn places(&self, sets: &BTreeMap<Variable, ClassSet>) -> Option<Places> {
        let mut places = Places::new();
        for (number, level) in (0..).zip(&self.levels) {
            let Some(set) = sets.get(&level.variable) else { continue };
            let mut held = Vec::new();
            for (place, block) in (0..).zip(&level.places) {
                let members = level.blocks.members(*block);
                match members.iter().filter(|class| set.contains(**class)).count() {
                    0 => {}
                    all if all == members.len() => held.push(place),
                    _ => return None, // some of them
                }
            }
            if held.len() < level.places.len() {
                places.insert(number, held.into_iter().collect());
            }
        }
        Some(places)
    }

    fn cube_region(&mut self, cube: &Places) -> Result<Region, TooLarge> {
        let mut region = Region::ALL;
        for (level, places) in cube.iter().rev() {
            let mut edges = Vec::new();
            let mut at = 0;
            for (start, end) in places.runs() {
                if at < *start {
                    edges.push(Edge { end: *start, to: Region::NONE });
                }
                edges.push(Edge { end: *end, to: region });
                at = *end;
            }
            if at < self.width(*level) {
                edges.push(Edge { end: self.width(*level), to: Region::NONE });
            }
            region = self.make(*level, edges)?;
        }
        Ok(region)
    }

    /// The path with the most cells through a region that is not empty.
    fn largest_path(&self, region: Region) -> Places {
        let mut known = HashMap::new();
        let mut path = Places::new();
        let mut at = region;
        while at.node() != 0 {
            let Some((level, places, to)) = self.largest_step(at, &mut known) else { break };
            path.insert(level, places);
            at = to;
        }
        path
    }

    fn largest_step(
        &self,
        region: Region,
        known: &mut HashMap<Region, f64>,
    ) -> Option<(u32, ClassSet, Region)> {
        let (level, edges) = self.edges(region);
        let mut ways: BTreeMap<Region, Vec<(u32, u32)>> = BTreeMap::new();
        let mut start = 0;
        for edge in &edges {
            ways.entry(edge.to).or_default().push((start, edge.end));
            start = edge.end;
        }
        let mut best: Option<(f64, ClassSet, Region)> = None;
        for (to, runs) in ways {
            let size = self.share(to, known) + self.share_of(level, &runs);
            if best.as_ref().is_none_or(|best| size > best.0) {
                let places = runs.iter().flat_map(|(start, end)| *start..*end).collect();
                best = Some((size, places, to));
            }
        }
        best.map(|(_, places, to)| (level, places, to))
    }

    /// The logarithm of the part of all assignments that lies on the largest path.
    fn share(&self, region: Region, known: &mut HashMap<Region, f64>) -> f64 {
        match region {
            Region::ALL => return 0.0,
            Region::NONE => return f64::NEG_INFINITY,
            _ => {}
        }
        if let Some(share) = known.get(&region) {
            return *share;
        }
        let (level, edges) = self.edges(region);
        let mut ways: BTreeMap<Region, Vec<(u32, u32)>> = BTreeMap::new();
        let mut start = 0;
        for edge in &edges {
            ways.entry(edge.to).or_default().push((start, edge.end));
            start = edge.end;
        }
        let shares = ways.iter().map(|(to, runs)| self.share(*to, known) + self.share_of(level, runs));
        let share = shares.fold(f64::NEG_INFINITY, f64::max);
        known.insert(region, share);
        share
    }

    /// The logarithm of the part of a variable's classes that lies in some runs of blocks.
    fn share_of(&self, level: u32, runs: &[(u32, u32)]) -> f64 {
        let classes: usize = runs.iter().map(|(start, end)| self.classes(level as usize, *start, *end)).sum();
        (classes as f64 / self.classes(level as usize, 0, self.width(level)) as f64).ln()
    }

    /// The cube made as large as the region allows: what is demanded of a variable is dropped where it can be,
    /// else widened, the largest gain first.
    fn enlarge(&self, mut cube: Places, region: Region) -> Places {
        // Once widened, a set cannot be widened again: the others only grow.
        let mut left: Vec<u32> = cube.keys().copied().collect();
        while !left.is_empty() {
            let mut best: Option<(bool, f64, usize, ClassSet)> = None;
            for (at, level) in left.iter().enumerate() {
                let wide = Widening::new(self, &cube, *level).widest(region);
                let whole = wide.len() == self.width(*level);
                let gain = self.share_of(*level, wide.runs()) - self.share_of(*level, cube[level].runs());
                if best.as_ref().is_none_or(|best| (whole, gain) > (best.0, best.1)) {
                    best = Some((whole, gain, at, wide));
                }
            }
            let Some((whole, _, at, wide)) = best else { break };
            let level = left.remove(at);
            if whole {
                cube.remove(&level);
            } else {
                cube.insert(level, wide);
            }
        }
        cube
    }
}

/// Which places of one level can stand in a cube without the cube leaving a region.
struct Widening<'d> {
    diagrams: &'d Diagrams,
    cube: &'d Places,
    level: u32,
    inside: HashMap<Region, bool>,
    known: HashMap<Region, ClassSet>,
}

impl<'d> Widening<'d> {
    fn new(diagrams: &'d Diagrams, cube: &'d Places, level: u32) -> Self {
        Self { diagrams, cube, level, inside: HashMap::new(), known: HashMap::new() }
    }

    fn widest(&mut self, region: Region) -> ClassSet {
        let whole = ClassSet::full(self.diagrams.width(self.level));
        match region {
            Region::ALL => return whole,
            Region::NONE => return ClassSet::empty(),
            _ => {}
        }
        if let Some(known) = self.known.get(&region) {
            return known.clone();
        }
        let (level, edges) = self.diagrams.edges(region);
        let set = match level.cmp(&self.level) {
            std::cmp::Ordering::Less => {
                let mut set = whole;
                for to in self.ways(level, &edges) {
                    if set.is_empty() {
                        break;
                    }
                    set = set.and(&self.widest(to));
                }
                set
            }
            std::cmp::Ordering::Equal => {
                let mut places = Vec::new();
                let mut start = 0;
                for edge in &edges {
                    if self.all_inside(edge.to) {
                        places.extend(start..edge.end);
                    }
                    start = edge.end;
                }
                places.into_iter().collect()
            }
            std::cmp::Ordering::Greater => {
                if self.all_inside(region) {
                    whole
                } else {
                    ClassSet::empty()
                }
            }
        };
        self.known.insert(region, set.clone());
        set
    }

    /// Whether the whole cube is in the region, of which the level at hand is not read.
    fn all_inside(&mut self, region: Region) -> bool {
        match region {
            Region::ALL => return true,
            Region::NONE => return false,
            _ => {}
        }
        if let Some(known) = self.inside.get(&region) {
            return *known;
        }
        let (level, edges) = self.diagrams.edges(region);
        let ways = self.ways(level, &edges);
        let inside = ways.into_iter().all(|to| self.all_inside(to));
        self.inside.insert(region, inside);
        inside
    }

    /// Where the edges lead that the cube does not exclude.
    fn ways(&self, level: u32, edges: &[Edge]) -> Vec<Region> {
        let Some(allowed) = self.cube.get(&level) else {
            return edges.iter().map(|edge| edge.to).collect();
        };
        let mut start = 0;
        let mut ways = Vec::new();
        for edge in edges {
            if !ClassSet::range(start, edge.end).apart(allowed) {
                ways.push(edge.to);
            }
            start = edge.end;
        }
        ways
    }
}
