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
    let homes =
        [("miette", "src/report/full.rs"), ("quick_junit", "src/report/junit.rs"), ("pest", "src/syntax/")];
    let in_cli = ["clap", "clap_complete", "clap_mangen", "anstream", "indicatif", "toml", "similar"];
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
        let cut = line.match_indices("//").map(|(i, _)| i).find(|i| line[..*i].matches('"').count().is_multiple_of(2));
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
