//! What the request speaks of: the app, the operation, the user, the stage reached.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::chain::{self, Chain, Element};
use super::routes;
use super::scopes::{self, Scopes};
use crate::request::{Request, Target, User};
use crate::sema::model::{
    App, AppId, Clause, ClauseId, KindId, Model, Operation, OperationId, PermissionModelId, RatchetId,
};

/// A request of a known app for a known operation.
pub(super) struct Situation<'a> {
    pub(super) model: &'a Model,
    pub(super) request: &'a Request,
    pub(super) app: AppId,
    pub(super) operation: OperationId,
    /// The effective container chain, innermost first.
    pub(super) chain: Vec<Element<'a>>,
    /// The kinds of which a list operation returns entries that the request does not know yet.
    pub(super) listed: BTreeSet<KindId>,
    /// Looked for once, since every layer goes through them.
    clauses: OnceCell<Vec<(ClauseId, &'a Clause)>>,
    /// Likewise.
    without_ratchets: OnceCell<Scopes>,
}

impl<'a> Situation<'a> {
    /// By definition, containers that catalog refuses count as none at all: the chain is empty and nothing
    /// is listed, so that no container attribute can be read.
    pub(super) fn new(
        model: &'a Model,
        request: &'a Request,
        app: AppId,
        operation: OperationId,
        chain: Chain<'a>,
    ) -> Situation<'a> {
        let (chain, listed) = match chain {
            Chain::Fits(chain) => {
                let listed = chain::listed(model, operation, &chain);
                (chain, listed)
            }
            Chain::Wrong | Chain::ContradictsPath => (Vec::new(), BTreeSet::new()),
        };
        let (clauses, without_ratchets) = (OnceCell::new(), OnceCell::new());
        Situation { model, request, app, operation, chain, listed, clauses, without_ratchets }
    }

    /// The same, if these of the model's clauses are all that there are.
    pub(super) fn among(self, clauses: impl IntoIterator<Item = ClauseId>) -> Situation<'a> {
        let clause = |id: ClauseId| (id, &self.model.clauses[id.index()]);
        Situation { clauses: OnceCell::from(clauses.into_iter().map(clause).collect::<Vec<_>>()), ..self }
    }

    pub(super) fn app(&self) -> &'a App {
        &self.model.apps[self.app.index()]
    }

    pub(super) fn operation(&self) -> &'a Operation {
        &self.model.operations[self.operation.index()]
    }

    pub(super) fn user(&self) -> Option<&'a User> {
        self.request.user.as_ref()
    }

    /// The app's permission models in which the operation is callable, in the app's order.
    pub(super) fn callable_models(&self) -> Vec<PermissionModelId> {
        callable_models(self.model, self.app, self.operation)
    }

    /// Those of them that this request can use: without a user, only models that demand none.
    pub(super) fn usable_models(&self) -> Vec<PermissionModelId> {
        let demands_user = |id: &PermissionModelId| self.model.permission_models[id.index()].demands_user;
        self.callable_models().into_iter().filter(|id| self.user().is_some() || !demands_user(id)).collect()
    }

    /// The scopes that the app holds whatever stage its ratchets have reached.
    pub(super) fn without_ratchets(&self) -> &Scopes {
        self.without_ratchets.get_or_init(|| scopes::without_ratchets(self))
    }

    /// The stage that the installation has reached: an index into the ratchet's stages.
    ///
    /// `None` where the app is none of the ratchet's, and where no stage or an unknown one is given.
    pub(super) fn stage(&self, ratchet: RatchetId) -> Option<u32> {
        let ratchet = &self.model.ratchets[ratchet.index()];
        if !ratchet.apps.contains(&self.app) {
            return None;
        }
        let name = self.request.stages.get(&ratchet.name)?;
        ratchet.stages.iter().position(|stage| stage.name == *name).map(|index| index as u32)
    }

    /// Whether the request says anything of the stage, if only a name that is none of the ratchet's.
    pub(super) fn gives_stage(&self, ratchet: RatchetId) -> bool {
        let ratchet = &self.model.ratchets[ratchet.index()];
        ratchet.apps.contains(&self.app) && self.request.stages.contains_key(&ratchet.name)
    }

    /// The clauses about this app and this operation, in source order, with their ids.
    pub(super) fn clauses(&self) -> &[(ClauseId, &'a Clause)] {
        self.clauses.get_or_init(|| {
            let here = |clause: &Clause| {
                clause.apps.contains(&self.app) && clause.operations.contains(&self.operation)
            };
            let all = (0..).map(ClauseId).zip(&self.model.clauses);
            all.filter(|(_, clause)| here(clause)).collect()
        })
    }
}

/// The app with the request's key.
pub(super) fn app(model: &Model, request: &Request) -> Option<AppId> {
    let key = request.app.as_ref()?;
    model.apps.iter().position(|app| app.key == *key).map(|index| AppId(index as u32))
}

/// The operation that the request names, or that its method and path lead to.
pub fn operation(model: &Model, request: &Request) -> Option<OperationId> {
    match &request.operation {
        Target::Name(name) => model
            .operations
            .iter()
            .position(|operation| operation.name == *name)
            .map(|index| OperationId(index as u32)),
        Target::Http { method, path } => routes::find(model, method, path),
    }
}

pub(super) fn callable_models(model: &Model, app: AppId, operation: OperationId) -> Vec<PermissionModelId> {
    let requirements = &model.operations[operation.index()].requirements;
    let models = &model.apps[app.index()].models;
    models.iter().copied().filter(|id| requirements.contains_key(id)).collect()
}
