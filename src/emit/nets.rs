//! Discrimination nets: dispatch on the classes that rules name, and test only what is left.
//!
//! A node dispatches on one slot: the pieces that want one of a few classes there go below that class,
//! the others to the node's rest. No piece is stored more than [`MAX_COPIES`] times, so a net grows with
//! its pieces, whatever they test; decision diagrams and cross products over the same pieces do not.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sprag_runtime::format as f;

use super::pools::Writer;
use crate::space::{Formula, Literal, Truth};

/// A piece ready to be placed.
#[derive(Clone)]
pub(super) struct Leaf {
    /// Clause number, or [`f::NONE`].
    pub(super) clause: u32,
    /// Where its formula starts.
    pub(super) node: u32,
    /// Slots on which the piece certainly wants one of a few classes.
    wants: Arc<[(u32, Arc<[u32]>)]>,
    copies: usize,
}

/// Lists up to this length are scanned.
const SHORT: usize = 4;
/// A piece that wants more classes of a slot than this is not dispatched on it.
const MAX_WANTED: usize = 8;
/// How often one piece may stand in a net.
const MAX_COPIES: usize = 16;
/// Dispatch by index rather than by search where at least one in so many classes has a net.
const DENSE: usize = 4;

/// Builds nodes and nets; equal ones are shared.
#[derive(Default)]
pub(super) struct Nets {
    nodes: HashMap<[u32; 6], u32>,
    nets: HashMap<[u32; 6], u32>,
}

impl Nets {
    /// Compiles a formula; `None` if it can never match.
    pub(super) fn leaf(
        &mut self,
        writer: &mut Writer,
        clause: Option<u32>,
        formula: &Formula,
    ) -> Option<Leaf> {
        let node = self.node(writer, formula, f::MATCH, f::NO_MATCH);
        if node == f::NO_MATCH {
            return None;
        }
        let literals: &[Formula] = match formula {
            Formula::All(parts) => parts,
            other => std::slice::from_ref(other),
        };
        let wants =
            literals.iter().filter_map(|part| match part {
                Formula::Literal(Literal {
                    slot, truth: Truth::Classes(classes), inverted: false, ..
                }) if !classes.is_empty() && classes.len() <= MAX_WANTED => Some((*slot, classes.clone())),
                _ => None,
            });
        Some(Leaf { clause: clause.unwrap_or(f::NONE), node, wants: wants.collect(), copies: 1 })
    }

    /// The node at which evaluating `formula` starts, with the edges to take after it.
    fn node(&mut self, writer: &mut Writer, formula: &Formula, yes: u32, no: u32) -> u32 {
        match formula {
            Formula::Constant(true) => yes,
            Formula::Constant(false) => no,
            Formula::All(parts) => parts.iter().rev().fold(yes, |yes, part| self.node(writer, part, yes, no)),
            Formula::Any(parts) => parts.iter().rev().fold(no, |no, part| self.node(writer, part, yes, no)),
            Formula::Literal(literal) => self.literal(writer, literal, yes, no),
        }
    }

    fn literal(&mut self, writer: &mut Writer, literal: &Literal, yes: u32, no: u32) -> u32 {
        let (test, a, b) = match &literal.truth {
            Truth::Present => (f::Test::Between, f::FIRST, u32::MAX),
            Truth::Classes(classes) => match (classes.first(), classes.last()) {
                (Some(one), Some(last)) if one == last => (f::Test::Equal, *one, 0),
                (Some(first), Some(last)) if (last - first) as usize + 1 == classes.len() => {
                    (f::Test::Between, *first, *last)
                }
                (Some(_), Some(last)) => {
                    let mut bits = vec![0; *last as usize / 32 + 1];
                    classes.iter().for_each(|c| bits[*c as usize / 32] |= 1 << (c % 32));
                    let len = bits.len() as u32;
                    (f::Test::Bits, writer.words(bits), len)
                }
                // No class satisfies it, but a missing or listed one may.
                _ => (f::Test::Between, 1, 0),
            },
        };
        let unknown = if literal.unknown { f::UNKNOWN_MATCHES } else { 0 };
        let unreadable = if literal.unreadable { f::UNREADABLE_MATCHES } else { 0 };
        let inverted = if literal.inverted { f::INVERTED } else { 0 };
        let key = [literal.slot, test.code() | unknown | unreadable | inverted, a, b, yes, no];
        *self.nodes.entry(key).or_insert_with(|| {
            let [slot, test, a, b, yes, no] = key.map(f::Word::new);
            writer.nodes.push(f::Node { slot, test, a, b, yes, no });
            writer.nodes.len() as u32 - 1
        })
    }

    /// The net over some pieces; [`f::NONE`] if there are none. `unknown`: what missing values count as, and those
    /// that cannot be read.
    pub(super) fn net(
        &mut self,
        writer: &mut Writer,
        leaves: Vec<Leaf>,
        unknown: bool,
        classes: &[u32],
    ) -> u32 {
        self.build(writer, leaves, unknown, classes, &mut Vec::new()).0
    }

    /// The net and its depth.
    fn build(
        &mut self,
        writer: &mut Writer,
        leaves: Vec<Leaf>,
        unknown: bool,
        classes: &[u32],
        used: &mut Vec<u32>,
    ) -> (u32, u32) {
        if leaves.is_empty() {
            return (f::NONE, 0);
        }
        let Some(slot) = widest(&leaves, used) else {
            return (self.flat(writer, leaves), 0);
        };
        let (mut children, mut rest) = (BTreeMap::<u32, Vec<Leaf>>::new(), Vec::new());
        for leaf in leaves {
            match leaf.wanted(slot, used) {
                Some(wanted) => {
                    let copies = leaf.copies * wanted.len();
                    for class in wanted.iter() {
                        children.entry(*class).or_default().push(Leaf { copies, ..leaf.clone() });
                    }
                }
                None => rest.push(leaf),
            }
        }
        used.push(slot);
        let (rest, mut depth) = self.build(writer, rest, unknown, classes, used);
        let mut pairs = Vec::new();
        for (class, leaves) in children {
            let (net, below) = self.build(writer, leaves, unknown, classes, used);
            depth = depth.max(below + 1);
            pairs.push((class, net));
        }
        used.pop();
        let all = classes[slot as usize].saturating_sub(f::FIRST);
        let dense = pairs.len() * DENSE >= all as usize;
        let (at, len) = if dense {
            let mut nets = vec![f::NONE; all as usize];
            pairs.iter().for_each(|(class, net)| nets[(class - f::FIRST) as usize] = *net);
            (writer.words(nets), all)
        } else {
            let len = pairs.len() as u32;
            (writer.words(pairs.into_iter().flat_map(|(class, net)| [class, net]).collect()), len)
        };
        let flags = if dense { f::DENSE } else { 0 } | if unknown { f::UNKNOWN_MATCHES } else { 0 };
        (self.intern(writer, [slot, at, len, rest, flags, depth]), depth)
    }

    fn flat(&mut self, writer: &mut Writer, mut leaves: Vec<Leaf>) -> u32 {
        // What needs no test comes first: it ends the search.
        leaves.sort_by_key(|leaf| (leaf.node != f::MATCH, leaf.clause, leaf.node));
        leaves.dedup_by_key(|leaf| (leaf.clause, leaf.node));
        let pairs: Vec<u32> = leaves.iter().flat_map(|leaf| [leaf.clause, leaf.node]).collect();
        let len = leaves.len() as u32;
        let at = writer.words(pairs);
        self.intern(writer, [f::NONE, at, len, f::NONE, 0, 0])
    }

    fn intern(&mut self, writer: &mut Writer, key: [u32; 6]) -> u32 {
        *self.nets.entry(key).or_insert_with(|| {
            let [slot, at, len, rest, flags, depth] = key.map(f::Word::new);
            writer.nets.push(f::Net { slot, at, len, rest, flags, depth });
            writer.nets.len() as u32 - 1
        })
    }
}

impl Leaf {
    fn wanted(&self, slot: u32, used: &[u32]) -> Option<&Arc<[u32]>> {
        let fits = |wanted: &Arc<[u32]>| self.copies * wanted.len() <= MAX_COPIES && !used.contains(&slot);
        self.wants.iter().find(|(s, wanted)| *s == slot && fits(wanted)).map(|(_, wanted)| wanted)
    }
}

/// The slot that most pieces can be dispatched on, if that is worth it.
fn widest(leaves: &[Leaf], used: &[u32]) -> Option<u32> {
    // The rest is walked in a loop; only children nest.
    if leaves.len() <= SHORT || used.len() + 1 >= f::MAX_NESTING as usize {
        return None;
    }
    let mut counts = BTreeMap::<u32, usize>::new();
    for leaf in leaves {
        for (slot, _) in leaf.wants.iter() {
            if leaf.wanted(*slot, used).is_some() {
                *counts.entry(*slot).or_default() += 1;
            }
        }
    }
    let (slot, count) = counts.into_iter().max_by_key(|(slot, count)| (*count, std::cmp::Reverse(*slot)))?;
    (count >= 2).then_some(slot)
}
