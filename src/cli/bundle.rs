//! Bundles as the command line meets them.

use serde_json::Value;
use sprag_runtime::Bundle;

use crate::authzen::{self, Note};
use crate::decision_point::DecisionPoint;

/// Loads a bundle, or says why it is refused.
pub(super) fn open(bytes: &[u8]) -> Result<DecisionPoint<'_>, String> {
    Bundle::load(bytes).map(DecisionPoint::new).map_err(|e| e.to_string())
}

/// The answer to an AuthZEN evaluation request, with what of the request was ignored; or everything that is
/// malformed in it.
pub(super) fn answer(
    point: &mut DecisionPoint<'_>,
    request: &Value,
    explain: bool,
) -> Result<(Value, Vec<Note>), String> {
    let types = |namespace: authzen::Namespace<'_>, name: &str| point.value_type(namespace, name);
    let parsed = authzen::request(request, &types)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let mut explained = point.explain(&parsed.request);
    if !explain {
        explained.permitted_by.clear();
    }
    Ok((authzen::response(&explained), parsed.notes))
}
