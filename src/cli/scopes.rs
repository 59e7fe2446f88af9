//! `sprag scopes`

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use clap::ValueEnum;

use super::package::Package;
use super::{Context, Exit, apps, calls, check, failed, progress};
use crate::analysis::grants::{self, Answer, Measure, NoAnswer};
use crate::analysis::minimal::Budget;
use crate::analysis::privilege::change::{self, Change};
use crate::analysis::privilege::needs::Needs;
use crate::report;
use crate::sema::model::{AppId, Model, OperationId};

/// Find the smallest grant of scopes for what each app is permitted, or for a list of calls.
///
/// The grant is exact: a certificate that none costs less is made and checked. Where that takes too long, the
/// answer says so and gives the lower bound that was reached.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The package's folder, or anything in it; the current folder if missing.
    path: Option<PathBuf>,
    /// Only this app; all apps if missing.
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// What is needed instead of what is permitted: an operation or `METHOD /path` on each line, `-` for standard
    /// input. Blank lines and lines that begin with `#` count for nothing.
    #[arg(long, value_name = "FILE")]
    calls: Option<PathBuf>,
    /// What a smaller grant is smaller in.
    #[arg(long, value_enum, value_name = "MEASURE", default_value = "surface")]
    cost: Cost,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Cost {
    /// Operations opened beyond need.
    Surface,
    /// The same, those that administer first, then those that delete, write and read.
    Access,
    /// Scopes held, those of the platform's highest level first.
    Level,
}

/// 0 if every app holds what is smallest for it, 1 if some app could hold less or misses something, or the package
/// has errors.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let compiled = Package::load(args.path.as_deref(), cx)?.compile(cx);
    let Some(model) = &compiled.compilation.model else {
        check::show_errors(&compiled, cx)?;
        return Ok(Exit::Findings);
    };
    let apps = apps::chosen(model, args.app.as_deref())?;
    let calls = args.calls.as_ref().map(|path| calls::known(model, path, cx)).transpose()?;
    let calls: Option<BTreeSet<OperationId>> = calls.map(|calls| calls.into_keys().collect());
    let measure = match args.cost {
        Cost::Surface => Measure::Surface,
        Cost::Access => Measure::Access,
        Cost::Level => Measure::Level,
    };
    let mut answers: Vec<(Answer, Change)> = Vec::new();
    {
        let bar = progress::parts(cx, "finding the smallest grants");
        let all = apps.len();
        let permitted = crate::analysis::standing::Standing::new(model);
        let needs = Needs::of(model);
        for (done, app) in apps.into_iter().enumerate() {
            bar.at(done, all);
            let needed = match &calls {
                Some(calls) => calls.clone(),
                None => grants::needed_outright(model, app, permitted.may(app, &BTreeSet::new())),
            };
            let answer = grants::least(model, app, &needed, measure, Budget::default());
            let answer = answer.map_err(|e| failed(sentence(model, app, &e)))?;
            let change = change::of(model, &needs, app, &answer.least.requested, &needed);
            answers.push((answer, change));
        }
    }
    if args.json {
        let document = report::scopes::json(model, &answers);
        writeln!(cx.out, "{}", serde_json::to_string_pretty(&document)?)?;
    } else {
        report::scopes::text(model, &answers, cx.out)?;
    }
    let as_small = |answer: &Answer| answer.goes().is_empty() && answer.comes().is_empty();
    Ok(if answers.iter().all(|(answer, _)| as_small(answer)) { Exit::Clean } else { Exit::Findings })
}

fn sentence(model: &Model, app: AppId, why: &NoAnswer) -> String {
    let app = &model.apps[app.index()].name;
    match why {
        NoAnswer::NotCallable(operations) => {
            let names: Vec<String> =
                operations.iter().map(|o| format!("`{}`", model.operations[o.index()].name)).collect();
            format!("the permission models of `{app}` do not have {}", names.join(", "))
        }
        NoAnswer::NoLevels => {
            format!(
                "the catalogs say no level of any scope that `{app}` could hold; --cost level counts levels"
            )
        }
        NoAnswer::TooLarge => "there are too many operations and scopes to count".to_owned(),
    }
}
