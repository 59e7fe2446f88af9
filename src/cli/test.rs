//! `sprag test`

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use clap::builder::PossibleValuesParser;

use super::package::Package;
use super::{Context, Exit, bundle, check, deliver, failed, progress};
use crate::request::Request;
use crate::suite::{self, Decider, Suite, Thresholds, coverage, mutation};
use crate::{authzen, emit, eval, report};

/// Run the tests in a package's files.
///
/// Each request is answered by the bundle and by the reference evaluator, which must agree.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The package's folder, or anything in it; the current folder if missing.
    path: Option<PathBuf>,
    /// How to show results.
    #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = formats())]
    output_format: String,
    /// Write the results there instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Run only tests whose title contains this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Say which rules, layers and cells of the decision space the tests reach.
    #[arg(long, conflicts_with = "filter")]
    coverage: bool,
    /// Plant mistakes in the policy, one after the other, and say which of them no test notices.
    #[arg(long, conflicts_with = "filter")]
    mutation: bool,
    /// Fail unless so many hundredths of the rules are decisive in some case.
    #[arg(long, value_name = "PERCENT", conflicts_with = "filter", value_parser = percent())]
    min_rules: Option<u8>,
    /// Fail unless so many hundredths of the cells of the decision space are reached.
    #[arg(long, value_name = "PERCENT", conflicts_with = "filter", value_parser = percent())]
    min_cells: Option<u8>,
    /// Fail unless so many hundredths of the planted mistakes are noticed.
    #[arg(long, value_name = "PERCENT", conflicts_with = "filter", value_parser = percent())]
    min_mutation: Option<u8>,
}

fn percent() -> clap::builder::RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(0..=100)
}

/// 0 if all pass, 1 if one does not, or less is reached than was asked for, or the package has errors; 2 if no test
/// has the filter's text in its title.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let package = Package::load(args.path.as_deref(), cx)?;
    let thresholds = match args.filter {
        // A part of the tests reaches only a part.
        Some(_) => Thresholds::default(),
        None => Thresholds {
            rules: args.min_rules.or(package.thresholds.rules),
            cells: args.min_cells.or(package.thresholds.cells),
            mutation: args.min_mutation.or(package.thresholds.mutation),
        },
    };
    let compiled = package.compile(cx);
    let Some(model) = &compiled.compilation.model else {
        check::show_errors(&compiled, cx)?;
        return Ok(Exit::Findings);
    };
    let sources = &compiled.compilation.sources;
    let bytes = match emit::build(model, sources) {
        Ok(bytes) => bytes,
        Err(found) => {
            check::show_found(&compiled, &found, cx)?;
            return Ok(Exit::Findings);
        }
    };
    let fault = |why| failed(format!("the bundle just built is refused, which is a fault of sprag: {why}"));
    let point = RefCell::new(bundle::open(&bytes).map_err(fault)?);
    let start = Instant::now();
    let mut results = {
        let _bar = progress::spinner(cx, "testing");
        let defined = |request: &Request| authzen::explain(model, sources, &eval::evaluate(model, request));
        suite::run(&Suite {
            model,
            place: &|at| compiled.shown_place(at),
            decider: Decider { name: "runtime", decide: &|request| point.borrow_mut().explain(request) },
            others: &[Decider { name: "evaluator", decide: &defined }],
            filter: args.filter.as_deref(),
            clock: &|| start.elapsed(),
        })
    };
    if let Some(text) = args.filter.as_deref().filter(|_| results.tests.is_empty()) {
        // A mistyped filter must not look like tests that pass.
        let all = report::count(results.left_out, "test");
        return Err(failed(format!("no test has `{text}` in its title; the package has {all}")));
    }
    if args.coverage || thresholds.rules.is_some() || thresholds.cells.is_some() {
        let mut measured = coverage::measure(model);
        // They take by far the most time, and a threshold for rules says nothing of them.
        if args.coverage || thresholds.cells.is_some() {
            let bar = progress::bar(cx, "measuring", model.operations.len());
            measured.cells = Some(coverage::cells(model, &|done, of| bar.at(done, of)));
        }
        results.coverage = Some(measured);
    }
    if args.mutation || thresholds.mutation.is_some() {
        if results.passed() {
            let bar = progress::bar(cx, "planting mistakes", mutation::mutants(model, sources).len());
            results.mutation = Some(mutation::run(model, sources, &|done, of| bar.at(done, of)));
        } else {
            writeln!(cx.err, "no mistakes are planted while tests fail")?;
        }
    }
    results.demand(thresholds);
    let format = report::test_format(&args.output_format).unwrap_or(report::TEST_FORMATS[0]);
    let look = if args.output.is_some() { report::Look::PLAIN } else { cx.look };
    let mut bytes = Vec::new();
    (format.write)(&compiled.name, &compiled.shown(), &results, &look, &mut bytes)?;
    deliver(cx, args.output.as_deref(), &bytes)?;
    Ok(if results.passed() && results.shortfalls.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn formats() -> PossibleValuesParser {
    let value = |f: &&report::TestFormat| clap::builder::PossibleValue::new(f.name).help(f.title);
    report::TEST_FORMATS.iter().map(value).collect::<Vec<_>>().into()
}
