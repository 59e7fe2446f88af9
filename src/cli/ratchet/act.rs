//! What all commands have in common that tell of something, or want something of one installation.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::shown;
use super::store::{StoreArgs, says, time};
use crate::analysis::privilege::held::{self, Difference};
use crate::analysis::privilege::needs::Needs;
use crate::analysis::privilege::regions::Regions;
use crate::cli::package::{Compiled, Package};
use crate::cli::{Context, Exit, check, failed, progress};
use crate::diag::nearest;
use crate::ratchet::{
    Event, Facts, Here, Installation, Refused, State, Step, Target, What, advance, effective, watched,
};
use crate::report;
use crate::sema::model::{AppId, Model};
use crate::state::{Acknowledged, Change, HighestTime, Store, Witnessed};

/// The policy, and how to answer.
#[derive(Debug, clap::Args)]
pub(super) struct PolicyArgs {
    /// The package's folder, or anything in it; the current folder if missing.
    #[arg(long, value_name = "PATH")]
    package: Option<PathBuf>,
    /// When it is, as 2026-12-31T12:00:00Z or in seconds since 1970; now if missing.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What is done to which installation, and by whom.
#[derive(Debug, clap::Args)]
pub(super) struct ActArgs {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// The app, by its key or by its name in the policy.
    #[arg(long, value_name = "APP")]
    app: String,
    /// The site that it is installed on.
    #[arg(long, value_name = "SITE")]
    site: String,
    /// Who does it, or tells of it: a person or a system.
    #[arg(long, value_name = "NAME")]
    who: String,
    /// Why.
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// Keep nothing; show what would be lost and gained, and who would notice.
    #[arg(long)]
    dry_run: bool,
}

/// Under this name the command line writes facts. Steps are computed inside of the store's transaction, so that no
/// two of them are made at once.
pub(super) const WRITER: &str = "sprag";

impl PolicyArgs {
    /// The package, compiled; `None` if it has errors, which are told.
    pub(super) fn compile(&self, cx: &mut Context<'_>) -> io::Result<Option<Compiled>> {
        compile(self.package.as_deref(), cx)
    }

    pub(super) fn now(&self) -> io::Result<i64> {
        time(self.at.as_deref())
    }
}

fn compile(path: Option<&Path>, cx: &mut Context<'_>) -> io::Result<Option<Compiled>> {
    let compiled = Package::load(path, cx)?.compile(cx);
    if compiled.compilation.model.is_some() {
        return Ok(Some(compiled));
    }
    check::show_errors(&compiled, cx)?;
    Ok(None)
}

/// The app with this key or name.
pub(super) fn app(model: &Model, named: &str) -> io::Result<AppId> {
    let found = model.apps.iter().position(|app| app.key == named || app.name == named);
    found.map(|at| AppId(at as u32)).ok_or_else(|| {
        let names = model.apps.iter().flat_map(|app| [app.key.as_str(), app.name.as_str()]);
        let near = nearest(named, names).map_or(String::new(), |near| format!("; {near}"));
        failed(format!("the policy has no app `{named}`{near}"))
    })
}

/// The key of the app with this key or name.
pub(super) fn key<'m>(model: &'m Model, named: &str) -> io::Result<&'m str> {
    Ok(&model.apps[app(model, named)?.index()].key)
}

/// Lets this happen to the installation, and tells what came of it.
pub(super) fn run(args: &ActArgs, what: What, cx: &mut Context<'_>) -> io::Result<Exit> {
    run_with(args, cx, |_, _, _| Ok(what))
}

/// The same with what depends on the policy, the app and the time.
pub(super) fn run_with(
    args: &ActArgs,
    cx: &mut Context<'_>,
    what: impl FnOnce(&Model, AppId, i64) -> io::Result<What>,
) -> io::Result<Exit> {
    let Some(compiled) = args.policy.compile(cx)? else { return Ok(Exit::Failed) };
    let Some(model) = &compiled.compilation.model else { return Ok(Exit::Failed) };
    let here = Here { writer: WRITER, now: args.policy.now()? };
    let app = app(model, &args.app)?;
    let installation = Installation { app: model.apps[app.index()].key.clone(), site: args.site.clone() };
    let event = Event { what: what(model, app, here.now)?, by: args.who.clone(), reason: args.why.clone() };
    tell_unknown(&event.what, model, app, cx)?;
    let store = args.store.open(cx)?;
    let (before, step, acknowledged) = if args.dry_run {
        let (_, known) = store.read(&installation).map_err(says)?;
        let known = known.unwrap_or_default();
        let step = advance(model, &installation, &not_before(&known, highest(&store)?), &event, here);
        (known, step, None)
    } else {
        let (known, step, acknowledged) = take(&store, model, &installation, &event, here)?;
        (known, step, Some(acknowledged))
    };
    let step = match step {
        Ok(step) => step,
        Err(refused) => return refuse(&refused, args.policy.format, cx),
    };
    let difference = args.dry_run.then(|| {
        let old = effective(model, &before, &installation, here.now);
        difference(model, app, &old, &step.state, cx)
    });
    let told = Told {
        model,
        app,
        installation: &installation,
        before: &before,
        step: &step,
        acknowledged,
        difference,
    };
    match args.policy.format {
        // What was only tried is asked for; what was kept is no answer to anything.
        Format::Text if cx.quiet && !args.dry_run => {}
        Format::Text => told.text(cx)?,
        Format::Json => writeln!(cx.out, "{}", shown::pretty(&told.json())?)?,
    }
    Ok(Exit::Clean)
}

/// Says which of the scopes that a version asks for are none of the app's permission models.
fn tell_unknown(what: &What, model: &Model, app: AppId, cx: &mut Context<'_>) -> io::Result<()> {
    let (What::Installed { asks, .. } | What::Version { asks, .. }) = what else { return Ok(()) };
    if cx.quiet {
        return Ok(());
    }
    let models = &model.apps[app.index()].models;
    let scopes = || model.scopes.iter().filter(|scope| models.contains(&scope.model));
    for name in asks.iter().filter(|name| !scopes().any(|scope| scope.name == **name)) {
        let near = nearest(name, scopes().map(|scope| scope.name.as_str()));
        let near = near.map_or(String::new(), |near| format!("; {near}"));
        let told = format!(
            "note: the app's permission models have no scope `{name}`; it waits and opens nothing{near}"
        );
        writeln!(cx.err, "{}", report::visible(&told))?;
    }
    Ok(())
}

/// The highest time by which this machine has decided.
pub(super) fn highest(store: &Witnessed) -> io::Result<Option<i64>> {
    HighestTime::of(store.witness()).seen().map_err(says)
}

/// The facts, to which so much time has passed: what it had turned when something was decided here, no event that is
/// told of later turns back.
pub(super) fn not_before(known: &Facts, highest: Option<i64>) -> Facts {
    let mut known = known.clone();
    if let Some(highest) = highest {
        known.clock.tell(highest);
    }
    known
}

/// Takes one event in, in one transaction: what was known, what came of it, and what the store says.
pub(super) fn take(
    store: &Witnessed,
    model: &Model,
    installation: &Installation,
    event: &Event,
    here: Here<'_>,
) -> io::Result<(Facts, Result<Step, Refused>, Acknowledged)> {
    let mut taken = None;
    let highest = highest(store)?;
    let acknowledged = store.transact(installation, &mut |known| {
        let step = advance(model, installation, &not_before(known, highest), event, here);
        let change = step
            .as_ref()
            .ok()
            .map(|step| Change { facts: step.facts.clone(), records: step.records.clone() });
        taken = Some((known.clone(), step));
        change
    });
    let acknowledged = acknowledged.map_err(says)?;
    let (known, step) = taken.ok_or_else(|| failed("the store did not ask what to keep"))?;
    Ok((known, step, acknowledged))
}

fn refuse(refused: &Refused, format: Format, cx: &mut Context<'_>) -> io::Result<Exit> {
    let more = match refused {
        Refused::NoActor => "; say it with --who",
        Refused::NoReason => "; say it with --why",
        _ => "", // nothing that an option alone would change
    };
    let refused = format!("{refused}{more}");
    match format {
        Format::Text => writeln!(cx.out, "refused: {}", report::visible(&refused))?,
        Format::Json => {
            let value = json!({ "done": false, "refused": refused });
            writeln!(cx.out, "{}", shown::pretty(&value)?)?;
        }
    }
    Ok(Exit::Findings)
}

/// What the step takes and gives, asked of all requests.
fn difference(model: &Model, app: AppId, old: &State, new: &State, cx: &Context<'_>) -> Difference {
    let needs = Needs::of(model);
    let bar = progress::bar(cx, "asking what is permitted", model.apps.len());
    let regions = Regions::new(model, &needs, &|_, _| bar.step());
    held::difference(model, &needs, &regions, app, old, new)
}

struct Told<'a> {
    model: &'a Model,
    app: AppId,
    installation: &'a Installation,
    before: &'a Facts,
    step: &'a Step,
    /// Nothing where it was only tried.
    acknowledged: Option<Acknowledged>,
    difference: Option<Difference>,
}

impl Told<'_> {
    fn text(&self, cx: &mut Context<'_>) -> io::Result<()> {
        let visible = |text: &str| report::visible(text).into_owned();
        match self.acknowledged {
            Some(a) if a.grown => {
                writeln!(
                    cx.out,
                    "{}: kept as entry {}",
                    visible(&self.installation.to_string()),
                    a.head.epoch
                )?;
            }
            Some(a) => {
                let epoch = a.head.epoch;
                writeln!(
                    cx.out,
                    "{}: known already, at entry {epoch}",
                    visible(&self.installation.to_string())
                )?;
            }
            None => writeln!(cx.out, "{}: tried, nothing kept", visible(&self.installation.to_string()))?,
        }
        for target in &self.step.withdrawn {
            writeln!(cx.out, "  - {}", visible(&target.to_string()))?;
        }
        for target in &self.step.granted {
            writeln!(cx.out, "  + {}", visible(&target.to_string()))?;
        }
        if let Some(difference) = &self.difference {
            let rows = [
                ("lost", &difference.lost),
                ("lost in some places", &difference.narrowed),
                ("gained", &difference.gained),
                ("gained in some places", &difference.widened),
            ];
            for (what, operations) in rows.into_iter().filter(|(_, operations)| !operations.is_empty()) {
                writeln!(cx.out, "  {what}: {}", report::count(operations.len(), "operation"))?;
                for id in operations.iter() {
                    writeln!(cx.out, "    {}", self.model.operations[id.index()].name)?;
                }
            }
            for (scope, used, watched) in self.noticed() {
                let when = match used {
                    Some(at) => format!("last used {}", shown::instant(at)),
                    None if watched => "never seen in use".to_owned(),
                    None => "nothing in the policy watches its use".to_owned(),
                };
                writeln!(cx.out, "  scope {scope}: {when}")?;
            }
        }
        shown::state(&self.step.state, cx)
    }

    fn json(&self) -> Value {
        let listed = |targets: &BTreeSet<Target>| targets.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut value = json!({
            "done": self.acknowledged.is_some(),
            "app": self.installation.app,
            "site": self.installation.site,
            "withdrawn": listed(&self.step.withdrawn),
            "granted": listed(&self.step.granted),
            "records": self.step.records,
            "state": shown::state_json(&self.step.state),
        });
        if let Some(a) = &self.acknowledged {
            value["epoch"] = json!(a.head.epoch);
            value["grown"] = json!(a.grown);
        }
        if let Some(difference) = &self.difference {
            let names = |operations: &crate::analysis::privilege::set::Operations| {
                operations.iter().map(|id| self.model.operations[id.index()].name.clone()).collect::<Vec<_>>()
            };
            value["operations"] = json!({
                "lost": names(&difference.lost),
                "narrowed": names(&difference.narrowed),
                "gained": names(&difference.gained),
                "widened": names(&difference.widened),
            });
            let noticed = self
                .noticed()
                .into_iter()
                .map(|(scope, used, watched)| {
                    json!({ "scope": scope, "last_used": used.map(shown::instant), "watched": watched })
                });
            value["noticed"] = noticed.collect();
        }
        value
    }

    /// The scopes that go, when they were needed last as far as anybody told, and whether anybody is to tell: who
    /// uses them would notice.
    fn noticed(&self) -> Vec<(&str, Option<i64>, bool)> {
        let (watched, _) = watched(self.model, self.app);
        let is_watched = |name: &str| watched.iter().any(|id| self.model.scopes[id.index()].name == name);
        let scopes = self.step.withdrawn.iter().filter_map(|target| match target {
            Target::Scope(name) => Some(name.as_str()),
            _ => None, // whatever else is taken is no scope
        });
        let last = |name: &str| self.before.used.get(name).and_then(|used| used.0);
        scopes.map(|name| (name, last(name), is_watched(name))).collect()
    }
}
