//! What a guarantee says: which requests its claims speak of, and which break them.

use std::collections::BTreeSet;

use super::chain::{self, Chain};
use super::conditions::{self, Counting};
use super::facts::{self, Situation};
use super::{Decision, evaluate};
use crate::request::{Request, Value};
use crate::sema::model::{AppId, Claim, Model, Source};

/// Whether the request breaks the claim: the claim speaks of it, and it is permitted where it never must be, or
/// refused where it always must be permitted.
pub fn breaks(model: &Model, claim: &Claim, request: &Request) -> bool {
    speaks_of(model, claim, request) && (evaluate(model, request).effect == Decision::Permit) != claim.always
}

/// Whether the claim speaks of the request.
///
/// A `never` speaks of all that it does not certainly leave out, exactly as a `forbid` would refuse it: an unknown
/// test counts as satisfied, a listed one does not. An `always` speaks only of what certainly is meant: neither
/// does.
///
/// By definition, guarantees are about the policy, and not about what others say less than it: they speak of no
/// request whose containers do not fit the operation, that brings approvals of some scopes only, or that is refused by a
/// caller whose word the policy takes.
pub fn speaks_of(model: &Model, claim: &Claim, request: &Request) -> bool {
    let (Some(app), Some(operation)) = (facts::app(model, request), facts::operation(model, request)) else {
        return false;
    };
    if !claim.apps.contains(&app) || !claim.operations.contains(&operation) || limits(model, app, request) {
        return false;
    }
    let chain = chain::effective(model, operation, request);
    if !matches!(chain, Chain::Fits(_)) || !vouched(model, request) {
        return false;
    }
    let situation = Situation::new(model, request, app, operation, chain);
    conditions::holds(&situation, &claim.condition, Counting { unknown: !claim.always, listed: false })
}

/// Whether the request brings approvals that leave something out, or tells of withdrawals.
fn limits(model: &Model, app: AppId, request: &Request) -> bool {
    let app = &model.apps[app.index()];
    let all = |names: &BTreeSet<String>| {
        app.requested.iter().all(|scope| names.contains(&model.scopes[scope.index()].name))
    };
    let approved = request.approved.as_ref().is_none_or(all);
    !approved || request.withdrawn != crate::request::Withdrawn::default()
}

/// Where the policy takes the caller's word, it is that the account and the person may.
fn vouched(model: &Model, request: &Request) -> bool {
    let yes = Some(&Value::Bool(true));
    let app_user = match model.authority.app_user {
        Source::Policy => true,
        Source::Caller => request.attributes.get("app-user.permitted") == yes,
    };
    let context_user = match (model.authority.context_user, &request.user) {
        (Source::Policy, _) | (Source::Caller, None) => true,
        (Source::Caller, Some(user)) => user.attributes.get("permitted") == yes,
    };
    app_user && context_user
}
