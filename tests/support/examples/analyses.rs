//! Runs every analysis once on a workload and tells how long it took, and how much memory the process had at most.
//!
//! `cargo run --release -p sprag-test-support --example analyses -- large`, or four numbers: apps, rules, containers,
//! users.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a tool that measures and tells")]

use std::collections::BTreeMap;
use std::time::Instant;

use sprag::analysis::{dead, guarantees};
use sprag::driver;
use sprag::lint::{RULES, Subject};
use sprag_test_support::workload::{LARGE, MEDIUM, SMALL, Size, with_guarantees, workload};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<usize> = arguments.iter().filter_map(|a| a.parse().ok()).collect();
    let size = match (arguments.first().map(String::as_str), numbers.as_slice()) {
        (_, &[apps, rules, containers, users]) => {
            Size { name: "own", apps, rules, containers, users, operations: 600 }
        }
        (Some("small"), _) => SMALL,
        (Some("medium"), _) => MEDIUM,
        _ => LARGE,
    };
    let timed = |what: &str, start: Instant| {
        println!("{what:<24} {:9.2} s   {:6} MiB", start.elapsed().as_secs_f64(), peak() / 1024);
    };
    let inputs = with_guarantees(&workload(size));
    let start = Instant::now();
    let made = driver::compile(inputs);
    timed("check", start);
    let Some(model) = &made.model else {
        made.diagnostics.iter().take(10).for_each(|d| println!("{} {}", d.code, d.message));
        return;
    };
    let start = Instant::now();
    let proofs = guarantees::prove(model, &|_, _| {});
    timed("prove", start);
    println!("  {} claims", proofs.len());
    let start = Instant::now();
    let found = dead::dead(model, &|_, _| {});
    timed("dead", start);
    println!(
        "  {} rules, {} tests, {} undecided",
        found.rules.len(),
        found.tests.len(),
        found.undecided.len()
    );
    drop(found);
    let (thresholds, today) = (BTreeMap::new(), jiff::civil::date(2026, 6, 1));
    let subject = Subject::new(model, &made.sources, &made.files, today, &thresholds, &|_, _, _| {});
    let all = Instant::now();
    let mut found = Vec::new();
    for rule in RULES {
        let (before, start) = (found.len(), Instant::now());
        (rule.check)(&subject, &mut found);
        if start.elapsed().as_millis() > 100 {
            timed(&format!("  {}", rule.name), start);
            println!("    {} findings", found.len() - before);
        }
    }
    timed("lint", all);
    println!("  {} findings", found.len());
}

/// The most memory that the process had, in KiB, where the system tells.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
