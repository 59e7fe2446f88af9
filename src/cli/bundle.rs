//! Bundles as the command line meets them.

use serde_json::{Value, json};
use sprag_runtime::Bundle;

use crate::authzen::{self, Note};
use crate::decision_point::DecisionPoint;
use crate::request::Request;

/// Loads a bundle, or says why it is refused.
pub(super) fn open(bytes: &[u8]) -> Result<DecisionPoint<'_>, String> {
    Bundle::load(bytes).map(DecisionPoint::new).map_err(|e| e.to_string())
}

/// What is known of an installation besides: it is put into the request, and told in the answer if there is
/// something to tell; or why nothing may be decided.
pub(super) type Known<'k> = dyn FnMut(&mut Request) -> Result<Option<Value>, String> + 'k;

/// The answer to an AuthZEN evaluation request, with what of the request was ignored; or everything that is
/// malformed in it.
pub(super) fn answer(
    point: &mut DecisionPoint<'_>,
    request: &Value,
    explain: bool,
    known: &mut Known<'_>,
) -> Result<(Value, Vec<Note>), String> {
    let types = |namespace: authzen::Namespace<'_>, name: &str| point.value_type(namespace, name);
    let mut parsed = authzen::request(request, &types)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let state = match known(&mut parsed.request) {
        Ok(state) => state,
        Err(why) => {
            let error = json!({ "status": 503, "message": why });
            return Ok((json!({ "decision": false, "context": { "error": error } }), parsed.notes));
        }
    };
    let mut explained = point.explain(&parsed.request);
    if !explain {
        explained.permitted_by.clear();
    }
    let mut response = authzen::response(&explained);
    if let Some(state) = state {
        response["context"]["state"] = state;
    }
    Ok((response, parsed.notes))
}
