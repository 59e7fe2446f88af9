//! `sprag argue`

mod csv;
mod foreign;
mod log;
mod table;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::package::Package;
use super::ratchet::store;
use super::{Context, Exit, apps, calls, check, deliver, failed, files, progress};
use crate::analysis::privilege::argument::evidence::{Evidence, People};
use crate::analysis::privilege::argument::setup::{self, Early, Ground};
use crate::analysis::privilege::argument::{Argument, Asked, argue};
use crate::analysis::privilege::needs::Needs;
use crate::analysis::privilege::set::Operations;
use crate::analysis::privilege::{permitted::Permits, reach};
use crate::diag::nearest;
use crate::import::Note;
use crate::report::argument::{Basis, Case, json, page};
use crate::report::page::{self as pages, Page};
use crate::sema::model::{AppId, Model, PermissionModelId};
use crate::usage::tally::{Tally, Usage};
use crate::usage::time;

/// Argue about the scopes of an app: which it needs and for what, which not, and what would do instead.
///
/// One page for whoever grants the scopes and for the app's vendor. What the app needs is what the policy permits
/// it, or what it calls: by a list, or by logs of Microsoft Graph, Microsoft 365, GitHub, Google Workspace and
/// Atlassian.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of an app of the package; or a vendor's file, such as a descriptor or a manifest.
    #[arg(required_unless_present = "table")]
    app: Option<String>,
    /// The package's folder, or anything in it; the current folder if missing.
    path: Option<PathBuf>,
    /// What the app calls: an operation or `METHOD /path` on each line, with `as app` or `as user` behind it where that
    /// is known; `-` for standard input. With --table, the folder with such a list for each app, named as its file with
    /// `.calls` behind it.
    #[arg(long, value_name = "FILE")]
    calls: Option<PathBuf>,
    /// Of the calls, those that are made during set-up only; or more of them.
    #[arg(long, value_name = "FILE", requires = "calls", conflicts_with = "table")]
    setup_calls: Option<PathBuf>,
    /// Logs of what the app did: JSON Lines, JSON or CSV with a column `AuditData`, also compressed with gzip; `-` for
    /// standard input.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["calls", "table"])]
    log: Vec<PathBuf>,
    /// What logs call the app, besides its key.
    #[arg(long = "as", value_name = "NAME", requires = "log")]
    names: Vec<String>,
    /// When the app was installed, as 2026-12-31T12:00:00Z; as far as the logs say it if missing.
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "log")]
    installed: Option<i64>,
    /// How long set-up lasts.
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = store::duration)]
    setup: i64,
    /// Instead of one page, a row for each app that is described in these folders.
    #[arg(long, value_name = "FOLDER", num_args = 1.., conflicts_with_all = ["app", "path"])]
    table: Vec<PathBuf>,
    /// How to write it.
    #[arg(long, value_enum, default_value = "markdown")]
    format: Form,
    /// Where to write; standard output if missing.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For a ticket or a mail.
    Markdown,
    /// One file that needs no other.
    Html,
    /// For programs.
    Json,
}

/// 0 when there is an argument, whatever it says; 1 if the package has errors; 2 where it cannot be made.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    if !args.table.is_empty() {
        let rows = table::rows(&args.table, args.calls.as_deref(), cx)?;
        return match args.format {
            Form::Json => write_json(args, &crate::report::argument::table::json(&rows), cx),
            Form::Markdown | Form::Html => write_page(args, &crate::report::argument::table::page(&rows), cx),
        };
    }
    let wanted = args.app.as_deref().unwrap_or_default();
    if let Some(file) = foreign_file(wanted, cx) {
        if let Some(path) = &args.path {
            return Err(failed(format!(
                "{} describes the app, so that no package is looked at; leave out {}",
                files::shown(&cx.cwd, &file),
                path.display()
            )));
        }
        let found = foreign::load(&file, cx)?;
        if found.all_products && !cx.quiet {
            let shown = files::shown(&cx.cwd, &file);
            let text = format!(
                "note: {shown} does not say for which product the app is; all of its platform are taken"
            );
            writeln!(cx.err, "{}", crate::report::visible(&text))?;
        }
        for note in &found.unknown {
            let text = format!("warning: {note}; nothing is said of it");
            writeln!(cx.err, "{}", crate::report::one_line(&text))?;
        }
        let apps: Vec<AppId> = (0..found.model.apps.len() as u32).map(AppId).collect();
        return tell(args, &found.model, &apps, Some(&found.unknown), cx);
    }
    let compiled = Package::load(args.path.as_deref(), cx)?.compile(cx);
    let Some(model) = &compiled.compilation.model else {
        check::show_errors(&compiled, cx)?;
        return Ok(Exit::Findings);
    };
    let names = || model.apps.iter().map(|app| app.name.as_str());
    let Some(app) = names().position(|known| known == wanted) else {
        let near = nearest(wanted, names()).map_or_else(String::new, |near| format!("; {near}"));
        return Err(failed(format!("there is no app or file `{wanted}`{near}")));
    };
    tell(args, model, &[AppId(app as u32)], None, cx)
}

/// The argument names a file: apps have names without a dot.
fn foreign_file(wanted: &str, cx: &Context<'_>) -> Option<PathBuf> {
    let path = cx.cwd.join(wanted);
    (wanted.contains(['.', '/', '\\']) && path.is_file()).then_some(path)
}

/// Argues about these apps and writes what comes out. `unknown` is what a vendor's file has that is not known, where
/// the apps come from one.
fn tell(
    args: &Args,
    model: &Model,
    apps: &[AppId],
    unknown: Option<&[Note]>,
    cx: &mut Context<'_>,
) -> io::Result<Exit> {
    let alone = unknown.is_some();
    let unknown = unknown.unwrap_or_default();
    let needs = Needs::of(model);
    let mut told: Vec<(Argument, Basis)> = Vec::new();
    if let (Some(calls), [_, _, ..]) = (&args.calls, apps)
        && calls.as_os_str() == "-"
    {
        return Err(failed("the file describes several apps; name a file with --calls that each can read"));
    }
    if args.log.iter().any(|path| path.as_os_str() == "-") && apps.len() > 1 {
        return Err(failed("the file describes several apps; name files with --log that each can read"));
    }
    for app in apps {
        told.push(about(args, model, &needs, *app, alone, cx)?);
    }
    let cases: Vec<Case<'_>> =
        told.iter().map(|(argument, basis)| Case { model, argument, basis, unknown }).collect();
    match args.format {
        Form::Json => write_json(args, &json(&cases), cx),
        Form::Markdown | Form::Html => write_page(args, &page(&cases), cx),
    }
}

/// What is being done.
const ARGUING: &str = "arguing";

fn about(
    args: &Args,
    model: &Model,
    needs: &Needs,
    app: AppId,
    alone: bool,
    cx: &mut Context<'_>,
) -> io::Result<(Argument, Basis)> {
    if let Some(path) = &args.calls {
        return listed(path, args.setup_calls.as_deref(), args.setup, model, needs, app, cx);
    }
    if !args.log.is_empty() {
        let usage = log::read(&args.log, Tally::new(model, app, &args.names), cx)?;
        warn(model, app, &usage, cx)?;
        let early = setup::early(&usage, args.installed, args.setup);
        let evidence = Evidence::of_usage(model, needs, app, &usage);
        // Where the log cannot show it, nothing is guessed either: what it shows is what there is.
        let none = Early { operations: Operations::default(), ground: Ground::Said, seconds: args.setup };
        let _turning = progress::spinner(cx, ARGUING);
        let (early_or_none, unheard) = (early.as_ref().unwrap_or(&none), usage.unheard(model, app));
        let argument = ask(model, needs, &evidence, app, Some(early_or_none), &unheard)?;
        let files = args.log.iter().map(|path| files::shown(&cx.cwd, path)).collect();
        return Ok((argument, Basis::Logged { files, usage: Box::new(usage), early }));
    }
    let none_unheard = BTreeSet::new();
    if alone {
        let _turning = progress::spinner(cx, ARGUING);
        return Ok((ask(model, needs, &open(model, needs, app), app, None, &none_unheard)?, Basis::Open));
    }
    let regions = apps::permitted(model, needs, cx);
    let _turning = progress::spinner(cx, ARGUING);
    Ok((ask(model, needs, &regions, app, None, &none_unheard)?, Basis::Permitted))
}

/// What a list says that the app calls.
fn listed(
    path: &Path,
    setup_path: Option<&Path>,
    seconds: i64,
    model: &Model,
    needs: &Needs,
    app: AppId,
    cx: &mut Context<'_>,
) -> io::Result<(Argument, Basis)> {
    let mut all = calls::known(model, path, cx)?;
    let early = setup_path.map(|path| calls::known(model, path, cx)).transpose()?;
    let early = early.map(|calls| {
        let operations = calls.keys().copied().collect();
        for (id, people) in calls {
            let known = all.entry(id).or_insert(people);
            known.with |= people.with;
            known.without |= people.without;
        }
        Early { operations, ground: Ground::Said, seconds }
    });
    let evidence = Evidence::new(model, app, all);
    let _turning = progress::spinner(cx, ARGUING);
    let argument = ask(model, needs, &evidence, app, early.as_ref(), &BTreeSet::new())?;
    let shown = |path: &Path| match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => files::shown(&cx.cwd, path),
    };
    Ok((argument, Basis::Listed { file: shown(path), setup: setup_path.map(shown) }))
}

/// All that the app's scopes open counts as needed.
fn open<'m>(model: &'m Model, needs: &Needs, app: AppId) -> Evidence<'m> {
    let reach = reach::of(model, needs, app);
    let one = |id| (id, People { with: true, without: reach.unattended.contains(id) });
    Evidence::new(model, app, reach.opens.or(&reach.unattended).iter().map(one).collect())
}

fn ask(
    model: &Model,
    needs: &Needs,
    permits: &dyn Permits,
    app: AppId,
    early: Option<&Early>,
    unheard: &BTreeSet<PermissionModelId>,
) -> io::Result<Argument> {
    argue(&Asked { model, needs, permits, app, early, unheard }).ok_or_else(|| {
        let name = &model.apps[app.index()].name;
        failed(format!("the ratchets of `{name}` have too many combinations of stages to tell apart"))
    })
}

/// Tells where a log seems to be about something else.
fn warn(model: &Model, app: AppId, usage: &Usage, cx: &mut Context<'_>) -> io::Result<()> {
    if usage.calls > 0 {
        return Ok(());
    }
    let others = usage.most_others();
    let others: Vec<String> = others.iter().map(|(name, times)| format!("`{name}` ({times})")).collect();
    let hint = match others.is_empty() {
        true => String::new(),
        false => format!("; they name {}: --as NAME says which of them it is", others.join(", ")),
    };
    let app = &model.apps[app.index()];
    let text = format!("warning: the logs show no call by `{}` of app `{}`{hint}", app.key, app.name);
    writeln!(cx.err, "{}", crate::report::visible(&text))
}

fn write_page(args: &Args, page: &Page, cx: &mut Context<'_>) -> io::Result<Exit> {
    let mut bytes = Vec::new();
    match args.format {
        Form::Html => pages::html(page, &mut bytes)?,
        Form::Markdown | Form::Json => pages::markdown(page, &mut bytes)?,
    }
    deliver(cx, args.output.as_deref(), &bytes)?;
    Ok(Exit::Clean)
}

fn write_json(args: &Args, value: &serde_json::Value, cx: &mut Context<'_>) -> io::Result<Exit> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)? + "\n";
    deliver(cx, args.output.as_deref(), text.as_bytes())?;
    Ok(Exit::Clean)
}

fn instant(text: &str) -> Result<i64, String> {
    time::text_instant(text).ok_or_else(|| format!("`{text}` is no time as 2026-12-31T12:00:00Z"))
}
