//! One run over all packages.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::mend::{self, Mended};
use super::settings::{LintSettings, settings};
use super::{Args, statistics};
use crate::analysis::guarantees;
use crate::cli::findings::Findings;
use crate::cli::package::Package;
use crate::cli::{Context, Exit, failed, files, progress};
use crate::diag::{Diagnostic, Safety};
use crate::driver::{self, Compilation, Inputs};
use crate::lint::baseline::Baseline;
use crate::lint::{self, Outcome, Settings, Subject, fixes, proofs};
use crate::report::{self, Reader};
use crate::span::SourceMap;

/// A package that was looked at.
#[derive(Debug)]
pub(super) struct Linted {
    /// What it was made of.
    pub(super) inputs: Inputs,
    /// Its texts, and the baseline's.
    pub(super) sources: SourceMap,
    /// What was found; the errors and warnings of the checks where it has errors.
    pub(super) outcome: Outcome,
    /// Whether it checks.
    pub(super) sound: bool,
}

/// Looks at all packages and says what was found.
pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let packages = Package::load_all(&args.paths, cx)?;
    if packages.len() > 1 && args.rules.baseline.is_some() {
        return Err(failed("--baseline is for one package; name the file of each in its sprag.toml"));
    }
    let mut all = Findings::default();
    let (mut mended, mut sound) = (Vec::new(), true);
    for package in packages {
        let settings = settings(&package, args, cx)?;
        let Package { root, name, inputs, .. } = package;
        let known = if args.rules.no_suppressions || args.rules.write_baseline {
            None
        } else {
            baseline(&settings, &root, cx)?
        };
        let look = |inputs: Inputs| look(inputs, &settings, known.as_ref(), args, cx);
        let mut linted = look(inputs);
        sound &= linted.sound;
        if args.rules.write_baseline && linted.sound {
            write_baseline(&settings, &linted, cx)?;
            continue;
        }
        if (args.mending.fix || args.mending.diff) && linted.sound {
            let most = if args.mending.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
            let done: Mended;
            (linted, done) = mend::mend(linted, most, &look);
            mend::show(&done, &root, args, cx)?;
            mended.push(done);
        }
        let Outcome { findings, suppressed } = linted.outcome;
        all.add(&name, &root, &linted.sources, findings, suppressed);
    }
    if args.rules.write_baseline && sound {
        return Ok(Exit::Clean);
    }
    if args.mending.diff && sound {
        let changes = mended.iter().any(|m| !m.changed.is_empty());
        return Ok(if changes { Exit::Findings } else { Exit::Clean });
    }
    tell(&all, &mended, args, cx)?;
    let counts = all.diagnostics.iter().any(|d| args.fail_level.counts(d.severity));
    Ok(if !sound || (counts && !args.exit_zero) { Exit::Findings } else { Exit::Clean })
}

/// Compiles and looks.
fn look(
    inputs: Inputs,
    settings: &LintSettings,
    known: Option<&(Baseline, String, String)>,
    args: &Args,
    cx: &Context<'_>,
) -> Linted {
    let bar = progress::parts(cx, "checking");
    let compilation = driver::compile(inputs.clone());
    let Compilation { mut sources, files, model, diagnostics, catalogs: _ } = compilation;
    let Some(model) = model else {
        let outcome = Outcome { findings: diagnostics, suppressed: Vec::new() };
        return Linted { inputs, sources, outcome, sound: false };
    };
    let known = known.map(|(baseline, path, text)| (baseline, sources.add(path.as_str(), text.as_str())));
    let told = |doing: &'static str, done: usize, of: usize| bar.part(doing, done, of);
    let subject = Subject::new(&model, &sources, &files, args.today(), &settings.thresholds, &told)
        .with_targets(&settings.targets);
    let mut outcome = lint::run(
        &subject,
        &Settings {
            levels: &settings.levels,
            ignored: &|path, rule| settings.ignored(path, rule),
            suppressions: !args.rules.no_suppressions,
            baseline: known,
        },
    );
    drop(subject);
    // A guarantee that does not hold is no finding of a rule: no comment allows it and no baseline knows it.
    if args.rules.select.is_empty() && !args.rules.write_baseline {
        let proofs = guarantees::prove(&model, &|done, of| bar.part("proving guarantees", done, of));
        outcome.findings.extend(proofs::diagnostics(&model, &proofs));
    }
    Linted { inputs, sources, outcome, sound: true }
}

/// The baseline that the settings name, with its path as seen from the package, and its text.
fn baseline(
    settings: &LintSettings,
    root: &Path,
    cx: &Context<'_>,
) -> io::Result<Option<(Baseline, String, String)>> {
    let Some(path) = &settings.baseline else { return Ok(None) };
    let text = files::read_text(&cx.cwd, path).map_err(|e| {
        failed(format!("{e}; `sprag lint --write-baseline` writes a baseline, or leave `baseline` out"))
    })?;
    match Baseline::read(&text) {
        Ok(baseline) => Ok(Some((baseline, files::relative(root, path), text))),
        Err((line, why)) => Err(failed(format!("{}:{line}: {why}", files::shown(&cx.cwd, path)))),
    }
}

fn write_baseline(settings: &LintSettings, linted: &Linted, cx: &mut Context<'_>) -> io::Result<()> {
    let Some(path) = &settings.baseline else {
        return Err(failed(
            "no baseline is named: `baseline = \"…\"` in [lint] of sprag.toml, or --baseline",
        ));
    };
    let baseline = Baseline::of(&linted.sources, &linted.outcome.findings);
    files::write_whole(&cx.cwd, path, baseline.text().as_bytes())?;
    if !cx.quiet {
        let number = report::count(baseline.len(), "finding");
        writeln!(cx.err, "{}: {number}", files::shown(&cx.cwd, path))?;
    }
    Ok(())
}

/// Everything that was asked for, in the formats asked for.
fn tell(all: &Findings, mended: &[Mended], args: &Args, cx: &mut Context<'_>) -> io::Result<()> {
    let format = report::format(&args.output.output_format).unwrap_or(report::FORMATS[0]);
    let (hidden, file) = (args.output.show_suppressed, args.output.output_file.as_deref());
    if args.output.statistics {
        let mut bytes = Vec::new();
        statistics::write(&all.diagnostics, format.reader == Reader::Person, &mut bytes)?;
        crate::cli::deliver(cx, file, &bytes)?;
    } else if format.reader != Reader::Person || !cx.quiet || !all.diagnostics.is_empty() {
        all.deliver(format, hidden, file, cx)?;
    }
    if format.reader == Reader::Person && file.is_none() && !cx.quiet {
        beside(all, mended, cx)?;
    }
    for (format, file) in &args.output.also {
        all.deliver(format, hidden, Some(file), cx)?;
    }
    Ok(())
}

/// What people want to know besides the findings.
fn beside(all: &Findings, mended: &[Mended], cx: &mut Context<'_>) -> io::Result<()> {
    let applied: usize = mended.iter().map(|m| m.applied.len()).sum();
    if applied > 0 {
        writeln!(cx.out, "{} mended", report::count(applied, "finding"))?;
    }
    let with = |most: Safety| {
        let can = |d: &&Diagnostic| d.fix.as_ref().is_some_and(|f| fixes::applicable(f, most));
        all.diagnostics.iter().filter(can).count()
    };
    let (safe, any) = (with(Safety::Safe), with(Safety::Unsafe));
    if safe > 0 {
        writeln!(cx.out, "{safe} of them `--fix` can mend")?;
    }
    if any > safe {
        writeln!(cx.out, "{} of them `--fix --unsafe-fixes` can mend; `--diff` shows how", any - safe)?;
    }
    let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
    for suppressed in &all.suppressed {
        let by = match suppressed.by {
            lint::run::By::Comment(_) => "comments allow",
            lint::run::By::Baseline => "the baseline knows",
        };
        *kept.entry(by).or_default() += 1;
    }
    for (by, number) in kept {
        writeln!(cx.out, "{by} {}", report::count(number, "further finding"))?;
    }
    Ok(())
}
