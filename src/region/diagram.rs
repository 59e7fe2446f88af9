//! Reduced, ordered, hash-consed multi-valued decision diagrams with complemented edges.
//!
//! A node has runs of blocks of classes as edges, so that a variable of a thousand classes costs no more than
//! what is told apart of it. Blocks are cut when a set tells their classes apart; nodes made before are then
//! spelled with the finer blocks, and stay what they are. Equal regions have equal handles.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use num_bigint::BigUint;

use super::blocks::Blocks;
use super::order::order;
use super::sets::ClassSet;
use super::terms::{Node, Term, Terms, Variable};
use super::{Assignment, Weights};

/// A set of assignments; equal handles of one [`Diagrams`] are equal sets, and the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(u32);

impl Region {
    /// All assignments.
    pub const ALL: Region = Region(0);
    /// No assignment.
    pub const NONE: Region = Region(1);

    /// The assignments that are not in the region. It is free.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is spelled like `Diagrams::and` and `Diagrams::or`"
    )]
    pub fn not(self) -> Region {
        Region(self.0 ^ 1)
    }

    /// Whether no assignment is in the region.
    pub fn is_empty(self) -> bool {
        self == Region::NONE
    }

    pub(super) fn node(self) -> usize {
        (self.0 >> 1) as usize
    }

    fn negated_if(self, negate: bool) -> Region {
        Region(self.0 ^ u32::from(negate))
    }

    fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }
}

/// The node budget is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLarge {
    /// How many nodes there were.
    pub nodes: usize,
    /// The variables that have the most of them, worst first.
    pub what: Vec<Variable>,
}

/// Diagrams over the variables of one [`Terms`].
#[derive(Debug)]
pub struct Diagrams {
    /// From the root down; every variable has one.
    pub(super) levels: Vec<Level>,
    level_of: Vec<u32>,
    nodes: Vec<Stored>,
    ids: HashMap<Stored, Region>,
    ands: HashMap<(Region, Region), Region>,
    regions: HashMap<Term, Region>,
    max_nodes: usize,
}

#[derive(Debug)]
pub(super) struct Level {
    pub(super) variable: Variable,
    size: u32,
    pub(super) blocks: Blocks,
    /// The blocks in the order in which edges run over them.
    pub(super) places: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Stored {
    level: u32,
    /// The first is not complemented, neighbours differ.
    edges: Arc<[Edge]>,
}

/// A run of blocks and where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Edge {
    /// The place after the last block; the run begins where the one before ends.
    pub(super) end: u32,
    pub(super) to: Region,
}

/// The level of the constants, below all variables.
const BOTTOM: u32 = u32::MAX;

impl Diagrams {
    /// No regions but all and none. The variables are ordered as given, those not given after them;
    /// [`order`] gives an order that suits some terms.
    pub fn new(terms: &Terms, order: &[Variable], max_nodes: usize) -> Self {
        let mut diagrams = Self {
            levels: Vec::new(),
            level_of: vec![BOTTOM; terms.sizes().len()],
            nodes: vec![Stored { level: BOTTOM, edges: Arc::new([]) }],
            ids: HashMap::new(),
            ands: HashMap::new(),
            regions: HashMap::new(),
            max_nodes,
        };
        for variable in order {
            diagrams.level(terms, *variable);
        }
        diagrams.know_all(terms);
        diagrams
    }

    /// Diagrams with the variables in an order that suits these terms.
    pub fn suited(terms: &Terms, roots: &[Term], max_nodes: usize) -> Self {
        Self::new(terms, &order(terms, roots), max_nodes)
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Forgets all regions; handles given before mean nothing any more.
    pub fn clear(&mut self) {
        self.nodes.truncate(1);
        self.ids.clear();
        self.ands.clear();
        self.regions.clear();
    }

    /// The assignments of which the term is true. Terms are remembered: all must be of the same [`Terms`].
    ///
    /// # Errors
    /// If the node budget is used up; what was made before stays valid.
    pub fn region(&mut self, terms: &Terms, term: Term) -> Result<Region, TooLarge> {
        self.know_all(terms);
        self.cut(terms, term);
        for part in terms.reachable(&[term]) {
            if self.known(part).is_some() {
                continue;
            }
            let region = match terms.node(part) {
                Node::Constant(truth) => Region::NONE.negated_if(truth),
                Node::Is(variable, set) => self.literal(variable, set)?,
                Node::And(parts) => {
                    let parts = parts.iter().filter_map(|part| self.known(*part)).collect();
                    self.all(parts)?
                }
                Node::Or(parts) => {
                    let parts = parts.iter().filter_map(|part| self.known(*part).map(Region::not)).collect();
                    self.all(parts)?.not()
                }
            };
            self.regions.insert(part, region);
        }
        Ok(self.known(term).unwrap_or(Region::NONE))
    }

    /// The assignments in both.
    ///
    /// # Errors
    /// If the node budget is used up.
    pub fn and(&mut self, a: Region, b: Region) -> Result<Region, TooLarge> {
        let (a, b) = (a.min(b), a.max(b));
        if a == Region::ALL || a == b {
            return Ok(b);
        }
        if a == Region::NONE || a == b.not() {
            return Ok(Region::NONE);
        }
        if let Some(known) = self.ands.get(&(a, b)) {
            return Ok(*known);
        }
        if self.ands.len() > self.max_nodes.saturating_mul(8) {
            return Err(self.too_large());
        }
        let (left, right) = (self.stored(a), self.stored(b));
        let level = left.level.min(right.level);
        // One that does not read the variable leads to itself.
        let end = self.width(level);
        let (left_whole, right_whole) = ([Edge { end, to: a }], [Edge { end, to: b }]);
        let left = (left.level == level).then(|| Arc::clone(&left.edges));
        let right = (right.level == level).then(|| Arc::clone(&right.edges));
        let left_not = left.is_some() && a.is_negated();
        let right_not = right.is_some() && b.is_negated();
        let (left, right) =
            (left.as_deref().unwrap_or(&left_whole), right.as_deref().unwrap_or(&right_whole));
        let mut edges = Vec::with_capacity(left.len().max(right.len()));
        let (mut i, mut j) = (0, 0);
        while let (Some(x), Some(y)) = (left.get(i), right.get(j)) {
            let to = self.and(x.to.negated_if(left_not), y.to.negated_if(right_not))?;
            let end = x.end.min(y.end);
            push(&mut edges, Edge { end, to });
            i += usize::from(x.end == end);
            j += usize::from(y.end == end);
        }
        let made = self.make(level, edges)?;
        self.ands.insert((a, b), made);
        Ok(made)
    }

    /// The assignments in either.
    ///
    /// # Errors
    /// If the node budget is used up.
    pub fn or(&mut self, a: Region, b: Region) -> Result<Region, TooLarge> {
        Ok(self.and(a.not(), b.not())?.not())
    }

    /// The assignments of the first that are not in the second.
    ///
    /// # Errors
    /// If the node budget is used up.
    pub fn minus(&mut self, a: Region, b: Region) -> Result<Region, TooLarge> {
        self.and(a, b.not())
    }

    /// Whether all assignments of the first are in the second.
    ///
    /// # Errors
    /// If the node budget is used up.
    pub fn implies(&mut self, a: Region, b: Region) -> Result<bool, TooLarge> {
        Ok(self.minus(a, b)?.is_empty())
    }

    /// The assignments that are in the region with other classes of these variables perhaps.
    ///
    /// # Errors
    /// If the node budget is used up.
    pub fn exists(&mut self, region: Region, variables: &BTreeSet<Variable>) -> Result<Region, TooLarge> {
        let free: BTreeSet<u32> = variables.iter().map(|variable| self.level_of[variable.index()]).collect();
        self.project(region, &free, &mut HashMap::new())
    }

    fn project(
        &mut self,
        region: Region,
        free: &BTreeSet<u32>,
        made: &mut HashMap<Region, Region>,
    ) -> Result<Region, TooLarge> {
        if region.node() == 0 {
            return Ok(region);
        }
        if let Some(known) = made.get(&region) {
            return Ok(*known);
        }
        let (level, edges) = self.edges(region);
        let mut projected = Vec::with_capacity(edges.len());
        for edge in edges {
            push(&mut projected, Edge { end: edge.end, to: self.project(edge.to, free, made)? });
        }
        let outcome = if free.contains(&level) {
            self.all(projected.iter().map(|edge| edge.to.not()).collect())?.not()
        } else {
            self.make(level, projected)?
        };
        made.insert(region, outcome);
        Ok(outcome)
    }

    /// Exactly how many assignments the region has.
    pub fn count(&self, region: Region) -> BigUint {
        let mut below = vec![BigUint::from(1_u32); self.levels.len() + 1];
        for level in (0..self.levels.len()).rev() {
            below[level] = &below[level + 1] * self.levels[level].size;
        }
        let mut known = HashMap::new();
        let (level, cells) = self.cells(region, &below, &mut known);
        // What stands above the root is free.
        cells * (&below[0] / &below[level])
    }

    /// The cells of a region over the variables from its own level down, and that level.
    fn cells(
        &self,
        region: Region,
        below: &[BigUint],
        known: &mut HashMap<usize, BigUint>,
    ) -> (usize, BigUint) {
        let bottom = self.levels.len();
        if region.node() == 0 {
            return (bottom, BigUint::from(u32::from(region == Region::ALL)));
        }
        let level = self.stored(region).level as usize;
        let cells = match known.get(&region.node()) {
            Some(cells) => cells.clone(),
            None => {
                let upright = Region(region.0 & !1);
                let mut sum = BigUint::ZERO;
                let mut start = 0;
                for edge in self.edges(upright).1 {
                    let (to, cells) = self.cells(edge.to, below, known);
                    let free = &below[level + 1] / &below[to];
                    sum += cells * free * self.classes(level, start, edge.end);
                    start = edge.end;
                }
                known.insert(region.node(), sum.clone());
                sum
            }
        };
        (level, if region.is_negated() { &below[level] - cells } else { cells })
    }

    /// The lightest assignment of the region and its weight, exactly; of equally light ones the one with lower
    /// classes at the upper variables.
    pub fn lightest(&self, region: Region, weights: &Weights) -> Option<(Assignment, u64)> {
        let mut search =
            Lightest { diagrams: self, blocks: Vec::new(), free: vec![0], known: HashMap::new() };
        for level in &self.levels {
            let of = &weights[level.variable.index()];
            let light = |block: &u32| {
                let classes = level.blocks.members(*block).iter();
                classes.map(|class| (of[*class as usize], *class)).min().unwrap_or((0, 0))
            };
            let lights: Vec<(u32, u32)> = level.places.iter().map(light).collect();
            let lightest = lights.iter().min().map_or(0, |light| u64::from(light.0));
            search.free.push(search.free.last().copied().unwrap_or(0) + lightest);
            search.blocks.push(lights);
        }
        let weight = search.weight(region, 0)?;
        let mut assignment = vec![0; self.levels.len()];
        let mut at = region;
        for level in 0..self.levels.len() {
            let here = at.node() != 0 && self.stored(at).level as usize == level;
            let (class, next) = if here {
                let (_, class, to) = search.step(at, level)?;
                (class, to)
            } else {
                (search.blocks[level].iter().min()?.1, at)
            };
            assignment[self.levels[level].variable.index()] = class;
            at = next;
        }
        Some((assignment, weight))
    }

    /// Some assignment of the region.
    pub fn some(&self, region: Region) -> Option<Assignment> {
        let mut assignment = vec![0; self.levels.len()];
        let mut at = region;
        while at.node() != 0 {
            // Whatever is no constant has assignments inside and outside.
            let (level, edges) = self.edges(at);
            let taken = edges.iter().position(|edge| edge.to != Region::NONE)?;
            let start = if taken == 0 { 0 } else { edges[taken - 1].end };
            let here = &self.levels[level as usize];
            let block = here.places[start as usize];
            assignment[here.variable.index()] = *here.blocks.members(block).first()?;
            at = edges[taken].to;
        }
        (at == Region::ALL).then_some(assignment)
    }

    /// The term's region, if it was made.
    fn known(&self, term: Term) -> Option<Region> {
        match term {
            Term::TRUE => Some(Region::ALL),
            Term::FALSE => Some(Region::NONE),
            _ => {
                let negation = || self.regions.get(&term.not()).map(|region| region.not());
                self.regions.get(&term).copied().or_else(negation)
            }
        }
    }

    /// Cuts the blocks so that each literal of the term is a union of blocks.
    fn cut(&mut self, terms: &Terms, term: Term) {
        let mut sets: HashMap<u32, Vec<&ClassSet>> = HashMap::new();
        for part in terms.reachable(&[term]) {
            if let (Node::Is(variable, set), None) = (terms.node(part), self.known(part)) {
                sets.entry(self.level_of[variable.index()]).or_default().push(set);
            }
        }
        for (level, sets) in sets {
            let at = &mut self.levels[level as usize];
            // Where the run that ended at a place ends now.
            let mut ends: Vec<u32> = (0..=at.places.len() as u32).collect();
            for set in sets {
                let new: HashMap<u32, u32> = at.blocks.cut(set).into_iter().collect();
                if new.is_empty() {
                    continue;
                }
                let before = std::mem::take(&mut at.places);
                let mut moved = vec![0];
                for block in before {
                    at.places.extend(new.get(&block));
                    at.places.push(block);
                    moved.push(at.places.len() as u32);
                }
                for end in &mut ends {
                    *end = moved[*end as usize];
                }
            }
            if at.places.len() + 1 > ends.len() {
                self.respell(level, &ends);
            }
        }
    }

    /// Spells the nodes of a level with finer blocks. Runs become neither more nor fewer.
    fn respell(&mut self, level: u32, ends: &[u32]) {
        self.ids.retain(|node, _| node.level != level);
        for (at, node) in self.nodes.iter_mut().enumerate() {
            if node.level == level {
                let moved = node.edges.iter();
                node.edges = moved.map(|edge| Edge { end: ends[edge.end as usize], to: edge.to }).collect();
                self.ids.insert(node.clone(), Region((at as u32) << 1));
            }
        }
    }

    /// The region of a literal whose set is a union of blocks.
    fn literal(&mut self, variable: Variable, set: &ClassSet) -> Result<Region, TooLarge> {
        let level = self.level_of[variable.index()];
        let at = &self.levels[level as usize];
        let mut edges = Vec::new();
        for (place, block) in at.places.iter().enumerate() {
            let inside = at.blocks.members(*block).first().is_some_and(|class| set.contains(*class));
            push(&mut edges, Edge { end: place as u32 + 1, to: Region::NONE.negated_if(inside) });
        }
        self.make(level, edges)
    }

    /// The conjunction of many: those that read the lowest variables first, in pairs.
    pub(super) fn all(&mut self, mut regions: Vec<Region>) -> Result<Region, TooLarge> {
        regions.sort_by_key(|region| std::cmp::Reverse(self.stored(*region).level));
        while regions.len() > 1 {
            let mut paired = Vec::with_capacity(regions.len().div_ceil(2));
            for pair in regions.chunks(2) {
                let both = match pair {
                    [a, b] => self.and(*a, *b)?,
                    _ => pair[0],
                };
                if both.is_empty() {
                    return Ok(both);
                }
                paired.push(both);
            }
            regions = paired;
        }
        Ok(regions.first().copied().unwrap_or(Region::ALL))
    }

    /// The node with these edges, of which neighbours differ.
    pub(super) fn make(&mut self, level: u32, mut edges: Vec<Edge>) -> Result<Region, TooLarge> {
        if edges.len() == 1 {
            return Ok(edges[0].to);
        }
        let negate = edges[0].to.is_negated();
        if negate {
            for edge in &mut edges {
                edge.to = edge.to.not();
            }
        }
        let stored = Stored { level, edges: edges.into() };
        if let Some(known) = self.ids.get(&stored) {
            return Ok(known.negated_if(negate));
        }
        if self.nodes.len() >= self.max_nodes {
            return Err(self.too_large());
        }
        let region = Region((self.nodes.len() as u32) << 1);
        self.nodes.push(stored.clone());
        self.ids.insert(stored, region);
        Ok(region.negated_if(negate))
    }

    fn too_large(&self) -> TooLarge {
        let mut counts = vec![0_usize; self.levels.len()];
        for node in &self.nodes[1..] {
            counts[node.level as usize] += 1;
        }
        let mut worst: Vec<usize> = (0..counts.len()).filter(|level| counts[*level] > 0).collect();
        worst.sort_by_key(|level| std::cmp::Reverse(counts[*level]));
        let what = worst.iter().take(4).map(|level| self.levels[*level].variable).collect();
        TooLarge { nodes: self.nodes.len(), what }
    }

    fn know_all(&mut self, terms: &Terms) {
        for index in 0..terms.sizes().len() as u32 {
            self.level(terms, Variable(index));
        }
    }

    /// The variable's level; a variable not seen before goes to the bottom.
    fn level(&mut self, terms: &Terms, variable: Variable) -> u32 {
        if self.level_of.len() <= variable.index() {
            self.level_of.resize(variable.index() + 1, BOTTOM);
        }
        if self.level_of[variable.index()] == BOTTOM {
            self.level_of[variable.index()] = self.levels.len() as u32;
            let size = terms.size(variable);
            self.levels.push(Level { variable, size, blocks: Blocks::new(size), places: vec![0] });
        }
        self.level_of[variable.index()]
    }

    fn stored(&self, region: Region) -> &Stored {
        &self.nodes[region.node()]
    }

    /// The level and the edges of a region that is no constant.
    pub(super) fn edges(&self, region: Region) -> (u32, Vec<Edge>) {
        let stored = self.stored(region);
        let to = |edge: &Edge| Edge { end: edge.end, to: edge.to.negated_if(region.is_negated()) };
        (stored.level, stored.edges.iter().map(to).collect())
    }

    /// The level's number of blocks.
    pub(super) fn width(&self, level: u32) -> u32 {
        self.levels[level as usize].places.len() as u32
    }

    /// How many classes stand in a run of blocks.
    pub(super) fn classes(&self, level: usize, start: u32, end: u32) -> usize {
        let level = &self.levels[level];
        level.places[start as usize..end as usize]
            .iter()
            .map(|block| level.blocks.members(*block).len())
            .sum()
    }

    /// The classes of a set of blocks, given by their places.
    pub(super) fn classes_of(&self, level: usize, places: &ClassSet) -> ClassSet {
        let level = &self.levels[level];
        let blocks = places.iter().map(|place| level.places[place as usize]);
        blocks.flat_map(|block| level.blocks.members(block).iter().copied()).collect()
    }
}

/// Adds a run, as part of the last one if it leads to the same place.
pub(super) fn push(edges: &mut Vec<Edge>, edge: Edge) {
    match edges.last_mut() {
        Some(last) if last.to == edge.to => last.end = edge.end,
        _ => edges.push(edge),
    }
}

struct Lightest<'d> {
    diagrams: &'d Diagrams,
    /// The lightest class of each block by level and place: weight and class.
    blocks: Vec<Vec<(u32, u32)>>,
    /// What the levels above each level weigh at least.
    free: Vec<u64>,
    known: HashMap<Region, Option<u64>>,
}

impl Lightest<'_> {
    /// The least weight from a level down to the bottom.
    fn weight(&mut self, region: Region, from: usize) -> Option<u64> {
        let bottom = self.blocks.len();
        if region.node() == 0 {
            return (region == Region::ALL).then(|| self.free[bottom] - self.free[from]);
        }
        let level = self.diagrams.stored(region).level as usize;
        let above = self.free[level] - self.free[from];
        if let Some(known) = self.known.get(&region) {
            return known.map(|weight| weight + above);
        }
        let weight = self.step(region, level).map(|step| step.0);
        self.known.insert(region, weight);
        weight.map(|weight| weight + above)
    }

    /// The least weight from the region's level down, with the class there and where it leads.
    fn step(&mut self, region: Region, level: usize) -> Option<(u64, u32, Region)> {
        let mut best: Option<(u64, u32, Region)> = None;
        let mut start = 0;
        for edge in self.diagrams.edges(region).1 {
            let (light, class) = *self.blocks[level][start as usize..edge.end as usize].iter().min()?;
            start = edge.end;
            if let Some(rest) = self.weight(edge.to, level + 1) {
                let way = (rest + u64::from(light), class, edge.to);
                best = Some(best.map_or(way, |best| best.min(way)));
            }
        }
        best
    }
}
