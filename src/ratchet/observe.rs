//! What permitted requests used, noted without a lock beside decisions.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::event::What;
use super::needs::{needs, watched};
use crate::sema::model::{AppId, Model, OperationId};

/// What one installation used since it was last asked for. Many threads may note at once.
///
/// It lives in memory only. What is lost with it (a crash, a note that crosses [`Observer::take`]) was used less in
/// the eyes of the ratchet, which turns earlier: power is lost, never kept. The count of successes is the other way
/// about, for a use that is not counted puts off the turn that it would have made: whoever counts takes and stores
/// before it answers the request.
#[derive(Debug)]
pub struct Observer {
    /// By operation: where its marks lie in the two lists.
    operations: Vec<Slots>,
    /// Scopes of which the ratchets ask when they were used last, and that time; [`NEVER`] if not.
    scopes: Vec<(String, AtomicI64)>,
    /// Operations that they count.
    counts: Vec<(String, AtomicU64)>,
}

#[derive(Debug, Clone, Default)]
struct Slots {
    scopes: Box<[u32]>,
    count: Option<u32>,
}

const NEVER: i64 = i64::MIN;

impl Observer {
    /// For an installation of the app.
    pub fn new(model: &Model, app: AppId) -> Observer {
        let (scopes, operations) = watched(model, app);
        let scopes: Vec<_> = scopes.into_iter().collect();
        let counted: Vec<OperationId> = operations.into_iter().collect();
        let slots = |operation: OperationId| {
            if scopes.is_empty() && counted.is_empty() {
                return Slots::default();
            }
            let needed = needs(model, app, operation);
            let of = (0..).zip(&scopes).filter(|(_, scope)| needed.contains(scope)).map(|(slot, _)| slot);
            let count = counted.iter().position(|counted| *counted == operation);
            Slots { scopes: of.collect(), count: count.map(|slot| slot as u32) }
        };
        let names = scopes.iter().map(|scope| model.scopes[scope.index()].name.clone());
        let counted_names = counted.iter().map(|operation| model.operations[operation.index()].name.clone());
        Observer {
            operations: (0..model.operations.len() as u32).map(|number| slots(OperationId(number))).collect(),
            scopes: names.map(|name| (name, AtomicI64::new(NEVER))).collect(),
            counts: counted_names.map(|name| (name, AtomicU64::new(0))).collect(),
        }
    }

    /// Notes a permitted request that succeeded.
    pub fn note(&self, operation: OperationId, now: i64) {
        let Some(slots) = self.operations.get(operation.index()) else { return };
        for slot in &slots.scopes {
            if let Some((_, last)) = self.scopes.get(*slot as usize)
                && last.load(Ordering::Relaxed) < now
            {
                // A maximum does not care who comes first.
                last.fetch_max(now, Ordering::Relaxed);
            }
        }
        if let Some((_, count)) = slots.count.and_then(|slot| self.counts.get(slot as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes what was noted since the last time; `None` if nothing was.
    pub fn take(&self) -> Option<What> {
        let scopes: BTreeMap<String, i64> = self
            .scopes
            .iter()
            .map(|(name, last)| (name.clone(), last.swap(NEVER, Ordering::Relaxed)))
            .filter(|(_, last)| *last != NEVER)
            .collect();
        let successes: BTreeMap<String, u64> = self
            .counts
            .iter()
            .map(|(name, count)| (name.clone(), count.swap(0, Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect();
        (!scopes.is_empty() || !successes.is_empty()).then_some(What::Used { scopes, successes })
    }
}
