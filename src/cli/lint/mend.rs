//! `--fix` and `--diff`: fixes applied in rounds, each only if the package still checks afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use similar::TextDiff;

use super::Args;
use super::once::Linted;
use crate::cli::{Context, files};
use crate::diag::{Diagnostic, Safety};
use crate::driver::Inputs;
use crate::lint::fingerprint::fingerprints;
use crate::lint::fixes;
use crate::report::{one_line, quoted_path};
use crate::syntax;

/// After so many rounds something is wrong with a fix: it brings forth what it mends.
const ROUNDS: usize = 50;

/// What mending came to.
#[derive(Debug, Default)]
pub(super) struct Mended {
    /// `path:line:column` in the package, code and title of each fix applied, in order.
    pub(super) applied: Vec<String>,
    /// The same of those that would have broken the package, and were left out.
    pub(super) refused: Vec<String>,
    /// Path in the package to the text before and after.
    pub(super) changed: BTreeMap<String, (String, String)>,
}

/// Applies fixes up to this safety until none is left, looking anew after each round.
pub(super) fn mend(mut linted: Linted, most: Safety, look: &dyn Fn(Inputs) -> Linted) -> (Linted, Mended) {
    let mut done = Mended::default();
    let mut refused = BTreeSet::new();
    let before = linted.inputs.own.clone();
    for _ in 0..ROUNDS {
        let prints = fingerprints(&linted.sources, &linted.outcome.findings);
        let candidates = candidates(&linted, &prints, &refused);
        let Some((next, applied)) = round(&linted, &candidates, most, look) else { break };
        match next {
            Some(next) => {
                done.applied.extend(applied.iter().map(|i| title(&linted, &candidates[*i])));
                linted = next;
            }
            None => {
                for i in applied {
                    refused.insert(prints[i].clone());
                    done.refused.push(title(&linted, &candidates[i]));
                }
            }
        }
    }
    for (old, new) in before.iter().zip(&linted.inputs.own).filter(|(old, new)| old.text != new.text) {
        done.changed.insert(old.path.clone(), (old.text.clone(), new.text.clone()));
    }
    (linted, done)
}

/// The findings, without fixes that reach beyond the package's own files or were refused.
fn candidates(linted: &Linted, prints: &[String], refused: &BTreeSet<String>) -> Vec<Diagnostic> {
    let own = linted.inputs.own.len();
    let mut candidates = linted.outcome.findings.clone();
    for (finding, print) in candidates.iter_mut().zip(prints) {
        let foreign = finding.fix.iter().flat_map(|f| &f.edits).any(|edit| edit.span.source as usize >= own);
        if foreign || refused.contains(print) {
            finding.fix = None;
        }
    }
    candidates
}

/// What one round gives, and the findings it mends by position; `None` instead of a package if that would not
/// check, then with the one finding to blame. None at all if there is nothing to mend.
fn round(
    linted: &Linted,
    findings: &[Diagnostic],
    most: Safety,
    look: &dyn Fn(Inputs) -> Linted,
) -> Option<(Option<Linted>, Vec<usize>)> {
    let all = fixes::round(&linted.sources, findings, most);
    if all.applied.is_empty() {
        return None;
    }
    let next = attempt(linted, &all, look);
    if next.is_some() || all.applied.len() == 1 {
        return Some((next, all.applied));
    }
    // One of them breaks the package, or some only together: one alone is tried.
    let first = all.applied[0];
    let one = fixes::round(&linted.sources, &findings[first..=first], most);
    Some((attempt(linted, &one, look), vec![first]))
}

/// The package with these texts, if it still checks.
fn attempt(linted: &Linted, round: &fixes::Round, look: &dyn Fn(Inputs) -> Linted) -> Option<Linted> {
    let mut inputs = linted.inputs.clone();
    for (source, text) in &round.texts {
        let own = inputs.own.get_mut(*source as usize)?;
        // What was in the standard layout stays in it.
        let standard = syntax::format(&own.text).is_ok_and(|formatted| formatted == own.text);
        let formatted = if standard { syntax::format(text).ok()? } else { text.clone() };
        own.text = formatted;
    }
    Some(look(inputs)).filter(|next| next.sound)
}

fn title(linted: &Linted, finding: &Diagnostic) -> String {
    let title = finding.fix.as_ref().map(|f| f.title.as_str()).unwrap_or_default();
    format!("{}: {} {title}", linted.sources.at(finding.span()), finding.code)
}

/// Writes the files, or the difference, and says what was asked for.
pub(super) fn show(done: &Mended, root: &Path, args: &Args, cx: &mut Context<'_>) -> io::Result<()> {
    for (path, (old, new)) in &done.changed {
        let file = root.join(path);
        if args.mending.diff {
            let name = files::shown(&cx.cwd, &file);
            let [from, to] = ["a", "b"].map(|side| format!("{side}/{name}"));
            let diff = TextDiff::from_lines(old.as_str(), new.as_str());
            let header = (quoted_path(&from), quoted_path(&to));
            write!(cx.out, "{}", diff.unified_diff().context_radius(3).header(&header.0, &header.1))?;
        } else {
            files::write_whole(&cx.cwd, &file, new.as_bytes())?;
        }
    }
    if args.mending.show_fixes {
        done.applied.iter().try_for_each(|title| writeln!(cx.err, "mended {}", one_line(title)))?;
    }
    for title in &done.refused {
        writeln!(cx.err, "not mended, because the package would not check: {}", one_line(title))?;
    }
    Ok(())
}
