//! What platforms would open and shut if an app asked for another grant: told by requirements alone, whatever the policy
//! permits.

use std::collections::BTreeSet;

use super::cells::Cells;
use super::needs::{Grant, Needs, closure};
use super::set::{Operations, Scopes};
use super::states;
use crate::sema::model::{AppId, Model, OperationId, ScopeId};

/// The difference between what an app asks for outright and another grant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Scopes that the app would hold and does not now. If there is any, access may widen: an installation may have
    /// approved it, and it counts for nothing so far.
    pub comes: BTreeSet<ScopeId>,
    /// What would be open on behalf of a person, and is not now.
    pub opens: Operations,
    /// What would be open to requests without a person, and is not now.
    pub unattended: Operations,
    /// Of what is needed: what is open now at some stages of the app's ratchets, with or without a person, and would be
    /// open no more at one of them.
    pub shuts: Operations,
    /// The app's ratchets have too many combinations of stages to tell.
    pub untold: bool,
}

/// What changes if the app asks for this and it is approved. What is optional now is left as it is.
pub fn of(
    model: &Model,
    needs: &Needs,
    app: AppId,
    grant: &BTreeSet<ScopeId>,
    needed: &BTreeSet<OperationId>,
) -> Change {
    let models = &model.apps[app.index()].models;
    let requested: Scopes = model.apps[app.index()].requested.iter().copied().collect();
    let now = states::granted_of(model, app, &states::outright(model, app, &requested));
    let then = closure(model, grant.iter().copied());
    let newly = |user: bool| {
        let [now, then] = [&now, &then].map(|held| needs.opened(Grant { models, held, user }));
        then.minus(&now)
    };
    let cells = Cells::of(model, needs, app);
    let shut = |id: &OperationId| {
        cells.as_ref().is_some_and(|cells| {
            let then = cells.suffices(&then, *id);
            cells.suffices(&now, *id).iter().any(|cell| !then.contains(cell))
        })
    };
    Change {
        comes: then.minus(&now).iter().collect(),
        opens: newly(true),
        unattended: newly(false),
        shuts: needed.iter().copied().filter(shut).collect(),
        untold: cells.is_none(),
    }
}
