//! What a bundle says of the one before it in its chain: written, and read again.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use sprag_runtime::format as f;
use sprag_runtime::{Bundle, Outline, Place};

use super::pools::Writer;
use crate::analysis::diff::{Delta, InWords, PolicyDiff};
use crate::analysis::eased::Eased;
use crate::analysis::widening::{Approvals, Block};
use crate::sema::model::{Model, Widening};

/// How a bundle follows from the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// SHA-256 of the chain's first bundle.
    pub first: [u8; 32],
    /// SHA-256 of the bundle before.
    pub previous: [u8; 32],
    /// That of this bundle; the first has 1.
    pub generation: u32,
    /// When it was built, as its builder says; seconds since 1970.
    pub date: Option<i64>,
    /// By whose approval more is permitted, in the order of the policy.
    pub widenings: Vec<Widened>,
    /// What is no longer permitted.
    pub lost: Vec<Growth>,
    /// Key and operation of what the bundle could be thought to permit anew and does not.
    pub closed: BTreeSet<(String, String)>,
    /// Digests of all blocks by which the chain ever grew.
    pub spent: BTreeSet<[u8; 32]>,
}

/// An approval, and what grew by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widened {
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approvers: Vec<String>,
    /// When the approval ends; seconds since 1970.
    pub until: i64,
    /// SHA-256 of the block.
    pub block: [u8; 32],
    /// What grew.
    pub growths: Vec<Growth>,
}

/// The bundle before, as far as it can be read.
#[derive(Debug, Clone, Copy)]
pub struct Before<'b> {
    place: Place,
    spent: &'b [[u8; 32]],
    /// What it can be thought to permit; nothing where nobody can tell.
    reach: Option<&'b Bundle<'b>>,
}

impl<'b> Before<'b> {
    /// One that this compiler reads.
    pub fn read(bundle: &'b Bundle<'b>) -> Before<'b> {
        Before { place: bundle.place(), spent: bundle.tables().spent, reach: Some(bundle) }
    }

    /// One of a format that is not read any more. `again` is what this compiler makes of its sources, if it can.
    pub fn outlined(outline: &Outline<'b>, again: Option<&'b Bundle<'b>>) -> Before<'b> {
        Before { place: outline.place, spent: outline.spent, reach: again }
    }
}

/// What the next bundle of a chain is built from, besides the policy.
#[derive(Debug, Clone, Copy)]
pub struct Next<'a> {
    /// The one before.
    pub before: Before<'a>,
    /// What differs, and whether it was approved. Nothing where the two cannot be compared, which takes a renewal.
    pub compared: Option<(&'a PolicyDiff, &'a Approvals)>,
    /// By whose word the chain goes on where loaders or this compiler cannot compare.
    pub renewal: Option<&'a Renewal>,
    /// When it is built, as its builder says; seconds since 1970.
    pub date: Option<i64>,
}

/// An approval to go on with a chain though the bundle before cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approvers: Vec<String>,
    /// When the approval ends; seconds since 1970.
    pub until: i64,
}

/// Requests of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The app's key.
    pub app: String,
    /// Names of operations, sorted.
    pub operations: Vec<String>,
    /// Which requests for each of them, the largest part first.
    pub told: Vec<String>,
    /// How many cells in all; empty where they could not be counted.
    pub cells: String,
    /// How many of them lie in none of the parts told.
    pub remaining: String,
}

impl Widened {
    /// Whether it is for going on with a chain from a bundle that loaders cannot compare, see [`Bundle::goes_on`].
    pub fn goes_on(&self) -> bool {
        self.growths.iter().any(|growth| growth.app.is_empty())
    }
}

impl Link {
    /// From a bundle to a policy of which it is known what differs and that all growth was approved, or that somebody
    /// approved that it is not known.
    pub fn new(next: &Next<'_>, model: &Model) -> Link {
        let Before { place: Place { first, generation, digest }, spent, .. } = next.before;
        let mut widenings: Vec<Widened> = match next.compared {
            Some((_, approvals)) => used(model, approvals).map(|(block, w)| widened(block, w)).collect(),
            None => Vec::new(),
        };
        widenings.extend(next.renewal.map(|renewal| renewed(renewal, digest, next.compared.is_some())));
        Link {
            first,
            previous: digest,
            generation: generation.saturating_add(1),
            date: next.date,
            spent: spent.iter().copied().chain(widenings.iter().map(|widened| widened.block)).collect(),
            widenings,
            lost: next.compared.iter().flat_map(|(diff, _)| &diff.lost).map(lost).collect(),
            closed: BTreeSet::new(),
        }
    }

    /// Blocks that are used now and were used before, in an earlier generation than the one before.
    pub fn used_again<'m>(next: &Next<'_>, model: &'m Model) -> Vec<&'m Widening> {
        let used = next.compared.iter().flat_map(|(_, approvals)| used(model, approvals));
        used.map(|(_, widening)| widening)
            .filter(|widening| next.before.spent.binary_search(&block_digest(widening)).is_ok())
            .collect()
    }

    /// What a bundle says of the one before; `None` for the first of a chain.
    pub fn read(bundle: &Bundle<'_>) -> Option<Link> {
        let t = bundle.tables();
        let chain = t.chain.first()?;
        let named = |record: &f::Closed| {
            let (app, operation) =
                (&t.apps[record.app.get() as usize], &t.operations[record.operation.get() as usize]);
            (bundle.text(app.key).to_owned(), bundle.text(operation.name).to_owned())
        };
        let lost = chain.lost.at.get() as usize..(chain.lost.at.get() + chain.lost.len.get()) as usize;
        Some(Link {
            first: chain.first,
            previous: chain.previous,
            generation: chain.generation.get(),
            date: (chain.dated.get() != 0).then_some(chain.date.get()),
            widenings: t.widenings.iter().map(|w| read_widened(bundle, w)).collect(),
            lost: t.growths[lost].iter().map(|g| read_growth(bundle, g)).collect(),
            closed: t.closed.iter().map(named).collect(),
            spent: t.spent.iter().copied().collect(),
        })
    }

    /// Settles what the bundle could be thought to permit, as far as a glance at it tells, that the one before it never
    /// did and that no approval names. Where the two were compared exactly, none of it is permitted to anybody, and it
    /// is closed. Else the approval to go on without comparing names it.
    pub fn settle(&mut self, next: &Next<'_>, bundle: &Bundle<'_>) {
        let Some(before) = next.before.reach else { return };
        let mut named = BTreeSet::new();
        for growth in self.widenings.iter().flat_map(|w| &w.growths) {
            named.extend(growth.operations.iter().map(|o| (growth.app.as_str(), o.as_str())));
        }
        let mut grown = BTreeSet::new();
        bundle.reach(&mut |app, operation| {
            if !before.reaches(app, operation) && !named.contains(&(app, operation)) {
                grown.insert((app.to_owned(), operation.to_owned()));
            }
        });
        match self.widenings.iter_mut().find(|widened| widened.goes_on() && next.compared.is_none()) {
            None => self.closed.extend(grown),
            Some(renewal) => {
                let mut by_app: BTreeMap<String, Vec<String>> = BTreeMap::new();
                for (app, operation) in grown {
                    by_app.entry(app).or_default().push(operation);
                }
                renewal.growths.extend(by_app.into_iter().map(|(app, operations)| Growth {
                    app,
                    operations,
                    told: vec!["in cases that were not compared".to_owned()],
                    cells: String::new(),
                    remaining: "0".to_owned(),
                }));
            }
        }
    }
}

fn used<'a, 'm>(
    model: &'m Model,
    approvals: &'a Approvals,
) -> impl Iterator<Item = (&'a Block, &'m Widening)> {
    approvals.blocks.iter().zip(&model.widenings).filter(|(block, _)| block.is_used())
}

fn renewed(renewal: &Renewal, previous: [u8; 32], compared: bool) -> Widened {
    let Renewal { reason, approvers, until } = renewal;
    let mut block = Sha256::new_with_prefix("sprag renewal 1\0");
    block.update(previous);
    for text in std::iter::once(reason).chain(approvers) {
        block.update((text.len() as u64).to_le_bytes());
        block.update(text);
    }
    block.update(until.to_le_bytes());
    let told = match compared {
        true => "compared by their sources, and by no loader",
        false => "not compared with the bundle before",
    };
    let growth = Growth {
        app: String::new(),
        operations: Vec::new(),
        told: vec![told.to_owned()],
        cells: String::new(),
        remaining: "0".to_owned(),
    };
    Widened {
        reason: reason.clone(),
        approvers: approvers.clone(),
        until: *until,
        block: block.finalize().into(),
        growths: vec![growth],
    }
}

/// SHA-256 of what the block says.
fn block_digest(widening: &Widening) -> [u8; 32] {
    Sha256::digest(widening.text.as_bytes()).into()
}

fn widened(block: &Block, widening: &Widening) -> Widened {
    let grown = |g: &crate::analysis::widening::Grown| growth(&g.key, &g.operations, &g.told);
    Widened {
        reason: widening.reason.clone(),
        approvers: widening.approvers.clone(),
        until: widening.until,
        block: block_digest(widening),
        growths: block.grown.iter().map(grown).chain(block.eased.iter().flat_map(eased)).collect(),
    }
}

/// What is easier, for each app: no operation is permitted anew by it.
fn eased(eased: &Eased) -> impl Iterator<Item = Growth> {
    let told = eased.sentence();
    eased.keys.iter().map(move |key| Growth {
        app: key.clone(),
        operations: Vec::new(),
        told: vec![told.clone()],
        cells: String::new(),
        remaining: "0".to_owned(),
    })
}

fn lost(delta: &Delta) -> Growth {
    let Delta { key, operations, cubes, remaining, cells, .. } = delta;
    let told = InWords { cubes: cubes.clone(), remaining: remaining.clone(), cells: cells.clone() };
    growth(key, operations, &told)
}

fn growth(app: &str, operations: &[String], told: &InWords) -> Growth {
    let mut operations = operations.to_vec();
    operations.sort();
    Growth {
        app: app.to_owned(),
        operations,
        told: told.cubes.clone(),
        cells: told.cells.as_ref().map(ToString::to_string).unwrap_or_default(),
        remaining: told.remaining.to_string(),
    }
}

/// Puts it into a bundle under construction.
pub(super) fn write(link: &Link, model: &Model, writer: &mut Writer) {
    let lost = growths(&link.lost, writer);
    writer.chain.push(f::Chain {
        first: link.first,
        previous: link.previous,
        generation: link.generation.into(),
        dated: u32::from(link.date.is_some()).into(),
        date: link.date.unwrap_or(0).into(),
        lost,
    });
    for widened in &link.widenings {
        let record = f::Widening {
            reason: writer.text(&widened.reason),
            approvers: writer.texts(widened.approvers.iter().map(String::as_str)),
            until: widened.until.into(),
            block: widened.block,
            growths: growths(&widened.growths, writer),
        };
        writer.widenings.push(record);
    }
    let app = |key: &str| model.apps.iter().position(|app| app.key == key);
    let operation = |name: &str| model.operations.iter().position(|operation| operation.name == name);
    let mut closed: Vec<(usize, usize)> =
        link.closed.iter().filter_map(|(key, name)| app(key).zip(operation(name))).collect();
    closed.sort_unstable();
    let record =
        |(app, operation)| f::Closed { app: (app as u32).into(), operation: (operation as u32).into() };
    writer.closed.extend(closed.into_iter().map(record));
    writer.spent.extend(&link.spent);
}

fn growths(growths: &[Growth], writer: &mut Writer) -> f::Range {
    let at = writer.growths.len() as u32;
    for growth in growths {
        let record = f::Growth {
            app: writer.text(&growth.app),
            operations: writer.texts(growth.operations.iter().map(String::as_str)),
            told: writer.texts(growth.told.iter().map(String::as_str)),
            cells: writer.text(&growth.cells),
            remaining: writer.text(&growth.remaining),
        };
        writer.growths.push(record);
    }
    f::Range { at: at.into(), len: (growths.len() as u32).into() }
}

fn read_widened(bundle: &Bundle<'_>, widening: &f::Widening) -> Widened {
    Widened {
        reason: bundle.text(widening.reason).to_owned(),
        approvers: bundle.texts(widening.approvers).map(str::to_owned).collect(),
        until: widening.until.get(),
        block: widening.block,
        growths: bundle.growths(widening).iter().map(|g| read_growth(bundle, g)).collect(),
    }
}

fn read_growth(bundle: &Bundle<'_>, growth: &f::Growth) -> Growth {
    let text = |text| bundle.text(text).to_owned();
    Growth {
        app: text(growth.app),
        operations: bundle.texts(growth.operations).map(str::to_owned).collect(),
        told: bundle.texts(growth.told).map(str::to_owned).collect(),
        cells: text(growth.cells),
        remaining: text(growth.remaining),
    }
}
