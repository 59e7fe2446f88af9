//! The tutorial, done as it says by somebody who has nothing but the program.
//!
//! `BLESS=1 cargo test --test tutorial` writes what commands print into the page: read the diff.
#![expect(clippy::disallowed_methods, reason = "the tutorial is a file")]

mod page;
mod shell;

use shell::root;

#[test]
fn its_commands_print_what_it_says() {
    let here = tempfile::tempdir().unwrap();
    match page::check(&root().join("docs/tutorial.md"), here.path(), str::to_owned) {
        Ok(commands) => assert!(commands >= 8, "the tutorial lost its commands"),
        Err(differs) => panic!("{differs}"),
    }
}
