//! The packs: each is a package that holds, a page that shows what commands print, and the tests of scenarios.
//!
//! A page has a title and the sections of `SECTIONS`. Its blocks are executed in order, in a copy of the pack's folder,
//! see `tests/page`. A store is called `STORE`.
//!
//! `policies/packs/scenarios.md` has a row for each scenario. Its answers must be expected by a test whose title begins
//! with the scenario's number (`S69, S71: …` begins with two). Where one of them is `finding`, a section of the pack's
//! page whose heading has the number must show a command that prints a code; where it is `refused`, one that does not
//! exit with 0.
//!
//! `BLESS=1 cargo test --test packs` writes what commands print into the pages and the packs into the table: read
//! the diff.
#![expect(clippy::disallowed_methods, reason = "packs are files")]

mod page;
mod shell;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use shell::{clean, copy, names, root};
use sprag::cli::Exit;
use sprag::syntax::tree::{Expectation, Item};

/// What every page tells.
const SECTIONS: [&str; 4] =
    ["## What the platform does", "## What this policy does", "## Try it", "## Limits"];

/// Ids of all scenarios, as ranges; between them are numbers that were never given.
const SCENARIOS: &[(u32, u32)] = &[
    (1, 4),
    (7, 8),
    (10, 14),
    (16, 19),
    (21, 23),
    (25, 25),
    (27, 28),
    (31, 35),
    (37, 38),
    (40, 44),
    (47, 59),
    (61, 65),
    (67, 67),
    (69, 72),
    (76, 76),
    (78, 78),
    (80, 89),
    (91, 91),
    (93, 121),
];

#[test]
fn every_pack_holds() {
    clean(&["fmt", "--check", "policies/packs"]);
    for pack in packs() {
        let package = format!("policies/packs/{pack}");
        clean(&["lock", "--check", &package]);
        clean(&["check", "--deny-warnings", &package]);
        clean(&["test", &package]);
        let built = clean(&["-q", "build", &package, "-o", "-"]);
        assert!(!built.out.is_empty(), "{pack} builds to nothing");
    }
}

/// What pages say to be proved is: a line that takes it away breaks a guarantee.
#[test]
fn guarantees_are_broken_by_lines_that_take_away_what_pages_say_is_proved() {
    let mut faults = Vec::new();
    for (pack, from, to) in [
        ("encryption-keys", "forbid any app to jira.*\n", "forbid any app to any operation in project\n"),
        ("encryption-keys", "forbid any app to confluence.*\n", "forbid any app to any operation in space\n"),
        (
            "idle-sessions",
            "forbid any app to any operation\n  when has(user)\n",
            "forbid timesheets to any operation\n  when has(user)\n",
        ),
        ("idle-sessions", "forbid any app except nightly-report", "forbid timesheets"),
        ("ip-allowlists", "diagrams to jira.*\n", "diagrams to any operation in project\n"),
        ("ip-allowlists", "forbid diagrams to jira.*\n", "forbid diagrams to any operation in project\n"),
        ("ip-allowlists", "forbid any app to confluence.*\n", "forbid any app to any operation in space\n"),
        (
            "write-for-people",
            "in project WEB, project SHOP as",
            "in project WEB, project SHOP, project HR as",
        ),
        (
            "write-for-people",
            "permit planner to read as looks",
            "permit planner to read, jira.issue.create as looks",
        ),
        ("write-for-people", "to write in project WEB, project SHOP", "to write"),
        (
            "write-for-people",
            "  unless has(user)\n  as needs",
            "  unless has(user) or has(issue.id)\n  as needs",
        ),
    ] {
        let here = tempfile::tempdir().unwrap();
        copy(&folder().join(pack), here.path());
        let path = here.path().join("policy.sprag");
        let text = fs::read_to_string(&path).unwrap();
        let (before, after) = text.split_once(from).unwrap_or_else(|| panic!("{pack} has no `{from}`"));
        fs::write(&path, format!("{before}{to}{after}")).unwrap();
        let said = shell::sprag(here.path(), &["check"]);
        if said.exit != Exit::Findings || !String::from_utf8_lossy(&said.out).contains("error[E0901]") {
            faults.push(format!("{pack}: `{to}` instead of `{from}` breaks no guarantee"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_page_tells_the_same_things_and_stands_in_the_table() {
    let contents = fs::read_to_string(folder().join("README.md")).unwrap();
    let rows: Vec<_> = contents.lines().filter(|l| l.contains("/README.md)")).map(cells).collect();
    let mut faults = Vec::new();
    for pack in packs() {
        let page = text_of(&pack);
        if !page.starts_with("# ") {
            faults.push(format!("{pack}: the page has no title"));
        }
        let headings: Vec<&str> = page.lines().filter(|l| SECTIONS.contains(l)).collect();
        if headings != SECTIONS {
            faults.push(format!("{pack}: sections {headings:?}, wanted {SECTIONS:?}"));
        }
        faults.extend(
            dead_links(&page, &folder().join(&pack)).map(|link| format!("{pack}: `{link}` is not there")),
        );
        let link = format!("[{pack}]({pack}/README.md)");
        let mut said = BTreeSet::new();
        for row in rows.iter().filter(|row| row[1].contains(&link)) {
            said.extend(row[2].split(", ").filter(|id| !id.is_empty()).map(str::to_owned));
        }
        if !rows.iter().any(|row| row[1].contains(&link)) {
            faults.push(format!("{pack} is in no row of the table in policies/packs/README.md"));
        }
        let tested: BTreeSet<String> = expectations(&pack).into_keys().collect();
        for id in said.symmetric_difference(&tested) {
            faults.push(format!("{pack}: {id} is tested or told in policies/packs/README.md, not both"));
        }
    }
    faults.extend(
        dead_links(&contents, &folder())
            .map(|link| format!("policies/packs/README.md: `{link}` is not there")),
    );
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_page_shows_what_its_commands_print() {
    let mut faults = Vec::new();
    for pack in packs() {
        let here = tempfile::tempdir().unwrap();
        let here = here.path().join(&pack);
        copy(&folder().join(&pack), &here);
        match page::check(&folder().join(&pack).join("README.md"), &here, named) {
            Ok(0) => faults.push(format!("{pack}: the page shows no command")),
            Ok(_) => {}
            Err(differs) => faults.push(format!("{pack}: {differs}")),
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_scenario_is_a_test_with_the_answer_that_was_wanted() {
    let text = fs::read_to_string(folder().join("scenarios.md")).unwrap();
    let rows = table(&text, "| scenario |");
    let ids: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    let wanted: Vec<String> =
        SCENARIOS.iter().flat_map(|(from, to)| (*from..=*to).map(|n| format!("S{n:02}"))).collect();
    assert_eq!(wanted.len(), 98);
    assert_eq!(ids, wanted);

    let mut faults = Vec::new();
    let mut homes = BTreeMap::new();
    let tested: Vec<_> = packs().into_iter().map(|pack| (expectations(&pack), pack)).collect();
    for row in &rows {
        let id = row[0].as_str();
        let here: Vec<_> = tested.iter().filter(|(tests, _)| tests.contains_key(id)).collect();
        let links: Vec<_> = here.iter().map(|(_, pack)| format!("[{pack}]({pack}/README.md)")).collect();
        homes.insert(id, links.join(", "));
        if here.is_empty() {
            faults.push(format!("{id}: no test of a pack has it"));
        }
        for answer in row[5].split("`, `").map(|a| a.trim_matches('`')) {
            let found = match answer {
                "finding" => here.iter().any(|(_, pack)| shows(&text_of(pack), id, tells_a_code)),
                "refused" => {
                    here.iter().any(|(_, pack)| shows(&text_of(pack), id, |l| l.starts_with("(exit ")))
                }
                _ => here.iter().any(|(tests, _)| tests[id].iter().any(|e| matches(e, answer))),
            };
            if !found && !here.is_empty() {
                faults.push(format!("{id}: wanted {}; nowhere `{answer}`", row[4]));
            }
        }
        if row[6] != homes[id] && !page::bless() {
            faults
                .push(format!("{id}: policies/packs/scenarios.md says `{}`, it is `{}`", row[6], homes[id]));
        }
    }
    if page::bless() {
        let mended = text.lines().map(|line| {
            let id = line.get(2..).and_then(|l| l.split(' ').next()).filter(|id| homes.contains_key(id));
            let head = line.trim_end_matches(" |").rsplit_once(" | ").map(|(head, _)| head);
            match (id, head) {
                (Some(id), Some(head)) => format!("{head} | {} |\n", homes[id]),
                _ => format!("{line}\n"),
            }
        });
        fs::write(folder().join("scenarios.md"), mended.collect::<String>()).unwrap();
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_scenarios_are_those_of_the_data() {
    let data = std::env::var_os("SPRAG_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let path = data.join("scenarios.json");
    let Ok(text) = fs::read_to_string(&path) else {
        // Past the test harness, which hides what passing tests print.
        writeln!(std::io::stderr(), "not tested: there is no {}", path.display()).unwrap();
        return;
    };
    let data: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_str(&text).unwrap();
    let rows = table(&fs::read_to_string(folder().join("scenarios.md")).unwrap(), "| scenario |");
    assert_eq!(data.len(), rows.len());
    for (scenario, row) in data.iter().zip(&rows) {
        for (member, column) in [("id", 0), ("policy", 2), ("request", 3), ("expect", 4)] {
            assert_eq!(scenario[member].as_str(), Some(row[column].as_str()), "{}", row[0]);
        }
    }
}

fn folder() -> PathBuf {
    root().join("policies/packs")
}

/// Names of the packs.
fn packs() -> Vec<String> {
    let packs: Vec<_> = names(&folder()).into_iter().filter(|name| folder().join(name).is_dir()).collect();
    assert!(!packs.is_empty(), "there are no packs");
    for pack in &packs {
        for file in ["README.md", "policy.sprag", "tests.sprag", "sprag.toml", "sprag.lock"] {
            assert!(folder().join(pack).join(file).is_file(), "{pack} has no {file}");
        }
    }
    packs
}

fn text_of(pack: &str) -> String {
    fs::read_to_string(folder().join(pack).join("README.md")).unwrap()
}

/// Links of the page that lead to no file.
fn dead_links<'p>(page: &'p str, folder: &Path) -> impl Iterator<Item = &'p str> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(move |link| !link.contains("://") && !folder.join(link).is_file())
}

/// What the tests of the pack expect, for each scenario that they name.
fn expectations(pack: &str) -> BTreeMap<String, Vec<Expectation>> {
    let text = fs::read_to_string(folder().join(pack).join("tests.sprag")).unwrap();
    let (file, broken) = sprag::syntax::parse(0, &text);
    assert!(broken.is_empty(), "{pack}: tests.sprag does not parse");
    let mut found: BTreeMap<String, Vec<Expectation>> = BTreeMap::new();
    for item in file.items {
        let Item::Test(test) = item else { continue };
        let Some((numbers, _)) = test.title.value.split_once(':') else { continue };
        let ids: Vec<&str> = numbers.split(", ").collect();
        let is_id = |id: &&str| {
            id.strip_prefix('S').is_some_and(|n| n.len() > 1 && n.bytes().all(|b| b.is_ascii_digit()))
        };
        for id in ids.into_iter().filter(is_id) {
            let cases = test.cases.iter().map(|case| case.expect.clone());
            found.entry(id.to_owned()).or_default().extend(cases);
        }
    }
    found
}

/// Whether the expectation says at least what the answer does: `deny by scope step-up WRITE`.
fn matches(expectation: &Expectation, answer: &str) -> bool {
    let layers = |layer: &str| expectation.layers.iter().any(|l| l.text == layer);
    let mut words = answer.split(' ');
    let mut holds = match words.next() {
        Some("permit") => expectation.permit,
        Some("deny") => !expectation.permit,
        _ => false,
    };
    while let Some(word) = words.next() {
        holds &= match word {
            "by" => words.next().is_some_and(layers),
            "filter" => expectation.filter,
            "step-up" => {
                let advised: Vec<&str> =
                    expectation.step_up.iter().flatten().map(|s| s.text.as_str()).collect();
                let wanted: Vec<&str> = words.by_ref().collect();
                !advised.is_empty() && (wanted.is_empty() || wanted == advised)
            }
            _ => false,
        };
    }
    holds
}

/// Whether a section with the scenario in its heading shows a command that prints such a line.
fn shows(page: &str, id: &str, what: impl Fn(&str) -> bool) -> bool {
    page.split("\n#").any(|section| {
        let (heading, rest) = section.split_once('\n').unwrap_or((section, ""));
        let named = heading.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == id);
        let mut blocks = rest.split("```console\n").skip(1).filter_map(|b| b.split("```").next());
        named && blocks.any(|b| b.lines().filter(|l| !l.starts_with("$ ")).any(&what))
    })
}

/// Whether the line has the code of a diagnostic or of a lint rule.
fn tells_a_code(line: &str) -> bool {
    let is_code = |word: &str| {
        let digits = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
        digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() < word.len()
    };
    line.split(|c: char| !c.is_ascii_alphanumeric()).any(is_code)
}

/// Rows below the header that begins so, by cells.
fn table(page: &str, header: &str) -> Vec<Vec<String>> {
    let rows = page.lines().skip_while(|l| !l.starts_with(header)).skip(2).take_while(|l| l.starts_with('|'));
    let rows: Vec<Vec<String>> = rows.map(cells).collect();
    assert!(!rows.is_empty(), "no table `{header}`");
    rows
}

/// The cells of a row.
fn cells(row: &str) -> Vec<String> {
    let inner = row.trim_start_matches('|').trim_end_matches('|');
    inner.split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// The line with the name of every store, which is drawn by lot, replaced.
fn named(line: &str) -> String {
    let is_name =
        |word: &str| word.len() == 32 && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let names = line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_name(word));
    names.fold(line.to_owned(), |line, name| line.replace(name, "STORE"))
}
