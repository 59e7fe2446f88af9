//! Test results for people: a line per test, and for what failed, all of the answer.

use std::io::{self, Write};

use super::{Look, Paint, TestFormat, count, one_line, visible};
use crate::span::SourceMap;
use crate::suite::coverage::{Reach, Share};
use crate::suite::{Results, Shortfall, TestResult};

/// A line per test.
pub static FORMAT: TestFormat = TestFormat { name: "pretty", title: "a line per test, for people", write };

fn write(
    _: &str,
    sources: &SourceMap,
    results: &Results,
    look: &Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    for test in &results.tests {
        let mark =
            if test.passed() { look.paint(Paint::Good, "ok  ") } else { look.paint(Paint::Bad, "FAIL") };
        writeln!(out, "{mark} {}", visible(&test.title))?;
        failures(sources, test, look, out)?;
    }
    let cases: usize = results.tests.iter().map(|t| t.cases.len()).sum();
    let failed = results.tests.iter().filter(|t| !t.passed()).count();
    let left_out = if results.left_out > 0 {
        format!(", {} left out by the filter", results.left_out)
    } else {
        String::new()
    };
    let verdict = if failed == 0 {
        look.paint(Paint::Good, "all passed")
    } else {
        look.paint(Paint::Bad, &format!("{failed} failed"))
    };
    writeln!(
        out,
        "{} with {}: {verdict}{left_out}",
        count(results.tests.len(), "test"),
        count(cases, "case")
    )?;
    coverage(sources, results, out)?;
    mutation(sources, results, out)?;
    for Shortfall { measure, share, wanted } in &results.shortfalls {
        let sentence = format!("{measure}: {} % reached, {wanted} % wanted", share.percent());
        writeln!(out, "{}", look.paint(Paint::Bad, &sentence))?;
    }
    Ok(())
}

/// More of a kind than this are only counted; the JSON format has them all.
const SHOWN: usize = 20;

fn coverage(sources: &SourceMap, results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let Some(coverage) = &results.coverage else {
        return Ok(());
    };
    writeln!(out, "\nrules: {} decisive in some case", share(coverage.decisive()))?;
    let idle: Vec<_> = coverage.rules.iter().filter(|r| r.reach != Reach::Decisive).collect();
    for rule in idle.iter().take(SHOWN) {
        let says = match rule.reach {
            Reach::Unreached => "matches no case",
            Reach::Matched | Reach::Decisive => "decides no case: the answers would be the same without it",
        };
        writeln!(out, "  {}: `{}` {says}", one_line(&sources.at(rule.span)), visible(&rule.name))?;
    }
    more(idle.len(), out)?;
    let silent: Vec<_> = coverage.layers.iter().filter(|(_, n)| *n == 0).map(|(l, _)| l.name()).collect();
    if !silent.is_empty() {
        writeln!(out, "layers that refuse no case alone: {}", silent.join(", "))?;
    }
    let Some(cells) = &coverage.cells else {
        return Ok(());
    };
    let undecided = match cells.undecided {
        0 => String::new(),
        n => format!("; of {} nobody knows within the budget", count(n, "cell")),
    };
    writeln!(out, "cells: {} reached by some case{undecided}", share(cells.share()))?;
    for cell in cells.missed.iter().take(SHOWN) {
        let first = cell.operations.first().map(String::as_str).unwrap_or_default();
        let rest = match cell.operations.len().saturating_sub(1) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let word = if cell.permit { "permitted" } else { "denied" };
        let app = visible(&cell.app);
        writeln!(out, "  {app} to {first}{rest}: no case is {word}, as this one is:")?;
        writeln!(out, "    {}", visible(&cell.words))?;
    }
    more(cells.missed.len(), out)
}

fn mutation(sources: &SourceMap, results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let Some(score) = &results.mutation else {
        return Ok(());
    };
    let equal = match score.equal {
        0 => String::new(),
        n => format!("; {n} more change no decision, proved"),
    };
    writeln!(out, "\nmistakes: {} noticed{equal}", share(score.noticed()))?;
    for survivor in score.survivors.iter().take(SHOWN) {
        let at = one_line(&sources.at(survivor.span));
        writeln!(out, "  {at}: {}: no test notices", visible(&survivor.title))?;
        if let Some(telling) = &survivor.telling {
            let word = if telling.permit { "permit" } else { "deny" };
            writeln!(out, "    {} expect {word}", visible(&telling.words))?;
        }
    }
    more(score.survivors.len(), out)
}

fn share(share: Share) -> String {
    format!("{} of {} ({} %)", share.part, share.of, share.percent())
}

fn more(all: usize, out: &mut dyn Write) -> io::Result<()> {
    match all.saturating_sub(SHOWN) {
        0 => Ok(()),
        n => writeln!(out, "  and {n} more; `--output-format json` has them all"),
    }
}

fn failures(sources: &SourceMap, test: &TestResult, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    for case in test.cases.iter().filter(|c| !c.failures.is_empty()) {
        writeln!(out, "     {}: {}", one_line(&sources.at(case.span)), visible(&case.request))?;
        for failure in &case.failures {
            writeln!(out, "       {}", look.paint(Paint::Bad, &visible(&failure.message)))?;
        }
        for line in &case.answer {
            writeln!(out, "       {}", look.paint(Paint::Aside, &visible(line)))?;
        }
    }
    Ok(())
}
