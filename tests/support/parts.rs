//! Bundles taken apart by who knows how to hash: forgeries whose digests are right.

use sha2::{Digest, Sha256};
use sprag_runtime::format::{self as f, DENSE, Entry, Header, Kind, NONE};
use sprag_runtime::header_digest;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A bundle taken apart, to be put together again with fresh digests.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The version of its writer.
    pub format: u32,
    /// The version that its header demands of readers.
    pub min_reader: u32,
    /// In the order of the file.
    pub sections: Vec<Section>,
}

/// A section.
#[derive(Debug, Clone)]
pub struct Section {
    /// What the directory says it is.
    pub kind: u32,
    /// What the directory says besides.
    pub flags: u32,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

impl Parts {
    /// Takes it apart; panics if it is none.
    pub fn open(bytes: &[u8]) -> Parts {
        let (header, rest) = Header::ref_from_prefix(bytes).unwrap();
        let (directory, _) =
            <[Entry]>::ref_from_prefix_with_elems(rest, header.sections.get() as usize).unwrap();
        let section = |entry: &Entry| Section {
            kind: entry.kind.get(),
            flags: entry.flags.get(),
            bytes: bytes[entry.offset.get() as usize..][..entry.length.get() as usize].to_vec(),
        };
        Parts {
            format: header.format.get(),
            min_reader: header.min_reader.get(),
            sections: directory.iter().map(section).collect(),
        }
    }

    /// The bundle again.
    pub fn seal(&self) -> Vec<u8> {
        let mut offset = size_of::<Header>() + self.sections.len() * size_of::<Entry>();
        let mut directory = Vec::new();
        for section in &self.sections {
            directory.push(Entry {
                kind: section.kind.into(),
                flags: section.flags.into(),
                offset: (offset as u64).into(),
                length: (section.bytes.len() as u64).into(),
                reserved: 0.into(),
                digest: Sha256::digest(&section.bytes).into(),
            });
            offset += section.bytes.len();
        }
        let mut header = Header {
            magic: f::MAGIC,
            format: self.format.into(),
            min_reader: self.min_reader.into(),
            sections: (self.sections.len() as u32).into(),
            reserved: 0.into(),
            length: (offset as u64).into(),
            digest: [0; 32],
        };
        header.digest = header_digest(&header, &directory);
        let sections = self.sections.iter().flat_map(|s| &s.bytes).copied();
        [header.as_bytes(), directory.as_bytes()].concat().into_iter().chain(sections).collect()
    }

    /// The section of this kind.
    pub fn section(&mut self, kind: Kind) -> &mut Section {
        self.sections.iter_mut().find(|s| s.kind == kind.code()).unwrap()
    }

    /// Its records.
    pub fn records<T: FromBytes + Immutable + KnownLayout + Unaligned + Copy>(&self, kind: Kind) -> Vec<T> {
        let section = self.sections.iter().find(|s| s.kind == kind.code());
        section.and_then(|s| <[T]>::ref_from_bytes(&s.bytes).ok()).map(<[T]>::to_vec).unwrap_or_default()
    }

    /// How many records there are, of some kinds.
    pub fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Nodes => self.records::<f::Node>(kind).len(),
            Kind::Nets => self.records::<f::Net>(kind).len(),
            Kind::Strata => self.records::<f::Stratum>(kind).len(),
            Kind::Routes => self.records::<f::Route>(kind).len(),
            Kind::Words => self.records::<f::Word>(kind).len(),
            _ => 0, // nobody counts others
        }
    }

    /// Appends records.
    pub fn extend<T: IntoBytes + Immutable>(&mut self, kind: Kind, records: &[T]) {
        self.section(kind).bytes.extend_from_slice(records.as_bytes());
    }

    /// Changes each record.
    pub fn edit<T>(&mut self, kind: Kind, change: impl Fn(usize, &mut T))
    where
        T: FromBytes + IntoBytes + Immutable + KnownLayout + Unaligned + Copy,
    {
        let mut records = self.records::<T>(kind);
        records.iter_mut().enumerate().for_each(|(number, record)| change(number, record));
        self.section(kind).bytes = records.as_bytes().to_vec();
    }

    /// States the steps that the walks now take, as far as they can be counted.
    pub fn prove(&mut self) {
        self.prove_but(|_, _| false);
    }

    /// The same, but that some nets and routes take one step, as if nothing were below them.
    pub fn prove_but(&mut self, lies: impl Fn(Kind, usize) -> bool) {
        fn of(steps: &[u32], number: f::Word) -> u32 {
            steps.get(number.get() as usize).copied().unwrap_or(0)
        }
        fn sum(of: impl Iterator<Item = u32>) -> u32 {
            of.fold(0, u32::saturating_add)
        }
        fn slice<T>(all: &[T], at: f::Word, len: usize) -> &[T] {
            all.get(at.get() as usize..).and_then(|rest| rest.get(..len)).unwrap_or(&[])
        }
        let words = self.records::<f::Word>(Kind::Words);
        let entries = self.records::<f::Nets>(Kind::Entries);
        let edges = self.records::<f::Edge>(Kind::Edges);
        let mut nodes = Vec::new();
        for node in self.records::<f::Node>(Kind::Nodes) {
            let step = of(&nodes, node.yes).max(of(&nodes, node.no)).saturating_add(1);
            nodes.push(step);
        }
        let mut nets = Vec::new();
        for net in self.records::<f::Net>(Kind::Nets) {
            let len = net.len.get() as usize;
            let seconds = || slice(&words, net.at, len.saturating_mul(2)).chunks(2).map(|pair| pair[1]);
            let below = if net.slot.get() == NONE {
                sum(seconds().map(|node| of(&nodes, node).saturating_add(1)))
            } else if net.flags.get() & DENSE != 0 {
                sum(slice(&words, net.at, len).iter().map(|n| of(&nets, *n)))
            } else {
                sum(seconds().map(|n| of(&nets, n)))
            };
            let all = sum([1, below, of(&nets, net.rest)].into_iter());
            nets.push(if lies(Kind::Nets, nets.len()) { 1 } else { all });
        }
        let cost = |e: &f::Nets| {
            let all = [e.forbid, e.permit, e.app_user, e.context_user, e.withdraw, e.except, e.required];
            sum(all.into_iter().map(|net| of(&nets, net)))
        };
        let strata = self.records::<f::Stratum>(Kind::Strata);
        let strata =
            strata.iter().map(|s| slice(&entries, s.entries, s.len.get() as usize).iter().map(cost).max());
        let strata: Vec<u32> = strata.map(Option::unwrap_or_default).collect();
        let mut routes = Vec::new();
        for route in self.records::<f::Route>(Kind::Routes) {
            let literals = slice(&edges, route.edges.at, route.edges.len.get() as usize);
            let below = sum(literals.iter().map(|edge| of(&routes, edge.target)));
            let all = sum([1, below, of(&routes, route.parameter)].into_iter());
            routes.push(if lies(Kind::Routes, routes.len()) { 1 } else { all });
        }
        let steps: Vec<f::Word> =
            [nodes, nets, strata, routes].concat().into_iter().map(f::Word::new).collect();
        self.section(Kind::Steps).bytes = steps.as_bytes().to_vec();
    }
}
