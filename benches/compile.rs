//! Text to bundle: parsing, checking, and emitting the table, at three sizes.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use sprag::driver;
use sprag::syntax::parser;
use sprag::{emit, space};
use sprag_test_support::workload::{LARGE, MEDIUM, SMALL, workload};

criterion_group!(benches, compile);
criterion_main!(benches);

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    for size in [SMALL, MEDIUM, LARGE] {
        let made = workload(size);
        let text: usize = made.text() + made.catalog.len();
        group.throughput(Throughput::Bytes(text as u64));
        // One thread; the driver uses several.
        group.bench_function(BenchmarkId::new("parse", size.name), |b| {
            b.iter(|| {
                for (number, (_, text)) in (0..).zip(&made.policy) {
                    black_box(parser::parse(number, text));
                }
                black_box(parser::parse(0, &made.catalog))
            });
        });
        group.bench_function(BenchmarkId::new("parse-and-check", size.name), |b| {
            b.iter_batched(
                || made.inputs(),
                |inputs| black_box(driver::compile(inputs)),
                criterion::BatchSize::PerIteration,
            );
        });
        let compilation = driver::compile(made.inputs());
        let Some(model) = compilation.model else {
            panic!("{size:?}: {:?}", compilation.diagnostics.first());
        };
        group.throughput(Throughput::Elements(model.clauses.len() as u64));
        group.bench_function(BenchmarkId::new("cut", size.name), |b| {
            b.iter(|| black_box(space::cut(&model)));
        });
        group.bench_function(BenchmarkId::new("cut-and-emit", size.name), |b| {
            b.iter(|| black_box(emit::build(&model, &compilation.sources)));
        });
    }
    group.finish();
}
