//! Work shared among all cores.

use std::sync::atomic::{AtomicUsize, Ordering};

/// `items` mapped, in order. Each thread takes the next one as it becomes free, because some take much longer than
/// others.
pub fn map<T: Sync, R: Send>(items: &[T], map: &(impl Fn(&T) -> R + Sync)) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    on_threads(threads, items, map)
}

fn on_threads<T: Sync, R: Send>(threads: usize, items: &[T], map: &(impl Fn(&T) -> R + Sync)) -> Vec<R> {
    if threads < 2 {
        return items.iter().map(map).collect();
    }
    let next = AtomicUsize::new(0);
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let take = || {
            let mut done = Vec::new();
            while let Some((i, item)) =
                Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, items.get(i)?)))
            {
                done.push((i, map(item)));
            }
            done
        };
        let threads: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut all = take();
        for thread in threads {
            match thread.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, r)| r).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallel_work_keeps_its_order() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(on_threads(4, &items, &|i| i * 2), items.iter().map(|i| i * 2).collect::<Vec<_>>());
    }
}
