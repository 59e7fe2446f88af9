//! Every lint rule has a page, and every page is a test.
//!
//! A page begins with `# CODE NAME: TITLE`. Its rule alone is run on each `sprag` block, together with
//! `docs/demo.sprag`, the catalogs that come with the program and the page's `catalog` blocks:
//!
//! | info string | what is checked |
//! | --- | --- |
//! | `sprag bad` | checks without an error; the rule fires on exactly the lines that end in `//~ CODE`, once for each time the code stands there |
//! | `sprag good` | checks without an error; the rule does not fire |
//! | `sprag fixed` | what the fixes make of the `bad` block before it; a must if there are any that may be applied |
//! | `sprag catalog` | a catalog at hand for all blocks; with `bad` or `good` for those |
//! | `json baseline bad`, `json baseline good` | the baseline of those blocks |
//! | `toml thresholds` | `name = number` lines, for all blocks |
//! | `toml targets` | `use = ["name"]`, as in `[targets]` of `sprag.toml`, for all blocks |
//!
//! Whatever stands behind `//~` is cut off before the text is read. The day is 2026-06-01. `SHOW=1` prints the
//! findings. `BLESS=1 cargo test --test lint_pages` writes the `fixed` blocks and the tables of `docs/lint.md`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads the pages it is about and tells what it saw"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sprag::diag::{Diagnostic, Safety};
use sprag::driver::{self, Compilation, Inputs};
use sprag::lint::baseline::Baseline;
use sprag::lint::select::Levels;
use sprag::lint::{self, FAMILIES, RULES, Rule, Settings, Subject, fixes};
use sprag::shelf;
use sprag::span::{Source, SourceMap};
use sprag::target::{self, Target};

/// What no text of reasonable size brings about.
const WITHOUT_EXAMPLE: [&str; 1] = ["SPR0211"];

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 6, 1);

#[test]
fn every_page_shows_what_it_says() {
    let failures: Vec<String> = RULES.iter().flat_map(|rule| Page::of(rule).check()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

#[test]
fn every_page_belongs_to_a_rule_and_names_it() {
    let mut pages = Vec::new();
    for entry in fs::read_dir(root().join("src/lint/rules")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "md") {
            pages.push(fs::read_to_string(path).unwrap());
        }
    }
    assert_eq!(pages.len(), RULES.len(), "pages without a rule, or rules without one");
    for rule in RULES {
        let heading = format!("# {} {}: {}\n", rule.code, rule.name, rule.title);
        assert!(rule.page.starts_with(&heading), "the page of {} must begin with\n{heading}", rule.code);
        assert!(pages.iter().any(|p| p == rule.page), "{}", rule.code);
    }
}

#[test]
fn the_tables_of_all_rules_are_up_to_date() {
    let path = root().join("docs/lint.md");
    let page = fs::read_to_string(&path).unwrap();
    let mut wanted = page.clone();
    for (mark, table) in [("rules", rules_table()), ("thresholds", thresholds_table())] {
        let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->"));
        let start = wanted.find(&begin).expect("the page has the mark") + begin.len();
        let stop = start + wanted[start..].find(&end).expect("the page has the end mark");
        wanted.replace_range(start..stop, &table);
    }
    if bless() {
        fs::write(&path, &wanted).unwrap();
    } else {
        assert_eq!(page, wanted, "BLESS=1 cargo test --test lint_pages writes docs/lint.md");
    }
}

fn rules_table() -> String {
    let mut out = String::new();
    for (family, title) in FAMILIES {
        let rules: Vec<_> = RULES.iter().filter(|r| r.code.starts_with(family)).collect();
        if rules.is_empty() {
            continue;
        }
        out += &format!(
            "\n### {family}xx: {title}\n\n| code | name | finds | level |\n| --- | --- | --- | --- |\n"
        );
        for rule in rules {
            let page = file_of(rule);
            let page = page.file_name().unwrap().to_string_lossy();
            let (code, name, title, level) = (rule.code, rule.name, rule.title, rule.default.name());
            out += &format!("| [{code}](../src/lint/rules/{page}) | `{name}` | {title} | {level} |\n");
        }
    }
    out + "\n"
}

fn thresholds_table() -> String {
    let mut rows: BTreeMap<&str, (String, Vec<&str>)> = BTreeMap::new();
    for rule in RULES {
        for t in rule.thresholds {
            let row =
                rows.entry(t.name).or_insert_with(|| (format!("{} | {}", t.title, t.default), Vec::new()));
            row.1.push(rule.name);
        }
    }
    if rows.is_empty() {
        return "\nNone so far.\n\n".to_owned();
    }
    let mut out = "\n| threshold | counts | unless set | used by |\n| --- | --- | --- | --- |\n".to_owned();
    for (name, (cells, rules)) in rows {
        out += &format!("| `{name}` | {cells} | `{}` |\n", rules.join("`, `"));
    }
    out + "\n"
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn bless() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// The page's file, found by its text.
fn file_of(rule: &Rule) -> PathBuf {
    let folder = fs::read_dir(root().join("src/lint/rules")).unwrap();
    let mut paths = folder.map(|e| e.unwrap().path());
    let found = paths.find(|p| {
        let heading = format!("# {} ", rule.code);
        p.extension().is_some_and(|e| e == "md") && fs::read_to_string(p).unwrap().starts_with(&heading)
    });
    found.unwrap_or_else(|| panic!("{} has no page", rule.code))
}

/// A fenced block.
struct Block {
    words: Vec<String>,
    text: String,
    /// The lines of the text in the page, from 0, half-open.
    lines: (usize, usize),
}

impl Block {
    fn is(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }
}

struct Page {
    rule: &'static Rule,
    /// As in the repository: a page may be mended without building its rule again.
    text: String,
    blocks: Vec<Block>,
}

/// What a block gave.
struct Outcome {
    compilation: Compilation,
    findings: Vec<Diagnostic>,
}

impl Page {
    fn of(rule: &'static Rule) -> Page {
        let text = read(&file_of(rule));
        Page { rule, blocks: blocks(&text), text }
    }

    fn check(&self) -> Vec<String> {
        let code = self.rule.code;
        let mut failures = Vec::new();
        let (mut bad, mut good) = (0, 0);
        let mut awaited: Option<String> = None;
        let mut mended = Vec::new();
        for block in self.blocks.iter().filter(|b| b.is("sprag") && !b.is("catalog")) {
            if block.is("fixed") {
                match awaited.take() {
                    Some(wanted) if wanted == block.text => {}
                    Some(wanted) if bless() => mended.push((block.lines, wanted)),
                    Some(wanted) => failures.push(format!("{code}: BLESS=1 would write\n{wanted}")),
                    None => failures.push(format!("{code}: a fixed block without a fix before it")),
                }
                continue;
            }
            if let Some(text) = awaited.take() {
                failures.push(format!("{code}: a `sprag fixed` block is missing after the bad one:\n{text}"));
            }
            let side = if block.is("bad") { "bad" } else { "good" };
            let outcome = match self.run(&unmarked(&block.text), side) {
                Ok(outcome) => outcome,
                Err(why) => {
                    failures.push(format!("{code}, {side} block at line {}: {why}", block.lines.0));
                    continue;
                }
            };
            let (found, marked) = (places(&outcome), marks(&block.text));
            let elsewhere = self.rule.code == "SPR0905";
            if side == "bad" {
                bad += 1;
                if found.is_empty() {
                    failures
                        .push(format!("{code}: the bad block at line {} does not yield it", block.lines.0));
                }
                match self.fixed(&outcome) {
                    Ok(text) => awaited = text,
                    Err(why) => failures.push(format!("{code}: {why}")),
                }
            } else {
                good += 1;
            }
            if found != marked && !(elsewhere && marked.is_empty() && side == "bad") {
                let at = block.lines.0;
                failures.push(format!(
                    "{code}, {side} block at line {at}:\n  marked {marked:?}\n  found  {found:?}"
                ));
            }
        }
        if awaited.is_some() {
            failures.push(format!("{code}: a `sprag fixed` block is missing at the end"));
        }
        if (bad == 0 && !WITHOUT_EXAMPLE.contains(&code)) || good == 0 {
            failures.push(format!("{code}: a bad and a good block are wanted"));
        }
        self.mend(&mended);
        failures
    }

    fn mend(&self, mended: &[((usize, usize), String)]) {
        if mended.is_empty() {
            return;
        }
        let mut lines: Vec<&str> = self.text.lines().collect();
        for ((start, end), text) in mended.iter().rev() {
            lines.splice(*start..*end, text.lines());
        }
        fs::write(file_of(self.rule), lines.join("\n") + "\n").unwrap();
    }

    /// The text after all fixes that may be applied, in as many rounds as it takes; `None` if there are none.
    fn fixed(&self, outcome: &Outcome) -> Result<Option<String>, String> {
        let mut round = fixes::round(&outcome.compilation.sources, &outcome.findings, Safety::Unsafe);
        if round.applied.is_empty() {
            return Ok(None);
        }
        for _ in 0..10 {
            let Some(text) = round.texts.remove(&0) else {
                return Err("the fix changes another file than the policy".to_owned());
            };
            let next = self.run(&text, "bad").map_err(|why| format!("the fix breaks the policy: {why}"))?;
            round = fixes::round(&next.compilation.sources, &next.findings, Safety::Unsafe);
            if round.applied.is_empty() {
                return Ok(Some(text));
            }
        }
        Err("the fixes never end".to_owned())
    }

    /// Compiles the text and runs the page's rule on it.
    fn run(&self, text: &str, side: &str) -> Result<Outcome, String> {
        let other = if side == "bad" { "good" } else { "bad" };
        let mut shelf = vec![source("demo.sprag", &read(&root().join("docs/demo.sprag")))];
        shelf.extend(shelf::mentioned([text]).into_iter().map(|c| source(&c.shown(), &c.text())));
        for (i, block) in self.blocks.iter().enumerate() {
            if block.is("catalog") && !block.is(other) {
                shelf.push(source(&format!("catalog{i}.sprag"), &block.text));
            }
        }
        let own = vec![source("policy.sprag", text)];
        let mut compilation = driver::compile(Inputs { package: "page".to_owned(), own, shelf, lock: None });
        let Some(model) = compilation.model.take() else {
            return Err(told(&compilation.sources, &compilation.diagnostics));
        };
        let baseline = self.blocks.iter().find(|b| b.is("baseline") && b.is(side));
        let baseline = baseline.map(|b| (Baseline::read(&b.text).expect("a baseline"), b.text.as_str()));
        let number = baseline.as_ref().map(|(_, text)| compilation.sources.add("baseline.json", *text));
        let mut levels = Levels::default();
        // A comment is of no use where the rule that it names does not run.
        if !self.rule.code.starts_with("SPR09") {
            levels.select(&[self.rule]);
        }
        let thresholds = self.thresholds();
        let settings = Settings {
            levels: &levels,
            ignored: &|_, _| false,
            suppressions: self.rule.code.starts_with("SPR09"),
            baseline: baseline.as_ref().map(|(b, _)| b).zip(number),
        };
        let Compilation { sources, files, .. } = &compilation;
        let subject = Subject::new(&model, sources, files, TODAY, &thresholds, &|_, _, _| {});
        let targets = self.targets();
        let subject = subject.with_targets(&targets);
        let mut findings = lint::run(&subject, &settings).findings;
        findings.retain(|f| f.code == self.rule.code);
        if std::env::var_os("SHOW").is_some() {
            println!("{}", told(sources, &findings));
        }
        if let Some(placeless) = findings.iter().find(|f| f.labels.is_empty()) {
            return Err(format!("a finding has no place: {}", placeless.message));
        }
        Ok(Outcome { compilation, findings })
    }

    fn targets(&self) -> Vec<&'static dyn Target> {
        let blocks = self.blocks.iter().filter(|b| b.is("targets"));
        let names = blocks.flat_map(|b| b.text.split('"').skip(1).step_by(2));
        names.map(|name| target::named(name).expect("a target")).collect()
    }

    fn thresholds(&self) -> BTreeMap<String, u64> {
        let blocks = self.blocks.iter().filter(|b| b.is("thresholds"));
        let lines = blocks.flat_map(|b| b.text.lines()).filter_map(|l| l.split_once(" = "));
        lines.map(|(name, number)| (name.to_owned(), number.parse().expect("a number"))).collect()
    }
}

/// Lines of the policy, from 1, once for each finding that is shown there.
fn places(outcome: &Outcome) -> Vec<String> {
    let sources = &outcome.compilation.sources;
    let mut places: Vec<String> = outcome
        .findings
        .iter()
        .map(|f| {
            let path = &sources.source(f.span()).path;
            format!("{} {path}:{}", f.code, sources.position(f.span()).line)
        })
        .collect();
    places.sort();
    places
}

fn marks(text: &str) -> Vec<String> {
    let mut marks = Vec::new();
    for (i, line) in text.lines().enumerate() {
        if let Some((_, codes)) = line.split_once("//~") {
            marks.extend(codes.split_whitespace().map(|code| format!("{code} policy.sprag:{}", i + 1)));
        }
    }
    marks.sort();
    marks
}

fn unmarked(text: &str) -> String {
    let cut = |line: &str| line.split_once("//~").map_or(line, |(before, _)| before.trim_end()).to_owned();
    text.lines().map(|line| cut(line) + "\n").collect()
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn told(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for d in diagnostics {
        out += &format!("{} {} {}\n", sources.at(d.span()), d.code, d.message);
        d.labels.iter().for_each(|l| out += &format!("    {} {}\n", sources.at(l.span), l.text));
        d.notes.iter().for_each(|note| out += &format!("    note: {note}\n"));
        d.flow.iter().for_each(|l| out += &format!("    step: {} {}\n", sources.at(l.span), l.text));
        d.help.iter().for_each(|help| out += &format!("    help: {help}\n"));
        d.fix.iter().for_each(|fix| out += &format!("    fix ({:?}): {}\n", fix.safety, fix.title));
    }
    out
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let words = info.split_whitespace().map(str::to_owned).collect();
                open = Some(Block { words, text: String::new(), lines: (number + 1, number + 1) });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text += line;
                block.text.push('\n');
                block.lines.1 = number + 1;
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}
