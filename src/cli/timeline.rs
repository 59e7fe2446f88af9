//! `sprag timeline`

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::package::Package;
use super::{Context, Exit, apps, check};
use crate::analysis::privilege::needs::Needs;
use crate::analysis::privilege::timeline::{self, Moment, Timeline, When};
use crate::analysis::told;
use crate::sema::model::Model;
use crate::syntax::printer;

/// Show what apps may still do as time goes by, and from when on they can only read.
///
/// What time alone takes comes first, at the latest after what is said; then what other triggers take, ratchet by
/// ratchet. A stage that can be reopened may be left again for a while.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The package's folder, or anything in it; the current folder if missing.
    path: Option<PathBuf>,
    /// Only this app.
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

/// 0, or 1 if the package has errors.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let compiled = Package::load(args.path.as_deref(), cx)?.compile(cx);
    let Some(model) = &compiled.compilation.model else {
        check::show_errors(&compiled, cx)?;
        return Ok(Exit::Findings);
    };
    let wanted = apps::chosen(model, args.app.as_deref())?;
    let needs = Needs::of(model);
    let regions = apps::permitted(model, &needs, cx);
    let timelines = wanted.iter().map(|app| timeline::of(model, &regions, *app));
    if args.json {
        let apps: Vec<Value> = timelines.map(|timeline| json_of(model, &timeline)).collect();
        let text = serde_json::to_string_pretty(&json!({ "apps": apps })).map_err(io::Error::other)?;
        writeln!(cx.out, "{text}")?;
        return Ok(Exit::Clean);
    }
    for (at, timeline) in timelines.enumerate() {
        if at > 0 {
            writeln!(cx.out)?;
        }
        show(model, &timeline, cx)?;
    }
    Ok(Exit::Clean)
}

fn show(model: &Model, timeline: &Timeline, cx: &mut Context<'_>) -> io::Result<()> {
    let app = &model.apps[timeline.app.index()];
    let rows: Vec<(String, String)> =
        timeline.moments.iter().map(|moment| (when(model, moment), standing(model, moment))).collect();
    let wide = |pick: fn(&(String, String)) -> &String| {
        rows.iter().map(|row| pick(row).chars().count()).max().unwrap_or(0)
    };
    let (left, right) = (wide(|row| &row.0), wide(|row| &row.1));
    let title = format!("app `{}`", app.name);
    writeln!(cx.out, "{title:<width$}  read write delete admin   all", width = left + right + 4)?;
    for ((when, standing), moment) in rows.iter().zip(&timeline.moments) {
        let c = moment.permitted.counts(model);
        write!(cx.out, "  {when:<left$}  {standing:<right$}  ")?;
        writeln!(cx.out, "{:>4} {:>5} {:>6} {:>5} {:>5}", c.read, c.write, c.delete, c.admin, c.total())?;
    }
    let harmless = match timeline.harmless {
        None => "never".to_owned(),
        Some(0) => "from the installation on".to_owned(),
        Some(at) => rows[at].0.clone(),
    };
    writeln!(cx.out, "  nothing but reading: {harmless}")?;
    let mut reopened = timeline.moments.iter().flat_map(|moment| &moment.stages);
    let reopened = reopened.any(|(ratchet, _)| !model.ratchets[ratchet.index()].reopenings.is_empty());
    if reopened && timeline.harmless.is_some() {
        writeln!(cx.out, "  unless a stage is reopened: then an earlier one comes back for a while")?;
    }
    Ok(())
}

fn json_of(model: &Model, timeline: &Timeline) -> Value {
    let app = &model.apps[timeline.app.index()];
    let moment = |moment: &Moment| {
        let c = moment.permitted.counts(model);
        let stages = moment.stages.iter().map(|(ratchet, stage)| {
            let ratchet = &model.ratchets[ratchet.index()];
            (ratchet.name.clone(), json!(ratchet.stages[*stage as usize].name))
        });
        let mut told = json!({
            "stages": Value::Object(stages.collect()),
            "permitted": {
                "read": c.read, "write": c.write, "delete": c.delete, "admin": c.admin, "all": c.total(),
            },
        });
        match &moment.when {
            When::At(seconds) => told["after"] = json!(seconds),
            When::Once(ratchet, triggers) => {
                let ratchet = &model.ratchets[ratchet.index()];
                let words = triggers.iter().map(|trigger| told::trigger(model, ratchet, trigger));
                told["when"] = words.collect();
            }
        }
        told
    };
    json!({
        "app": app.name,
        "key": app.key,
        "moments": timeline.moments.iter().map(moment).collect::<Vec<_>>(),
        "harmless": timeline.harmless,
    })
}

fn when(model: &Model, moment: &Moment) -> String {
    match &moment.when {
        When::At(0) => "from the installation on".to_owned(),
        When::At(seconds) => format!("{} after it at the latest", printer::print_duration(*seconds)),
        When::Once(ratchet, triggers) => {
            let ratchet = &model.ratchets[ratchet.index()];
            let words: Vec<String> =
                triggers.iter().map(|trigger| told::trigger(model, ratchet, trigger)).collect();
            format!("when {}", words.join(" or "))
        }
    }
}

fn standing(model: &Model, moment: &Moment) -> String {
    let stages = moment.stages.iter().map(|(ratchet, stage)| {
        let ratchet = &model.ratchets[ratchet.index()];
        format!("{}.{}", ratchet.name, ratchet.stages[*stage as usize].name)
    });
    stages.collect::<Vec<_>>().join(", ")
}
