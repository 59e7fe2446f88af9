//! `sprag lint`

mod mend;
mod once;
mod settings;
mod statistics;
mod watch;

use std::io;
use std::path::PathBuf;

use clap::ValueEnum;
use jiff::civil::Date;

use super::findings::{format_and_file, formats};
use super::{Context, Exit};
use crate::diag::Severity;
use crate::report::Format;

/// Look for patterns that are allowed by the language and still questionable.
///
/// Guarantees are proved, too, unless --select names rules. `sprag explain` lists the rules; levels, thresholds and ignored files stand in `[lint]` of sprag.toml.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folders of packages, or anything in them; of a folder in no package, all packages below it. The current
    /// folder if missing.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    mending: Mending,
    #[command(flatten)]
    output: Output,
    /// The lowest level that counts for the exit code.
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "warning")]
    fail_level: FailLevel,
    /// Exit with 0 whatever is found.
    #[arg(long)]
    exit_zero: bool,
    /// Look again whenever a file changes.
    #[arg(short, long, conflicts_with_all = ["fix", "diff", "write_baseline", "output_file", "also"])]
    watch: bool,
    /// The day by which end dates are judged; today, in UTC, if missing.
    #[arg(long, value_name = "DAY")]
    today: Option<Date>,
}

/// Which rules run, and which of their findings count.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
struct Rules {
    /// Run only these rules: codes, names, beginnings of codes such as SPR01, or `all`.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    select: Vec<String>,
    /// Run these rules, too.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    extend_select: Vec<String>,
    /// Do not run these rules.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Report everything: as if no comment, no baseline and no `per-file-ignores` allowed anything.
    #[arg(long)]
    no_suppressions: bool,
    /// The file of known findings, instead of the one that sprag.toml names.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all findings to the baseline instead of reporting them.
    #[arg(long, conflicts_with_all = ["fix", "diff", "no_suppressions"])]
    write_baseline: bool,
}

/// What is done with fixes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Fixes")]
struct Mending {
    /// Mend what can be mended safely: nothing is permitted afterwards that was not before, nor denied.
    #[arg(long)]
    fix: bool,
    /// With --fix or --diff, also what may deny something that was permitted. Nothing that may widen access is
    /// ever applied.
    #[arg(long)]
    unsafe_fixes: bool,
    /// Change nothing; show what --fix would change.
    #[arg(long, conflicts_with = "fix")]
    diff: bool,
    /// List what was mended.
    #[arg(long)]
    show_fixes: bool,
}

/// How findings are shown.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct Output {
    /// How to show findings.
    #[arg(long, value_name = "FORMAT", default_value = "full", value_parser = formats())]
    output_format: String,
    /// Write the findings there instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// Write the findings to a file in this format, too; may be given several times.
    #[arg(long, value_name = "FORMAT=FILE", value_parser = format_and_file)]
    also: Vec<(&'static Format, PathBuf)>,
    /// Also write what comments and the baseline keep back, marked as such (json, json-lines, sarif).
    #[arg(long)]
    show_suppressed: bool,
    /// Show how often each rule fired instead of the findings.
    #[arg(long)]
    statistics: bool,
}

/// The lowest level that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailLevel {
    /// Only errors.
    Error,
    /// Errors and warnings.
    Warning,
    /// Everything.
    Note,
}

impl FailLevel {
    fn counts(self, severity: Severity) -> bool {
        match self {
            FailLevel::Error => severity == Severity::Error,
            FailLevel::Warning => severity != Severity::Note,
            FailLevel::Note => true,
        }
    }
}

/// 0 without findings of the level that counts, 1 with them or with errors in a package; with `--diff`, 1 if
/// something would change.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    if args.watch { watch::run(args, cx) } else { once::run(args, cx) }
}

impl Args {
    fn today(&self) -> Date {
        self.today.unwrap_or_else(|| jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date())
    }
}
