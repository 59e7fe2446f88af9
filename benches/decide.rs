//! One decision, at three sizes: from strings, from handles, and once everything is looked up.
//!
//! "Different" means 262,144 different requests one after the other: tables and requests come from memory.
//! "Hot" means one request again and again: what the instructions cost.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sprag::ratchet::Observer;
use sprag::sema::model::{AppId, OperationId};
use sprag_runtime::{App, Request, Target, Value};
use sprag_test_support::workload::{DIFFERENT, LARGE, MEDIUM, SMALL, lend, loaded, with_handles, workload};

criterion_group!(benches, decide, observe);
criterion_main!(benches);

fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    for size in [SMALL, MEDIUM, LARGE] {
        let made = workload(size);
        let bundle = loaded(&made);
        let mut scratch = vec![0; bundle.scratch_len()];
        let requests = lend(&made.requests(DIFFERENT));
        let handles: Vec<Request<'_>> = requests.iter().map(|r| with_handles(&bundle, *r)).collect();
        // Permitted, so that every layer was asked for a grant.
        let hot =
            requests.iter().find(|r| bundle.decide(r, &mut scratch).permitted()).unwrap_or(&requests[0]);

        let mut different = requests.iter().cycle();
        group.bench_function(BenchmarkId::new("floor-touch-request", size.name), |b| {
            b.iter(|| different.next().map(touch));
        });
        group.bench_function(BenchmarkId::new("different-strings", size.name), |b| {
            b.iter(|| different.next().map(|request| bundle.decide(request, &mut scratch)));
        });
        let mut different_handles = handles.iter().cycle();
        group.bench_function(BenchmarkId::new("different-handles", size.name), |b| {
            b.iter(|| different_handles.next().map(|request| bundle.decide(request, &mut scratch)));
        });
        group.bench_function(BenchmarkId::new("different-resolve-only", size.name), |b| {
            b.iter(|| {
                different.next().map(|request| {
                    black_box(bundle.resolve(request, &mut scratch));
                })
            });
        });
        group.bench_function(BenchmarkId::new("hot-strings", size.name), |b| {
            b.iter(|| bundle.decide(black_box(hot), &mut scratch));
        });
        let hot_handles = with_handles(&bundle, *hot);
        group.bench_function(BenchmarkId::new("hot-handles", size.name), |b| {
            b.iter(|| bundle.decide(black_box(&hot_handles), &mut scratch));
        });
        let resolved = bundle.resolve(hot, &mut scratch);
        group.bench_function(BenchmarkId::new("hot-resolved", size.name), |b| {
            b.iter(|| bundle.decide_resolved(black_box(&resolved)));
        });
        group.bench_function(BenchmarkId::new("hot-explain", size.name), |b| {
            b.iter(|| {
                bundle.explain(black_box(&resolved), &mut |layer, role, clause| {
                    black_box((layer, role, clause));
                })
            });
        });
    }
    group.finish();
}

/// What it costs to note that a permitted request used a scope.
fn observe(criterion: &mut Criterion) {
    let world = sprag_test_support::installations::world();
    let observer = Observer::new(&world.model, AppId(0));
    let name = "demo.issue.edit";
    let edit = world.model.operations.iter().position(|o| o.name == name).unwrap_or_default();
    let mut now = 0;
    criterion.bench_function("observe/note", |b| {
        b.iter(|| {
            now += 1;
            observer.note(black_box(OperationId(edit as u32)), now);
        });
    });
}

/// Reads every text of a request once: what any engine pays that looks at it.
fn touch(request: &Request<'_>) -> usize {
    let text = |text: &str| text.bytes().map(usize::from).sum::<usize>();
    let values = |values: &[(&str, Value<'_>)]| {
        let value = |(name, value): &(&str, Value<'_>)| {
            text(name)
                + match value {
                    Value::Text(of) => text(of),
                    Value::Set(set) => set.iter().map(|t| text(t)).sum(),
                    Value::Bool(_) | Value::Int(_) => 1,
                }
        };
        values.iter().map(value).sum::<usize>()
    };
    let app = match request.app {
        Some(App::Key(key)) => text(key),
        Some(App::Handle(_)) | None => 0,
    };
    let operation = match request.operation {
        Target::Name(name) => text(name),
        Target::Http { method, path } => text(method) + text(path),
        Target::Handle(_) => 0,
    };
    let containers = request.containers.iter();
    let containers =
        containers.map(|c| text(c.kind) + c.id.map_or(0, text) + values(c.attributes)).sum::<usize>();
    let user = request.user.map_or(0, |u| text(u.id) + values(u.attributes));
    app + operation + containers + user + values(request.attributes)
}
