//! Verifying a bundle, at three sizes; says how large each is.
#![expect(clippy::print_stdout, reason = "a bench tells what it measures")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sprag_runtime::Bundle;
use sprag_test_support::workload::{LARGE, MEDIUM, SMALL, workload};

criterion_group!(benches, load);
criterion_main!(benches);

fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(20);
    for size in [SMALL, MEDIUM, LARGE] {
        let made = workload(size);
        let bytes = made.bundle();
        let (text, table) = (made.text() / 1024, bytes.len() / 1024);
        println!("{}: {text} KiB of policy compile to a bundle of {table} KiB", size.name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("verify", size.name), |b| {
            b.iter(|| black_box(Bundle::load(&bytes)))
        });
    }
    group.finish();
}
