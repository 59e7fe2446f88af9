//! The classes of one variable in blocks that the sets seen so far do not tell apart: a question mostly tells a
//! handful of a thousand classes apart.

use std::collections::BTreeMap;

use super::sets::ClassSet;

/// A partition of a variable's classes that grows finer with each set it is shown.
#[derive(Debug, Clone)]
pub struct Blocks {
    /// Empty as long as there is one block.
    block_of: Vec<u32>,
    members: Vec<Vec<u32>>,
}

impl Blocks {
    /// One block of all classes.
    pub fn new(size: u32) -> Self {
        Self { block_of: Vec::new(), members: vec![(0..size).collect()] }
    }

    /// How many blocks there are.
    pub fn count(&self) -> u32 {
        self.members.len() as u32
    }

    /// The classes of a block, ascending.
    pub fn members(&self, block: u32) -> &[u32] {
        &self.members[block as usize]
    }

    /// The block that has the class.
    pub fn of(&self, class: u32) -> u32 {
        self.block_of.get(class as usize).copied().unwrap_or(0)
    }

    /// Makes the set a union of blocks. Gives the blocks that were cut, with the new one beside each: the part
    /// that lies in the set is the new one.
    pub fn cut(&mut self, set: &ClassSet) -> Vec<(u32, u32)> {
        let mut inside: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for class in set.iter() {
            inside.entry(self.of(class)).or_default().push(class);
        }
        let mut cut = Vec::new();
        for (block, classes) in inside {
            let members = &mut self.members[block as usize];
            if classes.len() == members.len() {
                continue;
            }
            if self.block_of.is_empty() {
                self.block_of = vec![0; members.len()];
            }
            members.retain(|class| !set.contains(*class));
            let new = self.members.len() as u32;
            for class in &classes {
                self.block_of[*class as usize] = new;
            }
            self.members.push(classes);
            cut.push((block, new));
        }
        cut
    }
}
