//! All rules over one package, and what is left of their findings when suppressions and the baseline had their say.

use std::collections::BTreeSet;

use super::baseline::Baseline;
use super::fingerprint::fingerprints;
use super::select::Levels;
use super::{Level, RULES, Rule, Subject, rules};
use crate::diag::Diagnostic;
use crate::span::{SourceMap, Span};

/// What a package or a command line decides about a run.
pub struct Settings<'a> {
    /// How much findings weigh.
    pub levels: &'a Levels,
    /// Whether findings of the rule do not count in the file of that path.
    pub ignored: &'a dyn Fn(&str, &Rule) -> bool,
    /// Whether comments allow anything.
    pub suppressions: bool,
    /// Findings that are known, and which source of the subject's they were read from.
    pub baseline: Option<(&'a Baseline, u32)>,
}

/// What came out, all by source and place.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is to be reported.
    pub findings: Vec<Diagnostic>,
    /// What is not.
    pub suppressed: Vec<Suppressed>,
}

/// A finding that is not reported.
#[derive(Debug, Clone)]
pub struct Suppressed {
    /// The finding.
    pub finding: Diagnostic,
    /// What keeps it back.
    pub by: By,
}

/// What keeps a finding back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A comment, with its reason.
    Comment(String),
    /// The baseline.
    Baseline,
}

/// Runs every rule that is not off.
pub fn run(subject: &Subject<'_>, settings: &Settings<'_>) -> Outcome {
    let mut found = Vec::new();
    let running: Vec<&Rule> = RULES.iter().copied().filter(|r| settings.levels.of(r) != Level::Off).collect();
    for (done, rule) in running.iter().enumerate() {
        (subject.progress())("looking for findings", done, running.len());
        (rule.check)(subject, &mut found);
    }
    let mut outcome = Outcome::default();
    let mut used = BTreeSet::new();
    sort(&mut found);
    for finding in found {
        let comment = if settings.suppressions { allowed(subject, &finding) } else { None };
        match comment {
            Some((nth, rule)) => {
                used.insert((nth, rule));
                let because = subject.suppressions().all[nth].because.clone();
                outcome.suppressed.push(Suppressed { finding, by: By::Comment(because) });
            }
            None => outcome.findings.push(finding),
        }
    }
    outcome.findings.retain(|f| !ignored(subject.sources, settings, f));
    outcome.suppressed.retain(|s| !ignored(subject.sources, settings, &s.finding));
    if settings.suppressions {
        let unused = rules::unused_suppression::findings(subject, settings.levels, &used);
        outcome.findings.extend(unused.into_iter().filter(|f| !ignored(subject.sources, settings, f)));
        sort(&mut outcome.findings);
    }
    if let Some((baseline, source)) = settings.baseline {
        known(subject.sources, baseline, source, &mut outcome);
    }
    let level = |finding: &Diagnostic| {
        let rule = Rule::named(finding.code)?;
        settings.levels.of(rule).severity()
    };
    let mut levelled = Vec::new();
    for mut finding in outcome.findings {
        // A rule that is off may have findings of the run itself.
        if let Some(severity) = level(&finding) {
            finding.severity = severity;
            levelled.push(finding);
        }
    }
    outcome.findings = levelled;
    for suppressed in &mut outcome.suppressed {
        suppressed.finding.severity = level(&suppressed.finding).unwrap_or(suppressed.finding.severity);
    }
    outcome
}

/// The comment that allows the finding, and which of its names does: positions.
fn allowed(subject: &Subject<'_>, finding: &Diagnostic) -> Option<(usize, usize)> {
    let mut all = subject.suppressions().all.iter().enumerate();
    all.find_map(|(nth, comment)| {
        let rule = comment.names(finding.code)?;
        let named = Rule::named(finding.code).is_some_and(super::suppressions::can_allow);
        (named && comment.covers(finding) && !comment.expired(subject.today)).then_some((nth, rule))
    })
}

fn ignored(sources: &SourceMap, settings: &Settings<'_>, finding: &Diagnostic) -> bool {
    let path = finding.labels.first().map(|l| sources.source(l.span).path.as_str());
    path.zip(Rule::named(finding.code)).is_some_and(|(path, rule)| (settings.ignored)(path, rule))
}

/// Moves what the baseline knows, and adds findings about what it knows for nothing.
fn known(sources: &SourceMap, baseline: &Baseline, source: u32, outcome: &mut Outcome) {
    let prints = fingerprints(sources, &outcome.findings);
    for (finding, print) in std::mem::take(&mut outcome.findings).into_iter().zip(&prints) {
        if baseline.knows(print) {
            outcome.suppressed.push(Suppressed { finding, by: By::Baseline });
        } else {
            outcome.findings.push(finding);
        }
    }
    outcome.suppressed.sort_by_key(|s| place(&s.finding));
    let text = &sources.source(Span { source, start: 0, end: 0 }).text;
    for entry in baseline.stale(&prints.into_iter().collect()) {
        let at = text.find(&entry.fingerprint).unwrap_or_default();
        let span = Span::new(source, at, at + entry.fingerprint.len());
        outcome.findings.push(rules::stale_baseline::finding(entry, span));
    }
    sort(&mut outcome.findings);
}

fn sort(findings: &mut [Diagnostic]) {
    findings.sort_by_key(place);
}

fn place(finding: &Diagnostic) -> (u32, u32, u32, &'static str) {
    let span = finding.span();
    (span.source, span.start, span.end, finding.code)
}
