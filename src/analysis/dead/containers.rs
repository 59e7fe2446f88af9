//! Declared containers in which, and below which, nothing is ever permitted.

use std::collections::{BTreeSet, HashMap};

use super::influence::Looking;
use super::lazily::{Verdict, What};
use super::naming::{Named, named};
use super::{Subject, Undecided};
use crate::request::Request;
use crate::sema::model::{ClauseId, ClauseKind, Condition, ContainerId, KindId, OperationId};

/// All permits, by the containers that they name.
pub(super) struct Reached<'a, 'm> {
    looking: &'a Looking<'a, 'm>,
    /// Permits that name one container of the kind, or some container that is declared to lie in it.
    within: HashMap<(KindId, String), Vec<ClauseId>>,
    /// Permits that name a container of the kind.
    naming: HashMap<KindId, HashMap<String, Vec<ClauseId>>>,
    /// Permits that name containers which may lie in any of the kind.
    floating: HashMap<KindId, Vec<ClauseId>>,
    /// Permits that name none.
    general: Vec<ClauseId>,
}

impl<'a, 'm> Reached<'a, 'm> {
    /// Looks the permits through, if anything will be asked.
    pub(super) fn new(looking: &'a Looking<'a, 'm>, asked: &[(ContainerId, &Condition)]) -> Self {
        let mut reached = Reached {
            looking,
            within: HashMap::new(),
            naming: HashMap::new(),
            floating: HashMap::new(),
            general: Vec::new(),
        };
        let clauses = (0..).map(ClauseId).zip(&looking.model.clauses);
        for (id, clause) in clauses.filter(|(_, clause)| clause.kind == ClauseKind::Permit) {
            if asked.is_empty() {
                break;
            }
            match named(looking.model, &clause.condition) {
                Some(Named { kind, ids }) => ids.iter().for_each(|name| reached.names(id, kind, name)),
                None => reached.general.push(id),
            }
        }
        reached
    }

    fn names(&mut self, permit: ClauseId, kind: KindId, name: &str) {
        self.naming.entry(kind).or_default().entry(name.to_owned()).or_default().push(permit);
        let model = self.looking.model;
        let mut declared = self.looking.models.of(0).container(kind, name);
        let mut at = Some(kind);
        // No checked model has kinds in a circle.
        for _ in 0..model.kinds.len() {
            let Some(of) = at else { break };
            match declared.map(|id| &model.containers[id.index()]).filter(|container| container.kind == of) {
                Some(container) => {
                    self.within.entry((of, container.id.clone())).or_default().push(permit);
                    declared = container.parent;
                }
                None if of == kind => self.within.entry((of, name.to_owned())).or_default().push(permit),
                None => self.floating.entry(of).or_default().push(permit),
            }
            at = model.kinds[of.index()].parent;
        }
    }

    /// Whether anything is permitted in the container, or below it; `about` says of a request that it is about it.
    pub(super) fn ask(&self, container: ContainerId, about: &Condition) -> Result<bool, Undecided> {
        let mut asker = self.looking.asker(What::There(about));
        let (none, mut undecided) = (BTreeSet::new(), None);
        for permit in self.candidates(container) {
            for place in self.looking.cases.of_clause(self.looking.model, permit) {
                match asker.ask_of(permit, place, || self.looking.case(place, &none)) {
                    Verdict::Shown(_) => return Ok(true),
                    Verdict::Never(_) => {}
                    Verdict::Undecided(what) => {
                        let (app, operation) = (place.app, place.operation);
                        let of = Subject::Container(container);
                        undecided.get_or_insert(Undecided { of, app, operation, what });
                    }
                }
            }
            asker.forget(permit);
        }
        undecided.map_or(Ok(false), Err)
    }

    /// The permits that can match there: first those that name it, or what lies in it.
    fn candidates(&self, container: ContainerId) -> Vec<ClauseId> {
        let model = self.looking.model;
        let declared = &model.containers[container.index()];
        let mut candidates: Vec<ClauseId> = Vec::new();
        let within = self.within.get(&(declared.kind, declared.id.clone()));
        candidates.extend(within.into_iter().flatten());
        let mut parent = declared.parent;
        let mut at = model.kinds[declared.kind.index()].parent;
        for _ in 0..model.kinds.len() {
            let Some(of) = at else { break };
            let naming = self.naming.get(&of);
            match parent.map(|id| &model.containers[id.index()]).filter(|container| container.kind == of) {
                Some(container) => {
                    candidates.extend(naming.and_then(|by| by.get(&container.id)).into_iter().flatten());
                    parent = container.parent;
                }
                None => {
                    let mut any: Vec<ClauseId> =
                        naming.into_iter().flat_map(|by| by.values()).flatten().copied().collect();
                    any.sort_unstable();
                    candidates.extend(any);
                }
            }
            at = model.kinds[of.index()].parent;
        }
        candidates.extend(self.general.iter());
        candidates.extend(self.floating.get(&declared.kind).into_iter().flatten());
        let mut seen = BTreeSet::new();
        candidates.retain(|permit| seen.insert(*permit));
        candidates
    }
}

/// The declared containers that a request is about: those it names, and those they are declared to lie in.
pub(super) fn of_request(
    looking: &Looking<'_, '_>,
    operation: OperationId,
    request: &Request,
) -> Vec<ContainerId> {
    let model = looking.model;
    let operation = &model.operations[operation.index()];
    let mut concerned = BTreeSet::new();
    let mut kind = Some(operation.lists.unwrap_or(operation.kind));
    for _ in 0..model.kinds.len() {
        let Some(of) = kind else { break };
        concerned.insert(of);
        kind = model.kinds[of.index()].parent;
    }
    let mut containers = Vec::new();
    for fact in &request.containers {
        let kinds = (0..).map(KindId).zip(&model.kinds).filter(|(_, kind)| kind.name == fact.kind);
        for (kind, _) in kinds {
            let id = fact.id.as_deref().and_then(|id| looking.models.of(0).container(kind, id));
            containers.extend(id.filter(|_| concerned.contains(&kind)));
        }
    }
    let mut at = 0;
    while let Some(id) = containers.get(at).copied() {
        let parent = model.containers[ContainerId::index(id)].parent;
        containers.extend(parent.filter(|parent| !containers.contains(parent)));
        at += 1;
    }
    containers
}
