//! `sprag test`

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use clap::builder::PossibleValuesParser;

use super::package::Package;
use super::{Context, Exit, check, deliver, progress};
use crate::eval;
use crate::report;
use crate::suite::{self, Decider, Suite};

/// Run the tests in a package's files.
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
    let sources = compiled.shown();
    let start = Instant::now();
    let results = {
        let _bar = progress::spinner(cx, "testing");
        suite::run(&Suite {
            model,
            sources: &sources,
            decider: Decider { name: "evaluator", decide: &|request| eval::evaluate(model, request) },
            others: &[],
            filter: args.filter.as_deref(),
            clock: &|| start.elapsed(),
        })
    };
    let format = report::test_format(&args.output_format).unwrap_or(report::TEST_FORMATS[0]);
    let look = if args.output.is_some() { report::Look::PLAIN } else { cx.look };
    let mut bytes = Vec::new();
    (format.write)(&compiled.name, &sources, &results, &look, &mut bytes)?;
    deliver(cx, args.output.as_deref(), &bytes)?;
    Ok(if results.passed() { Exit::Clean } else { Exit::Findings })
}

fn formats() -> PossibleValuesParser {
    let value = |f: &&report::TestFormat| clap::builder::PossibleValue::new(f.name).help(f.title);
    report::TEST_FORMATS.iter().map(value).collect::<Vec<_>>().into()
}
