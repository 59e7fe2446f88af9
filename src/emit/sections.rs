//! The file around the sections.

use sha2::{Digest, Sha256};
use sprag_runtime::format as f;
use sprag_runtime::{hash, header_digest};
use zerocopy::IntoBytes;

use super::errors;
use super::pools::Writer;
use crate::diag::Diagnostic;

/// No section may have more records than indices can name.
const MAX_RECORDS: usize = f::NO_MATCH as usize;

/// Lays the sections out, with digests.
pub(super) fn assemble(mut writer: Writer, manifest: &serde_json::Value) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let symbols = symbols(&mut writer);
    let manifest = manifest.to_string();
    let globals = writer.globals.map(|g| vec![g]).unwrap_or_default();
    let sections: [(f::Kind, usize, &[u8]); 39] = [
        (f::Kind::Manifest, 0, manifest.as_bytes()),
        (f::Kind::Strings, writer.strings.len(), writer.strings.as_bytes()),
        (f::Kind::Words, writer.words.len(), writer.words.as_bytes()),
        (f::Kind::Shorts, writer.shorts.len(), writer.shorts.as_bytes()),
        (f::Kind::Ints, writer.ints.len(), writer.ints.as_bytes()),
        (f::Kind::Symbols, symbols.len(), symbols.as_bytes()),
        (f::Kind::Globals, 1, globals.as_bytes()),
        (f::Kind::Apps, writer.apps.len(), writer.apps.as_bytes()),
        (f::Kind::Operations, writer.operations.len(), writer.operations.as_bytes()),
        (f::Kind::Requirements, writer.requirements.len(), writer.requirements.as_bytes()),
        (f::Kind::Models, writer.models.len(), writer.models.as_bytes()),
        (f::Kind::Scopes, writer.scopes.len(), writer.scopes.as_bytes()),
        (f::Kind::Kinds, writer.kinds.len(), writer.kinds.as_bytes()),
        (f::Kind::Attributes, writer.attributes.len(), writer.attributes.as_bytes()),
        (f::Kind::Slots, writer.slots.len(), writer.slots.as_bytes()),
        (f::Kind::Subjects, writer.subjects.len(), writer.subjects.as_bytes()),
        (f::Kind::Automata, writer.automata.len(), writer.automata.as_bytes()),
        (f::Kind::Windows, writer.windows.len(), writer.windows.as_bytes()),
        (f::Kind::Nodes, writer.nodes.len(), writer.nodes.as_bytes()),
        (f::Kind::Nets, writer.nets.len(), writer.nets.as_bytes()),
        (f::Kind::Strata, writer.strata.len(), writer.strata.as_bytes()),
        (f::Kind::Entries, writer.entries.len(), writer.entries.as_bytes()),
        (f::Kind::Clauses, writer.clauses.len(), writer.clauses.as_bytes()),
        (f::Kind::Ratchets, writer.ratchets.len(), writer.ratchets.as_bytes()),
        (f::Kind::Containers, writer.containers.len(), writer.containers.as_bytes()),
        (f::Kind::Facts, writer.facts.len(), writer.facts.as_bytes()),
        (f::Kind::Users, writer.users.len(), writer.users.as_bytes()),
        (f::Kind::Routes, writer.routes.len(), writer.routes.as_bytes()),
        (f::Kind::Edges, writer.edges.len(), writer.edges.as_bytes()),
        (f::Kind::Addresses, writer.addresses.len(), writer.addresses.as_bytes()),
        (f::Kind::Groups, writer.groups.len(), writer.groups.as_bytes()),
        (f::Kind::Steps, writer.steps.len(), writer.steps.as_bytes()),
        (f::Kind::Chain, writer.chain.len(), writer.chain.as_bytes()),
        (f::Kind::Widenings, writer.widenings.len(), writer.widenings.as_bytes()),
        (f::Kind::Growths, writer.growths.len(), writer.growths.as_bytes()),
        (f::Kind::Closed, writer.closed.len(), writer.closed.as_bytes()),
        (f::Kind::Spent, writer.spent.len(), writer.spent.as_bytes()),
        (f::Kind::Namings, writer.namings.len(), writer.namings.as_bytes()),
        (f::Kind::AnyCase, writer.any_case.len(), writer.any_case.as_bytes()),
    ];
    let too_large: Vec<Diagnostic> = sections
        .iter()
        .filter(|(_, records, _)| *records >= MAX_RECORDS)
        .map(|(kind, records, _)| {
            errors::too_large(&format!("{kind:?}").to_lowercase(), *records, MAX_RECORDS)
        })
        .collect();
    if !too_large.is_empty() {
        return Err(too_large);
    }
    let mut offset = size_of::<f::Header>() + sections.len() * size_of::<f::Entry>();
    let mut directory = Vec::new();
    for (kind, _, bytes) in &sections {
        directory.push(f::Entry {
            kind: kind.code().into(),
            flags: if *kind == f::Kind::Manifest { 0 } else { f::CRITICAL }.into(),
            offset: (offset as u64).into(),
            length: (bytes.len() as u64).into(),
            reserved: 0.into(),
            digest: Sha256::digest(bytes).into(),
        });
        offset += bytes.len();
    }
    let mut header = f::Header {
        magic: f::MAGIC,
        format: f::FORMAT.into(),
        min_reader: f::FORMAT.into(),
        sections: (sections.len() as u32).into(),
        reserved: 0.into(),
        length: (offset as u64).into(),
        digest: [0; 32],
    };
    header.digest = header_digest(&header, &directory);
    let mut file = Vec::with_capacity(offset);
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(directory.as_bytes());
    for (_, _, bytes) in sections {
        file.extend_from_slice(bytes);
    }
    Ok(file)
}

/// The names as an open-addressing table, at most half full.
fn symbols(writer: &mut Writer) -> Vec<f::Symbol> {
    let mut names = std::mem::take(&mut writer.names);
    names.sort();
    names.dedup_by(|a, b| (a.0, &a.1) == (b.0, &b.1));
    let size = (names.len() * 2).next_power_of_two().max(2);
    let empty = f::Symbol {
        hash: 0.into(),
        space: f::NONE.into(),
        text: f::Text { at: 0.into(), len: 0.into() },
        value: 0.into(),
    };
    let mut table = vec![empty; size];
    for (space, name, value) in names {
        let hash = hash::hash(space, name.as_bytes());
        let mut at = (hash >> 32) as usize & (size - 1);
        while table[at].space.get() != f::NONE {
            at = (at + 1) & (size - 1);
        }
        let text = writer.text(&name);
        table[at] = f::Symbol { hash: (hash as u32).into(), space: space.into(), text, value: value.into() };
    }
    table
}
