//! Which catalogs are in use, and whether they are the ones that the lock pins.

use std::collections::{HashMap, HashSet, VecDeque};

use super::context::{Context, path};
use super::model::CatalogPin;
use super::{CatalogFile, Input, LockEntry, errors, graph};
use crate::syntax::tree::{CatalogHeader, File, Item, Use};

/// The catalogs that `use` reaches, sorted by name; fills in the model's pins.
pub(super) fn select<'i, 'a>(cx: &mut Context, input: &'i Input<'a>) -> Vec<&'i CatalogFile<'a>> {
    let mut at_hand: HashMap<&str, usize> = HashMap::new();
    let mut doubles: Vec<(usize, usize)> = Vec::new();
    let mut order: Vec<usize> = (0..input.catalogs.len()).collect();
    order.sort_by_key(|i| path(cx.sources, input.catalogs[*i].file).to_owned());
    for i in order {
        let Some(header) = header(input.catalogs[i].file) else { continue };
        match at_hand.get(header.name.text.as_str()) {
            Some(first) => doubles.push((*first, i)),
            None => {
                at_hand.insert(&header.name.text, i);
            }
        }
    }

    let mut reached: Vec<usize> = Vec::new();
    let mut first_use: HashMap<usize, &Use> = HashMap::new();
    let mut missing = HashSet::new();
    let mut queue: VecDeque<&Use> = input.policy.iter().flat_map(|f| uses(f)).collect();
    while let Some(import) = queue.pop_front() {
        match at_hand.get(import.name.text.as_str()) {
            Some(&i) => {
                if let std::collections::hash_map::Entry::Vacant(entry) = first_use.entry(i) {
                    entry.insert(import);
                    reached.push(i);
                    queue.extend(uses(input.catalogs[i].file));
                }
            }
            None => {
                cx.names.set_blind_to_facts(true);
                if missing.insert(&import.name.text) && !input.is_incomplete() {
                    cx.report(errors::catalogs::not_found(&import.name, at_hand.keys().copied()));
                }
            }
        }
    }

    for (first, second) in doubles {
        if let (true, Some(a), Some(b)) = (
            first_use.contains_key(&first),
            header(input.catalogs[first].file),
            header(input.catalogs[second].file),
        ) {
            cx.report(errors::catalogs::twice(&b.name, a.name.span));
        }
    }
    report_cycles(cx, input, &reached, &at_hand);

    let name = |i: &usize| header(input.catalogs[*i].file).map_or("", |h| h.name.text.as_str());
    reached.sort_by_key(name);
    for i in &reached {
        let Some(header) = header(input.catalogs[*i].file) else { continue };
        let pin = CatalogPin {
            name: header.name.text.clone(),
            version: header.version.value.clone(),
            digest: input.catalogs[*i].digest.clone(),
        };
        if let Some(lock) = input.lock {
            check_pin(cx, &pin, lock, first_use[i], header);
        }
        cx.model.catalogs.push(pin);
    }
    reached.into_iter().map(|i| &input.catalogs[i]).collect()
}

fn header(file: &File) -> Option<&CatalogHeader> {
    match file.items.first() {
        Some(Item::Catalog(header)) => Some(header),
        // Not a catalog; the driver should not have passed it here.
        _ => None,
    }
}

fn uses(file: &File) -> impl Iterator<Item = &Use> {
    file.items.iter().filter_map(|item| match item {
        Item::Use(import) => Some(import),
        // Only imports matter here.
        _ => None,
    })
}

fn report_cycles(cx: &mut Context, input: &Input, reached: &[usize], at_hand: &HashMap<&str, usize>) {
    let number: HashMap<usize, usize> = reached.iter().enumerate().map(|(n, i)| (*i, n)).collect();
    let edges: Vec<Vec<usize>> = reached
        .iter()
        .map(|i| {
            uses(input.catalogs[*i].file)
                .filter_map(|u| at_hand.get(u.name.text.as_str()).and_then(|to| number.get(to)).copied())
                .collect()
        })
        .collect();
    for cycle in graph::order(&edges).1 {
        let names: Vec<_> =
            cycle.iter().filter_map(|n| header(input.catalogs[reached[*n]].file)).map(|h| &h.name).collect();
        cx.report(errors::names::cycle("catalog", "uses", &names));
    }
}

fn check_pin(cx: &mut Context, pin: &CatalogPin, lock: &[LockEntry], import: &Use, header: &CatalogHeader) {
    match lock.iter().find(|entry| entry.name == pin.name) {
        None => cx.report(errors::catalogs::not_locked(&import.name)),
        Some(entry) if entry.version != pin.version => {
            cx.report(errors::catalogs::other_version(&import.name, &header.version, &entry.version));
        }
        Some(entry) if entry.digest != pin.digest => {
            cx.report(errors::catalogs::other_text(&import.name, &header.name, &pin.version));
        }
        Some(_) => {}
    }
}
