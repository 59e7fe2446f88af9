//! Strata: pieces grouped by whom they speak about, and laid out by class of operation.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sprag_runtime::format as f;

use super::errors;
use super::exceptions::Exceptions;
use super::nets::{Leaf, Nets};
use super::pools::Writer;
use crate::diag::Diagnostic;
use crate::sema::model::{AppId, ClauseKind, Model, Principal};
use crate::space::{PieceKind, Space};

/// What is said about at most so many apps is stored for each of them.
const FEW_APPS: usize = 16;

/// Who belongs to which stratum.
pub(super) struct Table {
    /// Class of each operation.
    pub(super) classes: Vec<u32>,
    /// Strata of each app, the most special first.
    pub(super) apps: Vec<Vec<u32>>,
    /// Stratum of the grants to any context user.
    pub(super) any_user: u32,
    /// Strata of single users.
    pub(super) users: BTreeMap<String, u32>,
    /// Strata of groups.
    pub(super) groups: BTreeMap<String, u32>,
    /// How rules about all apps but a few tell them apart.
    pub(super) exceptions: Exceptions,
}

/// Whom a stratum is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Whom {
    Apps(Arc<BTreeSet<AppId>>),
    Users(Principal),
}

/// Lays out all pieces.
pub(super) fn lay_out(model: &Model, space: &Space, writer: &mut Writer) -> Result<Table, Vec<Diagnostic>> {
    let (classes, class_parts) = operation_classes(model, space);
    let mut members: BTreeMap<Whom, Vec<usize>> = BTreeMap::new();
    let exceptions = Exceptions::find(model, space, FEW_APPS);
    let everything: Arc<BTreeSet<AppId>> = Arc::new((0..model.apps.len() as u32).map(AppId).collect());
    for (number, piece) in space.pieces.iter().enumerate() {
        let whom = match (&piece.apps, piece.kind) {
            (None, PieceKind::Clause(ClauseKind::ContextUserGrant)) => Whom::Users(piece.principal.clone()),
            (None, _) => Whom::Apps(everything.clone()),
            (Some(apps), _) => Whom::Apps(exceptions.whole(apps).clone()),
        };
        members.entry(whom).or_default().push(number);
    }
    let members = own_lists(model, members);
    let mut layout = Layout::new(space, class_parts, &exceptions, writer);
    let mut table = Table {
        classes,
        apps: vec![Vec::new(); model.apps.len()],
        any_user: f::NONE,
        users: BTreeMap::new(),
        groups: BTreeMap::new(),
        exceptions,
    };
    let mut by_size: Vec<(Whom, Vec<usize>)> = members.into_iter().collect();
    by_size.sort_by_key(|(whom, _)| match whom {
        Whom::Apps(apps) => apps.len(),
        Whom::Users(_) => 0,
    });
    for (whom, pieces) in by_size {
        let Some(stratum) = layout.stratum(writer, &pieces)? else {
            continue;
        };
        match whom {
            Whom::Apps(apps) => apps.iter().for_each(|app| table.apps[app.index()].push(stratum)),
            Whom::Users(Principal::Any) => table.any_user = stratum,
            Whom::Users(Principal::User(id)) => drop(table.users.insert(id, stratum)),
            Whom::Users(Principal::Group(name)) => drop(table.groups.insert(name, stratum)),
        }
    }
    Ok(table)
}

/// Pieces about few apps are listed once more for each of them, so that a decision looks into one stratum for
/// all that is said about its app alone, and into those that many apps share.
fn own_lists(model: &Model, members: BTreeMap<Whom, Vec<usize>>) -> BTreeMap<Whom, Vec<usize>> {
    let mut own: Vec<Vec<usize>> = vec![Vec::new(); model.apps.len()];
    let mut lists = BTreeMap::new();
    for (whom, pieces) in members {
        match whom {
            Whom::Apps(apps) if apps.len() <= FEW_APPS => {
                apps.iter().for_each(|app| own[app.index()].extend(&pieces));
            }
            whom => drop(lists.insert(whom, pieces)),
        }
    }
    let mut alike: BTreeMap<Vec<usize>, BTreeSet<AppId>> = BTreeMap::new();
    for (app, mut pieces) in (0..).map(AppId).zip(own).filter(|(_, pieces)| !pieces.is_empty()) {
        pieces.sort_unstable();
        alike.entry(pieces).or_default().insert(app);
    }
    for (pieces, apps) in alike {
        // All apps together may be few.
        lists.entry(Whom::Apps(Arc::new(apps))).or_default().extend(pieces);
    }
    lists
}

/// Operations that lie in the same parts share a class; also the parts of each class.
fn operation_classes(model: &Model, space: &Space) -> (Vec<u32>, Vec<Vec<u32>>) {
    let mut parts: Vec<Vec<u32>> = vec![Vec::new(); model.operations.len()];
    for (number, part) in (0..).zip(&space.parts) {
        part.iter().for_each(|operation| parts[operation.index()].push(number));
    }
    let mut known: BTreeMap<&Vec<u32>, u32> = BTreeMap::new();
    let mut class_parts = Vec::new();
    let classes = parts
        .iter()
        .map(|list| {
            *known.entry(list).or_insert_with(|| {
                class_parts.push(list.clone());
                class_parts.len() as u32 - 1
            })
        })
        .collect();
    (classes, class_parts)
}

/// For a set of parts: which operation classes mean the same to it.
type Columns = Arc<(u32, Vec<Vec<u32>>)>;

struct Layout<'s> {
    space: &'s Space,
    /// The classes that lie in each part.
    part_classes: Vec<Vec<u32>>,
    classes: usize,
    /// The nodes of each piece; `None` if it never matches.
    leaves: Vec<Option<Leaf>>,
    slot_classes: Vec<u32>,
    nets: Nets,
    columns: HashMap<Vec<u32>, Columns>,
    entries: HashMap<Vec<[u32; 7]>, u32>,
}

impl<'s> Layout<'s> {
    fn new(
        space: &'s Space,
        class_parts: Vec<Vec<u32>>,
        exceptions: &Exceptions,
        writer: &mut Writer,
    ) -> Layout<'s> {
        let mut part_classes = vec![Vec::new(); space.parts.len()];
        for (class, parts) in (0..).zip(&class_parts) {
            parts.iter().for_each(|part| part_classes[*part as usize].push(class));
        }
        let mut nets = Nets::default();
        let leaves = space.pieces.iter().map(|piece| {
            let condition = exceptions.formula(piece.apps.as_ref(), &piece.condition);
            nets.leaf(writer, piece.clause, &condition)
        });
        let leaves = leaves.collect();
        Layout {
            space,
            part_classes,
            classes: class_parts.len(),
            leaves,
            slot_classes: space.slots.slots.iter().map(|s| s.classes).chain(exceptions.classes()).collect(),
            nets,
            columns: HashMap::new(),
            entries: HashMap::new(),
        }
    }

    /// Lays out one stratum; `None` if nothing in it can match.
    fn stratum(&mut self, writer: &mut Writer, pieces: &[usize]) -> Result<Option<u32>, Vec<Diagnostic>> {
        let live: Vec<usize> = pieces.iter().copied().filter(|p| self.leaves[*p].is_some()).collect();
        if live.is_empty() {
            return Ok(None);
        }
        let parts: BTreeSet<u32> = live.iter().map(|p| self.space.pieces[*p].part).collect();
        let columns = self.columns(writer, parts.into_iter().collect())?;
        let mut by_part: HashMap<u32, Vec<usize>> = HashMap::new();
        live.iter().for_each(|p| by_part.entry(self.space.pieces[*p].part).or_default().push(*p));
        let mut entries = Vec::new();
        for column in &columns.1 {
            let mut kinds: [Vec<Leaf>; 7] = Default::default();
            for piece in column.iter().flat_map(|part| &by_part[part]) {
                if let Some(leaf) = &self.leaves[*piece] {
                    kinds[place(self.space.pieces[*piece].kind)].push(leaf.clone());
                }
            }
            let mut entry = [f::NONE; 7];
            for (place, leaves) in kinds.into_iter().enumerate() {
                entry[place] = self.nets.net(writer, leaves, UNKNOWN_MATCHES[place], &self.slot_classes);
            }
            entries.push(entry);
        }
        let len = entries.len() as u32;
        let at = *self.entries.entry(entries).or_insert_with_key(|entries| {
            let at = writer.entries.len() as u32;
            writer.entries.extend(entries.iter().map(|entry| {
                let [forbid, permit, app_user, context_user, withdraw, except, required] =
                    entry.map(f::Word::new);
                f::Nets { forbid, permit, app_user, context_user, withdraw, except, required }
            }));
            at
        });
        writer.strata.push(f::Stratum { map: columns.0.into(), entries: at.into(), len: len.into() });
        Ok(Some(writer.strata.len() as u32 - 1))
    }

    /// The map from operation class to entry, and the parts that each entry is made of.
    fn columns(&mut self, writer: &mut Writer, parts: Vec<u32>) -> Result<Columns, Vec<Diagnostic>> {
        if let Some(known) = self.columns.get(&parts) {
            return Ok(known.clone());
        }
        let mut of_class: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for part in &parts {
            self.part_classes[*part as usize]
                .iter()
                .for_each(|c| of_class.entry(*c).or_default().push(*part));
        }
        let mut known: BTreeMap<Vec<u32>, u16> = BTreeMap::new();
        let mut distinct = Vec::new();
        let mut map = vec![0u16; self.classes];
        for (class, parts) in of_class {
            let next = distinct.len() + 1;
            let Ok(next) = u16::try_from(next) else {
                return Err(vec![errors::too_large(
                    "classes of operations in one stratum",
                    next,
                    u16::MAX.into(),
                )]);
            };
            map[class as usize] = *known.entry(parts.clone()).or_insert_with(|| {
                distinct.push(parts);
                next
            });
        }
        let columns: Columns = Arc::new((writer.shorts(map), distinct));
        self.columns.insert(parts, columns.clone());
        Ok(columns)
    }
}

/// Where a kind stands in [`f::Nets`].
fn place(kind: PieceKind) -> usize {
    match kind {
        PieceKind::Clause(ClauseKind::Forbid) => 0,
        PieceKind::Clause(ClauseKind::Permit) => 1,
        PieceKind::Clause(ClauseKind::AppUserGrant) => 2,
        PieceKind::Clause(ClauseKind::ContextUserGrant) => 3,
        PieceKind::Clause(ClauseKind::Withdrawal) => 4,
        PieceKind::AppUserExcept => 5,
        PieceKind::UserRequired => 6,
    }
}

/// What a missing value counts as, by place.
const UNKNOWN_MATCHES: [bool; 7] = [true, false, false, false, true, false, true];
