//! The language reference is executed: every block of `docs/language/*.md` is checked as its info string says.
//!
//! | info string | what is checked |
//! | --- | --- |
//! | `sprag` | checks without a finding together with `docs/demo.sprag` and the page's `base` and `catalog` blocks, is in canonical layout, and its `test` blocks pass in the runtime with the evaluator agreeing |
//! | `sprag base` | the same; and it is a file of all packages that follow on the page, up to the next one |
//! | `sprag catalog` | a catalog at hand for all that follows |
//! | `sprag error E0403 …` | yields exactly these codes |
//! | `sprag loose`, then `sprag formatted` | formatting the one gives the other |
//! | `json request`, then `json answer` | what evaluator and runtime answer by the last `sprag` block |
//! | `file PATH` | a file of the page's folder |
//! | `console` | `$ sprag …` in that folder prints what follows, and `(exit N)` unless that is 0 |
//!
//! `BLESS=1 cargo test --test language` writes layout, answers and console output into the pages: read the diff.
#![expect(clippy::disallowed_methods, reason = "a test reads the pages it is about")]

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;
use sprag::analysis::guarantees::{self, Proof, Verdict};
use sprag::authzen;
use sprag::cli::{self, Context};
use sprag::decision_point::DecisionPoint;
use sprag::diag::Diagnostic;
use sprag::driver::{self, Compilation, Inputs};
use sprag::report::Look;
use sprag::request::Request;
use sprag::sema::model::{Checked, Model};
use sprag::span::{Source, SourceMap};
use sprag::suite::{self, Decider, Suite};
use sprag::{emit, eval, lint, syntax};
use sprag_runtime::Bundle;
use tempfile::TempDir;

#[test]
fn every_snippet_does_what_its_page_says() {
    let failures: Vec<String> = pages().iter().flat_map(|path| Page::read(path).check()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

#[test]
fn every_page_has_a_title_and_stands_in_the_table_of_contents() {
    let contents = fs::read_to_string(folder().join("README.md")).unwrap();
    for path in pages() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let title = text.lines().next().and_then(|l| l.strip_prefix("# ")).unwrap_or_default();
        assert!(!title.is_empty(), "{name} has no title");
        assert!(contents.contains(&format!("[{title}]({name})")), "README.md has no [{title}]({name})");
    }
}

#[test]
fn every_attribute_and_every_reason_stands_in_the_reference() {
    let (prelude, broken) = syntax::parse(0, sprag::sema::PRELUDE);
    assert!(broken.is_empty());
    let conditions = fs::read_to_string(folder().join("06-conditions.md")).unwrap();
    let mut names = Vec::new();
    for item in &prelude.items {
        if let syntax::tree::Item::Attributes(attributes) = item {
            let prefix = match attributes.owner.text.as_str() {
                "request" => String::new(),
                owner => format!("{owner}."),
            };
            names.extend(attributes.fields.iter().map(|field| format!("`{prefix}{}`", field.name.text)));
        }
        if let syntax::tree::Item::Enumeration(enumeration) = item {
            names.extend(enumeration.values.iter().map(|value| format!("`{}`", value.text)));
        }
    }
    assert!(names.len() > 40, "{names:?}");
    names.retain(|name| !conditions.contains(name.as_str()));
    assert_eq!(names, Vec::<String>::new(), "06-conditions.md says nothing of these");

    let decisions = fs::read_to_string(folder().join("11-decisions.md")).unwrap();
    let silent = sprag::reasons::SENTENCES.iter().map(|(code, _)| format!("| `{code}` |"));
    let silent: Vec<String> = silent.filter(|cell| !decisions.contains(cell.as_str())).collect();
    assert_eq!(silent, Vec::<String>::new(), "11-decisions.md says nothing of these");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    root().join("docs/language")
}

fn pages() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == "md")).collect();
    pages.retain(|p| !p.ends_with("README.md"));
    pages.sort();
    assert!(pages.len() > 10, "{pages:?}");
    pages
}

fn bless() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// A page, block by block.
struct Page {
    path: PathBuf,
    blocks: Vec<Block>,
    /// The shared catalog and those of the page so far.
    shelf: Vec<Source>,
    base: Option<String>,
    /// The last `sprag` block, for requests.
    policy: Option<String>,
    /// The last request, for its answer.
    request: Option<String>,
    /// The last loose text, for its canonical layout.
    loose: Option<String>,
    files: TempDir,
}

/// A fenced block.
#[derive(Clone)]
struct Block {
    /// The words after the fence.
    words: Vec<String>,
    text: String,
    /// The lines of the text in the page, from 0, half-open.
    lines: (usize, usize),
}

/// What came out of a block.
enum Outcome {
    Fine,
    /// Not as the page says.
    Wrong(String),
    /// Another text should stand there.
    Text(String),
}

impl Page {
    fn read(path: &Path) -> Page {
        let demo = fs::read_to_string(root().join("docs/demo.sprag")).unwrap();
        Page {
            path: path.to_owned(),
            blocks: blocks(&fs::read_to_string(path).unwrap()),
            shelf: vec![Source { path: "demo.sprag".to_owned(), text: demo }],
            base: None,
            policy: None,
            request: None,
            loose: None,
            files: tempfile::tempdir().unwrap(),
        }
    }

    /// What is wrong with the page; where asked to, mends what can be written by a machine.
    fn check(mut self) -> Vec<String> {
        let mut failures = Vec::new();
        let mut mended: Vec<(Block, String)> = Vec::new();
        for block in std::mem::take(&mut self.blocks) {
            let place = format!("{}:{}", self.path.display(), block.lines.0);
            match self.block(&block) {
                Outcome::Fine => {}
                Outcome::Text(text) if bless() => mended.push((block, text)),
                Outcome::Text(text) => failures.push(format!("{place}: BLESS=1 would write\n{text}")),
                Outcome::Wrong(why) => failures.push(format!("{place}: {why}")),
            }
        }
        self.mend(mended);
        failures
    }

    fn mend(&self, mended: Vec<(Block, String)>) {
        if mended.is_empty() {
            return;
        }
        let text = fs::read_to_string(&self.path).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        for (block, text) in mended.iter().rev() {
            lines.splice(block.lines.0..block.lines.1, text.lines());
        }
        fs::write(&self.path, lines.join("\n") + "\n").unwrap();
    }

    fn block(&mut self, block: &Block) -> Outcome {
        let words: Vec<&str> = block.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["sprag"] => self.policy(&block.text, false),
            ["sprag", "base"] => self.policy(&block.text, true),
            ["sprag", "catalog"] => self.catalog(&block.text),
            ["sprag", "error", codes @ ..] => self.error(&block.text, codes),
            ["sprag", "loose"] => {
                self.loose = Some(block.text.clone());
                Outcome::Fine
            }
            ["sprag", "formatted"] => match self.loose.take() {
                Some(loose) => same(&block.text, syntax::format(&loose).expect("the loose text parses")),
                None => Outcome::Wrong("no loose text stands before".to_owned()),
            },
            ["json", "request"] => {
                self.request = Some(block.text.clone());
                Outcome::Fine
            }
            ["json", "answer"] => self.answer(&block.text),
            ["file", path] => {
                let path = self.files.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, &block.text).unwrap();
                Outcome::Fine
            }
            ["console"] => self.console(&block.text),
            ["text"] => Outcome::Fine,
            other => Outcome::Wrong(format!("nobody knows what to do with a block `{}`", other.join(" "))),
        }
    }

    fn compile(&self, text: &str, with_base: bool) -> Compilation {
        let mut own = vec![Source { path: "policy.sprag".to_owned(), text: text.to_owned() }];
        if let (true, Some(base)) = (with_base, &self.base) {
            own.push(Source { path: "base.sprag".to_owned(), text: base.clone() });
        }
        let shelf = self.shelf.clone();
        let mut compilation = driver::compile(Inputs { package: "page".to_owned(), own, shelf, lock: None });
        let unproved = compilation.model.as_ref().map(|model| {
            let proofs = guarantees::prove(model, &|_, _| ());
            confirm(model, &compilation.sources, &proofs);
            lint::proofs::diagnostics(model, &proofs)
        });
        compilation.add(unproved.unwrap_or_default());
        compilation
    }

    fn policy(&mut self, text: &str, is_base: bool) -> Outcome {
        let compilation = self.compile(text, !is_base);
        if is_base {
            self.base = Some(text.to_owned());
        }
        self.policy = Some(text.to_owned());
        if !compilation.diagnostics.is_empty() {
            return Outcome::Wrong(told(&compilation.sources, &compilation.diagnostics));
        }
        let outcome = run_tests(&compilation);
        match syntax::format(text) {
            Ok(formatted) if matches!(outcome, Outcome::Fine) => same(text, formatted),
            _ => outcome,
        }
    }

    fn catalog(&mut self, text: &str) -> Outcome {
        self.shelf.push(Source { path: format!("catalog{}.sprag", self.shelf.len()), text: text.to_owned() });
        let Some(name) = driver::catalog_name(text) else {
            return Outcome::Wrong("not a catalog".to_owned());
        };
        let compilation = self.compile(&format!("use {name}\n"), false);
        if compilation.failed() {
            return Outcome::Wrong(told(&compilation.sources, &compilation.diagnostics));
        }
        same(text, syntax::format(text).expect("a catalog that compiles parses"))
    }

    fn error(&self, text: &str, codes: &[&str]) -> Outcome {
        let compilation = self.compile(text, true);
        let mut found: Vec<&str> = compilation.diagnostics.iter().map(|d| d.code).collect();
        found.sort();
        found.dedup();
        if found == codes && !codes.is_empty() {
            return Outcome::Fine;
        }
        Outcome::Wrong(format!(
            "wanted {codes:?}, got {found:?}\n{}",
            told(&compilation.sources, &compilation.diagnostics)
        ))
    }

    fn answer(&mut self, wanted: &str) -> Outcome {
        let (Some(policy), Some(request)) = (&self.policy, self.request.take()) else {
            return Outcome::Wrong("no policy and request stand before".to_owned());
        };
        let compilation = self.compile(policy, self.base.as_ref() != Some(policy));
        let Some(model) = &compilation.model else { return Outcome::Fine }; // reported with the policy
        let types = authzen::types(model);
        let json: Json = match serde_json::from_str(&request) {
            Ok(json) => json,
            Err(e) => return Outcome::Wrong(format!("the request is no JSON: {e}")),
        };
        let parsed = match authzen::request(&json, &types) {
            Ok(parsed) => parsed,
            Err(errors) => {
                return Outcome::Wrong(errors.iter().map(|e| format!("{e}\n")).collect());
            }
        };
        if let [note, ..] = parsed.notes.as_slice() {
            return Outcome::Wrong(format!("{}: {}", note.pointer, note.message));
        }
        let defined = authzen::explain(model, &compilation.sources, &eval::evaluate(model, &parsed.request));
        let bytes = emit::build(model, &compilation.sources).expect("a page's policy is small");
        let decided = DecisionPoint::new(Bundle::load(&bytes).unwrap()).explain(&parsed.request);
        if defined != decided {
            return Outcome::Wrong(format!("evaluator and runtime disagree: {defined:#?} {decided:#?}"));
        }
        let response = authzen::response(&decided);
        if serde_json::from_str::<Json>(wanted).is_ok_and(|wanted| wanted == response) {
            return Outcome::Fine;
        }
        Outcome::Text(serde_json::to_string_pretty(&response).unwrap())
    }

    fn console(&self, text: &str) -> Outcome {
        let mut said = String::new();
        for command in text.lines().filter_map(|l| l.strip_prefix("$ sprag ")) {
            let mut out = Vec::new();
            let mut err = Vec::new();
            let mut cx = Context {
                cwd: fs::canonicalize(self.files.path()).unwrap(),
                input: &mut std::io::empty(),
                out: &mut out,
                err: &mut err,
                look: Look::PLAIN,
                quiet: false,
                progress: false,
            };
            let exit = cli::run(std::iter::once("sprag").chain(command.split(' ')), &mut cx) as i32;
            said += &format!("$ sprag {command}\n");
            said += &String::from_utf8([out, err].concat()).unwrap();
            if exit != 0 {
                said += &format!("(exit {exit})\n");
            }
        }
        if said.is_empty() { Outcome::Wrong("no command".to_owned()) } else { same(text, said) }
    }
}

/// The bundle answers the requests that refute guarantees as the evaluator does, and reads them from JSON.
fn confirm(model: &Checked<Model>, sources: &SourceMap, proofs: &[Proof]) {
    let bytes = emit::build(model, sources).expect("a page's policy is small");
    let mut point = DecisionPoint::new(Bundle::load(&bytes).unwrap());
    for proof in proofs {
        if let Verdict::Refuted(refutation) = &proof.verdict {
            let request = &refutation.request;
            let permitted = eval::evaluate(model, request).effect == eval::Decision::Permit;
            assert_eq!(point.decide(request).permitted(), permitted, "{request:?}");
            let read = authzen::request(&authzen::request_json(request), &authzen::types(model)).unwrap();
            assert_eq!((&read.request, read.notes.len()), (request, 0));
        }
    }
}

/// Runs the `test` blocks in the runtime, and compares every answer with the evaluator's.
fn run_tests(compilation: &Compilation) -> Outcome {
    let Some(model) = &compilation.model else { return Outcome::Wrong("no model".to_owned()) };
    let bytes = match emit::build(model, &compilation.sources) {
        Ok(bytes) => bytes,
        Err(found) => return Outcome::Wrong(told(&compilation.sources, &found)),
    };
    let point = RefCell::new(DecisionPoint::new(Bundle::load(&bytes).unwrap()));
    let defined = |r: &Request| authzen::explain(model, &compilation.sources, &eval::evaluate(model, r));
    let results = suite::run(&Suite {
        model,
        place: &str::to_owned,
        decider: Decider { name: "runtime", decide: &|request| point.borrow_mut().explain(request) },
        others: &[Decider { name: "evaluator", decide: &defined }],
        filter: None,
        clock: &|| Duration::ZERO,
    });
    let mut wrong = String::new();
    for case in results.tests.iter().flat_map(|test| &test.cases) {
        for failure in &case.failures {
            let at = compilation.sources.at(case.span);
            wrong += &format!("{at} {}: {}\n", case.request, failure.message);
        }
        if !case.failures.is_empty() {
            wrong += &case.answer.iter().map(|line| format!("    {line}\n")).collect::<String>();
        }
    }
    if wrong.is_empty() { Outcome::Fine } else { Outcome::Wrong(wrong) }
}

fn same(found: &str, wanted: String) -> Outcome {
    if found == wanted { Outcome::Fine } else { Outcome::Text(wanted) }
}

fn told(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let line = |d: &Diagnostic| format!("{} {} {}\n", sources.at(d.span()), d.code, d.message);
    diagnostics.iter().map(line).collect()
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
