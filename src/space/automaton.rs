//! Many patterns over one attribute, told apart in one pass over its bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::sema::model::{Pattern, PatternPart};

/// A deterministic automaton over bytes; the end state tells which patterns match the whole text.
#[derive(Debug, Clone)]
pub struct Automaton {
    /// The column of each byte.
    pub columns: Vec<u16>,
    /// How many columns.
    pub width: usize,
    /// `states × width`; the start is state 0.
    pub transitions: Vec<u32>,
    /// For each state the patterns that match when the text ends there, sorted.
    pub accepts: Vec<Vec<u32>>,
}

/// One step of a pattern.
#[derive(Clone, Copy)]
enum Step {
    Byte(u8),
    /// Any bytes, also none.
    Any,
    /// One or more bytes of a set.
    Some(Set),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Set {
    Label,
    Labels,
    Digits,
}

impl Set {
    fn has(self, byte: u8) -> bool {
        match self {
            Set::Label => !matches!(byte, b'.' | b':' | b'/'),
            Set::Labels => !matches!(byte, b':' | b'/'),
            Set::Digits => byte.is_ascii_digit(),
        }
    }
}

/// What a build may look at: positions times columns, over all states. Without it, a few thousand patterns
/// with two stars each would take minutes to reach the limit on transitions.
const MAX_STEPS: usize = 1 << 25;

/// Patterns as a tree, so that what many of them begin with is followed once.
struct Tree {
    nodes: Vec<TreeNode>,
}

#[derive(Default)]
struct TreeNode {
    /// Bytes that lead from here to here.
    stays: Stays,
    bytes: BTreeMap<u8, u32>,
    sets: BTreeMap<Set, u32>,
    any: Option<u32>,
    /// The patterns that end here.
    accepts: Vec<u32>,
}

impl TreeNode {
    /// Whether all that it leads to lies behind its `any`.
    fn passes(&self) -> bool {
        let leaves = matches!(self.stays, Stays::No);
        leaves
            && self.any.is_some()
            && self.bytes.is_empty()
            && self.sets.is_empty()
            && self.accepts.is_empty()
    }
}

#[derive(Clone, Copy, Default)]
enum Stays {
    #[default]
    No,
    Always,
    In(Set),
}

impl Tree {
    fn new(patterns: &[Vec<Step>]) -> Tree {
        let mut tree = Tree { nodes: vec![TreeNode::default()] };
        for (number, steps) in (0..).zip(patterns) {
            let end = steps.iter().fold(0, |at, step| tree.child(at, *step));
            tree.nodes[end as usize].accepts.push(number);
        }
        tree
    }

    fn child(&mut self, at: u32, step: Step) -> u32 {
        let next = self.nodes.len() as u32;
        let node = &mut self.nodes[at as usize];
        let (child, stays) = match step {
            Step::Byte(byte) => (*node.bytes.entry(byte).or_insert(next), Stays::No),
            Step::Some(set) => (*node.sets.entry(set).or_insert(next), Stays::In(set)),
            Step::Any => (*node.any.get_or_insert(next), Stays::Always),
        };
        if child == next {
            self.nodes.push(TreeNode { stays, ..TreeNode::default() });
        }
        child
    }

    /// The nodes reached from these with one byte, and without reading from there, sorted.
    fn step(&self, from: &[u32], byte: u8) -> Vec<u32> {
        let mut reached = Vec::new();
        for at in from {
            let node = &self.nodes[*at as usize];
            let stays = match node.stays {
                Stays::No => false,
                Stays::Always => true,
                Stays::In(set) => set.has(byte),
            };
            reached.extend(stays.then_some(*at));
            reached.extend(node.bytes.get(&byte));
            reached.extend(node.sets.iter().filter(|(set, _)| set.has(byte)).map(|(_, child)| child));
        }
        self.close(reached)
    }

    /// These and the nodes reached from them without reading, sorted.
    fn close(&self, mut reached: Vec<u32>) -> Vec<u32> {
        let mut at = 0;
        while let Some(node) = reached.get(at) {
            reached.extend(self.nodes[*node as usize].any);
            at += 1;
        }
        // What only goes on without reading has nothing more to say.
        reached.retain(|node| !self.nodes[*node as usize].passes());
        reached.sort_unstable();
        reached.dedup();
        reached
    }
}

impl Automaton {
    /// Builds it by subset construction; `None` if it needs more than `limit` transitions, or too long to tell.
    pub fn build(patterns: &[Pattern], limit: usize) -> Option<Automaton> {
        let patterns: Vec<Vec<Step>> = patterns.iter().map(steps).collect();
        let (columns, examples) = columns(&patterns);
        let tree = Tree::new(&patterns);
        let mut states: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut queue = vec![tree.close(vec![0])];
        states.insert(queue[0].clone(), 0);
        let mut transitions = Vec::new();
        let mut looked_at = 0;
        let mut at = 0;
        while at < queue.len() {
            looked_at += (queue[at].len() + 1) * examples.len();
            if looked_at > MAX_STEPS {
                return None;
            }
            for byte in &examples {
                let next = tree.step(&queue[at], *byte);
                let number = match states.get(&next) {
                    Some(number) => *number,
                    None => {
                        let number = queue.len() as u32;
                        if (queue.len() + 1) * examples.len() > limit {
                            return None;
                        }
                        states.insert(next.clone(), number);
                        queue.push(next);
                        number
                    }
                };
                transitions.push(number);
            }
            at += 1;
        }
        let accepts = queue
            .iter()
            .map(|state| {
                let ended = state.iter().flat_map(|node| &tree.nodes[*node as usize].accepts);
                ended.copied().collect::<BTreeSet<_>>().into_iter().collect()
            })
            .collect();
        Some(Automaton { columns, width: examples.len(), transitions, accepts })
    }

    /// The patterns that match the whole text.
    pub fn accepts(&self, text: &[u8]) -> &[u32] {
        &self.accepts[self.end(text)]
    }

    /// Whether each state is left never again, whatever follows.
    pub fn settled(&self) -> Vec<bool> {
        let stays = |(state, row): (u32, &[u32])| row.iter().all(|next| *next == state);
        (0..).zip(self.transitions.chunks(self.width)).map(stays).collect()
    }

    /// The state at the end of a text.
    pub fn end(&self, text: &[u8]) -> usize {
        let mut state = 0;
        for byte in text {
            let column = usize::from(self.columns[usize::from(*byte)]);
            state = self.transitions[state * self.width + column] as usize;
        }
        state
    }
}

fn steps(pattern: &Pattern) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in &pattern.0 {
        match part {
            PatternPart::Text(text) => steps.extend(text.bytes().map(Step::Byte)),
            PatternPart::Any => steps.push(Step::Any),
            PatternPart::Label => steps.push(Step::Some(Set::Label)),
            PatternPart::Labels => steps.push(Step::Some(Set::Labels)),
            PatternPart::Port => steps.push(Step::Some(Set::Digits)),
        }
    }
    steps
}

/// Bytes that no pattern tells apart share a column; also an example byte for each column.
fn columns(patterns: &[Vec<Step>]) -> (Vec<u16>, Vec<u8>) {
    let mut own = [false; 256];
    for step in patterns.iter().flatten() {
        if let Step::Byte(byte) = step {
            own[usize::from(*byte)] = true;
        }
    }
    let sets = [Set::Label, Set::Labels, Set::Digits];
    let mut columns = Vec::with_capacity(256);
    let mut examples: Vec<u8> = Vec::new();
    let mut known: HashMap<(Option<u8>, [bool; 3]), u16> = HashMap::new();
    for byte in 0..=255u8 {
        let key = (own[usize::from(byte)].then_some(byte), sets.map(|s| s.has(byte)));
        let column = *known.entry(key).or_insert_with(|| {
            examples.push(byte);
            examples.len() as u16 - 1
        });
        columns.push(column);
    }
    (columns, examples)
}
