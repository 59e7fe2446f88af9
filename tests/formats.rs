//! What every format makes of the same findings: each snapshot is one format. The findings are made here, so that
//! a changed rule changes no snapshot, and have all that a finding can have.

use sprag::diag::{Diagnostic, Edit, Fix, Safety, Severity};
use sprag::lint::run::{By, Suppressed};
use sprag::report::{FORMATS, Look, Report};
use sprag::span::{SourceMap, Span};

const POLICY: &str = r#"use demo

app zeit-erfassung { // für „Ünïcode“ 😀 und mehr
  key "com.acme.zeit"
  platform demo.classic
  requests READ, ADMIN // 😀 too much
}

role editor { write }
"#;

const PEOPLE: &str = "assign editor to any user\n";

fn place(sources: &SourceMap, source: u32, what: &str) -> Span {
    let text = &sources.sources()[source as usize].text;
    let start = text.find(what).unwrap();
    Span::new(source, start, start + what.len())
}

fn findings(sources: &SourceMap) -> (Vec<Diagnostic>, Vec<Suppressed>) {
    let at = |source: u32, what: &str| place(sources, source, what);
    let edit = |span: Span, text: &str| Edit { span, text: text.to_owned() };
    let error = Diagnostic::error("SPR0901", "this comment allows nothing")
        .at(at(0, "// 😀 too much"), "50% is said: no `because`, [so] it <b>does not</b> count | at all")
        .help("say why".to_owned());
    let escalation = Diagnostic::warning("SPR0251", "`zeit-erfassung` can become an administrator")
        .at(at(0, "ADMIN"), "this scope opens `demo.webhook.create`")
        .at(at(1, "editor"), "and this role reaches it")
        .at(at(0, "zeit-erfassung"), "")
        .note("a witness: `zeit-erfassung` to `demo.webhook.create` in site acme")
        .note("3 operations lead there")
        .step(at(0, "ADMIN"), "creates a webhook")
        .step(at(1, "assign"), "acts as its owner")
        .help("leave the scope out".to_owned())
        .fix(Fix {
            title: "remove the scope `ADMIN`".to_owned(),
            safety: Safety::Safe,
            edits: vec![edit(at(0, ", ADMIN"), "")],
            given: None,
        });
    let whole = at(0, "app zeit");
    let several_lines = Diagnostic::warning("W0702", "an app of several lines")
        .at(whole.to(at(0, "too much")), "all of this")
        .fix(Fix {
            title: "name it otherwise, everywhere".to_owned(),
            safety: Safety::Unsafe,
            edits: vec![edit(at(0, "zeit-erfassung"), "zeit"), edit(at(1, "any user"), "zeit")],
            given: None,
        });
    let note =
        Diagnostic::new(Severity::Note, "SPR0252", "a group is empty").at(at(0, "editor"), "").fix(Fix {
            title: "remove the group".to_owned(),
            safety: Safety::Display,
            edits: vec![edit(at(0, "role editor { write }"), "")],
            given: None,
        });
    let suppressed = |finding: Diagnostic, by: By| Suppressed { finding, by };
    let hidden = vec![
        suppressed(
            Diagnostic::warning("SPR0251", "nobody holds the role `editor`").at(at(0, "editor"), "nobody"),
            By::Comment("they come in \"May\"".to_owned()),
        ),
        suppressed(Diagnostic::warning("SPR0253", "old").at(at(1, "assign"), ""), By::Baseline),
    ];
    (vec![error, escalation, several_lines, note], hidden)
}

/// The pages of the rules may change, these not.
fn page(code: &str) -> Option<&'static str> {
    match code {
        "SPR0251" => Some(
            "# SPR0251 unheld-role: a role\n\nNobody holds it. It\nsays nothing.\n\n```sprag bad\nrole a {}\n```\n",
        ),
        "W0702" => Some("# W0702: a mixed script\n\n```sprag bad\nrole a {}\n```\n"),
        _ => None, // A code without a page has to be told as well.
    }
}

/// As the command line does it.
fn written(name: &str, with_findings: bool, with_suppressed: bool) -> String {
    let mut sources = SourceMap::default();
    sources.add("apps/zeit erfassung.sprag", POLICY);
    sources.add("people.sprag", PEOPLE);
    let (found, hidden) = if with_findings { findings(&sources) } else { Default::default() };
    let report = Report {
        sources: &sources,
        diagnostics: &found,
        suppressed: if with_suppressed { &hidden } else { &[] },
        page,
        subject: "acme",
    };
    let mut out = Vec::new();
    let format = FORMATS.iter().find(|f| f.name == name).unwrap();
    (format.write)(&report, &Look { unicode: true, ..Look::PLAIN }, &mut out).unwrap();
    String::from_utf8(out).unwrap().replace(env!("CARGO_PKG_VERSION"), "0.0.0")
}

#[test]
fn every_format_tells_the_same_findings() {
    for format in FORMATS {
        insta::assert_snapshot!(format!("findings_as_{}", format.name), written(format.name, true, false));
    }
}

#[test]
fn junit_has_only_characters_that_xml_has() {
    let junit = FORMATS.iter().find(|f| f.name == "junit").unwrap();
    let mut sources = SourceMap::default();
    sources.add("a\u{fffe}b.sprag", POLICY);
    let told = "x\u{fffe}\u{ffff}\u{1}\u{fffd}y".to_owned();
    let finding =
        Diagnostic::warning("SPR0251", told.clone()).at(place(&sources, 0, "role"), told.clone()).note(told);
    let report = Report { sources: &sources, diagnostics: &[finding], suppressed: &[], page, subject: "p" };
    let mut out = Vec::new();
    (junit.write)(&report, &Look::PLAIN, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let forbidden = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}') || (c < ' ' && !"\t\n\r".contains(c));
    assert!(!text.contains(forbidden), "{text:?}");
    assert!(text.contains("x\u{fffd}y"), "{text:?}");
}

/// A file may be called as it likes: its name makes no line, no heading and no end of a span of code.
#[test]
fn names_of_files_stay_on_their_line() {
    let odd = "a`b\nerror[E0101] not a finding\r\n## no heading\u{1b}[2J.sprag";
    let mut sources = SourceMap::default();
    sources.add(odd, POLICY);
    let finding = Diagnostic::warning("SPR0251", "a line\r\nand more")
        .at(place(&sources, 0, "role"), "")
        .at(place(&sources, 0, "app"), "this too")
        .step(place(&sources, 0, "key"), "a step");
    let report = Report { sources: &sources, diagnostics: &[finding], suppressed: &[], page, subject: "p" };
    let written = |name: &str| {
        let mut out = Vec::new();
        let format = FORMATS.iter().find(|f| f.name == name).unwrap();
        (format.write)(&report, &Look::PLAIN, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let shown = "a`b?error[E0101] not a finding??## no heading?[2J.sprag";
    assert_eq!(written("concise"), format!("{shown}:9:1: warning[SPR0251] a line  and more\n1 warning\n"));
    let markdown = written("markdown");
    assert_eq!(markdown.lines().filter(|line| line.starts_with('#')).count(), 1, "{markdown}");
    for (place, at) in [("— ", "9:1"), ("", "3:1"), ("1. ", "4:3")] {
        let span = format!("{place}``{shown}:{at}``");
        assert!(markdown.contains(&span), "{span}: {markdown}");
    }
    let full = written("full");
    assert!(full.contains(shown) && !full.lines().any(|line| line.starts_with("error")), "{full}");
}

#[test]
fn every_format_tells_that_nothing_was_found() {
    let mut all = String::new();
    for format in FORMATS {
        let text = written(format.name, false, false);
        all += &format!("---- {}\n{text}", format.name);
    }
    insta::assert_snapshot!("nothing_found", all);
}

#[test]
fn what_is_suppressed_shows_where_it_was_asked_for() {
    for format in ["json-lines", "sarif"] {
        insta::assert_snapshot!(format!("suppressed_as_{format}"), written(format, true, true));
    }
}

#[test]
fn json_lines_are_the_members_of_json() {
    let array: Vec<serde_json::Value> = serde_json::from_str(&written("json", true, true)).unwrap();
    let text = written("json-lines", true, true);
    let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(array, lines);
    assert_eq!(array.len(), 6);
}

#[test]
fn fingerprints_of_gitlab_are_unique_and_fixes_that_widen_are_on_no_button() {
    let issues: Vec<serde_json::Value> = serde_json::from_str(&written("gitlab", true, false)).unwrap();
    let prints: std::collections::BTreeSet<_> =
        issues.iter().map(|i| i["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), issues.len());
    for (name, list, fixes) in
        [("rdjson", "/diagnostics", "suggestions"), ("sarif", "/runs/0/results", "fixes")]
    {
        let document: serde_json::Value = serde_json::from_str(&written(name, true, false)).unwrap();
        let entries = document.pointer(list).unwrap().as_array().unwrap();
        let with: Vec<usize> = (0..entries.len()).filter(|i| !entries[*i][fixes].is_null()).collect();
        let wanted: &[usize] = if name == "sarif" { &[1, 2] } else { &[1] };
        assert_eq!(
            with, wanted,
            "{name}: a fix in another file is no suggestion, one that widens is neither"
        );
    }
}
