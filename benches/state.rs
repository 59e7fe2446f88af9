//! What the state of an installation adds to a decision: with it and without, in turns, so that whatever else the machine
//! does falls on both alike. Behind criterion's times the ratio of the two is told.
//!
//! "Different" means 262,144 different requests one after the other: tables, states and requests come from memory.
//! "Hot" means one request again and again.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures, and the ratio is the result"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use sprag_runtime::{App, AppHandle, Bundle, Request, State, Withdrawn};
use sprag_test_support::workload::{DIFFERENT, LARGE, MEDIUM, SMALL, lend, loaded, with_handles, workload};

criterion_group!(benches, state);
criterion_main!(benches);

/// Decisions of one sort before it is the other's turn: some milliseconds, so that an interruption is shared out and
/// looking at the clock is not seen.
const TURN: u64 = 1024;

fn state(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("state");
    group.sample_size(50).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(8));
    for size in [SMALL, MEDIUM, LARGE] {
        let made = workload(size);
        let bundle = loaded(&made);
        let mut scratch = vec![0; bundle.scratch_len()];
        let requests = lend(&made.requests(DIFFERENT));
        let without: Vec<Request<'_>> = requests.iter().map(|r| with_handles(&bundle, *r)).collect();
        let states = states(&bundle, &without);
        let state = |request: &Request<'static>| match request.app {
            Some(App::Handle(app)) => states.iter().find(|(of, _)| *of == app).map(|(_, state)| *state),
            Some(App::Key(_)) | None => None,
        };
        let with: Vec<Request<'_>> = without.iter().map(|r| Request { state: state(r), ..*r }).collect();
        // Permitted, so that every layer was asked for a grant.
        let permitted = with.iter().position(|request| bundle.decide(request, &mut scratch).permitted());
        let hot = permitted.unwrap_or(0)..permitted.unwrap_or(0) + 1;

        for (name, asked) in [("hot", hot), ("different", 0..DIFFERENT)] {
            let id = BenchmarkId::new(name, size.name);
            let asked = [&without[asked.clone()], &with[asked]];
            in_turns(&mut group, id, asked, &mut |request| {
                black_box(bundle.decide(black_box(request), &mut scratch));
            });
        }
    }
    group.finish();
}

/// Times the second list, with the first taking turns, and tells how the two compare.
fn in_turns(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    asked: [&[Request<'static>]; 2],
    decide: &mut dyn FnMut(&Request<'static>),
) {
    // Half a list apart, so that neither finds in the cache what the other has just touched.
    let mut next = [asked[0].iter().cycle(), asked[1].iter().cycle()];
    next[1].by_ref().take(asked[1].len() / 2).for_each(drop);
    let mut ratios = Vec::new();
    group.bench_function(id, |b| {
        b.iter_custom(|times| {
            let mut took = [Duration::ZERO; 2];
            let mut left = times;
            while left > 0 {
                let turn = left.min(TURN);
                // Who went second goes first.
                let first = usize::from((left / TURN).is_multiple_of(2));
                for which in [first, 1 - first] {
                    let begun = Instant::now();
                    next[which].by_ref().take(turn as usize).for_each(&mut *decide);
                    took[which] += begun.elapsed();
                }
                left -= turn;
            }
            if times >= TURN {
                ratios.push(took[1].as_secs_f64() / took[0].as_secs_f64());
            }
            took[1]
        });
    });
    ratios.sort_by(f64::total_cmp);
    let at = |part: usize| ratios.get((ratios.len() * part / 10).min(ratios.len().saturating_sub(1)));
    if let (Some(low), Some(median), Some(high)) = (at(1), at(5), at(9)) {
        println!("    with state {median:.3} times without (8 of 10 samples between {low:.3} and {high:.3})");
    }
}

/// All that can be known of an installation of each app that the requests are about, looked up before: approvals, an
/// operation and two containers withdrawn, the stages of its ratchets.
fn states(
    bundle: &Bundle<'static>,
    requests: &[Request<'static>],
) -> Vec<(AppHandle, &'static State<'static>)> {
    let mut states: Vec<(AppHandle, &'static State<'static>)> = Vec::new();
    let mut known = std::collections::HashSet::new();
    let containers: &'static [(&str, &str)] = &[("project", "gone-1"), ("site", "gone-2")];
    let withdrawn = Withdrawn { operations: &["demo.nothing"], containers, ..Withdrawn::default() };
    for request in requests {
        let Some(App::Handle(app)) = request.app else { continue };
        if !known.insert(format!("{app:?}")) {
            continue;
        }
        let words = Box::leak(vec![0; bundle.state_len(app, &withdrawn)].into_boxed_slice());
        let state =
            bundle.state(app, request.stages, None, withdrawn, words).unwrap_or_else(|| panic!("its own"));
        states.push((app, Box::leak(Box::new(state))));
    }
    states
}
