//! The runtime needs no standard library and no allocator.
#![expect(clippy::disallowed_methods, reason = "asks cargo to build and reads the sources it is about")]

use std::path::Path;
use std::process::Command;

/// `tests/bare` has a panic handler of its own, which does not go together with `std`.
#[test]
fn the_runtime_links_without_std() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bare");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bare/Cargo.toml");
    let built = cargo(&["build", "--locked", "--manifest-path", &manifest.to_string_lossy()], &folder);
    assert!(built.0, "{}", built.1);
    assert!(folder.join("debug/libbare.a").is_file(), "{}", built.1);
}

#[test]
fn the_runtime_says_so_and_asks_for_no_allocator() {
    let text = std::fs::read_to_string("runtime/src/lib.rs").unwrap();
    assert!(text.lines().any(|line| line == "#![no_std]") && text.contains("#![forbid(unsafe_code)]"));
    for entry in std::fs::read_dir("runtime/src").unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for word in ["extern crate", "std::", "alloc::"] {
            assert!(!text.contains(word), "{} says `{word}`", path.display());
        }
    }
}

/// `digest` brings `alloc` as soon as somebody turns its feature on: no feature of that name may be.
#[test]
fn no_dependency_of_the_runtime_has_std_or_alloc_on() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bare");
    let tree = [
        "tree",
        "--locked",
        "--manifest-path",
        "tests/bare/Cargo.toml",
        "--edges",
        "normal,features",
        "--prefix",
        "none",
    ];
    let (succeeded, tree) = cargo(&tree, &folder);
    assert!(succeeded && tree.contains("sprag-runtime"), "{tree}");
    for line in tree.lines() {
        let bad = ["feature \"std\"", "feature \"alloc\"", "feature \"getrandom\""]
            .iter()
            .any(|f| line.contains(f));
        assert!(!bad, "{line}");
    }
}

/// Whether cargo succeeded, and what it said.
fn cargo(arguments: &[&str], target: &Path) -> (bool, String) {
    let output =
        Command::new(env!("CARGO")).args(arguments).env("CARGO_TARGET_DIR", target).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
