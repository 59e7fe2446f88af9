//! Many seeds, on all cores.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};

/// What `check` makes of each of the seeds, in no order. A panic ends it all.
pub fn over<T: Send>(seeds: Range<u64>, check: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(seeds.start);
    std::thread::scope(|scope| {
        let some = || {
            let mut made = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if !seeds.contains(&seed) {
                    return made;
                }
                made.push(check(seed));
            }
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(some)).collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
