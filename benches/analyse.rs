//! Each analysis over a checked model, at two sizes. The largest takes minutes a run: `--example analyses` does it once.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use sprag::analysis::{dead, diff, guarantees};
use sprag::driver::{self, Compilation};
use sprag::lint::{RULES, Subject};
use sprag::region;
use sprag_test_support::workload::{MEDIUM, SMALL, Size, with_guarantees, workload};

criterion_group!(benches, analyse);
criterion_main!(benches);

fn analyse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("analyse");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_secs(3));
    for size in [SMALL, MEDIUM] {
        let made = checked(size);
        let Some(model) = &made.model else { continue };
        let quiet = |_: usize, _: usize| {};
        group.bench_function(BenchmarkId::new("survey", size.name), |b| {
            b.iter(|| black_box(region::survey(model, &quiet)));
        });
        group.bench_function(BenchmarkId::new("prove", size.name), |b| {
            b.iter(|| black_box(guarantees::prove(model, &quiet)));
        });
        group.bench_function(BenchmarkId::new("dead", size.name), |b| {
            b.iter(|| black_box(dead::dead(model, &quiet)));
        });
        group.bench_function(BenchmarkId::new("lint", size.name), |b| {
            b.iter(|| black_box(lint(&made)));
        });
        // Against itself: nothing differs, and all of it must be proved.
        group.bench_function(BenchmarkId::new("diff", size.name), |b| {
            b.iter(|| black_box(diff::compare([model, model], None, &quiet)));
        });
    }
}

fn checked(size: Size) -> Compilation {
    driver::compile(with_guarantees(&workload(size)))
}

/// How many findings all rules have.
fn lint(made: &Compilation) -> usize {
    let Some(model) = &made.model else { return 0 };
    let (thresholds, today) = (BTreeMap::new(), jiff::civil::date(2026, 6, 1));
    let subject = Subject::new(model, &made.sources, &made.files, today, &thresholds, &|_, _, _| {});
    let mut found = Vec::new();
    RULES.iter().for_each(|rule| (rule.check)(&subject, &mut found));
    found.len()
}
