//! From what an app may do to what it could become. The only module that names `petgraph`.
//!
//! Some operations change who may do what. Who can call one of them gets around a layer of the policy, reaches more
//! operations, and so on: a graph, of which shortest paths are told. What an app reaches is a bound from above: the
//! policy may know containers or persons of which a platform's answer would be no.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::sema::model::{AppId, KindId, OperationId, Power};

/// What there is to climb. Everything is a plain set, so that it can be made up.
#[derive(Debug, Clone, Default)]
pub struct Landscape {
    /// For each kind, the one in which it lies.
    pub parents: BTreeMap<KindId, KindId>,
    /// Operations that give powers: the kind they act in, and which.
    pub powers: BTreeMap<OperationId, (KindId, BTreeSet<Power>)>,
    /// The kind that each operation of [`Landscape::apps`] acts in.
    pub kinds: BTreeMap<OperationId, KindId>,
    /// What each app may do.
    pub apps: BTreeMap<AppId, Reach>,
}

/// What one app may do.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// By the policy as it is.
    pub now: BTreeSet<OperationId>,
    /// If its app user had every role.
    pub with_roles: BTreeSet<OperationId>,
    /// If, besides, it could act in the name of whomever it likes.
    pub as_anybody: BTreeSet<OperationId>,
    /// The kinds in which its permission models have operations at all.
    pub kinds: BTreeSet<KindId>,
}

/// What an app can become, or get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gain {
    /// Any role in containers of this kind and below.
    Roles(KindId),
    /// The name of any person.
    Anybody,
    /// Apps of its choice, with the scopes that they ask for, in containers of this kind and below.
    Apps(KindId),
    /// Accounts.
    Accounts,
    /// Credentials that this policy does not see.
    Credentials,
    /// Word of what happens.
    Events,
}

/// A call, and what it gains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The operation.
    pub operation: OperationId,
    /// What makes it possible: `None` at the beginning, else what an earlier step gained.
    pub by: Option<Gain>,
    /// What it gains.
    pub gain: Gain,
}

/// Apps of which each can give roles to all others, directly or through others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// At least two, ascending.
    pub apps: Vec<AppId>,
}

/// Everything that an app can gain, each with a shortest chain of calls; of equals the first by operation.
pub fn gains(landscape: &Landscape, app: AppId) -> BTreeMap<Gain, Vec<Step>> {
    let Some(reach) = landscape.apps.get(&app) else { return BTreeMap::new() };
    let ladder = Ladder::new(landscape, reach);
    ladder.climb()
}

/// Apps that can give each other roles.
pub fn circles(landscape: &Landscape) -> Vec<Circle> {
    // Through a node for each kind, so that many apps do not make a square of edges.
    let mut graph: DiGraph<Option<AppId>, ()> = DiGraph::new();
    let mut gates: BTreeMap<KindId, NodeIndex> = BTreeMap::new();
    let apps: BTreeMap<AppId, NodeIndex> =
        landscape.apps.keys().map(|app| (*app, graph.add_node(Some(*app)))).collect();
    for (app, node) in &apps {
        for gain in gains(landscape, *app).into_keys() {
            if let Gain::Roles(kind) | Gain::Apps(kind) = gain {
                let gate = *gates.entry(kind).or_insert_with(|| graph.add_node(None));
                graph.add_edge(*node, gate, ());
            }
        }
    }
    for (kind, gate) in &gates {
        for (app, node) in &apps {
            let mut could = landscape.apps[app].with_roles.iter();
            if could.any(|o| landscape.kinds.get(o).is_some_and(|of| landscape.lies_in(*of, *kind))) {
                graph.add_edge(*gate, *node, ());
            }
        }
    }
    let mut circles: Vec<Circle> = tarjan_scc(&graph)
        .into_iter()
        .map(|nodes| {
            let mut apps: Vec<AppId> = nodes.into_iter().filter_map(|node| graph[node]).collect();
            apps.sort_unstable();
            Circle { apps }
        })
        .filter(|circle| circle.apps.len() > 1)
        .collect();
    circles.sort_by(|a, b| a.apps.cmp(&b.apps));
    circles
}

impl Landscape {
    /// Whether containers of the first kind lie in, or are, containers of the second.
    pub fn lies_in(&self, mut kind: KindId, of: KindId) -> bool {
        while kind != of {
            match self.parents.get(&kind) {
                Some(parent) => kind = *parent,
                None => return false,
            }
        }
        true
    }

    /// Whether no operation that the app could call with any scopes acts above this kind: who administers it administers
    /// all that there is for such apps. What other platforms have above it is out of their reach anyway.
    pub fn is_top(&self, app: AppId, kind: KindId) -> bool {
        let kinds = self.apps.get(&app).map(|reach| &reach.kinds);
        !kinds.into_iter().flatten().any(|other| *other != kind && self.lies_in(kind, *other))
    }
}

/// The graph of one app: what it stands on, and the operations between.
struct Ladder {
    graph: DiGraph<Rung, ()>,
    start: NodeIndex,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rung {
    Start,
    Call(OperationId),
    Gained(Gain),
}

impl Ladder {
    fn new(landscape: &Landscape, reach: &Reach) -> Ladder {
        let mut graph = DiGraph::new();
        let start = graph.add_node(Rung::Start);
        let mut gained: BTreeMap<Gain, NodeIndex> = BTreeMap::new();
        let mut calls: BTreeMap<OperationId, NodeIndex> = BTreeMap::new();
        for (operation, (kind, powers)) in &landscape.powers {
            let reached = [&reach.now, &reach.with_roles, &reach.as_anybody];
            if !reached.iter().any(|set| set.contains(operation)) {
                continue;
            }
            let call = graph.add_node(Rung::Call(*operation));
            calls.insert(*operation, call);
            for power in powers {
                let gain = gain(*power, *kind);
                let node = *gained.entry(gain).or_insert_with(|| graph.add_node(Rung::Gained(gain)));
                graph.add_edge(call, node, ());
            }
        }
        for (operation, call) in &calls {
            if reach.now.contains(operation) {
                graph.add_edge(start, *call, ());
            }
            for (gain, node) in &gained {
                let opened = match gain {
                    Gain::Roles(kind) => {
                        let of = landscape.powers[operation].0;
                        reach.with_roles.contains(operation) && landscape.lies_in(of, *kind)
                    }
                    Gain::Anybody => reach.as_anybody.contains(operation),
                    // What they do is not this app's doing any more.
                    Gain::Apps(_) | Gain::Accounts | Gain::Credentials | Gain::Events => false,
                };
                if opened {
                    graph.add_edge(*node, *call, ());
                }
            }
        }
        Ladder { graph, start }
    }

    /// Breadth first, neighbours in the order of operations and gains.
    fn climb(&self) -> BTreeMap<Gain, Vec<Step>> {
        let mut from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
        let mut seen = BTreeSet::from([self.start]);
        let mut level = vec![self.start];
        while !level.is_empty() {
            let mut next = Vec::new();
            for node in level {
                let mut neighbours: Vec<NodeIndex> = self.graph.edges(node).map(|e| e.target()).collect();
                neighbours.sort_by_key(|n| self.graph[*n]);
                for neighbour in neighbours {
                    if seen.insert(neighbour) {
                        from.insert(neighbour, node);
                        next.push(neighbour);
                    }
                }
            }
            level = next;
        }
        let gains = self.graph.node_indices().filter(|node| seen.contains(node));
        let gains = gains.filter_map(|node| match self.graph[node] {
            Rung::Gained(gain) => Some((gain, self.chain(node, &from))),
            Rung::Start | Rung::Call(_) => None,
        });
        gains.collect()
    }

    fn chain(&self, end: NodeIndex, from: &BTreeMap<NodeIndex, NodeIndex>) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = end;
        while let Rung::Gained(gain) = self.graph[at]
            && let Some(call) = from.get(&at)
            && let Rung::Call(operation) = self.graph[*call]
            && let Some(before) = from.get(call)
        {
            let by = match self.graph[*before] {
                Rung::Gained(by) => Some(by),
                Rung::Start | Rung::Call(_) => None,
            };
            steps.push(Step { operation, by, gain });
            at = *before;
        }
        steps.reverse();
        steps
    }
}

fn gain(power: Power, kind: KindId) -> Gain {
    match power {
        Power::GrantRoles | Power::EditPermissions => Gain::Roles(kind),
        Power::ActAsUsers => Gain::Anybody,
        Power::InstallApps => Gain::Apps(kind),
        Power::CreateUsers => Gain::Accounts,
        Power::CreateTokens => Gain::Credentials,
        Power::RegisterWebhooks => Gain::Events,
    }
}
