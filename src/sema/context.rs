//! What the passes share: the model so far, the names, the messages and a few caches.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::conditions::Named;
use super::model::{AppId, Clause, ClauseKind, EnumId, KindId, LetterCase, Model, OperationId};
use super::names::Names;
use super::operations::Selection;
use crate::diag::Diagnostic;
use crate::span::{SourceMap, Span};
use crate::syntax::tree;

/// The state of one check.
pub(super) struct Context<'a> {
    pub(super) sources: &'a SourceMap,
    pub(super) model: Model,
    pub(super) names: Names,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Kinds whose place in the tree is not known because their declaration is broken.
    pub(super) broken_kinds: HashSet<KindId>,
    /// Operations whose declaration is broken.
    pub(super) broken_operations: HashSet<OperationId>,
    /// The case in which paths name containers of a kind, and where that is said first.
    pub(super) cases: BTreeMap<KindId, (LetterCase, Span)>,
    /// The stages of each ratchet by name.
    pub(super) names_of_stages: Vec<Vec<String>>,
    /// Named conditions by index; `None` where broken.
    pub(super) conditions: Vec<Option<Named>>,
    /// How many parts all uses of named conditions have so far.
    pub(super) copied: usize,
    /// Operation patterns by what they say; only those without a mistake.
    pub(super) selections: HashMap<String, Arc<Selection>>,
    /// App patterns by what they say; only those without a mistake.
    pub(super) app_sets: HashMap<String, Arc<BTreeSet<AppId>>>,
    /// All apps.
    pub(super) all_apps: Arc<BTreeSet<AppId>>,
    /// What roles and operation groups hold, by index; `None` where broken.
    pub(super) held: Vec<Option<Arc<BTreeSet<OperationId>>>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(sources: &'a SourceMap, package: &str) -> Context<'a> {
        Context {
            sources,
            model: Model { package: package.to_owned(), ..Model::default() },
            names: Names::default(),
            diagnostics: Vec::new(),
            broken_kinds: HashSet::new(),
            broken_operations: HashSet::new(),
            cases: BTreeMap::new(),
            names_of_stages: Vec::new(),
            conditions: Vec::new(),
            copied: 0,
            selections: HashMap::new(),
            app_sets: HashMap::new(),
            all_apps: Arc::default(),
            held: Vec::new(),
        }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether `kind` is `above` or lies below it; true also where the tree is broken there.
    pub(super) fn within(&self, kind: KindId, above: KindId) -> bool {
        kind == above || self.strictly_within(kind, above)
    }

    /// Whether `kind` lies below `above`; true also where the tree is broken there.
    pub(super) fn strictly_within(&self, kind: KindId, above: KindId) -> bool {
        let mut at = kind;
        loop {
            if self.broken_kinds.contains(&at) {
                return true;
            }
            match self.model.kinds.get(at.index()).and_then(|k| k.parent) {
                Some(parent) if parent == above => return true,
                Some(parent) => at = parent,
                None => return false,
            }
        }
    }

    pub(super) fn kind_name(&self, kind: KindId) -> &str {
        &self.model.kinds[kind.index()].name
    }

    pub(super) fn enum_values(&self, id: EnumId) -> &[String] {
        &self.model.enumerations[id.index()].values
    }

    /// Puts the clauses in source order over sorted paths and names those that have no name yet.
    pub(super) fn finish_clauses(&mut self) {
        let mut order: Vec<usize> = (0..self.sources.sources().len()).collect();
        order.sort_by_key(|i| &self.sources.sources()[*i].path);
        let mut rank = vec![0; order.len()];
        for (r, i) in order.into_iter().enumerate() {
            rank[i] = r;
        }
        self.model.clauses.sort_by_key(|c| (rank[c.span.source as usize], c.span.start));
        let mut taken: HashSet<String> =
            self.model.clauses.iter().filter(|c| !c.name.is_empty()).map(|c| c.name.clone()).collect();
        let sources = self.sources;
        let mut seen = HashSet::new();
        for clause in &mut self.model.clauses {
            if !clause.name.is_empty() && seen.insert(clause.name.clone()) {
                continue;
            }
            clause.name = free_name(sources, &taken, clause);
            taken.insert(clause.name.clone());
            seen.insert(clause.name.clone());
        }
    }
}

/// `permit@rules.sprag:12`, with the column where that is taken.
fn free_name(sources: &SourceMap, taken: &HashSet<String>, clause: &Clause) -> String {
    let word = match clause.kind {
        ClauseKind::AppUserGrant if !sources.text(clause.span).starts_with("assign") => "user",
        ClauseKind::AppUserGrant | ClauseKind::ContextUserGrant => "assign",
        ClauseKind::Permit => "permit",
        ClauseKind::Forbid => "forbid",
        ClauseKind::Withdrawal => "withdraws",
    };
    let place = sources.position(clause.span);
    let base = match clause.name.as_str() {
        "" => format!("{word}@{}:{}", sources.source(clause.span).path, place.line),
        // The second withdrawal of a stage.
        name => format!("{name}:{}", place.line),
    };
    if taken.contains(&base) { format!("{base}:{}", place.column) } else { base }
}

/// The path of the source that a file was parsed from; empty for an empty file.
pub(super) fn path<'s>(sources: &'s SourceMap, file: &tree::File) -> &'s str {
    source_of(file).and_then(|n| sources.sources().get(n as usize)).map_or("", |s| &s.path)
}

/// The number of the source that a file was parsed from, if anything stands in it.
pub(super) fn source_of(file: &tree::File) -> Option<u32> {
    let item = file.items.first().map(|i| span_of(i).source);
    item.or_else(|| file.comments.first().map(|c| c.span.source))
}

/// Where an item stands.
pub(super) fn span_of(item: &tree::Item) -> Span {
    item.span()
}
