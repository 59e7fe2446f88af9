//! Power that works without a person, where the policy only permits it on behalf of one.

use super::needs::{Grant, Needs};
use super::permitted::{Permits, has_user};
use super::set::Operations;
use super::states;
use crate::sema::model::{AppId, Model, PermissionModelId};

/// An app that may do nothing without a context user, and whose scopes do not ask for one.
#[derive(Debug, Clone)]
pub struct Unattended {
    /// The app.
    pub app: AppId,
    /// What it is permitted, always on behalf of somebody.
    pub permitted: Operations,
    /// Of these, what its scopes open without anybody too; not empty.
    pub open: Operations,
    /// Permission models that demand a person and in which all that is permitted can be called.
    pub instead: Vec<PermissionModelId>,
}

/// Whether everything that the app is permitted needs a person and its scopes do not.
pub fn unattended(model: &Model, needs: &Needs, permits: &dyn Permits, app: AppId) -> Option<Unattended> {
    let permitted = super::permitted::operations(permits, app);
    let held = states::granted(model, app);
    let models = &model.apps[app.index()].models;
    let open = needs.opened(Grant { models, held: &held, user: false }).and(&permitted);
    if open.is_empty() {
        return None;
    }
    let nobody = has_user(model, false);
    // What the scopes do not open without a person is not permitted without one.
    let groups = permits.groups(app).iter().filter(|group| open.contains(group.any()));
    let mut asked = groups.map(|group| permits.ask(app, group.any(), &nobody));
    if !asked.all(|answer| answer.is_never()) {
        return None;
    }
    let ids = (0..model.permission_models.len()).map(|number| PermissionModelId(number as u32));
    let all_callable = |id: &PermissionModelId| {
        permitted.iter().all(|operation| model.operations[operation.index()].requirements.contains_key(id))
    };
    let instead = ids.filter(|id| needs.demands_user(*id)).filter(all_callable).collect();
    Some(Unattended { app, permitted, open, instead })
}
