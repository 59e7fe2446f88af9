//! `sprag target`

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::package::Package;
use super::{Context, Exit, check, deliver, failed, progress};
use crate::diag::nearest;
use crate::report::visible;
use crate::sema::model::{AppId, Model};
use crate::target::{self, About, Options, Policy, TARGETS, Target};

/// Make a platform's own settings from a policy, and tell what they cannot enforce.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the targets.
    List {
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what a target can tell requests apart by, and its limits.
    Show {
        /// The target.
        name: String,
    },
    Build(Build),
}

/// Make the settings of a target for a package, with a report of what they let through though the policy denies it.
///
/// By default the settings break nothing: they let through all that the policy permits, and the report lists what else.
#[derive(Debug, clap::Args)]
struct Build {
    /// The target.
    name: String,
    /// The package's folder, or anything in it; the current folder if missing.
    path: Option<PathBuf>,
    /// Only for this app; may be given several times.
    #[arg(long, value_name = "NAME")]
    app: Vec<String>,
    /// Let nothing through that the policy denies, even if that breaks what it permits: the report lists that, too.
    #[arg(long)]
    strict: bool,
    /// Exit with 1 if the settings let anything through that the policy denies.
    #[arg(long)]
    deny_gap: bool,
    /// How to write it. `text` is the settings alone, in the platform's own words; the report then goes to standard
    /// error, or with --output to standard output.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write it there instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The settings in the platform's own words.
    Text,
    /// Settings and report.
    Json,
    /// Settings and report, as a page.
    Markdown,
}

/// 0, or 1 if the package has errors, or there is a gap and --deny-gap is given.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    match &args.command {
        Command::List { json } => list(*json, cx)?,
        Command::Show { name } => show(named(name)?.about(), cx)?,
        Command::Build(args) => return build(args, cx),
    }
    Ok(Exit::Clean)
}

fn list(as_json: bool, cx: &mut Context<'_>) -> io::Result<()> {
    if as_json {
        let of = |about: &About| {
            json!({
                "name": about.name,
                "title": about.title,
                "sees": about.sees.iter().map(|sees| sees.words()).collect::<Vec<_>>(),
                "limits": about.limits.iter().map(|l| json!({ "what": l.what, "most": l.most })).collect::<Vec<_>>(),
                "stale": about.stale,
                "source": about.source,
            })
        };
        let all: Vec<_> = TARGETS.iter().map(|target| of(target.about())).collect();
        return writeln!(cx.out, "{}", serde_json::to_string_pretty(&json!({ "targets": all }))?);
    }
    let width = TARGETS.iter().map(|target| target.about().name.len()).max().unwrap_or(0);
    for about in TARGETS.iter().map(|target| target.about()) {
        writeln!(cx.out, "{:<width$}  {}", about.name, about.title)?;
    }
    Ok(())
}

fn show(about: &About, cx: &mut Context<'_>) -> io::Result<()> {
    writeln!(cx.out, "{}: {}", about.name, about.title)?;
    let sees: Vec<String> = about.sees.iter().map(|sees| sees.words()).collect();
    writeln!(cx.out, "  sees    {}", sees.join(", "))?;
    for limit in about.limits {
        writeln!(cx.out, "  limit   {} {}", limit.most, limit.what)?;
    }
    writeln!(cx.out, "  stale   {}", about.stale)?;
    writeln!(cx.out, "  source  {}", about.source)
}

fn build(args: &Build, cx: &mut Context<'_>) -> io::Result<Exit> {
    let target = named(&args.name)?;
    let compiled = Package::load(args.path.as_deref(), cx)?.compile(cx);
    let Some(model) = &compiled.compilation.model else {
        check::show_errors(&compiled, cx)?;
        return Ok(Exit::Findings);
    };
    let apps = args.app.iter().map(|name| app(model, name)).collect::<io::Result<BTreeSet<AppId>>>()?;
    let options = Options { strict: args.strict, apps: (!apps.is_empty()).then_some(apps) };
    let report = {
        let bar = progress::parts(cx, "making settings");
        target::build(&Policy::new(model), target, &options, &|done, of| {
            bar.part("looking for gaps", done, of);
        })
    };
    let output = args.output.as_deref();
    match args.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&target::json(model, &report))?;
            deliver(cx, output, format!("{text}\n").as_bytes())?;
        }
        Format::Markdown => deliver(cx, output, target::markdown(model, &report).as_bytes())?,
        Format::Text => {
            deliver(cx, output, target::text(&report).as_bytes())?;
            let told = target::summary(model, &report);
            match output {
                Some(path) if path.as_os_str() != "-" => write!(cx.out, "{}", visible(&told))?,
                Some(_) | None => write!(cx.err, "{}", visible(&told))?,
            }
        }
    }
    let fails = args.deny_gap && !report.found.gaps.is_empty();
    Ok(if fails { Exit::Findings } else { Exit::Clean })
}

fn named(name: &str) -> io::Result<&'static dyn Target> {
    target::named(name).ok_or_else(|| {
        let near = nearest(name, TARGETS.iter().map(|target| target.about().name));
        let hint = near
            .map_or_else(|| "; `sprag target list` tells which there are".to_owned(), |n| format!("; {n}"));
        failed(format!("there is no target `{name}`{hint}"))
    })
}

fn app(model: &Model, name: &str) -> io::Result<AppId> {
    match (0..).map(AppId).zip(&model.apps).find(|(_, app)| app.name == name) {
        Some((id, _)) => Ok(id),
        None => {
            let near = nearest(name, model.apps.iter().map(|app| app.name.as_str()));
            let hint = near.map_or_else(String::new, |near| format!("; {near}"));
            Err(failed(format!("there is no app `{name}`{hint}")))
        }
    }
}
