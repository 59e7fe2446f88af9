//! SARIF 2.1.0 (OASIS, errata 01) with the fields that GitHub's code scanning reads.
//!
//! GitHub shows the first place of a result, follows it by `primaryLocationLineHash`, links the others from the
//! message, unfolds code flows, and takes a rule with a `security-severity` for a security alert. Fixes are for
//! editors. Suppressed results are written only where they are asked for: GitHub would show them as open.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Value, json};

use super::line_hash::line_hashes;
use super::{Format, Look, Reader, Report, fix_sentence, page_title, severity};
use crate::diag::{Diagnostic, Fix, Label, Safety, Severity};
use crate::lint::fingerprint::fingerprints;
use crate::lint::run::By;
use crate::lint::{Level, Rule};
use crate::span::{SourceMap, Span};

/// SARIF.
pub static FORMAT: Format = Format {
    name: "sarif",
    title: "SARIF 2.1.0, for code scanning and editors",
    reader: Reader::Host,
    write,
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The most results that GitHub keeps of a run, those of the highest severity first.
const RESULTS: usize = 5_000;

/// The most steps of a flow, and the most places of a result, that GitHub keeps.
const STEPS: usize = 1_000;
const PLACES: usize = 100;

/// The longest description that GitHub takes, in characters.
const DESCRIPTION: usize = 1_024;

fn write(report: &Report<'_>, _: &Look, out: &mut dyn Write) -> io::Result<()> {
    let suppressed: Vec<Diagnostic> = report.suppressed.iter().map(|s| s.finding.clone()).collect();
    let all = report.diagnostics.iter().chain(&suppressed);
    let codes: Vec<&str> = all.map(|d| d.code).collect::<BTreeSet<_>>().into_iter().collect();
    let mut lines = Lines { sources: report.sources, hashes: BTreeMap::new() };
    let mut found: Vec<(&Diagnostic, Value)> = Vec::new();
    for (d, print) in report.diagnostics.iter().zip(fingerprints(report.sources, report.diagnostics)) {
        found.push((d, result(report.sources, &mut lines, &codes, d, &print)));
    }
    for ((s, d), print) in
        report.suppressed.iter().zip(&suppressed).zip(fingerprints(report.sources, &suppressed))
    {
        let mut value = result(report.sources, &mut lines, &codes, d, &print);
        value["suppressions"] = json!([match &s.by {
            By::Comment(because) =>
                json!({ "kind": "inSource", "status": "accepted", "justification": because }),
            By::Baseline => json!({ "kind": "external", "status": "accepted" }),
        }]);
        found.push((d, value));
    }
    found.sort_by_key(|(d, _)| d.severity);
    let left_out = found.len().saturating_sub(RESULTS);
    let results: Vec<Value> = found.into_iter().take(RESULTS).map(|(_, value)| value).collect();
    let mut invocation = json!({ "executionSuccessful": true });
    if left_out > 0 {
        let text = format!("{left_out} more results are not in this file.");
        invocation["toolExecutionNotifications"] =
            json!([{ "level": "warning", "message": { "text": text } }]);
    }
    let category =
        if report.subject.is_empty() { "sprag/".to_owned() } else { format!("sprag/{}/", report.subject) };
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Sprag",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": codes.iter().map(|code| rule(report, code)).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": category },
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation],
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// What is said of a code once for all of its results.
fn rule(report: &Report<'_>, code: &str) -> Value {
    let lint = Rule::named(code);
    let page = (report.page)(code).unwrap_or(code);
    let title = Some(page_title(page)).filter(|t| !t.is_empty()).unwrap_or(code);
    let paragraph = page.split("\n\n").nth(1).filter(|p| !p.starts_with("```")).unwrap_or(title);
    let level = match lint {
        Some(rule) => level(rule.default.severity().unwrap_or(Severity::Warning)),
        None if code.starts_with('W') => "warning",
        None => "error",
    };
    let page_path = match lint {
        Some(_) => "docs/lint.md".to_owned(),
        None => format!("docs/diagnostics/{code}.md"),
    };
    let mut properties = json!({
        "precision": "very-high",
        "problem.severity": if level == "note" { "recommendation" } else { level },
        "tags": ["policy"],
    });
    if let Some(number) = lint.and_then(security_severity) {
        properties["tags"] = json!(["policy", "security"]);
        properties["security-severity"] = number.into();
    }
    let mut entry = json!({
        "id": code,
        "shortDescription": { "text": sentence(title) },
        "fullDescription": { "text": sentence(&paragraph.replace('\n', " ")) },
        "help": { "text": page, "markdown": page },
        "helpUri": format!("{}/blob/main/{page_path}", env!("CARGO_PKG_REPOSITORY")),
        "defaultConfiguration": { "level": level },
        "properties": properties,
    });
    if let Some(rule) = lint {
        entry["name"] = pascal_case(rule.name).into();
    }
    entry
}

/// How grave findings of the rule are as security alerts, on GitHub's scale from 0.1 to 10; none where they are
/// about tidiness.
fn security_severity(rule: &Rule) -> Option<&'static str> {
    let tidy = ["SPR02", "SPR09"].iter().any(|family| rule.code.starts_with(family));
    match rule.default {
        Level::Off => None,
        _ if tidy => None, // Of whatever level.
        Level::Note => Some("3.0"),
        Level::Warning => Some("6.0"),
        Level::Error => Some("8.0"),
    }
}

fn result(
    sources: &SourceMap,
    lines: &mut Lines<'_>,
    codes: &[&str],
    d: &Diagnostic,
    fingerprint: &str,
) -> Value {
    let primary = d.labels.first().map(|l| l.span).unwrap_or_default();
    let related: Vec<&Label> = d.labels.iter().skip(1).take(PLACES).collect();
    let mut value = json!({
        "ruleId": d.code,
        "ruleIndex": codes.binary_search(&d.code).unwrap_or_default(),
        "level": level(d.severity),
        "message": { "text": message(d, &related) },
        "locations": [{ "physicalLocation": physical(sources, primary) }],
        "partialFingerprints": {
            "primaryLocationLineHash": lines.hash(primary),
            "spragFinding/v1": fingerprint,
        },
    });
    if !related.is_empty() {
        let one = |(i, l): (usize, &&Label)| {
            let mut location = json!({ "id": i + 1, "physicalLocation": physical(sources, l.span) });
            if !l.text.is_empty() {
                location["message"] = json!({ "text": sentence(&l.text) });
            }
            location
        };
        value["relatedLocations"] = related.iter().enumerate().map(one).collect();
    }
    if !d.flow.is_empty() {
        let step = |l: &Label| {
            let message = json!({ "text": sentence(&l.text) });
            json!({ "location": { "physicalLocation": physical(sources, l.span), "message": message } })
        };
        let steps: Vec<Value> = d.flow.iter().take(STEPS).map(step).collect();
        value["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps }] }]);
    }
    // An editor applies what it finds here at a key: what may widen access is only told in the message.
    if let Some(fix) = d.fix.as_ref().filter(|f| f.safety != Safety::Display && !f.edits.is_empty()) {
        value["fixes"] = json!([changes(sources, fix)]);
    }
    value
}

/// Headline, what is said at the places, notes, help and fix. The other places are links.
fn message(d: &Diagnostic, related: &[&Label]) -> String {
    let mut lines = vec![sentence(&d.message)];
    lines.extend(d.labels.first().filter(|l| !l.text.is_empty()).map(|l| sentence(&l.text)));
    for (i, label) in related.iter().enumerate() {
        let text = if label.text.is_empty() { "see here" } else { &label.text };
        lines.push(format!("[{}]({}).", text.replace(['[', ']'], "'"), i + 1));
    }
    lines.extend(d.notes.iter().map(|note| sentence(note)));
    lines.extend(d.help.iter().map(|help| sentence(help)));
    lines.extend(d.fix.iter().map(|fix| sentence(&format!("Fix: {}", fix_sentence(fix)))));
    lines.join("\n")
}

fn changes(sources: &SourceMap, fix: &Fix) -> Value {
    let mut by_file: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
    for edit in &fix.edits {
        let mut replacement = json!({ "deletedRegion": region(sources, edit.span) });
        if !edit.text.is_empty() {
            replacement["insertedContent"] = json!({ "text": edit.text });
        }
        by_file.entry(edit.span.source).or_default().push(replacement);
    }
    let change = |(source, replacements): (u32, Vec<Value>)| {
        let span = Span { source, start: 0, end: 0 };
        json!({ "artifactLocation": artifact(sources, span), "replacements": replacements })
    };
    let changes: Vec<Value> = by_file.into_iter().map(change).collect();
    json!({ "description": { "text": sentence(&fix.title) }, "artifactChanges": changes })
}

fn physical(sources: &SourceMap, span: Span) -> Value {
    json!({ "artifactLocation": artifact(sources, span), "region": region(sources, span) })
}

fn artifact(sources: &SourceMap, span: Span) -> Value {
    json!({ "uri": uri(&sources.source(span).path) })
}

fn region(sources: &SourceMap, span: Span) -> Value {
    let (start, end) = (sources.place(span), sources.end(span));
    json!({
        "startLine": start.line,
        "startColumn": start.chars,
        "endLine": end.line,
        "endColumn": end.chars,
    })
}

/// The hashes of the lines of the sources that were asked about.
struct Lines<'a> {
    sources: &'a SourceMap,
    hashes: BTreeMap<u32, Vec<String>>,
}

impl Lines<'_> {
    fn hash(&mut self, span: Span) -> String {
        let text = &self.sources.source(span).text;
        let hashes = self.hashes.entry(span.source).or_insert_with(|| line_hashes(text));
        let line = self.sources.place(span).line as usize;
        hashes.get(line - 1).cloned().unwrap_or_default()
    }
}

fn level(of: Severity) -> &'static str {
    // SARIF has the same words.
    severity(of)
}

/// With a capital and a full stop, no longer than GitHub takes.
fn sentence(text: &str) -> String {
    let mut chars = text.trim().chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let mut text = first + chars.as_str();
    if text.chars().count() >= DESCRIPTION {
        text = text.chars().take(DESCRIPTION - 2).collect::<String>() + "…";
    }
    if !text.ends_with(['.', '!', '?', '…']) {
        text.push('.');
    }
    text
}

/// `StandingAdmin` of `standing-admin`.
fn pascal_case(name: &str) -> String {
    let capital = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase()).into_iter();
        first.chain(chars).collect::<String>()
    };
    name.split('-').map(capital).collect()
}

/// The path as a relative reference: percent-encoded where RFC 3986 wants it.
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&b);
    let encode = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    path.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("apps/a b%ü:#.sprag"), "apps/a%20b%25%C3%BC%3A%23.sprag");
    }

    #[test]
    fn sentences_begin_and_end_as_such_and_fit() {
        assert_eq!(sentence("nobody holds `a`"), "Nobody holds `a`.");
        assert_eq!(sentence("did you mean `b`?"), "Did you mean `b`?");
        assert!(sentence(&"ä".repeat(5_000)).chars().count() <= DESCRIPTION);
    }

    #[test]
    fn more_results_than_github_keeps_are_counted() {
        let mut sources = SourceMap::default();
        sources.add("a.sprag", "x\n");
        let all = vec![Diagnostic::warning("W0701", "x").at(Span::new(0, 0, 1), ""); RESULTS + 2];
        let mut out = Vec::new();
        write(&Report::new(&sources, &all), &Look::PLAIN, &mut out).unwrap();
        let value: Value = serde_json::from_slice(&out).unwrap();
        let run = &value["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), RESULTS);
        let said = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
        assert_eq!(said, "2 more results are not in this file.");
    }
}
