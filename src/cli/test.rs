//! `sprag test`

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use clap::builder::PossibleValuesParser;

use super::package::Package;
use super::{Context, Exit, bundle, check, deliver, failed, progress};
use crate::request::Request;
use crate::suite::{self, Decider, Suite};
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
}

/// 0 if all pass, 1 if one does not or the package has errors.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let compiled = Package::load(args.path.as_deref(), cx)?.compile(cx);
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
    let results = {
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
    let format = report::test_format(&args.output_format).unwrap_or(report::TEST_FORMATS[0]);
    let look = if args.output.is_some() { report::Look::PLAIN } else { cx.look };
    let mut bytes = Vec::new();
    (format.write)(&compiled.name, &compiled.shown(), &results, &look, &mut bytes)?;
    deliver(cx, args.output.as_deref(), &bytes)?;
    Ok(if results.passed() { Exit::Clean } else { Exit::Findings })
}

fn formats() -> PossibleValuesParser {
    let value = |f: &&report::TestFormat| clap::builder::PossibleValue::new(f.name).help(f.title);
    report::TEST_FORMATS.iter().map(value).collect::<Vec<_>>().into()
}
