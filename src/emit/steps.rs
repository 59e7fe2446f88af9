//! What each walk costs at most, so that the runtime can check that all of them are short.

use sprag_runtime::format as f;

use super::errors;
use super::pools::Writer;
use crate::diag::Diagnostic;

/// Writes the costs; everything that is walked was written before.
///
/// # Errors
/// If one decision could cost more than the format allows.
pub(super) fn write(writer: &mut Writer) -> Result<(), Vec<Diagnostic>> {
    let nodes = nodes(writer);
    let nets = nets(writer, &nodes);
    let strata = strata(writer, &nets);
    let routes = routes(writer);
    let most = decision(writer, &strata);
    if most > u64::from(f::MAX_STEPS) {
        let what = "steps in its longest decision";
        return Err(vec![errors::too_large(what, most as usize, f::MAX_STEPS as usize)]);
    }
    // What is over the limit was refused; nothing else is saturated.
    let stored = |steps: u64| f::Word::new(u32::try_from(steps).unwrap_or(u32::MAX));
    writer.steps = [nodes, nets, strata, routes].into_iter().flatten().map(stored).collect();
    Ok(())
}

fn nodes(writer: &Writer) -> Vec<u64> {
    let mut steps = Vec::with_capacity(writer.nodes.len());
    for node in &writer.nodes {
        steps.push(1 + of(&steps, node.yes).max(of(&steps, node.no)));
    }
    steps
}

fn nets(writer: &Writer, nodes: &[u64]) -> Vec<u64> {
    let mut steps = Vec::with_capacity(writer.nets.len());
    for net in &writer.nets {
        let (at, len) = (net.at.get() as usize, net.len.get() as usize);
        let pairs = |len| writer.words[at..][..2 * len].chunks(2).map(|pair| pair[1]);
        let below: u64 = if net.slot.get() == f::NONE {
            pairs(len).map(|node| 1 + of(nodes, node)).sum()
        } else if net.flags.get() & f::DENSE != 0 {
            writer.words[at..][..len].iter().map(|net| of(&steps, *net)).sum()
        } else {
            pairs(len).map(|net| of(&steps, net)).sum()
        };
        steps.push(1 + below + of(&steps, net.rest));
    }
    steps
}

fn strata(writer: &Writer, nets: &[u64]) -> Vec<u64> {
    let entry = |e: &f::Nets| {
        let nets_of = [e.forbid, e.permit, e.app_user, e.context_user, e.withdraw, e.except, e.required];
        nets_of.into_iter().map(|net| of(nets, net)).sum()
    };
    let entries = |s: &f::Stratum| &writer.entries[s.entries.get() as usize..][..s.len.get() as usize];
    writer.strata.iter().map(|stratum| entries(stratum).iter().map(entry).max().unwrap_or(0)).collect()
}

fn routes(writer: &Writer) -> Vec<u64> {
    let mut steps = Vec::with_capacity(writer.routes.len());
    for route in &writer.routes {
        let edges = &writer.edges[route.edges.at.get() as usize..][..route.edges.len.get() as usize];
        let literals: u64 = edges.iter().map(|edge| of(&steps, edge.target)).sum();
        steps.push(1 + literals + of(&steps, route.parameter));
    }
    steps
}

/// The costliest app's strata with those of the costliest user who is in every group.
fn decision(writer: &Writer, strata: &[u64]) -> u64 {
    let words = |at: u32, len: u32| writer.words[at as usize..][..len as usize].iter();
    let sum = |at, len| words(at, len).map(|stratum| of(strata, *stratum)).sum::<u64>();
    let app = writer.apps.iter().map(|app| sum(app.strata.at.get(), app.strata.len.get())).max();
    let user = writer.users.iter().map(|user| of(strata, user.stratum)).max();
    let (any, groups) = writer.globals.map_or((0, 0), |g| {
        let head = writer.slots.get(g.groups.get() as usize);
        let groups = head.map_or(0, |head| sum(g.group_strata.get(), head.a.get()));
        (of(strata, g.any_user), groups)
    });
    app.unwrap_or(0) + user.unwrap_or(0) + any + groups
}

/// What is not in the table is an end, or nothing.
fn of(steps: &[u64], number: f::Word) -> u64 {
    steps.get(number.get() as usize).copied().unwrap_or(0)
}
