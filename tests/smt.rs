//! Every guarantee's answer against an SMT solver that nobody here wrote: z3, from the distribution.
//!
//! `tests/support/smt.rs` says to it what a claim means, from the model alone. Without z3 on the path the test says so
//! and shows nothing, unless `SPRAG_REQUIRE_Z3=1`. A longer campaign: `SPRAG_SMT_PACKAGES=10000 cargo test --release
//! --test smt`.
#![expect(
    clippy::disallowed_methods,
    reason = "the solver is a program, and the environment says whether it must be there"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "how much was shown is part of the result")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use sprag::analysis::guarantees::{self, Verdict};
use sprag::driver::{self, Inputs};
use sprag::eval;
use sprag::sema::model::{Checked, Model};
use sprag::span::Source;
use sprag_test_support::likeness::Likeness;
use sprag_test_support::random::Random;
use sprag_test_support::{smt, workload, worlds};

#[test]
fn guarantees_and_an_smt_solver_agree() {
    let required = std::env::var("SPRAG_REQUIRE_Z3").is_ok_and(|value| value == "1");
    if Solver::start().is_none() {
        assert!(!required, "z3 is required and not here");
        eprintln!("NOT TESTED: z3 is not installed, so no guarantee was compared with it");
        return;
    }
    let packages =
        std::env::var("SPRAG_SMT_PACKAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_usize);
    let next = AtomicUsize::new(0);
    let counts: Vec<Counts> = std::thread::scope(|scope| {
        let work = || {
            let mut solver = Solver::start().expect("it started before");
            let (mut counts, mut likeness) = (Counts::default(), Likeness::default());
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= packages {
                    return counts;
                }
                compare(seed as u64, &mut solver, &mut likeness, &mut counts);
            }
        };
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("no disagreement")).collect()
    });
    let sum = |of: fn(&Counts) -> usize| counts.iter().map(of).sum::<usize>();
    let (hold, refuted) = (sum(|c| c.hold), sum(|c| c.refuted));
    let (open, lost) = (sum(|c| c.open), sum(|c| c.lost));
    println!(
        "{packages} packages: {hold} claims hold, {refuted} are refuted, {open} undecided here, {lost} by z3"
    );
    assert!(hold * 10 > packages && refuted * 2 > packages, "too one-sided: {hold} and {refuted}");
    assert!((open + lost) * 50 <= hold + refuted, "too many undecided: {open} and {lost}");
}

#[derive(Default)]
struct Counts {
    hold: usize,
    refuted: usize,
    open: usize,
    lost: usize,
}

/// Compares all claims of one package.
fn compare(seed: u64, solver: &mut Solver, likeness: &mut Likeness, counts: &mut Counts) {
    let (text, model) = package(seed);
    for proof in guarantees::prove(&model, &|_, _| {}) {
        let claim = &model.guarantees[proof.guarantee].claims[proof.claim];
        let told = solver.ask(&smt::breaks(&model, claim, likeness));
        match (&proof.verdict, told) {
            (_, Told::Lost) => counts.lost += 1,
            (Verdict::Undecided(_), _) => counts.open += 1,
            (Verdict::Holds, Told::Unsatisfiable) => counts.hold += 1,
            (Verdict::Refuted(refutation), Told::Satisfiable) => {
                assert!(eval::breaks(&model, claim, &refutation.request), "package {seed}");
                counts.refuted += 1;
            }
            (Verdict::Holds, Told::Satisfiable) => {
                panic!("package {seed}: z3 knows a request that breaks {claim:#?}\n{text}")
            }
            (Verdict::Refuted(refutation), Told::Unsatisfiable) => {
                panic!(
                    "package {seed}: z3 knows no request like {refutation:#?} that breaks {claim:#?}\n{text}"
                )
            }
        }
    }
}

/// A random policy with a guarantee: every construct of the language, or a team's policy with dozens of
/// rules and a hundred containers.
fn package(seed: u64) -> (String, Checked<Model>) {
    let mut random = Random::new(seed);
    let (mut own, catalog) = if seed.is_multiple_of(2) {
        (vec![worlds::policy(&mut random)], worlds::CATALOG.to_owned())
    } else {
        let size = workload::Size { rules: 30 + (seed as usize % 1_000) / 20, ..workload::SMALL };
        let workload = workload::seeded(size, seed);
        (workload.policy.into_iter().map(|(_, text)| text).collect(), workload.catalog)
    };
    let guarantee = if seed.is_multiple_of(2) {
        worlds::guarantee(&mut random, &own[0])
    } else {
        workload::guarantee(&mut random, &own)
    };
    own.first_mut().expect("a file").push_str(&guarantee);
    let text = own.join("\n");
    let own = (0..).zip(own).map(|(n, text)| Source { path: format!("policy{n}.sprag"), text }).collect();
    let shelf = vec![Source { path: "catalog.sprag".to_owned(), text: catalog }];
    let compilation = driver::compile(Inputs { package: "world".to_owned(), own, shelf, lock: None });
    let Some(model) = compilation.model else {
        let told = compilation.diagnostics.iter().map(|d| format!("{} {}\n", d.code, d.message));
        panic!("package {seed}: {}{text}", told.collect::<String>())
    };
    (text, model)
}

/// A z3 that answers one question after another.
struct Solver {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

enum Told {
    Satisfiable,
    Unsatisfiable,
    /// Time was up.
    Lost,
}

impl Solver {
    /// `None` if there is no z3.
    fn start() -> Option<Self> {
        let mut command = Command::new("z3");
        let piped = command
            .args(["-in", "-smt2", "tactic.default_tactic=smt"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = piped.spawn().ok()?;
        let (to, from) = (process.stdin.take()?, BufReader::new(process.stdout.take()?));
        Some(Solver { process, to, from })
    }

    fn ask(&mut self, script: &str) -> Told {
        let all = format!("(set-option :timeout 4000)\n{script}\n(check-sat)\n(echo \"end\")\n(reset)\n");
        self.to.write_all(all.as_bytes()).and_then(|()| self.to.flush()).expect("z3 listens");
        let mut told = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).expect("z3 answers") > 0, "z3 is gone");
            match line.trim_end() {
                "end" => break,
                other => told.push(other.to_owned()),
            }
        }
        match told.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["sat"] => Told::Satisfiable,
            ["unsat"] => Told::Unsatisfiable,
            ["unknown" | "timeout"] => Told::Lost,
            other => panic!("z3 says {other:?} to\n{script}"),
        }
    }
}

impl Drop for Solver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
