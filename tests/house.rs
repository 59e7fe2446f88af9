//! The house rules that types cannot hold: floors, homes of dependencies, codes and their pages.
#![expect(clippy::disallowed_methods, reason = "a test reads the sources it is about")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn a_module_names_only_modules_above_it() {
    let floors = floors();
    assert!(
        floors.len() > 10 && floors[0] == "span",
        "the module list of lib.rs was not understood: {floors:?}"
    );
    let mut faults = Vec::new();
    for (level, floor) in floors.iter().enumerate() {
        for file in files_of(floor) {
            for named in named_modules(&read(&file)) {
                match floors.iter().position(|f| *f == named) {
                    Some(at) if at <= level => {}
                    Some(_) => faults.push(format!("{} names `{named}`, which stands below", file.display())),
                    None => {
                        faults.push(format!("{} names `crate::{named}`, which is no floor", file.display()))
                    }
                }
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn the_floor_check_reads_groups_and_skips_comments() {
    let text =
        "use crate::{diag::Diagnostic, span::{Span, SourceMap}};\n// crate::cli\nfn f() { crate::eval::x() }";
    assert_eq!(named_modules(text), BTreeSet::from(["diag", "span", "eval"].map(str::to_owned)));
    assert_eq!(named_modules("\"// \"; crate::a::b"), BTreeSet::from(["a".to_owned()]));
}

#[test]
fn each_of_these_dependencies_has_one_home() {
    let homes = [
        ("miette", "src/report/full.rs"),
        ("quick_junit", "src/report/junit"),
        ("pest", "src/syntax/"),
        ("petgraph", "src/analysis/escalation.rs"),
        ("rusqlite", "src/state/sqlite.rs"),
        ("postgres", "src/state/"),
    ];
    let in_cli =
        ["clap", "clap_complete", "clap_mangen", "anstream", "flate2", "indicatif", "toml", "similar"];
    let homes = homes.into_iter().chain(in_cli.map(|name| (name, "src/cli/")));
    let sources = sources(Path::new("src"));
    for (name, home) in homes {
        for file in &sources {
            let path = file.to_string_lossy().replace('\\', "/");
            assert!(
                path.starts_with(home) || !names_crate(&code(&read(file)), name),
                "{path} names `{name}`"
            );
        }
    }
}

#[test]
fn a_code_is_given_in_one_file_only() {
    let mut seen: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    for file in sources(Path::new("src")).into_iter().filter(|f| !f.ends_with("cli/docs.rs")) {
        for code in codes(&without_tests(&read(&file))) {
            seen.entry(code).or_default().insert(file.clone());
        }
    }
    let twice: Vec<_> = seen.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(twice.is_empty(), "codes given in several files: {twice:#?}");
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let given = sources(Path::new("src")).into_iter().filter(|f| !f.ends_with("cli/docs.rs"));
    let said: BTreeSet<String> = given.flat_map(|f| codes(&without_tests(&read(&f)))).collect();
    let pages: BTreeSet<String> = fs::read_dir("docs/diagnostics")
        .into_iter()
        .flatten()
        .filter_map(|e| Some(e.ok()?.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    let built_in: BTreeSet<String> =
        read(Path::new("src/cli/docs.rs")).split('"').filter(|s| is_code(s)).map(str::to_owned).collect();
    assert_eq!(pages, built_in, "docs/diagnostics and the list in src/cli/docs.rs differ");
    assert_eq!(said, pages, "codes in the compiler and pages in docs/diagnostics differ");
}

#[test]
fn no_file_outgrows_a_reader() {
    for file in sources(Path::new("src")).iter().chain(&sources(Path::new("runtime/src"))) {
        let lines = read(file).lines().count();
        assert!(lines <= 900, "{} has {lines} lines", file.display());
    }
}

#[test]
fn the_architecture_tells_of_every_floor_and_of_guards_that_exist() {
    let page = read(Path::new("ARCHITECTURE.md"));
    let first = |row: &[String]| row[0].trim_matches('`').to_owned();
    let told: Vec<String> = table(&page, "| floor |").iter().map(|row| first(row)).collect();
    assert_eq!(told, floors(), "the table of floors and lib.rs differ");

    let invariants = table(&page, "| invariant |");
    assert!(invariants.len() > 15, "{invariants:?}");
    let mut faults = Vec::new();
    for row in &invariants {
        let guards: Vec<(&str, &str)> =
            row[1].split('`').skip(1).step_by(2).filter_map(|guard| guard.split_once("::")).collect();
        if guards.is_empty() {
            faults.push(format!("nothing guards that {}", row[0]));
        }
        for (file, what) in guards {
            let text = fs::read_to_string(file).unwrap_or_default();
            let there = if file.starts_with("tests/") {
                // A test binary with a `main` of its own has one test: that.
                text.contains(&format!("#[test]\nfn {what}("))
                    || (what == "main" && text.contains("\nfn main("))
            } else {
                text.contains(&what.replace('-', "_")) || text.contains(what)
            };
            if !there {
                faults.push(format!("{file} has no guard `{what}`"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn only_the_command_line_and_stores_are_excused_from_the_disallowed_methods() {
    for file in sources(Path::new("src")).iter().chain(&sources(Path::new("runtime/src"))) {
        let excused = code(&read(file)).contains("disallowed_methods");
        let may = file.ends_with("src/cli/mod.rs") || file.ends_with("src/state/mod.rs");
        assert_eq!(excused, may, "{}", file.display());
    }
}

#[test]
fn the_evaluator_shares_no_code_with_what_it_judges() {
    let allowed = ["request", "sema", "span", "diag"];
    for file in files_of("eval") {
        let text = read(&file);
        for named in named_modules(&text) {
            assert!(
                named == "eval" || allowed.contains(&named.as_str()),
                "{} names `{named}`",
                file.display()
            );
        }
        assert!(!names_crate(&code(&text), "sprag_runtime"), "{} names the runtime", file.display());
    }
    for floor in ["space", "emit", "decision_point"] {
        for file in files_of(floor) {
            assert!(!named_modules(&read(&file)).contains("eval"), "{} names `eval`", file.display());
        }
    }
}

#[test]
fn the_runtime_stands_alone() {
    let library = code(&read(Path::new("runtime/src/lib.rs")));
    for line in [
        "#![no_std]",
        "#![forbid(unsafe_code)]",
        "clippy::indexing_slicing",
        "clippy::unwrap_used",
        "clippy::panic",
    ] {
        assert!(library.contains(line), "runtime/src/lib.rs lacks `{line}`");
    }
    for file in sources(Path::new("runtime/src")) {
        let text = without_tests(&read(&file));
        for name in ["std", "alloc"] {
            assert!(!names_crate(&text, name), "{} names `{name}`", file.display());
        }
        assert!(!text.contains("extern crate"), "{}", file.display());
        assert!(!text.contains("panic!(") && !text.contains("unreachable!("), "{} panics", file.display());
    }
    let manifest = read(Path::new("runtime/Cargo.toml"));
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default().split("\n[").next();
    let lines: Vec<&str> = dependencies.unwrap_or_default().lines().filter(|l| l.contains('=')).collect();
    assert!(!lines.is_empty() && lines.iter().all(|l| l.contains("default-features = false")), "{lines:?}");
}

#[test]
fn the_page_of_the_bundle_format_is_the_format() {
    use sprag_runtime::format as f;
    let page = read(Path::new("docs/bundle-format.md"));
    let number = |n: usize| n.to_string();
    let sections: Vec<[String; 3]> = f::Kind::ALL
        .iter()
        .map(|kind| [number(kind.code() as usize), format!("`{kind:?}`"), number(record_size(*kind))])
        .collect();
    let told: Vec<[String; 3]> = table(&page, "| number | section |")
        .iter()
        .map(|row| [row[0].clone(), row[1].clone(), row[2].clone()])
        .collect();
    assert_eq!(told, sections, "the table of sections");

    let constants: BTreeMap<&str, String> = BTreeMap::from([
        ("format version", f::FORMAT.to_string()),
        ("oldest version that is read", f::OLDEST.to_string()),
        ("magic", f::MAGIC.map(|byte| format!("{byte:02x}")).join(" ")),
        ("header", number(size_of::<f::Header>())),
        ("directory entry", number(size_of::<f::Entry>())),
        ("nothing", f::NONE.to_string()),
        ("matches", f::MATCH.to_string()),
        ("does not match", f::NO_MATCH.to_string()),
        ("critical", f::CRITICAL.to_string()),
        ("deepest chain", f::MAX_DEPTH.to_string()),
        ("deepest net, longest route", f::MAX_NESTING.to_string()),
        ("most bytes of names in a path", f::MAX_NAMED.to_string()),
        ("most steps of a decision", f::MAX_STEPS.to_string()),
        ("first instant", sprag_runtime::FIRST_INSTANT.to_string()),
        ("instants end before", sprag_runtime::LAST_INSTANT.to_string()),
        ("hash of \"\" in space 0", format!("{:016x}", sprag_runtime::hash::hash(0, b""))),
        (
            "hash of \"jira.issue.get\" in space 1",
            format!("{:016x}", sprag_runtime::hash::hash(1, b"jira.issue.get")),
        ),
    ]);
    let rows = table(&page, "| constant |");
    let told: BTreeMap<&str, String> =
        rows.iter().map(|row| (row[0].as_str(), row[1].trim_matches('`').to_owned())).collect();
    assert_eq!(told, constants, "the table of constants");

    for (heading, codes) in [
        ("| space |", f::Space::ALL.iter().map(|s| (s.code(), format!("`{s:?}`"))).collect::<Vec<_>>()),
        ("| classifier |", f::Classifier::ALL.iter().map(|c| (c.code(), format!("`{c:?}`"))).collect()),
        ("| type |", f::Type::ALL.iter().map(|t| (t.code(), format!("`{t:?}`"))).collect()),
        ("| case |", f::LetterCase::ALL.iter().map(|c| (c.code(), format!("`{c:?}`"))).collect()),
        ("| form |", f::NamingForm::ALL.iter().map(|n| (n.code(), format!("`{n:?}`"))).collect()),
        ("| test |", f::Test::ALL.iter().map(|t| (t.code(), format!("`{t:?}`"))).collect()),
    ] {
        let told: Vec<(u32, String)> =
            table(&page, heading).iter().map(|row| (row[1].parse().unwrap(), row[0].clone())).collect();
        assert_eq!(told, codes, "the table {heading}");
    }
}

/// Bytes of a record of this section.
fn record_size(kind: sprag_runtime::format::Kind) -> usize {
    use sprag_runtime::format::{self as f, Kind};
    match kind {
        Kind::Manifest | Kind::Strings => 1,
        Kind::Words => size_of::<f::Word>(),
        Kind::Shorts => size_of::<f::Short>(),
        Kind::Ints => size_of::<f::Int>(),
        Kind::Symbols => size_of::<f::Symbol>(),
        Kind::Globals => size_of::<f::Globals>(),
        Kind::Apps => size_of::<f::App>(),
        Kind::Operations => size_of::<f::Operation>(),
        Kind::Requirements => size_of::<f::Requirement>(),
        Kind::Models => size_of::<f::Model>(),
        Kind::Scopes => size_of::<f::Scope>(),
        Kind::Kinds => size_of::<f::ContainerKind>(),
        Kind::Attributes => size_of::<f::Attribute>(),
        Kind::Slots => size_of::<f::Slot>(),
        Kind::Subjects => size_of::<f::Subject>(),
        Kind::Automata => size_of::<f::Automaton>(),
        Kind::Windows => size_of::<f::Window>(),
        Kind::Nodes => size_of::<f::Node>(),
        Kind::Nets => size_of::<f::Net>(),
        Kind::Strata => size_of::<f::Stratum>(),
        Kind::Entries => size_of::<f::Nets>(),
        Kind::Clauses => size_of::<f::Clause>(),
        Kind::Ratchets => size_of::<f::Ratchet>(),
        Kind::Containers => size_of::<f::Container>(),
        Kind::Facts => size_of::<f::Fact>(),
        Kind::Users => size_of::<f::User>(),
        Kind::Routes => size_of::<f::Route>(),
        Kind::Edges => size_of::<f::Edge>(),
        Kind::Addresses => 16,
        Kind::Groups => size_of::<f::Group>(),
        Kind::Steps => size_of::<f::Word>(),
        Kind::Chain => size_of::<f::Chain>(),
        Kind::Widenings => size_of::<f::Widening>(),
        Kind::Growths => size_of::<f::Growth>(),
        Kind::Closed => size_of::<f::Closed>(),
        Kind::Spent => 32,
        Kind::Namings => size_of::<f::Naming>(),
        Kind::AnyCase => size_of::<f::Word>(),
    }
}

/// The cells of the rows of the markdown table whose first line begins so.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let lines = page.lines().skip_while(|l| !l.starts_with(heading)).skip(2);
    let cells = |l: &str| l.trim_matches('|').split(" | ").map(|c| c.trim().to_owned()).collect();
    lines.take_while(|l| l.starts_with('|')).map(cells).collect()
}

/// The modules of lib.rs in their order.
fn floors() -> Vec<String> {
    let text = read(Path::new("src/lib.rs"));
    text.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned)).collect()
}

fn files_of(module: &str) -> Vec<PathBuf> {
    let (folder, file) = (PathBuf::from(format!("src/{module}")), PathBuf::from(format!("src/{module}.rs")));
    let mut files = if folder.is_dir() { sources(&folder) } else { Vec::new() };
    files.extend(file.is_file().then_some(file));
    assert!(!files.is_empty(), "module `{module}` has no file");
    files
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Without comments: `//` outside of a string, to the end of the line.
fn code(text: &str) -> String {
    let line = |line: &str| {
        let cut = line
            .match_indices("//")
            .map(|(i, _)| i)
            .find(|i| line[..*i].matches('"').count().is_multiple_of(2));
        line[..cut.unwrap_or(line.len())].to_owned()
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Up to the unit tests at the file's end.
fn without_tests(text: &str) -> String {
    code(text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default())
}

/// What follows `crate::`, in groups too.
fn named_modules(text: &str) -> BTreeSet<String> {
    let code = code(text);
    let mut named = BTreeSet::new();
    for (i, _) in code.match_indices("crate::") {
        if code[..i].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[i + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => named.extend(heads(group)),
            None => named.extend(head(rest)),
        }
    }
    named
}

/// The first word of each member of a group, whose opening brace is cut off.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut members, mut start) = (0, Vec::new(), 0);
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                members.extend(head(&group[start..i]));
                start = i + 1;
            }
            '}' => {
                members.extend(head(&group[start..i]));
                break;
            }
            _ => {}
        }
    }
    members
}

fn head(path: &str) -> Option<String> {
    let path = path.trim_start();
    let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(path.len());
    (end > 0).then(|| path[..end].to_owned())
}

fn names_crate(code: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(i, _)| {
        let after = code[i + name.len()..].trim_start();
        !code[..i].ends_with(|c: char| word(c) || c == ':' || c == '.' || c == '"') && after.starts_with("::")
    })
}

fn codes(text: &str) -> Vec<String> {
    text.split('"').filter(|s| is_code(s)).map(str::to_owned).collect()
}

fn is_code(text: &str) -> bool {
    text.len() == 5 && text.starts_with(['E', 'W']) && text[1..].chars().all(|c| c.is_ascii_digit())
}
