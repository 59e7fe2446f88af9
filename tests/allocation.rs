//! Deciding allocates nothing: every call of the runtime on many requests under an allocator that counts.
//!
//! A binary without the test harness, so that no other thread allocates meanwhile.
#![expect(clippy::print_stdout, reason = "how much was shown is part of the result")]

use std::alloc::System;

use sprag::decision_point::borrowed;
use sprag_runtime::{Bundle, Request, Target};
use sprag_test_support::compiled;
use sprag_test_support::random::Random;
use sprag_test_support::worlds;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    assert!(allocations(|| drop(std::hint::black_box(vec![1u8; 100]))) == 1, "the allocator does not count");
    let mut seen = Seen::default();
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let world = compiled::policy(&match random.one_in(2) {
            true => worlds::policy(&mut random),
            false => worlds::plain_policy(&mut random),
        });
        let mut bundle = None;
        assert_eq!(allocations(|| bundle = Bundle::load(&world.bytes).ok()), 0, "loading allocates");
        let bundle = bundle.expect("what was compiled loads");
        let mut scratch = vec![0; bundle.scratch_len()];
        for _ in 0..200 {
            let request = worlds::request(&mut random);
            borrowed(&request, |request| {
                let count = allocations(|| ask(&bundle, request, &mut scratch, &mut seen));
                assert_eq!(count, 0, "seed {seed}: {request:#?}");
            });
        }
    }
    println!("{seen:?}: nothing allocated");
    assert!(
        seen.permitted > 100 && seen.clauses > 5000 && seen.step_ups > 20 && seen.routes > 1000,
        "{seen:?}"
    );
    assert!(seen.ratchets > 20 && seen.lists > 1000 && seen.short > 10_000, "{seen:?}");
    assert!(seen.named > 1000, "{seen:?}");
}

/// What the calls told: those that told nothing would prove nothing.
#[derive(Debug, Default)]
struct Seen {
    permitted: usize,
    clauses: usize,
    step_ups: usize,
    routes: usize,
    named: usize,
    ratchets: usize,
    lists: usize,
    short: usize,
}

/// Calls all that may be called for a decision.
fn ask<'a: 'r, 'r>(bundle: &Bundle<'a>, request: &Request<'r>, scratch: &mut [u32], seen: &mut Seen) {
    seen.permitted += usize::from(bundle.decide(request, scratch).permitted());
    seen.short += usize::from(!bundle.decide(request, &mut []).permitted());
    let resolved = bundle.resolve(request, scratch);
    let decision = bundle.decide_resolved(&resolved);
    bundle.explain(&resolved, &mut |_, _, _| seen.clauses += 1);
    if let Some(step_up) = decision.step_up {
        seen.step_ups += bundle.step_up(&resolved, step_up).map(str::len).sum::<usize>().min(1);
    }
    seen.ratchets += usize::from(bundle.withdrawing_ratchet(&resolved).is_some());
    seen.lists += usize::from(bundle.listed_kind(&resolved).is_some());
    if let Target::Http { method, path } = request.operation {
        seen.routes += usize::from(bundle.route(method, path).is_some());
        bundle.containers_of(method, path, &mut |_, _| seen.named += 1);
    }
}

fn allocations(run: impl FnOnce()) -> usize {
    let region = Region::new(ALLOCATOR);
    run();
    let change = region.change();
    change.allocations + change.reallocations
}
