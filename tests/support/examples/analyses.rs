//! Runs every analysis once on a workload and tells how long it took, and how much memory the process had at most.
//!
//! `cargo run --release -p sprag-test-support --example analyses -- large`, or four numbers: apps, rules, containers,
//! users. Behind the size, what is to be run: `prove`, `dead`, `lint`, or names of lint rules; else all of it.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a tool that measures and tells")]

use std::collections::BTreeMap;
use std::time::Instant;

use sprag::analysis::{dead, guarantees};
use sprag::driver;
use sprag::lint::{RULES, Subject};
use sprag_test_support::workload::{Size, with_guarantees, workload};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let size = Size::named(&arguments);
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
    let wanted = |name: &str| {
        let mut names =
            arguments.iter().skip(1).filter(|argument| argument.parse::<usize>().is_err()).peekable();
        names.peek().is_none() || names.any(|wanted| wanted == name)
    };
    if wanted("prove") {
        let start = Instant::now();
        let proofs = guarantees::prove(model, &|_, _| {});
        timed("prove", start);
        println!("  {} claims", proofs.len());
    }
    if wanted("dead") {
        let start = Instant::now();
        let found = dead::dead(model, &|_, _| {});
        timed("dead", start);
        let (rules, tests, containers) = (found.rules.len(), found.tests.len(), found.containers.len());
        println!(
            "  {rules} rules, {tests} tests, {containers} containers, {} undecided",
            found.undecided.len()
        );
    }
    let (thresholds, today) = (BTreeMap::new(), jiff::civil::date(2026, 6, 1));
    let subject = Subject::new(model, &made.sources, &made.files, today, &thresholds, &|_, _, _| {});
    let all = Instant::now();
    let mut found = Vec::new();
    for rule in RULES.iter().filter(|rule| wanted("lint") || wanted(rule.name)) {
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
