//! How many operations an app's scopes open, and how many of them the policy permits: counted, not judged.

use super::needs::{Grant, Needs};
use super::set::Operations;
use super::states::{self, Turning};
use crate::sema::model::{AppId, Model, OperationId};

/// What one app's scopes open.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The app.
    pub app: AppId,
    /// Callable in one of its permission models, whatever its scopes.
    pub callable: Operations,
    /// What the scopes that it asks for, as far as they are approved, open on behalf of a person.
    pub opens: Operations,
    /// What they open for a request without a context user.
    pub unattended: Operations,
    /// The same, stage by stage, for each of its ratchets.
    pub turnings: Vec<Turning>,
}

/// What the scopes of the app open.
pub fn of(model: &Model, needs: &Needs, app: AppId) -> Reach {
    let models = &model.apps[app.index()].models;
    let held = states::granted(model, app);
    let callable = |id: &OperationId| needs.alternatives(*id, models).next().is_some();
    Reach {
        app,
        callable: all(model).iter().filter(callable).collect(),
        opens: needs.opened(Grant { models, held: &held, user: true }),
        unattended: needs.opened(Grant { models, held: &held, user: false }),
        turnings: states::turnings(model, needs, app),
    }
}

/// All operations.
pub fn all(model: &Model) -> Operations {
    (0..model.operations.len()).map(|number| OperationId(number as u32)).collect()
}
