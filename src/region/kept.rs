//! What questions ask for again and again, made once and kept, as long as that is not too much.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;

/// So many bytes of one sort are kept, about.
const MOST: usize = 1 << 24;

/// Things by what they are made of.
#[derive(Debug)]
pub(super) struct Kept<K, V>(Mutex<Of<K, V>>);

#[derive(Debug)]
struct Of<K, V> {
    things: HashMap<K, Arc<V>>,
    size: usize,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Kept<K, V> {
        Kept(Mutex::new(Of { things: HashMap::default(), size: 0 }))
    }
}

impl<K: Eq + Hash, V> Kept<K, V> {
    /// The thing, made if need be; `None` where it cannot be. `size` tells its size in bytes, about.
    pub(super) fn get(
        &self,
        key: K,
        make: impl FnOnce(&K) -> Option<V>,
        size: impl FnOnce(&V) -> usize,
    ) -> Option<Arc<V>> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thing) = kept().things.get(&key) {
            return Some(thing.clone());
        }
        let made = Arc::new(make(&key)?);
        let size = size(&made);
        let mut kept = kept();
        // Another thread may have made the same meanwhile: it counts twice then.
        if kept.size + size <= MOST {
            kept.size += size;
            kept.things.insert(key, made.clone());
        }
        Some(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_made_once_and_not_kept_beyond_their_room() {
        let kept: Kept<u32, u32> = Kept::default();
        let made = std::cell::Cell::new(0);
        let get = |key: u32, size: usize| {
            let make = |key: &u32| {
                made.set(made.get() + 1);
                Some(key * 2).filter(|_| *key != 9)
            };
            kept.get(key, make, |_| size).map(|thing| *thing)
        };
        assert_eq!([get(1, 8), get(1, 8), get(9, 8)], [Some(2), Some(2), None]);
        assert_eq!(made.get(), 2, "once, and once in vain");
        assert_eq!([get(2, MOST), get(2, MOST)], [Some(4), Some(4)]);
        assert_eq!(made.get(), 4, "there was no room for it");
        assert_eq!([get(3, MOST - 8), get(3, MOST - 8)], [Some(6), Some(6)]);
        assert_eq!(made.get(), 5, "for this there was");
    }
}
