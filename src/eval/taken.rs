//! What was taken from the installation, beyond what the stages of its ratchets say.

use super::chain;
use super::facts::Situation;

/// Whether the operation was.
pub(super) fn operation(situation: &Situation) -> bool {
    situation.request.withdrawn.operations.contains(&situation.operation().name)
}

/// Whether some container that was taken must hold what the request asks for; or may, of a list, hold some of it,
/// where what is listed counts as `listed`.
///
/// By definition, a container whose kind concerns the operation and of which the request does not say which it is
/// may be the one that was taken, and counts as it.
pub(super) fn containers(situation: &Situation, listed: bool) -> bool {
    let model = situation.model;
    let operation = situation.operation();
    let concerned = chain::path_to_root(model, operation.lists.unwrap_or(operation.kind));
    situation.request.withdrawn.containers.iter().any(|(kind, id)| {
        let Some(kind) = concerned.iter().find(|k| model.kinds[k.index()].name == *kind) else {
            return false; // what the operation does happens nowhere in a container of such a kind
        };
        if situation.listed.contains(kind) {
            return listed;
        }
        match situation.chain.iter().find(|element| element.kind == *kind) {
            Some(element) => element.id.as_ref().is_none_or(|known| known == id),
            None => true,
        }
    })
}
