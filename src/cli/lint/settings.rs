//! What a package's `sprag.toml` and the command line say about linting, understood.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use globset::{GlobBuilder, GlobMatcher};
use toml::Spanned;

use super::Args;
use crate::cli::manifest::{self, MANIFEST};
use crate::cli::package::Package;
use crate::cli::{Context, failed, files};
use crate::lint::select::{self, Levels};
use crate::lint::{Level, Rule};
use crate::target::{self, Target};

/// For one package.
#[derive(Debug)]
pub(super) struct LintSettings {
    /// How much findings weigh.
    pub(super) levels: Levels,
    /// Where findings of which rules do not count.
    ignores: Vec<(GlobMatcher, Vec<&'static Rule>)>,
    /// Numbers that rules compare with.
    pub(super) thresholds: BTreeMap<String, u64>,
    /// The file of known findings, absolute.
    pub(super) baseline: Option<PathBuf>,
    /// The platforms' own controls in use.
    pub(super) targets: Vec<&'static dyn Target>,
}

impl LintSettings {
    /// Whether findings of the rule do not count in the file of that path, which is relative to the package.
    pub(super) fn ignored(&self, path: &str, rule: &Rule) -> bool {
        let here = |(glob, rules): &(GlobMatcher, Vec<&'static Rule>)| {
            rules.iter().any(|r| r.code == rule.code) && glob.is_match(path)
        };
        self.ignores.iter().any(here)
    }
}

/// Reads both; the command line is stronger.
///
/// # Errors
///
/// A sentence with file and line, or about the argument: a rule, level, threshold or glob that is none.
pub(super) fn settings(package: &Package, args: &Args, cx: &Context<'_>) -> io::Result<LintSettings> {
    let shown = files::shown(&cx.cwd, &package.root.join(MANIFEST));
    let wrong = |at: usize, sentence: &str| manifest::at(&shown, &package.manifest, at, sentence);
    let rules = |word: &Spanned<String>| {
        select::rules(word.get_ref()).map_err(|sentence| wrong(word.span().start, &sentence))
    };
    let table = &package.lint;

    let mut levels = Levels::default();
    let mut set = Vec::new();
    for (word, level) in &table.levels {
        let level = Level::ALL.into_iter().find(|l| l.name() == level.get_ref()).ok_or_else(|| {
            let sentence =
                format!("`{}` is no level: off, note, warning or error is wanted", level.get_ref());
            wrong(level.span().start, &sentence)
        })?;
        set.push((rules(word)?, level));
    }
    // What is said of one rule is stronger than what is said of many.
    set.sort_by_key(|(rules, _)| std::cmp::Reverse(rules.len()));
    set.iter().for_each(|(rules, level)| levels.set(rules, *level));

    let mut ignores = Vec::new();
    for (glob, words) in table.per_file_ignores.iter().filter(|_| !args.rules.no_suppressions) {
        let matcher = GlobBuilder::new(glob.get_ref()).literal_separator(true).build().map_err(|e| {
            wrong(glob.span().start, &format!("`{}` is no glob: {}", glob.get_ref(), e.kind()))
        })?;
        let ignored = words.iter().map(rules).collect::<io::Result<Vec<_>>>()?;
        ignores.push((matcher.compile_matcher(), ignored.concat()));
    }

    let mut thresholds = BTreeMap::new();
    for (name, number) in &table.thresholds {
        let threshold =
            select::threshold(name.get_ref()).map_err(|sentence| wrong(name.span().start, &sentence))?;
        thresholds.insert(threshold.name.to_owned(), *number);
    }

    let targets = package.targets.used.iter().map(|name| {
        target::named(name.get_ref()).ok_or_else(|| {
            let sentence =
                format!("`{}` is no target; `sprag target list` tells which there are", name.get_ref());
            wrong(name.span().start, &sentence)
        })
    });
    let targets = targets.collect::<io::Result<Vec<_>>>()?;

    if !args.rules.select.is_empty() {
        levels.select(&named(&args.rules.select)?);
    }
    levels.extend(&named(&args.rules.extend_select)?);
    levels.set(&named(&args.rules.ignore)?, Level::Off);

    let own = table.baseline.as_ref().map(|file| package.root.join(file.get_ref()));
    let given = args.rules.baseline.as_ref().map(|file| cx.cwd.join(file));
    Ok(LintSettings { levels, ignores, thresholds, baseline: given.or(own), targets })
}

fn named(words: &[String]) -> io::Result<Vec<&'static Rule>> {
    let found = words.iter().map(|word| select::rules(word).map_err(failed));
    Ok(found.collect::<io::Result<Vec<_>>>()?.concat())
}
