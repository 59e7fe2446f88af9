//! Every diagnostic has a page, and every page is a test: its bad blocks yield exactly the marked codes on
//! the marked lines, its good blocks yield nothing.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads its own repository and tells what it saw"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sprag::analysis::{diff, guarantees};
use sprag::diag::Diagnostic;
use sprag::lint;
use sprag::report::diff::{Comparison, Side};
use sprag::sema::model::{Checked, Model};
use sprag::sema::{self, CatalogFile, Input, LockEntry};
use sprag::span::SourceMap;
use sprag::syntax::parser::parse;

/// Pages of mistakes that no text of reasonable size can make, or that only the build finds.
const WITHOUT_EXAMPLE: [&str; 9] =
    ["E0111", "E0113", "E0199", "E0801", "E0802", "E0803", "E0804", "E0902", "E0913"];

/// The day on which approvals of growth must be valid: the 22nd of November 2026.
const TODAY: i64 = 1_795_305_600;

#[test]
fn every_page_shows_what_it_says() {
    let mut failures = Vec::new();
    for path in pages() {
        failures.extend(check(&path));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let mut codes = BTreeSet::new();
    for path in rust_files(&root().join("src")) {
        codes.extend(codes_in(&fs::read_to_string(path).expect("sources can be read")));
    }
    let pages: BTreeSet<String> = pages().iter().map(|p| stem(p)).collect();
    assert_eq!(codes.difference(&pages).collect::<Vec<_>>(), Vec::<&String>::new(), "codes without a page");
    assert_eq!(pages.difference(&codes).collect::<Vec<_>>(), Vec::<&String>::new(), "pages without a code");
}

/// `BLESS=1 cargo test --test diagnostics` writes it.
#[test]
fn the_table_of_all_codes_is_up_to_date() {
    let mut wanted = String::from(
        "# Codes\n\nWhat `sprag check`, `build` and `diff` find, a page each; `sprag explain CODE` shows it. The rules of \
         `sprag lint` are\n[on a page of their own](lint.md). This table is generated.\n\n| code | |\n| --- | --- |\n",
    );
    for path in pages() {
        let page = fs::read_to_string(&path).expect("pages can be read");
        let code = stem(&path);
        let title = page.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, title)| title);
        wanted += &format!("| [{code}](diagnostics/{code}.md) | {} |\n", title.replace('|', "\\|"));
    }
    let path = root().join("docs/diagnostics.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &wanted).expect("the table can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, wanted, "BLESS=1 cargo test --test diagnostics writes docs/diagnostics.md");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("docs/diagnostics")).expect("the pages are there");
    let mut pages: Vec<_> = folder.map(|entry| entry.expect("pages can be listed").path()).collect();
    pages.retain(|p| p.extension().is_some_and(|e| e == "md"));
    pages.sort();
    pages
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("a page has a name").to_string_lossy().into_owned()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("sources can be listed") {
        let path = entry.expect("sources can be listed").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// `"E0201"` and the like, quotes included in the search.
fn codes_in(text: &str) -> BTreeSet<String> {
    let parts = text.split('"').filter(|p| p.len() == 5 && p.starts_with(['E', 'W']));
    parts.filter(|p| p[1..].bytes().all(|b| b.is_ascii_digit())).map(str::to_owned).collect()
}

/// A fenced block: the words after the fence, and the text.
struct Block {
    words: Vec<String>,
    text: String,
}

impl Block {
    fn is(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let words = info.split_whitespace().map(str::to_owned).collect();
                open = Some(Block { words, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// What is wrong with a page. A `toml lock` block counts for the next policy; a `catalog` block for all
/// policies of the page, or where it says `bad` or `good` for those. With a `before` block the policies are versions
/// after it, and what `sprag diff` finds counts, too; it has the catalogs that are `before`, or the same as they.
fn check(path: &Path) -> Vec<String> {
    let code = stem(path);
    let page = fs::read_to_string(path).expect("pages can be read");
    let blocks = blocks(&page);
    let mut failures = Vec::new();
    if !page.starts_with(&format!("# {code}: ")) {
        failures.push(format!("{code}: the page must begin with `# {code}: `"));
    }
    let mut lock: Option<Vec<LockEntry>> = None;
    let (mut bad, mut good) = (0, 0);
    for block in &blocks {
        if block.is("lock") {
            lock = Some(read_lock(&block.text));
        }
        if !block.is("sprag") || block.is("catalog") || block.is("before") {
            continue;
        }
        let side = if block.is("bad") { "bad" } else { "good" };
        let other = if block.is("bad") { "good" } else { "bad" };
        let catalogs = |before: bool| -> Vec<&str> {
            let side = |b: &&Block| b.is("catalog") && !b.is(other) && b.is("before") == before;
            blocks.iter().filter(side).map(|b| b.text.as_str()).collect()
        };
        let (catalogs, earlier) = (catalogs(false), catalogs(true));
        let earlier = if earlier.is_empty() { &catalogs } else { &earlier };
        let before = blocks.iter().find(|b| b.is("before") && !b.is("catalog"));
        let before = before.map(|b| (b.text.as_str(), earlier.as_slice()));
        let approved = (code == "E0914").then_some(TODAY);
        let (found, marked) = run(&block.text, before, approved, &catalogs, lock.take().as_deref());
        if block.is("bad") {
            bad += 1;
            if !found.iter().any(|f| f.starts_with(&code)) {
                failures.push(format!("{code}: the bad block does not yield it"));
            }
        } else {
            good += 1;
        }
        if found != marked {
            failures.push(format!("{code}, {side} block:\n  marked {marked:?}\n  found  {found:?}"));
        }
    }
    if (bad == 0 || good == 0) && !WITHOUT_EXAMPLE.contains(&code.as_str()) {
        failures.push(format!("{code}: a bad and a good block are wanted"));
    }
    failures
}

/// The codes that come out with their lines, and those that the texts are marked with.
fn run(
    policy: &str,
    before: Option<(&str, &[&str])>,
    approved: Option<i64>,
    catalogs: &[&str],
    lock: Option<&[LockEntry]>,
) -> (Vec<String>, Vec<String>) {
    let (mut diagnostics, model, sources) = compiled(policy, catalogs, lock);
    if let (Some(model), Some((before, earlier))) = (&model, before) {
        let (faults, old, old_sources) = compiled(before, earlier, None);
        assert!(faults.is_empty(), "{faults:?}");
        let old = old.expect("what was before compiles");
        let (diff, approvals) = diff::compare([&old, model], approved, &|_, _| ());
        let comparison = Comparison {
            sides: [
                Side { name: "before", model: &old, sources: &old_sources },
                Side { name: "now", model, sources: &sources },
            ],
            diff: &diff,
            approvals: approvals.as_ref(),
            holding: &[],
            page: |_| None,
        };
        diagnostics.extend(comparison.findings());
    }

    let mut found = Vec::new();
    for diagnostic in &diagnostics {
        let place = sources.position(diagnostic.span());
        let path = &sources.source(diagnostic.span()).path;
        if std::env::var_os("SHOW").is_some() {
            println!("{} {path}:{} {}", diagnostic.code, place.line, diagnostic.message);
            for label in &diagnostic.labels {
                println!("    {} {}", sources.at(label.span), label.text);
            }
            println!("    help: {:?}", diagnostic.help);
        }
        found.push(format!("{} {path}:{}", diagnostic.code, place.line));
    }
    let mut marked = Vec::new();
    for source in sources.sources() {
        for (i, line) in source.text.lines().enumerate() {
            let Some((_, codes)) = line.split_once("//~") else { continue };
            marked.extend(codes.split_whitespace().map(|c| format!("{c} {}:{}", source.path, i + 1)));
        }
    }
    found.sort();
    marked.sort();
    (found, marked)
}

/// What is found in a policy, and the policy, if nothing stands against it.
fn compiled(
    policy: &str,
    catalogs: &[&str],
    lock: Option<&[LockEntry]>,
) -> (Vec<Diagnostic>, Option<Checked<Model>>, SourceMap) {
    let mut sources = SourceMap::default();
    let prelude = sources.add(sema::PRELUDE_PATH, sema::PRELUDE);
    let (prelude, mut diagnostics) = parse(prelude, sema::PRELUDE);
    let own = sources.add("policy.sprag", policy);
    let (own, more) = parse(own, policy);
    diagnostics.extend(more);
    let demo = fs::read_to_string(root().join("docs/demo.sprag")).expect("the demo catalog is there");
    let mut files = Vec::new();
    for (i, text) in [demo.as_str()].iter().chain(catalogs).enumerate() {
        let number = sources.add(format!("catalog{i}.sprag"), *text);
        let (file, more) = parse(number, text);
        diagnostics.extend(more);
        let digest = Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        files.push((file, digest));
    }
    let incomplete = !diagnostics.is_empty();
    let catalogs =
        files.iter().map(|(file, digest): &(_, String)| CatalogFile { file, digest: digest.clone() });
    let input = Input {
        package: "page",
        prelude: &prelude,
        policy: vec![&own],
        catalogs: catalogs.collect(),
        lock,
        syntax: &diagnostics,
    };
    let (model, more) = sema::check(&input, &sources);
    let errors = incomplete || more.iter().any(|d| d.code.starts_with('E'));
    assert_eq!(model.is_none(), errors, "a model comes out iff there is no error");
    diagnostics.extend(more);
    if let Some(model) = &model {
        diagnostics.extend(lint::proofs::diagnostics(model, &guarantees::prove(model, &|_, _| ())));
    }
    (diagnostics, model, sources)
}

/// `[[catalog]]` tables with `name`, `version` and `digest`.
fn read_lock(text: &str) -> Vec<LockEntry> {
    let mut entries: Vec<LockEntry> = Vec::new();
    for line in text.lines() {
        if line.starts_with("[[") {
            entries.push(LockEntry { name: String::new(), version: String::new(), digest: String::new() });
        }
        let (Some((key, value)), Some(entry)) = (line.split_once(" = "), entries.last_mut()) else {
            continue;
        };
        let value = value.trim_matches('"').to_owned();
        match key {
            "name" => entry.name = value,
            "version" => entry.version = value,
            _ => entry.digest = value,
        }
    }
    entries
}
